//! Compares numbers exactly.

use std::cmp::Ordering;

use sqlmodel_sql::Literal;

/// A decimal number as digits.
pub(super) struct Decimal<'a> {
    is_negative: bool,
    /// Without zeros in front.
    pub(super) whole: &'a str,
    /// Without zeros at the end.
    pub(super) fraction: &'a str,
}

impl<'a> Decimal<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let has_point = unsigned.contains('.');
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = !whole.is_empty() && (!has_point || !fraction.is_empty());
        (is_number && is_digits(whole) && is_digits(fraction)).then(|| Self {
            is_negative: text.starts_with('-'),
            whole: whole.trim_start_matches('0'),
            fraction: fraction.trim_end_matches('0'),
        })
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    fn order(&self, other: &Self) -> Ordering {
        let size = |number: &Self| {
            (
                number.whole.len(),
                number.whole.to_owned(),
                number.fraction.to_owned(),
            )
        };
        let is_negative = |number: &Self| number.is_negative && !number.is_zero();
        match (is_negative(self), is_negative(other)) {
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

/// Compares two numbers; `None` if one of them is none.
pub(in crate::resolve) fn number_order(a: &Literal, b: &Literal) -> Option<Ordering> {
    match (a, b) {
        (Literal::Int(a), Literal::Int(b)) => Some(a.cmp(b)),
        (Literal::Decimal(a), Literal::Decimal(b)) => {
            Some(Decimal::parse(a)?.order(&Decimal::parse(b)?))
        }
        (Literal::Float(a), Literal::Float(b)) => {
            a.parse::<f64>().ok()?.partial_cmp(&b.parse::<f64>().ok()?)
        }
        _ => None,
    }
}
