//! One open database.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use rusqlite::OpenFlags;
use sqlmodel_core::trace::{Counted, Traced};
use sqlmodel_core::{
    Access, Capabilities, Connection, CursorKind, Cx, Dialect, Done, Error, ErrorKind, Executor,
    Fetched, Outcome, Prepared, RowRead, RowSink, Statement, Transaction, TransactionOptions,
    TransactionStep, Upkeep, Value, ok, ok_result, seam,
};

use crate::error::{backup_error, connect_error};
use crate::home::Home;
use crate::lock_wait::{LockWait, give_way};
use crate::options::{JournalMode, Location, SqliteOptions, Synchronous};
use crate::raw::{
    Database, Progress, READ_ONLY, READ_WRITE, Row, Sink, first_word, without_comments,
};

/// The parameter limit that the bundled library is compiled with (SQLITE_MAX_VARIABLE_NUMBER).
const MAX_PARAMETERS: usize = 32_766;

/// A connection to a SQLite database.
pub struct SqliteConnection {
    home: Home,
    /// Whether a commit may wait for the disk.
    is_on_disk: bool,
    capabilities: Capabilities,
    busy_timeout: Duration,
    is_query_only: bool,
    /// Whether a transaction was begun and not ended by us; SQLite may have ended it by itself since.
    is_in_transaction: bool,
    /// How many portions of rows were fetched since others had their turn.
    n_portions: u32,
}

