//! The model of a table: columns, keys, checks and indexes, fully resolved and fully named.
//!
//! Everything can be a `static`: lists are borrowed slices there, and the constructors are `const`.
//! The compiler assigns the public fields instead, with owned text and vectors.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::mem;

use crate::{DialectSet, Function, List, Literal, PerDialect, SqlType, Text};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// The name, with the schema it is in.
    pub name: TableName,
    /// The columns, in the order of the table.
    pub columns: List<Column>,
    /// The primary key.
    pub primary_key: Option<PrimaryKey>,
    /// The unique keys, apart from the primary key.
    pub unique_keys: List<UniqueKey>,
    /// The foreign keys.
    pub foreign_keys: List<ForeignKey>,
    /// The check constraints.
    pub checks: List<Check>,
    /// The indexes, apart from those that keys bring with them.
    pub indexes: List<Index>,
    /// A comment for people, stored where the dialect can.
    pub comment: Option<Text>,
}

impl Table {
    /// A table with columns and nothing else.
    pub const fn new(name: TableName, columns: &'static [Column]) -> Self {
        Self {
            name,
            columns: Cow::Borrowed(columns),
            primary_key: None,
            unique_keys: Cow::Borrowed(&[]),
            foreign_keys: Cow::Borrowed(&[]),
            checks: Cow::Borrowed(&[]),
            indexes: Cow::Borrowed(&[]),
            comment: None,
        }
    }

    /// Sets the primary key.
    #[must_use]
    pub const fn with_primary_key(mut self, primary_key: PrimaryKey) -> Self {
        set(&mut self.primary_key, Some(primary_key));
        self
    }

    /// Sets the unique keys.
    #[must_use]
    pub const fn with_unique_keys(mut self, unique_keys: &'static [UniqueKey]) -> Self {
        set(&mut self.unique_keys, Cow::Borrowed(unique_keys));
        self
    }

    /// Sets the foreign keys.
    #[must_use]
    pub const fn with_foreign_keys(mut self, foreign_keys: &'static [ForeignKey]) -> Self {
        set(&mut self.foreign_keys, Cow::Borrowed(foreign_keys));
        self
    }

    /// Sets the check constraints.
    #[must_use]
    pub const fn with_checks(mut self, checks: &'static [Check]) -> Self {
        set(&mut self.checks, Cow::Borrowed(checks));
        self
    }

    /// Sets the indexes.
    #[must_use]
    pub const fn with_indexes(mut self, indexes: &'static [Index]) -> Self {
        set(&mut self.indexes, Cow::Borrowed(indexes));
        self
    }

    /// Sets the comment.
    #[must_use]
    pub const fn with_comment(mut self, comment: &'static str) -> Self {
        set(&mut self.comment, Some(Cow::Borrowed(comment)));
        self
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The name of a table, and the schema it is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The schema (on MySQL: the database); `None` for the connection's own.
    pub schema: Option<Text>,
    /// The name within the schema.
    pub name: Text,
}

impl TableName {
    /// A table in the connection's own schema.
    pub const fn new(name: &'static str) -> Self {
        Self {
            schema: None,
            name: Cow::Borrowed(name),
        }
    }

    /// A table in a named schema.
    pub const fn in_schema(schema: &'static str, name: &'static str) -> Self {
        Self {
            schema: Some(Cow::Borrowed(schema)),
            name: Cow::Borrowed(name),
        }
    }
}

impl std::fmt::Display for TableName {
    /// Writes `name` or `schema.name`, for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// The name.
    pub name: Text,
    /// The portable type.
    pub ty: SqlType,
    /// The type in the words of a dialect, instead of what it makes of `ty`.
    pub sql_type: PerDialect<Text>,
    /// Whether the column may be `NULL`.
    pub is_nullable: bool,
    /// The value of a row that brings none.
    pub default: Option<ColumnDefault>,
    /// How the database makes the value.
    pub generation: Option<Generation>,
    /// The collation, by its name in each dialect.
    pub collation: PerDialect<Text>,
    /// A comment for people, stored where the dialect can.
    pub comment: Option<Text>,
}

impl Column {
    /// A column that is `NOT NULL` and has no default.
    pub const fn new(name: &'static str, ty: SqlType) -> Self {
        Self {
            name: Cow::Borrowed(name),
            ty,
            sql_type: PerDialect::NONE,
            is_nullable: false,
            default: None,
            generation: None,
            collation: PerDialect::NONE,
            comment: None,
        }
    }

    /// Makes the column nullable.
    #[must_use]
    pub const fn nullable(mut self) -> Self {
        self.is_nullable = true;
        self
    }

