//! The C library, as far as statements need it: prepared statements, their parameters, the columns of their rows.
//!
//! The one module of this crate with `unsafe`. rusqlite opens, configures and closes the database; statements run here,
//! because a safe layer above the C functions costs more than the functions do.
//! What keeps it sound: a [`Database`] owns the connection and all that is made on it, and lends it through `&mut self` alone.
//! So no two threads are ever in one connection, which is opened without a mutex, and nothing outlives it.
#![expect(
    unsafe_code,
    reason = "rows are read from the C library in place, faster than any safe layer over it"
)]

mod cache;
mod statement;
#[cfg(test)]
mod tests;
mod watch;

use std::ffi::c_int;
use std::ops::ControlFlow;
use std::ptr::NonNull;

use rusqlite::ffi;
use sqlmodel_core::{CursorKind, Cx, Error, RowSink, Value};

use crate::error::failure_error;
use crate::value::datum;

use cache::Cache;
pub(crate) use statement::Row;
use statement::{Lifetime, Statement};
use watch::Watch;

/// The rows that are read before other tasks get their turn: some tenths of a millisecond.
const ROWS_IN_A_TURN: usize = 1024;

/// An open database, with the statements that are prepared on it.
///
/// Fields are dropped in their order: what belongs to the connection before the connection.
pub(crate) struct Database {
    cache: Cache,
    cursor: Option<Cursor>,
    /// Whether a statement without a place in the cache may have changed the session.
    has_changed_session: bool,
    watch: Watch,
    handle: Handle,
    connection: rusqlite::Connection,
}

/// A query whose rows are read in several goes.
struct Cursor {
    place: Place,
    has_rows: bool,
}

/// Where the statement of a cursor is.
enum Place {
    /// In the cache, where it stays until another statement is got.
    Cached(usize),
    /// Here: others are got, and may have the same text.
    Own(Box<Statement>, Box<str>),
}

/// The connection as the C library has it.
#[derive(Clone, Copy)]
struct Handle(NonNull<ffi::sqlite3>);

// SAFETY: a connection may be used from any thread, by one at a time (threadsafe.html); `Database` sees to that.
unsafe impl Send for Handle {}

/// How far a statement has got.
pub(crate) enum Progress {
    /// There are no more rows.
    Done,
    /// The sink wants no more rows.
    Broke,
    /// Many rows were read, and others may want to run.
    Turn,
    /// Another connection holds a lock, and SQLite says that waiting can help.
    Locked(Error),
    /// The statement was interrupted: its context was cancelled, or somebody asked the library to.
    Interrupted(Error),
}

impl Database {
    /// Takes a connection that was opened without a mutex, and keeps so many statements prepared on it.
    pub(crate) fn new(connection: rusqlite::Connection, capacity: usize) -> Self {
        // SAFETY: the handle is used as long as `connection` lives, and the connection is not closed before.
        let handle = unsafe { connection.handle() };
        let handle = Handle(NonNull::new(handle).expect("an open connection has a handle"));
        Self {
            cache: Cache::new(handle, capacity),
            cursor: None,
            has_changed_session: false,
            watch: Watch::install(handle),
            handle,
            connection,
        }
    }

    /// Returns the connection as rusqlite has it.
    ///
    /// Shared only: whoever could move it away could use it beside our statements, in another thread.
    pub(crate) fn connection(&self) -> &rusqlite::Connection {
        &self.connection
    }

