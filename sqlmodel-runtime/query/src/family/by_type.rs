//! Loads models and those that extend them by a statement for each set of tables that rows are in.
//!
//! The first statement is that of the query, without the columns of the models that extend the one selected from: it joins their
//! tables for the keys alone, which tell where each row has its parts, and whether its discriminator agrees. The others read
//! those parts by key, and with them once more what all rows have: whoever changes a row between the statements would otherwise
//! be seen in one half of it. What a row is decoded from is the same as in one statement, and so are its errors.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlmodel_core::{
    Collect, Cx, Decode, Error, Executor, Outcome, Row, RowRead, RowSink, TablePart, Value, ok,
    ok_result,
};

use crate::expr::Token;
use crate::family::Part;
use crate::key::{KeyBytes, KeySet};
use crate::query::{Columns, ModelColumns, Query, write_key_match};
use crate::render::{RenderedStatement, Writer};

/// Runs a query whose rows can be of several models.
pub(crate) fn fetch_by_type<'a, R: Decode + Send + 'a, E: Executor>(
    query: &'a Query,
    cx: &'a Cx,
    executor: &'a mut E,
    mut rows: Collect<R>,
) -> Part<'a, Vec<R>> {
    Box::pin(async move {
        let layout = Layout::of(query);
        let mut writer = Writer::for_executor(executor);
        layout.without_parts(query).write(&mut writer);
        let rendered = ok_result!(writer.try_finish());
        let mut found = FoundRows::<R>::new(&layout);
        ok!(executor.query(cx, rendered.statement(), &mut found).await);
        let mut found = found.rows;
        for (parts, group) in groups(&found) {
            ok!(complete(query, &layout, &parts, &group, &mut found, cx, executor).await);
        }
        // A row that lost its parts since the first statement is gone.
        let is_whole = |row: &FoundRow| row.is_whole || row.parts.is_empty();
        for row in found.into_iter().filter(is_whole) {
            let row = ok_result!(Row::try_new(Arc::clone(&layout.names), row.values));
            let taken = rows
                .row(&row)
                .map_err(|error| error.with_sql(&rendered.sql));
            if ok_result!(taken).is_break() {
                break;
            }
        }
        Outcome::Ok(rows.into_rows())
    })
}

/// Where a query's columns are, in the rows that are decoded and in those that its first statement returns.
struct Layout {
    models: Vec<Slot>,
    /// The tables of the models that extend the one selected from.
    tables: Vec<(usize, TablePart)>,
    names: Arc<[Box<str>]>,
}

/// The columns of one model.
struct Slot {
    columns: ModelColumns,
    at: usize,
}

impl Slot {
    fn n_key(&self) -> usize {
        self.columns.key.len()
    }

    /// The position of the model's fields, behind its key.
    fn fields_at(&self) -> usize {
        self.at + self.n_key()
    }
}

impl Layout {
    fn of(query: &Query) -> Self {
        let mut at = 0;
        let mut names = Vec::new();
        let slot = |columns: ModelColumns| {
            let slot = Slot { columns, at };
            let key = columns.key.iter().copied();
            let fields = columns.fields.iter().map(|field| field.column);
            names.extend(key.chain(fields).map(Box::<str>::from));
            at = names.len();
            slot
        };
        let models: Vec<Slot> = query.models().map(slot).collect();
        let tables = models.iter().enumerate().filter_map(|(number, slot)| {
            let part = slot.columns.part?;
            (slot.n_key() > 0).then_some((number, part))
        });
        Self {
            tables: tables.collect(),
            models,
            names: names.into(),
        }
    }

    /// Returns the query for what all rows have.
    fn without_parts(&self, query: &Query) -> Query {
        let mut first = query.clone();
        let columns = self.models.iter().map(|slot| match slot.columns.part {
            Some(_) => ModelColumns {
                fields: &[],
                ..slot.columns
            },
            None => slot.columns,
        });
        // The first is the model that is selected from, which has no part.
        first.columns = Columns::Models(columns.skip(1).collect());
        first
    }

