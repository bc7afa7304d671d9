use super::{is_reserved, words};
use crate::Dialect;

#[track_caller]
fn check(word: &str, reserving: &[Dialect]) {
    let found: Vec<_> = Dialect::ALL
        .into_iter()
        .filter(|&dialect| is_reserved(dialect, word))
        .collect();
    assert_eq!(found, reserving, "{word}");
}

#[test]
fn tables_are_sorted_lower_case_and_without_duplicates() {
    for dialect in Dialect::ALL {
        let words = words(dialect);
        assert!(words.is_sorted_by(|a, b| a < b), "{dialect}");
        assert!(
            words.iter().all(|word| *word == word.to_ascii_lowercase()),
            "{dialect}"
        );
    }
}

#[test]
fn words_are_reserved_by_the_dialects_that_say_so() {
    check("select", &Dialect::ALL);
    check("Order", &Dialect::ALL);
    check("user", &[Dialect::Postgres]);
    check("end", &[Dialect::Postgres]);
    check("rank", &[Dialect::Mysql]);
    check("key", &[Dialect::Mysql]);
    check("system", &[Dialect::Mysql]);
    check("isnull", &[Dialect::Sqlite, Dialect::Postgres]);
    check("hero", &[]);
    check("", &[]);
}
