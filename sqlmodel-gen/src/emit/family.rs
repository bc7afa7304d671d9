//! Inheritance: how a model embeds the one it extends, its place in the family, and the enum of what its rows can be.

use crate::emit::model::{self, Column, ModelFile};
use crate::emit::names;
use crate::emit::rust::{Expr, Rust};
use crate::ir::{
    DiscriminatorValue, EnumLiteral, Family, Field, FieldId, ModelId, PolymorphicLoad, Schema,
    Strategy, TableId,
};

impl<'a> ModelFile<'a> {
    pub(super) fn family(&self) -> Option<&'a Family> {
        Some(&self.output.schema.families[self.model.family?])
    }

    fn strategy(&self) -> Option<Strategy> {
        self.family().map(|family| family.strategy)
    }

    /// The columns that the model is read from: its fields, and the discriminator where that is no field.
    pub(super) fn columns(&self) -> Vec<Column<'a>> {
        columns(self.output.schema, self.id)
    }

    /// The field that holds what the model has from the one it extends.
    pub(super) fn base_field(&self) -> Option<String> {
        base_field(self.output.schema, self.id)
    }

    /// The path of a field's value in the struct, through the bases that have it.
    pub(super) fn place(&self, field: &Field) -> String {
        let schema = self.output.schema;
        let mut place = String::new();
        let mut model = self.id;
        while field.model != Some(model) {
            let (Some(name), Some(base)) = (base_field(schema, model), schema.models[model].base)
            else {
                break;
            };
            place.push_str(&name);
            place.push('.');
            model = base;
        }
        place.push_str(&field.name);
        place
    }

    /// The table of a base that has the field's column, where it is not the model's own table.
    pub(super) fn inherited_from(&self, id: FieldId) -> Option<&'a str> {
        let schema = self.output.schema;
        if self.strategy()? != Strategy::Joined || self.model.key.contains(&id) {
            return None;
        }
        let mapping = &schema.mappings[self.id];
        let own = mapping.tables.last()?.table;
        let column = mapping.columns.iter().find(|it| it.field == id)?.column;
        (column.table != own).then(|| schema.tables[column.table].name.name.as_ref())
    }

    /// The table with the discriminator, where it is not the model's own table.
    pub(super) fn discriminator_table(&self) -> Option<&'a str> {
        let schema = self.output.schema;
        let mapping = &schema.mappings[self.id];
        let own = mapping.tables.last()?.table;
        let table = mapping.discriminator?.table;
        (table != own).then(|| schema.tables[table].name.name.as_ref())
    }

    /// The name of the model's rows in queries, where its table's name is not enough.
    pub(super) fn entity_name(&self) -> Option<String> {
        let schema = self.output.schema;
        if !self.family()?.is_without_table(self.id) {
            return None;
        }
        let name = names::snake_case(&self.model.name);
        let is_table = schema.tables.values().any(|table| table.name.name == name);
        Some(if is_table {
            format!("{}__{name}", self.table_name())
        } else {
            name
        })
    }

    /// Writes the field for the base.
    pub(super) fn embedded(&self, out: &mut Rust) {
        let (Some(name), Some(base)) = (self.base_field(), self.model.base) else {
            return;
        };
        let path = self.path(base);
        let base_name = &self.output.schema.models[base].name;
        out.doc(&format!("What it has as a [`{base_name}`]({path})."));
        model::struct_field(out, &name, &path);
    }

    /// A model as this file names it.
    pub(super) fn path(&self, model: ModelId) -> String {
        let model = &self.output.schema.models[model];
        self.output
            .names
            .path(self.model.module, model.module, &model.name)
    }

    /// Writes how a model becomes the one that it extends.
    pub(super) fn impl_child(&self, out: &mut Rust) {
        let (Some(field), Some(base)) = (self.base_field(), self.model.base) else {
            return;
        };
        let name = &self.model.name;
        let path = self.path(base);
        let from = &self.output.names.from;
        out.blank();
        out.block(format!("impl ::core::ops::Deref for {name}"), |out| {
            out.line(format!("type Target = {path};"));
            out.blank();
            out.block(format!("fn deref(&self) -> &{path}"), |out| {
                out.line(format!("&self.{field}"));
            });
        });
        out.blank();
        out.block(format!("impl ::core::ops::DerefMut for {name}"), |out| {
            out.block(format!("fn deref_mut(&mut self) -> &mut {path}"), |out| {
                out.line(format!("&mut self.{field}"));
            });
        });
        out.blank();
        out.block(format!("impl {from}<{name}> for {path}"), |out| {
            out.block(format!("fn from(value: {name}) -> Self"), |out| {
                out.line(format!("value.{field}"));
            });
        });
        out.blank();
        out.block(format!("impl codegen::Child for {name}"), |out| {
            out.line(format!("type Base = {path};"));
            out.blank();
            self.extend(&field, &path, out);
        });
    }

    fn extend(&self, base_field: &str, base: &str, out: &mut Rust) {
        let result = format!("{}<Self, codegen::DecodeError>", self.output.names.result);
        let schema = self.output.schema;
        let own: Vec<(FieldId, &Field)> = self
            .model
            .fields
            .iter()
            .map(|id| (*id, &schema.fields[*id]))
            .collect();
        let unused = if own.is_empty() { "_" } else { "" };
        let parameters = [
            format!("{base_field}: {base}"),
            format!("{unused}row: &R"),
            format!("{unused}at: usize"),
        ];
        out.item(|out| {
            let head = "fn extend<R: codegen::RowRead>";
            out.function(head, &parameters, &result, |out| {
                let ok = &self.output.names.ok;
                if own.is_empty() {
                    out.line(format!("{ok}(Self {{ {base_field} }})"));
                    return;
                }
                out.enclosed(&format!("{ok}(Self {{"), "})", |out| {
                    out.line(format!("{base_field},"));
                    model::decode_fields(&own, out);
                });
            });
        });
    }

    /// The expression of the model's place in its family.
    pub(super) fn inheritance(&self) -> Expr {
        let Some(family) = self.family() else {
            return Expr::atom("codegen::Inheritance::NONE");
        };
        let schema = self.output.schema;
        let strategy = match family.strategy {
            Strategy::SingleTable => "SingleTable",
            Strategy::Joined => "JoinedTable",
            Strategy::Concrete => "ConcreteTable",
        };
        let mut place = Expr::call(
            "codegen::Inheritance::new",
            [Expr::atom(format!(
                "codegen::InheritanceStrategy::{strategy}"
            ))],
        );
        if self.model.is_abstract {
            place = place.method("is_abstract", []);
        }
        if let Some(base) = self.model.base {
            let n_inherited = columns(schema, base).len();
            let name = Expr::str(&schema.models[base].name);
            place = place.method("extends", [name, Expr::atom(n_inherited.to_string())]);
        }
        if let Some(discriminator) = &family.discriminator {
            let column = Expr::str(&discriminator.column);
            let tags = descendants(schema, self.id)
                .into_iter()
                .filter_map(|member| tag(schema, family, member));
            place = place.method("discriminator", [column, Expr::slice(tags)]);
        }
        if let Some(tag) = tag(schema, family, self.id) {
            place = place.method("tag", [tag]);
        }
        if family.is_without_table(self.id) {
            place = place.method("without_table", []);
        }
        let bases: Vec<Expr> = self.bases().map(|base| self.table_part(base)).collect();
        if !bases.is_empty() {
            place = place.method("bases", [Expr::slice(bases)]);
        }
        let mut below = descendants(schema, self.id);
        below.retain(|member| *member != self.id && !family.is_without_table(*member));
        below.reverse();
        let below = below.iter().filter_map(|member| {
            let table = schema.mappings[*member].tables.last()?.table;
            Some(self.table_part(table))
        });
        let extensions: Vec<Expr> = below.collect();
        if !extensions.is_empty() {
            place = place.method("extensions", [Expr::slice(extensions)]);
        }
        place
    }

    /// The tables of the bases, where each has its own.
    fn bases(&self) -> impl Iterator<Item = TableId> {
        let tables = &self.output.schema.mappings[self.id].tables;
        let is_joined = self.strategy() == Some(Strategy::Joined);
        let n_bases = if is_joined {
            tables.len().saturating_sub(1)
        } else {
            0
        };
        tables.iter().take(n_bases).map(|it| it.table)
    }

    fn table_part(&self, table: TableId) -> Expr {
        let table = &self.output.schema.tables[table];
        let key = table.primary_key.as_ref().map(|key| &key.columns);
        let key = key.into_iter().flat_map(|columns| columns.iter());
        let part = Expr::call(
            "codegen::TablePart::new",
            [
                Expr::str(&table.name.name),
                Expr::strs(key.map(|column| column.as_ref())),
            ],
        );
        match &table.name.schema {
            Some(schema) => part.method("in_schema", [Expr::str(schema)]),
            None => part,
        }
    }

    /// Writes `joined_parent_row`, where bases have tables of their own.
    pub(super) fn joined_parent_row(&self, out: &mut Rust) {
        if self.bases().next().is_none() {
            return;
        }
        let Some(base_field) = self.base_field() else {
            return;
        };
        let names = self.output.names;
        let returns = format!(
            "{}<{}<(&'static str, codegen::Value<'_>)>>",
            names.option, names.vec
        );
        out.blank();
        out.item(|out| {
            out.function(
                "fn joined_parent_row",
                &["&self".to_owned()],
                &returns,
                |out| {
                    out.line(format!(
                        "{}(codegen::columns_of(&self.{base_field}))",
                        names.some
                    ));
                },
            );
        });
    }

    /// Writes the enum of the models that a row can be of, and how it is read.
    pub(super) fn any(&self, out: &mut Rust) {
        let schema = self.output.schema;
        let Some(family) = self.family() else {
            return;
        };
        if schema.children(self.id).next().is_none() {
            return;
        }
        let any = Any {
            file: self,
            family,
            name: names::any(&self.model.name),
            members: descendants(schema, self.id)
                .into_iter()
                .filter(|member| !schema.models[*member].is_abstract)
                .collect(),
            parts: parts(schema, family, self.id),
        };
        out.blank();
        any.definition(out);
        any.conversions(out);
        any.decode(out);
        any.glue(out);
    }
}

