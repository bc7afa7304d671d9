//! The cases.

use generated::zoo::animals::{Lion, NewLion, NewPenguin, Penguin};
use generated::zoo::people::{
    HeadKeeper, Keeper, NewHeadKeeper, NewKeeper, NewPerson, NewVet, Person, Vet,
};
use live::{Failure, Test};
use sqlmodel_runtime::PolymorphicLoad;
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::value::Decimal;

use crate::harness::{described, refused};

fn decimal(text: &str) -> Result<Decimal, Failure> {
    Ok(text.parse()?)
}

/// A visitor, a keeper, a head keeper and a vet.
async fn staff<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let visitor = NewPerson::new("Ada");
    insert!(visitor)
        .execute(cx, connection)
        .await
        .into_result()?;
    let keeper = NewKeeper::new("Bo", "B-1");
    insert!(keeper)
        .execute(cx, connection)
        .await
        .into_result()?;
    let head = NewHeadKeeper::new("Cy", "C-1", decimal("1200.50")?);
    insert!(head).execute(cx, connection).await.into_result()?;
    let vet = NewVet::new("Di", "licence 7");
    insert!(vet).execute(cx, connection).await.into_result()?;
    Ok(())
}

/// A lion and a penguin.
async fn animals<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let lion = NewLion::new("Leo");
    insert!(lion).execute(cx, connection).await.into_result()?;
    let penguin = NewPenguin::new("Pip", 40, 1.5);
    insert!(penguin)
        .execute(cx, connection)
        .await
        .into_result()?;
    Ok(())
}

async fn keeper<E: Executor>(cx: &Cx, executor: &mut E, name: &str) -> Result<Keeper, Failure> {
    let query = Keeper::select().filter(Keeper::NAME.eq(name));
    Ok(query.one(cx, executor).await.into_result()?)
}

async fn head<E: Executor>(cx: &Cx, executor: &mut E) -> Result<HeadKeeper, Failure> {
    Ok(HeadKeeper::select().one(cx, executor).await.into_result()?)
}

