use super::*;

#[track_caller]
fn check(text: &str, offset: u32, line: usize, column: usize) {
    let source = Source::new("t".into(), text.into(), Role::Schema);
    assert_eq!(source.position(offset), Position { line, column });
}

#[test]
fn position_counts_lines_and_characters_from_one() {
    check("", 0, 1, 1);
    check("ab\ncd", 0, 1, 1);
    check("ab\ncd", 2, 1, 3);
    check("ab\ncd", 3, 2, 1);
    check("ab\ncd", 5, 2, 3);
    check("äöü=", 6, 1, 4);
}

#[test]
fn position_past_the_end_is_the_end() {
    check("ab", 99, 1, 3);
}

#[test]
fn span_that_does_not_fit_has_no_text() {
    let mut sources = SourceMap::new();
    let id = sources.add("t", "ä");
    assert_eq!(sources.text(Span::new(id, 0..2)), "ä");
    assert_eq!(sources.text(Span::new(id, 1..2)), "");
    assert_eq!(sources.text(Span::new(id, 0..9)), "");
}
