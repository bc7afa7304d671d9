//! Statements over several tables while somebody else changes or deletes the row: nothing is lost, and who comes second is told.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use generated::zoo::people::{AnyPerson, HeadKeeper, Keeper, NewHeadKeeper, NewKeeper, Person};
use generated::zoo::tables::TABLES;
use live::{Failure, Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Connector, Error, ErrorKind, Isolation, OutcomeError, PolymorphicLoad, TransactionOps,
    TransactionOptions,
};

with_every_driver! {
    TABLES;
    a_row_that_is_gone_is_stale,
    an_update_and_a_delete_at_once_leave_whole_rows,
}

/// How many wait for a lock: of the database on PostgreSQL, of the server on MySQL.
const POSTGRES_WAITING: &str = "SELECT count(*)::text AS \"Value\" FROM pg_stat_activity \
    WHERE datname = current_database() AND wait_event_type = 'Lock'";
const MYSQL_WAITING: &str = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'";

/// Makes tests of functions of two connections to a server, and of what tells how many wait. SQLite has one writer.
macro_rules! on_servers {
    ($($test:ident),+ $(,)?) => {
        mod on_postgres {
            use super::*;

            $(
                #[test]
                fn $test() -> Test {
                    live::on_postgres(TABLES, async |cx, connector, _| {
                        super::$test(cx, connector, POSTGRES_WAITING).await
                    })
                }
            )+
        }

        mod on_mysql {
            use super::*;

            $(
                #[test]
                fn $test() -> Test {
                    live::on_mysql(TABLES, async |cx, connector, _| {
                        super::$test(cx, connector, MYSQL_WAITING).await
                    })
                }
            )+
        }
    };
}

on_servers! {
    a_filter_of_the_root_is_looked_at_again,
    a_version_in_a_filter_protects_every_table,
    rows_that_are_returned_are_as_they_were_locked,
    upserts_see_what_was_committed_since_the_first_read,
    updates_return_what_was_committed_since_the_first_read,
    upserts_of_one_new_key_all_succeed,
    rows_that_are_loaded_by_type_are_of_one_time,
}

/// Returns when somebody waits for a lock.
async fn somebody_waits<C: Connection>(cx: &Cx, connection: &mut C, waiting: &str) -> Test {
    loop {
        let rows = connection.query_rows(cx, waiting, &[]).await;
        let rows = rows.into_result()?;
        if rows.first().ok_or("no count")?.get::<String>("Value")? != "0" {
            return Ok(());
        }
    }
}

/// Runs a statement while a transaction holds what it needs, commits that when the statement waits, and returns its outcome.
async fn second<K: Connector, T>(
    cx: &Cx,
    connector: &K,
    waiting: &str,
    holder: impl TransactionOps,
    statement: impl Future<Output = Outcome<T, Error>>,
) -> Result<T, Failure> {
    let mut watch = connector.connect(cx).await.into_result()?;
    let commit = async {
        somebody_waits(cx, &mut watch, waiting).await?;
        holder.commit(cx).await.into_result()?;
        Ok::<_, Failure>(())
    };
    let (done, committed) = both(statement, commit).await;
    committed?;
    Ok(done.into_result()?)
}

async fn keeper<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    badge: &str,
) -> Result<Keeper, Failure> {
    let keeper = NewKeeper::new("free", badge);
    Ok(insert!(keeper).one(cx, connection).await.into_result()?)
}

async fn a_filter_of_the_root_is_looked_at_again<K: Connector>(
    cx: &Cx,
    connector: &K,
    waiting: &str,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    keeper(cx, &mut one, "B-1").await?;
    let claim = |name: &str| {
        let update = Keeper::update().set(Keeper::NAME, name.to_owned());
        update.filter(Keeper::NAME.eq("free"))
    };
    let mut holder = one.begin(cx).await.into_result()?;
    let first = claim("ann").execute(cx, &mut holder).await;
    assert_eq!(first.into_result()?, 1);
    let claimed = claim("bob").execute(cx, &mut other);
    assert_eq!(second(cx, connector, waiting, holder, claimed).await?, 0);
    let stored = Keeper::select().one(cx, &mut one).await.into_result()?;
    assert_eq!(stored.name, "ann");
    Ok(())
}

async fn a_version_in_a_filter_protects_every_table<K: Connector>(
    cx: &Cx,
    connector: &K,
    waiting: &str,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    let stored = keeper(cx, &mut one, "B-1").await?;
    let change = || {
        let update = Keeper::update().filter(Keeper::ID.eq(stored.id));
        update.filter(Keeper::VERSION.eq(stored.version))
    };
    let changes = [
        change().set(Keeper::NAME, "bob"),
        change().set(Keeper::BADGE, "bob"),
        change().set(Keeper::NAME, Keeper::BADGE),
    ];
    for late in changes {
        let key = Keeper::ID.eq(stored.id);
        let reset = Keeper::update().set(Keeper::VERSION, stored.version);
        reset
            .filter(key)
            .execute(cx, &mut one)
            .await
            .into_result()?;
        let mut holder = one.begin(cx).await.into_result()?;
        let first = change().set(Keeper::NAME, "ann").execute(cx, &mut holder);
        assert_eq!(first.await.into_result()?, 1);
        let late = late.execute(cx, &mut other);
        assert_eq!(second(cx, connector, waiting, holder, late).await?, 0);
        let stored = Keeper::select().one(cx, &mut one).await.into_result()?;
        assert_eq!((&*stored.name, &*stored.badge), ("ann", "B-1"));
    }
    Ok(())
}

