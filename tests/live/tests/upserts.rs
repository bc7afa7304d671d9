//! Upserts: what becomes of each row, and what every update does besides.

use generated::shop::tables::TABLES;
use generated::shop::{Country, Email, Everything, NewEverything};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{ErrorKind, Upserted, excluded};

on_every_driver! {
    TABLES;
    an_upsert_tells_what_became_of_the_row,
    an_upsert_does_what_every_update_does,
    a_condition_leaves_rows_alone,
    the_outcomes_of_many_rows_come_in_their_order,
    upserts_return_the_rows_they_wrote,
    what_is_no_unique_key_is_refused,
    the_key_that_is_named_decides_among_several,
}

fn of(email: &str) -> NewEverything {
    NewEverything::new(email).an_i16(7)
}

async fn an_upsert_tells_what_became_of_the_row<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let get_or_insert = || {
        insert!(of("a@example.com"))
            .on_conflict(Everything::AN_EMAIL)
            .do_nothing()
    };
    let first = get_or_insert().one(cx, connection).await.into_result()?;
    assert!(matches!(first, Upserted::Inserted(_)), "{first:?}");
    let again = get_or_insert().one(cx, connection).await.into_result()?;
    assert_eq!(again, Upserted::Skipped(first.into_row()));

    let set = |number: i16| {
        insert!(of("a@example.com"))
            .on_conflict(Everything::AN_EMAIL)
            .set(Everything::AN_I16, number)
            // The version would make every row a changed one.
            .set(Everything::VERSION, Everything::VERSION)
    };
    let changed = set(8).one(cx, connection).await.into_result()?;
    assert!(
        matches!(&changed, Upserted::Updated(row) if row.an_i16 == 8),
        "{changed:?}"
    );
    let unchanged = set(8).one(cx, connection).await.into_result()?;
    assert_eq!(unchanged, Upserted::Unchanged(changed.into_row()));
    Ok(())
}

async fn an_upsert_does_what_every_update_does<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = insert!(of("a@example.com"))
        .one(cx, connection)
        .await
        .into_result()?;
    let upserted = insert!(of("a@example.com").a_text("new"))
        .on_conflict(Everything::AN_EMAIL)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    let Upserted::Updated(row) = upserted else {
        return Err(format!("{upserted:?}").into());
    };
    assert_eq!(row.id, stored.id, "the key that is there stays");
    assert_eq!((&*row.a_text, row.version), ("new", stored.version + 1));
    assert_eq!(&*row.lower_text, "new");
    let n_rows = insert!(of("a@example.com"))
        .on_conflict(Everything::AN_EMAIL)
        .do_update()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    Ok(())
}

async fn a_condition_leaves_rows_alone<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let raise = |to: i16| {
        insert!(NewEverything::new("a@example.com").an_i16(to))
            .on_conflict(Everything::AN_EMAIL)
            .set(Everything::AN_I16, excluded(Everything::AN_I16))
            .filter(Everything::AN_I16.lt(excluded(Everything::AN_I16)))
    };
    let numbers = [
        (5, "Inserted"),
        (4, "Skipped"),
        (6, "Updated"),
        (6, "Skipped"),
    ];
    for (number, expected) in numbers {
        let outcome = raise(number).one(cx, connection).await.into_result()?;
        let name = format!("{outcome:?}");
        assert!(name.starts_with(expected), "{number}: {name}");
        assert!(outcome.row().an_i16 >= number);
    }
    assert_eq!(raise(3).execute(cx, connection).await.into_result()?, 0);
    assert_eq!(raise(9).execute(cx, connection).await.into_result()?, 1);
    let versions = Everything::select()
        .columns(Everything::VERSION)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(versions, 3, "a row that is left alone keeps its version");
    Ok(())
}

