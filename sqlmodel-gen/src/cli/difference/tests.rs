use expect_test::{Expect, expect};

use super::render;
use crate::output::Change;

#[track_caller]
fn check(before: Option<&str>, after: Option<&str>, expect: Expect) {
    let change = Change {
        path: "src/models/hero.rs".into(),
        before: before.map(|text| text.as_bytes().to_vec()),
        after: after.map(str::to_owned),
    };
    expect.assert_eq(&render(&change));
}

#[test]
fn changes_far_apart_are_hunks_of_their_own() {
    let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
    let after = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nl\nm\n";
    check(
        Some(before),
        Some(after),
        expect![[r#"
            --- src/models/hero.rs
            +++ src/models/hero.rs
            @@ -1,5 +1,5 @@
             a
            -b
            +B
             c
             d
             e
            @@ -8,5 +8,5 @@
             h
             i
             j
            -k
             l
            +m
        "#]],
    );
}

#[test]
fn new_files_are_compared_with_nothing() {
    check(
        None,
        Some("a\n"),
        expect![[r#"
            --- /dev/null
            +++ src/models/hero.rs
            @@ -0,0 +1,1 @@
            +a
        "#]],
    );
}

#[test]
fn removed_files_become_nothing() {
    check(
        Some("a\nb\n"),
        None,
        expect![[r#"
            --- src/models/hero.rs
            +++ /dev/null
            @@ -1,2 +0,0 @@
            -a
            -b
        "#]],
    );
}

#[test]
fn large_files_are_compared_in_bounded_time() {
    let before: String = (0..50_000).map(|n| format!("{n}\n")).collect();
    let after: String = (0..50_000).map(|n| format!("{}\n", n * 2)).collect();
    let change = Change {
        path: "large.rs".into(),
        before: Some(before.into_bytes()),
        after: Some(after),
    };
    assert!(render(&change).lines().count() > 50_000);
}
