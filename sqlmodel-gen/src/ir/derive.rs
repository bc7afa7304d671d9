//! Which traits of the standard library the Rust types of fields have, so that a struct of them can derive them.

use crate::ir::{Builtin, Enum, FieldType, NamedType, Scalar, Schema, TimeCrate};

/// The traits that a derive implements only where every field has them, beside those that all types have.
const OF_FIELDS: &[&str] = &["Copy", "Default", "Eq", "Hash", "Ord", "PartialOrd"];

/// Returns the derives that another one needs beside it.
#[must_use]
pub(crate) fn needed_by(derive: &str) -> &'static [&'static str] {
    match derive {
        "Ord" => &["Eq", "PartialOrd"],
        _ => &[],
    }
}

impl Builtin {
    /// Returns the derives that the newtype of a built-in type always has.
    pub(crate) fn newtype_derives(self) -> Vec<&'static str> {
        let mut derives = vec!["Debug", "Clone"];
        if self.is_copy() {
            derives.push("Copy");
        }
        derives.push("PartialEq");
        match self {
            Self::F32 | Self::F64 => derives.push("PartialOrd"),
            Self::Json => {}
            Self::Decimal { .. } => derives.extend(["Eq", "Hash"]),
            Self::Bool
            | Self::I16
            | Self::I32
            | Self::I64
            | Self::Text { .. }
            | Self::Bytes
            | Self::Uuid
            | Self::Date
            | Self::Time
            | Self::Timestamp
            | Self::TimestampTz
            | Self::Duration => derives.extend(["Eq", "PartialOrd", "Ord", "Hash"]),
        }
        derives
    }

    /// Returns whether the Rust type is `Copy`.
    pub(crate) const fn is_copy(self) -> bool {
        !matches!(self, Self::Text { .. } | Self::Bytes | Self::Json)
    }

    /// Returns whether the Rust type has a trait.
    pub(crate) fn has(self, derive: &str, time_crate: TimeCrate) -> bool {
        match derive {
            "Copy" => self.is_copy(),
            "Eq" | "Hash" => !matches!(self, Self::F32 | Self::F64),
            "Ord" => !matches!(self, Self::F32 | Self::F64 | Self::Json),
            "PartialOrd" => self != Self::Json,
            "Default" => match self {
                Self::Decimal { .. } => false,
                Self::Date | Self::Time | Self::Timestamp | Self::TimestampTz => {
                    time_crate != TimeCrate::Time
                }
                _ => true,
            },
            _ => true,
        }
    }
}

impl FieldType {
    /// Returns whether the Rust type of a field has a trait, given what its enum or named type is.
    pub(crate) fn has(
        &self,
        derive: &str,
        time_crate: TimeCrate,
        enum_: Option<&Enum>,
        named: Option<&NamedType>,
    ) -> bool {
        if !OF_FIELDS.contains(&derive) {
            return true;
        }
        match derive {
            "Copy" if self.is_array => return false,
            "Default" if self.is_array || self.is_nullable => return true,
            _ => {}
        }
        let asked = |derives: &[String]| derives.iter().any(|it| it == derive);
        match self.scalar {
            Scalar::Builtin(builtin) => builtin.has(derive, time_crate),
            Scalar::Enum(_) => derive != "Default" || enum_.is_none_or(|it| asked(&it.derive)),
            // Nothing is known of a type of the user's.
            Scalar::Named(_) => named.is_none_or(|ty| {
                ty.rust.is_some()
                    || ty.base.newtype_derives().contains(&derive)
                    || asked(&ty.derive)
            }),
        }
    }
}

impl Schema {
    /// Returns whether a Rust type has a trait.
    pub(crate) fn has(&self, ty: &FieldType, derive: &str) -> bool {
        let (enum_, named) = match ty.scalar {
            Scalar::Builtin(_) => (None, None),
            Scalar::Enum(id) => (Some(&self.enums[id]), None),
            Scalar::Named(id) => (None, Some(&self.types[id])),
        };
        ty.has(derive, self.time_crate, enum_, named)
    }
}
