//! A row of PostgreSQL, read in place from its message.

use std::borrow::Cow;
use std::error::Error as StdError;

use sqlmodel_core::types::array as json_array;
use sqlmodel_core::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_core::{Decode, DecodeError, RowRead, Value, ValueKind};

use super::calendar::{MICROS_PER_DAY, date_of, time_of, timestamp_of};
use super::{FIRST_USER_OID, array, is_text, kind_of, numeric, oid};
use crate::protocol::Malformed;
use crate::protocol::backend::{Cell, Column};
use crate::protocol::reader::Reader;

/// A row while its message is in the buffer; and one element of an array, as a row of one column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PostgresRow<'r> {
    pub(crate) bytes: &'r [u8],
    pub(crate) cells: &'r [Cell],
    pub(crate) columns: &'r [Column],
}

impl<'r> PostgresRow<'r> {
    #[inline]
    fn at(&self, at: usize) -> (u32, Option<&'r [u8]>) {
        let oid = self.columns.get(at).map_or(0, |column| column.oid);
        let cell = self.cells.get(at).copied().flatten();
        // Places are checked when they are found, and fit an address then.
        let bytes = cell.and_then(|(at, length)| {
            let at = usize::try_from(at).ok()?;
            let end = at.checked_add(usize::try_from(length).ok()?)?;
            self.bytes.get(at..end)
        });
        (oid, bytes)
    }

    fn elements<T>(
        &self,
        at: usize,
        bytes: &'r [u8],
        mut read: impl FnMut(&PostgresRow<'_>) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let expected = "a list";
        let elements = match array::read(bytes) {
            Ok(Some(elements)) => elements,
            Ok(None) => {
                return Err(DecodeError::new(
                    at,
                    "a list of one dimension",
                    ValueKind::Array,
                ));
            }
            Err(malformed) => return Err(broken(at, expected, ValueKind::Array, malformed)),
        };
        let columns = [Column {
            name: Box::default(),
            oid: elements.oid,
        }];
        let element = |cell: &Cell| {
            let row = PostgresRow {
                bytes,
                cells: std::slice::from_ref(cell),
                columns: &columns,
            };
            read(&row).map_err(|refused| refused.moved_to(at))
        };
        elements.cells.iter().map(element).collect()
    }
}

#[cold]
fn refused(at: usize, expected: &'static str, oid: u32, bytes: Option<&[u8]>) -> DecodeError {
    let found = bytes.map_or(ValueKind::Null, |_| kind_of(oid));
    DecodeError::new(at, expected, found)
}

#[cold]
fn broken(
    at: usize,
    expected: &'static str,
    found: ValueKind,
    cause: impl Into<Box<dyn StdError + Send + Sync>>,
) -> DecodeError {
    DecodeError::new(at, expected, found).with_cause(cause)
}

#[inline]
fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[inline]
fn utf8<'b>(bytes: &'b [u8], at: usize, expected: &'static str) -> Result<&'b str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| broken(at, expected, ValueKind::Text, error))
}

/// Reads a span of time; a month has no length that is always the same.
fn interval(bytes: &[u8]) -> Option<Duration> {
    let mut reader = Reader(bytes);
    let micros = reader.i64().ok()?;
    let days = i64::from(reader.i32().ok()?);
    let months = reader.i32().ok()?;
    let micros = days.checked_mul(MICROS_PER_DAY)?.checked_add(micros)?;
    (months == 0 && reader.is_empty()).then_some(Duration { micros })
}

const CAST_TO_TEXT: &str = "a text (cast the type to it: `::text`)";

/// Returns the text of a type that this driver does not know, where its binary format is text.
///
/// That of an enum, of `citext` and of domains over texts is. What other extensions send begins with a version, a count or a flag,
/// and composites with the number of their fields.
fn text_of(oid: u32, bytes: &[u8]) -> Option<&[u8]> {
    match oid {
        oid::JSONPATH => bytes.strip_prefix(&[1]),
        FIRST_USER_OID.. => begins_as_text(bytes).then_some(bytes),
        _ => None,
    }
}

fn begins_as_text(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|first| *first >= b'\t') && !bytes.contains(&0)
}

/// Returns the text of a JSONB, which has the version of its format before it.
fn json_bytes(oid: u32, bytes: &[u8]) -> Option<&[u8]> {
    match oid {
        oid::JSON => Some(bytes),
        oid::JSONB => bytes.strip_prefix(&[1]),
        oid if is_text(oid) => Some(bytes),
        _ => None,
    }
}

