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
use std::marker::PhantomData;

use sqlmodel_core::{
    Collect, Cx, DecodeError, Error, ErrorKind, Executor, Model, Outcome, Record, RowRead, RowSink,
    Tag, TransactionOps, Value, ok, ok_result,
};

use self::batch::Batch;
use self::statement::one_statement;
use super::conflict::{Change, Conflict};
use super::outcome::{Upserted, gone, is_equal};
use crate::expr::Token;
use crate::family::{
    ChainUpdate, Level, Part, check_assigned, encoded, insert_then_select, is_split, levels,
    parts_of_rows, select_by_keys,
};
use crate::insert::{Plan, Returning, insert_returning};
use crate::key::{KeyBytes, pick};
use crate::render::{RenderedStatement, Writer};
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
            Became::OtherModel(error) => Err(error),
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
        ok_result!(check(rows, conflict, executor));
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
        ok_result!(check(rows, conflict, executor));
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
fn check<R: Record>(
    rows: &[R],
    conflict: &Conflict,
    executor: &impl Executor,
) -> Result<Level, Error> {
    crate::family::check_concrete::<R::Model>()?;
    conflict.check_target(executor.dialect())?;
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
        let level = ok_result!(check(rows, conflict, executor));
        let mut transaction = ok!(executor.nested(cx).await);
        let batch = Batch {
            rows,
            conflict,
            level: &level,
        };
        let became = ok!(batch.run(cx, &mut transaction).await);
        ok!(transaction.commit(cx).await);
        Outcome::Ok(became)
    })
}

/// What became of a row, or the error that it is of another model.
enum Became<M> {
    Known(Upserted<M>),
    /// Only where nothing is done to rows that are there: otherwise it is an error at once.
    OtherModel(Error),
}

