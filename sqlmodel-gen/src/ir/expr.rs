//! Expressions of model rules.

use sqlmodel_sql::Literal;

use crate::ir::{EnumId, FieldId};

/// An expression over the fields of one model, with operands of types that go together.
///
/// Null is as in SQL: what is made of null is null, `and` and `or` know three values, and a rule holds unless it is false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// The value of a field.
    Field(FieldId),
    /// A constant, of the type of what it is compared or computed with.
    Literal(Literal),
    /// A value of an enum, by index in [`Enum::values`](crate::ir::Enum::values).
    Variant(EnumId, usize),
    /// `not a`.
    Not(Box<Expr>),
    /// `-a`.
    Negate(Box<Expr>),
    /// `length(a)`: characters of text, bytes of bytes, items of a list.
    Length(Box<Expr>),
    /// `a is null`, or `a is not null`.
    IsNull {
        /// The operand.
        value: Box<Expr>,
        /// Whether it is `is not null`.
        is_negated: bool,
    },
    /// `a in (b, c)`, or `a not in (b, c)`; the list is not empty.
    In {
        /// The operand.
        value: Box<Expr>,
        /// What it is compared with.
        list: Vec<Expr>,
        /// Whether it is `not in`.
        is_negated: bool,
    },
    /// `a op b`.
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `or`.
    Or,
    /// `and`.
    And,
    /// `=`.
    Equal,
    /// `<>` or `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
}
