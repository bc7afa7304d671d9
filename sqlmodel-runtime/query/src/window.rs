//! Window functions: a value for each row that is computed from the rows around it.
//!
//! Their source is [`Window`], so that the compiler refuses them where rows are filtered or grouped: they have their
//! values after that.

use std::marker::PhantomData;

use sqlmodel_core::Error;

use crate::aggregate::AggregateCall;
use crate::expr::{Expr, Level, Token};
use crate::operators::{Base, Expression, Ordering};
use crate::query::Order;
use crate::render::Writer;
use crate::scope::{Aggregate, InGroups, Settled, Window};

/// Which rows a window function looks at: begun with [`window`].
#[derive(Debug)]
pub struct WindowSpec<S> {
    partitions: Vec<Vec<Token>>,
    orders: Vec<Order>,
    frame: Option<Frame>,
    source: PhantomData<fn() -> S>,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    unit: &'static str,
    from: FrameBound,
    to: FrameBound,
}

/// Where a frame begins or ends, counted from the row that the function is computed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameBound {
    /// The first row of the partition.
    UnboundedPreceding,
    /// A number of rows before this one.
    Preceding(u32),
    /// This row; with [`range`](WindowSpec::range), all rows that are equal to it in the order.
    CurrentRow,
    /// A number of rows after this one.
    Following(u32),
    /// The last row of the partition.
    UnboundedFollowing,
}

/// Returns a window of all rows, in no order.
pub fn window() -> WindowSpec<()> {
    WindowSpec {
        partitions: Vec::new(),
        orders: Vec::new(),
        frame: None,
        source: PhantomData,
    }
}

impl<S> WindowSpec<S> {
    fn with_source<T>(self) -> WindowSpec<T> {
        WindowSpec {
            partitions: self.partitions,
            orders: self.orders,
            frame: self.frame,
            source: PhantomData,
        }
    }

    /// Looks only at rows in which the expression has the same value as in this one.
    #[must_use]
    pub fn partition_by<E: Expression<Source: InGroups>>(
        mut self,
        expression: E,
    ) -> WindowSpec<(S, E::Source)> {
        self.partitions.push(expression.into_expr().into_tokens());
        self.with_source()
    }

    /// Looks at the rows in an order; further calls order what is equal so far.
    ///
    /// Aggregates over an ordered window are running ones: they end with the row, and those equal to it.
    #[must_use]
    pub fn order_by<T: InGroups, U>(mut self, ordering: Ordering<T, U>) -> WindowSpec<(S, T)> {
        self.orders.push(ordering.into_order());
        self.with_source()
    }

    /// Looks at the rows between two bounds, counting rows: `ROWS BETWEEN from AND to`.
    #[must_use]
    pub fn rows(mut self, from: FrameBound, to: FrameBound) -> Self {
        self.frame = Some(Frame {
            unit: "ROWS BETWEEN ",
            from,
            to,
        });
        self
    }

    /// Looks at the rows between two bounds, counting in the values of the order: `RANGE BETWEEN from AND to`.
    #[must_use]
    pub fn range(mut self, from: FrameBound, to: FrameBound) -> Self {
        self.frame = Some(Frame {
            unit: "RANGE BETWEEN ",
            from,
            to,
        });
        self
    }
}

/// A window function that has yet to be told its window.
#[derive(Debug)]
#[must_use = "a window function needs a window: `.over(window())`"]
pub struct WindowFunction<S, T> {
    tokens: Vec<Token>,
    types: PhantomData<fn() -> (S, T)>,
}

/// Returns the number of the row in its window, from 1.
pub fn row_number() -> WindowFunction<(), i64> {
    without_argument("row_number()")
}

/// Returns one more than the number of rows before this one; equal rows have the same rank, and leave gaps behind.
pub fn rank() -> WindowFunction<(), i64> {
    without_argument("rank()")
}

/// Returns one more than the number of different values before this one.
pub fn dense_rank() -> WindowFunction<(), i64> {
    without_argument("dense_rank()")
}

/// Returns the rank as a fraction from 0 to 1: `(rank - 1) / (rows - 1)`.
pub fn percent_rank() -> WindowFunction<(), f64> {
    without_argument("percent_rank()")
}

/// Returns the fraction of rows up to and equal to this one.
pub fn cume_dist() -> WindowFunction<(), f64> {
    without_argument("cume_dist()")
}

/// Returns the number, from 1, of the group of this row, where the rows are divided into groups of nearly equal size.
///
/// Zero groups are taken as one.
pub fn ntile(n_groups: u32) -> WindowFunction<(), i64> {
    function(vec![
        Token::Text("ntile("),
        Token::Number(n_groups.max(1).into()),
        Token::Text(")"),
    ])
}

/// The window functions of an expression.
pub trait WindowExpression: Expression<Source: InGroups> {
    /// The value in the row that comes `n_rows` before; `None` where there is none.
    fn lag(self, n_rows: u32) -> WindowFunction<Self::Source, Option<Base<Self>>> {
        with_number(self, "lag(", n_rows)
    }

    /// The value in the row that comes `n_rows` later; `None` where there is none.
    fn lead(self, n_rows: u32) -> WindowFunction<Self::Source, Option<Base<Self>>> {
        with_number(self, "lead(", n_rows)
    }

    /// The value in the first row of the frame.
    fn first_value(self) -> WindowFunction<Self::Source, Option<Base<Self>>> {
        with_argument(self, "first_value(")
    }

    /// The value in the last row of the frame, which ends with this row unless the window says something else.
    fn last_value(self) -> WindowFunction<Self::Source, Option<Base<Self>>> {
        with_argument(self, "last_value(")
    }

