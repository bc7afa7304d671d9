//! Rules of `validate`, against the type they are for.

use std::cmp::Ordering;

use regex_lite::Regex;
use sqlmodel_sql::Literal;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Builtin, Scalar, Validation};
use crate::resolve::Resolver;
use crate::resolve::literal::number_order;
use crate::source::Span;
use crate::syntax::{Node, Rule, Spanned};

impl Resolver<'_> {
    /// Resolves rules for a type; those that do not fit are reported and left out.
    pub(super) fn validations(
        &mut self,
        rules: &[Spanned<Rule>],
        scalar: Scalar,
        is_array: bool,
    ) -> Vec<Validation> {
        let mut resolved: Vec<(Validation, Span)> = Vec::new();
        for rule in rules {
            if let Some(validation) = self.validation(rule, scalar, is_array) {
                resolved.push((validation, rule.span));
            }
        }
        self.check_bounds(&resolved);
        self.check_lengths(&resolved, scalar, is_array);
        resolved
            .into_iter()
            .map(|(validation, _)| validation)
            .collect()
    }

    fn validation(
        &mut self,
        rule: &Spanned<Rule>,
        scalar: Scalar,
        is_array: bool,
    ) -> Option<Validation> {
        let builtin = self.builtin_of(scalar);
        let is_number = !is_array && builtin.is_some_and(is_number);
        let is_whole = matches!(builtin, Some(Builtin::I16 | Builtin::I32 | Builtin::I64));
        let is_text = !is_array && matches!(builtin, Some(Builtin::Text { .. }));
        let has_length = is_array || is_text || matches!(builtin, Some(Builtin::Bytes));
        let mut literal = |node: &Node| self.literal(node, scalar, "a bound");
        match &rule.value {
            Rule::Min(node) if is_number => Some(Validation::Min(literal(node)?)),
            Rule::Max(node) if is_number => Some(Validation::Max(literal(node)?)),
            Rule::Above(node) if is_number => Some(Validation::Above(literal(node)?)),
            Rule::Below(node) if is_number => Some(Validation::Below(literal(node)?)),
            Rule::MultipleOf(node) if is_number && is_whole => {
                let factor = literal(node)?;
                if matches!(factor, Literal::Int(factor) if factor < 1) {
                    self.error(
                        &codes::OUT_OF_RANGE,
                        rule.span,
                        "the number of `multiple_of` is positive",
                        "write `multiple_of = 5`, or another number above 0",
                    );
                    return None;
                }
                Some(Validation::MultipleOf(factor))
            }
            Rule::MinLen(len) if has_length => Some(Validation::MinLen(*len)),
            Rule::MaxLen(len) if has_length => Some(Validation::MaxLen(*len)),
            Rule::Format(format) if is_text => Some(Validation::Format(*format)),
            Rule::Pattern(pattern) if is_text => self.pattern(pattern, rule.span),
            Rule::OneOf(nodes) if !is_array && (is_number || is_text) => {
                let values: Vec<Literal> = nodes
                    .iter()
                    .filter_map(|node| self.literal(node, scalar, "a value"))
                    .collect();
                for (at, value) in values.iter().enumerate() {
                    if let (true, Some(node)) = (values[..at].contains(value), nodes.get(at)) {
                        let message = "`one_of` has this value already";
                        self.error(&codes::DUPLICATE_VALUE, node.span, message, "remove it");
                    }
                }
                (values.len() == nodes.len()).then_some(Validation::OneOf(values))
            }
            rule_value => {
                let key = rule_value.key();
                let help = match rule_value {
                    Rule::Min(_) | Rule::Above(_) if is_text || has_length => {
                        "for the length, write `min_len = 1`".to_owned()
                    }
                    Rule::Max(_) | Rule::Below(_) if is_text || has_length => {
                        "for the length, write `max_len = 80`".to_owned()
                    }
                    Rule::MinLen(_) if is_number => "for the value, write `min = 0`".to_owned(),
                    Rule::MaxLen(_) if is_number => "for the value, write `max = 100`".to_owned(),
                    _ => format!("remove `{key}`, or change the type"),
                };
                let takes = match rule_value {
                    Rule::Min(_) | Rule::Max(_) | Rule::Above(_) | Rule::Below(_) => "numbers",
                    Rule::MultipleOf(_) => "whole numbers",
                    Rule::MinLen(_) | Rule::MaxLen(_) => "text, bytes and lists",
                    Rule::Format(_) | Rule::Pattern(_) => "text",
                    Rule::OneOf(_) => {
                        "numbers and text; for a closed set of names, declare an `[enum.*]`"
                    }
                };
                let message = format!("`{key}` does not apply to this type");
                self.push(
                    Diagnostic::new(&codes::RULE_TYPE, rule.span, message)
                        .note(format!("`{key}` is for {takes}"))
                        .help(help),
                );
                None
            }
        }
    }

    /// Compiles a regular expression, as the program will.
    fn pattern(&mut self, pattern: &str, span: Span) -> Option<Validation> {
        match Regex::new(pattern) {
            Ok(_) => Some(Validation::Pattern(pattern.to_owned())),
            Err(error) => {
                let message = "the pattern cannot be read";
                self.push(
                    Diagnostic::new(&codes::RULE_SYNTAX, span, message)
                        .label(error.to_string())
                        .help("write a regular expression such as `'^[a-z]+$'`, in single quotes, where TOML reads no backslash"),
                );
                None
            }
        }
    }

    /// Returns the built-in type that a scalar is stored as, `None` for an enum or an unknown type.
    pub(super) fn builtin_of(&self, scalar: Scalar) -> Option<Builtin> {
        match scalar {
            Scalar::Builtin(builtin) => Some(builtin),
            // A named type may be looked at while the types are being resolved.
            Scalar::Named(id) if crate::ir::Id::index(id) < self.types.len() => {
                self.types[id].as_ref().map(|ty| ty.base)
            }
            Scalar::Named(_) | Scalar::Enum(_) => None,
        }
    }

    /// Reports a least length that is more than the type holds.
    fn check_lengths(&mut self, rules: &[(Validation, Span)], scalar: Scalar, is_array: bool) {
        let Some(Builtin::Text { max_len: Some(max) }) = self.builtin_of(scalar) else {
            return;
        };
        for (rule, span) in rules {
            if matches!(rule, Validation::MinLen(min) if *min > max) && !is_array {
                let message =
                    format!("no value can meet this rule: the type holds {max} characters");
                let help = "lower the number, or raise that of the type";
                self.error(&codes::RULES_EXCLUDE, *span, message, help);
            }
        }
    }

    /// Reports bounds that no value can meet.
    fn check_bounds(&mut self, rules: &[(Validation, Span)]) {
        for (lower, span) in rules {
            for (upper, other) in rules {
                if excludes(lower, upper) {
                    self.push(
                        Diagnostic::new(
                            &codes::RULES_EXCLUDE,
                            *span,
                            "no value can meet these two rules",
                        )
                        .related(*other, "the other rule")
                        .help(format!(
                            "raise `{}`, lower `{}`, or remove one of the two",
                            upper.key(),
                            lower.key()
                        )),
                    );
                }
            }
        }
    }
}

