//! UPDATE of one stored model, or of all rows that a filter matches.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, ErrorKind, Executor, FieldInfo, FieldValue, FixedStatement, Key,
    Model, OnUpdate, Outcome, Statement, TransactionOps, Value, ok, ok_result,
};

use crate::column::Column;
use crate::cte::{self, CommonQuery, write_common};
use crate::expr::{Assign, Level, Token};
use crate::family::{self, ChainUpdate, Part};
use crate::include::values_of;
use crate::joined;
use crate::key::KeySet;
use crate::known::{KnownStatement, known};
use crate::model::{fixed_text, write_and_decode};
use crate::operators::Condition;
use crate::query::{Columns, Join, Query, RowLock};
use crate::relation::LeadsToOne;
use crate::render::{RenderedStatement, Writer, is_exchange};
use crate::scope::{Covers, Entity, PerRow, Table, Tables};
use crate::select::{TableOf, fetch};
use crate::stored::as_stored;

/// Marks a statement that says which rows it is about.
#[derive(Debug)]
pub struct Filtered;

/// Marks a statement that has yet to say which rows it is about.
#[derive(Debug)]
pub struct Unfiltered;

/// Holds for a statement that says which rows it is about.
#[diagnostic::on_unimplemented(
    message = "this statement would change every row of its table",
    label = "say which rows are meant with `filter`, or `all_rows()` if all are"
)]
pub trait SaysWhichRows {}

impl SaysWhichRows for Filtered {}

/// An UPDATE of the rows of `M` that its filters match.
///
/// It cannot run before it has a filter, or [`all_rows`](Self::all_rows) says that none is meant.
///
/// `Scope` are the tables that its expressions may read: the model's own, and those that are joined.
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct Update<M, State = Unfiltered, Scope = Tables<M>> {
    pub(crate) common: Vec<CommonQuery>,
    assignments: Vec<Assignment>,
    joins: Vec<Join>,
    conditions: Vec<Vec<Token>>,
    expected_version: Option<i64>,
    types: PhantomData<fn() -> (M, State, Scope)>,
}

impl<M: Model> Update<M> {
    /// Begins an update of a model's table.
    pub fn new() -> Self {
        Self {
            common: Vec::new(),
            assignments: Vec::new(),
            joins: Vec::new(),
            conditions: Vec::new(),
            expected_version: None,
            types: PhantomData,
        }
    }
}

impl<M: Model> Update<M, Filtered> {
    /// An update whose parts are made.
    pub(crate) fn of(assignments: Vec<Assignment>, conditions: Vec<Vec<Token>>) -> Self {
        Self {
            common: Vec::new(),
            assignments,
            joins: Vec::new(),
            conditions,
            expected_version: None,
            types: PhantomData,
        }
    }
}

impl<M: Model> Default for Update<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model, State, Scope> Update<M, State, Scope> {
    /// Assigns a value, or an expression over the row and its partners as they were before the update.
    ///
    /// Of several values for one column the last one counts.
    pub fn set<T, V, Proof>(mut self, column: Column<M, T>, value: V) -> Self
    where
        T: FieldValue,
        V: Assign<T, Source: PerRow>,
        Scope: Covers<V::Source, Proof>,
    {
        let value = value.into_assigned().into_tokens();
        let value = as_stored::<T>(M::fields(), column.name(), value);
        assign(&mut self.assignments, column.name(), value);
        self
    }

