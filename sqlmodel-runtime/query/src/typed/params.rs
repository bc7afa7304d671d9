//! The values of a call, without memory of their own where there are few.

use std::ops::{Deref, DerefMut};

use sqlmodel_core::Value;

/// The values of the parameters of a query, in the order of the schema.
#[derive(Debug, Clone)]
pub enum Params<'q> {
    /// None.
    None,
    /// One.
    One([Value<'q>; 1]),
    /// Two.
    Two([Value<'q>; 2]),
    /// Three.
    Three([Value<'q>; 3]),
    /// Four.
    Four([Value<'q>; 4]),
    /// Any number.
    Many(Vec<Value<'q>>),
}

impl<'q> Deref for Params<'q> {
    type Target = [Value<'q>];

    #[inline]
    fn deref(&self) -> &[Value<'q>] {
        match self {
            Self::None => &[],
            Self::One(values) => values,
            Self::Two(values) => values,
            Self::Three(values) => values,
            Self::Four(values) => values,
            Self::Many(values) => values,
        }
    }
}

impl<'q> DerefMut for Params<'q> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Value<'q>] {
        match self {
            Self::None => &mut [],
            Self::One(values) => values,
            Self::Two(values) => values,
            Self::Three(values) => values,
            Self::Four(values) => values,
            Self::Many(values) => values,
        }
    }
}
