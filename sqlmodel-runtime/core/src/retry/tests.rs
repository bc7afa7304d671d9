use super::*;
use crate::recorder::Recorder;
use crate::seam::block_on_virtual;
use crate::{ErrorKind, Executor, Isolation, block_on, retry};

/// What a call of `retry` came to, and what the connection was told.
struct Tried {
    result: Result<u32, ErrorKind>,
    log: Vec<String>,
    waited: Duration,
}

/// Runs a transaction on a connection that refuses these steps. The value is the number of times that the work has run.
fn try_with(policy: RetryPolicy, refuse: &[(&'static str, ErrorKind)]) -> Tried {
    let refuse = refuse.iter().copied().collect();
    block_on_virtual(1, move |cx| async move {
        // In a task of its own: what `retry` returns is `Send`.
        let mut task = cx
            .spawn(move |cx| async move {
                let mut connection = Recorder {
                    refuse,
                    ..Recorder::default()
                };
                let begin = cx.now();
                let mut n_runs = 0;
                let outcome = retry!(&cx, &policy, &mut connection, |transaction| {
                    n_runs += 1;
                    ok!(transaction.execute_sql(&cx, "work", &[]).await);
                    let savepoint = ok!(transaction.savepoint(&cx).await);
                    ok!(savepoint.commit(&cx).await);
                    Outcome::Ok(n_runs)
                });
                connection.log.retain(|step| !step.ends_with(" done"));
                Tried {
                    result: match outcome {
                        Outcome::Ok(n_runs) => Ok(n_runs),
                        Outcome::Err(error) => Err(error.kind()),
                        _ => panic!("cancelled"),
                    },
                    log: connection.log,
                    waited: Duration::from_nanos(cx.now().duration_since(begin)),
                }
            })
            .unwrap();
        task.join(&cx).await.unwrap()
    })
}

#[test]
fn a_transaction_that_conflicted_is_rolled_back_and_run_again() {
    let tried = try_with(
        RetryPolicy::default(),
        &[
            ("savepoint 1", ErrorKind::Deadlock),
            ("commit", ErrorKind::Serialization),
        ],
    );
    assert_eq!(tried.result, Ok(3));
    assert_eq!(
        tried.log,
        [
            "begin",
            "work",
            "savepoint 1",
            "rollback", // the savepoint was refused
            "begin",
            "work",
            "savepoint 1",
            "release 1",
            "commit",
            "abandon 0", // the commit was refused
            "begin",
            "work",
            "savepoint 1",
            "release 1",
            "commit",
        ]
    );
    let least = Duration::from_millis(5 + 10);
    assert!(
        (least..=2 * least).contains(&tried.waited),
        "{:?}",
        tried.waited
    );
}

#[test]
fn other_errors_are_returned_at_once() {
    for (step, kind) in [
        ("savepoint 1", ErrorKind::Constraint),
        ("begin", ErrorKind::Connect),
        ("commit", ErrorKind::CommitUnknown),
    ] {
        let tried = try_with(RetryPolicy::default(), &[(step, kind)]);
        assert_eq!(tried.result, Err(kind));
        assert_eq!(tried.waited, Duration::ZERO);
    }
}

#[test]
fn attempts_are_counted_and_waits_grow_to_a_limit() {
    let policy = RetryPolicy {
        max_attempts: 5,
        first_delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(3),
        ..RetryPolicy::default()
    };
    let tried = try_with(policy, &[("commit", ErrorKind::Busy); 5]);
    assert_eq!(tried.result, Err(ErrorKind::Busy));
    assert_eq!(tried.log.iter().filter(|step| *step == "commit").count(), 5);
    let longest = Duration::from_secs(1 + 2 + 3 + 3);
    assert!((longest / 2..=longest).contains(&tried.waited));

    let tried = try_with(policy, &[("commit", ErrorKind::Busy); 4]);
    assert_eq!(tried.result, Ok(5));
}

async fn always_deadlocked(_: &mut Transaction<'_, Recorder>) -> Outcome<(), Error> {
    Outcome::Err(Error::new(ErrorKind::Deadlock, "always"))
}

#[test]
fn an_async_closure_borrows_what_it_needs() {
    let n_runs = block_on(async |cx| {
        let mut connection = Recorder::default();
        connection
            .refuse
            .push_back(("commit", ErrorKind::Serialization));
        let mut n_runs = 0;
        let policy = RetryPolicy::default();
        let done = retry(cx, &policy, &mut connection, async |transaction| {
            n_runs += 1;
            transaction.execute_sql(cx, "work", &[]).await
        });
        done.await.unwrap();
        n_runs
    });
    assert_eq!(n_runs, 2);
}

#[test]
fn no_attempt_begins_after_the_deadline() {
    let kind = block_on_virtual(1, |cx| async move {
        let scope = cx.scope_with_budget(cx.budget_for_timeout(Duration::from_secs(2)));
        let mut task = cx
            .spawn_in(&scope, |cx| async move {
                let policy = RetryPolicy {
                    first_delay: Duration::from_secs(10),
                    max_delay: Duration::from_secs(10),
                    ..RetryPolicy::default()
                };
                let mut connection = Recorder::default();
                match retry(&cx, &policy, &mut connection, always_deadlocked).await {
                    Outcome::Err(error) => Some(error.kind()),
                    _ => None,
                }
            })
            .unwrap();
        task.join(&cx).await.unwrap()
    });
    assert_eq!(kind, Some(ErrorKind::Deadlock));
}

#[test]
fn options_say_how_a_transaction_runs() {
    let options = TransactionOptions::default().deferrable();
    assert!(options.is_deferrable);
    assert_eq!(options.isolation, Some(Isolation::Serializable));
    assert_eq!(options.access, crate::Access::ReadOnly);
}
