//! Every statement over a family of models: which SQL it sends, what is stored then, and that it is whole or nothing wherever
//! it is dropped.
//!
//! Each case runs alone, in a transaction and in a savepoint, which must send and store the same. The golden files have the
//! statements of each dialect, and what all of them store.

#[macro_use]
mod harness;
mod cases;

use std::sync::LazyLock;

use generated::{fleet, zoo};
use harness::hold;
use live::Test;
use sqlmodel_runtime::sql::Table;

/// The tables of all families.
static TABLES: LazyLock<Vec<&'static Table>> =
    LazyLock::new(|| [zoo::tables::TABLES, fleet::tables::TABLES].concat());

#[test]
fn sqlite() -> Test {
    live::on_sqlite(&TABLES, async |cx, _, connection| {
        hold(cx, connection, "sqlite").await
    })
}

#[test]
fn postgres() -> Test {
    live::on_postgres(&TABLES, async |cx, _, connection| {
        hold(cx, connection, "postgres").await
    })
}

/// The statements are those of MariaDB, which returns what it inserts.
#[test]
fn mysql() -> Test {
    live::on_mysql(&TABLES, async |cx, _, connection| {
        hold(cx, connection, "mysql").await
    })
}