    /// Makes the database count the column up.
    #[must_use]
    pub const fn auto_increment(self) -> Self {
        self.with_generation(Generation::AutoIncrement)
    }

    /// Sets how the database makes the value.
    #[must_use]
    pub const fn with_generation(mut self, generation: Generation) -> Self {
        set(&mut self.generation, Some(generation));
        self
    }

    /// Sets the default.
    #[must_use]
    pub const fn with_default(mut self, default: ColumnDefault) -> Self {
        set(&mut self.default, Some(default));
        self
    }

    /// Sets the type in the words of dialects.
    #[must_use]
    pub const fn with_sql_type(mut self, sql_type: PerDialect<Text>) -> Self {
        set(&mut self.sql_type, sql_type);
        self
    }

    /// Sets the collation.
    #[must_use]
    pub const fn with_collation(mut self, collation: PerDialect<Text>) -> Self {
        set(&mut self.collation, collation);
        self
    }

    /// Sets the comment.
    #[must_use]
    pub const fn with_comment(mut self, comment: &'static str) -> Self {
        set(&mut self.comment, Some(Cow::Borrowed(comment)));
        self
    }

    /// Returns whether the value is computed from other columns, and so can never be written.
    pub const fn is_computed(&self) -> bool {
        matches!(self.generation, Some(Generation::Computed(_)))
    }
}

/// The value of a column in a row that brings none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ColumnDefault {
    /// A constant.
    Literal(Literal),
    /// A portable function.
    Function(Function),
    /// An expression of SQL; a dialect without one has no default.
    Sql(PerDialect<Text>),
}

/// How the database makes the value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Generation {
    /// The next number, in the way that is usual for the dialect. An explicit value wins.
    ///
    /// SQLite counts on from the largest number in the table, so that of a deleted row can return.
    AutoIncrement,
    /// The next number of a sequence with options.
    Identity(Identity),
    /// An expression over other columns of the row.
    Computed(Computed),
}

/// An identity column of standard SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Whether an explicit value wins.
    pub mode: IdentityMode,
    /// The first number; `None` for the dialect's own, which is 1.
    pub start: Option<i64>,
    /// The step; `None` for the dialect's own, which is 1.
    pub increment: Option<i64>,
}

/// What an identity column does with an explicit value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityMode {
    /// `BY DEFAULT`: an explicit value wins.
    ByDefault,
    /// `ALWAYS`: an explicit value is an error.
    Always,
}

/// A column computed from others of its row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Computed {
    /// The expression.
    pub sql: PerDialect<Text>,
    /// When it is computed.
    pub storage: ComputedStorage,
}

/// When a computed column is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComputedStorage {
    /// On every write; the value takes room in the row.
    Stored,
    /// On every read.
    Virtual,
}

/// The primary key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrimaryKey {
    /// The name of the constraint. MySQL calls every primary key `PRIMARY`.
    pub name: Text,
    /// The columns, in the order of the key.
    pub columns: List<Text>,
}

impl PrimaryKey {
    /// A primary key.
    pub const fn new(name: &'static str, columns: &'static [Text]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            columns: Cow::Borrowed(columns),
        }
    }
}

/// A unique key of a table. Rows with a `NULL` in it are never equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UniqueKey {
    /// The name of the constraint.
    pub name: Text,
    /// The columns, in the order of the key.
    pub columns: List<Text>,
}

impl UniqueKey {
    /// A unique key.
    pub const fn new(name: &'static str, columns: &'static [Text]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            columns: Cow::Borrowed(columns),
        }
    }
}

/// A foreign key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForeignKey {
    /// The name of the constraint.
    pub name: Text,
    /// The columns of this table.
    pub columns: List<Text>,
    /// The table that is referenced.
    pub target: TableName,
    /// The columns that are referenced, in the order of `columns`.
    pub target_columns: List<Text>,
    /// What the delete of a referenced row does.
    pub on_delete: Action,
    /// What the change of a referenced key does.
    pub on_update: Action,
    /// When the key is checked.
    pub deferrable: Deferrable,
}

