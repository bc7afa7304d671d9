//! Whole queries: joins, groups, subqueries, aliases, pages.

use expect_test::expect;
use sqlmodel_core::{Dialect, ErrorKind};

use super::{Hero, Team, check};
use crate::{
    AggregateExpression, Column, Direction, Expression, Lock, ModelQuery, Relation, Select,
    TextExpression, ToOne, alias, count_all, exists, scalar, select_from, table,
};

impl Hero {
    /// The hero of the same number as the team's, for want of a better relation to the own table.
    const RIVAL: ToOne<Self, Option<Self>> = ToOne::new(&["team_id"], &["id"]);
}

alias! {
    /// The hero to compare with.
    Rival = Hero as "rival"
}

#[test]
fn groups_have_conditions_of_their_own() {
    let query: Select<(String, i64), _, _> = Team::select()
        .joining(Team::HEROES)
        .filter(Hero::AGE.is_not_null())
        .group_by(Team::NAME)
        .having(count_all().gt(1))
        .order_by(Hero::AGE.max().desc().nulls_last())
        .columns((Team::NAME, count_all()));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT "team"."name" AS "c1", count(*) AS "c2" FROM "team" JOIN "hero" ON "hero"."team_id" = "team"."id" WHERE "hero"."age" IS NOT NULL GROUP BY "team"."name" HAVING count(*) > ?1 ORDER BY max("hero"."age") DESC NULLS LAST
            SELECT "team"."name" AS "c1", count(*) AS "c2" FROM "team" JOIN "hero" ON "hero"."team_id" = "team"."id" WHERE "hero"."age" IS NOT NULL GROUP BY "team"."name" HAVING count(*) > $1 ORDER BY max("hero"."age") DESC NULLS LAST
            SELECT `team`.`name` AS `c1`, count(*) AS `c2` FROM `team` JOIN `hero` ON `hero`.`team_id` = `team`.`id` WHERE `hero`.`age` IS NOT NULL GROUP BY `team`.`name` HAVING count(*) > ? ORDER BY max(`hero`.`age`) DESC
            [I64(1)]
        "#]],
    );
}

