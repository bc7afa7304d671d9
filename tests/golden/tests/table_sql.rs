//! What users are told about the SQL of checks, generated columns, indexes and defaults.

use expect_test::{Expect, expect};

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "an expectation is written in place"
)]
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&golden::mistakes(text));
}

/// Returns a schema whose model has a check for each dialect.
fn schema(sqlite: &str, postgres: &str, mysql: &str) -> String {
    format!(
        r#"
[model.Hero.fields]
id = {{ type = "i64", key = "auto" }}
age = "i32?"
name = "text(80)"
at = "timestamptz"
data = "json"
[[model.Hero.checks]]
name = "legal"
sql = {{ sqlite = {sqlite:?}, postgres = {postgres:?}, mysql = {mysql:?} }}
"#
    )
}

#[test]
fn names_in_the_sql_of_a_table_are_its_columns() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
age = "i32?"
name = "text(80)"
kind = { type = "text", column = "type" }
lower_name = { type = "text(80)", generated = { sql = "lower(nme)", stored = true } }
[[model.Hero.checks]]
name = "a"
sql = "agee > 5 and hero.nam <> ''"
[[model.Hero.checks]]
name = "b"
sql = "kind = 'x' and type = 'y' and NAME <> ''"
[[model.Hero.checks]]
name = "c"
sql = """
  length(name) > 0 \
  and agge > 5
"""
[[model.Hero.indexes]]
on = [{ sql = { sqlite = "lower(nam)", postgres = "lower(name) text_pattern_ops" } }]
where = "ag is not null"
dialects = ["sqlite", "postgres"]
"#,
        expect![[r#"
            7:62: error[SM0705]: the table `hero` has no column `nme`
            10:8: error[SM0705]: the table `hero` has no column `agee`
            10:26: error[SM0705]: the table `hero` has no column `nam`
            13:8: error[SM0705]: the table `hero` has no column `kind`
            18:7: error[SM0705]: the table `hero` has no column `agge`
            21:33: error[SM0705]: the table `hero` has no column `nam`
            22:10: error[SM0705]: the table `hero` has no column `ag`
        "#]],
    );
}

