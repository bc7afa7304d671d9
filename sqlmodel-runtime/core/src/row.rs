//! A dynamic row, for SQL that is not known before it runs. Typed queries never go through it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::decode::{Decode, DecodeError, RowRead};
use crate::error::{Error, ErrorKind};
use crate::types::array;
use crate::value::{Date, Decimal, Duration, Time, Timestamp, Value, ValueKind};

/// One row of a dynamic query: named columns with owned values.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Arc<[Box<str>]>,
    values: Vec<Value<'static>>,
}

impl Row {
    /// Creates a row; rows of one result share `columns`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] when there are not as many values as columns.
    pub fn try_new(columns: Arc<[Box<str>]>, values: Vec<Value<'static>>) -> Result<Self, Error> {
        if columns.len() != values.len() {
            return Err(Error::usage(format!(
                "a row of {} columns was given {} values",
                columns.len(),
                values.len()
            )));
        }
        Ok(Self { columns, values })
    }

    /// Copies the row that a driver holds.
    ///
    /// # Errors
    ///
    /// When a stored value cannot be read at all, such as text that is not UTF-8.
    pub fn read<R: RowRead>(row: &R, columns: &Arc<[Box<str>]>) -> Result<Self, DecodeError> {
        let values = (0..row.width())
            .map(|at| row.value(at).map(Value::into_owned))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            columns: Arc::clone(columns),
            values,
        })
    }

    /// Returns the names of the columns.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(AsRef::as_ref)
    }

    /// Returns the values in the order of the columns.
    pub fn values(&self) -> &[Value<'static>] {
        &self.values
    }

    /// Returns the value of the first column with this name.
    pub fn value_of(&self, column: &str) -> Option<&Value<'static>> {
        let at = self.columns.iter().position(|name| &**name == column)?;
        self.values.get(at)
    }

    /// Decodes the first column with this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] when there is no such column, [`ErrorKind::Decode`] when it holds another type.
    pub fn get<T: Decode>(&self, column: &str) -> Result<T, Error> {
        let at = self
            .columns
            .iter()
            .position(|name| &**name == column)
            .ok_or_else(|| Error::usage(format!("the result has no column `{column}`")))?;
        if T::WIDTH != 1 {
            return Err(Error::new(
                ErrorKind::Usage,
                "only single columns can be read by name",
            ));
        }
        T::decode(self, at).map_err(|refused| refused.into_error(Some(("result", column)), 1))
    }

    fn at(&self, at: usize) -> &Value<'static> {
        self.values.get(at).unwrap_or(&Value::Null)
    }

    /// Reads what SQLite has as text.
    fn parsed<T>(
        &self,
        at: usize,
        expected: &'static str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let text = match self.at(at) {
            Value::Text(text) => parse(text),
            _ => None,
        };
        text.map_or_else(|| self.refuse(at, expected), Ok)
    }

    fn refuse<T>(&self, at: usize, expected: &'static str) -> Result<T, DecodeError> {
        Err(DecodeError::new(at, expected, self.at(at).kind()))
    }
}

impl RowRead for Row {
    fn width(&self) -> usize {
        self.values.len()
    }

    fn column(&self, at: usize) -> &str {
        self.columns.get(at).map_or("", AsRef::as_ref)
    }

    fn is_null(&self, at: usize) -> bool {
        self.at(at).is_null()
    }

    fn value(&self, at: usize) -> Result<Value<'_>, DecodeError> {
        Ok(self.at(at).clone())
    }

    fn bool(&self, at: usize) -> Result<bool, DecodeError> {
        match self.at(at) {
            Value::Bool(value) => Ok(*value),
            Value::I16(0) | Value::I32(0) | Value::I64(0) => Ok(false),
            Value::I16(1) | Value::I32(1) | Value::I64(1) => Ok(true),
            _ => self.refuse(at, "a bool"),
        }
    }

    fn i64(&self, at: usize) -> Result<i64, DecodeError> {
        match self.at(at) {
            Value::I64(value) => Ok(*value),
            Value::I32(value) => Ok(i64::from(*value)),
            Value::I16(value) => Ok(i64::from(*value)),
            _ => self.refuse(at, "an integer"),
        }
    }

    fn f64(&self, at: usize) -> Result<f64, DecodeError> {
        match self.at(at) {
            Value::F64(value) => Ok(*value),
            Value::F32(value) => Ok(f64::from(*value)),
            _ => self.refuse(at, "a float"),
        }
    }

    fn decimal(&self, at: usize) -> Result<Decimal, DecodeError> {
        match self.at(at) {
            Value::Decimal(value) => Ok(*value),
            Value::I64(value) => Decimal::try_new(i128::from(*value), 0)
                .ok_or_else(|| DecodeError::new(at, "a decimal", ValueKind::Integer)),
            Value::Text(text) => text.parse().map_err(|error| {
                DecodeError::new(at, "a decimal", ValueKind::Text).with_cause(error)
            }),
            _ => self.refuse(at, "a decimal"),
        }
    }

    fn text(&self, at: usize) -> Result<&str, DecodeError> {
        match self.at(at) {
            Value::Text(text) => Ok(text),
            _ => self.refuse(at, "a text"),
        }
    }

    fn bytes(&self, at: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        match self.at(at) {
            Value::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            _ => self.refuse(at, "bytes"),
        }
    }

    fn uuid(&self, at: usize) -> Result<[u8; 16], DecodeError> {
        match self.at(at) {
            Value::Uuid(bytes) => Ok(*bytes),
            Value::Bytes(bytes) => <[u8; 16]>::try_from(&**bytes)
                .map_err(|_| DecodeError::new(at, "a uuid of 16 bytes", ValueKind::Bytes)),
            _ => self.refuse(at, "a uuid"),
        }
    }

    fn date(&self, at: usize) -> Result<Date, DecodeError> {
        match self.at(at) {
            Value::Date(date) => Ok(*date),
            _ => self.parsed(at, "a date", Date::parse),
        }
    }

    fn time(&self, at: usize) -> Result<Time, DecodeError> {
        match self.at(at) {
            Value::Time(time) => Ok(*time),
            _ => self.parsed(at, "a time", Time::parse),
        }
    }

    fn timestamp(&self, at: usize) -> Result<Timestamp, DecodeError> {
        match self.at(at) {
            Value::Timestamp(timestamp) | Value::Timestamptz(timestamp) => Ok(*timestamp),
            _ => self.parsed(at, "a timestamp", Timestamp::parse),
        }
    }

    fn duration(&self, at: usize) -> Result<Duration, DecodeError> {
        match self.at(at) {
            Value::Duration(duration) => Ok(*duration),
            Value::I64(micros) => Ok(Duration { micros: *micros }),
            _ => self.refuse(at, "a duration"),
        }
    }

    fn json(&self, at: usize) -> Result<Cow<'_, str>, DecodeError> {
        match self.at(at) {
            Value::Json(text) | Value::Text(text) => Ok(Cow::Borrowed(text)),
            _ => self.refuse(at, "a JSON value"),
        }
    }

    fn array<T: Decode>(&self, at: usize) -> Result<Vec<T>, DecodeError> {
        match self.at(at) {
            Value::Array(values) => {
                let element = |value: &Value<'static>| {
                    let row = Self {
                        columns: Arc::default(),
                        values: vec![value.clone()],
                    };
                    T::decode(&row, 0).map_err(|error| error.moved_to(at))
                };
                values.iter().map(element).collect()
            }
            Value::Json(text) | Value::Text(text) => array::read(text, at),
            _ => self.refuse(at, "a list"),
        }
    }
}
