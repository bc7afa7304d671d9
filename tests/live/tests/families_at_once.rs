//! Statements over several tables while somebody else deletes the row: nothing is lost, and who comes second is told.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use generated::zoo::people::{AnyPerson, HeadKeeper, NewHeadKeeper, Person};
use generated::zoo::tables::TABLES;
use live::{Failure, Test, with_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, Error, ErrorKind, OutcomeError};

with_every_driver! {
    TABLES;
    a_row_that_is_gone_is_stale,
    an_update_and_a_delete_at_once_leave_whole_rows,
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
            Some(ErrorKind::Serialization | ErrorKind::Busy) => {
                assert!(matches!(&*people, [AnyPerson::HeadKeeper(_)]), "{people:?}");
                let delete = HeadKeeper::delete().all_rows().execute(cx, &mut one).await;
                delete.into_result()?;
            }
            Some(other) => return Err(format!("{other:?}").into()),
        }
    }
    Ok(())
}
