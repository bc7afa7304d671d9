//! Statements that run together.

use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::value::Duration as Span;
use sqlmodel_runtime::{Statement, Value};

on_every_driver! {
    &[];
    a_batch_runs_the_statements_that_it_was_given,
    a_batch_may_have_more_texts_than_are_kept,
    equal_statements_run_as_often_as_they_are_given,
    a_batch_takes_effect_as_a_whole,
    a_batch_of_a_transaction_is_undone_with_its_savepoint,
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

fn span(micros: i64) -> [Value<'static>; 1] {
    [Value::Duration(Span { micros })]
}

async fn a_batch_runs_the_statements_that_it_was_given<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    run(cx, connection, JOB).await?;
    run(
        cx,
        connection,
        "INSERT INTO job VALUES (1, 0, 0), (2, 0, 0)",
    )
    .await?;
    let delete = with_parameter(connection, "DELETE FROM job WHERE took > ?");
    let longest = span(1_000);
    let delete = Statement::once(&delete, &longest);
    connection.execute(cx, delete).await.into_result()?;
    run(cx, connection, "UPDATE job SET took = 2000").await?;
    let texts = [
        "UPDATE job SET took = ? WHERE id = 1",
        "UPDATE job SET waited = ? WHERE id = 2",
    ]
    .map(|sql| with_parameter(connection, sql));
    let time = span(7);
    let updates = texts.each_ref().map(|sql| Statement::new(sql, &time));
    let done = connection.execute_all(cx, &updates).await.into_result()?;
    assert_eq!(done.iter().map(|it| it.rows_affected).sum::<u64>(), 2);
    assert_eq!(
        values(
            cx,
            connection,
            "SELECT id, took, waited FROM job ORDER BY id"
        )
        .await?,
        [[1, 7, 0], [2, 2000, 7]]
    );
    Ok(())
}

async fn a_batch_may_have_more_texts_than_are_kept<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    const N_TEXTS: i64 = 700;
    run(cx, connection, JOB).await?;
    let texts: Vec<String> = (0..N_TEXTS)
        .map(|id| format!("INSERT INTO job (id, took) VALUES ({id}, ?)"))
        .map(|sql| with_parameter(connection, &sql))
        .collect();
    let time = span(7);
    for some in texts.chunks(400) {
        let some: Vec<_> = some.iter().map(|sql| Statement::new(sql, &time)).collect();
        connection.execute_all(cx, &some).await.into_result()?;
    }
    assert_eq!(
        values(
            cx,
            connection,
            "SELECT count(*), min(took), max(took) FROM job"
        )
        .await?,
        [[N_TEXTS, 7, 7]]
    );
    Ok(())
}

async fn equal_statements_run_as_often_as_they_are_given<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    run(cx, connection, JOB).await?;
    run(cx, connection, "INSERT INTO job VALUES (1, 0, 0)").await?;
    let add = with_parameter(connection, "UPDATE job SET took = took + ?");
    let numbers = [1, 2, 3].map(|number| [Value::I64(number)]);
    let [one, two, three] = &numbers;
    let mut expected = 0;
    for is_once in [false, true] {
        let batch = [
            Statement::new(&add, one),
            Statement::new(&add, two),
            Statement::new("UPDATE job SET took = took * 2", &[]),
            Statement::new(&add, three),
        ];
        let batch = batch.map(|statement| Statement {
            is_once,
            ..statement
        });
        connection.execute_all(cx, &batch).await.into_result()?;
        expected = (expected + 1 + 2) * 2 + 3;
        let took = values(cx, connection, "SELECT took FROM job").await?;
        assert_eq!(took, [[expected]]);
    }
    Ok(())
}

async fn a_batch_takes_effect_as_a_whole<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    run(cx, connection, JOB).await?;
    run(cx, connection, "INSERT INTO job VALUES (1, 0, 0)").await?;
    let batch = [
        "DELETE FROM job",
        "INSERT INTO job VALUES (2, 0, 0)",
        "INSERT INTO job VALUES (2, 0, 0)",
        "INSERT INTO job VALUES (3, 0, 0)",
    ];
    let batch = batch.map(|sql| Statement::new(sql, &[]));
    match connection.execute_all(cx, &batch).await {
        Outcome::Err(error) => assert!(error.is_unique_violation(), "{error:?}"),
        other => return Err(format!("{other:?}").into()),
    }
    let ids = "SELECT id FROM job ORDER BY id";
    assert_eq!(values(cx, connection, ids).await?, [[1]]);
    let done = connection.execute_all(cx, &batch[..2]).await;
    assert_eq!(done.into_result()?.len(), 2);
    assert_eq!(values(cx, connection, ids).await?, [[2]]);
    Ok(())
}

async fn a_batch_of_a_transaction_is_undone_with_its_savepoint<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    run(cx, connection, JOB).await?;
    let batch = ["INSERT INTO job VALUES (2, 0, 0)"; 2];
    let batch = batch.map(|sql| Statement::new(sql, &[]));
    let mut transaction = connection.begin(cx).await.into_result()?;
    run(cx, &mut transaction, "INSERT INTO job VALUES (1, 0, 0)").await?;
    let mut savepoint = transaction.savepoint(cx).await.into_result()?;
    let outcome = savepoint.execute_all(cx, &batch).await;
    assert!(outcome.is_err(), "{outcome:?}");
    savepoint.rollback(cx).await.into_result()?;
    let done = transaction.execute_all(cx, &batch[..1]).await;
    assert_eq!(done.into_result()?.len(), 1);
    transaction.rollback(cx).await.into_result()?;
    assert_eq!(
        values(cx, connection, "SELECT count(*) FROM job").await?,
        [[0]]
    );
    Ok(())
}
