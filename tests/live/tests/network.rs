//! What is left of a call that is dropped or cancelled at any poll, and of a connection that is cut or stalls at any byte.
//!
//! Calls are stopped on a transport that gives a few bytes at a time and pauses after each, so that there are many polls;
//! connections are cut by a proxy.

use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use generated::hero::tables::TABLES;
use generated::hero::{NewTeam, Team};
use live::{Database, Test};
use sqlmodel_runtime::postgres::{Socket, Transport};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    CancelKind, Connector, ErrorKind, MySqlConnection, MySqlOptions, PostgresConnection,
    PostgresOptions, Upkeep, block_on, ok, schema, within,
};
use support::{Fault, Proxy, mysql_url, postgres_url};

/// A server behind a proxy.
struct Network<K> {
    proxy: Proxy,
    /// Connects by way of the proxy.
    through: K,
    /// Connects past it.
    past: K,
}

/// Runs a test on an empty database behind a proxy, and drops the database.
fn on_network<K: Connector>(
    url: Option<&str>,
    parse: fn(&str) -> Result<K, Error>,
    test: impl AsyncFnOnce(&Cx, &Network<K>) -> Test,
) -> Test {
    let Some(url) = url else {
        return Ok(());
    };
    let database = Database::create(url, parse)?;
    let proxy = Proxy::to(&database.url());
    let network = Network {
        through: parse(&proxy.url(&database.url()))?,
        past: database.connector()?,
        proxy,
    };
    block_on(async |cx| {
        let mut connection = network.past.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, TABLES)
            .await
            .into_result()?;
        test(cx, &network).await
    })
}

/// A socket that gives a few bytes at a time, and a pause after each: no message begins or ends where they do.
struct Trickle {
    socket: Socket,
    is_paused: bool,
}

impl Transport for Trickle {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.is_paused = !self.is_paused;
        if self.is_paused {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let n_bytes = into.len().min(3);
        let (first, _) = into.split_at_mut(n_bytes);
        self.socket.poll_read(task, first)
    }

    fn poll_write(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_write(task, bytes)
    }
}

/// Connects over trickling sockets.
trait Trickling: Connector {
    type Trickled: Connection;

    async fn trickle(&self, cx: &Cx) -> Outcome<Self::Trickled, Error>;
}

impl Trickling for PostgresOptions {
    type Trickled = PostgresConnection<Trickle>;

    async fn trickle(&self, cx: &Cx) -> Outcome<Self::Trickled, Error> {
        let wrap = |socket| Trickle {
            socket,
            is_paused: false,
        };
        self.connect_wrapped(cx, wrap).await
    }
}

impl Trickling for MySqlOptions {
    type Trickled = MySqlConnection<Trickle>;

    async fn trickle(&self, cx: &Cx) -> Outcome<Self::Trickled, Error> {
        let wrap = |socket| Trickle {
            socket,
            is_paused: false,
        };
        self.connect_wrapped(cx, wrap).await
    }
}

macro_rules! on_every_network {
    ($($test:ident),+ $(,)?) => {
        on_every_network! { postgres, PostgresOptions, postgres_url, $($test)+ }
        on_every_network! { mysql, MySqlOptions, mysql_url, $($test)+ }
    };
    ($driver:ident, $options:ident, $url:ident, $($test:ident)+) => {
        mod $driver {
            use super::*;

            /// A call that cannot be put in order is given up soon.
            fn parse(url: &str) -> Result<$options, Error> {
                Ok($options::parse(url)?.cancel_grace(Duration::from_secs(1)))
            }

            $(
                #[test]
                fn $test() -> Test {
                    on_network($url(), parse, async |cx, network| super::$test(cx, network).await)
                }
            )+
        }
    };
}

