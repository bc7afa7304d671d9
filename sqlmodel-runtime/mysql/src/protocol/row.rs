//! A row of a prepared statement's result, read in place.

use std::borrow::Cow;

use sqlmodel_core::types::array;
use sqlmodel_core::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_core::{Decode, DecodeError, RowRead, Value, ValueKind};

use super::column::{Column, ColumnType};
use super::wire::{Cursor, Malformed};

/// Where the fields of a row are in its packet. Kept from row to row, so that reading rows allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

/// A range of a packet, which is shorter than 4 GB; NULL is a range of nothing that begins nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    start: u32,
    end: u32,
}

impl Field {
    const NULL: Self = Self {
        start: u32::MAX,
        end: 0,
    };
}

impl Fields {
    /// Finds the fields of a row. Every range is checked here, once.
    pub(crate) fn find(&mut self, payload: &[u8], columns: &[Column]) -> Result<(), Malformed> {
        self.0.clear();
        let mut cursor = Cursor::new(payload);
        if cursor.u8()? != 0 {
            return Err(Malformed("a row"));
        }
        // The first two bits of the map are not used.
        let nulls = cursor.take((columns.len() + 2).div_ceil(8))?;
        let length = payload.len();
        for (at, column) in columns.iter().enumerate() {
            let bit = at + 2;
            let is_null = nulls
                .get(bit / 8)
                .is_some_and(|byte| byte >> (bit % 8) & 1 != 0);
            if is_null || column.ty == ColumnType::Null {
                self.0.push(Field::NULL);
                continue;
            }
            let bytes = match column.ty.width() {
                Some(width) => cursor.take(width)?,
                None => cursor.sized()?,
            };
            let end = length - cursor.rest().len();
            self.0.push(Field {
                start: position(end - bytes.len())?,
                end: position(end)?,
            });
        }
        Ok(())
    }
}

fn position(at: usize) -> Result<u32, Malformed> {
    u32::try_from(at).map_err(|_| Malformed("a packet below 4 GB"))
}

impl ColumnType {
    /// Returns the number of bytes of a value; `None` where it stands before each one.
    #[inline]
    fn width(self) -> Option<usize> {
        match self {
            Self::Null => Some(0),
            Self::Tiny => Some(1),
            Self::Short | Self::Year => Some(2),
            Self::Int | Self::Float => Some(4),
            Self::Long | Self::Double => Some(8),
            Self::Decimal
            | Self::Date
            | Self::DateTime
            | Self::Time
            | Self::Bit
            | Self::Json
            | Self::String => None,
        }
    }
}

/// A row while its packet is in the buffer.
pub(crate) struct BinaryRow<'p> {
    pub(crate) payload: &'p [u8],
    pub(crate) columns: &'p [Column],
    pub(crate) fields: &'p Fields,
}

