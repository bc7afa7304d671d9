//! Days and times of literals: checked parts, one canonical text.
//!
//! This is not a calendar library: it reads what an author wrote, refuses what no calendar has, and
//! writes the ISO 8601 text that all dialects read.

#[cfg(test)]
mod tests;

use std::fmt;

/// A day of the Gregorian calendar, from year 1 to 9999: the range that all dialects share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day, if the calendar has it.
    pub const fn try_new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_valid = 1 <= year
            && year <= 9999
            && 1 <= month
            && month <= 12
            && 1 <= day
            && day <= days_in_month(year, month);
        if is_valid {
            Some(Self { year, month, day })
        } else {
            None
        }
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = digits(text, 4)?;
        let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
        let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
        if !rest.is_empty() {
            return None;
        }
        Self::try_new(narrow(year)?, narrow(month)?, narrow(day)?)
    }

    /// The year, from 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    /// Writes `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time of day. Leap seconds are refused, since no dialect stores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
}

impl Time {
    /// A time of day, if the clock shows it.
    pub const fn try_new(hour: u8, minute: u8, second: u8, microsecond: u32) -> Option<Self> {
        if hour < 24 && minute < 60 && second < 60 && microsecond < 1_000_000 {
            Some(Self {
                hour,
                minute,
                second,
                microsecond,
            })
        } else {
            None
        }
    }

    /// Reads `HH:MM`, `HH:MM:SS`, or `HH:MM:SS.f` with one to six digits after the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, rest) = digits(text, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let (second, rest) = match rest.strip_prefix(':') {
            Some(rest) => digits(rest, 2)?,
            None if rest.is_empty() => (0, rest),
            None => return None,
        };
        let microsecond = match rest.strip_prefix('.') {
            Some(fraction) => microseconds(fraction)?,
            None if rest.is_empty() => 0,
            None => return None,
        };
        Self::try_new(narrow(hour)?, narrow(minute)?, narrow(second)?, microsecond)
    }

    /// The hour, from 0 to 23.
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, from 0 to 59.
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second, from 0 to 59.
    pub const fn second(self) -> u8 {
        self.second
    }

    /// The microsecond, from 0 to 999 999.
    pub const fn microsecond(self) -> u32 {
        self.microsecond
    }
}

impl fmt::Display for Time {
    /// Writes `HH:MM:SS.ffffff`, always with six digits, so that text sorts by time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hour,
            minute,
            second,
            microsecond,
        } = self;
        write!(f, "{hour:02}:{minute:02}:{second:02}.{microsecond:06}")
    }
}

/// A day and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// The day.
    pub date: Date,
    /// The time of day.
    pub time: Time,
}

impl Timestamp {
    /// Reads a date and a time with a space or a `T` between them.
    ///
    /// A zone is not read: a literal with `Z` or an offset is for the caller to bring to UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once([' ', 'T', 't'])?;
        Some(Self {
            date: Date::parse(date)?,
            time: Time::parse(time)?,
        })
    }
}

impl fmt::Display for Timestamp {
    /// Writes `YYYY-MM-DD HH:MM:SS.ffffff`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date, self.time)
    }
}

/// Splits a number of exactly `n_digits` ASCII digits off the front.
fn digits(text: &str, n_digits: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(n_digits)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| number.parse().ok())
        .flatten()
        .map(|number| (number, rest))
}

/// Reads one to six digits after a decimal point as microseconds.
fn microseconds(fraction: &str) -> Option<u32> {
    let is_fraction =
        matches!(fraction.len(), 1..=6) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_fraction
        .then(|| format!("{fraction:0<6}").parse().ok())
        .flatten()
}

fn narrow<T: TryFrom<u32>>(number: u32) -> Option<T> {
    T::try_from(number).ok()
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}
