//! SELECT of whole models or of expressions, with joins, filters, groups, order, limit and offset.

use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use sqlmodel_core::{
    Append, Collect, Cx, Decode, Dialect, Error, ErrorKind, Executor, FixedStatement, Outcome,
    Perhaps, Rows, Statement, ok, ok_result,
};

use crate::expr::{Expr, Level, Token};
use crate::family::{self, PolymorphicLoad};
use crate::known::{KnownStatement, known};
use crate::operators::{Condition, Expression, Ordering};
use crate::projection::{ColumnList, FromColumns, Project};
use crate::query::{Columns, FULL_JOIN, Join, Lock, ModelColumns, Order, Query, RowLock, Source};
use crate::relation::{Relation, assert_other_table};
use crate::render::{RenderedStatement, Writer};
use crate::scope::{
    AllOptional, AlwaysThere, Covers, Entity, InGroups, Optional, PerRow, Settled, Table, Tables,
};

/// A query whose rows are of type `R`, over the tables of `Scope`.
///
/// Begun with [`ModelQuery::select`](crate::ModelQuery::select), [`select!`](crate::select!) or [`select_from`].
/// Nothing happens until one of the endings (`all`, `first`, `one`, `one_or_none`, `count`, `exists`, `page`,
/// `for_each`) is awaited.
///
/// `Form` is [`Models`] while rows are made of whole models, and [`Expressions`] once
/// [`columns`](Self::columns) has chosen something else.
/// `Outer` is the source of a subquery: the tables that it needs of the query around it.
#[must_use = "nothing is sent until `all`, or another way to take rows, is awaited"]
pub struct Select<R, Scope = Tables<R>, Form = Models, Outer = ()> {
    query: Query,
    types: PhantomData<fn() -> (R, Scope, Form, Outer)>,
}

/// The form of a query whose rows are made of whole models.
#[derive(Debug)]
pub struct Models;

/// The form of a query that has chosen its columns.
#[derive(Debug)]
pub struct Expressions;

/// A table to join, made with [`table`].
#[derive(Debug)]
pub struct TableOf<E>(PhantomData<fn() -> E>);

/// Returns the table of a model or an alias, for [`Select::join_on`].
pub fn table<E: Entity>() -> TableOf<E> {
    TableOf(PhantomData)
}

/// Begins a query for the rows of a model or an alias.
pub fn select_from<E: Entity>() -> Select<E::Model, Tables<E>> {
    Select::from_query(Query::of::<E>())
}

impl<M: Entity<Model = M>> Select<M> {
    /// Selects all rows of a model's table.
    pub fn new() -> Self {
        Self::from_query(Query::of::<M>())
    }
}

impl<M: Entity<Model = M>> Default for Select<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R, Scope, Form, Outer> Select<R, Scope, Form, Outer> {
    pub(crate) fn from_query(query: Query) -> Self {
        Self {
            query,
            types: PhantomData,
        }
    }

    pub(crate) fn add_conditions(&mut self, conditions: Vec<Vec<Token>>) {
        self.query.conditions.extend(conditions);
    }

    pub(crate) fn add_first_orders(&mut self, orders: Vec<Order>) {
        self.query.order.splice(0..0, orders);
    }

    pub(crate) fn into_query(self) -> Query {
        self.query
    }

