//! What is left of any operation that is dropped or cancelled at any poll: a connection in order, nothing half done, and no
//! transaction on the server.
//!
//! On servers the sockets give a few bytes at a time and pause after each, so that there are many polls.
//! The table of operations is held against the sources: a public function that waits and is in no row fails a test.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{NewTeam, Team};
use live::{
    Database, Failure, Stop, Test, Trickle, Trickling, on_mysql, on_postgres, on_sqlite_file,
    stopped,
};
use sqlmodel_runtime::pool::{Replication, Role};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Connector, Isolation, MySqlConnection, PostgresConnection, PostgresOptions, RetryPolicy, Rows,
    SqliteConnection, Statement, TransactionOptions, Value, block_on, ok, retry, schema, within,
};
use support::{Scratch, Server, Servers};

type Running<'r> = Pin<Box<dyn Future<Output = Outcome<(), Error>> + 'r>>;

/// Something that is stopped at any poll.
struct Operation<C> {
    /// The public functions that it calls: the crate and the name.
    covers: &'static [&'static str],
    /// The numbers of rows that it may leave behind, in ascending order; the last one when it comes to its end.
    n_added: &'static [u64],
    run: for<'r> fn(&'r Cx, &'r mut C) -> Running<'r>,
}

macro_rules! operation {
    ($covers:expr, $n_added:expr, |$cx:ident, $connection:ident| $body:block) => {
        Operation {
            covers: &$covers,
            n_added: &$n_added,
            run: |$cx, $connection| {
                Box::pin(async move {
                    $body
                    Outcome::Ok(())
                })
            },
        }
    };
}

const INSERT: &str = "INSERT INTO team (name, headquarters) VALUES ('Z-Force', 'Bar')";

async fn insert(cx: &Cx, executor: &mut impl Executor) -> Outcome<(), Error> {
    let team = insert!(NewTeam::new("Z-Force", "Sister Margaret's Bar"));
    ok!(team.execute(cx, executor).await);
    Outcome::Ok(())
}

