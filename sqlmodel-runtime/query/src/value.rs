//! Functions on values of any type: what becomes of NULL, CASE, and CAST.

use std::marker::PhantomData;

use sqlmodel_core::{FieldValue, Value};

use crate::expr::{Expr, Level, Operand, Token};
use crate::operators::{Base, Combined, Condition, Expression};
use crate::scope::Settled;

/// Functions on values of any type.
pub trait ValueExpression: Expression {
    /// This, or the other where this is NULL.
    ///
    /// The result may be NULL only where the other may.
    fn coalesce<R: Operand<Base<Self>>>(
        self,
        other: R,
    ) -> Expr<(Settled<Self::Source>, R::Source), R::Value> {
        two(self, "coalesce(", other)
    }

    /// NULL where this equals the other, and otherwise this.
    fn null_if<R: Operand<Base<Self>>>(
        self,
        other: R,
    ) -> Expr<(Self::Source, R::Source), Option<Base<Self>>> {
        two(self, "nullif(", other)
    }

    /// The larger of this and the other; NULL when either is.
    fn greatest<R: Operand<Base<Self>>>(self, other: R) -> Combined<Self, R, Base<Self>> {
        extreme(self, other, ["max(", "greatest(", "greatest("])
    }

    /// The smaller of this and the other; NULL when either is.
    fn least<R: Operand<Base<Self>>>(self, other: R) -> Combined<Self, R, Base<Self>> {
        extreme(self, other, ["min(", "least(", "least("])
    }

    /// The same value with the type of one that may be NULL, to stand beside others that may.
    fn optional(self) -> Expr<Self::Source, Option<Base<Self>>> {
        self.into_expr().retyped()
    }

    /// The value as another type, where every dialect converts alike: between integers, from integers to floats
    /// and texts, and between floats.
    ///
    /// An integer that does not fit is an error: of the database, or when it is read.
    fn cast<U: CastFrom<Base<Self>>>(
        self,
    ) -> Expr<Self::Source, <Self::Value as FieldValue>::Lift<U>> {
        let mut cast = self.into_expr().retyped();
        cast.wrap(Token::Text("CAST("), Token::PerDialect(U::SUFFIX));
        cast
    }
}

impl<E: Expression> ValueExpression for E {}

