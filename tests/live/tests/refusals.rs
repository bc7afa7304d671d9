//! What a program is told when it is not let in: what to change, and no secret.

use std::error::Error as StdError;
use std::fmt::{Debug, Write as _};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use live::Test;
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{AnyConnection, AnyOptions, ErrorKind, Pool, PoolOptions, block_on};
use support::{mysql_authority, mysql_url, postgres_authority, postgres_url};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What is part of every password here, as it is and as a URL has it.
const SECRETS: [&str; 2] = ["open sesame", "open%20sesame"];

/// Keeps every event of every level as text.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Visit for Heard {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = write!(text, "{field}={value:?} ");
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, record: &Record<'_>) {
        record.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Returns an error in every way that a program could show it, with its causes.
fn shown(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!("{error}\n{error:?}\n");
        cause = error.source();
    }
    text
}

/// Expects that nobody is let in by a URL, directly or through a pool, with these words and without a secret, and that nobody
/// waits for it to change.
fn refused(url: &str, words: &str) -> Test {
    shut_out(url, words, ErrorKind::Connect, Duration::from_secs(30))
}

/// Expects the same of a server that may be there later, for which a pool tries again.
fn not_reached(url: &str, words: &str) -> Test {
    shut_out(
        url,
        words,
        ErrorKind::PoolTimeout,
        Duration::from_millis(300),
    )
}

fn shut_out(url: &str, words: &str, from_pool: ErrorKind, limit: Duration) -> Test {
    let heard = Heard::default();
    let said = tracing::subscriber::with_default(heard.clone(), || {
        block_on(async |cx| {
            let Outcome::Err(error) = AnyConnection::connect(cx, url).await else {
                return Err(format!("{url} was let in").into());
            };
            if !error.to_string().contains(words) {
                return Err(format!("{url}: {error}").into());
            }
            let mut said = shown(&error);
            if let Ok(options) = AnyOptions::parse(url) {
                assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
                said += &format!("{options:?}\n{options:#?}\n");
                let limits = PoolOptions::new(1).acquire_timeout(limit);
                let pool = Pool::open(cx, options, limits);
                match pool.acquire(cx).await {
                    Outcome::Err(error) => {
                        assert_eq!(error.kind(), from_pool, "{url}: {error:#?}");
                        said += &shown(&error);
                    }
                    other => return Err(format!("{url}: {other:?}").into()),
                }
                said += &format!("{pool:?}\n{:?}\n", pool.status());
            } else {
                assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            }
            Ok::<_, live::Failure>(said)
        })
    })?;
    let heard = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
    for secret in SECRETS {
        assert!(!said.contains(secret), "{url}: {said}");
        assert!(!heard.contains(secret), "{url}: {}", *heard);
    }
    Ok(())
}

/// Returns the URL of a shared server for somebody else, with options of their own.
fn url_for(url: &str, login: &str, database: &str, options: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (_, server) = rest.split_once('@').unwrap_or_default();
    let end = server.find(['/', '?']).unwrap_or(server.len());
    let server = server.get(..end).unwrap_or_default();
    format!("{scheme}://{login}@{server}/{database}?{options}")
}

#[test]
fn urls_that_cannot_be_read() -> Test {
    for (url, words) in [
        (
            "postgres://me:open%20sesame@host:many/db",
            "`many` is no port",
        ),
        (
            "postgres://me:open%20sesame@host/db?sslmode=always",
            "`sslmode` is one of disable",
        ),
        (
            "postgres://me:open%20sesame@host/db?tls=require",
            "no parameter `tls`",
        ),
        (
            "postgres://me:open%20sesame%@host/db",
            "write `%25` for a percent sign",
        ),
        (
            "postgres://me:open sesame/x@host/db",
            "write `%2F` for a slash",
        ),
        (
            "postgres://me:x?open sesame@host/db",
            "`%3F` for a question mark",
        ),
        ("mysql://me:open%20sesame@host:many/db", "port is `many`"),
        (
            "mysql://me:open%20sesame@host/db?tls=always",
            "it is `disable`, `prefer`",
        ),
        (
            "mysql://me:open%20sesame@host/db?sslmode=require",
            "there are `socket`, `tls`",
        ),
        ("mysql://me:open%20sesame%@host/db", "the URL's password"),
        (
            "mysql://me:open sesame/x@host/db",
            "write `%2F` for a slash",
        ),
        (
            "mysql://me:x?open sesame@host/db",
            "`%3F` for a question mark",
        ),
        (
            "maria://me:open%20sesame@host/db",
            "begins with one of these",
        ),
    ] {
        refused(url, words)?;
    }
    Ok(())
}

#[test]
fn servers_that_are_not_there() -> Test {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let closed = listener.local_addr()?.port();
    drop(listener);
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://me:open%20sesame@127.0.0.1:{closed}/db");
        not_reached(&url, "is the server running, and is the address right?")?;
    }
    for url in [
        "postgres://me:open%20sesame@/db?host=/nowhere/at/all",
        "mysql://me:open%20sesame@/db?socket=/nowhere/at/all",
    ] {
        not_reached(url, "is the server running, and is the address right?")?;
    }
    Ok(())
}

