//! What generated code names, and nothing else does. It may change with any version of the compiler.

#[cfg(feature = "json")]
pub use sqlmodel_core::types::json;
pub use sqlmodel_core::types::{self, array};
pub use sqlmodel_core::{
    Decode, DecodeError, Encode, FieldInfo, FieldValue, Inheritance, InheritanceStrategy, Model,
    OnUpdate, Record, RowRead, Value, ValueKind,
};
pub use sqlmodel_query::{Column, HasOne, ManyToMany, OwnTable, ToMany, ToOne, field_value};
pub use sqlmodel_sql as sql;
