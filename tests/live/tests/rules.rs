//! Rules of the schema, checked before anything is sent.

use generated::blog::tables::TABLES;
use generated::blog::{Email, NewUser, User};
use live::{Test, on_every_driver};
use sqlmodel_runtime::ErrorKind;
use sqlmodel_runtime::prelude::*;

on_every_driver! {
    TABLES;
    every_broken_rule_is_told_and_no_row_is_stored,
    a_stored_row_is_checked_when_it_is_updated,
    what_is_null_breaks_no_rule,
    values_that_an_update_assigns_are_checked,
}

fn new_user() -> NewUser {
    NewUser::new("user@example.com", "Ann", b"secret".to_vec())
}

async fn every_broken_rule_is_told_and_no_row_is_stored<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let wrong = NewUser::new("nobody", "", b"secret".to_vec())
        .age(Some(12))
        .bio("has no name");
    let expected = [
        (Some("email"), "format"),
        (Some("age"), "min"),
        (None, "bio_needs_name"),
    ];
    let told = wrong.validate().map_err(|violations| {
        let all = violations.as_slice().iter();
        all.map(|it| (it.field, it.rule)).collect::<Vec<_>>()
    });
    assert_eq!(told, Err(expected.to_vec()));

    let refused = insert!(wrong.clone()).execute(cx, connection).await;
    let Outcome::Err(error) = refused else {
        return Err("stored what breaks rules".into());
    };
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let rules: Vec<_> = error.violations().iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["format", "min", "bio_needs_name"]);
    assert_eq!(
        error.to_string(),
        "`email` must be an e-mail address; `age` must be at least 13; a user with a bio needs a name"
    );

    let one = insert!(wrong.clone()).one(cx, connection).await;
    assert!(one.into_result().is_err());
    let many = insert_many!([new_user(), wrong.clone()])
        .all(cx, connection)
        .await;
    assert!(many.into_result().is_err());
    let upsert = insert!(wrong).on_conflict(User::EMAIL).do_update();
    assert!(upsert.execute(cx, connection).await.into_result().is_err());
    let count = User::select().count(cx, connection).await.into_result()?;
    assert_eq!(count, 0);
    Ok(())
}

async fn a_stored_row_is_checked_when_it_is_updated<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let mut user = insert!(new_user().age(Some(13)))
        .one(cx, connection)
        .await
        .into_result()?;
    user.age = Some(151);
    let Outcome::Err(error) = update!(user).execute(cx, connection).await else {
        return Err("stored what breaks rules".into());
    };
    let fields: Vec<_> = error.violations().iter().map(|it| it.field).collect();
    assert_eq!(fields, [Some("age")]);
    user.age = Some(150);
    update!(user).execute(cx, connection).await.into_result()?;
    Ok(())
}

async fn what_is_null_breaks_no_rule<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let user = insert!(new_user().age(None))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(user.age, None);
    assert_eq!(user.validate(), Ok(()));
    Ok(())
}

async fn values_that_an_update_assigns_are_checked<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    insert!(new_user().age(Some(20)))
        .execute(cx, connection)
        .await
        .into_result()?;
    let wrong = || update!(User { AGE = 12_i16, EMAIL = Email("nobody".into()) } where User::AGE.ge(13_i16));
    let returned = wrong().all(cx, connection).await.map(drop);
    for refused in [wrong().execute(cx, connection).await.map(drop), returned] {
        let Outcome::Err(error) = refused else {
            return Err("stored what breaks rules".into());
        };
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let fields: Vec<_> = error.violations().iter().map(|it| it.field).collect();
        assert_eq!(fields, [Some("email"), Some("age")]);
    }
    let upsert = insert!(new_user())
        .on_conflict(User::EMAIL)
        .set(User::AGE, 12_i16);
    let refused = upsert.one(cx, connection).await;
    assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::Invalid));
    let n_rows = update!(User { AGE = None::<i16> } where User::AGE.eq(20_i16));
    assert_eq!(n_rows.execute(cx, connection).await.into_result()?, 1);
    Ok(())
}
