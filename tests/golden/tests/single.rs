//! One mistake, one line: schemas with one mistake whose consequences nobody should hear of, and what is said.

use golden::mistakes;

/// Checks that a schema has one mistake, and what is said of it.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(mistakes(text).trim_end(), expected, "{text}");
}

#[test]
fn a_misspelt_key_is_not_missed_as_well() {
    check(
        "[model.A.fields]\nid = { type = \"i64\", kye = \"auto\" }",
        "2:22: error[SM0004]: unknown key `kye` in a field",
    );
    check(
        "[model.A.fields]\nid = { type = \"i64\", key = \"atuo\" }",
        "2:28: error[SM0007]: `atuo` is not a value of `key`",
    );
    check(
        "[model.A.feilds]\nid = { type = \"i64\", key = \"auto\" }",
        "1:10: error[SM0004]: unknown key `feilds` in a model",
    );
    check(
        "[model.A]\nfields = []",
        "2:10: error[SM0006]: `fields` is a list, expected a table",
    );
    check(
        "[model.A.fields]\nid = 1",
        "2:6: error[SM0006]: `id` is an integer, expected a type such as `\"text\"`, or a table",
    );
    check(
        "[abstract.Base.feilds]\nid = { type = \"i64\", key = \"auto\" }\n[model.A]\nextends = \"Base\"\n[[model.A.unique]]\non = [\"id\"]",
        "1:16: error[SM0004]: unknown key `feilds` in an abstract base",
    );
}

#[test]
fn what_stands_under_a_misspelt_header_is_not_unknown() {
    check(
        "[modle.A.fields]\nid = { type = \"i64\", key = \"auto\" }\n[model.B.fields]\nid = { type = \"i64\", key = \"auto\" }\na_id = { ref = \"A\" }",
        "1:2: error[SM0004]: unknown key `modle` in a schema file",
    );
    check(
        "[enums.Kind]\nvalues = [\"a\"]\n[model.B.fields]\nid = { type = \"i64\", key = \"auto\" }\nkind = { type = \"Kind\", default = \"a\" }",
        "1:2: error[SM0004]: unknown key `enums` in a schema file",
    );
}

#[test]
fn a_model_without_fields_lacks_a_key_and_that_is_all() {
    check("[model.A]", "1:8: error[SM0301]: `A` has no primary key");
}

#[test]
fn keys_that_are_references_to_each_other_have_no_type() {
    check(
        "[model.A.fields]\nid = { ref = \"A\", key = true, relation = false }",
        "2:1: error[SM0310]: the type of `id` would be its own",
    );
    check(
        "[model.A.fields]\nb_id = { ref = \"B\", key = true }\n[model.B.fields]\na_id = { ref = \"A\", key = true }",
        "2:1: error[SM0310]: the type of `b_id` would be its own",
    );
    check(
        "[model.A.fields]\nb_id = { ref = \"B\", key = true, deferrable = \"deferred\" }\n[model.B.fields]\na_id = { ref = \"A?\", key = true }\n[model.C.fields]\nid = { ref = \"A\", key = true, relation = false }",
        "2:1: error[SM0310]: the type of `b_id` would be its own",
    );
}

#[test]
fn a_long_chain_of_keys_has_the_type_of_its_end() {
    let chain: String = (0..500)
        .map(|at| {
            format!(
                "[model.M{at}.fields]\nid = {{ ref = \"M{}\", key = true, relation = false }}\n",
                at + 1
            )
        })
        .collect();
    check(
        &format!("{chain}[model.M500.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\n"),
        "",
    );
}

#[test]
fn a_link_to_one_model_has_two_keys() {
    let link = "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\n[model.L.fields]\na_id = { ref = \"A\", key = true }\nb_id = { ref = \"A\", key = true }\n[model.M.fields]\na_id = { ref = \"A\", key = true }\n[model.A.relations]\n";
    check(
        &format!("{link}others = {{ many_to_many = \"A\", link = \"M\" }}"),
        "9:39: error[SM0403]: the link `M` has one foreign key to `A`, and needs two",
    );
    check(
        &format!(
            "{link}others = {{ many_to_many = \"A\", link = \"L\", from = \"a_id\", to = \"a_id\" }}"
        ),
        "9:64: error[SM0403]: both sides of the relation are one foreign key",
    );
}

