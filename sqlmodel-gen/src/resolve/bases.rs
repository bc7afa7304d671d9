//! Pass 3: mixins, abstract bases and families; each model gets its fields.
//!
//! The columns of a model are those of its abstract base, then its own, then those of its mixins: a key comes first,
//! timestamps last.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{AbstractId, FieldId, ModelId};
use crate::resolve::names::Symbol;
use crate::resolve::{DeclId, MAX_BASES, MAX_COLUMNS, Resolver};
use crate::source::Span;
use crate::syntax::Name;

/// The longest circle that is shown step by step.
const MAX_SHOWN: usize = 8;

impl<'a> Resolver<'a> {
    pub(super) fn resolve_bases(&mut self) {
        for id in 0..self.mixins.len() {
            let names = &self.mixins[id].syntax.mixins;
            self.check_mixins_named_once(names);
            for name in names {
                self.expect_mixin(name, true);
            }
        }
        self.check_mixin_cycles();
        for id in self.abstracts.ids() {
            let syntax = self.abstracts[id].syntax;
            self.check_mixins_named_once(&syntax.mixins);
            self.abstracts[id].base = self.resolve_abstract_base(syntax.extends.as_ref());
        }
        self.break_abstract_cycles();
        for id in self.models.ids() {
            self.check_mixins_named_once(&self.models[id].syntax.mixins);
            self.resolve_model_base(id);
        }
        self.break_model_cycles();
        self.poison_models();
        self.resolve_families();
    }

    /// Marks models that take fields from mixins or bases which could not be made out.
    fn poison_models(&mut self) {
        let is_lost = |resolver: &Self, name: &Name| {
            !matches!(resolver.names.get(&name.value), Some(Symbol::Mixin(_)))
        };
        let mixins = |resolver: &Self, names: &[Name]| {
            names.iter().any(|name| is_lost(resolver, name))
                || resolver.mixins_below(names).into_iter().any(|id| {
                    let syntax = resolver.mixins[id].syntax;
                    syntax.has_mistakes || syntax.mixins.iter().any(|name| is_lost(resolver, name))
                })
        };
        for id in self.models.ids() {
            let draft = &self.models[id];
            let has_lost_base = draft.abstracts.iter().any(|base| {
                let draft = &self.abstracts[*base];
                (draft.syntax.extends.is_some() && draft.base.is_none())
                    || draft.syntax.has_mistakes
                    || mixins(self, &draft.syntax.mixins)
            });
            let is_lost = draft.syntax.is_partial || draft.syntax.is_bare();
            if has_lost_base || is_lost || mixins(self, &draft.syntax.mixins) {
                self.models[id].is_poisoned = true;
            }
        }
        // What extends a model with unknown fields has unknown fields.
        for id in self.models.ids() {
            let chain = self.chain(id);
            self.models[id].is_poisoned = chain.iter().any(|it| self.models[*it].is_poisoned);
        }
    }

    /// Returns the mixins that names lead to, each once.
    fn mixins_below(&self, names: &[Name]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&Name> = names.iter().collect();
        while let Some(name) = open.pop() {
            if let Some(Symbol::Mixin(id)) = self.names.get(&name.value)
                && found.insert(id)
            {
                open.extend(&self.mixins[id].syntax.mixins);
            }
        }
        found
    }

    /// Returns the fields of mixins, each field once, although two mixins may take it from a third.
    pub(super) fn decls_of_mixins(&mut self, names: &[Name]) -> Vec<DeclId> {
        let mut decls = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<(Name, usize)> =
            names.iter().rev().map(|name| (name.clone(), 1)).collect();
        while let Some((name, depth)) = open.pop() {
            let Some(mixin) = self.expect_mixin(&name, depth == 1) else {
                continue;
            };
            if !seen.insert(mixin) {
                continue;
            }
            let draft = &self.mixins[mixin];
            decls.extend(&draft.decls);
            if depth < MAX_BASES && decls.len() <= MAX_COLUMNS {
                open.extend(
                    draft
                        .syntax
                        .mixins
                        .iter()
                        .rev()
                        .map(|name| (name.clone(), depth + 1)),
                );
            }
        }
        decls
    }

