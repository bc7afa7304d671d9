//! What a query of the schema can have besides its SQL, on every driver.

use generated::news::queries::{
    PostParams, RateParams, RenameArticleParams, StarsOfParams, articles_by_length, cheapest,
    count_for_ever, feed, initials, most_read, one_two, post_batch, post_unless_there, rate_batch,
    readings_with_articles, rename_article, rename_article_batch, shout, stars_of_batch, titles_of,
};
use generated::news::tables::TABLES;
use generated::news::{Article, NewArticle, NewReading};
use live::{Failure, Test, on_every_driver, on_postgres};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::time::{Duration, OffsetDateTime};
use sqlmodel_runtime::value::Decimal;
use sqlmodel_runtime::{Access, TransactionOps};

on_every_driver! {
    TABLES;
    a_query_in_a_transaction_is_undone_with_it,
    a_query_ends_with_its_timeout,
    a_query_that_is_not_kept_prepared_runs_as_often_as_others,
    a_batch_of_commands_tells_what_each_did,
    a_batch_of_commands_is_kept_as_a_whole,
    a_batch_of_inserts_returns_their_keys,
    a_batch_of_queries_returns_what_each_finds,
    pages_have_each_row_once,
    pages_are_ordered_by_decimals_and_sums,
    rows_of_pages_may_be_nested,
    a_declared_function_returns_what_is_declared,
    raw_sql_has_what_is_declared,
    statements_of_databases_have_one_function,
}

/// Stores articles, each a minute after the one before it.
async fn store<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    titles: &[&str],
) -> Result<Vec<Article>, Failure> {
    let mut stored = Vec::new();
    for (at, title) in titles.iter().enumerate() {
        let noon = OffsetDateTime::from_unix_timestamp(1_714_564_800)?;
        let posted = noon + Duration::minutes(i64::try_from(at)?);
        let article = NewArticle::new("news", *title, 3, posted);
        stored.push(insert!(article).one(cx, connection).await.into_result()?);
    }
    Ok(stored)
}

async fn a_query_in_a_transaction_is_undone_with_it<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let stored = store(cx, connection, &["Ants"]).await?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    let renamed = rename_article("Bees", stored[0].id);
    assert_eq!(renamed.run(cx, &mut transaction).await.into_result()?, 1);
    transaction.rollback(cx).await.into_result()?;
    let titles = titles_of("news").all(cx, connection).await.into_result()?;
    assert_eq!(titles.len(), 1);
    assert_eq!(titles[0].title, "Ants");
    Ok(())
}

async fn a_query_ends_with_its_timeout<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let titles = [
        "Ants", "Bees", "Cats", "Dogs", "Eels", "Foxes", "Gnats", "Hares", "Ibises", "Jays",
    ];
    store(cx, connection, &titles).await?;
    let outcome = count_for_ever().run(cx, connection).await;
    assert!(outcome.is_cancelled(), "{outcome:?}");
    // Neither the caller's context nor the connection has ended with it.
    let left = titles_of("news").all(cx, connection).await.into_result()?;
    assert_eq!(left.len(), titles.len());
    Ok(())
}

async fn a_query_that_is_not_kept_prepared_runs_as_often_as_others<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection, &["Ants", "Bees"]).await?;
    for section in ["news", "sport", "news"] {
        let found = titles_of(section).all(cx, connection).await.into_result()?;
        assert_eq!(found.len(), if section == "news" { 2 } else { 0 });
    }
    Ok(())
}

/// The server of PostgreSQL shows what it keeps.
#[test]
fn a_query_that_is_not_kept_prepared_is_not_kept() -> Test {
    on_postgres(TABLES, async |cx, _, connection| {
        titles_of("news").all(cx, connection).await.into_result()?;
        Article::select().all(cx, connection).await.into_result()?;
        let sql = "SELECT statement LIKE '%ORDER BY title' AS is_ours FROM pg_prepared_statements";
        let kept = connection.query_rows(cx, sql, &[]).await.into_result()?;
        assert!(!kept.is_empty(), "others are");
        for row in kept {
            assert!(!row.get::<bool>("is_ours")?);
        }
        Ok(())
    })
}

