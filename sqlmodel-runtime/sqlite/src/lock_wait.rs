//! Waiting on the calling task while no thread is blocked: for locks of other connections, and for other tasks.

use std::task::Poll;
use std::time::Duration;

use sqlmodel_core::{Cx, Error, Outcome, Wait, ok, seam};

/// How many milliseconds the first attempts to take a lock are apart; the last one repeats. The steps are SQLite's own.
const STEPS: [u64; 9] = [1, 2, 5, 10, 15, 20, 25, 50, 100];

/// The wait for a lock that another connection holds.
pub(crate) struct LockWait {
    left: Duration,
    n_steps: usize,
}

impl LockWait {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            left: timeout,
            n_steps: 0,
        }
    }

    /// Waits before the next attempt, or returns the error when the time is over.
    pub(crate) async fn pause(&mut self, cx: &Cx, error: Error) -> Outcome<(), Error> {
        let [.., last] = STEPS;
        let step = STEPS.get(self.n_steps).copied().unwrap_or(last);
        let pause = Duration::from_millis(step).min(self.left);
        if pause.is_zero() {
            return Outcome::Err(error);
        }
        self.n_steps += 1;
        self.left -= pause;
        match Wait::on(cx).at_most(pause).sleep().await {
            Outcome::Ok(()) | Outcome::Err(_) => Outcome::Ok(()),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }
}

/// Lets other tasks run, and stops if the context was cancelled meanwhile.
pub(crate) async fn give_way(cx: &Cx) -> Outcome<(), Error> {
    let mut has_waited = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    ok!(seam::checkpoint(cx));
    Outcome::Ok(())
}
