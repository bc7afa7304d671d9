//! From a [`Value`] to SQLite's five storage classes, borrowing text and bytes.

use std::borrow::Cow;

use sqlmodel_core::types::array;
use sqlmodel_core::{Error, ErrorKind, Value};

/// A value on its way into a statement.
pub(crate) enum Datum<'v> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'v str),
    Blob(&'v [u8]),
    /// A text that was made for this, and goes with the datum.
    MadeText(String),
}

/// Returns what SQLite stores for a value.
#[inline]
pub(crate) fn datum<'v>(value: &'v Value<'_>) -> Result<Datum<'v>, Error> {
    Ok(match value {
        Value::Null => Datum::Null,
        Value::Bool(value) => Datum::Integer(i64::from(*value)),
        Value::I16(value) => Datum::Integer(i64::from(*value)),
        Value::I32(value) => Datum::Integer(i64::from(*value)),
        Value::I64(value) => Datum::Integer(*value),
        // SQLite stores a NaN as NULL, which would be another value than the one given.
        Value::F32(value) if value.is_nan() => return refuse("SQLite cannot store a NaN"),
        Value::F64(value) if value.is_nan() => return refuse("SQLite cannot store a NaN"),
        Value::F32(value) => Datum::Real(f64::from(*value)),
        Value::F64(value) => Datum::Real(*value),
        // Equal numbers are equal texts, for unique keys, groups and SQL of other tools.
        Value::Decimal(value) => Datum::MadeText(value.normalized().to_string()),
        // LIKE and length() stop at a NUL, so that texts would match that do not.
        Value::Text(value) | Value::Json(value) if value.as_bytes().contains(&0) => {
            return refuse("SQLite cannot search a text with a NUL character");
        }
        Value::Text(value) | Value::Json(value) => Datum::Text(value),
        Value::Bytes(value) => Datum::Blob(value),
        Value::Uuid(value) => Datum::Blob(value),
        Value::Date(value) => Datum::MadeText(value.to_string()),
        Value::Time(value) => Datum::MadeText(value.to_string()),
        Value::Timestamp(value) | Value::Timestamptz(value) => Datum::MadeText(value.to_string()),
        Value::Duration(value) => Datum::Integer(value.micros),
        Value::Array(values) => match array::write(values) {
            Some(json) => Datum::MadeText(json),
            None => return refuse("a list with a number that JSON has no form for"),
        },
        Value::Invalid(reason) => return refuse(reason.to_string()),
        Value::Default => return refuse("a column left to its default cannot be a parameter"),
    })
}

#[cold]
fn refuse<T>(reason: impl Into<Cow<'static, str>>) -> Result<T, Error> {
    Err(Error::new(ErrorKind::Encode, reason))
}
