//! The model layer: what becomes Rust.

use sqlmodel_sql::Literal;

use crate::ir::{
    AbstractId, Expr, FamilyId, FieldId, FieldType, ModelId, RelationId, RustType, Value,
};
use crate::source::Span;

/// A `[model.X]`: a Rust struct that is mapped to rows.
///
/// Its own fields are those of its abstract base, then those written in it, then those of its mixins.
/// The fields of a base *model* are not among them: see [`Model::base`] and [`Schema::fields_of`](crate::ir::Schema::fields_of).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Rust name in UpperCamelCase.
    pub name: String,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// The abstract bases it implements as traits, outermost first.
    pub abstracts: Vec<AbstractId>,
    /// The model it extends, in the same inheritance family.
    pub base: Option<ModelId>,
    /// The inheritance family, if it is in one.
    pub family: Option<FamilyId>,
    /// Whether no row is of exactly this model; only in a family.
    pub is_abstract: bool,
    /// Its own fields in column order.
    pub fields: Vec<FieldId>,
    /// The fields of its primary key, in key order; fields of the family's root for every member.
    pub key: Vec<FieldId>,
    /// Its own relations: first those of its keys, then many-to-many ones, then inverses declared elsewhere.
    pub relations: Vec<RelationId>,
    /// Derives asked for beyond the minimal set, as Rust paths.
    pub derive: Vec<String>,
    /// Structs derived from it, such as `HeroCreate`.
    pub variants: Vec<Variant>,
    /// Rules over the whole model, run in Rust.
    pub rules: Vec<ModelRule>,
    /// Where it is declared.
    pub span: Span,
}

/// An `[abstract.X]`: fields that several models share, and a Rust trait of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abstract {
    /// Rust name in UpperCamelCase.
    pub name: String,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// The abstract base it extends: a supertrait.
    pub base: Option<AbstractId>,
    /// The fields that it gives, without those of `base`, mixins resolved.
    ///
    /// They are templates: each model has its own copy, found by the same name.
    pub fields: Vec<FieldId>,
    /// Where it is declared.
    pub span: Span,
}

/// A field of a model, or the template of one in an abstract base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Rust name in snake_case, never a keyword.
    pub name: String,
    /// The model that has it; `None` for a template in an abstract base.
    pub model: Option<ModelId>,
    /// Documentation.
    pub doc: Option<String>,
    /// The Rust type.
    pub ty: FieldType,
    /// A Rust type by path in place of the usual one (for json: the type that is encoded as JSON).
    pub rust: Option<RustType>,
    /// Name of the column.
    pub column: String,
    /// Its part in the primary key.
    pub key: KeyPart,
    /// What an insert stores when the caller gives nothing.
    pub default: Option<Value>,
    /// What every update stores, unless it sets the field itself.
    pub on_update: Option<Value>,
    /// Whether the database computes it: it is never in an INSERT or UPDATE.
    pub is_generated: bool,
    /// Whether it is the optimistic version: an update adds one and refuses a row that someone else changed.
    pub is_version: bool,
    /// Whether `Debug` and dumps show a placeholder instead of the value.
    pub is_hidden: bool,
    /// Whether it is the discriminator of its family: written by the generated code alone.
    pub is_discriminator: bool,
    /// When statements write it.
    pub write: Write,
    /// Rules that the value must meet, its named type's rules not repeated.
    pub validate: Vec<Validation>,
    /// The name of the column before, for migrations.
    pub renamed_from: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

impl Field {
    /// Returns whether a caller of an insert may leave the field out: it has a default, or the database makes it.
    #[must_use]
    pub fn is_optional_on_insert(&self) -> bool {
        self.default.is_some()
            || self.ty.is_nullable
            || self.key == (KeyPart::Auto { is_always: false })
    }

    /// Returns whether a caller of an insert may give the field at all.
    #[must_use]
    pub fn is_insertable(&self) -> bool {
        !self.is_generated
            && !self.is_version
            && !self.is_discriminator
            && self.write != Write::Never
            && self.key != KeyPart::Auto { is_always: true }
    }
}

/// The part of a field in its model's primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPart {
    /// Not in the key.
    None,
    /// In the key; the caller or a default supplies the value.
    Given,
    /// The whole key; the database makes the value.
    Auto {
        /// Whether the database refuses a value of the caller (`identity = "always"`).
        is_always: bool,
    },
}

/// When statements write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// `always`: inserts and updates.
    Always,
    /// `insert`: only inserts.
    Insert,
    /// `never`: the database fills it, by a default or a trigger.
    Never,
}

/// A rule on one value, checked in Rust before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// `min`: at least this number (i, f or decimal, exact text).
    Min(Literal),
    /// `max`: at most this number.
    Max(Literal),
    /// `above`: more than this number.
    Above(Literal),
    /// `below`: less than this number.
    Below(Literal),
    /// `multiple_of`: an integer multiple of this number.
    MultipleOf(Literal),
    /// `min_len`: at least so many characters, bytes or list items.
    MinLen(u32),
    /// `max_len`: at most so many characters, bytes or list items.
    MaxLen(u32),
    /// `format`: text of a known form.
    Format(Format),
    /// `pattern`: text in which a regular expression is found, as the crate `regex-lite` reads it.
    Pattern(String),
    /// `one_of`: one of these values.
    OneOf(Vec<Literal>),
}

impl Validation {
    /// Returns the key it is written with.
    #[must_use]
    pub const fn key(&self) -> &'static str {
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

/// Forms of text that `validate = { format = ".." }` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One `@`, something before it, a host with a dot or `localhost` after it, no white space.
    Email,
    /// A scheme, `://` and a host.
    Url,
    /// A DNS host name.
    Hostname,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 or IPv6 address.
    Ip,
    /// Lower-case letters, digits and single hyphens between them.
    Slug,
}

/// A `[[model.X.rules]]` entry: a condition over several fields, checked in Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRule {
    /// Name in snake_case, unique in the model.
    pub name: String,
    /// The condition as written.
    pub text: String,
    /// The condition.
    pub expr: Expr,
    /// What the user is told when it does not hold.
    pub message: String,
    /// Where the condition is written.
    pub span: Span,
}

/// A struct derived from a model, after SQLModel's model family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Rust name in UpperCamelCase, by default the model's name and the kind: `HeroCreate`.
    pub name: String,
    /// What it is for.
    pub kind: VariantKind,
    /// Its fields, in the model's order, inherited ones first.
    pub fields: Vec<FieldId>,
    /// Derives asked for beyond the minimal set, as Rust paths.
    pub derive: Vec<String>,
    /// Documentation.
    pub doc: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

/// What a variant is for, which decides the types of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantKind {
    /// What a client sends to make a row: optional where an insert may leave the field out; no key that the database makes.
    Create,
    /// What a client sends to change a row: every field may be absent, which differs from null.
    Update,
    /// What a client is shown: every field but hidden ones.
    Public,
}
