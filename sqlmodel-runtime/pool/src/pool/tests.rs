mod cancellation;

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Mutex;
use std::time::Duration;

use sqlmodel_core::seam::block_on_virtual;
use sqlmodel_core::{Connection, ErrorKind, Executor, Upkeep};

use super::*;
use crate::error::AcquireTimeout;
use crate::scripted::{Connect, Database, Scripted, run, sleep};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn options(max_size: usize) -> PoolOptions<Scripted> {
    PoolOptions::new(max_size).acquire_timeout(5 * SECOND)
}

/// Lets every task run that can.
async fn settle(cx: &Cx) {
    sleep(cx, 10 * MS).await;
}

#[track_caller]
fn cause(error: &Error) -> &AcquireTimeout {
    assert_eq!(error.kind(), ErrorKind::PoolTimeout, "{error}");
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref()).unwrap()
}

#[track_caller]
fn error_of<T>(outcome: Outcome<T, Error>) -> Error {
    match outcome {
        Outcome::Err(error) => error,
        _ => panic!("an error was expected"),
    }
}

#[test]
fn connections_are_used_again() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(3));
        for _ in 0..3 {
            let mut pooled = pool.acquire(&cx).await.unwrap();
            assert_eq!(pooled.id, 1);
            pooled.execute_sql(&cx, "work", &[]).await.unwrap();
        }
        assert_eq!(
            database.log(),
            ["work 1", "work 1", "work 1"],
            "no ping, no reset"
        );
        assert_eq!(pool.status().totals.acquired, 3);
        let kept = pool.clone();
        drop(pool);
        assert_eq!(database.with(|world| world.n_open), 1);
        drop(kept);
        assert_eq!(
            database.with(|world| world.n_open),
            0,
            "the last clone closes"
        );
    });
}

#[test]
fn no_more_connections_than_allowed_and_the_first_to_ask_is_the_first_to_get() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(2));
        let (one, two) = (
            pool.acquire(&cx).await.unwrap(),
            pool.acquire(&cx).await.unwrap(),
        );
        let order = Arc::new(Mutex::new(Vec::new()));
        for number in 0..6 {
            let (mine, order) = (pool.clone(), Arc::clone(&order));
            cx.spawn(move |cx| async move {
                let pooled = mine.acquire(&cx).await.unwrap();
                order.lock().unwrap().push(number);
                sleep(&cx, SECOND / 10).await;
                drop(pooled);
            })
            .unwrap();
            settle(&cx).await;
        }
        assert_eq!(pool.status().n_waiting, 6);
        drop(one);
        sleep(&cx, SECOND / 20).await;
        drop(two);
        sleep(&cx, SECOND).await;
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(database.with(|world| world.most_open), 2);
        let status = pool.status();
        assert_eq!(
            (status.n_idle, status.n_in_use, status.n_waiting),
            (2, 0, 0)
        );
        assert_eq!(status.totals.waits, 8, "the first two waited for connects");
    });
}

#[test]
fn a_timeout_tells_what_the_time_was_spent_on() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(1));
        let held = pool.acquire(&cx).await.unwrap();
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(cause(&error).step, AcquireStep::Turn);
        assert_eq!(
            error.to_string(),
            "the pool had no connection within 5s: 1 of 1 connections are in use, 1 calls wait for one"
        );
        drop(held);

        database.with(|world| world.is_silent = true);
        sleep(&cx, 60 * SECOND).await;
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(cause(&error).step, AcquireStep::Check);

        database.with(|world| world.always = Some(Connect::Never));
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(cause(&error).step, AcquireStep::Connect);
        assert!(cause(&error).latest_error.is_none());

        database.with(|world| world.always = Some(Connect::Refused("53300")));
        sleep(&cx, 20 * SECOND).await;
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(
            error.to_string(),
            "the pool had no connection within 5s: no connection works: the script says no"
        );
        let totals = pool.status().totals;
        assert_eq!((totals.timeouts, totals.acquired, totals.broken), (4, 1, 1));
    });
}

#[test]
fn a_refusal_that_will_not_pass_is_told_to_all_at_once() {
    run(|cx| async move {
        let database = Database::default();
        database.with(|world| world.always = Some(Connect::Refused("28P01")));
        let pool = Pool::open(&cx, database.clone(), options(8).max_connecting(1));
        let mut calls = Vec::new();
        for _ in 0..3 {
            let mine = pool.clone();
            let call = cx.spawn(move |cx| async move {
                let begin = cx.now();
                let error = error_of(mine.acquire(&cx).await);
                (error, cx.now().duration_since(begin))
            });
            calls.push(call.unwrap());
        }
        for mut call in calls {
            let (error, nanos) = call.join(&cx).await.unwrap();
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert_eq!(error.sqlstate(), Some("28P01"));
            assert!(nanos < 1_000_000_000, "{nanos}");
        }
    });
}

