//! Expressions, groups, subqueries and pages, over the heroes of the tutorial.

use std::ops::ControlFlow;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    ErrorKind, all_of, any_of, case, count_all, exists, row, scalar, select_from, table,
};

on_every_driver! {
    TABLES;
    arithmetic_follows_the_types,
    texts_are_computed_with,
    null_has_a_type,
    cases_and_casts,
    aggregates_of_all_rows_and_of_groups,
    columns_of_many_values_are_refused,
    expressions_with_values_are_groups_like_others,
    rows_become_structs,
    subqueries_and_partners,
    the_same_table_twice,
    joins_by_any_condition,
    pages_and_streams,
    other_tables_decide_updates_and_deletes,
    hostile_values_come_back_unchanged,
}

/// Two teams; one hero without a team, and one without an age.
async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let preventers = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, connection)
        .await
        .into_result()?;
    let z_force = insert!(NewTeam::new("Z-Force", "Sister Margaret's Bar"))
        .one(cx, connection)
        .await
        .into_result()?;
    insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(z_force.id),
        NewHero::new("Rusty-Man", "Tommy Sharp")
            .age(48)
            .team_id(preventers.id),
        NewHero::new("Tarantula", "Natalia Roman-on").age(32),
        NewHero::new("Black Lion", "Trevor Challa")
            .age(35)
            .team_id(preventers.id),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

async fn arithmetic_follows_the_types<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let computed: (Option<i32>, Option<i32>, Option<i32>, Option<i32>) =
        select!(Hero where Hero::NAME.eq("Rusty-Man"))
            .columns((
                Hero::AGE - (Hero::AGE - 3) * 2,
                (Hero::AGE + 1) / 10,
                Hero::AGE % 5,
                (Hero::AGE - 50).abs(),
            ))
            .one(cx, connection)
            .await
            .into_result()?;
    assert_eq!(computed, (Some(-42), Some(4), Some(3), Some(2)));
    let by_zero = Hero::select()
        .columns(Hero::AGE / 0)
        .limit(1)
        .one(cx, connection)
        .await;
    assert!(
        matches!(&by_zero, Outcome::Ok(None))
            || matches!(&by_zero, Outcome::Err(error) if error.kind() == ErrorKind::Database),
        "NULL, or an error of the database: {by_zero:?}"
    );
    let ageless: Option<i32> = select!(Hero where Hero::NAME.eq("Deadpond"))
        .columns(Hero::AGE + 1)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(ageless, None);
    let too_large = Hero::select()
        .columns(Hero::ID + i64::MAX)
        .all(cx, connection)
        .await;
    assert!(too_large.is_err(), "a number never wraps");
    Ok(())
}

async fn texts_are_computed_with<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let computed = select!(Hero where Hero::NAME.eq("Rusty-Man"))
        .columns((
            Hero::NAME.upper().concat("/").concat(Hero::NAME.lower()),
            Hero::NAME.substr(7, 10),
            Hero::NAME.length(),
            Hero::NAME.replace("-", " ").trim_end(),
            Hero::NAME.null_if("Rusty-Man"),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    let expected = (
        "RUSTY-MAN/rusty-man".to_owned(),
        "Man".to_owned(),
        9,
        "Rusty Man".to_owned(),
        None,
    );
    assert_eq!(computed, expected);
    let like = |pattern: &'static str| select!(Hero where Hero::NAME.ilike(pattern));
    assert_eq!(like("%LION").count(cx, connection).await.into_result()?, 1);
    assert_eq!(
        like("black\\_lion")
            .count(cx, connection)
            .await
            .into_result()?,
        0
    );
    assert_eq!(
        like("black_lion")
            .count(cx, connection)
            .await
            .into_result()?,
        1
    );
    Ok(())
}

async fn null_has_a_type<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let rows: Vec<(i32, bool, Option<bool>, Option<String>)> = Hero::select()
        .left_joining(Hero::TEAM)
        .columns((
            Hero::AGE.coalesce(0),
            Hero::AGE.is_null(),
            Hero::AGE.gt(40),
            Team::NAME,
        ))
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let preventers = Some("Preventers".to_owned());
    let expected = [
        (0, true, None, Some("Z-Force".to_owned())),
        (48, false, Some(true), preventers.clone()),
        (32, false, Some(false), None),
        (35, false, Some(false), preventers),
    ];
    assert_eq!(rows, expected);
    let same_team = Hero::select()
        .left_joining(Hero::TEAM)
        .filter(Team::ID.is_same_as(Hero::TEAM_ID))
        .count(cx, connection)
        .await
        .into_result()?;
    assert_eq!(same_team, 4, "two NULLs are the same");
    Ok(())
}

