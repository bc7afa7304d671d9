//! A query whose rows are pulled, for its one event: it outlives the call that began it.

use std::time::{Duration, Instant};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::{End, repeats, tell};
use crate::error::Error;
use crate::seam::Outcome;
use crate::statement::Statement;
use crate::value::Value;

/// Watches a query from its beginning to its last row, or to where it was given up.
///
/// The duration is the time that the database was waited for, and not what the program did between rows.
#[derive(Debug)]
pub(crate) struct Pulled(Option<Box<Watched>>);

#[derive(Debug)]
struct Watched {
    sql: String,
    params: Vec<Value<'static>>,
    waited: Duration,
}

impl Pulled {
    /// Begins to watch a query that is about to run.
    pub(crate) fn begin(statement: Statement<'_>) -> Self {
        repeats::note(statement.sql);
        if LevelFilter::current() == LevelFilter::OFF {
            return Self(None);
        }
        let are_params_shown = tracing::enabled!(target: "sqlmodel::params", Level::TRACE);
        let params = if are_params_shown {
            statement.params
        } else {
            &[]
        };
        Self(Some(Box::new(Watched {
            sql: statement.sql.to_owned(),
            params: params.iter().cloned().map(Value::into_owned).collect(),
            waited: Duration::ZERO,
        })))
    }

    /// Adds the time that a call of the driver takes.
    pub(crate) async fn wait_for<F: Future>(&mut self, call: F) -> F::Output {
        let since = self.0.is_some().then(Instant::now);
        let output = call.await;
        if let (Some(watched), Some(since)) = (&mut self.0, since) {
            watched.waited += since.elapsed();
        }
        output
    }

    /// Tells how the query ended, after so many rows.
    pub(crate) fn end<T>(&mut self, n_rows: u64, outcome: &Outcome<T, Error>) {
        self.tell(n_rows, &End::of(outcome));
    }

    /// Tells that the query was given up after so many rows, unless its end was told.
    pub(crate) fn dropped(&mut self, n_rows: u64) {
        self.tell(n_rows, &End::Dropped);
    }

    fn tell(&mut self, n_rows: u64, end: &End<'_>) {
        if let Some(watched) = self.0.take() {
            let statement = Statement::new(&watched.sql, &watched.params);
            tell(statement, watched.waited, Some(n_rows), end);
        }
    }
}