#[test]
fn a_column_with_many_values_in_a_group_is_refused() {
    let counted = || Team::select().joining(Team::HEROES).group_by(Team::ID);
    let by_key = counted().columns((Team::NAME, count_all()));
    assert!(
        by_key.render(Dialect::Sqlite).is_ok(),
        "the key tells the whole row"
    );
    let wrong = counted().columns((Team::NAME, Hero::NAME));
    check(
        |dialect| wrong.render(dialect),
        expect![[r#"
        SQLite: `hero.name` has many values in a group: group by it, or select an aggregate of it (in `SELECT "team"."name" AS "c1", "hero"."name" AS "c2" FROM "team" JOIN "hero" ON "hero"."team_id" = "team"."id" GROUP BY "team"."id"`)
        PostgreSQL: `hero.name` has many values in a group: group by it, or select an aggregate of it (in `SELECT "team"."name" AS "c1", "hero"."name" AS "c2" FROM "team" JOIN "hero" ON "hero"."team_id" = "team"."id" GROUP BY "team"."id"`)
        MySQL: `hero.name` has many values in a group: group by it, or select an aggregate of it (in `SELECT `team`.`name` AS `c1`, `hero`.`name` AS `c2` FROM `team` JOIN `hero` ON `hero`.`team_id` = `team`.`id` GROUP BY `team`.`id``)
    "#]],
    );
    let not_grouped = Hero::select().columns((Hero::NAME, count_all()));
    assert!(not_grouped.render(Dialect::Sqlite).is_err());
    let whole_models = Hero::select().order_by(count_all().desc());
    assert!(whole_models.render(Dialect::Sqlite).is_err());
}

#[test]
fn an_expression_with_parameters_is_grouped_by_position() {
    let initial = || Hero::NAME.substr(1, 1);
    let query = Hero::select()
        .group_by(initial())
        .columns((initial(), count_all()));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT substr("hero"."name", ?1, ?2) AS "c1", count(*) AS "c2" FROM "hero" GROUP BY 1
            SELECT substr("hero"."name", $1, $1) AS "c1", count(*) AS "c2" FROM "hero" GROUP BY 1
            SELECT substr(`hero`.`name`, ?, ?) AS `c1`, count(*) AS `c2` FROM `hero` GROUP BY 1
            [I32(1), I32(1)]
        "#]],
    );
}

#[test]
fn a_table_meets_itself_under_another_name() {
    let query = Hero::select()
        .left_join(Hero::RIVAL.to::<Rival>())
        .filter(Hero::AGE.gt(Hero::AGE.of::<Rival>()))
        .order_by(Hero::ID.of::<Rival>().asc());
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "rival"."id" AS "rival__id", "rival"."name" AS "rival__name", "rival"."age" AS "rival__age", "rival"."team_id" AS "rival__team_id" FROM "hero" LEFT JOIN "hero" AS "rival" ON "rival"."id" = "hero"."team_id" WHERE "hero"."age" > "rival"."age" ORDER BY "rival"."id"
        SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "rival"."id" AS "rival__id", "rival"."name" AS "rival__name", "rival"."age" AS "rival__age", "rival"."team_id" AS "rival__team_id" FROM "hero" LEFT JOIN "hero" AS "rival" ON "rival"."id" = "hero"."team_id" WHERE "hero"."age" > "rival"."age" ORDER BY "rival"."id"
        SELECT `hero`.`id` AS `hero__id`, `hero`.`name` AS `hero__name`, `hero`.`age` AS `hero__age`, `hero`.`team_id` AS `hero__team_id`, `rival`.`id` AS `rival__id`, `rival`.`name` AS `rival__name`, `rival`.`age` AS `rival__age`, `rival`.`team_id` AS `rival__team_id` FROM `hero` LEFT JOIN `hero` AS `rival` ON `rival`.`id` = `hero`.`team_id` WHERE `hero`.`age` > `rival`.`age` ORDER BY `rival`.`id`
    "#]],
    );
    let only_alias = select_from::<Rival>().filter(Hero::AGE.of::<Rival>().gt(3));
    check(
        |dialect| only_alias.render(dialect),
        expect![[r#"
        SELECT "rival"."id", "rival"."name", "rival"."age", "rival"."team_id" FROM "hero" AS "rival" WHERE "rival"."age" > ?1
        SELECT "rival"."id", "rival"."name", "rival"."age", "rival"."team_id" FROM "hero" AS "rival" WHERE "rival"."age" > $1
        SELECT `rival`.`id`, `rival`.`name`, `rival`.`age`, `rival`.`team_id` FROM `hero` AS `rival` WHERE `rival`.`age` > ?
        [I32(3)]
    "#]],
    );
}

#[test]
fn a_join_can_have_any_condition() {
    let query: Select<(Hero, Option<Team>), _> =
        Hero::select().left_join_on(table::<Team>(), Team::NAME.eq(Hero::NAME));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "team"."id" AS "team__id", "team"."name" AS "team__name" FROM "hero" LEFT JOIN "team" ON "team"."name" = "hero"."name"
        SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "team"."id" AS "team__id", "team"."name" AS "team__name" FROM "hero" LEFT JOIN "team" ON "team"."name" = "hero"."name"
        SELECT `hero`.`id` AS `hero__id`, `hero`.`name` AS `hero__name`, `hero`.`age` AS `hero__age`, `hero`.`team_id` AS `hero__team_id`, `team`.`id` AS `team__id`, `team`.`name` AS `team__name` FROM `hero` LEFT JOIN `team` ON `team`.`name` = `hero`.`name`
    "#]],
    );
}

#[test]
fn subqueries_see_the_query_around_them() {
    let of_team = || {
        Hero::select()
            .correlate::<Team>()
            .filter(Hero::TEAM_ID.eq(Team::ID))
    };
    let oldest = scalar(of_team().columns(Hero::AGE.max()));
    let teams_of_adults = Hero::select()
        .filter(Hero::AGE.ge(18).and(Hero::TEAM_ID.is_not_null()))
        .columns(Hero::TEAM_ID);
    let query: Select<(String, Option<i32>), _, _> = Team::select()
        .filter(exists(of_team().filter(Hero::NAME.eq("x"))))
        .filter(Team::ID.in_query(teams_of_adults))
        .columns((Team::NAME, oldest));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "team"."name" AS "c1", (SELECT max("hero"."age") AS "c1" FROM "hero" WHERE "hero"."team_id" = "team"."id" LIMIT 1) AS "c2" FROM "team" WHERE EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id" AND "hero"."name" = ?1) AND "team"."id" IN (SELECT "hero"."team_id" AS "c1" FROM "hero" WHERE "hero"."age" >= ?2 AND "hero"."team_id" IS NOT NULL)
        SELECT "team"."name" AS "c1", (SELECT max("hero"."age") AS "c1" FROM "hero" WHERE "hero"."team_id" = "team"."id" LIMIT 1) AS "c2" FROM "team" WHERE EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id" AND "hero"."name" = $1) AND "team"."id" IN (SELECT "hero"."team_id" AS "c1" FROM "hero" WHERE "hero"."age" >= $2 AND "hero"."team_id" IS NOT NULL)
        SELECT `team`.`name` AS `c1`, (SELECT max(`hero`.`age`) AS `c1` FROM `hero` WHERE `hero`.`team_id` = `team`.`id` LIMIT 1) AS `c2` FROM `team` WHERE EXISTS (SELECT 1 FROM `hero` WHERE `hero`.`team_id` = `team`.`id` AND `hero`.`name` = ?) AND `team`.`id` IN (SELECT `hero`.`team_id` AS `c1` FROM `hero` WHERE `hero`.`age` >= ? AND `hero`.`team_id` IS NOT NULL)
        [Text("x"), I32(18)]
    "#]],
    );
}