async fn a_batch_of_commands_tells_what_each_did<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    assert_eq!(
        rate_batch([]).run(cx, connection).await.into_result()?,
        Vec::<u64>::new()
    );
    let stored = store(cx, connection, &["Ants", "Bees"]).await?;
    let ids: Vec<i64> = stored.iter().map(|it| it.id).collect();
    // More runs than are sent at once, with texts and NULLs, and one that finds nothing.
    let n_runs = 2500;
    let each = (0..n_runs).map(|at| RateParams {
        stars: at,
        note: (at % 2 == 0).then_some("even"),
        id: match at {
            7 => -1,
            _ => ids[usize::try_from(at % 2).unwrap_or(0)],
        },
    });
    let counts = rate_batch(each).run(cx, connection).await.into_result()?;
    assert_eq!(counts.len(), 2500);
    let wrong: Vec<usize> = (0..2500)
        .filter(|at| counts[*at] != u64::from(*at != 7))
        .collect();
    assert_eq!(wrong, Vec::<usize>::new());
    let query = Article::select().order_by(Article::ID.asc());
    let articles = query.all(cx, connection).await.into_result()?;
    let rated: Vec<_> = articles
        .iter()
        .map(|it| (it.stars, it.note.as_deref()))
        .collect();
    assert_eq!(rated, [(2498, Some("even")), (2499, None)]);
    Ok(())
}

async fn a_batch_of_commands_is_kept_as_a_whole<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let stored = store(cx, connection, &["Ants", "Bees", "Cats"]).await?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    let each = |titles: [&'static str; 2]| {
        titles
            .into_iter()
            .zip(&stored)
            .map(|(title, article)| RenameArticleParams {
                title,
                id: article.id,
            })
    };
    let refused = rename_article_batch(each(["Dogs", "Cats"]))
        .run(cx, &mut transaction)
        .await;
    assert!(
        matches!(&refused, Outcome::Err(error) if error.is_unique_violation()),
        "{refused:?}"
    );
    // The transaction goes on as if nothing had been asked.
    let renamed = rename_article_batch(each(["Eels", "Foxes"]))
        .run(cx, &mut transaction)
        .await;
    assert_eq!(renamed.into_result()?, [1, 1]);
    transaction.commit(cx).await.into_result()?;
    let found = titles_of("news").all(cx, connection).await.into_result()?;
    let titles: Vec<&str> = found.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["Cats", "Eels", "Foxes"]);
    Ok(())
}

async fn a_batch_of_inserts_returns_their_keys<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let posted = store(cx, connection, &["Ants"]).await?[0].posted;
    let each = |titles: &'static [&'static str]| {
        titles.iter().map(move |title| PostParams {
            section: "news",
            title,
            posted,
        })
    };
    let refused = post_batch(each(&["Bees", "Ants"]))
        .run(cx, connection)
        .await;
    assert!(
        matches!(&refused, Outcome::Err(error) if error.is_unique_violation()),
        "{refused:?}"
    );
    let keys = post_batch(each(&["Cats", "Dogs"]))
        .run(cx, connection)
        .await
        .into_result()?;
    for (key, title) in keys.into_iter().zip(["Cats", "Dogs"]) {
        let key = key.ok_or("the new row has a key")?;
        let found = Article::get(cx, connection, key).await.into_result()?;
        assert_eq!(found.map(|it| it.title), Some(title.to_owned()));
    }
    let found = titles_of("news").all(cx, connection).await.into_result()?;
    assert_eq!(found.len(), 3);
    Ok(())
}

