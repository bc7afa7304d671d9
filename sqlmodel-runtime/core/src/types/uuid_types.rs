//! UUIDs of the `uuid` crate.

use uuid::Uuid;

use crate::decode::{Decode, DecodeError, FieldValue, RowRead};
use crate::encode::Encode;
use crate::value::Value;

impl Encode for Uuid {
    fn encode(&self) -> Value<'_> {
        Value::Uuid(self.into_bytes())
    }
}

impl Decode for Uuid {
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        row.uuid(at).map(Self::from_bytes)
    }
}

impl FieldValue for Uuid {
    type Base = Self;
    type Lift<U: FieldValue> = U;
}
