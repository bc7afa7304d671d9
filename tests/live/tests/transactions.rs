//! What transactions promise: levels of isolation, reading only, savepoints, and running again after a conflict.

use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Connector, ErrorKind, Isolation, Pool, PoolOptions, RetryPolicy, TransactionOptions, ok, retry,
};

with_every_driver! {
    TABLES;
    a_snapshot_does_not_change,
    a_transaction_that_only_reads_refuses_to_write,
    what_was_done_since_a_savepoint_is_undone_alone,
    serializable_transactions_are_as_if_one_after_the_other,
    transactions_that_wait_for_each_other_both_come_to_their_end,
}

async fn a_snapshot_does_not_change<K: Connector>(cx: &Cx, connector: &K) -> Test {
    let mut reader = connector.connect(cx).await.into_result()?;
    let mut writer = connector.connect(cx).await.into_result()?;
    let new = NewHero::new("Deadpond", "?");
    insert!(new).execute(cx, &mut writer).await.into_result()?;
    let options = TransactionOptions::default()
        .isolation(Isolation::RepeatableRead)
        .read_only();
    let mut snapshot = reader.begin_with(cx, options).await.into_result()?;
    let before = Hero::select()
        .count(cx, &mut snapshot)
        .await
        .into_result()?;
    let new = NewHero::new("Rusty-Man", "?");
    insert!(new).execute(cx, &mut writer).await.into_result()?;
    let after = Hero::select()
        .count(cx, &mut snapshot)
        .await
        .into_result()?;
    snapshot.commit(cx).await.into_result()?;
    let later = Hero::select().count(cx, &mut reader).await.into_result()?;
    assert_eq!((before, after, later), (1, 1, 2));
    Ok(())
}

async fn a_transaction_that_only_reads_refuses_to_write<K: Connector>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let mut connection = connector.connect(cx).await.into_result()?;
    let options = TransactionOptions::default().read_only();
    let mut transaction = connection.begin_with(cx, options).await.into_result()?;
    let new = NewHero::new("Deadpond", "?");
    match insert!(new).execute(cx, &mut transaction).await {
        Outcome::Err(error) => assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error:#?}"),
        other => return Err(format!("{other:?}").into()),
    }
    drop(transaction);
    // The connection writes again.
    let new = NewHero::new("Deadpond", "?");
    insert!(new)
        .execute(cx, &mut connection)
        .await
        .into_result()?;
    Ok(())
}

async fn what_was_done_since_a_savepoint_is_undone_alone<K: Connector>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let mut connection = connector.connect(cx).await.into_result()?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    for name in ["kept", "undone", "dropped", "failed", "kept too"] {
        let mut savepoint = transaction.savepoint(cx).await.into_result()?;
        insert!(NewHero::new(name, "?"))
            .execute(cx, &mut savepoint)
            .await
            .into_result()?;
        match name {
            "undone" => savepoint.rollback(cx).await.into_result()?,
            "dropped" => drop(savepoint),
            "failed" => {
                let outcome = savepoint.execute_sql(cx, "SELECT nothing", &[]).await;
                assert!(outcome.is_err());
                savepoint.rollback(cx).await.into_result()?;
            }
            _ => {
                let mut inner = savepoint.savepoint(cx).await.into_result()?;
                let new = NewHero::new("inner", "?");
                insert!(new).execute(cx, &mut inner).await.into_result()?;
                drop(inner);
                savepoint.commit(cx).await.into_result()?;
            }
        }
    }
    transaction.commit(cx).await.into_result()?;
    let names: Vec<String> = Hero::select()
        .columns(Hero::NAME)
        .order_by(Hero::ID.asc())
        .all(cx, &mut connection)
        .await
        .into_result()?;
    assert_eq!(names, ["kept", "kept too"]);
    Ok(())
}

/// Each task adds a hero if there are fewer than three, which it can tell only if nobody adds one meanwhile.
async fn serializable_transactions_are_as_if_one_after_the_other<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = Pool::open(cx, connector.clone(), PoolOptions::new(6));
    let mut tasks = Vec::new();
    for number in 0..6 {
        let pool = pool.clone();
        tasks.push(cx.spawn(move |cx| async move {
            let mut connection = ok!(pool.acquire(&cx).await);
            let policy = RetryPolicy {
                max_attempts: 50,
                options: TransactionOptions::default().isolation(Isolation::Serializable),
                ..RetryPolicy::default()
            };
            retry!(&cx, &policy, &mut connection, |transaction| {
                let n_heroes = ok!(Hero::select().count(&cx, transaction).await);
                // So that the others count meanwhile.
                live::sleep(&cx, Duration::from_millis(5)).await;
                if n_heroes < 3 {
                    let new = NewHero::new(format!("Hero {number}"), "?");
                    ok!(insert!(new).execute(&cx, transaction).await);
                }
                Outcome::Ok(())
            })
        })?);
    }
    for mut task in tasks {
        task.join(cx).await?.into_result()?;
    }
    let mut connection = pool.acquire(cx).await.into_result()?;
    let n_heroes = Hero::select()
        .count(cx, &mut connection)
        .await
        .into_result()?;
    assert_eq!(n_heroes, 3);
    Ok(())
}

/// Two tasks change the same two rows in opposite order, again and again.
async fn transactions_that_wait_for_each_other_both_come_to_their_end<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let pool = Pool::open(cx, connector.clone(), PoolOptions::new(2));
    let mut connection = pool.acquire(cx).await.into_result()?;
    let mut ids = Vec::new();
    for name in ["Preventers", "Z-Force"] {
        let team = insert!(NewTeam::new(name, "0"))
            .one(cx, &mut connection)
            .await
            .into_result()?;
        ids.push(team.id);
    }
    drop(connection);
    let mut tasks = Vec::new();
    for order in [[ids[0], ids[1]], [ids[1], ids[0]]] {
        let pool = pool.clone();
        tasks.push(cx.spawn(move |cx| async move {
            let mut connection = ok!(pool.acquire(&cx).await);
            let policy = RetryPolicy {
                max_attempts: 50,
                ..RetryPolicy::default()
            };
            for turn in 0..3 {
                let done = retry!(&cx, &policy, &mut connection, |transaction| {
                    for id in order {
                        let change = update!(Team { HEADQUARTERS = format!("{turn}") } where Team::ID.eq(id));
                        ok!(change.execute(&cx, transaction).await);
                        live::sleep(&cx, Duration::from_millis(5)).await;
                    }
                    Outcome::Ok(())
                });
                ok!(done);
            }
            Outcome::<(), Error>::Ok(())
        })?);
    }
    for mut task in tasks {
        task.join(cx).await?.into_result()?;
    }
    Ok(())
}
