//! The tutorial's heroes: creates a database file, writes, queries, updates and deletes, and says what it did.
//!
//! `cargo run -p quickstart [FILE]`; without a file, `quickstart.db` in the system's folder for temporary files.

mod models;

use std::error::Error as StdError;
use std::fs;
use std::path::{Path, PathBuf};

use models::{Hero, NewHero, NewTeam, Team, tables};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{SqliteConnection, schema};

type Result<T> = std::result::Result<T, Box<dyn StdError>>;

fn main() -> Result<()> {
    let file = match std::env::args_os().nth(1) {
        Some(file) => PathBuf::from(file),
        None => fresh_file()?,
    };
    sqlmodel_runtime::block_on(async |cx| tell(cx, &file).await)
}

/// Removes what an earlier run has left in the folder for temporary files. A file that was named is never removed.
fn fresh_file() -> Result<PathBuf> {
    let file = std::env::temp_dir().join("quickstart.db");
    if file.exists() {
        fs::remove_file(&file)?;
    }
    Ok(file)
}

async fn tell(cx: &Cx, file: &Path) -> Result<()> {
    let mut connection = SqliteConnection::open(cx, file).await.into_result()?;
    schema::create_all(cx, &mut connection, tables::TABLES)
        .await
        .into_result()?;
    say(&format!("Created the tables in {}", file.display()));

    create_heroes(cx, &mut connection).await?;
    select_heroes(cx, &mut connection).await?;
    update_heroes(cx, &mut connection).await?;
    delete_heroes(cx, &mut connection).await?;
    refuse_a_second_team(cx, &mut connection).await
}

/// Inserts in one transaction: if any insert fails, nothing is stored.
async fn create_heroes(cx: &Cx, connection: &mut SqliteConnection) -> Result<()> {
    let mut transaction = connection.begin(cx).await.into_result()?;
    let preventers = insert!(NewTeam::new("Preventers", "Sharp Tower"))
        .one(cx, &mut transaction)
        .await
        .into_result()?;
    let z_force = insert!(NewTeam::new("Z-Force", "Sister Margaret's Bar"))
        .one(cx, &mut transaction)
        .await
        .into_result()?;
    let heroes = insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(z_force.id),
        NewHero::new("Rusty-Man", "Tommy Sharp")
            .age(48)
            .team_id(preventers.id),
        NewHero::new("Spider-Boy", "Pedro Parqueador"),
        NewHero::new("Tarantula", "Natalia Roman-on").age(32),
        NewHero::new("Black Lion", "Trevor Challa").age(35),
        NewHero::new("Dr. Weird", "Steve Weird").age(36),
        NewHero::new("Captain North America", "Esteban Rogelios").age(93),
    )
    .all(cx, &mut transaction)
    .await
    .into_result()?;
    transaction.commit(cx).await.into_result()?;
    say("\nCreated the heroes");
    for hero in &heroes {
        show(hero);
    }
    Ok(())
}

async fn select_heroes(cx: &Cx, connection: &mut SqliteConnection) -> Result<()> {
    let over_35 = select!(Hero where Hero::AGE.gt(35))
        .order_by(Hero::AGE.desc())
        .limit(2)
        .all(cx, connection)
        .await
        .into_result()?;
    say("\nThe two oldest heroes over 35");
    for hero in &over_35 {
        show(hero);
    }

    let with_team = select!(Hero)
        .left_join(Hero::TEAM)
        .filter(Hero::AGE.is_null().or(Team::NAME.eq("Preventers")))
        .order_by(Hero::NAME.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    say("\nHeroes without an age or in the Preventers, with their teams");
    for (hero, team) in &with_team {
        let team = team.as_ref().map_or("no team", |team| &team.name);
        say(&format!("  {} - {team}", hero.name));
    }
    Ok(())
}

async fn update_heroes(cx: &Cx, connection: &mut SqliteConnection) -> Result<()> {
    let mut hero = select!(Hero where Hero::NAME.eq("Spider-Boy"))
        .one(cx, connection)
        .await
        .into_result()?;
    hero.age = Some(16);
    update!(hero).execute(cx, connection).await.into_result()?;
    say("\nUpdated one hero");
    show(&hero);

    let n_teamless = update!(Hero { AGE = None::<i32> } where Hero::TEAM_ID.is_null())
        .execute(cx, connection)
        .await
        .into_result()?;
    say(&format!(
        "\nForgot the ages of {n_teamless} heroes without a team"
    ));
    Ok(())
}

async fn delete_heroes(cx: &Cx, connection: &mut SqliteConnection) -> Result<()> {
    let hero = select!(Hero where Hero::NAME.eq("Tarantula"))
        .one(cx, connection)
        .await
        .into_result()?;
    delete!(hero).execute(cx, connection).await.into_result()?;
    let gone = Hero::get(cx, connection, hero.id).await.into_result()?;
    say(&format!(
        "\nDeleted {}; looking for it again gives {gone:?}",
        hero.name
    ));

    let n_heroes = select!(Hero).count(cx, connection).await.into_result()?;
    say(&format!("{n_heroes} heroes are left"));
    Ok(())
}

async fn refuse_a_second_team(cx: &Cx, connection: &mut SqliteConnection) -> Result<()> {
    match insert!(NewTeam::new("Preventers", "Elsewhere"))
        .execute(cx, connection)
        .await
    {
        Outcome::Err(error) if error.is_unique_violation() => {
            let columns: Vec<&str> = error.constraint_columns().collect();
            say(&format!(
                "\nA second team of that name was refused: {} is unique",
                columns.join(", ")
            ));
            Ok(())
        }
        outcome => Err(format!("expected a unique violation, got {outcome:?}").into()),
    }
}

fn show(hero: &Hero) {
    let Hero {
        id,
        name,
        secret_name,
        age,
        team_id: _,
    } = hero;
    let age = age.map_or_else(
        || "age unknown".to_owned(),
        |age| format!("{age} years old"),
    );
    say(&format!("  {id}. {name} ({secret_name}), {age}"));
}

#[expect(
    clippy::print_stdout,
    reason = "this program is there to be read on a terminal"
)]
fn say(line: &str) {
    println!("{line}");
}
