//! What the PostgreSQL driver has beyond the common contracts: ways to log in, encryption, and what servers refuse.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use generated::shop::tables::TABLES as SHOP;
use generated::shop::{Everything, NewEverything};
use live::{Test, on_postgres};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::time::Duration as Span;
use sqlmodel_runtime::{
    CancelKind, Collect, Connector, ErrorKind, PostgresConnection, Row, Statement, Upkeep, Value,
    block_on, within,
};
use support::{postgres_authority, postgres_socket, postgres_url};

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
fn a_client_shows_a_certificate_of_its_own() -> Test {
    let Some(authority) = postgres_authority() else {
        return Ok(());
    };
    let folder = authority
        .strip_suffix("/ca.pem")
        .ok_or("the certificates lie in one folder")?;
    let url = |parameters: &str| url_for("needs_certificate", parameters).unwrap_or_default();
    let own = format!("sslcert={folder}/client.pem&sslkey={folder}/client.key");
    block_on(async |cx| {
        let mut connection = connect(cx, &url(&format!("sslmode=require&{own}"))).await?;
        assert!(is_encrypted(cx, &mut connection).await?);
        let user = value(cx, &mut connection, "SELECT current_user::text").await?;
        assert_eq!(user, Value::Text("needs_certificate".into()));
        expect_refused(cx, &url("sslmode=require"), "valid client certificate").await?;
        // Another's key.
        let torn = own.replace("client.key", "server.key");
        expect_refused(cx, &url(&format!("sslmode=require&{torn}")), "cannot use").await
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
fn a_socket_of_this_machine_is_as_good_as_a_network() -> Test {
    let Some(socket) = postgres_socket() else {
        return Ok(());
    };
    let (folder, port) = socket
        .split_once("/.s.PGSQL.")
        .ok_or("it is named as PostgreSQL does")?;
    let url = format!("postgres://postgres@/postgres?host={folder}&port={port}");
    block_on(async |cx| {
        let mut connection = connect(cx, &url).await?;
        let sql = "SELECT inet_client_addr() IS NULL AS local, repeat('x', 1000000) AS long";
        let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
        assert!(rows[0].get::<bool>("local")?);
        assert_eq!(rows[0].get::<String>("long")?.len(), 1_000_000);
        // A statement is stopped over a second connection, to the same socket.
        let soon = within(cx, Duration::from_millis(50));
        let began = Instant::now();
        let slept = connection
            .query_rows(&soon, "SELECT pg_sleep(60)", &[])
            .await;
        assert!(slept.is_cancelled(), "{slept:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
        connection.ping(cx).await.into_result()?;
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
        // Each of several is told, and a wrong kind of server hides none that is down.
        let one_down = format!("{server},127.0.0.1:{closed}/postgres?target_session_attrs=standby");
        for words in ["not of the wanted kind", &format!("127.0.0.1:{closed}: ")] {
            expect_refused(cx, &one_down, words).await?;
        }
        let unknown = format!("{server},127.0.0.1:{closed}/no_such_database");
        expect_refused(cx, &unknown, "\"no_such_database\" does not exist").await?;
        // The first that lets us in is taken.
        let (user, server) = server.split_once('@').ok_or("it has a user")?;
        let several =
            format!("{user}@127.0.0.1:{closed},{server}/postgres?target_session_attrs=read-write");
        connect(cx, &several).await?;
        Ok(())
    })
}

type Found<T> = Result<T, Box<dyn std::error::Error>>;

async fn rows(
    cx: &Cx,
    connection: &mut PostgresConnection,
    sql: &str,
    params: &[Value<'_>],
) -> Found<Vec<Row>> {
    Ok(connection.query_rows(cx, sql, params).await.into_result()?)
}

/// Returns the only value of a query.
async fn value(cx: &Cx, connection: &mut PostgresConnection, sql: &str) -> Found<Value<'static>> {
    let rows = rows(cx, connection, sql, &[]).await?;
    let value = rows.first().and_then(|row| row.values().first().cloned());
    Ok(value.ok_or("there is no row")?)
}

async fn run(cx: &Cx, connection: &mut PostgresConnection, sql: &str) -> Test {
    connection.execute_sql(cx, sql, &[]).await.into_result()?;
    Ok(())
}

/// Returns the error of a statement that must fail.
async fn error_of(
    cx: &Cx,
    executor: &mut impl Executor,
    sql: &str,
    params: &[Value<'_>],
) -> Found<Error> {
    match executor.execute_sql(cx, sql, params).await {
        Outcome::Err(error) => Ok(error),
        other => Err(format!("{sql}: {other:?}").into()),
    }
}

#[test]
fn nothing_is_left_prepared_for_a_pooler_to_lose() -> Test {
    on_postgres(SHOP, async |cx, options, _| {
        let options = options.clone().pooler_safe();
        let mut connection = Connector::connect(&options, cx).await.into_result()?;
        for number in 0..3 {
            let mut new = NewEverything::new(format!("{number}@example.com"));
            new.a_duration = Some(Span::seconds(90));
            new.numbers = Some(vec![number]);
            let stored = insert!(new).one(cx, &mut connection).await.into_result()?;
            let mut found = Everything::select()
                .filter(Everything::A_DURATION.eq(Span::seconds(90)))
                .filter(Everything::ID.eq(stored.id))
                .stream(cx, &mut connection)
                .await
                .into_result()?;
            assert_eq!(found.next(cx).await.into_result()?, Some(stored));
        }
        let sql = "SELECT count(*) FROM pg_prepared_statements";
        assert_eq!(value(cx, &mut connection, sql).await?, Value::I64(0));
        Ok(())
    })
}

#[test]
fn a_statement_is_prepared_again_when_the_server_has_outlived_it() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TABLE t (a int)").await?;
        run(cx, connection, "INSERT INTO t VALUES (1)").await?;
        let all = "SELECT * FROM t";
        assert_eq!(rows(cx, connection, all, &[]).await?[0].columns().len(), 1);
        run(cx, connection, "ALTER TABLE t ADD b int").await?;
        assert_eq!(rows(cx, connection, all, &[]).await?[0].columns().len(), 2);
        run(cx, connection, "DEALLOCATE ALL").await?;
        assert_eq!(rows(cx, connection, all, &[]).await?[0].columns().len(), 2);

        // In a transaction there is nothing but to run it again.
        let mut transaction = connection.begin(cx).await.into_result()?;
        transaction
            .execute_sql(cx, "ALTER TABLE t ADD c int", &[])
            .await
            .into_result()?;
        let error = error_of(cx, &mut transaction, all, &[]).await?;
        assert!(error.is_retryable(), "{error:?}");
        drop(transaction);
        assert_eq!(rows(cx, connection, all, &[]).await?[0].columns().len(), 2);
        Ok(())
    })
}

#[test]
fn violations_are_told_with_their_constraint_and_columns() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(
            cx,
            connection,
            "CREATE TABLE t (
                a int CONSTRAINT t_pk PRIMARY KEY,
                b text NOT NULL,
                c int CONSTRAINT t_c_positive CHECK (c > 0),
                d int CONSTRAINT t_d_fk REFERENCES t (a),
                CONSTRAINT t_b_c UNIQUE (b, c)
            )",
        )
        .await?;
        run(cx, connection, "INSERT INTO t VALUES (1, 'x', 1, NULL)").await?;
        for (sql, constraint, columns) in [
            ("INSERT INTO t VALUES (1, 'y', 2)", "t_pk", &["a"][..]),
            ("INSERT INTO t VALUES (2, 'x', 1)", "t_b_c", &["b", "c"]),
            ("INSERT INTO t VALUES (2, 'y', 2, 9)", "t_d_fk", &["d"]),
            ("INSERT INTO t VALUES (2, 'y', -1)", "t_c_positive", &[]),
        ] {
            let error = error_of(cx, connection, sql, &[]).await?;
            assert_eq!(error.kind(), ErrorKind::Constraint);
            assert_eq!(error.constraint(), Some(constraint));
            assert_eq!(error.constraint_table(), Some("t"));
            assert_eq!(
                error.constraint_columns().collect::<Vec<_>>(),
                columns,
                "{sql}"
            );
        }
        let error = error_of(cx, connection, "INSERT INTO t VALUES (2, NULL)", &[]).await?;
        assert!(error.is_not_null_violation());
        assert_eq!(error.constraint_columns().collect::<Vec<_>>(), ["b"]);
        assert_eq!(error.sqlstate(), Some("23502"));
        Ok(())
    })
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_does_harm() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TABLE t (a smallint, b text)").await?;
        let insert = "INSERT INTO t VALUES ($1, $2)";
        let text = |text: &'static str| Value::Text(text.into());
        run(cx, connection, "SELECT 1").await?;
        let mut transaction = connection.begin(cx).await.into_result()?;
        transaction
            .execute_sql(cx, insert, &[Value::I64(1), text("x")])
            .await
            .into_result()?;
        for (params, kind) in [
            (&[Value::I64(40_000), text("x")][..], ErrorKind::Encode),
            (&[Value::I64(1), text("a\0b")], ErrorKind::Encode),
            (&[Value::I64(1)], ErrorKind::Usage),
        ] {
            let error = error_of(cx, &mut transaction, insert, params).await?;
            assert_eq!(error.kind(), kind, "{error}");
        }
        transaction.commit(cx).await.into_result()?;
        assert_eq!(
            value(cx, connection, "SELECT count(*) FROM t").await?,
            Value::I64(1)
        );

        // The first time, the server counts.
        let error = error_of(cx, connection, "SELECT $1::int, $2::int", &[Value::I32(1)]).await?;
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(
            error
                .to_string()
                .contains("takes 2 parameters and was given 1"),
            "{error}"
        );
        let error = error_of(cx, connection, "SELECT 1; SELECT 2", &[]).await?;
        assert_eq!(error.kind(), ErrorKind::Statement);
        let error = error_of(cx, connection, "COPY t FROM STDIN", &[]).await?;
        assert!(error.to_string().contains("copy_in"), "{error}");
        run(cx, connection, "").await
    })
}

