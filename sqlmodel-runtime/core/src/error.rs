//! The one error type of the runtime.
//!
//! Users ask questions (`is_unique_violation()`, `constraint()`, `sqlstate()`) instead of matching on
//! variants or on text. Drivers map their errors to an [`ErrorKind`] at their border and keep the cause.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::validate::{Violation, Violations};

/// An error of the runtime: its kind, what was being done, and the cause.
///
/// One pointer wide, so that the success path stays cheap.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    sql: Option<Box<str>>,
    sqlstate: Option<Box<str>>,
    constraint: Option<Constraint>,
    unnamed_column: Option<UnnamedColumn>,
    is_after_write: bool,
    is_misconfiguration: bool,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// The column that could not be read, where the message begins with its name in the result.
#[derive(Debug)]
struct UnnamedColumn {
    at: usize,
    /// The length of its name in the message.
    n_bytes: usize,
}

#[derive(Debug)]
struct Constraint {
    kind: ConstraintKind,
    name: Option<Box<str>>,
    table: Option<Box<str>>,
    columns: Vec<Box<str>>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database could not be opened or reached, or the connection was lost.
    Connect,
    /// The connection was lost after COMMIT was sent: whether it took effect is not known.
    CommitUnknown,
    /// The statement was refused: syntax, unknown table or column, wrong use.
    Statement,
    /// A constraint of the schema was violated.
    Constraint,
    /// The transaction conflicted with another one and may succeed when it is run again.
    Serialization,
    /// Two transactions waited for each other, and this one was chosen to give way.
    Deadlock,
    /// A lock was not granted in time, or the database was busy for too long.
    Busy,
    /// The database, the transaction or the connection is read-only.
    ReadOnly,
    /// A stored value does not fit the Rust type that the schema promises.
    Decode,
    /// A value cannot be stored as the database's type.
    Encode,
    /// Rows break rules of the schema, and nothing was sent; [`violations`](Error::violations) tells which.
    Invalid,
    /// `one` found no row.
    NoRows,
    /// `one` or `one_or_none` found more than one row.
    TooManyRows,
    /// A row that was to be changed is not there any more.
    StaleRow,
    /// The row of an upsert is there as another model of its inheritance family.
    SubtypeConflict,
    /// What was asked for does not exist in this database's dialect.
    Unsupported,
    /// The library was used in a way it does not allow.
    Usage,
    /// A pool had no connection to hand out in time; the cause tells what the time was spent on.
    PoolTimeout,
    /// The pool was closed.
    PoolClosed,
    /// The operating system refused a file, a socket or memory.
    Io,
    /// Anything else the database reported.
    Database,
}

/// Which kind of constraint was violated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// A primary key or a unique key already has this value.
    Unique,
    /// A foreign key points to no row, or a row is still pointed to.
    ForeignKey,
    /// A NULL in a column that does not take one.
    NotNull,
    /// A check constraint is false.
    Check,
    /// A constraint the driver cannot name the kind of.
    Other,
}

