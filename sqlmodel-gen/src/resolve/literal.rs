//! Constants, against the type they are for.

mod json;
mod number;

use std::borrow::Cow;

use sqlmodel_sql::{Date, Literal, Text, Time, Timestamp};

use self::json::json_error;
use self::number::Decimal;
pub(super) use self::number::number_order;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Builtin, EnumId, EnumLiteral, FieldType, Scalar, ValueSource};
use crate::resolve::Resolver;
use crate::syntax::{Name, Node, Value};

/// Why a value does not fit its type.
struct Misfit {
    /// What the type takes.
    expected: Cow<'static, str>,
    /// What to do, where it is more than to write what is expected.
    help: Option<String>,
    /// The same value as the type takes it.
    fix: Option<String>,
}

fn misfit<T>(expected: impl Into<Cow<'static, str>>) -> Result<T, Misfit> {
    Err(Misfit {
        expected: expected.into(),
        help: None,
        fix: None,
    })
}

/// A value that is of the right kind, and beyond what the type holds.
fn beyond<T>(expected: impl Into<Cow<'static, str>>, help: impl Into<String>) -> Result<T, Misfit> {
    Err(Misfit {
        expected: expected.into(),
        help: Some(help.into()),
        fix: None,
    })
}

/// Returns how the same value is written as a type takes it: `5` for `"5"`, `"5"` for `5`.
fn converted(value: &Value, written: &str, builtin: Builtin) -> Option<String> {
    let (other, text) = match (value, builtin) {
        (Value::String(_), Builtin::Text { .. } | Builtin::Json) => return None,
        (Value::String(text), _) => {
            let other = match text.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => match text.parse::<i64>() {
                    Ok(int) => Value::Integer(Some(int)),
                    Err(_) if text.contains('.') && text.parse::<f64>().is_ok() => {
                        Value::Float(text.clone())
                    }
                    Err(_) => return None,
                },
            };
            (other, text.clone())
        }
        (Value::Integer(Some(int @ (0 | 1))), Builtin::Bool) => {
            return Some((*int == 1).to_string());
        }
        (Value::Integer(_) | Value::Float(_), Builtin::Text { .. }) => {
            (Value::String(written.to_owned()), format!("\"{written}\""))
        }
        _ => return None,
    };
    literal(&other, builtin).is_ok().then_some(text)
}

/// The portable function that a text is meant to call, if it looks like a call in SQL or Python.
fn function_meant(value: &Value) -> Option<&'static str> {
    let Value::String(text) = value else {
        return None;
    };
    let text = text.to_ascii_lowercase();
    Some(match text.trim_end_matches("()") {
        "now" | "current_timestamp" | "utcnow" | "datetime.now" | "datetime.utcnow" => "now",
        "uuid" | "uuid4" | "uuid_v4" | "uuidv4" | "uuid.uuid4" | "gen_random_uuid" => "uuid_v4",
        "uuid7" | "uuid_v7" | "uuidv7" | "uuid.uuid7" => "uuid_v7",
        _ => return None,
    })
}

