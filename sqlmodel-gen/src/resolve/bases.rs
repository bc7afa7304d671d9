//! Pass 3: mixins, abstract bases and families; each model gets its fields.
//!
//! The columns of a model are those of its abstract base, then its own, then those of its mixins: a key comes first,
//! timestamps last.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    AbstractId, Discriminator, Family, FamilyId, FieldId, Id as _, ModelId, Scalar, Strategy,
    Validation,
};
use crate::resolve::names::Symbol;
use crate::resolve::{Decl, DeclId, FieldDraft, MAX_BASES, MAX_COLUMNS, MAX_COST, Resolver};
use crate::source::Span;
use crate::syntax::{Inheritance, Name};

impl<'a> Resolver<'a> {
    pub(super) fn resolve_bases(&mut self) {
        for id in 0..self.mixins.len() {
            for name in &self.mixins[id].syntax.mixins {
                self.expect_mixin(name, true);
            }
        }
        for id in self.abstracts.ids() {
            let syntax = self.abstracts[id].syntax;
            self.abstracts[id].base = self.resolve_abstract_base(syntax.extends.as_ref());
        }
        self.break_abstract_cycles();
        for id in self.models.ids() {
            self.resolve_model_base(id);
        }
        self.break_model_cycles();
        self.resolve_families();
    }

    /// Gives every abstract base and every model its fields; false if the schema is too large.
    ///
    /// What a field costs is counted in each model that has it, inherited or not, which bounds the work and memory of every
    /// later pass. A model with more fields than any table may have columns is not looked at either.
    pub(super) fn build_fields(&mut self) -> bool {
        let costs: Vec<usize> = self.decls.iter().map(|decl| self.cost(decl)).collect();
        let cost_of =
            |decls: &[DeclId]| -> usize { decls.iter().filter_map(|decl| costs.get(decl.0)).sum() };
        let mut cost = 0;
        for id in self.abstracts.ids() {
            let mut decls = self.abstracts[id].decls.clone();
            decls.extend(self.decls_of_mixins(&self.abstracts[id].syntax.mixins));
            cost += cost_of(&decls);
            if cost > MAX_COST || decls.len() > MAX_COLUMNS {
                return self.too_large(self.abstracts[id].syntax.name.span);
            }
            self.abstracts[id].all_decls = decls;
        }
        let mut own_costs = Vec::new();
        for id in self.models.ids() {
            let decls = self.model_decls(id);
            own_costs.push(1 + cost_of(&decls));
            cost += 1 + cost_of(&decls);
            if cost > MAX_COST || decls.len() > MAX_COLUMNS {
                return self.too_large(self.models[id].syntax.name.span);
            }
            let fields = decls.into_iter().map(|decl| FieldDraft {
                decl,
                model: Some(id),
            });
            self.models[id].fields = fields.map(|field| self.fields.push(field)).collect();
        }
        for id in self.models.ids() {
            let chain = self.chain(id);
            cost += chain
                .iter()
                .filter_map(|base| own_costs.get(base.index()))
                .sum::<usize>();
            let n_fields: usize = chain
                .iter()
                .map(|base| self.models[*base].fields.len())
                .sum();
            if cost > MAX_COST || n_fields > MAX_COLUMNS || self.n_columns(id) > MAX_COLUMNS {
                return self.too_large(self.models[id].syntax.name.span);
            }
            self.check_inherited_names(id);
        }
        for id in self.abstracts.ids() {
            for decl in self.abstracts[id].all_decls.clone() {
                self.fields.push(FieldDraft { decl, model: None });
            }
        }
        true
    }

    /// Returns what a field costs in each model that has it: one, and more for long texts and large enums.
    fn cost(&self, decl: &Decl<'_>) -> usize {
        let text = (decl.syntax.span.range().len() + 31) / 256;
        let values = match decl.ty.as_ref().map(|ty| ty.scalar) {
            Some(Scalar::Enum(id)) => self.enums[id].as_ref().map_or(0, |it| it.values.len()),
            Some(Scalar::Named(id)) => {
                let rules = self.types[id].as_ref().map(|it| it.validate.iter());
                rules.into_iter().flatten().map(n_values).sum()
            }
            Some(Scalar::Builtin(_)) | None => 0,
        };
        1 + text + values / 16
    }

    /// Returns the number of columns of the table of a single-table family, at its root.
    fn n_columns(&self, root: ModelId) -> usize {
        let family = self.models[root].family.map(|id| &self.families[id]);
        let family = family.filter(|it| it.root == root && it.strategy == Strategy::SingleTable);
        let members = family.map(|family| family.members.iter());
        members
            .into_iter()
            .flatten()
            .map(|member| self.models[*member].fields.len())
            .sum()
    }