/// The enum of the models that rows of one can be of, in the making.
struct Any<'f, 'a> {
    file: &'f ModelFile<'a>,
    family: &'a Family,
    name: String,
    /// The models that are not abstract.
    members: Vec<ModelId>,
    /// The models that have columns of their own, and where those begin.
    parts: Vec<Part>,
}

/// A model whose own columns are read beside those of the model that it extends.
struct Part {
    model: ModelId,
    at: usize,
    /// The position of the key, where the model has a table of its own.
    key: Option<usize>,
    width: usize,
}

impl Any<'_, '_> {
    fn schema(&self) -> &Schema {
        self.file.output.schema
    }

    fn model_name(&self, model: ModelId) -> &str {
        &self.schema().models[model].name
    }

    fn definition(&self, out: &mut Rust) {
        let base = &self.file.model.name;
        let names = self.file.output.names;
        out.doc(&format!(
            "A row of [`{base}`] as what it is: that, or a model that extends it."
        ));
        let shared = self.file.model.derive.iter().filter(|path| {
            self.members
                .iter()
                .all(|member| self.schema().models[*member].derive.contains(path))
        });
        // No member is the default one.
        let shared = shared.filter(|path| *path != "Default");
        let shared: Vec<String> = shared.cloned().collect();
        model::derive(out, &["Debug", "Clone", "PartialEq"], &shared);
        out.block(format!("pub enum {}", self.name), |out| {
            for member in &self.members {
                let name = self.model_name(*member);
                let path = self.path(*member);
                out.doc(&format!("A row of [`{name}`]({path})."));
                out.line(format!("{name}({path}),"));
            }
        });
        out.blank();
        out.block(
            format!("impl ::core::ops::Deref for {}", self.name),
            |out| {
                out.line(format!("type Target = {base};"));
                out.blank();
                out.block(format!("fn deref(&self) -> &{base}"), |out| {
                    let arms = self.members.iter().map(|member| {
                        let name = self.model_name(*member);
                        (format!("Self::{name}(row)"), "row".to_owned())
                    });
                    matching("self", arms.collect(), out);
                });
            },
        );
        let from = &names.from;
        out.blank();
        out.block(format!("impl {from}<{}> for {base}", self.name), |out| {
            out.block(format!("fn from(value: {}) -> Self", self.name), |out| {
                let arms = self.members.iter().map(|member| {
                    let name = self.model_name(*member);
                    let up: String = self
                        .steps(*member)
                        .iter()
                        .rev()
                        .filter_map(|step| base_field(self.schema(), *step))
                        .map(|field| format!(".{field}"))
                        .collect();
                    (format!("{}::{name}(row)", self.name), format!("row{up}"))
                });
                matching("value", arms.collect(), out);
            });
        });
    }

