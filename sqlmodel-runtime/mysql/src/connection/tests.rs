use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use sqlmodel_core::seam::Sleep;
use sqlmodel_core::value::{Date, Decimal, Duration as Span, Time, Timestamp};
use sqlmodel_core::{TransactionOps, block_on};

use super::*;

/// Runs a test body on two connections to an empty database of its own.
fn with_database(body: impl AsyncFnOnce(&Cx, &mut MySqlConnection, &mut MySqlConnection)) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Some(url) = support::mysql_url() else {
        return;
    };
    block_on(async |cx| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("driver_{}_{number}", std::process::id());
        let mut admin = MySqlConnection::connect(cx, url).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        admin.execute_sql(cx, &create, &[]).await.unwrap();
        let options = MySqlOptions::parse(url).unwrap().database(&name);
        let mut one = options.connect(cx).await.unwrap();
        let mut two = options.connect(cx).await.unwrap();
        body(cx, &mut one, &mut two).await;
        let drop = format!("DROP DATABASE {name}");
        admin.execute_sql(cx, &drop, &[]).await.unwrap();
    });
}

fn text(value: &str) -> Value<'_> {
    Value::Text(value.into())
}

#[test]
fn values_of_every_type_come_back() {
    let date = Date::try_new(2024, 2, 29).unwrap();
    let time = Time::try_new(23, 59, 59, 999_999).unwrap();
    let params = [
        Value::Null,
        Value::I64(i64::MIN),
        Value::F64(0.1),
        text("Zoë\0'\" 😀"),
        Value::Bytes(vec![0, 255].into()),
        Value::Decimal(Decimal::try_new(-12_340, 3).unwrap()),
        Value::Date(date),
        Value::Time(time),
        Value::Timestamp(Timestamp { date, time }),
    ];
    with_database(async |cx, connection, _| {
        let sql = "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g, ? AS h, ? AS i";
        let rows = connection.query_rows(cx, sql, &params).await.unwrap();
        assert_eq!(rows[0].values(), params);
        assert_eq!(rows[0].columns().collect::<String>(), "abcdefghi");
        let span = Value::Duration(Span { micros: -1 });
        let rows = connection
            .query_rows(cx, "SELECT ? AS n", &[span])
            .await
            .unwrap();
        assert_eq!(rows[0].get::<Span>("n").unwrap(), Span { micros: -1 });
    });
}

async fn run(cx: &Cx, executor: &mut impl Executor, sql: &str) -> u64 {
    executor.execute_sql(cx, sql, &[]).await.unwrap()
}

async fn error_of(cx: &Cx, executor: &mut impl Executor, sql: &str) -> Error {
    match executor.execute_sql(cx, sql, &[]).await {
        Outcome::Err(error) => error,
        other => panic!("{sql} gave {other:?}"),
    }
}

async fn count(cx: &Cx, executor: &mut impl Executor) -> i64 {
    let sql = "SELECT count(*) AS n FROM team";
    let rows = executor.query_rows(cx, sql, &[]).await.unwrap();
    rows[0].get("n").unwrap()
}

const TEAM: &str =
    "CREATE TABLE team (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(5) NOT NULL, n INT)";

#[test]
fn what_does_not_fit_is_refused_and_not_cut() {
    with_database(async |cx, connection, _| {
        run(cx, connection, TEAM).await;
        for (sql, kind) in [
            (
                "INSERT INTO team (name) VALUES ('too long')",
                ErrorKind::Encode,
            ),
            (
                "INSERT INTO team (name, n) VALUES ('a', 3000000000)",
                ErrorKind::Encode,
            ),
            ("INSERT INTO team (n) VALUES (1)", ErrorKind::Constraint),
            ("INSERT INTO nobody (n) VALUES (1)", ErrorKind::Statement),
        ] {
            assert_eq!(error_of(cx, connection, sql).await.kind(), kind, "{sql}");
        }
        assert_eq!(count(cx, connection).await, 0);
    });
}

