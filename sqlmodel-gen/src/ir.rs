//! What was meant: the whole schema, resolved, immutable, ready to emit.
//!
//! Three layers are kept apart. *Models* are what becomes Rust ([`Model`], [`Field`], [`Relation`], [`Enum`], [`NamedType`]).
//! *Tables* are what becomes SQL ([`Table`], the model of `sqlmodel-sql`). The [`Mapping`] says which field is which column of
//! which table. Parts name each other by id. Nothing here can fail: a schema with an error in it has no `ir`.

mod arena;
mod derive;
mod expr;
mod mapping;
mod model;
mod query;
mod relation;
mod table_sql;
mod types;

pub use sqlmodel_sql::{Dialect, Function, Literal, PerDialect, Table};

pub use self::arena::{Arena, Id};
pub(crate) use self::derive::needed_by;
pub use self::expr::{BinaryOperator, Expr};
pub use self::mapping::{ColumnRef, MappedColumn, MappedTable, Mapping};
pub use self::model::{
    Abstract, Field, Format, KeyPart, Model, ModelRule, Validation, Variant, VariantKind, Write,
};
pub(crate) use self::query::{
    ColumnAction, ColumnKind, ColumnSource, Fragment, FragmentColumn, FragmentPlace,
};
pub use self::query::{
    Page, PageKey, PartKind, PartNumber, Piece, Query, QueryBlock, QueryColumn, QueryOptions,
    QueryParam, QuerySql, Returns, Row, RowPart, Shape, SourceText, SqlFunction, Statement, View,
    WrittenPage, WrittenQuery, WrittenView,
};
pub use self::relation::{
    Discriminator, DiscriminatorValue, Family, FieldPair, Join, PolymorphicLoad, Relation,
    RelationKind, Strategy,
};
pub use self::table_sql::{TableSql, TableSqlKind};
pub use self::types::{
    Builtin, Enum, EnumLiteral, EnumStorage, EnumValue, FieldType, NamedType, RustType, Scalar,
    Value, ValueBy, ValueSource,
};

arena::ids! {
    /// Names a [`Model`] and its [`Mapping`].
    ModelId,
    /// Names a [`Field`].
    FieldId,
    /// Names a [`Relation`].
    RelationId,
    /// Names a [`Family`].
    FamilyId,
    /// Names an [`Abstract`].
    AbstractId,
    /// Names an [`Enum`].
    EnumId,
    /// Names a [`NamedType`].
    TypeId,
    /// Names a [`Table`].
    TableId,
}

/// A whole schema: everything that one compilation emits code for.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The dialects that SQL is made for, at least one, in the order of [`Dialect`].
    pub dialects: Vec<Dialect>,
    /// The crate whose types stand for dates and times.
    pub time_crate: TimeCrate,
    /// Rust modules, sorted by name; several files may share one.
    pub modules: Vec<Module>,
    /// Enums, in declaration order as all arenas.
    pub enums: Arena<EnumId, Enum>,
    /// Named types.
    pub types: Arena<TypeId, NamedType>,
    /// Abstract bases.
    pub abstracts: Arena<AbstractId, Abstract>,
    /// Models.
    pub models: Arena<ModelId, Model>,
    /// Fields of all models, and the templates of abstract bases.
    pub fields: Arena<FieldId, Field>,
    /// Relations, both sides.
    pub relations: Arena<RelationId, Relation>,
    /// Inheritance families.
    pub families: Arena<FamilyId, Family>,
    /// Tables, in the order of the models that own them.
    pub tables: Arena<TableId, Table>,
    /// The mapping of each model.
    pub mappings: Arena<ModelId, Mapping>,
    /// Views, in declaration order.
    pub views: Vec<View>,
    /// Functions of the database that queries may call.
    pub functions: Vec<SqlFunction>,
    /// Typed queries, in declaration order.
    pub queries: Vec<Query>,
    /// The SQL in the tables that goes to the database as it is written.
    pub table_sql: Vec<TableSql>,
}

/// The crate whose types stand for dates and times in generated code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeCrate {
    /// The `time` crate.
    #[default]
    Time,
    /// The `chrono` crate.
    Chrono,
    /// The `jiff` crate.
    Jiff,
}

impl TimeCrate {
    /// Every crate.
    pub const ALL: [Self; 3] = [Self::Time, Self::Chrono, Self::Jiff];

    /// The name of the crate.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Chrono => "chrono",
            Self::Jiff => "jiff",
        }
    }
}

/// A Rust module of the generated code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Name in snake_case.
    pub name: String,
    /// Documentation, from the `doc` key of its files.
    pub doc: Option<String>,
}

impl Schema {
    /// Returns the bases of a model, outermost first, and then the model itself.
    #[must_use]
    pub fn chain(&self, model: ModelId) -> Vec<ModelId> {
        let mut chain = vec![model];
        let mut base = self.models[model].base;
        while let Some(id) = base {
            chain.push(id);
            base = self.models[id].base;
        }
        chain.reverse();
        chain
    }

    /// Returns the fields of a model, inherited ones first.
    #[must_use]
    pub fn fields_of(&self, model: ModelId) -> Vec<FieldId> {
        self.chain(model)
            .into_iter()
            .flat_map(|id| self.models[id].fields.iter().copied())
            .collect()
    }

    /// Iterates over the models that extend `model` directly, in declaration order.
    pub fn children(&self, model: ModelId) -> impl Iterator<Item = ModelId> + '_ {
        self.models
            .iter()
            .filter(move |(_, child)| child.base == Some(model))
            .map(|(id, _)| id)
    }

    /// Returns the built-in type that a scalar is stored as, `None` for an enum.
    #[must_use]
    pub fn builtin(&self, scalar: Scalar) -> Option<Builtin> {
        match scalar {
            Scalar::Builtin(builtin) => Some(builtin),
            Scalar::Named(id) => Some(self.types[id].base),
            Scalar::Enum(_) => None,
        }
    }
}