on_every_network! {
    a_call_that_is_stopped_at_any_poll_leaves_the_connection_in_order,
    a_connect_that_is_stopped_at_any_poll_is_in_nobodys_way,
    a_long_statement_is_stopped_where_it_runs,
    what_is_acknowledged_is_there_wherever_the_answers_are_cut,
    what_is_acknowledged_is_there_wherever_the_requests_are_cut,
    a_server_that_says_no_more_is_given_up,
}

/// How a call is stopped before its end.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Drop,
    Cancel,
}

/// Polls a call, and stops it before the poll after `n_polls`; `None` when there is nothing left of it.
async fn stopped<T>(
    cx: &Cx,
    stop: Stop,
    n_polls: usize,
    call: impl AsyncFnOnce(&Cx) -> Outcome<T, Error>,
) -> Option<Outcome<T, Error>> {
    let request = within(cx, Duration::from_secs(60));
    let mut call = pin!(call(&request));
    let mut n_left = n_polls;
    poll_fn(|task| {
        if n_left == 0 {
            match stop {
                Stop::Drop => return Poll::Ready(None),
                Stop::Cancel => request.cancel_with(CancelKind::User, Some("test")),
            }
        }
        n_left = n_left.saturating_sub(1);
        call.as_mut().poll(task).map(Some)
    })
    .await
}

/// The calls that are stopped. Each tells the numbers of rows that it may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Query,
    Insert,
    Commit,
    Rollback,
    Savepoint,
    Stream,
}

impl Call {
    const ALL: [Self; 6] = [
        Self::Query,
        Self::Insert,
        Self::Commit,
        Self::Rollback,
        Self::Savepoint,
        Self::Stream,
    ];

    fn n_added(self) -> &'static [u64] {
        match self {
            Self::Query | Self::Stream | Self::Rollback => &[0],
            Self::Insert => &[0, 1],
            Self::Commit | Self::Savepoint => &[0, 2],
        }
    }

    async fn run(self, cx: &Cx, connection: &mut impl Connection) -> Outcome<(), Error> {
        match self {
            Self::Query => {
                let names = ok!(Team::select().columns(Team::NAME).all(cx, connection).await);
                assert!(names.iter().all(|name| name == "Z-Force"), "{names:?}");
            }
            Self::Insert => ok!(insert(cx, connection).await),
            Self::Commit => {
                let mut transaction = ok!(connection.begin(cx).await);
                ok!(insert(cx, &mut transaction).await);
                ok!(insert(cx, &mut transaction).await);
                ok!(transaction.commit(cx).await);
            }
            Self::Rollback => {
                let mut transaction = ok!(connection.begin(cx).await);
                ok!(insert(cx, &mut transaction).await);
                ok!(transaction.rollback(cx).await);
            }
            Self::Savepoint => {
                let mut transaction = ok!(connection.begin(cx).await);
                ok!(insert(cx, &mut transaction).await);
                let mut undone = ok!(transaction.savepoint(cx).await);
                ok!(insert(cx, &mut undone).await);
                ok!(undone.rollback(cx).await);
                let mut kept = ok!(transaction.savepoint(cx).await);
                ok!(insert(cx, &mut kept).await);
                ok!(kept.commit(cx).await);
                ok!(transaction.commit(cx).await);
            }
            Self::Stream => {
                let mut teams = ok!(Team::select().stream(cx, connection).await);
                ok!(teams.next(cx).await);
                ok!(teams.next(cx).await);
            }
        }
        Outcome::Ok(())
    }
}

async fn insert(cx: &Cx, executor: &mut impl Executor) -> Outcome<(), Error> {
    let team = insert!(NewTeam::new("Z-Force", "Sister Margaret's Bar"));
    ok!(team.execute(cx, executor).await);
    Outcome::Ok(())
}

async fn count(cx: &Cx, executor: &mut impl Executor) -> Result<u64, Box<dyn std::error::Error>> {
    Ok(Team::select().count(cx, executor).await.into_result()?)
}

