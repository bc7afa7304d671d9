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

use crate::raw::Row;

impl Row<'_> {
    fn parsed<T>(
        &self,
        at: usize,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let text = self.text_of(at, expected)?;
        parse(text).ok_or_else(|| DecodeError::new(at, expected, ValueKind::Text))
    }

    #[inline]
    fn text_of(&self, at: usize, expected: &'static str) -> Result<&str, DecodeError> {
        match self.get(at) {
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

impl RowRead for Row<'_> {
    fn width(&self) -> usize {
        Row::width(self)
    }

    fn column(&self, at: usize) -> &str {
        self.name(at)
    }

    #[inline]
    fn is_null(&self, at: usize) -> bool {
        Row::is_null(self, at)
    }

    fn value(&self, at: usize) -> Result<Value<'_>, DecodeError> {
        Ok(match self.get(at) {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::I64(value),
            ValueRef::Real(value) => Value::F64(value),
            ValueRef::Text(bytes) => Value::Text(utf8(bytes, at, "a text in UTF-8")?.into()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
        })
    }

    #[inline]
    fn bool(&self, at: usize) -> Result<bool, DecodeError> {
        match self.get(at) {
            ValueRef::Integer(0) => Ok(false),
            ValueRef::Integer(1) => Ok(true),
            other => Err(refused(at, "a bool (0 or 1)", other)),
        }
    }

    #[inline]
    fn i64(&self, at: usize) -> Result<i64, DecodeError> {
        match self.get(at) {
            ValueRef::Integer(value) => Ok(value),
            other => Err(refused(at, "an integer", other)),
        }
    }

    #[inline]
    fn f64(&self, at: usize) -> Result<f64, DecodeError> {
        match self.get(at) {
            ValueRef::Real(value) => Ok(value),
            other => Err(refused(at, "a float", other)),
        }
    }

    fn decimal(&self, at: usize) -> Result<Decimal, DecodeError> {
        match self.get(at) {
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
        match self.get(at) {
            ValueRef::Blob(bytes) => Ok(Cow::Borrowed(bytes)),
            other => Err(refused(at, "bytes", other)),
        }
    }

    fn uuid(&self, at: usize) -> Result<[u8; 16], DecodeError> {
        let expected = "a uuid of 16 bytes";
        match self.get(at) {
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
