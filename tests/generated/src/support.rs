//! Types of the user that the schema `shop` names.

use std::collections::BTreeMap;

use sqlmodel_runtime::ValueKind;
use sqlmodel_runtime::codegen::{Decode, DecodeError, Encode, RowRead, Value, field_value};

/// What is stored as JSON.
pub type Settings = BTreeMap<String, String>;

/// Whole degrees. Those below absolute zero can be written and not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Celsius(pub i32);

impl Encode for Celsius {
    fn encode(&self) -> Value<'_> {
        self.0.encode()
    }
}

impl Decode for Celsius {
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        match i32::decode(row, at)? {
            degrees @ -273.. => Ok(Self(degrees)),
            _ => Err(DecodeError::new(at, "degrees", ValueKind::Integer)),
        }
    }
}

field_value!(Celsius);

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cents(pub i64);

impl Encode for Cents {
    fn encode(&self) -> Value<'_> {
        self.0.encode()
    }
}

impl Decode for Cents {
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        i64::decode(row, at).map(Self)
    }
}

field_value!(Cents);
