//! Models that extend others: loading each row as what it is, and writing rows that are in several tables.

mod by_type;
mod change;
mod insert;
mod levels;
mod polymorphic;
mod row;

use std::pin::Pin;

use sqlmodel_core::{Error, Outcome};

pub(crate) use by_type::fetch_by_type;
pub(crate) use change::{ChainUpdate, delete, delete_all, render_delete};
pub(crate) use insert::{
    Read, encoded, insert, insert_levels, insert_then_select, parts_of_rows, select_by_keys,
};
pub(crate) use levels::{
    Level, check_assigned, check_concrete, check_table, has_several_tables, is_identity, is_split,
    levels, missing_tag, own_name, restrict, restrict_row,
};
pub use polymorphic::{Parts, Polymorphic, PolymorphicLoad};
pub(crate) use row::{delete_row, update_row};

/// The rest of a call that is made in a transaction.
///
/// A future with a name would carry the transaction's lifetime in its type, and calls that contain it could not be shown to be
/// `Send` where a program spawns them.
pub(crate) type Part<'a, T> = Pin<Box<dyn Future<Output = Outcome<T, Error>> + Send + 'a>>;
