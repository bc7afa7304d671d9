//! A connection whose database is chosen at run time, by a URL.
//!
//! One table lists the drivers; everything else follows from it. Which of them are there, the features of this crate say.

use sqlmodel_core::{
    Capabilities, Connection, Connector, CursorKind, Cx, Dialect, Done, Error, Executor, Fetched,
    Outcome, Prepared, RowSink, Statement, Transaction, TransactionStep, Upkeep, ok,
};

/// The schemes of URLs, and the feature that each needs.
const SCHEMES: &[(&str, &str)] = &[
    ("sqlite", "sqlite"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
];

macro_rules! drivers {
    ($(#[cfg($feature:meta)] $driver:ident($connection:ty, $options:ty, $($scheme:literal)|+),)+) => {
        /// A connection of one of the drivers that this program was built with.
        ///
        /// Statements and transactions run on it as on the driver's own connection.
        #[derive(Debug)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "a connection lives long and is seldom moved")]
        pub enum AnyConnection {
            $(
                #[cfg($feature)]
                #[doc = concat!("A connection to a database with a URL that begins with ", $("`", $scheme, ":` "),+)]
                $driver($connection),
            )+
        }

        /// The options of one of the drivers that this program was built with.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "options are few")]
        pub enum AnyOptions {
            $(
                #[cfg($feature)]
                #[doc = concat!("Those of a database with a URL that begins with ", $("`", $scheme, ":` "),+)]
                $driver($options),
            )+
        }

        impl AnyOptions {
            /// Reads a URL and picks the driver by its scheme.
            ///
            /// # Errors
            ///
            /// [`Usage`](crate::ErrorKind::Usage), with what is wrong and without the password: a scheme that no driver has,
            /// a driver that the program was built without, and what the driver has against the rest.
            pub fn parse(url: &str) -> Result<Self, Error> {
                let scheme = url.split(':').next().unwrap_or_default();
                match scheme {
                    $(
                        #[cfg($feature)]
                        $($scheme)|+ => Ok(Self::$driver(<$options>::parse(url)?)),
                    )+
                    other => Err(no_driver(other)),
                }
            }
        }

        impl Connector for AnyOptions {
            type Connection = AnyConnection;

            async fn connect(&self, cx: &Cx) -> Outcome<AnyConnection, Error> {
                match self {
                    $(
                        #[cfg($feature)]
                        Self::$driver(options) => {
                            Outcome::Ok(AnyConnection::$driver(ok!(Connector::connect(options, cx).await)))
                        }
                    )+
                }
            }

            fn upkeep(&self, connection: &mut AnyConnection) -> Upkeep {
                match (self, connection) {
                    $(
                        #[cfg($feature)]
                        (Self::$driver(options), AnyConnection::$driver(connection)) => options.upkeep(connection),
                    )+
                    #[allow(unreachable_patterns, reason = "with one driver there are no others")]
                    _ => Upkeep::Broken,
                }
            }

            async fn reset(&self, cx: &Cx, connection: &mut AnyConnection) -> Outcome<(), Error> {
                match (self, connection) {
                    $(
                        #[cfg($feature)]
                        (Self::$driver(options), AnyConnection::$driver(connection)) => options.reset(cx, connection).await,
                    )+
                    #[allow(unreachable_patterns, reason = "with one driver there are no others")]
                    _ => Outcome::Err(another_driver()),
                }
            }

            fn accept(&self, connection: &mut AnyConnection) {
                match (self, connection) {
                    $(
                        #[cfg($feature)]
                        (Self::$driver(options), AnyConnection::$driver(connection)) => options.accept(connection),
                    )+
                    #[allow(unreachable_patterns, reason = "with one driver there are no others")]
                    _ => {}
                }
            }

            async fn ping(&self, cx: &Cx, connection: &mut AnyConnection) -> Outcome<(), Error> {
                match (self, connection) {
                    $(
                        #[cfg($feature)]
                        (Self::$driver(options), AnyConnection::$driver(connection)) => options.ping(cx, connection).await,
                    )+
                    #[allow(unreachable_patterns, reason = "with one driver there are no others")]
                    _ => Outcome::Err(another_driver()),
                }
            }

            fn is_passing(&self, error: &Error) -> bool {
                match self {
                    $(#[cfg($feature)] Self::$driver(options) => options.is_passing(error),)+
                }
            }
        }

        impl Executor for AnyConnection {
            type Nested<'n> = Transaction<'n, Self>;

            fn dialect(&self) -> Dialect {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.dialect(),)+
                }
            }

            fn capabilities(&self) -> &Capabilities {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.capabilities(),)+
                }
            }

            async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, Self>, Error> {
                self.begin(cx).await
            }

            async fn query<S: RowSink>(
                &mut self,
                cx: &Cx,
                statement: Statement<'_>,
                sink: &mut S,
            ) -> Outcome<(), Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.query(cx, statement, sink).await,)+
                }
            }

            async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.execute(cx, statement).await,)+
                }
            }

            async fn execute_all(
                &mut self,
                cx: &Cx,
                statements: &[Statement<'_>],
            ) -> Outcome<Vec<Done>, Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.execute_all(cx, statements).await,)+
                }
            }

            async fn open_cursor(
                &mut self,
                cx: &Cx,
                statement: Statement<'_>,
                kind: CursorKind,
            ) -> Outcome<(), Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.open_cursor(cx, statement, kind).await,)+
                }
            }

            async fn fetch<S: RowSink>(&mut self, cx: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.fetch(cx, sink).await,)+
                }
            }

            fn close_cursor(&mut self) {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.close_cursor(),)+
                }
            }
        }

        impl Connection for AnyConnection {
            async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.prepare(cx, sql).await,)+
                }
            }

            async fn execute_each(
                &mut self,
                cx: &Cx,
                statements: &[Statement<'_>],
            ) -> Outcome<Vec<Done>, Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.execute_each(cx, statements).await,)+
                }
            }

            async fn step(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.step(cx, step).await,)+
                }
            }

            fn abandon(&mut self, depth: u32) {
                match self {
                    $(#[cfg($feature)] Self::$driver(connection) => connection.abandon(depth),)+
                }
            }
        }
    };
}

