//! A user's crate that includes what its build script generates.
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

include!(concat!(env!("OUT_DIR"), "/sqlmodel.rs"));

#[cfg(test)]
mod tests {
    use std::error::Error;

    use sqlmodel_runtime::prelude::*;
    use sqlmodel_runtime::{SqliteConnection, block_on, schema};

    use crate::models::letters::{
        self,
        queries::{Envelope, SendersRow, WithStampsParams},
    };
    use crate::models::planet::{Kind, NewMoon, NewPlanet, Planet, queries};
    use crate::models::tables;

    async fn moons_of_saturn(cx: &Cx) -> Result<Vec<String>, Box<dyn Error>> {
        let mut connection = SqliteConnection::open_in_memory(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, tables::TABLES)
            .await
            .into_result()?;
        let saturn = insert!(NewPlanet::new("Saturn").kind(Kind::Gas))
            .one(cx, &mut connection)
            .await
            .into_result()?;
        insert_many!(
            NewMoon::new("Titan", saturn.id),
            NewMoon::new("Rhea", saturn.id)
        )
        .execute(cx, &mut connection)
        .await
        .into_result()?;
        let giants = select!(Planet where Planet::KIND.eq(Kind::Gas))
            .all(cx, &mut connection)
            .await
            .into_result()?;
        assert_eq!(giants, [saturn]);
        let moons = queries::moons_of("Saturn")
            .run(cx, &mut connection)
            .await
            .into_result()?;
        Ok(moons.into_iter().map(|moon| moon.name).collect())
    }

    #[test]
    fn code_from_a_build_script_is_used_as_code_in_the_repository_is() {
        let moons =
            block_on(async |cx| moons_of_saturn(cx).await).expect("the database is in memory");
        assert_eq!(moons, ["Rhea", "Titan"]);
    }

    #[test]
    fn patterns_are_checked_before_a_row_is_sent() {
        assert!(NewPlanet::new("Saturn").validate().is_ok());
        let error = NewPlanet::new("saturn")
            .validate()
            .expect_err("it begins with a small letter");
        assert_eq!(error.to_string(), "`name` must match `^[A-Z][a-z]+$`");
    }

    #[test]
    fn queries_with_names_like_those_of_the_code_run() {
        let found = block_on(async |cx| {
            let mut connection = stored_letters(cx).await?;
            let query = letters::queries::named_as_locals(Some(9), Some("ann"), &[1, 2, 3], 2);
            let rows = query.run(cx, &mut connection).await.into_result()?;
            Ok::<_, Box<dyn Error>>(rows.into_iter().map(|it| it.id).collect::<Vec<_>>())
        });
        assert_eq!(found.expect("the database is in memory"), [1, 3]);
    }

    #[test]
    fn queries_share_the_struct_of_their_rows() {
        let found = block_on(async |cx| {
            let mut connection = stored_letters(cx).await?;
            let short = letters::queries::short().run(cx, &mut connection).await;
            let mut rows: Vec<Envelope> = short.into_result()?;
            let sent = letters::queries::of_sender("bob").run(cx, &mut connection);
            rows.extend(sent.await.into_result()?);
            let many = letters::queries::senders_of_many().run(cx, &mut connection);
            let many: Vec<SendersRow> = many.await.into_result()?;
            let rows = rows.into_iter().map(|it| (it.id, it.sent.is_some()));
            Ok::<_, Box<dyn Error>>((rows.collect::<Vec<_>>(), many[0].sender.clone()))
        });
        let (rows, sender) = found.expect("the database is in memory");
        assert_eq!(rows, [(1, false), (2, true), (2, true)]);
        assert_eq!(sender, "ann");
    }

    #[test]
    fn what_is_hidden_is_not_shown_by_rows_cursors_and_views() {
        let shown = block_on(async |cx| {
            let mut connection = stored_letters(cx).await?;
            let connection = &mut connection;
            let page = letters::queries::codes(None).run(cx, connection).await;
            let page = page.into_result()?;
            assert_eq!(page.next.as_ref().map(|it| it.code.as_str()), Some("c1"));
            let words = letters::queries::words().run(cx, connection).await;
            let nested = letters::queries::code_with_stamps().run(cx, connection);
            let nested = nested.await.into_result()?;
            let views = letters::views::Secret::select().all(cx, connection).await;
            let views = views.into_result()?;
            assert_eq!(views[0].word, "c1");
            let words = words.into_result()?;
            Ok::<_, Box<dyn Error>>(format!("{page:?} {words:?} {nested:?} {views:?}"))
        });
        let shown = shown.expect("the database is in memory");
        assert!(shown.contains("<hidden>"), "{shown}");
        for code in ["c1", "c2", "c3"] {
            assert!(!shown.contains(code), "{shown}");
        }
    }

    #[test]
    fn a_batch_collects_the_rows_of_each_run() {
        let found = block_on(async |cx| {
            let mut connection = stored_letters(cx).await?;
            let each = ["bob", "nobody", "bob"].map(|sender| WithStampsParams { sender });
            let found = letters::queries::with_stamps_batch(each).run(cx, &mut connection);
            Ok::<_, Box<dyn Error>>(found.await.into_result()?)
        });
        let found = found.expect("the database is in memory");
        let values = found.iter().map(|it| {
            let row = it.as_ref()?;
            let stamps: Vec<i32> = row.stamps.iter().map(|it| it.value).collect();
            Some((row.letter.id, stamps))
        });
        let values: Vec<_> = values.collect();
        assert_eq!(values, [Some((2, vec![5, 7])), None, Some((2, vec![5, 7]))]);
    }

    async fn stored_letters(cx: &Cx) -> Result<SqliteConnection, Box<dyn Error>> {
        const LETTERS: [&str; 2] = [
            "INSERT INTO letter (id, sender, code, pages, sent) VALUES \
             (1, 'ann', 'c1', 1, NULL), (2, 'bob', 'c2', 2, '2020-01-01'), (3, 'ann', 'c3', 3, NULL)",
            "INSERT INTO stamp (letter_id, value) VALUES (2, 5), (2, 7)",
        ];
        let mut connection = SqliteConnection::open_in_memory(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, tables::TABLES)
            .await
            .into_result()?;
        schema::create_views(cx, &mut connection, letters::views::ALL)
            .await
            .into_result()?;
        for sql in LETTERS {
            connection.execute_sql(cx, sql, &[]).await.into_result()?;
        }
        Ok(connection)
    }
}
