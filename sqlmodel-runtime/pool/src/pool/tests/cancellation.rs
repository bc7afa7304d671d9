//! Calls that are dropped or cancelled, at every place, and crowds of them.

use std::pin::Pin;
use std::task::Context;

use sqlmodel_core::block_on;

use super::*;

/// Polls a future as often as it is woken, but no more than `n` times; then it is dropped.
async fn polled<T>(
    n: usize,
    mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Option<T> {
    let mut left = n;
    poll_fn(move |task: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(task).map(Some)
    })
    .await
}

/// What a call of `acquire` goes through before it has a connection.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Connect,
    Queue,
    Check,
    Reset,
}

/// Brings a pool of one to where the next call of `acquire` goes through a stage.
async fn prepare(cx: &Cx, stage: Stage) -> (Database, Pool<Database>) {
    let database = Database::default();
    let pool = Pool::open(cx, database.clone(), options(1).ping_after(SECOND));
    match stage {
        Stage::Connect => database.with(|world| world.always = Some(Connect::After(MS))),
        Stage::Queue => {
            let held = pool.acquire(cx).await.unwrap();
            let hold = move |cx: Cx| async move {
                sleep(&cx, MS).await;
                drop(held);
            };
            cx.spawn(hold).unwrap();
        }
        Stage::Check => {
            drop(pool.acquire(cx).await.unwrap());
            sleep(cx, 2 * SECOND).await;
        }
        Stage::Reset => {
            let mut held = pool.acquire(cx).await.unwrap();
            held.upkeep = Upkeep::Used;
        }
    }
    (database, pool)
}

/// Checks that a pool of one that nobody uses has lost neither a connection nor a place.
async fn assert_whole(cx: &Cx, database: &Database, pool: &Pool<Database>, how: &str) {
    sleep(cx, SECOND / 10).await;
    let status = pool.status();
    let n_open = database.with(|world| world.n_open);
    assert_eq!(
        (status.n_in_use, status.n_waiting, status.n_resetting),
        (0, 0, 0),
        "{how}"
    );
    assert_eq!(status.n_idle, n_open, "{how}");
    assert_eq!(status.size(), n_open, "{how}");
    assert!(database.with(|world| world.most_open) <= 1, "{how}");
    let pooled = pool.acquire(cx).await.unwrap();
    assert_eq!(pooled.upkeep, Upkeep::Ready, "{how}");
}

#[test]
fn a_call_that_is_dropped_at_any_poll_leaves_its_place_to_the_next_one() {
    for stage in [Stage::Connect, Stage::Queue, Stage::Check, Stage::Reset] {
        for n_polls in 0..12 {
            block_on_virtual(n_polls as u64, move |cx| async move {
                let how = format!("{stage:?}, dropped after {n_polls} polls");
                let (database, pool) = prepare(&cx, stage).await;
                let first = pool.clone();
                let dropped = cx.spawn(move |cx| async move {
                    drop(polled(n_polls, Box::pin(first.acquire(&cx))).await);
                });
                let second = pool.clone();
                let served = cx.spawn(move |cx| async move { second.acquire(&cx).await.is_ok() });
                dropped.unwrap().join(&cx).await.unwrap();
                assert!(served.unwrap().join(&cx).await.unwrap(), "{how}");
                assert_whole(&cx, &database, &pool, &how).await;
            });
        }
    }
}

#[test]
fn a_call_that_is_cancelled_at_any_time_leaves_its_place_to_the_next_one() {
    for stage in [Stage::Connect, Stage::Queue, Stage::Check, Stage::Reset] {
        for n_yields in 0..12 {
            block_on_virtual(n_yields, move |cx| async move {
                let how = format!("{stage:?}, cancelled after {n_yields} turns");
                let (database, pool) = prepare(&cx, stage).await;
                let first = pool.clone();
                let mut cancelled = cx
                    .spawn(move |cx| async move { first.acquire(&cx).await.is_ok() })
                    .unwrap();
                let second = pool.clone();
                let served = cx.spawn(move |cx| async move { second.acquire(&cx).await.is_ok() });
                for _ in 0..n_yields {
                    sleep(&cx, MS / 4).await;
                }
                cancelled.abort();
                // Whether it had a connection before is not the question here.
                let _ = cancelled.join(&cx).await;
                assert!(served.unwrap().join(&cx).await.unwrap(), "{how}");
                assert_whole(&cx, &database, &pool, &how).await;
            });
        }
    }
}

#[test]
fn a_call_ends_with_the_deadline_of_its_context() {
    run(|cx| async move {
        let pool = Pool::open(&cx, Database::default(), options(1));
        let held = pool.acquire(&cx).await.unwrap();
        let scope = cx.scope_with_budget(cx.budget_for_timeout(SECOND));
        let mine = pool.clone();
        let begin = cx.now();
        let mut call = cx
            .spawn_in(&scope, move |cx| async move {
                mine.acquire(&cx).await.is_cancelled()
            })
            .unwrap();
        assert!(call.join(&cx).await.unwrap_or(true));
        assert!(cx.now().duration_since(begin) < 2_000_000_000);
        assert_eq!(pool.status().n_waiting, 0);
        drop(held);
    });
}

