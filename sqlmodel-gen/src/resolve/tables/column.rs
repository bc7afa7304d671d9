//! Columns of fields, discriminators, and the key columns of joined children.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sqlmodel_sql::{
    Column, ColumnDefault, Computed, ComputedStorage, Dialect, EnumType, EnumValues, Generation,
    Identity, IdentityMode, Literal, Object, PerDialect, ScalarType, SqlType, TableName, Text,
};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    self, Builtin, ColumnRef, EnumLiteral, EnumStorage, Family, FieldId, MappedColumn, ModelId,
    Scalar, TableId, ValueBy, ValueSource,
};
use crate::resolve::fields::{column_name, first_version};
use crate::resolve::tables::{Builder, tag_type};
use crate::resolve::{Resolver, is_field_name, sql_text};
use crate::syntax::{self, Default, Key};

/// The collation of discriminators on MySQL, whose usual ones take `admin` for `Admin` and rows of one model for another's.
const EXACT_ON_MYSQL: Text = Text::Borrowed("utf8mb4_bin");

impl Builder<'_, '_> {
    /// Adds the columns of fields to a table.
    pub(super) fn add_columns(
        &mut self,
        table: TableId,
        model: ModelId,
        fields: &[FieldId],
    ) -> Vec<MappedColumn> {
        let is_poisoned = fields
            .iter()
            .any(|field| self.resolver.field_type(*field).is_none());
        self.tables[table].origins.is_poisoned |=
            is_poisoned || self.resolver.models[model].is_poisoned;
        fields
            .iter()
            .map(|field| {
                let column = self.resolver.column(*field);
                let syntax = self.resolver.field_syntax(*field);
                let span = syntax
                    .column
                    .as_ref()
                    .map_or(syntax.name.span, |name| name.span);
                let object = Object::Column(column.name.clone());
                let draft = &mut self.tables[table];
                let other = draft
                    .columns
                    .iter()
                    .find(|it| it.name.eq_ignore_ascii_case(&column.name));
                // A name in the wrong case is reported as that, and may no longer collide once it is mended.
                let is_misnamed = syntax.column.is_none() && !is_field_name(&syntax.name.value);
                if let Some(other) = other.filter(|_| !is_misnamed) {
                    let other_span = draft.origins.span(&Object::Column(other.name.clone()));
                    let message = format!(
                        "the table `{}` gets the column `{}` twice",
                        draft.name, column.name
                    );
                    self.resolver.push(
                        Diagnostic::new(&codes::DUPLICATE_COLUMN, span, message)
                            .related(other_span, "already here")
                            .help("give one of the fields another column: `column = \"..\"`"),
                    );
                }
                let draft = &mut self.tables[table];
                draft.columns.push(column);
                draft.origins.add(&object, span);
                let column = ColumnRef {
                    table,
                    column: draft.columns.len() - 1,
                };
                MappedColumn {
                    field: *field,
                    column,
                }
            })
            .collect()
    }

    /// Adds the discriminator's column, unless a field of the root is it already.
    pub(super) fn add_discriminator(
        &mut self,
        table: TableId,
        family: &Family,
        columns: &[MappedColumn],
    ) -> Option<ColumnRef> {
        let discriminator = family.discriminator.as_ref()?;
        let has_mysql = self.resolver.options.dialects.contains(&Dialect::Mysql);
        if let Some(field) = discriminator.field {
            let column = columns.iter().find(|it| it.field == field)?.column;
            let declared = &mut self.tables[table].columns[column.column];
            if has_mysql && matches!(declared.ty, SqlType::Scalar(ScalarType::Text { .. })) {
                declared.collation.mysql.get_or_insert(EXACT_ON_MYSQL);
            }
            return Some(column);
        }
        let draft = &mut self.tables[table];
        let name = Text::from(discriminator.column.clone());
        let syntax = &self.resolver.models[family.root].syntax.inheritance;
        if let Some(column) = syntax.as_ref().and_then(|it| it.discriminator.as_ref()) {
            draft
                .origins
                .add(&Object::Column(name.clone()), column.span);
        }
        let mut column = Column {
            name,
            ..Column::new("", tag_type())
        };
        if has_mysql {
            column.collation.mysql = Some(EXACT_ON_MYSQL);
        }
        draft.columns.push(column);
        Some(ColumnRef {
            table,
            column: draft.columns.len() - 1,
        })
    }

    /// Adds the key of the family's root to the table of a joined child.
    pub(super) fn copy_key_columns(&mut self, table: TableId, root: ModelId, member: ModelId) {
        for field in self.resolver.models[root].key.clone() {
            let column = self.resolver.column(field);
            let span = self.resolver.models[member].syntax.name.span;
            let draft = &mut self.tables[table];
            draft
                .origins
                .add(&Object::Column(column.name.clone()), span);
            draft.origins.is_poisoned |= self.resolver.field_type(field).is_none();
            draft.columns.push(Column {
                default: None,
                generation: None,
                comment: None,
                ..column
            });
        }
    }