#[test]
fn a_column_that_its_group_does_not_decide_is_refused_where_the_server_knows() {
    with_database(async |cx, connection, _| {
        run(cx, connection, TEAM).await;
        let decided = "SELECT id, name, count(*) FROM team GROUP BY id";
        let undecided = "SELECT name, count(*) FROM team GROUP BY n";
        run(cx, connection, decided).await;
        let outcome = connection.execute_sql(cx, undecided, &[]).await;
        run(cx, connection, "SET sql_mode = 'ONLY_FULL_GROUP_BY'").await;
        let knows = connection.execute_sql(cx, decided, &[]).await.is_ok();
        assert_eq!(outcome.is_err(), knows, "{outcome:?}");
    });
}

#[test]
fn commands_tell_what_they_matched_and_assigned() {
    with_database(async |cx, connection, _| {
        run(cx, connection, TEAM).await;
        let name = [text("a")];
        for id in 1..=2 {
            let statement = Statement::new("INSERT INTO team (name) VALUES (?)", &name);
            let done = connection.execute(cx, statement).await.unwrap();
            assert_eq!((done.rows_affected, done.last_insert_id), (1, Some(id)));
        }
        let unchanged = run(cx, connection, "UPDATE team SET name = 'a'").await;
        assert_eq!(unchanged, 2, "rows that match, changed or not");
    });
}

#[test]
fn a_transaction_that_a_statement_committed_is_over() {
    with_database(async |cx, connection, _| {
        run(cx, connection, TEAM).await;
        let mut transaction = connection.begin(cx).await.unwrap();
        run(cx, &mut transaction, "INSERT INTO team (name) VALUES ('a')").await;
        run(cx, &mut transaction, "CREATE TABLE other (id INT)").await;
        let refused = error_of(cx, &mut transaction, "INSERT INTO team (name) VALUES ('b')").await;
        assert_eq!(refused.kind(), ErrorKind::Database);
        assert!(
            transaction.rollback(cx).await.is_err(),
            "it cannot be undone"
        );
        assert_eq!(count(cx, connection).await, 1);
        run(cx, connection, "INSERT INTO team (name) VALUES ('c')").await;
    });
}

#[test]
fn the_loser_of_a_deadlock_can_only_roll_back() {
    with_database(async |cx, one, two| {
        run(cx, one, TEAM).await;
        run(cx, one, "INSERT INTO team (name) VALUES ('a'), ('b')").await;
        let mut first = one.begin(cx).await.unwrap();
        let mut second = two.begin(cx).await.unwrap();
        run(cx, &mut first, "UPDATE team SET n = 1 WHERE id = 1").await;
        // The heavier transaction wins.
        run(
            cx,
            &mut second,
            "INSERT INTO team (name) VALUES ('c'), ('d'), ('e')",
        )
        .await;
        run(cx, &mut second, "UPDATE team SET n = 2 WHERE id = 2").await;
        let mut waiting =
            Box::pin(second.execute_sql(cx, "UPDATE team SET n = 2 WHERE id = 1", &[]));
        let polled =
            std::future::poll_fn(|task| Poll::Ready(waiting.as_mut().poll(task).is_pending()));
        assert!(polled.await, "the row is locked");
        let lost = error_of(cx, &mut first, "UPDATE team SET n = 1 WHERE id = 2").await;
        assert_eq!(lost.kind(), ErrorKind::Deadlock);
        assert!(lost.is_retryable());
        assert_eq!(waiting.await.unwrap(), 1);
        let refused = error_of(cx, &mut first, "INSERT INTO team (name) VALUES ('f')").await;
        assert_eq!(refused.kind(), ErrorKind::Database);
        assert!(
            first.commit(cx).await.is_err(),
            "nothing is there to commit"
        );
        second.commit(cx).await.unwrap();
        assert_eq!(count(cx, one).await, 5);
    });
}

#[test]
fn statements_are_prepared_once_and_closed_when_evicted() {
    with_database(async |cx, connection, _| {
        connection.statements = Statements::new(2);
        for turn in 0..10 {
            for sql in [
                "SELECT ? + 1 AS n",
                "SELECT ? + 2 AS n",
                "SELECT ? + 3 AS n",
            ] {
                let rows = connection
                    .query_rows(cx, sql, &[Value::I64(turn)])
                    .await
                    .unwrap();
                assert!(rows[0].get::<i64>("n").unwrap() > turn);
            }
        }
        let sql = "SHOW SESSION STATUS LIKE 'Com_stmt_close'";
        let rows = connection.query_rows(cx, sql, &[]).await.unwrap();
        let n_closed: String = rows[0].get("Value").unwrap();
        assert!(n_closed.parse::<u32>().unwrap() >= 27, "{n_closed}");
    });
}

