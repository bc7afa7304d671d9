use super::array;
use crate::encode::Encode;
use crate::value::{Date, Decimal, Duration, Timestamp, Value};

#[track_caller]
fn check_json(values: &[Value<'_>], text: &str) {
    assert_eq!(array::write(values).as_deref(), Some(text));
}

#[test]
fn lists_are_written_as_json() {
    check_json(&[], "[]");
    check_json(
        &[Value::I32(-1), Value::Null, Value::Bool(true)],
        "[-1,null,true]",
    );
    check_json(
        &[Value::F64(0.1), Value::F64(1e300), Value::F64(2.0)],
        "[0.1,1e300,2.0]",
    );
    check_json(
        &[Value::Text("a\"\\\n\u{1}é".into())],
        r#"["a\"\\\n\u0001é"]"#,
    );
    check_json(
        &[Value::Uuid([0xab; 16])],
        r#"["abababab-abab-abab-abab-abababababab"]"#,
    );
    check_json(&[Value::Bytes(vec![0, 255].into())], r#"["00ff"]"#);
    check_json(&[Value::Duration(Duration { micros: 5 })], "[5]");
    assert_eq!(array::write(&[Value::F64(f64::NAN)]), None);
}

#[track_caller]
fn check_round_trip<T: crate::Decode + Encode + PartialEq + std::fmt::Debug>(list: Vec<T>) {
    let values: Vec<_> = list.iter().map(Encode::encode).collect();
    let text = array::write(&values).unwrap();
    assert_eq!(array::read::<T>(&text, 0).unwrap(), list, "{text}");
}

#[test]
fn lists_come_back_as_they_were_written() {
    check_round_trip(vec![i64::MIN, 0, i64::MAX]);
    check_round_trip(vec![0.1, -1e-300, f64::MAX]);
    check_round_trip(vec![Some(true), None]);
    check_round_trip(vec!["".to_owned(), "\"\\/\u{8}\n😀\0".to_owned()]);
    check_round_trip(vec![vec![0u8, 255], vec![]]);
    check_round_trip(vec!["-0.50".parse::<Decimal>().unwrap()]);
    check_round_trip(vec![Date::parse("2024-02-29").unwrap()]);
    check_round_trip(vec![
        Timestamp::parse("0001-01-01 23:59:59.999999").unwrap(),
    ]);
}

#[test]
fn escapes_of_other_writers_are_read() {
    let read = array::read::<String>(r#" [ "\ud83d\ude00" , "\u00e9\t\/" ] "#, 0).unwrap();
    assert_eq!(read, ["😀", "é\t/"]);
}

#[test]
fn what_is_no_list_is_refused() {
    for text in [
        "",
        "[",
        "[1",
        "[1,]",
        "[,]",
        "1",
        "{}",
        "[1] x",
        "[\"\\ud800\"]",
        "[\"a]",
        "[nul]",
        "[NaN]",
        "[inf]",
    ] {
        assert!(array::read::<Value<'static>>(text, 0).is_err(), "{text}");
    }
    assert!(array::read::<i64>("[1.5]", 0).is_err());
    assert!(array::read::<i16>("[70000]", 0).is_err());
    let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
    assert!(array::read::<Value<'static>>(&deep, 0).is_err());
}
