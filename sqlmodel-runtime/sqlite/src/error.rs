//! From SQLite's result codes to the runtime's error kinds.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};
use sqlmodel_core::{ConstraintKind, Error, ErrorKind};

use crate::options::Location;
use crate::{decimal, integer};

/// Maps the error of opening a database, and names the file.
#[cold]
pub(crate) fn connect_error(error: rusqlite::Error, location: &Location) -> Error {
    let message = match location {
        Location::File(path) => format!("cannot open the database `{}`: {error}", path.display()),
        Location::Memory | Location::SharedMemory(_) => {
            format!("cannot open a database in memory: {error}")
        }
    };
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Busy,
        _ => ErrorKind::Connect,
    };
    Error::new(kind, message).with_cause(error)
}

/// Maps the error of a backup, and names the file.
#[cold]
pub(crate) fn backup_error(error: rusqlite::Error, file: &Path) -> Error {
    let kind = match error.sqlite_error() {
        Some(failure) => kind_of(*failure),
        None => ErrorKind::Database,
    };
    let message = format!("cannot copy the database to `{}`: {error}", file.display());
    Error::new(kind, message).with_cause(error)
}

/// Maps what the library reported for a statement, with its message.
#[cold]
pub(crate) fn failure_error(failure: ffi::Error, message: Option<String>) -> Error {
    let text = message.clone().unwrap_or_else(|| failure.to_string());
    let kind = match &*text {
        // The last is what SQLite says itself.
        integer::OUT_OF_RANGE | decimal::OVERFLOW | "integer overflow" => ErrorKind::Encode,
        _ => kind_of(failure),
    };
    let error = Error::new(kind, text.clone());
    let error = match constraint_kind(failure.extended_code, &text) {
        Some(kind) => with_constraint(error, kind, &text),
        None => error,
    };
    error.with_cause(rusqlite::Error::SqliteFailure(failure, message))
}

fn kind_of(failure: ffi::Error) -> ErrorKind {
    match failure.extended_code & 0xff {
        ffi::SQLITE_CONSTRAINT => ErrorKind::Constraint,
        // A snapshot that others have overtaken: the transaction can only be run again.
        ffi::SQLITE_BUSY if failure.extended_code == ffi::SQLITE_BUSY_SNAPSHOT => {
            ErrorKind::Serialization
        }
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => ErrorKind::Busy,
        ffi::SQLITE_READONLY => ErrorKind::ReadOnly,
        ffi::SQLITE_CANTOPEN | ffi::SQLITE_NOTADB => ErrorKind::Connect,
        ffi::SQLITE_IOERR | ffi::SQLITE_FULL | ffi::SQLITE_NOMEM => ErrorKind::Io,
        ffi::SQLITE_ERROR | ffi::SQLITE_RANGE | ffi::SQLITE_AUTH => ErrorKind::Statement,
        ffi::SQLITE_MISMATCH | ffi::SQLITE_TOOBIG => ErrorKind::Encode,
        _ => ErrorKind::Database,
    }
}

fn constraint_kind(extended_code: i32, message: &str) -> Option<ConstraintKind> {
    if extended_code & 0xff != ffi::SQLITE_CONSTRAINT {
        return None;
    }
    Some(match extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => ConstraintKind::Unique,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ConstraintKind::ForeignKey,
        // ON DELETE RESTRICT is a trigger of SQLite's own making, with the message of a foreign key.
        ffi::SQLITE_CONSTRAINT_TRIGGER if message == "FOREIGN KEY constraint failed" => {
            ConstraintKind::ForeignKey
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => ConstraintKind::NotNull,
        ffi::SQLITE_CONSTRAINT_CHECK => ConstraintKind::Check,
        _ => ConstraintKind::Other,
    })
}

/// Reads what SQLite writes behind the colon: `UNIQUE constraint failed: hero.name, hero.age`,
/// `UNIQUE constraint failed: index 'ux_hero_lower'`, `CHECK constraint failed: ck_hero_age`.
fn with_constraint(error: Error, kind: ConstraintKind, message: &str) -> Error {
    let Some((_, detail)) = message.split_once(" constraint failed: ") else {
        return error.with_constraint(kind, None);
    };
    if let Some(index) = detail
        .strip_prefix("index '")
        .and_then(|rest| rest.strip_suffix('\''))
    {
        return error.with_constraint(kind, Some(index));
    }
    match kind {
        ConstraintKind::Unique | ConstraintKind::NotNull => {
            let mut table = "";
            let mut columns = Vec::new();
            for part in detail.split(", ") {
                let Some((of_table, column)) = part.split_once('.') else {
                    continue;
                };
                table = of_table;
                columns.push(column);
            }
            error
                .with_constraint(kind, None)
                .with_constraint_columns(table, columns)
        }
        ConstraintKind::Check => error.with_constraint(kind, Some(detail)),
        _ => error.with_constraint(kind, None),
    }
}
