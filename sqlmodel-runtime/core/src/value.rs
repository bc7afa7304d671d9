//! A dynamic SQL datum, borrowed where it can be.
//!
//! Values carry what the schema language can say and nothing of a driver's wire format.
//! Calendar types are plain parts, so that every crate for time converts without loss and none is
//! needed here.

mod decimal;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use sqlmodel_sql::{Date, Time, Timestamp};

pub use decimal::{Decimal, ParseDecimalError};

/// One SQL value.
///
/// `Value<'static>` owns its data; a shorter lifetime borrows from a record, so that binding copies nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// No value given: the column is left to its default. Only in rows to be inserted.
    Default,
    /// A truth value.
    Bool(bool),
    /// A 16-bit integer.
    I16(i16),
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A single-precision number.
    F32(f32),
    /// A double-precision number.
    F64(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// Text in UTF-8.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A UUID in the byte order of RFC 9562.
    Uuid([u8; 16]),
    /// A day of the proleptic Gregorian calendar.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date and time without a zone.
    Timestamp(Timestamp),
    /// An instant.
    Timestamptz(Timestamp),
    /// A span of time.
    Duration(Duration),
    /// JSON text.
    Json(Cow<'a, str>),
    /// A one-dimensional array.
    Array(Vec<Value<'a>>),
    /// A value that no database can store, with the reason. Drivers refuse it.
    Invalid(Box<str>),
}

/// A span of time in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Microseconds; negative spans run backwards.
    pub micros: i64,
}

/// Which kind a [`Value`] is of; for messages that must not show the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// SQL NULL.
    Null,
    /// A column left to its default.
    Default,
    /// A truth value.
    Bool,
    /// An integer of any width.
    Integer,
    /// A floating-point number.
    Float,
    /// An exact decimal number.
    Decimal,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A UUID.
    Uuid,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A date and time, with or without a zone.
    Timestamp,
    /// A span of time.
    Duration,
    /// JSON.
    Json,
    /// An array.
    Array,
    /// A value that cannot be stored.
    Invalid,
}

impl Value<'_> {
    /// Returns the kind of the value.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Default => ValueKind::Default,
            Self::Bool(_) => ValueKind::Bool,
            Self::I16(_) | Self::I32(_) | Self::I64(_) => ValueKind::Integer,
            Self::F32(_) | Self::F64(_) => ValueKind::Float,
            Self::Decimal(_) => ValueKind::Decimal,
            Self::Text(_) => ValueKind::Text,
            Self::Bytes(_) => ValueKind::Bytes,
            Self::Uuid(_) => ValueKind::Uuid,
            Self::Date(_) => ValueKind::Date,
            Self::Time(_) => ValueKind::Time,
            Self::Timestamp(_) | Self::Timestamptz(_) => ValueKind::Timestamp,
            Self::Duration(_) => ValueKind::Duration,
            Self::Json(_) => ValueKind::Json,
            Self::Array(_) => ValueKind::Array,
            Self::Invalid(_) => ValueKind::Invalid,
        }
    }

    /// Tells whether the value is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the same value with data of its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Default => Value::Default,
            Self::Bool(value) => Value::Bool(value),
            Self::I16(value) => Value::I16(value),
            Self::I32(value) => Value::I32(value),
            Self::I64(value) => Value::I64(value),
            Self::F32(value) => Value::F32(value),
            Self::F64(value) => Value::F64(value),
            Self::Decimal(value) => Value::Decimal(value),
            Self::Text(value) => Value::Text(Cow::Owned(value.into_owned())),
            Self::Bytes(value) => Value::Bytes(Cow::Owned(value.into_owned())),
            Self::Uuid(value) => Value::Uuid(value),
            Self::Date(value) => Value::Date(value),
            Self::Time(value) => Value::Time(value),
            Self::Timestamp(value) => Value::Timestamp(value),
            Self::Timestamptz(value) => Value::Timestamptz(value),
            Self::Duration(value) => Value::Duration(value),
            Self::Json(value) => Value::Json(Cow::Owned(value.into_owned())),
            Self::Array(values) => {
                Value::Array(values.into_iter().map(Value::into_owned).collect())
            }
            Self::Invalid(reason) => Value::Invalid(reason),
        }
    }
}

impl std::fmt::Display for ValueKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Default => "DEFAULT",
            Self::Bool => "a bool",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Decimal => "a decimal",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::Uuid => "a uuid",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::Timestamp => "a timestamp",
            Self::Duration => "a duration",
            Self::Json => "a JSON value",
            Self::Array => "an array",
            Self::Invalid => "a value that cannot be stored",
        })
    }
}
