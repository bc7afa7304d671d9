//! Keys of rows: compared in memory, and asked for in lists.

use std::collections::HashMap;

use sqlmodel_core::Value;

use crate::expr::Token;

/// The most keys that one statement asks for. More would make the statement slow to parse.
const MAX_KEYS: usize = 4096;

/// The values of a key's columns, in a form that can be compared.
///
/// Integers of all widths are alike; other values are only ever compared with values of the same type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum KeyBytes {
    /// The usual key, which needs no memory of its own.
    Integer(i64),
    Bytes(Vec<u8>),
}

impl KeyBytes {
    /// Returns `None` when one of the values is NULL, because NULL equals nothing.
    pub(crate) fn of<'a>(values: &'a [Value<'a>]) -> Option<Self> {
        if let [value] = values
            && let Some(integer) = integer(value)
        {
            return Some(Self::Integer(integer));
        }
        let mut bytes = Vec::with_capacity(16);
        for value in values {
            match value {
                Value::Null | Value::Default => return None,
                Value::Text(text) => push_bytes(text.as_bytes(), &mut bytes),
                Value::Bytes(value) => push_bytes(value, &mut bytes),
                Value::Uuid(value) => push_bytes(value, &mut bytes),
                Value::Decimal(value) => {
                    push_bytes(value.normalized().to_string().as_bytes(), &mut bytes);
                }
                other => match integer(other) {
                    Some(integer) => push_integer(integer, &mut bytes),
                    None => push_bytes(format!("{other:?}").as_bytes(), &mut bytes),
                },
            }
        }
        Some(Self::Bytes(bytes))
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::I16(value) => Some(i64::from(*value)),
        Value::I32(value) => Some(i64::from(*value)),
        Value::I64(value) => Some(*value),
        _ => None,
    }
}

fn push_integer(value: i64, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

fn push_bytes(value: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
    bytes.extend_from_slice(value);
}

/// Different keys, numbered in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    numbers: HashMap<KeyBytes, usize>,
    keys: Vec<Vec<Value<'static>>>,
}

impl KeySet {
    /// Returns the key's number, a new one for a new key, or `None` for a key with a NULL.
    pub(crate) fn insert(&mut self, key: Vec<Value<'static>>) -> Option<usize> {
        let bytes = KeyBytes::of(&key)?;
        let next = self.keys.len();
        let number = *self.numbers.entry(bytes).or_insert(next);
        if number == next {
            self.keys.push(key);
        }
        Some(number)
    }

    /// Returns the number of a key that was inserted.
    pub(crate) fn number(&self, key: &[Value<'_>]) -> Option<usize> {
        self.numbers.get(&KeyBytes::of(key)?).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns conditions that together hold for rows with these keys in these columns, one for each statement.
    pub(crate) fn conditions(
        &self,
        table: &'static str,
        columns: &[&'static str],
        max_parameters: usize,
    ) -> Vec<Vec<Token>> {
        let max_keys = max_parameters
            .checked_div(columns.len())
            .unwrap_or(1)
            .clamp(1, MAX_KEYS);
        self.keys
            .chunks(max_keys)
            .map(|keys| is_one_of(table, columns, keys, max_keys))
            .collect()
    }
}

/// Returns `a IN (..)`, or `(a = .. AND b = .. OR ..)` for keys of several columns.
///
/// The last key is repeated up to a power of two, so that lists of many lengths share a few prepared statements.
fn is_one_of(
    table: &'static str,
    columns: &[&'static str],
    keys: &[Vec<Value<'static>>],
    max_keys: usize,
) -> Vec<Token> {
    let n_keys = keys.len().next_power_of_two().min(max_keys);
    let padding = keys.last().into_iter().cycle();
    let keys = keys.iter().chain(padding).take(n_keys);
    let mut tokens = Vec::new();
    if let [column] = *columns {
        tokens.push(Token::Column { table, column });
        tokens.push(Token::Text(" IN ("));
        for (position, key) in keys.enumerate() {
            if position > 0 {
                tokens.push(Token::Text(", "));
            }
            tokens.extend(key.iter().cloned().map(Token::Param));
        }
    } else {
        tokens.push(Token::Text("("));
        for (position, key) in keys.enumerate() {
            if position > 0 {
                tokens.push(Token::Text(" OR "));
            }
            for (part, (column, value)) in columns.iter().zip(key).enumerate() {
                if part > 0 {
                    tokens.push(Token::Text(" AND "));
                }
                tokens.push(Token::Column { table, column });
                tokens.push(Token::Text(" = "));
                tokens.push(Token::Param(value.clone()));
            }
        }
    }
    tokens.push(Token::Text(")"));
    tokens
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
