use expect_test::{Expect, expect};

use crate::{Dialect, Function, Literal, ScalarType, SqlType, compact_json};

#[track_caller]
fn check(ty: &SqlType, literal: &Literal, expect: &Expect) {
    let lines: Vec<_> = Dialect::ALL
        .into_iter()
        .map(|dialect| format!("{:<9}{}\n", dialect.name(), literal.sql(dialect, ty)))
        .collect();
    expect.assert_eq(&lines.concat());
}

#[track_caller]
fn check_decimal(text: &'static str, expect: &Expect) {
    let sql = Literal::Decimal(text.into()).sql(Dialect::Sqlite, &SqlType::decimal(12, 2));
    expect.assert_eq(&sql);
}

#[test]
fn decimal_is_the_same_text_however_it_was_written() {
    check_decimal("0", &expect!["'0'"]);
    check_decimal("-0.0", &expect!["'0'"]);
    check_decimal("+007.5", &expect!["'7.5'"]);
    check_decimal(".5", &expect!["'0.5'"]);
    check_decimal("-12.", &expect!["'-12'"]);
    check_decimal("1.234", &expect!["'1.234'"]);
}

#[test]
fn number_that_is_none_stays_a_string() {
    let hostile = "0); DROP TABLE hero; --";
    check(
        &SqlType::decimal(12, 2),
        &Literal::Decimal(hostile.into()),
        &expect![[r#"
            sqlite   '0); DROP TABLE hero; --'
            postgres '0); DROP TABLE hero; --'
            mysql    '0); DROP TABLE hero; --'
        "#]],
    );
    check(
        &SqlType::F64,
        &Literal::Float(hostile.into()),
        &expect![[r#"
            sqlite   '0); DROP TABLE hero; --'
            postgres '0); DROP TABLE hero; --'
            mysql    '0); DROP TABLE hero; --'
        "#]],
    );
    check(
        &SqlType::F64,
        &Literal::Float("inf".into()),
        &expect![[r#"
        sqlite   'inf'
        postgres 'inf'
        mysql    'inf'
    "#]],
    );
}

#[test]
fn empty_array_has_a_type() {
    check(
        &SqlType::Array(ScalarType::I16),
        &Literal::Array(vec![].into()),
        &expect![[r#"
            sqlite   '[]'
            postgres ARRAY[]::SMALLINT[]
            mysql    '[]'
        "#]],
    );
}

#[test]
fn array_of_text_escapes_twice() {
    let element = Literal::Text("\"\\'\n\u{1}é".into());
    check(
        &SqlType::Array(ScalarType::Text { max_chars: None }),
        &Literal::Array(vec![element, Literal::Null].into()),
        &expect![[r#"
            sqlite   '["\"\\''\n\u0001é",null]'
            postgres ARRAY[E'"\\''
            é', NULL]::TEXT[]
            mysql    '["\\"\\\\''\\n\\u0001é",null]'
        "#]],
    );
}

#[test]
fn array_of_bytes_is_hexadecimal() {
    check(
        &SqlType::Array(ScalarType::Bytes),
        &Literal::Array(vec![Literal::Bytes(vec![0, 255].into())].into()),
        &expect![[r#"
            sqlite   '["00ff"]'
            postgres ARRAY[E'\\x00ff'::bytea]::BYTEA[]
            mysql    '["00ff"]'
        "#]],
    );
}

#[test]
fn function_reads_back_and_fits_its_types() {
    for function in Function::ALL {
        assert_eq!(Function::parse(function.name()), Some(function));
    }
    assert_eq!(Function::parse("random"), None);
    assert!(Function::Now.fits(&ScalarType::Timestamptz));
    assert!(!Function::Now.fits(&ScalarType::Date));
}

#[test]
fn json_is_written_as_drivers_write_it() {
    let compacted = [
        (
            r#" { "b" : [ 1 , 2.0 ] , "a" : { } , "c" : "x , \" } " } "#,
            r#"{"a":{},"b":[1,2.0],"c":"x , \" } "}"#,
        ),
        (r#"{"a": 1, "a": 2}"#, r#"{"a":2}"#),
        ("[ ]", "[]"),
        (" null ", "null"),
        ("\"\"", "\"\""),
    ];
    for (text, expected) in compacted {
        assert_eq!(compact_json(text), expected);
    }
    for wrong in ["", "[1, 2", "{a: 1}", "[1] 2", "\"a", "[1,, 2]"] {
        assert_eq!(compact_json(wrong), wrong);
    }
}
