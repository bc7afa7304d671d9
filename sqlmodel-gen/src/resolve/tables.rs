//! Pass 8: tables and the mapping.
//!
//! A model's own fields may be columns of several tables: with the concrete strategy, of the table of each child too. So
//! whatever a model says about its fields (keys, indexes, checks) is said again for each of these tables.

mod check_sql;
mod column;
mod constraint;
mod fragment;
mod table_sql;

use std::collections::BTreeMap;

use sqlmodel_sql::names::NamingConvention;
use sqlmodel_sql::{
    Check, Column, ForeignKey, Index, Literal, Object, PrimaryKey, SqlType, Table, TableName, Text,
    UniqueKey,
};

use self::check_sql::Tags;
pub(super) use self::column::scalar_type;
use crate::diagnostic::codes;
use crate::ir::{
    self, Arena, ColumnRef, FieldId, MappedColumn, MappedTable, Mapping, ModelId, Strategy, TableId,
};
use crate::resolve::Resolver;
use crate::resolve::case::to_snake_case;
use crate::source::Span;

/// The longest tag of a family that declares no discriminator field.
pub(super) const MAX_TAG_LEN: u32 = 64;

/// The most bytes of all checks together. Families repeat checks in many tables, and list many models in one check.
const MAX_CHECK_LEN: usize = 64 << 20;

/// The tables of a schema and the mapping of each model.
pub(super) struct Tables {
    pub(super) tables: Arena<TableId, Table>,
    pub(super) mappings: Arena<ModelId, Mapping>,
    /// Where the parts of each table are written.
    pub(super) origins: Arena<TableId, Origins>,
    /// The SQL in them, which nobody has looked at.
    pub(super) fragments: Vec<ir::Fragment>,
    /// The places of all SQL in them.
    pub(super) table_sql: Vec<ir::TableSql>,
}

/// Where the parts of a table are written.
#[derive(Debug)]
pub(super) struct Origins {
    /// The model, or the name of the table.
    pub(super) table: Span,
    /// The places of each part.
    objects: BTreeMap<Object, Vec<Span>>,
    /// Whether a column's type is not known, so that nothing can be said about the table.
    pub(super) is_poisoned: bool,
    /// Whether the name is as written, and not made from the model's.
    pub(super) is_named: bool,
}

impl Origins {
    /// Notes where a part is written.
    pub(super) fn add(&mut self, object: &Object, span: Span) {
        self.objects.entry(object.clone()).or_default().push(span);
    }

    /// Returns where a part is written; the whole table's place if it has none of its own.
    pub(super) fn span(&self, object: &Object) -> Span {
        self.nth_span(object, 0)
    }

    /// Returns where the `n`th of several parts with one name is written, counted from zero.
    pub(super) fn nth_span(&self, object: &Object, n: usize) -> Span {
        let spans = self.objects.get(object);
        spans
            .and_then(|spans| spans.get(n))
            .copied()
            .unwrap_or(self.table)
    }
}

/// A table while it is being built.
struct Draft {
    name: TableName,
    columns: Vec<Column>,
    primary_key: Option<PrimaryKey>,
    unique_keys: Vec<UniqueKey>,
    foreign_keys: Vec<ForeignKey>,
    checks: Vec<Check>,
    indexes: Vec<Index>,
    comment: Option<String>,
    origins: Origins,
}

/// A table that holds the own fields of a model, and the model whose mapping leads there.
#[derive(Clone, Copy)]
struct Placement {
    table: TableId,
    member: ModelId,
}

struct Builder<'r, 'a> {
    resolver: &'r mut Resolver<'a>,
    tables: Arena<TableId, Draft>,
    mappings: Arena<ModelId, Mapping>,
    naming: NamingConvention,
    /// The checks that are made from rules and inheritance: the column of each, and where it is asked for.
    made_checks: Vec<(TableId, Text, Span)>,
    /// What is left of [`MAX_CHECK_LEN`].
    check_len: usize,
}

impl Resolver<'_> {
    pub(super) fn build_tables(&mut self) -> Tables {
        let naming = NamingConvention {
            dialects: self.dialect_set(),
        };
        let mut builder = Builder {
            resolver: self,
            tables: Arena::new(),
            mappings: Arena::new(),
            naming,
            made_checks: Vec::new(),
            check_len: MAX_CHECK_LEN,
        };
        builder.build_columns();
        builder.build_primary_keys();
        let models: Vec<ModelId> = builder.resolver.models.ids().collect();
        for model in models {
            builder.build_unique_keys(model);
            builder.build_foreign_keys(model);
            builder.build_indexes(model);
            builder.build_checks(model);
        }
        builder.order_foreign_keys();
        builder.copy_referenced_types();
        builder.check_made_checks();
        builder.finish()
    }
}

