//! The one place that names the async runtime's types.
//!
//! Every other crate uses these names, so that replacing the runtime touches this module alone.

pub use asupersync::runtime::TaskHandle;
pub use asupersync::time::Sleep;
pub use asupersync::{
    Budget, CancelKind, CancelReason, Cx, Outcome, OutcomeError, PanicPayload, Time,
};

use std::time::Duration;

use asupersync::lab::{LabConfig, LabRuntime};
use asupersync::runtime::{Runtime, RuntimeBuilder};

use crate::error::Error;

pub mod net {
    //! Sockets of the async runtime, and bytes in memory that behave like one. Only `sqlmodel-net` uses them.

    pub use asupersync::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
    pub use asupersync::net::TcpStream;
    pub use asupersync::net::tcp::stream::TcpKeepaliveConfig;
    #[cfg(unix)]
    pub use asupersync::net::unix::UnixStream;
}

/// Runs `main` to completion on a new single-threaded runtime and returns what it returned.
///
/// The closure gets the root context of the runtime.
/// Single-threaded is the mode with the lowest latency for one program that talks to its database;
/// a server that has a runtime of its own calls the library from its tasks and does not need this.
///
/// # Panics
///
/// When the operating system refuses what the runtime needs to start (threads, file descriptors).
///
/// # Examples
///
/// ```
/// let answer = sqlmodel_core::block_on(async |cx| {
///     assert!(!cx.is_cancel_requested());
///     42
/// });
/// assert_eq!(answer, 42);
/// ```
pub fn block_on<T>(main: impl AsyncFnOnce(&Cx) -> T) -> T {
    let runtime = RuntimeBuilder::current_thread()
        .build()
        .expect("the operating system grants the threads and file descriptors of a runtime");
    runtime.block_on(async {
        let cx = Cx::current().expect("the runtime installs a context for its root task");
        main(&cx).await
    })
}

/// Runs `main` and what it spawns on a deterministic runtime whose clock is virtual, and returns what it returned.
///
/// For tests: a seed gives the same order of tasks each time, and when all tasks wait, the clock goes to when the first one
/// wants to be woken. Nothing can be reached over sockets.
///
/// # Panics
///
/// When `main` does not come to its end: it panics, or waits for what nobody does.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use sqlmodel_core::{Wait, seam};
///
/// let hours = seam::block_on_virtual(7, |cx| async move {
///     let begin = cx.now();
///     let _ = Wait::on(&cx).at_most(Duration::from_secs(3 * 3600)).sleep().await;
///     cx.now().duration_since(begin) / 3_600_000_000_000
/// });
/// assert_eq!(hours, 3);
/// ```
pub fn block_on_virtual<T, F>(seed: u64, main: impl FnOnce(Cx) -> F + Send + 'static) -> T
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let mut lab = LabRuntime::new(LabConfig::new(seed).with_auto_advance());
    let region = lab.state.create_root_region(Budget::INFINITE);
    let task = async {
        let cx = Cx::current().expect("the runtime installs a context for its tasks");
        main(cx).await
    };
    let (id, mut handle) = lab
        .state
        .create_task(region, Budget::INFINITE, task)
        .expect("a new region takes a task");
    lab.scheduler.lock().schedule(id, 0);
    lab.run_with_auto_advance();
    handle
        .try_join()
        .expect("the task does not panic")
        .expect("the task waits only for what others do")
}

/// Returns a context for calls that must not take longer than `limit`, nor outlive the budget of `cx`.
///
/// It is cancelled on its own: cancelling it leaves `cx` alone.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// sqlmodel_core::block_on(async |cx| {
///     let soon = sqlmodel_core::within(cx, Duration::from_secs(2));
///     assert!(soon.budget().deadline.is_some());
/// });
/// ```
pub fn within(cx: &Cx, limit: Duration) -> Cx {
    let budget = cx.budget().tightened_by_timeout(cx.now(), limit);
    match Runtime::current_handle() {
        Some(handle) => handle.request_cx_with_budget(budget),
        None => cx.clone(),
    }
}

/// Runs something that may block on a thread for it, and returns what it returned.
///
/// Without a pool of such threads, as in a runtime of virtual time, it runs where it is.
///
/// Cancel: what has begun runs to its end, unseen when this future is dropped.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    asupersync::runtime::spawn_blocking(work).await
}

/// Returns `Cancelled` when `cx` was cancelled or its budget is spent, and `Ok(())` otherwise.
///
/// Drivers call it before they send anything, so that a cancelled context costs no round trip.
pub fn checkpoint(cx: &Cx) -> Outcome<(), Error> {
    match cx.checkpoint() {
        Ok(()) => Outcome::Ok(()),
        Err(_) => Outcome::Cancelled(
            cx.cancel_reason()
                .unwrap_or_else(|| CancelReason::user("the context was cancelled")),
        ),
    }
}

/// Does what [`checkpoint`] does, for statements that take microseconds: the clock is read only where the budget has a
/// deadline, and without one the context does not learn that its task makes progress.
#[inline]
pub fn brief_checkpoint(cx: &Cx) -> Outcome<(), Error> {
    let Budget {
        deadline,
        poll_quota,
        cost_quota,
        priority: _,
    } = cx.budget();
    let may_be_spent = deadline.is_some() || poll_quota == 0 || cost_quota == Some(0);
    if may_be_spent || cx.is_cancelled() {
        return checkpoint(cx);
    }
    Outcome::Ok(())
}
