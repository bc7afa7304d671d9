//! An exact decimal number, wide enough for the 38 digits that every engine has in common.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// An exact decimal number: `mantissa / 10^scale`.
///
/// Holds 38 digits, the most that fit every supported database.
/// `1.0` and `1.00` are equal, although they are written differently.
#[derive(Clone, Copy)]
pub struct Decimal {
    /// The mantissa, kept as bytes so that the type has the alignment of a byte and a [`super::Value`] stays small.
    mantissa: [u8; 16],
    scale: u8,
}

/// A text that is no decimal number of at most 38 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseDecimalError;

impl Decimal {
    /// The most digits a decimal holds.
    pub const MAX_DIGITS: u8 = 38;

    /// Creates the number `mantissa / 10^scale`, or `None` when it has more than 38 digits or decimal places.
    pub const fn try_new(mantissa: i128, scale: u8) -> Option<Self> {
        let has_fitting_mantissa = mantissa.unsigned_abs() < 10u128.pow(Self::MAX_DIGITS as u32);
        if has_fitting_mantissa && scale <= Self::MAX_DIGITS {
            Some(Self {
                mantissa: mantissa.to_ne_bytes(),
                scale,
            })
        } else {
            None
        }
    }

    /// Returns the digits as an integer.
    pub const fn mantissa(self) -> i128 {
        i128::from_ne_bytes(self.mantissa)
    }

    /// Returns the number of digits after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }
}

impl Decimal {
    /// Returns the same number without zeros at the end of its decimal places.
    #[must_use]
    pub const fn normalized(self) -> Self {
        let (mut mantissa, mut scale) = (self.mantissa(), self.scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self {
            mantissa: mantissa.to_ne_bytes(),
            scale,
        }
    }

    /// Returns the exact sum, or `None` when it has more than 38 digits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (a, b) = (self.normalized(), other.normalized());
        let scale = a.scale.max(b.scale);
        let sum = a.mantissa_at(scale)?.checked_add(b.mantissa_at(scale)?)?;
        Self::try_new(sum, scale)
    }

    /// Returns the exact difference, or `None` when it has more than 38 digits.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let negated = Self {
            mantissa: (-other.mantissa()).to_ne_bytes(),
            scale: other.scale,
        };
        self.checked_add(negated)
    }

    /// Returns the exact product, or `None` when it has more than 38 digits.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let (a, b) = (self.normalized(), other.normalized());
        let product = a.mantissa().checked_mul(b.mantissa())?;
        Self::try_new(product, a.scale.checked_add(b.scale)?)
    }

    /// Returns the nearest number with at most so many decimal places; a half goes away from zero.
    ///
    /// `None` when that has more than 38 digits, as 38 nines before a half have.
    #[must_use]
    pub fn checked_round(self, scale: u8) -> Option<Self> {
        let Some(n_dropped) = self
            .scale
            .checked_sub(scale)
            .filter(|n_digits| *n_digits > 0)
        else {
            return Some(self);
        };
        let unit = 10i128.checked_pow(u32::from(n_dropped))?;
        let (whole, rest) = (self.mantissa() / unit, self.mantissa() % unit);
        let is_up = rest.abs() >= unit / 2;
        let step = if is_up { rest.signum() } else { 0 };
        Self::try_new(whole + step, scale)
    }

    /// Returns the mantissa for a scale that is not smaller than the number's own.
    fn mantissa_at(self, scale: u8) -> Option<i128> {
        let n_digits = u32::from(scale.checked_sub(self.scale)?);
        self.mantissa().checked_mul(10i128.checked_pow(n_digits)?)
    }

    /// Returns the part before the point, and the digits after it as 38 digits.
    fn parts(self) -> (i128, i128) {
        let unit = 10i128.pow(u32::from(self.scale));
        let rest_digits = u32::from(Self::MAX_DIGITS - self.scale);
        (
            self.mantissa() / unit,
            self.mantissa() % unit * 10i128.pow(rest_digits),
        )
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.normalized(), other.normalized());
        (a.mantissa, a.scale) == (b.mantissa, b.scale)
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { mantissa, scale } = self.normalized();
        (mantissa, scale).hash(state);
    }
}

impl From<i64> for Decimal {
    fn from(integer: i64) -> Self {
        Self {
            mantissa: i128::from(integer).to_ne_bytes(),
            scale: 0,
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Decimal {
    /// Writes text, which keeps every digit.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Decimal {
    /// Reads text; a number of JSON would have lost digits by now.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads `-12.340`: an optional sign, digits, and optionally a point with digits after it. No exponent.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mut mantissa: i128 = 0;
        let mut scale: Option<u8> = None;
        let mut n_digits = 0u32;
        for byte in digits {
            match byte {
                b'0'..=b'9' => {
                    n_digits += 1;
                    mantissa = mantissa
                        .checked_mul(10)
                        .and_then(|m| m.checked_add(i128::from(byte - b'0')))
                        .ok_or(ParseDecimalError)?;
                    if let Some(scale) = &mut scale {
                        *scale = scale.checked_add(1).ok_or(ParseDecimalError)?;
                    }
                }
                b'.' if scale.is_none() => scale = Some(0),
                _ => return Err(ParseDecimalError),
            }
        }
        if n_digits == 0 {
            return Err(ParseDecimalError);
        }
        let signed = if is_negative { -mantissa } else { mantissa };
        Self::try_new(signed, scale.unwrap_or(0)).ok_or(ParseDecimalError)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mantissa = self.mantissa();
        if mantissa < 0 {
            f.write_str("-")?;
        }
        let digits = mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{digits}");
        }
        let unit = 10u128.pow(u32::from(self.scale));
        let width = usize::from(self.scale);
        write!(f, "{}.{:0width$}", digits / unit, digits % unit)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 38 digits")
    }
}

impl std::error::Error for ParseDecimalError {}
