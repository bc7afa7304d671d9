//! Pass 6: relations, both sides of each, and the foreign keys they stand on.

use std::collections::BTreeMap;

use sqlmodel_sql::{Action, Deferrable};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    Discriminator, DiscriminatorValue, FieldId, FieldPair, Id as _, Join, ModelId, Relation,
    RelationId, RelationKind, Strategy,
};
use crate::resolve::case::to_snake_case;
use crate::resolve::names::check_snake_case;
use crate::resolve::{ForeignKeyDraft, ForeignKeyOptions, Resolver};
use crate::source::Span;
use crate::syntax::{self, ManyToMany, Name, Node, ReferenceOptions, Spanned, Value};

impl<'a> Resolver<'a> {
    pub(super) fn resolve_relations(&mut self) {
        self.resolve_discriminators();
        for id in self.models.ids() {
            self.resolve_field_references(id);
            self.resolve_composite_keys(id);
        }
        for id in self.models.ids() {
            let syntax = self.models[id].syntax;
            for relation in &syntax.relations {
                self.resolve_many_to_many(id, relation);
            }
        }
        self.sort_relations();
        self.check_relation_names();
    }

    /// Makes a foreign key, and the relation on it, of each field with `ref`.
    fn resolve_field_references(&mut self, model: ModelId) {
        for field in self.models[model].fields.clone() {
            let syntax = self.field_syntax(field);
            let Some(reference) = &syntax.reference else {
                continue;
            };
            let Some(target) = self.referenced_model(reference) else {
                continue;
            };
            let Some(target_field) = self.referenced_field(reference) else {
                continue;
            };
            let name = self.relation_name(syntax, &reference.options);
            let foreign_key = ForeignKeyDraft {
                fields: vec![field],
                target,
                target_fields: vec![target_field],
                options: foreign_key_options(&reference.options),
                span: syntax.name.span,
            };
            let doc = syntax.doc.clone();
            self.add_foreign_key(model, foreign_key, &reference.options, name, doc);
        }
    }

    /// Returns the name of the relation on a field: as written, or the field's without `_id`.
    fn relation_name(&mut self, field: &syntax::Field, options: &ReferenceOptions) -> Option<Name> {
        if let Some(relation) = &options.relation {
            return named(relation);
        }
        let name = &field.name;
        if let Some(stem) = name
            .value
            .strip_suffix("_id")
            .filter(|stem| !stem.is_empty())
        {
            return Some(Name::new(stem.to_owned(), name.span));
        }
        let message = format!("the relation of `{}` has no name", name.value);
        self.push(
            Diagnostic::new(&codes::UNNAMED_RELATION, name.span, message)
                .note("a field that ends with `_id` gives its relation the name before that")
                .help(format!("rename the field to `{0}_id`, or add `relation = \"..\"`, or `relation = false` for none", name.value)),
        );
        None
    }

    fn resolve_composite_keys(&mut self, model: ModelId) {
        let syntax = self.models[model].syntax;
        for key in &syntax.foreign_keys {
            let fields = self.expect_fields(model, &key.on);
            let target = key
                .target
                .as_ref()
                .and_then(|it| self.expect_model(it, "a foreign key"));
            let (Some(fields), Some(target)) = (fields, target) else {
                continue;
            };
            let target_fields = match key.to.as_slice() {
                [] => Some(self.models[target].key.clone()),
                to => self.expect_fields(target, to),
            };
            let Some(target_fields) =
                target_fields.filter(|it| !it.is_empty() && !fields.is_empty())
            else {
                continue;
            };
            if !self.check_matching_types(key, &fields, target, &target_fields) {
                continue;
            }
            self.check_is_unique(target, &target_fields, key.span);
            let foreign_key = ForeignKeyDraft {
                fields,
                target,
                target_fields,
                options: foreign_key_options(&key.options),
                span: key.span,
            };
            let name = match &key.options.relation {
                Some(relation) => named(relation),
                // Without a name there is a key and no relation: its fields suggest none.
                None => None,
            };
            self.add_foreign_key(model, foreign_key, &key.options, name, key.doc.clone());
        }
    }