    /// Keeps the rows for which the condition is true; several filters are joined by AND.
    pub fn filter<C, Proof>(mut self, condition: C) -> Self
    where
        C: Condition<Source: PerRow>,
        Scope: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.query.conditions.push(condition);
        self
    }

    /// Makes one row of all rows in which the expression has the same value; further calls divide the groups.
    ///
    /// What is selected is then grouped by, or an aggregate, or belongs to a table whose key is grouped by;
    /// anything else is a [`Usage`](ErrorKind::Usage) error on every dialect.
    pub fn group_by<E, Proof>(mut self, expression: E) -> Self
    where
        E: Expression<Source: PerRow>,
        Scope: Covers<E::Source, Proof>,
    {
        let group = expression.into_expr().into_tokens();
        self.query.rare_mut().groups.push(group);
        self
    }

    /// Keeps the groups for which the condition is true; it may contain aggregates.
    pub fn having<C, Proof>(mut self, condition: C) -> Self
    where
        C: Condition<Source: InGroups>,
        Scope: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.query.rare_mut().group_conditions.push(condition);
        self
    }

    /// Orders the rows; further calls order what is equal so far.
    pub fn order_by<S, T, Proof>(mut self, ordering: Ordering<S, T>) -> Self
    where
        Scope: Covers<S, Proof>,
    {
        self.query.order.push(ordering.into_order());
        self
    }

    /// Returns equal rows once.
    pub fn distinct(mut self) -> Self {
        self.query.rare_mut().is_distinct = true;
        self
    }

    /// Returns the first row of all rows in which the expressions have the same values; with an order that begins with
    /// these expressions, it decides which row is the first. Only PostgreSQL has it.
    ///
    /// Elsewhere it is an [`Unsupported`](ErrorKind::Unsupported) error. Every dialect can number the rows of each value
    /// with [`row_number`](crate::row_number) and keep the first.
    pub fn distinct_on<P, Proof>(mut self, expressions: P) -> Self
    where
        P: Project<Scope, Proof>,
    {
        let mut list = ColumnList::default();
        expressions.push_columns(&mut list);
        self.query.rare_mut().distinct_on = list.expressions;
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

    /// Locks the rows against changes by others until the transaction ends: `FOR UPDATE`.
    ///
    /// On SQLite nothing is written, because a transaction that may write holds the lock of the whole database.
    pub fn for_update(self, lock: Lock) -> Self {
        self.locked(RowLock {
            wait: lock,
            ..RowLock::UPDATE
        })
    }

    /// Locks the rows of one table of several, which an outer join cannot miss: `FOR UPDATE OF hero`.
    ///
    /// On SQLite nothing is written, and MySQL is an [`Unsupported`](ErrorKind::Unsupported) error, because MariaDB has no
    /// such lock.
    pub fn for_update_of<E, Proof>(self, _: TableOf<E>, lock: Lock) -> Self
    where
        E: Entity,
        Scope: Covers<Table<E>, Proof, Presence: AlwaysThere>,
    {
        self.locked(RowLock {
            only: Some(E::NAME),
            wait: lock,
            ..RowLock::UPDATE
        })
    }

    /// Locks the rows against changes by others until the transaction ends, and lets others do the same: `FOR SHARE`, and
    /// `LOCK IN SHARE MODE` on MySQL, where a lock that does not wait is an [`Unsupported`](ErrorKind::Unsupported) error.
    ///
    /// On SQLite nothing is written: a transaction that has read sees nothing of what others write.
    pub fn for_share(self, lock: Lock) -> Self {
        self.locked(RowLock {
            is_shared: true,
            only: None,
            wait: lock,
        })
    }

    fn locked(mut self, lock: RowLock) -> Self {
        self.query.rare_mut().lock = Some(lock);
        self
    }

    /// Joins along a relation without adding the target to the row.
    pub fn joining<L, Proof>(self, relation: L) -> Select<R, Tables<L::To, Scope>, Form, Outer>
    where
        L: Relation,
        Scope: Covers<Table<L::From>, Proof>,
    {
        Select::from_query(joined(self.query, " JOIN ", &relation))
    }

    /// Joins along a relation without adding the target to the row, and keeps rows without a partner.
    ///
    /// The target's columns are NULL then, so that selecting one gives an `Option`.
    pub fn left_joining<L, Proof>(
        self,
        relation: L,
    ) -> Select<R, Tables<Optional<L::To>, Scope>, Form, Outer>
    where
        L: Relation,
        Scope: Covers<Table<L::From>, Proof>,
    {
        Select::from_query(joined(self.query, " LEFT JOIN ", &relation))
    }

    /// Lets a subquery use the columns of a model or an alias of the query around it.
    pub fn correlate<E: Entity>(self) -> Select<R, Tables<E, Scope>, Form, (Table<E>, Outer)> {
        Select::from_query(self.query)
    }

    /// Returns the text and the parameters for a dialect.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) for what the dialect cannot do, [`Usage`](ErrorKind::Usage) for a column
    /// that has many values in a group.
    pub fn render(&self, dialect: Dialect) -> Result<RenderedStatement<'static>, Error> {
        let mut writer = Writer::new(dialect);
        self.query.write(&mut writer);
        writer.try_finish()
    }
}

/// Whole models, and what is added to them.
impl<R, Scope, Outer> Select<R, Scope, Models, Outer> {
    /// Joins along a relation and adds the target to the row; rows without a partner are left out.
    pub fn join<L, Proof>(
        self,
        relation: L,
    ) -> Select<<R as Append<Row<L>>>::Output, Tables<L::To, Scope>, Models, Outer>
    where
        L: Relation,
        R: Append<Row<L>>,
        Scope: Covers<Table<L::From>, Proof>,
    {
        self.joined_and_selected(" JOIN ", &relation)
    }

