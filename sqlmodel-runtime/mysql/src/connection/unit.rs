//! What a connection knows about the transaction on the server.

use sqlmodel_core::{Error, ErrorKind};

use crate::error::code;
use crate::protocol::reply::{ServerError, Summary};

/// The transaction of a connection, and what of it was given up without waiting.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    pub(crate) state: UnitState,
    /// The depth of the innermost savepoint.
    depth: u32,
    /// The outermost level that was abandoned: the transaction at zero, savepoints above.
    abandoned: Option<u32>,
    /// Whether an error may have ended the transaction, so that the server must be asked.
    pub(crate) is_doubtful: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum UnitState {
    #[default]
    None,
    Open,
    /// The server has rolled it back by itself: what follows would be permanent at once.
    RolledBack,
    /// A statement has committed it, as most that define data do.
    Committed,
}

impl Unit {
    /// Tells whether there is no transaction, nor the rest of one.
    pub(crate) fn is_over(&self) -> bool {
        self.state == UnitState::None
    }

    /// Begins a transaction; before BEGIN is sent, because nobody may be there to hear its answer.
    pub(crate) fn begin(&mut self) {
        *self = Self {
            state: UnitState::Open,
            ..Self::default()
        };
    }

    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// Sets a savepoint; before it is sent.
    pub(crate) fn set_savepoint(&mut self, depth: u32) {
        self.depth = depth;
    }

    pub(crate) fn end_savepoint(&mut self, depth: u32) {
        self.depth = depth.saturating_sub(1);
        if self
            .abandoned
            .is_some_and(|abandoned| abandoned > self.depth)
        {
            self.abandoned = None;
        }
    }

    /// Remembers that a level is to be rolled back, unless nothing of it was ever sent.
    pub(crate) fn abandon(&mut self, depth: u32) {
        let exists = match depth {
            0 => self.state != UnitState::None,
            depth => self.state == UnitState::Open && depth <= self.depth,
        };
        if exists {
            self.abandoned = Some(self.abandoned.map_or(depth, |outer| outer.min(depth)));
        }
    }

    /// Returns the level that is to be rolled back before anything else.
    pub(crate) fn abandoned(&self) -> Option<u32> {
        self.abandoned
    }

    /// Learns from the end of a reply.
    pub(crate) fn observe(&mut self, result: &Result<Summary, ServerError>) {
        if self.state != UnitState::Open {
            return;
        }
        match result {
            Ok(summary) if !summary.is_in_transaction() => {
                // In doubt after an error the loss was the server's decision, and otherwise the statement's own doing.
                self.state = match self.is_doubtful {
                    true => UnitState::RolledBack,
                    false => UnitState::Committed,
                };
            }
            Ok(_) => self.is_doubtful = false,
            Err(error) if error.code == code::DEADLOCK => self.state = UnitState::RolledBack,
            Err(error) => self.is_doubtful |= error.may_end_transaction(),
        }
    }

    /// Refuses to go on in a transaction that is over.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let message = match self.state {
            UnitState::None | UnitState::Open => return Ok(()),
            UnitState::RolledBack => {
                "the database has rolled the transaction back, and nothing more can run in it"
            }
            UnitState::Committed => {
                "a statement such as CREATE TABLE has committed the transaction, and nothing more can run in it"
            }
        };
        Err(Error::new(ErrorKind::Database, message))
    }
}

impl ServerError {
    /// Tells whether the server may have rolled back more than the statement: after a lock that was not granted
    /// (`innodb_rollback_on_timeout`), a conflict, an interruption, or an error that nobody has classified.
    fn may_end_transaction(&self) -> bool {
        matches!(self.sqlstate.get(..2), Some("HY" | "40" | "70"))
    }
}