/// Tells whether somebody else can change every row: no transaction holds one.
async fn nothing_is_locked(cx: &Cx, observer: &mut impl Connection) -> Test {
    let soon = within(cx, Duration::from_secs(5));
    Team::update()
        .set(Team::HEADQUARTERS, "Tower")
        .all_rows()
        .execute(&soon, observer)
        .await
        .into_result()?;
    Ok(())
}

/// Expects a number among others.
fn expect_one_of<T: PartialEq + Debug>(found: &T, among: &[T], place: &str) -> Test {
    if among.contains(found) {
        return Ok(());
    }
    Err(format!("{place}: {found:?} is none of {among:?}").into())
}

async fn a_call_that_is_stopped_at_any_poll_leaves_the_connection_in_order<K: Trickling>(
    cx: &Cx,
    network: &Network<K>,
) -> Test {
    let mut observer = network.past.connect(cx).await.into_result()?;
    for _ in 0..3 {
        insert(cx, &mut observer).await.into_result()?;
    }
    let mut connection = network.past.trickle(cx).await.into_result()?;
    for call in Call::ALL {
        for stop in [Stop::Drop, Stop::Cancel] {
            let mut n_polls = 0;
            loop {
                let place = format!("{call:?}, {stop:?} after {n_polls} polls");
                let n_before = count(cx, &mut observer).await?;
                if n_before > 10 {
                    Team::delete()
                        .all_rows()
                        .execute(cx, &mut observer)
                        .await
                        .into_result()?;
                    continue;
                }
                let ran = stopped(cx, stop, n_polls, async |cx| {
                    call.run(cx, &mut connection).await
                });
                let ran = ran.await;
                let n_after = count(cx, &mut connection)
                    .await
                    .map_err(|error| format!("{place}: {error}"))?;
                let n_added = n_after - n_before;
                expect_one_of(&n_added, call.n_added(), &place)?;
                nothing_is_locked(cx, &mut observer)
                    .await
                    .map_err(|error| format!("{place}: {error}"))?;
                match ran {
                    Some(Outcome::Ok(())) => {
                        let most = call.n_added().last().copied().unwrap_or_default();
                        expect_one_of(&n_added, &[most], &place)?;
                        assert!(n_polls > 4, "{place}: it was stopped in its middle");
                        break;
                    }
                    Some(Outcome::Err(error)) => return Err(format!("{place}: {error}").into()),
                    _ => n_polls += 1,
                }
            }
        }
    }
    Ok(())
}

async fn a_connect_that_is_stopped_at_any_poll_is_in_nobodys_way<K: Trickling>(
    cx: &Cx,
    network: &Network<K>,
) -> Test {
    for stop in [Stop::Drop, Stop::Cancel] {
        let mut n_polls = 0;
        loop {
            let connected = stopped(cx, stop, n_polls, async |cx| network.past.trickle(cx).await);
            match connected.await {
                Some(Outcome::Ok(mut connection)) => {
                    assert_eq!(count(cx, &mut connection).await?, 0);
                    break;
                }
                Some(Outcome::Err(error)) => return Err(format!("{n_polls} polls: {error}").into()),
                // The server begins a process for each: not every poll is tried.
                _ => n_polls += 3,
            }
        }
    }
    Ok(())
}

