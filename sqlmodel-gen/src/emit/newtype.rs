//! The file of a newtype: a struct around one value of a built-in type.

use crate::emit::rust::Rust;
use crate::emit::types::Types;
use crate::emit::{File, Output, model, serde};
use crate::ir::{Builtin, NamedType, Scalar};

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    for (id, ty) in output.schema.types.iter() {
        if ty.rust.is_some() {
            continue;
        }
        let mut out = output.item_file(ty.span.source);
        let types = output.types(ty.module);
        let derives = serde::derives(output.schema, Scalar::Named(id), &ty.derive);
        definition(ty, &types, &derives, &mut out);
        out.blank();
        conversions(ty, &types, &mut out);
        out.blank();
        codec(ty, &types, &mut out);
        output.push(files, ty.module, &ty.name, out);
    }
}

fn definition(ty: &NamedType, types: &Types<'_>, derives: &[String], out: &mut Rust) {
    let NamedType { name, doc, .. } = ty;
    let base = types.builtin(ty.base);
    out.doc(doc.as_deref().unwrap_or(&format!("The type `{name}`.")));
    model::derive(out, &ty.base.newtype_derives(), derives);
    out.line(format!("pub struct {name}("));
    out.line("    /// The value.");
    out.line(format!("    pub {base},"));
    out.line(");");
}

fn conversions(ty: &NamedType, types: &Types<'_>, out: &mut Rust) {
    let name = &ty.name;
    let base = types.builtin(ty.base);
    let from = &types.names.from;
    conversion(out, from, base, name, "Self(value)");
    if matches!(ty.base, Builtin::Text { .. }) {
        out.blank();
        conversion(out, from, "&str", name, "Self(value.into())");
    }
    out.blank();
    conversion(out, from, name, base, "value.0");
}

fn conversion(out: &mut Rust, from: &str, source: &str, target: &str, value: &str) {
    out.block(format!("impl {from}<{source}> for {target}"), |out| {
        out.block(format!("fn from(value: {source}) -> Self"), |out| {
            out.line(value);
        });
    });
}

fn codec(ty: &NamedType, types: &Types<'_>, out: &mut Rust) {
    let name = &ty.name;
    out.block(format!("impl codegen::Encode for {name}"), |out| {
        out.block("fn encode(&self) -> codegen::Value<'_>", |out| {
            out.line("codegen::Encode::encode(&self.0)");
        });
    });
    out.blank();
    out.block(format!("impl codegen::Decode for {name}"), |out| {
        let result = format!("{}<Self, codegen::DecodeError>", types.names.result);
        let parameters = ["row: &R".to_owned(), "at: usize".to_owned()];
        out.function(
            "fn decode<R: codegen::RowRead>",
            &parameters,
            &result,
            |out| {
                out.line("codegen::Decode::decode(row, at).map(Self)");
            },
        );
    });
    out.blank();
    out.line(match ty.base {
        Builtin::Decimal { .. } => {
            format!("codegen::field_value!({name}, {});", types.builtin(ty.base))
        }
        _ => format!("codegen::field_value!({name});"),
    });
}