    /// Gives the columns of foreign keys the SQL types and collations of what they reference, where they have none.
    ///
    /// MySQL compares only columns of one type and collation.
    pub(super) fn copy_referenced_types(&mut self) {
        let ids: BTreeMap<TableName, TableId> = self
            .tables
            .ids()
            .map(|id| (self.tables[id].name.clone(), id))
            .collect();
        let mut pairs = Vec::new();
        for near in self.tables.ids() {
            for key in &self.tables[near].foreign_keys {
                let Some(far) = ids.get(&key.target).copied() else {
                    continue;
                };
                for (name, far_name) in key.columns.iter().zip(key.target_columns.iter()) {
                    let at = |table: TableId, name: &Text| {
                        let columns = &self.tables[table].columns;
                        columns.iter().position(|it| it.name == *name)
                    };
                    if let (Some(column), Some(far_column)) = (at(near, name), at(far, far_name)) {
                        pairs.push(((near, column), (far, far_column)));
                    }
                }
            }
        }
        // A referenced column may be one of a foreign key itself, and get its type from a third.
        loop {
            let mut has_changed = false;
            for &((near, column), (far, far_column)) in &pairs {
                let source = &self.tables[far].columns[far_column];
                let (mut sql_type, collation) = (source.sql_type.clone(), source.collation.clone());
                if Dialect::ALL
                    .iter()
                    .any(|it| sql_type.get(*it).is_some_and(|it| counts(it)))
                {
                    sql_type = PerDialect::NONE;
                }
                if sql_type.is_none() && collation.is_none() {
                    continue;
                }
                let column = &mut self.tables[near].columns[column];
                has_changed |= fill(&mut column.sql_type, sql_type);
                has_changed |= fill(&mut column.collation, collation);
            }
            if !has_changed {
                return;
            }
        }
    }

    /// Lets rows of other models leave a single-table child's column empty, and only them.
    ///
    /// `tags` are those of the rows that must not: of the field's model and its children.
    pub(super) fn loosen_column(
        &mut self,
        mapped: MappedColumn,
        tags: &[Literal],
        family: &Family,
    ) {
        let syntax = self.resolver.field_syntax(mapped.field);
        if let Some(default) = &syntax.default
            && matches!(default.value, Default::Sql(_))
        {
            let message = format!("`{}` cannot have a default in SQL", syntax.name.value);
            self.resolver.push(
                Diagnostic::new(&codes::CHILD_SQL_DEFAULT, default.span, message)
                    .note("the column is shared with models that have no such field: the default would fill their rows too")
                    .help("write a constant or a portable function"),
            );
        }
        let (name, was_nullable) = {
            let column = &mut self.tables[mapped.column.table].columns[mapped.column.column];
            column.default = None;
            (
                column.name.clone(),
                std::mem::replace(&mut column.is_nullable, true),
            )
        };
        // A check cannot look at a discriminator in another table.
        let is_beside_discriminator = self.mappings[family.root]
            .discriminator
            .is_none_or(|discriminator| discriminator.table == mapped.column.table);
        if !was_nullable && is_beside_discriminator {
            self.add_presence_check(mapped.column.table, tags, family, &name);
        }
    }
}

impl Resolver<'_> {
    /// Returns the column of a field, as a table of its own model has it.
    fn column(&self, id: FieldId) -> Column {
        let syntax = self.field_syntax(id);
        let decl = self.decl(self.fields[id].decl);
        let ty = decl.ty.as_ref();
        let default = decl
            .field
            .as_ref()
            .and_then(|field| self.column_default(field));
        Column {
            name: column_name(syntax).to_owned().into(),
            ty: ty.map_or(SqlType::TEXT, |ty| self.sql_type(ty)),
            sql_type: self.sql_type_override(syntax, ty),
            is_nullable: ty.is_some_and(|ty| ty.is_nullable),
            default,
            generation: generation(syntax),
            collation: sql_text(&syntax.collation),
            comment: syntax
                .comment
                .as_ref()
                .map(|comment| comment.value.clone().into()),
        }
    }

    fn column_default(&self, field: &ir::Field) -> Option<ColumnDefault> {
        if field.is_version {
            return Some(ColumnDefault::Literal(first_version()));
        }
        let value = field
            .default
            .as_ref()
            .filter(|value| value.by == ValueBy::Database)?;
        Some(match &value.source {
            ValueSource::Literal(literal) => ColumnDefault::Literal(literal.clone()),
            ValueSource::Variant(id, variant) => {
                let enum_ = self.enums[*id].as_ref()?;
                ColumnDefault::Literal(match &enum_.values.get(*variant)?.value {
                    EnumLiteral::Text(text) => Literal::Text(text.clone().into()),
                    EnumLiteral::Int(int) => Literal::Int((*int).into()),
                })
            }
            ValueSource::Function(function) => ColumnDefault::Function(*function),
            ValueSource::Sql(sql) => ColumnDefault::Sql(sql.clone()),
        })
    }

    pub(super) fn sql_type(&self, ty: &ir::FieldType) -> SqlType {
        let scalar = match ty.scalar {
            Scalar::Builtin(builtin) => scalar_type(builtin),
            Scalar::Named(id) => self.types[id]
                .as_ref()
                .map_or(ScalarType::Bool, |ty| scalar_type(ty.base)),
            Scalar::Enum(id) => self.enums[id].as_ref().map_or(ScalarType::Bool, enum_type),
        };
        if ty.is_array {
            SqlType::Array(scalar)
        } else {
            SqlType::Scalar(scalar)
        }
    }

    /// Returns the field's own SQL types, and those of its named type where it has none.
    fn sql_type_override(
        &self,
        syntax: &syntax::Field,
        ty: Option<&ir::FieldType>,
    ) -> PerDialect<Text> {
        let own = sql_text(&syntax.sql_type);
        let Some(Scalar::Named(id)) = ty.filter(|ty| !ty.is_array).map(|ty| ty.scalar) else {
            return own;
        };
        let Some(named) = &self.types[id] else {
            return own;
        };
        let inherited = named.sql_type.clone();
        PerDialect {
            portable: own.portable.or(inherited.portable),
            sqlite: own.sqlite.or(inherited.sqlite),
            postgres: own.postgres.or(inherited.postgres),
            mysql: own.mysql.or(inherited.mysql),
        }
    }
}

