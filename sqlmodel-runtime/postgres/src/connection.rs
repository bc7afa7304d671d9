//! A connection to a PostgreSQL server.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use sqlmodel_core::trace::{Counted, Traced};
use sqlmodel_core::{
    Capabilities, Connection, CursorKind, Cx, Dialect, Done, Error, ErrorKind, Executor, Fetched,
    Outcome, Prepared, RowSink, Statement, Stop, Transaction, TransactionStep, Wait,
};
use sqlmodel_net::{Socket, Transport};

use crate::cancel::Canceller;
use crate::control::{Control, Controls};
use crate::cursor::Cursor;
use crate::declared::Declared;
use crate::error::ServerMessage;
use crate::exchange::{Answers, Sink, closed};
use crate::link::Link;
use crate::options::PostgresOptions;
use crate::protocol::backend::{Cell, Notification, Status};
use crate::statements::Statements;
use crate::task::{Aim, MAX_PARAMETERS, Task};
use crate::types::oid;

/// A connection to a PostgreSQL server.
///
/// A call that was cancelled or dropped leaves the connection usable: the server is asked to stop and what it still says is
/// read over, at once after a cancellation and before the next statement after a drop.
/// Where that takes too long, the connection is closed.
pub struct PostgresConnection<T: Transport = Socket> {
    pub(crate) link: Link<T>,
    pub(crate) statements: Statements,
    pub(crate) controls: Controls,
    capabilities: Capabilities,
    pub(crate) canceller: Option<Canceller>,
    pub(crate) cancel_grace: Duration,
    /// Whether a transaction was begun and not ended by us; the server may have ended it since.
    pub(crate) is_in_transaction: bool,
    pub(crate) copying: Copying,
    /// The query whose rows are fetched in portions.
    pub(crate) cursor: Option<Cursor>,
    /// The query whose rows are fetched between other statements.
    pub(crate) declared: Option<Declared>,
    /// Whether such a query was given up in a transaction that goes on, and the server is to be told.
    pub(crate) has_left_cursor: bool,
    /// Whether what is outstanding is the end of a cursor.
    pub(crate) is_ending_cursor: bool,
    /// Whether a statement has changed what outlives a transaction, such as a setting.
    pub(crate) has_changed_session: bool,
    /// Whether somebody prepared a statement by SQL.
    pub(crate) has_prepared: bool,
    /// Where the values of the current row are; kept for its memory.
    pub(crate) cells: Vec<Cell>,
}

/// How far a COPY is that was sent as a text by itself, whose answers a Sync does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copying {
    No,
    /// The statement was sent.
    Asked,
    /// The server waits for data.
    In,
}

impl PostgresConnection<Socket> {
    /// Connects to the server that a URL names; see [`PostgresOptions::parse`] for its form.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a URL that cannot be read, [`Connect`](ErrorKind::Connect) when no server lets us in.
    pub async fn connect(cx: &Cx, url: &str) -> Outcome<Self, Error> {
        match PostgresOptions::parse(url) {
            Ok(options) => options.connect(cx).await,
            Err(error) => Outcome::Err(error),
        }
    }
}

impl<T: Transport> PostgresConnection<T> {
    /// Takes over a link on which the server is ready for queries.
    pub(crate) fn new(
        link: Link<T>,
        options: &PostgresOptions,
        canceller: Option<Canceller>,
    ) -> Self {
        Self {
            link,
            statements: Statements::new(options.statement_cache_capacity),
            controls: Controls::default(),
            capabilities: Capabilities {
                has_insert_returning: true,
                has_update_returning: true,
                has_delete_returning: true,
                max_parameters: MAX_PARAMETERS,
                has_strict_types: true,
            },
            canceller,
            cancel_grace: options.cancel_grace,
            is_in_transaction: false,
            copying: Copying::No,
            cursor: None,
            declared: None,
            has_left_cursor: false,
            is_ending_cursor: false,
            has_changed_session: false,
            has_prepared: false,
            cells: Vec::new(),
        }
    }

    /// Tells whether the connection is lost for good, so that nothing can run on it any more.
    pub fn is_closed(&self) -> bool {
        self.link.is_broken()
    }

