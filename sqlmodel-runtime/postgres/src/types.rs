//! Values on the wire: PostgreSQL's types by their OIDs, and their binary and text formats.

mod array;
mod calendar;
pub(crate) mod encode;
mod numeric;
pub(crate) mod row;
#[cfg(test)]
mod tests;

use sqlmodel_core::ValueKind;

/// The OIDs of built-in types (pg_type.dat).
pub(crate) mod oid {
    use std::borrow::Cow;

    pub(crate) const BOOL: u32 = 16;
    pub(crate) const BYTEA: u32 = 17;
    pub(crate) const CHAR: u32 = 18;
    pub(crate) const NAME: u32 = 19;
    pub(crate) const INT8: u32 = 20;
    pub(crate) const INT2: u32 = 21;
    pub(crate) const INT4: u32 = 23;
    pub(crate) const TEXT: u32 = 25;
    pub(crate) const OID: u32 = 26;
    pub(crate) const JSON: u32 = 114;
    pub(crate) const XML: u32 = 142;
    pub(crate) const FLOAT4: u32 = 700;
    pub(crate) const FLOAT8: u32 = 701;
    pub(crate) const UNKNOWN: u32 = 705;
    pub(crate) const BPCHAR: u32 = 1042;
    pub(crate) const VARCHAR: u32 = 1043;
    pub(crate) const DATE: u32 = 1082;
    pub(crate) const TIME: u32 = 1083;
    pub(crate) const TIMESTAMP: u32 = 1114;
    pub(crate) const TIMESTAMPTZ: u32 = 1184;
    pub(crate) const INTERVAL: u32 = 1186;
    pub(crate) const NUMERIC: u32 = 1700;
    pub(crate) const UUID: u32 = 2950;
    pub(crate) const JSONB: u32 = 3802;
    pub(crate) const JSONPATH: u32 = 4072;

    /// Returns the name of a built-in type in `pg_type`, with `[]` for an array; the digits of any other.
    pub(crate) fn name(oid: u32) -> Cow<'static, str> {
        if let Some(element) = element_of(oid) {
            return format!("{}[]", name(element)).into();
        }
        let name = match oid {
            BOOL => "bool",
            BYTEA => "bytea",
            CHAR => "char",
            NAME => "name",
            INT8 => "int8",
            INT2 => "int2",
            INT4 => "int4",
            TEXT => "text",
            OID => "oid",
            JSON => "json",
            XML => "xml",
            FLOAT4 => "float4",
            FLOAT8 => "float8",
            UNKNOWN => "unknown",
            BPCHAR => "bpchar",
            VARCHAR => "varchar",
            DATE => "date",
            TIME => "time",
            TIMESTAMP => "timestamp",
            TIMESTAMPTZ => "timestamptz",
            INTERVAL => "interval",
            NUMERIC => "numeric",
            UUID => "uuid",
            JSONB => "jsonb",
            JSONPATH => "jsonpath",
            other => return other.to_string().into(),
        };
        name.into()
    }

    /// Types and the types of their arrays.
    const ARRAYS: &[(u32, u32)] = &[
        (BOOL, 1000),
        (BYTEA, 1001),
        (CHAR, 1002),
        (NAME, 1003),
        (INT2, 1005),
        (INT4, 1007),
        (TEXT, 1009),
        (BPCHAR, 1014),
        (VARCHAR, 1015),
        (INT8, 1016),
        (FLOAT4, 1021),
        (FLOAT8, 1022),
        (OID, 1028),
        (TIMESTAMP, 1115),
        (DATE, 1182),
        (TIME, 1183),
        (TIMESTAMPTZ, 1185),
        (INTERVAL, 1187),
        (NUMERIC, 1231),
        (XML, 143),
        (JSON, 199),
        (UUID, 2951),
        (JSONB, 3807),
    ];

    /// Returns the type of an array's elements, for the built-in arrays.
    pub(crate) fn element_of(array: u32) -> Option<u32> {
        ARRAYS
            .iter()
            .find(|(_, of_array)| *of_array == array)
            .map(|(element, _)| *element)
    }
}

/// The first OID of types that users create: enums, domains' bases excepted, composites and those of extensions.
const FIRST_USER_OID: u32 = 16_384;

/// Returns what kind of value a type holds; for messages, and to read a column without knowing what is wanted.
fn kind_of(oid: u32) -> ValueKind {
    match oid {
        oid::BOOL => ValueKind::Bool,
        oid::INT2 | oid::INT4 | oid::INT8 | oid::OID => ValueKind::Integer,
        oid::FLOAT4 | oid::FLOAT8 => ValueKind::Float,
        oid::NUMERIC => ValueKind::Decimal,
        oid::BYTEA => ValueKind::Bytes,
        oid::UUID => ValueKind::Uuid,
        oid::DATE => ValueKind::Date,
        oid::TIME => ValueKind::Time,
        oid::TIMESTAMP | oid::TIMESTAMPTZ => ValueKind::Timestamp,
        oid::INTERVAL => ValueKind::Duration,
        oid::JSON | oid::JSONB => ValueKind::Json,
        other if oid::element_of(other).is_some() => ValueKind::Array,
        _ => ValueKind::Text,
    }
}

/// Tells whether the binary format of a type is its text.
fn is_text(oid: u32) -> bool {
    matches!(
        oid,
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::CHAR | oid::XML | oid::UNKNOWN
    )
}