    /// The columns that are read of rows in some tables, the last of which is `last`.
    fn columns_in(&self, query: &Query, parts: &[usize], last: TablePart) -> Vec<OwnColumn> {
        let tables: Vec<TablePart> = parts.iter().filter_map(|at| self.table(*at)).collect();
        let mut columns = Vec::new();
        let source = query.from;
        for (number, slot) in self.models.iter().enumerate() {
            let part = slot.columns.part.filter(|part| tables.contains(part));
            // The first model is the one that is selected from. Each table of a concrete family has its columns.
            let entity = match (part, number) {
                (Some(part), _) => part.table,
                (None, 0) if source.is_concrete() => last.table,
                (None, 0) => source.name(),
                (None, _) => continue,
            };
            let fields = slot.columns.fields.iter().enumerate();
            columns.extend(fields.map(|(at, field)| OwnColumn {
                entity,
                inherited_from: field.inherited_from.filter(|_| part.is_none()),
                column: field.column,
                place: slot.fields_at() + at,
            }));
        }
        columns
    }

    fn table(&self, number: usize) -> Option<TablePart> {
        self.tables.get(number).map(|(_, part)| *part)
    }

    /// The slot of the key that a row has in a table.
    fn key_slot(&self, number: usize) -> Option<&Slot> {
        let (slot, _) = self.tables.get(number)?;
        self.models.get(*slot)
    }
}

/// A column that is read by key, and where it goes.
struct OwnColumn {
    entity: &'static str,
    inherited_from: Option<&'static str>,
    column: &'static str,
    place: usize,
}

/// A row of the first statement, with room for what the others add.
struct FoundRow {
    values: Vec<Value<'static>>,
    /// The tables that have a part of the row, by their number in the layout.
    parts: Vec<usize>,
    is_whole: bool,
}

impl FoundRow {
    /// Returns the key that the row has in the last of its tables.
    fn last_key(&self, layout: &Layout) -> Option<&[Value<'static>]> {
        let slot = layout.key_slot(*self.parts.last()?)?;
        self.values.get(slot.at..slot.fields_at())
    }
}

/// Copies the rows of the first statement.
struct FoundRows<'l, R> {
    layout: &'l Layout,
    rows: Vec<FoundRow>,
    decoded: std::marker::PhantomData<fn() -> R>,
}

impl<'l, R> FoundRows<'l, R> {
    fn new(layout: &'l Layout) -> Self {
        Self {
            layout,
            rows: Vec::new(),
            decoded: std::marker::PhantomData,
        }
    }
}

impl<R: Decode> RowSink for FoundRows<'_, R> {
    fn row<D: RowRead>(&mut self, row: &D) -> Result<ControlFlow<()>, Error> {
        let mut values = Vec::with_capacity(self.layout.names.len());
        let mut next = 0;
        for slot in &self.layout.models {
            let (n_fields, n_later) = match slot.columns.part {
                Some(_) => (0, slot.columns.fields.len()),
                None => (slot.columns.fields.len(), 0),
            };
            for _ in 0..slot.n_key() + n_fields {
                let value = row.value(next).map_err(|refused| {
                    let row_number = self.rows.len() as u64 + 1;
                    refused.moved_to(values.len()).at_row::<R>(row_number)
                })?;
                values.push(value.into_owned());
                next += 1;
            }
            values.resize(values.len() + n_later, Value::Null);
        }
        let has_part = |number: &usize| {
            let slot = self.layout.key_slot(*number);
            slot.is_some_and(|slot| values.get(slot.at).is_some_and(|key| !key.is_null()))
        };
        let parts = (0..self.layout.tables.len()).filter(has_part).collect();
        self.rows.push(FoundRow {
            values,
            parts,
            is_whole: false,
        });
        Ok(ControlFlow::Continue(()))
    }
}

/// Returns the rows by the tables that they are in, where those are several.
fn groups(rows: &[FoundRow]) -> BTreeMap<Vec<usize>, Vec<usize>> {
    let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        if !row.parts.is_empty() {
            groups.entry(row.parts.clone()).or_default().push(number);
        }
    }
    groups
}

