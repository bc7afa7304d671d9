//! How a database is opened.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlmodel_core::{Connector, Cx, Error, ErrorKind, Outcome, Upkeep};

use crate::connection::SqliteConnection;

/// How a database is opened. Foreign keys are enforced unless they are turned off.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    pub(crate) location: Location,
    pub(crate) create: bool,
    pub(crate) read_only: bool,
    pub(crate) foreign_keys: bool,
    pub(crate) busy_timeout: Duration,
    pub(crate) journal_mode: JournalMode,
    pub(crate) synchronous: Synchronous,
    pub(crate) statement_cache_capacity: usize,
    pub(crate) on_open: OnOpen,
}

/// What a program does with each connection before it is used.
#[derive(Clone, Default)]
pub(crate) struct OnOpen(Option<Arc<Setup>>);

type Setup = dyn Fn(&mut rusqlite::Connection) -> rusqlite::Result<()> + Send + Sync;

impl OnOpen {
    pub(crate) fn run(&self, raw: &mut rusqlite::Connection) -> rusqlite::Result<()> {
        self.0.as_ref().map_or(Ok(()), |setup| setup(raw))
    }
}

impl fmt::Debug for OnOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "a function"
        } else {
            "nothing"
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Location {
    File(PathBuf),
    Memory,
    SharedMemory(String),
}

/// How SQLite keeps a transaction atomic; the journal mode of a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JournalMode {
    /// Readers and one writer work side by side. The default for files.
    Wal,
    /// Readers and the writer wait for each other; one file, no companions while idle.
    Delete,
}

/// When SQLite waits for the disk to have what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Synchronous {
    /// At every commit. The default, as in SQLite itself.
    Full,
    /// At checkpoints alone, in WAL mode: a power failure may undo the last commits and leaves the file intact.
    Normal,
    /// Never: a power failure may destroy the file.
    Off,
}

impl SqliteOptions {
    /// A database file, created when it is missing.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::at(Location::File(path.into()))
    }

    /// A database in memory, which ends with its connection.
    pub fn memory() -> Self {
        Self::at(Location::Memory)
    }

    /// A database in memory that all connections of this process with the same name share; it ends with the last of them.
    ///
    /// For tests: there is no WAL, so that a writer waits for readers.
    pub fn shared_memory(name: impl Into<String>) -> Self {
        Self::at(Location::SharedMemory(name.into()))
    }

    /// Reads `sqlite:path`, `sqlite://path` or `sqlite::memory:`.
    ///
    /// Behind a `?` may follow `mode=ro` for [reading only](Self::read_only), `mode=rw` for an [existing](Self::existing) file,
    /// or `mode=rwc`, the default, for one that is created when it is missing.
    /// A `?` or `%` of the path is written in percent-encoding.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage), with what is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use sqlmodel_sqlite::SqliteOptions;
    ///
    /// assert!(SqliteOptions::parse("sqlite:///var/lib/heroes.db?mode=ro").is_ok());
    /// assert!(SqliteOptions::parse("sqlite:heroes.db?mdoe=ro").is_err());
    /// ```
    pub fn parse(url: &str) -> Result<Self, Error> {
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return Err(Error::usage(
                "the URL of a SQLite database begins with `sqlite:`",
            ));
        };
        let (path, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let path = decode(path.strip_prefix("//").unwrap_or(path))?;
        let mut options = match &*path {
            "" => return Err(Error::usage("the URL names no database file")),
            ":memory:" => Self::memory(),
            path => Self::file(path),
        };
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            options = match setting {
                "mode=ro" => options.read_only(),
                "mode=rw" => options.existing(),
                "mode=rwc" => options,
                other => {
                    return Err(Error::usage(format!(
                        "`{other}` is no setting of a SQLite URL; there are `mode=ro`, `mode=rw` and `mode=rwc`"
                    )));
                }
            };
        }
        Ok(options)
    }

    fn at(location: Location) -> Self {
        Self {
            location,
            create: true,
            read_only: false,
            foreign_keys: true,
            busy_timeout: Duration::from_secs(5),
            journal_mode: JournalMode::Wal,
            synchronous: Synchronous::Full,
            statement_cache_capacity: 128,
            on_open: OnOpen::default(),
        }
    }

    /// Requires that the file exists.
    #[must_use]
    pub fn existing(mut self) -> Self {
        self.create = false;
        self
    }

    /// Opens the database for reading only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Does not enforce foreign keys, as SQLite itself does by default.
    #[must_use]
    pub fn without_foreign_keys(mut self) -> Self {
        self.foreign_keys = false;
        self
    }

    /// Waits so long for a lock before giving up with [`Busy`](sqlmodel_core::ErrorKind::Busy); five seconds by default.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets when commits wait for the disk.
    ///
    /// Commits to a file run on a thread that may block, unless they never wait for the disk.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets the journal mode of a database file.
    #[must_use]
    pub fn journal_mode(mut self, mode: JournalMode) -> Self {
        self.journal_mode = mode;
        self
    }

    /// Keeps so many prepared statements; 128 by default.
    #[must_use]
    pub fn statement_cache_capacity(mut self, capacity: usize) -> Self {
        self.statement_cache_capacity = capacity;
        self
    }

    /// Does this with each connection before it is used: user functions, collations, hooks, extensions.
    ///
    /// The connection is that of the library below, [`rusqlite`].
    /// Handlers for busy databases and for progress are set by this library afterwards, in the place of others.
    ///
    /// # Examples
    ///
    /// ```
    /// use sqlmodel_sqlite::SqliteOptions;
    ///
    /// let options = SqliteOptions::memory().on_open(|connection| {
    ///     connection.create_collation("by_length", |a, b| a.len().cmp(&b.len()))
    /// });
    /// # let _ = options;
    /// ```
    #[must_use]
    pub fn on_open(
        mut self,
        setup: impl Fn(&mut rusqlite::Connection) -> rusqlite::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_open = OnOpen(Some(Arc::new(setup)));
        self
    }

    /// Opens the database.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the file is missing, is no database or cannot be opened.
    pub async fn connect(&self, cx: &Cx) -> Outcome<SqliteConnection, Error> {
        SqliteConnection::connect(cx, self).await
    }
}

impl Connector for SqliteOptions {
    type Connection = SqliteConnection;

    async fn connect(&self, cx: &Cx) -> Outcome<SqliteConnection, Error> {
        SqliteConnection::connect(cx, self).await
    }

    fn upkeep(&self, connection: &mut SqliteConnection) -> Upkeep {
        connection.upkeep(self)
    }

    /// Rolls back a transaction that was begun by hand. A connection to a file whose settings were changed is not reset but
    /// closed; of one to a database in memory, temporary tables and attached databases go, and what these options set is set again.
    async fn reset(&self, _: &Cx, connection: &mut SqliteConnection) -> Outcome<(), Error> {
        Outcome::from(connection.tidy(self))
    }

    fn accept(&self, connection: &mut SqliteConnection) {
        connection.accept_session();
    }

    /// Finds nothing out: the database is in the process.
    async fn ping(&self, _: &Cx, _: &mut SqliteConnection) -> Outcome<(), Error> {
        Outcome::Ok(())
    }

    fn is_passing(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Busy
    }
}

/// Replaces each `%` and two hexadecimal digits by the byte that they stand for.
fn decode(text: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or_else(|| {
            Error::usage("a `%` in the URL is not followed by two hexadecimal digits")
        })?);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| Error::usage("the path in the URL is not UTF-8"))
}
