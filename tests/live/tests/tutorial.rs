//! The pages of Python SQLModel's tutorial, with its data and its results.

use generated::hero::tables::TABLES;
use generated::hero::{Hero, HeroTeamLink, NewHero, NewHeroTeamLink, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::ErrorKind;
use sqlmodel_runtime::prelude::*;

on_every_driver! {
    TABLES;
    a_stored_hero_has_its_key,
    select_where,
    indexes_are_there_and_change_no_result,
    select_one_row,
    select_limit_and_offset,
    update_rows,
    delete_rows,
    connect_and_disconnect,
    read_connected_data,
    many_to_many_with_an_extra_column,
    the_first_failure_undoes_the_whole_insert,
    more_rows_than_a_statement_has_parameters,
    a_row_that_is_gone_is_stale,
    nothing_is_inserted_without_rows,
}

struct Stored {
    preventers: Team,
    z_force: Team,
}

/// The tutorial's teams and heroes.
async fn store_tutorial<C: Connection>(
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
    let n_heroes = insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(z_force.id),
        NewHero::new("Spider-Boy", "Pedro Parqueador"),
        NewHero::new("Rusty-Man", "Tommy Sharp")
            .age(48)
            .team_id(preventers.id),
        NewHero::new("Tarantula", "Natalia Roman-on").age(32),
        NewHero::new("Black Lion", "Trevor Challa").age(35),
        NewHero::new("Dr. Weird", "Steve Weird").age(36),
        NewHero::new("Captain North America", "Esteban Rogelios").age(93),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    assert_eq!(n_heroes, 7);
    Ok(Stored {
        preventers,
        z_force,
    })
}

fn names(heroes: &[Hero]) -> Vec<&str> {
    heroes.iter().map(|hero| &*hero.name).collect()
}

async fn a_stored_hero_has_its_key<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let new = NewHero::new("Deadpond", "Dive Wilson");
    assert!(new.is_new());
    assert_eq!(new.primary_key_value(), None);
    let hero = insert!(&new).one(cx, connection).await.into_result()?;
    assert!(!hero.is_new());
    assert_eq!(hero.primary_key_value(), Some(hero.id));
    let expected = Hero {
        id: hero.id,
        name: "Deadpond".into(),
        secret_name: "Dive Wilson".into(),
        age: None,
        team_id: None,
    };
    assert_eq!(hero, expected);
    assert_eq!(
        Hero::get(cx, connection, hero.id).await.into_result()?,
        Some(expected)
    );
    assert_eq!(
        Hero::get(cx, connection, hero.id + 1).await.into_result()?,
        None
    );
    Ok(())
}

/// The page about indexes: the same program, with an index on the name.
async fn indexes_are_there_and_change_no_result<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store_tutorial(cx, connection).await?;
    let deadpond = select!(Hero where Hero::NAME.eq("Deadpond")).one(cx, connection);
    let deadpond = deadpond.await.into_result()?;
    assert_eq!(
        (&*deadpond.secret_name, deadpond.age),
        ("Dive Wilson", None)
    );
    for table in TABLES.iter().filter(|table| table.name.name == "hero") {
        assert!(!table.indexes.is_empty());
        for index in &*table.indexes {
            let again = format!("CREATE INDEX {} ON hero (secret_name)", index.name);
            let refused = connection.execute_sql(cx, &again, &[]).await;
            assert!(refused.is_err(), "the database has no index {}", index.name);
        }
    }
    let young = select!(Hero where Hero::AGE.le(35)).order_by(Hero::NAME.asc());
    let young = young.all(cx, connection).await.into_result()?;
    assert_eq!(names(&young), ["Black Lion", "Tarantula"]);
    Ok(())
}

async fn select_where<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_tutorial(cx, connection).await?;
    let by_name = select!(Hero where Hero::NAME.eq("Deadpond"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(&by_name), ["Deadpond"]);
    let others = select!(Hero where Hero::NAME.ne("Deadpond"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(others.len(), 6);
    let in_order = |condition| Hero::select().filter(condition).order_by(Hero::ID.asc());
    let over_35 = in_order(Hero::AGE.gt(35))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        names(&over_35),
        ["Rusty-Man", "Dr. Weird", "Captain North America"]
    );
    let from_35 = in_order(Hero::AGE.ge(35))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        names(&from_35),
        [
            "Rusty-Man",
            "Black Lion",
            "Dr. Weird",
            "Captain North America"
        ]
    );
    let in_the_thirties = select!(Hero where Hero::AGE.ge(35), Hero::AGE.lt(40))
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(&in_the_thirties), ["Black Lion", "Dr. Weird"]);
    let outside = Hero::select()
        .filter(Hero::AGE.le(35).or(Hero::AGE.gt(90)))
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        names(&outside),
        ["Tarantula", "Black Lion", "Captain North America"]
    );
    Ok(())
}