    /// Joins along a relation and adds `Some` target to the row, or `None` where there is no partner.
    pub fn left_join<L, Proof>(
        self,
        relation: L,
    ) -> Select<<R as Append<Option<Row<L>>>>::Output, Tables<Optional<L::To>, Scope>, Models, Outer>
    where
        L: Relation,
        R: Append<Option<Row<L>>>,
        Scope: Covers<Table<L::From>, Proof>,
    {
        self.joined_and_selected(" LEFT JOIN ", &relation)
    }

    /// Joins along a relation and adds the target to the row; targets without a partner come with `None` for all models
    /// before.
    pub fn right_join<L, Proof>(
        self,
        relation: L,
    ) -> Select<RightRow<R, L>, RightScope<Scope, L>, Models, Outer>
    where
        L: Relation,
        R: Perhaps<Output: Append<Row<L>>>,
        Scope: AllOptional + Covers<Table<L::From>, Proof>,
    {
        self.joined_and_selected(" RIGHT JOIN ", &relation)
    }

    /// Joins along a relation and adds the target to the row; `None` stands for the missing partner on either side.
    ///
    /// MySQL has no full join; there it is an [`Unsupported`](ErrorKind::Unsupported) error.
    pub fn full_join<L, Proof>(
        self,
        relation: L,
    ) -> Select<FullRow<R, L>, FullScope<Scope, L>, Models, Outer>
    where
        L: Relation,
        R: Perhaps<Output: Append<Option<Row<L>>>>,
        Scope: AllOptional + Covers<Table<L::From>, Proof>,
    {
        self.joined_and_selected(FULL_JOIN, &relation)
    }

    /// Joins along a relation and adds a part to the row as the types say.
    pub(crate) fn joined_and_selected<R2, Scope2, L: Relation>(
        self,
        keyword: &'static str,
        relation: &L,
    ) -> Select<R2, Scope2, Models, Outer> {
        let mut query = joined(self.query, keyword, relation);
        query.select_also::<L::To>();
        Select::from_query(query)
    }

    /// Joins a table by a condition and adds its model to the row; rows without a partner are left out.
    ///
    /// `Hero::select().join_on(table::<Team>(), Team::NAME.eq(Hero::NAME))`
    pub fn join_on<E, C, Proof>(
        self,
        table: TableOf<E>,
        condition: C,
    ) -> Select<<R as Append<E::Model>>::Output, Tables<E, Scope>, Models, Outer>
    where
        E: Entity,
        C: Condition<Source: PerRow>,
        R: Append<E::Model>,
        Tables<E, Scope>: Covers<C::Source, Proof>,
    {
        Select::from_query(joined_on(self.query, " JOIN ", table, condition))
    }

    /// Joins a table by a condition and adds `Some` of its model to the row, or `None` where there is no partner.
    pub fn left_join_on<E, C, Proof>(
        self,
        table: TableOf<E>,
        condition: C,
    ) -> Select<<R as Append<Option<E::Model>>>::Output, Tables<Optional<E>, Scope>, Models, Outer>
    where
        E: Entity,
        C: Condition<Source: PerRow>,
        R: Append<Option<E::Model>>,
        Tables<E, Scope>: Covers<C::Source, Proof>,
    {
        Select::from_query(joined_on(self.query, " LEFT JOIN ", table, condition))
    }

    /// Selects columns and expressions instead of the models: one, or a tuple of up to twelve.
    ///
    /// Columns from the far side of an outer join become an `Option`.
    /// `Hero::select().columns((Hero::NAME, Hero::AGE))` has rows of type `(String, Option<i32>)`.
    pub fn columns<P, Proof>(self, columns: P) -> Select<P::Row, Scope, Expressions, Outer>
    where
        P: Project<Scope, Proof>,
    {
        let mut query = self.query;
        let mut expressions = ColumnList::default();
        columns.push_columns(&mut expressions);
        query.columns = Columns::Expressions(expressions.expressions);
        if !expressions.decimals.is_empty() || !query.rare().decimals.is_empty() {
            query.rare_mut().decimals = expressions.decimals;
        }
        Select::from_query(query)
    }
}

impl<R, Scope, Outer> Select<R, Scope, Expressions, Outer> {
    /// Reads the columns into a struct declared with [`row!`](crate::row!), whose fields have these types in this order.
    pub fn decode_as<T: FromColumns<R>>(self) -> Select<T, Scope, Expressions, Outer> {
        Select::from_query(self.query)
    }
}

/// The model that a relation leads to.
type Row<L> = <<L as Relation>::To as Entity>::Model;

type RightRow<R, L> = <<R as Perhaps>::Output as Append<Row<L>>>::Output;