async fn a_batch_of_queries_returns_what_each_finds<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection, &["Ants", "Bees"]).await?;
    let each = [
        (&["news", "sport"][..], None, "Bees"),
        (&[], None, "Bees"),
        (&["news"], Some(4), "Ants"),
    ];
    let each = each.map(|(sections, least, title)| StarsOfParams {
        sections,
        least,
        title,
    });
    assert!(!format!("{:?}", each[0]).contains("Bees"));
    let found = stars_of_batch(each)
        .run(cx, connection)
        .await
        .into_result()?;
    let found: Vec<_> = found
        .into_iter()
        .map(|it| it.map(|it| (it.title, it.stars)))
        .collect();
    assert_eq!(found, [Some(("Bees".to_owned(), 3)), None, None]);
    Ok(())
}

async fn pages_have_each_row_once<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let titles = ["Ants", "Bees", "Cats", "Dogs", "Eels", "Foxes", "Gnats"];
    let mut expected = store(cx, connection, &titles).await?;
    // Rows of one time are told apart by their keys.
    for (article, other) in [(2, 1), (3, 1), (6, 5)] {
        let posted = expected[other].posted;
        let update = Article::update().set(Article::POSTED, posted);
        let update = update.filter(Article::ID.eq(expected[article].id));
        update.execute(cx, connection).await.into_result()?;
        expected[article].posted = posted;
    }
    expected.sort_by_key(|it| (std::cmp::Reverse(it.posted), it.id));
    for size in [1, 2, 3, 6, 7, 8] {
        let (mut found, mut after, mut n_pages) = (Vec::new(), None, 0);
        loop {
            let query = feed("news", None, after.as_ref()).size(size);
            let page = query.run(cx, connection).await.into_result()?;
            assert!(page.rows.len() <= size as usize);
            found.extend(page.rows);
            n_pages += 1;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(found, expected, "pages of {size}");
        assert_eq!(n_pages, titles.len().div_ceil(size as usize));
    }
    // The size of the schema, a block, and an article that is added before the place where the next page begins.
    let first = feed("news", Some(3), None)
        .run(cx, connection)
        .await
        .into_result()?;
    assert_eq!(first.rows, expected[..3]);
    let newest = NewArticle::new("news", "Hares", 3, expected[0].posted + Duration::hours(1));
    insert!(newest).one(cx, connection).await.into_result()?;
    let second = feed("news", Some(3), first.next.as_ref());
    let second = second.run(cx, connection).await.into_result()?;
    assert_eq!(second.rows, expected[3..6]);
    let none = feed("sport", None, None)
        .run(cx, connection)
        .await
        .into_result()?;
    assert_eq!((none.rows.len(), none.next), (0, None));
    Ok(())
}

async fn pages_are_ordered_by_decimals_and_sums<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let titles = ["Ants", "Bees", "Cats", "Dogs"];
    let stored = store(cx, connection, &titles).await?;
    for (article, cents) in stored.iter().zip([1000, 950, 10_000, 950]) {
        let price = Decimal::try_new(cents, 2).ok_or("a price")?;
        let update = Article::update().set(Article::PRICE, price);
        let update = update.filter(Article::ID.eq(article.id));
        update.execute(cx, connection).await.into_result()?;
    }
    for (at, minutes) in [(1, 20), (2, 3), (1, 5), (3, 25)] {
        let reader = format!("reader {minutes}");
        let reading = NewReading::new(reader, stored[at].id, minutes);
        insert!(reading)
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = cheapest(after.as_ref())
            .size(1)
            .run(cx, connection)
            .await
            .into_result()?;
        found.extend(page.rows.into_iter().map(|it| it.title));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(found, ["Dogs", "Bees", "Ants", "Cats"]);
    let first = most_read(None).run(cx, connection).await.into_result()?;
    let second = most_read(first.next.as_ref())
        .run(cx, connection)
        .await
        .into_result()?;
    let rows = first.rows.into_iter().chain(second.rows);
    let rows: Vec<_> = rows.map(|it| (it.title, it.minutes)).collect();
    let row = |title: &str, minutes| (title.to_owned(), minutes);
    assert_eq!(
        rows,
        [
            row("Bees", 25),
            row("Dogs", 25),
            row("Cats", 3),
            row("Ants", 0)
        ]
    );
    assert_eq!(second.next, None);
    Ok(())
}