    /// Updates only the rows for which the condition is true; several filters are joined by AND.
    pub fn filter<C, Proof>(mut self, condition: C) -> Update<M, Filtered, Scope>
    where
        C: Condition<Source: PerRow>,
        Scope: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.conditions.push(condition);
        self.retyped()
    }

    /// Says that every row of the table is meant; of those, if tables are joined, that have partners.
    pub fn all_rows(self) -> Update<M, Filtered, Scope> {
        self.retyped()
    }

    /// Leaves out rows of models that extend this one.
    pub fn exact(mut self) -> Self {
        self.conditions.extend(family::is_exactly::<M>());
        self
    }

    /// Updates nothing unless the rows that the filters match have this version, and there are any: the update of a row as it
    /// was read, `.filter(Hero::ID.eq(hero.id)).expected_version(hero.version)`.
    ///
    /// Two statements in a transaction: the rows are locked before they are changed.
    ///
    /// # Errors
    ///
    /// When it runs, [`StaleRow`](ErrorKind::StaleRow) for another version or no rows, and [`Usage`](ErrorKind::Usage) for a
    /// model that has no version.
    pub fn expected_version(mut self, version: impl Into<i64>) -> Self {
        self.expected_version = Some(version.into());
        self
    }

    /// Joins along a relation to one, whose columns can then be assigned from and filtered by.
    ///
    /// Rows without a partner are not updated. The text is `UPDATE .. FROM` on SQLite and PostgreSQL, and `UPDATE .. JOIN` on
    /// MySQL. What many rows say decides through [`any_where`](Relation::any_where) or [`scalar`](crate::scalar).
    pub fn joining<L, Proof>(mut self, relation: L) -> Update<M, State, Tables<L::To, Scope>>
    where
        L: LeadsToOne,
        Scope: Covers<Table<L::From>, Proof>,
    {
        joined::push_relation(&mut self.joins, &relation);
        self.retyped()
    }

    /// Joins a table by a condition: `.joining_on(table::<Team>(), Team::NAME.eq(Hero::NAME))`.
    ///
    /// Rows without a partner are not updated. A row with several partners is updated once, with the values of any one of
    /// them: the database chooses.
    pub fn joining_on<E, C, Proof>(
        mut self,
        _: TableOf<E>,
        condition: C,
    ) -> Update<M, State, Tables<E, Scope>>
    where
        E: Entity,
        C: Condition<Source: PerRow>,
        Tables<E, Scope>: Covers<C::Source, Proof>,
    {
        joined::push_table::<E>(&mut self.joins, condition);
        self.retyped()
    }

    fn retyped<State2, Scope2>(self) -> Update<M, State2, Scope2> {
        Update {
            common: self.common,
            assignments: self.assignments,
            joins: self.joins,
            conditions: self.conditions,
            expected_version: self.expected_version,
            types: PhantomData,
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<M: Model, State, Scope> Update<M, State, Scope> {
    /// Returns the text and the parameters for a dialect.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) for what the dialect cannot do.
    pub fn render(&self, dialect: Dialect) -> Result<RenderedStatement<'static>, Error>
    where
        State: SaysWhichRows,
    {
        if const { M::IN_FAMILY } {
            family::check_assigned::<M>(&self.assignments)?;
        }
        self.check(dialect)?;
        if const { M::IN_FAMILY } && self.is_chain() {
            return ChainUpdate::<M>::new(&self.assignments, &self.conditions).render(dialect);
        }
        let assignments = self.all_assignments();
        let mut writer = Writer::new(dialect);
        self.write(&assignments, Rows::Counted, &mut writer);
        writer.try_finish()
    }

    /// Tells whether it takes a statement for each of several tables.
    fn is_chain(&self) -> bool {
        M::IN_FAMILY && family::is_split::<M>() && self.joins.is_empty()
    }

    /// Refuses what no text of the dialect can say.
    fn check(&self, dialect: Dialect) -> Result<(), Error> {
        if !self.joins.is_empty() {
            joined::check_one_table::<M>()?;
        }
        cte::check_before_change::<M>(&self.common, dialect, self.is_chain())
    }

    fn all_assignments(&self) -> Vec<Assignment> {
        with_automatic(M::ENTITY_NAME, M::fields(), self.assignments.clone())
    }

    fn write(&self, assignments: &[Assignment], rows: Rows, writer: &mut Writer<'_>) {
        write_common(&self.common, writer);
        if !self.joins.is_empty() {
            joined::write_update::<M>(&self.joins, assignments, &self.conditions, writer);
            if rows == Rows::Returned {
                joined::write_returning::<M>(writer);
            }
            return;
        }
        if writer.dialect() == Dialect::Mysql && is_exchange(M::ENTITY_NAME, assignments) {
            return joined::write_exchange::<M>(assignments.to_vec(), &self.conditions, writer);
        }
        writer.text("UPDATE ");
        writer.model::<M>();
        let ordered;
        let assignments = if writer.dialect() == Dialect::Mysql {
            ordered = writer.in_order_of_evaluation(M::ENTITY_NAME, assignments.to_vec());
            &*ordered
        } else {
            assignments
        };
        family::restrict::<M>(&self.conditions, writer, |writer| {
            SetList::write(assignments, writer);
        });
        if rows == Rows::Returned {
            writer.returning(M::fields());
        }
    }

    /// Returns the one statement, with a text that was written before where there is one.
    fn known(&self, dialect: Dialect, rows: Rows) -> Result<KnownStatement<'static>, Error> {
        self.check(dialect)?;
        let assignments = self.all_assignments();
        known(dialect, &|writer| self.write(&assignments, rows, writer))
    }

    /// Runs the update and returns the number of rows that matched. Without assignments nothing is sent.
    ///
    /// Columns with a value for every update get it, and a version goes up, unless the update assigns them itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] when a value breaks a rule of the schema about its field. Rules about several fields, and about
    /// what an expression gives, are the database's where the schema says `check = true`.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<u64, Error>> + Send
    where
        State: SaysWhichRows,
    {
        async move {
            if self.assignments.is_empty() {
                return Outcome::Ok(0);
            }
            if self.expected_version.is_some() {
                return self.execute_version(cx, executor).await;
            }
            ok_result!(check_assigned_values::<M>(&self.assignments));
            if const { M::IN_FAMILY } {
                ok_result!(family::check_assigned::<M>(&self.assignments));
            }
            if const { M::IN_FAMILY } && self.is_chain() {
                ok_result!(self.check(executor.dialect()));
                let update = ChainUpdate::<M>::new(&self.assignments, &self.conditions);
                return update.execute(cx, executor).await;
            }
            let known = ok_result!(self.known(executor.dialect(), Rows::Counted));
            let done = ok!(executor.execute(cx, known.statement()).await);
            Outcome::Ok(done.rows_affected)
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<M: Model, State, Scope> Update<M, State, Scope> {
    /// Runs the update and returns the rows that matched, as they are stored then. Without assignments none are.
    ///
    /// One statement with RETURNING, in a transaction, so that nothing is updated where a row cannot be read; where the database
    /// has no RETURNING, a SELECT of the keys, the UPDATE and a SELECT of the rows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where the database has no RETURNING and the update assigns to the primary key,
    /// [`ErrorKind::Invalid`] as for [`execute`](Self::execute).
    pub fn all<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<Vec<M>, Error>> + Send
    where
        State: SaysWhichRows,
    {
        async move {
            if self.assignments.is_empty() {
                return Outcome::Ok(Vec::new());
            }
            if self.expected_version.is_some() {
                return self.all_version(cx, executor).await;
            }
            ok_result!(check_assigned_values::<M>(&self.assignments));
            if const { M::IN_FAMILY } {
                ok_result!(family::check_assigned::<M>(&self.assignments));
            }
            ok_result!(self.check(executor.dialect()));
            if const { M::IN_FAMILY } && self.is_chain() {
                let update = ChainUpdate::<M>::new(&self.assignments, &self.conditions);
                return update.all(cx, executor).await;
            }
            if !executor.capabilities().has_update_returning {
                return self.update_then_select(cx, executor).await;
            }
            let known = ok_result!(self.known(executor.dialect(), Rows::Returned));
            write_and_decode(known.statement(), cx, executor).await
        }
    }

    fn execute_version<'a, E: Executor>(mut self, cx: &'a Cx, executor: &'a mut E) -> Part<'a, u64>
    where
        State: SaysWhichRows + 'a,
        Scope: 'a,
    {
        Box::pin(async move {
            let expected = self.expected_version.take().unwrap_or_default();
            let mut transaction = ok!(executor.nested(cx).await);
            ok!(self.check_version(expected, cx, &mut transaction).await);
            let n_rows = ok!(self.execute(cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(n_rows)
        })
    }

    fn all_version<'a, E: Executor>(mut self, cx: &'a Cx, executor: &'a mut E) -> Part<'a, Vec<M>>
    where
        State: SaysWhichRows + 'a,
        Scope: 'a,
    {
        Box::pin(async move {
            let expected = self.expected_version.take().unwrap_or_default();
            let mut transaction = ok!(executor.nested(cx).await);
            ok!(self.check_version(expected, cx, &mut transaction).await);
            let rows = ok!(self.all(cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(rows)
        })
    }

    /// Locks the rows and refuses them if one has another version.
    async fn check_version<E: Executor>(
        &self,
        expected: i64,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<(), Error> {
        let field = M::fields().iter().find(|field| field.is_version);
        let Some(field) = field else {
            let text = format!("`{}` has no version", M::ENTITY_NAME);
            return Outcome::Err(Error::usage(text));
        };
        let version = Token::column(M::ENTITY_NAME, field.inherited_from, field.column);
        let mut query = locked::<M>(&self.joins, &self.conditions);
        query.columns = Columns::Expressions(vec![vec![version]]);
        let versions: Vec<i64> = ok!(fetch(&query, cx, executor, Collect::all()).await);
        if !versions.is_empty() && versions.iter().all(|version| *version == expected) {
            return Outcome::Ok(());
        }
        let text = match versions.iter().find(|version| **version != expected) {
            Some(found) => format!(
                "expected version {expected} of `{}`, but found {found}",
                M::ENTITY_NAME
            ),
            None => format!(
                "expected version {expected} of `{}`, but found no row",
                M::ENTITY_NAME
            ),
        };
        Outcome::Err(Error::new(ErrorKind::StaleRow, text))
    }

    async fn update_then_select<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<M>, Error>
    where
        State: SaysWhichRows,
    {
        let assigns_key = self
            .assignments
            .iter()
            .any(|(column, _)| M::PRIMARY_KEY.contains(column));
        if assigns_key {
            return Outcome::Err(Error::unsupported(
                "without RETURNING, rows whose key changes cannot be told: select them first",
            ));
        }
        let max_parameters = executor.capabilities().max_parameters;
        let mut transaction = ok!(executor.nested(cx).await);
        let before: Vec<M> = ok!(fetch(
            &locked::<M>(&self.joins, &self.conditions),
            cx,
            &mut transaction,
            Collect::all()
        )
        .await);
        let mut keys = KeySet::default();
        for row in &before {
            keys.insert(values_of(row, M::PRIMARY_KEY));
        }
        drop(before);
        ok!(self.execute(cx, &mut transaction).await);
        let mut stored = Vec::with_capacity(keys.len());
        for condition in keys.conditions(M::ENTITY_NAME, M::PRIMARY_KEY, max_parameters) {
            let mut query = Query::of::<M>();
            query.conditions.push(condition);
            family::Read::Locked.apply(&mut query, transaction.dialect());
            stored.extend(ok!(fetch::<M, _>(
                &query,
                cx,
                &mut transaction,
                Collect::all()
            )
            .await));
        }
        ok!(transaction.commit(cx).await);
        Outcome::Ok(stored)
    }
}

/// Checks the rules about single fields for what is assigned as a value; what an expression gives, the database knows alone.
pub(crate) fn check_assigned_values<M: Model>(assignments: &[Assignment]) -> Result<(), Error> {
    if const { M::FIELD_RULES.is_empty() } {
        return Ok(());
    }
    let values = assignments
        .iter()
        .filter_map(|(column, tokens)| match &**tokens {
            [Token::Param(value)] => Some((*column, value)),
            _ => None,
        });
    Ok(sqlmodel_core::validate::validate_assigned::<M>(
        &values.collect::<Vec<_>>(),
    )?)
}

/// What becomes of the rows that a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Counted,
    Returned,
}

/// Returns the query that locks the rows which a statement is about.
pub(crate) fn locked<M: Model>(joins: &[Join], conditions: &[Vec<Token>]) -> Query {
    let mut query = Query::of::<M>();
    query.joins = joins.to_vec();
    query.conditions = conditions.to_vec();
    query.rare_mut().lock = Some(RowLock::UPDATE);
    query
}

impl<M, State, Scope> Clone for Update<M, State, Scope> {
    fn clone(&self) -> Self {
        Self {
            common: self.common.clone(),
            assignments: self.assignments.clone(),
            joins: self.joins.clone(),
            conditions: self.conditions.clone(),
            expected_version: self.expected_version,
            types: PhantomData,
        }
    }
}

impl<M, State, Scope> fmt::Debug for Update<M, State, Scope> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("common", &self.common)
            .field("assignments", &self.assignments)
            .field("joins", &self.joins)
            .field("conditions", &self.conditions)
            .field("expected_version", &self.expected_version)
            .finish()
    }
}

/// An UPDATE that stores every field of one model, found by its primary key.
#[derive(Debug)]
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct UpdateRow<'r, M> {
    row: &'r M,
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<'r, M: Model> UpdateRow<'r, M> {
    /// Begins the update of a stored model.
    pub fn new(row: &'r M) -> Self {
        Self { row }
    }

    /// Returns the text and the parameters for a dialect.
    pub fn render(&self, dialect: Dialect) -> RenderedStatement<'r> {
        let mut values = Vec::with_capacity(M::COLUMNS.len());
        self.row.to_row(&mut values);
        let mut identity = Vec::with_capacity(M::PRIMARY_KEY.len() + 1);
        let mut writer = Writer::new(dialect);
        writer.text("UPDATE ");
        writer.model::<M>();
        let mut list = SetList::default();
        for (column, value) in M::COLUMNS.iter().zip(values) {
            let Some(field) = M::fields().iter().find(|field| field.column == *column) else {
                continue;
            };
            if let Some(automatic) = automatic(M::TABLE_NAME, field) {
                list.column(&mut writer, column);
                writer.tokens(&automatic);
            } else if is_stored(field) {
                list.column(&mut writer, column);
                writer.param(value);
                continue;
            }
            if family::is_identity(field) {
                identity.push((column, value));
            }
        }
        key_condition(&mut writer, identity);
        if const { M::IN_FAMILY } {
            family::restrict_row::<M>(&mut writer);
        }
        writer.finish()
    }

    /// Runs the update.
    ///
    /// Of a row that is in several tables, those are written in which it differs from what is stored: a SELECT that locks the
    /// row, and an UPDATE of each, in a transaction. The root's is written with any of them, where it has a version or a time
    /// of change.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StaleRow`] when no row of the model has the key any more, or somebody else has changed the row's version;
    /// [`ErrorKind::Invalid`] when the row breaks rules of the schema.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<(), Error>> + Send {
        async move {
            if const { M::IN_FAMILY } {
                ok_result!(family::check_table::<M>());
            }
            if const { M::IN_FAMILY } {
                ok_result!(family::check_mark(self.row));
            }
            ok_result!(self.row.validate());
            if const { M::IN_FAMILY } && family::is_split::<M>() {
                return family::update_row(self.row, cx, executor).await;
            }
            let is_written = |field: &FieldInfo| {
                is_stored(field) || field.is_version || field.on_update.is_some()
            };
            if !M::fields().iter().any(is_written) {
                let n_rows = ok!(self.count(cx, executor).await);
                return expect_one_row::<M>(n_rows, "update", "");
            }
            let dialect = executor.dialect();
            let text =
                fixed_text::<M>(FixedStatement::Update, dialect, || self.render(dialect).sql);
            let params = self.params();
            let done = ok!(executor.execute(cx, Statement::new(&text, &params)).await);
            if const { M::IN_FAMILY } && done.rows_affected == 0 {
                ok!(family::explain_mark(self.row, cx, executor).await);
            }
            expect_one_row::<M>(done.rows_affected, "update", &text)
        }
    }

    /// Returns the parameters of the statement: what is stored, in the order of the columns, then the key and the version.
    fn params(&self) -> Vec<Value<'r>> {
        let mut values = Vec::with_capacity(M::COLUMNS.len());
        self.row.to_row(&mut values);
        let mut params = Vec::with_capacity(values.len() + 1);
        let mut identity = Vec::with_capacity(M::PRIMARY_KEY.len() + 1);
        for (column, value) in M::COLUMNS.iter().zip(values) {
            let Some(field) = M::fields().iter().find(|field| field.column == *column) else {
                continue;
            };
            match field.on_update {
                Some(OnUpdate::Value(make)) => params.push(make()),
                None if is_stored(field) => {
                    params.push(value);
                    continue;
                }
                _ => {}
            }
            if family::is_identity(field) {
                identity.push(value);
            }
        }
        params.append(&mut identity);
        params
    }

    /// Returns how many rows have the model's key: for a model that has nothing to store but its key.
    async fn count<E: Executor>(&self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let key_value = self.row.primary_key_value();
        let mut key = Vec::with_capacity(M::PRIMARY_KEY.len());
        if let Some(value) = &key_value {
            value.encode_key(&mut key);
        }
        let rendered = crate::model::select_by_key::<M>(executor.dialect(), key);
        let mut rows = Collect::<M>::up_to(1);
        ok!(executor.query(cx, rendered.statement(), &mut rows).await);
        Outcome::Ok(rows.into_rows().len() as u64)
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<'r, M: Model> UpdateRow<'r, M> {
    /// Runs the update and returns the row as it is stored then, with its new version and its automatic values.
    ///
    /// Two statements in a transaction: the UPDATE and a SELECT by key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StaleRow`] when no row has the key any more, or somebody else has changed the row's version.
    pub fn one<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<M, Error>> + Send {
        async move {
            let row = self.row;
            let mut transaction = ok!(executor.nested(cx).await);
            ok!(self.execute(cx, &mut transaction).await);
            let mut key = Vec::with_capacity(M::PRIMARY_KEY.len());
            let key_value = row.primary_key_value();
            if let Some(value) = &key_value {
                value.encode_key(&mut key);
            }
            let mut rendered = crate::model::select_by_key::<M>(transaction.dialect(), key);
            if transaction.dialect() == Dialect::Mysql {
                // In a transaction that has read before, parts that were not written would be read as they were then.
                rendered.sql.push_str(" FOR UPDATE");
            }
            let mut rows = Collect::up_to(1);
            ok!(transaction.query(cx, rendered.statement(), &mut rows).await);
            ok!(transaction.commit(cx).await);
            match rows.into_rows().pop() {
                Some(stored) => Outcome::Ok(stored),
                None => match expect_one_row::<M>(0, "update", &rendered.sql) {
                    Outcome::Err(error) => Outcome::Err(error),
                    _ => Outcome::Err(Error::new(ErrorKind::StaleRow, "the updated row is gone")),
                },
            }
        }
    }
}

/// Tells whether an update of a stored model writes the field's value.
pub(crate) fn is_stored(field: &FieldInfo) -> bool {
    !(family::is_identity(field) || field.is_generated || field.is_kept_on_update)
}

/// The list behind SET, in the making.
#[derive(Debug, Default)]
pub(crate) struct SetList {
    has_items: bool,
}

impl SetList {
    /// Writes `column = `, for the value to follow.
    pub(crate) fn column(&mut self, writer: &mut Writer<'_>, column: &'static str) {
        writer.text(if std::mem::replace(&mut self.has_items, true) {
            ", "
        } else {
            " SET "
        });
        writer.identifier(column);
        writer.text(" = ");
    }

    /// Writes the whole list.
    pub(crate) fn write(assignments: &[Assignment], writer: &mut Writer<'_>) {
        let mut list = Self::default();
        for (column, value) in assignments {
            list.column(writer, column);
            writer.tokens(value);
        }
    }
}

/// Assigns a value, in the place of one that the column was to get.
pub(crate) fn assign(assignments: &mut Vec<Assignment>, column: &'static str, value: Vec<Token>) {
    assignments.retain(|(assigned, _)| *assigned != column);
    assignments.push((column, value));
}

/// A column, and the value that it is assigned.
pub(crate) type Assignment = (&'static str, Vec<Token>);

/// Returns what every update stores in a field, if there is such a thing.
pub(crate) fn automatic(entity: &'static str, field: &FieldInfo) -> Option<Vec<Token>> {
    if field.is_version {
        // With its table, because in an upsert the values to be inserted have the same names.
        let version = Token::column(entity, field.inherited_from, field.column);
        return Some(vec![version, Token::Text(" + 1")]);
    }
    Some(vec![match field.on_update? {
        OnUpdate::Sql(texts) => Token::PerDialect(texts),
        OnUpdate::Value(make) => Token::Param(make()),
    }])
}

/// Adds what every update stores, where it is not assigned already.
pub(crate) fn with_automatic(
    table: &'static str,
    fields: &[FieldInfo],
    mut assignments: Vec<Assignment>,
) -> Vec<Assignment> {
    for field in fields {
        let is_assigned = assignments
            .iter()
            .any(|(column, _)| *column == field.column);
        if let (false, Some(value)) = (is_assigned, automatic(table, field)) {
            assignments.push((field.column, value));
        }
    }
    assignments
}

/// Writes `WHERE key = value AND ..`.
pub(crate) fn key_condition<'a>(writer: &mut Writer<'a>, key: Vec<(&&'static str, Value<'a>)>) {
    for (position, (column, value)) in key.into_iter().enumerate() {
        writer.text(if position == 0 { " WHERE " } else { " AND " });
        writer.identifier(column);
        writer.text(" = ");
        writer.param(value);
    }
}

/// Refuses the count of a statement that was to change exactly the row of a key.
pub(crate) fn expect_one_row<M: Model>(n_rows: u64, verb: &str, sql: &str) -> Outcome<(), Error> {
    if n_rows == 1 {
        return Outcome::Ok(());
    }
    let message = format!(
        "expected to {verb} one row of `{}`, but {n_rows} matched its key",
        M::TABLE_NAME
    );
    Outcome::Err(Error::new(ErrorKind::StaleRow, message).with_sql(sql))
}
