//! What the user of a pooled connection leaves behind, and what the next one finds.

use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{NewTeam, Team};
use live::{Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, Dialect, Pool, PoolOptions, Value, ok};

with_every_driver! {
    TABLES;
    a_transaction_that_was_begun_by_hand_ends_with_its_user,
    what_a_user_does_to_the_session_is_undone,
    what_is_done_to_new_connections_is_there_for_every_user,
    what_leaves_nothing_behind_costs_no_reset,
}

fn options<C>() -> PoolOptions<C> {
    PoolOptions::new(1).acquire_timeout(Duration::from_secs(20))
}

async fn run(cx: &Cx, executor: &mut impl Executor, sql: &str) -> Test {
    let done = executor.execute_sql(cx, sql, &[]).await.into_result();
    done.map_err(|error| format!("{sql}: {error}"))?;
    Ok(())
}

/// Returns the only value of a query, as text; an error's text for a query that fails.
async fn answer(cx: &Cx, connection: &mut impl Connection, sql: &str) -> String {
    let rows = match connection.query_rows(cx, sql, &[]).await {
        Outcome::Ok(rows) => rows,
        Outcome::Err(error) => return format!("{:?}", error.kind()),
        other => return format!("{other:?}"),
    };
    match rows.first().and_then(|row| row.values().first()) {
        Some(Value::Text(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

async fn a_transaction_that_was_begun_by_hand_ends_with_its_user<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = Pool::open(cx, connector.clone(), options());
    let insert = |name: &str| insert!(NewTeam::new(name, "Sharp Tower"));
    let mut connection = pool.acquire(cx).await.into_result()?;
    run(cx, &mut connection, "BEGIN").await?;
    insert("lost")
        .execute(cx, &mut connection)
        .await
        .into_result()?;
    drop(connection);

    let mut connection = pool.acquire(cx).await.into_result()?;
    insert("kept")
        .execute(cx, &mut connection)
        .await
        .into_result()?;
    let transaction = connection.begin(cx).await.into_result()?;
    transaction.commit(cx).await.into_result()?;
    drop(connection);
    pool.close(cx).await.into_result()?;

    let mut other = connector.connect(cx).await.into_result()?;
    let names = Team::select().columns(Team::NAME);
    let names = names.all(cx, &mut other).await.into_result()?;
    assert_eq!(names, ["kept"]);
    Ok(())
}

/// What a user does, and a question about it.
fn changes(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Sqlite => &[
            (
                "PRAGMA foreign_keys = OFF",
                "SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys",
            ),
            (
                "/* it */ PRAGMA recursive_triggers(1)",
                "SELECT CAST(recursive_triggers AS TEXT) FROM pragma_recursive_triggers",
            ),
            (
                "CREATE TEMP TABLE scratch (a)",
                "SELECT CAST(count(*) AS TEXT) FROM temp.sqlite_schema",
            ),
            (
                "ATTACH ':memory:' AS other",
                "SELECT group_concat(name) FROM pragma_database_list WHERE name <> 'temp'",
            ),
        ],
        Dialect::Postgres => &[
            ("SET search_path = pg_catalog", "SHOW search_path"),
            (
                "SELECT set_config('role', 'pg_monitor', false)",
                "SELECT current_user::text",
            ),
            (
                "DO $$ BEGIN PERFORM set_config('my.tenant', 'acme', false); END $$",
                "SELECT coalesce(current_setting('my.tenant', true), '')",
            ),
            (
                "SELECT pg_advisory_lock(77)",
                "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
            ),
            (
                "CREATE TEMP TABLE scratch AS SELECT 1 AS a",
                "SELECT coalesce(to_regclass('scratch')::text, '')",
            ),
            (
                "SELECT 1 AS a INTO TEMPORARY scratch",
                "SELECT coalesce(to_regclass('scratch')::text, '')",
            ),
            (
                "PREPARE mine AS SELECT 1",
                "SELECT count(*)::text FROM pg_prepared_statements WHERE name = 'mine'",
            ),
        ],
        Dialect::Mysql => &[
            (
                "SET SESSION lock_wait_timeout = 7",
                "SELECT CAST(@@lock_wait_timeout AS CHAR)",
            ),
            (
                "SELECT @tenant := 'acme'",
                "SELECT coalesce(CAST(@tenant AS CHAR), '')",
            ),
            ("USE information_schema", "SELECT database()"),
            (
                "SELECT GET_LOCK(concat('sqlmodel', connection_id()), 0)",
                "SELECT CAST(coalesce(is_used_lock(concat('sqlmodel', connection_id())), 0) AS CHAR)",
            ),
            (
                "CREATE TEMPORARY TABLE scratch (a int)",
                "SELECT count(*) FROM scratch",
            ),
            (
                "LOCK  TABLES team WRITE",
                "SELECT CAST(count(*) > -1 AS CHAR) FROM mysql.db",
            ),
        ],
    }
}

async fn what_a_user_does_to_the_session_is_undone<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let mut fresh = connector.connect(cx).await.into_result()?;
    let dialect = fresh.dialect();
    for (change, question) in changes(dialect) {
        let expected = answer(cx, &mut fresh, question).await;
        let pool = Pool::open(cx, connector.clone(), options());
        for is_prepared in [false, true, true] {
            let mut connection = pool.acquire(cx).await.into_result()?;
            let found = answer(cx, &mut connection, question).await;
            assert_eq!(found, expected, "{change}");
            if is_prepared {
                connection.query_rows(cx, change, &[]).await.into_result()?;
            } else {
                run(cx, &mut connection, change).await?;
                // Another text: MySQL answers a prepared question for the database that it was prepared in.
                let question = format!("{question} /* now */");
                let changed = answer(cx, &mut connection, &question).await;
                assert_ne!(changed, expected, "{change} changes something");
            }
        }
        let mut connection = pool.acquire(cx).await.into_result()?;
        assert_eq!(
            answer(cx, &mut connection, question).await,
            expected,
            "{change}"
        );
        drop(connection);
        pool.close(cx).await.into_result()?;
    }
    Ok(())
}

/// A setting, how it is asked for, and another that makes a reset necessary.
fn setting(dialect: Dialect) -> [&'static str; 3] {
    match dialect {
        Dialect::Sqlite => [
            "PRAGMA cache_size = 77",
            "SELECT CAST(cache_size AS TEXT) FROM pragma_cache_size",
            "PRAGMA recursive_triggers = 1",
        ],
        Dialect::Postgres => [
            "SET work_mem = '77kB'",
            "SHOW work_mem",
            "SET search_path = pg_catalog",
        ],
        Dialect::Mysql => [
            "SET SESSION lock_wait_timeout = 77",
            "SELECT CAST(@@lock_wait_timeout AS CHAR)",
            "SET @a = 1",
        ],
    }
}

async fn what_is_done_to_new_connections_is_there_for_every_user<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let options = options().after_connect(|cx, connection: &mut K::Connection| {
        Box::pin(async move {
            let [set, ..] = setting(connection.dialect());
            ok!(connection.execute_sql(cx, set, &[]).await);
            Outcome::Ok(())
        })
    });
    let pool = Pool::open(cx, connector.clone(), options);
    for _ in 0..3 {
        let mut connection = pool.acquire(cx).await.into_result()?;
        let [_, question, other] = setting(connection.dialect());
        let found = answer(cx, &mut connection, question).await;
        assert!(found.starts_with("77"), "{found}");
        run(cx, &mut connection, other).await?;
    }
    Ok(())
}

async fn what_leaves_nothing_behind_costs_no_reset<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = Pool::open(cx, connector.clone(), options());
    for _ in 0..3 {
        let mut connection = pool.acquire(cx).await.into_result()?;
        insert!(NewTeam::new("Preventers", "Sharp Tower"))
            .execute(cx, &mut connection)
            .await
            .into_result()?;
        let mut transaction = connection.begin(cx).await.into_result()?;
        Team::delete()
            .all_rows()
            .execute(cx, &mut transaction)
            .await
            .into_result()?;
        run(cx, &mut transaction, "SELECT 1").await?;
        transaction.commit(cx).await.into_result()?;
    }
    let totals = pool.status().totals;
    assert_eq!((totals.connects, totals.resets), (1, 0));
    Ok(())
}
