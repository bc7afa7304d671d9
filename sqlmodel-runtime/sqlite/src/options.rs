//! How a database is opened.

use std::path::PathBuf;
use std::time::Duration;

use sqlmodel_core::{Connector, Cx, Error, ErrorKind, Outcome};

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
    pub(crate) statement_cache_capacity: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Location {
    File(PathBuf),
    Memory,
}

/// How SQLite keeps a transaction atomic; the journal mode of a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JournalMode {
    /// Readers and one writer work side by side. The default for files.
    Wal,
    /// Readers and the writer wait for each other; one file, no companions while idle.
    Delete,
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

    fn at(location: Location) -> Self {
        Self {
            location,
            create: true,
            read_only: false,
            foreign_keys: true,
            busy_timeout: Duration::from_secs(5),
            journal_mode: JournalMode::Wal,
            statement_cache_capacity: 128,
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

    /// Finds nothing out: the database is in the process.
    async fn ping(&self, _: &Cx, _: &mut SqliteConnection) -> Outcome<(), Error> {
        Outcome::Ok(())
    }

    fn is_passing(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Busy
    }
}
