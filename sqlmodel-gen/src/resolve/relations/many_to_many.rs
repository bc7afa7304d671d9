//! Relations through a link model.

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{FieldId, FieldPair, Join, ModelId, Relation, RelationKind};
use crate::resolve::Resolver;
use crate::resolve::case::to_snake_case;
use crate::syntax::{self, ManyToMany, Name};

impl<'a> Resolver<'a> {
    pub(super) fn resolve_many_to_many(&mut self, model: ModelId, syntax: &'a ManyToMany) {
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
        if near == far {
            self.push_one_key(model, link, near, syntax);
            return None;
        }
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
        let fields = self.models[link].fields.iter();
        let has_lost = self.models[link].syntax.has_mistakes
            || fields
                .into_iter()
                .any(|field| self.field_type(*field).is_none());
        if self.models[link].is_poisoned || has_lost {
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

    /// Reports a link that has one key for both sides.
    fn push_one_key(&mut self, model: ModelId, link: ModelId, key: usize, syntax: &ManyToMany) {
        let Some(name) = &syntax.link else { return };
        if let (Some(from), Some(to)) = (&syntax.from, &syntax.to) {
            let message = "both sides of the relation are one foreign key";
            self.push(
                Diagnostic::new(&codes::LINK_WITHOUT_KEY, to.span, message)
                    .related(from.span, "chosen already")
                    .help("choose the other one, or leave `to` out"),
            );
            return;
        }
        let side = self.model_name(model);
        let name_of_link = &name.value;
        let message =
            format!("the link `{name_of_link}` has one foreign key to `{side}`, and needs two");
        let mut diagnostic = Diagnostic::new(&codes::LINK_WITHOUT_KEY, name.span, message);
        if let Some(key) = self.models[link].foreign_keys.get(key) {
            diagnostic = diagnostic.related(key.span, "the only one");
        }
        self.push(diagnostic.help(format!(
            "add another, such as `other_id = {{ ref = \"{side}\", key = true }}`, to it"
        )));
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
}
