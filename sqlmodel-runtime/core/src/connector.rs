//! What a pool asks of a driver: to open connections to one database, and to keep them in order.

use std::time::Duration;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::seam::{Cx, Outcome};

/// Opens connections to one database, and looks after them between their users.
///
/// The options of every driver are one; a pool is generic over it.
/// One that wraps another changes what the pool does with its connections.
pub trait Connector: Send + Sync + 'static {
    /// The connections that it opens.
    type Connection: Connection + 'static;

    /// Opens a connection.
    ///
    /// Cancel: a dropped or cancelled call leaves nothing open.
    fn connect(&self, cx: &Cx) -> impl Future<Output = Outcome<Self::Connection, Error>> + Send;

    /// Tells what a connection needs before somebody else may use it, without asking the server.
    fn upkeep(&self, connection: &mut Self::Connection) -> Upkeep;

    /// Brings a connection back to how it was opened: ends what is unfinished, rolls back, and undoes settings.
    ///
    /// Called when [`upkeep`](Self::upkeep) asks for it.
    fn reset(
        &self,
        cx: &Cx,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Takes what was done to a session for part of how it is opened: [`upkeep`](Self::upkeep) then finds nothing to undo.
    ///
    /// A pool calls it behind its hook for new connections, and runs that hook again after each [`reset`](Self::reset).
    fn accept(&self, connection: &mut Self::Connection);

    /// Asks the server whether it is still there: one round trip.
    fn ping(
        &self,
        cx: &Cx,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Tells whether connecting again, a little later, may succeed where this error was the answer.
    ///
    /// What the server or the operating system refuses for now is tried again: it starts, it has no room, it is not reached.
    /// A wrong password, an unknown database and a [misconfiguration](Error::is_misconfiguration) stay wrong.
    fn is_passing(&self, error: &Error) -> bool {
        match (error.kind(), error.sqlstate()) {
            (ErrorKind::Busy | ErrorKind::Io, _) => true,
            // 53: no resources, 57: shut down or starting, 08: connection lost.
            (ErrorKind::Connect, Some(sqlstate)) => {
                ["08", "53", "57"].contains(&sqlstate.get(..2).unwrap_or_default())
            }
            (ErrorKind::Connect, None) => !error.is_misconfiguration(),
            _ => false,
        }
    }
}

/// What a connection needs before somebody else may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Upkeep {
    /// Nothing: it is as it was opened.
    Ready,
    /// A [reset](Connector::reset): an exchange or a transaction is unfinished, or settings were changed.
    Used,
    /// To be closed: it is lost, or what happened on it cannot be undone.
    Broken,
}

/// A connector whose servers tell what they are and how far they have come; what routing to replicas asks of a driver.
pub trait Replication: Connector {
    /// Asks the server for its role, its position in the log, and how old its data is: one round trip.
    fn progress(
        &self,
        cx: &Cx,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Outcome<Progress, Error>> + Send;
}

/// What a server of a replicated database is, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether it takes writes.
    pub role: Role,
    /// The end of what it has written, or replayed.
    pub position: LogPosition,
    /// For how long it may not have seen what was committed; zero for a primary.
    pub lag: Duration,
}

/// What a server of a replicated database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It replays what another one has written.
    Replica,
}

/// A place in the log that is replicated; later places are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition(pub u64);