/// What every connection does.
fn of_every_driver<C: Connection>() -> Vec<Operation<C>> {
    vec![
        operation!(["core query"], [0], |cx, connection| {
            let names = Team::select().columns(Team::NAME).all(cx, connection).await;
            assert!(ok!(names).iter().all(|name| name == "Z-Force"));
        }),
        operation!(["core query_rows"], [0], |cx, connection| {
            let sql = "SELECT name FROM team";
            let rows = ok!(connection.query_rows(cx, sql, &[]).await);
            let is_right = |row: &sqlmodel_runtime::Row| {
                row.values().first() == Some(&Value::Text("Z-Force".into()))
            };
            assert!(rows.iter().all(is_right));
        }),
        operation!(["core execute"], [0, 1], |cx, connection| {
            ok!(insert(cx, connection).await);
        }),
        operation!(["core execute_sql"], [0, 1], |cx, connection| {
            ok!(connection.execute_sql(cx, INSERT, &[]).await);
        }),
        operation!(["core execute_all"], [0, 2], |cx, connection| {
            let statement = Statement::new(INSERT, &[]);
            ok!(connection.execute_all(cx, &[statement; 2]).await);
        }),
        operation!(["core execute_each"], [0, 2], |cx, connection| {
            let statement = Statement::new(INSERT, &[]);
            let mut transaction = ok!(connection.begin(cx).await);
            ok!(transaction.execute_all(cx, &[statement; 2]).await);
            ok!(transaction.commit(cx).await);
        }),
        operation!(["core prepare"], [0], |cx, connection| {
            // Another one each time: what is prepared already costs nothing.
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let sql = format!("SELECT id, {number} AS n FROM team");
            let prepared = ok!(connection.prepare(cx, &sql).await);
            assert_eq!(prepared.columns().collect::<Vec<_>>(), ["id", "n"]);
        }),
        operation!(
            ["core begin", "core commit", "core step"],
            [0, 2],
            |cx, connection| {
                let mut transaction = ok!(connection.begin(cx).await);
                ok!(insert(cx, &mut transaction).await);
                ok!(transaction.prepare(cx, "SELECT name FROM team").await);
                ok!(insert(cx, &mut transaction).await);
                ok!(transaction.commit(cx).await);
            }
        ),
        operation!(
            ["core begin_with", "core rollback"],
            [0],
            |cx, connection| {
                let options = TransactionOptions::default().isolation(Isolation::Serializable);
                let mut transaction = ok!(connection.begin_with(cx, options).await);
                ok!(insert(cx, &mut transaction).await);
                ok!(transaction.rollback(cx).await);
            }
        ),
        operation!(["core nested"], [0, 2], |cx, connection| {
            let mut outer = ok!(connection.nested(cx).await);
            ok!(insert(cx, &mut outer).await);
            let mut inner = ok!(outer.nested(cx).await);
            ok!(insert(cx, &mut inner).await);
            ok!(inner.commit(cx).await);
            ok!(outer.commit(cx).await);
        }),
        operation!(["core savepoint"], [0, 2], |cx, connection| {
            let mut transaction = ok!(connection.begin(cx).await);
            ok!(insert(cx, &mut transaction).await);
            let mut undone = ok!(transaction.savepoint(cx).await);
            ok!(insert(cx, &mut undone).await);
            ok!(undone.rollback(cx).await);
            let mut kept = ok!(transaction.savepoint(cx).await);
            ok!(insert(cx, &mut kept).await);
            ok!(kept.commit(cx).await);
            ok!(transaction.commit(cx).await);
        }),
        operation!(
            ["core open", "core open_cursor", "core next", "core fetch"],
            [0],
            |cx, connection| {
                let sql = Statement::new("SELECT name FROM team", &[]);
                let mut names = ok!(Rows::<_, String>::open(cx, connection, sql).await);
                ok!(names.next(cx).await);
                ok!(names.next(cx).await);
            }
        ),
        // Statements run between the portions of a cursor.
        operation!(["core open", "core next"], [0], |cx, connection| {
            let query = Team::select().include(Team::HEROES);
            let mut rows = ok!(query.stream(cx, connection).await);
            while let Some((_, heroes)) = ok!(rows.next(cx).await) {
                assert!(heroes.is_empty());
            }
        }),
        operation!(["core open", "core next"], [0, 2], |cx, connection| {
            let mut transaction = ok!(connection.begin(cx).await);
            ok!(insert(cx, &mut transaction).await);
            let query = Team::select().include(Team::HEROES);
            let mut rows = ok!(query.stream(cx, &mut transaction).await);
            ok!(rows.next(cx).await);
            drop(rows);
            ok!(insert(cx, &mut transaction).await);
            ok!(transaction.commit(cx).await);
        }),
        operation!(["core retry", "core end"], [0, 1], |cx, connection| {
            let policy = RetryPolicy::default();
            let stored = retry!(cx, &policy, connection, |transaction| insert(
                cx,
                transaction
            )
            .await);
            ok!(stored);
        }),
    ]
}

fn of_postgres() -> Vec<Operation<PostgresConnection<Trickle>>> {
    vec![
        operation!(["postgres ping"], [0], |cx, connection| {
            ok!(connection.ping(cx).await);
        }),
        operation!(["postgres settle"], [0], |cx, connection| {
            let mut transaction = ok!(connection.begin(cx).await);
            ok!(insert(cx, &mut transaction).await);
            drop(transaction);
            ok!(connection.settle(cx).await);
        }),
        operation!(["postgres batch"], [0, 2], |cx, connection| {
            let statement = Statement::new(INSERT, &[]);
            ok!(connection.batch(cx, &[statement; 2]).await);
        }),
        operation!(
            ["postgres copy_in", "postgres send", "postgres finish"],
            [0, 2],
            |cx, connection| {
                let sql = "COPY team (name, headquarters) FROM STDIN";
                let mut copy = ok!(connection.copy_in(cx, sql).await);
                ok!(copy.send(cx, b"Z-Force\tBar\n").await);
                ok!(copy.send(cx, b"Z-Force\tBar\n").await);
                assert_eq!(ok!(copy.finish(cx).await), 2);
            }
        ),
        operation!(["postgres copy_out"], [0], |cx, connection| {
            let sql = "COPY (SELECT name FROM team) TO STDOUT";
            let take = |data: &[u8]| {
                assert_eq!(data, b"Z-Force\n");
                Ok(())
            };
            ok!(connection.copy_out(cx, sql, take).await);
        }),
        operation!(
            [
                "postgres listen",
                "postgres next_notification",
                "postgres unlisten"
            ],
            [0],
            |cx, connection| {
                ok!(connection.listen(cx, "news").await);
                ok!(connection.execute_sql(cx, "NOTIFY news, 'new'", &[]).await);
                // One may be left of an earlier time.
                let news = ok!(connection.next_notification(cx).await);
                assert_eq!((&*news.channel, &*news.payload), ("news", "new"));
                ok!(connection.unlisten(cx, "news").await);
            }
        ),
    ]
}

