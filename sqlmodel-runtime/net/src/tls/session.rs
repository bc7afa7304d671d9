//! TLS around a transport.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConnection, Error};
use sqlmodel_core::{Outcome, Wait, ok, ok_result};

use super::{TlsOptions, verify};
use crate::transport::Transport;

/// The largest record of TLS with what surrounds it, and so what is read at once.
const RECORD: usize = 16 * 1024 + 256 + 5;
/// The encrypted bytes that may wait to be sent before no more are taken.
const MOST_UNSENT: usize = 64 * 1024;

/// A transport that encrypts.
pub(crate) struct Tls<T> {
    transport: T,
    session: ClientConnection,
    /// Encrypted bytes that have arrived and that the session did not take yet.
    arrived: Vec<u8>,
    /// Encrypted bytes that are to be sent.
    unsent: Vec<u8>,
    n_sent: usize,
}

/// Encrypts a transport, after a handshake with a server that is to be `host`.
pub(crate) async fn start<T: Transport>(
    wait: Wait<'_>,
    transport: T,
    host: &str,
    options: &TlsOptions,
) -> Outcome<Tls<T>, io::Error> {
    let config = ok_result!(verify::config(options));
    let name = ok_result!(ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = format!("`{host}` is no name that a certificate could be for");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    }));
    let session = ClientConnection::new(Arc::new(config), name);
    let mut tls = Tls {
        transport,
        session: ok_result!(session.map_err(|error| refusal(error, host))),
        arrived: Vec::new(),
        unsent: Vec::new(),
        n_sent: 0,
    };
    let shaken = wait
        .poll_io(|task| tls.poll_handshake(task))
        .await
        .map_err(|error| match error.downcast::<Error>() {
            Ok(error) => refusal(error, host),
            Err(error) => error,
        });
    ok!(shaken);
    Outcome::Ok(tls)
}

/// Says what can be done about a server that is not trusted.
fn refusal(error: Error, host: &str) -> io::Error {
    let message = match &error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "the certificate of `{host}` is signed by nobody that is trusted; \
             name the file of its authority in the URL (`sslrootcert`, and for MySQL `tls_ca`)"
        ),
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate of the server is not for `{host}`; connect by the name that it is for, \
             or do without checking the name (verify-ca)"
        ),
        error => format!("cannot encrypt the connection to `{host}`: {error}"),
    };
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl<T: Transport> Tls<T> {
    /// Returns the server's certificate, in DER.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        let certificates = self.session.peer_certificates()?;
        certificates.first().map(AsRef::as_ref)
    }

    fn poll_handshake(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.is_handshaking() || self.has_unsent() {
            if self.poll_send(task)?.is_pending() {
                return Poll::Pending;
            }
            if !self.session.is_handshaking() {
                break;
            }
            match self.poll_take(task)? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Poll::Ready(_) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn has_unsent(&self) -> bool {
        self.session.wants_write() || self.n_sent < self.unsent.len()
    }

    /// Sends what the session has to say.
    fn poll_send(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.session.wants_write() {
                self.session.write_tls(&mut self.unsent)?;
            }
            let Some(unsent @ [_, ..]) = self.unsent.get(self.n_sent..) else {
                self.unsent.clear();
                self.n_sent = 0;
                return Poll::Ready(Ok(()));
            };
            match self.transport.poll_write(task, unsent)? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(n_bytes) => self.n_sent += n_bytes,
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Takes in what has arrived, and returns how many bytes that were; none at the end of the transport.
    fn poll_take(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // The session takes no more than it has room for, so that something may be left from the last time.
        let n_taken = self.digest(task)?;
        if n_taken > 0 {
            return Poll::Ready(Ok(n_taken));
        }
        let n_kept = self.arrived.len();
        self.arrived.resize(n_kept + RECORD, 0);
        let room = self.arrived.get_mut(n_kept..).unwrap_or_default();
        let read = self.transport.poll_read(task, room);
        let n_read = match &read {
            Poll::Ready(Ok(n_read)) => *n_read,
            _ => 0,
        };
        self.arrived.truncate(n_kept + n_read);
        self.digest(task)?;
        read
    }

    /// Hands the session what has arrived, and returns how much it took.
    fn digest(&mut self, task: &mut Context<'_>) -> io::Result<usize> {
        let mut rest = &*self.arrived;
        while !rest.is_empty() && self.session.wants_read() {
            if self.session.read_tls(&mut rest)? == 0 {
                break;
            }
            if let Err(error) = self.session.process_new_packets() {
                // The server is told why; whether it hears that does not matter any more.
                let _ = self.poll_send(task);
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        let n_taken = self.arrived.len() - rest.len();
        self.arrived.drain(..n_taken);
        Ok(n_taken)
    }
}

impl<T: Transport> Transport for Tls<T> {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        // What was taken by a write that did not finish goes first; the server may wait for it.
        let _ = self.poll_send(task)?;
        loop {
            match self.session.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
            match self.poll_take(task)? {
                Poll::Ready(0) => return Poll::Ready(Ok(0)),
                Poll::Ready(_) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_write(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = self.poll_send(task)?;
        if sent.is_pending() && self.unsent.len() - self.n_sent > MOST_UNSENT {
            return Poll::Pending;
        }
        let n_taken = self.session.writer().write(bytes)?;
        let _ = self.poll_send(task)?;
        Poll::Ready(Ok(n_taken))
    }
}

impl<T> fmt::Debug for Tls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
