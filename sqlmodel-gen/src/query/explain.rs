//! What was found out about a query, for people: each parameter and column with the reason.

use std::fmt::Write as _;

use crate::ir::{FieldType, PartKind, PartNumber, Piece, Query, QueryColumn, Row, Schema};
use crate::query::one::known_of;

/// Describes a query, `None` if there is none of the name.
#[must_use]
pub(crate) fn explain(schema: &Schema, name: &str) -> Option<String> {
    let query = schema.queries.iter().find(|it| it.name == name)?;
    let returns = format!("{:?}", query.returns).to_lowercase();
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
    columns(&mut out, schema, &query.row);
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

fn columns(out: &mut String, schema: &Schema, row: &Row) {
    section(out, "columns");
    match row {
        Row::None => out.push_str("  none\n"),
        Row::Ignored => {
            out.push_str("  whatever they are: only whether there is a row is asked\n");
        }
        Row::Scalar(_) | Row::Struct { .. } => each(out, schema, row.columns()),
        Row::Model(id) => {
            let model = &schema.models[*id].name;
            line(out, "all", model, "the columns of the model");
        }
        Row::View(at) => {
            let view = schema.views.get(*at);
            let name = view.map_or("", |it| it.written.name.value.as_str());
            line(out, "all", name, "the columns of the view");
        }
        Row::Nested { parts, .. } => {
            for part in parts {
                let number = match part.number {
                    PartNumber::One => "always there",
                    PartNumber::Optional => "missing where the join finds no row",
                    PartNumber::Many => "collected over rows",
                };
                match &part.kind {
                    PartKind::Column(column) => each(out, schema, std::slice::from_ref(column)),
                    PartKind::Model(id) => {
                        line(out, &part.name, &schema.models[*id].name, number);
                    }
                    PartKind::Struct { name, columns } => {
                        line(out, &part.name, name, number);
                        each(out, schema, columns);
                    }
                }
            }
        }
    }
}

fn each(out: &mut String, schema: &Schema, columns: &[QueryColumn]) {
    for column in columns {
        let ty = type_name(schema, &column.ty);
        line(out, &column.name, &ty, &column.reason);
    }
}

fn texts(out: &mut String, query: &Query) {
    for (dialect, pieces) in &query.texts {
        section(out, dialect.title());
        let mut text = String::new();
        write(&mut text, query, pieces);
        let _ = writeln!(out, "  {text}");
    }
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
