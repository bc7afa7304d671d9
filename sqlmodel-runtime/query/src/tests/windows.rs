//! Window functions, queries with names, DISTINCT ON, and joins that keep both sides.

use expect_test::expect;
use sqlmodel_core::Dialect;

use super::{Hero, Team, check};
use crate::{
    AggregateExpression, CommonTable, Expression, FrameBound, Lock, ModelQuery, Select,
    TextExpression, ValueExpression, WindowExpression, count_all, cte, dense_rank, ntile, rank,
    row_number, select_from, table, window,
};

cte! {
    /// A hero, and the place by age in the team.
    #[derive(Debug, Clone, PartialEq)]
    struct Placed as "placed" {
        NAME name: String,
        PLACE place: i64,
    }
}

cte! {
    /// A hero in a chain of heroes.
    #[derive(Debug, Clone, PartialEq)]
    struct Chain as "chain" {
        ID id: i64,
        DEPTH depth: i32,
    }
}

#[test]
fn window_functions_look_at_other_rows() {
    let by_team = || {
        window()
            .partition_by(Hero::TEAM_ID)
            .order_by(Hero::AGE.desc().nulls_last())
    };
    let query = Hero::select().columns((
        row_number().over(by_team()),
        rank().over(window().order_by(Hero::AGE.asc())),
        ntile(4).over(window()),
        Hero::NAME.lag(2).over(by_team()),
        Hero::AGE.first_value().over(by_team()),
        Hero::AGE.nth_value(3).over(window()),
    ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT row_number() OVER (PARTITION BY "hero"."team_id" ORDER BY "hero"."age" DESC NULLS LAST) AS "c1", rank() OVER (ORDER BY "hero"."age") AS "c2", ntile(4) OVER () AS "c3", lag("hero"."name", 2) OVER (PARTITION BY "hero"."team_id" ORDER BY "hero"."age" DESC NULLS LAST) AS "c4", first_value("hero"."age") OVER (PARTITION BY "hero"."team_id" ORDER BY "hero"."age" DESC NULLS LAST) AS "c5", nth_value("hero"."age", 3) OVER () AS "c6" FROM "hero"
            SELECT row_number() OVER (PARTITION BY "hero"."team_id" ORDER BY "hero"."age" DESC NULLS LAST) AS "c1", rank() OVER (ORDER BY "hero"."age") AS "c2", ntile(4) OVER () AS "c3", lag("hero"."name", 2) OVER (PARTITION BY "hero"."team_id" ORDER BY "hero"."age" DESC NULLS LAST) AS "c4", first_value("hero"."age") OVER (PARTITION BY "hero"."team_id" ORDER BY "hero"."age" DESC NULLS LAST) AS "c5", nth_value("hero"."age", 3) OVER () AS "c6" FROM "hero"
            SELECT row_number() OVER (PARTITION BY `hero`.`team_id` ORDER BY `hero`.`age` DESC) AS `c1`, rank() OVER (ORDER BY `hero`.`age`) AS `c2`, ntile(4) OVER () AS `c3`, lag(`hero`.`name`, 2) OVER (PARTITION BY `hero`.`team_id` ORDER BY `hero`.`age` DESC) AS `c4`, first_value(`hero`.`age`) OVER (PARTITION BY `hero`.`team_id` ORDER BY `hero`.`age` DESC) AS `c5`, nth_value(`hero`.`age`, 3) OVER () AS `c6` FROM `hero`
        "#]],
    );
}

#[test]
fn aggregates_run_over_windows() {
    let recent = window()
        .order_by(Hero::ID.asc())
        .rows(FrameBound::Preceding(2), FrameBound::CurrentRow);
    let whole = window().range(
        FrameBound::UnboundedPreceding,
        FrameBound::UnboundedFollowing,
    );
    let query: Select<(Option<i64>, i64, Option<f64>), _, _> = Hero::select().columns((
        Hero::AGE.sum().over(recent),
        count_all().filter(Hero::AGE.gt(3)).over(whole),
        Hero::AGE
            .avg()
            .over(window().partition_by(Hero::NAME.left(1))),
    ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT sum("hero"."age") OVER (ORDER BY "hero"."id" ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS "c1", count(*) FILTER (WHERE "hero"."age" > ?1) OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "c2", avg("hero"."age") OVER (PARTITION BY substr("hero"."name", ?2, ?3)) AS "c3" FROM "hero"
            SELECT CAST(sum("hero"."age") OVER (ORDER BY "hero"."id" ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS bigint) AS "c1", count(*) FILTER (WHERE "hero"."age" > $1) OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "c2", avg(CAST("hero"."age" AS double precision)) OVER (PARTITION BY substr("hero"."name", $2, $3)) AS "c3" FROM "hero"
            SELECT (sum(`hero`.`age`) OVER (ORDER BY `hero`.`id` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) DIV 1) AS `c1`, count(CASE WHEN `hero`.`age` > ? THEN 1 END) OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS `c2`, avg(0e0 + `hero`.`age`) OVER (PARTITION BY substr(`hero`.`name`, ?, ?)) AS `c3` FROM `hero`
            [I32(3), I32(1), I32(1)]
        "#]],
    );
    let different = Hero::select().columns(Hero::AGE.count_distinct().over(window()));
    check(
        |dialect| different.render(dialect),
        expect![[r#"
            SQLite: no database takes each value once over a window: do so in a subquery (in `SELECT count(DISTINCT "hero"."age") OVER () AS "c1" FROM "hero"`)
            PostgreSQL: no database takes each value once over a window: do so in a subquery (in `SELECT count(DISTINCT "hero"."age") OVER () AS "c1" FROM "hero"`)
            MySQL: no database takes each value once over a window: do so in a subquery (in `SELECT count(DISTINCT `hero`.`age`) OVER () AS `c1` FROM `hero``)
        "#]],
    );
}

#[test]
fn groups_have_windows_too() {
    let query = Hero::select()
        .group_by(Hero::TEAM_ID)
        .order_by(
            dense_rank()
                .over(window().order_by(count_all().desc()))
                .asc(),
        )
        .columns((
            Hero::TEAM_ID,
            rank().over(window().order_by(count_all().desc())),
        ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "hero"."team_id" AS "c1", rank() OVER (ORDER BY count(*) DESC) AS "c2" FROM "hero" GROUP BY "hero"."team_id" ORDER BY dense_rank() OVER (ORDER BY count(*) DESC)
        SELECT "hero"."team_id" AS "c1", rank() OVER (ORDER BY count(*) DESC) AS "c2" FROM "hero" GROUP BY "hero"."team_id" ORDER BY dense_rank() OVER (ORDER BY count(*) DESC)
        SELECT `hero`.`team_id` AS `c1`, rank() OVER (ORDER BY count(*) DESC) AS `c2` FROM `hero` GROUP BY `hero`.`team_id` ORDER BY dense_rank() OVER (ORDER BY count(*) DESC)
    "#]],
    );
    let many_values = Hero::select()
        .group_by(Hero::TEAM_ID)
        .columns(rank().over(window().order_by(Hero::AGE.asc())));
    assert!(many_values.render(Dialect::Sqlite).is_err());
}

#[test]
fn a_query_with_a_name_is_read_like_a_table() {
    let placed = Hero::select().filter(Hero::AGE.gt(17)).columns((
        Hero::NAME,
        row_number().over(window().partition_by(Hero::TEAM_ID)),
    ));
    let query: Select<Placed, _> = select_from::<Placed>()
        .with(Placed::of(placed.clone()))
        .filter(Placed::PLACE.le(3));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (PARTITION BY "hero"."team_id") AS "c2" FROM "hero" WHERE "hero"."age" > ?1) SELECT "placed"."name", "placed"."place" FROM "placed" WHERE "placed"."place" <= ?2
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (PARTITION BY "hero"."team_id") AS "c2" FROM "hero" WHERE "hero"."age" > $1) SELECT "placed"."name", "placed"."place" FROM "placed" WHERE "placed"."place" <= $2
        WITH `placed` (`name`, `place`) AS (SELECT `hero`.`name` AS `c1`, row_number() OVER (PARTITION BY `hero`.`team_id`) AS `c2` FROM `hero` WHERE `hero`.`age` > ?) SELECT `placed`.`name`, `placed`.`place` FROM `placed` WHERE `placed`.`place` <= ?
        [I32(17), I64(3)]
    "#]],
    );
    let joined: Select<(Hero, Option<Placed>), _> = Hero::select()
        .with(Placed::of(placed))
        .left_join_on(table::<Placed>(), Placed::NAME.eq(Hero::NAME));
    check(
        |dialect| joined.render(dialect),
        expect![[r#"
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (PARTITION BY "hero"."team_id") AS "c2" FROM "hero" WHERE "hero"."age" > ?1) SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "placed"."name" AS "placed__name", "placed"."place" AS "placed__place" FROM "hero" LEFT JOIN "placed" ON "placed"."name" = "hero"."name"
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (PARTITION BY "hero"."team_id") AS "c2" FROM "hero" WHERE "hero"."age" > $1) SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "placed"."name" AS "placed__name", "placed"."place" AS "placed__place" FROM "hero" LEFT JOIN "placed" ON "placed"."name" = "hero"."name"
        WITH `placed` (`name`, `place`) AS (SELECT `hero`.`name` AS `c1`, row_number() OVER (PARTITION BY `hero`.`team_id`) AS `c2` FROM `hero` WHERE `hero`.`age` > ?) SELECT `hero`.`id` AS `hero__id`, `hero`.`name` AS `hero__name`, `hero`.`age` AS `hero__age`, `hero`.`team_id` AS `hero__team_id`, `placed`.`name` AS `placed__name`, `placed`.`place` AS `placed__place` FROM `hero` LEFT JOIN `placed` ON `placed`.`name` = `hero`.`name`
        [I32(17)]
    "#]],
    );
}

#[test]
fn a_query_with_a_name_finds_more_rows_by_reading_itself() {
    let first = Hero::select()
        .filter(Hero::ID.eq(1))
        .columns((Hero::ID, Hero::AGE.coalesce(0)));
    let next = Hero::select()
        .join_on(table::<Chain>(), Chain::ID.eq(Hero::TEAM_ID))
        .columns((Hero::ID, Chain::DEPTH + 1));
    let query = select_from::<Chain>().with(Chain::recursive(first.union_all(next)));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        WITH RECURSIVE "chain" ("id", "depth") AS (SELECT "hero"."id" AS "c1", coalesce("hero"."age", ?1) AS "c2" FROM "hero" WHERE "hero"."id" = ?2 UNION ALL SELECT "hero"."id" AS "c1", "chain"."depth" + ?3 AS "c2" FROM "hero" JOIN "chain" ON "chain"."id" = "hero"."team_id") SELECT "chain"."id", "chain"."depth" FROM "chain"
        WITH RECURSIVE "chain" ("id", "depth") AS (SELECT "hero"."id" AS "c1", coalesce("hero"."age", $1) AS "c2" FROM "hero" WHERE "hero"."id" = $2 UNION ALL SELECT "hero"."id" AS "c1", "chain"."depth" + $3 AS "c2" FROM "hero" JOIN "chain" ON "chain"."id" = "hero"."team_id") SELECT "chain"."id", "chain"."depth" FROM "chain"
        WITH RECURSIVE `chain` (`id`, `depth`) AS (SELECT `hero`.`id` AS `c1`, coalesce(`hero`.`age`, ?) AS `c2` FROM `hero` WHERE `hero`.`id` = ? UNION ALL SELECT `hero`.`id` AS `c1`, `chain`.`depth` + ? AS `c2` FROM `hero` JOIN `chain` ON `chain`.`id` = `hero`.`team_id`) SELECT `chain`.`id`, `chain`.`depth` FROM `chain`
        [I32(0), I64(1), I32(1)]
    "#]],
    );
}

#[test]
fn distinct_on_is_for_postgres_alone() {
    let query = Hero::select()
        .distinct_on((Hero::TEAM_ID, Hero::NAME))
        .order_by(Hero::TEAM_ID.asc());
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SQLite: only PostgreSQL has DISTINCT ON: number the rows with `row_number().over(..)` in a `cte!`, and keep those with number 1 (in `SELECT DISTINCT ON ("hero"."team_id", "hero"."name") "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" ORDER BY "hero"."team_id"`)
        SELECT DISTINCT ON ("hero"."team_id", "hero"."name") "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" ORDER BY "hero"."team_id"
        MySQL: only PostgreSQL has DISTINCT ON: number the rows with `row_number().over(..)` in a `cte!`, and keep those with number 1 (in `SELECT DISTINCT ON (`hero`.`team_id`, `hero`.`name`) `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` ORDER BY `hero`.`team_id``)
    "#]],
    );
}

#[test]
fn outer_joins_make_options_of_the_sides_that_may_be_missing() {
    let right: Select<(Option<Hero>, Team), _> = Hero::select().right_join(Hero::TEAM);
    check(
        |dialect| right.render(dialect),
        expect![[r#"
        SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "team"."id" AS "team__id", "team"."name" AS "team__name" FROM "hero" RIGHT JOIN "team" ON "team"."id" = "hero"."team_id"
        SELECT "hero"."id" AS "hero__id", "hero"."name" AS "hero__name", "hero"."age" AS "hero__age", "hero"."team_id" AS "hero__team_id", "team"."id" AS "team__id", "team"."name" AS "team__name" FROM "hero" RIGHT JOIN "team" ON "team"."id" = "hero"."team_id"
        SELECT `hero`.`id` AS `hero__id`, `hero`.`name` AS `hero__name`, `hero`.`age` AS `hero__age`, `hero`.`team_id` AS `hero__team_id`, `team`.`id` AS `team__id`, `team`.`name` AS `team__name` FROM `hero` RIGHT JOIN `team` ON `team`.`id` = `hero`.`team_id`
    "#]],
    );
    let full: Select<(Option<Hero>, Option<Team>), _> = Hero::select().full_join(Hero::TEAM);
    let names: Select<(Option<String>, Option<String>), _, _> =
        full.columns((Hero::NAME, Team::NAME));
    check(
        |dialect| names.render(dialect),
        expect![[r#"
        SELECT "hero"."name" AS "c1", "team"."name" AS "c2" FROM "hero" FULL JOIN "team" ON "team"."id" = "hero"."team_id"
        SELECT "hero"."name" AS "c1", "team"."name" AS "c2" FROM "hero" FULL JOIN "team" ON "team"."id" = "hero"."team_id"
        MySQL: MySQL has no full join: put the rows of a left join and those of a query without a partner together with `union_all` (in `SELECT `hero`.`name` AS `c1`, `team`.`name` AS `c2` FROM `hero` FULL JOIN `team` ON `team`.`id` = `hero`.`team_id``)
    "#]],
    );
}

#[test]
fn postgres_locks_the_rows_that_a_join_cannot_miss() {
    let sql = |query: Result<crate::RenderedStatement<'_>, sqlmodel_core::Error>| {
        query.map(|rendered| {
            rendered
                .sql
                .split_once(" FOR UPDATE")
                .map(|(_, of)| of.to_owned())
        })
    };
    let postgres = Dialect::Postgres;
    let left = Hero::select().left_join(Hero::TEAM).for_update(Lock::Wait);
    assert_eq!(
        sql(left.render(postgres)).unwrap().as_deref(),
        Some(" OF \"hero\"")
    );
    let right = Hero::select()
        .right_join(Hero::TEAM)
        .for_update(Lock::NoWait);
    assert_eq!(
        sql(right.render(postgres)).unwrap().as_deref(),
        Some(" OF \"team\" NOWAIT")
    );
    let inner = Hero::select().join(Hero::TEAM).for_update(Lock::Wait);
    assert_eq!(sql(inner.render(postgres)).unwrap().as_deref(), Some(""));
    let full = Hero::select().full_join(Hero::TEAM).for_update(Lock::Wait);
    assert!(sql(full.render(postgres)).is_err());
}

#[test]
fn a_name_that_no_query_has_is_refused() {
    let placed = || {
        let place = row_number().over(window().order_by(Hero::AGE.asc()));
        Placed::of(Hero::select().columns((Hero::NAME, place)))
    };
    let unnamed = select_from::<Placed>();
    check(
        |dialect| unnamed.render(dialect),
        expect![[r#"
            SQLite: no query is named `placed` here: say what its rows are by `.with(..)`, in this query or in one around it (in `SELECT "placed"."name", "placed"."place" FROM "placed"`)
            PostgreSQL: no query is named `placed` here: say what its rows are by `.with(..)`, in this query or in one around it (in `SELECT "placed"."name", "placed"."place" FROM "placed"`)
            MySQL: no query is named `placed` here: say what its rows are by `.with(..)`, in this query or in one around it (in `SELECT `placed`.`name`, `placed`.`place` FROM `placed``)
        "#]],
    );
    assert!(
        unnamed
            .clone()
            .with(placed())
            .render(Dialect::Sqlite)
            .is_ok()
    );
    let inside = |query| Hero::select().filter(Hero::NAME.in_query(query));
    let names = || select_from::<Placed>().columns(Placed::NAME);
    assert!(inside(names()).render(Dialect::Sqlite).is_err());
    assert!(
        inside(names().with(placed()))
            .render(Dialect::Sqlite)
            .is_ok()
    );
    assert!(
        inside(names())
            .with(placed())
            .render(Dialect::Sqlite)
            .is_ok()
    );
    let outside = inside(names().with(placed())).filter(Hero::NAME.in_query(names()));
    assert!(
        outside.render(Dialect::Sqlite).is_err(),
        "the name ends with its query"
    );
    let itself = Placed::of(select_from::<Placed>().columns((Placed::NAME, Placed::PLACE)));
    assert!(
        select_from::<Placed>()
            .with(itself)
            .render(Dialect::Sqlite)
            .is_err()
    );
}

#[test]
fn a_query_with_a_name_stands_before_what_changes_rows() {
    let placed = || {
        let place = row_number().over(window().order_by(Hero::AGE.desc()));
        Placed::of(
            Hero::select()
                .columns((Hero::NAME, place))
                .filter(Hero::AGE.gt(3)),
        )
    };
    let update = Hero::update()
        .with(placed())
        .joining_on(table::<Placed>(), Placed::NAME.eq(Hero::NAME))
        .set(Hero::AGE, 1)
        .filter(Placed::PLACE.eq(1));
    check(
        |dialect| update.render(dialect),
        expect![[r#"
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (ORDER BY "hero"."age" DESC) AS "c2" FROM "hero" WHERE "hero"."age" > ?1) UPDATE "hero" SET "age" = ?2 FROM "placed" WHERE "placed"."name" = "hero"."name" AND "placed"."place" = ?3
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (ORDER BY "hero"."age" DESC) AS "c2" FROM "hero" WHERE "hero"."age" > $1) UPDATE "hero" SET "age" = $2 FROM "placed" WHERE "placed"."name" = "hero"."name" AND "placed"."place" = $3
        MySQL: MySQL and MariaDB have no common form of WITH in front of UPDATE and DELETE: give the query its name in the subquery that reads it, `in_query(select_from::<Named>().columns(..).with(..))`
    "#]],
    );
    let last = || {
        select_from::<Placed>()
            .columns(Placed::NAME)
            .filter(Placed::PLACE.gt(9))
    };
    let delete = Hero::delete()
        .with(placed())
        .filter(Hero::NAME.in_query(last()));
    check(
        |dialect| delete.render(dialect),
        expect![[r#"
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (ORDER BY "hero"."age" DESC) AS "c2" FROM "hero" WHERE "hero"."age" > ?1) DELETE FROM "hero" WHERE "hero"."name" IN (SELECT "placed"."name" AS "c1" FROM "placed" WHERE "placed"."place" > ?2)
        WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (ORDER BY "hero"."age" DESC) AS "c2" FROM "hero" WHERE "hero"."age" > $1) DELETE FROM "hero" WHERE "hero"."name" IN (SELECT "placed"."name" AS "c1" FROM "placed" WHERE "placed"."place" > $2)
        MySQL: MySQL and MariaDB have no common form of WITH in front of UPDATE and DELETE: give the query its name in the subquery that reads it, `in_query(select_from::<Named>().columns(..).with(..))`
    "#]],
    );
    // The way that all dialects know.
    let delete = Hero::delete().filter(Hero::NAME.in_query(last().with(placed())));
    check(
        |dialect| delete.render(dialect),
        expect![[r#"
        DELETE FROM "hero" WHERE "hero"."name" IN (WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (ORDER BY "hero"."age" DESC) AS "c2" FROM "hero" WHERE "hero"."age" > ?1) SELECT "placed"."name" AS "c1" FROM "placed" WHERE "placed"."place" > ?2)
        DELETE FROM "hero" WHERE "hero"."name" IN (WITH "placed" ("name", "place") AS (SELECT "hero"."name" AS "c1", row_number() OVER (ORDER BY "hero"."age" DESC) AS "c2" FROM "hero" WHERE "hero"."age" > $1) SELECT "placed"."name" AS "c1" FROM "placed" WHERE "placed"."place" > $2)
        DELETE FROM `hero` WHERE `hero`.`name` IN (WITH `placed` (`name`, `place`) AS (SELECT `hero`.`name` AS `c1`, row_number() OVER (ORDER BY `hero`.`age` DESC) AS `c2` FROM `hero` WHERE `hero`.`age` > ?) SELECT `placed`.`name` AS `c1` FROM `placed` WHERE `placed`.`place` > ?)
        [I32(3), I64(9)]
    "#]],
    );
    // Without its query, the name means nothing.
    let delete = Hero::delete().filter(Hero::NAME.in_query(last()));
    check(
        |dialect| delete.render(dialect),
        expect![[r#"
        SQLite: no query is named `placed` here: say what its rows are by `.with(..)`, in this query or in one around it (in `DELETE FROM "hero" WHERE "hero"."name" IN (SELECT "placed"."name" AS "c1" FROM "placed" WHERE "placed"."place" > ?1)`)
        PostgreSQL: no query is named `placed` here: say what its rows are by `.with(..)`, in this query or in one around it (in `DELETE FROM "hero" WHERE "hero"."name" IN (SELECT "placed"."name" AS "c1" FROM "placed" WHERE "placed"."place" > $1)`)
        MySQL: no query is named `placed` here: say what its rows are by `.with(..)`, in this query or in one around it (in `DELETE FROM `hero` WHERE `hero`.`name` IN (SELECT `placed`.`name` AS `c1` FROM `placed` WHERE `placed`.`place` > ?)`)
    "#]],
    );
}