/// After how many portions of a cursor other tasks get a turn; [`Rows`](sqlmodel_core::Rows) asks for a few dozen rows in each.
const PORTIONS_IN_A_TURN: u32 = 16;

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

    pub(crate) async fn connect(cx: &Cx, options: &SqliteOptions) -> Outcome<Self, Error> {
        ok!(seam::checkpoint(cx));
        let opened = match options.location {
            Location::Memory | Location::SharedMemory(_) => open(options),
            Location::File(_) => {
                let options = options.clone();
                seam::blocking(move || open(&options)).await
            }
        };
        Outcome::from(opened)
    }

    /// Returns the connection as rusqlite has it, for what this library has no name for: user functions, collations, blobs.
    /// What wants it exclusively, such as hooks, is set by [`SqliteOptions::on_open`].
    ///
    /// Transactions must not be begun or ended through it. Statements that run through it do not wait for locks; to set its
    /// busy handler or its progress handler ends that waiting, or the end of cancelled statements, for ours.
    pub fn raw(&mut self) -> &rusqlite::Connection {
        self.home.get().connection()
    }

    /// Copies the database into a file, on a thread that may block; what is in the file is replaced.
    ///
    /// Other connections may write meanwhile; what they commit is copied, too.
    ///
    /// # Errors
    ///
    /// [`Io`](ErrorKind::Io) or [`Busy`](ErrorKind::Busy) when the file cannot be written.
    pub async fn backup(&mut self, cx: &Cx, file: impl Into<PathBuf>) -> Outcome<(), Error> {
        ok!(seam::checkpoint(cx));
        let file = file.into();
        let copy = move |database: &mut Database| {
            database.close_cursor();
            let copied = database
                .connection()
                .backup(rusqlite::MAIN_DB, &file, None::<fn(_)>);
            copied.map_err(|error| backup_error(error, &file))
        };
        Outcome::from(self.home.elsewhere(copy).await)
    }

    /// Attaches a database file, whose tables then are `name.table`. It is created when it is missing.
    ///
    /// # Errors
    ///
    /// [`Connect`](ErrorKind::Connect) when the file cannot be opened, [`Statement`](ErrorKind::Statement) when the name is taken.
    pub async fn attach(&mut self, cx: &Cx, file: &Path, name: &str) -> Outcome<(), Error> {
        let Some(file) = file.to_str() else {
            return Outcome::Err(Error::usage("the path of an attached file is not UTF-8"));
        };
        let params = [Value::Text(file.into()), Value::Text(name.into())];
        let attach = Statement::new("ATTACH DATABASE ?1 AS ?2", &params);
        ok!(self.execute(cx, attach).await);
        Outcome::Ok(())
    }

    /// Runs a statement to its end, or until `sink` breaks; one that writes to a file outside of a transaction in one of its own,
    /// so that its commit blocks no thread.
    ///
    /// A future takes the room of all that it may wait for, and is moved with it: what few statements wait for is boxed.
    async fn run(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut dyn Sink,
    ) -> Outcome<(), Error> {
        let may_be_alone = self.is_on_disk && !self.is_in_transaction;
        if may_be_alone && is_write(statement.sql) && self.home.get().is_autocommit() {
            return self.run_alone(cx, statement, sink).await;
        }
        let Statement {
            sql,
            params,
            is_once,
        } = statement;
        let at_sql = |error: Error| error.with_sql(sql);
        ok_result!(self.check_transaction().map_err(at_sql));
        let mut lock_wait = LockWait::new(self.busy_timeout);
        let database = self.home.get();
        let mut running = loop {
            let error = match database.start(sql, params) {
                Ok(running) => break running,
                Err(error) => at_sql(error),
            };
            if !database.may_wait() {
                return Outcome::Err(error);
            }
            ok!(Box::pin(lock_wait.pause(cx, error)).await);
        };
        loop {
            match ok_result!(running.read(cx, sink).map_err(at_sql)) {
                Progress::Done | Progress::Broke => break,
                Progress::Turn => ok!(give_way(cx).await),
                Progress::Locked(error) => {
                    ok!(Box::pin(lock_wait.pause(cx, at_sql(error))).await);
                }
                Progress::Interrupted(error) => {
                    ok!(seam::checkpoint(cx));
                    return Outcome::Err(at_sql(error));
                }
            }
        }
        drop(running);
        if is_once {
            database.demote(sql);
        }
        Outcome::Ok(())
    }

    /// Runs a command and tells what it did.
    async fn run_command(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        let n_before = self.home.get().total_changes();
        ok!(self.run(cx, statement, &mut Ignore).await);
        let database = self.home.get();
        let has_changed = database.total_changes() != n_before;
        Outcome::Ok(Done {
            rows_affected: if has_changed { database.changes() } else { 0 },
            last_insert_id: has_changed.then(|| database.last_insert_rowid()),
        })
    }

    /// Runs a statement in a transaction of its own.
    fn run_alone<'a>(
        &'a mut self,
        cx: &'a Cx,
        statement: Statement<'a>,
        sink: &'a mut dyn Sink,
    ) -> Pin<Box<dyn Future<Output = Outcome<(), Error>> + Send + 'a>> {
        Box::pin(async move {
            ok!(self.begin_now(cx, TransactionOptions::default()).await);
            let unit = Unit(self);
            let mut sink = NotingSink {
                sink,
                has_refused: false,
            };
            let done = unit.0.run(cx, statement, &mut sink).await;
            if !sink.has_refused {
                ok!(done);
                return unit.0.commit(cx).await;
            }
            ok!(unit.0.commit(cx).await);
            done
        })
    }

    /// Refuses to go on in a transaction that SQLite has rolled back: what follows would be permanent at once.
    ///
    /// A full disk, an I/O error, or a trigger's `RAISE(ROLLBACK)` end a transaction (lang_transaction.html, section 3).
    fn check_transaction(&mut self) -> Result<(), Error> {
        if self.is_in_transaction && self.home.get().is_autocommit() {
            return Err(Error::new(
                ErrorKind::Database,
                "the database has rolled the transaction back, and nothing more can run in it",
            ));
        }
        Ok(())
    }

    /// Runs a command of the transaction protocol at once: one that needs no lock.
    fn control(&mut self, sql: &str) -> Result<(), Error> {
        match self.home.get().start(sql, &[])?.finish() {
            Ok(Progress::Locked(error) | Progress::Interrupted(error)) | Err(error) => {
                Err(error.with_sql(sql))
            }
            Ok(Progress::Done | Progress::Broke | Progress::Turn) => Ok(()),
        }
    }

    /// Every isolation level is granted: SQLite's transactions are serializable.
    async fn begin_now(&mut self, cx: &Cx, options: TransactionOptions) -> Outcome<(), Error> {
        match options.access {
            // Taking the write lock later could fail in the middle, with no way to wait for it.
            Access::ReadWrite => {
                let begin = Statement::new("BEGIN IMMEDIATE", &[]);
                ok!(self.run(cx, begin, &mut Ignore).await);
            }
            Access::ReadOnly => {
                ok_result!(self.control("BEGIN DEFERRED"));
                self.is_query_only = true;
                ok_result!(self.control(READ_ONLY).inspect_err(|_| {
                    // The first error is the one to tell; a transaction that cannot be ended is found by the next one.
                    let _ = self.control("ROLLBACK");
                }));
            }
        }
        self.is_in_transaction = true;
        Outcome::Ok(())
    }

    /// A cancelled context does not stop a commit, but it ends the wait for readers that are in its way.
    async fn commit(&mut self, cx: &Cx) -> Outcome<(), Error> {
        let sql = "COMMIT";
        ok_result!(
            self.check_transaction()
                .map_err(|error| error.with_sql(sql))
        );
        let mut lock_wait = LockWait::new(self.busy_timeout);
        loop {
            let commit = |database: &mut Database| database.start("COMMIT", &[])?.finish();
            let committed = match self.is_on_disk {
                true => self.home.elsewhere(commit).await,
                false => commit(self.home.get()),
            };
            match committed {
                Ok(Progress::Locked(error)) => {
                    ok!(lock_wait.pause(cx, error.with_sql(sql)).await);
                }
                Ok(Progress::Interrupted(error)) | Err(error) => {
                    return Outcome::Err(error.with_sql(sql));
                }
                Ok(Progress::Done | Progress::Broke | Progress::Turn) => break,
            }
        }
        Outcome::from(self.end_transaction())
    }

    fn rollback(&mut self) -> Result<(), Error> {
        if !self.home.get().is_autocommit() {
            self.control("ROLLBACK")?;
        }
        self.end_transaction()
    }

    /// Tells what the next user of the connection would find.
    pub(crate) fn upkeep(&mut self, options: &SqliteOptions) -> Upkeep {
        let Some(database) = self.home.get_now() else {
            return Upkeep::Used;
        };
        match database.has_changed_session() {
            // Most settings tell nobody what they were before, and a file is soon opened again.
            true if matches!(options.location, Location::File(_)) => Upkeep::Broken,
            true => Upkeep::Used,
            false if database.is_autocommit() && !database.has_cursor() => Upkeep::Ready,
            false => Upkeep::Used,
        }
    }

    /// Takes the session as it is for how it was opened.
    pub(crate) fn accept_session(&mut self) {
        self.home.get().accept_session();
    }

    /// Rolls back what is open, and undoes what was done to the session of a database that ends with its connections.
    pub(crate) fn tidy(&mut self, options: &SqliteOptions) -> Result<(), Error> {
        self.home.get().close_cursor();
        self.rollback()?;
        let database = self.home.get();
        if database.has_changed_session() {
            database.accept_session();
            restore(database.connection(), options)
                .map_err(|error| connect_error(error, &options.location))?;
        }
        Ok(())
    }

    fn rollback_to(&mut self, depth: u32) -> Result<(), Error> {
        self.control(&savepoint("ROLLBACK TO", depth))?;
        self.control(&savepoint("RELEASE", depth))
    }

    fn end_transaction(&mut self) -> Result<(), Error> {
        self.is_in_transaction = false;
        if std::mem::take(&mut self.is_query_only) {
            self.control(READ_WRITE)?;
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
        ok!(seam::brief_checkpoint(cx));
        let traced = Traced::begin(statement);
        let mut counted = Counted::new(sink);
        let outcome = self.run(cx, statement, &mut counted).await;
        traced.end(counted.n_rows(), &outcome);
        outcome
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        ok!(seam::brief_checkpoint(cx));
        let traced = Traced::begin(statement);
        let outcome = self.run_command(cx, statement).await;
        let n_rows = match &outcome {
            Outcome::Ok(done) => done.rows_affected,
            _ => 0,
        };
        traced.end(n_rows, &outcome);
        outcome
    }

    async fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> Outcome<(), Error> {
        ok!(seam::brief_checkpoint(cx));
        let Statement { sql, params, .. } = statement;
        ok_result!(
            self.check_transaction()
                .map_err(|error| error.with_sql(sql))
        );
        let mut lock_wait = LockWait::new(self.busy_timeout);
        while let Err(error) = self.home.get().open_cursor(sql, params, kind) {
            let error = error.with_sql(sql);
            if !self.home.get().may_wait() {
                return Outcome::Err(error);
            }
            ok!(lock_wait.pause(cx, error).await);
        }
        Outcome::Ok(())
    }

    async fn fetch<S: RowSink>(&mut self, cx: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
        ok!(seam::brief_checkpoint(cx));
        self.n_portions += 1;
        if self.n_portions >= PORTIONS_IN_A_TURN {
            self.n_portions = 0;
            ok!(give_way(cx).await);
        }
        let mut lock_wait = LockWait::new(self.busy_timeout);
        loop {
            match ok_result!(self.home.get().fetch(cx, sink)) {
                Progress::Done => return Outcome::Ok(Fetched::End),
                Progress::Broke => return Outcome::Ok(Fetched::Paused),
                Progress::Turn => ok!(give_way(cx).await),
                Progress::Locked(error) => ok!(lock_wait.pause(cx, error).await),
                Progress::Interrupted(error) => {
                    ok!(seam::checkpoint(cx));
                    return Outcome::Err(error);
                }
            }
        }
    }

    fn close_cursor(&mut self) {
        self.home.get().close_cursor();
    }
}

