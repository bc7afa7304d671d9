//! INSERT that does something else where a unique key has the row already.

use std::collections::HashSet;
use std::marker::PhantomData;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, Executor, FieldInfo, Model, Outcome, Record, TransactionOps, ok,
    ok_result,
};

use crate::column::Column;
use crate::expr::{Assign, Level, Token};
use crate::insert::{InsertMany, InsertOne, Plan, Returning};
use crate::key::{KeyBytes, pick};
use crate::operators::Condition;
use crate::render::{RenderedStatement, Writer};
use crate::scope::{Covers, Excluded, PerRow, Tables};
use crate::update::SetList;

/// The columns of a unique key: a column of the model `M`, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no unique key of `{M}`",
    label = "expected the key's column, or a tuple of its columns"
)]
pub trait ConflictTarget<M> {
    /// Returns the names of the columns.
    fn column_names(self) -> Vec<&'static str>;
}

impl<M, T> ConflictTarget<M> for Column<M, T> {
    fn column_names(self) -> Vec<&'static str> {
        vec![self.name()]
    }
}

macro_rules! target_tuple {
    ($($part:ident $at:tt),+) => {
        impl<M, $($part),+> ConflictTarget<M> for ($(Column<M, $part>,)+) {
            fn column_names(self) -> Vec<&'static str> {
                vec![$(self.$at.name()),+]
            }
        }
    };
}

target_tuple!(A 0, B 1);
target_tuple!(A 0, B 1, C 2);
target_tuple!(A 0, B 1, C 2, D 3);

/// An INSERT that has yet to say what becomes of rows that are there already.
#[derive(Debug, Clone)]
#[must_use = "say what becomes of rows that are there already: `do_nothing`, `do_update` or `set`"]
pub struct OnConflict<R> {
    rows: Vec<R>,
    target: Vec<&'static str>,
}

/// An INSERT that leaves alone or updates the rows that are there already.
///
/// MySQL resolves conflicts on any unique key, which may be another row than the one that is meant, so there it is an
/// [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) error.
#[derive(Debug)]
pub struct Upsert<R> {
    rows: Vec<R>,
    conflict: Conflict,
    model: PhantomData<fn() -> R>,
}

/// What follows ON CONFLICT.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    target: Vec<&'static str>,
    action: Action,
    conditions: Vec<Vec<Token>>,
    table: &'static str,
    fields: &'static [FieldInfo],
}

#[derive(Debug, Clone)]
enum Action {
    Nothing,
    /// Stores what was to be inserted, in all columns that an update stores.
    UpdateAll,
    Set(Vec<(&'static str, Vec<Token>)>),
}

impl<R: Record> InsertOne<R> {
    /// Says what becomes of a row whose unique key is there already: `insert!(hero).on_conflict(Hero::NAME).do_nothing()`.
    ///
    /// The database refuses a target that is no unique key. NULL in a key conflicts with nothing.
    pub fn on_conflict(self, target: impl ConflictTarget<R::Model>) -> OnConflict<R> {
        OnConflict {
            rows: vec![self.into_row()],
            target: target.column_names(),
        }
    }
}

impl<R: Record> InsertMany<R> {
    /// Says what becomes of rows whose unique key is there already: `insert_many!(heroes).on_conflict(Hero::NAME).do_update()`.
    ///
    /// The database refuses a target that is no unique key. NULL in a key conflicts with nothing.
    pub fn on_conflict(self, target: impl ConflictTarget<R::Model>) -> OnConflict<R> {
        OnConflict {
            rows: self.into_rows(),
            target: target.column_names(),
        }
    }
}

impl<R: Record> OnConflict<R> {
    fn with(self, action: Action) -> Upsert<R> {
        Upsert {
            rows: self.rows,
            conflict: Conflict {
                target: self.target,
                action,
                conditions: Vec::new(),
                table: R::Model::TABLE_NAME,
                fields: <R::Model as Model>::fields(),
            },
            model: PhantomData,
        }
    }

    /// Leaves the row as it is.
    pub fn do_nothing(self) -> Upsert<R> {
        self.with(Action::Nothing)
    }

    /// Stores the given values in the row, but for its key and for columns that updates leave alone.
    ///
    /// Columns with a value for every update get it, and a version goes up.
    pub fn do_update(self) -> Upsert<R> {
        self.with(Action::UpdateAll)
    }

    /// Assigns a value, or an expression over the row as it is stored and as it was to be inserted
    /// (see [`excluded`](crate::excluded)).
    pub fn set<T, V, Proof>(self, column: Column<R::Model, T>, value: V) -> Upsert<R>
    where
        V: Assign<T, Source: PerRow>,
        ConflictScope<R::Model>: Covers<V::Source, Proof>,
    {
        self.with(Action::Set(Vec::new())).set(column, value)
    }
}

/// What expressions of an upsert can read: the stored row, and the one that was to be inserted.
type ConflictScope<M> = Tables<M, Tables<Excluded<M>>>;

impl<R: Record> Upsert<R> {
    /// Assigns a further value. After `do_nothing` or `do_update` it assigns nothing else.
    #[must_use]
    pub fn set<T, V, Proof>(mut self, column: Column<R::Model, T>, value: V) -> Self
    where
        V: Assign<T, Source: PerRow>,
        ConflictScope<R::Model>: Covers<V::Source, Proof>,
    {
        let assignment = (column.name(), value.into_assigned().into_tokens());
        match &mut self.conflict.action {
            Action::Set(assignments) => assignments.push(assignment),
            Action::Nothing | Action::UpdateAll => {
                self.conflict.action = Action::Set(vec![assignment]);
            }
        }
        self
    }

    /// Updates only the rows for which the condition is true, and leaves others alone.
    #[must_use]
    pub fn filter<C, Proof>(mut self, condition: C) -> Self
    where
        C: Condition<Source: PerRow>,
        ConflictScope<R::Model>: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.conflict.conditions.push(condition);
        self
    }

    /// Returns the texts and the parameters for a dialect, without RETURNING.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) on MySQL, [`Usage`](sqlmodel_core::ErrorKind::Usage) when
    /// two of the rows have the same key and would update each other.
    pub fn render(&self, dialect: Dialect) -> Result<Vec<RenderedStatement<'_>>, Error> {
        self.statements(dialect, dialect.parameter_limit(), Returning::Nothing)
    }

