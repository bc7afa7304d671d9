//! Reads the tokens of a statement into a tree.
//!
//! It reads what the analysis understands and refuses everything else at its place. What only some dialects have is noted as a
//! [`Feature`] and held against the dialect afterwards.

mod expr;
mod select;
mod write;

use self::select::WithPlace;
use crate::diagnostic::nearest;
use crate::query::feature::Feature;
use crate::query::text::{Text, TokenKind};
use crate::query::tree::{At, Expr, Ignored, Name, Statement, TypeName};

/// The deepest nesting of SQL: the tree is walked by recursion.
pub(super) const MAX_DEPTH: u32 = 64;

/// One token of a variant: which text it is from, and its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TokenId {
    pub(super) text: u16,
    pub(super) index: u32,
}

/// The tokens of a statement with some blocks on and others off.
#[derive(Debug)]
pub(super) struct Variant<'t> {
    /// The statement's own text, the first of all.
    pub(super) main: &'t Text,
    /// The statement's text, and those of its orders.
    pub(super) texts: &'t [Text],
    pub(super) tokens: Vec<TokenId>,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) statement: Statement,
    pub(super) features: Vec<(Feature, At)>,
}

/// What was read of an expression.
#[derive(Debug)]
pub(super) struct ParsedExpr {
    pub(super) expr: Expr,
    pub(super) features: Vec<(Feature, At)>,
    /// How many tokens it is made of.
    pub(super) end: usize,
}

/// Why a text is no statement.
#[derive(Debug)]
pub(super) struct ParseError {
    pub(super) kind: ParseErrorKind,
    pub(super) at: At,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParseErrorKind {
    Syntax,
    Unsupported,
    TooDeep,
}

pub(super) type Parse<T> = Result<T, ParseError>;

/// Words that cannot be an alias without AS, because they go on with the statement.
const CLAUSES: &[&str] = &[
    "as",
    "from",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "fetch",
    "union",
    "intersect",
    "except",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "set",
    "values",
    "returning",
    "window",
    "for",
    "and",
    "or",
    "not",
    "when",
    "then",
    "else",
    "end",
    "is",
    "in",
    "like",
    "ilike",
    "between",
    "over",
    "filter",
    "with",
    "select",
    "do",
    "lateral",
    "collate",
    "default",
    "asc",
    "desc",
    "nulls",
    "insert",
    "update",
    "delete",
    "into",
    "conflict",
    "duplicate",
    "exists",
    "case",
    "null",
    "straight_join",
    "regexp",
    "rlike",
    "glob",
    "match",
    "similar",
    "escape",
    "at",
    "distinct",
    "all",
    "any",
    "separator",
    "rows",
    "range",
    "groups",
    "partition",
    "by",
];

pub(super) struct Parser<'v> {
    variant: &'v Variant<'v>,
    at: u32,
    depth: u32,
    /// The tallest expression of the query that is read.
    tallest: u32,
    features: Vec<(Feature, At)>,
}

/// Parses the tokens of a variant.
pub(super) fn parse(variant: &Variant<'_>) -> Parse<Parsed> {
    let mut parser = Parser {
        variant,
        at: 0,
        depth: 0,
        tallest: 0,
        features: Vec::new(),
    };
    let statement = parser.statement()?;
    parser.eat_sign(";");
    if parser.at < parser.len() {
        return Err(
            match parser.peek_sign(0) == ";" || parser.starts_statement() {
                true => parser.error_here("a query is one statement"),
                false => parser.unexpected("the end of the statement"),
            },
        );
    }
    Ok(Parsed {
        statement,
        features: parser.features,
    })
}

/// Parses the tokens of a variant as one expression; there may be more after it.
pub(super) fn parse_expr(variant: &Variant<'_>) -> Parse<ParsedExpr> {
    let mut parser = Parser {
        variant,
        at: 0,
        depth: 0,
        tallest: 0,
        features: Vec::new(),
    };
    let expr = parser.expr()?;
    Ok(ParsedExpr {
        expr,
        features: parser.features,
        end: parser.at as usize,
    })
}

impl<'v> Parser<'v> {
    fn len(&self) -> u32 {
        u32::try_from(self.variant.tokens.len()).unwrap_or(u32::MAX)
    }

    /// Returns the kind and the text of a token.
    fn token(&self, at: u32) -> Option<(TokenKind, &'v str)> {
        let id = self.variant.tokens.get(at as usize)?;
        let text = self.variant.texts.get(usize::from(id.text))?;
        let token = text.tokens.get(id.index as usize)?;
        Some((token.kind, text.slice(token.range.clone())))
    }

