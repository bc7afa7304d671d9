//! Checks the layout against rustfmt itself.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{Expr, Rust};

/// Formats text as the toolchain's rustfmt does.
pub(in crate::emit) fn rustfmt(text: &str) -> String {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "rustfmt accepts:\n{text}");
    String::from_utf8(output.stdout).unwrap()
}

/// Writes many items and checks that rustfmt would write each of them so.
#[track_caller]
fn check(write: impl FnOnce(&mut Rust)) {
    let mut out = Rust::new("// A test.\n");
    write(&mut out);
    let text = out.finish();
    let expected = rustfmt(&text);
    assert_eq!(text, expected);
}

/// Words of every length that names have.
fn words() -> impl Iterator<Item = String> {
    (1..=63).map(|length| "x".repeat(length))
}

#[test]
fn constants_break_where_rustfmt_breaks_them() {
    check(|out| {
        for word in words() {
            let name = word.to_uppercase();
            let column = Expr::call("codegen::Column::new", [Expr::str(&word)]);
            let keys = [&["id"][..], &[word.as_str()], &["team_id"], &["id"]]
                .map(|columns| Expr::strs(columns.iter().copied()));
            let relation = Expr::call("codegen::ManyToMany::new", keys);
            out.item(|out| out.assign(&format!("pub const {name}: Column<Self, i64>"), &column));
            out.item(|out| out.assign(&format!("pub const {name}: ManyToMany<A>"), &relation));
        }
    });
}

#[test]
fn lists_break_where_rustfmt_breaks_them() {
    check(|out| {
        for word in words() {
            for count in [1, 2, 3, 8, 30] {
                let list = Expr::strs(std::iter::repeat_n(word.as_str(), count));
                out.item(|out| out.assign("const COLUMNS: &'static [&'static str]", &list));
            }
        }
    });
}

#[test]
fn chains_break_where_rustfmt_breaks_them() {
    check(|out| {
        for word in words() {
            let info = Expr::call("codegen::FieldInfo::new", [Expr::str(&word)]);
            let infos = [
                info.clone(),
                info.clone().method("nullable", []),
                info.clone()
                    .method("primary_key", [])
                    .method("defaulted", []),
                info.clone().method("column", [Expr::str(&word)]),
                info.method("column", [Expr::str(&word)])
                    .method("nullable", []),
            ];
            for info in &infos {
                let list = Expr::slice([info.clone()]);
                out.item(|out| out.assign("const FIELD: &[codegen::FieldInfo]", &list));
            }
            let list = Expr::slice(infos);
            out.item(|out| out.assign("const FIELDS: &[codegen::FieldInfo]", &list));
        }
    });
}

#[test]
fn nested_calls_break_where_rustfmt_breaks_them() {
    let text = |word: &str| Expr::call("sql::Text::Borrowed", [Expr::str(word)]);
    check(|out| {
        for word in words() {
            let default = |literal: Expr| Expr::call("sql::ColumnDefault::Literal", [literal]);
            let literals = [
                Expr::call("sql::Literal::Int", [Expr::atom(&word)]),
                Expr::call("sql::Literal::Text", [text(&word)]),
                Expr::call(
                    "sql::Literal::Array",
                    [Expr::slice([text(&word), text(&word)])],
                ),
                Expr::Struct(
                    "sql::Timestamp".to_owned(),
                    vec![("date", Expr::atom(&word))],
                ),
            ];
            let columns = literals.into_iter().flat_map(|literal| {
                let column = Expr::call(
                    "sql::Column::new",
                    [Expr::str(&word), Expr::atom("sql::SqlType::TEXT")],
                );
                let nullable = column.clone().method("nullable", []);
                [
                    column.method("with_default", [default(literal.clone())]),
                    nullable.method("with_default", [default(literal)]),
                ]
            });
            for column in columns {
                // rustfmt has ways of its own with a chain that is alone in a list.
                let columns = Expr::slice([column.clone(), column]);
                out.item(|out| out.assign("const COLUMNS: &[sql::Column]", &columns));
            }
        }
    });
}

#[test]
fn foreign_keys_break_where_rustfmt_breaks_them() {
    check(|out| {
        for word in words() {
            let key = Expr::call(
                "sql::ForeignKey::new",
                [
                    Expr::str(&word),
                    Expr::slice([Expr::call("sql::Text::Borrowed", [Expr::str(&word)])]),
                    Expr::call("sql::TableName::new", [Expr::str(&word)]),
                ],
            );
            let action = Expr::atom("sql::Action::Cascade");
            let cascading = key.clone().method("with_on_delete", [action]);
            for keys in [
                vec![key.clone()],
                vec![cascading.clone()],
                vec![key, cascading],
            ] {
                let keys = Expr::Slice(keys);
                out.item(|out| out.assign("const KEYS: &[sql::ForeignKey]", &keys));
            }
        }
    });
}

#[test]
fn functions_break_where_rustfmt_breaks_them() {
    check(|out| {
        for word in words() {
            for n_parameters in 0..4 {
                let parameter = format!("{word}: impl Into<Option<i32>>");
                let parameters = vec![parameter; n_parameters];
                out.item(|out| {
                    out.function("pub fn new", &parameters, "Self", |out| out.line("x"));
                });
            }
        }
    });
}

#[test]
fn statements_break_where_rustfmt_breaks_them() {
    check(|out| {
        out.block("fn statements()", |out| {
            for word in words() {
                let field = Expr::atom(format!("&self.{word}"));
                let value = Expr::call("codegen::Encode::encode", [field]);
                let arms = vec!["Some(value) => value".to_owned(), "None => 0".to_owned()];
                let default = Expr::Match(format!("&self.{word}"), arms);
                for values in [
                    vec![value.clone()],
                    vec![value.clone(), value.clone()],
                    vec![value, default.clone()],
                    vec![default.clone(), default],
                ] {
                    out.expr(&Expr::call("row.extend", [Expr::Array(values)]), ";");
                }
            }
        });
    });
}

#[test]
fn results_break_where_rustfmt_breaks_them() {
    check(|out| {
        for word in words() {
            out.block(format!("fn {word}()"), |out| {
                let debug = Expr::atom("f").method("debug_struct", [Expr::str(&word)]);
                let field = [Expr::str(&word), Expr::atom(format!("&self.{word}"))];
                let debug = debug.method("field", field).method("finish", []);
                out.expr(&debug, "");
            });
            out.item(|out| {
                out.block(format!("fn {word}()"), |out| {
                    let key = [Expr::str(&word), Expr::strs(["id"])];
                    let table = Expr::call("sql::Table::new", [Expr::str(&word), Expr::atom("C")]);
                    let key = Expr::call("sql::PrimaryKey::new", key);
                    out.expr(&table.method("with_primary_key", [key]), "");
                });
            });
        }
    });
}

#[test]
fn documentation_cannot_break_out_of_its_comment() {
    let mut out = Rust::new("// A test.");
    out.doc("one\rtwo  \r\n\n */ three\n");
    assert_eq!(
        out.finish(),
        "// A test.\n/// one two\n///\n///  */ three\n"
    );
}