    /// Runs the statement and returns the number of rows that were inserted or updated.
    pub async fn execute<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let max_parameters = executor.capabilities().max_parameters;
        let statements =
            ok_result!(self.statements(executor.dialect(), max_parameters, Returning::Nothing));
        let mut n_rows = 0;
        if let [only] = &*statements {
            return executor
                .execute(cx, only.statement())
                .await
                .map(|done| done.rows_affected);
        }
        let mut transaction = ok!(executor.nested(cx).await);
        for rendered in &statements {
            n_rows += ok!(transaction.execute(cx, rendered.statement()).await).rows_affected;
        }
        ok!(transaction.commit(cx).await);
        Outcome::Ok(n_rows)
    }

    /// Runs the statement and returns the rows that were inserted or updated, as they are stored then.
    ///
    /// Rows that were left alone are not among them.
    pub async fn all<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<R::Model>, Error> {
        let max_parameters = executor.capabilities().max_parameters;
        let statements =
            ok_result!(self.statements(executor.dialect(), max_parameters, Returning::Model));
        let mut stored = Collect::all();
        let mut transaction = ok!(executor.nested(cx).await);
        for rendered in &statements {
            ok!(transaction
                .query(cx, rendered.statement(), &mut stored)
                .await);
        }
        ok!(transaction.commit(cx).await);
        Outcome::Ok(stored.into_rows())
    }

    fn statements(
        &self,
        dialect: Dialect,
        max_parameters: usize,
        returning: Returning,
    ) -> Result<Vec<RenderedStatement<'_>>, Error> {
        if dialect == Dialect::Mysql {
            return Err(Error::unsupported(
                "MySQL resolves conflicts on any unique key: select the row with `for_update` in a transaction, and insert or update it",
            ));
        }
        let plan = Plan::of(&self.rows);
        if !matches!(self.conflict.action, Action::Nothing) {
            self.conflict.refuse_equal_keys(&plan)?;
        }
        plan.runs(max_parameters.saturating_sub(self.conflict.n_parameters()))
            .into_iter()
            .map(|run| plan.render_run(dialect, run, Some(&self.conflict), returning))
            .collect()
    }
}

impl Conflict {
    /// Writes `ON CONFLICT (..) DO ..` behind the values of these columns.
    pub(crate) fn write(&self, given: &[&'static str], writer: &mut Writer<'_>) {
        writer.text(" ON CONFLICT (");
        writer.columns(self.target.iter().copied());
        writer.text(") DO ");
        let mut list = SetList::default();
        match &self.action {
            Action::Nothing => {}
            Action::UpdateAll => {
                let stored = self.fields.iter().filter(|field| {
                    given.contains(&field.column)
                        && crate::update::is_stored(field)
                        && field.on_update.is_none()
                        && !self.target.contains(&field.column)
                });
                for field in stored {
                    self.begin(&mut list, writer, field.column);
                    writer.identifier("excluded");
                    writer.text(".");
                    writer.identifier(field.column);
                }
            }
            Action::Set(assignments) => {
                for (column, value) in assignments {
                    self.begin(&mut list, writer, column);
                    writer.tokens(value);
                }
            }
        }
        if list.is_empty() {
            return writer.text("NOTHING");
        }
        self.write_automatic(list, writer);
        writer.conditions(" WHERE ", &self.conditions);
    }

    fn begin(&self, list: &mut SetList, writer: &mut Writer<'_>, column: &str) {
        if list.is_empty() {
            writer.text("UPDATE");
        }
        list.column(writer, column);
    }

    fn write_automatic(&self, mut list: SetList, writer: &mut Writer<'_>) {
        let is_assigned = |field: &FieldInfo| matches!(&self.action, Action::Set(all) if all.iter().any(|(column, _)| *column == field.column));
        for field in self.fields.iter().filter(|field| !is_assigned(field)) {
            list.automatic(writer, self.table, field);
        }
    }

    fn n_parameters(&self) -> usize {
        let count = |tokens: &Vec<Token>| {
            let params = tokens
                .iter()
                .filter(|token| !matches!(token, Token::Text(_) | Token::Column { .. }));
            params.count()
        };
        let assigned: usize = match &self.action {
            Action::Set(assignments) => assignments.iter().map(|(_, value)| count(value)).sum(),
            Action::Nothing | Action::UpdateAll => 0,
        };
        let automatic = self.fields.len();
        assigned + automatic + self.conditions.iter().map(count).sum::<usize>()
    }

    /// PostgreSQL refuses to update a row twice in a statement, SQLite lets the last one win: neither is left to chance.
    fn refuse_equal_keys(&self, plan: &Plan<'_>) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for row in 0..plan.n_rows() {
            let key = KeyBytes::of(&pick(&self.target, plan.columns(), plan.row(row)));
            if key.is_some_and(|key| !seen.insert(key)) {
                return Err(Error::usage(
                    "two of the rows have the same unique key and would update each other",
                ));
            }
        }
        Ok(())
    }
}
