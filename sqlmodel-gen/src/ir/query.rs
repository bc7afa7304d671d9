//! Views and typed queries: as they are written, and as their analysis found them to be.

use std::time::Duration;

use sqlmodel_sql::Dialect;

use crate::ir::{FieldId, FieldType, ModelId};
use crate::source::Span;

/// Text of the schema file and where it stands, so that a position in it can be shown to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The text after TOML's escapes.
    pub value: String,
    /// The span of the TOML string, quotes included.
    pub span: Span,
}

/// A function of the database that the schema declares, so that queries may call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFunction {
    /// Its name in SQL.
    pub name: String,
    /// What it takes, `None` where it takes anything.
    pub args: Vec<Option<FieldType>>,
    /// How many of the arguments may be left out, from the end.
    pub n_optional: usize,
    /// Whether the last argument may come any number of times.
    pub is_variadic: bool,
    /// What it returns; `is_nullable` where it may be NULL although no argument is.
    pub returns: FieldType,
    /// Whether it is NULL when an argument is.
    pub is_strict: bool,
    /// Whether it makes one value of many rows.
    pub is_aggregate: bool,
    /// The dialects that have it.
    pub dialects: Vec<Dialect>,
    /// Where it is declared.
    pub span: Span,
}

/// What the user states of a parameter or column: `"i64!"`, `"text?"`, `"Money"`, `"!"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is about.
    pub name: SourceText,
    /// The type, `None` where only NULL is spoken of.
    pub ty: Option<FieldType>,
    /// Whether it may be NULL, `None` where that is to be found out.
    pub is_nullable: Option<bool>,
    /// The text and its place.
    pub text: SourceText,
}

/// A `[view.X]` as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenView {
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
    /// Column types that the user states.
    pub columns: Vec<Statement>,
    /// Derives asked for beyond the minimal set, as Rust paths.
    pub derive: Vec<SourceText>,
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

impl QuerySql {
    /// Returns the text of a dialect.
    #[must_use]
    pub fn get(&self, dialect: Dialect) -> Option<&SourceText> {
        let own = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
            Dialect::Mysql => &self.mysql,
        };
        own.as_ref().or(self.portable.as_ref())
    }
}

/// SQL that is part of a table, and goes to the database as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) place: FragmentPlace,
    pub(crate) sql: QuerySql,
    /// The table that it is part of.
    pub(crate) table: String,
    /// The columns of the table; `None` if they are not known.
    pub(crate) columns: Option<Vec<FragmentColumn>>,
    /// The column whose value it gives.
    pub(crate) own: Option<usize>,
    /// Whether what it gives is stored in the row.
    pub(crate) is_stored: bool,
    /// The fields of the model and their columns, in this table or that of a base.
    pub(crate) fields: Vec<(String, String)>,
}

/// A column that a fragment may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FragmentColumn {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    pub(crate) source: ColumnSource,
    /// What foreign keys do with it when the referenced row changes.
    pub(crate) actions: Vec<ColumnAction>,
}

/// What the values of a column are on PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Bool,
    /// Of a type that has these values.
    Enum(Vec<String>),
    Other,
    /// Of a type that the user writes.
    Unknown,
}

/// Who makes the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnSource {
    /// The statement, or a default that is a constant.
    Given,
    /// The statement, or a default in SQL.
    Defaulted,
    /// The database counts them up.
    Counted,
    /// The database computes them from the row.
    Computed,
}

/// What a foreign key does with a column when the referenced row changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnAction {
    /// The clause: `ON DELETE SET NULL`.
    pub(crate) clause: String,
    /// Whether it deletes the row instead of writing the column.
    pub(crate) is_delete: bool,
    /// Where the foreign key is written.
    pub(crate) span: Span,
}

/// What a fragment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FragmentPlace {
    Check,
    Generated,
    IndexKey,
    IndexCondition,
    Default,
    OnUpdate,
}

impl FragmentPlace {
    /// Returns what it is called, with its article.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Check => "a check",
            Self::Generated => "a generated column",
            Self::IndexKey | Self::IndexCondition => "an index",
            Self::Default => "a default",
            Self::OnUpdate => "a value of `on_update`",
        }
    }
}

