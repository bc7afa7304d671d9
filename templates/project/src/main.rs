//! Stores a team and its heroes in a database in memory, and asks for them.

mod models;

use std::error::Error;

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Cx, SqliteConnection, block_on, schema};

use models::{Hero, NewHero, NewTeam};

fn main() -> Result<(), Box<dyn Error>> {
    block_on(async |cx| run(cx).await)
}

async fn run(cx: &Cx) -> Result<(), Box<dyn Error>> {
    let mut db = SqliteConnection::open_in_memory(cx).await.into_result()?;
    schema::create_all(cx, &mut db, models::tables::TABLES).await.into_result()?;

    let team = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, &mut db)
        .await
        .into_result()?;
    let heroes = [
        NewHero::new("Rusty-Man", "Tommy Sharp").age(48).team_id(team.id),
        NewHero::new("Spider-Boy", "Pedro Parqueador").age(16).team_id(team.id),
        NewHero::new("Deadpond", "Dive Wilson"),
    ];
    insert_many!(heroes).execute(cx, &mut db).await.into_result()?;

    let adults = select!(Hero where Hero::AGE.ge(18)).all(cx, &mut db).await.into_result()?;
    for hero in adults {
        println!("{} is {} years old", hero.name, hero.age.unwrap_or_default());
    }
    let members = Hero::select()
        .join(Hero::TEAM)
        .order_by(Hero::NAME.asc())
        .all(cx, &mut db)
        .await
        .into_result()?;
    for (hero, team) in members {
        println!("{} fights for {} of {}", hero.name, team.name, team.headquarters);
    }
    Ok(())
}
