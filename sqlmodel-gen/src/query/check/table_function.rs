//! Functions after FROM: the columns of their rows.

use std::rc::Rc;

use sqlmodel_sql::Dialect;

use crate::diagnostic::codes;
use crate::ir::Builtin;
use crate::query::catalog::{Column, Source};
use crate::query::check::time::is_interval;
use crate::query::check::{Checker, Expected, MAX_HEIGHT};
use crate::query::tree::{Alias, At, Call, Expr, ExprKind};
use crate::query::types::{Class, Known, Ty, Typed};

impl Checker<'_> {
    pub(super) fn table_function(
        &mut self,
        call: &Call,
        has_ordinality: bool,
        alias: Option<&Alias>,
        at: At,
    ) {
        let column = |name: &str, ty: Ty, is_nullable| Column {
            name: name.to_owned(),
            ty,
            is_nullable,
            reason: format!("a row of `{}`", call.name.text).into(),
            is_hidden: false,
        };
        let shown = alias.map_or(&call.name, |it| &it.name);
        let only = alias
            .and_then(|it| it.columns.first())
            .map_or(shown.text.as_str(), |it| &it.text);
        let mut columns = match (call.name.text.to_ascii_lowercase().as_str(), self.dialect) {
            ("generate_series", Dialect::Postgres) => {
                // Without a bound, there is no row.
                vec![column(only, self.series(call), false)]
            }
            ("unnest", Dialect::Postgres) => {
                let typed: Vec<Typed> = call.args.iter().map(|it| self.expr(it, None)).collect();
                // Shorter lists are filled up with NULL.
                let item = |typed: &Typed| {
                    let item = typed.known().map(|it| Known {
                        is_array: false,
                        ..it
                    });
                    column(only, item.map_or(Ty::Unknown, Ty::Known), true)
                };
                typed.iter().map(item).collect()
            }
            ("jsonb_array_elements" | "json_array_elements", Dialect::Postgres) => {
                self.json_args(call);
                vec![column("value", Ty::Known(Known::JSON), false)]
            }
            ("jsonb_array_elements_text" | "json_array_elements_text", Dialect::Postgres) => {
                self.json_args(call);
                vec![column("value", Ty::Known(Known::TEXT), true)]
            }
            ("jsonb_object_keys" | "json_object_keys", Dialect::Postgres) => {
                self.json_args(call);
                vec![column(only, Ty::Known(Known::TEXT), false)]
            }
            ("jsonb_each" | "json_each", Dialect::Postgres) => {
                self.json_args(call);
                vec![
                    column("key", Ty::Known(Known::TEXT), false),
                    column("value", Ty::Known(Known::JSON), false),
                ]
            }
            ("jsonb_each_text" | "json_each_text", Dialect::Postgres) => {
                self.json_args(call);
                vec![
                    column("key", Ty::Known(Known::TEXT), false),
                    column("value", Ty::Known(Known::TEXT), true),
                ]
            }
            ("json_each" | "json_tree", Dialect::Sqlite) => {
                call.args.iter().for_each(|it| {
                    self.expr(it, None);
                });
                vec![
                    column("key", Ty::Unknown, true),
                    column("value", Ty::Unknown, true),
                    column("type", Ty::Known(Known::TEXT), false),
                    column("atom", Ty::Unknown, true),
                    column("id", Ty::Known(Known::I64), false),
                ]
            }
            (name, dialect) => {
                let known = self.functions().named(name).next().is_some();
                let message = format!("{dialect} has no table function `{name}` that is known");
                let help = if known {
                    "it returns a value: call it in the column list"
                } else {
                    "use a table, or a view"
                };
                self.error(&codes::UNKNOWN_FUNCTION_CALL, at, message).help = Some(help.to_owned());
                let source = Source {
                    columns: Rc::new(Vec::new()),
                    table: None,
                    keys: Rc::new(Vec::new()),
                };
                self.add_relation(Some(shown), source);
                if let Some(relation) = self.scope().relations.last_mut() {
                    relation.is_lost = true;
                }
                return;
            }
        };
        // The name of a function that returns values is one of them too.
        let is_value = self.dialect == Dialect::Postgres && columns.len() == 1 && !has_ordinality;
        if has_ordinality {
            columns.push(column("ordinality", Ty::Known(Known::I64), false));
        }
        let names = alias.map_or(&[][..], |it| &it.columns);
        if names.len() > columns.len() {
            let message = format!(
                "`{}` has {} columns, and {} names are given",
                call.name.text,
                columns.len(),
                names.len()
            );
            self.error(&codes::SQL_TYPES, at, message).help =
                Some("give a name for each column, or none".to_owned());
        }
        for (column, name) in columns.iter_mut().zip(names) {
            column.name.clone_from(&name.text);
        }
        let source = Source {
            columns: Rc::new(columns),
            table: None,
            keys: Rc::new(Vec::new()),
        };
        self.add_relation(Some(shown), source);
        if let Some(relation) = self.scope().relations.last_mut() {
            relation.is_value = is_value;
        }
    }

    /// The type of the numbers or times from one bound to another.
    fn series(&mut self, call: &Call) -> Ty {
        let mut bounds: Vec<&Expr> = call.args.iter().collect();
        let is_of_times = call.args.get(2).is_some_and(is_interval);
        if let (true, Some(step)) = (is_of_times, call.args.get(2)) {
            bounds.truncate(2);
            self.interval(step);
        }
        // A number beside a parameter says nothing of how far the parameter goes.
        let is_number =
            |it: &&Expr| !matches!(*it.kind, ExprKind::Param(_)) && it.height <= MAX_HEIGHT;
        let known: Vec<Typed> = bounds
            .iter()
            .filter(|it| is_number(it))
            .map(|it| self.expr(it, None))
            .collect();
        let mut hint = known
            .iter()
            .filter(|it| it.constant.is_none())
            .find_map(Typed::known)
            .map(|it| it.bare(self.schema));
        if is_of_times && hint.is_none() {
            hint = Some(Known::of(Builtin::TimestampTz));
        }
        let hint = Expected::of(hint.unwrap_or(Known::I64), "a bound of the series");
        let mut types: Vec<(Typed, At)> = Vec::new();
        for bound in bounds {
            types.push((self.expr(bound, Some(hint.clone())), bound.at));
            self.loose(bound);
        }
        let builtins = types
            .iter()
            .filter_map(|(it, _)| it.known())
            .map(|it| it.builtin(self.schema));
        let builtins: Vec<Builtin> = builtins.collect();
        let has = |is_it: fn(&Builtin) -> bool| builtins.iter().any(is_it);
        let class = if is_of_times {
            Class::Time
        } else {
            Class::Float
        };
        for (typed, at) in &types {
            self.expect_class(typed, *at, class);
        }
        let builtin = match is_of_times {
            true if has(|it| matches!(it, Builtin::Time)) => return Ty::Unknown,
            true if has(|it| matches!(it, Builtin::TimestampTz)) => Builtin::TimestampTz,
            true if has(|it| matches!(it, Builtin::Timestamp)) => Builtin::Timestamp,
            // Days become midnights of the time zone.
            true => Builtin::TimestampTz,
            false if has(|it| matches!(it, Builtin::F32 | Builtin::F64)) => {
                let at = call.name.at;
                self.error(&codes::SQL_TYPES, at, "a series of floats").help =
                    Some("cast its bounds to numeric".to_owned());
                return Ty::Unknown;
            }
            false if has(|it| matches!(it, Builtin::Decimal { .. })) => {
                return Ty::Known(Known::DECIMAL);
            }
            false if has(|it| matches!(it, Builtin::I64)) => Builtin::I64,
            false => Builtin::I32,
        };
        if types.len() != builtins.len() {
            return Ty::Unknown;
        }
        Ty::Known(Known::of(builtin))
    }

    fn json_args(&mut self, call: &Call) {
        for arg in &call.args {
            let typed = self.expr(arg, Some(Expected::of(Known::JSON, "a JSON value")));
            self.expect_class(&typed, arg.at, Class::Json);
        }
    }
}
