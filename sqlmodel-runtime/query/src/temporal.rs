//! Parts of dates and times, and computing with days.
//!
//! Everything is in UTC, whatever the session's time zone is.
//! SQLite's texts have fixed places, so parts are cut out of them: its own functions would round to milliseconds first.

#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
use sqlmodel_core::types;
use sqlmodel_core::value::{Date, Time, Timestamp};
use sqlmodel_core::{Dialect, FieldValue, Value};
use sqlmodel_sql::{Function, ScalarType};

use crate::expr::{Expr, Level, Token};
use crate::operators::{Base, Expression};

/// A type of dates or times.
pub trait Temporal: FieldValue<Base = Self> {
    /// Which column type it is stored as.
    const KIND: TemporalKind;
}

/// The column types of dates and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemporalKind {
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A date and time without a zone.
    Timestamp,
    /// An instant.
    Timestamptz,
}

/// A type that has a day.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no day",
    label = "expected a date, or a date and time"
)]
pub trait HasDay: Temporal {
    /// The type of the day alone.
    type Day: HasDay;
}

/// A type that has a time of day.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no time of day",
    label = "expected a time, or a date and time"
)]
pub trait HasClock: Temporal {}

/// A date and time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no date and time",
    label = "expected a date and time"
)]
pub trait DateAndTime: HasDay + HasClock {}

macro_rules! temporal {
    ($($date:ty, $time:ty, [$($at:ty: $kind:ident),+];)+) => {$(
        impl Temporal for $date {
            const KIND: TemporalKind = TemporalKind::Date;
        }
        impl HasDay for $date {
            type Day = Self;
        }
        impl Temporal for $time {
            const KIND: TemporalKind = TemporalKind::Time;
        }
        impl HasClock for $time {}
        $(
            impl Temporal for $at {
                const KIND: TemporalKind = TemporalKind::$kind;
            }
            impl HasDay for $at {
                type Day = $date;
            }
            impl HasClock for $at {}
            impl DateAndTime for $at {}
        )+
    )+};
}

temporal! {
    Date, Time, [Timestamp: Timestamp];
}

#[cfg(feature = "chrono")]
temporal! {
    types::chrono::NaiveDate, types::chrono::NaiveTime,
    [types::chrono::NaiveDateTime: Timestamp, types::chrono::DateTime<types::chrono::Utc>: Timestamptz];
}

#[cfg(feature = "jiff")]
temporal! {
    types::jiff::civil::Date, types::jiff::civil::Time,
    [types::jiff::civil::DateTime: Timestamp, types::jiff::Timestamp: Timestamptz];
}

#[cfg(feature = "time")]
temporal! {
    types::time::Date, types::time::Time,
    [types::time::PrimitiveDateTime: Timestamp, types::time::OffsetDateTime: Timestamptz];
}

/// What [`truncated_to`](TimestampExpression::truncated_to) keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// The first of January.
    Year,
    /// The first of the month.
    Month,
    /// Midnight.
    Day,
    /// The full hour.
    Hour,
    /// The full minute.
    Minute,
    /// The full second.
    Second,
}

/// A number that a part of a date or time is: an `i32`, or an `Option` of it.
type Part<E> = Expr<<E as Expression>::Source, <<E as Expression>::Value as FieldValue>::Lift<i32>>;

/// Parts of days.
pub trait DateExpression: Expression<Value: FieldValue<Base: HasDay>> {
    /// The year.
    fn year(self) -> Part<Self> {
        cut(self, 1, 4, "YEAR")
    }

    /// The month, from 1 to 12.
    fn month(self) -> Part<Self> {
        cut(self, 6, 2, "MONTH")
    }

    /// The day of the month, from 1.
    fn day_of_month(self) -> Part<Self> {
        cut(self, 9, 2, "DAY")
    }

    /// The day of the week, from 1 for Monday to 7 for Sunday.
    fn weekday(self) -> Part<Self> {
        around(
            self,
            [
                "CAST(strftime('%u', substr(",
                "CAST(EXTRACT(ISODOW FROM ",
                "(WEEKDAY(",
            ],
            [", 1, 10)) AS INTEGER)", ") AS integer)", ") + 1)"],
        )
    }

    /// The day of the year, from 1.
    fn day_of_year(self) -> Part<Self> {
        around(
            self,
            [
                "CAST(strftime('%j', substr(",
                "CAST(EXTRACT(DOY FROM ",
                "DAYOFYEAR(",
            ],
            [", 1, 10)) AS INTEGER)", ") AS integer)", ")"],
        )
    }

