//! The pages of Python SQLModel's tutorial about relationships, with its data and its results.
//!
//! What Python does by assigning attributes, these programs say: which row points where.

use generated::hero::tables::{HERO, TABLES, TEAM};
use generated::hero::{Hero, HeroTeamLink, NewHero, NewHeroTeamLink, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::schema;
use sqlmodel_runtime::sql::{Action, Table};

on_every_driver! {
    TABLES;
    create_and_update_relationships,
    read_relationships,
    remove_relationships,
    back_populates,
    cascade_delete,
    set_null_on_delete,
    restrict_delete,
    many_to_many_create_data,
    many_to_many_update_and_remove,
    many_to_many_with_extra_fields,
}

type Built<T> = Result<T, Box<dyn std::error::Error>>;

async fn a_team<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    name: &str,
    headquarters: &str,
) -> Built<Team> {
    let team = insert!(NewTeam::new(name, headquarters)).one(cx, connection);
    Ok(team.await.into_result()?)
}

/// Creates the teams and heroes of the page "Create and Update Relationships".
async fn create_heroes<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let preventers = a_team(cx, connection, "Preventers", "Sharp Tower").await?;
    let z_force = a_team(cx, connection, "Z-Force", "Sister Margaret's Bar").await?;
    insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(z_force.id),
        NewHero::new("Rusty-Man", "Tommy Sharp")
            .age(48)
            .team_id(preventers.id),
        NewHero::new("Spider-Boy", "Pedro Parqueador"),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    update!(Hero { TEAM_ID = preventers.id } where Hero::NAME.eq("Spider-Boy"))
        .execute(cx, connection)
        .await
        .into_result()?;

    let wakaland = a_team(cx, connection, "Wakaland", "Wakaland Capital City").await?;
    insert_many!(
        NewHero::new("Black Lion", "Trevor Challa")
            .age(35)
            .team_id(wakaland.id),
        NewHero::new("Princess Sure-E", "Sure-E").team_id(wakaland.id),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    insert_many!(
        NewHero::new("Tarantula", "Natalia Roman-on")
            .age(32)
            .team_id(preventers.id),
        NewHero::new("Dr. Weird", "Steve Weird")
            .age(36)
            .team_id(preventers.id),
        NewHero::new("Captain North America", "Esteban Rogelios")
            .age(93)
            .team_id(preventers.id),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

/// Returns the names of a team's heroes in the order in which they were stored.
async fn members<C: Connection>(cx: &Cx, connection: &mut C, team: &str) -> Built<Vec<String>> {
    let (_, heroes) = select!(Team where Team::NAME.eq(team))
        .include(Team::HEROES.order_by(Hero::ID.asc()))
        .one(cx, connection)
        .await
        .into_result()?;
    Ok(heroes.into_iter().map(|hero| hero.name).collect())
}

async fn hero<C: Connection>(cx: &Cx, connection: &mut C, name: &str) -> Built<Option<Hero>> {
    let found = select!(Hero where Hero::NAME.eq(name)).first(cx, connection);
    Ok(found.await.into_result()?)
}

async fn create_and_update_relationships<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_heroes(cx, connection).await?;
    let preventers = members(cx, connection, "Preventers").await?;
    assert_eq!(
        preventers,
        [
            "Rusty-Man",
            "Spider-Boy",
            "Tarantula",
            "Dr. Weird",
            "Captain North America"
        ]
    );
    assert_eq!(members(cx, connection, "Z-Force").await?, ["Deadpond"]);
    let wakaland = members(cx, connection, "Wakaland").await?;
    assert_eq!(wakaland, ["Black Lion", "Princess Sure-E"]);
    Ok(())
}

async fn read_relationships<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_heroes(cx, connection).await?;
    let (spider_boy, team) = select!(Hero where Hero::NAME.eq("Spider-Boy"))
        .include(Hero::TEAM)
        .one(cx, connection)
        .await
        .into_result()?;
    let team = team.ok_or("Spider-Boy has a team")?;
    assert_eq!(
        (&*spider_boy.name, &*team.name),
        ("Spider-Boy", "Preventers")
    );
    let by_key = Team::get(cx, connection, team.id).await.into_result()?;
    assert_eq!(by_key, Some(team));
    Ok(())
}

