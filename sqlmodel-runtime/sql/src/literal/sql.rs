//! Literals as SQL text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Dialect, List, Literal, ScalarType, SqlType, quote};

impl Literal {
    /// Returns the SQL of the literal, as a value of a type.
    ///
    /// The type says what the value alone does not: the element type of an empty array, and the
    /// scale of a decimal.
    /// A number that is none is written as a string, for the database to refuse.
    pub fn sql(&self, dialect: Dialect, ty: &SqlType) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Bool(true) => "TRUE".to_owned(),
            Self::Bool(false) => "FALSE".to_owned(),
            Self::Int(number) | Self::Duration(number) => number.to_string(),
            Self::Float(text) => float(dialect, text),
            Self::Decimal(text) => decimal(dialect, ty.scalar(), text),
            Self::Text(text) => quote::string(dialect, text),
            Self::Bytes(bytes) => quote::bytes(dialect, bytes),
            Self::Json(text) => typed(dialect, &compact_json(text), "::jsonb"),
            Self::Uuid(uuid) => match dialect {
                Dialect::Sqlite | Dialect::Mysql => quote::bytes(dialect, uuid),
                Dialect::Postgres => typed(dialect, &hyphenated(uuid), "::uuid"),
            },
            Self::Date(date) => typed(dialect, &date.to_string(), "::date"),
            Self::Time(time) => typed(dialect, &time.to_string(), "::time"),
            Self::Timestamp(timestamp) => typed(dialect, &timestamp.to_string(), "::timestamp"),
            Self::Timestamptz(timestamp) => match dialect {
                Dialect::Sqlite | Dialect::Mysql => quote::string(dialect, &timestamp.to_string()),
                Dialect::Postgres => typed(dialect, &format!("{timestamp}+00"), "::timestamptz"),
            },
            Self::Array(elements) => array(dialect, ty.scalar(), elements),
        }
    }
}

/// A string literal, with a cast on PostgreSQL, the one dialect that does not convert by itself.
fn typed(dialect: Dialect, text: &str, postgres_cast: &str) -> String {
    let mut sql = quote::string(dialect, text);
    if dialect == Dialect::Postgres {
        sql.push_str(postgres_cast);
    }
    sql
}

fn float(dialect: Dialect, text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => format!("{number:?}"),
        _ => quote::string(dialect, text),
    }
}

fn decimal(dialect: Dialect, ty: &ScalarType, text: &str) -> String {
    match (Decimal::parse(text), dialect) {
        (Some(decimal), Dialect::Sqlite) => quote::string(dialect, &decimal.shortest()),
        (Some(decimal), Dialect::Postgres | Dialect::Mysql) => decimal.canonical(ty),
        (None, _) => quote::string(dialect, text),
    }
}

/// The parts of a decimal number, as it is written.
struct Decimal<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = !(whole.is_empty() && fraction.is_empty())
            && whole
                .bytes()
                .chain(fraction.bytes())
                .all(|byte| byte.is_ascii_digit());
        is_number.then_some(Self {
            is_negative,
            whole: whole.trim_start_matches('0'),
            fraction,
        })
    }

    /// The number without zeros at the end, as the driver writes it, so that equal numbers are equal text.
    fn shortest(&self) -> String {
        let fraction = self.fraction.trim_end_matches('0');
        Self { fraction, ..*self }.canonical(&ScalarType::I64)
    }

    /// The number with all digits of the type's scale.
    fn canonical(&self, ty: &ScalarType) -> String {
        let scale = match ty {
            ScalarType::Decimal { scale, .. } => usize::from(*scale),
            _ => self.fraction.len(),
        };
        let is_zero = self.whole.is_empty() && self.fraction.bytes().all(|byte| byte == b'0');
        let sign = if self.is_negative && !is_zero {
            "-"
        } else {
            ""
        };
        let whole = if self.whole.is_empty() {
            "0"
        } else {
            self.whole
        };
        let fraction = format!("{:0<scale$}", self.fraction);
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

fn array(dialect: Dialect, ty: &ScalarType, elements: &List<Literal>) -> String {
    let ty = SqlType::Scalar(ty.clone());
    match dialect {
        Dialect::Postgres => {
            let elements: Vec<_> = elements
                .iter()
                .map(|element| element.sql(dialect, &ty))
                .collect();
            format!("ARRAY[{}]::{}[]", elements.join(", "), ty.sql_name(dialect))
        }
        Dialect::Sqlite | Dialect::Mysql => {
            quote::string(dialect, &json_array(ty.scalar(), elements))
        }
    }
}

fn json_array(ty: &ScalarType, elements: &[Literal]) -> String {
    let elements: Vec<_> = elements.iter().map(|element| json(ty, element)).collect();
    format!("[{}]", elements.join(","))
}

/// The JSON of an array's element, in the form that drivers write, so that equal lists are equal texts; see [`SqlType::sql_name`] for what is a string there.
fn json(ty: &ScalarType, literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(number) | Literal::Duration(number) => number.to_string(),
        Literal::Float(text) => match (ty, text.parse::<f32>(), text.parse::<f64>()) {
            (ScalarType::F32, Ok(number), _) if number.is_finite() => format!("{number:?}"),
            (_, _, Ok(number)) if number.is_finite() => format!("{number:?}"),
            _ => json_string(text),
        },
        Literal::Decimal(text) => {
            let decimal = Decimal::parse(text);
            json_string(&decimal.map_or_else(|| text.to_string(), |it| it.shortest()))
        }
        Literal::Text(text) => json_string(text),
        Literal::Json(text) => compact_json(text),
        Literal::Bytes(bytes) => json_string(&hex(bytes)),
        Literal::Uuid(uuid) => json_string(&hyphenated(uuid)),
        Literal::Date(date) => json_string(&date.to_string()),
        Literal::Time(time) => json_string(&time.to_string()),
        Literal::Timestamp(timestamp) | Literal::Timestamptz(timestamp) => {
            json_string(&timestamp.to_string())
        }
        Literal::Array(elements) => json_array(ty, elements),
    }
}

