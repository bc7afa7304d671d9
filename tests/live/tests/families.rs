//! Models that extend others: what is stored, what is loaded, and what statements over several tables do.

use std::ops::ControlFlow;

use generated::zoo::animals::{
    Animal, AnyAnimal, AnyBird, Bird, Eagle, Lion, NewEagle, NewLion, NewPenguin, Penguin,
};
use generated::zoo::events::{
    AnyEvent, Breakout, Event, Feeding, GreatBreakout, NewBreakout, NewFeeding, NewGreatBreakout,
};
use generated::zoo::people::{
    AnyKeeper, AnyPerson, Enclosure, Guest, HeadKeeper, Keeper, NewEnclosure, NewGuest,
    NewHeadKeeper, NewKeeper, NewPerson, NewTrainee, NewVet, Person, Trainee, Vet,
};
use generated::zoo::tables::TABLES;
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::sql::{Action, Table};
use sqlmodel_runtime::value::Decimal;
use sqlmodel_runtime::{
    Error, ErrorKind, Model, PolymorphicLoad, Upserted, excluded, schema, table,
};

on_every_driver! {
    TABLES;
    rows_of_joined_tables_are_loaded_as_what_they_are,
    rows_of_one_table_are_loaded_as_what_they_are,
    children_without_a_table_are_loaded_as_what_they_are,
    rows_of_concrete_tables_are_loaded_as_what_they_are,
    a_child_is_found_by_its_key,
    relations_lead_to_and_from_children,
    one_row_is_updated_and_deleted,
    an_update_of_one_table_leaves_siblings_alone,
    an_update_of_several_tables_sees_the_state_before_it,
    an_update_gives_whole_rows_back,
    a_delete_takes_every_part_of_a_row,
    deletes_do_not_depend_on_cascades,
    rows_of_one_table_are_changed_by_kind,
    nothing_is_left_of_a_row_that_fails_half_way,
    rows_that_disagree_with_themselves_are_refused,
    abstract_models_have_no_rows,
    rows_of_a_query_are_inserted_as_what_they_are,
    statements_nest_in_transactions,
    an_upsert_finds_the_row_by_a_key_of_the_child,
    an_upsert_finds_the_row_by_the_key_of_the_root,
    an_upsert_of_one_table_knows_its_kind,
    a_row_of_any_model_is_found_by_its_key,
    exact_statements_leave_children_out,
    an_expected_version_is_held_against_all_rows,
}

struct Staff {
    visitor: Person,
    keeper: Keeper,
    head: HeadKeeper,
    vet: Vet,
}

async fn hire<E: Executor>(cx: &Cx, executor: &mut E) -> Result<Staff, Failure> {
    let visitor = insert!(NewPerson::new("Ada"))
        .one(cx, executor)
        .await
        .into_result()?;
    let keeper = insert!(NewKeeper::new("Bo", "B-1"))
        .one(cx, executor)
        .await
        .into_result()?;
    let budget: Decimal = "1200.50".parse()?;
    let head = insert!(NewHeadKeeper::new("Cy", "C-1", budget))
        .one(cx, executor)
        .await
        .into_result()?;
    let vet = insert!(NewVet::new("Di", "licence 7"))
        .one(cx, executor)
        .await
        .into_result()?;
    Ok(Staff {
        visitor,
        keeper,
        head,
        vet,
    })
}

async fn names<E: Executor>(cx: &Cx, executor: &mut E) -> Result<Vec<String>, Failure> {
    let query = Person::select()
        .columns(Person::NAME)
        .order_by(Person::ID.asc());
    Ok(query.all(cx, executor).await.into_result()?)
}

