//! Expressions as values: a type for what they need and give, and a flat list of tokens for what they say.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::types;
use sqlmodel_core::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_core::{Dialect, Encode, FieldValue, Tag, Value};

use crate::aggregate::AggregateCall;
use crate::column::Column;
use crate::query::Query;
use crate::scope::{Entity, Table};
use crate::window::WindowCall;

/// A typed SQL expression that reads the tables of `S` and gives a `T`.
///
/// The methods of [`Expression`](crate::Expression) make larger expressions of it.
pub struct Expr<S, T> {
    tokens: Tokens,
    level: Level,
    types: PhantomData<fn() -> (S, T)>,
}

/// What an expression says: most begin as one token, which needs no memory of its own.
#[derive(Clone)]
enum Tokens {
    One(Token),
    Many(Vec<Token>),
}

impl Tokens {
    fn as_slice(&self) -> &[Token] {
        match self {
            Self::One(token) => std::slice::from_ref(token),
            Self::Many(tokens) => tokens,
        }
    }

    fn into_vec(self) -> Vec<Token> {
        match self {
            Self::One(token) => vec![token],
            Self::Many(tokens) => tokens,
        }
    }

    /// Returns a list with room for so many tokens more.
    fn into_vec_with(self, n_more: usize) -> Vec<Token> {
        match self {
            Self::One(token) => {
                let mut tokens = Vec::with_capacity(1 + n_more);
                tokens.push(token);
                tokens
            }
            Self::Many(mut tokens) => {
                tokens.reserve(n_more);
                tokens
            }
        }
    }

    fn append_to(self, list: &mut Vec<Token>) {
        match self {
            Self::One(token) => list.push(token),
            Self::Many(tokens) => list.extend(tokens),
        }
    }
}