impl Error {
    /// Creates an error of a kind with a message in lower case, without a final dot.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            sql: None,
            sqlstate: None,
            constraint: None,
            unnamed_column: None,
            is_after_write: false,
            is_misconfiguration: false,
            cause: None,
        }))
    }

    /// Creates an error for a wrong use of the library.
    pub fn usage(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Creates an error for a connection whose settings do not go together with those of the server, of kind
    /// [`Connect`](ErrorKind::Connect).
    pub fn misconfiguration(message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Connect, message);
        error.0.is_misconfiguration = true;
        error
    }

    /// Creates an error for something that a dialect does not have.
    pub fn unsupported(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds the statement that was running, unless one is there already.
    #[must_use]
    pub fn with_sql(mut self, sql: &str) -> Self {
        self.0.sql.get_or_insert_with(|| sql.into());
        self
    }

    pub(crate) fn with_unnamed_column(mut self, at: usize, n_bytes: usize) -> Self {
        self.0.unnamed_column = Some(UnnamedColumn { at, n_bytes });
        self
    }

    /// Names the table and the column that could not be read, where the query knows what the result's columns are.
    #[must_use]
    pub fn with_column_names(
        mut self,
        names: impl FnOnce(usize) -> Option<(&'static str, &'static str)>,
    ) -> Self {
        if let Some(UnnamedColumn { at, n_bytes }) = self.0.unnamed_column
            && let Some((table, column)) = names(at)
        {
            let rest = self.0.message.get(n_bytes..).unwrap_or_default();
            self.0.message = format!("`{table}.{column}`{rest}").into();
            self.0.unnamed_column = None;
        }
        self
    }

    /// Notes that the statement was done before this went wrong: what it wrote is written.
    #[must_use]
    pub fn after_write(mut self) -> Self {
        self.0.is_after_write = true;
        self
    }

    /// Adds the five-character SQLSTATE that the server sent.
    #[must_use]
    pub fn with_sqlstate(mut self, sqlstate: &str) -> Self {
        self.0.sqlstate = Some(sqlstate.into());
        self
    }

    /// Marks this as the violation of a constraint.
    #[must_use]
    pub fn with_constraint(mut self, kind: ConstraintKind, name: Option<&str>) -> Self {
        self.0.constraint = Some(Constraint {
            kind,
            name: name.map(Into::into),
            table: None,
            columns: Vec::new(),
        });
        self
    }

    /// Adds the table and the columns of the violated constraint, where the driver knows them.
    #[must_use]
    pub fn with_constraint_columns<'a>(
        mut self,
        table: &str,
        columns: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        if let Some(constraint) = &mut self.0.constraint {
            constraint.table = Some(table.into());
            constraint.columns = columns.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the statement that was running, if one was.
    pub fn sql(&self) -> Option<&str> {
        self.0.sql.as_deref()
    }

    /// Returns the SQLSTATE that the server sent; SQLite has none.
    pub fn sqlstate(&self) -> Option<&str> {
        self.0.sqlstate.as_deref()
    }

    /// Returns the name of the violated constraint, where the database tells it.
    ///
    /// SQLite names check constraints only, and tells the columns of a unique key instead:
    /// see [`constraint_columns`](Self::constraint_columns).
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_ref()?.name.as_deref()
    }

    /// Returns the kind of the violated constraint.
    pub fn constraint_kind(&self) -> Option<ConstraintKind> {
        self.0.constraint.as_ref().map(|constraint| constraint.kind)
    }

    /// Returns the table of the violated constraint, where the database tells it.
    pub fn constraint_table(&self) -> Option<&str> {
        self.0.constraint.as_ref()?.table.as_deref()
    }

    /// Returns the columns of the violated constraint, empty where the database does not tell them.
    pub fn constraint_columns(&self) -> impl Iterator<Item = &str> {
        self.0
            .constraint
            .iter()
            .flat_map(|constraint| constraint.columns.iter().map(AsRef::as_ref))
    }

    /// Tells whether a primary key or unique key already has the value.
    pub fn is_unique_violation(&self) -> bool {
        self.constraint_kind() == Some(ConstraintKind::Unique)
    }

    /// Tells whether a foreign key points to no row, or a deleted row is still pointed to.
    pub fn is_foreign_key_violation(&self) -> bool {
        self.constraint_kind() == Some(ConstraintKind::ForeignKey)
    }

    /// Tells whether a NULL was refused.
    pub fn is_not_null_violation(&self) -> bool {
        self.constraint_kind() == Some(ConstraintKind::NotNull)
    }

    /// Tells whether a check constraint was false.
    pub fn is_check_violation(&self) -> bool {
        self.constraint_kind() == Some(ConstraintKind::Check)
    }

    /// Returns the rules of the schema that the rows break, if that is what went wrong.
    pub fn violations(&self) -> &[Violation] {
        let cause = self.0.cause.as_deref();
        cause
            .and_then(|cause| cause.downcast_ref::<Violations>())
            .map_or(&[], Violations::as_slice)
    }

    /// Tells whether the statement was done before this went wrong: what it wrote is written, unless a transaction around it is
    /// rolled back.
    ///
    /// So it is where a row that a single statement wrote comes back in a form that the model does not take.
    pub fn is_after_write(&self) -> bool {
        self.0.is_after_write
    }

    /// Tells whether the driver did not go on connecting because the settings of the program and of the server do not go
    /// together: encryption, certificates, ways to log in. Connecting again ends likewise until somebody changes them.
    ///
    /// What the server itself refuses is told by its [`sqlstate`](Self::sqlstate), and on MySQL here, too: it sends some of that
    /// without one.
    pub fn is_misconfiguration(&self) -> bool {
        self.0.is_misconfiguration
    }

    /// Tells whether running the whole transaction again may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Serialization | ErrorKind::Deadlock | ErrorKind::Busy
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if self.0.is_after_write {
            f.write_str(
                "; the statement is done: what it wrote stays, unless a transaction is rolled back",
            )?;
        }
        if let Some(sql) = &self.0.sql {
            write!(f, " (in `{sql}`)")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    /// Writes the kind and the message, as a program whose `main` returns the error shows it; `{:#?}` writes everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return write!(f, "{:?}: {self}", self.0.kind);
        }
        let Inner {
            kind,
            message,
            sql,
            sqlstate,
            constraint,
            unnamed_column: _,
            is_after_write,
            is_misconfiguration,
            cause,
        } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("message", message)
            .field("sql", sql)
            .field("sqlstate", sqlstate)
            .field("constraint", constraint)
            .field("is_after_write", is_after_write)
            .field("is_misconfiguration", is_misconfiguration)
            .field("cause", cause)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}
