//! Contracts of the sqlmodel runtime: models, values, rows, connections, transactions and errors.
//!
//! Everything above this crate (query builders, session, pool, drivers, generated code) meets here.
//! The crate knows connections and no SQL text.
//! It is also the one seam to the async runtime: no other crate of the workspace names it.

pub mod seam;

#[macro_use]
mod outcome;
mod connection;
mod connector;
mod cursor;
mod decode;
mod encode;
mod error;
mod inheritance;
mod model;
#[cfg(test)]
mod recorder;
mod retry;
mod row;
mod statement;
mod texts;
pub mod trace;
mod transaction;
pub mod types;
pub mod validate;
pub mod value;
mod wait;

pub use connection::{Capabilities, Connection, Executor, Prepared, TypeName};
pub use connector::{Connector, LogPosition, Progress, Replication, Role, Upkeep};
pub use cursor::{CursorKind, Fetched, Portions, Rows};
pub use decode::{Append, Decode, DecodeError, FieldValue, Head, Perhaps, RowRead};
pub use encode::{Encode, Key};
pub use error::{ConstraintKind, Error, ErrorKind};
pub use inheritance::{
    Child, FamilyLayout, Inheritance, InheritanceStrategy, Member, TablePart, Tag, child_from_row,
};
pub use model::{FieldInfo, Model, OnUpdate, Record, Target, columns_of};
pub use outcome::{OutcomeErrorExt, Stop};
pub use retry::{Attempts, RetryPolicy, retry};
pub use row::Row;
pub use seam::{Cx, Outcome, OutcomeError, block_on, within};
pub use sqlmodel_sql::Dialect;
pub use statement::{Collect, CollectDynamic, Done, RowSink, Statement};
pub use texts::{FixedStatement, Texts};
pub use transaction::{
    Access, Isolation, Transaction, TransactionOps, TransactionOptions, TransactionStep,
};
pub use value::{Value, ValueKind};
pub use wait::{Elapsed, Wait};