/// A piece of an expression, rendered in order.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    /// Text that is the same in every dialect.
    Text(&'static str),
    /// Text for SQLite, PostgreSQL and MySQL.
    PerDialect([&'static str; 3]),
    /// Other expressions for SQLite, PostgreSQL and MySQL.
    Alternatives(Box<[Vec<Token>; 3]>),
    /// A path into JSON, as a parameter.
    #[cfg(feature = "json")]
    JsonPath(Box<[crate::json::JsonStep]>),
    /// A column, written with its table or alias.
    Column {
        table: &'static str,
        column: &'static str,
    },
    /// The order of decimals, behind an operand of a comparison.
    DecimalOrder,
    /// A column that the table of a base has, written with the name that this table has in the query.
    Inherited {
        entity: &'static str,
        table: &'static str,
        column: &'static str,
    },
    /// The value of a discriminator.
    Tag(Tag),
    /// A parameter.
    Param(Value<'static>),
    /// A list of parameters in parentheses.
    Params(Box<[Value<'static>]>),
    /// A call of an aggregate.
    Aggregate(Box<AggregateCall>),
    /// A window function.
    Window(Box<WindowCall>),
    /// The column of a query that stands at a position, by the name that the query gives it.
    Selected(usize),
    /// A number that is part of the text.
    Number(u64),
    /// A SELECT, without parentheses around it.
    Query(Box<Query>),
    /// Something that this dialect cannot do, with the reason and the alternative. It renders to nothing but an error.
    Refused(Dialect, &'static str),
}

impl Token {
    /// Returns a column of an entity, in its own table or in that of a base.
    pub(crate) fn column(
        entity: &'static str,
        inherited_from: Option<&'static str>,
        column: &'static str,
    ) -> Self {
        match inherited_from {
            None => Self::Column {
                table: entity,
                column,
            },
            Some(table) => Self::Inherited {
                entity,
                table,
                column,
            },
        }
    }
}

/// How tightly the outermost operator of an expression binds, loosest first.
///
/// The levels are those that all dialects share; where they disagree (NOT, unary minus, `||`) the
/// operand is put in parentheses by giving the operator a level of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Atom,
}

impl<S, T> Expr<S, T> {
    pub(crate) fn new(tokens: Vec<Token>, level: Level) -> Self {
        Self {
            tokens: Tokens::Many(tokens),
            level,
            types: PhantomData,
        }
    }

    /// Creates an expression of one token.
    pub(crate) fn atom(token: Token) -> Self {
        Self {
            tokens: Tokens::One(token),
            level: Level::Atom,
            types: PhantomData,
        }
    }

    /// Returns the same text as an expression of other types.
    pub(crate) fn retyped<R, U>(self) -> Expr<R, U> {
        Expr {
            tokens: self.tokens,
            level: self.level,
            types: PhantomData,
        }
    }

    pub(crate) fn into_tokens(self) -> Vec<Token> {
        self.tokens.into_vec()
    }

    /// Changes the list of tokens.
    fn change(&mut self, change: impl FnOnce(&mut Vec<Token>)) {
        let tokens = std::mem::replace(&mut self.tokens, Tokens::Many(Vec::new()));
        let mut tokens = tokens.into_vec();
        change(&mut tokens);
        self.tokens = Tokens::Many(tokens);
    }

    /// Puts text around the expression, which makes an atom of it.
    pub(crate) fn wrap(&mut self, before: Token, after: Token) {
        self.change(|tokens| {
            tokens.insert(0, before);
            tokens.push(after);
        });
        self.level = Level::Atom;
    }

    pub(crate) fn push(&mut self, token: Token) {
        self.change(|tokens| tokens.push(token));
    }

    pub(crate) fn tokens_mut(&mut self) -> &mut [Token] {
        match &mut self.tokens {
            Tokens::One(token) => std::slice::from_mut(token),
            Tokens::Many(tokens) => tokens,
        }
    }

    /// Returns the tokens of an operand that is compared, with room for so many more behind them.
    pub(crate) fn compared_with(self, n_more: usize) -> Vec<Token>
    where
        T: FieldValue,
    {
        match T::IS_DECIMAL || self.level < Level::Sum {
            true => self.compared(),
            false => self.tokens.into_vec_with(n_more),
        }
    }

    /// Appends the tokens for a place that takes what binds at `loosest` or tighter.
    pub(crate) fn append_at_least(self, loosest: Level, list: &mut Vec<Token>) {
        match self.level >= loosest {
            true => self.tokens.append_to(list),
            false => list.extend(self.at_least(loosest)),
        }
    }

    /// Returns the tokens of an operand that is compared: decimals are told to be numbers.
    pub(crate) fn compared(self) -> Vec<Token>
    where
        T: FieldValue,
    {
        if !T::IS_DECIMAL {
            return self.at_least(Level::Sum);
        }
        let mut tokens = self.at_least(Level::Atom);
        tokens.push(Token::DecimalOrder);
        tokens
    }

    /// Returns the tokens of a value that others are ordered by or compared with, where any expression can stand.
    pub(crate) fn ordered(self) -> Vec<Token>
    where
        T: FieldValue,
    {
        if T::IS_DECIMAL {
            self.compared()
        } else {
            self.into_tokens()
        }
    }

    /// Returns the tokens for a place that takes what binds at `loosest` or tighter, in parentheses where needed.
    pub(crate) fn at_least(self, loosest: Level) -> Vec<Token> {
        if self.level >= loosest {
            return self.into_tokens();
        }
        let mut tokens = Vec::with_capacity(self.tokens.as_slice().len() + 2);
        tokens.push(Token::Text("("));
        self.tokens.append_to(&mut tokens);
        tokens.push(Token::Text(")"));
        tokens
    }
}

impl<S, T> Clone for Expr<S, T> {
    fn clone(&self) -> Self {
        Self {
            tokens: self.tokens.clone(),
            level: self.level,
            types: PhantomData,
        }
    }
}

impl<S, T> fmt::Debug for Expr<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tokens.as_slice()).finish()
    }
}

/// Something that can stand beside an expression of base type `T`: a value, a column or an expression.
///
/// NULL never compares as true, so an `Option` is no operand: see
/// [`is_null`](crate::Expression::is_null) and [`is_not_distinct_from`](crate::Expression::is_not_distinct_from).
#[diagnostic::on_unimplemented(
    message = "a `{T}` expression cannot be compared with `{Self}`",
    label = "expected a `{T}`: a value, a column or an expression of that type"
)]
pub trait Operand<T> {
    /// The tables it reads.
    type Source;
    /// The type of its value: `T`, or an `Option` of it.
    type Value: FieldValue<Base = T>;

