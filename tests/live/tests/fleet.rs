//! Families with keys of several columns, and with numbers, truth values and enums as discriminators: false and zero among them.

use generated::fleet::customers::{
    Account, Admin, AnyAccount, AnyCustomer, AnyMessage, Citizen, Company, Complaint, Customer,
    Message, NewAccount, NewAdmin, NewCitizen, NewCompany, NewComplaint, NewMessage, NewSuperAdmin,
    SuperAdmin,
};
use generated::fleet::tables::TABLES;
use generated::fleet::vehicles::{
    AnyTruck, AnyVehicle, Car, NewCar, NewTanker, NewVehicle, Tanker, Truck, Vehicle, VehicleKind,
};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Upserted, excluded, table};

on_every_driver! {
    TABLES;
    keys_of_two_columns_join_the_tables,
    changes_are_dated_in_the_root,
    a_truth_value_tells_rows_apart,
    a_number_tells_rows_apart,
    a_joined_model_is_told_from_others_whatever_the_condition,
    tags_that_differ_by_case_are_of_two_models,
}

async fn tags_that_differ_by_case_are_of_two_models<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let user = insert!(NewAccount::new("ada")).one(cx, connection).await;
    let user = user.into_result()?;
    let admin = insert!(NewAdmin::new("bo")).one(cx, connection).await;
    let above = insert!(NewSuperAdmin::new("cy")).one(cx, connection).await;
    let (admin, above) = (admin.into_result()?, above.into_result()?);
    let update = Admin::update().set(Admin::PAGER, "7".to_owned()).all_rows();
    assert_eq!(update.execute(cx, connection).await.into_result()?, 1);
    let admins = Admin::select().count(cx, connection).await;
    assert_eq!(admins.into_result()?, 1);
    admin
        .delete_row()
        .execute(cx, connection)
        .await
        .into_result()?;
    let deleted = Admin::delete().all_rows().execute(cx, connection).await;
    assert_eq!(deleted.into_result()?, 0);
    let all = Account::select().order_by(Account::ID.asc()).polymorphic();
    let all = all.all(cx, connection).await.into_result()?;
    let expected = [AnyAccount::Account(user), AnyAccount::SuperAdmin(above)];
    assert_eq!(all, expected);
    let above = SuperAdmin::select().count(cx, connection).await;
    assert_eq!(above.into_result()?, 1);
    Ok(())
}

async fn keys_of_two_columns_join_the_tables<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let bicycle = insert!(NewVehicle::new("north", 1))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(bicycle.kind, VehicleKind::Bicycle);
    let cars = insert_many!(NewCar::new("north", 2).seats(2), NewCar::new("south", 1))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!((cars[0].seats, cars[1].seats), (2, 4));
    assert_eq!(cars[1].kind, VehicleKind::Car);
    let tanker = insert!(NewTanker::new("south", 2, 9000, "milk").plate("T 1"))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        (tanker.load_kg, &*tanker.liquid, tanker.number),
        (9000, "milk", 2)
    );

    let all = Vehicle::select()
        .order_by(Vehicle::DEPOT.asc())
        .order_by(Vehicle::NUMBER.asc())
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        AnyVehicle::Vehicle(bicycle),
        AnyVehicle::Car(cars[0].clone()),
        AnyVehicle::Car(cars[1].clone()),
        AnyVehicle::Tanker(tanker.clone()),
    ];
    assert_eq!(all, expected);
    let trucks = Truck::select()
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(trucks, [AnyTruck::Tanker(tanker.clone())]);
    let key = ("south".to_owned(), 2);
    let found = Tanker::get(cx, connection, key.clone())
        .await
        .into_result()?;
    assert_eq!(found, Some(tanker.clone()));
    assert_eq!(Car::get(cx, connection, key).await.into_result()?, None);

    let n_rows = Tanker::update()
        .set(Tanker::PLATE, "T 2")
        .set(Tanker::LOAD_KG, Tanker::LOAD_KG + 500)
        .set(Tanker::TOWED_BY, Tanker::PLATE)
        .filter(Tanker::LIQUID.eq("milk").and(Tanker::DEPOT.eq("south")))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let upserted = insert!(NewTanker::new("east", 9, 1, "water").plate("T 2"))
        .on_conflict(Tanker::PLATE)
        .set(Tanker::LIQUID, excluded(Tanker::LIQUID))
        .one(cx, connection)
        .await
        .into_result()?;
    let Upserted::Updated(tanker) = upserted else {
        return Err(format!("{upserted:?}").into());
    };
    assert_eq!((tanker.load_kg, &*tanker.liquid), (9500, "water"));
    assert_eq!(tanker.towed_by.as_deref(), Some("T 1"));
    let n_rows = Vehicle::delete()
        .filter(Vehicle::DEPOT.eq("south"))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    assert_eq!(Car::select().count(cx, connection).await.into_result()?, 1);
    assert_eq!(
        Tanker::select().count(cx, connection).await.into_result()?,
        0
    );
    Ok(())
}

