use super::{Condition, Constant, Format, Operator, Rule};
use crate::value::Value;

#[track_caller]
fn check(rule: Rule, met: &[Value<'_>], broken: &[Value<'_>]) {
    for value in met {
        assert!(rule.holds(value), "{value:?} meets {rule:?}");
    }
    for value in broken {
        assert!(!rule.holds(value), "{value:?} breaks {rule:?}");
    }
    assert!(rule.holds(&Value::Null));
    assert!(rule.holds(&Value::Default));
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

#[test]
fn bounds_compare_numbers_of_every_width() {
    check(
        Rule::Min(Constant::Int(13)),
        &[Value::I16(13), Value::I64(i64::MAX)],
        &[Value::I16(12), Value::I32(-1)],
    );
    check(
        Rule::Below(Constant::Float(0.5)),
        &[Value::F64(0.25), Value::F32(-1.0)],
        &[Value::F64(0.5), Value::F64(f64::NAN)],
    );
    let decimal = |text: &str| Value::Decimal(text.parse().expect("a decimal"));
    check(
        Rule::Above(Constant::Decimal("0.10")),
        &[decimal("0.11"), decimal("100")],
        &[decimal("0.1"), decimal("-5")],
    );
    check(
        Rule::MultipleOf(2),
        &[Value::I32(0), Value::I32(-4)],
        &[Value::I32(3)],
    );
    check(
        Rule::OneOf(&[Constant::Int(100), Constant::Int(250)]),
        &[Value::I32(250)],
        &[Value::I32(251)],
    );
}

#[test]
fn bounds_compare_days_times_and_spans() {
    use crate::value::{Date, Duration, Time, Timestamp};
    let day = |text: &str| Date::parse(text).expect("a day");
    let instant = |text: &str| Timestamp::parse(text).expect("an instant");
    check(
        Rule::Min(Constant::Date("2000-01-01")),
        &[
            Value::Date(day("2000-01-01")),
            Value::Date(day("2024-02-29")),
        ],
        &[Value::Date(day("1999-12-31"))],
    );
    check(
        Rule::Below(Constant::Time("12:00:00")),
        &[Value::Time(Time::parse("11:59:59.999999").expect("a time"))],
        &[Value::Time(Time::parse("12:00").expect("a time"))],
    );
    check(
        Rule::Above(Constant::Timestamptz("2000-01-01 00:00:00")),
        &[Value::Timestamptz(instant("2000-01-01 00:00:00.000001"))],
        &[
            Value::Timestamptz(instant("2000-01-01 00:00:00")),
            Value::Timestamp(instant("2024-01-01 00:00:00")),
        ],
    );
    check(
        Rule::Max(Constant::Duration(1_000_000)),
        &[Value::Duration(Duration { micros: 1_000_000 })],
        &[Value::Duration(Duration { micros: 1_000_001 })],
    );
    check(
        Rule::OneOf(&[Constant::Uuid([7; 16]), Constant::Bytes(b"\x01")]),
        &[Value::Uuid([7; 16]), Value::Bytes(vec![1].into())],
        &[Value::Uuid([8; 16]), Value::Bytes(vec![2].into())],
    );
}

#[cfg(feature = "pattern")]
#[test]
fn patterns_are_found_anywhere_unless_they_say_where() {
    for _ in 0..2 {
        check(
            Rule::Pattern("^[A-Z]{2}-[0-9]+$"),
            &[text("AB-1"), text("ZZ-0042")],
            &[text("ab-1"), text(" AB-1"), text(""), Value::I64(1)],
        );
        check(Rule::Pattern("ö"), &[text("schön")], &[text("schon")]);
    }
    assert_eq!(Rule::Pattern("a+").to_string(), "must match `a+`");
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    check(
        Rule::MaxLen(2),
        &[text("äö"), Value::Bytes(vec![1, 2].into())],
        &[text("abc"), Value::Bytes(vec![1, 2, 3].into())],
    );
    check(Rule::MinLen(1), &[text(" ")], &[text("")]);
}

#[track_caller]
fn check_format(format: Format, good: &[&str], bad: &[&str]) {
    for it in good {
        assert!(Rule::Format(format).holds(&text(it)), "{it:?}");
    }
    for it in bad {
        assert!(!Rule::Format(format).holds(&text(it)), "{it:?}");
    }
}

#[test]
fn formats_accept_what_they_say() {
    check_format(
        Format::Email,
        &["a@b.cd", "a.b+c@localhost", "ü@example.org"],
        &[
            "", "a", "@b.c", "a@b", "a@b..c", "a@b.", "a b@c.de", "a@b@c.de", "a@b.c d",
        ],
    );
    check_format(
        Format::Url,
        &["https://example.org", "ftp://user@host:21/x?y#z"],
        &[
            "example.org",
            "://host",
            "http://",
            "http:///path",
            "http://a b",
            "1a://host",
        ],
    );
    check_format(
        Format::Hostname,
        &["localhost", "a-b.example"],
        &["", "-a", "a-", "a..b", "a_b", "ü.de"],
    );
    check_format(
        Format::Ipv4,
        &["127.0.0.1"],
        &["127.0.0", "::1", "256.0.0.1"],
    );
    check_format(Format::Ipv6, &["::1"], &["127.0.0.1", ":"]);
    check_format(Format::Ip, &["::1", "127.0.0.1"], &["host"]);
    check_format(
        Format::Slug,
        &["a", "a-1-b"],
        &["", "-a", "a--b", "A", "a b"],
    );
}

const BIO_NEEDS_NAME: Condition = Condition::Binary(
    Operator::Or,
    &[
        Condition::IsNull(&Condition::Column("bio")),
        Condition::Binary(
            Operator::Greater,
            &[
                Condition::Length(&Condition::Column("name")),
                Condition::Constant(Constant::Int(0)),
            ],
        ),
    ],
);

#[test]
fn a_condition_holds_unless_it_is_false() {
    let holds =
        |bio: Value<'_>, name: Value<'_>| BIO_NEEDS_NAME.holds(&[("bio", &bio), ("name", &name)]);
    assert!(holds(Value::Null, text("")));
    assert!(holds(text("b"), text("n")));
    assert!(!holds(text("b"), text("")));
    assert!(holds(text("b"), Value::Null), "unknown is not false");
    assert!(holds(text("b"), Value::Default), "a default is not known");
}

#[test]
fn conditions_calculate_and_never_overflow() {
    const fn number(value: i64) -> Condition {
        Condition::Constant(Constant::Int(value))
    }
    let calculated = |operator, a: i64, b: i64, expected: i64| {
        let (a, b) = (Value::I64(a), Value::I64(b));
        super::condition::apply(operator, &a, &b) == Value::I64(expected)
    };
    assert!(calculated(Operator::Add, 2, 3, 5));
    assert!(calculated(Operator::Remainder, 7, 4, 3));
    let null = super::condition::apply(Operator::Divide, &Value::I64(1), &Value::I64(0));
    assert_eq!(null, Value::Null);
    let null = super::condition::apply(Operator::Add, &Value::I64(i64::MAX), &Value::I64(1));
    assert_eq!(null, Value::Null);
    const IN: Condition = Condition::In(&Condition::Column("a"), &[number(1), number(2)]);
    assert!(IN.holds(&[("a", &Value::I16(2))]));
    assert!(!IN.holds(&[("a", &Value::I16(3))]));
    assert!(IN.holds(&[("a", &Value::Null)]));
    const NOT: Condition = Condition::Not(&IN);
    assert!(!NOT.holds(&[("a", &Value::I16(2))]));
}
