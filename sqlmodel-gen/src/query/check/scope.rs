//! Scopes: the tables that a query reads, and which of their rows a join may leave out.

use std::ops::Range;

use crate::ir::TableId;
use crate::query::catalog::Source;
use crate::query::check::Checker;
use crate::query::tree::{Expr, Name, Window};
use crate::query::types::ColumnAt;

/// The tables of one query.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// The columns that USING and NATURAL made one of two.
    pub(super) merged: Vec<Merged>,
    pub(super) grouping: Grouping,
    pub(super) windows: Vec<(Name, Window)>,
    /// Where an aggregate may not stand, and why.
    pub(super) no_aggregates: Option<&'static str>,
    /// Whether an argument of an aggregate is looked at.
    pub(super) is_in_aggregate: bool,
    /// Whether a window function may stand here.
    pub(super) has_windows: bool,
    /// The relations that the part which is looked at does not see.
    pub(super) hidden: Hidden,
}

/// Relations that are not seen, and why.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    pub(super) relations: Range<usize>,
    pub(super) why: &'static str,
}

/// A table in a scope.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// Its name in the query; a derived table may have none.
    pub(super) name: Option<String>,
    pub(super) source: Source,
    /// The joins that may leave it without a row, by number.
    pub(super) missing_in: Vec<u32>,
    /// Columns that a condition keeps from being NULL.
    pub(super) refined: Vec<usize>,
    /// Whether nobody knows its columns, which was reported.
    pub(super) is_lost: bool,
    /// Whether its name stands for the value of its only column, as that of a function does.
    pub(super) is_value: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) name: String,
    pub(super) left: (usize, usize),
    pub(super) right: (usize, usize),
    pub(super) side: Side,
}

/// Where the value of a merged column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    Either,
}

/// Whether rows are grouped, and by what.
#[derive(Debug, Default, Clone)]
pub(super) enum Grouping {
    #[default]
    None,
    /// By these expressions and columns; by none, all rows are one group.
    By {
        exprs: Vec<Expr>,
        columns: Vec<ColumnAt>,
        has_totals: bool,
    },
}

/// The table that a column of a result is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::query) struct Origin {
    /// The table's name in the query.
    pub(in crate::query) alias: String,
    pub(in crate::query) table: Option<TableId>,
    pub(in crate::query) column: usize,
    /// The columns of the table or view that identify a row, perhaps none.
    pub(in crate::query) key: Vec<usize>,
    /// Whether an outer join may leave the table without a row.
    pub(in crate::query) is_missing: bool,
    /// Whether the column is NULL in some row of the table.
    pub(in crate::query) is_nullable: bool,
}

impl Relation {
    pub(super) fn is_nullable(&self, column: usize) -> bool {
        let is_declared = self
            .source
            .columns
            .get(column)
            .is_none_or(|it| it.is_nullable);
        !self.missing_in.is_empty() || (is_declared && !self.refined.contains(&column))
    }

    /// Whether several of its columns have a name.
    fn is_twice(&self, name: &str) -> bool {
        let columns = self.source.columns.iter();
        let named = columns.filter(|it| it.name.eq_ignore_ascii_case(name));
        named.count() > 1
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.source
            .columns
            .iter()
            .position(|it| it.name.eq_ignore_ascii_case(name))
    }
}

