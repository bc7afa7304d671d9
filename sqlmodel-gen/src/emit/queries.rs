//! The file of a module's typed queries: a function for each, and the structs of their rows.

mod batch;
mod page;
pub(super) mod row;
mod sql;

use crate::emit::rust::Rust;
use crate::emit::types::Types;
use crate::emit::{File, Output, model};
use crate::ir::{Builtin, PartNumber, Query, QueryColumn, QueryParam, Returns, Row, Scalar};

/// The stem of the file.
pub(super) const STEM: &str = "queries";

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    for (index, module) in output.schema.modules.iter().enumerate() {
        let queries: Vec<&Query> = output
            .schema
            .queries
            .iter()
            .filter(|it| it.module == index)
            .collect();
        let Some(first) = queries.first() else {
            continue;
        };
        let mut out = Rust::new(&super::header(
            "//",
            &super::file_name(output.sources.get(first.span.source).name()),
        ));
        out.blank();
        out.inner_doc(&format!("The queries of the module `{}`.", module.name));
        out.blank();
        out.line("use ::sqlmodel_runtime::codegen;");
        for query in queries {
            let file = QueryFile {
                types: output.types(index),
                query,
            };
            out.blank();
            file.emit(&mut out);
        }
        files.push(File {
            path: output.names.file(index, STEM),
            text: out.finish(),
        });
    }
}

/// One query, as its part of the file needs it.
struct QueryFile<'a> {
    types: Types<'a>,
    query: &'a Query,
}

/// How a value is given to a function and gets into a statement.
struct Given {
    /// The type of the argument, where `'q` is the lifetime of what it borrows.
    ty: String,
    /// The value, made of the argument.
    encode: String,
}

