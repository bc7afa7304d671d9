//! Upserts of models that extend others, or that others extend.
//!
//! The row that has the key may be of another model of the family, and its parts are in several tables; a key of a child's table
//! is found there, and the key of the root here.
//!
//! PostgreSQL does it in one statement where the root has the key and each table's values come from its own. Everything else is
//! a transaction: find and lock the rows with the keys, then update them as what they are, and insert the others, with one
//! statement for each table. Where a value needs several tables, or a filter chooses, rows are updated one by one. An insert that
//! meets a row which somebody else has inserted since is undone by its savepoint, and its rows are looked for one by one.

mod batch;
mod changes;
mod statement;

use std::collections::HashSet;

use sqlmodel_core::{
    Collect, Cx, Error, ErrorKind, Executor, Model, Outcome, Record, TransactionOps, Value, ok,
    ok_result,
};

use self::batch::Batch;
use self::statement::one_statement;
use super::conflict::{Change, Conflict};
use super::outcome::{Upserted, gone, is_equal};
use crate::expr::Token;
use crate::family::{
    ChainUpdate, Level, Part, Read, check_assigned, insert_then_select, is_split, is_tag, levels,
    parts_of_rows, select_by_keys, shown, shown_key,
};
use crate::insert::{Plan, Returning, insert_returning};
use crate::key::{KeyBytes, pick};
use crate::query::Query;
use crate::render::Writer;
use crate::select::fetch;
use crate::update::{expect_one_row, key_condition};

/// How often an insert that meets a row of somebody else is tried as an update.
const MAX_TRIES: usize = 4;

/// Tells whether rows with the key may be of other models, or are in several tables.
pub(super) fn is_family<M: Model>() -> bool {
    M::inheritance().discriminator.is_some()
}

/// Inserts or updates each row and tells what became of it.
pub(super) fn outcomes<'a, R: Record, E: Executor>(
    rows: &'a [R],
    conflict: &'a Conflict,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<Upserted<R::Model>>> {
    Box::pin(async move {
        let became = ok!(in_transaction(rows, conflict, cx, executor).await);
        let known = |one| match one {
            Became::Known(upserted) => Ok(upserted),
            Became::Unreadable(error) => Err(error),
        };
        Outcome::Ok(ok_result!(became.into_iter().map(known).collect()))
    })
}

/// Inserts or updates rows and returns how many.
pub(super) fn count<'a, R: Record, E: Executor>(
    rows: &'a [R],
    conflict: &'a Conflict,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, u64> {
    Box::pin(async move {
        ok_result!(check(rows, conflict));
        if let Some(written) = ok!(one_statement::<i64, R, E>(rows, conflict, cx, executor).await) {
            return Outcome::Ok(written.len() as u64);
        }
        let became = ok!(in_transaction(rows, conflict, cx, executor).await);
        Outcome::Ok(became.into_iter().filter_map(Became::written).count() as u64)
    })
}

/// Inserts or updates rows and returns them as they are stored then.
pub(super) fn all<'a, R: Record, E: Executor>(
    rows: &'a [R],
    conflict: &'a Conflict,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<R::Model>> {
    Box::pin(async move {
        ok_result!(check(rows, conflict));
        let written =
            ok!(one_statement::<(i64, R::Model), R, E>(rows, conflict, cx, executor).await);
        if let Some(written) = written {
            return Outcome::Ok(written.into_iter().map(|(_, row)| row).collect());
        }
        let became = ok!(in_transaction(rows, conflict, cx, executor).await);
        Outcome::Ok(became.into_iter().filter_map(Became::written).collect())
    })
}

/// Refuses what would not mean the same on every dialect.
fn check<R: Record>(rows: &[R], conflict: &Conflict) -> Result<Level, Error> {
    crate::family::check_concrete::<R::Model>()?;
    conflict.check_whole_key()?;
    refuse_equal_keys(rows, conflict)?;
    level_of_target::<R::Model>(conflict.target())
}