    pub(super) fn expect_fields(&mut self, model: ModelId, names: &[Name]) -> Option<Vec<FieldId>> {
        let fields: Vec<_> = names
            .iter()
            .map(|name| self.expect_field(model, name))
            .collect();
        fields.into_iter().collect()
    }

    fn check_matching_types(
        &mut self,
        key: &syntax::ForeignKey,
        fields: &[FieldId],
        target: ModelId,
        target_fields: &[FieldId],
    ) -> bool {
        let names = |resolver: &Self, fields: &[FieldId]| {
            let names: Vec<&str> = fields
                .iter()
                .map(|field| resolver.field_name(*field))
                .collect();
            syntax::list(&names)
        };
        let target_name = self.model_name(target);
        if fields.len() != target_fields.len() {
            let message = format!(
                "the foreign key has {}, and {} referenced",
                count(fields.len(), "field", "fields"),
                count(target_fields.len(), "is", "are"),
            );
            let note = format!(
                "`{target_name}` is referenced by {}",
                names(self, target_fields)
            );
            self.push(Diagnostic::new(&codes::FOREIGN_KEY_SHAPE, key.span, message).note(note));
            return false;
        }
        for (near, far) in fields.iter().zip(target_fields) {
            let (Some(near_ty), Some(far_ty)) = (self.field_type(*near), self.field_type(*far))
            else {
                return false;
            };
            if (near_ty.scalar, near_ty.is_array) != (far_ty.scalar, far_ty.is_array) {
                let (near, far) = (self.field_syntax(*near), self.field_syntax(*far));
                let message = format!(
                    "`{}` and `{target_name}.{}` are of different types",
                    near.name.value, far.name.value
                );
                self.push(
                    Diagnostic::new(&codes::FOREIGN_KEY_SHAPE, key.span, message)
                        .related(near.name.span, "the field")
                        .related(far.name.span, "what it references"),
                );
                return false;
            }
        }
        true
    }

    /// Adds a foreign key to a model, its relation and the inverse of it.
    fn add_foreign_key(
        &mut self,
        model: ModelId,
        key: ForeignKeyDraft,
        options: &ReferenceOptions,
        name: Option<Name>,
        doc: Option<String>,
    ) {
        self.check_actions(&key, options);
        self.check_reference_target(model, &key, options);
        let is_nullable =
            |field: &FieldId| self.field_type(*field).is_some_and(|ty| ty.is_nullable);
        let is_optional = key.fields.iter().any(is_nullable);
        let pairs: Vec<FieldPair> = key
            .fields
            .iter()
            .zip(&key.target_fields)
            .map(|(near, far)| FieldPair {
                near: *near,
                far: *far,
            })
            .collect();
        let reversed = pairs
            .iter()
            .map(|pair| FieldPair {
                near: pair.far,
                far: pair.near,
            })
            .collect();
        let (target, is_unique) = (key.target, self.is_unique(model, &key.fields));
        self.models[model].foreign_keys.push(key);
        let Some(name) = name else {
            if let Some(inverse) = &options.inverse {
                let message = format!(
                    "the inverse `{}` has no relation to be the other side of",
                    inverse.value
                );
                self.push(
                    Diagnostic::new(&codes::UNNAMED_RELATION, inverse.span, message)
                        .help("add `relation = \"..\"`"),
                );
            }
            return;
        };
        let relation = Relation {
            name: name.value.clone(),
            model,
            target,
            doc,
            kind: RelationKind::ToOne { is_optional },
            join: Join::Direct(pairs),
            inverse: None,
            span: name.span,
        };
        let kind = if is_unique {
            RelationKind::HasOne
        } else {
            RelationKind::ToMany
        };
        self.add_relation(
            relation,
            options.inverse.as_ref(),
            kind,
            Join::Direct(reversed),
        );
    }

