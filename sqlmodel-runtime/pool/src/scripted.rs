//! A database that does what a test tells it, for tests of pools: no sockets, no SQL.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlmodel_core::seam::{block_on_virtual, checkpoint};
use sqlmodel_core::{
    Capabilities, Connection, Connector, CursorKind, Cx, Dialect, Done, Error, ErrorKind, Executor,
    Fetched, Outcome, Prepared, Progress, Replication, RowSink, Statement, Transaction,
    TransactionStep, Upkeep, Wait, ok,
};

/// How an attempt to connect ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Connect {
    After(Duration),
    /// With this SQLSTATE.
    Refused(&'static str),
    Never,
    Panic,
}

/// The database, as seen from outside. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database(Arc<Mutex<World>>);

#[derive(Debug, Default)]
pub(crate) struct World {
    /// What the next attempts to connect will come to; afterwards they succeed at once.
    pub(crate) script: VecDeque<Connect>,
    /// What every attempt comes to when the script is over.
    pub(crate) always: Option<Connect>,
    pub(crate) n_opened: usize,
    pub(crate) n_open: usize,
    pub(crate) most_open: usize,
    pub(crate) n_connecting: usize,
    pub(crate) most_connecting: usize,
    pub(crate) n_attempts: usize,
    /// Whether pings and resets are answered.
    pub(crate) is_silent: bool,
    pub(crate) log: Vec<String>,
    /// What the server says of itself, if it says anything.
    pub(crate) progress: Option<Progress>,
}

#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) id: usize,
    pub(crate) upkeep: Upkeep,
    database: Database,
}

impl Database {
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.with(|world| mem::take(&mut world.log))
    }

    fn note(&self, what: &str, id: usize) {
        self.with(|world| world.log.push(format!("{what} {id}")));
    }
}

/// Runs a test on a virtual clock, with a few orders of tasks.
pub(crate) fn run<F>(main: fn(Cx) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for seed in 0..5 {
        block_on_virtual(seed, main);
    }
}

pub(crate) async fn sleep(cx: &Cx, duration: Duration) {
    let _ = Wait::on(cx).at_most(duration).sleep().await;
}

/// Counts an attempt to connect for as long as it runs.
struct Attempt(Database);

impl Attempt {
    fn new(database: &Database) -> Self {
        database.with(|world| {
            world.n_attempts += 1;
            world.n_connecting += 1;
            world.most_connecting = world.most_connecting.max(world.n_connecting);
        });
        Self(database.clone())
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.with(|world| world.n_connecting -= 1);
    }
}

impl Connector for Database {
    type Connection = Scripted;

    async fn connect(&self, cx: &Cx) -> Outcome<Scripted, Error> {
        let _attempt = Attempt::new(self);
        let next = self.with(|world| world.script.pop_front().or(world.always));
        match next {
            None => {}
            Some(Connect::After(duration)) => sleep(cx, duration).await,
            Some(Connect::Refused(sqlstate)) => {
                let error = Error::new(ErrorKind::Connect, "the script says no");
                return Outcome::Err(error.with_sqlstate(sqlstate));
            }
            Some(Connect::Never) => sleep(cx, Duration::from_hours(1_000_000)).await,
            Some(Connect::Panic) => panic!("the script says so"),
        }
        ok!(checkpoint(cx));
        let id = self.with(|world| {
            world.n_opened += 1;
            world.n_open += 1;
            world.most_open = world.most_open.max(world.n_open);
            world.n_opened
        });
        Outcome::Ok(Scripted {
            id,
            upkeep: Upkeep::Ready,
            database: self.clone(),
        })
    }

    fn upkeep(&self, connection: &mut Scripted) -> Upkeep {
        connection.upkeep
    }

    async fn reset(&self, cx: &Cx, connection: &mut Scripted) -> Outcome<(), Error> {
        self.note("reset", connection.id);
        connection.upkeep = Upkeep::Broken;
        ok!(self.answer(cx).await);
        connection.upkeep = Upkeep::Ready;
        Outcome::Ok(())
    }

    fn accept(&self, connection: &mut Scripted) {
        self.note("accept", connection.id);
        connection.upkeep = Upkeep::Ready;
    }

    async fn ping(&self, cx: &Cx, connection: &mut Scripted) -> Outcome<(), Error> {
        self.note("ping", connection.id);
        connection.upkeep = Upkeep::Used;
        ok!(self.answer(cx).await);
        connection.upkeep = Upkeep::Ready;
        Outcome::Ok(())
    }
}

impl Replication for Database {
    async fn progress(&self, cx: &Cx, connection: &mut Scripted) -> Outcome<Progress, Error> {
        connection.upkeep = Upkeep::Used;
        ok!(self.answer(cx).await);
        connection.upkeep = Upkeep::Ready;
        match self.with(|world| world.progress) {
            Some(progress) => Outcome::Ok(progress),
            None => {
                connection.upkeep = Upkeep::Broken;
                Outcome::Err(Error::new(ErrorKind::Io, "the server is gone"))
            }
        }
    }
}

impl Database {
    /// One round trip.
    async fn answer(&self, cx: &Cx) -> Outcome<(), Error> {
        ok!(checkpoint(cx));
        let duration = match self.with(|world| world.is_silent) {
            true => Duration::from_hours(1_000_000),
            false => Duration::from_millis(1),
        };
        sleep(cx, duration).await;
        checkpoint(cx)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.database.with(|world| world.n_open -= 1);
    }
}

impl Executor for Scripted {
    type Nested<'n> = Transaction<'n, Self>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn capabilities(&self) -> &Capabilities {
        panic!("nobody asks in these tests")
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, Self>, Error> {
        self.begin(cx).await
    }

    async fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        _: &mut S,
    ) -> Outcome<(), Error> {
        ok!(self.execute(cx, statement).await);
        Outcome::Ok(())
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        self.database.note(statement.sql, self.id);
        self.upkeep = Upkeep::Used;
        ok!(self.database.answer(cx).await);
        self.upkeep = Upkeep::Ready;
        Outcome::Ok(Done::default())
    }

    async fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        _: CursorKind,
    ) -> Outcome<(), Error> {
        ok!(self.execute(cx, statement).await);
        Outcome::Ok(())
    }

    async fn fetch<S: RowSink>(&mut self, _: &Cx, _: &mut S) -> Outcome<Fetched, Error> {
        Outcome::Ok(Fetched::End)
    }

    fn close_cursor(&mut self) {}
}

impl Connection for Scripted {
    async fn prepare(&mut self, _: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        Outcome::Ok(Prepared::new(sql, 0, Vec::new()))
    }

    async fn step(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        let sql = match step {
            TransactionStep::Begin(_) => "begin",
            TransactionStep::Commit => "commit",
            _ => "other step",
        };
        ok!(self.execute(cx, Statement::new(sql, &[])).await);
        Outcome::Ok(())
    }

    fn abandon(&mut self, _: u32) {
        self.upkeep = Upkeep::Used;
    }
}
