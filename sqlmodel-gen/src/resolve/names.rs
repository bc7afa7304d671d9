//! Pass 1: every declaration gets an id, and every name one meaning.
//!
//! All files share one name space: a name means the same thing everywhere, and moving a declaration to another file changes
//! nothing but the Rust module it is in.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::ir::{AbstractId, Arena, EnumId, ModelId, Module, TypeId};
use crate::resolve::case::{
    is_rust_keyword, is_snake_case, is_upper_camel_case, to_snake_case, to_upper_camel_case,
};
use crate::source::{SourceMap, Span};
use crate::syntax::{self, File, Name};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symbol {
    Type(TypeId),
    Enum(EnumId),
    Mixin(usize),
    Abstract(AbstractId),
    Model(ModelId),
    View(usize),
}

impl Symbol {
    /// Returns what it is, with its article.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Type(_) => "a type",
            Self::Enum(_) => "an enum",
            Self::Mixin(_) => "a mixin",
            Self::Abstract(_) => "an abstract base",
            Self::Model(_) => "a model",
            Self::View(_) => "a view",
        }
    }
}

/// A declaration and its module.
pub(super) type Declared<'a, T> = (&'a T, usize);

/// All declarations of a schema.
#[derive(Default)]
pub(super) struct Names<'a> {
    symbols: BTreeMap<&'a str, (Symbol, Span)>,
    /// Names with two declarations, of which one was dropped.
    pub(super) ambiguous: BTreeSet<&'a str>,
    pub(super) modules: Vec<Module>,
    pub(super) types: Arena<TypeId, Declared<'a, syntax::NamedType>>,
    pub(super) enums: Arena<EnumId, Declared<'a, syntax::Enum>>,
    pub(super) mixins: Vec<Declared<'a, syntax::Bundle>>,
    pub(super) abstracts: Arena<AbstractId, Declared<'a, syntax::Bundle>>,
    pub(super) models: Arena<ModelId, Declared<'a, syntax::Model>>,
    pub(super) views: Vec<Declared<'a, syntax::View>>,
    pub(super) functions: Vec<&'a syntax::SqlFunction>,
    pub(super) queries: Vec<Declared<'a, syntax::Query>>,
}

impl<'a> Names<'a> {
    pub(super) fn get(&self, name: &str) -> Option<Symbol> {
        self.symbols.get(name).map(|(symbol, _)| *symbol)
    }

    pub(super) fn span(&self, name: &str) -> Option<Span> {
        self.symbols.get(name).map(|(_, span)| *span)
    }

    /// Finds the declaration whose name, once in UpperCamelCase as it has to be, is this one: `hero` for `Hero`.
    pub(super) fn in_other_case(&self, name: &str) -> Option<Symbol> {
        self.symbols
            .iter()
            .find(|(it, _)| !is_upper_camel_case(it) && to_upper_camel_case(it) == name)
            .map(|(_, (symbol, _))| *symbol)
    }

    /// Iterates over the names that stand for something a predicate accepts, in alphabetical order.
    pub(super) fn all(&self, accepts: impl Fn(Symbol) -> bool) -> impl Iterator<Item = &'a str> {
        self.symbols
            .iter()
            .filter(move |(_, (symbol, _))| accepts(*symbol))
            .map(|(name, _)| *name)
    }
}

/// Collects the declarations of all files.
pub(super) fn collect<'a>(
    files: &'a [File],
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Names<'a> {
    let modules = files
        .iter()
        .map(|file| module_name(file, sources, diagnostics));
    let module_names: Vec<String> = modules.collect();
    let mut by_name: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (name, file) in module_names.iter().zip(files) {
        let doc = by_name.entry(name).or_default();
        *doc = doc.take().or_else(|| file.doc.clone());
    }
    let modules: Vec<Module> = by_name
        .into_iter()
        .map(|(name, doc)| Module {
            name: name.to_owned(),
            doc,
        })
        .collect();
    let declared = files.iter().flat_map(declared_names).collect();
    let mut collector = Collector {
        names: Names::default(),
        declared,
        sources,
        diagnostics,
    };
    for (file, name) in files.iter().zip(&module_names) {
        let module = modules.partition_point(|module| module.name < *name);
        collector.file(file, module);
    }
    let mut names = collector.names;
    names.modules = modules;
    names
}

