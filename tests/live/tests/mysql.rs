//! What the MySQL driver promises beside what every driver does.

use std::time::{Duration, Instant};

use live::Test;
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{ErrorKind, MySqlConnection, MySqlOptions, Value, block_on, within};
use support::{mysql_authority, mysql_socket, mysql_url};

/// Returns the URL of the shared server with options instead of its own.
fn url_with(host: &str, options: &str) -> Option<String> {
    let (server, _) = mysql_url()?.split_once('?')?;
    Some(format!("{server}?{options}").replace("127.0.0.1", host))
}

#[test]
fn what_is_checked_of_a_server_is_what_was_asked_for() -> Test {
    let Some(authority) = mysql_authority() else {
        return Ok(());
    };
    let checked = |mode: &str| format!("tls={mode}&tls_ca={authority}");
    block_on(async |cx| {
        for (host, options, is_encrypted) in [
            ("127.0.0.1", "tls=disable".to_owned(), false),
            ("127.0.0.1", "tls=prefer".to_owned(), true),
            ("127.0.0.1", "tls=require".to_owned(), true),
            ("127.0.0.1", checked("verify-ca"), true),
            ("localhost", checked("verify-full"), true),
        ] {
            let url = url_with(host, &options).ok_or("the URL has options")?;
            let mut connection = MySqlConnection::connect(cx, &url).await.into_result()?;
            let sql = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";
            let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
            let cipher: String = rows.first().ok_or("a status")?.get("Value")?;
            assert_eq!(!cipher.is_empty(), is_encrypted, "{url}");
            let sql = "SELECT repeat('x', 1000000) AS long_text";
            let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
            let row = rows.first().ok_or("a text")?;
            assert_eq!(row.get::<String>("long_text")?.len(), 1_000_000);
        }
        for (host, options, words) in [
            (
                "127.0.0.1",
                checked("verify-full"),
                "is not for `127.0.0.1`",
            ),
            ("localhost", "tls=verify-full".to_owned(), "certificate"),
        ] {
            let url = url_with(host, &options).ok_or("the URL has options")?;
            let Outcome::Err(error) = MySqlConnection::connect(cx, &url).await else {
                return Err(format!("{url}: connected").into());
            };
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert!(error.to_string().contains(words), "{error}");
        }
        Ok(())
    })
}

/// Logs in by password in every way that there is.
///
/// MySQL (`caching_sha2_password`) needs the password itself at first, encrypted by RSA or TLS or over a socket of this machine;
/// then it remembers a hash, until its privileges are flushed. MariaDB (`mysql_native_password`) has one way.
#[test]
fn a_password_is_proven_whether_or_not_the_server_remembers_it() -> Test {
    let (Some(_), Some(socket)) = (mysql_authority(), mysql_socket()) else {
        return Ok(());
    };
    let url = mysql_url().ok_or("there is a server")?;
    let user = format!("proving_{}", std::process::id());
    let on_network = url_with("127.0.0.1", "").ok_or("the URL has options")?;
    block_on(async |cx| {
        let mut root = MySqlConnection::connect(cx, url).await.into_result()?;
        for host in ["%", "localhost"] {
            let sql = format!("CREATE USER '{user}'@'{host}' IDENTIFIED BY 'open sesame: 1'");
            root.execute_sql(cx, &sql, &[]).await.into_result()?;
        }
        for options in ["tls=disable", "tls=require", &format!("socket={socket}")] {
            root.execute_sql(cx, "FLUSH PRIVILEGES", &[])
                .await
                .into_result()?;
            for password in [
                "open%20sesame:%201",
                "open%20sesame",
                "",
                "open%20sesame:%201",
            ] {
                let login = format!("{user}:{password}@");
                let url = format!("{on_network}{options}").replacen("root@", &login, 1);
                let connected = MySqlConnection::connect(cx, &url).await;
                if password.ends_with('1') {
                    let sql = "SELECT CURRENT_USER() AS user";
                    let mut connection = connected.into_result()?;
                    let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
                    let found: String = rows.first().ok_or("a user")?.get("user")?;
                    assert!(found.starts_with(&user), "{options}: {found}");
                    continue;
                }
                let Outcome::Err(error) = connected else {
                    return Err(format!("{url} was let in").into());
                };
                assert_eq!(error.kind(), ErrorKind::Connect, "{options}: {error:#?}");
                assert_eq!(error.sqlstate(), Some("28000"), "{options}: {error:#?}");
            }
        }
        for host in ["%", "localhost"] {
            let sql = format!("DROP USER '{user}'@'{host}'");
            root.execute_sql(cx, &sql, &[]).await.into_result()?;
        }
        Ok(())
    })
}

#[test]
fn a_socket_of_this_machine_is_as_good_as_a_network() -> Test {
    let Some(socket) = mysql_socket() else {
        return Ok(());
    };
    block_on(async |cx| {
        let options = MySqlOptions::unix(socket, "root");
        let mut connection = options.connect(cx).await.into_result()?;
        let long = Value::Text("x".repeat(1_000_000).into());
        let rows = connection
            .query_rows(cx, "SELECT ? AS long_text", &[long])
            .await
            .into_result()?;
        assert_eq!(rows[0].get::<String>("long_text")?.len(), 1_000_000);
        // A statement is stopped over a second connection, to the same socket.
        let soon = within(cx, Duration::from_millis(50));
        let began = Instant::now();
        let slept = connection.query_rows(&soon, "SELECT SLEEP(60)", &[]).await;
        assert!(slept.is_cancelled(), "{slept:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
        connection.ping(cx).await.into_result()?;
        Ok(())
    })
}
