//! Sockets of the operating system.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

#[cfg(unix)]
use sqlmodel_core::seam::net::UnixStream;
use sqlmodel_core::seam::net::{AsyncWrite, TcpKeepaliveConfig, TcpStream};
use sqlmodel_core::{Outcome, Wait, ok, ok_result};

use crate::tls::TlsOptions;
#[cfg(feature = "tls")]
use crate::tls::{self, Tls};
use crate::transport::{Transport, read};

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A host name or IP address, and a port.
    Tcp {
        /// The host name or IP address.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a Unix socket.
    #[cfg(unix)]
    Unix(PathBuf),
}

/// How a socket is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketOptions {
    /// How long connecting may take, resolving the name included; ten seconds by default.
    pub connect_timeout: Duration,
    /// After which time without traffic the operating system asks whether the other side is still there; on TCP only.
    pub keepalive: Option<Duration>,
}

/// A connected socket.
pub enum Socket {
    /// A TCP socket, which sends at once what it is given.
    Tcp(TcpStream),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// A socket that is encrypted.
    #[cfg(feature = "tls")]
    Tls(Box<EncryptedSocket>),
}

/// A socket with TLS around it.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub struct EncryptedSocket(Tls<Socket>);

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            keepalive: Some(Duration::from_secs(60)),
        }
    }
}

impl Socket {
    /// Connects. The addresses of a host name are tried one after the other.
    ///
    /// Cancel: a connection that is not complete is closed.
    ///
    /// # Errors
    ///
    /// What the operating system reports of the last address; an error of kind `TimedOut` after the timeout.
    pub async fn connect(
        wait: Wait<'_>,
        address: &Address,
        options: &SocketOptions,
    ) -> Outcome<Self, io::Error> {
        let wait = wait.at_most(options.connect_timeout);
        match address {
            Address::Tcp { host, port } => {
                let stream = match host.parse::<IpAddr>() {
                    Ok(ip) => finish(wait, TcpStream::connect(SocketAddr::new(ip, *port))).await,
                    Err(_) => finish(wait, TcpStream::connect((host.clone(), *port))).await,
                };
                let stream = ok!(stream);
                ok_result!(stream.set_nodelay(true));
                if let Some(idle) = options.keepalive {
                    ok_result!(stream.set_keepalive_config(Some(TcpKeepaliveConfig::new(idle))));
                }
                Outcome::Ok(Self::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = ok!(finish(wait, UnixStream::connect(path)).await);
                Outcome::Ok(Self::Unix(stream))
            }
        }
    }
}

impl Socket {
    /// Encrypts the connection, with a server that is to be `host`.
    ///
    /// Whether anything is encrypted was decided before: the mode only says what is checked.
    ///
    /// Cancel: the connection is closed.
    ///
    /// # Errors
    ///
    /// What is wrong with the server's certificate or the files of the options, and `Unsupported` without the feature `tls`.
    pub async fn start_tls(
        self,
        wait: Wait<'_>,
        host: &str,
        options: &TlsOptions,
    ) -> Outcome<Self, io::Error> {
        #[cfg(feature = "tls")]
        {
            let started = tls::start(wait, self, host, options).await;
            started.map(|tls| Self::Tls(Box::new(EncryptedSocket(tls))))
        }
        #[cfg(not(feature = "tls"))]
        {
            let _ = (wait, host, options);
            Outcome::Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this program was built without the feature `tls`",
            ))
        }
    }

    /// Returns the server's certificate in DER, where the connection is encrypted.
    pub fn certificate(&self) -> Option<&[u8]> {
        match self {
            Self::Tcp(_) => None,
            #[cfg(unix)]
            Self::Unix(_) => None,
            #[cfg(feature = "tls")]
            Self::Tls(socket) => socket.0.certificate(),
        }
    }

    /// Tells whether the connection can be encrypted: this program knows TLS, and the bytes leave the machine.
    pub fn can_start_tls(&self) -> bool {
        cfg!(feature = "tls") && matches!(self, Self::Tcp(_))
    }
}

/// Runs an operation of the runtime within a wait.
async fn finish<T>(
    wait: Wait<'_>,
    operation: impl Future<Output = io::Result<T>>,
) -> Outcome<T, io::Error> {
    let mut operation = pin!(operation);
    wait.poll_io(|task| operation.as_mut().poll(task)).await
}

impl Transport for Socket {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => read(stream, task, into),
            #[cfg(unix)]
            Self::Unix(stream) => read(stream, task, into),
            #[cfg(feature = "tls")]
            Self::Tls(socket) => socket.0.poll_read(task, into),
        }
    }

    fn poll_write(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(task, bytes),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(task, bytes),
            #[cfg(feature = "tls")]
            Self::Tls(socket) => socket.0.poll_write(task, bytes),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Socket::Tcp",
            #[cfg(unix)]
            Self::Unix(_) => "Socket::Unix",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "Socket::Tls",
        })
    }
}

impl fmt::Display for Address {
    /// Writes `host:port`, or the path of the socket.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}