async fn rows_of_joined_tables_are_loaded_as_what_they_are<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    assert_eq!(staff.head.name, "Cy");
    assert_eq!(staff.head.badge, "C-1");
    assert_eq!(staff.head.version, 1);

    let all = Person::select()
        .order_by(Person::ID.asc())
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        AnyPerson::Person(staff.visitor.clone()),
        AnyPerson::Keeper(staff.keeper.clone()),
        AnyPerson::HeadKeeper(staff.head.clone()),
        AnyPerson::Vet(staff.vet.clone()),
    ];
    assert_eq!(all, expected);
    let by_type = Person::select()
        .order_by(Person::ID.asc())
        .polymorphic_by(PolymorphicLoad::ByType)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(by_type, expected);

    let keepers = Keeper::select()
        .order_by(Keeper::NAME.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(keepers, [staff.keeper.clone(), staff.head.keeper.clone()]);
    let keepers = Keeper::select()
        .filter(Keeper::NAME.ge("C"))
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(keepers, [AnyKeeper::HeadKeeper(staff.head.clone())]);

    let keepers = Keeper::select()
        .polymorphic_by(PolymorphicLoad::ByType)
        .order_by(Keeper::NAME.desc())
        .limit(1)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(keepers, [AnyKeeper::HeadKeeper(staff.head.clone())]);

    // From the base, by columns of a child: its own, and one that it has from a base.
    let query = Person::select().polymorphic_by(PolymorphicLoad::ByType);
    let by_badge = query
        .clone()
        .filter(HeadKeeper::BUDGET.gt("1000".parse::<Decimal>()?))
        .filter(HeadKeeper::NAME.eq("Cy").and(HeadKeeper::BADGE.eq("C-1")))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(by_badge, AnyPerson::HeadKeeper(staff.head.clone()));
    // Rows that are pulled one by one come from one statement.
    let mut pulled = Vec::new();
    query
        .order_by(Person::ID.asc())
        .for_each(cx, connection, |person| {
            pulled.push(person);
            ControlFlow::Continue(())
        })
        .await
        .into_result()?;
    assert_eq!(pulled, expected);
    let by_badge = Person::select()
        .polymorphic()
        .filter(HeadKeeper::BUDGET.gt("1000".parse::<Decimal>()?))
        .filter(HeadKeeper::NAME.eq("Cy").and(HeadKeeper::BADGE.eq("C-1")))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(by_badge.name, "Cy");
    let head = HeadKeeper::try_from(by_badge).map_err(|other| format!("{other:?}"))?;
    assert_eq!(head, staff.head);
    assert_eq!(
        Person::from(AnyPerson::from(head)),
        staff.head.keeper.person
    );
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo", "Cy", "Di"]);
    assert_eq!(
        Person::select()
            .polymorphic()
            .count(cx, connection)
            .await
            .into_result()?,
        4
    );
    Ok(())
}

async fn rows_of_one_table_are_loaded_as_what_they_are<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let lion = insert!(NewLion::new("Leo").mane_cm(30))
        .one(cx, connection)
        .await
        .into_result()?;
    let eagle = insert!(NewEagle::new("Ed", 210))
        .one(cx, connection)
        .await
        .into_result()?;
    let penguins = insert_many!(
        NewPenguin::new("Pip", 40, 12.5),
        NewPenguin::new("Pop", 41, 200.0),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    assert_eq!(eagle.prey, "rabbits");
    assert_eq!(eagle.value, "9.50".parse()?);
    assert_eq!(eagle.ringed_on.to_string(), "2024-02-29");
    assert_eq!(
        eagle.last_seen.unix_timestamp_nanos(),
        1_709_251_199_500_000_000
    );
    assert_eq!(eagle.ring, [0, 255]);
    assert_eq!(eagle.wingspan_cm, 210);
    assert_eq!(eagle.name, "Ed");

    let all = Animal::select()
        .order_by(Animal::ID.asc())
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        AnyAnimal::Lion(lion.clone()),
        AnyAnimal::Eagle(eagle.clone()),
        AnyAnimal::Penguin(penguins[0].clone()),
        AnyAnimal::Penguin(penguins[1].clone()),
    ];
    assert_eq!(all, expected);

    let birds = Bird::select()
        .order_by(Bird::NAME.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let wings: Vec<i16> = birds.iter().map(|bird| bird.wingspan_cm).collect();
    assert_eq!(wings, [210, 40, 41]);
    let birds = Bird::select()
        .polymorphic()
        .filter(Penguin::BEST_DIVE_M.gt(100.0).or(Eagle::PREY.eq("rabbits")))
        .order_by(Bird::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        birds,
        [
            AnyBird::Eagle(eagle.clone()),
            AnyBird::Penguin(penguins[1].clone())
        ]
    );
    assert_eq!(Lion::select().count(cx, connection).await.into_result()?, 1);
    assert!(
        Lion::get(cx, connection, eagle.id)
            .await
            .into_result()?
            .is_none()
    );
    Ok(())
}

