//! Keys that are equal to the database and not to Rust.

use generated::shop::tables::TABLES;
use generated::shop::{Address, Country, NewAddress, NewCountry, NewCustomer};
use live::{Test, on_every_driver};
use sqlmodel_runtime::ErrorKind;
use sqlmodel_runtime::prelude::*;

on_every_driver! {
    TABLES;
    a_relation_that_ignores_case_loses_no_rows,
}

async fn a_relation_that_ignores_case_loses_no_rows<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    insert!(NewCountry::new(1, "DE", "Germany"))
        .execute(cx, connection)
        .await
        .into_result()?;
    let customer = insert!(NewCustomer::new("c@example.com", b"hash".to_vec()))
        .one(cx, connection)
        .await
        .into_result()?;
    let address = NewAddress::new(customer.id, "Main street 1", "de");
    if let Outcome::Err(error) = insert!(address).execute(cx, connection).await {
        assert!(
            error.is_foreign_key_violation(),
            "case matters here: {error}"
        );
        return Ok(());
    }
    let to_many = Country::select()
        .include(Country::ADDRESSES)
        .all(cx, connection)
        .await;
    let to_one = Address::select()
        .include(Address::COUNTRY.include(Country::ADDRESSES))
        .all(cx, connection)
        .await;
    let refused = [to_many.map(drop), to_one.map(drop)];
    for refused in refused {
        assert!(
            matches!(&refused, Outcome::Err(error) if error.kind() == ErrorKind::Unsupported),
            "{refused:?}"
        );
    }
    Ok(())
}
