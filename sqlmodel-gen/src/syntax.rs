//! What was written: a schema file as a tree with spans.
//!
//! Parsing never fails. It reads what it can, and reports what it cannot: wrong TOML, unknown keys, values of the wrong kind.
//! What a name means is not known here.

mod declaration;
mod document;
mod expr;
mod field;
mod query;
mod reader;
mod type_expr;

use std::collections::BTreeMap;

use sqlmodel_sql::{Action, Deferrable, Dialect, DialectSet, Nulls, Order, PerDialect};

pub(crate) use self::declaration::{FORMAT, parse_file};
pub(crate) use self::document::{Broken, Document, Node, Table, Value, parse_document};
pub(crate) use self::expr::{Expr, ExprKind, parse_expr};
pub(crate) use self::reader::{Context, Reader, list};
pub(crate) use self::type_expr::parse_type;
use crate::diagnostic::Diagnostic;
use crate::ir::{EnumStorage, Format, PolymorphicLoad, Strategy, VariantKind, Write};
use crate::source::{SourceId, SourceMap, Span};

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Spanned<T> {
    pub(crate) const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(f(self.value), self.span)
    }
}

pub(crate) type Name = Spanned<String>;

/// SQL text, for all dialects or by dialect.
pub(crate) type Sql = PerDialect<Name>;

/// A schema file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) source: SourceId,
    pub(crate) module: Option<Name>,
    pub(crate) doc: Option<String>,
    pub(crate) types: Vec<NamedType>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) mixins: Vec<Bundle>,
    pub(crate) abstracts: Vec<Bundle>,
    pub(crate) models: Vec<Model>,
    pub(crate) views: Vec<View>,
    pub(crate) functions: Vec<SqlFunction>,
    pub(crate) queries: Vec<Query>,
    /// The other places of names with several headers, by their first place: `[model.Hero]` and `[model.Hero.fields]`.
    pub(crate) headers: BTreeMap<Span, Vec<Span>>,
    /// Names in tables that are not known, such as `A` of `[modle.A]`: they were meant to be declared.
    pub(crate) lost: Vec<String>,
}

/// `[type.X]`.
#[derive(Debug)]
pub(crate) struct NamedType {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) base: Option<TypeExpr>,
    pub(crate) rust: Option<RustPath>,
    pub(crate) validate: Vec<Spanned<Rule>>,
    pub(crate) sql_type: Sql,
    pub(crate) derive: Vec<Name>,
}

/// `[enum.X]`.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) storage: Option<Spanned<EnumStorage>>,
    pub(crate) sql_name: Option<Name>,
    pub(crate) derive: Vec<Name>,
    pub(crate) values: Vec<EnumValue>,
    /// Whether something in it was not understood, so that its values are not all that were meant.
    pub(crate) has_mistakes: bool,
}

/// One of `values`.
#[derive(Debug)]
pub(crate) struct EnumValue {
    pub(crate) name: Option<Name>,
    pub(crate) value: Option<Node>,
    pub(crate) doc: Option<String>,
    pub(crate) span: Span,
}

/// `[mixin.X]` and `[abstract.X]`: fields for others to take.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    /// Only of an abstract base.
    pub(crate) extends: Option<Name>,
    pub(crate) mixins: Vec<Name>,
    pub(crate) fields: Vec<Field>,
    /// Whether some of it could not be read, which was reported.
    pub(crate) has_mistakes: bool,
}

/// `[model.X]`.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) comment: Option<Name>,
    pub(crate) table: Option<Name>,
    pub(crate) schema: Option<Name>,
    pub(crate) key_name: Option<Name>,
    pub(crate) extends: Option<Name>,
    pub(crate) mixins: Vec<Name>,
    pub(crate) is_abstract: Option<Spanned<bool>>,
    pub(crate) inheritance: Option<Inheritance>,
    pub(crate) tag: Option<Node>,
    pub(crate) derive: Vec<Name>,
    pub(crate) variants: Vec<Variant>,
    pub(crate) renamed_from: Option<Name>,
    pub(crate) fields: Vec<Field>,
    pub(crate) relations: Vec<ManyToMany>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) uniques: Vec<Unique>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<Check>,
    pub(crate) rules: Vec<ModelRule>,
    /// Whether some of it could not be read, which was reported.
    pub(crate) has_mistakes: bool,
    /// Whether whole parts of it are no TOML, so that fields and more may be missing.
    pub(crate) is_partial: bool,
}

/// `inheritance = { .. }`.
#[derive(Debug)]
pub(crate) struct Inheritance {
    pub(crate) strategy: Option<Spanned<Strategy>>,
    pub(crate) discriminator: Option<Name>,
    pub(crate) polymorphic: Option<Spanned<PolymorphicLoad>>,
    pub(crate) union_view: Option<Spanned<bool>>,
    pub(crate) span: Span,
}

/// One of `variants`.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) kind: Spanned<VariantKind>,
    pub(crate) name: Option<Name>,
    pub(crate) only: Option<Vec<Name>>,
    pub(crate) omit: Vec<Name>,
    pub(crate) derive: Vec<Name>,
    pub(crate) doc: Option<String>,
}

