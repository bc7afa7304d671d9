//! The text of a query as a constant: one for each dialect.

use sqlmodel_sql::Dialect;

use crate::emit::rust::Rust;
use crate::ir::{Piece, Query};

/// Writes `static SQL`.
pub(super) fn constant(query: &Query, out: &mut Rust) {
    out.enclosed(
        "static SQL: codegen::typed::Sql = codegen::typed::Sql {",
        "};",
        |out| {
            for dialect in Dialect::ALL {
                let text = query
                    .texts
                    .iter()
                    .find(|(it, _)| *it == dialect)
                    .map(|(_, pieces)| text(pieces, dialect));
                let value = text.map_or_else(
                    || "::core::option::Option::None".to_owned(),
                    |it| format!("::core::option::Option::Some({it})"),
                );
                out.line(format!("{}: {value},", dialect.name()));
            }
        },
    );
}

fn text(pieces: &[Piece], dialect: Dialect) -> String {
    match fixed(pieces, dialect) {
        Some((sql, params)) => {
            let is_in_order = params.iter().copied().eq(0..params.len());
            let params: Vec<String> = params
                .iter()
                .filter(|_| !is_in_order)
                .map(ToString::to_string)
                .collect();
            format!(
                "codegen::typed::Text::Fixed {{ sql: {sql:?}, params: &[{}] }}",
                params.join(", ")
            )
        }
        None => format!("codegen::typed::Text::Pieces(&{})", list(pieces)),
    }
}

/// A text that is always the same, and the parameter of each of its placeholders.
fn fixed(pieces: &[Piece], dialect: Dialect) -> Option<(String, Vec<usize>)> {
    let mut sql = String::new();
    let mut params: Vec<usize> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => sql.push_str(text),
            Piece::Param(at) => {
                let known = params
                    .iter()
                    .position(|it| it == at)
                    .filter(|_| dialect != Dialect::Mysql);
                let number = known.unwrap_or_else(|| {
                    params.push(*at);
                    params.len() - 1
                });
                match dialect {
                    Dialect::Sqlite => sql.push_str(&format!("?{}", number + 1)),
                    Dialect::Postgres => sql.push_str(&format!("${}", number + 1)),
                    Dialect::Mysql => sql.push('?'),
                }
            }
            Piece::List(_) | Piece::Block(..) | Piece::Order(_) => return None,
        }
    }
    Some((sql, params))
}

fn list(pieces: &[Piece]) -> String {
    let pieces: Vec<String> = pieces.iter().map(piece).collect();
    format!("[{}]", pieces.join(", "))
}

fn piece(piece: &Piece) -> String {
    let inside = match piece {
        Piece::Text(text) => format!("Text({text:?})"),
        Piece::Param(at) => format!("Param({at})"),
        Piece::List(at) => format!("List({at})"),
        Piece::Block(block, pieces) => format!("Block({block}, &{})", list(pieces)),
        Piece::Order(orders) => {
            let orders: Vec<String> = orders.iter().map(|it| format!("&{}", list(it))).collect();
            format!("Order(&[{}])", orders.join(", "))
        }
    };
    format!("codegen::typed::Piece::{inside}")
}
