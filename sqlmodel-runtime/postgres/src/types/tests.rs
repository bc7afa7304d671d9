use std::borrow::Cow;

use sqlmodel_core::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_core::{Decode, RowRead, Value};

use super::encode::parameter;
use super::row::PostgresRow;
use super::*;
use crate::protocol::backend::{Cell, Column, read_cells};
use crate::protocol::frontend::Format;

const TEXT_ARRAY: u32 = 1009;
const INT8_ARRAY: u32 = 1016;

/// Encodes a value for a type: the format, and the bytes with their length.
fn encoded(value: &Value<'_>, oid: u32) -> (Format, Vec<u8>) {
    let mut bytes = Vec::new();
    let format = parameter(value, oid, &mut bytes).unwrap();
    (format, bytes)
}

/// Reads bytes with their length as a column of a type.
fn with_row<T>(bytes: &[u8], oid: u32, read: impl FnOnce(&PostgresRow<'_>) -> T) -> T {
    let mut cells: Vec<Cell> = Vec::new();
    read_cells(bytes, 0, 1, &mut cells).unwrap();
    read(&PostgresRow {
        bytes,
        cells: &cells,
        columns: &[Column {
            name: "x".into(),
            oid,
        }],
    })
}

#[track_caller]
fn check(value: &Value<'static>, oid: u32) {
    let (format, bytes) = encoded(value, oid);
    let is_text = matches!(value, Value::Text(_));
    assert_eq!(format == Format::Text, is_text, "{value:?}");
    let read = with_row(&bytes, oid, |row| row.value(0).map(Value::into_owned));
    assert_eq!(read.unwrap(), *value);
}

fn date(year: u16, month: u8, day: u8) -> Date {
    Date::try_new(year, month, day).unwrap()
}

fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn values_come_back_from_their_binary_format() {
    check(&Value::Bool(true), oid::BOOL);
    check(&Value::I16(i16::MIN), oid::INT2);
    check(&Value::I32(i32::MAX), oid::INT4);
    check(&Value::I64(i64::MIN), oid::INT8);
    check(&Value::F32(f32::MIN_POSITIVE), oid::FLOAT4);
    check(&Value::F64(-0.1), oid::FLOAT8);
    check(&Value::Text(Cow::Borrowed("Zoë")), oid::VARCHAR);
    check(&Value::Bytes(Cow::Borrowed(&[0, 255])), oid::BYTEA);
    check(&Value::Uuid([0xa5; 16]), oid::UUID);
    check(&Value::Json(Cow::Borrowed("[1]")), oid::JSON);
    check(&Value::Json(Cow::Borrowed("[1]")), oid::JSONB);
    check(&Value::Duration(Duration { micros: -1 }), oid::INTERVAL);
    for day in [
        date(1, 1, 1),
        date(1999, 12, 31),
        date(2000, 1, 1),
        date(2024, 2, 29),
        date(9999, 12, 31),
    ] {
        check(&Value::Date(day), oid::DATE);
        let timestamp = Timestamp {
            date: day,
            time: time("23:59:59.999999"),
        };
        check(&Value::Timestamp(timestamp), oid::TIMESTAMP);
        check(&Value::Timestamptz(timestamp), oid::TIMESTAMPTZ);
    }
    check(&Value::Time(time("00:00:00.000001")), oid::TIME);
    check(&Value::Array(vec![]), INT8_ARRAY);
    check(
        &Value::Array(vec![Value::I64(1), Value::Null, Value::I64(-1)]),
        INT8_ARRAY,
    );
}

#[test]
fn days_are_counted_from_the_year_2000() {
    for (day, expected) in [
        (date(2000, 1, 1), 0i32),
        (date(2000, 3, 1), 60),
        (date(1970, 1, 1), -10_957),
        // As PostgreSQL computes `date '0001-01-01' - date '2000-01-01'`, and the other end.
        (date(1, 1, 1), -730_119),
        (date(9999, 12, 31), 2_921_939),
    ] {
        let (_, bytes) = encoded(&Value::Date(day), oid::DATE);
        assert_eq!(bytes[4..], expected.to_be_bytes(), "{day}");
    }
}

#[test]
fn decimals_keep_digits_and_scale() {
    for text in [
        "0",
        "0.00",
        "1",
        "-1",
        "10000",
        "100000000",
        "0.0001",
        "0.00001",
        "-0.9999",
        "12345.678",
        "99999999999999999999999999999999999999",
        "-0.99999999999999999999999999999999999999",
        "9999999999999999999999999999999999.9999",
        "0.10000000000000000000000000000000000001",
        "1000000000000000000000000000000000000.0",
    ] {
        let (_, bytes) = encoded(&Value::Decimal(decimal(text)), oid::NUMERIC);
        let read = with_row(&bytes, oid::NUMERIC, |row| row.decimal(0));
        assert_eq!(read.unwrap().to_string(), text);
    }
    // As PostgreSQL sends `-12345.678::numeric`: groups 1, 2345 and 6780, the first one at place 1.
    let (_, bytes) = encoded(&Value::Decimal(decimal("-12345.678")), oid::NUMERIC);
    assert_eq!(
        bytes,
        [
            0, 0, 0, 14, 0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c
        ]
    );
}

#[test]
fn numbers_that_are_not_decimals_of_38_digits_are_refused() {
    let read = |body: &[u8]| {
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(body);
        with_row(&bytes, oid::NUMERIC, |row| row.decimal(0))
    };
    // NaN, infinity, 1e200, a group of 10000, digits that the scale does not show, a group that is missing.
    for body in [
        &[0, 0, 0, 0, 0xc0, 0, 0, 0][..],
        &[0, 0, 0, 0, 0xd0, 0, 0, 0],
        &[0, 1, 0, 50, 0, 0, 0, 0, 0, 1],
        &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10],
        &[0, 1, 0xff, 0xff, 0, 0, 0, 3, 0, 1],
        &[0, 2, 0, 0, 0, 0, 0, 0, 0, 1],
        &[0, 1, 0x7f, 0xff, 0, 0, 0xff, 0xff, 0, 1],
    ] {
        assert!(read(body).is_err(), "{body:?}");
    }
}