/// Sets a text for each dialect that has none, and tells whether there was one.
fn fill(own: &mut PerDialect<Text>, other: PerDialect<Text>) -> bool {
    let before = own.dialects();
    if own.is_none() {
        *own = other;
    } else if own.portable.is_none() {
        let or = |own: &mut Option<Text>, dialect| {
            if own.is_none() {
                *own = other.get(dialect).cloned();
            }
        };
        or(&mut own.sqlite, Dialect::Sqlite);
        or(&mut own.postgres, Dialect::Postgres);
        or(&mut own.mysql, Dialect::Mysql);
    }
    own.dialects() != before
}

/// Tells whether a type of a database counts up its column, which those that reference it must not do.
fn counts(sql_type: &str) -> bool {
    let sql_type = sql_type.to_ascii_lowercase();
    sql_type.contains("serial") || sql_type.contains("auto_increment")
}

fn generation(syntax: &syntax::Field) -> Option<Generation> {
    if let Some(generated) = &syntax.generated {
        let storage = if generated.is_stored {
            ComputedStorage::Stored
        } else {
            ComputedStorage::Virtual
        };
        return Some(Generation::Computed(Computed {
            sql: sql_text(&generated.sql),
            storage,
        }));
    }
    let is_auto = syntax
        .key
        .as_ref()
        .is_some_and(|key| key.value == Key::Auto);
    match &syntax.identity {
        _ if !is_auto => None,
        None => Some(Generation::AutoIncrement),
        Some(identity) => Some(Generation::Identity(Identity {
            mode: match identity.is_always {
                true => IdentityMode::Always,
                false => IdentityMode::ByDefault,
            },
            start: identity.start,
            increment: identity.increment,
        })),
    }
}

/// Returns the type of the database for a built-in one.
pub(in crate::resolve) fn scalar_type(builtin: Builtin) -> ScalarType {
    match builtin {
        Builtin::Bool => ScalarType::Bool,
        Builtin::I16 => ScalarType::I16,
        Builtin::I32 => ScalarType::I32,
        Builtin::I64 => ScalarType::I64,
        Builtin::F32 => ScalarType::F32,
        Builtin::F64 => ScalarType::F64,
        Builtin::Decimal { precision, scale } => ScalarType::Decimal {
            precision: precision.into(),
            scale: scale.into(),
        },
        Builtin::Text { max_len } => ScalarType::Text { max_chars: max_len },
        Builtin::Bytes => ScalarType::Bytes,
        Builtin::Uuid => ScalarType::Uuid,
        Builtin::Date => ScalarType::Date,
        Builtin::Time => ScalarType::Time,
        Builtin::Timestamp => ScalarType::Timestamp,
        Builtin::TimestampTz => ScalarType::Timestamptz,
        Builtin::Duration => ScalarType::Duration,
        Builtin::Json => ScalarType::Json,
    }
}

fn enum_type(enum_: &ir::Enum) -> ScalarType {
    let texts = || {
        let texts = enum_.values.iter().filter_map(|value| match &value.value {
            EnumLiteral::Text(text) => Some(Text::from(text.clone())),
            EnumLiteral::Int(_) => None,
        });
        Cow::Owned(texts.collect())
    };
    let values = match enum_.storage {
        EnumStorage::Text => EnumValues::Text(texts()),
        EnumStorage::Native => EnumValues::Native(texts()),
        EnumStorage::Int => {
            let ints = enum_.values.iter().filter_map(|value| match &value.value {
                EnumLiteral::Int(int) => Some(*int),
                EnumLiteral::Text(_) => None,
            });
            EnumValues::Int(Cow::Owned(ints.collect()))
        }
    };
    ScalarType::Enum(EnumType {
        name: enum_.sql_name.clone().into(),
        schema: None,
        values,
    })
}
