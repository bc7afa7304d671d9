//! What a program can see of its statements: events of the crate `tracing`, slow statements, and statements that repeat.
//!
//! A driver makes a [`Traced`] before it runs a statement and tells it the end. Nothing is measured while nobody subscribes.
//!
//! | target | level | when |
//! | --- | --- | --- |
//! | `sqlmodel::statement` | DEBUG | a statement has ended: its SQL, duration and rows, and the error if it failed |
//! | `sqlmodel::slow` | WARN | it took as long as [`warn_of_slow_statements`] says, a second at first |
//! | `sqlmodel::repeats` | WARN | it ran as often within a [`Repeats`] as that allows |
//!
//! The first two have the field `params` as well where the target `sqlmodel::params` is enabled at level TRACE; values of
//! parameters are shown nowhere else.
//!
//! A stream has one event, at its end or where it is dropped, with the rows that were read until then and the time that the
//! database was waited for.

mod pulled;
mod repeats;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::decode::RowRead;
use crate::error::Error;
use crate::seam::Outcome;
use crate::statement::{RowSink, Statement};
use crate::value::Value;

pub(crate) use pulled::Pulled;
pub use repeats::{Repeated, Repeats};

static SLOW_MICROS: AtomicU64 = AtomicU64::new(1_000_000);

/// Sets from when on a statement is slow, for the whole program.
pub fn warn_of_slow_statements(from: Duration) {
    let micros = u64::try_from(from.as_micros()).unwrap_or(u64::MAX);
    SLOW_MICROS.store(micros, Ordering::Relaxed);
}

/// A statement that runs, for its events; for drivers.
///
/// One that is dropped without an end was given up: its future was dropped.
#[derive(Debug)]
#[must_use = "it wants to know the end of the statement"]
pub struct Traced<'s> {
    statement: Statement<'s>,
    /// Nobody listens when there is none.
    since: Option<Instant>,
}

impl<'s> Traced<'s> {
    /// Begins to watch a statement that is about to run.
    #[inline]
    pub fn begin(statement: Statement<'s>) -> Self {
        repeats::note(statement.sql);
        Self::unnoted(statement)
    }

    /// Begins to watch a step of a transaction.
    pub(crate) fn control(sql: &'s str) -> Self {
        Self::unnoted(Statement::new(sql, &[]))
    }

    #[inline]
    fn unnoted(statement: Statement<'s>) -> Self {
        let is_watched = LevelFilter::current() != LevelFilter::OFF;
        Self {
            statement,
            since: is_watched.then(Instant::now),
        }
    }

    /// Tells how the statement ended, after so many rows were read or written.
    #[inline]
    pub fn end<T>(mut self, n_rows: u64, outcome: &Outcome<T, Error>) {
        if let Some(since) = self.since.take() {
            let n_rows = matches!(outcome, Outcome::Ok(_)).then_some(n_rows);
            let end = End::of(outcome);
            tell(self.statement, since.elapsed(), n_rows, &end);
        }
    }
}

impl Drop for Traced<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(since) = self.since.take() {
            tell(self.statement, since.elapsed(), None, &End::Dropped);
        }
    }
}

#[cold]
fn tell(statement: Statement<'_>, duration: Duration, n_rows: Option<u64>, end: &End<'_>) {
    let Statement { sql, params, .. } = statement;
    let are_params_shown = tracing::enabled!(target: "sqlmodel::params", Level::TRACE);
    let params = are_params_shown.then(|| tracing::field::debug(Params(params)));
    let error = match end {
        End::Failed(error) => Some(tracing::field::display(error)),
        End::Done | End::Cancelled | End::Panicked | End::Dropped => None,
    };
    let end = end.name();
    tracing::debug!(target: "sqlmodel::statement", sql, ?duration, n_rows, error, params, "{end}");
    if duration >= Duration::from_micros(SLOW_MICROS.load(Ordering::Relaxed)) {
        tracing::warn!(target: "sqlmodel::slow", sql, ?duration, n_rows, params, "slow statement");
    }
}

/// How a statement ended.
enum End<'e> {
    Done,
    Failed(&'e Error),
    Cancelled,
    Panicked,
    Dropped,
}

impl<'e> End<'e> {
    fn of<T>(outcome: &'e Outcome<T, Error>) -> Self {
        match outcome {
            Outcome::Ok(_) => Self::Done,
            Outcome::Err(error) => Self::Failed(error),
            Outcome::Cancelled(_) => Self::Cancelled,
            Outcome::Panicked(_) => Self::Panicked,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::Dropped => "dropped",
        }
    }
}

struct Params<'p>(&'p [Value<'p>]);

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0).finish()
    }
}

/// Counts the rows that a sink takes; for drivers.
#[derive(Debug)]
pub struct Counted<'s, S> {
    sink: &'s mut S,
    n_rows: u64,
}

impl<'s, S: RowSink> Counted<'s, S> {
    /// Counts from zero.
    pub fn new(sink: &'s mut S) -> Self {
        Self { sink, n_rows: 0 }
    }

    /// Returns the number of rows so far.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }
}

impl<S: RowSink> RowSink for Counted<'_, S> {
    #[inline]
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        self.n_rows += 1;
        self.sink.row(row)
    }
}
