//! The transport of the network drivers: TCP and Unix sockets, with buffers, that obey the context of each call.
//!
//! A driver is generic over [`Transport`] and talks through a [`Stream`]. It never sees the async runtime,
//! and its tests run it over bytes in memory, by [`memory`].
//! Nothing here knows a database's protocol.

mod login;
mod socket;
mod stream;
mod tls;
mod transport;

pub use login::{advice, has_torn_login};
#[cfg(feature = "tls")]
pub use socket::EncryptedSocket;
pub use socket::{Address, Socket, SocketOptions};
pub use stream::Stream;
pub use tls::{TlsIdentity, TlsMode, TlsOptions, TlsRoots};
pub use transport::{Memory, Transport, memory};
