//! Parts of queries together that are easily forgotten: pages over NULLs, sets with orders of their own, names in subqueries.

use generated::chinook::tables::TABLES as CHINOOK;
use generated::chinook::{Employee, NewEmployee};
use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewHeroTeamLink, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Direction, FrameBound, alias, constant, count_all, cte, exists, row_number, scalar,
    select_from, table, window,
};

on_every_driver! {
    TABLES;
    pages_go_on_behind_nulls,
    a_page_past_the_end_is_empty_and_knows_the_total,
    sets_of_ordered_and_limited_rows,
    sets_are_counted_paged_and_streamed,
    null_is_equal_to_null_where_that_is_asked,
    lists_without_values,
    special_characters_of_patterns_are_characters,
    named_queries_in_subqueries_and_counts,
    frames_of_windows,
    groups_are_counted_and_ordered_by_aggregates,
    included_rows_come_in_pages,
    the_same_relation_is_included_and_joined_twice,
    relations_are_asked_about,
    a_table_decides_about_itself,
    rows_of_a_table_are_inserted_again,
}

mod trees {
    use super::*;

    on_every_driver! {
        CHINOOK;
        three_levels_of_the_same_table,
        chains_are_followed_from_every_row,
    }
}

async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert_many!(
        NewTeam::new("Preventers", "Sharp Tower"),
        NewTeam::new("Z-Force", "Bar"),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(2),
        NewHero::new("Spider-Boy", "Pedro Parqueador"),
        NewHero::new("Rusty-Man", "Tommy Sharp").age(48).team_id(1),
        NewHero::new("Tarantula", "Natalia Roman-on")
            .age(32)
            .team_id(1),
        NewHero::new("Black Lion", "Trevor Challa")
            .age(35)
            .team_id(1),
        NewHero::new("Dr. Weird", "Steve Weird").age(32),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

async fn pages_go_on_behind_nulls<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let orders = || {
        let age = Hero::AGE;
        [
            age.asc(),
            age.desc(),
            age.asc().nulls_first(),
            age.asc().nulls_last(),
            age.desc().nulls_first(),
            age.desc().nulls_last(),
        ]
    };
    let expected: [[i64; 6]; 6] = [
        [2, 1, 6, 4, 5, 3],
        [3, 5, 6, 4, 2, 1],
        [2, 1, 6, 4, 5, 3],
        [6, 4, 5, 3, 2, 1],
        [2, 1, 3, 5, 6, 4],
        [3, 5, 6, 4, 2, 1],
    ];
    for size in [1, 2, 4] {
        for (number, (order, expected)) in orders().into_iter().zip(expected).enumerate() {
            let (mut after, mut seen) = (None, Vec::new());
            loop {
                let page = Hero::select()
                    .seek((order.clone(), Hero::ID.desc()), after.take())
                    .limit(size)
                    .all(cx, connection)
                    .await
                    .into_result()?;
                let Some(last) = page.last() else { break };
                after = Some((last.age, last.id));
                seen.extend(page.iter().map(|hero| hero.id));
                assert!(seen.len() <= 6, "order {number} finds rows again: {seen:?}");
            }
            assert_eq!(seen, expected, "order {number}, pages of {size}");
        }
    }
    Ok(())
}

async fn a_page_past_the_end_is_empty_and_knows_the_total<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    for number in [3, u64::MAX] {
        let page = Hero::select()
            .order_by(Hero::ID.asc())
            .page(cx, connection, number, 2);
        let page = page.await.into_result()?;
        assert_eq!((page.rows.len(), page.total), (0, 6));
    }
    let empty = Hero::select()
        .page(cx, connection, 0, 0)
        .await
        .into_result()?;
    assert_eq!((empty.rows.len(), empty.total), (0, 6));
    let counted = Hero::select()
        .offset(4)
        .limit(5)
        .count(cx, connection)
        .await;
    assert_eq!(
        counted.into_result()?,
        2,
        "the limit and the offset are part of the query"
    );
    Ok(())
}

