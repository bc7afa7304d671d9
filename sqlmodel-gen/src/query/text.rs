//! The SQL of a query as the TOML file has it: where each of its bytes stands, and its tokens.
//!
//! Strings are those of standard SQL on every dialect (`''` is one quote, a backslash is itself), and double quotes are around names;
//! what a dialect writes differently is put into its words when the statement is written.

mod directive;
mod lex;

use std::ops::Range;

pub(super) use self::lex::{LexError, Marker, MarkerKind, Token, TokenKind};
use crate::ir::SourceText;
use crate::source::{SourceMap, Span};

/// SQL text of the schema, cut into tokens.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) tokens: Vec<Token>,
    /// The comments that mean something.
    pub(super) markers: Vec<Marker>,
    /// Hints for the database's planner: `/*+ .. */`, each before a token.
    pub(super) hints: Vec<(usize, Range<usize>)>,
    place: Place,
}

/// Where the value of a TOML string stands in its file.
#[derive(Debug)]
struct Place {
    span: Span,
    /// For runs of the value that are written as they are: the start in the value, and in the file.
    runs: Vec<(usize, usize)>,
}

impl Text {
    /// Cuts a text into tokens.
    pub(super) fn read(text: &SourceText, sources: &SourceMap) -> Result<Self, (LexError, Span)> {
        let place = Place::new(text, sources);
        match lex::lex(&text.value) {
            Ok(lexed) => Ok(Self {
                value: text.value.clone(),
                tokens: lexed.tokens,
                markers: lexed.markers,
                hints: lexed.hints,
                place,
            }),
            Err(error) => {
                let span = place.span(error.range.clone());
                Err((error, span))
            }
        }
    }

    /// Returns where a part of the text is written.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.place.span(range)
    }

    /// Returns a part of the text.
    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.value.get(range).unwrap_or_default()
    }

    /// Returns a token as it is written.
    pub(super) fn token(&self, index: usize) -> &str {
        let token = self.tokens.get(index);
        token.map_or("", |token| self.slice(token.range.clone()))
    }
}

impl Place {
    fn new(text: &SourceText, sources: &SourceMap) -> Self {
        let runs = runs(&text.value, sources.text(text.span)).unwrap_or_default();
        Self {
            span: text.span,
            runs,
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        let (Some(start), Some(end)) = (self.offset(range.start), self.offset(range.end)) else {
            return self.span;
        };
        let base = self.span.range().start;
        Span::new(self.span.source, base + start..base + end.max(start))
    }

    fn offset(&self, at: usize) -> Option<usize> {
        let run = self.runs.partition_point(|(value, _)| *value <= at);
        let (value, written) = self.runs.get(run.checked_sub(1)?)?;
        Some(written + (at - value))
    }
}

/// Finds where the parts of a TOML string's value are written, `None` if the two do not agree.
fn runs(value: &str, written: &str) -> Option<Vec<(usize, usize)>> {
    let n_quotes = if written.starts_with("\"\"\"") || written.starts_with("'''") {
        3
    } else {
        1
    };
    let is_basic = written.starts_with('"');
    let mut at = n_quotes;
    if n_quotes == 3 {
        let rest = written.get(at..)?;
        let line_break = ["\r\n", "\n"].iter().find(|it| rest.starts_with(**it));
        at += line_break.map_or(0, |it| it.len());
    }
    let mut runs = vec![(0, at)];
    let mut value_at = 0;
    while let Some(char) = value.get(value_at..)?.chars().next() {
        let mut rest = written.get(at..)?;
        if is_basic && rest.starts_with('\\') {
            // A backslash at the end of a line takes the white space after it away.
            while let Some(after) = rest.strip_prefix('\\') {
                let line_end = after.trim_start_matches([' ', '\t', '\r']);
                if !line_end.starts_with('\n') {
                    break;
                }
                at = written.len() - line_end.trim_start().len();
                rest = written.get(at..)?;
            }
            runs.push((value_at, at));
            if let Some(after) = rest.strip_prefix('\\') {
                at += 1 + match after.chars().next()? {
                    'u' => 5,
                    'U' => 9,
                    'x' => 3,
                    _ => 1,
                };
                value_at += char.len_utf8();
                runs.push((value_at, at));
                continue;
            }
        }
        if rest.starts_with("\r\n") && char == '\n' {
            at += 2;
            value_at += 1;
            runs.push((value_at, at));
            continue;
        }
        if !rest.starts_with(char) {
            return None;
        }
        at += char.len_utf8();
        value_at += char.len_utf8();
    }
    Some(runs)
}
