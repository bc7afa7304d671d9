//! What a pool's users and its tasks share: the state behind a lock, and what follows from a change of it.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use sqlmodel_core::seam::Time;
use sqlmodel_core::{Connector, Cx, Elapsed, Error, Outcome, Upkeep, Wait, ok};

use crate::error::{AcquireStep, AcquireTimeout};
use crate::options::{Hook, PoolOptions};
use crate::state::{Closing, Effects, Slot, State};
use crate::tasks;

/// What everybody who has to do with a pool shares.
pub(crate) struct Shared<K: Connector> {
    pub(crate) connector: K,
    pub(crate) options: PoolOptions<K::Connection>,
    /// Where the pool's tasks run.
    pub(crate) cx: Cx,
    state: Mutex<State<K::Connection>>,
}

impl<K: Connector> Shared<K> {
    pub(crate) fn new(cx: &Cx, connector: K, options: PoolOptions<K::Connection>) -> Self {
        let state = State::new(options.min_size, options.max_size, options.max_connecting);
        Self {
            connector,
            options,
            cx: cx.clone(),
            state: Mutex::new(state),
        }
    }

    /// Makes a change and does what follows from it. Nothing is woken, opened or closed under the lock.
    pub(crate) fn change<T>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut State<K::Connection>) -> T,
    ) -> T {
        self.change_at(self.cx.now(), change)
    }

    /// Makes a change when the time is known already.
    pub(crate) fn change_at<T>(
        self: &Arc<Self>,
        now: Time,
        change: impl FnOnce(&mut State<K::Connection>) -> T,
    ) -> T {
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
    pub(crate) fn access<T>(&self, access: impl FnOnce(&mut State<K::Connection>) -> T) -> T {
        access(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a call that ran out of time, and returns its error.
    pub(crate) fn timeout(&self, step: AcquireStep, since: Time) -> Error {
        let (status, latest_error) = self.access(|state| {
            state.timed_out();
            let error = state.latest_error(since).map(str::to_owned);
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
    fn close(self: &Arc<Self>, slot: Slot<K::Connection>, closing: Closing) {
        drop(slot);
        self.change(|state| state.remove(closing));
    }

    /// Does to a connection that is as the driver opened it what the pool's owner wants of each.
    pub(crate) async fn set_up(
        &self,
        cx: &Cx,
        connection: &mut K::Connection,
    ) -> Outcome<(), Error> {
        if let Some(hook) = &self.options.after_connect {
            ok!(hook(cx, connection).await);
            self.connector.accept(connection);
        }
        Outcome::Ok(())
    }

    /// Brings a connection back to how the pool opened it.
    pub(crate) async fn reset(
        &self,
        cx: &Cx,
        connection: &mut K::Connection,
    ) -> Outcome<(), Error> {
        ok!(self.connector.reset(cx, connection).await);
        self.set_up(cx, connection).await
    }

    /// Runs the hook for connections that were given back; what it leaves behind is meant to stay.
    pub(crate) async fn released(
        &self,
        cx: &Cx,
        connection: &mut K::Connection,
    ) -> Outcome<(), Error> {
        if let Some(hook) = &self.options.after_release {
            ok!(hook(cx, connection).await);
            self.connector.accept(connection);
        }
        Outcome::Ok(())
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
                self.change_at(now, |state| state.put(slot));
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
