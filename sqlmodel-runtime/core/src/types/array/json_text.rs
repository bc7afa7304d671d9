//! Lists as JSON text, for the databases without arrays.
//!
//! Only what such a list can hold is read: scalars, and for lists of JSON any value, kept as text.

use std::borrow::Cow;
use std::fmt::Write;

use crate::decode::{Decode, DecodeError, RowRead};
use crate::value::{Value, ValueKind};

/// How deep values inside a list may nest.
const MAX_DEPTH: usize = 128;

/// Writes a list as JSON text.
///
/// Numbers that JSON has no form for (NaN, infinities) give `None`.
pub fn write(values: &[Value<'_>]) -> Option<String> {
    let mut text = String::from("[");
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_value(&mut text, value)?;
    }
    text.push(']');
    Some(text)
}

fn write_value(text: &mut String, value: &Value<'_>) -> Option<()> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => write!(text, "{value}").ok()?,
        Value::I16(value) => write!(text, "{value}").ok()?,
        Value::I32(value) => write!(text, "{value}").ok()?,
        Value::I64(value) => write!(text, "{value}").ok()?,
        Value::F32(value) if value.is_finite() => write!(text, "{value:?}").ok()?,
        Value::F64(value) if value.is_finite() => write!(text, "{value:?}").ok()?,
        Value::Duration(value) => write!(text, "{}", value.micros).ok()?,
        Value::Json(value) => text.push_str(value),
        Value::Decimal(value) => write!(text, "\"{}\"", value.normalized()).ok()?,
        Value::Date(value) => write!(text, "\"{value}\"").ok()?,
        Value::Time(value) => write!(text, "\"{value}\"").ok()?,
        Value::Timestamp(value) | Value::Timestamptz(value) => write!(text, "\"{value}\"").ok()?,
        Value::Text(value) => write_string(text, value),
        Value::Bytes(value) => {
            text.push('"');
            write_hex(text, value);
            text.push('"');
        }
        Value::Uuid(value) => {
            text.push('"');
            for (position, part) in [(0, 4), (4, 6), (6, 8), (8, 10), (10, 16)]
                .iter()
                .enumerate()
            {
                if position > 0 {
                    text.push('-');
                }
                write_hex(text, value.get(part.0..part.1)?);
            }
            text.push('"');
        }
        Value::F32(_) | Value::F64(_) | Value::Array(_) | Value::Default | Value::Invalid(_) => {
            return None;
        }
    }
    Some(())
}

fn write_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

/// Writes a JSON string (RFC 8259, section 7).
fn write_string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            // These are the forms of MySQL's JSON_QUOTE, and MariaDB finds a text only in the form that the list has.
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            control if control < ' ' => {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "\\u{:04X}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Reads a list of `T` from JSON text; `at` is the position of its column, for errors.
///
/// # Errors
///
/// When the text is no JSON list, or an element is not what `T` takes.
pub fn read<T: Decode>(text: &str, at: usize) -> Result<Vec<T>, DecodeError> {
    let refused = || DecodeError::new(at, "a JSON list", ValueKind::Text);
    let elements = Reader { rest: text }.list().ok_or_else(refused)?;
    elements
        .into_iter()
        .map(|element| T::decode(&Element(element), 0).map_err(|error| error.moved_to(at)))
        .collect()
}

/// One element of a list, read as a row of one column.
struct Element<'t>(Raw<'t>);

