//! Functions whose text differs between databases, and whose result does not.

use generated::shop::tables::TABLES;
use generated::shop::{Everything, NewEverything};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::Json;
use sqlmodel_runtime::types::time::{
    Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset,
};
use sqlmodel_runtime::{
    Comparison, JsonStep, Select, TimeUnit, case, constant, now, raw, raw_for, scalar, select_from,
    today,
};

on_every_driver! {
    TABLES;
    dates_have_parts,
    times_are_truncated,
    days_are_added_and_counted,
    the_database_tells_the_time,
    json_is_read_by_path,
    lists_are_searched,
    texts_have_ends_and_positions,
    extremes_of_two_values,
    tuples_are_compared,
    comparisons_with_all_rows,
    raw_text_takes_parameters,
    halves_are_rounded_away_from_zero,
}

type Built<T> = Result<T, Box<dyn std::error::Error>>;

/// A moment at which rounding would change the year.
fn almost_2000() -> Built<PrimitiveDateTime> {
    let day = Date::from_calendar_date(1999, Month::December, 31)?;
    Ok(PrimitiveDateTime::new(
        day,
        Time::from_hms_micro(23, 59, 59, 999_999)?,
    ))
}

async fn store<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    row: NewEverything,
) -> Built<Everything> {
    Ok(insert!(row).one(cx, connection).await.into_result()?)
}

fn a_row(email: &str) -> Built<NewEverything> {
    let at = almost_2000()?;
    let tokyo = UtcOffset::from_hms(9, 0, 0)?;
    Ok(NewEverything::new(email)
        .a_date(at.date())
        .a_time(at.time())
        .a_timestamp(at)
        .a_timestamptz(at.assume_utc().to_offset(tokyo)))
}

async fn dates_have_parts<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?).await?;
    let parts = Everything::select()
        .columns((
            Everything::A_DATE.year(),
            Everything::A_DATE.day_of_year(),
            Everything::A_TIMESTAMP.month(),
            Everything::A_TIMESTAMP.day_of_month(),
            Everything::A_TIMESTAMP.hour(),
            Everything::A_TIMESTAMPTZ.year(),
            Everything::A_TIMESTAMPTZ.weekday(),
            Everything::A_TIMESTAMPTZ.minute(),
            Everything::A_TIME.second(),
            Everything::A_TIMESTAMPTZ.second(),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(parts, (1999, 365, 12, 31, 23, 1999, 5, 59, 59, 59));
    let days: (Date, Date) = Everything::select()
        .columns((
            Everything::A_TIMESTAMP.date(),
            Everything::A_TIMESTAMPTZ.date(),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    let day = almost_2000()?.date();
    assert_eq!(days, (day, day), "the day is that of UTC");
    let by_year = Everything::select()
        .group_by(Everything::A_TIMESTAMP.year())
        .columns((Everything::A_TIMESTAMP.year(), Everything::ID.count()))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(by_year, [(1999, 1)]);
    Ok(())
}

async fn times_are_truncated<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?).await?;
    let at = almost_2000()?;
    let at_clock = |hour, minute, second| -> Built<PrimitiveDateTime> {
        Ok(at.replace_time(Time::from_hms(hour, minute, second)?))
    };
    let expected = [
        (
            TimeUnit::Year,
            at_clock(0, 0, 0)?
                .replace_month(Month::January)?
                .replace_day(1)?,
        ),
        (TimeUnit::Month, at_clock(0, 0, 0)?.replace_day(1)?),
        (TimeUnit::Day, at_clock(0, 0, 0)?),
        (TimeUnit::Hour, at_clock(23, 0, 0)?),
        (TimeUnit::Minute, at_clock(23, 59, 0)?),
        (TimeUnit::Second, at_clock(23, 59, 59)?),
    ];
    for (unit, expected) in expected {
        let found: (PrimitiveDateTime, OffsetDateTime) = Everything::select()
            .columns((
                Everything::A_TIMESTAMP.truncated_to(unit),
                Everything::A_TIMESTAMPTZ.truncated_to(unit),
            ))
            .one(cx, connection)
            .await
            .into_result()?;
        assert_eq!(found, (expected, expected.assume_utc()), "{unit:?}");
    }
    Ok(())
}

async fn days_are_added_and_counted<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?).await?;
    let at = almost_2000()?;
    let found: (Date, PrimitiveDateTime, OffsetDateTime, i32) = Everything::select()
        .columns((
            Everything::A_DATE.plus_days(60),
            Everything::A_TIMESTAMP.plus_days(-365),
            Everything::A_TIMESTAMPTZ.plus_days(1),
            Everything::A_DATE
                .plus_days(60)
                .days_since(Everything::A_TIMESTAMP.date()),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    let days = sqlmodel_runtime::types::time::Duration::days;
    let expected = (
        Date::from_calendar_date(2000, Month::February, 29)?,
        at - days(365),
        (at + days(1)).assume_utc(),
        60,
    );
    assert_eq!(found, expected);
    Ok(())
}

async fn the_database_tells_the_time<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?).await?;
    let before = OffsetDateTime::now_utc() - sqlmodel_runtime::types::time::Duration::hours(1);
    let is_past = Everything::A_TIMESTAMPTZ.lt(now::<OffsetDateTime>());
    let (at, day): (OffsetDateTime, Date) = Everything::select()
        .filter(is_past)
        .columns((now::<OffsetDateTime>(), today::<Date>()))
        .one(cx, connection)
        .await
        .into_result()?;
    assert!(at > before, "{at} is the time of now");
    assert!(day >= before.date(), "{day}");
    Ok(())
}