    fn path(&self, member: ModelId) -> String {
        if member == self.file.id {
            self.file.model.name.clone()
        } else {
            self.file.path(member)
        }
    }

    /// The models between the enum's own and a member, the member last.
    fn steps(&self, member: ModelId) -> Vec<ModelId> {
        let chain = self.schema().chain(member);
        let own = chain.iter().position(|it| *it == self.file.id);
        chain
            .into_iter()
            .skip(own.map_or(0, |own| own + 1))
            .collect()
    }

    fn conversions(&self, out: &mut Rust) {
        let names = self.file.output.names;
        for member in &self.members {
            let name = self.model_name(*member);
            let path = self.path(*member);
            out.blank();
            out.block(
                format!("impl {}<{path}> for {}", names.from, self.name),
                |out| {
                    out.block(format!("fn from(row: {path}) -> Self"), |out| {
                        out.line(format!("Self::{name}(row)"));
                    });
                },
            );
            // A row of any member becomes its base without a check.
            if *member == self.file.id {
                continue;
            }
            out.blank();
            let head = format!("impl ::core::convert::TryFrom<{}> for {path}", self.name);
            out.block(head, |out| {
                let any = &self.name;
                out.line(format!("type Error = {any};"));
                out.blank();
                out.doc("Returns the row as this model, or gives it back where it is of another.");
                let result = format!("{}<Self, {any}>", names.result);
                out.block(format!("fn try_from(any: {any}) -> {result}"), |out| {
                    let own = (format!("{any}::{name}(row)"), format!("{}(row)", names.ok));
                    let other = ("other".to_owned(), format!("{}(other)", names.err));
                    let has_others = self.members.len() > 1;
                    let arms = [own].into_iter().chain(has_others.then_some(other));
                    matching("any", arms.collect(), out);
                });
            });
        }
    }