#[test]
fn a_table_that_changes_under_a_statement_is_read_as_it_is() {
    with_database(async |cx, connection, other| {
        run(cx, connection, TEAM).await;
        run(cx, connection, "INSERT INTO team (name, n) VALUES ('a', 7)").await;
        let all = "SELECT * FROM team";
        assert_eq!(
            connection.query_rows(cx, all, &[]).await.unwrap()[0]
                .values()
                .len(),
            3
        );
        run(
            cx,
            other,
            "ALTER TABLE team MODIFY n VARCHAR(9), ADD more INT DEFAULT 5",
        )
        .await;
        let rows = connection.query_rows(cx, all, &[]).await.unwrap();
        assert_eq!(rows[0].get::<String>("n").unwrap(), "7");
        assert_eq!(rows[0].get::<i64>("more").unwrap(), 5);
    });
}

#[test]
fn one_result_of_a_procedure_is_read_and_several_are_refused() {
    with_database(async |cx, connection, _| {
        run(cx, connection, "CREATE PROCEDURE one() SELECT 7 AS n").await;
        run(
            cx,
            connection,
            "CREATE PROCEDURE two() BEGIN SELECT 7 AS n; SELECT 'b' AS m; END",
        )
        .await;
        let rows = connection.query_rows(cx, "CALL one()", &[]).await.unwrap();
        assert_eq!(rows[0].get::<i64>("n").unwrap(), 7);
        let refused = connection.query_rows(cx, "CALL two()", &[]).await;
        assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::Unsupported));
        run(cx, connection, "CALL two()").await;
    });
}

#[test]
fn values_longer_than_a_packet_come_back() {
    with_database(async |cx, connection, _| {
        let long = "x".repeat(0xff_ffff + 10);
        let sql = "SELECT ? AS it, CHAR_LENGTH(?) AS n";
        let params = [text(&long), text(&long)];
        let rows = connection.query_rows(cx, sql, &params).await.unwrap();
        assert!(rows[0].get::<String>("it").unwrap() == long);
        assert_eq!(rows[0].get::<i64>("n").unwrap(), 0xff_ffff + 10);
    });
}

