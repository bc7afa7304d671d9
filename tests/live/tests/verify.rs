//! `sqlmodel-gen verify`: what servers say to the SQL of a schema, and that nothing of it is left there.

use expect_test::expect;
use live::Test;
use sqlmodel_gen::config::Options;
use sqlmodel_gen::diagnostic::{Color, Diagnostics, Format, render};
use sqlmodel_gen::ir::Schema;
use sqlmodel_gen::source::SourceMap;
use sqlmodel_gen::verify::Report;
use sqlmodel_gen::{compile, verify};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{AnyOptions, Connector, Dialect, ErrorKind, block_on};
use support::{corpus, corpus_folder, mysql_url, postgres_url};

fn compiled(text: &str) -> (Schema, SourceMap) {
    let mut sources = SourceMap::new();
    sources.add("models.toml", text);
    let compilation = compile(&sources, &Default::default());
    let told = render(
        &compilation.diagnostics,
        &sources,
        Format::Human,
        Color::Never,
    );
    assert!(compilation.schema.is_some(), "{told}");
    (compilation.schema.expect("it is there"), sources)
}

/// Asks a server, and returns the report with what it has against the schema, as people see it.
fn asked(url: &str, text: &str) -> Result<(Report, String), live::Failure> {
    let (schema, sources) = compiled(text);
    let report = block_on(async |cx| verify::live(cx, url, &schema, &sources).await.into_result())?;
    let mut diagnostics = Diagnostics::new();
    let refused = report.refused.iter().cloned();
    refused.for_each(|it| diagnostics.push(it));
    let told = render(&diagnostics, &sources, Format::Human, Color::Never);
    Ok((report, told))
}

/// The schema of the corpus with every query of it that is right.
fn corpus_text() -> String {
    let file = corpus_folder().join("schema.toml");
    let mut text = std::fs::read_to_string(file).expect("the schema of the corpus is there");
    let queries = corpus().into_iter().flat_map(|(_, queries)| queries);
    let right = queries.filter(|query| query.expected.starts_with('('));
    for (number, query) in right.enumerate() {
        let name = format!("\"query_{number}\"");
        text.push_str(&query.toml().replace("\"the_query\"", &name));
    }
    text
}

/// What a server has against a schema of a hero and what is given.
fn told(url: &str, text: &str) -> Result<String, live::Failure> {
    let hero = r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text"
age = "i32?"
"#;
    Ok(asked(url, &format!("{hero}{text}"))?.1)
}

fn the_corpus_is_what_the_server_says(url: &str) -> Test {
    let (report, told) = asked(url, &corpus_text())?;
    assert_eq!(told, "");
    assert!(report.n_queries > 250, "{report:?}");
    assert!(report.n_statements > report.n_queries, "{report:?}");
    assert!(report.n_tables > 5 && report.n_views > 0, "{report:?}");
    Ok(())
}

#[test]
fn postgresql_describes_the_corpus_as_it_was_found_out() -> Test {
    postgres_url().map_or(Ok(()), the_corpus_is_what_the_server_says)
}

#[test]
fn mysql_describes_the_corpus_as_it_was_found_out() -> Test {
    mysql_url().map_or(Ok(()), the_corpus_is_what_the_server_says)
}

const REFUSED: &str = r#"
[[query]]
name = "sounds"
columns = { sound = "text!" }
sql = """
SELECT *, no_such_function(name) AS sound
FROM hero /*if id*/ WHERE id = :id /*end*/"""

[[query]]
name = "names"
sql = "SELECT name FROM hero"
"#;

