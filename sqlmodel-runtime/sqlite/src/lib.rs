//! The SQLite driver, on `rusqlite` with the library bundled.
//!
//! Statements run on the calling task: a read costs about a microsecond, less than handing it to another thread.
//! Prepared statements are cached per connection, and foreign keys are enforced.
//!
//! Decimals are stored as text. Each connection has a collation `sqlmodel_decimal` that orders them by value, which
//! rendered statements name; in SQL of your own, write `ORDER BY price COLLATE sqlmodel_decimal`.

mod connection;
mod decimal;
mod error;
mod home;
mod integer;
mod lock_wait;
mod options;
mod raw;
mod row;
mod value;

pub use connection::SqliteConnection;
pub use options::{JournalMode, SqliteOptions, Synchronous};
/// The library below, whose extension points [`SqliteConnection::raw`] leads to.
pub use rusqlite;