#[test]
fn a_server_that_refuses_is_asked_less_and_less_and_by_one_at_a_time() {
    run(|cx| async move {
        let database = Database::default();
        database.with(|world| world.always = Some(Connect::Refused("57P03")));
        let mut options = options(20).backoff(SECOND / 10, 2 * SECOND);
        options = options.acquire_timeout(60 * SECOND).max_connecting(4);
        let pool = Pool::open(&cx, database.clone(), options);
        for _ in 0..20 {
            let mine = pool.clone();
            cx.spawn(move |cx| async move {
                let pooled = mine.acquire(&cx).await.unwrap();
                sleep(&cx, SECOND).await;
                drop(pooled);
            })
            .unwrap();
        }
        sleep(&cx, 30 * SECOND).await;
        let (n_attempts, most) = database.with(|world| (world.n_attempts, world.most_connecting));
        // Four at first; then waits of up to 0.1, 0.2, 0.4, 0.8, 1.6 and 2 seconds, and at least half of that.
        assert!((15..40).contains(&n_attempts), "{n_attempts}");
        assert!(most <= 4, "{most}");
        database.with(|world| world.always = None);
        sleep(&cx, 5 * SECOND).await;
        let status = pool.status();
        assert_eq!(status.n_waiting, 0, "everybody got in");
        assert_eq!(status.totals.acquired, 20);
    });
}

#[test]
fn attempts_that_failed_together_are_not_repeated_together() {
    let second_attempt = |seed| {
        block_on_virtual(seed, |cx| async move {
            let database = Database::default();
            database.with(|world| world.script.push_back(Connect::Refused("57P03")));
            let options = options(1).backoff(SECOND, SECOND);
            let pool = Pool::open(&cx, database, options);
            let began = cx.now();
            drop(pool.acquire(&cx).await.unwrap());
            Duration::from_nanos(cx.now().duration_since(began))
        })
    };
    let waits: BTreeSet<Duration> = (0..8).map(second_attempt).collect();
    assert!(waits.len() > 4, "{waits:?}");
    let [first, .., last] = &*Vec::from_iter(waits) else {
        panic!("there are several");
    };
    assert!(
        *first >= SECOND / 2 && *last < SECOND + 10 * MS,
        "{first:?} to {last:?}"
    );
}

#[test]
fn connections_that_were_opened_together_do_not_end_together() {
    run(|cx| async move {
        let database = Database::default();
        let options = options(10)
            .max_lifetime(Some(3000 * SECOND))
            .idle_timeout(None);
        let pool = Pool::open(&cx, database, options);
        let mut held = Vec::new();
        for _ in 0..10 {
            held.push(pool.acquire(&cx).await.unwrap());
        }
        drop(held);
        // From nine tenths of their time on, until its end.
        sleep(&cx, 2695 * SECOND).await;
        assert_eq!(pool.status().n_idle, 10);
        let mut left = BTreeSet::new();
        for _ in 0..10 {
            sleep(&cx, 30 * SECOND).await;
            left.insert(pool.status().n_idle);
        }
        assert!(left.len() > 3, "{left:?}");
        sleep(&cx, 40 * SECOND).await;
        assert_eq!(pool.status().n_idle, 0);
    });
}

#[test]
fn a_connect_outlives_the_one_it_was_begun_for() {
    run(|cx| async move {
        let database = Database::default();
        database.with(|world| world.always = Some(Connect::After(3 * SECOND)));
        let pool = Pool::open(&cx, database.clone(), options(1).acquire_timeout(SECOND));
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(cause(&error).step, AcquireStep::Connect);
        sleep(&cx, 3 * SECOND).await;
        assert_eq!(pool.status().n_idle, 1);
        assert_eq!(pool.acquire(&cx).await.unwrap().id, 1);
    });
}

#[test]
fn a_driver_that_hangs_or_panics_takes_no_place_for_ever() {
    run(|cx| async move {
        let database = Database::default();
        database.with(|world| world.script.extend([Connect::Never, Connect::Panic]));
        let pool = Pool::open(
            &cx,
            database.clone(),
            options(1).acquire_timeout(30 * SECOND),
        );
        assert_eq!(pool.acquire(&cx).await.unwrap().id, 1);
        assert_eq!(pool.status().totals.connect_failures, 2);
        assert_eq!(database.with(|world| world.n_connecting), 0);
    });
}

