//! The traits that statements are written with, and the names every program needs.

pub use sqlmodel_core::{
    Connection, Cx, Error, Executor, Model, Outcome, OutcomeErrorExt, Record, TransactionOps,
};
#[cfg(feature = "json")]
pub use sqlmodel_query::JsonExpression;
pub use sqlmodel_query::{
    AggregateExpression, CommonTable, DateExpression, DayExpression, Expression, IncludeOptions,
    ListExpression, ModelQuery, NumberExpression, QuantifiedExpression, Relation, TextExpression,
    TimeExpression, TimestampExpression, TupleExpression, ValueExpression, WindowExpression,
    delete, insert, insert_many, select, update,
};
