//! Calls of functions, against the table of the dialect's functions.

use sqlmodel_sql::Dialect;

use crate::diagnostic::{codes, nearest};
use crate::ir::Builtin;
use crate::query::check::scope::Grouping;
use crate::query::check::{Checker, Edit, Expected, MAX_HEIGHT};
use crate::query::functions::{Arg, Function, Functions, Kind, Nulls, Returns};
use crate::query::tree::{At, Call, Expr, ExprKind, OrderBy, Over};
use crate::query::types::{Class, Constant, Known, Ty, Typed};

/// A list of texts.
const TEXTS: Known = Known {
    is_array: true,
    ..Known::TEXT
};

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &Call, at: At, expected: Option<&Expected>) -> Typed {
        // `VALUES(column)` in ON DUPLICATE KEY UPDATE is the value that the row was to get.
        if call.name.is("values")
            && self.dialect == Dialect::Mysql
            && let [value] = call.args.as_slice()
        {
            return self.expr(value, None);
        }
        if let Some(typed) = self.moved_time(call) {
            return typed;
        }
        let n_args = n_args(call, self.dialect);
        let Some(function) = self.functions().find(&call.name.text, n_args) else {
            self.unknown_function(call, n_args);
            return Typed::unknown(format!(
                "the function `{}`, which is not known",
                call.name.text
            ));
        };
        if call.is_star && !call.name.is("count") {
            self.error(
                &codes::UNKNOWN_FUNCTION_CALL,
                at,
                format!("`{}` takes no `*`", function.name),
            );
        }
        if function.name == "nextval" {
            self.has_writes = true;
        }
        // What is asked for first may be missing, or the rest would never be.
        if function.nulls == Nulls::AllArgs && ["coalesce", "ifnull"].contains(&function.name) {
            let n_asked = call.args.len().saturating_sub(1);
            call.args.iter().take(n_asked).for_each(|it| self.asked(it));
        }
        self.form(call, &function, at);
        match function.kind {
            Kind::Scalar => {
                if call.over.is_some() {
                    self.error(
                        &codes::UNKNOWN_FUNCTION_CALL,
                        at,
                        format!("`{}` is no window function", function.name),
                    );
                }
                let args = self.args(call, &function, expected);
                self.scalar_result(&function, call, &args)
            }
            Kind::Aggregate if call.over.is_none() => self.aggregate(&function, call, at),
            Kind::Aggregate | Kind::Window => self.window_call(&function, call, at),
        }
    }

    /// Reports what may not stand in a call of such a function.
    fn form(&mut self, call: &Call, function: &Function<'_>, at: At) {
        let is_sqlite = self.dialect == Dialect::Sqlite;
        let is_mysql = self.dialect == Dialect::Mysql;
        let is_aggregate = function.kind == Kind::Aggregate;
        let is_window = call.over.is_some();
        let is_argument = |it: &OrderBy| call.args.contains(&it.expr);
        let texts = ["group_concat", "json_arrayagg", "json_objectagg"];
        let problem = match () {
            () if call.is_distinct && !is_aggregate => "DISTINCT in what is no aggregate",
            () if !call.order.is_empty() && !is_aggregate => "ORDER BY in what is no aggregate",
            () if call.filter.is_some() && !is_aggregate => "FILTER after what is no aggregate",
            () if call.is_distinct && call.is_star => "DISTINCT before `*`",
            () if call.is_distinct && is_window => "DISTINCT in a window function",
            () if !call.order.is_empty() && is_window => "ORDER BY in a window function",
            () if is_mysql && is_window && texts.contains(&function.name) => {
                "an aggregate that MySQL knows over no window"
            }
            () if is_sqlite && call.is_distinct && call.args.len() > 1 => {
                "DISTINCT with several arguments"
            }
            () if self.dialect == Dialect::Postgres
                && call.is_distinct
                && !call.order.iter().all(is_argument) =>
            {
                "DISTINCT with an order by what is no argument"
            }
            () => return,
        };
        self.error(&codes::UNKNOWN_FUNCTION_CALL, at, problem).help =
            Some("leave it out, or do it in a subquery".to_owned());
    }

    fn unknown_function(&mut self, call: &Call, n_args: usize) {
        if self.is_stated {
            for arg in &call.args {
                self.expr(arg, None);
            }
            return;
        }
        let name = &call.name.text;
        let here: Vec<String> = self
            .functions()
            .named(name)
            .filter(|it| it.is_in(self.dialect))
            .map(|it| it.arity())
            .collect();
        if !here.is_empty() {
            let is_one = matches!(here.as_slice(), [only] if only == "1");
            let wanted = format!(
                "{} argument{}",
                here.join(" or "),
                if is_one { "" } else { "s" }
            );
            let message = format!("`{name}` takes {wanted}, and not {n_args}");
            self.error(&codes::UNKNOWN_FUNCTION_CALL, call.name.at, message)
                .help = Some(format!("write {wanted}"));
            return;
        }
        let others: Vec<&str> = Dialect::ALL
            .into_iter()
            .filter(|dialect| self.functions().named(name).any(|it| it.is_in(*dialect)))
            .map(Dialect::title)
            .collect();
        let dialect = self.dialect;
        let message = format!("{dialect} has no function `{name}` that is known");
        let label = nearest(&name.to_ascii_lowercase(), self.functions().names())
            .map(|it| format!("did you mean `{it}`?"));
        let help = match others.is_empty() {
            true => format!(
                "declare a function of your own: `[function.{name}]` with `args = [\"text\"]` and `returns = \"i64\"`"
            ),
            false => format!(
                "{} {} it; give {dialect} a text of its own: `dialect.{} = {{ sql = \"..\" }}`",
                others.join(" and "),
                if others.len() == 1 { "has" } else { "have" },
                dialect.name()
            ),
        };
        let diagnostic = self.error(&codes::UNKNOWN_FUNCTION_CALL, call.name.at, message);
        diagnostic.label = if others.is_empty() {
            label.unwrap_or_default()
        } else {
            String::new()
        };
        diagnostic.help = Some(help);
    }

    /// Looks at the arguments; those of one type tell each other's.
    pub(super) fn args(
        &mut self,
        call: &Call,
        function: &Function<'_>,
        expected: Option<&Expected>,
    ) -> Vec<Typed> {
        let is_same = |at: usize| function.arg(at) == Arg::Same;
        let same: Vec<&Expr> = call
            .args
            .iter()
            .enumerate()
            .filter(|(at, _)| is_same(*at))
            .map(|(_, it)| it)
            .collect();
        let is_passed_on = function.returns == Returns::Same;
        let mut common = self
            .common(&same, expected.filter(|_| is_passed_on))
            .into_iter();
        let mut typed = Vec::new();
        for (at, arg) in call.args.iter().enumerate() {
            // `count(DISTINCT (a, b))`: a row is never NULL.
            if let (ExprKind::Row(parts), "count") = (&*arg.kind, function.name) {
                for part in parts {
                    self.expr(part, None);
                }
                typed.push(Typed::unknown("a row"));
                continue;
            }
            let wanted = match function.arg(at) {
                Arg::Same => {
                    typed.extend(common.next());
                    continue;
                }
                Arg::Any | Arg::Number | Arg::Array | Arg::Time => None,
                Arg::Bool => Some((Known::BOOL, Class::Bool)),
                Arg::Int => Some((Known::I64, Class::Int)),
                Arg::Text => Some((Known::TEXT, Class::Text)),
                Arg::Shown => {
                    typed.push(self.shown(arg, function.name));
                    continue;
                }
                Arg::Json => Some((Known::JSON, Class::Json)),
                Arg::Of(known) => Some((known, known.class(self.schema))),
            };
            let hint = wanted.map(|(known, _)| {
                Expected::of(known, format!("an argument of `{}`", function.name))
            });
            let arg_typed = self.expr(arg, hint);
            match (function.arg(at), wanted) {
                // A text that stands there is JSON.
                (Arg::Json, _) if matches!(arg_typed.constant, Some(Constant::Text(_))) => {}
                (_, Some((_, class))) => self.expect_class(&arg_typed, arg.at, class),
                (Arg::Number, _)
                    if !arg_typed
                        .known()
                        .is_none_or(|it| it.class(self.schema).is_number()) =>
                {
                    self.expect_class(&arg_typed, arg.at, Class::Int);
                }
                (Arg::Array, _) => self.expect_class(&arg_typed, arg.at, Class::Array),
                (Arg::Time, _) => self.expect_class(&arg_typed, arg.at, Class::Time),
                _ => {}
            }
            typed.push(arg_typed);
        }
        typed
    }

    /// Looks at a value of any type that becomes text; a parameter there is one.
    fn shown(&mut self, arg: &Expr, name: &str) -> Typed {
        let hint = Expected {
            is_weak: true,
            ..Expected::of(Known::TEXT, format!("an argument of `{name}`"))
        };
        self.expr(arg, Some(hint))
    }

    pub(super) fn result_type(
        &mut self,
        function: &Function<'_>,
        call: &Call,
        args: &[Typed],
    ) -> Ty {
        let first = args.first().and_then(Typed::known);
        let class = first.map(|it| it.class(self.schema));
        let builtin = first.map(|it| it.builtin(self.schema));
        let at = call.args.first().map_or(call.name.at, |it| it.at);
        if class == Some(Class::Decimal) && self.dialect == Dialect::Sqlite {
            // The driver adds decimals exactly; nothing in SQLite divides them.
            match function.returns {
                Returns::Sum => {
                    self.rename(call, "sqlmodel_decimal_sum");
                    return Ty::Known(Known::DECIMAL);
                }
                Returns::Avg | Returns::Round => {
                    self.no_decimals(at, "division of decimals");
                    return Ty::Unknown;
                }
                _ => {}
            }
        }
        let Some(class) = class else {
            return match function.returns {
                Returns::Is(builtin) => Ty::Known(Known::of(builtin)),
                Returns::Stated(known) => Ty::Known(known),
                Returns::Texts => Ty::Known(TEXTS),
                Returns::Same => self.same_type(function, call, args),
                _ => Ty::Unknown,
            };
        };
        let known = match (function.returns, self.dialect) {
            (Returns::Is(builtin), _) => Known::of(builtin),
            (Returns::Stated(known), _) => known,
            (Returns::Texts, _) => TEXTS,
            (Returns::Moment, _) => match args
                .get(1)
                .and_then(Typed::known)
                .map(|it| it.builtin(self.schema))
            {
                Some(Builtin::Timestamp) => Known::of(Builtin::Timestamp),
                Some(Builtin::Date | Builtin::TimestampTz) => Known::of(Builtin::TimestampTz),
                _ => return Ty::Unknown,
            },
            (Returns::First, _) => return args.first().map_or(Ty::Unknown, |it| it.ty),
            (Returns::Argument, _) => match first {
                Some(known) => known.bare(self.schema),
                None => return Ty::Unknown,
            },
            (Returns::Spread, Dialect::Postgres) if class != Class::Float => Known::DECIMAL,
            (Returns::Spread, _) => Known::F64,
            (Returns::Ordered, _) => return Ty::Unknown,
            (Returns::Same, _) => return self.same_type(function, call, args),
            (Returns::Declared, _) => return Ty::Unknown,
            (Returns::List, _) => match self.same_type(function, call, args) {
                // A list of lists has no place.
                Ty::Known(known) if known.is_array => return Ty::Unknown,
                Ty::Known(known) => Known {
                    is_array: true,
                    ..known
                },
                other => return other,
            },
            (Returns::Sum, Dialect::Sqlite) if class == Class::Int => Known::I64,
            (Returns::Sum, Dialect::Postgres) => match builtin {
                Some(Builtin::I16 | Builtin::I32) => Known::I64,
                Some(builtin @ (Builtin::F32 | Builtin::F64)) => Known::of(builtin),
                _ => Known::DECIMAL,
            },
            (Returns::Avg, Dialect::Sqlite) => Known::F64,
            (Returns::Round, Dialect::Postgres) if args.len() > 1 && class == Class::Float => {
                self.error(
                    &codes::SQL_TYPES,
                    at,
                    "PostgreSQL rounds no float to digits",
                )
                .help = Some("cast it: `round(CAST(value AS numeric), 2)`".to_owned());
                return Ty::Unknown;
            }
            (Returns::Round, Dialect::Postgres) if args.len() > 1 || class == Class::Decimal => {
                Known::DECIMAL
            }
            (Returns::Round, Dialect::Mysql) if class == Class::Int => Known::I64,
            (Returns::Round, Dialect::Mysql)
                if class == Class::Decimal && !call.name.is("round") =>
            {
                return Ty::Unknown;
            }
            (Returns::Sum | Returns::Avg | Returns::Round, _) => match class {
                Class::Float => Known::F64,
                Class::Int if function.returns == Returns::Round => Known::F64,
                _ => Known::DECIMAL,
            },
        };
        Ty::Known(known)
    }

    fn same_type(&mut self, function: &Function<'_>, call: &Call, args: &[Typed]) -> Ty {
        let same = args
            .iter()
            .zip(&call.args)
            .enumerate()
            .filter(|(at, _)| function.arg(*at) == Arg::Same);
        let (typed, exprs): (Vec<Typed>, Vec<&Expr>) =
            same.map(|(_, (typed, expr))| (typed.clone(), expr)).unzip();
        if function.args.first() == Some(&Arg::Number) {
            // `abs` and its like.
            let class = args
                .first()
                .and_then(Typed::known)
                .map(|it| it.class(self.schema));
            if class == Some(Class::Decimal) && self.dialect == Dialect::Sqlite {
                self.rename(call, "sqlmodel_decimal_abs");
            }
            return match args.first().map(|it| it.ty) {
                Some(Ty::Known(known)) => Ty::Known(self.without_sign(known)),
                _ => Ty::Unknown,
            };
        }
        // The order of values is asked for.
        if call.name.is("min") || call.name.is("max") {
            let first = typed.first().and_then(Typed::known);
            let class = first.map(|it| it.class(self.schema));
            let unordered = [Class::Bool, Class::Bytes, Class::Json, Class::Uuid];
            if let Some(class) = class.filter(|it| unordered.contains(it))
                && self.dialect == Dialect::Postgres
            {
                let message = format!("PostgreSQL has no `{}` of {}", function.name, class.title());
                let at = exprs.first().map_or(call.name.at, |it| it.at);
                self.error(&codes::SQL_TYPES, at, message).help = Some(match class {
                    Class::Bool => "write `bool_and(a)` or `bool_or(a)`".to_owned(),
                    _ => "convert it: `CAST(a AS text)`".to_owned(),
                });
            }
            for (typed, expr) in typed.iter().zip(&exprs) {
                self.ordered(typed, expr.at);
            }
        }
        self.unified(&typed, &exprs).ty
    }

    /// Calls a function of the driver in place of the database's.
    fn rename(&mut self, call: &Call, text: &'static str) {
        if let Some(token) = self.variant.tokens.get(call.name.at.start as usize) {
            self.edits
                .insert(*token, Edit::Replace { n_tokens: 1, text });
        }
    }

    fn scalar_result(&mut self, function: &Function<'_>, call: &Call, args: &[Typed]) -> Typed {
        if let ("date_part", [field, time], [_, value]) = (function.name, args, &*call.args) {
            let part = match &field.constant {
                Some(Constant::Text(text)) => Some(text.to_ascii_lowercase()),
                _ => None,
            };
            let typed = self.part(Known::F64, time, part.as_deref(), value);
            let is_nullable = typed.is_nullable || field.is_nullable;
            return Typed {
                is_nullable,
                ..typed
            };
        }
        let ty = self.result_type(function, call, args);
        let name = function.name;
        let any = args.iter().any(|it| it.is_nullable);
        let (is_nullable, reason) = match function.nulls {
            Nulls::Never => (false, format!("`{name}` is never NULL")),
            Nulls::Always => (true, format!("`{name}` may be NULL")),
            Nulls::Strict => (any, format!("`{name}`: NULL when an argument is")),
            Nulls::First => (
                args.first().is_some_and(|it| it.is_nullable),
                format!("`{name}`: NULL when its first argument is"),
            ),
            Nulls::Loose => (any, format!("`{name}`: perhaps NULL when an argument is")),
            Nulls::AllArgs => (
                args.iter().all(|it| it.is_nullable),
                format!("`{name}`: NULL when all arguments are"),
            ),
            Nulls::Branches => (
                args.iter().skip(1).any(|it| it.is_nullable),
                format!("`{name}`: NULL when the value it takes is"),
            ),
            Nulls::Parsed => {
                let is_time = args
                    .first()
                    .and_then(Typed::known)
                    .is_some_and(|it| it.class(self.schema) == Class::Time);
                let is_simple = is_time && args.len() == 1;
                (
                    any || !is_simple,
                    format!("`{name}`: NULL for what is no time"),
                )
            }
            Nulls::Neighbour | Nulls::Frame => (true, format!("`{name}` may be NULL")),
        };
        if function.returns == Returns::Declared {
            return Typed::unknown(format!(
                "`{name}`, which returns a value of whatever type it finds"
            ));
        }
        Typed {
            ty,
            is_nullable,
            constant: None,
            reason: reason.into(),
            column: None,
        }
    }

    fn aggregate(&mut self, function: &Function<'_>, call: &Call, at: At) -> Typed {
        let scope = self.scope();
        let problem = match (scope.no_aggregates, scope.is_in_aggregate) {
            (_, true) => Some("an aggregate in an aggregate"),
            (Some(place), false) => Some(place),
            (None, false) => None,
        };
        if let Some(place) = problem {
            let message = format!(
                "the aggregate `{}` cannot stand here: {place}",
                function.name
            );
            self.error(&codes::GROUP_BY, at, message).help =
                Some("move it to SELECT, HAVING or ORDER BY, or into a subquery".to_owned());
            return Typed::unknown("");
        }
        let has_rows = match &scope.grouping {
            Grouping::By {
                exprs, has_totals, ..
            } => !exprs.is_empty() && !has_totals,
            Grouping::None => false,
        };
        scope.is_in_aggregate = true;
        let has_windows = std::mem::take(&mut scope.has_windows);
        let ((args, orders), reads) = self.reading(|checker| {
            let args = checker.args(call, function, None);
            let orders = call.order.iter().map(|it| checker.expr(&it.expr, None));
            let orders: Vec<Typed> = orders.collect();
            if let Some(filter) = &call.filter {
                checker.condition(filter);
            }
            (args, orders)
        });
        self.scope().is_in_aggregate = false;
        self.scope().has_windows = has_windows;
        // An aggregate is one of the innermost query whose columns it reads.
        if reads
            .iter()
            .map(|it| it.scope + 1)
            .max()
            .is_some_and(|it| it < self.scopes.len())
        {
            let message = format!(
                "the aggregate `{}` is one of the query around",
                function.name
            );
            let diagnostic = self.error(&codes::GROUP_BY, at, message);
            diagnostic.label = "it reads columns of that query alone".to_owned();
            diagnostic.help = Some("aggregate a column of this query, count its rows with `count(*)`, or write the aggregate outside".to_owned());
            return Typed::unknown("");
        }
        if function.returns == Returns::List && self.has_missing_items(call, &args) {
            return Typed::unknown(format!(
                "`{}` of values of which some may be NULL, for which a list has no place; add `FILTER (WHERE value IS NOT NULL)`",
                function.name
            ));
        }
        let has_rows = has_rows && call.filter.is_none();
        if call.is_within_group || function.returns == Returns::Ordered {
            return self.ordered_set(function, call, (&args, &orders), has_rows);
        }
        let ty = self.result_type(function, call, &args);
        self.aggregate_result(function, ty, &args, has_rows, "no row is in the group")
    }

    /// Whether a list of a call's values may have NULL in it, for all that its filter says.
    pub(super) fn has_missing_items(&mut self, call: &Call, args: &[Typed]) -> bool {
        let is_nullable = args.first().is_some_and(|it| it.is_nullable);
        let (true, Some(filter), Some(arg)) = (is_nullable, &call.filter, call.args.first()) else {
            return is_nullable;
        };
        if arg.height > MAX_HEIGHT {
            return true;
        }
        let saved = self.save();
        self.refine(filter);
        self.scope().is_in_aggregate = true;
        let typed = self.expr(arg, None);
        self.scope().is_in_aggregate = false;
        self.restore(saved);
        typed.is_nullable
    }

    /// An aggregate of values in order: `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`.
    fn ordered_set(
        &mut self,
        function: &Function<'_>,
        call: &Call,
        (args, orders): (&[Typed], &[Typed]),
        has_rows: bool,
    ) -> Typed {
        let (true, Returns::Ordered, [value]) = (call.is_within_group, function.returns, orders)
        else {
            let message = match function.returns {
                Returns::Ordered => {
                    format!("`{}` wants `WITHIN GROUP (ORDER BY value)`", function.name)
                }
                _ => format!("`{}` takes no WITHIN GROUP", function.name),
            };
            let help = match function.returns {
                Returns::Ordered => {
                    format!("write `{}(..) WITHIN GROUP (ORDER BY ..)`", function.name)
                }
                _ => format!("write `{}(..)`", function.name),
            };
            self.error(&codes::UNKNOWN_FUNCTION_CALL, call.name.at, message)
                .help = Some(help);
            return Typed::unknown("");
        };
        let known = match (function.name, value.known()) {
            ("percentile_cont", Some(known)) if known.class(self.schema).is_number() => Known::F64,
            ("percentile_cont", _) => {
                return Typed::unknown("`percentile_cont` of values that are no numbers");
            }
            (_, Some(known)) => known,
            (_, None) => return Typed::unknown("an aggregate of values whose type is not known"),
        };
        let is_list = args
            .first()
            .and_then(Typed::known)
            .is_some_and(|it| it.class(self.schema) == Class::Array);
        let typed = Typed::new(
            Known {
                is_array: is_list,
                ..known
            },
            value.is_nullable,
            "",
        );
        // NULL of all rows is NULL of none.
        let is_nullable = value.is_nullable || args.iter().any(|it| it.is_nullable);
        let value = Typed {
            is_nullable,
            ..value.clone()
        };
        self.aggregate_result(
            function,
            typed.ty,
            std::slice::from_ref(&value),
            has_rows,
            "no row is in the group",
        )
    }

    pub(super) fn aggregate_result(
        &mut self,
        function: &Function<'_>,
        ty: Ty,
        args: &[Typed],
        has_rows: bool,
        empty: &str,
    ) -> Typed {
        let name = function.name;
        // MySQL puts all arguments of a row together.
        let is_joined = name == "group_concat" && self.dialect == Dialect::Mysql;
        let argument = args
            .iter()
            .find(|it| is_joined && it.is_nullable)
            .or(args.first());
        let is_argument_nullable = argument.is_some_and(|it| it.is_nullable);
        let (is_nullable, reason) = match (function.nulls, has_rows, is_argument_nullable) {
            (Nulls::Never, _, _) => (false, format!("`{name}` is never NULL")),
            (Nulls::Strict, true, false) => (
                false,
                format!("`{name}` of a group that has a row, of values that are not NULL"),
            ),
            (Nulls::Strict, true, true) => (
                true,
                format!(
                    "`{name}` of values that may all be NULL: {}",
                    argument.map_or("", |it| &it.reason)
                ),
            ),
            (Nulls::Strict, false, _) => (true, format!("`{name}`: NULL where {empty}")),
            _ => (true, format!("`{name}` may be NULL")),
        };
        Typed {
            ty,
            is_nullable,
            constant: None,
            reason: reason.into(),
            column: None,
        }
    }
}

