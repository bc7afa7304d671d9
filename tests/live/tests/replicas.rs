//! A primary and its streaming replica: reading what was written, and a failover.

use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Database, Test, sleep};
use sqlmodel_runtime::pool::{ReplicatedOptions, Role};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    ErrorKind, Pool, PoolOptions, PostgresOptions, Replicated, block_on, schema,
};
use support::{Server, Servers};

/// Runs a test on both servers, when the replica has the tables.
fn on_both(
    test: impl AsyncFnOnce(&Cx, &mut Servers, &Replicated<PostgresOptions>) -> Test,
) -> Test {
    let Some(mut servers) = Servers::private(&[Server::Postgres, Server::Replica]) else {
        return Ok(());
    };
    let database = Database::create(servers.url(Server::Postgres), PostgresOptions::parse)?;
    let of_replica = database.url_at(servers.url(Server::Replica));
    block_on(async |cx| {
        let pools = [database.url(), of_replica].map(|url| {
            let options = PoolOptions::new(4);
            PostgresOptions::parse(&url).map(|connector| Pool::open(cx, connector, options))
        });
        let [primary, replica] = pools;
        let options = ReplicatedOptions {
            check_interval: Duration::from_millis(100),
            max_catch_up: Duration::from_secs(10),
            ..ReplicatedOptions::default()
        };
        let replicated = Replicated::open(cx, vec![primary?, replica?], options);
        let mut writer = replicated.write(cx).await.into_result()?;
        schema::create_all(cx, &mut *writer, TABLES)
            .await
            .into_result()?;
        drop(writer);
        // Until both have said what they are.
        while replicated.servers().contains(&None) {
            sleep(cx, Duration::from_millis(10)).await;
        }
        test(cx, &mut servers, &replicated).await
    })
}

/// Tells whether a connection leads to a replica, as the server itself sees it.
async fn is_replica(cx: &Cx, connection: &mut impl Executor) -> Result<bool, Error> {
    let sql = "SELECT pg_is_in_recovery()";
    let rows = connection.query_rows(cx, sql, &[]).await;
    let rows = rows
        .into_result()
        .map_err(|error| Error::usage(error.to_string()))?;
    Ok(format!("{rows:?}").contains("true"))
}

#[test]
fn what_was_written_is_read_from_the_replica() -> Test {
    on_both(async |cx, _, replicated| {
        for number in 0..50 {
            let mut writer = replicated.write(cx).await.into_result()?;
            let new = NewHero::new(format!("Hero {number}"), "?");
            let hero = insert!(new).one(cx, &mut writer).await.into_result()?;
            let position = replicated.position(cx, &mut writer).await.into_result()?;
            drop(writer);
            let mut reader = replicated.read_after(cx, position).await.into_result()?;
            assert!(is_replica(cx, &mut reader).await?);
            let found = Hero::get(cx, &mut reader, hero.id).await.into_result()?;
            assert_eq!(found, Some(hero));
        }
        Ok(())
    })
}

#[test]
fn one_of_several_hosts_is_taken_by_what_it_is() -> Test {
    let Some(servers) = Servers::private(&[Server::Postgres, Server::Replica]) else {
        return Ok(());
    };
    let host = |server| {
        let (_, rest) = servers.url(server).split_once('@').unwrap_or_default();
        rest.split('/').next().unwrap_or_default().to_owned()
    };
    let (primary, replica) = (host(Server::Postgres), host(Server::Replica));
    block_on(async |cx| {
        for (hosts, target, expected) in [
            (format!("{primary},{replica}"), "any", Some(false)),
            (format!("{replica},{primary}"), "any", Some(true)),
            (format!("{replica},{primary}"), "primary", Some(false)),
            (format!("{replica},{primary}"), "read-write", Some(false)),
            (format!("{primary},{replica}"), "standby", Some(true)),
            (format!("{primary},{replica}"), "read-only", Some(true)),
            (format!("{primary},{replica}"), "prefer-standby", Some(true)),
            (primary.clone(), "prefer-standby", Some(false)),
            (primary.clone(), "standby", None),
            (replica.clone(), "read-write", None),
        ] {
            let url = format!(
                "postgres://postgres@{hosts}/postgres?sslmode=disable&target_session_attrs={target}"
            );
            let options = PostgresOptions::parse(&url)?;
            let found = match options.connect(cx).await {
                Outcome::Ok(mut connection) => Some(is_replica(cx, &mut connection).await?),
                Outcome::Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Connect, "{url}: {error}");
                    None
                }
                other => return Err(format!("{url}: {other:?}").into()),
            };
            assert_eq!(found, expected, "{url}");
        }
        Ok(())
    })
}

#[test]
fn a_replica_takes_no_writes() -> Test {
    on_both(async |cx, _, replicated| {
        let mut reader = replicated.read(cx).await.into_result()?;
        let new = NewHero::new("Deadpond", "?");
        let Outcome::Err(error) = insert!(new).execute(cx, &mut reader).await else {
            return Err("the replica has taken a write".into());
        };
        assert_eq!(error.kind(), ErrorKind::ReadOnly);
        Ok(())
    })
}

#[test]
fn a_replica_that_is_promoted_takes_the_writes() -> Test {
    on_both(async |cx, servers, replicated| {
        let mut writer = replicated.write(cx).await.into_result()?;
        let new = NewHero::new("Deadpond", "?");
        let hero = insert!(new).one(cx, &mut writer).await.into_result()?;
        let position = replicated.position(cx, &mut writer).await.into_result()?;
        drop(writer);
        let mut reader = replicated.read_after(cx, position).await.into_result()?;
        servers.kill(Server::Postgres);
        reader
            .query_rows(cx, "SELECT pg_promote()", &[])
            .await
            .into_result()?;
        drop(reader);
        // The replica says so at its next check, and the write waits for that.
        let mut writer = replicated.write(cx).await.into_result()?;
        assert!(!is_replica(cx, &mut writer).await?);
        let found = Hero::get(cx, &mut writer, hero.id).await.into_result()?;
        assert_eq!(found, Some(hero));
        let new = NewHero::new("Rusty-Man", "?");
        insert!(new).execute(cx, &mut writer).await.into_result()?;
        let roles: Vec<Option<Role>> = replicated
            .servers()
            .into_iter()
            .map(|server| server.map(|progress| progress.role))
            .collect();
        assert_eq!(roles, [None, Some(Role::Primary)]);
        Ok(())
    })
}
