//! What databases would refuse: names that are taken, reserved or mistaken for another, and what a dialect lacks.

use std::collections::{BTreeMap, BTreeSet};

use sqlmodel_sql::{Dialect, Object, Table, Text, Unsupported, reserved};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, codes};
use crate::ir::TableId;
use crate::resolve::case::to_snake_case;
use crate::resolve::tables::Tables;
use crate::resolve::{Resolver, is_field_name};
use crate::source::Span;
use crate::syntax;

impl Resolver<'_> {
    /// Reports tables and views whose name is taken; returns those tables.
    ///
    /// `misnamed` are the places of models whose own names were reported, and with them those made from them.
    pub(super) fn check_table_names(
        &mut self,
        tables: &Tables,
        misnamed: &BTreeSet<Span>,
    ) -> BTreeSet<TableId> {
        let mut taken: BTreeMap<String, Span> = BTreeMap::new();
        let mut repeated = BTreeSet::new();
        for id in tables.tables.ids() {
            let name = tables.tables[id].name.to_string();
            let span = tables.origins[id].table;
            if misnamed.contains(&span) || !self.take_table_name(&mut taken, &name, span) {
                repeated.insert(id);
            }
        }
        for (view, _) in self.names.views.clone() {
            let (schema, name, span) = view_name(view);
            let name = match schema {
                Some(schema) => format!("{schema}.{name}"),
                None => name,
            };
            self.take_table_name(&mut taken, &name, span);
        }
        repeated
    }

    /// Takes a name for a table or view; false, after a report, if it is taken.
    fn take_table_name(
        &mut self,
        taken: &mut BTreeMap<String, Span>,
        name: &str,
        span: Span,
    ) -> bool {
        // SQLite, and MySQL on most systems, see no difference between capitals and small letters.
        let Some(other) = taken.insert(name.to_lowercase(), span) else {
            return true;
        };
        let message = format!("the table `{name}` is declared twice");
        self.push(
            Diagnostic::new(&codes::DUPLICATE_TABLE, span, message)
                .related(other, "already here")
                .help("give one of them another name: `table = \"..\"`"),
        );
        false
    }

    /// Reports keys, checks and indexes that share a name: all three databases want some of them unique in a schema.
    pub(super) fn check_constraint_names(&mut self, tables: &Tables, repeated: &BTreeSet<TableId>) {
        let mut taken: BTreeMap<(Option<&str>, String), (TableId, Span, Object)> = BTreeMap::new();
        for id in tables.tables.ids().filter(|id| !repeated.contains(id)) {
            let (table, origins) = (&tables.tables[id], &tables.origins[id]);
            let mut n_seen: BTreeMap<Object, usize> = BTreeMap::new();
            for (name, object) in named_objects(table) {
                let n = n_seen.entry(object.clone()).or_default();
                let span = origins.nth_span(&object, *n);
                *n += 1;
                let key = (table.name.schema.as_deref(), name.to_lowercase());
                if let Some((other, other_span, other_object)) = taken.get(&key) {
                    let message = format!("the name `{name}` is given twice");
                    let diagnostic = Diagnostic::new(&codes::DUPLICATE_CONSTRAINT, span, message)
                        .label(format!("{object} of `{}`", table.name))
                        .related(
                            *other_span,
                            format!("{other_object} of `{}`", tables.tables[*other].name),
                        )
                        .help(if *other == id && is_repeated_key(table, &name) {
                            "remove one of the two"
                        } else {
                            "give one of them a name of its own"
                        });
                    self.diagnostics.push(diagnostic);
                } else {
                    taken.insert(key, (id, span, object));
                }
            }
        }
    }

    /// Reports columns whose alias `table__column` another column has: `a__b` + `c` and `a` + `b__c`.
    pub(super) fn check_aliases(&mut self, tables: &Tables, repeated: &BTreeSet<TableId>) {
        let misspelt = self.places_of(&codes::WRONG_CASE);
        let mut taken: BTreeMap<String, (TableId, &Text)> = BTreeMap::new();
        let full_name =
            |id: TableId, column: &str| format!("`{}`.`{column}`", tables.tables[id].name);
        let span =
            |id: TableId, column: &Text| tables.origins[id].span(&Object::Column(column.clone()));
        for id in tables.tables.ids().filter(|id| !repeated.contains(id)) {
            let table = &tables.tables[id];
            // Without a second separator in one of the names, an alias can be read in one way only.
            for column in table.columns.iter() {
                let alias = format!("{}__{}", table.name.name, column.name).to_lowercase();
                let Some((other, other_column)) = taken.get(&alias) else {
                    taken.insert(alias, (id, &column.name));
                    continue;
                };
                // Columns of one name are reported as such.
                if *other == id && other_column.eq_ignore_ascii_case(&column.name) {
                    continue;
                }
                // A name in snake_case has one underscore at a time.
                let places = [span(id, &column.name), span(*other, other_column)];
                if places.iter().any(|place| misspelt.contains(place)) {
                    continue;
                }
                let (name, other_name) =
                    (full_name(id, &column.name), full_name(*other, other_column));
                let message = format!("{name} and {other_name} have the same alias `{alias}`");
                let diagnostic = Diagnostic::new(&codes::ALIAS, span(id, &column.name), message)
                    .related(span(*other, other_column), "the other column")
                    .help("rename one of the tables or columns");
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Warns of names that SQL reserves, unless they were written as names of tables or columns.
    pub(super) fn check_reserved_words(&mut self, tables: &Tables, repeated: &BTreeSet<TableId>) {
        for id in tables.tables.ids().filter(|id| !repeated.contains(id)) {
            let (table, origins) = (&tables.tables[id], &tables.origins[id]);
            if !origins.is_named {
                self.check_reserved(&table.name.name, origins.table, "table");
            }
        }
        for decl in 0..self.decls.len() {
            let syntax = self.decls[decl].syntax;
            // A name that Rust refuses is to be changed anyway.
            if syntax.column.is_none() && is_field_name(&syntax.name.value) {
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
        let message = format!("`{name}` is a reserved word of {}", join(&reserving));
        self.push(
            Diagnostic::new(&codes::SQL_RESERVED, span, message)
                .note("generated SQL quotes it; SQL that you write has to quote it too")
                .help(format!(
                    "choose another name, or keep it with `{what} = \"{name}\"`"
                )),
        );
    }

    /// Reports what a dialect of the schema cannot do: one diagnostic for each part of a table.
    pub(super) fn check_dialects(&mut self, tables: &Tables) {
        let blamed = self.blamed_entries();
        let misnamed = self.places_of(&codes::SQL_NAME);
        // A field of a mixin or base is looked at in each table that has it.
        let mut reported: BTreeSet<(Span, Vec<(Dialect, String)>)> = BTreeSet::new();
        for id in tables.tables.ids() {
            // A table without a key or columns is reported at its model.
            if tables.origins[id].is_poisoned || tables.tables[id].columns.is_empty() {
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
                let span = tables.origins[id].span(&object);
                let is_misnamed = misnamed.contains(&span);
                let problems = findings.iter().map(|it| (it.dialect, it.problem.clone()));
                if !blamed.iter().any(|entry| entry.contains(span))
                    && !is_misnamed
                    && reported.insert((span, problems.collect()))
                {
                    push_unsupported(self.diagnostics, span, &findings);
                }
            }
        }
    }

    /// Returns where a mistake was reported.
    fn places_of(&self, code: &Code) -> BTreeSet<Span> {
        let found = self.diagnostics.into_iter();
        let found = found.filter(|it| *it.code == *code);
        found.map(|it| it.span).collect()
    }

    /// Returns the places of fields with a mistake: what a database says to them is a consequence.
    fn blamed_entries(&self) -> Vec<Span> {
        let mut entries: Vec<Span> = self
            .decls
            .iter()
            .map(|decl| {
                let (name, value) = (decl.syntax.name.span, decl.syntax.span);
                Span {
                    end: value.end.max(name.end),
                    ..name
                }
            })
            .collect();
        entries.sort_unstable();
        let errors = self.diagnostics.into_iter();
        let errors = errors.filter(|it| it.severity() == Severity::Error);
        // Several `auto` keys are one mistake of all those fields; elsewhere, the other place is not to blame.
        let places = errors.flat_map(|error| {
            let others = error.related.iter().map(|it| it.span);
            let others = others.filter(|_| *error.code == codes::AUTO_KEY);
            std::iter::once(error.span).chain(others)
        });
        places
            .filter_map(|place| {
                let after = entries.partition_point(|entry| entry.at_start() <= place.at_start());
                let entry = *entries.get(after.checked_sub(1)?)?;
                entry.contains(place).then_some(entry)
            })
            .collect()
    }
}

/// Returns the schema and the name of a view, and where it is named.
pub(super) fn view_name(view: &syntax::View) -> (Option<String>, String, Span) {
    let name = match &view.sql_name {
        Some(name) => name.value.clone(),
        None => to_snake_case(&view.name.value),
    };
    let schema = view.schema.as_ref().map(|schema| schema.value.clone());
    (
        schema,
        name,
        view.sql_name.as_ref().unwrap_or(&view.name).span,
    )
}

/// Returns whether all unique keys of a name, two at least, have the same columns.
fn is_repeated_key(table: &Table, name: &str) -> bool {
    let named = table.unique_keys.iter();
    let mut named = named.filter(|key| key.name == *name);
    let first = named.next();
    let mut others = named.peekable();
    others.peek().is_some() && others.all(|it| first.is_some_and(|key| key.columns == it.columns))
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

/// Joins words for people: `a, b and c`.
fn join(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [words @ .., last] => format!("{} and {last}", words.join(", ")),
    }
}
