//! A primary and its replicas: where to write, where to read, and where what was just written can be read.

mod routing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use sqlmodel_core::seam::TaskHandle;
use sqlmodel_core::{
    Cx, Error, ErrorKind, LogPosition, Outcome, Progress, Replication, Role, Wait, ok,
};

use crate::pool::Pool;
use crate::pooled::Pooled;
use crate::replicated::routing::Routing;
use crate::shared::in_time;

/// A primary and its replicas, each with a pool. Clones are the same.
///
/// A task for each server asks it again and again, over a connection of its own, what it is and how far it has come.
/// When the primary is lost and a replica takes its place, writes go there as soon as it says so.
pub struct Replicated<K: Replication> {
    handle: Arc<Handle<K>>,
}

/// How reads and writes find their server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicatedOptions {
    /// How often each server is asked for its role and progress; every second by default.
    pub check_interval: Duration,
    /// The greatest lag of a replica that is read from; ten seconds by default.
    pub max_lag: Duration,
    /// How long a read waits for a replica to replay what it wants to see, before the primary serves it;
    /// a tenth of a second by default.
    pub max_catch_up: Duration,
    /// How long a write waits for a server that takes writes; 30 seconds by default.
    pub failover_timeout: Duration,
}

impl Default for ReplicatedOptions {
    fn default() -> Self {
        Self {
            check_interval: Duration::from_secs(1),
            max_lag: Duration::from_secs(10),
            max_catch_up: Duration::from_millis(100),
            failover_timeout: Duration::from_secs(30),
        }
    }
}

/// How often a replica is asked whether it has caught up.
const CATCH_UP_INTERVAL: Duration = Duration::from_millis(5);

/// What the clones share and the tasks do not.
struct Handle<K: Replication> {
    inner: Arc<Inner<K>>,
    monitors: Vec<TaskHandle<()>>,
}

struct Inner<K: Replication> {
    pools: Vec<Pool<K>>,
    options: ReplicatedOptions,
    routing: Mutex<Routing>,
}

impl<K: Replication> Replicated<K> {
    /// Watches servers, in any order; which one is the primary, they tell.
    ///
    /// The tasks that watch run in the region of the context.
    pub fn open(cx: &Cx, pools: Vec<Pool<K>>, options: ReplicatedOptions) -> Self {
        let inner = Arc::new(Inner {
            routing: Mutex::new(Routing::new(pools.len())),
            pools,
            options,
        });
        let monitors = (0..inner.pools.len())
            .filter_map(|at| {
                let inner = Arc::clone(&inner);
                // A region that takes no tasks has ended, and so have the pools.
                cx.spawn(move |cx| async move { inner.monitor(&cx, at).await })
                    .ok()
            })
            .collect();
        Self {
            handle: Arc::new(Handle { inner, monitors }),
        }
    }

