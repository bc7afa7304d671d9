//! What is true of every text that the compiler is given, however wrong it is.
//!
//! The fuzz target and `sqlmodel-gen/tests/robust.rs` check the same function, so what one finds the other keeps.

use sqlmodel_gen::config::Options;
use sqlmodel_gen::diagnostic::{Color, Diagnostic, Format, render};
use sqlmodel_gen::ir::Schema;
use sqlmodel_gen::source::{SourceMap, Span};
use sqlmodel_gen::{Compilation, compile, emit};

/// Compiles a text as the only file of a schema, and emits everything if it compiles.
///
/// # Panics
///
/// If the compiler does, or if its diagnostics are not sorted, lie outside the text or do not say what is wrong.
pub fn check(text: &str) {
    let mut sources = SourceMap::new();
    sources.add("models.toml", text);
    let options = Options::default();
    let Compilation {
        schema,
        diagnostics,
    } = compile(&sources, &options);
    assert_eq!(schema.is_none(), diagnostics.has_errors());
    assert!(
        schema.is_some() || !diagnostics.as_slice().is_empty(),
        "the schema is refused without a word"
    );
    let places = diagnostics.as_slice().iter().map(|it| it.span);
    assert!(places.is_sorted(), "diagnostics are sorted");
    for diagnostic in &diagnostics {
        check_diagnostic(diagnostic, text);
    }
    for (_, format) in Format::ALL {
        let text = render(&diagnostics, &sources, format, Color::Never);
        assert!(diagnostics.as_slice().is_empty() || !text.is_empty());
    }
    if let Some(schema) = &schema {
        check_emitted(schema, &sources);
    }
}

/// Compiles any text as the SQL of a query, over the tables of the corpus of queries.
///
/// # Panics
///
/// As [`check`].
pub fn check_sql(sqls: &[&str]) {
    let mut text = include_str!("../../queries/schema.toml").to_owned();
    // What a TOML string cannot hold is no matter of SQL.
    let is_fit = |sql: &&&str| {
        !sql.contains("'''")
            && !sql.ends_with('\'')
            && !sql.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'))
    };
    for (at, sql) in sqls.iter().filter(is_fit).enumerate() {
        text.push_str(&format!(
            "\n[[query]]\nname = \"q{at}\"\nsql = '''{sql}'''\n"
        ));
    }
    check(&text);
}

fn check_diagnostic(diagnostic: &Diagnostic, text: &str) {
    let fits = |span: Span| text.get(span.range()).is_some();
    let related = diagnostic.related.iter().map(|label| label.span);
    let fix = diagnostic.fixes.iter().map(|fix| fix.span);
    assert!(
        related.chain(fix).chain([diagnostic.span]).all(fits),
        "a place is outside the text or splits a character: {diagnostic:?}"
    );
    assert!(!diagnostic.message.is_empty(), "{diagnostic:?}");
}

fn check_emitted(schema: &Schema, sources: &SourceMap) {
    for dialect in &schema.dialects {
        let file = emit::ddl(schema, sources, *dialect);
        assert!(file.is_ok(), "{file:?}");
    }
    let files = emit::rust(schema, sources);
    let paths = files.iter().map(|file| &file.path);
    assert!(
        paths.is_sorted_by(|a, b| a < b),
        "two files have the same path"
    );
}
