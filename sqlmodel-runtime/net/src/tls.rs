//! Encrypted connections: whether there is one, and whom to believe that the server is who it should be.
//!
//! TLS itself is `rustls` and behind the feature `tls`; the choice is a type of its own, so that a program without the
//! feature says what is missing instead of going on unencrypted.

#[cfg(feature = "tls")]
mod session;
#[cfg(feature = "tls")]
mod verify;

use std::path::PathBuf;

#[cfg(feature = "tls")]
pub(crate) use session::{Tls, start};

/// Whether a connection is encrypted, and what is checked of the server; the names are PostgreSQL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server can; nothing is checked. The default, because it never stands in the way.
    #[default]
    Prefer,
    /// Encrypted, or refused; nothing is checked, unless a file of roots is given, which makes it `VerifyCa`.
    Require,
    /// Encrypted, and the server's certificate is signed by somebody we trust.
    VerifyCa,
    /// Encrypted, and the certificate is signed by somebody we trust for the host that we wanted.
    VerifyFull,
}

/// Whom to trust to sign the certificates of servers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum TlsRoots {
    /// The authorities that Mozilla trusts, as they were when this program was built.
    #[default]
    WebPki,
    /// Those that the operating system trusts.
    System,
    /// Those whose certificates are in a file, in PEM.
    File(PathBuf),
}

/// How a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TlsOptions {
    /// Whether it is, and what is checked.
    pub mode: TlsMode,
    /// Whom to trust.
    pub roots: TlsRoots,
    /// The client's own certificate and its key, both in PEM, where the server wants one.
    pub identity: Option<TlsIdentity>,
}

/// The files of a client's certificate and of its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TlsIdentity {
    /// The certificate, and behind it those that lead to an authority.
    pub certificate: PathBuf,
    /// The private key, not encrypted.
    pub key: PathBuf,
}

impl TlsOptions {
    /// Returns what is checked, where a file of roots asks for more than the mode does.
    pub fn effective_mode(&self) -> TlsMode {
        match (self.mode, &self.roots) {
            (TlsMode::Require, TlsRoots::File(_)) => TlsMode::VerifyCa,
            (mode, _) => mode,
        }
    }
}