#[test]
fn a_batch_is_one_unit() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TABLE t (a int PRIMARY KEY)").await?;
        let insert = "INSERT INTO t VALUES ($1), ($1 + 100)";
        let values: Vec<[Value<'_>; 1]> = (0..50).map(|number| [Value::I32(number)]).collect();
        let statements: Vec<_> = values
            .iter()
            .map(|values| Statement::new(insert, values))
            .collect();
        let done = connection.batch(cx, &statements).await.into_result()?;
        assert!(done.len() == 50 && done.iter().all(|done| done.rows_affected == 2));
        // The same once more fails at the first, and nothing of it stays.
        let mut again = vec![Statement::new("DELETE FROM t WHERE a = 7", &[])];
        again.extend(statements);
        let refused = connection.batch(cx, &again).await;
        assert!(
            matches!(&refused, Outcome::Err(error) if error.is_unique_violation()),
            "{refused:?}"
        );
        assert_eq!(
            value(cx, connection, "SELECT count(*) FROM t").await?,
            Value::I64(100)
        );
        // More than fits the buffers on the way, in both directions.
        let long = Value::Text("x".repeat(100_000).into());
        let long = [long];
        let echo = vec![Statement::new("SELECT $1::text", &long); 100];
        connection.batch(cx, &echo).await.into_result()?;
        Ok(())
    })
}

