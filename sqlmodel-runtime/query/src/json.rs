//! Values inside JSON, by path.

use std::fmt::Write as _;

use sqlmodel_core::types::Json;
use sqlmodel_core::{Dialect, FieldValue, Value};

use crate::expr::{Expr, Level, Token};
use crate::operators::Expression;
use crate::scope::Settled;

/// One step into JSON: the member of an object, or the item of an array, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JsonStep {
    /// A member's name.
    Member(Box<str>),
    /// An item's position.
    Item(u32),
}

impl From<&str> for JsonStep {
    fn from(name: &str) -> Self {
        Self::Member(name.into())
    }
}

impl From<String> for JsonStep {
    fn from(name: String) -> Self {
        Self::Member(name.into())
    }
}

impl From<u32> for JsonStep {
    fn from(position: u32) -> Self {
        Self::Item(position)
    }
}

/// Values inside JSON. Each is `None` where the path leads nowhere, or to something of another type.
///
/// A path is a list of names, `["address", "city"]`, or of steps where it has positions:
/// `["tags".into(), JsonStep::Item(0)]`.
pub trait JsonExpression: Expression<Value: FieldValue<Base = Json>> {
    /// The text at a path.
    ///
    /// | dialect | SQL |
    /// |---|---|
    /// | SQLite | `CASE WHEN json_type(a, '$."b"') IN ('text') THEN a ->> '$."b"' END` |
    /// | PostgreSQL | `CASE WHEN jsonb_typeof(jsonb_path_query_first(a, 'strict $."b"', '{}', TRUE)) IN ('string') THEN jsonb_path_query_first(..) #>> '{}' END` |
    /// | MySQL | `CASE WHEN JSON_TYPE(JSON_EXTRACT(a, '$."b"')) IN ('STRING') THEN JSON_UNQUOTE(JSON_EXTRACT(a, '$."b"')) END` |
    fn json_text<P: Into<JsonStep>>(
        self,
        path: impl IntoIterator<Item = P>,
    ) -> Expr<Settled<Self::Source>, Option<String>> {
        typed(self, path, &TEXT)
    }

    /// The integer at a path. A number with a point or an exponent is none.
    fn json_i64<P: Into<JsonStep>>(
        self,
        path: impl IntoIterator<Item = P>,
    ) -> Expr<Settled<Self::Source>, Option<i64>> {
        typed(self, path, &INTEGER)
    }

    /// The number at a path.
    fn json_f64<P: Into<JsonStep>>(
        self,
        path: impl IntoIterator<Item = P>,
    ) -> Expr<Settled<Self::Source>, Option<f64>> {
        typed(self, path, &NUMBER)
    }

    /// The truth value at a path.
    fn json_bool<P: Into<JsonStep>>(
        self,
        path: impl IntoIterator<Item = P>,
    ) -> Expr<Settled<Self::Source>, Option<bool>> {
        typed(self, path, &BOOL)
    }

    /// Whether the path leads somewhere, be it to `null`. False where the whole JSON is NULL.
    fn json_has<P: Into<JsonStep>>(
        self,
        path: impl IntoIterator<Item = P>,
    ) -> Expr<Settled<Self::Source>, bool> {
        let json = self.into_expr().at_least(Level::Atom);
        let steps = steps_of(path);
        let path = Token::JsonPath(steps.clone());
        let around = |[before, between, after]: [&'static str; 3]| {
            let mut tokens = vec![Token::Text(before)];
            tokens.extend(json.iter().cloned());
            tokens.push(Token::Text(between));
            tokens.push(path.clone());
            tokens.push(Token::Text(after));
            tokens
        };
        let mut mysql = vec![Token::Text("coalesce(")];
        mysql.extend(are_arrays(&json, &steps));
        mysql.extend(around(["JSON_CONTAINS_PATH(", ", 'one', ", "), 0) = 1"]));
        let alternatives = [
            around(["json_type(", ", ", ") IS NOT NULL"]),
            around([
                POSTGRES_VALUE,
                POSTGRES_PATH,
                " AS text) AS jsonpath), '{}', TRUE) IS NOT NULL",
            ]),
            mysql,
        ];
        Expr::new(
            vec![Token::Alternatives(Box::new(alternatives))],
            Level::Comparison,
        )
    }
}

impl<E: Expression<Value: FieldValue<Base = Json>>> JsonExpression for E {}

/// What stands before the JSON and between it and the path on PostgreSQL. A strict path takes no scalar for an array, no name
/// for a position and no position for a name, as its operators do.
const POSTGRES_VALUE: &str = "jsonb_path_query_first(";
const POSTGRES_TYPE: &str = "jsonb_typeof(jsonb_path_query_first(";
const POSTGRES_CAST: &str = "CAST(jsonb_path_query_first(";
const POSTGRES_PATH: &str = ", CAST(CAST(";