#[test]
fn postgresql_refuses_at_the_place_of_the_mistake() -> Test {
    let Some(url) = postgres_url() else {
        return Ok(());
    };
    expect![[r#"
        error[SM0801]: PostgreSQL refuses the query `sounds`
          --> models.toml:11:11
           |
        11 | SELECT *, no_such_function(name) AS sound
           |           ^^^^^^^^^^^^^^^^ function no_such_function(text) does not exist
           |
           = note: with the block `id` on
           = help: write it as PostgreSQL takes it, or give PostgreSQL a text of its own: `dialect.postgres = { sql = ".." }`

    "#]]
    .assert_eq(&told(url, REFUSED)?);
    Ok(())
}

#[test]
fn mysql_refuses_at_the_place_of_the_mistake() -> Test {
    let Some(url) = mysql_url() else {
        return Ok(());
    };
    let told = told(url, REFUSED)?;
    // The name of the function is told with that of the database.
    assert!(told.contains("MySQL refuses the query `sounds`"), "{told}");
    assert!(told.contains("no_such_function"), "{told}");
    assert_eq!(told.matches("error[").count(), 1, "{told}");
    Ok(())
}

#[test]
fn a_stated_type_that_is_not_the_servers_is_told() -> Test {
    let Some(url) = postgres_url() else {
        return Ok(());
    };
    let wrong = r#"
[[query]]
name = "port"
dialects = ["postgres"]
columns = { port = "i16?", seen = "text!" }
sql = "SELECT inet_server_port() AS port, pg_backend_pid() AS seen FROM hero"
"#;
    let right = r#"
[[query]]
name = "port"
dialects = ["postgres"]
columns = { port = "i32?", seen = "i32!" }
sql = "SELECT inet_server_port() AS port, pg_backend_pid() AS seen FROM hero"
"#;
    expect![[r#"
        error[SM0802]: the column `port` of `port` is `int4` on PostgreSQL
          --> models.toml:11:37
           |
        11 | sql = "SELECT inet_server_port() AS port, pg_backend_pid() AS seen FROM hero"
           |                                     ^^^^ `i16` here
           |
           = note: stated in `columns`; found: the function `inet_server_port`, which is not known
           = help: cast it, or say what it is: `columns = { port = ".." }`

        error[SM0802]: the column `seen` of `port` is `int4` on PostgreSQL
          --> models.toml:11:63
           |
        11 | sql = "SELECT inet_server_port() AS port, pg_backend_pid() AS seen FROM hero"
           |                                                               ^^^^ `text` here
           |
           = note: stated in `columns`; found: the function `pg_backend_pid`, which is not known
           = help: cast it, or say what it is: `columns = { seen = ".." }`

    "#]]
    .assert_eq(&told(url, wrong)?);
    assert_eq!(told(url, right)?, "");
    Ok(())
}

#[test]
fn a_view_and_a_table_that_a_server_refuses_are_told_alone() -> Test {
    let Some(url) = postgres_url() else {
        return Ok(());
    };
    let view = r#"
[view.Sound]
key = ["id"]
columns = { sound = "text!" }
sql = "SELECT id, no_such_function(name) AS sound FROM hero"

[[query]]
name = "sounds"
sql = "SELECT id FROM sound"
"#;
    let table = r#"
[[model.Team.checks]]
name = "name_sounds"
sql = "no_such_function(name) <> ''"

[model.Team.fields]
id = { type = "i64", key = "auto" }
name = "text"
"#;
    expect![[r#"
        error[SM0801]: PostgreSQL refuses the view `Sound`
          --> models.toml:10:19
           |
        10 | sql = "SELECT id, no_such_function(name) AS sound FROM hero"
           |                   ^^^^^^^^^^^^^^^^ function no_such_function(text) does not exist
           |
           = help: write it as PostgreSQL takes it, or give PostgreSQL a text of its own: `dialect.postgres = { sql = ".." }`

    "#]]
    .assert_eq(&told(url, view)?);
    expect![[r#"
        error[SM0801]: PostgreSQL refuses the table of `Team`
         --> models.toml:9:8
          |
        9 | sql = "no_such_function(name) <> ''"
          |        ^^^^^^^^^^^^^^^^ function no_such_function(text) does not exist
          |
          = help: write it as PostgreSQL takes it, or give PostgreSQL a text of its own: `{ postgres = "..", default = ".." }`

    "#]]
    .assert_eq(&told(url, table)?);
    Ok(())
}

#[test]
fn mysql_refuses_the_text_of_a_table_at_its_place() -> Test {
    let Some(url) = mysql_url() else {
        return Ok(());
    };
    let table = r#"
[model.Team.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
low = { type = "text(80)", generated = { sql = "lower(name)", stored = true } }
code = { type = "text(80)", generated = { sql = "no_such_function(name)", stored = true } }
"#;
    let told = told(url, table)?;
    // MySQL and MariaDB word it differently; the place is the same.
    let place = told.lines().nth(1).unwrap_or_default();
    assert_eq!(place.trim(), "--> models.toml:11:50", "{told}");
    Ok(())
}

/// A table in a schema of its own, an enum that is a type of the database, and a list.
const ELSEWHERE: &str = r#"
[enum.Mood]
storage = "native"
values = ["calm", "cross"]

[model.Note]
schema = "sqlmodel_verify_notes"
[model.Note.fields]
id = { type = "i64", key = "auto" }
mood = "Mood"

[[query]]
name = "of_mood"
sql = "SELECT id, mood FROM sqlmodel_verify_notes.note WHERE mood = :mood AND id IN (:ids)"
"#;

/// A table elsewhere refers to the one in the schema of its own, which SQLite has not.
const REFERRED: &str = r#"
[model.Pin.fields]
id = { type = "i64", key = "auto" }
note_id = { ref = "Note" }
"#;

#[test]
fn nothing_is_left_of_tables_that_refer_to_another_schema() -> Test {
    let Some(url) = mysql_url() else {
        return Ok(());
    };
    let mut sources = SourceMap::new();
    sources.add(
        "models.toml",
        format!("{ELSEWHERE}{REFERRED}").replace("_notes", "_pinned"),
    );
    let options = Options {
        dialects: vec![Dialect::Mysql],
        ..Options::default()
    };
    let schema = compile(&sources, &options).schema.expect("it is right");
    let asked = block_on(async |cx| verify::live(cx, url, &schema, &sources).await.into_result())?;
    assert_eq!((asked.n_tables, asked.refused.len()), (2, 0));
    let names = "SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'sqlmodel_verify_pinned'";
    assert_eq!(n_rows(url, names)?, 0);
    Ok(())
}

fn n_rows(url: &str, sql: &str) -> Result<usize, live::Failure> {
    block_on(async |cx| {
        let mut connection = AnyOptions::parse(url)?.connect(cx).await.into_result()?;
        let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
        Ok(rows.len())
    })
}

fn nothing_is_left(url: &str, names: &str) -> Test {
    for text in [REFUSED, ELSEWHERE] {
        let told = told(url, text)?;
        assert_eq!(told.is_empty(), text == ELSEWHERE, "{told}");
        let left = n_rows(url, names)?;
        assert_eq!(left, 0);
    }
    Ok(())
}

#[test]
fn nothing_is_left_on_postgresql() -> Test {
    let names = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sqlmodel\_verify%'";
    postgres_url().map_or(Ok(()), |url| nothing_is_left(url, names))
}

#[test]
fn nothing_is_left_on_mysql() -> Test {
    let names = "SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'sqlmodel_verify_notes'";
    mysql_url().map_or(Ok(()), |url| nothing_is_left(url, names))
}

#[test]
fn a_server_that_the_schema_is_not_for_is_refused_before_it_is_asked() {
    let mut sources = SourceMap::new();
    sources.add(
        "models.toml",
        "[model.Hero.fields]\nid = { type = \"i64\", key = \"auto\" }\n",
    );
    let options = Options {
        dialects: vec![Dialect::Sqlite],
        ..Options::default()
    };
    let schema = compile(&sources, &options).schema.expect("it is right");
    for (url, words) in [
        (
            "postgres://nobody@127.0.0.1:1/none",
            "the schema is not for PostgreSQL",
        ),
        (
            "sqlite:heroes.db",
            "`verify` asks PostgreSQL and MySQL servers",
        ),
        ("oracle://nobody@127.0.0.1/none", "begins with one of these"),
    ] {
        let asked = block_on(async |cx| verify::live(cx, url, &schema, &sources).await);
        let Outcome::Err(error) = asked else {
            unreachable!("{url} is no server of the schema")
        };
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(words), "{error}");
    }
}
