//! Arithmetic with SQL's result types.
//!
//! Both operands have the same type, which is the type of the result; [`cast`](crate::ValueExpression::cast) widens.
//! A result that does not fit is an error on PostgreSQL and MySQL, and where SQLite gives a wider number,
//! reading or assigning it is one. A division by zero is an error on PostgreSQL and NULL elsewhere, so a quotient may be NULL.

use std::ops::{Add, Div, Mul, Rem, Sub};

use sqlmodel_core::value::Decimal;
use sqlmodel_core::{Dialect, FieldValue};

use crate::column::Column;
use crate::expr::{Expr, Level, Operand, Token};
use crate::operators::{Base, Combined, Expression};
use crate::scope::{Entity, Table};
use crate::text::call;

/// A type that columns compute with. A newtype of a number may implement it.
#[diagnostic::on_unimplemented(
    message = "SQL does not compute with `{Self}`",
    label = "expected a number"
)]
pub trait Number: FieldValue<Base = Self> {
    /// How databases compute with it.
    const KIND: NumberKind;
    /// The type of a sum.
    type Sum: FieldValue<Base = Self::Sum>;
    /// The type of a mean.
    type Mean: FieldValue<Base = Self::Mean>;
}

/// How databases compute with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Whole numbers: division truncates.
    Integer,
    /// Binary fractions.
    Float,
    /// Exact fractions. SQLite has none: the driver adds, subtracts and multiplies them, and to divide them is an error.
    Decimal,
}

macro_rules! number {
    ($($ty:ty: $kind:ident, $sum:ty, $mean:ty;)+) => {$(
        impl Number for $ty {
            const KIND: NumberKind = NumberKind::$kind;
            type Sum = $sum;
            type Mean = $mean;
        }
    )+};
}

number! {
    i16: Integer, i64, f64;
    i32: Integer, i64, f64;
    i64: Integer, i64, f64;
    f32: Float, f64, f64;
    f64: Float, f64, f64;
    Decimal: Decimal, Self, Self;
}

#[cfg(feature = "rust_decimal")]
number! {
    sqlmodel_core::types::rust_decimal::Decimal: Decimal, Self, Self;
}

/// Whole numbers, which have a remainder.
#[diagnostic::on_unimplemented(
    message = "SQL has no portable remainder of `{Self}`",
    label = "expected an integer"
)]
pub trait Integer: Number {}

impl Integer for i16 {}
impl Integer for i32 {}
impl Integer for i64 {}

/// Numbers that may lie between two whole ones.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not rounded",
    label = "expected an `f64` or a decimal",
    note = "an `f32` is rounded as an `f64`: `.cast::<f64>()`"
)]
pub trait Fraction: Number {}

impl Fraction for f64 {}
impl Fraction for Decimal {}

/// Exact numbers with digits after the point.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no decimal digits",
    label = "expected a decimal",
    note = "a binary fraction is near a decimal one and seldom equal to it: round it in Rust, when it is shown"
)]
pub trait Exact: Fraction {}

impl Exact for Decimal {}

#[cfg(feature = "rust_decimal")]
impl Fraction for sqlmodel_core::types::rust_decimal::Decimal {}
#[cfg(feature = "rust_decimal")]
impl Exact for sqlmodel_core::types::rust_decimal::Decimal {}

/// What numbers can do beyond what every [`Expression`] and the operators `+ - * / %` can.
pub trait NumberExpression: Expression<Value: FieldValue<Base: Number>> {
    /// The number without its sign.
    fn abs(self) -> Expr<Self::Source, Self::Value> {
        call(
            self,
            match <Base<Self> as Number>::KIND {
                NumberKind::Decimal => Token::PerDialect(["sqlmodel_decimal_abs(", "abs(", "abs("]),
                NumberKind::Integer | NumberKind::Float => Token::Text("abs("),
            },
        )
    }

    /// The nearest whole number, as a value of the same type; a half is rounded away from zero.
    ///
    /// Databases disagree about halves, so that a float is not left to their own `round`:
    ///
    /// | dialect | float | decimal |
    /// |---|---|---|
    /// | SQLite | `round(a)` | exact, by a function of the driver |
    /// | PostgreSQL | `trunc(a + sign(a) * 0.5)` | `round(a, 0)` |
    /// | MySQL | `truncate(a + sign(a) * 0.5, 0)` | `round(a, 0)` |
    fn round(self) -> Expr<Self::Source, Self::Value>
    where
        Base<Self>: Fraction,
    {
        if <Base<Self> as Number>::KIND == NumberKind::Decimal {
            return round_decimal(self, 0);
        }
        let number = self.into_expr();
        let call = |open: &'static str, close: &'static str| {
            let [open, sign, close] = [open, " + sign(", close].map(|text| vec![Token::Text(text)]);
            let sum = number.clone().at_least(Level::Product);
            [open, sum, sign, number.clone().into_tokens(), close].concat()
        };
        let sqlite = [Token::Text("round("), Token::Text(")")];
        let [open, close] = sqlite.map(|token| vec![token]);
        let alternatives = [
            [open, number.clone().into_tokens(), close].concat(),
            call("trunc(", ") * 0.5)"),
            call("truncate(", ") * 0.5e0, 0)"),
        ];
        Expr::new(
            vec![Token::Alternatives(Box::new(alternatives))],
            Level::Atom,
        )
    }

    /// The nearest decimal with so many digits after the point, exactly; a half is rounded away from zero.
    fn round_to(self, n_digits: u8) -> Expr<Self::Source, Self::Value>
    where
        Base<Self>: Exact,
    {
        round_decimal(self, n_digits)
    }
}

