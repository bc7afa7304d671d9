use expect_test::{Expect, expect};

use super::{bytes, identifier, string, table_name};
use crate::{Dialect, TableName};

#[track_caller]
fn check(quote: impl Fn(Dialect) -> String, expect: &Expect) {
    let lines: Vec<_> = Dialect::ALL
        .into_iter()
        .map(|dialect| format!("{:<8} {}\n", dialect.name(), quote(dialect)))
        .collect();
    expect.assert_eq(&lines.concat());
}

#[test]
fn identifier_doubles_the_quotes_in_it() {
    check(
        |dialect| identifier(dialect, "a\"; DROP TABLE \"b"),
        &expect![[r#"
            sqlite   "a""; DROP TABLE ""b"
            postgres "a""; DROP TABLE ""b"
            mysql    `a"; DROP TABLE "b`
        "#]],
    );
    check(
        |dialect| identifier(dialect, "a`; DROP TABLE `b"),
        &expect![[r#"
            sqlite   "a`; DROP TABLE `b"
            postgres "a`; DROP TABLE `b"
            mysql    `a``; DROP TABLE ``b`
        "#]],
    );
}

#[test]
fn identifier_holds_no_nul() {
    check(
        |dialect| identifier(dialect, "a\0b"),
        &expect![[r#"
            sqlite   "a�b"
            postgres "a�b"
            mysql    `a�b`
        "#]],
    );
}

#[test]
fn table_name_quotes_each_part() {
    check(
        |dialect| table_name(dialect, &TableName::in_schema("app.x", "order")),
        &expect![[r#"
            sqlite   "app.x"."order"
            postgres "app.x"."order"
            mysql    `app.x`.`order`
        "#]],
    );
}

#[test]
fn string_doubles_quotes() {
    check(
        |dialect| string(dialect, "'; DROP TABLE hero; --"),
        &expect![[r#"
            sqlite   '''; DROP TABLE hero; --'
            postgres '''; DROP TABLE hero; --'
            mysql    '''; DROP TABLE hero; --'
        "#]],
    );
}

#[test]
fn string_ends_neither_at_a_backslash_nor_at_an_escaped_quote() {
    check(
        |dialect| string(dialect, r"\"),
        &expect![[r#"
            sqlite   '\'
            postgres E'\\'
            mysql    '\\'
        "#]],
    );
    check(
        |dialect| string(dialect, r"\' OR 1=1 --"),
        &expect![[r#"
            sqlite   '\'' OR 1=1 --'
            postgres E'\\'' OR 1=1 --'
            mysql    '\\'' OR 1=1 --'
        "#]],
    );
}

#[test]
fn string_holds_a_nul_or_is_refused_by_the_server() {
    check(
        |dialect| string(dialect, "a\0'b"),
        &expect![[r#"
            sqlite   CAST(X'61002762' AS TEXT)
            postgres E'a\000''b'
            mysql    'a\0''b'
        "#]],
    );
}

#[test]
fn string_leaves_other_characters_alone() {
    check(
        |dialect| string(dialect, "é 🦀\n\t\"`%_"),
        &expect![[r#"
            sqlite   'é 🦀
            	"`%_'
            postgres 'é 🦀
            	"`%_'
            mysql    'é 🦀
            	"`%_'
        "#]],
    );
}

#[test]
fn bytes_are_hexadecimal() {
    check(
        |dialect| bytes(dialect, &[0x00, 0x27, 0x5c, 0xff]),
        &expect![[r#"
            sqlite   X'00275cff'
            postgres E'\\x00275cff'::bytea
            mysql    X'00275cff'
        "#]],
    );
    check(
        |dialect| bytes(dialect, &[]),
        &expect![[r#"
            sqlite   X''
            postgres E'\\x'::bytea
            mysql    X''
        "#]],
    );
}
