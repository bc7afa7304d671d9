//! What the levels of a family would do to each other: columns that hide those of a base, versions that guard nothing, names of joined tables.

use std::collections::{BTreeMap, BTreeSet};

use sqlmodel_sql::{Dialect, IdentifierLimit, Object};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{ColumnRef, FamilyId, ModelId, Strategy, TableId};
use crate::resolve::Resolver;
use crate::resolve::tables::Tables;
use crate::source::Span;

impl Resolver<'_> {
    pub(super) fn check_families(&mut self, tables: &Tables, repeated: &BTreeSet<TableId>) {
        for family in self.families.ids() {
            let strategy = self.families[family].strategy;
            let members = self.families[family].members.clone();
            for member in members.into_iter().skip(1) {
                if strategy == Strategy::Joined {
                    self.check_hidden_columns(tables, member);
                }
                // Tables of the concrete strategy are independent: each is guarded by a version of its own.
                if strategy != Strategy::Concrete {
                    self.check_version_of_child(family, member);
                }
            }
        }
        self.check_names_of_bases(tables, repeated);
    }

    /// Reports columns of a joined model that are named as one of a base in another table.
    ///
    /// Statements over all levels of a row find columns by their names.
    fn check_hidden_columns(&mut self, tables: &Tables, member: ModelId) {
        let mapping = &tables.mappings[member];
        let own = &self.models[member].fields;
        let place = |at: ColumnRef| {
            let column = tables.tables[at.table].columns.get(at.column)?;
            let span = tables.origins[at.table].span(&Object::Column(column.name.clone()));
            Some((at.table, column.name.clone(), span))
        };
        let inherited = mapping.columns.iter().filter(|it| !own.contains(&it.field));
        let inherited = inherited.map(|it| it.column).chain(mapping.discriminator);
        let inherited: Vec<_> = inherited.filter_map(place).collect();
        let columns = mapping.columns.iter().filter(|it| own.contains(&it.field));
        let columns: Vec<_> = columns.filter_map(|it| place(it.column)).collect();
        for (table, name, span) in columns {
            let hidden = inherited.iter().find(|(other, other_name, other_span)| {
                // In one table it is reported as the table's.
                *other != table && *other_span != span && other_name.eq_ignore_ascii_case(&name)
            });
            let Some((other, _, other_span)) = hidden else {
                continue;
            };
            // The child's table has the key's columns too, and a second one is reported as such.
            let named = tables.tables[table].columns.iter();
            let named = named.filter(|it| it.name.eq_ignore_ascii_case(&name));
            if named.count() > 1 {
                continue;
            }
            let message = format!(
                "the column `{name}` of `{}` hides that of its base's table `{}`",
                self.model_name(member),
                tables.tables[*other].name
            );
            let diagnostic = Diagnostic::new(&codes::DUPLICATE_COLUMN, span, message)
                .related(*other_span, "already here")
                .note(
                    "a row of the child is a row of both tables, and its columns are found by name",
                )
                .help("give the child's field another column: `column = \"..\"`");
            self.push_once(diagnostic);
        }
    }

    /// Reports a version below the root of a family, which changes of the other tables do not raise.
    fn check_version_of_child(&mut self, family: FamilyId, member: ModelId) {
        let is_version = |field: &crate::ir::FieldId| {
            let version = &self.field_syntax(*field).version;
            version.as_ref().is_some_and(|it| it.value)
        };
        let Some(version) = self.models[member].fields.iter().copied().find(is_version) else {
            return;
        };
        // Two versions in a chain are reported as that.
        if self
            .fields_of(member)
            .into_iter()
            .filter(is_version)
            .count()
            > 1
        {
            return;
        }
        let root = self.model_name(self.families[family].root);
        let syntax = self.field_syntax(version);
        let message = format!(
            "`{}` cannot have a version: that of its family is in `{root}`",
            self.model_name(member)
        );
        let diagnostic = Diagnostic::new(&codes::VERSION, syntax.name.span, message)
            .note("what changes a row as one of its base would not raise it")
            .help(format!("move `{}` to `{root}`", syntax.name.value));
        self.push_once(diagnostic);
    }

    /// Reports tables that a statement could take for the table of a base, which it calls `child__base`.
    fn check_names_of_bases(&mut self, tables: &Tables, repeated: &BTreeSet<TableId>) {
        let is_cut = self.options.dialects.contains(&Dialect::Postgres);
        let limit = Dialect::Postgres.identifier_limit().filter(|_| is_cut);
        let mut named: BTreeMap<String, (Option<TableId>, Span, String)> = BTreeMap::new();
        for id in tables.tables.ids().filter(|id| !repeated.contains(id)) {
            let name = tables.tables[id].name.name.to_string();
            let span = tables.origins[id].table;
            named.insert(
                name.to_lowercase(),
                (None, span, format!("the table `{name}`")),
            );
        }
        let mut seen: BTreeSet<(TableId, TableId)> = BTreeSet::new();
        for mapping in tables.mappings.ids().map(|id| &tables.mappings[id]) {
            let Some((own, bases)) = mapping.tables.split_last() else {
                continue;
            };
            for base in bases {
                if !seen.insert((base.table, own.table)) {
                    continue;
                }
                let name = |id: TableId| &tables.tables[id].name.name;
                let alias = format!("{}__{}", name(own.table), name(base.table));
                let key = match limit {
                    Some(IdentifierLimit::Bytes(limit)) => {
                        let end = alias.floor_char_boundary(limit);
                        alias.get(..end).unwrap_or(&alias).to_lowercase()
                    }
                    Some(IdentifierLimit::Characters(_)) | None => alias.to_lowercase(),
                };
                let span = tables.origins[own.table].table;
                let what = format!(
                    "the table `{}` under `{}`",
                    name(base.table),
                    name(own.table)
                );
                let Some((other_base, other_span, other)) = named.get(&key).cloned() else {
                    named.insert(key, (Some(base.table), span, what));
                    continue;
                };
                let message = format!("{what} has the same alias as {other}: `{key}`");
                let diagnostic = Diagnostic::new(&codes::ALIAS, span, message);
                // Two bases of one child are told apart where each is written.
                let related = match other_base {
                    Some(other_base) if other_span == span => tables.origins[other_base].table,
                    _ => other_span,
                };
                let diagnostic = if key.len() < alias.len() {
                    diagnostic.note(format!("PostgreSQL cuts `{alias}` to 63 bytes"))
                } else {
                    diagnostic
                };
                self.push(
                    diagnostic
                        .related(related, "the other table")
                        .help("rename one of the tables: `table = \"..\"`"),
                );
            }
        }
    }

    /// Reports a mistake once: a field of a mixin or abstract base is looked at in each model that has it.
    pub(super) fn push_once(&mut self, diagnostic: Diagnostic) {
        let mut known = self.diagnostics.into_iter();
        if !known.any(|it| it.span == diagnostic.span && it.code == diagnostic.code) {
            self.push(diagnostic);
        }
    }
}
