//! The text of a typed query: constant, or put together from pieces.

use std::borrow::Cow;

use sqlmodel_core::{Dialect, Error, Value};

use crate::render::push_number;
use crate::typed::Call;

/// The text of a statement in each dialect that it is for.
#[derive(Debug)]
pub struct Sql {
    /// For SQLite.
    pub sqlite: Option<Text>,
    /// For PostgreSQL.
    pub postgres: Option<Text>,
    /// For MySQL and MariaDB.
    pub mysql: Option<Text>,
}

/// The text of a statement in a dialect.
#[derive(Debug, Clone, Copy)]
pub enum Text {
    /// Always the same.
    Fixed {
        /// The text, with the dialect's placeholders.
        sql: &'static str,
        /// The parameter of each placeholder; nothing where they stand in their order.
        params: &'static [usize],
    },
    /// Made of pieces.
    Pieces(&'static [Piece]),
}

/// A part of a text.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// Text.
    Text(&'static str),
    /// A placeholder for a parameter.
    Param(usize),
    /// A list in parentheses, a placeholder for each of a parameter's values.
    List(usize),
    /// What stands there while a block is on.
    Block(u32, &'static [Self]),
    /// One text of several, chosen by the order.
    Order(&'static [&'static [Self]]),
}

/// What IN compares with where a list is empty: it is in no row.
const NOTHING: &str = "(SELECT 1 FROM (SELECT 1) AS nothing WHERE 1 = 0)";

impl Sql {
    /// Returns the text for a dialect, if the query is for it.
    #[inline]
    pub(super) const fn get(&self, dialect: Dialect) -> Option<Text> {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
            Dialect::Mysql => self.mysql,
        }
    }

    /// Returns the text for a dialect.
    pub(super) fn text(&self, dialect: Dialect) -> Result<Text, Error> {
        self.get(dialect).ok_or_else(|| {
            Error::unsupported(format!(
                "the schema has this query for other databases than {dialect}"
            ))
        })
    }
}

impl Text {
    /// Writes the text of a call, and puts the values in the order of the placeholders.
    pub(super) fn write<'c>(
        self,
        call: &'c Call<'_>,
        dialect: Dialect,
    ) -> (Cow<'static, str>, Cow<'c, [Value<'c>]>) {
        match self {
            Self::Fixed { sql, params: [] } => (Cow::Borrowed(sql), Cow::Borrowed(&call.params)),
            Self::Fixed { sql, params } => {
                let params = params.iter().filter_map(|at| call.params.get(*at).cloned());
                (Cow::Borrowed(sql), Cow::Owned(params.collect()))
            }
            Self::Pieces(pieces) => {
                let mut writer = Writer {
                    call,
                    dialect,
                    sql: String::with_capacity(256),
                    params: Vec::with_capacity(call.params.len()),
                    numbers: vec![0; call.params.len()],
                };
                writer.pieces(pieces);
                (Cow::Owned(writer.sql), Cow::Owned(writer.params))
            }
        }
    }
}

struct Writer<'c> {
    call: &'c Call<'c>,
    dialect: Dialect,
    sql: String,
    params: Vec<Value<'c>>,
    /// The number of each parameter's placeholder, 0 before its first.
    numbers: Vec<u64>,
}

impl Writer<'_> {
    fn pieces(&mut self, pieces: &'static [Piece]) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.sql.push_str(text),
                Piece::Param(at) => self.param(*at),
                Piece::List(at) => self.list(*at),
                Piece::Block(block, pieces) => {
                    if self.call.blocks & (1 << block) != 0 {
                        self.pieces(pieces);
                    }
                }
                Piece::Order(orders) => {
                    if let Some(pieces) = orders.get(self.call.order) {
                        self.pieces(pieces);
                    }
                }
            }
        }
    }

    fn param(&mut self, at: usize) {
        let call = self.call;
        let (Some(number), Some(value)) = (self.numbers.get(at).copied(), call.params.get(at))
        else {
            return;
        };
        if self.dialect != Dialect::Mysql && number > 0 {
            self.placeholder(number);
            return;
        }
        self.params.push(value.clone());
        let number = self.params.len() as u64;
        if let Some(slot) = self.numbers.get_mut(at) {
            *slot = number;
        }
        self.placeholder(number);
    }

    fn placeholder(&mut self, number: u64) {
        match self.dialect {
            Dialect::Sqlite => self.sql.push('?'),
            Dialect::Postgres => self.sql.push('$'),
            Dialect::Mysql => return self.sql.push('?'),
        }
        push_number(&mut self.sql, number);
    }

    /// Writes `(?, ?)`. The list is filled up with its last value to the next power of two, so that lists of many lengths share a
    /// few texts, which the database prepares once each.
    fn list(&mut self, at: usize) {
        let call = self.call;
        let values = match call.params.get(at) {
            Some(Value::Array(values)) => values.as_slice(),
            _ => &[],
        };
        let Some(last) = values.last() else {
            self.sql.push_str(NOTHING);
            return;
        };
        let n_more = values.len().next_power_of_two() - values.len();
        let filled = values.iter().chain(std::iter::repeat_n(last, n_more));
        for (position, value) in filled.enumerate() {
            self.sql.push_str(if position == 0 { "(" } else { ", " });
            self.params.push(value.clone());
            self.placeholder(self.params.len() as u64);
        }
        self.sql.push(')');
    }
}