    /// Tells whether the connection is as it was when it was opened: no transaction runs, and no answer is outstanding.
    pub fn is_idle(&self) -> bool {
        !self.link.is_broken()
            && !self.link.is_busy()
            && !self.link.has_open_unit()
            && self.link.status() == Status::Idle
            && self.controls.is_empty()
    }

    /// Returns what the server says of itself: its version, time zone and so on, always as they are now.
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.link.parameters
    }

    /// Returns the warnings and notices that the server has sent since the last call: the last ten thousand,
    /// and sixteen megabytes, at most.
    pub fn take_notices(&mut self) -> Vec<ServerMessage> {
        self.link.notices.take()
    }

    /// Returns the notifications that have arrived with the answers to statements since the last call.
    pub fn take_notifications(&mut self) -> Vec<Notification> {
        self.link.notifications.take()
    }

    /// Puts the connection in order after a call that was dropped, and rolls back a transaction that was.
    ///
    /// Without it that is done before the next statement. A connection that is in order costs no round trip.
    ///
    /// # Errors
    ///
    /// [`Connect`](ErrorKind::Connect) when the connection is lost.
    pub async fn settle(&mut self, cx: &Cx) -> Outcome<(), Error> {
        let result = self.end_controls(cx).await;
        self.finish(cx, result).await
    }

    async fn end_controls(&mut self, cx: &Cx) -> Result<(), Stop> {
        self.make_ready(cx).await?;
        if self.controls.is_empty() {
            return Ok(());
        }
        self.exchange_controls(cx).await
    }

    /// Asks the server for an answer, which tells whether it is there. One round trip.
    ///
    /// # Errors
    ///
    /// [`Connect`](ErrorKind::Connect) when the connection is lost.
    pub async fn ping(&mut self, cx: &Cx) -> Outcome<(), Error> {
        let result = match self.make_ready(cx).await {
            Ok(()) => self.exchange(cx, &mut []).await,
            Err(stop) => Err(stop),
        };
        self.finish(cx, result).await
    }

    /// Runs one statement. One whose preparation the server has forgotten or outlived is prepared again.
    pub(crate) async fn run(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        mut sink: Option<&mut dyn Sink>,
    ) -> Result<Done, Stop> {
        self.make_ready(cx).await?;
        let is_alone = self.link.status() == Status::Idle && self.controls.is_empty();
        let mut task = self.task(statement)?;
        let needs_types = task.needs_types() && self.statements.are_kept() && !statement.is_once;
        if needs_types {
            task = self.prepare_task(cx, task).await?;
        }
        let was_prepared = task.shape.is_some();
        if let Err(error) = self.say(std::slice::from_ref(&task)) {
            let misfits = self.forget_misfits(std::slice::from_ref(&task), &error);
            if misfits.is_empty() || needs_types {
                return Err(Stop::Err(error));
            }
            let new = self.task(statement)?;
            task = self.prepare_task(cx, new).await?;
            self.say(std::slice::from_ref(&task))?;
        }
        let (heard, is_outlived) = self.hear_task(cx, &mut task, reborrow(&mut sink)).await;
        let is_outlived = is_outlived && was_prepared;
        match heard {
            Err(Stop::Err(_)) if is_outlived && is_alone && !self.is_closed() => {
                task = self.task(statement)?;
                self.say(std::slice::from_ref(&task))?;
                self.hear_task(cx, &mut task, sink).await.0?;
            }
            heard => heard?,
        }
        Ok(task.done)
    }

    /// Asks the server for the types of a statement's parameters before it runs.
    async fn prepare_task<'s>(&mut self, cx: &Cx, mut task: Task<'s>) -> Result<Task<'s>, Stop> {
        task.aim = Aim::Prepare;
        self.exchange(cx, std::slice::from_mut(&mut task)).await?;
        let statement = task.statement;
        let known = Task::with_shape(statement, Aim::Run, task.shape, &mut self.statements);
        Ok(known.map_err(|error| error.with_sql(statement.sql))?)
    }

    /// Hears the answers to a statement that is a unit of its own; and whether it has not run, because what was prepared of
    /// it is not what it was.
    async fn hear_task(
        &mut self,
        cx: &Cx,
        task: &mut Task<'_>,
        mut sink: Option<&mut dyn Sink>,
    ) -> (Result<(), Stop>, bool) {
        let tasks = std::slice::from_mut(task);
        let mut answers = Answers::new(tasks, reborrow(&mut sink));
        let heard = self.hear(Wait::on(cx), &mut answers).await;
        let is_outlived = answers.is_outlived && !answers.has_rows;
        (heard.and_then(|()| answers.into_result()), is_outlived)
    }

    fn task<'s>(&mut self, statement: Statement<'s>) -> Result<Task<'s>, Error> {
        Task::new(statement, Aim::Run, &mut self.statements)
            .map_err(|error| error.with_sql(statement.sql))
    }

    async fn run_prepare(&mut self, cx: &Cx, sql: &str) -> Result<Prepared, Stop> {
        self.make_ready(cx).await?;
        let statement = Statement::new(sql, &[]);
        let mut task = Task::new(statement, Aim::Prepare, &mut self.statements)?;
        if task.shape.is_none() {
            let tasks = std::slice::from_mut(&mut task);
            self.exchange(cx, tasks).await?;
        }
        let Some(shape) = &task.shape else {
            return Err(Stop::Err(closed()));
        };
        let columns = shape.columns.iter().map(|column| column.name.clone());
        let parameter_types = shape.parameters.iter().map(|oid| oid::name(*oid));
        let column_types = shape.columns.iter().map(|column| oid::name(column.oid));
        let prepared = Prepared::new(sql, shape.parameters.len(), columns.collect());
        Ok(prepared.with_types(parameter_types.collect(), column_types.collect()))
    }

    async fn run_step(&mut self, cx: &Cx, step: TransactionStep) -> Result<(), Stop> {
        match step {
            TransactionStep::Begin(options) => {
                self.make_ready(cx).await?;
                if self.link.status() != Status::Idle && !self.controls.has_rollback() {
                    return Err(Stop::Err(Error::usage("a transaction is running already")));
                }
                self.controls.push(Control::Begin(options));
                self.is_in_transaction = true;
                Ok(())
            }
            TransactionStep::Savepoint(depth) => {
                self.make_ready(cx).await?;
                if self.link.status() == Status::Failed && self.controls.is_empty() {
                    return Err(Stop::Err(Error::new(
                        ErrorKind::Database,
                        "a statement in the transaction has failed, and nothing but its rollback can run",
                    )));
                }
                self.controls.push(Control::Savepoint(depth));
                Ok(())
            }
            TransactionStep::Commit => self.end(cx, 0, Control::Commit).await,
            TransactionStep::Rollback => self.end(cx, 0, Control::Rollback).await,
            TransactionStep::Release(depth) => self.end(cx, depth, Control::Release(depth)).await,
            TransactionStep::RollbackTo(depth) => {
                self.end(cx, depth, Control::RollbackTo(depth)).await
            }
        }
    }

    /// Ends a transaction or a part of it, even when the context is cancelled: it is the way to leave it clean.
    pub(crate) async fn end(&mut self, cx: &Cx, depth: u32, control: Control) -> Result<(), Stop> {
        self.calm(cx).await;
        if self.link.is_broken() {
            return Err(Stop::Err(closed()));
        }
        self.controls.adapt_to(self.link.status());
        if self.is_over() {
            self.is_in_transaction &= depth > 0;
            return match control {
                Control::Commit | Control::Release(_) => Err(Stop::Err(Error::new(
                    ErrorKind::Database,
                    "the database has ended the transaction, and there is nothing to commit",
                ))),
                _ => Ok(()),
            };
        }
        if !self.controls.take_back(depth) {
            self.controls.push(control);
            if let Control::RollbackTo(depth) = control {
                self.controls.push(Control::Release(depth));
            }
            // A savepoint is released with what comes next, unless that is known to be refused.
            let can_wait =
                matches!(control, Control::Release(_)) && self.link.status() != Status::Failed;
            if !can_wait {
                self.say_end(cx, control).await?;
            }
        }
        self.is_in_transaction &= depth > 0;
        Ok(())
    }

    async fn say_end(&mut self, cx: &Cx, control: Control) -> Result<(), Stop> {
        let ended = self.exchange_controls(cx).await;
        match ended {
            Err(Stop::Cancelled(reason)) => {
                // The answer did not come in the time that is granted to a cancelled call.
                self.link.give_up();
                match control {
                    Control::Commit => Err(Stop::Err(commit_unknown())),
                    _ => Err(Stop::Cancelled(reason)),
                }
            }
            Err(Stop::Err(cause))
                if control == Control::Commit
                    && self.link.is_broken()
                    && !self.link.is_untouched() =>
            {
                Err(Stop::Err(commit_unknown().with_cause(cause)))
            }
            ended => ended,
        }
    }
}