/// Answers what connects with the same bytes, when it has sent so many.
fn serve(n_asked: usize, said: &'static [u8]) -> std::io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut asked = vec![0; n_asked];
            let _ = client
                .read_exact(&mut asked)
                .and_then(|()| client.write_all(said));
            // Until it has read that.
            let _ = client.read(&mut [0; 1]);
        }
    });
    Ok(port)
}

/// The greeting of a MySQL server that encrypts nothing.
const PLAIN_MYSQL: &[u8] =
    b"\x49\0\0\0\x0a8.4.0\0\x01\0\0\0abcdefgh\0\xff\xf7\xff\x02\0\xff\xdf\x15\
    \0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0";

#[test]
fn servers_that_do_not_encrypt() -> Test {
    for mode in ["require", "verify-ca", "verify-full"] {
        let port = serve(8, b"N")?;
        let url = format!("postgres://me:open%20sesame@127.0.0.1:{port}/db?sslmode={mode}");
        refused(
            &url,
            "turn it on there (`ssl = on`), or connect with `sslmode=disable`",
        )?;
        let port = serve(0, PLAIN_MYSQL)?;
        let url = format!("mysql://me:open%20sesame@127.0.0.1:{port}/db?tls={mode}");
        refused(
            &url,
            "give the server a certificate (`ssl-cert`, `ssl-key`)",
        )?;
    }
    Ok(())
}

#[test]
fn postgres_logins() -> Test {
    let (Some(url), Some(authority)) = (postgres_url(), postgres_authority()) else {
        return Ok(());
    };
    let plain = "sslmode=disable";
    for user in ["needs_scram", "needs_md5", "needs_password"] {
        let wrong = format!("{user}:open%20sesame,%20please");
        refused(
            &url_for(url, &wrong, "postgres", plain),
            "check the user and the password in the URL",
        )?;
        let words = "add it to the URL, or set PGPASSWORD";
        refused(&url_for(url, user, "postgres", plain), words)?;
    }
    let right = "needs_scram:open%20sesame";
    let url_to = |database, options: &str| url_for(url, right, database, options);
    refused(
        &url_to("no_such_league", plain),
        "create it, or name another in the URL",
    )?;
    refused(
        &url_to("postgres", "sslmode=disable&channel_binding=require"),
        "asks for a login that is bound",
    )?;
    refused(
        &url_for(url, "needs_tls:open%20sesame", "postgres", plain),
        "check the user, the database and `sslmode` in the URL",
    )?;
    refused(
        &url_to("postgres", "sslmode=verify-full"),
        "signed by nobody that is trusted",
    )?;
    let options = format!("sslmode=verify-full&sslrootcert={authority}");
    refused(&url_to("postgres", &options), "is not for `127.0.0.1`")?;
    refused(
        &url_to("postgres", "sslmode=verify-ca&sslrootcert=/nowhere/at/all"),
        "cannot use `/nowhere/at/all`",
    )
}

#[test]
fn mysql_logins() -> Test {
    let (Some(url), Some(authority)) = (mysql_url(), mysql_authority()) else {
        return Ok(());
    };
    let user = format!("refused_{}", std::process::id());
    let as_root = |sql: String| {
        block_on(async |cx| {
            let mut root = AnyConnection::connect(cx, url).await.into_result()?;
            root.execute_sql(cx, &sql, &[]).await.into_result()?;
            Ok::<_, live::Failure>(())
        })
    };
    as_root(format!(
        "CREATE USER '{user}'@'%' IDENTIFIED BY 'open sesame'"
    ))?;
    let wrong = format!("{user}:open%20sesame,%20please");
    let right = format!("{user}:open%20sesame");
    let checked = format!("tls=verify-full&tls_ca={authority}");
    for (login, database, options, words) in [
        (
            &*wrong,
            "",
            "tls=disable",
            "check the name and the password in the URL",
        ),
        (
            &wrong,
            "",
            "tls=require",
            "check the name and the password in the URL",
        ),
        (
            &user,
            "",
            "tls=disable",
            "check the name and the password in the URL",
        ),
        (
            &right,
            "mysql",
            "tls=disable",
            "may not use the database `mysql`: grant it",
        ),
        (
            "root",
            "no_such_league",
            "tls=disable",
            "create it, or name another in the URL",
        ),
        (
            &right,
            "",
            "tls=verify-full",
            "signed by nobody that is trusted",
        ),
        (&right, "", &checked, "is not for `127.0.0.1`"),
        (
            &right,
            "",
            "tls=verify-ca&tls_ca=/nowhere/at/all",
            "cannot use `/nowhere/at/all`",
        ),
    ] {
        refused(&url_for(url, login, database, options), words)?;
    }
    as_root(format!("DROP USER '{user}'@'%'"))
}