/// Returns whether a lower bound and an upper one leave nothing between them.
fn excludes(lower: &Validation, upper: &Validation) -> bool {
    use Validation::{Above, Below, Max, MaxLen, Min, MinLen};
    match (lower, upper) {
        (Min(low), Max(high)) => number_order(low, high) == Some(Ordering::Greater),
        (Min(low), Below(high)) | (Above(low), Max(high) | Below(high)) => {
            matches!(
                number_order(low, high),
                Some(Ordering::Greater | Ordering::Equal)
            )
        }
        (MinLen(low), MaxLen(high)) => low > high,
        _ => false,
    }
}

/// Returns whether a literal meets a rule; what cannot be told here is met.
pub(super) fn meets(literal: &Literal, rule: &Validation) -> bool {
    let order = |bound: &Literal| number_order(literal, bound);
    match rule {
        Validation::Min(bound) => order(bound) != Some(Ordering::Less),
        Validation::Max(bound) => order(bound) != Some(Ordering::Greater),
        Validation::Above(bound) => matches!(order(bound), Some(Ordering::Greater) | None),
        Validation::Below(bound) => matches!(order(bound), Some(Ordering::Less) | None),
        Validation::MultipleOf(Literal::Int(factor)) => match literal {
            Literal::Int(value) => value.checked_rem(*factor).is_none_or(|rest| rest == 0),
            _ => true,
        },
        Validation::MinLen(len) => length(literal).is_none_or(|value| value >= *len as usize),
        Validation::MaxLen(len) => length(literal).is_none_or(|value| value <= *len as usize),
        Validation::OneOf(values) => values
            .iter()
            .any(|value| value == literal || number_order(literal, value) == Some(Ordering::Equal)),
        Validation::Pattern(pattern) => match literal {
            Literal::Text(text) => Regex::new(pattern).is_ok_and(|it| it.is_match(text)),
            _ => true,
        },
        Validation::MultipleOf(_) | Validation::Format(_) => true,
    }
}

fn length(literal: &Literal) -> Option<usize> {
    match literal {
        Literal::Text(text) => Some(text.chars().count()),
        Literal::Bytes(bytes) => Some(bytes.len()),
        Literal::Array(items) => Some(items.len()),
        _ => None,
    }
}

fn is_number(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::I16
            | Builtin::I32
            | Builtin::I64
            | Builtin::F32
            | Builtin::F64
            | Builtin::Decimal { .. }
    )
}
