//! The file of an abstract base: a trait that every model with its fields implements.

use crate::emit::model::ModelFile;
use crate::emit::rust::Rust;
use crate::emit::types::Types;
use crate::emit::{File, Output};
use crate::ir::{Abstract, Field};

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    for base in output.schema.abstracts.values() {
        let mut out = output.item_file(base.span.source);
        definition(output, base, &mut out);
        output.push(files, base.module, &base.name, out);
    }
}

fn definition(output: &Output<'_>, base: &Abstract, out: &mut Rust) {
    let Abstract { name, doc, .. } = base;
    let types = output.types(base.module);
    let otherwise = format!("What every model that extends `{name}` has.");
    out.doc(doc.as_deref().unwrap_or(&otherwise));
    let supertrait = base.base.map_or_else(String::new, |id| {
        let parent = &output.schema.abstracts[id];
        let path = output.names.path(base.module, parent.module, &parent.name);
        format!(": {path}")
    });
    out.block(format!("pub trait {name}{supertrait}"), |out| {
        for id in &base.fields {
            let field = &output.schema.fields[*id];
            let otherwise = format!("Returns `{}`.", field.name);
            out.doc(field.doc.as_deref().unwrap_or(&otherwise));
            out.item(|out| {
                out.line(format!(
                    "fn {}(&self) -> {};",
                    field.name,
                    getter(&types, field)
                ));
            });
        }
    });
}

/// What a getter returns: a copy, or a reference.
fn getter(types: &Types<'_>, field: &Field) -> String {
    let ty = types.field(field);
    if types.is_copy(field) {
        ty
    } else {
        format!("&{ty}")
    }
}

/// Writes the traits that a model implements.
pub(super) fn implement(file: &ModelFile<'_>, out: &mut Rust) {
    let schema = file.output.schema;
    for id in &file.model.abstracts {
        let base = &schema.abstracts[*id];
        let path = file
            .output
            .names
            .path(file.model.module, base.module, &base.name);
        out.blank();
        out.block(format!("impl {path} for {}", file.model.name), |out| {
            for (position, id) in base.fields.iter().enumerate() {
                let field = &schema.fields[*id];
                let name = &field.name;
                if position > 0 {
                    out.blank();
                }
                let borrow = if file.types.is_copy(field) { "" } else { "&" };
                let returns = getter(&file.types, field);
                out.item(|out| {
                    out.block(format!("fn {name}(&self) -> {returns}"), |out| {
                        out.line(format!("{borrow}self.{name}"));
                    });
                });
            }
        });
    }
}