/// The number of arguments, by which a function is found: `count(*)` and `count(DISTINCT a, b)` have one.
fn n_args(call: &Call, dialect: Dialect) -> usize {
    let is_tuple = dialect == Dialect::Mysql && call.is_distinct && call.name.is("count");
    if call.is_star || is_tuple {
        1
    } else {
        call.args.len()
    }
}

/// Whether an expression is a window function.
pub(super) fn has_window(expr: &Expr) -> bool {
    matches!(&*expr.kind, ExprKind::Call(call) if call.over.is_some())
}

/// Whether an expression has an aggregate of its own query in it.
pub(super) fn has_aggregate(expr: &Expr, functions: Functions<'_>) -> bool {
    let any = |exprs: &[Expr]| exprs.iter().any(|it| has_aggregate(it, functions));
    match &*expr.kind {
        ExprKind::Call(call) => {
            let function = functions.find(&call.name.text, n_args(call, functions.dialect));
            let is_aggregate =
                function.is_some_and(|it| it.kind == Kind::Aggregate) && call.over.is_none();
            is_aggregate
                || any(&call.args)
                || call.over.as_ref().is_some_and(|over| match over {
                    Over::Window(window) => {
                        any(&window.partition)
                            || window
                                .order
                                .iter()
                                .any(|it| has_aggregate(&it.expr, functions))
                    }
                    Over::Named(_) => false,
                })
        }
        ExprKind::And(parts)
        | ExprKind::Or(parts)
        | ExprKind::Row(parts)
        | ExprKind::Array(parts) => any(parts),
        ExprKind::Not(inner)
        | ExprKind::Negate(inner)
        | ExprKind::IsNull(inner, _)
        | ExprKind::Cast(inner, _)
        | ExprKind::Extract(_, inner)
        | ExprKind::Interval(inner, _)
        | ExprKind::Collate(inner) => has_aggregate(inner, functions),
        ExprKind::IsTruth { value, .. } => has_aggregate(value, functions),
        ExprKind::Binary(_, a, b)
        | ExprKind::IsDistinct(a, b)
        | ExprKind::Subscript(a, b)
        | ExprKind::AtTimeZone(a, b) => has_aggregate(a, functions) || has_aggregate(b, functions),
        ExprKind::Between {
            value, low, high, ..
        } => [value, low, high]
            .into_iter()
            .any(|it| has_aggregate(it, functions)),
        ExprKind::Like(left, right, escape) => [left, right]
            .into_iter()
            .chain(escape)
            .any(|it| has_aggregate(it, functions)),
        ExprKind::In { value, list, .. } => {
            has_aggregate(value, functions)
                || matches!(list, crate::query::tree::List::Exprs(exprs) if any(exprs))
        }
        ExprKind::Quantified(_, value, _) => has_aggregate(value, functions),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            operand
                .iter()
                .chain(otherwise)
                .any(|it| has_aggregate(it, functions))
                || branches
                    .iter()
                    .any(|(a, b)| has_aggregate(a, functions) || has_aggregate(b, functions))
        }
        ExprKind::Column(_)
        | ExprKind::Param(_)
        | ExprKind::Null
        | ExprKind::Default
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::TypedText(..)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::ArrayQuery(_) => false,
    }
}