async fn rows_that_are_returned_are_as_they_were_locked<K: Connector>(
    cx: &Cx,
    connector: &K,
    waiting: &str,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    keeper(cx, &mut one, "B-1").await?;
    let mut holder = one.begin(cx).await.into_result()?;
    let first = Keeper::update().set(Keeper::BADGE, "B-2").all_rows();
    first.execute(cx, &mut holder).await.into_result()?;
    let late = Keeper::update().set(Keeper::NAME, "late").all_rows();
    let late = late.all(cx, &mut other);
    let returned = second(cx, connector, waiting, holder, late).await?;
    assert_eq!(
        returned,
        Keeper::select().all(cx, &mut one).await.into_result()?
    );
    let badges: Vec<_> = returned.iter().map(|keeper| &*keeper.badge).collect();
    assert_eq!(badges, ["B-2"]);
    Ok(())
}

/// The isolation in which a transaction reads what there was when it read first, unless it locks.
fn repeatable() -> TransactionOptions {
    TransactionOptions::default().isolation(Isolation::RepeatableRead)
}

/// Whether a transaction may go on over rows that were changed since it read first; otherwise it is told to begin again.
fn goes_on<T>(result: Result<T, OutcomeError<Error>>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(OutcomeError::Err(error)) if error.kind() == ErrorKind::Serialization => Ok(None),
        Err(other) => Err(other.into()),
    }
}

async fn upserts_see_what_was_committed_since_the_first_read<K: Connector>(
    cx: &Cx,
    connector: &K,
    _: &str,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    for does_nothing in [true, false] {
        for n_rows in [1, 2] {
            let delete = Person::delete().all_rows().execute(cx, &mut other).await;
            delete.into_result()?;
            let mut reader = one.begin_with(cx, repeatable()).await.into_result()?;
            assert_eq!(
                Keeper::select()
                    .count(cx, &mut reader)
                    .await
                    .into_result()?,
                0
            );
            for badge in ["B-1", "B-2"] {
                keeper(cx, &mut other, badge).await?;
            }
            let rows = [NewKeeper::new("late", "B-1"), NewKeeper::new("late", "B-2")];
            let rows = rows.into_iter().take(n_rows);
            let upsert = Keeper::insert_many(rows).on_conflict(Keeper::BADGE);
            let upsert = if does_nothing {
                upsert.do_nothing()
            } else {
                upsert.do_update()
            };
            let written = upsert.all(cx, &mut reader).await.into_result();
            let Err(OutcomeError::Err(error)) = &written else {
                let written = written?;
                assert_eq!(written.len(), if does_nothing { 0 } else { n_rows });
                reader.rollback(cx).await.into_result()?;
                continue;
            };
            // A transaction whose locks see no more than its reads finds the key taken by a row that it cannot see.
            assert!(
                error.kind() == ErrorKind::Serialization || error.is_unique_violation(),
                "{error}"
            );
            reader.rollback(cx).await.into_result()?;
        }
    }
    Ok(())
}

async fn updates_return_what_was_committed_since_the_first_read<K: Connector>(
    cx: &Cx,
    connector: &K,
    _: &str,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    keeper(cx, &mut one, "A-1").await?;
    let mut reader = one.begin_with(cx, repeatable()).await.into_result()?;
    assert_eq!(
        Keeper::select()
            .count(cx, &mut reader)
            .await
            .into_result()?,
        1
    );
    let update = Keeper::update().set(Keeper::BADGE, "A-2").all_rows();
    update.execute(cx, &mut other).await.into_result()?;
    keeper(cx, &mut other, "B-1").await?;
    let update = Keeper::update().set(Keeper::NAME, "late").all_rows();
    let returned = goes_on(update.all(cx, &mut reader).await.into_result())?;
    let Some(returned) = returned else {
        return Ok(());
    };
    let mut badges: Vec<_> = returned.iter().map(|keeper| &*keeper.badge).collect();
    badges.sort_unstable();
    assert_eq!(badges, ["A-2", "B-1"]);
    let mut changed = returned[0].clone();
    changed.name = "later".to_owned();
    let changed = changed
        .update_row()
        .one(cx, &mut reader)
        .await
        .into_result()?;
    assert_eq!(changed.badge, returned[0].badge);
    reader.commit(cx).await.into_result()?;
    Ok(())
}

