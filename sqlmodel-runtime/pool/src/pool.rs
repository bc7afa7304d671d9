//! The pool: handing out connections and taking them back.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::task::Poll;

use sqlmodel_core::seam::{TaskHandle, checkpoint};
use sqlmodel_core::{Connector, Cx, Elapsed, Error, Outcome, Wait, ok, ok_result};

use crate::acquire::Clock;
use crate::error::{AcquireStep, closed};
use crate::options::PoolOptions;
use crate::pooled::Pooled;
use crate::shared::Shared;
use crate::state::State;
use crate::status::PoolStatus;
use crate::tasks;

/// A pool of connections to one database. Clones are the same pool.
///
/// Connections are opened and put in order by tasks in the region of the context that the pool was opened with.
/// The pool is closed when that region ends, when [`close`](Self::close) is called, or when its last clone is dropped.
pub struct Pool<K: Connector> {
    handle: Arc<Handle<K>>,
}

/// What the clones of a pool share and its tasks do not: dropping the last one closes the pool.
struct Handle<K: Connector> {
    shared: Arc<Shared<K>>,
    keeper: Option<TaskHandle<()>>,
}

impl<K: Connector> Pool<K> {
    /// Opens a pool and returns without waiting for a connection; [`warm_up`](Self::warm_up) waits.
    ///
    /// The context should be that of a long-lived task without a deadline: the pool's tasks run in its region.
    pub fn open(cx: &Cx, connector: K, options: PoolOptions<K::Connection>) -> Self {
        let shared = Arc::new(Shared::new(cx, connector, options));
        let keeper = tasks::keep(&shared);
        // Opens the least number of connections.
        shared.change(|_| ());
        Self {
            handle: Arc::new(Handle { shared, keeper }),
        }
    }

    /// Hands out a connection; the one that was used last, if one is idle.
    ///
    /// Calls are served in the order in which they were made.
    /// A connection that was used lately costs no round trip.
    ///
    /// Cancel: a dropped or cancelled call leaves its place to the next one; a connection that is being opened for it stays.
    ///
    /// # Errors
    ///
    /// [`PoolTimeout`](sqlmodel_core::ErrorKind::PoolTimeout), whose cause is an [`AcquireTimeout`](crate::AcquireTimeout);
    /// [`PoolClosed`](sqlmodel_core::ErrorKind::PoolClosed);
    /// and why the server refuses to let us in, if it will not change its mind.
    pub async fn acquire(&self, cx: &Cx) -> Outcome<Pooled<K>, Error> {
        ok!(checkpoint(cx));
        let shared = &self.handle.shared;
        let since = cx.now();
        let until = since + shared.options.acquire_timeout;
        let clock = Clock { cx, since, until };
        let mut ticket = None;
        loop {
            let (slot, now) = ok!(shared.turn(&clock, &mut ticket).await);
            // From here on a drop gives the connection back.
            let mut pooled = Pooled::new(Arc::clone(shared), slot);
            if ok!(shared.check(&clock, &mut pooled, now).await) {
                return Outcome::Ok(pooled);
            }
        }
    }

    /// Waits until the least number of connections is open, one if that is zero.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn warm_up(&self, cx: &Cx) -> Outcome<(), Error> {
        // One that is handed out shows that the server lets us in; the others follow.
        drop(ok!(self.acquire(cx).await));
        let shared = &self.handle.shared;
        let limit = shared.options.acquire_timeout;
        let since = cx.now();
        let waited = Wait::on(cx).at_most(limit).poll(|task| {
            shared.access(|state| {
                let status = state.status();
                let n_open = status.size() - status.n_connecting;
                if state.is_closed() {
                    return Poll::Ready(Err(closed()));
                }
                if n_open >= state.min_size() {
                    return Poll::Ready(Ok(()));
                }
                state.watch(task.waker());
                Poll::Pending
            })
        });
        match waited.await {
            Outcome::Ok(result) => {
                ok_result!(result);
                Outcome::Ok(())
            }
            Outcome::Err(Elapsed) => Outcome::Err(shared.timeout(AcquireStep::Connect, since)),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    /// Tells how the pool is doing.
    pub fn status(&self) -> PoolStatus {
        self.handle.shared.read(State::status)
    }

    /// Changes the least and the greatest number of connections. What is too many is closed, in use or idle, as it is given back.
    pub fn resize(&self, min_size: usize, max_size: usize) {
        self.handle
            .shared
            .change(|state| state.resize(min_size, max_size));
    }

    /// Closes the pool: nobody gets a connection any more, and idle ones are closed. Waits for those in use to be given back;
    /// one that is being opened is closed when it is open.
    ///
    /// Cancel: the pool stays closed, and what is given back later is closed then.
    pub async fn close(&self, cx: &Cx) -> Outcome<(), Error> {
        let shared = &self.handle.shared;
        shared.change(State::close);
        let drained = Wait::on(cx).poll(|task| {
            shared.access(|state| {
                let status = state.status();
                if status.n_in_use + status.n_resetting == 0 {
                    return Poll::Ready(());
                }
                state.watch(task.waker());
                Poll::Pending
            })
        });
        match drained.await {
            Outcome::Ok(()) | Outcome::Err(Elapsed) => Outcome::Ok(()),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<K>> {
        &self.handle.shared
    }

    /// Returns what opens the connections.
    pub fn connector(&self) -> &K {
        &self.handle.shared.connector
    }
}

impl<K: Connector> Drop for Handle<K> {
    fn drop(&mut self) {
        self.shared.change(State::close);
        if let Some(keeper) = &self.keeper {
            keeper.abort();
        }
    }
}

impl<K: Connector> Clone for Pool<K> {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
        }
    }
}

impl<K: Connector> fmt::Debug for Pool<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
