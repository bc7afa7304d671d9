//! What takes long, what is stopped, and what happens in other threads.

use std::fs;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Duration;

use sqlmodel_core::seam::CancelKind;
use sqlmodel_core::{TransactionOps, block_on, within};

use super::*;
use crate::Synchronous;

/// A folder that goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sqlmodel-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder for temporary files takes another");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("test.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const INSERT: &str = "INSERT INTO team (name) VALUES ('x')";
const ENDLESS: &str =
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n";

async fn open(cx: &Cx, options: SqliteOptions) -> SqliteConnection {
    let mut connection = options.connect(cx).await.unwrap();
    let sql = "CREATE TABLE IF NOT EXISTS team (id INTEGER PRIMARY KEY, name TEXT NOT NULL)";
    connection.execute_sql(cx, sql, &[]).await.unwrap();
    connection
}

/// Polls a future so many times at most; calls `before` before the last of them. `None` when it was dropped unfinished.
async fn poll_times<F: Future>(
    future: F,
    n_polls: usize,
    keeps_on: bool,
    before: impl Fn(),
) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|task| {
        if polls == n_polls {
            before();
            if !keeps_on {
                return Poll::Ready(None);
            }
        }
        polls += 1;
        future.as_mut().poll(task).map(Some)
    })
    .await
}

#[test]
fn a_lock_is_waited_for_without_blocking_the_thread() {
    let folder = Folder::new("lock");
    block_on(async |cx| {
        let mut first = open(cx, SqliteOptions::file(folder.file())).await;
        let mut second = open(cx, SqliteOptions::file(folder.file())).await;
        let mut transaction = first.begin(cx).await.unwrap();
        transaction.execute_sql(cx, INSERT, &[]).await.unwrap();
        {
            let mut insert = pin!(second.execute_sql(cx, INSERT, &[]));
            let first_poll = poll_fn(|task| Poll::Ready(insert.as_mut().poll(task))).await;
            assert!(first_poll.is_pending(), "another connection has the lock");
            transaction.commit(cx).await.unwrap();
            assert_eq!(insert.await.unwrap(), 1);
        }
        assert_eq!(count_teams(cx, &mut second).await, 2);
    });
}

#[test]
fn a_lock_is_not_waited_for_longer_than_the_timeout() {
    let folder = Folder::new("timeout");
    block_on(async |cx| {
        let options = SqliteOptions::file(folder.file()).busy_timeout(Duration::from_millis(3));
        let mut first = open(cx, options.clone()).await;
        let mut second = open(cx, options).await;
        let transaction = first.begin(cx).await.unwrap();
        for sql in [INSERT, "BEGIN IMMEDIATE"] {
            let error = error_of(cx, &mut second, sql).await;
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
            assert!(error.is_retryable());
        }
        transaction.rollback(cx).await.unwrap();
        second.execute_sql(cx, INSERT, &[]).await.unwrap();
    });
}

#[test]
fn a_commit_waits_for_readers_where_there_is_no_wal() {
    let folder = Folder::new("readers");
    block_on(async |cx| {
        let options = SqliteOptions::file(folder.file()).journal_mode(JournalMode::Delete);
        let mut writer = open(cx, options.clone()).await;
        writer.execute_sql(cx, INSERT, &[]).await.unwrap();
        let mut reader = open(cx, options).await;
        let query = Statement::new("SELECT id FROM team", &[]);
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, &mut reader, query).await.unwrap();
        assert_eq!(rows.next(cx).await.unwrap(), Some(1));
        // A stream that is at its end holds no lock, so the reader stays in a transaction.
        drop(rows);
        reader.execute_sql(cx, "BEGIN", &[]).await.unwrap();
        assert_eq!(count_teams(cx, &mut reader).await, 1);
        let mut write = pin!(writer.execute_sql(cx, INSERT, &[]));
        let mut is_done = false;
        for _ in 0..3 {
            is_done |= poll_fn(|task| Poll::Ready(write.as_mut().poll(task)))
                .await
                .is_ready();
        }
        assert!(!is_done, "a reader is in the way");
        reader.execute_sql(cx, "COMMIT", &[]).await.unwrap();
        assert_eq!(write.await.unwrap(), 1);
    });
}

