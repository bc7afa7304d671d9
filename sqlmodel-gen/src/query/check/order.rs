//! What stands at the end of a SELECT: ORDER BY, LIMIT and locks; and DISTINCT, which an order must follow.

use sqlmodel_sql::Dialect;

use crate::diagnostic::codes;
use crate::query::check::call::{has_aggregate, has_window};
use crate::query::check::scope::Relation;
use crate::query::check::{Checker, Expected, Output};
use crate::query::tree::{Expr, ExprKind, Item, Lock, Name, OrderBy, Query, Select, Term};
use crate::query::types::{Class, ColumnAt, Known};
use crate::syntax::list;

/// What rows are ordered by, or told apart by.
#[derive(Clone, Copy)]
struct Key<'e> {
    expr: &'e Expr,
    column: Option<ColumnAt>,
}

impl Key<'_> {
    fn is_same(&self, other: &Self) -> bool {
        match (self.column, other.column) {
            (Some(a), Some(b)) => a == b,
            _ => self.expr == other.expr,
        }
    }
}

impl Checker<'_> {
    /// Checks what stands after LIMIT or OFFSET.
    pub(super) fn count_of_rows(&mut self, count: &Expr) {
        let (is_sqlite, is_mysql) = (
            self.dialect == Dialect::Sqlite,
            self.dialect == Dialect::Mysql,
        );
        // SQLite knows no columns there, not even those of a query around.
        let hidden = if is_sqlite {
            std::mem::take(&mut self.scopes)
        } else {
            Vec::new()
        };
        let typed = self.expr(count, Some(Expected::of(Known::I64, "a number of rows")));
        if is_sqlite {
            self.scopes = hidden;
        }
        self.expect_class(&typed, count.at, Class::Int);
        let problem = match &*count.kind {
            ExprKind::Param(_) | ExprKind::Number(_) => return,
            ExprKind::Negate(inner) if matches!(*inner.kind, ExprKind::Number(_)) => {
                (!is_sqlite).then_some("a number of rows is never negative")
            }
            ExprKind::Null if is_sqlite => Some("this is no number of rows"),
            _ => {
                is_mysql.then_some("MySQL takes a number or a parameter here, and computes nothing")
            }
        };
        if let Some(problem) = problem {
            self.error(&codes::SQL_DIALECT, count.at, problem).help =
                Some("write a parameter, such as `:n`, or leave it out for all rows".to_owned());
        }
    }

    /// Reports a lock on rows that are none of a table, or may not be there, which PostgreSQL refuses.
    pub(super) fn lock(&mut self, query: &Query, lock: &Lock) {
        let relations = std::mem::take(&mut self.left_scope.relations);
        let functions = self.functions();
        let problem = match &query.first {
            _ if !query.rest.is_empty() => Some("a set operation"),
            Term::Select(select) => {
                let items = || {
                    select.items.iter().filter_map(|it| match it {
                        Item::Expr(expr, _) => Some(expr),
                        Item::Star(..) => None,
                    })
                };
                let is_grouped =
                    !select.group.is_empty() || items().any(|it| has_aggregate(it, functions));
                match () {
                    () if select.is_distinct => Some("DISTINCT"),
                    () if is_grouped => Some("groups"),
                    () if items().any(has_window) => Some("window functions"),
                    () => None,
                }
            }
            Term::Query(_) => None,
            Term::Values(..) => Some("VALUES"),
        };
        if self.dialect != Dialect::Postgres || self.is_wrong() {
            return;
        }
        if let Some(problem) = problem {
            let message = format!("PostgreSQL locks no rows of a query with {problem}");
            self.error(&codes::SQL_DIALECT, lock.at.0, message).help =
                Some("lock the rows in a subquery".to_owned());
            return;
        }
        let is_named = |relation: &&Relation, table: &Name| {
            relation.name.as_ref().is_some_and(|it| table.is(it))
        };
        for table in &lock.tables {
            if !relations.iter().any(|it| is_named(&it, table)) {
                let message = format!("the query reads no table `{}`", table.text);
                self.error(&codes::UNKNOWN_TABLE, table.at, message).help =
                    Some("name a table of FROM, as it is called there".to_owned());
            }
        }
        let is_locked = |it: &&Relation| {
            lock.tables.is_empty() || lock.tables.iter().any(|table| is_named(it, table))
        };
        let mut locked = relations.iter().filter(is_locked);
        if let Some(missing) = locked.find(|it| !it.missing_in.is_empty()) {
            let name = missing.name.as_deref().unwrap_or("the subquery");
            let message =
                format!("PostgreSQL locks no rows of `{name}`, which an outer join may leave out");
            self.error(&codes::SQL_DIALECT, lock.at.0, message).help =
                Some("say which rows to lock: `FOR UPDATE OF table`".to_owned());
        }
    }

    /// ORDER BY of a set operation knows the names and numbers of columns alone.
    pub(super) fn order_of_outputs(&mut self, order: &[OrderBy], outputs: &[Output]) {
        for OrderBy { expr } in order {
            let found = match &*expr.kind {
                ExprKind::Column(parts) => match parts.as_slice() {
                    [name] => outputs
                        .iter()
                        .find(|it| it.name.as_ref().is_some_and(|it| name.is(it))),
                    _ => None,
                },
                ExprKind::Number(number) => number
                    .parse::<usize>()
                    .ok()
                    .and_then(|it| outputs.get(it.checked_sub(1)?)),
                _ => None,
            };
            match found {
                Some(output) => {
                    let typed = output.typed.clone();
                    self.ordered(&typed, expr.at);
                }
                None => {
                    let names: Vec<&str> =
                        outputs.iter().filter_map(|it| it.name.as_deref()).collect();
                    let help = format!("its columns are {}", list(&names));
                    self.error(
                        &codes::UNKNOWN_COLUMN,
                        expr.at,
                        "a set operation is ordered by its columns",
                    )
                    .help = Some(help);
                }
            }
        }
    }

    pub(super) fn order_by(&mut self, expr: &Expr, select: &Select, outputs: &[Output]) {
        let typed = match self.output_of(expr, outputs) {
            Some(output) => {
                if select.is_distinct {
                    return;
                }
                output.typed.clone()
            }
            None => {
                self.position(expr, outputs.len(), "ORDER BY");
                let typed = self.grouped_expr(expr, None);
                let is_selected = select
                    .items
                    .iter()
                    .any(|it| matches!(it, Item::Expr(item, _) if item == expr))
                    || typed.column.is_some_and(|column| {
                        outputs.iter().any(|it| it.typed.column == Some(column))
                    });
                if select.is_distinct
                    && select.distinct_on.is_empty()
                    && !is_selected
                    && !self.is_wrong()
                {
                    self.error(
                        &codes::GROUP_BY,
                        expr.at,
                        "DISTINCT rows are ordered by what is selected",
                    )
                    .help = Some("select it, or leave out DISTINCT".to_owned());
                }
                typed
            }
        };
        self.ordered(&typed, expr.at);
    }

    /// Reports a constant where a number is the position of a column of the result, and this is none.
    pub(super) fn position(&mut self, expr: &Expr, n_outputs: usize, clause: &str) {
        let is_whole = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
        let is_number = match &*expr.kind {
            ExprKind::Number(number) => is_whole(number),
            ExprKind::Negate(inner) => {
                matches!(&*inner.kind, ExprKind::Number(number) if is_whole(number))
            }
            ExprKind::Text(_) | ExprKind::Null | ExprKind::Bool(_) => false,
            _ => return,
        };
        let message = match (is_number, self.dialect) {
            _ if self.is_wrong() => return,
            (true, _) => format!("{clause} has no such column: the result has {n_outputs}"),
            (false, Dialect::Postgres) => {
                format!("a constant in {clause} is the number of a column")
            }
            (false, _) => return,
        };
        self.error(&codes::GROUP_BY, expr.at, message);
    }

    /// Checks that the rows among which DISTINCT ON chooses stand together.
    pub(super) fn distinct_order(
        &mut self,
        select: &Select,
        order: &[OrderBy],
        outputs: &[Output],
    ) {
        let mut missing: Vec<Key<'_>> = Vec::new();
        for expr in &select.distinct_on {
            missing.push(self.meant(expr, select, outputs));
        }
        let on = missing.clone();
        for OrderBy { expr } in order {
            if missing.is_empty() || self.is_wrong() {
                return;
            }
            let key = self.meant(expr, select, outputs);
            if !on.iter().any(|it| it.is_same(&key)) {
                self.error(
                    &codes::GROUP_BY,
                    expr.at,
                    "ORDER BY begins with what DISTINCT ON names",
                )
                .help = Some(
                    "order by those first: which of their rows is kept comes after".to_owned(),
                );
                return;
            }
            missing.retain(|it| !it.is_same(&key));
        }
    }

    /// What an expression of ORDER BY or DISTINCT ON stands for.
    fn meant<'e>(&self, expr: &'e Expr, select: &'e Select, outputs: &[Output]) -> Key<'e> {
        let output = self.output_of(expr, outputs);
        let at = output.and_then(|it| outputs.iter().position(|other| std::ptr::eq(it, other)));
        let has_star = select.items.iter().any(|it| matches!(it, Item::Star(..)));
        let item = at.filter(|_| !has_star).and_then(|it| select.items.get(it));
        let expr = match item {
            Some(Item::Expr(item, _)) => item,
            _ => expr,
        };
        let column = match (&*expr.kind, output) {
            (ExprKind::Column(parts), None) => self.find_column(parts),
            (ExprKind::Column(_) | ExprKind::Number(_), Some(output)) => output.typed.column,
            _ => None,
        };
        Key { expr, column }
    }

    /// The column of the result that a name or number in ORDER BY stands for.
    pub(super) fn output_of<'o>(&self, expr: &Expr, outputs: &'o [Output]) -> Option<&'o Output> {
        match &*expr.kind {
            ExprKind::Column(parts) => match parts.as_slice() {
                [name] => outputs
                    .iter()
                    .find(|it| it.has_text && it.name.as_ref().is_some_and(|it| name.is(it))),
                _ => None,
            },
            ExprKind::Number(number) => outputs.get(number.parse::<usize>().ok()?.checked_sub(1)?),
            _ => None,
        }
    }
}