/// Many tasks that take, use, drop and are cancelled at random: in the end everything is there, and never too much.
#[test]
fn nothing_is_lost_in_a_crowd() {
    for seed in 0..40 {
        block_on_virtual(seed, move |cx| async move {
            let database = Database::default();
            let options = options(3)
                .max_lifetime(Some(2 * SECOND))
                .idle_timeout(Some(SECOND))
                .ping_after(SECOND / 10);
            let pool = Pool::open(&cx, database.clone(), options.min_size(1));
            let mut tasks = Vec::new();
            for _ in 0..30 {
                let mine = pool.clone();
                let task = cx.spawn(move |cx| async move {
                    for _ in 0..5 {
                        let random = cx.random_u64();
                        let n_polls = (random % 7) as usize;
                        let Some(outcome) = polled(n_polls, Box::pin(mine.acquire(&cx))).await
                        else {
                            continue;
                        };
                        let Outcome::Ok(mut pooled) = outcome else {
                            continue;
                        };
                        let work = pooled.execute_sql(&cx, "work", &[]);
                        drop(polled((random >> 8) as usize % 4, Box::pin(work)).await);
                        if random >> 16 & 7 == 0 {
                            pooled.upkeep = Upkeep::Broken;
                        }
                        sleep(&cx, Duration::from_millis((random >> 24) % 300)).await;
                    }
                });
                tasks.push(task.unwrap());
            }
            for (at, task) in tasks.iter_mut().enumerate() {
                if at % 4 == 0 {
                    sleep(&cx, SECOND / 5).await;
                    task.abort();
                }
                let _ = task.join(&cx).await;
            }
            sleep(&cx, SECOND / 10).await;
            let status = pool.status();
            let (n_open, most_open) = database.with(|world| (world.n_open, world.most_open));
            assert!(most_open <= 3, "seed {seed}: {most_open}");
            assert_eq!(
                (status.n_in_use, status.n_waiting, status.n_resetting),
                (0, 0, 0),
                "seed {seed}"
            );
            assert_eq!(status.n_idle, n_open, "seed {seed}");
            let totals = status.totals;
            assert!(
                totals.broken > 0 && totals.resets > 0 && totals.waits > 0,
                "{totals:?}"
            );
            drop(pool);
            assert_eq!(database.with(|world| world.n_open), 0, "seed {seed}");
        });
    }
}

#[test]
fn warming_up_and_closing_may_be_dropped_at_any_poll() {
    for n_polls in 0..8 {
        block_on_virtual(n_polls as u64, move |cx| async move {
            let database = Database::default();
            database.with(|world| world.always = Some(Connect::After(MS)));
            let pool = Pool::open(&cx, database.clone(), options(3).min_size(3));
            drop(polled(n_polls, Box::pin(pool.warm_up(&cx))).await);
            sleep(&cx, SECOND).await;
            assert_eq!(pool.status().n_idle, 3, "after {n_polls} polls");
            let held = pool.acquire(&cx).await.unwrap();
            drop(polled(n_polls, Box::pin(pool.close(&cx))).await);
            if n_polls > 0 {
                assert_eq!(
                    error_of(pool.acquire(&cx).await).kind(),
                    ErrorKind::PoolClosed
                );
                assert_eq!(database.with(|world| world.n_open), 1);
                drop(held);
                assert_eq!(database.with(|world| world.n_open), 0);
            }
        });
    }
}

/// Real threads, each with a runtime of its own, share a pool whose tasks run in another one.
#[test]
fn threads_share_a_pool() {
    const N_THREADS: u64 = 4;
    const N_TURNS: u64 = 300;
    block_on(async |cx| {
        let database = Database::default();
        let pool = Pool::open(
            cx,
            database.clone(),
            options(2).acquire_timeout(60 * SECOND),
        );
        let threads: Vec<_> = (0..N_THREADS)
            .map(|number| {
                let pool = pool.clone();
                std::thread::spawn(move || {
                    block_on(async |cx| {
                        for turn in 0..N_TURNS {
                            let mut pooled = pool.acquire(cx).await.unwrap();
                            if (turn + number) % 7 == 0 {
                                pooled.upkeep = Upkeep::Used;
                            } else if (turn + number) % 31 == 0 {
                                pooled.upkeep = Upkeep::Broken;
                            }
                        }
                    });
                })
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            sleep(cx, MS).await;
        }
        for thread in threads {
            thread.join().unwrap();
        }
        while pool.status().n_resetting > 0 {
            sleep(cx, MS).await;
        }
        let status = pool.status();
        assert_eq!(status.totals.acquired, N_THREADS * N_TURNS);
        assert_eq!((status.n_in_use, status.n_waiting), (0, 0));
        assert_eq!(status.n_idle, database.with(|world| world.n_open));
        assert!(database.with(|world| world.most_open) <= 2);
        assert!(status.totals.broken > 0 && status.totals.resets > 0);
    });
}