async fn sets_of_ordered_and_limited_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let oldest = || {
        let order = Hero::AGE.desc().nulls_last();
        Hero::select().order_by(order).limit(1).columns(Hero::NAME)
    };
    let first = || {
        Hero::select()
            .order_by(Hero::ID.asc())
            .limit(2)
            .columns(Hero::NAME)
    };
    let all = || Hero::select().columns(Hero::NAME);
    let sets = oldest()
        .union_all(first())
        .order_by_column(1, Direction::Descending)
        .limit(2);
    assert_eq!(
        sets.all(cx, connection).await.into_result()?,
        ["Spider-Boy", "Rusty-Man"]
    );
    let rest = all()
        .except(first())
        .except(oldest())
        .order_by_column(1, Direction::Ascending)
        .offset(1);
    assert_eq!(
        rest.all(cx, connection).await.into_result()?,
        ["Dr. Weird", "Tarantula"]
    );
    let left_to_right = oldest().union(first()).intersect(first().limit(1));
    assert_eq!(
        left_to_right.all(cx, connection).await.into_result()?,
        ["Deadpond"]
    );
    Ok(())
}

async fn sets_are_counted_paged_and_streamed<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let heroes = || Hero::select().columns(Hero::NAME);
    let all = || heroes().union(Team::select().columns(Team::NAME));
    assert_eq!(all().count(cx, connection).await.into_result()?, 8);
    assert!(all().exists(cx, connection).await.into_result()?);
    let none = heroes().except(heroes());
    assert!(!none.clone().exists(cx, connection).await.into_result()?);
    assert_eq!(none.one_or_none(cx, connection).await.into_result()?, None);
    let page = all()
        .order_by_column(1, Direction::Ascending)
        .page(cx, connection, 2, 3);
    let page = page.await.into_result()?;
    assert_eq!(
        (page.total, &*page.rows),
        (8, &["Tarantula".to_owned(), "Z-Force".to_owned()][..])
    );
    let ordered = all().order_by_column(1, Direction::Ascending);
    let mut rows = ordered.stream(cx, connection).await.into_result()?;
    assert_eq!(
        rows.next(cx).await.into_result()?.as_deref(),
        Some("Black Lion")
    );
    drop(rows);
    assert_eq!(all().count(cx, connection).await.into_result()?, 8);
    Ok(())
}

async fn null_is_equal_to_null_where_that_is_asked<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let count = |condition| Hero::select().filter(condition);
    for (age, n_same) in [(None, 2), (Some(32), 2), (Some(1), 0)] {
        let same = count(Hero::AGE.is_not_distinct_from(age));
        assert_eq!(
            same.count(cx, connection).await.into_result()?,
            n_same,
            "{age:?}"
        );
        let others = count(!Hero::AGE.is_not_distinct_from(age));
        assert_eq!(
            others.count(cx, connection).await.into_result()?,
            6 - n_same,
            "{age:?}"
        );
    }
    let itself = Hero::select().filter(Hero::AGE.is_same_as(Hero::AGE));
    assert_eq!(itself.count(cx, connection).await.into_result()?, 6);
    Ok(())
}

async fn lists_without_values<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let none = Hero::select().filter(Hero::AGE.in_([0_i32; 0]));
    assert_eq!(none.count(cx, connection).await.into_result()?, 0);
    let all = Hero::select().filter(Hero::AGE.not_in([0_i32; 0]));
    assert_eq!(
        all.count(cx, connection).await.into_result()?,
        6,
        "NULL is in no empty list"
    );
    let not = Hero::select().filter(!Hero::AGE.in_([0_i32; 0]));
    assert_eq!(not.count(cx, connection).await.into_result()?, 6);
    let neither = Hero::select().filter(Hero::AGE.not_in([32]));
    assert_eq!(
        neither.count(cx, connection).await.into_result()?,
        2,
        "NULL may be anything"
    );
    Ok(())
}

