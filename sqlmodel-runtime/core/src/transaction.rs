//! Transactions: written once over the steps that a driver provides.
//!
//! A transaction that is dropped before it was committed is rolled back, wherever the drop happens:
//! the guard exists before BEGIN is sent.

#[cfg(test)]
mod tests;

use sqlmodel_sql::Dialect;

use crate::connection::{Capabilities, Connection, Executor, Prepared};
use crate::cursor::{CursorKind, Fetched};
use crate::error::Error;
use crate::seam::{Cx, Outcome};
use crate::statement::{Done, RowSink, Statement};
use crate::trace::Traced;

/// One step of the transaction protocol, as a driver performs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStep {
    /// Begin a transaction.
    Begin(TransactionOptions),
    /// Commit it.
    Commit,
    /// Roll it back.
    Rollback,
    /// Set the savepoint of this depth; the outermost has depth 1.
    Savepoint(u32),
    /// Release the savepoint of this depth and keep what was done since.
    Release(u32),
    /// Undo what was done since the savepoint of this depth, and release it.
    RollbackTo(u32),
}

/// How a transaction is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionOptions {
    /// The isolation level; the database's default when absent.
    pub isolation: Option<Isolation>,
    /// Whether the transaction may write.
    pub access: Access,
    /// Whether a serializable transaction that only reads waits at its beginning until nothing can make it fail later.
    /// PostgreSQL does; the others have no use for it.
    pub is_deferrable: bool,
}

impl TransactionOptions {
    /// Returns options with this isolation level.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Returns options for a transaction that only reads.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.access = Access::ReadOnly;
        self
    }

    /// Returns options for a serializable transaction that only reads, and waits at its beginning rather than failing later.
    #[must_use]
    pub fn deferrable(mut self) -> Self {
        self.is_deferrable = true;
        self.isolation(Isolation::Serializable).read_only()
    }
}

/// The isolation levels of the SQL standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// Every statement sees the same snapshot.
    RepeatableRead,
    /// The outcome is that of running the transactions one after the other.
    Serializable,
}

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// It may write. On SQLite it takes the write lock at once, so that it cannot fail later for want of it.
    #[default]
    ReadWrite,
    /// It only reads.
    ReadOnly,
}

/// The operations of a running transaction.
pub trait TransactionOps: Executor + Sized {
    /// Makes what was done permanent; for a nested one, a part of the outer transaction.
    ///
    /// On an error nothing was committed, unless the error's kind is
    /// [`CommitUnknown`](crate::ErrorKind::CommitUnknown), and the transaction is rolled back.
    ///
    /// Cancel: a context that is cancelled, or past its deadline, does not keep it from committing: the work is done, and to
    /// know what became of it is worth more than the time. Servers are then waited for no longer than `cancel_grace`. Drop the
    /// transaction instead where work that comes late shall not count. A dropped future leaves either outcome.
    fn commit(self, cx: &Cx) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Undoes what was done.
    ///
    /// Cancel: as for [`commit`](Self::commit), a cancelled context does not keep it from rolling back.
    fn rollback(self, cx: &Cx) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Begins a nested transaction: a savepoint that is committed or rolled back on its own.
    fn savepoint(
        &mut self,
        cx: &Cx,
    ) -> impl Future<Output = Outcome<Self::Nested<'_>, Error>> + Send {
        self.nested(cx)
    }
}

/// A running transaction, or one nested in it. Rolled back when it is dropped.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'c, C: Connection> {
    connection: &'c mut C,
    depth: u32,
    is_open: bool,
}

impl<'c, C: Connection> Transaction<'c, C> {
    pub(crate) async fn begin(
        connection: &'c mut C,
        cx: &Cx,
        options: TransactionOptions,
    ) -> Outcome<Self, Error> {
        // The guard comes before BEGIN: whatever stops this future, the connection is told.
        Self {
            connection,
            depth: 0,
            is_open: true,
        }
        .start(cx, TransactionStep::Begin(options))
        .await
    }

    /// Performs the first step. One that the database refused has begun nothing that could be rolled back.
    async fn start(mut self, cx: &Cx, step: TransactionStep) -> Outcome<Self, Error> {
        let traced = Traced::control(name_of(step));
        let outcome = self.connection.step(cx, step).await;
        traced.end(0, &outcome);
        self.is_open = !outcome.is_err();
        ok!(outcome);
        Outcome::Ok(self)
    }

    async fn end(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        let traced = Traced::control(name_of(step));
        let outcome = self.connection.step(cx, step).await;
        traced.end(0, &outcome);
        ok!(outcome);
        self.is_open = false;
        Outcome::Ok(())
    }
}

/// The statement that events call a step.
fn name_of(step: TransactionStep) -> &'static str {
    match step {
        TransactionStep::Begin(_) => "BEGIN",
        TransactionStep::Commit => "COMMIT",
        TransactionStep::Rollback => "ROLLBACK",
        TransactionStep::Savepoint(_) => "SAVEPOINT",
        TransactionStep::Release(_) => "RELEASE SAVEPOINT",
        TransactionStep::RollbackTo(_) => "ROLLBACK TO SAVEPOINT",
    }
}

impl<C: Connection> Transaction<'_, C> {
    /// Checks a statement in this transaction, whose tables it may name; see [`Connection::prepare`].
    ///
    /// PostgreSQL runs nothing else in a transaction, or a savepoint, after a statement that it refused.
    ///
    /// # Errors
    ///
    /// What the database has against the statement.
    pub async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        self.connection.prepare(cx, sql).await
    }
}

impl<C: Connection> TransactionOps for Transaction<'_, C> {
    async fn commit(mut self, cx: &Cx) -> Outcome<(), Error> {
        let step = match self.depth {
            0 => TransactionStep::Commit,
            depth => TransactionStep::Release(depth),
        };
        self.end(cx, step).await
    }

    async fn rollback(mut self, cx: &Cx) -> Outcome<(), Error> {
        let step = match self.depth {
            0 => TransactionStep::Rollback,
            depth => TransactionStep::RollbackTo(depth),
        };
        self.end(cx, step).await
    }
}

impl<C: Connection> Executor for Transaction<'_, C> {
    type Nested<'n>
        = Transaction<'n, C>
    where
        Self: 'n;

    fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        self.connection.capabilities()
    }

    fn is_transaction(&self) -> bool {
        true
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, C>, Error> {
        let depth = self.depth + 1;
        Transaction {
            connection: &mut *self.connection,
            depth,
            is_open: true,
        }
        .start(cx, TransactionStep::Savepoint(depth))
        .await
    }

    async fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut S,
    ) -> Outcome<(), Error> {
        self.connection.query(cx, statement, sink).await
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        self.connection.execute(cx, statement).await
    }

    async fn execute_all(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> Outcome<Vec<Done>, Error> {
        self.connection.execute_each(cx, statements).await
    }

    async fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> Outcome<(), Error> {
        self.connection.open_cursor(cx, statement, kind).await
    }

    async fn fetch<S: RowSink>(&mut self, cx: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
        self.connection.fetch(cx, sink).await
    }

    fn close_cursor(&mut self) {
        self.connection.close_cursor();
    }
}

impl<C: Connection> Drop for Transaction<'_, C> {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.abandon(self.depth);
        }
    }
}
