//! Statements that run again and again where one would do: a query for each row of another query.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

/// Finds statements that repeat within a piece of work, such as the answer to a request; for development.
///
/// # Examples
///
/// ```
/// use sqlmodel_core::trace::Repeats;
///
/// sqlmodel_core::block_on(async |_| {
///     let repeats = Repeats::of(5);
///     repeats.watch(async { /* the work */ }).await;
///     assert!(repeats.found().is_empty());
/// });
/// ```
#[derive(Debug, Clone)]
pub struct Repeats {
    limit: u64,
    counts: Arc<Mutex<BTreeMap<Box<str>, u64>>>,
}

/// A statement that ran too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// The text of the statement.
    pub sql: Box<str>,
    /// How often it ran, with whatever parameters.
    pub n_runs: u64,
}

thread_local! {
    /// What watches the task that is polled now.
    static WATCHING: RefCell<Option<Repeats>> = const { RefCell::new(None) };
}

impl Repeats {
    /// Warns of statements that run so often.
    pub fn of(limit: u64) -> Self {
        Self {
            limit,
            counts: Arc::default(),
        }
    }

    /// Counts the statements that a piece of work runs. Tasks that it spawns are not part of it.
    ///
    /// One that watches inside of another takes its place.
    pub async fn watch<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        std::future::poll_fn(|task| {
            let _restore = Restore(WATCHING.replace(Some(self.clone())));
            work.as_mut().poll(task)
        })
        .await
    }

    /// Returns the statements that ran as often as the limit, or more often.
    pub fn found(&self) -> Vec<Repeated> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .filter(|(_, n_runs)| **n_runs >= self.limit)
            .map(|(sql, n_runs)| Repeated {
                sql: sql.clone(),
                n_runs: *n_runs,
            })
            .collect()
    }

    fn count(&self, sql: &str) {
        let n_runs = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            match counts.get_mut(sql) {
                Some(n_runs) => {
                    *n_runs += 1;
                    *n_runs
                }
                None => {
                    counts.insert(sql.into(), 1);
                    1
                }
            }
        };
        if n_runs == self.limit {
            tracing::warn!(
                target: "sqlmodel::repeats",
                sql,
                n_runs,
                "the same statement runs again and again: load the rows of all at once, by an include or IN"
            );
        }
    }
}

/// Puts back what watched before, whatever becomes of the poll.
struct Restore(Option<Repeats>);

impl Drop for Restore {
    fn drop(&mut self) {
        WATCHING.set(self.0.take());
    }
}

/// Counts a statement, if somebody watches.
#[inline]
pub(super) fn note(sql: &str) {
    WATCHING.with_borrow(|watching| {
        if let Some(repeats) = watching {
            repeats.count(sql);
        }
    });
}
