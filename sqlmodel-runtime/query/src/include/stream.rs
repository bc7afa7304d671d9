//! Rows with what is included, pulled one at a time: what is included is loaded for one portion of rows after the other.

use std::fmt;
use std::vec;

use sqlmodel_core::{Cx, Decode, Error, Executor, Outcome, Portions, ok, ok_result};

use super::Attach;
use crate::query::Query;

/// The rows that are read, and completed by what is included, at once.
const PORTION: u32 = 256;

/// The rows of a running query with what is included, pulled one at a time.
///
/// Made by [`Including::stream`](super::Including::stream). Dropping the rows ends the query, wherever it stands.
pub struct IncludedRows<'e, E: Executor, R, N: Attach<R>> {
    portions: Portions<'e, E, R>,
    loads: N,
    ready: vec::IntoIter<N::Row>,
    /// Whether a call is on its way, or was given up there.
    is_midway: bool,
}

impl<'e, E: Executor, R: Decode + Send, N: Attach<R>> IncludedRows<'e, E, R, N> {
    pub(super) async fn open(
        query: &Query,
        loads: N,
        cx: &Cx,
        executor: &'e mut E,
    ) -> Outcome<Self, Error> {
        let known = ok_result!(query.known(executor.dialect()));
        let portions = ok!(Portions::open(cx, executor, known.statement(), PORTION).await);
        Outcome::Ok(Self {
            portions: portions.with_column_names(query.column_names()),
            loads,
            ready: Vec::new().into_iter(),
            is_midway: false,
        })
    }

    /// Returns the next row, or `None` after the last one.
    ///
    /// Cancel: a call that is dropped or cancelled while it waits for the database ends the stream, and later calls are errors.
    ///
    /// # Errors
    ///
    /// What the database or decoding refused, once; then the query is over.
    pub async fn next(&mut self, cx: &Cx) -> Outcome<Option<N::Row>, Error> {
        if let Some(row) = self.ready.next() {
            return Outcome::Ok(Some(row));
        }
        if std::mem::replace(&mut self.is_midway, true) {
            self.portions.close();
            return Outcome::Err(Portions::<E, R>::lost());
        }
        let loaded = self.load(cx).await;
        if loaded.is_err() {
            self.portions.close();
        }
        if loaded.is_ok() || loaded.is_err() {
            self.is_midway = false;
        }
        self.ready = ok!(loaded).into_iter();
        Outcome::Ok(self.ready.next())
    }

    /// Reads a portion and loads what is included.
    async fn load(&mut self, cx: &Cx) -> Outcome<Vec<N::Row>, Error> {
        let rows = ok!(self.portions.next(cx).await);
        if rows.is_empty() {
            return Outcome::Ok(Vec::new());
        }
        let executor = self.portions.executor();
        self.loads.attach(cx, executor, rows).await
    }
}

impl<E: Executor, R, N: Attach<R>> fmt::Debug for IncludedRows<'_, E, R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncludedRows")
            .field("portions", &self.portions)
            .finish_non_exhaustive()
    }
}
