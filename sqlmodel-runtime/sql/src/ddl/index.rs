//! Indexes: statements on SQLite and PostgreSQL, lines of `CREATE TABLE` on MySQL.
//!
//! MySQL has no `CREATE INDEX IF NOT EXISTS`, and makes the table and its indexes as one.

use crate::{
    Dialect, Index, IndexKey, IndexPart, Nulls, Order, Table,
    ddl::{IfExists, expression::parenthesised},
    quote,
};

/// The lines of `CREATE TABLE`.
pub(super) fn inline(table: &Table, dialect: Dialect) -> impl Iterator<Item = String> {
    indexes(table, dialect)
        .filter(move |_| dialect == Dialect::Mysql)
        .map(move |index| {
            let name = quote::identifier(dialect, &index.name);
            let method = index
                .method
                .get(dialect)
                .map(|method| method.to_ascii_uppercase());
            let parts = parts(index, dialect);
            match method.as_deref() {
                Some(kind @ ("FULLTEXT" | "SPATIAL")) => format!("{kind} INDEX {name} {parts}"),
                Some(method) => format!("{}INDEX {name} USING {method} {parts}", unique(index)),
                None => format!("{}INDEX {name} {parts}", unique(index)),
            }
        })
}

/// The statements after `CREATE TABLE`.
pub(super) fn create_all(
    table: &Table,
    dialect: Dialect,
    if_exists: IfExists,
) -> impl Iterator<Item = String> {
    indexes(table, dialect)
        .filter(move |_| dialect != Dialect::Mysql)
        .map(move |index| create(table, index, dialect, if_exists))
}

fn create(table: &Table, index: &Index, dialect: Dialect, if_exists: IfExists) -> String {
    let guard = match if_exists {
        IfExists::Fail => "",
        IfExists::Skip => "IF NOT EXISTS ",
    };
    let (name, table) = names(table, index, dialect);
    let mut sql = format!(
        "CREATE {}INDEX {guard}{name}\n    ON {table}",
        unique(index)
    );
    if let Some(method) = index.method.get(dialect) {
        sql.push_str(&format!(" USING {}", quote::identifier(dialect, method)));
    }
    sql.push_str(&format!(" {}", parts(index, dialect)));
    if let Some(predicate) = index.predicate.get(dialect) {
        sql.push_str(&format!("\n    WHERE {}", parenthesised(predicate)));
    }
    sql
}

/// The names of an index and of its table: the schema is named once, at the index on SQLite and at
/// the table on PostgreSQL.
fn names(table: &Table, index: &Index, dialect: Dialect) -> (String, String) {
    let name = quote::identifier(dialect, &index.name);
    match (dialect, &table.name.schema) {
        (Dialect::Sqlite, Some(schema)) => {
            let schema = quote::identifier(dialect, schema);
            (
                format!("{schema}.{name}"),
                quote::identifier(dialect, &table.name.name),
            )
        }
        _ => (name, quote::table_name(dialect, &table.name)),
    }
}

fn indexes(table: &Table, dialect: Dialect) -> impl Iterator<Item = &Index> {
    table
        .indexes
        .iter()
        .filter(move |index| index.dialects.contains(dialect))
}

fn unique(index: &Index) -> &'static str {
    if index.is_unique { "UNIQUE " } else { "" }
}

fn parts(index: &Index, dialect: Dialect) -> String {
    let parts: Vec<_> = index.parts.iter().map(|it| part(it, dialect)).collect();
    format!("({})", parts.join(", "))
}

fn part(part: &IndexPart, dialect: Dialect) -> String {
    let mut sql = match &part.key {
        IndexKey::Column(column) => quote::identifier(dialect, column),
        IndexKey::Expression(sql) => parenthesised(sql.get(dialect).map_or("NULL", |sql| &**sql)),
    };
    if part.order == Order::Descending {
        sql.push_str(" DESC");
    }
    // The others take no clause, and sort as is asked; all else is refused by `check`.
    if dialect == Dialect::Postgres {
        match part.nulls {
            None => {}
            Some(Nulls::First) => sql.push_str(" NULLS FIRST"),
            Some(Nulls::Last) => sql.push_str(" NULLS LAST"),
        }
    }
    sql
}
