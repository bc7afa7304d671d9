//! Typed expressions and statement builders.
//!
//! Columns and relations are constants of the generated models, predicates are plain values, and a
//! statement is built from them without macros or derives. Which tables a predicate reads is part of
//! its type, so a column of a table that a query does not read is refused by the compiler.
//! Text is rendered for the dialect of the connection that runs the statement, and kept by the thread for the next
//! statement of the same pieces.

mod aggregate;
#[doc(hidden)]
pub mod codegen;
mod column;
mod compound;
mod cte;
mod delete;
mod expr;
mod family;
mod include;
mod insert;
mod insert_from;
mod joined;
#[cfg(feature = "json")]
mod json;
mod key;
mod keyset;
mod known;
mod macros;
mod model;
mod number;
mod operators;
mod projection;
mod quantified;
mod query;
mod raw;
mod relation;
mod render;
mod scope;
mod select;
mod stored;
mod temporal;
#[cfg(test)]
mod tests;
mod text;
mod tuple;
pub mod typed;
mod update;
mod upsert;
mod value;
mod window;

pub use aggregate::{AggregateExpression, count_all};
pub use column::{Column, excluded};
pub use compound::{Compound, Direction};
pub use cte::{CommonTable, With};
pub use delete::{Delete, DeleteRow};
pub use expr::{Assign, Expr, Operand};
pub use family::{FamilyFault, Parts, Polymorphic, PolymorphicLoad, check_family};
pub use include::{
    Attach, Children, Include, IncludeOptions, IncludedRows, Including, IntoLoading, Loading,
    LoadingOne,
};
pub use insert::{InsertMany, InsertOne};
pub use insert_from::{InsertColumns, InsertFrom};
#[cfg(feature = "json")]
pub use json::{JsonExpression, JsonStep};
pub use keyset::Keyset;
pub use model::ModelQuery;
pub use number::{Exact, Fraction, Integer, Number, NumberExpression, NumberKind};
pub use operators::{Condition, Expression, Ordering, all_of, any_of};
pub use projection::{FromColumns, One, Project};
pub use quantified::{Comparison, ListExpression, ListItem, QuantifiedExpression};
pub use query::{FamilyPart, Lock};
pub use raw::{Raw, raw, raw_for};
pub use relation::{Aliased, HasOne, LeadsToOne, ManyToMany, OwnTable, Relation, ToMany, ToOne};
pub use render::RenderedStatement;
pub use scope::{
    Aggregate, AllOptional, AlwaysThere, Both, Covers, End, Entity, Excluded, Here, InGroups,
    Inside, Nothing, Optional, PerRow, PerhapsHere, Settled, Table, Tables, There, Window,
};
pub use select::{Expressions, Models, Page, Select, TableOf, exists, scalar, select_from, table};
pub use temporal::{
    DateAndTime, DateExpression, DayExpression, HasClock, HasDay, Temporal, TemporalKind,
    TimeExpression, TimeUnit, TimestampExpression, now, today,
};
pub use text::TextExpression;
pub use tuple::TupleExpression;
pub use update::{Filtered, SaysWhichRows, Unfiltered, Update, UpdateRow};
pub use upsert::{ConflictTarget, ManyRows, OnConflict, OneRow, Upsert, Upserted};
pub use value::{Case, CastFrom, ValueExpression, case, constant};
pub use window::{
    FrameBound, WindowExpression, WindowFunction, WindowSpec, cume_dist, dense_rank, ntile,
    percent_rank, rank, row_number, window,
};
