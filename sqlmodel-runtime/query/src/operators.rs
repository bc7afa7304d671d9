//! Comparisons, logic and order: methods on columns and expressions that make larger expressions.
//!
//! Comparisons follow SQL: with NULL on either side they are NULL, which no filter lets pass.
//! Their type says so where it matters, which is when they are selected.

use std::marker::PhantomData;
use std::ops::Not;

use sqlmodel_core::{Encode, FieldValue, Value};

use crate::column::Column;
use crate::expr::{Expr, Level, Operand, Token};
use crate::query::{Nulls, Order};
use crate::scope::{Covers, Entity, Settled, Table};
use crate::select::Select;

/// A column or an expression, and the operators on it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an expression",
    label = "expected a column or an expression made of columns"
)]
#[expect(
    clippy::wrong_self_convention,
    reason = "the names are those of SQL's operators"
)]
pub trait Expression: Sized {
    /// The tables it reads.
    type Source;
    /// The type of its value.
    type Value: FieldValue;

    /// Returns it as a value of the general expression type.
    fn into_expr(self) -> Expr<Self::Source, Self::Value>;

    /// `self = other`.
    fn eq<R: Operand<Base<Self>>>(self, other: R) -> Compared<Self, R> {
        compare(self, Token::Text(" = "), other)
    }

    /// `self <> other`.
    fn ne<R: Operand<Base<Self>>>(self, other: R) -> Compared<Self, R> {
        compare(self, Token::Text(" <> "), other)
    }

    /// `self < other`.
    fn lt<R: Operand<Base<Self>>>(self, other: R) -> Compared<Self, R> {
        compare(self, Token::Text(" < "), other)
    }

    /// `self <= other`.
    fn le<R: Operand<Base<Self>>>(self, other: R) -> Compared<Self, R> {
        compare(self, Token::Text(" <= "), other)
    }

    /// `self > other`.
    fn gt<R: Operand<Base<Self>>>(self, other: R) -> Compared<Self, R> {
        compare(self, Token::Text(" > "), other)
    }

    /// `self >= other`.
    fn ge<R: Operand<Base<Self>>>(self, other: R) -> Compared<Self, R> {
        compare(self, Token::Text(" >= "), other)
    }

    /// `self IS NULL`.
    fn is_null(self) -> Expr<Settled<Self::Source>, bool> {
        postfix(self, " IS NULL")
    }

    /// `self IS NOT NULL`.
    fn is_not_null(self) -> Expr<Settled<Self::Source>, bool> {
        postfix(self, " IS NOT NULL")
    }

    /// Equality with a value, in which NULL equals `None`.
    ///
    /// | dialect | SQL |
    /// |---|---|
    /// | SQLite | `a IS b` |
    /// | PostgreSQL | `a IS NOT DISTINCT FROM b` |
    /// | MySQL | `a <=> b` |
    fn is_not_distinct_from(self, other: Option<Base<Self>>) -> Expr<Settled<Self::Source>, bool> {
        let value = other.map_or(Value::Null, Encode::into_value);
        let mut tokens = self.into_expr().compared();
        tokens.push(NULL_SAFE_EQUAL);
        tokens.push(Token::Param(value));
        Expr::new(tokens, Level::Comparison)
    }

    /// Equality with another column or expression, in which two NULLs are equal.
    fn is_same_as<R: Operand<Base<Self>>>(
        self,
        other: R,
    ) -> Expr<Settled<(Self::Source, R::Source)>, bool> {
        let compared: Compared<Self, R> = compare(self, NULL_SAFE_EQUAL, other);
        compared.retyped()
    }

    /// `self IN (values)`. An empty list is false on every dialect.
    fn in_<V: Operand<Base<Self>, Source = ()>>(
        self,
        values: impl IntoIterator<Item = V>,
    ) -> Expr<Self::Source, Truth<Self>> {
        in_list(self, " IN (", "1 = 0", values)
    }

