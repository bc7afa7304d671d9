//! What was found out about a query, for people: each parameter and column with the reason.

use std::fmt::Write as _;

use crate::ir::{FieldType, PartKind, PartNumber, Piece, Query, Row, Schema};
use crate::query::one::known_of;

/// Describes a query, `None` if there is none of the name.
#[must_use]
pub(crate) fn explain(schema: &Schema, name: &str) -> Option<String> {
    let query = schema.queries.iter().find(|it| it.name == name)?;
    let returns = query.returns.name();
    let mut out = format!("query {name}, returns {returns}\n");
    section(&mut out, "parameters");
    for param in &query.params {
        let list = if param.is_list { "[]" } else { "" };
        let block = param.block.and_then(|it| query.blocks.get(it));
        let block = block.map_or_else(String::new, |it| {
            format!("; switches the block `{}`", it.name)
        });
        let ty = format!("{}{list}", type_name(schema, &param.ty));
        line(
            &mut out,
            &param.name,
            &ty,
            &format!("{}{block}", param.reason),
        );
    }
    let flags = query.blocks.iter().filter(|it| it.params.is_empty());
    for block in flags.clone() {
        line(
            &mut out,
            &block.name,
            "bool",
            "switches the block of its name",
        );
    }
    if query.params.is_empty() && flags.count() == 0 {
        out.push_str("  none\n");
    }
    section(&mut out, "columns");
    if query.columns.is_empty() {
        out.push_str("  none\n");
    }
    for column in &query.columns {
        let ty = type_name(schema, &column.ty);
        line(&mut out, &column.name, &ty, &column.reason);
    }
    row(&mut out, schema, &query.row);
    texts(&mut out, query);
    Some(out)
}

fn section(out: &mut String, name: &str) {
    let _ = writeln!(out, "\n{name}");
}

fn line(out: &mut String, name: &str, ty: &str, reason: &str) {
    let _ = writeln!(out, "  {name}: {ty}\n      {reason}");
}

fn type_name(schema: &Schema, ty: &FieldType) -> String {
    let null = if ty.is_nullable { "?" } else { "" };
    format!("{}{null}", known_of(ty, None).name(schema))
}

/// Tells what a row becomes, where that is more than its columns.
fn row(out: &mut String, schema: &Schema, row: &Row) {
    let whole = match row {
        Row::None | Row::Scalar(_) => return,
        Row::Ignored => "whether there is one".to_owned(),
        Row::Struct {
            name,
            columns: _,
            home: _,
        }
        | Row::Nested { name, parts: _ } => name.clone(),
        Row::Model(id) => schema.models[*id].name.clone(),
        Row::View(at) => {
            let view = schema.views.get(*at);
            view.map_or_else(String::new, |it| it.written.name.value.clone())
        }
    };
    section(out, "row");
    let _ = writeln!(out, "  {whole}");
    let Row::Nested { name: _, parts } = row else {
        return;
    };
    for part in parts {
        let number = match part.number {
            PartNumber::One => "always there",
            PartNumber::Optional => "missing where the join finds no row",
            PartNumber::Many => "collected over rows",
        };
        let ty = match &part.kind {
            PartKind::Column(column) => type_name(schema, &column.ty),
            PartKind::Model(id) => schema.models[*id].name.clone(),
            PartKind::Struct { name, columns: _ } => name.clone(),
        };
        line(out, &part.name, &ty, number);
    }
}

fn texts(out: &mut String, query: &Query) {
    if !query.orders.is_empty() {
        section(out, "orders");
        for (name, order) in &query.orders {
            let _ = writeln!(out, "  {name}: {order}");
        }
    }
    for (dialect, pieces) in &query.texts {
        section(out, dialect.title());
        let _ = writeln!(out, "  {}", text(query, pieces));
    }
}

/// Writes a statement with the names of parameters and blocks, as the user does, and with the first of its orders.
pub(crate) fn text(query: &Query, pieces: &[Piece]) -> String {
    let mut text = String::new();
    write(&mut text, query, pieces);
    text
}

fn write(text: &mut String, query: &Query, pieces: &[Piece]) {
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Param(at) | Piece::List(at) => {
                let _ = write!(text, ":{}", query.params.get(*at).map_or("", |it| &it.name));
            }
            Piece::Block(block, inside) => {
                let _ = write!(
                    text,
                    "/*if {}*/ ",
                    query.blocks.get(*block).map_or("", |it| &it.name)
                );
                write(text, query, inside);
                text.push_str(" /*end*/");
            }
            Piece::Order(orders) => {
                text.push_str("/*order*/ ");
                if let Some(first) = orders.first() {
                    write(text, query, first);
                }
                text.push_str(" /*end*/");
            }
        }
    }
}
