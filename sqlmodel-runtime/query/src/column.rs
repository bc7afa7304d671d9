//! Typed columns: the constants of a model that expressions are made of.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::Model;

use crate::expr::{Expr, Token};
use crate::scope::{Entity, Excluded, Table};

/// A column of the model or alias `M` that holds a `T`; nullable when `T` is an `Option`.
///
/// Generated as constants: `Hero::AGE` is a `Column<Hero, Option<i32>>`.
pub struct Column<M, T> {
    name: &'static str,
    /// The table of a base that has the column, where it is not the model's own.
    inherited_from: Option<&'static str>,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Column<M, T> {
    /// Creates the column of a name; for generated code.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            inherited_from: None,
            types: PhantomData,
        }
    }

    /// Creates the column of a name that is in the table of a base; for generated code.
    pub const fn inherited(name: &'static str, table: &'static str) -> Self {
        Self {
            name,
            inherited_from: Some(table),
            types: PhantomData,
        }
    }

    const fn retyped<N>(self) -> Column<N, T> {
        Column {
            name: self.name,
            inherited_from: self.inherited_from,
            types: PhantomData,
        }
    }

    /// Returns the column's name, unquoted.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M: Entity, T> Column<M, T> {
    /// Returns the same column of an alias: `Employee::NAME.of::<Manager>()`.
    pub const fn of<A: Entity<Model = M::Model>>(self) -> Column<A, T> {
        self.retyped()
    }

    pub(crate) fn into_expr_of<U>(self) -> Expr<Table<M>, U> {
        Expr::atom(Token::column(M::NAME, self.inherited_from, self.name))
    }
}

/// Returns the value that an upsert was to insert into a column, for use in what it updates instead.
pub const fn excluded<M: Model, T>(column: Column<M, T>) -> Column<Excluded<M>, T> {
    column.retyped()
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
