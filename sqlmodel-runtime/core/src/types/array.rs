//! Lists of scalars: a native array on PostgreSQL, JSON text on SQLite and MySQL.
//!
//! In JSON, booleans and numbers are what they are, a duration is its microseconds, and everything else is a string:
//! decimals and times in the text SQLite stores, UUIDs hyphenated, bytes in lower-case hexadecimal.

mod json_text;

use crate::decode::{Decode, DecodeError, FieldValue, RowRead};
use crate::encode::Encode;
use crate::value::Value;

pub use json_text::{read, write};

/// A list as the value of a column, for comparisons with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Array<T>(pub Vec<T>);

impl<T: Encode> Encode for Array<T> {
    fn encode(&self) -> Value<'_> {
        encode(&self.0)
    }
}

impl<T: Decode> Decode for Array<T> {
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        decode(row, at).map(Self)
    }
}

impl<T: FieldValue> FieldValue for Array<T> {
    type Base = Self;
    type Lift<U: FieldValue> = U;
}

/// Returns a list as a value.
pub fn encode<T: Encode>(list: &[T]) -> Value<'_> {
    Value::Array(list.iter().map(Encode::encode).collect())
}

/// Returns a list, or NULL.
pub fn encode_option<T: Encode>(list: &Option<Vec<T>>) -> Value<'_> {
    list.as_deref().map_or(Value::Null, encode)
}

/// Reads a list.
///
/// # Errors
///
/// When the column is NULL, or an element is not what `T` takes.
pub fn decode<T: Decode, R: RowRead>(row: &R, at: usize) -> Result<Vec<T>, DecodeError> {
    row.array(at)
}

/// Reads a list, or `None` for NULL.
///
/// # Errors
///
/// When an element is not what `T` takes.
pub fn decode_option<T: Decode, R: RowRead>(
    row: &R,
    at: usize,
) -> Result<Option<Vec<T>>, DecodeError> {
    if row.is_null(at) {
        Ok(None)
    } else {
        row.array(at).map(Some)
    }
}
