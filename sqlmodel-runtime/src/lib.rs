//! The runtime of sqlmodel: what generated models link against and what applications call.
//!
//! Import the [`prelude`], open a connection of a driver, and begin statements at a model:
//!
//! ```text
//! let hero = insert!(NewHero::new("Deadpond", "Dive Wilson")).one(cx, &mut connection).await.into_result()?;
//! let adults = select!(Hero where Hero::AGE.ge(18)).all(cx, &mut connection).await.into_result()?;
//! ```
//!
//! The [`guide`] shows how to do what.
//!
//! Every database call takes the context `cx` first and returns an [`Outcome`]: a value, an error, or word that the
//! context was cancelled. Applications turn it into a `Result` with `into_result()`.

pub use sqlmodel_core::seam::{CancelKind, CancelReason};
pub use sqlmodel_core::{
    Access, Capabilities, Collect, Connection, Connector, ConstraintKind, CursorKind, Cx, Decode,
    DecodeError, Dialect, Done, Encode, Error, ErrorKind, Executor, Fetched, FieldInfo,
    Inheritance, InheritanceStrategy, Isolation, Key, Model, Outcome, OutcomeError,
    OutcomeErrorExt, Prepared, Record, RetryPolicy, Row, RowRead, RowSink, Rows, Statement,
    Transaction, TransactionOps, TransactionOptions, Upkeep, Value, ValueKind, Wait, block_on, ok,
    ok_result, retry, within,
};
pub use sqlmodel_pool::{Pool, PoolOptions, Pooled, Replicated, Shards};
pub use sqlmodel_query::{
    AggregateExpression, Column, CommonTable, Comparison, Compound, Condition, DateExpression,
    DayExpression, Direction, Entity, Expr, Expression, FamilyFault, FrameBound, HasOne,
    IncludeOptions, IncludedRows, ListExpression, Lock, ManyToMany, ModelQuery, Number,
    NumberExpression, NumberKind, Ordering, Page, PolymorphicLoad, QuantifiedExpression, Relation,
    RenderedStatement, Select, TextExpression, TimeExpression, TimeUnit, TimestampExpression,
    ToMany, ToOne, TupleExpression, Upserted, ValueExpression, WindowExpression, alias, all_of,
    any_of, case, check_family, constant, count_all, cte, cume_dist, delete, dense_rank, excluded,
    exists, field_value, insert, insert_many, now, ntile, percent_rank, rank, raw, raw_for, row,
    row_number, scalar, select, select_from, table, today, update, window,
};
#[cfg(feature = "json")]
pub use sqlmodel_query::{JsonExpression, JsonStep};

pub use sqlmodel_pool as pool;
pub mod scope {
    //! What expressions read and what queries have, as types: for the signatures of functions that return them.
    //!
    //! `fn is_adult() -> Expr<Table<Hero>, Option<bool>>` returns a condition on heroes.

    pub use sqlmodel_query::{Aggregate, End, Optional, Settled, Table, Tables, Window};
}

pub use sqlmodel_schema as schema;
pub use sqlmodel_sql as sql;

pub use sqlmodel_core::{trace, types};

pub mod validate {
    //! What became of the rules of the schema for a row: see [`Record::validate`](crate::Record::validate).

    pub use sqlmodel_core::validate::{Violation, Violations};
}

pub mod value {
    //! The types of values that Rust itself has none for.

    pub use sqlmodel_core::value::{
        Date, Decimal, Duration, ParseDecimalError, Time, Timestamp, Value, ValueKind,
    };
}

#[cfg(feature = "sqlite")]
pub use any::{AnyConnection, AnyOptions};
#[cfg(feature = "mysql")]
pub use sqlmodel_mysql as mysql;

#[cfg(feature = "postgres")]
pub use sqlmodel_postgres as postgres;

#[cfg(feature = "sqlite")]
pub use sqlmodel_sqlite as sqlite;

#[cfg(feature = "mysql")]
pub use sqlmodel_mysql::{MySqlConnection, MySqlOptions};

#[cfg(feature = "postgres")]
pub use sqlmodel_postgres::{PostgresConnection, PostgresOptions};

#[cfg(feature = "sqlite")]
pub use sqlmodel_sqlite::{JournalMode, SqliteConnection, SqliteOptions, Synchronous};

#[cfg(feature = "sqlite")]
mod any;
#[doc(hidden)]
pub mod codegen;
pub mod guide;
pub mod prelude;
