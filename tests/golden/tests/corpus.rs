//! The corpus of queries: what the compiler finds out about each.
//!
//! `UPDATE_EXPECT=1` writes the signatures; read the difference before committing it.

use std::fs;

use golden::{compile_text, type_name};
use sqlmodel_gen::diagnostic::{Color, Format, render};
use sqlmodel_gen::ir::{Query, Row, Schema};
use support::{CorpusQuery, corpus, corpus_folder};

fn schema() -> String {
    fs::read_to_string(corpus_folder().join("schema.toml"))
        .expect("the schema of the corpus is there")
}

/// Returns the signature of a query, or its mistakes.
fn signature(schema: &str, query: &CorpusQuery) -> String {
    let compiled = compile_text(&format!("{schema}\n{}", query.toml()));
    let Some(schema) = &compiled.compilation.schema else {
        let diagnostics = &compiled.compilation.diagnostics;
        let short = render(diagnostics, &compiled.sources, Format::Short, Color::Never);
        let lines: Vec<&str> = short
            .lines()
            .filter_map(|line| Some(line.split_once(": ")?.1))
            .collect();
        return lines.join("; ");
    };
    let found = schema
        .queries
        .first()
        .expect("a schema without mistakes has its query");
    let params = found.params.iter().map(|it| {
        let list = if it.is_list { "[]" } else { "" };
        let block = if it.block.is_some() { " if given" } else { "" };
        format!("{}: {}{list}{block}", it.name, type_name(schema, &it.ty))
    });
    let params: Vec<String> = params.collect();
    format!("({}) -> {}", params.join(", "), row(schema, found))
}

fn row(schema: &Schema, query: &Query) -> String {
    match &query.row {
        Row::None => format!("{:?}", query.returns).to_lowercase(),
        row => {
            let columns = row
                .columns()
                .iter()
                .map(|it| format!("{}: {}", it.name, type_name(schema, &it.ty)));
            columns.collect::<Vec<_>>().join(", ")
        }
    }
}

#[test]
fn the_corpus_has_the_signatures_that_are_written_in_it() {
    let schema = schema();
    let mut wrong = String::new();
    let mut n_queries = 0;
    for (path, mut queries) in corpus() {
        for query in &mut queries {
            n_queries += 1;
            let found = signature(&schema, query);
            if found != query.expected {
                wrong.push_str(&format!(
                    "{}: {}\n  found    {found}\n  expected {}\n",
                    query.place, query.sql, query.expected
                ));
            }
            query.expected = found;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let text: Vec<String> = queries.iter().map(CorpusQuery::text).collect();
            fs::write(&path, text.join("\n")).unwrap();
            wrong.clear();
        }
    }
    assert!(n_queries >= 300);
    assert_eq!(wrong, "");
}
