//! Runs one suite on every driver.
//!
//! A test is an async function over any connection to an empty database. [`on_every_driver!`] makes a `#[test]` of it for
//! each driver. What differs between databases is asked of [`Capabilities`](sqlmodel_runtime::Capabilities), never of the driver's name.

mod database;
mod trickle;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    AnyOptions, Connector, MySqlConnection, MySqlOptions, PostgresConnection, PostgresOptions,
    SqliteConnection, SqliteOptions, Wait, block_on, schema, sql,
};
use support::{Proxy, Scratch, Servers, mysql_url, postgres_url};

pub use database::Database;
pub use trickle::{Stop, Trickle, Trickling, stopped};
#[doc(hidden)]
pub use {generated, sqlmodel_runtime, support::Server};

#[doc(hidden)]
pub mod guide {
    //! What the examples of the runtime's guide use.

    pub use generated::chinook::Employee;
    pub use generated::hero::{Hero, HeroTeamLink, NewHero, NewHeroTeamLink, NewTeam, Team};
    pub use sqlmodel_runtime::prelude::*;

    pub use crate::Test;
}

/// The guide's examples, compiled here because the runtime knows no models.
#[cfg(doctest)]
pub mod guide_examples {
    #[doc = include_str!("../../../sqlmodel-runtime/src/guide/connections.md")]
    pub mod connections {}
    #[doc = include_str!("../../../sqlmodel-runtime/src/guide/queries.md")]
    pub mod queries {}
    #[doc = include_str!("../../../sqlmodel-runtime/src/guide/relations.md")]
    pub mod relations {}
    #[doc = include_str!("../../../sqlmodel-runtime/src/guide/writes.md")]
    pub mod writes {}
}

/// What a test returns: nothing, or what went wrong.
pub type Test = Result<(), Failure>;

/// Anything that went wrong, as text.
pub type Failure = Box<dyn std::error::Error>;

/// Runs a test on an empty SQLite database in memory that has the given tables.
///
/// # Errors
///
/// What the test returns.
pub fn on_sqlite(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &SqliteOptions, &mut SqliteConnection) -> Test,
) -> Test {
    on_database(&SqliteOptions::memory(), tables, test)
}

/// Runs a test on an empty SQLite database in a file.
///
/// # Errors
///
/// What the test returns.
pub fn on_sqlite_file(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &SqliteOptions, &mut SqliteConnection) -> Test,
) -> Test {
    let folder = Scratch::new();
    on_database(&SqliteOptions::file(folder.path("database")), tables, test)
}

/// Runs a test on an empty PostgreSQL database.
///
/// # Errors
///
/// What the test returns.
pub fn on_postgres(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &PostgresOptions, &mut PostgresConnection) -> Test,
) -> Test {
    match postgres_url() {
        Some(url) => on_server(url, PostgresOptions::parse, tables, test),
        None => Ok(()),
    }
}

/// Runs a test on an empty MySQL or MariaDB database.
///
/// # Errors
///
/// What the test returns.
pub fn on_mysql(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &MySqlOptions, &mut MySqlConnection) -> Test,
) -> Test {
    match mysql_url() {
        Some(url) => on_server(url, MySqlOptions::parse, tables, test),
        None => Ok(()),
    }
}

/// Runs a test on an empty database of every kind, each chosen by its URL.
///
/// # Errors
///
/// What the test returns.
pub fn on_any(
    tables: &[&sql::Table],
    test: impl AsyncFn(&Cx, &AnyOptions, &mut sqlmodel_runtime::AnyConnection) -> Test,
) -> Test {
    let folder = Scratch::new();
    let url = format!("sqlite:{}", folder.path("database").display());
    on_database(&AnyOptions::parse(&url)?, tables, &test)?;
    for url in [postgres_url(), mysql_url()].into_iter().flatten() {
        on_server(url, AnyOptions::parse, tables, &test)?;
    }
    Ok(())
}

/// Runs a test on a server of its own, which it may kill.
///
/// # Errors
///
/// What the test returns.
pub fn on_private_server<K: Connector>(
    server: Server,
    parse: fn(&str) -> Result<K, Error>,
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &K, Servers) -> Test,
) -> Test {
    let Some(servers) = Servers::private(&[server]) else {
        return Ok(());
    };
    let url = servers.url(server).to_owned();
    on_server(&url, parse, tables, async |cx, connector, _| {
        test(cx, connector, servers).await
    })
}

/// Runs a test on options that lead to an empty PostgreSQL database through a proxy, and a connection that does not.
///
/// # Errors
///
/// What the test returns.
pub fn on_postgres_through_a_proxy(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &Proxy, &PostgresOptions, &mut PostgresConnection) -> Test,
) -> Test {
    let parse = |url: &str| Ok(PostgresOptions::parse(url)?.cancel_grace(A_MOMENT));
    match postgres_url() {
        Some(url) => through_a_proxy(url, parse, tables, test),
        None => Ok(()),
    }
}