async fn upserts_of_one_new_key_all_succeed<K: Connector>(cx: &Cx, connector: &K, _: &str) -> Test {
    let mut connections = Vec::new();
    for _ in 0..5 {
        connections.push(connector.connect(cx).await.into_result()?);
    }
    for round in 0..8 {
        let upserts = connections.iter_mut().enumerate().map(|(number, one)| {
            let new = NewKeeper::new(format!("n{number}"), format!("R-{round}"));
            let upsert = insert!(new).on_conflict(Keeper::BADGE).do_update();
            Box::pin(upsert.execute(cx, one))
        });
        for written in all(upserts.collect()).await {
            assert_eq!(written.into_result()?, 1);
        }
    }
    let [one, ..] = &mut *connections else {
        return Err("no connection".into());
    };
    assert_eq!(Keeper::select().count(cx, one).await.into_result()?, 8);
    assert_eq!(Person::select().count(cx, one).await.into_result()?, 8);
    Ok(())
}

async fn rows_that_are_loaded_by_type_are_of_one_time<K: Connector>(
    cx: &Cx,
    connector: &K,
    _: &str,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    keeper(cx, &mut one, "free").await?;
    for round in 0..100 {
        let both_columns = format!("r{round}");
        let update = Keeper::update().set(Keeper::NAME, both_columns.clone());
        let update = update.set(Keeper::BADGE, both_columns).all_rows();
        let load = Person::select().polymorphic_by(PolymorphicLoad::ByType);
        let (written, loaded) = both(update.execute(cx, &mut one), load.all(cx, &mut other)).await;
        written.into_result()?;
        for person in loaded.into_result()? {
            let AnyPerson::Keeper(keeper) = person else {
                return Err(format!("{person:?}").into());
            };
            assert_eq!(keeper.name, keeper.badge);
        }
    }
    Ok(())
}

/// Polls futures in turn until all have ended.
async fn all<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut done: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|task| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(output) = std::pin::Pin::new(future).poll(task)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Polls two futures in turn until both have ended.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(move |task| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(task)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(task)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

async fn hire<C: Connection>(cx: &Cx, connection: &mut C) -> Result<HeadKeeper, Failure> {
    let head = NewHeadKeeper::new("Cy", "C-1", "1.5".parse()?);
    Ok(insert!(head).one(cx, connection).await.into_result()?)
}

fn kind<T>(result: Result<T, OutcomeError<Error>>) -> Result<Option<ErrorKind>, Failure> {
    match result {
        Ok(_) => Ok(None),
        Err(OutcomeError::Err(error)) => Ok(Some(error.kind())),
        Err(other) => Err(other.into()),
    }
}

async fn a_row_that_is_gone_is_stale<K: Connector>(cx: &Cx, connector: &K) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    let mut head = hire(cx, &mut one).await?;
    head.delete_row()
        .execute(cx, &mut other)
        .await
        .into_result()?;
    head.name = "late".to_owned();
    head.badge = "late".to_owned();
    let update = head.update_row().execute(cx, &mut one).await;
    assert_eq!(kind(update.into_result())?, Some(ErrorKind::StaleRow));
    let delete = head.delete_row().execute(cx, &mut one).await;
    assert_eq!(kind(delete.into_result())?, Some(ErrorKind::StaleRow));
    let people = Person::select().count(cx, &mut one).await;
    assert_eq!(people.into_result()?, 0);
    Ok(())
}

async fn an_update_and_a_delete_at_once_leave_whole_rows<K: Connector>(
    cx: &Cx,
    connector: &K,
) -> Test {
    let mut one = connector.connect(cx).await.into_result()?;
    let mut other = connector.connect(cx).await.into_result()?;
    for round in 0..8 {
        let mut head = hire(cx, &mut one).await?;
        head.name = "Cyd".to_owned();
        head.budget = "2.5".parse()?;
        let update = head.update_row();
        let delete = HeadKeeper::delete().filter(HeadKeeper::BADGE.eq("C-1"));
        let (updated, deleted) = if round % 2 == 0 {
            both(update.execute(cx, &mut one), delete.execute(cx, &mut other)).await
        } else {
            let (deleted, updated) =
                both(delete.execute(cx, &mut other), update.execute(cx, &mut one)).await;
            (updated, deleted)
        };
        // Who comes second finds the row gone, or loses to a lock and may try again.
        let updated = kind(updated.into_result())?;
        let may_lose = [
            ErrorKind::StaleRow,
            ErrorKind::Serialization,
            ErrorKind::Deadlock,
            ErrorKind::Busy,
        ];
        assert!(
            updated.is_none_or(|kind| may_lose.contains(&kind)),
            "{updated:?}"
        );
        let people = Person::select().polymorphic().all(cx, &mut one).await;
        let people = people.into_result()?;
        match kind(deleted.into_result())? {
            None => assert_eq!(people, []),
            Some(ErrorKind::Serialization | ErrorKind::Deadlock | ErrorKind::Busy) => {
                assert!(matches!(&*people, [AnyPerson::HeadKeeper(_)]), "{people:?}");
                let delete = HeadKeeper::delete().all_rows().execute(cx, &mut one).await;
                delete.into_result()?;
            }
            Some(other) => return Err(format!("{other:?}").into()),
        }
    }
    Ok(())
}
