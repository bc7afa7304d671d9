//! INSERT that does something else where a unique key has the row already.

mod conflict;
mod family;
mod outcome;

use std::marker::PhantomData;
use std::ops::Range;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, Executor, FieldValue, Model, Outcome, Record, TransactionOps, ok,
    ok_result,
};

use crate::column::Column;
use crate::expr::{Assign, Level};
use crate::insert::{InsertMany, InsertOne, Params, Plan, Returning};
use crate::known::{KnownStatement, known};
use crate::operators::Condition;
use crate::render::RenderedStatement;
use crate::scope::{Covers, Excluded, PerRow, Tables};
use crate::stored::as_stored;

use self::conflict::Action;
pub(crate) use self::conflict::Conflict;
pub use self::outcome::Upserted;

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
pub struct OnConflict<R, Rows> {
    rows: Vec<R>,
    target: Vec<&'static str>,
    n_rows: PhantomData<fn() -> Rows>,
}

/// An INSERT that leaves alone or updates the rows that are there already.
///
/// | dialect | SQL |
/// |---|---|
/// | SQLite, PostgreSQL | `INSERT .. ON CONFLICT (key) DO UPDATE SET a = excluded.a` |
/// | MySQL | `INSERT .. ON DUPLICATE KEY UPDATE a = VALUES(a)` |
///
/// MySQL's collation decides which keys are equal: of two rows whose keys differ in case alone, the last wins.
/// Where outcomes or rows are asked for, it locks the place of a row that is missing, so that upserts of different keys can
/// deadlock: run them within [`retry`](sqlmodel_core::retry).
/// MySQL resolves conflicts on any unique key, which may be that of another row than the one that is meant.
/// Where a row has values for a second unique key, the row is therefore looked for and locked first there, and updated or inserted
/// after that: three statements a row in a transaction. On all of them, a row that has the same second key and is not the one
/// that is meant makes it a [`Constraint`](sqlmodel_core::ErrorKind::Constraint) error.
#[derive(Debug)]
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct Upsert<R, Rows> {
    rows: Vec<R>,
    conflict: Conflict,
    n_rows: PhantomData<fn() -> Rows>,
}

/// Marks an upsert of one row.
#[derive(Debug)]
pub struct OneRow;

/// Marks an upsert of any number of rows.
#[derive(Debug)]
pub struct ManyRows;

impl<R: Record> InsertOne<R> {
    /// Says what becomes of a row whose unique key is there already: `insert!(hero).on_conflict(Hero::NAME).do_nothing()`.
    ///
    /// NULL in a key conflicts with nothing.
    pub fn on_conflict(self, target: impl ConflictTarget<R::Model>) -> OnConflict<R, OneRow> {
        OnConflict::new(vec![self.into_row()], target)
    }
}

impl<R: Record> InsertMany<R> {
    /// Says what becomes of rows whose unique key is there already: `insert_many!(heroes).on_conflict(Hero::NAME).do_update()`.
    ///
    /// NULL in a key conflicts with nothing.
    pub fn on_conflict(self, target: impl ConflictTarget<R::Model>) -> OnConflict<R, ManyRows> {
        OnConflict::new(self.into_rows(), target)
    }
}

impl<R: Record, Rows> OnConflict<R, Rows> {
    fn new(rows: Vec<R>, target: impl ConflictTarget<R::Model>) -> Self {
        Self {
            rows,
            target: target.column_names(),
            n_rows: PhantomData,
        }
    }

    fn with(self, action: Action) -> Upsert<R, Rows> {
        Upsert {
            rows: self.rows,
            conflict: Conflict::of::<R::Model>(self.target, action),
            n_rows: PhantomData,
        }
    }

    /// Leaves the row as it is.
    pub fn do_nothing(self) -> Upsert<R, Rows> {
        self.with(Action::Nothing)
    }

    /// Stores the given values in the row, but for its key and for columns that updates leave alone.
    ///
    /// Columns with a value for every update get it, and a version goes up.
    pub fn do_update(self) -> Upsert<R, Rows> {
        self.with(Action::UpdateAll)
    }

    /// Assigns a value, or an expression over the row as it is stored and as it was to be inserted
    /// (see [`excluded`](crate::excluded)).
    pub fn set<T, V, Proof>(self, column: Column<R::Model, T>, value: V) -> Upsert<R, Rows>
    where
        T: FieldValue,
        V: Assign<T, Source: PerRow>,
        ConflictScope<R::Model>: Covers<V::Source, Proof>,
    {
        self.with(Action::Set(Vec::new())).set(column, value)
    }
}

