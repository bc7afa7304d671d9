//! Futures of statements can be sent to other threads, whatever connection they run on, and inside transactions, too.
//! Nothing runs here: it is the compiler that has to be convinced.

use generated::hero::{Hero, HeroTeamLink, NewHero, NewHeroTeamLink, NewTeam, Team};
use live::Test;
use sqlmodel_runtime::prelude::*;

/// Every ending of every statement.
async fn every_ending<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut transaction = connection.begin(cx).await.into_result()?;
    let executor = &mut transaction;
    insert!(NewHero::new("a", "b"))
        .execute(cx, executor)
        .await
        .into_result()?;
    let team = insert!(NewTeam::new("a", "b"))
        .one(cx, executor)
        .await
        .into_result()?;
    insert_many!([NewHero::new("a", "b")])
        .execute(cx, executor)
        .await
        .into_result()?;
    insert_many!([NewHero::new("a", "b")])
        .all(cx, executor)
        .await
        .into_result()?;
    let link = || {
        insert!(NewHeroTeamLink::new(1, 2))
            .on_conflict((HeroTeamLink::TEAM_ID, HeroTeamLink::HERO_ID))
            .do_nothing()
    };
    link().execute(cx, executor).await.into_result()?;
    link().all(cx, executor).await.into_result()?;
    link().one(cx, executor).await.into_result()?;
    let names = Hero::select().columns((Hero::NAME, Hero::SECRET_NAME));
    let copy = Team::insert_from((Team::NAME, Team::HEADQUARTERS), names);
    copy.execute(cx, executor).await.into_result()?;

    update!(team).execute(cx, executor).await.into_result()?;
    update!(team).one(cx, executor).await.into_result()?;
    let update = update!(Hero { AGE = 3 } where Hero::AGE.is_null());
    update.clone().execute(cx, executor).await.into_result()?;
    update.all(cx, executor).await.into_result()?;
    let delete = delete!(Hero where Hero::AGE.is_null());
    delete.clone().execute(cx, executor).await.into_result()?;
    delete.all(cx, executor).await.into_result()?;

    Hero::get(cx, executor, 1).await.into_result()?;
    let select = Hero::select()
        .left_join(Hero::TEAM)
        .order_by(Hero::ID.asc());
    select.clone().all(cx, executor).await.into_result()?;
    select.clone().first(cx, executor).await.into_result()?;
    select
        .clone()
        .one_or_none(cx, executor)
        .await
        .into_result()?;
    select
        .clone()
        .page(cx, executor, 0, 3)
        .await
        .into_result()?;
    select.clone().count(cx, executor).await.into_result()?;
    select.clone().exists(cx, executor).await.into_result()?;
    let mut rows = select.stream(cx, executor).await.into_result()?;
    rows.next(cx).await.into_result()?;
    drop(rows);
    let ids = || Hero::select().columns(Hero::ID);
    ids().union(ids()).all(cx, executor).await.into_result()?;
    Team::select()
        .include(Team::HEROES.include(Hero::TEAM))
        .include(Team::MEMBERS)
        .all(cx, executor)
        .await
        .into_result()?;
    let including = || Team::select().include(Team::HEROES.include(Hero::TEAM));
    let mut rows = including().stream(cx, executor).await.into_result()?;
    rows.next(cx).await.into_result()?;
    drop(rows);
    including().count(cx, executor).await.into_result()?;
    including().exists(cx, executor).await.into_result()?;
    delete!(team).execute(cx, executor).await.into_result()?;
    transaction.commit(cx).await.into_result()?;
    Ok(())
}

fn sent<T>(_: impl Future<Output = T> + Send) {}

#[test]
fn futures_of_statements_can_be_sent() {
    fn on_any<C: Connection>(cx: &Cx, connection: &mut C) {
        sent(async {
            // The error of this test is a box that stays on its thread.
            every_ending(cx, connection)
                .await
                .map_err(|error| error.to_string())
        });
    }
    let _ = on_any::<sqlmodel_runtime::SqliteConnection>;
}
