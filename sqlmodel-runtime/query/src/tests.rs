//! Rendered SQL for three dialects, over two hand-written models.

use expect_test::{Expect, expect};
use sqlmodel_core::{
    DecodeError, Dialect, Error, FieldInfo, Inheritance, Model, Record, RowRead, Value,
};

mod expressions;
mod functions;
mod queries;
mod windows;
mod writes;

use crate::{Column, Expression, ModelQuery, RenderedStatement, TextExpression, ToMany, ToOne};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Team {
    id: i64,
    name: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hero {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) age: Option<i32>,
    pub(crate) team_id: Option<i64>,
}

struct NewHero {
    name: &'static str,
    age: Value<'static>,
}

impl Team {
    pub(crate) const ID: Column<Self, i64> = Column::new("id");
    pub(crate) const NAME: Column<Self, String> = Column::new("name");
    pub(crate) const HEROES: ToMany<Self, Hero> = ToMany::new(&["id"], &["team_id"]);
}

impl Hero {
    pub(crate) const ID: Column<Self, i64> = Column::new("id");
    pub(crate) const NAME: Column<Self, String> = Column::new("name");
    pub(crate) const AGE: Column<Self, Option<i32>> = Column::new("age");
    pub(crate) const TEAM_ID: Column<Self, Option<i64>> = Column::new("team_id");
    pub(crate) const TEAM: ToOne<Self, Option<Team>> = ToOne::new(&["team_id"], &["id"]);
}

impl Model for Team {
    const TABLE_NAME: &'static str = "team";
    const PRIMARY_KEY: &'static [&'static str] = &["id"];
    const KEY_POSITIONS: &'static [usize] = &[0];
    const COLUMN_COUNT: usize = 2;
    type Key = i64;

    fn fields() -> &'static [FieldInfo] {
        const { &[FieldInfo::new("id").primary_key(), FieldInfo::new("name")] }
    }

    fn inheritance() -> &'static Inheritance {
        &Inheritance::NONE
    }

    fn from_row<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        Ok(Self {
            id: row.i64(at)?,
            name: row.text(at + 1)?.to_owned(),
        })
    }
}

impl Record for Team {
    type Model = Self;
    const COLUMNS: &'static [&'static str] = &["id", "name"];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        row.extend([Value::I64(self.id), Value::Text((&*self.name).into())]);
    }

    fn primary_key_value(&self) -> Option<i64> {
        Some(self.id)
    }

    fn is_new(&self) -> bool {
        false
    }
}

impl Model for Hero {
    const TABLE_NAME: &'static str = "hero";
    const PRIMARY_KEY: &'static [&'static str] = &["id"];
    const UNIQUE_KEYS: &'static [&'static [&'static str]] = &[&["name"], &["name", "team_id"]];
    const KEY_POSITIONS: &'static [usize] = &[0];
    const COLUMN_COUNT: usize = 4;
    type Key = i64;

    fn fields() -> &'static [FieldInfo] {
        const {
            &[
                FieldInfo::new("id").primary_key(),
                FieldInfo::new("name"),
                FieldInfo::new("age").nullable(),
                FieldInfo::new("team_id").nullable(),
            ]
        }
    }

    fn inheritance() -> &'static Inheritance {
        &Inheritance::NONE
    }

    fn from_row<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        use sqlmodel_core::Decode;
        Ok(Self {
            id: Decode::decode(row, at)?,
            name: Decode::decode(row, at + 1)?,
            age: Decode::decode(row, at + 2)?,
            team_id: Decode::decode(row, at + 3)?,
        })
    }
}

impl Record for Hero {
    type Model = Self;
    const COLUMNS: &'static [&'static str] = &["id", "name", "age", "team_id"];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        use sqlmodel_core::Encode;
        row.extend([
            self.id.encode(),
            self.name.encode(),
            self.age.encode(),
            self.team_id.encode(),
        ]);
    }

    fn primary_key_value(&self) -> Option<i64> {
        Some(self.id)
    }

    fn is_new(&self) -> bool {
        false
    }
}

impl Record for NewHero {
    type Model = Hero;
    const COLUMNS: &'static [&'static str] = &["name", "age"];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        row.extend([Value::Text(self.name.into()), self.age.clone()]);
    }

    fn primary_key_value(&self) -> Option<i64> {
        None
    }

    fn is_new(&self) -> bool {
        true
    }
}

/// Renders for the three dialects; a dialect whose text is that of the one before is not repeated.
#[track_caller]
fn check<'a>(render: impl Fn(Dialect) -> Result<RenderedStatement<'a>, Error>, expected: Expect) {
    let mut printed = String::new();
    for dialect in Dialect::ALL {
        let RenderedStatement { sql, params } = match render(dialect) {
            Ok(rendered) => rendered,
            Err(error) => {
                printed.push_str(&format!("{dialect}: {error}\n"));
                continue;
            }
        };
        printed.push_str(&format!("{sql}\n"));
        if dialect == Dialect::Mysql && !params.is_empty() {
            printed.push_str(&format!("{params:?}\n"));
        }
    }
    expected.assert_eq(&printed);
}

