//! `CREATE TABLE`, one column or constraint a line.

use crate::{
    Column, ColumnDefault, Computed, ComputedStorage, Dialect, ForeignKey, Generation, Identity,
    IdentityMode, Literal, ScalarType, Table,
    ddl::{
        IfExists,
        expression::{column_list, parenthesised},
        foreign_key, index,
    },
    quote,
};

/// Creates a table with its columns, its constraints, and those foreign keys that are inline.
pub(super) fn create<'a>(
    table: &'a Table,
    dialect: Dialect,
    if_exists: IfExists,
    is_inline: impl Fn(&'a ForeignKey) -> bool,
) -> String {
    let guard = match if_exists {
        IfExists::Fail => "",
        IfExists::Skip => "IF NOT EXISTS ",
    };
    let name = quote::table_name(dialect, &table.name);
    let mut lines: Vec<_> = table.columns.iter().map(|it| column(it, dialect)).collect();
    lines.extend(keys(table, dialect));
    let foreign_keys = table.foreign_keys.iter().filter(|key| is_inline(key));
    lines.extend(foreign_keys.map(|key| foreign_key::constraint(key, dialect)));
    lines.extend(checks(table, dialect));
    lines.extend(index::inline(table, dialect));
    let options = options(table, dialect);
    if lines.is_empty() {
        return format!("CREATE TABLE {guard}{name} (){options}");
    }
    format!(
        "CREATE TABLE {guard}{name} (\n    {}\n){options}",
        lines.join(",\n    ")
    )
}

/// The definition of a column.
///
/// The order of the clauses is the one that all three dialects take.
fn column(column: &Column, dialect: Dialect) -> String {
    let mut sql = format!(
        "{} {}",
        quote::identifier(dialect, &column.name),
        ty(column, dialect)
    );
    let mut clause = |text: &str| {
        sql.push(' ');
        sql.push_str(text);
    };
    if let Some(collation) = column.collation.get(dialect) {
        clause(&format!(
            "COLLATE {}",
            quote::identifier(dialect, collation)
        ));
    }
    if let Some(Generation::Computed(options)) = &column.generation {
        clause(&computed(options, dialect));
    }
    // MariaDB has no NOT NULL on a computed column; its expression decides.
    let takes_not_null = dialect != Dialect::Mysql || !column.is_computed();
    if takes_not_null && !column.is_nullable {
        clause("NOT NULL");
    }
    if let Some(default) = default(column, dialect) {
        clause(&format!("DEFAULT {default}"));
    }
    if let Some(counter) = counter(column, dialect) {
        clause(&counter);
    }
    if let (Some(comment), Dialect::Mysql) = (&column.comment, dialect) {
        clause(&format!("COMMENT {}", quote::string(dialect, comment)));
    }
    sql
}

fn ty(column: &Column, dialect: Dialect) -> String {
    match column.sql_type.get(dialect) {
        Some(own) => own.to_string(),
        None => column.ty.sql_name(dialect),
    }
}

fn computed(options: &Computed, dialect: Dialect) -> String {
    let sql = options.sql.get(dialect).map_or("NULL", |sql| &**sql);
    let storage = match options.storage {
        ComputedStorage::Stored => "STORED",
        ComputedStorage::Virtual => "VIRTUAL",
    };
    format!("GENERATED ALWAYS AS {} {storage}", parenthesised(sql))
}

/// The clause of a column that the database counts up.
///
/// SQLite has none: a column of type INTEGER that is the primary key counts up.
fn counter(column: &Column, dialect: Dialect) -> Option<String> {
    let options = match column.generation.as_ref()? {
        Generation::AutoIncrement => None,
        Generation::Identity(options) => Some(options),
        Generation::Computed(_) => return None,
    };
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some(identity(options)),
        Dialect::Mysql => Some("AUTO_INCREMENT".to_owned()),
    }
}

