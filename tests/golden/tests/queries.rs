//! What users are told of mistakes in queries: the line, the code and the message of every diagnostic.

use expect_test::{Expect, expect};
use golden::{compile_text, type_name};
use sqlmodel_gen::diagnostic::{Color, Format, render};
use sqlmodel_gen::ir::Piece;

const MODELS: &str = r#"[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = { type = "text(80)", unique = true }
age = "i32?"
team_id = { ref = "Team?" }
[model.Team.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
"#;

/// Compiles queries beside the models, and compares what is said of them; lines are counted from the first of the queries.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "an expectation is written in place"
)]
fn check(queries: &str, expect: Expect) {
    let n_lines = MODELS.lines().count();
    let compiled = compile_text(&format!("{MODELS}{}", queries.trim_start()));
    let diagnostics = &compiled.compilation.diagnostics;
    let short = render(diagnostics, &compiled.sources, Format::Short, Color::Never);
    let mut found = String::new();
    for line in short.lines() {
        let line = line.strip_prefix("models.toml:").unwrap_or(line);
        let (number, rest) = line.split_once(':').unwrap_or(("0", line));
        let number: usize = number.parse().unwrap_or(0);
        found.push_str(&format!("{}:{rest}\n", number.saturating_sub(n_lines)));
    }
    expect.assert_eq(&found);
}

