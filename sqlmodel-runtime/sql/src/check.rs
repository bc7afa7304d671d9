//! What a table asks for and a dialect cannot do, found before any SQL is written.
//!
//! The rules are of the databases, not of our schema language: that a key's column exists, or that
//! a default fits its type, is checked by the compiler where the author wrote it.

mod column;
mod index;
mod key;
mod name;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use crate::{Dialect, Table, TableName, Text};

/// Returns everything in a table that a dialect cannot do, in the order of the table.
///
/// A table without a finding makes DDL that the dialect accepts and that means what the table says.
/// What the dialect's types lose is not a finding; see [`SqlType::sql_name`](crate::SqlType::sql_name).
pub fn check(table: &Table, dialect: Dialect) -> Vec<Unsupported> {
    let mut findings = Findings {
        table,
        dialect,
        found: Vec::new(),
    };
    name::check(&mut findings);
    column::check(&mut findings);
    key::check(&mut findings);
    index::check(&mut findings);
    findings.found
}

/// Something that a table asks for and a dialect cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unsupported {
    /// The dialect that cannot do it.
    pub dialect: Dialect,
    /// The table that asks for it.
    pub table: TableName,
    /// The object of the table that asks for it.
    pub object: Object,
    /// What the dialect cannot do: a clause that goes on after the name of the object.
    pub problem: String,
    /// What to do instead.
    pub help: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            dialect,
            table,
            object,
            problem,
            help,
        } = self;
        let table = table.to_string();
        let table = printable(&table);
        match object {
            Object::Table => write!(f, "table `{table}`")?,
            object => write!(f, "{object} of table `{table}`")?,
        }
        write!(f, ": {dialect} {problem}; {help}")
    }
}

impl std::error::Error for Unsupported {}

/// An object of a table, or the table as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// The table as a whole.
    Table,
    /// A column, by name.
    Column(Text),
    /// The primary key.
    PrimaryKey,
    /// A unique key, by name.
    UniqueKey(Text),
    /// A foreign key, by name.
    ForeignKey(Text),
    /// A check constraint, by name.
    Check(Text),
    /// An index, by name.
    Index(Text),
}

impl fmt::Display for Object {
    /// Writes the kind of the object and its name; control characters in it are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            Self::Table => return f.write_str("table"),
            Self::PrimaryKey => return f.write_str("primary key"),
            Self::Column(name) => ("column", name),
            Self::UniqueKey(name) => ("unique key", name),
            Self::ForeignKey(name) => ("foreign key", name),
            Self::Check(name) => ("check", name),
            Self::Index(name) => ("index", name),
        };
        write!(f, "{kind} `{}`", printable(name))
    }
}

/// A name with its control characters escaped, so that a message stays on its line.
fn printable(name: &str) -> Cow<'_, str> {
    if !name.contains(char::is_control) {
        return Cow::Borrowed(name);
    }
    let escape = |character: char| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    Cow::Owned(name.chars().map(escape).collect())
}

/// The table under check, and what was found so far.
struct Findings<'a> {
    table: &'a Table,
    dialect: Dialect,
    found: Vec<Unsupported>,
}

impl Findings<'_> {
    fn add(&mut self, object: &Object, problem: impl Into<String>, help: impl Into<String>) {
        self.found.push(Unsupported {
            dialect: self.dialect,
            table: self.table.name.clone(),
            object: object.clone(),
            problem: problem.into(),
            help: help.into(),
        });
    }

    fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }
}
