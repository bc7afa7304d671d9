//! What is left of a connection that is cut or stalls at any byte. A proxy does so.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use generated::hero::tables::TABLES;
use generated::hero::{NewTeam, Team};
use live::{Database, Test};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Connector, ErrorKind, MySqlOptions, PostgresOptions, Upkeep, block_on, ok, schema, within,
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
    a_long_statement_is_stopped_where_it_runs,
    what_is_acknowledged_is_there_wherever_the_answers_are_cut,
    what_is_acknowledged_is_there_wherever_the_requests_are_cut,
    a_server_that_says_no_more_is_given_up,
}

/// Reads rows.
async fn read(cx: &Cx, connection: &mut impl Connection) -> Outcome<(), Error> {
    let names = ok!(Team::select().columns(Team::NAME).all(cx, connection).await);
    assert!(names.iter().all(|name| name == "Z-Force"), "{names:?}");
    Outcome::Ok(())
}

/// Stores two rows in a transaction.
async fn store(cx: &Cx, connection: &mut impl Connection) -> Outcome<(), Error> {
    let mut transaction = ok!(connection.begin(cx).await);
    ok!(insert(cx, &mut transaction).await);
    ok!(insert(cx, &mut transaction).await);
    ok!(transaction.commit(cx).await);
    Outcome::Ok(())
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
        let ran = store(cx, &mut connection).await;
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
        let stalled = read(&soon, &mut connection).await;
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
