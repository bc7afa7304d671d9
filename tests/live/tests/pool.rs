//! Pools over real databases.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, Pool, PoolOptions, RetryPolicy, ok, retry};

with_every_driver! {
    TABLES;
    statements_and_transactions_run_on_a_pooled_connection,
    a_crowd_shares_a_few_connections,
    a_transaction_that_is_left_open_is_in_nobodys_way,
    a_query_that_is_dropped_at_any_poll_leaves_the_connection_in_order,
    a_transaction_that_is_dropped_at_any_poll_is_committed_as_a_whole_or_not_at_all,
    a_transaction_that_is_cancelled_at_any_time_is_committed_as_a_whole_or_not_at_all,
}

fn open<K: Connector + Clone>(cx: &Cx, connector: &K, max_size: usize) -> Pool<K> {
    let options = PoolOptions::new(max_size).acquire_timeout(Duration::from_secs(20));
    Pool::open(cx, connector.clone(), options)
}

async fn statements_and_transactions_run_on_a_pooled_connection<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = open(cx, connector, 2);
    pool.warm_up(cx).await.into_result()?;
    let mut connection = pool.acquire(cx).await.into_result()?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    let hero = insert!(NewHero::new("Deadpond", "Dive Wilson"))
        .one(cx, &mut transaction)
        .await
        .into_result()?;
    transaction.commit(cx).await.into_result()?;
    drop(connection);
    let mut connection = pool.acquire(cx).await.into_result()?;
    let found = Hero::get(cx, &mut connection, hero.id)
        .await
        .into_result()?;
    assert_eq!(found, Some(hero));
    drop(connection);
    pool.close(cx).await.into_result()?;
    assert_eq!(pool.status().size(), 0);
    Ok(())
}

/// Each task moves ages between heroes, in transactions that conflict; the sum stays.
async fn a_crowd_shares_a_few_connections<K: Connector + Clone>(cx: &Cx, connector: &K) -> Test {
    const N_TASKS: i32 = 12;
    const N_TURNS: i32 = 5;
    let pool = open(cx, connector, 3);
    let mut connection = pool.acquire(cx).await.into_result()?;
    let mut ids = Vec::new();
    for name in ["Deadpond", "Rusty-Man"] {
        let new = NewHero::new(name, "?").age(0);
        let hero = insert!(new).one(cx, &mut connection).await.into_result()?;
        ids.push(hero.id);
    }
    drop(connection);
    let mut tasks = Vec::new();
    for _ in 0..N_TASKS {
        let (pool, ids) = (pool.clone(), ids.clone());
        tasks.push(cx.spawn(move |cx| async move {
            for _ in 0..N_TURNS {
                let mut connection = ok!(pool.acquire(&cx).await);
                let policy = RetryPolicy {
                    max_attempts: 50,
                    ..RetryPolicy::default()
                };
                let moved = retry!(&cx, &policy, &mut connection, |transaction| {
                    for (id, by) in [(ids[0], 1), (ids[1], -1)] {
                        let change = update!(Hero { AGE = Hero::AGE + by } where Hero::ID.eq(id));
                        ok!(change.execute(&cx, transaction).await);
                    }
                    Outcome::Ok(())
                });
                ok!(moved);
            }
            Outcome::<(), Error>::Ok(())
        })?);
    }
    for mut task in tasks {
        task.join(cx).await?.into_result()?;
    }
    let mut connection = pool.acquire(cx).await.into_result()?;
    let ages: Vec<Option<i32>> = Hero::select()
        .columns(Hero::AGE)
        .order_by(Hero::ID.asc())
        .all(cx, &mut connection)
        .await
        .into_result()?;
    assert_eq!(ages, [Some(N_TASKS * N_TURNS), Some(-N_TASKS * N_TURNS)]);
    assert!(pool.status().totals.connects <= 3);
    Ok(())
}

async fn a_transaction_that_is_left_open_is_in_nobodys_way<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = open(cx, connector, 1);
    let mut other = connector.connect(cx).await.into_result()?;
    let team = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, &mut other)
        .await
        .into_result()?;
    let mut connection = pool.acquire(cx).await.into_result()?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    update!(Team { NAME = "Nobody" } where Team::ID.eq(team.id))
        .execute(cx, &mut transaction)
        .await
        .into_result()?;
    drop(transaction);
    drop(connection);
    // Waits for the row until the other transaction is gone: nobody uses that connection, and the pool ends it.
    update!(Team { HEADQUARTERS = "Tower" } where Team::ID.eq(team.id))
        .execute(cx, &mut other)
        .await
        .into_result()?;
    let found = Team::get(cx, &mut other, team.id).await.into_result()?;
    let found = found.ok_or("the team is gone")?;
    assert_eq!(
        (&*found.name, &*found.headquarters),
        ("Preventers", "Tower")
    );
    Ok(())
}