    /// `self NOT IN (values)`. An empty list is true on every dialect, for NULL as well.
    fn not_in<V: Operand<Base<Self>, Source = ()>>(
        self,
        values: impl IntoIterator<Item = V>,
    ) -> Expr<Self::Source, Truth<Self>> {
        in_list(self, " NOT IN (", "1 = 1", values)
    }

    /// `self IN (SELECT ..)`: whether a row of the query has this value. A query without rows is false.
    fn in_query<T, Scope, Form, Outer>(
        self,
        query: Select<T, Scope, Form, Outer>,
    ) -> Expr<(Self::Source, Outer), <Self::Value as FieldValue>::Lift<T::Lift<bool>>>
    where
        T: FieldValue<Base = Base<Self>>,
    {
        in_query(self, " IN (", query)
    }

    /// `self NOT IN (SELECT ..)`. A query without rows is true.
    ///
    /// The query's values cannot be NULL: with one NULL among them, SQL's answer is never true.
    fn not_in_query<Scope, Form, Outer>(
        self,
        query: Select<Base<Self>, Scope, Form, Outer>,
    ) -> Expr<(Self::Source, Outer), Truth<Self>> {
        in_query(self, " NOT IN (", query)
    }

    /// `self BETWEEN low AND high`, both bounds included.
    fn between<L, H>(self, low: L, high: H) -> Between<Self, L, H>
    where
        L: Operand<Base<Self>>,
        H: Operand<Base<Self>>,
    {
        let mut tokens = self.into_expr().compared();
        tokens.push(Token::Text(" BETWEEN "));
        tokens.extend(low.into_operand().at_least(Level::Sum));
        tokens.push(Token::Text(" AND "));
        tokens.extend(high.into_operand().at_least(Level::Sum));
        Expr::new(tokens, Level::Comparison)
    }

    /// `self AND other`.
    fn and<C: Condition>(
        self,
        other: C,
    ) -> Expr<(Self::Source, C::Source), <Self::Value as FieldValue>::Lift<C::Value>>
    where
        Self::Value: FieldValue<Base = bool>,
    {
        logical(self, " AND ", other, Level::And)
    }

    /// `self OR other`.
    fn or<C: Condition>(
        self,
        other: C,
    ) -> Expr<(Self::Source, C::Source), <Self::Value as FieldValue>::Lift<C::Value>>
    where
        Self::Value: FieldValue<Base = bool>,
    {
        logical(self, " OR ", other, Level::Or)
    }

    /// Smallest first. Where NULLs go is the database's choice unless
    /// [`nulls_first`](Ordering::nulls_first) or [`nulls_last`](Ordering::nulls_last) says it:
    /// first on SQLite and MySQL, last on PostgreSQL.
    fn asc(self) -> Ordering<Self::Source, Self::Value> {
        Ordering::new(self, false)
    }

    /// Largest first. Where NULLs go is the database's choice unless
    /// [`nulls_first`](Ordering::nulls_first) or [`nulls_last`](Ordering::nulls_last) says it:
    /// last on SQLite and MySQL, first on PostgreSQL.
    fn desc(self) -> Ordering<Self::Source, Self::Value> {
        Ordering::new(self, true)
    }
}

/// The type of an expression's value without its `Option`.
pub(crate) type Base<E> = <<E as Expression>::Value as FieldValue>::Base;

/// What a question about an expression gives: `bool`, or `Option<bool>` where it may be NULL.
pub(crate) type Truth<E> = <<E as Expression>::Value as FieldValue>::Lift<bool>;

/// What an operator with two operands gives: `U`, or an `Option` of it where either side may be NULL.
pub(crate) type Combined<E, R, U> = Expr<
    (<E as Expression>::Source, <R as Operand<Base<E>>>::Source),
    <<E as Expression>::Value as FieldValue>::Lift<
        <<R as Operand<Base<E>>>::Value as FieldValue>::Lift<U>,
    >,
>;

/// What a comparison gives.
pub(crate) type Compared<E, R> = Combined<E, R, bool>;