/// PostgreSQL's functions leave NULLs out; the others give NULL.
fn extreme<E: Expression, R: Operand<Base<E>>>(
    first: E,
    second: R,
    [sqlite, postgres, mysql]: [&'static str; 3],
) -> Combined<E, R, Base<E>> {
    let first = first.into_expr().compared();
    let second = second.into_operand().at_least(Level::Sum);
    let call = |name| {
        let [open, comma, close] = [name, ", ", ")"].map(|text| [Token::Text(text)]);
        [&open[..], &first, &comma, &second, &close].concat()
    };
    let mut guarded = Vec::new();
    for operand in [&first, &second] {
        // A parameter is never NULL, and PostgreSQL could not tell its type.
        if matches!(&**operand, [Token::Param(_)]) {
            continue;
        }
        let keyword = if guarded.is_empty() {
            "CASE WHEN "
        } else {
            " AND "
        };
        guarded.push(Token::Text(keyword));
        guarded.extend_from_slice(operand);
        guarded.push(Token::Text(" IS NOT NULL"));
    }
    let is_guarded = !guarded.is_empty();
    if is_guarded {
        guarded.push(Token::Text(" THEN "));
    }
    guarded.extend(call(postgres));
    if is_guarded {
        guarded.push(Token::Text(" END"));
    }
    let alternatives = [call(sqlite), guarded, call(mysql)];
    Expr::new(
        vec![Token::Alternatives(Box::new(alternatives))],
        Level::Atom,
    )
}

fn two<E: Expression, R: Operand<Base<E>>, S, T>(
    first: E,
    function: &'static str,
    second: R,
) -> Expr<S, T> {
    let mut tokens = vec![Token::Text(function)];
    tokens.extend(first.into_expr().ordered());
    tokens.push(Token::Text(", "));
    tokens.extend(second.into_operand().into_tokens());
    tokens.push(Token::Text(")"));
    Expr::new(tokens, Level::Atom)
}

/// A type that every dialect converts a `T` to in the same way.
#[diagnostic::on_unimplemented(
    message = "databases do not convert `{T}` to `{Self}` in the same way",
    label = "convert the value in Rust instead"
)]
pub trait CastFrom<T>: FieldValue<Base = Self> {
    /// What ends the CAST on SQLite, PostgreSQL and MySQL.
    #[doc(hidden)]
    const SUFFIX: [&'static str; 3];
}

macro_rules! cast {
    ($($to:ty: $suffix:expr, from $($from:ty),+;)+) => {$($(
        impl CastFrom<$from> for $to {
            const SUFFIX: [&'static str; 3] = $suffix;
        }
    )+)+};
}

cast! {
    i16: [" AS INTEGER)", " AS smallint)", " AS SIGNED)"], from i32, i64;
    i32: [" AS INTEGER)", " AS integer)", " AS SIGNED)"], from i16, i64;
    i64: [" AS INTEGER)", " AS bigint)", " AS SIGNED)"], from i16, i32;
    f64: [" AS REAL)", " AS double precision)", " AS DOUBLE)"], from i16, i32, i64, f32;
    String: [" AS TEXT)", " AS text)", " AS CHAR)"], from i16, i32, i64;
}

/// Returns a value as an expression, to be selected beside columns.
pub fn constant<T: FieldValue<Base = T>>(value: T) -> Expr<(), T> {
    let tokens = with_type(crate::expr::value::<T>(value).into_tokens());
    Expr::new(tokens, Level::Atom)
}

/// Tells PostgreSQL the type of a parameter that nothing around it has a type for, and that would be a text.
fn with_type(tokens: Vec<Token>) -> Vec<Token> {
    let [Token::Param(value)] = &*tokens else {
        return tokens;
    };
    let suffix = match value {
        Value::Bool(_) => " AS boolean)",
        Value::I16(_) => " AS smallint)",
        Value::I32(_) => " AS integer)",
        Value::I64(_) | Value::Duration(_) => " AS bigint)",
        Value::F32(_) => " AS real)",
        Value::F64(_) => " AS double precision)",
        Value::Decimal(_) => " AS numeric)",
        Value::Bytes(_) => " AS bytea)",
        Value::Uuid(_) => " AS uuid)",
        Value::Date(_) => " AS date)",
        Value::Time(_) => " AS time)",
        Value::Timestamp(_) => " AS timestamp)",
        Value::Timestamptz(_) => " AS timestamptz)",
        Value::Json(_) => " AS jsonb)",
        // A text may be the value of an enum, and lists have the types of their elements.
        Value::Text(_) | Value::Array(_) | Value::Null | Value::Default | Value::Invalid(_) => {
            return tokens;
        }
    };
    let param = Token::Param(value.clone());
    let cast = vec![Token::Text("CAST("), param, Token::Text(suffix)];
    let alternatives = [tokens.clone(), cast, tokens];
    vec![Token::Alternatives(Box::new(alternatives))]
}

/// Begins a CASE expression: the value of the first condition that is true.
///
/// `case(Hero::AGE.lt(18), "young").when(Hero::AGE.lt(65), "grown").otherwise("old")`
pub fn case<C: Condition, R: Operand<T>, T: FieldValue<Base = T>>(
    condition: C,
    value: R,
) -> Case<(Settled<C::Source>, R::Source), R::Value> {
    Case::<(), ()> {
        tokens: vec![Token::Text("CASE")],
        types: PhantomData,
    }
    .branch(condition, value)
}

/// A CASE expression in the making, whose branches give a `V`.
#[derive(Debug)]
#[must_use = "a CASE is ended with `otherwise` or `or_null`"]
pub struct Case<S, V> {
    tokens: Vec<Token>,
    types: PhantomData<fn() -> (S, V)>,
}

impl<S, V: FieldValue> Case<S, V> {
    /// Adds a branch: the value where the condition is true and none before it is.
    pub fn when<C: Condition, R: Operand<V::Base>>(
        self,
        condition: C,
        value: R,
    ) -> Case<(S, (Settled<C::Source>, R::Source)), V::Lift<R::Value>> {
        self.branch(condition, value)
    }

    /// Ends the CASE with the value where no condition is true.
    pub fn otherwise<R: Operand<V::Base>>(
        mut self,
        value: R,
    ) -> Expr<(S, R::Source), V::Lift<R::Value>> {
        self.tokens.push(Token::Text(" ELSE "));
        let value = with_type(value.into_operand().into_tokens());
        self.tokens.extend(value);
        self.end()
    }

    /// Ends the CASE; where no condition is true it is NULL.
    pub fn or_null(self) -> Expr<S, Option<V::Base>> {
        self.end()
    }
}

impl<S, V> Case<S, V> {
    fn branch<C: Condition, T, R: Operand<T>, Z, U>(
        mut self,
        condition: C,
        value: R,
    ) -> Case<Z, U> {
        self.tokens.push(Token::Text(" WHEN "));
        self.tokens.extend(condition.into_condition().into_tokens());
        self.tokens.push(Token::Text(" THEN "));
        let value = with_type(value.into_operand().into_tokens());
        self.tokens.extend(value);
        Case {
            tokens: self.tokens,
            types: PhantomData,
        }
    }

    fn end<Z, U>(mut self) -> Expr<Z, U> {
        self.tokens.push(Token::Text(" END"));
        Expr::new(self.tokens, Level::Atom)
    }
}

impl<S, V> Clone for Case<S, V> {
    fn clone(&self) -> Self {
        Self {
            tokens: self.tokens.clone(),
            types: PhantomData,
        }
    }
}
