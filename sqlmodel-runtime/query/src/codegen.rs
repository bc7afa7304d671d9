//! What the macros of this crate and generated code name. Not for use by hand.

pub use crate::cte::common_field;
pub use crate::expr::{Assign, Expr, Operand, value, value_ref};
pub use crate::projection::FromColumns;
pub use sqlmodel_core::{
    Decode, DecodeError, Encode, FieldInfo, FieldValue, Inheritance, Model, Record, RowRead, Texts,
    Value,
};

/// The place for the texts of a struct's statements.
pub type RecordTexts = Option<&'static Texts>;

/// Returns the numbers from 0.
pub const fn positions<const N: usize>() -> [usize; N] {
    let mut positions = [0; N];
    let mut at = 0;
    while at < N {
        positions[at] = at;
        at += 1;
    }
    positions
}
