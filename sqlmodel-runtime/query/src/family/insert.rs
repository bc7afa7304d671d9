//! INSERT of rows that are in several tables: the root's first, which makes the key, then each table below it.

use std::ops::ControlFlow;

use sqlmodel_core::{
    Collect, Cx, Decode, Dialect, Error, ErrorKind, Executor, Key, Model, Outcome, Record, RowRead,
    RowSink, TransactionOps, Value, ok,
};

use crate::family::{Level, Part, levels, missing_tag};
use crate::insert::{Plan, Returning};
use crate::key::KeySet;
use crate::query::{Query, RowLock};
use crate::select::fetch;

/// Inserts rows and returns how many. All are stored or none.
pub(crate) fn insert<'a, R: Record, E: Executor>(
    rows: &'a [R],
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, u64> {
    Box::pin(async move {
        if rows.is_empty() {
            return Outcome::Ok(0);
        }
        let mut transaction = ok!(executor.nested(cx).await);
        ok!(insert_levels(rows, cx, &mut transaction).await);
        ok!(transaction.commit(cx).await);
        Outcome::Ok(rows.len() as u64)
    })
}

/// Inserts rows and returns them as they are stored, in the order they were given.
pub(crate) fn insert_then_select<'a, R: Record, E: Executor>(
    rows: &'a [R],
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<R::Model>> {
    Box::pin(async move {
        if rows.is_empty() {
            return Outcome::Ok(Vec::new());
        }
        let mut transaction = ok!(executor.nested(cx).await);
        let keys = ok!(insert_levels(rows, cx, &mut transaction).await);
        let stored = select_by_keys::<R::Model, _>(keys, Read::Own, cx, &mut transaction);
        let stored = ok!(stored.await);
        ok!(transaction.commit(cx).await);
        Outcome::Ok(stored)
    })
}

/// Inserts rows into every table and returns their keys.
pub(crate) fn insert_levels<'a, R: Record, E: Executor>(
    rows: &'a [R],
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<Vec<Value<'static>>>> {
    Box::pin(async move {
        let tables = Tables::of(rows);
        let mut levels = levels::<R::Model>().into_iter();
        let Some(root) = levels.next() else {
            return Outcome::Ok(Vec::new());
        };
        let keys = ok!(insert_root(rows, &tables, &root, cx, executor).await);
        for level in levels {
            let plan = tables.plan(&level, Some(&keys));
            for rendered in plan.into_statements(executor, Returning::Nothing) {
                ok!(executor.execute(cx, rendered.statement()).await);
            }
        }
        Outcome::Ok(keys)
    })
}

/// Inserts rows into the root's table and returns their keys.
async fn insert_root<R: Record, E: Executor>(
    rows: &[R],
    tables: &Tables<'_>,
    root: &Level,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<Vec<Value<'static>>>, Error> {
    let given = rows.iter().map(Record::primary_key_value);
    let given: Option<Vec<_>> = given.map(|key| key.as_ref().map(encoded)).collect();
    let plan = tables.plan(root, given.as_deref());
    if let Some(keys) = given {
        for rendered in plan.into_statements(executor, Returning::Nothing) {
            ok!(executor.execute(cx, rendered.statement()).await);
        }
        return Outcome::Ok(keys);
    }
    let mut keys = Keys::<<R::Model as Model>::Key>::new(rows.len());
    if executor.capabilities().has_insert_returning {
        for rendered in plan.into_statements(executor, Returning::Key(root.part.key)) {
            ok!(executor.query(cx, rendered.statement(), &mut keys).await);
        }
        return keys.into_values(rows.len());
    }
    for (at, row) in rows.iter().enumerate() {
        let rendered = plan.render(executor.dialect(), at..at + 1, Returning::Nothing);
        let done = ok!(executor.execute(cx, rendered.statement()).await);
        match (row.primary_key_value(), done.last_insert_id) {
            (Some(key), _) => keys.values.push(encoded(&key)),
            (None, Some(id)) => keys.values.push(vec![Value::I64(id)]),
            (None, None) => {
                let error =
                    Error::unsupported("the database did not tell the key of the inserted row");
                return Outcome::Err(error.with_sql(&rendered.sql));
            }
        }
    }
    keys.into_values(rows.len())
}

/// Plans the part that one table has of rows whose keys are known.
pub(crate) fn parts_of_rows<'r, R: Record>(
    rows: &'r [R],
    level: &Level,
    keys: &[Vec<Value<'static>>],
) -> Plan<'r> {
    Tables::of(rows).plan(level, Some(keys))
}

pub(crate) fn encoded<K: Key>(key: &K) -> Vec<Value<'static>> {
    let mut values = Vec::new();
    key.encode_key(&mut values);
    values.into_iter().map(Value::into_owned).collect()
}

