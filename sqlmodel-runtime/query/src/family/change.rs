//! UPDATE and DELETE of rows that are in several tables.
//!
//! What rows are meant and what they get is decided once, by the state before the statement, whichever way it is written:
//!
//! | what is assigned | PostgreSQL | SQLite, MySQL |
//! |---|---|---|
//! | columns of one table, from values of that table | `UPDATE t .. WHERE key IN (SELECT ..)` | the same |
//! | anything else | one statement: `WITH chosen AS (SELECT .. FOR UPDATE), .. UPDATE ..` | a transaction: SELECT of the keys, UPDATE by key of each table |
//! | a delete | one statement: `WITH chosen .., DELETE ..` | a transaction: SELECT of the keys, DELETE by key, leaves first |

use std::marker::PhantomData;
use std::ops::ControlFlow;

use sqlmodel_core::{
    Collect, Cx, Decode, Dialect, Error, Executor, Key, Model, Outcome, RowRead, RowSink,
    TablePart, TransactionOps, Value, ok, ok_result,
};

use crate::expr::Token;
use crate::family::Part;
use crate::family::insert::{encoded, select_by_keys};
use crate::family::levels;
use crate::key::KeySet;
use crate::query::{Columns, Query, RowLock};
use crate::render::{Rename, RenderedStatement, Writer};
use crate::update::{Assignment, SetList, automatic, key_condition};

/// The rows that a statement is about, as PostgreSQL names them within it.
const CHOSEN: &str = "chosen";

/// An UPDATE over the tables of `M`.
pub(crate) struct ChainUpdate<M> {
    tables: Vec<TableUpdate>,
    conditions: Vec<Vec<Token>>,
    model: PhantomData<fn() -> M>,
}

/// What an UPDATE assigns in one table.
struct TableUpdate {
    part: TablePart,
    assignments: Vec<Assignment>,
}

/// What an expression reads.
#[derive(Debug, Default)]
struct Reads {
    tables: Vec<&'static str>,
    /// It contains a query, which may read anything.
    is_opaque: bool,
}

impl Reads {
    fn of<M: Model>(tokens: &[Token]) -> Self {
        let mut reads = Self::default();
        for token in tokens {
            match token {
                Token::Column { table, .. } if *table == M::ENTITY_NAME => {
                    reads.tables.push(M::TABLE_NAME);
                }
                Token::Inherited { entity, table, .. } if *entity == M::ENTITY_NAME => {
                    reads.tables.push(table);
                }
                Token::Text(_)
                | Token::PerDialect(_)
                | Token::Param(_)
                | Token::Number(_)
                | Token::Tag(_)
                | Token::DecimalOrder
                | Token::Refused(..) => {}
                _ => reads.is_opaque = true,
            }
        }
        reads
    }

    /// Whether nothing but columns of one table is read.
    fn is_within(&self, table: &str) -> bool {
        !self.is_opaque && self.tables.iter().all(|read| *read == table)
    }
}

impl<M: Model> ChainUpdate<M> {
    /// Finds the table of each assignment, and adds what every update of those tables stores.
    ///
    /// The root's table is written whenever any of them is, for its version and its time of change.
    pub(crate) fn new(assignments: &[Assignment], conditions: &[Vec<Token>]) -> Self {
        let mut tables = Vec::new();
        for (position, level) in levels::<M>().into_iter().enumerate() {
            let is_here = |column: &str| level.fields.iter().any(|field| field.column == column);
            let mut own: Vec<Assignment> = assignments
                .iter()
                .filter(|(column, _)| is_here(column))
                .cloned()
                .collect();
            if !own.is_empty() || position == 0 {
                for field in &level.fields {
                    let is_assigned = own.iter().any(|(column, _)| *column == field.column);
                    let value = automatic(M::ENTITY_NAME, field);
                    if let (false, Some(value)) = (is_assigned, value) {
                        own.push((field.column, value));
                    }
                }
            }
            if !own.is_empty() {
                tables.push(TableUpdate {
                    part: level.part,
                    assignments: own,
                });
            }
        }
        Self {
            tables,
            conditions: conditions.to_vec(),
            model: PhantomData,
        }
    }

