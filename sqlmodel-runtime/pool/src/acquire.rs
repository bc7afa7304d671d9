//! What a call of `acquire` goes through: its turn in the queue, and a look at the connection it gets.

use std::sync::Arc;
use std::time::Duration;

use sqlmodel_core::seam::Time;
use sqlmodel_core::{Connector, Cx, Elapsed, Error, Outcome, Upkeep, Wait, ok, ok_result};

use crate::error::{AcquireStep, closed};
use crate::pooled::Pooled;
use crate::shared::{Shared, in_time, run_hook};
use crate::state::{Closing, Grant, Slot, State, Ticket};

/// How long a call of `acquire` has.
pub(crate) struct Clock<'c> {
    pub(crate) cx: &'c Cx,
    pub(crate) since: Time,
    pub(crate) until: Time,
}

impl<'c> Clock<'c> {
    fn wait(&self) -> Wait<'c> {
        let left = self.until.duration_since(self.cx.now());
        Wait::on(self.cx).at_most(Duration::from_nanos(left))
    }
}

impl<K: Connector> Shared<K> {
    /// Waits for a connection, and returns it with the time. A ticket from an earlier turn, which ended with one that did not
    /// work, keeps its place.
    pub(crate) async fn turn(
        self: &Arc<Self>,
        clock: &Clock<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Outcome<(Slot<K::Connection>, Time), Error> {
        // The first turn comes at once.
        let now = match ticket {
            None => clock.since,
            Some(_) => clock.cx.now(),
        };
        let taken = self.change_at(now, |state| {
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
            Ok(slot) => return Outcome::Ok((slot, now)),
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
            Outcome::Ok(Grant::Slot(slot)) => Outcome::Ok((slot, clock.cx.now())),
            Outcome::Ok(Grant::Failed(error)) => Outcome::Err(error),
            Outcome::Err(Elapsed) => {
                let status = self.read(State::status);
                let step = if status.n_in_use + status.n_resetting >= status.max_size {
                    AcquireStep::Turn
                } else {
                    AcquireStep::Connect
                };
                Outcome::Err(self.timeout(step, clock.since))
            }
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    /// Makes sure that a connection may be handed out; one that does not work is closed.
    pub(crate) async fn check(
        self: &Arc<Self>,
        clock: &Clock<'_>,
        pooled: &mut Pooled<K>,
        now: Time,
    ) -> Outcome<bool, Error> {
        let slot = pooled.slot();
        if slot.expires_at.is_some_and(|expires_at| expires_at <= now) {
            pooled.discard(Closing::Expired);
            return Outcome::Ok(false);
        }
        let is_doubtful = slot.is_suspect || slot.idle_since + self.options.ping_after <= now;
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
                slot.is_suspect = false;
                slot.is_new = false;
                Outcome::Ok(true)
            }
            // Whatever it was, the next connection may not have it.
            Outcome::Ok(Outcome::Err(error)) => {
                // One that never worked is not replaced at once, or the server would be flooded.
                let retry_at = slot.is_new.then(|| now + self.options.first_backoff);
                self.access(|state| state.refused(&error, now, retry_at));
                pooled.discard(Closing::Broken);
                Outcome::Ok(false)
            }
            Outcome::Err(Elapsed) => {
                pooled.discard(Closing::Broken);
                if clock.cx.now() < clock.until {
                    return Outcome::Ok(false);
                }
                Outcome::Err(self.timeout(AcquireStep::Check, clock.since))
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
            ok!(self.reset(cx, connection).await);
        } else if is_doubtful {
            ok!(self.connector.ping(cx, connection).await);
        }
        run_hook(self.options.before_acquire.as_ref(), cx, connection).await
    }
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