/// Stops a statement that waits for a lock, which nobody would grant.
async fn a_long_statement_is_stopped_where_it_runs<K: Connector>(
    cx: &Cx,
    network: &Network<K>,
) -> Test {
    let mut holder = network.past.connect(cx).await.into_result()?;
    let mut connection = network.through.connect(cx).await.into_result()?;
    insert(cx, &mut holder).await.into_result()?;
    let mut lock = holder.begin(cx).await.into_result()?;
    let update = || Team::update().set(Team::HEADQUARTERS, "Here").all_rows();
    update().execute(cx, &mut lock).await.into_result()?;
    for n_times in 1..=3 {
        let soon = within(cx, Duration::from_millis(20));
        let began = Instant::now();
        let stopped = update().execute(&soon, &mut connection).await;
        assert!(stopped.is_cancelled(), "{stopped:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
        let n_rows = count(cx, &mut connection).await;
        assert_eq!(n_rows?, 1, "the connection goes on, {n_times} times");
    }
    lock.rollback(cx).await.into_result()?;
    update().execute(cx, &mut connection).await.into_result()?;
    Ok(())
}

/// Cuts the connection behind every byte of a transaction, in one direction.
async fn cut_everywhere<K: Connector>(
    cx: &Cx,
    network: &Network<K>,
    fault: fn(usize) -> Fault,
    n_bytes: fn(&Proxy) -> usize,
) -> Test {
    let mut observer = network.past.connect(cx).await.into_result()?;
    let mut at = 0;
    let mut n_unknown = 0;
    loop {
        network.proxy.set(Fault::None);
        let mut connection = network.through.connect(cx).await.into_result()?;
        network.proxy.set(fault(at));
        let n_before = count(cx, &mut observer).await?;
        let ran = Call::Commit.run(cx, &mut connection).await;
        let is_whole = n_bytes(&network.proxy) <= at;
        let n_added = settled_count(cx, &mut observer).await? - n_before;
        let place = format!("cut after {at} bytes: {ran:?}");
        match ran {
            Outcome::Ok(()) => expect_one_of(&n_added, &[2], &place)?,
            Outcome::Err(error) if error.kind() == ErrorKind::CommitUnknown => {
                n_unknown += 1;
                expect_one_of(&n_added, &[0, 2], &place)?;
            }
            Outcome::Err(error) => {
                expect_one_of(&error.kind(), &[ErrorKind::Connect], &place)?;
                expect_one_of(&n_added, &[0], &place)?;
            }
            _ => return Err(place.into()),
        }
        if is_whole {
            break;
        }
        let after = Team::select().count(cx, &mut connection).await;
        assert!(after.is_err(), "{place}: then {after:?}");
        let upkeep = network.through.upkeep(&mut connection);
        expect_one_of(&upkeep, &[Upkeep::Broken], &place)?;
        at += 1;
    }
    assert!(
        n_unknown > 0,
        "a lost answer to COMMIT has a kind of its own"
    );
    Ok(())
}

/// Counts rows when a session whose client is gone has ended.
async fn settled_count(
    cx: &Cx,
    observer: &mut impl Connection,
) -> Result<u64, Box<dyn std::error::Error>> {
    // Waits for whoever still holds a row, or is about to commit one.
    nothing_is_locked(cx, observer).await?;
    count(cx, observer).await
}

async fn what_is_acknowledged_is_there_wherever_the_answers_are_cut<K: Connector>(
    cx: &Cx,
    network: &Network<K>,
) -> Test {
    cut_everywhere(cx, network, Fault::CutAfter, |proxy| proxy.counts().0).await
}

async fn what_is_acknowledged_is_there_wherever_the_requests_are_cut<K: Connector>(
    cx: &Cx,
    network: &Network<K>,
) -> Test {
    cut_everywhere(cx, network, Fault::CutRequestAfter, |proxy| {
        proxy.counts().1
    })
    .await
}

async fn a_server_that_says_no_more_is_given_up<K: Connector>(
    cx: &Cx,
    network: &Network<K>,
) -> Test {
    for at in [0, 1, 10] {
        network.proxy.set(Fault::None);
        let mut connection = network.through.connect(cx).await.into_result()?;
        network.proxy.set(Fault::StallAfter(at));
        let began = Instant::now();
        let soon = within(cx, Duration::from_millis(20));
        let stalled = Call::Query.run(&soon, &mut connection).await;
        assert!(stalled.is_cancelled(), "{stalled:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(network.through.upkeep(&mut connection), Upkeep::Broken);
        let after = Team::select().count(cx, &mut connection).await;
        assert!(
            matches!(&after, Outcome::Err(error) if error.kind() == ErrorKind::Connect),
            "{after:?}"
        );
    }
    Ok(())
}
