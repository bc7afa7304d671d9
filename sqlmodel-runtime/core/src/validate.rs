//! Rules of the schema that run in Rust: what they are, as data, and whether a row meets them.
//!
//! A row's values go in and every rule that one of them breaks comes out. It knows no database and no statement.

mod condition;
mod format;
#[cfg(feature = "pattern")]
mod pattern;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::model::{Model, Record};
use crate::value::{Date, Decimal, Duration, Time, Timestamp, Value};

pub use condition::{Condition, Operator};
pub use format::Format;

/// A rule on one value. NULL, and what is left to a default, meets every rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// At least this number.
    Min(Constant),
    /// At most this number.
    Max(Constant),
    /// More than this number.
    Above(Constant),
    /// Less than this number.
    Below(Constant),
    /// A multiple of this whole number.
    MultipleOf(i64),
    /// At least so many characters, bytes or items.
    MinLen(usize),
    /// At most so many characters, bytes or items.
    MaxLen(usize),
    /// Text of a known form.
    Format(Format),
    /// Text in which this regular expression is found, as the crate `regex-lite` reads it.
    #[cfg(feature = "pattern")]
    Pattern(&'static str),
    /// One of these values.
    OneOf(&'static [Constant]),
}

/// A constant of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constant {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// An exact decimal number, as text.
    Decimal(&'static str),
    /// Text.
    Text(&'static str),
    /// Bytes.
    Bytes(&'static [u8]),
    /// A UUID in the byte order of RFC 9562.
    Uuid([u8; 16]),
    /// A day, as `2024-02-29`.
    Date(&'static str),
    /// A time of day, as `07:30:00`.
    Time(&'static str),
    /// A date and time without a zone, as `2024-02-29 07:30:00`.
    Timestamp(&'static str),
    /// An instant in UTC, as `2024-02-29 07:30:00`.
    Timestamptz(&'static str),
    /// A span of time in microseconds.
    Duration(i64),
}

/// A rule on the value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldRule {
    field: &'static str,
    rule: Rule,
}

impl FieldRule {
    /// Creates the rule of a field.
    pub const fn new(field: &'static str, rule: Rule) -> Self {
        Self { field, rule }
    }
}

/// A condition over several columns of a row.
#[derive(Debug, Clone, Copy)]
pub struct RowRule {
    /// The rule's name, unique in the model.
    pub name: &'static str,
    /// What it asks for, in the words of the schema.
    pub message: &'static str,
    /// What must not be false.
    pub condition: Condition,
}

/// One rule that a row breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, or `None` where the rule is about the whole row.
    pub field: Option<&'static str>,
    /// The rule: `min`, `format` and so on, or the name of a rule about the whole row.
    pub rule: &'static str,
    /// What the rule asks for. Never shows the value.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "`{field}` {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// All rules that rows break, in the order of the fields; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Returns what is wrong, one for each broken rule.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, violation) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl StdError for Violations {}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::new(ErrorKind::Invalid, violations.to_string()).with_cause(violations)
    }
}

/// Checks the rules of the schema for a row.
pub(crate) fn validate<R: Record + ?Sized>(record: &R) -> Result<(), Violations> {
    if R::Model::FIELD_RULES.is_empty() && R::Model::RULES.is_empty() {
        return Ok(());
    }
    let mut values = Vec::with_capacity(R::COLUMNS.len());
    record.to_row(&mut values);
    let row: Vec<(&str, &Value<'_>)> = R::COLUMNS.iter().copied().zip(&values).collect();
    let mut violations = field_violations::<R::Model>(&row);
    for rule in R::Model::RULES {
        if !rule.condition.holds(&row) {
            violations.push(Violation {
                field: None,
                rule: rule.name,
                message: rule.message.to_owned(),
            });
        }
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Violations(violations))
    }
}

/// Checks the rules about single fields for values that are assigned to some columns.
///
/// # Errors
///
/// Every rule that one of the values breaks.
pub fn validate_assigned<M: Model>(values: &[(&str, &Value<'_>)]) -> Result<(), Violations> {
    let violations = field_violations::<M>(values);
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Violations(violations))
    }
}

fn field_violations<M: Model>(values: &[(&str, &Value<'_>)]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for FieldRule { field, rule } in M::FIELD_RULES {
        let info = M::fields().iter().find(|info| info.name == *field);
        let column = info.map_or(*field, |info| info.column);
        let value = values.iter().find(|(name, _)| *name == column);
        if value.is_some_and(|(_, value)| !rule.holds(value)) {
            violations.push(Violation {
                field: Some(field),
                rule: rule.name(),
                message: rule.to_string(),
            });
        }
    }
    violations
}

impl Rule {
    /// Returns the rule's name in the schema language.
    fn name(&self) -> &'static str {
        match self {
            Self::Min(_) => "min",
            Self::Max(_) => "max",
            Self::Above(_) => "above",
            Self::Below(_) => "below",
            Self::MultipleOf(_) => "multiple_of",
            Self::MinLen(_) => "min_len",
            Self::MaxLen(_) => "max_len",
            Self::Format(_) => "format",
            #[cfg(feature = "pattern")]
            Self::Pattern(_) => "pattern",
            Self::OneOf(_) => "one_of",
        }
    }

    fn holds(&self, value: &Value<'_>) -> bool {
        // What cannot be stored at all is refused by drivers.
        if matches!(value, Value::Null | Value::Default | Value::Invalid(_)) {
            return true;
        }
        let order = |constant: &Constant| compare(value, &constant.value());
        match self {
            Self::Min(bound) => order(bound).is_some_and(Ordering::is_ge),
            Self::Max(bound) => order(bound).is_some_and(Ordering::is_le),
            Self::Above(bound) => order(bound).is_some_and(Ordering::is_gt),
            Self::Below(bound) => order(bound).is_some_and(Ordering::is_lt),
            Self::MultipleOf(factor) => whole(value)
                .and_then(|value| value.checked_rem(*factor))
                .is_some_and(|rest| rest == 0),
            Self::MinLen(len) => length(value).is_some_and(|it| it >= *len),
            Self::MaxLen(len) => length(value).is_some_and(|it| it <= *len),
            Self::Format(format) => match value {
                Value::Text(text) => format.matches(text),
                _ => false,
            },
            #[cfg(feature = "pattern")]
            Self::Pattern(regex) => match value {
                Value::Text(text) => pattern::is_found(regex, text),
                _ => false,
            },
            Self::OneOf(constants) => constants
                .iter()
                .any(|constant| order(constant) == Some(Ordering::Equal)),
        }
    }
}

impl fmt::Display for Rule {
    /// Says what a value must be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min(bound) => write!(f, "must be at least {bound}"),
            Self::Max(bound) => write!(f, "must be at most {bound}"),
            Self::Above(bound) => write!(f, "must be more than {bound}"),
            Self::Below(bound) => write!(f, "must be less than {bound}"),
            Self::MultipleOf(factor) => write!(f, "must be a multiple of {factor}"),
            Self::MinLen(len) => write!(f, "must have a length of at least {len}"),
            Self::MaxLen(len) => write!(f, "must have a length of at most {len}"),
            Self::Format(format) => write!(f, "must be {}", format.words()),
            #[cfg(feature = "pattern")]
            Self::Pattern(regex) => write!(f, "must match `{regex}`"),
            Self::OneOf(constants) => {
                f.write_str("must be one of ")?;
                for (position, constant) in constants.iter().enumerate() {
                    let separator = if position == 0 { "" } else { ", " };
                    write!(f, "{separator}{constant}")?;
                }
                Ok(())
            }
        }
    }
}

impl Constant {
    /// Returns the constant as a value; NULL for text that is no decimal, day or time.
    pub fn value(&self) -> Value<'static> {
        match *self {
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::I64(value),
            Self::Float(value) => Value::F64(value),
            Self::Decimal(text) => text.parse::<Decimal>().map_or(Value::Null, Value::Decimal),
            Self::Text(text) => Value::Text(text.into()),
            Self::Bytes(bytes) => Value::Bytes(bytes.into()),
            Self::Uuid(uuid) => Value::Uuid(uuid),
            Self::Date(text) => Date::parse(text).map_or(Value::Null, Value::Date),
            Self::Time(text) => Time::parse(text).map_or(Value::Null, Value::Time),
            Self::Timestamp(text) => Timestamp::parse(text).map_or(Value::Null, Value::Timestamp),
            Self::Timestamptz(text) => {
                Timestamp::parse(text).map_or(Value::Null, Value::Timestamptz)
            }
            Self::Duration(micros) => Value::Duration(Duration { micros }),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Decimal(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::Timestamp(text)
            | Self::Timestamptz(text) => f.write_str(text),
            Self::Text(text) => write!(f, "`{text}`"),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Uuid(uuid) => write!(f, "{:032x}", u128::from_be_bytes(*uuid)),
            Self::Duration(micros) => write!(f, "{micros} microseconds"),
        }
    }
}

fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::I16(value) => Some(i64::from(*value)),
        Value::I32(value) => Some(i64::from(*value)),
        Value::I64(value) => Some(*value),
        _ => None,
    }
}

fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::F32(value) => Some(f64::from(*value)),
        Value::F64(value) => Some(*value),
        #[expect(
            clippy::cast_precision_loss,
            reason = "as SQL compares an integer with a float"
        )]
        value => whole(value).map(|value| value as f64),
    }
}

fn decimal(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Decimal(value) => Some(*value),
        value => whole(value)?.to_string().parse().ok(),
    }
}

/// Orders two values of types that go together, `None` if they do not or one is NULL or no number.
fn compare(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Text(a) | Value::Json(a), Value::Text(b) | Value::Json(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::Timestamptz(a), Value::Timestamptz(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::F32(_) | Value::F64(_), _) | (_, Value::F32(_) | Value::F64(_)) => {
            float(a)?.partial_cmp(&float(b)?)
        }
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => Some(decimal(a)?.cmp(&decimal(b)?)),
        _ => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

/// Returns the characters of text, the bytes of bytes or the items of a list.
fn length(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Text(text) => Some(text.chars().count()),
        Value::Bytes(bytes) => Some(bytes.len()),
        Value::Array(items) => Some(items.len()),
        _ => None,
    }
}
