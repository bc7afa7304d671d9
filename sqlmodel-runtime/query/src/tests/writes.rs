//! Upserts, inserts from queries, and what updates and deletes return.

use expect_test::expect;
use sqlmodel_core::{Dialect, ErrorKind, Record, Value};

use super::{Hero, NewHero, Team, check};
use crate::insert::{Plan, Returning};
use crate::{
    Column, Expression, ModelQuery, OnConflict, OneRow, RenderedStatement, TextExpression, Upsert,
    ValueExpression, alias, excluded, table,
};

fn new_hero(name: &'static str) -> NewHero {
    NewHero {
        name,
        age: Value::I32(3),
    }
}

fn on_conflict() -> OnConflict<NewHero, OneRow> {
    Hero::insert(new_hero("Deadpond")).on_conflict(Hero::NAME)
}

/// Renders the one statement of an upsert.
fn only(
    upsert: &Upsert<NewHero, OneRow>,
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
            INSERT INTO `hero` (`name`, `age`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `id` = `hero`.`id`
            [Text("Deadpond"), I32(3)]
        "#]],
    );
    let upsert = on_conflict().do_update();
    check(
        |dialect| only(&upsert, dialect),
        expect![[r#"
            INSERT INTO "hero" ("name", "age") VALUES (?1, ?2) ON CONFLICT ("name") DO UPDATE SET "age" = "excluded"."age"
            INSERT INTO "hero" ("name", "age") VALUES ($1, $2) ON CONFLICT ("name") DO UPDATE SET "age" = "excluded"."age"
            INSERT INTO `hero` (`name`, `age`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `age` = VALUES(`age`)
            [Text("Deadpond"), I32(3)]
        "#]],
    );
    let upsert = on_conflict()
        .set(Hero::AGE, Hero::AGE.coalesce(0) + excluded(Hero::AGE))
        .set(Hero::TEAM_ID, None::<i64>)
        .filter(Hero::AGE.lt(excluded(Hero::AGE)));
    check(
        |dialect| only(&upsert, dialect),
        expect![[r#"
            INSERT INTO "hero" ("name", "age") VALUES (?1, ?2) ON CONFLICT ("name") DO UPDATE SET "age" = sqlmodel_i32(coalesce("hero"."age", ?3) + "excluded"."age"), "team_id" = ?4 WHERE "hero"."age" < "excluded"."age"
            INSERT INTO "hero" ("name", "age") VALUES ($1, $2) ON CONFLICT ("name") DO UPDATE SET "age" = coalesce("hero"."age", $3) + "excluded"."age", "team_id" = $4 WHERE "hero"."age" < "excluded"."age"
            INSERT INTO `hero` (`name`, `age`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `team_id` = IF(`hero`.`age` < VALUES(`age`), ?, `hero`.`team_id`), `age` = IF(`hero`.`age` < VALUES(`age`), coalesce(`hero`.`age`, ?) + VALUES(`age`), `hero`.`age`)
            [Text("Deadpond"), I32(3), Null, I32(0)]
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
fn a_conflict_is_about_a_unique_key_and_on_mysql_about_no_other() {
    let no_key = Hero::insert(new_hero("x"))
        .on_conflict(Hero::AGE)
        .do_nothing();
    check(
        |dialect| only(&no_key, dialect),
        expect![[r#"
        SQLite: `age` is no unique key of `hero`
        PostgreSQL: `age` is no unique key of `hero`
        MySQL: `age` is no unique key of `hero`
    "#]],
    );
    let stored = Hero {
        id: 3,
        name: "x".into(),
        age: None,
        team_id: None,
    };
    let by_key = Hero::insert(&stored).on_conflict(Hero::ID).do_nothing();
    check(
        |dialect| Ok(by_key.render(dialect)?.remove(0)),
        expect![[r#"
            INSERT INTO "hero" ("id", "name", "age", "team_id") VALUES (?1, ?2, ?3, ?4) ON CONFLICT ("id") DO NOTHING
            INSERT INTO "hero" ("id", "name", "age", "team_id") VALUES ($1, $2, $3, $4) ON CONFLICT ("id") DO NOTHING
            MySQL: MySQL would take a row with the same `name` for the one to update, so this is no single statement there: running it looks for the row first, unless it assigns `id`
        "#]],
    );
}

#[test]
fn mysql_assigns_what_others_read_last() {
    let update = Hero::update()
        .set(Hero::NAME, Hero::NAME.concat("!"))
        .set(Hero::AGE, 3)
        .set(Hero::TEAM_ID, Hero::AGE.cast::<i64>())
        .all_rows();
    check(
        |dialect| update.render(dialect),
        expect![[r#"
        UPDATE "hero" SET "name" = ("hero"."name" || ?1), "age" = ?2, "team_id" = CAST("hero"."age" AS INTEGER)
        UPDATE "hero" SET "name" = ("hero"."name" || $1), "age" = $2, "team_id" = CAST("hero"."age" AS bigint)
        UPDATE `hero` SET `name` = concat(`hero`.`name`, ?), `team_id` = CAST(`hero`.`age` AS SIGNED), `age` = ?
        [Text("!"), I32(3)]
    "#]],
    );
    let exchange = Hero::update()
        .set(Hero::TEAM_ID, Hero::ID)
        .set(Hero::ID, Hero::TEAM_ID.coalesce(0))
        .all_rows();
    check(
        |dialect| exchange.render(dialect),
        expect![[r#"
            UPDATE "hero" SET "team_id" = "hero"."id", "id" = coalesce("hero"."team_id", ?1)
            UPDATE "hero" SET "team_id" = "hero"."id", "id" = coalesce("hero"."team_id", $1)
            UPDATE `hero` JOIN (SELECT `hero`.`id` AS `c1`, `hero`.`id` AS `c2`, coalesce(`hero`.`team_id`, ?) AS `c3` FROM `hero` FOR UPDATE) AS `sqlmodel__before` ON `hero`.`id` = `sqlmodel__before`.`c1` SET `hero`.`team_id` = `sqlmodel__before`.`c2`, `hero`.`id` = `sqlmodel__before`.`c3`
            [I64(0)]
        "#]],
    );
}

#[test]
fn a_row_of_defaults_conflicts_like_any_other() {
    let upsert = Hero::insert(NoHero).on_conflict(Hero::ID).do_nothing();
    check(
        |dialect| Ok(upsert.render(dialect)?.remove(0)),
        expect![[r#"
            INSERT INTO "hero" ("id") VALUES (NULL) ON CONFLICT ("id") DO NOTHING
            INSERT INTO "hero" DEFAULT VALUES ON CONFLICT ("id") DO NOTHING
            INSERT INTO `hero` () VALUES () ON DUPLICATE KEY UPDATE `id` = `hero`.`id`
        "#]],
    );
}

/// A hero of whom nothing is said.
struct NoHero;

impl Record for NoHero {
    type Model = Hero;
    const COLUMNS: &'static [&'static str] = &[];

    fn to_row<'a>(&'a self, _: &mut Vec<Value<'a>>) {}

    fn primary_key_value(&self) -> Option<i64> {
        None
    }

    fn is_new(&self) -> bool {
        true
    }
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

alias! {
    /// A hero of the same team.
    Rival = Hero as "rival"
}

#[test]
fn an_update_takes_values_of_partners() {
    let update = Hero::update()
        .joining(Hero::TEAM)
        .set(Hero::NAME, Hero::NAME.concat(Team::NAME))
        .filter(Team::NAME.eq("x").or(Hero::AGE.is_null()));
    check(
        |dialect| update.render(dialect),
        expect![[r#"
        UPDATE "hero" SET "name" = ("hero"."name" || "team"."name") FROM "team" WHERE "team"."id" = "hero"."team_id" AND ("team"."name" = ?1 OR "hero"."age" IS NULL)
        UPDATE "hero" SET "name" = ("hero"."name" || "team"."name") FROM "team" WHERE "team"."id" = "hero"."team_id" AND ("team"."name" = $1 OR "hero"."age" IS NULL)
        UPDATE `hero` JOIN `team` ON `team`.`id` = `hero`.`team_id` SET `hero`.`name` = concat(`hero`.`name`, `team`.`name`) WHERE (`team`.`name` = ? OR `hero`.`age` IS NULL)
        [Text("x")]
    "#]],
    );
    let update = Hero::update()
        .joining(Hero::TEAM)
        .joining_on(
            table::<Rival>(),
            Hero::ID
                .of::<Rival>()
                .eq(Team::ID)
                .or(Hero::AGE.of::<Rival>().gt(Hero::AGE)),
        )
        .set(Hero::AGE, Hero::AGE.of::<Rival>() + 1)
        .all_rows();
    check(
        |dialect| update.render(dialect),
        expect![[r#"
            UPDATE "hero" SET "age" = sqlmodel_i32("rival"."age" + ?1) FROM "team", "hero" AS "rival" WHERE "team"."id" = "hero"."team_id" AND ("rival"."id" = "team"."id" OR "rival"."age" > "hero"."age")
            UPDATE "hero" SET "age" = "rival"."age" + $1 FROM "team", "hero" AS "rival" WHERE "team"."id" = "hero"."team_id" AND ("rival"."id" = "team"."id" OR "rival"."age" > "hero"."age")
            UPDATE `hero` JOIN `team` ON `team`.`id` = `hero`.`team_id` JOIN `hero` AS `rival` ON (`rival`.`id` = `team`.`id` OR `rival`.`age` > `hero`.`age`) SET `hero`.`age` = `rival`.`age` + ?
            [I32(1)]
        "#]],
    );
}

#[test]
fn values_of_joined_assignments_do_not_need_each_other_on_mysql() {
    let update = Hero::update()
        .joining(Hero::TEAM)
        .set(Hero::NAME, Team::NAME)
        .set(Hero::AGE, Hero::AGE + 1)
        .set(Hero::TEAM_ID, Hero::AGE.cast::<i64>())
        .all_rows();
    check(
        |dialect| update.render(dialect),
        expect![[r#"
            UPDATE "hero" SET "name" = "team"."name", "age" = sqlmodel_i32("hero"."age" + ?1), "team_id" = CAST("hero"."age" AS INTEGER) FROM "team" WHERE "team"."id" = "hero"."team_id"
            UPDATE "hero" SET "name" = "team"."name", "age" = "hero"."age" + $1, "team_id" = CAST("hero"."age" AS bigint) FROM "team" WHERE "team"."id" = "hero"."team_id"
            MySQL: MySQL assigns joined columns in no certain order, and another value is made of `age`: select the rows with `for_update` in a transaction, and update them one by one (in `UPDATE `hero` JOIN `team` ON `team`.`id` = `hero`.`team_id` SET `hero`.`name` = `team`.`name`, `hero`.`age` = `hero`.`age` + ?, `hero`.`team_id` = CAST(`hero`.`age` AS SIGNED)`)
        "#]],
    );
}

#[test]
fn a_delete_is_filtered_by_partners() {
    let delete = Team::delete()
        .joining(Team::HEROES)
        .filter(Hero::AGE.gt(3).or(Hero::AGE.is_null()));
    check(
        |dialect| delete.render(dialect),
        expect![[r#"
        DELETE FROM "team" WHERE EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id" AND ("hero"."age" > ?1 OR "hero"."age" IS NULL))
        DELETE FROM "team" USING "hero" WHERE "hero"."team_id" = "team"."id" AND ("hero"."age" > $1 OR "hero"."age" IS NULL)
        DELETE `team` FROM `team` JOIN `hero` ON `hero`.`team_id` = `team`.`id` WHERE (`hero`.`age` > ? OR `hero`.`age` IS NULL)
        [I32(3)]
    "#]],
    );
    let delete = Hero::delete()
        .filter(Hero::NAME.ne("x"))
        .joining(Hero::TEAM)
        .joining_on(table::<Rival>(), Hero::TEAM_ID.of::<Rival>().eq(Team::ID))
        .filter(Hero::AGE.of::<Rival>().gt(Hero::AGE));
    check(
        |dialect| delete.render(dialect),
        expect![[r#"
        DELETE FROM "hero" WHERE EXISTS (SELECT 1 FROM "team" JOIN "hero" AS "rival" ON "rival"."team_id" = "team"."id" WHERE "team"."id" = "hero"."team_id" AND "hero"."name" <> ?1 AND "rival"."age" > "hero"."age")
        DELETE FROM "hero" USING "team", "hero" AS "rival" WHERE "team"."id" = "hero"."team_id" AND "rival"."team_id" = "team"."id" AND "hero"."name" <> $1 AND "rival"."age" > "hero"."age"
        DELETE `hero` FROM `hero` JOIN `team` ON `team`.`id` = `hero`.`team_id` JOIN `hero` AS `rival` ON `rival`.`team_id` = `team`.`id` WHERE `hero`.`name` <> ? AND `rival`.`age` > `hero`.`age`
        [Text("x")]
    "#]],
    );
}

#[test]
fn many_rows_are_arrays_on_postgres() {
    let render = |n: usize, ages: &[Value<'static>]| {
        let ages = ages.iter().cycle().take(n);
        let rows: Vec<NewHero> = ages
            .map(|age| NewHero {
                name: "x",
                age: age.clone(),
            })
            .collect();
        let plan = Plan::of(&rows);
        let rendered = plan.render(Dialect::Postgres, 0..n, Returning::Model);
        let others = [Dialect::Sqlite, Dialect::Mysql].map(|dialect| {
            let sql = plan.render(dialect, 0..n, Returning::Nothing).sql;
            sql.contains("VALUES (")
        });
        assert_eq!(others, [true, true]);
        (rendered.sql, rendered.params.len())
    };
    let (sql, n_params) = render(16, &[Value::I32(3), Value::Null]);
    expect![[r#"
        INSERT INTO "hero" ("name", "age") SELECT "name", "age" FROM unnest(coalesce($1, ARRAY[(NULL::"hero")."name"]), coalesce($2, ARRAY[(NULL::"hero")."age"])) AS "given" ("name", "age") RETURNING "id", "name", "age", "team_id""#]]
    .assert_eq(&sql);
    assert_eq!(n_params, 2);
    // A column of lists has items of another type than lists.
    let (sql, n_params) = render(16, &[Value::Null]);
    expect![[r#"
        INSERT INTO "hero" ("name", "age") SELECT "name", NULL FROM unnest(coalesce($1, ARRAY[(NULL::"hero")."name"])) AS "given" ("name") RETURNING "id", "name", "age", "team_id""#]]
    .assert_eq(&sql);
    assert_eq!(n_params, 1);
    assert_eq!(
        render(16, &[Value::I32(3)]).0.len(),
        render(999, &[Value::I32(3)]).0.len()
    );

    let (few, n_params) = render(15, &[Value::I32(3)]);
    assert!(few.contains("VALUES ("));
    assert_eq!(n_params, 30);
    let (lists, _) = render(16, &[Value::Array(Vec::new())]);
    assert!(lists.contains("VALUES ("));
}

#[test]
fn rows_are_split_where_statements_end() {
    let rows: Vec<NewHero> = (0..25_000).map(|_| new_hero("x")).collect();
    let plan = Plan::of(&rows);
    let lengths = |dialect| -> Vec<usize> {
        let runs = plan.inserts(dialect, 40_000);
        runs.into_iter().map(|run| run.len()).collect()
    };
    assert_eq!(lengths(Dialect::Postgres), [10_000, 10_000, 5000]);
    assert_eq!(lengths(Dialect::Sqlite), [20_000, 5000]);
    assert_eq!(lengths(Dialect::Mysql), [1000; 25]);
}
