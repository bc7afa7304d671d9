//! Statements that were not the same on every database, or not at every size.

use std::str::FromStr;

use generated::shop::tables::TABLES;
use generated::shop::{
    Everything, NewCustomer, NewEverything, NewOrder, NewOrderLine, NewProduct, Order, OrderLine,
    Price, Product,
};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::types::{Array, Decimal, Json};
use sqlmodel_runtime::{Direction, ErrorKind, JsonStep, any_of, scalar, select_from};

on_every_driver! {
    TABLES;
    any_number_of_keys_of_several_columns_is_included,
    any_number_of_conditions_is_one_condition,
    a_sum_that_does_not_fit_is_an_error,
    a_path_into_json_keeps_to_its_steps,
    an_integer_in_json_is_never_wrapped,
    a_default_is_equal_to_the_same_value,
    a_list_has_a_text_with_control_characters,
    decimals_of_put_together_queries_are_ordered_as_numbers,
    a_text_with_a_nul_is_refused_or_is_itself,
    the_keys_sought_come_before_other_orders,
    decimals_are_rounded_to_the_digits_of_their_column,
    an_integer_too_wide_for_its_column_is_refused,
    what_has_no_single_value_is_refused,
}

async fn store(
    cx: &Cx,
    connection: &mut impl Connection,
    rows: impl IntoIterator<Item = NewEverything> + Send,
) -> Test {
    let rows: Vec<_> = rows.into_iter().collect();
    insert_many!(rows)
        .execute(cx, connection)
        .await
        .into_result()?;
    Ok(())
}

fn everything(name: &str) -> NewEverything {
    NewEverything::new(format!("{name}@example.org"))
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap_or(Decimal::from(-1))
}

async fn any_number_of_keys_of_several_columns_is_included<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let customer = NewCustomer::new("a@example.org", b"x".to_vec());
    let customer = insert!(customer)
        .one(cx, connection)
        .await
        .into_result()?
        .id;
    let product = NewProduct::new("p", Price::from(decimal("1")), 100);
    let product = insert!(product).one(cx, connection).await.into_result()?.id;
    let orders: Vec<_> = (0..1100)
        .map(|at| NewOrder::new("eu", at, customer))
        .collect();
    insert_many!(orders)
        .execute(cx, connection)
        .await
        .into_result()?;
    let lines = (0..1100).map(|at| NewOrderLine::new("eu", at, 1, product));
    insert_many!(lines.collect::<Vec<_>>())
        .execute(cx, connection)
        .await
        .into_result()?;

    let orders = Order::select()
        .include(Order::LINES)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(orders.len(), 1100);
    assert!(orders.iter().all(|(order, lines)| {
        lines.len() == 1 && lines.iter().all(|line| line.number == order.number)
    }));
    let with_customers = OrderLine::select().include(OrderLine::ORDER.include(Order::CUSTOMER));
    let lines = with_customers.all(cx, connection).await.into_result()?;
    assert_eq!(lines.len(), 1100);
    Ok(())
}

async fn any_number_of_conditions_is_one_condition<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(
        cx,
        connection,
        [everything("a").an_i64(Some(1999)), everything("b")],
    )
    .await?;
    let one_of = |n: i64| any_of((0..n).map(|number| Everything::AN_I64.eq(number)));
    for (n_conditions, expected) in [(199, 0), (2000, 1), (1999, 0)] {
        let found = Everything::select()
            .filter(one_of(n_conditions))
            .count(cx, connection)
            .await;
        assert_eq!(found.into_result()?, expected, "{n_conditions}");
    }
    let none_of = (0..2000).map(|number| Everything::ID.ne(-number));
    let all = Everything::select().filter(sqlmodel_runtime::all_of(none_of));
    assert_eq!(all.count(cx, connection).await.into_result()?, 2);
    Ok(())
}

async fn a_sum_that_does_not_fit_is_an_error<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let sum = || Everything::select().columns(Everything::AN_I64.sum());
    assert_eq!(sum().one(cx, connection).await.into_result()?, None);
    store(
        cx,
        connection,
        [everything("a").an_i64(Some(i64::MAX)), everything("b")],
    )
    .await?;
    assert_eq!(
        sum().one(cx, connection).await.into_result()?,
        Some(i64::MAX)
    );
    store(cx, connection, [everything("c").an_i64(Some(1))]).await?;
    assert!(sum().one(cx, connection).await.into_result().is_err());
    let total = sqlmodel_runtime::window();
    let totals = Everything::select().columns(Everything::AN_I64.sum().over(total));
    assert!(totals.all(cx, connection).await.into_result().is_err());
    Ok(())
}

