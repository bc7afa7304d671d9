//! Pass 7: structs derived from models, such as `HeroCreate`.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{FieldId, KeyPart, ModelId, Variant, VariantKind, Write};
use crate::resolve::Resolver;
use crate::resolve::names::{check_snake_case, check_upper_camel_case};
use crate::syntax;

impl Resolver<'_> {
    pub(super) fn resolve_variants(&mut self) {
        for id in self.models.ids() {
            let syntax = self.models[id].syntax;
            let mut kinds = BTreeSet::new();
            for variant in &syntax.variants {
                if !kinds.insert(variant.kind.value as u8) {
                    let message = format!("`{}` has this variant twice", syntax.name.value);
                    self.error(
                        &codes::DUPLICATE_VALUE,
                        variant.kind.span,
                        message,
                        "remove it",
                    );
                    continue;
                }
                let variant = self.resolve_variant(id, variant);
                self.models[id].variants.push(variant);
            }
            self.derives(&syntax.derive);
            self.check_derives(id);
            self.check_rules(syntax);
            self.models[id].rules = self.resolve_rules(id);
        }
    }

    fn resolve_variant(&mut self, model: ModelId, syntax: &syntax::Variant) -> Variant {
        let kind = syntax.kind.value;
        let fields = self.fields_of(model).into_iter();
        let mut fields: Vec<FieldId> = fields
            .filter(|field| self.is_in_variant(model, *field, kind))
            .collect();
        if let Some(only) = &syntax.only {
            let only = only
                .iter()
                .filter_map(|name| self.expect_field(model, name));
            let only: BTreeSet<FieldId> = only.collect();
            fields.retain(|field| only.contains(field));
        }
        for name in &syntax.omit {
            if let Some(omitted) = self.expect_field(model, name) {
                fields.retain(|field| *field != omitted);
            }
        }
        let suffix = match kind {
            VariantKind::Create => "Create",
            VariantKind::Update => "Update",
            VariantKind::Public => "Public",
        };
        let name = match &syntax.name {
            Some(name) => {
                check_upper_camel_case(name, "a variant", self.diagnostics);
                name.value.clone()
            }
            None => format!("{}{suffix}", self.model_name(model)),
        };
        Variant {
            name,
            kind,
            fields,
            derive: self.derives(&syntax.derive),
            doc: syntax.doc.clone(),
            span: syntax
                .name
                .as_ref()
                .map_or(syntax.kind.span, |name| name.span),
        }
    }

    /// Returns whether a field has a place in a variant, unless the schema says otherwise.
    fn is_in_variant(&self, model: ModelId, field: FieldId, kind: VariantKind) -> bool {
        let Some(resolved) = &self.decl(self.fields[field].decl).field else {
            return false;
        };
        let family = self.models[model]
            .family
            .map(|family| &self.families[family]);
        let discriminator = family.and_then(|family| family.discriminator.as_ref()?.field);
        let is_ours = resolved.is_generated || resolved.is_version || discriminator == Some(field);
        match kind {
            VariantKind::Create => {
                !is_ours
                    && resolved.write != Write::Never
                    && !matches!(resolved.key, KeyPart::Auto { .. })
            }
            VariantKind::Update => {
                !is_ours && resolved.write == Write::Always && resolved.key == KeyPart::None
            }
            VariantKind::Public => !resolved.is_hidden,
        }
    }

    fn check_rules(&mut self, syntax: &syntax::Model) {
        let mut names: Vec<&syntax::Name> = Vec::new();
        for name in syntax.rules.iter().filter_map(|rule| rule.name.as_ref()) {
            check_snake_case(name, "a rule", self.diagnostics);
            if let Some(other) = names.iter().find(|other| other.value == name.value) {
                let message = format!(
                    "`{}` has the rule `{}` twice",
                    syntax.name.value, name.value
                );
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_VALUE, name.span, message)
                        .related(other.span, "already here")
                        .help("rename one of the two, or remove it"),
                );
            }
            names.push(name);
        }
        for rule in &syntax.rules {
            for text in rule.expr.iter().chain(&rule.message) {
                if text.value.trim().is_empty() {
                    self.error(
                        &codes::EMPTY_VALUE,
                        text.span,
                        "a rule needs an expression and a message",
                        "write `expr = \"ends > starts\"` and `message = \"the end comes after the start\"`",
                    );
                }
            }
        }
    }
}