/// One line of `fields`.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    /// The value, for things that are missing in it.
    pub(crate) span: Span,
    pub(crate) doc: Option<String>,
    pub(crate) ty: Option<TypeExpr>,
    pub(crate) reference: Option<Reference>,
    pub(crate) json: Option<Name>,
    pub(crate) rust: Option<RustPath>,
    pub(crate) key: Option<Spanned<Key>>,
    pub(crate) identity: Option<Identity>,
    pub(crate) unique: Option<Flag>,
    pub(crate) index: Option<Flag>,
    pub(crate) default: Option<Spanned<Default>>,
    pub(crate) on_update: Option<Spanned<Default>>,
    pub(crate) generated: Option<Generated>,
    pub(crate) version: Option<Spanned<bool>>,
    pub(crate) hidden: Option<Spanned<bool>>,
    pub(crate) write: Option<Spanned<Write>>,
    pub(crate) validate: Vec<Spanned<Rule>>,
    pub(crate) check: Option<Flag>,
    pub(crate) column: Option<Name>,
    pub(crate) sql_type: Sql,
    pub(crate) collation: Sql,
    pub(crate) comment: Option<Name>,
    pub(crate) renamed_from: Option<Name>,
    /// Whether something in it was not understood, so that what it says is not all that was meant.
    pub(crate) has_mistakes: bool,
}

impl Model {
    /// Returns whether it has no fields, and nothing that could bring some: its name is probably that of another.
    pub(crate) fn is_bare(&self) -> bool {
        self.fields.is_empty() && self.extends.is_none() && self.mixins.is_empty()
    }
}

/// `ref = "Team?"` with the keys that go with it.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) target: Name,
    /// `ref = "Team.code"`.
    pub(crate) field: Option<Name>,
    pub(crate) is_nullable: bool,
    pub(crate) span: Span,
    pub(crate) options: ReferenceOptions,
}

/// What a foreign key may say, whether of one column or many.
#[derive(Debug, Default)]
pub(crate) struct ReferenceOptions {
    /// `relation = ".."`, or `relation = false` for a key without relation.
    pub(crate) relation: Option<Spanned<Option<String>>>,
    pub(crate) inverse: Option<Name>,
    pub(crate) on_delete: Option<Spanned<Action>>,
    pub(crate) on_update: Option<Spanned<Action>>,
    pub(crate) deferrable: Option<Spanned<Deferrable>>,
    pub(crate) name: Option<Name>,
}

/// `key = true` or `key = "auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Given,
    Auto,
}

/// `identity = "always"`, or a table.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) is_always: bool,
    pub(crate) start: Option<i64>,
    pub(crate) increment: Option<i64>,
    pub(crate) span: Span,
}

/// `unique = true`, or with the name of the constraint: `unique = "uq_email"`.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) name: Option<Name>,
    pub(crate) span: Span,
}

/// The value of `default` or `on_update`.
#[derive(Debug)]
pub(crate) enum Default {
    Value(Node),
    Function(Name),
    Sql(Sql),
    Json(Name),
}

/// `generated = { sql = "..", stored = true }`.
#[derive(Debug)]
pub(crate) struct Generated {
    pub(crate) sql: Sql,
    pub(crate) is_stored: bool,
    pub(crate) span: Span,
}

/// One key of `validate`.
#[derive(Debug)]
pub(crate) enum Rule {
    Min(Node),
    Max(Node),
    Above(Node),
    Below(Node),
    MultipleOf(Node),
    MinLen(u32),
    MaxLen(u32),
    Format(Format),
    Pattern(String),
    OneOf(Vec<Node>),
}

impl Rule {
    /// Returns the key it is written with.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::Min(_) => "min",
            Self::Max(_) => "max",
            Self::Above(_) => "above",
            Self::Below(_) => "below",
            Self::MultipleOf(_) => "multiple_of",
            Self::MinLen(_) => "min_len",
            Self::MaxLen(_) => "max_len",
            Self::Format(_) => "format",
            Self::Pattern(_) => "pattern",
            Self::OneOf(_) => "one_of",
        }
    }
}

/// `rust = "crate::Money"`, or `{ path = "..", copy = true }`.
#[derive(Debug)]
pub(crate) struct RustPath {
    pub(crate) path: Name,
    pub(crate) is_copy: bool,
}

/// A type expression such as `decimal(12,2)[]?`.
#[derive(Debug, Clone)]
pub(crate) struct TypeExpr {
    pub(crate) name: Name,
    pub(crate) args: Vec<Spanned<u32>>,
    pub(crate) is_array: bool,
    pub(crate) is_nullable: bool,
    pub(crate) span: Span,
}

/// One line of `[model.X.relations]`.
#[derive(Debug)]
pub(crate) struct ManyToMany {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) target: Option<Name>,
    pub(crate) link: Option<Name>,
    pub(crate) inverse: Option<Name>,
    /// The field of the link that leads to this model.
    pub(crate) from: Option<Name>,
    /// The field of the link that leads to the target.
    pub(crate) to: Option<Name>,
    pub(crate) span: Span,
}