#[test]
fn a_child_of_joined_tables_sees_its_own_table_and_one_of_a_single_table_all_of_it() {
    check(
        r#"
[model.Person]
inheritance = { strategy = "joined", discriminator = "kind" }
tag = "person"
[model.Person.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
[[model.Person.checks]]
name = "known"
sql = "kind <> '' and grade > 0"
[model.Student]
extends = "Person"
tag = "student"
[model.Student.fields]
grade = "i16"
[[model.Student.checks]]
name = "named"
sql = "id > 0 and grade > 0 and name <> ''"
[model.Vehicle]
inheritance = { strategy = "single_table", discriminator = "kind" }
tag = "vehicle"
[model.Vehicle.fields]
id = { type = "i64", key = true }
[model.Truck]
extends = "Vehicle"
tag = "truck"
[model.Truck.fields]
load = { type = "i32", column = "load_kg" }
[[model.Truck.checks]]
name = "light"
sql = "load_kg < 1000 or kind <> 'truck' or id = 1"
"#,
        expect![[r#"
            10:23: error[SM0705]: the table `person` has no column `grade`
            18:33: error[SM0705]: the table `student` has no column `name`
        "#]],
    );
}

#[test]
fn sql_that_no_database_reads_is_told_at_its_place() {
    for (sql, expected) in [
        ("age > ", "10:12: error[SM0701]: the SQL cannot be read\n"),
        ("(age > 5", "10:8: error[SM0701]: the SQL cannot be read\n"),
        (
            "age > 5; drop table hero",
            "10:15: error[SM0701]: the SQL cannot be read\n",
        ),
        ("age > 5)", "10:15: error[SM0701]: the SQL cannot be read\n"),
        (
            "age > = 5",
            "10:14: error[SM0701]: the SQL cannot be read\n",
        ),
        (
            "age in (1, , 2)",
            "10:19: error[SM0701]: the SQL cannot be read\n",
        ),
        (
            "age > 5 adn id > 1",
            "10:16: error[SM0701]: the SQL cannot be read\n",
        ),
        ("name = 'x", "10:15: error[SM0701]: the text does not end\n"),
        (
            "name = 'x' /* y",
            "10:19: error[SM0701]: the comment does not end\n",
        ),
        (
            "age > (select 1)",
            "10:14: error[SM0702]: this is a query, and a check has none\n",
        ),
        (
            "age > :min",
            "10:14: error[SM0702]: `:min` is a parameter, and a check has none\n",
        ),
        (
            "age::text = '1'",
            "10:11: error[SM0703]: SQLite and MySQL have no `::`\n",
        ),
        (
            "age == 1 and name ilike 'x'",
            "10:12: error[SM0703]: PostgreSQL and MySQL have no `==`\n10:26: error[SM0703]: SQLite and MySQL have no ILIKE\n",
        ),
    ] {
        let schema = format!(
            r#"
[model.Hero.fields]
id = {{ type = "i64", key = "auto" }}
age = "i32"
name = "text"

[[model.Hero.checks]]
name = "wrong"

sql = "{sql}"
"#
        );
        assert_eq!(golden::mistakes(&schema), expected, "{sql}");
    }
}

#[test]
fn sql_that_only_one_database_understands_is_left_to_it() {
    let sqlite = [
        "name GLOB '[a-z]*' and json_extract(data, '$.a') = 'b'",
        "rowid > 0 and name COLLATE NOCASE = 'x' and \"name\" = \"foo\"",
        "age in ()",
        "name regexp '^a' and age is not 1 and data ->> '$.a' is null",
        "strftime('%Y', at) > '2000' and typeof(age) in ('integer', 'null')",
    ];
    let postgres = [
        "name ~ '^[a-z]+$' and age::text <> '' and data->>'a' = 'b'",
        "data ? 'key' and data @> '{}' and data #>> '{a,b}' is not null",
        "hero.* is not null and hero.age > 5 and hero is not null",
        "make_interval(days => 1) is not null and num_nonnulls(age, name) = 1",
        "age operator(pg_catalog.+) 1 > 2 and name similar to 'x%'",
        "(at at time zone 'UTC')::date > DATE '2020-01-01'",
        "age <-> 5 > 3 and name <% 'x' and age |>> 5 and @age > 1 and |/ age > 2",
        "name is json and name is not normalized and normalize(name, NFC) = name",
        "e'\\n' = name and $$it's$$ = name and name like 'a\\_%'",
        "age = any (array[1, 2]) and array[age] && '{1}'::int[] and 2 ^ age > 1",
        "current_user <> name and session_user <> name and user <> name",
        "(data)['key'] is not null and tableoid is not null",
    ];
    let mysql = [
        "name regexp '^[a-z]+$' and data->>'$.a' = 'b' and age <=> 1",
        "timestampdiff(DAY, at, at) > 1 and convert(age, SIGNED) > 0",
        "date_add(at, interval 1 day) > at and binary name = 'a'",
        "`age` > 5 and name = \"abc\" and name = 'it\\'s' and _utf8mb4'x' = name",
        "age xor 1 and !age and age div 2 = 1 and name sounds like 'x'",
        "json_valid(data) and 1 member of (data) and name like 'a|%' escape '|'",
        "convert(name using utf8mb4) = 'x' and utc_date() > at",
    ];
    for sql in sqlite {
        assert_eq!(golden::mistakes(&schema(sql, "true", "true")), "", "{sql}");
    }
    for sql in postgres {
        assert_eq!(golden::mistakes(&schema("true", sql, "true")), "", "{sql}");
    }
    for sql in mysql {
        assert_eq!(golden::mistakes(&schema("true", "true", sql)), "", "{sql}");
    }
    let portable = "name = 'it''s' /* a 'comment */ and -- more ' (\n age between 1 and 5 \
        and (age, name) in ((1, 'a')) and case when age > 5 then 1 else 0 end = 1 \
        and cast(age as integer) = 5 and coalesce(age, 1) > 2 and NAME is not null \
        and not (age is null) and -age < +5";
    assert_eq!(golden::mistakes(&schema(portable, portable, portable)), "");
}

#[test]
fn queries_are_read_although_the_schema_is_wrong() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i65", key = "auto" }
[[query]]
name = "a"
sql = "SELEC * FROM hero"
[[query]]
name = "b"
sql = "SELECT foo FROM hero"
[[query]]
name = "c"
sql = "SELECT id FROM hero /*if x*/ WHERE id = :x"
[view.V]
sql = "SELECT 'x FROM hero"
"#,
        expect![[r#"
            3:16: error[SM0102]: unknown type `i65`
            6:8: error[SM0701]: the SQL cannot be read
            12:28: error[SM0715]: the block does not end
            14:15: error[SM0701]: the text does not end
        "#]],
    );
}

#[test]
fn what_every_update_stores_may_name_columns_and_ask() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
n = { type = "i32", on_update = { sql = "n + 1 +" } }
m = { type = "i32", on_update = { sql = "m + k" } }
o = { type = "i32", on_update = { sql = "(select count(*) from hero) + n" } }
p = { type = "timestamptz", default = { fn = "now", sql = "now()" } }
q = { type = "text", default = "a\u0000b" }
"#,
        expect![[r#"
            4:48: error[SM0701]: the SQL cannot be read
            5:46: error[SM0705]: the table `hero` has no column `k`
            7:53: error[SM0009]: a value comes from one source
            8:32: error[SM0204]: the default `"a\u0000b"` does not fit its type
        "#]],
    );
}

#[test]
fn what_a_database_refuses_in_a_check_is_reported() {
    check(
        r#"
[model.Team.fields]
id = { type = "i64", key = "auto", validate = { min = 1 }, check = true }
is_open = "bool"
size = "i32"
at = "timestamptz"
twice = { type = "i32?", generated = { sql = "size * 2", stored = true } }
[[model.Team.checks]]
name = "a"
sql = "id > 0 and twice > 0"
[[model.Team.checks]]
name = "b"
sql = "is_open"
[[model.Team.checks]]
name = "c"
sql = { sqlite = "size", postgres = "size", mysql = "size + 1" }
[[model.Team.checks]]
name = "d"
sql = "size < sum(size) and at < current_timestamp"
[[model.Team.checks]]
name = "e"
sql = { sqlite = "at > date('now')", postgres = "at > now()", mysql = "at > now()" }
[model.Hero.fields]
id = { type = "i64", key = "auto" }
a_id = { ref = "Team?", on_delete = "set_null" }
b_id = { ref = "Team", on_update = "cascade" }
c_id = { ref = "Team", on_delete = "cascade" }
d_id = { ref = "Team", on_delete = "restrict" }
[[model.Hero.checks]]
name = "a"
sql = "a_id <> b_id and b_id <> c_id and c_id <> d_id and a_id <> d_id"
[[model.Hero.checks]]
name = "b"
sql = { sqlite = "a_id <> b_id", postgres = "a_id <> b_id" }
[type.No]
base = "i32"
validate = { max = 99 }
[model.Old.fields]
no = { type = "No", key = true }
[model.New.fields]
id = { type = "i64", key = "auto" }
old_id = { ref = "Old", on_update = "cascade", check = true }
[model.Family]
inheritance = { strategy = "single_table", discriminator = "kind" }
[model.Family.fields]
id = { type = "i64", key = "auto" }
[model.Child]
extends = "Family"
[model.Child.fields]
team_id = { ref = "Team", on_update = "cascade" }
"#,
        expect![[r#"
            3:60: error[SM0313]: MySQL has no check on `id`, which it counts up
            10:8: error[SM0313]: MySQL has no check on `id`, which it counts up
            13:8: error[SM0313]: MySQL wants a condition in a check, and this is a value
            16:38: error[SM0313]: PostgreSQL wants a condition in a check, and this is a value
            16:54: error[SM0313]: MySQL wants a condition in a check, and this is a value
            19:15: error[SM0702]: `sum` is over several rows, and a check is not
            19:34: error[SM0313]: MySQL refuses `current_timestamp` in a check
            22:24: error[SM0313]: SQLite refuses `date` in a check
            22:77: error[SM0313]: MySQL refuses `now` in a check
            31:8: error[SM0313]: MySQL has no check on `a_id`, which a foreign key writes
            31:16: error[SM0313]: MySQL has no check on `b_id`, which a foreign key writes
            42:48: error[SM0313]: MySQL has no check on `old_id`, which a foreign key writes
            50:1: error[SM0313]: MySQL has no check on `team_id`, which a foreign key writes
        "#]],
    );
}

#[test]
fn columns_of_checks_are_compared_with_what_postgres_compares_them_with() {
    check(
        r#"
[enum.Kind]
storage = "native"
values = ["a", "b"]
[enum.Sort]
values = ["a", "b"]
[model.A.fields]
id = { type = "i64", key = "auto" }
is_open = "bool"
was_open = { type = "bool", sql_type = { postgres = "smallint" } }
size = "i32"
kind = "Kind"
sort = "Sort"
[[model.A.checks]]
name = "a"
sql = "size and is_open or not (size + 1)"
[[model.A.checks]]
name = "b"
sql = "is_open = 1 and was_open = 1 and is_open = TRUE and 0 <> is_open"
[[model.A.checks]]
name = "c"
sql = "kind <> 'c' and kind in ('a', 'd') and sort <> 'c' and kind = 'b'"
[[model.A.checks]]
name = "d"
sql = { sqlite = "size and is_open = 1 and kind <> 'c'", mysql = "size and is_open = 1" }
[[model.A.indexes]]
on = ["size"]
where = "kind = 'c'"
dialects = ["sqlite", "postgres"]
"#,
        expect![[r#"
            16:8: error[SM0313]: PostgreSQL wants a condition in a check, and this is a value
            16:32: error[SM0313]: PostgreSQL wants a condition in a check, and this is a value
            19:18: error[SM0313]: PostgreSQL compares no number with `is_open`, which is a `bool`
            22:16: error[SM0205]: "c" is not a value of the enum in `kind`
            22:38: error[SM0205]: "d" is not a value of the enum in `kind`
            28:17: error[SM0205]: "c" is not a value of the enum in `kind`
        "#]],
    );
}

#[test]
fn what_a_database_computes_no_column_from_is_reported() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
n = "i32"
a = { type = "i64", generated = { sql = "id + 1", stored = true } }
b = { type = "i32", generated = { sql = "n + b", stored = true } }
c = { type = "i32", generated = { sql = { sqlite = "n + d", postgres = "n + b + b", mysql = "n + b + d" }, stored = true } }
d = { type = "i32", generated = { sql = { sqlite = "n + e", postgres = "n", mysql = "n" }, stored = true } }
e = { type = "i32", generated = { sql = { sqlite = "n + c", postgres = "n", mysql = "n" }, stored = true } }
f = { type = "timestamp", generated = { sql = "current_timestamp", stored = true } }
g = { type = "text", generated = { sql = { sqlite = "random()", postgres = "concat(n, 'x')", mysql = "concat(n, 'x')" }, stored = true } }
x_id = { ref = "A?", on_delete = "set_null" }
y_id = { ref = "A?", on_delete = "cascade", inverse = "ys" }
h = { type = "i64", generated = { sql = "x_id + y_id", stored = true } }
i = { type = "i32", generated = { sql = "rank() over ()", stored = true } }
"#,
        expect![[r#"
            5:42: error[SM0313]: MySQL computes no column from `id`, which it counts up
            6:46: error[SM0313]: `b` would be computed from itself
            7:57: error[SM0313]: `d` is computed from this column, and would be from itself
            7:77: error[SM0313]: PostgreSQL computes no column from `b`, which is computed itself
            7:102: error[SM0313]: MySQL computes no column from `d`, which it computes later
            10:48: error[SM0313]: SQLite, PostgreSQL and MySQL refuse `current_timestamp` in a generated column
            11:54: error[SM0313]: SQLite refuses `random` in a generated column
            11:77: error[SM0313]: PostgreSQL refuses `concat` in a generated column
            14:42: error[SM0313]: MySQL stores nothing computed from `x_id`, which a foreign key writes
            14:49: error[SM0313]: MySQL stores nothing computed from `y_id`, which a foreign key writes
            15:42: error[SM0702]: `rank` is over several rows, and a generated column is not
        "#]],
    );
}

#[test]
fn a_default_is_made_of_columns_on_mysql_alone() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
a = { type = "i32", default = { sql = "b + 1" } }
b = { type = "i32", default = { sql = { sqlite = "(a)", postgres = "abs(a)", mysql = "a + b + c + d + e + id" } } }
c = { type = "i32", default = { sql = { sqlite = "1", postgres = "1", mysql = "a + b" } } }
d = "i32"
f = { type = "timestamptz", default = { sql = "current_timestamp" } }
"#,
        expect![[r#"
            4:40: error[SM0702]: `b` is a column, and a default has none
            5:52: error[SM0702]: `a` is a column, and a default has none
            5:73: error[SM0702]: `a` is a column, and a default has none
            5:91: error[SM0313]: MySQL has no default made of `b`, whose value it would be
            5:95: error[SM0313]: MySQL has no default made of `c`, which it computes later
            5:103: error[SM0705]: the table `a` has no column `e`
            5:107: error[SM0313]: MySQL has no default made of `id`, which it counts up
        "#]],
    );
}
