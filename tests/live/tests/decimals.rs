//! Decimals are numbers on every database, however they are stored.

use generated::shop::tables::TABLES;
use generated::shop::{Everything, NewEverything, NewProduct, Price, Product};
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::value::Decimal;

on_every_driver! {
    TABLES;
    decimals_are_ordered_by_value,
    equal_decimals_of_different_scale_are_equal,
    decimals_are_computed_with_exactly,
    newtypes_of_decimals_are_numbers,
    decimals_are_rounded_exactly,
    each_decimal_is_taken_once,
}

const VALUES: [&str; 6] = ["9", "10.5", "-0.5", "10.25", "100", "0.0001"];

async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for (number, value) in VALUES.iter().enumerate() {
        let new = NewEverything::new(format!("{number}@example.com"))
            .a_decimal(value.parse::<Decimal>()?);
        insert!(new).execute(cx, connection).await.into_result()?;
    }
    Ok(())
}

fn decimals(texts: &[&str]) -> Result<Vec<Decimal>, Box<dyn std::error::Error>> {
    Ok(texts
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?)
}

async fn decimals_are_ordered_by_value<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let number = Everything::A_DECIMAL;
    let in_order = Everything::select()
        .order_by(number.asc())
        .columns(number)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        in_order,
        decimals(&["-0.5", "0.0001", "9", "10.25", "10.5", "100"])?
    );
    let above = Everything::select()
        .filter(number.gt("9.5".parse::<Decimal>()?))
        .filter(number.between("-1".parse::<Decimal>()?, "10.30".parse::<Decimal>()?))
        .columns(number)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(above, decimals(&["10.25"])?);
    let extremes = Everything::select()
        .columns((number.min(), number.max(), number.count_distinct()))
        .one(cx, connection)
        .await
        .into_result()?;
    let expected = (Some("-0.5".parse()?), Some("100".parse()?), 6);
    assert_eq!(extremes, expected);
    let smaller = Everything::select()
        .filter(
            number
                .coalesce(Decimal::from(0))
                .lt("9.5".parse::<Decimal>()?),
        )
        .count(cx, connection)
        .await
        .into_result()?;
    assert_eq!(smaller, 3, "what is made of decimals is a number, too");
    let after = Everything::select()
        .seek(
            (number.asc(), Everything::ID.asc()),
            Some(("9.00".parse()?, 99)),
        )
        .columns(number)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(after, decimals(&["10.25", "10.5", "100"])?);
    Ok(())
}

async fn equal_decimals_of_different_scale_are_equal<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    for (number, value) in ["1.5", "1.50", "1.5000"].iter().enumerate() {
        let new = NewEverything::new(format!("{number}@example.com"))
            .a_decimal(value.parse::<Decimal>()?);
        insert!(new).execute(cx, connection).await.into_result()?;
    }
    let number = Everything::A_DECIMAL;
    let same = Everything::select().filter(number.eq("1.500".parse::<Decimal>()?));
    assert_eq!(same.count(cx, connection).await.into_result()?, 3);
    let same = Everything::select().filter(number.in_(decimals(&["1.500", "7"])?));
    assert_eq!(same.count(cx, connection).await.into_result()?, 3);
    let different = Everything::select().columns(number).distinct();
    assert_eq!(different.count(cx, connection).await.into_result()?, 1);
    let groups = Everything::select()
        .group_by(number)
        .columns((number, number.count()))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(groups, [("1.5".parse()?, 3)]);
    Ok(())
}