/// `[[model.X.foreign_keys]]`.
#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub(crate) on: Vec<Name>,
    pub(crate) target: Option<Name>,
    pub(crate) to: Vec<Name>,
    pub(crate) options: ReferenceOptions,
    pub(crate) doc: Option<String>,
    pub(crate) span: Span,
    /// Whether something in it was not understood.
    pub(crate) has_mistakes: bool,
}

/// `[[model.X.unique]]`.
#[derive(Debug)]
pub(crate) struct Unique {
    pub(crate) on: Vec<Name>,
    pub(crate) name: Option<Name>,
    pub(crate) span: Span,
}

/// `[[model.X.indexes]]`.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) on: Vec<IndexPart>,
    pub(crate) name: Option<Name>,
    pub(crate) is_unique: bool,
    pub(crate) predicate: Sql,
    pub(crate) method: Sql,
    pub(crate) dialects: Option<Spanned<DialectSet>>,
    pub(crate) span: Span,
    /// Whether something in it was not understood.
    pub(crate) has_mistakes: bool,
}

/// One of an index's `on`.
#[derive(Debug)]
pub(crate) struct IndexPart {
    pub(crate) key: IndexKey,
    pub(crate) order: Order,
    pub(crate) nulls: Option<Nulls>,
}

/// What an index part is over.
#[derive(Debug)]
pub(crate) enum IndexKey {
    Field(Name),
    Sql(Sql),
}

/// `[[model.X.checks]]`.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) name: Option<Name>,
    pub(crate) sql: Sql,
}

/// `[[model.X.rules]]`.
#[derive(Debug)]
pub(crate) struct ModelRule {
    pub(crate) name: Option<Name>,
    pub(crate) expr: Option<Name>,
    pub(crate) message: Option<Name>,
}

/// `[view.X]`.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) sql_name: Option<Name>,
    pub(crate) schema: Option<Name>,
    pub(crate) key: Vec<Name>,
    pub(crate) sql: Sql,
    pub(crate) columns: Vec<(Name, Name)>,
    pub(crate) derive: Vec<Name>,
}

/// `[function.x]`.
#[derive(Debug)]
pub(crate) struct SqlFunction {
    pub(crate) name: Name,
    pub(crate) args: Vec<Name>,
    pub(crate) optional: Option<Spanned<i64>>,
    pub(crate) variadic: bool,
    pub(crate) returns: Option<Name>,
    pub(crate) strict: Option<Spanned<bool>>,
    pub(crate) aggregate: bool,
    pub(crate) dialects: Option<Spanned<DialectSet>>,
}

/// `[[query]]`.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) name: Option<Name>,
    pub(crate) doc: Option<String>,
    pub(crate) sql: Sql,
    pub(crate) dialects: Option<Spanned<DialectSet>>,
    pub(crate) returns: Option<Name>,
    pub(crate) dialect_returns: Vec<(Dialect, Name)>,
    pub(crate) row: Option<Name>,
    pub(crate) params: Vec<(Name, Name)>,
    pub(crate) columns: Vec<(Name, Name)>,
    pub(crate) shape: Vec<(Name, Shape)>,
    pub(crate) order: Vec<(Name, Name)>,
    pub(crate) attrs: Vec<Name>,
    pub(crate) deprecated: Option<Flag>,
    pub(crate) write: Option<Spanned<bool>>,
    pub(crate) tx: bool,
    pub(crate) timeout: Option<Name>,
    pub(crate) cache: Option<Spanned<bool>>,
    pub(crate) batch: Option<Spanned<bool>>,
    pub(crate) page: Option<Page>,
    pub(crate) raw: bool,
    pub(crate) allow: Vec<Name>,
    pub(crate) span: Span,
}

/// The value of `page`.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) by: Vec<Name>,
    pub(crate) size: Option<Spanned<i64>>,
    pub(crate) unique: bool,
    pub(crate) derive: Vec<Name>,
    pub(crate) span: Span,
}

/// The value of one key of `shape`.
#[derive(Debug)]
pub(crate) enum Shape {
    One(Name),
    Many(Name),
}

/// Returns the entry of a dialect, to be filled.
pub(crate) fn slot<T>(by_dialect: &mut PerDialect<T>, dialect: Dialect) -> &mut Option<T> {
    match dialect {
        Dialect::Sqlite => &mut by_dialect.sqlite,
        Dialect::Postgres => &mut by_dialect.postgres,
        Dialect::Mysql => &mut by_dialect.mysql,
    }
}

impl Diagnostic {
    /// Says to write another name in place of one; with an edit, unless escapes hide how it is written.
    pub(crate) fn rename(self, name: &Name, better: &str, sources: &SourceMap) -> Self {
        let written = sources.text(name.span);
        if written == name.value {
            self.fix(name.span, better)
        } else if written
            .strip_prefix('"')
            .and_then(|it| it.strip_suffix('"'))
            == Some(&name.value)
        {
            self.fix(name.span, format!("\"{better}\""))
        } else {
            self.help(format!("write `{better}`"))
        }
    }
}
