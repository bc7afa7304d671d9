//! Rows of families that disagree with themselves, and models that say that they are others.

use std::sync::LazyLock;

use generated::fleet::customers::{Citizen, Message, NewCitizen, NewMessage};
use generated::fleet::vehicles::{Car, NewCar, NewVehicle, Vehicle, VehicleKind};
use generated::zoo::people::{
    HeadKeeper, Keeper, NewHeadKeeper, NewKeeper, NewTrainee, Person, Trainee,
};
use generated::{fleet, zoo};
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::sql::{List, Table};
use sqlmodel_runtime::{Error, ErrorKind, OutcomeError, check_family};

/// The tables of all families without what would keep rows whole.
static TABLES: LazyLock<Vec<&'static Table>> = LazyLock::new(|| {
    let tables = [zoo::tables::TABLES, fleet::tables::TABLES].concat();
    let loose = |table: &'static Table| -> &'static Table {
        let mut table = table.clone();
        table.foreign_keys = List::default();
        Box::leak(Box::new(table))
    };
    tables.into_iter().map(loose).collect()
});

on_every_driver! {
    &TABLES;
    a_row_that_lost_its_base_is_told_by_its_key,
    the_check_of_a_family_finds_what_queries_leave_out,
    what_cannot_be_read_is_told_with_its_key_and_mark,
    models_that_say_that_they_are_others_are_refused,
}

async fn run<C: Connection>(cx: &Cx, connection: &mut C, sql: &str) -> Test {
    connection.execute_sql(cx, sql, &[]).await.into_result()?;
    Ok(())
}

/// Returns the kind of an error and what it says, without its statement.
fn told<T: std::fmt::Debug>(
    result: Result<T, OutcomeError<Error>>,
) -> Result<(ErrorKind, String), Failure> {
    match result {
        Ok(value) => Err(format!("it should have failed: {value:?}").into()),
        Err(OutcomeError::Err(error)) => {
            let text = error.to_string();
            let text = text.split(" (in `").next().unwrap_or_default();
            Ok((error.kind(), text.to_owned()))
        }
        Err(other) => Err(other.into()),
    }
}

async fn head<C: Connection>(cx: &Cx, connection: &mut C) -> Result<HeadKeeper, Failure> {
    let head = NewHeadKeeper::new("Cy", "C-1", "1.5".parse()?);
    Ok(insert!(head).one(cx, connection).await.into_result()?)
}

async fn a_row_that_lost_its_base_is_told_by_its_key<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let head = head(cx, connection).await?;
    run(cx, connection, "DELETE FROM person").await?;
    let got = told(HeadKeeper::get(cx, connection, head.id).await.into_result())?;
    assert_eq!(got.0, ErrorKind::Decode);
    let lost = format!(
        "the row of `head_keeper` with id = {} has no row in `person`",
        head.id
    );
    assert!(got.1.ends_with(&lost), "{}", got.1);
    let mut changed = head.clone();
    changed.name = "late".to_owned();
    let updated = told(
        changed
            .update_row()
            .execute(cx, connection)
            .await
            .into_result(),
    )?;
    assert_eq!(updated, got);
    let got = Keeper::get(cx, connection, head.id + 1).await;
    assert_eq!(got.into_result()?, None);
    Ok(())
}

async fn the_check_of_a_family_finds_what_queries_leave_out<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(head(cx, connection).await?.id);
        run(
            cx,
            connection,
            "UPDATE keeper SET badge = concat('old ', id)",
        )
        .await?;
    }
    let trainee = NewTrainee::new("Eve", "T-1", 3);
    let trainee = insert!(trainee).one(cx, connection).await.into_result()?;
    let faults = check_family::<Person, _>(cx, connection).await;
    assert_eq!(faults.into_result()?, []);
    let [no_root, no_mid, other, unknown, _] = *ids else {
        return Err("five keepers".into());
    };
    for sql in [
        format!("DELETE FROM person WHERE id = {no_root}"),
        format!("DELETE FROM keeper WHERE id = {no_mid}"),
        format!("UPDATE person SET role = 'vet' WHERE id = {other}"),
        format!("UPDATE person SET role = 'ghost' WHERE id = {unknown}"),
        format!("UPDATE keeper SET months = NULL WHERE id = {}", trainee.id),
    ] {
        run(cx, connection, &sql).await?;
    }
    let faults = check_family::<Person, _>(cx, connection).await;
    let faults: Vec<_> = faults
        .into_result()?
        .iter()
        .map(ToString::to_string)
        .collect();
    let all = "'visitor', 'keeper', 'head_keeper', 'trainee', 'guest', 'vet'";
    let keepers = "'keeper', 'head_keeper', 'trainee'";
    let mut expected = vec![
        format!(
            "the row of `person` with id = {unknown} is marked as 'ghost', and one of {all} is expected"
        ),
        format!("the row of `keeper` with id = {no_root} has no row in `person`"),
        format!(
            "the row of `person` with id = {no_mid} is marked as 'head_keeper', and it has no row in `keeper`"
        ),
        format!(
            "the row of `keeper` with id = {other} is marked as 'vet', and one of {keepers} is expected"
        ),
        format!(
            "the row of `keeper` with id = {unknown} is marked as 'ghost', and one of {keepers} is expected"
        ),
        format!("the row of `head_keeper` with id = {no_mid} has no row in `keeper`"),
        format!(
            "the row of `head_keeper` with id = {other} is marked as 'vet', and one of 'head_keeper' is expected"
        ),
        format!(
            "the row of `head_keeper` with id = {unknown} is marked as 'ghost', and one of 'head_keeper' is expected"
        ),
        format!(
            "the row of `keeper` with id = {} is marked as 'trainee', and it has NULL in `months`",
            trainee.id
        ),
        format!(
            "the row of `person` with id = {other} is marked as 'vet', and it has no row in `vet`"
        ),
    ];
    let mut faults = faults;
    faults.sort();
    expected.sort();
    assert_eq!(faults, expected);
    Ok(())
}