    /// Returns it as an expression.
    fn into_operand(self) -> Expr<Self::Source, T>;
}

/// Something that can be assigned to a column of field type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be assigned to a column of type `{T}`",
    label = "expected a `{T}`"
)]
pub trait Assign<T> {
    /// The tables it reads.
    type Source;

    /// Returns it as an expression.
    fn into_assigned(self) -> Expr<Self::Source, T>;
}

/// Returns a parameter.
pub(crate) fn param<T>(value: Value<'static>) -> Expr<(), T> {
    Expr::atom(Token::Param(value))
}

/// Implements what a type needs to be used as a field: comparisons with columns, and assignment to them.
///
/// The type implements [`Encode`](sqlmodel_core::Encode) and [`Decode`](sqlmodel_core::Decode) already.
/// Generated code calls this for enums and newtypes. A type that is stored as the schema's `decimal` names what it is made
/// of, `field_value!(Price, Decimal)`, so that SQLite compares numbers and not texts.
#[macro_export]
macro_rules! field_value {
    ($ty:ty, $inner:ty) => {
        impl $crate::codegen::FieldValue for $ty {
            type Base = Self;
            const IS_DECIMAL: bool = <$inner as $crate::codegen::FieldValue>::IS_DECIMAL;
            const SQLITE_GUARD: ::core::option::Option<&'static str> =
                <$inner as $crate::codegen::FieldValue>::SQLITE_GUARD;
            type Lift<U: $crate::codegen::FieldValue> = U;
        }
        $crate::operand!($ty);
    };
    ($ty:ty) => {
        impl $crate::codegen::FieldValue for $ty {
            type Base = Self;
            type Lift<U: $crate::codegen::FieldValue> = U;
        }
        $crate::operand!($ty);
    };
}

/// Declares the place for the texts of a struct's statements; for generated code.
#[doc(hidden)]
#[macro_export]
macro_rules! texts {
    () => {{
        static TEXTS: $crate::codegen::Texts = $crate::codegen::Texts::new();
        ::core::option::Option::Some(&TEXTS)
    }};
}

/// Implements comparison and assignment for a type; part of [`field_value!`](crate::field_value).
#[doc(hidden)]
#[macro_export]
macro_rules! operand {
    ($ty:ty) => {
        impl $crate::codegen::Operand<$ty> for $ty {
            type Source = ();
            type Value = $ty;
            fn into_operand(self) -> $crate::codegen::Expr<(), $ty> {
                $crate::codegen::value(self)
            }
        }
        impl $crate::codegen::Operand<$ty> for &$ty {
            type Source = ();
            type Value = $ty;
            fn into_operand(self) -> $crate::codegen::Expr<(), $ty> {
                $crate::codegen::value_ref(self)
            }
        }
        impl $crate::codegen::Assign<$ty> for $ty {
            type Source = ();
            fn into_assigned(self) -> $crate::codegen::Expr<(), $ty> {
                $crate::codegen::value(self)
            }
        }
        impl $crate::codegen::Assign<::core::option::Option<$ty>> for $ty {
            type Source = ();
            fn into_assigned(self) -> $crate::codegen::Expr<(), ::core::option::Option<$ty>> {
                $crate::codegen::value(self)
            }
        }
        impl $crate::codegen::Assign<$ty> for &$ty {
            type Source = ();
            fn into_assigned(self) -> $crate::codegen::Expr<(), $ty> {
                $crate::codegen::value_ref(self)
            }
        }
        impl $crate::codegen::Assign<::core::option::Option<$ty>> for &$ty {
            type Source = ();
            fn into_assigned(self) -> $crate::codegen::Expr<(), ::core::option::Option<$ty>> {
                $crate::codegen::value_ref(self)
            }
        }
    };
}

/// Returns a value as an expression that reads no table.
pub fn value<T>(value: impl Encode) -> Expr<(), T> {
    param(value.into_value())
}

/// Returns a copy of a value as an expression that reads no table.
pub fn value_ref<T>(value: &impl Encode) -> Expr<(), T> {
    param(value.encode().into_owned())
}

