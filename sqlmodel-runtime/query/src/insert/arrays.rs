//! Many rows as an array for each column, which PostgreSQL takes in half the time that a placeholder for each value takes.
//!
//! The text is the same for any number of rows, so that it is prepared once. Nobody here knows the types of columns: each
//! array meets one element that the server makes of the column itself, and has its type from there.

#[cfg(test)]
mod tests;

use std::ops::Range;

use sqlmodel_core::{Dialect, Value};

use super::Plan;
use crate::render::Writer;

/// The least number of rows that are worth a scan of arrays.
const MIN_ROWS: usize = 16;

/// The most rows of a statement. More gain nothing, and a statement is bound to stay below a gigabyte.
pub(super) const MAX_ROWS: usize = 10_000;

impl<'r> Plan<'r> {
    /// Tells whether rows, of which all leave out the same columns, can be written as arrays.
    pub(super) fn suits_arrays(&self, dialect: Dialect, rows: Range<usize>) -> bool {
        dialect == Dialect::Postgres
            && rows.len() >= MIN_ROWS
            && (self.schema.is_some() || !is_builtin_type(self.table))
            && (0..self.columns.len()).any(|column| self.has_value(column, &rows))
            && rows
                .into_iter()
                .all(|row| self.row(row).iter().all(is_element))
    }

    /// Writes the columns of rows and what they are set to: the items of an array for each, or NULL.
    ///
    /// The element of the table's own row type needs no right to read the table, and is never looked at.
    pub(super) fn render_arrays(&self, writer: &mut Writer<'r>, rows: &Range<usize>) {
        let is_given = |(_, value): &(usize, &Value<'_>)| !matches!(value, Value::Default);
        let given = self.row(rows.start).iter().enumerate().filter(is_given);
        let given: Vec<usize> = given.map(|(column, _)| column).collect();
        let with_values = given.iter().copied();
        let with_values: Vec<usize> = with_values
            .filter(|column| self.has_value(*column, rows))
            .collect();
        writer.text(" (");
        self.names(&given, writer);
        writer.text(") SELECT ");
        for (place, column) in given.iter().enumerate() {
            writer.text(if place == 0 { "" } else { ", " });
            // An array of NULLs alone could not tell a column of lists from its items.
            match with_values.contains(column) {
                true => self.names(std::slice::from_ref(column), writer),
                false => writer.text("NULL"),
            }
        }
        writer.text(" FROM unnest(");
        for (place, column) in with_values.iter().enumerate() {
            writer.text(if place == 0 {
                "coalesce("
            } else {
                ", coalesce("
            });
            let values = rows.clone().filter_map(|row| self.row(row).get(*column));
            writer.param(Value::Array(values.cloned().collect()));
            writer.text(", ARRAY[(NULL::");
            writer.table(self.schema, self.table);
            writer.text(").");
            self.names(std::slice::from_ref(column), writer);
            writer.text("])");
        }
        writer.text(") AS ");
        writer.identifier("given");
        writer.text(" (");
        self.names(&with_values, writer);
        writer.text(")");
    }

    fn names(&self, columns: &[usize], writer: &mut Writer<'r>) {
        let names = columns
            .iter()
            .filter_map(|column| self.columns.get(*column));
        writer.columns(names.copied());
    }

    fn has_value(&self, column: usize, rows: &Range<usize>) -> bool {
        let mut values = rows.clone().filter_map(|row| self.row(row).get(column));
        values.any(|value| !matches!(value, Value::Null | Value::Default))
    }
}

/// Tells whether a value can be an element of an array: a list in a list would be taken apart with it.
fn is_element(value: &Value<'_>) -> bool {
    !matches!(value, Value::Array(_) | Value::Invalid(_))
}

/// Tells whether a name without a schema means a built-in type, whatever tables there are: the catalog is searched first.
fn is_builtin_type(name: &str) -> bool {
    let name = name.strip_prefix('_').unwrap_or(name);
    name.starts_with("pg_") || BUILTIN_TYPES.binary_search(&name).is_ok()
}

/// The types of `pg_catalog` in PostgreSQL 15, without those that begin with `pg_`; in order. Those of arrays have a `_` before.
#[rustfmt::skip]
const BUILTIN_TYPES: &[&str] = &[
    "aclitem", "any", "anyarray", "anycompatible", "anycompatiblearray", "anycompatiblemultirange",
    "anycompatiblenonarray", "anycompatiblerange", "anyelement", "anyenum", "anymultirange",
    "anynonarray", "anyrange", "bit", "bool", "box", "bpchar", "bytea", "char", "cid", "cidr",
    "circle", "cstring", "date", "datemultirange", "daterange", "event_trigger", "fdw_handler",
    "float4", "float8", "gtsvector", "index_am_handler", "inet", "int2", "int2vector", "int4",
    "int4multirange", "int4range", "int8", "int8multirange", "int8range", "internal", "interval",
    "json", "jsonb", "jsonpath", "language_handler", "line", "lseg", "macaddr", "macaddr8", "money",
    "name", "numeric", "nummultirange", "numrange", "oid", "oidvector", "path", "point", "polygon",
    "record", "refcursor", "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace",
    "regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype", "table_am_handler",
    "text", "tid", "time", "timestamp", "timestamptz", "timetz", "trigger", "tsm_handler",
    "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector",
    "txid_snapshot", "unknown", "uuid", "varbit", "varchar", "void", "xid", "xid8", "xml",
];
