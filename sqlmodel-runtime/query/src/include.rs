//! Loading of related rows with those of a query, into the type of its rows.
//!
//! To one: the query joins the other table. To many, and to one from rows that were loaded so: a further statement for each
//! relation and level asks for the related rows of all rows at once, by their keys, in chunks of what a statement takes.

mod one;
mod stream;

use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use sqlmodel_core::{
    Append, Collect, Cx, Decode, Error, Executor, FieldInfo, Head, Model, Outcome, Record, RowRead,
    RowSink, Target, Value, ok, ok_result,
};

pub use self::one::LoadingOne;
pub use self::stream::IncludedRows;
use crate::expr::Level;
use crate::key::{KeyBytes, KeySet, pick};
use crate::operators::{Condition, Ordering};
use crate::query::Query;
use crate::relation::{Aliased, HasOne, ManyToMany, OwnTable, Relation, ToMany, ToOne};
use crate::scope::{Covers, Optional, PerRow, Table, Tables};
use crate::select::{Page, Select, fetch, only, or_no_rows, up_to};

/// A relation that a query can load, beginning from rows of type `R` over the tables of `Scope`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be included in rows of type `{R}`",
    label = "expected a relation of a model that the query reads"
)]
pub trait Include<R, Scope, Proof> {
    /// The query that loads the relation, too.
    type Query;

    /// Returns that query.
    #[doc(hidden)]
    fn include_in(self, query: Select<R, Scope>) -> Self::Query;
}

impl<R, Scope> Select<R, Scope> {
    /// Loads a relation into the rows: `Some` or `None` for a relation to at most one, the model for a relation to exactly
    /// one, a vector for a relation to many.
    ///
    /// `Team::select().include(Team::HEROES)` has rows of type `(Team, Vec<Hero>)`. Includes of relations to many come
    /// after those to one, can be filtered, ordered and nested, and cost a statement each:
    /// `Team::HEROES.filter(Hero::AGE.ge(18)).order_by(Hero::NAME.asc()).include(Hero::TEAMS)`.
    /// A relation to one is joined; inside another include, where it leads on with `include`, or where it leads to its own
    /// table, it is loaded by keys.
    /// Run the query in a transaction where its statements must see the same data, on PostgreSQL in one of
    /// [`RepeatableRead`](sqlmodel_core::Isolation::RepeatableRead).
    pub fn include<L, Proof>(self, relation: L) -> L::Query
    where
        L: Include<R, Scope, Proof>,
    {
        relation.include_in(self)
    }
}

macro_rules! include_by_join {
    ($([$($generics:tt)+] $relation:ty, $to:ty, $added:ty;)+) => {$(
        impl<R, Scope, Proof, $($generics)+> Include<R, Scope, Proof> for $relation
        where
            Self: Relation,
            R: Append<$added>,
            Scope: Covers<Table<<Self as Relation>::From>, Proof>,
        {
            type Query = Select<<R as Append<$added>>::Output, Tables<Optional<$to>, Scope>>;

            fn include_in(self, query: Select<R, Scope>) -> Self::Query {
                // The rows of an inner and of an outer join are the same where there is always a partner.
                query.joined_and_selected(" LEFT JOIN ", &self)
            }
        }
    )+};
}

include_by_join! {
    [M: Model, T: Target] ToOne<M, T>, T::Model, T;
    [M: Model, T: Model] HasOne<M, T>, T, Option<T>;
    [M: Model, T: Target, F, A] Aliased<ToOne<M, T>, F, A>, A, T;
    [M: Model, T: Model, F, A] Aliased<HasOne<M, T>, F, A>, A, Option<T>;
}

/// Rows that begin with the model `M`, whose relations to many can be included.
#[diagnostic::on_unimplemented(
    message = "a relation of `{M}` cannot be included in rows of type `{Self}`",
    label = "expected a relation of the model that the rows begin with"
)]
pub trait BeginsWith<M> {}

impl<R: Head> BeginsWith<R::Model> for R {}