impl BinaryRow<'_> {
    /// Returns the bytes of a field and how they are to be read; `None` is NULL.
    #[inline]
    fn at(&self, at: usize) -> Option<(&Column, &[u8])> {
        let field = self.fields.0.get(at)?;
        let bytes = self.payload.get(field.start as usize..field.end as usize)?;
        Some((self.columns.get(at)?, bytes))
    }

    #[cold]
    fn refused(&self, at: usize, expected: &'static str) -> DecodeError {
        let found = match self.at(at) {
            None => ValueKind::Null,
            Some((column, _)) => match column.ty {
                ColumnType::Null => ValueKind::Null,
                ColumnType::Tiny
                | ColumnType::Short
                | ColumnType::Year
                | ColumnType::Int
                | ColumnType::Long => ValueKind::Integer,
                ColumnType::Float | ColumnType::Double => ValueKind::Float,
                ColumnType::Decimal => ValueKind::Decimal,
                ColumnType::Date => ValueKind::Date,
                ColumnType::DateTime => ValueKind::Timestamp,
                ColumnType::Time => ValueKind::Time,
                ColumnType::Json => ValueKind::Json,
                ColumnType::Bit => ValueKind::Bytes,
                ColumnType::String if column.is_binary => ValueKind::Bytes,
                ColumnType::String => ValueKind::Text,
            },
        };
        DecodeError::new(at, expected, found)
    }

    fn utf8<'b>(
        &self,
        at: usize,
        bytes: &'b [u8],
        expected: &'static str,
    ) -> Result<&'b str, DecodeError> {
        std::str::from_utf8(bytes).map_err(|error| self.refused(at, expected).with_cause(error))
    }

    fn text_or_json(&self, at: usize, expected: &'static str) -> Result<&str, DecodeError> {
        match self.at(at) {
            Some((column, bytes)) if column.is_text() || column.ty == ColumnType::Json => {
                self.utf8(at, bytes, expected)
            }
            _ => Err(self.refused(at, expected)),
        }
    }

    fn parse_decimal(&self, at: usize, bytes: &[u8]) -> Result<Decimal, DecodeError> {
        let expected = "a decimal of at most 38 digits";
        let text = self.utf8(at, bytes, expected)?;
        text.parse()
            .map_err(|error: sqlmodel_core::value::ParseDecimalError| {
                self.refused(at, expected).with_cause(error)
            })
    }
}

impl Column {
    fn is_text(&self) -> bool {
        self.ty == ColumnType::String && !self.is_binary
    }
}

/// Reads an integer of any width; `None` for other types and for numbers above the 64 bits of Rust's.
#[inline]
fn integer(column: &Column, bytes: &[u8]) -> Option<i64> {
    let is_unsigned = column.is_unsigned;
    Some(match (column.ty, bytes) {
        (ColumnType::Int, &[a, b, c, d]) => match (is_unsigned, [a, b, c, d]) {
            (false, bytes) => i64::from(i32::from_le_bytes(bytes)),
            (true, bytes) => i64::from(u32::from_le_bytes(bytes)),
        },
        (ColumnType::Long, bytes) => {
            let bytes = *bytes.first_chunk()?;
            match is_unsigned {
                false => i64::from_le_bytes(bytes),
                true => i64::try_from(u64::from_le_bytes(bytes)).ok()?,
            }
        }
        (ColumnType::Tiny, &[byte]) => match is_unsigned {
            false => i64::from(i8::from_le_bytes([byte])),
            true => i64::from(byte),
        },
        (ColumnType::Short | ColumnType::Year, &[a, b]) => match is_unsigned {
            false => i64::from(i16::from_le_bytes([a, b])),
            true => i64::from(u16::from_le_bytes([a, b])),
        },
        _ => return None,
    })
}

fn date(bytes: &[u8]) -> Option<Date> {
    let &[a, b, month, day] = bytes else {
        return None;
    };
    Date::try_new(u16::from_le_bytes([a, b]), month, day)
}

/// Reads hours, minutes, seconds and, where they are not zero, microseconds.
fn time(bytes: &[u8]) -> Option<Time> {
    let (&[hour, minute, second], rest) = bytes.split_first_chunk()?;
    let microsecond = match *rest {
        [] => 0,
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        _ => return None,
    };
    Time::try_new(hour, minute, second, microsecond)
}

/// Reads a date, and a time where it is not midnight.
fn timestamp(bytes: &[u8]) -> Option<Timestamp> {
    let (day, clock) = bytes.split_at_checked(4)?;
    let midnight = const { Time::try_new(0, 0, 0, 0) };
    Some(Timestamp {
        date: date(day)?,
        time: if clock.is_empty() {
            midnight?
        } else {
            time(clock)?
        },
    })
}

