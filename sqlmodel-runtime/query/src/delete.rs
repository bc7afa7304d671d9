//! DELETE of one stored model, or of all rows that a filter matches.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, Executor, FixedStatement, Model, Outcome, Statement,
    TransactionOps, Value, ok, ok_result,
};

use crate::cte::{self, CommonQuery, write_common};
use crate::expr::{Level, Token};
use crate::family;
use crate::include::values_of;
use crate::joined;
use crate::key::KeySet;
use crate::known::{KnownStatement, known};
use crate::model::{fixed_text, write_and_decode};
use crate::operators::Condition;
use crate::query::Join;
use crate::relation::Relation;
use crate::render::{RenderedStatement, Writer};
use crate::scope::{Covers, Entity, PerRow, Table, Tables};
use crate::select::{TableOf, fetch};
use crate::update::{
    Filtered, Rows, SaysWhichRows, Unfiltered, expect_one_row, key_condition, locked,
};

/// A DELETE of the rows of `M` that its filters match.
///
/// It cannot run before it has a filter, or [`all_rows`](Self::all_rows) says that none is meant.
///
/// `Scope` are the tables that its filters may read: the model's own, and those that are joined.
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct Delete<M, State = Unfiltered, Scope = Tables<M>> {
    pub(crate) common: Vec<CommonQuery>,
    joins: Vec<Join>,
    conditions: Vec<Vec<Token>>,
    types: PhantomData<fn() -> (M, State, Scope)>,
}

impl<M: Model> Delete<M> {
    /// Begins a delete from a model's table.
    pub fn new() -> Self {
        Self {
            common: Vec::new(),
            joins: Vec::new(),
            conditions: Vec::new(),
            types: PhantomData,
        }
    }
}