async fn cases_and_casts<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let ages: Vec<String> = Hero::select()
        .order_by(Hero::ID.asc())
        .columns(
            case(Hero::AGE.gt(40), "old")
                .when(Hero::AGE.is_null(), "unknown")
                .otherwise(Hero::AGE.cast::<String>().coalesce("")),
        )
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(ages, ["unknown", "old", "32", "35"]);
    let half: Option<f64> = select!(Hero where Hero::AGE.eq(35))
        .columns(Hero::AGE.cast::<f64>() / 2.0)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(half, Some(17.5));
    Ok(())
}

async fn aggregates_of_all_rows_and_of_groups<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let totals = Hero::select()
        .columns((
            count_all(),
            Hero::AGE.count(),
            Hero::TEAM_ID.count_distinct(),
            Hero::AGE.sum(),
            Hero::AGE.avg(),
            Hero::AGE.min(),
            count_all().filter(Hero::AGE.gt(33)),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(totals, (4, 3, 2, Some(115), Some(115.0 / 3.0), Some(32), 2));
    let nobody = select!(Hero where Hero::AGE.gt(100))
        .columns((
            Hero::AGE.sum(),
            Hero::AGE.avg(),
            Hero::NAME.max(),
            count_all(),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(nobody, (None, None, None, 0));

    let by_team = || {
        Team::select()
            .joining(Team::HEROES)
            .group_by(Team::ID)
            .order_by(count_all().desc())
            .columns((Team::NAME, count_all(), Hero::AGE.max()))
    };
    let groups = by_team().all(cx, connection).await.into_result()?;
    assert_eq!(
        groups,
        [
            ("Preventers".to_owned(), 2, Some(48)),
            ("Z-Force".to_owned(), 1, None)
        ]
    );
    let of_several = by_team().having(count_all().gt(1));
    assert_eq!(
        of_several
            .clone()
            .count(cx, connection)
            .await
            .into_result()?,
        1
    );
    assert!(of_several.exists(cx, connection).await.into_result()?);
    let initials = Hero::select()
        .group_by(Hero::NAME.substr(1, 1))
        .columns((Hero::NAME.substr(1, 1), count_all()))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(initials.len(), 4);
    let n_ages = Hero::select().columns(Hero::TEAM_ID).distinct();
    assert_eq!(n_ages.count(cx, connection).await.into_result()?, 3);
    Ok(())
}

async fn expressions_with_values_are_groups_like_others<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let bracket = || {
        case(Hero::AGE.lt(40), "young")
            .when(Hero::AGE.ge(40), "old")
            .otherwise("unknown")
    };
    let by_bracket = || {
        Hero::select()
            .group_by(bracket())
            .order_by(bracket().desc())
            .columns((bracket(), count_all()))
    };
    let brackets = by_bracket().all(cx, connection).await.into_result()?;
    let names: Vec<&str> = brackets.iter().map(|(name, _)| &**name).collect();
    assert!(names.is_sorted_by(|a, b| a > b), "{names:?}");
    let old = by_bracket().having(bracket().eq("old"));
    let old = old.all(cx, connection).await.into_result()?;
    let expected = brackets.iter().find(|(name, _)| name == "old");
    assert_eq!(old.first(), expected);
    assert!(old.len() == 1 && names.len() > 1);

    let next = || Hero::AGE + 1;
    let doubled = Hero::select()
        .group_by(next())
        .filter(Hero::AGE.is_not_null())
        .order_by(next().asc())
        .columns(((next()) * 2, next()))
        .all(cx, connection)
        .await
        .into_result()?;
    assert!(!doubled.is_empty());
    assert!(
        doubled
            .iter()
            .all(|(twice, once)| *twice == once.map(|it| it * 2))
    );

    let marked = Hero::select()
        .columns(Hero::NAME.concat("!"))
        .distinct()
        .order_by(Hero::NAME.concat("!").desc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert!(
        marked.len() > 1 && marked.is_sorted_by(|a, b| a > b),
        "{marked:?}"
    );
    // What is like a group but for its value is none.
    let refused = Hero::select()
        .group_by(next())
        .columns(Hero::AGE + 3)
        .all(cx, connection)
        .await;
    assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::Usage));
    Ok(())
}

async fn columns_of_many_values_are_refused<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let refused = Hero::select()
        .group_by(Hero::TEAM_ID)
        .columns((Hero::NAME, count_all()))
        .all(cx, connection)
        .await;
    let Outcome::Err(error) = refused else {
        return Err(format!("{refused:?}").into());
    };
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("`hero.name`"), "{error}");
    Ok(())
}

