//! The enum types of PostgreSQL, which stand beside the tables.

use std::collections::BTreeSet;

use crate::{
    Dialect, EnumType, EnumValues, ScalarType, Table, Text,
    ddl::{IfExists, IfMissing, expression::unless_it_exists, guard},
    quote,
};

/// The statements before `CREATE TABLE`.
pub(super) fn create_all(
    tables: &[&Table],
    dialect: Dialect,
    if_exists: IfExists,
) -> impl Iterator<Item = String> {
    native_enums(tables, dialect)
        .into_iter()
        .map(move |(enum_, values)| {
            let values: Vec<_> = values
                .iter()
                .map(|value| quote::string(Dialect::Postgres, value))
                .collect();
            let statement = format!(
                "CREATE TYPE {} AS ENUM ({})",
                enum_.postgres_name(),
                values.join(", ")
            );
            match if_exists {
                IfExists::Fail => statement,
                IfExists::Skip => unless_it_exists(&statement),
            }
        })
}

/// The statements after `DROP TABLE`.
pub(super) fn drop_all(
    tables: &[&Table],
    dialect: Dialect,
    if_missing: IfMissing,
) -> impl Iterator<Item = String> {
    let guard = guard(if_missing);
    native_enums(tables, dialect)
        .into_iter()
        .map(move |(enum_, _)| format!("DROP TYPE {guard}{}", enum_.postgres_name()))
}

/// The enums that are types of their own, each once, in the order of their first use.
fn native_enums<'a>(tables: &[&'a Table], dialect: Dialect) -> Vec<(&'a EnumType, &'a [Text])> {
    if dialect != Dialect::Postgres {
        return Vec::new();
    }
    let columns = tables.iter().flat_map(|table| table.columns.iter());
    let mut names = BTreeSet::new();
    columns
        .filter(|column| column.sql_type.get(dialect).is_none())
        .filter_map(|column| match column.ty.scalar() {
            ScalarType::Enum(enum_) => match &enum_.values {
                EnumValues::Native(values) => Some((enum_, &**values)),
                EnumValues::Text(_) | EnumValues::Int(_) => None,
            },
            _ => None,
        })
        .filter(|(enum_, _)| names.insert((&enum_.schema, &enum_.name)))
        .collect()
}
