mod decoding;
mod waiting;

use sqlmodel_core::{ConstraintKind, Rows, TransactionOps, Value, block_on};

use super::*;

/// Runs a test body on a database in memory with two tables.
fn with_tables(body: impl AsyncFnOnce(&Cx, &mut SqliteConnection)) {
    block_on(async |cx| {
        let mut connection = SqliteConnection::open_in_memory(cx).await.unwrap();
        for sql in [
            "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
            "CREATE TABLE hero (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                age INTEGER,
                team_id INTEGER REFERENCES team (id) DEFERRABLE INITIALLY DEFERRED,
                CONSTRAINT ck_hero_age CHECK (age >= 0),
                UNIQUE (name, age)
            )",
        ] {
            connection.execute_sql(cx, sql, &[]).await.unwrap();
        }
        body(cx, &mut connection).await;
    });
}

fn text(value: &str) -> Value<'_> {
    Value::Text(value.into())
}

async fn insert_team(cx: &Cx, executor: &mut impl Executor, name: &str) -> Outcome<u64, Error> {
    executor
        .execute_sql(cx, "INSERT INTO team (name) VALUES (?1)", &[text(name)])
        .await
}

async fn count_teams(cx: &Cx, executor: &mut impl Executor) -> i64 {
    let rows = executor
        .query_rows(cx, "SELECT count(*) AS n FROM team", &[])
        .await
        .unwrap();
    rows[0].get("n").unwrap()
}

async fn error_of(cx: &Cx, connection: &mut SqliteConnection, sql: &str) -> Error {
    match connection.execute_sql(cx, sql, &[]).await {
        Outcome::Err(error) => error,
        other => panic!("{sql} gave {other:?}"),
    }
}

#[test]
fn values_come_back_as_they_were_bound() {
    with_tables(async |cx, connection| {
        let params = [
            Value::Null,
            Value::I64(i64::MIN),
            Value::F64(0.1),
            text("Zoë'\""),
            Value::Bytes(vec![0, 255].into()),
        ];
        let sql = "SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?4 AS d, ?5 AS e";
        let rows = connection.query_rows(cx, sql, &params).await.unwrap();
        assert_eq!(rows[0].values(), params);
        assert_eq!(rows[0].columns().collect::<String>(), "abcde");
        let cut_short = [text("Zoë\0")];
        let refused = connection.query_rows(cx, "SELECT ?1", &cut_short).await;
        let Outcome::Err(error) = refused else {
            panic!("took a text that LIKE cuts short");
        };
        assert_eq!(error.kind(), ErrorKind::Encode);
    });
}

#[test]
fn a_command_tells_how_many_rows_it_changed() {
    with_tables(async |cx, connection| {
        for name in ["Preventers", "Z-Force"] {
            assert_eq!(insert_team(cx, connection, name).await.unwrap(), 1);
        }
        let all = connection
            .execute_sql(cx, "UPDATE team SET name = name", &[])
            .await
            .unwrap();
        assert_eq!(all, 2);
        let none = connection
            .execute_sql(cx, "DELETE FROM team WHERE id = 9", &[])
            .await
            .unwrap();
        assert_eq!(none, 0);
        let table = connection
            .execute_sql(cx, "CREATE TABLE other (id INTEGER)", &[])
            .await
            .unwrap();
        assert_eq!(table, 0, "a table is no row");
        let statement = Statement::new("INSERT INTO team (name) VALUES ('A')", &[]);
        let done = connection.execute(cx, statement).await.unwrap();
        assert_eq!(
            done,
            Done {
                rows_affected: 1,
                last_insert_id: Some(3)
            }
        );
    });
}

