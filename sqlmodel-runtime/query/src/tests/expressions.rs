//! Expressions, each as the column of a query.

use expect_test::{Expect, expect};
use sqlmodel_core::value::Decimal;
use sqlmodel_core::{Decode, Dialect};

use super::{Hero, Team};
use crate::{
    AggregateExpression, Column, Expr, Expression, ModelQuery, NumberExpression, Relation, Select,
    TextExpression, ValueExpression, all_of, any_of, case, count_all, rank, window,
};

/// Renders the columns of a query for the three dialects, or why a dialect refuses them.
#[track_caller]
fn check<R: Decode, Scope, Form>(query: &Select<R, Scope, Form>, expected: Expect) {
    let mut printed = String::new();
    for dialect in Dialect::ALL {
        let line = match query.render(dialect) {
            Err(error) => format!("{dialect}: {:?}", error.kind()),
            Ok(rendered) => {
                let columns = rendered
                    .sql
                    .rsplit_once(" FROM ")
                    .map_or("", |(columns, _)| columns);
                let columns = columns.trim_start_matches("SELECT ");
                format!("{} {:?}", columns, rendered.params)
            }
        };
        printed.push_str(&line);
        printed.push('\n');
    }
    expected.assert_eq(&printed);
}

/// Fails to compile where an expression does not have the type that is claimed.
fn typed<S, T>(expression: Expr<S, T>) -> Expr<S, T> {
    expression
}

