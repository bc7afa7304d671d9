//! What the macros of this crate and generated code name. Not for use by hand.

pub use crate::expr::{Assign, Expr, Operand, value, value_ref};
pub use crate::projection::FromColumns;
pub use sqlmodel_core::{Decode, DecodeError, FieldValue, RowRead};