/// Reads what rows have in some tables.
async fn complete<E: Executor>(
    query: &Query,
    layout: &Layout,
    parts: &[usize],
    group: &[usize],
    found: &mut [FoundRow],
    cx: &Cx,
    executor: &mut E,
) -> Outcome<(), Error> {
    let Some(last) = parts.last().and_then(|part| layout.table(*part)) else {
        return Outcome::Ok(());
    };
    let mut keys = KeySet::default();
    let mut rows_of: Vec<Vec<usize>> = Vec::new();
    for number in group {
        let key = found.get(*number).and_then(|row| row.last_key(layout));
        let key = key.and_then(|key| keys.insert(key.to_vec()));
        if let Some(key) = key {
            rows_of.resize_with(keys.len(), Vec::new);
            rows_of
                .get_mut(key)
                .into_iter()
                .for_each(|rows| rows.push(*number));
        }
    }
    let columns = layout.columns_in(query, parts, last);
    let mut own = OwnColumns {
        n_key: last.key.len(),
        keys: &keys,
        rows_of: &rows_of,
        places: columns.iter().map(|column| column.place).collect(),
        found,
    };
    let max_parameters = executor.capabilities().max_parameters;
    for condition in keys.conditions(last.table, last.key, max_parameters) {
        let tables = parts.iter().filter_map(|part| layout.table(*part));
        let rendered = ok_result!(render(
            query,
            &tables.collect::<Vec<_>>(),
            &columns,
            condition,
            executor
        ));
        ok!(executor.query(cx, rendered.statement(), &mut own).await);
    }
    Outcome::Ok(())
}

/// Renders the SELECT of some columns of rows that are in these tables, the last of which has the keys.
fn render(
    query: &Query,
    tables: &[TablePart],
    columns: &[OwnColumn],
    condition: Vec<Token>,
    executor: &impl Executor,
) -> Result<RenderedStatement<'static>, Error> {
    let mut writer = Writer::for_executor(executor);
    writer.text("SELECT ");
    let Some(last) = tables.last() else {
        return writer.try_finish();
    };
    for (position, column) in last.key.iter().enumerate() {
        writer.text(if position == 0 { "" } else { ", " });
        writer.qualified(last.table, None, column);
    }
    for column in columns {
        writer.text(", ");
        writer.qualified(column.entity, column.inherited_from, column.column);
    }
    writer.text(" FROM ");
    if query.from.is_concrete() {
        writer.table(last.schema, last.table);
    } else {
        let source = query.from;
        source.write(&mut writer);
        for table in tables {
            writer.text(" JOIN ");
            writer.table(table.schema, table.table);
            write_key_match(
                table.table,
                table.key,
                source.name(),
                source.key(),
                &mut writer,
            );
        }
    }
    writer.conditions(" WHERE ", &[condition]);
    writer.try_finish()
}

/// Puts columns into the rows that they belong to.
struct OwnColumns<'f> {
    n_key: usize,
    keys: &'f KeySet,
    rows_of: &'f [Vec<usize>],
    places: Vec<usize>,
    found: &'f mut [FoundRow],
}

impl RowSink for OwnColumns<'_> {
    fn row<D: RowRead>(&mut self, row: &D) -> Result<ControlFlow<()>, Error> {
        let values = (0..row.width()).map(|at| row.value(at).map(Value::into_owned));
        let values = values.collect::<Result<Vec<_>, _>>();
        let mut values = values.map_err(|refused| refused.at_row::<()>(1))?;
        let own = values.split_off(self.n_key.min(values.len()));
        let number = KeyBytes::of(&values).and_then(|key| self.keys.number(&key));
        let rows = number.and_then(|number| self.rows_of.get(number));
        for number in rows.into_iter().flatten() {
            let Some(found) = self.found.get_mut(*number) else {
                continue;
            };
            for (place, value) in self.places.iter().zip(&own) {
                if let Some(empty) = found.values.get_mut(*place) {
                    *empty = value.clone();
                }
            }
            found.is_whole = true;
        }
        Ok(ControlFlow::Continue(()))
    }
}
