//! Several rows into one value: a post and its tags.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlmodel_core::{DecodeError, Error, RowRead, RowSink, Value};

/// A value that several rows make.
pub trait Gather: Sized {
    /// The positions of the columns whose values are the same in all rows of a value.
    const KEY: &'static [usize];
    /// For each collected part, the positions of the columns that tell its items apart.
    const PARTS: &'static [&'static [usize]];

    /// Makes the value of its first row, its collected parts empty.
    ///
    /// # Errors
    ///
    /// When a column holds what its type cannot take.
    fn start<R: RowRead>(row: &R) -> Result<Self, DecodeError>;

    /// Adds the item that a row has for a part.
    ///
    /// # Errors
    ///
    /// When a column holds what its type cannot take.
    fn add<R: RowRead>(&mut self, part: usize, row: &R) -> Result<(), DecodeError>;
}

/// The values of key columns, which can be compared and sorted.
pub type Key = Vec<u8>;

/// Collects the rows of values.
#[derive(Debug)]
pub struct Gathered<R> {
    values: Vec<R>,
    positions: BTreeMap<Key, usize>,
    /// The items that are there already: the value, the part, and the key.
    items: BTreeMap<(usize, usize, Key), ()>,
    n_rows: u64,
}

impl<R> Gathered<R> {
    pub(super) const fn new() -> Self {
        Self {
            values: Vec::new(),
            positions: BTreeMap::new(),
            items: BTreeMap::new(),
            n_rows: 0,
        }
    }

    pub(super) fn into_values(self) -> Vec<R> {
        self.values
    }
}

impl<T: Gather + Send> RowSink for Gathered<T> {
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        self.n_rows += 1;
        match self.take(row) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(refused) => Err(refused.in_result(row, self.n_rows)),
        }
    }
}

impl<T: Gather> Gathered<T> {
    fn take<R: RowRead>(&mut self, row: &R) -> Result<(), DecodeError> {
        let key = key(row, T::KEY)?;
        let position = match self.positions.get(&key) {
            Some(position) => *position,
            None => {
                self.values.push(T::start(row)?);
                let position = self.values.len() - 1;
                self.positions.insert(key, position);
                position
            }
        };
        for (part, columns) in T::PARTS.iter().enumerate() {
            // A part whose key is NULL was left without a row by an outer join.
            if columns.iter().all(|at| row.is_null(*at)) {
                continue;
            }
            let item = (position, part, self::key(row, columns)?);
            if self.items.insert(item, ()).is_none()
                && let Some(value) = self.values.get_mut(position)
            {
                value.add(part, row)?;
            }
        }
        Ok(())
    }
}

/// Writes the values of columns so that equal ones are equal bytes, and none is the beginning of another.
fn key<R: RowRead>(row: &R, columns: &[usize]) -> Result<Key, DecodeError> {
    let mut key = Vec::with_capacity(columns.len() * 9);
    for at in columns {
        let value = row.value(*at)?;
        let bytes: &[u8] = match &value {
            Value::Text(text) | Value::Json(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            Value::Uuid(uuid) => uuid,
            Value::I64(number) => {
                push(&mut key, 1, &number.to_be_bytes());
                continue;
            }
            Value::I32(number) => {
                push(&mut key, 1, &i64::from(*number).to_be_bytes());
                continue;
            }
            Value::I16(number) => {
                push(&mut key, 1, &i64::from(*number).to_be_bytes());
                continue;
            }
            // Keys of other types are rare: their text tells them apart.
            other => {
                push(&mut key, 2, format!("{other:?}").as_bytes());
                continue;
            }
        };
        push(&mut key, 0, bytes);
    }
    Ok(key)
}

fn push(key: &mut Key, kind: u8, bytes: &[u8]) {
    key.push(kind);
    key.extend((bytes.len() as u64).to_be_bytes());
    key.extend(bytes);
}