#[test]
fn each_wrong_value_of_an_enum_is_told_once() {
    let field = "[model.M.fields]\nid = { type = \"i64\", key = \"auto\" }\ne = { type = \"E\", default = \"x\" }\n";
    for (values, expected) in [
        (
            "[{}]",
            "5:11: error[SM0005]: an enum value needs the key `name`",
        ),
        (
            "[1, \"\", \"ok\", \"Ok\", \"9\"]",
            "5:11: error[SM0006]: `values` is an integer, expected a string, or a table such as `{ name = \"Archived\", value = \"arch\" }`\n5:14: error[SM0213]: a text value has 1 to 63 bytes\n5:24: error[SM0208]: the enum `E` has `Ok` twice\n5:30: error[SM0107]: no name of a Rust variant can be made of \"9\"",
        ),
        (
            "[{ name = \"A\", value = 1 }, { name = \"B\", value = 2 }]",
            "5:33: error[SM0213]: the enum is stored as text, and this is an integer",
        ),
    ] {
        check(&format!("{field}[enum.E]\nvalues = {values}"), expected);
    }
}

#[test]
fn words_of_other_languages_are_understood_well_enough_to_help() {
    for (key, help) in [
        (
            "nullable = true",
            "write `?` after a type that may be null: `text?`",
        ),
        (
            "max_length = 5",
            "write the length into the type: `text(80)`",
        ),
        (
            "primary_key = true",
            "write `key = \"auto\"`, or `key = true` for a key that you give",
        ),
        ("uniq = true", "write `unique`"),
    ] {
        let text = format!(
            "[model.A.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\nb = {{ type = \"text\", {key} }}"
        );
        let compiled = golden::compile_text(&text);
        let found = compiled.compilation.diagnostics.as_slice();
        let helps: Vec<&str> = found.iter().filter_map(|it| it.help.as_deref()).collect();
        assert_eq!(helps, [help], "{key}");
    }
}

#[test]
fn other_single_mistakes() {
    let field = |field: &str| {
        format!("[model.A.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\nb = {field}\n")
    };
    for (text, expected) in [
        (
            field("{ type = \"text\", column = \"c\", renamed_from = \"\" }"),
            "3:51: error[SM0116]: the name of a column cannot be \"\"",
        ),
        (
            field("{ type = \"text(5)\", validate = { min_len = 6 } }"),
            "3:48: error[SM0210]: no value can meet this rule: the type holds 5 characters",
        ),
        (
            field("{ type = \"i32\", validate = { one_of = [1, 2, 1] } }"),
            "3:50: error[SM0208]: `one_of` has this value already",
        ),
        (
            field("{ type = \"i32\", generated = { sql = {}, stored = true } }"),
            "3:41: error[SM0010]: `sql` is empty",
        ),
        (
            field("{ type = \"i32\", default = { sql = {} } }"),
            "3:39: error[SM0010]: `sql` is empty",
        ),
        (
            "[model.A.fields]\nid = { type = \"i64\", key = \"auto\", unique = true }".to_owned(),
            "2:36: error[SM0009]: `key = \"auto\"` and `unique` exclude each other",
        ),
        (
            format!(
                "{}[model.A]\nderive = [\"Serialize\", \"Eq\", \"::core::hash::Hash\", \"Eq\"]",
                field("\"text\"")
            ),
            "5:11: error[SM0118]: `Serialize` is a derive of no crate\n5:52: error[SM0208]: `Eq` is derived twice",
        ),
        (
            format!("{}[query]\nname = \"q\"", field("\"text\"")),
            "4:1: error[SM0006]: `query` is a table, expected a list of tables",
        ),
        (
            format!("{}b = \"text\"", field("\"text\"")),
            "4:1: error[SM0001]: invalid TOML: `b` is given twice",
        ),
        (field("\"B\""), "3:6: error[SM0102]: unknown type `B`"),
    ] {
        check(&text, expected);
    }
}

#[test]
fn a_name_of_one_letter_is_near_no_other() {
    let compiled = golden::compile_text(
        "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nb_id = { ref = \"B\" }",
    );
    let found = compiled.compilation.diagnostics.as_slice();
    assert!(found.iter().all(|it| it.fixes.is_empty()), "{found:?}");
}

