//! Rows that are pulled in portions, between which other statements run on the same executor.

use std::fmt;

use super::{Batch, CursorKind, Fetched};
use crate::connection::Executor;
use crate::decode::Decode;
use crate::error::Error;
use crate::seam::{Cx, Outcome};
use crate::statement::Statement;
use crate::trace::Pulled;

/// The rows of a running query, pulled in portions.
///
/// The executor is free between them. Dropping the portions ends the query, wherever it stands.
pub struct Portions<'e, E: Executor, T> {
    executor: &'e mut E,
    batch: Batch<T>,
    state: State,
    pulled: Pulled,
    /// The table and the column of each column, where the query knows them.
    names: Vec<Option<(&'static str, &'static str)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A call is on its way, or was given up there.
    Midway,
    Closed,
}

impl<'e, E: Executor, T: Decode + Send> Portions<'e, E, T> {
    /// Runs a query whose rows are pulled in portions of a number of rows.
    ///
    /// Cancel: dropping this future ends the query.
    pub async fn open(
        cx: &Cx,
        executor: &'e mut E,
        statement: Statement<'_>,
        portion: u32,
    ) -> Outcome<Self, Error> {
        // The guard comes before the query: whatever stops this future, the driver is told.
        let mut portions = Self {
            executor,
            batch: Batch::of(portion as usize),
            state: State::Open,
            pulled: Pulled::begin(statement),
            names: Vec::new(),
        };
        let kind = CursorKind::Shared { portion };
        let opening = portions.executor.open_cursor(cx, statement, kind);
        let opened = portions.pulled.wait_for(opening).await;
        if !matches!(opened, Outcome::Ok(())) {
            portions.pulled.end(0, &opened);
        }
        ok!(opened);
        Outcome::Ok(portions)
    }

    /// Names the tables and columns of the result, for errors about what they hold.
    #[must_use]
    pub fn with_column_names(mut self, names: Vec<Option<(&'static str, &'static str)>>) -> Self {
        self.names = names;
        self
    }

    /// Returns the next rows, or none after the last ones.
    ///
    /// Cancel: a dropped or cancelled call ends the query, and later calls are errors.
    ///
    /// # Errors
    ///
    /// What the database or decoding refused, once; then the query is over.
    pub async fn next(&mut self, cx: &Cx) -> Outcome<Vec<T>, Error> {
        match self.state {
            State::Open => {}
            State::Midway => return Outcome::Err(Self::lost()),
            State::Closed => return Outcome::Ok(Vec::new()),
        }
        self.state = State::Midway;
        let fetching = self.executor.fetch(cx, &mut self.batch);
        let fetched = self.pulled.wait_for(fetching).await;
        if let Outcome::Ok(Fetched::End) | Outcome::Err(_) = &fetched {
            self.pulled.end(self.batch.n_rows, &fetched);
        }
        match fetched {
            Outcome::Ok(Fetched::Paused) => self.state = State::Open,
            Outcome::Ok(Fetched::End) => self.state = State::Closed,
            Outcome::Err(error) => {
                self.close();
                let name = |at| self.names.get(at).copied().flatten();
                return Outcome::Err(error.with_column_names(name));
            }
            Outcome::Cancelled(reason) => return Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => return Outcome::Panicked(payload),
        }
        Outcome::Ok(std::mem::take(&mut self.batch.rows).into())
    }
}

impl<E: Executor, T> Portions<'_, E, T> {
    /// Returns the executor, to run other statements between portions.
    pub fn executor(&mut self) -> &mut E {
        self.executor
    }

    /// Ends the query. There are no rows after it.
    pub fn close(&mut self) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.executor.close_cursor();
        }
    }

    /// Returns the error of a call after one that was given up.
    #[cold]
    #[doc(hidden)]
    pub fn lost() -> Error {
        Error::usage(
            "a call for rows of this query was cancelled or dropped, and its rows with it: begin the query anew",
        )
    }
}

impl<E: Executor, T> Drop for Portions<'_, E, T> {
    fn drop(&mut self) {
        self.close();
        self.pulled.dropped(self.batch.n_rows);
    }
}

impl<E: Executor, T> fmt::Debug for Portions<'_, E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portions")
            .field("n_read", &self.batch.n_rows)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
