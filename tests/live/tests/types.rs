//! Every type of the schema language: what is written comes back, and what does not fit is refused by name.

use generated::shop::tables::TABLES;
use generated::shop::{
    Body, Color, Everything, NewEverything, NewProduct, OrderState, Price, Priority, Product,
    WorkEmail,
};
use generated::support::{Celsius, Cents, Settings};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::time::{
    Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time,
};
use sqlmodel_runtime::types::{Json, Uuid};
use sqlmodel_runtime::{ErrorKind, Value};

on_every_driver! {
    TABLES;
    values_of_every_type_come_back,
    many_rows_are_stored_as_each_would_be_alone,
    what_is_left_out_has_its_default,
    a_value_of_every_type_finds_its_row,
    what_does_not_fit_is_refused_by_name,
    an_update_stores_what_every_update_stores,
    a_row_that_somebody_changed_is_stale,
}

type Built<T> = Result<T, Box<dyn std::error::Error>>;

/// A row with an unusual value in every field.
fn everything() -> Built<NewEverything> {
    let day = Date::from_calendar_date(1999, Month::December, 31)?;
    let time = Time::from_hms_micro(23, 59, 59, 999_999)?;
    let at = PrimitiveDateTime::new(day, time);
    Ok(NewEverything {
        a_bool: Some(false),
        an_i16: Some(i16::MIN),
        an_i32: Some(8),
        an_i64: Some(i64::MAX),
        an_f32: Some(f32::MIN_POSITIVE),
        an_f64: Some(-0.1),
        a_decimal: Some("-0.9999".parse()?),
        a_text: Some("Zoë \"'\\ 😀".into()),
        a_long_text: Some("x".repeat(100_000)),
        some_bytes: Some(vec![0, 255, b'\'']),
        a_uuid: Some(Uuid::from_bytes([0xa5; 16])),
        a_date: Some(day),
        another_date: Some(Date::from_calendar_date(9999, Month::January, 1)?),
        a_time: Some(time),
        a_timestamp: Some(at),
        a_timestamptz: Some(at.assume_utc()),
        a_duration: Some(Duration::microseconds(-1)),
        a_json: Some(Json::from(vec!["a", "b"])),
        settings: Some(Settings::from([("theme".into(), "dark".into())])),
        a_rust_type: Some(Celsius(-40)),
        some_cents: Some(Cents(-5)),
        an_email: "deadpond@example.com".into(),
        a_work_email: Some(WorkEmail::from("d@work.example")),
        a_state: Some(OrderState::InTransit),
        a_priority: Some(Priority::High),
        a_color: Some(Color::Green),
        numbers: Some(vec![i64::MIN, 0]),
        words: Some(vec!["".into(), "two \"words\"".into()]),
        old_name: Some("old".into()),
        kind_of: Some("select".into()),
    })
}

async fn values_of_every_type_come_back<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let new = everything()?;
    let stored = insert!(&new).one(cx, connection).await.into_result()?;
    let expected = Everything {
        id: stored.id,
        a_bool: false,
        an_i16: i16::MIN,
        an_i32: Some(8),
        an_i64: Some(i64::MAX),
        an_f32: f32::MIN_POSITIVE,
        an_f64: Some(-0.1),
        a_decimal: "-0.9999".parse()?,
        a_text: "Zoë \"'\\ 😀".into(),
        a_long_text: new.a_long_text.clone(),
        some_bytes: new.some_bytes.clone(),
        a_uuid: Uuid::from_bytes([0xa5; 16]),
        a_date: Date::from_calendar_date(1999, Month::December, 31)?,
        another_date: Date::from_calendar_date(9999, Month::January, 1)?,
        a_time: Time::from_hms_micro(23, 59, 59, 999_999)?,
        a_timestamp: new.a_timestamp.ok_or("it is set")?,
        a_timestamptz: new.a_timestamptz.ok_or("it is set")?,
        a_duration: Duration::microseconds(-1),
        a_json: Json::from(vec!["a", "b"]),
        settings: new.settings.clone(),
        a_rust_type: Celsius(-40),
        some_cents: Cents(-5),
        an_email: new.an_email.clone(),
        a_work_email: new.a_work_email.clone(),
        a_state: OrderState::InTransit,
        a_priority: Priority::High,
        a_color: Some(Color::Green),
        numbers: vec![i64::MIN, 0],
        words: new.words.clone(),
        lower_text: "zoë \"'\\ 😀".into(),
        text_length: Some(9),
        old_name: Some("old".into()),
        kind_of: Some("select".into()),
        filled_by_trigger: None,
        version: 1,
    };
    assert_eq!(stored, expected);
    assert_eq!(
        Everything::get(cx, connection, stored.id)
            .await
            .into_result()?,
        Some(expected)
    );
    let shown = format!("{stored:?}");
    assert!(!shown.contains("255"), "a hidden value is shown: {shown}");
    Ok(())
}