#[test]
fn a_session_that_was_changed_needs_a_reset() {
    with_database(async |cx, connection, _| {
        assert_eq!(connection.upkeep(), Upkeep::Ready);
        run(cx, connection, TEAM).await;
        let mut transaction = connection.begin(cx).await.unwrap();
        run(cx, &mut transaction, "INSERT INTO team (name) VALUES ('a')").await;
        transaction.commit(cx).await.unwrap();
        assert_eq!(count(cx, connection).await, 1);
        assert_eq!(connection.upkeep(), Upkeep::Ready, "nothing of this stays");
        for sql in [
            "SET @a = 1",
            "SET SESSION wait_timeout = 5",
            "CREATE TEMPORARY TABLE t (id INT)",
            "DO GET_LOCK('a', 0)",
            "START TRANSACTION",
        ] {
            run(cx, connection, sql).await;
            assert_eq!(connection.upkeep(), Upkeep::Used, "{sql}");
            connection.tidy(cx).await.unwrap();
            assert_eq!(connection.upkeep(), Upkeep::Ready, "{sql}");
        }
        let rows = connection
            .query_rows(
                cx,
                "SELECT @a AS a, @@time_zone AS zone, IS_FREE_LOCK('a') AS is_free",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(rows[0].value_of("a"), Some(&Value::Null));
        assert_eq!(rows[0].get::<String>("zone").unwrap(), "+00:00");
        assert_eq!(rows[0].get::<i64>("is_free").unwrap(), 1);
    });
}

#[test]
fn a_connection_that_is_refused_says_what_to_change() {
    let Some(url) = support::mysql_url() else {
        return;
    };
    let unknown = MySqlOptions::parse(url).unwrap().database("no_such_league");
    let wrong = MySqlOptions::parse(&url.replacen("root@", "nobody:hush@", 1)).unwrap();
    let closed = MySqlOptions::parse("mysql://root@127.0.0.1:1/").unwrap();
    block_on(async |cx| {
        for (options, words) in [
            (unknown, "no database `no_such_league`"),
            (wrong, "the user `nobody`"),
            (closed, "is the server running"),
        ] {
            let Outcome::Err(error) = options.connect(cx).await else {
                panic!("{words}: connected");
            };
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error:#?}").contains("hush"));
        }
    });
}

/// A server that says nothing for a while, then something, and then nothing any more.
struct Late {
    sleep: Pin<Box<Sleep>>,
    said: &'static [u8],
    is_asleep: bool,
}

impl Transport for Late {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if std::mem::take(&mut self.is_asleep) && self.sleep.as_mut().poll(task).is_pending() {
            self.is_asleep = true;
            return Poll::Pending;
        }
        if self.said.is_empty() {
            return Poll::Pending;
        }
        let n_bytes = self.said.len();
        into[..n_bytes].copy_from_slice(std::mem::take(&mut self.said));
        Poll::Ready(Ok(n_bytes))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
}

/// Returns a connection to a server that says this after so long.
fn scripted(cx: &Cx, after: Duration, said: &'static [u8]) -> MySqlConnection<Late> {
    let nanos = u64::try_from(after.as_nanos()).unwrap();
    let late = Late {
        sleep: Box::pin(Sleep::new(cx.now().saturating_add_nanos(nanos))),
        said,
        is_asleep: true,
    };
    let options = MySqlOptions::tcp("script", 1, "me");
    let greeting = Greeting {
        version: "10.11.6-MariaDB".to_owned(),
        connection_id: 1,
        flags: 0,
        nonce: [0; _],
        plugin: String::new(),
    };
    MySqlConnection::new(Wire::over(late, &options), &options, &greeting)
}

#[test]
fn nobody_limits_the_end_of_a_transaction_but_its_context() {
    const OK: &[u8] = b"\x07\0\0\x01\0\0\0\x02\0\0\0";
    for step in [TransactionStep::Commit, TransactionStep::Rollback] {
        let outcome = seam::block_on_virtual(7, move |cx| async move {
            let mut connection = scripted(&cx, Duration::from_secs(3 * 3600), OK);
            connection.unit.begin();
            let outcome = connection.step(&cx, step).await;
            (outcome.is_ok(), connection.is_broken())
        });
        assert_eq!(outcome, (true, false), "{step:?}");
    }
}

#[test]
fn what_is_too_long_for_the_server_is_refused_and_the_connection_goes_on() {
    with_database(async |cx, connection, _| {
        let sql = "SELECT @@max_allowed_packet AS n";
        let rows = connection.query_rows(cx, sql, &[]).await.unwrap();
        let limit = usize::try_from(rows[0].get::<i64>("n").unwrap()).unwrap();
        let long = [Value::Text("x".repeat(limit + 1).into())];
        for _ in 0..2 {
            let refused = connection.query_rows(cx, "SELECT ? AS n", &long).await;
            match refused {
                Outcome::Err(error) => assert_eq!(error.kind(), ErrorKind::Encode, "{error}"),
                other => panic!("{other:?}"),
            }
            assert_eq!(connection.upkeep(), Upkeep::Ready);
        }
        let long = format!("SELECT '{}'", "x".repeat(limit + 1));
        let refused = error_of(cx, connection, &long).await;
        assert_eq!(refused.kind(), ErrorKind::Encode);
        run(cx, connection, "SELECT 1").await;
    });
}

#[test]
fn a_connection_that_the_server_closes_behind_an_error_is_lost() {
    const TOO_LONG: &[u8] = b"\x0d\0\0\x01\xff\x81\x04#08S01long";
    let (kind, is_broken) = seam::block_on_virtual(7, move |cx| async move {
        let mut connection = scripted(&cx, Duration::ZERO, TOO_LONG);
        let refused = error_of(&cx, &mut connection, "SELECT 1").await;
        (refused.kind(), connection.is_broken())
    });
    assert_eq!((kind, is_broken), (ErrorKind::Encode, true));
}
