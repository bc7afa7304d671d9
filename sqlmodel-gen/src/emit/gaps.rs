//! What a schema says and this version generates no code for, so that nobody relies on it.
//!
//! The SQL of a schema is whole: its tables, keys and checks are made of everything.

use crate::ir::{Schema, Value, ValueBy, ValueSource};
use crate::source::Span;

/// Something that a schema says and generated code does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub message: String,
}

/// Finds what a schema says and generated code does not do, sorted by place.
#[must_use]
pub fn gaps(schema: &Schema) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut push = |span: Span, message: String| gaps.push(Gap { span, message });
    for field in schema.fields.values().filter(|it| it.model.is_some()) {
        if field.default.as_ref().is_some_and(|it| !is_given(it)) {
            let message = format!(
                "the default of `{}` is not filled in yet, for its column is shared with other models: give new rows a value",
                field.name
            );
            push(field.span, message);
        }
    }
    gaps.sort_by_key(|gap| gap.span);
    gaps.dedup();
    gaps
}

/// Whether a new row gets the default, from the database or from generated code.
fn is_given(default: &Value) -> bool {
    match (default.by, &default.source) {
        (ValueBy::Database, _) => true,
        (ValueBy::Client, ValueSource::Literal(_) | ValueSource::Variant(..)) => true,
        (ValueBy::Client, ValueSource::Function(function)) => function.is_client_side(),
        (ValueBy::Client, ValueSource::Sql(_)) => false,
    }
}