/// Lends a sink for the time of a call.
fn reborrow<'s>(sink: &'s mut Option<&mut dyn Sink>) -> Option<&'s mut dyn Sink> {
    match sink {
        Some(sink) => Some(&mut **sink),
        None => None,
    }
}

/// The answer to a COMMIT that the server may have read did not come.
#[cold]
fn commit_unknown() -> Error {
    Error::new(
        ErrorKind::CommitUnknown,
        "the connection was lost while the transaction was committed: whether it was is not known",
    )
}

impl<T: Transport> Executor for PostgresConnection<T> {
    type Nested<'n>
        = Transaction<'n, Self>
    where
        Self: 'n;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, Self>, Error> {
        self.begin(cx).await
    }

    async fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut S,
    ) -> Outcome<(), Error> {
        let traced = Traced::begin(statement);
        let mut sink = Counted::new(sink);
        let result = self.run(cx, statement, Some(&mut sink)).await;
        let outcome = self.finish(cx, result.map(drop)).await;
        traced.end(sink.n_rows(), &outcome);
        outcome
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        let traced = Traced::begin(statement);
        let result = self.run(cx, statement, None).await;
        let outcome = self.finish(cx, result).await;
        let n_rows = match &outcome {
            Outcome::Ok(done) => done.rows_affected,
            _ => 0,
        };
        traced.end(n_rows, &outcome);
        outcome
    }

    async fn execute_all(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> Outcome<Vec<Done>, Error> {
        // They are one event, by the name of the first.
        let Some(first) = statements.first() else {
            return Outcome::Ok(Vec::new());
        };
        let traced = Traced::begin(*first);
        let outcome = self.batch(cx, statements).await;
        let n_rows = match &outcome {
            Outcome::Ok(done) => done.iter().map(|it| it.rows_affected).sum(),
            _ => 0,
        };
        traced.end(n_rows, &outcome);
        outcome
    }

    async fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> Outcome<(), Error> {
        match kind {
            CursorKind::Exclusive => Stop::into_outcome(self.begin_cursor(cx, statement).await),
            CursorKind::Shared { portion } => {
                let declared = self.declare_cursor(cx, statement, portion).await;
                self.finish(cx, declared).await
            }
        }
    }

    async fn fetch<S: RowSink>(&mut self, cx: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
        if self.declared.is_none() {
            return Stop::into_outcome(self.fetch_rows(cx, sink).await);
        }
        let fetched = self.fetch_declared(cx, sink).await;
        self.finish(cx, fetched).await
    }

    fn close_cursor(&mut self) {
        self.drop_cursor();
        self.drop_declared();
    }
}

impl<T: Transport> Connection for PostgresConnection<T> {
    async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        let result = self.run_prepare(cx, sql).await;
        self.finish(cx, result).await
    }

    async fn execute_each(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> Outcome<Vec<Done>, Error> {
        self.execute_all(cx, statements).await
    }

    async fn step(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        let result = self.run_step(cx, step).await;
        self.finish(cx, result).await
    }

    fn abandon(&mut self, depth: u32) {
        self.controls.undo(depth);
        self.is_in_transaction &= depth > 0;
    }
}

impl<T: Transport> Drop for PostgresConnection<T> {
    fn drop(&mut self) {
        self.link.terminate();
    }
}

impl<T: Transport> fmt::Debug for PostgresConnection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConnection")
            .field("is_closed", &self.is_closed())
            .field("is_idle", &self.is_idle())
            .finish_non_exhaustive()
    }
}