/// What a question about three operands gives.
pub(crate) type Between<E, L, H> = Expr<
    (
        <E as Expression>::Source,
        (
            <L as Operand<Base<E>>>::Source,
            <H as Operand<Base<E>>>::Source,
        ),
    ),
    <<E as Expression>::Value as FieldValue>::Lift<
        <<L as Operand<Base<E>>>::Value as FieldValue>::Lift<
            <<H as Operand<Base<E>>>::Value as FieldValue>::Lift<bool>,
        >,
    >,
>;

const NULL_SAFE_EQUAL: Token = Token::PerDialect([" IS ", " IS NOT DISTINCT FROM ", " <=> "]);

impl<E: Entity, T: FieldValue> Expression for Column<E, T> {
    type Source = Table<E>;
    type Value = T;

    fn into_expr(self) -> Expr<Table<E>, T> {
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

/// An expression that is true, false or NULL: what `filter`, `having` and `and` take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "expected an expression that is true or false, such as a comparison"
)]
pub trait Condition: Sized {
    /// The tables it reads.
    type Source;
    /// `bool`, or `Option<bool>` where it may be NULL.
    type Value: FieldValue<Base = bool>;

    /// Returns it as an expression.
    #[doc(hidden)]
    fn into_condition(self) -> Expr<Self::Source, Self::Value>;
}

impl<E> Condition for E
where
    E: Expression,
    E::Value: FieldValue<Base = bool>,
{
    type Source = E::Source;
    type Value = E::Value;

    fn into_condition(self) -> Expr<E::Source, E::Value> {
        self.into_expr()
    }
}

/// Returns a condition that is true when all of the given ones are; with none, it is true.
///
/// For conditions that are known at run time only. All have the same type: see [`Expr::within`].
pub fn all_of<S, T: FieldValue<Base = bool>>(
    conditions: impl IntoIterator<Item = Expr<S, T>>,
) -> Expr<S, T> {
    chain(conditions, " AND ", "1 = 1", Level::And)
}

/// Returns a condition that is true when any of the given ones is; with none, it is false.
///
/// For conditions that are known at run time only. All have the same type: see [`Expr::within`].
pub fn any_of<S, T: FieldValue<Base = bool>>(
    conditions: impl IntoIterator<Item = Expr<S, T>>,
) -> Expr<S, T> {
    chain(conditions, " OR ", "1 = 0", Level::Or)
}

/// More conditions than these are put together in groups.
const MANY_CONDITIONS: usize = 200;

fn chain<S, T>(
    conditions: impl IntoIterator<Item = Expr<S, T>>,
    operator: &'static str,
    when_empty: &'static str,
    level: Level,
) -> Expr<S, T> {
    let conditions: Vec<_> = conditions.into_iter().collect();
    if conditions.is_empty() {
        return Expr::new(vec![Token::Text(when_empty)], Level::Comparison);
    }
    // SQLite takes an expression for a tree, and refuses one that is deeper than 1000.
    let n_together = match conditions.len() {
        n_conditions @ 0..=MANY_CONDITIONS => n_conditions,
        n_conditions => n_conditions.isqrt(),
    };
    let is_flat = conditions.len() == n_together;
    let mut tokens = Vec::new();
    for (at, condition) in conditions.into_iter().enumerate() {
        if at > 0 {
            let is_next = !is_flat && at % n_together == 0;
            tokens.extend(is_next.then_some(Token::Text(")")));
            tokens.push(Token::Text(operator));
        }
        if !is_flat && at % n_together == 0 {
            tokens.push(Token::Text("("));
        }
        tokens.extend(condition.at_least(level));
    }
    if !is_flat {
        tokens.push(Token::Text(")"));
    }
    Expr::new(tokens, level)
}

