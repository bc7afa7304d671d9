use super::{constant, snake_case, version_cmp};

#[test]
fn words_are_split_at_capitals() {
    for (name, expected) in [
        ("Hero", "hero"),
        ("HeroTeamLink", "hero_team_link"),
        ("HTTPServer", "http_server"),
        ("Model10", "model10"),
        ("A", "a"),
        ("X2Y", "x2_y"),
    ] {
        assert_eq!(snake_case(name), expected);
    }
}

#[test]
fn constants_are_names_that_rust_takes() {
    for (name, expected) in [
        ("created_at", "CREATED_AT"),
        ("my table", "MY_TABLE"),
        ("2fast", "_2FAST"),
    ] {
        assert_eq!(constant(name), expected);
    }
}

#[test]
fn names_are_sorted_as_rustfmt_sorts_them() {
    let mut names = [
        "model10", "a_b", "a", "a10", "models", "a2", "a2_b", "model09", "a9", "ab", "model1",
        "model", "Model", "model_x", "_a",
    ];
    names.sort_by(|a, b| version_cmp(a, b));
    let text: String = names
        .iter()
        .map(|name| format!("use x::{name};\n"))
        .collect();
    assert_eq!(text, crate::emit::rust::tests::rustfmt(&text));
}
