//! What the PostgreSQL driver has beyond the common contracts: ways to log in, encryption, and what servers refuse.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use live::Test;
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{ErrorKind, PostgresConnection, Value, block_on, within};
use support::{postgres_authority, postgres_url};

const PASSWORD: &str = "open%20sesame";

/// Returns the URL of the shared server for a user, with parameters instead of its own.
fn url_for(user: &str, parameters: &str) -> Option<String> {
    let url = postgres_url()?;
    let (_, server) = url.split_once('@')?;
    let (server, _) = server.split_once('?').unwrap_or((server, ""));
    Some(format!("postgres://{user}@{server}?{parameters}"))
}

/// Connects, and returns what went wrong as text.
async fn connect(cx: &Cx, url: &str) -> Result<PostgresConnection, Error> {
    match PostgresConnection::connect(cx, url).await {
        Outcome::Ok(connection) => Ok(connection),
        Outcome::Err(error) => Err(error),
        other => Err(Error::usage(format!("{url}: {other:?}"))),
    }
}

async fn is_encrypted(
    cx: &Cx,
    connection: &mut PostgresConnection,
) -> Result<bool, Box<dyn std::error::Error>> {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
    Ok(rows.first().ok_or("it has a row")?.get("ssl")?)
}

/// Expects that nobody is let in, with words about it and without the password.
async fn expect_refused(cx: &Cx, url: &str, words: &str) -> Test {
    let Err(error) = connect(cx, url).await else {
        return Err(format!("{url} was let in").into());
    };
    let message = error.to_string();
    if !message.contains(words) || message.contains("sesame") || message.contains("hunter2") {
        return Err(format!("{url}: {message}").into());
    }
    Ok(())
}

#[test]
fn each_way_to_log_in_takes_the_right_password_alone() -> Test {
    if postgres_authority().is_none() {
        return Ok(());
    }
    block_on(async |cx| {
        for user in ["needs_scram", "needs_md5", "needs_password"] {
            for mode in ["disable", "require"] {
                let url = |password: &str| {
                    let user = format!("{user}{password}");
                    url_for(&user, &format!("sslmode={mode}")).unwrap_or_default()
                };
                let mut connection = connect(cx, &url(&format!(":{PASSWORD}"))).await?;
                connection.ping(cx).await.into_result()?;
                let wrong = url(":hunter2");
                expect_refused(cx, &wrong, "password authentication failed").await?;
                let without = "add it to the URL, or set PGPASSWORD";
                expect_refused(cx, &url(""), without).await?;
            }
        }
        let Err(error) = connect(cx, &url_for("nobody_of_this_name", "").unwrap_or_default()).await
        else {
            return Err("nobody was let in".into());
        };
        assert_eq!(
            (error.kind(), error.sqlstate()),
            (ErrorKind::Connect, Some("28000"))
        );
        Ok(())
    })
}

#[test]
fn what_is_checked_of_a_server_is_what_was_asked_for() -> Test {
    let Some(authority) = postgres_authority() else {
        return Ok(());
    };
    block_on(async |cx| {
        let url = |parameters: &str| url_for("postgres", parameters).unwrap_or_default();
        let by_name = |url: String| url.replace("127.0.0.1", "localhost");
        let ca = format!("sslrootcert={authority}");
        for (url, expected) in [
            (url("sslmode=disable"), false),
            (url("sslmode=prefer"), true),
            (url("sslmode=require"), true),
            (url(&format!("sslmode=verify-ca&{ca}")), true),
            (by_name(url(&format!("sslmode=verify-full&{ca}"))), true),
        ] {
            let mut connection = connect(cx, &url).await?;
            assert_eq!(is_encrypted(cx, &mut connection).await?, expected, "{url}");
            let sql = "SELECT repeat('x', 1000000) AS long";
            let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
            let long: String = rows[0].get("long")?;
            assert_eq!(long.len(), 1_000_000);
        }
        for (url, words) in [
            (
                url(&format!("sslmode=verify-full&{ca}")),
                "the certificate of the server is not for `127.0.0.1`",
            ),
            (
                by_name(url("sslmode=verify-full")),
                "is signed by nobody that is trusted",
            ),
            (
                url("sslmode=verify-ca"),
                "is signed by nobody that is trusted",
            ),
            (
                url("sslmode=require&sslrootcert=/nowhere/root.pem"),
                "cannot use `/nowhere/root.pem`",
            ),
            (
                url(&format!(
                    "sslmode=require&sslcert={authority}&sslkey=/nowhere/key"
                )),
                "cannot use `/nowhere/key`",
            ),
        ] {
            expect_refused(cx, &url, words).await?;
        }
        Ok(())
    })
}

