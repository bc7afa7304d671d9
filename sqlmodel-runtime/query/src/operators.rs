//! The operators: methods on columns and expressions that make larger expressions.

use std::marker::PhantomData;
use std::ops::Not;

use sqlmodel_core::{Encode, FieldValue, Model, Value};

use crate::column::Column;
use crate::expr::{Expr, Level, Operand, Token};

/// A column or an expression, and the operators on it.
///
/// Comparisons follow SQL: a NULL operand gives NULL, which no filter lets pass.
#[expect(
    clippy::wrong_self_convention,
    reason = "the methods are named after SQL's operators, and take the operand as all of them do"
)]
pub trait Expression: Sized {
    /// The tables it reads.
    type Source;
    /// The type of its value.
    type Value: FieldValue;

    /// Returns it as a value of the general expression type.
    fn into_expr(self) -> Expr<Self::Source, Self::Value>;

    /// `self = other`.
    fn eq<R: Operand<Base<Self>>>(self, other: R) -> Expr<(Self::Source, R::Source), bool> {
        compare(self, " = ", other)
    }

    /// `self <> other`.
    fn ne<R: Operand<Base<Self>>>(self, other: R) -> Expr<(Self::Source, R::Source), bool> {
        compare(self, " <> ", other)
    }

    /// `self < other`.
    fn lt<R: Operand<Base<Self>>>(self, other: R) -> Expr<(Self::Source, R::Source), bool> {
        compare(self, " < ", other)
    }

    /// `self <= other`.
    fn le<R: Operand<Base<Self>>>(self, other: R) -> Expr<(Self::Source, R::Source), bool> {
        compare(self, " <= ", other)
    }

    /// `self > other`.
    fn gt<R: Operand<Base<Self>>>(self, other: R) -> Expr<(Self::Source, R::Source), bool> {
        compare(self, " > ", other)
    }

    /// `self >= other`.
    fn ge<R: Operand<Base<Self>>>(self, other: R) -> Expr<(Self::Source, R::Source), bool> {
        compare(self, " >= ", other)
    }

    /// `self IS NULL`.
    fn is_null(self) -> Expr<Self::Source, bool> {
        postfix(self, " IS NULL")
    }

    /// `self IS NOT NULL`.
    fn is_not_null(self) -> Expr<Self::Source, bool> {
        postfix(self, " IS NOT NULL")
    }

    /// Equality in which two NULLs are equal.
    ///
    /// | dialect | SQL |
    /// |---|---|
    /// | SQLite | `a IS b` |
    /// | PostgreSQL | `a IS NOT DISTINCT FROM b` |
    /// | MySQL | `a <=> b` |
    fn is_not_distinct_from(self, other: Option<Base<Self>>) -> Expr<Self::Source, bool> {
        let operator = Token::PerDialect([" IS ", " IS NOT DISTINCT FROM ", " <=> "]);
        let value = other.map_or(Value::Null, Encode::into_value);
        let mut tokens = self.into_expr().at_least(Level::Sum);
        tokens.push(operator);
        tokens.push(Token::Param(value));
        Expr::new(tokens, Level::Comparison)
    }

    /// `self IN (values)`. An empty list is false on every dialect.
    fn in_<V: Operand<Base<Self>, Source = ()>>(
        self,
        values: impl IntoIterator<Item = V>,
    ) -> Expr<Self::Source, bool> {
        in_list(self, " IN (", "1 = 0", values)
    }

    /// `self NOT IN (values)`. An empty list is true on every dialect, for NULL as well.
    fn not_in<V: Operand<Base<Self>, Source = ()>>(
        self,
        values: impl IntoIterator<Item = V>,
    ) -> Expr<Self::Source, bool> {
        in_list(self, " NOT IN (", "1 = 1", values)
    }

    /// `self BETWEEN low AND high`, both bounds included.
    fn between<L, H>(self, low: L, high: H) -> Expr<(Self::Source, (L::Source, H::Source)), bool>
    where
        L: Operand<Base<Self>>,
        H: Operand<Base<Self>>,
    {
        let mut tokens = self.into_expr().at_least(Level::Sum);
        tokens.push(Token::Text(" BETWEEN "));
        tokens.extend(low.into_operand().at_least(Level::Sum));
        tokens.push(Token::Text(" AND "));
        tokens.extend(high.into_operand().at_least(Level::Sum));
        Expr::new(tokens, Level::Comparison)
    }

    /// `self LIKE pattern`, where `%` stands for any text and `_` for any character.
    ///
    /// Whether case matters is the database's collation's affair: SQLite and MySQL ignore the case of
    /// ASCII letters by default, PostgreSQL does not.
    fn like<R: Operand<String>>(self, pattern: R) -> Expr<(Self::Source, R::Source), bool>
    where
        Self::Value: FieldValue<Base = String>,
    {
        compare_exprs(self.into_expr(), " LIKE ", pattern.into_operand())
    }

    /// Texts that contain this one, in which `%` and `_` have no special meaning.
    fn contains(self, text: &str) -> Expr<Self::Source, bool>
    where
        Self::Value: FieldValue<Base = String>,
    {
        like_literal(self, "%", text, "%")
    }

    /// Texts that start with this one, in which `%` and `_` have no special meaning.
    fn starts_with(self, text: &str) -> Expr<Self::Source, bool>
    where
        Self::Value: FieldValue<Base = String>,
    {
        like_literal(self, "", text, "%")
    }

