//! Where a server is and how to talk to it, from a URL or by name.

#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sqlmodel_core::{Cx, Error, Outcome};
use sqlmodel_net::{Address, Socket, SocketOptions, TlsOptions, Transport};

use crate::connection::MySqlConnection;
use crate::protocol::login::Account;

/// Where a server is and how to talk to it.
#[derive(Clone)]
pub struct MySqlOptions {
    pub(crate) address: Address,
    pub(crate) socket: SocketOptions,
    user: String,
    password: String,
    database: Option<String>,
    pub(crate) tls: TlsOptions,
    pub(crate) statement_cache_capacity: usize,
    pub(crate) max_packet_bytes: usize,
    pub(crate) cancel_grace: Duration,
}

impl MySqlOptions {
    /// The server at a host and a port, for a user without a password.
    pub fn tcp(host: impl Into<String>, port: u16, user: impl Into<String>) -> Self {
        let host = host.into();
        Self::at(Address::Tcp { host, port }, user.into())
    }

    /// The server behind a Unix socket, for a user without a password.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>, user: impl Into<String>) -> Self {
        Self::at(Address::Unix(path.into()), user.into())
    }

    fn at(address: Address, user: String) -> Self {
        Self {
            address,
            socket: SocketOptions::default(),
            user,
            password: String::new(),
            database: None,
            tls: TlsOptions::default(),
            statement_cache_capacity: 128,
            max_packet_bytes: 64 * 1024 * 1024,
            cancel_grace: Duration::from_secs(5),
        }
    }

    /// Reads `mysql://user:password@host:port/database`, or the same with `mariadb`.
    ///
    /// What has a meaning in a URL is written in percent-encoding. Behind a `?` may follow, joined by `&`:
    ///
    /// | option | meaning |
    /// |---|---|
    /// | `socket` | the path of a Unix socket, instead of host and port |
    /// | `tls` | `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`; see [`TlsMode`](crate::TlsMode) |
    /// | `tls_ca` | the file of those who are trusted to sign certificates, instead of Mozilla's list |
    /// | `tls_cert`, `tls_key` | the files of the client's own certificate and of its key, where the server wants one |
    /// | `connect_timeout` | seconds; 10 by default |
    /// | `statement_cache` | how many statements are kept prepared; 128 by default |
    /// | `max_packet_bytes` | the largest row that is taken in; 67108864 by default |
    ///
    /// # Errors
    ///
    /// [`Usage`](sqlmodel_core::ErrorKind::Usage), with what is wrong and without the password.
    ///
    /// # Examples
    ///
    /// ```
    /// use sqlmodel_mysql::MySqlOptions;
    ///
    /// let options = MySqlOptions::parse("mysql://hero:s%40cret@db.example:3307/league").unwrap();
    /// assert!(!format!("{options:?}").contains("s@cret"));
    /// assert!(MySqlOptions::parse("mysql://db.example/league?sokcet=/tmp/x").is_err());
    /// ```
    pub fn parse(url: &str) -> Result<Self, Error> {
        url::parse(url)
    }

    /// Sets the password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// Sets the database that names without a schema are looked up in.
    #[must_use]
    pub fn database(mut self, database: impl Into<String>) -> Self {
        self.database = Some(database.into());
        self
    }

    /// Sets how the connection is encrypted, unless it stays on this machine by a Unix socket.
    #[must_use]
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Gives up connecting, the login included, after so long; ten seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.socket.connect_timeout = timeout;
        self
    }

    /// Keeps so many prepared statements; 128 by default.
    #[must_use]
    pub fn statement_cache_capacity(mut self, capacity: usize) -> Self {
        self.statement_cache_capacity = capacity;
        self
    }

    /// Refuses rows that are larger than this, and takes no more memory for one than that; 64 MB by default.
    #[must_use]
    pub fn max_packet_bytes(mut self, limit: usize) -> Self {
        self.max_packet_bytes = limit;
        self
    }

    /// Sets how long a cancelled or dropped call may take to be put in order before the connection is closed; five seconds.
    #[must_use]
    pub fn cancel_grace(mut self, grace: Duration) -> Self {
        self.cancel_grace = grace;
        self
    }

    /// Connects and logs in.
    ///
    /// Cancel: a connection that is not complete is closed.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect), with what to change.
    pub async fn connect(&self, cx: &Cx) -> Outcome<MySqlConnection, Error> {
        MySqlConnection::open(cx, self).await
    }

    /// Connects as [`connect`](Self::connect) does, and puts a transport around the socket; for tests of the driver.
    #[doc(hidden)]
    pub async fn connect_wrapped<T: Transport>(
        &self,
        cx: &Cx,
        wrap: impl Fn(Socket) -> T + Send + Sync,
    ) -> Outcome<MySqlConnection<T>, Error> {
        MySqlConnection::dial(cx, self, wrap).await
    }

    pub(crate) fn account(&self) -> Account<'_> {
        Account {
            user: &self.user,
            password: &self.password,
            database: self.database.as_deref(),
        }
    }
}

impl fmt::Debug for MySqlOptions {
    /// Shows everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            socket,
            user,
            password: _,
            database,
            tls,
            statement_cache_capacity,
            max_packet_bytes,
            cancel_grace,
        } = self;
        f.debug_struct("MySqlOptions")
            .field("address", address)
            .field("socket", socket)
            .field("user", user)
            .field("database", database)
            .field("tls", tls)
            .field("statement_cache_capacity", statement_cache_capacity)
            .field("max_packet_bytes", max_packet_bytes)
            .field("cancel_grace", cancel_grace)
            .finish_non_exhaustive()
    }
}
