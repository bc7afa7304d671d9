//! The SQL that creates a schema in an empty database, as a file for each dialect.

use sqlmodel_sql::Dialect;
use sqlmodel_sql::ddl::{IfExists, NotSupported, create_all, script};

use crate::emit::{File, header, source_list};
use crate::ir::Schema;
use crate::source::SourceMap;

/// Returns the file that creates all tables on a dialect, relative to the folder of SQL.
///
/// # Errors
///
/// When the dialect cannot do what a table asks for; a schema that was compiled for the dialect has no such table.
pub fn ddl(schema: &Schema, sources: &SourceMap, dialect: Dialect) -> Result<File, NotSupported> {
    let tables: Vec<_> = schema.tables.values().collect();
    let statements = create_all(&tables, dialect, IfExists::Fail)?;
    let header = header("--", &source_list(sources));
    Ok(File {
        path: format!("schema.{}.sql", dialect.name()),
        text: format!("{header}\n\n{}", script(&statements)),
    })
}
