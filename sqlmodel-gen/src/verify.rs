//! Asks a database what it thinks of the SQL: what creates the tables and views, and each query.
//!
//! In: a schema that compiled. Out: diagnostics, at their places in the schema. Nothing of it is needed to generate code; it finds
//! what the compiler took on trust, and what it knows wrongly.

#[cfg(feature = "live")]
mod live;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
#[cfg(any(feature = "sqlite", feature = "live"))]
mod suspect;
#[cfg(feature = "live")]
mod types;

#[cfg(feature = "live")]
pub use self::live::{Report, live};
#[cfg(feature = "sqlite")]
pub use self::sqlite::sqlite;
pub use self::statement::{Statement, statements};

use sqlmodel_sql::{Dialect, quote};

#[cfg(any(feature = "sqlite", feature = "live"))]
use self::suspect::Suspect;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{ModelId, Query, Schema, SourceText, View};
use crate::query::{place, place_of};
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
        (Some(written), None) => place_of_named(written, &refusal.message, sources),
        (None, _) => declared,
    };
    let message = format!("{} refuses {name}", dialect.title());
    let own = format!("`dialect.{} = {{ sql = \"..\" }}`", dialect.name());
    let diagnostic = Diagnostic::new(&codes::REFUSED, span, message);
    diagnostic
        .label(refusal.message.clone())
        .help(way_out(dialect, refusal, Some(&own)))
}

/// Says what to do about a text; `own` is how one for a dialect alone is written, unless it is one.
fn way_out(dialect: Dialect, refusal: &Refusal, own: Option<&str>) -> String {
    let title = dialect.title();
    let or = own.map_or_else(
        || format!("write it as {title} takes it"),
        |own| format!("give {title} a text of its own: {own}"),
    );
    match refusal.message.strip_prefix("no such function: ") {
        Some(function) => format!(
            "if the program adds the function to its connections, declare it: `[function.{function}]` with `args = [\"text\"]` and \
             `returns = \"text\"`; else {or}"
        ),
        None if own.is_none() => or,
        None => format!("write it as {title} takes it, or {or}"),
    }
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

/// Blames a text in the SQL of a table.
fn refused_text(
    schema: &Schema,
    dialect: Dialect,
    sent: &str,
    suspect: &Suspect<'_>,
    refusal: &Refusal,
    sources: &SourceMap,
) -> Option<Diagnostic> {
    let model = &schema.models[model_of(schema, dialect, sent)?];
    let inside = sent.get(suspect.at.clone()).unwrap_or_default();
    let offset = refusal.offset.filter(|at| suspect.at.contains(at));
    let span = match offset {
        Some(at) => place(suspect.written, inside, at - suspect.at.start, sources),
        None => place_of_named(suspect.written, &refusal.message, sources),
    };
    let message = format!("{} refuses the table of `{}`", dialect.title(), model.name);
    let own = format!("`{{ {} = \"..\", default = \"..\" }}`", dialect.name());
    let diagnostic = Diagnostic::new(&codes::REFUSED, span, message);
    let diagnostic = diagnostic.label(refusal.message.clone());
    let own = suspect.is_portable.then_some(own.as_str());
    Some(diagnostic.help(way_out(dialect, refusal, own)))
}

/// Returns the place of what a message is about: the word after its colon, or one in quotes; the whole text where there is none.
fn place_of_named(written: &SourceText, message: &str, sources: &SourceMap) -> Span {
    let after_colon = message.rsplit_once(": ").map(|(_, name)| name);
    // Quotes may stand in quotes: what is one word between any two of them is a name.
    let is_word = |it: &&str| it.chars().all(|it| it.is_alphanumeric() || it == '_');
    let quoted = message.split(['`', '\'', '"']).filter(is_word);
    let mut places = after_colon
        .into_iter()
        .chain(quoted)
        .map(|name| place_of(written, name, sources));
    places
        .find(|it| *it != written.span)
        .unwrap_or(written.span)
}

/// Returns the model whose table a statement names first.
fn model_of(schema: &Schema, dialect: Dialect, sent: &str) -> Option<ModelId> {
    let named = schema.mappings.iter().filter_map(|(model, mapping)| {
        let table = &schema.tables[mapping.tables.last()?.table];
        let at = sent.find(&quote::identifier(dialect, &table.name.name))?;
        Some((at, model))
    });
    named.min_by_key(|(at, _)| *at).map(|(_, model)| model)
}

/// Blames the field whose column a message names, or the model whose table a statement names first.
fn refused_ddl(
    schema: &Schema,
    dialect: Dialect,
    sent: &str,
    refusal: &Refusal,
) -> Option<Diagnostic> {
    let id = model_of(schema, dialect, sent)?;
    let model = &schema.models[id];
    let words: Vec<&str> = refusal
        .message
        .split(|it: char| !it.is_alphanumeric() && it != '_')
        .collect();
    let fields = schema.mappings[id]
        .columns
        .iter()
        .map(|it| &schema.fields[it.field]);
    let named = fields.filter(|it| words.contains(&it.column.as_str()));
    // A longer name is less likely to be a word of the message by chance.
    let field = named.max_by_key(|it| it.column.len());
    let span = field.map_or(model.span, |it| it.span);
    let message = format!(
        "{} refuses a statement that creates the table of `{}`",
        dialect.title(),
        model.name
    );
    let help = match field {
        Some(field) => format!(
            "change `{}`, or leave {} out of `dialects`",
            field.name,
            dialect.title()
        ),
        None => format!(
            "change what the message names, or leave {} out of `dialects`",
            dialect.title()
        ),
    };
    let diagnostic = Diagnostic::new(&codes::REFUSED, span, message).label(refusal.message.clone());
    Some(diagnostic.note(format!("the statement: {sent}")).help(help))
}