#[test]
fn what_is_no_toml_takes_its_own_part_of_the_file_with_it() {
    check(
        r#"[model.Hero.fields]
id = { type = "i64", key = "auto" }
team_id = { ref = "Team }

[model.Team.fields]
id = { type = "i65", key = "auto" }
name = { type = "text", defualt = "x" }
[model.Badge.fields]
id = { type = "i64", key = "auto" }
name = text
hero_id = { ref = "Hero" }
[model.Other]
[[model.Other.unique]]
on = ["nope"]
[model.Other.fields]
id = { type = "i16", default = 99999, key = true }
hero_id = { ref = "Hero" }
badge_id = { ref = "Badg" }
[[model.Hero.indexes]]
on = ["power"]
"#,
        "3:26: error[SM0001]: invalid TOML: invalid basic string, expected `\"`
6:16: error[SM0102]: unknown type `i65`
7:25: error[SM0004]: unknown key `defualt` in a field
10:8: error[SM0001]: invalid TOML: invalid boolean, expected `true`
14:7: error[SM0106]: `Other` has no field `nope`
16:32: error[SM0204]: the default `99999` does not fit its type
18:21: error[SM0103]: unknown model `Badg`",
    );
}

#[test]
fn what_a_broken_part_declares_is_there_and_half_known() {
    check(
        r#"[mixin.T.fields]
a = { type = "text }
[enum.E]
values = ["a", b]
[model.A]
mixins = ["T"]
[model.A.fields]
id = { type = "i64", key = "auto" }
e = { type = "E", default = "b" }
[[model.A.indexes]]
on = ["a"]
"#,
        "2:21: error[SM0001]: invalid TOML: invalid basic string, expected `\"`
4:16: error[SM0001]: invalid TOML: string values must be quoted, expected literal string",
    );
    check(
        r#"[model.Person]
inheritance = { strategy = "joined, discriminator = "kind" }
tag = "person"
[model.Person.fields]
id = { type = "i64", key = "auto" }
[model.Student]
extends = "Person"
tag = "student"
[model.Student.fields]
grade = "i17"
[[model.Student.unique]]
on = ["name"]
"#,
        "2:54: error[SM0001]: invalid TOML: missing comma between key-value pairs, expected `,`
10:10: error[SM0102]: unknown type `i17`",
    );
    // A header that cannot be read may declare anything.
    check(
        "[model.A fields]\nid = 1\n[model.B.fields]\nid = { type = \"i64\", key = \"auto\" }\na_id = { ref = \"A\" }\n",
        "1:9: error[SM0001]: invalid TOML: unclosed table, expected `]`",
    );
}

#[test]
fn patterns_are_regular_expressions_of_text() {
    check(
        r#"[type.Code]
base = "text(10)"
validate = { pattern = '^\d+$' }
[model.A.fields]
id = { type = "i64", key = "auto", validate = { pattern = "x" } }
a = { type = "text", validate = { pattern = "([a-z" } }
b = { type = "text", default = "B2", validate = { pattern = '^[a-z]\d$' } }
c = { type = "Code", default = "a1" }
d = { type = "text", default = "é2", validate = { pattern = '^\p{L}' } }
"#,
        "5:59: error[SM0209]: `pattern` does not apply to this type
6:45: error[SM0601]: the pattern cannot be read
7:32: error[SM0212]: the default of `b` does not meet its own rules
8:32: error[SM0212]: the default of `c` does not meet its own rules
9:61: error[SM0601]: the pattern cannot be read",
    );
}

#[test]
fn a_foreign_key_names_each_field_once() {
    let models = "[model.A.fields]\nx = { type = \"i64\", key = true }\ny = { type = \"i64\", key = true }\n[model.B.fields]\nid = { type = \"i64\", key = \"auto\" }\na = \"i64\"\n[[model.B.foreign_keys]]\nref = \"A\"\n";
    check(
        &format!("{models}on = [\"a\", \"a\"]"),
        "9:12: error[SM0208]: `a` is named twice",
    );
    check(
        &format!("{models}on = [\"a\", \"id\"]\nto = [\"x\", \"x\"]"),
        "10:12: error[SM0208]: `x` is named twice",
    );
}

#[test]
fn a_variant_lists_fields_or_leaves_some_out() {
    check(
        "[model.A]\nvariants = { update = { only = [\"b\"], omit = [\"id\"] } }\n[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nb = \"i32\"",
        "2:39: error[SM0009]: `only` and `omit` exclude each other",
    );
}

#[test]
fn blocks_in_a_block_are_told_at_the_first() {
    check(
        "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\n[[query]]\nname = \"q\"\nsql = \"SELECT id FROM a WHERE true /*if a*/ /*if b*/ /*if c*/ AND id = :a /*end*/\"",
        "5:45: error[SM0715]: a block in a block",
    );
}