/// How a value of one type is taken out: for each dialect, what stands before the JSON, between the JSON and the path, and
/// after it, for the question of its type and for the value.
struct Getter {
    condition: [[&'static str; 3]; 3],
    value: [[&'static str; 3]; 3],
}

const TEXT: Getter = Getter {
    condition: [
        ["json_type(", ", ", ") IN ('text')"],
        [
            POSTGRES_TYPE,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE)) IN ('string')",
        ],
        ["JSON_TYPE(JSON_EXTRACT(", ", ", ")) IN ('STRING')"],
    ],
    value: [
        ["", " ->> ", ""],
        [
            POSTGRES_VALUE,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE) #>> '{}'",
        ],
        ["JSON_UNQUOTE(JSON_EXTRACT(", ", ", "))"],
    ],
};

const INTEGER: Getter = Getter {
    condition: [
        ["json_type(", ", ", ") IN ('integer')"],
        [
            POSTGRES_VALUE,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE)::text ~ '^-?[0-9]+$'",
        ],
        [
            "JSON_TYPE(JSON_EXTRACT(",
            ", ",
            ")) IN ('INTEGER', 'UNSIGNED INTEGER')",
        ],
    ],
    value: [
        ["", " ->> ", ""],
        [
            POSTGRES_CAST,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE) #>> '{}' AS bigint)",
        ],
        // A cast to an integer would wrap what does not fit.
        ["CAST(JSON_EXTRACT(", ", ", ") AS DECIMAL(65, 0)) DIV 1"],
    ],
};

const NUMBER: Getter = Getter {
    condition: [
        ["json_type(", ", ", ") IN ('integer', 'real')"],
        [
            POSTGRES_TYPE,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE)) IN ('number')",
        ],
        [
            "JSON_TYPE(JSON_EXTRACT(",
            ", ",
            ")) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')",
        ],
    ],
    value: [
        ["CAST(", " ->> ", " AS REAL)"],
        [
            POSTGRES_CAST,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE) #>> '{}' AS double precision)",
        ],
        ["CAST(JSON_EXTRACT(", ", ", ") AS DOUBLE)"],
    ],
};

const BOOL: Getter = Getter {
    condition: [
        ["json_type(", ", ", ") IN ('true', 'false')"],
        [
            POSTGRES_TYPE,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE)) IN ('boolean')",
        ],
        ["JSON_TYPE(JSON_EXTRACT(", ", ", ")) IN ('BOOLEAN')"],
    ],
    value: [
        ["", " ->> ", ""],
        [
            POSTGRES_CAST,
            POSTGRES_PATH,
            " AS text) AS jsonpath), '{}', TRUE) #>> '{}' AS boolean)",
        ],
        ["JSON_UNQUOTE(JSON_EXTRACT(", ", ", ")) = 'true'"],
    ],
};

fn typed<E: Expression, P: Into<JsonStep>, T>(
    json: E,
    path: impl IntoIterator<Item = P>,
    getter: &Getter,
) -> Expr<Settled<E::Source>, Option<T>> {
    let json = json.into_expr().at_least(Level::Atom);
    let steps = steps_of(path);
    let path = Token::JsonPath(steps.clone());
    let alternative = |dialect: usize| {
        let mut tokens = Vec::new();
        for (keyword, parts) in [("CASE WHEN ", &getter.condition), (" THEN ", &getter.value)] {
            let [before, between, after] = parts.get(dialect).copied().unwrap_or_default();
            tokens.push(Token::Text(keyword));
            if tokens.len() == 1 && dialect == MYSQL {
                tokens.extend(are_arrays(&json, &steps));
            }
            tokens.push(Token::Text(before));
            tokens.extend(json.iter().cloned());
            tokens.push(Token::Text(between));
            tokens.push(path.clone());
            tokens.push(Token::Text(after));
        }
        tokens.push(Token::Text(" END"));
        tokens
    };
    let alternatives = [alternative(0), alternative(1), alternative(2)];
    Expr::new(
        vec![Token::Alternatives(Box::new(alternatives))],
        Level::Atom,
    )
}

fn steps_of<P: Into<JsonStep>>(path: impl IntoIterator<Item = P>) -> Box<[JsonStep]> {
    path.into_iter().map(Into::into).collect()
}

/// The position of MySQL among alternatives.
const MYSQL: usize = 2;

/// Returns the condition, with AND behind it, that each position in a path is one in an array: MySQL takes anything else for
/// the item 0 of itself.
fn are_arrays(json: &[Token], steps: &[JsonStep]) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, JsonStep::Member(_)) {
            continue;
        }
        tokens.push(Token::Text("JSON_TYPE(JSON_EXTRACT("));
        tokens.extend_from_slice(json);
        tokens.push(Token::Text(", "));
        tokens.push(Token::JsonPath(steps.iter().take(at).cloned().collect()));
        tokens.push(Token::Text(")) IN ('ARRAY') AND "));
    }
    tokens
}

/// Returns a path as the dialect's functions take it.
pub(crate) fn path_value(steps: &[JsonStep], dialect: Dialect) -> Value<'static> {
    let mut text = String::new();
    if dialect == Dialect::Postgres {
        text.push_str("strict ");
    }
    let push_quoted = |name: &str, text: &mut String| {
        let n_before = text.len();
        push_quoted(name, text);
        if name.contains(char::is_control) {
            let quoted = escape_controls(&text.split_off(n_before));
            text.push_str(&quoted);
        }
    };
    text.push('$');
    for step in steps {
        match step {
            JsonStep::Member(name) => {
                text.push('.');
                push_quoted(name, &mut text);
            }
            JsonStep::Item(position) => {
                text.push('[');
                push_display(position, &mut text);
                text.push(']');
            }
        }
    }
    Value::Text(text.into())
}

fn push_display(number: &u32, text: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = write!(text, "{number}");
}

/// A string of JSON, but for control characters.
fn push_quoted(name: &str, text: &mut String) {
    text.push('"');
    for character in name.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}

/// Writes control characters as JSON wants them in a string, in the short form where there is one: MariaDB finds a name only
/// in the form that the document has.
fn escape_controls(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len() + 6);
    for character in quoted.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            control if control.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text
}
