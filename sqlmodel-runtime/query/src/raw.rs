//! Fragments of SQL text with bound parameters, for what this library has no name for.

use std::marker::PhantomData;

use sqlmodel_core::FieldValue;

use crate::expr::{Expr, Level, Operand, Token};
use crate::operators::Expression;
use crate::scope::Settled;

/// SQL text in the making: begun with [`raw`], ended with [`typed`](Self::typed).
#[derive(Debug)]
#[must_use = "say what the text gives: `.typed::<i64>()`"]
pub struct Raw<S> {
    tokens: Vec<Token>,
    source: PhantomData<fn() -> S>,
}

/// Begins an expression of SQL text: `raw("soundex(").arg(Hero::NAME).text(")").typed::<Option<String>>()`.
///
/// Text is part of the program, and values become parameters: nothing that a user sent can become SQL.
/// What is read, and the type of the result, are not checked before the statement runs.
pub fn raw(text: &'static str) -> Raw<()> {
    Raw {
        tokens: vec![Token::Text("("), Token::Text(text)],
        source: PhantomData,
    }
}

/// Begins an expression of SQL text that differs between SQLite, PostgreSQL and MySQL.
pub fn raw_for(sqlite: &'static str, postgres: &'static str, mysql: &'static str) -> Raw<()> {
    Raw {
        tokens: vec![
            Token::Text("("),
            Token::PerDialect([sqlite, postgres, mysql]),
        ],
        source: PhantomData,
    }
}

impl<S> Raw<S> {
    /// Adds text.
    pub fn text(mut self, text: &'static str) -> Self {
        self.tokens.push(Token::Text(text));
        self
    }

    /// Adds text that differs between SQLite, PostgreSQL and MySQL.
    pub fn text_for(
        mut self,
        sqlite: &'static str,
        postgres: &'static str,
        mysql: &'static str,
    ) -> Self {
        self.tokens
            .push(Token::PerDialect([sqlite, postgres, mysql]));
        self
    }

    /// Adds a column or an expression.
    pub fn arg<E: Expression>(mut self, expression: E) -> Raw<(S, Settled<E::Source>)> {
        self.tokens
            .extend(expression.into_expr().at_least(Level::Atom));
        Raw {
            tokens: self.tokens,
            source: PhantomData,
        }
    }

    /// Adds a value as a parameter.
    pub fn value<T, V: Operand<T, Value = T, Source = ()>>(mut self, value: V) -> Self {
        self.tokens.extend(value.into_operand().into_tokens());
        self
    }

    /// Ends the text: it gives a `T`, an `Option` where it may be NULL.
    pub fn typed<T: FieldValue>(mut self) -> Expr<S, T> {
        self.tokens.push(Token::Text(")"));
        Expr::new(self.tokens, Level::Atom)
    }
}

impl<S> Clone for Raw<S> {
    fn clone(&self) -> Self {
        Self {
            tokens: self.tokens.clone(),
            source: PhantomData,
        }
    }
}