#[test]
fn violations_are_told_apart_without_reading_text() {
    with_tables(async |cx, connection| {
        insert_team(cx, connection, "Preventers").await.unwrap();

        let unique = error_of(
            cx,
            connection,
            "INSERT INTO team (name) VALUES ('Preventers')",
        )
        .await;
        assert!(unique.is_unique_violation());
        assert_eq!(unique.constraint_table(), Some("team"));
        assert_eq!(unique.constraint_columns().collect::<Vec<_>>(), ["name"]);

        let primary = error_of(
            cx,
            connection,
            "INSERT INTO team (id, name) VALUES (1, 'x')",
        )
        .await;
        assert!(primary.is_unique_violation());

        let null = error_of(cx, connection, "INSERT INTO hero (name) VALUES (NULL)").await;
        assert!(null.is_not_null_violation());
        assert_eq!(null.constraint_columns().collect::<Vec<_>>(), ["name"]);

        let check = error_of(
            cx,
            connection,
            "INSERT INTO hero (name, age) VALUES ('x', -1)",
        )
        .await;
        assert!(check.is_check_violation());
        assert_eq!(check.constraint(), Some("ck_hero_age"));

        let key = error_of(
            cx,
            connection,
            "INSERT INTO hero (name, team_id) VALUES ('x', 9)",
        )
        .await;
        assert!(key.is_foreign_key_violation());
        assert_eq!(key.constraint_kind(), Some(ConstraintKind::ForeignKey));
        assert_eq!(key.kind(), ErrorKind::Constraint);
        assert!(
            key.sql()
                .is_some_and(|sql| sql.starts_with("INSERT INTO hero"))
        );
    });
}

#[test]
fn refused_statements_carry_kind_text_and_cause() {
    with_tables(async |cx, connection| {
        let syntax = error_of(cx, connection, "SELEC 1").await;
        assert_eq!(syntax.kind(), ErrorKind::Statement);
        assert_eq!(syntax.sql(), Some("SELEC 1"));
        assert!(std::error::Error::source(&syntax).is_some());
        assert_eq!(
            syntax.to_string(),
            "near \"SELEC\": syntax error (in `SELEC 1`)"
        );

        let several = error_of(cx, connection, "DELETE FROM hero; DELETE FROM team").await;
        assert_eq!(several.kind(), ErrorKind::Usage);

        let unbound = error_of(cx, connection, "DELETE FROM hero WHERE id = ?1").await;
        assert_eq!(unbound.kind(), ErrorKind::Usage);

        let nan = connection
            .query_rows(cx, "SELECT ?1", &[Value::F64(f64::NAN)])
            .await;
        assert!(matches!(nan, Outcome::Err(error) if error.kind() == ErrorKind::Encode));
    });
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    block_on(async |cx| {
        let missing = SqliteOptions::file("/nowhere/at/all.db")
            .existing()
            .connect(cx)
            .await;
        let Outcome::Err(error) = missing else {
            panic!("opened a file that is not there")
        };
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("/nowhere/at/all.db"), "{error}");
    });
}

#[test]
fn what_is_committed_stays_and_what_is_rolled_back_or_dropped_goes() {
    with_tables(async |cx, connection| {
        let mut transaction = connection.begin(cx).await.unwrap();
        insert_team(cx, &mut transaction, "kept").await.unwrap();
        transaction.commit(cx).await.unwrap();

        let mut transaction = connection.begin(cx).await.unwrap();
        insert_team(cx, &mut transaction, "rolled back")
            .await
            .unwrap();
        transaction.rollback(cx).await.unwrap();

        let mut transaction = connection.begin(cx).await.unwrap();
        insert_team(cx, &mut transaction, "dropped").await.unwrap();
        drop(transaction);

        assert_eq!(count_teams(cx, connection).await, 1);
    });
}

