//! The driver workloads on what a program would use instead of sqlmodel, with PostgreSQL and with MariaDB or MySQL.
//!
//! `SQLMODEL_BENCH_URL` is the server's URL, without a database.

mod on_diesel;
mod on_diesel_async;
mod on_mysql_async;
mod on_sea_orm;
mod on_sqlx;
mod on_tokio_postgres;
mod rows;

#[global_allocator]
static ALLOCATOR: harness::Counting = harness::Counting;

/// The rows of one statement, where many are inserted and the peer has nothing better.
const CHUNK: usize = 1000;

fn main() -> std::io::Result<()> {
    let url = harness::server_url()
        .ok_or_else(|| std::io::Error::other("SQLMODEL_BENCH_URL is not set"))?;
    match url.starts_with("postgres") {
        true => harness::serve(&[
            ("tokio-postgres", on_tokio_postgres::prepare),
            ("diesel", on_diesel::postgres::prepare),
            ("diesel-async", on_diesel_async::prepare),
            ("sqlx", on_sqlx::postgres::prepare),
            ("sea-orm", on_sea_orm::prepare),
        ]),
        false => harness::serve(&[
            ("mysql_async", on_mysql_async::prepare),
            ("diesel", on_diesel::mysql::prepare),
            ("sqlx", on_sqlx::mysql::prepare),
            ("sea-orm", on_sea_orm::prepare),
        ]),
    }
}

/// A runtime of tokio, single-threaded like the one of sqlmodel's programs.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system grants what a runtime needs")
}

/// The key that a task of [`Workload::Pool`] asks for in its turn.
fn pool_key(task: usize, i: u64) -> i64 {
    (i as i64 + task as i64) % harness::N_POOL_USERS as i64 + 1
}

/// A workload on a runtime of tokio: `once` runs it once on a connection, `empty` runs a text.
macro_rules! repeat {
    ($runtime:ident, $workload:ident, $connection:ident, $once:expr, $empty:expr) => {
        Some(Box::new(move |n, meter: &mut harness::Meter| {
            $runtime.block_on(async {
                let mut n_rows = 0;
                let begin = meter.begin();
                for _ in 0..n {
                    let done = $once(&mut $connection, $workload).await;
                    n_rows = done.expect("the statements are right");
                }
                meter.end(begin);
                if let harness::Workload::Insert(_) = $workload {
                    $empty(&mut $connection, harness::TRUNCATE)
                        .await
                        .expect("the table can be emptied");
                }
                n_rows
            })
        }))
    };
}
pub(crate) use repeat;

/// So many tasks, each of which asks so often; `ask` is told the task and the turn.
macro_rules! repeat_in_tasks {
    ($runtime:ident, $n_tasks:ident, $pool:ident, $ask:expr) => {
        Some(Box::new(move |n, meter: &mut harness::Meter| {
            $runtime.block_on(async {
                let begin = meter.begin();
                let mut tasks = Vec::with_capacity($n_tasks);
                for task in 0..$n_tasks {
                    let pool = $pool.clone();
                    tasks.push(tokio::spawn(async move {
                        let mut n_rows = 0;
                        for i in 0..n {
                            n_rows += usize::from($ask(&pool, crate::pool_key(task, i)).await);
                        }
                        n_rows
                    }));
                }
                let mut n_rows = 0;
                for task in tasks {
                    n_rows += task.await.expect("the task ends");
                }
                meter.end(begin);
                n_rows / usize::try_from(n).unwrap_or(usize::MAX)
            })
        }))
    };
}
pub(crate) use repeat_in_tasks;