    /// Reports mixins that one list names twice.
    fn check_mixins_named_once(&mut self, mixins: &[Name]) {
        let mut named: BTreeMap<&str, Span> = BTreeMap::new();
        for name in mixins {
            if let Some(other) = named.insert(&name.value, name.span) {
                let message = format!("the mixin `{}` is named twice", name.value);
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_VALUE, name.span, message)
                        .related(other, "already here")
                        .help("remove one of the two"),
                );
            }
        }
    }

    /// Reports mixins that include themselves, and mixins that are nested too deeply.
    fn check_mixin_cycles(&mut self) {
        let included: Vec<Vec<usize>> = (0..self.mixins.len())
            .map(|id| {
                let names = self.mixins[id].syntax.mixins.iter();
                let ids = names.filter_map(|name| match self.names.get(&name.value) {
                    Some(Symbol::Mixin(id)) => Some(id),
                    _ => None,
                });
                ids.collect()
            })
            .collect();
        // 0: not seen; otherwise how many mixins are below one another from here on, itself included.
        let mut heights = vec![0usize; included.len()];
        for start in 0..included.len() {
            let mut way: Vec<(usize, usize)> = vec![(start, 0)];
            while let Some((id, n_seen)) = way.last_mut() {
                let (id, at) = (*id, *n_seen);
                *n_seen += 1;
                if heights[id] > 0 {
                    way.pop();
                    continue;
                }
                let Some(next) = included[id].get(at).copied() else {
                    let below = included[id].iter().map(|it| heights[*it]).max();
                    heights[id] = self.checked_height(id, below.unwrap_or(0) + 1);
                    way.pop();
                    continue;
                };
                match way.iter().position(|(other, _)| *other == next) {
                    Some(first) => {
                        let circle = way.iter().skip(first).map(|(id, _)| *id);
                        self.push_mixin_circle(circle.collect());
                    }
                    None => way.push((next, 0)),
                }
            }
        }
    }

    /// Reports a mixin with too many below it; what includes it starts to count anew.
    fn checked_height(&mut self, mixin: usize, height: usize) -> usize {
        if height <= MAX_BASES {
            return height;
        }
        let name = &self.mixins[mixin].syntax.name;
        let message = format!(
            "`{}` has more than {MAX_BASES} mixins below one another",
            name.value
        );
        let help = "name the lowest of them in the models themselves";
        self.error(&codes::BASE_CYCLE, name.span, message, help);
        1
    }

    fn push_mixin_circle(&mut self, mut circle: Vec<usize>) {
        let declared_first = (0..circle.len()).min_by_key(|at| circle.get(*at));
        circle.rotate_left(declared_first.unwrap_or(0));
        let names = circle.iter().map(|id| &self.mixins[*id].syntax.name);
        let names: Vec<&Name> = names.collect();
        let Some(first) = names.first() else { return };
        let path: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        let message = match path.len() {
            1..=MAX_SHOWN => format!(
                "`{0}` includes itself: {1} -> {0}",
                first.value,
                path.join(" -> ")
            ),
            n => format!("`{}` includes itself over {n} steps", first.value),
        };
        let diagnostic = Diagnostic::new(&codes::BASE_CYCLE, first.span, message)
            .help("take one of them out of the `mixins` of another");
        self.push(diagnostic);
    }

    /// Finds a mixin; reports an unknown one only where it is named, not where it comes with another.
    fn expect_mixin(&mut self, name: &Name, is_direct: bool) -> Option<usize> {
        match self.lookup(&name.value) {
            Some(Symbol::Mixin(id)) => Some(id),
            _ if !is_direct => None,
            Some(other) => {
                let message = format!("`{}` is {}, not a mixin", name.value, other.kind());
                let diagnostic = Diagnostic::new(&codes::UNKNOWN_MIXIN, name.span, message);
                self.push(match other {
                    Symbol::Abstract(_) => {
                        diagnostic.help(format!("write `extends = \"{}\"`", name.value))
                    }
                    _ => diagnostic.help("name a mixin, which is declared as `[mixin.Name]`"),
                });
                None
            }
            None => {
                let mixins = self.names.all(|symbol| matches!(symbol, Symbol::Mixin(_)));
                let nearest = self.diagnostics.nearest(&name.value, mixins);
                // What was probably meant is not unused as well.
                if let Some(meant) = nearest {
                    self.lookup(meant);
                }
                let message = format!("unknown mixin `{}`", name.value);
                let diagnostic = Diagnostic::new(&codes::UNKNOWN_MIXIN, name.span, message);
                self.push(match nearest {
                    Some(mixin) => diagnostic.label(format!("did you mean `{mixin}`?")).rename(
                        name,
                        mixin,
                        self.sources,
                    ),
                    None => diagnostic.help(format!("declare it: `[mixin.{}.fields]`", name.value)),
                });
                None
            }
        }
    }

    fn resolve_abstract_base(&mut self, name: Option<&Name>) -> Option<AbstractId> {
        let name = name?;
        match self.lookup(&name.value) {
            Some(Symbol::Abstract(id)) => Some(id),
            Some(other) => {
                let message = format!(
                    "`{}` is {}; an abstract base extends another one",
                    name.value,
                    other.kind()
                );
                let help = match other {
                    Symbol::Mixin(_) => format!("write `mixins = [\"{}\"]`", name.value),
                    _ => "extend a base that is declared as `[abstract.Name]`".to_owned(),
                };
                self.error(&codes::UNKNOWN_BASE, name.span, message, help);
                None
            }
            None => self.unknown_base(name),
        }
    }

    fn unknown_base<T>(&mut self, name: &Name) -> Option<T> {
        let bases = self
            .names
            .all(|it| matches!(it, Symbol::Abstract(_) | Symbol::Model(_)));
        let nearest = self.diagnostics.nearest(&name.value, bases);
        // What was probably meant is not unused as well.
        if let Some(meant) = nearest {
            self.lookup(meant);
        }
        let message = format!("unknown base `{}`", name.value);
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_BASE, name.span, message);
        self.push(match nearest {
            Some(base) => {
                diagnostic
                    .label(format!("did you mean `{base}`?"))
                    .rename(name, base, self.sources)
            }
            None => diagnostic.help(format!(
                "declare it: `[abstract.{0}.fields]` or `[model.{0}.fields]`",
                name.value
            )),
        });
        None
    }

    fn break_abstract_cycles(&mut self) {
        let next: Vec<Option<usize>> = self
            .abstracts
            .values()
            .map(|draft| draft.base.map(crate::ir::Id::index))
            .collect();
        let ids: Vec<AbstractId> = self.abstracts.ids().collect();
        for link in broken_links(&next) {
            let Some(id) = ids.get(link.at).copied() else {
                continue;
            };
            let circle = link.circle.iter().filter_map(|at| ids.get(*at));
            let circle: Vec<&str> = circle
                .map(|id| self.abstracts[*id].syntax.name.value.as_str())
                .collect();
            let name = &self.abstracts[id].syntax.name;
            self.push_broken_link(name, &circle);
            self.abstracts[id].base = None;
        }
    }

    fn break_model_cycles(&mut self) {
        let next: Vec<Option<usize>> = self
            .models
            .values()
            .map(|draft| draft.base.map(crate::ir::Id::index))
            .collect();
        let ids: Vec<ModelId> = self.models.ids().collect();
        for link in broken_links(&next) {
            let Some(id) = ids.get(link.at).copied() else {
                continue;
            };
            let circle = link.circle.iter().filter_map(|at| ids.get(*at));
            let circle: Vec<&str> = circle.map(|id| self.model_name(*id)).collect();
            let name = &self.models[id].syntax.name;
            self.push_broken_link(name, &circle);
            self.models[id].base = None;
            self.models[id].is_poisoned = true;
        }
    }

    fn push_broken_link(&mut self, name: &Name, circle: &[&str]) {
        let message = match circle {
            [] => format!("`{}` has more than {MAX_BASES} bases", name.value),
            [first, ..] if circle.len() <= MAX_SHOWN => {
                format!(
                    "`{first}` extends itself: {} -> {first}",
                    circle.join(" -> ")
                )
            }
            [first, ..] => format!("`{first}` extends itself over {} steps", circle.len()),
        };
        self.push(
            Diagnostic::new(&codes::BASE_CYCLE, name.span, message)
                .note("a chain of bases has an end")
                .help("remove one `extends` of the circle"),
        );
    }

    fn resolve_model_base(&mut self, id: ModelId) {
        let Some(extends) = &self.models[id].syntax.extends else {
            return;
        };
        match self.lookup(&extends.value) {
            Some(Symbol::Abstract(base)) => {
                let mut chain = vec![base];
                while let Some(next) = chain.last().and_then(|last| self.abstracts[*last].base) {
                    chain.push(next);
                }
                chain.reverse();
                self.models[id].abstracts = chain;
            }
            Some(Symbol::Model(base)) => self.models[id].base = Some(base),
            Some(other) => {
                let message = format!("`{}` is {}, not a base", extends.value, other.kind());
                let diagnostic = Diagnostic::new(&codes::UNKNOWN_BASE, extends.span, message);
                let diagnostic = match other {
                    Symbol::Mixin(_) => {
                        diagnostic.help(format!("write `mixins = [\"{}\"]`", extends.value))
                    }
                    _ => diagnostic.help("extend an `[abstract.Name]` or a `[model.Name]`"),
                };
                self.push(diagnostic);
                self.models[id].is_poisoned = true;
            }
            None => {
                self.unknown_base::<()>(extends);
                self.models[id].is_poisoned = true;
            }
        }
    }

    /// Returns the declared fields of a model, in the order of its columns, without those whose name is taken.
    pub(super) fn model_decls(&mut self, id: ModelId) -> Vec<DeclId> {
        let syntax = self.models[id].syntax;
        let bases = self.models[id].abstracts.iter();
        let mut all: Vec<DeclId> = bases
            .flat_map(|base| self.abstracts[*base].all_decls.iter().copied())
            .collect();
        all.extend(&self.models[id].decls);
        all.extend(self.decls_of_mixins(&syntax.mixins));
        let mut by_name: BTreeMap<&'a str, DeclId> = BTreeMap::new();
        let mut decls = Vec::new();
        for decl in all {
            let name = &self.decl(decl).syntax.name;
            match by_name.get(name.value.as_str()).copied() {
                // A mixin that comes twice gives its fields once.
                Some(other) if other == decl => {}
                Some(other) => {
                    let (mut at, mut other) = (name.span, self.decl(other).syntax.name.span);
                    // The one to look at is the model's own, if one of them is.
                    if syntax.fields.iter().any(|field| field.name.span == other) {
                        std::mem::swap(&mut at, &mut other);
                    }
                    let model = &syntax.name.value;
                    let message = format!("`{model}` gets the field `{}` twice", name.value);
                    self.push(
                        Diagnostic::new(&codes::DUPLICATE_FIELD, at, message)
                            .related(other, "it comes from here already")
                            .help("rename one of the two, or remove it"),
                    );
                }
                None => {
                    by_name.insert(&name.value, decl);
                    decls.push(decl);
                }
            }
        }
        decls
    }

    /// Reports own fields whose name a base model has.
    pub(super) fn check_inherited_names(&mut self, id: ModelId) {
        let Some(base) = self.models[id].base else {
            return;
        };
        let inherited: BTreeMap<&str, Span> = self
            .fields_of(base)
            .into_iter()
            .map(|field| (self.field_name(field), self.field_syntax(field).name.span))
            .collect();
        let own = self.models[id].fields.clone();
        let is_new = |field: &FieldId| !inherited.contains_key(self.field_name(*field));
        self.models[id].fields = own.iter().copied().filter(is_new).collect();
        for field in own {
            let name = &self.field_syntax(field).name;
            if let Some(other) = inherited.get(name.value.as_str()) {
                let model = self.model_name(id);
                let message = format!("`{model}` gets the field `{}` twice", name.value);
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_FIELD, name.span, message)
                        .related(*other, "inherited from here")
                        .help("rename one of the two, or remove it"),
                );
            }
        }
    }
}

