//! What SQLite says to the SQL of a schema, without a server.

#![cfg(feature = "sqlite")]

use std::path::Path;

use expect_test::{Expect, expect};
use sqlmodel_gen::config::Project;
use sqlmodel_gen::diagnostic::{Color, Diagnostics, Format, codes, render};
use sqlmodel_gen::source::SourceMap;
use sqlmodel_gen::{compile, verify};
use support::{corpus, corpus_folder};

/// What SQLite has against a schema that compiles, as people see it.
#[track_caller]
fn refusals(text: &str) -> String {
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
    let schema = compilation.schema.expect("it is there");
    let mut diagnostics = Diagnostics::new();
    let refused = verify::sqlite(&schema, &sources).expect("SQLite can be asked");
    refused.into_iter().for_each(|it| diagnostics.push(it));
    render(&diagnostics, &sources, Format::Human, Color::Never)
}

#[track_caller]
fn check(text: &str, expected: &Expect) {
    let hero = "[model.Hero.fields]\nid = { type = \"i64\", key = \"auto\" }\nname = \"text\"\nage = \"i32?\"\n";
    expected.assert_eq(&refusals(&format!("{hero}\n{text}")));
}

#[test]
fn sqlite_prepares_every_query_of_the_corpus() {
    let folder = corpus_folder();
    let mut text = std::fs::read_to_string(folder.join("schema.toml")).expect("it is there");
    let mut n_queries = 0;
    for query in corpus().into_iter().flat_map(|(_, queries)| queries) {
        if query.expected.starts_with('(') {
            n_queries += 1;
            let toml = query.toml();
            text.push_str(&toml.replace("\"the_query\"", &format!("\"query_{n_queries}\"")));
        }
    }
    assert!(n_queries > 300);
    assert_eq!(refusals(&text), "");
}

#[test]
fn sqlite_creates_what_the_examples_describe() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let mut n_seen = 0;
    for entry in std::fs::read_dir(schemas).expect("the examples are there") {
        let folder = entry.expect("the folder can be listed").path();
        if !folder.join("sqlmodel.toml").exists() {
            continue;
        }
        let project = Project::load(&folder).expect("the example can be read");
        let compilation = compile(&project.sources, &project.config.options);
        let schema = compilation.schema.expect("the example is right");
        let refused = verify::sqlite(&schema, &project.sources).expect("SQLite can be asked");
        assert_eq!(refused, [], "{}", folder.display());
        n_seen += 1;
    }
    assert!(n_seen > 1);
}

#[test]
fn the_examples_of_the_page_are_what_it_says() {
    let examples = codes::REFUSED.page.split("```toml\n").skip(1);
    let told: Vec<String> = examples
        .map(|it| refusals(it.split("```").next().unwrap_or_default()))
        .collect();
    assert!(told[0].starts_with("error[SM0801]"), "{told:?}");
    assert_eq!(told[1..], [""]);
}