fn of_mysql() -> Vec<Operation<MySqlConnection<Trickle>>> {
    vec![
        operation!(["mysql ping"], [0], |cx, connection| {
            ok!(connection.ping(cx).await);
        }),
        operation!(["mysql reset"], [0], |cx, connection| {
            let mut transaction = ok!(connection.begin(cx).await);
            ok!(insert(cx, &mut transaction).await);
            drop(transaction);
            ok!(connection.reset(cx).await);
        }),
    ]
}

fn of_sqlite() -> Vec<Operation<SqliteConnection>> {
    vec![
        operation!(["sqlite backup"], [0], |cx, connection| {
            let folder = Scratch::new();
            ok!(connection.backup(cx, folder.path("copy")).await);
            assert!(folder.path("copy").exists());
        }),
        operation!(["sqlite attach"], [0], |cx, connection| {
            let folder = Scratch::new();
            // It is attached when an earlier time was stopped behind that.
            let _ = connection
                .execute_sql(cx, "DETACH DATABASE other", &[])
                .await;
            ok!(connection.attach(cx, &folder.path("other"), "other").await);
            ok!(connection
                .execute_sql(cx, "DETACH DATABASE other", &[])
                .await);
        }),
    ]
}

/// The operations that are in no row: the file and the function that stop them, which have to call them.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("core connect", STOPPED, "everything_on_sqlite"),
    ("core reset", STOPPED, "stop_upkeep_everywhere"),
    ("core ping", STOPPED, "stop_upkeep_everywhere"),
    ("core progress", STOPPED, "everything_on_postgres"),
    ("postgres connect", STOPPED, "everything_on_postgres"),
    (
        "postgres connect_wrapped",
        "tests/live/src/trickle.rs",
        "trickle",
    ),
    ("mysql connect", STOPPED, "everything_on_mysql"),
    (
        "mysql connect_wrapped",
        "tests/live/src/trickle.rs",
        "trickle",
    ),
    ("sqlite connect", STOPPED, "everything_on_sqlite"),
    ("sqlite open", STOPPED, "everything_on_sqlite"),
    ("sqlite open_in_memory", STOPPED, "everything_on_sqlite"),
    (
        "pool acquire",
        CANCELLATION,
        "a_call_that_is_dropped_at_any_poll_leaves_its_place_to_the_next_one",
    ),
    (
        "pool warm_up",
        CANCELLATION,
        "warming_up_and_closing_may_be_dropped_at_any_poll",
    ),
    (
        "pool close",
        CANCELLATION,
        "warming_up_and_closing_may_be_dropped_at_any_poll",
    ),
    ("pool write", REPLICATED, READ_OR_WRITE),
    ("pool read", REPLICATED, READ_OR_WRITE),
    ("pool read_after", REPLICATED, READ_OR_WRITE),
    ("pool position", REPLICATED, READ_OR_WRITE),
];

const STOPPED: &str = "tests/live/tests/stopped.rs";
const CANCELLATION: &str = "sqlmodel-runtime/pool/src/pool/tests/cancellation.rs";
const REPLICATED: &str = "sqlmodel-runtime/pool/src/replicated/tests.rs";
const READ_OR_WRITE: &str = "a_read_or_write_that_is_dropped_at_any_poll_takes_nothing_with_it";