/// A relation to many, as includes load it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be included as it is",
    label = "expected a relation to many",
    note = "a relation to one is joined, and one to the same table gives it another name: `alias!`, and `.to::<Alias>()`"
)]
pub trait Children: Send + Sync + Sized {
    /// The model that it starts from.
    type From: Model;
    /// The model that it leads to.
    type To: Model + Clone + Sync;
    /// What conditions and orders of the include can read.
    type Scope;
    /// A row of the statement that loads it.
    #[doc(hidden)]
    type Row: Decode + Send;

    /// Returns the query for the related rows of all rows.
    #[doc(hidden)]
    fn query(&self) -> Select<Self::Row, Self::Scope>;
    /// Returns the columns that tell a row's relatives, the table that has their counterparts, and those.
    #[doc(hidden)]
    fn keys(&self) -> Keys;
    /// Returns the number that the counterparts in each row have among the keys.
    #[doc(hidden)]
    fn numbers(&self, rows: &[Self::Row], keys: &KeySet) -> Vec<Option<usize>>;
    /// Returns the related row alone.
    #[doc(hidden)]
    fn related(&self, row: Self::Row) -> Self::To;
}

/// The columns by which rows are related.
#[doc(hidden)]
#[derive(Debug)]
pub struct Keys {
    near: &'static [&'static str],
    table: &'static str,
    far: &'static [&'static str],
    /// The fields of the table, which rows of the statement begin with.
    fields: &'static [FieldInfo],
}

/// Returns some columns of a record.
pub(crate) fn values_of<R: Record>(record: &R, columns: &[&'static str]) -> Vec<Value<'static>> {
    let mut values = Vec::with_capacity(R::COLUMNS.len());
    record.to_row(&mut values);
    let picked = pick(columns, R::COLUMNS, &values);
    picked.into_iter().map(Value::into_owned).collect()
}

impl<M: Model, T: Model + Clone + Sync> Children for ToMany<M, T> {
    type From = M;
    type To = T;
    type Scope = Tables<T>;
    type Row = T;

    fn query(&self) -> Select<T> {
        Select::new()
    }

    fn keys(&self) -> Keys {
        Keys {
            near: self.near(),
            table: T::ENTITY_NAME,
            far: self.far(),
            fields: T::fields(),
        }
    }

    fn numbers(&self, rows: &[T], keys: &KeySet) -> Vec<Option<usize>> {
        keys.numbers_of(rows.iter(), self.far())
    }

    fn related(&self, row: T) -> T {
        row
    }
}

/// The rows are asked for in a statement of their own, in which the table meets nothing but itself.
impl<L: Children> Children for OwnTable<L> {
    type From = L::From;
    type To = L::To;
    type Scope = L::Scope;
    type Row = L::Row;

    fn query(&self) -> Select<L::Row, L::Scope> {
        self.relation().query()
    }

    fn keys(&self) -> Keys {
        self.relation().keys()
    }

    fn numbers(&self, rows: &[L::Row], keys: &KeySet) -> Vec<Option<usize>> {
        self.relation().numbers(rows, keys)
    }

    fn related(&self, row: L::Row) -> L::To {
        self.relation().related(row)
    }
}

impl<M: Model, T: Model + Clone + Sync, L: Model> Children for ManyToMany<M, T, L> {
    type From = M;
    type To = T;
    type Scope = Tables<T, Tables<L>>;
    type Row = (L, T);

    fn query(&self) -> Select<(L, T), Self::Scope> {
        Select::<L>::new().joined_and_selected(" JOIN ", &self.far_half())
    }

    fn keys(&self) -> Keys {
        Keys {
            near: self.near(),
            table: L::ENTITY_NAME,
            far: self.link_near(),
            fields: L::fields(),
        }
    }

    fn numbers(&self, rows: &[(L, T)], keys: &KeySet) -> Vec<Option<usize>> {
        keys.numbers_of(rows.iter().map(|(link, _)| link), self.link_near())
    }

    fn related(&self, (_, row): (L, T)) -> T {
        row
    }
}

/// A relation to many that is loaded filtered, ordered, or with relations of its own.
pub struct Loading<L, N = ()> {
    relation: L,
    query: Query,
    nested: N,
}

/// Filters, orders and nests what an include loads.
pub trait IncludeOptions: Children {
    /// Loads only the rows for which the condition is true.
    fn filter<C, Proof>(self, condition: C) -> Loading<Self>
    where
        C: Condition<Source: PerRow>,
        Self::Scope: Covers<C::Source, Proof>,
    {
        Loading::new(self).filter(condition)
    }

    /// Orders the rows of each vector. Without an order they come as the database sends them.
    fn order_by<S, T, Proof>(self, ordering: Ordering<S, T>) -> Loading<Self>
    where
        Self::Scope: Covers<S, Proof>,
    {
        Loading::new(self).order_by(ordering)
    }

    /// Loads a relation of the loaded rows, too.
    fn include<I>(self, relation: I) -> Loading<Self, ((), I::Loading)>
    where
        I: IntoLoading<From = Self::To>,
    {
        Loading::new(self).include(relation)
    }
}

impl<L: Children> IncludeOptions for L {}

/// A relation that is loaded by keys, with or without options.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be included here",
    label = "expected a relation, perhaps with `filter`, `order_by` or `include`"
)]
pub trait IntoLoading {
    /// The model that it starts from.
    type From: Model;
    /// The relation with its options.
    type Loading;