    /// The value in a row of the frame, from 1; `None` where there is none. Row 0 is taken as 1.
    fn nth_value(self, row: u32) -> WindowFunction<Self::Source, Option<Base<Self>>> {
        with_number(self, "nth_value(", row.max(1))
    }
}

impl<E: Expression<Source: InGroups>> WindowExpression for E {}

fn function<S, T>(tokens: Vec<Token>) -> WindowFunction<S, T> {
    WindowFunction {
        tokens,
        types: PhantomData,
    }
}

fn without_argument<T>(text: &'static str) -> WindowFunction<(), T> {
    function(vec![Token::Text(text)])
}

fn with_argument<E: Expression, T>(
    argument: E,
    name: &'static str,
) -> WindowFunction<E::Source, T> {
    let mut tokens = vec![Token::Text(name)];
    tokens.extend(argument.into_expr().into_tokens());
    tokens.push(Token::Text(")"));
    function(tokens)
}

fn with_number<E: Expression, T>(
    argument: E,
    name: &'static str,
    number: u32,
) -> WindowFunction<E::Source, T> {
    let mut tokens = vec![Token::Text(name)];
    tokens.extend(argument.into_expr().into_tokens());
    tokens.push(Token::Text(", "));
    tokens.push(Token::Number(number.into()));
    tokens.push(Token::Text(")"));
    function(tokens)
}

/// The source of a window function: what it computes with, and what its window is made of.
type Over<S, O> = Window<(S, Settled<O>)>;

impl<S, T> WindowFunction<S, T> {
    /// Computes the function over a window.
    pub fn over<O>(self, window: WindowSpec<O>) -> Expr<Over<S, O>, T> {
        let call = WindowCall {
            function: Function::Tokens(self.tokens),
            spec: window.with_source(),
        };
        Expr::new(vec![Token::Window(Box::new(call))], Level::Atom)
    }
}

impl<S, T> Expr<Aggregate<S>, T> {
    /// Computes the aggregate for each row over its window, instead of once for all rows.
    pub fn over<O>(self, window: WindowSpec<O>) -> Expr<Over<Settled<S>, O>, T> {
        let spec: WindowSpec<()> = window.with_source();
        let mut expression = self;
        for token in expression.tokens_mut() {
            if let Token::Aggregate(call) = token {
                *token = Token::Window(Box::new(WindowCall {
                    function: Function::Aggregate((**call).clone()),
                    spec: spec.clone(),
                }));
            }
        }
        expression.retyped()
    }
}

/// A window function with its window.
#[derive(Debug, Clone)]
pub(crate) struct WindowCall {
    function: Function,
    spec: WindowSpec<()>,
}

#[derive(Debug, Clone)]
enum Function {
    Tokens(Vec<Token>),
    Aggregate(AggregateCall),
}

impl WindowCall {
    /// Returns the expressions that the function and its window are made of.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[Token]> {
        let (tokens, aggregate) = match &self.function {
            Function::Tokens(tokens) => (Some(tokens.as_slice()), None),
            Function::Aggregate(call) => (None, Some(call.parts())),
        };
        tokens
            .into_iter()
            .chain(aggregate.into_iter().flatten())
            .chain(self.spec.partitions.iter().map(Vec::as_slice))
            .chain(self.spec.orders.iter().map(|order| order.tokens.as_slice()))
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        match &self.function {
            Function::Tokens(tokens) => writer.tokens(tokens),
            Function::Aggregate(call) => {
                if call.is_distinct() {
                    writer.refuse(Error::unsupported(
                        "no database takes each value once over a window: do so in a subquery",
                    ));
                }
                call.write(writer);
            }
        }
        writer.text(" OVER (");
        let WindowSpec {
            partitions,
            orders,
            frame,
            source: _,
        } = &self.spec;
        for (position, partition) in partitions.iter().enumerate() {
            writer.text(if position == 0 { "PARTITION BY " } else { ", " });
            writer.tokens(partition);
        }
        for (position, order) in orders.iter().enumerate() {
            writer.text(match position {
                0 if partitions.is_empty() => "ORDER BY ",
                0 => " ORDER BY ",
                _ => ", ",
            });
            order.write(writer);
        }
        if let Some(Frame { unit, from, to }) = frame {
            if !(partitions.is_empty() && orders.is_empty()) {
                writer.text(" ");
            }
            writer.text(unit);
            from.write(writer);
            writer.text(" AND ");
            to.write(writer);
        }
        writer.text(")");
    }
}

impl FrameBound {
    fn write(self, writer: &mut Writer<'_>) {
        match self {
            Self::UnboundedPreceding => writer.text("UNBOUNDED PRECEDING"),
            Self::Preceding(n_rows) => {
                writer.number(n_rows.into());
                writer.text(" PRECEDING");
            }
            Self::CurrentRow => writer.text("CURRENT ROW"),
            Self::Following(n_rows) => {
                writer.number(n_rows.into());
                writer.text(" FOLLOWING");
            }
            Self::UnboundedFollowing => writer.text("UNBOUNDED FOLLOWING"),
        }
    }
}

impl<S> Clone for WindowSpec<S> {
    fn clone(&self) -> Self {
        Self {
            partitions: self.partitions.clone(),
            orders: self.orders.clone(),
            frame: self.frame,
            source: PhantomData,
        }
    }
}

impl<S, T> Clone for WindowFunction<S, T> {
    fn clone(&self) -> Self {
        function(self.tokens.clone())
    }
}
