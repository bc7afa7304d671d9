//! Foreign keys, as constraints of a table and as changes to it.

use crate::{
    Action, Deferrable, Dialect, ForeignKey, Table,
    ddl::{
        IfExists, IfMissing,
        expression::{column_list, unless_it_exists},
    },
    quote,
};

/// The constraint, as it stands in `CREATE TABLE`.
pub(super) fn constraint(key: &ForeignKey, dialect: Dialect) -> String {
    let name = quote::identifier(dialect, &key.name);
    let columns = column_list(dialect, &key.columns);
    let mut sql = format!(
        "CONSTRAINT {name} FOREIGN KEY {columns}\n        {}",
        references(key, dialect)
    );
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != Action::NoAction {
            sql.push_str(&format!("\n        ON {event} {}", action.sql()));
        }
    }
    match key.deferrable {
        Deferrable::No => {}
        Deferrable::InitiallyImmediate => sql.push_str("\n        DEFERRABLE INITIALLY IMMEDIATE"),
        Deferrable::InitiallyDeferred => sql.push_str("\n        DEFERRABLE INITIALLY DEFERRED"),
    }
    sql
}

/// SQLite looks for the target in the schema of the table itself, and takes no schema here.
fn references(key: &ForeignKey, dialect: Dialect) -> String {
    let target = match dialect {
        Dialect::Sqlite => quote::identifier(dialect, &key.target.name),
        Dialect::Postgres | Dialect::Mysql => quote::table_name(dialect, &key.target),
    };
    format!(
        "REFERENCES {target} {}",
        column_list(dialect, &key.target_columns)
    )
}

/// Adds a key to a table that exists. SQLite cannot, and has the key in its table.
pub(super) fn add(
    table: &Table,
    key: &ForeignKey,
    dialect: Dialect,
    if_exists: IfExists,
) -> Vec<String> {
    let name = quote::table_name(dialect, &table.name);
    let statement = format!("ALTER TABLE {name}\n    ADD {}", constraint(key, dialect));
    match (dialect, if_exists) {
        (Dialect::Sqlite, _) => Vec::new(),
        (Dialect::Postgres | Dialect::Mysql, IfExists::Fail) => vec![statement],
        (Dialect::Postgres, IfExists::Skip) => vec![unless_it_exists(&statement)],
        (Dialect::Mysql, IfExists::Skip) => mysql_if(table, key, "NOT EXISTS", &statement),
    }
}

/// Drops a key of a table.
pub(super) fn drop(
    table: &Table,
    key: &ForeignKey,
    dialect: Dialect,
    if_missing: IfMissing,
) -> Vec<String> {
    let name = quote::table_name(dialect, &table.name);
    let key_name = quote::identifier(dialect, &key.name);
    match (dialect, if_missing) {
        (Dialect::Sqlite, _) => Vec::new(),
        (Dialect::Postgres, IfMissing::Fail) => {
            vec![format!(
                "ALTER TABLE {name}\n    DROP CONSTRAINT {key_name}"
            )]
        }
        (Dialect::Postgres, IfMissing::Skip) => {
            vec![format!(
                "ALTER TABLE IF EXISTS {name}\n    DROP CONSTRAINT IF EXISTS {key_name}"
            )]
        }
        (Dialect::Mysql, IfMissing::Fail) => vec![mysql_drop(&name, &key_name)],
        (Dialect::Mysql, IfMissing::Skip) => {
            mysql_if(table, key, "EXISTS", &mysql_drop(&name, &key_name))
        }
    }
}

fn mysql_drop(table: &str, key: &str) -> String {
    format!("ALTER TABLE {table}\n    DROP FOREIGN KEY {key}")
}

/// Runs a statement if a key exists, or if it does not.
///
/// MySQL has no `IF EXISTS` for keys, so the text of the statement to run depends on the catalog.
/// The statements are for the text protocol: they cannot be prepared themselves.
fn mysql_if(table: &Table, key: &ForeignKey, condition: &str, statement: &str) -> Vec<String> {
    let string = |text: &str| quote::string(Dialect::Mysql, text);
    let schema = table
        .name
        .schema
        .as_ref()
        .map_or("DATABASE()".to_owned(), |it| string(it));
    let choose = format!(
        "\
SET @sqlmodel_statement = IF(
    {condition} (
        SELECT 1
        FROM information_schema.table_constraints
        WHERE constraint_schema = {schema}
            AND table_name = {table}
            AND constraint_name = {key}
    ),
    {statement},
    'DO 0'
)",
        table = string(&table.name.name),
        key = string(&key.name),
        statement = string(statement),
    );
    vec![
        choose,
        "PREPARE sqlmodel_statement FROM @sqlmodel_statement".to_owned(),
        "EXECUTE sqlmodel_statement".to_owned(),
        "DEALLOCATE PREPARE sqlmodel_statement".to_owned(),
    ]
}
