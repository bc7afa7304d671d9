//! Runs one suite on every driver.
//!
//! A test is an async function over any connection to an empty database. [`on_every_driver!`] makes a `#[test]` of it for
//! each driver. What differs between databases is asked of [`Capabilities`](sqlmodel_runtime::Capabilities), never of the driver's name.

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{SqliteConnection, block_on, schema, sql};

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
    block_on(async |cx| {
        let mut connection = SqliteConnection::open_in_memory(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, tables)
            .await
            .into_result()?;
        test(cx, &mut connection).await
    })
}

/// Makes a test of each function, for each driver.
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
    };
}
