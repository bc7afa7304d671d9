//! Parameters: from a [`Value`] to the type that the server wants.
//!
//! Where the value has a binary format for the type it is sent so; else its text is, and the server reads it.

use std::io::Write;

use sqlmodel_core::Value;
use sqlmodel_core::value::Decimal;

use super::calendar::{days_of, micros_of, timestamp_micros_of};
use super::{FIRST_USER_OID, array, is_text, numeric, oid};
use crate::protocol::frontend::{Count, Format, counted};

/// Why a value cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodeError(pub(crate) &'static str);

/// The length that stands for NULL.
pub(crate) const NULL: [u8; 4] = (-1i32).to_be_bytes();

/// Appends a parameter with its length; `oid` is its type, or 0 while it is not known.
pub(crate) fn parameter(
    value: &Value<'_>,
    oid: u32,
    out: &mut Vec<u8>,
) -> Result<Format, EncodeError> {
    if value.is_null() {
        out.extend_from_slice(&NULL);
        return Ok(Format::Text);
    }
    let start = out.len();
    let mut written = Ok(None);
    counted(out, Count::WithoutItself, |out| {
        written = binary(value, oid, out);
    });
    if let Some(format) = written? {
        return Ok(format);
    }
    out.truncate(start);
    let mut written = Ok(());
    counted(out, Count::WithoutItself, |out| {
        written = text(value, out);
    });
    written.map(|()| Format::Text)
}

/// Returns the type that a parameter must be declared with when its type is not asked for first; 0 where any will do.
///
/// The text of a value means the same for every type that takes it, but for a duration: its microseconds would be
/// seconds to an INTERVAL.
pub(crate) fn declared_type(value: &Value<'_>) -> u32 {
    const INT8_ARRAY: u32 = 1016;
    let is_duration = |value: &Value<'_>| matches!(value, Value::Duration(_));
    match value {
        Value::Duration(_) => oid::INT8,
        Value::Array(values) if values.iter().any(is_duration) => INT8_ARRAY,
        _ => 0,
    }
}

/// Appends the value in a format that needs no text to be made; `None` when there is none for this type.
pub(super) fn binary(
    value: &Value<'_>,
    oid: u32,
    out: &mut Vec<u8>,
) -> Result<Option<Format>, EncodeError> {
    match (value, oid) {
        (Value::Bool(value), oid::BOOL) => out.push(u8::from(*value)),
        (Value::I16(value), _) => return integer(i64::from(*value), oid, out),
        (Value::I32(value), _) => return integer(i64::from(*value), oid, out),
        (Value::I64(value), _) => return integer(*value, oid, out),
        (Value::Duration(value), oid::INT8) => out.extend_from_slice(&value.micros.to_be_bytes()),
        (Value::Duration(value), oid::INTERVAL) => {
            out.extend_from_slice(&value.micros.to_be_bytes());
            out.extend_from_slice(&[0; 8]);
        }
        (Value::F32(value), oid::FLOAT4) => out.extend_from_slice(&value.to_be_bytes()),
        (Value::F32(value), oid::FLOAT8) => {
            out.extend_from_slice(&f64::from(*value).to_be_bytes());
        }
        (Value::F64(value), oid::FLOAT8) => out.extend_from_slice(&value.to_be_bytes()),
        (Value::Decimal(value), oid::NUMERIC) => numeric::write(*value, out),
        (Value::Text(value), oid) if is_text(oid) || oid == 0 || oid >= FIRST_USER_OID => {
            return chars(value, out).map(|()| Some(Format::Text));
        }
        (Value::Json(value), oid::JSON) => chars(value, out)?,
        (Value::Json(value), oid::JSONB) => {
            // The version of the format.
            out.push(1);
            chars(value, out)?;
        }
        (Value::Bytes(value), oid::BYTEA) => out.extend_from_slice(value),
        (Value::Uuid(value), oid::UUID) => out.extend_from_slice(value),
        (Value::Date(value), oid::DATE) => out.extend_from_slice(&days_of(*value).to_be_bytes()),
        (Value::Time(value), oid::TIME) => out.extend_from_slice(&micros_of(*value).to_be_bytes()),
        (
            Value::Timestamp(value) | Value::Timestamptz(value),
            oid::TIMESTAMP | oid::TIMESTAMPTZ,
        ) => out.extend_from_slice(&timestamp_micros_of(*value).to_be_bytes()),
        (Value::Array(values), oid) => {
            let Some(element) = oid::element_of(oid) else {
                return Ok(None);
            };
            let written = array::write_binary(values, element, out)?;
            return Ok(written.map(|()| Format::Binary));
        }
        _ => return Ok(None),
    }
    Ok(Some(Format::Binary))
}

fn integer(value: i64, oid: u32, out: &mut Vec<u8>) -> Result<Option<Format>, EncodeError> {
    match oid {
        oid::INT8 => out.extend_from_slice(&value.to_be_bytes()),
        oid::INT4 => {
            let value = i32::try_from(value)
                .map_err(|_| EncodeError("a number that does not fit an INTEGER"))?;
            out.extend_from_slice(&value.to_be_bytes());
        }
        oid::INT2 => {
            let value = i16::try_from(value)
                .map_err(|_| EncodeError("a number that does not fit a SMALLINT"))?;
            out.extend_from_slice(&value.to_be_bytes());
        }
        oid::NUMERIC => numeric::write(Decimal::from(value), out),
        _ => return Ok(None),
    }
    Ok(Some(Format::Binary))
}

/// Appends the value as text, as PostgreSQL reads it for any type that has such values.
pub(super) fn text(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    // Writing to a vector cannot fail.
    let _ = match value {
        Value::Bool(value) => write!(out, "{value}"),
        Value::I16(value) => write!(out, "{value}"),
        Value::I32(value) => write!(out, "{value}"),
        Value::I64(value) => write!(out, "{value}"),
        Value::F32(value) => write!(out, "{value}"),
        Value::F64(value) => write!(out, "{value}"),
        Value::Decimal(value) => write!(out, "{value}"),
        Value::Text(value) | Value::Json(value) => return chars(value, out),
        Value::Bytes(value) => {
            out.extend_from_slice(b"\\x");
            value.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
        }
        Value::Uuid(value) => {
            let number = u128::from_be_bytes(*value);
            write!(
                out,
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                number >> 96,
                number >> 80 & 0xffff,
                number >> 64 & 0xffff,
                number >> 48 & 0xffff,
                number & 0xffff_ffff_ffff
            )
        }
        Value::Date(value) => write!(out, "{value}"),
        Value::Time(value) => write!(out, "{value}"),
        Value::Timestamp(value) => write!(out, "{value}"),
        Value::Timestamptz(value) => write!(out, "{value}+00"),
        Value::Duration(value) => write!(out, "{}", value.micros),
        Value::Array(values) => return array::write_text(values, out),
        Value::Null => return Err(EncodeError("a NULL where a value is needed")),
        Value::Invalid(_) => return Err(EncodeError("a value that no database can store")),
        Value::Default => {
            return Err(EncodeError(
                "a column left to its default, which cannot be a parameter",
            ));
        }
    };
    Ok(())
}

fn chars(text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if text.contains('\0') {
        return Err(EncodeError(
            "a text with a zero character, which PostgreSQL cannot store",
        ));
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}
