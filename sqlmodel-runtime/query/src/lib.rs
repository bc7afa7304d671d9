//! Typed expressions and statement builders.
//!
//! Columns and relations are constants of the generated models, predicates are plain values, and a
//! statement is built from them without macros or derives. Which tables a predicate reads is part of
//! its type, so a column of a table that a query does not read is refused by the compiler.
//! Text is rendered once, for the dialect of the connection that runs the statement.

#[doc(hidden)]
pub mod codegen;
mod column;
mod delete;
mod expr;
mod insert;
mod macros;
mod model;
mod operators;
mod relation;
mod render;
mod scope;
mod select;
#[cfg(test)]
mod tests;
mod update;

pub use column::Column;
pub use delete::{Delete, DeleteRow};
pub use expr::{Assign, Expr, Operand};
pub use insert::{InsertMany, InsertOne};
pub use model::ModelQuery;
pub use operators::{Expression, Ordering};
pub use relation::{HasOne, ManyToMany, Relation, ToMany, ToOne};
pub use render::RenderedStatement;
pub use scope::{Both, Covers, End, Here, Nothing, Tables, There};
pub use select::Select;
pub use update::{Filtered, Unfiltered, Update, UpdateRow};
