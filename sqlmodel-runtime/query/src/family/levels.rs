//! The tables of a model, and which of its columns each has.

use sqlmodel_core::{Error, FieldInfo, Model, Record, TablePart, Tag, Value};

use crate::expr::Token;
use crate::query::{Source, is_accepted};
use crate::render::{Rename, Writer};
use crate::update::Assignment;

/// A table of a model whose rows are in several, and the fields that it alone has.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) part: TablePart,
    pub(crate) fields: Vec<&'static FieldInfo>,
}

/// Returns the tables of a model, the root's first.
pub(crate) fn levels<M: Model>() -> Vec<Level> {
    let own = TablePart {
        schema: M::SCHEMA_NAME,
        table: M::TABLE_NAME,
        key: M::PRIMARY_KEY,
    };
    let parts = M::inheritance().bases.iter().copied().chain([own]);
    let level = |part: TablePart| {
        let is_here = |field: &&FieldInfo| {
            !field.is_primary_key && field.inherited_from.unwrap_or(M::TABLE_NAME) == part.table
        };
        Level {
            part,
            fields: M::fields().iter().filter(is_here).collect(),
        }
    };
    parts.map(level).collect()
}

/// Tells whether a row of the model is in several tables.
pub(crate) fn is_split<M: Model>() -> bool {
    !M::inheritance().bases.is_empty()
}

/// Refuses a model of which there are no rows, but only rows of models that extend it.
pub(crate) fn check_concrete<M: Model>() -> Result<(), Error> {
    if M::inheritance().is_abstract {
        return Err(Error::usage(format!(
            "`{}` is abstract: insert a model that extends it",
            M::ENTITY_NAME
        )));
    }
    Ok(())
}

/// Returns the discriminator that an insert stores, unless the record has it as a value of its own.
pub(crate) fn missing_tag<R: Record>() -> Option<(&'static str, Tag)> {
    let inheritance = <R::Model as Model>::inheritance();
    let column = inheritance.discriminator?;
    let tag = inheritance.discriminator_value?;
    (!R::COLUMNS.contains(&column)).then_some((column, tag))
}

/// Refuses rows to insert whose discriminator is that of another model: nobody could load them.
pub(crate) fn check_tags<R: Record>(rows: &[R]) -> Result<(), Error> {
    let inheritance = <R::Model as Model>::inheritance();
    let tag = inheritance.discriminator_value;
    check_marks(rows, |found| tag.is_none_or(|tag| is_tag(tag, found)))
}

/// Refuses a stored row whose discriminator was assigned that of a model which is none of these.
pub(crate) fn check_mark<M: Model>(row: &M) -> Result<(), Error> {
    let accepted = M::inheritance().accepted;
    check_marks(std::slice::from_ref(row), |found| {
        accepted.iter().any(|tag| is_tag(*tag, found))
    })
}

