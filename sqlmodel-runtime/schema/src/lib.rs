//! Creates and drops the tables of a schema in a live database.
//!
//! Which statements are needed, and in which order, is decided by `sqlmodel-sql` from the tables that generated code
//! holds as `static` data; this crate runs them.

use sqlmodel_core::{
    Cx, Dialect, Error, Executor, Outcome, Statement, TransactionOps, ok, ok_result,
};
use sqlmodel_sql::Table;
use sqlmodel_sql::ddl::{self, IfExists, IfMissing};

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
