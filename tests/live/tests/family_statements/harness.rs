//! Runs cases, and writes down what they send and store.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use expect_test::expect_file;
use generated::fleet::vehicles::{AnyVehicle, Car, Tanker, Vehicle};
use generated::zoo::animals::{Animal, AnyAnimal};
use generated::zoo::people::{AnyPerson, HeadKeeper, Keeper, Person, Vet};
use live::{Failure, Test};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Collect, Error, ErrorKind, Model, OutcomeError, Statement};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A statement over a family, with the rows that it meets.
pub(crate) trait Case {
    /// The name in the golden files.
    const NAME: &'static str;

    /// Stores what the statement meets.
    async fn prepare<C: Connection>(cx: &Cx, connection: &mut C) -> Test;

    /// Runs the statement and describes what it returned.
    async fn run<E: Executor>(cx: &Cx, executor: &mut E) -> Result<String, Failure>;
}

/// Makes cases of functions: what is prepared, then what is run. All of them are held by `hold`.
macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident after $prepare:path: |$cx:ident, $executor:ident| $run:block)+) => {
        $(
            $(#[$doc])*
            #[expect(non_camel_case_types, reason = "it is named as the case is")]
            struct $name;

            impl $crate::harness::Case for $name {
                const NAME: &'static str = stringify!($name);

                async fn prepare<C: Connection>(cx: &Cx, connection: &mut C) -> live::Test {
                    $prepare(cx, connection).await
                }

                async fn run<E: Executor>($cx: &Cx, $executor: &mut E) -> Result<String, live::Failure> {
                    $run
                }
            }
        )+

        /// Runs every case and tells what it sent and stored.
        pub(crate) async fn all<C: Connection>(
            cx: &Cx,
            connection: &mut C,
            told: &mut $crate::harness::Told,
        ) -> live::Test {
            $($crate::harness::hold_case::<$name, C>(cx, connection, told).await?;)+
            Ok(())
        }
    };
}

/// What the golden files have.
#[derive(Debug, Default)]
pub(crate) struct Told {
    statements: String,
    rows: String,
}

/// Runs all cases and compares what they send and store with the golden files.
pub(crate) async fn hold<C: Connection>(cx: &Cx, connection: &mut C, dialect: &str) -> Test {
    let mut told = Told::default();
    crate::cases::all(cx, connection, &mut told).await?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/family_statements");
    expect_file![folder.join("stored.txt")].assert_eq(&told.rows);
    expect_file![folder.join(format!("{dialect}.txt"))].assert_eq(&told.statements);
    Ok(())
}

/// Runs a case in every way, and drops it after each poll.
///
/// Boxed here, so that the stack has no room for all cases at once.
pub(crate) fn hold_case<'a, T: Case + 'a, C: Connection>(
    cx: &'a Cx,
    connection: &'a mut C,
    told: &'a mut Told,
) -> Pin<Box<dyn Future<Output = Test> + 'a>> {
    Box::pin(hold_one::<T, C>(cx, connection, told))
}

async fn hold_one<T: Case, C: Connection>(cx: &Cx, connection: &mut C, told: &mut Told) -> Test {
    let about = |error: Failure| -> Failure { format!("{}: {error}", T::NAME).into() };
    let alone = alone::<T, C>(cx, connection).await.map_err(about)?;
    let in_transaction = in_transaction::<T, C>(cx, connection)
        .await
        .map_err(about)?;
    assert_eq!(
        alone.nested(),
        in_transaction,
        "{}, in a transaction",
        T::NAME
    );
    let in_savepoint = in_savepoint::<T, C>(cx, connection).await.map_err(about)?;
    assert_eq!(alone.nested(), in_savepoint, "{}, in a savepoint", T::NAME);
    let dropped = dropped::<T, C>(cx, connection).await.map_err(about)?;
    assert_eq!(alone.rows, dropped, "{}, dropped and tried again", T::NAME);

    writeln!(told.statements, "## {}", T::NAME)?;
    for statement in &alone.statements {
        writeln!(told.statements, "{statement}")?;
    }
    writeln!(told.statements)?;
    let Ran { result, rows, .. } = alone;
    writeln!(told.rows, "## {}\nreturned: {result}\n{rows}", T::NAME)?;
    Ok(())
}