operand!(bool);
operand!(i16);
operand!(i32);
operand!(i64);
operand!(f32);
operand!(f64);
operand!(String);
operand!(Vec<u8>);
operand!(Decimal);
operand!(Date);
operand!(Time);
operand!(Timestamp);
operand!(Duration);
#[cfg(feature = "json")]
operand!(types::Json);
#[cfg(feature = "uuid")]
operand!(types::Uuid);
#[cfg(feature = "rust_decimal")]
operand!(types::rust_decimal::Decimal);

/// Implements comparison and assignment for the types of a crate for time.
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
macro_rules! operands {
    ($($ty:ty),+ $(,)?) => {
        $(operand!($ty);)+
    };
}

#[cfg(feature = "chrono")]
operands! {
    types::chrono::NaiveDate,
    types::chrono::NaiveTime,
    types::chrono::NaiveDateTime,
    types::chrono::DateTime<types::chrono::Utc>,
    types::chrono::TimeDelta,
}

#[cfg(feature = "jiff")]
operands! {
    types::jiff::civil::Date,
    types::jiff::civil::Time,
    types::jiff::civil::DateTime,
    types::jiff::Timestamp,
    types::jiff::SignedDuration,
}

#[cfg(feature = "time")]
operands! {
    types::time::Date,
    types::time::Time,
    types::time::PrimitiveDateTime,
    types::time::OffsetDateTime,
    types::time::Duration,
}

impl<T> Operand<types::Array<T>> for types::Array<T>
where
    Self: FieldValue<Base = Self>,
{
    type Source = ();
    type Value = Self;

    fn into_operand(self) -> Expr<(), Self> {
        value(self)
    }
}

impl<T, L> Assign<L> for types::Array<T>
where
    Self: Encode,
    L: FieldValue<Base = Self>,
{
    type Source = ();

    fn into_assigned(self) -> Expr<(), L> {
        value(self)
    }
}

impl Operand<String> for &str {
    type Source = ();
    type Value = String;

    fn into_operand(self) -> Expr<(), String> {
        value(self.to_owned())
    }
}

impl Assign<String> for &str {
    type Source = ();

    fn into_assigned(self) -> Expr<(), String> {
        value(self.to_owned())
    }
}

impl Assign<Option<String>> for &str {
    type Source = ();

    fn into_assigned(self) -> Expr<(), Option<String>> {
        value(self.to_owned())
    }
}

impl Operand<Vec<u8>> for &[u8] {
    type Source = ();
    type Value = Vec<u8>;

    fn into_operand(self) -> Expr<(), Vec<u8>> {
        value(self.to_vec())
    }
}

impl<T, V: Assign<T>> Assign<Option<T>> for Option<V> {
    type Source = V::Source;

    fn into_assigned(self) -> Expr<V::Source, Option<T>> {
        match self {
            Some(assigned) => Expr {
                level: Level::Atom,
                ..assigned.into_assigned().retyped()
            },
            None => Expr::atom(Token::Param(Value::Null)),
        }
    }
}

impl<S, U: FieldValue> Operand<U::Base> for Expr<S, U> {
    type Source = S;
    type Value = U;

    fn into_operand(self) -> Expr<S, U::Base> {
        self.retyped()
    }
}

impl<E: Entity, U: FieldValue> Operand<U::Base> for Column<E, U> {
    type Source = Table<E>;
    type Value = U;

    fn into_operand(self) -> Expr<Table<E>, U::Base> {
        self.into_expr_of()
    }
}

impl<S, T> Assign<T> for Expr<S, T> {
    type Source = S;

    fn into_assigned(self) -> Self {
        self
    }
}

impl<S, T> Assign<Option<T>> for Expr<S, T> {
    type Source = S;

    fn into_assigned(self) -> Expr<S, Option<T>> {
        self.retyped()
    }
}

impl<E: Entity, T> Assign<T> for Column<E, T> {
    type Source = Table<E>;

    fn into_assigned(self) -> Expr<Table<E>, T> {
        self.into_expr_of()
    }
}

impl<E: Entity, T> Assign<Option<T>> for Column<E, T> {
    type Source = Table<E>;

    fn into_assigned(self) -> Expr<Table<E>, Option<T>> {
        self.into_expr_of()
    }
}