impl ForeignKey {
    /// A foreign key that refuses to orphan rows.
    pub const fn new(
        name: &'static str,
        columns: &'static [Text],
        target: TableName,
        target_columns: &'static [Text],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            columns: Cow::Borrowed(columns),
            target,
            target_columns: Cow::Borrowed(target_columns),
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
            deferrable: Deferrable::No,
        }
    }

    /// Sets what the delete of a referenced row does.
    #[must_use]
    pub const fn with_on_delete(mut self, action: Action) -> Self {
        self.on_delete = action;
        self
    }

    /// Sets what the change of a referenced key does.
    #[must_use]
    pub const fn with_on_update(mut self, action: Action) -> Self {
        self.on_update = action;
        self
    }

    /// Sets when the key is checked.
    #[must_use]
    pub const fn with_deferrable(mut self, deferrable: Deferrable) -> Self {
        self.deferrable = deferrable;
        self
    }
}

/// What a change of a referenced row does to the rows that reference it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It fails, when the key is checked.
    NoAction,
    /// It fails at once.
    Restrict,
    /// They are deleted, or follow the key.
    Cascade,
    /// Their key becomes `NULL`.
    SetNull,
    /// Their key becomes its default.
    SetDefault,
}

impl Action {
    /// The words of SQL.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

/// When a foreign key is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deferrable {
    /// At the end of every statement.
    No,
    /// At the end of every statement, unless the transaction asks otherwise.
    InitiallyImmediate,
    /// At commit, unless the transaction asks otherwise.
    InitiallyDeferred,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Check {
    /// The name of the constraint.
    pub name: Text,
    /// The condition; a dialect without one has no such constraint.
    pub sql: PerDialect<Text>,
}

impl Check {
    /// A check constraint with one text for all dialects.
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            sql: PerDialect::portable(Cow::Borrowed(sql)),
        }
    }
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Index {
    /// The name.
    pub name: Text,
    /// What is indexed, in order.
    pub parts: List<IndexPart>,
    /// Whether two rows may not be equal in all parts.
    pub is_unique: bool,
    /// The condition of the rows that are indexed; none for all rows.
    pub predicate: PerDialect<Text>,
    /// The access method, as in `USING`; none for a dialect's own, a B-tree.
    pub method: PerDialect<Text>,
    /// The dialects that have the index.
    pub dialects: DialectSet,
}

impl Index {
    /// An index of all rows, on every dialect.
    pub const fn new(name: &'static str, parts: &'static [IndexPart]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            parts: Cow::Borrowed(parts),
            is_unique: false,
            predicate: PerDialect::NONE,
            method: PerDialect::NONE,
            dialects: DialectSet::ALL,
        }
    }

    /// Makes the index unique.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.is_unique = true;
        self
    }

    /// Sets the condition of the rows that are indexed.
    #[must_use]
    pub const fn with_predicate(mut self, predicate: PerDialect<Text>) -> Self {
        set(&mut self.predicate, predicate);
        self
    }

    /// Sets the access method.
    #[must_use]
    pub const fn with_method(mut self, method: PerDialect<Text>) -> Self {
        set(&mut self.method, method);
        self
    }

    /// Sets the dialects that have the index.
    #[must_use]
    pub const fn only_on(mut self, dialects: DialectSet) -> Self {
        self.dialects = dialects;
        self
    }
}

/// One part of an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexPart {
    /// What is indexed.
    pub key: IndexKey,
    /// The direction.
    pub order: Order,
    /// Where `NULL` sorts; `None` for the dialect's own place.
    pub nulls: Option<Nulls>,
}

impl IndexPart {
    /// A column, ascending.
    pub const fn column(name: &'static str) -> Self {
        Self {
            key: IndexKey::Column(Cow::Borrowed(name)),
            order: Order::Ascending,
            nulls: None,
        }
    }

    /// An expression, ascending, with one text for all dialects.
    pub const fn expression(sql: &'static str) -> Self {
        Self {
            key: IndexKey::Expression(PerDialect::portable(Cow::Borrowed(sql))),
            order: Order::Ascending,
            nulls: None,
        }
    }

    /// Makes the part descending.
    #[must_use]
    pub const fn descending(mut self) -> Self {
        self.order = Order::Descending;
        self
    }

    /// Sets where `NULL` sorts.
    #[must_use]
    pub const fn with_nulls(mut self, nulls: Nulls) -> Self {
        self.nulls = Some(nulls);
        self
    }
}

/// What one part of an index is over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IndexKey {
    /// A column of the table.
    Column(Text),
    /// An expression over its columns.
    Expression(PerDialect<Text>),
}

/// A direction of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// Where `NULL` sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before every value.
    First,
    /// After every value.
    Last,
}

/// Assigns in a `const fn`, where the old value cannot be dropped.
///
/// The constructors start from values that own nothing, so setting each part once leaks nothing.
const fn set<T>(slot: &mut T, value: T) {
    mem::forget(mem::replace(slot, value));
}