    /// The day alone.
    fn date(
        self,
    ) -> Expr<Self::Source, <Self::Value as FieldValue>::Lift<<Base<Self> as HasDay>::Day>> {
        around(
            self,
            ["substr(", "CAST(", "DATE("],
            [", 1, 10)", " AS date)", ")"],
        )
    }

    /// The same time a number of days later, or earlier for a negative number. A day has 24 hours.
    fn plus_days(self, n_days: i32) -> Expr<Self::Source, Self::Value> {
        let is_date = <Base<Self> as Temporal>::KIND == TemporalKind::Date;
        let operand = self.into_expr().at_least(Level::Atom);
        let n_days = Token::Param(Value::I32(n_days));
        let join = |parts: [&[Token]; 5]| parts.concat();
        let text = |text| [Token::Text(text)];
        let days = std::slice::from_ref(&n_days);
        let sqlite = if is_date {
            join([
                &text("date("),
                &operand,
                &text(", "),
                days,
                &text(" || ' days')"),
            ])
        } else {
            // The clock stays as it is, to the microsecond.
            let mut tokens = join([
                &text("(date(substr("),
                &operand,
                &text(", 1, 10), "),
                days,
                &text(" || ' days') || substr("),
            ]);
            tokens.extend_from_slice(&operand);
            tokens.push(Token::Text(", 11))"));
            tokens
        };
        let postgres = if is_date {
            join([
                &text("("),
                &operand,
                &text(" + CAST("),
                days,
                &text(" AS integer))"),
            ])
        } else {
            let end = text(" AS integer) * INTERVAL '24 hours')");
            join([&text("("), &operand, &text(" + CAST("), days, &end])
        };
        let mysql = join([
            &text("DATE_ADD("),
            &operand,
            &text(", INTERVAL "),
            days,
            &text(" DAY)"),
        ]);
        Expr::new(
            vec![Token::Alternatives(Box::new([sqlite, postgres, mysql]))],
            Level::Atom,
        )
    }
}

impl<E: Expression<Value: FieldValue<Base: HasDay>>> DateExpression for E {}

/// Parts of times of day.
pub trait TimeExpression: Expression<Value: FieldValue<Base: HasClock>> {
    /// The hour, from 0 to 23.
    fn hour(self) -> Part<Self> {
        let start = clock_start::<Base<Self>>();
        cut(self, start, 2, "HOUR")
    }

    /// The minute, from 0 to 59.
    fn minute(self) -> Part<Self> {
        let start = clock_start::<Base<Self>>();
        cut(self, start + 3, 2, "MINUTE")
    }

    /// The second, from 0 to 59, without its fraction.
    fn second(self) -> Part<Self> {
        let start = clock_start::<Base<Self>>();
        cut(self, start + 6, 2, "SECOND")
    }
}

impl<E: Expression<Value: FieldValue<Base: HasClock>>> TimeExpression for E {}

/// What dates with times can do.
pub trait TimestampExpression: Expression<Value: FieldValue<Base: DateAndTime>> {
    /// The beginning of the year, month, day, hour, minute or second.
    fn truncated_to(self, unit: TimeUnit) -> Expr<Self::Source, Self::Value> {
        let (sqlite, postgres, mysql) = match unit {
            TimeUnit::Year => (
                ", 1, 4) || '-01-01 00:00:00.000000')",
                "date_trunc('year', ",
                ", '%Y-01-01 00:00:00.000000') AS DATETIME(6))",
            ),
            TimeUnit::Month => (
                ", 1, 7) || '-01 00:00:00.000000')",
                "date_trunc('month', ",
                ", '%Y-%m-01 00:00:00.000000') AS DATETIME(6))",
            ),
            TimeUnit::Day => (
                ", 1, 10) || ' 00:00:00.000000')",
                "date_trunc('day', ",
                ", '%Y-%m-%d 00:00:00.000000') AS DATETIME(6))",
            ),
            TimeUnit::Hour => (
                ", 1, 13) || ':00:00.000000')",
                "date_trunc('hour', ",
                ", '%Y-%m-%d %H:00:00.000000') AS DATETIME(6))",
            ),
            TimeUnit::Minute => (
                ", 1, 16) || ':00.000000')",
                "date_trunc('minute', ",
                ", '%Y-%m-%d %H:%i:00.000000') AS DATETIME(6))",
            ),
            TimeUnit::Second => (
                ", 1, 19) || '.000000')",
                "date_trunc('second', ",
                ", '%Y-%m-%d %H:%i:%s.000000') AS DATETIME(6))",
            ),
        };
        let has_zone = has_zone::<Base<Self>>();
        let mut truncated = around(
            self,
            ["(substr(", postgres, "CAST(DATE_FORMAT("],
            [sqlite, ")", mysql],
        );
        if has_zone {
            truncated.push(Token::PerDialect(["", " AT TIME ZONE 'UTC'", ""]));
            truncated.wrap(
                Token::PerDialect(["", "(", ""]),
                Token::PerDialect(["", ")", ""]),
            );
        }
        truncated
    }
}