#[test]
fn rows_can_be_locked_and_nulls_be_put_first() {
    let query = Hero::select()
        .order_by(Hero::AGE.asc().nulls_first())
        .for_update(Lock::SkipLocked)
        .limit(3);
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" ORDER BY "hero"."age" NULLS FIRST LIMIT 3
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" ORDER BY "hero"."age" NULLS FIRST LIMIT 3 FOR UPDATE SKIP LOCKED
            SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` ORDER BY `hero`.`age` LIMIT 3 FOR UPDATE SKIP LOCKED
        "#]],
    );
}

#[test]
fn locks_are_shared_or_of_one_table() {
    let shared = Hero::select().for_share(Lock::Wait);
    check(
        |dialect| shared.render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" FOR SHARE
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` LOCK IN SHARE MODE
    "#]],
    );
    let shared = Hero::select().columns(Hero::ID).for_share(Lock::NoWait);
    check(
        |dialect| shared.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero"
        SELECT "hero"."id" AS "c1" FROM "hero" FOR SHARE NOWAIT
        MySQL: MySQL and MariaDB have no common form of a shared lock that does not wait: take it with `Lock::Wait`, or lock the rows with `for_update` (in `SELECT `hero`.`id` AS `c1` FROM `hero` LOCK IN SHARE MODE NOWAIT`)
    "#]],
    );
    let one = Hero::select()
        .left_joining(Hero::TEAM)
        .columns(Hero::ID)
        .for_update_of(table::<Hero>(), Lock::SkipLocked);
    check(
        |dialect| one.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" LEFT JOIN "team" ON "team"."id" = "hero"."team_id"
        SELECT "hero"."id" AS "c1" FROM "hero" LEFT JOIN "team" ON "team"."id" = "hero"."team_id" FOR UPDATE OF "hero" SKIP LOCKED
        MySQL: MySQL and MariaDB have no common form of a lock of one table: lock its rows in a query without joins (in `SELECT `hero`.`id` AS `c1` FROM `hero` LEFT JOIN `team` ON `team`.`id` = `hero`.`team_id` FOR UPDATE SKIP LOCKED`)
    "#]],
    );
}