async fn remove_relationships<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_heroes(cx, connection).await?;
    let mut spider_boy = hero(cx, connection, "Spider-Boy")
        .await?
        .ok_or("he is there")?;
    spider_boy.team_id = None;
    update!(spider_boy)
        .execute(cx, connection)
        .await
        .into_result()?;
    let (_, team) = select!(Hero where Hero::ID.eq(spider_boy.id))
        .include(Hero::TEAM)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(team, None);
    Ok(())
}

async fn back_populates<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_heroes(cx, connection).await?;
    let before = members(cx, connection, "Preventers").await?;
    assert!(before.contains(&"Spider-Boy".to_owned()));
    update!(Hero { TEAM_ID = None::<i64> } where Hero::NAME.eq("Spider-Boy"))
        .execute(cx, connection)
        .await
        .into_result()?;
    let after = members(cx, connection, "Preventers").await?;
    assert!(
        !after.contains(&"Spider-Boy".to_owned()),
        "both sides are one column"
    );
    assert_eq!(after.len(), before.len() - 1);
    Ok(())
}

/// Creates the tables again, with what happens to the heroes of a team that is deleted.
async fn create_tables<C: Connection>(cx: &Cx, connection: &mut C, on_delete: Action) -> Test {
    let mut hero: Table = HERO.clone();
    for key in hero.foreign_keys.to_mut() {
        key.on_delete = on_delete;
    }
    schema::drop_all(cx, connection, TABLES)
        .await
        .into_result()?;
    schema::create_all(cx, connection, &[&TEAM, &hero])
        .await
        .into_result()?;
    create_heroes(cx, connection).await
}

async fn delete_wakaland<C: Connection>(cx: &Cx, connection: &mut C) -> Outcome<(), Error> {
    let found = select!(Team where Team::NAME.eq("Wakaland"))
        .one(cx, connection)
        .await;
    match found {
        Outcome::Ok(team) => delete!(team).execute(cx, connection).await,
        other => other.map(drop),
    }
}

async fn cascade_delete<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_tables(cx, connection, Action::Cascade).await?;
    delete_wakaland(cx, connection).await.into_result()?;
    assert_eq!(hero(cx, connection, "Black Lion").await?, None);
    assert_eq!(hero(cx, connection, "Princess Sure-E").await?, None);
    assert!(hero(cx, connection, "Deadpond").await?.is_some());
    Ok(())
}

async fn set_null_on_delete<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_tables(cx, connection, Action::SetNull).await?;
    delete_wakaland(cx, connection).await.into_result()?;
    for name in ["Black Lion", "Princess Sure-E"] {
        let hero = hero(cx, connection, name).await?.ok_or("the hero stays")?;
        assert_eq!(hero.team_id, None, "without a team: {name}");
    }
    Ok(())
}

async fn restrict_delete<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_tables(cx, connection, Action::Restrict).await?;
    let refused = delete_wakaland(cx, connection).await;
    assert!(
        matches!(&refused, Outcome::Err(error) if error.is_foreign_key_violation()),
        "{refused:?}"
    );
    let wakaland = Hero::TEAM.any_where(Team::NAME.eq("Wakaland"));
    update!(Hero { TEAM_ID = None::<i64> } where wakaland)
        .execute(cx, connection)
        .await
        .into_result()?;
    delete_wakaland(cx, connection).await.into_result()?;
    let black_lion = hero(cx, connection, "Black Lion")
        .await?
        .ok_or("the hero stays")?;
    assert_eq!(black_lion.team_id, None);
    Ok(())
}

struct Linked {
    preventers: Team,
    z_force: Team,
    spider_boy: Hero,
}

