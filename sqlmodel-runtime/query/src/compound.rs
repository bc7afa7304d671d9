//! UNION, INTERSECT and EXCEPT of queries with rows of the same type.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{Collect, Cx, Decode, Dialect, Error, Executor, Outcome, Rows, ok, ok_result};

use crate::expr::Token;
use crate::known::known;
use crate::query::{Columns, Query, write_limit};
use crate::render::{RenderedStatement, Writer};
use crate::select::{Page, Select, only, or_no_rows, scalar_of};

/// Queries whose rows are put together. Operators apply from left to right on every dialect.
#[must_use = "nothing is sent until `all`, or another way to take rows, is awaited"]
pub struct Compound<R> {
    query: CompoundQuery,
    rows: PhantomData<fn() -> R>,
}

/// What a [`Compound`] says, without its type.
#[derive(Debug, Clone)]
pub(crate) struct CompoundQuery {
    first: Query,
    others: Vec<(Operator, Query)>,
    order: Vec<(u32, Direction)>,
    limit: Option<u64>,
    offset: u64,
}

impl CompoundQuery {
    /// Casts columns of the first query.
    pub(crate) fn widen(&mut self, casts: &[Option<[&'static str; 3]>]) {
        let Columns::Expressions(expressions) = &mut self.first.columns else {
            return;
        };
        for (tokens, end) in expressions.iter_mut().zip(casts) {
            if let Some(end) = end {
                let begin = end.map(|end| if end.is_empty() { "" } else { "CAST(" });
                tokens.insert(0, Token::PerDialect(begin));
                tokens.push(Token::PerDialect(*end));
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Union,
    UnionAll,
    Intersect,
    Except,
}

/// In which direction rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident $operator:ident;)+) => {
        impl<R, Scope, Form> Select<R, Scope, Form> {
            $(
                $(#[$doc])*
                pub fn $name<Other>(self, other: Select<R, Other, Form>) -> Compound<R> {
                    Compound::new(self.into_query()).with(Operator::$operator, other.into_query())
                }
            )+
        }

        impl<R> Compound<R> {
            $(
                $(#[$doc])*
                pub fn $name<Other, Form>(self, other: Select<R, Other, Form>) -> Self {
                    self.with(Operator::$operator, other.into_query())
                }
            )+
        }
    };
}

operators! {
    /// The rows of both queries, equal ones once.
    union Union;
    /// The rows of one query and then of the other.
    union_all UnionAll;
    /// The rows that both queries have, equal ones once.
    intersect Intersect;
    /// The rows that the other query does not have, equal ones once.
    except Except;
}

impl<R> Compound<R> {
    fn new(first: Query) -> Self {
        Self {
            query: CompoundQuery::of(first),
            rows: PhantomData,
        }
    }

    pub(crate) fn into_query(self) -> CompoundQuery {
        self.query
    }

    fn with(mut self, operator: Operator, query: Query) -> Self {
        self.query.others.push((operator, query));
        self
    }

    /// Orders the rows by their column at a position; the first is at 1. Further calls order what is equal so far.
    pub fn order_by_column(mut self, position: u32, direction: Direction) -> Self {
        self.query.order.push((position, direction));
        self
    }

    /// Returns at most `limit` rows.
    pub fn limit(mut self, limit: u64) -> Self {
        self.query.limit = Some(limit);
        self
    }

    /// Leaves out the first `offset` rows.
    pub fn offset(mut self, offset: u64) -> Self {
        self.query.offset = offset;
        self
    }

    /// Returns the text and the parameters for a dialect.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) for what the dialect cannot do,
    /// [`Usage`](sqlmodel_core::ErrorKind::Usage) for a column that has many values in a group.
    pub fn render(&self, dialect: Dialect) -> Result<RenderedStatement<'static>, Error> {
        let mut writer = Writer::new(dialect);
        self.query.write(&mut writer);
        writer.try_finish()
    }
}

impl CompoundQuery {
    pub(crate) fn of(first: Query) -> Self {
        Self {
            first,
            others: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
        }
    }

    pub(crate) fn queries(&self) -> impl Iterator<Item = &Query> {
        std::iter::once(&self.first).chain(self.others.iter().map(|(_, query)| query))
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        // INTERSECT binds tighter than its neighbours, except on SQLite: a change of operator is put in parentheses.
        let changes = self.others.windows(2).filter(|pair| match pair {
            [(before, _), (after, _)] => before != after,
            _ => false,
        });
        for _ in changes {
            writer.text("SELECT * FROM (");
        }
        write_arm(&self.first, writer);
        let mut before = None;
        for (operator, query) in &self.others {
            if before.is_some_and(|before| before != *operator) {
                writer.text(") AS ");
                writer.identifier("compound");
            }
            before = Some(*operator);
            writer.text(match operator {
                Operator::Union => " UNION ",
                Operator::UnionAll => " UNION ALL ",
                Operator::Intersect => " INTERSECT ",
                Operator::Except => " EXCEPT ",
            });
            write_arm(query, writer);
        }
        for (place, (position, direction)) in self.order.iter().enumerate() {
            writer.text(if place == 0 { " ORDER BY " } else { ", " });
            writer.number(u64::from(*position));
            let is_decimal = |at| self.first.is_decimal(at);
            if (*position as usize).checked_sub(1).is_some_and(is_decimal) {
                writer.token(&Token::DecimalOrder);
            }
            if *direction == Direction::Descending {
                writer.text(" DESC");
            }
        }
        write_limit(self.limit, self.offset, writer);
    }
}

impl<R: Decode + Send> Compound<R> {
    /// Returns all rows. No rows give an empty vector.
    pub async fn all<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<R>, Error> {
        self.fetch(cx, executor, Collect::all()).await
    }

    /// Returns the first row, or `None` when there is none.
    pub async fn first<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Option<R>, Error> {
        let rows = ok!(self.at_most(1).fetch(cx, executor, Collect::up_to(1)).await);
        Outcome::Ok(rows.into_iter().next())
    }

    /// Returns the only row.
    ///
    /// # Errors
    ///
    /// [`NoRows`](sqlmodel_core::ErrorKind::NoRows) when there is none,
    /// [`TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several.
    pub async fn one<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<R, Error> {
        let rows = ok!(self.at_most(2).fetch(cx, executor, Collect::up_to(2)).await);
        Outcome::Ok(ok_result!(only(rows).and_then(or_no_rows)))
    }

    /// Returns the only row, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several.
    pub async fn one_or_none<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<R>, Error> {
        let rows = ok!(self.at_most(2).fetch(cx, executor, Collect::up_to(2)).await);
        Outcome::Ok(ok_result!(only(rows)))
    }

    /// Returns a page of `size` rows, the first of which is page 0, and the number of rows on all pages, by two statements.
    ///
    /// The rows should have an order, and no limit of their own.
    pub async fn page<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
        number: u64,
        size: u64,
    ) -> Outcome<Page<R>, Error> {
        let total = ok!(self.clone().count(cx, executor).await);
        let offset = number.saturating_mul(size);
        let rows = ok!(self.limit(size).offset(offset).all(cx, executor).await);
        Outcome::Ok(Page { rows, total })
    }

    /// Runs the queries and returns the rows to be pulled one at a time, as [`Select::stream`] does.
    pub async fn stream<'e, E: Executor>(
        self,
        cx: &Cx,
        executor: &'e mut E,
    ) -> Outcome<Rows<'e, E, R>, Error> {
        let rendered = ok_result!(self.render(executor.dialect()));
        let rows = ok!(Rows::open(cx, executor, rendered.statement()).await);
        Outcome::Ok(rows.with_column_names(self.query.first.column_names()))
    }

    /// Asks for no more rows than are looked at.
    fn at_most(mut self, n_rows: u64) -> Self {
        let limit = self.query.limit.map_or(n_rows, |own| own.min(n_rows));
        self.query.limit = Some(limit);
        self
    }

    async fn fetch<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        mut rows: Collect<R>,
    ) -> Outcome<Vec<R>, Error> {
        let query = &self.query;
        let known = ok_result!(known(executor.dialect(), &|writer| query.write(writer)));
        let done = executor.query(cx, known.statement(), &mut rows).await;
        ok!(self.query.first.name_column(done));
        Outcome::Ok(rows.into_rows())
    }
}

