//! What users are told of mistakes in queries: the line, the code and the message of every diagnostic.

use expect_test::{Expect, expect};
use golden::compile_text;
use sqlmodel_gen::diagnostic::{Color, Format, render};

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
