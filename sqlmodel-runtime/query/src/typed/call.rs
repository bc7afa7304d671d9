//! A typed query before anything says what its rows are: the text, the values, and how it is to run.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use sqlmodel_core::{
    Access, Cx, Decode, Dialect, Done, Error, Executor, Outcome, RowSink, Rows, Statement,
    TransactionOps, Value, ok_result, within,
};

use crate::model::mark_written;
use crate::typed::{Params, Sql, Text};

/// What runs a query: anything, or with `tx = true` in the schema a transaction alone.
///
/// # Examples
///
/// A transaction runs what needs one:
///
/// ```
/// use sqlmodel_core::TransactionOps;
/// use sqlmodel_query::typed::{InTransaction, RunsIn};
///
/// fn run<E: RunsIn<InTransaction>>(_: &mut E) {}
/// fn in_a_transaction<T: TransactionOps>(transaction: &mut T) {
///     run(transaction);
/// }
/// ```
///
/// A connection does not:
///
/// ```compile_fail,E0277
/// use sqlmodel_core::Connection;
/// use sqlmodel_query::typed::{InTransaction, RunsIn};
///
/// fn run<E: RunsIn<InTransaction>>(_: &mut E) {}
/// fn on_a_connection<C: Connection>(connection: &mut C) {
///     run(connection);
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "this query of the schema runs in a transaction alone",
    label = "expected a transaction: `connection.begin(cx)` gives one"
)]
pub trait RunsIn<P>: Executor {}

/// The place of queries that run anywhere.
#[derive(Debug, Clone, Copy)]
pub struct Anywhere;

/// The place of queries with `tx = true`.
#[derive(Debug, Clone, Copy)]
pub struct InTransaction;

impl<E: Executor> RunsIn<Anywhere> for E {}

impl<T: TransactionOps> RunsIn<InTransaction> for T {}

/// A statement of the schema and the values of its parameters.
#[derive(Clone)]
pub struct Call<'q> {
    pub(super) sql: &'static Sql,
    pub(super) params: Params<'q>,
    /// The blocks that are on, as bits.
    pub(super) blocks: u64,
    pub(super) order: usize,
    pub(super) access: Access,
    pub(super) timeout: Option<Duration>,
    is_once: bool,
}

impl<'q> Call<'q> {
    /// Creates a call with the values of the parameters in the order of the schema.
    pub const fn new(sql: &'static Sql, params: Params<'q>) -> Self {
        Self {
            sql,
            params,
            blocks: 0,
            order: 0,
            access: Access::ReadOnly,
            timeout: None,
            is_once: false,
        }
    }

    /// Switches a block on if `is_on`.
    #[must_use]
    pub const fn block(mut self, block: u32, is_on: bool) -> Self {
        if is_on {
            self.blocks |= 1 << block;
        }
        self
    }

    /// Chooses one of the orders.
    #[must_use]
    pub const fn order(mut self, order: usize) -> Self {
        self.order = order;
        self
    }

    /// Notes that the statement writes, or locks what it reads.
    #[must_use]
    pub const fn writes(mut self) -> Self {
        self.access = Access::ReadWrite;
        self
    }

    /// Limits how long the statement may run.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Does without keeping the statement prepared.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.is_once = true;
        self
    }

    #[inline]
    pub(super) fn statement<'s>(&self, sql: &'s str, params: &'s [Value<'s>]) -> Statement<'s> {
        match self.is_once {
            true => Statement::once(sql, params),
            false => Statement::new(sql, params),
        }
    }

    /// Returns the context to run in: one that ends with the timeout, if there is one.
    pub(super) fn context<'c>(&self, cx: &'c Cx) -> Cow<'c, Cx> {
        match self.timeout {
            Some(timeout) => Cow::Owned(within(cx, timeout)),
            None => Cow::Borrowed(cx),
        }
    }

    /// Returns the text of the statement, and the values in the order of its placeholders.
    pub(super) fn text(
        &self,
        dialect: Dialect,
    ) -> Result<(Cow<'static, str>, Cow<'_, [Value<'_>]>), Error> {
        Ok(self.sql.text(dialect)?.write(self, dialect))
    }

    /// Returns the text of the statement if it can be sent as it is: always the same, and without a timeout of its own.
    #[inline]
    pub(super) fn plain(&self, dialect: Dialect) -> Option<&'static str> {
        match self.sql.get(dialect) {
            Some(Text::Fixed { sql, params: [] }) if self.timeout.is_none() => Some(sql),
            _ => None,
        }
    }

    /// Runs the statement and hands its rows to a sink.
    pub(super) async fn query<E: Executor, S: RowSink>(
        &self,
        cx: &Cx,
        executor: &mut E,
        sink: &mut S,
    ) -> Outcome<(), Error> {
        if let Some(sql) = self.plain(executor.dialect()) {
            let statement = self.statement(sql, &self.params);
            return executor.query(cx, statement, sink).await;
        }
        self.query_made(cx, executor, sink).await
    }

    /// Makes the text, and runs the statement.
    pub(super) async fn query_made<E: Executor, S: RowSink>(
        &self,
        cx: &Cx,
        executor: &mut E,
        sink: &mut S,
    ) -> Outcome<(), Error> {
        let cx = &*self.context(cx);
        let (sql, params) = ok_result!(self.text(executor.dialect()));
        executor
            .query(cx, self.statement(&sql, &params), sink)
            .await
    }

    /// Opens a query whose rows are pulled.
    pub(super) async fn open<'e, R: Decode + Send, E: Executor>(
        &self,
        cx: &Cx,
        executor: &'e mut E,
    ) -> Outcome<Rows<'e, E, R>, Error> {
        let (sql, params) = ok_result!(self.text(executor.dialect()));
        Rows::open(cx, executor, self.statement(&sql, &params)).await
    }

    /// Notes in an error about the rows of a statement that writes that it is done all the same.
    pub(super) fn decoded<T>(&self, done: Outcome<T, Error>) -> Outcome<T, Error> {
        match self.access {
            Access::ReadWrite => mark_written(done),
            Access::ReadOnly => done,
        }
    }

    /// Does the same for an error about their number.
    pub(super) fn counted<T>(&self, rows: Result<T, Error>) -> Result<T, Error> {
        match self.access {
            Access::ReadWrite => rows.map_err(Error::after_write),
            Access::ReadOnly => rows,
        }
    }

    pub(super) async fn execute<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Done, Error> {
        if let Some(sql) = self.plain(executor.dialect()) {
            let statement = self.statement(sql, &self.params);
            return executor.execute(cx, statement).await;
        }
        let cx = &*self.context(cx);
        let (sql, params) = ok_result!(self.text(executor.dialect()));
        executor.execute(cx, self.statement(&sql, &params)).await
    }
}

impl fmt::Debug for Call<'_> {
    /// Shows the text and the number of parameters, never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("sql", &self.sql)
            .field("n_params", &self.params.len())
            .field("blocks", &self.blocks)
            .field("order", &self.order)
            .finish()
    }
}
