//! What of a check is no condition, or compares what cannot be compared, as far as columns and constants show it.

use sqlmodel_sql::Dialect;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{ColumnKind, FragmentColumn, FragmentPlace};
use crate::query::fragment::Checker;
use crate::query::parse::Variant;
use crate::query::tree::{Expr, ExprKind, List, Operator};
use crate::syntax::list;

impl Checker<'_> {
    /// Reports the parts of a check that must be conditions and are values.
    pub(super) fn refused_conditions(&self, expr: &Expr, variant: &Variant<'_>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if self.fragment.place == FragmentPlace::Check {
            found.extend(self.refused_value(expr, IsPart(false), variant));
            self.refused_parts(expr, variant, &mut found);
        }
        found
    }

    fn refused_parts(&self, expr: &Expr, variant: &Variant<'_>, found: &mut Vec<Diagnostic>) {
        let parts = match &*expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.as_slice(),
            ExprKind::Not(inner) => std::slice::from_ref(inner),
            _ => return,
        };
        for part in parts {
            found.extend(self.refused_value(part, IsPart(true), variant));
            self.refused_parts(part, variant, found);
        }
    }

    fn refused_value(
        &self,
        expr: &Expr,
        IsPart(is_part): IsPart,
        variant: &Variant<'_>,
    ) -> Option<Diagnostic> {
        let kind = match &*expr.kind {
            ExprKind::Column(_) => &self.fragment_column(expr)?.kind,
            ExprKind::Number(_) | ExprKind::Negate(_) => &ColumnKind::Other,
            ExprKind::Binary(
                Operator::Add
                | Operator::Subtract
                | Operator::Multiply
                | Operator::Divide
                | Operator::Modulo,
                ..,
            ) => &ColumnKind::Other,
            _ => return None,
        };
        // MySQL takes no column for the whole of a check (error 3812), PostgreSQL those that are true or false for any part.
        let (who, is_one) = self.who(|dialect| match dialect {
            Dialect::Sqlite => false,
            Dialect::Postgres => !matches!(kind, ColumnKind::Bool | ColumnKind::Unknown),
            Dialect::Mysql => !is_part,
        })?;
        let verb = if is_one { "wants" } else { "want" };
        let message = format!("{who} {verb} a condition in a check, and this is a value");
        let value = match kind {
            ColumnKind::Bool => "= TRUE",
            ColumnKind::Enum(_) | ColumnKind::Other | ColumnKind::Unknown => "<> 0",
        };
        let help = format!("write `{} {value}`", variant.written(expr.at));
        let span = variant.span(expr.at);
        Some(Diagnostic::new(&codes::UNSUPPORTED, span, message).help(help))
    }

    /// Reports a comparison with a constant that PostgreSQL does not compare with the column.
    pub(super) fn refused_comparison(
        &self,
        expr: &Expr,
        variant: &Variant<'_>,
    ) -> Option<Diagnostic> {
        if !self.has(Dialect::Postgres) {
            return None;
        }
        match &*expr.kind {
            ExprKind::Binary(operator, left, right) if operator.is_comparison() => self
                .refused_constant(left, right, variant)
                .or_else(|| self.refused_constant(right, left, variant)),
            ExprKind::In {
                value,
                list: List::Exprs(constants),
                ..
            } => constants
                .iter()
                .find_map(|it| self.refused_constant(value, it, variant)),
            _ => None,
        }
    }

    fn refused_constant(
        &self,
        column: &Expr,
        constant: &Expr,
        variant: &Variant<'_>,
    ) -> Option<Diagnostic> {
        let FragmentColumn { name, kind, .. } = self.fragment_column(column)?;
        let span = variant.span(constant.at);
        match (kind, &*constant.kind) {
            (ColumnKind::Bool, ExprKind::Number(_)) => {
                let message =
                    format!("PostgreSQL compares no number with `{name}`, which is a `bool`");
                let help = "write `TRUE` or `FALSE`";
                Some(Diagnostic::new(&codes::UNSUPPORTED, span, message).help(help))
            }
            (ColumnKind::Enum(values), ExprKind::Text(text)) if !values.contains(text) => {
                let message = format!("{text:?} is not a value of the enum in `{name}`");
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                let help = format!("its values are {}", list(&values));
                Some(Diagnostic::new(&codes::NOT_IN_ENUM, span, message).help(help))
            }
            _ => None,
        }
    }

    /// Returns the column that an expression is.
    fn fragment_column(&self, expr: &Expr) -> Option<&FragmentColumn> {
        let ExprKind::Column(parts) = &*expr.kind else {
            return None;
        };
        let name = self.column_name(parts)?;
        let columns = self.fragment.columns.as_ref()?;
        columns.iter().find(|it| name.is(&it.name))
    }
}

/// Whether an expression is a part of a condition, and not the whole check.
#[derive(Clone, Copy)]
struct IsPart(bool);