impl Resolver<'_> {
    /// Resolves a constant for a field: one value, or a list for an array.
    pub(super) fn constant(
        &mut self,
        node: &Node,
        ty: &FieldType,
        what: &str,
    ) -> Option<ValueSource> {
        if !ty.is_array {
            if let Scalar::Enum(id) = ty.scalar {
                return self
                    .variant(node, id)
                    .map(|variant| ValueSource::Variant(id, variant));
            }
            return self
                .literal(node, ty.scalar, what)
                .map(ValueSource::Literal);
        }
        let Value::Array(items) = &node.value else {
            let written = self.sources.text(node.span);
            let misfit = Misfit {
                expected: "a list".into(),
                help: Some(match node.value {
                    Value::Table(_) => "write a list such as `[]`".to_owned(),
                    _ => format!("write `[{written}]`"),
                }),
                fix: None,
            };
            return self.push_misfit(node, what, misfit);
        };
        let items: Vec<Option<Literal>> = items
            .iter()
            .map(|item| match ty.scalar {
                Scalar::Enum(id) => {
                    let variant = self.variant(item, id)?;
                    Some(match &self.enums[id].as_ref()?.values.get(variant)?.value {
                        EnumLiteral::Text(text) => Literal::Text(text.clone().into()),
                        EnumLiteral::Int(int) => Literal::Int((*int).into()),
                    })
                }
                scalar => self.literal(item, scalar, "an item"),
            })
            .collect();
        let items: Vec<Literal> = items.into_iter().collect::<Option<_>>()?;
        Some(ValueSource::Literal(Literal::Array(items.into())))
    }

    /// Resolves a constant for one value of a type that is no enum.
    pub(super) fn literal(&mut self, node: &Node, scalar: Scalar, what: &str) -> Option<Literal> {
        let builtin = self.builtin_of(scalar)?;
        match literal(&node.value, builtin) {
            Ok(literal) => Some(literal),
            Err(misfit) => {
                let written = self.sources.text(node.span);
                let converted = || converted(&node.value, written, builtin);
                let misfit = Misfit {
                    fix: misfit.fix.or_else(converted),
                    ..misfit
                };
                self.push_misfit(node, what, misfit)
            }
        }
    }

    fn push_misfit<T>(&mut self, node: &Node, what: &str, misfit: Misfit) -> Option<T> {
        let Misfit {
            expected,
            help,
            fix,
        } = misfit;
        let written = self.sources.text(node.span);
        let shown = match node.value {
            Value::Array(_) | Value::Table(_) => node.value.kind().to_owned(),
            _ if written.len() <= 40 && !written.contains('\n') => format!("`{written}`"),
            _ => node.value.kind().to_owned(),
        };
        let message = format!("{what} {shown} does not fit its type");
        let diagnostic = Diagnostic::new(&codes::LITERAL_TYPE, node.span, message)
            .label(format!("expected {expected}"));
        self.push(match (fix, function_meant(&node.value)) {
            (Some(text), _) => diagnostic.fix(node.span, text),
            (None, Some(function)) => diagnostic.help(format!(
                "write `default = {{ fn = \"{function}\" }}` for what the function gives"
            )),
            (None, None) => diagnostic.help(help.unwrap_or_else(|| format!("write {expected}"))),
        });
        None
    }

    /// Finds the value of an enum by what is stored, or by its Rust name.
    fn variant(&mut self, node: &Node, id: EnumId) -> Option<usize> {
        let enum_ = self.enums[id].as_ref()?;
        let found = enum_
            .values
            .iter()
            .position(|value| match (&node.value, &value.value) {
                (Value::String(text), EnumLiteral::Text(stored)) => {
                    text == stored || *text == value.name
                }
                (Value::String(text), EnumLiteral::Int(_)) => *text == value.name,
                (Value::Integer(Some(int)), EnumLiteral::Int(stored)) => *int == i64::from(*stored),
                _ => false,
            });
        if found.is_some() {
            return found;
        }
        let names: Vec<String> = enum_
            .values
            .iter()
            .map(|value| match &value.value {
                EnumLiteral::Text(text) => text.clone(),
                EnumLiteral::Int(_) => value.name.clone(),
            })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let written = match &node.value {
            Value::String(text) => text.clone(),
            _ => self.sources.text(node.span).to_owned(),
        };
        let message = format!("`{written}` is not a value of the enum `{}`", enum_.name);
        let diagnostic = Diagnostic::new(&codes::NOT_IN_ENUM, node.span, message)
            .related(enum_.span, "the enum is declared here");
        let diagnostic = match self.diagnostics.nearest(&written, names.iter().copied()) {
            Some(name) => diagnostic.label(format!("did you mean `{name}`?")).rename(
                &Name::new(written, node.span),
                name,
                self.sources,
            ),
            None => diagnostic,
        };
        self.push(diagnostic.help(format!("its values are {}", crate::syntax::list(&names))));
        None
    }

    /// Resolves the text of a JSON document.
    pub(super) fn json_literal(&mut self, text: &Name) -> Option<Literal> {
        match json_error(&text.value) {
            None => Some(Literal::Json(text.value.clone().into())),
            Some(at) => {
                let span = text.part(self.sources, at..at);
                self.push(
                    Diagnostic::new(&codes::LITERAL_TYPE, span, "the default is not valid JSON")
                        .label("not expected here")
                        .help("write a JSON document, with keys and texts in double quotes: `{ json = '{\"size\": 1}' }`"),
                );
                None
            }
        }
    }
}

