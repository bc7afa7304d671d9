use super::*;

#[test]
fn nearest_finds_slips_of_the_fingers() {
    let names = ["team", "hero", "headquarters"];
    assert_eq!(nearest("haedquarters", names), Some("headquarters"));
    assert_eq!(nearest("Hero", names), Some("hero"));
    assert_eq!(nearest("tem", names), Some("team"));
    assert_eq!(nearest("villain", names), None);
    assert_eq!(nearest("", names), None);
}

#[test]
fn nearest_does_not_depend_on_order() {
    assert_eq!(nearest("ac", ["ab", "aa"]), Some("aa"));
    assert_eq!(nearest("ac", ["aa", "ab"]), Some("aa"));
}

#[test]
fn codes_are_sorted_and_unique() {
    assert!(codes::ALL.is_sorted_by(|a, b| a.id < b.id));
}
