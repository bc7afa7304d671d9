use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber};

use super::*;
use crate::block_on;
use crate::error::ErrorKind;

/// Keeps the events up to a level as lines of text: target, then fields.
struct Lines {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "duration" {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= &self.level
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A second subscriber: where there is one alone, a thread without any silences what it logs first for all threads.
static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// Runs something and returns the events that a subscriber gets.
pub(crate) fn events(level: Level, work: impl FnOnce()) -> Vec<String> {
    LazyLock::force(&OTHER);
    let lines = Arc::default();
    let subscriber = Lines {
        level,
        lines: Arc::clone(&lines),
    };
    tracing::subscriber::with_default(subscriber, work);
    let lines = lines.lock().unwrap();
    lines.clone()
}

const PARAMS: &[Value<'static>] = &[Value::I64(7)];
const STATEMENT: Statement<'static> = Statement::new("SELECT ?1", PARAMS);

#[test]
fn a_statement_is_told_with_its_end_and_without_its_parameters() {
    let told = events(Level::DEBUG, || {
        Traced::begin(STATEMENT).end(3, &Outcome::Ok(()));
        let error = Error::new(ErrorKind::Busy, "locked");
        Traced::begin(STATEMENT).end::<()>(0, &Outcome::Err(error));
        drop(Traced::begin(STATEMENT));
    });
    assert_eq!(
        told,
        [
            r#"sqlmodel::statement message=done sql="SELECT ?1" n_rows=3"#,
            r#"sqlmodel::statement message=failed sql="SELECT ?1" error=locked"#,
            r#"sqlmodel::statement message=dropped sql="SELECT ?1""#,
        ]
    );
}

#[test]
fn parameters_are_told_to_those_who_ask() {
    let told = events(Level::TRACE, || {
        Traced::begin(STATEMENT).end(1, &Outcome::Ok(()));
    });
    assert_eq!(
        told,
        [r#"sqlmodel::statement message=done sql="SELECT ?1" n_rows=1 params=[I64(7)]"#]
    );
}

#[test]
fn statements_that_repeat_are_named_once() {
    let repeats = Repeats::of(3);
    let told = events(Level::WARN, || {
        block_on(async |_| {
            let work = async {
                for n_runs in 0..5 {
                    Traced::begin(STATEMENT).end(1, &Outcome::Ok(()));
                    if n_runs < 2 {
                        Traced::begin(Statement::new("SELECT 2", &[])).end(1, &Outcome::Ok(()));
                    }
                }
            };
            repeats.watch(work).await;
            Traced::begin(STATEMENT).end(1, &Outcome::Ok(()));
        });
    });
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("sqlmodel::repeats"), "{told:?}");
    assert!(told[0].contains(r#"sql="SELECT ?1" n_runs=3"#), "{told:?}");
    let expected = Repeated {
        sql: "SELECT ?1".into(),
        n_runs: 5,
    };
    assert_eq!(
        repeats.found(),
        [expected],
        "what came after is not counted"
    );
}

#[test]
fn slow_statements_are_warned_of() {
    let is_slow = |told: &[String]| told.iter().any(|line| line.starts_with("sqlmodel::slow"));
    let run = |took: Duration| {
        events(Level::WARN, || {
            let since = Instant::now().checked_sub(took);
            let traced = Traced {
                statement: STATEMENT,
                since,
            };
            traced.end(1, &Outcome::Ok(()));
        })
    };
    assert!(!is_slow(&run(Duration::from_millis(900))));
    assert!(is_slow(&run(Duration::from_secs(1))));
}

#[test]
fn those_who_want_errors_alone_are_told_nothing() {
    let told = events(Level::ERROR, || {
        Traced::begin(STATEMENT).end(1, &Outcome::Ok(()));
    });
    assert_eq!(told, [""; 0]);
}

#[test]
fn transactions_are_told_and_do_not_count_as_repeated() {
    let repeats = Repeats::of(1);
    let told = events(Level::DEBUG, || {
        block_on(async |_| {
            let work = async { Traced::control("BEGIN").end(0, &Outcome::Ok(())) };
            repeats.watch(work).await;
        });
    });
    assert_eq!(
        told,
        [r#"sqlmodel::statement message=done sql="BEGIN" n_rows=0"#]
    );
    assert_eq!(repeats.found(), []);
}
