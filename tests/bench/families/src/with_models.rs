//! As users of sqlmodel write it.

use std::hint::black_box;

use sqlmodel_runtime::PolymorphicLoad;
use sqlmodel_runtime::prelude::*;

use crate::models::{HeadKeeper, Keeper, NewHeadKeeper, NewKeeper, NewPerson, NewVet, Person, Vet};
use crate::{Result, lost};

pub(crate) async fn insert<E: Executor>(cx: &Cx, executor: &mut E, n_rows: usize) -> Result<usize> {
    let row = |i: usize| NewKeeper::new(format!("Keeper {i}"), format!("badge {i}")).age(30);
    let rows = Keeper::insert_many((0..n_rows).map(row));
    let n_rows = rows
        .execute(cx, executor)
        .await
        .into_result()
        .map_err(lost)?;
    Ok(usize::try_from(n_rows)?)
}

/// Stores rows of four types, in turn.
pub(crate) async fn fill<E: Executor>(cx: &Cx, executor: &mut E, n_rows: usize) -> Result<()> {
    let n = n_rows / 4;
    let people = (0..n).map(|i| NewPerson::new(format!("Person {i}")));
    let people = Person::insert_many(people).execute(cx, executor).await;
    people.into_result().map_err(lost)?;
    insert(cx, executor, n).await?;
    let head = |i: usize| {
        let budget = i64::try_from(i).unwrap_or_default();
        NewHeadKeeper::new(format!("Head {i}"), format!("head badge {i}"), budget)
    };
    let heads = HeadKeeper::insert_many((0..n).map(head))
        .execute(cx, executor)
        .await;
    heads.into_result().map_err(lost)?;
    let vet = |i: usize| NewVet::new(format!("Vet {i}"), format!("licence {i}"), 12.5);
    let vets = Vet::insert_many((0..n).map(vet))
        .execute(cx, executor)
        .await;
    vets.into_result().map_err(lost)?;
    Ok(())
}

pub(crate) async fn load<E: Executor>(cx: &Cx, executor: &mut E) -> Result<usize> {
    let all = Person::select().polymorphic().all(cx, executor).await;
    Ok(black_box(all.into_result().map_err(lost)?).len())
}

pub(crate) async fn load_by_type<E: Executor>(cx: &Cx, executor: &mut E) -> Result<usize> {
    let query = Person::select().polymorphic_by(PolymorphicLoad::ByType);
    let all = query.all(cx, executor).await;
    Ok(black_box(all.into_result().map_err(lost)?).len())
}
