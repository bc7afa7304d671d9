//! Aggregates: one value for many rows.
//!
//! Their source is [`Aggregate`], so that the compiler refuses them where each row is looked at on its own.

use sqlmodel_core::{Dialect, Error, FieldValue};

use crate::expr::{Expr, Level, Token};
use crate::number::{Number, NumberKind, refuse_decimals};
use crate::operators::{Base, Condition, Expression};
use crate::render::Writer;
use crate::scope::{Aggregate, PerRow};

/// A call of an aggregate, as it is written for each dialect.
#[derive(Debug, Clone)]
pub(crate) struct AggregateCall {
    /// The function's name with its parenthesis.
    function: Token,
    is_distinct: bool,
    /// What stands before the argument, behind DISTINCT.
    prefix: Token,
    /// Empty for `count(*)`.
    argument: Vec<Token>,
    /// What follows the argument, the closing parenthesis excepted.
    suffix: Token,
    condition: Option<Vec<Token>>,
}

/// The aggregates of an expression. All leave out NULLs.
pub trait AggregateExpression: Expression {
    /// The number of rows in which this is not NULL.
    fn count(self) -> Expr<Aggregate<Self::Source>, i64>
    where
        Self::Source: PerRow,
    {
        call(Token::Text("count("), self, "")
    }

    /// The number of different values other than NULL.
    fn count_distinct(self) -> Expr<Aggregate<Self::Source>, i64>
    where
        Self::Source: PerRow,
    {
        self.count().distinct()
    }

    /// The smallest value; `None` without rows.
    fn min(self) -> Expr<Aggregate<Self::Source>, Option<Base<Self>>>
    where
        Self::Source: PerRow,
    {
        call(Token::Text("min("), self, "")
    }

    /// The largest value; `None` without rows.
    fn max(self) -> Expr<Aggregate<Self::Source>, Option<Base<Self>>>
    where
        Self::Source: PerRow,
    {
        call(Token::Text("max("), self, "")
    }

    /// The sum; `None` without rows. Integers add up to an `i64`, floats to an `f64`.
    ///
    /// A sum of integers that does not fit is an error on every dialect. The sum of decimals is exact.
    fn sum(self) -> Expr<Aggregate<Self::Source>, Option<<Base<Self> as Number>::Sum>>
    where
        Self::Source: PerRow,
        Base<Self>: Number,
    {
        let function = match <Base<Self> as Number>::KIND {
            NumberKind::Decimal => Token::PerDialect(["sqlmodel_decimal_sum(", "sum(", "sum("]),
            NumberKind::Integer | NumberKind::Float => Token::Text("sum("),
        };
        let mut sum = call(function, self, "");
        if <Base<Self> as Number>::KIND == NumberKind::Integer {
            // PostgreSQL and MySQL make a decimal of it. A cast of MySQL gives the nearest integer where none fits; DIV fails.
            sum.wrap(
                Token::PerDialect(["", "CAST(", "("]),
                Token::PerDialect(["", " AS bigint)", " DIV 1)"]),
            );
        }
        sum
    }

    /// The mean; `None` without rows. It is an `f64` for integers and floats.
    ///
    /// SQLite has no exact mean of decimals: there it is an [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) error.
    fn avg(self) -> Expr<Aggregate<Self::Source>, Option<<Base<Self> as Number>::Mean>>
    where
        Self::Source: PerRow,
        Base<Self>: Number,
    {
        let mut mean = if <Base<Self> as Number>::KIND == NumberKind::Decimal {
            call(Token::Text("avg("), self, "")
        } else {
            // Of integers, PostgreSQL and MySQL would give a decimal, MySQL one with four digits.
            let prefix = Token::PerDialect(["", "CAST(", "0e0 + "]);
            let suffix = Token::PerDialect(["", " AS double precision)", ""]);
            call_with(Token::Text("avg("), prefix, self, suffix)
        };
        refuse_decimals::<Base<Self>, _, _>(&mut mean);
        mean
    }
}