#[test]
fn what_is_unfinished_is_put_in_order_before_somebody_else_gets_it() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(1));
        let mut pooled = pool.acquire(&cx).await.unwrap();
        let transaction = pooled.begin(&cx).await.unwrap();
        drop(transaction);
        drop(pooled);
        assert_eq!(pool.status().n_resetting, 1);
        settle(&cx).await;
        assert_eq!(database.log(), ["begin 1", "reset 1"], "without a user");
        assert_eq!(pool.status().n_idle, 1);

        // A query that was dropped in the middle.
        let mut pooled = pool.acquire(&cx).await.unwrap();
        {
            let mut query = Box::pin(pooled.execute_sql(&cx, "work", &[]));
            poll_fn(|task| {
                assert!(query.as_mut().poll(task).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        drop(pooled);
        let pooled = pool.acquire(&cx).await.unwrap();
        assert_eq!((pooled.id, pooled.upkeep), (1, Upkeep::Ready));
        assert_eq!(database.log(), ["work 1", "reset 1"]);
        assert_eq!(pool.status().totals.resets, 2);
    });
}

#[test]
fn a_connection_that_cannot_be_put_in_order_is_closed() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(1).connect_timeout(SECOND));
        let mut pooled = pool.acquire(&cx).await.unwrap();
        pooled.upkeep = Upkeep::Used;
        database.with(|world| world.is_silent = true);
        drop(pooled);
        assert_eq!(pool.acquire(&cx).await.unwrap().id, 2);
        assert_eq!(pool.status().totals.broken, 1);

        let mut pooled = pool.acquire(&cx).await.unwrap();
        pooled.upkeep = Upkeep::Broken;
        drop(pooled);
        assert_eq!(database.with(|world| world.n_open), 0);
        assert_eq!(pool.status().size(), 0);
    });
}

#[test]
fn only_a_connection_that_may_be_lost_is_asked_whether_it_is_there() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(3).ping_after(10 * SECOND));
        drop(pool.acquire(&cx).await.unwrap());
        sleep(&cx, 9 * SECOND).await;
        drop(pool.acquire(&cx).await.unwrap());
        assert_eq!(database.log(), [""; 0]);
        sleep(&cx, 11 * SECOND).await;
        let (mut one, two) = (
            pool.acquire(&cx).await.unwrap(),
            pool.acquire(&cx).await.unwrap(),
        );
        assert_eq!(database.log(), ["ping 1"]);

        // When one is found broken, the others are asked, each once.
        drop(two);
        one.upkeep = Upkeep::Broken;
        drop(one);
        drop(pool.acquire(&cx).await.unwrap());
        drop(pool.acquire(&cx).await.unwrap());
        assert_eq!(database.log(), ["ping 2"]);
    });
}

#[test]
fn a_silent_connection_is_replaced_within_the_time() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(1).connect_timeout(SECOND));
        drop(pool.acquire(&cx).await.unwrap());
        sleep(&cx, 60 * SECOND).await;
        database.with(|world| world.is_silent = true);
        let begin = cx.now();
        assert_eq!(pool.acquire(&cx).await.unwrap().id, 2);
        assert!(cx.now().duration_since(begin) < 1_100_000_000);
    });
}

#[test]
fn connections_that_do_not_answer_are_passed_over() {
    run(|cx| async move {
        let database = Database::default();
        let options = options(3).before_acquire(|_, connection| {
            Box::pin(async move {
                match connection.id {
                    1 | 2 => Outcome::Err(Error::new(ErrorKind::Io, "lost")),
                    _ => Outcome::Ok(()),
                }
            })
        });
        let pool = Pool::open(&cx, database.clone(), options);
        let pooled = pool.acquire(&cx).await.unwrap();
        assert_eq!(pooled.id, 3);
        assert_eq!(pool.status().totals.broken, 2);
    });
}

#[test]
fn a_check_that_always_fails_is_told_when_the_time_is_over() {
    run(|cx| async move {
        let options = options(3).before_acquire(|_, _| {
            Box::pin(async { Outcome::Err(Error::new(ErrorKind::Statement, "no such setting")) })
        });
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options.backoff(SECOND / 2, SECOND));
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(
            error.to_string(),
            "the pool had no connection within 5s: no connection works: no such setting"
        );
        let n_attempts = database.with(|world| world.n_attempts);
        assert!((9..=11).contains(&n_attempts), "{n_attempts}");
    });
}

