//! What the macros of this crate and generated code name. Not for use by hand.

use std::any::TypeId;

use sqlmodel_core::value::Decimal;

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

/// Returns what ends a CAST to the widest type of its kind, for types whose values have widths in a database.
///
/// PostgreSQL and MySQL give a column of a recursive query the width that it has in the first one.
#[must_use]
pub fn widest_cast<T: 'static>() -> Option<[&'static str; 3]> {
    let is_one_of = |types: &[TypeId]| types.contains(&TypeId::of::<T>());
    if is_one_of(&[TypeId::of::<String>(), TypeId::of::<Option<String>>()]) {
        return Some(["", " AS text)", " AS CHAR(16383))"]);
    }
    let is_decimal = is_one_of(&[TypeId::of::<Decimal>(), TypeId::of::<Option<Decimal>>()]);
    #[cfg(feature = "rust_decimal")]
    let is_decimal = is_decimal
        || is_one_of(&[
            TypeId::of::<sqlmodel_core::types::rust_decimal::Decimal>(),
            TypeId::of::<Option<sqlmodel_core::types::rust_decimal::Decimal>>(),
        ]);
    is_decimal.then_some(["", " AS numeric)", ""])
}
