//! Exact decimals for SQLite, which has none: an order for their texts, and functions that compute with them.
//!
//! The texts are the usual ones, so that every tool reads them. What is registered here has a name of its own, so that a
//! query that needs it fails where it is missing, instead of comparing letters.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use sqlmodel_core::value::Decimal;

/// The message about a result that is no decimal of ours.
pub(crate) const OVERFLOW: &str = "the result has more than 38 digits";

/// Registers the collation and the functions that rendered statements use.
pub(crate) fn register(raw: &rusqlite::Connection) -> rusqlite::Result<()> {
    raw.create_collation("sqlmodel_decimal", compare)?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    let operators: [(&str, fn(Decimal, Decimal) -> Option<Decimal>); 3] = [
        ("sqlmodel_decimal_add", Decimal::checked_add),
        ("sqlmodel_decimal_sub", Decimal::checked_sub),
        ("sqlmodel_decimal_mul", Decimal::checked_mul),
    ];
    for (name, operator) in operators {
        raw.create_scalar_function(name, 2, flags, move |context| {
            let (Some(a), Some(b)) = (argument(context, 0)?, argument(context, 1)?) else {
                return Ok(None);
            };
            operator(a, b).map(text).ok_or_else(overflow).map(Some)
        })?;
    }
    raw.create_scalar_function("sqlmodel_decimal_abs", 1, flags, |context| {
        let abs = argument(context, 0)?.map(|value| match value.mantissa() < 0 {
            true => Decimal::from(0).checked_sub(value).unwrap_or(value),
            false => value,
        });
        Ok(abs.map(text))
    })?;
    raw.create_scalar_function("sqlmodel_decimal_round", 2, flags, |context| {
        let Some(value) = argument(context, 0)? else {
            return Ok(None);
        };
        let rounded = value.checked_round(context.get(1)?);
        rounded.map(text).ok_or_else(overflow).map(Some)
    })?;
    raw.create_window_function("sqlmodel_decimal_sum", 1, flags, Sum)
}

/// Orders the texts of numbers by value, and other texts behind them.
fn compare(a: &str, b: &str) -> Ordering {
    match (Digits::of(a), Digits::of(b)) {
        (Some(a), Some(b)) => a.compare(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// A number as text, of any length, without what does not count.
#[derive(Debug, Clone, Copy)]
struct Digits<'t> {
    is_negative: bool,
    /// Without zeros at the start.
    whole: &'t str,
    /// Without zeros at the end.
    fraction: &'t str,
}

impl<'t> Digits<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        Some(Self {
            // There is no negative zero.
            is_negative: is_negative && whole.len() + fraction.len() > 0,
            whole,
            fraction,
        })
    }

    fn compare(self, other: Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
        }
    }

    fn compare_size(self, other: Self) -> Ordering {
        let whole = |digits: Self| (digits.whole.len(), digits.whole);
        whole(self)
            .cmp(&whole(other))
            .then_with(|| self.fraction.cmp(other.fraction))
    }
}

/// The sum of a window or a group, and how many values it has.
struct Sum;

#[derive(Debug, Clone, Copy)]
struct Running {
    total: Decimal,
    n_values: u64,
}

impl Aggregate<Running, Option<String>> for Sum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Running> {
        Ok(Running {
            total: Decimal::from(0),
            n_values: 0,
        })
    }

    fn step(&self, context: &mut Context<'_>, running: &mut Running) -> rusqlite::Result<()> {
        if let Some(value) = argument(context, 0)? {
            running.total = running.total.checked_add(value).ok_or_else(overflow)?;
            running.n_values += 1;
        }
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        running: Option<Running>,
    ) -> rusqlite::Result<Option<String>> {
        Ok(running.and_then(Running::text))
    }
}

impl WindowAggregate<Running, Option<String>> for Sum {
    fn value(&self, running: Option<&mut Running>) -> rusqlite::Result<Option<String>> {
        Ok(running.and_then(|running| running.text()))
    }

    fn inverse(&self, context: &mut Context<'_>, running: &mut Running) -> rusqlite::Result<()> {
        if let Some(value) = argument(context, 0)? {
            running.total = running.total.checked_sub(value).ok_or_else(overflow)?;
            running.n_values = running.n_values.saturating_sub(1);
        }
        Ok(())
    }
}

impl Running {
    /// Returns the sum, or `None` for that of no values.
    fn text(self) -> Option<String> {
        (self.n_values > 0).then(|| text(self.total))
    }
}

fn text(value: Decimal) -> String {
    value.normalized().to_string()
}

/// Returns an argument, or `None` for NULL.
fn argument(context: &Context<'_>, at: usize) -> rusqlite::Result<Option<Decimal>> {
    use rusqlite::types::ValueRef;

    match context.get_raw(at) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(Decimal::from(value))),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(no_decimal),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(no_decimal()),
    }
}

fn no_decimal() -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(
        "an argument is no decimal number of at most 38 digits".into(),
    )
}

fn overflow() -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(OVERFLOW.into())
}
