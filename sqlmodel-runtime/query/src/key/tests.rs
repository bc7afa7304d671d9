use std::collections::BTreeSet;

use sqlmodel_core::Encode;

use super::{KeyBytes, KeyReader, KeySet, padded};
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
    let mut reader = KeyReader::of::<Hero>(&["age", "name"]);
    let numbers = [
        set.insert_of(&hero("Deadpond", Some(30)), &mut reader),
        set.insert_of(&hero("Rusty-Man", Some(30)), &mut reader),
        set.insert_of(&hero("Rusty-Man", None), &mut reader),
        set.insert_of(&hero("Deadpond", Some(30)), &mut reader),
    ];
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
    let key = reader.read(&hero("Deadpond", Some(31)));
    assert_eq!(key.and_then(|key| set.number(key)), None);
}
