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
