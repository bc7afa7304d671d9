//! The statements that a query may become.

use sqlmodel_sql::Dialect;

use crate::ir::{Piece, Query};

/// The most blocks of which all combinations are tried.
const MAX_ALL: usize = 6;

/// A query with some of its blocks and one of its orders, as a driver sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text, with the dialect's placeholders.
    pub sql: String,
    /// The parameter of each placeholder, by its position among the query's.
    pub params: Vec<usize>,
    /// The blocks that are on, a bit for each.
    pub blocks: u32,
    /// The order, for a query that has some to choose from.
    pub order: Option<usize>,
}

/// Returns the statements that a query may become on a dialect, none if it is not for it.
///
/// All sets of up to six blocks with all orders; of more blocks all, none, each alone and all but each. The whole text comes first.
/// A list has two values.
#[must_use]
pub fn statements(query: &Query, dialect: Dialect) -> Vec<Statement> {
    let Some((_, pieces)) = query.texts.iter().find(|(it, _)| *it == dialect) else {
        return Vec::new();
    };
    let orders: Vec<Option<usize>> = match query.orders.len() {
        0 => vec![None],
        n => (0..n).map(Some).collect(),
    };
    let mut statements = Vec::new();
    for blocks in masks(query.blocks.len()) {
        for order in &orders {
            let mut statement = Statement {
                sql: String::new(),
                params: Vec::new(),
                blocks,
                order: *order,
            };
            statement.write(pieces, dialect);
            statements.push(statement);
        }
    }
    statements
}

fn masks(n_blocks: usize) -> Vec<u32> {
    let n = n_blocks.min(32);
    let all = (0..n).fold(0, |all, at| all | 1u32 << at);
    if n <= MAX_ALL {
        return (0..=all).rev().collect();
    }
    let mut masks = vec![all, 0];
    masks.extend((0..n).map(|at| 1 << at));
    masks.extend((0..n).map(|at| all & !(1 << at)));
    masks
}

impl Statement {
    fn write(&mut self, pieces: &[Piece], dialect: Dialect) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.sql.push_str(text),
                Piece::Param(at) => {
                    let known = self.params.iter().position(|it| it == at);
                    match known.filter(|_| dialect != Dialect::Mysql) {
                        Some(known) => self.placeholder(known + 1, dialect),
                        None => self.new_placeholder(*at, dialect),
                    }
                }
                Piece::List(at) => {
                    self.sql.push('(');
                    self.new_placeholder(*at, dialect);
                    self.sql.push_str(", ");
                    self.new_placeholder(*at, dialect);
                    self.sql.push(')');
                }
                Piece::Block(block, inside) => {
                    if self.blocks & (1 << block) != 0 {
                        self.write(inside, dialect);
                    }
                }
                Piece::Order(orders) => {
                    if let Some(inside) = orders.get(self.order.unwrap_or(0)) {
                        self.write(inside, dialect);
                    }
                }
            }
        }
    }

    fn new_placeholder(&mut self, param: usize, dialect: Dialect) {
        self.params.push(param);
        self.placeholder(self.params.len(), dialect);
    }

    fn placeholder(&mut self, number: usize, dialect: Dialect) {
        match dialect {
            Dialect::Sqlite => self.sql.push_str(&format!("?{number}")),
            Dialect::Postgres => self.sql.push_str(&format!("${number}")),
            Dialect::Mysql => self.sql.push('?'),
        }
    }
}