#[test]
fn savepoints_nest_and_end_on_their_own() {
    with_tables(async |cx, connection| {
        let mut transaction = connection.begin(cx).await.unwrap();
        insert_team(cx, &mut transaction, "outer").await.unwrap();

        let mut kept = transaction.savepoint(cx).await.unwrap();
        insert_team(cx, &mut kept, "kept").await.unwrap();
        let mut dropped = kept.savepoint(cx).await.unwrap();
        insert_team(cx, &mut dropped, "dropped").await.unwrap();
        drop(dropped);
        assert_eq!(count_teams(cx, &mut kept).await, 2);
        kept.commit(cx).await.unwrap();

        let mut undone = transaction.savepoint(cx).await.unwrap();
        insert_team(cx, &mut undone, "undone").await.unwrap();
        undone.rollback(cx).await.unwrap();

        transaction.commit(cx).await.unwrap();
        assert_eq!(count_teams(cx, connection).await, 2);
    });
}

#[test]
fn a_refused_commit_rolls_back() {
    with_tables(async |cx, connection| {
        let mut transaction = connection.begin(cx).await.unwrap();
        let orphan = "INSERT INTO hero (name, team_id) VALUES ('x', 9)";
        transaction.execute_sql(cx, orphan, &[]).await.unwrap();
        let refused = transaction.commit(cx).await;
        assert!(matches!(refused, Outcome::Err(error) if error.is_foreign_key_violation()));
        connection
            .begin(cx)
            .await
            .unwrap()
            .commit(cx)
            .await
            .unwrap();
    });
}

#[test]
fn a_read_only_transaction_refuses_to_write_and_ends_with_itself() {
    with_tables(async |cx, connection| {
        let read_only = TransactionOptions {
            access: Access::ReadOnly,
            ..Default::default()
        };
        let mut transaction = connection.begin_with(cx, read_only).await.unwrap();
        let refused = insert_team(cx, &mut transaction, "x").await;
        assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::ReadOnly));
        drop(transaction);
        assert_eq!(insert_team(cx, connection, "x").await.unwrap(), 1);
    });
}

#[test]
fn a_begin_that_is_refused_leaves_the_running_transaction_alone() {
    with_tables(async |cx, connection| {
        connection.execute_sql(cx, "BEGIN", &[]).await.unwrap();
        insert_team(cx, connection, "by hand").await.unwrap();
        assert!(connection.begin(cx).await.is_err());
        connection.execute_sql(cx, "COMMIT", &[]).await.unwrap();
        assert_eq!(count_teams(cx, connection).await, 1);
    });
}

#[test]
fn a_cancelled_context_runs_nothing() {
    with_tables(async |cx, connection| {
        cx.cancel_with(seam::CancelKind::User, Some("test"));
        assert!(insert_team(cx, connection, "x").await.is_cancelled());
        assert!(connection.begin(cx).await.is_cancelled());
        let n_rows: i64 = connection
            .raw()
            .query_row("SELECT count(*) FROM team", [], |row| row.get(0))
            .unwrap();
        assert_eq!(n_rows, 0);
    });
}

#[test]
fn prepare_tells_the_shape_of_a_statement() {
    with_tables(async |cx, connection| {
        let prepared = connection
            .prepare(cx, "SELECT id, name FROM team WHERE id > ?1")
            .await
            .unwrap();
        assert_eq!(prepared.columns().collect::<Vec<_>>(), ["id", "name"]);
        assert_eq!(prepared.parameter_count(), 1);
        assert!(prepared.bind(&[]).is_err());
        assert!(
            connection
                .prepare(cx, "SELECT nothing FROM team")
                .await
                .is_err()
        );
    });
}

#[test]
fn a_transaction_that_the_database_ended_runs_nothing_more() {
    with_tables(async |cx, connection| {
        let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON team WHEN new.name = 'bad'
            BEGIN SELECT RAISE(ROLLBACK, 'no'); END";
        connection.execute_sql(cx, trigger, &[]).await.unwrap();
        let mut transaction = connection.begin(cx).await.unwrap();
        insert_team(cx, &mut transaction, "first").await.unwrap();
        assert!(insert_team(cx, &mut transaction, "bad").await.is_err());
        let after = insert_team(cx, &mut transaction, "after").await;
        assert!(after.is_err(), "it would be permanent at once: {after:?}");
        assert!(transaction.commit(cx).await.is_err());
        assert_eq!(count_teams(cx, connection).await, 0);
        let mut transaction = connection.begin(cx).await.unwrap();
        insert_team(cx, &mut transaction, "good").await.unwrap();
        transaction.commit(cx).await.unwrap();
        assert_eq!(count_teams(cx, connection).await, 1);
    });
}

