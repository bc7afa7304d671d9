//! Expressions as columns take them. SQLite holds no column to its type, so that it is told what PostgreSQL and MySQL do by
//! themselves: decimals are rounded to the digits of the column, and an integer that is too wide is an error.

use sqlmodel_core::types::decimal;
use sqlmodel_core::{FieldInfo, FieldValue};

use crate::expr::Token;

/// Returns an expression as it is stored in a column of type `T`.
pub(crate) fn as_stored<T: FieldValue>(
    fields: &[FieldInfo],
    column: &str,
    tokens: Vec<Token>,
) -> Vec<Token> {
    if T::IS_DECIMAL || T::SQLITE_GUARD.is_some() {
        as_stored_in(fields, column, T::SQLITE_GUARD, tokens)
    } else {
        tokens
    }
}

/// Returns an expression as it is stored in a column whose type has this guard.
pub(crate) fn as_stored_in(
    fields: &[FieldInfo],
    column: &str,
    guard: Option<&'static str>,
    tokens: Vec<Token>,
) -> Vec<Token> {
    if let Some(function) = guard {
        return guarded(function, tokens);
    }
    let field = fields.iter().find(|field| field.column == column);
    match field.and_then(|field| field.decimal_scale) {
        Some(scale) => rounded(tokens, scale),
        None => tokens,
    }
}

/// Returns a decimal with the digits of a column.
fn rounded(mut tokens: Vec<Token>, scale: u8) -> Vec<Token> {
    if let [Token::Param(value)] = &mut *tokens {
        *value = decimal::rounded(value.clone(), scale);
        return tokens;
    }
    tokens.insert(0, Token::PerDialect(["sqlmodel_decimal_round(", "", ""]));
    let digits = [
        Token::Text(", "),
        Token::Number(u64::from(scale)),
        Token::Text(")"),
    ];
    tokens.push(Token::Alternatives(Box::new([
        digits.to_vec(),
        Vec::new(),
        Vec::new(),
    ])));
    tokens
}

/// Returns an expression whose value a function lets pass. A value and a column are of their type already.
fn guarded(function: &'static str, mut tokens: Vec<Token>) -> Vec<Token> {
    if let [Token::Param(_) | Token::Column { .. } | Token::Inherited { .. }] = &*tokens {
        return tokens;
    }
    tokens.insert(0, Token::PerDialect([function, "", ""]));
    tokens.push(Token::PerDialect([")", "", ""]));
    tokens
}