    /// Runs the update and returns the number of rows of `M` that it was about.
    pub(crate) fn execute<'a, E: Executor>(
        &'a self,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, u64> {
        Box::pin(async move {
            let dialect = executor.dialect();
            if let Some(table) = self.only_table() {
                let rendered = ok_result!(self.render_one(table, dialect));
                let done = ok!(executor.execute(cx, rendered.statement()).await);
                return Outcome::Ok(done.rows_affected);
            }
            if dialect == Dialect::Postgres {
                let rendered = ok_result!(self.render_postgres(false));
                return count(&rendered, cx, executor).await;
            }
            let mut transaction = ok!(executor.nested(cx).await);
            let keys = ok!(self.step_by_step(cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(keys.len() as u64)
        })
    }

    /// Runs the update and returns the rows as they are stored then.
    pub(crate) fn all<'a, E: Executor>(
        &'a self,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Vec<M>> {
        Box::pin(async move {
            if executor.dialect() == Dialect::Postgres {
                let rendered = ok_result!(self.render_postgres(true));
                let mut rows = Collect::all();
                ok!(executor.query(cx, rendered.statement(), &mut rows).await);
                return Outcome::Ok(rows.into_rows());
            }
            let mut transaction = ok!(executor.nested(cx).await);
            let keys = ok!(self.step_by_step(cx, &mut transaction).await);
            let rows = ok!(select_by_keys::<M, _>(keys, cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(rows)
        })
    }

    /// Returns the text for what needs one statement, or that of PostgreSQL.
    pub(crate) fn render(&self, dialect: Dialect) -> Result<RenderedStatement<'static>, Error> {
        match self.only_table() {
            Some(table) => self.render_one(table, dialect),
            None if dialect == Dialect::Postgres => self.render_postgres(false),
            None => Err(Error::unsupported(format!(
                "rows of `{}` are in several tables, which takes a transaction here: run the update to see its statements",
                M::ENTITY_NAME
            ))),
        }
    }

    /// Returns the table, if all that is assigned is in one and needs no other for its value.
    fn only_table(&self) -> Option<&TableUpdate> {
        match &*self.tables {
            [only] => {
                let table = only.part.table;
                let mut values = only.assignments.iter();
                let is_within = values.all(|(_, value)| Reads::of::<M>(value).is_within(table));
                is_within.then_some(only)
            }
            _ => None,
        }
    }

    fn render_one(
        &self,
        table: &TableUpdate,
        dialect: Dialect,
    ) -> Result<RenderedStatement<'static>, Error> {
        let mut writer = Writer::new(dialect);
        writer.text("UPDATE ");
        writer.table(table.part.schema, table.part.table);
        let is_own = table.part.table == M::TABLE_NAME;
        let is_here = |condition: &Vec<Token>| Reads::of::<M>(condition).is_within(M::TABLE_NAME);
        let renames = vec![rename::<M>(&table.part)];
        writer.with_renames(renames, |writer| {
            let assignments =
                writer.in_order_of_evaluation(M::ENTITY_NAME, table.assignments.clone());
            SetList::write(&assignments, writer);
        });
        let is_whole = is_own && !M::inheritance().is_without_table;
        if is_whole && self.conditions.iter().all(is_here) {
            writer.with_renames(vec![rename::<M>(&table.part)], |writer| {
                writer.conditions(" WHERE ", &self.conditions);
            });
        } else {
            // A row of the base that is of another model is not meant.
            write_is_chosen::<M>(&table.part, &self.conditions, &mut writer);
        }
        writer.try_finish()
    }