/// Returns JSON in the form that drivers write: without spaces, and with the names of objects in order, of equal ones the last.
///
/// A text that is no JSON is returned as it is.
pub fn compact_json(text: &str) -> String {
    let mut reader = JsonReader { rest: text };
    match reader.value(0) {
        Some(json) if reader.next().is_none() => json,
        _ => text.to_owned(),
    }
}

/// How deep JSON may nest.
const MAX_DEPTH: usize = 128;

/// Reads JSON and writes it shorter.
struct JsonReader<'t> {
    rest: &'t str,
}

impl<'t> JsonReader<'t> {
    /// Returns the next character that is no space.
    fn next(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.chars().next()
    }

    fn takes(&mut self, character: char) -> bool {
        let is_next = self.next() == Some(character);
        if is_next {
            self.rest = self.rest.strip_prefix(character).unwrap_or_default();
        }
        is_next
    }

    /// Takes so many bytes.
    fn cut(&mut self, n_bytes: usize) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(n_bytes)?;
        self.rest = rest;
        Some(taken)
    }

    fn value(&mut self, depth: usize) -> Option<String> {
        match self.next()? {
            _ if depth > MAX_DEPTH => None,
            '"' => self.string().map(str::to_owned),
            '[' => self.items(depth),
            '{' => self.members(depth),
            _ => {
                let is_end = |c: char| matches!(c, ',' | ']' | '}' | ' ' | '\t' | '\n' | '\r');
                let n_bytes = self.rest.find(is_end).unwrap_or(self.rest.len());
                self.cut(n_bytes)
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
            }
        }
    }

    /// Returns a string with its quotes.
    fn string(&mut self) -> Option<&'t str> {
        // The first quote is no end.
        let mut is_escaped = true;
        let end = self.rest.find(|character| {
            let is_end = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            is_end
        })?;
        self.cut(end + 1)
    }

    fn items(&mut self, depth: usize) -> Option<String> {
        let mut items = Vec::new();
        self.takes('[');
        if self.takes(']') {
            return Some("[]".to_owned());
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.takes(']') {
                return Some(format!("[{}]", items.join(",")));
            }
            self.takes(',').then_some(())?;
        }
    }

    fn members(&mut self, depth: usize) -> Option<String> {
        let mut members = BTreeMap::new();
        self.takes('{');
        if self.takes('}') {
            return Some("{}".to_owned());
        }
        loop {
            let name = self.next().filter(|it| *it == '"').and(self.string())?;
            self.takes(':').then_some(())?;
            members.insert(name, self.value(depth + 1)?);
            if self.takes('}') {
                break;
            }
            self.takes(',').then_some(())?;
        }
        let members = members
            .iter()
            .map(|(name, value)| format!("{name}:{value}"));
        Some(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
    }
}

/// A string of JSON (RFC 8259, section 7).
fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\x08' => json.push_str("\\b"),
            '\x0c' => json.push_str("\\f"),
            '\0'..='\x1f' => {
                // Writing to a `String` cannot fail.
                let _ = write!(json, "\\u{:04X}", u32::from(character));
            }
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The 8-4-4-4-12 form of a UUID (RFC 9562, section 4).
fn hyphenated(uuid: &[u8; 16]) -> String {
    let mut text = hex(uuid);
    for position in [8, 13, 18, 23] {
        text.insert(position, '-');
    }
    text
}
