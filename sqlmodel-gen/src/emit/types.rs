//! The Rust types of fields: the one table of paths that generated code names types by.

use crate::emit::names::Names;
use crate::ir::{Builtin, Field, FieldType, Scalar, Schema, TimeCrate};

/// How a field's value gets into a column and out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// The type's own `Encode` and `Decode`.
    Plain,
    /// A type of the user that is written as JSON.
    Json,
    /// A list, which is an array on PostgreSQL and JSON elsewhere.
    Array,
}

impl Codec {
    pub(super) fn of(field: &Field) -> Self {
        if field.ty.is_array {
            Self::Array
        } else if field.rust.is_some() && field.ty.scalar == Scalar::Builtin(Builtin::Json) {
            Self::Json
        } else {
            Self::Plain
        }
    }

    /// The path of the function that encodes a reference to the field.
    pub(super) fn encode(self, ty: &FieldType) -> &'static str {
        match (self, ty.is_nullable) {
            (Self::Plain, _) => "codegen::Encode::encode",
            (Self::Json, false) => "codegen::json::encode",
            (Self::Json, true) => "codegen::json::encode_option",
            (Self::Array, false) => "codegen::array::encode",
            (Self::Array, true) => "codegen::array::encode_option",
        }
    }

    /// The path of the function that decodes the field from a row and a position.
    pub(super) fn decode(self, ty: &FieldType) -> &'static str {
        match (self, ty.is_nullable) {
            (Self::Plain, _) => "codegen::Decode::decode",
            (Self::Json, false) => "codegen::json::decode",
            (Self::Json, true) => "codegen::json::decode_option",
            (Self::Array, false) => "codegen::array::decode",
            (Self::Array, true) => "codegen::array::decode_option",
        }
    }
}

/// Writes types as a file of one module sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Types<'a> {
    pub(super) schema: &'a Schema,
    pub(super) names: &'a Names,
    /// The module of the file that is written.
    pub(super) module: usize,
}

impl Types<'_> {
    /// The type of a stored field.
    pub(super) fn field(&self, field: &Field) -> String {
        self.maybe_option(self.present(field), field.ty.is_nullable)
    }

    /// The type of a field that is not null.
    pub(super) fn present(&self, field: &Field) -> String {
        let scalar = match &field.rust {
            Some(rust) => rust.path.clone(),
            None => self.scalar(field.ty.scalar),
        };
        if field.ty.is_array {
            format!("{}<{scalar}>", self.names.vec)
        } else {
            scalar
        }
    }

    /// The type that a column of the field is compared as.
    pub(super) fn column(&self, field: &Field) -> String {
        let present = match Codec::of(field) {
            Codec::Plain => self.present(field),
            Codec::Json => self.builtin(Builtin::Json).to_owned(),
            Codec::Array => format!("codegen::types::Array<{}>", self.scalar(field.ty.scalar)),
        };
        self.maybe_option(present, field.ty.is_nullable)
    }

    /// A parameter that takes the field's value.
    pub(super) fn parameter(&self, field: &Field) -> String {
        let ty = self.field(field);
        if self.is_converted(field) && !field.ty.is_nullable {
            format!("{}: impl {}<{ty}>", field.name, self.names.into)
        } else {
            format!("{}: {ty}", field.name)
        }
    }

    /// Wraps a type in `Option`.
    pub(super) fn option(&self, ty: &str) -> String {
        format!("{}<{ty}>", self.names.option)
    }

    fn maybe_option(&self, ty: String, is_nullable: bool) -> String {
        if is_nullable { self.option(&ty) } else { ty }
    }

    /// The type of one value.
    pub(super) fn scalar(&self, scalar: Scalar) -> String {
        match scalar {
            Scalar::Builtin(builtin) => self.builtin(builtin).to_owned(),
            Scalar::Enum(id) => {
                let enum_ = &self.schema.enums[id];
                self.names.path(self.module, enum_.module, &enum_.name)
            }
            Scalar::Named(id) => {
                let ty = &self.schema.types[id];
                match &ty.rust {
                    Some(rust) => rust.path.clone(),
                    None => self.names.path(self.module, ty.module, &ty.name),
                }
            }
        }
    }

    /// The type of one value of a built-in type.
    pub(super) fn builtin(&self, builtin: Builtin) -> &str {
        match builtin {
            Builtin::Bool => "bool",
            Builtin::I16 => "i16",
            Builtin::I32 => "i32",
            Builtin::I64 => "i64",
            Builtin::F32 => "f32",
            Builtin::F64 => "f64",
            Builtin::Text { .. } => &self.names.string,
            Builtin::Bytes => &self.names.bytes,
            Builtin::Decimal { .. } => "codegen::types::Decimal",
            Builtin::Uuid => "codegen::types::Uuid",
            Builtin::Json => "codegen::types::Json",
            Builtin::Date => match self.schema.time_crate {
                TimeCrate::Time => "codegen::types::time::Date",
                TimeCrate::Chrono => "codegen::types::chrono::NaiveDate",
                TimeCrate::Jiff => "codegen::types::jiff::civil::Date",
            },
            Builtin::Time => match self.schema.time_crate {
                TimeCrate::Time => "codegen::types::time::Time",
                TimeCrate::Chrono => "codegen::types::chrono::NaiveTime",
                TimeCrate::Jiff => "codegen::types::jiff::civil::Time",
            },
            Builtin::Timestamp => match self.schema.time_crate {
                TimeCrate::Time => "codegen::types::time::PrimitiveDateTime",
                TimeCrate::Chrono => "codegen::types::chrono::NaiveDateTime",
                TimeCrate::Jiff => "codegen::types::jiff::civil::DateTime",
            },
            Builtin::TimestampTz => match self.schema.time_crate {
                TimeCrate::Time => "codegen::types::time::OffsetDateTime",
                TimeCrate::Chrono => {
                    "codegen::types::chrono::DateTime<codegen::types::chrono::Utc>"
                }
                TimeCrate::Jiff => "codegen::types::jiff::Timestamp",
            },
            Builtin::Duration => match self.schema.time_crate {
                TimeCrate::Time => "codegen::types::time::Duration",
                TimeCrate::Chrono => "codegen::types::chrono::TimeDelta",
                TimeCrate::Jiff => "codegen::types::jiff::SignedDuration",
            },
        }
    }

    /// Whether a field's type is `Copy`, null or not.
    pub(super) fn is_copy(&self, field: &Field) -> bool {
        if field.ty.is_array {
            return false;
        }
        match (&field.rust, field.ty.scalar) {
            (Some(rust), _) => rust.is_copy,
            (None, Scalar::Builtin(builtin)) => builtin.is_copy(),
            (None, Scalar::Enum(_)) => true,
            (None, Scalar::Named(id)) => {
                let ty = &self.schema.types[id];
                match &ty.rust {
                    Some(rust) => rust.is_copy,
                    None => ty.base.is_copy(),
                }
            }
        }
    }

    /// Whether a parameter of the type takes anything that converts into it: text, bytes, and newtypes of them.
    pub(super) fn is_converted(&self, field: &Field) -> bool {
        let is_text = |builtin| matches!(builtin, Builtin::Text { .. } | Builtin::Bytes);
        !field.ty.is_array
            && field.rust.is_none()
            && match field.ty.scalar {
                Scalar::Builtin(builtin) => is_text(builtin),
                Scalar::Named(id) => {
                    let ty = &self.schema.types[id];
                    ty.rust.is_none() && is_text(ty.base)
                }
                Scalar::Enum(_) => false,
            }
    }
}