fn literal(value: &Value, builtin: Builtin) -> Result<Literal, Misfit> {
    match builtin {
        Builtin::Bool => match value {
            Value::Bool(value) => Ok(Literal::Bool(*value)),
            _ => misfit("`true` or `false`"),
        },
        Builtin::I16 => whole(value, i16::MIN.into(), i16::MAX.into(), "16"),
        Builtin::I32 => whole(value, i32::MIN.into(), i32::MAX.into(), "32"),
        Builtin::I64 => whole(value, i64::MIN, i64::MAX, "64"),
        Builtin::F32 | Builtin::F64 => float(value, builtin),
        Builtin::Decimal { precision, scale } => decimal(value, precision, scale),
        Builtin::Text { max_len } => match value {
            Value::String(text) if text.contains('\0') => {
                misfit("text without the character NUL, which PostgreSQL cannot hold")
            }
            Value::String(text) => match max_len {
                Some(max) if text.chars().count() > max as usize => {
                    let n_chars = text.chars().count();
                    let help = format!("shorten it, or write the type as `text({n_chars})`");
                    beyond(format!("at most {max} characters"), help)
                }
                _ => Ok(Literal::Text(text.clone().into())),
            },
            _ => misfit("a string such as `\"text\"`"),
        },
        Builtin::Bytes => bytes(value),
        Builtin::Uuid => match value {
            Value::String(text) => uuid(text).map_or_else(
                || misfit("a UUID such as `\"00000000-0000-0000-0000-000000000000\"`"),
                |uuid| Ok(Literal::Uuid(uuid)),
            ),
            _ => misfit("a UUID such as `\"00000000-0000-0000-0000-000000000000\"`"),
        },
        Builtin::Date => moment(
            value,
            Date::parse,
            Literal::Date,
            "a date such as `2024-02-29`",
        ),
        Builtin::Time => moment(
            value,
            Time::parse,
            Literal::Time,
            "a time such as `07:30:00`",
        ),
        Builtin::Timestamp => moment(
            value,
            Timestamp::parse,
            Literal::Timestamp,
            "a date and time such as `2024-02-29T07:30:00`, without offset",
        ),
        Builtin::TimestampTz => moment(
            value,
            |text| Timestamp::parse(text.strip_suffix(['Z', 'z'])?),
            Literal::Timestamptz,
            "a date and time in UTC such as `2024-02-29T07:30:00Z`",
        ),
        Builtin::Duration => duration(value),
        Builtin::Json => misfit("a table with the document: `{ json = \"{}\" }`"),
    }
}

fn whole(value: &Value, min: i64, max: i64, bits: &'static str) -> Result<Literal, Misfit> {
    match value {
        Value::Integer(Some(value)) if (min..=max).contains(value) => Ok(Literal::Int(*value)),
        Value::Integer(_) => {
            let help = match bits {
                "16" => "write a smaller number, or a wider type: `i32` or `i64`".to_owned(),
                "32" => "write a smaller number, or a wider type: `i64`".to_owned(),
                _ => format!("write a number from {min} to {max}, or a type such as `decimal(20)`"),
            };
            beyond(format!("a whole number of {bits} bits"), help)
        }
        _ => misfit("a whole number such as `0`"),
    }
}

fn float(value: &Value, builtin: Builtin) -> Result<Literal, Misfit> {
    let text = match value {
        Value::Float(text) => text.clone(),
        Value::Integer(Some(value)) => value.to_string(),
        _ => return misfit("a number such as `0.5`"),
    };
    let is_finite = match builtin {
        Builtin::F32 => text.parse::<f32>().is_ok_and(f32::is_finite),
        _ => text.parse::<f64>().is_ok_and(f64::is_finite),
    };
    match is_finite {
        true => Ok(Literal::Float(text.into())),
        false => misfit("a finite number such as `0.5`"),
    }
}