    /// Adds a relation, and the other side if it is named.
    fn add_relation(
        &mut self,
        relation: Relation,
        inverse: Option<&Name>,
        inverse_kind: RelationKind,
        inverse_join: Join,
    ) {
        check_snake_case(
            &Name::new(relation.name.clone(), relation.span),
            "a relation",
            self.diagnostics,
        );
        let id = self.relations.next_id();
        let (model, target) = (relation.model, relation.target);
        self.relations.push(relation);
        self.models[model].relations.push(id);
        let Some(name) = inverse else { return };
        check_snake_case(name, "a relation", self.diagnostics);
        let other = self.relations.push(Relation {
            name: name.value.clone(),
            model: target,
            target: model,
            doc: None,
            kind: inverse_kind,
            join: inverse_join,
            inverse: Some(id),
            span: name.span,
        });
        self.relations[id].inverse = Some(other);
        self.models[target].relations.push(other);
    }

    /// Checks what the database is to do with rows that lose what they reference.
    fn check_actions(&mut self, key: &ForeignKeyDraft, options: &ReferenceOptions) {
        for (what, action) in [
            ("on_delete", &options.on_delete),
            ("on_update", &options.on_update),
        ] {
            let Some(action) = action else { continue };
            for field in &key.fields {
                let Some(ty) = self.field_type(*field) else {
                    continue;
                };
                let (is_nullable, syntax) = (ty.is_nullable, self.field_syntax(*field));
                let name = &syntax.name.value;
                if action.value == Action::SetNull && !is_nullable {
                    let message = format!("`{what} = \"set_null\"`, and `{name}` cannot be null");
                    let target = self.model_name(key.target);
                    self.push(
                        Diagnostic::new(&codes::SET_NULL, action.span, message)
                            .related(crate::resolve::fields::type_span(syntax), "not nullable")
                            .help(format!("allow null: `ref = \"{target}?\"`, or choose `cascade` or `restrict`")),
                    );
                }
                if action.value == Action::SetDefault && syntax.default.is_none() && !is_nullable {
                    let message =
                        format!("`{what} = \"set_default\"`, and `{name}` has no default");
                    self.push(
                        Diagnostic::new(&codes::SET_DEFAULT, action.span, message)
                            .help("add `default = ..`, the key of a row that is always there"),
                    );
                }
            }
        }
    }

    /// Checks what inheritance makes of a foreign key, at both ends.
    fn check_reference_target(
        &mut self,
        model: ModelId,
        key: &ForeignKeyDraft,
        options: &ReferenceOptions,
    ) {
        let family = self.models[model].family;
        if let Some(on_delete) = &options.on_delete
            && on_delete.value == Action::Cascade
            && self.strategy(family) == Some(Strategy::Joined)
            && self.models[model].base.is_some()
        {
            let name = self.model_name(model);
            let message =
                format!("a cascade into the table of `{name}` leaves half of its rows behind");
            self.push(
                Diagnostic::new(&codes::CASCADE_INTO_CHILD, on_delete.span, message)
                    .note("the database would delete the row of the child's table and keep that of its base")
                    .help("move the field to the root of the family, or write `on_delete = \"restrict\"`"),
            );
        }
        let target_family = self.models[key.target].family;
        if self.strategy(target_family) == Some(Strategy::Concrete)
            && self.models[key.target].is_abstract
        {
            let target = self.model_name(key.target);
            let message = format!("`{target}` has no table that could be referenced");
            self.push(
                Diagnostic::new(&codes::NO_TABLE, key.span, message)
                    .note("with the concrete strategy, its rows are in the tables of its children")
                    .help("reference one of its children, or choose `strategy = \"joined\"`"),
            );
        }
    }

