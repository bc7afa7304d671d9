//! Pass 2: enums.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{self, EnumLiteral, EnumStorage, EnumValue};
use crate::resolve::Resolver;
use crate::resolve::case::{
    is_rust_keyword, is_upper_camel_case, to_snake_case, to_upper_camel_case,
};
use crate::source::Span;
use crate::syntax::{self, Node, Value};

/// The most bytes of a text value: what PostgreSQL takes for a label. MySQL takes 255 characters.
const MAX_LABEL_LEN: usize = 63;

/// Why a value cannot be stored.
#[derive(Clone)]
struct Misfit {
    diagnostic: Box<Diagnostic>,
    /// Whether it is of another kind than the enum is stored as.
    is_of_storage: bool,
}

impl<'a> Resolver<'a> {
    /// Resolves an enum; `None` if one of its values cannot be, or was not understood.
    pub(super) fn resolve_enum(
        &mut self,
        syntax: &'a syntax::Enum,
        module: usize,
    ) -> Option<ir::Enum> {
        let storage = syntax.storage.as_ref();
        let storage = storage.map_or(EnumStorage::Text, |storage| storage.value);
        if let Some(name) = &syntax.sql_name {
            self.check_sql_name(name, "an enum");
        }
        let literals = syntax
            .values
            .iter()
            .map(|value| enum_literal(value, storage));
        let literals: Vec<_> = literals.collect();
        let mut misfits: Vec<Misfit> = Vec::new();
        for misfit in literals.iter().filter_map(|it| it.as_ref().err()) {
            // One wrong word for the storage makes every value wrong: the first stands for all.
            if !misfits
                .iter()
                .any(|it| it.is_of_storage && misfit.is_of_storage)
            {
                misfits.push(misfit.clone());
            }
        }
        for misfit in misfits {
            // The word for the storage may be what was not understood.
            if !(misfit.is_of_storage && syntax.has_mistakes) {
                self.push(*misfit.diagnostic);
            }
        }
        let values: Vec<Option<EnumValue>> = syntax
            .values
            .iter()
            .zip(literals)
            .map(|(value, literal)| self.enum_value(value, literal.ok()?))
            .collect();
        let is_distinct = self.check_enum_values(syntax, &values);
        let values = values.into_iter().collect::<Option<Vec<_>>>()?;
        if values.is_empty() || !is_distinct || syntax.has_mistakes {
            return None;
        }
        Some(ir::Enum {
            name: syntax.name.value.clone(),
            module,
            doc: syntax.doc.clone(),
            storage,
            sql_name: match &syntax.sql_name {
                Some(name) => name.value.clone(),
                None => to_snake_case(&syntax.name.value),
            },
            derive: self.derives(&syntax.derive),
            values,
            span: syntax.name.span,
        })
    }

    fn enum_value(&mut self, syntax: &syntax::EnumValue, value: EnumLiteral) -> Option<EnumValue> {
        let (name, span) = match (&syntax.name, &value) {
            (Some(name), _) => (name.value.clone(), name.span),
            (None, EnumLiteral::Text(text)) => (to_upper_camel_case(text), syntax.span),
            (None, EnumLiteral::Int(_)) => return None,
        };
        if is_upper_camel_case(&name) && !is_rust_keyword(&name) {
            return Some(EnumValue {
                name,
                value,
                doc: syntax.doc.clone(),
            });
        }
        let message = match &syntax.name {
            Some(name) => format!(
                "the name of an enum value is in UpperCamelCase, and `{}` is not",
                name.value
            ),
            None => {
                let written = self.sources.text(syntax.span);
                format!("no name of a Rust variant can be made of {written}")
            }
        };
        let better = to_upper_camel_case(&name);
        let help = match is_upper_camel_case(&better) && !is_rust_keyword(&better) {
            true => format!("write `name = \"{better}\"`"),
            false => "name it: `{ name = \"Other\", value = \"..\" }`".to_owned(),
        };
        self.push(Diagnostic::new(&codes::WRONG_CASE, span, message).help(help));
        None
    }

    /// Reports values with the same name, or stored alike; true if there are none.
    fn check_enum_values(&mut self, syntax: &syntax::Enum, values: &[Option<EnumValue>]) -> bool {
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        let mut stored: BTreeMap<String, Span> = BTreeMap::new();
        let mut is_distinct = true;
        for (value, written) in values.iter().zip(&syntax.values) {
            let Some(value) = value else { continue };
            let literal = match &value.value {
                EnumLiteral::Text(text) => text.clone(),
                EnumLiteral::Int(int) => int.to_string(),
            };
            let same_name = names.insert(&value.name, written.span);
            let same_value = stored.insert(literal.clone(), written.span);
            let (twice, other) = match (same_value, same_name) {
                (Some(other), _) => (literal.as_str(), other),
                (None, Some(other)) => (value.name.as_str(), other),
                (None, None) => continue,
            };
            is_distinct = false;
            let message = format!("the enum `{}` has `{twice}` twice", syntax.name.value);
            self.push(
                Diagnostic::new(&codes::DUPLICATE_VALUE, written.span, message)
                    .related(other, "already here")
                    .help("remove one of the two, or give it another name and value"),
            );
        }
        is_distinct
    }
}

/// Returns what the database stores for a value, or why it cannot.
fn enum_literal(syntax: &syntax::EnumValue, storage: EnumStorage) -> Result<EnumLiteral, Misfit> {
    match storage {
        EnumStorage::Int => int_literal(syntax),
        EnumStorage::Text | EnumStorage::Native => text_literal(syntax),
    }
}

fn int_literal(syntax: &syntax::EnumValue) -> Result<EnumLiteral, Misfit> {
    let Some(node) = &syntax.value else {
        let message = "a value of an enum stored as integers has no number";
        return Err(misfit(syntax.span, message.to_owned(), "add `value = 1`"));
    };
    match node.value {
        Value::Integer(Some(int)) => i32::try_from(int).map(EnumLiteral::Int).map_err(|_| {
            misfit(
                node.span,
                format!("`{int}` does not fit 32 bits"),
                "use a smaller number",
            )
        }),
        _ => Err(wrong_kind(
            node,
            "integers",
            "write `{ name = \"Low\", value = 1 }`, or `storage = \"text\"` in the enum",
        )),
    }
}

fn text_literal(syntax: &syntax::EnumValue) -> Result<EnumLiteral, Misfit> {
    let Some(node) = &syntax.value else {
        let name = syntax.name.as_ref().map(|name| to_snake_case(&name.value));
        return Ok(EnumLiteral::Text(name.unwrap_or_default()));
    };
    match &node.value {
        Value::String(text) if text.is_empty() || text.len() > MAX_LABEL_LEN => {
            let message = format!("a text value has 1 to {MAX_LABEL_LEN} bytes");
            Err(misfit(node.span, message, "use another text"))
        }
        Value::String(text) => Ok(EnumLiteral::Text(text.clone())),
        _ => Err(wrong_kind(
            node,
            "text",
            "write a string, or `storage = \"int\"` in the enum",
        )),
    }
}

fn wrong_kind(node: &Node, storage: &str, help: &str) -> Misfit {
    let kind = node.value.kind();
    let message = format!("the enum is stored as {storage}, and this is {kind}");
    Misfit {
        is_of_storage: true,
        ..misfit(node.span, message, help)
    }
}

fn misfit(span: Span, message: String, help: &str) -> Misfit {
    Misfit {
        diagnostic: Box::new(Diagnostic::new(&codes::ENUM_VALUE, span, message).help(help)),
        is_of_storage: false,
    }
}
