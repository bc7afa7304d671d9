//! Why a connection was not handed out.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use sqlmodel_core::{Error, ErrorKind};

use crate::status::PoolStatus;

/// The cause of an error of kind [`PoolTimeout`](ErrorKind::PoolTimeout): what the time was spent on.
#[derive(Debug)]
pub struct AcquireTimeout {
    /// What the call was waiting for when its time was over.
    pub step: AcquireStep,
    /// The limit that has passed.
    pub limit: Duration,
    /// The pool at that moment.
    pub status: PoolStatus,
    /// What went wrong last with connections while the call waited.
    pub latest_error: Option<String>,
}

/// What a call of `acquire` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcquireStep {
    /// For its turn: as many connections as may exist are in use.
    Turn,
    /// For a connection to be opened.
    Connect,
    /// For a connection that was idle to show that it still works.
    Check,
}

impl AcquireTimeout {
    pub(crate) fn into_error(self) -> Error {
        Error::new(ErrorKind::PoolTimeout, self.to_string()).with_cause(self)
    }
}

impl fmt::Display for AcquireTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            step,
            limit,
            status,
            latest_error,
        } = self;
        write!(f, "the pool had no connection within {limit:?}: ")?;
        match (step, latest_error) {
            (AcquireStep::Turn, _) => write!(
                f,
                "{} of {} connections are in use, {} calls wait for one",
                status.n_in_use, status.max_size, status.n_waiting
            ),
            (AcquireStep::Connect, Some(error)) => write!(f, "no connection works: {error}"),
            (AcquireStep::Connect, None) => f.write_str("the server has not let us in yet"),
            (AcquireStep::Check, _) => {
                f.write_str("an idle connection was tried, and the server has not answered")
            }
        }
    }
}

impl StdError for AcquireTimeout {}

/// The error of every call to a pool that was closed.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::PoolClosed, "the pool is closed")
}