#[test]
fn arithmetic_keeps_the_type_and_groups_as_written() {
    let age = || Hero::AGE;
    let columns = (
        age() + 1 - Hero::AGE,
        (age() + 1) * 2,
        age() - (Hero::AGE - 1),
        Hero::ID * Hero::ID + 3,
    );
    let query: Select<(Option<i32>, Option<i32>, Option<i32>, i64), _, _> =
        Hero::select().columns(columns);
    check(
        &query,
        expect![[r#"
        "hero"."age" + ?1 - "hero"."age" AS "c1", ("hero"."age" + ?2) * ?3 AS "c2", "hero"."age" - ("hero"."age" - ?4) AS "c3", "hero"."id" * "hero"."id" + ?5 AS "c4" [I32(1), I32(1), I32(2), I32(1), I64(3)]
        "hero"."age" + $1 - "hero"."age" AS "c1", ("hero"."age" + $2) * $3 AS "c2", "hero"."age" - ("hero"."age" - $4) AS "c3", "hero"."id" * "hero"."id" + $5 AS "c4" [I32(1), I32(1), I32(2), I32(1), I64(3)]
        `hero`.`age` + ? - `hero`.`age` AS `c1`, (`hero`.`age` + ?) * ? AS `c2`, `hero`.`age` - (`hero`.`age` - ?) AS `c3`, `hero`.`id` * `hero`.`id` + ? AS `c4` [I32(1), I32(1), I32(2), I32(1), I64(3)]
    "#]],
    );
}

#[test]
fn a_quotient_may_be_null_and_truncates_on_every_dialect() {
    let query: Select<(Option<i64>, Option<i64>), _, _> =
        Hero::select().columns((Hero::ID / 2, Hero::ID % 2));
    check(
        &query,
        expect![[r#"
        "hero"."id" / ?1 AS "c1", "hero"."id" % ?2 AS "c2" [I64(2), I64(2)]
        "hero"."id" / $1 AS "c1", "hero"."id" % $2 AS "c2" [I64(2), I64(2)]
        `hero`.`id` DIV ? AS `c1`, `hero`.`id` % ? AS `c2` [I64(2), I64(2)]
    "#]],
    );
}

#[test]
fn decimals_are_numbers_on_sqlite_too() {
    const PRICE: Column<Hero, Decimal> = Column::new("price");
    const OLD_PRICE: Column<Hero, Option<Decimal>> = Column::new("old_price");
    check(
        &Hero::select().columns((
            PRICE + PRICE * PRICE,
            PRICE.abs(),
            PRICE.sum().over(window()),
        )),
        expect![[r#"
            sqlmodel_decimal_add("hero"."price", sqlmodel_decimal_mul("hero"."price", "hero"."price")) AS "c1", sqlmodel_decimal_abs("hero"."price") AS "c2", sqlmodel_decimal_sum("hero"."price" COLLATE sqlmodel_decimal) OVER () AS "c3" []
            "hero"."price" + "hero"."price" * "hero"."price" AS "c1", abs("hero"."price") AS "c2", sum("hero"."price") OVER () AS "c3" []
            `hero`.`price` + `hero`.`price` * `hero`.`price` AS `c1`, abs(`hero`.`price`) AS `c2`, sum(`hero`.`price`) OVER () AS `c3` []
        "#]],
    );
    check(
        &Hero::select().columns((
            PRICE.gt(Decimal::from(3)),
            OLD_PRICE.coalesce(PRICE).between(Decimal::from(1), PRICE),
            PRICE.in_([Decimal::from(3)]),
            PRICE.is_not_distinct_from(None),
            PRICE.least(OLD_PRICE),
            rank().over(window().order_by(PRICE.desc())),
        )),
        expect![[r#"
            "hero"."price" COLLATE sqlmodel_decimal > ?1 AS "c1", coalesce("hero"."old_price" COLLATE sqlmodel_decimal, "hero"."price") COLLATE sqlmodel_decimal BETWEEN ?2 AND "hero"."price" AS "c2", "hero"."price" COLLATE sqlmodel_decimal IN (?3) AS "c3", "hero"."price" COLLATE sqlmodel_decimal IS ?4 AS "c4", min("hero"."price" COLLATE sqlmodel_decimal, "hero"."old_price") AS "c5", rank() OVER (ORDER BY "hero"."price" COLLATE sqlmodel_decimal DESC) AS "c6" [Decimal(3), Decimal(1), Decimal(3), Null]
            "hero"."price" > $1 AS "c1", coalesce("hero"."old_price", "hero"."price") BETWEEN $2 AND "hero"."price" AS "c2", "hero"."price" IN ($3) AS "c3", "hero"."price" IS NOT DISTINCT FROM $4 AS "c4", CASE WHEN "hero"."price" IS NOT NULL AND "hero"."old_price" IS NOT NULL THEN least("hero"."price", "hero"."old_price") END AS "c5", rank() OVER (ORDER BY "hero"."price" DESC) AS "c6" [Decimal(3), Decimal(1), Decimal(3), Null]
            `hero`.`price` > ? AS `c1`, coalesce(`hero`.`old_price`, `hero`.`price`) BETWEEN ? AND `hero`.`price` AS `c2`, `hero`.`price` IN (?) AS `c3`, `hero`.`price` <=> ? AS `c4`, least(`hero`.`price`, `hero`.`old_price`) AS `c5`, rank() OVER (ORDER BY `hero`.`price` DESC) AS `c6` [Decimal(3), Decimal(1), Decimal(3), Null]
        "#]],
    );
    check(
        &Hero::select().columns((PRICE.min(), PRICE.sum())),
        expect![[r#"
            min("hero"."price" COLLATE sqlmodel_decimal) AS "c1", sqlmodel_decimal_sum("hero"."price" COLLATE sqlmodel_decimal) AS "c2" []
            min("hero"."price") AS "c1", sum("hero"."price") AS "c2" []
            min(`hero`.`price`) AS `c1`, sum(`hero`.`price`) AS `c2` []
        "#]],
    );
    let quotient = Hero::select().columns(PRICE / PRICE);
    check(
        &quotient,
        expect![[r#"
        SQLite: Unsupported
        "hero"."price" / "hero"."price" AS "c1" []
        `hero`.`price` / `hero`.`price` AS `c1` []
    "#]],
    );
}

#[test]
fn texts_have_functions() {
    let query: Select<(String, String, i32, String, String, Option<String>), _, _> = Hero::select()
        .columns((
            Hero::NAME.lower().trim(),
            Hero::NAME.substr(0, 3),
            Hero::NAME.length(),
            Hero::NAME.replace("-", "'"),
            Hero::NAME.concat(" of ").concat(Hero::NAME.upper()),
            Hero::NAME.null_if("nobody"),
        ));
    check(
        &query,
        expect![[r#"
        trim(lower("hero"."name")) AS "c1", substr("hero"."name", ?1, ?2) AS "c2", length("hero"."name") AS "c3", replace("hero"."name", ?3, ?4) AS "c4", (("hero"."name" || ?5) || upper("hero"."name")) AS "c5", nullif("hero"."name", ?6) AS "c6" [I32(1), I32(3), Text("-"), Text("'"), Text(" of "), Text("nobody")]
        trim(lower("hero"."name")) AS "c1", substr("hero"."name", $1, $2) AS "c2", length("hero"."name") AS "c3", replace("hero"."name", $3, $4) AS "c4", (("hero"."name" || $5) || upper("hero"."name")) AS "c5", nullif("hero"."name", $6) AS "c6" [I32(1), I32(3), Text("-"), Text("'"), Text(" of "), Text("nobody")]
        trim(lower(`hero`.`name`)) AS `c1`, substr(`hero`.`name`, ?, ?) AS `c2`, char_length(`hero`.`name`) AS `c3`, replace(`hero`.`name`, ?, ?) AS `c4`, concat(concat(`hero`.`name`, ?), upper(`hero`.`name`)) AS `c5`, nullif(`hero`.`name`, ?) AS `c6` [I32(1), I32(3), Text("-"), Text("'"), Text(" of "), Text("nobody")]
    "#]],
    );
}

#[test]
fn patterns_have_one_escape_character() {
    let query = Hero::select().columns((Hero::NAME.like("50\\%"), Hero::NAME.ilike("a%")));
    check(
        &query,
        expect![[r#"
        "hero"."name" LIKE ?1 ESCAPE '\' AS "c1", "hero"."name" LIKE ?2 ESCAPE '\' AS "c2" [Text("50\\%"), Text("a%")]
        "hero"."name" LIKE $1 AS "c1", "hero"."name" ILIKE $2 AS "c2" [Text("50\\%"), Text("a%")]
        `hero`.`name` LIKE ? AS `c1`, lower(`hero`.`name`) LIKE lower(?) AS `c2` [Text("50\\%"), Text("a%")]
    "#]],
    );
}

#[test]
fn null_is_settled_by_types() {
    let query: Select<(i32, Option<i32>, bool, Option<bool>, bool), _, _> =
        Hero::select().columns((
            Hero::AGE.coalesce(0),
            Hero::AGE.coalesce(Hero::AGE + 1),
            Hero::AGE.is_null(),
            Hero::AGE.gt(3),
            Hero::NAME.eq("x"),
        ));
    check(
        &query,
        expect![[r#"
        coalesce("hero"."age", ?1) AS "c1", coalesce("hero"."age", "hero"."age" + ?2) AS "c2", "hero"."age" IS NULL AS "c3", "hero"."age" > ?3 AS "c4", "hero"."name" = ?4 AS "c5" [I32(0), I32(1), I32(3), Text("x")]
        coalesce("hero"."age", $1) AS "c1", coalesce("hero"."age", "hero"."age" + $2) AS "c2", "hero"."age" IS NULL AS "c3", "hero"."age" > $3 AS "c4", "hero"."name" = $4 AS "c5" [I32(0), I32(1), I32(3), Text("x")]
        coalesce(`hero`.`age`, ?) AS `c1`, coalesce(`hero`.`age`, `hero`.`age` + ?) AS `c2`, `hero`.`age` IS NULL AS `c3`, `hero`.`age` > ? AS `c4`, `hero`.`name` = ? AS `c5` [I32(0), I32(1), I32(3), Text("x")]
    "#]],
    );
}

#[test]
fn the_far_side_of_an_outer_join_is_optional() {
    let query: Select<(String, Option<String>, bool, String), _, _> =
        Hero::select().left_joining(Hero::TEAM).columns((
            Hero::NAME,
            Team::NAME,
            Team::NAME.is_null(),
            Team::NAME.coalesce("none"),
        ));
    check(
        &query,
        expect![[r#"
        "hero"."name" AS "c1", "team"."name" AS "c2", "team"."name" IS NULL AS "c3", coalesce("team"."name", ?1) AS "c4" [Text("none")]
        "hero"."name" AS "c1", "team"."name" AS "c2", "team"."name" IS NULL AS "c3", coalesce("team"."name", $1) AS "c4" [Text("none")]
        `hero`.`name` AS `c1`, `team`.`name` AS `c2`, `team`.`name` IS NULL AS `c3`, coalesce(`team`.`name`, ?) AS `c4` [Text("none")]
    "#]],
    );
}

#[test]
fn cases_are_typed_by_their_branches() {
    let query: Select<(String, Option<i32>), _, _> = Hero::select().columns((
        case(Hero::AGE.lt(18), "young")
            .when(Hero::AGE.is_null(), "ageless")
            .otherwise("grown"),
        case(Hero::NAME.eq("x"), 1).or_null(),
    ));
    check(
        &query,
        expect![[r#"
            CASE WHEN "hero"."age" < ?1 THEN ?2 WHEN "hero"."age" IS NULL THEN ?3 ELSE ?4 END AS "c1", CASE WHEN "hero"."name" = ?5 THEN ?6 END AS "c2" [I32(18), Text("young"), Text("ageless"), Text("grown"), Text("x"), I32(1)]
            CASE WHEN "hero"."age" < $1 THEN $2 WHEN "hero"."age" IS NULL THEN $3 ELSE $4 END AS "c1", CASE WHEN "hero"."name" = $5 THEN CAST($6 AS integer) END AS "c2" [I32(18), Text("young"), Text("ageless"), Text("grown"), Text("x"), I32(1)]
            CASE WHEN `hero`.`age` < ? THEN ? WHEN `hero`.`age` IS NULL THEN ? ELSE ? END AS `c1`, CASE WHEN `hero`.`name` = ? THEN ? END AS `c2` [I32(18), Text("young"), Text("ageless"), Text("grown"), Text("x"), I32(1)]
        "#]],
    );
}

#[test]
fn casts_are_those_that_all_dialects_agree_on() {
    let query: Select<(Option<i64>, Option<f64>, Option<String>), _, _> = Hero::select().columns((
        Hero::AGE.cast::<i64>() + Hero::ID,
        Hero::AGE.cast::<f64>(),
        Hero::AGE.cast::<String>(),
    ));
    check(
        &query,
        expect![[r#"
        CAST("hero"."age" AS INTEGER) + "hero"."id" AS "c1", CAST("hero"."age" AS REAL) AS "c2", CAST("hero"."age" AS TEXT) AS "c3" []
        CAST("hero"."age" AS bigint) + "hero"."id" AS "c1", CAST("hero"."age" AS double precision) AS "c2", CAST("hero"."age" AS text) AS "c3" []
        CAST(`hero`.`age` AS SIGNED) + `hero`.`id` AS `c1`, CAST(`hero`.`age` AS DOUBLE) AS `c2`, CAST(`hero`.`age` AS CHAR) AS `c3` []
    "#]],
    );
}

#[test]
fn aggregates_have_the_same_type_everywhere() {
    let query: Select<(i64, i64, i64, Option<i64>, Option<f64>, Option<i32>), _, _> =
        Hero::select().columns((
            count_all(),
            Hero::TEAM_ID.count(),
            Hero::TEAM_ID.count_distinct(),
            Hero::AGE.sum(),
            Hero::AGE.avg(),
            Hero::AGE.max(),
        ));
    check(
        &query,
        expect![[r#"
            count(*) AS "c1", count("hero"."team_id") AS "c2", count(DISTINCT "hero"."team_id") AS "c3", sum("hero"."age") AS "c4", avg("hero"."age") AS "c5", max("hero"."age") AS "c6" []
            count(*) AS "c1", count("hero"."team_id") AS "c2", count(DISTINCT "hero"."team_id") AS "c3", CAST(sum("hero"."age") AS bigint) AS "c4", avg(CAST("hero"."age" AS double precision)) AS "c5", max("hero"."age") AS "c6" []
            count(*) AS `c1`, count(`hero`.`team_id`) AS `c2`, count(DISTINCT `hero`.`team_id`) AS `c3`, (sum(`hero`.`age`) DIV 1) AS `c4`, avg(0e0 + `hero`.`age`) AS `c5`, max(`hero`.`age`) AS `c6` []
        "#]],
    );
}

#[test]
fn an_aggregate_takes_filters() {
    let query = Hero::select().columns((
        count_all()
            .filter(Hero::AGE.ge(18))
            .filter(Hero::AGE.lt(65)),
        Hero::AGE
            .sum()
            .filter(Hero::NAME.ne("x").or(Hero::NAME.eq("y"))),
    ));
    check(
        &query,
        expect![[r#"
            count(*) FILTER (WHERE "hero"."age" >= ?1 AND "hero"."age" < ?2) AS "c1", sum("hero"."age") FILTER (WHERE ("hero"."name" <> ?3 OR "hero"."name" = ?4)) AS "c2" [I32(18), I32(65), Text("x"), Text("y")]
            count(*) FILTER (WHERE "hero"."age" >= $1 AND "hero"."age" < $2) AS "c1", CAST(sum("hero"."age") FILTER (WHERE ("hero"."name" <> $3 OR "hero"."name" = $4)) AS bigint) AS "c2" [I32(18), I32(65), Text("x"), Text("y")]
            count(CASE WHEN `hero`.`age` >= ? AND `hero`.`age` < ? THEN 1 END) AS `c1`, (sum(CASE WHEN (`hero`.`name` <> ? OR `hero`.`name` = ?) THEN `hero`.`age` END) DIV 1) AS `c2` [I32(18), I32(65), Text("x"), Text("y")]
        "#]],
    );
}

#[test]
fn conditions_that_are_known_at_run_time() {
    let names = ["a", "b"];
    let any = any_of(names.map(|name| Hero::NAME.eq(name).within::<Hero, _>()));
    let none = any_of([] as [Expr<(), bool>; 0]);
    let all = all_of([typed(any), Hero::AGE.gt(1).within::<Hero, _>()]);
    check(
        &Hero::select().columns((all, none)),
        expect![[r#"
        ("hero"."name" = ?1 OR "hero"."name" = ?2) AND "hero"."age" > ?3 AS "c1", 1 = 0 AS "c2" [Text("a"), Text("b"), I32(1)]
        ("hero"."name" = $1 OR "hero"."name" = $2) AND "hero"."age" > $3 AS "c1", 1 = 0 AS "c2" [Text("a"), Text("b"), I32(1)]
        (`hero`.`name` = ? OR `hero`.`name` = ?) AND `hero`.`age` > ? AS `c1`, 1 = 0 AS `c2` [Text("a"), Text("b"), I32(1)]
    "#]],
    );
}

#[test]
fn relations_ask_for_partners() {
    let has_adult = Hero::AGE.gt(18).and(Hero::NAME.ne(Team::NAME));
    let query: Select<(bool, bool), _, _> =
        Team::select().columns((Team::HEROES.any(), Team::HEROES.none_where(has_adult)));
    check(
        &query,
        expect![[r#"
            EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id") AS "c1", NOT (EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id" AND "hero"."age" > ?1 AND "hero"."name" <> "team"."name")) AS "c2" [I32(18)]
            EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id") AS "c1", NOT (EXISTS (SELECT 1 FROM "hero" WHERE "hero"."team_id" = "team"."id" AND "hero"."age" > $1 AND "hero"."name" <> "team"."name")) AS "c2" [I32(18)]
            EXISTS (SELECT 1 FROM `hero` WHERE `hero`.`team_id` = `team`.`id`) AS `c1`, NOT (EXISTS (SELECT 1 FROM `hero` WHERE `hero`.`team_id` = `team`.`id` AND `hero`.`age` > ? AND `hero`.`name` <> `team`.`name`)) AS `c2` [I32(18)]
        "#]],
    );
}

#[test]
fn numbers_lose_their_sign() {
    check(
        &Hero::select().columns((Hero::AGE - 50).abs()),
        expect![[r#"
            abs("hero"."age" - ?1) AS "c1" [I32(50)]
            abs("hero"."age" - $1) AS "c1" [I32(50)]
            abs(`hero`.`age` - ?) AS `c1` [I32(50)]
        "#]],
    );
}
