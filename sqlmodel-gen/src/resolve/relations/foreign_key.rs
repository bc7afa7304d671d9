//! Foreign keys, of one field and of several, and the relations on them.

use sqlmodel_sql::{Action, Deferrable};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{FieldId, FieldPair, Join, ModelId, Relation, RelationKind, Strategy};
use crate::resolve::{ForeignKeyDraft, ForeignKeyOptions, Resolver};
use crate::syntax::{self, Name, ReferenceOptions, Spanned};

/// What the relation on a foreign key is called.
enum RelationName {
    Given(Name),
    /// There is a key and no relation.
    None,
    /// It should have a name, which was reported.
    Missing,
}

impl RelationName {
    fn of(name: Option<Name>) -> Self {
        name.map_or(Self::None, Self::Given)
    }
}

impl<'a> Resolver<'a> {
    /// Makes a foreign key, and the relation on it, of each field with `ref`.
    pub(super) fn resolve_field_references(&mut self, model: ModelId) {
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
    fn relation_name(&mut self, field: &syntax::Field, options: &ReferenceOptions) -> RelationName {
        if let Some(relation) = &options.relation {
            return RelationName::of(named(relation));
        }
        let name = &field.name;
        if let Some(stem) = name
            .value
            .strip_suffix("_id")
            .filter(|stem| !stem.is_empty())
        {
            return RelationName::Given(Name::new(stem.to_owned(), name.span));
        }
        // A field with a type as well, which was reported, may be meant to be no reference.
        if field.ty.is_some() || field.json.is_some() {
            return RelationName::Missing;
        }
        let message = format!("the relation of `{}` has no name", name.value);
        self.push(
            Diagnostic::new(&codes::UNNAMED_RELATION, name.span, message)
                .note("a field that ends with `_id` gives its relation the name before that")
                .help(match name.value.as_str() {
                    "id" => "add `relation = \"..\"`, or `relation = false` for none".to_owned(),
                    other => format!("rename the field to `{other}_id`, or add `relation = \"..\"`, or `relation = false` for none"),
                }),
        );
        RelationName::Missing
    }

    pub(super) fn resolve_composite_keys(&mut self, model: ModelId) {
        let syntax = self.models[model].syntax;
        for key in &syntax.foreign_keys {
            if key.has_mistakes {
                self.unsure.insert(key.span);
            }
            if !(self.check_named_once(&key.on) && self.check_named_once(&key.to)) {
                continue;
            }
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
            // Without a name there is a key and no relation: its fields suggest none.
            let name = RelationName::of(key.options.relation.as_ref().and_then(named));
            self.add_foreign_key(model, foreign_key, &key.options, name, key.doc.clone());
        }
    }

    /// Reports a field that a list names twice; true if there is none.
    fn check_named_once(&mut self, names: &[Name]) -> bool {
        for (at, name) in names.iter().enumerate() {
            let mut before = names.iter().take(at);
            if let Some(first) = before.find(|it| it.value == name.value) {
                let message = format!("`{}` is named twice", name.value);
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_VALUE, name.span, message)
                        .related(first.span, "already here")
                        .help("remove it"),
                );
                return false;
            }
        }
        true
    }

    pub(in crate::resolve) fn expect_fields(
        &mut self,
        model: ModelId,
        names: &[Name],
    ) -> Option<Vec<FieldId>> {
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
            let one = fields.len().min(target_fields.len());
            let help = match (key.to.is_empty(), one < target_fields.len()) {
                (true, true) => format!(
                    "name a field for each of them in `on`, in this order; or add `to = [\"..\"]` with {}",
                    count(
                        fields.len(),
                        "unique field",
                        "fields that are unique together"
                    )
                ),
                (true, false) => {
                    format!("name {} in `on`", count(one, "field", "fields"))
                }
                (false, _) => "name as many fields in `on` as in `to`".to_owned(),
            };
            self.push(
                Diagnostic::new(&codes::FOREIGN_KEY_SHAPE, key.span, message)
                    .note(note)
                    .help(help),
            );
            return false;
        }
        for (near, far) in fields.iter().zip(target_fields) {
            let (Some(near_ty), Some(far_ty)) = (self.field_type(*near), self.field_type(*far))
            else {
                return false;
            };
            if (near_ty.scalar, near_ty.is_array) != (far_ty.scalar, far_ty.is_array) {
                let (near, far) = (self.field_syntax(*near), self.field_syntax(*far));
                let help = match &far.ty {
                    Some(ty) => format!(
                        "write `type = {}` for `{}`",
                        self.sources.text(ty.span),
                        near.name.value
                    ),
                    None => "give both the same type".to_owned(),
                };
                let message = format!(
                    "`{}` and `{target_name}.{}` are of different types",
                    near.name.value, far.name.value
                );
                self.push(
                    Diagnostic::new(&codes::FOREIGN_KEY_SHAPE, key.span, message)
                        .related(near.name.span, "the field")
                        .related(far.name.span, "what it references")
                        .help(help),
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
        name: RelationName,
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
        let name = match (name, &options.inverse) {
            (RelationName::Given(name), _) => name,
            (RelationName::None, Some(inverse)) => {
                let message = format!(
                    "the inverse `{}` has no relation to be the other side of",
                    inverse.value
                );
                self.push(
                    Diagnostic::new(&codes::UNNAMED_RELATION, inverse.span, message)
                        .help("add `relation = \"..\"`"),
                );
                return;
            }
            (RelationName::None, None) | (RelationName::Missing, _) => return,
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
                    let nullable = match &syntax.reference {
                        Some(_) => format!("`ref = \"{}?\"`", self.model_name(key.target)),
                        None => format!("write `?` behind the type of `{name}`"),
                    };
                    self.push(
                        Diagnostic::new(&codes::SET_NULL, action.span, message)
                            .related(crate::resolve::fields::type_span(syntax), "not nullable")
                            .help(format!(
                                "allow null: {nullable}, or choose `cascade` or `restrict`"
                            )),
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

    /// Tells whether a model of a joined family has its own fields in another table than the root's.
    fn is_below_root_table(&self, model: ModelId) -> bool {
        let family = self.models[model].family.map(|id| &self.families[id]);
        let has_table =
            |member: &ModelId| family.is_none_or(|family| !family.is_without_table(*member));
        self.chain(model).iter().skip(1).any(has_table)
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
            && self.is_below_root_table(model)
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
