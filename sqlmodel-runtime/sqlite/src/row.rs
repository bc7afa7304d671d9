//! A row of SQLite, read in place.
//!
//! Which storage class holds which type is decided by the DDL: truth values, integers and durations are
//! INTEGER, decimals, dates and JSON are TEXT, UUIDs are BLOB.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use sqlmodel_core::types::array;
use sqlmodel_core::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_core::{Decode, DecodeError, RowRead, Value, ValueKind};

/// A row while the statement stands on it.
pub(crate) struct SqliteRow<'r>(pub(crate) &'r rusqlite::Row<'r>);

impl SqliteRow<'_> {
    fn at(&self, at: usize) -> ValueRef<'_> {
        self.0.get_ref(at).unwrap_or(ValueRef::Null)
    }

    fn parsed<T>(
        &self,
        at: usize,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let text = self.text_of(at, expected)?;
        parse(text).ok_or_else(|| DecodeError::new(at, expected, ValueKind::Text))
    }

    fn text_of(&self, at: usize, expected: &'static str) -> Result<&str, DecodeError> {
        match self.at(at) {
            ValueRef::Text(bytes) => utf8(bytes, at, expected),
            other => Err(refused(at, expected, other)),
        }
    }
}

#[inline]
fn utf8<'b>(bytes: &'b [u8], at: usize, expected: &'static str) -> Result<&'b str, DecodeError> {
    std::str::from_utf8(bytes)
        .map_err(|error| DecodeError::new(at, expected, ValueKind::Text).with_cause(error))
}

#[cold]
fn refused(at: usize, expected: &'static str, found: ValueRef<'_>) -> DecodeError {
    let found = match found {
        ValueRef::Null => ValueKind::Null,
        ValueRef::Integer(_) => ValueKind::Integer,
        ValueRef::Real(_) => ValueKind::Float,
        ValueRef::Text(_) => ValueKind::Text,
        ValueRef::Blob(_) => ValueKind::Bytes,
    };
    DecodeError::new(at, expected, found)
}

fn from_text<T: FromStr>(text: &str, at: usize, expected: &'static str) -> Result<T, DecodeError>
where
    T::Err: StdError + Send + Sync + 'static,
{
    text.parse()
        .map_err(|error| DecodeError::new(at, expected, ValueKind::Text).with_cause(error))
}

impl RowRead for SqliteRow<'_> {
    fn width(&self) -> usize {
        self.0.as_ref().column_count()
    }

    fn column(&self, at: usize) -> &str {
        self.0.as_ref().column_name(at).unwrap_or_default()
    }

    #[inline]
    fn is_null(&self, at: usize) -> bool {
        matches!(self.at(at), ValueRef::Null)
    }

    fn value(&self, at: usize) -> Result<Value<'_>, DecodeError> {
        Ok(match self.at(at) {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::I64(value),
            ValueRef::Real(value) => Value::F64(value),
            ValueRef::Text(bytes) => Value::Text(utf8(bytes, at, "a text in UTF-8")?.into()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
        })
    }

    #[inline]
    fn bool(&self, at: usize) -> Result<bool, DecodeError> {
        match self.at(at) {
            ValueRef::Integer(0) => Ok(false),
            ValueRef::Integer(1) => Ok(true),
            other => Err(refused(at, "a bool (0 or 1)", other)),
        }
    }

    #[inline]
    fn i64(&self, at: usize) -> Result<i64, DecodeError> {
        match self.at(at) {
            ValueRef::Integer(value) => Ok(value),
            other => Err(refused(at, "an integer", other)),
        }
    }

    #[inline]
    fn f64(&self, at: usize) -> Result<f64, DecodeError> {
        match self.at(at) {
            ValueRef::Real(value) => Ok(value),
            other => Err(refused(at, "a float", other)),
        }
    }

    fn decimal(&self, at: usize) -> Result<Decimal, DecodeError> {
        match self.at(at) {
            ValueRef::Integer(value) => Decimal::try_new(i128::from(value), 0)
                .ok_or_else(|| DecodeError::new(at, "a decimal", ValueKind::Integer)),
            _ => from_text(self.text_of(at, "a decimal")?, at, "a decimal"),
        }
    }

    #[inline]
    fn text(&self, at: usize) -> Result<&str, DecodeError> {
        self.text_of(at, "a text")
    }

    #[inline]
    fn bytes(&self, at: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        match self.at(at) {
            ValueRef::Blob(bytes) => Ok(Cow::Borrowed(bytes)),
            other => Err(refused(at, "bytes", other)),
        }
    }

    fn uuid(&self, at: usize) -> Result<[u8; 16], DecodeError> {
        let expected = "a uuid of 16 bytes";
        match self.at(at) {
            ValueRef::Blob(bytes) => bytes
                .try_into()
                .map_err(|_| DecodeError::new(at, expected, ValueKind::Bytes)),
            other => Err(refused(at, expected, other)),
        }
    }

    fn date(&self, at: usize) -> Result<Date, DecodeError> {
        self.parsed(at, "a date (YYYY-MM-DD)", Date::parse)
    }

    fn time(&self, at: usize) -> Result<Time, DecodeError> {
        self.parsed(at, "a time (HH:MM:SS)", Time::parse)
    }

    fn timestamp(&self, at: usize) -> Result<Timestamp, DecodeError> {
        self.parsed(at, "a timestamp (YYYY-MM-DD HH:MM:SS)", Timestamp::parse)
    }

    fn duration(&self, at: usize) -> Result<Duration, DecodeError> {
        self.i64(at).map(|micros| Duration { micros })
    }

    fn json(&self, at: usize) -> Result<Cow<'_, str>, DecodeError> {
        self.text_of(at, "a JSON text").map(Cow::Borrowed)
    }

    fn array<T: Decode>(&self, at: usize) -> Result<Vec<T>, DecodeError> {
        array::read(self.text_of(at, "a JSON list")?, at)
    }
}