impl<M> Became<M> {
    /// Returns the row if it was inserted or updated.
    fn written(self) -> Option<M> {
        match self {
            Self::Known(upserted) if !upserted.is_skipped() => Some(upserted.into_row()),
            Self::Known(_) | Self::OtherModel(_) => None,
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
                if let Some(found) = ok!(self.find(cx, executor).await) {
                    if let Some(error) = self.other_model(&found) {
                        return refuse_other(self.conflict, error);
                    }
                    let updated = ok!(self.update(found, cx, executor).await);
                    return Outcome::Ok(Became::Known(updated));
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

    /// Returns the values of the conflict's key, unless no row can have it.
    fn key_values(&self) -> Option<Vec<Value<'static>>> {
        let plan = Plan::of(std::slice::from_ref(self.row));
        let target = self.conflict.target();
        let values = pick(target, plan.columns(), plan.row(0));
        let is_known = |value: &Value<'_>| !matches!(value, Value::Null | Value::Default);
        let values = values.into_iter().map(Value::into_owned);
        let values: Vec<_> = values.collect();
        values.iter().all(is_known).then_some(values)
    }

    /// Finds and locks the row of the family that has the key.
    async fn find<E: Executor>(&self, cx: &Cx, executor: &mut E) -> Outcome<Option<Found>, Error> {
        let Some(values) = self.key_values() else {
            return Outcome::Ok(None);
        };
        let rendered = ok_result!(self.render_find(values, executor));
        let mut rows = FoundRows::<<R::Model as Model>::Key>::default();
        ok!(executor.query(cx, rendered.statement(), &mut rows).await);
        Outcome::Ok(rows.found)
    }

    fn render_find(
        &self,
        values: Vec<Value<'static>>,
        executor: &impl Executor,
    ) -> Result<RenderedStatement<'static>, Error> {
        let inheritance = <R::Model as Model>::inheritance();
        let root = levels::<R::Model>().into_iter().next();
        let root = root.map_or(self.level.part, |root| root.part);
        let own = &self.level.part;
        let mut writer = Writer::for_executor(executor);
        writer.text("SELECT ");
        for column in root.key {
            writer.qualified(root.table, None, column);
            writer.text(", ");
        }
        writer.qualified(root.table, None, inheritance.discriminator.unwrap_or(""));
        writer.text(" FROM ");
        writer.table(own.schema, own.table);
        if own.table != root.table {
            writer.text(" JOIN ");
            writer.table(root.schema, root.table);
            for (position, (column, root_column)) in own.key.iter().zip(root.key).enumerate() {
                writer.text(if position == 0 { " ON " } else { " AND " });
                writer.qualified(root.table, None, root_column);
                writer.text(" = ");
                writer.qualified(own.table, None, column);
            }
        }
        for (position, (column, value)) in self.conflict.target().iter().zip(values).enumerate() {
            writer.text(if position == 0 { " WHERE " } else { " AND " });
            writer.qualified(own.table, None, column);
            writer.text(" = ");
            writer.param(value);
        }
        writer.token(&Token::PerDialect(["", " FOR UPDATE", " FOR UPDATE"]));
        writer.try_finish()
    }

    /// Updates the row that has the key, or leaves it alone.
    fn update<'a, E: Executor>(
        &'a self,
        found: Found,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Upserted<R::Model>> {
        Box::pin(async move {
            let key = found.key;
            let repaired = ok!(self.insert_missing(&key, cx, executor).await);
            let before = ok!(self.stored(&key, cx, executor).await);
            let plan = Plan::of(std::slice::from_ref(self.row));
            let change = ok_result!(self.conflict.for_row(plan.columns(), plan.row(0)));
            let Some(Change {
                assignments,
                mut conditions,
            }) = change
            else {
                return Outcome::Ok(Upserted::Skipped(before));
            };
            for (column, value) in R::Model::PRIMARY_KEY.iter().zip(&key) {
                conditions.push(vec![
                    Token::column(R::Model::ENTITY_NAME, None, column),
                    Token::Text(" = "),
                    Token::Param(value.clone()),
                ]);
            }
            let n_rows = if assignments.is_empty() {
                0
            } else {
                ok_result!(check_assigned::<R::Model>(&assignments));
                let update = ChainUpdate::<R::Model>::new(&assignments, &conditions);
                ok!(update.execute(cx, executor).await)
            };
            let after = ok!(self.stored(&key, cx, executor).await);
            Outcome::Ok(if is_equal(&before, &after) && !repaired {
                let is_skipped = n_rows == 0 && !assignments.is_empty();
                if is_skipped {
                    Upserted::Skipped(after)
                } else {
                    Upserted::Unchanged(after)
                }
            } else {
                Upserted::Updated(after)
            })
        })
    }

    async fn stored<E: Executor>(
        &self,
        key: &[Value<'static>],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<R::Model, Error> {
        let rows = ok!(select_by_keys::<R::Model, _>(vec![key.to_vec()], cx, executor).await);
        Outcome::Ok(ok_result!(rows.into_iter().next().ok_or_else(gone)))
    }

    /// Inserts the parts that a row of the model has lost, and tells whether there were any.
    async fn insert_missing<E: Executor>(
        &self,
        key: &[Value<'static>],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<bool, Error> {
        let mut is_repaired = false;
        for level in levels::<R::Model>().iter().skip(1) {
            let mut writer = Writer::for_executor(executor);
            writer.text("SELECT 1 FROM ");
            writer.table(level.part.schema, level.part.table);
            let identity = level.part.key.iter().zip(key.iter().cloned());
            key_condition(&mut writer, identity.collect());
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
                is_repaired = true;
            }
        }
        Outcome::Ok(is_repaired)
    }

    /// Returns the error that the row with the key is of another model, if it is.
    fn other_model(&self, found: &Found) -> Option<Error> {
        let accepted = <R::Model as Model>::inheritance().accepted;
        if accepted.iter().any(|tag| is_tag(*tag, &found.tag)) {
            return None;
        }
        let key: Vec<String> = R::Model::PRIMARY_KEY
            .iter()
            .zip(&found.key)
            .map(|(column, value)| format!("{column} = {}", shown(value)))
            .collect();
        Some(Error::new(
            ErrorKind::SubtypeConflict,
            format!(
                "the row of `{}` with {} has the key and is another model, {}",
                self.level.part.table,
                key.join(", "),
                shown(&found.tag)
            ),
        ))
    }
}

/// Refuses to update a row of another model; one that nothing is done to is left as it is.
fn refuse_other<M>(conflict: &Conflict, error: Error) -> Outcome<Became<M>, Error> {
    if conflict.does_nothing() {
        Outcome::Ok(Became::OtherModel(error))
    } else {
        Outcome::Err(error)
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::I16(int) => int.to_string(),
        Value::I32(int) => int.to_string(),
        Value::I64(int) => int.to_string(),
        Value::Text(text) => format!("'{text}'"),
        other => format!("{other:?}"),
    }
}

fn is_tag(tag: Tag, value: &Value<'_>) -> bool {
    match (tag, value) {
        (Tag::Text(tag), Value::Text(text)) => tag == text,
        (Tag::Int(tag), Value::I16(int)) => tag == i64::from(*int),
        (Tag::Int(tag), Value::I32(int)) => tag == i64::from(*int),
        (Tag::Int(tag), Value::I64(int)) => tag == *int,
        (Tag::Bool(tag), Value::Bool(bool)) => tag == *bool,
        // SQLite and MySQL have truth values as integers.
        (Tag::Bool(tag), Value::I16(int)) => i16::from(tag) == *int,
        (Tag::Bool(tag), Value::I32(int)) => i32::from(tag) == *int,
        (Tag::Bool(tag), Value::I64(int)) => i64::from(tag) == *int,
        _ => false,
    }
}

/// A row that has the key of an upsert.
#[derive(Debug, Clone)]
struct Found {
    key: Vec<Value<'static>>,
    tag: Value<'static>,
}

/// Takes the row that has the key of an upsert.
struct FoundRows<K> {
    found: Option<Found>,
    key: PhantomData<fn() -> K>,
}

impl<K> Default for FoundRows<K> {
    fn default() -> Self {
        Self {
            found: None,
            key: PhantomData,
        }
    }
}

impl<K: sqlmodel_core::Key> RowSink for FoundRows<K> {
    fn row<D: RowRead>(&mut self, row: &D) -> Result<std::ops::ControlFlow<()>, Error> {
        let read = || -> Result<Found, DecodeError> {
            let key = K::decode(row, 0)?;
            let tag = row.value(K::WIDTH)?.into_owned();
            Ok(Found {
                key: encoded(&key),
                tag,
            })
        };
        self.found = Some(read().map_err(|refused| refused.at_row::<K>(1))?);
        Ok(std::ops::ControlFlow::Break(()))
    }
}