impl Connection for SqliteConnection {
    async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        ok!(seam::checkpoint(cx));
        let described = self.home.get().describe(sql);
        let (n_params, columns) = ok_result!(described.map_err(|error| error.with_sql(sql)));
        Outcome::Ok(Prepared::new(sql, n_params, columns))
    }

    async fn step(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        match step {
            TransactionStep::Begin(options) => {
                ok!(seam::checkpoint(cx));
                self.begin_now(cx, options).await
            }
            TransactionStep::Savepoint(depth) => {
                ok!(seam::checkpoint(cx));
                Outcome::from(self.control(&savepoint("SAVEPOINT", depth)))
            }
            // What ends a transaction runs even when the context is cancelled: it is the way to leave it clean.
            TransactionStep::Commit => self.commit(cx).await,
            TransactionStep::Rollback => Outcome::from(self.rollback()),
            TransactionStep::Release(depth) => {
                Outcome::from(self.control(&savepoint("RELEASE", depth)))
            }
            TransactionStep::RollbackTo(depth) => Outcome::from(self.rollback_to(depth)),
        }
    }

    fn abandon(&mut self, depth: u32) {
        // A rollback fails only when the file is lost; the next statement then reports it.
        let _ = match depth {
            0 => self.rollback(),
            // Where SQLite has ended the transaction by itself, there is nothing to undo; the outermost level notes it.
            _ if self.home.get().is_autocommit() => Ok(()),
            depth => self.rollback_to(depth),
        };
    }
}

