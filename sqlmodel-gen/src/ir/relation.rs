//! Relations between models, and the families of inheritance.

use crate::ir::{EnumId, FieldId, ModelId, RelationId};
use crate::source::Span;

/// One side of a relation: what `Hero::TEAM` is made from.
///
/// A relation is declared once. Where it names an inverse, the other side is a relation of its own, and both point at each other.
/// A side that is a model of a concrete family means rows of exactly that model: those of its children are in other tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Name in snake_case; collides with no field or relation of the model, its bases and its children.
    pub name: String,
    /// The model that has it.
    pub model: ModelId,
    /// The model it leads to.
    pub target: ModelId,
    /// Documentation.
    pub doc: Option<String>,
    /// How many rows it leads to.
    pub kind: RelationKind,
    /// How rows are matched.
    pub join: Join,
    /// The same relation seen from `target`.
    pub inverse: Option<RelationId>,
    /// Where it is declared; an inverse points at its `inverse = ".."`.
    pub span: Span,
}

/// How many rows a relation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// The model holds the foreign key. `is_optional` when any of its columns is nullable.
    ToOne {
        /// Whether there may be no target.
        is_optional: bool,
    },
    /// The target holds a unique foreign key: at most one row.
    HasOne,
    /// The target holds the foreign key: any number of rows.
    ToMany,
    /// A link table holds a foreign key to each side: any number of rows.
    ManyToMany,
}

/// How rows of a relation are matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Join {
    /// Equal values in pairs of fields.
    Direct(Vec<FieldPair>),
    /// Through rows of a link model.
    Link {
        /// The link model.
        model: ModelId,
        /// `near` is a field of the relation's model, `far` of the link.
        source: Vec<FieldPair>,
        /// `near` is a field of the link, `far` of the relation's target.
        target: Vec<FieldPair>,
    },
}

/// Two fields whose values are equal.
///
/// A field may belong to a base of the model it is listed for: a joined child is matched by the key fields of its root, and
/// [`Mapping::tables`](crate::ir::Mapping::tables) tells which column of each table holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPair {
    /// The field on this side.
    pub near: FieldId,
    /// The field on the other side.
    pub far: FieldId,
}

/// Models that share a root: the root and all models that extend it, at any depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The model with the `inheritance` key.
    pub root: ModelId,
    /// Where the rows of children live.
    pub strategy: Strategy,
    /// All members: each base before its children, siblings in declaration order; the root is first.
    pub members: Vec<ModelId>,
    /// The members that have no table: their own fields are columns of their base's table.
    pub without_table: Vec<ModelId>,
    /// The column that tells which model a row is of; always present for single_table and joined.
    pub discriminator: Option<Discriminator>,
    /// How rows of all members are loaded together, where a query does not say.
    pub polymorphic: PolymorphicLoad,
    /// Whether a view over all tables is created; only for concrete.
    pub has_union_view: bool,
}

/// Where the rows of children live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// All in the root's table; columns of children are nullable in the database.
    SingleTable,
    /// A table for each model with its own columns and the key, which references the base's table.
    Joined,
    /// A table for each model that is not abstract, with all columns.
    Concrete,
}

/// How rows of a model and of those that extend it are loaded together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolymorphicLoad {
    /// By one statement with outer joins.
    Join,
    /// By a statement for what they have in common, and one for each model that is among them.
    ByType,
}

/// The column of the root's table that tells which model a row is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discriminator {
    /// Name of the column.
    pub column: String,
    /// The root's field of that column, where one is declared.
    pub field: Option<FieldId>,
    /// The value of each member that is not abstract, in the order of [`Family::members`].
    pub values: Vec<(ModelId, DiscriminatorValue)>,
}

/// The value of a discriminator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiscriminatorValue {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A value of an enum, by index in [`Enum::values`](crate::ir::Enum::values).
    Enum(EnumId, usize),
}

impl Family {
    /// Tells whether a member's own fields are columns of its base's table.
    pub fn is_without_table(&self, member: ModelId) -> bool {
        self.without_table.contains(&member)
    }

    /// Returns the value that rows of exactly `model` carry; `None` for an abstract model or where there is no discriminator.
    #[must_use]
    pub fn discriminator_value(&self, model: ModelId) -> Option<&DiscriminatorValue> {
        let values = &self.discriminator.as_ref()?.values;
        values
            .iter()
            .find(|(member, _)| *member == model)
            .map(|(_, value)| value)
    }
}
