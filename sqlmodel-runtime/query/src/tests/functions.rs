//! Functions whose text differs between the dialects: tuples, ANY and ALL, lists, dates, texts, raw SQL.

use expect_test::expect;
use sqlmodel_core::types::Array;
use sqlmodel_core::value::{Date, Decimal, Time, Timestamp};

use super::{Hero, Team, check};
use crate::{
    Column, Comparison, DateExpression, DayExpression, Expression, ListExpression, ModelQuery,
    NumberExpression, QuantifiedExpression, TextExpression, TimeExpression, TimeUnit,
    TimestampExpression, TupleExpression, ValueExpression, now, raw, raw_for, today,
};

const DAY: Column<Hero, Date> = Column::new("day");
const AT: Column<Hero, Option<Timestamp>> = Column::new("at");
const CLOCK: Column<Hero, Time> = Column::new("clock");
const WORDS: Column<Hero, Array<String>> = Column::new("words");

#[test]
fn tuples_are_compared_as_a_whole() {
    let query = Hero::select()
        .filter((Hero::NAME, Hero::AGE).in_([("Deadpond", 30), ("Tarantula", 32)]))
        .filter((Hero::ID, Hero::NAME).not_in([(1, "x"); 0]))
        .filter((Hero::ID, Hero::NAME).in_query(Team::select().columns((Team::ID, Team::NAME))));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE ("hero"."name", "hero"."age") IN (VALUES (?1, ?2), (?3, ?4)) AND 1 = 1 AND ("hero"."id", "hero"."name") IN (SELECT "team"."id" AS "c1", "team"."name" AS "c2" FROM "team")
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE ("hero"."name", "hero"."age") IN (($1, $2), ($3, $4)) AND 1 = 1 AND ("hero"."id", "hero"."name") IN (SELECT "team"."id" AS "c1", "team"."name" AS "c2" FROM "team")
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE (`hero`.`name`, `hero`.`age`) IN ((?, ?), (?, ?)) AND 1 = 1 AND (`hero`.`id`, `hero`.`name`) IN (SELECT `team`.`id` AS `c1`, `team`.`name` AS `c2` FROM `team`)
        [Text("Deadpond"), I32(30), Text("Tarantula"), I32(32)]
    "#]],
    );
}

#[test]
fn comparisons_with_all_rows_of_a_query() {
    let ages = || Hero::select().filter(Hero::NAME.eq("x")).columns(Hero::AGE);
    let query = Hero::select()
        .filter(Hero::AGE.compare_any(Comparison::Greater, ages()))
        .filter(!Hero::AGE.compare_all(Comparison::LessOrEqual, ages()));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE CASE WHEN EXISTS (SELECT 1 FROM (SELECT "hero"."age" AS "c1" FROM "hero" WHERE "hero"."name" = ?1) AS "compared" WHERE ("hero"."age" > "compared"."c1")) THEN 1 WHEN EXISTS (SELECT 1 FROM (SELECT "hero"."age" AS "c1" FROM "hero" WHERE "hero"."name" = ?2) AS "compared" WHERE ("hero"."age" > "compared"."c1") IS NULL) THEN NULL ELSE 0 END AND NOT (CASE WHEN EXISTS (SELECT 1 FROM (SELECT "hero"."age" AS "c1" FROM "hero" WHERE "hero"."name" = ?3) AS "compared" WHERE ("hero"."age" <= "compared"."c1") IS FALSE) THEN 0 WHEN EXISTS (SELECT 1 FROM (SELECT "hero"."age" AS "c1" FROM "hero" WHERE "hero"."name" = ?4) AS "compared" WHERE ("hero"."age" <= "compared"."c1") IS NULL) THEN NULL ELSE 1 END)
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE "hero"."age" > ANY (SELECT "hero"."age" AS "c1" FROM "hero" WHERE "hero"."name" = $1) AND NOT ("hero"."age" <= ALL (SELECT "hero"."age" AS "c1" FROM "hero" WHERE "hero"."name" = $2))
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE `hero`.`age` > ANY (SELECT `hero`.`age` AS `c1` FROM `hero` WHERE `hero`.`name` = ?) AND NOT (`hero`.`age` <= ALL (SELECT `hero`.`age` AS `c1` FROM `hero` WHERE `hero`.`name` = ?))
        [Text("x"), Text("x")]
    "#]],
    );
}