/// A `[[query]]` as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenQuery {
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
    /// What the statements of single dialects return instead, to the same end.
    pub dialect_returns: Vec<(Dialect, SourceText)>,
    /// The model, view or named struct that a row becomes.
    pub row: Option<SourceText>,
    /// Parameter types that the user states.
    pub params: Vec<Statement>,
    /// Column types that the user states.
    pub columns: Vec<Statement>,
    /// Nesting of the row: a name, and the alias or the list of aliases it collects.
    pub shape: Vec<(SourceText, Shape)>,
    /// Named orders the caller may choose from.
    pub order: Vec<(SourceText, SourceText)>,
    /// How the function looks and how its statement runs.
    pub options: QueryOptions,
    /// Whether the SQL is not analysed.
    pub is_raw: bool,
    /// How it is read in pages.
    pub page: Option<WrittenPage>,
    /// The warnings that it is not to cause, by name.
    pub allow: Vec<SourceText>,
    /// Whether it writes, where the user says so, and where that is said.
    pub write: Option<(bool, Span)>,
    /// Where the entry is.
    pub span: Span,
}

impl WrittenQuery {
    /// Returns what is said of the statement's result in a dialect.
    #[must_use]
    pub fn returns_in(&self, dialect: Dialect) -> Option<&SourceText> {
        let mut own = self.dialect_returns.iter();
        let own = own.find(|(it, _)| *it == dialect).map(|(_, text)| text);
        own.or(self.returns.as_ref())
    }
}

/// How the function of a query looks, and how its statement runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// Rust attributes of the function, without `#[` and `]`.
    pub attrs: Vec<String>,
    /// Why the function is deprecated; an empty text where no reason is given.
    pub deprecated: Option<String>,
    /// Whether it runs in transactions alone.
    pub needs_transaction: bool,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// Whether the statement is prepared for a single run.
    pub is_once: bool,
    /// Where a function for many sets of parameters is asked for.
    pub batch: Option<Span>,
}

/// The value of `page` as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPage {
    /// The columns that rows are ordered by, and whether downwards.
    pub by: Vec<(SourceText, bool)>,
    /// The number of rows on a page.
    pub size: u32,
    /// Whether the user says that the columns tell rows apart.
    pub is_unique: bool,
    /// Derives of the cursor beyond the minimal set, as Rust paths.
    pub derive: Vec<String>,
    /// The value's place.
    pub span: Span,
}

/// How a query is read in pages, each behind a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What rows are ordered by; together they tell rows apart.
    pub keys: Vec<PageKey>,
    /// The number of rows on a page, if the caller asks for no other.
    pub size: u32,
    /// The position of the first parameter that is the page's: one for each key, and the number of rows.
    pub first_param: usize,
    /// Derives of the cursor beyond the minimal set, as Rust paths.
    pub derive: Vec<String>,
}

/// A column that pages are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    /// The column, never NULL.
    pub column: QueryColumn,
    /// Whether larger values come first.
    pub is_descending: bool,
    /// Where a row has its value, as Rust fields with dots between them.
    pub path: String,
}

/// The value of one key of `shape`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `post = "p"`: one value from the columns of an alias.
    One(SourceText),
    /// `tags = ["t"]`: all values of an alias, collected over rows.
    Many(SourceText),
}

/// A view and what its rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What was written.
    pub written: WrittenView,
    /// Its columns.
    pub columns: Vec<QueryColumn>,
    /// The positions of the columns that identify a row.
    pub key: Vec<usize>,
    /// The SELECT of each dialect of the schema.
    pub texts: Vec<(Dialect, String)>,
}

/// A typed query: everything that its function is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Rust name in snake_case.
    pub name: String,
    /// Index of the module in [`Schema::modules`](crate::ir::Schema::modules).
    pub module: usize,
    /// Documentation.
    pub doc: Option<String>,
    /// What the caller gets.
    pub returns: Returns,
    /// The parameters of the statement, in the order of their first use.
    pub params: Vec<QueryParam>,
    /// The optional blocks.
    pub blocks: Vec<QueryBlock>,
    /// The Rust names of the orders to choose from, as variants, with their texts.
    pub orders: Vec<(String, String)>,
    /// What a row becomes.
    pub row: Row,
    /// The statement in each dialect it is for.
    pub texts: Vec<(Dialect, Vec<Piece>)>,
    /// The columns of its result, whatever a row becomes.
    pub columns: Vec<QueryColumn>,
    /// The SQL as written.
    pub sql: QuerySql,
    /// How it is read in pages: of the blocks, the last is on behind a row.
    pub page: Option<Page>,
    /// How the function looks and how its statement runs.
    pub options: QueryOptions,
    /// Whether it writes or locks rows, so that no replica can run it.
    pub is_write: bool,
    /// Where it is declared.
    pub span: Span,
}

