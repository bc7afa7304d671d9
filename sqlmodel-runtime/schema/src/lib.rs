//! Creates and drops the tables of a schema in a live database.
//!
//! Which statements are needed, and in which order, is decided by `sqlmodel-sql` from the tables that generated code
//! holds as `static` data; this crate runs them.

use sqlmodel_core::{
    Cx, Dialect, Error, Executor, Outcome, Statement, TransactionOps, ok, ok_result,
};
use sqlmodel_sql::ddl::{self, IfExists, IfMissing};
use sqlmodel_sql::{Table, quote};

/// Creates the tables that do not exist yet, with their indexes, keys and types.
///
/// A table that exists is left alone, whatever it looks like: this is for new databases, tests and tools.
/// All or nothing on SQLite and PostgreSQL; MySQL commits after each statement.
///
/// # Errors
///
/// [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) when the dialect cannot express the tables, before anything
/// is sent; otherwise what the database reports.
pub async fn create_all<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    tables: &[&Table],
) -> Outcome<(), Error> {
    let statements = ok_result!(
        ddl::create_all(tables, executor.dialect(), IfExists::Skip)
            .map_err(|error| Error::unsupported(error.to_string()).with_cause(error))
    );
    run_all(cx, executor, &statements).await
}

/// Drops the tables that exist, their rows included.
///
/// All or nothing on SQLite and PostgreSQL; MySQL commits after each statement.
///
/// # Errors
///
/// What the database reports, such as a foreign key of another table that points to one of these.
pub async fn drop_all<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    tables: &[&Table],
) -> Outcome<(), Error> {
    let statements = ddl::drop_all(tables, executor.dialect(), IfMissing::Skip);
    run_all(cx, executor, &statements).await
}

/// A view, as generated code holds it: its name, and its SELECT in each dialect that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The schema it is in; `None` for the connection's own.
    pub schema: Option<&'static str>,
    /// The name.
    pub name: &'static str,
    /// The SELECT for SQLite.
    pub sqlite: Option<&'static str>,
    /// The SELECT for PostgreSQL.
    pub postgres: Option<&'static str>,
    /// The SELECT for MySQL and MariaDB.
    pub mysql: Option<&'static str>,
}

impl View {
    fn quoted(&self, dialect: Dialect) -> String {
        let parts = self.schema.iter().chain([&self.name]);
        let parts: Vec<String> = parts.map(|it| quote::identifier(dialect, it)).collect();
        parts.join(".")
    }
}

/// Creates the views in their order. On PostgreSQL and MySQL a view of that name is replaced; on SQLite it is left alone.
///
/// # Errors
///
/// What the database reports, such as a table that is missing.
pub async fn create_views<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    views: &[View],
) -> Outcome<(), Error> {
    let dialect = executor.dialect();
    let statement = |view: &View| {
        let (create, text) = match dialect {
            Dialect::Sqlite => ("CREATE VIEW IF NOT EXISTS", view.sqlite?),
            Dialect::Postgres => ("CREATE OR REPLACE VIEW", view.postgres?),
            Dialect::Mysql => ("CREATE OR REPLACE VIEW", view.mysql?),
        };
        Some(format!("{create} {} AS {text}", view.quoted(dialect)))
    };
    let statements: Vec<String> = views.iter().filter_map(statement).collect();
    run_all(cx, executor, &statements).await
}

/// Drops the views that exist, the last first.
///
/// # Errors
///
/// What the database reports, such as a view of somebody else that reads one of these.
pub async fn drop_views<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    views: &[View],
) -> Outcome<(), Error> {
    let dialect = executor.dialect();
    let statement = |view: &View| format!("DROP VIEW IF EXISTS {}", view.quoted(dialect));
    let statements: Vec<String> = views.iter().rev().map(statement).collect();
    run_all(cx, executor, &statements).await
}

async fn run_all<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    statements: &[String],
) -> Outcome<(), Error> {
    match executor.dialect() {
        // A transaction would promise what MySQL does not keep.
        Dialect::Mysql => run_each(cx, executor, statements).await,
        Dialect::Sqlite | Dialect::Postgres => {
            let mut transaction = ok!(executor.nested(cx).await);
            ok!(run_each(cx, &mut transaction, statements).await);
            transaction.commit(cx).await
        }
    }
}

async fn run_each<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    statements: &[String],
) -> Outcome<(), Error> {
    for sql in statements {
        ok!(executor.execute(cx, Statement::new(sql, &[])).await);
    }
    Outcome::Ok(())
}
