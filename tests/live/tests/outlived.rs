//! Statements that are kept prepared, and that a change of their tables has outlived.

use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{OutcomeError, Rows, Statement, Value};

on_every_driver! {
    &[];
    a_batch_goes_on_after_its_tables_have_changed,
    a_stream_goes_on_after_its_table_has_changed,
    a_column_that_was_widened_takes_what_did_not_fit,
}

const JOB: &str = "CREATE TABLE job (id INT PRIMARY KEY, took BIGINT, waited BIGINT)";

async fn run(cx: &Cx, executor: &mut impl Executor, sql: &str) -> Test {
    executor.execute_sql(cx, sql, &[]).await.into_result()?;
    Ok(())
}

async fn values(
    cx: &Cx,
    executor: &mut impl Executor,
    sql: &str,
) -> Result<Vec<Vec<i64>>, live::Failure> {
    let rows = executor.query_rows(cx, sql, &[]).await.into_result()?;
    let number = |value: &Value<'_>| match value {
        Value::I32(number) => Ok(i64::from(*number)),
        Value::I64(number) => Ok(*number),
        other => Err(format!("no number: {other:?}").into()),
    };
    let numbers = rows
        .iter()
        .map(|row| row.values().iter().map(number).collect());
    numbers.collect()
}

/// Puts the placeholder of the first parameter where a `?` stands.
fn with_parameter(executor: &impl Executor, sql: &str) -> String {
    let mut placeholder = String::new();
    executor
        .dialect()
        .placeholder_style()
        .push(1, &mut placeholder);
    sql.replace('?', &placeholder)
}

async fn a_batch_goes_on_after_its_tables_have_changed<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    run(cx, connection, JOB).await?;
    let insert = with_parameter(connection, "INSERT INTO job (id) VALUES (?)");
    let select = with_parameter(connection, "SELECT * FROM job WHERE id > ?");
    for number in 0..3 {
        let value = [Value::I32(number)];
        let batch = [&insert, &select].map(|sql| Statement::new(sql, &value));
        connection.execute_all(cx, &batch).await.into_result()?;
        let change = format!("ALTER TABLE job ADD more_{number} INT");
        run(cx, connection, &change).await?;
    }
    assert_eq!(
        values(cx, connection, "SELECT count(*) FROM job").await?,
        [[3]]
    );
    Ok(())
}

async fn a_stream_goes_on_after_its_table_has_changed<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    run(cx, connection, "CREATE TABLE pair (a INT NOT NULL)").await?;
    run(cx, connection, "INSERT INTO pair (a) VALUES (1), (2)").await?;
    let all = with_parameter(connection, "SELECT * FROM pair WHERE a > ?");
    let zero = [Value::I32(0)];
    let all = Statement::new(&all, &zero);
    let mut rows = Rows::<_, i32>::open(cx, connection, all)
        .await
        .into_result()?;
    while rows.next(cx).await.into_result()?.is_some() {}
    drop(rows);
    run(
        cx,
        connection,
        "ALTER TABLE pair ADD b INT DEFAULT 7 NOT NULL",
    )
    .await?;
    let mut rows = Rows::<_, (i32, i32)>::open(cx, connection, all)
        .await
        .into_result()?;
    let mut found = Vec::new();
    while let Some(row) = rows.next(cx).await.into_result()? {
        found.push(row);
    }
    found.sort_unstable();
    assert_eq!(found, [(1, 7), (2, 7)]);
    drop(rows);

    // In a transaction, the next time.
    run(cx, connection, "ALTER TABLE pair DROP COLUMN b").await?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    run(cx, &mut transaction, "UPDATE pair SET a = a + 1").await?;
    let opened = Rows::<_, i32>::open(cx, &mut transaction, all).await;
    if let Err(error) = opened.map(drop).into_result() {
        let is_retryable = matches!(&error, OutcomeError::Err(error) if error.is_retryable());
        assert!(is_retryable, "{error:?}");
    }
    transaction.rollback(cx).await.into_result()?;
    let mut rows = Rows::<_, i32>::open(cx, connection, all)
        .await
        .into_result()?;
    assert!(rows.next(cx).await.into_result()?.is_some());
    Ok(())
}

async fn a_column_that_was_widened_takes_what_did_not_fit<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    const LARGE: i64 = 5_000_000_000;
    run(cx, connection, "CREATE TABLE pair (a INT, b INT)").await?;
    let insert = with_parameter(connection, "INSERT INTO pair (b) VALUES (?)");
    let select = with_parameter(connection, "SELECT b FROM pair WHERE b = ?");
    let [small, large] = [[Value::I64(1)], [Value::I64(LARGE)]];
    let insert = |value| Statement::new(&insert, value);
    let select = |value| Statement::new(&select, value);
    connection.execute(cx, insert(&small)).await.into_result()?;
    let mut rows = Rows::<_, i64>::open(cx, connection, select(&small))
        .await
        .into_result()?;
    assert_eq!(rows.next(cx).await.into_result()?, Some(1));
    drop(rows);
    run(cx, connection, "ALTER TABLE pair DROP COLUMN b").await?;
    run(cx, connection, "ALTER TABLE pair ADD b BIGINT").await?;

    // Each finds out by itself.
    let mut transaction = connection.begin(cx).await.into_result()?;
    transaction
        .execute(cx, insert(&large))
        .await
        .into_result()?;
    transaction.commit(cx).await.into_result()?;
    let mut rows = Rows::<_, i64>::open(cx, connection, select(&large))
        .await
        .into_result()?;
    assert_eq!(rows.next(cx).await.into_result()?, Some(LARGE));
    assert_eq!(rows.next(cx).await.into_result()?, None);
    drop(rows);
    run(cx, connection, "ALTER TABLE pair DROP COLUMN b").await?;
    run(cx, connection, "ALTER TABLE pair ADD b INT").await?;
    let change = with_parameter(connection, "UPDATE pair SET b = ?");
    let change = |value| Statement::new(&change, value);
    connection.execute(cx, change(&small)).await.into_result()?;
    run(cx, connection, "ALTER TABLE pair DROP COLUMN b").await?;
    run(cx, connection, "ALTER TABLE pair ADD b BIGINT").await?;
    let batch = [change(&small), change(&large)];
    connection.execute_all(cx, &batch).await.into_result()?;
    let most = values(cx, connection, "SELECT max(b), min(b) FROM pair").await?;
    assert_eq!(most, [[LARGE, LARGE]]);
    Ok(())
}