/// Returns the module of a file: what it says, else the file's name.
fn module_name(file: &File, sources: &SourceMap, diagnostics: &mut Diagnostics) -> String {
    let Some(module) = &file.module else {
        let path = sources.get(file.source).name();
        let stem = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let stem = stem.strip_suffix(".toml").unwrap_or(stem);
        let name = to_snake_case(stem);
        let is_name = is_snake_case(&name) && !is_rust_keyword(&name);
        return if is_name {
            name
        } else {
            format!("schema_{name}").trim_end_matches('_').to_owned()
        };
    };
    check_snake_case(module, "a module", diagnostics);
    module.value.clone()
}

/// Returns the names that stand for one thing in all files.
fn declared_names(file: &File) -> impl Iterator<Item = &str> {
    let types = file.types.iter().map(|it| &it.name);
    let enums = file.enums.iter().map(|it| &it.name);
    let bundles = file.mixins.iter().chain(&file.abstracts);
    let models = file.models.iter().map(|it| &it.name);
    let views = file.views.iter().map(|it| &it.name);
    let names = types.chain(enums).chain(bundles.map(|it| &it.name));
    names.chain(models).chain(views).map(|it| it.value.as_str())
}

struct Collector<'a, 'b> {
    names: Names<'a>,
    /// All names, also those that come later.
    declared: BTreeSet<&'a str>,
    sources: &'b SourceMap,
    diagnostics: &'b mut Diagnostics,
}

impl<'a> Collector<'a, '_> {
    fn file(&mut self, file: &'a File, module: usize) {
        for ty in &file.types {
            let id = self.names.types.next_id();
            if self.declare(file, &ty.name, Symbol::Type(id)) {
                self.names.types.push((ty, module));
            }
        }
        for enum_ in &file.enums {
            let id = self.names.enums.next_id();
            if self.declare(file, &enum_.name, Symbol::Enum(id)) {
                self.names.enums.push((enum_, module));
            }
        }
        for mixin in &file.mixins {
            if self.declare(file, &mixin.name, Symbol::Mixin(self.names.mixins.len())) {
                self.names.mixins.push((mixin, module));
            }
        }
        for base in &file.abstracts {
            let id = self.names.abstracts.next_id();
            if self.declare(file, &base.name, Symbol::Abstract(id)) {
                self.names.abstracts.push((base, module));
            }
        }
        for model in &file.models {
            let id = self.names.models.next_id();
            if self.declare(file, &model.name, Symbol::Model(id)) {
                self.names.models.push((model, module));
            }
        }
        for view in &file.views {
            if self.declare(file, &view.name, Symbol::View(self.names.views.len())) {
                self.names.views.push((view, module));
            }
        }
        self.names.functions.extend(&file.functions);
        self.names
            .queries
            .extend(file.queries.iter().map(|query| (query, module)));
    }

    /// Gives a name its meaning; false if it has one already.
    fn declare(&mut self, file: &File, name: &'a Name, symbol: Symbol) -> bool {
        if let Some((other, span)) = self.names.symbols.get(name.value.as_str()) {
            self.names.ambiguous.insert(&name.value);
            let message = format!("`{}` is declared twice", name.value);
            self.diagnostics.push(
                Diagnostic::new(&codes::DUPLICATE_NAME, name.span, message)
                    .label("declared again here")
                    .related(*span, format!("already {} here", other.kind()))
                    .help("all files share one name space: rename one of the two"),
            );
            return false;
        }
        self.check_case(file, name, symbol.kind());
        self.names.symbols.insert(&name.value, (symbol, name.span));
        true
    }
}

