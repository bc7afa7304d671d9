//! The file of an enum: its variants, and what the database stores for each.

use crate::emit::rust::{Expr, Rust};
use crate::emit::{File, Output, model, serde};
use crate::ir::{Enum, EnumLiteral, EnumStorage, Scalar};

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    for (id, enum_) in output.schema.enums.iter() {
        let mut out = output.item_file(enum_.span.source);
        let derives = serde::derives(output.schema, Scalar::Enum(id), &enum_.derive);
        definition(enum_, &derives, &mut out);
        out.blank();
        methods(output, enum_, &mut out);
        out.blank();
        codec(output, enum_, &mut out);
        output.push(files, enum_.module, &enum_.name, out);
    }
}

/// The Rust type of stored values, and the words of the two conversions.
struct Stored {
    ty: &'static str,
    get: &'static str,
    parse: &'static str,
    parameter: &'static str,
}

const TEXT: Stored = Stored {
    ty: "&'static str",
    get: "as_str",
    parse: "parse",
    parameter: "&str",
};
const INT: Stored = Stored {
    ty: "i32",
    get: "as_i32",
    parse: "from_i32",
    parameter: "i32",
};

fn stored(enum_: &Enum) -> Stored {
    match enum_.storage {
        EnumStorage::Text | EnumStorage::Native => TEXT,
        EnumStorage::Int => INT,
    }
}

fn definition(enum_: &Enum, derives: &[String], out: &mut Rust) {
    let Enum { name, doc, .. } = enum_;
    out.doc(doc.as_deref().unwrap_or(&format!("The enum `{name}`.")));
    let standard = [
        "Debug",
        "Clone",
        "Copy",
        "PartialEq",
        "Eq",
        "PartialOrd",
        "Ord",
        "Hash",
    ];
    model::derive(out, &standard, derives);
    out.block(format!("pub enum {name}"), |out| {
        let has_default = enum_.derive.iter().any(|path| path == "Default");
        for (index, value) in enum_.values.iter().enumerate() {
            let stored = match &value.value {
                EnumLiteral::Text(text) => format!("Stored as {}.", code(text)),
                EnumLiteral::Int(number) => format!("Stored as `{number}`."),
            };
            out.doc(value.doc.as_deref().unwrap_or(&stored));
            if has_default && index == 0 {
                out.line("#[default]");
            }
            out.line(format!("{},", value.name));
        }
    });
}

/// Text as code in documentation, if it can be.
fn code(text: &str) -> String {
    if text.is_empty() || text.chars().any(|char| char == '`' || char.is_control()) {
        format!("{:?}", text.replace('`', "'"))
    } else {
        format!("`{text}`")
    }
}

fn literal(literal: &EnumLiteral) -> String {
    match literal {
        EnumLiteral::Text(text) => format!("{text:?}"),
        EnumLiteral::Int(number) => number.to_string(),
    }
}

fn methods(output: &Output<'_>, enum_: &Enum, out: &mut Rust) {
    let Stored {
        ty,
        get,
        parse,
        parameter,
    } = stored(enum_);
    let names = output.names;
    out.block(format!("impl {}", enum_.name), |out| {
        out.doc("Every value, in the order of the schema.");
        let values = enum_.values.iter();
        let values = values.map(|value| Expr::atom(format!("Self::{}", value.name)));
        out.item(|out| out.assign("pub const ALL: &'static [Self]", &Expr::slice(values)));
        out.blank();
        out.doc("Returns what the database stores.");
        out.line("#[must_use]");
        out.block(format!("pub const fn {get}(self) -> {ty}"), |out| {
            out.block("match self", |out| {
                for value in &enum_.values {
                    arm(
                        out,
                        &format!("Self::{}", value.name),
                        &literal(&value.value),
                    );
                }
            });
        });
        out.blank();
        out.doc("Returns the value that the database stores in this way, if there is one.");
        out.line("#[must_use]");
        let head = format!(
            "pub fn {parse}(stored: {parameter}) -> {}<Self>",
            names.option
        );
        out.block(head, |out| {
            out.block("match stored", |out| {
                for value in &enum_.values {
                    let some = format!("{}(Self::{})", names.some, value.name);
                    arm(out, &literal(&value.value), &some);
                }
                out.line(format!("_ => {},", names.none));
            });
        });
    });
}

/// Writes an arm of a match, its value in a block of its own where one line is too short.
fn arm(out: &mut Rust, pattern: &str, value: &str) {
    // The arms stand three levels deep.
    if 12 + pattern.len() + value.len() + 5 <= 100 {
        out.line(format!("{pattern} => {value},"));
    } else {
        out.block(format!("{pattern} =>"), |out| out.line(value));
    }
}

fn codec(output: &Output<'_>, enum_: &Enum, out: &mut Rust) {
    let Enum { name, .. } = enum_;
    let names = output.names;
    let Stored { get, parse, .. } = stored(enum_);
    let is_int = enum_.storage == EnumStorage::Int;
    out.block(format!("impl codegen::Encode for {name}"), |out| {
        out.block("fn encode(&self) -> codegen::Value<'_>", |out| {
            out.line(if is_int {
                format!("codegen::Value::I32(self.{get}())")
            } else {
                format!("codegen::Value::Text(::std::borrow::Cow::Borrowed(self.{get}()))")
            });
        });
    });
    out.blank();
    out.block(format!("impl codegen::Decode for {name}"), |out| {
        let result = format!("{}<Self, codegen::DecodeError>", names.result);
        let parameters = ["row: &R".to_owned(), "at: usize".to_owned()];
        out.item(|out| {
            out.function("fn decode<R: codegen::RowRead>", &parameters, &result, |out| {
                let (read, kind) = if is_int {
                    (format!("{name}::{parse}(codegen::Decode::decode(row, at)?)"), "Integer")
                } else {
                    (format!("{name}::{parse}(row.text(at)?)"), "Text")
                };
                let read = read.replacen(name.as_str(), "Self", 1);
                out.line(format!("{read}.ok_or_else(|| {{"));
                out.line(format!(
                    "    codegen::DecodeError::new(at, \"a value of `{name}`\", codegen::ValueKind::{kind})"
                ));
                out.line("})");
            });
        });
    });
    out.blank();
    out.line(format!("codegen::field_value!({name});"));
}
