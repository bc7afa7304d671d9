//! The cases.

use generated::fleet::vehicles::{Car, NewCar, NewTanker};
use generated::zoo::animals::{Eagle, Lion, NewEagle, NewLion, NewPenguin, Penguin};
use generated::zoo::people::{
    Guest, HeadKeeper, Keeper, NewGuest, NewHeadKeeper, NewKeeper, NewPerson, NewTrainee, NewVet,
    Person, Trainee, Vet,
};
use live::{Failure, Test};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::value::Decimal;
use sqlmodel_runtime::{PolymorphicLoad, Upserted};

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

/// The same staff, a trainee and a guest.
async fn learners<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    staff(cx, connection).await?;
    let trainee = NewTrainee::new("Eve", "T-1", 3);
    insert!(trainee)
        .execute(cx, connection)
        .await
        .into_result()?;
    let guest = NewGuest::new("Flo", "Ada");
    insert!(guest).execute(cx, connection).await.into_result()?;
    Ok(())
}

/// The same staff; the keeper's row is lost but for the root's.
async fn staff_without_a_part<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    staff(cx, connection).await?;
    let sql = "DELETE FROM keeper WHERE badge = 'B-1'";
    connection.execute_sql(cx, sql, &[]).await.into_result()?;
    Ok(())
}

/// A car with the plate A and a tanker with the plate B.
async fn vehicles<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let car = NewCar::new("north", 1).plate("A".to_owned());
    insert!(car).execute(cx, connection).await.into_result()?;
    let tanker = NewTanker::new("north", 2, 9000, "milk").plate("B".to_owned());
    insert!(tanker)
        .execute(cx, connection)
        .await
        .into_result()?;
    Ok(())
}

/// A lion, a penguin and an eagle.
async fn animals<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let lion = NewLion::new("Leo");
    insert!(lion).execute(cx, connection).await.into_result()?;
    let penguin = NewPenguin::new("Pip", 40, 1.5);
    insert!(penguin)
        .execute(cx, connection)
        .await
        .into_result()?;
    let eagle = NewEagle::new("Ed", 210);
    insert!(eagle).execute(cx, connection).await.into_result()?;
    Ok(())
}

async fn keeper<E: Executor>(cx: &Cx, executor: &mut E, name: &str) -> Result<Keeper, Failure> {
    let query = Keeper::select().filter(Keeper::NAME.eq(name));
    Ok(query.one(cx, executor).await.into_result()?)
}

async fn head<E: Executor>(cx: &Cx, executor: &mut E) -> Result<HeadKeeper, Failure> {
    Ok(HeadKeeper::select().one(cx, executor).await.into_result()?)
}