row! {
    /// A hero and the name of the team.
    #[derive(Debug, PartialEq)]
    struct Member {
        hero: String,
        team: Option<String>,
    }
}

async fn rows_become_structs<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let member = Hero::select()
        .left_joining(Hero::TEAM)
        .filter(Hero::NAME.eq("Black Lion"))
        .columns((Hero::NAME, Team::NAME))
        .decode_as::<Member>()
        .one(cx, connection)
        .await
        .into_result()?;
    let expected = Member {
        hero: "Black Lion".into(),
        team: Some("Preventers".into()),
    };
    assert_eq!(member, expected);
    Ok(())
}

async fn subqueries_and_partners<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let of_team = || {
        Hero::select()
            .correlate::<Team>()
            .filter(Hero::TEAM_ID.eq(Team::ID))
    };
    let oldest = Team::select()
        .order_by(Team::ID.asc())
        .columns((Team::NAME, scalar(of_team().columns(Hero::AGE.max()))))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        oldest,
        [
            ("Preventers".to_owned(), Some(48)),
            ("Z-Force".to_owned(), None)
        ]
    );

    let names = async |connection: &mut C, query: sqlmodel_runtime::Select<Team>| {
        let teams = query.order_by(Team::ID.asc()).all(cx, connection).await;
        teams.map(|teams| teams.into_iter().map(|team| team.name).collect::<Vec<_>>())
    };
    let with_adults = Team::select().filter(exists(of_team().filter(Hero::AGE.gt(18))));
    assert_eq!(
        names(connection, with_adults).await.into_result()?,
        ["Preventers"]
    );
    let with_ageless = Team::select().filter(Team::HEROES.any_where(Hero::AGE.is_null()));
    assert_eq!(
        names(connection, with_ageless).await.into_result()?,
        ["Z-Force"]
    );
    let without_members = Team::select().filter(Team::MEMBERS.none());
    assert_eq!(
        names(connection, without_members).await.into_result()?,
        ["Preventers", "Z-Force"]
    );
    let loners = select!(Hero where Hero::TEAM.none());
    assert_eq!(loners.count(cx, connection).await.into_result()?, 1);

    let ids = Team::select()
        .filter(Team::NAME.eq("Z-Force"))
        .columns(Team::ID);
    let inside = select!(Hero where Hero::TEAM_ID.in_query(ids.clone()));
    assert_eq!(inside.count(cx, connection).await.into_result()?, 1);
    let outside = select!(Hero where Hero::TEAM_ID.not_in_query(ids));
    assert_eq!(
        outside.count(cx, connection).await.into_result()?,
        2,
        "a hero without a team is neither in nor out"
    );
    Ok(())
}

mod names {
    use super::Hero;

    sqlmodel_runtime::alias! {
        /// A hero of the same team.
        pub(super) Mate = Hero as "mate"
    }
}
use names::Mate;

