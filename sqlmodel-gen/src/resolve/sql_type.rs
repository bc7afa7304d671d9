//! SQL types as a dialect writes them: whether a text is one.
//!
//! Text in, its words and numbers out. The names of types are known for MySQL alone: others let anybody add some.

mod family;
#[cfg(test)]
mod tests;

use std::ops::Range;

use sqlmodel_sql::{Dialect, reserved};

pub(super) use self::family::{family, mysql_charset};

/// A type as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenType {
    /// Its words in small letters, in order.
    pub(super) words: Vec<String>,
    /// What stands in parentheses.
    pub(super) args: Vec<String>,
    pub(super) is_array: bool,
}

/// Why a text is no type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeError {
    pub(super) range: Range<usize>,
    pub(super) label: String,
    /// What to write in its place.
    pub(super) help: Option<&'static str>,
}

/// The types of MySQL and MariaDB.
const MYSQL_TYPES: &[&str] = &[
    "bigint",
    "binary",
    "bit",
    "blob",
    "bool",
    "boolean",
    "char",
    "character",
    "date",
    "datetime",
    "dec",
    "decimal",
    "double",
    "enum",
    "fixed",
    "float",
    "float4",
    "float8",
    "geomcollection",
    "geometry",
    "geometrycollection",
    "inet4",
    "inet6",
    "int",
    "int1",
    "int2",
    "int3",
    "int4",
    "int8",
    "integer",
    "json",
    "linestring",
    "long",
    "longblob",
    "longtext",
    "mediumblob",
    "mediumint",
    "mediumtext",
    "middleint",
    "multilinestring",
    "multipoint",
    "multipolygon",
    "national",
    "nchar",
    "numeric",
    "nvarchar",
    "point",
    "polygon",
    "real",
    "serial",
    "set",
    "smallint",
    "text",
    "time",
    "timestamp",
    "tinyblob",
    "tinyint",
    "tinytext",
    "uuid",
    "varbinary",
    "varchar",
    "varcharacter",
    "vector",
    "year",
];

/// What may follow the name of a type in MySQL.
const MYSQL_REST: &[&str] = &[
    "ascii",
    "binary",
    "byte",
    "char",
    "character",
    "charset",
    "collate",
    "compressed",
    "nchar",
    "precision",
    "set",
    "signed",
    "srid",
    "unicode",
    "unsigned",
    "varbinary",
    "varchar",
    "varcharacter",
    "varying",
    "zerofill",
];

/// What may follow the name of a type in PostgreSQL.
const POSTGRES_REST: &[&str] = &[
    "array",
    "char",
    "character",
    "day",
    "hour",
    "minute",
    "month",
    "precision",
    "second",
    "time",
    "to",
    "varying",
    "with",
    "without",
    "year",
    "zone",
];

/// Words that say something of a column, and how the schema says it.
const OF_COLUMNS: &[(&str, &str)] = &[
    ("as", "write `generated = \"..\"` for it"),
    ("auto_increment", "write `key = \"auto\"` for it"),
    ("autoincrement", "write `key = \"auto\"` for it"),
    ("check", "write a check for it: `[[model.*.checks]]`"),
    ("collate", "write `collation = { .. }` for it"),
    ("comment", "write `comment = \"..\"` for it"),
    ("default", "write `default = ..` for it"),
    ("generated", "write `generated = \"..\"` for it"),
    ("key", "write `key = true` for it"),
    ("not", "a column is NOT NULL unless its type ends with `?`"),
    ("null", "write `?` after the type for it"),
    ("on", "write `on_update = ..` for it"),
    ("primary", "write `key = true` for it"),
    ("references", "write `ref = \"..\"` for it"),
    ("unique", "write `unique = true` for it"),
];

/// Reads a type.
pub(super) fn parse(dialect: Dialect, text: &str) -> Result<WrittenType, TypeError> {
    let tokens = tokens(dialect, text)?;
    let mut parser = Parser {
        text,
        tokens: &tokens,
        at: 0,
        ty: WrittenType {
            words: Vec::new(),
            args: Vec::new(),
            is_array: false,
        },
    };
    match dialect {
        Dialect::Sqlite => parser.sqlite()?,
        Dialect::Postgres => parser.postgres()?,
        Dialect::Mysql => parser.mysql()?,
    }
    Ok(parser.ty)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Number,
    Text,
    Sign,
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    range: Range<usize>,
}