async fn json_is_read_by_path<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let hostile = "a\"b\\c'd\n$.x[0]{,}";
    let text = format!(
        r#"{{"name": "Zoë", "tags": ["x", "y"], "age": 48, "size": 1.5, "big": 12345678901,
            "is_new": true, "nothing": null, {}: {{"deep": "found"}}}}"#,
        Json::from(hostile)
    );
    let json: Json = text.parse()?;
    store(cx, connection, a_row("a@example.com")?.a_json(json)).await?;
    let data = Everything::A_JSON;
    let found = Everything::select()
        .columns((
            data.json_text(["name"]),
            data.json_text(["tags".into(), JsonStep::Item(1)]),
            data.json_text([hostile, "deep"]),
            data.json_i64(["age"]),
            data.json_i64(["big"]),
            data.json_f64(["size"]),
            data.json_f64(["age"]),
            data.json_bool(["is_new"]),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    let expected = (
        Some("Zoë".to_owned()),
        Some("y".to_owned()),
        Some("found".to_owned()),
        Some(48),
        Some(12_345_678_901),
        Some(1.5),
        Some(48.0),
        Some(true),
    );
    assert_eq!(found, expected);
    let of_other_types = Everything::select()
        .columns((
            data.json_text(["age"]),
            data.json_text(["nothing"]),
            data.json_text(["nowhere", "at", "all"]),
            data.json_i64(["name"]),
            data.json_i64(["size"]),
            data.json_f64(["is_new"]),
            data.json_bool(["age"]),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(of_other_types, (None, None, None, None, None, None, None));
    let has = Everything::select()
        .columns((data.json_has(["nothing"]), data.json_has(["nobody"])))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(has, (true, false));
    let tagged = Everything::select().filter(data.json_i64(["age"]).gt(40));
    assert_eq!(tagged.count(cx, connection).await.into_result()?, 1);
    Ok(())
}

async fn lists_are_searched<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let row = a_row("a@example.com")?
        .numbers(vec![3, -7])
        .words(vec!["a\"b".into(), "true".into()]);
    store(cx, connection, row).await?;
    store(cx, connection, a_row("b@example.com")?.numbers(vec![])).await?;
    let found = Everything::select()
        .order_by(Everything::ID.asc())
        .columns((
            Everything::NUMBERS.has(-7),
            Everything::NUMBERS.has(1),
            Everything::NUMBERS.n_items(),
            Everything::WORDS.has("a\"b"),
            Everything::WORDS.has("tru"),
        ))
        .all(cx, connection)
        .await
        .into_result()?;
    let expected = [
        (true, false, 2, Some(true), Some(false)),
        (false, false, 0, None, None),
    ];
    assert_eq!(found, expected);
    Ok(())
}

async fn texts_have_ends_and_positions<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?.a_text("Zoë Müller")).await?;
    let text = Everything::A_TEXT;
    let found = Everything::select()
        .columns((
            text.left(3),
            text.right(3),
            text.right(0),
            text.right(99),
            text.position_of("Mü"),
            text.position_of("x"),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    let expected = ("Zoë", "ler", "", "Zoë Müller", 5, 0);
    let found = (&*found.0, &*found.1, &*found.2, &*found.3, found.4, found.5);
    assert_eq!(found, expected);
    Ok(())
}

async fn extremes_of_two_values<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?.an_i16(5)).await?;
    let found = Everything::select()
        .columns((
            Everything::AN_I16.greatest(7),
            Everything::AN_I16.least(7),
            Everything::AN_I16
                .optional()
                .null_if(5)
                .greatest(Everything::AN_I16),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(found, (7, 5, None));
    Ok(())
}

async fn tuples_are_compared<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(
        cx,
        connection,
        a_row("a@example.com")?.an_i16(1).a_text("one"),
    )
    .await?;
    store(
        cx,
        connection,
        a_row("b@example.com")?.an_i16(2).a_text("two"),
    )
    .await?;
    let pair = (Everything::AN_I16, Everything::A_TEXT);
    let count = async |connection: &mut C, query: Select<Everything>| {
        query.count(cx, connection).await.into_result()
    };
    let among = Everything::select().filter(pair.in_([(1_i16, "one"), (2, "one")]));
    assert_eq!(count(connection, among).await?, 1);
    let not_among = Everything::select().filter(pair.not_in([(1_i16, "one"), (2, "one")]));
    assert_eq!(count(connection, not_among).await?, 1);
    let in_none = Everything::select().filter(pair.in_([(0_i16, ""); 0]));
    assert_eq!(count(connection, in_none).await?, 0);
    let rows = Everything::select()
        .filter(Everything::AN_I16.eq(2))
        .columns((Everything::AN_I16, Everything::A_TEXT));
    let in_rows = Everything::select().filter(pair.in_query(rows));
    assert_eq!(count(connection, in_rows).await?, 1);
    Ok(())
}

mod names {
    use super::Everything;

    sqlmodel_runtime::alias! {
        /// Another row.
        pub(super) Other = Everything as "other"
    }
}
use names::Other;

async fn comparisons_with_all_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for (email, number) in [("a", 1), ("b", 2), ("c", 3)] {
        let row = a_row(&format!("{email}@example.com"))?;
        store(cx, connection, row.an_i16(number)).await?;
    }
    let all = || select_from::<Other>().columns(Everything::AN_I16.of::<Other>());
    let above = |least: i16| {
        select_from::<Other>()
            .filter(Everything::AN_I16.of::<Other>().gt(least))
            .columns(Everything::AN_I16.of::<Other>())
    };
    let with_null = || {
        select_from::<Other>().columns(
            case(
                Everything::AN_I16.of::<Other>().eq(1),
                Everything::AN_I16.of::<Other>(),
            )
            .or_null(),
        )
    };
    let number = Everything::AN_I16;
    let answers = async |connection: &mut C, condition| {
        Everything::select()
            .order_by(number.asc())
            .columns(condition)
            .all(cx, connection)
            .await
            .into_result()
    };
    let any = answers(connection, number.compare_any(Comparison::Greater, all())).await?;
    assert_eq!(any, [Some(false), Some(true), Some(true)]);
    let every = answers(
        connection,
        number.compare_all(Comparison::GreaterOrEqual, all()),
    )
    .await?;
    assert_eq!(every, [Some(false), Some(false), Some(true)]);
    let of_none = answers(connection, number.compare_any(Comparison::Equal, above(9))).await?;
    assert_eq!(of_none, [Some(false); 3]);
    let of_none = answers(connection, number.compare_all(Comparison::Equal, above(9))).await?;
    assert_eq!(of_none, [Some(true); 3]);
    let unknown = answers(
        connection,
        number.compare_any(Comparison::Equal, with_null()),
    )
    .await?;
    assert_eq!(unknown, [Some(true), None, None]);
    let unknown = answers(
        connection,
        number.compare_all(Comparison::Equal, with_null()),
    )
    .await?;
    assert_eq!(unknown, [None, Some(false), Some(false)]);
    let largest = scalar(all().order_by(Everything::AN_I16.of::<Other>().desc()));
    let found = Everything::select()
        .filter(number.eq(largest))
        .count(cx, connection)
        .await;
    assert_eq!(found.into_result()?, 1);
    Ok(())
}

async fn raw_text_takes_parameters<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?.a_text("it's")).await?;
    let hostile = "'; DROP TABLE everything; --";
    let text = raw("coalesce(nullif(")
        .arg(Everything::A_TEXT)
        .text(", ")
        .value("it's")
        .text("), ")
        .value(hostile)
        .text(")")
        .typed::<String>();
    let length = raw_for("length(", "char_length(", "char_length(")
        .arg(Everything::A_TEXT)
        .text(")")
        .typed::<i32>();
    let found = Everything::select()
        .filter(length.clone().eq(4))
        .columns((text, length + 1))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(found, (hostile.to_owned(), 5));
    Ok(())
}

async fn halves_are_rounded_away_from_zero<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection, a_row("a@example.com")?).await?;
    let whole = [
        (0.5, 1.0),
        (1.5, 2.0),
        (2.5, 3.0),
        (-0.5, -1.0),
        (-2.5, -3.0),
        (2.499, 2.0),
        (-0.2, 0.0),
        (1e20, 1e20),
    ];
    for (value, expected) in whole {
        let rounded = Everything::select().columns(constant(value).round());
        assert_eq!(
            rounded.one(cx, connection).await.into_result()?,
            expected,
            "{value}"
        );
    }
    Ok(())
}
