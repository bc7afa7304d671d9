//! The MySQL and MariaDB driver, on a protocol of our own.
//!
//! Statements are prepared once a connection and run in the binary protocol; rows are decoded where they arrived.
//! A session is made the same everywhere: `utf8mb4`, times in UTC, and a `sql_mode` that refuses what does not fit instead of
//! cutting it.

mod connection;
mod cursor;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod options;
mod protocol;
mod upkeep;

pub use connection::MySqlConnection;
pub use options::MySqlOptions;
pub use sqlmodel_net::{Address, Socket, TlsIdentity, TlsMode, TlsOptions, TlsRoots, Transport};
