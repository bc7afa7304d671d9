//! What a query selects: expressions, tuples of them, and structs read from them.

use sqlmodel_core::{Decode, FieldValue};

use crate::expr::Token;
use crate::operators::Expression;
use crate::scope::Covers;

/// An expression, or a tuple of expressions, that a query over `Scope` can select.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    label = "expected a column, an expression, or a tuple of them",
    note = "columns belong to tables that the query reads: join the table first"
)]
pub trait Project<Scope, Proof> {
    /// The type of the rows.
    type Row: Decode;

    /// Appends the expressions.
    #[doc(hidden)]
    fn push_columns(self, columns: &mut ColumnList);
}

/// The expressions that a query selects, in the making.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct ColumnList {
    pub(crate) expressions: Vec<Vec<Token>>,
    /// The positions of those that are decimals.
    pub(crate) decimals: Vec<usize>,
}

/// Proof that one expression is covered.
#[derive(Debug)]
pub struct One<Proof>(std::marker::PhantomData<fn() -> Proof>);

impl<Scope, E, Proof> Project<Scope, One<Proof>> for E
where
    E: Expression,
    Scope: Covers<E::Source, Proof>,
{
    type Row = <Scope::Presence as FieldValue>::Lift<E::Value>;

    fn push_columns(self, columns: &mut ColumnList) {
        if E::Value::IS_DECIMAL {
            columns.decimals.push(columns.expressions.len());
        }
        columns.expressions.push(self.into_expr().into_tokens());
    }
}

macro_rules! project_tuple {
    ($($part:ident $proof:ident),+) => {
        impl<Scope, $($part, $proof),+> Project<Scope, ($($proof,)+)> for ($($part,)+)
        where
            $($part: Project<Scope, $proof>,)+
        {
            type Row = ($($part::Row,)+);

            #[expect(non_snake_case, reason = "the parts are named after their types")]
            fn push_columns(self, columns: &mut ColumnList) {
                let ($($part,)+) = self;
                $($part.push_columns(columns);)+
            }
        }
    };
}

project_tuple!(A P);
project_tuple!(A P, B Q);
project_tuple!(A P, B Q, C S);
project_tuple!(A P, B Q, C S, D T);
project_tuple!(A P, B Q, C S, D T, E U);
project_tuple!(A P, B Q, C S, D T, E U, F V);
project_tuple!(A P, B Q, C S, D T, E U, F V, G W);
project_tuple!(A P, B Q, C S, D T, E U, F V, G W, H X);
project_tuple!(A P, B Q, C S, D T, E U, F V, G W, H X, I Y);
project_tuple!(A P, B Q, C S, D T, E U, F V, G W, H X, I Y, J Z);
project_tuple!(A P, B Q, C S, D T, E U, F V, G W, H X, I Y, J Z, K AA);
project_tuple!(A P, B Q, C S, D T, E U, F V, G W, H X, I Y, J Z, K AA, L BB);

/// A struct that is read from columns of the types of the tuple `Columns`; made with [`row!`](crate::row!).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from columns of the types `{Columns}`",
    label = "the fields and the selected columns must have the same types in the same order"
)]
pub trait FromColumns<Columns>: Decode {}

/// Declares a struct that rows are read into: its fields are the columns, in order.
///
/// ```
/// # use sqlmodel_query::row;
/// row! {
///     /// A name and how many have it.
///     #[derive(Debug, PartialEq)]
///     pub struct NameCount {
///         pub name: String,
///         pub n: i64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $ty:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $ty),+
        }

        impl $crate::codegen::Decode for $name {
            const WIDTH: usize = 0 $(+ <$ty as $crate::codegen::Decode>::WIDTH)+;

            fn decode<R: $crate::codegen::RowRead>(
                row: &R,
                at: usize,
            ) -> ::core::result::Result<Self, $crate::codegen::DecodeError> {
                let ($($field,)+) = $crate::codegen::Decode::decode(row, at)?;
                ::core::result::Result::Ok(Self { $($field),+ })
            }
        }

        impl $crate::codegen::FromColumns<($($ty,)+)> for $name {}
    };
}
