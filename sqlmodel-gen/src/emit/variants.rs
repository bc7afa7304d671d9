//! Structs derived from a model: what a client sends to make a row or to change one, and what it is shown.

use crate::emit::fields::{self, Given};
use crate::emit::model::{self, ModelFile};
use crate::emit::names;
use crate::emit::rust::Rust;
use crate::emit::serde;
use crate::ir::{Field, FieldId, Variant, VariantKind};

/// Writes the variants of a model.
pub(super) fn emit(file: &ModelFile<'_>, out: &mut Rust) {
    for variant in &file.model.variants {
        out.blank();
        match variant.kind {
            // No row is of exactly an abstract model, so there is none to create.
            VariantKind::Create if file.model.is_abstract => {}
            VariantKind::Create => create(file, variant, out),
            VariantKind::Update => update(file, variant, out),
            VariantKind::Public => public(file, variant, out),
        }
    }
    let has_absent_fields = file.model.variants.iter().any(|variant| {
        is_deserialized(variant) && fields(file, variant).any(|it| is_nested(variant, it.1))
    });
    if has_absent_fields {
        out.blank();
        present(file, out);
    }
}

/// The fields of a variant in the model's order.
fn fields<'a>(
    file: &ModelFile<'a>,
    variant: &'a Variant,
) -> impl Iterator<Item = (FieldId, &'a Field)> + Clone {
    let schema = file.output.schema;
    variant.fields.iter().map(|id| (*id, &schema.fields[*id]))
}

/// Whether serde reads the variant.
fn is_deserialized(variant: &Variant) -> bool {
    variant
        .derive
        .iter()
        .any(|path| serde::is_deserialize(path))
}

/// Whether a field is an option in an option, in which absent differs from null.
fn is_nested(variant: &Variant, field: &Field) -> bool {
    match variant.kind {
        VariantKind::Create => Given::of(field) == Given::NullableDefaulted,
        VariantKind::Update => field.ty.is_nullable,
        VariantKind::Public => false,
    }
}

fn struct_(
    file: &ModelFile<'_>,
    variant: &Variant,
    standard: &[&str],
    doc: &str,
    ty: impl Fn(&Field) -> String,
    out: &mut Rust,
) {
    let Variant { name, derive, .. } = variant;
    out.doc(variant.doc.as_deref().unwrap_or(doc));
    let is_hiding = fields(file, variant).any(|(_, field)| field.is_hidden);
    let standard: Vec<&str> = standard
        .iter()
        .copied()
        .filter(|path| !(is_hiding && *path == "Debug"))
        .collect();
    model::derive(out, &standard, derive);
    out.block(format!("pub struct {name}"), |out| {
        for (id, field) in fields(file, variant) {
            out.doc(&fields::doc(file.output, file.model, id));
            if is_deserialized(variant) && is_nested(variant, field) {
                out.line("#[serde(default, deserialize_with = \"present\")]");
            }
            model::struct_field(out, &field.name, &ty(field));
        }
    });
    model::redacted_debug(
        out,
        name,
        None,
        fields(file, variant).map(|(_, field)| field),
    );
}