/// What a case sent, returned and left behind.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    statements: Vec<String>,
    result: String,
    rows: String,
}

impl Ran {
    /// The same within a transaction: what is one of its own becomes a savepoint.
    fn nested(&self) -> Self {
        let nested = |statement: &String| match &**statement {
            "BEGIN" => "SAVEPOINT".to_owned(),
            "COMMIT" => "RELEASE SAVEPOINT".to_owned(),
            "ROLLBACK" => "ROLLBACK TO SAVEPOINT".to_owned(),
            other => other.to_owned(),
        };
        Self {
            statements: self.statements.iter().map(nested).collect(),
            result: self.result.clone(),
            rows: self.rows.clone(),
        }
    }
}

/// Deletes what an earlier run left, and stores what the statement meets.
async fn prepare<T: Case, C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for table in ["animal", "person", "vehicle"] {
        let sql = format!("DELETE FROM {table}");
        connection.execute_sql(cx, &sql, &[]).await.into_result()?;
    }
    T::prepare(cx, connection).await
}

async fn alone<T: Case, C: Connection>(cx: &Cx, connection: &mut C) -> Result<Ran, Failure> {
    prepare::<T, C>(cx, connection).await?;
    let (statements, result) = recorded(T::run(cx, connection)).await;
    Ok(Ran {
        statements,
        result: result?,
        rows: stored(cx, connection).await?,
    })
}

async fn in_transaction<T: Case, C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Result<Ran, Failure> {
    prepare::<T, C>(cx, connection).await?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    let (statements, result) = recorded(T::run(cx, &mut transaction)).await;
    transaction.commit(cx).await.into_result()?;
    Ok(Ran {
        statements,
        result: result?,
        rows: stored(cx, connection).await?,
    })
}

async fn in_savepoint<T: Case, C: Connection>(cx: &Cx, connection: &mut C) -> Result<Ran, Failure> {
    prepare::<T, C>(cx, connection).await?;
    let before = stored(cx, connection).await?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    let mut savepoint = transaction.savepoint(cx).await.into_result()?;
    T::run(cx, &mut savepoint).await?;
    savepoint.rollback(cx).await.into_result()?;
    assert_eq!(stored(cx, &mut transaction).await?, before);
    let mut savepoint = transaction.savepoint(cx).await.into_result()?;
    let (statements, result) = recorded(T::run(cx, &mut savepoint)).await;
    savepoint.commit(cx).await.into_result()?;
    transaction.commit(cx).await.into_result()?;
    Ok(Ran {
        statements,
        result: result?,
        rows: stored(cx, connection).await?,
    })
}

/// More polls than any statement here takes.
const MAX_POLLS: usize = 400;

/// Drops the statement after each number of polls, until it ends; each time all of it is stored or nothing.
async fn dropped<T: Case, C: Connection>(cx: &Cx, connection: &mut C) -> Result<String, Failure> {
    prepare::<T, C>(cx, connection).await?;
    let before = stored(cx, connection).await?;
    for n_polls in 0..MAX_POLLS {
        let done = drop_after(n_polls, T::run(cx, connection)).await;
        let after = stored(cx, connection).await?;
        // What was dropped while the database committed may have taken effect, in one piece.
        if done.is_some() || after != before {
            done.transpose()?;
            return Ok(after);
        }
    }
    Err("it never ends".into())
}

/// Polls a future so many times, and then drops it.
async fn drop_after<T>(n_polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut n_left = n_polls;
    poll_fn(|task| {
        if n_left == 0 {
            return Poll::Ready(None);
        }
        n_left -= 1;
        future.as_mut().poll(task).map(Some)
    })
    .await
}