/// The values of rows, which several tables share.
struct Tables<'r> {
    n_rows: usize,
    columns: Vec<&'static str>,
    values: Vec<Value<'r>>,
}

impl<'r> Tables<'r> {
    fn of<R: Record>(rows: &'r [R]) -> Self {
        let tag = missing_tag::<R>();
        let mut values = Vec::new();
        for row in rows {
            row.to_row(&mut values);
            values.extend(tag.map(|(_, tag)| tag.value()));
        }
        let mut columns = R::COLUMNS.to_vec();
        columns.extend(tag.map(|(column, _)| column));
        Self {
            n_rows: rows.len(),
            columns,
            values,
        }
    }

    /// Plans the rows of one table, with keys where they are known.
    fn plan(&self, level: &Level, keys: Option<&[Vec<Value<'static>>]>) -> Plan<'r> {
        let is_here = |column: &&'static str| {
            let is_key = level.part.key.contains(column);
            let is_own = level.fields.iter().any(|field| field.column == *column);
            is_own || (is_key && keys.is_none())
        };
        let positions: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| is_here(column))
            .map(|(position, _)| position)
            .collect();
        let n_key = if keys.is_some() {
            level.part.key.len()
        } else {
            0
        };
        let mut columns = Vec::with_capacity(n_key + positions.len());
        columns.extend(level.part.key.iter().take(n_key).copied());
        columns.extend(positions.iter().filter_map(|at| self.columns.get(*at)));
        let mut values = Vec::with_capacity(self.n_rows * columns.len());
        for row in 0..self.n_rows {
            let key = keys.and_then(|keys| keys.get(row));
            values.extend(key.into_iter().flatten().cloned());
            let first = row * self.columns.len();
            let own = positions
                .iter()
                .filter_map(|at| self.values.get(first + at));
            values.extend(own.cloned());
        }
        Plan::of_table(level.part, columns, self.n_rows, values)
    }
}

/// Reads keys as their type, so that they compare equal to those of models.
struct Keys<K> {
    values: Vec<Vec<Value<'static>>>,
    key: std::marker::PhantomData<fn() -> K>,
}

impl<K> Keys<K> {
    fn new(n_rows: usize) -> Self {
        Self {
            values: Vec::with_capacity(n_rows),
            key: std::marker::PhantomData,
        }
    }

    fn into_values(self, n_rows: usize) -> Outcome<Vec<Vec<Value<'static>>>, Error> {
        if self.values.len() == n_rows {
            return Outcome::Ok(self.values);
        }
        let message = format!(
            "{n_rows} rows were inserted, and the keys of {} came back",
            self.values.len()
        );
        Outcome::Err(Error::new(ErrorKind::Database, message))
    }
}

impl<K: Key> RowSink for Keys<K> {
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        match <K as Decode>::decode(row, 0) {
            Ok(key) => self.values.push(encoded(&key)),
            Err(refused) => {
                let row_number = self.values.len() as u64 + 1;
                return Err(refused.at_row::<K>(row_number));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Why rows can be read by their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// The transaction has inserted them.
    Own,
    /// The transaction has locked them.
    ///
    /// What MySQL reads without a lock may be older than what was locked: it is what there was when a transaction read first.
    Locked,
}

impl Read {
    /// Makes a query of rows see them as they are.
    pub(crate) fn apply(self, query: &mut Query, dialect: Dialect) {
        if self == Self::Locked && dialect == Dialect::Mysql {
            query.rare_mut().lock = Some(RowLock::UPDATE);
        }
    }
}

/// Returns the rows with these keys, in the order of the keys; rows that are gone are left out.
pub(crate) fn select_by_keys<'a, M: Model, E: Executor>(
    keys: Vec<Vec<Value<'static>>>,
    read: Read,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<M>> {
    Box::pin(async move {
        let mut set = KeySet::default();
        for key in keys {
            set.insert(key);
        }
        let mut found: Vec<Option<M>> = (0..set.len()).map(|_| None).collect();
        let max_parameters = executor.capabilities().max_parameters;
        for condition in set.conditions(M::ENTITY_NAME, M::PRIMARY_KEY, max_parameters) {
            let mut query = Query::of::<M>();
            query.conditions.push(condition);
            read.apply(&mut query, executor.dialect());
            let rows: Vec<M> = ok!(fetch(&query, cx, executor, Collect::all()).await);
            let numbers = set.numbers_of(rows.iter(), M::PRIMARY_KEY);
            for (row, number) in rows.into_iter().zip(numbers) {
                let place = number.and_then(|number| found.get_mut(number));
                if let Some(place) = place {
                    *place = Some(row);
                }
            }
        }
        Outcome::Ok(found.into_iter().flatten().collect())
    })
}
