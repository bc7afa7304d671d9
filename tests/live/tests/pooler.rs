//! A pooler that gives each transaction another of few connections, and sessions that do not notice.

use std::time::Duration;

use generated::shop::tables::TABLES;
use generated::shop::{Everything, NewEverything};
use live::{Database, Test};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::time::{Duration as Span, OffsetDateTime};
use sqlmodel_runtime::{Pool, PoolOptions, PostgresOptions, block_on, ok, schema, within};
use support::{Server, Servers};

/// Runs a test on options that lead to an empty database through a pooler with two connections.
fn through_a_pooler(test: impl AsyncFnOnce(&Cx, &PostgresOptions) -> Test) -> Test {
    let asked = [Server::Postgres, Server::Pooler];
    let Some(servers) = Servers::private(&asked) else {
        return Ok(());
    };
    let database = Database::create(servers.url(Server::Postgres), PostgresOptions::parse)?;
    let pooled = PostgresOptions::parse(&database.url_at(servers.url(Server::Pooler)))?;
    block_on(async |cx| {
        let mut direct = database.connector()?.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut direct, TABLES)
            .await
            .into_result()?;
        test(cx, &pooled.pooler_safe()).await
    })
}

/// Stores a row, changes it in a transaction with a savepoint, and reads it, alone and in a stream.
async fn work(
    cx: &Cx,
    pool: &Pool<PostgresOptions>,
    name: &str,
) -> Outcome<Vec<Everything>, Error> {
    let mut connection = ok!(pool.acquire(cx).await);
    let mut new = NewEverything::new(name);
    new.a_duration = Some(Span::seconds(90));
    new.numbers = Some(vec![1, 2, 3]);
    let stored = ok!(insert!(new).one(cx, &mut connection).await);
    let mut transaction = ok!(connection.begin(cx).await);
    let mut kept = ok!(transaction.savepoint(cx).await);
    let change = Everything::update().set(Everything::A_DURATION, Span::seconds(91));
    ok!(change
        .filter(Everything::ID.eq(stored.id))
        .execute(cx, &mut kept)
        .await);
    ok!(kept.commit(cx).await);
    let mut undone = ok!(transaction.savepoint(cx).await);
    ok!(Everything::delete()
        .filter(Everything::ID.eq(stored.id))
        .execute(cx, &mut undone)
        .await);
    ok!(undone.rollback(cx).await);
    ok!(transaction.commit(cx).await);
    let found = Everything::select().filter(Everything::ID.eq(stored.id));
    let mut rows = ok!(found.clone().stream(cx, &mut connection).await);
    let mut read = Vec::from_iter(ok!(rows.next(cx).await));
    drop(rows);
    read.extend(ok!(found.all(cx, &mut connection).await));
    Outcome::Ok(read)
}

#[test]
fn a_crowd_shares_two_connections() -> Test {
    through_a_pooler(async |cx, options| {
        let limits = PoolOptions::new(8).acquire_timeout(Duration::from_secs(60));
        let pool = Pool::open(cx, options.clone(), limits);
        let mut tasks = Vec::new();
        for number in 0..24 {
            let pool = pool.clone();
            tasks.push(cx.spawn(move |cx| async move {
                let name = format!("{number}@example.com");
                (work(&cx, &pool, &name).await, name)
            })?);
        }
        for mut task in tasks {
            let (read, name) = task.join(cx).await?;
            let read = read.into_result()?;
            assert_eq!(read.len(), 2, "{name}");
            for row in read {
                assert_eq!(
                    (&*row.an_email.0, row.a_duration),
                    (&*name, Span::seconds(91))
                );
                assert_eq!(row.numbers, [1, 2, 3]);
            }
        }
        let status = pool.status();
        assert_eq!(
            (status.n_in_use, status.totals.broken),
            (0, 0),
            "{status:?}"
        );
        Ok(())
    })
}

#[test]
fn times_are_in_utc_on_whatever_connection() -> Test {
    through_a_pooler(async |cx, options| {
        let mut one = options.connect(cx).await.into_result()?;
        let mut other = options.connect(cx).await.into_result()?;
        // Both connections to the server are busy, so that each session has its own.
        let mut mine = one.begin(cx).await.into_result()?;
        let mut theirs = other.begin(cx).await.into_result()?;
        for transaction in [&mut mine, &mut theirs] {
            let sql = "SELECT current_setting('TimeZone') AS zone, '2024-02-29 12:00'::timestamptz AS noon";
            let rows = transaction.query_rows(cx, sql, &[]).await.into_result()?;
            assert_eq!(rows[0].get::<String>("zone")?, "UTC");
            let noon: OffsetDateTime = rows[0].get("noon")?;
            assert_eq!(noon.unix_timestamp(), 1_709_208_000);
        }
        Ok(())
    })
}

#[test]
fn a_statement_is_cancelled_through_it() -> Test {
    through_a_pooler(async |cx, options| {
        let mut connection = options.connect(cx).await.into_result()?;
        for _ in 0..3 {
            let soon = within(cx, Duration::from_millis(30));
            let slept = connection
                .query_rows(&soon, "SELECT pg_sleep(60)", &[])
                .await;
            assert!(slept.is_cancelled(), "{slept:?}");
            connection.ping(cx).await.into_result()?;
        }
        Ok(())
    })
}
