//! Where the server is and how to talk to it: from a URL, the environment, or set one by one.

pub(crate) mod files;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use sqlmodel_core::{Cx, Error, Outcome};
use sqlmodel_net::{Address, Socket, SocketOptions, TlsOptions, Transport};

use crate::connect;
use crate::connection::PostgresConnection;
use files::Passwords;

/// Where the server is and how to talk to it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    pub(crate) hosts: Vec<Address>,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    /// Where a password is looked for when none is given.
    pub(crate) passwords: Passwords,
    pub(crate) database: Option<String>,
    pub(crate) target: TargetSession,
    pub(crate) socket: SocketOptions,
    pub(crate) tls: TlsOptions,
    pub(crate) channel_binding: ChannelBindingMode,
    /// What the server is told when the session begins.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) statement_cache_capacity: usize,
    pub(crate) cancel_grace: Duration,
}

/// Whether a login by password is bound to the encrypted connection, so that nobody in between can pass it on;
/// `channel_binding` in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ChannelBindingMode {
    /// Never.
    Disable,
    /// Where the connection is encrypted and the server offers it.
    #[default]
    Prefer,
    /// Always; a server that does not is refused.
    Require,
}

/// Which of several servers to take; `target_session_attrs` in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TargetSession {
    /// The first that lets us in.
    #[default]
    Any,
    /// One where transactions may write.
    ReadWrite,
    /// One where transactions may only read.
    ReadOnly,
    /// One that is not a replica.
    Primary,
    /// A replica.
    Standby,
    /// A replica, or else any.
    PreferStandby,
}