    fn resolve_many_to_many(&mut self, model: ModelId, syntax: &'a ManyToMany) {
        let target = syntax
            .target
            .as_ref()
            .and_then(|name| self.expect_model(name, "a relation"));
        let link = syntax
            .link
            .as_ref()
            .and_then(|name| self.expect_model(name, "a link"));
        let (Some(target), Some(link)) = (target, link) else {
            return;
        };
        let Some((source, far)) = self.link_keys(model, target, link, syntax) else {
            return;
        };
        self.check_link_is_unique(link, &source, &far, syntax);
        let reverse = |pairs: &[FieldPair]| -> Vec<FieldPair> {
            pairs
                .iter()
                .map(|pair| FieldPair {
                    near: pair.far,
                    far: pair.near,
                })
                .collect()
        };
        // A link's keys point from the link; the near side is seen from the model.
        let join = Join::Link {
            model: link,
            source: reverse(&source),
            target: far.clone(),
        };
        let inverse_join = Join::Link {
            model: link,
            source: reverse(&far),
            target: source,
        };
        let relation = Relation {
            name: syntax.name.value.clone(),
            model,
            target,
            doc: syntax.doc.clone(),
            kind: RelationKind::ManyToMany,
            join,
            inverse: None,
            span: syntax.name.span,
        };
        self.add_relation(
            relation,
            syntax.inverse.as_ref(),
            RelationKind::ManyToMany,
            inverse_join,
        );
    }

    /// Finds the link's keys to both sides.
    fn link_keys(
        &mut self,
        model: ModelId,
        target: ModelId,
        link: ModelId,
        syntax: &ManyToMany,
    ) -> Option<(Vec<FieldPair>, Vec<FieldPair>)> {
        let mut near = self.link_candidates(link, model);
        let mut far = self.link_candidates(link, target);
        let from = self.choose_candidate(link, &mut near, syntax.from.as_ref());
        let to = self.choose_candidate(link, &mut far, syntax.to.as_ref());
        if !(from && to) {
            return None;
        }
        // Once one side is chosen, a self-referential link has one key left for the other.
        if let ([one], [_, _]) = (near.as_slice(), far.as_slice()) {
            far.retain(|key| key != one);
        }
        if let ([_, _], [one]) = (near.as_slice(), far.as_slice()) {
            near.retain(|key| key != one);
        }
        for (side, keys, key) in [(model, &near, "from"), (target, &far, "to")] {
            match keys.as_slice() {
                [_] => {}
                [] => {
                    self.push_no_link(link, side, syntax);
                    return None;
                }
                candidates => {
                    let candidates = candidates.to_vec();
                    self.push_ambiguous_link(link, side, key, &candidates, syntax);
                    return None;
                }
            }
        }
        let pairs = |resolver: &Self, key: usize| -> Option<Vec<FieldPair>> {
            let key = resolver.models[link].foreign_keys.get(key)?;
            let pairs = key.fields.iter().zip(&key.target_fields);
            Some(
                pairs
                    .map(|(near, far)| FieldPair {
                        near: *near,
                        far: *far,
                    })
                    .collect(),
            )
        };
        let (near, far) = (near.first().copied()?, far.first().copied()?);
        Some((pairs(self, near)?, pairs(self, far)?))
    }

    /// Returns the link's foreign keys that lead to a model or a base of it, by place in its list.
    fn link_candidates(&self, link: ModelId, side: ModelId) -> Vec<usize> {
        let chain = self.chain(side);
        let keys = self.models[link].foreign_keys.iter().enumerate();
        keys.filter(|(_, key)| chain.contains(&key.target))
            .map(|(at, _)| at)
            .collect()
    }

    /// Leaves the candidate that a field names; false if there is none.
    fn choose_candidate(
        &mut self,
        link: ModelId,
        keys: &mut Vec<usize>,
        name: Option<&Name>,
    ) -> bool {
        let Some(name) = name else { return true };
        let Some(field) = self.expect_field(link, name) else {
            return false;
        };
        keys.retain(|key| {
            let key = self.models[link].foreign_keys.get(*key);
            key.is_some_and(|key| key.fields.contains(&field))
        });
        true
    }

