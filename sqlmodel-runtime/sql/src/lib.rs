//! What SQLModel knows about SQL: dialects, types, literals, the table model, and DDL.
//!
//! The crate is a leaf: it uses `std` alone, and knows no connection, no TOML and no Rust model.
//! Its data is `Cow<'static, ..>` throughout, so that the compiler builds the same [`Table`] at
//! generate time that generated code holds in a `static`.

mod check;
pub mod ddl;
mod dialect;
mod literal;
pub mod names;
pub mod quote;
pub mod reserved;
mod table;
mod temporal;
mod types;

pub use crate::check::{Object, Unsupported, check};
pub use crate::dialect::{Dialect, DialectSet, IdentifierLimit, PerDialect, PlaceholderStyle};
pub use crate::literal::{Function, Literal};
pub use crate::table::{
    Action, Check, Column, ColumnDefault, Computed, ComputedStorage, Deferrable, ForeignKey,
    Generation, Identity, IdentityMode, Index, IndexKey, IndexPart, Nulls, Order, PrimaryKey,
    Table, TableName, UniqueKey,
};
pub use crate::temporal::{Date, Time, Timestamp};
pub use crate::types::{EnumType, EnumValues, ScalarType, SqlType};

use std::borrow::Cow;

/// Text of a schema: a literal in generated code, owned in the compiler.
pub type Text = Cow<'static, str>;

/// A list of a schema: a slice in generated code, a vector in the compiler.
pub type List<T> = Cow<'static, [T]>;
