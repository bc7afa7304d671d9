//! Indexes: conditions, expressions, methods and orders.

use crate::{
    Dialect, Index, IndexKey, IndexPart, Nulls, Order, ScalarType, Text,
    check::{Findings, Object, key},
};

pub(super) fn check(findings: &mut Findings<'_>) {
    let Findings { table, dialect, .. } = *findings;
    for index in table
        .indexes
        .iter()
        .filter(|it| it.dialects.contains(dialect))
    {
        let object = Object::Index(index.name.clone());
        let method = index
            .method
            .get(findings.dialect)
            .map(|method| method.to_ascii_lowercase());
        predicate(findings, &object, index);
        indexed_columns(findings, &object, index, method.as_deref());
        access_method(findings, &object, index, method.as_deref());
        for part in index.parts.iter() {
            expression(findings, &object, part);
            nulls(findings, &object, part);
        }
        // A full-text index is over words, not over whole values.
        if !matches!(method.as_deref(), Some("fulltext" | "spatial")) {
            let columns: Vec<_> = index.parts.iter().filter_map(column).cloned().collect();
            key::key_columns(findings, &object, &columns);
            if matches!(method.as_deref(), None | Some("btree")) {
                key::ordered_columns(findings, &object, &columns);
            }
        }
    }
}

fn column(part: &IndexPart) -> Option<&Text> {
    match &part.key {
        IndexKey::Column(column) => Some(column),
        IndexKey::Expression(_) => None,
    }
}

fn predicate(findings: &mut Findings<'_>, object: &Object, index: &Index) {
    if findings.is(Dialect::Mysql) && index.predicate.get(Dialect::Mysql).is_some() {
        let help = if index.is_unique {
            "make a computed column that is null in the other rows, and index that"
        } else {
            "remove the condition, or leave MySQL out with `dialects`"
        };
        findings.add(object, "has no index of some rows only", help);
    }
}

/// Checks that the dialect has the access method, and that the method does what is asked of it.
fn access_method(
    findings: &mut Findings<'_>,
    object: &Object,
    index: &Index,
    method: Option<&str>,
) {
    let Some(method) = method else { return };
    match (findings.dialect, method) {
        (Dialect::Sqlite, _) => {
            let problem = "has one method of indexing, a B-tree";
            findings.add(
                object,
                problem,
                "leave SQLite out of `method`, or out with `dialects`",
            );
        }
        // InnoDB would make a B-tree without a word (MySQL 8.4 manual, 15.1.15).
        (Dialect::Mysql, "btree" | "fulltext" | "spatial") | (Dialect::Postgres, _) => {}
        (Dialect::Mysql, _) => {
            let problem = format!("has no method `{method}` in InnoDB");
            findings.add(object, problem, "use `btree`, `fulltext` or `spatial`");
            return;
        }
    }
    let is_ordered = method == "btree";
    if !is_ordered && index.is_unique {
        let problem = format!("has no unique index by `{method}`");
        findings.add(object, problem, "use a unique key");
    }
    let is_sorted = index
        .parts
        .iter()
        .any(|part| part.order == Order::Descending || part.nulls.is_some());
    if !is_ordered && is_sorted {
        let problem = format!("has no order in an index by `{method}`");
        findings.add(object, problem, "remove the order");
    }
}

/// Checks that a method can index what it is to index.
fn indexed_columns(
    findings: &mut Findings<'_>,
    object: &Object,
    index: &Index,
    method: Option<&str>,
) {
    let is_hash = method == Some("hash") && findings.is(Dialect::Postgres);
    if is_hash && index.parts.len() > 1 {
        let problem = "has one column in an index by `hash`";
        findings.add(object, problem, "use `btree`, or one index for each column");
    }
    if !findings.is(Dialect::Mysql) {
        return;
    }
    let table = findings.table;
    let names = index.parts.iter().filter_map(column);
    for column in names.filter_map(|name| table.column(name)) {
        // Of a type of the user's, nothing is known.
        if column.sql_type.get(Dialect::Mysql).is_some() {
            continue;
        }
        let is_text =
            !column.ty.is_array() && matches!(column.ty.scalar(), ScalarType::Text { .. });
        let (name, ty) = (&column.name, &column.ty);
        if method == Some("fulltext") && !is_text {
            let problem = format!("has no `fulltext` index of `{name}`, whose type is {ty}");
            findings.add(object, problem, "index text alone");
        }
        if method == Some("spatial") {
            let problem = format!("has no `spatial` index of `{name}`, whose type is {ty}");
            let help = "use `btree`, or give the column `sql_type = { mysql = \"geometry\" }`";
            findings.add(object, problem, help);
        }
    }
}

fn expression(findings: &mut Findings<'_>, object: &Object, part: &IndexPart) {
    let IndexKey::Expression(sql) = &part.key else {
        return;
    };
    if findings.is(Dialect::Mysql) {
        // MySQL 8.0.13 has it, MariaDB does not.
        let problem = "and MariaDB have no common index of an expression";
        findings.add(object, problem, "make a computed column, and index that");
    } else if sql.get(findings.dialect).is_none() {
        findings.add(
            object,
            "has no expression to index",
            "give the expression for this dialect",
        );
    }
}

fn nulls(findings: &mut Findings<'_>, object: &Object, part: &IndexPart) {
    let Some(nulls) = part.nulls else { return };
    // Both sort NULL below every value.
    let own = match part.order {
        Order::Ascending => Nulls::First,
        Order::Descending => Nulls::Last,
    };
    if nulls != own && !findings.is(Dialect::Postgres) {
        let problem = "sorts NULL first in an ascending index, and last in a descending one";
        findings.add(object, problem, "remove `nulls`");
    }
}