async fn a_path_into_json_keeps_to_its_steps<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let json = r#"{"object": {"0": "zero", "a\nb": "c"}, "list": ["x", ["y"]], "n": 5, "two \"words\" \\": "w", "": "e"}"#;
    store(
        cx,
        connection,
        [everything("a").a_json(Json::from_str(json)?)],
    )
    .await?;
    let name = JsonStep::from;
    let item = JsonStep::Item;
    let paths = [
        (vec![name("object"), name("0")], Some("zero")),
        (vec![name("object"), item(0)], None),
        (vec![name("object"), name("a\nb")], Some("c")),
        (vec![name("list"), item(0)], Some("x")),
        (vec![name("list"), item(1), item(0)], Some("y")),
        (vec![name("list"), item(0), item(0)], None),
        (vec![name("list"), item(2)], None),
        (vec![name("list"), name("0")], None),
        (vec![name("list"), name("-1")], None),
        (vec![name("n"), name("list")], None),
        (vec![name("two \"words\" \\")], Some("w")),
        (vec![name("")], Some("e")),
        (vec![item(0)], None),
    ];
    for (path, expected) in paths {
        let columns = (
            Everything::A_JSON.json_text(path.clone()),
            Everything::A_JSON.json_has(path.clone()),
        );
        let found = Everything::select()
            .columns(columns)
            .one(cx, connection)
            .await;
        let expected = (expected.map(str::to_owned), expected.is_some());
        assert_eq!(found.into_result()?, expected, "{path:?}");
    }
    let scalar = [name("n"), item(0)];
    let columns = (
        Everything::A_JSON.json_i64(scalar.clone()),
        Everything::A_JSON.json_f64(scalar.clone()),
        Everything::A_JSON.json_has(scalar),
        Everything::A_JSON.json_i64(["n"]),
    );
    let found = Everything::select()
        .columns(columns)
        .one(cx, connection)
        .await;
    assert_eq!(found.into_result()?, (None, None, false, Some(5)));
    Ok(())
}

async fn an_integer_in_json_is_never_wrapped<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let json = r#"{"big": 18446744073709551615, "most": 9223372036854775807, "least": -9223372036854775808}"#;
    store(
        cx,
        connection,
        [everything("a").a_json(Json::from_str(json)?)],
    )
    .await?;
    let integer = |name: &str| Everything::select().columns(Everything::A_JSON.json_i64([name]));
    for (name, expected) in [("most", i64::MAX), ("least", i64::MIN)] {
        let found = integer(name).one(cx, connection).await.into_result()?;
        assert_eq!(found, Some(expected));
    }
    assert!(
        integer("big")
            .one(cx, connection)
            .await
            .into_result()
            .is_err()
    );
    Ok(())
}

async fn a_default_is_equal_to_the_same_value<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let json = Json::from_str(r#"{"list": [1, 2, null]}"#)?;
    let given = everything("b").numbers(vec![1, 2, 3]).a_json(json);
    store(cx, connection, [everything("a")]).await?;
    store(cx, connection, [given]).await?;
    let list = || Array(vec![1, 2, 3]);
    let select = Everything::select;
    for same in [
        select().filter(Everything::NUMBERS.eq(list())),
        select().filter(Everything::NUMBERS.in_([list()])),
    ] {
        assert_eq!(same.count(cx, connection).await.into_result()?, 2);
    }
    let numbers = select().columns(Everything::NUMBERS).distinct();
    assert_eq!(numbers.all(cx, connection).await.into_result()?, [list()]);
    let jsons = select().columns(Everything::A_JSON).distinct();
    assert_eq!(jsons.all(cx, connection).await.into_result()?.len(), 1);
    Ok(())
}

