//! Models that extend others: loading each row as what it is, and writing rows that are in several tables.

mod by_type;
mod change;
mod check;
mod insert;
mod levels;
mod polymorphic;
mod row;

use std::pin::Pin;

use sqlmodel_core::{Error, Outcome};

pub(crate) use by_type::fetch_by_type;
pub(crate) use change::{ChainUpdate, delete, delete_all, render_delete};
pub use check::{FamilyFault, check_family};
pub(crate) use insert::{
    Read, encoded, insert, insert_levels, insert_then_select, parts_of_rows, select_by_keys,
};
pub(crate) use levels::{
    Level, check_assigned, check_concrete, check_mark, check_table, check_tags, has_several_tables,
    is_exactly, is_identity, is_split, is_tag, levels, missing_tag, own_name, restrict,
    restrict_row, shown, shown_key, wrong_mark,
};
pub use polymorphic::{Parts, Polymorphic, PolymorphicLoad};
pub(crate) use row::{delete_row, explain_mark, update_row};

/// The rest of a call that is made in a transaction.
///
/// A future with a name would carry the transaction's lifetime in its type, and calls that contain it could not be shown to be
/// `Send` where a program spawns them.
pub(crate) type Part<'a, T> = Pin<Box<dyn Future<Output = Outcome<T, Error>> + Send + 'a>>;
