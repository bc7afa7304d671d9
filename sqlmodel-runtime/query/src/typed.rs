//! Typed queries: statements that the schema holds as SQL, with the types that the compiler found out.
//!
//! Generated functions make them; nothing happens until one of the endings is awaited. The text is constant wherever the statement
//! always looks the same. Optional blocks, chosen orders and lists that a dialect takes one by one are put together per call.

mod batch;
mod call;
mod gather;
mod page;
mod params;
mod text;

use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use sqlmodel_core::{
    Access, Collect, Cx, Decode, DecodeError, Error, Executor, Outcome, RowRead, Rows, ok,
    ok_result,
};

use crate::select::{hand_out, only, or_no_rows};

pub use self::batch::TypedBatch;
pub use self::call::{Anywhere, Call, InTransaction, RunsIn};
pub use self::gather::{Gather, Gathered, Key};
pub use self::page::{Cursor, KeysetPage, TypedPage};
pub use self::params::Params;
pub use self::text::{Piece, Sql, Text};

/// How many rows `run` returns, as `returns` says in the schema.
pub trait Number<R> {
    /// What `run` returns.
    type Output: Send;
    /// The number of rows after which enough is known.
    const LIMIT: usize;

    /// Makes the result of the rows.
    ///
    /// # Errors
    ///
    /// When there are too few rows, or too many.
    fn finish(rows: Vec<R>) -> Result<Self::Output, Error>;
}

/// `returns = "many"`: all rows.
#[derive(Debug, Clone, Copy)]
pub struct Many;

/// `returns = "one"` and `"scalar"`: the only row.
#[derive(Debug, Clone, Copy)]
pub struct One;

/// `returns = "optional"`: the only row, if there is one.
#[derive(Debug, Clone, Copy)]
pub struct AtMostOne;

/// `returns = "exists"`: whether there is a row.
#[derive(Debug, Clone, Copy)]
pub struct Any;

impl<R: Send> Number<R> for Many {
    type Output = Vec<R>;
    const LIMIT: usize = usize::MAX;

    fn finish(rows: Vec<R>) -> Result<Vec<R>, Error> {
        Ok(rows)
    }
}

impl<R: Send> Number<R> for One {
    type Output = R;
    const LIMIT: usize = 2;

    fn finish(rows: Vec<R>) -> Result<R, Error> {
        only(rows).and_then(or_no_rows)
    }
}

impl<R: Send> Number<R> for AtMostOne {
    type Output = Option<R>;
    const LIMIT: usize = 2;

    fn finish(rows: Vec<R>) -> Result<Option<R>, Error> {
        only(rows)
    }
}

impl<R: Send> Number<R> for Any {
    type Output = bool;
    const LIMIT: usize = 1;

    fn finish(rows: Vec<R>) -> Result<bool, Error> {
        Ok(!rows.is_empty())
    }
}

/// A row that nobody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

impl Decode for Unread {
    const WIDTH: usize = 0;

    fn decode<R: RowRead>(_: &R, _: usize) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

/// A query of the schema whose rows are of type `R`; `N` says how many `run` returns, and `P` what may run it.
pub struct TypedQuery<'q, R, N = Many, P = Anywhere> {
    call: Call<'q>,
    types: PhantomData<fn() -> (R, N, P)>,
}

impl<'q, R, N, P> TypedQuery<'q, R, N, P> {
    /// Creates the query; for generated code.
    pub const fn new(call: Call<'q>) -> Self {
        Self {
            call,
            types: PhantomData,
        }
    }

    /// Returns whether the statement only reads, so that a replica may run it.
    pub const fn access(&self) -> Access {
        self.call.access
    }
}

impl<R: Decode + Send, N: Number<R>, P> TypedQuery<'_, R, N, P> {
    /// Runs the query and returns what the schema says: all rows, the only one, or whether there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoRows`](sqlmodel_core::ErrorKind::NoRows) when there must be a row and is none,
    /// [`ErrorKind::TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several and at most one may be.
    /// A statement that writes is done then, as when a row that it returns cannot be read:
    /// [`Error::is_after_write`] says so, and a transaction can be rolled back.
    pub async fn run<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<N::Output, Error> {
        let mut rows = Collect::up_to(N::LIMIT);
        // Each future around the driver's costs a short query some of its time, so that the usual ones have this one alone.
        let done = match self.call.plain(executor.dialect()) {
            Some(sql) => {
                let statement = self.call.statement(sql, &self.call.params);
                executor.query(cx, statement, &mut rows).await
            }
            None => self.call.query_made(cx, executor, &mut rows).await,
        };
        ok!(self.call.decoded(done));
        let output = N::finish(rows.into_rows());
        Outcome::Ok(ok_result!(self.call.counted(output)))
    }

    /// Returns all rows. No rows give an empty vector.
    pub async fn all<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<R>, Error> {
        self.fetch(cx, executor, usize::MAX).await
    }

    /// Returns the first row, or `None` when there is none; the rest is not read.
    pub async fn first<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<Option<R>, Error> {
        let rows = ok!(self.fetch(cx, executor, 1).await);
        Outcome::Ok(rows.into_iter().next())
    }

    /// Returns the only row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoRows`](sqlmodel_core::ErrorKind::NoRows) when there is none,
    /// [`ErrorKind::TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several.
    pub async fn one<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<R, Error> {
        let rows = ok!(self.fetch(cx, executor, 2).await);
        let row = only(rows).and_then(or_no_rows);
        Outcome::Ok(ok_result!(self.call.counted(row)))
    }

    /// Returns the only row, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several.
    pub async fn one_or_none<E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<R>, Error> {
        let rows = ok!(self.fetch(cx, executor, 2).await);
        Outcome::Ok(ok_result!(self.call.counted(only(rows))))
    }

    /// Hands each row to a function while the database sends them, so that memory does not grow with their number.
    ///
    /// `Break` ends the query without reading the rest.
    pub async fn for_each<E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &mut E,
        on_row: impl FnMut(R) -> ControlFlow<()> + Send,
    ) -> Outcome<(), Error> {
        let cx = &*self.call.context(cx);
        let rows = ok!(self.call.open(cx, executor).await);
        self.call.decoded(hand_out(rows, cx, on_row).await)
    }

    /// Runs the query and returns its rows, to be pulled one at a time while the database sends them.
    ///
    /// The database is read as far as rows are asked for. Dropping the rows ends the query. A `timeout` is that of the beginning:
    /// how long the rows take is up to who pulls them.
    pub async fn stream<'e, E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &'e mut E,
    ) -> Outcome<Rows<'e, E, R>, Error> {
        let cx = &*self.call.context(cx);
        self.call.open(cx, executor).await
    }

    async fn fetch<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        limit: usize,
    ) -> Outcome<Vec<R>, Error> {
        let mut rows = Collect::up_to(limit);
        let done = self.call.query(cx, executor, &mut rows).await;
        ok!(self.call.decoded(done));
        Outcome::Ok(rows.into_rows())
    }
}