async fn the_outcomes_of_many_rows_come_in_their_order<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    insert!(of("b@example.com"))
        .execute(cx, connection)
        .await
        .into_result()?;
    let outcomes = insert_many!(
        of("a@example.com"),
        of("b@example.com"),
        of("c@example.com"),
    )
    .on_conflict(Everything::AN_EMAIL)
    .do_nothing()
    .outcomes(cx, connection)
    .await
    .into_result()?;
    let addresses: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            (
                outcome.row().an_email.clone(),
                matches!(outcome, Upserted::Inserted(_)),
            )
        })
        .collect();
    let expected = [("a", true), ("b", false), ("c", true)];
    let expected = expected.map(|(name, new)| (Email::from(format!("{name}@example.com")), new));
    assert_eq!(addresses, expected);

    let twice = insert_many!(of("d@example.com"), of("d@example.com"))
        .on_conflict(Everything::AN_EMAIL)
        .do_update()
        .outcomes(cx, connection)
        .await;
    assert!(matches!(twice, Outcome::Err(error) if error.kind() == ErrorKind::Usage));
    Ok(())
}

async fn upserts_return_the_rows_they_wrote<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let two =
        || insert_many!(of("a@example.com"), of("b@example.com")).on_conflict(Everything::AN_EMAIL);
    let inserted = two().do_nothing().all(cx, connection).await.into_result()?;
    assert_eq!(inserted.len(), 2);
    let skipped = two().do_nothing().all(cx, connection).await.into_result()?;
    assert_eq!(skipped, [], "what is left alone is not returned");
    let updated = two().do_update().all(cx, connection).await.into_result()?;
    assert!(updated.iter().all(|row| row.version == 2), "{updated:?}");
    assert_eq!(updated.len(), 2);
    Ok(())
}

async fn what_is_no_unique_key_is_refused<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let refused = insert!(of("a@example.com"))
        .on_conflict(Everything::AN_I16)
        .do_nothing()
        .execute(cx, connection)
        .await;
    assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::Usage));
    let moved = insert!(of("a@example.com"))
        .on_conflict(Everything::AN_EMAIL)
        .set(Everything::AN_EMAIL, Email::from("b@example.com"))
        .one(cx, connection)
        .await;
    assert!(matches!(moved, Outcome::Err(error) if error.kind() == ErrorKind::Usage));
    Ok(())
}

async fn the_key_that_is_named_decides_among_several<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let country = |id: i16, code: &str, name: &str| Country {
        id,
        code: code.to_owned(),
        name: name.to_owned(),
    };
    let upsert = |row: Country| insert!(row).on_conflict(Country::CODE).do_update();
    let n_rows = insert_many!(
        country(1, "de", "Deutschland"),
        country(2, "fr", "Frankreich")
    )
    .on_conflict(Country::ID)
    .do_nothing()
    .execute(cx, connection)
    .await
    .into_result()?;
    assert_eq!(n_rows, 2);

    let n_rows = upsert(country(9, "de", "Germany"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let again = upsert(country(9, "de", "Germany"))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(again, Upserted::Unchanged(country(1, "de", "Germany")));

    // The row with the other key is not the one that is meant.
    let taken = upsert(country(2, "it", "Italy"))
        .execute(cx, connection)
        .await;
    assert!(
        matches!(&taken, Outcome::Err(error) if error.is_unique_violation()),
        "{taken:?}"
    );
    let kept = insert!(country(2, "it", "Italy"))
        .on_conflict(Country::CODE)
        .do_nothing()
        .execute(cx, connection)
        .await;
    assert!(
        matches!(&kept, Outcome::Err(error) if error.is_unique_violation()),
        "{kept:?}"
    );

    let outcomes = insert_many!(
        country(3, "it", "Italy"),
        country(4, "fr", "France"),
        country(5, "es", "Spain"),
    )
    .on_conflict(Country::CODE)
    .set(Country::NAME, excluded(Country::NAME))
    .filter(Country::NAME.ne("Frankreich"))
    .outcomes(cx, connection)
    .await
    .into_result()?;
    let expected = [
        Upserted::Inserted(country(3, "it", "Italy")),
        Upserted::Skipped(country(2, "fr", "Frankreich")),
        Upserted::Inserted(country(5, "es", "Spain")),
    ];
    assert_eq!(outcomes, expected);
    let stored = Country::select()
        .order_by(Country::ID.asc())
        .columns((Country::ID, Country::NAME))
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        (1, "Germany"),
        (2, "Frankreich"),
        (3, "Italy"),
        (5, "Spain"),
    ];
    assert_eq!(stored, expected.map(|(id, name)| (id, name.to_owned())));
    Ok(())
}
