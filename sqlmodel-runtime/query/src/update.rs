//! UPDATE of one stored model, or of all rows that a filter matches.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{Cx, Dialect, Error, ErrorKind, Executor, Model, Outcome, Value, ok};

use crate::column::Column;
use crate::expr::{Assign, Expr, Level, Token};
use crate::render::{RenderedStatement, Writer};
use crate::scope::{Covers, Tables};

/// Marks a statement that says which rows it is about.
#[derive(Debug)]
pub struct Filtered;

/// Marks a statement that has yet to say which rows it is about.
#[derive(Debug)]
pub struct Unfiltered;

/// An UPDATE of the rows of `M` that its filters match.
///
/// It cannot run before it has a filter, or [`all_rows`](Self::all_rows) says that none is meant.
pub struct Update<M, State = Unfiltered> {
    assignments: Vec<(&'static str, Vec<Token>)>,
    conditions: Vec<Vec<Token>>,
    types: PhantomData<fn() -> (M, State)>,
}

impl<M: Model> Update<M> {
    /// Begins an update of a model's table.
    pub fn new() -> Self {
        Self {
            assignments: Vec::new(),
            conditions: Vec::new(),
            types: PhantomData,
        }
    }
}

impl<M: Model> Default for Update<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model, State> Update<M, State> {
    /// Assigns a value, or an expression over the row as it was before the update.
    #[must_use]
    pub fn set<T, V, Proof>(mut self, column: Column<M, T>, value: V) -> Self
    where
        V: Assign<T>,
        Tables<M>: Covers<V::Source, Proof>,
    {
        self.assignments
            .push((column.name(), value.into_assigned().into_tokens()));
        self
    }

    /// Updates only the rows for which the condition is true; several filters are joined by AND.
    #[must_use]
    pub fn filter<S, Proof>(mut self, condition: Expr<S, bool>) -> Update<M, Filtered>
    where
        Tables<M>: Covers<S, Proof>,
    {
        self.conditions.push(condition.at_least(Level::And));
        Update {
            assignments: self.assignments,
            conditions: self.conditions,
            types: PhantomData,
        }
    }

    /// Says that every row of the table is meant.
    #[must_use]
    pub fn all_rows(self) -> Update<M, Filtered> {
        Update {
            assignments: self.assignments,
            conditions: self.conditions,
            types: PhantomData,
        }
    }
}

impl<M: Model> Update<M, Filtered> {
    /// Returns the text and the parameters for a dialect.
    pub fn render(&self, dialect: Dialect) -> RenderedStatement<'static> {
        let mut writer = Writer::new(dialect);
        writer.text("UPDATE ");
        writer.model::<M>();
        for (position, (column, value)) in self.assignments.iter().enumerate() {
            writer.text(if position == 0 { " SET " } else { ", " });
            writer.identifier(column);
            writer.text(" = ");
            writer.tokens(value);
        }
        writer.conditions(&self.conditions);
        writer.finish()
    }

    /// Runs the update and returns the number of rows that matched. Without assignments nothing is sent.
    pub async fn execute<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        if self.assignments.is_empty() {
            return Outcome::Ok(0);
        }
        let rendered = self.render(executor.dialect());
        let done = ok!(executor.execute(cx, rendered.statement()).await);
        Outcome::Ok(done.rows_affected)
    }
}

impl<M, State> Clone for Update<M, State> {
    fn clone(&self) -> Self {
        Self {
            assignments: self.assignments.clone(),
            conditions: self.conditions.clone(),
            types: PhantomData,
        }
    }
}

impl<M, State> fmt::Debug for Update<M, State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("assignments", &self.assignments)
            .field("conditions", &self.conditions)
            .finish()
    }
}

/// An UPDATE that stores every field of one model, found by its primary key.
#[derive(Debug)]
pub struct UpdateRow<'r, M> {
    row: &'r M,
}

impl<'r, M: Model> UpdateRow<'r, M> {
    /// Begins the update of a stored model.
    pub fn new(row: &'r M) -> Self {
        Self { row }
    }

    /// Returns the text and the parameters for a dialect.
    pub fn render(&self, dialect: Dialect) -> RenderedStatement<'r> {
        let mut values = Vec::with_capacity(M::COLUMNS.len());
        self.row.to_row(&mut values);
        let columns = M::COLUMNS.iter().zip(values);
        let (key, others): (Vec<_>, Vec<_>) =
            columns.partition(|(column, _)| M::PRIMARY_KEY.contains(column));
        let mut writer = Writer::new(dialect);
        writer.text("UPDATE ");
        writer.model::<M>();
        for (position, (column, value)) in others.into_iter().enumerate() {
            writer.text(if position == 0 { " SET " } else { ", " });
            writer.identifier(column);
            writer.text(" = ");
            writer.param(value);
        }
        key_condition(&mut writer, key);
        writer.finish()
    }

    /// Runs the update.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StaleRow`] when no row has the key any more.
    pub async fn execute<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<(), Error> {
        if M::COLUMNS
            .iter()
            .all(|column| M::PRIMARY_KEY.contains(column))
        {
            return Outcome::Ok(());
        }
        let rendered = self.render(executor.dialect());
        let done = ok!(executor.execute(cx, rendered.statement()).await);
        expect_one_row::<M>(done.rows_affected, "update", &rendered.sql)
    }
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