/// Files of public functions that wait for time, for threads, and for what they are given, or pass a call on as it is.
const NOT_THEIR_OWN: &[&str] = &[
    "core/src/seam.rs",
    "core/src/trace/repeats.rs",
    "core/src/wait.rs",
    "pool/src/pooled.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the source files below a folder, without tests.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Finds the functions of a source that are public and return a future: `pub async fn`, and those of traits.
fn waiting_functions(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("fn ") {
        let (before, rest) = (text.get(..at), text.get(at + 3..));
        let (Some(before), Some(rest)) = (before, rest) else {
            continue;
        };
        let name_end = rest.find(|it: char| !it.is_alphanumeric() && it != '_');
        let name = rest
            .get(..name_end.unwrap_or(rest.len()))
            .unwrap_or_default();
        let signature = rest.split(['{', ';']).next().unwrap_or_default();
        let is_of_a_trait = signature.contains("-> impl Future<") && before.ends_with("\n    ");
        if before.ends_with("pub async ") || is_of_a_trait {
            found.push(name);
        }
    }
    found
}

/// Tells whether a function of a source calls another one: `.name(`, `Type::name(`, or handed on as `Type::name)`.
fn calls(text: &str, caller: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().collect();
    let mut starts = lines.iter().enumerate().filter(|(_, line)| {
        let behind = line.split_once(&format!("fn {caller}"));
        behind.is_some_and(|(_, behind)| behind.starts_with(['(', '<']))
    });
    starts.any(|(at, start)| {
        let indent = start.len() - start.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let mut body = lines.iter().skip(at + 1).take_while(|line| ***line != *end);
        body.any(|line| {
            let mut found = line.match_indices(name);
            found.any(|(at, _)| {
                let before = line.get(..at).unwrap_or_default();
                let behind = line.get(at + name.len()..).unwrap_or_default();
                before.ends_with(['.', ':']) && behind.starts_with(['(', ')'])
            })
        })
    })
}

#[test]
fn a_call_is_looked_for_in_the_function_alone() {
    let text = "fn one() {\n    pool.open(cx);\n    take(Pool::close);\n}\n\nfn two() {\n    pool.reopen(cx); // acquire\n}\n";
    for (caller, name, expected) in [
        ("one", "open", true),
        ("one", "close", true),
        ("one", "reopen", false),
        ("two", "open", false),
        ("two", "acquire", false),
        ("three", "open", false),
    ] {
        assert_eq!(calls(text, caller, name), expected, "{caller}, {name}");
    }
}

#[test]
fn every_operation_is_stopped_somewhere() -> Test {
    let mut expected = BTreeSet::new();
    for krate in ["core", "pool", "postgres", "mysql", "sqlite"] {
        for path in sources(&root().join("sqlmodel-runtime").join(krate).join("src"))? {
            if NOT_THEIR_OWN.iter().any(|file| path.ends_with(file)) {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            let names = waiting_functions(&text).into_iter();
            expected.extend(names.map(|name| format!("{krate} {name}")));
        }
    }
    assert!(expected.len() > 40, "{expected:?}");

    let mut covered = BTreeSet::new();
    for (name, file, caller) in ELSEWHERE {
        let text = fs::read_to_string(root().join(file))?;
        let function = name.split_once(' ').map_or(*name, |(_, function)| function);
        assert!(
            calls(&text, caller, function),
            "`{caller}` of {file} does not call `{function}`"
        );
        covered.insert((*name).to_owned());
    }
    let rows = [
        of_every_driver::<SqliteConnection>()
            .into_iter()
            .map(|row| row.covers)
            .collect::<Vec<_>>(),
        of_postgres().into_iter().map(|row| row.covers).collect(),
        of_mysql().into_iter().map(|row| row.covers).collect(),
        of_sqlite().into_iter().map(|row| row.covers).collect(),
    ];
    covered.extend(rows.concat().concat().into_iter().map(str::to_owned));
    let missing: Vec<_> = expected.difference(&covered).collect();
    let gone: Vec<_> = covered.difference(&expected).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "missing: {missing:?}; gone: {gone:?}"
    );
    Ok(())
}

/// What is counted on a server.
struct Observer<'o, C> {
    connection: &'o mut C,
    /// Counts the transactions that others have open in this database; `None` where nobody else can tell.
    open_transactions: Option<&'static str>,
}

impl<C: Connection> Observer<'_, C> {
    async fn count(&mut self, cx: &Cx) -> Result<u64, Failure> {
        count(cx, self.connection).await
    }

    async fn clear(&mut self, cx: &Cx) -> Test {
        Team::delete()
            .all_rows()
            .execute(cx, self.connection)
            .await
            .into_result()?;
        for _ in 0..3 {
            insert(cx, self.connection).await.into_result()?;
        }
        Ok(())
    }

    /// Expects that nobody holds a row or has a transaction open.
    async fn expect_nothing_open(&mut self, cx: &Cx) -> Test {
        let soon = within(cx, Duration::from_secs(5));
        Team::update()
            .set(Team::HEADQUARTERS, "Tower")
            .all_rows()
            .execute(&soon, self.connection)
            .await
            .into_result()?;
        let Some(sql) = self.open_transactions else {
            return Ok(());
        };
        // The server may answer from what it knew a moment ago.
        loop {
            let rows = self
                .connection
                .query_rows(&soon, sql, &[])
                .await
                .into_result()?;
            if rows.first().ok_or("a count")?.get::<i64>("n")? == 0 {
                return Ok(());
            }
            live::sleep(&soon, Duration::from_millis(20)).await;
        }
    }
}