#[test]
fn the_index_of_an_expression_is_named() {
    with_tables(async |cx, connection| {
        let index = "CREATE UNIQUE INDEX ux_team_lower ON team (lower(name))";
        connection.execute_sql(cx, index, &[]).await.unwrap();
        insert_team(cx, connection, "a").await.unwrap();
        let refused = error_of(cx, connection, "INSERT INTO team (name) VALUES ('A')").await;
        assert!(refused.is_unique_violation());
        assert_eq!(refused.constraint(), Some("ux_team_lower"));
        assert_eq!(refused.constraint_table(), None);
    });
}

/// A query of the numbers from 1 to a bound.
const NUMBERS: &str =
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1) SELECT n FROM n";

#[test]
fn rows_are_pulled_as_far_as_they_are_asked_for() {
    with_tables(async |cx, connection| {
        let bound = [Value::I64(i64::MAX)];
        let endless = Statement::new(NUMBERS, &bound);
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, connection, endless).await.unwrap();
        for expected in 1..=1_000 {
            assert_eq!(rows.next(cx).await.unwrap(), Some(expected));
        }
        drop(rows);
        assert_eq!(count_teams(cx, connection).await, 0);
    });
}

#[test]
fn pulled_rows_keep_their_parameters_and_come_to_an_end() {
    with_tables(async |cx, connection| {
        let mut transaction = connection.begin(cx).await.unwrap();
        let mut rows: Rows<'_, _, (i64, String)> = {
            let name = "gone".to_owned();
            let params = [Value::I64(3_000), text(&name)];
            let sql = format!("SELECT n, ?2 FROM ({NUMBERS})");
            Rows::open(cx, &mut transaction, Statement::new(&sql, &params))
                .await
                .unwrap()
        };
        let mut n_rows = 0;
        while let Some((n, name)) = rows.next(cx).await.unwrap() {
            n_rows += 1;
            assert_eq!((n, name.as_str()), (n_rows, "gone"));
        }
        drop(rows);
        assert_eq!(n_rows, 3_000);
        transaction.commit(cx).await.unwrap();
    });
}

#[test]
fn a_query_of_many_rows_gives_way_to_others() {
    with_tables(async |cx, connection| {
        let bound = [Value::I64(10_000)];
        let mut rows = sqlmodel_core::Collect::<i64>::all();
        let mut n_polls = 0;
        {
            let query = connection.query(cx, Statement::new(NUMBERS, &bound), &mut rows);
            let mut query = std::pin::pin!(query);
            std::future::poll_fn(|task| {
                n_polls += 1;
                query.as_mut().poll(task)
            })
            .await
            .unwrap();
        }
        assert_eq!(rows.into_rows().len(), 10_000);
        assert!(n_polls > 5, "{n_polls} polls");
    });
}

#[test]
fn an_error_among_pulled_rows_names_the_statement() {
    with_tables(async |cx, connection| {
        let sql = "SELECT 1 UNION ALL SELECT abs(-9223372036854775807 - 1)";
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, connection, Statement::new(sql, &[]))
            .await
            .unwrap();
        assert_eq!(rows.next(cx).await.unwrap(), Some(1));
        let Outcome::Err(error) = rows.next(cx).await else {
            panic!("the number has no absolute value")
        };
        assert_eq!(error.sql(), Some(sql));
        drop(rows);
        assert_eq!(insert_team(cx, connection, "after").await.unwrap(), 1);
    });
}
