//! Cuts SQL into tokens: names, numbers, strings, parameters, signs, and the comments that are blocks.

use std::ops::Range;

use super::directive::directive;

/// A token and its place in the text.
#[derive(Debug, Clone)]
pub(in crate::query) struct Token {
    pub(in crate::query) kind: TokenKind,
    pub(in crate::query) range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum TokenKind {
    /// A name or keyword without quotes.
    Word,
    /// `"name"`, `` `name` ``: always a name.
    Quoted,
    /// `'text'`.
    String,
    Number,
    /// `:name`.
    Param,
    /// An operator or a punctuation mark.
    Sign,
}

/// A comment that means something.
#[derive(Debug, Clone)]
pub(in crate::query) struct Marker {
    pub(in crate::query) kind: MarkerKind,
    /// The index of the token after it.
    pub(in crate::query) before: usize,
    pub(in crate::query) range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::query) enum MarkerKind {
    /// `/*if name*/`.
    If(String),
    /// `/*order*/`.
    Order,
    /// `/*end*/`.
    End,
    /// What was probably meant to be one of them.
    Slip(Slip),
}

/// What is wrong with a comment that is nearly a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::query) struct Slip {
    pub(in crate::query) message: String,
    pub(in crate::query) meant: Option<String>,
    pub(in crate::query) help: Option<&'static str>,
}

/// Why a text cannot be cut into tokens.
#[derive(Debug)]
pub(in crate::query) struct LexError {
    pub(in crate::query) range: Range<usize>,
    pub(in crate::query) message: String,
    pub(in crate::query) help: Option<&'static str>,
    /// Whether a text, name or comment does not end, as no dialect has it.
    pub(in crate::query) is_unclosed: bool,
}

pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) markers: Vec<Marker>,
    pub(super) hints: Vec<(usize, Range<usize>)>,
}

/// Signs of more than one character, the longest first.
const SIGNS: &[&str] = &[
    "!~~*", "#>>", "->>", "<=>", "!~*", "!~~", "~~*", "||", "->", "#>", "@>", "<@", "&&", "::",
    "<>", "!=", "<=", ">=", "==", "<<", ">>", "!~", "~*", "~~", "@@",
];

const ONE_SIGN: &str = "()+-*/%<>=,.;[]|&^~#";