    fn decode(&self, out: &mut Rust) {
        let names = self.file.output.names;
        let last = self.parts.last();
        let own = columns(self.schema(), self.file.id).len();
        let member_column = usize::from(self.family.strategy == Strategy::Concrete);
        let width = last.map_or(own + member_column, |last| last.at + last.width);
        out.blank();
        out.block(format!("impl codegen::Decode for {}", self.name), |out| {
            out.line(format!("const WIDTH: usize = {width};"));
            if self.family.strategy != Strategy::SingleTable {
                out.line("const IS_POLYMORPHIC: bool = true;");
            }
            out.blank();
            let result = format!("{}<Self, codegen::DecodeError>", names.result);
            let parameters = ["row: &R".to_owned(), "at: usize".to_owned()];
            out.item(|out| {
                let head = "fn decode<R: codegen::RowRead>";
                out.function(head, &parameters, &result, |out| {
                    out.item(|out| {
                        out.assign("const LAYOUT: codegen::FamilyLayout", &self.layout());
                    });
                    let number = match &*self.members {
                        [_] => "_",
                        _ => "member",
                    };
                    out.enclosed(
                        &format!("LAYOUT.read(row, at, |{number}| {{"),
                        "})",
                        |out| {
                            self.read(out);
                        },
                    );
                });
            });
            out.blank();
            let returns = format!("{}<(&'static str, &'static str)>", names.option);
            let parameters = ["offset: usize".to_owned()];
            out.function("fn column_name", &parameters, &returns, |out| {
                let base = &self.file.model.name;
                out.line(format!("<{base} as codegen::Decode>::column_name(offset)"));
            });
        });
    }

    /// Writes how a row is read as the member that it is of.
    fn read(&self, out: &mut Rust) {
        let names = &self.file.output.names;
        let base = &self.file.model.name;
        out.line(format!(
            "let row_0 = <{base} as codegen::Model>::from_row(row, at)?;"
        ));
        if let [only] = &*self.members {
            let last = self.extensions(*only, out);
            let name = self.model_name(*only);
            out.line(format!("{}(Self::{name}({last}))", names.ok));
            return;
        }
        out.enclosed(&format!("{}(match member {{", names.ok), "})", |out| {
            for (number, member) in self.members.iter().enumerate() {
                self.arm(number, *member, out);
            }
        });
    }

    /// Writes the arm that makes a row of a member.
    fn arm(&self, number: usize, member: ModelId, out: &mut Rust) {
        let name = self.model_name(member);
        let pattern = if number + 1 == self.members.len() {
            "_".to_owned()
        } else {
            number.to_string()
        };
        if self.steps(member).is_empty() {
            out.line(format!("{pattern} => Self::{name}(row_0),"));
            return;
        }
        out.block(format!("{pattern} =>"), |out| {
            let last = self.extensions(member, out);
            out.line(format!("Self::{name}({last})"));
        });
    }