async fn children_without_a_table_are_loaded_as_what_they_are<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let trainee = NewTrainee::new("Eve", "E-1", 3).mentor_id(staff.keeper.id);
    let trainee = insert!(trainee).one(cx, connection).await.into_result()?;
    let guest = insert!(NewGuest::new("Flo", "Ada"))
        .one(cx, connection)
        .await
        .into_result()?;
    let all = Person::select()
        .order_by(Person::ID.asc())
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        AnyPerson::Person(staff.visitor),
        AnyPerson::Keeper(staff.keeper.clone()),
        AnyPerson::HeadKeeper(staff.head.clone()),
        AnyPerson::Vet(staff.vet),
        AnyPerson::Trainee(trainee.clone()),
        AnyPerson::Guest(guest.clone()),
    ];
    assert_eq!(all, expected);
    let by_type = Person::select()
        .order_by(Person::ID.asc())
        .polymorphic_by(PolymorphicLoad::ByType)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(by_type, expected);
    let keepers = Keeper::select()
        .polymorphic()
        .filter(Trainee::MONTHS.eq(3).or(HeadKeeper::NAME.eq("Cy")))
        .order_by(Keeper::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        keepers,
        [
            AnyKeeper::HeadKeeper(staff.head),
            AnyKeeper::Trainee(trainee.clone())
        ]
    );

    // A child alone, by key, through relations, and as what a relation leads to.
    let trainees = Trainee::select().all(cx, connection).await.into_result()?;
    assert_eq!(trainees, std::slice::from_ref(&trainee));
    let guests = Guest::select().all(cx, connection).await.into_result()?;
    assert_eq!(guests, [guest]);
    let none = Trainee::get(cx, connection, staff.keeper.id).await;
    assert_eq!(none.into_result()?, None);
    let found = Trainee::get(cx, connection, trainee.id).await;
    assert_eq!(found.into_result()?, Some(trainee.clone()));
    let mentors = Trainee::select()
        .include(Trainee::MENTOR)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(mentors, [(trainee.clone(), Some(staff.keeper.clone()))]);
    let mentors = Keeper::select()
        .filter(Keeper::TRAINEES.any())
        .include(Keeper::TRAINEES)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(mentors, [(staff.keeper, vec![trainee])]);
    Ok(())
}

async fn rows_of_concrete_tables_are_loaded_as_what_they_are<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let enclosure = insert!(NewEnclosure::new("north", staff.keeper.id))
        .one(cx, connection)
        .await
        .into_result()?;
    let lion = insert!(NewLion::new("Leo"))
        .one(cx, connection)
        .await
        .into_result()?;
    let feeding = insert!(NewFeeding::new(lion.id, "steak", 900))
        .one(cx, connection)
        .await
        .into_result()?;
    let breakout = insert!(NewBreakout::new(enclosure.id))
        .one(cx, connection)
        .await
        .into_result()?;
    let great = insert!(NewGreatBreakout::new(enclosure.id, 3))
        .one(cx, connection)
        .await
        .into_result()?;

    let mut all = Event::select()
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let mut by_type = Event::select()
        .polymorphic_by(PolymorphicLoad::ByType)
        .all(cx, connection)
        .await
        .into_result()?;
    all.sort_by_key(|event| event.id);
    by_type.sort_by_key(|event| event.id);
    assert_eq!(all, by_type);
    let mut expected = vec![
        AnyEvent::Feeding(feeding.clone()),
        AnyEvent::Breakout(breakout.clone()),
        AnyEvent::GreatBreakout(great.clone()),
    ];
    expected.sort_by_key(|event| event.id);
    assert_eq!(all, expected);

    // What they have in common; and a table alone, without those that extend its model.
    assert_eq!(
        Event::select().count(cx, connection).await.into_result()?,
        3
    );
    let events = Event::select()
        .filter(Event::ID.eq(feeding.id))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(events, std::slice::from_ref(&feeding.event));
    assert_eq!(
        Breakout::select().all(cx, connection).await.into_result()?,
        [breakout]
    );
    assert_eq!(
        Breakout::select()
            .polymorphic()
            .count(cx, connection)
            .await
            .into_result()?,
        2
    );
    let big = Event::select()
        .polymorphic()
        .filter(
            GreatBreakout::N_ANIMALS
                .ge(3_i16)
                .or(Feeding::FOOD.eq("hay")),
        )
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(big, [AnyEvent::GreatBreakout(great)]);
    Ok(())
}

async fn a_child_is_found_by_its_key<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let staff = hire(cx, connection).await?;
    let found = HeadKeeper::get(cx, connection, staff.head.id)
        .await
        .into_result()?;
    assert_eq!(found.as_ref(), Some(&staff.head));
    let found = Keeper::get(cx, connection, staff.head.id)
        .await
        .into_result()?;
    assert_eq!(found, Some(staff.head.keeper.clone()));
    assert_eq!(
        Keeper::get(cx, connection, staff.vet.id)
            .await
            .into_result()?,
        None
    );
    let parent = staff.head.joined_parent_row().unwrap_or_default();
    let columns: Vec<&str> = parent.iter().map(|(column, _)| *column).collect();
    assert_eq!(columns, ["id", "name", "version", "badge"]);
    Ok(())
}