/// What a name may be.
pub(super) enum Found {
    Column(ColumnAt),
    /// A column that USING made, in a scope.
    Merged(usize, usize),
    /// Several columns have the name: the tables they are of.
    Ambiguous(Vec<String>),
    /// The table is there and has no such column.
    NoColumn(ColumnAt),
    NoTable,
    /// The table is there and not seen: its name, and why.
    Hidden(String, &'static str),
    Nothing,
    /// It may be of a table that was reported as missing.
    Lost,
}

impl Checker<'_> {
    /// Looks a name up, from the innermost scope outwards.
    pub(super) fn look_up(&self, table: Option<&str>, column: &str) -> Found {
        for (scope_idx, scope) in self.scopes.iter().enumerate().rev() {
            match table {
                Some(table) => {
                    let is_named = |it: &Relation| {
                        it.name
                            .as_ref()
                            .is_some_and(|name| name.eq_ignore_ascii_case(table))
                    };
                    let Some(relation_idx) = scope.relations.iter().position(is_named) else {
                        continue;
                    };
                    if scope
                        .relations
                        .get(relation_idx)
                        .is_some_and(|it| it.is_lost)
                    {
                        return Found::Lost;
                    }
                    if scope.hidden.relations.contains(&relation_idx) {
                        return Found::Hidden(table.to_owned(), scope.hidden.why);
                    }
                    let at = |column| ColumnAt {
                        scope: scope_idx,
                        relation: relation_idx,
                        column,
                    };
                    return match scope
                        .relations
                        .get(relation_idx)
                        .and_then(|it| it.position(column))
                    {
                        Some(_)
                            if scope
                                .relations
                                .get(relation_idx)
                                .is_some_and(|it| it.is_twice(column)) =>
                        {
                            Found::Ambiguous(vec![table.to_owned(), table.to_owned()])
                        }
                        Some(column) => Found::Column(at(column)),
                        None => Found::NoColumn(at(0)),
                    };
                }
                None => {
                    if let Some(merged) = scope.merged.iter().rposition(|it| {
                        it.name.eq_ignore_ascii_case(column)
                            && !scope.hidden.relations.contains(&it.left.0)
                    }) {
                        return Found::Merged(scope_idx, merged);
                    }
                    let found: Vec<ColumnAt> = scope
                        .relations
                        .iter()
                        .enumerate()
                        .filter_map(|(relation, it)| {
                            Some(ColumnAt {
                                scope: scope_idx,
                                relation,
                                column: it.position(column)?,
                            })
                        })
                        .collect();
                    let seen = |it: &ColumnAt| !scope.hidden.relations.contains(&it.relation);
                    let found = match found.iter().any(seen) {
                        true => found.into_iter().filter(seen).collect(),
                        false => found,
                    };
                    match found.as_slice() {
                        [] if scope.relations.iter().any(|it| it.is_lost) => return Found::Lost,
                        [] => {
                            let value = scope.relations.iter().position(|it| {
                                let name = it.name.as_ref();
                                it.is_value
                                    && name.is_some_and(|it| it.eq_ignore_ascii_case(column))
                            });
                            if let Some(relation) = value {
                                return Found::Column(ColumnAt {
                                    scope: scope_idx,
                                    relation,
                                    column: 0,
                                });
                            }
                        }
                        [only] if scope.hidden.relations.contains(&only.relation) => {
                            let name = scope
                                .relations
                                .get(only.relation)
                                .and_then(|it| it.name.clone());
                            return Found::Hidden(name.unwrap_or_default(), scope.hidden.why);
                        }
                        [only]
                            if scope
                                .relations
                                .get(only.relation)
                                .is_some_and(|it| it.is_twice(column)) =>
                        {
                            let name = scope
                                .relations
                                .get(only.relation)
                                .and_then(|it| it.name.clone());
                            let name = name.unwrap_or_default();
                            return Found::Ambiguous(vec![name.clone(), name]);
                        }
                        [only] => return Found::Column(*only),
                        several => {
                            let name = |it: &ColumnAt| {
                                scope
                                    .relations
                                    .get(it.relation)
                                    .and_then(|it| it.name.clone())
                            };
                            return Found::Ambiguous(several.iter().filter_map(name).collect());
                        }
                    }
                }
            }
        }
        match table {
            Some(_) => Found::NoTable,
            None => Found::Nothing,
        }
    }

    pub(super) fn relation(&self, at: ColumnAt) -> Option<&Relation> {
        self.scopes.get(at.scope)?.relations.get(at.relation)
    }

    pub(super) fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }
}