/// An item at which a chain of bases is to be cut.
struct BrokenLink {
    at: usize,
    /// The circle that it is in, from itself; empty for a chain that is too long.
    circle: Vec<usize>,
}

/// Returns where chains that run in a circle, or are too long, are to be cut.
fn broken_links(next: &[Option<usize>]) -> Vec<BrokenLink> {
    // 0: not seen; otherwise the length of the chain that starts here, once known.
    let mut lengths = vec![0usize; next.len()];
    let mut broken = Vec::new();
    for start in 0..next.len() {
        let mut way = Vec::new();
        let mut on_way = BTreeSet::new();
        let mut at = Some(start);
        let mut length = 0;
        while let Some(here) = at {
            if lengths[here] > 0 {
                length = lengths[here];
                break;
            }
            if !on_way.insert(here) {
                // A circle: cut it at the member that was declared first.
                let mut circle: Vec<usize> =
                    way.iter().copied().skip_while(|it| *it != here).collect();
                let first = (0..circle.len())
                    .min_by_key(|at| circle.get(*at))
                    .unwrap_or(0);
                circle.rotate_left(first);
                broken.extend(circle.first().copied().map(|at| BrokenLink { at, circle }));
                break;
            }
            way.push(here);
            at = next.get(here).copied().flatten();
        }
        for item in way.into_iter().rev() {
            length += 1;
            if length > MAX_BASES {
                broken.push(BrokenLink {
                    at: item,
                    circle: Vec::new(),
                });
                length = 1;
            }
            lengths[item] = length;
        }
    }
    broken
}
