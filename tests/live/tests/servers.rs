//! Servers that die: what was acknowledged is there, what was not is reported, and pools recover by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Database, Test, with_every_server};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Connector, ErrorKind, MySqlOptions, Pool, PoolOptions, PostgresOptions, block_on, ok, schema,
};
use support::{Fault, Proxy, Server, Servers};

with_every_server! {
    TABLES;
    a_restart_under_load_loses_nothing_that_was_acknowledged,
    a_query_ends_with_its_server,
}

/// What became of the rows that a worker inserted.
#[derive(Debug, Default)]
struct Fates {
    acknowledged: Vec<String>,
    unknown: Vec<String>,
    failed: Vec<String>,
}

/// Inserts rows, each in a transaction, until it is told to stop.
async fn work<K: Connector>(
    cx: Cx,
    pool: Pool<K>,
    number: usize,
    n_acknowledged: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
) -> Fates {
    let mut fates = Fates::default();
    for turn in 0.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("Hero {number}.{turn}");
        let outcome = async {
            let mut connection = ok!(pool.acquire(&cx).await);
            let mut transaction = ok!(connection.begin(&cx).await);
            let new = NewHero::new(&*name, "?");
            ok!(insert!(new).execute(&cx, &mut transaction).await);
            transaction.commit(&cx).await
        };
        match outcome.await {
            Outcome::Ok(()) => {
                n_acknowledged.fetch_add(1, Ordering::Relaxed);
                fates.acknowledged.push(name);
            }
            Outcome::Err(error) if error.kind() == ErrorKind::CommitUnknown => {
                fates.unknown.push(name);
            }
            Outcome::Err(_) => fates.failed.push(name),
            Outcome::Cancelled(_) | Outcome::Panicked(_) => break,
        }
    }
    fates
}

/// Waits until something is so, looking a hundred times a second.
async fn until(cx: &Cx, mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        live::sleep(cx, Duration::from_millis(10)).await;
    }
}