/// What the caller of a query gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// `one`: the only row.
    One,
    /// `optional`: the only row, if there is one.
    Optional,
    /// `many` and `stream`: all rows.
    Many,
    /// `exec`: nothing.
    Exec,
    /// `affected`: the number of rows written.
    Affected,
    /// `last_id`: the key that the database gave the new row.
    LastId,
    /// `scalar`: the only column of the only row.
    Scalar,
    /// `exists`: whether there is a row.
    Exists,
}

impl Returns {
    /// Returns its name in the schema language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Optional => "optional",
            Self::Many => "many",
            Self::Exec => "exec",
            Self::Affected => "affected",
            Self::LastId => "last_id",
            Self::Scalar => "scalar",
            Self::Exists => "exists",
        }
    }
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryParam {
    /// Its name, in SQL and in Rust.
    pub name: String,
    /// Its type; `is_nullable` where NULL may be given.
    pub ty: FieldType,
    /// The field whose Rust type it has.
    pub rust: Option<FieldId>,
    /// Whether it is a list for IN.
    pub is_list: bool,
    /// The block that it belongs to: without it, the block is off.
    pub block: Option<usize>,
    /// Where its type comes from.
    pub reason: String,
}

/// An optional block of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryBlock {
    /// Its name.
    pub name: String,
    /// The parameters that switch it on; without any, it is switched by a `bool` of its name.
    pub params: Vec<usize>,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryColumn {
    /// Its name, in SQL and in Rust.
    pub name: String,
    /// Its type.
    pub ty: FieldType,
    /// The field whose Rust type it has.
    pub rust: Option<FieldId>,
    /// Where its type and its nullability come from.
    pub reason: String,
    /// Whether `Debug` shows a placeholder instead of the value: the column is that of a hidden field.
    pub is_hidden: bool,
}

/// What a row becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// There are no rows.
    None,
    /// Whatever it is, it is not looked at.
    Ignored,
    /// The value of the only column.
    Scalar(QueryColumn),
    /// A model.
    Model(ModelId),
    /// A view, by its index in [`Schema::views`](crate::ir::Schema::views).
    View(usize),
    /// A struct of the query.
    Struct {
        /// Rust name in UpperCamelCase.
        name: String,
        /// Its fields.
        columns: Vec<QueryColumn>,
        /// The module of the query that it is written for, where that is another which has the same row.
        home: Option<usize>,
    },
    /// A struct of parts, some of which may be collected over rows.
    Nested {
        /// Rust name in UpperCamelCase.
        name: String,
        /// Its fields.
        parts: Vec<RowPart>,
    },
}

impl Row {
    /// Returns the columns of a row that is a struct of its own or a single value.
    #[must_use]
    pub fn columns(&self) -> &[QueryColumn] {
        match self {
            Self::Scalar(column) => std::slice::from_ref(column),
            Self::Struct { columns, .. } => columns,
            Self::None | Self::Ignored | Self::Model(_) | Self::View(_) | Self::Nested { .. } => {
                &[]
            }
        }
    }
}

/// A part of a nested row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPart {
    /// Name of the field.
    pub name: String,
    /// What it is made of.
    pub kind: PartKind,
    /// How often it is there.
    pub number: PartNumber,
    /// The position of its first column.
    pub at: usize,
    /// The positions of the columns that identify it.
    pub key: Vec<usize>,
}

/// What a part of a nested row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    /// A single column.
    Column(QueryColumn),
    /// A model.
    Model(ModelId),
    /// A struct of the query.
    Struct {
        /// Rust name in UpperCamelCase.
        name: String,
        /// Its fields.
        columns: Vec<QueryColumn>,
    },
}

/// How often a part is in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartNumber {
    /// Always once.
    One,
    /// Once or not at all.
    Optional,
    /// Collected over rows.
    Many,
}

/// A part of a statement's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// A parameter, by its position among the query's.
    Param(usize),
    /// The list of a parameter, one placeholder for each value.
    List(usize),
    /// What stands there while a block is on.
    Block(usize, Vec<Piece>),
    /// One text of several, chosen by the order.
    Order(Vec<Vec<Piece>>),
}
