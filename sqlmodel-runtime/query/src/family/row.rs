//! UPDATE and DELETE of one model whose row is in several tables.

use sqlmodel_core::{
    Collect, Cx, Error, ErrorKind, Executor, FieldInfo, Model, Outcome, TransactionOps, Value, ok,
    ok_result,
};

use crate::expr::Token;
use crate::family::change::{rename, tables_leaves_first};
use crate::family::{Level, Part, is_tag, levels, wrong_mark};
use crate::include::values_of;
use crate::model::select_by_key;
use crate::query::{Columns, Query, is_accepted};
use crate::render::{RenderedStatement, Writer};
use crate::update::{SetList, automatic, expect_one_row, is_stored, key_condition, locked};

/// Stores a model in those of its tables in which it differs from what is stored, the root's first.
pub(crate) fn update_row<'a, M: Model, E: Executor>(
    row: &'a M,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, ()> {
    Box::pin(async move {
        let mut transaction = ok!(executor.nested(cx).await);
        let before = ok!(lock_row(row, cx, &mut transaction).await);
        let before = values_of(&before, M::COLUMNS);
        let values = values_of(row, M::COLUMNS);
        ok_result!(check_discriminator::<M>(&before, &values));
        let levels = levels::<M>();
        let is_changed = |level: &Level| differs::<M>(level, &before, &values);
        if levels.iter().any(is_changed) {
            for (position, level) in levels.iter().enumerate() {
                let is_automatic = position == 0 && level.fields.iter().any(has_automatic);
                if !is_automatic && !is_changed(level) {
                    continue;
                }
                let rendered =
                    ok_result!(render_update::<M>(level, &before, &values, &transaction));
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

/// Locks the row with a model's key and version, and returns it as it is stored.
async fn lock_row<M: Model, E: Executor>(
    row: &M,
    cx: &Cx,
    transaction: &mut E,
) -> Outcome<M, Error> {
    let conditions = M::fields()
        .iter()
        .filter(|field| field.is_primary_key || field.is_version)
        .map(|field| {
            let column = Token::column(M::ENTITY_NAME, field.inherited_from, field.column);
            let values = values_of(row, &[field.column]).into_iter();
            let value = values.map(Token::Param);
            [column, Token::Text(" = ")]
                .into_iter()
                .chain(value)
                .collect()
        });
    let conditions: Vec<Vec<Token>> = conditions.collect();
    let mut writer = Writer::for_executor(transaction);
    locked::<M>(&[], &conditions).write(&mut writer);
    let rendered = ok_result!(writer.try_finish());
    let mut rows = Collect::up_to(1);
    ok!(transaction.query(cx, rendered.statement(), &mut rows).await);
    let found: Option<M> = rows.into_rows().pop();
    if found.is_none() {
        // A row that has lost its base is not gone: its error tells that.
        let key = values_of(row, M::PRIMARY_KEY);
        let by_key = select_by_key::<M>(transaction.dialect(), key);
        let mut rows = Collect::<M>::up_to(1);
        ok!(transaction.query(cx, by_key.statement(), &mut rows).await);
    }
    ok!(expect_one_row::<M>(
        u64::from(found.is_some()),
        "update",
        &rendered.sql
    ));
    Outcome::Ok(ok_result!(found.ok_or_else(|| Error::new(
        ErrorKind::StaleRow,
        "the row to update is gone"
    ))))
}

/// Tells that the row is stored as another model, where an update of it found none.
pub(crate) fn explain_mark<'a, M: Model, E: Executor>(
    row: &'a M,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, ()> {
    Box::pin(async move {
        let column = M::inheritance().discriminator;
        let Some(column) = column.filter(|column| M::COLUMNS.contains(column)) else {
            return Outcome::Ok(());
        };
        let mut query = Query::of::<M>();
        query.columns =
            Columns::Expressions(vec![vec![Token::column(M::ENTITY_NAME, None, column)]]);
        let key = M::PRIMARY_KEY.iter().zip(values_of(row, M::PRIMARY_KEY));
        query.conditions.extend(key.map(|(column, value)| {
            let column = Token::column(M::ENTITY_NAME, None, column);
            vec![column, Token::Text(" = "), Token::Param(value)]
        }));
        let mut writer = Writer::for_executor(executor);
        query.write(&mut writer);
        let rendered = ok_result!(writer.try_finish());
        let stored = executor.query_rows(cx, &rendered.sql, &rendered.params);
        let stored = ok!(stored.await);
        let found = stored.first().and_then(|row| row.values().first());
        let own = values_of(row, &[column]).pop();
        let (Some(found), Some(own)) = (found, own) else {
            return Outcome::Ok(());
        };
        let mut accepted = M::inheritance().accepted.iter();
        if accepted.any(|tag| is_tag(*tag, found) && is_tag(*tag, &own)) {
            return Outcome::Ok(());
        }
        Outcome::Err(wrong_mark::<M>(column, &own))
    })
}

/// Refuses a model whose discriminator was assigned another value.
fn check_discriminator<M: Model>(before: &[Value<'_>], values: &[Value<'_>]) -> Result<(), Error> {
    let stored = M::COLUMNS.iter().zip(before.iter().zip(values));
    for (column, (before, value)) in stored {
        let field = M::fields().iter().find(|field| field.column == *column);
        if field.is_some_and(|field| field.is_discriminator) && before != value {
            return Err(Error::usage(format!(
                "`{}.{column}` cannot be assigned: it tells what the row is",
                M::ENTITY_NAME
            )));
        }
    }
    Ok(())
}

/// Tells whether a table has other values than those to be stored.
fn differs<M: Model>(level: &Level, before: &[Value<'_>], values: &[Value<'_>]) -> bool {
    let mut stored = M::COLUMNS.iter().zip(before.iter().zip(values));
    stored.any(|(column, (before, value))| {
        let is_here = |field: &&&FieldInfo| field.column == *column && is_stored(field);
        level.fields.iter().any(|field| is_here(&field)) && before != value
    })
}

fn has_automatic(field: &&'static FieldInfo) -> bool {
    field.is_version || field.on_update.is_some()
}

/// Renders the UPDATE of what has changed in one table.
fn render_update<M: Model>(
    level: &Level,
    before: &[Value<'static>],
    values: &[Value<'static>],
    executor: &impl Executor,
) -> Result<RenderedStatement<'static>, Error> {
    let mut writer = Writer::for_executor(executor);
    writer.text("UPDATE ");
    writer.table(level.part.schema, level.part.table);
    let mut list = SetList::default();
    let mut identity = Vec::new();
    writer.with_renames(vec![rename::<M>(&level.part)], |writer| {
        let stored = M::COLUMNS.iter().zip(before.iter().zip(values));
        for (column, (before, value)) in stored {
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
            } else if is_stored(field) && before != value {
                list.column(writer, column);
                writer.param(value.clone());
            }
        }
    });
    key_condition(&mut writer, identity);
    writer.try_finish()
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
        let parts = tables_leaves_first::<M>();
        for (position, part) in parts.iter().enumerate() {
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
            let is_root = position + 1 == parts.len();
            if let (true, Some(column)) = (is_root, M::inheritance().discriminator) {
                let column = Token::column(part.table, None, column);
                writer.text(" AND ");
                writer.tokens(&is_accepted(column, M::inheritance()));
            }
            let rendered = ok_result!(writer.try_finish());
            let done = ok!(transaction.execute(cx, rendered.statement()).await);
            let is_extension = M::inheritance().extensions.contains(part);
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
