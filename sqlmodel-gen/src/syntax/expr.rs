//! Expressions of model rules: `bio is null or length(name) > 0`.
//!
//! The operators are those of SQL, in its order of binding: `or`, `and`, `not`, comparisons, `+ -`, `* / %`, sign. Words are
//! in any case of letters.

use std::ops::Range;

use crate::ir::BinaryOperator;

/// The longest expression, in bytes.
const MAX_LEN: usize = 4096;

/// The most words, constants and signs of an expression: it is walked by recursion.
const MAX_TOKENS: usize = 256;

/// The deepest nesting of an expression.
const MAX_DEPTH: usize = 32;

/// An expression and its place in the text.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) range: Range<usize>,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum ExprKind {
    Name(String),
    /// A whole or decimal number as written.
    Number(String),
    Text(String),
    Bool(bool),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Length(Box<Expr>),
    IsNull {
        value: Box<Expr>,
        is_negated: bool,
    },
    In {
        value: Box<Expr>,
        list: Vec<Expr>,
        is_negated: bool,
    },
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
}

/// Why a text is no expression.
#[derive(Debug)]
pub(crate) struct ExprError {
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
}

type Parsed = Result<Expr, ExprError>;

/// Parses an expression.
///
/// # Errors
///
/// At the first place that does not fit.
pub(crate) fn parse_expr(text: &str) -> Parsed {
    if text.len() > MAX_LEN {
        let message = format!("an expression has at most {MAX_LEN} bytes");
        return Err(ExprError {
            range: 0..text.len(),
            message,
        });
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        end: text.len(),
    };
    let expr = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(token) => Err(expected("an operator or the end", token.range.clone())),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TokenKind {
    Word(String),
    Number(String),
    Text(String),
    Sign(&'static str),
}

#[derive(Debug, Clone)]
struct Token {
    kind: TokenKind,
    range: Range<usize>,
}

/// Signs, longer ones first.
const SIGNS: &[&str] = &[
    "<=", ">=", "<>", "!=", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", ",",
];

fn tokens(text: &str) -> Result<Vec<Token>, ExprError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let len_of =
            |accepts: fn(char) -> bool| rest.find(|c: char| !accepts(c)).unwrap_or(rest.len());
        let space = len_of(char::is_whitespace);
        if space > 0 {
            at += space;
            continue;
        }
        let (kind, len) = if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let len = len_of(|c| c.is_ascii_alphanumeric() || c == '_');
            (
                TokenKind::Word(rest.get(..len).unwrap_or_default().to_owned()),
                len,
            )
        } else if rest.starts_with(|c: char| c.is_ascii_digit()) {
            let len = len_of(|c| c.is_ascii_digit() || c == '.');
            (
                TokenKind::Number(rest.get(..len).unwrap_or_default().to_owned()),
                len,
            )
        } else if rest.starts_with('\'') {
            quoted(rest).ok_or_else(|| expected("`'` at the end of a text", at..text.len()))?
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (TokenKind::Sign(sign), sign.len())
        } else {
            let len = rest.chars().next().map_or(1, char::len_utf8);
            return Err(expected("a field, a constant or an operator", at..at + len));
        };
        if tokens.len() == MAX_TOKENS {
            let message = format!("an expression has at most {MAX_TOKENS} words and signs");
            return Err(ExprError {
                range: at..text.len(),
                message,
            });
        }
        tokens.push(Token {
            kind,
            range: at..at + len,
        });
        at += len;
    }
    Ok(tokens)
}

/// Reads a text in single quotes, which are doubled within it.
fn quoted(rest: &str) -> Option<(TokenKind, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return Some((TokenKind::Text(text), at + 1));
        }
    }
    None
}