/// Reads a span of time: a sign, days, and a time of day; nothing at all is zero.
fn span(bytes: &[u8]) -> Option<Duration> {
    let Some((&[is_negative, a, b, c, d], clock)) = bytes.split_first_chunk() else {
        return bytes.is_empty().then_some(Duration { micros: 0 });
    };
    let days = i64::from(u32::from_le_bytes([a, b, c, d]));
    let time = time(clock)?;
    let minutes = (days * 24 + i64::from(time.hour())) * 60 + i64::from(time.minute());
    let seconds = minutes * 60 + i64::from(time.second());
    // The protocol has room for eleven million years, and an i64 of microseconds for 292 thousand.
    let micros = seconds.checked_mul(1_000_000)?;
    let micros = micros.checked_add(i64::from(time.microsecond()))?;
    Some(Duration {
        micros: if is_negative == 0 { micros } else { -micros },
    })
}

impl RowRead for BinaryRow<'_> {
    fn width(&self) -> usize {
        self.columns.len()
    }

    fn column(&self, at: usize) -> &str {
        self.columns.get(at).map_or("", |column| &column.name)
    }

    #[inline]
    fn is_null(&self, at: usize) -> bool {
        self.fields
            .0
            .get(at)
            .is_none_or(|field| *field == Field::NULL)
    }

    fn value(&self, at: usize) -> Result<Value<'_>, DecodeError> {
        let Some((column, bytes)) = self.at(at) else {
            return Ok(Value::Null);
        };
        Ok(match column.ty {
            ColumnType::Null => Value::Null,
            ColumnType::Tiny
            | ColumnType::Short
            | ColumnType::Year
            | ColumnType::Int
            | ColumnType::Long => match integer(column, bytes) {
                Some(value) => Value::I64(value),
                None => Value::Decimal(self.decimal(at)?),
            },
            ColumnType::Float | ColumnType::Double => Value::F64(self.f64(at)?),
            ColumnType::Decimal => Value::Decimal(self.parse_decimal(at, bytes)?),
            ColumnType::Date => Value::Date(self.date(at)?),
            ColumnType::DateTime => Value::Timestamp(self.timestamp(at)?),
            // The type of MySQL holds more than a day, and less than none.
            ColumnType::Time => match self.time(at) {
                Ok(time) => Value::Time(time),
                Err(_) => Value::Duration(self.duration(at)?),
            },
            ColumnType::Json => Value::Json(self.utf8(at, bytes, "a JSON text")?.into()),
            ColumnType::String if !column.is_binary => {
                Value::Text(self.utf8(at, bytes, "a text in UTF-8")?.into())
            }
            ColumnType::String | ColumnType::Bit => Value::Bytes(bytes.into()),
        })
    }

    #[inline]
    fn bool(&self, at: usize) -> Result<bool, DecodeError> {
        let number = self
            .at(at)
            .and_then(|(column, bytes)| match (column.ty, bytes) {
                (ColumnType::Bit, &[byte]) => Some(i64::from(byte)),
                _ => integer(column, bytes),
            });
        match number {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(self.refused(at, "a bool (0 or 1)")),
        }
    }

    #[inline]
    fn i64(&self, at: usize) -> Result<i64, DecodeError> {
        let Some((column, bytes)) = self.at(at) else {
            return Err(self.refused(at, "an integer"));
        };
        if let Some(value) = integer(column, bytes) {
            return Ok(value);
        }
        // A sum of integers is a decimal without places.
        if column.ty == ColumnType::Decimal {
            let decimal = self.parse_decimal(at, bytes)?;
            let unit = 10i128.pow(u32::from(decimal.scale()));
            if decimal.mantissa() % unit == 0 {
                return i64::try_from(decimal.mantissa() / unit)
                    .map_err(|error| self.refused(at, "a 64-bit integer").with_cause(error));
            }
        }
        Err(self.refused(at, "an integer"))
    }

    #[inline]
    fn f64(&self, at: usize) -> Result<f64, DecodeError> {
        match self.at(at) {
            Some((column, bytes)) => match (column.ty, bytes) {
                (ColumnType::Float, &[a, b, c, d]) => {
                    Ok(f64::from(f32::from_le_bytes([a, b, c, d])))
                }
                (ColumnType::Double, bytes) => match bytes.first_chunk() {
                    Some(bytes) => Ok(f64::from_le_bytes(*bytes)),
                    None => Err(self.refused(at, "a float")),
                },
                _ => Err(self.refused(at, "a float")),
            },
            None => Err(self.refused(at, "a float")),
        }
    }

    fn decimal(&self, at: usize) -> Result<Decimal, DecodeError> {
        let expected = "a decimal";
        let Some((column, bytes)) = self.at(at) else {
            return Err(self.refused(at, expected));
        };
        match (column.ty, column.is_unsigned, bytes.first_chunk()) {
            (ColumnType::Decimal, ..) => self.parse_decimal(at, bytes),
            (ColumnType::Long, true, Some(bytes)) => {
                Decimal::try_new(i128::from(u64::from_le_bytes(*bytes)), 0)
                    .ok_or_else(|| self.refused(at, expected))
            }
            _ => match integer(column, bytes) {
                Some(value) => Ok(Decimal::from(value)),
                None => Err(self.refused(at, expected)),
            },
        }
    }

    #[inline]
    fn text(&self, at: usize) -> Result<&str, DecodeError> {
        self.text_or_json(at, "a text")
    }

    #[inline]
    fn bytes(&self, at: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        match self.at(at) {
            Some((column, bytes))
                if column.ty == ColumnType::Bit
                    || column.ty == ColumnType::String && column.is_binary =>
            {
                Ok(Cow::Borrowed(bytes))
            }
            _ => Err(self.refused(at, "bytes")),
        }
    }

    fn uuid(&self, at: usize) -> Result<[u8; 16], DecodeError> {
        let expected = "a uuid of 16 bytes";
        match self.at(at) {
            Some((column, bytes)) if column.ty == ColumnType::String && column.is_binary => {
                bytes.try_into().map_err(|_| self.refused(at, expected))
            }
            _ => Err(self.refused(at, expected)),
        }
    }

    fn date(&self, at: usize) -> Result<Date, DecodeError> {
        match self.at(at) {
            Some((column, bytes)) if column.ty == ColumnType::Date => date(bytes),
            _ => None,
        }
        .ok_or_else(|| self.refused(at, "a date of the calendar"))
    }

    fn time(&self, at: usize) -> Result<Time, DecodeError> {
        const DAY: i64 = 24 * 60 * 60 * 1_000_000;
        let time_of_day = |bytes| {
            let micros = span(bytes)?.micros;
            let clock = bytes.get(5..).unwrap_or_default();
            match micros {
                0 => Time::try_new(0, 0, 0, 0),
                1..DAY => time(clock),
                _ => None,
            }
        };
        match self.at(at) {
            Some((column, bytes)) if column.ty == ColumnType::Time => time_of_day(bytes),
            _ => None,
        }
        .ok_or_else(|| self.refused(at, "a time of day"))
    }

    fn timestamp(&self, at: usize) -> Result<Timestamp, DecodeError> {
        match self.at(at) {
            Some((column, bytes)) if column.ty == ColumnType::DateTime => timestamp(bytes),
            _ => None,
        }
        .ok_or_else(|| self.refused(at, "a timestamp"))
    }

    fn duration(&self, at: usize) -> Result<Duration, DecodeError> {
        match self.at(at) {
            Some((column, bytes)) if column.ty == ColumnType::Time => {
                span(bytes).ok_or_else(|| self.refused(at, "a span of time"))
            }
            _ => self.i64(at).map(|micros| Duration { micros }),
        }
    }

    fn json(&self, at: usize) -> Result<Cow<'_, str>, DecodeError> {
        self.text_or_json(at, "a JSON text").map(Cow::Borrowed)
    }

    fn array<T: Decode>(&self, at: usize) -> Result<Vec<T>, DecodeError> {
        array::read(self.text_or_json(at, "a JSON list")?, at)
    }
}
