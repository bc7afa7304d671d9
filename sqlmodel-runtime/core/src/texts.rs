//! The texts of a model's statements that are the same every time.

use std::sync::OnceLock;

use sqlmodel_sql::Dialect;

/// A statement whose text depends on the model and the dialect alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FixedStatement {
    /// The SELECT of a row by its key.
    Get,
    /// The UPDATE of a row by its key.
    Update,
    /// The DELETE of a row by its key.
    Delete,
    /// The INSERT of a row with a value for each column.
    Insert,
    /// The same, which returns the row.
    InsertReturning,
    /// The SELECT of all rows.
    All,
}

/// The texts of a model's fixed statements, each written when it is needed first.
///
/// Generated code has one for each struct that is stored, as a `static`.
#[derive(Debug, Default)]
pub struct Texts([[OnceLock<Box<str>>; 3]; 6]);

impl Texts {
    /// Creates it without any text.
    pub const fn new() -> Self {
        Self([const { [const { OnceLock::new() }; 3] }; 6])
    }

    /// Returns the text of a statement, written by `write` when it is asked for first.
    pub fn get(
        &self,
        statement: FixedStatement,
        dialect: Dialect,
        write: impl FnOnce() -> String,
    ) -> &str {
        let Self([get, update, delete, insert, insert_returning, all]) = self;
        let [sqlite, postgres, mysql] = match statement {
            FixedStatement::Get => get,
            FixedStatement::Update => update,
            FixedStatement::Delete => delete,
            FixedStatement::Insert => insert,
            FixedStatement::InsertReturning => insert_returning,
            FixedStatement::All => all,
        };
        let text = match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
            Dialect::Mysql => mysql,
        };
        text.get_or_init(|| write().into())
    }
}
