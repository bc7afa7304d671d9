//! Rows of a family of models, loaded as what they are and inserted into joined tables: by sqlmodel, and by SQL that is written by
//! hand for the same driver. Prints a table in Markdown.
//!
//! SQLite is in memory; URLs of empty databases of PostgreSQL or MySQL are arguments.

mod by_hand;
mod models;
mod with_models;

use std::time::{Duration, Instant};

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Error, MySqlConnection, PostgresConnection, SqliteConnection, block_on, schema,
};

/// The rows of each workload.
const N_ROWS: usize = 10_000;

/// How often each is measured.
const N_SAMPLES: usize = 40;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    println!("| milliseconds for {N_ROWS} rows | by hand | sqlmodel | of it | by type | of it |");
    println!("|---|---|---|---|---|---|");
    block_on(async |cx| {
        let mut connection = SqliteConnection::open_in_memory(cx).await.into_result()?;
        measure(cx, &mut connection, "SQLite").await
    })?;
    for url in std::env::args().skip(1) {
        block_on(async |cx| {
            if url.starts_with("postgres") {
                let connection = PostgresConnection::connect(cx, &url).await;
                measure(cx, &mut connection.into_result()?, "PostgreSQL").await
            } else {
                let connection = MySqlConnection::connect(cx, &url).await;
                measure(cx, &mut connection.into_result()?, "MySQL or MariaDB").await
            }
        })?;
    }
    Ok(())
}

/// The least time of each way, which take turns: by hand, with models, and by type.
type Best = [Option<Duration>; 3];

async fn measure<C: Connection>(cx: &Cx, connection: &mut C, name: &str) -> Result<()> {
    let tables = models::tables::TABLES;
    schema::drop_all(cx, connection, tables)
        .await
        .into_result()?;
    schema::create_all(cx, connection, tables)
        .await
        .into_result()?;
    let mut inserts = Best::default();
    for _ in 0..N_SAMPLES {
        for (way, best) in inserts.iter_mut().take(2).enumerate() {
            let mut transaction = connection.begin(cx).await.into_result()?;
            let began = Instant::now();
            let n_rows = match way {
                0 => by_hand::insert(cx, &mut transaction, N_ROWS).await?,
                _ => with_models::insert(cx, &mut transaction, N_ROWS).await?,
            };
            note(best, began.elapsed(), n_rows)?;
            transaction.rollback(cx).await.into_result()?;
        }
    }
    print(&format!("{name}: insert"), inserts);

    with_models::fill(cx, connection, N_ROWS).await?;
    let analyze = match connection.dialect() {
        sqlmodel_runtime::Dialect::Mysql => "ANALYZE TABLE person, keeper, head_keeper, vet",
        _ => "ANALYZE",
    };
    connection
        .execute_sql(cx, analyze, &[])
        .await
        .into_result()?;
    let mut loads = Best::default();
    for _ in 0..N_SAMPLES {
        for (way, best) in loads.iter_mut().enumerate() {
            let began = Instant::now();
            let n_rows = match way {
                0 => by_hand::load(cx, connection).await?,
                1 => with_models::load(cx, connection).await?,
                _ => with_models::load_by_type(cx, connection).await?,
            };
            note(best, began.elapsed(), n_rows)?;
        }
    }
    print(&format!("{name}: polymorphic load"), loads);
    schema::drop_all(cx, connection, tables)
        .await
        .into_result()?;
    Ok(())
}

fn note(best: &mut Option<Duration>, time: Duration, n_rows: usize) -> Result<()> {
    if n_rows != N_ROWS {
        return Err(format!("{n_rows} rows instead of {N_ROWS}").into());
    }
    *best = Some(best.map_or(time, |best| best.min(time)));
    Ok(())
}

fn print(name: &str, [by_hand, with_models, by_type]: Best) {
    let millis = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
    let cell = |time: Option<f64>| time.map_or("-".to_owned(), |time| format!("{time:.2}"));
    let (by_hand, with_models, by_type) = (millis(by_hand), millis(with_models), millis(by_type));
    let of_it = |time: Option<f64>| cell(time.zip(by_hand).map(|(time, by_hand)| time / by_hand));
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        cell(by_hand),
        cell(with_models),
        of_it(with_models),
        cell(by_type),
        of_it(by_type),
    );
}

/// The error of a call, where nothing cancels it.
fn lost(error: sqlmodel_runtime::OutcomeError<Error>) -> Box<dyn std::error::Error> {
    error.into()
}