fn check_marks<R: Record>(rows: &[R], is_right: impl Fn(&Value<'_>) -> bool) -> Result<(), Error> {
    let Some(column) = <R::Model as Model>::inheritance().discriminator else {
        return Ok(());
    };
    let Some(position) = R::COLUMNS.iter().position(|name| *name == column) else {
        return Ok(());
    };
    let mut values = Vec::with_capacity(R::COLUMNS.len());
    for row in rows {
        values.clear();
        row.to_row(&mut values);
        if let Some(found) = values.get(position).filter(|found| !is_right(found)) {
            return Err(wrong_mark::<R::Model>(column, found));
        }
    }
    Ok(())
}

/// The error for a discriminator that was assigned another value.
pub(crate) fn wrong_mark<M: Model>(column: &str, found: &Value<'_>) -> Error {
    Error::usage(format!(
        "`{}.{column}` is {}, which tells that the row is another model",
        M::ENTITY_NAME,
        shown(found)
    ))
}

/// Returns `id = 7`, for messages.
pub(crate) fn shown_key(columns: &[&str], key: &[Value<'_>]) -> String {
    let parts = columns.iter().zip(key);
    let parts = parts.map(|(column, value)| format!("{column} = {}", shown(value)));
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns a key or a discriminator as people write it.
pub(crate) fn shown(value: &Value<'_>) -> String {
    match value {
        Value::I16(int) => int.to_string(),
        Value::I32(int) => int.to_string(),
        Value::I64(int) => int.to_string(),
        Value::Bool(bool) => bool.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::Null => "NULL".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Tells whether a value is that of a discriminator.
pub(crate) fn is_tag(tag: Tag, value: &Value<'_>) -> bool {
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

/// Returns the condition that a row is of exactly this model; none for a model that has no table with others.
pub(crate) fn is_exactly<M: Model>() -> Option<Vec<Token>> {
    let inheritance = M::inheritance();
    let column = inheritance.discriminator?;
    let root = inheritance.bases.first().map(|root| root.table);
    Some(match inheritance.discriminator_value {
        Some(tag) => vec![
            Token::column(M::ENTITY_NAME, root, column),
            Token::Text(" = "),
            Token::Tag(tag),
        ],
        None => vec![Token::Text("1 = 0")],
    })
}

/// Tells whether a row of the model, or of one that extends it, is in several tables.
pub(crate) fn has_several_tables<M: Model>() -> bool {
    let inheritance = M::inheritance();
    inheritance.is_joined() && !(inheritance.bases.is_empty() && inheritance.extensions.is_empty())
}

/// The name that a model's columns have in a statement that changes its table, where it is not the model's.
pub(crate) fn own_name<M: Model>() -> Vec<Rename> {
    let rename = (M::ENTITY_NAME != M::TABLE_NAME).then(|| Rename {
        entity: M::ENTITY_NAME,
        table: None,
        to: M::TABLE_NAME.to_owned(),
    });
    rename.into_iter().collect()
}

/// Writes what follows the table of a statement that changes rows, with the names that columns have in it, and keeps it from
/// rows of other models in the same table.
pub(crate) fn restrict<M: Model>(
    conditions: &[Vec<Token>],
    writer: &mut Writer<'_>,
    write: impl FnOnce(&mut Writer<'_>),
) {
    writer.with_renames(own_name::<M>(), |writer| {
        write(writer);
        let restriction = Source::of::<M>().restriction();
        let is_first = conditions.is_empty();
        writer.conditions(" WHERE ", conditions);
        if let Some(restriction) = restriction {
            writer.text(if is_first { " WHERE " } else { " AND " });
            writer.tokens(&restriction);
        }
    });
}

/// Adds to the condition for one row of a model that the row is of the model, where its values do not tell already.
pub(crate) fn restrict_row<M: Model>(writer: &mut Writer<'_>) {
    let is_known = |column: &str| M::COLUMNS.contains(&column);
    let discriminator = M::inheritance().discriminator;
    if let (Some(column), true) = (discriminator, M::inheritance().is_without_table)
        && !is_known(column)
    {
        let column = Token::column(M::TABLE_NAME, None, column);
        writer.text(" AND ");
        writer.tokens(&is_accepted(column, M::inheritance()));
    }
}

/// Tells whether a column says which row a stored model is: its key, its version, and what kind of row it is.
pub(crate) fn is_identity(field: &FieldInfo) -> bool {
    field.is_primary_key || field.is_version || field.is_discriminator
}

/// Refuses an update of what no update changes: the key that joins the tables of a row, and what tells its model.
pub(crate) fn check_assigned<M: Model>(assignments: &[Assignment]) -> Result<(), Error> {
    check_table::<M>()?;
    if M::inheritance().discriminator.is_none() {
        return Ok(());
    }
    for (column, _) in assignments {
        let field = M::fields().iter().find(|field| field.column == *column);
        let what = match field {
            Some(field) if field.is_discriminator => "tells what the row is",
            Some(field) if field.is_primary_key && has_several_tables::<M>() => {
                "joins the tables of the row"
            }
            _ => continue,
        };
        return Err(Error::usage(format!(
            "`{}.{column}` cannot be assigned: it {what}",
            M::ENTITY_NAME
        )));
    }
    Ok(())
}

/// Refuses to change rows of a model that has no table.
pub(crate) fn check_table<M: Model>() -> Result<(), Error> {
    if M::inheritance().is_union() {
        return Err(Error::usage(format!(
            "`{}` is abstract and has no table: change rows of the models that extend it",
            M::ENTITY_NAME
        )));
    }
    Ok(())
}