impl Collector<'_, '_> {
    /// Reports a declared name in the wrong case, with edits of all its headers: what it is called in SQL stays.
    fn check_case(&mut self, file: &File, name: &Name, what: &str) {
        let better = to_upper_camel_case(&name.value);
        let is_name = is_upper_camel_case(&better) && !is_rust_keyword(&better);
        if is_upper_camel_case(&name.value) || !is_name {
            check_upper_camel_case(name, what, self.diagnostics);
            return;
        }
        let text = &name.value;
        let message = format!("the name of {what} is in UpperCamelCase, and `{text}` is not");
        let mut diagnostic = Diagnostic::new(&codes::WRONG_CASE, name.span, message);
        if self.declared.contains(better.as_str()) {
            let help = format!("rename it: there is a `{better}` too");
            self.diagnostics.push(diagnostic.help(help));
            return;
        }
        let others = file.headers.get(&name.span);
        for place in std::iter::once(name.span).chain(others.into_iter().flatten().copied()) {
            let place = Name::new(text.clone(), place);
            diagnostic = diagnostic.rename(&place, &better, self.sources);
        }
        self.diagnostics.push(diagnostic);
    }
}

/// Reports a name of a type, model or the like that is not in UpperCamelCase, or is a keyword.
pub(super) fn check_upper_camel_case(name: &Name, what: &str, diagnostics: &mut Diagnostics) {
    let text = &name.value;
    if is_upper_camel_case(text) {
        if is_rust_keyword(text) {
            push_keyword(name, what, diagnostics);
        }
        return;
    }
    push_case(
        name,
        what,
        "UpperCamelCase",
        &to_upper_camel_case(text),
        diagnostics,
    );
}

/// Reports a name of a field, relation or the like that is not in snake_case, or is a keyword; false if so.
pub(super) fn check_snake_case(name: &Name, what: &str, diagnostics: &mut Diagnostics) -> bool {
    if !is_snake_case(&name.value) {
        push_case(
            name,
            what,
            "snake_case",
            &to_snake_case(&name.value),
            diagnostics,
        );
        return false;
    }
    if is_rust_keyword(&name.value) {
        push_keyword(name, what, diagnostics);
        return false;
    }
    true
}

fn push_case(name: &Name, what: &str, case: &str, better: &str, diagnostics: &mut Diagnostics) {
    let text = &name.value;
    let message = format!("the name of {what} is in {case}, and `{text}` is not");
    let diagnostic = Diagnostic::new(&codes::WRONG_CASE, name.span, message);
    let is_name = better.starts_with(|c: char| c.is_ascii_alphabetic());
    diagnostics.push(match is_name {
        true if is_rust_keyword(better) => diagnostic
            .note(format!("`{better}` is a keyword of Rust"))
            .help(other_name(text, what)),
        true => diagnostic.help(format!("write `{better}`")),
        false => diagnostic.help("use letters and digits of ASCII, starting with a letter"),
    });
}

fn push_keyword(name: &Name, what: &str, diagnostics: &mut Diagnostics) {
    let text = &name.value;
    let message = format!("`{text}` is a keyword of Rust");
    diagnostics.push(
        Diagnostic::new(&codes::RUST_KEYWORD, name.span, message).help(other_name(text, what)),
    );
}

/// Says what to do about a name that cannot be mended: fields have columns, which may have any name.
fn other_name(text: &str, what: &str) -> String {
    match what {
        "a field" => format!(
            "choose another name; the column may keep it: `{}_of = {{ .., column = \"{text}\" }}`",
            to_snake_case(text)
        ),
        "a discriminator" => format!(
            "choose another name; for that column, declare a field and name it: `kind = {{ type = \"text(64)\", column = \"{text}\" }}`"
        ),
        _ => "choose another name".to_owned(),
    }
}
