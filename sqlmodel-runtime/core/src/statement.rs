//! A statement on its way to the database, and what comes back.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::decode::{Decode, RowRead};
use crate::error::Error;
use crate::row::Row;
use crate::value::Value;

/// SQL text in the connection's dialect, with the values of its parameters in order.
#[derive(Clone, Copy)]
pub struct Statement<'a> {
    /// The text, with the dialect's placeholders.
    pub sql: &'a str,
    /// One value for each placeholder.
    pub params: &'a [Value<'a>],
    /// Whether it will not run again soon, so that what the connection keeps of it is the first to make room for others.
    /// PostgreSQL plans it for the values at hand.
    pub is_once: bool,
}

impl<'a> Statement<'a> {
    /// Creates a statement.
    pub const fn new(sql: &'a str, params: &'a [Value<'a>]) -> Self {
        Self {
            sql,
            params,
            is_once: false,
        }
    }

    /// Creates a statement that is not worth being kept prepared.
    pub const fn once(sql: &'a str, params: &'a [Value<'a>]) -> Self {
        Self {
            sql,
            params,
            is_once: true,
        }
    }
}

impl fmt::Debug for Statement<'_> {
    /// Shows the text and the number of parameters, never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("sql", &self.sql)
            .field("n_params", &self.params.len())
            .finish()
    }
}

/// What a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// The rows inserted, matched by an update, or deleted.
    pub rows_affected: u64,
    /// The key that the database assigned to the last row it inserted, where it tells. MySQL tells that of the first one,
    /// where a statement inserts several.
    pub last_insert_id: Option<i64>,
}

/// Takes the rows of a query, one at a time, while the driver holds them.
pub trait RowSink: Send {
    /// Takes a row; `Break` ends the query without reading the rest.
    ///
    /// # Errors
    ///
    /// Ends the query with this error.
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error>;
}

/// Decodes rows into a vector, and ends the query after a number of them.
#[derive(Debug)]
pub struct Collect<T> {
    rows: Vec<T>,
    limit: usize,
}

impl<T> Collect<T> {
    /// Takes every row.
    pub const fn all() -> Self {
        Self::up_to(usize::MAX)
    }

    /// Takes the first `limit` rows, at least one.
    pub const fn up_to(limit: usize) -> Self {
        Self {
            rows: Vec::new(),
            limit,
        }
    }

    /// Returns the rows.
    pub fn into_rows(self) -> Vec<T> {
        self.rows
    }
}

impl<T: Decode + Send> RowSink for Collect<T> {
    #[inline]
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        match T::decode(row, 0) {
            Ok(value) => self.rows.push(value),
            Err(refused) => {
                let row_number = self.rows.len() as u64 + 1;
                return Err(refused.in_row::<T, R>(row, row_number));
            }
        }
        Ok(if self.rows.len() < self.limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    }
}

/// Copies rows as dynamic [`Row`]s that share their column names.
#[derive(Debug, Default)]
pub struct CollectDynamic {
    columns: Option<Arc<[Box<str>]>>,
    rows: Vec<Row>,
}

impl CollectDynamic {
    /// Returns the rows.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}

impl RowSink for CollectDynamic {
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        let columns = self
            .columns
            .get_or_insert_with(|| (0..row.width()).map(|at| row.column(at).into()).collect());
        match Row::read(row, columns) {
            Ok(read) => self.rows.push(read),
            Err(refused) => {
                let row_number = self.rows.len() as u64 + 1;
                return Err(refused.in_result(row, row_number));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