async fn count(cx: &Cx, executor: &mut impl Executor) -> Result<u64, Failure> {
    Ok(Team::select().count(cx, executor).await.into_result()?)
}

fn expect_one_of<T: PartialEq + Debug>(found: &T, among: &[T], place: &str) -> Test {
    if among.contains(found) {
        return Ok(());
    }
    Err(format!("{place}: {found:?} is none of {among:?}").into())
}

/// Stops every operation after each number of polls, until it comes to its end.
async fn stop_everywhere<C: Connection, O: Connection>(
    cx: &Cx,
    connection: &mut C,
    operations: Vec<Operation<C>>,
    observer: &mut Observer<'_, O>,
    min_polls: usize,
) -> Test {
    for operation in operations {
        let Operation {
            covers,
            n_added,
            run,
        } = operation;
        for stop in [Stop::Drop, Stop::Cancel] {
            observer.clear(cx).await?;
            for n_polls in 0.. {
                let place = format!("{covers:?}, {stop:?} after {n_polls} polls");
                let at_place = |error: Failure| format!("{place}: {error}");
                let n_before = observer.count(cx).await?;
                let ran = stopped(cx, stop, n_polls, async |cx| {
                    run(cx, &mut *connection).await
                });
                let ran = ran.await;
                let n_after = count(cx, connection).await.map_err(at_place)?;
                let n_left = n_after
                    .checked_sub(n_before)
                    .ok_or_else(|| format!("{place}: {n_before} rows, then {n_after}"))?;
                expect_one_of(&n_left, n_added, &place)?;
                observer.expect_nothing_open(cx).await.map_err(at_place)?;
                match ran {
                    Some(Outcome::Ok(())) => {
                        expect_one_of(&Some(&n_left), &[n_added.last()], &place)?;
                        assert!(
                            n_polls >= min_polls,
                            "{place}: it was stopped in its middle"
                        );
                        break;
                    }
                    Some(Outcome::Err(error)) => return Err(format!("{place}: {error:#?}").into()),
                    _ => {}
                }
                if n_after > 8 {
                    observer.clear(cx).await?;
                }
            }
        }
    }
    Ok(())
}

/// A connection of the driver's own kind is put in order by the connector, as in a pool, at whatever poll that is stopped.
async fn stop_upkeep_everywhere<K: Connector>(
    cx: &Cx,
    connector: &K,
    also: impl AsyncFn(&Cx, &mut K::Connection) -> Outcome<(), Error>,
) -> Test {
    for stop in [Stop::Drop, Stop::Cancel] {
        let mut connection = connector.connect(cx).await.into_result()?;
        for n_polls in 0.. {
            let transaction = connection.begin(cx).await.into_result()?;
            drop(transaction);
            let ran = stopped(cx, stop, n_polls, async |cx| {
                ok!(connector.ping(cx, &mut connection).await);
                ok!(also(cx, &mut connection).await);
                connector.reset(cx, &mut connection).await
            });
            let ran = ran.await;
            count(cx, &mut connection).await?;
            if matches!(ran, Some(Outcome::Ok(()))) {
                break;
            }
        }
    }
    Ok(())
}

async fn nothing_more<C>(_: &Cx, _: &mut C) -> Outcome<(), Error> {
    Outcome::Ok(())
}

/// Connects, whatever poll of it is the last. Not every poll is tried where the server begins a process for each.
async fn stop_connecting_everywhere<C: Connection>(
    cx: &Cx,
    step: usize,
    connect: impl AsyncFn(&Cx) -> Outcome<C, Error>,
) -> Test {
    for stop in [Stop::Drop, Stop::Cancel] {
        let mut n_polls = 0;
        loop {
            let connected = stopped(cx, stop, n_polls, &connect).await;
            match connected {
                Some(Outcome::Ok(mut connection)) => {
                    let sql = "SELECT 42 AS n";
                    let rows = connection.query_rows(cx, sql, &[]).await.into_result()?;
                    assert_eq!(rows.first().ok_or("a row")?.get::<i64>("n")?, 42);
                    break;
                }
                Some(Outcome::Err(error)) => return Err(format!("{n_polls} polls: {error}").into()),
                _ => n_polls += step,
            }
        }
        assert!(n_polls > 0);
    }
    Ok(())
}

