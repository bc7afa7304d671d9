//! Pass 9: what only the whole schema shows.

use std::collections::BTreeMap;

use sqlmodel_sql::{Deferrable, Object, Table, Unsupported, reserved};

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::ir::{Id as _, TableId};
use crate::resolve::case::to_snake_case;
use crate::resolve::names::Symbol;
use crate::resolve::tables::Tables;
use crate::resolve::{Resolver, cycles};
use crate::source::Span;
use crate::syntax;

impl Resolver<'_> {
    pub(super) fn check_schema(&mut self, tables: &Tables) {
        self.check_generated_names();
        self.check_unused();
        self.check_versions();
        self.check_table_names(tables);
        self.check_constraint_names(tables);
        self.check_aliases(tables);
        self.check_reserved_words(tables);
        self.check_dialects(tables);
        self.check_foreign_key_cycles(tables);
    }

    /// Reports names of Rust items that two declarations give.
    fn check_generated_names(&mut self) {
        let mut items: Vec<(String, Span, String)> = Vec::new();
        for (id, model) in self.models.iter() {
            let name = &model.syntax.name;
            let of = |what: &str| format!("{what} of `{}`", name.value);
            items.push((name.value.clone(), name.span, "the model".to_owned()));
            if !model.is_abstract {
                items.push((format!("New{}", name.value), name.span, of("the new row")));
            }
            let is_root = model
                .family
                .is_some_and(|family| self.families[family].root == id);
            if is_root {
                items.push((format!("Any{}", name.value), name.span, of("the family")));
            }
            for variant in &model.variants {
                items.push((variant.name.clone(), variant.span, of("a variant")));
            }
        }
        let mut taken: BTreeMap<String, (Span, String)> = BTreeMap::new();
        let others = self
            .names
            .all(|symbol| !matches!(symbol, Symbol::Model(_) | Symbol::Mixin(_)));
        for name in others {
            if let Some(span) = self.names.span(name) {
                taken.insert(name.to_owned(), (span, format!("`{name}` itself")));
            }
        }
        for (name, span, what) in items {
            match taken.get(&name) {
                Some((other, other_what)) => {
                    let message = format!("`{name}` would be two things in Rust");
                    let diagnostic = Diagnostic::new(&codes::RUST_NAME, span, message)
                        .label(what)
                        .related(*other, other_what.clone())
                        .help("rename one of the two");
                    self.diagnostics.push(diagnostic);
                }
                None => {
                    taken.insert(name, (span, what));
                }
            }
        }
        self.check_file_names();
    }

    /// Reports models of a module whose names differ only in case: they would share a file.
    fn check_file_names(&mut self) {
        let mut files: BTreeMap<(usize, String), Span> = BTreeMap::new();
        let mut twice = Vec::new();
        for model in self.models.values() {
            let name = &model.syntax.name;
            let file = to_snake_case(&name.value);
            if let Some(other) = files.insert((model.module, file.clone()), name.span) {
                twice.push((name.clone(), other, file));
            }
        }
        for (name, other, file) in twice {
            let message = format!(
                "`{}` and another model are both `{file}` in snake_case",
                name.value
            );
            self.push(
                Diagnostic::new(&codes::RUST_NAME, name.span, message)
                    .related(other, "the other model")
                    .help("rename one of the two"),
            );
        }
    }

    /// Warns of declarations that nothing uses.
    fn check_unused(&mut self) {
        let is_shared = |symbol| {
            matches!(
                symbol,
                Symbol::Type(_) | Symbol::Enum(_) | Symbol::Mixin(_) | Symbol::Abstract(_)
            )
        };
        let names: Vec<&str> = self.names.all(is_shared).collect();
        for name in names {
            let (Some(symbol), Some(span)) = (self.names.get(name), self.names.span(name)) else {
                continue;
            };
            if self.used.contains(&symbol) || self.is_named_in_query(name) {
                continue;
            }
            let kind = symbol.kind();
            self.push(
                Diagnostic::new(
                    &codes::UNUSED,
                    span,
                    format!("`{name}` is {kind} that nothing uses"),
                )
                .help("use it, or remove it"),
            );
        }
    }

    /// Returns whether a query states a type by this name: it is used, although queries are analysed later.
    fn is_named_in_query(&self, name: &str) -> bool {
        let of_queries = self
            .names
            .queries
            .iter()
            .flat_map(|(query, _)| query.params.iter().chain(&query.columns));
        let of_views = self.names.views.iter().flat_map(|(view, _)| &view.columns);
        of_queries
            .chain(of_views)
            .any(|(_, ty)| ty.value.trim_end_matches(['?', '!', '[', ']']) == name)
    }

    /// Reports models with more than one version.
    fn check_versions(&mut self) {
        for id in self.models.ids() {
            let fields = self.fields_of(id).into_iter();
            let is_version =
                |field: &syntax::Field| field.version.as_ref().is_some_and(|it| it.value);
            let versions: Vec<_> = fields
                .map(|field| self.field_syntax(field))
                .filter(|it| is_version(it))
                .collect();
            let own = &self.models[id].fields;
            let [first, .., last] = versions.as_slice() else {
                continue;
            };
            if own
                .iter()
                .any(|field| std::ptr::eq(self.field_syntax(*field), *last))
            {
                let message = format!("`{}` has two versions", self.model_name(id));
                self.push(
                    Diagnostic::new(&codes::VERSION, last.name.span, message)
                        .related(first.name.span, "the other one")
                        .help("one version guards the whole row"),
                );
            }
        }
    }

    fn check_table_names(&mut self, tables: &Tables) {
        let mut taken: BTreeMap<String, Span> = BTreeMap::new();
        let places = tables.tables.ids().map(|id| {
            let name = &tables.tables[id].name;
            (name.to_string(), tables.origins[id].table)
        });
        let views = self.names.views.iter().map(|(view, _)| {
            let name = view.sql_name.as_ref().unwrap_or(&view.name);
            let text = match &view.sql_name {
                Some(name) => name.value.clone(),
                None => to_snake_case(&view.name.value),
            };
            let text = match &view.schema {
                Some(schema) => format!("{}.{text}", schema.value),
                None => text,
            };
            (text, name.span)
        });
        let places: Vec<(String, Span)> = places.chain(views).collect();
        for (name, span) in places {
            // SQLite, and MySQL on most systems, see no difference between capitals and small letters.
            if let Some(other) = taken.insert(name.to_lowercase(), span) {
                self.push(
                    Diagnostic::new(
                        &codes::DUPLICATE_TABLE,
                        span,
                        format!("the table `{name}` is declared twice"),
                    )
                    .related(other, "already here")
                    .help("give one of them another name: `table = \"..\"`"),
                );
            }
        }
    }

    /// Reports keys, checks and indexes that share a name: all three databases want some of them unique in a schema.
    fn check_constraint_names(&mut self, tables: &Tables) {
        let mut taken: BTreeMap<(Option<String>, String), (Span, String)> = BTreeMap::new();
        for id in tables.tables.ids() {
            let (table, origins) = (&tables.tables[id], &tables.origins[id]);
            let schema = table.name.schema.as_ref().map(ToString::to_string);
            for (name, object) in named_objects(table) {
                let span = origins.span(&object);
                let key = (schema.clone(), name.to_lowercase());
                let what = format!("{object} of `{}`", table.name);
                if let Some((other, other_what)) = taken.get(&key) {
                    let message = format!("the name `{name}` is given twice");
                    let diagnostic = Diagnostic::new(&codes::DUPLICATE_CONSTRAINT, span, message)
                        .label(what)
                        .related(*other, other_what.clone())
                        .help("give one of them a name of its own");
                    self.diagnostics.push(diagnostic);
                } else {
                    taken.insert(key, (span, what));
                }
            }
        }
    }

    /// Reports columns whose alias `table__column` another column has: `a__b` + `c` and `a` + `b__c`.
    fn check_aliases(&mut self, tables: &Tables) {
        let mut taken: BTreeMap<String, (Span, String)> = BTreeMap::new();
        for id in tables.tables.ids() {
            let (table, origins) = (&tables.tables[id], &tables.origins[id]);
            // Without a second separator in one of the names, an alias can be read in one way only.
            for column in table.columns.iter() {
                let alias = format!("{}__{}", table.name.name, column.name).to_lowercase();
                let span = origins.span(&Object::Column(column.name.clone()));
                let full_name = format!("`{}`.`{}`", table.name, column.name);
                match taken.get(&alias) {
                    // Columns of one name are reported as such.
                    Some((_, other)) if *other == full_name => {}
                    Some((other_span, other)) => {
                        let message =
                            format!("{full_name} and {other} have the same alias `{alias}`");
                        let diagnostic = Diagnostic::new(&codes::ALIAS, span, message)
                            .related(*other_span, "the other column")
                            .help("rename one of the tables or columns");
                        self.diagnostics.push(diagnostic);
                    }
                    None => {
                        taken.insert(alias, (span, full_name));
                    }
                }
            }
        }
    }

    /// Warns of names that SQL reserves, unless they were written as names of tables or columns.
    fn check_reserved_words(&mut self, tables: &Tables) {
        for id in tables.tables.ids() {
            let (table, origins) = (&tables.tables[id], &tables.origins[id]);
            if !origins.is_named {
                self.check_reserved(&table.name.name, origins.table, "table");
            }
        }
        for decl in 0..self.decls.len() {
            let syntax = self.decls[decl].syntax;
            if syntax.column.is_none() {
                self.check_reserved(&syntax.name.value, syntax.name.span, "column");
            }
        }
    }

    fn check_reserved(&mut self, name: &str, span: Span, what: &str) {
        let reserving: Vec<&str> = self
            .options
            .dialects
            .iter()
            .filter(|dialect| reserved::is_reserved(**dialect, name))
            .map(|dialect| dialect.title())
            .collect();
        if reserving.is_empty() {
            return;
        }
        let message = format!("`{name}` is a reserved word of {}", reserving.join(" and "));
        self.push(
            Diagnostic::new(&codes::SQL_RESERVED, span, message)
                .note("generated SQL quotes it; SQL that you write has to quote it too")
                .help(format!(
                    "choose another name, or keep it with `{what} = \"{name}\"`"
                )),
        );
    }

    /// Reports what a dialect of the schema cannot do: one diagnostic for each part of a table.
    fn check_dialects(&mut self, tables: &Tables) {
        for id in tables.tables.ids() {
            if tables.origins[id].is_poisoned {
                continue;
            }
            let mut by_object: Vec<(Object, Vec<Unsupported>)> = Vec::new();
            for dialect in self.options.dialects.iter().copied() {
                for finding in sqlmodel_sql::check(&tables.tables[id], dialect) {
                    match by_object
                        .iter_mut()
                        .find(|(object, _)| *object == finding.object)
                    {
                        Some((_, findings)) => findings.push(finding),
                        None => by_object.push((finding.object.clone(), vec![finding])),
                    }
                }
            }
            for (object, findings) in by_object {
                push_unsupported(
                    self.diagnostics,
                    tables.origins[id].span(&object),
                    &findings,
                );
            }
        }
    }

    /// Reports circles of foreign keys in which no row can be the first.
    fn check_foreign_key_cycles(&mut self, tables: &Tables) {
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
                is_required && key.deferrable == Deferrable::No
            });
            edges.push(
                blocking
                    .filter_map(|(at, key)| Some((ids.get(&key.target)?.index(), at)))
                    .collect(),
            );
        }
        let all: Vec<TableId> = tables.tables.ids().collect();
        for cycle in cycles::cycles(&edges) {
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

/// Returns the keys, checks and indexes of a table with their names.
fn named_objects(table: &Table) -> Vec<(String, Object)> {
    let mut objects = Vec::new();
    if let Some(key) = &table.primary_key {
        objects.push((key.name.to_string(), Object::PrimaryKey));
    }
    objects.extend(
        table
            .unique_keys
            .iter()
            .map(|it| (it.name.to_string(), Object::UniqueKey(it.name.clone()))),
    );
    objects.extend(
        table
            .foreign_keys
            .iter()
            .map(|it| (it.name.to_string(), Object::ForeignKey(it.name.clone()))),
    );
    objects.extend(
        table
            .checks
            .iter()
            .map(|it| (it.name.to_string(), Object::Check(it.name.clone()))),
    );
    objects.extend(
        table
            .indexes
            .iter()
            .map(|it| (it.name.to_string(), Object::Index(it.name.clone()))),
    );
    objects
}

fn has_generated_key(table: &Table) -> bool {
    let Some(key) = &table.primary_key else {
        return false;
    };
    key.columns
        .iter()
        .any(|name| table.column(name).is_some_and(|it| it.generation.is_some()))
}

fn push_unsupported(diagnostics: &mut Diagnostics, span: Span, findings: &[Unsupported]) {
    let Some(first) = findings.first() else {
        return;
    };
    let message = format!("{}: {} {}", first.object, first.dialect, first.problem);
    let mut diagnostic =
        Diagnostic::new(&codes::UNSUPPORTED, span, message).help(first.help.clone());
    for other in findings.iter().skip(1) {
        diagnostic = diagnostic.note(format!(
            "{} {}; {}",
            other.dialect, other.problem, other.help
        ));
    }
    diagnostics.push(diagnostic);
}