impl<R> Compound<R> {
    /// Returns the number of rows.
    pub async fn count<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let known = known(executor.dialect(), &|writer| {
            writer.text("SELECT count(*) FROM (");
            self.query.write(writer);
            writer.text(") AS ");
            writer.identifier("counted");
        });
        let count: i64 = ok!(scalar_of(known, cx, executor).await).unwrap_or(0);
        Outcome::Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Tells whether there is a row.
    pub async fn exists<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<bool, Error> {
        let known = known(executor.dialect(), &|writer| {
            writer.text("SELECT EXISTS (");
            self.query.write(writer);
            writer.text(")");
        });
        Outcome::Ok(ok!(scalar_of(known, cx, executor).await).unwrap_or(false))
    }
}

/// Writes one of the queries; SQLite allows no order or limit in it unless it is a table of its own.
fn write_arm(query: &Query, writer: &mut Writer<'_>) {
    let is_plain = query.order.is_empty()
        && query.limit.is_none()
        && query.offset == 0
        && query.rare().common.is_empty();
    if is_plain {
        return query.write(writer);
    }
    writer.text("SELECT * FROM (");
    query.write(writer);
    writer.text(") AS ");
    writer.identifier("arm");
}

impl<R> Clone for Compound<R> {
    fn clone(&self) -> Self {
        Self {
            query: self.query.clone(),
            rows: PhantomData,
        }
    }
}

impl<R> fmt::Debug for Compound<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compound").field(&self.query).finish()
    }
}
