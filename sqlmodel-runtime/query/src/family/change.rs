//! UPDATE and DELETE of rows that are in several tables.
//!
//! What rows are meant and what they get is decided once, by the state before the statement, whichever way it is written:
//!
//! | what is assigned | PostgreSQL | SQLite, MySQL |
//! |---|---|---|
//! | columns of one table, from values and filters of that table | `UPDATE t .. WHERE .. AND key IN (SELECT key FROM leaf)` | the same |
//! | columns of one table, from values of that table | as below | `UPDATE t .. WHERE key IN (SELECT ..)` |
//! | anything else | one statement: `WITH chosen AS (SELECT .. FOR UPDATE), .. UPDATE ..` | a transaction: SELECT of the keys, UPDATE by key of each table |
//! | a delete | one statement: `WITH chosen .., DELETE ..` | a transaction: SELECT of the keys, DELETE by key, leaves first |
//!
//! Who waits for somebody else's lock must look again at what he chose by. PostgreSQL does so for the table that a statement
//! writes and for rows that it locks, and not for a subquery: so filters stand in either place, and what is returned of tables
//! that are not written is what was locked.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use sqlmodel_core::{
    Collect, Cx, Decode, Dialect, Error, ErrorKind, Executor, FieldInfo, Key, Model, Outcome,
    RowRead, RowSink, TablePart, TransactionOps, Value, ok, ok_result,
};

use crate::expr::Token;
use crate::family::Part;
use crate::family::insert::{Read, encoded, select_by_keys};
use crate::family::levels;
use crate::key::KeySet;
use crate::model::write_and_decode;
use crate::query::{Columns, Query, RowLock, is_accepted};
use crate::render::{Rename, RenderedStatement, Writer, is_exchange};
use crate::update::{Assignment, SetList, automatic, key_condition};

/// The rows that a statement is about, as PostgreSQL names them within it.
///
/// Names that are made for a statement have two underscores, which no table or column of a model gets by itself.
const CHOSEN: &str = "sqlmodel__chosen";

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