#[test]
fn a_statement_that_misses_a_request_to_stop_gets_another() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        let deaf_once = "DO $$ BEGIN
            BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END;
            PERFORM pg_sleep(600);
        END $$";
        let soon = within(cx, Duration::from_millis(20));
        let stopped = connection.execute_sql(&soon, deaf_once, &[]).await;
        assert!(stopped.is_cancelled(), "{stopped:?}");
        assert!(connection.is_idle());
        run(cx, connection, "SELECT 1").await
    })
}

#[test]
fn types_that_are_no_texts_are_not_read_as_texts() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TYPE pair AS (a int, b text)").await?;
        run(cx, connection, "CREATE TYPE mood AS ENUM ('glad', 'sad')").await?;
        run(cx, connection, "CREATE DOMAIN word AS text").await?;
        for (sql, text) in [
            ("SELECT 'glad'::mood", Some("glad")),
            ("SELECT 'x'::word", Some("x")),
            ("SELECT '$.a'::jsonpath", Some("$.\"a\"")),
            ("SELECT row(1, 'x')::pair", None),
            ("SELECT row(1, 'x')::pair::text", Some("(1,x)")),
            ("SELECT '10.0.0.1'::inet", None),
        ] {
            let mut found = Collect::<String>::up_to(1);
            let statement = Statement::new(sql, &[]);
            let outcome = connection.query(cx, statement, &mut found).await;
            let is_text = matches!(value(cx, connection, sql).await?, Value::Text(_));
            assert_eq!(is_text, text.is_some(), "{sql}");
            match text {
                Some(text) => assert_eq!(found.into_rows(), [text], "{sql}"),
                None => {
                    let stopped = outcome.into_result().unwrap_err();
                    assert_eq!(stopped.kind(), Some(ErrorKind::Decode), "{sql}");
                }
            }
        }
        Ok(())
    })
}