    /// Returns it.
    #[doc(hidden)]
    fn into_loading(self) -> Self::Loading;
}

impl<L: Children> IntoLoading for L {
    type From = L::From;
    type Loading = Loading<L>;

    fn into_loading(self) -> Loading<L> {
        Loading::new(self)
    }
}

impl<L: Children, N> IntoLoading for Loading<L, N> {
    type From = L::From;
    type Loading = Self;

    fn into_loading(self) -> Self {
        self
    }
}

impl<L: Children> Loading<L> {
    fn new(relation: L) -> Self {
        Self {
            query: relation.query().into_query(),
            relation,
            nested: (),
        }
    }
}

impl<L: Children, N> Loading<L, N> {
    /// Loads only the rows for which the condition is true.
    pub fn filter<C, Proof>(mut self, condition: C) -> Self
    where
        C: Condition<Source: PerRow>,
        L::Scope: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.query.conditions.push(condition);
        self
    }

    /// Orders the rows of each vector; further calls order what is equal so far.
    pub fn order_by<S, T, Proof>(mut self, ordering: Ordering<S, T>) -> Self
    where
        L::Scope: Covers<S, Proof>,
    {
        self.query.order.push(ordering.into_order());
        self
    }

    /// Loads a relation of the loaded rows, too.
    pub fn include<I>(self, relation: I) -> Loading<L, (N, I::Loading)>
    where
        I: IntoLoading<From = L::To>,
    {
        Loading {
            relation: self.relation,
            query: self.query,
            nested: (self.nested, relation.into_loading()),
        }
    }
}

/// What adds loaded relations to rows of type `R`.
pub trait Attach<R>: Send + Sync {
    /// The type of the longer rows.
    type Row: Send;

    /// Loads the relations and adds them.
    #[doc(hidden)]
    fn attach<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        rows: Vec<R>,
    ) -> impl Future<Output = Outcome<Vec<Self::Row>, Error>> + Send;
}

impl<R: Send> Attach<R> for () {
    type Row = R;

    async fn attach<E: Executor>(&self, _: &Cx, _: &mut E, rows: Vec<R>) -> Outcome<Vec<R>, Error> {
        Outcome::Ok(rows)
    }
}