    fn render_postgres(&self, returns_rows: bool) -> Result<RenderedStatement<'static>, Error> {
        let mut captured = key_tokens::<M>();
        let mut writer = Writer::new(Dialect::Postgres);
        for table in &self.tables {
            for (_, value) in &table.assignments {
                if !Reads::of::<M>(value).is_within(table.part.table) {
                    captured.push(value.clone());
                }
            }
        }
        write_chosen::<M>(captured, &self.conditions, &mut writer);
        let mut next = M::PRIMARY_KEY.len();
        for (number, table) in self.tables.iter().enumerate() {
            writer.text(", ");
            writer.made_identifier(&changed(number));
            writer.text(" AS (UPDATE ");
            writer.table(table.part.schema, table.part.table);
            let mut list = SetList::default();
            writer.with_renames(vec![rename::<M>(&table.part)], |writer| {
                for (column, value) in &table.assignments {
                    list.column(writer, column);
                    if Reads::of::<M>(value).is_within(table.part.table) {
                        writer.tokens(value);
                    } else {
                        next += 1;
                        writer.identifier(CHOSEN);
                        writer.text(".");
                        writer.column_alias(next - 1);
                    }
                }
            });
            writer.text(" FROM ");
            writer.identifier(CHOSEN);
            write_key_match(table.part.table, &table.part, " WHERE ", &mut writer);
            writer.text(" RETURNING ");
            writer.identifier(table.part.table);
            writer.text(".*)");
        }
        writer.text(" SELECT ");
        if returns_rows {
            self.write_rows(&mut writer);
        } else {
            writer.text("count(*)");
            writer.text(" FROM ");
            writer.identifier(CHOSEN);
        }
        writer.try_finish()
    }

    /// Writes the columns of `M` as they are after the update, and the tables that they are in.
    fn write_rows(&self, writer: &mut Writer<'_>) {
        let name_of = |table: &str| {
            let number = self.tables.iter().position(|it| it.part.table == table);
            number.map_or_else(|| table.to_owned(), changed)
        };
        for (position, field) in M::fields().iter().enumerate() {
            if position > 0 {
                writer.text(", ");
            }
            let table = field.inherited_from.unwrap_or(M::TABLE_NAME);
            writer.made_qualified(&name_of(table), field.column);
        }
        writer.text(" FROM ");
        writer.identifier(CHOSEN);
        for level in levels::<M>() {
            writer.text(" JOIN ");
            let name = name_of(level.part.table);
            if name == level.part.table {
                writer.table(level.part.schema, level.part.table);
            } else {
                writer.made_identifier(&name);
            }
            write_key_match(&name, &level.part, " ON ", writer);
        }
    }

    /// Selects and locks the rows, then writes table after table; returns the keys.
    fn step_by_step<'a, E: Executor>(
        &'a self,
        cx: &'a Cx,
        executor: &'a mut E,
    ) -> Part<'a, Vec<Vec<Value<'static>>>> {
        Box::pin(async move {
            let mut captured = key_tokens::<M>();
            for (number, table) in self.tables.iter().enumerate() {
                for (_, value) in &table.assignments {
                    if self.is_captured(number, value) {
                        captured.push(value.clone());
                    }
                }
            }
            let query = chosen::<M>(captured, &self.conditions);
            let mut rows = ChosenRows::<M::Key>::default();
            let mut writer = Writer::for_executor(executor);
            query.write(&mut writer);
            let rendered = ok_result!(writer.try_finish());
            ok!(executor.query(cx, rendered.statement(), &mut rows).await);
            let ChosenRows { keys, values, .. } = rows;
            let mut first = 0;
            for (number, table) in self.tables.iter().enumerate() {
                let is_captured = |(_, value): &&Assignment| self.is_captured(number, value);
                let n_captured = table.assignments.iter().filter(is_captured).count();
                if n_captured == 0 {
                    ok!(self.write_table(table, &keys, cx, executor).await);
                    continue;
                }
                for (key, values) in keys.iter().zip(&values) {
                    let own = values.get(first..first + n_captured).unwrap_or_default();
                    let rendered =
                        ok_result!(self.render_row(number, key, own, executor.dialect()));
                    ok!(executor.execute(cx, rendered.statement()).await);
                }
                first += n_captured;
            }
            Outcome::Ok(keys)
        })
    }

    /// Whether a value must be read before anything is written: it needs another table, or a query.
    fn is_captured(&self, number: usize, value: &[Token]) -> bool {
        let table = self.tables.get(number).map_or("", |it| it.part.table);
        !Reads::of::<M>(value).is_within(table)
    }

    /// Writes the same values, or values of the row itself, to all rows of a table that are meant.
    async fn write_table<E: Executor>(
        &self,
        table: &TableUpdate,
        keys: &[Vec<Value<'static>>],
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<(), Error> {
        let set = set_of(keys);
        let is_param = |token: &&Token| matches!(token, Token::Param(_));
        let values = table.assignments.iter().flat_map(|(_, value)| value);
        let n_params = values.filter(is_param).count();
        let max = executor
            .capabilities()
            .max_parameters
            .saturating_sub(n_params);
        for condition in set.conditions(table.part.table, table.part.key, max) {
            let mut writer = Writer::for_executor(executor);
            writer.text("UPDATE ");
            writer.table(table.part.schema, table.part.table);
            writer.with_renames(vec![rename::<M>(&table.part)], |writer| {
                let assignments =
                    writer.in_order_of_evaluation(M::ENTITY_NAME, table.assignments.clone());
                SetList::write(&assignments, writer);
            });
            writer.conditions(" WHERE ", &[condition]);
            let rendered = ok_result!(writer.try_finish());
            ok!(executor.execute(cx, rendered.statement()).await);
        }
        Outcome::Ok(())
    }

    /// Renders the UPDATE of one row of a table, with the values that were read for it.
    fn render_row(
        &self,
        number: usize,
        key: &[Value<'static>],
        captured: &[Value<'static>],
        dialect: Dialect,
    ) -> Result<RenderedStatement<'static>, Error> {
        let Some(table) = self.tables.get(number) else {
            return Err(Error::usage("a table of the update is missing"));
        };
        let mut captured = captured.iter();
        let given = |(column, value): &Assignment| {
            let value = if self.is_captured(number, value) {
                vec![Token::Param(
                    captured.next().cloned().unwrap_or(Value::Null),
                )]
            } else {
                value.clone()
            };
            (*column, value)
        };
        let assignments: Vec<Assignment> = table.assignments.iter().map(given).collect();
        let mut writer = Writer::new(dialect);
        writer.text("UPDATE ");
        writer.table(table.part.schema, table.part.table);
        writer.with_renames(vec![rename::<M>(&table.part)], |writer| {
            let assignments = writer.in_order_of_evaluation(M::ENTITY_NAME, assignments);
            SetList::write(&assignments, writer);
        });
        key_condition(
            &mut writer,
            table.part.key.iter().zip(key.iter().cloned()).collect(),
        );
        writer.try_finish()
    }
}

/// Deletes rows from all tables that they are in, and returns how many rows of `M` there were.
pub(crate) fn delete<'a, M: Model, E: Executor>(
    conditions: &'a [Vec<Token>],
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, u64> {
    Box::pin(async move {
        if executor.dialect() == Dialect::Postgres {
            let rendered = ok_result!(render_delete::<M>(conditions));
            return count(&rendered, cx, executor).await;
        }
        let mut transaction = ok!(executor.nested(cx).await);
        let query = chosen::<M>(key_tokens::<M>(), conditions);
        let mut rows = ChosenRows::<M::Key>::default();
        let mut writer = Writer::for_executor(&transaction);
        query.write(&mut writer);
        let rendered = ok_result!(writer.try_finish());
        ok!(transaction.query(cx, rendered.statement(), &mut rows).await);
        ok!(delete_keys::<M, _>(&rows.keys, cx, &mut transaction).await);
        ok!(transaction.commit(cx).await);
        Outcome::Ok(rows.keys.len() as u64)
    })
}

/// Deletes rows from all tables that they are in, and returns them as they were.
pub(crate) fn delete_all<'a, M: Model, E: Executor>(
    conditions: &'a [Vec<Token>],
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Vec<M>> {
    Box::pin(async move {
        let mut transaction = ok!(executor.nested(cx).await);
        let query = crate::update::locked::<M>(&[], conditions);
        let rows: Vec<M> = {
            let mut writer = Writer::for_executor(&transaction);
            query.write(&mut writer);
            let rendered = ok_result!(writer.try_finish());
            let mut rows = Collect::all();
            ok!(transaction.query(cx, rendered.statement(), &mut rows).await);
            rows.into_rows()
        };
        let keys = rows
            .iter()
            .filter_map(sqlmodel_core::Record::primary_key_value);
        let keys: Vec<_> = keys.map(|key| encoded(&key)).collect();
        ok!(delete_keys::<M, _>(&keys, cx, &mut transaction).await);
        ok!(transaction.commit(cx).await);
        Outcome::Ok(rows)
    })
}

/// Returns the one statement that deletes rows on PostgreSQL.
pub(crate) fn render_delete<M: Model>(
    conditions: &[Vec<Token>],
) -> Result<RenderedStatement<'static>, Error> {
    let mut writer = Writer::new(Dialect::Postgres);
    write_chosen::<M>(key_tokens::<M>(), conditions, &mut writer);
    for (number, part) in tables_leaves_first::<M>().into_iter().enumerate() {
        writer.text(", ");
        writer.made_identifier(&format!("deleted_{}", number + 1));
        writer.text(" AS (DELETE FROM ");
        writer.table(part.schema, part.table);
        writer.text(" USING ");
        writer.identifier(CHOSEN);
        write_key_match(part.table, &part, " WHERE ", &mut writer);
        writer.text(")");
    }
    writer.text(" SELECT count(*) FROM ");
    writer.identifier(CHOSEN);
    writer.try_finish()
}

/// Deletes rows by key, leaves first.
pub(crate) fn delete_keys<'a, M: Model, E: Executor>(
    keys: &'a [Vec<Value<'static>>],
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, ()> {
    Box::pin(async move {
        let set = set_of(keys);
        let max_parameters = executor.capabilities().max_parameters;
        for part in tables_leaves_first::<M>() {
            for condition in set.conditions(part.table, part.key, max_parameters) {
                let mut writer = Writer::for_executor(executor);
                writer.text("DELETE FROM ");
                writer.table(part.schema, part.table);
                writer.conditions(" WHERE ", &[condition]);
                let rendered = ok_result!(writer.try_finish());
                ok!(executor.execute(cx, rendered.statement()).await);
            }
        }
        Outcome::Ok(())
    })
}