    /// Tells whether no transaction runs.
    pub(crate) fn is_autocommit(&self) -> bool {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_get_autocommit(self.handle.0.as_ptr()) != 0 }
    }

    /// Tells whether a statement was prepared that changes what others find on the connection, besides data.
    pub(crate) fn has_changed_session(&self) -> bool {
        self.has_changed_session || self.cache.has_changed_session
    }

    /// Takes the session as it is for how it was opened.
    ///
    /// Statements that change it are prepared again, and so noticed again.
    pub(crate) fn accept_session(&mut self) {
        if self.has_changed_session() {
            self.close_cursor();
            self.cache.clear();
            self.has_changed_session = false;
        }
    }

    /// Returns the number of rows changed since the connection was opened.
    pub(crate) fn total_changes(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_total_changes64(self.handle.0.as_ptr()) }
    }

    /// Returns the number of rows that the last command changed.
    pub(crate) fn changes(&self) -> u64 {
        // SAFETY: the connection is open.
        let changes = unsafe { ffi::sqlite3_changes64(self.handle.0.as_ptr()) };
        u64::try_from(changes).unwrap_or(0)
    }

    /// Returns the key of the row that was inserted last.
    pub(crate) fn last_insert_rowid(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_last_insert_rowid(self.handle.0.as_ptr()) }
    }

    /// Checks a statement, and returns the number of its parameters and the names of its columns.
    pub(crate) fn describe(&mut self, sql: &str) -> Result<(usize, Vec<Box<str>>), Error> {
        self.close_cursor();
        let (_, statement) = self.cache.get(sql)?;
        let row = statement.row();
        let columns = (0..row.width()).map(|at| row.name(at).into()).collect();
        Ok((statement.parameter_count(), columns))
    }

    /// Returns a statement that is ready to run.
    ///
    /// Texts and bytes among the parameters are not copied; they are borrowed until the statement is at rest again.
    pub(crate) fn start<'d>(
        &'d mut self,
        sql: &str,
        params: &'d [Value<'d>],
    ) -> Result<Running<'d>, Error> {
        if let Some(Cursor {
            place: Place::Cached(_),
            ..
        }) = self.cursor
        {
            self.close_cursor();
        }
        self.watch.forget();
        let (_, statement) = self.cache.get(sql)?;
        // It resets the statement when it is dropped, and exists before anything is bound.
        let running = Running {
            statement,
            watch: &self.watch,
            has_rows: false,
        };
        // SAFETY: `params` outlives `running`, which alone steps the statement. What stays bound after it is not read: the library
        // reads parameters in a step only, and a statement is stepped only after `bind_all` has bound every one anew.
        unsafe { bind_all(running.statement, params, Lifetime::Borrowed) }?;
        Ok(running)
    }

    /// Makes a statement the first to leave the cache.
    pub(crate) fn demote(&mut self, sql: &str) {
        self.cache.demote(sql);
    }

    /// Makes a statement ready to run whose rows are read in several goes.
    pub(crate) fn open_cursor(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        kind: CursorKind,
    ) -> Result<(), Error> {
        self.close_cursor();
        self.watch.forget();
        let place = match kind {
            CursorKind::Exclusive => {
                let (at, statement) = self.cache.get(sql)?;
                // SAFETY: the values are copied.
                unsafe { bind_all(statement, params, Lifetime::Copied) }
                    .inspect_err(|_| statement.rest())?;
                Place::Cached(at)
            }
            CursorKind::Shared { .. } => {
                let mut statement = Box::new(Statement::prepare(self.handle, sql)?);
                self.has_changed_session |= changes_session(sql);
                // SAFETY: the values are copied.
                unsafe { bind_all(&mut statement, params, Lifetime::Copied) }?;
                Place::Own(statement, sql.into())
            }
        };
        self.cursor = Some(Cursor {
            place,
            has_rows: false,
        });
        Ok(())
    }

    /// Tells whether the statement that could not be made ready met a lock that may be waited for.
    pub(crate) fn may_wait(&self) -> bool {
        self.watch.may_wait()
    }

    /// Hands rows of the cursor to `sink`; without a cursor there are none.
    pub(crate) fn fetch(&mut self, cx: &Cx, sink: &mut dyn Sink) -> Result<Progress, Error> {
        let Some(Cursor { place, has_rows }) = &mut self.cursor else {
            return Ok(Progress::Done);
        };
        let statement = match place {
            Place::Cached(at) => self.cache.at(*at).expect("a cursor stands on a statement"),
            Place::Own(statement, _) => statement,
        };
        let progress = read(statement, &self.watch, cx, has_rows, sink);
        let progress = progress.map_err(|error| {
            error.with_sql(match place {
                Place::Cached(at) => self.cache.sql(*at),
                Place::Own(_, sql) => sql,
            })
        });
        if !matches!(
            progress,
            Ok(Progress::Broke | Progress::Turn | Progress::Locked(_))
        ) {
            self.close_cursor();
        }
        progress
    }

    /// Tells whether a query is read in several goes.
    pub(crate) fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }

    /// Ends the cursor, if there is one.
    pub(crate) fn close_cursor(&mut self) {
        // One of its own ends with the cursor.
        if let Some(Cursor {
            place: Place::Cached(at),
            ..
        }) = self.cursor.take()
            && let Some(statement) = self.cache.at(at)
        {
            statement.rest();
        }
    }
}

/// Tells whether a statement changes what others find on the connection, besides data: a setting, an attached database, a
/// temporary table.
fn changes_session(sql: &str) -> bool {
    let text = without_comments(sql);
    let verb = first_word(text);
    let is = |word: &str, expected: &str| word.eq_ignore_ascii_case(expected);
    if is(verb, "PRAGMA") {
        // Without a value it asks.
        return text.contains(['=', '(']) && ![READ_ONLY, READ_WRITE].contains(&sql);
    }
    if is(verb, "CREATE") {
        let second = first_word(without_comments(text.get(verb.len()..).unwrap_or_default()));
        return is(second, "TEMP") || is(second, "TEMPORARY");
    }
    is(verb, "ATTACH") || is(verb, "DETACH")
}

