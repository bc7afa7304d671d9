//! The SQL that creates a schema in an empty database, as a file for each dialect.

use sqlmodel_sql::ddl::{IfExists, NotSupported, create_all, script};
use sqlmodel_sql::{Dialect, quote};

use crate::emit::{File, header, source_list};
use crate::ir::{Schema, View};
use crate::source::SourceMap;

/// Returns the file that creates all tables on a dialect, relative to the folder of SQL.
///
/// # Errors
///
/// When the dialect cannot do what a table asks for; a schema that was compiled for the dialect has no such table.
pub fn ddl(schema: &Schema, sources: &SourceMap, dialect: Dialect) -> Result<File, NotSupported> {
    let mut statements = create_tables(schema, dialect)?;
    statements.extend(
        schema
            .views
            .iter()
            .filter_map(|view| create_view(view, dialect)),
    );
    let header = header("--", &source_list(sources));
    Ok(File {
        path: format!("schema.{}.sql", dialect.name()),
        text: format!("{header}\n\n{}", script(&statements)),
    })
}

/// Returns the statements that create all tables, in an order that works.
///
/// # Errors
///
/// As [`ddl`].
pub fn create_tables(schema: &Schema, dialect: Dialect) -> Result<Vec<String>, NotSupported> {
    let tables: Vec<_> = schema.tables.values().collect();
    create_all(&tables, dialect, IfExists::Fail)
}

/// Returns the statement that creates a view, where it has a text for the dialect.
#[must_use]
pub fn create_view(view: &View, dialect: Dialect) -> Option<String> {
    let (_, text) = view.texts.iter().find(|(it, _)| *it == dialect)?;
    let schema = view.written.sql_schema.iter();
    let parts = schema.chain([&view.written.sql_name]);
    let name: Vec<String> = parts.map(|it| quote::identifier(dialect, it)).collect();
    Some(format!("CREATE VIEW {} AS\n{text}", name.join(".")))
}