#[test]
fn a_text_of_a_batch_is_prepared_once() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TABLE t (a int)").await?;
        let values: Vec<[Value<'_>; 1]> = (0..50).map(|number| [Value::I32(number)]).collect();
        let texts = [
            "INSERT INTO t VALUES ($1)",
            "DELETE FROM t WHERE a = $1 + 1",
        ];
        let statements: Vec<_> = values
            .iter()
            .flat_map(|values| texts.map(|sql| Statement::new(sql, values)))
            .collect();
        connection.batch(cx, &statements).await.into_result()?;
        let prepared =
            "SELECT count(*) FROM pg_prepared_statements WHERE statement ~ '^(INSERT|DELETE)'";
        assert_eq!(value(cx, connection, prepared).await?, Value::I64(2));
        let left = "SELECT count(*) FROM t";
        assert_eq!(value(cx, connection, left).await?, Value::I64(50));
        Ok(())
    })
}

#[test]
fn spans_are_said_in_their_type_whatever_is_kept() -> Test {
    on_postgres(&[], async |cx, options, _| {
        for capacity in [1, 2, 10] {
            let options = options.clone().statement_cache_capacity(capacity);
            let mut connection = Connector::connect(&options, cx).await.into_result()?;
            let connection = &mut connection;
            run(cx, connection, "DROP TABLE IF EXISTS t").await?;
            run(cx, connection, "CREATE TABLE t (a interval, b interval)").await?;
            let span = [Value::Duration(sqlmodel_runtime::value::Duration {
                micros: 5_000_000,
            })];
            let texts = ["a", "b", "b, a"].map(|columns| match columns.len() {
                1 => format!("INSERT INTO t ({columns}) VALUES ($1)"),
                _ => format!("INSERT INTO t ({columns}) VALUES ($1, $1)"),
            });
            let batch = texts.each_ref().map(|sql| Statement::new(sql, &span));
            connection.batch(cx, &batch).await.into_result()?;
            let sum = "SELECT extract(epoch FROM sum(a) + sum(b))::int8 FROM t";
            assert_eq!(value(cx, connection, sum).await?, Value::I64(20));
        }
        Ok(())
    })
}

