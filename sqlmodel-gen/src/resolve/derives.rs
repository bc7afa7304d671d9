//! Pass 7: derives that a type cannot have, because a field, a base or another derive lacks what they need.

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Builtin, FieldId, ModelId, Scalar, VariantKind, needed_by};
use crate::resolve::Resolver;
use crate::syntax::Name;

/// Derives that every generated struct has.
const OF_ALL: &[&str] = &["Clone", "Debug", "PartialEq"];

impl Resolver<'_> {
    /// Reports derives that a model or one of its variants cannot have.
    pub(super) fn check_derives(&mut self, id: ModelId) {
        let model = self.models[id].syntax;
        let own = self.models[id].fields.clone();
        for derive in &model.derive {
            if let Some(base) = self.models[id].base
                && is_of_parts(&derive.value)
                && !has(&self.models[base].syntax.derive, &derive.value)
            {
                let base = self.model_name(base);
                let why = format!("the base `{base}` does not have it");
                let help = format!("add it to `derive` of `{base}`");
                self.push_underivable(derive, &why, help);
                continue;
            }
            self.check_derive(derive, &model.derive, &own);
        }
        for variant in self.models[id].variants.clone() {
            let mut written = model.variants.iter();
            let Some(written) = written.find(|it| it.kind.value == variant.kind) else {
                continue;
            };
            for derive in &written.derive {
                let mut fields = variant.fields.clone();
                if derive.value == "Default" {
                    fields.retain(|field| self.is_given(*field, variant.kind));
                }
                self.check_derive(derive, &written.derive, &fields);
            }
        }
    }

    /// Reports derives that a newtype of the schema cannot have.
    pub(super) fn check_derives_of_type(&mut self, base: Builtin, derives: &[Name]) {
        let standard = base.newtype_derives();
        for derive in derives {
            let needed = needed_by(&derive.value).iter();
            let mut missing = needed.filter(|it| !standard.contains(it) && !has(derives, it));
            if !base.has(&derive.value, self.options.time_crate) {
                let why = "its base does not have it";
                self.push_underivable(derive, why, "remove it".to_owned());
            } else if let Some(missing) = missing.next() {
                self.push_without(derive, missing);
            }
        }
    }

    fn check_derive(&mut self, derive: &Name, all: &[Name], fields: &[FieldId]) {
        let mut needed = needed_by(&derive.value).iter();
        if let Some(missing) = needed.find(|it| !has(all, it)) {
            self.push_without(derive, missing);
            return;
        }
        let mut fields = fields.iter();
        let Some(field) = fields.find(|field| !self.has_derive(**field, &derive.value)) else {
            return;
        };
        let name = self.field_name(*field);
        let declared = match self.field_type(*field).map(|ty| ty.scalar) {
            Some(Scalar::Enum(id)) => self.enums[id].as_ref().map(|it| &it.name),
            Some(Scalar::Named(id)) => {
                let ty = self.types[id].as_ref();
                let ty = ty.filter(|it| it.base.has(&derive.value, self.options.time_crate));
                ty.map(|it| &it.name)
            }
            Some(Scalar::Builtin(_)) | None => None,
        };
        let help = match declared {
            Some(declared) => format!("add it to `derive` of `{declared}`"),
            None => "remove it, or choose another type".to_owned(),
        };
        let why = format!("the type of `{name}` does not have it");
        self.push_underivable(derive, &why, help);
    }

    fn has_derive(&self, field: FieldId, derive: &str) -> bool {
        let decl = self.decl(self.fields[field].decl);
        let (syntax, Some(ty)) = (decl.syntax, &decl.ty) else {
            return true;
        };
        // Nothing is known of a type of the user's.
        if syntax.rust.is_some() || syntax.json.is_some() {
            return true;
        }
        let (enum_, named) = match ty.scalar {
            Scalar::Builtin(_) => (None, None),
            Scalar::Enum(id) => (self.enums[id].as_ref(), None),
            Scalar::Named(id) => (None, self.types[id].as_ref()),
        };
        ty.has(derive, self.options.time_crate, enum_, named)
    }

    /// Returns whether a variant has a value of the field, and not an `Option` of it.
    fn is_given(&self, field: FieldId, kind: VariantKind) -> bool {
        let resolved = self.decl(self.fields[field].decl).field.as_ref();
        match kind {
            VariantKind::Create => resolved.is_some_and(|field| !field.is_optional_on_insert()),
            VariantKind::Update => false,
            VariantKind::Public => true,
        }
    }

    fn push_without(&mut self, derive: &Name, missing: &str) {
        let why = format!("it needs `{missing}` beside it");
        let help = format!("add `\"{missing}\"`");
        self.push_underivable(derive, &why, help);
    }

    fn push_underivable(&mut self, derive: &Name, why: &str, help: String) {
        let message = format!("`{}` cannot be derived: {why}", derive.value);
        self.push(Diagnostic::new(&codes::CONFLICTING_KEYS, derive.span, message).help(help));
    }
}

fn has(derives: &[Name], name: &str) -> bool {
    derives.iter().any(|it| it.value == name)
}

/// Whether a derive wants the same of every part of a struct; those of other crates may not.
fn is_of_parts(derive: &str) -> bool {
    let is_known = !derive.contains("::") || derive.trim_start_matches(':').starts_with("serde::");
    is_known && !OF_ALL.contains(&derive)
}
