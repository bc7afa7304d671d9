//! Times: differences of two, and what an interval makes of one.

use sqlmodel_sql::{Date, Dialect, Time, Timestamp};

use crate::diagnostic::codes;
use crate::ir::Builtin;
use crate::query::check::{Checker, Expected};
use crate::query::tree::{At, Call, Expr, ExprKind, Operator};
use crate::query::types::{Clash, Class, Constant, Known, Typed, cast_type};
use crate::syntax::list;

/// The parts that a date has, and those of them that infinity has too.
const DATE_PARTS: &[&str] = &["day", "doy", "dow", "isodow", "month", "quarter", "week"];
const ENDLESS_PARTS: &[&str] = &[
    "century",
    "decade",
    "epoch",
    "isoyear",
    "julian",
    "millennium",
    "year",
];
const CLOCK_PARTS: &[&str] = &["hour", "microseconds", "milliseconds", "minute", "second"];
const ZONE_PARTS: &[&str] = &["timezone", "timezone_hour", "timezone_minute"];
const MYSQL_PARTS: &[&str] = &[
    "day",
    "day_hour",
    "day_microsecond",
    "day_minute",
    "day_second",
    "hour",
    "hour_microsecond",
    "hour_minute",
    "hour_second",
    "microsecond",
    "minute",
    "minute_microsecond",
    "minute_second",
    "month",
    "quarter",
    "second",
    "second_microsecond",
    "week",
    "year",
    "year_month",
];