#[test]
fn a_cancelled_wait_for_a_lock_leaves_the_connection_usable() {
    let folder = Folder::new("cancelled");
    block_on(async |cx| {
        let mut first = open(cx, SqliteOptions::file(folder.file())).await;
        let mut second = open(cx, SqliteOptions::file(folder.file())).await;
        let transaction = first.begin(cx).await.unwrap();
        let own = within(cx, Duration::from_secs(60));
        let cancel = || own.cancel_with(CancelKind::User, Some("test"));
        let insert = second.execute_sql(&own, INSERT, &[]);
        let outcome = poll_times(insert, 1, true, cancel).await;
        assert!(outcome.is_some_and(|outcome| outcome.is_cancelled()));
        transaction.rollback(cx).await.unwrap();
        assert_eq!(second.execute_sql(cx, INSERT, &[]).await.unwrap(), 1);
    });
}

#[test]
fn a_budget_interrupts_a_statement_that_runs() {
    block_on(async |cx| {
        let mut connection = open(cx, SqliteOptions::memory()).await;
        let own = within(cx, Duration::from_millis(5));
        let endless = connection.query_rows(&own, ENDLESS, &[]).await;
        assert!(endless.is_cancelled(), "{endless:?}");
        assert_eq!(connection.execute_sql(cx, INSERT, &[]).await.unwrap(), 1);
    });
}

#[test]
fn cancelling_from_another_thread_interrupts_a_statement_that_runs() {
    block_on(async |cx| {
        let mut connection = open(cx, SqliteOptions::memory()).await;
        let own = within(cx, Duration::from_secs(60));
        let other = own.clone();
        let started = Arc::new(std::sync::Barrier::new(2));
        let start = Arc::clone(&started);
        let canceller = thread::spawn(move || {
            start.wait();
            other.cancel_with(CancelKind::User, Some("test"));
        });
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        let raw = connection.raw();
        raw.create_scalar_function("start", 0, flags, move |_| {
            Ok(i64::from(started.wait().is_leader()))
        })
        .unwrap();
        let sql = format!("SELECT start(), ({ENDLESS})");
        let outcome = connection.query_rows(&own, &sql, &[]).await;
        assert!(outcome.is_cancelled(), "{outcome:?}");
        canceller.join().unwrap();
    });
}

#[test]
fn the_librarys_own_interrupt_is_an_error_and_no_cancellation() {
    block_on(async |cx| {
        let mut connection = open(cx, SqliteOptions::memory()).await;
        let handle = connection.raw().get_interrupt_handle();
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        let raw = connection.raw();
        raw.create_scalar_function("stop", 0, flags, move |_| {
            handle.interrupt();
            Ok(1)
        })
        .unwrap();
        let outcome = connection
            .query_rows(cx, &format!("SELECT stop(), ({ENDLESS})"), &[])
            .await;
        assert!(matches!(outcome, Outcome::Err(error) if error.kind() == ErrorKind::Database));
    });
}

/// Commits once in a transaction and once outside of one, and returns the threads that did it.
fn threads_of_commits(options: SqliteOptions) -> Vec<ThreadId> {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&threads);
    let options = options.on_open(move |raw| {
        let noted = Arc::clone(&noted);
        let hook = move || {
            let mut threads = noted.lock().expect("nobody panics with it");
            threads.push(thread::current().id());
            false
        };
        raw.commit_hook(Some(hook)).map(drop)
    });
    block_on(async |cx| {
        let mut connection = open(cx, options).await;
        threads.lock().expect("nobody panics with it").clear();
        let mut transaction = connection.begin(cx).await.unwrap();
        transaction.execute_sql(cx, INSERT, &[]).await.unwrap();
        transaction.commit(cx).await.unwrap();
        connection.execute_sql(cx, INSERT, &[]).await.unwrap();
        assert_eq!(count_teams(cx, &mut connection).await, 2);
    });
    let threads = threads.lock().expect("nobody panics with it");
    threads.clone()
}

#[test]
fn commits_that_wait_for_the_disk_run_in_another_thread() {
    let folder = Folder::new("commits");
    let here = thread::current().id();
    let on_disk = threads_of_commits(SqliteOptions::file(folder.file()));
    assert_eq!(on_disk.len(), 2);
    assert!(!on_disk.contains(&here), "they do not hold up the executor");
    assert_eq!(threads_of_commits(SqliteOptions::memory()), [here, here]);
    let unsynced = SqliteOptions::file(folder.0.join("2.db")).synchronous(Synchronous::Off);
    assert_eq!(threads_of_commits(unsynced), [here, here]);
}

