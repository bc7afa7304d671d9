//! Includes, upserts, and rows that writes give back.

use generated::hero::tables::TABLES;
use generated::hero::{Hero, HeroTeamLink, NewHero, NewHeroTeamLink, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Capabilities, CursorKind, Dialect, Direction, Done, ErrorKind, Fetched, RowSink, Statement,
    excluded,
};

on_every_driver! {
    TABLES;
    a_relation_to_one_is_joined,
    relations_to_many_are_vectors,
    includes_are_filtered_ordered_and_nested,
    an_include_of_more_keys_than_a_statement_takes,
    rows_that_repeat_have_the_same_children,
    pages_begin_behind_a_row,
    sets_of_rows,
    upserts,
    a_query_is_inserted,
    writes_give_rows_back,
}

struct Stored {
    preventers: Team,
    z_force: Team,
    heroes: Vec<Hero>,
}

async fn store<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Result<Stored, Box<dyn std::error::Error>> {
    let preventers = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, connection)
        .await
        .into_result()?;
    let z_force = insert!(NewTeam::new("Z-Force", "Sister Margaret's Bar"))
        .one(cx, connection)
        .await
        .into_result()?;
    let heroes = insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(z_force.id),
        NewHero::new("Rusty-Man", "Tommy Sharp")
            .age(48)
            .team_id(preventers.id),
        NewHero::new("Tarantula", "Natalia Roman-on").age(32),
        NewHero::new("Black Lion", "Trevor Challa")
            .age(35)
            .team_id(preventers.id),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    insert_many!(
        NewHeroTeamLink::new(z_force.id, heroes[0].id),
        NewHeroTeamLink::new(preventers.id, heroes[0].id).is_training(true),
        NewHeroTeamLink::new(preventers.id, heroes[1].id),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(Stored {
        preventers,
        z_force,
        heroes,
    })
}

fn names(heroes: &[Hero]) -> Vec<&str> {
    heroes.iter().map(|hero| &*hero.name).collect()
}

async fn a_relation_to_one_is_joined<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store(cx, connection).await?;
    let heroes: Vec<(Hero, Option<Team>)> = Hero::select()
        .include(Hero::TEAM)
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let teams: Vec<_> = heroes.into_iter().map(|(_, team)| team).collect();
    let preventers = Some(stored.preventers);
    assert_eq!(
        teams,
        [Some(stored.z_force), preventers.clone(), None, preventers]
    );
    let links: Vec<(HeroTeamLink, Team, Hero)> = HeroTeamLink::select()
        .include(HeroTeamLink::TEAM)
        .include(HeroTeamLink::HERO)
        .filter(HeroTeamLink::IS_TRAINING.eq(true))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].1.name, "Preventers");
    assert_eq!(links[0].2.name, "Deadpond");
    Ok(())
}

async fn relations_to_many_are_vectors<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store(cx, connection).await?;
    let empty = insert!(NewTeam::new("Empty", "Nowhere"))
        .one(cx, connection)
        .await
        .into_result()?;
    let teams: Vec<(Team, Vec<Hero>, Vec<Hero>)> = Team::select()
        .include(Team::HEROES.order_by(Hero::ID.asc()))
        .include(Team::MEMBERS.order_by(Hero::ID.asc()))
        .order_by(Team::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let [
        (first, heroes, members),
        (_, others, _),
        (last, none, nobody),
    ] = &*teams
    else {
        return Err(format!("{teams:?}").into());
    };
    assert_eq!(first, &stored.preventers);
    assert_eq!(names(heroes), ["Rusty-Man", "Black Lion"]);
    assert_eq!(names(members), ["Deadpond", "Rusty-Man"]);
    assert_eq!(names(others), ["Deadpond"]);
    assert_eq!((last, none.len(), nobody.len()), (&empty, 0, 0));

    let no_teams: Vec<(Team, Vec<Hero>)> = select!(Team where Team::NAME.eq("Nobody"))
        .include(Team::HEROES)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(no_teams, []);
    let one = select!(Team where Team::NAME.eq("Z-Force"))
        .include(Team::HEROES)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(&one.1), ["Deadpond"]);
    let several = Team::select().include(Team::HEROES);
    assert!(matches!(
        several.one(cx, connection).await,
        Outcome::Err(error) if error.kind() == ErrorKind::TooManyRows
    ));
    Ok(())
}