    /// Hands out a connection to the server that takes writes, and waits for one while there is none.
    ///
    /// A server may lose its role between its last check and a write; the write then fails with
    /// [`ReadOnly`](ErrorKind::ReadOnly), and nothing was changed.
    ///
    /// # Errors
    ///
    /// [`PoolTimeout`](ErrorKind::PoolTimeout) when no server takes writes in time, and those of
    /// [`Pool::acquire`](crate::Pool::acquire).
    pub async fn write(&self, cx: &Cx) -> Outcome<Pooled<K>, Error> {
        let inner = &self.handle.inner;
        let limit = inner.options.failover_timeout;
        match in_time(Wait::on(cx).at_most(limit), inner.write(cx)).await {
            Outcome::Ok(outcome) => outcome,
            Outcome::Err(_) => Outcome::Err(inner.no_primary()),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    /// Hands out a connection to read from: to the replica whose turn it is, or to the primary when none is fresh enough.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn read(&self, cx: &Cx) -> Outcome<Pooled<K>, Error> {
        let inner = &self.handle.inner;
        let max_lag = inner.options.max_lag;
        for at in inner.access(|routing| routing.replicas(max_lag)) {
            let is_readable = |routing: &Routing| routing.is_readable(at, max_lag);
            match inner.acquire(cx, at, is_readable).await {
                Outcome::Ok(Some(pooled)) => return Outcome::Ok(pooled),
                // The next one may have what this one has not.
                Outcome::Ok(None) | Outcome::Err(_) => {}
                Outcome::Cancelled(reason) => return Outcome::Cancelled(reason),
                Outcome::Panicked(payload) => return Outcome::Panicked(payload),
            }
        }
        self.write(cx).await
    }

    /// Hands out a connection that sees everything up to a position: to a replica that has replayed it, or does so shortly,
    /// or else to the primary.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn read_after(&self, cx: &Cx, position: LogPosition) -> Outcome<Pooled<K>, Error> {
        let inner = &self.handle.inner;
        let mut pooled = ok!(self.read(cx).await);
        let Some(at) = inner.position_of(&pooled) else {
            return Outcome::Ok(pooled);
        };
        let is_known = inner
            .access(|routing| routing.primary() == Some(at) || routing.has_reached(at, position));
        if is_known {
            return Outcome::Ok(pooled);
        }
        let limit = Wait::on(cx).at_most(inner.options.max_catch_up);
        match in_time(limit, inner.catch_up(cx, at, &mut pooled, position)).await {
            Outcome::Ok(Outcome::Ok(())) => Outcome::Ok(pooled),
            Outcome::Cancelled(reason) | Outcome::Ok(Outcome::Cancelled(reason)) => {
                Outcome::Cancelled(reason)
            }
            Outcome::Panicked(payload) | Outcome::Ok(Outcome::Panicked(payload)) => {
                Outcome::Panicked(payload)
            }
            Outcome::Err(_) | Outcome::Ok(Outcome::Err(_)) => {
                drop(pooled);
                self.write(cx).await
            }
        }
    }

    /// Returns the position up to which a reader has to see the log to see what this connection has committed: one round trip.
    ///
    /// Ask after the commit, on the same connection, and give it to [`read_after`](Self::read_after); it may travel with the
    /// user, in a cookie for instance.
    pub async fn position(
        &self,
        cx: &Cx,
        connection: &mut Pooled<K>,
    ) -> Outcome<LogPosition, Error> {
        Outcome::Ok(ok!(connection.progress(cx).await).position)
    }

    /// Returns what each server said when it was asked last, in the order in which they were given; `None` for those that are
    /// not reached.
    pub fn servers(&self) -> Vec<Option<Progress>> {
        self.handle.inner.access(|routing| routing.seen().to_vec())
    }
}

