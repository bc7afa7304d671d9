//! The pool's bookkeeping: who has a connection, who waits for one, and how many are to be opened.
//!
//! No I/O, no clock and no lock: each method is one change, and [`State::settle`] matches connections with waiters after it
//! and returns what is to be done without the lock.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::task::{Poll, Waker};
use std::time::Duration;

use sqlmodel_core::Error;
use sqlmodel_core::seam::Time;

use crate::error;
use crate::status::{PoolStatus, PoolTotals};

/// A connection of the pool.
#[derive(Debug)]
pub(crate) struct Slot<C> {
    pub(crate) connection: C,
    /// When it is to be closed, however well it works.
    pub(crate) expires_at: Option<Time>,
    /// When it was opened or given back.
    pub(crate) idle_since: Time,
    /// The count of broken connections when it was last handed out: what broke them may have broken it too.
    pub(crate) n_broken: u64,
    /// Whether others were found broken since, so that it has to show that it works.
    pub(crate) is_suspect: bool,
    /// Whether nobody has used it yet.
    pub(crate) is_new: bool,
}

/// What a waiter gets.
#[derive(Debug)]
pub(crate) enum Grant<C> {
    Slot(Slot<C>),
    Failed(Error),
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    Broken,
    Expired,
    /// The one who had it keeps it.
    Detached,
}

/// The number of a waiter; they are served in this order.
pub(crate) type Ticket = u64;

#[derive(Debug)]
struct Waiter {
    ticket: Ticket,
    since: Time,
    waker: Option<Waker>,
}

/// What is to be done after a change, when the lock is released.
#[derive(Debug)]
pub(crate) struct Effects<C> {
    pub(crate) wake: Vec<Waker>,
    pub(crate) close: Vec<Slot<C>>,
    /// How many connections to open. They count already.
    pub(crate) n_connects: usize,
}

#[derive(Debug)]
pub(crate) struct State<C> {
    min_size: usize,
    max_size: usize,
    max_connecting: usize,
    /// The one that was used last is the last.
    idle: Vec<Slot<C>>,
    /// By ticket.
    waiters: VecDeque<Waiter>,
    /// What waiters have been given and have not yet taken; the connections among these count as in use.
    grants: BTreeMap<Ticket, Grant<C>>,
    n_in_use: usize,
    n_resetting: usize,
    n_connecting: usize,
    /// Those that are being closed: until they are, no others are opened in their place.
    n_closing: usize,
    next_ticket: Ticket,
    /// Failures to connect since the last success, and when the next attempt may be made.
    n_failures: u32,
    retry_at: Option<Time>,
    /// What went wrong last with connections, and when.
    latest_error: Option<(Time, String)>,
    is_closed: bool,
    /// Those who want to know of every change.
    watchers: Vec<Waker>,
    totals: PoolTotals,
    effects: Effects<C>,
}

impl<C> Default for Effects<C> {
    fn default() -> Self {
        Self {
            wake: Vec::new(),
            close: Vec::new(),
            n_connects: 0,
        }
    }
}

impl<C> State<C> {
    pub(crate) fn new(min_size: usize, max_size: usize, max_connecting: usize) -> Self {
        Self {
            min_size: min_size.min(max_size),
            max_size,
            max_connecting,
            idle: Vec::new(),
            waiters: VecDeque::new(),
            grants: BTreeMap::new(),
            n_in_use: 0,
            n_resetting: 0,
            n_connecting: 0,
            n_closing: 0,
            next_ticket: 0,
            n_failures: 0,
            retry_at: None,
            latest_error: None,
            is_closed: false,
            watchers: Vec::new(),
            totals: PoolTotals::default(),
            effects: Effects::default(),
        }
    }