#[test]
fn a_select_names_every_column() {
    check(
        |dialect| Hero::select().render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero"
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero`
    "#]],
    );
}

#[test]
fn filters_are_joined_by_and_with_parentheses_where_needed() {
    let young_or_old = || Hero::AGE.lt(18).or(Hero::AGE.ge(65));
    check(
        |dialect| {
            Hero::select()
                .filter(young_or_old())
                .filter(Hero::NAME.ne("Tarantula").and(!young_or_old()))
                .order_by(Hero::AGE.desc())
                .order_by(Hero::ID.asc())
                .limit(3)
                .offset(6)
                .render(dialect)
        },
        expect![[r#"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE ("hero"."age" < ?1 OR "hero"."age" >= ?2) AND "hero"."name" <> ?3 AND NOT ("hero"."age" < ?4 OR "hero"."age" >= ?5) ORDER BY "hero"."age" DESC, "hero"."id" LIMIT 3 OFFSET 6
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE ("hero"."age" < $1 OR "hero"."age" >= $2) AND "hero"."name" <> $3 AND NOT ("hero"."age" < $4 OR "hero"."age" >= $5) ORDER BY "hero"."age" DESC, "hero"."id" LIMIT 3 OFFSET 6
            SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE (`hero`.`age` < ? OR `hero`.`age` >= ?) AND `hero`.`name` <> ? AND NOT (`hero`.`age` < ? OR `hero`.`age` >= ?) ORDER BY `hero`.`age` DESC, `hero`.`id` LIMIT 3 OFFSET 6
            [I32(18), I32(65), Text("Tarantula"), I32(18), I32(65)]
        "#]],
    );
}

#[test]
fn joins_follow_relations_and_tell_columns_apart() {
    check(
        |dialect| {
            Team::select()
                .join(Team::HEROES)
                .filter(Team::NAME.eq("Preventers"))
                .filter(Hero::NAME.starts_with("100%_!"))
                .render(dialect)
        },
        expect![[r#"
            SELECT "team"."id" AS "team__id", "team"."name" AS "team__name", "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id" FROM "team" JOIN "hero" ON "hero"."team_id" = "team"."id" WHERE "team"."name" = ?1 AND "hero"."name" LIKE ?2 ESCAPE '!'
            SELECT "team"."id" AS "team__id", "team"."name" AS "team__name", "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id" FROM "team" JOIN "hero" ON "hero"."team_id" = "team"."id" WHERE "team"."name" = $1 AND "hero"."name" LIKE $2 ESCAPE '!'
            SELECT `team`.`id` AS `team__id`, `team`.`name` AS `team__name`, `hero`.`id` AS `hero__id`, `hero`.`name` AS `hero__name`, `hero`.`age` AS `hero__age`, `hero`.`team_id` AS `hero__team_id` FROM `team` JOIN `hero` ON `hero`.`team_id` = `team`.`id` WHERE `team`.`name` = ? AND `hero`.`name` LIKE ? ESCAPE '!'
            [Text("Preventers"), Text("100!%!_!!%")]
        "#]],
    );
    check(
        |dialect| {
            Hero::select()
                .left_join(Hero::TEAM)
                .filter(Hero::TEAM_ID.is_null())
                .render(dialect)
        },
        expect![[r#"
            SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "team"."id" AS "team__id", "team"."name" AS "team__name" FROM "hero" LEFT JOIN "team" ON "team"."id" = "hero"."team_id" WHERE "hero"."team_id" IS NULL
            SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "team"."id" AS "team__id", "team"."name" AS "team__name" FROM "hero" LEFT JOIN "team" ON "team"."id" = "hero"."team_id" WHERE "hero"."team_id" IS NULL
            SELECT `hero`.`id` AS `hero__id`, `hero`.`name` AS `hero__name`, `hero`.`age` AS `hero__age`, `hero`.`team_id` AS `hero__team_id`, `team`.`id` AS `team__id`, `team`.`name` AS `team__name` FROM `hero` LEFT JOIN `team` ON `team`.`id` = `hero`.`team_id` WHERE `hero`.`team_id` IS NULL
        "#]],
    );
}

#[test]
fn lists_and_nulls() {
    check(
        |dialect| {
            Hero::select()
                .filter(Hero::ID.in_([1, 2]))
                .filter(Hero::ID.not_in([0i64; 0]))
                .filter(Hero::ID.in_([0i64; 0]))
                .filter(Hero::AGE.is_not_distinct_from(None))
                .filter(Hero::AGE.between(1, Hero::AGE))
                .render(dialect)
        },
        expect![[r#"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."id" IN (?1, ?2) AND 1 = 1 AND 1 = 0 AND "hero"."age" IS ?3 AND "hero"."age" BETWEEN ?4 AND "hero"."age"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."id" IN ($1, $2) AND 1 = 1 AND 1 = 0 AND "hero"."age" IS NOT DISTINCT FROM $3 AND "hero"."age" BETWEEN $4 AND "hero"."age"
            SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE `hero`.`id` IN (?, ?) AND 1 = 1 AND 1 = 0 AND `hero`.`age` <=> ? AND `hero`.`age` BETWEEN ? AND `hero`.`age`
            [I64(1), I64(2), Null, I32(1)]
        "#]],
    );
}

#[test]
fn an_offset_without_a_limit_is_spelled_for_each_dialect() {
    check(
        |dialect| Hero::select().offset(2).render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" LIMIT -1 OFFSET 2
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" OFFSET 2
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` LIMIT 18446744073709551615 OFFSET 2
    "#]],
    );
}