fn create(file: &ModelFile<'_>, variant: &Variant, out: &mut Rust) {
    let name = &variant.name;
    let new = names::new(&file.model.name);
    let doc = format!("What makes a [`{}`].", file.model.name);
    let ty = |field: &Field| Given::of(field).ty(&file.types, field);
    struct_(
        file,
        variant,
        &["Debug", "Clone", "PartialEq"],
        &doc,
        ty,
        out,
    );
    out.blank();

    let is_own = |id: FieldId| variant.fields.contains(&id);
    let insertable = model::insertable(file);
    let missing: Vec<&Field> = insertable
        .iter()
        .filter(|(id, _, given)| !is_own(*id) && *given == Given::Required)
        .map(|(_, field, _)| *field)
        .collect();
    let values = |source: &str| -> Vec<String> {
        let value = |(id, field, given): &(FieldId, &Field, Given)| {
            let name = &field.name;
            match given {
                _ if is_own(*id) => format!("{name}: {source}.{name}"),
                Given::Required if file.types.is_converted(field) => {
                    format!("{name}: {name}.into()")
                }
                Given::Required => name.clone(),
                _ => format!("{name}: {}", file.types.names.none),
            }
        };
        insertable.iter().map(value).collect()
    };
    if missing.is_empty() {
        let from = &file.types.names.from;
        out.block(format!("impl {from}<{name}> for {new}"), |out| {
            out.item(|out| {
                let values = values("value");
                let is_read = values.iter().any(|it| it.contains("value."));
                let parameters = [format!("{}: {name}", used("value", is_read))];
                out.function("fn from", &parameters, "Self", |out| {
                    out.literal("Self", &values);
                });
            });
        });
        return;
    }
    out.block(format!("impl {name}"), |out| {
        out.doc("Adds what the client does not send.");
        out.line("#[must_use]");
        let mut parameters = vec!["self".to_owned()];
        parameters.extend(missing.iter().map(|field| file.types.parameter(field)));
        out.item(|out| {
            out.function("pub fn into_new", &parameters, &new, |out| {
                out.literal(&new, &values("self"));
            });
        });
    });
}

fn update(file: &ModelFile<'_>, variant: &Variant, out: &mut Rust) {
    let model = &file.model.name;
    let doc = format!("What changes a [`{model}`]: a field that is `None` stays as it is.");
    let ty = |field: &Field| file.types.option(&file.types.field(field));
    let standard = ["Debug", "Clone", "PartialEq", "Default"];
    struct_(file, variant, &standard, &doc, ty, out);
    out.blank();
    out.block(format!("impl {}", variant.name), |out| {
        out.doc(&format!(
            "Puts the fields that are given into a [`{model}`]."
        ));
        let row = used("row", !variant.fields.is_empty());
        let parameters = ["self".to_owned(), format!("{row}: &mut {model}")];
        out.item(|out| {
            out.function("pub fn apply", &parameters, "", |out| {
                for (_, field) in fields(file, variant) {
                    let name = &field.name;
                    let place = file.place(field);
                    let some = &file.types.names.some;
                    out.block(format!("if let {some}(value) = self.{name}"), |out| {
                        out.line(format!("row.{place} = value;"));
                    });
                }
            });
        });
    });
}

fn public(file: &ModelFile<'_>, variant: &Variant, out: &mut Rust) {
    let name = &variant.name;
    let model = &file.model.name;
    let doc = format!("What is shown of a [`{model}`].");
    let ty = |field: &Field| file.types.field(field);
    struct_(
        file,
        variant,
        &["Debug", "Clone", "PartialEq"],
        &doc,
        ty,
        out,
    );
    out.blank();
    let from = &file.types.names.from;
    out.block(format!("impl {from}<{model}> for {name}"), |out| {
        out.item(|out| {
            let value = used("value", !variant.fields.is_empty());
            let parameters = [format!("{value}: {model}")];
            out.function("fn from", &parameters, "Self", |out| {
                let value = |field: &Field| format!("{}: value.{}", field.name, file.place(field));
                let values = fields(file, variant).map(|(_, field)| value(field));
                out.literal("Self", &values.collect::<Vec<_>>());
            });
        });
    });
}

/// The name of a parameter, which has none where a variant has no fields.
const fn used(name: &'static str, is_used: bool) -> &'static str {
    if is_used { name } else { "_" }
}

/// Writes the function by which serde tells a null from an absent field.
fn present(file: &ModelFile<'_>, out: &mut Rust) {
    let names = file.types.names;
    out.doc("Reads a field that is there, perhaps null; an absent one is never read.");
    let returns = format!("{}<{}<T>, D::Error>", names.result, names.option);
    let head = "fn present<'de, T: ::serde::Deserialize<'de>, D: ::serde::Deserializer<'de>>";
    out.item(|out| {
        out.function(head, &["deserializer: D".to_owned()], &returns, |out| {
            out.line(format!("T::deserialize(deserializer).map({})", names.some));
        });
    });
}