async fn a_list_has_a_text_with_control_characters<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let words = [
        "a\nb",
        "q\"x",
        "back\\slash",
        "\u{1}",
        "\t\r\u{8}\u{c}\u{1f}\u{7f}",
        "ü😀",
    ];
    for word in words {
        let row = everything("a").a_long_text(word.to_owned());
        store(
            cx,
            connection,
            [row.words(vec!["other".to_owned(), word.to_owned()])],
        )
        .await?;
        let columns = (
            Everything::WORDS.has(word),
            Everything::WORDS.has(Everything::A_LONG_TEXT),
            Everything::WORDS.has("no"),
        );
        let found = Everything::select()
            .columns(columns)
            .one(cx, connection)
            .await;
        assert_eq!(
            found.into_result()?,
            (Some(true), Some(true), Some(false)),
            "{word:?}"
        );
        Everything::delete()
            .all_rows()
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    Ok(())
}

async fn decimals_of_put_together_queries_are_ordered_as_numbers<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let rows = ["10", "9.5", "-0.3"].into_iter().enumerate();
    store(
        cx,
        connection,
        rows.map(|(at, text)| everything(&at.to_string()).a_decimal(decimal(text))),
    )
    .await?;
    let products =
        ["100", "0.1"].map(|price| NewProduct::new(price, Price::from(decimal(price)), 100));
    insert_many!(products)
        .execute(cx, connection)
        .await
        .into_result()?;

    let decimals = Everything::select().columns((Everything::ID, Everything::A_DECIMAL));
    let other = Everything::select()
        .columns((Everything::ID, Everything::A_DECIMAL))
        .limit(1);
    let ordered = decimals
        .union(other)
        .order_by_column(2, Direction::Ascending);
    let ordered = ordered.all(cx, connection).await.into_result()?;
    let ordered: Vec<_> = ordered.into_iter().map(|(_, decimal)| decimal).collect();
    assert_eq!(ordered, ["-0.3", "9.5", "10"].map(decimal));

    let price = Product::fields()
        .iter()
        .position(|field| field.column == "price");
    let price = u32::try_from(price.unwrap_or_default() + 1)?;
    let products = Product::select().union_all(Product::select().filter(Product::ID.lt(0)));
    let ordered = products.order_by_column(price, Direction::Descending);
    let ordered = ordered.all(cx, connection).await.into_result()?;
    let names: Vec<_> = ordered.iter().map(|product| &*product.name).collect();
    assert_eq!(names, ["100", "0.1"]);
    Ok(())
}

async fn a_text_with_a_nul_is_refused_or_is_itself<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(
        cx,
        connection,
        [everything("a").a_long_text("Deadpond".to_owned())],
    )
    .await?;
    let long = Everything::A_LONG_TEXT;
    for wrong in [
        long.contains("d\0zzz").within::<Everything, _>(),
        long.starts_with("Deadpond\0xx").within(),
        long.eq("Deadpond\0").within(),
        long.like("Dead%\0zz").within(),
    ] {
        match Everything::select()
            .filter(wrong)
            .count(cx, connection)
            .await
        {
            Outcome::Ok(n_rows) => assert_eq!(n_rows, 0),
            Outcome::Err(error) => assert_eq!(error.kind(), ErrorKind::Encode),
            _ => return Err("stopped".into()),
        }
    }
    let row = everything("b").a_long_text("s\0x".to_owned());
    match insert!(row).execute(cx, connection).await {
        Outcome::Ok(()) => {
            let found = Everything::select().filter(long.ends_with("x"));
            let length = found.columns(long.length()).one(cx, connection).await;
            assert_eq!(length.into_result()?, Some(3));
        }
        Outcome::Err(error) => assert_eq!(error.kind(), ErrorKind::Encode),
        _ => return Err("stopped".into()),
    }
    Ok(())
}

async fn the_keys_sought_come_before_other_orders<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let rows = (0..6).map(|at| everything(&at.to_string()).an_i64(Some(-i64::from(at / 2))));
    store(cx, connection, rows).await?;
    let mut after = None;
    let mut n_rows = 0;
    loop {
        let page = Everything::select()
            .order_by(Everything::AN_I64.asc())
            .seek(Everything::ID.asc(), after)
            .columns(Everything::ID)
            .limit(2)
            .all(cx, connection)
            .await
            .into_result()?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        n_rows += page.len();
    }
    assert_eq!(n_rows, 6);
    Ok(())
}

