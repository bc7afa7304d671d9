//! What a query of the schema can have besides its SQL, on every driver.

use generated::news::queries::{count_for_ever, rename_article, titles_of};
use generated::news::tables::TABLES;
use generated::news::{Article, NewArticle};
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::time::{Duration, OffsetDateTime};
use sqlmodel_runtime::{Access, Dialect, TransactionOps};

on_every_driver! {
    TABLES;
    a_query_in_a_transaction_is_undone_with_it,
    a_query_ends_with_its_timeout,
    a_query_that_is_not_kept_prepared_runs_as_often_as_others,
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
    if connection.dialect() == Dialect::Postgres {
        let sql =
            "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%ORDER BY title'";
        let kept = connection.query_rows(cx, sql, &[]).await.into_result()?;
        assert_eq!(kept.len(), 0);
    }
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
