//! The text of a query as a constant: one for each dialect.

use sqlmodel_sql::Dialect;

use crate::emit::names::Names;
use crate::emit::rust::Rust;
use crate::ir::{Piece, Query};

/// Writes `static SQL`.
pub(super) fn constant(query: &Query, names: &Names, out: &mut Rust) {
    let (some, none) = (&names.some, &names.none);
    let texts = |dialect| query.texts.iter().find(|(it, _)| *it == dialect);
    let is_fixed =
        |dialect| texts(dialect).is_none_or(|(_, pieces)| fixed(pieces, dialect).is_some());
    out.line(if Dialect::ALL.into_iter().all(is_fixed) {
        "use codegen::typed::{Sql, Text};"
    } else {
        "use codegen::typed::{Piece, Sql, Text};"
    });
    out.blank();
    out.enclosed("static SQL: Sql = Sql {", "};", |out| {
        for dialect in Dialect::ALL {
            let name = dialect.name();
            let Some((_, pieces)) = texts(dialect) else {
                out.line(format!("{name}: {none},"));
                continue;
            };
            let Some((sql, params)) = fixed(pieces, dialect) else {
                let open = format!("{name}: {some}(Text::Pieces(&[");
                out.enclosed(&open, "])),", |out| list(pieces, out));
                continue;
            };
            let is_in_order = params.iter().copied().eq(0..params.len());
            let params = params.iter().filter(|_| !is_in_order);
            let params: Vec<String> = params.map(ToString::to_string).collect();
            let open = format!("{name}: {some}(Text::Fixed {{");
            out.enclosed(&open, "}),", |out| {
                quoted("sql: ", &sql, ",", out);
                out.line(format!("params: &[{}],", params.join(", ")));
            });
        }
    });
}

/// Writes a string literal on as many lines as it needs.
///
/// A line ends behind a space and with a backslash, which takes the white space that begins the next line out of the text.
fn quoted(before: &str, text: &str, after: &str, out: &mut Rust) {
    const WIDTH: usize = 100;
    let mut line = before.to_owned();
    let escaped = format!("{text:?}");
    let mut words = escaped.split_inclusive(' ').peekable();
    while let Some(word) = words.next() {
        line.push_str(word);
        let Some(next) = words.peek() else { break };
        if line.len() + next.len() > WIDTH && !next.starts_with(' ') && line.ends_with(' ') {
            line.push('\\');
            out.line(std::mem::replace(&mut line, "    ".to_owned()));
        }
    }
    out.line(format!("{line}{after}"));
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

/// Writes pieces, each on lines of its own.
fn list(pieces: &[Piece], out: &mut Rust) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => quoted("Piece::Text(", text, "),", out),
            Piece::Param(at) => out.line(format!("Piece::Param({at}),")),
            Piece::List(at) => out.line(format!("Piece::List({at}),")),
            Piece::Block(block, pieces) => {
                let open = format!("Piece::Block({block}, &[");
                out.enclosed(&open, "]),", |out| list(pieces, out));
            }
            Piece::Order(orders) => out.enclosed("Piece::Order(&[", "]),", |out| {
                for order in orders {
                    out.enclosed("&[", "],", |out| list(order, out));
                }
            }),
        }
    }
}
