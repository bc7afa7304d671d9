use super::*;

#[test]
fn nearest_finds_slips_of_the_fingers() {
    let names = ["team", "hero", "headquarters"];
    assert_eq!(nearest("haedquarters", names), Some("headquarters"));
    assert_eq!(nearest("Hero", names), Some("hero"));
    assert_eq!(nearest("tem", names), Some("team"));
    assert_eq!(nearest("villain", names), None);
    assert_eq!(nearest("", names), None);
    assert_eq!(nearest("A", ["B", "a"]), Some("a"));
    assert_eq!(nearest("A", ["B"]), None);
}

#[test]
fn the_beginning_of_one_word_stands_for_it() {
    let words = ["single_table", "joined", "join_table"];
    assert_eq!(nearest_word("single", &words), Some("single_table"));
    assert_eq!(nearest_word("join", &words), None);
    assert_eq!(nearest_word("sin", &words), None);
}

#[test]
fn nearest_does_not_depend_on_order() {
    assert_eq!(nearest("teac", ["teab", "teaa"]), Some("teaa"));
    assert_eq!(nearest("teac", ["teaa", "teab"]), Some("teaa"));
}

#[test]
fn codes_are_sorted_and_unique() {
    assert!(codes::ALL.is_sorted_by(|a, b| a.id < b.id));
}

#[test]
fn messages_are_one_line() {
    let mut sources = SourceMap::new();
    let source = sources.add("a.toml", "a");
    let span = Span::new(source, 0..1);
    let diagnostic =
        Diagnostic::new(&codes::UNKNOWN_KEY, span, "unknown key `a\nb`").label("\u{7}é");
    assert_eq!(diagnostic.message, "unknown key `a\\nb`");
    assert_eq!(diagnostic.label, "\\u{7}é");
}
