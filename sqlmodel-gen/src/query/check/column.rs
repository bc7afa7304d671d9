//! Names of columns: which one is meant, and what it is where it stands.

use crate::diagnostic::{codes, nearest};
use crate::query::check::Checker;
use crate::query::check::scope::{Found, Grouping, Side};
use crate::query::tree::{At, Name};
use crate::query::types::{ColumnAt, Ty, Typed, unify};
use crate::syntax::list;

impl Checker<'_> {
    /// Finds a column in silence.
    pub(super) fn find_column(&self, parts: &[Name]) -> Option<ColumnAt> {
        let (table, column) = split(parts)?;
        match self.look_up(table.map(|it| it.text.as_str()), &column.text) {
            Found::Column(at) => Some(at),
            Found::Merged(scope, merged) => {
                let merged = self.scopes.get(scope)?.merged.get(merged)?;
                let (relation, column) = match merged.side {
                    Side::Left => merged.left,
                    Side::Right => merged.right,
                    Side::Either => return None,
                };
                Some(ColumnAt {
                    scope,
                    relation,
                    column,
                })
            }
            _ => None,
        }
    }

    /// Returns what a name of a column is.
    pub(super) fn column(&mut self, parts: &[Name], at: At) -> Typed {
        let Some((table, column)) = split(parts) else {
            return Typed::unknown("");
        };
        match self.look_up(table.map(|it| it.text.as_str()), &column.text) {
            Found::Column(found) => self.typed_column(found, at),
            Found::Merged(scope, merged) => self.merged_column(scope, merged, at),
            Found::Ambiguous(tables) => {
                let names: Vec<&str> = tables.iter().map(String::as_str).collect();
                let help = tables
                    .first()
                    .map(|table| match tables.get(1) == Some(table) {
                        true => format!("give the columns of `{table}` names of their own"),
                        false => format!("write `{table}.{}`", column.text),
                    });
                let message = format!("`{}` is a column of {}", column.text, list(&names));
                self.error(&codes::AMBIGUOUS_COLUMN, at, message).help = help;
                Typed::unknown("")
            }
            Found::NoColumn(found) => {
                self.no_column(found, table, column);
                Typed::unknown("")
            }
            Found::NoTable => {
                let Some(table) = table else {
                    return Typed::unknown("");
                };
                let names: Vec<String> = self
                    .scopes
                    .iter()
                    .flat_map(|it| &it.relations)
                    .filter_map(|it| it.name.clone())
                    .collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let message = format!("the query reads no table `{}`", table.text);
                let label = nearest(&table.text, names.iter().copied())
                    .map(|it| format!("did you mean `{it}`?"));
                let help = if names.is_empty() {
                    "add it to FROM".to_owned()
                } else {
                    format!("its tables are {}", list(&names))
                };
                let diagnostic = self.error(&codes::UNKNOWN_TABLE, table.at, message);
                diagnostic.label = label.unwrap_or_default();
                diagnostic.help = Some(help);
                Typed::unknown("")
            }
            Found::Lost => Typed::unknown(""),
            Found::Hidden(table, why) => {
                let message = format!("the table `{table}` is not seen here");
                self.error(&codes::UNKNOWN_TABLE, at, message).help = Some(why.to_owned());
                Typed::unknown("")
            }
            Found::Nothing => {
                self.nothing(column);
                Typed::unknown("")
            }
        }
    }

    fn no_column(&mut self, found: ColumnAt, table: Option<&Name>, column: &Name) {
        let columns: Vec<String> = self
            .relation(found)
            .into_iter()
            .flat_map(|it| it.source.columns.iter())
            .map(|it| it.name.clone())
            .collect();
        let table = table.map_or("", |it| it.text.as_str());
        self.unknown_column(
            column,
            &format!("`{table}` has no column `{}`", column.text),
            &columns,
        );
    }

    pub(super) fn unknown_column(&mut self, column: &Name, message: &str, columns: &[String]) {
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let label =
            nearest(&column.text, names.iter().copied()).map(|it| format!("did you mean `{it}`?"));
        let help = format!("its columns are {}", list(&names));
        let is_quoted = self.variant.written(column.at).starts_with('"');
        let diagnostic = self.error(&codes::UNKNOWN_COLUMN, column.at, message);
        match label {
            None if is_quoted => {
                diagnostic.label = "double quotes are around names".to_owned();
                diagnostic.help = Some(format!("if it is a text, write `'{}'`", column.text));
            }
            label => {
                diagnostic.label = label.unwrap_or_default();
                diagnostic.help = Some(match names.is_empty() {
                    true => "write the name of a column".to_owned(),
                    false => help,
                });
            }
        }
    }

    fn nothing(&mut self, column: &Name) {
        let columns: Vec<String> = self
            .scopes
            .iter()
            .flat_map(|it| &it.relations)
            .flat_map(|it| it.source.columns.iter().map(|it| it.name.clone()))
            .collect();
        let message = match columns.is_empty() {
            true => format!(
                "`{}` is a column of no table: there is no FROM",
                column.text
            ),
            false => format!("no table of the query has a column `{}`", column.text),
        };
        self.unknown_column(column, &message, &columns);
    }

    fn merged_column(&mut self, scope: usize, merged: usize, at: At) -> Typed {
        let Some(merged) = self
            .scopes
            .get(scope)
            .and_then(|it| it.merged.get(merged))
            .cloned()
        else {
            return Typed::unknown("");
        };
        let make = |(relation, column): (usize, usize)| ColumnAt {
            scope,
            relation,
            column,
        };
        match merged.side {
            Side::Left => self.typed_column(make(merged.left), at),
            Side::Right => self.typed_column(make(merged.right), at),
            Side::Either => {
                let left = self.typed_column(make(merged.left), at);
                let right = self.typed_column(make(merged.right), at);
                let is_declared = |checker: &Self, (relation, column): (usize, usize)| {
                    let relation = checker.relation(make((relation, 0)));
                    relation
                        .and_then(|it| it.source.columns.get(column))
                        .is_none_or(|it| it.is_nullable)
                };
                let ty = unify(&left, &right, self.schema, self.dialect).unwrap_or(Ty::Unknown);
                Typed {
                    ty,
                    is_nullable: is_declared(self, merged.left) || is_declared(self, merged.right),
                    column: None,
                    reason: format!("`{}` of either side of the join", merged.name).into(),
                    ..left
                }
            }
        }
    }

    /// Returns what a column is where it stands: its type, and whether it is NULL in some row of the join.
    pub(super) fn typed_column(&mut self, found: ColumnAt, at: At) -> Typed {
        if let Some(reads) = &mut self.reads {
            reads.push(found);
        }
        let Some(relation) = self.relation(found) else {
            return Typed::unknown("");
        };
        let Some(column) = relation.source.columns.get(found.column) else {
            return Typed::unknown("");
        };
        let mut typed = Typed {
            ty: column.ty,
            is_nullable: relation.is_nullable(found.column),
            constant: None,
            reason: column.reason.clone(),
            column: Some(found),
        };
        let column_name = column.name.clone();
        if !relation.missing_in.is_empty() {
            let name = relation.name.as_deref().unwrap_or("the subquery");
            typed.reason = format!(
                "{}; an outer join may leave `{name}` without a row",
                typed.reason
            )
            .into();
        } else if column.is_nullable && relation.refined.contains(&found.column) {
            typed.reason = format!("{}; a condition keeps NULL out", typed.reason).into();
        }
        let Some(scope) = self.scopes.get(found.scope) else {
            return typed;
        };
        if scope.is_in_aggregate {
            return typed;
        }
        if let Grouping::By {
            columns,
            has_totals,
            exprs,
        } = &scope.grouping
        {
            let is_key = columns.contains(&found);
            if is_key && *has_totals {
                typed.is_nullable = true;
                typed.reason = format!("{}; NULL in rows of totals", typed.reason).into();
            }
            let is_by_nothing = exprs.is_empty();
            if !is_key && !self.is_determined(found) {
                let help = match is_by_nothing {
                    true => "aggregates make one row of all: add a GROUP BY, or an aggregate such as `max(..)`".to_owned(),
                    false => format!("add it to GROUP BY, or write an aggregate such as `max({column_name})`"),
                };
                let message = format!("`{column_name}` has many values in a group");
                self.error(&codes::GROUP_BY, at, message).help = Some(help);
            }
        }
        typed
    }

    /// Whether the group tells the row of a column's table: all columns of a key of it are grouped by.
    fn is_determined(&self, found: ColumnAt) -> bool {
        let (Some(relation), Some(scope)) = (self.relation(found), self.scopes.get(found.scope))
        else {
            return true;
        };
        let Grouping::By {
            columns,
            has_totals,
            ..
        } = &scope.grouping
        else {
            return true;
        };
        // A row of totals is of several rows of the table.
        if *has_totals {
            return false;
        }
        // PostgreSQL accepts the primary key alone, which is the first.
        relation.source.table.is_some()
            && relation.source.keys.first().is_some_and(|key| {
                key.iter().all(|column| {
                    columns.contains(&ColumnAt {
                        column: *column,
                        ..found
                    })
                })
            })
    }
}

/// Splits `schema.table.column`, of which the schema does not matter.
fn split(parts: &[Name]) -> Option<(Option<&Name>, &Name)> {
    match parts {
        [column] => Some((None, column)),
        [.., table, column] => Some((Some(table), column)),
        [] => None,
    }
}
