//! FROM: tables, subqueries and joins, and what each of them sees of the others.

use std::ops::Range;
use std::rc::Rc;

use sqlmodel_sql::Dialect;

use crate::diagnostic::{codes, nearest};
use crate::query::catalog::{Column, Source};
use crate::query::check::scope::{Hidden, Merged, Relation, Side};
use crate::query::check::{Checker, MAX_HEIGHT, Output};
use crate::query::tree::{
    Alias, Constraint, Expr, ExprKind, Factor, From, Join, JoinKind, Name, Operator,
};
use crate::query::types::{ColumnAt, Known, Ty, unify};
use crate::syntax::list;

impl Checker<'_> {
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

    /// Looks at a part of a statement that does not see some of the tables before it.
    pub(super) fn without<T>(
        &mut self,
        relations: Range<usize>,
        why: &'static str,
        look: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let hidden = Hidden { relations, why };
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
                const WHY: &str = "a RIGHT or FULL JOIN looks at no row that may not be there";
                self.without(first..start, WHY, |checker| checker.factor(&join.factor));
            }
            JoinKind::Inner | JoinKind::Left | JoinKind::Cross => self.factor(&join.factor),
        }
        let end = self.scope().relations.len();
        match &join.constraint {
            Constraint::On(condition) => {
                const WHY: &str = "a join goes before a comma: write CROSS JOIN in place of it";
                let outside = if is_closed { 0..first } else { 0..0 };
                let (_, reads) = self.reading(|checker| {
                    checker.without(outside, WHY, |checker| checker.condition(condition))
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
        let mut mark = |range: Range<usize>| {
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
            // What is looked at twice must not have such a part in it.
            if left.height.max(right.height) > MAX_HEIGHT {
                return false;
            }
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
    fn side(&mut self, name: &Name, range: Range<usize>) -> Option<(usize, usize)> {
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

    pub(super) fn add_relation(&mut self, name: Option<&Name>, source: Source) {
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
    pub(super) fn derived(&mut self, outputs: &[Output], names: &[Name], of: &Name) -> Source {
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
        if names.is_empty() && self.dialect == Dialect::Mysql && !self.is_wrong() {
            let mut seen: Vec<&str> = Vec::new();
            for name in outputs.iter().filter_map(|it| it.name.as_deref()) {
                if seen.iter().any(|it| it.eq_ignore_ascii_case(name)) {
                    let message = format!("`{}` has two columns `{name}`", of.text);
                    self.error(&codes::AMBIGUOUS_COLUMN, of.at, message).help =
                        Some("give one of them a name of its own: `AS other`".to_owned());
                    break;
                }
                seen.push(name);
            }
        }
        let columns = outputs.iter().enumerate().map(|(at, output)| Column {
            name: names
                .get(at)
                .map(|it| it.text.clone())
                .or_else(|| output.name.clone())
                .unwrap_or_default(),
            // A NULL that leaves its query is a text on PostgreSQL; what it is on MySQL, the server does not tell.
            ty: match (output.typed.ty, self.dialect) {
                (Ty::Null, Dialect::Postgres) => Ty::Known(Known::TEXT),
                (Ty::Null, Dialect::Mysql) => Ty::Unknown,
                (ty, _) => ty,
            },
            is_nullable: output.typed.is_nullable,
            reason: output.typed.reason.clone(),
            is_hidden: output.is_hidden,
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
}
