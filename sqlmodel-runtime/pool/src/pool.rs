//! The pool: handing out connections and taking them back.

#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use sqlmodel_core::seam::{TaskHandle, Time, checkpoint};
use sqlmodel_core::{Connector, Cx, Elapsed, Error, Outcome, Upkeep, Wait, ok, ok_result};

use crate::error::{AcquireStep, AcquireTimeout, closed};
use crate::options::{Hook, PoolOptions};
use crate::pooled::Pooled;
use crate::state::{Closing, Effects, Grant, Slot, State, Ticket};
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

/// What everybody who has to do with a pool shares.
pub(crate) struct Shared<K: Connector> {
    pub(crate) connector: K,
    pub(crate) options: PoolOptions<K::Connection>,
    /// Where the pool's tasks run.
    pub(crate) cx: Cx,
    state: Mutex<State<K::Connection>>,
}

impl<K: Connector> Pool<K> {
    /// Opens a pool and returns without waiting for a connection; [`warm_up`](Self::warm_up) waits.
    ///
    /// The context should be that of a long-lived task without a deadline: the pool's tasks run in its region.
    pub fn open(cx: &Cx, connector: K, options: PoolOptions<K::Connection>) -> Self {
        let state = State::new(options.min_size, options.max_size, options.max_connecting);
        let shared = Arc::new(Shared {
            connector,
            options,
            cx: cx.clone(),
            state: Mutex::new(state),
        });
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
    /// [`PoolTimeout`](sqlmodel_core::ErrorKind::PoolTimeout), whose cause is an [`AcquireTimeout`];
    /// [`PoolClosed`](sqlmodel_core::ErrorKind::PoolClosed);
    /// and why the server refuses to let us in, if it will not change its mind.
    pub async fn acquire(&self, cx: &Cx) -> Outcome<Pooled<K>, Error> {
        ok!(checkpoint(cx));
        let shared = &self.handle.shared;
        let clock = Clock {
            cx,
            until: cx.now() + shared.options.acquire_timeout,
        };
        let mut ticket = None;
        loop {
            let slot = ok!(shared.turn(&clock, &mut ticket).await);
            // From here on a drop gives the connection back.
            let mut pooled = Pooled::new(Arc::clone(shared), slot);
            if ok!(shared.check(&clock, &mut pooled).await) {
                shared.access(State::acquired);
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
            Outcome::Err(Elapsed) => Outcome::Err(shared.timeout(AcquireStep::Connect)),
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

/// How long a call of `acquire` has.
pub(crate) struct Clock<'c> {
    cx: &'c Cx,
    until: Time,
}

impl<'c> Clock<'c> {
    fn wait(&self) -> Wait<'c> {
        let left = self.until.duration_since(self.cx.now());
        Wait::on(self.cx).at_most(Duration::from_nanos(left))
    }
}

impl<K: Connector> Shared<K> {
    /// Makes a change and does what follows from it. Nothing is woken, opened or closed under the lock.
    pub(crate) fn change<T>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut State<K::Connection>) -> T,
    ) -> T {
        let now = self.cx.now();
        let (value, effects) = self.access(|state| {
            let value = change(state);
            (value, state.settle(now))
        });
        self.follow(effects);
        value
    }

    /// Does what follows from a change.
    fn follow(self: &Arc<Self>, mut effects: Effects<K::Connection>) {
        loop {
            let Effects {
                wake,
                close,
                n_connects,
            } = effects;
            for waker in wake {
                waker.wake();
            }
            for _ in 0..n_connects {
                tasks::connect(self);
            }
            if close.is_empty() {
                return;
            }
            let n_closed = close.len();
            drop(close);
            effects = self.access(|state| {
                state.closed(n_closed);
                state.settle(self.cx.now())
            });
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&State<K::Connection>) -> T) -> T {
        self.access(|state| read(state))
    }

    /// Does what has no consequence for others.
    fn access<T>(&self, access: impl FnOnce(&mut State<K::Connection>) -> T) -> T {
        access(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a connection. A ticket from an earlier turn, which ended with one that did not work, keeps its place.
    async fn turn(
        self: &Arc<Self>,
        clock: &Clock<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Outcome<Slot<K::Connection>, Error> {
        let now = clock.cx.now();
        let taken = self.change(|state| {
            if state.is_closed() {
                return Err(closed());
            }
            if ticket.is_none()
                && let Some(slot) = state.take()
            {
                return Ok(Ok(slot));
            }
            Ok(Err(state.join(*ticket, now)))
        });
        let place = match ok_result!(taken) {
            Ok(slot) => return Outcome::Ok(slot),
            Err(place) => Place {
                shared: self,
                ticket: place,
            },
        };
        *ticket = Some(place.ticket);
        let waited = clock
            .wait()
            .poll(|task| self.access(|state| state.poll(place.ticket, task.waker())));
        match waited.await {
            Outcome::Ok(Grant::Slot(slot)) => Outcome::Ok(slot),
            Outcome::Ok(Grant::Failed(error)) => Outcome::Err(error),
            Outcome::Err(Elapsed) => {
                let status = self.read(State::status);
                let step = if status.n_in_use + status.n_resetting >= status.max_size {
                    AcquireStep::Turn
                } else {
                    AcquireStep::Connect
                };
                Outcome::Err(self.timeout(step))
            }
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    /// Makes sure that a connection may be handed out; one that does not work is closed.
    async fn check(
        self: &Arc<Self>,
        clock: &Clock<'_>,
        pooled: &mut Pooled<K>,
    ) -> Outcome<bool, Error> {
        let now = clock.cx.now();
        let n_broken = self.read(State::n_broken);
        let slot = pooled.slot();
        if slot.expires_at.is_some_and(|expires_at| expires_at <= now) {
            pooled.discard(Closing::Expired);
            return Outcome::Ok(false);
        }
        let is_doubtful =
            slot.n_broken != n_broken || slot.idle_since + self.options.ping_after <= now;
        let upkeep = self.connector.upkeep(&mut slot.connection);
        if upkeep == Upkeep::Broken {
            pooled.discard(Closing::Broken);
            return Outcome::Ok(false);
        }
        let has_hook = self.options.before_acquire.is_some();
        if upkeep == Upkeep::Ready && !is_doubtful && !has_hook {
            slot.is_new = false;
            return Outcome::Ok(true);
        }
        let limit = clock.wait().at_most(self.options.connect_timeout);
        let proof = self.prove(clock.cx, &mut slot.connection, upkeep, is_doubtful);
        match in_time(limit, proof).await {
            Outcome::Ok(Outcome::Ok(())) => {
                slot.n_broken = n_broken;
                slot.is_new = false;
                Outcome::Ok(true)
            }
            // Whatever it was, the next connection may not have it.
            Outcome::Ok(Outcome::Err(error)) => {
                // One that never worked is not replaced at once, or the server would be flooded.
                let retry_at = slot.is_new.then(|| now + self.options.first_backoff);
                self.access(|state| state.refused(&error, retry_at));
                pooled.discard(Closing::Broken);
                Outcome::Ok(false)
            }
            Outcome::Err(Elapsed) => {
                pooled.discard(Closing::Broken);
                if clock.cx.now() < clock.until {
                    return Outcome::Ok(false);
                }
                Outcome::Err(self.timeout(AcquireStep::Check))
            }
            Outcome::Cancelled(reason) | Outcome::Ok(Outcome::Cancelled(reason)) => {
                Outcome::Cancelled(reason)
            }
            Outcome::Panicked(payload) | Outcome::Ok(Outcome::Panicked(payload)) => {
                Outcome::Panicked(payload)
            }
        }
    }

    /// Does what shows that a connection works; an error means that it does not.
    async fn prove(
        &self,
        cx: &Cx,
        connection: &mut K::Connection,
        upkeep: Upkeep,
        is_doubtful: bool,
    ) -> Outcome<(), Error> {
        if upkeep == Upkeep::Used {
            ok!(self.connector.reset(cx, connection).await);
        } else if is_doubtful {
            ok!(self.connector.ping(cx, connection).await);
        }
        run_hook(self.options.before_acquire.as_ref(), cx, connection).await
    }

    fn timeout(self: &Arc<Self>, step: AcquireStep) -> Error {
        let (status, latest_error) = self.access(|state| {
            state.timed_out();
            let error = state.latest_error().map(str::to_owned);
            (state.status(), error)
        });
        let limit = self.options.acquire_timeout;
        AcquireTimeout {
            step,
            limit,
            status,
            latest_error,
        }
        .into_error()
    }

    /// Closes a connection that was in use, and only then lets another one be opened.
    pub(crate) fn close(self: &Arc<Self>, slot: Slot<K::Connection>, closing: Closing) {
        drop(slot);
        self.change(|state| state.remove(closing));
    }

    /// Takes a connection back, in any condition.
    pub(crate) fn give_back(self: &Arc<Self>, mut slot: Slot<K::Connection>) {
        let now = self.cx.now();
        match self.connector.upkeep(&mut slot.connection) {
            Upkeep::Broken => self.close(slot, Closing::Broken),
            _ if slot.expires_at.is_some_and(|expires_at| expires_at <= now) => {
                self.close(slot, Closing::Expired);
            }
            Upkeep::Ready if self.options.after_release.is_none() => {
                slot.idle_since = now;
                self.change(|state| state.put(slot));
            }
            Upkeep::Ready | Upkeep::Used => tasks::reset(self, slot),
        }
    }
}

/// Runs a hook, if there is one.
pub(crate) async fn run_hook<C>(
    hook: Option<&Hook<C>>,
    cx: &Cx,
    connection: &mut C,
) -> Outcome<(), Error> {
    match hook {
        Some(hook) => hook(cx, connection).await,
        None => Outcome::Ok(()),
    }
}

/// Polls a future until it is done or the wait is over; then it is dropped.
pub(crate) async fn in_time<T>(
    wait: Wait<'_>,
    future: impl Future<Output = T>,
) -> Outcome<T, Elapsed> {
    let mut future = pin!(future);
    wait.poll(|task| future.as_mut().poll(task)).await
}

/// A place in the queue, which is left when this is dropped.
struct Place<'p, K: Connector> {
    shared: &'p Arc<Shared<K>>,
    ticket: Ticket,
}

impl<K: Connector> Drop for Place<'_, K> {
    fn drop(&mut self) {
        self.shared.change(|state| state.leave(self.ticket));
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