    /// Writes how the row of the enum's own model becomes one of a member, and returns the name of that.
    fn extensions(&self, member: ModelId, out: &mut Rust) -> String {
        let steps = self.steps(member);
        let mut at = self.concrete_at(member);
        for (position, step) in steps.iter().enumerate() {
            let place = at.unwrap_or_else(|| self.own_at(*step));
            let path = self.path(*step);
            let head = format!("let row_{}: {path}", position + 1);
            let value = format!("codegen::Child::extend(row_{position}, row, at + {place})?");
            out.assign(&head, &Expr::Atom(value));
            if let Some(at) = &mut at {
                *at += self.schema().models[*step].fields.len();
            }
        }
        format!("row_{}", steps.len())
    }

    /// Where the fields of a member begin, if each table has all columns.
    fn concrete_at(&self, member: ModelId) -> Option<usize> {
        (self.family.strategy == Strategy::Concrete).then(|| self.own_at(member))
    }

    /// Where the model's own fields begin.
    fn own_at(&self, model: ModelId) -> usize {
        let part = self.parts.iter().find(|part| part.model == model);
        part.map_or(0, |part| {
            let n_key = part.key.map(|_| self.schema().models[model].key.len());
            part.at + n_key.unwrap_or_default()
        })
    }

    fn layout(&self) -> Expr {
        let schema = self.schema();
        let root = self.file;
        let columns = root.columns();
        let position_of = |id: FieldId| {
            columns
                .iter()
                .position(|column| matches!(column, Column::Field(it, _) if *it == id))
        };
        let key_positions = self.file.model.key.iter().filter_map(|id| position_of(*id));
        let key = self
            .file
            .model
            .key
            .iter()
            .map(|id| schema.fields[*id].column.as_str());
        let discriminator = match self.family.strategy {
            Strategy::Concrete => columns.len(),
            _ => columns
                .iter()
                .position(Column::is_discriminator)
                .unwrap_or_default(),
        };
        let with_tables: Vec<&Part> = self.parts.iter().filter(|it| it.key.is_some()).collect();
        let parts = with_tables.iter().map(|part| {
            let table = schema.mappings[part.model].tables.last();
            let table = table.map_or("", |it| schema.tables[it.table].name.name.as_ref());
            Expr::atom(format!("({table:?}, {})", part.key.unwrap_or_default()))
        });
        let members = self.members.iter().enumerate().map(|(number, member)| {
            let tag = match self.family.strategy {
                Strategy::Concrete => Expr::call(
                    "codegen::Tag::Int",
                    // The model's own table comes first in the union, if there is one.
                    [Expr::atom(number.to_string())],
                ),
                _ => tag(schema, self.family, *member)
                    .unwrap_or_else(|| Expr::atom("codegen::Tag::Int(0)")),
            };
            let steps = self.steps(*member);
            let held =
                with_tables
                    .iter()
                    .enumerate()
                    .filter(|(_, part)| match self.family.strategy {
                        Strategy::Concrete => part.model == *member,
                        _ => steps.contains(&part.model),
                    });
            let held = held.map(|(position, _)| Expr::atom(position.to_string()));
            Expr::Struct(
                "codegen::Member".to_owned(),
                vec![("tag", tag), ("parts", Expr::slice(held))],
            )
        });
        Expr::Struct(
            "codegen::FamilyLayout".to_owned(),
            vec![
                ("table", Expr::str(&root.table_name())),
                ("key", Expr::strs(key)),
                (
                    "key_positions",
                    Expr::slice(key_positions.map(|at| Expr::atom(at.to_string()))),
                ),
                ("discriminator", Expr::atom(discriminator.to_string())),
                ("parts", Expr::slice(parts)),
                ("members", Expr::slice(members)),
            ],
        )
    }