impl<R, Before, L, N> Attach<R> for (Before, Loading<L, N>)
where
    R: Send,
    Before: Attach<R>,
    Before::Row: Head<Model = L::From> + Append<Vec<N::Row>>,
    <Before::Row as Append<Vec<N::Row>>>::Output: Send,
    L: Children,
    N: Attach<L::To>,
    N::Row: Clone,
{
    type Row = <Before::Row as Append<Vec<N::Row>>>::Output;

    async fn attach<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        rows: Vec<R>,
    ) -> Outcome<Vec<Self::Row>, Error> {
        let (before, loading) = self;
        let rows = ok!(before.attach(cx, executor, rows).await);
        let near = loading.relation.keys().near;
        let mut keys = KeySet::default();
        let numbers = keys.insert_all(rows.iter().map(Head::head), near);
        let mut groups = ok!(loading.load(cx, executor, &keys).await);
        let mut n_left = vec![0_usize; groups.len()];
        for number in numbers.iter().flatten() {
            if let Some(n) = n_left.get_mut(*number) {
                *n += 1;
            }
        }
        let with_children = rows.into_iter().zip(numbers).map(|(row, number)| {
            let children = number.map(|number| take_or_clone(number, &mut groups, &mut n_left));
            row.append(children.unwrap_or_default())
        });
        Outcome::Ok(with_children.collect())
    }
}

/// Takes a group for the last row that has it, and copies it for those before, where rows repeat.
fn take_or_clone<T: Clone>(number: usize, groups: &mut [Vec<T>], n_left: &mut [usize]) -> Vec<T> {
    let (Some(group), Some(n_left)) = (groups.get_mut(number), n_left.get_mut(number)) else {
        return Vec::new();
    };
    *n_left -= 1;
    if *n_left == 0 {
        std::mem::take(group)
    } else {
        group.clone()
    }
}

impl<L: Children, N: Attach<L::To>> Loading<L, N> {
    /// Returns the related rows for each of the keys.
    async fn load<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        keys: &KeySet,
    ) -> Outcome<Vec<Vec<N::Row>>, Error> {
        let Keys {
            near: _,
            table,
            far,
            fields,
        } = self.relation.keys();
        let max_parameters = executor.capabilities().max_parameters;
        let mut numbers = Vec::new();
        let mut children = Vec::new();
        for condition in keys.conditions(table, far, max_parameters) {
            let mut query = self.query.clone();
            query.conditions.push(condition);
            let (rows, told) = ok!(self.fetch(&query, fields, far, keys, cx, executor).await);
            match told {
                Some(told) if numbers.is_empty() => numbers = told,
                Some(told) => numbers.extend(told),
                None => {
                    for number in self.relation.numbers(&rows, keys) {
                        numbers.push(ok_result!(number.ok_or_else(|| unasked(table, far))));
                    }
                }
            }
            let related = rows.into_iter().map(|row| self.relation.related(row));
            if children.is_empty() {
                // In the memory of the rows, where these are of the same size.
                children = related.collect();
            } else {
                children.extend(related);
            }
        }
        let mut n_of_each = vec![0; keys.len()];
        for number in &numbers {
            if let Some(n) = n_of_each.get_mut(*number) {
                *n += 1;
            }
        }
        let mut groups: Vec<_> = n_of_each.into_iter().map(Vec::with_capacity).collect();
        let children = ok!(self.nested.attach(cx, executor, children).await);
        for (number, child) in numbers.into_iter().zip(children) {
            if let Some(group) = groups.get_mut(number) {
                group.push(child);
            }
        }
        Outcome::Ok(groups)
    }
}

impl<L: Children, N> Loading<L, N> {
    /// Returns rows, and the numbers of their keys where they were read with them.
    async fn fetch<E: Executor>(
        &self,
        query: &Query,
        fields: &[FieldInfo],
        far: &[&'static str],
        keys: &KeySet,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<(Vec<L::Row>, Option<Vec<usize>>), Error> {
        let at = match far {
            [column] => fields.iter().position(|field| field.column == *column),
            _ => None,
        };
        let (false, Some(at)) = (const { L::Row::IS_POLYMORPHIC }, at) else {
            let rows = ok!(fetch(query, cx, executor, Collect::all()).await);
            return Outcome::Ok((rows, None));
        };
        let mut rows = Numbered::new(at, keys);
        let known = ok_result!(query.known(executor.dialect()));
        let done = executor.query(cx, known.statement(), &mut rows).await;
        ok!(query.name_column(done));
        Outcome::Ok(rows.into_rows())
    }
}

/// Decodes rows, and reads the key of each from where it was decoded from, as long as keys are integers.
struct Numbered<'k, R> {
    rows: Collect<R>,
    /// The position of the key's column.
    at: usize,
    keys: &'k KeySet,
    numbers: Option<Vec<usize>>,
    /// Relatives of one row often come one after the other.
    last: Option<(i64, usize)>,
}

impl<'k, R> Numbered<'k, R> {
    fn new(at: usize, keys: &'k KeySet) -> Self {
        Self {
            rows: Collect::all(),
            at,
            keys,
            numbers: Some(Vec::new()),
            last: None,
        }
    }

