//! The file of a model: its struct, its typed columns and relations, and its side of the runtime's contract.

use std::borrow::Cow;

use sqlmodel_sql::{
    Dialect, DialectSet, Function, Index, IndexKey, Literal, PerDialect, ScalarType, SqlType,
};

use crate::emit::fields::{self, Given};
use crate::emit::rust::{Expr, Rust};
use crate::emit::types::{Codec, Types};
use crate::emit::{File, Output, abstracts, names, new, relations, rules, serde, variants};
use crate::ir::{EnumLiteral, Field, FieldId, KeyPart, Model, ModelId, Value, ValueSource, Write};

/// One model, as its file needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ModelFile<'a> {
    pub(super) output: &'a Output<'a>,
    pub(super) types: Types<'a>,
    pub(super) id: ModelId,
    pub(super) model: &'a Model,
}

/// Returns the file of a model.
pub(super) fn emit(output: &Output<'_>, id: ModelId) -> File {
    let model = &output.schema.models[id];
    let file = ModelFile {
        output,
        types: output.types(model.module),
        id,
        model,
    };
    let mut out = output.item_file(model.span.source);
    file.stored(&mut out);
    if !model.is_abstract {
        new::emit(&file, &mut out);
    }
    variants::emit(&file, &mut out);
    output.file(model.module, &model.name, out)
}

/// A column that a model is read from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column<'a> {
    /// That of a field.
    Field(FieldId, &'a Field),
    /// The discriminator of the family, where it is no field.
    Discriminator(&'a str),
}

impl Column<'_> {
    pub(super) fn is_discriminator(&self) -> bool {
        match self {
            Self::Field(_, field) => field.is_discriminator,
            Self::Discriminator(_) => true,
        }
    }
}