impl<E: Expression<Value: FieldValue<Base: DateAndTime>>> TimestampExpression for E {}

/// Days between two days.
pub trait DayExpression: Expression<Value: FieldValue<Base: HasDay<Day = Base<Self>>>> {
    /// The number of days from the other day to this one.
    fn days_since<R: crate::expr::Operand<Base<Self>>>(
        self,
        other: R,
    ) -> crate::operators::Combined<Self, R, i32> {
        let mut tokens = vec![Token::PerDialect(["CAST(julianday(", "(", "DATEDIFF("])];
        tokens.extend(self.into_expr().at_least(Level::Atom));
        tokens.push(Token::PerDialect([") - julianday(", " - ", ", "]));
        tokens.extend(other.into_operand().at_least(Level::Atom));
        tokens.push(Token::PerDialect([") AS INTEGER)", ")", ")"]));
        Expr::new(tokens, Level::Atom)
    }
}

impl<E: Expression<Value: FieldValue<Base: HasDay<Day = Base<E>>>>> DayExpression for E {}

/// Returns the database's date and time when the transaction or the statement began, in UTC.
pub fn now<T: DateAndTime>() -> Expr<(), T> {
    let ty = match T::KIND {
        TemporalKind::Timestamptz => ScalarType::Timestamptz,
        _ => ScalarType::Timestamp,
    };
    from_function(Function::Now, &ty)
}

/// Returns the database's day, in UTC.
pub fn today<T: HasDay<Day = T>>() -> Expr<(), T> {
    from_function(Function::Today, &ScalarType::Date)
}

fn from_function<T>(function: Function, ty: &ScalarType) -> Expr<(), T> {
    let texts = Dialect::ALL.map(|dialect| function.sql(dialect, ty).unwrap_or("NULL"));
    Expr::new(vec![Token::PerDialect(texts)], Level::Atom)
}

fn has_zone<T: Temporal>() -> bool {
    T::KIND == TemporalKind::Timestamptz
}

/// Where the clock begins in SQLite's text.
fn clock_start<T: Temporal>() -> u64 {
    match T::KIND {
        TemporalKind::Time => 1,
        TemporalKind::Date | TemporalKind::Timestamp | TemporalKind::Timestamptz => 12,
    }
}

/// Writes text before and after an expression, which PostgreSQL takes in UTC.
fn around<E: Expression<Value: FieldValue<Base: Temporal>>, T>(
    operand: E,
    before: [&'static str; 3],
    after: [&'static str; 3],
) -> Expr<E::Source, T> {
    let mut tokens = vec![Token::PerDialect(before)];
    tokens.extend(operand.into_expr().at_least(Level::Atom));
    if has_zone::<Base<E>>() {
        tokens.push(Token::PerDialect(["", " AT TIME ZONE 'UTC'", ""]));
    }
    tokens.push(Token::PerDialect(after));
    Expr::new(tokens, Level::Atom)
}

/// Returns a field as a number: cut out of SQLite's text, extracted elsewhere.
fn cut<E: Expression<Value: FieldValue<Base: Temporal>>, T>(
    operand: E,
    start: u64,
    n_chars: u64,
    field: &'static str,
) -> Expr<E::Source, T> {
    let zone = if has_zone::<Base<E>>() {
        " AT TIME ZONE 'UTC'"
    } else {
        ""
    };
    let operand = operand.into_expr().at_least(Level::Atom);
    let text = Token::Text;
    let mut sqlite = vec![text("CAST(substr(")];
    sqlite.extend(operand.iter().cloned());
    sqlite.extend([
        text(", "),
        Token::Number(start),
        text(", "),
        Token::Number(n_chars),
        text(") AS INTEGER)"),
    ]);
    let mut postgres = vec![text("CAST(trunc(EXTRACT("), text(field), text(" FROM ")];
    postgres.extend(operand.iter().cloned());
    postgres.extend([text(zone), text(")) AS integer)")]);
    let mut mysql = vec![text("EXTRACT("), text(field), text(" FROM ")];
    mysql.extend(operand);
    mysql.push(text(")"));
    Expr::new(
        vec![Token::Alternatives(Box::new([sqlite, postgres, mysql]))],
        Level::Atom,
    )
}