async fn includes_are_filtered_ordered_and_nested<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let teams: Vec<(Team, Vec<(Hero, Vec<Team>)>)> = Team::select()
        .include(
            Team::HEROES
                .filter(Hero::NAME.ne("Black Lion"))
                .include(Hero::TEAMS.order_by(Team::NAME.desc())),
        )
        .order_by(Team::NAME.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let printed: Vec<_> = teams
        .iter()
        .map(|(team, heroes)| {
            let heroes: Vec<_> = heroes
                .iter()
                .map(|(hero, teams)| {
                    let teams: Vec<_> = teams.iter().map(|team| &*team.name).collect();
                    format!("{} in {teams:?}", hero.name)
                })
                .collect();
            format!("{}: {heroes:?}", team.name)
        })
        .collect();
    assert_eq!(
        printed,
        [
            r#"Preventers: ["Rusty-Man in [\"Preventers\"]"]"#,
            r#"Z-Force: ["Deadpond in [\"Z-Force\", \"Preventers\"]"]"#,
        ]
    );
    let in_training: Vec<(Team, Vec<Hero>)> = Team::select()
        .include(Team::MEMBERS.filter(HeroTeamLink::IS_TRAINING.eq(true)))
        .order_by(Team::ID.asc())
        .limit(1)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(&in_training[0].1), ["Deadpond"]);

    let of_heroes: Vec<(Hero, Option<Team>, Vec<Team>)> = Hero::select()
        .include(Hero::TEAM)
        .include(Hero::TEAMS)
        .filter(Team::NAME.eq("Z-Force"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(of_heroes.len(), 1);
    assert_eq!(of_heroes[0].2.len(), 2);
    Ok(())
}

async fn an_include_of_more_keys_than_a_statement_takes<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let n_teams = 5_000;
    let teams = insert_many!((0..n_teams).map(|n| NewTeam::new(format!("Team {n}"), "Nowhere")))
        .all(cx, connection)
        .await
        .into_result()?;
    let heroes = teams
        .iter()
        .map(|team| NewHero::new(team.name.clone(), "").team_id(team.id));
    insert_many!(heroes)
        .execute(cx, connection)
        .await
        .into_result()?;
    let loaded = Team::select()
        .include(Team::HEROES)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(loaded.len(), n_teams);
    assert!(
        loaded
            .iter()
            .all(|(team, heroes)| names(heroes) == [&*team.name])
    );
    Ok(())
}

async fn rows_that_repeat_have_the_same_children<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let rows: Vec<(Team, Hero, Vec<Hero>)> = Team::select()
        .join(Team::HEROES)
        .include(Team::MEMBERS.order_by(Hero::ID.asc()))
        .filter(Team::NAME.eq("Preventers"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|(_, _, members)| names(members) == ["Deadpond", "Rusty-Man"])
    );
    Ok(())
}

async fn pages_begin_behind_a_row<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    insert!(NewHero::new("Deadpond", "The second"))
        .execute(cx, connection)
        .await
        .into_result()?;
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = Hero::select()
            .seek((Hero::NAME.desc(), Hero::ID.asc()), after.take())
            .limit(2)
            .all(cx, connection)
            .await
            .into_result()?;
        let Some(last) = page.last() else { break };
        after = Some((last.name.clone(), last.id));
        seen.extend(page.into_iter().map(|hero| hero.secret_name));
    }
    assert_eq!(
        seen,
        [
            "Natalia Roman-on",
            "Tommy Sharp",
            "Dive Wilson",
            "The second",
            "Trevor Challa"
        ]
    );
    Ok(())
}

async fn sets_of_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let heroes = || Hero::select().columns(Hero::NAME);
    let teams = || Team::select().columns(Team::NAME);
    let all = heroes()
        .union(teams())
        .order_by_column(1, Direction::Descending)
        .limit(2)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(all, ["Z-Force", "Tarantula"]);
    let first = || heroes().order_by(Hero::ID.asc()).limit(1);
    let left_to_right = heroes()
        .union_all(teams())
        .intersect(first())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(left_to_right, ["Deadpond"]);
    let rest = heroes()
        .except(first())
        .order_by_column(1, Direction::Ascending)
        .first(cx, connection)
        .await
        .into_result()?;
    assert_eq!(rest.as_deref(), Some("Black Lion"));
    Ok(())
}