pub(super) fn lex(text: &str) -> Result<Lexed, LexError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        lexed: Lexed {
            tokens: Vec::new(),
            markers: Vec::new(),
            hints: Vec::new(),
        },
    };
    while lexer.skip_space()? {
        let start = lexer.at;
        let kind = lexer.token()?;
        let range = start..lexer.at;
        lexer.lexed.tokens.push(Token { kind, range });
    }
    Ok(lexer.lexed)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    lexed: Lexed,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error<T>(
        &self,
        len: usize,
        message: &str,
        help: Option<&'static str>,
    ) -> Result<T, LexError> {
        let end = self
            .text
            .ceil_char_boundary((self.at + len).min(self.text.len()));
        Err(LexError {
            range: self.at..end,
            message: message.to_owned(),
            help,
            is_unclosed: false,
        })
    }

    fn unclosed<T>(
        &self,
        len: usize,
        message: &str,
        help: Option<&'static str>,
    ) -> Result<T, LexError> {
        self.error(len, message, help).map_err(|error| LexError {
            is_unclosed: true,
            ..error
        })
    }

    /// Moves past white space and comments; false at the end.
    fn skip_space(&mut self) -> Result<bool, LexError> {
        loop {
            let trimmed = self.rest().trim_start();
            self.at = self.text.len() - trimmed.len();
            if trimmed.starts_with("--") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.comment(trimmed)?;
            } else {
                return Ok(!trimmed.is_empty());
            }
        }
    }

    fn comment(&mut self, rest: &str) -> Result<(), LexError> {
        let Some(len) = rest.find("*/") else {
            return self.unclosed(2, "the comment does not end", Some("add `*/`"));
        };
        let inside = rest.get(2..len).unwrap_or_default();
        if inside.contains("/*") {
            return self.error(
                len + 2,
                "a comment in a comment",
                Some("the dialects do not agree on it; take one away"),
            );
        }
        let range = self.at..self.at + len + 2;
        let before = self.lexed.tokens.len();
        if inside.starts_with('+') {
            self.lexed.hints.push((before, range.clone()));
        }
        // MySQL runs what stands in there, from a version on.
        if inside.starts_with('!') || inside.starts_with("M!") {
            return self.error(
                len + 2,
                "a comment that MySQL runs",
                Some("write what it says as SQL, in a text for MySQL alone: `dialect.mysql = { sql = \"..\" }`"),
            );
        }
        let kind = directive(inside);
        if let Some(kind) = kind {
            self.lexed.markers.push(Marker {
                kind,
                before,
                range: range.clone(),
            });
        }
        self.at = range.end;
        Ok(())
    }

    fn token(&mut self) -> Result<TokenKind, LexError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(TokenKind::Sign);
        };
        let is_name = |char: char| char.is_alphanumeric() || char == '_' || char == '$';
        let name_len = |text: &str| text.find(|char| !is_name(char)).unwrap_or(text.len());
        match first {
            '\'' => self
                .quoted('\'', "the text does not end")
                .map(|()| TokenKind::String),
            '"' => self
                .quoted('"', "the name does not end")
                .map(|()| TokenKind::Quoted),
            '`' => self
                .quoted('`', "the name does not end")
                .map(|()| TokenKind::Quoted),
            ':' if rest
                .get(1..)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '_')) =>
            {
                self.at += 1 + name_len(rest.get(1..).unwrap_or_default());
                Ok(TokenKind::Param)
            }
            _ if first.is_ascii_digit()
                || (first == '.'
                    && rest
                        .get(1..2)
                        .is_some_and(|it| it.as_bytes()[0].is_ascii_digit())) =>
            {
                self.number(rest)
            }
            _ if first.is_alphabetic() || first == '_' => {
                let len = name_len(rest);
                if len == 1 && rest.get(1..2) == Some("'") {
                    return self.error(
                        2,
                        "strings with a prefix are not read",
                        Some("write a string of standard SQL: `'..'`"),
                    );
                }
                self.at += len;
                Ok(TokenKind::Word)
            }
            _ => self.sign(rest),
        }
    }

    fn quoted(&mut self, quote: char, message: &str) -> Result<(), LexError> {
        let mut rest = self.rest().get(1..).unwrap_or_default();
        loop {
            let Some(end) = rest.find(quote) else {
                return self.unclosed(1, message, None);
            };
            rest = rest.get(end + 1..).unwrap_or_default();
            if !rest.starts_with(quote) {
                self.at = self.text.len() - rest.len();
                return Ok(());
            }
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    fn number(&mut self, rest: &str) -> Result<TokenKind, LexError> {
        let bytes = rest.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut len = digits(0);
        if bytes.get(len) == Some(&b'.') {
            len = digits(len + 1);
        }
        if matches!(bytes.get(len), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            if bytes.get(len + 1 + sign).is_some_and(u8::is_ascii_digit) {
                len = digits(len + 1 + sign);
            }
        }
        if rest
            .get(len..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '_'))
        {
            return self.error(len + 1, "a number with letters", None);
        }
        self.at += len;
        Ok(TokenKind::Number)
    }

    fn sign(&mut self, rest: &str) -> Result<TokenKind, LexError> {
        const PARAMETERS: Option<&str> = Some("parameters have names: write `:name`");
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(TokenKind::Sign);
        }
        match rest.chars().next() {
            Some('?' | '$' | '@' | ':') => self.error(1, "this is no parameter", PARAMETERS),
            Some(char) if ONE_SIGN.contains(char) => {
                self.at += 1;
                Ok(TokenKind::Sign)
            }
            char => self.error(
                1,
                &format!("`{}` is not SQL", char.unwrap_or(' ').escape_default()),
                None,
            ),
        }
    }
}
