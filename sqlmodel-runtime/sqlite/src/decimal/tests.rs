//! The order of decimals, as text.

use super::*;

#[test]
fn texts_of_numbers_are_ordered_by_value() {
    let ordered = [
        "-100000000000000000000000000000000000000000",
        "-10.5",
        "-9",
        "-0.1",
        "-0.01",
        "0",
        "0.01",
        "0.1",
        "9",
        "9.99",
        "10",
        "10.05",
        "10.5",
        "100000000000000000000000000000000000000000.1",
        "",
        "abc",
    ];
    for (i, a) in ordered.iter().enumerate() {
        for (j, b) in ordered.iter().enumerate() {
            assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
        }
    }
    for (a, b) in [("1", "1.00"), ("-0", "0.0"), ("+5", "005"), (".5", "0.50")] {
        assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
    }
}
