//! Opening a socket to a server, and encrypting it where that is wanted.

use std::io;

use sqlmodel_core::{Error, ErrorKind, Stop, Wait};
use sqlmodel_net::{Address, Socket, SocketOptions, Stream, TlsMode, TlsOptions};

use crate::error::lost;
use crate::protocol::frontend;

/// Where a server is, and how to open a socket to it.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) address: Address,
    pub(crate) socket: SocketOptions,
    pub(crate) tls: TlsOptions,
}

/// What became of the wish to encrypt.
enum Encrypted {
    Yes(Socket),
    /// The server does not.
    No(Socket),
}

impl Door {
    /// Opens a socket. Where encryption is preferred and fails, it goes on without.
    pub(crate) async fn open(&self, wait: Wait<'_>) -> Result<Socket, Stop> {
        let socket = self.open_plain(wait).await?;
        let Address::Tcp { host, .. } = &self.address else {
            return Ok(socket);
        };
        let mode = self.tls.effective_mode();
        let is_preferred = mode == TlsMode::Prefer;
        if mode == TlsMode::Disable || (is_preferred && !socket.can_start_tls()) {
            return Ok(socket);
        }
        match self.encrypt(wait, socket, host).await {
            Ok(Encrypted::Yes(socket)) => Ok(socket),
            Ok(Encrypted::No(socket)) if is_preferred => Ok(socket),
            Ok(Encrypted::No(_)) => Err(Stop::Err(Error::misconfiguration(
                "the server does not encrypt connections, and `sslmode` asks for it; \
                 turn it on there (`ssl = on`), or connect with `sslmode=disable`",
            ))),
            Err(Stop::Err(_)) if is_preferred => self.open_plain(wait).await,
            Err(stop) => Err(stop),
        }
    }

    async fn open_plain(&self, wait: Wait<'_>) -> Result<Socket, Stop> {
        let socket = Socket::connect(wait, &self.address, &self.socket).await;
        Stop::check(socket.map_err(lost))
    }

    /// Asks for encryption and shakes hands.
    async fn encrypt(&self, wait: Wait<'_>, socket: Socket, host: &str) -> Result<Encrypted, Stop> {
        if !socket.can_start_tls() {
            return Err(Stop::Err(Error::unsupported(
                "`sslmode` asks for an encrypted connection, and this program was built without the feature `tls`",
            )));
        }
        let mut stream = Stream::new(socket);
        frontend::ssl_request(stream.output());
        Stop::check(stream.receive(wait).await.map_err(lost))?;
        match stream.received() {
            // Nothing may come behind the answer that was not encrypted: it would be somebody else's (CVE-2021-23222).
            b"S" => {}
            b"N" => return Ok(Encrypted::No(stream.into_transport())),
            _ => {
                return Err(Stop::Err(Error::new(
                    ErrorKind::Connect,
                    "the server does not answer the request to encrypt as PostgreSQL does",
                )));
            }
        }
        let encrypted = stream
            .into_transport()
            .start_tls(wait, host, &self.tls)
            .await;
        Stop::check(encrypted.map_err(untrusted)).map(Encrypted::Yes)
    }
}

fn untrusted(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData => Error::misconfiguration(error.to_string()).with_cause(error),
        io::ErrorKind::InvalidInput | io::ErrorKind::NotFound => {
            Error::usage(error.to_string()).with_cause(error)
        }
        _ => lost(error),
    }
}