async fn rows_of_pages_may_be_nested<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store(cx, connection, &["Ants", "Bees"]).await?;
    for (reader, at) in [("brian", 0), ("ada", 1), ("ada", 0)] {
        let reading = NewReading::new(reader, stored[at].id, 5);
        insert!(reading)
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    let first = readings_with_articles(None)
        .size(2)
        .run(cx, connection)
        .await
        .into_result()?;
    let rows = first
        .rows
        .iter()
        .map(|it| (it.reader.as_str(), it.article.title.as_str()));
    assert_eq!(rows.collect::<Vec<_>>(), [("ada", "Ants"), ("ada", "Bees")]);
    let cursor = first.next.ok_or("there is more")?;
    assert_eq!(
        (cursor.reader.as_str(), cursor.article_id),
        ("ada", stored[1].id)
    );
    let rest = readings_with_articles(Some(&cursor))
        .run(cx, connection)
        .await
        .into_result()?;
    assert_eq!((rest.rows.len(), rest.next), (1, None));
    Ok(())
}

async fn a_declared_function_returns_what_is_declared<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection, &["Ants"]).await?;
    let row = initials().one(cx, connection).await.into_result()?;
    let expected: (i32, Option<i32>) = (65, None);
    assert_eq!((row.initial, row.of_note), expected);
    Ok(())
}

async fn raw_sql_has_what_is_declared<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store(cx, connection, &["Foxes", "Ants", "Bees"]).await?;
    assert_eq!(
        shout(stored[1].id)
            .run(cx, connection)
            .await
            .into_result()?,
        1
    );
    let by_length = articles_by_length(&["news", "sport"], None);
    let found = by_length.all(cx, connection).await.into_result()?;
    let titles: Vec<&str> = found.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["ANTS", "Bees", "Foxes"]);
    let long = articles_by_length(&["news"], Some(4))
        .one(cx, connection)
        .await;
    assert_eq!(long.into_result()?, stored[0]);
    let none: [&str; 0] = [];
    let none = articles_by_length(&none, None).all(cx, connection).await;
    assert_eq!(none.into_result()?, []);
    Ok(())
}

/// Its SQL is there for PostgreSQL alone.
#[test]
fn a_query_of_one_database_runs_there() -> Test {
    on_postgres(TABLES, async |cx, _, connection| {
        let rows = one_two(&[4, 2]).all(cx, connection).await.into_result()?;
        let rows: Vec<_> = rows.iter().map(|it| (it.number, it.position)).collect();
        assert_eq!(rows, [(4, Some(1)), (2, Some(2))]);
        Ok(())
    })
}

async fn statements_of_databases_have_one_function<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let posted = store(cx, connection, &["Ants"]).await?[0].posted;
    let new = post_unless_there("news", "Bees", posted);
    let key = new.run(cx, connection).await.into_result()?;
    let found = Article::get(cx, connection, key.ok_or("a new row has a key")?).await;
    assert_eq!(
        found.into_result()?.map(|it| it.title),
        Some("Bees".to_owned())
    );
    let again = post_unless_there("news", "Ants", posted);
    assert_eq!(again.run(cx, connection).await.into_result()?, None);
    Ok(())
}

#[test]
#[expect(deprecated, reason = "the schema calls it so")]
fn a_query_tells_whether_a_replica_may_run_it() {
    use generated::news::queries::{lock_article, old_titles};
    assert_eq!(titles_of("news").access(), Access::ReadOnly);
    assert_eq!(lock_article(1).access(), Access::ReadWrite);
    assert_eq!(old_titles().access(), Access::ReadWrite);
}
