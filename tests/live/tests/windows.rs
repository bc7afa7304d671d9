//! Window functions, and joins that keep both sides, over the heroes of the tutorial.

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    ErrorKind, FrameBound, count_all, cte, dense_rank, rank, row_number, select_from, window,
};

on_every_driver! {
    TABLES;
    rows_are_numbered_and_compared_with_others,
    sums_run,
    the_oldest_of_each_team,
    groups_are_ranked,
    both_sides_of_a_join_may_be_missing,
    distinct_on_works_or_says_what_does,
}

/// Two teams, one of them without heroes, and heroes of whom one has no team and one no age.
async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let preventers = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, connection)
        .await
        .into_result()?;
    insert!(NewTeam::new("Z-Force", "Sister Margaret's Bar"))
        .execute(cx, connection)
        .await
        .into_result()?;
    insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(preventers.id),
        NewHero::new("Rusty-Man", "Tommy Sharp")
            .age(48)
            .team_id(preventers.id),
        NewHero::new("Tarantula", "Natalia Roman-on").age(32),
        NewHero::new("Black Lion", "Trevor Challa")
            .age(35)
            .team_id(preventers.id),
        NewHero::new("Dr. Weird", "Steve Weird")
            .age(35)
            .team_id(preventers.id),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

async fn rows_are_numbered_and_compared_with_others<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let by_age = || {
        window()
            .order_by(Hero::AGE.desc().nulls_last())
            .order_by(Hero::ID.asc())
    };
    let places = Hero::select()
        .order_by(Hero::ID.asc())
        .columns((
            Hero::NAME,
            row_number().over(by_age()),
            rank().over(window().order_by(Hero::AGE.desc().nulls_last())),
            dense_rank().over(window().order_by(Hero::AGE.desc().nulls_last())),
            Hero::NAME.lag(1).over(by_age()),
            Hero::AGE.lead(1).over(by_age()),
        ))
        .all(cx, connection)
        .await
        .into_result()?;
    let places: Vec<_> = places
        .iter()
        .map(|(name, number, rank, dense, before, after)| {
            (&**name, *number, *rank, *dense, before.as_deref(), *after)
        })
        .collect();
    let expected = [
        ("Deadpond", 5, 5, 4, Some("Tarantula"), None),
        ("Rusty-Man", 1, 1, 1, None, Some(35)),
        ("Tarantula", 4, 4, 3, Some("Dr. Weird"), None),
        ("Black Lion", 2, 2, 2, Some("Rusty-Man"), Some(35)),
        ("Dr. Weird", 3, 2, 2, Some("Black Lion"), Some(32)),
    ];
    assert_eq!(places, expected);
    Ok(())
}

async fn sums_run<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let in_order = || window().order_by(Hero::ID.asc());
    let two = in_order().rows(FrameBound::Preceding(1), FrameBound::CurrentRow);
    let sums = Hero::select()
        .order_by(Hero::ID.asc())
        .columns((
            Hero::AGE.sum().over(in_order()),
            Hero::AGE.sum().over(two),
            count_all().filter(Hero::AGE.gt(33)).over(in_order()),
            Hero::AGE.count().over(window()),
        ))
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        (None, None, 0, 4),
        (Some(48), Some(48), 1, 4),
        (Some(80), Some(80), 1, 4),
        (Some(115), Some(67), 2, 4),
        (Some(150), Some(70), 3, 4),
    ];
    assert_eq!(sums, expected);
    Ok(())
}

mod named {
    use super::cte;

    cte! {
        /// A hero, and the place by age in the team.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) struct Placed as "placed" {
            NAME name: String,
            TEAM_ID team_id: Option<i64>,
            PLACE place: i64,
        }
    }
}
use named::Placed;

async fn the_oldest_of_each_team<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let by_age = window()
        .partition_by(Hero::TEAM_ID)
        .order_by(Hero::AGE.desc().nulls_last());
    let placed =
        || Hero::select().columns((Hero::NAME, Hero::TEAM_ID, row_number().over(by_age.clone())));
    let oldest: Vec<Placed> = select_from::<Placed>()
        .with(Placed::of(placed()))
        .filter(Placed::PLACE.eq(1))
        .order_by(Placed::NAME.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let names: Vec<_> = oldest.iter().map(|placed| &*placed.name).collect();
    assert_eq!(names, ["Rusty-Man", "Tarantula"]);
    let of_teams: Vec<(Team, Option<Placed>)> = Team::select()
        .with(Placed::of(placed().filter(Hero::AGE.is_not_null())))
        .left_join_on(
            sqlmodel_runtime::table::<Placed>(),
            Placed::TEAM_ID.eq(Team::ID).and(Placed::PLACE.eq(1)),
        )
        .order_by(Team::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let names: Vec<_> = of_teams
        .iter()
        .map(|(team, oldest)| (&*team.name, oldest.as_ref().map(|placed| &*placed.name)))
        .collect();
    assert_eq!(
        names,
        [("Preventers", Some("Rusty-Man")), ("Z-Force", None)]
    );
    let n_placed = select_from::<Placed>().with(Placed::of(placed()));
    assert_eq!(
        n_placed.clone().count(cx, connection).await.into_result()?,
        5
    );
    assert!(n_placed.exists(cx, connection).await.into_result()?);
    Ok(())
}

async fn groups_are_ranked<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let ranked = Hero::select()
        .group_by(Hero::TEAM_ID)
        .order_by(count_all().asc())
        .columns((
            count_all(),
            rank().over(window().order_by(count_all().desc())),
        ))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(ranked, [(1, 2), (4, 1)]);
    Ok(())
}

async fn both_sides_of_a_join_may_be_missing<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let right: Vec<(Option<Hero>, Team)> = Hero::select()
        .right_join(Hero::TEAM)
        .order_by(Hero::ID.asc().nulls_first())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(right.len(), 5);
    assert_eq!((&right[0].0, &*right[0].1.name), (&None, "Z-Force"));
    let full = Hero::select()
        .full_join(Hero::TEAM)
        .columns((Hero::NAME, Team::NAME));
    if let Err(refused) = full.render(connection.dialect()) {
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        return Ok(());
    }
    let pairs: Vec<(Option<String>, Option<String>)> =
        full.all(cx, connection).await.into_result()?;
    assert_eq!(pairs.len(), 6);
    assert!(pairs.contains(&(None, Some("Z-Force".to_owned()))));
    assert!(pairs.contains(&(Some("Tarantula".to_owned()), None)));
    Ok(())
}

async fn distinct_on_works_or_says_what_does<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let oldest = Hero::select()
        .distinct_on(Hero::TEAM_ID)
        .order_by(Hero::TEAM_ID.asc())
        .order_by(Hero::AGE.desc().nulls_last());
    match oldest.all(cx, connection).await {
        Outcome::Ok(heroes) => {
            let names: Vec<_> = heroes.iter().map(|hero| &*hero.name).collect();
            assert_eq!(names, ["Rusty-Man", "Tarantula"]);
        }
        Outcome::Err(refused) => {
            assert_eq!(refused.kind(), ErrorKind::Unsupported);
            assert!(refused.to_string().contains("row_number"), "{refused}");
        }
        other => return Err(format!("{other:?}").into()),
    }
    Ok(())
}