async fn upserts<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let Stored {
        preventers, heroes, ..
    } = store(cx, connection).await?;
    let link = || {
        insert!(NewHeroTeamLink::new(preventers.id, heroes[1].id).is_training(true))
            .on_conflict((HeroTeamLink::TEAM_ID, HeroTeamLink::HERO_ID))
    };
    let skipped = link()
        .do_nothing()
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(skipped, [], "what is left alone is not returned");
    let updated = link().do_update().all(cx, connection).await.into_result()?;
    assert_eq!(updated.len(), 1);
    assert!(updated[0].is_training);
    let unless_training = link()
        .set(
            HeroTeamLink::IS_TRAINING,
            !excluded(HeroTeamLink::IS_TRAINING),
        )
        .filter(HeroTeamLink::IS_TRAINING.eq(false));
    assert_eq!(
        unless_training
            .execute(cx, connection)
            .await
            .into_result()?,
        0
    );
    let many = insert_many!(
        NewHeroTeamLink::new(preventers.id, heroes[1].id),
        NewHeroTeamLink::new(preventers.id, heroes[2].id).is_training(true),
    )
    .on_conflict((HeroTeamLink::TEAM_ID, HeroTeamLink::HERO_ID))
    .do_nothing()
    .execute(cx, connection)
    .await
    .into_result()?;
    assert_eq!(many, 1);

    let no_key = insert!(NewTeam::new("Preventers", "Elsewhere")).on_conflict(Team::NAME);
    assert!(
        no_key.do_nothing().execute(cx, connection).await.is_err(),
        "a name that is not unique is no target"
    );
    Ok(())
}

async fn a_query_is_inserted<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store(cx, connection).await?;
    let loners = Hero::select()
        .filter(Hero::AGE.is_not_null())
        .columns((Hero::NAME, Hero::SECRET_NAME.concat("!")));
    let n_rows = Team::insert_from((Team::NAME, Team::HEADQUARTERS), loners)
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 3);
    let team = select!(Team where Team::NAME.eq("Tarantula"))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(team.headquarters, "Natalia Roman-on!");
    assert_ne!(team.id, stored.z_force.id);
    Ok(())
}

/// A database that returns no rows from writes.
struct WithoutReturning<'c, C> {
    inner: &'c mut C,
    capabilities: Capabilities,
}

impl<C: Connection> Executor for WithoutReturning<'_, C> {
    type Nested<'n>
        = C::Nested<'n>
    where
        Self: 'n;

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Self::Nested<'_>, Error> {
        self.inner.nested(cx).await
    }

    async fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut S,
    ) -> Outcome<(), Error> {
        assert!(!statement.sql.contains("RETURNING"), "{statement:?}");
        self.inner.query(cx, statement, sink).await
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        self.inner.execute(cx, statement).await
    }

    async fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> Outcome<(), Error> {
        self.inner.open_cursor(cx, statement, kind).await
    }

    async fn fetch<S: RowSink>(&mut self, cx: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
        self.inner.fetch(cx, sink).await
    }

    fn close_cursor(&mut self) {
        self.inner.close_cursor();
    }
}

async fn writes_give_rows_back<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    HeroTeamLink::delete()
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    check_returned(cx, connection).await?;
    // Where the database does not tell the key of a row that it stored either, there is no other way.
    let statement = Statement::new(
        "INSERT INTO team (name, headquarters) VALUES ('A', 'B')",
        &[],
    );
    let done = connection.execute(cx, statement).await.into_result()?;
    if done.last_insert_id.is_none() {
        return Ok(());
    }
    let capabilities = Capabilities {
        has_insert_returning: false,
        has_update_returning: false,
        has_delete_returning: false,
        ..connection.capabilities().clone()
    };
    let mut without = WithoutReturning {
        inner: connection,
        capabilities,
    };
    check_returned(cx, &mut without).await?;
    let by_key = Hero::update()
        .set(Hero::ID, 99)
        .filter(Hero::NAME.eq("Deadpond"))
        .all(cx, &mut without)
        .await;
    assert!(matches!(by_key, Outcome::Err(error) if error.kind() == ErrorKind::Unsupported));
    Ok(())
}

/// Changes one hero, and deletes one, in a way that can be repeated.
async fn check_returned<E: Executor>(cx: &Cx, executor: &mut E) -> Test {
    let aged = Hero::update()
        .set(Hero::AGE, Hero::AGE + 1)
        .filter(Hero::AGE.ge(35))
        .all(cx, executor)
        .await
        .into_result()?;
    assert_eq!(
        aged.len(),
        2,
        "rows are told by their keys, whether or not they match afterwards"
    );
    assert!(aged.iter().all(|hero| hero.age > Some(35)));
    let none = Hero::update()
        .set(Hero::AGE, 1)
        .filter(Hero::NAME.eq("Nobody"))
        .all(cx, executor)
        .await
        .into_result()?;
    assert_eq!(none, []);
    let extra = insert!(NewHero::new("Extra", "Nobody").age(7))
        .one(cx, executor)
        .await
        .into_result()?;
    let deleted = delete!(Hero where Hero::NAME.eq("Extra"))
        .all(cx, executor)
        .await
        .into_result()?;
    assert_eq!(deleted, [extra]);
    let left = select!(Hero where Hero::NAME.eq("Extra"));
    assert!(!left.exists(cx, executor).await.into_result()?);
    Ok(())
}
