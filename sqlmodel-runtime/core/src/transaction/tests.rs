use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::Prepared;
use crate::block_on;

/// A connection that records the steps it is told, and waits once before each is done.
#[derive(Debug, Default)]
struct Recorder {
    log: Vec<String>,
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

    async fn open_cursor(&mut self, _: &Cx, statement: Statement<'_>) -> Outcome<(), Error> {
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
        self.log.push(format!("{name} done"));
        Outcome::Ok(())
    }

    fn abandon(&mut self, depth: u32) {
        self.log.push(format!("abandon {depth}"));
    }
}

async fn nested(connection: &mut Recorder, cx: &Cx) -> Outcome<(), Error> {
    let mut transaction = ok!(connection.begin(cx).await);
    ok!(transaction.execute_sql(cx, "outer", &[]).await);
    let mut savepoint = ok!(transaction.savepoint(cx).await);
    ok!(savepoint.execute_sql(cx, "inner", &[]).await);
    ok!(savepoint.commit(cx).await);
    transaction.commit(cx).await
}

/// Drops the future after `n_polls` and returns what the connection was told.
fn drop_after(n_polls: usize) -> Vec<String> {
    block_on(async |cx| {
        let mut connection = Recorder::default();
        {
            let mut future = pin!(nested(&mut connection, cx));
            let mut task = Context::from_waker(Waker::noop());
            for _ in 0..n_polls {
                if future.as_mut().poll(&mut task).is_ready() {
                    break;
                }
            }
        }
        connection.log
    })
}

#[test]
fn a_transaction_runs_its_steps_in_order() {
    assert_eq!(
        drop_after(100),
        [
            "begin",
            "begin done",
            "outer",
            "savepoint 1",
            "savepoint 1 done",
            "inner",
            "release 1",
            "release 1 done",
            "commit",
            "commit done",
        ]
    );
}

#[test]
fn a_future_dropped_at_any_await_abandons_what_it_began() {
    let abandoned = |n_polls: usize| -> Vec<String> {
        drop_after(n_polls)
            .into_iter()
            .filter(|step| step.starts_with("abandon"))
            .collect()
    };
    assert_eq!(abandoned(0), [""; 0], "nothing was begun");
    assert_eq!(abandoned(1), ["abandon 0"], "inside BEGIN");
    assert_eq!(abandoned(2), ["abandon 1", "abandon 0"], "inside SAVEPOINT");
    assert_eq!(abandoned(3), ["abandon 1", "abandon 0"], "inside RELEASE");
    assert_eq!(abandoned(4), ["abandon 0"], "inside COMMIT");
    assert_eq!(abandoned(5), [""; 0], "committed");
}
