//! One open database.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use rusqlite::{CachedStatement, OpenFlags};
use sqlmodel_core::{
    Access, Capabilities, Connection, Cx, Dialect, Done, Error, ErrorKind, Executor, Outcome,
    Prepared, RowSink, Statement, Transaction, TransactionOptions, TransactionStep, Value, ok,
    ok_result, seam,
};

use crate::error::{connect_error, statement_error};
use crate::options::{JournalMode, Location, SqliteOptions};
use crate::row::SqliteRow;
use crate::value::Param;

/// The parameter limit that the bundled library is compiled with (SQLITE_MAX_VARIABLE_NUMBER).
const MAX_PARAMETERS: usize = 32_766;

/// A connection to a SQLite database.
pub struct SqliteConnection {
    raw: rusqlite::Connection,
    capabilities: Capabilities,
    is_query_only: bool,
    /// Whether a transaction was begun and not ended by us; SQLite may have ended it by itself since.
    is_in_transaction: bool,
}

impl SqliteConnection {
    /// Opens a database file, and creates it when it is missing.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the file is no database or cannot be opened.
    pub async fn open(cx: &Cx, path: impl Into<PathBuf>) -> Outcome<Self, Error> {
        Self::connect(cx, &SqliteOptions::file(path)).await
    }

    /// Opens a database in memory, which ends with its connection.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the library refuses.
    pub async fn open_in_memory(cx: &Cx) -> Outcome<Self, Error> {
        Self::connect(cx, &SqliteOptions::memory()).await
    }

    #[expect(
        clippy::unused_async,
        reason = "opening is asynchronous on every driver"
    )]
    pub(crate) async fn connect(cx: &Cx, options: &SqliteOptions) -> Outcome<Self, Error> {
        ok!(seam::checkpoint(cx));
        Outcome::Ok(ok_result!(open(options)))
    }

    /// Returns the underlying connection, for what this library has no name for: user functions, hooks, backup.
    ///
    /// Transactions must not be begun or ended through it.
    pub fn raw(&mut self) -> &mut rusqlite::Connection {
        &mut self.raw
    }

    /// Runs a statement to its end, or until `on_row` breaks.
    fn run(
        &self,
        statement: Statement<'_>,
        on_row: impl FnMut(&SqliteRow<'_>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<Done, Error> {
        let Statement { sql, params } = statement;
        self.check_transaction()
            .map_err(|error| error.with_sql(sql))?;
        let mut prepared = self.bound(sql, params)?;
        let n_before = self.raw.total_changes();
        step_through(&mut prepared, on_row).map_err(|error| error.with_sql(sql))?;
        let has_changed = self.raw.total_changes() != n_before;
        Ok(Done {
            rows_affected: if has_changed { self.raw.changes() } else { 0 },
            last_insert_id: has_changed.then(|| self.raw.last_insert_rowid()),
        })
    }

    /// Refuses to go on in a transaction that SQLite has rolled back: what follows would be permanent at once.
    ///
    /// A full disk, an I/O error, or a trigger's `RAISE(ROLLBACK)` end a transaction (lang_transaction.html, section 3).
    fn check_transaction(&self) -> Result<(), Error> {
        if self.is_in_transaction && self.raw.is_autocommit() {
            return Err(Error::new(
                ErrorKind::Database,
                "the database has rolled the transaction back, and nothing more can run in it",
            ));
        }
        Ok(())
    }

    fn bound(&self, sql: &str, params: &[Value<'_>]) -> Result<CachedStatement<'_>, Error> {
        let mut prepared = self
            .raw
            .prepare_cached(sql)
            .map_err(|error| statement_error(error).with_sql(sql))?;
        if prepared.parameter_count() != params.len() {
            return Err(Error::usage(format!(
                "the statement takes {} parameters and was given {}",
                prepared.parameter_count(),
                params.len()
            ))
            .with_sql(sql));
        }
        for (position, value) in params.iter().enumerate() {
            prepared
                .raw_bind_parameter(position + 1, Param(value))
                .map_err(|error| statement_error(error).with_sql(sql))?;
        }
        Ok(prepared)
    }

    fn control(&self, sql: &str) -> Result<(), Error> {
        self.run(Statement::new(sql, &[]), |_| Ok(ControlFlow::Continue(())))
            .map(drop)
    }

    fn transact(&mut self, step: TransactionStep) -> Result<(), Error> {
        match step {
            TransactionStep::Begin(options) => {
                self.begin_now(options)?;
                self.is_in_transaction = true;
                Ok(())
            }
            TransactionStep::Commit => {
                self.control("COMMIT")?;
                self.end_transaction()
            }
            TransactionStep::Rollback => {
                if !self.raw.is_autocommit() {
                    self.control("ROLLBACK")?;
                }
                self.end_transaction()
            }
            TransactionStep::Savepoint(depth) => self.control(&savepoint("SAVEPOINT", depth)),
            TransactionStep::Release(depth) => self.control(&savepoint("RELEASE", depth)),
            TransactionStep::RollbackTo(depth) => {
                self.control(&savepoint("ROLLBACK TO", depth))?;
                self.control(&savepoint("RELEASE", depth))
            }
        }
    }

    /// Every isolation level is granted: SQLite's transactions are serializable.
    fn begin_now(&mut self, options: TransactionOptions) -> Result<(), Error> {
        match options.access {
            // Taking the write lock later could fail in the middle, with no way to wait for it.
            Access::ReadWrite => self.control("BEGIN IMMEDIATE"),
            Access::ReadOnly => {
                self.control("BEGIN DEFERRED")?;
                self.is_query_only = true;
                self.control("PRAGMA query_only = ON").inspect_err(|_| {
                    // The first error is the one to tell; a transaction that cannot be ended is found by the next one.
                    let _ = self.control("ROLLBACK");
                })
            }
        }
    }

    fn end_transaction(&mut self) -> Result<(), Error> {
        self.is_in_transaction = false;
        if std::mem::take(&mut self.is_query_only) {
            self.control("PRAGMA query_only = OFF")?;
        }
        Ok(())
    }
}

impl Executor for SqliteConnection {
    type Nested<'n> = Transaction<'n, Self>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
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
        ok!(seam::checkpoint(cx));
        ok_result!(self.run(statement, |row| sink.row(row)));
        Outcome::Ok(())
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        ok!(seam::checkpoint(cx));
        let done = ok_result!(self.run(statement, |_| Ok(ControlFlow::Continue(()))));
        Outcome::Ok(done)
    }
}

impl Connection for SqliteConnection {
    async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        ok!(seam::checkpoint(cx));
        let prepared = ok_result!(
            self.raw
                .prepare_cached(sql)
                .map_err(|error| statement_error(error).with_sql(sql))
        );
        let columns = prepared.column_names().map(Into::into).collect();
        Outcome::Ok(Prepared::new(sql, prepared.parameter_count(), columns))
    }

    async fn step(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        // What ends a transaction runs even when the context is cancelled: it is the way to leave it clean.
        if matches!(
            step,
            TransactionStep::Begin(_) | TransactionStep::Savepoint(_)
        ) {
            ok!(seam::checkpoint(cx));
        }
        ok_result!(self.transact(step));
        Outcome::Ok(())
    }

    fn abandon(&mut self, depth: u32) {
        // Where SQLite has ended the transaction by itself, the outermost level notes it; the others have nothing to undo.
        if depth > 0 && self.raw.is_autocommit() {
            return;
        }
        let step = match depth {
            0 => TransactionStep::Rollback,
            depth => TransactionStep::RollbackTo(depth),
        };
        // A rollback fails only when the file is lost; the next statement then reports it.
        let _ = self.transact(step);
    }
}

