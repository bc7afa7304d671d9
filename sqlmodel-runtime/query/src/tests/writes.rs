//! Upserts, inserts from queries, and what updates and deletes return.

use expect_test::expect;
use sqlmodel_core::{Dialect, ErrorKind, Value};

use super::{Hero, NewHero, Team, check};
use crate::{
    Column, Expression, ModelQuery, OnConflict, RenderedStatement, Upsert, ValueExpression,
    excluded,
};

fn new_hero(name: &'static str) -> NewHero {
    NewHero {
        name,
        age: Value::I32(3),
    }
}

fn on_conflict() -> OnConflict<NewHero> {
    Hero::insert(new_hero("Deadpond")).on_conflict(Hero::NAME)
}

/// Renders the one statement of an upsert.
fn only(
    upsert: &Upsert<NewHero>,
    dialect: Dialect,
) -> Result<RenderedStatement<'_>, sqlmodel_core::Error> {
    let mut statements = upsert.render(dialect)?;
    assert_eq!(statements.len(), 1);
    Ok(statements.remove(0))
}

#[test]
fn an_upsert_says_what_becomes_of_the_row() {
    let upsert = on_conflict().do_nothing();
    check(
        |dialect| only(&upsert, dialect),
        expect![[r#"
        INSERT INTO "hero" ("name", "age") VALUES (?1, ?2) ON CONFLICT ("name") DO NOTHING
        INSERT INTO "hero" ("name", "age") VALUES ($1, $2) ON CONFLICT ("name") DO NOTHING
        MySQL: MySQL resolves conflicts on any unique key: select the row with `for_update` in a transaction, and insert or update it
    "#]],
    );
    let upsert = on_conflict().do_update();
    check(
        |dialect| only(&upsert, dialect),
        expect![[r#"
        INSERT INTO "hero" ("name", "age") VALUES (?1, ?2) ON CONFLICT ("name") DO UPDATE SET "age" = "excluded"."age"
        INSERT INTO "hero" ("name", "age") VALUES ($1, $2) ON CONFLICT ("name") DO UPDATE SET "age" = "excluded"."age"
        MySQL: MySQL resolves conflicts on any unique key: select the row with `for_update` in a transaction, and insert or update it
    "#]],
    );
    let upsert = on_conflict()
        .set(Hero::AGE, Hero::AGE.coalesce(0) + excluded(Hero::AGE))
        .set(Hero::TEAM_ID, None::<i64>)
        .filter(Hero::AGE.lt(excluded(Hero::AGE)));
    check(
        |dialect| only(&upsert, dialect),
        expect![[r#"
        INSERT INTO "hero" ("name", "age") VALUES (?1, ?2) ON CONFLICT ("name") DO UPDATE SET "age" = coalesce("hero"."age", ?3) + "excluded"."age", "team_id" = ?4 WHERE "hero"."age" < "excluded"."age"
        INSERT INTO "hero" ("name", "age") VALUES ($1, $2) ON CONFLICT ("name") DO UPDATE SET "age" = coalesce("hero"."age", $3) + "excluded"."age", "team_id" = $4 WHERE "hero"."age" < "excluded"."age"
        MySQL: MySQL resolves conflicts on any unique key: select the row with `for_update` in a transaction, and insert or update it
    "#]],
    );
}

#[test]
fn rows_that_would_update_each_other_are_refused() {
    let twice = || Hero::insert_many([new_hero("x"), new_hero("x")]);
    let refused = twice().on_conflict(Hero::NAME).do_update();
    let error = refused.render(Dialect::Sqlite).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let first_wins = twice().on_conflict(Hero::NAME).do_nothing();
    assert!(first_wins.render(Dialect::Sqlite).is_ok());
    let by_both = twice().on_conflict((Hero::NAME, Hero::TEAM_ID)).do_update();
    assert!(
        by_both.render(Dialect::Sqlite).is_ok(),
        "a key with NULL conflicts with nothing"
    );
}

#[test]
fn a_query_can_be_inserted() {
    const NAME: Column<Team, String> = Column::new("name");
    let heroes = Hero::select()
        .filter(Hero::AGE.gt(3))
        .columns((Hero::ID, Hero::NAME));
    check(
        |dialect| Team::insert_from((Team::ID, NAME), heroes.clone()).render(dialect),
        expect![[r#"
            INSERT INTO "team" ("id", "name") SELECT "hero"."id" AS "c1", "hero"."name" AS "c2" FROM "hero" WHERE "hero"."age" > ?1
            INSERT INTO "team" ("id", "name") SELECT "hero"."id" AS "c1", "hero"."name" AS "c2" FROM "hero" WHERE "hero"."age" > $1
            INSERT INTO `team` (`id`, `name`) SELECT `hero`.`id` AS `c1`, `hero`.`name` AS `c2` FROM `hero` WHERE `hero`.`age` > ?
            [I32(3)]
        "#]],
    );
    let teams = Team::select().columns((Team::NAME, Team::ID.optional()));
    check(
        |dialect| Hero::insert_from((Hero::NAME, Hero::TEAM_ID), teams.clone()).render(dialect),
        expect![[r#"
            INSERT INTO "hero" ("name", "team_id") SELECT "team"."name" AS "c1", "team"."id" AS "c2" FROM "team"
            INSERT INTO "hero" ("name", "team_id") SELECT "team"."name" AS "c1", "team"."id" AS "c2" FROM "team"
            INSERT INTO `hero` (`name`, `team_id`) SELECT `team`.`name` AS `c1`, `team`.`id` AS `c2` FROM `team`
        "#]],
    );
}