async fn relations_lead_to_and_from_children<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let staff = hire(cx, connection).await?;
    let north = insert!(NewEnclosure::new("north", staff.keeper.id))
        .one(cx, connection)
        .await
        .into_result()?;
    let south = insert!(NewEnclosure::new("south", staff.head.id))
        .one(cx, connection)
        .await
        .into_result()?;
    insert!(NewLion::new("Leo").enclosure_id(north.id))
        .one(cx, connection)
        .await
        .into_result()?;
    insert!(NewEagle::new("Ed", 210).enclosure_id(north.id))
        .one(cx, connection)
        .await
        .into_result()?;

    let rows = Enclosure::select()
        .include(Enclosure::KEEPER)
        .order_by(Enclosure::LABEL.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        rows,
        [
            (north.clone(), staff.keeper.clone()),
            (south.clone(), staff.head.keeper.clone())
        ]
    );
    // Two children of one family in one query, through the same table of the base.
    let rows = Enclosure::select()
        .join(Enclosure::KEEPER)
        .join_on(table::<Vet>(), Vet::NAME.gt(Keeper::NAME))
        .columns((Enclosure::LABEL, Keeper::NAME, Vet::NAME))
        .order_by(Enclosure::LABEL.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let text = |text: &str| text.to_owned();
    assert_eq!(
        rows,
        [
            (text("north"), text("Bo"), text("Di")),
            (text("south"), text("Cy"), text("Di"))
        ]
    );
    let with_animals = Enclosure::select()
        .include(Enclosure::ANIMALS.order_by(Animal::ID.asc()))
        .order_by(Enclosure::LABEL.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let counts: Vec<usize> = with_animals
        .iter()
        .map(|(_, animals)| animals.len())
        .collect();
    assert_eq!(counts, [2, 0]);
    let lions = Lion::select()
        .include(Lion::ENCLOSURE)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(lions[0].1.as_ref(), Some(&north));
    let heads = HeadKeeper::select()
        .filter(HeadKeeper::ENCLOSURES.any())
        .include(HeadKeeper::ENCLOSURES)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(heads, [(staff.head.clone(), vec![south])]);
    let all = Animal::select()
        .polymorphic()
        .include(Animal::ENCLOSURE)
        .order_by(Animal::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert!(matches!(&all[0], (AnyAnimal::Lion(_), Some(enclosure)) if *enclosure == north));
    let people = Keeper::select()
        .polymorphic()
        .include(Keeper::ENCLOSURES)
        .order_by(Keeper::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let by_type = Keeper::select()
        .polymorphic_by(PolymorphicLoad::ByType)
        .include(Keeper::ENCLOSURES)
        .order_by(Keeper::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(people, by_type);
    let labels: Vec<&str> = people
        .iter()
        .flat_map(|(_, enclosures)| enclosures)
        .map(|enclosure| enclosure.label.as_str())
        .collect();
    assert_eq!(labels, ["north", "south"]);
    Ok(())
}

async fn one_row_is_updated_and_deleted<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let staff = hire(cx, connection).await?;
    let mut head = staff.head.clone();
    head.name = "Cyd".to_owned();
    head.badge = "C-2".to_owned();
    head.budget = "7.25".parse()?;
    let stored = head.update_row().one(cx, connection).await.into_result()?;
    assert_eq!(stored.version, 2);
    assert_eq!((&*stored.name, &*stored.badge), ("Cyd", "C-2"));
    assert_eq!(stored.budget, "7.25".parse()?);

    // Somebody else has changed it since.
    let error = staff
        .head
        .update_row()
        .execute(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::StaleRow);
    let error = staff
        .head
        .delete_row()
        .execute(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::StaleRow);
    let found = HeadKeeper::get(cx, connection, head.id)
        .await
        .into_result()?;
    assert_eq!(found.as_ref(), Some(&stored));

    stored
        .delete_row()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo", "Di"]);
    assert_eq!(
        Keeper::select().count(cx, connection).await.into_result()?,
        1
    );
    // As a row of the base it has parts below it.
    staff
        .vet
        .person
        .delete_row()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo"]);
    assert_eq!(Vet::select().count(cx, connection).await.into_result()?, 0);
    Ok(())
}

fn kind<T>(result: Result<T, sqlmodel_runtime::OutcomeError<Error>>) -> Result<ErrorKind, Failure> {
    match result {
        Ok(_) => Err("it should have failed".into()),
        Err(sqlmodel_runtime::OutcomeError::Err(error)) => Ok(error.kind()),
        Err(other) => Err(other.into()),
    }
}

async fn an_update_of_one_table_leaves_siblings_alone<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    // A column of the base, by a condition on the base: persons that are no keepers have the same column.
    let n_rows = Keeper::update()
        .set(Keeper::NAME, "Keeper")
        .filter(Keeper::NAME.ge("A"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    assert_eq!(
        names(cx, connection).await?,
        ["Ada", "Keeper", "Keeper", "Di"]
    );
    // A column of a child, by a condition on the base. The version is the root's.
    let n_rows = Vet::update()
        .set(Vet::LICENCE, "licence 8")
        .filter(Vet::NAME.eq("Di"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let vet = Vet::get(cx, connection, staff.vet.id).await.into_result()?;
    assert_eq!(
        vet.as_ref().map(|vet| (&*vet.licence, vet.version)),
        Some(("licence 8", 2))
    );
    let none = Vet::update()
        .set(Vet::LICENCE, "x")
        .filter(Vet::NAME.eq("nobody"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(none, 0);
    Ok(())
}

async fn an_update_of_several_tables_sees_the_state_before_it<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    // The condition is on a column that is assigned, and the tables exchange values.
    let n_rows = Keeper::update()
        .set(Keeper::NAME, Keeper::BADGE)
        .set(Keeper::BADGE, Keeper::NAME)
        .filter(Keeper::NAME.eq("Bo").or(Keeper::NAME.eq("Cy")))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    let keeper = Keeper::get(cx, connection, staff.keeper.id)
        .await
        .into_result()?;
    let keeper = keeper.ok_or("the keeper is there")?;
    assert_eq!(
        (&*keeper.name, &*keeper.badge, keeper.version),
        ("B-1", "Bo", 2)
    );
    // Three levels, the same for all rows.
    let n_rows = HeadKeeper::update()
        .set(HeadKeeper::NAME, "N")
        .set(HeadKeeper::BADGE, "B")
        .set(
            HeadKeeper::BUDGET,
            HeadKeeper::BUDGET + "0.50".parse::<Decimal>()?,
        )
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let head = HeadKeeper::get(cx, connection, staff.head.id)
        .await
        .into_result()?;
    let head = head.ok_or("the head is there")?;
    assert_eq!((&*head.name, &*head.badge, head.version), ("N", "B", 3));
    assert_eq!(head.budget, "1201".parse()?);
    assert_eq!(names(cx, connection).await?, ["Ada", "B-1", "N", "Di"]);
    Ok(())
}

async fn an_update_gives_whole_rows_back<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let staff = hire(cx, connection).await?;
    let rows = HeadKeeper::update()
        .set(HeadKeeper::BUDGET, "5.00".parse::<Decimal>()?)
        .filter(HeadKeeper::BADGE.eq("C-1"))
        .all(cx, connection)
        .await
        .into_result()?;
    let mut expected = staff.head.clone();
    expected.budget = "5.00".parse()?;
    expected.version = 2;
    assert_eq!(rows, [expected.clone()]);
    let rows = HeadKeeper::delete()
        .filter(HeadKeeper::NAME.eq("Cy"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(rows, [expected]);
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo", "Di"]);
    Ok(())
}

async fn a_delete_takes_every_part_of_a_row<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    hire(cx, connection).await?;
    // Of a mid-level model, by a column of the base: rows of models that extend it are meant, too.
    let n_rows = Keeper::delete()
        .filter(Keeper::NAME.ge("A"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    assert_eq!(names(cx, connection).await?, ["Ada", "Di"]);
    let left = Person::select()
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(left.len(), 2);
    // Of the root.
    let n_rows = Person::delete()
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    assert_eq!(Vet::select().count(cx, connection).await.into_result()?, 0);
    Ok(())
}

async fn deletes_do_not_depend_on_cascades<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for action in [Action::Restrict, Action::NoAction, Action::Cascade] {
        schema::drop_all(cx, connection, TABLES)
            .await
            .into_result()?;
        let with_action = |table: &&'static Table| {
            let mut table = (**table).clone();
            for key in table.foreign_keys.to_mut() {
                if ["keeper", "head_keeper", "vet"].contains(&&*table.name.name) {
                    key.on_delete = action;
                }
            }
            table
        };
        let tables: Vec<Table> = TABLES.iter().map(with_action).collect();
        let tables: Vec<&Table> = tables.iter().collect();
        schema::create_all(cx, connection, &tables)
            .await
            .into_result()?;
        let staff = hire(cx, connection).await?;
        let n_rows = HeadKeeper::delete()
            .filter(HeadKeeper::NAME.eq("Cy"))
            .execute(cx, connection)
            .await
            .into_result()?;
        assert_eq!(n_rows, 1, "{action:?}");
        staff
            .keeper
            .delete_row()
            .execute(cx, connection)
            .await
            .into_result()?;
        assert_eq!(names(cx, connection).await?, ["Ada", "Di"], "{action:?}");
        let n_rows = Person::delete().all_rows().execute(cx, connection).await;
        assert_eq!(n_rows.into_result()?, 2, "{action:?}");
        let n_vets = Vet::select().count(cx, connection).await;
        assert_eq!(n_vets.into_result()?, 0);
    }
    Ok(())
}

async fn rows_of_one_table_are_changed_by_kind<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert!(NewLion::new("Leo"))
        .one(cx, connection)
        .await
        .into_result()?;
    insert!(NewEagle::new("Ed", 210))
        .one(cx, connection)
        .await
        .into_result()?;
    insert!(NewPenguin::new("Pip", 40, 1.0))
        .one(cx, connection)
        .await
        .into_result()?;
    let n_rows = Bird::update()
        .set(Bird::NAME, "bird")
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    let n_rows = Penguin::update()
        .set(Penguin::BEST_DIVE_M, Penguin::BEST_DIVE_M + 1.5)
        .filter(Penguin::NAME.eq("bird"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let dives = Penguin::select()
        .columns(Penguin::BEST_DIVE_M)
        .all(cx, connection)
        .await;
    assert_eq!(dives.into_result()?, [2.5]);
    let n_rows = Eagle::delete()
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let left = Animal::select()
        .columns(Animal::NAME)
        .order_by(Animal::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(left, ["Leo", "bird"]);
    Ok(())
}

async fn nothing_is_left_of_a_row_that_fails_half_way<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    hire(cx, connection).await?;
    // The badge is taken: the root's row was inserted by then.
    let error = insert!(NewKeeper::new("Eve", "B-1"))
        .one(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::Constraint);
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo", "Cy", "Di"]);
    let rows = [NewKeeper::new("Eve", "E-1"), NewKeeper::new("Flo", "E-1")];
    let error = Keeper::insert_many(rows)
        .execute(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::Constraint);
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo", "Cy", "Di"]);
    Ok(())
}

async fn rows_that_disagree_with_themselves_are_refused<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let head = staff.head.id;
    let refused = async |cx: &Cx, connection: &mut C| -> Result<String, Failure> {
        match Person::select()
            .polymorphic()
            .all(cx, connection)
            .await
            .into_result()
        {
            Ok(rows) => Err(format!("{rows:?}").into()),
            Err(sqlmodel_runtime::OutcomeError::Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Decode);
                let by_type = Person::select().polymorphic_by(PolymorphicLoad::ByType);
                match by_type.all(cx, connection).await.into_result() {
                    Err(sqlmodel_runtime::OutcomeError::Err(other)) => {
                        let (error, other) = (error.to_string(), other.to_string());
                        let told = |text: &str| text.split(" (in `").next().map(str::to_owned);
                        assert_eq!(told(&other), told(&error));
                        assert_ne!(told(&other), Some(other));
                    }
                    other => return Err(format!("{other:?}").into()),
                }
                Ok(error.to_string())
            }
            Err(other) => Err(other.into()),
        }
    };
    let run = async |cx: &Cx, connection: &mut C, sql: &str| -> Test {
        connection.execute_sql(cx, sql, &[]).await.into_result()?;
        Ok(())
    };
    run(
        cx,
        connection,
        &format!("UPDATE person SET role = 'vet' WHERE id = {head}"),
    )
    .await?;
    let message = refused(cx, connection).await?;
    assert!(
        message.contains(&format!("`person` with id = {head} is marked as 'vet'")),
        "{message}"
    );
    assert!(message.contains("`keeper`"), "{message}");
    let alone = HeadKeeper::select().all(cx, connection).await.into_result();
    assert_eq!(kind(alone)?, ErrorKind::Decode);

    run(
        cx,
        connection,
        &format!("UPDATE person SET role = 'ghost' WHERE id = {head}"),
    )
    .await?;
    let message = refused(cx, connection).await?;
    assert!(message.contains("marked as 'ghost'"), "{message}");
    run(
        cx,
        connection,
        &format!("UPDATE person SET role = 'head_keeper' WHERE id = {head}"),
    )
    .await?;
    run(
        cx,
        connection,
        &format!("DELETE FROM head_keeper WHERE id = {head}"),
    )
    .await?;
    let message = refused(cx, connection).await?;
    assert!(message.contains("has no row in `head_keeper`"), "{message}");
    run(
        cx,
        connection,
        &format!("UPDATE person SET role = 'keeper' WHERE id = {head}"),
    )
    .await?;
    run(
        cx,
        connection,
        &format!("INSERT INTO vet (id, licence) VALUES ({head}, 'two at once')"),
    )
    .await?;
    let message = refused(cx, connection).await?;
    assert!(message.contains("has a row in `vet` as well"), "{message}");
    Ok(())
}

async fn abstract_models_have_no_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let lion = insert!(NewLion::new("Leo"))
        .one(cx, connection)
        .await
        .into_result()?;
    let error = Animal::insert(lion.animal.clone())
        .execute(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::Usage);
    let gone = Event::delete()
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(gone)?, ErrorKind::Usage);
    let feeding = insert!(NewFeeding::new(lion.id, "steak", 900))
        .one(cx, connection)
        .await
        .into_result()?;
    let event = Event::get(cx, connection, feeding.id).await.into_result()?;
    assert_eq!(event, Some(feeding.event.clone()));
    // The key joins the tables of a row.
    let moved = Keeper::update()
        .set(Keeper::ID, 7)
        .all_rows()
        .execute(cx, connection)
        .await;
    assert_eq!(kind(moved.into_result())?, ErrorKind::Usage);
    Ok(())
}

async fn rows_of_a_query_are_inserted_as_what_they_are<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    hire(cx, connection).await?;
    let names = Person::select()
        .filter(Person::NAME.lt("C"))
        .columns(Person::NAME);
    let n_rows = Lion::insert_from(Lion::NAME, names)
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    assert_eq!(Lion::select().count(cx, connection).await.into_result()?, 2);
    let names = Person::select().columns(Person::NAME);
    let split = Keeper::insert_from(Keeper::NAME, names)
        .execute(cx, connection)
        .await;
    assert_eq!(kind(split.into_result())?, ErrorKind::Unsupported);
    Ok(())
}

async fn statements_nest_in_transactions<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut transaction = connection.begin(cx).await.into_result()?;
    hire(cx, &mut transaction).await?;
    let mut savepoint = transaction.savepoint(cx).await.into_result()?;
    let n_rows = Keeper::delete()
        .all_rows()
        .execute(cx, &mut savepoint)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    savepoint.rollback(cx).await.into_result()?;
    let n_rows = Keeper::update()
        .set(Keeper::NAME, Keeper::BADGE)
        .set(Keeper::BADGE, Keeper::NAME)
        .all_rows()
        .execute(cx, &mut transaction)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    transaction.commit(cx).await.into_result()?;
    assert_eq!(names(cx, connection).await?, ["Ada", "B-1", "C-1", "Di"]);
    Ok(())
}

async fn an_upsert_finds_the_row_by_a_key_of_the_child<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let upserted = insert!(NewKeeper::new("Eve", "E-1"))
        .on_conflict(Keeper::BADGE)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    let Upserted::Inserted(eve) = upserted else {
        return Err(format!("{upserted:?}").into());
    };
    let upserted = insert!(NewKeeper::new("Eva", "E-1"))
        .on_conflict(Keeper::BADGE)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    let mut expected = eve.clone();
    expected.name = "Eva".to_owned();
    expected.version = 2;
    assert_eq!(upserted, Upserted::Updated(expected.clone()));
    let upserted = insert!(NewKeeper::new("Nobody", "E-1"))
        .on_conflict(Keeper::BADGE)
        .do_nothing()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(upserted, Upserted::Skipped(expected.clone()));
    // A row of a model that extends this one has the key: it is updated as what it is.
    let n_rows = insert_many!(NewKeeper::new("Cyril", "C-1"), NewKeeper::new("Flo", "F-1"))
        .on_conflict(Keeper::BADGE)
        .set(Keeper::NAME, excluded(Keeper::NAME))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    let head = HeadKeeper::get(cx, connection, staff.head.id)
        .await
        .into_result()?;
    assert_eq!(head.map(|head| head.name.clone()).as_deref(), Some("Cyril"));
    // The other way round the row is less than what is to be stored.
    let error = insert!(NewHeadKeeper::new("Bo", "B-1", "1".parse()?))
        .on_conflict(HeadKeeper::BADGE)
        .do_update()
        .one(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::SubtypeConflict);
    let unchanged = Keeper::get(cx, connection, staff.keeper.id)
        .await
        .into_result()?;
    assert_eq!(unchanged, Some(staff.keeper));
    let error = insert_many!(NewKeeper::new("a", "same"), NewKeeper::new("b", "same"))
        .on_conflict(Keeper::BADGE)
        .do_update()
        .execute(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::Usage);
    let guarded = insert!(NewKeeper::new("Z", "E-1"))
        .on_conflict(Keeper::BADGE)
        .do_update()
        .filter(Keeper::NAME.eq("nobody"))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(guarded, Upserted::Skipped(expected));
    Ok(())
}

async fn an_upsert_finds_the_row_by_the_key_of_the_root<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let mut keeper = staff.keeper.clone();
    keeper.name = "Bob".to_owned();
    let upserted = Keeper::insert(keeper.clone())
        .on_conflict(Keeper::ID)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!((&*upserted.row().name, upserted.row().version), ("Bob", 2));
    // The child's row is lost: it is stored again.
    connection
        .execute_sql(cx, "DELETE FROM keeper WHERE badge = 'B-1'", &[])
        .await
        .into_result()?;
    let upserted = Keeper::insert(keeper.clone())
        .on_conflict(Keeper::ID)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!((&*upserted.row().badge, upserted.row().version), ("B-1", 3));
    // The key is that of a row of another model.
    keeper.person.id = staff.vet.id;
    let error = Keeper::insert(keeper)
        .on_conflict(Keeper::ID)
        .do_update()
        .one(cx, connection)
        .await
        .into_result();
    match error {
        Err(sqlmodel_runtime::OutcomeError::Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::SubtypeConflict);
            let message = error.to_string();
            assert!(
                message.contains(&format!("id = {}", staff.vet.id)),
                "{message}"
            );
            assert!(message.contains("'vet'"), "{message}");
        }
        other => return Err(format!("{other:?}").into()),
    }
    assert_eq!(
        Keeper::select().count(cx, connection).await.into_result()?,
        2
    );
    Ok(())
}

