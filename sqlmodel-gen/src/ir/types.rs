//! Types of fields: scalars, enums and named types, as the Rust side sees them.

use sqlmodel_sql::{Function, Literal, PerDialect, Text};

use crate::ir::{EnumId, TypeId, Validation};
use crate::source::Span;

/// The type of a field: a scalar, perhaps many of it, perhaps absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldType {
    /// The type of one value.
    pub scalar: Scalar,
    /// Whether the field holds a list: `Vec<T>`, a native array on PostgreSQL and JSON elsewhere.
    pub is_array: bool,
    /// Whether the Rust type is an `Option`.
    ///
    /// The column may be nullable although this is false: see [`MappedColumn`](crate::ir::MappedColumn).
    pub is_nullable: bool,
}

/// The type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// A type of the language.
    Builtin(Builtin),
    /// An `[enum.X]` of the schema.
    Enum(EnumId),
    /// A `[type.X]` of the schema.
    Named(TypeId),
}

/// The types that the language brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// `bool`.
    Bool,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `decimal(precision,scale)`: exact on every database.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// `text`, or `text(n)` with a limit in characters.
    Text {
        /// The most characters a value may have.
        max_len: Option<u32>,
    },
    /// `bytes`.
    Bytes,
    /// `uuid`.
    Uuid,
    /// `date`, without time zone.
    Date,
    /// `time` of day, without time zone.
    Time,
    /// `timestamp`: date and time without time zone.
    Timestamp,
    /// `timestamptz`: an instant, stored in UTC.
    TimestampTz,
    /// `duration`, in microseconds.
    Duration,
    /// `json`: any JSON value, or a Rust type that is encoded as JSON when the field has a [`RustType`].
    Json,
}

/// An `[enum.X]`: a closed set of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// Rust name in UpperCamelCase.
    pub name: String,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// How values are stored.
    pub storage: EnumStorage,
    /// Name of the SQL type where `storage` is native: snake_case of the name unless written.
    pub sql_name: String,
    /// Derives asked for beyond the minimal set, as Rust paths.
    pub derive: Vec<String>,
    /// The values, in declaration order, at least one.
    pub values: Vec<EnumValue>,
    /// Where it is declared.
    pub span: Span,
}

/// How an enum is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnumStorage {
    /// As its text value; a field with `check = true` has a CHECK that lists the values.
    Text,
    /// As its integer value; a field with `check = true` has a CHECK that lists the values.
    Int,
    /// As a type of the database: `CREATE TYPE` on PostgreSQL, `ENUM(..)` on MySQL; as text on SQLite, which has neither.
    Native,
}

/// One value of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// Rust name of the variant in UpperCamelCase.
    pub name: String,
    /// What the database stores.
    pub value: EnumLiteral,
    /// Documentation.
    pub doc: Option<String>,
}

/// What an enum value is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnumLiteral {
    /// For storage text and native.
    Text(String),
    /// For storage int.
    Int(i32),
}

/// A `[type.X]`: a name for a base type, with rules of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedType {
    /// Rust name in UpperCamelCase.
    pub name: String,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// What it is made of, after following names: never another named type.
    pub base: Builtin,
    /// `None`: a newtype struct of this name is generated. `Some`: the user's own type is used in its place.
    pub rust: Option<RustType>,
    /// Rules that every value must meet, in the order written.
    pub validate: Vec<Validation>,
    /// SQL types that replace the usual mapping.
    pub sql_type: PerDialect<Text>,
    /// Derives asked for beyond the minimal set, as Rust paths. Only for generated newtypes.
    pub derive: Vec<String>,
    /// Where it is declared.
    pub span: Span,
}

/// A Rust type of the user, which implements the encode and decode traits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RustType {
    /// Path as written, such as `crate::Money` or `rust_decimal::Decimal`.
    pub path: String,
    /// Whether the type is `Copy`.
    pub is_copy: bool,
}

/// A default, or a value that every update writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What the value is.
    pub source: ValueSource,
    /// Who supplies it.
    pub by: ValueBy,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// A constant that fits the field's type.
    Literal(Literal),
    /// A value of an enum, by index in [`Enum::values`].
    Variant(EnumId, usize),
    /// A function of the portable list.
    Function(Function),
    /// SQL text of the user; every enabled dialect has one.
    Sql(PerDialect<Text>),
}

/// Who supplies a value that the caller left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueBy {
    /// The column has a DEFAULT clause and the statement leaves the column out.
    Database,
    /// The generated code puts the value into the statement; the column has no DEFAULT clause.
    ///
    /// So for UUIDs, which the client knows before the insert, for `on_update`, and for fields of single-table children,
    /// because a DEFAULT of their column would fill the rows of their siblings too.
    Client,
}