/// Runs a test on options that lead to an empty MySQL or MariaDB database through a proxy, and a connection that does not.
///
/// # Errors
///
/// What the test returns.
pub fn on_mysql_through_a_proxy(
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &Proxy, &MySqlOptions, &mut MySqlConnection) -> Test,
) -> Test {
    let parse = |url: &str| Ok(MySqlOptions::parse(url)?.cancel_grace(A_MOMENT));
    match mysql_url() {
        Some(url) => through_a_proxy(url, parse, tables, test),
        None => Ok(()),
    }
}

/// How long a driver waits for the answer to a cancellation that does not come.
const A_MOMENT: Duration = Duration::from_millis(50);

fn through_a_proxy<K: Connector>(
    url: &str,
    parse: fn(&str) -> Result<K, Error>,
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &Proxy, &K, &mut K::Connection) -> Test,
) -> Test {
    let database = Database::create(url, parse)?;
    let proxy = Proxy::to(url);
    let hurt = parse(&proxy.url(&database.url()))?;
    on_database(&database.connector()?, tables, async |cx, _, direct| {
        test(cx, &proxy, &hurt, direct).await
    })
}

/// Runs a test in a database of its own on a server, dropped afterwards.
fn on_server<K: Connector>(
    url: &str,
    parse: fn(&str) -> Result<K, Error>,
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &K, &mut K::Connection) -> Test,
) -> Test {
    let database = Database::create(url, parse)?;
    on_database(&database.connector()?, tables, test)
}

/// Runs a test with a connection to an empty database, when the tables are created.
fn on_database<K: Connector>(
    connector: &K,
    tables: &[&sql::Table],
    test: impl AsyncFnOnce(&Cx, &K, &mut K::Connection) -> Test,
) -> Test {
    block_on(async |cx| {
        let mut connection = connector.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, tables)
            .await
            .into_result()?;
        test(cx, connector, &mut connection).await
    })
}

/// Waits, for what a test cannot be told of.
pub async fn sleep(cx: &Cx, duration: Duration) {
    // It ends early only when the test does.
    let _ = Wait::on(cx).at_most(duration).sleep().await;
}

/// Polls a future once.
pub async fn poll_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    poll_fn(|task| Poll::Ready(Pin::new(&mut *future).poll(task))).await
}

/// Makes a test of each function of a connection, for each driver.
#[macro_export]
macro_rules! on_every_driver {
    ($tables:expr; $($test:ident),+ $(,)?) => {
        $crate::on_every_driver! { sqlite, $crate::on_sqlite, $tables, $($test)+ }
        $crate::on_every_driver! { postgres, $crate::on_postgres, $tables, $($test)+ }
        $crate::on_every_driver! { mysql, $crate::on_mysql, $tables, $($test)+ }
    };
    ($driver:ident, $on_driver:expr, $tables:expr, $($test:ident)+) => {
        mod $driver {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $on_driver($tables, async |cx, _, connection| super::$test(cx, connection).await)
                }
            )+
        }
    };
}

/// Makes a test of each function of what opens connections, for each driver.
#[macro_export]
macro_rules! with_every_driver {
    ($tables:expr; $($test:ident),+ $(,)?) => {
        $crate::with_every_driver! { sqlite, $crate::on_sqlite_file, $tables, $($test)+ }
        $crate::with_every_driver! { postgres, $crate::on_postgres, $tables, $($test)+ }
        $crate::with_every_driver! { mysql, $crate::on_mysql, $tables, $($test)+ }
    };
    ($driver:ident, $on_driver:expr, $tables:expr, $($test:ident)+) => {
        mod $driver {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $on_driver($tables, async |cx, connector, _| super::$test(cx, connector).await)
                }
            )+
        }
    };
}

/// Makes a test of each function of a server that may be killed, for each driver that talks to one.
#[macro_export]
macro_rules! with_every_server {
    ($tables:expr; $($test:ident),+ $(,)?) => {
        $crate::with_every_server! { postgres, Postgres, PostgresOptions, $tables, $($test)+ }
        $crate::with_every_server! { mysql, MySql, MySqlOptions, $tables, $($test)+ }
    };
    ($driver:ident, $server:ident, $options:ident, $tables:expr, $($test:ident)+) => {
        mod $driver {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    let server = $crate::Server::$server;
                    let parse = $crate::sqlmodel_runtime::$options::parse;
                    $crate::on_private_server(server, parse, $tables, async |cx, connector, servers| {
                        super::$test(cx, connector, server, servers).await
                    })
                }
            )+
        }
    };
}

/// Makes a test of each function of options that lead through a proxy, for each driver that talks to a server.
#[macro_export]
macro_rules! through_a_proxy {
    ($tables:expr; $($test:ident),+ $(,)?) => {
        $crate::through_a_proxy! { postgres, $crate::on_postgres_through_a_proxy, $tables, $($test)+ }
        $crate::through_a_proxy! { mysql, $crate::on_mysql_through_a_proxy, $tables, $($test)+ }
    };
    ($driver:ident, $on_driver:expr, $tables:expr, $($test:ident)+) => {
        mod $driver {
            use super::*;

            $(
                #[test]
                fn $test() -> $crate::Test {
                    $on_driver($tables, async |cx, proxy, hurt, direct| {
                        super::$test(cx, proxy, hurt, direct).await
                    })
                }
            )+
        }
    };
}