async fn an_upsert_of_one_table_knows_its_kind<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let lion = insert!(NewLion::new("Leo"))
        .one(cx, connection)
        .await
        .into_result()?;
    let pip = insert!(NewPenguin::new("Pip", 40, 1.0))
        .one(cx, connection)
        .await
        .into_result()?;
    let new = || NewPenguin::new("Pop", 41, 2.0).mate_id(pip.id);
    let first = insert!(new())
        .on_conflict(Penguin::MATE_ID)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    let Upserted::Inserted(pop) = first else {
        return Err(format!("{first:?}").into());
    };
    let again = insert!(new())
        .on_conflict(Penguin::MATE_ID)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(again, Upserted::Unchanged(pop.clone()));
    let other = insert!(NewPenguin::new("Pup", 41, 2.0).mate_id(pip.id))
        .on_conflict(Penguin::MATE_ID)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(other.row().name, "Pup");
    let mut impostor = pop;
    impostor.bird.animal.id = lion.id;
    let error = Penguin::insert(impostor)
        .on_conflict(Penguin::ID)
        .do_nothing()
        .one(cx, connection)
        .await
        .into_result();
    assert_eq!(kind(error)?, ErrorKind::SubtypeConflict);
    Ok(())
}

async fn a_row_of_any_model_is_found_by_its_key<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let got = Person::get_any(cx, connection, staff.head.id).await;
    assert_eq!(
        got.into_result()?,
        Some(AnyPerson::HeadKeeper(staff.head.clone()))
    );
    let got = Keeper::get_any(cx, connection, staff.head.id).await;
    assert_eq!(got.into_result()?, Some(AnyKeeper::HeadKeeper(staff.head)));
    let got = Keeper::get_any(cx, connection, staff.vet.id).await;
    assert_eq!(got.into_result()?, None);
    let got = Person::get_any(cx, connection, staff.visitor.id).await;
    assert_eq!(got.into_result()?, Some(AnyPerson::Person(staff.visitor)));
    let lion = insert!(NewLion::new("Leo")).one(cx, connection).await;
    let lion = lion.into_result()?;
    let got = Animal::get_any(cx, connection, lion.id).await;
    assert_eq!(got.into_result()?, Some(AnyAnimal::Lion(lion.clone())));
    let got = Bird::get_any(cx, connection, lion.id).await;
    assert_eq!(got.into_result()?, None);
    Ok(())
}

