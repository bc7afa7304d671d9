//! Locks of rows, between two connections to a server. SQLite has none: whoever writes holds the whole database.

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, ErrorKind, Lock, TransactionOps, table};

with_every_driver! { postgres, live::on_postgres, TABLES,
    locked_rows_are_left_out_or_refused
    shared_locks_keep_writers_away
    one_table_of_several_is_locked_or_the_error_says_how
}
with_every_driver! { mysql, live::on_mysql, TABLES,
    locked_rows_are_left_out_or_refused
    shared_locks_keep_writers_away
    one_table_of_several_is_locked_or_the_error_says_how
}

async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let team = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, connection)
        .await
        .into_result()?;
    insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(team.id),
        NewHero::new("Rusty-Man", "Tommy Sharp"),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

async fn locked_rows_are_left_out_or_refused<K: Connector>(cx: &Cx, connector: &K) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut two = connector.connect(cx).await.into_result()?;
    store(cx, &mut one).await?;
    let mut holder = one.begin(cx).await.into_result()?;
    let locked = Hero::select().filter(Hero::ID.eq(1)).for_update(Lock::Wait);
    assert_eq!(
        locked.one(cx, &mut holder).await.into_result()?.name,
        "Deadpond"
    );

    let mut other = two.begin(cx).await.into_result()?;
    let free = Hero::select()
        .order_by(Hero::ID.asc())
        .columns(Hero::NAME)
        .for_update(Lock::SkipLocked);
    assert_eq!(free.all(cx, &mut other).await.into_result()?, ["Rusty-Man"]);
    let at_once = Hero::select()
        .filter(Hero::ID.eq(1))
        .for_update(Lock::NoWait);
    let refused = at_once.all(cx, &mut other).await;
    assert!(
        matches!(&refused, Outcome::Err(error) if error.kind() == ErrorKind::Busy),
        "{refused:?}"
    );
    other.rollback(cx).await.into_result()?;
    holder.rollback(cx).await.into_result()?;
    Ok(())
}

async fn shared_locks_keep_writers_away<K: Connector>(cx: &Cx, connector: &K) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut two = connector.connect(cx).await.into_result()?;
    store(cx, &mut one).await?;
    let deadpond = || Hero::select().filter(Hero::ID.eq(1));
    let mut reader = one.begin(cx).await.into_result()?;
    deadpond()
        .for_share(Lock::Wait)
        .one(cx, &mut reader)
        .await
        .into_result()?;

    let mut other = two.begin(cx).await.into_result()?;
    deadpond()
        .for_share(Lock::Wait)
        .one(cx, &mut other)
        .await
        .into_result()?;
    let refused = deadpond()
        .for_update(Lock::NoWait)
        .one(cx, &mut other)
        .await;
    assert!(
        matches!(&refused, Outcome::Err(error) if error.kind() == ErrorKind::Busy),
        "{refused:?}"
    );
    other.rollback(cx).await.into_result()?;
    reader.rollback(cx).await.into_result()?;
    Ok(())
}

async fn one_table_of_several_is_locked_or_the_error_says_how<K: Connector>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut two = connector.connect(cx).await.into_result()?;
    store(cx, &mut one).await?;
    let mut holder = one.begin(cx).await.into_result()?;
    let locked = Hero::select()
        .join(Hero::TEAM)
        .for_update_of(table::<Hero>(), Lock::Wait);
    match locked.all(cx, &mut holder).await {
        Outcome::Ok(rows) => assert_eq!(rows.len(), 1),
        Outcome::Err(refused) => {
            assert_eq!(refused.kind(), ErrorKind::Unsupported);
            assert!(refused.to_string().contains("without joins"), "{refused}");
            return Ok(());
        }
        other => return Err(format!("{other:?}").into()),
    }
    let mut other = two.begin(cx).await.into_result()?;
    let team = Team::select()
        .for_update(Lock::NoWait)
        .one(cx, &mut other)
        .await;
    assert_eq!(team.into_result()?.name, "Preventers");
    let refused = Hero::select()
        .for_update(Lock::NoWait)
        .all(cx, &mut other)
        .await;
    assert!(
        matches!(&refused, Outcome::Err(error) if error.kind() == ErrorKind::Busy),
        "{refused:?}"
    );
    other.rollback(cx).await.into_result()?;
    holder.rollback(cx).await.into_result()?;
    Ok(())
}
