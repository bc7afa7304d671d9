//! Databases that are chosen at run time.

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Test, on_any};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{AnyConnection, AnyOptions, Pool, PoolOptions, block_on};

#[test]
fn statements_run_on_whatever_the_url_names() -> Test {
    on_any(TABLES, async |cx, options, _| {
        let pool = Pool::open(cx, options.clone(), PoolOptions::new(1));
        let mut connection = pool.acquire(cx).await.into_result()?;
        let mut transaction = connection.begin(cx).await.into_result()?;
        let stored = insert!(NewHero::new("Deadpond", "Dive Wilson"))
            .one(cx, &mut transaction)
            .await
            .into_result()?;
        let mut savepoint = transaction.savepoint(cx).await.into_result()?;
        insert!(NewHero::new("Rusty-Man", "Tommy Sharp"))
            .execute(cx, &mut savepoint)
            .await
            .into_result()?;
        savepoint.rollback(cx).await.into_result()?;
        transaction.commit(cx).await.into_result()?;
        let mut rows = Hero::select()
            .stream(cx, &mut connection)
            .await
            .into_result()?;
        assert_eq!(rows.next(cx).await.into_result()?, Some(stored));
        assert_eq!(rows.next(cx).await.into_result()?, None);
        Ok(())
    })
}

#[track_caller]
fn refused(url: &str, message: &str) {
    let error = AnyOptions::parse(url).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some(message), "{url}");
}

#[test]
fn urls_that_name_no_database_tell_what_to_change() {
    for url in ["", "oracle://scott:tiger@db", "/var/heroes.db"] {
        refused(
            url,
            "the URL of a database begins with one of these: sqlite:, mysql:, mariadb:, postgres:, postgresql:",
        );
    }
    refused("sqlite:", "the URL names no database file");
}

#[test]
fn a_database_that_is_not_there_is_an_error_of_its_driver() {
    let kind = block_on(async |cx| {
        let outcome = AnyConnection::connect(cx, "sqlite:/nowhere/at/all?mode=rw").await;
        match outcome {
            Outcome::Err(error) => Some(error.kind()),
            _ => None,
        }
    });
    assert_eq!(kind, Some(sqlmodel_runtime::ErrorKind::Connect));
}
