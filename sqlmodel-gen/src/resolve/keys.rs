//! Pass 4: primary keys; a reference takes its type from the key it leads to.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Builtin, FieldId, FieldType, ModelId, Scalar};
use crate::resolve::names::Symbol;
use crate::resolve::{DeclId, Resolver};
use crate::source::Span;
use crate::syntax::{self, Key, Name, Reference};

impl Resolver<'_> {
    pub(super) fn resolve_keys(&mut self) {
        for id in self.models.ids() {
            match self.models[id].base {
                None => self.resolve_key(id),
                Some(_) => self.check_no_key(id),
            }
        }
        // Members of a family have the key of its root.
        for id in self.models.ids() {
            if let Some(root) = self.chain(id).first().copied().filter(|root| *root != id) {
                self.models[id].key = self.models[root].key.clone();
            }
        }
    }

    fn resolve_key(&mut self, model: ModelId) {
        let is_key = |field: &FieldId| self.field_syntax(*field).key.is_some();
        let key: Vec<FieldId> = self.models[model]
            .fields
            .iter()
            .copied()
            .filter(is_key)
            .collect();
        // The key may be in what could not be read.
        let syntax = self.models[model].syntax;
        let is_bare = syntax.is_bare() && !syntax.is_partial;
        let has_lost = (self.models[model].is_poisoned && !is_bare) || syntax.has_mistakes;
        if key.is_empty() && !has_lost {
            let name = &syntax.name;
            let message = format!("`{}` has no primary key", name.value);
            let diagnostic = Diagnostic::new(&codes::NO_KEY, name.span, message);
            let others = self.models.values().map(|it| it.syntax);
            let others = others.filter(|it| is_bare && !it.is_bare());
            let others: Vec<&str> = others.map(|it| it.name.value.as_str()).collect();
            self.push(match self.diagnostics.nearest(&name.value, others) {
                Some(other) => diagnostic.meant(other),
                None => {
                    diagnostic.help("add `id = { type = \"i64\", key = \"auto\" }` to its fields")
                }
            });
        }
        let is_auto = |field: &FieldId| {
            self.field_syntax(*field)
                .key
                .as_ref()
                .is_some_and(|key| key.value == Key::Auto)
        };
        let autos: Vec<FieldId> = key.iter().copied().filter(is_auto).collect();
        if let [first, second, rest @ ..] = autos.as_slice() {
            self.push_several_auto(model, *first, *second, rest);
        } else if let Some(auto) = autos.first()
            && let Some(other) = key.iter().copied().find(|field| field != auto)
        {
            let (auto, other) = (self.field_syntax(*auto), self.field_syntax(other));
            let message = format!(
                "`{}` cannot be `auto` in a key of several fields",
                auto.name.value
            );
            self.push(
                Diagnostic::new(&codes::AUTO_KEY, auto.name.span, message)
                    .related(other.name.span, "also in the key")
                    .help("leave one key field, or write `key = true` in all of them"),
            );
        }
        self.models[model].key = key;
    }

    fn push_several_auto(
        &mut self,
        model: ModelId,
        first: FieldId,
        second: FieldId,
        rest: &[FieldId],
    ) {
        let number = if rest.is_empty() { "two" } else { "several" };
        let message = format!("`{}` has {number} `auto` keys", self.model_name(model));
        let place = |field: FieldId| self.field_syntax(field).name.span;
        let diagnostic = Diagnostic::new(&codes::AUTO_KEY, place(second), message)
            .related(place(first), "counted up already")
            .note("a database counts up one column of a table, and it is the whole key")
            .help("keep `key = \"auto\"` in one field; in a key of several fields, write `key = true` in each");
        let diagnostic = rest.iter().fold(diagnostic, |diagnostic, field| {
            diagnostic.related(place(*field), "another one")
        });
        self.push(diagnostic);
    }

    fn check_no_key(&mut self, model: ModelId) {
        for field in self.models[model].fields.clone() {
            let Some(key) = &self.field_syntax(field).key else {
                continue;
            };
            let name = self.model_name(model);
            let message =
                format!("`{name}` has the key of its base, and cannot have one of its own");
            self.push(
                Diagnostic::new(&codes::KEY_OF_CHILD, key.span, message).help("remove `key`"),
            );
        }
    }

    /// Gives each reference the type of what it leads to, and reports those that lead nowhere.
    pub(super) fn resolve_reference_types(&mut self) {
        for id in (0..self.decls.len()).map(DeclId) {
            if let Some(reference) = &self.decl(id).syntax.reference {
                self.check_reference(reference);
            }
        }
        let mut lost = BTreeSet::new();
        for id in (0..self.decls.len()).map(DeclId) {
            self.resolve_reference_type(id, &mut lost);
        }
    }

    /// Follows references from key to key until one has a type, and gives it to all on the way.
    ///
    /// `lost` are those that lead nowhere or in a circle.
    fn resolve_reference_type(&mut self, start: DeclId, lost: &mut BTreeSet<DeclId>) {
        let mut way: Vec<DeclId> = Vec::new();
        let mut on_way = BTreeSet::new();
        let mut at = start;
        let ty = loop {
            let decl = self.decl(at);
            if decl.ty.is_some() {
                break decl.ty.clone();
            }
            if lost.contains(&at) {
                break None;
            }
            if !on_way.insert(at) {
                let circle = way.iter().copied().skip_while(|it| *it != at);
                self.push_typeless(circle.collect());
                break None;
            }
            way.push(at);
            let reference = decl.syntax.reference.as_ref();
            match reference.and_then(|it| self.referenced_field(it)) {
                Some(field) => at = self.fields[field].decl,
                None => break None,
            }
        };
        for id in way {
            match (&ty, &self.decl(id).syntax.reference) {
                (Some(ty), Some(reference)) => {
                    self.decls[id.0].ty = Some(FieldType {
                        is_nullable: reference.is_nullable,
                        ..ty.clone()
                    });
                }
                _ => {
                    lost.insert(id);
                }
            }
        }
    }

    /// Reports references that take their type from each other.
    fn push_typeless(&mut self, circle: Vec<DeclId>) {
        let names: Vec<&Name> = circle
            .iter()
            .map(|id| &self.decl(*id).syntax.name)
            .collect();
        let Some(first) = names.iter().min_by_key(|name| name.span).copied() else {
            return;
        };
        let message = format!("the type of `{}` would be its own", first.value);
        let mut diagnostic = Diagnostic::new(&codes::KEY_CYCLE, first.span, message)
            .label("it takes the type of the key that it references")
            .help("give the key of one of the models a type: `id = { type = \"i64\", key = \"auto\" }`");
        for name in names.iter().filter(|name| name.span != first.span).take(8) {
            diagnostic = diagnostic.related(name.span, "which takes this one's");
        }
        let spans: Vec<Span> = names.iter().map(|name| name.span).collect();
        self.typeless.extend(spans);
        self.push(diagnostic);
    }

    /// Returns the model that a reference leads to.
    pub(super) fn referenced_model(&self, reference: &Reference) -> Option<ModelId> {
        match self.names.get(&reference.target.value)? {
            Symbol::Model(model) => Some(model),
            _ => None,
        }
    }

    /// Returns the field that a reference leads to: the one it names, else the key of one field.
    pub(super) fn referenced_field(&self, reference: &Reference) -> Option<FieldId> {
        let model = self.referenced_model(reference)?;
        match &reference.field {
            Some(field) => self.find_field(model, &field.value),
            None => match self.models[model].key.as_slice() {
                [key] => Some(*key),
                _ => None,
            },
        }
    }

    fn check_reference(&mut self, reference: &Reference) {
        let Some(target) = self.expect_model(&reference.target, "a reference") else {
            return;
        };
        if self.models[target].is_poisoned {
            return;
        }
        if let Some(name) = &reference.field {
            if let Some(field) = self.expect_field(target, name) {
                self.check_is_unique(target, &[field], name.span);
            }
            return;
        }
        if self.models[target].key.len() > 1 {
            let model = self.model_name(target);
            let key = self.models[target]
                .key
                .iter()
                .map(|field| self.field_name(*field));
            let key: Vec<&str> = key.collect();
            let message = format!(
                "one field cannot reference `{model}`, whose key has {} fields",
                key.len()
            );
            self.push(
                Diagnostic::new(&codes::COMPOSITE_TARGET, reference.span, message)
                    .note(format!("the key of `{model}` is {}", syntax::list(&key)))
                    .help(format!("declare fields for all of them, and `[[model.*.foreign_keys]]` with `ref = \"{model}\"`")),
            );
        }
    }

    /// Finds a model that something leads to, or reports that there is none.
    pub(super) fn expect_model(&mut self, name: &Name, what: &str) -> Option<ModelId> {
        match self.lookup(&name.value) {
            Some(Symbol::Model(model)) => Some(model),
            Some(other) => {
                let message = format!(
                    "{what} leads to a model, and `{}` is {}",
                    name.value,
                    other.kind()
                );
                let help = match other {
                    Symbol::Type(_) | Symbol::Enum(_) => {
                        format!("for a column of it, write `type = \"{}\"`", name.value)
                    }
                    _ => "name a model, which is declared as `[model.Name]`".to_owned(),
                };
                self.error(&codes::UNKNOWN_RELATION_TARGET, name.span, message, help);
                None
            }
            None if self.is_declared_in_other_case(name) => None,
            None => {
                let models = self.names.all(|symbol| matches!(symbol, Symbol::Model(_)));
                let nearest = self.diagnostics.nearest(&name.value, models);
                let message = format!("unknown model `{}`", name.value);
                let diagnostic =
                    Diagnostic::new(&codes::UNKNOWN_RELATION_TARGET, name.span, message);
                self.push(match nearest {
                    Some(model) => diagnostic.label(format!("did you mean `{model}`?")).rename(
                        name,
                        model,
                        self.sources,
                    ),
                    None => diagnostic.help(format!("declare it: `[model.{}.fields]`", name.value)),
                });
                None
            }
        }
    }

    /// Reports fields that are not unique together, and so can be no target of a foreign key.
    pub(super) fn check_is_unique(&mut self, model: ModelId, fields: &[FieldId], span: Span) {
        if self.is_unique(model, fields) {
            return;
        }
        let names: Vec<&str> = fields.iter().map(|field| self.field_name(*field)).collect();
        let model = self.model_name(model);
        let message = format!(
            "{} of `{model}` may repeat, so nothing can reference it",
            syntax::list(&names)
        );
        self.push(
            Diagnostic::new(&codes::TARGET_NOT_UNIQUE, span, message)
                .help("add `unique = true` there, or reference the key"),
        );
    }

    /// Returns whether fields are, in any order, the key or a unique key of a model or its bases.
    pub(super) fn is_unique(&self, model: ModelId, fields: &[FieldId]) -> bool {
        let same = |key: &[FieldId]| {
            key.len() == fields.len() && key.iter().all(|field| fields.contains(field))
        };
        if same(&self.models[model].key) {
            return true;
        }
        if let [field] = fields
            && self.field_syntax(*field).unique.is_some()
        {
            return true;
        }
        self.chain(model).into_iter().any(|id| {
            self.models[id].syntax.uniques.iter().any(|unique| {
                let is_named =
                    |name: &Name| fields.iter().any(|it| self.field_name(*it) == name.value);
                unique.on.len() == fields.len() && unique.on.iter().all(is_named)
            })
        })
    }

    /// Returns whether a type can be compared for a key or index on every database.
    pub(super) fn is_key_type(&self, ty: &FieldType) -> bool {
        let builtin = match ty.scalar {
            Scalar::Builtin(builtin) => Some(builtin),
            Scalar::Named(id) => self.types[id].as_ref().map(|ty| ty.base),
            Scalar::Enum(_) => None,
        };
        !ty.is_array && !matches!(builtin, Some(Builtin::Json | Builtin::F32 | Builtin::F64))
    }
}
