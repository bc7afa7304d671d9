//! Decimals of the `rust_decimal` crate, which hold 28 digits.

use rust_decimal::Decimal;

use crate::decode::{Decode, DecodeError, FieldValue, RowRead};
use crate::encode::Encode;
use crate::value::{self, Value, ValueKind};

impl Encode for Decimal {
    fn encode(&self) -> Value<'_> {
        let scale = u8::try_from(self.scale()).unwrap_or(u8::MAX);
        match value::Decimal::try_new(self.mantissa(), scale) {
            Some(decimal) => Value::Decimal(decimal),
            None => Value::Invalid("only 38 decimal places can be stored".into()),
        }
    }
}

impl Decode for Decimal {
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        let decimal = row.decimal(at)?;
        Self::try_from_i128_with_scale(decimal.mantissa(), u32::from(decimal.scale())).map_err(
            |error| {
                DecodeError::new(at, "a decimal of at most 28 digits", ValueKind::Decimal)
                    .with_cause(error)
            },
        )
    }
}

impl FieldValue for Decimal {
    type Base = Self;
    const IS_DECIMAL: bool = true;
    type Lift<U: FieldValue> = U;
}
