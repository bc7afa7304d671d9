//! Columns of queries and views in Rust: their types, and how they are read and written.

use crate::emit::types::Types;
use crate::ir::{Builtin, FieldId, FieldType, QueryColumn, Scalar};

impl Types<'_> {
    /// The Rust type of one value.
    pub(super) fn value_base(&self, ty: &FieldType, rust: Option<FieldId>) -> String {
        let path = rust.and_then(|id| self.schema.fields[id].rust.as_ref());
        path.map_or_else(|| self.scalar(ty.scalar), |it| it.path.clone())
    }

    pub(super) fn is_json_value(&self, ty: &FieldType, rust: Option<FieldId>) -> bool {
        rust.is_some() && ty.scalar == Scalar::Builtin(Builtin::Json)
    }

    pub(super) fn is_copy_value(&self, ty: &FieldType, rust: Option<FieldId>) -> bool {
        if let Some(rust) = rust.and_then(|id| self.schema.fields[id].rust.as_ref()) {
            return rust.is_copy;
        }
        match ty.scalar {
            Scalar::Builtin(builtin) => builtin.is_copy(),
            Scalar::Enum(_) => true,
            Scalar::Named(id) => {
                let named = &self.schema.types[id];
                named
                    .rust
                    .as_ref()
                    .map_or(named.base.is_copy(), |it| it.is_copy)
            }
        }
    }

    pub(super) fn column_of_query(&self, column: &QueryColumn) -> String {
        let base = self.value_base(&column.ty, column.rust);
        let ty = if column.ty.is_array {
            format!("{}<{base}>", self.names.vec)
        } else {
            base
        };
        if column.ty.is_nullable {
            self.option(&ty)
        } else {
            ty
        }
    }

    pub(super) fn decode_column(&self, column: &QueryColumn, at: &str) -> String {
        let path = match (
            column.ty.is_array,
            self.is_json_value(&column.ty, column.rust),
            column.ty.is_nullable,
        ) {
            (true, _, false) => "codegen::array::decode",
            (true, _, true) => "codegen::array::decode_option",
            (false, true, false) => "codegen::json::decode",
            (false, true, true) => "codegen::json::decode_option",
            (false, false, _) => "codegen::Decode::decode",
        };
        format!("{path}(row, {at})?")
    }

    /// The path of the function that encodes a reference to a column's value.
    pub(super) fn encode_column(&self, column: &QueryColumn) -> &'static str {
        let is_json = self.is_json_value(&column.ty, column.rust);
        match (column.ty.is_array, is_json, column.ty.is_nullable) {
            (true, _, false) => "codegen::array::encode",
            (true, _, true) => "codegen::array::encode_option",
            (false, true, false) => "codegen::json::encode",
            (false, true, true) => "codegen::json::encode_option",
            (false, false, _) => "codegen::Encode::encode",
        }
    }

    /// The type that a column is compared as.
    pub(super) fn compared(&self, column: &QueryColumn) -> String {
        let ty = if column.ty.is_array {
            format!("codegen::types::Array<{}>", self.scalar(column.ty.scalar))
        } else if self.is_json_value(&column.ty, column.rust) {
            self.builtin(Builtin::Json).to_owned()
        } else {
            self.value_base(&column.ty, column.rust)
        };
        if column.ty.is_nullable {
            self.option(&ty)
        } else {
            ty
        }
    }
}