impl Builder<'_, '_> {
    /// Makes the tables with their columns, and the mapping of each model onto them.
    fn build_columns(&mut self) {
        let models: Vec<ModelId> = self.resolver.models.ids().collect();
        for _ in &models {
            self.mappings.push(Mapping {
                tables: Vec::new(),
                columns: Vec::new(),
                discriminator: None,
            });
        }
        for model in models {
            match self.resolver.models[model].family {
                None => self.build_standalone(model),
                Some(family) if self.resolver.families[family].root == model => {
                    let family = self.resolver.families[family].clone();
                    match family.strategy {
                        Strategy::SingleTable => self.build_single_table(&family),
                        Strategy::Joined => self.build_joined(&family),
                        Strategy::Concrete => self.build_concrete(&family),
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn build_standalone(&mut self, model: ModelId) {
        let table = self.add_table(model, model);
        let fields = self.resolver.fields_of(model);
        let columns = self.add_columns(table, model, &fields);
        self.map(model, &[table], columns, None);
    }

    fn build_single_table(&mut self, family: &ir::Family) {
        let table = self.add_table(family.root, family.root);
        let fields = self.resolver.fields_of(family.root);
        let mut all = self.add_columns(table, family.root, &fields);
        let discriminator = self.add_discriminator(table, family, &all);
        let values = family.discriminator.iter().flat_map(|it| &it.values);
        let tags: Tags<'_> = values.map(|(model, value)| (*model, value)).collect();
        for (at, member) in family.members.iter().enumerate().skip(1) {
            let fields = self.resolver.models[*member].fields.clone();
            if fields.is_empty() {
                continue;
            }
            let columns = self.add_columns(table, *member, &fields);
            let members = family.members.get(at..).unwrap_or_default();
            let tags = self.tags_under(members, &tags);
            for column in &columns {
                self.loosen_column(*column, &tags, family);
            }
            all.extend(columns);
        }
        for member in &family.members {
            let columns = self.pick(*member, &all);
            self.map(*member, &[table], columns, discriminator);
        }
    }

    fn build_joined(&mut self, family: &ir::Family) {
        let mut all = Vec::new();
        let mut discriminator = None;
        let values = family.discriminator.iter().flat_map(|it| &it.values);
        let tags: Tags<'_> = values.map(|(model, value)| (*model, value)).collect();
        for (at, member) in family.members.iter().enumerate() {
            if family.is_without_table(*member) {
                let members = family.members.get(at..).unwrap_or_default();
                let tags = self.tags_under(members, &tags);
                self.build_in_table_of_base(*member, family, &tags, discriminator, &mut all);
                continue;
            }
            let table = self.add_table(*member, family.root);
            if *member != family.root {
                self.copy_key_columns(table, family.root, *member);
            }
            let fields = self.resolver.models[*member].fields.clone();
            all.extend(self.add_columns(table, *member, &fields));
            if *member == family.root {
                discriminator = self.add_discriminator(table, family, &all);
            }
            let mut tables = match self.resolver.models[*member].base {
                Some(base) => self.mappings[base]
                    .tables
                    .iter()
                    .map(|it| it.table)
                    .collect(),
                None => Vec::new(),
            };
            tables.push(table);
            let columns = self.pick(*member, &all);
            self.map(*member, &tables, columns, discriminator);
        }
    }

    /// Adds the fields of a joined model without a table to the table of its base.
    fn build_in_table_of_base(
        &mut self,
        member: ModelId,
        family: &ir::Family,
        tags: &[Literal],
        discriminator: Option<ColumnRef>,
        all: &mut Vec<MappedColumn>,
    ) {
        let base = self.resolver.models[member].base;
        let tables = base.map(|base| self.mappings[base].tables.iter().map(|it| it.table));
        let tables: Vec<TableId> = tables.into_iter().flatten().collect();
        if let Some(table) = tables.last() {
            let fields = self.resolver.models[member].fields.clone();
            let columns = self.add_columns(*table, member, &fields);
            for column in &columns {
                self.loosen_column(*column, tags, family);
            }
            all.extend(columns);
        }
        let columns = self.pick(member, all);
        self.map(member, &tables, columns, discriminator);
    }

    fn build_concrete(&mut self, family: &ir::Family) {
        for member in &family.members {
            if self.resolver.models[*member].is_abstract {
                continue;
            }
            let table = self.add_table(*member, family.root);
            let fields = self.resolver.fields_of(*member);
            let columns = self.add_columns(table, *member, &fields);
            self.map(*member, &[table], columns, None);
        }
    }

    /// Returns the columns of a model's fields, among those of its family.
    fn pick(&self, model: ModelId, all: &[MappedColumn]) -> Vec<MappedColumn> {
        let by_field: BTreeMap<FieldId, &MappedColumn> =
            all.iter().map(|it| (it.field, it)).collect();
        let fields = self.resolver.fields_of(model).into_iter();
        fields
            .filter_map(|field| by_field.get(&field).copied().copied())
            .collect()
    }

    fn map(
        &mut self,
        model: ModelId,
        tables: &[TableId],
        columns: Vec<MappedColumn>,
        discriminator: Option<ColumnRef>,
    ) {
        let key = self.resolver.models[model].key.clone();
        let key_of = |table: TableId| -> Vec<usize> {
            let names = key.iter().map(|field| self.column_name(*field));
            names
                .filter_map(|name| {
                    self.tables[table]
                        .columns
                        .iter()
                        .position(|it| it.name == name)
                })
                .collect()
        };
        let tables = tables
            .iter()
            .map(|table| MappedTable {
                table: *table,
                key: key_of(*table),
            })
            .collect();
        self.mappings[model] = Mapping {
            tables,
            columns,
            discriminator,
        };
    }

    fn column_name(&self, field: FieldId) -> String {
        crate::resolve::fields::column_name(self.resolver.field_syntax(field)).to_owned()
    }

    /// Adds the table of a model; its SQL schema is its own or that of the family's root.
    fn add_table(&mut self, model: ModelId, root: ModelId) -> TableId {
        let syntax = self.resolver.models[model].syntax;
        for name in [&syntax.table, &syntax.schema, &syntax.renamed_from]
            .into_iter()
            .flatten()
        {
            self.resolver.check_sql_name(name, "a table");
        }
        if let Some(name) = &syntax.table
            && name.value.contains('.')
        {
            let message = format!("the name of a table cannot be `{}`", name.value);
            let (schema, table) = name.value.split_once('.').unwrap_or_default();
            self.resolver.push(
                crate::diagnostic::Diagnostic::new(&codes::SQL_NAME, name.span, message).help(
                    format!("write `schema = \"{schema}\"` and `table = \"{table}\"`"),
                ),
            );
        }
        let schema = syntax
            .schema
            .as_ref()
            .or(self.resolver.models[root].syntax.schema.as_ref());
        let name = match &syntax.table {
            Some(name) => name.value.clone(),
            None => to_snake_case(&syntax.name.value),
        };
        let origins = Origins {
            table: syntax
                .table
                .as_ref()
                .map_or(syntax.name.span, |name| name.span),
            objects: BTreeMap::new(),
            is_poisoned: self.resolver.models[model].is_poisoned,
            is_named: syntax.table.is_some(),
        };
        self.tables.push(Draft {
            name: TableName {
                schema: schema.map(|schema| schema.value.clone().into()),
                name: name.into(),
            },
            columns: Vec::new(),
            primary_key: None,
            unique_keys: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            indexes: Vec::new(),
            comment: syntax.comment.as_ref().map(|comment| comment.value.clone()),
            origins,
        })
    }

    /// Returns the tables that hold a model's own fields.
    fn placements(&self, model: ModelId) -> Vec<Placement> {
        let family = self.resolver.models[model]
            .family
            .map(|id| &self.resolver.families[id]);
        let members: Vec<ModelId> = match family {
            Some(family) if family.strategy == Strategy::Concrete => {
                let is_under = |member: &ModelId| self.resolver.is_under(*member, model);
                family.members.iter().copied().filter(is_under).collect()
            }
            _ => vec![model],
        };
        let place = |member: ModelId| {
            let table = self.mappings[member].tables.last()?.table;
            Some(Placement { table, member })
        };
        members.into_iter().filter_map(place).collect()
    }

    /// Returns the index of a field's column in one table; key fields are in every table of a joined model.
    fn column_in(&self, place: Placement, field: FieldId) -> Option<usize> {
        let mapping = &self.mappings[place.member];
        let mapped = mapping.columns.iter().find(|it| it.field == field)?.column;
        if mapped.table == place.table {
            return Some(mapped.column);
        }
        let at = self.resolver.models[place.member]
            .key
            .iter()
            .position(|key| *key == field)?;
        let table = mapping
            .tables
            .iter()
            .find(|table| table.table == place.table)?;
        table.key.get(at).copied()
    }

    fn finish(self) -> Tables {
        let fragments = self.fragments();
        let table_sql = self.table_sql(&fragments);
        let Self {
            tables, mappings, ..
        } = self;
        let (mut finished, mut origins) = (Arena::new(), Arena::new());
        for draft in tables {
            finished.push(Table {
                name: draft.name,
                columns: draft.columns.into(),
                primary_key: draft.primary_key,
                unique_keys: draft.unique_keys.into(),
                foreign_keys: draft.foreign_keys.into(),
                checks: draft.checks.into(),
                indexes: draft.indexes.into(),
                comment: draft.comment.map(Into::into),
            });
            origins.push(draft.origins);
        }
        Tables {
            tables: finished,
            mappings,
            origins,
            fragments,
            table_sql,
        }
    }
}

/// The type of a discriminator that no field declares.
fn tag_type() -> SqlType {
    SqlType::text(MAX_TAG_LEN)
}