async fn select_one_row<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_tutorial(cx, connection).await?;
    let young = || select!(Hero where Hero::AGE.lt(25));
    assert_eq!(young().first(cx, connection).await.into_result()?, None);
    assert_eq!(
        young().one_or_none(cx, connection).await.into_result()?,
        None
    );
    assert!(
        matches!(young().one(cx, connection).await, Outcome::Err(error) if error.kind() == ErrorKind::NoRows)
    );

    let old = || select!(Hero where Hero::AGE.ge(35)).order_by(Hero::AGE.desc());
    let first = old().first(cx, connection).await.into_result()?;
    assert_eq!(
        first.map(|hero| hero.name).as_deref(),
        Some("Captain North America")
    );
    assert!(
        matches!(old().one(cx, connection).await, Outcome::Err(error) if error.kind() == ErrorKind::TooManyRows)
    );
    assert!(old().one_or_none(cx, connection).await.is_err());
    let second = old()
        .offset(1)
        .limit(1)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(second.name, "Rusty-Man");
    Ok(())
}

async fn select_limit_and_offset<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_tutorial(cx, connection).await?;
    let page = |offset| {
        Hero::select()
            .order_by(Hero::ID.asc())
            .offset(offset)
            .limit(3)
    };
    let first = page(0).all(cx, connection).await.into_result()?;
    assert_eq!(names(&first), ["Deadpond", "Spider-Boy", "Rusty-Man"]);
    let second = page(3).all(cx, connection).await.into_result()?;
    assert_eq!(names(&second), ["Tarantula", "Black Lion", "Dr. Weird"]);
    let last = page(6).all(cx, connection).await.into_result()?;
    assert_eq!(names(&last), ["Captain North America"]);
    let rest = Hero::select()
        .order_by(Hero::ID.asc())
        .offset(5)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(&rest), ["Dr. Weird", "Captain North America"]);
    assert_eq!(page(6).count(cx, connection).await.into_result()?, 1);
    assert_eq!(Hero::select().count(cx, connection).await.into_result()?, 7);
    Ok(())
}

async fn update_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_tutorial(cx, connection).await?;
    let mut spider = select!(Hero where Hero::NAME.eq("Spider-Boy"))
        .one(cx, connection)
        .await
        .into_result()?;
    spider.age = Some(16);
    spider.name = "Spider-Youngster".into();
    update!(spider)
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        Hero::get(cx, connection, spider.id).await.into_result()?,
        Some(spider)
    );

    let n_updated = update!(Hero { AGE = 94, SECRET_NAME = "Esteban" } where Hero::AGE.gt(90))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_updated, 1);
    let n_unchanged = update!(Hero { AGE = 94 } where Hero::AGE.eq(94))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        n_unchanged, 1,
        "an update counts the rows that match, changed or not"
    );
    let n_all = Hero::update()
        .set(Hero::AGE, None::<i32>)
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_all, 7);
    assert_eq!(
        select!(Hero where Hero::AGE.is_not_null())
            .count(cx, connection)
            .await
            .into_result()?,
        0
    );
    Ok(())
}

async fn delete_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_tutorial(cx, connection).await?;
    let weird = select!(Hero where Hero::NAME.eq("Dr. Weird"))
        .one(cx, connection)
        .await
        .into_result()?;
    delete!(weird).execute(cx, connection).await.into_result()?;
    assert_eq!(
        Hero::get(cx, connection, weird.id).await.into_result()?,
        None
    );
    let n_deleted = delete!(Hero where Hero::AGE.is_null())
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_deleted, 2);
    let n_rest = Hero::delete()
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rest, 4);
    Ok(())
}

async fn connect_and_disconnect<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store_tutorial(cx, connection).await?;
    let mut spider = select!(Hero where Hero::NAME.eq("Spider-Boy"))
        .one(cx, connection)
        .await
        .into_result()?;
    spider.team_id = Some(stored.preventers.id);
    update!(spider)
        .execute(cx, connection)
        .await
        .into_result()?;
    let team = Hero::TEAM_ID.eq(stored.preventers.id);
    assert_eq!(
        select!(Hero where team)
            .count(cx, connection)
            .await
            .into_result()?,
        2
    );
    spider.team_id = None;
    update!(spider)
        .execute(cx, connection)
        .await
        .into_result()?;

    spider.team_id = Some(999);
    let refused = update!(spider).execute(cx, connection).await;
    assert!(matches!(refused, Outcome::Err(error) if error.is_foreign_key_violation()));
    let refused = delete!(stored.z_force).execute(cx, connection).await;
    assert!(matches!(refused, Outcome::Err(error) if error.is_foreign_key_violation()));
    Ok(())
}

