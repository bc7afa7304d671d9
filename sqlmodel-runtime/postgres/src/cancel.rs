//! Asking a server to stop what another connection runs.

use std::io;

use sqlmodel_core::{Outcome, Stop, Wait};
use sqlmodel_net::Stream;

use crate::encrypt::Door;
use crate::error::lost;
use crate::protocol::backend::BackendKey;
use crate::protocol::frontend;

/// What it takes to cancel the statements of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Canceller {
    pub(crate) door: Door,
    pub(crate) key: BackendKey,
}

impl Canceller {
    /// Asks the server to stop, and waits until it has read that: it closes the connection then, without an answer.
    pub(crate) async fn cancel(&self, wait: Wait<'_>) -> Result<(), Stop> {
        let mut stream = Stream::new(self.door.open(wait).await?);
        frontend::cancel_request(stream.output(), self.key.process_id, &self.key.secret);
        Stop::check(stream.flush(wait).await.map_err(lost))?;
        loop {
            match stream.receive(wait).await {
                Outcome::Ok(()) => stream.consume(usize::MAX),
                Outcome::Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(());
                }
                other => return Stop::check(other.map_err(lost)),
            }
        }
    }
}
