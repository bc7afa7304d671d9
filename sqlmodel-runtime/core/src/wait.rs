//! Waiting that obeys the context it was given.
//!
//! The runtime's own sockets and timers look at the context of the running task only. A call may be given another one:
//! a request's, with a budget of its own. [`Wait`] watches that one too, wakes for its deadline, and can wait
//! through a cancellation where a connection has to be put in order after it.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::seam::{CancelReason, Cx, Outcome, Sleep, Time};

/// How long to wait for something, and whether a cancelled context ends the wait.
#[derive(Debug, Clone, Copy)]
pub struct Wait<'c> {
    cx: &'c Cx,
    until: Option<Time>,
    is_masked: bool,
}

/// The time that a wait was limited to has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

impl<'c> Wait<'c> {
    /// Waits until the context is cancelled or its budget is spent.
    pub fn on(cx: &'c Cx) -> Self {
        Self {
            cx,
            until: None,
            is_masked: false,
        }
    }

    /// Waits through cancellation and past the budget, but no longer than this: for work that leaves things in order.
    pub fn masked(cx: &'c Cx, limit: Duration) -> Self {
        Self {
            cx,
            until: None,
            is_masked: true,
        }
        .at_most(limit)
    }

    /// Waits no longer than this, counted from now.
    #[must_use]
    pub fn at_most(mut self, limit: Duration) -> Self {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let until = self.cx.now().saturating_add_nanos(nanos);
        self.until = Some(self.until.map_or(until, |earlier| earlier.min(until)));
        self
    }

    /// Returns the context.
    pub fn cx(&self) -> &'c Cx {
        self.cx
    }

    /// Polls `step` until it is ready.
    ///
    /// # Errors
    ///
    /// [`Elapsed`] when the limit passed first; a wait without a limit has no error.
    pub async fn poll<T>(
        self,
        mut step: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Outcome<T, Elapsed> {
        let mut cancelled = pin!(self.cx.cancelled());
        let mut alarm = Alarm::default();
        poll_fn(|task| {
            if let Some(reason) = self.stopped() {
                return Poll::Ready(Outcome::Cancelled(reason));
            }
            if let Poll::Ready(value) = self.run(|| step(task)) {
                return Poll::Ready(Outcome::Ok(value));
            }
            // Its readiness does not regard masks, the question after it does.
            if !self.is_masked
                && cancelled.as_mut().poll(task).is_ready()
                && let Some(reason) = self.stopped()
            {
                return Poll::Ready(Outcome::Cancelled(reason));
            }
            self.poll_alarm(&mut alarm, task)
        })
        .await
    }

    /// Polls an operation on a socket until it is ready; a limit that has passed is an error of kind `TimedOut`.
    ///
    /// # Errors
    ///
    /// What the operating system reports.
    pub async fn poll_io<T>(
        self,
        step: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Outcome<T, io::Error> {
        match self.poll(step).await {
            Outcome::Ok(Ok(value)) => Outcome::Ok(value),
            Outcome::Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
                // The runtime's sockets say so when the running task is cancelled.
                match Cx::with_current(Cx::cancel_reason).flatten() {
                    Some(reason) => Outcome::Cancelled(reason),
                    None => Outcome::Err(error),
                }
            }
            Outcome::Ok(Err(error)) => Outcome::Err(error),
            Outcome::Err(Elapsed) => Outcome::Err(io::ErrorKind::TimedOut.into()),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    /// Waits for the limit to pass.
    pub async fn sleep(self) -> Outcome<(), Elapsed> {
        match self.poll(|_| Poll::<()>::Pending).await {
            Outcome::Ok(()) | Outcome::Err(Elapsed) => Outcome::Ok(()),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    fn stopped(&self) -> Option<CancelReason> {
        if self.is_masked || self.cx.checkpoint().is_ok() {
            return None;
        }
        let reason = self.cx.cancel_reason();
        Some(reason.unwrap_or_else(|| CancelReason::user("the context was cancelled")))
    }

    /// Ends the wait when its time is over; the earlier one of the limit and the budget's deadline.
    fn poll_alarm<T>(
        &self,
        alarm: &mut Alarm,
        task: &mut Context<'_>,
    ) -> Poll<Outcome<T, Elapsed>> {
        let of_budget = match self.is_masked || alarm.is_past_budget {
            true => None,
            false => self.cx.budget().deadline,
        };
        let Some(deadline) = [self.until, of_budget].into_iter().flatten().min() else {
            return Poll::Pending;
        };
        if !self.run(|| alarm.rings(deadline, task)) {
            return Poll::Pending;
        }
        if let Some(reason) = self.stopped() {
            return Poll::Ready(Outcome::Cancelled(reason));
        }
        // A timer rings early when the running task is cancelled.
        if !self.is_masked
            && let Some(reason) = Cx::with_current(Cx::cancel_reason).flatten()
        {
            return Poll::Ready(Outcome::Cancelled(reason));
        }
        if self.until == Some(deadline) {
            return Poll::Ready(Outcome::Err(Elapsed));
        }
        // The caller has masked its context: only the limit ends the wait.
        alarm.is_past_budget = true;
        self.poll_alarm(alarm, task)
    }

    /// Polls with the running task's cancellation masked, if this wait is.
    fn run<T>(&self, poll: impl FnOnce() -> T) -> T {
        match self.is_masked.then(Cx::current).flatten() {
            Some(current) => current.masked(poll),
            None => poll(),
        }
    }
}

/// A timer that is set when it is first needed.
#[derive(Default)]
struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    is_past_budget: bool,
}

impl Alarm {
    fn rings(&mut self, deadline: Time, task: &mut Context<'_>) -> bool {
        let mut sleep = match self.sleep.take() {
            Some(sleep) if sleep.deadline() == deadline => sleep,
            _ => Box::pin(Sleep::new(deadline)),
        };
        let rings = sleep.as_mut().poll(task).is_ready();
        // One that has rung must not be polled again.
        if !rings {
            self.sleep = Some(sleep);
        }
        rings
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time to wait has passed")
    }
}

impl std::error::Error for Elapsed {}