/// An integer of a type that holds integers.
#[inline]
fn integer(oid: u32, bytes: &[u8]) -> Option<i64> {
    match oid {
        oid::INT8 => fixed(bytes).map(i64::from_be_bytes),
        oid::INT4 => fixed(bytes).map(|bytes| i64::from(i32::from_be_bytes(bytes))),
        oid::INT2 => fixed(bytes).map(|bytes| i64::from(i16::from_be_bytes(bytes))),
        oid::OID => fixed(bytes).map(|bytes| i64::from(u32::from_be_bytes(bytes))),
        _ => None,
    }
}

/// A decimal of a type that holds exact numbers; `Ok(None)` for another type or a number that is too long.
fn decimal(oid: u32, bytes: &[u8]) -> Result<Option<Decimal>, Malformed> {
    if oid == oid::NUMERIC {
        return numeric::read(bytes);
    }
    Ok(integer(oid, bytes).map(Decimal::from))
}

impl RowRead for PostgresRow<'_> {
    fn width(&self) -> usize {
        self.cells.len()
    }

    fn column(&self, at: usize) -> &str {
        self.columns.get(at).map_or("", |column| &column.name)
    }

    #[inline]
    fn is_null(&self, at: usize) -> bool {
        self.cells.get(at).is_none_or(Option::is_none)
    }

    fn value(&self, at: usize) -> Result<Value<'_>, DecodeError> {
        let (oid, Some(bytes)) = self.at(at) else {
            return Ok(Value::Null);
        };
        Ok(match oid {
            oid::BOOL => Value::Bool(self.bool(at)?),
            oid::INT2 => Value::I16(i16::decode(self, at)?),
            oid::INT4 => Value::I32(i32::decode(self, at)?),
            oid::INT8 | oid::OID => Value::I64(self.i64(at)?),
            oid::FLOAT4 => Value::F32(f32::decode(self, at)?),
            oid::FLOAT8 => Value::F64(self.f64(at)?),
            oid::NUMERIC => Value::Decimal(self.decimal(at)?),
            oid::BYTEA => Value::Bytes(Cow::Borrowed(bytes)),
            oid::UUID => Value::Uuid(self.uuid(at)?),
            oid::DATE => Value::Date(self.date(at)?),
            oid::TIME => Value::Time(self.time(at)?),
            oid::TIMESTAMP => Value::Timestamp(self.timestamp(at)?),
            oid::TIMESTAMPTZ => Value::Timestamptz(self.timestamp(at)?),
            oid::INTERVAL => Value::Duration(self.duration(at)?),
            oid::JSON | oid::JSONB => Value::Json(self.json(at)?),
            oid if oid::element_of(oid).is_some() => {
                let read = |row: &PostgresRow<'_>| row.value(0).map(Value::into_owned);
                Value::Array(self.elements(at, bytes, read)?)
            }
            oid if is_text(oid) => Value::Text(Cow::Borrowed(utf8(bytes, at, "a text")?)),
            // A type that this driver does not know: the labels of an enum are text, a composite is not.
            oid => {
                let text = match oid {
                    oid::JSONPATH | FIRST_USER_OID.. => text_of(oid, bytes),
                    _ => begins_as_text(bytes).then_some(bytes),
                };
                match text.map(std::str::from_utf8) {
                    Some(Ok(text)) => Value::Text(Cow::Borrowed(text)),
                    _ => Value::Bytes(Cow::Borrowed(bytes)),
                }
            }
        })
    }

    #[inline]
    fn bool(&self, at: usize) -> Result<bool, DecodeError> {
        match self.at(at) {
            (oid::BOOL, Some([0])) => Ok(false),
            (oid::BOOL, Some([1])) => Ok(true),
            (oid, bytes) => Err(refused(at, "a bool", oid, bytes)),
        }
    }

    #[inline]
    fn i64(&self, at: usize) -> Result<i64, DecodeError> {
        let (oid, bytes) = self.at(at);
        let value = bytes.and_then(|bytes| match oid {
            // Sums of integers are NUMERIC.
            oid::NUMERIC => {
                let decimal = numeric::read(bytes).ok().flatten()?;
                let unit = 10i128.pow(u32::from(decimal.scale()));
                let is_whole = decimal.mantissa() % unit == 0;
                is_whole.then(|| i64::try_from(decimal.mantissa() / unit).ok())?
            }
            _ => integer(oid, bytes),
        });
        value.ok_or_else(|| refused(at, "an integer", oid, bytes))
    }

    #[inline]
    fn f64(&self, at: usize) -> Result<f64, DecodeError> {
        let (oid, bytes) = self.at(at);
        let value = bytes.and_then(|bytes| match oid {
            oid::FLOAT8 => fixed(bytes).map(f64::from_be_bytes),
            oid::FLOAT4 => fixed(bytes).map(|bytes| f64::from(f32::from_be_bytes(bytes))),
            _ => None,
        });
        value.ok_or_else(|| refused(at, "a float", oid, bytes))
    }

    fn decimal(&self, at: usize) -> Result<Decimal, DecodeError> {
        let expected = "a decimal of at most 38 digits";
        let (oid, bytes) = self.at(at);
        match bytes.map(|bytes| decimal(oid, bytes)) {
            Some(Ok(Some(decimal))) => Ok(decimal),
            Some(Err(malformed)) => Err(broken(at, expected, ValueKind::Decimal, malformed)),
            _ => Err(refused(at, expected, oid, bytes)),
        }
    }

    #[inline]
    fn text(&self, at: usize) -> Result<&str, DecodeError> {
        match self.at(at) {
            (oid, Some(bytes)) if is_text(oid) => utf8(bytes, at, "a text"),
            (oid, Some(bytes)) => match text_of(oid, bytes) {
                Some(text) => utf8(text, at, "a text"),
                None if oid >= FIRST_USER_OID => Err(refused(at, CAST_TO_TEXT, oid, Some(bytes))),
                None => Err(refused(at, "a text", oid, Some(bytes))),
            },
            (oid, None) => Err(refused(at, "a text", oid, None)),
        }
    }

    #[inline]
    fn bytes(&self, at: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        match self.at(at) {
            (oid::BYTEA, Some(bytes)) => Ok(Cow::Borrowed(bytes)),
            (oid, bytes) => Err(refused(at, "bytes", oid, bytes)),
        }
    }

    fn uuid(&self, at: usize) -> Result<[u8; 16], DecodeError> {
        let (oid, bytes) = self.at(at);
        let value = bytes.filter(|_| oid == oid::UUID).and_then(fixed);
        value.ok_or_else(|| refused(at, "a uuid", oid, bytes))
    }

    fn date(&self, at: usize) -> Result<Date, DecodeError> {
        let (oid, bytes) = self.at(at);
        let value = bytes.filter(|_| oid == oid::DATE).and_then(fixed);
        value
            .and_then(|bytes| date_of(i64::from(i32::from_be_bytes(bytes))))
            .ok_or_else(|| refused(at, "a date of the years 1 to 9999", oid, bytes))
    }

    fn time(&self, at: usize) -> Result<Time, DecodeError> {
        let (oid, bytes) = self.at(at);
        let value = bytes.filter(|_| oid == oid::TIME).and_then(fixed);
        value
            .and_then(|bytes| time_of(i64::from_be_bytes(bytes)))
            .ok_or_else(|| refused(at, "a time before 24:00", oid, bytes))
    }

    fn timestamp(&self, at: usize) -> Result<Timestamp, DecodeError> {
        let (oid, bytes) = self.at(at);
        let is_timestamp = matches!(oid, oid::TIMESTAMP | oid::TIMESTAMPTZ);
        let value = bytes.filter(|_| is_timestamp).and_then(fixed);
        value
            .and_then(|bytes| timestamp_of(i64::from_be_bytes(bytes)))
            .ok_or_else(|| refused(at, "a timestamp of the years 1 to 9999", oid, bytes))
    }

    fn duration(&self, at: usize) -> Result<Duration, DecodeError> {
        let (oid, bytes) = self.at(at);
        let value = bytes.and_then(|bytes| match oid {
            oid::INTERVAL => interval(bytes),
            _ => integer(oid, bytes).map(|micros| Duration { micros }),
        });
        value.ok_or_else(|| refused(at, "a duration without months", oid, bytes))
    }

    fn json(&self, at: usize) -> Result<Cow<'_, str>, DecodeError> {
        let expected = "a JSON text";
        let (oid, bytes) = self.at(at);
        match bytes.and_then(|bytes| json_bytes(oid, bytes)) {
            Some(json) => utf8(json, at, expected).map(Cow::Borrowed),
            None => Err(refused(at, expected, oid, bytes)),
        }
    }

    fn array<T: Decode>(&self, at: usize) -> Result<Vec<T>, DecodeError> {
        match self.at(at) {
            // The array of an enum has an OID of its own.
            (oid, Some(bytes)) if oid::element_of(oid).is_some() || oid >= FIRST_USER_OID => {
                self.elements(at, bytes, |row| T::decode(row, 0))
            }
            (oid, Some(bytes)) if json_bytes(oid, bytes).is_some() => {
                let json = json_bytes(oid, bytes).unwrap_or_default();
                json_array::read(utf8(json, at, "a JSON list")?, at)
            }
            (oid, bytes) => Err(refused(at, "a list", oid, bytes)),
        }
    }
}