fn decimal(value: &Value, precision: u8, scale: u8) -> Result<Literal, Misfit> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(Some(value)) => value.to_string(),
        // Whatever reads TOML may round a float; a decimal is what is written, to the last digit.
        Value::Float(text) if Decimal::parse(text).is_some() => {
            return Err(Misfit {
                expected: "a string, because a float may be rounded".into(),
                help: None,
                fix: Some(format!("\"{}\"", text.trim_start_matches('+'))),
            });
        }
        _ => return misfit("a decimal number such as `\"0.00\"`"),
    };
    let Some(number) = Decimal::parse(&text) else {
        return misfit("a decimal number such as `\"0.00\"`");
    };
    let whole_digits = usize::from(precision.saturating_sub(scale));
    if number.whole.len() > whole_digits || number.fraction.len() > usize::from(scale) {
        let needed = number.fraction.len().max(usize::from(scale));
        let digits = number.whole.len().max(whole_digits) + needed;
        let help = match needed == 0 {
            true => format!("write a shorter number, or the type as `decimal({digits})`"),
            false => format!("write a shorter number, or the type as `decimal({digits},{needed})`"),
        };
        return beyond(
            format!("at most {whole_digits} digits before the point and {scale} after it"),
            help,
        );
    }
    Ok(Literal::Decimal(Text::from(
        text.trim_start_matches('+').to_owned(),
    )))
}

fn bytes(value: &Value) -> Result<Literal, Misfit> {
    let expected = "a string with hexadecimal digits such as `\"0xcafe\"`";
    let Value::String(text) = value else {
        return misfit(expected);
    };
    let digits = text
        .strip_prefix("0x")
        .filter(|digits| digits.len().is_multiple_of(2));
    let Some(digits) = digits else {
        return misfit(expected);
    };
    let pairs = digits.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| {
        let [high, low] = pair else { return None };
        Some(hex_digit(*high)? << 4 | hex_digit(*low)?)
    });
    match bytes.collect::<Option<Vec<u8>>>() {
        Some(bytes) => Ok(Literal::Bytes(bytes.into())),
        None => misfit(expected),
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Reads 36 characters in groups of 8, 4, 4, 4 and 12 digits (RFC 9562).
fn uuid(text: &str) -> Option<[u8; 16]> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    if groups != [8, 4, 4, 4, 12] {
        return None;
    }
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b'-')
        .map(hex_digit)
        .collect::<Option<_>>()?;
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = high << 4 | low;
    }
    Some(uuid)
}

fn moment<T>(
    value: &Value,
    parse: impl Fn(&str) -> Option<T>,
    literal: impl Fn(T) -> Literal,
    expected: &'static str,
) -> Result<Literal, Misfit> {
    match value {
        Value::Datetime(text) | Value::String(text) => {
            let text = text.replacen(['T', 't'], " ", 1);
            parse(&text).map_or_else(|| misfit(expected), |moment| Ok(literal(moment)))
        }
        _ => misfit(expected),
    }
}

/// Reads a whole number of microseconds, or a number and a unit.
fn duration(value: &Value) -> Result<Literal, Misfit> {
    const UNITS: &[(&str, i64)] = &[
        ("us", 1),
        ("ms", 1_000),
        ("s", 1_000_000),
        ("m", 60_000_000),
        ("h", 3_600_000_000),
        ("d", 86_400_000_000),
    ];
    let expected = "a length of time such as `\"90s\"`, or a number of microseconds; the units are us, ms, s, m, h, d";
    match value {
        Value::Integer(Some(microseconds)) => Ok(Literal::Duration(*microseconds)),
        Value::String(text) => {
            let at = text
                .find(|c: char| c.is_ascii_alphabetic())
                .unwrap_or(text.len());
            let (number, unit) = text.split_at(at);
            let unit = UNITS.iter().find(|(name, _)| *name == unit.trim());
            let number = number.trim().parse::<i64>().ok();
            match number
                .zip(unit)
                .and_then(|(number, (_, factor))| number.checked_mul(*factor))
            {
                Some(microseconds) => Ok(Literal::Duration(microseconds)),
                None => misfit(expected),
            }
        }
        _ => misfit(expected),
    }
}

#[cfg(test)]
mod tests;
