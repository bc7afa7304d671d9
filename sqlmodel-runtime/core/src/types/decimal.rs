//! Decimals as a column takes them: SQLite holds none to the digits that the schema says.

use crate::encode::Encode;
use crate::value::Value;

/// Returns a decimal with at most so many digits behind the point, as PostgreSQL and MySQL round it: a half away from zero.
pub fn encode<const SCALE: u8, T: Encode>(value: &T) -> Value<'_> {
    rounded(value.encode(), SCALE)
}

/// Rounds a value that is a decimal, and leaves others as they are.
pub fn rounded(value: Value<'_>, scale: u8) -> Value<'_> {
    match value {
        Value::Decimal(value) => Value::Decimal(value.checked_round(scale).unwrap_or(value)),
        other => other,
    }
}