impl<'a> ModelFile<'a> {
    /// All fields in column order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (FieldId, &'a Field)> + use<'a> {
        let schema = self.output.schema;
        schema
            .fields_of(self.id)
            .into_iter()
            .map(|id| (id, &schema.fields[id]))
    }

    fn key(&self) -> impl Iterator<Item = (FieldId, &'a Field)> + use<'a> {
        let schema = self.output.schema;
        self.model.key.iter().map(|id| (*id, &schema.fields[*id]))
    }

    fn stored(&self, out: &mut Rust) {
        self.struct_(out);
        out.blank();
        self.constants(out);
        out.blank();
        self.impl_model(out);
        out.blank();
        self.impl_record(out);
        self.impl_child(out);
        abstracts::implement(self, out);
        self.any(out);
    }

    fn struct_(&self, out: &mut Rust) {
        let Model { name, doc, .. } = self.model;
        let table = self.table_name();
        out.doc(
            doc.as_deref()
                .unwrap_or(&format!("A row of the table `{table}`.")),
        );
        let schema = self.output.schema;
        let fields = self
            .model
            .fields
            .iter()
            .map(|id| (*id, &schema.fields[*id]));
        let fields: Vec<_> = fields.collect();
        derives(
            out,
            fields.iter().map(|(_, field)| *field),
            &self.model.derive,
        );
        let is_serialized = self
            .model
            .derive
            .iter()
            .any(|path| serde::is_serialize(path));
        out.block(format!("pub struct {name}"), |out| {
            self.embedded(out);
            for (id, field) in &fields {
                out.doc(&fields::doc(self.output, self.model, *id));
                if field.is_hidden && is_serialized {
                    out.line("#[serde(skip_serializing)]");
                }
                struct_field(out, &field.name, &self.types.field(field));
            }
        });
        let base = self.base_field();
        redacted_debug(
            out,
            name,
            base.as_deref(),
            fields.iter().map(|(_, field)| *field),
        );
    }

    fn constants(&self, out: &mut Rust) {
        out.block(format!("impl {}", self.model.name), |out| {
            for (id, field) in self.fields() {
                let ty = self.types.column(field);
                let column = Expr::str(&field.column);
                let value = match self.inherited_from(id) {
                    None => Expr::call("codegen::Column::new", [column]),
                    Some(table) => {
                        Expr::call("codegen::Column::inherited", [column, Expr::str(table)])
                    }
                };
                out.doc(&format!("The column `{}`.", field.column));
                out.item(|out| {
                    out.assign(
                        &format!(
                            "pub const {}: codegen::Column<Self, {ty}>",
                            names::constant(&field.name)
                        ),
                        &value,
                    );
                });
            }
            let schema = self.output.schema;
            for model in schema.chain(self.id) {
                for id in &schema.models[model].relations {
                    relations::constant(self, *id, out);
                }
            }
        });
    }

    fn impl_model(&self, out: &mut Rust) {
        let Model { name, .. } = self.model;
        let columns = self.columns();
        out.block(format!("impl codegen::Model for {name}"), |out| {
            out.assign(
                "const TABLE_NAME: &'static str",
                &Expr::str(&self.table_name()),
            );
            if self.model.family.is_some() {
                out.line("const IN_FAMILY: bool = true;");
            }
            if let Some(entity) = self.entity_name() {
                out.assign("const ENTITY_NAME: &'static str", &Expr::str(&entity));
            }
            if let Some(schema) = self.schema_name() {
                let head = format!(
                    "const SCHEMA_NAME: {}<&'static str>",
                    self.types.names.option
                );
                let value = Expr::call(self.types.names.some.as_str(), [Expr::str(schema)]);
                out.assign(&head, &value);
            }
            let key = self.key().map(|(_, field)| field.column.as_str());
            out.assign(
                "const PRIMARY_KEY: &'static [&'static str]",
                &Expr::strs(key),
            );
            let unique_keys = self.unique_keys();
            if !unique_keys.is_empty() {
                out.assign(
                    "const UNIQUE_KEYS: &'static [&'static [&'static str]]",
                    &Expr::slice(unique_keys.into_iter().map(Expr::strs)),
                );
            }
            let positions = self.key().filter_map(|(id, _)| {
                let is_key =
                    |column: &Column<'_>| matches!(column, Column::Field(it, _) if *it == id);
                let position = columns.iter().position(is_key)?;
                Some(Expr::atom(position.to_string()))
            });
            out.assign(
                "const KEY_POSITIONS: &'static [usize]",
                &Expr::slice(positions),
            );
            out.line(format!("const COLUMN_COUNT: usize = {};", columns.len()));
            out.line(format!("type Key = {};", self.key_type()));
            self.rules(out);
            out.blank();
            out.block("fn fields() -> &'static [codegen::FieldInfo]", |out| {
                let infos = Expr::slice(columns.iter().map(|column| match column {
                    Column::Field(id, field) => self.field_info(*id, field),
                    Column::Discriminator(column) => self.discriminator_info(column),
                }));
                out.item(|out| out.assign("const FIELDS: &[codegen::FieldInfo]", &infos));
                out.line("FIELDS");
            });
            out.blank();
            out.block("fn inheritance() -> &'static codegen::Inheritance", |out| {
                if self.model.family.is_none() {
                    out.line("&codegen::Inheritance::NONE");
                    return;
                }
                let place = self.inheritance();
                out.item(|out| out.assign("const PLACE: codegen::Inheritance", &place));
                out.line("&PLACE");
            });
            out.blank();
            self.decode(out);
            self.joined_parent_row(out);
        });
    }

    fn discriminator_info(&self, column: &str) -> Expr {
        let info = Expr::call("codegen::FieldInfo::new", [Expr::str(column)]);
        let info = info.method("discriminator", []);
        match self.discriminator_table() {
            Some(table) => info.method("inherited_from", [Expr::str(table)]),
            None => info,
        }
    }

    /// The columns of each unique key and unique index; none where rows are compared by more or less than columns.
    fn unique_keys(&self) -> Vec<Vec<&'a str>> {
        let schema = self.output.schema;
        let tables = schema.mappings[self.id].tables.iter();
        tables
            .map(|mapped| &schema.tables[mapped.table])
            .flat_map(|table| {
                let keys = table.unique_keys.iter();
                let indexes = table.indexes.iter().filter(|index| index.is_unique);
                keys.map(|key| key.columns.iter().map(AsRef::as_ref).collect())
                    .chain(indexes.map(|index| index_columns(index).unwrap_or_default()))
            })
            .collect()
    }

    /// Writes the rules about fields, and those about the row, of the models that this one extends before its own.
    fn rules(&self, out: &mut Rust) {
        let schema = self.output.schema;
        let field_rules = self.fields().flat_map(|(_, field)| {
            let rules = rules::of_field(schema, field).into_iter();
            rules.map(|rule| Expr::call("codegen::FieldRule::new", [Expr::str(&field.name), rule]))
        });
        let field_rules: Vec<Expr> = field_rules.collect();
        if !field_rules.is_empty() {
            let head = "const FIELD_RULES: &'static [codegen::FieldRule]";
            out.item(|out| out.assign(head, &Expr::Slice(field_rules)));
        }
        let extended = std::iter::successors(Some(self.model), |model| {
            model.base.map(|base| &schema.models[base])
        });
        let mut models: Vec<&Model> = extended.collect();
        models.reverse();
        let rules = models.into_iter().flat_map(|model| &model.rules);
        let rules: Vec<Expr> = rules
            .filter_map(|rule| rules::of_model(schema, rule))
            .collect();
        if !rules.is_empty() {
            let head = "const RULES: &'static [codegen::RowRule]";
            out.item(|out| out.assign(head, &Expr::Slice(rules)));
        }
    }

    fn field_info(&self, id: FieldId, field: &Field) -> Expr {
        let mut info = Expr::call("codegen::FieldInfo::new", [Expr::str(&field.name)]);
        if field.column != field.name {
            info = info.method("column", [Expr::str(&field.column)]);
        }
        let is_defaulted = field.default.is_some() || matches!(field.key, KeyPart::Auto { .. });
        let flags = [
            (field.ty.is_nullable, "nullable"),
            (field.key != KeyPart::None, "primary_key"),
            (field.is_generated, "generated"),
            (is_defaulted, "defaulted"),
            (field.is_hidden, "hidden"),
            (field.write != Write::Always, "kept_on_update"),
            (field.is_version, "version"),
            (field.is_discriminator, "discriminator"),
        ];
        for (_, flag) in flags.into_iter().filter(|(is_set, _)| *is_set) {
            info = info.method(flag, []);
        }
        if let Some(scale) = self.decimal_scale(id) {
            info = info.method("decimal", [Expr::atom(scale.to_string())]);
        }
        if let Some(table) = self.inherited_from(id) {
            info = info.method("inherited_from", [Expr::str(table)]);
        }
        match &field.on_update {
            Some(value) => info.method("on_update", [self.on_update(id, value)]),
            None => info,
        }
    }

    /// The type of a field's column.
    fn sql_type(&self, id: FieldId) -> Option<&SqlType> {
        let schema = self.output.schema;
        let mapping = &schema.mappings[self.id];
        let mapped = mapping.columns.iter().find(|it| it.field == id)?;
        let table = &schema.tables[mapped.column.table];
        let column = table.columns.get(mapped.column.column)?;
        Some(&column.ty)
    }

    /// The number of digits behind the point, where a field's column is of decimals.
    fn decimal_scale(&self, id: FieldId) -> Option<u8> {
        match self.sql_type(id)? {
            SqlType::Scalar(ScalarType::Decimal { scale, .. }) => u8::try_from(*scale).ok(),
            _ => None,
        }
    }

    /// The path of the function that encodes a reference to a field.
    pub(super) fn encode(&self, id: FieldId, field: &Field) -> Cow<'static, str> {
        match self.decimal_scale(id) {
            Some(scale) => Cow::Owned(format!("codegen::decimal::encode::<{scale}, _>")),
            None => Cow::Borrowed(Codec::of(field).encode(&field.ty)),
        }
    }

    /// What every update stores: an expression of each dialect, or a value that the client makes.
    fn on_update(&self, id: FieldId, value: &Value) -> Expr {
        let schema = self.output.schema;
        let ty = self.sql_type(id).unwrap_or(&SqlType::I64);
        let text = |dialect| match &value.source {
            ValueSource::Literal(literal) => literal.sql(dialect, ty),
            ValueSource::Variant(id, index) => {
                let values = &schema.enums[*id].values;
                let literal = values.get(*index).map(|value| match &value.value {
                    EnumLiteral::Text(text) => Literal::Text(text.clone().into()),
                    EnumLiteral::Int(number) => Literal::Int(i64::from(*number)),
                });
                literal.unwrap_or(Literal::Null).sql(dialect, ty)
            }
            ValueSource::Function(function) => function
                .sql(dialect, ty.scalar())
                .unwrap_or_default()
                .to_owned(),
            ValueSource::Sql(sql) => sql
                .get(dialect)
                .map(|sql| format!("({sql})"))
                .unwrap_or_default(),
        };
        let client = match value.source {
            ValueSource::Function(Function::UuidV4) => Some("new_v4"),
            ValueSource::Function(Function::UuidV7) => Some("now_v7"),
            _ => None,
        };
        match client {
            Some(make) => Expr::call(
                "codegen::OnUpdate::Value",
                [Expr::atom(format!(
                    "|| codegen::Encode::into_value(codegen::types::Uuid::{make}())"
                ))],
            ),
            None => {
                let texts = Dialect::ALL.map(|dialect| Expr::str(&text(dialect)));
                Expr::call("codegen::OnUpdate::sql", texts)
            }
        }
    }

    /// Writes `from_row`.
    ///
    /// Columns that decode themselves are read as tuples: rustc checks and builds one `?` for each tuple and not for each column.
    fn decode(&self, out: &mut Rust) {
        let schema = self.output.schema;
        let own = self
            .model
            .fields
            .iter()
            .map(|id| (*id, &schema.fields[*id]));
        let own: Vec<_> = own.collect();
        let result = format!("{}<Self, codegen::DecodeError>", self.types.names.result);
        let parameters = ["row: &R".to_owned(), "at: usize".to_owned()];
        out.item(|out| {
            let head = "fn from_row<R: codegen::RowRead>";
            out.function(head, &parameters, &result, |out| {
                let open = format!("{}(Self", self.types.names.ok);
                // A field with the name of a parameter would hide it from what is read later.
                let is_hiding = |(_, field): &(_, &Field)| matches!(&*field.name, "row" | "at");
                if self.model.base.is_some() {
                    out.line("codegen::child_from_row(row, at)");
                } else if own.iter().any(is_hiding) {
                    out.enclosed(&format!("{open} {{"), "})", |out| decode_fields(&own, out));
                } else {
                    let mut index = 0;
                    for group in decoded_at_once(&own) {
                        let names: Vec<&str> = group.iter().map(|(_, it)| &*it.name).collect();
                        if let [(_, first), ..] = group {
                            out.let_tuple(&names, &format!("{}?", decode_at(first, index)));
                        }
                        index += group.len();
                    }
                    let names: Vec<String> = own.iter().map(|(_, it)| it.name.clone()).collect();
                    out.literal_in(&open, &names, ")");
                }
            });
        });
    }

    fn impl_record(&self, out: &mut Rust) {
        let names = self.types.names;
        let written = self.fields().filter(|(_, field)| !field.is_generated);
        let (ids, written): (Vec<FieldId>, Vec<&Field>) = written.unzip();
        out.block(
            format!("impl codegen::Record for {}", self.model.name),
            |out| {
                out.line("type Model = Self;");
                columns(out, &written);
                out.blank();
                let values = ids.iter().zip(&written).map(|(id, field)| {
                    let value = Expr::atom(format!("&self.{}", self.place(field)));
                    Expr::call(&*self.encode(*id, field), [value])
                });
                to_row(out, names, values.collect());
                out.blank();
                let key: Vec<String> = self.key().map(|(_, field)| self.key_value(field)).collect();
                let value = format!("{}({})", names.some, tuple(&key));
                self.key_function(out, |out| out.line(value));
                out.blank();
                out.block("fn is_new(&self) -> bool", |out| out.line("false"));
            },
        );
    }

    /// The value of a key field, copied out of `self`.
    fn key_value(&self, field: &Field) -> String {
        let place = format!("self.{}", self.place(field));
        if self.types.is_copy(field) {
            place
        } else {
            self.types.names.cloned(&place)
        }
    }

    /// Writes `primary_key_value` with a body.
    pub(super) fn key_function(&self, out: &mut Rust, body: impl FnOnce(&mut Rust)) {
        let returns = self.types.option(&self.key_type());
        out.item(|out| {
            out.function(
                "fn primary_key_value",
                &["&self".to_owned()],
                &returns,
                body,
            );
        });
    }

    fn key_type(&self) -> String {
        let parts: Vec<String> = self
            .key()
            .map(|(_, field)| self.types.present(field))
            .collect();
        tuple(&parts)
    }

    /// The table's name; for a model without table, what queries call the union of those that extend it.
    pub(super) fn table_name(&self) -> Cow<'a, str> {
        match self.table() {
            Some(table) => Cow::Borrowed(&table.name.name),
            None => Cow::Owned(names::snake_case(&self.model.name)),
        }
    }

    fn schema_name(&self) -> Option<&'a str> {
        self.table()?.name.schema.as_deref()
    }

    /// The table that holds rows of the model: for a joined child, the child's own.
    fn table(&self) -> Option<&'a sqlmodel_sql::Table> {
        let schema = self.output.schema;
        let mapped = schema.mappings[self.id].tables.last()?;
        Some(&schema.tables[mapped.table])
    }
}