#[test]
fn a_function_that_was_taken_on_trust_is_refused_at_its_place() {
    check(
        r#"
[[query]]
name = "sounds"
columns = { sound = "text!" }
sql = '''
SELECT *, metaphone(name) AS sound
FROM hero
WHERE id = :id'''
"#,
        &expect![[r#"
            error[SM0801]: SQLite refuses the query `sounds`
              --> models.toml:11:11
               |
            11 | SELECT *, metaphone(name) AS sound
               |           ^^^^^^^^^ no such function: metaphone
               |
               = help: if the program adds the function to its connections, declare it: `[function.metaphone]` with `args = ["text"]` and `returns = "text"`; else give SQLite a text of its own: `dialect.sqlite = { sql = ".." }`

        "#]],
    );
}

#[test]
fn every_set_of_blocks_and_every_order_is_prepared() {
    check(
        r#"
[[query]]
name = "found"
order = { name = "name", sound = "name COLLATE sounds" }
sql = """
SELECT id FROM hero WHERE age > 3 /*if name*/ AND name = :name /*end*/
ORDER BY /*order*/ name /*end*/"""
"#,
        &expect![[r#"
            error[SM0801]: SQLite refuses the query `found`
              --> models.toml:10:7
               |
            10 |   sql = """
               |  _______^
            11 | | SELECT id FROM hero WHERE age > 3 /*if name*/ AND name = :name /*end*/
            12 | | ORDER BY /*order*/ name /*end*/"""
               | |__________________________________^ no such collation sequence: sounds
               |
               = note: with the block `name` on, the order `Sound`
               = help: write it as SQLite takes it, or give SQLite a text of its own: `dialect.sqlite = { sql = ".." }`

        "#]],
    );
}

#[test]
fn a_view_is_refused_at_its_place() {
    check(
        r#"
[view.Sound]
key = ["id"]
columns = { sound = "text!" }
sql = "SELECT id, metaphone(name) AS sound FROM hero"

[[query]]
name = "sounds"
sql = "SELECT id FROM sound"
"#,
        &expect![[r#"
            error[SM0801]: SQLite refuses the view `Sound`
              --> models.toml:10:19
               |
            10 | sql = "SELECT id, metaphone(name) AS sound FROM hero"
               |                   ^^^^^^^^^ no such function: metaphone
               |
               = help: if the program adds the function to its connections, declare it: `[function.metaphone]` with `args = ["text"]` and `returns = "text"`; else give SQLite a text of its own: `dialect.sqlite = { sql = ".." }`

        "#]],
    );
}

#[test]
fn a_check_that_sqlite_does_not_know_is_refused_at_its_place() {
    check(
        r#"
[[model.Team.checks]]
name = "name_sounds"
sql = "metaphone(name) <> ''"

[model.Team.fields]
id = { type = "i64", key = "auto" }
name = "text"
"#,
        &expect![[r#"
            error[SM0801]: SQLite refuses the table of `Team`
             --> models.toml:9:8
              |
            9 | sql = "metaphone(name) <> ''"
              |        ^^^^^^^^^ no such function: metaphone
              |
              = help: if the program adds the function to its connections, declare it: `[function.metaphone]` with `args = ["text"]` and `returns = "text"`; else give SQLite a text of its own: `{ sqlite = "..", default = ".." }`

        "#]],
    );
}

#[test]
fn the_text_of_a_table_that_is_refused_is_shown() {
    // Each schema has one text that is right, and one that is not; SQLite tells no place of any.
    let with = |rest: &str| {
        let fields = "id = { type = \"i64\", key = \"auto\" }\nname = \"text\"\nlow = { type = \"text\", generated = { sql = \"lower(name)\", stored = true } }";
        format!("[model.Team.fields]\n{fields}\n{rest}")
    };
    check(
        &with(
            "late = { type = \"text\", generated = { sql = \"upper(metaphone(name))\", stored = true } }",
        ),
        &expect![[r#"
            error[SM0801]: SQLite refuses the table of `Team`
              --> models.toml:10:52
               |
            10 | late = { type = "text", generated = { sql = "upper(metaphone(name))", stored = true } }
               |                                                    ^^^^^^^^^ no such function: metaphone
               |
               = help: if the program adds the function to its connections, declare it: `[function.metaphone]` with `args = ["text"]` and `returns = "text"`; else give SQLite a text of its own: `{ sqlite = "..", default = ".." }`

        "#]],
    );
    check(
        &with("code = { type = \"text\", collation = { sqlite = \"sounds\" } }"),
        &expect![[r#"
            error[SM0801]: SQLite refuses the table of `Team`
              --> models.toml:10:49
               |
            10 | code = { type = "text", collation = { sqlite = "sounds" } }
               |                                                 ^^^^^^ no such collation sequence: sounds
               |
               = help: write it as SQLite takes it

        "#]],
    );
    check(
        &with(
            "[[model.Team.indexes]]\non = [\"id\", { sql = \"metaphone(name)\" }]\ndialects = [\"sqlite\"]",
        ),
        &expect![[r#"
            error[SM0801]: SQLite refuses the table of `Team`
              --> models.toml:11:22
               |
            11 | on = ["id", { sql = "metaphone(name)" }]
               |                      ^^^^^^^^^ no such function: metaphone
               |
               = help: if the program adds the function to its connections, declare it: `[function.metaphone]` with `args = ["text"]` and `returns = "text"`; else give SQLite a text of its own: `{ sqlite = "..", default = ".." }`

        "#]],
    );
    check(
        &with(
            "[[model.Team.indexes]]\non = [\"id\"]\nwhere = { sqlite = \"metaphone(name) > 'A'\" }",
        ),
        &expect![[r#"
            error[SM0801]: SQLite refuses the table of `Team`
              --> models.toml:12:21
               |
            12 | where = { sqlite = "metaphone(name) > 'A'" }
               |                     ^^^^^^^^^ no such function: metaphone
               |
               = help: if the program adds the function to its connections, declare it: `[function.metaphone]` with `args = ["text"]` and `returns = "text"`; else write it as SQLite takes it

        "#]],
    );
}

#[test]
fn functions_that_the_schema_declares_are_there() {
    check(
        r#"
[function.metaphone]
args = ["text"]
returns = "text"

[[query]]
name = "sounds"
sql = "SELECT metaphone(name) AS sound FROM hero"
"#,
        &expect![[""]],
    );
}
