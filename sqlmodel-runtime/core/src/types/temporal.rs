//! What the crates for time have in common: their values are made of the parts of [`Date`] and [`Time`].

use crate::value::{Date, Time};

/// Returns the day, or `None` for one that some database cannot store.
pub(super) fn parts_of(year: i32, month: u32, day: u32) -> Option<Date> {
    Date::try_new(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )
}

/// Returns the time of day to the microsecond, or `None` for a leap second.
pub(super) fn time_parts_of(hour: u32, minute: u32, second: u32, nanosecond: u32) -> Option<Time> {
    Time::try_new(
        u8::try_from(hour).ok()?,
        u8::try_from(minute).ok()?,
        u8::try_from(second).ok()?,
        nanosecond / 1000,
    )
}

/// Implements encoding and decoding by parts: type, variant of `Value`, getter of the row, what it takes,
/// how to make parts, and how to make the type from parts.
macro_rules! from_parts {
    ($($ty:ty: $variant:ident, $getter:ident, $expected:literal, $to:expr, $from:expr;)+) => {$(
        impl $crate::encode::Encode for $ty {
            fn encode(&self) -> $crate::value::Value<'_> {
                let to_parts: fn(&$ty) -> Option<_> = $to;
                match to_parts(self) {
                    Some(parts) => $crate::value::Value::$variant(parts),
                    None => $crate::value::Value::Invalid(
                        concat!("only ", $expected, " can be stored").into(),
                    ),
                }
            }
        }

        impl $crate::decode::Decode for $ty {
            fn decode<R: $crate::decode::RowRead>(
                row: &R,
                at: usize,
            ) -> Result<Self, $crate::decode::DecodeError> {
                let from_parts = $from;
                from_parts(row.$getter(at)?).ok_or_else(|| {
                    $crate::decode::DecodeError::new(
                        at,
                        $expected,
                        $crate::value::ValueKind::Timestamp,
                    )
                })
            }
        }

        impl $crate::decode::FieldValue for $ty {
            type Base = Self;
            type Lift<U: $crate::decode::FieldValue> = U;
        }
    )+};
}

pub(super) use from_parts;