impl<M: Model> Default for Delete<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model, State, Scope> Delete<M, State, Scope> {
    /// Deletes only the rows for which the condition is true; several filters are joined by AND.
    pub fn filter<C, Proof>(mut self, condition: C) -> Delete<M, Filtered, Scope>
    where
        C: Condition<Source: PerRow>,
        Scope: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.conditions.push(condition);
        self.retyped()
    }

    /// Says that every row of the table is meant; of those, if tables are joined, that have partners.
    pub fn all_rows(self) -> Delete<M, Filtered, Scope> {
        self.retyped()
    }

    /// Leaves out rows of models that extend this one.
    pub fn exact(mut self) -> Self {
        self.conditions.extend(family::is_exactly::<M>());
        self
    }

    /// Joins along a relation, by whose columns can then be filtered. Rows without a partner are not deleted.
    ///
    /// The text is `DELETE .. USING` on PostgreSQL and `DELETE .. JOIN` on MySQL; SQLite has no join here, and gets the same
    /// rows by `EXISTS`.
    pub fn joining<L, Proof>(mut self, relation: L) -> Delete<M, State, Tables<L::To, Scope>>
    where
        L: Relation,
        Scope: Covers<Table<L::From>, Proof>,
    {
        joined::push_relation(&mut self.joins, &relation);
        self.retyped()
    }

    /// Joins a table by a condition: `.joining_on(table::<Team>(), Team::NAME.eq(Hero::NAME))`.
    pub fn joining_on<E, C, Proof>(
        mut self,
        _: TableOf<E>,
        condition: C,
    ) -> Delete<M, State, Tables<E, Scope>>
    where
        E: Entity,
        C: Condition<Source: PerRow>,
        Tables<E, Scope>: Covers<C::Source, Proof>,
    {
        joined::push_table::<E>(&mut self.joins, condition);
        self.retyped()
    }

    fn retyped<State2, Scope2>(self) -> Delete<M, State2, Scope2> {
        Delete {
            common: self.common,
            joins: self.joins,
            conditions: self.conditions,
            types: PhantomData,
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<M: Model, State, Scope> Delete<M, State, Scope> {
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
            family::check_table::<M>()?;
        }
        self.check(dialect)?;
        if const { M::IN_FAMILY } && self.is_chain() {
            if dialect == Dialect::Postgres {
                return family::render_delete::<M>(&self.conditions);
            }
            return Err(Error::unsupported(format!(
                "rows of `{}` are in several tables, which takes a transaction here: run the delete to see its statements",
                M::ENTITY_NAME
            )));
        }
        let mut writer = Writer::new(dialect);
        self.write(Rows::Counted, &mut writer);
        writer.try_finish()
    }

    /// Tells whether it takes a statement for each of several tables.
    fn is_chain(&self) -> bool {
        M::IN_FAMILY && family::has_several_tables::<M>() && self.joins.is_empty()
    }

    /// Refuses what no text of the dialect can say.
    fn check(&self, dialect: Dialect) -> Result<(), Error> {
        if !self.joins.is_empty() {
            joined::check_one_table::<M>()?;
        }
        cte::check_before_change::<M>(&self.common, dialect, self.is_chain())
    }

    fn write(&self, rows: Rows, writer: &mut Writer<'_>) {
        write_common(&self.common, writer);
        if !self.joins.is_empty() {
            joined::write_delete::<M>(&self.joins, &self.conditions, writer);
            if rows == Rows::Returned {
                joined::write_returning::<M>(writer);
            }
            return;
        }
        writer.text("DELETE FROM ");
        writer.model::<M>();
        family::restrict::<M>(&self.conditions, writer, |_| {});
        if rows == Rows::Returned {
            writer.returning(M::fields());
        }
    }

    /// Returns the one statement, with a text that was written before where there is one.
    fn known(&self, dialect: Dialect, rows: Rows) -> Result<KnownStatement<'static>, Error> {
        if const { M::IN_FAMILY } {
            family::check_table::<M>()?;
        }
        self.check(dialect)?;
        known(dialect, &|writer| self.write(rows, writer))
    }

    /// Runs the delete and returns the number of rows it deleted.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<u64, Error>> + Send
    where
        State: SaysWhichRows,
    {
        async move {
            if const { M::IN_FAMILY } && self.is_chain() {
                ok_result!(self.check(executor.dialect()));
                return family::delete::<M, E>(&self.conditions, cx, executor).await;
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
impl<M: Model, State, Scope> Delete<M, State, Scope> {
    /// Runs the delete and returns the rows as they were.
    ///
    /// One statement with RETURNING, in a transaction, so that nothing is deleted where a row cannot be read; where the database
    /// has no RETURNING, a SELECT and the DELETE.
    pub fn all<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<Vec<M>, Error>> + Send
    where
        State: SaysWhichRows,
    {
        async move {
            if const { M::IN_FAMILY } {
                ok_result!(family::check_table::<M>());
            }
            ok_result!(self.check(executor.dialect()));
            if const { M::IN_FAMILY } && self.is_chain() {
                return family::delete_all::<M, E>(&self.conditions, cx, executor).await;
            }
            // MariaDB returns the rows of a delete without joins alone.
            let is_one_statement = self.joins.is_empty() || executor.dialect() != Dialect::Mysql;
            if executor.capabilities().has_delete_returning && is_one_statement {
                let known = ok_result!(self.known(executor.dialect(), Rows::Returned));
                return write_and_decode(known.statement(), cx, executor).await;
            }
            let mut transaction = ok!(executor.nested(cx).await);
            let query = locked::<M>(&self.joins, &self.conditions);
            let mut deleted: Vec<M> =
                ok!(fetch(&query, cx, &mut transaction, Collect::all()).await);
            if !self.joins.is_empty() {
                // A row comes once for each of its partners.
                let mut keys = KeySet::default();
                let mut n_keys = 0;
                deleted.retain(|row| {
                    keys.insert(values_of(row, M::PRIMARY_KEY));
                    keys.len() > std::mem::replace(&mut n_keys, keys.len())
                });
            }
            ok!(self.execute(cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(deleted)
        }
    }
}

impl<M, State, Scope> Clone for Delete<M, State, Scope> {
    fn clone(&self) -> Self {
        Self {
            common: self.common.clone(),
            joins: self.joins.clone(),
            conditions: self.conditions.clone(),
            types: PhantomData,
        }
    }
}

impl<M, State, Scope> fmt::Debug for Delete<M, State, Scope> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete")
            .field("common", &self.common)
            .field("joins", &self.joins)
            .field("conditions", &self.conditions)
            .finish()
    }
}

/// A DELETE of one model, found by its primary key.
#[derive(Debug)]
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct DeleteRow<'r, M> {
    row: &'r M,
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<'r, M: Model> DeleteRow<'r, M> {
    /// Begins the delete of a stored model.
    pub fn new(row: &'r M) -> Self {
        Self { row }
    }

    /// Returns the text and the parameters for a dialect.
    pub fn render(&self, dialect: Dialect) -> RenderedStatement<'r> {
        let identity = M::COLUMNS.iter().filter(|column| is_identity::<M>(column));
        let key = identity.zip(self.params()).collect();
        let mut writer = Writer::new(dialect);
        writer.text("DELETE FROM ");
        writer.model::<M>();
        key_condition(&mut writer, key);
        if const { M::IN_FAMILY } {
            family::restrict_row::<M>(&mut writer);
        }
        writer.finish()
    }

    /// Runs the delete.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StaleRow`](sqlmodel_core::ErrorKind::StaleRow) when no row has the key any more, or somebody else
    /// has changed the row's version.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<(), Error>> + Send {
        async move {
            if const { M::IN_FAMILY } {
                ok_result!(family::check_table::<M>());
            }
            if const { M::IN_FAMILY } && family::has_several_tables::<M>() {
                return family::delete_row(self.row, cx, executor).await;
            }
            let dialect = executor.dialect();
            let text =
                fixed_text::<M>(FixedStatement::Delete, dialect, || self.render(dialect).sql);
            let params = self.params();
            let done = ok!(executor.execute(cx, Statement::new(&text, &params)).await);
            expect_one_row::<M>(done.rows_affected, "delete", &text)
        }
    }

    /// Returns the values of the key and the version.
    fn params(&self) -> Vec<Value<'r>> {
        let mut values = Vec::with_capacity(M::COLUMNS.len());
        self.row.to_row(&mut values);
        let mut columns = M::COLUMNS.iter();
        values.retain(|_| {
            columns
                .next()
                .is_some_and(|column| is_identity::<M>(column))
        });
        values
    }
}

/// Tells whether a column says which row is meant.
fn is_identity<M: Model>(column: &str) -> bool {
    let mut fields = M::fields().iter();
    fields.any(|field| field.column == column && family::is_identity(field))
}
