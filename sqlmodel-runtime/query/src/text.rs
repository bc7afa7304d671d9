//! Functions and comparisons of texts.

use sqlmodel_core::{FieldValue, Value};

use crate::expr::{Expr, Level, Operand, Token};
use crate::operators::{Combined, Compared, Expression, Truth};

/// What texts can do beyond what every [`Expression`] can.
pub trait TextExpression: Expression<Value: FieldValue<Base = String>> {
    /// `self LIKE pattern`, where `%` stands for any text, `_` for any character, and a backslash takes
    /// the meaning from what follows it.
    ///
    /// Whether case matters is the database's affair: SQLite ignores the case of ASCII letters, MySQL does what
    /// the column's collation says, and to PostgreSQL it matters.
    fn like<R: Operand<String>>(self, pattern: R) -> Compared<Self, R> {
        let mut tokens = self.into_expr().at_least(Level::Sum);
        tokens.push(Token::Text(" LIKE "));
        tokens.extend(pattern.into_operand().at_least(Level::Sum));
        tokens.push(BACKSLASH_ESCAPES);
        Expr::new(tokens, Level::Comparison)
    }

    /// [`like`](Self::like) without regard to case: of all letters, but on SQLite of ASCII letters only.
    ///
    /// | dialect | SQL |
    /// |---|---|
    /// | SQLite | `a LIKE b ESCAPE '\'` |
    /// | PostgreSQL | `a ILIKE b` |
    /// | MySQL | `lower(a) LIKE lower(b)` |
    fn ilike<R: Operand<String>>(self, pattern: R) -> Compared<Self, R> {
        let mut tokens = vec![Token::PerDialect(["", "", "lower("])];
        tokens.extend(self.into_expr().at_least(Level::Sum));
        tokens.push(Token::PerDialect([" LIKE ", " ILIKE ", ") LIKE lower("]));
        tokens.extend(pattern.into_operand().at_least(Level::Sum));
        tokens.push(Token::PerDialect(["", "", ")"]));
        tokens.push(BACKSLASH_ESCAPES);
        Expr::new(tokens, Level::Comparison)
    }

    /// Texts that contain this one, in which `%` and `_` have no special meaning. Case matters as for [`like`](Self::like).
    fn contains(self, text: &str) -> Expr<Self::Source, Truth<Self>> {
        like_literal(self, "%", text, "%")
    }

    /// Texts that start with this one, in which `%` and `_` have no special meaning. Case matters as for [`like`](Self::like).
    fn starts_with(self, text: &str) -> Expr<Self::Source, Truth<Self>> {
        like_literal(self, "", text, "%")
    }

    /// Texts that end with this one, in which `%` and `_` have no special meaning. Case matters as for [`like`](Self::like).
    fn ends_with(self, text: &str) -> Expr<Self::Source, Truth<Self>> {
        like_literal(self, "%", text, "")
    }

    /// The text in lower case. SQLite knows ASCII letters only.
    fn lower(self) -> Expr<Self::Source, Self::Value> {
        call(self, Token::Text("lower("))
    }

    /// The text in upper case. SQLite knows ASCII letters only.
    fn upper(self) -> Expr<Self::Source, Self::Value> {
        call(self, Token::Text("upper("))
    }

    /// The number of characters.
    fn length(self) -> Expr<Self::Source, <Self::Value as FieldValue>::Lift<i32>> {
        call(
            self,
            Token::PerDialect(["length(", "length(", "char_length("]),
        )
    }

    /// The text without spaces at both ends.
    fn trim(self) -> Expr<Self::Source, Self::Value> {
        call(self, Token::Text("trim("))
    }

    /// The text without spaces at its start.
    fn trim_start(self) -> Expr<Self::Source, Self::Value> {
        call(self, Token::Text("ltrim("))
    }

    /// The text without spaces at its end.
    fn trim_end(self) -> Expr<Self::Source, Self::Value> {
        call(self, Token::Text("rtrim("))
    }

    /// At most `n_chars` characters from the one at position `start`; the first is at 1.
    ///
    /// A start below 1 counts from the end on SQLite and MySQL and means nothing on PostgreSQL, so it is taken as 1.
    fn substr(self, start: u32, n_chars: u32) -> Expr<Self::Source, Self::Value> {
        let mut tokens = vec![Token::Text("substr(")];
        tokens.extend(self.into_expr().into_tokens());
        for number in [start.max(1), n_chars] {
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            tokens.push(Token::Text(", "));
            tokens.push(Token::Param(Value::I32(number)));
        }
        tokens.push(Token::Text(")"));
        Expr::new(tokens, Level::Atom)
    }

