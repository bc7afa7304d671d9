//! The SQL in tables that goes to the database as somebody wrote it, and where it is written.

use sqlmodel_sql::SqlType;

use crate::ir::QuerySql;

/// A text in the SQL of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSql {
    /// What it is.
    pub kind: TableSqlKind,
    /// The text for each dialect, with its place.
    pub sql: QuerySql,
}

/// What a text in the SQL of a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableSqlKind {
    /// A check, a generated column, a default, or a part or condition of an index; it stands in parentheses.
    Expression,
    /// The type of a column.
    Type {
        /// The name of the column.
        column: String,
        /// The type that it would have without.
        ty: SqlType,
    },
    /// A collation, by its name.
    Collation,
}
