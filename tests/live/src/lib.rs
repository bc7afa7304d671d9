//! Runs one suite on every driver.
//!
//! A test is an async function over any connection to an empty database. [`on_every_driver!`] makes a `#[test]` of it for
//! each driver. What differs between databases is asked of [`Capabilities`](sqlmodel_runtime::Capabilities), never of the driver's name.

mod database;

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    AnyOptions, Connector, PostgresConnection, PostgresOptions, SqliteConnection, SqliteOptions,
    block_on, schema, sql,
};
use support::{Scratch, postgres_url};

pub use database::Database;
#[doc(hidden)]
pub use {generated, sqlmodel_runtime};

/// What a test returns: anything that went wrong, as text.
pub type Test = Result<(), Box<dyn std::error::Error>>;

/// Runs a test on an empty SQLite database in memory that has the given tables.
///
/// # Errors
///
/// What the test returns.
pub fn on_sqlite(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &mut SqliteConnection) -> Test,
) -> Test {
    on_database(&SqliteOptions::memory(), tables, test)
}

/// Runs a test on a connection to an empty database, when the tables are created.
fn on_database<K: Connector>(
    connector: &K,
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &mut K::Connection) -> Test,
) -> Test {
    block_on(async |cx| {
        let mut connection = connector.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, tables)
            .await
            .into_result()?;
        test(cx, &mut connection).await
    })
}

/// Runs a test on an empty PostgreSQL database that has the given tables.
///
/// # Errors
///
/// What the test returns.
pub fn on_postgres(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &mut PostgresConnection) -> Test,
) -> Test {
    on_server(postgres_url(), PostgresOptions::parse, tables, test)
}

/// Runs a test that opens connections of its own, to an empty PostgreSQL database that has the given tables.
///
/// # Errors
///
/// What the test returns.
pub fn with_postgres(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &PostgresOptions) -> Test,
) -> Test {
    let Some(url) = postgres_url() else {
        return Ok(());
    };
    let database = Database::create(url, PostgresOptions::parse)?;
    let options = database.connector()?;
    on_database(&options, tables, async |cx, _| test(cx, &options).await)
}

/// Runs a test in a database of its own on a server, dropped afterwards.
///
/// # Errors
///
/// What the test returns.
pub fn on_server<K: Connector>(
    url: Option<&str>,
    parse: fn(&str) -> Result<K, Error>,
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &mut K::Connection) -> Test,
) -> Test {
    let Some(url) = url else {
        return Ok(());
    };
    let database = Database::create(url, parse)?;
    on_database(&database.connector()?, tables, test)
}

/// Runs a test that opens connections of its own, to an empty SQLite database in a file that has the given tables.
///
/// # Errors
///
/// What the test returns.
pub fn with_sqlite(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &SqliteOptions) -> Test,
) -> Test {
    let folder = Scratch::new();
    let options = SqliteOptions::file(folder.path("database"));
    on_database(&options, tables, async |cx, _| test(cx, &options).await)
}

/// Runs a test on an empty database of every kind, chosen by its URL.
///
/// # Errors
///
/// What the test returns.
pub fn on_any(tables: &[&sql::Table], test: impl AsyncFn(&Cx, &AnyOptions) -> Test) -> Test {
    let folder = Scratch::new();
    let url = format!("sqlite:{}", folder.path("database").display());
    let options = AnyOptions::parse(&url)?;
    on_database(&options, tables, async |cx, _| test(cx, &options).await)
}

/// Makes a test of each function of a connection, for each driver.
#[macro_export]
macro_rules! on_every_driver {
    ($tables:expr; $($test:ident),+ $(,)?) => {
        mod sqlite {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $crate::on_sqlite($tables, async |cx, connection| super::$test(cx, connection).await)
                }
            )+
        }

        mod postgres {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $crate::on_postgres($tables, async |cx, connection| super::$test(cx, connection).await)
                }
            )+
        }
    };
}

/// Makes a test of each function of what opens connections, for each driver.
#[macro_export]
macro_rules! with_every_driver {
    ($tables:expr; $($test:ident),+ $(,)?) => {
        mod sqlite {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $crate::with_sqlite($tables, async |cx, connector| super::$test(cx, connector).await)
                }
            )+
        }

        mod postgres {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $crate::with_postgres($tables, async |cx, connector| super::$test(cx, connector).await)
                }
            )+
        }
    };
}