impl<E: Expression<Value: FieldValue<Base: Number>>> NumberExpression for E {}

fn round_decimal<E: Expression>(number: E, n_digits: u8) -> Expr<E::Source, E::Value> {
    let open = Token::PerDialect(["sqlmodel_decimal_round(", "round(", "round("]);
    let n_digits = Token::Number(u64::from(n_digits));
    let mut rounded = number.into_expr();
    rounded.push(Token::Text(", "));
    rounded.push(n_digits);
    rounded.wrap(open, Token::Text(")"));
    rounded.retyped()
}

const NO_DECIMALS: Token = Token::Refused(
    Dialect::Sqlite,
    "SQLite has no exact decimals to divide: read the values and divide in Rust, or store whole numbers of the smallest unit",
);

/// Makes an expression over decimals an error on SQLite, which would compute with binary fractions of its own accord.
pub(crate) fn refuse_decimals<N: Number, S, T>(expression: &mut Expr<S, T>) {
    if N::KIND == NumberKind::Decimal {
        expression.push(NO_DECIMALS);
    }
}

/// An operator, and what SQLite has for it where the operands are decimals.
struct Operator {
    symbol: Token,
    level: Level,
    decimal_function: &'static str,
}

fn arithmetic<E: Expression, R: Operand<Base<E>>, T>(
    left: E,
    operator: Operator,
    right: R,
) -> Expr<(E::Source, R::Source), T>
where
    Base<E>: Number,
{
    let Operator {
        symbol,
        level,
        decimal_function,
    } = operator;
    // The left operand may be a chain of the same level, the right one may not: a - (b - c).
    let tighter = match level {
        Level::Sum => Level::Product,
        _ => Level::Atom,
    };
    let left = left.into_expr();
    let right = right.into_operand();
    if <Base<E> as Number>::KIND != NumberKind::Decimal {
        let tokens = [left.at_least(level), vec![symbol], right.at_least(tighter)].concat();
        return Expr::new(tokens, level);
    }
    let [open, comma, close] = [decimal_function, ", ", ")"].map(|text| vec![Token::Text(text)]);
    let sqlite = [
        open,
        left.clone().into_tokens(),
        comma,
        right.clone().into_tokens(),
        close,
    ];
    let others = [left.at_least(level), vec![symbol], right.at_least(tighter)].concat();
    let alternatives = [sqlite.concat(), others.clone(), others];
    Expr::new(vec![Token::Alternatives(Box::new(alternatives))], level)
}

fn divide<E: Expression, R: Operand<Base<E>>>(
    left: E,
    right: R,
) -> Expr<(E::Source, R::Source), Option<Base<E>>>
where
    Base<E>: Number,
{
    // MySQL's slash makes a decimal of two integers.
    let symbol = match <Base<E> as Number>::KIND {
        NumberKind::Integer => Token::PerDialect([" / ", " / ", " DIV "]),
        NumberKind::Float | NumberKind::Decimal => Token::Text(" / "),
    };
    let operator = Operator {
        symbol,
        level: Level::Product,
        decimal_function: "(",
    };
    let mut quotient = arithmetic(left, operator, right);
    refuse_decimals::<Base<E>, _, _>(&mut quotient);
    quotient
}

macro_rules! operator {
    ($symbol:literal $level:ident $function:literal) => {
        Operator {
            symbol: Token::Text($symbol),
            level: Level::$level,
            decimal_function: $function,
        }
    };
}

macro_rules! same_type_operator {
    ($($trait:ident $method:ident $symbol:literal $level:ident $function:literal;)+) => {$(
        impl<E: Entity, T: FieldValue<Base: Number>, R: Operand<T::Base>> $trait<R> for Column<E, T> {
            type Output = Combined<Self, R, T::Base>;

            fn $method(self, other: R) -> Self::Output {
                arithmetic(self, operator!($symbol $level $function), other)
            }
        }

        impl<S, T: FieldValue<Base: Number>, R: Operand<T::Base>> $trait<R> for Expr<S, T> {
            type Output = Combined<Self, R, T::Base>;

            fn $method(self, other: R) -> Self::Output {
                arithmetic(self, operator!($symbol $level $function), other)
            }
        }
    )+};
}

same_type_operator! {
    Add add " + " Sum "sqlmodel_decimal_add(";
    Sub sub " - " Sum "sqlmodel_decimal_sub(";
    Mul mul " * " Product "sqlmodel_decimal_mul(";
}

impl<E: Entity, T: FieldValue<Base: Number>, R: Operand<T::Base>> Div<R> for Column<E, T> {
    type Output = Expr<(Table<E>, R::Source), Option<T::Base>>;

    fn div(self, other: R) -> Self::Output {
        divide(self, other)
    }
}

impl<S, T: FieldValue<Base: Number>, R: Operand<T::Base>> Div<R> for Expr<S, T> {
    type Output = Expr<(S, R::Source), Option<T::Base>>;

    fn div(self, other: R) -> Self::Output {
        divide(self, other)
    }
}

impl<E: Entity, T: FieldValue<Base: Integer>, R: Operand<T::Base>> Rem<R> for Column<E, T> {
    type Output = Expr<(Table<E>, R::Source), Option<T::Base>>;

    fn rem(self, other: R) -> Self::Output {
        arithmetic(self, operator!(" % " Product "("), other)
    }
}

impl<S, T: FieldValue<Base: Integer>, R: Operand<T::Base>> Rem<R> for Expr<S, T> {
    type Output = Expr<(S, R::Source), Option<T::Base>>;

    fn rem(self, other: R) -> Self::Output {
        arithmetic(self, operator!(" % " Product "("), other)
    }
}