impl<S, T> Expr<S, T> {
    /// Returns the same condition with the simpler type "needs the model `M`, may be NULL".
    ///
    /// The type of a condition says how it was put together; conditions that are kept in one list have to look alike:
    /// `any_of(names.iter().map(|name| Hero::NAME.eq(name).within::<Hero, _>()))`.
    pub fn within<M, Proof>(self) -> Expr<Table<M>, Option<bool>>
    where
        T: FieldValue<Base = bool>,
        M: Entity,
        S: crate::scope::PerRow,
        crate::scope::Tables<M>: Covers<S, Proof>,
    {
        self.retyped()
    }
}

impl<S, T: FieldValue<Base = bool>> Not for Expr<S, T> {
    type Output = Self;

    fn not(self) -> Self {
        let mut tokens = vec![Token::Text("NOT ")];
        tokens.extend(self.at_least(Level::Atom));
        Self::new(tokens, Level::Not)
    }
}

impl<E: Entity, T: FieldValue<Base = bool>> Not for Column<E, T> {
    type Output = Expr<Table<E>, T>;

    fn not(self) -> Self::Output {
        !self.into_expr()
    }
}

/// An expression of type `T` to order by, and its direction.
#[derive(Debug)]
pub struct Ordering<S, T> {
    order: Order,
    types: PhantomData<fn() -> (S, T)>,
}

impl<S, T> Ordering<S, T> {
    fn new<E: Expression<Source = S, Value = T>>(expression: E, is_descending: bool) -> Self
    where
        T: FieldValue,
    {
        Self {
            order: Order {
                tokens: expression.into_expr().ordered(),
                is_descending,
                nulls: None,
            },
            types: PhantomData,
        }
    }

    /// Puts NULLs before all values, on every dialect.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.order.nulls = Some(Nulls::First);
        self
    }

    /// Puts NULLs after all values, on every dialect.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.order.nulls = Some(Nulls::Last);
        self
    }

    pub(crate) fn into_order(self) -> Order {
        self.order
    }
}

fn compare<E: Expression, R: Operand<Base<E>>>(
    left: E,
    operator: Token,
    right: R,
) -> Compared<E, R> {
    let mut tokens = left.into_expr().compared_with(2);
    tokens.push(operator);
    right
        .into_operand()
        .append_at_least(Level::Sum, &mut tokens);
    Expr::new(tokens, Level::Comparison)
}

fn postfix<E: Expression>(operand: E, operator: &'static str) -> Expr<Settled<E::Source>, bool> {
    let mut tokens = Vec::with_capacity(2);
    operand.into_expr().append_at_least(Level::Sum, &mut tokens);
    tokens.push(Token::Text(operator));
    Expr::new(tokens, Level::Comparison)
}

fn in_list<E: Expression, V: Operand<Base<E>, Source = ()>>(
    operand: E,
    operator: &'static str,
    when_empty: &'static str,
    values: impl IntoIterator<Item = V>,
) -> Expr<E::Source, Truth<E>> {
    let mut tokens = operand.into_expr().compared();
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

fn in_query<E: Expression, R, Scope, Form, Outer, S, T>(
    operand: E,
    operator: &'static str,
    query: Select<R, Scope, Form, Outer>,
) -> Expr<S, T> {
    let mut tokens = operand.into_expr().compared();
    tokens.push(Token::Text(operator));
    tokens.push(Token::Query(Box::new(query.into_query())));
    tokens.push(Token::Text(")"));
    Expr::new(tokens, Level::Comparison)
}

fn logical<E: Expression, C: Condition>(
    left: E,
    operator: &'static str,
    right: C,
    level: Level,
) -> Expr<(E::Source, C::Source), <E::Value as FieldValue>::Lift<C::Value>> {
    let mut tokens = left.into_expr().at_least(level);
    tokens.push(Token::Text(operator));
    tokens.extend(right.into_condition().at_least(level));
    Expr::new(tokens, level)
}

impl<S, T> Clone for Ordering<S, T> {
    fn clone(&self) -> Self {
        Self {
            order: self.order.clone(),
            types: PhantomData,
        }
    }
}
