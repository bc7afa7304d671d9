//! Asking a server to stop what another connection runs.

use std::io;

use sqlmodel_core::{Outcome, Wait, ok};
use sqlmodel_net::{Address, Socket, SocketOptions, Stream};

use crate::protocol::backend::BackendKey;
use crate::protocol::frontend;

/// What it takes to cancel the statements of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Canceller {
    pub(crate) address: Address,
    pub(crate) options: SocketOptions,
    pub(crate) key: BackendKey,
}

impl Canceller {
    /// Asks the server to stop, and waits until it has read that: it closes the connection then, without an answer.
    pub(crate) async fn cancel(&self, wait: Wait<'_>) -> Outcome<(), io::Error> {
        let socket = ok!(Socket::connect(wait, &self.address, &self.options).await);
        let mut stream = Stream::new(socket);
        frontend::cancel_request(stream.output(), self.key.process_id, &self.key.secret);
        ok!(stream.flush(wait).await);
        loop {
            match stream.receive(wait).await {
                Outcome::Ok(()) => stream.consume(usize::MAX),
                Outcome::Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Outcome::Ok(());
                }
                other => return other,
            }
        }
    }
}
