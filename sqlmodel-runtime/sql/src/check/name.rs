//! Names and comments: what a dialect can store of them.

use crate::{
    Dialect, EnumValues, IdentifierLimit, ScalarType, Table,
    check::{Findings, Object},
};

pub(super) fn check(findings: &mut Findings<'_>) {
    let table = findings.table;
    table_names(findings, table);
    for column in table.columns.iter() {
        let object = Object::Column(column.name.clone());
        identifier(findings, &object, &column.name);
        // PostgreSQL 15 manual, 5.5: every table has them.
        const SYSTEM: &[&str] = &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];
        if findings.is(Dialect::Postgres) && SYSTEM.contains(&&*column.name) {
            findings.add(&object, "has a column of this name in every table", RENAME);
        }
        comment(findings, &object, column.comment.as_deref(), 1024);
        if let ScalarType::Enum(enum_) = column.ty.scalar()
            && let EnumValues::Native(_) = enum_.values
            && findings.is(Dialect::Postgres)
        {
            identifier(findings, &object, &enum_.name);
            if let Some(schema) = &enum_.schema {
                identifier(findings, &object, schema);
            }
        }
    }
    // MySQL has one name for all primary keys.
    if let Some(key) = &table.primary_key
        && !findings.is(Dialect::Mysql)
    {
        identifier(findings, &Object::PrimaryKey, &key.name);
    }
    for key in table.unique_keys.iter() {
        let object = Object::UniqueKey(key.name.clone());
        identifier(findings, &object, &key.name);
        index_name(findings, &object, &key.name);
    }
    for key in table.foreign_keys.iter() {
        identifier(findings, &Object::ForeignKey(key.name.clone()), &key.name);
    }
    for check in table.checks.iter() {
        identifier(findings, &Object::Check(check.name.clone()), &check.name);
    }
    for index in table.indexes.iter() {
        let object = Object::Index(index.name.clone());
        identifier(findings, &object, &index.name);
        index_name(findings, &object, &index.name);
    }
}

fn table_names(findings: &mut Findings<'_>, table: &Table) {
    identifier(findings, &Object::Table, &table.name.name);
    if let Some(schema) = &table.name.schema {
        identifier(findings, &Object::Table, schema);
        if findings.is(Dialect::Postgres) && schema.starts_with("pg_") {
            let problem = "keeps schemas whose names begin with `pg_` to itself";
            findings.add(&Object::Table, problem, RENAME);
        }
    }
    comment(findings, &Object::Table, table.comment.as_deref(), 2048);
    if findings.is(Dialect::Sqlite) && is_of_sqlite(&table.name.name) {
        findings.add(
            &Object::Table,
            "keeps names that begin with `sqlite_` to itself",
            RENAME,
        );
    }
}

fn is_of_sqlite(name: &str) -> bool {
    let prefix = name.get(..7);
    prefix.is_some_and(|it| it.eq_ignore_ascii_case("sqlite_"))
}

/// Checks the name of a key or index; SQLite names those of keys itself.
fn index_name(findings: &mut Findings<'_>, object: &Object, name: &str) {
    let is_index = matches!(object, Object::Index(_));
    if findings.is(Dialect::Sqlite) && is_index && is_of_sqlite(name) {
        let problem = "keeps names that begin with `sqlite_` to itself";
        findings.add(object, problem, RENAME);
    }
    if findings.is(Dialect::Mysql) && name.eq_ignore_ascii_case("primary") {
        findings.add(object, "calls the primary key so", RENAME);
    }
}

const RENAME: &str = "give it another name";

fn identifier(findings: &mut Findings<'_>, object: &Object, name: &str) {
    if name.is_empty() {
        findings.add(object, "has no empty names", "give it a name");
    }
    if name.contains('\0') {
        findings.add(
            object,
            format!("has no NUL in names, as in {name:?}"),
            RENAME,
        );
    }
    let limit = findings.dialect.identifier_limit();
    if let Some(limit) = limit.filter(|limit| !limit.allows(name)) {
        let limit = match limit {
            IdentifierLimit::Bytes(limit) => format!("{limit} bytes"),
            IdentifierLimit::Characters(limit) => format!("{limit} characters"),
        };
        let problem = format!("allows names of {limit}, and this one is longer");
        findings.add(object, problem, "give it a shorter name");
    }
    // MySQL 8.4 manual, 11.2: only the Basic Multilingual Plane, and no space at the end.
    let is_mysql_name = !name.ends_with(' ') && name.chars().all(|it| it <= '\u{ffff}');
    if findings.is(Dialect::Mysql) && !is_mysql_name {
        let problem = format!("has no space at the end and no character above U+FFFF in {name:?}");
        findings.add(object, problem, RENAME);
    }
}

/// Checks a comment; SQLite stores none.
fn comment(
    findings: &mut Findings<'_>,
    object: &Object,
    comment: Option<&str>,
    mysql_limit: usize,
) {
    let Some(comment) = comment else { return };
    if findings.is(Dialect::Postgres) && comment.contains('\0') {
        findings.add(
            object,
            "has no NUL in text, as in the comment",
            "remove the character",
        );
    }
    if findings.is(Dialect::Mysql) && comment.chars().count() > mysql_limit {
        let problem = format!("allows comments of {mysql_limit} characters here");
        findings.add(object, problem, "shorten the comment");
    }
}