async fn special_characters_of_patterns_are_characters<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let names = [
        "100%",
        "100 percent",
        "a_b",
        "aXb",
        "c:\\dir",
        "c:/dir",
        "\\%",
        "[x]",
    ];
    for name in names {
        insert!(NewHero::new(name, ""))
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    for (text, expected) in [
        ("%", vec!["100%", "\\%"]),
        ("_", vec!["a_b"]),
        ("\\", vec!["\\%", "c:\\dir"]),
        ("\\%", vec!["\\%"]),
        ("[x]", vec!["[x]"]),
        ("0%", vec!["100%"]),
    ] {
        let found = Hero::select()
            .filter(Hero::NAME.contains(text))
            .columns(Hero::NAME);
        let mut found = found.all(cx, connection).await.into_result()?;
        found.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }
    let starts = Hero::select()
        .filter(Hero::NAME.starts_with("c:\\"))
        .columns(Hero::NAME);
    assert_eq!(starts.all(cx, connection).await.into_result()?, ["c:\\dir"]);
    let ends = Hero::select()
        .filter(Hero::NAME.ends_with("0%"))
        .columns(Hero::NAME);
    assert_eq!(ends.all(cx, connection).await.into_result()?, ["100%"]);
    let escaped = Hero::select()
        .filter(Hero::NAME.like("a\\_b"))
        .columns(Hero::NAME);
    assert_eq!(escaped.all(cx, connection).await.into_result()?, ["a_b"]);
    let wild = Hero::select()
        .filter(Hero::NAME.ilike("A_B"))
        .columns(Hero::NAME);
    assert_eq!(wild.count(cx, connection).await.into_result()?, 2);
    Ok(())
}

cte! {
    /// A hero, and the place by age in the team.
    #[derive(Debug, Clone, PartialEq)]
    struct Placed as "placed" {
        HERO_ID hero_id: i64,
        PLACE place: i64,
    }
}

cte! {
    /// An employee, and somebody above.
    #[derive(Debug, Clone, PartialEq)]
    struct Above as "above" {
        ID id: i64,
        BOSS boss: Option<i64>,
        DEPTH depth: i64,
    }
}

async fn named_queries_in_subqueries_and_counts<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let placed = || {
        let by_age = window()
            .partition_by(Hero::TEAM_ID)
            .order_by(Hero::AGE.desc().nulls_last());
        Placed::of(Hero::select().columns((Hero::ID, row_number().over(by_age))))
    };
    let firsts = || {
        select_from::<Placed>()
            .with(placed())
            .filter(Placed::PLACE.eq(1))
    };
    assert_eq!(firsts().count(cx, connection).await.into_result()?, 3);
    assert!(firsts().exists(cx, connection).await.into_result()?);
    let inside = Hero::select()
        .filter(Hero::ID.in_query(firsts().columns(Placed::HERO_ID)))
        .order_by(Hero::NAME.asc())
        .columns(Hero::NAME);
    let names = ["Deadpond", "Dr. Weird", "Rusty-Man"];
    assert_eq!(inside.all(cx, connection).await.into_result()?, names);
    let around = Hero::select()
        .with(placed())
        .filter(exists(
            select_from::<Placed>()
                .correlate::<Hero>()
                .filter(Placed::HERO_ID.eq(Hero::ID).and(Placed::PLACE.eq(1))),
        ))
        .order_by(Hero::NAME.asc())
        .columns(Hero::NAME);
    assert_eq!(around.all(cx, connection).await.into_result()?, names);
    let joined = Hero::select()
        .with(placed())
        .left_join_on(
            table::<Placed>(),
            Placed::HERO_ID.eq(Hero::ID).and(Placed::PLACE.gt(1)),
        )
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let places: Vec<_> = joined
        .iter()
        .map(|(_, placed)| placed.as_ref().map(|it| it.place))
        .collect();
    assert_eq!(places, [None, Some(2), None, Some(3), Some(2), None]);
    let in_a_set = firsts()
        .columns(Placed::HERO_ID)
        .union_all(Hero::select().columns(Hero::ID));
    assert_eq!(in_a_set.count(cx, connection).await.into_result()?, 9);
    Ok(())
}

async fn frames_of_windows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let around = window()
        .order_by(Hero::ID.asc())
        .rows(FrameBound::Preceding(1), FrameBound::Following(1));
    let rest = window()
        .order_by(Hero::ID.asc())
        .rows(FrameBound::CurrentRow, FrameBound::UnboundedFollowing);
    let sums = Hero::select()
        .order_by(Hero::ID.asc())
        .columns((Hero::AGE.sum().over(around), Hero::AGE.max().over(rest)))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        sums,
        [
            (None, Some(48)),
            (Some(48), Some(48)),
            (Some(80), Some(48)),
            (Some(115), Some(35)),
            (Some(99), Some(35)),
            (Some(67), Some(32)),
        ]
    );
    Ok(())
}

