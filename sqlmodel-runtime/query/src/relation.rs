//! Relations between models: constants that joins are made of.

use std::marker::PhantomData;

use sqlmodel_core::{Model, Target};

use crate::expr::Token;

/// A path from one model's table to another's.
pub trait Relation {
    /// The model it starts from.
    type From: Model;
    /// The model it leads to.
    type To: Model;

    /// Returns the steps of the path; the last one leads to the target's table.
    #[doc(hidden)]
    fn steps(&self) -> Vec<Step>;
}

/// One join of a relation.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Step {
    from: &'static str,
    from_columns: &'static [&'static str],
    schema: Option<&'static str>,
    to: &'static str,
    to_columns: &'static [&'static str],
}

impl Step {
    fn new<A: Model, B: Model>(
        from_columns: &'static [&'static str],
        to_columns: &'static [&'static str],
    ) -> Self {
        Self {
            from: A::TABLE_NAME,
            from_columns,
            schema: B::SCHEMA_NAME,
            to: B::TABLE_NAME,
            to_columns,
        }
    }

    pub(crate) fn table(&self) -> (Option<&'static str>, &'static str) {
        (self.schema, self.to)
    }

    /// Returns `from.a = to.b AND ..`.
    pub(crate) fn condition(&self) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(4 * self.from_columns.len());
        for (near, far) in self.from_columns.iter().zip(self.to_columns) {
            if !tokens.is_empty() {
                tokens.push(Token::Text(" AND "));
            }
            tokens.push(Token::Column {
                table: self.to,
                column: far,
            });
            tokens.push(Token::Text(" = "));
            tokens.push(Token::Column {
                table: self.from,
                column: near,
            });
        }
        tokens
    }
}

macro_rules! direct_relation {
    ($(#[$doc:meta])* $name:ident, $bound:ident, $target:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<M, T> {
            near: &'static [&'static str],
            far: &'static [&'static str],
            models: PhantomData<fn() -> (M, T)>,
        }

        impl<M, T> $name<M, T> {
            /// Creates the relation from the columns of `M` and the columns of the target that equal them;
            /// for generated code.
            pub const fn new(near: &'static [&'static str], far: &'static [&'static str]) -> Self {
                Self { near, far, models: PhantomData }
            }
        }

        impl<M, T> Clone for $name<M, T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<M, T> Copy for $name<M, T> {}

        impl<M: Model, T: $bound> Relation for $name<M, T> {
            type From = M;
            type To = $target;

            fn steps(&self) -> Vec<Step> {
                vec![Step::new::<M, $target>(self.near, self.far)]
            }
        }
    };
}

direct_relation! {
    /// The model holds a foreign key to one `T`; to at most one when `T` is an `Option`.
    ToOne, Target, T::Model
}

direct_relation! {
    /// At most one `T` holds a unique foreign key to the model.
    HasOne, Model, T
}

direct_relation! {
    /// Any number of `T` hold a foreign key to the model.
    ToMany, Model, T
}

/// Rows of the link model `L` connect any number of `T` with the model.
#[derive(Debug)]
pub struct ManyToMany<M, T, L> {
    near: &'static [&'static str],
    link_near: &'static [&'static str],
    link_far: &'static [&'static str],
    far: &'static [&'static str],
    models: PhantomData<fn() -> (M, T, L)>,
}

impl<M, T, L> ManyToMany<M, T, L> {
    /// Creates the relation from the model's columns, the link's columns that equal them, the link's
    /// columns that point to the target, and the target's columns; for generated code.
    pub const fn new(
        near: &'static [&'static str],
        link_near: &'static [&'static str],
        link_far: &'static [&'static str],
        far: &'static [&'static str],
    ) -> Self {
        Self {
            near,
            link_near,
            link_far,
            far,
            models: PhantomData,
        }
    }
}

impl<M, T, L> Clone for ManyToMany<M, T, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T, L> Copy for ManyToMany<M, T, L> {}

impl<M: Model, T: Model, L: Model> Relation for ManyToMany<M, T, L> {
    type From = M;
    type To = T;

    fn steps(&self) -> Vec<Step> {
        vec![
            Step::new::<M, L>(self.near, self.link_near),
            Step::new::<L, T>(self.link_far, self.far),
        ]
    }
}
