//! The traits that statements are written with, and the names every program needs.

pub use sqlmodel_core::{Connection, Cx, Error, Executor, Model, Outcome, Record, TransactionOps};
pub use sqlmodel_query::{
    AggregateExpression, Expression, IncludeOptions, ModelQuery, NumberExpression, Relation,
    TextExpression, ValueExpression, delete, insert, insert_many, select, update,
};