/// The keeper Bo as it was, of whom the root's row is left.
async fn lost_keeper<E: Executor>(cx: &Cx, executor: &mut E) -> Result<Keeper, Failure> {
    let query = Person::select().filter(Person::NAME.eq("Bo"));
    let person = query.one(cx, executor).await.into_result()?;
    let badge = "B-1".to_owned();
    Ok(Keeper { person, badge })
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

    update_that_exchanges_columns_of_one_table after animals: |cx, executor| {
        let update = Eagle::update()
            .set(Eagle::NAME, Eagle::PREY)
            .set(Eagle::PREY, Eagle::NAME)
            .filter(Eagle::NAME.eq("Ed"));
        let exchanged = update.clone().all(cx, executor).await.into_result()?;
        let exchanged: Vec<_> = exchanged.iter().map(|it| format!("{} {}", it.name, it.prey)).collect();
        Ok(format!("{exchanged:?}, {}", update.execute(cx, executor).await.into_result()?))
    }

    update_that_sets_a_column_twice after staff: |cx, executor| {
        let update = Keeper::update().set(Keeper::NAME, "first").set(Keeper::NAME, "last");
        let update = update.filter(Keeper::BADGE.eq("B-1"));
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

    upsert_of_a_new_row_by_a_key_of_the_root after vehicles: |cx, executor| {
        let car = NewCar::new("north", 3).plate("C".to_owned());
        let upsert = insert!(car).on_conflict(Car::PLATE).do_update();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_of_a_row_by_a_key_of_the_root after vehicles: |cx, executor| {
        let car = NewCar::new("north", 9).plate("A".to_owned()).seats(7);
        let upsert = insert!(car).on_conflict(Car::PLATE).do_update();
        let rows = upsert.all(cx, executor).await.into_result()?;
        Ok(rows.iter().map(|car| format!("{} {}", car.number, car.seats)).collect())
    }

    upsert_of_many_rows_by_a_key_of_the_root after vehicles: |cx, executor| {
        let rows = [
            NewCar::new("north", 3).plate("C".to_owned()).seats(5),
            NewCar::new("north", 4).plate("A".to_owned()).seats(6),
        ];
        let upsert = Car::insert_many(rows).on_conflict(Car::PLATE).do_update();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_that_meets_another_type after vehicles: |cx, executor| {
        let rows = [
            NewCar::new("north", 3).plate("C".to_owned()),
            NewCar::new("north", 4).plate("B".to_owned()),
        ];
        let upsert = Car::insert_many(rows).on_conflict(Car::PLATE).do_update();
        Ok(format!("{:?}", refused(upsert.execute(cx, executor).await.into_result())?))
    }

    upsert_of_one_row_that_meets_another_type after vehicles: |cx, executor| {
        let car = NewCar::new("north", 4).plate("B".to_owned());
        let upsert = insert!(car).on_conflict(Car::PLATE).do_update();
        Ok(format!("{:?}", refused(upsert.execute(cx, executor).await.into_result())?))
    }

    upsert_that_does_nothing after vehicles: |cx, executor| {
        let rows = [
            NewCar::new("north", 3).plate("C".to_owned()),
            NewCar::new("north", 4).plate("A".to_owned()),
            NewCar::new("north", 5).plate("B".to_owned()),
            NewCar::new("north", 6).plate("C".to_owned()),
        ];
        let upsert = Car::insert_many(rows).on_conflict(Car::PLATE).do_nothing();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_that_does_nothing_to_a_row_that_lost_a_part after staff_without_a_part: |cx, executor| {
        let upsert = insert!(lost_keeper(cx, executor).await?).on_conflict(Keeper::ID).do_nothing();
        Ok(format!("{:?}", refused(upsert.one(cx, executor).await.into_result())?))
    }

    upsert_of_many_rows_that_does_nothing_to_lost_parts after staff_without_a_part: |cx, executor| {
        let rows = [lost_keeper(cx, executor).await?, keeper(cx, executor, "Cy").await?];
        let upsert = Keeper::insert_many(rows).on_conflict(Keeper::ID).do_nothing();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_whose_filter_leaves_a_lost_part_alone after staff_without_a_part: |cx, executor| {
        let upsert = insert!(lost_keeper(cx, executor).await?).on_conflict(Keeper::ID).do_update();
        let upsert = upsert.filter(Keeper::NAME.eq("nobody"));
        Ok(format!("{:?}", refused(upsert.one(cx, executor).await.into_result())?))
    }

    upsert_whose_filter_chooses_a_lost_part after staff_without_a_part: |cx, executor| {
        let upsert = insert!(lost_keeper(cx, executor).await?).on_conflict(Keeper::ID).do_update();
        let upserted = upsert.filter(Keeper::NAME.eq("Bo")).one(cx, executor).await.into_result()?;
        Ok(format!("{:?}", matches!(upserted, Upserted::Updated(_))))
    }

    upsert_with_null_in_the_key after vehicles: |cx, executor| {
        let upsert = insert!(NewCar::new("north", 3)).on_conflict(Car::PLATE).do_update();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_with_equal_keys after vehicles: |cx, executor| {
        let car = |number| NewCar::new("north", number).plate("C".to_owned());
        let upsert = Car::insert_many([car(3), car(4)]).on_conflict(Car::PLATE).do_update();
        Ok(format!("{:?}", refused(upsert.execute(cx, executor).await.into_result())?))
    }

    /// The primary key is another row's.
    upsert_that_meets_a_second_key after vehicles: |cx, executor| {
        let car = NewCar::new("north", 2).plate("A".to_owned()).seats(7);
        let upsert = insert!(car).on_conflict(Car::PLATE).do_update();
        let n_rows = upsert.execute(cx, executor).await.into_result()?;
        let car = NewCar::new("north", 2).plate("C".to_owned());
        let mut savepoint = executor.nested(cx).await.into_result()?;
        let upsert = insert!(car).on_conflict(Car::PLATE).do_update();
        let error = refused(upsert.execute(cx, &mut savepoint).await.into_result())?;
        savepoint.rollback(cx).await.into_result()?;
        Ok(format!("{n_rows}, {error:?}"))
    }

    upsert_of_a_row_that_lost_a_part after staff_without_a_part: |cx, executor| {
        let person = Person::select().filter(Person::NAME.eq("Bo")).one(cx, executor).await;
        let person = person.into_result()?;
        let keeper = Keeper {
            person,
            badge: "B-2".to_owned(),
        };
        let upsert = Keeper::insert(keeper).on_conflict(Keeper::ID).do_update();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_by_a_key_of_the_child after staff: |cx, executor| {
        let rows = [
            NewKeeper::new("Bob", "B-1"),
            NewKeeper::new("Eve", "E-1"),
            NewKeeper::new("Cyd", "C-1"),
        ];
        let upsert = Keeper::insert_many(rows).on_conflict(Keeper::BADGE).do_update();
        let outcomes = upsert.outcomes(cx, executor).await.into_result()?;
        let outcomes = outcomes.into_iter().map(|one| {
            let name = match &one {
                Upserted::Inserted(_) => "inserted",
                Upserted::Updated(_) => "updated",
                Upserted::Unchanged(_) => "unchanged",
                Upserted::Skipped(_) => "skipped",
            };
            format!("{name} {}", described(&one.into_row().into()))
        });
        Ok(outcomes.collect::<Vec<_>>().join("; "))
    }

    upsert_that_does_nothing_by_a_key_of_the_child after staff: |cx, executor| {
        let rows = [NewKeeper::new("Bob", "B-1"), NewKeeper::new("Eve", "E-1")];
        let upsert = Keeper::insert_many(rows).on_conflict(Keeper::BADGE).do_nothing();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_with_a_value_of_another_table after staff: |cx, executor| {
        let rows = [NewKeeper::new("Bob", "B-1"), NewKeeper::new("Eve", "E-1")];
        let upsert = Keeper::insert_many(rows)
            .on_conflict(Keeper::BADGE)
            .set(Keeper::NAME, Keeper::BADGE);
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_with_a_filter after vehicles: |cx, executor| {
        let upsert = Car::insert_many([
            NewCar::new("north", 3).plate("A".to_owned()).seats(9),
            NewCar::new("north", 4).plate("C".to_owned()).seats(9),
        ]);
        let upsert = upsert.on_conflict(Car::PLATE).do_update().filter(Car::DEPOT.eq("south"));
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_in_a_shared_table after animals: |cx, executor| {
        let mut penguin = Penguin::select().one(cx, executor).await.into_result()?;
        penguin.best_dive_m = 9.5;
        let upsert = Penguin::insert(penguin).on_conflict(Penguin::ID).do_update();
        Ok(upsert.execute(cx, executor).await.into_result()?.to_string())
    }

    upsert_that_meets_a_sibling_in_a_shared_table after animals: |cx, executor| {
        let lion = Lion::select().one(cx, executor).await.into_result()?;
        let mut penguin = Penguin::select().one(cx, executor).await.into_result()?;
        penguin.bird.animal.id = lion.id;
        let upsert = Penguin::insert(penguin).on_conflict(Penguin::ID).do_update();
        Ok(format!("{:?}", refused(upsert.execute(cx, executor).await.into_result())?))
    }

    insert_without_a_table after staff: |cx, executor| {
        let trainee = insert!(NewTrainee::new("Eve", "E-1", 3)).one(cx, executor).await;
        Ok(described(&trainee.into_result()?.into()))
    }

    insert_in_the_table_of_the_root after staff: |cx, executor| {
        let guest = insert!(NewGuest::new("Flo", "Ada")).one(cx, executor).await;
        Ok(described(&guest.into_result()?.into()))
    }

    load_by_type_without_a_table after learners: |cx, executor| {
        let query = Person::select().polymorphic_by(PolymorphicLoad::ByType);
        let query = query.filter(Trainee::MONTHS.ge(3).or(Guest::INVITED_BY.eq("Ada")));
        let rows = query.all(cx, executor).await.into_result()?;
        Ok(rows.iter().map(described).collect::<Vec<_>>().join("; "))
    }

    update_without_a_table after learners: |cx, executor| {
        let update = Trainee::update()
            .set(Trainee::NAME, "N")
            .set(Trainee::MONTHS, Trainee::MONTHS + 1_i16)
            .all_rows();
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_of_one_table_without_a_table after learners: |cx, executor| {
        let update = Trainee::update().set(Trainee::BADGE, "B").filter(Trainee::BADGE.ne(""));
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_in_the_table_of_the_root after learners: |cx, executor| {
        let update = Guest::update().set(Guest::NAME, "G").all_rows();
        Ok(update.execute(cx, executor).await.into_result()?.to_string())
    }

    update_row_without_a_table after learners: |cx, executor| {
        let mut trainee = Trainee::select().one(cx, executor).await.into_result()?;
        trainee.months = 4;
        trainee.update_row().execute(cx, executor).await.into_result()?;
        trainee.keeper = keeper(cx, executor, "Bo").await?;
        let update = trainee.update_row().execute(cx, executor).await;
        Ok(format!("{:?}", refused(update.into_result())?))
    }

    update_row_in_the_table_of_the_root after learners: |cx, executor| {
        let mut guest = Guest::select().one(cx, executor).await.into_result()?;
        guest.invited_by = "Bo".to_owned();
        guest.update_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    delete_without_a_table after learners: |cx, executor| {
        let delete = Trainee::delete().all_rows();
        Ok(delete.execute(cx, executor).await.into_result()?.to_string())
    }

    delete_row_in_the_table_of_the_root after learners: |cx, executor| {
        let guest = Guest::select().one(cx, executor).await.into_result()?;
        guest.delete_row().execute(cx, executor).await.into_result()?;
        Ok("done".to_owned())
    }

    upsert_without_a_table after learners: |cx, executor| {
        let upsert = insert!(NewTrainee::new("Eva", "T-1", 9)).on_conflict(Trainee::BADGE);
        let n_rows = upsert.do_update().execute(cx, executor).await.into_result()?;
        let upsert = insert!(NewTrainee::new("Bob", "B-1", 9)).on_conflict(Trainee::BADGE);
        let keeper = upsert.do_update().execute(cx, executor).await.into_result();
        Ok(format!("{n_rows}, {:?}", refused(keeper)?))
    }
}