async fn on_server<K: Trickling>(
    cx: &Cx,
    connector: &K,
    own: Vec<Operation<K::Trickled>>,
    observer: &mut Observer<'_, K::Connection>,
) -> Test {
    let mut connection = connector.trickle(cx).await.into_result()?;
    let mut operations = of_every_driver();
    operations.extend(own);
    stop_everywhere(cx, &mut connection, operations, observer, 2).await?;
    drop(connection);
    stop_connecting_everywhere(cx, 3, async |cx| connector.trickle(cx).await).await
}

const POSTGRES_TRANSACTIONS: &str = "SELECT count(*) AS n FROM pg_stat_activity \
    WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

#[test]
fn everything_on_postgres() -> Test {
    on_postgres(TABLES, async |cx, options, connection| {
        let options = options.clone().cancel_grace(Duration::from_secs(1));
        let mut observer = Observer {
            connection,
            open_transactions: Some(POSTGRES_TRANSACTIONS),
        };
        on_server(cx, &options, of_postgres(), &mut observer).await?;
        stop_upkeep_everywhere(cx, &options, async |cx, connection| {
            let progress = ok!(options.progress(cx, connection).await);
            assert_eq!(progress.role, Role::Primary);
            Outcome::Ok(())
        })
        .await?;
        stop_connecting_everywhere(cx, 1, async |cx| options.connect(cx).await).await
    })
}

/// Through a pooler a session has another connection to the server in each transaction.
#[test]
fn everything_through_a_pooler() -> Test {
    let asked = [Server::Postgres, Server::Pooler];
    let Some(servers) = Servers::private(&asked) else {
        return Ok(());
    };
    let database = Database::create(servers.url(Server::Postgres), PostgresOptions::parse)?;
    let pooled = PostgresOptions::parse(&database.url_at(servers.url(Server::Pooler)))?;
    let pooled = pooled.pooler_safe().cancel_grace(Duration::from_secs(1));
    block_on(async |cx| {
        let mut direct = database.connector()?.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut direct, TABLES)
            .await
            .into_result()?;
        let mut observer = Observer {
            connection: &mut direct,
            open_transactions: Some(POSTGRES_TRANSACTIONS),
        };
        let mut own = of_postgres();
        // What listens is a session, and that is somebody else's in the next transaction.
        own.retain(|operation| !operation.covers.contains(&"postgres listen"));
        on_server(cx, &pooled, own, &mut observer).await
    })
}

#[test]
fn everything_on_mysql() -> Test {
    on_mysql(TABLES, async |cx, options, connection| {
        let options = options.clone().cancel_grace(Duration::from_secs(1));
        let mut observer = Observer {
            connection,
            open_transactions: Some(
                "SELECT count(*) AS n FROM information_schema.INNODB_TRX t \
                 JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id \
                 WHERE p.DB = DATABASE() AND p.ID <> CONNECTION_ID()",
            ),
        };
        on_server(cx, &options, of_mysql(), &mut observer).await?;
        stop_upkeep_everywhere(cx, &options, nothing_more).await?;
        stop_connecting_everywhere(cx, 1, async |cx| options.connect(cx).await).await
    })
}

#[test]
fn everything_on_sqlite() -> Test {
    on_sqlite_file(TABLES, async |cx, options, connection| {
        let mut stopped_one = options.connect(cx).await.into_result()?;
        let mut observer = Observer {
            connection,
            // The update that follows needs the database to itself.
            open_transactions: None,
        };
        let mut operations = of_every_driver();
        operations.extend(of_sqlite());
        stop_everywhere(cx, &mut stopped_one, operations, &mut observer, 1).await?;
        stop_upkeep_everywhere(cx, options, nothing_more).await?;
        stop_connecting_everywhere(cx, 1, async |cx| options.connect(cx).await).await?;
        stop_connecting_everywhere(cx, 1, SqliteConnection::open_in_memory).await?;
        let folder = Scratch::new();
        let path = folder.path("another");
        stop_connecting_everywhere(cx, 1, async |cx| {
            SqliteConnection::open(cx, path.clone()).await
        })
        .await
    })
}
