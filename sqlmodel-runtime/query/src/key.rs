//! Keys of rows: compared in memory, and asked for in lists.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use sqlmodel_core::{Record, Value};

use crate::expr::Token;
use crate::tuple::ROWS;

/// The most keys that one statement asks for. More would make the statement slow to parse.
const MAX_KEYS: usize = 4096;

/// The values of a key's columns, in a form that can be compared.
///
/// Integers of all widths are alike; other values are only ever compared with values of the same type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum KeyBytes {
    /// The usual key, which needs no memory of its own.
    Integer(i64),
    /// Any other.
    Bytes(Vec<u8>),
}

impl KeyBytes {
    /// Returns `None` when one of the values is NULL, because NULL equals nothing.
    pub(crate) fn of<'a>(values: &'a [Value<'a>]) -> Option<Self> {
        let mut key = Self::Integer(0);
        key.refill(values.iter()).then_some(key)
    }

    /// Becomes the key of these values, in the memory that it has; tells whether none of them is NULL.
    fn refill<'v, 'a: 'v>(
        &mut self,
        mut values: impl ExactSizeIterator<Item = &'v Value<'a>>,
    ) -> bool {
        let mut first = None;
        if values.len() == 1 {
            first = values.next();
            if let Some(integer) = first.and_then(integer) {
                *self = Self::Integer(integer);
                return true;
            }
        }
        let mut bytes = match self {
            Self::Integer(_) => Vec::new(),
            Self::Bytes(bytes) => std::mem::take(bytes),
        };
        bytes.clear();
        let has_null = first
            .into_iter()
            .chain(values)
            .any(|value| !push_value(value, &mut bytes));
        *self = Self::Bytes(bytes);
        !has_null
    }
}

/// Appends a value; tells whether it is not NULL.
fn push_value(value: &Value<'_>, bytes: &mut Vec<u8>) -> bool {
    match value {
        Value::Null | Value::Default => return false,
        Value::Text(text) => push_bytes(text.as_bytes(), bytes),
        Value::Bytes(value) => push_bytes(value, bytes),
        Value::Uuid(value) => push_bytes(value, bytes),
        Value::Decimal(value) => push_bytes(value.normalized().to_string().as_bytes(), bytes),
        other => match integer(other) {
            Some(integer) => bytes.extend_from_slice(&integer.to_le_bytes()),
            None => push_bytes(format!("{other:?}").as_bytes(), bytes),
        },
    }
    true
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::I16(value) => Some(i64::from(*value)),
        Value::I32(value) => Some(i64::from(*value)),
        Value::I64(value) => Some(*value),
        _ => None,
    }
}

fn push_bytes(value: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
    bytes.extend_from_slice(value);
}

/// Reads the keys of many records in the same memory.
struct KeyReader<'r> {
    /// The positions of the key's columns among those of the record; a column that it has not is read as NULL.
    positions: Vec<usize>,
    key: KeyBytes,
    /// The values of the last record.
    row: Vec<Value<'r>>,
}

impl<'r> KeyReader<'r> {
    /// Creates one for some columns of a record.
    fn of<R: Record>(columns: &[&'static str]) -> Self {
        let position = |name| R::COLUMNS.iter().position(|column| column == name);
        let or_none = |name| position(name).unwrap_or(usize::MAX);
        Self {
            positions: columns.iter().map(or_none).collect(),
            key: KeyBytes::Integer(0),
            row: Vec::new(),
        }
    }

    /// Returns a record's key, or `None` where a column is NULL.
    fn read(&mut self, record: &'r impl Record) -> Option<&KeyBytes> {
        self.row.clear();
        record.to_row(&mut self.row);
        let has_key = self.key.refill(values(&self.positions, &self.row));
        has_key.then_some(&self.key)
    }
}

/// Returns the values at some positions of a row.
fn values<'v, 'r>(
    positions: &'v [usize],
    row: &'v [Value<'r>],
) -> impl ExactSizeIterator<Item = &'v Value<'r>> {
    let at = |at: &usize| row.get(*at).unwrap_or(&Value::Null);
    positions.iter().map(at)
}

/// Different keys, numbered in the order in which they came.
#[derive(Debug, Default)]
pub struct KeySet {
    numbers: HashMap<KeyBytes, usize>,
    /// Key after key.
    values: Vec<Value<'static>>,
}