async fn decimals_are_computed_with_exactly<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let number = Everything::A_DECIMAL;
    let tenth: Decimal = "0.1".parse()?;
    let row: (Decimal, Decimal, Decimal, Decimal) = Everything::select()
        .filter(number.eq("10.25".parse::<Decimal>()?))
        .columns((
            number + tenth,
            number - Decimal::from(20),
            number * tenth,
            (number - Decimal::from(20)).abs(),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    let expected = (
        "10.35".parse()?,
        "-9.75".parse()?,
        "1.025".parse()?,
        "9.75".parse()?,
    );
    assert_eq!(row, expected);
    let sum = Everything::select()
        .columns(number.sum())
        .one(cx, connection)
        .await;
    assert_eq!(sum.into_result()?, Some("129.2501".parse()?));
    let of_none = Everything::select()
        .filter(number.gt(Decimal::from(1000)))
        .columns(number.sum())
        .one(cx, connection)
        .await;
    assert_eq!(of_none.into_result()?, None);
    let running = Everything::select()
        .order_by(Everything::ID.asc())
        .columns(
            number
                .sum()
                .over(sqlmodel_runtime::window().order_by(Everything::ID.asc())),
        )
        .limit(3)
        .all(cx, connection)
        .await
        .into_result()?;
    let running: Vec<_> = running.into_iter().flatten().collect();
    assert_eq!(running, decimals(&["9", "19.5", "19"])?);
    update!(Everything { A_DECIMAL = number + tenth } where number.eq(Decimal::from(9)))
        .execute(cx, connection)
        .await
        .into_result()?;
    let raised = Everything::select().filter(number.eq("9.1".parse::<Decimal>()?));
    assert_eq!(raised.count(cx, connection).await.into_result()?, 1);
    Ok(())
}

async fn newtypes_of_decimals_are_numbers<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for (name, price) in [("a", "9.00"), ("b", "10.50"), ("c", "100.00")] {
        let new = NewProduct::new(name, Price(price.parse()?), 250);
        insert!(new).execute(cx, connection).await.into_result()?;
    }
    let names = Product::select()
        .filter(Product::PRICE.gt(Price("9.5".parse()?)))
        .order_by(Product::PRICE.desc())
        .columns(Product::NAME)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(names, ["c", "b"]);
    Ok(())
}

async fn decimals_are_rounded_exactly<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for (number, value) in ["2.5", "0.5", "1.005", "0.0049", "9.995"]
        .iter()
        .enumerate()
    {
        let new = NewEverything::new(format!("{number}@example.com"))
            .a_decimal(value.parse::<Decimal>()?);
        insert!(new).execute(cx, connection).await.into_result()?;
    }
    let number = Everything::A_DECIMAL;
    let below = || number - Decimal::from(5);
    let rounded = Everything::select()
        .order_by(Everything::ID.asc())
        .columns((
            number.round(),
            number.round_to(2),
            below().round(),
            below().round_to(2),
        ))
        .all(cx, connection)
        .await
        .into_result()?;
    let [a, b, c, d, e] = &*rounded else {
        return Err("five rows".into());
    };
    let row = |texts| {
        let decimals = decimals(texts)?;
        Ok::<_, Failure>((decimals[0], decimals[1], decimals[2], decimals[3]))
    };
    assert_eq!(*a, row(&["3", "2.5", "-3", "-2.5"])?);
    assert_eq!(*b, row(&["1", "0.5", "-5", "-4.5"])?);
    assert_eq!(*c, row(&["1", "1.01", "-4", "-4"])?);
    assert_eq!(*d, row(&["0", "0", "-5", "-5"])?);
    assert_eq!(*e, row(&["10", "10", "5", "5"])?);
    Ok(())
}

async fn each_decimal_is_taken_once<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    for (number, value) in ["1.5", "1.50", "2.25"].iter().enumerate() {
        let new = NewEverything::new(format!("{number}@example.com"))
            .a_decimal(value.parse::<Decimal>()?)
            .an_f64(if number < 2 { 0.5 } else { 2.0 });
        insert!(new).execute(cx, connection).await.into_result()?;
    }
    let sums = Everything::select()
        .columns((
            Everything::A_DECIMAL.sum().distinct(),
            Everything::AN_F64.sum().distinct(),
            Everything::AN_F64.avg().distinct(),
            Everything::AN_F64
                .avg()
                .distinct()
                .filter(Everything::AN_F64.gt(1.0)),
        ))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        sums,
        (Some("3.75".parse()?), Some(2.5), Some(1.25), Some(2.0))
    );
    Ok(())
}