async fn changes_are_dated_in_the_root<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let car = insert!(NewCar::new("north", 2))
        .one(cx, connection)
        .await
        .into_result()?;
    connection
        .execute_sql(
            cx,
            "UPDATE vehicle SET updated_at = '2001-01-01 00:00:00'",
            &[],
        )
        .await
        .into_result()?;
    let n_rows = Car::update()
        .set(Car::SEATS, 5_i16)
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let changed = Car::get(cx, connection, ("north".to_owned(), 2))
        .await
        .into_result()?;
    let changed = changed.ok_or("the car is there")?;
    assert_eq!(changed.seats, 5);
    assert!(changed.updated_at.year() > 2001, "{:?}", changed.updated_at);
    assert_eq!(changed.created_at, car.created_at);
    Ok(())
}

async fn a_truth_value_tells_rows_apart<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let citizen = insert!(NewCitizen::new("Ada"))
        .one(cx, connection)
        .await
        .into_result()?;
    let company = insert!(NewCompany::new("Acme", "T-7"))
        .one(cx, connection)
        .await
        .into_result()?;
    assert!(!citizen.is_company);
    assert!(company.is_company);
    let all = Customer::select()
        .order_by(Customer::ID.asc())
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        AnyCustomer::Citizen(citizen.clone()),
        AnyCustomer::Company(company.clone()),
    ];
    assert_eq!(all, expected);
    assert_eq!(
        Citizen::select().all(cx, connection).await.into_result()?,
        [citizen]
    );
    let upserted = insert!(NewCompany::new("Acme", "T-8"))
        .on_conflict(Company::NAME)
        .do_update()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(upserted.row().tax_number, "T-8");
    let other = insert!(NewCompany::new("Ada", "T-9"))
        .on_conflict(Company::NAME)
        .do_update()
        .one(cx, connection)
        .await;
    assert!(other.is_err());
    // What a child must have, the table demands of its rows.
    let missing = "UPDATE customer SET tax_number = NULL WHERE is_company";
    assert!(connection.execute_sql(cx, missing, &[]).await.is_err());
    Ok(())
}

async fn a_number_tells_rows_apart<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let ada = insert!(NewCitizen::new("Ada"))
        .one(cx, connection)
        .await
        .into_result()?;
    let plain = insert!(NewMessage::new(ada.id, "hello"))
        .one(cx, connection)
        .await
        .into_result()?;
    let complaint = insert!(NewComplaint::new(ada.id, "oh no", 3))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!((plain.code, complaint.code), (0, -1));
    let rows = Customer::select()
        .polymorphic()
        .include(Customer::MESSAGES.order_by(Message::ID.asc()))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].1, [plain.clone(), complaint.message.clone()]);
    let all = Message::select()
        .order_by(Message::ID.asc())
        .polymorphic()
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        AnyMessage::Message(plain),
        AnyMessage::Complaint(complaint.clone()),
    ];
    assert_eq!(all, expected);
    let severe = Complaint::select()
        .filter(Complaint::SEVERITY.ge(2_i16))
        .include(Complaint::CUSTOMER)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(severe, [(complaint, ada.customer.clone())]);
    Ok(())
}

async fn a_joined_model_is_told_from_others_whatever_the_condition<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let ada = insert!(NewCitizen::new("Ada"))
        .one(cx, connection)
        .await
        .into_result()?;
    insert!(NewMessage::new(ada.id, "hello"))
        .execute(cx, connection)
        .await
        .into_result()?;
    insert!(NewComplaint::new(ada.id, "oh no", 3))
        .execute(cx, connection)
        .await
        .into_result()?;
    let is_hers_or_severe = Complaint::CUSTOMER_ID
        .eq(Customer::ID)
        .or(Complaint::SEVERITY.gt(2_i16));
    let pairs: Vec<(Customer, Complaint)> = Customer::select()
        .join_on(table::<Complaint>(), is_hers_or_severe)
        .all(cx, connection)
        .await
        .into_result()?;
    let texts: Vec<_> = pairs
        .iter()
        .map(|(_, complaint)| &*complaint.text)
        .collect();
    assert_eq!(texts, ["oh no"], "a plain message is no complaint");
    Ok(())
}
