//! Constant values, and the functions that a default may name on every dialect.

mod sql;
#[cfg(test)]
mod tests;

pub use sql::compact_json;

use std::borrow::Cow;

use crate::{Date, Dialect, List, ScalarType, Text, Time, Timestamp};

/// A constant value.
///
/// Numbers that have no exact Rust type in `std` are kept as the text the author wrote.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `NULL`
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number: finite, as Rust's `f64` parses it.
    Float(Text),
    /// A decimal number: an optional sign, digits, and optionally a point and more digits.
    Decimal(Text),
    /// Text.
    Text(Text),
    /// Bytes.
    Bytes(Cow<'static, [u8]>),
    /// A JSON document.
    Json(Text),
    /// A UUID, in network byte order.
    Uuid([u8; 16]),
    /// A day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date and time without a zone.
    Timestamp(Timestamp),
    /// A point in time, in UTC.
    Timestamptz(Timestamp),
    /// A length of time in microseconds.
    Duration(i64),
    /// An array of scalars.
    Array(List<Literal>),
}

/// A function that every dialect offers under one name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// The present point in time, in UTC.
    Now,
    /// The present day, in UTC.
    Today,
    /// The present time of day, in UTC.
    CurrentTime,
    /// A random UUID, made by the client.
    UuidV4,
    /// A UUID that sorts by the time of its creation, made by the client.
    UuidV7,
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 5] = [
        Self::Now,
        Self::Today,
        Self::CurrentTime,
        Self::UuidV4,
        Self::UuidV7,
    ];

    /// The name of the function in the schema language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Today => "today",
            Self::CurrentTime => "current_time",
            Self::UuidV4 => "uuid_v4",
            Self::UuidV7 => "uuid_v7",
        }
    }

    /// Reads back what [`Function::name`] returns.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }

    /// Returns whether the client makes the value, so that the column has no `DEFAULT`.
    ///
    /// No dialect but PostgreSQL 18 has both kinds of UUID, and a client that makes the key itself
    /// knows it before the row is stored.
    pub const fn is_client_side(self) -> bool {
        match self {
            Self::Now | Self::Today | Self::CurrentTime => false,
            Self::UuidV4 | Self::UuidV7 => true,
        }
    }

    /// Returns the expression that gives the value for a column of the type, `None` if the client makes it.
    ///
    /// It is in parentheses where a `DEFAULT` clause wants them.
    pub fn sql(self, dialect: Dialect, ty: &ScalarType) -> Option<&'static str> {
        let has_zone = *ty == ScalarType::Timestamptz;
        Some(match (self, dialect) {
            (Self::UuidV4 | Self::UuidV7, _) => return None,
            (Self::Now, Dialect::Sqlite) => "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
            (Self::Now, Dialect::Postgres) if has_zone => "now()",
            (Self::Now, Dialect::Postgres) => "(now() AT TIME ZONE 'UTC')",
            (Self::Now, Dialect::Mysql) => "(UTC_TIMESTAMP(6))",
            (Self::Today, Dialect::Sqlite) => "(date('now'))",
            (Self::Today, Dialect::Postgres) => "((now() AT TIME ZONE 'UTC')::date)",
            (Self::Today, Dialect::Mysql) => "(UTC_DATE())",
            (Self::CurrentTime, Dialect::Sqlite) => "(strftime('%H:%M:%f000', 'now'))",
            (Self::CurrentTime, Dialect::Postgres) => "((now() AT TIME ZONE 'UTC')::time)",
            (Self::CurrentTime, Dialect::Mysql) => "(UTC_TIME(6))",
        })
    }

    /// Returns whether a column of the type can hold the value.
    pub const fn fits(self, ty: &ScalarType) -> bool {
        match self {
            Self::Now => matches!(ty, ScalarType::Timestamp | ScalarType::Timestamptz),
            Self::Today => matches!(ty, ScalarType::Date),
            Self::CurrentTime => matches!(ty, ScalarType::Time),
            Self::UuidV4 | Self::UuidV7 => matches!(ty, ScalarType::Uuid),
        }
    }
}