async fn groups_are_counted_and_ordered_by_aggregates<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let groups = || {
        Hero::select()
            .left_joining(Hero::TEAM)
            .group_by(Team::NAME)
            .having(count_all().ge(2))
            .order_by(Hero::AGE.avg().desc())
            .columns((
                Team::NAME,
                count_all(),
                count_all().filter(Hero::AGE.gt(32)),
                Hero::AGE.count().distinct(),
            ))
    };
    assert_eq!(groups().count(cx, connection).await.into_result()?, 2);
    assert_eq!(
        groups().all(cx, connection).await.into_result()?,
        [(Some("Preventers".to_owned()), 3, 2, 3), (None, 2, 0, 1)]
    );
    let largest = scalar(
        Hero::select()
            .correlate::<Team>()
            .filter(Hero::TEAM_ID.eq(Team::ID))
            .columns(Hero::AGE.max()),
    );
    let teams = Team::select()
        .order_by(Team::ID.asc())
        .columns((Team::NAME, largest));
    assert_eq!(
        teams.all(cx, connection).await.into_result()?,
        [
            ("Preventers".to_owned(), Some(48)),
            ("Z-Force".to_owned(), None)
        ]
    );
    Ok(())
}

async fn included_rows_come_in_pages<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let young = || {
        Team::HEROES
            .filter(Hero::AGE.lt(40))
            .order_by(Hero::AGE.desc())
    };
    let page = Team::select()
        .include(young())
        .order_by(Team::ID.asc())
        .page(cx, connection, 0, 1)
        .await
        .into_result()?;
    assert_eq!(page.total, 2);
    let [(team, heroes)] = &*page.rows else {
        return Err("one team".into());
    };
    assert_eq!(team.name, "Preventers");
    let names: Vec<_> = heroes.iter().map(|hero| &*hero.name).collect();
    assert_eq!(names, ["Black Lion", "Tarantula"]);
    let past = Team::select()
        .include(young())
        .page(cx, connection, 9, 1)
        .await
        .into_result()?;
    assert_eq!((past.rows.len(), past.total), (0, 2));
    Ok(())
}

alias! {
    /// The team that a hero fights for, beside the other teams.
    Home = Team as "home"
}

alias! {
    /// A hero of the same team.
    Mate = Hero as "mate"
}

async fn the_same_relation_is_included_and_joined_twice<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let teams: Vec<(Team, Vec<Hero>, Vec<Hero>)> = Team::select()
        .include(
            Team::HEROES
                .filter(Hero::AGE.lt(40))
                .order_by(Hero::NAME.desc()),
        )
        .include(Team::HEROES.filter(Hero::AGE.ge(40)))
        .order_by(Team::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let names = |heroes: &[Hero]| {
        heroes
            .iter()
            .map(|hero| hero.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&teams[0].1), ["Tarantula", "Black Lion"]);
    assert_eq!(names(&teams[0].2), ["Rusty-Man"]);
    assert_eq!((names(&teams[1].1).len(), names(&teams[1].2).len()), (0, 0));
    let twice: Vec<(Hero, Option<Team>, Option<Team>)> = Hero::select()
        .left_join(Hero::TEAM)
        .left_join(Hero::TEAM.to::<Home>())
        .order_by(Hero::ID.asc())
        .order_by(Team::NAME.of::<Home>().asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(twice.len(), 6);
    assert!(twice.iter().all(|(_, team, home)| team == home));
    assert_eq!(
        twice.iter().filter(|(_, team, _)| team.is_some()).count(),
        4
    );
    Ok(())
}

async fn relations_are_asked_about<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    insert!(NewHeroTeamLink::new(2, 3))
        .execute(cx, connection)
        .await
        .into_result()?;
    let both = Team::select()
        .filter(Team::HEROES.any_where(Hero::AGE.gt(40)))
        .filter(Team::HEROES.none_where(Hero::AGE.is_null()))
        .columns(Team::NAME);
    assert_eq!(
        both.all(cx, connection).await.into_result()?,
        ["Preventers"]
    );
    let of_another_team = Hero::select()
        .filter(Hero::TEAMS.any_where(Team::ID.ne(Hero::TEAM_ID)))
        .columns(Hero::NAME);
    assert_eq!(
        of_another_team.all(cx, connection).await.into_result()?,
        ["Rusty-Man"]
    );
    let lonely = Hero::select()
        .filter(Hero::TEAM.none())
        .filter(Hero::TEAMS.none());
    assert_eq!(lonely.count(cx, connection).await.into_result()?, 2);
    let nested = Team::MEMBERS.any_where(
        Hero::TEAM
            .to::<Home>()
            .any_where(Team::NAME.of::<Home>().eq("Preventers")),
    );
    let teams = Team::select().filter(nested).columns(Team::NAME);
    assert_eq!(teams.all(cx, connection).await.into_result()?, ["Z-Force"]);
    Ok(())
}

