//! The tables of a model, and which of its columns each has.

use sqlmodel_core::{Error, FieldInfo, Model, Record, TablePart, Tag};

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