/// Returns the word that a text begins with.
pub(crate) fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphabetic());
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// Returns a text without the white space and the comments at its beginning.
pub(crate) fn without_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let end = match () {
            () if rest.starts_with("--") => rest.find('\n').map(|at| at + 1),
            () if rest.starts_with("/*") => rest.find("*/").map(|at| at + 2),
            () => return rest,
        };
        rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
        rest = rest.trim_start();
    }
}

/// What begins and ends a transaction that only reads: no change of the session, unlike the same words of somebody else.
pub(crate) const READ_ONLY: &str = "PRAGMA query_only = ON /* for a transaction */";
pub(crate) const READ_WRITE: &str = "PRAGMA query_only = OFF /* for a transaction */";

/// Takes rows of this driver: a [`RowSink`] behind a pointer, so that all that leads to a row is compiled once and not for each
/// type that rows are read into.
pub(crate) trait Sink: Send {
    /// Takes a row; `Break` ends the query.
    fn row(&mut self, row: &Row<'_>) -> Result<ControlFlow<()>, Error>;
}

impl<S: RowSink> Sink for S {
    #[inline]
    fn row(&mut self, row: &Row<'_>) -> Result<ControlFlow<()>, Error> {
        RowSink::row(self, row)
    }
}

/// A statement with its parameters, which runs until this is dropped.
pub(crate) struct Running<'d> {
    statement: &'d mut Statement,
    watch: &'d Watch,
    has_rows: bool,
}

impl Running<'_> {
    /// Hands rows to `sink`. It is not called again after `Done`, `Broke` or an error.
    #[inline]
    pub(crate) fn read(&mut self, cx: &Cx, sink: &mut dyn Sink) -> Result<Progress, Error> {
        read(self.statement, self.watch, cx, &mut self.has_rows, sink)
    }
}

impl Running<'_> {
    /// Runs a command to its end, whatever happens to any context.
    pub(crate) fn finish(&mut self) -> Result<Progress, Error> {
        self.watch.forget();
        loop {
            match self.statement.step() {
                ffi::SQLITE_ROW => {}
                ffi::SQLITE_DONE => return Ok(Progress::Done),
                code => return stopped(code, self.statement.error(code), false, self.watch),
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.statement.rest();
    }
}

#[inline]
fn read(
    statement: &mut Statement,
    watch: &Watch,
    cx: &Cx,
    has_rows: &mut bool,
    sink: &mut dyn Sink,
) -> Result<Progress, Error> {
    for _ in 0..ROWS_IN_A_TURN {
        match watch.during(cx, || statement.step()) {
            ffi::SQLITE_ROW => {
                *has_rows = true;
                if let ControlFlow::Break(()) = sink.row(&statement.row())? {
                    return Ok(Progress::Broke);
                }
            }
            ffi::SQLITE_DONE => return Ok(Progress::Done),
            code => return stopped(code, statement.error(code), *has_rows, watch),
        }
    }
    Ok(Progress::Turn)
}

#[cold]
fn stopped(code: c_int, error: Error, has_rows: bool, watch: &Watch) -> Result<Progress, Error> {
    match code & 0xff {
        // A statement that has given rows would give them again.
        ffi::SQLITE_BUSY if watch.may_wait() && !has_rows => Ok(Progress::Locked(error)),
        ffi::SQLITE_INTERRUPT => Ok(Progress::Interrupted(error)),
        _ => Err(error),
    }
}

/// Puts a statement into use, and binds every parameter of it.
///
/// # Safety
///
/// The values must stay where they are while the statement is stepped, until it is bound anew, unless they are copied.
unsafe fn bind_all(
    statement: &mut Statement,
    params: &[Value<'_>],
    lifetime: Lifetime,
) -> Result<(), Error> {
    let n_params = statement.parameter_count();
    if n_params != params.len() {
        return Err(Error::usage(format!(
            "the statement takes {n_params} parameters and was given {}",
            params.len()
        )));
    }
    statement.take();
    for (position, value) in params.iter().enumerate() {
        // SAFETY: that is what the caller promises.
        unsafe { statement.bind(position, &datum(value)?, lifetime) }?;
    }
    Ok(())
}

impl Handle {
    /// Returns the error that the library has just reported.
    #[cold]
    fn error(self, code: c_int) -> Error {
        // SAFETY: the connection is open. The message ends with a NUL, and is copied before the library is called again.
        let message = unsafe {
            let message = ffi::sqlite3_errmsg(self.0.as_ptr());
            (!message.is_null()).then(|| std::ffi::CStr::from_ptr(message).to_string_lossy())
        };
        failure_error(ffi::Error::new(code), message.map(Into::into))
    }
}