impl Checker<'_> {
    /// `EXTRACT(field FROM time)`.
    pub(super) fn extract(&mut self, field: &str, value: &Expr, at: At) -> Typed {
        let typed = self.expr(value, None);
        self.expect_class(&typed, value.at, Class::Time);
        let builtin = typed.known().map(|it| it.builtin(self.schema));
        if self.dialect != Dialect::Postgres {
            self.expect_part(field, &[MYSQL_PARTS], at);
            return Typed::new(Known::I64, true, "EXTRACT: NULL when the time is");
        }
        let parts: &[&[&str]] = match builtin {
            Some(Builtin::Date) => &[DATE_PARTS, ENDLESS_PARTS],
            Some(Builtin::Time) => &[CLOCK_PARTS, &["epoch"]],
            Some(Builtin::Timestamp) => &[DATE_PARTS, ENDLESS_PARTS, CLOCK_PARTS],
            _ => &[DATE_PARTS, ENDLESS_PARTS, CLOCK_PARTS, ZONE_PARTS],
        };
        self.expect_part(field, parts, at);
        self.part(Known::DECIMAL, &typed, Some(field), value)
    }

    /// A part of a time: PostgreSQL's infinity is of no month and no hour.
    pub(super) fn part(
        &mut self,
        known: Known,
        time: &Typed,
        field: Option<&str>,
        value: &Expr,
    ) -> Typed {
        let builtin = time.known().map(|it| it.builtin(self.schema));
        let is_endless = builtin != Some(Builtin::Time)
            && !field.is_some_and(|it| ENDLESS_PARTS.contains(&it))
            && !is_finite(value);
        let reason = match is_endless {
            true => "a part of a time: NULL of infinity",
            false => "a part of a time: NULL when the time is",
        };
        Typed::new(known, time.is_nullable || is_endless, reason)
    }

    fn expect_part(&mut self, field: &str, parts: &[&[&str]], at: At) {
        if parts.iter().any(|it| it.contains(&field)) {
            return;
        }
        let known: Vec<&str> = parts.concat();
        let message = format!("{} extracts no `{field}` of this", self.dialect);
        self.error(&codes::SQL_TYPES, at, message).help =
            Some(format!("its parts are {}", list(&known)));
    }

    /// `DATE '2024-01-01'`.
    pub(super) fn typed_text(&mut self, name: &str, text: &str, at: At) -> Typed {
        let Some((known, _)) = cast_type(name, &[], self.schema, self.dialect) else {
            return Typed::unknown("a constant of a type that has no place in the schema");
        };
        let is_value = match known.builtin(self.schema) {
            Builtin::Date => Date::parse(text).is_some(),
            Builtin::Time => Time::parse(text).is_some(),
            _ => Timestamp::parse(text).is_some() || Date::parse(text).is_some(),
        };
        // PostgreSQL reads words and other forms too.
        let is_iso = text.contains(['-', ':']) && text.starts_with(|it: char| it.is_ascii_digit());
        if !is_value && (is_iso || self.dialect != Dialect::Postgres) {
            self.clash_text(known, at);
        }
        Typed::new(known, false, "a constant")
    }

    /// `time + interval`, `time - interval`; `None` where no operand is an interval.
    pub(super) fn with_interval(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        at: At,
    ) -> Option<Typed> {
        let (time, interval) = match (operator, is_interval(left), is_interval(right)) {
            (Operator::Add | Operator::Subtract, false, true) => (left, right),
            (Operator::Add, true, false) => (right, left),
            (Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide, a, b)
                if a || b =>
            {
                self.interval(left);
                self.interval(right);
                return Some(Typed::unknown("an interval, which may be of months"));
            }
            _ => return None,
        };
        let typed = self.expr(time, None);
        let is_nullable = self.interval(interval);
        self.loose(time);
        Some(self.moved(&typed, is_nullable, interval, at))
    }

    /// Looks at an interval, or at a number that one is multiplied with, and tells whether it may be NULL.
    pub(super) fn interval(&mut self, expr: &Expr) -> bool {
        match &*expr.kind {
            ExprKind::TypedText(name, _) if name == "interval" => false,
            ExprKind::Negate(inner) if is_interval(inner) => self.interval(inner),
            ExprKind::Binary(_, a, b) if is_interval(expr) => {
                let (a, b) = (self.interval(a), self.interval(b));
                a || b
            }
            ExprKind::Interval(number, _) => self.number_of(number, Known::I64),
            _ => self.number_of(expr, Known::F64),
        }
    }

    fn number_of(&mut self, expr: &Expr, known: Known) -> bool {
        let hint = Expected::of(known, "a number of units of time");
        let typed = self.expr(expr, Some(hint));
        self.expect_class(&typed, expr.at, Class::Float);
        typed.is_nullable
    }

    /// MySQL's `date_add(time, INTERVAL 1 DAY)`.
    pub(super) fn moved_time(&mut self, call: &Call) -> Option<Typed> {
        const NAMES: &[&str] = &["date_add", "date_sub", "adddate", "subdate"];
        let (Dialect::Mysql, [time, interval]) = (self.dialect, call.args.as_slice()) else {
            return None;
        };
        if !NAMES.iter().any(|it| call.name.is(it)) || !is_interval(interval) {
            return None;
        }
        let typed = self.expr(time, None);
        let is_nullable = self.interval(interval);
        Some(self.moved(&typed, is_nullable, interval, time.at))
    }

    /// The type of a time that an interval is added to.
    fn moved(&mut self, time: &Typed, is_nullable: bool, interval: &Expr, at: At) -> Typed {
        let Some(known) = time.known() else {
            return Typed::unknown("a time that an interval is added to, of no type that is known");
        };
        if known.class(self.schema) != Class::Time {
            let message = format!(
                "an interval is added to {}",
                known.class(self.schema).title()
            );
            let diagnostic = self.error(&codes::SQL_TYPES, at, message);
            diagnostic.label = time.reason.to_string();
            diagnostic.help = Some("add it to a date or a time".to_owned());
            return Typed::unknown("");
        }
        let is_of_days = match &*interval.kind {
            ExprKind::Interval(_, unit) => {
                ["day", "week", "month", "quarter", "year"].contains(&unit.as_str())
            }
            _ => false,
        };
        let builtin = match (known.builtin(self.schema), self.dialect) {
            (Builtin::Date, Dialect::Mysql) if is_of_days => Builtin::Date,
            (Builtin::Date, _) => Builtin::Timestamp,
            (Builtin::Time, Dialect::Mysql) => {
                return Typed::unknown("a time of day that an interval is added to");
            }
            (builtin, _) => builtin,
        };
        match self.dialect {
            // A date that no calendar has is NULL there.
            Dialect::Mysql => Typed::new(
                Known::of(builtin),
                true,
                "a time that an interval is added to: NULL where there is no such time",
            ),
            Dialect::Sqlite | Dialect::Postgres => Typed::new(
                Known::of(builtin),
                time.is_nullable || is_nullable,
                "a time that an interval is added to: NULL when the time is",
            ),
        }
    }

    /// Arithmetic of which an operand is a time.
    pub(super) fn time_arithmetic(
        &mut self,
        operator: Operator,
        (a, left): (&Typed, Known),
        (b, right): (&Typed, Known),
        is_param: bool,
        at: At,
    ) -> Typed {
        if self.dialect != Dialect::Postgres {
            return Typed::unknown(
                "arithmetic on times, which the dialects do in ways of their own",
            );
        }
        let is_nullable = a.is_nullable || b.is_nullable;
        let is_int = |known: Known| known.class(self.schema) == Class::Int;
        let (x, y) = (left.builtin(self.schema), right.builtin(self.schema));
        let is_time = |builtin: Builtin| {
            matches!(
                builtin,
                Builtin::Date | Builtin::Timestamp | Builtin::TimestampTz
            )
        };
        let builtin = match (operator, x, y) {
            (Operator::Subtract, Builtin::Date, Builtin::Date) => Some(Builtin::I32),
            (Operator::Subtract, Builtin::Time, Builtin::Time) => Some(Builtin::Duration),
            (Operator::Subtract, x, y) if is_time(x) && is_time(y) => Some(Builtin::Duration),
            (Operator::Add | Operator::Subtract, Builtin::Date, _) if is_int(right) => {
                Some(Builtin::Date)
            }
            (Operator::Add, _, Builtin::Date) if is_int(left) => Some(Builtin::Date),
            (Operator::Add, Builtin::Date, Builtin::Time)
            | (Operator::Add, Builtin::Time, Builtin::Date) => Some(Builtin::Timestamp),
            _ => None,
        };
        match builtin {
            Some(builtin) => Typed {
                constant: (builtin == Builtin::Duration).then_some(Constant::Interval),
                ..Typed::new(
                    Known::of(builtin),
                    is_nullable,
                    "arithmetic with a time: NULL when an operand is",
                )
            },
            None => {
                self.clash(&Clash::Classes, at, a, b);
                if is_param && let Some(last) = self.diagnostics.last_mut() {
                    last.help = Some(
                        "for an interval, count its units: `time + :n * INTERVAL '1 second'`"
                            .to_owned(),
                    );
                }
                Typed::unknown("")
            }
        }
    }
}

