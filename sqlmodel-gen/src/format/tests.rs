use expect_test::{Expect, expect};

use super::format;

#[track_caller]
fn check(text: &str, expect: Expect) {
    let formatted = format(text).unwrap();
    assert_eq!(
        format(&formatted).as_ref(),
        Some(&formatted),
        "a second run changes nothing"
    );
    expect.assert_eq(&formatted);
}

#[test]
fn spaces_are_regular() {
    check(
        "\n\n[ model . Hero ]\nname=\"text\"\nage   =  {type=\"i32?\" ,check= true,}\nlist = [ 1,2 , [3] ]\nempty = { }\n\n\n\n",
        expect![[r#"
            [model.Hero]
            name = "text"
            age = { type = "i32?", check = true }
            list = [1, 2, [3]]
            empty = {}
        "#]],
    );
}

#[test]
fn comments_of_neighbouring_lines_start_in_one_column() {
    check(
        "# About.\n  # Indented.\na = 1 # one\nlonger = 2    # two\n\nb = 3   # three\n",
        expect![[r#"
            # About.
            # Indented.
            a = 1      # one
            longer = 2 # two

            b = 3 # three
        "#]],
    );
}

#[test]
fn lists_over_several_lines_have_an_item_a_line() {
    check(
        "values = [ \"a\", # first\n \"b\",\n# before c\n { name=\"c\",value=1 } # last\n]\nx = [\n]\n",
        expect![[r#"
            values = [
                "a", # first
                "b",
                # before c
                { name = "c", value = 1 }, # last
            ]
            x = [
            ]
        "#]],
    );
}

#[test]
fn nested_tables_over_several_lines_are_indented() {
    check(
        "variants = { create = true, update = {\nomit = [ \"a\" ] } }\n",
        expect![[r#"
            variants = {
                create = true,
                update = {
                    omit = ["a"],
                },
            }
        "#]],
    );
}

#[test]
fn strings_are_left_alone() {
    check(
        "sql = \"\"\"\nSELECT  *   # no comment\n  FROM a\n\"\"\"\nq='''a''''\ns = \"a \\\" # b\"\n",
        expect![[r##"
            sql = """
            SELECT  *   # no comment
              FROM a
            """
            q = '''a''''
            s = "a \" # b"
        "##]],
    );
}

#[test]
fn dates_and_dotted_keys_keep_their_parts() {
    check(
        "at=2024-02-29 07:30:00\ndialect . postgres = { sql = 1.5 }\n\"a b\".c = -1e5\r\n",
        expect![[r#"
            at = 2024-02-29 07:30:00
            dialect.postgres = { sql = 1.5 }
            "a b".c = -1e5
        "#]],
    );
}

#[test]
fn what_is_not_closed_is_not_formatted() {
    for text in [
        "a = \"",
        "a = [1",
        "a = ]",
        "a = '''x''",
        "a = \"x\ny\"",
        "[a}",
    ] {
        assert_eq!(format(text), None, "{text}");
    }
}

#[test]
fn every_part_of_a_schema_is_formatted_the_same_twice_or_not_at_all() {
    let schema = include_str!("../../../schemas/shop/types.toml");
    for end in 0..schema.len() {
        if let Some(formatted) = schema.get(..end).and_then(format) {
            assert_eq!(
                format(&formatted).as_ref(),
                Some(&formatted),
                "up to byte {end}"
            );
        }
    }
}

#[test]
fn brackets_are_nested_as_deep_as_anybody_writes() {
    let nested = |depth: usize| format!("x = {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(format(&nested(64)), Some(nested(64)));
    assert_eq!(format(&nested(65)), None);
    assert_eq!(format(&nested(200_000)), None);
}
