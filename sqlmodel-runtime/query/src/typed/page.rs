//! Pages of a query of the schema, each behind a row of the one before it.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{Access, Collect, Cx, Decode, Error, Outcome, Value, ok};

use crate::typed::{Anywhere, Call, RunsIn};

/// The place of a row of type `R` in the order of the pages.
pub trait Cursor<R> {
    /// Returns the place of a row.
    fn of(row: &R) -> Self;
}

/// The rows of a page, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysetPage<R, C> {
    /// The rows.
    pub rows: Vec<R>,
    /// The place of the last row, or `None` when no row is behind it.
    pub next: Option<C>,
}

/// A query with `page` in the schema: rows of type `R`, in pages that begin behind a place of type `C`.
///
/// A page costs the same wherever it is, given an index on its keys. What is written between two pages moves no row from one to
/// the other.
pub struct TypedPage<'q, R, C, P = Anywhere> {
    call: Call<'q>,
    size: u32,
    types: PhantomData<fn() -> (R, C, P)>,
}

impl<'q, R, C, P> TypedPage<'q, R, C, P> {
    /// Creates the query for pages of so many rows; for generated code. The last parameter is the number of rows.
    pub const fn new(call: Call<'q>, size: u32) -> Self {
        Self {
            call,
            size,
            types: PhantomData,
        }
    }

    /// Asks for so many rows on the page; for 0, for the only thing left: whether there is a row.
    #[must_use]
    pub const fn size(mut self, size: u32) -> Self {
        self.size = size;
        self
    }

    /// Returns whether the statement only reads, so that a replica may run it.
    pub const fn access(&self) -> Access {
        self.call.access
    }
}

impl<R: Decode + Send, C: Cursor<R>, P> TypedPage<'_, R, C, P> {
    /// Returns the rows of the page, and where the next one begins. One statement, which reads a row more than the page has.
    pub async fn run<E: RunsIn<P>>(
        mut self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<KeysetPage<R, C>, Error> {
        if let Some(limit) = self.call.params.last_mut() {
            *limit = Value::I64(i64::from(self.size) + 1);
        }
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let mut rows = Collect::all();
        ok!(self.call.query(cx, executor, &mut rows).await);
        let mut rows: Vec<R> = rows.into_rows();
        let has_more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| has_more).map(C::of);
        Outcome::Ok(KeysetPage { rows, next })
    }
}

impl<R, C, P> fmt::Debug for TypedPage<'_, R, C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedPage")
            .field("call", &self.call)
            .field("size", &self.size)
            .finish()
    }
}

impl<R, C, P> Clone for TypedPage<'_, R, C, P> {
    fn clone(&self) -> Self {
        Self::new(self.call.clone(), self.size)
    }
}