    fn push_no_link(&mut self, link: ModelId, side: ModelId, syntax: &ManyToMany) {
        let Some(name) = &syntax.link else { return };
        if self.models[link].is_poisoned {
            return;
        }
        let side = self.model_name(side);
        let message = format!("the link `{}` has no foreign key to `{side}`", name.value);
        let field = to_snake_case(side);
        self.push(
            Diagnostic::new(&codes::LINK_WITHOUT_KEY, name.span, message)
                .related(self.models[link].syntax.name.span, "the link")
                .help(format!(
                    "add `{field}_id = {{ ref = \"{side}\", key = true }}` to it"
                )),
        );
    }

    fn push_ambiguous_link(
        &mut self,
        link: ModelId,
        side: ModelId,
        key: &str,
        candidates: &[usize],
        syntax: &ManyToMany,
    ) {
        let side = self.model_name(side);
        let message = format!("the link has {} foreign keys to `{side}`", candidates.len());
        let mut diagnostic = Diagnostic::new(&codes::AMBIGUOUS_LINK, syntax.span, message);
        let mut example = "..";
        for at in candidates {
            let Some(candidate) = self.models[link].foreign_keys.get(*at) else {
                continue;
            };
            let Some(first) = candidate.fields.first() else {
                continue;
            };
            let field = self.field_syntax(*first);
            if example == ".." {
                example = self.field_name(*first);
            }
            diagnostic = diagnostic.related(field.name.span, "could be this one");
        }
        self.push(diagnostic.help(format!("say which one: `{key} = \"{example}\"`")));
    }

    /// Warns of a link that may hold the same pair twice.
    fn check_link_is_unique(
        &mut self,
        link: ModelId,
        source: &[FieldPair],
        target: &[FieldPair],
        syntax: &ManyToMany,
    ) {
        let fields: Vec<FieldId> = source.iter().chain(target).map(|pair| pair.near).collect();
        let covers =
            |key: &[FieldId]| !key.is_empty() && key.iter().all(|field| fields.contains(field));
        let uniques = &self.models[link].syntax.uniques;
        let is_unique = covers(&self.models[link].key)
            || fields
                .iter()
                .any(|field| self.field_syntax(*field).unique.is_some())
            || uniques.iter().any(|unique| {
                let on = unique
                    .on
                    .iter()
                    .map(|name| self.find_field(link, &name.value));
                on.collect::<Option<Vec<_>>>()
                    .is_some_and(|key| covers(&key))
            });
        if is_unique {
            return;
        }
        let Some(name) = &syntax.link else { return };
        let names: Vec<&str> = fields.iter().map(|field| self.field_name(*field)).collect();
        let message = format!("the link `{}` may hold the same pair twice", name.value);
        let on: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        self.push(
            Diagnostic::new(&codes::LINK_NOT_UNIQUE, name.span, message)
                .related(self.models[link].syntax.name.span, "the link")
                .help(format!(
                    "make {} its key, or add `[[model.{}.unique]]` with `on = [{}]`",
                    syntax::list(&names),
                    name.value,
                    on.join(", ")
                )),
        );
    }

    /// Puts the relations of each model in order: on own keys, then many-to-many, then inverses; each as declared.
    fn sort_relations(&mut self) {
        for id in self.models.ids() {
            let mut relations = std::mem::take(&mut self.models[id].relations);
            relations.sort_by_key(|relation| {
                let it = &self.relations[*relation];
                let is_inverse = it.inverse.is_some_and(|other| other < *relation);
                let is_many = it.kind == RelationKind::ManyToMany;
                (is_inverse, is_many, relation.index())
            });
            self.models[id].relations = relations;
        }
    }