#[test]
fn what_a_session_has_changed_is_undone_for_the_next_user() -> Test {
    on_postgres(&[], async |cx, options, _| {
        let mut connection = Connector::connect(options, cx).await.into_result()?;
        assert_eq!(options.upkeep(&mut connection), Upkeep::Ready);
        run(cx, &mut connection, "SET search_path = pg_catalog").await?;
        run(cx, &mut connection, "CREATE TEMP TABLE t (a int)").await?;
        connection.listen(cx, "news").await.into_result()?;
        assert_eq!(options.upkeep(&mut connection), Upkeep::Used);
        options.reset(cx, &mut connection).await.into_result()?;
        assert_eq!(options.upkeep(&mut connection), Upkeep::Ready);
        let path = value(cx, &mut connection, "SHOW search_path").await?;
        assert_ne!(path, Value::Text("pg_catalog".into()));
        assert!(error_of(cx, &mut connection, "TABLE t", &[]).await.is_ok());
        assert_eq!(
            connection.parameters().get("TimeZone").map(String::as_str),
            Some("UTC")
        );

        let transaction = connection.begin(cx).await.into_result()?;
        std::mem::forget(transaction);
        run(cx, &mut connection, "CREATE TABLE u (a int)").await?;
        assert_eq!(options.upkeep(&mut connection), Upkeep::Used);
        options.reset(cx, &mut connection).await.into_result()?;
        assert!(error_of(cx, &mut connection, "TABLE u", &[]).await.is_ok());
        Ok(())
    })
}

#[test]
fn notices_and_notifications_are_kept_until_they_are_taken() -> Test {
    on_postgres(&[], async |cx, options, _| {
        let mut connection = Connector::connect(options, cx).await.into_result()?;
        let mut other = Connector::connect(options, cx).await.into_result()?;
        run(
            cx,
            &mut connection,
            "DO $$ BEGIN RAISE WARNING 'careful'; END $$",
        )
        .await?;
        let notices = connection.take_notices();
        assert_eq!(notices.len(), 1);
        assert_eq!(
            (notices[0].severity(), notices[0].message()),
            ("WARNING", "careful")
        );

        connection.listen(cx, "the \"news\"").await.into_result()?;
        let soon = within(cx, Duration::from_millis(20));
        assert!(connection.next_notification(&soon).await.is_cancelled());
        let notify = "SELECT pg_notify('the \"news\"', $1)";
        for payload in ["one", "two"] {
            let params = [Value::Text(payload.into())];
            other.execute_sql(cx, notify, &params).await.into_result()?;
        }
        for payload in ["one", "two"] {
            let notification = connection.next_notification(cx).await.into_result()?;
            assert_eq!(notification.channel, "the \"news\"");
            assert_eq!(notification.payload, payload);
        }
        connection
            .unlisten(cx, "the \"news\"")
            .await
            .into_result()?;
        assert!(connection.take_notifications().is_empty());
        Ok(())
    })
}