#[test]
fn integers_are_widened_and_narrowed_where_nothing_is_lost() {
    let (_, bytes) = encoded(&Value::I64(7), oid::INT2);
    assert_eq!(bytes, [0, 0, 0, 2, 0, 7]);
    let (_, bytes) = encoded(&Value::I16(-7), oid::INT8);
    assert_eq!(bytes[..6], [0, 0, 0, 8, 0xff, 0xff]);
    let mut out = Vec::new();
    assert!(parameter(&Value::I64(40_000), oid::INT2, &mut out).is_err());
    let (_, bytes) = encoded(&Value::I32(40_000), oid::NUMERIC);
    assert_eq!(
        with_row(&bytes, oid::NUMERIC, |row| row.i64(0)).unwrap(),
        40_000
    );
    assert!(with_row(&bytes, oid::NUMERIC, |row| i16::decode(row, 0)).is_err());
}

#[test]
fn what_has_no_binary_format_for_a_type_is_sent_as_text() {
    let timestamp = Timestamp {
        date: date(2024, 2, 29),
        time: time("12:00"),
    };
    for (value, expected) in [
        (Value::Bool(true), "true"),
        (Value::I64(-5), "-5"),
        (Value::F64(1e-7), "0.0000001"),
        (Value::F64(f64::NEG_INFINITY), "-inf"),
        (Value::Decimal(decimal("1.50")), "1.50"),
        (Value::Bytes(Cow::Borrowed(&[0, 0xab])), "\\x00ab"),
        (
            Value::Uuid([0xa5; 16]),
            "a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5",
        ),
        (
            Value::Timestamptz(timestamp),
            "2024-02-29 12:00:00.000000+00",
        ),
        (Value::Timestamp(timestamp), "2024-02-29 12:00:00.000000"),
        (
            Value::Array(vec![
                Value::Text(Cow::Borrowed("two \"words\" \\")),
                Value::Null,
                Value::I64(1),
            ]),
            r#"{"two \"words\" \\",NULL,"1"}"#,
        ),
    ] {
        let (format, bytes) = encoded(&value, 0);
        assert_eq!(format, Format::Text);
        assert_eq!(String::from_utf8_lossy(&bytes[4..]), expected);
    }
}

#[test]
fn arrays_are_read_as_lists() {
    let words = Value::Array(vec![Value::Text("a".into()), Value::Text("".into())]);
    let (format, bytes) = encoded(&words, TEXT_ARRAY);
    let expected = [
        &[0, 0, 0, 29][..],
        &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1],
        &[0, 0, 0, 1, b'a', 0, 0, 0, 0],
    ];
    assert_eq!((format, &*bytes), (Format::Binary, &*expected.concat()));
    let read = with_row(&bytes, TEXT_ARRAY, |row| row.array::<String>(0));
    assert_eq!(read.unwrap(), ["a", ""]);
    let read = with_row(&bytes, TEXT_ARRAY, |row| {
        row.value(0).map(Value::into_owned)
    });
    assert_eq!(read.unwrap(), words);
    assert!(with_row(&bytes, TEXT_ARRAY, |row| row.array::<i64>(0)).is_err());

    let (_, mut nulls) = encoded(&Value::Array(vec![Value::Null]), INT8_ARRAY);
    assert!(with_row(&nulls, INT8_ARRAY, |row| row.array::<i64>(0)).is_err());
    let read = with_row(&nulls, INT8_ARRAY, |row| row.array::<Option<i64>>(0));
    assert_eq!(read.unwrap(), [None]);
    // A length that the bytes do not hold.
    nulls[16] = 0x7f;
    assert!(with_row(&nulls, INT8_ARRAY, |row| row.array::<Option<i64>>(0)).is_err());
}

#[test]
fn a_refusal_names_what_is_there_and_what_was_expected() {
    let (_, bytes) = encoded(&Value::Bool(true), oid::BOOL);
    let refused = with_row(&bytes, oid::BOOL, |row| row.i64(0)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "column 1 holds a bool where an integer is expected"
    );
    for (oid, body) in [
        (oid::DATE, &i32::MAX.to_be_bytes()[..]),
        (oid::TIMESTAMP, &i64::MAX.to_be_bytes()),
        (oid::TIME, &86_400_000_000i64.to_be_bytes()),
        (oid::INT4, &[0, 0, 1]),
        (oid::BOOL, &[2]),
        (oid::TEXT, &[0xff]),
        (oid::JSONB, &[2, b'1']),
        (
            oid::INTERVAL,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ),
        (INT8_ARRAY, &[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 20]),
    ] {
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(body);
        let read = with_row(&bytes, oid, |row| row.value(0).map(Value::into_owned));
        assert!(read.is_err(), "{oid}: {read:?}");
    }
}