/// Creates the teams, heroes and links of the pages about many-to-many relationships.
async fn create_links<C: Connection>(cx: &Cx, connection: &mut C) -> Built<Linked> {
    let preventers = a_team(cx, connection, "Preventers", "Sharp Tower").await?;
    let z_force = a_team(cx, connection, "Z-Force", "Sister Margaret's Bar").await?;
    let heroes = insert_many!(
        NewHero::new("Deadpond", "Dive Wilson"),
        NewHero::new("Rusty-Man", "Tommy Sharp").age(48),
        NewHero::new("Spider-Boy", "Pedro Parqueador"),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    let [deadpond, rusty_man, spider_boy] =
        <[Hero; 3]>::try_from(heroes).map_err(|_| "three heroes were stored")?;
    insert_many!(
        NewHeroTeamLink::new(z_force.id, deadpond.id),
        NewHeroTeamLink::new(preventers.id, deadpond.id).is_training(true),
        NewHeroTeamLink::new(preventers.id, spider_boy.id).is_training(true),
        NewHeroTeamLink::new(preventers.id, rusty_man.id),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(Linked {
        preventers,
        z_force,
        spider_boy,
    })
}

async fn teams_of<C: Connection>(cx: &Cx, connection: &mut C, name: &str) -> Built<Vec<String>> {
    let (_, teams) = select!(Hero where Hero::NAME.eq(name))
        .include(Hero::TEAMS.order_by(Team::NAME.asc()))
        .one(cx, connection)
        .await
        .into_result()?;
    Ok(teams.into_iter().map(|team| team.name).collect())
}

async fn many_to_many_create_data<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_links(cx, connection).await?;
    let deadpond = teams_of(cx, connection, "Deadpond").await?;
    assert_eq!(deadpond, ["Preventers", "Z-Force"]);
    assert_eq!(teams_of(cx, connection, "Rusty-Man").await?, ["Preventers"]);
    assert_eq!(
        teams_of(cx, connection, "Spider-Boy").await?,
        ["Preventers"]
    );
    Ok(())
}

async fn many_to_many_update_and_remove<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let linked = create_links(cx, connection).await?;
    let new = NewHeroTeamLink::new(linked.z_force.id, linked.spider_boy.id);
    let link = insert!(new).one(cx, connection).await.into_result()?;
    let spider_boy = teams_of(cx, connection, "Spider-Boy").await?;
    assert_eq!(spider_boy, ["Preventers", "Z-Force"]);
    let members = |name: &'static str| {
        select!(Team where Team::NAME.eq(name)).include(Team::MEMBERS.order_by(Hero::ID.asc()))
    };
    let (_, heroes) = members("Z-Force").one(cx, connection).await.into_result()?;
    let names: Vec<_> = heroes.iter().map(|hero| &*hero.name).collect();
    assert_eq!(names, ["Deadpond", "Spider-Boy"]);

    delete!(link).execute(cx, connection).await.into_result()?;
    let (_, heroes) = members("Z-Force").one(cx, connection).await.into_result()?;
    let names: Vec<_> = heroes.iter().map(|hero| &*hero.name).collect();
    assert_eq!(names, ["Deadpond"]);
    assert_eq!(
        teams_of(cx, connection, "Spider-Boy").await?,
        ["Preventers"]
    );
    Ok(())
}

async fn many_to_many_with_extra_fields<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let linked = create_links(cx, connection).await?;
    insert!(NewHeroTeamLink::new(linked.z_force.id, linked.spider_boy.id).is_training(true))
        .execute(cx, connection)
        .await
        .into_result()?;
    let of_spider_boy = HeroTeamLink::HERO_ID.eq(linked.spider_boy.id);
    update!(
        HeroTeamLink { IS_TRAINING = false }
        where of_spider_boy.clone(), HeroTeamLink::TEAM_ID.eq(linked.preventers.id)
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    let links = HeroTeamLink::select()
        .joining(HeroTeamLink::TEAM)
        .filter(of_spider_boy)
        .order_by(Team::NAME.asc())
        .columns((Team::NAME, HeroTeamLink::IS_TRAINING))
        .all(cx, connection)
        .await
        .into_result()?;
    let links: Vec<_> = links
        .iter()
        .map(|(team, is_training)| (&**team, *is_training))
        .collect();
    assert_eq!(links, [("Preventers", false), ("Z-Force", true)]);
    Ok(())
}
