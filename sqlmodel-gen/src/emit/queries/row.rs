//! The structs that rows become, and how they are read.

use crate::emit::model;
use crate::emit::queries::{QueryFile, capitalized, sentence};
use crate::emit::rust::Rust;
use crate::ir::{PartKind, PartNumber, QueryColumn, RowPart};

impl QueryFile<'_> {
    pub(super) fn row_struct(
        &self,
        name: &str,
        doc: &str,
        columns: &[QueryColumn],
        out: &mut Rust,
    ) {
        out.doc(doc);
        let shown = shown(columns);
        derive(&shown, &[], out);
        out.block(format!("pub struct {name}"), |out| {
            for column in columns {
                out.doc(&format!("{}.", capitalized(&sentence(&column.reason))));
                model::struct_field(out, &column.name, &self.types.column_of_query(column));
            }
        });
        debug(name, &shown, out);
        out.blank();
        let result = format!("{}<Self, codegen::DecodeError>", self.types.names.result);
        out.line("#[rustfmt::skip]");
        out.block(format!("impl codegen::Decode for {name}"), |out| {
            out.line(format!("const WIDTH: usize = {};", columns.len()));
            out.blank();
            out.block(
                format!("fn decode<R: codegen::RowRead>(row: &R, at: usize) -> {result}"),
                |out| {
                    out.enclosed(&format!("{}(Self {{", self.types.names.ok), "})", |out| {
                        for (index, column) in columns.iter().enumerate() {
                            let at = if index == 0 {
                                "at".to_owned()
                            } else {
                                format!("at + {index}")
                            };
                            out.line(format!(
                                "{}: {},",
                                column.name,
                                self.types.decode_column(column, &at)
                            ));
                        }
                    });
                },
            );
            out.blank();
            self.column_name(columns.iter().map(|it| it.name.as_str()), out);
        });
    }

    /// Writes what errors call a column.
    fn column_name<'c>(&self, columns: impl Iterator<Item = &'c str>, out: &mut Rust) {
        let names: Vec<String> = columns.map(|it| format!("{it:?}")).collect();
        let option = self.types.option("(&'static str, &'static str)");
        out.block(
            format!("fn column_name(offset: usize) -> {option}"),
            |out| {
                out.line(format!("const COLUMNS: &[&str] = &[{}];", names.join(", ")));
                out.line(format!(
                    "COLUMNS.get(offset).map(|column| ({:?}, *column))",
                    self.query.name
                ));
            },
        );
    }

    pub(super) fn nested(&self, name: &str, parts: &[RowPart], out: &mut Rust) {
        let is_gathered = parts.iter().any(|it| it.number == PartNumber::Many);
        let doc = match is_gathered {
            true => format!("A value of [`{}`], made of several rows.", self.query.name),
            false => format!("A row of [`{}`].", self.query.name),
        };
        out.doc(&doc);
        let is_hidden = |part: &RowPart| matches!(&part.kind, PartKind::Column(it) if it.is_hidden);
        let shown: Vec<(&str, bool)> = parts
            .iter()
            .map(|it| (it.name.as_str(), is_hidden(it)))
            .collect();
        derive(&shown, &[], out);
        out.block(format!("pub struct {name}"), |out| {
            for part in parts {
                out.doc(&part_doc(part));
                model::struct_field(out, &part.name, &self.part_type(part));
            }
        });
        debug(name, &shown, out);
        out.blank();
        let result = |of: &str| format!("{}<{of}, codegen::DecodeError>", self.types.names.result);
        let start = |out: &mut Rust, at: &str| {
            out.enclosed(&format!("{}(Self {{", self.types.names.ok), "})", |out| {
                for part in parts {
                    out.line(format!("{}: {},", part.name, self.part_decode(part, at)));
                }
            });
        };
        out.line("#[rustfmt::skip]");
        if is_gathered {
            let key = parts.iter().filter(|it| it.number != PartNumber::Many);
            let key: Vec<String> = key
                .flat_map(|it| {
                    if it.key.is_empty() {
                        Vec::new()
                    } else {
                        it.key.clone()
                    }
                })
                .map(|it| it.to_string())
                .collect();
            let many: Vec<&RowPart> = parts
                .iter()
                .filter(|it| it.number == PartNumber::Many)
                .collect();
            let lists: Vec<String> = many
                .iter()
                .map(|it| {
                    format!(
                        "&[{}]",
                        it.key
                            .iter()
                            .map(ToString::to_string)
                            .collect::<Vec<_>>()
                            .join(", ")
                    )
                })
                .collect();
            out.block(format!("impl codegen::typed::Gather for {name}"), |out| {
                out.line(format!(
                    "const KEY: &'static [usize] = &[{}];",
                    key.join(", ")
                ));
                out.line(format!(
                    "const PARTS: &'static [&'static [usize]] = &[{}];",
                    lists.join(", ")
                ));
                out.blank();
                out.block(
                    format!(
                        "fn start<R: codegen::RowRead>(row: &R) -> {}",
                        result("Self")
                    ),
                    |out| start(out, ""),
                );
                out.blank();
                out.block(
                    format!(
                        "fn add<R: codegen::RowRead>(&mut self, part: usize, row: &R) -> {}",
                        result("()")
                    ),
                    |out| {
                        for (index, part) in many.iter().enumerate() {
                            out.block(format!("if part == {index}"), |out| {
                                let item = format!("codegen::Decode::decode(row, {})?", part.at);
                                out.line(format!("self.{}.push({item});", part.name));
                            });
                        }
                        out.line(format!("{}(())", self.types.names.ok));
                    },
                );
            });
        } else {
            out.block(format!("impl codegen::Decode for {name}"), |out| {
                out.line(format!("const WIDTH: usize = {};", self.width(parts)));
                out.blank();
                out.block(
                    format!(
                        "fn decode<R: codegen::RowRead>(row: &R, at: usize) -> {}",
                        result("Self")
                    ),
                    |out| start(out, "at + "),
                );
            });
        }
        for part in parts {
            if let PartKind::Struct { name, columns } = &part.kind {
                out.blank();
                self.row_struct(
                    name,
                    &format!(
                        "The part `{}` of a row of [`{}`].",
                        part.name, self.query.name
                    ),
                    columns,
                    out,
                );
            }
        }
    }

    fn width(&self, parts: &[RowPart]) -> usize {
        let last = parts.last();
        last.map_or(0, |it| it.at + self.part_width(it))
    }

    fn part_width(&self, part: &RowPart) -> usize {
        match &part.kind {
            PartKind::Column(_) => 1,
            PartKind::Model(id) => self.types.schema.fields_of(*id).len(),
            PartKind::Struct { columns, .. } => columns.len(),
        }
    }

    fn part_item(&self, part: &RowPart) -> String {
        match &part.kind {
            PartKind::Column(column) => self.types.column_of_query(column),
            PartKind::Model(id) => {
                let model = &self.types.schema.models[*id];
                self.types
                    .names
                    .path(self.types.module, model.module, &model.name)
            }
            PartKind::Struct { name, .. } => name.clone(),
        }
    }

    fn part_type(&self, part: &RowPart) -> String {
        let item = self.part_item(part);
        match part.number {
            PartNumber::One => item,
            PartNumber::Optional => self.types.option(&item),
            PartNumber::Many => format!("{}<{item}>", self.types.names.vec),
        }
    }

    /// The value of a part, `base` being what positions are counted from.
    fn part_decode(&self, part: &RowPart, base: &str) -> String {
        let at = position(base, part.at);
        let (some, none) = (&self.types.names.some, &self.types.names.none);
        match (part.number, &part.kind) {
            (PartNumber::Many, _) => format!("{}::new()", self.types.names.vec),
            (PartNumber::One, PartKind::Column(column)) => self.types.decode_column(column, &at),
            (PartNumber::One, _) => format!("codegen::Decode::decode(row, {at})?"),
            (PartNumber::Optional, _) => {
                let absent: Vec<String> = part
                    .key
                    .iter()
                    .map(|it| format!("row.is_null({})", position(base, *it)))
                    .collect();
                format!(
                    "if {} {{ {none} }} else {{ {some}(codegen::Decode::decode(row, {at})?) }}",
                    absent.join(" && ")
                )
            }
        }
    }
}

