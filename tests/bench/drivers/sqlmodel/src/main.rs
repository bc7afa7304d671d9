//! The driver workloads on sqlmodel: as users write them, with texts instead of builders, and beside what is the limit.
//!
//! Without `SQLMODEL_BENCH_URL` the database is SQLite, and rusqlite is there too; with it, a server. `set-up WORKLOAD` makes the
//! database of a workload there, for all programs.

mod durable;
mod limit;
mod limit_mysql;
mod limit_postgres;
mod models;
mod on_servers;
mod plain_rusqlite;
mod wire;
mod with_builders;
mod with_queries;
mod with_texts;

use std::io;

use harness::{Workload, serve};

#[global_allocator]
static ALLOCATOR: harness::Counting = harness::Counting;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [command, workload] = &words[..]
        && command == "set-up"
    {
        let workload = Workload::parse(workload)
            .ok_or_else(|| io::Error::other(format!("no workload {workload}")))?;
        on_servers::set_up(workload);
        return Ok(());
    }
    match harness::server_url() {
        None => serve(&[
            ("limit", limit::prepare),
            ("rusqlite", plain_rusqlite::prepare),
            ("sqlmodel-texts", with_texts::prepare),
            ("sqlmodel-queries", with_queries::prepare),
            ("sqlmodel", with_builders::prepare),
            ("limit-durable", durable::limit),
            ("rusqlite-durable", durable::rusqlite),
            ("sqlmodel-texts-durable", durable::sqlmodel_texts),
            ("sqlmodel-durable", durable::sqlmodel),
        ]),
        Some(url) if url.starts_with("postgres") => serve(&[
            ("limit", limit_postgres::prepare),
            ("sqlmodel", on_servers::prepare_postgres),
        ]),
        Some(_) => serve(&[
            ("limit", limit_mysql::prepare),
            ("sqlmodel", on_servers::prepare_mysql),
        ]),
    }
}
