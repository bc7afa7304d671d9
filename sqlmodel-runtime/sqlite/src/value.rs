//! Binding: from a [`Value`] to SQLite's five storage classes, borrowing text and bytes.

use std::borrow::Cow;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use sqlmodel_core::types::array;
use sqlmodel_core::{Error, ErrorKind, Value};

/// A value on its way into a statement.
pub(crate) struct Param<'v>(pub(crate) &'v Value<'v>);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(value) => integer(i64::from(*value)),
            Value::I16(value) => integer(i64::from(*value)),
            Value::I32(value) => integer(i64::from(*value)),
            Value::I64(value) => integer(*value),
            // SQLite stores a NaN as NULL, which would be another value than the one given.
            Value::F32(value) if value.is_nan() => {
                return Err(refused("SQLite cannot store a NaN"));
            }
            Value::F64(value) if value.is_nan() => {
                return Err(refused("SQLite cannot store a NaN"));
            }
            Value::F32(value) => ToSqlOutput::Borrowed(ValueRef::Real(f64::from(*value))),
            Value::F64(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Value::Decimal(value) => text(value.to_string()),
            Value::Text(value) | Value::Json(value) => {
                ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes()))
            }
            Value::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Value::Uuid(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Value::Date(value) => text(value.to_string()),
            Value::Time(value) => text(value.to_string()),
            Value::Timestamp(value) | Value::Timestamptz(value) => text(value.to_string()),
            Value::Duration(value) => integer(value.micros),
            Value::Array(values) => match array::write(values) {
                Some(json) => text(json),
                None => return Err(refused("a list with a number that JSON has no form for")),
            },
            Value::Invalid(reason) => return Err(refused(reason.to_string())),
            Value::Default => {
                return Err(refused(
                    "a column left to its default cannot be a parameter",
                ));
            }
        })
    }
}

fn integer<'v>(value: i64) -> ToSqlOutput<'v> {
    ToSqlOutput::Borrowed(ValueRef::Integer(value))
}

fn text<'v>(value: String) -> ToSqlOutput<'v> {
    ToSqlOutput::Owned(Owned::Text(value))
}

fn refused(reason: impl Into<Cow<'static, str>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(Error::new(ErrorKind::Encode, reason)))
}