    /// Reports relations whose name is taken: in Rust, fields and relations share one name space along a chain of bases.
    fn check_relation_names(&mut self) {
        for model in self.models.ids() {
            let chain = self.chain(model);
            let mut taken: BTreeMap<String, (Span, &str)> = BTreeMap::new();
            for field in self.fields_of(model) {
                let syntax = self.field_syntax(field);
                taken.insert(syntax.name.value.clone(), (syntax.name.span, "a field"));
            }
            let relations: Vec<RelationId> = chain
                .iter()
                .flat_map(|id| self.models[*id].relations.iter().copied())
                .collect();
            for id in relations {
                let relation = &self.relations[id];
                let (name, span, owner) = (relation.name.clone(), relation.span, relation.model);
                let other = match taken.get(&name) {
                    Some(other) => *other,
                    None => {
                        taken.insert(name, (span, "a relation"));
                        continue;
                    }
                };
                // What is wrong with a base is reported at the base.
                let is_own = owner == model || self.owner_of(other.0, model);
                if is_own {
                    let model_name = self.model_name(model);
                    let message = format!("`{model_name}` has {} `{name}` already", other.1);
                    self.push(
                        Diagnostic::new(&codes::RELATION_NAME, span, message)
                            .label("another relation of that name")
                            .related(other.0, "the name is taken here")
                            .help("choose another name with `relation = \"..\"` or `inverse = \"..\"`"),
                    );
                }
            }
        }
    }

    /// Returns whether something at a place belongs to a model itself and not to a base of it.
    fn owner_of(&self, span: Span, model: ModelId) -> bool {
        let draft = &self.models[model];
        draft
            .fields
            .iter()
            .any(|field| self.field_syntax(*field).name.span == span)
            || draft
                .relations
                .iter()
                .any(|relation| self.relations[*relation].span == span)
    }

    /// Gives every member of a family its discriminator's value.
    fn resolve_discriminators(&mut self) {
        for id in self.families.ids() {
            let (root, members) = (self.families[id].root, self.families[id].members.clone());
            let Some(Discriminator { column, .. }) = self.families[id].discriminator.clone() else {
                let is_concrete = self.families[id].strategy == Strategy::Concrete;
                for member in members {
                    let syntax = self.models[member].syntax;
                    if let Some(tag) = syntax.tag.as_ref().filter(|_| is_concrete) {
                        self.misplaced_tag(
                            tag.span,
                            &syntax.name.value,
                            "is in a family without discriminator",
                        );
                    }
                }
                continue;
            };
            let root_fields = &self.models[root].fields;
            let field = root_fields.iter().copied().find(|field| {
                crate::resolve::fields::column_name(self.field_syntax(*field)) == column
            });
            if let Some(field) = field
                && !self.check_discriminator_field(field)
            {
                continue;
            }
            let mut values: Vec<(ModelId, DiscriminatorValue)> = Vec::new();
            let mut taken: BTreeMap<DiscriminatorValue, ModelId> = BTreeMap::new();
            for member in members {
                let Some(value) = self.discriminator_value(member, field) else {
                    continue;
                };
                match taken.insert(value.clone(), member) {
                    Some(other) => self.push_same_tag(member, other),
                    None => values.push((member, value)),
                }
            }
            if let Some(discriminator) = &mut self.families[id].discriminator {
                discriminator.field = field;
                discriminator.values = values;
            }
        }
    }

