//! Asks a database what it thinks of the SQL: what creates the tables and views, and each query.
//!
//! In: a schema that compiled. Out: diagnostics, at their places in the schema. Nothing of it is needed to generate code; it finds
//! what the compiler took on trust, and what it knows wrongly.

#[cfg(feature = "live")]
mod live;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
#[cfg(feature = "live")]
mod types;

#[cfg(feature = "live")]
pub use self::live::{Report, live};
#[cfg(feature = "sqlite")]
pub use self::sqlite::sqlite;
pub use self::statement::{Statement, statements};

use sqlmodel_sql::{Dialect, quote};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Query, Schema, SourceText, View};
use crate::query::place;
use crate::source::{SourceMap, Span};

/// What a database has against a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    message: String,
    /// The byte of the statement that it is about.
    offset: Option<usize>,
}

/// Where SQL is written in the schema, and what a database has against what became of it.
fn at_place(
    name: String,
    dialect: Dialect,
    written: Option<&SourceText>,
    declared: Span,
    sent: &str,
    refusal: &Refusal,
    sources: &SourceMap,
) -> Diagnostic {
    let span = match (written, refusal.offset) {
        (Some(written), Some(offset)) => place(written, sent, offset, sources),
        (Some(written), None) => written.span,
        (None, _) => declared,
    };
    let message = format!("{} refuses {name}", dialect.title());
    Diagnostic::new(&codes::REFUSED, span, message).label(refusal.message.clone())
}

fn refused_query(
    query: &Query,
    dialect: Dialect,
    statement: &Statement,
    refusal: &Refusal,
    sources: &SourceMap,
) -> Diagnostic {
    let diagnostic = at_place(
        format!("the query `{}`", query.name),
        dialect,
        query.sql.get(dialect),
        query.span,
        &statement.sql,
        refusal,
        sources,
    );
    match variant(query, statement) {
        Some(variant) => diagnostic.note(variant),
        None => diagnostic,
    }
}

/// Says which of a query's statements one is, where it has several.
fn variant(query: &Query, statement: &Statement) -> Option<String> {
    let mut words = Vec::new();
    for (at, block) in query.blocks.iter().enumerate() {
        let is_on = statement.blocks & (1 << at) != 0;
        let word = if is_on { "on" } else { "off" };
        words.push(format!("the block `{}` {word}", block.name));
    }
    let order = statement.order.and_then(|it| query.orders.get(it));
    words.extend(order.map(|(name, _)| format!("the order `{name}`")));
    (!words.is_empty()).then(|| format!("with {}", words.join(", ")))
}

fn refused_view(
    view: &View,
    dialect: Dialect,
    sent: &str,
    refusal: &Refusal,
    sources: &SourceMap,
) -> Diagnostic {
    let written = &view.written;
    at_place(
        format!("the view `{}`", written.name.value),
        dialect,
        written.sql.get(dialect),
        written.name.span,
        sent,
        refusal,
        sources,
    )
}

/// Blames the model whose table a statement names first.
fn refused_ddl(
    schema: &Schema,
    dialect: Dialect,
    sent: &str,
    refusal: &Refusal,
) -> Option<Diagnostic> {
    let named = schema.mappings.iter().filter_map(|(model, mapping)| {
        let table = &schema.tables[mapping.tables.last()?.table];
        let at = sent.find(&quote::identifier(dialect, &table.name.name))?;
        Some((at, model))
    });
    let (_, model) = named.min_by_key(|(at, _)| *at)?;
    let model = &schema.models[model];
    let message = format!(
        "{} refuses a statement that creates the table of `{}`",
        dialect.title(),
        model.name
    );
    let diagnostic =
        Diagnostic::new(&codes::REFUSED, model.span, message).label(refusal.message.clone());
    Some(diagnostic.note(format!("the statement: {sent}")))
}
