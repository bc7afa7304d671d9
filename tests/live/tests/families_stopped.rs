//! Statements over several tables that are dropped after any poll: all of it is there or nothing, and the connection goes on.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use generated::zoo::people::{AnyPerson, HeadKeeper, Keeper, NewHeadKeeper, NewKeeper, Person};
use generated::zoo::tables::TABLES;
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;

on_every_driver! {
    TABLES;
    an_insert_is_whole_or_nothing,
    an_update_is_whole_or_nothing,
    a_delete_is_whole_or_nothing,
    an_upsert_is_whole_or_nothing,
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

/// More polls than any statement here takes.
const MAX_POLLS: usize = 200;

async fn everybody<C: Connection>(cx: &Cx, connection: &mut C) -> Result<Vec<AnyPerson>, Failure> {
    let query = Person::select().order_by(Person::ID.asc()).polymorphic();
    Ok(query.all(cx, connection).await.into_result()?)
}

async fn hire<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert!(NewKeeper::new("Bo", "B-1"))
        .one(cx, connection)
        .await
        .into_result()?;
    let head = NewHeadKeeper::new("Cy", "C-1", "1.5".parse()?);
    insert!(head).one(cx, connection).await.into_result()?;
    Ok(())
}

async fn an_insert_is_whole_or_nothing<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for n_polls in 0..MAX_POLLS {
        let before = everybody(cx, connection).await?;
        let rows = [NewKeeper::new("a", "1"), NewKeeper::new("b", "2")];
        let done = drop_after(n_polls, Keeper::insert_many(rows).all(cx, connection)).await;
        let after = everybody(cx, connection).await?;
        match done {
            // What was dropped while the database committed may have taken effect, in one piece.
            None if after == before => {}
            _ => {
                let names: Vec<&str> = after.iter().map(|person| &*person.name).collect();
                assert_eq!(names, ["a", "b"], "after {n_polls} polls");
                return Ok(());
            }
        }
    }
    Err("it never ends".into())
}

async fn an_update_is_whole_or_nothing<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    hire(cx, connection).await?;
    let before = everybody(cx, connection).await?;
    for n_polls in 0..MAX_POLLS {
        let update = Keeper::update()
            .set(Keeper::NAME, Keeper::BADGE)
            .set(Keeper::BADGE, Keeper::NAME)
            .all_rows();
        let done = drop_after(n_polls, update.execute(cx, connection)).await;
        let after = everybody(cx, connection).await?;
        match done {
            None if after == before => {}
            _ => {
                let names: Vec<&str> = after.iter().map(|person| &*person.name).collect();
                assert_eq!(names, ["B-1", "C-1"], "after {n_polls} polls");
                let keepers = Keeper::select().order_by(Keeper::ID.asc());
                let keepers = keepers.all(cx, connection).await.into_result()?;
                let badges: Vec<&str> = keepers.iter().map(|keeper| &*keeper.badge).collect();
                assert_eq!(badges, ["Bo", "Cy"]);
                return Ok(());
            }
        }
    }
    Err("it never ends".into())
}

async fn a_delete_is_whole_or_nothing<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    hire(cx, connection).await?;
    let before = everybody(cx, connection).await?;
    for n_polls in 0..MAX_POLLS {
        let delete = Keeper::delete().filter(Keeper::NAME.ge("A"));
        let done = drop_after(n_polls, delete.execute(cx, connection)).await;
        let after = everybody(cx, connection).await?;
        match done {
            None if after == before => {}
            _ => {
                assert_eq!(after, [], "after {n_polls} polls");
                let n_heads = HeadKeeper::select()
                    .count(cx, connection)
                    .await
                    .into_result()?;
                assert_eq!(n_heads, 0);
                return Ok(());
            }
        }
    }
    Err("it never ends".into())
}

async fn an_upsert_is_whole_or_nothing<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    hire(cx, connection).await?;
    for n_polls in 0..MAX_POLLS {
        let before = everybody(cx, connection).await?;
        let rows = [NewKeeper::new("Bob", "B-1"), NewKeeper::new("Di", "D-1")];
        let upsert = Keeper::insert_many(rows)
            .on_conflict(Keeper::BADGE)
            .do_update();
        let done = drop_after(n_polls, upsert.outcomes(cx, connection)).await;
        let after = everybody(cx, connection).await?;
        match done {
            None if after == before => {}
            _ => {
                let names: Vec<&str> = after.iter().map(|person| &*person.name).collect();
                assert_eq!(names, ["Bob", "Cy", "Di"], "after {n_polls} polls");
                return Ok(());
            }
        }
    }
    Err("it never ends".into())
}