    fn check_discriminator_field(&mut self, field: FieldId) -> bool {
        use crate::ir::{Builtin, Scalar};
        let Some(ty) = self.field_type(field) else {
            return false;
        };
        let fits = match ty.scalar {
            Scalar::Builtin(Builtin::Text { .. } | Builtin::I16 | Builtin::I32 | Builtin::I64) => {
                true
            }
            Scalar::Enum(_) => true,
            Scalar::Builtin(_) | Scalar::Named(_) => false,
        };
        let syntax = self.field_syntax(field);
        let is_plain = !ty.is_array
            && !ty.is_nullable
            && syntax.default.is_none()
            && syntax.generated.is_none();
        if fits && is_plain {
            return true;
        }
        let message = format!("`{}` cannot be a discriminator", syntax.name.value);
        self.push(
            Diagnostic::new(&codes::DISCRIMINATOR_FIELD, syntax.name.span, message).note(
                "a discriminator is text, an integer or an enum, not nullable, and without default",
            ),
        );
        false
    }

    fn discriminator_value(
        &mut self,
        member: ModelId,
        field: Option<FieldId>,
    ) -> Option<DiscriminatorValue> {
        use crate::ir::{Builtin, Scalar, ValueSource};
        let syntax = self.models[member].syntax;
        let name = &syntax.name.value;
        if self.models[member].is_abstract {
            if let Some(tag) = &syntax.tag {
                self.misplaced_tag(tag.span, name, "is abstract, and no row is of it");
            }
            return None;
        }
        let default = Node::new(Value::String(to_snake_case(name)), syntax.name.span);
        let tag = syntax.tag.as_ref().unwrap_or(&default);
        let ty = match field {
            Some(field) => self.field_type(field)?.clone(),
            None => crate::ir::FieldType {
                scalar: Scalar::Builtin(Builtin::Text {
                    max_len: Some(crate::resolve::tables::MAX_TAG_LEN),
                }),
                is_array: false,
                is_nullable: false,
            },
        };
        let is_number = matches!(
            ty.scalar,
            Scalar::Builtin(Builtin::I16 | Builtin::I32 | Builtin::I64)
        );
        if syntax.tag.is_none() && is_number {
            let message = format!("`{name}` has no tag");
            self.push(
                Diagnostic::new(&codes::TAG, syntax.name.span, message)
                    .help("the discriminator is a number: add `tag = 1`"),
            );
            return None;
        }
        match self.constant(tag, &ty)? {
            ValueSource::Variant(enum_, variant) => Some(DiscriminatorValue::Enum(enum_, variant)),
            ValueSource::Literal(sqlmodel_sql::Literal::Int(int)) => {
                Some(DiscriminatorValue::Int(int))
            }
            ValueSource::Literal(sqlmodel_sql::Literal::Text(text)) => {
                Some(DiscriminatorValue::Text(text.into_owned()))
            }
            ValueSource::Literal(_) | ValueSource::Function(_) | ValueSource::Sql(_) => None,
        }
    }

    fn push_same_tag(&mut self, member: ModelId, other: ModelId) {
        let place = |model: ModelId| {
            let syntax = self.models[model].syntax;
            syntax.tag.as_ref().map_or(syntax.name.span, |tag| tag.span)
        };
        let (name, other_name) = (self.model_name(member), self.model_name(other));
        let message = format!("`{name}` has the same tag as `{other_name}`");
        let (span, other_span) = (place(member), place(other));
        self.push(
            Diagnostic::new(&codes::TAG, span, message)
                .related(other_span, "the other model")
                .help("each model of a family needs a tag of its own"),
        );
    }
}

fn named(relation: &Spanned<Option<String>>) -> Option<Name> {
    relation
        .value
        .as_ref()
        .map(|name| Name::new(name.clone(), relation.span))
}

fn foreign_key_options(options: &ReferenceOptions) -> ForeignKeyOptions {
    let action = |action: &Option<Spanned<Action>>| {
        action
            .as_ref()
            .map_or(Action::NoAction, |action| action.value)
    };
    ForeignKeyOptions {
        name: options.name.as_ref().map(|name| name.value.clone()),
        on_delete: action(&options.on_delete),
        on_update: action(&options.on_update),
        deferrable: options
            .deferrable
            .as_ref()
            .map_or(Deferrable::No, |it| it.value),
    }
}

/// Returns a number and a word in its form for that number.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
