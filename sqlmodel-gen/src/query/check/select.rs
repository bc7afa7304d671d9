//! SELECT: groups and columns, and what WITH and set operations make of them.

use sqlmodel_sql::Dialect;

use crate::diagnostic::{codes, nearest};
use crate::query::check::call::has_aggregate;
use crate::query::check::scope::{Grouping, Origin, Scope, Side};
use crate::query::check::{Checker, Edit, Expected, Output};
use crate::query::tree::{
    At, Cte, CteBody, Expr, ExprKind, Item, Name, OrderBy, Query, Select, SetOperator, Term,
};
use crate::query::types::{ColumnAt, Ty, Typed};
use crate::syntax::list;

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
        if let Some(lock) = &query.lock {
            self.lock(query, lock);
        }
        for count in query.limit.iter().chain(&query.offset) {
            self.count_of_rows(count);
        }
        self.ctes.truncate(n_ctes);
        outputs
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
                    is_hidden: false,
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
                is_hidden: left.is_hidden || right.is_hidden,
            });
        }
        united
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
        self.named_windows(&select.windows);
        self.scope().has_windows = true;
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
        self.left_scope = self.scopes.pop().unwrap_or_default();
        outputs
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
                let is_hidden = typed.column.is_some_and(|it| self.is_hidden(it));
                outputs.push(Output {
                    name,
                    typed,
                    at: expr.at,
                    origin,
                    has_text: true,
                    is_hidden,
                });
            }
        }
    }

    /// Checks an expression; one that rows are grouped by needs no look at its columns.
    pub(super) fn grouped_expr(&mut self, expr: &Expr, expected: Option<Expected>) -> Typed {
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

    /// Whether rows are grouped by an expression that stands in a larger one; MySQL looks at whole columns.
    pub(super) fn is_part_of_key(&self, expr: &Expr) -> bool {
        let Some(scope) = self.scopes.last() else {
            return false;
        };
        let Grouping::By { exprs, .. } = &scope.grouping else {
            return false;
        };
        !scope.is_in_aggregate && self.dialect != Dialect::Mysql && exprs.contains(expr)
    }

    fn is_hidden(&self, at: ColumnAt) -> bool {
        let relation = self.relation(at);
        relation.is_some_and(|it| {
            it.source
                .columns
                .get(at.column)
                .is_some_and(|it| it.is_hidden)
        })
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
            key: relation.source.keys.first().cloned().unwrap_or_default(),
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
                let mut relations = scope.relations.iter();
                let found = relations
                    .position(|it| it.name.as_ref().is_some_and(|it| table.is(it)))
                    .filter(|it| !scope.hidden.relations.contains(it));
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
                let relations = scope.relations.iter().enumerate();
                let is_seen = |at: &usize| !scope.hidden.relations.contains(at);
                for (relation, it) in relations.filter(|(at, _)| is_seen(at)) {
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
                is_hidden: self.is_hidden(found),
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