impl<E: Expression> AggregateExpression for E {}

/// Returns the number of rows.
pub fn count_all() -> Expr<Aggregate<()>, i64> {
    from_call(AggregateCall {
        function: Token::Text("count("),
        is_distinct: false,
        prefix: Token::Text(""),
        argument: Vec::new(),
        suffix: Token::Text(""),
        condition: None,
    })
}

impl<S, T> Expr<Aggregate<S>, T> {
    /// Takes each value once: `sum(DISTINCT a)`.
    ///
    /// Rows are all different, so that [`count_all`] has no such form: it is a [`Usage`](sqlmodel_core::ErrorKind::Usage)
    /// error when the query runs.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        for token in self.tokens_mut() {
            if let Token::Aggregate(call) = token {
                call.is_distinct = true;
            }
        }
        self
    }

    /// Takes only the rows for which the condition is true; a second filter narrows the first.
    ///
    /// | dialect | SQL |
    /// |---|---|
    /// | SQLite, PostgreSQL | `sum(a) FILTER (WHERE condition)` |
    /// | MySQL | `sum(CASE WHEN condition THEN a END)` |
    #[must_use]
    pub fn filter<C: Condition<Source: PerRow>>(
        mut self,
        condition: C,
    ) -> Expr<Aggregate<(S, C::Source)>, T> {
        let condition = condition.into_condition().at_least(Level::And);
        for token in self.tokens_mut() {
            if let Token::Aggregate(call) = token {
                let conditions = call.condition.get_or_insert_default();
                if !conditions.is_empty() {
                    conditions.push(Token::Text(" AND "));
                }
                conditions.extend(condition.iter().cloned());
            }
        }
        self.retyped()
    }
}

fn call<E: Expression, S, T>(function: Token, argument: E, suffix: &'static str) -> Expr<S, T> {
    call_with(function, Token::Text(""), argument, Token::Text(suffix))
}

fn call_with<E: Expression, S, T>(
    function: Token,
    prefix: Token,
    argument: E,
    suffix: Token,
) -> Expr<S, T> {
    from_call(AggregateCall {
        function,
        is_distinct: false,
        prefix,
        argument: if E::Value::IS_DECIMAL {
            argument.into_expr().compared()
        } else {
            argument.into_expr().at_least(Level::Product)
        },
        suffix,
        condition: None,
    })
}

fn from_call<S, T>(call: AggregateCall) -> Expr<S, T> {
    Expr::new(vec![Token::Aggregate(Box::new(call))], Level::Atom)
}

impl AggregateCall {
    pub(crate) fn is_distinct(&self) -> bool {
        self.is_distinct
    }

    /// Returns the argument and the condition.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[Token]> {
        std::iter::once(&self.argument)
            .chain(&self.condition)
            .map(Vec::as_slice)
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let Self {
            function,
            is_distinct,
            prefix,
            argument,
            suffix,
            condition,
        } = self;
        writer.token(function);
        if *is_distinct {
            if argument.is_empty() {
                writer.refuse(Error::usage(
                    "rows are all different: count the different values of an expression with `count_distinct`",
                ));
            }
            writer.text("DISTINCT ");
        }
        writer.token(prefix);
        let has_filter = writer.dialect() != Dialect::Mysql;
        match condition {
            Some(condition) if !has_filter => {
                writer.text("CASE WHEN ");
                writer.tokens(condition);
                writer.text(" THEN ");
                Self::write_argument(argument, "1", writer);
                writer.text(" END");
            }
            _ => Self::write_argument(argument, "*", writer),
        }
        writer.token(suffix);
        writer.text(")");
        if let Some(condition) = condition.as_ref().filter(|_| has_filter) {
            writer.text(" FILTER (WHERE ");
            writer.tokens(condition);
            writer.text(")");
        }
    }

    fn write_argument(argument: &[Token], all_rows: &'static str, writer: &mut Writer<'_>) {
        if argument.is_empty() {
            writer.text(all_rows);
        } else {
            writer.tokens(argument);
        }
    }
}
