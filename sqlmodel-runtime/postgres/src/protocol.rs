//! Version 3.0 of the frontend/backend protocol, as bytes and without I/O.
//!
//! `frontend` writes what a client says, `backend` reads what a server says, `auth` answers its questions.
//! Nothing that a server sends makes it panic, and nothing is allocated by a length that a server announces: memory is taken
//! for what has arrived, at most [`MAX_MESSAGE`] bytes of it at once and [`MAX_DESCRIPTION`] for the columns of a statement.
//! Chapter 55 of PostgreSQL's manual has the messages.

pub(crate) mod auth;
pub(crate) mod backend;
pub(crate) mod frontend;
pub(crate) mod reader;
#[cfg(test)]
mod tests;

use std::fmt;

/// The largest message that is taken: PostgreSQL's own limit for a field and for memory it allocates at once.
pub(crate) const MAX_MESSAGE: usize = 1 << 30;

/// The longest description of columns that is taken: 65,535 with names of 63 bytes need five million.
pub(crate) const MAX_DESCRIPTION: usize = 8 << 20;

/// The longest question of a login that is taken.
pub(crate) const MAX_LOGIN: usize = 64 << 10;

/// A message that breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server sent a message that is not PostgreSQL's protocol")
    }
}

impl std::error::Error for Malformed {}
