//! Views and typed queries, as written: their SQL is analysed by a later stage.

use sqlmodel_sql::Dialect;

use crate::source::Span;

/// Text of the schema file and where it stands, so that a position in it can be shown to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The text after TOML's escapes.
    pub value: String,
    /// The span of the TOML string, quotes included.
    pub span: Span,
}

/// A `[view.X]`: a named SELECT with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Rust name in UpperCamelCase.
    pub name: SourceText,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// Name of the view in the database.
    pub sql_name: String,
    /// Schema of the view in the database.
    pub sql_schema: Option<String>,
    /// Columns that identify a row, perhaps none.
    pub key: Vec<SourceText>,
    /// The SELECT.
    pub sql: QuerySql,
    /// Column types that the user states, such as `posts = "i64!"`.
    pub columns: Vec<(SourceText, SourceText)>,
    /// Derives asked for beyond the minimal set, as Rust paths.
    pub derive: Vec<String>,
}

/// SQL text, with replacements for single dialects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuerySql {
    /// The text for dialects without one of their own.
    pub portable: Option<SourceText>,
    /// For SQLite.
    pub sqlite: Option<SourceText>,
    /// For PostgreSQL.
    pub postgres: Option<SourceText>,
    /// For MySQL and MariaDB.
    pub mysql: Option<SourceText>,
}

/// A `[[query]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Rust name in snake_case.
    pub name: SourceText,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// The statement.
    pub sql: QuerySql,
    /// The dialects it exists for, among those of the schema.
    pub dialects: Vec<Dialect>,
    /// What the caller gets, `None` where it is to be inferred.
    pub returns: Option<SourceText>,
    /// The model, view or named row that a row becomes.
    pub row: Option<SourceText>,
    /// Parameter types that the user states.
    pub params: Vec<(SourceText, SourceText)>,
    /// Column types that the user states.
    pub columns: Vec<(SourceText, SourceText)>,
    /// Nesting of the row: a name, and the alias or the list of aliases it collects.
    pub shape: Vec<(SourceText, Shape)>,
    /// Named orders the caller may choose from.
    pub order: Vec<(SourceText, SourceText)>,
    /// Where the entry is.
    pub span: Span,
}

/// The value of one key of `shape`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `post = "p"`: one value from the columns of an alias.
    One(SourceText),
    /// `tags = ["t"]`: all values of an alias, collected over rows.
    Many(Vec<SourceText>),
}
