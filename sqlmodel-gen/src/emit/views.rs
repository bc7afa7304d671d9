//! The file of a module's views: a model for each, which can be selected, filtered and joined as others.

use sqlmodel_sql::Dialect;

use crate::emit::queries::row::{debug, derive, shown};
use crate::emit::rust::Rust;
use crate::emit::types::Types;
use crate::emit::{File, Output, model, names, serde};
use crate::ir::{QueryColumn, View};

/// The stem of the file.
pub(super) const STEM: &str = "views";

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    for (index, module) in output.schema.modules.iter().enumerate() {
        let views = output.schema.views.iter();
        let views: Vec<&View> = views.filter(|it| it.written.module == index).collect();
        let Some(first) = views.first() else { continue };
        let source = output.sources.get(first.written.name.span.source);
        let mut out = Rust::new(&super::header("//", &super::file_name(source.name())));
        out.blank();
        out.inner_doc(&format!("The views of the module `{}`.", module.name));
        out.blank();
        out.line("use ::sqlmodel_runtime::codegen;");
        out.blank();
        out.doc("The views, each after those that it reads.");
        out.line("#[rustfmt::skip]");
        out.enclosed("pub static ALL: &[codegen::View] = &[", "];", |out| {
            for view in &views {
                definition(view, out);
            }
        });
        for view in views {
            emit_view(&output.types(index), view, &mut out);
        }
        files.push(File {
            path: output.names.file(index, STEM),
            text: out.finish(),
        });
    }
}

fn definition(view: &View, out: &mut Rust) {
    out.enclosed("codegen::View {", "},", |out| {
        let schema = view.written.sql_schema.as_ref();
        let schema = schema.map_or_else(
            || "::core::option::Option::None".to_owned(),
            |it| format!("::core::option::Option::Some({it:?})"),
        );
        out.line(format!("schema: {schema},"));
        out.line(format!("name: {:?},", view.written.sql_name));
        for dialect in Dialect::ALL {
            let text = view.texts.iter().find(|(it, _)| *it == dialect);
            let text = text.map_or_else(
                || "::core::option::Option::None".to_owned(),
                |(_, it)| format!("::core::option::Option::Some({it:?})"),
            );
            out.line(format!("{}: {text},", dialect.name()));
        }
    });
}

fn emit_view(types: &Types<'_>, view: &View, out: &mut Rust) {
    let name = &view.written.name.value;
    let doc = view.written.doc.as_deref();
    out.blank();
    out.doc(doc.unwrap_or(&format!("A row of the view `{}`.", view.written.sql_name)));
    let shown = shown(&view.columns);
    let derives: Vec<String> = view
        .written
        .derive
        .iter()
        .map(|it| it.value.clone())
        .collect();
    derive(&shown, &derives, out);
    let is_serialized = derives.iter().any(|path| serde::is_serialize(path));
    out.block(format!("pub struct {name}"), |out| {
        for column in &view.columns {
            out.doc(&format!("The column `{}`.", column.name));
            if column.is_hidden && is_serialized {
                out.line("#[serde(skip_serializing)]");
            }
            model::struct_field(out, &column.name, &types.column_of_query(column));
        }
    });
    debug(name, &shown, out);
    // A row without a key cannot be told from others, so that it is read and nothing else.
    if view.key.is_empty() {
        out.blank();
        decode(types, view, out);
        return;
    }
    out.blank();
    out.block(format!("impl {name}"), |out| {
        for column in &view.columns {
            out.doc(&format!("The column `{}`.", column.name));
            out.line("#[rustfmt::skip]");
            let constant = names::constant(&column.name);
            let ty = types.compared(column);
            out.line(format!(
                "pub const {constant}: codegen::Column<Self, {ty}> = codegen::Column::new({:?});",
                column.name
            ));
        }
    });
    out.blank();
    impl_model(types, view, out);
    out.blank();
    impl_record(types, view, out);
}

fn fields(types: &Types<'_>, columns: &[QueryColumn], out: &mut Rust) {
    out.enclosed(&format!("{}(Self {{", types.names.ok), "})", |out| {
        for (index, column) in columns.iter().enumerate() {
            let at = match index {
                0 => "at".to_owned(),
                _ => format!("at + {index}"),
            };
            out.line(format!(
                "{}: {},",
                column.name,
                types.decode_column(column, &at)
            ));
        }
    });
}