impl<K: Replication> Inner<K> {
    fn access<T>(&self, access: impl FnOnce(&mut Routing) -> T) -> T {
        access(&mut self.routing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks a server again and again, until the task is cancelled.
    async fn monitor(&self, cx: &Cx, at: usize) {
        let Some(pool) = self.pools.get(at) else {
            return;
        };
        let interval = self.options.check_interval;
        let mut connection = None;
        loop {
            // A server that takes longer than that to answer serves nobody.
            let limit = Wait::on(cx).at_most(interval.max(Duration::from_secs(1)));
            let seen = match in_time(limit, ask(cx, pool.connector(), &mut connection)).await {
                Outcome::Ok(Outcome::Ok(progress)) => Some(progress),
                Outcome::Cancelled(_) => return,
                _ => {
                    connection = None;
                    None
                }
            };
            self.saw(at, seen);
            if !Wait::on(cx).at_most(interval).sleep().await.is_ok() {
                return;
            }
        }
    }

    fn saw(&self, at: usize, progress: Option<Progress>) {
        let watchers = self.access(|routing| routing.saw(at, progress));
        for watcher in watchers {
            watcher.wake();
        }
    }

    async fn write(&self, cx: &Cx) -> Outcome<Pooled<K>, Error> {
        loop {
            let mut place = None;
            let found = Wait::on(cx).poll(|task| {
                self.access(|routing| match routing.primary() {
                    Some(at) => Poll::Ready(at),
                    None => {
                        routing.watch(&mut place, task);
                        Poll::Pending
                    }
                })
            });
            let at = match found.await {
                Outcome::Ok(at) => at,
                Outcome::Cancelled(reason) => return Outcome::Cancelled(reason),
                // A wait without a limit does not end otherwise.
                Outcome::Err(_) | Outcome::Panicked(_) => continue,
            };
            let is_primary = |routing: &Routing| routing.primary() == Some(at);
            if let Some(pooled) = ok!(self.acquire(cx, at, is_primary).await) {
                return Outcome::Ok(pooled);
            }
        }
    }

    /// Waits for a connection to a server for as long as it is the right one; afterwards returns `None`.
    async fn acquire(
        &self,
        cx: &Cx,
        at: usize,
        is_right: impl Fn(&Routing) -> bool,
    ) -> Outcome<Option<Pooled<K>>, Error> {
        let Some(pool) = self.pools.get(at) else {
            return Outcome::Ok(None);
        };
        let mut acquiring = pin!(pool.acquire(cx));
        let mut place = None;
        std::future::poll_fn(|task| {
            if let Poll::Ready(outcome) = acquiring.as_mut().poll(task) {
                return Poll::Ready(outcome.map(Some));
            }
            self.access(|routing| {
                if !is_right(routing) {
                    return Poll::Ready(Outcome::Ok(None));
                }
                routing.watch(&mut place, task);
                Poll::Pending
            })
        })
        .await
    }

    /// Waits until a replica has replayed up to a position.
    async fn catch_up(
        &self,
        cx: &Cx,
        at: usize,
        pooled: &mut Pooled<K>,
        position: LogPosition,
    ) -> Outcome<(), Error> {
        loop {
            let progress = ok!(pooled.progress(cx).await);
            self.saw(at, Some(progress));
            if progress.position >= position {
                return Outcome::Ok(());
            }
            if let Outcome::Cancelled(reason) =
                Wait::on(cx).at_most(CATCH_UP_INTERVAL).sleep().await
            {
                return Outcome::Cancelled(reason);
            }
        }
    }

    fn position_of(&self, pooled: &Pooled<K>) -> Option<usize> {
        self.pools.iter().position(|pool| pooled.is_of(pool))
    }

    fn no_primary(&self) -> Error {
        let seen = self.access(|routing| routing.seen().to_vec());
        let servers: Vec<String> = seen
            .iter()
            .enumerate()
            .map(|(at, seen)| match seen {
                None => format!("server {at} is not reached"),
                Some(progress) => match progress.role {
                    Role::Primary => format!("server {at} is the primary"),
                    Role::Replica => format!("server {at} is a replica"),
                },
            })
            .collect();
        let limit = self.options.failover_timeout;
        Error::new(
            ErrorKind::PoolTimeout,
            format!(
                "no server took writes within {limit:?}: {}",
                servers.join(", ")
            ),
        )
    }
}

/// Asks a server over a connection that is opened when there is none.
async fn ask<K: Replication>(
    cx: &Cx,
    connector: &K,
    connection: &mut Option<K::Connection>,
) -> Outcome<Progress, Error> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => ok!(connector.connect(cx).await),
    };
    let progress = ok!(connector.progress(cx, &mut open).await);
    // One that was not heard to the end does not come back.
    *connection = Some(open);
    Outcome::Ok(progress)
}

impl<K: Replication> Drop for Handle<K> {
    fn drop(&mut self) {
        for monitor in &self.monitors {
            monitor.abort();
        }
    }
}

impl<K: Replication> Clone for Replicated<K> {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
        }
    }
}

impl<K: Replication> fmt::Debug for Replicated<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicated")
            .field("servers", &self.servers())
            .finish_non_exhaustive()
    }
}
