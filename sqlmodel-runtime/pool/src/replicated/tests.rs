use sqlmodel_core::seam::block_on_virtual;

use super::*;
use crate::options::PoolOptions;
use crate::scripted::{Connect, Database, run, sleep};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn primary(position: u64) -> Option<Progress> {
    Some(Progress {
        role: Role::Primary,
        position: LogPosition(position),
        lag: Duration::ZERO,
    })
}

fn replica(position: u64, lag: Duration) -> Option<Progress> {
    Some(Progress {
        role: Role::Replica,
        position: LogPosition(position),
        lag,
    })
}

/// Servers that say this of themselves.
fn servers(progress: [Option<Progress>; 3]) -> [Database; 3] {
    progress.map(|progress| {
        let database = Database::default();
        database.with(|world| world.progress = progress);
        database
    })
}

async fn open(cx: &Cx, servers: &[Database; 3]) -> Replicated<Database> {
    let pools = servers
        .iter()
        .map(|server| Pool::open(cx, server.clone(), PoolOptions::new(2)))
        .collect();
    let options = ReplicatedOptions {
        failover_timeout: 10 * SECOND,
        ..ReplicatedOptions::default()
    };
    let replicated = Replicated::open(cx, pools, options);
    sleep(cx, 10 * MS).await;
    replicated
}

