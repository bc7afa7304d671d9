//! What a pool does by itself, each in a task of its own: opening connections, putting them in order, closing old ones.
//!
//! The tasks run in the region that the pool was opened in. One that ends before its work is done tells that the region
//! ends, and then the pool is closed.

use std::sync::Arc;
use std::time::Duration;

use sqlmodel_core::seam::TaskHandle;
use sqlmodel_core::{Connector, Cx, Error, ErrorKind, Outcome, Upkeep, Wait, ok};

use crate::shared::{Shared, in_time};
use crate::state::{Slot, State};

/// Starts the task that closes connections which are idle or open for too long.
///
/// Returns `None` when the region has ended already; the pool is closed then.
pub(crate) fn keep<K: Connector>(shared: &Arc<Shared<K>>) -> Option<TaskHandle<()>> {
    let keeper = Keeper(Arc::clone(shared));
    let handle = shared
        .cx
        .spawn(move |cx| async move { keeper.run(&cx).await });
    handle.ok()
}

/// Starts a task that opens a connection.
pub(crate) fn connect<K: Connector>(shared: &Arc<Shared<K>>) {
    let attempt = Attempt {
        shared: Arc::clone(shared),
        is_done: false,
    };
    // Where no task can be started, the closure is dropped, and the attempt with it.
    let _ = shared
        .cx
        .spawn(move |cx| async move { attempt.run(&cx).await });
}

/// Starts a task that brings a connection back to how it was opened.
pub(crate) fn reset<K: Connector>(shared: &Arc<Shared<K>>, slot: Slot<K::Connection>) {
    shared.change(State::reset_begins);
    let reset = Reset {
        shared: Arc::clone(shared),
        is_done: false,
    };
    let _ = shared
        .cx
        .spawn(move |cx| async move { reset.run(&cx, slot).await });
}

struct Keeper<K: Connector>(Arc<Shared<K>>);

impl<K: Connector> Keeper<K> {
    async fn run(self, cx: &Cx) {
        let options = &self.0.options;
        let limits = [options.idle_timeout, options.max_lifetime];
        let shortest = limits.into_iter().flatten().min();
        let interval = shortest.map_or(LONGEST_INTERVAL, |limit| {
            (limit / 4).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
        });
        while Wait::on(cx).at_most(interval).sleep().await.is_ok() {
            let now = cx.now();
            self.0.change(|state| state.reap(now, options.idle_timeout));
        }
    }
}

/// How often connections are looked through.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);

impl<K: Connector> Drop for Keeper<K> {
    fn drop(&mut self) {
        self.0.change(State::close);
    }
}

/// An attempt to connect, which counts until it is done or given up.
struct Attempt<K: Connector> {
    shared: Arc<Shared<K>>,
    is_done: bool,
}

impl<K: Connector> Attempt<K> {
    async fn run(mut self, cx: &Cx) {
        if let Some(retry_at) = self.shared.read(State::retry_at) {
            let left = Duration::from_nanos(retry_at.duration_since(cx.now()));
            if !Wait::on(cx).at_most(left).sleep().await.is_ok() {
                return;
            }
        }
        let limit = self.shared.options.connect_timeout;
        match in_time(Wait::on(cx).at_most(limit), self.open(cx)).await {
            Outcome::Ok(Outcome::Ok(slot)) => {
                self.is_done = true;
                self.shared.change(|state| state.connected(slot));
            }
            Outcome::Ok(Outcome::Err(error)) => self.fail(error),
            Outcome::Err(_) => self.fail(Error::new(
                ErrorKind::Connect,
                format!("no connection could be opened within {limit:?}"),
            )),
            // The region ends.
            Outcome::Cancelled(_) | Outcome::Ok(Outcome::Cancelled(_)) => {}
            Outcome::Panicked(_) | Outcome::Ok(Outcome::Panicked(_)) => self.fail(panicked()),
        }
    }

    async fn open(&self, cx: &Cx) -> Outcome<Slot<K::Connection>, Error> {
        let Shared {
            connector, options, ..
        } = &*self.shared;
        let n_broken = self.shared.read(State::n_broken);
        let mut connection = ok!(connector.connect(cx).await);
        ok!(self.shared.set_up(cx, &mut connection).await);
        let now = cx.now();
        Outcome::Ok(Slot {
            connection,
            expires_at: options.max_lifetime.map(|lifetime| {
                // Up to a tenth earlier: those that were opened together do not go together.
                now + (lifetime - lifetime / 5 + jitter(cx, lifetime / 5))
            }),
            idle_since: now,
            n_broken,
            is_suspect: false,
            is_new: true,
        })
    }

    fn fail(&mut self, error: Error) {
        self.is_done = true;
        let Shared {
            connector,
            options,
            cx,
            ..
        } = &*self.shared;
        let is_passing = connector.is_passing(&error);
        let n_failures = self.shared.read(State::n_failures);
        let doubled = options
            .first_backoff
            .saturating_mul(1 << n_failures.min(20));
        let backoff = jitter(cx, doubled.min(options.max_backoff));
        let now = cx.now();
        self.shared
            .change(|state| state.connect_failed(error, is_passing, now, now + backoff));
    }
}

impl<K: Connector> Drop for Attempt<K> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        if std::thread::panicking() {
            self.fail(panicked());
        } else {
            self.shared.change(|state| {
                state.connect_abandoned();
                state.close();
            });
        }
    }
}

fn panicked() -> Error {
    Error::new(ErrorKind::Connect, "the driver panicked while it connected")
}

/// Returns a random duration between the half of this and all of it, so that what began together does not go on together.
fn jitter(cx: &Cx, longest: Duration) -> Duration {
    let half = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX) / 2;
    Duration::from_nanos(half + cx.random_u64() % (half + 1))
}

/// A connection on its way back to how it was opened.
struct Reset<K: Connector> {
    shared: Arc<Shared<K>>,
    is_done: bool,
}

impl<K: Connector> Reset<K> {
    async fn run(mut self, cx: &Cx, mut slot: Slot<K::Connection>) {
        let Shared {
            connector, options, ..
        } = &*self.shared;
        let connection = &mut slot.connection;
        let put_right = async {
            if connector.upkeep(connection) == Upkeep::Used {
                ok!(self.shared.reset(cx, connection).await);
            }
            self.shared.released(cx, connection).await
        };
        let wait = Wait::on(cx).at_most(options.connect_timeout);
        let done = in_time(wait, put_right).await;
        let is_ready = matches!(done, Outcome::Ok(Outcome::Ok(())))
            && connector.upkeep(&mut slot.connection) == Upkeep::Ready;
        if is_ready {
            slot.idle_since = cx.now();
            self.is_done = true;
            self.shared.change(|state| state.reset_ends(Some(slot)));
        }
    }
}

impl<K: Connector> Drop for Reset<K> {
    fn drop(&mut self) {
        if !self.is_done {
            self.shared.change(|state| state.reset_ends(None));
        }
    }
}
