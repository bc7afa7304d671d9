//! Rows of expressions, compared as a whole: `(Hero::NAME, Hero::AGE).in_([("Deadpond", 30)])`.

use sqlmodel_core::FieldValue;

use crate::expr::{Expr, Level, Operand, Token};
use crate::operators::{Base, Expression};
use crate::select::{Expressions, Select};

/// A tuple of two to four expressions, compared with tuples of values.
pub trait TupleExpression<Values>: Sized {
    /// The tables it reads.
    type Source;
    /// `bool`, or `Option<bool>` where a part may be NULL.
    type Truth: FieldValue<Base = bool>;

    /// `(a, b) IN ((..), (..))`. An empty list is false on every dialect.
    fn in_(self, values: impl IntoIterator<Item = Values>) -> Expr<Self::Source, Self::Truth>;

    /// `(a, b) NOT IN ((..), (..))`. An empty list is true on every dialect.
    fn not_in(self, values: impl IntoIterator<Item = Values>) -> Expr<Self::Source, Self::Truth>;

    /// `(a, b) IN (SELECT ..)`: whether a row of the query has these values.
    fn in_query<Scope, Outer>(
        self,
        query: Select<Values, Scope, Expressions, Outer>,
    ) -> Expr<(Self::Source, Outer), Self::Truth>;
}

/// SQLite takes a list of rows as a table only.
pub(crate) const ROWS: Token = Token::PerDialect(["VALUES ", "", ""]);

fn listed<S, T>(
    mut tokens: Vec<Token>,
    operator: &'static str,
    when_empty: &'static str,
    rows: impl Iterator<Item = Vec<Token>>,
) -> Expr<S, T> {
    tokens.push(Token::Text(operator));
    tokens.push(ROWS);
    let n_before = tokens.len();
    for row in rows {
        if tokens.len() > n_before {
            tokens.push(Token::Text(", "));
        }
        tokens.extend(row);
    }
    if tokens.len() == n_before {
        return Expr::new(vec![Token::Text(when_empty)], Level::Comparison);
    }
    tokens.push(Token::Text(")"));
    Expr::new(tokens, Level::Comparison)
}

/// Puts parts in parentheses, with commas between them.
fn row<const N: usize>(parts: [Vec<Token>; N]) -> Vec<Token> {
    let mut tokens = vec![Token::Text("(")];
    for (position, part) in parts.into_iter().enumerate() {
        if position > 0 {
            tokens.push(Token::Text(", "));
        }
        tokens.extend(part);
    }
    tokens.push(Token::Text(")"));
    tokens
}

macro_rules! lift {
    ($only:ident) => { <$only::Value as FieldValue>::Lift<bool> };
    ($first:ident $($rest:ident)+) => { <$first::Value as FieldValue>::Lift<lift!($($rest)+)> };
}

macro_rules! source {
    ($only:ident) => { $only::Source };
    ($first:ident $($rest:ident)+) => { ($first::Source, source!($($rest)+)) };
}

macro_rules! tuple_expression {
    ($($part:ident $value:ident $at:tt),+) => {
        impl<$($part,)+ $($value),+> TupleExpression<($($value,)+)> for ($($part,)+)
        where
            $($part: Expression, $value: Operand<Base<$part>, Source = ()>,)+
        {
            type Source = source!($($part)+);
            type Truth = lift!($($part)+);

            fn in_(
                self,
                values: impl IntoIterator<Item = ($($value,)+)>,
            ) -> Expr<Self::Source, Self::Truth> {
                let tokens = row([$(self.$at.into_expr().compared()),+]);
                let rows = values.into_iter().map(|value| row([$(value.$at.into_operand().into_tokens()),+]));
                listed(tokens, " IN (", "1 = 0", rows)
            }

            fn not_in(
                self,
                values: impl IntoIterator<Item = ($($value,)+)>,
            ) -> Expr<Self::Source, Self::Truth> {
                let tokens = row([$(self.$at.into_expr().compared()),+]);
                let rows = values.into_iter().map(|value| row([$(value.$at.into_operand().into_tokens()),+]));
                listed(tokens, " NOT IN (", "1 = 1", rows)
            }

            fn in_query<Scope, Outer>(
                self,
                query: Select<($($value,)+), Scope, Expressions, Outer>,
            ) -> Expr<(Self::Source, Outer), Self::Truth> {
                let mut tokens = row([$(self.$at.into_expr().compared()),+]);
                tokens.push(Token::Text(" IN ("));
                tokens.push(Token::Query(Box::new(query.into_query())));
                tokens.push(Token::Text(")"));
                Expr::new(tokens, Level::Comparison)
            }
        }
    };
}

tuple_expression!(A V 0, B W 1);
tuple_expression!(A V 0, B W 1, C X 2);
tuple_expression!(A V 0, B W 1, C X 2, D Y 3);