#[test]
fn options_fit_the_statement() {
    check(
        r#"
[[query]]
name = "a"
write = false
sql = "DELETE FROM hero"
[[query]]
name = "b"
write = false
dialects = ["postgres"]
sql = "SELECT id FROM hero FOR UPDATE"
[[query]]
name = "e"
batch = true
sql = "SELECT id FROM hero"
[[query]]
name = "f"
batch = true
order = { newest = "id DESC" }
sql = "SELECT id FROM hero WHERE id > :id ORDER BY /*order*/ id /*end*/"
"#,
        expect![[r#"
            3:9: error[SM0721]: the query `a` writes
            7:9: error[SM0721]: the query `b` locks rows
            12:9: error[SM0721]: a batch is a run for each set of parameters, and there are none
            16:9: error[SM0721]: the runs of a batch have no order to choose
        "#]],
    );
}

#[test]
fn options_are_well_formed() {
    check(
        r#"
[[query]]
name = "c"
timeout = "5 hours"
attrs = ["inline]", "cfg(feature = \"x\")"]
sql = "SELECT id FROM hero"
[[query]]
name = "d"
timeout = "0s"
deprecated = 3
sql = "SELECT id FROM hero"
[[query]]
name = "g"
batch = true
sql = "UPDATE hero SET name = :name"
[[query]]
name = "g_batch"
sql = "SELECT id FROM hero"
"#,
        expect![[r#"
            3:11: error[SM0007]: `5 hours` is not a time
            4:10: error[SM0118]: `inline]` is not a Rust attribute
            8:11: error[SM0011]: a `timeout` of `0s` is not between 1 ms and a day
            9:14: error[SM0006]: `deprecated` is an integer, expected `true` or a name
            16:8: error[SM0101]: the query `g_batch` is declared twice
        "#]],
    );
}

#[test]
fn a_page_is_of_rows_in_an_order_that_they_alone_have() {
    check(
        r#"
[[query]]
name = "a"
page = { by = ["nme", "age", "id"] }
sql = "SELECT id, name, age FROM hero"
[[query]]
name = "b"
page = { by = ["id", "id"] }
sql = "SELECT id FROM hero"
[[query]]
name = "c"
page = { by = ["id"] }
sql = "SELECT id FROM hero ORDER BY name"
[[query]]
name = "d"
page = { by = ["id"] }
sql = "SELECT id FROM hero LIMIT 3"
[[query]]
name = "e"
page = { by = ["id"] }
returns = "one"
sql = "SELECT id FROM hero WHERE id = :id"
[[query]]
name = "f"
page = { by = ["id"] }
sql = "DELETE FROM hero WHERE id = :id"
[[query]]
name = "g"
page = { by = ["score"] }
columns = { score = "f64!" }
sql = "SELECT id, 1.5 * id AS score FROM hero"
[[query]]
name = "h"
page = { by = ["id"] }
shape = { hero = "h", team = "t" }
sql = "SELECT h.*, t.* FROM hero h JOIN team t ON t.id = h.team_id"
[[query]]
name = "i"
page = { by = ["id"] }
sql = "SELECT id FROM hero WHERE name = :page_size"
"#,
        expect![[r#"
            3:16: error[SM0705]: the query has no column `nme`
            3:23: error[SM0721]: `age` may be NULL, and is behind no row
            7:22: error[SM0721]: `id` is a key of the page twice
            11:8: error[SM0721]: a page has its own order
            15:8: error[SM0721]: a page has its own LIMIT, and locks nothing
            19:8: error[SM0721]: a page has many rows
            24:8: error[SM0721]: a page is of a SELECT, and this writes
            28:16: error[SM0721]: `score` is a float, and equal to itself by luck
            33:8: error[SM0721]: two columns of the page are called `id`
            38:8: error[SM0721]: the parameter `:page_size` has a name of the page's
        "#]],
    );
    check(
        r#"
[[query]]
name = "a"
page = { by = [], size = 0 }
sql = "SELECT id FROM hero"
[[query]]
name = "b"
page = { by = ["id downwards"] }
sql = "SELECT id FROM hero"
[[query]]
name = "c"
page = 3
sql = "SELECT id FROM hero"
"#,
        expect![[r#"
            3:15: error[SM0010]: `by` is empty
            3:26: error[SM0011]: a page has 1 to 100000 rows, and not 0
            7:16: error[SM0007]: `downwards` is not a direction
            11:8: error[SM0006]: `page` is an integer, expected a table such as `{ by = ["id"], size = 50 }`
        "#]],
    );
}

#[test]
fn the_keys_of_a_page_are_proved_to_tell_rows_apart() {
    let page = |by: &str, sql: &str| {
        let query = format!("[[query]]\nname = \"a\"\npage = {{ by = [{by}] }}\nsql = \"{sql}\"\n");
        let compiled = compile_text(&format!("{MODELS}{query}"));
        let diagnostics = &compiled.compilation.diagnostics;
        let text = render(diagnostics, &compiled.sources, Format::Short, Color::Never);
        let is_unproved = text.contains("nothing proves");
        assert!(is_unproved || text.is_empty(), "{sql}: {text}");
        !is_unproved
    };
    for (by, sql) in [
        ("'id'", "SELECT id, name FROM hero"),
        ("'name'", "SELECT name FROM hero WHERE age > 3"),
        (
            "'id'",
            "SELECT h.id, t.name FROM hero h JOIN team t ON t.id = h.team_id",
        ),
        (
            "'id'",
            "SELECT h.id FROM hero h LEFT JOIN team t ON t.id = h.team_id",
        ),
        (
            "'id'",
            "SELECT h.id FROM hero h, team t WHERE t.id = h.team_id",
        ),
        (
            "'id'",
            "SELECT h.id FROM hero h CROSS JOIN team t WHERE t.id = :team",
        ),
        (
            "'id', 'team'",
            "SELECT h.id, t.id AS team FROM hero h CROSS JOIN team t",
        ),
        (
            "'id'",
            "SELECT g.id FROM hero h JOIN hero g ON g.name = h.name JOIN team t ON t.id = g.team_id",
        ),
        (
            "'team_id'",
            "SELECT team_id, count(*) AS n FROM hero WHERE team_id > 0 GROUP BY team_id",
        ),
        ("'name'", "SELECT DISTINCT name FROM team"),
    ] {
        assert!(page(by, sql), "{sql}");
    }
    for (by, sql) in [
        ("'name'", "SELECT id, name FROM team"),
        (
            "'id'",
            "SELECT t.id FROM hero h JOIN team t ON t.id = h.team_id",
        ),
        ("'id'", "SELECT h.id FROM hero h CROSS JOIN team t"),
        (
            "'id'",
            "SELECT h.id FROM hero h JOIN team t ON t.name = h.name",
        ),
        // Where the second team is not found, the row is there for each hero nevertheless.
        (
            "'id'",
            "SELECT t.id FROM team t CROSS JOIN hero h LEFT JOIN hero g ON g.id = t.id AND g.name = h.name",
        ),
        ("'id'", "SELECT id FROM hero UNION ALL SELECT id FROM team"),
        (
            "'id'",
            "WITH hero AS (SELECT 1 AS id FROM team) SELECT id FROM hero",
        ),
        ("'name'", "SELECT DISTINCT id, name FROM team"),
        (
            "'name'",
            "SELECT max(name) AS name, team_id FROM hero WHERE name > '' GROUP BY team_id",
        ),
    ] {
        assert!(!page(by, sql), "{sql}");
    }
}

/// Compiles declarations and a SELECT, and compares its columns, or what is said against it.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "an expectation is written in place"
)]
fn check_columns(declarations: &str, sql: &str, expect: Expect) {
    let query = format!("[[query]]\nname = \"a\"\nsql = \"{sql}\"\n");
    let compiled = compile_text(&format!("{declarations}{MODELS}{query}"));
    let diagnostics = &compiled.compilation.diagnostics;
    let mut found = render(diagnostics, &compiled.sources, Format::Short, Color::Never);
    if let Some(schema) = &compiled.compilation.schema {
        for column in &schema.queries[0].columns {
            let ty = type_name(schema, &column.ty);
            found.push_str(&format!("{}: {ty}, {}\n", column.name, column.reason));
        }
    }
    expect.assert_eq(&found);
}

const FUNCTIONS: &str = r#"
[type.Score]
base = "f64"
[function.similarity]
args = ["text", "text"]
returns = "Score"
[function.lookup]
args = ["any", "text"]
optional = 1
returns = "text?"
[function.coordinate]
args = ["i64"]
variadic = true
strict = false
returns = "i64[]"
dialects = ["postgres"]
[function.median]
args = ["f64"]
aggregate = true
returns = "f64"
"#;

#[test]
fn declared_functions_return_what_they_say() {
    check_columns(
        FUNCTIONS,
        "SELECT similarity(name, 'a') AS a, similarity(name, (SELECT t.name FROM team t WHERE t.id = 1)) AS b, lookup(id) AS c, lookup(3, name) AS d FROM hero",
        expect![[r#"
            a: Score, `similarity`: NULL when an argument is
            b: Score?, `similarity`: NULL when an argument is
            c: text?, `lookup` may be NULL
            d: text?, `lookup` may be NULL
        "#]],
    );
    check_columns(
        FUNCTIONS,
        "SELECT similarity(name, name) AS a, similarity(max(name), 'b') AS b, lookup(id) AS c FROM hero GROUP BY name, id",
        expect![[r#"
            a: Score, `similarity`: NULL when an argument is
            b: Score, `similarity`: NULL when an argument is
            c: text?, `lookup` may be NULL
        "#]],
    );
    check_columns(
        FUNCTIONS,
        "SELECT median(id * 1.5) AS a FROM hero",
        expect![[r#"
            a: f64?, `median`: NULL where no row is in the group
        "#]],
    );
    check_columns(
        FUNCTIONS,
        "SELECT team_id, median(id * 1.5) AS a FROM hero GROUP BY team_id",
        expect![[r#"
            team_id: i64?, column `hero.team_id`, nullable
            a: f64, `median` of a group that has a row, of values that are not NULL
        "#]],
    );
}

#[test]
fn declared_functions_are_called_as_they_say() {
    check_columns(
        FUNCTIONS,
        "SELECT similarity(name) AS a, similarity(name, 3) AS b, similarty(name, 'a') AS c, coordinate(1, 2, 3) AS d FROM hero",
        expect![[r#"
            models.toml:31:15: error[SM0708]: `similarity` takes 2 arguments, and not 1
            models.toml:31:55: error[SM0707]: a text is wanted here, and this is an integer
            models.toml:31:64: error[SM0708]: SQLite, PostgreSQL and MySQL have no function `similarty` that is known
            models.toml:31:91: error[SM0708]: SQLite and MySQL have no function `coordinate` that is known
        "#]],
    );
    check_columns(
        FUNCTIONS,
        "SELECT id FROM hero WHERE median(id) > 3",
        expect![[r#"
            models.toml:31:34: error[SM0712]: the aggregate `median` cannot stand here: FROM and WHERE look at single rows
        "#]],
    );
}

#[test]
fn functions_are_declared_once_and_whole() {
    check(
        r#"
[function.a]
args = ["txt"]
[function.A]
args = ["text"]
optional = 2
returns = "nothing"
[function."b.c"]
variadic = true
returns = "i64"
kind = "aggregate"
"#,
        expect![[r#"
            1:11: error[SM0005]: a function needs the key `returns`
            2:10: error[SM0102]: unknown type `txt`
            3:11: error[SM0101]: the function `A` is declared twice
            5:12: error[SM0011]: 2 of 1 arguments are optional
            6:12: error[SM0102]: unknown type `nothing`
            7:11: error[SM0005]: a variadic function repeats its last argument, and there is none
            7:11: error[SM0116]: `b.c` is not the name of a function
            10:1: error[SM0004]: unknown key `kind` in a function
        "#]],
    );
}

#[test]
fn raw_sql_says_all_about_itself() {
    check(
        r#"
[[query]]
name = "a"
raw = true
params = { id = "i64", idd = "i64" }
columns = { x = "i64", y = "?" }
sql = "SELECT x, y FROM nowhere WHERE id = :id AND name = :name"
[[query]]
name = "b"
raw = true
sql = "DELETE FROM a; DELETE FROM b"
[[query]]
name = "c"
raw = true
columns = { x = "i64" }
sql = "SELECT (x FROM a"
[[query]]
name = "d"
raw = true
columns = { x = "i64" }
shape = { x = "y" }
page = { by = ["x"] }
sql = "SELECT x FROM y"
[[query]]
name = "e"
raw = true
returns = "last_id"
sql = "INSERT INTO hero (name) VALUES ('a')"
[[query]]
name = "f"
raw = true
params = { idd = "i64" }
sql = "SELECT 1"
[[query]]
name = "g"
raw = true
row = "Hro"
sql = "SELECT 1"
[[query]]
name = "i"
raw = true
sql = ";"
"#,
        expect![[r#"
            5:28: error[SM0710]: the type of the column `y` is not stated
            6:59: error[SM0709]: the type of `:name` is not stated
            10:21: error[SM0701]: a query is one statement
            15:15: error[SM0701]: this is not closed
            20:11: error[SM0721]: `shape` needs SQL that is analysed, and this is raw
            21:8: error[SM0721]: `page` needs SQL that is analysed, and this is raw
            26:11: error[SM0717]: `last_id` is the key of a new row whose table counts it up, and this is none
            31:12: error[SM0720]: the query has no parameter `idd`
            36:7: error[SM0718]: there is no model or view `Hro`
            41:8: error[SM0701]: there is no statement
        "#]],
    );
}

#[test]
fn raw_sql_that_writes_or_locks_is_known_by_its_words() {
    let is_write = |sql: &str| {
        let text = format!(
            "{MODELS}\n[[query]]\nname = \"a\"\nraw = true\ncolumns = {{ x = \"i64\" }}\nsql = \"{sql}\""
        );
        let schema = compile_text(&text).compilation.schema;
        let schema = schema.unwrap_or_else(|| panic!("{sql}"));
        schema.queries[0].is_write
    };
    for sql in [
        "SELECT id FROM hero",
        "WITH old AS (SELECT id FROM hero) SELECT id FROM old",
        "SELECT replace(name, 'insert', 'x') FROM hero",
        "(SELECT 1) UNION (SELECT 2)",
        "EXPLAIN SELECT 1",
    ] {
        assert!(!is_write(sql), "{sql}");
    }
    for sql in [
        "WITH gone AS (DELETE FROM hero RETURNING id) SELECT id FROM gone",
        "WITH a AS (SELECT 1) INSERT INTO hero (name) SELECT 'a' FROM a RETURNING id",
        "SELECT id INTO heroes FROM hero",
        "EXPLAIN ANALYZE UPDATE hero SET name = 'a'",
        "SELECT id FROM hero FOR UPDATE",
        "SELECT id FROM hero FOR NO KEY UPDATE",
        "SELECT id FROM hero LOCK IN SHARE MODE",
        "CALL vacuum_heroes()",
    ] {
        assert!(is_write(sql), "{sql}");
    }
}

#[test]
fn mistakes_elsewhere_hide_none_in_queries() {
    check(
        r#"
[model.Villain.fields]
id = { type = "i64", key = "auto" }
nemesis_id = { ref = "Heroo" }
[model.Lair.fields]
id = { type = "i64", key = "auto" }
villain_id = { ref = "Villain" }
[function.evil]
returns = "nothing"
[[query]]
name = "a"
sql = "SELECT nme FROM hero"
[[query]]
name = "b"
sql = "SELECT nme FROM villain"
[[query]]
name = "c"
timeout = "soon"
sql = "SELECT nme FROM hero"
[[query]]
name = "d"
sql = "SELECT l.nme FROM lair l JOIN hero h ON h.id = l.id"
[[query]]
name = "e"
sql = "SELECT evil(name) AS a, h.nme FROM hero h"
[[query]]
name = "f"
dialect.sqlite.sql = "SELECT name FROM hero"
dialect.mysql.sql = "SELECT name FROM hero"
[query.dialect.postgres]
sql = "SELECT id FROM heroo"
[[query]]
name = "g"
sql = "SELECT id FROM hero WHERE"
[[query]]
name = "h"
row = "Team"
sql = "SELECT id FROM hero"
"#,
        expect![[r#"
            3:23: error[SM0103]: unknown model `Heroo`
            8:12: error[SM0102]: unknown type `nothing`
            11:15: error[SM0705]: no table of the query has a column `nme`
            17:11: error[SM0007]: `soon` is not a time
            24:34: error[SM0705]: `h` has no column `nme`
            33:28: error[SM0701]: the SQL cannot be read
        "#]],
    );
    check(
        r#"
[model.Villain.fields]
id = { type = "i64" key = "auto" }
[[query]]
name = "a"
sql = "SELECT nme FROM hero"
[[query]]
name = "b"
sql = "SELECT nme FROM villain"
"#,
        expect![[r#"
            2:21: error[SM0001]: invalid TOML: missing comma between key-value pairs, expected `,`
            5:15: error[SM0705]: no table of the query has a column `nme`
        "#]],
    );
}

#[test]
fn all_statements_of_a_query_return_the_same() {
    check(
        r#"
[[query]]
name = "a"
sql = "SELECT id FROM hero WHERE id = :id"
dialect.postgres = { returns = "one" }
[[query]]
name = "b"
returns = "last_id"
sql = "INSERT INTO hero (name) VALUES (:name)"
dialect.postgres = { sql = "INSERT INTO hero (name) VALUES (:name) RETURNING id" }
[[query]]
name = "c"
returns = "last_id"
sql = "INSERT INTO hero (name) VALUES (:name)"
dialect.postgres = { sql = "INSERT INTO hero (name) VALUES (:name) RETURNING id", returns = "one" }
[[query]]
name = "d"
returns = "last_id"
sql = "INSERT INTO hero (name) VALUES (:name)"
dialect.postgres = { sql = "INSERT INTO hero (name) VALUES (:name) RETURNING name", returns = "one" }
[[query]]
name = "e"
returns = "last_id"
sql = "INSERT INTO hero (name) VALUES (:name)"
dialect.mysql = { sql = "UPDATE hero SET name = :name" }
[[query]]
name = "f"
returns = "exec"
sql = "UPDATE hero SET name = :name"
dialect.mysql = { returns = "affected" }
[[query]]
name = "g"
sql = "SELECT id FROM hero WHERE id = :id"
dialect.postgres = { returns = "two" }
[[query]]
name = "h"
sql = "SELECT id, name FROM hero WHERE id = :id"
dialect.postgres = { sql = "SELECT id FROM hero WHERE id = :id" }
[[query]]
name = "i"
sql = "SELECT id FROM hero WHERE id = :id"
dialect.postgres = { sql = "SELECT id FROM hero WHERE id = :id AND name = :name" }
[[query]]
name = "j"
sql = "SELECT id FROM hero WHERE id = :id"
dialect.mysql = { sql = "SELECT name AS id FROM hero WHERE name = :id" }
"#,
        expect![[r#"
            4:32: error[SM0714]: the query `a` returns `many` on SQLite and `one` on PostgreSQL
            7:11: error[SM0717]: `last_id` wants no rows, and the statement returns some
            19:95: error[SM0714]: the query `d` returns `last_id` on SQLite and `one` on PostgreSQL
            22:11: error[SM0717]: `last_id` is the key of a new row whose table counts it up, and this is none
            28:8: warning[SM0731]: the query `f` writes all rows of its table
            33:32: error[SM0007]: `two` is not a value of `returns`
            36:19: error[SM0714]: the query `h` returns other columns on PostgreSQL than on SQLite
            41:75: error[SM0714]: the query `i` has the parameter `:name` on PostgreSQL and not on SQLite
            45:33: error[SM0714]: the column `id` is `i64` on SQLite and `text` on MySQL
            45:67: error[SM0714]: the parameter `:id` is `i64` on SQLite and `text` on MySQL
        "#]],
    );
}

#[test]
fn a_block_takes_no_column_and_no_table_away() {
    for (sql, is_right) in [
        ("SELECT id /*if n*/, name /*end*/ FROM hero", false),
        ("SELECT /*if n*/ DISTINCT /*end*/ id FROM hero", false),
        ("SELECT id FROM hero /*if n*/, team /*end*/", false),
        (
            "SELECT h.id FROM hero h /*if n*/ JOIN team t ON t.id = h.team_id /*end*/",
            false,
        ),
        (
            "SELECT h.id FROM hero h LEFT JOIN team t /*if n*/, hero g /*end*/ ON t.id = h.team_id",
            false,
        ),
        (
            "SELECT id FROM hero /*if n*/ UNION SELECT id FROM team /*end*/",
            false,
        ),
        (
            "SELECT count(*) AS n FROM hero /*if n*/ GROUP BY team_id /*end*/",
            false,
        ),
        (
            "DELETE FROM hero WHERE id = :id /*if n*/ RETURNING id /*end*/",
            false,
        ),
        ("SELECT id FROM hero WHERE id = :id /*if n*/", false),
        (
            "SELECT id FROM hero WHERE (id = :id /*if n*/ ) /*end*/",
            false,
        ),
        ("SELECT id FROM hero WHERE /*if n*/ id = :id /*end*/", false),
        ("SELECT id FROM hero /*if n*/ WHERE id = :id /*end*/", true),
        (
            "SELECT h.id FROM hero h JOIN team t ON t.id = h.team_id /*if n*/ AND t.name = :n /*end*/",
            true,
        ),
        (
            "SELECT id FROM hero WHERE id IN (1 /*if n*/, :n /*end*/)",
            true,
        ),
        (
            "SELECT id FROM hero WHERE id = :id /*if n*/ AND EXISTS (SELECT 1 FROM team, hero) /*end*/",
            true,
        ),
        (
            "SELECT id, CASE WHEN age > 9 THEN 1 /*if n*/ WHEN age > :n THEN 2 /*end*/ END AS c FROM hero",
            true,
        ),
        (
            "SELECT CASE WHEN age > 9 THEN 1 END AS c /*if n*/ , age /*end*/ FROM hero",
            false,
        ),
        (
            "UPDATE hero SET age = :age /*if n*/, name = :n /*end*/ WHERE id = :id",
            true,
        ),
        ("DELETE FROM hero /*if n*/ WHERE id = :id /*end*/", true),
    ] {
        let query = format!("[[query]]\nname = \"a\"\nsql = \"{sql}\"\n");
        let compiled = compile_text(&format!("{MODELS}{query}"));
        let diagnostics = &compiled.compilation.diagnostics;
        let text = render(diagnostics, &compiled.sources, Format::Short, Color::Never);
        let line = format!("models.toml:{}:", MODELS.lines().count() + 3);
        let is_at_sql = text
            .lines()
            .all(|it| it.starts_with(&line) || it.contains("warning"));
        let is_compiled = compiled.compilation.schema.is_some();
        assert!(is_at_sql && is_compiled == is_right, "{sql}: {text}");
    }
}

#[test]
fn comments_that_nearly_are_blocks_are_told_of() {
    check(
        r#"
[[query]]
name = "a"
sql = "SELECT id FROM hero /*IF n*/ WHERE name = :n /*end*/"
[[query]]
name = "b"
sql = "SELECT id FROM hero /*if n*/ WHERE name = :n /*endif*/"
[[query]]
name = "c"
sql = "SELECT id FROM hero /*if n*/ WHERE name = :n /*else*/ WHERE age > 1 /*end*/"
[[query]]
name = "d"
sql = "SELECT id FROM hero /*if not n*/ WHERE age > 1 /*end*/"
[[query]]
name = "e"
order = { a = "name" }
sql = "SELECT id FROM hero ORDER BY /*order by*/ id /*end*/"
[[query]]
name = "f"
sql = "SELECT id /*! , name */ FROM hero"
[[query]]
name = "g"
sql = "SELECT id /* if they are asked for, of all */ FROM hero /* end */ "
[[query]]
name = "h"
sql = "SELECT id FROM hero WHERE age > 1 /*if a*/ AND name = :a /*if b*/ AND name = :b /*end*/ /*end*/"
[[query]]
name = "i"
sql = "SELECT id FROM hero WHERE age > 1 /*if a*/ /*end*/"
[[query]]
name = "j"
sql = "SELECT id /* the key */ FROM hero -- if not age\nWHERE age > 1 /* and no team */"
"#,
        expect![[r#"
            3:28: error[SM0715]: `/*IF n*/` begins and ends no block
            6:53: error[SM0715]: `/*endif*/` begins and ends no block
            9:53: error[SM0715]: a block is there or not, and has no other branch
            12:28: error[SM0715]: a block is switched by one name alone
            16:37: error[SM0715]: `/*order by*/` begins and ends no block
            19:18: error[SM0701]: a comment that MySQL runs
            22:64: error[SM0715]: no block ends here
            25:65: error[SM0715]: a block in a block
            28:42: error[SM0715]: there is nothing in the block
        "#]],
    );
}

#[test]
fn orders_stand_behind_order_by_and_are_no_more() {
    check(
        r#"
[[query]]
name = "a"
order = { some = "id LIMIT 3", none = "", self = "id", Type = "id" }
sql = "SELECT id FROM hero ORDER BY /*order*/ id /*end*/"
[[query]]
name = "b"
order = { some = "name /*if down*/ DESC /*end*/" }
sql = "SELECT id FROM hero ORDER BY /*order*/ id /*end*/"
[[query]]
name = "c"
order = { some = "age" }
sql = "SELECT id FROM hero WHERE /*order*/ id /*end*/ > 1"
[[query]]
name = "d"
order = { some = "age" }
sql = "SELECT id FROM hero ORDER BY id /*order*/ /*end*/"
[[query]]
name = "e"
order = { some = "age", two = "(SELECT max(id) FROM team LIMIT 1), id DESC" }
sql = "SELECT id FROM hero WHERE id IN (SELECT id FROM team) ORDER BY name DESC, /*order*/ id /*end*/"
"#,
        expect![[r#"
            3:22: error[SM0716]: the order `some` goes on with `LIMIT`
            3:32: error[SM0716]: the order `none` is empty
            3:43: error[SM0716]: `self` is no name for an order
            3:56: error[SM0716]: `Type` is no name for an order
            7:24: error[SM0716]: an order has no blocks of its own
            12:34: error[SM0716]: the place of the orders is not behind ORDER BY
            16:40: error[SM0716]: there is no order in the place of the orders
        "#]],
    );
}

#[test]
fn blocks_are_the_same_for_all_databases() {
    check(
        r#"
[[query]]
name = "a"
sql = "SELECT id FROM hero WHERE age > 1 /*if n*/ AND name = :n /*end*/"
dialect.postgres.sql = "SELECT id FROM hero WHERE age > 1 AND name = :n"
[[query]]
name = "b"
sql = "SELECT id FROM hero WHERE age > 1 AND name = :n"
dialect.mysql.sql = "SELECT id FROM hero WHERE age > 1 /*if n*/ AND name = :n /*end*/"
[[query]]
name = "c"
sql = "SELECT id FROM hero WHERE name = :n /*if m*/ AND age > 1 /*end*/"
dialect.mysql.sql = "SELECT id FROM hero WHERE age > 1 /*if m*/ AND name = :n /*end*/"
[[query]]
name = "d"
sql = "SELECT id FROM hero WHERE id IN (:id)"
dialect.mysql.sql = "SELECT id FROM hero WHERE id = :id"
[[query]]
name = "e"
sql = "SELECT id FROM hero WHERE age > 1 /*if m*/ AND age < 5 /*end*/ /*if n*/ AND name = :n /*end*/"
dialect.mysql.sql = "SELECT id FROM hero WHERE age > 1 /*if n*/ AND name = :n /*end*/ /*if m*/ AND age < 5 /*end*/"
"#,
        expect![[r#"
            3:42: error[SM0714]: the block `n` is in the text for SQLite and not in that for PostgreSQL
            8:56: error[SM0714]: the block `n` is in the text for MySQL and not in that for SQLite
            12:76: error[SM0714]: the parameter `:n` is always there on SQLite and in the block `m` on MySQL
            16:53: error[SM0714]: the parameter `:id` is a list on SQLite and a value on MySQL
        "#]],
    );
}

/// Returns the message of the only diagnostic of a query, its notes and its help.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "an expectation is written in place"
)]
fn check_told(sql: &str, expect: Expect) {
    let query = format!("[[query]]\nname = \"a\"\nsql = {sql:?}\n");
    let compiled = compile_text(&format!("{MODELS}{query}"));
    let mut text = String::new();
    for it in &compiled.compilation.diagnostics {
        text.push_str(&format!("{}\n", it.message));
        for note in &it.notes {
            text.push_str(&format!("{note}\n"));
        }
        text.push_str(&format!("{}\n", it.help.as_deref().unwrap_or_default()));
    }
    expect.assert_eq(&text);
}

#[test]
fn a_mistake_names_the_databases_that_it_is_for() {
    check_told(
        "SELECT id::text AS n FROM hero",
        expect![[r#"
        SQLite and MySQL have no `::`
        write `CAST(value AS type)`; or give each a text of its own, such as `dialect.sqlite = { sql = ".." }`
    "#]],
    );
    check_told(
        "SELECT lowr(name) AS n FROM hero",
        expect![[r#"
        SQLite, PostgreSQL and MySQL have no function `lowr` that is known
        declare a function of your own: `[function.lowr]` with `args = ["text"]` and `returns = "i64"`
    "#]],
    );
    check_told(
        "SELECT string_agg(name, ',') AS n FROM hero",
        expect![[r#"
        SQLite and MySQL have no function `string_agg` that is known
        PostgreSQL has it; give each a text of its own, such as `dialect.sqlite = { sql = ".." }`
    "#]],
    );
    check_told(
        "SELECT id FROM hero FOR UPDATE",
        expect![[r#"
        SQLite has no row locks
        leave it out: a writing transaction locks the database; or give SQLite a text of its own: `dialect.sqlite = { sql = ".." }`
    "#]],
    );
    check_told(
        "SELECT max(age, 1) AS n FROM hero",
        expect![[r#"
        `max` takes 1 argument, and not 2
        this is so on PostgreSQL and MySQL
        write 1 argument
    "#]],
    );
    check_told(
        "SELECT json_extract('{}', '$.a') AS n",
        expect![[r#"
        the type of the column `n` cannot be found out
        say what it is: `columns = { n = "text?" }`
    "#]],
    );
    check_told(
        "SELECT nme FROM hero",
        expect![[r#"
        no table of the query has a column `nme`
        its columns are `id`, `name`, `age`, `team_id`
    "#]],
    );
    check_told(
        "SELECT id FROM hero WHERE name = \"ada\"",
        expect![[r#"
        no table of the query has a column `ada`
        if it is a text, write `'ada'`
    "#]],
    );
    check_told(
        "SELECT id FROM public.hero",
        expect![[r#"
        there is no table `public.hero`
        write `hero`
    "#]],
    );
}

#[test]
fn blocks_in_another_order_are_those_of_their_names() {
    let query = r#"[[query]]
name = "a"
sql = "SELECT id FROM hero WHERE age > 1 /*if m*/ AND age < 5 /*end*/ /*if n*/ AND name = :n /*end*/"
dialect.mysql.sql = "SELECT id FROM hero WHERE age > 1 /*if n*/ AND name = :n /*end*/ /*if m*/ AND age < 5 /*end*/"
"#;
    let compiled = compile_text(&format!("{MODELS}{query}"));
    let schema = compiled.compilation.schema.expect("the query is right");
    let query = schema.queries.first().expect("there is a query");
    for (dialect, pieces) in &query.texts {
        let with_name = pieces.iter().find_map(|piece| match piece {
            Piece::Block(block, inside) if inside.contains(&Piece::Param(0)) => Some(*block),
            _ => None,
        });
        assert_eq!(with_name, Some(1), "{dialect}");
    }
}

#[test]
fn a_parameter_of_an_order_switches_no_block() {
    let query = r#"[[query]]
name = "a"
order = { near = "abs(age - :n), id" }
sql = "SELECT id FROM hero WHERE id > 1 /*if older*/ AND age > :n /*end*/ ORDER BY /*order*/ id /*end*/"
"#;
    let compiled = compile_text(&format!("{MODELS}{query}"));
    let schema = compiled.compilation.schema.expect("the query is right");
    let query = schema.queries.first().expect("there is a query");
    let blocks: Vec<Option<usize>> = query.params.iter().map(|it| it.block).collect();
    assert_eq!(blocks, [None]);
}

#[test]
fn numbers_beside_decimals_are_decimals_of_sqlite() {
    let query = r#"[model.Offer.fields]
id = { type = "i64", key = "auto" }
price = "decimal(12,2)"
[[query]]
name = "a"
dialects = ["sqlite"]
sql = "SELECT coalesce(price, -0.0) AS a, price IN (1, '2.50') AS b FROM offer WHERE 10.00 > price AND price > +05"
"#;
    let compiled = compile_text(&format!("{MODELS}{query}"));
    let schema = compiled.compilation.schema.expect("the query is right");
    let (_, pieces) = &schema.queries[0].texts[0];
    let [Piece::Text(text)] = pieces.as_slice() else {
        panic!("{pieces:?}");
    };
    expect![[r#"SELECT coalesce(price, '0') AS a, price COLLATE sqlmodel_decimal IN ('1', '2.5') AS b FROM offer WHERE '10' COLLATE sqlmodel_decimal > price AND price COLLATE sqlmodel_decimal > '5'"#]]
    .assert_eq(text);
}

#[test]
fn a_row_is_one_thing() {
    check(
        r#"
[[query]]
name = "a"
row = "Hero"
shape = { hero = "h" }
sql = "SELECT h.* FROM hero h"
[[query]]
name = "b"
row = "Hero"
returns = "scalar"
sql = "SELECT name FROM hero"
[[query]]
name = "c"
row = "Hero"
returns = "exists"
sql = "SELECT name FROM hero"
[[query]]
name = "d"
row = "Hero"
sql = "DELETE FROM hero WHERE id = :id"
[[query]]
name = "e"
dialects = ["sqlite", "postgres"]
page = { by = ["id"], unique = true }
sql = "DELETE FROM hero WHERE id > :id RETURNING id"
[[query]]
name = "f"
sql = "SELECT id FROM hero WHERE age > 1 /*if type*/ AND name = 'a' /*end*/"
[[query]]
name = "g"
sql = "SELECT id FROM hero WHERE name = :a /*if a*/ AND name > :a /*end*/"
"#,
        expect![[r#"
            3:7: error[SM0718]: a row is what `row` names, or made of the parts of `shape`
            8:7: error[SM0718]: `scalar` is one value, and nothing becomes `Hero`
            13:7: error[SM0718]: `exists` looks at no row, and nothing becomes `Hero`
            18:7: error[SM0718]: `affected` returns no rows, and nothing becomes `Hero`
            23:8: error[SM0721]: a page is of a SELECT, and this writes
            27:42: error[SM0715]: `type` cannot be the name of an argument in Rust
            30:44: error[SM0715]: the parameter `:a` is used outside of the block `a`, and does not switch it
        "#]],
    );
}

#[test]
fn a_row_has_one_struct_for_all_queries_that_name_it() {
    check(
        r#"
[enum.Mood]
values = ["calm"]
[[query]]
name = "a"
row = "Line"
sql = "SELECT id, name, age FROM hero"
[[query]]
name = "b"
row = "Line"
sql = "SELECT id, name, team_id AS age FROM hero"
[[query]]
name = "c"
row = "Line"
sql = "SELECT id, age, name FROM hero"
[[query]]
name = "d"
row = "Line"
sql = "SELECT id, name FROM hero"
[[query]]
name = "e"
row = "Line"
sql = "SELECT id, name, age FROM hero WHERE age > 1"
[[query]]
name = "f"
row = "Name"
sql = "SELECT name FROM hero"
[[query]]
name = "g"
row = "Name"
sql = "SELECT max(name) AS name FROM hero"
[[query]]
name = "h"
row = "Heroo"
sql = "SELECT name FROM hero"
[[query]]
name = "i"
row = "Mood"
sql = "SELECT name FROM hero"
[[query]]
name = "j"
row = "Option"
sql = "SELECT name FROM hero"
[[query]]
name = "k"
row = "short_line"
sql = "SELECT name FROM hero"
"#,
        expect![[r#"
            1:7: warning[SM0115]: `Mood` is an enum that nothing uses
            9:7: error[SM0718]: `Line.age` is `i32`, and the query's is `i64`
            13:7: error[SM0718]: `Line` has the column `name` where the query has `age`
            17:7: error[SM0718]: `Line` has 3 columns, and the query 2
            29:7: error[SM0718]: `Name.name` is never NULL, and the query's may be
            33:7: error[SM0718]: there is no model or view `Heroo`
            37:7: error[SM0718]: `Mood` is an enum, and no row
            41:7: error[SM0718]: `Option` is a name of Rust's
            45:7: error[SM0718]: there is no model or view `short_line`
        "#]],
    );
}

#[test]
fn views_are_the_same_for_all_and_have_keys() {
    check(
        r#"
[view.Grown]
key = ["id"]
sql = "SELECT id, name FROM hero WHERE age > 17"
[view.Keyless]
sql = "SELECT id, name FROM hero WHERE age > 17"
[view.Blocked]
sql = "SELECT id FROM hero WHERE age > 17 /*if old*/ AND age > 70 /*end*/"
[view.Ordered]
sql = "SELECT id FROM hero ORDER BY /*order*/ id /*end*/"
[view.Slip]
sql = "SELECT id FROM hero /*endif*/"
[[query]]
name = "a"
page = { by = ["id"] }
sql = "SELECT * FROM grown"
[[query]]
name = "b"
shape = { hero = "g", teams = ["t"] }
sql = "SELECT g.*, t.* FROM grown g LEFT JOIN team t ON t.id = g.id"
[[query]]
name = "c"
page = { by = ["id"] }
sql = "SELECT * FROM keyless"
[[query]]
name = "d"
shape = { hero = "g", teams = ["t"] }
sql = "SELECT g.*, t.* FROM keyless g LEFT JOIN team t ON t.id = g.id"
[[query]]
name = "e"
shape = { hero = "h", teams = [] }
sql = "SELECT h.* FROM hero h"
[[query]]
name = "f"
shape = { hero = "h", teams = ["t", "h"] }
sql = "SELECT h.*, t.* FROM hero h JOIN team t ON t.id = h.team_id"
"#,
        expect![[r#"
            7:43: error[SM0715]: a view is the same for all, and has no blocks
            9:37: error[SM0715]: a view is the same for all, and has no orders
            11:28: error[SM0715]: `/*endif*/` begins and ends no block
            22:8: error[SM0721]: nothing proves that the keys of the page tell rows apart, and rows with equal keys would be lost between pages
            27:15: error[SM0719]: the key of `hero` is not selected, and rows are collected by it
            30:31: error[SM0006]: `shape` is a list, expected an alias, or a list with one
            34:31: error[SM0006]: `shape` is a list, expected an alias, or a list with one
        "#]],
    );
}

#[test]
fn no_two_types_of_queries_have_one_name() {
    check(
        r#"
[[query]]
name = "a1"
sql = "SELECT id FROM hero"
[[query]]
name = "a_1"
sql = "SELECT name FROM hero"
[[query]]
name = "b"
shape = { row = "h" }
sql = "SELECT h.name, h.age FROM hero h"
[[query]]
name = "c"
order = { up = "id" }
shape = { order = "h" }
sql = "SELECT h.name, h.age FROM hero h ORDER BY /*order*/ id /*end*/"
[[query]]
name = "d"
page = { by = ["id"] }
sql = "SELECT id, name FROM hero"
[[query]]
name = "e"
row = "DCursor"
sql = "SELECT id, name FROM hero"
"#,
        expect![[r#"
            5:8: error[SM0718]: `A1Row` has the column `id` where the query has `name`
            7:1: error[SM0101]: two types of the queries are called `BRow` in Rust
            11:1: error[SM0101]: two types of the queries are called `COrder` in Rust
            20:1: error[SM0101]: two types of the queries are called `DCursor` in Rust
        "#]],
    );
}

#[test]
fn a_page_has_keys_that_its_row_has_always() {
    check(
        r#"
[[query]]
name = "a"
row = "Hero"
page = { by = ["age", "id"] }
sql = "SELECT * FROM hero WHERE age IS NOT NULL"
[[query]]
name = "b"
page = { by = ["age", "id"] }
sql = "SELECT * FROM hero WHERE age IS NOT NULL"
"#,
        expect![[r#"
            4:16: error[SM0721]: `age` is never NULL in the query, and an `Option` in its row
        "#]],
    );
}

#[test]
fn warnings_are_about_habits_and_allowed_by_name() {
    check(
        r#"
[[query]]
name = "a"
sql = "DELETE FROM hero /*if id*/ WHERE id = :id /*end*/"
[[query]]
name = "b"
allow = ["unfiltered_write"]
sql = "UPDATE hero SET age = 0"
[[query]]
name = "c"
sql = "SELECT id FROM team LIMIT 5"
[[query]]
name = "d"
returns = "exists"
sql = "SELECT id FROM team LIMIT 5"
[[query]]
name = "e"
returns = "many"
sql = "SELECT id FROM team WHERE id = :id LIMIT 5"
[[query]]
name = "f"
sql = "SELECT id FROM team ORDER BY name LIMIT 1"
[[query]]
name = "g"
sql = "SELECT h.name FROM hero h JOIN team t ON t.id = h.team_id WHERE h.name = :name"
[[query]]
name = "h"
sql = "SELECT h.name FROM hero h JOIN team t ON t.id = h.team_id WHERE t.id = :id"
[[query]]
name = "i"
columns = { n = "i64", name = "text?", age = "!" }
sql = "SELECT count(*) AS n, max(name) AS name, max(age) AS age FROM hero"
[[query]]
name = "j"
columns = { n = "i64!", mean = "f64?" }
sql = "SELECT count(*) AS n, avg(age) AS mean FROM hero"
[[query]]
name = "k"
allow = ["unfiltered_write", "limit_without_ordr"]
sql = "SELECT id FROM hero"
[[query]]
name = "l"
sql = "SELECT id FROM team WHERE id = :id UNION ALL SELECT id FROM hero WHERE id = :id"
"#,
        expect![[r#"
            3:8: warning[SM0731]: the query `a` writes all rows of its table
            10:8: warning[SM0732]: the query `c` returns some of many rows, whichever come first
            20:8: warning[SM0733]: the query `f` has one row at most, and returns a list
            23:8: warning[SM0733]: the query `g` has one row at most, and returns a list
            30:17: warning[SM0735]: the column `n` is what is stated anyway
            30:31: warning[SM0735]: the column `name` is what is stated anyway
            34:17: warning[SM0735]: the column `n` is what is stated anyway
            38:10: warning[SM0115]: `unfiltered_write` is allowed, and nothing is warned of
            38:30: error[SM0007]: `limit_without_ordr` is not a value of `allow`
        "#]],
    );
}
