//! Pass 6: relations, both sides of each, and the foreign keys they stand on.

mod foreign_key;
mod many_to_many;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Id as _, Join, ModelId, Relation, RelationId, RelationKind};
use crate::resolve::Resolver;
use crate::resolve::names::check_snake_case;
use crate::source::Span;
use crate::syntax::Name;

impl Resolver<'_> {
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

    /// Adds a relation, and the other side if it is named.
    pub(super) fn add_relation(
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
                let is_declared = relation.kind == RelationKind::ManyToMany
                    && relation.inverse.is_none_or(|it| it > id);
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
                            .help(match is_declared {
                                true => "choose another name",
                                false => "choose another name with `relation = \"..\"` or `inverse = \"..\"`",
                            }),
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
}
