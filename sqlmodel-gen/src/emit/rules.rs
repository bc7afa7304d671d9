//! Rules of `validate` and `[[rules]]` as the constants that the runtime checks.

use sqlmodel_sql::Literal;

use crate::emit::rust::Expr;
use crate::ir::{
    self, BinaryOperator, EnumLiteral, Field, Format, ModelRule, Scalar, Schema, Validation,
};

/// The rules of a field, with those of its named type before them.
pub(super) fn of_field(schema: &Schema, field: &Field) -> Vec<Expr> {
    let named: &[Validation] = match field.ty.scalar {
        Scalar::Named(id) if !field.ty.is_array => &schema.types[id].validate,
        _ => &[],
    };
    named
        .iter()
        .chain(&field.validate)
        .filter_map(validation)
        .collect()
}

/// The rule of a model.
pub(super) fn of_model(schema: &Schema, rule: &ModelRule) -> Option<Expr> {
    Some(Expr::Struct(
        "codegen::RowRule".to_owned(),
        vec![
            ("name", Expr::str(&rule.name)),
            ("message", Expr::str(&rule.message)),
            ("condition", condition(schema, &rule.expr)?),
        ],
    ))
}

fn validation(rule: &Validation) -> Option<Expr> {
    let call = |name: &str, value: Expr| Expr::call(format!("codegen::Rule::{name}"), [value]);
    let number = |value: u32| Expr::atom(value.to_string());
    Some(match rule {
        Validation::Min(bound) => call("Min", constant(bound)?),
        Validation::Max(bound) => call("Max", constant(bound)?),
        Validation::Above(bound) => call("Above", constant(bound)?),
        Validation::Below(bound) => call("Below", constant(bound)?),
        Validation::MultipleOf(Literal::Int(factor)) => {
            call("MultipleOf", Expr::atom(factor.to_string()))
        }
        Validation::MultipleOf(_) => return None,
        Validation::MinLen(len) => call("MinLen", number(*len)),
        Validation::MaxLen(len) => call("MaxLen", number(*len)),
        Validation::Format(format) => {
            let name = match format {
                Format::Email => "Email",
                Format::Url => "Url",
                Format::Hostname => "Hostname",
                Format::Ipv4 => "Ipv4",
                Format::Ipv6 => "Ipv6",
                Format::Ip => "Ip",
                Format::Slug => "Slug",
            };
            call("Format", Expr::atom(format!("codegen::Format::{name}")))
        }
        Validation::Pattern(pattern) => call("Pattern", Expr::str(pattern)),
        Validation::OneOf(values) => {
            let values: Option<Vec<Expr>> = values.iter().map(constant).collect();
            call("OneOf", Expr::Slice(values?))
        }
    })
}

fn constant(literal: &Literal) -> Option<Expr> {
    let (name, value) = match literal {
        Literal::Bool(value) => ("Bool", Expr::atom(value.to_string())),
        Literal::Int(value) => ("Int", Expr::atom(value.to_string())),
        Literal::Float(text) => {
            let value: f64 = text.parse().ok()?;
            ("Float", Expr::atom(format!("{value:?}")))
        }
        Literal::Decimal(text) => ("Decimal", Expr::str(text)),
        Literal::Text(text) => ("Text", Expr::str(text)),
        Literal::Bytes(bytes) => ("Bytes", Expr::atom(byte_string(bytes))),
        Literal::Uuid(uuid) => ("Uuid", Expr::atom(format!("*{}", byte_string(uuid)))),
        Literal::Date(date) => ("Date", Expr::str(&date.to_string())),
        Literal::Time(time) => ("Time", Expr::str(&time.to_string())),
        Literal::Timestamp(at) => ("Timestamp", Expr::str(&at.to_string())),
        Literal::Timestamptz(at) => ("Timestamptz", Expr::str(&at.to_string())),
        Literal::Duration(micros) => ("Duration", Expr::atom(micros.to_string())),
        // No rule has one: NULL is asked for with `is null`, and documents and lists are compared with nothing.
        Literal::Null | Literal::Json(_) | Literal::Array(_) => return None,
    };
    Some(Expr::call(format!("codegen::Constant::{name}"), [value]))
}

/// Writes bytes as Rust does: `b"\xca\xfe"`.
fn byte_string(bytes: &[u8]) -> String {
    let bytes: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("b\"{bytes}\"")
}

fn condition(schema: &Schema, expr: &ir::Expr) -> Option<Expr> {
    let call = |name: &str, arguments: Vec<Expr>| {
        Expr::call(format!("codegen::Condition::{name}"), arguments)
    };
    let inner = |expr: &ir::Expr| condition(schema, expr).map(reference);
    let not = |is_negated: bool, value: Expr| {
        if is_negated {
            call("Not", vec![reference(value)])
        } else {
            value
        }
    };
    Some(match expr {
        ir::Expr::Field(id) => call("Column", vec![Expr::str(&schema.fields[*id].column)]),
        ir::Expr::Literal(Literal::Null) => Expr::atom("codegen::Condition::Null"),
        ir::Expr::Literal(literal) => call("Constant", vec![constant(literal)?]),
        ir::Expr::Variant(id, index) => {
            let value = match &schema.enums[*id].values.get(*index)?.value {
                EnumLiteral::Text(text) => Literal::Text(text.clone().into()),
                EnumLiteral::Int(number) => Literal::Int(i64::from(*number)),
            };
            call("Constant", vec![constant(&value)?])
        }
        ir::Expr::Not(value) => call("Not", vec![inner(value)?]),
        ir::Expr::Negate(value) => call("Negate", vec![inner(value)?]),
        ir::Expr::Length(value) => call("Length", vec![inner(value)?]),
        ir::Expr::IsNull { value, is_negated } => {
            not(*is_negated, call("IsNull", vec![inner(value)?]))
        }
        ir::Expr::In {
            value,
            list,
            is_negated,
        } => {
            let list: Option<Vec<Expr>> = list.iter().map(|it| condition(schema, it)).collect();
            let value = call("In", vec![inner(value)?, Expr::Slice(list?)]);
            not(*is_negated, value)
        }
        ir::Expr::Binary(operator, left, right) => {
            let operands = Expr::Slice(vec![condition(schema, left)?, condition(schema, right)?]);
            let operator = match operator {
                BinaryOperator::Or => "Or",
                BinaryOperator::And => "And",
                BinaryOperator::Equal => "Equal",
                BinaryOperator::NotEqual => "NotEqual",
                BinaryOperator::Less => "Less",
                BinaryOperator::LessOrEqual => "LessOrEqual",
                BinaryOperator::Greater => "Greater",
                BinaryOperator::GreaterOrEqual => "GreaterOrEqual",
                BinaryOperator::Add => "Add",
                BinaryOperator::Subtract => "Subtract",
                BinaryOperator::Multiply => "Multiply",
                BinaryOperator::Divide => "Divide",
                BinaryOperator::Remainder => "Remainder",
            };
            let operator = Expr::atom(format!("codegen::Operator::{operator}"));
            call("Binary", vec![operator, operands])
        }
    })
}

/// A reference to a call or to a constant.
fn reference(expr: Expr) -> Expr {
    match expr {
        Expr::Call(path, arguments) => Expr::Call(format!("&{path}"), arguments),
        Expr::Atom(text) => Expr::Atom(format!("&{text}")),
        other => other,
    }
}
