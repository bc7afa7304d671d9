//! Typed columns: the constants of a model that expressions are made of.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::Model;

use crate::expr::{Expr, Level, Token};

/// A column of the model `M` that holds a `T`; nullable when `T` is an `Option`.
///
/// Generated as constants: `Hero::AGE` is a `Column<Hero, Option<i32>>`.
pub struct Column<M, T> {
    name: &'static str,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Column<M, T> {
    /// Creates the column of a name; for generated code.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            types: PhantomData,
        }
    }

    /// Returns the column's name, unquoted.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M: Model, T> Column<M, T> {
    pub(crate) fn into_expr_of<U>(self) -> Expr<M, U> {
        let token = Token::Column {
            table: M::TABLE_NAME,
            column: self.name,
        };
        Expr::new(vec![token], Level::Atom)
    }
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

impl<M, T> fmt::Debug for Column<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Column").field(&self.name).finish()
    }
}