async fn many_rows_are_stored_as_each_would_be_alone<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    // Lists make a driver write rows in another way.
    for words in [None, Some(vec!["two \"words\"".to_owned()])] {
        let new = |i: usize| -> Built<NewEverything> {
            Ok(NewEverything {
                an_email: format!("{i}@{}.example.com", words.is_some()).into(),
                numbers: None,
                words: words.clone(),
                a_color: i.is_multiple_of(2).then_some(Color::Green),
                some_bytes: (!i.is_multiple_of(3)).then(|| vec![0, 255, b'\'']),
                an_i64: None,
                a_long_text: Some(format!("{i} {{\\,\"}}")),
                ..everything()?
            })
        };
        let many: Vec<NewEverything> = (0..40).map(new).collect::<Built<_>>()?;
        let stored = insert_many!(&many)
            .all(cx, connection)
            .await
            .into_result()?;
        assert_eq!(stored.len(), 40);
        for (new, stored) in many.into_iter().zip(stored) {
            let email = stored.an_email.clone();
            assert_eq!(email, new.an_email);
            let other = NewEverything {
                an_email: format!("again-{}", email.0).into(),
                ..new
            };
            let alone = insert!(other).one(cx, connection).await.into_result()?;
            let expected = Everything {
                id: stored.id,
                an_email: email,
                ..alone
            };
            assert_eq!(stored, expected);
        }
    }
    Ok(())
}

async fn what_is_left_out_has_its_default<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let before = OffsetDateTime::now_utc().date();
    let stored = insert!(NewEverything::new("a@example.com"))
        .one(cx, connection)
        .await
        .into_result()?;
    let after = OffsetDateTime::now_utc().date();
    assert_eq!(
        (stored.a_bool, stored.an_i16, stored.an_i32, stored.an_f32),
        (true, -7, None, 0.5)
    );
    assert_eq!(stored.a_decimal.to_string(), "0.0001");
    assert_eq!(stored.a_text, "it's");
    assert_eq!(
        stored.another_date,
        Date::from_calendar_date(2024, Month::February, 29)?
    );
    assert_eq!(stored.a_time, Time::from_hms(7, 30, 0)?);
    assert_eq!(stored.a_duration, Duration::seconds(90));
    assert_eq!(stored.a_json.to_string(), r#"{"list":[1,2,null]}"#);
    assert_eq!(stored.numbers, [1, 2, 3]);
    assert_eq!(
        (stored.a_state, stored.a_priority),
        (OrderState::Open, Priority::Low)
    );
    assert_eq!(
        (stored.a_rust_type, stored.some_cents),
        (Celsius(20), Cents(0))
    );
    assert_eq!((&*stored.lower_text, stored.text_length), ("it's", Some(4)));
    assert_eq!(stored.a_uuid.get_version_num(), 4);
    assert!(
        before <= stored.a_date && stored.a_date <= after,
        "{}",
        stored.a_date
    );
    Ok(())
}