/// The tables that may have a part of a row of `M`, each before those that it refers to.
pub(crate) fn tables_leaves_first<M: Model>() -> Vec<TablePart> {
    let levels = levels::<M>();
    let extensions = M::inheritance().extensions.iter().copied();
    extensions
        .chain(levels.iter().rev().map(|level| level.part))
        .collect()
}

fn set_of(keys: &[Vec<Value<'static>>]) -> KeySet {
    let mut set = KeySet::default();
    for key in keys {
        set.insert(key.clone());
    }
    set
}

/// The name that columns of one table of `M` have where it is the table that a statement writes.
pub(crate) fn rename<M: Model>(part: &TablePart) -> Rename {
    Rename {
        entity: M::ENTITY_NAME,
        table: (part.table != M::TABLE_NAME).then_some(part.table),
        to: part.table.to_owned(),
    }
}

fn changed(number: usize) -> String {
    format!("changed_{}", number + 1)
}

fn key_tokens<M: Model>() -> Vec<Vec<Token>> {
    let column = |column: &&'static str| vec![Token::column(M::ENTITY_NAME, None, column)];
    M::PRIMARY_KEY.iter().map(column).collect()
}

/// Returns the query for what is needed of the rows that a statement is about, which it locks.
fn chosen<M: Model>(expressions: Vec<Vec<Token>>, conditions: &[Vec<Token>]) -> Query {
    let mut query = Query::of::<M>();
    query.columns = Columns::Expressions(expressions);
    query.conditions = conditions.to_vec();
    query.rare_mut().lock = Some(RowLock::UPDATE);
    query
}

/// Writes `WITH chosen AS MATERIALIZED (..)`.
fn write_chosen<M: Model>(
    expressions: Vec<Vec<Token>>,
    conditions: &[Vec<Token>],
    writer: &mut Writer<'_>,
) {
    writer.text("WITH ");
    writer.identifier(CHOSEN);
    writer.text(" AS MATERIALIZED (");
    chosen::<M>(expressions, conditions).write(writer);
    writer.text(")");
}

/// Writes that a table's row is one of those chosen.
fn write_key_match(name: &str, part: &TablePart, keyword: &'static str, writer: &mut Writer<'_>) {
    for (position, column) in part.key.iter().enumerate() {
        writer.text(if position == 0 { keyword } else { " AND " });
        writer.made_qualified(name, column);
        writer.text(" = ");
        writer.identifier(CHOSEN);
        writer.text(".");
        writer.column_alias(position);
    }
}

/// Writes `WHERE key IN (SELECT ..)`.
fn write_is_chosen<M: Model>(part: &TablePart, conditions: &[Vec<Token>], writer: &mut Writer<'_>) {
    let is_list = part.key.len() > 1;
    writer.text(if is_list { " WHERE (" } else { " WHERE " });
    writer.columns(part.key.iter().copied());
    writer.text(if is_list { ") IN (" } else { " IN (" });
    let mut query = chosen::<M>(key_tokens::<M>(), conditions);
    query.unlock();
    // MySQL refuses to read the table that it updates, unless a derived table stands between (error 1093).
    let is_derived = writer.dialect() == Dialect::Mysql;
    if is_derived {
        writer.text("SELECT * FROM (");
    }
    query.write(writer);
    if is_derived {
        writer.text(") AS ");
        writer.identifier(CHOSEN);
    }
    writer.text(")");
}

/// Runs a statement that returns a count.
async fn count<E: Executor>(
    rendered: &RenderedStatement<'_>,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<u64, Error> {
    let mut rows = Collect::<i64>::up_to(1);
    ok!(executor.query(cx, rendered.statement(), &mut rows).await);
    let n_rows = rows.into_rows().pop().unwrap_or_default();
    Outcome::Ok(u64::try_from(n_rows).unwrap_or_default())
}

/// Takes the keys of rows, as their type, and what else was selected of them.
struct ChosenRows<K> {
    keys: Vec<Vec<Value<'static>>>,
    values: Vec<Vec<Value<'static>>>,
    key: PhantomData<fn() -> K>,
}

impl<K> Default for ChosenRows<K> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            values: Vec::new(),
            key: PhantomData,
        }
    }
}

impl<K: Key> RowSink for ChosenRows<K> {
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        let row_number = self.keys.len() as u64 + 1;
        let read = || {
            let key = <K as Decode>::decode(row, 0)?;
            let rest = K::WIDTH..row.width();
            let values = rest.map(|at| row.value(at).map(Value::into_owned));
            Ok((key, values.collect::<Result<Vec<_>, _>>()?))
        };
        match read() {
            Ok((key, values)) => {
                self.keys.push(encoded(&key));
                self.values.push(values);
                Ok(ControlFlow::Continue(()))
            }
            Err(refused) => {
                let refused: sqlmodel_core::DecodeError = refused;
                Err(refused.at_row::<K>(row_number))
            }
        }
    }
}