/// Polls a future as often as it is woken, at most `n` times, and drops it; tells whether it came to its end.
async fn is_done_within<T>(n: usize, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    let mut left = n;
    poll_fn(|task| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(task).map(|_| true)
    })
    .await
}

async fn a_query_that_is_dropped_at_any_poll_leaves_the_connection_in_order<
    K: Connector + Clone,
>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = open(cx, connector, 1);
    let rows: Vec<NewHero> = (0..500)
        .map(|number| NewHero::new(format!("Hero {number}"), "?"))
        .collect();
    let mut connection = pool.acquire(cx).await.into_result()?;
    Hero::insert_many(rows)
        .execute(cx, &mut connection)
        .await
        .into_result()?;
    drop(connection);
    let mut is_done = false;
    let mut n_polls = 0;
    while !is_done {
        let mut connection = pool.acquire(cx).await.into_result()?;
        is_done = is_done_within(n_polls, Hero::select().all(cx, &mut connection)).await;
        drop(connection);
        let mut connection = pool.acquire(cx).await.into_result()?;
        let n_heroes = Hero::select()
            .count(cx, &mut connection)
            .await
            .into_result()?;
        assert_eq!(n_heroes, 500, "after {n_polls} polls");
        n_polls += 1;
    }
    assert_eq!(pool.status().n_waiting, 0);
    Ok(())
}

/// Stores two heroes or none.
async fn store_pair<K: Connector>(cx: &Cx, pool: &Pool<K>) -> Outcome<(), Error> {
    let mut connection = ok!(pool.acquire(cx).await);
    let mut transaction = ok!(connection.begin(cx).await);
    for name in ["Deadpond", "Rusty-Man"] {
        let new = NewHero::new(name, "?");
        ok!(insert!(new).execute(cx, &mut transaction).await);
    }
    transaction.commit(cx).await
}

async fn a_transaction_that_is_dropped_at_any_poll_is_committed_as_a_whole_or_not_at_all<
    K: Connector + Clone,
>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = open(cx, connector, 1);
    let mut observer = connector.connect(cx).await.into_result()?;
    let mut is_done = false;
    let mut n_polls = 0;
    while !is_done {
        is_done = is_done_within(n_polls, store_pair(cx, &pool)).await;
        // The next one gets the connection when it is in order.
        drop(pool.acquire(cx).await.into_result()?);
        let n_heroes = Hero::select()
            .count(cx, &mut observer)
            .await
            .into_result()?;
        assert!(
            n_heroes == 2 || (n_heroes == 0 && !is_done),
            "{n_heroes} after {n_polls} polls"
        );
        Hero::delete()
            .all_rows()
            .execute(cx, &mut observer)
            .await
            .into_result()?;
        n_polls += 1;
    }
    Ok(())
}

async fn a_transaction_that_is_cancelled_at_any_time_is_committed_as_a_whole_or_not_at_all<
    K: Connector + Clone,
>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = open(cx, connector, 1);
    let mut observer = connector.connect(cx).await.into_result()?;
    let mut n_cancelled = 0;
    for n_micros in (0..10_000).step_by(200) {
        let mine = pool.clone();
        let mut task = cx.spawn(move |cx| async move { store_pair(&cx, &mine).await })?;
        live::sleep(cx, Duration::from_micros(n_micros)).await;
        task.abort();
        let is_done = matches!(task.join(cx).await, Ok(Outcome::Ok(())));
        n_cancelled += u32::from(!is_done);
        drop(pool.acquire(cx).await.into_result()?);
        let n_heroes = Hero::select()
            .count(cx, &mut observer)
            .await
            .into_result()?;
        assert!(
            n_heroes == 2 || (n_heroes == 0 && !is_done),
            "{n_heroes} after {n_micros} us"
        );
        Hero::delete()
            .all_rows()
            .execute(cx, &mut observer)
            .await
            .into_result()?;
    }
    assert!(n_cancelled > 0);
    let status = pool.status();
    assert_eq!((status.n_in_use, status.n_waiting), (0, 0));
    Ok(())
}
