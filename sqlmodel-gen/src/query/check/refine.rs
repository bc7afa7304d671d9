//! What a condition that holds says about NULL: `x > 1` is true of no row where `x` is NULL.

use sqlmodel_sql::Dialect;

use crate::query::check::Checker;
use crate::query::functions::{self, Nulls};
use crate::query::tree::{Expr, ExprKind, Operator};
use crate::query::types::{ColumnAt, Ty};

/// What was known of a scope before a refinement: per relation, the joins and the refined columns.
pub(super) type Saved = Vec<(Vec<u32>, Vec<usize>)>;

impl Checker<'_> {
    /// Takes it that a condition holds for the rows of the innermost scope.
    pub(super) fn refine(&mut self, condition: &Expr) {
        let mut columns = Vec::new();
        self.rejects(condition, &mut columns);
        self.refine_columns(&columns);
    }

    /// Takes it that columns are not NULL.
    pub(super) fn refine_columns(&mut self, columns: &[ColumnAt]) {
        let innermost = self.scopes.len().saturating_sub(1);
        let scope = self.scope();
        for at in columns.iter().filter(|it| it.scope == innermost) {
            let Some(relation) = scope.relations.get_mut(at.relation) else {
                continue;
            };
            if !relation.refined.contains(&at.column) {
                relation.refined.push(at.column);
            }
            // A row of this table is there, so none of the joins that might have left it out did; nor did they its neighbours.
            let joins = std::mem::take(&mut relation.missing_in);
            for relation in &mut scope.relations {
                relation.missing_in.retain(|join| !joins.contains(join));
            }
        }
    }

    pub(super) fn save(&mut self) -> Saved {
        let relations = &self.scope().relations;
        relations
            .iter()
            .map(|it| (it.missing_in.clone(), it.refined.clone()))
            .collect()
    }

    pub(super) fn restore(&mut self, saved: Saved) {
        for (relation, (missing_in, refined)) in self.scope().relations.iter_mut().zip(saved) {
            relation.missing_in = missing_in;
            relation.refined = refined;
        }
    }

    /// Collects the columns that are not NULL where a condition is true.
    pub(super) fn rejects(&self, condition: &Expr, columns: &mut Vec<ColumnAt>) {
        match &*condition.kind {
            ExprKind::And(parts) => parts.iter().for_each(|it| self.rejects(it, columns)),
            ExprKind::IsNull(value, true) => self.strict(value, columns),
            ExprKind::Not(inner) => match &*inner.kind {
                ExprKind::IsNull(value, false) => self.strict(value, columns),
                // NOT is NULL of NULL, as the operators below it are.
                _ => self.strict(inner, columns),
            },
            ExprKind::IsTruth {
                value,
                accepts_null: false,
            } => self.strict(value, columns),
            ExprKind::Between {
                value,
                low,
                high,
                is_negated: false,
            } => [value, low, high]
                .into_iter()
                .for_each(|it| self.strict(it, columns)),
            // Being outside one bound is enough: the other may be NULL.
            ExprKind::Between {
                value,
                is_negated: true,
                ..
            } => self.strict(value, columns),
            ExprKind::In {
                value,
                is_negated: false,
                ..
            } => self.strict(value, columns),
            _ => self.strict(condition, columns),
        }
    }

    /// Collects the columns whose NULL makes an expression NULL.
    pub(super) fn strict(&self, expr: &Expr, columns: &mut Vec<ColumnAt>) {
        match &*expr.kind {
            ExprKind::Column(parts) => columns.extend(self.find_column(parts)),
            ExprKind::Binary(operator, left, right) if is_strict(*operator, self.dialect) => {
                self.strict(left, columns);
                self.strict(right, columns);
            }
            // Between texts; between arrays, NULL adds nothing or an element.
            ExprKind::Binary(Operator::Concat, left, right)
                if self.is_no_list(left) && self.is_no_list(right) =>
            {
                self.strict(left, columns);
                self.strict(right, columns);
            }
            // MySQL reads ESCAPE NULL as no ESCAPE.
            ExprKind::Like(left, right, _) => {
                self.strict(left, columns);
                self.strict(right, columns);
            }
            ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Cast(inner, _)
            | ExprKind::Collate(inner) => {
                self.strict(inner, columns);
            }
            ExprKind::Call(call) if call.over.is_none() && call.filter.is_none() => {
                let function = self.functions().find(&call.name.text, call.args.len());
                let nulls = function
                    .filter(|it| it.kind == functions::Kind::Scalar)
                    .map(|it| it.nulls);
                let n_strict = match nulls {
                    Some(Nulls::Strict) => call.args.len(),
                    Some(Nulls::First) => 1,
                    _ => 0,
                };
                let args = call.args.iter().take(n_strict);
                args.for_each(|it| self.strict(it, columns));
            }
            _ => {}
        }
    }
}

impl Checker<'_> {
    /// Whether an operand of `||` is no array for sure.
    fn is_no_list(&self, expr: &Expr) -> bool {
        let is_known = |ty: Ty| matches!(ty, Ty::Known(known) if !known.is_array);
        match &*expr.kind {
            ExprKind::Column(parts) => self.find_column(parts).is_some_and(|at| {
                let column = self
                    .relation(at)
                    .and_then(|it| it.source.columns.get(at.column));
                column.is_some_and(|it| is_known(it.ty))
            }),
            ExprKind::Param(name) => {
                self.params.by_name.get(name).is_some_and(|it| {
                    !it.is_list && it.ty.is_some_and(|ty| is_known(Ty::Known(ty)))
                })
            }
            ExprKind::Binary(Operator::Concat, left, right) => {
                self.is_no_list(left) && self.is_no_list(right)
            }
            ExprKind::Cast(_, ty) => !ty.is_array,
            ExprKind::Collate(_) | ExprKind::Number(_) | ExprKind::Bool(_) => true,
            // A text beside an array is one.
            ExprKind::Text(_) => true,
            _ => false,
        }
    }
}

fn is_strict(operator: Operator, dialect: Dialect) -> bool {
    (operator.is_comparison() && operator != Operator::NullSafeEqual)
        || operator.is_arithmetic()
        || operator == Operator::Matches
        || (operator == Operator::Concat && dialect != Dialect::Postgres)
}