#[test]
fn lists_are_searched() {
    let query = Hero::select()
        .filter(WORDS.has("a"))
        .columns(WORDS.n_items());
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT json_array_length("hero"."words") AS "c1" FROM "hero" WHERE CASE WHEN "hero"."words" IS NOT NULL THEN EXISTS (SELECT 1 FROM json_each("hero"."words") WHERE value = ?1) END
        SELECT cardinality("hero"."words") AS "c1" FROM "hero" WHERE $1 = ANY ("hero"."words")
        SELECT json_length(`hero`.`words`) AS `c1` FROM `hero` WHERE JSON_CONTAINS(`hero`.`words`, JSON_QUOTE(?))
        [Text("a")]
    "#]],
    );
}

#[test]
fn dates_have_parts() {
    let query = Hero::select().columns((
        DAY.year(),
        AT.month(),
        AT.weekday(),
        DAY.day_of_year(),
        AT.hour(),
        CLOCK.second(),
    ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT CAST(substr("hero"."day", 1, 4) AS INTEGER) AS "c1", CAST(substr("hero"."at", 6, 2) AS INTEGER) AS "c2", CAST(strftime('%u', substr("hero"."at", 1, 10)) AS INTEGER) AS "c3", CAST(strftime('%j', substr("hero"."day", 1, 10)) AS INTEGER) AS "c4", CAST(substr("hero"."at", 12, 2) AS INTEGER) AS "c5", CAST(substr("hero"."clock", 7, 2) AS INTEGER) AS "c6" FROM "hero"
        SELECT CAST(trunc(EXTRACT(YEAR FROM "hero"."day")) AS integer) AS "c1", CAST(trunc(EXTRACT(MONTH FROM "hero"."at")) AS integer) AS "c2", CAST(EXTRACT(ISODOW FROM "hero"."at") AS integer) AS "c3", CAST(EXTRACT(DOY FROM "hero"."day") AS integer) AS "c4", CAST(trunc(EXTRACT(HOUR FROM "hero"."at")) AS integer) AS "c5", CAST(trunc(EXTRACT(SECOND FROM "hero"."clock")) AS integer) AS "c6" FROM "hero"
        SELECT EXTRACT(YEAR FROM `hero`.`day`) AS `c1`, EXTRACT(MONTH FROM `hero`.`at`) AS `c2`, (WEEKDAY(`hero`.`at`) + 1) AS `c3`, DAYOFYEAR(`hero`.`day`) AS `c4`, EXTRACT(HOUR FROM `hero`.`at`) AS `c5`, EXTRACT(SECOND FROM `hero`.`clock`) AS `c6` FROM `hero`
    "#]],
    );
    let query = Hero::select()
        .filter(DAY.eq(AT.date()))
        .filter(AT.lt(now::<Timestamp>()))
        .columns((
            AT.truncated_to(TimeUnit::Month),
            DAY.plus_days(-3),
            AT.plus_days(3),
            DAY.days_since(today::<Date>()),
        ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT (substr("hero"."at", 1, 7) || '-01 00:00:00.000000') AS "c1", date("hero"."day", ?1 || ' days') AS "c2", (date(substr("hero"."at", 1, 10), ?2 || ' days') || substr("hero"."at", 11)) AS "c3", CAST(julianday("hero"."day") - julianday((date('now'))) AS INTEGER) AS "c4" FROM "hero" WHERE "hero"."day" = substr("hero"."at", 1, 10) AND "hero"."at" < (strftime('%Y-%m-%d %H:%M:%f000', 'now'))
        SELECT date_trunc('month', "hero"."at") AS "c1", ("hero"."day" + CAST($1 AS integer)) AS "c2", ("hero"."at" + CAST($2 AS integer) * INTERVAL '24 hours') AS "c3", ("hero"."day" - ((now() AT TIME ZONE 'UTC')::date)) AS "c4" FROM "hero" WHERE "hero"."day" = CAST("hero"."at" AS date) AND "hero"."at" < (now() AT TIME ZONE 'UTC')
        SELECT CAST(DATE_FORMAT(`hero`.`at`, '%Y-%m-01 00:00:00.000000') AS DATETIME(6)) AS `c1`, DATE_ADD(`hero`.`day`, INTERVAL ? DAY) AS `c2`, DATE_ADD(`hero`.`at`, INTERVAL ? DAY) AS `c3`, DATEDIFF(`hero`.`day`, (UTC_DATE())) AS `c4` FROM `hero` WHERE `hero`.`day` = DATE(`hero`.`at`) AND `hero`.`at` < (UTC_TIMESTAMP(6))
        [I32(-3), I32(3)]
    "#]],
    );
}

#[test]
fn texts_and_extremes() {
    let query = Hero::select().columns((
        Hero::NAME.left(3),
        Hero::NAME.right(3),
        Hero::NAME.right(0),
        Hero::NAME.position_of("x"),
        Hero::AGE.greatest(3),
        Hero::ID.least(Hero::TEAM_ID),
    ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT substr("hero"."name", ?1, ?2) AS "c1", substr("hero"."name", -3) AS "c2", substr("hero"."name", 1, 0) AS "c3", instr("hero"."name", ?3) AS "c4", max("hero"."age", ?4) AS "c5", min("hero"."id", "hero"."team_id") AS "c6" FROM "hero"
            SELECT substr("hero"."name", $1, $2) AS "c1", right("hero"."name", 3) AS "c2", right("hero"."name", 0) AS "c3", strpos("hero"."name", $3) AS "c4", CASE WHEN "hero"."age" IS NOT NULL THEN greatest("hero"."age", $4) END AS "c5", CASE WHEN "hero"."id" IS NOT NULL AND "hero"."team_id" IS NOT NULL THEN least("hero"."id", "hero"."team_id") END AS "c6" FROM "hero"
            SELECT substr(`hero`.`name`, ?, ?) AS `c1`, right(`hero`.`name`, 3) AS `c2`, right(`hero`.`name`, 0) AS `c3`, instr(`hero`.`name`, ?) AS `c4`, greatest(`hero`.`age`, ?) AS `c5`, least(`hero`.`id`, `hero`.`team_id`) AS `c6` FROM `hero`
            [I32(1), I32(3), Text("x"), I32(3)]
        "#]],
    );
}

#[test]
fn raw_text_takes_parameters() {
    let soundex = raw("soundex(").arg(Hero::NAME).text(")").typed::<String>();
    let random = raw_for("random()", "random()", "rand()").typed::<f64>();
    let query = Hero::select()
        .filter(soundex.eq("D310"))
        .filter(
            raw("")
                .arg(Hero::AGE + 1)
                .text(" << ")
                .value(2_i32)
                .typed::<Option<i32>>()
                .gt(3),
        )
        .order_by(random.asc());
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE (soundex("hero"."name")) = ?1 AND (("hero"."age" + ?2) << ?3) > ?4 ORDER BY (random())
        SELECT "hero"."id", "hero"."name", "hero"."age", "hero"."team_id" FROM "hero" WHERE (soundex("hero"."name")) = $1 AND (("hero"."age" + $2) << $3) > $4 ORDER BY (random())
        SELECT `hero`.`id`, `hero`.`name`, `hero`.`age`, `hero`.`team_id` FROM `hero` WHERE (soundex(`hero`.`name`)) = ? AND ((`hero`.`age` + ?) << ?) > ? ORDER BY (rand())
        [Text("D310"), I32(1), I32(2), I32(3)]
    "#]],
    );
}

#[cfg(feature = "json")]
#[test]
fn json_is_read_by_path() {
    use crate::{JsonExpression, JsonStep};
    use sqlmodel_core::types::Json;

    const DATA: Column<Hero, Option<Json>> = Column::new("data");
    let query = Hero::select().filter(DATA.json_has(["a\"b\\\n"])).columns((
        DATA.json_text(["address", "city"]),
        DATA.json_i64(["tags".into(), JsonStep::Item(0)]),
        DATA.json_bool(["x"]),
    ));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
            SELECT CASE WHEN json_type("hero"."data", ?1) IN ('text') THEN "hero"."data" ->> ?2 END AS "c1", CASE WHEN json_type("hero"."data", ?3) IN ('integer') THEN "hero"."data" ->> ?4 END AS "c2", CASE WHEN json_type("hero"."data", ?5) IN ('true', 'false') THEN "hero"."data" ->> ?6 END AS "c3" FROM "hero" WHERE json_type("hero"."data", ?7) IS NOT NULL
            SELECT CASE WHEN jsonb_typeof(jsonb_path_query_first("hero"."data", CAST(CAST($1 AS text) AS jsonpath), '{}', TRUE)) IN ('string') THEN jsonb_path_query_first("hero"."data", CAST(CAST($2 AS text) AS jsonpath), '{}', TRUE) #>> '{}' END AS "c1", CASE WHEN jsonb_path_query_first("hero"."data", CAST(CAST($3 AS text) AS jsonpath), '{}', TRUE)::text ~ '^-?[0-9]+$' THEN CAST(jsonb_path_query_first("hero"."data", CAST(CAST($4 AS text) AS jsonpath), '{}', TRUE) #>> '{}' AS bigint) END AS "c2", CASE WHEN jsonb_typeof(jsonb_path_query_first("hero"."data", CAST(CAST($5 AS text) AS jsonpath), '{}', TRUE)) IN ('boolean') THEN CAST(jsonb_path_query_first("hero"."data", CAST(CAST($6 AS text) AS jsonpath), '{}', TRUE) #>> '{}' AS boolean) END AS "c3" FROM "hero" WHERE jsonb_path_query_first("hero"."data", CAST(CAST($7 AS text) AS jsonpath), '{}', TRUE) IS NOT NULL
            SELECT CASE WHEN JSON_TYPE(JSON_EXTRACT(`hero`.`data`, ?)) IN ('STRING') THEN JSON_UNQUOTE(JSON_EXTRACT(`hero`.`data`, ?)) END AS `c1`, CASE WHEN JSON_TYPE(JSON_EXTRACT(`hero`.`data`, ?)) IN ('ARRAY') AND JSON_TYPE(JSON_EXTRACT(`hero`.`data`, ?)) IN ('INTEGER', 'UNSIGNED INTEGER') THEN CAST(JSON_EXTRACT(`hero`.`data`, ?) AS DECIMAL(65, 0)) DIV 1 END AS `c2`, CASE WHEN JSON_TYPE(JSON_EXTRACT(`hero`.`data`, ?)) IN ('BOOLEAN') THEN JSON_UNQUOTE(JSON_EXTRACT(`hero`.`data`, ?)) = 'true' END AS `c3` FROM `hero` WHERE coalesce(JSON_CONTAINS_PATH(`hero`.`data`, 'one', ?), 0) = 1
            [Text("$.\"address\".\"city\""), Text("$.\"address\".\"city\""), Text("$.\"tags\""), Text("$.\"tags\"[0]"), Text("$.\"tags\"[0]"), Text("$.\"x\""), Text("$.\"x\""), Text("$.\"a\\\"b\\\\\\n\"")]
        "#]],
    );
}

#[test]
fn halves_are_rounded_alike() {
    let mean = Hero::ID.cast::<f64>() + 0.5;
    let query = Hero::select().columns(mean.round());
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT round(CAST("hero"."id" AS REAL) + ?1) AS "c1" FROM "hero"
        SELECT trunc((CAST("hero"."id" AS double precision) + $1) + sign(CAST("hero"."id" AS double precision) + $2) * 0.5) AS "c1" FROM "hero"
        SELECT truncate((CAST(`hero`.`id` AS DOUBLE) + ?) + sign(CAST(`hero`.`id` AS DOUBLE) + ?) * 0.5e0, 0) AS `c1` FROM `hero`
        [F64(0.5), F64(0.5)]
    "#]],
    );
    const PRICE: Column<Hero, Decimal> = Column::new("price");
    let query = Hero::select().columns((PRICE.round(), (PRICE * PRICE).round_to(2)));
    check(
        |dialect| query.render(dialect),
        expect![[r#"
        SELECT sqlmodel_decimal_round("hero"."price", 0) AS "c1", sqlmodel_decimal_round(sqlmodel_decimal_mul("hero"."price", "hero"."price"), 2) AS "c2" FROM "hero"
        SELECT round("hero"."price", 0) AS "c1", round("hero"."price" * "hero"."price", 2) AS "c2" FROM "hero"
        SELECT round(`hero`.`price`, 0) AS `c1`, round(`hero`.`price` * `hero`.`price`, 2) AS `c2` FROM `hero`
    "#]],
    );
}