fn decode(types: &Types<'_>, view: &View, out: &mut Rust) {
    let result = format!("{}<Self, codegen::DecodeError>", types.names.result);
    out.line("#[rustfmt::skip]");
    out.block(
        format!("impl codegen::Decode for {}", view.written.name.value),
        |out| {
            out.line(format!("const WIDTH: usize = {};", view.columns.len()));
            out.blank();
            let head = format!("fn decode<R: codegen::RowRead>(row: &R, at: usize) -> {result}");
            out.block(head, |out| fields(types, &view.columns, out));
        },
    );
}

fn quoted<'c>(columns: impl Iterator<Item = &'c QueryColumn>) -> String {
    let names: Vec<String> = columns.map(|it| format!("{:?}", it.name)).collect();
    names.join(", ")
}

fn key(view: &View) -> impl Iterator<Item = &QueryColumn> {
    view.key.iter().filter_map(|at| view.columns.get(*at))
}

fn key_type(types: &Types<'_>, view: &View) -> String {
    let parts: Vec<String> = key(view)
        .map(|it| types.value_base(&it.ty, it.rust))
        .collect();
    model::tuple(&parts)
}

fn impl_model(types: &Types<'_>, view: &View, out: &mut Rust) {
    let result = format!("{}<Self, codegen::DecodeError>", types.names.result);
    out.line("#[rustfmt::skip]");
    out.block(
        format!("impl codegen::Model for {}", view.written.name.value),
        |out| {
            out.line(format!(
                "const TABLE_NAME: &'static str = {:?};",
                view.written.sql_name
            ));
            if let Some(schema) = &view.written.sql_schema {
                let option = types.option("&'static str");
                out.line(format!(
                    "const SCHEMA_NAME: {option} = {}({schema:?});",
                    types.names.some
                ));
            }
            out.line(format!(
                "const PRIMARY_KEY: &'static [&'static str] = &[{}];",
                quoted(key(view))
            ));
            let positions: Vec<String> = view.key.iter().map(ToString::to_string).collect();
            out.line(format!(
                "const KEY_POSITIONS: &'static [usize] = &[{}];",
                positions.join(", ")
            ));
            out.line(format!(
                "const COLUMN_COUNT: usize = {};",
                view.columns.len()
            ));
            out.line(format!("type Key = {};", key_type(types, view)));
            out.blank();
            out.block("fn fields() -> &'static [codegen::FieldInfo]", |out| {
                out.enclosed("const FIELDS: &[codegen::FieldInfo] = &[", "];", |out| {
                    for (at, column) in view.columns.iter().enumerate() {
                        let null = if column.ty.is_nullable {
                            ".nullable()"
                        } else {
                            ""
                        };
                        let is_key = if view.key.contains(&at) {
                            ".primary_key()"
                        } else {
                            ""
                        };
                        out.line(format!(
                            "codegen::FieldInfo::new({:?}){null}{is_key},",
                            column.name
                        ));
                    }
                });
                out.line("FIELDS");
            });
            out.blank();
            out.block("fn inheritance() -> &'static codegen::Inheritance", |out| {
                out.line("&codegen::Inheritance::NONE");
            });
            out.blank();
            let head = format!("fn from_row<R: codegen::RowRead>(row: &R, at: usize) -> {result}");
            out.block(head, |out| fields(types, &view.columns, out));
        },
    );
}

fn impl_record(types: &Types<'_>, view: &View, out: &mut Rust) {
    out.line("#[rustfmt::skip]");
    out.block(
        format!("impl codegen::Record for {}", view.written.name.value),
        |out| {
            out.line("type Model = Self;");
            out.line(format!(
                "const COLUMNS: &'static [&'static str] = &[{}];",
                quoted(view.columns.iter())
            ));
            out.blank();
            let head = format!(
                "fn to_row<'a>(&'a self, row: &mut {}<codegen::Value<'a>>)",
                types.names.vec
            );
            out.block(head, |out| {
                let values = view
                    .columns
                    .iter()
                    .map(|it| format!("{}(&self.{})", types.encode_column(it), it.name));
                out.line(format!(
                    "row.extend([{}]);",
                    values.collect::<Vec<_>>().join(", ")
                ));
            });
            out.blank();
            let option = types.option(&key_type(types, view));
            out.block(format!("fn primary_key_value(&self) -> {option}"), |out| {
                let parts = key(view).map(|it| match types.is_copy_value(&it.ty, it.rust) {
                    true => format!("self.{}", it.name),
                    false => types.names.cloned(&format!("self.{}", it.name)),
                });
                let value = model::tuple(&parts.collect::<Vec<_>>());
                out.line(format!("{}({value})", types.names.some));
            });
            out.blank();
            out.block("fn is_new(&self) -> bool", |out| out.line("false"));
        },
    );
}
