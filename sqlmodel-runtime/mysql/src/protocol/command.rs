//! What a client asks: one byte that says what, and the rest of the packet.

use sqlmodel_core::types::array;
use sqlmodel_core::value::{Date, Time, Timestamp};
use sqlmodel_core::{Error, ErrorKind, Value};

use super::packet::push_packet;
use super::wire::push_sized;

const QUERY: u8 = 0x03;
const PING: u8 = 0x0e;
const STMT_PREPARE: u8 = 0x16;
const STMT_EXECUTE: u8 = 0x17;
const STMT_CLOSE: u8 = 0x19;
const STMT_FETCH: u8 = 0x1c;
const RESET_CONNECTION: u8 = 0x1f;

/// What the rows of an execution come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowsOf {
    /// The reply.
    Reply,
    /// A cursor, which the server keeps them in.
    Cursor,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Command<'a> {
    /// Runs SQL without parameters.
    Query(&'a str),
    Prepare(&'a str),
    Execute {
        id: u32,
        params: &'a [Value<'a>],
        rows: RowsOf,
    },
    /// Asks for the next rows of a cursor.
    Fetch {
        id: u32,
        n_rows: u32,
    },
    /// Has no reply.
    Close {
        id: u32,
    },
    Ping,
    /// Gives the session back its first state; prepared statements are gone.
    ResetConnection,
}

impl Command<'_> {
    /// Appends the request, and returns the number of the first packet of its reply.
    ///
    /// # Errors
    ///
    /// When a value cannot be a parameter; then nothing is appended.
    pub(crate) fn write(self, out: &mut Vec<u8>) -> Result<u8, Error> {
        push_packet(out, 0, |bytes| {
            match self {
                Self::Query(sql) => text(bytes, QUERY, sql),
                Self::Prepare(sql) => text(bytes, STMT_PREPARE, sql),
                Self::Execute { id, params, rows } => return execute(bytes, id, params, rows),
                Self::Fetch { id, n_rows } => {
                    bytes.push(STMT_FETCH);
                    bytes.extend_from_slice(&id.to_le_bytes());
                    bytes.extend_from_slice(&n_rows.to_le_bytes());
                }
                Self::Close { id } => {
                    bytes.push(STMT_CLOSE);
                    bytes.extend_from_slice(&id.to_le_bytes());
                }
                Self::Ping => bytes.push(PING),
                Self::ResetConnection => bytes.push(RESET_CONNECTION),
            }
            Ok(())
        })
    }
}

fn text(bytes: &mut Vec<u8>, command: u8, sql: &str) {
    bytes.push(command);
    bytes.extend_from_slice(sql.as_bytes());
}

fn execute(bytes: &mut Vec<u8>, id: u32, params: &[Value<'_>], rows: RowsOf) -> Result<(), Error> {
    bytes.push(STMT_EXECUTE);
    bytes.extend_from_slice(&id.to_le_bytes());
    // Whether there is a cursor to read from, and the count of iterations, which is always one.
    let cursor = u8::from(rows == RowsOf::Cursor);
    bytes.extend_from_slice(&[cursor, 1, 0, 0, 0]);
    if params.is_empty() {
        return Ok(());
    }
    for eight in params.chunks(8) {
        let nulls = eight.iter().rev();
        bytes.push(nulls.fold(0, |bits, value| bits << 1 | u8::from(value.is_null())));
    }
    // The types follow.
    bytes.push(1);
    for value in params {
        bytes.extend_from_slice(&[type_of(value), 0]);
    }
    params.iter().try_for_each(|value| push_value(bytes, value))
}

/// Returns the number of the type as which a value is sent.
fn type_of(value: &Value<'_>) -> u8 {
    match value {
        Value::Bool(_) => 0x01,
        Value::I16(_) => 0x02,
        Value::I32(_) => 0x03,
        Value::F32(_) => 0x04,
        Value::F64(_) => 0x05,
        Value::Null | Value::Default | Value::Invalid(_) => 0x06,
        Value::I64(_) | Value::Duration(_) => 0x08,
        Value::Date(_) => 0x0a,
        Value::Time(_) => 0x0b,
        Value::Timestamp(_) | Value::Timestamptz(_) => 0x0c,
        Value::Decimal(_) => 0xf6,
        // Bytes have the character set `binary`, and text has the connection's: JSON is made of text alone.
        Value::Bytes(_) | Value::Uuid(_) => 0xfc,
        Value::Text(_) | Value::Json(_) | Value::Array(_) => 0xfd,
    }
}

fn push_value(bytes: &mut Vec<u8>, value: &Value<'_>) -> Result<(), Error> {
    match value {
        Value::Null => {}
        Value::Bool(value) => bytes.push(u8::from(*value)),
        Value::I16(value) => bytes.extend_from_slice(&value.to_le_bytes()),
        Value::I32(value) => bytes.extend_from_slice(&value.to_le_bytes()),
        Value::I64(value) => bytes.extend_from_slice(&value.to_le_bytes()),
        Value::F32(value) if value.is_finite() => bytes.extend_from_slice(&value.to_le_bytes()),
        Value::F64(value) if value.is_finite() => bytes.extend_from_slice(&value.to_le_bytes()),
        Value::F32(_) | Value::F64(_) => {
            return Err(refused("MySQL cannot store a NaN or an infinity"));
        }
        Value::Duration(value) => bytes.extend_from_slice(&value.micros.to_le_bytes()),
        Value::Decimal(value) => push_sized(bytes, value.to_string().as_bytes()),
        Value::Text(value) | Value::Json(value) => push_sized(bytes, value.as_bytes()),
        Value::Bytes(value) => push_sized(bytes, value),
        Value::Uuid(value) => push_sized(bytes, value),
        Value::Date(value) => {
            bytes.push(4);
            push_date(bytes, *value);
        }
        Value::Time(value) => {
            // A sign and days, which a time of day has none of.
            bytes.extend_from_slice(&[12, 0, 0, 0, 0, 0]);
            push_time(bytes, *value);
        }
        Value::Timestamp(Timestamp { date, time })
        | Value::Timestamptz(Timestamp { date, time }) => {
            bytes.push(11);
            push_date(bytes, *date);
            push_time(bytes, *time);
        }
        Value::Array(values) => match array::write(values) {
            Some(json) => push_sized(bytes, json.as_bytes()),
            None => return Err(refused("a list with a number that JSON has no form for")),
        },
        Value::Invalid(reason) => return Err(refused(reason.to_string())),
        Value::Default => {
            return Err(refused(
                "a column left to its default cannot be a parameter",
            ));
        }
    }
    Ok(())
}

fn push_date(bytes: &mut Vec<u8>, date: Date) {
    bytes.extend_from_slice(&date.year().to_le_bytes());
    bytes.extend_from_slice(&[date.month(), date.day()]);
}

fn push_time(bytes: &mut Vec<u8>, time: Time) {
    bytes.extend_from_slice(&[time.hour(), time.minute(), time.second()]);
    bytes.extend_from_slice(&time.microsecond().to_le_bytes());
}

#[cold]
fn refused(reason: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Encode, reason)
}