impl fmt::Debug for SqliteConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteConnection")
            .field("path", &self.raw.path())
            .finish_non_exhaustive()
    }
}

fn open(options: &SqliteOptions) -> Result<SqliteConnection, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= match (options.read_only, options.create) {
        (true, _) => OpenFlags::SQLITE_OPEN_READ_ONLY,
        (false, true) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        (false, false) => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let opened = match &options.location {
        Location::File(path) => rusqlite::Connection::open_with_flags(path, flags),
        Location::Memory => rusqlite::Connection::open_in_memory_with_flags(flags),
    };
    let raw = opened.map_err(|error| connect_error(error, &options.location))?;
    configure(&raw, options).map_err(|error| connect_error(error, &options.location))?;
    let capabilities = Capabilities {
        has_insert_returning: true,
        has_update_returning: true,
        has_delete_returning: true,
        max_parameters: MAX_PARAMETERS,
        has_strict_types: false,
    };
    Ok(SqliteConnection {
        raw,
        capabilities,
        is_query_only: false,
        is_in_transaction: false,
    })
}

fn configure(raw: &rusqlite::Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    raw.set_prepared_statement_cache_capacity(options.statement_cache_capacity);
    raw.busy_timeout(options.busy_timeout)?;
    raw.pragma_update(None, "foreign_keys", options.foreign_keys)?;
    if matches!(options.location, Location::File(_)) && !options.read_only {
        let mode = match options.journal_mode {
            JournalMode::Wal => "WAL",
            JournalMode::Delete => "DELETE",
        };
        raw.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(()))?;
    }
    Ok(())
}

fn step_through(
    prepared: &mut CachedStatement<'_>,
    mut on_row: impl FnMut(&SqliteRow<'_>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(statement_error)? {
        if on_row(&SqliteRow(row))?.is_break() {
            break;
        }
    }
    Ok(())
}

fn savepoint(verb: &str, depth: u32) -> String {
    format!("{verb} sqlmodel_{depth}")
}