drivers! {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlmodel_sqlite::SqliteConnection, sqlmodel_sqlite::SqliteOptions, "sqlite"),
    #[cfg(feature = "mysql")]
    MySql(crate::MySqlConnection, crate::MySqlOptions, "mysql" | "mariadb"),
    #[cfg(feature = "postgres")]
    Postgres(crate::PostgresConnection, crate::PostgresOptions, "postgres" | "postgresql"),
}

impl AnyConnection {
    /// Connects to the database at a URL, with the driver that its scheme names.
    ///
    /// # Errors
    ///
    /// Those of [`AnyOptions::parse`], and what the driver reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use sqlmodel_runtime::prelude::*;
    /// use sqlmodel_runtime::{AnyConnection, block_on};
    ///
    /// block_on(async |cx| {
    ///     let url = std::env::var("DATABASE_URL").unwrap_or("sqlite::memory:".to_owned());
    ///     let mut connection = AnyConnection::connect(cx, &url).await.into_result()?;
    ///     connection.execute_sql(cx, "SELECT 1", &[]).await.into_result()?;
    ///     Ok::<_, Box<dyn std::error::Error>>(())
    /// })
    /// .unwrap();
    /// ```
    pub async fn connect(cx: &Cx, url: &str) -> Outcome<Self, Error> {
        match AnyOptions::parse(url) {
            Ok(options) => Connector::connect(&options, cx).await,
            Err(error) => Outcome::Err(error),
        }
    }
}

#[cold]
fn no_driver(scheme: &str) -> Error {
    let known = SCHEMES.iter().find(|(known, _)| *known == scheme);
    let schemes: Vec<&str> = SCHEMES.iter().map(|(scheme, _)| *scheme).collect();
    Error::usage(match known {
        Some((_, feature)) => format!(
            "the program was built without the driver for `{scheme}:`; it is the feature `{feature}` of sqlmodel-runtime"
        ),
        // What has no scheme may hold a password.
        None => format!(
            "the URL of a database begins with one of these: {}",
            schemes.join(":, ") + ":"
        ),
    })
}

fn another_driver() -> Error {
    Error::usage("the connection is of another driver than the options")
}
