//! SELECT: tables and joins, groups, columns, and what set operations make of them.

use std::rc::Rc;

use sqlmodel_sql::Dialect;

use crate::diagnostic::{codes, nearest};
use crate::ir::Builtin;
use crate::query::catalog::{Column, Source};
use crate::query::check::call::{has_aggregate, has_window};
use crate::query::check::scope::{Grouping, Merged, Origin, Relation, Scope, Side};
use crate::query::check::time::is_interval;
use crate::query::check::{Checker, Edit, Expected, Output};
use crate::query::tree::{
    Alias, At, Call, Constraint, Cte, CteBody, Expr, ExprKind, Factor, From, Item, Join, JoinKind,
    Name, Operator, OrderBy, Query, Select, SetOperator, Term,
};
use crate::query::types::{Class, ColumnAt, Known, Ty, Typed, unify};
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
    /// Checks a query and returns its columns; `expected` is what its place wants of them.
    pub(super) fn query(&mut self, query: &Query, expected: &[Option<Expected>]) -> Vec<Output> {
        let n_ctes = self.ctes.len();
        for cte in &query.with.ctes {
            self.cte(cte, query.with.is_recursive);
        }
        let single_order = if query.rest.is_empty() {
            query.order.as_slice()
        } else {
            &[]
        };
        let mut outputs = self.term(&query.first, single_order, expected);
        for (operator, term) in &query.rest {
            let wanted: Vec<_> = outputs.iter().map(|it| Expected::like(&it.typed)).collect();
            let more = self.term(term, &[], &wanted);
            outputs = self.set_operation(outputs, *operator, &more, term);
        }
        if !query.rest.is_empty() || !matches!(query.first, Term::Select(_)) {
            self.order_of_outputs(&query.order, &outputs);
        }
        for count in query.limit.iter().chain(&query.offset) {
            self.count_of_rows(count);
        }
        if let Some(lock) = query.lock {
            self.lock(query, lock.0);
        }
        self.ctes.truncate(n_ctes);
        outputs
    }

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

    /// Reports a lock on rows that are none of a table, which PostgreSQL refuses.
    fn lock(&mut self, query: &Query, at: At) {
        if self.dialect != Dialect::Postgres {
            return;
        }
        let functions = self.functions();
        let problem = match &query.first {
            _ if !query.rest.is_empty() => Some("a set operation"),
            Term::Select(select) => {
                let has = |item: &Item| matches!(item, Item::Expr(expr, _) if has_aggregate(expr, functions));
                if select.is_distinct {
                    Some("DISTINCT")
                } else if !select.group.is_empty() || select.items.iter().any(has) {
                    Some("groups")
                } else if select
                    .items
                    .iter()
                    .any(|it| matches!(it, Item::Expr(expr, _) if has_window(expr)))
                {
                    Some("window functions")
                } else {
                    None
                }
            }
            Term::Query(_) => None,
            Term::Values(..) => Some("VALUES"),
        };
        if let Some(problem) = problem {
            let message = format!("PostgreSQL locks no rows of a query with {problem}");
            self.error(&codes::SQL_DIALECT, at, message).help =
                Some("lock the rows in a subquery".to_owned());
        }
    }

    pub(super) fn cte(&mut self, cte: &Cte, is_recursive: bool) {
        let outer = std::mem::take(&mut self.scopes);
        let outputs = match &cte.body {
            CteBody::Query(query)
                if is_recursive && !query.rest.is_empty() && query.with.ctes.is_empty() =>
            {
                self.recursive_cte(cte, query)
            }
            CteBody::Query(query) => self.query(query, &[]),
            CteBody::Write(statement) => {
                self.has_writes = true;
                self.write(statement)
            }
        };
        self.scopes = outer;
        let source = self.derived(&outputs, &cte.columns, &cte.name);
        self.ctes.push((cte.name.clone(), source));
    }

    /// A recursive query has the types of its first part; what is NULL in a later one is NULL in the next round too.
    fn recursive_cte(&mut self, cte: &Cte, query: &Query) -> Vec<Output> {
        let mut outputs = self.term(&query.first, &[], &[]);
        for output in &mut outputs {
            // A constant is a column of its type from here on.
            output.typed.constant = None;
        }
        // Each round makes at least one more column nullable, or is the last.
        for _ in 0..=outputs.len() {
            let source = self.derived(&outputs, &cte.columns, &cte.name);
            self.ctes.push((cte.name.clone(), source));
            let before: Vec<bool> = outputs.iter().map(|it| it.typed.is_nullable).collect();
            for (_, term) in &query.rest {
                let wanted: Vec<_> = outputs.iter().map(|it| Expected::like(&it.typed)).collect();
                let more = self.term(term, &[], &wanted);
                if more.len() != outputs.len() {
                    outputs = self.set_operation(outputs, SetOperator::Union, &more, term);
                    continue;
                }
                for (output, next) in outputs.iter_mut().zip(&more) {
                    let ty = self.united(&output.typed, &next.typed, next.at);
                    if let (Ty::Known(old), Ty::Known(new)) = (output.typed.ty, ty)
                        && !old.is_same(new, self.schema)
                    {
                        let message = format!(
                            "the first part of the recursive query is `{}`, and this is `{}`",
                            old.name(self.schema),
                            new.name(self.schema)
                        );
                        self.error(&codes::SQL_TYPES, next.at, message).help =
                            Some("cast the column in the first part".to_owned());
                    }
                    if next.typed.is_nullable && !output.typed.is_nullable {
                        output.typed.is_nullable = true;
                        output.typed.reason =
                            format!("the recursive part: {}", next.typed.reason).into();
                    }
                }
            }
            self.ctes.pop();
            if outputs.iter().map(|it| it.typed.is_nullable).eq(before) || self.is_wrong() {
                break;
            }
        }
        outputs
    }

    fn term(
        &mut self,
        term: &Term,
        order: &[OrderBy],
        expected: &[Option<Expected>],
    ) -> Vec<Output> {
        match term {
            Term::Select(select) => self.select(select, order, expected),
            Term::Query(query) => self.query(query, expected),
            Term::Values(rows, at) => self.values(rows, at.0, expected),
        }
    }

    fn values(&mut self, rows: &[Vec<Expr>], at: At, expected: &[Option<Expected>]) -> Vec<Output> {
        let n_columns = rows.first().map_or(0, Vec::len);
        if let Some(row) = rows.iter().find(|row| row.len() != n_columns) {
            let at = row.first().map_or(at, |it| it.at);
            self.error(
                &codes::SQL_TYPES,
                at,
                format!(
                    "a row of {} values, and the first has {n_columns}",
                    row.len()
                ),
            )
            .help = Some("give all rows the same number of values".to_owned());
            return Vec::new();
        }
        (0..n_columns)
            .map(|column| {
                let exprs: Vec<&Expr> = rows.iter().filter_map(|row| row.get(column)).collect();
                let wanted = expected.get(column).cloned().flatten();
                let typed = self.common(&exprs, wanted.as_ref());
                let unified = self.unified(&typed, &exprs);
                Output {
                    name: Some(format!("column{}", column + 1)),
                    typed: Typed {
                        column: None,
                        constant: None,
                        ..unified
                    },
                    at: exprs.first().map_or(at, |it| it.at),
                    origin: None,
                    has_text: false,
                }
            })
            .collect()
    }

    fn set_operation(
        &mut self,
        outputs: Vec<Output>,
        operator: SetOperator,
        more: &[Output],
        term: &Term,
    ) -> Vec<Output> {
        if outputs.len() != more.len() {
            if !self.is_wrong() {
                let at = match term {
                    Term::Select(select) => select.at.0,
                    Term::Values(_, at) => at.0,
                    Term::Query(_) => more.first().map_or(At::default(), |it| it.at),
                };
                self.error(
                    &codes::SQL_TYPES,
                    at,
                    format!(
                        "this side has {} columns, and the first has {}",
                        more.len(),
                        outputs.len()
                    ),
                )
                .help = Some(
                    "select the same columns on both sides, `NULL AS name` where one has none"
                        .to_owned(),
                );
            }
            return outputs;
        }
        let mut united = Vec::new();
        for (left, right) in outputs.into_iter().zip(more) {
            let ty = self.united(&left.typed, &right.typed, right.at);
            // What UNION adds may be NULL; what the others take away may not.
            let is_added = operator == SetOperator::Union
                && right.typed.is_nullable
                && !left.typed.is_nullable;
            let reason = match is_added {
                true => format!("a later side of the UNION: {}", right.typed.reason).into(),
                false => left.typed.reason,
            };
            united.push(Output {
                typed: Typed {
                    ty,
                    is_nullable: left.typed.is_nullable || is_added,
                    constant: None,
                    reason,
                    column: None,
                },
                name: left.name,
                at: left.at,
                origin: None,
                has_text: false,
            });
        }
        united
    }

    /// ORDER BY of a set operation knows the names and numbers of columns alone.
    fn order_of_outputs(&mut self, order: &[OrderBy], outputs: &[Output]) {
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

    fn select(
        &mut self,
        select: &Select,
        order: &[OrderBy],
        expected: &[Option<Expected>],
    ) -> Vec<Output> {
        self.scopes.push(Scope {
            no_aggregates: Some("FROM and WHERE look at single rows"),
            windows: select.windows.clone(),
            ..Scope::default()
        });
        for from in &select.from {
            self.from(from);
        }
        if let Some(filter) = &select.filter {
            self.condition(filter);
            self.refine(filter);
        }
        self.group(select, order);
        self.scope().has_windows = true;
        for (_, window) in &select.windows {
            self.window(window);
        }
        let mut outputs = Vec::new();
        for item in &select.items {
            self.item(
                item,
                expected.get(outputs.len()).cloned().flatten(),
                &mut outputs,
            );
        }
        for expr in &select.distinct_on {
            if self.output_of(expr, &outputs).is_none() {
                self.position(expr, outputs.len(), "DISTINCT ON");
                self.expr(expr, None);
            }
        }
        for OrderBy { expr } in order {
            self.order_by(expr, select, &outputs);
        }
        self.distinct_order(select, order, &outputs);
        self.scope().has_windows = false;
        if let Some(having) = &select.having {
            self.condition(having);
        }
        self.scopes.pop();
        outputs
    }

    fn order_by(&mut self, expr: &Expr, select: &Select, outputs: &[Output]) {
        let typed = match self.output_of(expr, outputs) {
            Some(output) => {
                if select.is_distinct {
                    return;
                }
                output.typed.clone()
            }
            None => {
                self.position(expr, outputs.len(), "ORDER BY");
                let typed = self.expr(expr, None);
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
    fn position(&mut self, expr: &Expr, n_outputs: usize, clause: &str) {
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
    fn distinct_order(&mut self, select: &Select, order: &[OrderBy], outputs: &[Output]) {
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
    fn output_of<'o>(&self, expr: &Expr, outputs: &'o [Output]) -> Option<&'o Output> {
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

    fn group(&mut self, select: &Select, order: &[OrderBy]) {
        let functions = self.functions();
        let items = || {
            select.items.iter().filter_map(|it| match it {
                Item::Expr(expr, _) => Some(expr),
                Item::Star(..) => None,
            })
        };
        let is_grouped = !select.group.is_empty()
            || items()
                .chain(&select.having)
                .chain(order.iter().map(|it| &it.expr))
                .any(|it| has_aggregate(it, functions));
        let n_mistakes = self.diagnostics.len();
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for key in &select.group {
            let expr = self.group_key(key, select);
            self.scope().no_aggregates = Some("rows are grouped before they are counted");
            let typed = self.expr(&expr, None);
            columns.extend(typed.column);
            exprs.push(expr);
        }
        // Where the groups are not known, nothing is outside of them.
        let is_lost = self.diagnostics.len() > n_mistakes;
        let scope = self.scope();
        scope.no_aggregates = None;
        if is_lost {
            return;
        }
        if is_grouped {
            scope.grouping = Grouping::By {
                exprs,
                columns,
                has_totals: select.has_totals,
            };
        } else if let Some(having) = &select.having {
            let at = having.at;
            self.error(&codes::GROUP_BY, at, "HAVING without groups or aggregates")
                .help = Some("write WHERE".to_owned());
        }
    }

    /// The expression that rows are grouped by, where a number or a new name stands for a column of the result.
    fn group_key(&mut self, key: &Expr, select: &Select) -> Expr {
        let item = match &*key.kind {
            ExprKind::Number(number) => {
                let at = number
                    .parse::<usize>()
                    .ok()
                    .and_then(|it| it.checked_sub(1));
                let is_star = |it: &Item| matches!(it, Item::Star(..));
                let n_plain = select.items.iter().position(is_star);
                // Of the columns of `*`, which one it is depends on the tables.
                if at.is_some_and(|at| n_plain.is_some_and(|n| at >= n)) {
                    self.error(&codes::GROUP_BY, key.at, "a number of a column behind `*`")
                        .help = Some("name the column".to_owned());
                    return key.clone();
                }
                at.and_then(|at| select.items.get(at))
            }
            ExprKind::Column(parts) => match parts.as_slice() {
                [name] if self.find_column(parts).is_none() => select
                    .items
                    .iter()
                    .find(|it| matches!(it, Item::Expr(_, Some(alias)) if alias == name)),
                _ => None,
            },
            _ => None,
        };
        match item {
            Some(Item::Expr(expr, _)) => expr.clone(),
            _ => {
                self.position(key, select.items.len(), "GROUP BY");
                key.clone()
            }
        }
    }

    /// Checks one item of a column list; in a grouped query, what is grouped by may stand as a whole.
    pub(super) fn item(
        &mut self,
        item: &Item,
        expected: Option<Expected>,
        outputs: &mut Vec<Output>,
    ) {
        match item {
            Item::Star(table, at) => self.star(table.as_ref(), at.0, outputs),
            Item::Expr(expr, alias) => {
                let name = alias
                    .as_ref()
                    .map(|it| it.text.clone())
                    .or_else(|| match &*expr.kind {
                        ExprKind::Column(parts) => parts.last().map(|it| it.text.clone()),
                        _ => None,
                    });
                let is_top = self.scopes.len() == 1;
                self.is_stated = is_top
                    && name
                        .as_ref()
                        .is_some_and(|it| self.declared.columns.contains(it));
                let typed = self.grouped_expr(expr, expected);
                self.is_stated = false;
                self.loose(expr);
                let origin = typed.column.and_then(|it| self.origin(it));
                outputs.push(Output {
                    name,
                    typed,
                    at: expr.at,
                    origin,
                    has_text: true,
                });
            }
        }
    }

    /// Checks an expression; one that rows are grouped by needs no look at its columns.
    fn grouped_expr(&mut self, expr: &Expr, expected: Option<Expected>) -> Typed {
        let key = match &self.scope().grouping {
            Grouping::By {
                exprs, has_totals, ..
            } => exprs.contains(expr).then_some(*has_totals),
            Grouping::None => None,
        };
        let Some(has_totals) = key else {
            return self.expr(expr, expected);
        };
        self.scope().is_in_aggregate = true;
        let mut typed = self.expr(expr, expected);
        self.scope().is_in_aggregate = false;
        if has_totals {
            typed.is_nullable = true;
            typed.reason = format!("{}; NULL in rows of totals", typed.reason).into();
        }
        typed
    }

    fn origin(&self, at: ColumnAt) -> Option<Origin> {
        if at.scope + 1 != self.scopes.len() {
            return None;
        }
        let relation = self.relation(at)?;
        let is_declared = relation
            .source
            .columns
            .get(at.column)
            .is_none_or(|it| it.is_nullable);
        Some(Origin {
            alias: relation.name.clone()?,
            table: relation.source.table,
            column: at.column,
            is_missing: !relation.missing_in.is_empty(),
            is_nullable: is_declared && !relation.refined.contains(&at.column),
        })
    }

    fn star(&mut self, table: Option<&Name>, at: At, outputs: &mut Vec<Output>) {
        let scope_idx = self.scopes.len().saturating_sub(1);
        let scope = self.scope();
        let mut columns: Vec<(usize, usize)> = Vec::new();
        match table {
            Some(table) => {
                let found = scope
                    .relations
                    .iter()
                    .position(|it| it.name.as_ref().is_some_and(|it| table.is(it)));
                let Some(relation) = found else {
                    let names: Vec<String> = scope
                        .relations
                        .iter()
                        .filter_map(|it| it.name.clone())
                        .collect();
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let label = nearest(&table.text, names.iter().copied())
                        .map(|it| format!("did you mean `{it}`?"));
                    let help = format!("its tables are {}", list(&names));
                    let message = format!("the query reads no table `{}`", table.text);
                    let diagnostic = self.error(&codes::UNKNOWN_TABLE, table.at, message);
                    diagnostic.label = label.unwrap_or_default();
                    diagnostic.help = Some(help);
                    return;
                };
                let n_columns = scope
                    .relations
                    .get(relation)
                    .map_or(0, |it| it.source.columns.len());
                columns.extend((0..n_columns).map(|column| (relation, column)));
            }
            None => {
                // Columns that a join made one come first, and once.
                let merged: Vec<((usize, usize), (usize, usize), Side)> = scope
                    .merged
                    .iter()
                    .map(|it| (it.left, it.right, it.side))
                    .collect();
                if merged.iter().any(|(_, _, side)| *side == Side::Either) {
                    self.error(
                        &codes::SQL_UNSUPPORTED,
                        at,
                        "`*` over a FULL JOIN with USING",
                    )
                    .help = Some("name the columns".to_owned());
                    return;
                }
                for (left, right, side) in &merged {
                    let column = if *side == Side::Right { right } else { left };
                    if !columns.contains(column) {
                        columns.push(*column);
                    }
                }
                let hidden: Vec<(usize, usize)> = merged
                    .iter()
                    .flat_map(|(left, right, _)| [*left, *right])
                    .collect();
                for (relation, it) in scope.relations.iter().enumerate() {
                    let all = (0..it.source.columns.len()).map(|column| (relation, column));
                    columns.extend(all.filter(|it| !hidden.contains(it)));
                }
            }
        }
        if columns.is_empty() {
            if !self.is_wrong() {
                self.error(&codes::SQL_SYNTAX, at, "`*` of no table").help =
                    Some("add FROM and a table, or name the columns".to_owned());
            }
            return;
        }
        let mut text = Vec::new();
        for (relation, column) in columns {
            let found = ColumnAt {
                scope: scope_idx,
                relation,
                column,
            };
            let typed = self.typed_column(found, at);
            let Some(relation) = self.relation(found) else {
                continue;
            };
            let name = relation
                .source
                .columns
                .get(column)
                .map(|it| it.name.clone());
            text.push((
                relation.name.clone().unwrap_or_default(),
                name.clone().unwrap_or_default(),
            ));
            let origin = self.origin(found);
            outputs.push(Output {
                name,
                typed,
                at,
                origin,
                has_text: false,
            });
        }
        if let Some(token) = self.variant.tokens.get(at.start as usize) {
            let edit = Edit::Star {
                n_tokens: at.end - at.start,
                columns: text,
            };
            self.edits.insert(*token, edit);
        }
    }

    pub(super) fn from(&mut self, from: &From) {
        let first = self.scope().relations.len();
        self.factor(&from.first);
        for join in &from.joins {
            self.join(join, first, self.dialect != Dialect::Sqlite);
        }
    }

    /// A join in parentheses, whose conditions see no table outside of them.
    fn nested(&mut self, from: &From) {
        let first = self.scope().relations.len();
        self.factor(&from.first);
        for join in &from.joins {
            self.join(join, first, true);
        }
    }

    /// Looks at a part of FROM that does not see some of the tables before it.
    fn without<T>(
        &mut self,
        hidden: std::ops::Range<usize>,
        look: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.scope().hidden, hidden);
        let result = look(self);
        self.scope().hidden = before;
        result
    }

    /// Joins a table to those from `first` on; a condition that is closed sees none before them.
    fn join(&mut self, join: &Join, first: usize, is_closed: bool) {
        let start = self.scope().relations.len();
        match join.kind {
            // The rows that are not there cannot be looked at.
            JoinKind::Right | JoinKind::Full => {
                self.without(first..start, |checker| checker.factor(&join.factor));
            }
            JoinKind::Inner | JoinKind::Left | JoinKind::Cross => self.factor(&join.factor),
        }
        let end = self.scope().relations.len();
        match &join.constraint {
            Constraint::On(condition) => {
                let outside = if is_closed { 0..first } else { 0..0 };
                let (_, reads) = self.reading(|checker| {
                    checker.without(outside, |checker| checker.condition(condition))
                });
                if join.kind == JoinKind::Full && !reads.is_empty() {
                    self.full_join(condition, start);
                }
                if join.kind == JoinKind::Inner {
                    self.refine(condition);
                }
            }
            Constraint::Using(names) => self.using(names, first, start, end, join.kind),
            Constraint::Natural => self.natural(first, start, end, join),
            Constraint::None => {}
        }
        let mut mark = |range: std::ops::Range<usize>| {
            let number = self.n_joins;
            self.n_joins += 1;
            for relation in self.scope().relations.get_mut(range).unwrap_or_default() {
                relation.missing_in.push(number);
            }
        };
        match join.kind {
            JoinKind::Inner | JoinKind::Cross => {}
            JoinKind::Left => mark(start..end),
            JoinKind::Right => mark(first..start),
            JoinKind::Full => {
                mark(first..start);
                mark(start..end);
            }
        }
    }

    /// PostgreSQL joins both ways where the two sides are equal in something.
    fn full_join(&mut self, condition: &Expr, start: usize) {
        let innermost = self.scopes.len().saturating_sub(1);
        let parts = match &*condition.kind {
            ExprKind::And(parts) => parts.as_slice(),
            _ => std::slice::from_ref(condition),
        };
        let is_equation = |checker: &mut Self, part: &Expr| {
            let ExprKind::Binary(Operator::Equal, left, right) = &*part.kind else {
                return false;
            };
            let mut side = |expr: &Expr| {
                let (_, reads) = checker.reading(|it| it.expr(expr, None));
                let own: Vec<bool> = reads
                    .iter()
                    .filter(|it| it.scope == innermost)
                    .map(|it| it.relation >= start)
                    .collect();
                let first = own.first().copied();
                first.filter(|first| own.iter().all(|it| it == first))
            };
            let (a, b) = (side(left), side(right));
            a.is_some() && b.is_some() && a != b
        };
        if self.dialect == Dialect::Postgres
            && !self.is_wrong()
            && !parts.iter().any(|it| is_equation(self, it))
        {
            self.error(
                &codes::SQL_DIALECT,
                condition.at,
                "PostgreSQL wants an equation of both sides in a FULL JOIN",
            )
            .help = Some("unite a LEFT JOIN and a RIGHT JOIN".to_owned());
        }
    }

    fn natural(&mut self, first: usize, start: usize, end: usize, join: &Join) {
        let scope = self.scope();
        let names = |relations: &[Relation]| -> Vec<String> {
            relations
                .iter()
                .flat_map(|it| it.source.columns.iter().map(|it| it.name.clone()))
                .collect()
        };
        let left = names(scope.relations.get(first..start).unwrap_or_default());
        let right = names(scope.relations.get(start..end).unwrap_or_default());
        let shared: Vec<Name> = left
            .iter()
            .filter(|name| right.iter().any(|it| it.eq_ignore_ascii_case(name)))
            .map(|name| Name {
                text: name.clone(),
                at: join.at.0,
            })
            .collect();
        self.using(&shared, first, start, end, join.kind);
    }

    fn using(&mut self, names: &[Name], first: usize, start: usize, end: usize, kind: JoinKind) {
        for name in names {
            let left = self.side(name, first..start);
            let right = self.side(name, start..end);
            let (Some(left), Some(right)) = (left, right) else {
                continue;
            };
            let scope = self.scopes.len().saturating_sub(1);
            let make = |(relation, column)| ColumnAt {
                scope,
                relation,
                column,
            };
            let a = self.typed_column(make(left), name.at);
            let b = self.typed_column(make(right), name.at);
            if let Err(clash) = unify(&a, &b, self.schema, self.dialect) {
                self.clash(&clash, name.at, &a, &b);
            }
            if kind == JoinKind::Inner {
                self.refine_columns(&[make(left), make(right)]);
            }
            let side = match kind {
                JoinKind::Inner | JoinKind::Left | JoinKind::Cross => Side::Left,
                JoinKind::Right => Side::Right,
                JoinKind::Full => Side::Either,
            };
            self.scope().merged.push(Merged {
                name: name.text.clone(),
                left,
                right,
                side,
            });
        }
    }

    /// Finds the column of a name on one side of a join with USING.
    fn side(&mut self, name: &Name, range: std::ops::Range<usize>) -> Option<(usize, usize)> {
        let scope = self.scope();
        let merged = scope
            .merged
            .iter()
            .rev()
            .find(|it| name.is(&it.name) && range.contains(&it.left.0));
        if let Some(merged) = merged {
            return Some(if merged.side == Side::Right {
                merged.right
            } else {
                merged.left
            });
        }
        let relations = scope
            .relations
            .iter()
            .enumerate()
            .filter(|(at, _)| range.contains(at));
        let found: Vec<(usize, usize)> = relations
            .filter_map(|(at, it)| Some((at, it.position(&name.text)?)))
            .collect();
        match found.as_slice() {
            [only] => Some(*only),
            [] => {
                self.error(
                    &codes::UNKNOWN_COLUMN,
                    name.at,
                    format!("one side of the join has no column `{}`", name.text),
                )
                .help = Some("join with a condition: `ON a.id = b.a_id`".to_owned());
                None
            }
            _ => {
                self.error(
                    &codes::AMBIGUOUS_COLUMN,
                    name.at,
                    format!("one side of the join has several columns `{}`", name.text),
                )
                .help = Some("join with a condition: `ON a.id = b.a_id`".to_owned());
                None
            }
        }
    }

    fn factor(&mut self, factor: &Factor) {
        match factor {
            Factor::Nested(from) => self.nested(from),
            Factor::Table {
                schema,
                name,
                alias,
            } => {
                let source = self.source(schema.as_ref(), name);
                let shown = alias.as_ref().map_or(name, |it| &it.name);
                let is_lost = source.is_none();
                let source = match (source, alias) {
                    (Some(source), Some(alias)) if !alias.columns.is_empty() => {
                        self.renamed(source, alias)
                    }
                    (Some(source), _) => source,
                    (None, _) => Source {
                        columns: Rc::new(Vec::new()),
                        table: None,
                        keys: Rc::new(Vec::new()),
                    },
                };
                self.add_relation(Some(shown), source);
                if let Some(relation) = self.scope().relations.last_mut() {
                    relation.is_lost = is_lost;
                }
            }
            Factor::Derived {
                query,
                is_lateral,
                alias,
                at,
            } => {
                let current = if *is_lateral { None } else { self.scopes.pop() };
                let outputs = self.query(query, &[]);
                self.scopes.extend(current);
                let name = alias.as_ref().map(|it| &it.name);
                if name.is_none() {
                    self.error(&codes::SQL_SYNTAX, at.0, "a subquery in FROM needs a name")
                        .help = Some("write `(SELECT ..) AS name`".to_owned());
                }
                let columns = alias.as_ref().map_or(&[][..], |it| &it.columns);
                let nameless = Name {
                    text: String::new(),
                    at: at.0,
                };
                let source = self.derived(&outputs, columns, name.unwrap_or(&nameless));
                self.add_relation(name, source);
            }
            Factor::Function {
                call,
                has_ordinality,
                alias,
                at,
            } => self.table_function(call, *has_ordinality, alias.as_ref(), at.0),
        }
    }

    fn add_relation(&mut self, name: Option<&Name>, source: Source) {
        if let Some(name) = name
            && self
                .scope()
                .relations
                .iter()
                .any(|it| it.name.as_ref().is_some_and(|it| name.is(it)))
        {
            self.error(
                &codes::AMBIGUOUS_COLUMN,
                name.at,
                format!("two tables of the query are called `{}`", name.text),
            )
            .help = Some("give one of them a name of its own: `AS other`".to_owned());
        }
        self.scope().relations.push(Relation {
            name: name.map(|it| it.text.clone()),
            source,
            missing_in: Vec::new(),
            refined: Vec::new(),
            is_lost: false,
            is_value: false,
        });
    }

    /// A query as a table.
    fn derived(&mut self, outputs: &[Output], names: &[Name], of: &Name) -> Source {
        if !names.is_empty() && names.len() != outputs.len() && !self.is_wrong() {
            let message = format!(
                "`{}` has {} columns, and {} names are given",
                of.text,
                outputs.len(),
                names.len()
            );
            self.error(&codes::SQL_TYPES, of.at, message).help =
                Some("give a name for each column, or none".to_owned());
        }
        let columns = outputs.iter().enumerate().map(|(at, output)| Column {
            name: names
                .get(at)
                .map(|it| it.text.clone())
                .or_else(|| output.name.clone())
                .unwrap_or_default(),
            ty: output.typed.ty,
            is_nullable: output.typed.is_nullable,
            reason: output.typed.reason.clone(),
        });
        Source {
            columns: Rc::new(columns.collect()),
            table: None,
            keys: Rc::new(Vec::new()),
        }
    }

    fn renamed(&mut self, source: Source, alias: &Alias) -> Source {
        let mut columns = (*source.columns).clone();
        for (column, name) in columns.iter_mut().zip(&alias.columns) {
            column.name.clone_from(&name.text);
        }
        Source {
            columns: Rc::new(columns),
            ..source
        }
    }

    /// Finds what a name after FROM stands for, or reports that it is nothing.
    pub(super) fn source(&mut self, schema: Option<&Name>, name: &Name) -> Option<Source> {
        if schema.is_none()
            && let Some((_, source)) = self.ctes.iter().rev().find(|(it, _)| it == name)
        {
            let source = source.clone();
            if source.columns.is_empty() && !self.is_wrong() {
                let message = format!("`{}` writes, and returns nothing", name.text);
                self.error(&codes::UNKNOWN_TABLE, name.at, message).help =
                    Some("add RETURNING to it".to_owned());
            }
            return Some(source);
        }
        if let Some(source) = self
            .catalog
            .find(schema.map(|it| it.text.as_str()), &name.text)
        {
            return Some(source.clone());
        }
        let model = self.schema.models.iter().find(|(_, it)| name.is(&it.name));
        let model = model.filter(|_| schema.is_none());
        let table_of_model = model.and_then(|(id, _)| {
            let table = self.schema.mappings[id].tables.last()?.table;
            Some(self.schema.tables[table].name.to_string())
        });
        let names: Vec<&str> = self
            .catalog
            .names()
            .chain(self.ctes.iter().map(|(it, _)| it.text.as_str()))
            .collect();
        let near = nearest(&name.text.to_ascii_lowercase(), names.iter().copied());
        let message = match schema {
            Some(schema) => format!("there is no table `{}.{}`", schema.text, name.text),
            None => format!("there is no table `{}`", name.text),
        };
        let meant = table_of_model.as_deref().or(near);
        let meant = meant.map(|it| format!("write `{it}`"));
        let label = table_of_model
            .map(|it| format!("the table of the model `{}` is `{it}`", name.text))
            .or_else(|| near.map(|it| format!("did you mean `{it}`?")));
        let help = format!("the tables are {}", list(&names));
        let diagnostic = self.error(&codes::UNKNOWN_TABLE, name.at, message);
        diagnostic.label = label.unwrap_or_default();
        diagnostic.help = Some(meant.unwrap_or(help));
        None
    }

    fn table_function(&mut self, call: &Call, has_ordinality: bool, alias: Option<&Alias>, at: At) {
        let column = |name: &str, ty: Ty, is_nullable| Column {
            name: name.to_owned(),
            ty,
            is_nullable,
            reason: format!("a row of `{}`", call.name.text).into(),
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
        let is_number = |it: &&Expr| !matches!(*it.kind, ExprKind::Param(_));
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

    /// Whether a query has a row whatever the tables hold: an aggregate over all of them, with nothing that takes it away.
    pub(super) fn always_has_row(&self, query: &Query) -> bool {
        let Term::Select(select) = &query.first else {
            return false;
        };
        let is_whole = query.rest.is_empty()
            && query.limit.is_none()
            && query.offset.is_none()
            && select.having.is_none();
        let has = |item: &Item| matches!(item, Item::Expr(expr, _) if has_aggregate(expr, self.functions()));
        is_whole
            && ((select.group.is_empty() && select.items.iter().any(has))
                || (select.from.is_empty() && select.filter.is_none()))
    }
}
