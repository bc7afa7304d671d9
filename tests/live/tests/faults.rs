//! Connections that are split, cut and stalled on their way: errors and cancellations, never a wrong row, never half a change.

use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Test, through_a_proxy};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, ErrorKind, Pool, PoolOptions, ok};
use support::{Fault, Proxy};

through_a_proxy! {
    TABLES;
    what_arrives_in_pieces_is_the_same,
    a_connection_that_is_cut_at_any_byte_loses_nothing_that_was_acknowledged,
    a_connection_that_stalls_at_any_byte_is_given_up,
    a_server_that_is_cut_off_while_a_client_logs_in_is_tried_again,
}

/// Stores two heroes in a transaction and reads them.
async fn work<K: Connector>(cx: &Cx, pool: &Pool<K>) -> Outcome<Vec<String>, Error> {
    let mut connection = ok!(pool.acquire(cx).await);
    let mut transaction = ok!(connection.begin(cx).await);
    for name in ["Deadpond", "Rusty-Man"] {
        let new = NewHero::new(name, "?");
        ok!(insert!(new).execute(cx, &mut transaction).await);
    }
    let names = Hero::select()
        .columns(Hero::NAME)
        .order_by(Hero::ID.asc())
        .all(cx, &mut transaction)
        .await;
    let names = ok!(names);
    ok!(transaction.commit(cx).await);
    Outcome::Ok(names)
}

/// Counts the heroes over a connection that nobody hurts, and removes them.
async fn count_and_clear<C: Connection>(cx: &Cx, direct: &mut C) -> Result<u64, live::Failure> {
    let n_heroes = Hero::select().count(cx, direct).await.into_result()?;
    Hero::delete()
        .all_rows()
        .execute(cx, direct)
        .await
        .into_result()?;
    Ok(n_heroes)
}

fn open<K: Connector + Clone>(cx: &Cx, hurt: &K) -> Pool<K> {
    let options = PoolOptions::new(1).backoff(Duration::from_millis(1), Duration::from_millis(5));
    Pool::open(
        cx,
        hurt.clone(),
        options.acquire_timeout(Duration::from_secs(20)),
    )
}

async fn what_arrives_in_pieces_is_the_same<K: Connector + Clone>(
    cx: &Cx,
    proxy: &Proxy,
    hurt: &K,
    direct: &mut K::Connection,
) -> Test {
    proxy.set(Fault::Split);
    let names = work(cx, &open(cx, hurt)).await.into_result()?;
    assert_eq!(names, ["Deadpond", "Rusty-Man"]);
    assert_eq!(count_and_clear(cx, direct).await?, 2);
    Ok(())
}

/// What the work costs in bytes, from the server and to it, when the connection is open.
async fn cost<K: Connector>(
    cx: &Cx,
    proxy: &Proxy,
    pool: &Pool<K>,
    direct: &mut K::Connection,
) -> Result<(usize, usize), live::Failure> {
    drop(pool.acquire(cx).await.into_result()?);
    proxy.set(Fault::None);
    work(cx, pool).await.into_result()?;
    let cost = proxy.counts();
    count_and_clear(cx, direct).await?;
    Ok(cost)
}

async fn a_connection_that_is_cut_at_any_byte_loses_nothing_that_was_acknowledged<
    K: Connector + Clone,
>(
    cx: &Cx,
    proxy: &Proxy,
    hurt: &K,
    direct: &mut K::Connection,
) -> Test {
    let pool = open(cx, hurt);
    let (n_answered, n_asked) = cost(cx, proxy, &pool, direct).await?;
    // The answers grow a little with the keys that they tell.
    let answers = (0..=n_answered + 16).map(Fault::CutAfter);
    let requests = (0..n_asked).step_by(7).map(Fault::CutRequestAfter);
    let (mut n_done, mut n_unknown, mut n_failed) = (0, 0, 0);
    for fault in answers.chain(requests) {
        // In order, over a new connection, before the fault.
        drop(pool.acquire(cx).await.into_result()?);
        proxy.set(fault);
        let outcome = work(cx, &pool).await;
        proxy.set(Fault::None);
        let n_heroes = count_and_clear(cx, direct).await?;
        match outcome {
            Outcome::Ok(names) => {
                assert_eq!(names, ["Deadpond", "Rusty-Man"], "{fault:?}");
                assert_eq!(n_heroes, 2, "{fault:?}: acknowledged");
                n_done += 1;
            }
            Outcome::Err(error) => match error.kind() {
                ErrorKind::CommitUnknown => {
                    assert!(n_heroes == 0 || n_heroes == 2, "{fault:?}: {n_heroes}");
                    n_unknown += 1;
                }
                ErrorKind::Connect => {
                    assert_eq!(n_heroes, 0, "{fault:?}: {error:#?}");
                    n_failed += 1;
                }
                kind => return Err(format!("{fault:?}: {kind:?}: {error:#?}").into()),
            },
            other => return Err(format!("{fault:?}: {other:?}").into()),
        }
    }
    assert!(
        n_done > 0 && n_unknown > 0 && n_failed > 0,
        "{n_done} done, {n_unknown} unknown, {n_failed} failed"
    );
    assert_eq!(pool.status().n_in_use, 0);
    Ok(())
}

async fn a_connection_that_stalls_at_any_byte_is_given_up<K: Connector + Clone>(
    cx: &Cx,
    proxy: &Proxy,
    hurt: &K,
    direct: &mut K::Connection,
) -> Test {
    let pool = open(cx, hurt);
    let (n_answered, _) = cost(cx, proxy, &pool, direct).await?;
    // A prime number apart, so that every part of a message is met by some.
    for n_bytes in (0..n_answered).step_by(13) {
        drop(pool.acquire(cx).await.into_result()?);
        proxy.set(Fault::StallAfter(n_bytes));
        let soon = sqlmodel_runtime::within(cx, Duration::from_millis(30));
        let outcome = work(&soon, &pool).await;
        let is_unknown =
            matches!(&outcome, Outcome::Err(error) if error.kind() == ErrorKind::CommitUnknown);
        assert!(
            outcome.is_cancelled() || is_unknown,
            "after {n_bytes} bytes: {outcome:?}"
        );
        proxy.set(Fault::None);
        drop(pool.acquire(cx).await.into_result()?);
        let n_heroes = count_and_clear(cx, direct).await?;
        assert!(
            n_heroes == 0 || n_heroes == 2,
            "after {n_bytes} bytes: {n_heroes}"
        );
    }
    assert_eq!(pool.status().n_in_use, 0);
    Ok(())
}

async fn a_server_that_is_cut_off_while_a_client_logs_in_is_tried_again<K: Connector + Clone>(
    cx: &Cx,
    proxy: &Proxy,
    hurt: &K,
    direct: &mut K::Connection,
) -> Test {
    proxy.set(Fault::None);
    drop(open(cx, hurt).acquire(cx).await.into_result()?);
    let (n_answered, _) = proxy.counts();
    for n_bytes in (0..n_answered).step_by(29) {
        proxy.set(Fault::CutAfter(n_bytes));
        let pool = open(cx, hurt);
        let mut acquiring = Box::pin(pool.acquire(cx));
        // Until the first attempt has failed.
        while pool.status().totals.connect_failures == 0 {
            let is_ready = live::poll_once(&mut acquiring).await.is_ready();
            assert!(!is_ready, "after {n_bytes} bytes");
            live::sleep(cx, Duration::from_millis(1)).await;
        }
        proxy.set(Fault::None);
        drop(acquiring.await.into_result()?);
    }
    assert_eq!(count_and_clear(cx, direct).await?, 0);
    Ok(())
}
