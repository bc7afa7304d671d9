use std::collections::BTreeSet;

use sqlmodel_core::Encode;

use super::{KeyBytes, KeySet, padded};
use crate::tests::Hero;

fn hero(name: &str, age: Option<i32>) -> Hero {
    Hero {
        id: 7,
        name: name.to_owned(),
        age,
        team_id: None,
    }
}

#[test]
fn lists_have_few_lengths_and_little_padding() {
    let lengths: BTreeSet<usize> = (1..=4096).map(padded).collect();
    assert!(lengths.len() <= 44, "{}", lengths.len());
    for n_keys in 1..=4096 {
        let length = padded(n_keys);
        assert!(
            length >= n_keys && length * 4 <= n_keys * 5,
            "{n_keys} in {length}"
        );
    }
}

#[test]
fn keys_of_records_are_those_of_their_values() {
    let mut set = KeySet::default();
    let columns = ["age", "name"];
    let heroes = [
        hero("Deadpond", Some(30)),
        hero("Rusty-Man", Some(30)),
        hero("Rusty-Man", None),
        hero("Deadpond", Some(30)),
    ];
    let numbers = set.insert_all(heroes.iter(), &columns);
    assert_eq!(numbers, [Some(0), Some(1), None, Some(0)]);
    assert_eq!(
        set.values,
        vec![
            30.into_value(),
            "Deadpond".to_owned().into_value(),
            30.into_value(),
            "Rusty-Man".to_owned().into_value()
        ]
    );
    let key = KeyBytes::of(&set.values[2..]);
    assert_eq!(key.and_then(|key| set.number(&key)), Some(1));
    let others = [
        hero("Deadpond", Some(30)),
        hero("Deadpond", Some(31)),
        hero("Deadpond", Some(30)),
    ];
    let numbers = set.numbers_of(others.iter(), &columns);
    assert_eq!(numbers, [Some(0), None, Some(0)]);
}
