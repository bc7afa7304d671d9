//! Statements in tasks that are spawned, by code that is generic over the driver: their futures are `Send`.

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, Pool, PoolOptions, ok};

with_every_driver! { TABLES; statements_run_in_tasks_of_their_own }

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