fn tokens(dialect: Dialect, text: &str) -> Result<Vec<Token>, TypeError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let run =
            |accepts: fn(char) -> bool| rest.find(|it: char| !accepts(it)).unwrap_or(rest.len());
        let quoted = |end: char| {
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            after
                .find(end)
                .map(|it| first.len_utf8() + it + end.len_utf8())
        };
        let (kind, len) = match (first, dialect) {
            (it, _) if it.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            ('a'..='z' | 'A'..='Z' | '_' | '\u{80}'.., _) => (
                Kind::Word,
                Some(run(|it| {
                    it.is_alphanumeric() || it == '_' || it == '$' || it > '\u{7f}'
                })),
            ),
            ('0'..='9', _) => (Kind::Number, Some(run(|it| it.is_ascii_digit()))),
            ('\'', _) => (Kind::Text, quoted('\'')),
            ('"', Dialect::Mysql) => (Kind::Text, quoted('"')),
            ('"', _) => (Kind::Quoted, quoted('"')),
            ('`', Dialect::Sqlite) => (Kind::Quoted, quoted('`')),
            ('[', Dialect::Sqlite) => (Kind::Quoted, quoted(']')),
            ('(' | ')' | ',' | '[' | ']' | '.' | '-' | '+', _) => (Kind::Sign, Some(1)),
            _ => return Err(error(at..at + first.len_utf8(), ENDS)),
        };
        let Some(len) = len else {
            return Err(error(at..text.len(), "this has no end"));
        };
        tokens.push(Token {
            kind,
            range: at..at + len,
        });
        at += len;
    }
    Ok(tokens)
}

const ENDS: &str = "the type ends before this";

