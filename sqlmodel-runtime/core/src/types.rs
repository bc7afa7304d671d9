//! Field types that Rust's standard library does not bring: JSON, lists, UUIDs, and dates and times.
//!
//! Each crate is behind a feature of the same name. Values that the databases have no room for (a year
//! past 9999, a leap second) become [`Value::Invalid`](crate::Value::Invalid), which drivers refuse with its reason.
//! Times are stored to the microsecond; what is finer is cut off.

pub mod array;
#[cfg(feature = "chrono")]
mod chrono_types;
pub mod decimal;
#[cfg(feature = "jiff")]
mod jiff_types;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "rust_decimal")]
mod rust_decimal_types;
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
mod temporal;
#[cfg(test)]
mod tests;
#[cfg(feature = "time")]
mod time_types;
#[cfg(feature = "uuid")]
mod uuid_types;

pub use crate::value::Decimal;
pub use array::Array;
#[cfg(feature = "chrono")]
pub use chrono;
#[cfg(feature = "jiff")]
pub use jiff;
#[cfg(feature = "json")]
pub use json::Json;
#[cfg(feature = "rust_decimal")]
pub use rust_decimal;
#[cfg(feature = "time")]
pub use time;
#[cfg(feature = "uuid")]
pub use uuid::Uuid;
