//! Rows that are pulled: a query whose result is as large as it likes, in memory that does not grow.
//!
//! Written once, over the three cursor methods that a driver provides with [`Executor`].

#[cfg(test)]
mod tests;

mod portions;

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;

use crate::connection::Executor;
use crate::decode::{Decode, RowRead};
use crate::error::Error;
use crate::seam::{Cx, Outcome};
use crate::statement::{RowSink, Statement};
use crate::trace::Pulled;

pub use self::portions::Portions;

/// The rows that are decoded ahead of the one that is asked for.
const BATCH: usize = 64;

/// What else an executor does while it has a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorKind {
    /// Nothing.
    Exclusive,
    /// It runs other statements between fetches.
    ///
    /// Each fetch gives a portion, whose size is told when the cursor is opened, so that a sink may break at its last row and
    /// no earlier. A database whose cursors end with their transaction gets one where none runs: it is committed after the
    /// last row, and rolled back where the cursor is closed before.
    Shared {
        /// The number of rows that a fetch gives, unless they are the last ones.
        portion: u32,
    },
}

/// What a cursor has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The sink took as many rows as it wants; there may be more.
    Paused,
    /// There are no more rows, and the cursor is closed.
    End,
}

/// The rows of a running query, pulled one at a time.
///
/// The database is read only as far as rows are asked for, a small batch ahead; nothing else runs on the connection
/// meanwhile. Dropping the rows ends the query, wherever it stands.
pub struct Rows<'e, E: Executor, T> {
    executor: &'e mut E,
    batch: Batch<T>,
    /// What ended the query, told after the rows before it.
    failure: Option<Error>,
    is_open: bool,
    pulled: Pulled,
    /// The table and the column of each column, where the query knows them.
    names: Vec<Option<(&'static str, &'static str)>>,
}

impl<'e, E: Executor, T: Decode + Send> Rows<'e, E, T> {
    /// Runs a query whose rows are pulled.
    ///
    /// Cancel: dropping this future ends the query.
    pub async fn open(
        cx: &Cx,
        executor: &'e mut E,
        statement: Statement<'_>,
    ) -> Outcome<Self, Error> {
        // The guard comes before the query: whatever stops this future, the driver is told.
        let mut rows = Self {
            executor,
            batch: Batch::of(BATCH),
            failure: None,
            is_open: true,
            pulled: Pulled::begin(statement),
            names: Vec::new(),
        };
        let opening = rows
            .executor
            .open_cursor(cx, statement, CursorKind::Exclusive);
        let opened = rows.pulled.wait_for(opening).await;
        if !matches!(opened, Outcome::Ok(())) {
            rows.pulled.end(0, &opened);
        }
        ok!(opened);
        Outcome::Ok(rows)
    }

    /// Names the tables and columns of the result, for errors about what they hold.
    #[must_use]
    pub fn with_column_names(mut self, names: Vec<Option<(&'static str, &'static str)>>) -> Self {
        self.names = names;
        self
    }

    /// Returns the next row, or `None` after the last one.
    ///
    /// Cancel: a dropped or cancelled call loses no row; the next call goes on.
    ///
    /// # Errors
    ///
    /// What the database or decoding refused, once, after the rows before it; then the query is over.
    pub async fn next(&mut self, cx: &Cx) -> Outcome<Option<T>, Error> {
        if self.batch.rows.is_empty() && self.is_open {
            let fetching = self.executor.fetch(cx, &mut self.batch);
            let fetched = self.pulled.wait_for(fetching).await;
            if let Outcome::Ok(Fetched::End) | Outcome::Err(_) = &fetched {
                self.pulled.end(self.batch.n_rows, &fetched);
            }
            match fetched {
                Outcome::Ok(Fetched::Paused) => {}
                Outcome::Ok(Fetched::End) => self.is_open = false,
                Outcome::Err(error) => {
                    self.close();
                    let name = |at| self.names.get(at).copied().flatten();
                    self.failure = Some(error.with_column_names(name));
                }
                Outcome::Cancelled(reason) => return Outcome::Cancelled(reason),
                Outcome::Panicked(payload) => return Outcome::Panicked(payload),
            }
        }
        match (self.batch.rows.pop_front(), self.failure.take()) {
            (None, Some(error)) => Outcome::Err(error),
            (row, failure) => {
                self.failure = failure;
                Outcome::Ok(row)
            }
        }
    }
}

impl<E: Executor, T> Rows<'_, E, T> {
    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.executor.close_cursor();
        }
    }
}

impl<E: Executor, T> Drop for Rows<'_, E, T> {
    fn drop(&mut self) {
        self.close();
        self.pulled.dropped(self.batch.n_rows);
    }
}

impl<E: Executor, T> fmt::Debug for Rows<'_, E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("n_read", &self.batch.n_rows)
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}

/// Rows that are decoded and not asked for yet.
struct Batch<T> {
    rows: VecDeque<T>,
    /// The rows decoded since the query began.
    n_rows: u64,
    /// How many rows are decoded ahead.
    size: usize,
}

impl<T> Batch<T> {
    const fn of(size: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            n_rows: 0,
            size,
        }
    }
}

impl<T: Decode + Send> RowSink for Batch<T> {
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        self.n_rows += 1;
        match T::decode(row, 0) {
            Ok(value) => self.rows.push_back(value),
            Err(refused) => return Err(refused.in_row::<T, R>(row, self.n_rows)),
        }
        Ok(if self.rows.len() < self.size {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    }
}
