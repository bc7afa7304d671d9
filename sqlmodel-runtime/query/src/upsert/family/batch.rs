//! Upserts of rows of a family in a transaction, with a few statements for all of them.

use sqlmodel_core::{
    Cx, DecodeError, Dialect, Error, Executor, Key, Model, Outcome, Record, RowRead, RowSink,
    TransactionOps, Value, ok, ok_result,
};

use super::changes::changes;
use super::{Became, Found, Look, RowUpsert, refuse_other};
use crate::expr::Token;
use crate::family::{
    Level, Part, Read, encoded, insert_levels, is_split, levels, parts_of_rows, select_by_keys,
};
use crate::insert::{Params, Plan, Returning, insert_returning};
use crate::key::{KeyBytes, KeySet, pick};
use crate::render::{RenderedStatement, Writer};
use crate::upsert::conflict::Conflict;
use crate::upsert::outcome::{Upserted, gone, is_equal};

/// Rows to insert or to update.
pub(super) struct Batch<'a, R> {
    pub(super) rows: &'a [R],
    pub(super) conflict: &'a Conflict,
    /// The table that has the key.
    pub(super) level: &'a Level,
}

impl<R: Record> Batch<'_, R> {
    /// Inserts and updates the rows, and tells what became of each.
    pub(super) fn run<'a, E: Executor>(
        &'a self,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Vec<Became<R::Model>>> {
        Box::pin(async move {
            let mut became: Vec<Option<Became<R::Model>>> = Vec::new();
            became.resize_with(self.rows.len(), || None);
            if self.rows.len() > 1 {
                let mut found = ok!(self.find(Look::First, cx, executor).await);
                for (at, row) in found.iter_mut().enumerate() {
                    let error = row.as_ref().and_then(|row| self.row(at)?.other_model(row));
                    if let Some(error) = error {
                        *row = None;
                        let other = ok!(refuse_other(self.conflict, error));
                        set(&mut became, at, other);
                    }
                }
                let is_new = |at: &usize| {
                    let is_open = became.get(*at).is_some_and(Option::is_none);
                    is_open && found.get(*at).is_some_and(Option::is_none)
                };
                let new: Vec<usize> = (0..self.rows.len()).filter(is_new).collect();
                for (at, row) in ok!(self.insert(&new, cx, executor).await) {
                    set(&mut became, at, Became::Known(Upserted::Inserted(row)));
                }
                for (at, one) in ok!(self.update(found, cx, executor).await) {
                    set(&mut became, at, one);
                }
            }
            let mut all = Vec::with_capacity(became.len());
            for (at, one) in became.into_iter().enumerate() {
                match (one, self.row(at)) {
                    (Some(one), _) => all.push(one),
                    (None, Some(row)) => all.push(ok!(row.outcome(cx, executor).await)),
                    (None, None) => {}
                }
            }
            Outcome::Ok(all)
        })
    }

    fn row(&self, at: usize) -> Option<RowUpsert<'_, R>> {
        Some(RowUpsert {
            row: self.rows.get(at)?,
            conflict: self.conflict,
            level: self.level,
        })
    }

    fn pick(&self, numbers: &[usize]) -> Vec<&R> {
        numbers.iter().filter_map(|at| self.rows.get(*at)).collect()
    }

    /// Inserts rows that were not found, if nobody else has inserted one of them since.
    async fn insert<E: Executor>(
        &self,
        numbers: &[usize],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<(usize, R::Model)>, Error> {
        if numbers.is_empty() {
            return Outcome::Ok(Vec::new());
        }
        let rows = self.pick(numbers);
        let mut savepoint = ok!(executor.nested(cx).await);
        let inserted = if is_split::<R::Model>() {
            match insert_levels(&rows, cx, &mut savepoint).await {
                Outcome::Ok(keys) => {
                    select_by_keys::<R::Model, _>(keys, Read::Own, cx, &mut savepoint).await
                }
                Outcome::Err(error) => Outcome::Err(error),
                Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
                Outcome::Panicked(panic) => Outcome::Panicked(panic),
            }
        } else {
            insert_returning(&rows, cx, &mut savepoint).await
        };
        match inserted {
            Outcome::Ok(stored) if stored.len() == rows.len() => {
                ok!(savepoint.commit(cx).await);
                Outcome::Ok(numbers.iter().copied().zip(stored).collect())
            }
            Outcome::Ok(_) => Outcome::Err(gone()),
            Outcome::Err(error) if error.is_unique_violation() => {
                ok!(savepoint.rollback(cx).await);
                Outcome::Ok(Vec::new())
            }
            Outcome::Err(error) => Outcome::Err(error),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(panic) => Outcome::Panicked(panic),
        }
    }

    /// Updates rows that were found, or leaves them alone.
    async fn update<E: Executor>(
        &self,
        found: Vec<Option<Found>>,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<(usize, Became<R::Model>)>, Error> {
        let is_found = |at: &usize| found.get(*at).is_some_and(Option::is_some);
        let mut numbers: Vec<usize> = (0..found.len()).filter(is_found).collect();
        if numbers.is_empty() || !self.is_together(&numbers) {
            return Outcome::Ok(Vec::new());
        }
        let mut all = Vec::with_capacity(numbers.len());
        let mut keys = Vec::new();
        let mut repaired = Vec::new();
        numbers.clear();
        for (at, found) in found.into_iter().enumerate() {
            let (Some(found), Some(row)) = (found, self.row(at)) else {
                continue;
            };
            let error = row.lost_part(&found);
            repaired.push(error.is_some());
            match error {
                Some(error) if self.conflict.does_nothing() => {
                    all.push((at, Became::Unreadable(error)));
                    continue;
                }
                Some(_) => ok!(row.insert_missing(&found.key, cx, executor).await),
                None => {}
            }
            numbers.push(at);
            keys.push(found.key);
        }
        let before = ok!(stored::<R::Model, E>(&keys, cx, executor).await);
        if self.conflict.does_nothing() {
            let skipped = before.into_iter().map(Upserted::Skipped);
            all.extend(numbers.into_iter().zip(skipped.map(Became::Known)));
            return Outcome::Ok(all);
        }
        ok!(self.write(&numbers, &keys, cx, executor).await);
        let after = ok!(stored::<R::Model, E>(&keys, cx, executor).await);
        let pairs = before.into_iter().zip(after).zip(repaired);
        let upserted = pairs.map(|((before, after), is_repaired)| {
            Became::Known(if is_equal(&before, &after) && !is_repaired {
                Upserted::Unchanged(after)
            } else {
                Upserted::Updated(after)
            })
        });
        all.extend(numbers.into_iter().zip(upserted));
        Outcome::Ok(all)
    }

    /// Whether rows can be updated by the same statements: no filter chooses, and each table's values come from its own.
    fn is_together(&self, numbers: &[usize]) -> bool {
        let levels = levels::<R::Model>();
        let rows = self.pick(numbers);
        let columns = Plan::of(&rows).columns().to_vec();
        self.conflict.does_nothing()
            || (self.conflict.conditions().is_empty()
                && !self.conflict.assigns_target()
                && changes::<R::Model>(self.conflict, &levels, &columns).is_some())
    }

    /// Writes what is assigned to rows, by an upsert of each table's part by its key. The rows are there and locked.
    async fn write<E: Executor>(
        &self,
        numbers: &[usize],
        keys: &[Vec<Value<'static>>],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<(), Error> {
        let rows = self.pick(numbers);
        let levels = levels::<R::Model>();
        let plan = Plan::of(&rows);
        for run in plan.runs(usize::MAX) {
            let (Some(rows), Some(keys)) = (rows.get(run.clone()), keys.get(run.clone())) else {
                continue;
            };
            let given: Vec<_> = plan.given(run.start).map(|(column, _)| column).collect();
            let changes = changes::<R::Model>(self.conflict, &levels, &given);
            for (level, change) in levels.iter().zip(changes.unwrap_or_default()) {
                if change.assignments.is_empty() {
                    continue;
                }
                let plan = parts_of_rows(rows, level, keys);
                let max_parameters = executor.capabilities().max_parameters / 2;
                for run in plan.runs(max_parameters) {
                    let mut writer = Writer::for_executor(executor);
                    plan.write(&mut writer, run, Params::Kept(None), Returning::Nothing);
                    change.write_on_conflict(level.part.key, &[], &mut writer);
                    let rendered = ok_result!(writer.try_finish());
                    ok!(executor.execute(cx, rendered.statement()).await);
                }
            }
        }
        Outcome::Ok(())
    }

    /// Finds and locks the rows that have the keys.
    pub(super) async fn find<E: Executor>(
        &self,
        look: Look,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<Option<Found>>, Error> {
        let plan = Plan::of(self.rows);
        let mut keys = KeySet::default();
        let mut numbers = Vec::with_capacity(self.rows.len());
        for row in 0..self.rows.len() {
            let key = pick(self.conflict.target(), plan.columns(), plan.row(row));
            let key = key.into_iter().map(Value::into_owned);
            numbers.push(keys.insert(key.collect()));
        }
        if look == Look::First && executor.dialect() == Dialect::Mysql {
            let seen = ok!(self.find_keys(&keys, false, cx, executor).await);
            let is_seen = |number: &usize| seen.get(*number).is_some_and(Option::is_some);
            let mut only = KeySet::default();
            for (row, number) in numbers.iter_mut().enumerate() {
                *number = number.filter(is_seen).and_then(|_| {
                    let key = pick(self.conflict.target(), plan.columns(), plan.row(row));
                    only.insert(key.into_iter().map(Value::into_owned).collect())
                });
            }
            keys = only;
        }
        let by_key = ok!(self.find_keys(&keys, true, cx, executor).await);
        let take = |number: Option<usize>| by_key.get(number?)?.clone();
        Outcome::Ok(numbers.into_iter().map(take).collect())
    }

    /// Finds the rows that have some keys, by the number of the key.
    async fn find_keys<E: Executor>(
        &self,
        keys: &KeySet,
        is_locking: bool,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<Option<Found>>, Error> {
        let max_parameters = executor.capabilities().max_parameters;
        let own = self.level.part;
        let levels = levels::<R::Model>();
        let mut sink = FoundRows::<<R::Model as Model>::Key> {
            levels: &levels,
            keys,
            found: Vec::new(),
            key: std::marker::PhantomData,
        };
        sink.found.resize_with(keys.len(), || None);
        for condition in keys.conditions(own.table, self.conflict.target(), max_parameters) {
            let rendered = self.render_find(&levels, condition, is_locking, executor);
            let rendered = ok_result!(rendered);
            ok!(executor.query(cx, rendered.statement(), &mut sink).await);
        }
        Outcome::Ok(sink.found)
    }

    /// Renders the SELECT of rows with some keys: their primary key, their model, what they have in each table, and the key.
    fn render_find(
        &self,
        levels: &[Level],
        condition: Vec<Token>,
        is_locking: bool,
        executor: &impl Executor,
    ) -> Result<RenderedStatement<'static>, Error> {
        let inheritance = <R::Model as Model>::inheritance();
        let own = self.level.part;
        let root = levels.first().map_or(own, |root| root.part);
        let mut writer = Writer::for_executor(executor);
        writer.text("SELECT ");
        for column in root.key {
            writer.qualified(root.table, None, column);
            writer.text(", ");
        }
        writer.qualified(root.table, None, inheritance.discriminator.unwrap_or(""));
        for level in levels {
            writer.text(", ");
            let column = level.part.key.first().copied().unwrap_or("");
            writer.qualified(level.part.table, None, column);
        }
        for column in self.conflict.target() {
            writer.text(", ");
            writer.qualified(own.table, None, column);
        }
        writer.text(" FROM ");
        writer.table(own.schema, own.table);
        // The root's row is there, because the other tables refer to it.
        for level in levels.iter().filter(|level| level.part != own) {
            let part = level.part;
            writer.text(if part == root {
                " JOIN "
            } else {
                " LEFT JOIN "
            });
            writer.table(part.schema, part.table);
            for (position, (column, own_column)) in part.key.iter().zip(own.key).enumerate() {
                writer.text(if position == 0 { " ON " } else { " AND " });
                writer.qualified(part.table, None, column);
                writer.text(" = ");
                writer.qualified(own.table, None, own_column);
            }
        }
        writer.conditions(" WHERE ", &[condition]);
        if !is_locking {
            return writer.try_finish();
        }
        writer.token(&Token::PerDialect(["", " FOR UPDATE OF ", " FOR UPDATE"]));
        if writer.dialect() == Dialect::Postgres {
            writer.identifier(root.table);
            if own != root {
                writer.text(", ");
                writer.identifier(own.table);
            }
        }
        writer.try_finish()
    }
}

fn set<M>(became: &mut [Option<Became<M>>], at: usize, one: Became<M>) {
    if let Some(place) = became.get_mut(at) {
        *place = Some(one);
    }
}

/// Returns rows that are locked, in the order of their keys.
async fn stored<M: Model, E: Executor>(
    keys: &[Vec<Value<'static>>],
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<M>, Error> {
    let rows = select_by_keys::<M, _>(keys.to_vec(), Read::Locked, cx, executor);
    let rows = ok!(rows.await);
    if rows.len() == keys.len() {
        Outcome::Ok(rows)
    } else {
        Outcome::Err(gone())
    }
}

/// Takes the rows that have the keys of upserts.
struct FoundRows<'k, K> {
    levels: &'k [Level],
    keys: &'k KeySet,
    found: Vec<Option<Found>>,
    key: std::marker::PhantomData<fn() -> K>,
}

impl<K: Key> RowSink for FoundRows<'_, K> {
    fn row<D: RowRead>(&mut self, row: &D) -> Result<std::ops::ControlFlow<()>, Error> {
        let parts = K::WIDTH + 1..K::WIDTH + 1 + self.levels.len();
        let read = || -> Result<(Found, Vec<Value<'static>>), DecodeError> {
            let key = K::decode(row, 0)?;
            let tag = row.value(K::WIDTH)?.into_owned();
            let target = (parts.end..row.width()).map(|at| row.value(at).map(Value::into_owned));
            let mut parts = self.levels.iter().zip(parts.clone());
            let lost = parts.find(|(_, at)| row.is_null(*at));
            let found = Found {
                key: encoded(&key),
                tag,
                lost: lost.map(|(level, _)| level.part.table),
            };
            Ok((found, target.collect::<Result<_, _>>()?))
        };
        let (found, target) = read().map_err(|refused| refused.at_row::<K>(1))?;
        let number = KeyBytes::of(&target).and_then(|key| self.keys.number(&key));
        // A database whose texts are equal in another sense has found it by another of the keys.
        let number = number.or((self.keys.len() == 1).then_some(0));
        if let Some(place) = number.and_then(|number| self.found.get_mut(number)) {
            *place = Some(found);
        }
        Ok(std::ops::ControlFlow::Continue(()))
    }
}
