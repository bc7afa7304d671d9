//! Primary, unique and foreign keys.

use crate::{
    Action, Deferrable, Dialect, ForeignKey, Generation, ScalarType, SqlType, Text,
    check::{Findings, Object, column::mysql_bytes},
};

pub(super) fn check(findings: &mut Findings<'_>) {
    let table = findings.table;
    if let Some(key) = &table.primary_key {
        key_columns(findings, &Object::PrimaryKey, &key.columns);
        ordered_columns(findings, &Object::PrimaryKey, &key.columns);
    }
    for key in table.unique_keys.iter() {
        let object = Object::UniqueKey(key.name.clone());
        key_columns(findings, &object, &key.columns);
        ordered_columns(findings, &object, &key.columns);
    }
    for key in table.foreign_keys.iter() {
        let object = Object::ForeignKey(key.name.clone());
        key_columns(findings, &object, &key.columns);
        foreign_key(findings, &object, key);
    }
}

/// Checks the columns of a key or of an ordinary index.
pub(super) fn key_columns(findings: &mut Findings<'_>, object: &Object, columns: &[Text]) {
    // PostgreSQL 15 manual, appendix K; MySQL 8.4 manual, 17.21; SQLite: SQLITE_MAX_COLUMN.
    let limit = match findings.dialect {
        Dialect::Sqlite => 2000,
        Dialect::Postgres => 32,
        Dialect::Mysql => 16,
    };
    if columns.len() > limit {
        let problem = format!("allows {limit} columns in a key or index");
        findings.add(object, problem, "use fewer columns");
    }
    if findings.is(Dialect::Mysql) {
        mysql_key_size(findings, object, columns);
    }
}

/// Checks that PostgreSQL can sort what a B-tree holds.
pub(super) fn ordered_columns(findings: &mut Findings<'_>, object: &Object, columns: &[Text]) {
    // PostgreSQL 15 manual, 11.10: no operator class of `btree` is for these.
    const UNORDERED: &[&str] = &[
        "box", "circle", "json", "line", "lseg", "path", "point", "polygon", "xml",
    ];
    if !findings.is(Dialect::Postgres) {
        return;
    }
    let table = findings.table;
    for column in columns.iter().filter_map(|name| table.column(name)) {
        let own = column.sql_type.get(Dialect::Postgres);
        let own = own.map(|own| own.trim().to_ascii_lowercase());
        if let Some(own) = own.filter(|own| UNORDERED.contains(&&**own)) {
            let name = &column.name;
            let problem =
                format!("has no key or index of `{name}`, whose type `{own}` has no order");
            findings.add(
                object,
                problem,
                "use another type, such as `jsonb` for `json`",
            );
        }
    }
}

/// InnoDB limits a key to 3,072 bytes (MySQL 8.4 manual, 17.21), and needs a limit of each column.
fn mysql_key_size(findings: &mut Findings<'_>, object: &Object, columns: &[Text]) {
    const LIMIT: u64 = 3072;
    let mut size = 0;
    for column in columns
        .iter()
        .filter_map(|name| findings.table.column(name))
    {
        if let Some(own) = column.sql_type.get(Dialect::Mysql) {
            // MySQL 8.4 manual, 15.1.15: a prefix of them can be a key, which MariaDB takes by itself.
            if is_stored_apart(own) {
                let name = &column.name;
                let problem =
                    format!("has no key or index of `{name}`, whose type `{own}` has no limit");
                findings.add(
                    object,
                    problem,
                    "use a type with a limit, such as `varchar(20)`",
                );
            }
            continue;
        }
        match mysql_bytes(column) {
            Some(bytes) => size += bytes,
            None => {
                let (name, ty) = (&column.name, &column.ty);
                let problem =
                    format!("has no key or index of `{name}`, whose type {ty} has no limit");
                let help = match ty {
                    SqlType::Scalar(ScalarType::Bytes) => {
                        "add `sql_type = { mysql = \"varbinary(255)\" }`; for a UUID, use `uuid`"
                    }
                    SqlType::Scalar(ScalarType::Text { .. }) => {
                        "use `text(80)`, or add `sql_type = { mysql = \"varchar(80)\" }`"
                    }
                    _ => "use another type: a key or index has a length there",
                };
                findings.add(object, problem, help);
            }
        }
    }
    if size > LIMIT {
        let problem = format!(
            "allows {LIMIT} bytes in a key or index, four for a character, and this one can have \
             {size}"
        );
        findings.add(object, problem, "use shorter `text(n)`, or fewer columns");
    }
}

/// Whether a type of MySQL is one of long texts, bytes and documents.
fn is_stored_apart(own: &str) -> bool {
    let end = own.find(|it: char| !it.is_ascii_alphanumeric());
    let name = own.get(..end.unwrap_or(own.len())).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    name.ends_with("text") || name.ends_with("blob") || matches!(&*name, "json" | "long")
}

fn foreign_key(findings: &mut Findings<'_>, object: &Object, key: &ForeignKey) {
    match findings.dialect {
        Dialect::Sqlite => {
            if key.target.schema != findings.table.name.schema {
                let problem = "has no foreign key from one schema to another";
                findings.add(object, problem, "put both tables into one schema");
            }
        }
        Dialect::Postgres => {}
        Dialect::Mysql => mysql_foreign_key(findings, object, key),
    }
}

/// MySQL 8.4 manual, 15.1.20.5.
fn mysql_foreign_key(findings: &mut Findings<'_>, object: &Object, key: &ForeignKey) {
    if key.deferrable != Deferrable::No {
        let problem = "checks a foreign key at once, and cannot defer it";
        findings.add(
            object,
            problem,
            "remove `deferrable`, and insert in the order of the keys",
        );
    }
    let actions = [key.on_delete, key.on_update];
    if actions.contains(&Action::SetDefault) {
        let problem = "has no SET DEFAULT in InnoDB";
        findings.add(object, problem, "use `set_null`, or `restrict`");
    }
    let table = findings.table;
    let columns = key.columns.iter().filter_map(|name| table.column(name));
    let has_computed = columns
        .into_iter()
        .any(|it| matches!(it.generation, Some(Generation::Computed(_))));
    let writes = key.on_delete == Action::SetNull
        || matches!(key.on_update, Action::SetNull | Action::Cascade);
    if has_computed && writes {
        let problem = "cannot write to a computed column when the referenced row changes";
        findings.add(object, problem, "use `restrict`");
    }
}