/// The fields of a struct that columns become, and whether each is hidden.
pub(in crate::emit) fn shown(columns: &[QueryColumn]) -> Vec<(&str, bool)> {
    let fields = columns.iter().map(|it| (it.name.as_str(), it.is_hidden));
    fields.collect()
}

/// Writes the derives of a struct, without the `Debug` that would show hidden fields.
pub(in crate::emit) fn derive(fields: &[(&str, bool)], more: &[String], out: &mut Rust) {
    let is_hiding = fields.iter().any(|(_, is_hidden)| *is_hidden);
    let derives: &[&str] = match is_hiding {
        true => &["Clone", "PartialEq"],
        false => &["Debug", "Clone", "PartialEq"],
    };
    model::derive(out, derives, more);
}

/// Writes a `Debug` that shows hidden fields as such, if there are any.
pub(in crate::emit) fn debug(name: &str, fields: &[(&str, bool)], out: &mut Rust) {
    if !fields.iter().any(|(_, is_hidden)| *is_hidden) {
        return;
    }
    out.blank();
    out.line("#[rustfmt::skip]");
    out.block(format!("impl ::core::fmt::Debug for {name}"), |out| {
        let head = "fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result";
        out.block(head, |out| {
            let fields = fields.iter().map(|(field, is_hidden)| {
                let value = match is_hidden {
                    true => "&::core::format_args!(\"<hidden>\")".to_owned(),
                    false => format!("&self.{field}"),
                };
                format!(".field({field:?}, {value})")
            });
            out.line(format!(
                "f.debug_struct({name:?}){}.finish()",
                fields.collect::<String>()
            ));
        });
    });
}

/// Writes a position that is counted from a base, which is nothing or `at + `.
fn position(base: &str, at: usize) -> String {
    match (base, at) {
        ("at + ", 0) => "at".to_owned(),
        (base, at) => format!("{base}{at}"),
    }
}

fn part_doc(part: &RowPart) -> String {
    match (&part.kind, part.number) {
        (PartKind::Column(column), _) => format!("{}.", capitalized(&sentence(&column.reason))),
        (_, PartNumber::One) => format!("The part `{}`.", part.name),
        (_, PartNumber::Optional) => {
            format!("The part `{}`, if the join found a row for it.", part.name)
        }
        (_, PartNumber::Many) => format!("All of `{}`, in the order of the rows.", part.name),
    }
}
