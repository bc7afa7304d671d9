//! Statements in tasks that are spawned, by code that is generic over the driver: their futures are `Send`.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, Pool, PoolOptions, Rows, Statement, ok};

with_every_driver! {
    TABLES;
    statements_run_in_tasks_of_their_own,
    a_large_result_lets_other_tasks_run,
}

async fn statements_run_in_tasks_of_their_own<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = Pool::open(cx, connector.clone(), PoolOptions::new(1));
    let mut task = cx.spawn(move |cx| async move {
        // A block that borrows, inside of one that does not: what the compiler sees of the types is least there.
        let outcome = async {
            let mut connection = ok!(pool.acquire(&cx).await);
            let mut transaction = ok!(connection.begin(&cx).await);
            let new = NewHero::new("Deadpond", "?");
            let hero = ok!(insert!(&new).one(&cx, &mut transaction).await);
            ok!(insert!(&new).execute(&cx, &mut transaction).await);
            ok!(insert_many!(&new, &new).all(&cx, &mut transaction).await);
            ok!(insert_many!(&new, &new)
                .execute(&cx, &mut transaction)
                .await);
            ok!(update!(Hero { AGE = 3 } where Hero::ID.eq(hero.id))
                .execute(&cx, &mut transaction)
                .await);
            ok!(update!(hero).execute(&cx, &mut transaction).await);
            ok!(Hero::select().all(&cx, &mut transaction).await);
            ok!(Hero::select().count(&cx, &mut transaction).await);
            ok!(Hero::select()
                .include(Hero::TEAM)
                .all(&cx, &mut transaction)
                .await);
            ok!(delete!(hero).execute(&cx, &mut transaction).await);
            ok!(Hero::delete()
                .all_rows()
                .execute(&cx, &mut transaction)
                .await);
            let mut rows = ok!(Hero::select().stream(&cx, &mut transaction).await);
            ok!(rows.next(&cx).await);
            drop(rows);
            transaction.commit(&cx).await
        };
        outcome.await
    })?;
    task.join(cx).await?.into_result()?;
    Ok(())
}

/// Lets other tasks run once.
async fn give_way() {
    let mut has_waited = false;
    poll_fn(|task| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn a_large_result_lets_other_tasks_run<K: Connector>(cx: &Cx, connector: &K) -> Test {
    const N_ROWS: usize = 100_000;
    let digits: Vec<String> = (0..10)
        .map(|digit| format!("SELECT {digit} AS i"))
        .collect();
    let sql = format!(
        "WITH d AS ({}) SELECT '{}' AS text FROM d AS a, d AS b, d AS c, d AS e, d AS f",
        digits.join(" UNION ALL "),
        "x".repeat(100)
    );
    let mut connection = connector.connect(cx).await.into_result()?;
    let n_turns = Arc::new(AtomicUsize::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let mut other = cx.spawn({
        let (n_turns, is_over) = (Arc::clone(&n_turns), Arc::clone(&is_over));
        move |_| async move {
            while !is_over.load(Ordering::Relaxed) {
                n_turns.fetch_add(1, Ordering::Relaxed);
                give_way().await;
            }
        }
    })?;
    let all = connection.query_rows(cx, &sql, &[]).await.into_result()?;
    let while_all = n_turns.swap(0, Ordering::Relaxed);
    assert_eq!(all.len(), N_ROWS);
    drop(all);
    let statement = Statement::new(&sql, &[]);
    let mut rows = Rows::<_, String>::open(cx, &mut connection, statement)
        .await
        .into_result()?;
    let mut n_rows = 0;
    while rows.next(cx).await.into_result()?.is_some() {
        n_rows += 1;
    }
    drop(rows);
    let while_each = n_turns.load(Ordering::Relaxed);
    is_over.store(true, Ordering::Relaxed);
    other.join(cx).await?;
    assert_eq!(n_rows, N_ROWS);
    assert!(
        while_all >= 20 && while_each >= 20,
        "{while_all} and {while_each} turns"
    );
    Ok(())
}
