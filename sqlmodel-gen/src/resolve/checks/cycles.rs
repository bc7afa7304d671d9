//! Circles of foreign keys.

use std::collections::BTreeMap;

use sqlmodel_sql::{Action, Deferrable, Object, Table};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Id as _, TableId};
use crate::resolve::Resolver;
use crate::resolve::checks::graph;
use crate::resolve::tables::Tables;
use crate::source::Span;

impl Resolver<'_> {
    /// Reports circles of foreign keys in which no row can be the first.
    pub(super) fn check_foreign_key_cycles(&mut self, tables: &Tables) {
        let ids: BTreeMap<&sqlmodel_sql::TableName, TableId> = tables
            .tables
            .iter()
            .map(|(id, table)| (&table.name, id))
            .collect();
        let mut edges: Vec<Vec<(usize, usize)>> = Vec::new();
        for table in tables.tables.values() {
            let blocking = table.foreign_keys.iter().enumerate().filter(|(_, key)| {
                let is_required = key
                    .columns
                    .iter()
                    .all(|name| table.column(name).is_some_and(|column| !column.is_nullable));
                // One that is set to null is meant to be nullable, and reported if it is not.
                let is_nulled = [key.on_delete, key.on_update].contains(&Action::SetNull);
                is_required && !is_nulled && key.deferrable == Deferrable::No
            });
            edges.push(
                blocking
                    .filter_map(|(at, key)| Some((ids.get(&key.target)?.index(), at)))
                    .collect(),
            );
        }
        let all: Vec<TableId> = tables.tables.ids().collect();
        for cycle in graph::cycles(&edges) {
            // A row whose key the client chooses can reference itself.
            if let [(table, _)] = cycle.as_slice()
                && all
                    .get(*table)
                    .is_some_and(|id| !has_generated_key(&tables.tables[*id]))
            {
                continue;
            }
            self.push_cycle_of_keys(tables, &all, &cycle);
        }
    }

    fn push_cycle_of_keys(&mut self, tables: &Tables, all: &[TableId], cycle: &[(usize, usize)]) {
        let mut path = String::new();
        let mut places: Vec<(Span, String)> = Vec::new();
        for (table, key) in cycle {
            let Some(id) = all.get(*table) else { return };
            let table = &tables.tables[*id];
            let Some(key) = table.foreign_keys.get(*key) else {
                return;
            };
            path.push_str(&format!("{} -> {} -> ", table.name, key.name));
            let span = tables.origins[*id].span(&Object::ForeignKey(key.name.clone()));
            places.push((
                span,
                format!("`{}` needs a row of `{}`", table.name, key.target),
            ));
        }
        let Some((id, _)) = cycle
            .first()
            .and_then(|(table, at)| Some((all.get(*table)?, at)))
        else {
            return;
        };
        path.push_str(&tables.tables[*id].name.to_string());
        let is_unsure = places.iter().any(|(span, _)| self.unsure.contains(span));
        if is_unsure || places.iter().all(|(span, _)| self.typeless.contains(span)) {
            return;
        }
        let mut places = places.into_iter();
        let Some((span, label)) = places.next() else {
            return;
        };
        let message = "no row can be inserted first in a circle of foreign keys";
        let mut diagnostic = Diagnostic::new(&codes::KEY_CYCLE, span, message).label(label);
        for (span, label) in places {
            diagnostic = diagnostic.related(span, label);
        }
        self.push(diagnostic.note(path).help(
            "allow null in one of them with `?`, or add `deferrable = \"deferred\"` (not on MySQL)",
        ));
    }
}

fn has_generated_key(table: &Table) -> bool {
    let Some(key) = &table.primary_key else {
        return false;
    };
    key.columns
        .iter()
        .any(|name| table.column(name).is_some_and(|it| it.generation.is_some()))
}