/// What expressions of an upsert can read: the stored row, and the one that was to be inserted.
type ConflictScope<M> = Tables<M, Tables<Excluded<M>>>;

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<R: Record, Rows> Upsert<R, Rows> {
    /// Assigns a further value. After `do_nothing` or `do_update` it assigns nothing else.
    pub fn set<T, V, Proof>(mut self, column: Column<R::Model, T>, value: V) -> Self
    where
        T: FieldValue,
        V: Assign<T, Source: PerRow>,
        ConflictScope<R::Model>: Covers<V::Source, Proof>,
    {
        let value = value.into_assigned().into_tokens();
        let value = as_stored::<T>(R::Model::fields(), column.name(), value);
        self.conflict.assign(column.name(), value);
        self
    }

    /// Updates only the rows for which the condition is true, and leaves others alone.
    pub fn filter<C, Proof>(mut self, condition: C) -> Self
    where
        C: Condition<Source: PerRow>,
        ConflictScope<R::Model>: Covers<C::Source, Proof>,
    {
        let condition = condition.into_condition().at_least(Level::And);
        self.conflict.add_condition(condition);
        self
    }

    /// Returns the texts and the parameters for a dialect, without RETURNING.
    ///
    /// # Errors
    ///
    /// [`Usage`](sqlmodel_core::ErrorKind::Usage) when the columns are no unique key, or when two of the rows have the same
    /// key and would update each other; [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) for what MySQL cannot do.
    pub fn render(&self, dialect: Dialect) -> Result<Vec<RenderedStatement<'_>>, Error> {
        if const { <R::Model as Model>::IN_FAMILY } && family::is_family::<R::Model>() {
            return Err(Error::unsupported(
                "an upsert in a family of models depends on the row that is there: run it to see its statements",
            ));
        }
        let plan = Plan::of(&self.rows);
        let runs = self.runs(&plan, dialect, dialect.parameter_limit())?;
        let render = |run| plan.render_run(dialect, run, Some(&self.conflict), Returning::Nothing);
        runs.into_iter().map(render).collect()
    }

    /// Runs the statement and returns the number of rows that were inserted or updated.
    ///
    /// In a family of models that is one statement on PostgreSQL where the root has the key; otherwise a transaction that finds
    /// and locks the rows first. A row that has the key and is of another model is a
    /// [`SubtypeConflict`](sqlmodel_core::ErrorKind::SubtypeConflict), unless nothing is done to it.
    ///
    /// MySQL does not tell that number where rows may be left alone; there it costs three statements a row.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<u64, Error>> + Send {
        async move {
            ok_result!(self.check_values());
            if const { <R::Model as Model>::IN_FAMILY } && family::is_family::<R::Model>() {
                return family::count(&self.rows, &self.conflict, cx, executor).await;
            }
            let counts = executor.dialect() != Dialect::Mysql;
            if !counts && (self.conflict.may_skip() || self.has_other_key()) {
                let outcomes = ok!(self.each_outcome(cx, executor).await);
                return Outcome::Ok(outcomes.iter().filter(|one| !one.is_skipped()).count() as u64);
            }
            let max_parameters = executor.capabilities().max_parameters;
            let statements =
                ok_result!(self.statements(executor.dialect(), max_parameters, Returning::Nothing));
            let mut n_rows = 0;
            match &*statements {
                [] => {}
                [only] => n_rows = ok!(executor.execute(cx, only.statement()).await).rows_affected,
                several => {
                    let mut transaction = ok!(executor.nested(cx).await);
                    for rendered in several {
                        n_rows +=
                            ok!(transaction.execute(cx, rendered.statement()).await).rows_affected;
                    }
                    ok!(transaction.commit(cx).await);
                }
            }
            Outcome::Ok(if counts {
                n_rows
            } else {
                self.rows.len() as u64
            })
        }
    }

    /// Runs the statement and returns the rows that were inserted or updated, as they are stored then.
    ///
    /// Rows that were left alone are not among them.
    pub fn all<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<Vec<R::Model>, Error>> + Send {
        async move {
            ok_result!(self.check_values());
            if const { <R::Model as Model>::IN_FAMILY } && family::is_family::<R::Model>() {
                return family::all(&self.rows, &self.conflict, cx, executor).await;
            }
            if !returns_rows(executor) {
                let outcomes = ok!(self.each_outcome(cx, executor).await);
                let written = outcomes.into_iter().filter(|one| !one.is_skipped());
                return Outcome::Ok(written.map(Upserted::into_row).collect());
            }
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
    }

    /// Tells whether MySQL could take another row for the one that is meant.
    fn has_other_key(&self) -> bool {
        self.conflict.other_key(&Plan::of(&self.rows)).is_some()
    }

    fn statements(
        &self,
        dialect: Dialect,
        max_parameters: usize,
        returning: Returning,
    ) -> Result<Vec<KnownStatement<'_>>, Error> {
        let plan = Plan::of(&self.rows);
        let runs = self.runs(&plan, dialect, max_parameters)?;
        let params = Params::Kept(Some(&self.conflict));
        let statement = |run: Range<usize>| {
            known(dialect, &|writer| {
                plan.write(writer, run.clone(), params, returning);
            })
        };
        runs.into_iter().map(statement).collect()
    }

    /// Splits the rows into those of one statement each.
    fn runs(
        &self,
        plan: &Plan<'_>,
        dialect: Dialect,
        max_parameters: usize,
    ) -> Result<Vec<Range<usize>>, Error> {
        self.conflict.check(plan, dialect)?;
        if dialect == Dialect::Mysql {
            self.conflict.refuse_other_keys(plan)?;
        }
        let max_parameters = max_parameters.saturating_sub(self.conflict.n_parameters(dialect));
        Ok(plan.inserts(dialect, max_parameters))
    }
}

/// Tells whether an upsert returns the rows that it wrote, and no others.
///
/// MariaDB's returns rows that it left alone, too.
fn returns_rows(executor: &impl Executor) -> bool {
    executor.capabilities().has_insert_returning && executor.dialect() != Dialect::Mysql
}