type RightScope<Scope, L> = Tables<<L as Relation>::To, <Scope as AllOptional>::Output>;

type FullRow<R, L> = <<R as Perhaps>::Output as Append<Option<Row<L>>>>::Output;

type FullScope<Scope, L> = Tables<Optional<<L as Relation>::To>, <Scope as AllOptional>::Output>;

/// Returns the condition that the query has a row.
///
/// The query is a subquery: [`correlate`](Select::correlate) lets it use columns of the query around it.
pub fn exists<R, Scope, Form, Outer>(
    query: Select<R, Scope, Form, Outer>,
) -> Expr<Settled<Outer>, bool> {
    Expr::new(query.query.into_exists(), Level::Comparison)
}

/// Returns the value of the query's first row, NULL when it has none, as an expression.
///
/// The query is a subquery: [`correlate`](Select::correlate) lets it use columns of the query around it.
pub fn scalar<T, Scope, Outer>(
    query: Select<T, Scope, Expressions, Outer>,
) -> Expr<Settled<Outer>, Option<T::Base>>
where
    T: sqlmodel_core::FieldValue,
{
    let mut query = query.query;
    query.limit = Some(query.limit.map_or(1, |limit| limit.min(1)));
    let tokens = vec![
        Token::Text("("),
        Token::Query(Box::new(query)),
        Token::Text(")"),
    ];
    Expr::new(tokens, Level::Atom)
}

/// Some of a query's rows, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R> {
    /// The rows of this page.
    pub rows: Vec<R>,
    /// The number of rows on all pages.
    pub total: u64,
}

impl<R: Decode + Send, Scope, Form> Select<R, Scope, Form> {
    /// Returns all rows. No rows give an empty vector.
    pub async fn all<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<R>, Error> {
        fetch(&self.query, cx, executor, Collect::all()).await
    }

    /// Returns the first row, or `None` when there is none.
    pub async fn first<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Option<R>, Error> {
        let rows: Vec<R> = ok!(up_to(self.query, 1, cx, executor).await);
        Outcome::Ok(rows.into_iter().next())
    }

    /// Returns the only row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoRows`] when there is none, [`ErrorKind::TooManyRows`] when there are several.
    pub async fn one<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<R, Error> {
        let rows = ok!(up_to(self.query, 2, cx, executor).await);
        Outcome::Ok(ok_result!(only(rows).and_then(or_no_rows)))
    }

    /// Returns the only row, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyRows`] when there are several.
    pub async fn one_or_none<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<R>, Error> {
        let rows = ok!(up_to(self.query, 2, cx, executor).await);
        Outcome::Ok(ok_result!(only(rows)))
    }

    /// Returns a page of `size` rows, the first of which is page 0, and the number of rows on all pages.
    ///
    /// Two statements; run them in a transaction where they must agree, on PostgreSQL in one of
    /// [`RepeatableRead`](sqlmodel_core::Isolation::RepeatableRead).
    /// The query should have an order, and no limit of its own.
    /// Pages far from the start cost as much as all before them: [`seek`](Self::seek) does not.
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

    /// Runs the query and returns its rows to be pulled one at a time, so that memory does not grow with their number.
    ///
    /// The database is read as far as rows are asked for. Dropping the rows ends the query.
    pub async fn stream<'e, E: Executor>(
        self,
        cx: &Cx,
        executor: &'e mut E,
    ) -> Outcome<Rows<'e, E, R>, Error> {
        let known = ok_result!(self.query.known(executor.dialect()));
        let rows = ok!(Rows::open(cx, executor, known.statement()).await);
        Outcome::Ok(rows.with_column_names(self.query.column_names()))
    }

    /// Hands each row to a function while the database sends them, so that memory does not grow with their number.
    ///
    /// `Break` ends the query without reading the rest.
    pub async fn for_each<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
        on_row: impl FnMut(R) -> ControlFlow<()> + Send,
    ) -> Outcome<(), Error> {
        let rows = ok!(self.stream(cx, executor).await);
        hand_out(rows, cx, on_row).await
    }
}

impl<R, Scope, Form> Select<R, Scope, Form> {
    /// Returns the number of rows that the query has, its limit and offset included.
    pub async fn count<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let query = self.query.into_counted();
        let known = known(executor.dialect(), &|writer| query.write_count(writer));
        let count: i64 = ok!(scalar_of(known, cx, executor).await).unwrap_or(0);
        Outcome::Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Tells whether the query has a row. The database stops at the first.
    pub async fn exists<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<bool, Error> {
        let exists = self.query.into_exists();
        let known = known(executor.dialect(), &|writer| {
            writer.text("SELECT ");
            writer.tokens(&exists);
        });
        Outcome::Ok(ok!(scalar_of(known, cx, executor).await).unwrap_or(false))
    }
}