#[test]
fn a_refused_write_outside_of_a_transaction_leaves_none_behind() {
    let folder = Folder::new("refused");
    block_on(async |cx| {
        let mut connection = open(cx, SqliteOptions::file(folder.file())).await;
        let error = error_of(cx, &mut connection, "INSERT INTO team (name) VALUES (NULL)").await;
        assert!(error.is_not_null_violation());
        let mut other = open(cx, SqliteOptions::file(folder.file())).await;
        other.execute_sql(cx, INSERT, &[]).await.unwrap();
        connection.execute_sql(cx, INSERT, &[]).await.unwrap();
    });
}

/// Stores two teams in a transaction with a savepoint, and one outside of it.
async fn store(cx: &Cx, connection: &mut SqliteConnection) -> Outcome<(), Error> {
    let mut transaction = ok!(connection.begin(cx).await);
    ok!(transaction.execute_sql(cx, INSERT, &[]).await);
    let mut savepoint = ok!(transaction.savepoint(cx).await);
    ok!(savepoint.execute_sql(cx, INSERT, &[]).await);
    ok!(savepoint.commit(cx).await);
    ok!(transaction.commit(cx).await);
    ok!(connection.execute_sql(cx, INSERT, &[]).await);
    Outcome::Ok(())
}

/// Stops [`store`] at each of its polls, and checks that it left all or nothing and no lock.
///
/// How many polls there are depends on the threads that commit.
fn stop_at_every_poll(name: &str, is_cancelled: bool) {
    let folder = Folder::new(name);
    block_on(async |cx| {
        let mut connection = open(cx, SqliteOptions::file(folder.file())).await;
        let mut other = open(cx, SqliteOptions::file(folder.file())).await;
        for n_polls in 0.. {
            let own = within(cx, Duration::from_secs(60));
            let cancel = || {
                if is_cancelled {
                    own.cancel_with(CancelKind::User, Some("test"));
                }
            };
            let store = store(&own, &mut connection);
            let outcome = poll_times(store, n_polls, is_cancelled, cancel).await;
            let n_teams = count_teams(cx, &mut connection).await;
            assert!(
                [0, 2, 3].contains(&n_teams),
                "{n_teams} after {n_polls} polls"
            );
            other
                .execute_sql(cx, "DELETE FROM team", &[])
                .await
                .unwrap();
            assert_eq!(count_teams(cx, &mut connection).await, 0);
            if matches!(outcome, Some(Outcome::Ok(()))) && n_polls > 0 {
                assert_eq!(n_teams, 3);
                break;
            }
        }
    });
}

#[test]
fn work_dropped_at_any_poll_is_done_or_undone_as_a_whole() {
    stop_at_every_poll("dropped", false);
}

#[test]
fn work_cancelled_at_any_poll_is_done_or_undone_as_a_whole() {
    stop_at_every_poll("stopped", true);
}

#[test]
fn a_database_is_copied_and_attached() {
    let folder = Folder::new("copy");
    block_on(async |cx| {
        let mut connection = open(cx, SqliteOptions::memory()).await;
        connection.execute_sql(cx, INSERT, &[]).await.unwrap();
        connection.backup(cx, folder.file()).await.unwrap();
        connection
            .execute_sql(cx, "DELETE FROM team", &[])
            .await
            .unwrap();
        connection.attach(cx, &folder.file(), "copy").await.unwrap();
        let sql = "INSERT INTO team SELECT * FROM copy.team";
        assert_eq!(connection.execute_sql(cx, sql, &[]).await.unwrap(), 1);
        let refused = connection.backup(cx, "/nowhere/at/all.db").await;
        assert!(
            matches!(refused, Outcome::Err(error) if error.to_string().contains("/nowhere/at/all.db"))
        );
    });
}

#[test]
fn connections_share_a_database_in_memory_by_its_name() {
    block_on(async |cx| {
        let mut first = open(cx, SqliteOptions::shared_memory("shared?a=b #1")).await;
        let mut second = open(cx, SqliteOptions::shared_memory("shared?a=b #1")).await;
        let mut other = open(cx, SqliteOptions::shared_memory("shared")).await;
        first.execute_sql(cx, INSERT, &[]).await.unwrap();
        assert_eq!(count_teams(cx, &mut second).await, 1);
        assert_eq!(count_teams(cx, &mut other).await, 0);
        drop((first, second));
        let mut again = open(cx, SqliteOptions::shared_memory("shared?a=b #1")).await;
        assert_eq!(
            count_teams(cx, &mut again).await,
            0,
            "it ended with its last connection"
        );
    });
}