async fn what_cannot_be_read_is_told_with_its_key_and_mark<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let keeper = NewKeeper::new("Bo", "B-1");
    let keeper = insert!(keeper).one(cx, connection).await.into_result()?;
    run(cx, connection, "UPDATE person SET role = 'trainee'").await?;
    let all = Person::select().polymorphic().all(cx, connection).await;
    let one = Trainee::select().all(cx, connection).await;
    for (table, result) in [
        ("person", told(all.into_result())?),
        ("keeper", told(one.into_result())?),
    ] {
        let (kind, text) = result;
        assert_eq!(kind, ErrorKind::Decode);
        let id = keeper.id;
        let which = format!("the row of `{table}` with id = {id} is marked as 'trainee'");
        assert!(text.contains("months") && text.ends_with(&which), "{text}");
    }
    Ok(())
}

async fn models_that_say_that_they_are_others_are_refused<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let bicycle = NewVehicle::new("north", 1);
    let bicycle = insert!(bicycle).one(cx, connection).await.into_result()?;
    let car = insert!(NewCar::new("north", 2)).one(cx, connection).await;
    let car = car.into_result()?;
    let citizen = insert!(NewCitizen::new("Ada")).one(cx, connection).await;
    let citizen = citizen.into_result()?;
    let message = insert!(NewMessage::new(citizen.id, "hi"))
        .one(cx, connection)
        .await;
    let message = message.into_result()?;

    let is_usage = |result: Result<(), OutcomeError<Error>>, column: &str| -> Test {
        let (kind, text) = told(result)?;
        assert_eq!(kind, ErrorKind::Usage, "{text}");
        assert!(text.contains(column), "{text}");
        Ok(())
    };
    let mut other = bicycle.clone();
    other.kind = VehicleKind::Car;
    let updated = other.update_row().execute(cx, connection).await;
    is_usage(updated.into_result(), "`vehicle.kind`")?;
    other.number = 3;
    let inserted = Vehicle::insert(other.clone()).execute(cx, connection).await;
    is_usage(inserted.into_result().map(drop), "`vehicle.kind`")?;
    let inserted = Vehicle::insert_many([other]).execute(cx, connection).await;
    is_usage(inserted.into_result().map(drop), "`vehicle.kind`")?;

    let mut other = car.clone();
    other.vehicle.kind = VehicleKind::Tanker;
    let updated = other.update_row().execute(cx, connection).await;
    is_usage(updated.into_result(), "`car.kind`")?;
    let upsert = Car::insert(other).on_conflict((Car::DEPOT, Car::NUMBER));
    let upserted = upsert.do_update().execute(cx, connection).await;
    is_usage(upserted.into_result().map(drop), "`car.kind`")?;

    let mut other = message.clone();
    other.code = -1;
    let updated = other.update_row().execute(cx, connection).await;
    is_usage(updated.into_result(), "`message.code`")?;
    for code in [-1, 42] {
        other.id += 1;
        other.code = code;
        let inserted = Message::insert(other.clone()).one(cx, connection).await;
        is_usage(inserted.into_result().map(drop), "`message.code`")?;
    }
    let mut other = citizen.clone();
    other.customer.is_company = true;
    let updated = other.update_row().execute(cx, connection).await;
    is_usage(updated.into_result(), "is_company")?;
    other.customer.id += 1;
    let inserted = Citizen::insert(other).execute(cx, connection).await;
    is_usage(inserted.into_result().map(drop), "is_company")?;

    let vehicles = Vehicle::select().polymorphic().all(cx, connection).await;
    assert_eq!(vehicles.into_result()?.len(), 2);
    let messages = Message::select().polymorphic().all(cx, connection).await;
    assert_eq!(messages.into_result()?.len(), 1);
    let mut gone = bicycle;
    gone.number = 99;
    let (kind, text) = told(
        gone.update_row()
            .execute(cx, connection)
            .await
            .into_result(),
    )?;
    assert_eq!(kind, ErrorKind::StaleRow, "{text}");
    Ok(())
}