/// Runs the upsert step by step.
fn in_transaction<'a, R: Record, E: Executor>(
    rows: &'a [R],
    conflict: &'a Conflict,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<Became<R::Model>>> {
    Box::pin(async move {
        let level = ok_result!(check(rows, conflict));
        let batch = Batch {
            rows,
            conflict,
            level: &level,
        };
        let mut n_tries = 0;
        loop {
            n_tries += 1;
            let became = in_own_transaction(&batch, cx, executor).await;
            // Whoever loses against others may begin again, unless it is somebody else's transaction that has to.
            let may_retry = n_tries < MAX_TRIES && !executor.is_transaction();
            let lost = |error: &Error| {
                matches!(error.kind(), ErrorKind::Serialization | ErrorKind::Deadlock)
            };
            match became {
                Outcome::Err(error) if may_retry && lost(&error) => {}
                other => return other,
            }
        }
    })
}

async fn in_own_transaction<R: Record, E: Executor>(
    batch: &Batch<'_, R>,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<Became<R::Model>>, Error> {
    let mut transaction = ok!(executor.nested(cx).await);
    let became = ok!(batch.run(cx, &mut transaction).await);
    ok!(transaction.commit(cx).await);
    Outcome::Ok(became)
}

/// What became of a row, or the error that it cannot be told as a row of the model.
enum Became<M> {
    Known(Upserted<M>),
    /// The row was left alone, and is of another model or has lost a part.
    Unreadable(Error),
}

impl<M> Became<M> {
    /// Returns the row if it was inserted or updated.
    fn written(self) -> Option<M> {
        match self {
            Self::Known(upserted) if !upserted.is_skipped() => Some(upserted.into_row()),
            Self::Known(_) | Self::Unreadable(_) => None,
        }
    }
}

/// Returns the table that has the columns of a key.
fn level_of_target<M: Model>(target: &[&'static str]) -> Result<Level, Error> {
    let has_all = |level: &Level| {
        target.iter().all(|column| {
            level.part.key.contains(column) || level.fields.iter().any(|it| it.column == *column)
        })
    };
    levels::<M>().into_iter().find(has_all).ok_or_else(|| {
        Error::usage(format!(
            "`{}` are in several tables of `{}`, and so no unique key",
            target.join("`, `"),
            M::ENTITY_NAME
        ))
    })
}

/// Rows that would update each other have no order that all databases agree on.
fn refuse_equal_keys<R: Record>(rows: &[R], conflict: &Conflict) -> Result<(), Error> {
    if conflict.does_nothing() {
        return Ok(());
    }
    let plan = Plan::of(rows);
    let mut seen = HashSet::new();
    for row in 0..rows.len() {
        let key = KeyBytes::of(&pick(conflict.target(), plan.columns(), plan.row(row)));
        if key.is_some_and(|key| !seen.insert(key)) {
            return Err(Error::usage(
                "two of the rows have the same unique key and would update each other",
            ));
        }
    }
    Ok(())
}

/// The upsert of one row.
struct RowUpsert<'a, R> {
    row: &'a R,
    conflict: &'a Conflict,
    level: &'a Level,
}