impl PostgresOptions {
    /// A server at a host and a port, or in the folder of a Unix socket, for a user.
    ///
    /// Neither a URL nor the environment is asked for anything.
    pub fn new(address: Address, user: impl Into<String>) -> Self {
        let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            hosts: vec![address],
            user: user.into(),
            password: None,
            passwords: Passwords::default(),
            database: None,
            target: TargetSession::Any,
            socket: SocketOptions::default(),
            tls: TlsOptions::default(),
            channel_binding: ChannelBindingMode::Prefer,
            parameters: vec![
                parameter("client_encoding", "UTF8"),
                // A timestamp without a zone means the same here as on the other databases.
                parameter("TimeZone", "UTC"),
            ],
            statement_cache_capacity: 256,
            cancel_grace: Duration::from_secs(5),
        }
    }

    /// Reads a URL: `postgres://user:password@host:5432,other:5433/database?sslmode=verify-full`.
    ///
    /// A host may be the folder of a Unix socket, percent-encoded or as the parameter `host`.
    /// What the URL leaves out is taken from the service that it or `PGSERVICE` names (in `PGSERVICEFILE`,
    /// `~/.pg_service.conf` or `PGSYSCONFDIR`), and then from the environment: `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`,
    /// `PGDATABASE`, `PGAPPNAME`, `PGOPTIONS`, `PGCONNECT_TIMEOUT`, `PGTARGETSESSIONATTRS`, `PGSSLMODE`, `PGSSLROOTCERT`,
    /// `PGSSLCERT`, `PGSSLKEY` and `PGCHANNELBINDING`, as in PostgreSQL's own programs;
    /// the host is `localhost` and the user that of the operating system where nobody says.
    /// A password that nobody gives is looked for in `passfile`, `PGPASSFILE` or `~/.pgpass`, which is read now and passed over
    /// when others than its owner may read it.
    /// Settings that would change how values are read (`PGTZ`, `PGDATESTYLE`, `PGCLIENTENCODING`) are not taken, and
    /// `PGHOSTADDR` and those of Kerberos are not known.
    ///
    /// Parameters: those of the same meaning (`host`, `port`, `user`, `password`, `dbname`, `application_name`, `options`,
    /// `connect_timeout` in seconds, `target_session_attrs`, `channel_binding`, and of encryption `sslmode` (`disable`,
    /// `allow`, which is taken as `prefer`, `prefer`, `require`, `verify-ca`, `verify-full`), `sslrootcert` (a file, or `system`), `sslcert` and `sslkey`, `service`
    /// and `passfile`),
    /// `keepalives_idle` in seconds, and `statement_cache_capacity`,
    /// with 0 for [pooler-safe](Self::pooler_safe).
    ///
    /// # Errors
    ///
    /// [`Usage`](sqlmodel_core::ErrorKind::Usage) for what is wrong with it; passwords are not repeated.
    pub fn parse(url: &str) -> Result<Self, Error> {
        parse::parse(url, |name| std::env::var(name).ok(), parse::read_file)
    }

    /// Takes everything from the environment, as [`parse`](Self::parse) does for what a URL leaves out.
    ///
    /// # Errors
    ///
    /// [`Usage`](sqlmodel_core::ErrorKind::Usage) for a variable that cannot be read.
    pub fn from_environment() -> Result<Self, Error> {
        Self::parse("postgres://")
    }

    /// Adds a server to try when the ones before it do not let us in.
    #[must_use]
    pub fn or_host(mut self, address: Address) -> Self {
        self.hosts.push(address);
        self
    }

    /// Sets the password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the database; without one it is that of the user's name.
    #[must_use]
    pub fn database(mut self, database: impl Into<String>) -> Self {
        self.database = Some(database.into());
        self
    }

    /// Takes only such a server.
    #[must_use]
    pub fn target(mut self, target: TargetSession) -> Self {
        self.target = target;
        self
    }

    /// Sets how long connecting to one server may take, logging in included; ten seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.socket.connect_timeout = timeout;
        self
    }

    /// Sets after which time without traffic the operating system asks whether the server is there; a minute by default.
    #[must_use]
    pub fn keepalive(mut self, idle: Option<Duration>) -> Self {
        self.socket.keepalive = idle;
        self
    }

    /// Sets how the connection is encrypted; see [`TlsMode`](crate::TlsMode) for what is the default.
    ///
    /// A Unix socket is never encrypted.
    #[must_use]
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Sets whether a login by password is bound to the encrypted connection.
    #[must_use]
    pub fn channel_binding(mut self, mode: ChannelBindingMode) -> Self {
        self.channel_binding = mode;
        self
    }

    /// Sets a setting of the session, such as `application_name`, `search_path` or `statement_timeout`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.parameters
            .retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.parameters.push((name, value));
        self
    }

    /// Keeps so many statements prepared; 256 by default.
    #[must_use]
    pub fn statement_cache_capacity(mut self, capacity: usize) -> Self {
        self.statement_cache_capacity = capacity;
        self
    }

    /// Names no statement, so that a pooler which gives each transaction another connection can stand in between.
    ///
    /// Every statement is then prepared, bound and run as one unit, in one round trip.
    /// Settings of the session, LISTEN and temporary tables do not work through such a pooler, whatever the client does.
    #[must_use]
    pub fn pooler_safe(self) -> Self {
        self.statement_cache_capacity(0)
    }

    /// Sets how long a cancelled or dropped call may take to be put in order before the connection is closed; five seconds.
    #[must_use]
    pub fn cancel_grace(mut self, grace: Duration) -> Self {
        self.cancel_grace = grace;
        self
    }

    /// Connects.
    ///
    /// Cancel: a connection that is not complete is closed.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when no server lets us in: the reason of the last one.
    pub async fn connect(&self, cx: &Cx) -> Outcome<PostgresConnection<Socket>, Error> {
        connect::connect(cx, self, &|socket| socket).await
    }

    /// Connects, with something of the caller's around the socket: what counts bytes, or slows them down in a test.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_wrapped<T: Transport>(
        &self,
        cx: &Cx,
        wrap: impl Fn(Socket) -> T + Sync,
    ) -> Outcome<PostgresConnection<T>, Error> {
        connect::connect(cx, self, &wrap).await
    }
}

impl fmt::Debug for PostgresOptions {
    /// Shows everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("hosts", &self.hosts)
            .field("user", &self.user)
            .field("has_password", &self.password.is_some())
            .field("database", &self.database)
            .field("target", &self.target)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