/// Writes the fields of a struct literal, read from neighbouring columns.
pub(super) fn decode_fields(fields: &[(FieldId, &Field)], out: &mut Rust) {
    for (index, (_, field)) in fields.iter().enumerate() {
        out.line(format!("{}: {}?,", field.name, decode_at(field, index)));
    }
}

/// The call that decodes a field, and those beside it in a tuple, from a column of `row`.
fn decode_at(field: &Field, index: usize) -> String {
    let decode = Codec::of(field).decode(&field.ty);
    match index {
        0 => format!("{decode}(row, at)"),
        _ => format!("{decode}(row, at + {index})"),
    }
}

/// Writes `#[derive(..)]`, without `Debug` where a field must not be shown.
pub(super) fn derives<'a>(
    out: &mut Rust,
    mut fields: impl Iterator<Item = &'a Field>,
    extra: &[String],
) {
    let is_hiding = fields.any(|field| field.is_hidden);
    let standard = if is_hiding {
        &["Clone", "PartialEq"][..]
    } else {
        &["Debug", "Clone", "PartialEq"][..]
    };
    derive(out, standard, extra);
}

/// Writes `#[derive(..)]` on as many lines as it needs.
///
/// `Debug` is derived, or written by hand where a field must not be shown: it is never one of the extra ones.
pub(super) fn derive(out: &mut Rust, standard: &[&str], extra: &[String]) {
    let extra = extra
        .iter()
        .map(String::as_str)
        .filter(|path| *path != "Debug" && !standard.contains(path));
    let paths: Vec<&str> = standard.iter().copied().chain(extra).collect();
    let list = paths.join(", ");
    // rustfmt's limit for the arguments of an attribute.
    if list.len() <= 70 {
        out.line(format!("#[derive({list})]"));
    } else {
        out.enclosed("#[derive(", ")]", |out| {
            for path in paths {
                out.line(format!("{path},"));
            }
        });
    }
}