impl QueryFile<'_> {
    fn emit(&self, out: &mut Rust) {
        self.function(out);
        if self.query.options.batch.is_some() {
            out.blank();
            self.batch(out);
        }
        if let Some(page) = &self.query.page {
            out.blank();
            self.page(page, out);
        }
        if !self.query.orders.is_empty() {
            out.blank();
            self.orders(out);
        }
        match &self.query.row {
            Row::Struct {
                name,
                columns,
                home: None,
            } => {
                out.blank();
                self.row_struct(name, &self.row_doc(name), columns, out);
            }
            Row::Nested { name, parts } => {
                out.blank();
                self.nested(name, parts, out);
            }
            Row::Struct { home: Some(_), .. }
            | Row::None
            | Row::Ignored
            | Row::Scalar(_)
            | Row::Model(_)
            | Row::View(_) => {}
        }
    }

    /// Says whose rows a struct is.
    fn row_doc(&self, name: &str) -> String {
        let queries = self.types.schema.queries.iter();
        let others = queries.filter(|it| {
            let Row::Struct {
                name: other,
                home: Some(_),
                ..
            } = &it.row
            else {
                return false;
            };
            *other == name
        });
        let others: String = others.map(|it| format!(", and of `{}`", it.name)).collect();
        format!("A row of [`{}`]{others}.", self.query.name)
    }

    /// The type of a row.
    fn row_type(&self) -> String {
        match &self.query.row {
            Row::None | Row::Ignored => "codegen::typed::Unread".to_owned(),
            Row::Scalar(column) => self.scalar_type(column),
            Row::Model(id) => {
                let model = &self.types.schema.models[*id];
                let names = self.types.names;
                names.path(self.types.module, model.module, &model.name)
            }
            Row::View(at) => {
                let view = self.types.schema.views.get(*at).map(|it| &it.written);
                let path = view.map(|it| {
                    let name = format!("views::{}", it.name.value);
                    self.types.names.path(self.types.module, it.module, &name)
                });
                path.unwrap_or_default()
            }
            Row::Struct {
                name,
                home: Some(home),
                ..
            } if *home != self.types.module => {
                let name = format!("{STEM}::{name}");
                self.types.names.path(self.types.module, *home, &name)
            }
            Row::Struct { name, .. } | Row::Nested { name, .. } => name.clone(),
        }
    }

    /// What the function returns, with a lifetime.
    fn returned(&self, lifetime: &str) -> String {
        let Query { returns, row, .. } = self.query;
        let place = match self.query.options.needs_transaction {
            true => ", codegen::typed::InTransaction",
            false => "",
        };
        let number = match returns {
            Returns::Exec | Returns::Affected => {
                return format!("codegen::typed::TypedCommand<{lifetime}{place}>");
            }
            Returns::LastId => return format!("codegen::typed::TypedInsert<{lifetime}{place}>"),
            Returns::Many if place.is_empty() => "",
            Returns::Many => ", codegen::typed::Many",
            Returns::One | Returns::Scalar => ", codegen::typed::One",
            Returns::Optional => ", codegen::typed::AtMostOne",
            Returns::Exists => ", codegen::typed::Any",
        };
        let is_gathered = matches!(row, Row::Nested { parts, .. } if parts.iter().any(|it| it.number == PartNumber::Many));
        let query = match is_gathered {
            true => "TypedGather",
            false => "TypedQuery",
        };
        let row = self.row_type();
        if self.query.page.is_some() {
            let cursor = self.cursor();
            return format!("codegen::typed::TypedPage<{lifetime}, {row}, {cursor}{place}>");
        }
        format!("codegen::typed::{query}<{lifetime}, {row}{number}{place}>")
    }

    /// The parameters that the caller gives one by one, with their positions; the others are the page's.
    fn given_params(&self) -> impl Iterator<Item = (usize, &QueryParam)> {
        let page = self.query.page.as_ref();
        let n_given = page.map_or(self.query.params.len(), |it| it.first_param);
        self.query.params.iter().enumerate().take(n_given)
    }

    /// The arguments of the function and their types, where `'q` is the lifetime of what they borrow.
    fn arguments(&self) -> Vec<(String, String)> {
        let query = self.query;
        let mut arguments: Vec<(String, String)> = Vec::new();
        for (at, param) in self.given_params() {
            match param.block.and_then(|it| query.blocks.get(it)) {
                None => {
                    arguments.push((param.name.clone(), self.maybe(param, self.given(param).ty)));
                }
                Some(block) if block.params.as_slice() == [at] => {
                    let ty = self.maybe(param, self.given(param).ty);
                    arguments.push((param.name.clone(), self.types.option(&ty)));
                }
                Some(block) if block.params.first() == Some(&at) => {
                    let types: Vec<String> = block
                        .params
                        .iter()
                        .filter_map(|it| query.params.get(*it))
                        .map(|it| self.maybe(it, self.given(it).ty))
                        .collect();
                    arguments.push((
                        block.name.clone(),
                        self.types.option(&format!("({})", types.join(", "))),
                    ));
                }
                Some(_) => {}
            }
        }
        for block in query.blocks.iter().filter(|it| it.params.is_empty()) {
            arguments.push((block.name.clone(), "bool".to_owned()));
        }
        if query.page.is_some() {
            let ty = self.types.option(&format!("&'q {}", self.cursor()));
            arguments.push((self.cursor_argument(), ty));
        }
        if !query.orders.is_empty() {
            arguments.push((self.order_argument(), self.order_name()));
        }
        arguments
    }

    fn function(&self, out: &mut Rust) {
        let query = self.query;
        let arguments = self.arguments();
        let n_borrowed: usize = arguments
            .iter()
            .map(|(_, ty)| ty.matches("'q").count())
            .sum();
        let (generics, lifetime) = match n_borrowed {
            0 => ("", "'static"),
            1 => ("", "'_"),
            _ => ("<'q>", "'q"),
        };
        let arguments: Vec<String> = arguments
            .iter()
            .map(|(name, ty)| {
                let ty = if n_borrowed == 1 {
                    ty.replace("&'q ", "&")
                } else {
                    ty.clone()
                };
                format!("{name}: {ty}")
            })
            .collect();
        out.doc(
            query
                .doc
                .as_deref()
                .unwrap_or(&format!("The query `{}`.", query.name)),
        );
        let given = self.given_params().map(|(_, it)| it);
        for param in given.filter(|it| !it.reason.is_empty()) {
            out.line("///");
            out.doc(&format!("`{}`: {}.", param.name, sentence(&param.reason)));
        }
        self.attributes(out);
        if arguments.len() > 7 {
            out.line("#[allow(clippy::too_many_arguments, reason = \"one for each parameter\")]");
        }
        out.line("#[must_use]");
        out.line("#[rustfmt::skip]");
        let head = format!("pub fn {}{generics}", query.name);
        out.function(&head, &arguments, &self.returned(lifetime), |out| {
            sql::constant(query, self.types.names, out);
            let mut values: Vec<String> = self
                .given_params()
                .map(|(at, it)| self.value(at, it))
                .collect();
            if let Some(page) = &query.page {
                let keys = page.keys.iter();
                values.extend(keys.map(|it| self.cursor_value(&it.column.name)));
                values.push("codegen::Value::Null".to_owned());
            }
            out.blank();
            // Few values are kept in the call.
            let few = ["One", "Two", "Three", "Four"];
            let kind = values.len().checked_sub(1).map(|it| few.get(it));
            let local = self.free_name("params");
            let (open, close) = match kind {
                None => (String::new(), ""),
                Some(Some(few)) => (
                    format!("let {local} = codegen::typed::Params::{few}(["),
                    "]);",
                ),
                Some(None) => (
                    format!("let {local} = codegen::typed::Params::Many(::std::vec!["),
                    "]);",
                ),
            };
            if values.is_empty() {
                out.line(format!("let {local} = codegen::typed::Params::None;"));
            } else {
                out.enclosed(&open, close, |out| {
                    for value in &values {
                        out.line(format!("{value},"));
                    }
                });
            }
            let mut call = format!("codegen::typed::Call::new(&SQL, {local})");
            for (at, block) in query.blocks.iter().enumerate() {
                let is_of_page = query.page.is_some() && at + 1 == query.blocks.len();
                let is_on = match block.params.as_slice() {
                    _ if is_of_page => format!("{}.is_some()", self.cursor_argument()),
                    [] => block.name.clone(),
                    [only] => format!(
                        "{}.is_some()",
                        query.params.get(*only).map_or("", |it| &it.name)
                    ),
                    _ => format!("{}.is_some()", block.name),
                };
                call.push_str(&format!(".block({at}, {is_on})"));
            }
            if !query.orders.is_empty() {
                call.push_str(&format!(".order({} as usize)", self.order_argument()));
            }
            if query.is_write {
                call.push_str(".writes()");
            }
            if let Some(timeout) = query.options.timeout {
                let millis = timeout.as_millis();
                call.push_str(&format!(
                    ".timeout(::core::time::Duration::from_millis({millis}))"
                ));
            }
            if query.options.is_once {
                call.push_str(".once()");
            }
            let returned = self.returned(lifetime);
            let path = returned.split('<').next().unwrap_or_default().to_owned();
            match &query.page {
                None => out.line(format!("{path}::new({call})")),
                Some(page) => out.line(format!("{path}::new({call}, {})", page.size)),
            }
        });
    }

    /// Writes the attributes that the schema gives a function.
    fn attributes(&self, out: &mut Rust) {
        let options = &self.query.options;
        for attr in &options.attrs {
            out.line(format!("#[{}]", attr.trim()));
        }
        match options.deprecated.as_deref() {
            None => {}
            Some("") => out.line("#[deprecated]"),
            Some(why) => out.line(format!("#[deprecated(note = {why:?})]")),
        }
    }

    /// The value of a parameter, made of the function's arguments.
    fn value(&self, at: usize, param: &QueryParam) -> String {
        let null = "codegen::Value::Null";
        let encode = self.given(param).encode;
        let name = &param.name;
        let block = param.block.and_then(|it| self.query.blocks.get(it));
        // A function that is called with the value alone is passed as it is.
        let map = match encode.strip_suffix("(it)").filter(|it| !it.contains('(')) {
            Some(function) => function.to_owned(),
            None => format!("|it| {encode}"),
        };
        let optional = |place: &str| format!("{place}.map_or({null}, {map})");
        match (block, param.ty.is_nullable) {
            (None, false) => self.given_as(param, name).encode,
            (None, true) => optional(name),
            (Some(block), is_nullable) => {
                let place = match block.params.iter().position(|it| *it == at) {
                    Some(position) if block.params.len() > 1 => {
                        format!("{}.map(|it| it.{position})", block.name)
                    }
                    _ => name.clone(),
                };
                optional(&if is_nullable {
                    format!("{place}.flatten()")
                } else {
                    place
                })
            }
        }
    }

    fn maybe(&self, param: &QueryParam, ty: String) -> String {
        if param.ty.is_nullable {
            self.types.option(&ty)
        } else {
            ty
        }
    }

    fn given(&self, param: &QueryParam) -> Given {
        self.given_as(param, "it")
    }

    /// How a parameter is given, its value being called `it`.
    fn given_as(&self, param: &QueryParam, it: &str) -> Given {
        let base = self.types.value_base(&param.ty, param.rust);
        let is_text = matches!(param.ty.scalar, Scalar::Builtin(Builtin::Text { .. }))
            && param.rust.is_none();
        if param.is_list || param.ty.is_array {
            return if is_text {
                Given {
                    ty: "&'q [impl AsRef<str>]".to_owned(),
                    encode: format!(
                        "codegen::Value::Array({it}.iter().map(|text| codegen::Value::Text(::std::borrow::Cow::Borrowed(text.as_ref()))).collect())"
                    ),
                }
            } else {
                Given {
                    ty: format!("&'q [{base}]"),
                    encode: format!("codegen::array::encode({it})"),
                }
            };
        }
        let is_bytes =
            matches!(param.ty.scalar, Scalar::Builtin(Builtin::Bytes)) && param.rust.is_none();
        if is_text || is_bytes {
            let (ty, variant) = if is_text {
                ("&'q str", "Text")
            } else {
                ("&'q [u8]", "Bytes")
            };
            return Given {
                ty: ty.to_owned(),
                encode: format!("codegen::Value::{variant}(::std::borrow::Cow::Borrowed({it}))"),
            };
        }
        if self.types.is_json_value(&param.ty, param.rust) {
            return Given {
                ty: format!("&'q {base}"),
                encode: format!("codegen::json::encode({it})"),
            };
        }
        if self.types.is_copy_value(&param.ty, param.rust) {
            return Given {
                ty: base,
                encode: format!("codegen::Encode::into_value({it})"),
            };
        }
        Given {
            ty: format!("&'q {base}"),
            encode: format!("codegen::Encode::encode({it})"),
        }
    }

    /// The type of a value that is a row by itself: it must know how to be read.
    fn scalar_type(&self, column: &QueryColumn) -> String {
        let ty = if column.ty.is_array {
            format!(
                "codegen::types::Array<{}>",
                self.types.value_base(&column.ty, column.rust)
            )
        } else if self.types.is_json_value(&column.ty, column.rust) {
            self.types.builtin(Builtin::Json).to_owned()
        } else {
            self.types.value_base(&column.ty, column.rust)
        };
        if column.ty.is_nullable {
            self.types.option(&ty)
        } else {
            ty
        }
    }

    fn order_name(&self) -> String {
        format!("{}Order", camel(&self.query.name))
    }

    /// The argument of the order, by a name that no parameter has.
    fn order_argument(&self) -> String {
        self.free_name("order")
    }

    /// A name for an argument that is no parameter's.
    fn free_name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        let n_blocks = self.query.blocks.len() - usize::from(self.query.page.is_some());
        let is_taken = |name: &String| {
            self.given_params().any(|(_, it)| it.name == *name)
                || self
                    .query
                    .blocks
                    .iter()
                    .take(n_blocks)
                    .any(|it| it.name == *name)
        };
        while is_taken(&name) {
            name.push('_');
        }
        name
    }

    fn orders(&self, out: &mut Rust) {
        out.doc(&format!("The orders of [`{}`].", self.query.name));
        model::derive(out, &["Debug", "Clone", "Copy", "PartialEq", "Eq"], &[]);
        out.block(format!("pub enum {}", self.order_name()), |out| {
            for (name, text) in &self.query.orders {
                out.doc(&format!(
                    "`{}`",
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                ));
                out.line(format!("{name},"));
            }
        });
    }
}

/// A reason as a part of a sentence of documentation.
fn sentence(reason: &str) -> String {
    let text = if reason.is_empty() {
        "a column of the query"
    } else {
        reason
    };
    text.replace(['[', ']', '<', '>'], "")
        .trim_end_matches('.')
        .to_owned()
}

/// Turns `search_posts` into `SearchPosts`.
fn camel(name: &str) -> String {
    name.split('_').map(capitalized).collect()
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
