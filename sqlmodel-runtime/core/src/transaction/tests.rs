use std::pin::pin;
use std::task::{Context, Waker};

use super::*;
use crate::block_on;
use crate::recorder::Recorder;

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