async fn the_same_table_twice<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let is_mate = Hero::TEAM_ID
        .of::<Mate>()
        .eq(Hero::TEAM_ID)
        .and(Hero::ID.of::<Mate>().ne(Hero::ID));
    let pairs = Hero::select()
        .join_on(table::<Mate>(), is_mate)
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let names: Vec<_> = pairs
        .iter()
        .map(|(hero, mate)| (&*hero.name, &*mate.name))
        .collect();
    assert_eq!(
        names,
        [("Rusty-Man", "Black Lion"), ("Black Lion", "Rusty-Man")]
    );
    let younger = select_from::<Mate>()
        .correlate::<Hero>()
        .filter(Hero::AGE.of::<Mate>().lt(Hero::AGE));
    let youngest = select!(Hero where Hero::AGE.is_not_null(), !exists(younger))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(youngest.name, "Tarantula");
    Ok(())
}

async fn joins_by_any_condition<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let pairs: Vec<(Team, Option<Hero>)> = Team::select()
        .left_join_on(
            table::<Hero>(),
            Hero::AGE.gt(40).and(Hero::TEAM_ID.eq(Team::ID)),
        )
        .order_by(Team::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let names: Vec<_> = pairs
        .iter()
        .map(|(team, hero)| (&*team.name, hero.as_ref().map(|hero| &*hero.name)))
        .collect();
    assert_eq!(
        names,
        [("Preventers", Some("Rusty-Man")), ("Z-Force", None)]
    );
    Ok(())
}

async fn pages_and_streams<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let by_name = || Hero::select().order_by(Hero::NAME.asc());
    let page = by_name().page(cx, connection, 1, 3).await.into_result()?;
    assert_eq!(page.total, 4);
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rows[0].name, "Tarantula");
    let mut seen = Vec::new();
    by_name()
        .columns(Hero::NAME)
        .for_each(cx, connection, |name| {
            seen.push(name);
            if seen.len() == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .await
        .into_result()?;
    assert_eq!(seen, ["Black Lion", "Deadpond"]);
    assert!(by_name().exists(cx, connection).await.into_result()?);
    let nobody = by_name().filter(Hero::NAME.eq("Nobody"));
    assert!(!nobody.exists(cx, connection).await.into_result()?);
    let nulls_last = Hero::select()
        .order_by(Hero::AGE.desc().nulls_last())
        .columns(Hero::AGE)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(nulls_last, [Some(48), Some(35), Some(32), None]);
    Ok(())
}

async fn hostile_values_come_back_unchanged<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let hostile = "'; DROP TABLE hero; -- \" ` \\ % _ $1 ?1 :x /*";
    let stored = insert!(NewHero::new(hostile, hostile))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(stored.name, hostile);
    let is_hostile = [
        Hero::NAME.eq(hostile).within::<Hero, _>(),
        Hero::NAME.contains(hostile).within::<Hero, _>(),
        Hero::NAME.starts_with(hostile).within::<Hero, _>(),
        Hero::NAME.in_([hostile]).within::<Hero, _>(),
        Hero::NAME
            .concat(hostile)
            .ends_with(hostile)
            .within::<Hero, _>(),
    ];
    let found = Hero::select()
        .filter(all_of(is_hostile.clone()))
        .filter(any_of(is_hostile))
        .columns(Hero::NAME.replace(hostile, "gone").concat(hostile))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(found, format!("gone{hostile}"));
    Ok(())
}

async fn other_tables_decide_updates_and_deletes<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let own_team = Team::select()
        .correlate::<Hero>()
        .filter(Team::ID.eq(Hero::TEAM_ID))
        .columns(Team::NAME);
    let n_updated = Hero::update()
        .set(Hero::SECRET_NAME, scalar(own_team).coalesce("alone"))
        .filter(Hero::AGE.is_not_null())
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_updated, 3);
    let secrets = Hero::select()
        .order_by(Hero::ID.asc())
        .columns(Hero::SECRET_NAME)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        secrets,
        ["Dive Wilson", "Preventers", "alone", "Preventers"]
    );
    let deleted = Hero::delete()
        .filter(Hero::TEAM.any_where(Team::NAME.eq("Preventers").and(Hero::AGE.gt(40))))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].name, "Rusty-Man");
    Ok(())
}
