use std::sync::atomic::{AtomicU32, Ordering};

use sqlmodel_core::block_on;
use sqlmodel_core::value::{Date, Decimal, Duration as Span, Time, Timestamp};

use super::*;

/// Runs a test body on two connections to an empty database of its own.
fn with_database(body: impl AsyncFnOnce(&Cx, &mut MySqlConnection, &mut MySqlConnection)) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Some(url) = support::mysql_url() else {
        return;
    };
    block_on(async |cx| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("driver_{}_{number}", std::process::id());
        let mut admin = MySqlConnection::connect(cx, url).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        admin.execute_sql(cx, &create, &[]).await.unwrap();
        let options = MySqlOptions::parse(url).unwrap().database(&name);
        let mut one = options.connect(cx).await.unwrap();
        let mut two = options.connect(cx).await.unwrap();
        body(cx, &mut one, &mut two).await;
        let drop = format!("DROP DATABASE {name}");
        admin.execute_sql(cx, &drop, &[]).await.unwrap();
    });
}

fn text(value: &str) -> Value<'_> {
    Value::Text(value.into())
}

#[test]
fn values_of_every_type_come_back() {
    let date = Date::try_new(2024, 2, 29).unwrap();
    let time = Time::try_new(23, 59, 59, 999_999).unwrap();
    let params = [
        Value::Null,
        Value::I64(i64::MIN),
        Value::F64(0.1),
        text("Zoë\0'\" 😀"),
        Value::Bytes(vec![0, 255].into()),
        Value::Decimal(Decimal::try_new(-12_340, 3).unwrap()),
        Value::Date(date),
        Value::Time(time),
        Value::Timestamp(Timestamp { date, time }),
    ];
    with_database(async |cx, connection, _| {
        let sql = "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g, ? AS h, ? AS i";
        let rows = connection.query_rows(cx, sql, &params).await.unwrap();
        assert_eq!(rows[0].values(), params);
        assert_eq!(rows[0].columns().collect::<String>(), "abcdefghi");
        let span = Value::Duration(Span { micros: -1 });
        let rows = connection
            .query_rows(cx, "SELECT ? AS n", &[span])
            .await
            .unwrap();
        assert_eq!(rows[0].get::<Span>("n").unwrap(), Span { micros: -1 });
    });
}