/// Writes a `Debug` that shows hidden fields as such, if there are any.
pub(super) fn redacted_debug<'a>(
    out: &mut Rust,
    name: &str,
    base: Option<&str>,
    fields: impl Iterator<Item = &'a Field> + Clone,
) {
    if !fields.clone().any(|field| field.is_hidden) {
        return;
    }
    out.blank();
    out.block(format!("impl ::core::fmt::Debug for {name}"), |out| {
        let head = "fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result";
        out.item(|out| {
            out.block(head, |out| {
                let shown = Expr::atom("f").method("debug_struct", [Expr::str(name)]);
                let shown = match base {
                    Some(base) => {
                        let value = Expr::atom(format!("&self.{base}"));
                        shown.method("field", [Expr::str(base), value])
                    }
                    None => shown,
                };
                let shown = fields.fold(shown, |shown, field| {
                    let value = if field.is_hidden {
                        Expr::call("&::core::format_args!", [Expr::str("<hidden>")])
                    } else {
                        Expr::atom(format!("&self.{}", field.name))
                    };
                    shown.method("field", [Expr::str(&field.name), value])
                });
                out.expr(&shown.method("finish", []), "");
            });
        });
    });
}

/// Writes a public field, its type on a line of its own where one line is too short.
pub(super) fn struct_field(out: &mut Rust, name: &str, ty: &str) {
    let line = format!("pub {name}: {ty},");
    out.item(|out| {
        if line.len() + 4 <= 100 {
            out.line(line);
        } else {
            out.line(format!("pub {name}:"));
            out.line(format!("    {ty},"));
        }
    });
}