impl KeySet {
    /// Returns the key's number, a new one for a new key, or `None` for a key with a NULL.
    pub(crate) fn insert(&mut self, key: Vec<Value<'static>>) -> Option<usize> {
        let bytes = KeyBytes::of(&key)?;
        let next = self.numbers.len();
        let number = *self.numbers.entry(bytes).or_insert(next);
        if number == next {
            self.values.extend(key);
        }
        Some(number)
    }

    /// Does the same for some columns of each record.
    pub(crate) fn insert_all<'r, R: Record + 'r>(
        &mut self,
        records: impl Iterator<Item = &'r R>,
        columns: &[&'static str],
    ) -> Vec<Option<usize>> {
        let mut reader = KeyReader::of::<R>(columns);
        let mut insert = |record| {
            let next = self.numbers.len();
            let key = reader.read(record)?;
            if let Some(number) = self.numbers.get(key) {
                return Some(*number);
            }
            self.numbers.insert(key.clone(), next);
            let values = values(&reader.positions, &reader.row);
            let owned = values.map(|value| value.clone().into_owned());
            self.values.extend(owned);
            Some(next)
        };
        records.map(&mut insert).collect()
    }

    /// Returns the number of a key that was inserted.
    pub(crate) fn number(&self, key: &KeyBytes) -> Option<usize> {
        self.numbers.get(key).copied()
    }

    /// Returns the number of the key that each record has in some columns; `None` for one that was not inserted.
    pub(crate) fn numbers_of<'r, R: Record + 'r>(
        &self,
        records: impl Iterator<Item = &'r R>,
        columns: &[&'static str],
    ) -> Vec<Option<usize>> {
        let mut reader = KeyReader::of::<R>(columns);
        let mut last: Option<(KeyBytes, usize)> = None;
        let number_of = |record| {
            let key = reader.read(record)?;
            // Relatives of one row often come one after the other.
            if let Some((same, number)) = &last
                && same == key
            {
                return Some(*number);
            }
            let number = self.number(key)?;
            last = Some((key.clone(), number));
            Some(number)
        };
        records.map(number_of).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns conditions that together hold for rows with these keys in these columns, one for each statement.
    pub(crate) fn conditions(
        &self,
        table: &'static str,
        columns: &[&'static str],
        max_parameters: usize,
    ) -> Vec<Vec<Token>> {
        let n_columns = columns.len().max(1);
        let max_keys = (max_parameters / n_columns).clamp(1, MAX_KEYS);
        self.values
            .chunks(max_keys * n_columns)
            .map(|values| is_one_of(table, columns, values, max_keys))
            .collect()
    }
}

/// Returns `a IN (..)`, or `(a, b) IN ((..), ..)` for keys of several columns.
///
/// The last key is repeated up to one of a few lengths, so that lists of many lengths share prepared statements.
fn is_one_of(
    table: &'static str,
    columns: &[&'static str],
    values: &[Value<'static>],
    max_keys: usize,
) -> Vec<Token> {
    let keys = values.chunks(columns.len().max(1));
    let n_keys = padded(keys.len()).min(max_keys);
    let padding = keys.clone().next_back().into_iter().cycle();
    let keys = keys.chain(padding).take(n_keys);
    if let [column] = *columns {
        return vec![
            Token::Column { table, column },
            Token::Text(" IN "),
            Token::Params(keys.flatten().cloned().collect()),
        ];
    }
    let mut tokens = Vec::with_capacity(2 * (columns.len() + n_keys) + 3);
    for (part, column) in columns.iter().enumerate() {
        tokens.push(Token::Text(if part == 0 { "(" } else { ", " }));
        tokens.push(Token::Column { table, column });
    }
    tokens.push(Token::Text(") IN ("));
    tokens.push(ROWS);
    for (position, key) in keys.enumerate() {
        if position > 0 {
            tokens.push(Token::Text(", "));
        }
        tokens.push(Token::Params(key.into()));
    }
    tokens.push(Token::Text(")"));
    tokens
}

/// Returns the next length of a list that has a statement: a number of three binary digits with zeros behind them.
fn padded(n_keys: usize) -> usize {
    let step = (n_keys.next_power_of_two() / 8).max(1);
    n_keys.next_multiple_of(step)
}

/// Picks from a row's values those of the named columns.
pub(crate) fn pick<'a>(
    wanted: &[&'static str],
    columns: &[&'static str],
    values: &[Value<'a>],
) -> Vec<Value<'a>> {
    wanted
        .iter()
        .map(|name| {
            let position = columns.iter().position(|column| column == name);
            position
                .and_then(|position| values.get(position))
                .cloned()
                .unwrap_or(Value::Null)
        })
        .collect()
}
