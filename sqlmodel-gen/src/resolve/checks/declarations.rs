//! Declarations: the names they take in Rust, the names they had, whether they are used.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::ModelId;
use crate::resolve::Resolver;
use crate::resolve::case::{is_rust_keyword, is_upper_camel_case, to_snake_case};
use crate::resolve::fields::column_name;
use crate::resolve::names::Symbol;
use crate::resolve::tables::Tables;
use crate::source::Span;
use crate::syntax::{self, Name};

impl Resolver<'_> {
    /// Reports names of Rust items that two declarations give; returns the places of models whose names are wrong.
    pub(super) fn check_generated_names(&mut self) -> BTreeSet<Span> {
        let mut items: Vec<(String, Span, String)> = Vec::new();
        for (id, model) in self.models.iter() {
            let name = &model.syntax.name;
            let of = |what: &str| format!("{what} of `{}`", name.value);
            items.push((name.value.clone(), name.span, "the model".to_owned()));
            if !model.is_abstract {
                items.push((format!("New{}", name.value), name.span, of("the new row")));
            }
            let is_extended = self.models.values().any(|other| other.base == Some(id));
            if is_extended {
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
        self.check_file_names()
    }

    /// Reports models of a module whose names differ only in case: they would share a file.
    fn check_file_names(&mut self) -> BTreeSet<Span> {
        let names = self.models.values().map(|model| &model.syntax.name);
        let mut misnamed: BTreeSet<Span> = names
            .filter(|name| !is_upper_camel_case(&name.value) || is_rust_keyword(&name.value))
            .map(|name| name.span)
            .collect();
        let mut files: BTreeMap<(usize, String), Span> = BTreeMap::new();
        let mut twice = Vec::new();
        for model in self.models.values() {
            let name = &model.syntax.name;
            if misnamed.contains(&name.span) {
                continue;
            }
            let file = to_snake_case(&name.value);
            if let Some(other) = files.insert((model.module, file.clone()), name.span) {
                twice.push((name.clone(), other, file));
            }
        }
        for (name, other, file) in twice {
            misnamed.insert(name.span);
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
        misnamed
    }

    /// Warns of declarations that nothing uses.
    pub(super) fn check_unused(&mut self) {
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
            if self.used.contains(&symbol)
                || self.names.ambiguous.contains(name)
                || self.is_named_in_query(name)
            {
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
    pub(super) fn check_versions(&mut self) {
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

    /// Reports earlier names that something else still has, or had as well.
    pub(super) fn check_renamed(&mut self, tables: &Tables) {
        let mut found = Vec::new();
        for id in self.models.ids() {
            self.check_renamed_columns(id, &mut found);
        }
        self.check_renamed_tables(tables, &mut found);
        for diagnostic in found {
            self.push_once(diagnostic);
        }
    }

    fn check_renamed_columns(&self, model: ModelId, found: &mut Vec<Diagnostic>) {
        let fields = self.fields_of(model).into_iter();
        let fields: Vec<&syntax::Field> = fields.map(|field| self.field_syntax(field)).collect();
        let columns = fields.iter().map(|field| Renamed {
            what: "column",
            name: column_name(field),
            old: field.renamed_from.as_ref(),
            span: field.column.as_ref().unwrap_or(&field.name).span,
        });
        check_earlier_names(&columns.collect::<Vec<_>>(), found);
    }

    fn check_renamed_tables(&self, tables: &Tables, found: &mut Vec<Diagnostic>) {
        let models = self.models.iter().filter_map(|(id, model)| {
            let table = tables.mappings[id].tables.last()?.table;
            let is_own = tables.origins[table].table
                == model
                    .syntax
                    .table
                    .as_ref()
                    .unwrap_or(&model.syntax.name)
                    .span;
            is_own.then(|| Renamed {
                what: "table",
                name: &tables.tables[table].name.name,
                old: model.syntax.renamed_from.as_ref(),
                span: tables.origins[table].table,
            })
        });
        check_earlier_names(&models.collect::<Vec<_>>(), found);
    }
}

/// A column or table, and the name that it had before.
struct Renamed<'a> {
    what: &'static str,
    name: &'a str,
    old: Option<&'a Name>,
    span: Span,
}

/// Reports earlier names that are still in use, or that two things had.
///
/// A name that its present owner got by being renamed too is free: two columns may change places.
fn check_earlier_names(all: &[Renamed<'_>], found: &mut Vec<Diagnostic>) {
    if all.iter().all(|it| it.old.is_none()) {
        return;
    }
    let mut kept: BTreeMap<String, Span> = BTreeMap::new();
    for it in all.iter().filter(|it| it.old.is_none()) {
        kept.insert(it.name.to_lowercase(), it.span);
    }
    let mut taken: BTreeMap<String, Span> = BTreeMap::new();
    for Renamed {
        what, name, old, ..
    } in all
    {
        let Some(old) = old.filter(|old| !old.value.trim().is_empty()) else {
            continue;
        };
        if old.value == *name {
            let message = format!("`{name}` is renamed from itself");
            found.push(
                Diagnostic::new(&codes::RENAMED_FROM, old.span, message)
                    .help("remove `renamed_from`"),
            );
        } else if let Some(owner) = kept.get(&old.value.to_lowercase()) {
            let message = format!("there is a {what} `{}` still", old.value);
            found.push(
                Diagnostic::new(&codes::RENAMED_FROM, old.span, message)
                    .related(*owner, "it is declared here")
                    .help(format!(
                        "remove `renamed_from`, or the {what} that has the name"
                    )),
            );
        } else if let Some(other) = taken.insert(old.value.to_lowercase(), old.span) {
            let message = format!("two {what}s are renamed from `{}`", old.value);
            found.push(
                Diagnostic::new(&codes::RENAMED_FROM, old.span, message)
                    .related(other, "the other one")
                    .help("remove one `renamed_from`"),
            );
        }
    }
}
