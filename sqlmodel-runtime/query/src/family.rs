//! Models that extend others: loading each row as what it is, and writing rows that are in several tables.

mod insert;
mod levels;
mod polymorphic;

pub(crate) use insert::{insert, insert_then_select};
pub(crate) use levels::{Level, check_concrete, is_split, levels, missing_tag};
pub use polymorphic::{Parts, Polymorphic};