#[test]
fn aggregates_take_each_value_once() {
    let query = Hero::select().columns((
        Hero::AGE.sum().distinct(),
        Hero::AGE.avg().distinct().filter(Hero::NAME.ne("x")),
        Hero::NAME.count().distinct(),
    ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT sum(DISTINCT "hero"."age") AS "c1", avg(DISTINCT "hero"."age") FILTER (WHERE "hero"."name" <> ?1) AS "c2", count(DISTINCT "hero"."name") AS "c3" FROM "hero"
            SELECT CAST(sum(DISTINCT "hero"."age") AS bigint) AS "c1", avg(DISTINCT CAST("hero"."age" AS double precision)) FILTER (WHERE "hero"."name" <> $1) AS "c2", count(DISTINCT "hero"."name") AS "c3" FROM "hero"
            SELECT (sum(DISTINCT `hero`.`age`) DIV 1) AS `c1`, avg(DISTINCT 0e0 + CASE WHEN `hero`.`name` <> ? THEN `hero`.`age` END) AS `c2`, count(DISTINCT `hero`.`name`) AS `c3` FROM `hero`
            [Text("x")]
        "#]],
    );
    let rows = Hero::select().columns(count_all().distinct());
    let error = rows.render(Dialect::Sqlite).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn equal_rows_come_once() {
    let query = Hero::select().columns(Hero::AGE).distinct();
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT DISTINCT "hero"."age" AS "c1" FROM "hero"
        SELECT DISTINCT "hero"."age" AS "c1" FROM "hero"
        SELECT DISTINCT `hero`.`age` AS `c1` FROM `hero`
    "#]],
    );
}

#[test]
fn hostile_names_stay_inside_their_quotes() {
    const HOSTILE: Column<Hero, String> = Column::new("x\" FROM hero; DROP TABLE hero; --`");
    check(
        |dialect| Hero::select().columns(HOSTILE).render(dialect),
        expect![[r#"
            SELECT "hero"."x"" FROM hero; DROP TABLE hero; --`" AS "c1" FROM "hero"
            SELECT "hero"."x"" FROM hero; DROP TABLE hero; --`" AS "c1" FROM "hero"
            SELECT `hero`.`x" FROM hero; DROP TABLE hero; --``` AS `c1` FROM `hero`
        "#]],
    );
}

#[test]
fn hostile_values_are_parameters_in_every_position() {
    let hostile = "'; DROP TABLE hero; -- \" ` \\ % _ $1 ?1 :x /* \0";
    let has_hostile = |text: &str| Hero::NAME.eq(text).or(Hero::NAME.contains(text));
    let query = Hero::select()
        .left_joining(Hero::TEAM)
        .filter(has_hostile(hostile))
        .filter(Hero::NAME.in_([hostile, hostile]))
        .filter(Hero::NAME.between(hostile, hostile))
        .filter(Hero::NAME.like(hostile).or(Hero::NAME.ilike(hostile)))
        .filter(
            Hero::NAME
                .starts_with(hostile)
                .and(Hero::NAME.ends_with(hostile)),
        )
        .filter(Hero::NAME.is_not_distinct_from(Some(hostile.to_owned())))
        .group_by(Hero::NAME.replace(hostile, hostile))
        .having(Hero::NAME.max().eq(hostile))
        .columns((
            Hero::NAME.replace(hostile, hostile),
            crate::case(Hero::NAME.max().eq(hostile), hostile).otherwise(hostile),
            Hero::NAME
                .max()
                .filter(Hero::NAME.ne(hostile))
                .concat(hostile),
        ));
    for dialect in Dialect::ALL {
        let rendered = query.render(dialect).unwrap();
        assert!(!rendered.sql.contains("DROP"), "{}", rendered.sql);
        let n_placeholders = match dialect {
            // Equal values of groups share one.
            Dialect::Postgres => {
                let after = rendered.sql.split('$').skip(1);
                let number = |it: &str| {
                    it.split(|c: char| !c.is_ascii_digit())
                        .next()
                        .map(str::to_owned)
                };
                after
                    .filter_map(number)
                    .collect::<std::collections::BTreeSet<_>>()
                    .len()
            }
            Dialect::Sqlite | Dialect::Mysql => rendered.sql.matches('?').count(),
        };
        assert_eq!(n_placeholders, rendered.params.len(), "{}", rendered.sql);
        assert!(rendered.params.iter().all(
            |param| matches!(param, sqlmodel_core::Value::Text(text) if text.contains("DROP"))
        ));
    }
}

#[test]
fn a_page_begins_behind_a_row() {
    let page = |after| {
        Hero::select()
            .seek((Hero::NAME.desc(), Hero::ID.asc()), after)
            .limit(2)
    };
    check(
        |dialect| page(None).render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" ORDER BY "hero"."name" DESC, "hero"."id" LIMIT 2
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" ORDER BY "hero"."name" DESC, "hero"."id" LIMIT 2
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` ORDER BY `hero`.`name` DESC, `hero`.`id` LIMIT 2
    "#]],
    );
    check(
        |dialect| page(Some(("x".to_owned(), 7))).render(dialect),
        expect![[r#"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."name" <= ?1 AND ("hero"."name" < ?2 OR "hero"."name" = ?3 AND "hero"."id" > ?4) ORDER BY "hero"."name" DESC, "hero"."id" LIMIT 2
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."name" <= $1 AND ("hero"."name" < $2 OR "hero"."name" = $3 AND "hero"."id" > $4) ORDER BY "hero"."name" DESC, "hero"."id" LIMIT 2
            SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE `hero`.`name` <= ? AND (`hero`.`name` < ? OR `hero`.`name` = ? AND `hero`.`id` > ?) ORDER BY `hero`.`name` DESC, `hero`.`id` LIMIT 2
            [Text("x"), Text("x"), Text("x"), I64(7)]
        "#]],
    );
    check(
        |dialect| Hero::select().seek(Hero::ID.asc(), Some(7)).render(dialect),
        expect![[r#"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."id" > ?1 ORDER BY "hero"."id"
            SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."id" > $1 ORDER BY "hero"."id"
            SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE `hero`.`id` > ? ORDER BY `hero`.`id`
            [I64(7)]
        "#]],
    );
}

#[test]
fn a_page_begins_behind_a_row_with_null() {
    let page = |age| {
        let keys = (Hero::AGE.asc(), Hero::ID.desc());
        Hero::select().columns(Hero::ID).seek(keys, Some((age, 7)))
    };
    check(
        |dialect| page(Some(3)).render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE "hero"."age" >= ?1 AND ("hero"."age" > ?2 OR "hero"."age" = ?3 AND "hero"."id" < ?4) ORDER BY "hero"."age" NULLS FIRST, "hero"."id" DESC
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE "hero"."age" >= $1 AND ("hero"."age" > $2 OR "hero"."age" = $3 AND "hero"."id" < $4) ORDER BY "hero"."age" NULLS FIRST, "hero"."id" DESC
        SELECT `hero`.`id` AS `c1` FROM `hero` WHERE `hero`.`age` >= ? AND (`hero`.`age` > ? OR `hero`.`age` = ? AND `hero`.`id` < ?) ORDER BY `hero`.`age`, `hero`.`id` DESC
        [I32(3), I32(3), I32(3), I64(7)]
    "#]],
    );
    check(
        |dialect| page(None).render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE ("hero"."age" IS NOT NULL OR "hero"."age" IS NULL AND "hero"."id" < ?1) ORDER BY "hero"."age" NULLS FIRST, "hero"."id" DESC
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE ("hero"."age" IS NOT NULL OR "hero"."age" IS NULL AND "hero"."id" < $1) ORDER BY "hero"."age" NULLS FIRST, "hero"."id" DESC
        SELECT `hero`.`id` AS `c1` FROM `hero` WHERE (`hero`.`age` IS NOT NULL OR `hero`.`age` IS NULL AND `hero`.`id` < ?) ORDER BY `hero`.`age`, `hero`.`id` DESC
        [I64(7)]
    "#]],
    );
    let last = |age| {
        let keys = (Hero::AGE.asc().nulls_last(), Hero::ID.desc());
        Hero::select().columns(Hero::ID).seek(keys, Some((age, 7)))
    };
    check(
        |dialect| last(Some(3)).render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE ("hero"."age" >= ?1 OR "hero"."age" IS NULL) AND (("hero"."age" > ?2 OR "hero"."age" IS NULL) OR "hero"."age" = ?3 AND "hero"."id" < ?4) ORDER BY "hero"."age" NULLS LAST, "hero"."id" DESC
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE ("hero"."age" >= $1 OR "hero"."age" IS NULL) AND (("hero"."age" > $2 OR "hero"."age" IS NULL) OR "hero"."age" = $3 AND "hero"."id" < $4) ORDER BY "hero"."age" NULLS LAST, "hero"."id" DESC
        SELECT `hero`.`id` AS `c1` FROM `hero` WHERE (`hero`.`age` >= ? OR `hero`.`age` IS NULL) AND ((`hero`.`age` > ? OR `hero`.`age` IS NULL) OR `hero`.`age` = ? AND `hero`.`id` < ?) ORDER BY (`hero`.`age`) IS NULL, `hero`.`age`, `hero`.`id` DESC
        [I32(3), I32(3), I32(3), I64(7)]
    "#]],
    );
    check(
        |dialect| last(None).render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE "hero"."age" IS NULL AND ("hero"."age" IS NULL AND "hero"."id" < ?1) ORDER BY "hero"."age" NULLS LAST, "hero"."id" DESC
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE "hero"."age" IS NULL AND ("hero"."age" IS NULL AND "hero"."id" < $1) ORDER BY "hero"."age" NULLS LAST, "hero"."id" DESC
        SELECT `hero`.`id` AS `c1` FROM `hero` WHERE `hero`.`age` IS NULL AND (`hero`.`age` IS NULL AND `hero`.`id` < ?) ORDER BY (`hero`.`age`) IS NULL, `hero`.`age`, `hero`.`id` DESC
        [I64(7)]
    "#]],
    );
    let only = Hero::select()
        .columns(Hero::ID)
        .seek(Hero::AGE.desc(), Some(None));
    check(
        |dialect| only.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE 1 = 0 ORDER BY "hero"."age" DESC NULLS LAST
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE 1 = 0 ORDER BY "hero"."age" DESC NULLS LAST
        SELECT `hero`.`id` AS `c1` FROM `hero` WHERE 1 = 0 ORDER BY `hero`.`age` DESC
    "#]],
    );
    let is_adult = Hero::ID.gt(17).or(Hero::NAME.eq("x"));
    let by_truth = Hero::select()
        .columns(Hero::ID)
        .seek(is_adult.asc(), Some(false));
    check(
        |dialect| by_truth.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE ("hero"."id" > ?1 OR "hero"."name" = ?2) > ?3 ORDER BY "hero"."id" > ?4 OR "hero"."name" = ?5
        SELECT "hero"."id" AS "c1" FROM "hero" WHERE ("hero"."id" > $1 OR "hero"."name" = $2) > $3 ORDER BY "hero"."id" > $4 OR "hero"."name" = $5
        SELECT `hero`.`id` AS `c1` FROM `hero` WHERE (`hero`.`id` > ? OR `hero`.`name` = ?) > ? ORDER BY `hero`.`id` > ? OR `hero`.`name` = ?
        [I64(17), Text("x"), Bool(false), I64(17), Text("x")]
    "#]],
    );
}

#[test]
fn sets_of_rows_apply_from_left_to_right() {
    let old = || Hero::select().filter(Hero::AGE.gt(60)).columns(Hero::NAME);
    let first = || {
        Hero::select()
            .order_by(Hero::ID.asc())
            .limit(1)
            .columns(Hero::NAME)
    };
    let query = old()
        .union(Team::select().columns(Team::NAME))
        .intersect(first())
        .order_by_column(1, Direction::Descending)
        .limit(5);
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT * FROM (SELECT "hero"."name" AS "c1" FROM "hero" WHERE "hero"."age" > ?1 UNION SELECT "team"."name" AS "c1" FROM "team") AS "compound" INTERSECT SELECT * FROM (SELECT "hero"."name" AS "c1" FROM "hero" ORDER BY "hero"."id" LIMIT 1) AS "arm" ORDER BY 1 DESC LIMIT 5
        SELECT * FROM (SELECT "hero"."name" AS "c1" FROM "hero" WHERE "hero"."age" > $1 UNION SELECT "team"."name" AS "c1" FROM "team") AS "compound" INTERSECT SELECT * FROM (SELECT "hero"."name" AS "c1" FROM "hero" ORDER BY "hero"."id" LIMIT 1) AS "arm" ORDER BY 1 DESC LIMIT 5
        SELECT * FROM (SELECT `hero`.`name` AS `c1` FROM `hero` WHERE `hero`.`age` > ? UNION SELECT `team`.`name` AS `c1` FROM `team`) AS `compound` INTERSECT SELECT * FROM (SELECT `hero`.`name` AS `c1` FROM `hero` ORDER BY `hero`.`id` LIMIT 1) AS `arm` ORDER BY 1 DESC LIMIT 5
        [I32(60)]
    "#]],
    );
}