async fn decimals_are_rounded_to_the_digits_of_their_column<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let stored = |row: &Everything| row.a_decimal;
    let row = everything("a").a_decimal(decimal("1.00005"));
    let mut row = insert!(row).one(cx, connection).await.into_result()?;
    assert_eq!(stored(&row), decimal("1.0001"));

    row.a_decimal = decimal("-0.20005");
    let mut row = update!(row).one(cx, connection).await.into_result()?;
    assert_eq!(stored(&row), decimal("-0.2001"));
    row.a_decimal = decimal("1.00004");
    update!(row).execute(cx, connection).await.into_result()?;
    let row = Everything::select()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(stored(&row), decimal("1"));

    let all = || Everything::update().all_rows();
    let set = all().set(Everything::A_DECIMAL, decimal("3.00015"));
    assert_eq!(
        set.all(cx, connection)
            .await
            .into_result()?
            .iter()
            .map(stored)
            .next(),
        Some(decimal("3.0002"))
    );
    let set = all().set(
        Everything::A_DECIMAL,
        Everything::A_DECIMAL * decimal("0.3333"),
    );
    assert_eq!(
        set.all(cx, connection)
            .await
            .into_result()?
            .iter()
            .map(stored)
            .next(),
        Some(decimal("1"))
    );

    let upsert = insert!(everything("a"))
        .on_conflict(Everything::AN_EMAIL)
        .set(
            Everything::A_DECIMAL,
            Everything::A_DECIMAL * decimal("0.33335"),
        );
    let row = upsert.one(cx, connection).await.into_result()?.into_row();
    assert_eq!(stored(&row), decimal("0.3334"));

    Ok(())
}

async fn an_integer_too_wide_for_its_column_is_refused<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection, [everything("a").an_i16(7)]).await?;
    let all = || Everything::update().all_rows();
    let sum = Everything::AN_I16 + i16::MAX;
    let refused = all()
        .set(Everything::AN_I16, sum.clone())
        .execute(cx, connection)
        .await;
    let Outcome::Err(error) = refused else {
        return Err("stored a number that cannot be read".into());
    };
    assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
    let upsert = insert!(everything("a"))
        .on_conflict(Everything::AN_EMAIL)
        .set(Everything::AN_I16, sum);
    assert!(upsert.execute(cx, connection).await.into_result().is_err());
    let fits = all()
        .set(Everything::AN_I16, Everything::AN_I16 + 1)
        .execute(cx, connection);
    fits.await.into_result()?;
    let row = Everything::select()
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(row.an_i16, 8);
    Ok(())
}

async fn what_has_no_single_value_is_refused<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    sqlmodel_runtime::alias! { Other = Everything as "other" }
    let same_text = || {
        let same = Everything::A_TEXT.of::<Other>().eq(Everything::A_TEXT);
        select_from::<Other>()
            .correlate::<Everything>()
            .filter(same)
    };
    let n_same = || scalar(same_text().columns(sqlmodel_runtime::count_all()));
    store(
        cx,
        connection,
        [everything("a"), everything("b").a_text("x")],
    )
    .await?;

    let grouped = |column| {
        Everything::select()
            .group_by(column)
            .columns((column, n_same()))
    };
    let refused = grouped(Everything::LOWER_TEXT).all(cx, connection).await;
    assert_usage(refused)?;
    let groups = grouped(Everything::A_TEXT).all(cx, connection).await;
    assert_eq!(groups.into_result()?.len(), 2);

    let distinct = || Everything::select().columns(Everything::A_BOOL).distinct();
    assert_usage(
        distinct()
            .order_by(Everything::A_TEXT.asc())
            .all(cx, connection)
            .await,
    )?;
    let ordered = distinct()
        .order_by(Everything::A_BOOL.asc())
        .all(cx, connection)
        .await;
    assert_eq!(ordered.into_result()?, [true]);
    let models = Product::select().distinct().order_by(Product::PRICE.desc());
    assert_eq!(models.all(cx, connection).await.into_result()?, []);
    Ok(())
}

#[track_caller]
fn assert_usage<T>(outcome: Outcome<T, Error>) -> Test {
    let Outcome::Err(error) = outcome else {
        return Err("took any of several values".into());
    };
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    Ok(())
}
