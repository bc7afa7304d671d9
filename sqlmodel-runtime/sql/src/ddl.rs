//! Statements that create and drop all tables of a schema.
//!
//! A statement is text without a semicolon at its end, to be run alone and in order; [`script`]
//! makes a file of them. Nothing is written that [`check`] has a finding for: a database either
//! gets what the tables say, or nothing.

mod comment;
mod create_table;
mod enum_type;
mod expression;
mod foreign_key;
mod index;
mod order;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::ptr;

use crate::{Dialect, ForeignKey, Table, Text, Unsupported, check, quote};

pub use crate::ddl::order::{DependencyOrder, dependency_order};

/// What `CREATE` does with an object that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IfExists {
    /// It fails.
    Fail,
    /// It leaves the object alone, whatever it looks like.
    Skip,
}

/// What `DROP` does with an object that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IfMissing {
    /// It fails.
    Fail,
    /// It goes on.
    Skip,
}

/// Returns the statements that create tables with all that belongs to them.
///
/// Tables come after those they reference, and otherwise in the order given. A foreign key that
/// closes a cycle is added when its target exists; SQLite, which looks for the target when rows are
/// written, has it in its table.
///
/// | | SQLite | PostgreSQL | MySQL |
/// |---|---|---|---|
/// | named schema | must be attached | `CREATE SCHEMA IF NOT EXISTS` | the same |
/// | native enum | | `CREATE TYPE` | in the column |
/// | index | `CREATE INDEX` | `CREATE INDEX` | in the table |
/// | key that closes a cycle | in the table | `ALTER TABLE` | `ALTER TABLE` |
/// | comment | | `COMMENT ON` | in the table |
///
/// On PostgreSQL and SQLite the statements can be one transaction. MySQL commits after each.
///
/// # Errors
///
/// [`NotSupported`] if [`check`] has a finding for any of the tables.
pub fn create_all(
    tables: &[&Table],
    dialect: Dialect,
    if_exists: IfExists,
) -> Result<Vec<String>, NotSupported> {
    let findings: Vec<_> = tables
        .iter()
        .flat_map(|table| check(table, dialect))
        .collect();
    if !findings.is_empty() {
        return Err(NotSupported { findings });
    }
    let DependencyOrder {
        tables,
        closing_keys,
    } = dependency_order(tables);
    let mut statements = create_schemas(&tables, dialect);
    statements.extend(enum_type::create_all(&tables, dialect, if_exists));
    for table in &tables {
        let is_closing = |key: &ForeignKey| {
            closing_keys
                .iter()
                .any(|(_, closing)| ptr::eq(*closing, key))
        };
        let is_inline = |key: &ForeignKey| dialect == Dialect::Sqlite || !is_closing(key);
        statements.push(create_table::create(table, dialect, if_exists, is_inline));
        statements.extend(index::create_all(table, dialect, if_exists));
        statements.extend(comment::set_all(table, dialect));
    }
    for (table, key) in closing_keys {
        statements.extend(foreign_key::add(table, key, dialect, if_exists));
    }
    Ok(statements)
}

/// Returns the statements that drop tables with all that belongs to them, their rows included.
///
/// Tables go before those they reference. Foreign keys that close a cycle go first; SQLite cannot
/// drop them, and defers them instead, so there the statements must be one transaction.
///
/// Schemas stay, since others may have put objects into them. Native enums go with the tables.
pub fn drop_all(tables: &[&Table], dialect: Dialect, if_missing: IfMissing) -> Vec<String> {
    let DependencyOrder {
        tables,
        closing_keys,
    } = dependency_order(tables);
    let mut statements = Vec::new();
    if dialect == Dialect::Sqlite && !closing_keys.is_empty() {
        statements.push("PRAGMA defer_foreign_keys = ON".to_owned());
    }
    for (table, key) in closing_keys.iter().rev() {
        statements.extend(foreign_key::drop(table, key, dialect, if_missing));
    }
    let guard = guard(if_missing);
    for table in tables.iter().rev() {
        let name = quote::table_name(dialect, &table.name);
        statements.push(format!("DROP TABLE {guard}{name}"));
    }
    statements.extend(enum_type::drop_all(&tables, dialect, if_missing));
    statements
}

/// Returns a file of SQL: each statement ends with a semicolon, and a blank line is between them.
pub fn script(statements: &[String]) -> String {
    let mut file = String::new();
    for statement in statements {
        if !file.is_empty() {
            file.push('\n');
        }
        file.push_str(statement);
        file.push_str(";\n");
    }
    file
}

/// Tables ask for something that the dialect cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSupported {
    /// Everything that was found, in the order of the tables; never empty.
    pub findings: Vec<Unsupported>,
}

impl fmt::Display for NotSupported {
    /// Writes one finding a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, finding) in self.findings.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(f, "{separator}{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotSupported {}

/// Creates the schemas that are named, whether or not other tables exist: `public` may be one.
fn create_schemas(tables: &[&Table], dialect: Dialect) -> Vec<String> {
    if dialect == Dialect::Sqlite {
        return Vec::new();
    }
    let schemas: BTreeSet<_> = tables
        .iter()
        .filter_map(|it| it.name.schema.as_ref())
        .collect();
    let create = |schema: &Text| {
        format!(
            "CREATE SCHEMA IF NOT EXISTS {}",
            quote::identifier(dialect, schema)
        )
    };
    schemas.into_iter().map(create).collect()
}

fn guard(if_missing: IfMissing) -> &'static str {
    match if_missing {
        IfMissing::Fail => "",
        IfMissing::Skip => "IF EXISTS ",
    }
}
