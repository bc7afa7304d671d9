//! What the MySQL driver promises beside what every driver does.

use live::Test;
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{ErrorKind, MySqlConnection, block_on};
use support::{mysql_authority, mysql_url};

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
            let sql = "SELECT VARIABLE_VALUE AS cipher, repeat('x', 1000000) AS long_text
                FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'";
            let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
            let row = rows.first().ok_or("a status")?;
            assert_eq!(
                !row.get::<String>("cipher")?.is_empty(),
                is_encrypted,
                "{url}"
            );
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