/// Takes the rows of a command, which do not matter.
struct Ignore;

impl RowSink for Ignore {
    fn row<R: RowRead>(&mut self, _: &R) -> Result<ControlFlow<()>, Error> {
        Ok(ControlFlow::Continue(()))
    }
}

impl fmt::Debug for SqliteConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteConnection")
            .field("database", &self.home)
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
        Location::SharedMemory(name) => {
            // A slash before the name shares it in the process (memdb.c). What a URI has signs for is written in hex.
            let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            let uri = format!("file:/{name}?vfs=memdb");
            rusqlite::Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
    };
    let mut raw = opened.map_err(|error| connect_error(error, &options.location))?;
    configure(&raw, options)
        .and_then(|()| options.on_open.run(&mut raw))
        .map_err(|error| connect_error(error, &options.location))?;
    let capabilities = Capabilities {
        has_insert_returning: true,
        has_update_returning: true,
        has_delete_returning: true,
        max_parameters: MAX_PARAMETERS,
        has_strict_types: false,
    };
    Ok(SqliteConnection {
        home: Home::new(Database::new(raw, options.statement_cache_capacity)),
        is_on_disk: matches!(options.location, Location::File(_))
            && options.synchronous != Synchronous::Off,
        capabilities,
        busy_timeout: options.busy_timeout,
        is_query_only: false,
        is_in_transaction: false,
        n_portions: 0,
    })
}

fn configure(raw: &rusqlite::Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    raw.busy_timeout(options.busy_timeout)?;
    crate::decimal::register(raw)?;
    crate::integer::register(raw)?;
    raw.pragma_update(None, "foreign_keys", options.foreign_keys)?;
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
        Synchronous::Off => "OFF",
    };
    raw.pragma_update(None, "synchronous", synchronous)?;
    if matches!(options.location, Location::File(_)) && !options.read_only {
        let mode = match options.journal_mode {
            JournalMode::Wal => "WAL",
            JournalMode::Delete => "DELETE",
        };
        raw.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(()))?;
    }
    Ok(())
}

/// Takes back what is known to outlive a user: temporary tables, attached databases, and settings that have options.
fn restore(raw: &rusqlite::Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    raw.pragma_update(None, "query_only", false)?;
    // What depends on a table goes with it.
    let sql = "SELECT type, name FROM temp.sqlite_schema \
        WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    for (kind, name) in names(raw, sql)? {
        raw.execute_batch(&format!("DROP {kind} temp.{}", quoted(&name)))?;
    }
    let sql =
        "SELECT 'database', name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";
    for (kind, name) in names(raw, sql)? {
        raw.execute_batch(&format!("DETACH {kind} {}", quoted(&name)))?;
    }
    configure(raw, options)
}

fn names(raw: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = raw.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A transaction around one statement. It is rolled back unless it was committed.
struct Unit<'c>(&'c mut SqliteConnection);

impl Drop for Unit<'_> {
    fn drop(&mut self) {
        if self.0.is_in_transaction {
            self.0.abandon(0);
        }
    }
}

/// Notes whether a row was refused, which undoes nothing.
struct NotingSink<'s> {
    sink: &'s mut dyn Sink,
    has_refused: bool,
}

impl Sink for NotingSink<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<ControlFlow<()>, Error> {
        let taken = self.sink.row(row);
        self.has_refused |= taken.is_err();
        taken
    }
}

/// Tells whether a statement may change rows, or what tables there are.
fn is_write(sql: &str) -> bool {
    const VERBS: [&str; 8] = [
        "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "CREATE", "ALTER", "DROP",
    ];
    let verb = first_word(without_comments(sql));
    VERBS.iter().any(|write| verb.eq_ignore_ascii_case(write))
}

fn savepoint(verb: &str, depth: u32) -> String {
    format!("{verb} sqlmodel_{depth}")
}