async fn a_table_decides_about_itself<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let has_older_mate = exists(
        select_from::<Mate>()
            .correlate::<Hero>()
            .filter(Hero::TEAM_ID.of::<Mate>().eq(Hero::TEAM_ID))
            .filter(Hero::AGE.of::<Mate>().gt(Hero::AGE)),
    );
    let n_rows = Hero::update()
        .set(Hero::SECRET_NAME, "younger")
        .filter(has_older_mate.clone())
        .execute(cx, connection)
        .await;
    assert_eq!(n_rows.into_result()?, 2);
    let deleted = Hero::delete()
        .filter(has_older_mate)
        .all(cx, connection)
        .await
        .into_result()?;
    let mut names: Vec<_> = deleted.iter().map(|hero| &*hero.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["Black Lion", "Tarantula"]);
    assert!(deleted.iter().all(|hero| hero.secret_name == "younger"));
    Ok(())
}

async fn rows_of_a_table_are_inserted_again<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let copies = Hero::select().filter(Hero::AGE.gt(40)).columns((
        Hero::NAME.concat(" II"),
        Hero::SECRET_NAME,
        Hero::AGE,
    ));
    let n_rows = Hero::insert_from((Hero::NAME, Hero::SECRET_NAME, Hero::AGE), copies);
    assert_eq!(n_rows.execute(cx, connection).await.into_result()?, 1);
    let copy = Hero::select()
        .filter(Hero::NAME.ends_with(" II"))
        .one(cx, connection);
    let copy = copy.await.into_result()?;
    assert_eq!(
        (&*copy.name, copy.age, copy.team_id),
        ("Rusty-Man II", Some(48), None)
    );
    let none = Hero::select()
        .filter(Hero::ID.lt(0))
        .columns((Hero::NAME, Hero::SECRET_NAME));
    let none = Hero::insert_from((Hero::NAME, Hero::SECRET_NAME), none);
    assert_eq!(none.execute(cx, connection).await.into_result()?, 0);
    Ok(())
}

async fn staff<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for (name, boss) in [
        ("Adams", None),
        ("Edwards", Some(1)),
        ("Peacock", Some(2)),
        ("Park", Some(2)),
        ("Johnson", Some(3)),
    ] {
        let mut new = NewEmployee::new(name, "x");
        new.reports_to = boss;
        insert!(new).execute(cx, connection).await.into_result()?;
    }
    Ok(())
}

async fn three_levels_of_the_same_table<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    staff(cx, connection).await?;
    let by_name = || Employee::LAST_NAME.asc();
    let levels = Employee::REPORTS.order_by(by_name()).include(
        Employee::REPORTS
            .order_by(by_name())
            .include(Employee::REPORTS.order_by(by_name())),
    );
    let top = Employee::select()
        .filter(Employee::REPORTS_TO.is_null())
        .include(levels)
        .one(cx, connection)
        .await
        .into_result()?;
    let (adams, below) = top;
    assert_eq!(adams.last_name, "Adams");
    let [(edwards, below)] = &*below else {
        return Err("one reports to Adams".into());
    };
    assert_eq!(edwards.last_name, "Edwards");
    let names: Vec<_> = below
        .iter()
        .map(|(employee, below)| (&*employee.last_name, below.len()))
        .collect();
    assert_eq!(names, [("Park", 0), ("Peacock", 1)]);
    Ok(())
}

async fn chains_are_followed_from_every_row<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    staff(cx, connection).await?;
    let first = Employee::select().columns((Employee::ID, Employee::REPORTS_TO, constant(0_i64)));
    let next = Employee::select()
        .join_on(table::<Above>(), Above::BOSS.eq(Employee::ID))
        .columns((Above::ID, Employee::REPORTS_TO, Above::DEPTH + 1));
    let depths = select_from::<Above>()
        .with(Above::recursive(first.union_all(next)))
        .group_by(Above::ID)
        .order_by(Above::ID.asc())
        .columns(Above::DEPTH.max())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(depths, [Some(0), Some(1), Some(2), Some(2), Some(3)]);
    Ok(())
}
