use super::*;

#[track_caller]
fn check_decimal(text: &str, printed: Option<&str>) {
    let parsed = text
        .parse::<Decimal>()
        .ok()
        .map(|decimal| decimal.to_string());
    assert_eq!(parsed.as_deref(), printed, "{text:?}");
}

#[test]
fn decimals_keep_their_digits_and_scale() {
    check_decimal("0", Some("0"));
    check_decimal("-12.340", Some("-12.340"));
    check_decimal("+1", Some("1"));
    check_decimal("0.05", Some("0.05"));
    check_decimal("-0.05", Some("-0.05"));
    check_decimal(
        "99999999999999999999999999999999999999",
        Some("99999999999999999999999999999999999999"),
    );
}

#[test]
fn decimals_are_compared_by_value() {
    let in_order = [
        "-10.5",
        "-1",
        "-0.01",
        "0",
        "0.00001",
        "0.1",
        "1",
        "1.01",
        "99999999999999999999999999999999999999",
    ];
    let decimals = in_order.map(|text| text.parse::<Decimal>().unwrap());
    assert!(decimals.is_sorted());
    assert_eq!("1.00".parse::<Decimal>(), "1".parse());
    assert_ne!("1.00".parse::<Decimal>(), "1.01".parse());
    assert_eq!("-0.0".parse::<Decimal>().unwrap(), Decimal::from(0));
}

#[test]
fn texts_that_are_no_decimals_are_refused() {
    for text in [
        "",
        "-",
        ".",
        "1.2.3",
        "1e5",
        " 1",
        "١",
        "100000000000000000000000000000000000000",
    ] {
        check_decimal(text, None);
    }
}

#[test]
fn a_value_stays_within_four_words() {
    assert!(size_of::<Value<'_>>() <= 32);
}

#[test]
fn decimals_are_computed_with_exactly_or_not_at_all() {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let largest = Decimal::try_new(10i128.pow(38) - 1, 0).unwrap();
    assert_eq!(
        decimal("0.1").checked_add(decimal("0.20")),
        Some(decimal("0.3"))
    );
    assert_eq!(
        decimal("1").checked_sub(decimal("1.001")),
        Some(decimal("-0.001"))
    );
    assert_eq!(
        decimal("-1.50").checked_mul(decimal("0.2")),
        Some(decimal("-0.3"))
    );
    assert_eq!(largest.checked_add(decimal("1")), None);
    assert_eq!(largest.checked_add(decimal("0.1")), None);
    assert_eq!(largest.checked_mul(decimal("10")), None);
    assert_eq!(largest.checked_sub(largest), Some(decimal("0")));
    assert_eq!(decimal("12.3400").normalized().to_string(), "12.34");
}

#[test]
fn halves_of_decimals_are_rounded_away_from_zero() {
    let rounded = |text: &str, scale| {
        let decimal = text.parse::<Decimal>().unwrap();
        decimal
            .checked_round(scale)
            .map(|decimal| decimal.to_string())
    };
    for (text, scale, expected) in [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("2.4999", 0, "2"),
        ("-0.4", 0, "0"),
        ("1.005", 2, "1.01"),
        ("1.00", 5, "1.00"),
        ("99.95", 1, "100.0"),
        ("0.00000000000000000000000000000000000005", 0, "0"),
    ] {
        assert_eq!(rounded(text, scale).as_deref(), Some(expected), "{text}");
    }
    let nines = format!("{}.5", "9".repeat(37));
    assert_eq!(
        rounded(&nines, 0).unwrap().len(),
        38,
        "37 nines have room for one digit more"
    );
}