/// Which server a connection leads to.
#[track_caller]
fn at(replicated: &Replicated<Database>, outcome: &Outcome<Pooled<Database>, Error>) -> usize {
    match outcome {
        Outcome::Ok(pooled) => replicated.handle.inner.position_of(pooled).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn writes_go_to_the_primary_and_reads_to_replicas_in_turn() {
    run(|cx| async move {
        let servers = servers([replica(5, SECOND), primary(9), replica(5, SECOND)]);
        let replicated = open(&cx, &servers).await;
        for _ in 0..3 {
            assert_eq!(at(&replicated, &replicated.write(&cx).await), 1);
        }
        let mut counts = [0; 3];
        for _ in 0..30 {
            counts[at(&replicated, &replicated.read(&cx).await)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!(counts[0] >= 10 && counts[2] >= 10, "{counts:?}");
    });
}

#[test]
fn replicas_that_lag_or_are_lost_are_not_read_from() {
    run(|cx| async move {
        let servers = servers([primary(9), replica(5, 11 * SECOND), None]);
        let replicated = open(&cx, &servers).await;
        assert_eq!(at(&replicated, &replicated.read(&cx).await), 0);
        servers[1].with(|world| world.progress = replica(5, 9 * SECOND));
        sleep(&cx, SECOND).await;
        assert_eq!(at(&replicated, &replicated.read(&cx).await), 1);
        assert_eq!(replicated.servers()[2], None);
    });
}

#[test]
fn what_was_written_is_read_from_a_replica_that_has_it_or_from_the_primary() {
    run(|cx| async move {
        let servers = servers([primary(9), replica(5, SECOND), None]);
        let replicated = open(&cx, &servers).await;
        let mut writer = replicated.write(&cx).await.unwrap();
        let position = replicated.position(&cx, &mut writer).await.unwrap();
        assert_eq!(position, LogPosition(9));
        drop(writer);

        assert_eq!(
            at(
                &replicated,
                &replicated.read_after(&cx, LogPosition(5)).await
            ),
            1,
            "it is there"
        );
        let begin = cx.now();
        assert_eq!(
            at(&replicated, &replicated.read_after(&cx, position).await),
            0,
            "it does not come"
        );
        let waited = cx.now().duration_since(begin);
        assert!((100_000_000..150_000_000).contains(&waited), "{waited}");

        let late = servers[1].clone();
        cx.spawn(move |cx| async move {
            sleep(&cx, 50 * MS).await;
            late.with(|world| world.progress = replica(9, SECOND));
        })
        .unwrap();
        assert_eq!(
            at(&replicated, &replicated.read_after(&cx, position).await),
            1,
            "it comes in time"
        );
    });
}

#[test]
fn writes_follow_the_primary_to_its_new_place() {
    run(|cx| async move {
        let servers = servers([primary(9), replica(5, SECOND), None]);
        let replicated = open(&cx, &servers).await;
        // While both its connections are taken: the call waits in the queue of the old primary's pool.
        let held = (
            replicated.write(&cx).await.unwrap(),
            replicated.write(&cx).await.unwrap(),
        );
        assert_eq!(replicated.handle.inner.position_of(&held.0), Some(0));
        servers[0].with(|world| {
            world.progress = None;
            world.always = Some(Connect::Refused("57P03"));
        });
        let promoted = servers[1].clone();
        cx.spawn(move |cx| async move {
            sleep(&cx, 3 * SECOND).await;
            promoted.with(|world| world.progress = primary(12));
        })
        .unwrap();
        let begin = cx.now();
        assert_eq!(at(&replicated, &replicated.write(&cx).await), 1);
        let waited = cx.now().duration_since(begin);
        assert!((3_000_000_000..5_500_000_000).contains(&waited), "{waited}");
        drop(held);
    });
}

#[test]
fn without_a_primary_a_write_tells_what_there_is() {
    run(|cx| async move {
        let servers = servers([replica(5, SECOND), None, None]);
        let replicated = open(&cx, &servers).await;
        let Outcome::Err(error) = replicated.write(&cx).await else {
            panic!("nobody takes writes");
        };
        assert_eq!(error.kind(), ErrorKind::PoolTimeout);
        assert_eq!(
            error.to_string(),
            "no server took writes within 10s: server 0 is a replica, server 1 is not reached, server 2 is not reached"
        );
        assert_eq!(at(&replicated, &replicated.read(&cx).await), 0);
    });
}

#[test]
fn nobody_watches_when_the_last_clone_is_gone() {
    run(|cx| async move {
        let servers = servers([primary(9), replica(5, SECOND), None]);
        let replicated = open(&cx, &servers).await;
        drop(replicated);
        sleep(&cx, 10 * MS).await;
        assert_eq!(servers[0].with(|world| world.n_open), 0);
        assert_eq!(servers[1].with(|world| world.n_open), 0);
    });
}

#[test]
fn a_read_or_write_that_is_dropped_at_any_poll_takes_nothing_with_it() {
    for n_polls in 0..10 {
        block_on_virtual(n_polls, move |cx| async move {
            let servers = servers([primary(9), replica(5, SECOND), None]);
            let replicated = open(&cx, &servers).await;
            {
                let mut reading = pin!(replicated.read_after(&cx, LogPosition(9)));
                let mut writing = pin!(replicated.write(&cx));
                let mut reading_any = pin!(replicated.read(&cx));
                let mut left = n_polls;
                std::future::poll_fn(|task| {
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    let is_read = reading.as_mut().poll(task).is_ready();
                    let is_read = is_read | reading_any.as_mut().poll(task).is_ready();
                    if is_read || writing.as_mut().poll(task).is_ready() {
                        return Poll::Ready(());
                    }
                    Poll::Pending
                })
                .await;
            }
            let mut writer = replicated.write(&cx).await.unwrap();
            {
                let mut asking = pin!(replicated.position(&cx, &mut writer));
                let mut left = n_polls;
                std::future::poll_fn(|task| {
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    asking.as_mut().poll(task).map(drop)
                })
                .await;
            }
            drop(writer);
            sleep(&cx, SECOND / 10).await;
            for pool in &replicated.handle.inner.pools {
                let status = pool.status();
                let unsettled = (status.n_in_use, status.n_waiting, status.n_resetting);
                assert_eq!(unsettled, (0, 0, 0), "after {n_polls} polls");
            }
            assert_eq!(at(&replicated, &replicated.write(&cx).await), 0);
            assert_eq!(at(&replicated, &replicated.read(&cx).await), 1);
        });
    }
}
