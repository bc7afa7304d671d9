//! Calls of functions, against the table of the dialect's functions.

use sqlmodel_sql::Dialect;

use crate::diagnostic::{codes, nearest};
use crate::ir::Builtin;
use crate::query::check::scope::Grouping;
use crate::query::check::{Checker, Edit, Expected};
use crate::query::functions::{Arg, Function, Functions, Kind, Nulls, Returns};
use crate::query::tree::{At, Call, Expr, ExprKind, Over, Window};
use crate::query::types::{Class, Known, Ty, Typed};
use crate::syntax::list;

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &Call, at: At, expected: Option<&Expected>) -> Typed {
        // `VALUES(column)` in ON DUPLICATE KEY UPDATE is the value that the row was to get.
        if call.name.is("values")
            && self.dialect == Dialect::Mysql
            && let [value] = call.args.as_slice()
        {
            return self.expr(value, None);
        }
        let n_args = if call.is_star { 1 } else { call.args.len() };
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
            let message = format!(
                "`{name}` takes {} arguments, and not {n_args}",
                here.join(" or ")
            );
            self.error(&codes::UNKNOWN_FUNCTION_CALL, call.name.at, message);
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
                "{} has it; give {dialect} a text of its own: `dialect.{} = {{ sql = \"..\" }}`",
                list(&others).replace('`', ""),
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
    fn args(
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
            let wanted = match function.arg(at) {
                Arg::Same => {
                    typed.extend(common.next());
                    continue;
                }
                Arg::Any | Arg::Number | Arg::Array | Arg::Time => None,
                Arg::Bool => Some((Known::BOOL, Class::Bool)),
                Arg::Int => Some((Known::I64, Class::Int)),
                Arg::Text => Some((Known::TEXT, Class::Text)),
                Arg::Json => Some((Known::JSON, Class::Json)),
                Arg::Of(known) => Some((known, known.class(self.schema))),
            };
            let hint = wanted.map(|(known, _)| {
                Expected::of(known, format!("an argument of `{}`", function.name))
            });
            let arg_typed = self.expr(arg, hint);
            match (function.arg(at), wanted) {
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

    fn result_type(&mut self, function: &Function<'_>, call: &Call, args: &[Typed]) -> Ty {
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
                Returns::Same => self.same_type(function, call, args),
                _ => Ty::Unknown,
            };
        };
        let known = match (function.returns, self.dialect) {
            (Returns::Is(builtin), _) => Known::of(builtin),
            (Returns::Stated(known), _) => known,
            (Returns::Same, _) => return self.same_type(function, call, args),
            (Returns::Declared, _) => return Ty::Unknown,
            (Returns::List, _) => match self.same_type(function, call, args) {
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
            (Returns::Round, Dialect::Postgres) if class == Class::Decimal => Known::DECIMAL,
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
        let ty = self.result_type(function, call, args);
        let name = function.name;
        let any = args.iter().any(|it| it.is_nullable);
        let (is_nullable, reason) = match function.nulls {
            Nulls::Never => (false, format!("`{name}` is never NULL")),
            Nulls::Always => (true, format!("`{name}` may be NULL")),
            Nulls::Strict => (any, format!("`{name}`: NULL when an argument is")),
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
            self.error(&codes::GROUP_BY, at, message);
            return Typed::unknown("");
        }
        let has_rows = match &scope.grouping {
            Grouping::By {
                exprs, has_totals, ..
            } => !exprs.is_empty() && !has_totals,
            Grouping::None => false,
        };
        scope.is_in_aggregate = true;
        let args = self.args(call, function, None);
        for order in &call.order {
            self.expr(&order.expr, None);
        }
        if let Some(filter) = &call.filter {
            self.condition(filter);
        }
        self.scope().is_in_aggregate = false;
        let ty = self.result_type(function, call, &args);
        self.aggregate_result(
            function,
            ty,
            &args,
            has_rows && call.filter.is_none(),
            "no row is in the group",
        )
    }

    fn aggregate_result(
        &mut self,
        function: &Function<'_>,
        ty: Ty,
        args: &[Typed],
        has_rows: bool,
        empty: &str,
    ) -> Typed {
        let name = function.name;
        let argument = args.first();
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

    fn window_call(&mut self, function: &Function<'_>, call: &Call, at: At) -> Typed {
        let Some(over) = &call.over else {
            self.error(
                &codes::UNKNOWN_FUNCTION_CALL,
                at,
                format!("`{}` is a window function: add `OVER (..)`", function.name),
            );
            return Typed::unknown("");
        };
        if !self.scope().has_windows {
            let message = format!(
                "the window function `{}` stands in the column list and in ORDER BY alone",
                function.name
            );
            self.error(&codes::GROUP_BY, at, message).help =
                Some("select it in a subquery, and filter outside".to_owned());
            return Typed::unknown("");
        }
        let args = self.args(call, function, None);
        if let Some(filter) = &call.filter {
            self.condition(filter);
        }
        let window = match over {
            Over::Window(window) => {
                self.window(window);
                window.clone()
            }
            Over::Named(name) => {
                let named = self
                    .scope()
                    .windows
                    .iter()
                    .find(|(it, _)| it == name)
                    .map(|(_, it)| it.clone());
                match named {
                    Some(window) => window,
                    None => {
                        self.error(
                            &codes::SQL_SYNTAX,
                            name.at,
                            format!("there is no window `{}`", name.text),
                        );
                        return Typed::unknown("");
                    }
                }
            }
        };
        let ty = self.result_type(function, call, &args);
        let any = args.first().is_some_and(|it| it.is_nullable);
        // Without a frame of its own, the window of a row has the row itself in it.
        let has_rows = !window.has_frame && window.base.is_none() && call.filter.is_none();
        let name = function.name;
        match function.nulls {
            Nulls::Neighbour => {
                let default = args.get(2);
                let is_nullable = any || default.is_none_or(|it| it.is_nullable);
                let reason = match default {
                    None => format!("`{name}`: NULL where there is no such row"),
                    Some(_) => format!("`{name}`: NULL when the value or the default is"),
                };
                Typed {
                    ty,
                    is_nullable,
                    constant: None,
                    reason: reason.into(),
                    column: None,
                }
            }
            Nulls::Frame => Typed {
                ty,
                is_nullable: any || !has_rows,
                constant: None,
                reason: format!(
                    "`{name}` of a window: NULL when the value is, or no row is in the frame"
                )
                .into(),
                column: None,
            },
            _ => self.aggregate_result(function, ty, &args, has_rows, "no row is in the frame"),
        }
    }

    pub(super) fn window(&mut self, window: &Window) {
        for expr in &window.partition {
            self.expr(expr, None);
        }
        for order in &window.order {
            let typed = self.expr(&order.expr, None);
            self.ordered(&typed, order.expr.at);
        }
    }
}

/// Whether an expression has an aggregate of its own query in it.
pub(super) fn has_aggregate(expr: &Expr, functions: Functions<'_>) -> bool {
    let any = |exprs: &[Expr]| exprs.iter().any(|it| has_aggregate(it, functions));
    match &*expr.kind {
        ExprKind::Call(call) => {
            let n_args = if call.is_star { 1 } else { call.args.len() };
            let function = functions.find(&call.name.text, n_args);
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
        | ExprKind::Collate(inner) => has_aggregate(inner, functions),
        ExprKind::IsTruth { value, .. } => has_aggregate(value, functions),
        ExprKind::Binary(_, a, b)
        | ExprKind::IsDistinct(a, b)
        | ExprKind::Like(a, b)
        | ExprKind::Subscript(a, b)
        | ExprKind::AtTimeZone(a, b) => has_aggregate(a, functions) || has_aggregate(b, functions),
        ExprKind::Between(a, b, c) => [a, b, c].into_iter().any(|it| has_aggregate(it, functions)),
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
        | ExprKind::TypedText(_)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::ArrayQuery(_) => false,
    }
}