#[test]
fn updates_and_deletes_by_filter_and_by_key() {
    check(
        |dialect| {
            Hero::update()
                .set(Hero::AGE, 16)
                .set(Hero::TEAM_ID, None::<i64>)
                .set(Hero::NAME, Hero::NAME)
                .filter(Hero::NAME.eq("Spider-Boy"))
                .render(dialect)
        },
        expect![[r#"
            UPDATE "hero" SET "age" = ?1, "team_id" = ?2, "name" = "hero"."name" WHERE "hero"."name" = ?3
            UPDATE "hero" SET "age" = $1, "team_id" = $2, "name" = "hero"."name" WHERE "hero"."name" = $3
            UPDATE `hero` SET `age` = ?, `team_id` = ?, `name` = `hero`.`name` WHERE `hero`.`name` = ?
            [I32(16), Null, Text("Spider-Boy")]
        "#]],
    );
    let hero = Hero {
        id: 7,
        name: "Rusty-Man".into(),
        age: Some(48),
        team_id: None,
    };
    check(
        |dialect| Ok(hero.update_row().render(dialect)),
        expect![[r#"
        UPDATE "hero" SET "name" = ?1, "age" = ?2, "team_id" = ?3 WHERE "id" = ?4
        UPDATE "hero" SET "name" = $1, "age" = $2, "team_id" = $3 WHERE "id" = $4
        UPDATE `hero` SET `name` = ?, `age` = ?, `team_id` = ? WHERE `id` = ?
        [Text("Rusty-Man"), I32(48), Null, I64(7)]
    "#]],
    );
    check(
        |dialect| Ok(hero.delete_row().render(dialect)),
        expect![[r#"
        DELETE FROM "hero" WHERE "id" = ?1
        DELETE FROM "hero" WHERE "id" = $1
        DELETE FROM `hero` WHERE `id` = ?
        [I64(7)]
    "#]],
    );
    check(
        |dialect| Hero::delete().all_rows().render(dialect),
        expect![[r#"
        DELETE FROM "hero"
        DELETE FROM "hero"
        DELETE FROM `hero`
    "#]],
    );
}

#[test]
fn a_column_left_to_its_default_is_left_out_of_the_insert() {
    check(
        |dialect| {
            Ok(Hero::insert(NewHero {
                name: "Deadpond",
                age: Value::I32(3),
            })
            .render(dialect)
            .into_owned())
        },
        expect![[r#"
            INSERT INTO "hero" ("name", "age") VALUES (?1, ?2)
            INSERT INTO "hero" ("name", "age") VALUES ($1, $2)
            INSERT INTO `hero` (`name`, `age`) VALUES (?, ?)
            [Text("Deadpond"), I32(3)]
        "#]],
    );
    check(
        |dialect| {
            Ok(Hero::insert(NewHero {
                name: "Deadpond",
                age: Value::Default,
            })
            .render(dialect)
            .into_owned())
        },
        expect![[r#"
            INSERT INTO "hero" ("name") VALUES (?1)
            INSERT INTO "hero" ("name") VALUES ($1)
            INSERT INTO `hero` (`name`) VALUES (?)
            [Text("Deadpond")]
        "#]],
    );
}

#[test]
fn a_hostile_value_arrives_as_a_parameter_only() {
    let hostile = "'; DROP TABLE hero; -- \" ` \\ \0";
    for dialect in Dialect::ALL {
        let rendered = Hero::select()
            .filter(Hero::NAME.eq(hostile))
            .render(dialect)
            .unwrap();
        assert!(!rendered.sql.contains("DROP"), "{}", rendered.sql);
        assert_eq!(rendered.params, [Value::Text(hostile.into())]);
    }
}
