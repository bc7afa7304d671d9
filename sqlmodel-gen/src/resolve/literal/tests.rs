use std::cmp::Ordering;

use super::*;

#[test]
fn json_is_checked_as_rfc_8259_says() {
    for text in [
        "{}",
        "[]",
        " [1, -0.5e+3, \"\\u00e9\", {\"a\": [null]}] ",
        "0",
        "\"x\"",
    ] {
        assert_eq!(json_error(text), None, "{text}");
    }
    let wrong = [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\" 1}", 5),
        ("01", 1),
        ("[1] 2", 4),
        ("nul", 0),
    ];
    for (text, at) in wrong {
        assert_eq!(json_error(text), Some(at), "{text}");
    }
    let deep = "[".repeat(1_000_000);
    assert_eq!(json_error(&deep), Some(1_000_000));
}

#[test]
fn decimals_are_compared_exactly() {
    let order = |a: &'static str, b: &'static str| {
        number_order(&Literal::Decimal(a.into()), &Literal::Decimal(b.into()))
    };
    assert_eq!(order("0.1", "0.10"), Some(Ordering::Equal));
    assert_eq!(order("-0", "0"), Some(Ordering::Equal));
    assert_eq!(order("9.99", "10"), Some(Ordering::Less));
    assert_eq!(order("-9.99", "-10"), Some(Ordering::Greater));
    assert_eq!(order("-1", "1"), Some(Ordering::Less));
    assert_eq!(order("0.09", "0.1"), Some(Ordering::Less));
    assert_eq!(order("1e3", "1"), None);
}

#[test]
fn uuid_has_its_groups() {
    assert!(uuid("00000000-0000-7000-8000-0000000000ff").is_some());
    for text in [
        "",
        "0000000000000000000000000000000000000",
        "0000000g-0000-7000-8000-0000000000ff",
    ] {
        assert_eq!(uuid(text), None, "{text}");
    }
}