#[test]
fn connections_end_with_their_time() {
    run(|cx| async move {
        let database = Database::default();
        let options = options(10)
            .min_size(2)
            .idle_timeout(Some(20 * SECOND))
            .max_lifetime(Some(100 * SECOND))
            .ping_after(1000 * SECOND);
        let pool = Pool::open(&cx, database.clone(), options);
        pool.warm_up(&cx).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(pool.acquire(&cx).await.unwrap());
        }
        drop(held);
        sleep(&cx, 10 * SECOND).await;
        assert_eq!(pool.status().n_idle, 5);
        sleep(&cx, 20 * SECOND).await;
        assert_eq!(pool.status().n_idle, 2, "the least number stays");
        assert_eq!(pool.status().totals.expired, 3);
        sleep(&cx, 59 * SECOND).await;
        assert_eq!(database.with(|world| world.n_opened), 5);
        sleep(&cx, 20 * SECOND).await;
        assert_eq!(pool.status().n_idle, 2);
        assert_eq!(
            database.with(|world| world.n_opened),
            7,
            "both were replaced"
        );

        // One that is in use outlives its time, and is closed as it is given back.
        let pooled = pool.acquire(&cx).await.unwrap();
        sleep(&cx, 200 * SECOND).await;
        let id = pooled.id;
        drop(pooled);
        sleep(&cx, SECOND).await;
        assert_ne!(pool.acquire(&cx).await.unwrap().id, id);
    });
}

#[test]
fn hooks_run_where_they_are_put() {
    fn note(
        word: &'static str,
    ) -> impl for<'a> Fn(&'a Cx, &'a mut Scripted) -> crate::HookFuture<'a> {
        move |cx, connection| {
            Box::pin(async move {
                ok!(connection.execute_sql(cx, word, &[]).await);
                Outcome::Ok(())
            })
        }
    }
    run(|cx| async move {
        let database = Database::default();
        let options = options(1)
            .after_connect(note("after connect"))
            .before_acquire(note("before acquire"))
            .after_release(note("after release"));
        let pool = Pool::open(&cx, database.clone(), options);
        drop(pool.acquire(&cx).await.unwrap());
        drop(pool.acquire(&cx).await.unwrap());
        settle(&cx).await;
        let expected = [
            "after connect 1",
            "accept 1",
            "before acquire 1",
            "after release 1",
            "accept 1",
            "before acquire 1",
            "after release 1",
            "accept 1",
        ];
        assert_eq!(database.log(), expected);
    });
}

#[test]
fn a_pool_is_closed_when_everything_came_back() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(2));
        let (held, idle) = (
            pool.acquire(&cx).await.unwrap(),
            pool.acquire(&cx).await.unwrap(),
        );
        drop(idle);
        let mine = pool.clone();
        let mut closing = cx
            .spawn(move |cx| async move {
                mine.close(&cx).await.unwrap();
                cx.now()
            })
            .unwrap();
        settle(&cx).await;
        assert_eq!(database.with(|world| world.n_open), 1);
        let error = error_of(pool.acquire(&cx).await);
        assert_eq!(error.kind(), ErrorKind::PoolClosed);
        sleep(&cx, SECOND).await;
        let released_at = cx.now();
        drop(held);
        let closed_at = closing.join(&cx).await.unwrap();
        assert!(closed_at >= released_at);
        assert_eq!(database.with(|world| world.n_open), 0);
    });
}

#[test]
fn those_who_wait_are_told_that_the_pool_is_closed() {
    run(|cx| async move {
        let pool = Pool::open(&cx, Database::default(), options(1));
        let held = pool.acquire(&cx).await.unwrap();
        let mine = pool.clone();
        let mut waiting = cx
            .spawn(move |cx| async move { error_of(mine.acquire(&cx).await).kind() })
            .unwrap();
        settle(&cx).await;
        let mine = pool.clone();
        cx.spawn(move |cx| async move { mine.close(&cx).await })
            .unwrap();
        assert_eq!(waiting.join(&cx).await.unwrap(), ErrorKind::PoolClosed);
        drop(held);
    });
}

#[test]
fn a_pool_grows_and_shrinks() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(1));
        let one = pool.acquire(&cx).await.unwrap();
        let mine = pool.clone();
        let mut waiting = cx
            .spawn(move |cx| async move { mine.acquire(&cx).await.unwrap() })
            .unwrap();
        settle(&cx).await;
        pool.resize(0, 2);
        let two = waiting.join(&cx).await.unwrap();
        pool.resize(0, 1);
        assert_eq!(pool.status().n_in_use, 2, "nobody loses what he has");
        drop(one);
        assert_eq!(pool.status().size(), 1);
        drop(two);
        assert_eq!(database.with(|world| world.n_open), 1);
        pool.resize(3, 3);
        settle(&cx).await;
        assert_eq!(pool.status().n_idle, 3);
    });
}

#[test]
fn a_detached_connection_is_replaced() {
    run(|cx| async move {
        let database = Database::default();
        let pool = Pool::open(&cx, database.clone(), options(1));
        let own = pool.acquire(&cx).await.unwrap().detach();
        assert_eq!(pool.status().size(), 0);
        assert_eq!(pool.acquire(&cx).await.unwrap().id, 2);
        assert_eq!(own.id, 1);
    });
}