    /// The first characters, at most `n_chars` of them.
    fn left(self, n_chars: u32) -> Expr<Self::Source, Self::Value> {
        self.substr(1, n_chars)
    }

    /// The last characters, at most `n_chars` of them.
    fn right(self, n_chars: u32) -> Expr<Self::Source, Self::Value> {
        let n_chars = i32::try_from(n_chars).unwrap_or(i32::MAX);
        // To SQLite, the end of a text is at -1, and nothing is at 0.
        let sqlite = if n_chars == 0 { ", 1, " } else { ", -" };
        let mut tokens = vec![Token::PerDialect(["substr(", "right(", "right("])];
        tokens.extend(self.into_expr().into_tokens());
        tokens.push(Token::PerDialect([sqlite, ", ", ", "]));
        tokens.push(Token::Number(u64::from(n_chars.unsigned_abs())));
        tokens.push(Token::Text(")"));
        Expr::new(tokens, Level::Atom)
    }

    /// The position of the first occurrence of a text, from 1; 0 when there is none.
    ///
    /// Whether case matters is the database's affair: on MySQL it is the collation's, elsewhere it does.
    fn position_of<R: Operand<String>>(self, text: R) -> Combined<Self, R, i32> {
        let mut tokens = vec![Token::PerDialect(["instr(", "strpos(", "instr("])];
        tokens.extend(self.into_expr().into_tokens());
        tokens.push(Token::Text(", "));
        tokens.extend(text.into_operand().into_tokens());
        tokens.push(Token::Text(")"));
        Expr::new(tokens, Level::Atom)
    }

    /// The text with each occurrence of `from` replaced by `to`.
    fn replace(self, from: &str, to: &str) -> Expr<Self::Source, Self::Value> {
        let mut tokens = vec![Token::Text("replace(")];
        tokens.extend(self.into_expr().into_tokens());
        for text in [from, to] {
            tokens.push(Token::Text(", "));
            tokens.push(Token::Param(Value::Text(text.to_owned().into())));
        }
        tokens.push(Token::Text(")"));
        Expr::new(tokens, Level::Atom)
    }

    /// The text and then the other one: `a || b`, and `concat(a, b)` on MySQL. NULL when either is.
    fn concat<R: Operand<String>>(self, other: R) -> Combined<Self, R, String> {
        let mut tokens = vec![Token::PerDialect(["(", "(", "concat("])];
        tokens.extend(self.into_expr().at_least(Level::Atom));
        tokens.push(Token::PerDialect([" || ", " || ", ", "]));
        tokens.extend(other.into_operand().at_least(Level::Atom));
        tokens.push(Token::Text(")"));
        Expr::new(tokens, Level::Atom)
    }
}

impl<E: Expression<Value: FieldValue<Base = String>>> TextExpression for E {}

/// PostgreSQL and MySQL take a backslash for the escape character unless told otherwise, SQLite takes none.
const BACKSLASH_ESCAPES: Token = Token::PerDialect([" ESCAPE '\\'", "", ""]);

/// Writes `name(operand)`; the name comes with its parenthesis.
pub(crate) fn call<E: Expression, S, T>(operand: E, name: Token) -> Expr<S, T> {
    let mut tokens = vec![name];
    tokens.extend(operand.into_expr().into_tokens());
    tokens.push(Token::Text(")"));
    Expr::new(tokens, Level::Atom)
}

fn like_literal<E: Expression>(
    operand: E,
    before: &str,
    text: &str,
    after: &str,
) -> Expr<E::Source, Truth<E>> {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push_str(before);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push_str(after);
    let mut tokens = operand.into_expr().at_least(Level::Sum);
    tokens.push(Token::Text(" LIKE "));
    tokens.push(Token::Param(Value::Text(pattern.into())));
    // A backslash would be an escape inside MySQL's own literal; an exclamation mark is one nowhere.
    tokens.push(Token::Text(" ESCAPE '!'"));
    Expr::new(tokens, Level::Comparison)
}