    fn number(&mut self, key: i64) -> Option<usize> {
        match self.last {
            Some((last, number)) if last == key => Some(number),
            _ => {
                let number = self.keys.number(&KeyBytes::Integer(key))?;
                self.last = Some((key, number));
                Some(number)
            }
        }
    }

    fn into_rows(self) -> (Vec<R>, Option<Vec<usize>>) {
        (self.rows.into_rows(), self.numbers)
    }
}

impl<R: Decode + Send> RowSink for Numbered<'_, R> {
    fn row<D: RowRead>(&mut self, row: &D) -> Result<ControlFlow<()>, Error> {
        let flow = self.rows.row(row)?;
        if self.numbers.is_some() {
            let key = row.i64(self.at).ok();
            let number = key.and_then(|key| self.number(key));
            match (number, &mut self.numbers) {
                (Some(number), Some(numbers)) => numbers.push(number),
                // The rows tell the keys of another kind.
                (_, numbers) => *numbers = None,
            }
        }
        Ok(flow)
    }
}

/// Refuses a row that the database found by a key which is another one here: they are equal to its collation alone.
fn unasked(table: &str, columns: &[&str]) -> Error {
    Error::unsupported(format!(
        "rows of `{table}` are related by `{}` to keys that differ from it in case or accents: give the columns a \
         collation that tells them apart",
        columns.join("`, `")
    ))
}

/// A query that loads relations to many into its rows.
#[must_use = "nothing is sent until `all`, or another way to take rows, is awaited"]
pub struct Including<R, Scope, N> {
    select: Select<R, Scope>,
    loads: N,
    row: PhantomData<fn() -> R>,
}

macro_rules! include_by_keys {
    ($([$($generics:tt)+] $relation:ty;)+) => {$(
        impl<R, Scope, $($generics)+> Include<R, Scope, ()> for $relation
        where
            Self: IntoLoading,
            R: BeginsWith<<Self as IntoLoading>::From>,
        {
            type Query = Including<R, Scope, ((), <Self as IntoLoading>::Loading)>;

            fn include_in(self, query: Select<R, Scope>) -> Self::Query {
                Including {
                    select: query,
                    loads: ((), self.into_loading()),
                    row: PhantomData,
                }
            }
        }
    )+};
}

include_by_keys! {
    [M, T] ToMany<M, T>;
    [M, T, L] ManyToMany<M, T, L>;
    [L] OwnTable<L>;
    [L, N] Loading<L, N>;
    [M, T, N] LoadingOne<M, T, N>;
}

impl<R, Scope, N> Including<R, Scope, N> {
    /// Loads another relation, by keys.
    pub fn include<I>(self, relation: I) -> Including<R, Scope, (N, I::Loading)>
    where
        I: IntoLoading,
        R: BeginsWith<I::From>,
    {
        Including {
            select: self.select,
            loads: (self.loads, relation.into_loading()),
            row: PhantomData,
        }
    }

    /// Keeps the rows for which the condition is true.
    pub fn filter<C, Proof>(mut self, condition: C) -> Self
    where
        C: Condition<Source: PerRow>,
        Scope: Covers<C::Source, Proof>,
    {
        self.select = self.select.filter(condition);
        self
    }

    /// Orders the rows; further calls order what is equal so far.
    pub fn order_by<S, T, Proof>(mut self, ordering: Ordering<S, T>) -> Self
    where
        Scope: Covers<S, Proof>,
    {
        self.select = self.select.order_by(ordering);
        self
    }