async fn a_value_of_every_type_finds_its_row<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = insert!(everything()?)
        .one(cx, connection)
        .await
        .into_result()?;
    let found = Everything::select()
        .filter(Everything::A_BOOL.eq(false))
        .filter(Everything::AN_I16.eq(i16::MIN))
        .filter(Everything::AN_I64.eq(i64::MAX))
        .filter(Everything::AN_F64.lt(0.0))
        .filter(Everything::A_DECIMAL.eq(stored.a_decimal))
        .filter(Everything::A_TEXT.eq(&stored.a_text))
        .filter(Everything::SOME_BYTES.eq(vec![0, 255, b'\'']))
        .filter(Everything::A_UUID.eq(stored.a_uuid))
        .filter(Everything::A_DATE.eq(stored.a_date))
        .filter(Everything::A_TIME.eq(stored.a_time))
        .filter(Everything::A_TIMESTAMP.eq(stored.a_timestamp))
        .filter(Everything::A_TIMESTAMPTZ.le(stored.a_timestamptz))
        .filter(Everything::A_DURATION.eq(stored.a_duration))
        .filter(Everything::A_RUST_TYPE.eq(stored.a_rust_type))
        .filter(Everything::AN_EMAIL.eq(&stored.an_email))
        .filter(Everything::A_STATE.in_([OrderState::Open, OrderState::InTransit]))
        .filter(Everything::A_PRIORITY.ne(Priority::Low))
        .filter(Everything::A_COLOR.eq(Color::Green))
        .filter(Everything::KIND_OF.eq("select"))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(found, stored);
    Ok(())
}

/// Tampers with a column by raw SQL, and expects that reading the row is refused with words for it.
async fn check_refused<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    column: &str,
    value: Value<'_>,
    words: &str,
) -> Test {
    let stored = insert!(NewEverything::new(format!("{column}@example.com")))
        .one(cx, connection)
        .await
        .into_result()?;
    let set = format!("UPDATE everything SET {column} = ?1 WHERE id = ?2");
    connection
        .execute_sql(cx, &set, &[value, Value::I32(stored.id)])
        .await
        .into_result()?;
    let Outcome::Err(error) = Everything::get(cx, connection, stored.id).await else {
        return Err(format!("`{column}` was decoded").into());
    };
    assert_eq!(error.kind(), ErrorKind::Decode);
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("`everything.{column}` of row 1 holds ")),
        "{message}"
    );
    assert!(message.contains(words), "{message}");
    Ok(())
}

/// What a database with weak types lets in by other doors, and the schema does not allow.
async fn what_does_not_fit_is_refused_by_name<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    if connection.capabilities().has_strict_types {
        return Ok(());
    }
    connection
        .execute_sql(cx, "PRAGMA ignore_check_constraints = ON", &[])
        .await
        .into_result()?;
    let text = |text: &'static str| Value::Text(text.into());
    check_refused(
        cx,
        connection,
        "an_i16",
        Value::I64(40_000),
        "a 16-bit integer",
    )
    .await?;
    check_refused(
        cx,
        connection,
        "an_i64",
        text("many"),
        "a text where an integer",
    )
    .await?;
    check_refused(cx, connection, "a_bool", Value::I64(2), "a bool").await?;
    check_refused(
        cx,
        connection,
        "a_text",
        Value::Bytes(vec![0xff].into()),
        "bytes where a text",
    )
    .await?;
    check_refused(
        cx,
        connection,
        "a_uuid",
        Value::Bytes(vec![1].into()),
        "a uuid of 16 bytes",
    )
    .await?;
    check_refused(cx, connection, "a_date", text("2024-02-30"), "a date").await?;
    check_refused(cx, connection, "a_time", text("25:00:00"), "a time").await?;
    check_refused(
        cx,
        connection,
        "a_timestamp",
        text("yesterday"),
        "a timestamp",
    )
    .await?;
    check_refused(cx, connection, "a_decimal", text("1e5"), "a decimal").await?;
    check_refused(cx, connection, "a_state", text("lost"), "OrderState").await?;
    check_refused(cx, connection, "a_priority", Value::I64(5), "Priority").await?;
    check_refused(cx, connection, "settings", text("[1]"), "JSON").await?;
    check_refused(cx, connection, "numbers", text("[1.5]"), "an integer").await?;

    let stored = insert!(NewEverything::new("utf8@example.com"))
        .one(cx, connection)
        .await
        .into_result()?;
    let set = "UPDATE everything SET a_text = CAST(x'61ff' AS TEXT) WHERE id = ?1";
    connection
        .execute_sql(cx, set, &[Value::I32(stored.id)])
        .await
        .into_result()?;
    let Outcome::Err(error) = Everything::get(cx, connection, stored.id).await else {
        return Err("bytes that are no text were decoded".into());
    };
    let message = error.to_string();
    assert!(
        message.starts_with("`everything.a_text` of row 1 holds "),
        "{message}"
    );
    assert!(message.contains("utf-8"), "{message}");
    Ok(())
}