    /// Texts that end with this one, in which `%` and `_` have no special meaning.
    fn ends_with(self, text: &str) -> Expr<Self::Source, bool>
    where
        Self::Value: FieldValue<Base = String>,
    {
        like_literal(self, "%", text, "")
    }

    /// `self AND other`.
    fn and<S>(self, other: Expr<S, bool>) -> Expr<(Self::Source, S), bool>
    where
        Self::Value: FieldValue<Base = bool>,
    {
        logical(self, " AND ", other, Level::And)
    }

    /// `self OR other`.
    fn or<S>(self, other: Expr<S, bool>) -> Expr<(Self::Source, S), bool>
    where
        Self::Value: FieldValue<Base = bool>,
    {
        logical(self, " OR ", other, Level::Or)
    }

    /// Smallest first. Where NULLs go is the database's choice: first on SQLite and MySQL, last on PostgreSQL.
    fn asc(self) -> Ordering<Self::Source> {
        Ordering::new(self, "")
    }

    /// Largest first. Where NULLs go is the database's choice: last on SQLite and MySQL, first on PostgreSQL.
    fn desc(self) -> Ordering<Self::Source> {
        Ordering::new(self, " DESC")
    }
}

/// The type of an expression's value without its `Option`.
type Base<E> = <<E as Expression>::Value as FieldValue>::Base;

impl<M: Model, T: FieldValue> Expression for Column<M, T> {
    type Source = M;
    type Value = T;

    fn into_expr(self) -> Expr<M, T> {
        self.into_expr_of()
    }
}

impl<S, T: FieldValue> Expression for Expr<S, T> {
    type Source = S;
    type Value = T;

    fn into_expr(self) -> Self {
        self
    }
}

impl<S> Not for Expr<S, bool> {
    type Output = Self;

    fn not(self) -> Self {
        let mut tokens = vec![Token::Text("NOT ")];
        tokens.extend(self.at_least(Level::Atom));
        Self::new(tokens, Level::Not)
    }
}

/// An expression to order by, and its direction.
#[derive(Debug, Clone)]
pub struct Ordering<S> {
    tokens: Vec<Token>,
    source: PhantomData<fn() -> S>,
}

impl<S> Ordering<S> {
    fn new<E: Expression<Source = S>>(expression: E, direction: &'static str) -> Self {
        let mut tokens = expression.into_expr().into_tokens();
        tokens.push(Token::Text(direction));
        Self {
            tokens,
            source: PhantomData,
        }
    }

    pub(crate) fn into_tokens(self) -> Vec<Token> {
        self.tokens
    }
}

fn compare<E: Expression, R: Operand<Base<E>>>(
    left: E,
    operator: &'static str,
    right: R,
) -> Expr<(E::Source, R::Source), bool> {
    compare_exprs(left.into_expr(), operator, right.into_operand())
}

fn compare_exprs<A, B, T, U>(
    left: Expr<A, T>,
    operator: &'static str,
    right: Expr<B, U>,
) -> Expr<(A, B), bool> {
    let mut tokens = left.at_least(Level::Sum);
    tokens.push(Token::Text(operator));
    tokens.extend(right.at_least(Level::Sum));
    Expr::new(tokens, Level::Comparison)
}

fn postfix<E: Expression>(operand: E, operator: &'static str) -> Expr<E::Source, bool> {
    let mut tokens = operand.into_expr().at_least(Level::Sum);
    tokens.push(Token::Text(operator));
    Expr::new(tokens, Level::Comparison)
}

fn in_list<E: Expression, V: Operand<Base<E>, Source = ()>>(
    operand: E,
    operator: &'static str,
    when_empty: &'static str,
    values: impl IntoIterator<Item = V>,
) -> Expr<E::Source, bool> {
    let mut tokens = operand.into_expr().at_least(Level::Sum);
    tokens.push(Token::Text(operator));
    let n_before = tokens.len();
    for value in values {
        if tokens.len() > n_before {
            tokens.push(Token::Text(", "));
        }
        tokens.extend(value.into_operand().into_tokens());
    }
    if tokens.len() == n_before {
        return Expr::new(vec![Token::Text(when_empty)], Level::Comparison);
    }
    tokens.push(Token::Text(")"));
    Expr::new(tokens, Level::Comparison)
}

fn like_literal<E: Expression>(
    operand: E,
    before: &str,
    text: &str,
    after: &str,
) -> Expr<E::Source, bool> {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push_str(before);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push_str(after);
    let mut tokens = operand.into_expr().at_least(Level::Sum);
    tokens.push(Token::Text(" LIKE "));
    tokens.push(Token::Param(Value::Text(pattern.into())));
    // A backslash would be an escape inside MySQL's own literal; an exclamation mark is one nowhere.
    tokens.push(Token::Text(" ESCAPE '!'"));
    Expr::new(tokens, Level::Comparison)
}

fn logical<E: Expression, S>(
    left: E,
    operator: &'static str,
    right: Expr<S, bool>,
    level: Level,
) -> Expr<(E::Source, S), bool> {
    let mut tokens = left.into_expr().at_least(level);
    tokens.push(Token::Text(operator));
    tokens.extend(right.at_least(level));
    Expr::new(tokens, level)
}
