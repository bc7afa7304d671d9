//! Pieces of SQL that other statements are made of.

use crate::{Dialect, Text, quote};

/// An expression of the schema's author, in parentheses.
///
/// If it has several lines, or a comment that reaches to the end of its line, the parentheses
/// stand on lines of their own.
pub(super) fn parenthesised(sql: &str) -> String {
    let sql = sql.trim();
    if sql.contains(['\n', '#']) || sql.contains("--") {
        format!("(\n{sql}\n)")
    } else {
        format!("({sql})")
    }
}

/// A list of columns in parentheses.
pub(super) fn column_list(dialect: Dialect, columns: &[Text]) -> String {
    let columns: Vec<_> = columns
        .iter()
        .map(|column| quote::identifier(dialect, column))
        .collect();
    format!("({})", columns.join(", "))
}

/// A block of PostgreSQL that runs a statement, and goes on if the object exists already.
///
/// For statements that have no `IF NOT EXISTS`.
pub(super) fn unless_it_exists(statement: &str) -> String {
    let body =
        format!("BEGIN\n    {statement};\nEXCEPTION\n    WHEN duplicate_object THEN NULL;\nEND");
    let quote = dollar_quote(&body);
    format!("DO {quote}\n{body}\n{quote}")
}

/// A dollar quote of PostgreSQL that does not occur in a text (manual, 4.1.2.4).
fn dollar_quote(text: &str) -> String {
    let mut quote = "$$".to_owned();
    let mut number = 0;
    while text.contains(&quote) {
        number += 1;
        quote = format!("$q{number}$");
    }
    quote
}