fn identity(options: Option<&Identity>) -> String {
    let mode = match options.map_or(IdentityMode::ByDefault, |options| options.mode) {
        IdentityMode::ByDefault => "BY DEFAULT",
        IdentityMode::Always => "ALWAYS",
    };
    let start = options
        .and_then(|options| options.start)
        .map(|it| format!("START WITH {it}"));
    let increment = options
        .and_then(|options| options.increment)
        .map(|it| format!("INCREMENT BY {it}"));
    let sequence: Vec<_> = start.into_iter().chain(increment).collect();
    if sequence.is_empty() {
        return format!("GENERATED {mode} AS IDENTITY");
    }
    format!("GENERATED {mode} AS IDENTITY ({})", sequence.join(" "))
}

/// The expression after `DEFAULT`.
fn default(column: &Column, dialect: Dialect) -> Option<String> {
    match column.default.as_ref()? {
        ColumnDefault::Literal(literal) => Some(literal_default(column, literal, dialect)),
        ColumnDefault::Function(function) => {
            function.sql(dialect, column.ty.scalar()).map(str::to_owned)
        }
        ColumnDefault::Sql(sql) => sql.get(dialect).map(|sql| parenthesised(sql)),
    }
}

/// A literal, in parentheses where the dialect wants an expression.
///
/// MySQL has no literal default for text, bytes and JSON without a limit, but has an expression
/// (8.4 manual, 13.6). SQLite takes only plain literals without parentheses.
fn literal_default(column: &Column, literal: &Literal, dialect: Dialect) -> String {
    let sql = literal.sql(dialect, &column.ty);
    // A type of the user's may have no limit, and an expression is right for all.
    let is_unlimited = column.sql_type.get(Dialect::Mysql).is_some()
        || column.ty.is_array()
        || matches!(
            column.ty.scalar(),
            ScalarType::Text { max_chars: None } | ScalarType::Bytes | ScalarType::Json
        );
    let is_expression = match dialect {
        Dialect::Sqlite => sql.starts_with("CAST"),
        Dialect::Postgres => false,
        Dialect::Mysql => is_unlimited && *literal != Literal::Null,
    };
    if is_expression {
        format!("({sql})")
    } else {
        sql
    }
}

/// The primary key and the unique keys.
fn keys(table: &Table, dialect: Dialect) -> impl Iterator<Item = String> {
    let primary = table.primary_key.iter().map(move |key| {
        let columns = column_list(dialect, &key.columns);
        match dialect {
            Dialect::Sqlite | Dialect::Postgres => {
                let name = quote::identifier(dialect, &key.name);
                format!("CONSTRAINT {name} PRIMARY KEY {columns}")
            }
            Dialect::Mysql => format!("PRIMARY KEY {columns}"),
        }
    });
    let unique = table.unique_keys.iter().map(move |key| {
        let name = quote::identifier(dialect, &key.name);
        format!(
            "CONSTRAINT {name} UNIQUE {}",
            column_list(dialect, &key.columns)
        )
    });
    primary.chain(unique)
}

fn checks(table: &Table, dialect: Dialect) -> impl Iterator<Item = String> {
    table.checks.iter().filter_map(move |check| {
        let name = quote::identifier(dialect, &check.name);
        let condition = parenthesised(check.sql.get(dialect)?);
        Some(format!("CONSTRAINT {name} CHECK {condition}"))
    })
}

/// What follows the parentheses: on MySQL, the engine that has transactions, and all of Unicode.
fn options(table: &Table, dialect: Dialect) -> String {
    if dialect != Dialect::Mysql {
        return String::new();
    }
    let mut sql = "\nENGINE = InnoDB\nDEFAULT CHARACTER SET = utf8mb4".to_owned();
    let start = table
        .columns
        .iter()
        .find_map(|column| match &column.generation {
            Some(Generation::Identity(options)) => options.start,
            Some(Generation::AutoIncrement | Generation::Computed(_)) | None => None,
        });
    if let Some(start) = start {
        sql.push_str(&format!("\nAUTO_INCREMENT = {start}"));
    }
    if let Some(comment) = &table.comment {
        sql.push_str(&format!("\nCOMMENT = {}", quote::string(dialect, comment)));
    }
    sql
}