    fn too_large(&mut self, span: Span) -> bool {
        self.push(
            Diagnostic::new(&codes::TOO_LARGE, span, "the schema is too large").note(format!(
                "a model may have {MAX_COLUMNS} fields, and all models together about {MAX_COST}, inherited ones counted in each"
            )),
        );
        false
    }

    /// Returns the fields of mixins, each field once, although two mixins may take it from a third.
    fn decls_of_mixins(&mut self, names: &[Name]) -> Vec<DeclId> {
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
                    _ => diagnostic,
                });
                None
            }
            None => {
                let mixins = self.names.all(|symbol| matches!(symbol, Symbol::Mixin(_)));
                let nearest = self.diagnostics.nearest(&name.value, mixins);
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
                self.error(&codes::UNKNOWN_BASE, name.span, message);
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
        for at in broken_links(&next) {
            let Some(id) = ids.get(at).copied() else {
                continue;
            };
            let name = &self.abstracts[id].syntax.name;
            self.push_base_cycle(name);
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
        for at in broken_links(&next) {
            let Some(id) = ids.get(at).copied() else {
                continue;
            };
            let name = &self.models[id].syntax.name;
            self.push_base_cycle(name);
            self.models[id].base = None;
            self.models[id].is_poisoned = true;
        }
        // What extends a model with unknown bases has unknown bases.
        for id in self.models.ids() {
            if self
                .chain(id)
                .iter()
                .any(|base| self.models[*base].is_poisoned)
            {
                self.models[id].is_poisoned = true;
            }
        }
    }

    fn push_base_cycle(&mut self, name: &Name) {
        let message = format!("`{}` extends itself, or too many bases", name.value);
        self.push(
            Diagnostic::new(&codes::BASE_CYCLE, name.span, message).note(format!(
                "a chain of bases has an end, after at most {MAX_BASES} steps"
            )),
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
                    _ => diagnostic,
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

    fn resolve_families(&mut self) {
        let mut by_root: BTreeMap<ModelId, Vec<ModelId>> = BTreeMap::new();
        for id in self.models.ids() {
            let root = self.chain(id).first().copied().unwrap_or(id);
            by_root.entry(root).or_default().push(id);
        }
        for (root, members) in by_root {
            if self.models[root].is_poisoned {
                continue;
            }
            match &self.models[root].syntax.inheritance {
                Some(inheritance) => self.build_family(root, inheritance, members),
                None => self.check_no_family(root, &members),
            }
        }
    }

    /// Checks the members of what is not a family: one model, or models whose root forgot to be one.
    fn check_no_family(&mut self, root: ModelId, members: &[ModelId]) {
        let syntax = self.models[root].syntax;
        let child = members.iter().copied().find(|member| *member != root);
        if let Some(child) = child {
            let Some(extends) = &self.models[child].syntax.extends else {
                return;
            };
            let message = format!("`{}` has no inheritance strategy", syntax.name.value);
            self.push(
                Diagnostic::new(&codes::NO_STRATEGY, extends.span, message)
                    .label("extended here")
                    .related(syntax.name.span, "the model at the root of the family")
                    .help("add `inheritance = { strategy = \"joined\", discriminator = \"kind\" }` to the root, or make it `[abstract.*]`"),
            );
            for member in members {
                self.models[*member].is_poisoned = true;
            }
            return;
        }
        if let Some(is_abstract) = syntax.is_abstract.as_ref().filter(|it| it.value) {
            let message = format!(
                "`{}` is abstract, and no model extends it",
                syntax.name.value
            );
            self.push(
                Diagnostic::new(&codes::ABSTRACT_ALONE, is_abstract.span, message).help(format!(
                    "for fields that models share, write `[abstract.{}]`",
                    syntax.name.value
                )),
            );
        }
        if let Some(tag) = &syntax.tag {
            self.misplaced_tag(
                tag.span,
                &syntax.name.value,
                "is in no family with a discriminator",
            );
        }
    }

    fn build_family(&mut self, root: ModelId, inheritance: &'a Inheritance, members: Vec<ModelId>) {
        let Some(strategy) = &inheritance.strategy else {
            for member in members {
                self.models[member].is_poisoned = true;
            }
            return;
        };
        let strategy = strategy.value;
        let id = self.families.next_id();
        let members = self.in_order(root, &members);
        for member in &members {
            self.models[*member].family = Some(id);
            if *member != root {
                self.check_member(*member, strategy);
            }
        }
        self.check_has_rows(root, &members);
        if let Some(union_view) = &inheritance.union_view
            && strategy != Strategy::Concrete
        {
            let message = "`union_view` is for the concrete strategy";
            self.push(
                Diagnostic::new(&codes::STRATEGY_OPTION, union_view.span, message)
                    .note("with one root table, every row of the family is in it already"),
            );
        }
        let column = self.discriminator_column(inheritance, strategy);
        self.families.push(Family {
            root,
            strategy,
            members,
            // The values wait for the fields: see `resolve_discriminators`.
            discriminator: column.map(|column| Discriminator {
                column,
                field: None,
                values: Vec::new(),
            }),
            has_union_view: inheritance.union_view.as_ref().is_some_and(|it| it.value),
        });
    }

    /// Returns the members, each base before its children.
    fn in_order(&self, root: ModelId, members: &[ModelId]) -> Vec<ModelId> {
        let mut children: BTreeMap<ModelId, Vec<ModelId>> = BTreeMap::new();
        for member in members {
            if let Some(base) = self.models[*member].base {
                children.entry(base).or_default().push(*member);
            }
        }
        let mut order = Vec::new();
        let mut open = vec![root];
        while let Some(member) = open.pop() {
            order.push(member);
            open.extend(
                children
                    .remove(&member)
                    .unwrap_or_default()
                    .into_iter()
                    .rev(),
            );
        }
        order
    }

    fn check_member(&mut self, member: ModelId, strategy: Strategy) {
        let syntax = self.models[member].syntax;
        let name = &syntax.name.value;
        if let Some(inheritance) = &syntax.inheritance {
            let message = format!("`{name}` cannot choose a strategy: the root of its family does");
            self.push(
                Diagnostic::new(&codes::STRATEGY_OF_CHILD, inheritance.span, message)
                    .help("remove `inheritance` here"),
            );
        }
        let table = [&syntax.table, &syntax.schema, &syntax.key_name]
            .into_iter()
            .flatten()
            .next();
        if let Some(table) = table
            && strategy == Strategy::SingleTable
        {
            let message =
                format!("`{name}` has no table of its own: its rows are in its root's table");
            self.push(
                Diagnostic::new(&codes::STRATEGY_OPTION, table.span, message)
                    .help("name the table in the root of the family"),
            );
        }
    }

    fn check_has_rows(&mut self, root: ModelId, members: &[ModelId]) {
        if members
            .iter()
            .all(|member| self.models[*member].is_abstract)
        {
            let name = &self.models[root].syntax.name;
            let message = format!("every model of the family of `{}` is abstract", name.value);
            self.push(
                Diagnostic::new(&codes::ABSTRACT_ALONE, name.span, message)
                    .help("remove `abstract = true` where rows are stored"),
            );
        }
    }

    fn discriminator_column(
        &mut self,
        inheritance: &Inheritance,
        strategy: Strategy,
    ) -> Option<String> {
        match (&inheritance.discriminator, strategy) {
            (Some(column), Strategy::SingleTable | Strategy::Joined) => {
                crate::resolve::names::check_snake_case(column, "a discriminator", self.diagnostics)
                    .then(|| column.value.clone())
            }
            (Some(column), Strategy::Concrete) => {
                let message = "the concrete strategy has no discriminator";
                self.push(
                    Diagnostic::new(&codes::STRATEGY_OPTION, column.span, message)
                        .note("each model has a table of its own, which tells what its rows are"),
                );
                None
            }
            (None, Strategy::Concrete) => None,
            (None, Strategy::SingleTable | Strategy::Joined) => {
                let message = "the strategy needs a discriminator";
                self.push(
                    Diagnostic::new(&codes::NO_DISCRIMINATOR, inheritance.span, message)
                        .help("add `discriminator = \"kind\"`, the column that tells which model a row is"),
                );
                None
            }
        }
    }

    pub(super) fn misplaced_tag(&mut self, span: Span, name: &str, why: &str) {
        let message = format!("`{name}` cannot have a tag: it {why}");
        self.push(Diagnostic::new(&codes::TAG, span, message).help("remove `tag`"));
    }

    /// Returns the declared fields of a model, in the order of its columns, without those whose name is taken.
    fn model_decls(&mut self, id: ModelId) -> Vec<DeclId> {
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
    fn check_inherited_names(&mut self, id: ModelId) {
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

    pub(super) fn strategy(&self, family: Option<FamilyId>) -> Option<Strategy> {
        family.map(|family| self.families[family].strategy)
    }
}

/// Returns the items at which chains that run in a circle, or are too long, are to be cut.
fn broken_links(next: &[Option<usize>]) -> Vec<usize> {
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
                let from = way.iter().position(|item| *item == here).unwrap_or(0);
                broken.extend(way.get(from..).into_iter().flatten().min());
                break;
            }
            way.push(here);
            at = next.get(here).copied().flatten();
        }
        for item in way.into_iter().rev() {
            length += 1;
            if length > MAX_BASES {
                broken.push(item);
                length = 1;
            }
            lengths[item] = length;
        }
    }
    broken
}

/// Returns the number of constants in a rule.
fn n_values(rule: &Validation) -> usize {
    match rule {
        Validation::OneOf(values) => values.len(),
        _ => 1,
    }
}
