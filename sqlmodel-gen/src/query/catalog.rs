//! The tables and views that a query may name, with the types of the schema on their columns.

use std::collections::BTreeMap;
use std::rc::Rc;

use sqlmodel_sql::{Dialect, EnumValues, ScalarType, SqlType};

use crate::ir::{Builtin, ColumnRef, FieldId, Scalar, Schema, TableId};
use crate::query::functions::{Declared, Functions};
use crate::query::types::{Known, Reason, Ty};

/// A column of a table, a view or a query.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: Ty,
    pub(super) is_nullable: bool,
    pub(super) reason: Reason,
    /// Whether it holds a field that must not be shown.
    pub(super) is_hidden: bool,
}

/// Something that a query reads from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) columns: Rc<Vec<Column>>,
    /// The table that it is, for models and writes.
    pub(super) table: Option<TableId>,
    /// The sets of columns that identify a row.
    pub(super) keys: Rc<Vec<Vec<usize>>>,
}

/// Everything that a name after FROM may stand for.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    /// By name and then by schema, in small letters.
    sources: BTreeMap<String, Vec<(Option<String>, Source)>>,
    functions: Vec<Declared>,
}

impl Catalog {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut catalog = Self {
            functions: schema.functions.iter().map(Declared::new).collect(),
            ..Self::default()
        };
        let fields = fields_by_column(schema);
        for (id, table) in schema.tables.iter() {
            let columns: Vec<Column> = (0..table.columns.len())
                .filter_map(|at| {
                    column(
                        schema,
                        ColumnRef {
                            table: id,
                            column: at,
                        },
                        &fields,
                    )
                })
                .collect();
            let position = |name: &str| columns.iter().position(|it| it.name == name);
            let primary = table.primary_key.iter().map(|key| &key.columns);
            let unique = table.unique_keys.iter().map(|key| &key.columns);
            let keys = primary
                .chain(unique)
                .filter_map(|key| {
                    key.iter()
                        .map(|name| position(name))
                        .collect::<Option<Vec<_>>>()
                })
                .collect();
            catalog.add(
                table.name.schema.as_deref(),
                &table.name.name,
                Source {
                    columns: Rc::new(columns),
                    table: Some(id),
                    keys: Rc::new(keys),
                },
            );
        }
        catalog
    }

    pub(super) fn add(&mut self, schema: Option<&str>, name: &str, source: Source) {
        let of_name = self.sources.entry(name.to_ascii_lowercase()).or_default();
        of_name.push((schema.map(str::to_ascii_lowercase), source));
    }

    /// Finds a table; without a schema, the one in the connection's own or the only one of its name.
    pub(super) fn find(&self, schema: Option<&str>, name: &str) -> Option<&Source> {
        let of_name = self.sources.get(&name.to_ascii_lowercase())?;
        let exact = of_name.iter().find(|(it, _)| match (it, schema) {
            (Some(it), Some(schema)) => it.eq_ignore_ascii_case(schema),
            (it, schema) => it.is_none() && schema.is_none(),
        });
        exact.map(|(_, source)| source)
    }

    /// Returns the functions that a query may call in a dialect.
    pub(super) fn functions(&self, dialect: Dialect) -> Functions<'_> {
        Functions {
            declared: &self.functions,
            dialect,
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }
}

/// The field that each column holds; of several that share one, the first.
fn fields_by_column(schema: &Schema) -> BTreeMap<ColumnRef, FieldId> {
    let mut fields = BTreeMap::new();
    for (model, mapping) in schema.mappings.iter() {
        for mapped in &mapping.columns {
            fields.entry(mapped.column).or_insert(mapped.field);
        }
        // Tables of joined children repeat the key of their root.
        for table in &mapping.tables {
            for (column, field) in table.key.iter().zip(&schema.models[model].key) {
                let at = ColumnRef {
                    table: table.table,
                    column: *column,
                };
                fields.entry(at).or_insert(*field);
            }
        }
    }
    fields
}

fn column(schema: &Schema, at: ColumnRef, fields: &BTreeMap<ColumnRef, FieldId>) -> Option<Column> {
    let table = &schema.tables[at.table];
    let column = table.columns.get(at.column)?;
    let ty = match fields.get(&at) {
        Some(id) => {
            let field = &schema.fields[*id];
            Known {
                scalar: field.ty.scalar,
                is_array: field.ty.is_array,
                rust: field.rust.is_some().then_some(*id),
            }
        }
        None => Known {
            scalar: scalar_of(schema, &column.ty),
            is_array: column.ty.is_array(),
            rust: None,
        },
    };
    let declared = if column.is_nullable {
        "nullable"
    } else {
        "not null"
    };
    Some(Column {
        name: column.name.to_string(),
        ty: Ty::Known(ty),
        is_nullable: column.is_nullable,
        reason: format!("column `{}.{}`, {declared}", table.name.name, column.name).into(),
        is_hidden: fields
            .get(&at)
            .is_some_and(|it| schema.fields[*it].is_hidden),
    })
}

/// The type of a column that no field has, such as a discriminator.
fn scalar_of(schema: &Schema, ty: &SqlType) -> Scalar {
    Scalar::Builtin(match ty.scalar() {
        ScalarType::Bool => Builtin::Bool,
        ScalarType::I16 => Builtin::I16,
        ScalarType::I32 => Builtin::I32,
        ScalarType::I64 => Builtin::I64,
        ScalarType::F32 => Builtin::F32,
        ScalarType::F64 => Builtin::F64,
        ScalarType::Decimal { precision, scale } => Builtin::Decimal {
            precision: u8::try_from(*precision).unwrap_or(38),
            scale: u8::try_from(*scale).unwrap_or(0),
        },
        ScalarType::Text { max_chars } => Builtin::Text {
            max_len: *max_chars,
        },
        ScalarType::Bytes => Builtin::Bytes,
        ScalarType::Uuid => Builtin::Uuid,
        ScalarType::Date => Builtin::Date,
        ScalarType::Time => Builtin::Time,
        ScalarType::Timestamp => Builtin::Timestamp,
        ScalarType::Timestamptz => Builtin::TimestampTz,
        ScalarType::Duration => Builtin::Duration,
        ScalarType::Json => Builtin::Json,
        ScalarType::Enum(enum_) => {
            let found = schema
                .enums
                .iter()
                .find(|(_, it)| it.sql_name == enum_.name);
            if let Some((id, _)) = found {
                return Scalar::Enum(id);
            }
            match enum_.values {
                EnumValues::Int(_) => Builtin::I32,
                EnumValues::Text(_) | EnumValues::Native(_) => Builtin::Text { max_len: None },
            }
        }
    })
}
