//! A connection for tests of what is written once over all drivers.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use crate::{
    Capabilities, Connection, CursorKind, Cx, Dialect, Done, Error, ErrorKind, Executor, Fetched,
    Outcome, Prepared, RowSink, Statement, Transaction, TransactionStep,
};

/// A connection that records the steps it is told, and waits once before each is done.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) log: Vec<String>,
    /// The next steps to be refused, each by its name, and with what.
    pub(crate) refuse: VecDeque<(&'static str, ErrorKind)>,
}

/// Waits for exactly one poll.
async fn one_wait() {
    let mut waited = false;
    poll_fn(|task| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Executor for Recorder {
    type Nested<'n> = Transaction<'n, Self>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn capabilities(&self) -> &Capabilities {
        &Capabilities {
            has_insert_returning: true,
            has_update_returning: true,
            has_delete_returning: true,
            max_parameters: 100,
            has_strict_types: true,
        }
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, Self>, Error> {
        self.begin(cx).await
    }

    async fn query<S: RowSink>(
        &mut self,
        _: &Cx,
        statement: Statement<'_>,
        _: &mut S,
    ) -> Outcome<(), Error> {
        self.log.push(statement.sql.to_owned());
        Outcome::Ok(())
    }

    async fn execute(&mut self, _: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        self.log.push(statement.sql.to_owned());
        Outcome::Ok(Done::default())
    }

    async fn open_cursor(
        &mut self,
        _: &Cx,
        statement: Statement<'_>,
        _: CursorKind,
    ) -> Outcome<(), Error> {
        self.log.push(statement.sql.to_owned());
        Outcome::Ok(())
    }

    async fn fetch<S: RowSink>(&mut self, _: &Cx, _: &mut S) -> Outcome<Fetched, Error> {
        Outcome::Ok(Fetched::End)
    }

    fn close_cursor(&mut self) {}
}

impl Connection for Recorder {
    async fn prepare(&mut self, _: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        Outcome::Ok(Prepared::new(sql, 0, Vec::new()))
    }

    async fn step(&mut self, _: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        let name = match step {
            TransactionStep::Begin(_) => "begin".to_owned(),
            TransactionStep::Commit => "commit".to_owned(),
            TransactionStep::Rollback => "rollback".to_owned(),
            TransactionStep::Savepoint(depth) => format!("savepoint {depth}"),
            TransactionStep::Release(depth) => format!("release {depth}"),
            TransactionStep::RollbackTo(depth) => format!("rollback to {depth}"),
        };
        self.log.push(name.clone());
        one_wait().await;
        if let Some((refused, kind)) = self.refuse.front().copied()
            && refused == name
        {
            self.refuse.pop_front();
            return Outcome::Err(Error::new(kind, "the test says no"));
        }
        self.log.push(format!("{name} done"));
        Outcome::Ok(())
    }

    fn abandon(&mut self, depth: u32) {
        self.log.push(format!("abandon {depth}"));
    }
}