async fn exact_statements_leave_children_out<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let staff = hire(cx, connection).await?;
    let keepers = Keeper::select().exact().all(cx, connection).await;
    assert_eq!(keepers.into_result()?, [staff.keeper]);
    let update = Keeper::update().set(Keeper::NAME, "K").all_rows().exact();
    assert_eq!(update.execute(cx, connection).await.into_result()?, 1);
    let update = Keeper::update().set(Keeper::BADGE, "K").all_rows().exact();
    assert_eq!(update.execute(cx, connection).await.into_result()?, 1);
    let people = Person::update().set(Person::NAME, "P").all_rows().exact();
    assert_eq!(people.execute(cx, connection).await.into_result()?, 1);
    assert_eq!(names(cx, connection).await?, ["P", "K", "Cy", "Di"]);
    let delete = Keeper::delete().all_rows().exact();
    assert_eq!(delete.execute(cx, connection).await.into_result()?, 1);
    assert_eq!(names(cx, connection).await?, ["P", "Cy", "Di"]);
    Ok(())
}

async fn an_expected_version_is_held_against_all_rows<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let staff = hire(cx, connection).await?;
    let update = |version: i32| {
        let update = Keeper::update().set(Keeper::BADGE, "new");
        update
            .filter(Keeper::ID.eq(staff.keeper.id))
            .expected_version(version)
    };
    let done = update(1).execute(cx, connection).await;
    assert_eq!(done.into_result()?, 1);
    let done = update(1).execute(cx, connection).await;
    assert_eq!(kind(done.into_result())?, ErrorKind::StaleRow);
    let rows = update(2).all(cx, connection).await.into_result()?;
    assert_eq!(rows.iter().map(|row| row.version).collect::<Vec<_>>(), [3]);
    let gone = update(3).filter(Keeper::NAME.eq("nobody"));
    let done = gone.execute(cx, connection).await;
    assert_eq!(kind(done.into_result())?, ErrorKind::StaleRow);
    let all = Keeper::update().set(Keeper::NAME, "all").all_rows();
    let done = all.expected_version(3).execute(cx, connection).await;
    assert_eq!(kind(done.into_result())?, ErrorKind::StaleRow);
    assert_eq!(names(cx, connection).await?, ["Ada", "Bo", "Cy", "Di"]);
    let lions = Lion::update().set(Lion::NAME, "x").all_rows();
    let done = lions.expected_version(1).execute(cx, connection).await;
    assert_eq!(kind(done.into_result())?, ErrorKind::Usage);
    Ok(())
}
