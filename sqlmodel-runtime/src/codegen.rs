//! What generated code names, and nothing else does. It may change with any version of the compiler.

#[cfg(feature = "json")]
pub use sqlmodel_core::types::json;
pub use sqlmodel_core::types::{self, array, decimal};
pub use sqlmodel_core::validate::{
    Condition, Constant, FieldRule, Format, Operator, RowRule, Rule,
};
pub use sqlmodel_core::value::Duration;
pub use sqlmodel_core::{
    Append, Child, Decode, DecodeError, Encode, FamilyLayout, FieldInfo, FieldValue, Head,
    Inheritance, InheritanceStrategy, Member, Model, OnUpdate, Record, RowRead, TablePart, Tag,
    Value, ValueKind, child_from_row, columns_of,
};
pub use sqlmodel_query::codegen::RecordTexts;
pub use sqlmodel_query::typed;
pub use sqlmodel_query::{
    __parts as parts, Column, HasOne, ManyToMany, OwnTable, Polymorphic, PolymorphicLoad, ToMany,
    ToOne, field_value, texts,
};
pub use sqlmodel_schema::View;
pub use sqlmodel_sql as sql;