async fn read_connected_data<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = store_tutorial(cx, connection).await?;
    let pairs = Hero::select()
        .join(Hero::TEAM)
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let with_names: Vec<_> = pairs
        .iter()
        .map(|(hero, team)| (&*hero.name, &*team.name))
        .collect();
    assert_eq!(
        with_names,
        [("Deadpond", "Z-Force"), ("Rusty-Man", "Preventers")]
    );

    let all = Hero::select()
        .left_join(Hero::TEAM)
        .order_by(Hero::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(all.len(), 7);
    assert_eq!(all[0].1, Some(stored.z_force));
    assert_eq!(all[1].1, None);

    let preventers = Team::select()
        .join(Team::HEROES)
        .filter(Team::NAME.eq("Preventers"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(preventers.len(), 1);
    assert_eq!(preventers[0].1.name, "Rusty-Man");
    Ok(())
}

async fn many_to_many_with_an_extra_column<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let Stored {
        preventers,
        z_force,
    } = store_tutorial(cx, connection).await?;
    let deadpond = select!(Hero where Hero::NAME.eq("Deadpond"))
        .one(cx, connection)
        .await
        .into_result()?;
    let spider = select!(Hero where Hero::NAME.eq("Spider-Boy"))
        .one(cx, connection)
        .await
        .into_result()?;
    let links = insert_many!(
        NewHeroTeamLink::new(z_force.id, deadpond.id),
        NewHeroTeamLink::new(preventers.id, deadpond.id).is_training(true),
        NewHeroTeamLink::new(preventers.id, spider.id).is_training(true),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    let is_training: Vec<_> = links.iter().map(|link| link.is_training).collect();
    assert_eq!(
        is_training,
        [false, true, true],
        "a column that is left out has its default"
    );

    let teams = Hero::select()
        .join(Hero::TEAMS)
        .filter(Hero::NAME.eq("Deadpond"))
        .order_by(Team::NAME.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let teams: Vec<_> = teams.into_iter().map(|(_, team)| team).collect();
    assert_eq!(teams, [preventers.clone(), z_force]);

    let mut link = HeroTeamLink::get(cx, connection, (preventers.id, spider.id))
        .await
        .into_result()?
        .ok_or("the link is there")?;
    link.is_training = false;
    update!(link).execute(cx, connection).await.into_result()?;
    let n_training = select!(HeroTeamLink where HeroTeamLink::IS_TRAINING.eq(true))
        .count(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_training, 1);
    let again = insert!(NewHeroTeamLink::new(preventers.id, spider.id))
        .execute(cx, connection)
        .await;
    assert!(matches!(again, Outcome::Err(error) if error.is_unique_violation()));
    delete!(link).execute(cx, connection).await.into_result()?;
    assert_eq!(
        HeroTeamLink::get(cx, connection, (preventers.id, spider.id))
            .await
            .into_result()?,
        None
    );
    Ok(())
}

async fn the_first_failure_undoes_the_whole_insert<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let orphan = NewHero::new("Orphan", "Nobody").team_id(999);
    let refused = insert_many!(NewHero::new("Deadpond", "Dive Wilson"), orphan)
        .execute(cx, connection)
        .await;
    assert!(matches!(refused, Outcome::Err(error) if error.is_foreign_key_violation()));
    assert_eq!(Hero::select().count(cx, connection).await.into_result()?, 0);

    // Rows that leave out different columns need several statements.
    let Stored {
        preventers,
        z_force,
    } = store_tutorial(cx, connection).await?;
    let links = [
        NewHeroTeamLink::new(z_force.id, 1),
        NewHeroTeamLink::new(preventers.id, 999).is_training(true),
    ];
    assert!(insert_many!(links).execute(cx, connection).await.is_err());
    assert_eq!(
        HeroTeamLink::select()
            .count(cx, connection)
            .await
            .into_result()?,
        0
    );
    Ok(())
}

async fn more_rows_than_a_statement_has_parameters<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let n_rows = connection.capabilities().max_parameters / 2 + 1;
    let teams = (0..n_rows).map(|n| NewTeam::new(format!("Team {n}"), "Nowhere"));
    let stored = insert_many!(teams)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(stored.len(), n_rows);
    assert!(
        stored
            .iter()
            .enumerate()
            .all(|(n, team)| team.name == format!("Team {n}"))
    );
    assert_eq!(
        Team::select().count(cx, connection).await.into_result()?,
        n_rows as u64
    );
    Ok(())
}

async fn a_row_that_is_gone_is_stale<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let team = insert!(NewTeam::new("Z-Force", "Nowhere"))
        .one(cx, connection)
        .await
        .into_result()?;
    delete!(team).execute(cx, connection).await.into_result()?;
    for outcome in [
        update!(team).execute(cx, connection).await,
        delete!(team).execute(cx, connection).await,
    ] {
        let Outcome::Err(error) = outcome else {
            return Err(format!("{outcome:?}").into());
        };
        assert_eq!(error.kind(), ErrorKind::StaleRow);
        assert!(error.to_string().contains("`team`"), "{error}");
    }
    Ok(())
}

async fn nothing_is_inserted_without_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let none: [NewTeam; 0] = [];
    assert_eq!(
        insert_many!(none.clone())
            .execute(cx, connection)
            .await
            .into_result()?,
        0
    );
    assert_eq!(
        insert_many!(none).all(cx, connection).await.into_result()?,
        []
    );
    Ok(())
}
