//! How a pool behaves.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use sqlmodel_core::{Cx, Error, Outcome};

/// How a pool behaves. The defaults are for a server with one database.
pub struct PoolOptions<C> {
    pub(crate) min_size: usize,
    pub(crate) max_size: usize,
    pub(crate) max_connecting: usize,
    pub(crate) acquire_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) ping_after: Duration,
    pub(crate) first_backoff: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) after_connect: Option<Hook<C>>,
    pub(crate) before_acquire: Option<Hook<C>>,
    pub(crate) after_release: Option<Hook<C>>,
}

/// Something to do with a connection.
pub(crate) type Hook<C> = Box<dyn for<'a> Fn(&'a Cx, &'a mut C) -> HookFuture<'a> + Send + Sync>;

/// What a hook returns; `Box::pin(async move { .. })`.
pub type HookFuture<'a> = Pin<Box<dyn Future<Output = Outcome<(), Error>> + Send + 'a>>;

impl<C> PoolOptions<C> {
    /// At most this many connections, opened when they are needed.
    pub fn new(max_size: usize) -> Self {
        Self {
            min_size: 0,
            max_size: max_size.max(1),
            max_connecting: 4,
            acquire_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Some(Duration::from_mins(10)),
            max_lifetime: Some(Duration::from_mins(30)),
            ping_after: Duration::from_secs(30),
            first_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            after_connect: None,
            before_acquire: None,
            after_release: None,
        }
    }

    /// Keeps at least this many connections open, from the beginning; none by default.
    #[must_use]
    pub fn min_size(mut self, min_size: usize) -> Self {
        self.min_size = min_size;
        self
    }

    /// Opens no more than this many connections at a time, so that a server that starts is not flooded; four by default.
    #[must_use]
    pub fn max_connecting(mut self, max_connecting: usize) -> Self {
        self.max_connecting = max_connecting.max(1);
        self
    }

    /// How long `acquire` waits in all; 30 seconds by default. The budget of its context ends it earlier.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// How long opening a connection, or trying an idle one, may take before it counts as failed; 10 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Closes connections that nobody has used for so long, above the least number; 10 minutes by default.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Closes connections that are open for so long, up to a tenth earlier, so that not all go at once; 30 minutes by default.
    #[must_use]
    pub fn max_lifetime(mut self, lifetime: Option<Duration>) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// Asks the server of a connection that was idle for so long whether it is still there; 30 seconds by default.
    ///
    /// One that was used lately is handed out without a round trip.
    #[must_use]
    pub fn ping_after(mut self, idle: Duration) -> Self {
        self.ping_after = idle;
        self
    }

    /// Waits so long after a failure to connect, twice as long after the next one, and so on up to the longest wait.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.max_backoff = longest;
        self
    }

    /// Runs on each new connection before it is used, and again on one whose session was reset behind a user; with an error, the
    /// connection counts as failed.
    ///
    /// What it sets, every user finds.
    ///
    /// # Examples
    ///
    /// ```
    /// use sqlmodel_core::{Executor, Outcome, ok};
    /// # fn options<C: sqlmodel_core::Connection>() -> sqlmodel_pool::PoolOptions<C> {
    /// sqlmodel_pool::PoolOptions::<C>::new(10).after_connect(|cx, connection| {
    ///     Box::pin(async move {
    ///         ok!(connection.execute_sql(cx, "SET TIME ZONE 'UTC'", &[]).await);
    ///         Outcome::Ok(())
    ///     })
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn after_connect(
        mut self,
        hook: impl for<'a> Fn(&'a Cx, &'a mut C) -> HookFuture<'a> + Send + Sync + 'static,
    ) -> Self {
        self.after_connect = Some(Box::new(hook));
        self
    }

    /// Runs on each connection before it is handed out; with an error, the connection is closed and another one is taken.
    ///
    /// What it sets is for this user: behind them, the session is reset.
    #[must_use]
    pub fn before_acquire(
        mut self,
        hook: impl for<'a> Fn(&'a Cx, &'a mut C) -> HookFuture<'a> + Send + Sync + 'static,
    ) -> Self {
        self.before_acquire = Some(Box::new(hook));
        self
    }

    /// Runs on each connection after it was given back, apart from its user; with an error, the connection is closed.
    #[must_use]
    pub fn after_release(
        mut self,
        hook: impl for<'a> Fn(&'a Cx, &'a mut C) -> HookFuture<'a> + Send + Sync + 'static,
    ) -> Self {
        self.after_release = Some(Box::new(hook));
        self
    }
}

impl<C> fmt::Debug for PoolOptions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolOptions")
            .field("min_size", &self.min_size)
            .field("max_size", &self.max_size)
            .field("acquire_timeout", &self.acquire_timeout)
            .finish_non_exhaustive()
    }
}