/// Whether an expression is written as an interval.
pub(super) fn is_interval(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Interval(..) => true,
        ExprKind::TypedText(name, _) => name == "interval",
        ExprKind::Negate(inner) => is_interval(inner),
        ExprKind::Binary(Operator::Multiply, a, b) => is_interval(a) || is_interval(b),
        ExprKind::Binary(Operator::Divide, a, _) => is_interval(a),
        ExprKind::Binary(Operator::Add | Operator::Subtract, a, b) => {
            is_interval(a) && is_interval(b)
        }
        _ => false,
    }
}

/// Whether a time is one of the calendar for sure, and not PostgreSQL's `infinity`, of whose hours and days nothing can be said.
pub(super) fn is_finite(expr: &Expr) -> bool {
    const CLOCKS: &[&str] = &[
        "now",
        "current_timestamp",
        "current_date",
        "clock_timestamp",
        "transaction_timestamp",
        "localtimestamp",
        "make_date",
    ];
    match &*expr.kind {
        ExprKind::Call(call) => CLOCKS.iter().any(|it| call.name.is(it)),
        ExprKind::Text(text) | ExprKind::TypedText(_, text) => {
            text.starts_with(|it: char| it.is_ascii_digit())
        }
        ExprKind::Cast(inner, _) | ExprKind::AtTimeZone(inner, _) => is_finite(inner),
        ExprKind::Binary(Operator::Add | Operator::Subtract, time, interval) => {
            is_finite(time) && is_interval(interval)
        }
        _ => false,
    }
}