/// What an element looks like before it is known which type it is to be.
enum Raw<'t> {
    Null,
    Bool(bool),
    Number(&'t str),
    Text(Cow<'t, str>),
    Nested(&'t str),
}

impl Element<'_> {
    fn kind(&self) -> ValueKind {
        match self.0 {
            Raw::Null => ValueKind::Null,
            Raw::Bool(_) => ValueKind::Bool,
            Raw::Number(_) => ValueKind::Float,
            Raw::Text(_) => ValueKind::Text,
            Raw::Nested(_) => ValueKind::Json,
        }
    }

    fn refuse<T>(&self, expected: &'static str) -> Result<T, DecodeError> {
        Err(DecodeError::new(0, expected, self.kind()))
    }

    fn parse_text<T>(
        &self,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DecodeError> {
        match &self.0 {
            Raw::Text(text) => parse(text).map_or_else(|| self.refuse(expected), Ok),
            _ => self.refuse(expected),
        }
    }

    fn parse_number<T: std::str::FromStr>(&self, expected: &'static str) -> Result<T, DecodeError> {
        match self.0 {
            Raw::Number(text) => text.parse().or_else(|_| self.refuse(expected)),
            _ => self.refuse(expected),
        }
    }
}

impl RowRead for Element<'_> {
    fn width(&self) -> usize {
        1
    }

    fn column(&self, _: usize) -> &str {
        "element"
    }

    fn is_null(&self, _: usize) -> bool {
        matches!(self.0, Raw::Null)
    }

    fn value(&self, _: usize) -> Result<Value<'_>, DecodeError> {
        Ok(match &self.0 {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(*value),
            Raw::Number(text) => match text.parse() {
                Ok(value) => Value::I64(value),
                Err(_) => Value::F64(self.parse_number("a number")?),
            },
            Raw::Text(text) => Value::Text(Cow::Borrowed(text)),
            Raw::Nested(text) => Value::Json(Cow::Borrowed(text)),
        })
    }

    fn bool(&self, _: usize) -> Result<bool, DecodeError> {
        match self.0 {
            Raw::Bool(value) => Ok(value),
            _ => self.refuse("a bool"),
        }
    }

    fn i64(&self, _: usize) -> Result<i64, DecodeError> {
        self.parse_number("an integer")
    }

    fn f64(&self, _: usize) -> Result<f64, DecodeError> {
        self.parse_number("a number")
    }

    fn decimal(&self, _: usize) -> Result<crate::value::Decimal, DecodeError> {
        self.parse_text("a decimal", |text| text.parse().ok())
    }

    fn text(&self, _: usize) -> Result<&str, DecodeError> {
        match &self.0 {
            Raw::Text(text) => Ok(text),
            _ => self.refuse("a text"),
        }
    }

    fn bytes(&self, _: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        self.parse_text("bytes in hexadecimal", read_hex)
            .map(Cow::Owned)
    }

    fn uuid(&self, _: usize) -> Result<[u8; 16], DecodeError> {
        self.parse_text("a uuid", |text| {
            let is_hyphenated = text.len() == 36
                && text
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
            is_hyphenated
                .then(|| read_hex(&text.replace('-', "")))??
                .try_into()
                .ok()
        })
    }

    fn date(&self, _: usize) -> Result<crate::value::Date, DecodeError> {
        self.parse_text("a date", crate::value::Date::parse)
    }

    fn time(&self, _: usize) -> Result<crate::value::Time, DecodeError> {
        self.parse_text("a time", crate::value::Time::parse)
    }

    fn timestamp(&self, _: usize) -> Result<crate::value::Timestamp, DecodeError> {
        self.parse_text("a timestamp", crate::value::Timestamp::parse)
    }

    fn duration(&self, at: usize) -> Result<crate::value::Duration, DecodeError> {
        self.i64(at).map(|micros| crate::value::Duration { micros })
    }

    fn json(&self, _: usize) -> Result<Cow<'_, str>, DecodeError> {
        Ok(match &self.0 {
            Raw::Null => Cow::Borrowed("null"),
            Raw::Bool(value) => Cow::Owned(value.to_string()),
            Raw::Number(text) | Raw::Nested(text) => Cow::Borrowed(text),
            Raw::Text(text) => {
                let mut quoted = String::with_capacity(text.len() + 2);
                write_string(&mut quoted, text);
                Cow::Owned(quoted)
            }
        })
    }

    fn array<T: Decode>(&self, _: usize) -> Result<Vec<T>, DecodeError> {
        self.refuse("a scalar")
    }
}

fn read_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some((nibble(high)? << 4) | nibble(low)?),
            _ => None,
        })
        .collect()
}

/// Reads JSON from the front of a text. Every method gives `None` where the text is no JSON.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn list(mut self) -> Option<Vec<Raw<'t>>> {
        let mut elements = Vec::new();
        self.expect('[')?;
        self.skip_space();
        if !self.take(']') {
            loop {
                elements.push(self.element()?);
                self.skip_space();
                if self.take(']') {
                    break;
                }
                self.expect(',')?;
            }
        }
        self.skip_space();
        self.rest.is_empty().then_some(elements)
    }

    fn element(&mut self) -> Option<Raw<'t>> {
        self.skip_space();
        let whole = self.rest;
        match whole.as_bytes().first()? {
            b'"' => self.string().map(Raw::Text),
            b'[' | b'{' => {
                self.skip_nested()?;
                whole.get(..whole.len() - self.rest.len()).map(Raw::Nested)
            }
            _ => {
                let end = whole
                    .find([',', ']', '}', ' ', '\t', '\r', '\n'])
                    .unwrap_or(whole.len());
                let (word, rest) = whole.split_at_checked(end)?;
                self.rest = rest;
                match word {
                    "null" => Some(Raw::Null),
                    "true" => Some(Raw::Bool(true)),
                    "false" => Some(Raw::Bool(false)),
                    number => number
                        .parse::<f64>()
                        .ok()
                        .filter(|n| n.is_finite())
                        .map(|_| Raw::Number(number)),
                }
            }
        }
    }

    /// Moves past a list or an object. Only its brackets and strings are looked at.
    fn skip_nested(&mut self) -> Option<()> {
        let mut depth = 0;
        loop {
            match self.rest.as_bytes().first()? {
                b'"' => drop(self.string()?),
                byte => {
                    match byte {
                        b'[' | b'{' => depth += 1,
                        b']' | b'}' => depth -= 1,
                        _ => {}
                    }
                    let mut characters = self.rest.chars();
                    characters.next();
                    self.rest = characters.as_str();
                }
            }
            if depth == 0 {
                return Some(());
            }
            if depth > MAX_DEPTH {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'t, str>> {
        self.expect('"')?;
        let whole = self.rest;
        let plain_len = whole.find(['"', '\\'])?;
        let (plain, rest) = whole.split_at_checked(plain_len)?;
        if let Some(rest) = rest.strip_prefix('"') {
            self.rest = rest;
            return Some(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        self.rest = rest;
        loop {
            let mut characters = self.rest.chars();
            let character = characters.next()?;
            self.rest = characters.as_str();
            match character {
                '"' => return Some(Cow::Owned(text)),
                '\\' => text.push(self.escape()?),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        match character {
            '"' | '\\' | '/' => Some(character),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.unicode_escape(),
            _ => None,
        }
    }

    fn unicode_escape(&mut self) -> Option<char> {
        let first = self.code_unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.rest = self.rest.strip_prefix("\\u")?;
        let second = self.code_unit()?;
        (0xdc00..0xe000).contains(&second).then_some(())?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn code_unit(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then_some(())?;
        u32::from_str_radix(digits, 16).ok()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn take(&mut self, character: char) -> bool {
        let rest = self.rest.strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, character: char) -> Option<()> {
        self.skip_space();
        self.take(character).then_some(())
    }
}