impl<R: Record> RowUpsert<'_, R> {
    fn outcome<'a, E: Executor>(
        &'a self,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Became<R::Model>> {
        Box::pin(async move {
            let mut is_second_try = false;
            for _ in 0..MAX_TRIES {
                let look = match is_second_try {
                    false => Look::First,
                    true => Look::Again,
                };
                if let Some(found) = ok!(self.find(look, cx, executor).await) {
                    if let Some(error) = self.other_model(&found) {
                        return refuse_other(self.conflict, error);
                    }
                    return self.update(found, cx, executor).await;
                }
                let mut savepoint = ok!(executor.nested(cx).await);
                match self.insert(cx, &mut savepoint).await {
                    Outcome::Ok(row) => {
                        ok!(savepoint.commit(cx).await);
                        return Outcome::Ok(Became::Known(Upserted::Inserted(row)));
                    }
                    Outcome::Err(error) if error.is_unique_violation() => {
                        ok!(savepoint.rollback(cx).await);
                        if std::mem::replace(&mut is_second_try, true) {
                            // The row is still not there: another key is taken.
                            return Outcome::Err(error);
                        }
                    }
                    Outcome::Err(error) => return Outcome::Err(error),
                    Outcome::Cancelled(reason) => return Outcome::Cancelled(reason),
                    Outcome::Panicked(panic) => return Outcome::Panicked(panic),
                }
            }
            Outcome::Err(Error::new(
                ErrorKind::Serialization,
                "others inserted and deleted the row of the upsert at the same time",
            ))
        })
    }

    fn insert<'a, E: Executor>(&'a self, cx: &'a Cx, executor: &'a mut E) -> Part<'a, R::Model> {
        Box::pin(async move {
            let rows = std::slice::from_ref(self.row);
            let stored = if is_split::<R::Model>() {
                ok!(insert_then_select(rows, cx, executor).await)
            } else {
                ok!(insert_returning(rows, cx, executor).await)
            };
            Outcome::Ok(ok_result!(stored.into_iter().next().ok_or_else(gone)))
        })
    }

    /// Finds and locks the row of the family that has the key.
    async fn find<E: Executor>(
        &self,
        look: Look,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<Found>, Error> {
        let batch = Batch {
            rows: std::slice::from_ref(self.row),
            conflict: self.conflict,
            level: self.level,
        };
        let found = ok!(batch.find(look, cx, executor).await);
        Outcome::Ok(found.into_iter().next().flatten())
    }

    /// Updates the row that has the key, or leaves it alone.
    ///
    /// Parts that it has lost are inserted if something is done to it.
    fn update<'a, E: Executor>(
        &'a self,
        found: Found,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Became<R::Model>> {
        Box::pin(async move {
            let plan = Plan::of(std::slice::from_ref(self.row));
            let change = ok_result!(self.conflict.for_row(plan.columns(), plan.row(0)));
            let key = &found.key;
            let Some(mut change) = change else {
                if let Some(error) = self.lost_part(&found) {
                    return Outcome::Ok(Became::Unreadable(error));
                }
                let stored = ok!(self.stored(key, cx, executor).await);
                return Outcome::Ok(Became::Known(Upserted::Skipped(stored)));
            };
            let is_filtered = !change.conditions.is_empty();
            for (column, value) in R::Model::PRIMARY_KEY.iter().zip(key) {
                change.conditions.push(vec![
                    Token::column(R::Model::ENTITY_NAME, None, column),
                    Token::Text(" = "),
                    Token::Param(value.clone()),
                ]);
            }
            let Some(error) = self.lost_part(&found) else {
                let updated = ok!(self.change(key, change, cx, executor).await);
                return Outcome::Ok(Became::Known(updated));
            };
            let mut savepoint = ok!(executor.nested(cx).await);
            ok!(self.insert_missing(key, cx, &mut savepoint).await);
            if is_filtered && !ok!(self.is_chosen(&change, cx, &mut savepoint).await) {
                ok!(savepoint.rollback(cx).await);
                return Outcome::Ok(Became::Unreadable(error));
            }
            let updated = ok!(self.change(key, change, cx, &mut savepoint).await);
            ok!(savepoint.commit(cx).await);
            Outcome::Ok(Became::Known(Upserted::Updated(updated.into_row())))
        })
    }

    /// Tells whether a row is chosen to be changed.
    async fn is_chosen<E: Executor>(
        &self,
        change: &Change,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<bool, Error> {
        let mut query = Query::of::<R::Model>();
        query.conditions.clone_from(&change.conditions);
        Read::Locked.apply(&mut query, executor.dialect());
        let rows: Vec<R::Model> = ok!(fetch(&query, cx, executor, Collect::up_to(1)).await);
        Outcome::Ok(!rows.is_empty())
    }

    /// Changes a row that has all its parts.
    fn change<'a, E: Executor>(
        &'a self,
        key: &'a [Value<'static>],
        change: Change,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Upserted<R::Model>> {
        Box::pin(async move {
            let Change {
                assignments,
                conditions,
            } = change;
            let before = ok!(self.stored(key, cx, executor).await);
            let n_rows = if assignments.is_empty() {
                0
            } else {
                ok_result!(check_assigned::<R::Model>(&assignments));
                let update = ChainUpdate::<R::Model>::new(&assignments, &conditions);
                ok!(update.execute(cx, executor).await)
            };
            let after = ok!(self.stored(key, cx, executor).await);
            let is_skipped = n_rows == 0 && !assignments.is_empty();
            Outcome::Ok(match is_equal(&before, &after) {
                true if is_skipped => Upserted::Skipped(after),
                true => Upserted::Unchanged(after),
                false => Upserted::Updated(after),
            })
        })
    }

    async fn stored<E: Executor>(
        &self,
        key: &[Value<'static>],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<R::Model, Error> {
        let keys = vec![key.to_vec()];
        let rows = ok!(select_by_keys::<R::Model, _>(keys, Read::Locked, cx, executor).await);
        Outcome::Ok(ok_result!(rows.into_iter().next().ok_or_else(gone)))
    }

    /// Inserts the parts that a row of the model has lost.
    async fn insert_missing<E: Executor>(
        &self,
        key: &[Value<'static>],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<(), Error> {
        for level in levels::<R::Model>().iter().skip(1) {
            let mut writer = Writer::for_executor(executor);
            writer.text("SELECT 1 FROM ");
            writer.table(level.part.schema, level.part.table);
            let identity = level.part.key.iter().zip(key.iter().cloned());
            key_condition(&mut writer, identity.collect());
            // A part that is there may be newer than what MySQL reads without a lock.
            writer.token(&Token::PerDialect(["", "", " FOR UPDATE"]));
            let rendered = ok_result!(writer.try_finish());
            let mut rows = Collect::<i64>::up_to(1);
            ok!(executor.query(cx, rendered.statement(), &mut rows).await);
            if rows.into_rows().is_empty() {
                let rows = std::slice::from_ref(self.row);
                let plan = parts_of_rows(rows, level, &[key.to_vec()]);
                for rendered in plan.into_statements(executor, Returning::Nothing) {
                    let done = ok!(executor.execute(cx, rendered.statement()).await);
                    ok!(expect_one_row::<R::Model>(
                        done.rows_affected,
                        "insert",
                        &rendered.sql
                    ));
                }
            }
        }
        Outcome::Ok(())
    }

    /// Returns the error that the row with the key has lost a part, if it has.
    fn lost_part(&self, found: &Found) -> Option<Error> {
        let table = found.lost?;
        let root = levels::<R::Model>().into_iter().next();
        let root = root.map_or(self.level.part, |root| root.part);
        let text = format!(
            "the row of `{}` with {} is marked as {}, and it has no row in `{table}`",
            root.table,
            shown_key(root.key, &found.key),
            shown(&found.tag)
        );
        Some(Error::new(ErrorKind::Decode, text))
    }

    /// Returns the error that the row with the key is of another model, if it is.
    fn other_model(&self, found: &Found) -> Option<Error> {
        let accepted = <R::Model as Model>::inheritance().accepted;
        if accepted.iter().any(|tag| is_tag(*tag, &found.tag)) {
            return None;
        }
        Some(Error::new(
            ErrorKind::SubtypeConflict,
            format!(
                "the row of `{}` with {} has the key and is another model, {}",
                self.level.part.table,
                shown_key(R::Model::PRIMARY_KEY, &found.key),
                shown(&found.tag)
            ),
        ))
    }
}

/// Refuses to update a row of another model; one that nothing is done to is left as it is.
fn refuse_other<M>(conflict: &Conflict, error: Error) -> Outcome<Became<M>, Error> {
    if conflict.does_nothing() {
        Outcome::Ok(Became::Unreadable(error))
    } else {
        Outcome::Err(error)
    }
}

/// How rows with the keys are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// As if there were none: MySQL's lock of a key that is not there would keep others from inserting it.
    First,
    /// After an insert has met one.
    Again,
}

/// A row that has the key of an upsert.
#[derive(Debug, Clone)]
struct Found {
    key: Vec<Value<'static>>,
    tag: Value<'static>,
    /// A table that should have a part of the row, and has none.
    lost: Option<&'static str>,
}