async fn a_product<C: Connection>(cx: &Cx, connection: &mut C) -> Built<Product> {
    let new =
        NewProduct::new("Shield", Price("12.50".parse()?), 250).description(Body::from("round"));
    Ok(insert!(new).one(cx, connection).await.into_result()?)
}

async fn an_update_stores_what_every_update_stores<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let mut product = a_product(cx, connection).await?;
    let created_at = product.created_at;
    let past = created_at - Duration::days(1);
    let set_past = Product::update().set(Product::UPDATED_AT, past).all_rows();
    assert_eq!(set_past.execute(cx, connection).await.into_result()?, 1);

    product.name = "Round shield".into();
    product.created_at = past;
    let updated = update!(product).one(cx, connection).await.into_result()?;
    assert_eq!(updated.name, "Round shield");
    assert_eq!(
        updated.created_at, created_at,
        "it is written by the insert alone"
    );
    assert!(updated.updated_at >= created_at, "{}", updated.updated_at);

    let set_past = Product::update().set(Product::UPDATED_AT, past).all_rows();
    set_past.execute(cx, connection).await.into_result()?;
    update!(Product { WEIGHT_G = 100 } where Product::ID.eq(product.id))
        .execute(cx, connection)
        .await
        .into_result()?;
    let updated = Product::get(cx, connection, product.id)
        .await
        .into_result()?
        .ok_or("it is there")?;
    assert!(updated.updated_at >= created_at, "{}", updated.updated_at);
    Ok(())
}

async fn a_row_that_somebody_changed_is_stale<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let stored = insert!(NewEverything::new("a@example.com"))
        .one(cx, connection)
        .await
        .into_result()?;
    let mut mine = stored.clone();
    mine.a_text = "mine".into();
    let mut mine = update!(mine).one(cx, connection).await.into_result()?;
    assert_eq!((mine.version, &*mine.lower_text), (2, "mine"));

    let mut theirs = stored;
    theirs.a_text = "theirs".into();
    let refused = update!(theirs).execute(cx, connection).await;
    assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::StaleRow));
    let refused = delete!(theirs).execute(cx, connection).await;
    assert!(matches!(refused, Outcome::Err(error) if error.kind() == ErrorKind::StaleRow));

    update!(Everything { AN_I16 = 3 } where Everything::ID.eq(mine.id))
        .execute(cx, connection)
        .await
        .into_result()?;
    mine.a_text = "again".into();
    assert!(
        update!(mine).execute(cx, connection).await.is_err(),
        "an update by filter raises the version"
    );
    let fresh = Everything::get(cx, connection, mine.id)
        .await
        .into_result()?
        .ok_or("it is there")?;
    assert_eq!((fresh.version, &*fresh.a_text), (3, "mine"));
    delete!(fresh).execute(cx, connection).await.into_result()?;
    Ok(())
}
