//! The SQLite driver, on `rusqlite` with the library bundled.
//!
//! Statements run on the calling task: a read costs about a microsecond, less than handing it to another thread.
//! Prepared statements are cached per connection, and foreign keys are enforced.

mod connection;
mod error;
mod lock_wait;
mod options;
mod raw;
mod row;
mod value;

pub use connection::SqliteConnection;
pub use options::{JournalMode, SqliteOptions};
