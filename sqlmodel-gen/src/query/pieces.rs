//! Writes a statement for a dialect: the user's text, with what the dialect writes differently in its place.

use std::collections::BTreeMap;

use sqlmodel_sql::{Dialect, quote};

use crate::ir::Piece;
use crate::query::check::Edit;
use crate::query::parse::{TokenId, unquote};
use crate::query::text::{Text, TokenKind};
use crate::query::variant::Layout;

/// What a text is written with.
pub(super) struct Writer<'a> {
    pub(super) texts: &'a [Text],
    pub(super) layout: &'a Layout,
    pub(super) edits: &'a BTreeMap<TokenId, Edit>,
    pub(super) after: &'a BTreeMap<TokenId, &'static str>,
    pub(super) dialect: Dialect,
    /// The position of each parameter among the function's.
    pub(super) params: &'a BTreeMap<String, usize>,
    /// Lists that go to SQLite one by one, because its JSON has no form for their values.
    pub(super) is_expanded: &'a dyn Fn(&str) -> bool,
    /// Text before and after a run of tokens, by their indices: casts of columns.
    pub(super) around: &'a [(u32, u32, String, String)],
    /// Whether texts and names in quotes are the database's.
    pub(super) is_raw: bool,
}

impl Writer<'_> {
    /// Writes the whole statement.
    pub(super) fn write(&self) -> Vec<Piece> {
        let n_tokens = self.texts.first().map_or(0, |it| it.tokens.len());
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < n_tokens {
            let part = self
                .layout
                .parts
                .iter()
                .find(|(_, part, _)| part.start == at && !part.is_empty());
            if let Some((block, part, _)) = part {
                space(&mut pieces);
                let mut inside = Vec::new();
                self.run(0, part.clone(), &mut inside);
                pieces.push(Piece::Block(*block, inside));
                at = part.end;
                continue;
            }
            if let Some((part, _)) = &self.layout.order
                && part.start == at
                && !part.is_empty()
            {
                space(&mut pieces);
                if self.texts.len() > 1 {
                    let orders = (1..self.texts.len()).map(|order| {
                        let mut inside = Vec::new();
                        let n = self.texts.get(order).map_or(0, |it| it.tokens.len());
                        self.run(order, 0..n, &mut inside);
                        inside
                    });
                    pieces.push(Piece::Order(orders.collect()));
                } else {
                    self.run(0, part.clone(), &mut pieces);
                }
                at = part.end;
                continue;
            }
            let starts = self
                .layout
                .parts
                .iter()
                .map(|(_, part, _)| part.start)
                .chain(self.layout.order.iter().map(|(part, _)| part.start));
            let end = starts.filter(|start| *start > at).min().unwrap_or(n_tokens);
            self.run(0, at..end, &mut pieces);
            at = end;
        }
        pieces
    }

    /// Writes a run of tokens of a text.
    fn run(&self, text_idx: usize, range: std::ops::Range<usize>, pieces: &mut Vec<Piece>) {
        let Some(text) = self.texts.get(text_idx) else {
            return;
        };
        let mut at = range.start;
        let mut is_first = true;
        while at < range.end {
            let Some(token) = text.tokens.get(at) else {
                return;
            };
            let before = at
                .checked_sub(1)
                .and_then(|it| text.tokens.get(it))
                .map_or(0, |it| it.range.end);
            if is_first || before != token.range.start {
                space(pieces);
            }
            for (_, hint) in text.hints.iter().filter(|(before, _)| *before == at) {
                push(pieces, text.slice(hint.clone()));
                space(pieces);
            }
            is_first = false;
            let index = u32::try_from(at).unwrap_or(u32::MAX);
            if text_idx == 0 {
                for (_, _, open, _) in self.around.iter().filter(|(start, ..)| *start == index) {
                    push(pieces, open);
                }
            }
            let id = TokenId {
                text: u16::try_from(text_idx).unwrap_or(u16::MAX),
                index,
            };
            let n_tokens = self.token(text, at, self.edits.get(&id), pieces);
            let last = index + n_tokens.saturating_sub(1);
            let last_id = TokenId { index: last, ..id };
            if let Some(text) = self.after.get(&last_id) {
                push(pieces, text);
            }
            if text_idx == 0 {
                for (_, _, _, close) in self.around.iter().filter(|(_, end, ..)| *end == last) {
                    push(pieces, close);
                }
            }
            at += n_tokens as usize;
        }
    }

    /// Writes a token, or what it and some after it become; returns how many those are.
    fn token(&self, text: &Text, at: usize, edit: Option<&Edit>, pieces: &mut Vec<Piece>) -> u32 {
        let written = text.token(at);
        match edit {
            Some(Edit::Star { n_tokens, columns }) => {
                let columns: Vec<String> = columns
                    .iter()
                    .map(|(table, column)| {
                        format!(
                            "{}.{}",
                            quote::identifier(self.dialect, table),
                            quote::identifier(self.dialect, column)
                        )
                    })
                    .collect();
                push(pieces, &columns.join(", "));
                return (*n_tokens).max(1);
            }
            Some(Edit::List {
                n_tokens,
                name,
                is_negated,
            }) => {
                self.list(name, *is_negated, pieces);
                return (*n_tokens).max(1);
            }
            Some(Edit::Replace { n_tokens, text }) => {
                push(pieces, text);
                return (*n_tokens).max(1);
            }
            Some(Edit::Constant {
                n_tokens,
                text,
                cast,
            }) => {
                let text = quote::string(self.dialect, text);
                push(
                    pieces,
                    &match cast {
                        Some(ty) => format!("CAST({text} AS {ty})"),
                        None => text,
                    },
                );
                return (*n_tokens).max(1);
            }
            Some(Edit::ParamCast(ty)) => {
                push(pieces, "CAST(");
                self.param(written, pieces);
                push(pieces, &format!(" AS {ty})"));
                return 1;
            }
            None => {}
        }
        match text.tokens.get(at).map(|it| it.kind) {
            Some(TokenKind::Param) => self.param(written, pieces),
            Some(_) if self.is_raw && written != ";" => push(pieces, written),
            Some(TokenKind::Quoted) => {
                push(pieces, &quote::identifier(self.dialect, &unquote(written)));
            }
            Some(TokenKind::String) => {
                push(pieces, &quote::string(self.dialect, &unquote(written)));
            }
            _ if written == ";" => {}
            _ => push(pieces, written),
        }
        1
    }

    fn param(&self, written: &str, pieces: &mut Vec<Piece>) {
        let name = written.trim_start_matches(':');
        pieces.push(Piece::Param(self.params.get(name).copied().unwrap_or(0)));
    }

    fn list(&self, name: &str, is_negated: bool, pieces: &mut Vec<Piece>) {
        let param = self.params.get(name).copied().unwrap_or(0);
        let not = if is_negated { "NOT " } else { "" };
        match self.dialect {
            Dialect::Postgres => {
                push(pieces, if is_negated { "<> ALL(" } else { "= ANY(" });
                pieces.push(Piece::Param(param));
                push(pieces, ")");
            }
            Dialect::Sqlite if !(self.is_expanded)(name) => {
                push(pieces, &format!("{not}IN (SELECT value FROM json_each("));
                pieces.push(Piece::Param(param));
                push(pieces, "))");
            }
            Dialect::Sqlite | Dialect::Mysql => {
                push(pieces, &format!("{not}IN "));
                pieces.push(Piece::List(param));
            }
        }
    }
}

/// Appends text, to the text that is last if there is one.
pub(super) fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// Adds a space, unless one is there or nothing is.
fn space(pieces: &mut Vec<Piece>) {
    match pieces.last() {
        None => {}
        Some(Piece::Text(text)) if text.ends_with(' ') => {}
        Some(_) => push(pieces, " "),
    }
}