#[test]
fn data_is_copied_in_and_out() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TABLE t (a int PRIMARY KEY, b text)").await?;
        let sql = "COPY t FROM STDIN";
        let mut copy = connection.copy_in(cx, sql).await.into_result()?;
        for number in 0..20_000 {
            let row = format!("{number}\tNumber {number}\n");
            copy.send(cx, row.as_bytes()).await.into_result()?;
        }
        assert_eq!(copy.finish(cx).await.into_result()?, 20_000);

        let mut copied = Vec::new();
        let n_rows = connection
            .copy_out(cx, "COPY (SELECT a FROM t ORDER BY a) TO STDOUT", |data| {
                copied.extend_from_slice(data);
                Ok(())
            })
            .await
            .into_result()?;
        assert_eq!(n_rows, 20_000);
        assert!(copied.starts_with(b"0\n1\n2\n") && copied.ends_with(b"19999\n"));

        // One that is dropped stores nothing, and neither does one with data that is refused.
        let mut dropped = connection.copy_in(cx, sql).await.into_result()?;
        dropped.send(cx, b"30000\tx\n").await.into_result()?;
        drop(dropped);
        // Nor one of which a part was not taken, whoever finishes it.
        let mut torn = connection.copy_in(cx, sql).await.into_result()?;
        let cancelled = within(cx, Duration::from_secs(60));
        cancelled.cancel_with(CancelKind::User, Some("test"));
        let data: String = (40_000..60_000).map(|n| format!("{n}\tx\n")).collect();
        assert!(torn.send(&cancelled, data.as_bytes()).await.is_cancelled());
        let finished = torn.finish(cx).await;
        assert!(
            matches!(&finished, Outcome::Err(error) if error.kind() == ErrorKind::Usage),
            "{finished:?}"
        );
        let mut refused = connection.copy_in(cx, sql).await.into_result()?;
        refused.send(cx, b"30000\tx\n7\ty\n").await.into_result()?;
        let refused = refused.finish(cx).await;
        assert!(
            matches!(&refused, Outcome::Err(error) if error.is_unique_violation()),
            "{refused:?}"
        );
        for (sql, words) in [
            ("COPY nothing FROM STDIN", "does not exist"),
            ("SELECT 1", "no COPY from the client"),
        ] {
            let refused = connection.copy_in(cx, sql).await.map(drop);
            assert!(
                matches!(&refused, Outcome::Err(error) if error.to_string().contains(words)),
                "{refused:?}"
            );
        }
        let refused = connection.copy_out(cx, sql, |_| Ok(())).await;
        assert!(refused.is_err(), "{refused:?}");

        // In a transaction it is a part of it.
        assert_eq!(
            value(cx, connection, "SELECT count(*) FROM t").await?,
            Value::I64(20_000)
        );
        Ok(())
    })
}

#[test]
fn a_transaction_ends_once_and_costs_what_it_has_to() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        run(cx, connection, "CREATE TABLE t (a int)").await?;
        // Nothing ran in it: nothing is said.
        let empty = connection.begin(cx).await.into_result()?;
        empty.commit(cx).await.into_result()?;
        assert!(connection.is_idle());
        // A commit after a failure is a rollback, and told.
        let mut failed = connection.begin(cx).await.into_result()?;
        failed
            .execute_sql(cx, "INSERT INTO t VALUES (1)", &[])
            .await
            .into_result()?;
        assert!(
            error_of(cx, &mut failed, "SELECT nothing", &[])
                .await
                .is_ok()
        );
        let committed = failed.commit(cx).await;
        assert!(
            matches!(&committed, Outcome::Err(error) if error.kind() == ErrorKind::Database),
            "{committed:?}"
        );
        // What the user ended by hand is not gone on with.
        let mut ended = connection.begin(cx).await.into_result()?;
        ended.execute_sql(cx, "ROLLBACK", &[]).await.into_result()?;
        assert!(
            error_of(cx, &mut ended, "INSERT INTO t VALUES (2)", &[])
                .await
                .is_ok()
        );
        assert!(ended.commit(cx).await.is_err());
        // One that the user began by hand is not begun again.
        run(cx, connection, "BEGIN").await?;
        assert!(connection.begin(cx).await.is_err());
        run(cx, connection, "ROLLBACK").await?;
        assert_eq!(
            value(cx, connection, "SELECT count(*) FROM t").await?,
            Value::I64(0)
        );
        Ok(())
    })
}

#[test]
fn a_query_without_end_is_stopped_when_its_rows_are_not_wanted() -> Test {
    on_postgres(&[], async |cx, _, connection| {
        let sql = "SELECT generate_series(1, 1000000000)";
        let statement = Statement::new(sql, &[]);
        let began = Instant::now();
        let mut numbers = sqlmodel_runtime::Rows::<_, i32>::open(cx, connection, statement)
            .await
            .into_result()?;
        for expected in 1..=3_000 {
            assert_eq!(numbers.next(cx).await.into_result()?, Some(expected));
        }
        drop(numbers);
        assert_eq!(value(cx, connection, "SELECT 1").await?, Value::I32(1));
        assert!(began.elapsed() < Duration::from_secs(10));
        Ok(())
    })
}