fn expected(what: &str, range: Range<usize>) -> ExprError {
    ExprError {
        range,
        message: format!("expected {what}"),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("an expression nests at most {MAX_DEPTH} levels");
            return Err(ExprError {
                range: self.range(),
                message,
            });
        }
        let mut left = self.and()?;
        while self.eat_word("or") {
            left = binary(BinaryOperator::Or, left, self.and()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.eat_word("and") {
            left = binary(BinaryOperator::And, left, self.not()?);
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        let start = self.range().start;
        let mut n_nots = 0;
        while self.eat_word("not") {
            n_nots += 1;
        }
        let mut expr = self.comparison()?;
        // Two of them are none: null stays null either way.
        if n_nots % 2 == 1 {
            let range = start..expr.range.end;
            expr = Expr {
                kind: ExprKind::Not(Box::new(expr)),
                range,
            };
        }
        Ok(expr)
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        let operators = [
            ("=", BinaryOperator::Equal),
            ("<>", BinaryOperator::NotEqual),
            ("!=", BinaryOperator::NotEqual),
            ("<=", BinaryOperator::LessOrEqual),
            ("<", BinaryOperator::Less),
            (">=", BinaryOperator::GreaterOrEqual),
            (">", BinaryOperator::Greater),
        ];
        for (sign, operator) in operators {
            if self.eat_sign(sign) {
                return Ok(binary(operator, left, self.sum()?));
            }
        }
        if self.eat_word("is") {
            let is_negated = self.eat_word("not");
            if !self.eat_word("null") {
                return Err(expected("`null`", self.range()));
            }
            let range = left.range.start..self.last_end();
            let value = Box::new(left);
            return Ok(Expr {
                kind: ExprKind::IsNull { value, is_negated },
                range,
            });
        }
        let is_negated = self.eat_word("not");
        if self.eat_word("in") {
            return self.list(left, is_negated);
        }
        match is_negated {
            true => Err(expected("`in`", self.range())),
            false => Ok(left),
        }
    }

    fn list(&mut self, value: Expr, is_negated: bool) -> Parsed {
        self.expect_sign("(")?;
        let mut list = vec![self.sum()?];
        while self.eat_sign(",") {
            list.push(self.sum()?);
        }
        self.expect_sign(")")?;
        let range = value.range.start..self.last_end();
        Ok(Expr {
            kind: ExprKind::In {
                value: Box::new(value),
                list,
                is_negated,
            },
            range,
        })
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Some(TokenKind::Sign("+")) => BinaryOperator::Add,
                Some(TokenKind::Sign("-")) => BinaryOperator::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(operator, left, self.product()?);
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.sign()?;
        loop {
            let operator = match self.peek() {
                Some(TokenKind::Sign("*")) => BinaryOperator::Multiply,
                Some(TokenKind::Sign("/")) => BinaryOperator::Divide,
                Some(TokenKind::Sign("%")) => BinaryOperator::Remainder,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(operator, left, self.sign()?);
        }
    }

    fn sign(&mut self) -> Parsed {
        let start = self.range().start;
        if !self.eat_sign("-") {
            return self.value();
        }
        let value = self.value()?;
        let range = start..value.range.end;
        Ok(Expr {
            kind: ExprKind::Negate(Box::new(value)),
            range,
        })
    }

    fn value(&mut self) -> Parsed {
        let range = self.range();
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err(expected("a field or a constant", range));
        };
        self.at += 1;
        let kind = match token.kind {
            TokenKind::Number(number) => ExprKind::Number(number),
            TokenKind::Text(text) => ExprKind::Text(text),
            TokenKind::Sign("(") => {
                let inner = self.or()?;
                self.expect_sign(")")?;
                return Ok(Expr {
                    range: range.start..self.last_end(),
                    ..inner
                });
            }
            TokenKind::Sign(_) => return Err(expected("a field or a constant", range)),
            TokenKind::Word(word) => return self.word(&word, range),
        };
        Ok(Expr { kind, range })
    }

    fn word(&mut self, word: &str, range: Range<usize>) -> Parsed {
        let kind = match word.to_ascii_lowercase().as_str() {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "length" if self.eat_sign("(") => {
                let value = self.or()?;
                self.expect_sign(")")?;
                let range = range.start..self.last_end();
                return Ok(Expr {
                    kind: ExprKind::Length(Box::new(value)),
                    range,
                });
            }
            "and" | "or" | "not" | "is" | "in" | "null" => {
                return Err(expected("a field or a constant", range));
            }
            _ => ExprKind::Name(word.to_owned()),
        };
        Ok(Expr { kind, range })
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// Returns the place of the next token; the end of the text if there is none.
    fn range(&self) -> Range<usize> {
        self.tokens
            .get(self.at)
            .map_or(self.end..self.end, |token| token.range.clone())
    }

    fn last_end(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(0, |token| token.range.end)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found =
            matches!(self.peek(), Some(TokenKind::Word(it)) if it.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn eat_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(TokenKind::Sign(it)) if *it == sign);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), ExprError> {
        match self.eat_sign(sign) {
            true => Ok(()),
            false => Err(expected(&format!("`{sign}`"), self.range())),
        }
    }
}

fn binary(operator: BinaryOperator, left: Expr, right: Expr) -> Expr {
    let range = left.range.start..right.range.end;
    Expr {
        kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)),
        range,
    }
}
