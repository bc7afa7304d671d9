//! UPDATE and DELETE of one model whose row is in several tables.

use sqlmodel_core::{Cx, Error, Executor, Model, TransactionOps, Value, ok, ok_result};

use crate::family::change::{rename, tables_leaves_first};
use crate::family::{Level, Part, levels};
use crate::include::values_of;
use crate::render::{RenderedStatement, Writer};
use crate::update::{SetList, automatic, expect_one_row, is_stored, key_condition};

/// Stores every field of a model in the table that has it, the root's first.
pub(crate) fn update_row<'a, M: Model, E: Executor>(
    row: &'a M,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, ()> {
    Box::pin(async move {
        let mut transaction = ok!(executor.nested(cx).await);
        let mut values = Vec::with_capacity(M::COLUMNS.len());
        row.to_row(&mut values);
        for level in levels::<M>() {
            let rendered = ok_result!(render_update::<M>(&level, &values, &transaction));
            if let Some(rendered) = rendered {
                let done = ok!(transaction.execute(cx, rendered.statement()).await);
                ok!(expect_one_row::<M>(
                    done.rows_affected,
                    "update",
                    &rendered.sql
                ));
            }
        }
        transaction.commit(cx).await
    })
}

/// Renders the UPDATE of one table, unless nothing in it is ever updated.
fn render_update<'r, M: Model>(
    level: &Level,
    values: &[Value<'r>],
    executor: &impl Executor,
) -> Result<Option<RenderedStatement<'r>>, Error> {
    let mut writer = Writer::for_executor(executor);
    writer.text("UPDATE ");
    writer.table(level.part.schema, level.part.table);
    let mut list = SetList::default();
    let mut identity = Vec::new();
    let mut has_values = false;
    writer.with_renames(vec![rename::<M>(&level.part)], |writer| {
        for (column, value) in M::COLUMNS.iter().zip(values) {
            if level.part.key.contains(column) {
                identity.push((column, value.clone()));
            }
            let Some(field) = level.fields.iter().find(|field| field.column == *column) else {
                continue;
            };
            if field.is_version {
                identity.push((column, value.clone()));
            }
            if let Some(automatic) = automatic(M::ENTITY_NAME, field) {
                list.column(writer, column);
                writer.tokens(&automatic);
            } else if is_stored(field) {
                list.column(writer, column);
                writer.param(value.clone());
            } else {
                continue;
            }
            has_values = true;
        }
    });
    key_condition(&mut writer, identity);
    let rendered = writer.try_finish()?;
    Ok(has_values.then_some(rendered))
}

/// Deletes a model from all tables that its row is in, leaves first.
pub(crate) fn delete_row<'a, M: Model, E: Executor>(
    row: &'a M,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, ()> {
    Box::pin(async move {
        let mut transaction = ok!(executor.nested(cx).await);
        let key = values_of(row, M::PRIMARY_KEY);
        let version = M::fields().iter().find(|field| field.is_version);
        let own = M::TABLE_NAME;
        for part in tables_leaves_first::<M>() {
            let mut writer = Writer::for_executor(&transaction);
            writer.text("DELETE FROM ");
            writer.table(part.schema, part.table);
            let mut identity: Vec<_> = part.key.iter().zip(key.iter().cloned()).collect();
            let has_version =
                version.is_some_and(|it| it.inherited_from.unwrap_or(own) == part.table);
            if let Some(version) = version.filter(|_| has_version) {
                let mut value = values_of(row, &[version.column]);
                identity.extend(value.pop().map(|value| (&version.column, value)));
            }
            key_condition(&mut writer, identity);
            let rendered = ok_result!(writer.try_finish());
            let done = ok!(transaction.execute(cx, rendered.statement()).await);
            let is_extension = M::inheritance().extensions.contains(&part);
            if !is_extension {
                ok!(expect_one_row::<M>(
                    done.rows_affected,
                    "delete",
                    &rendered.sql
                ));
            }
        }
        transaction.commit(cx).await
    })
}
