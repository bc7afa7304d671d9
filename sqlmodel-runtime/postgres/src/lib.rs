//! The PostgreSQL driver.
//!
//! Statements are prepared once, kept by their text, and sent with their parameters in one message; values travel in
//! binary, and rows are decoded where they stand in the read buffer.
//! The protocol is written without I/O in `protocol`, what a connection remembers of it in `link` and `exchange`.

mod batch;
mod cancel;
mod connect;
mod connection;
mod control;
mod copy;
mod cursor;
mod declared;
mod encrypt;
mod error;
mod exchange;
#[doc(hidden)]
pub mod fuzzing;
mod kept;
mod link;
mod notify;
mod options;
mod protocol;
mod session;
mod statements;
mod task;
#[cfg(test)]
mod tests;
mod types;
mod upkeep;

pub use connection::PostgresConnection;
pub use copy::CopyIn;
pub use error::ServerMessage;
pub use options::{ChannelBindingMode, PostgresOptions, TargetSession};
pub use protocol::backend::Notification;
pub use sqlmodel_net::{Address, Socket, TlsIdentity, TlsMode, TlsOptions, TlsRoots, Transport};