/// Describes all rows of the families, and how many each table has.
async fn stored<E: Executor>(cx: &Cx, executor: &mut E) -> Result<String, Failure> {
    let mut text = String::new();
    for (name, n_rows) in [
        ("keeper", count::<Keeper, E>(cx, executor).await?),
        ("head_keeper", count::<HeadKeeper, E>(cx, executor).await?),
        ("vet", count::<Vet, E>(cx, executor).await?),
        ("car", count::<Car, E>(cx, executor).await?),
        ("tanker", count::<Tanker, E>(cx, executor).await?),
    ] {
        if n_rows > 0 {
            writeln!(text, "{name}: {n_rows}")?;
        }
    }
    let people = Person::select().order_by(Person::ID.asc()).polymorphic();
    match people.all(cx, executor).await.into_result() {
        Ok(people) => {
            for person in people {
                writeln!(text, "{}", described(&person))?;
            }
        }
        // A row without one of its parts.
        Err(OutcomeError::Err(error)) if error.kind() == ErrorKind::Decode => {
            writeln!(text, "people that disagree with themselves")?;
        }
        Err(other) => return Err(other.into()),
    }
    let animals = Animal::select().order_by(Animal::ID.asc()).polymorphic();
    for animal in animals.all(cx, executor).await.into_result()? {
        match animal {
            AnyAnimal::Lion(lion) => writeln!(text, "lion {} {:?}", lion.name, lion.mane_cm)?,
            AnyAnimal::Eagle(eagle) => writeln!(text, "eagle {} {}", eagle.name, eagle.prey)?,
            AnyAnimal::Penguin(bird) => {
                writeln!(text, "penguin {} {}", bird.name, bird.best_dive_m)?;
            }
        }
    }
    let vehicles = Vehicle::select()
        .order_by(Vehicle::NUMBER.asc())
        .polymorphic();
    for vehicle in vehicles.all(cx, executor).await.into_result()? {
        let Vehicle { number, plate, .. } = &*vehicle;
        write!(text, "{number} {plate:?} ")?;
        match &vehicle {
            AnyVehicle::Vehicle(_) => writeln!(text, "bicycle")?,
            AnyVehicle::Car(car) => writeln!(text, "car {}", car.seats)?,
            AnyVehicle::Tanker(tanker) => {
                writeln!(text, "tanker {} {}", tanker.load_kg, tanker.liquid)?;
            }
        }
    }
    Ok(text)
}

/// Counts the rows of a table, those that belong to nothing too.
async fn count<M: Model, E: Executor>(cx: &Cx, executor: &mut E) -> Result<i64, Failure> {
    let sql = format!("SELECT count(*) FROM {}", M::TABLE_NAME);
    let mut rows = Collect::<i64>::up_to(1);
    let statement = Statement::new(&sql, &[]);
    executor
        .query(cx, statement, &mut rows)
        .await
        .into_result()?;
    rows.into_rows()
        .pop()
        .ok_or_else(|| "there is no count".into())
}

/// Describes a row in a line.
pub(crate) fn described(person: &AnyPerson) -> String {
    let Person { name, version, .. } = &**person;
    let base = format!("{name} v{version}");
    match person {
        AnyPerson::Person(_) => base,
        AnyPerson::Keeper(keeper) => format!("{base}, keeper {}", keeper.badge),
        AnyPerson::HeadKeeper(head) => {
            let budget = head.budget.normalized();
            format!("{base}, keeper {}, head {budget}", head.badge)
        }
        AnyPerson::Trainee(trainee) => {
            let months = trainee.months;
            format!("{base}, keeper {}, trainee {months}", trainee.badge)
        }
        AnyPerson::Guest(guest) => format!("{base}, guest of {}", guest.invited_by),
        AnyPerson::Vet(vet) => format!("{base}, vet {}", vet.licence),
    }
}

/// Describes an error that is expected.
pub(crate) fn refused<T: std::fmt::Debug>(
    result: Result<T, OutcomeError<Error>>,
) -> Result<ErrorKind, Failure> {
    match result {
        Ok(value) => Err(format!("it should have failed: {value:?}").into()),
        Err(OutcomeError::Err(error)) => Ok(error.kind()),
        Err(other) => Err(other.into()),
    }
}

/// Keeps the statements that are sent by this thread.
struct Statements(Arc<Mutex<Vec<String>>>);

struct Sql<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Sql<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlmodel::statement"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Sql(&mut fields));
        let sql = fields.remove("sql");
        let mut statements = self.0.lock().unwrap_or_else(|lock| lock.into_inner());
        statements.extend(sql);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Runs something and returns the statements that it sent.
async fn recorded<T>(work: impl Future<Output = T>) -> (Vec<String>, T) {
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let guard = tracing::subscriber::set_default(Statements(Arc::clone(&statements)));
    let result = work.await;
    drop(guard);
    let statements = statements.lock().unwrap_or_else(|lock| lock.into_inner());
    (statements.clone(), result)
}
