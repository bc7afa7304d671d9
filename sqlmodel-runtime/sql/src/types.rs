//! The types of columns, as the schema language names them.

mod mapping;
#[cfg(test)]
mod tests;

use crate::{List, Text};

/// The type of a column: a scalar, or a one-level array of scalars.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// One value.
    Scalar(ScalarType),
    /// An ordered list of values: an array on PostgreSQL, a JSON array elsewhere.
    Array(ScalarType),
}

/// Shorter names of the types that need nothing else.
impl SqlType {
    /// `bool`
    pub const BOOL: Self = Self::Scalar(ScalarType::Bool);
    /// `i16`
    pub const I16: Self = Self::Scalar(ScalarType::I16);
    /// `i32`
    pub const I32: Self = Self::Scalar(ScalarType::I32);
    /// `i64`
    pub const I64: Self = Self::Scalar(ScalarType::I64);
    /// `f32`
    pub const F32: Self = Self::Scalar(ScalarType::F32);
    /// `f64`
    pub const F64: Self = Self::Scalar(ScalarType::F64);
    /// `text`
    pub const TEXT: Self = Self::Scalar(ScalarType::Text { max_chars: None });
    /// `bytes`
    pub const BYTES: Self = Self::Scalar(ScalarType::Bytes);
    /// `uuid`
    pub const UUID: Self = Self::Scalar(ScalarType::Uuid);
    /// `date`
    pub const DATE: Self = Self::Scalar(ScalarType::Date);
    /// `time`
    pub const TIME: Self = Self::Scalar(ScalarType::Time);
    /// `timestamp`
    pub const TIMESTAMP: Self = Self::Scalar(ScalarType::Timestamp);
    /// `timestamptz`
    pub const TIMESTAMPTZ: Self = Self::Scalar(ScalarType::Timestamptz);
    /// `duration`
    pub const DURATION: Self = Self::Scalar(ScalarType::Duration);
    /// `json`
    pub const JSON: Self = Self::Scalar(ScalarType::Json);

    /// `text(n)`
    pub const fn text(max_chars: u32) -> Self {
        Self::Scalar(ScalarType::Text {
            max_chars: Some(max_chars),
        })
    }

    /// `decimal(p,s)`
    pub const fn decimal(precision: u16, scale: u16) -> Self {
        Self::Scalar(ScalarType::Decimal { precision, scale })
    }

    /// The scalar, or the type of an array's elements.
    pub const fn scalar(&self) -> &ScalarType {
        match self {
            Self::Scalar(scalar) | Self::Array(scalar) => scalar,
        }
    }

    /// Returns whether the type is an array.
    pub const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }
}

impl std::fmt::Display for SqlType {
    /// Writes the type as the schema language does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scalar(scalar) => scalar.fmt(f),
            Self::Array(scalar) => write!(f, "{scalar}[]"),
        }
    }
}

/// The type of one value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// True or false.
    Bool,
    /// A whole number of 16 bits.
    I16,
    /// A whole number of 32 bits.
    I32,
    /// A whole number of 64 bits.
    I64,
    /// An IEEE 754 number of 32 bits.
    F32,
    /// An IEEE 754 number of 64 bits.
    F64,
    /// An exact decimal number.
    Decimal {
        /// Digits in all.
        precision: u16,
        /// Digits after the point.
        scale: u16,
    },
    /// Unicode text.
    Text {
        /// The largest number of characters; `None` for no limit.
        max_chars: Option<u32>,
    },
    /// Any bytes.
    Bytes,
    /// A UUID of any version.
    Uuid,
    /// A day of the calendar.
    Date,
    /// A time of day, exact to the microsecond.
    Time,
    /// A date and time of day without a zone, exact to the microsecond.
    Timestamp,
    /// A point in time, exact to the microsecond.
    Timestamptz,
    /// A length of time, as a signed 64-bit count of microseconds.
    Duration,
    /// A JSON document.
    Json,
    /// One of a fixed set of values.
    Enum(EnumType),
}

impl std::fmt::Display for ScalarType {
    /// Writes the type as the schema language does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::I16 => f.write_str("i16"),
            Self::I32 => f.write_str("i32"),
            Self::I64 => f.write_str("i64"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Text { max_chars: None } => f.write_str("text"),
            Self::Text {
                max_chars: Some(max_chars),
            } => write!(f, "text({max_chars})"),
            Self::Bytes => f.write_str("bytes"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Timestamptz => f.write_str("timestamptz"),
            Self::Duration => f.write_str("duration"),
            Self::Json => f.write_str("json"),
            Self::Enum(enum_) => f.write_str(&enum_.name),
        }
    }
}

/// An enum of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// The name: of the PostgreSQL type if the storage is native, else for people only.
    pub name: Text,
    /// The schema of the PostgreSQL type, if it is not in the search path.
    pub schema: Option<Text>,
    /// How the values are stored, and the values in order.
    pub values: EnumValues,
}

/// The stored values of an enum, in the order of their declaration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EnumValues {
    /// Stored as text, in the longest value's length.
    Text(List<Text>),
    /// Stored as `i32`.
    Int(List<i32>),
    /// Stored as a PostgreSQL enum type or a MySQL `ENUM`; as text on SQLite, which has neither.
    Native(List<Text>),
}