async fn a_restart_under_load_loses_nothing_that_was_acknowledged<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
    server: Server,
    mut servers: Servers,
) -> Test {
    const N_WORKERS: usize = 8;
    let options = PoolOptions::new(4).acquire_timeout(Duration::from_secs(60));
    let pool = Pool::open(cx, connector.clone(), options);
    let n_acknowledged = Arc::new(AtomicUsize::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let mut workers = Vec::new();
    for number in 0..N_WORKERS {
        let (pool, n_acknowledged) = (pool.clone(), Arc::clone(&n_acknowledged));
        let is_over = Arc::clone(&is_over);
        workers.push(cx.spawn(move |cx| work(cx, pool, number, n_acknowledged, is_over))?);
    }
    until(cx, || n_acknowledged.load(Ordering::Relaxed) >= 100).await;
    // Twice, in a thread of its own: the workers go on meanwhile.
    for _ in 0..2 {
        let restart = std::thread::spawn(move || {
            servers.kill(server);
            servers.start(server);
            servers
        });
        until(cx, || restart.is_finished()).await;
        servers = restart
            .join()
            .map_err(|_| "the server does not start again")?;
        let n_before = n_acknowledged.load(Ordering::Relaxed);
        until(cx, || {
            n_acknowledged.load(Ordering::Relaxed) >= n_before + 100
        })
        .await;
    }
    is_over.store(true, Ordering::Relaxed);
    let mut fates = Fates::default();
    for mut worker in workers {
        let of_worker = worker.join(cx).await?;
        fates.acknowledged.extend(of_worker.acknowledged);
        fates.unknown.extend(of_worker.unknown);
        fates.failed.extend(of_worker.failed);
    }
    let mut connection = pool.acquire(cx).await.into_result()?;
    let stored: Vec<String> = Hero::select()
        .columns(Hero::NAME)
        .order_by(Hero::NAME.asc())
        .all(cx, &mut connection)
        .await
        .into_result()?;
    drop(connection);
    let is_stored = |name: &String| stored.binary_search(name).is_ok();
    let lost: Vec<_> = fates
        .acknowledged
        .iter()
        .filter(|name| !is_stored(name))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let ghosts: Vec<_> = fates.failed.iter().filter(|name| is_stored(name)).collect();
    assert!(
        ghosts.is_empty(),
        "reported as failed and stored: {ghosts:?}"
    );
    assert!(
        fates.failed.len() + fates.unknown.len() >= 2,
        "nobody has noticed: {:?}, {:?}",
        fates.failed,
        fates.unknown
    );
    let status = pool.status();
    assert_eq!((status.n_in_use, status.n_waiting), (0, 0));
    assert!(status.totals.broken >= 2, "{status:?}");
    Ok(())
}

async fn a_query_ends_with_its_server<K: Connector + Clone>(
    cx: &Cx,
    connector: &K,
    server: Server,
    mut servers: Servers,
) -> Test {
    let pool = Pool::open(cx, connector.clone(), PoolOptions::new(1));
    let mut connection = pool.acquire(cx).await.into_result()?;
    let rows = (0..300).map(|number| NewHero::new(format!("Hero {number}"), "?"));
    Hero::insert_many(rows)
        .execute(cx, &mut connection)
        .await
        .into_result()?;
    let mine = pool.clone();
    drop(connection);
    let is_begun = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&is_begun);
    let mut query = cx.spawn(move |cx| async move {
        let mut connection = ok!(mine.acquire(&cx).await);
        begun.store(true, Ordering::Relaxed);
        // Eight thousand millions of rows, without an index.
        let sql =
            "SELECT count(*) FROM hero a, hero b, hero c, hero d WHERE a.name <> b.secret_name";
        connection.query_rows(&cx, sql, &[]).await
    })?;
    until(cx, || is_begun.load(Ordering::Relaxed)).await;
    let kill = std::thread::spawn(move || {
        servers.kill(server);
        servers.start(server);
        servers
    });
    let Outcome::Err(error) = query.join(cx).await? else {
        return Err("the query has come to its end".into());
    };
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:#?}");
    let _servers = kill.join().map_err(|_| "the server does not start again")?;
    let mut connection = pool.acquire(cx).await.into_result()?;
    let n_heroes = Hero::select()
        .count(cx, &mut connection)
        .await
        .into_result()?;
    assert_eq!(n_heroes, 300);
    Ok(())
}

/// Kills the server when it has read COMMIT and nobody has heard its answer.
fn a_commit_whose_server_dies_is_unknown<K: Connector>(
    server: Server,
    parse: fn(&str) -> Result<K, Error>,
) -> Test {
    let Some(mut servers) = Servers::private(&[server]) else {
        return Ok(());
    };
    let database = Database::create(servers.url(server), parse)?;
    let proxy = Proxy::to(&database.url());
    let through = parse(&proxy.url(&database.url()))?;
    block_on(async |cx| {
        let mut connection = through.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, TABLES)
            .await
            .into_result()?;
        let mut transaction = connection.begin(cx).await.into_result()?;
        let new = NewHero::new("Deadpond", "?");
        insert!(new)
            .execute(cx, &mut transaction)
            .await
            .into_result()?;
        proxy.set(Fault::StallAfter(0));
        let mut commit = Box::pin(transaction.commit(cx));
        assert!(live::poll_once(&mut commit).await.is_pending());
        until(cx, || proxy.counts().0 > 0).await;
        servers.kill(server);
        let Outcome::Err(error) = commit.await else {
            return Err("the server is gone, and the commit is acknowledged".into());
        };
        assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{error:#?}");
        servers.start(server);
        // It had answered before it died, which its client could not know.
        let mut connection = database.connector()?.connect(cx).await.into_result()?;
        let n_heroes = Hero::select()
            .count(cx, &mut connection)
            .await
            .into_result()?;
        assert_eq!(n_heroes, 1);
        Ok(())
    })
}

#[test]
fn a_commit_whose_postgres_dies_is_unknown() -> Test {
    a_commit_whose_server_dies_is_unknown(Server::Postgres, PostgresOptions::parse)
}

#[test]
fn a_commit_whose_mysql_dies_is_unknown() -> Test {
    a_commit_whose_server_dies_is_unknown(Server::MySql, MySqlOptions::parse)
}
