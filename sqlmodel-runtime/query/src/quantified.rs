//! Comparisons with all rows of a query, and questions about the items of a list.

use sqlmodel_core::FieldValue;
use sqlmodel_core::types::Array;

use crate::expr::{Expr, Level, Operand, Token};
use crate::operators::{Base, Expression};
use crate::select::{Expressions, Select};
use crate::text::call;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Comparisons with all rows of a query.
pub trait QuantifiedExpression: Expression {
    /// `self > ANY (SELECT ..)`: whether the comparison holds for a row. A query without rows is false.
    ///
    /// SQLite has no ANY; there it is written with EXISTS, and means the same where NULLs are compared, too.
    fn compare_any<T, Scope, Outer>(
        self,
        comparison: Comparison,
        query: Select<T, Scope, Expressions, Outer>,
    ) -> Expr<(Self::Source, Outer), Option<bool>>
    where
        T: FieldValue<Base = Base<Self>>,
    {
        let (operand, query) = parts(self, query);
        let native = native(&operand, comparison, "ANY (", &query);
        let sqlite = decided_by_row(
            [
                "CASE WHEN EXISTS (",
                ") THEN 1 WHEN EXISTS (",
                ") THEN NULL ELSE 0 END",
            ],
            ["", " IS NULL"],
            &operand,
            comparison,
            &query,
        );
        either(sqlite, native)
    }

    /// `self > ALL (SELECT ..)`: whether the comparison holds for every row. A query without rows is true.
    ///
    /// SQLite has no ALL; there it is written with EXISTS, and means the same where NULLs are compared, too.
    fn compare_all<T, Scope, Outer>(
        self,
        comparison: Comparison,
        query: Select<T, Scope, Expressions, Outer>,
    ) -> Expr<(Self::Source, Outer), Option<bool>>
    where
        T: FieldValue<Base = Base<Self>>,
    {
        let (operand, query) = parts(self, query);
        let native = native(&operand, comparison, "ALL (", &query);
        let sqlite = decided_by_row(
            [
                "CASE WHEN EXISTS (",
                ") THEN 0 WHEN EXISTS (",
                ") THEN NULL ELSE 1 END",
            ],
            [" IS FALSE", " IS NULL"],
            &operand,
            comparison,
            &query,
        );
        either(sqlite, native)
    }
}

impl<E: Expression> QuantifiedExpression for E {}

impl Comparison {
    fn token(self) -> Token {
        Token::Text(match self {
            Self::Equal => " = ",
            Self::NotEqual => " <> ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
            Self::Greater => " > ",
            Self::GreaterOrEqual => " >= ",
        })
    }
}

fn parts<E: Expression, T, Scope, Outer>(
    operand: E,
    query: Select<T, Scope, Expressions, Outer>,
) -> (Vec<Token>, Token) {
    let query = Token::Query(Box::new(query.into_query()));
    (operand.into_expr().compared(), query)
}

fn native(
    operand: &[Token],
    comparison: Comparison,
    quantifier: &'static str,
    query: &Token,
) -> Vec<Token> {
    let mut tokens = operand.to_vec();
    tokens.extend([
        comparison.token(),
        Token::Text(quantifier),
        query.clone(),
        Token::Text(")"),
    ]);
    tokens
}

/// Writes a CASE of two questions: whether a row makes the comparison one thing, or another.
fn decided_by_row(
    [first, second, end]: [&'static str; 3],
    verdicts: [&'static str; 2],
    operand: &[Token],
    comparison: Comparison,
    query: &Token,
) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (begin, verdict) in [first, second].into_iter().zip(verdicts) {
        tokens.push(Token::Text(begin));
        tokens.push(Token::Text("SELECT 1 FROM ("));
        tokens.push(query.clone());
        tokens.push(Token::Text(") AS \"compared\" WHERE ("));
        tokens.extend_from_slice(operand);
        tokens.push(comparison.token());
        tokens.push(Token::Text("\"compared\".\"c1\")"));
        tokens.push(Token::Text(verdict));
    }
    tokens.push(Token::Text(end));
    tokens
}

fn either<S, T>(sqlite: Vec<Token>, others: Vec<Token>) -> Expr<S, T> {
    let alternatives = [sqlite, others.clone(), others];
    Expr::new(
        vec![Token::Alternatives(Box::new(alternatives))],
        Level::Comparison,
    )
}

/// A type that every dialect finds in a list: numbers, texts and truth values.
#[diagnostic::on_unimplemented(
    message = "lists of `{Self}` cannot be searched in the same way on every dialect",
    label = "expected an integer, a text or a bool"
)]
pub trait ListItem: FieldValue<Base = Self> {
    /// How MySQL makes JSON of it: what stands before and after the parameter.
    #[doc(hidden)]
    const MYSQL_JSON: [&'static str; 2];
}

impl ListItem for i16 {
    const MYSQL_JSON: [&'static str; 2] = ["CAST(", " AS CHAR)"];
}

impl ListItem for i32 {
    const MYSQL_JSON: [&'static str; 2] = ["CAST(", " AS CHAR)"];
}

impl ListItem for i64 {
    const MYSQL_JSON: [&'static str; 2] = ["CAST(", " AS CHAR)"];
}

impl ListItem for String {
    const MYSQL_JSON: [&'static str; 2] = ["JSON_QUOTE(", ")"];
}

impl ListItem for bool {
    const MYSQL_JSON: [&'static str; 2] = ["IF(", ", 'true', 'false')"];
}

/// Questions about the items of a list.
pub trait ListExpression<T>: Expression<Value: FieldValue<Base = Array<T>>> {
    /// Whether the list has this item.
    ///
    /// | dialect | SQL |
    /// |---|---|
    /// | SQLite | `EXISTS (SELECT 1 FROM json_each(a) WHERE value = b)` |
    /// | PostgreSQL | `b = ANY (a)` |
    /// | MySQL | `JSON_CONTAINS(a, b)` |
    fn has<R: Operand<T>>(
        self,
        item: R,
    ) -> Expr<(Self::Source, R::Source), <Self::Value as FieldValue>::Lift<bool>>
    where
        T: ListItem,
    {
        let list = self.into_expr().into_tokens();
        let item = item.into_operand().at_least(Level::Sum);
        let text = |text| [Token::Text(text)];
        let [before, after] = T::MYSQL_JSON;
        let sqlite = [
            &text("CASE WHEN ")[..],
            &list,
            &text(" IS NOT NULL THEN EXISTS (SELECT 1 FROM json_each("),
            &list,
            &text(") WHERE value = "),
            &item,
            &text(") END"),
        ];
        let postgres = [&item, &text(" = ANY (")[..], &list, &text(")")];
        let mysql = [
            &text("JSON_CONTAINS(")[..],
            &list,
            &text(", "),
            &text(before),
            &item,
            &text(after),
            &text(")"),
        ];
        let alternatives = [sqlite.concat(), postgres.concat(), mysql.concat()];
        Expr::new(
            vec![Token::Alternatives(Box::new(alternatives))],
            Level::Comparison,
        )
    }

    /// The number of items.
    fn n_items(self) -> Expr<Self::Source, <Self::Value as FieldValue>::Lift<i32>> {
        call(
            self,
            Token::PerDialect(["json_array_length(", "cardinality(", "json_length("]),
        )
    }
}

impl<T, E: Expression<Value: FieldValue<Base = Array<T>>>> ListExpression<T> for E {}