    /// Returns at most `limit` rows, each with all that is included.
    pub fn limit(mut self, limit: u64) -> Self {
        self.select = self.select.limit(limit);
        self
    }

    /// Leaves out the first `offset` rows.
    pub fn offset(mut self, offset: u64) -> Self {
        self.select = self.select.offset(offset);
        self
    }
}

impl<R: Decode + Send, Scope, N: Attach<R>> Including<R, Scope, N> {
    /// Returns all rows with what is included. One statement, and one for each relation and chunk of keys.
    pub async fn all<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<N::Row>, Error> {
        let Self { select, loads, .. } = self;
        let rows = ok!(fetch(&select.into_query(), cx, executor, Collect::all()).await);
        loads.attach(cx, executor, rows).await
    }

    /// Returns the first row with what is included, or `None` when there is none.
    pub async fn first<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<N::Row>, Error> {
        let rows = ok!(self.up_to(1, cx, executor).await);
        Outcome::Ok(rows.into_iter().next())
    }

    /// Returns the only row with what is included.
    ///
    /// # Errors
    ///
    /// [`NoRows`](sqlmodel_core::ErrorKind::NoRows) when there is none,
    /// [`TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several.
    pub async fn one<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<N::Row, Error> {
        let rows = ok!(self.up_to(2, cx, executor).await);
        Outcome::Ok(ok_result!(only(rows).and_then(or_no_rows)))
    }

    /// Returns the only row with what is included, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`TooManyRows`](sqlmodel_core::ErrorKind::TooManyRows) when there are several.
    pub async fn one_or_none<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<N::Row>, Error> {
        let rows = ok!(self.up_to(2, cx, executor).await);
        Outcome::Ok(ok_result!(only(rows)))
    }

    /// Returns a page of `size` rows with what is included, the first of which is page 0, and the number of rows on all pages.
    ///
    /// The query should have an order, and no limit of its own.
    pub async fn page<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
        number: u64,
        size: u64,
    ) -> Outcome<Page<N::Row>, Error> {
        let total = ok!(self.select.clone().count(cx, executor).await);
        let offset = number.saturating_mul(size);
        let rows = ok!(self.limit(size).offset(offset).all(cx, executor).await);
        Outcome::Ok(Page { rows, total })
    }

    /// Runs the query and returns its rows with what is included, to be pulled one at a time.
    ///
    /// Rows are read in portions of 256, and what is included is loaded for one portion after the other, so that memory grows
    /// with the relatives of 256 rows alone. Dropping the rows ends the query.
    /// On PostgreSQL the stream is a transaction, where none runs: committed after the last row, rolled back before. On MySQL
    /// the server stores the result of the query and hands it out.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) on a server of MySQL's protocol that has no cursors.
    pub async fn stream<'e, E: Executor>(
        self,
        cx: &Cx,
        executor: &'e mut E,
    ) -> Outcome<IncludedRows<'e, E, R, N>, Error> {
        let Self { select, loads, .. } = self;
        IncludedRows::open(&select.into_query(), loads, cx, executor).await
    }

    async fn up_to<E: Executor>(
        self,
        n_rows: usize,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<N::Row>, Error> {
        let Self { select, loads, .. } = self;
        let rows = ok!(up_to(select.into_query(), n_rows, cx, executor).await);
        loads.attach(cx, executor, rows).await
    }
}

impl<R, Scope, N> Including<R, Scope, N> {
    /// Returns the number of rows that the query has, its limit and offset included. Nothing is loaded with them.
    pub async fn count<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        self.select.count(cx, executor).await
    }

    /// Tells whether the query has a row. The database stops at the first.
    pub async fn exists<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<bool, Error> {
        self.select.exists(cx, executor).await
    }
}

impl<L: fmt::Debug, N: fmt::Debug> fmt::Debug for Loading<L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loading")
            .field("relation", &self.relation)
            .field("query", &self.query)
            .field("nested", &self.nested)
            .finish()
    }
}

impl<R, Scope, N: fmt::Debug> fmt::Debug for Including<R, Scope, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Including")
            .field("select", &self.select)
            .field("loads", &self.loads)
            .finish()
    }
}
