//! Conditions over several columns, with SQL's three truth values.

use std::cmp::Ordering;

use crate::validate::{Constant, compare, decimal, float, length, whole};
use crate::value::Value;

/// An expression over the columns of a row, as generated code holds it.
#[derive(Debug, Clone, Copy)]
pub enum Condition {
    /// The value of a column; NULL where it is left to its default.
    Column(&'static str),
    /// A constant.
    Constant(Constant),
    /// NULL.
    Null,
    /// `not a`.
    Not(&'static Self),
    /// `-a`.
    Negate(&'static Self),
    /// The characters of text, the bytes of bytes or the items of a list.
    Length(&'static Self),
    /// `a is null`.
    IsNull(&'static Self),
    /// `a in (..)`.
    In(&'static Self, &'static [Self]),
    /// `a operator b`.
    Binary(Operator, &'static [Self; 2]),
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// A row's columns and their values.
type Row<'r> = [(&'r str, &'r Value<'r>)];

impl Condition {
    /// Tells whether the condition is not false.
    pub(super) fn holds(&self, row: &Row<'_>) -> bool {
        self.truth(row) != Some(false)
    }

    fn truth(&self, row: &Row<'_>) -> Option<bool> {
        match self.value(row) {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn value<'r>(&self, row: &'r Row<'r>) -> Value<'r> {
        match self {
            Self::Column(name) => match row.iter().find(|(column, _)| column == name) {
                Some((_, Value::Default)) | None => Value::Null,
                Some((_, value)) => (*value).clone(),
            },
            Self::Constant(constant) => constant.value(),
            Self::Null => Value::Null,
            Self::Not(inner) => truth_value(inner.truth(row).map(|value| !value)),
            Self::Negate(inner) => calculate(Operator::Subtract, &Value::I64(0), &inner.value(row)),
            Self::Length(inner) => length(&inner.value(row))
                .and_then(|length| i64::try_from(length).ok())
                .map_or(Value::Null, Value::I64),
            Self::IsNull(inner) => Value::Bool(matches!(inner.value(row), Value::Null)),
            Self::In(inner, list) => {
                let value = inner.value(row);
                let equal = |item: &Self| is_equal(&value, &item.value(row));
                truth_value(list.iter().map(equal).fold(Some(false), either))
            }
            Self::Binary(Operator::Or, [a, b]) => truth_value(either(a.truth(row), b.truth(row))),
            Self::Binary(Operator::And, [a, b]) => {
                let not = |value: Option<bool>| value.map(|value| !value);
                truth_value(not(either(not(a.truth(row)), not(b.truth(row)))))
            }
            Self::Binary(operator, [a, b]) => apply(*operator, &a.value(row), &b.value(row)),
        }
    }
}

fn truth_value(truth: Option<bool>) -> Value<'static> {
    truth.map_or(Value::Null, Value::Bool)
}

/// `a or b`.
fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

fn is_equal(a: &Value<'_>, b: &Value<'_>) -> Option<bool> {
    compare(a, b).map(Ordering::is_eq)
}

pub(super) fn apply(operator: Operator, a: &Value<'_>, b: &Value<'_>) -> Value<'static> {
    let is: fn(Ordering) -> bool = match operator {
        Operator::Equal => Ordering::is_eq,
        Operator::NotEqual => Ordering::is_ne,
        Operator::Less => Ordering::is_lt,
        Operator::LessOrEqual => Ordering::is_le,
        Operator::Greater => Ordering::is_gt,
        Operator::GreaterOrEqual => Ordering::is_ge,
        Operator::Or
        | Operator::And
        | Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder => return calculate(operator, a, b),
    };
    truth_value(compare(a, b).map(is))
}

/// Calculates with two numbers; NULL where there is no result, such as behind a division by zero.
fn calculate(operator: Operator, a: &Value<'_>, b: &Value<'_>) -> Value<'static> {
    let result = match (a, b) {
        (Value::F32(_) | Value::F64(_), _) | (_, Value::F32(_) | Value::F64(_)) => {
            float(a).zip(float(b)).and_then(|(a, b)| {
                let result = match operator {
                    Operator::Add => a + b,
                    Operator::Subtract => a - b,
                    Operator::Multiply => a * b,
                    Operator::Divide if b != 0.0 => a / b,
                    _ => return None,
                };
                Some(Value::F64(result))
            })
        }
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => {
            decimal(a)
                .zip(decimal(b))
                .and_then(|(a, b)| match operator {
                    Operator::Add => a.checked_add(b).map(Value::Decimal),
                    Operator::Subtract => a.checked_sub(b).map(Value::Decimal),
                    Operator::Multiply => a.checked_mul(b).map(Value::Decimal),
                    _ => None,
                })
        }
        _ => whole(a).zip(whole(b)).and_then(|(a, b)| {
            let result = match operator {
                Operator::Add => a.checked_add(b),
                Operator::Subtract => a.checked_sub(b),
                Operator::Multiply => a.checked_mul(b),
                Operator::Divide => a.checked_div(b),
                Operator::Remainder => a.checked_rem(b),
                _ => None,
            };
            result.map(Value::I64)
        }),
    };
    result.unwrap_or(Value::Null)
}
