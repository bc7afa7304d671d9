//! What the struct of a model and the structs made from it say about a field.

use sqlmodel_sql::{Function, Literal};

use crate::emit::types::Types;
use crate::emit::{Output, sentence_list};
use crate::ir::{
    EnumLiteral, Field, FieldId, Join, KeyPart, Model, RelationKind, Value, ValueSource,
};

/// Documents a field: the schema's words, or a sentence made of the facts.
pub(super) fn doc(output: &Output<'_>, model: &Model, id: FieldId) -> String {
    let field = &output.schema.fields[id];
    if let Some(doc) = &field.doc {
        return doc.clone();
    }
    let column = &field.column;
    match field.key {
        KeyPart::Auto { .. } => "The primary key, assigned by the database.".to_owned(),
        KeyPart::Given if model.key.len() == 1 => match references(output, model, id) {
            Some(target) => format!("The primary key, which is the key of {target}."),
            None => "The primary key.".to_owned(),
        },
        KeyPart::Given => match references(output, model, id) {
            Some(target) => format!("The key of {target}, a part of the primary key."),
            None => format!("The column `{column}`, a part of the primary key."),
        },
        KeyPart::None => match references(output, model, id) {
            Some(target) => format!("The key of {target}."),
            None if field.is_generated => {
                format!("The column `{column}`, computed by the database.")
            }
            None => format!("The column `{column}`."),
        },
    }
}

/// The model that a field references alone, as a link.
fn references(output: &Output<'_>, model: &Model, id: FieldId) -> Option<String> {
    let relations = &output.schema.relations;
    model.relations.iter().find_map(|relation| {
        let relation = &relations[*relation];
        match (&relation.kind, &relation.join) {
            (RelationKind::ToOne { .. }, Join::Direct(pairs)) => match pairs.as_slice() {
                [pair] if pair.near == id => {
                    let target = &output.schema.models[relation.target];
                    let path = output.names.path(model.module, target.module, &target.name);
                    Some(format!("[`{}`]({path})", target.name))
                }
                _ => None,
            },
            _ => None,
        }
    })
}

/// What a row gets when the caller gives nothing, in words.
pub(super) fn default_words(output: &Output<'_>, value: &Value) -> String {
    match &value.source {
        ValueSource::Literal(literal) => literal_words(literal),
        ValueSource::Variant(id, index) => {
            output.schema.enums[*id]
                .values
                .get(*index)
                .map_or_else(String::new, |value| match &value.value {
                    EnumLiteral::Text(text) => format!("`{text}`"),
                    EnumLiteral::Int(_) => format!("`{}`", value.name),
                })
        }
        ValueSource::Function(function) => match function {
            Function::Now => "the present time".to_owned(),
            Function::Today => "the present day".to_owned(),
            Function::CurrentTime => "the present time of day".to_owned(),
            Function::UuidV4 => "a random UUID".to_owned(),
            Function::UuidV7 => "a UUID that sorts by time".to_owned(),
        },
        ValueSource::Sql(sql) => match &sql.portable {
            Some(sql) if !sql.contains('`') && !sql.contains('\n') => format!("`{sql}`"),
            _ => "what the database computes".to_owned(),
        },
    }
}

fn literal_words(literal: &Literal) -> String {
    let text = match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(text) | Literal::Decimal(text) | Literal::Json(text) => text.to_string(),
        Literal::Text(text) if text.is_empty() => return "the empty text".to_owned(),
        Literal::Text(text) => text.to_string(),
        Literal::Bytes(bytes) => return format!("{} bytes", bytes.len()),
        Literal::Uuid(_) => return "a fixed UUID".to_owned(),
        Literal::Date(date) => date.to_string(),
        Literal::Time(time) => time.to_string(),
        Literal::Timestamp(timestamp) => timestamp.to_string(),
        Literal::Timestamptz(timestamp) => format!("{timestamp}Z"),
        Literal::Duration(micros) => return format!("{micros} microseconds"),
        Literal::Array(values) if values.is_empty() => return "the empty list".to_owned(),
        Literal::Array(values) => return sentence_list(values.iter().map(literal_words)),
    };
    if text.chars().any(|char| char == '`' || char.is_control()) {
        "a constant".to_owned()
    } else {
        format!("`{text}`")
    }
}

/// How a struct for new rows holds a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// As the stored field: the caller must give it.
    Required,
    /// As the stored field, an `Option`: null unless given.
    Nullable,
    /// An `Option`, `None` for the default.
    Defaulted,
    /// An `Option` of an `Option`, the outer `None` for the default.
    NullableDefaulted,
}

impl Given {
    pub(super) fn of(field: &Field) -> Self {
        match (field.default.is_some(), field.ty.is_nullable) {
            (false, false) => Self::Required,
            (false, true) => Self::Nullable,
            (true, false) => Self::Defaulted,
            (true, true) => Self::NullableDefaulted,
        }
    }

    /// The type of the struct's field.
    pub(super) fn ty(self, types: &Types<'_>, field: &Field) -> String {
        let stored = types.field(field);
        match self {
            Self::Required | Self::Nullable => stored,
            Self::Defaulted | Self::NullableDefaulted => types.option(&stored),
        }
    }
}