impl<R, N, P> fmt::Debug for TypedQuery<'_, R, N, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedQuery").field(&self.call).finish()
    }
}

impl<R, N, P> Clone for TypedQuery<'_, R, N, P> {
    fn clone(&self) -> Self {
        Self::new(self.call.clone())
    }
}

/// A query of the schema whose rows are collected into values of type `R`, several rows into one.
pub struct TypedGather<'q, R, N = Many, P = Anywhere> {
    call: Call<'q>,
    types: PhantomData<fn() -> (R, N, P)>,
}

impl<'q, R, N, P> TypedGather<'q, R, N, P> {
    /// Creates the query; for generated code.
    pub const fn new(call: Call<'q>) -> Self {
        Self {
            call,
            types: PhantomData,
        }
    }

    /// Returns whether the statement only reads, so that a replica may run it.
    pub const fn access(&self) -> Access {
        self.call.access
    }
}

impl<R: Gather + Send, N: Number<R>, P> TypedGather<'_, R, N, P> {
    /// Runs the query and returns what the schema says: all values, the only one, or whether there is one.
    ///
    /// All rows are read, because those of one value need not stand together.
    ///
    /// # Errors
    ///
    /// As [`TypedQuery::run`].
    pub async fn run<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<N::Output, Error> {
        let values = ok!(self.fetch(cx, executor).await);
        Outcome::Ok(ok_result!(self.call.counted(N::finish(values))))
    }

    /// Returns all values, in the order of their first rows.
    pub async fn all<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<R>, Error> {
        self.fetch(cx, executor).await
    }

    async fn fetch<E: Executor>(&self, cx: &Cx, executor: &mut E) -> Outcome<Vec<R>, Error> {
        let mut rows = Gathered::new();
        let done = self.call.query(cx, executor, &mut rows).await;
        ok!(self.call.decoded(done));
        Outcome::Ok(rows.into_values())
    }

    /// Returns the only value.
    ///
    /// # Errors
    ///
    /// As [`TypedQuery::one`].
    pub async fn one<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<R, Error> {
        let values = ok!(self.fetch(cx, executor).await);
        let value = only(values).and_then(or_no_rows);
        Outcome::Ok(ok_result!(self.call.counted(value)))
    }

    /// Returns the only value, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// As [`TypedQuery::one_or_none`].
    pub async fn one_or_none<E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<R>, Error> {
        let values = ok!(self.fetch(cx, executor).await);
        Outcome::Ok(ok_result!(self.call.counted(only(values))))
    }
}

impl<R, N, P> fmt::Debug for TypedGather<'_, R, N, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedGather").field(&self.call).finish()
    }
}

/// A command of the schema: an INSERT, UPDATE or DELETE that returns no rows.
pub struct TypedCommand<'q, P = Anywhere> {
    call: Call<'q>,
    place: PhantomData<fn() -> P>,
}

impl<'q, P> TypedCommand<'q, P> {
    /// Creates the command; for generated code.
    pub const fn new(call: Call<'q>) -> Self {
        Self {
            call,
            place: PhantomData,
        }
    }

    /// Runs the command and returns the number of rows that it inserted, matched or deleted.
    pub async fn run<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let done = ok!(self.call.execute(cx, executor).await);
        Outcome::Ok(done.rows_affected)
    }
}

impl<P> fmt::Debug for TypedCommand<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedCommand").field(&self.call).finish()
    }
}

impl<P> Clone for TypedCommand<'_, P> {
    fn clone(&self) -> Self {
        Self::new(self.call.clone())
    }
}

/// An INSERT of the schema that returns the key of the new row.
pub struct TypedInsert<'q, P = Anywhere> {
    call: Call<'q>,
    place: PhantomData<fn() -> P>,
}

impl<'q, P> TypedInsert<'q, P> {
    /// Creates the command; for generated code.
    pub const fn new(call: Call<'q>) -> Self {
        Self {
            call,
            place: PhantomData,
        }
    }

    /// Runs the command and returns the key that the database gave the new row, or `None` if there is no new row.
    pub async fn run<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<Option<i64>, Error> {
        self.call.insert(cx, executor).await
    }
}

impl<P> fmt::Debug for TypedInsert<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedInsert").field(&self.call).finish()
    }
}

impl<P> Clone for TypedInsert<'_, P> {
    fn clone(&self) -> Self {
        Self::new(self.call.clone())
    }
}
