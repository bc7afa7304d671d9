//! Transactions that are run again when they lost against others.

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::connection::Connection;
use crate::error::Error;
use crate::seam::{Cx, Outcome};
use crate::transaction::{Transaction, TransactionOps, TransactionOptions};
use crate::wait::Wait;

/// How often a transaction is run, and how long the waits between are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is run at most, the first time included; eight by default.
    pub max_attempts: u32,
    /// The longest wait after the first attempt, doubled after each further one; 10 milliseconds by default.
    /// A wait takes between the half and all of it, so that two that collided do not collide again.
    pub first_delay: Duration,
    /// What no wait exceeds; one second by default.
    pub max_delay: Duration,
    /// How each transaction is begun.
    pub options: TransactionOptions,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            first_delay: Duration::from_millis(10),
            max_delay: Duration::from_secs(1),
            options: TransactionOptions::default(),
        }
    }
}

/// Runs work in a transaction and commits it; again when it conflicted with others. See the function [`retry`](fn@crate::retry).
///
/// The work is written like a closure and is an async block: `ok!` and `return` leave it and not the function around it.
///
/// # Examples
///
/// ```
/// use sqlmodel_core::{Connection, Cx, Error, Executor, Outcome, RetryPolicy, Value, retry};
///
/// async fn rename<C: Connection>(cx: &Cx, connection: &mut C, name: &str) -> Outcome<u64, Error> {
///     retry!(cx, &RetryPolicy::default(), connection, |transaction| {
///         transaction.execute_sql(cx, "UPDATE hero SET name = $1", &[Value::Text(name.into())]).await
///     })
/// }
/// ```
#[macro_export]
macro_rules! retry {
    ($cx:expr, $policy:expr, $connection:expr, |$transaction:ident| $work:expr $(,)?) => {{
        let cx: &$crate::Cx = $cx;
        let policy: &$crate::RetryPolicy = $policy;
        let connection = $connection;
        let mut attempts = $crate::Attempts::new(policy);
        loop {
            let attempt = async {
                let begin = $crate::Connection::begin_with(&mut *connection, cx, policy.options);
                let mut begun = $crate::ok!(begin.await);
                let work = async {
                    let $transaction = &mut begun;
                    $work
                };
                let outcome = work.await;
                $crate::Attempts::end(cx, begun, outcome).await
            };
            match attempts.next(cx, attempt.await).await {
                ::core::ops::ControlFlow::Continue(()) => {}
                ::core::ops::ControlFlow::Break(outcome) => break outcome,
            }
        }
    }};
}

/// Runs `work` in a transaction and commits it; again, from the beginning, when the database says that it
/// [conflicted](Error::is_retryable) with others: a serialization failure, a deadlock, a busy database.
///
/// The transaction is rolled back before the wait, so that it is in nobody's way. `work` may run several times: what it does
/// outside of the database it does each time.
///
/// The future is not `Send` when `work` borrows, because the compiler cannot see it through async closures;
/// for spawned tasks there is the macro [`retry!`](crate::retry!), which does the same.
///
/// Cancel: a dropped call rolls back, and so does one whose context is cancelled while `work` runs statements; work that has come
/// to its end is committed, even past the deadline, as [`commit`](TransactionOps::commit) does. The last error is returned at once when the next attempt would begin
/// after the deadline of the context.
///
/// # Errors
///
/// What `work`, BEGIN or COMMIT returned, if running it again cannot help or was tried often enough.
/// [`CommitUnknown`](crate::ErrorKind::CommitUnknown) is never tried again.
///
/// # Examples
///
/// ```
/// use sqlmodel_core::{Connection, Cx, Error, Executor, Outcome, RetryPolicy, ok, retry};
///
/// async fn transfer<C: Connection>(cx: &Cx, connection: &mut C) -> Outcome<(), Error> {
///     retry(cx, &RetryPolicy::default(), connection, async |transaction| {
///         ok!(transaction.execute_sql(cx, "UPDATE account SET balance = balance - 1 WHERE id = 1", &[]).await);
///         ok!(transaction.execute_sql(cx, "UPDATE account SET balance = balance + 1 WHERE id = 2", &[]).await);
///         Outcome::Ok(())
///     })
///     .await
/// }
/// ```
pub async fn retry<C: Connection, T>(
    cx: &Cx,
    policy: &RetryPolicy,
    connection: &mut C,
    mut work: impl AsyncFnMut(&mut Transaction<'_, C>) -> Outcome<T, Error>,
) -> Outcome<T, Error> {
    retry!(cx, policy, connection, |transaction| work(transaction)
        .await)
}

/// Counts the attempts at a transaction and waits between them; the parts of [`retry!`](crate::retry!).
#[derive(Debug)]
pub struct Attempts<'p> {
    policy: &'p RetryPolicy,
    n_failures: u32,
}

impl<'p> Attempts<'p> {
    /// Begins with the first attempt.
    pub fn new(policy: &'p RetryPolicy) -> Self {
        Self {
            policy,
            n_failures: 0,
        }
    }

    /// Ends a transaction as the work in it came out: commits it or, on an error, rolls it back.
    ///
    /// # Errors
    ///
    /// That of the work or of COMMIT.
    pub async fn end<C: Connection, T>(
        cx: &Cx,
        transaction: Transaction<'_, C>,
        outcome: Outcome<T, Error>,
    ) -> Outcome<T, Error> {
        match &outcome {
            Outcome::Ok(_) => ok!(transaction.commit(cx).await),
            // The first error is the one to tell. Whether a lost connection could be told to roll back does not matter.
            Outcome::Err(_) => drop(transaction.rollback(cx).await),
            Outcome::Cancelled(_) | Outcome::Panicked(_) => {}
        }
        outcome
    }

    /// Waits until the next attempt may be made, or breaks with the outcome of this one when there is no next.
    ///
    /// There is none after an error that would come again, when there were enough, and when the context's deadline
    /// comes before it.
    pub async fn next<T>(
        &mut self,
        cx: &Cx,
        outcome: Outcome<T, Error>,
    ) -> ControlFlow<Outcome<T, Error>> {
        if !matches!(&outcome, Outcome::Err(error) if error.is_retryable()) {
            return ControlFlow::Break(outcome);
        }
        self.n_failures += 1;
        let delay = self.delay(cx);
        let deadline = cx.budget().deadline;
        if self.n_failures >= self.policy.max_attempts
            || deadline.is_some_and(|deadline| cx.now() + delay >= deadline)
        {
            return ControlFlow::Break(outcome);
        }
        match Wait::on(cx).at_most(delay).sleep().await {
            Outcome::Cancelled(reason) => ControlFlow::Break(Outcome::Cancelled(reason)),
            _ => ControlFlow::Continue(()),
        }
    }

    /// How long to wait after the latest failure.
    fn delay(&self, cx: &Cx) -> Duration {
        let n_doublings = self.n_failures.saturating_sub(1).min(20);
        let doubled = self.policy.first_delay.saturating_mul(1 << n_doublings);
        let longest = doubled.min(self.policy.max_delay);
        let half = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX) / 2;
        Duration::from_nanos(half + cx.random_u64() % (half + 1))
    }
}
