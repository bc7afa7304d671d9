//! From what a server reports to the runtime's error kinds.

use std::fmt;
use std::io;

use sqlmodel_core::{ConstraintKind, Error, ErrorKind};

use crate::protocol::Malformed;
use crate::protocol::backend::Fields;

/// What the server said of an error or a notice, whole: the cause of the [`Error`] that was made of it.
///
/// The detail may hold values of rows; [`Error`]'s own text does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMessage(Fields);

impl ServerMessage {
    pub(crate) fn new(fields: Fields) -> Self {
        Self(fields)
    }

    /// Returns the severity: `ERROR`, `FATAL` or `PANIC` of an error, `WARNING` or `NOTICE` among others of a notice.
    pub fn severity(&self) -> &str {
        // The second one is not translated.
        self.0.get(b'V').or(self.0.get(b'S')).unwrap_or_default()
    }

    /// Returns the SQLSTATE, five characters.
    pub fn code(&self) -> &str {
        self.0.get(b'C').unwrap_or_default()
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        self.0.get(b'M').unwrap_or_default()
    }

    /// Returns what else there is to say about it; may hold values of rows.
    pub fn detail(&self) -> Option<&str> {
        self.0.get(b'D')
    }

    /// Returns advice.
    pub fn hint(&self) -> Option<&str> {
        self.0.get(b'H')
    }

    /// Returns the place in the statement, in characters from 1.
    pub fn position(&self) -> Option<usize> {
        self.0.get(b'P')?.parse().ok()
    }

    /// Returns the table that it is about.
    pub fn table(&self) -> Option<&str> {
        self.0.get(b't')
    }

    /// Returns the column that it is about.
    pub fn column(&self) -> Option<&str> {
        self.0.get(b'c')
    }

    /// Returns the constraint that it is about.
    pub fn constraint(&self) -> Option<&str> {
        self.0.get(b'n')
    }

    /// Tells whether the server ends the connection with this message.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(self.severity(), "FATAL" | "PANIC")
    }

    /// Tells whether a prepared statement is not what it was: gone, or with other columns than it had.
    pub(crate) fn is_stale_statement(&self) -> bool {
        match self.code() {
            "26000" => true,
            // The same code stands for much else.
            "0A000" => self.0.get(b'R') == Some("RevalidateCachedQuery"),
            _ => false,
        }
    }

    /// Returns the runtime's error for this one.
    #[cold]
    pub(crate) fn into_error(self) -> Error {
        let error = Error::new(self.kind(), self.message().to_owned()).with_sqlstate(self.code());
        let error = match self.constraint_kind() {
            Some(kind) => self.with_constraint(error, kind),
            None => error,
        };
        error.with_cause(self)
    }

    fn kind(&self) -> ErrorKind {
        let code = self.code();
        if self.is_stale_statement() {
            // The statement is prepared again when the transaction is run again.
            return ErrorKind::Serialization;
        }
        match code {
            "40001" => ErrorKind::Serialization,
            "40P01" => ErrorKind::Deadlock,
            "55P03" | "53300" => ErrorKind::Busy,
            "25006" => ErrorKind::ReadOnly,
            "0A000" => ErrorKind::Unsupported,
            "08P01" => ErrorKind::Usage,
            // Values that a type or a column does not take.
            "22001" | "22003" | "22007" | "22008" | "22021" | "22023" | "22P02" | "22P03"
            | "22P05" => ErrorKind::Encode,
            // A shutdown, or a time limit of the server at which it closes the connection.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => {
                ErrorKind::Connect
            }
            _ => match code.get(..2) {
                Some("23") => ErrorKind::Constraint,
                Some("42") => ErrorKind::Statement,
                Some("08" | "28" | "3D") => ErrorKind::Connect,
                Some("53" | "58") => ErrorKind::Io,
                _ => ErrorKind::Database,
            },
        }
    }

    fn constraint_kind(&self) -> Option<ConstraintKind> {
        Some(match self.code() {
            "23505" => ConstraintKind::Unique,
            "23503" => ConstraintKind::ForeignKey,
            "23502" => ConstraintKind::NotNull,
            "23514" => ConstraintKind::Check,
            code if code.starts_with("23") => ConstraintKind::Other,
            _ => return None,
        })
    }

    fn with_constraint(&self, error: Error, kind: ConstraintKind) -> Error {
        let error = error.with_constraint(kind, self.constraint());
        match (self.table(), self.column()) {
            (Some(table), Some(column)) => error.with_constraint_columns(table, [column]),
            (Some(table), None) => error.with_constraint_columns(table, self.key_columns()),
            (None, _) => error,
        }
    }

    /// Reads the columns out of the detail `Key (name, age)=(Deadpond, 30) already exists.`, in whatever language it is.
    fn key_columns(&self) -> Vec<&str> {
        let columns = self
            .detail()
            .and_then(|detail| detail.split_once(")=(")?.0.split_once('('))
            .map(|(_, columns)| columns);
        match columns {
            // An index on expressions has no columns.
            Some(columns) if !columns.contains('(') => columns
                .split(", ")
                .map(|column| column.trim_matches('"'))
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for ServerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity(), self.code(), self.message())?;
        if let Some(detail) = self.detail() {
            write!(f, " ({detail})")?;
        }
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerMessage {}

/// The connection was lost.
#[cold]
pub(crate) fn lost(error: io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        _ => format!("the connection was lost: {error}"),
    };
    Error::new(ErrorKind::Connect, message).with_cause(error)
}

/// The server broke the protocol.
#[cold]
pub(crate) fn malformed(error: Malformed) -> Error {
    Error::new(ErrorKind::Connect, error.to_string()).with_cause(error)
}