    pub(crate) fn status(&self) -> PoolStatus {
        PoolStatus {
            n_idle: self.idle.len(),
            n_in_use: self.n_in_use,
            n_resetting: self.n_resetting,
            n_connecting: self.n_connecting,
            n_waiting: self.waiters.len(),
            max_size: self.max_size,
            totals: self.totals,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(crate) fn min_size(&self) -> usize {
        self.min_size
    }

    /// Returns what went wrong last with connections, if it was after `since`.
    pub(crate) fn latest_error(&self, since: Time) -> Option<&str> {
        let (at, error) = self.latest_error.as_ref()?;
        (*at >= since).then_some(error)
    }

    pub(crate) fn retry_at(&self) -> Option<Time> {
        self.retry_at
    }

    pub(crate) fn n_failures(&self) -> u32 {
        self.n_failures
    }

    pub(crate) fn n_broken(&self) -> u64 {
        self.totals.broken
    }

    fn size(&self) -> usize {
        self.idle.len() + self.n_in_use + self.n_resetting + self.n_connecting
    }

    /// Takes an idle connection, unless somebody waits for one already.
    pub(crate) fn take(&mut self) -> Option<Slot<C>> {
        if !self.waiters.is_empty() {
            return None;
        }
        let slot = self.idle.pop()?;
        self.n_in_use += 1;
        Some(self.handed_out(slot))
    }

    fn handed_out(&mut self, mut slot: Slot<C>) -> Slot<C> {
        self.totals.acquired += 1;
        slot.is_suspect |= slot.n_broken != self.totals.broken;
        slot.n_broken = self.totals.broken;
        slot
    }

    /// Joins the queue; with a ticket from before, at the place that it had.
    pub(crate) fn join(&mut self, ticket: Option<Ticket>, now: Time) -> Ticket {
        let ticket = ticket.unwrap_or_else(|| {
            self.next_ticket += 1;
            self.totals.waits += 1;
            self.next_ticket
        });
        let at = self.waiters.partition_point(|other| other.ticket < ticket);
        self.waiters.insert(
            at,
            Waiter {
                ticket,
                since: now,
                waker: None,
            },
        );
        ticket
    }

    /// Takes what a waiter was given, or has it woken when there is something.
    pub(crate) fn poll(&mut self, ticket: Ticket, waker: &Waker) -> Poll<Grant<C>> {
        if let Some(grant) = self.grants.remove(&ticket) {
            return Poll::Ready(match grant {
                Grant::Slot(slot) => Grant::Slot(self.handed_out(slot)),
                failed @ Grant::Failed(_) => failed,
            });
        }
        let at = self.waiters.partition_point(|other| other.ticket < ticket);
        if let Some(waiter) = self.waiters.get_mut(at) {
            match &mut waiter.waker {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
        }
        Poll::Pending
    }

    /// Leaves the queue, and leaves what was given to the next one.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        match self.grants.remove(&ticket) {
            Some(Grant::Slot(slot)) => {
                self.n_in_use -= 1;
                self.idle.push(slot);
            }
            Some(Grant::Failed(_)) => {}
            None => {
                let at = self.waiters.partition_point(|other| other.ticket < ticket);
                if self
                    .waiters
                    .get(at)
                    .is_some_and(|other| other.ticket == ticket)
                {
                    self.waiters.remove(at);
                }
            }
        }
    }

    /// Notes that a connection which was taken does not work, and is closed.
    pub(crate) fn reject(&mut self, closing: Closing) {
        self.totals.acquired -= 1;
        self.remove(closing);
    }

    /// Notes why an open connection was not handed out, and when the next one may be opened if that should be later than now.
    pub(crate) fn refused(&mut self, error: &Error, now: Time, retry_at: Option<Time>) {
        self.latest_error = Some((now, error.to_string()));
        self.retry_at = retry_at.or(self.retry_at);
    }

    pub(crate) fn timed_out(&mut self) {
        self.totals.timeouts += 1;
    }

    /// Takes a connection back that is as it was opened.
    pub(crate) fn put(&mut self, slot: Slot<C>) {
        self.n_in_use -= 1;
        self.idle.push(slot);
    }

    /// Notes that a connection is not in use any more, and not in the pool either.
    pub(crate) fn remove(&mut self, closing: Closing) {
        self.n_in_use -= 1;
        self.count(closing);
    }

    fn count(&mut self, closing: Closing) {
        match closing {
            Closing::Broken => self.totals.broken += 1,
            Closing::Expired => self.totals.expired += 1,
            Closing::Detached => {}
        }
    }

    /// Notes that a connection that was in use is being reset.
    pub(crate) fn reset_begins(&mut self) {
        self.n_in_use -= 1;
        self.n_resetting += 1;
    }

    /// Takes a connection back that was reset, or `None` when that has failed and it is closed.
    pub(crate) fn reset_ends(&mut self, slot: Option<Slot<C>>) {
        self.n_resetting -= 1;
        match slot {
            Some(slot) => {
                self.totals.resets += 1;
                self.idle.push(slot);
            }
            None => self.totals.broken += 1,
        }
    }

    pub(crate) fn connected(&mut self, slot: Slot<C>) {
        self.n_connecting -= 1;
        self.totals.connects += 1;
        self.n_failures = 0;
        self.retry_at = None;
        self.idle.push(slot);
    }

    /// Notes that an attempt to connect has failed now, and for how long it is not to be repeated.
    ///
    /// An error that will not pass goes to all who wait; otherwise they wait on.
    pub(crate) fn connect_failed(
        &mut self,
        error: Error,
        is_passing: bool,
        now: Time,
        retry_at: Time,
    ) {
        self.n_connecting -= 1;
        self.totals.connect_failures += 1;
        self.n_failures += 1;
        self.retry_at = Some(retry_at);
        self.latest_error = Some((now, error.to_string()));
        if is_passing {
            return;
        }
        let mut others = mem::take(&mut self.waiters).into_iter();
        if let Some(first) = others.next() {
            for waiter in others {
                self.grant(waiter, Grant::Failed(copy(&error)));
            }
            self.grant(first, Grant::Failed(error));
        }
    }

    /// Notes that an attempt to connect was given up.
    pub(crate) fn connect_abandoned(&mut self) {
        self.n_connecting -= 1;
    }

    /// Closes connections that were idle or open for too long; those that were not used for the longest time first.
    pub(crate) fn reap(&mut self, now: Time, idle_timeout: Option<Duration>) {
        let mut spare = self.size().saturating_sub(self.min_size);
        for slot in mem::take(&mut self.idle) {
            let is_old = slot.expires_at.is_some_and(|expires_at| expires_at <= now);
            let is_idle = idle_timeout.is_some_and(|timeout| slot.idle_since + timeout <= now);
            if is_old || (is_idle && spare > 0) {
                spare = spare.saturating_sub(1);
                self.count(Closing::Expired);
                self.effects.close.push(slot);
            } else {
                self.idle.push(slot);
            }
        }
    }

    pub(crate) fn resize(&mut self, min_size: usize, max_size: usize) {
        self.max_size = max_size.max(1);
        self.min_size = min_size.min(self.max_size);
    }

    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Notes that so many connections are closed which [`settle`](Self::settle) gave away for that.
    pub(crate) fn closed(&mut self, n_connections: usize) {
        self.n_closing -= n_connections;
    }

    pub(crate) fn watch(&mut self, waker: &Waker) {
        self.watchers.push(waker.clone());
    }

    /// Gives idle connections to those who wait, in order, and returns what else is to be done.
    pub(crate) fn settle(&mut self, now: Time) -> Effects<C> {
        if self.is_closed {
            for waiter in mem::take(&mut self.waiters) {
                self.grant(waiter, Grant::Failed(error::closed()));
            }
            self.effects.close.append(&mut self.idle);
        }
        // After the pool was made smaller.
        while self.size() > self.max_size && !self.idle.is_empty() {
            self.effects.close.push(self.idle.remove(0));
        }
        while !self.idle.is_empty()
            && let Some(waiter) = self.waiters.pop_front()
            && let Some(slot) = self.idle.pop()
        {
            let waited = Duration::from_nanos(now.duration_since(waiter.since));
            self.totals.wait_time += waited;
            self.n_in_use += 1;
            self.grant(waiter, Grant::Slot(slot));
        }
        self.n_closing += self.effects.close.len();
        let n_connects = self.missing();
        self.n_connecting += n_connects;
        self.effects.n_connects = n_connects;
        self.effects.wake.append(&mut self.watchers);
        mem::take(&mut self.effects)
    }

    /// How many connections to open: one for each who waits and will not get one that is on its way, and those that the
    /// least size asks for.
    fn missing(&self) -> usize {
        if self.is_closed {
            return 0;
        }
        let on_their_way = self.n_connecting + self.n_resetting;
        let for_waiters = self.waiters.len().saturating_sub(on_their_way);
        let for_size = self.min_size.saturating_sub(self.size());
        // While the server refuses, one attempt at a time tells whether it still does.
        let at_a_time = if self.n_failures > 0 {
            1
        } else {
            self.max_connecting
        };
        for_waiters
            .max(for_size)
            .min(self.max_size.saturating_sub(self.size() + self.n_closing))
            .min(at_a_time.saturating_sub(self.n_connecting))
    }

    fn grant(&mut self, waiter: Waiter, grant: Grant<C>) {
        self.grants.insert(waiter.ticket, grant);
        self.effects.wake.extend(waiter.waker);
    }
}

/// An error that says the same; its cause is in the first one.
fn copy(error: &Error) -> Error {
    let copy = match error.is_misconfiguration() {
        true => Error::misconfiguration(error.to_string()),
        false => Error::new(error.kind(), error.to_string()),
    };
    match error.sqlstate() {
        Some(sqlstate) => copy.with_sqlstate(sqlstate),
        None => copy,
    }
}
