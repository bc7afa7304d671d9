//! JSON: any value, or a Rust type of the user that serializes to it.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decode::{Decode, DecodeError, FieldValue, RowRead};
use crate::encode::Encode;
use crate::value::{Value, ValueKind};

/// Any JSON value.
pub use serde_json::Value as Json;

impl Encode for Json {
    fn encode(&self) -> Value<'_> {
        encode(self)
    }
}

impl Decode for Json {
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        decode(row, at)
    }
}

impl FieldValue for Json {
    type Base = Self;
    type Lift<U: FieldValue> = U;
}

/// Returns a serializable value as JSON.
///
/// A type that JSON has no form for, such as a map whose keys are no strings, gives [`Value::Invalid`].
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Value<'static> {
    match serde_json::to_string(value) {
        Ok(text) => Value::Json(Cow::Owned(text)),
        Err(error) => Value::Invalid(format!("the value has no JSON form: {error}").into()),
    }
}

/// Returns a serializable value as JSON, `None` as NULL.
pub fn encode_option<T: Serialize>(value: &Option<T>) -> Value<'static> {
    value.as_ref().map_or(Value::Null, encode)
}

/// Reads a value from JSON.
///
/// # Errors
///
/// When the column is NULL, or the JSON is not what `T` takes.
pub fn decode<T: DeserializeOwned, R: RowRead>(row: &R, at: usize) -> Result<T, DecodeError> {
    let text = row.json(at)?;
    serde_json::from_str(&text).map_err(|error| {
        DecodeError::new(at, std::any::type_name::<T>(), ValueKind::Json).with_cause(error)
    })
}

/// Reads a value from JSON, `None` for NULL.
///
/// # Errors
///
/// When the JSON is not what `T` takes.
pub fn decode_option<T: DeserializeOwned, R: RowRead>(
    row: &R,
    at: usize,
) -> Result<Option<T>, DecodeError> {
    if row.is_null(at) {
        Ok(None)
    } else {
        decode(row, at).map(Some)
    }
}