    /// Returns the word a few tokens on, if it is one without quotes.
    fn peek_word(&self, ahead: u32) -> Option<&'v str> {
        match self.token(self.at + ahead) {
            Some((TokenKind::Word, word)) => Some(word),
            _ => None,
        }
    }

    /// Returns the sign a few tokens on, empty if it is none.
    fn peek_sign(&self, ahead: u32) -> &'v str {
        match self.token(self.at + ahead) {
            Some((TokenKind::Sign, sign)) => sign,
            _ => "",
        }
    }

    fn at_word(&self, word: &str) -> bool {
        self.at_word_ahead(0, word)
    }

    fn at_word_ahead(&self, ahead: u32, word: &str) -> bool {
        self.peek_word(ahead)
            .is_some_and(|it| it.eq_ignore_ascii_case(word))
    }

    fn at_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.at_word(word))
    }

    /// Takes words that stand one after the other.
    fn eat(&mut self, words: &str) -> bool {
        let mut ahead = 0;
        for word in words.split(' ') {
            if !self.at_word_ahead(ahead, word) {
                return false;
            }
            ahead += 1;
        }
        self.at += ahead;
        true
    }

    fn eat_sign(&mut self, sign: &str) -> bool {
        let found = self.peek_sign(0) == sign;
        self.at += u32::from(found);
        found
    }

    fn expect(&mut self, words: &str) -> Parse<()> {
        match self.eat(words) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{}`", words.to_uppercase()))),
        }
    }

    fn expect_sign(&mut self, sign: &str) -> Parse<()> {
        match self.eat_sign(sign) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{sign}`"))),
        }
    }

    fn here(&self) -> At {
        At {
            start: self.at,
            end: self.at + 1,
        }
    }

    /// The place from a token up to what was read last.
    fn since(&self, start: u32) -> At {
        At {
            start,
            end: self.at.max(start + 1),
        }
    }

    fn note(&mut self, feature: Feature, start: u32) {
        let at = self.since(start);
        self.features.push((feature, at));
    }

    fn error_here(&self, label: impl Into<String>) -> ParseError {
        ParseError {
            kind: ParseErrorKind::Syntax,
            at: self.here(),
            label: label.into(),
            help: None,
        }
    }

    fn unsupported(&self, start: u32, what: &str) -> ParseError {
        ParseError {
            kind: ParseErrorKind::Unsupported,
            at: self.since(start),
            label: format!("{what} is not understood here"),
            help: None,
        }
    }

    /// Reports the token here; a word that is nearly a keyword, here or before, is probably meant to be it.
    fn unexpected(&self, expected: &str) -> ParseError {
        const KEYWORDS: &[&str] = &[
            "select",
            "from",
            "where",
            "group",
            "having",
            "order",
            "limit",
            "offset",
            "join",
            "left",
            "inner",
            "union",
            "values",
            "set",
            "returning",
            "insert",
            "update",
            "delete",
            "into",
            "between",
            "like",
            "and",
            "distinct",
        ];
        for (back, at) in [(0, Some(self.at)), (1, self.at.checked_sub(1))] {
            let Some((TokenKind::Word, word)) = at.and_then(|at| self.token(at)) else {
                continue;
            };
            let word_lower = word.to_ascii_lowercase();
            if KEYWORDS.contains(&word_lower.as_str()) {
                continue;
            }
            if let Some(keyword) = nearest(&word_lower, KEYWORDS.iter().copied()) {
                return ParseError {
                    kind: ParseErrorKind::Syntax,
                    at: At {
                        start: self.at - back,
                        end: self.at - back + 1,
                    },
                    label: format!("did you mean `{}`?", keyword.to_uppercase()),
                    help: Some(format!("write `{}`", keyword.to_uppercase())),
                };
            }
        }
        match self.token(self.at) {
            Some(_) => self.error_here(format!("expected {expected}")),
            None => ParseError {
                at: At {
                    start: self.at.saturating_sub(1),
                    end: self.at,
                },
                ..self.error_here(format!("the statement ends here, expected {expected}"))
            },
        }
    }

    /// Goes one level deeper while a part is read.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        self.depth += 1;
        let result = if self.depth > MAX_DEPTH {
            Err(self.too_deep(self.here()))
        } else {
            read(self)
        };
        self.depth -= 1;
        result
    }

    fn too_deep(&self, at: At) -> ParseError {
        ParseError {
            kind: ParseErrorKind::TooDeep,
            at,
            label: format!("more than {MAX_DEPTH} levels"),
            help: Some("name parts of it in a WITH clause, or make them views".to_owned()),
        }
    }

    fn starts_statement(&self) -> bool {
        self.at_any(&[
            "select", "insert", "update", "delete", "with", "values", "create", "drop", "alter",
        ])
    }

    fn statement(&mut self) -> Parse<Statement> {
        let start = self.at;
        let with = self.with(WithPlace::Statement)?;
        if self.at_any(&["insert", "update", "delete"])
            || (self.at_word("replace") && self.at_word_ahead(1, "into"))
        {
            return self.write(with, start);
        }
        if self.at_any(&["select", "values"]) || self.peek_sign(0) == "(" {
            return self
                .query_after(with)
                .map(|it| Statement::Query(Box::new(it)));
        }
        const OTHERS: &[&str] = &[
            "create", "drop", "alter", "merge", "truncate", "call", "do", "copy", "begin",
            "commit", "explain", "set", "show", "pragma", "grant", "lock", "vacuum", "analyze",
            "table",
        ];
        if self.at_any(OTHERS) {
            self.at += 1;
            return Err(self.unsupported(start, "the statement"));
        }
        Err(self.unexpected("`SELECT`, `INSERT`, `UPDATE` or `DELETE`"))
    }

    /// Takes a name, quoted or not a keyword.
    fn name(&mut self, what: &str) -> Parse<Name> {
        match self.token(self.at) {
            Some((TokenKind::Word, word))
                if !CLAUSES.iter().any(|it| it.eq_ignore_ascii_case(word))
                    || self.is_column_like(word) =>
            {
                Ok(self.take_name())
            }
            Some((TokenKind::Quoted, _)) => Ok(self.take_name()),
            _ => Err(self.unexpected(what)),
        }
    }

    /// Words that go on with a statement in one place and are names elsewhere.
    fn is_column_like(&self, word: &str) -> bool {
        [
            "rows",
            "range",
            "groups",
            "partition",
            "conflict",
            "duplicate",
            "separator",
            "at",
        ]
        .iter()
        .any(|it| it.eq_ignore_ascii_case(word))
    }

    /// Takes the token as a name, whatever it is.
    fn take_name(&mut self) -> Name {
        let at = self.here();
        let text = match self.token(self.at) {
            Some((TokenKind::Quoted, quoted)) => unquote(quoted),
            Some((_, text)) => text.to_owned(),
            None => String::new(),
        };
        self.at += 1;
        Name { text, at }
    }

    /// Takes `AS name`, or a name that is no keyword.
    fn alias(&mut self) -> Parse<Option<Name>> {
        if self.eat("as") {
            return match self.token(self.at) {
                Some((TokenKind::Word | TokenKind::Quoted, _)) => Ok(Some(self.take_name())),
                _ => Err(self.unexpected("a name")),
            };
        }
        Ok(match self.token(self.at) {
            Some((TokenKind::Quoted, _)) => Some(self.take_name()),
            Some((TokenKind::Word, word))
                if !CLAUSES.iter().any(|it| it.eq_ignore_ascii_case(word)) =>
            {
                Some(self.take_name())
            }
            _ => None,
        })
    }

    /// Takes `(a, b)`.
    fn names(&mut self, what: &str) -> Parse<Vec<Name>> {
        self.expect_sign("(")?;
        let mut names = vec![self.name(what)?];
        while self.eat_sign(",") {
            names.push(self.name(what)?);
        }
        self.expect_sign(")")?;
        Ok(names)
    }

    /// Takes a type.
    fn type_name(&mut self) -> Parse<TypeName> {
        let start = self.at;
        let Some(first) = self.peek_word(0) else {
            return Err(self.unexpected("a type"));
        };
        let mut name = first.to_ascii_lowercase();
        self.at += 1;
        if (name == "double" && self.eat("precision"))
            || (matches!(name.as_str(), "character" | "char") && self.eat("varying"))
        {
            name = match name.as_str() {
                "double" => "double".to_owned(),
                _ => "varchar".to_owned(),
            };
        }
        if matches!(name.as_str(), "signed" | "unsigned") {
            self.eat("integer");
        }
        let mut args = Vec::new();
        if self.eat_sign("(") {
            loop {
                match self.token(self.at) {
                    Some((TokenKind::Number, number)) if number.parse::<u32>().is_ok() => {
                        args.extend(number.parse::<u32>());
                        self.at += 1;
                    }
                    _ => return Err(self.unexpected("a number")),
                }
                if !self.eat_sign(",") {
                    break;
                }
            }
            self.expect_sign(")")?;
        }
        if matches!(name.as_str(), "timestamp" | "time") {
            if self.eat("with time zone") {
                name.push_str("tz");
            } else {
                self.eat("without time zone");
            }
        }
        let is_array = self.eat_sign("[");
        if is_array {
            self.expect_sign("]")?;
        }
        Ok(TypeName {
            name,
            args,
            is_array,
            at: Ignored(self.since(start)),
        })
    }
}

/// Removes the quotes of a name or a string.
pub(super) fn unquote(quoted: &str) -> String {
    let Some(quote) = quoted.chars().next() else {
        return String::new();
    };
    let inside = quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or_default();
    inside.replace(&format!("{quote}{quote}"), &quote.to_string())
}
