//! The tables of a model, and which of its columns each has.

use sqlmodel_core::{Error, FieldInfo, Model, Record, TablePart, Tag};

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