#[test]
fn a_login_is_bound_to_its_encrypted_connection() -> Test {
    if postgres_authority().is_none() {
        return Ok(());
    }
    let user = format!("needs_scram:{PASSWORD}");
    let url = |parameters: &str| url_for(&user, parameters).unwrap_or_default();
    block_on(async |cx| {
        for parameters in [
            "sslmode=require&channel_binding=require",
            "sslmode=require&channel_binding=prefer",
            "sslmode=require&channel_binding=disable",
        ] {
            connect(cx, &url(parameters)).await?;
        }
        for (url, words) in [
            (
                url("sslmode=disable&channel_binding=require"),
                "`channel_binding=require` asks for a login",
            ),
            (
                url("sslmode=require&channel_binding=require").replace("scram", "md5"),
                "`channel_binding=require` asks for a login",
            ),
        ] {
            expect_refused(cx, &url, words).await?;
        }
        Ok(())
    })
}

#[test]
fn encryption_that_one_side_wants_and_the_other_refuses_is_told() -> Test {
    if postgres_authority().is_none() {
        return Ok(());
    }
    let user = format!("needs_tls:{PASSWORD}");
    let url = |parameters: &str| url_for(&user, parameters).unwrap_or_default();
    // A server that does not encrypt, and says so.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let server = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut client, _) = listener.accept()?;
        let mut request = [0; 8];
        client.read_exact(&mut request)?;
        assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
        client.write_all(b"N")
    });
    block_on(async |cx| {
        connect(cx, &url("sslmode=require")).await?;
        expect_refused(cx, &url("sslmode=disable"), "no encryption").await?;
        let refusing = format!("postgres://me:hunter2@127.0.0.1:{port}/db?sslmode=require");
        expect_refused(cx, &refusing, "the server does not encrypt connections").await
    })?;
    server.join().map_err(|_| "the server failed")??;
    Ok(())
}

#[test]
fn a_statement_is_cancelled_through_encryption_too() -> Test {
    if postgres_authority().is_none() {
        return Ok(());
    }
    let url = url_for("postgres", "sslmode=require").unwrap_or_default();
    block_on(async |cx| {
        let mut connection = connect(cx, &url).await?;
        let began = Instant::now();
        let soon = within(cx, Duration::from_millis(50));
        let slept = connection
            .query_rows(&soon, "SELECT pg_sleep(60)", &[])
            .await;
        assert!(slept.is_cancelled(), "{slept:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
        let rows = connection
            .query_rows(cx, "SELECT 42 AS n", &[])
            .await
            .into_result()?;
        assert_eq!(rows[0].value_of("n"), Some(&Value::I32(42)));
        Ok(())
    })
}

#[test]
fn what_a_server_refuses_at_the_door_is_told() -> Test {
    let Some(url) = url_for("postgres", "sslmode=disable") else {
        return Ok(());
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let closed = listener.local_addr()?.port();
    drop(listener);
    block_on(async |cx| {
        let (server, parameters) = url.rsplit_once('/').ok_or("it has a database")?;
        let _ = parameters;
        for (url, words) in [
            (
                format!("{server}/no_such_database"),
                "database \"no_such_database\" does not exist",
            ),
            (
                format!("postgres://me@127.0.0.1:{closed}/db"),
                "cannot connect to 127.0.0.1",
            ),
            (
                format!("{server}/postgres?target_session_attrs=standby"),
                "not of the wanted kind",
            ),
        ] {
            expect_refused(cx, &url, words).await?;
        }
        // The first that lets us in is taken.
        let (user, server) = server.split_once('@').ok_or("it has a user")?;
        let several =
            format!("{user}@127.0.0.1:{closed},{server}/postgres?target_session_attrs=read-write");
        connect(cx, &several).await?;
        Ok(())
    })
}
