//! DELETE of one stored model, or of all rows that a filter matches.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, Executor, FixedStatement, Model, Outcome, Statement,
    TransactionOps, Value, ok, ok_result,
};

use crate::expr::{Level, Token};
use crate::family;
use crate::model::fixed_text;
use crate::operators::Condition;
use crate::render::{RenderedStatement, Writer};
use crate::scope::{Covers, PerRow, Tables};
use crate::select::fetch;
use crate::update::{
    Filtered, SaysWhichRows, Unfiltered, expect_one_row, key_condition, locked, returning,
};

/// A DELETE of the rows of `M` that its filters match.
///
/// It cannot run before it has a filter, or [`all_rows`](Self::all_rows) says that none is meant.
pub struct Delete<M, State = Unfiltered> {
    conditions: Vec<Vec<Token>>,
    types: PhantomData<fn() -> (M, State)>,
}

impl<M: Model> Delete<M> {
    /// Begins a delete from a model's table.
    pub fn new() -> Self {
        Self {
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

impl<M: Model, State> Delete<M, State> {
    /// Deletes only the rows for which the condition is true; several filters are joined by AND.
    #[must_use]
    pub fn filter<C, Proof>(mut self, condition: C) -> Delete<M, Filtered>
    where
        C: Condition<Source: PerRow>,
        Tables<M>: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.conditions.push(condition);
        Delete {
            conditions: self.conditions,
            types: PhantomData,
        }
    }

    /// Says that every row of the table is meant.
    #[must_use]
    pub fn all_rows(self) -> Delete<M, Filtered> {
        Delete {
            conditions: self.conditions,
            types: PhantomData,
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<M: Model, State> Delete<M, State> {
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
        if const { M::IN_FAMILY } && family::has_several_tables::<M>() {
            if dialect == Dialect::Postgres {
                return family::render_delete::<M>(&self.conditions);
            }
            return Err(Error::unsupported(format!(
                "rows of `{}` are in several tables, which takes a transaction here: run the delete to see its statements",
                M::ENTITY_NAME
            )));
        }
        let mut writer = Writer::new(dialect);
        writer.text("DELETE FROM ");
        writer.model::<M>();
        family::restrict::<M>(&self.conditions, &mut writer, |_| {});
        writer.try_finish()
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
            if const { M::IN_FAMILY } && family::has_several_tables::<M>() {
                return family::delete::<M, E>(&self.conditions, cx, executor).await;
            }
            let rendered = ok_result!(self.render(executor.dialect()));
            let done = ok!(executor.execute(cx, rendered.statement()).await);
            Outcome::Ok(done.rows_affected)
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<M: Model, State> Delete<M, State> {
    /// Runs the delete and returns the rows as they were.
    ///
    /// One statement with RETURNING; where the database has none, a SELECT and the DELETE in a transaction.
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
            if const { M::IN_FAMILY } && family::has_several_tables::<M>() {
                return family::delete_all::<M, E>(&self.conditions, cx, executor).await;
            }
            if executor.capabilities().has_delete_returning {
                let mut rendered = ok_result!(self.render(executor.dialect()));
                returning::<M>(executor.dialect(), &mut rendered);
                let mut deleted = Collect::all();
                ok!(executor.query(cx, rendered.statement(), &mut deleted).await);
                return Outcome::Ok(deleted.into_rows());
            }
            let mut transaction = ok!(executor.nested(cx).await);
            let query = locked::<M>(&self.conditions);
            let deleted = ok!(fetch(&query, cx, &mut transaction, Collect::all()).await);
            ok!(self.execute(cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(deleted)
        }
    }
}

impl<M, State> Clone for Delete<M, State> {
    fn clone(&self) -> Self {
        Self {
            conditions: self.conditions.clone(),
            types: PhantomData,
        }
    }
}

impl<M, State> fmt::Debug for Delete<M, State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete")
            .field("conditions", &self.conditions)
            .finish()
    }
}

/// A DELETE of one model, found by its primary key.
#[derive(Debug)]
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