cases! {
    insert_of_one_row after staff: |cx, executor| {
        let new = NewHeadKeeper::new("Eve", "E-1", decimal("7.25")?);
        let stored = insert!(new).one(cx, executor).await.into_result()?;
        Ok(described(&stored.into()))
    }

    insert_of_many_rows after staff: |cx, executor| {
        let rows = [NewKeeper::new("Eve", "E-1"), NewKeeper::new("Flo", "F-1")];
        let n_rows = Keeper::insert_many(rows).execute(cx, executor).await.into_result()?;
        Ok(n_rows.to_string())
    }

    update_row_that_changes_the_root after staff: |cx, executor| {
        let mut head = head(cx, executor).await?;
        head.name = "Cyd".to_owned();
        head.update_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    update_row_that_changes_a_leaf after staff: |cx, executor| {
        let mut head = head(cx, executor).await?;
        head.budget = decimal("7.25")?;
        head.update_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    update_row_that_changes_nothing after staff: |cx, executor| {
        let head = head(cx, executor).await?;
        head.update_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    update_row_of_a_stale_model after staff: |cx, executor| {
        let mut keeper = keeper(cx, executor, "Bo").await?;
        keeper.version = 9;
        keeper.name = "lost".to_owned();
        let done = keeper.update_row().execute(cx, executor).await;
        Ok(format!("{:?}", refused(done.into_result())?))
    }

    delete_row after staff: |cx, executor| {
        let head = head(cx, executor).await?;
        head.delete_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    delete_row_of_a_mid_level_model after staff: |cx, executor| {
        let keeper = keeper(cx, executor, "Cy").await?;
        keeper.delete_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    update_row_in_a_shared_table after animals: |cx, executor| {
        let mut lions = Lion::select().all(cx, executor).await.into_result()?;
        let mut lion = lions.pop().ok_or("there is no lion")?;
        lion.mane_cm = Some(30);
        lion.update_row().execute(cx, executor).await.into_result()?;
        let penguin = Penguin::select().one(cx, executor).await.into_result()?;
        lion.animal.id = penguin.id;
        let update = lion.update_row().execute(cx, executor).await;
        let delete = lion.delete_row().execute(cx, executor).await;
        Ok(format!(
            "{:?}, {:?}",
            refused(update.into_result())?,
            refused(delete.into_result())?
        ))
    }

    delete_row_in_a_shared_table after animals: |cx, executor| {
        let mut penguins = Penguin::select().all(cx, executor).await.into_result()?;
        let penguin = penguins.pop().ok_or("there is no penguin")?;
        penguin.delete_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    update_of_a_leaf_by_its_own_column after staff: |cx, executor| {
        let update = Vet::update().set(Vet::LICENCE, "licence 8").filter(Vet::LICENCE.ne(""));
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_of_an_ancestor_beside_siblings after staff: |cx, executor| {
        let update = Keeper::update().set(Keeper::NAME, "K").filter(Keeper::NAME.ge("A"));
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_of_one_column_that_the_filter_reads_too after staff: |cx, executor| {
        let update = Keeper::update()
            .set(Keeper::NAME, "Bob")
            .set(Keeper::BADGE, "B-2")
            .filter(Keeper::NAME.eq("Bo"));
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_that_swaps_columns_of_two_tables after staff: |cx, executor| {
        let update = Keeper::update()
            .set(Keeper::NAME, Keeper::BADGE)
            .set(Keeper::BADGE, Keeper::NAME)
            .all_rows();
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_of_three_levels after staff: |cx, executor| {
        let update = HeadKeeper::update()
            .set(HeadKeeper::NAME, "N")
            .set(HeadKeeper::BADGE, "B")
            .set(HeadKeeper::BUDGET, HeadKeeper::BUDGET + decimal("0.50")?)
            .all_rows();
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_that_returns_rows after staff: |cx, executor| {
        let update = HeadKeeper::update()
            .set(HeadKeeper::BUDGET, decimal("5")?)
            .filter(HeadKeeper::NAME.eq("Cy"));
        let rows = update.all(cx, executor).await.into_result()?;
        let rows = rows.into_iter().map(|head| described(&head.into()));
        Ok(rows.collect::<Vec<_>>().join("; "))
    }

    update_of_no_row after staff: |cx, executor| {
        let update = Keeper::update()
            .set(Keeper::NAME, "x")
            .set(Keeper::BADGE, "y")
            .filter(Keeper::NAME.eq("nobody"));
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_that_sets_nothing after staff: |cx, executor| {
        let update = Keeper::update().all_rows();
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_in_a_shared_table after animals: |cx, executor| {
        let update = Penguin::update().set(Penguin::NAME, "bird").all_rows();
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    delete_of_a_leaf after staff: |cx, executor| {
        let delete = HeadKeeper::delete().filter(HeadKeeper::NAME.eq("Cy"));
        Ok(delete.execute(cx, executor).await.into_result()?.to_string())
    }

    delete_of_a_mid_level_model after staff: |cx, executor| {
        let delete = Keeper::delete().filter(Keeper::NAME.ge("A"));
        Ok(delete.execute(cx, executor).await.into_result()?.to_string())
    }

    delete_of_the_root after staff: |cx, executor| {
        let delete = Person::delete().filter(Person::NAME.ge("B"));
        Ok(delete.execute(cx, executor).await.into_result()?.to_string())
    }

    delete_that_returns_rows after staff: |cx, executor| {
        let delete = Keeper::delete().filter(Keeper::BADGE.eq("C-1"));
        let rows = delete.all(cx, executor).await.into_result()?;
        let rows = rows.into_iter().map(|keeper| described(&keeper.into()));
        Ok(rows.collect::<Vec<_>>().join("; "))
    }

    load_by_type after staff: |cx, executor| {
        let query = Person::select().order_by(Person::ID.asc());
        let query = query.polymorphic_by(PolymorphicLoad::ByType);
        let rows = query.all(cx, executor).await.into_result()?;
        Ok(rows.iter().map(described).collect::<Vec<_>>().join("; "))
    }

    load_by_type_of_one_type after staff: |cx, executor| {
        let query = Person::select().polymorphic_by(PolymorphicLoad::ByType);
        let query = query.filter(Vet::LICENCE.ne(""));
        let rows = query.all(cx, executor).await.into_result()?;
        Ok(rows.iter().map(described).collect::<Vec<_>>().join("; "))
    }

    delete_in_a_shared_table after animals: |cx, executor| {
        let delete = Penguin::delete().all_rows();
        Ok(delete.execute(cx, executor).await.into_result()?.to_string())
    }
}