    fn glue(&self, out: &mut Rust) {
        let base = &self.file.model.name;
        let any = &self.name;
        out.blank();
        out.block(format!("impl codegen::Head for {any}"), |out| {
            out.line(format!("type Model = {base};"));
            out.blank();
            out.block(format!("fn head(&self) -> &{base}"), |out| {
                out.line("self");
            });
        });
        out.blank();
        out.block(format!("impl<T> codegen::Append<T> for {any}"), |out| {
            out.line("type Output = (Self, T);");
            out.blank();
            out.block("fn append(self, last: T) -> (Self, T)", |out| {
                out.line("(self, last)");
            });
        });
        out.blank();
        let parts: Vec<ModelId> = self.parts.iter().map(|part| part.model).collect();
        out.block(format!("impl codegen::Polymorphic for {base}"), |out| {
            if self.family.polymorphic == PolymorphicLoad::ByType {
                let load = "codegen::PolymorphicLoad";
                out.line(format!("const LOAD: {load} = {load}::ByType;"));
            }
            out.line(format!("type Any = {any};"));
            let parts = parts.iter().map(|part| Expr::atom(self.path(*part)));
            let parts = Expr::call("codegen::parts!", parts);
            out.item(|out| out.assign("type Parts", &parts));
        });
    }
}

/// A model and all that extend it: each base before its children.
fn descendants(schema: &Schema, model: ModelId) -> Vec<ModelId> {
    let Some(family) = schema.models[model].family else {
        return vec![model];
    };
    schema.families[family]
        .members
        .iter()
        .copied()
        .filter(|member| schema.chain(*member).contains(&model))
        .collect()
}

/// The models whose own columns a query for all that a model's rows can be of reads, and where they begin.
fn parts(schema: &Schema, family: &Family, model: ModelId) -> Vec<Part> {
    let n_own = columns(schema, model).len();
    let is_concrete = family.strategy == Strategy::Concrete;
    let mut at = n_own + usize::from(is_concrete);
    let mut parts = Vec::new();
    for member in descendants(schema, model) {
        if member == model || (is_concrete && schema.models[member].is_abstract) {
            continue;
        }
        let n_fields = schema.models[member].fields.len();
        let n_key = schema.models[member].key.len();
        let (width, key) = match family.strategy {
            _ if family.is_without_table(member) => (n_fields, None),
            Strategy::SingleTable | Strategy::Joined => (n_key + n_fields, Some(at)),
            Strategy::Concrete => (columns(schema, member).len() - n_own + n_key, Some(at)),
        };
        parts.push(Part {
            model: member,
            at,
            key,
            width,
        });
        at += width;
    }
    parts
}

/// The columns that a model is read from.
pub(super) fn columns(schema: &Schema, model: ModelId) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    for id in schema.chain(model) {
        let model = &schema.models[id];
        for field in &model.fields {
            columns.push(Column::Field(*field, &schema.fields[*field]));
        }
        let Some(family) = model.family.map(|family| &schema.families[family]) else {
            continue;
        };
        if let Some(discriminator) = &family.discriminator
            && discriminator.field.is_none()
            && family.root == id
        {
            columns.push(Column::Discriminator(&discriminator.column));
        }
    }
    columns
}

/// The field of a model's struct that holds what it has from the one it extends.
fn base_field(schema: &Schema, model: ModelId) -> Option<String> {
    let base = schema.models[model].base?;
    let mut name = names::snake_case(&schema.models[base].name);
    let is_taken = |name: &str| {
        names::is_keyword(name)
            || schema
                .fields_of(model)
                .iter()
                .any(|field| schema.fields[*field].name == name)
    };
    while is_taken(&name) {
        name.push('_');
    }
    Some(name)
}

/// The discriminator's value of a model, as an expression.
fn tag(schema: &Schema, family: &Family, model: ModelId) -> Option<Expr> {
    let text = |text: &str| Expr::call("codegen::Tag::Text", [Expr::str(text)]);
    let int = |int: i64| Expr::call("codegen::Tag::Int", [Expr::atom(int.to_string())]);
    Some(match family.discriminator_value(model)? {
        DiscriminatorValue::Text(value) => text(value),
        DiscriminatorValue::Int(value) => int(*value),
        DiscriminatorValue::Bool(value) => {
            Expr::call("codegen::Tag::Bool", [Expr::atom(value.to_string())])
        }
        DiscriminatorValue::Enum(id, index) => match &schema.enums[*id].values.get(*index)?.value {
            EnumLiteral::Text(value) => text(value),
            EnumLiteral::Int(value) => int(i64::from(*value)),
        },
    })
}

/// Writes a match whose arms are one line each; a pattern that is alone needs none.
fn matching(subject: &str, arms: Vec<(String, String)>, out: &mut Rust) {
    if let [(pattern, value)] = &*arms {
        out.line(format!("let {pattern} = {subject};"));
        out.line(value);
        return;
    }
    out.block(format!("match {subject}"), |out| {
        for (pattern, value) in arms {
            out.line(format!("{pattern} => {value},"));
        }
    });
}
