//! Derives of serde: a struct that asks for one needs it of the enums and newtypes in its fields, so they get it too.

use crate::ir::{FieldId, Scalar, Schema};

/// Whether a derive is serde's `Serialize`.
pub(super) fn is_serialize(path: &str) -> bool {
    matches!(path, "serde::Serialize" | "::serde::Serialize")
}

/// Whether a derive is serde's `Deserialize`.
pub(super) fn is_deserialize(path: &str) -> bool {
    matches!(path, "serde::Deserialize" | "::serde::Deserialize")
}

/// The derives of an enum or newtype: its own, and those of serde that structs with a field of the type ask for.
pub(super) fn derives(schema: &Schema, scalar: Scalar, own: &[String]) -> Vec<String> {
    let mut derives = own.to_vec();
    let has_field = |fields: &[FieldId]| {
        let mut fields = fields.iter().map(|id| &schema.fields[*id]);
        fields.any(|field| field.rust.is_none() && field.ty.scalar == scalar)
    };
    for (id, model) in schema.models.iter() {
        let of_model = (model.derive.as_slice(), schema.fields_of(id));
        let of_variants = model
            .variants
            .iter()
            .map(|it| (it.derive.as_slice(), it.fields.clone()));
        for (asked, fields) in std::iter::once(of_model).chain(of_variants) {
            let missing = asked
                .iter()
                .filter(|path| is_serialize(path) || is_deserialize(path))
                .filter(|path| !derives.contains(path));
            let missing: Vec<String> = missing.cloned().collect();
            if !missing.is_empty() && has_field(&fields) {
                derives.extend(missing);
            }
        }
    }
    derives
}