fn error(range: Range<usize>, label: impl Into<String>) -> TypeError {
    TypeError {
        range,
        label: label.into(),
        help: None,
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    ty: WrittenType,
}

impl Parser<'_> {
    /// A name of words without a meaning, and at most two numbers.
    fn sqlite(&mut self) -> Result<(), TypeError> {
        while let Some(token) = self.peek() {
            let word = self.word();
            let is_name = match token.kind {
                // SQLite takes the word for a part of the name, and makes a generated column nevertheless.
                Kind::Word => !reserved::is_reserved(Dialect::Sqlite, &word) && word != "generated",
                Kind::Quoted => true,
                Kind::Number | Kind::Text | Kind::Sign => false,
            };
            if !is_name {
                break;
            }
            self.take_word();
        }
        if !self.ty.words.is_empty() && self.is("(") {
            self.args(2, |kind| kind == Kind::Number)?;
        }
        self.end()
    }

    fn postgres(&mut self) -> Result<(), TypeError> {
        if !self.take_name() {
            return self.end();
        }
        while self.is(".") {
            self.at += 1;
            if !self.take_name() {
                return Err(error(self.range(), "a name is missing"));
            }
        }
        let mut n_lists = 0;
        loop {
            let is_next = |parser: &Self| {
                parser.is_kind(Kind::Word) && POSTGRES_REST.contains(&parser.word().as_str())
            };
            if self.is("[") {
                self.dimensions()?;
            } else if self.ty.is_array {
                break;
            } else if self.is("(") && n_lists < 2 {
                n_lists += 1;
                self.args(usize::MAX, |_| true)?;
            } else if is_next(self) {
                self.ty.is_array |= self.word() == "array";
                self.take_word();
            } else {
                break;
            }
        }
        self.end()
    }

    fn mysql(&mut self) -> Result<(), TypeError> {
        if !self.is_kind(Kind::Word) {
            return self.end();
        }
        let word = self.word();
        if !MYSQL_TYPES.contains(&word.as_str()) {
            let nearest = crate::diagnostic::nearest(&word, MYSQL_TYPES.iter().copied());
            let label = match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "MySQL has no such type".to_owned(),
            };
            return Err(error(self.range(), label));
        }
        self.take_word();
        loop {
            if self.is("(") && self.ty.args.is_empty() {
                self.args(usize::MAX, |_| true)?;
                continue;
            }
            let word = self.word();
            if !self.is_kind(Kind::Word) || !MYSQL_REST.contains(&word.as_str()) {
                break;
            }
            let is_alone = word == "set"
                && !self
                    .ty
                    .words
                    .last()
                    .is_some_and(|it| it.starts_with("char"));
            if is_alone {
                break;
            }
            self.take_word();
            if matches!(word.as_str(), "set" | "charset" | "collate" | "srid") {
                if self.peek().is_none_or(|token| token.kind == Kind::Sign) {
                    return Err(error(self.range(), "a name is missing"));
                }
                self.take_word();
            }
        }
        self.end()
    }

    /// Takes what stands in parentheses: values of some kinds between commas.
    fn args(&mut self, max: usize, accepts: fn(Kind) -> bool) -> Result<(), TypeError> {
        let open = self.range();
        self.at += 1;
        loop {
            while self.is("-") || self.is("+") {
                self.at += 1;
            }
            let is_value = self
                .peek()
                .is_some_and(|it| it.kind != Kind::Sign && accepts(it.kind));
            if !is_value {
                return Err(match self.peek() {
                    Some(token) => error(token.range.clone(), "expected a number"),
                    None => error(open, "this is never closed"),
                });
            }
            self.ty.args.push(self.word());
            self.at += 1;
            if self.is(")") {
                self.at += 1;
                return Ok(());
            }
            if !self.is(",") || self.ty.args.len() >= max {
                return Err(match self.peek() {
                    Some(token) => error(token.range.clone(), "expected `)`"),
                    None => error(open, "this is never closed"),
                });
            }
            self.at += 1;
        }
    }

    /// Takes `[]` or `[3]`.
    fn dimensions(&mut self) -> Result<(), TypeError> {
        let open = self.range();
        self.at += 1;
        if self.is_kind(Kind::Number) {
            self.at += 1;
        }
        if !self.is("]") {
            return Err(error(open, "expected `[]`"));
        }
        self.at += 1;
        self.ty.is_array = true;
        Ok(())
    }

    fn take_name(&mut self) -> bool {
        let is_name = match self.peek().map(|it| it.kind) {
            Some(Kind::Word) => !reserved::is_reserved(Dialect::Postgres, &self.word()),
            Some(Kind::Quoted) => true,
            _ => false,
        };
        if is_name {
            self.take_word();
        }
        is_name
    }

    fn take_word(&mut self) {
        if self.peek().is_some() {
            self.ty.words.push(self.word());
            self.at += 1;
        }
    }

    /// Refuses what is left.
    fn end(&self) -> Result<(), TypeError> {
        if self.peek().is_none() {
            return match self.ty.words.is_empty() {
                true => Err(error(0..self.text.len(), "the name of a type is missing")),
                false => Ok(()),
            };
        }
        let word = self.word();
        let help = OF_COLUMNS.iter().find(|(of_column, _)| *of_column == word);
        Err(TypeError {
            help: help.map(|(_, help)| *help),
            ..error(self.range(), ENDS)
        })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn range(&self) -> Range<usize> {
        let end = self.text.len();
        self.peek().map_or(end..end, |token| token.range.clone())
    }

    /// Returns the next token in small letters, without quotes around a text.
    fn word(&self) -> String {
        let token = self.text.get(self.range()).unwrap_or_default();
        let token = match self.is_kind(Kind::Text) {
            true => token.trim_matches(['\'', '"']),
            false => token,
        };
        token.to_ascii_lowercase()
    }

    fn is(&self, sign: &str) -> bool {
        self.is_kind(Kind::Sign) && self.text.get(self.range()) == Some(sign)
    }

    fn is_kind(&self, kind: Kind) -> bool {
        self.peek().is_some_and(|token| token.kind == kind)
    }
}