impl Query {
    /// Returns the statement, with a text that was written before where there is one.
    pub(crate) fn known(&self, dialect: Dialect) -> Result<KnownStatement<'static>, Error> {
        known(dialect, &|writer| self.write(writer))
    }

    /// Returns the text of a query for all rows of a model, which is kept with the model.
    fn fixed_text<R: Decode>(&self, dialect: Dialect) -> Option<&'static str> {
        let texts = R::TEXTS.filter(|_| self.is_of_all_rows())?;
        Some(texts.get(FixedStatement::All, dialect, || {
            let mut writer = Writer::new(dialect);
            self.write(&mut writer);
            writer.finish().sql
        }))
    }

    fn select_also<E: Entity>(&mut self) {
        if let Columns::Models(models) = &mut self.columns {
            models.push(ModelColumns::of::<E>());
        }
    }
}

fn joined<L: Relation>(mut query: Query, keyword: &'static str, relation: &L) -> Query {
    const { assert_other_table(L::From::NAME, L::To::NAME) };
    for step in relation.steps() {
        query.joins.push(Join {
            keyword,
            source: step.source(),
            condition: step.condition(),
        });
    }
    query
}

fn joined_on<E: Entity, C: Condition>(
    mut query: Query,
    keyword: &'static str,
    _: TableOf<E>,
    condition: C,
) -> Query {
    query.joins.push(Join {
        keyword,
        source: Source::of::<E>(),
        condition: condition.into_condition().at_least(Level::And),
    });
    query.select_also::<E>();
    query
}

pub(crate) async fn up_to<R: Decode + Send, E: Executor>(
    mut query: Query,
    n_rows: usize,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<R>, Error> {
    let limit = n_rows as u64;
    query.limit = Some(query.limit.map_or(limit, |own| own.min(limit)));
    fetch(&query, cx, executor, Collect::up_to(n_rows)).await
}

pub(crate) async fn fetch<R: Decode + Send, E: Executor>(
    query: &Query,
    cx: &Cx,
    executor: &mut E,
    mut rows: Collect<R>,
) -> Outcome<Vec<R>, Error> {
    if const { R::IS_POLYMORPHIC } && query.rare().load == PolymorphicLoad::ByType {
        return family::fetch_by_type(query, cx, executor, rows).await;
    }
    let dialect = executor.dialect();
    let known;
    let statement = match query.fixed_text::<R>(dialect) {
        Some(text) => Statement::new(text, &[]),
        None => {
            known = ok_result!(query.known(dialect));
            known.statement()
        }
    };
    let done = executor.query(cx, statement, &mut rows).await;
    ok!(query.name_column(done));
    Outcome::Ok(rows.into_rows())
}

pub(crate) async fn scalar_of<T: Decode + Send, E: Executor>(
    known: Result<KnownStatement<'_>, Error>,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Option<T>, Error> {
    let known = ok_result!(known);
    let mut rows = Collect::up_to(1);
    ok!(executor.query(cx, known.statement(), &mut rows).await);
    Outcome::Ok(rows.into_rows().pop())
}

/// Returns the only row of at most two.
pub(crate) fn only<R>(mut rows: Vec<R>) -> Result<Option<R>, Error> {
    if rows.len() > 1 {
        return Err(Error::new(
            ErrorKind::TooManyRows,
            "several rows match where at most one is expected",
        ));
    }
    Ok(rows.pop())
}

pub(crate) fn or_no_rows<R>(row: Option<R>) -> Result<R, Error> {
    row.ok_or_else(|| Error::new(ErrorKind::NoRows, "no row matches where one is expected"))
}

/// Hands rows to a function until it breaks, which ends the query.
pub(crate) async fn hand_out<R: Decode + Send, E: Executor>(
    mut rows: Rows<'_, E, R>,
    cx: &Cx,
    mut on_row: impl FnMut(R) -> ControlFlow<()> + Send,
) -> Outcome<(), Error> {
    while let Some(row) = ok!(rows.next(cx).await) {
        if on_row(row).is_break() {
            break;
        }
    }
    Outcome::Ok(())
}

impl<R, Scope, Form, Outer> Clone for Select<R, Scope, Form, Outer> {
    fn clone(&self) -> Self {
        Self::from_query(self.query.clone())
    }
}

impl<R, Scope, Form, Outer> fmt::Debug for Select<R, Scope, Form, Outer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Select").field(&self.query).finish()
    }
}