impl TableUpdate {
    /// Whether values need each other's old ones, which MySQL has not by the time it comes to them.
    fn is_exchange<M: Model>(&self) -> bool {
        is_exchange(M::ENTITY_NAME, &self.assignments)
    }
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
                | Token::Params(_)
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
                .map(|(column, value)| (*column, at_table::<M>(value, &level.part)))
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
            if let Some(table) = self.only_table(dialect) {
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
                return write_and_decode(rendered.statement(), cx, executor).await;
            }
            let mut transaction = ok!(executor.nested(cx).await);
            let keys = ok!(self.step_by_step(cx, &mut transaction).await);
            let read = Read::Locked;
            let rows = ok!(select_by_keys::<M, _>(keys, read, cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
            Outcome::Ok(rows)
        })
    }

    /// Returns the text for what needs one statement, or that of PostgreSQL.
    pub(crate) fn render(&self, dialect: Dialect) -> Result<RenderedStatement<'static>, Error> {
        match self.only_table(dialect) {
            Some(table) => self.render_one(table, dialect),
            None if dialect == Dialect::Postgres => self.render_postgres(false),
            None => Err(Error::unsupported(format!(
                "rows of `{}` are in several tables, which takes a transaction here: run the update to see its statements",
                M::ENTITY_NAME
            ))),
        }
    }

    /// Returns the table, if all that is assigned is in one and needs no other for its value, and one statement can choose the
    /// rows.
    fn only_table(&self, dialect: Dialect) -> Option<&TableUpdate> {
        let [only] = &*self.tables else {
            return None;
        };
        let table = only.part.table;
        let mut values = only.assignments.iter();
        let is_within = values.all(|(_, value)| Reads::of::<M>(value).is_within(table));
        let is_one = match dialect {
            Dialect::Postgres => self.is_chosen_by(&only.part),
            Dialect::Sqlite => true,
            Dialect::Mysql => !only.is_exchange::<M>(),
        };
        (is_within && is_one).then_some(only)
    }

    /// Whether a statement over one table of the row can tell by it alone which rows are meant.
    fn is_chosen_by(&self, part: &TablePart) -> bool {
        let is_here = |condition: &Vec<Token>| {
            Reads::of::<M>(&at_table::<M>(condition, part)).is_within(part.table)
        };
        let is_marked_elsewhere =
            M::inheritance().is_without_table && root_of::<M>().table != part.table;
        !is_marked_elsewhere && self.conditions.iter().all(is_here)
    }

    fn render_one(
        &self,
        table: &TableUpdate,
        dialect: Dialect,
    ) -> Result<RenderedStatement<'static>, Error> {
        let mut writer = Writer::new(dialect);
        writer.text("UPDATE ");
        writer.table(table.part.schema, table.part.table);
        let renames = vec![rename::<M>(&table.part)];
        writer.with_renames(renames, |writer| {
            let assignments =
                writer.in_order_of_evaluation(M::ENTITY_NAME, table.assignments.clone());
            SetList::write(&assignments, writer);
            if self.is_chosen_by(&table.part) {
                self.write_conditions(&table.part, writer);
            }
        });
        if !self.is_chosen_by(&table.part) {
            write_is_chosen::<M>(&table.part, &self.conditions, &mut writer);
        }
        writer.try_finish()
    }

    /// Writes the conditions over one table, and that the row is of the model.
    fn write_conditions(&self, part: &TablePart, writer: &mut Writer<'_>) {
        let mut conditions: Vec<_> = self
            .conditions
            .iter()
            .map(|condition| at_table::<M>(condition, part))
            .collect();
        let inheritance = M::inheritance();
        if let (Some(column), true) = (inheritance.discriminator, inheritance.is_without_table) {
            let column = Token::column(part.table, None, column);
            conditions.push(is_accepted(column, inheritance));
        }
        writer.conditions(" WHERE ", &conditions);
        if inheritance.is_without_table || part.table == M::TABLE_NAME {
            return;
        }
        // A row of the base that is of another model is not meant.
        writer.text(if conditions.is_empty() {
            " WHERE "
        } else {
            " AND "
        });
        write_key(part, writer);
        writer.text(" IN (SELECT ");
        writer.columns(M::PRIMARY_KEY.iter().copied());
        writer.text(" FROM ");
        writer.model::<M>();
        writer.text(")");
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
        let first_returned = captured.len();
        if returns_rows {
            let fields = M::fields().iter().filter(|field| !self.writes(field));
            captured.extend(fields.map(|field| vec![token_of::<M>(field)]));
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
            self.write_rows(first_returned, &mut writer);
        } else {
            writer.text("count(*)");
            writer.text(" FROM ");
            writer.identifier(CHOSEN);
        }
        writer.try_finish()
    }

    /// Whether the table that has a field is written.
    fn writes(&self, field: &FieldInfo) -> bool {
        self.number_of(field).is_some()
    }

    /// The number of the written table that has a field.
    fn number_of(&self, field: &FieldInfo) -> Option<usize> {
        let table = field.inherited_from.unwrap_or(M::TABLE_NAME);
        self.tables.iter().position(|it| it.part.table == table)
    }

    /// Writes the columns of `M` as they are after the update, and what they are read from: tables that are written from there,
    /// others as they were when they were locked, from a position on.
    fn write_rows(&self, first: usize, writer: &mut Writer<'_>) {
        let mut next = first;
        for (position, field) in M::fields().iter().enumerate() {
            if position > 0 {
                writer.text(", ");
            }
            if let Some(number) = self.number_of(field) {
                writer.made_qualified(&changed(number), field.column);
            } else {
                writer.identifier(CHOSEN);
                writer.text(".");
                writer.column_alias(next);
                next += 1;
            }
        }
        writer.text(" FROM ");
        writer.identifier(CHOSEN);
        for (number, table) in self.tables.iter().enumerate() {
            writer.text(" JOIN ");
            let name = changed(number);
            writer.made_identifier(&name);
            write_key_match(&name, &table.part, " ON ", writer);
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
            let dialect = executor.dialect();
            for (number, table) in self.tables.iter().enumerate() {
                for (_, value) in &table.assignments {
                    if self.is_captured(number, value, dialect) {
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
                let is_captured =
                    |(_, value): &&Assignment| self.is_captured(number, value, dialect);
                let n_captured = table.assignments.iter().filter(is_captured).count();
                if n_captured == 0 {
                    ok!(self.write_table(table, &keys, cx, executor).await);
                    continue;
                }
                for (key, values) in keys.iter().zip(&values) {
                    let own = values.get(first..first + n_captured).unwrap_or_default();
                    let rendered = ok_result!(self.render_row(number, key, own, dialect));
                    let done = ok!(executor.execute(cx, rendered.statement()).await);
                    ok_result!(expect_rows::<M>(done.rows_affected, 1, &rendered.sql));
                }
                first += n_captured;
            }
            Outcome::Ok(keys)
        })
    }

    /// Whether a value must be read before anything is written: it needs another table, or a query, or on MySQL a column that
    /// has its new value by then.
    fn is_captured(&self, number: usize, value: &[Token], dialect: Dialect) -> bool {
        let Some(table) = self.tables.get(number) else {
            return false;
        };
        let reads = Reads::of::<M>(value);
        let is_late =
            dialect == Dialect::Mysql && !reads.tables.is_empty() && table.is_exchange::<M>();
        is_late || !reads.is_within(table.part.table)
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
        let mut n_written = 0;
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
            n_written += ok!(executor.execute(cx, rendered.statement()).await).rows_affected;
        }
        let n_rows = set.len() as u64;
        ok_result!(expect_rows::<M>(n_written, n_rows, ""));
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
            let value = if self.is_captured(number, value, dialect) {
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
        writer.made_identifier(&format!("sqlmodel__deleted_{}", number + 1));
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
    format!("sqlmodel__changed_{}", number + 1)
}

/// The table of the root.
fn root_of<M: Model>() -> TablePart {
    let own = TablePart {
        schema: M::SCHEMA_NAME,
        table: M::TABLE_NAME,
        key: M::PRIMARY_KEY,
    };
    M::inheritance().bases.first().copied().unwrap_or(own)
}

/// Returns an expression with the columns of the key as one of the tables has them: they are in all.
fn at_table<M: Model>(tokens: &[Token], part: &TablePart) -> Vec<Token> {
    let token = |token: &Token| match token {
        Token::Column { table, column }
            if *table == M::ENTITY_NAME && part.table != M::TABLE_NAME =>
        {
            let position = M::PRIMARY_KEY.iter().position(|key| key == column);
            match position.and_then(|position| part.key.get(position)) {
                Some(key) => Token::column(M::ENTITY_NAME, Some(part.table), key),
                None => token.clone(),
            }
        }
        other => other.clone(),
    };
    tokens.iter().map(token).collect()
}

/// Returns a field as an expression.
fn token_of<M: Model>(field: &FieldInfo) -> Token {
    Token::column(M::ENTITY_NAME, field.inherited_from, field.column)
}

/// Refuses the count of a statement over rows that are locked.
fn expect_rows<M: Model>(n_written: u64, n_rows: u64, sql: &str) -> Result<(), Error> {
    if n_written == n_rows {
        return Ok(());
    }
    let message = format!(
        "{n_rows} rows of `{}` were chosen, and the statement wrote {n_written}",
        M::ENTITY_NAME
    );
    Err(Error::new(ErrorKind::StaleRow, message).with_sql(sql))
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

/// Writes a table's key: a column, or a list of them in parentheses.
fn write_key(part: &TablePart, writer: &mut Writer<'_>) {
    let is_list = part.key.len() > 1;
    writer.text(if is_list { "(" } else { "" });
    writer.columns(part.key.iter().copied());
    writer.text(if is_list { ")" } else { "" });
}

/// Writes `WHERE key IN (SELECT ..)`.
fn write_is_chosen<M: Model>(part: &TablePart, conditions: &[Vec<Token>], writer: &mut Writer<'_>) {
    writer.text(" WHERE ");
    write_key(part, writer);
    writer.text(" IN (");
    let query = chosen::<M>(key_tokens::<M>(), conditions);
    // MySQL refuses to read the table that it updates, unless a derived table stands between (error 1093). It locks what it
    // reads there, so that the rows are what they were chosen for.
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
