//! What operators make of their operands.

use sqlmodel_sql::Dialect;

use crate::diagnostic::codes;
use crate::ir::Builtin;
use crate::query::check::{Checker, Edit, Expected};
use crate::query::tree::{At, Expr, ExprKind, Operator};
use crate::query::types::{Clash, Class, Constant, Known, Ty, Typed, adopt, unify, wider};

impl Checker<'_> {
    /// Looks at two operands, each of which may tell the type of a parameter in the other's place.
    pub(super) fn pair(&mut self, left: &Expr, right: &Expr, is_bare: bool) -> (Typed, Typed) {
        let expected = |checker: &Self, typed: &Typed| {
            let mut expected = Expected::like(typed)?;
            if is_bare {
                expected.ty = expected.ty.bare(checker.schema);
            }
            Some(expected)
        };
        if matches!(*left.kind, ExprKind::Param(_)) {
            let right_typed = self.expr(right, None);
            let hint = expected(self, &right_typed);
            (self.expr(left, hint), right_typed)
        } else {
            let left_typed = self.expr(left, None);
            let hint = expected(self, &left_typed);
            let right_typed = self.expr(right, hint);
            let mut typed = [left_typed, right_typed];
            if !is_bare {
                self.numbers_as_decimals(&mut typed, &[left, right]);
            }
            typed.into()
        }
    }

    /// Writes constants beside decimals as SQLite keeps decimals: as text.
    pub(super) fn numbers_as_decimals(&mut self, typed: &mut [Typed], exprs: &[&Expr]) {
        let has_decimals = typed
            .iter()
            .filter_map(Typed::known)
            .any(|it| it.class(self.schema) == Class::Decimal);
        if self.dialect != Dialect::Sqlite || !has_decimals {
            return;
        }
        for (typed, expr) in typed.iter_mut().zip(exprs) {
            let Some(Constant::Number(number) | Constant::Text(number)) = &typed.constant else {
                continue;
            };
            if let Some(text) = decimal_text(number)
                && let Some(token) = self.variant.tokens.get(expr.at.start as usize)
            {
                let edit = Edit::Constant {
                    n_tokens: expr.at.end - expr.at.start,
                    text: text.clone(),
                    cast: None,
                };
                self.edits.insert(*token, edit);
                typed.ty = Ty::Known(Known::TEXT);
                typed.constant = Some(Constant::Text(text));
            }
        }
    }

    /// Reports operands that cannot be compared.
    pub(super) fn comparable(&mut self, left: &Typed, right: &Typed, at: At, right_at: At) {
        let (Some(a), Some(b)) = (left.known(), right.known()) else {
            return;
        };
        for (constant, other) in [(&right.constant, a), (&left.constant, b)] {
            let fits = constant
                .as_ref()
                .and_then(|it| adopt(it, other, self.schema, self.dialect));
            match fits {
                Some(Ok(())) => return,
                Some(Err(clash)) => return self.clash(&clash, right_at, left, right),
                None => {}
            }
        }
        let (class, other) = (a.class(self.schema), b.class(self.schema));
        let is_text_time = matches!(
            (class, other),
            (Class::Text, Class::Time) | (Class::Time, Class::Text)
        );
        let is_postgres = self.dialect == Dialect::Postgres;
        let is_clock = |it: Known| it.builtin(self.schema) == Builtin::Time;
        let is_native = a.is_native_enum(self.schema) || b.is_native_enum(self.schema);
        let is_apart = is_postgres
            && ((is_native && !a.is_same(b, self.schema))
                || (class == Class::Time && is_clock(a) != is_clock(b))
                || (class == Class::Duration
                    && right.column.or(left.column).is_some()
                    && left.is_interval() != right.is_interval()));
        if is_apart {
            return self.clash(&Clash::Classes, at, left, right);
        }
        let fits = class == other
            || (class.is_number() && other.is_number() && self.dialect != Dialect::Sqlite)
            || (class.is_number()
                && other.is_number()
                && (class == Class::Decimal) == (other == Class::Decimal))
            || (is_text_time && self.dialect != Dialect::Postgres);
        if !fits {
            self.clash(&Clash::Classes, at, left, right);
        }
    }

    /// Says in SQLite, where decimals are text, that an operand is compared as a number; the driver knows how.
    pub(super) fn ordered(&mut self, typed: &Typed, at: At) {
        let is_decimal = typed
            .known()
            .is_some_and(|it| it.class(self.schema) == Class::Decimal);
        let last = self.variant.tokens.get(at.end.saturating_sub(1) as usize);
        if let (true, Dialect::Sqlite, Some(last)) = (is_decimal, self.dialect, last) {
            self.after.insert(*last, " COLLATE sqlmodel_decimal");
        }
    }

    /// The same of the first of several operands, whichever of them is a decimal.
    pub(super) fn ordered_beside(&mut self, operands: &[&Typed], at: At) {
        for typed in operands {
            self.ordered(typed, at);
        }
    }

    pub(super) fn no_decimals(&mut self, at: At, what: &str) {
        let message = format!("SQLite has no {what}: it keeps them as text");
        self.error(&codes::SQL_DIALECT, at, message).help =
            Some("write `CAST(value AS REAL)` where a float will do, or leave SQLite out: `dialects = [..]`".to_owned());
    }

    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        at: At,
    ) -> Typed {
        if operator.is_comparison()
            && let ExprKind::Row(parts) = &*left.kind
        {
            return self.row_comparison(operator, parts, right, at);
        }
        if operator.is_comparison() {
            let (a, b) = self.pair(left, right, false);
            if operator == Operator::NullSafeEqual {
                self.asked_beside((left, &a), (right, &b));
            }
            self.short_texts((left, &a), (right, &b));
            self.ordered_beside(&[&a, &b], left.at);
            self.comparable(
                &a,
                &b,
                at,
                if b.constant.is_some() {
                    right.at
                } else {
                    left.at
                },
            );
            let is_nullable =
                (a.is_nullable || b.is_nullable) && operator != Operator::NullSafeEqual;
            let reason = match operator {
                Operator::NullSafeEqual => "a comparison that knows NULL",
                _ => "a comparison: NULL when an operand is",
            };
            return Typed::new(Known::BOOL, is_nullable, reason);
        }
        if let Some(typed) = self.with_interval(operator, left, right, at) {
            return typed;
        }
        if operator.is_arithmetic() {
            let (a, b) = self.pair(left, right, true);
            let is_param = [left, right]
                .iter()
                .any(|it| matches!(*it.kind, ExprKind::Param(_)));
            if let Some(typed) = self.json_without(operator, &a, &b) {
                return typed;
            }
            return self.arithmetic(operator, (&a, &b), is_param, at);
        }
        match operator {
            Operator::Concat => self.concat(left, right, at),
            Operator::BitAnd
            | Operator::BitOr
            | Operator::BitXor
            | Operator::ShiftLeft
            | Operator::ShiftRight => {
                let (a, b) = self.pair(left, right, true);
                self.expect_class(&a, left.at, Class::Int);
                self.expect_class(&b, right.at, Class::Int);
                Typed::new(
                    Known::I64,
                    a.is_nullable || b.is_nullable,
                    "an operator on bits: NULL when an operand is",
                )
            }
            Operator::Matches => {
                let (a, b) = self.pair(left, right, true);
                self.expect_class(&a, left.at, Class::Text);
                Typed::new(
                    Known::BOOL,
                    a.is_nullable || b.is_nullable,
                    "a comparison: NULL when an operand is",
                )
            }
            Operator::JsonGet | Operator::JsonPath => {
                self.json(left, right);
                Typed::new(
                    Known::JSON,
                    true,
                    "a part of JSON: NULL where it is missing",
                )
            }
            Operator::JsonText | Operator::JsonPathText => {
                self.json(left, right);
                match self.dialect {
                    Dialect::Sqlite => Typed::unknown(
                        "a part of JSON, which SQLite returns as a value of whatever type it is",
                    ),
                    _ => Typed::new(
                        Known::TEXT,
                        true,
                        "a part of JSON: NULL where it is missing",
                    ),
                }
            }
            _ => {
                let (a, b) = self.pair(left, right, false);
                self.short_texts((left, &a), (right, &b));
                Typed::new(
                    Known::BOOL,
                    a.is_nullable || b.is_nullable,
                    "a comparison: NULL when an operand is",
                )
            }
        }
    }

    fn json(&mut self, left: &Expr, right: &Expr) {
        let value = self.expr(left, Some(Expected::of(Known::JSON, "a JSON value")));
        self.expect_class(&value, left.at, Class::Json);
        self.expr(right, Some(Expected::of(Known::TEXT, "a path into JSON")));
    }

    fn concat(&mut self, left: &Expr, right: &Expr, at: At) -> Typed {
        let text = || Some(Expected::of(Known::TEXT, "a part of a text"));
        let mut operand = |expr: &Expr| match *expr.kind {
            ExprKind::Param(_) => None,
            _ => Some(self.expr(expr, text())),
        };
        let (a, b) = (operand(left), operand(right));
        let list = [&a, &b]
            .into_iter()
            .flatten()
            .filter_map(Typed::known)
            .find(|it| it.is_array);
        if let Some(list) = list {
            return self.joined_lists(list, [(a, left), (b, right)], at);
        }
        let a = a.unwrap_or_else(|| self.expr(left, text()));
        let b = b.unwrap_or_else(|| self.expr(right, text()));
        let classes = [&a, &b].map(|it| it.known().map(|it| it.class(self.schema)));
        if classes == [Some(Class::Json); 2] {
            return Typed {
                ty: a.ty,
                is_nullable: true,
                constant: None,
                reason: "two values joined".into(),
                column: None,
            };
        }
        // What is not known may be an array, beside which a text is one.
        if self.dialect == Dialect::Postgres && [&a, &b].iter().any(|it| it.ty == Ty::Unknown) {
            return Typed::unknown("`||` of values whose types are not known");
        }
        // PostgreSQL reads a text that stands beside JSON as JSON.
        let is_json_text = |json: &Typed, text: &Typed| {
            json.known().map(|it| it.class(self.schema)) == Some(Class::Json)
                && matches!(text.constant, Some(Constant::Text(_)))
        };
        if self.dialect == Dialect::Postgres && (is_json_text(&a, &b) || is_json_text(&b, &a)) {
            return Typed::new(
                Known::JSON,
                a.is_nullable || b.is_nullable,
                "`||`: NULL when an operand is",
            );
        }
        // PostgreSQL wants one of the two to be a text, and turns the other into one.
        if !classes
            .iter()
            .any(|it| matches!(it, None | Some(Class::Text)))
        {
            self.clash(&Clash::Classes, at, &a, &b);
        }
        Typed::new(
            Known::TEXT,
            a.is_nullable || b.is_nullable,
            "`||`: NULL when an operand is",
        )
    }

    pub(super) fn expect_class(&mut self, typed: &Typed, at: At, class: Class) {
        let Some(known) = typed.known() else { return };
        let found = known.class(self.schema);
        let is_postgres = self.dialect == Dialect::Postgres;
        if is_postgres && class == Class::Text && known.is_native_enum(self.schema) {
            let message = "a text is wanted here, and this is an enum of the database";
            self.error(&codes::SQL_TYPES, at, message).help =
                Some("convert it: `CAST(a AS text)`".to_owned());
            return;
        }
        if found == class || (class == Class::Float && found.is_number()) {
            return;
        }
        // Databases without truth values of their own take numbers for them, and their JSON is text.
        let is_lenient = match class {
            Class::Bool => found == Class::Int && self.dialect != Dialect::Postgres,
            Class::Json => found == Class::Text && self.dialect != Dialect::Postgres,
            _ => false,
        };
        if is_lenient {
            return;
        }
        let message = format!(
            "{} is wanted here, and this is {}",
            class.title(),
            found.title()
        );
        let reason = typed.reason.to_string();
        let diagnostic = self.error(&codes::SQL_TYPES, at, message);
        diagnostic.label = reason;
        diagnostic.help = Some("write another value, or convert it: `CAST(a AS ..)`".to_owned());
    }

    /// `json - 'key'`, which PostgreSQL has.
    fn json_without(&self, operator: Operator, a: &Typed, b: &Typed) -> Option<Typed> {
        let class = |typed: &Typed| Some(typed.known()?.class(self.schema));
        let is_it = self.dialect == Dialect::Postgres
            && operator == Operator::Subtract
            && class(a) == Some(Class::Json)
            && matches!(class(b), Some(Class::Text | Class::Int | Class::Array));
        is_it.then(|| {
            Typed::new(
                Known::JSON,
                a.is_nullable || b.is_nullable,
                "JSON without a part: NULL when an operand is",
            )
        })
    }

    fn arithmetic(
        &mut self,
        operator: Operator,
        (a, b): (&Typed, &Typed),
        is_param: bool,
        at: At,
    ) -> Typed {
        let is_division = matches!(operator, Operator::Divide | Operator::Modulo);
        let is_nullable = a.is_nullable || b.is_nullable;
        // PostgreSQL refuses a division by zero; the others make NULL of it.
        let by_zero = is_division && self.dialect != Dialect::Postgres;
        let reason = match by_zero {
            true => "a division: NULL when the divisor is 0",
            false => "arithmetic: NULL when an operand is",
        };
        let (Some(left), Some(right)) = (a.known(), b.known()) else {
            return match (a.known(), b.known()) {
                (Some(known), None) | (None, Some(known))
                    if known.class(self.schema).is_number() =>
                {
                    let other = Typed::new(known, true, "");
                    self.arithmetic(operator, (&other, &other), is_param, at)
                }
                _ => Typed::unknown("arithmetic on values whose types are not known"),
            };
        };
        let (class, other) = (left.class(self.schema), right.class(self.schema));
        if [class, other].contains(&Class::Time) {
            return self.time_arithmetic(operator, (a, left), (b, right), is_param, at);
        }
        if !class.is_number() || !other.is_number() {
            self.clash(&Clash::Classes, at, a, b);
            return Typed::unknown("");
        }
        let ty = match (class, other, self.dialect) {
            (Class::Decimal, _, Dialect::Sqlite) | (_, Class::Decimal, Dialect::Sqlite) => {
                self.no_decimals(at, "arithmetic with decimals");
                return Typed::unknown("");
            }
            // A constant is an integer of its own there, and a sum of the wider of the two.
            (Class::Int, Class::Int, Dialect::Postgres) => {
                wider(left, right, self.schema, self.dialect).unwrap_or(Known::I64)
            }
            (Class::Int, Class::Int, Dialect::Mysql) if operator == Operator::Divide => {
                Known::DECIMAL
            }
            (Class::Int, Class::Int, _) => Known::I64,
            (Class::Float, Class::Float, Dialect::Postgres) => {
                self.wider_operand(left, right, a, b)
            }
            (Class::Float, _, _) | (_, Class::Float, _) if operator == Operator::Modulo => {
                return Typed::unknown("the rest of a division of floats");
            }
            (Class::Float, _, _) | (_, Class::Float, _) => Known::F64,
            _ => Known::DECIMAL,
        };
        Typed::new(ty, is_nullable || by_zero, reason)
    }

    /// The wider of two types; a constant takes the type of what it stands beside.
    fn wider_operand(&self, left: Known, right: Known, a: &Typed, b: &Typed) -> Known {
        let fits = |constant: &Typed, other: Known| {
            let constant = constant.constant.as_ref();
            constant.is_some_and(|it| adopt(it, other, self.schema, self.dialect) == Some(Ok(())))
        };
        if fits(b, left) {
            return left.bare(self.schema);
        }
        if fits(a, right) {
            return right.bare(self.schema);
        }
        wider(left, right, self.schema, self.dialect).unwrap_or(Known::I64)
    }

    /// Returns what expressions of which one is taken have in common; parameters among them are of its type.
    pub(super) fn common(&mut self, exprs: &[&Expr], expected: Option<&Expected>) -> Vec<Typed> {
        let mut found: Vec<Option<Typed>> = vec![None; exprs.len()];
        let mut hint = None;
        for (slot, expr) in found.iter_mut().zip(exprs) {
            if !matches!(*expr.kind, ExprKind::Param(_)) {
                let typed = self.expr(expr, expected.cloned());
                let next = Expected::like(&typed);
                hint = match (hint, next) {
                    (None, next) => next,
                    // A column tells more than a constant.
                    (Some(Expected { is_weak: true, .. }), Some(next)) if !next.is_weak => {
                        Some(next)
                    }
                    (hint, _) => hint,
                };
                *slot = Some(typed);
            }
        }
        let is_alone = hint.is_none();
        let hint = hint.or_else(|| expected.cloned());
        let mut typed = Vec::new();
        for (slot, expr) in found.into_iter().zip(exprs) {
            typed.push(match slot {
                Some(typed) => typed,
                None => {
                    let typed = self.expr(expr, hint.clone());
                    // PostgreSQL takes parameters among themselves for texts.
                    if is_alone {
                        self.loose(expr);
                    }
                    typed
                }
            });
        }
        self.numbers_as_decimals(&mut typed, exprs);
        typed
    }

    /// Makes one type of several, or reports those that do not go together.
    pub(super) fn unified(&mut self, typed: &[Typed], exprs: &[&Expr]) -> Typed {
        let mut typed = typed.to_vec();
        self.numbers_as_decimals(&mut typed, exprs);
        let mut result = Typed::null();
        let mut is_nullable = false;
        for (at, (next, expr)) in typed.iter().zip(exprs).enumerate() {
            is_nullable |= next.is_nullable;
            if at == 0 {
                result = next.clone();
                continue;
            }
            match unify(&result, next, self.schema, self.dialect) {
                Ok(ty) => {
                    let is_constant = result.constant.is_some() && next.constant.is_some();
                    result.constant = result.constant.filter(|_| is_constant);
                    result.ty = ty;
                }
                Err(clash) => {
                    self.clash(&clash, expr.at, &result, next);
                    return Typed::unknown("");
                }
            }
        }
        result.is_nullable = is_nullable;
        result.column = None;
        result
    }

    /// The smallest type of a whole number.
    pub(super) fn number(&self, text: &str) -> Known {
        if text.bytes().all(|it| it.is_ascii_digit()) {
            return match (text.parse::<i32>(), self.dialect) {
                (Ok(_), Dialect::Postgres) => Known::of(Builtin::I32),
                _ => Known::I64,
            };
        }
        match (self.dialect, text.contains(['e', 'E'])) {
            (Dialect::Sqlite, _) | (Dialect::Mysql, true) => Known::F64,
            _ => Known::DECIMAL,
        }
    }
}

/// A number as decimals are kept in SQLite, so that equal ones are equal texts: without zeros that say nothing.
fn decimal_text(number: &str) -> Option<String> {
    let digits = number.trim_start_matches('-');
    let is_negative = (number.len() - digits.len()) % 2 == 1;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |part: &str| part.bytes().all(|it| it.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = match (whole, fraction) {
        ("0", "") => "",
        _ if is_negative => "-",
        _ => "",
    };
    Some(format!("{sign}{whole}{point}{fraction}"))
}
