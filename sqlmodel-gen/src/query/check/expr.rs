//! Expressions: their types, and whether they may be NULL.

use sqlmodel_sql::Dialect;

use crate::diagnostic::codes;
use crate::ir::Builtin;
use crate::query::check::time::is_finite;
use crate::query::check::{Checker, Edit, Expected, Output};
use crate::query::tree::{At, Expr, ExprKind, List, Operator, TypeName};
use crate::query::types::{Class, Constant, Known, Ty, Typed, adopt, cast_name, cast_type, unify};

impl Checker<'_> {
    /// Returns what an expression is; `expected` is what its place wants, and tells the type of a parameter.
    pub(super) fn expr(&mut self, expr: &Expr, expected: Option<Expected>) -> Typed {
        let at = expr.at;
        if self.is_part_of_key(expr) {
            return self.grouped_expr(expr, expected);
        }
        match &*expr.kind {
            ExprKind::Column(parts) => self.column(parts, at),
            ExprKind::Param(name) => self.param(name, at, expected, false),
            ExprKind::Null => Typed::null(),
            ExprKind::Default => {
                self.error(
                    &codes::SQL_SYNTAX,
                    at,
                    "DEFAULT stands for a value in INSERT and UPDATE alone",
                );
                Typed::unknown("")
            }
            ExprKind::Bool(_) => Typed {
                constant: Some(Constant::Bool),
                ..Typed::new(Known::BOOL, false, "a constant")
            },
            ExprKind::Number(text) => Typed {
                constant: Some(Constant::Number(text.clone())),
                ..Typed::new(self.number(text), false, "a constant")
            },
            ExprKind::Text(text) => Typed {
                constant: Some(Constant::Text(text.clone())),
                ..Typed::new(Known::TEXT, false, "a constant")
            },
            ExprKind::Interval(..) => {
                self.error(
                    &codes::SQL_TYPES,
                    at,
                    "an interval is added to a time, and no value of its own",
                );
                Typed::unknown("")
            }
            ExprKind::TypedText(name, text) => self.typed_text(name, text, at),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let mut is_nullable = false;
                for part in parts {
                    is_nullable |= self.condition(part).is_nullable;
                }
                Typed::new(
                    Known::BOOL,
                    is_nullable,
                    "a condition: NULL when an operand is",
                )
            }
            ExprKind::Not(inner) => {
                let inner = self.condition(inner);
                Typed::new(
                    Known::BOOL,
                    inner.is_nullable,
                    "NOT: NULL when its operand is",
                )
            }
            ExprKind::Negate(inner) => {
                let typed = self.expr(inner, expected);
                self.negated(typed, inner.at)
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, at),
            ExprKind::IsNull(value, _) => {
                self.asked(value);
                self.expr(value, None);
                self.loose(value);
                Typed::new(Known::BOOL, false, "IS NULL is true or false")
            }
            ExprKind::IsTruth { value, .. } => {
                self.condition(value);
                Typed::new(Known::BOOL, false, "IS TRUE is true or false")
            }
            ExprKind::IsDistinct(left, right) => {
                let (a, b) = self.pair(left, right, false);
                self.asked_beside((left, &a), (right, &b));
                self.ordered_beside(&[&a, &b], left.at);
                self.comparable(&a, &b, at, right.at);
                Typed::new(Known::BOOL, false, "IS DISTINCT FROM is true or false")
            }
            ExprKind::Between {
                value, low, high, ..
            } => self.between(value, low, high, at),
            ExprKind::In {
                value,
                list,
                is_negated,
            } => self.in_list(value, list, *is_negated, at),
            ExprKind::Like(left, right, escape) => {
                let mut is_nullable = false;
                for operand in [left, right].into_iter().chain(escape) {
                    let typed = self.expr(operand, Some(Expected::of(Known::TEXT, "a text")));
                    self.expect_class(&typed, operand.at, Class::Text);
                    is_nullable |= typed.is_nullable;
                }
                Typed::new(Known::BOOL, is_nullable, "LIKE: NULL when an operand is")
            }
            ExprKind::Quantified(_, left, list) => self.quantified(left, list, at),
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(
                operand.as_ref(),
                branches,
                otherwise.as_ref(),
                expected.as_ref(),
            ),
            ExprKind::Cast(value, ty) => self.cast(value, ty),
            ExprKind::Call(call) => self.call(call, at, expected.as_ref()),
            ExprKind::Extract(field, value) => self.extract(field, value, at),
            ExprKind::Exists(query) => {
                self.query(query, &[]);
                Typed::new(Known::BOOL, false, "EXISTS is true or false")
            }
            ExprKind::Subquery(query) => self.scalar_subquery(query, at, expected),
            ExprKind::Row(_) => {
                self.error(
                    &codes::SQL_UNSUPPORTED,
                    at,
                    "a list of values can be compared with IN alone",
                );
                Typed::unknown("")
            }
            ExprKind::Array(items) => {
                let items: Vec<&Expr> = items.iter().collect();
                let typed = self.common(&items, None);
                let unified = self.unified(&typed, &items);
                match unified.known() {
                    Some(known) if known.is_array => {
                        Typed::unknown("a list of lists, which has no place")
                    }
                    Some(_) if unified.is_nullable => Typed::unknown(
                        "a list of values of which some may be NULL, for which a list has no place",
                    ),
                    Some(known) => Typed::new(
                        Known {
                            is_array: true,
                            ..known
                        },
                        false,
                        "a list",
                    ),
                    None => Typed::unknown("a list of values whose type is not known"),
                }
            }
            ExprKind::ArrayQuery(query) => {
                let outputs = self.query(query, &[]);
                let first = outputs.first().map(|it| &it.typed);
                match first.and_then(Typed::known) {
                    Some(known) if known.is_array => {
                        Typed::unknown("a list of lists, which has no place")
                    }
                    Some(_) if first.is_some_and(|it| it.is_nullable) => Typed::unknown(
                        "a list of values of which some may be NULL, for which a list has no place",
                    ),
                    Some(known) => Typed::new(
                        Known {
                            is_array: true,
                            ..known
                        },
                        false,
                        "a list of what the query returns",
                    ),
                    None => Typed::unknown("a list of values whose type is not known"),
                }
            }
            ExprKind::Subscript(value, index) => {
                let typed = self.expr(value, None);
                self.expr(
                    index,
                    Some(Expected::of(Known::I64, "a position in a list")),
                );
                match typed.known() {
                    Some(known) => Typed::new(
                        Known {
                            is_array: false,
                            ..known
                        },
                        true,
                        "an item of a list: NULL where it has none",
                    ),
                    None => Typed::unknown("an item of a list whose type is not known"),
                }
            }
            ExprKind::Collate(value) => Typed {
                column: None,
                ..self.expr(value, expected)
            },
            ExprKind::AtTimeZone(value, zone) => {
                let typed = self.expr(value, None);
                self.expr(zone, Some(Expected::of(Known::TEXT, "a time zone")));
                let ty = match typed.known().map(|it| it.builtin(self.schema)) {
                    Some(Builtin::Timestamp) => Builtin::TimestampTz,
                    Some(Builtin::TimestampTz) => Builtin::Timestamp,
                    _ => return Typed::unknown("a time in another zone"),
                };
                Typed::new(
                    Known::of(ty),
                    typed.is_nullable,
                    "a time in another zone: NULL when the time is",
                )
            }
        }
    }

    /// Looks at an expression that must be a truth value.
    pub(super) fn condition(&mut self, expr: &Expr) -> Typed {
        let typed = self.expr(expr, Some(Expected::of(Known::BOOL, "a condition")));
        self.expect_class(&typed, expr.at, Class::Bool);
        typed
    }

    /// The type of a number whose sign was changed. PostgreSQL refuses the one that does not fit; the others make a wider one of it.
    pub(super) fn without_sign(&self, known: Known) -> Known {
        match (known.class(self.schema), self.dialect) {
            (Class::Int, Dialect::Sqlite | Dialect::Mysql) => Known::I64,
            (Class::Float, Dialect::Mysql) => Known::F64,
            _ => known.bare(self.schema),
        }
    }

    fn negated(&mut self, typed: Typed, at: At) -> Typed {
        let class = typed.known().map(|it| it.class(self.schema));
        if class == Some(Class::Decimal) && self.dialect == Dialect::Sqlite {
            self.no_decimals(at, "arithmetic with decimals");
        } else if class.is_some_and(|it| !it.is_number()) {
            self.expect_class(&typed, at, Class::Int);
        }
        Typed {
            ty: typed
                .known()
                .map_or(typed.ty, |it| Ty::Known(self.without_sign(it))),
            column: None,
            constant: typed.constant.map(|it| match it {
                Constant::Number(number) => Constant::Number(format!("-{number}")),
                other => other,
            }),
            ..typed
        }
    }

    fn between(&mut self, value: &Expr, low: &Expr, high: &Expr, at: At) -> Typed {
        let exprs = [value, low, high];
        let typed = self.common(&exprs, None);
        if let [value_typed, rest @ ..] = typed.as_slice() {
            let operands: Vec<&Typed> = typed.iter().collect();
            self.ordered_beside(&operands, value.at);
            for (bound, expr) in rest.iter().zip([low, high]) {
                self.comparable(value_typed, bound, at, expr.at);
            }
        }
        Typed::new(
            Known::BOOL,
            typed.iter().any(|it| it.is_nullable),
            "BETWEEN: NULL when an operand is",
        )
    }

    fn in_list(&mut self, value: &Expr, list: &List, is_negated: bool, at: At) -> Typed {
        const REASON: &str = "IN: NULL when an operand is";
        match list {
            List::Param(name, param_at, whole) => {
                let typed = self.expr(value, None);
                self.ordered(&typed, value.at);
                let expected = Expected::like(&typed);
                self.param(name, *param_at, expected, true);
                let whole = whole.0;
                if let Some(token) = self.variant.tokens.get(whole.start as usize) {
                    let edit = Edit::List {
                        n_tokens: whole.end - whole.start,
                        name: name.clone(),
                        is_negated,
                    };
                    self.edits.insert(*token, edit);
                }
                Typed::new(Known::BOOL, typed.is_nullable, REASON)
            }
            List::Exprs(exprs) => {
                if let ExprKind::Row(parts) = &*value.kind {
                    return self.row_in(parts, exprs, at);
                }
                let all: Vec<&Expr> = std::iter::once(value).chain(exprs).collect();
                let typed = self.common(&all, None);
                if let [first, rest @ ..] = typed.as_slice() {
                    let operands: Vec<&Typed> = typed.iter().collect();
                    self.ordered_beside(&operands, value.at);
                    for (item, expr) in rest.iter().zip(exprs) {
                        self.comparable(first, item, expr.at, expr.at);
                    }
                }
                Typed::new(Known::BOOL, typed.iter().any(|it| it.is_nullable), REASON)
            }
            List::Query(query) => {
                let values: Vec<Typed> = match &*value.kind {
                    ExprKind::Row(parts) => parts.iter().map(|it| self.expr(it, None)).collect(),
                    _ => vec![self.expr(value, None)],
                };
                let expected: Vec<_> = values.iter().map(Expected::like).collect();
                let outputs = self.query(query, &expected);
                if outputs.len() != values.len() && !self.is_wrong() {
                    let message = format!(
                        "the subquery has {} columns, and {} is wanted",
                        outputs.len(),
                        values.len()
                    );
                    self.error(&codes::SQL_TYPES, at, message).help =
                        Some("select what is compared, and no more".to_owned());
                }
                for (value_typed, output) in values.iter().zip(&outputs) {
                    self.comparable(value_typed, &output.typed, value.at, output.at);
                }
                let is_nullable = values.iter().any(|it| it.is_nullable)
                    || outputs.iter().any(|it| it.typed.is_nullable);
                Typed::new(Known::BOOL, is_nullable, REASON)
            }
        }
    }

    /// `(a, b) = (1, 2)`, `(a, b) > (SELECT ..)`.
    pub(super) fn row_comparison(
        &mut self,
        operator: Operator,
        parts: &[Expr],
        right: &Expr,
        at: At,
    ) -> Typed {
        let (values, others): (Vec<Typed>, Vec<(Typed, At)>) = match &*right.kind {
            ExprKind::Row(items) => parts
                .iter()
                .zip(items)
                .map(|(part, item)| {
                    let (a, b) = self.pair(part, item, false);
                    (a, (b, item.at))
                })
                .unzip(),
            ExprKind::Subquery(query) => {
                let values: Vec<Typed> = parts.iter().map(|it| self.expr(it, None)).collect();
                let wanted: Vec<_> = values.iter().map(Expected::like).collect();
                let outputs = self.query(query, &wanted);
                // It may find no row.
                let other = |it: Output| {
                    let typed = Typed {
                        is_nullable: true,
                        ..it.typed
                    };
                    (typed, it.at)
                };
                (values, outputs.into_iter().map(other).collect())
            }
            _ => {
                self.error(
                    &codes::SQL_TYPES,
                    right.at,
                    "a list of values is compared with a list",
                );
                return Typed::unknown("");
            }
        };
        let n_others = match &*right.kind {
            ExprKind::Row(items) => items.len(),
            _ => others.len(),
        };
        if n_others != parts.len() && !self.is_wrong() {
            let message = format!("{n_others} values, and {} are wanted", parts.len());
            self.error(&codes::SQL_TYPES, right.at, message).help =
                Some("write as many values on both sides".to_owned());
        }
        let mut is_nullable = false;
        for ((a, (b, b_at)), part) in values.iter().zip(&others).zip(parts) {
            self.ordered(a, part.at);
            self.comparable(a, b, at, *b_at);
            is_nullable |= a.is_nullable || b.is_nullable;
        }
        match operator {
            Operator::NullSafeEqual => {
                Typed::new(Known::BOOL, false, "a comparison that knows NULL")
            }
            _ => Typed::new(
                Known::BOOL,
                is_nullable,
                "a comparison: NULL when an operand is",
            ),
        }
    }

    /// `(a, b) IN ((1, 2), ..)`.
    fn row_in(&mut self, parts: &[Expr], rows: &[Expr], at: At) -> Typed {
        let values: Vec<Typed> = parts.iter().map(|it| self.expr(it, None)).collect();
        let mut is_nullable = values.iter().any(|it| it.is_nullable);
        for row in rows {
            let ExprKind::Row(items) = &*row.kind else {
                self.error(
                    &codes::SQL_TYPES,
                    row.at,
                    "a list of values is compared with lists",
                );
                continue;
            };
            if items.len() != parts.len() {
                self.error(
                    &codes::SQL_TYPES,
                    row.at,
                    format!("{} values, and {} are wanted", items.len(), parts.len()),
                );
            }
            for (value, item) in values.iter().zip(items) {
                let typed = self.expr(item, Expected::like(value));
                is_nullable |= typed.is_nullable;
                self.comparable(value, &typed, at, item.at);
            }
        }
        Typed::new(Known::BOOL, is_nullable, "IN: NULL when an operand is")
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        expected: Option<&Expected>,
    ) -> Typed {
        let operand_typed = operand.map(|it| (it, self.expr(it, None)));
        let saved = self.save();
        let mut results: Vec<(Typed, &Expr)> = Vec::new();
        let mut open: Vec<&Expr> = Vec::new();
        for (condition, result) in branches {
            match &operand_typed {
                Some((operand, typed)) => {
                    let value = self.expr(condition, Expected::like(typed));
                    let mut pair = [typed.clone(), value];
                    self.numbers_as_decimals(&mut pair, &[*operand, condition]);
                    let [typed, value] = &pair;
                    self.ordered_beside(&[typed, value], operand.at);
                    self.comparable(typed, value, operand.at.to(condition.at), condition.at);
                }
                None => {
                    self.condition(condition);
                }
            }
            let before = self.save();
            if operand.is_none() {
                self.refine(condition);
            }
            if matches!(*result.kind, ExprKind::Param(_)) {
                open.push(result);
            } else {
                results.push((self.branch(result, expected), result));
            }
            self.restore(before);
            // What follows is reached only where the condition is not true.
            if let (None, ExprKind::IsNull(value, false)) = (operand, &*condition.kind) {
                let mut columns = Vec::new();
                if let ExprKind::Column(parts) = &*value.kind {
                    columns.extend(self.find_column(parts));
                }
                self.refine_columns(&columns);
            }
        }
        if let Some(otherwise) = otherwise {
            if matches!(*otherwise.kind, ExprKind::Param(_)) {
                open.push(otherwise);
            } else {
                results.push((self.branch(otherwise, expected), otherwise));
            }
        }
        self.restore(saved);
        let strong = results
            .iter()
            .filter_map(|(it, _)| Expected::like(it))
            .min_by_key(|it| it.is_weak);
        // Constants tell less than the place that the value is written to.
        let is_weak = strong.as_ref().is_none_or(|it| it.is_weak);
        let hint = match (is_weak, expected) {
            (true, Some(expected)) => Some(expected.clone()),
            _ => strong,
        };
        for expr in open {
            let typed = self.expr(expr, hint.clone());
            if is_weak {
                self.loose(expr);
            }
            results.push((typed, expr));
        }
        let (typed, exprs): (Vec<Typed>, Vec<&Expr>) = results.into_iter().unzip();
        let mut unified = self.unified(&typed, &exprs);
        unified.constant = None;
        let nullable = typed
            .iter()
            .find(|it| it.is_nullable)
            .map(|it| it.reason.clone());
        unified.reason = match (otherwise, nullable) {
            (None, _) => "CASE without ELSE: NULL where no condition holds".into(),
            (Some(_), Some(reason)) => {
                format!("CASE, of which a branch may be NULL: {reason}").into()
            }
            (Some(_), None) => "CASE, of which no branch is NULL".into(),
        };
        unified.is_nullable |= otherwise.is_none();
        unified
    }

    /// A branch of CASE; PostgreSQL takes a constant among constants for a text, also where an enum of its own is wanted.
    fn branch(&mut self, result: &Expr, expected: Option<&Expected>) -> Typed {
        let typed = self.expr(result, expected.cloned());
        let wanted = expected
            .map(|it| it.ty)
            .filter(|it| it.is_native_enum(self.schema));
        let (Dialect::Postgres, Some(known), ExprKind::Text(text)) =
            (self.dialect, wanted, &*result.kind)
        else {
            return typed;
        };
        let target = Typed::new(known, false, "a constant");
        match adopt(
            &Constant::Text(text.clone()),
            known,
            self.schema,
            self.dialect,
        ) {
            Some(Ok(())) => {}
            Some(Err(clash)) => {
                self.clash(&clash, result.at, &target, &typed);
                return Typed::unknown("");
            }
            None => return typed,
        }
        if let Some(token) = self.variant.tokens.get(result.at.start as usize) {
            let edit = Edit::Constant {
                n_tokens: result.at.end - result.at.start,
                text: text.clone(),
                cast: cast_name(known, self.schema, self.dialect),
            };
            self.edits.insert(*token, edit);
        }
        target
    }

    fn cast(&mut self, value: &Expr, ty: &TypeName) -> Typed {
        let found = cast_type(&ty.name, &ty.args, self.schema, self.dialect)
            .filter(|_| !ty.is_array || self.dialect == Dialect::Postgres);
        let Some((known, text)) = found else {
            self.expr(value, None);
            let name = ty.name.clone();
            let message = format!(
                "{} has no cast to `{name}` with a type that is known",
                self.dialect
            );
            self.error(&codes::SQL_DIALECT, ty.at.0, message).help = Some(
                "cast to integer, bigint, real, double precision or text, or give the dialect a text of its own: `dialect.NAME = { sql = \"..\" }`"
                    .to_owned(),
            );
            return Typed::unknown("");
        };
        let known = Known {
            is_array: ty.is_array,
            ..known
        };
        if let (Some(text), Some(token)) = (text, self.variant.tokens.get(ty.at.0.start as usize)) {
            // A length stays as it is written, except where the type's name has one.
            let is_plain = ty.args.is_empty();
            let n_tokens = if is_plain {
                ty.at.0.end - ty.at.0.start
            } else {
                1
            };
            self.edits.insert(*token, Edit::Replace { n_tokens, text });
        }
        let typed = self.expr(value, Some(Expected::of(known, "a value that is cast")));
        let (from, to) = (
            typed.known().map(|it| it.class(self.schema)),
            known.class(self.schema),
        );
        // MySQL makes NULL of a text that is no time.
        let is_parsed =
            self.dialect == Dialect::Mysql && to == Class::Time && from != Some(Class::Time);
        let is_clock = self.dialect == Dialect::Postgres
            && known.builtin(self.schema) == Builtin::Time
            && from == Some(Class::Time)
            && typed.known().map(|it| it.builtin(self.schema)) != Some(Builtin::Time)
            && !is_finite(value);
        let reason = match (is_parsed, is_clock) {
            (true, _) => "a cast to a time: NULL for a text that is none".into(),
            (false, true) => "a cast to a time of day: NULL of infinity".into(),
            (false, false) => format!("a cast of {}", typed.reason),
        };
        let is_nullable = typed.is_nullable || is_parsed || is_clock;
        Typed::new(known, is_nullable, reason)
    }

    fn scalar_subquery(
        &mut self,
        query: &crate::query::tree::Query,
        at: At,
        expected: Option<Expected>,
    ) -> Typed {
        let outputs = self.query(query, &[expected]);
        let [output] = outputs.as_slice() else {
            if !self.is_wrong() {
                self.error(
                    &codes::SQL_TYPES,
                    at,
                    format!(
                        "a subquery that is a value has one column, and this has {}",
                        outputs.len()
                    ),
                );
            }
            return Typed::unknown("");
        };
        let is_always = self.always_has_row(query);
        let reason = match is_always {
            true => format!("a subquery that always has a row: {}", output.typed.reason),
            false => "a subquery: NULL where it has no row".to_owned(),
        };
        Typed {
            ty: output.typed.ty,
            is_nullable: output.typed.is_nullable || !is_always,
            constant: None,
            reason: reason.into(),
            column: None,
        }
    }

    /// Returns what two columns of a set operation have in common.
    pub(super) fn united(&mut self, a: &Typed, b: &Typed, at: At) -> Ty {
        match unify(a, b, self.schema, self.dialect) {
            Ok(ty) => ty,
            Err(clash) => {
                self.clash(&clash, at, a, b);
                Ty::Unknown
            }
        }
    }
}