/// Writes the `COLUMNS` of a record.
pub(super) fn columns(out: &mut Rust, fields: &[&Field]) {
    let columns = fields.iter().map(|field| field.column.as_str());
    out.item(|out| {
        out.assign(
            "const COLUMNS: &'static [&'static str]",
            &Expr::strs(columns),
        );
    });
    out.line("const TEXTS: codegen::RecordTexts = codegen::texts!();");
}

/// Writes `to_row`, which appends values to a row.
///
/// One call for all of them costs rustc a third less than a call for each.
pub(super) fn to_row(out: &mut Rust, names: &names::Names, values: Vec<Expr>) {
    // An argument that nothing is appended to has no name.
    let row = if values.is_empty() { "_" } else { "row" };
    let parameters = [
        "&'a self".to_owned(),
        format!("{row}: &mut {}<codegen::Value<'a>>", names.vec),
    ];
    out.item(|out| {
        out.function("fn to_row<'a>", &parameters, "", |out| {
            if !values.is_empty() {
                out.expr(&Expr::call("row.extend", [Expr::Array(values)]), ";");
            }
        });
    });
}

/// Groups neighbouring fields that one call decodes: as many as a tuple may have, or one that is decoded in a way of its own.
fn decoded_at_once<'f>(
    fields: &'f [(FieldId, &'f Field)],
) -> impl Iterator<Item = &'f [(FieldId, &'f Field)]> {
    /// The longest tuple that implements `Decode`.
    const MAX_TUPLE: usize = 12;
    let is_plain = |(_, field): &(_, &Field)| Codec::of(field) == Codec::Plain;
    fields
        .chunk_by(move |a, b| is_plain(a) && is_plain(b))
        .flat_map(|group| group.chunks(MAX_TUPLE))
}

/// Writes one part as it is, more as a tuple.
pub(super) fn tuple(parts: &[String]) -> String {
    match parts {
        [only] => only.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

/// The fields of a model that a struct for new rows has.
pub(super) fn insertable<'a>(file: &ModelFile<'a>) -> Vec<(FieldId, &'a Field, Given)> {
    file.fields()
        .filter(|(_, field)| field.is_insertable() && !matches!(field.key, KeyPart::Auto { .. }))
        .map(|(id, field)| (id, field, Given::of(field)))
        .collect()
}

/// The columns of an index that is over columns alone, and over all rows on every dialect.
fn index_columns(index: &Index) -> Option<Vec<&str>> {
    let is_plain = index.predicate == PerDialect::NONE && index.dialects == DialectSet::ALL;
    let columns = index.parts.iter().map(|part| match &part.key {
        IndexKey::Column(column) => Some(column.as_ref()),
        IndexKey::Expression(_) => None,
    });
    columns.collect::<Option<Vec<_>>>().filter(|_| is_plain)
}
