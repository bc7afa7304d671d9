//! Window functions, and the windows that they look through.

use sqlmodel_sql::Dialect;

use crate::diagnostic::codes;
use crate::query::check::{Checker, Expected};
use crate::query::functions::{Function, Nulls, Returns};
use crate::query::tree::{At, Call, FrameUnit, Name, Over, Window};
use crate::query::types::{Class, Known, Typed};

impl Checker<'_> {
    pub(super) fn window_call(&mut self, function: &Function<'_>, call: &Call, at: At) -> Typed {
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
        self.scope().has_windows = false;
        let args = self.args(call, function, None);
        if let Some(filter) = &call.filter {
            self.condition(filter);
        }
        let window = match over {
            Over::Window(window) => {
                self.window(window, call.name.at);
                self.scope().has_windows = true;
                window.clone()
            }
            Over::Named(name) => {
                self.scope().has_windows = true;
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
                        )
                        .help = Some("define it at the end: `WINDOW name AS (..)`".to_owned());
                        return Typed::unknown("");
                    }
                }
            }
        };
        if function.returns == Returns::List && self.has_missing_items(call, &args) {
            return Typed::unknown(format!(
                "`{}` of values of which some may be NULL, for which a list has no place",
                function.name
            ));
        }
        let ty = self.result_type(function, call, &args);
        let any = args.first().is_some_and(|it| it.is_nullable);
        // Without a frame of its own, the window of a row has the row itself in it.
        let has_rows = window.frame.is_none() && window.base.is_none() && call.filter.is_none();
        let name = function.name;
        match function.nulls {
            Nulls::Neighbour => {
                let default = args.get(2);
                let is_nullable = args.iter().any(|it| it.is_nullable) || default.is_none();
                let reason = match default {
                    None => format!("`{name}`: NULL where there is no such row"),
                    Some(_) => {
                        format!("`{name}`: NULL when the value, the offset or the default is")
                    }
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

    /// Checks the windows that a SELECT names.
    pub(super) fn named_windows(&mut self, windows: &[(Name, Window)]) {
        for (at, (name, window)) in windows.iter().enumerate() {
            if windows.iter().take(at).any(|(it, _)| it == name) {
                let message = format!("two windows are called `{}`", name.text);
                self.error(&codes::SQL_SYNTAX, name.at, message).help =
                    Some("give one of them a name of its own".to_owned());
            }
            self.window(window, name.at);
        }
    }

    pub(super) fn window(&mut self, window: &Window, at: At) {
        for expr in &window.partition {
            self.expr(expr, None);
        }
        let mut orders = Vec::new();
        for order in &window.order {
            let typed = self.expr(&order.expr, None);
            self.ordered(&typed, order.expr.at);
            orders.push(typed);
        }
        for bound in &window.bounds {
            let typed = self.expr(bound, Some(Expected::of(Known::I64, "a number of rows")));
            self.expect_class(&typed, bound.at, Class::Int);
        }
        let base = match &window.base {
            Some(name) => match self.base(window, name) {
                Some(base) => Some(base),
                None => return,
            },
            None => None,
        };
        let n_orders = base.as_ref().map_or(0, |it| it.order.len()) + orders.len();
        self.frame(window, n_orders, orders.first(), at);
    }

    /// The window that another one goes on from.
    fn base(&mut self, window: &Window, name: &Name) -> Option<Window> {
        let named = self.scope().windows.iter().find(|(it, _)| it == name);
        let Some(base) = named.map(|(_, it)| it.clone()) else {
            let message = format!("there is no window `{}`", name.text);
            self.error(&codes::SQL_SYNTAX, name.at, message).help =
                Some("define it at the end: `WINDOW name AS (..)`".to_owned());
            return None;
        };
        let problem = match () {
            () if !window.partition.is_empty() => "has its parts",
            () if !window.order.is_empty() && !base.order.is_empty() => "has its order",
            () if base.frame.is_some() => "has a frame, and cannot be gone on from",
            () => return Some(base),
        };
        let message = format!("the window `{}` {problem}", name.text);
        self.error(&codes::SQL_SYNTAX, name.at, message).help =
            Some("write the whole window here".to_owned());
        None
    }

    /// Checks that a distance is one in the order of the window.
    fn frame(&mut self, window: &Window, n_orders: usize, order: Option<&Typed>, at: At) {
        let Some(frame) = window.frame else { return };
        let class = order.and_then(Typed::known).map(|it| it.class(self.schema));
        let is_postgres = self.dialect == Dialect::Postgres;
        let problem = match frame.unit {
            FrameUnit::Groups if n_orders == 0 => "GROUPS wants ORDER BY",
            FrameUnit::Range if frame.has_distance && n_orders != 1 => {
                "RANGE with a distance wants one column in ORDER BY"
            }
            FrameUnit::Range if frame.has_distance && is_postgres => match class {
                None => return,
                Some(Class::Time) if frame.has_interval => return,
                Some(class) if class.is_number() && !frame.has_interval => return,
                Some(_) => "there is no such distance between the values of ORDER BY",
            },
            FrameUnit::Rows | FrameUnit::Range | FrameUnit::Groups => return,
        };
        self.error(&codes::SQL_TYPES, at, problem).help = Some("count ROWS instead".to_owned());
    }
}
