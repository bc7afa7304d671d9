//! The mapping between models and tables: which field is which column of which table. Inheritance lives here.

use crate::ir::{FieldId, TableId};

/// How rows of exactly one model are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The tables that together hold a row: one, or for a joined child the root's first and its own last.
    ///
    /// Empty for an abstract model of the concrete strategy, whose rows live in its children's tables.
    pub tables: Vec<MappedTable>,
    /// Every field, inherited ones first, in the order of [`Schema::fields_of`](crate::ir::Schema::fields_of).
    ///
    /// For a joined child each inherited field is mapped to the table of the base that has it, key fields to the root's table.
    pub columns: Vec<MappedColumn>,
    /// The discriminator's column, where the family has one.
    pub discriminator: Option<ColumnRef>,
}

/// A table of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedTable {
    /// The table.
    pub table: TableId,
    /// Indices of its primary key columns, in the order of [`Model::key`](crate::ir::Model::key).
    pub key: Vec<usize>,
}

/// A field and the column that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappedColumn {
    /// The field.
    pub field: FieldId,
    /// The column.
    pub column: ColumnRef,
}

/// A column of a table of the schema.
///
/// A single-table child's column is nullable although its field is not: rows of its siblings hold NULL there, and a CHECK
/// keeps its own rows from it. [`Column::is_nullable`](sqlmodel_sql::Column) tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnRef {
    /// The table.
    pub table: TableId,
    /// Index in the table's columns.
    pub column: usize,
}
