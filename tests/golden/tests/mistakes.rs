//! What users are told, mistake by mistake: the line, the code and the message of every diagnostic.

use expect_test::{Expect, expect};
use golden::compile_text;

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "an expectation is written in place"
)]
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&golden::mistakes(text));
}

#[test]
fn every_mistake_is_reported_in_one_run() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "txt(80)"
age = { type = "i32", defualt = 1 }
team_id = { ref = "Team" }
power = { type = "i16", default = 40000 }
"#,
        expect![[r#"
            4:9: error[SM0102]: unknown type `txt`
            5:23: error[SM0004]: unknown key `defualt` in a field
            6:20: error[SM0103]: unknown model `Team`
            7:35: error[SM0204]: the default `40000` does not fit its type
        "#]],
    );
}

#[test]
fn a_declaration_in_the_wrong_case_is_reported_and_its_right_uses_are_not() {
    check(
        r#"
[model.a.fields]
id = { type = "i64", key = "auto" }
[enum.colour]
values = ["red"]
[model.B.fields]
id = { type = "i64", key = "auto" }
a_id = { ref = "A" }
colour = "Colour"
"#,
        expect![[r#"
            2:8: error[SM0107]: the name of a model is in UpperCamelCase, and `a` is not
            4:7: error[SM0107]: the name of an enum is in UpperCamelCase, and `colour` is not
        "#]],
    );
}

#[test]
fn one_mistake_is_reported_once() {
    // Neither a key that takes `true` as well as a word, nor what follows from half an enum, half a foreign key, half an index.
    check(
        r#"
[enum.Status]
values = ["draft", true]
[enum.Level]
storage = "itn"
values = [{ name = "Low", value = 1 }]
[model.Post.fields]
id = { type = "i64", key = "atuo" }
status = { type = "Status", default = "published" }
level = { type = "Level", default = "Lwo" }
parent_id = { ref = "Post", type = "i64" }
other_id = { ref = "Post", deferrable = "defered" }
settings = { ref = "Post?", json = "crate::Settings" }
name = { type = "text(80)", unique = "true" }
[[model.Post.indexes]]
on = [{ column = "status", nulls = "lst" }]
[[model.Post.indexes]]
on = [{ column = "status", order = "dsc" }]
dialects = ["sqlit"]
"#,
        expect![[r#"
            3:20: error[SM0006]: `values` is a boolean, expected a string, or a table such as `{ name = "Archived", value = "arch" }`
            5:11: error[SM0007]: `itn` is not a value of `storage`
            8:28: error[SM0007]: `atuo` is not a value of `key`
            11:36: error[SM0009]: `ref` and `type` exclude each other
            12:41: error[SM0007]: `defered` is not a value of `deferrable`
            13:36: error[SM0009]: `ref` and `json` exclude each other
            14:38: error[SM0006]: `unique` is a string, expected `true` or a name
            16:36: error[SM0007]: `lst` is not a value of `nulls`
            18:36: error[SM0007]: `dsc` is not a value of `order`
            19:13: error[SM0007]: `sqlit` is not a value of `dialects`
        "#]],
    );
}

#[test]
fn what_stands_twice_is_shown_at_both_places() {
    let compiled = compile_text(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text"
"name" = "text(80)"
[model.Team.fields]
id = { type = "i64", key = "auto" }
[model.Hero.fields]
id = "i64"
age = { type = "i32", type = "i64" }
"#,
    );
    expect![[r#"
        error[SM0001]: invalid TOML: `"name"` is given twice
         --> models.toml:5:1
          |
        4 | name = "text"
          | ---- already here
        5 | "name" = "text(80)"
          | ^^^^^^
          |
          = help: remove or rename one of the two

        error[SM0001]: invalid TOML: `[model.Hero.fields]` is given twice
         --> models.toml:8:13
          |
        2 | [model.Hero.fields]
          |             ------ already here
        ...
        8 | [model.Hero.fields]
          |             ^^^^^^
          |
          = help: a header stands once: write what belongs to it below the first, or rename one of the two

        error[SM0001]: invalid TOML: `type` is given twice
          --> models.toml:10:23
           |
        10 | age = { type = "i32", type = "i64" }
           |         ----          ^^^^
           |         |
           |         already here
           |
           = help: remove or rename one of the two

    "#]].assert_eq(&compiled.render(std::path::Path::new(".")));
}

#[test]
fn a_name_in_the_wrong_case_that_is_taken_in_the_right_one_is_to_be_another() {
    let compiled = compile_text("[enum.color]\nvalues = ['a']\n[enum.Color]\nvalues = ['a']\n");
    let diagnostics = &compiled.compilation.diagnostics;
    let mut helps = diagnostics.into_iter().filter_map(|it| it.help.as_deref());
    assert_eq!(helps.next(), Some("rename it: there is a `Color` too"));
}

#[test]
fn a_misspelt_header_or_key_is_all_that_is_reported() {
    let schema = r#"
[mixin.Times.fields]
at = "timestamp"
[abstract.Entity]
mixins = ["Times"]
[abstract.Entity.fields]
id = { type = "i64", key = "auto" }
[type.Email]
base = "text(80)"
[model.Person]
extends = "Entity"
[model.Person.fields]
email = "Email"
age = { type = "i32", validate = { min = 0 }, check = true }
[[model.Person.unique]]
on = ["email"]
[model.Person.relations]
tags = { many_to_many = "Tag", link = "PersonTag" }
[model.Tag]
extends = "Entity"
[model.PersonTag.fields]
person_id = { ref = "Person", key = true }
tag_id = { ref = "Tag", key = true }
"#;
    assert_eq!(golden::mistakes(schema), "");
    let mut told = String::new();
    for (right, wrong) in [
        ("[mixin.Times.fields]", "[mxiin.Times.fields]"),
        ("mixins = ", "miixns = "),
        ("[abstract.Entity.fields]", "[abstratc.Entity.fields]"),
        ("email = \"Email\"", "email = \"Emial\""),
        ("extends = \"Entity\"", "extnds = \"Entity\""),
        ("extends = \"Entity\"", "extends = \"Entty\""),
        ("[model.Person.fields]", "[model.Person.feilds]"),
        ("[model.Person.fields]", "[modle.Person.fields]"),
        ("[[model.Person.unique]]", "[[model.Persno.unique]]"),
        ("validate = ", "vaildate = "),
        ("ref = \"Person\"", "ref = \"Persn\""),
        ("[model.PersonTag.fields]", "[model.PersonTag.feilds]"),
    ] {
        told.push_str(&golden::mistakes(&schema.replacen(right, wrong, 1)));
    }
    expect![[r#"
        2:2: error[SM0004]: unknown key `mxiin` in a schema file
        5:1: error[SM0004]: unknown key `miixns` in an abstract base
        6:2: error[SM0004]: unknown key `abstratc` in a schema file
        13:10: error[SM0102]: unknown type `Emial`
        11:1: error[SM0004]: unknown key `extnds` in a model
        11:11: error[SM0104]: unknown base `Entty`
        12:15: error[SM0004]: unknown key `feilds` in a model
        12:2: error[SM0004]: unknown key `modle` in a schema file
        15:9: error[SM0301]: `Persno` has no primary key
        14:23: error[SM0004]: unknown key `vaildate` in a field
        22:22: error[SM0103]: unknown model `Persn`
        21:18: error[SM0004]: unknown key `feilds` in a model
    "#]]
    .assert_eq(&told);
}

#[test]
fn bytes_as_a_key_are_told_what_mysql_takes() {
    let compiled = compile_text("[model.Photo.fields]\nid = { type = 'bytes', key = true }\n");
    let diagnostics = &compiled.compilation.diagnostics;
    let helps = diagnostics.into_iter().filter_map(|it| it.help.as_deref());
    let help = "add `sql_type = { mysql = \"varbinary(255)\" }`; for a UUID, use `uuid`";
    assert_eq!(helps.collect::<Vec<_>>(), [help]);
}

#[test]
fn derives_are_of_what_fields_and_bases_have() {
    check(
        r#"
[enum.Sort]
values = ["a"]
[type.Size]
base = "f64"
derive = ["Eq", "Default", "Ord"]
[type.Doc]
base = "json"
derive = ["Ord"]
[type.Name]
base = "text"
[model.A]
derive = ["Eq", "PartialOrd", "Copy", "Default", "serde::Serialize"]
variants = { create = { derive = ["Eq", "Default"] }, update = { derive = ["Default", "Copy"] }, public = { derive = ["Hash"] } }
inheritance = { strategy = "joined", discriminator = "kind" }
[model.A.fields]
id = { type = "i64", key = "auto" }
size = "f64?"
parts = "i32[]"
sort = "Sort"
[model.B]
extends = "A"
derive = ["Hash", "Eq", "serde::Deserialize", "ts_rs::TS"]
[model.B.fields]
day = "date"
[model.C]
derive = ["Ord", "Eq", "PartialOrd", "Default"]
[model.C.fields]
id = { type = "i64", key = "auto" }
name = "Name"
size = { type = "f64", rust = "crate::Size" }
[model.D]
derive = ["Ord", "Hash"]
[model.D.fields]
id = { type = "i64", key = "auto" }
doc = "Doc"
old = "Size?"
"#,
        expect![[r#"
            6:11: error[SM0009]: `Eq` cannot be derived: its base does not have it
            6:28: error[SM0009]: `Ord` cannot be derived: its base does not have it
            9:11: error[SM0009]: `Ord` cannot be derived: its base does not have it
            13:11: error[SM0009]: `Eq` cannot be derived: the type of `size` does not have it
            13:31: error[SM0009]: `Copy` cannot be derived: the type of `parts` does not have it
            13:39: error[SM0009]: `Default` cannot be derived: the type of `sort` does not have it
            14:35: error[SM0009]: `Eq` cannot be derived: the type of `size` does not have it
            14:41: error[SM0009]: `Default` cannot be derived: the type of `sort` does not have it
            14:87: error[SM0009]: `Copy` cannot be derived: the type of `parts` does not have it
            14:119: error[SM0009]: `Hash` cannot be derived: the type of `size` does not have it
            23:11: error[SM0009]: `Hash` cannot be derived: the base `A` does not have it
            23:25: error[SM0009]: `serde::Deserialize` cannot be derived: the base `A` does not have it
            27:38: error[SM0009]: `Default` cannot be derived: the type of `name` does not have it
            33:11: error[SM0009]: `Ord` cannot be derived: it needs `Eq` beside it
            33:18: error[SM0009]: `Hash` cannot be derived: the type of `doc` does not have it
        "#]],
    );
}

#[test]
fn derives_of_a_view_are_of_what_its_columns_have() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
size = "f64"
own = { type = "f64", rust = "crate::Size" }
[view.V]
derive = ["Eq", "Ord", "Default", "Copy", "PartialOrd"]
sql = "SELECT id, size FROM a"
[view.W]
derive = ["Eq"]
sql = "SELECT id, own FROM a"
"#,
        expect![[r#"
            7:11: error[SM0009]: `Eq` cannot be derived: the type of `size` does not have it
            7:17: error[SM0009]: `Ord` cannot be derived: the type of `size` does not have it
        "#]],
    );
}

#[test]
fn a_mistake_in_a_mixin_is_reported_once_for_all_models() {
    check(
        r#"
[mixin.X.fields]
a = { type = "i32", default = "one" }
[model.A]
mixins = ["X"]
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.B]
mixins = ["X"]
[model.B.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            3:31: error[SM0204]: the default `"one"` does not fit its type
        "#]],
    );
}

#[test]
fn an_unknown_type_causes_nothing_else() {
    check(
        r#"
[model.A.fields]
id = { type = "i46", key = true, default = 1, validate = { min = 1 }, check = true, index = true }
b_id = { ref = "B", on_delete = "set_null" }
[model.B.fields]
id = { type = "nothing", key = true }
a_id = { ref = "A" }
[[model.A.unique]]
on = ["id", "b_id"]
"#,
        expect![[r#"
            3:16: error[SM0102]: unknown type `i46`
            3:85: warning[SM0315]: this adds nothing: a key brings an index of its own
            6:16: error[SM0102]: unknown type `nothing`
        "#]],
    );
}

#[test]
fn defaults_are_checked_against_every_type() {
    check(
        r#"
[enum.E]
values = ["a"]
[model.M.fields]
id = { type = "i64", key = "auto" }
f01 = { type = "bool", default = 1 }
f02 = { type = "i16", default = 32768 }
f03 = { type = "i64", default = 9223372036854775808 }
f04 = { type = "f64", default = inf }
f05 = { type = "decimal(4,2)", default = 100 }
f06 = { type = "decimal(4,2)", default = "1.234" }
f07 = { type = "text(3)", default = "four" }
f08 = { type = "bytes", default = "abc" }
f09 = { type = "uuid", default = "1" }
f10 = { type = "date", default = "2024-02-30" }
f11 = { type = "time", default = "25:00:00" }
f12 = { type = "timestamp", default = 2024-01-01T00:00:00Z }
f13 = { type = "timestamptz", default = 2024-01-01T00:00:00 }
f14 = { type = "duration", default = "3 weeks" }
f15 = { type = "json", default = "{}" }
f16 = { type = "json", default = { json = "{" } }
f17 = { type = "E", default = 1 }
f18 = { type = "i32[]", default = 1 }
f19 = { type = "i32[]", default = [1, "2"] }
f20 = { type = "i32", default = { fn = "uuid_v4" } }
f21 = { type = "i32", default = {} }
f22 = { type = "i32", default = { json = "1" } }
"#,
        expect![[r#"
            6:34: error[SM0204]: the default `1` does not fit its type
            7:33: error[SM0204]: the default `32768` does not fit its type
            8:33: error[SM0204]: the default `9223372036854775808` does not fit its type
            9:33: error[SM0204]: the default `inf` does not fit its type
            10:42: error[SM0204]: the default `100` does not fit its type
            11:42: error[SM0204]: the default `"1.234"` does not fit its type
            12:37: error[SM0204]: the default `"four"` does not fit its type
            13:35: error[SM0204]: the default `"abc"` does not fit its type
            14:34: error[SM0204]: the default `"1"` does not fit its type
            15:34: error[SM0204]: the default `"2024-02-30"` does not fit its type
            16:34: error[SM0204]: the default `"25:00:00"` does not fit its type
            17:39: error[SM0204]: the default `2024-01-01T00:00:00Z` does not fit its type
            18:41: error[SM0204]: the default `2024-01-01T00:00:00` does not fit its type
            19:38: error[SM0204]: the default `"3 weeks"` does not fit its type
            20:34: error[SM0204]: the default `"{}"` does not fit its type
            21:45: error[SM0204]: the default is not valid JSON
            22:31: error[SM0205]: `1` is not a value of the enum `E`
            23:35: error[SM0204]: the default `1` does not fit its type
            24:39: error[SM0204]: an item `"2"` does not fit its type
            25:40: error[SM0207]: the function `uuid_v4` does not fit the type
            26:33: error[SM0005]: a default needs the key `fn`
            27:33: error[SM0204]: a JSON document does not fit the type
        "#]],
    );
}

#[test]
fn defaults_that_fit_are_taken() {
    check(
        r#"
[enum.E]
storage = "int"
values = [{ name = "A", value = 1 }]
[type.T]
base = "text(3)"
[model.M.fields]
id = { type = "i64", key = "auto" }
f01 = { type = "f32", default = 1 }
f02 = { type = "decimal(4,2)", default = "-99.99" }
f03 = { type = "decimal(4,2)", default = "1.5" }
f04 = { type = "bytes", default = "0x00fF" }
f05 = { type = "timestamptz", default = "2024-01-01 00:00:00.5Z" }
f06 = { type = "duration", default = -5 }
f07 = { type = "E", default = 1 }
f08 = { type = "E", default = "A" }
f09 = { type = "E[]", default = ["A", 1] }
f10 = { type = "T", default = "abc" }
f11 = { type = "json", default = { json = "[]" } }
f12 = { type = "i32", default = { sql = "40 + 2" } }
"#,
        expect![],
    );
}

#[test]
fn types_are_read_to_the_letter() {
    check(
        r#"
[model.M.fields]
id = { type = "i64", key = "auto" }
f01 = ""
f02 = "text()"
f03 = "text(0)"
f04 = "text(4294967296)"
f05 = "text?[]"
f06 = "i32[][]"
f07 = "i32??"
f08 = "i32(4)"
f09 = "decimal"
f10 = "decimal(66,2)"
f11 = "M"
f12 = "Vec<i32>"
f13 = "text(1"
f14 = "String"
f15 = "  text"
f16 = { ref = "M.id.x" }
f17 = { ref = "M!", relation = "r" }
"#,
        expect![[r#"
            4:8: error[SM0201]: `` is not a type: a name is missing
            5:13: error[SM0201]: `text()` is not a type: a number is missing
            6:13: error[SM0202]: the length of `text(0)` is out of range
            7:13: error[SM0201]: `text(4294967296)` is not a type: a number is too large
            8:12: error[SM0201]: `text?[]` is not a type: a list cannot hold null
            9:13: error[SM0201]: `i32[][]` is not a type: a list of lists is not supported
            10:12: error[SM0201]: `i32??` is not a type: it goes on
            11:7: error[SM0202]: `i32` does not take these numbers
            12:7: error[SM0202]: `decimal` does not take these numbers
            13:7: error[SM0202]: `decimal(66,2)` is out of range
            14:8: error[SM0102]: `M` is a model, not a type
            15:11: error[SM0201]: `Vec<i32>` is not a type: it goes on
            16:14: error[SM0201]: `text(1` is not a type: the arguments do not end
            17:8: error[SM0102]: unknown type `String`
            18:8: error[SM0201]: `  text` is not a type: a name is missing
            19:20: error[SM0201]: `M.id.x` is not a target: it goes on
            20:17: error[SM0201]: `M!` is not a target: it goes on
        "#]],
    );
}

#[test]
fn names_are_checked_everywhere() {
    check(
        r#"
[type.email]
base = "text(80)"
[enum.Self]
values = ["a"]
[mixin.my_mixin.fields]
ok = "bool"
[model.Hero]
mixins = ["my_mixin"]
[model.Hero.fields]
id = { type = "i64", key = "auto" }
fullName = "email"
move = "Self"
a__b = "i32"
[[query]]
name = "allHeroes"
sql = "SELECT 1"
"#,
        expect![[r#"
            2:7: error[SM0107]: the name of a type is in UpperCamelCase, and `email` is not
            4:7: error[SM0108]: `Self` is a keyword of Rust
            6:8: error[SM0107]: the name of a mixin is in UpperCamelCase, and `my_mixin` is not
            12:1: error[SM0107]: the name of a field is in snake_case, and `fullName` is not
            13:1: error[SM0108]: `move` is a keyword of Rust
            14:1: error[SM0107]: the name of a field is in snake_case, and `a__b` is not
            16:8: error[SM0107]: the name of a query is in snake_case, and `allHeroes` is not
        "#]],
    );
}

#[test]
fn reserved_words_are_warnings_unless_written_out() {
    check(
        r#"
[model.User.fields]
id = { type = "i64", key = "auto" }
order = "i32"
group_no = { type = "i32", column = "group" }
[model.Table]
table = "table"
[model.Table.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            2:8: warning[SM0109]: `user` is a reserved word of PostgreSQL
            4:1: warning[SM0109]: `order` is a reserved word of SQLite, PostgreSQL and MySQL
        "#]],
    );
}

#[test]
fn keys_are_checked() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
other = { type = "i64", key = true }
[model.B.fields]
id = { type = "json", key = true }
[model.C.fields]
id = { type = "i64", key = "auto", default = 1 }
[model.D.fields]
id = { type = "i64", key = true, identity = "always" }
[model.E.fields]
id = { type = "i64", key = "auto" }
v = { type = "i64", version = true }
w = { type = "i64", version = true }
[model.F.fields]
id = { type = "i64", key = true, unique = true, index = true }
"#,
        expect![[r#"
            3:1: error[SM0303]: `id` cannot be `auto` in a key of several fields
            6:15: error[SM0312]: `id` cannot be a key: its type has no equality that all databases share
            8:46: error[SM0009]: `key = "auto"` and `default` exclude each other
            10:45: error[SM0009]: `id` has an identity and is not an `auto` key
            14:1: error[SM0311]: `E` has two versions
            16:34: warning[SM0315]: this adds nothing: the key is unique already
            16:49: warning[SM0315]: this adds nothing: a key brings an index of its own
        "#]],
    );
}

#[test]
fn references_are_checked() {
    check(
        r#"
[enum.Kind]
values = ["a"]
[model.A.fields]
id = { type = "i64", key = "auto" }
kind_id = { ref = "Kind" }
b_no = { ref = "B.no" }
self_id = { ref = "A", relation = false, inverse = "selves" }
c_id = { ref = "C?", on_update = "set_null", on_delete = "set_default" }
d_id = { ref = "C", on_update = { fn = "now" } }
kind = { type = "Kind" }
[model.B.fields]
id = { type = "i64", key = "auto" }
no = "i32"
[model.C.fields]
id = { type = "uuid", key = true }
"#,
        expect![[r#"
            6:20: error[SM0103]: a reference leads to a model, and `Kind` is an enum
            7:1: error[SM0402]: the relation of `b_no` has no name
            7:19: error[SM0305]: `no` of `B` may repeat, so nothing can reference it
            8:1: error[SM0310]: no row can be inserted first in a circle of foreign keys
            8:52: error[SM0402]: the inverse `selves` has no relation to be the other side of
            10:40: error[SM0207]: the function `now` does not fit the type
        "#]],
    );
}

#[test]
fn composite_keys_are_checked() {
    check(
        r#"
[model.Order]
table = "orders"
[model.Order.fields]
region = { type = "text(8)", key = true }
number = { type = "i64", key = true }
note = "text(8)"
[model.Line.fields]
id = { type = "i64", key = "auto" }
region = "text(8)"
number = "i32"
[[model.Line.foreign_keys]]
on = ["region", "number"]
ref = "Order"
[[model.Line.foreign_keys]]
on = ["region"]
ref = "Order"
to = ["note"]
[[model.Line.foreign_keys]]
on = []
ref = "Ordr"
[[model.Line.foreign_keys]]
ref = "Order"
on_update = { fn = "now" }
"#,
        expect![[r#"
            12:1: error[SM0309]: `number` and `Order.number` are of different types
            15:1: error[SM0305]: `note` of `Order` may repeat, so nothing can reference it
            20:6: error[SM0010]: `on` is empty
            21:7: error[SM0103]: unknown model `Ordr`
            22:1: error[SM0005]: a foreign key needs the key `on`
            24:13: error[SM0006]: `on_update` is a table, expected an action such as `"cascade"`
        "#]],
    );
}

#[test]
fn relations_share_names_with_inherited_fields() {
    check(
        r#"
[model.Person]
inheritance = { strategy = "joined", discriminator = "kind" }
[model.Person.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
[model.Student]
extends = "Person"
[model.Student.fields]
grade = "i16"
[model.Badge.fields]
id = { type = "i64", key = "auto" }
student_id = { ref = "Student", inverse = "name" }
person_id = { ref = "Person", inverse = "badges" }
other_id = { ref = "Person", inverse = "badges" }
"#,
        expect![[r#"
            13:43: error[SM0401]: `Student` has a field `name` already
            15:40: error[SM0401]: `Person` has a relation `badges` already
        "#]],
    );
}

#[test]
fn links_are_checked() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.A.relations]
bs = { many_to_many = "B", link = "L", from = "nope" }
cs = { many_to_many = "B", link = "M" }
ds = { many_to_many = "Bee", link = "Lnk" }
es = { many_to_many = "B" }
[model.B.fields]
id = { type = "i64", key = "auto" }
[model.L.fields]
a_id = { ref = "A", key = true }
b_id = { ref = "B", key = true }
c_id = { ref = "B", key = true, relation = "c" }
[model.M.fields]
a_id = { ref = "A", key = true }
b_id = { ref = "B", key = true }
x_id = { ref = "B", key = true }
"#,
        expect![[r#"
            5:47: error[SM0106]: `L` has no field `nope`
            6:6: error[SM0404]: the link has 2 foreign keys to `B`
            7:23: error[SM0103]: unknown model `Bee`
            7:37: error[SM0103]: unknown model `Lnk`
            8:6: error[SM0005]: a relation needs the key `link`
        "#]],
    );
}

#[test]
fn families_are_checked() {
    check(
        r#"
[model.A]
inheritance = { strategy = "single_table", discriminator = "kind", union_view = true, polymorphic = "by_type" }
tag = 1
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.B]
extends = "A"
key_name = "pk"
abstract = true
tag = "b"
[model.B.fields]
x = "i32"
[model.C]
extends = "B"
[model.C.fields]
x = "i64"
[model.D]
extends = "C"
tag = "c"
[model.E]
inheritance = { strategy = "concrete", discriminator = "kind" }
[model.E.fields]
id = { type = "i64", key = "auto" }
[model.F]
extends = "E"
tag = "f"
[model.G]
tag = "g"
[model.G.fields]
id = { type = "i64", key = "auto" }
[model.H]
inheritance = { }
"#,
        expect![[r#"
            3:81: error[SM0506]: `union_view` is for the concrete strategy
            3:101: error[SM0506]: `polymorphic` is for strategies with several tables
            4:7: error[SM0204]: the tag `1` does not fit its type
            9:12: error[SM0506]: `B` has no table of its own: its rows are in its root's table
            11:7: error[SM0505]: `B` cannot have a tag: it is abstract, and no row is of it
            17:1: error[SM0111]: `C` gets the field `x` twice
            20:7: error[SM0505]: `D` has the same tag as `C`
            22:56: error[SM0506]: the concrete strategy has no discriminator
            27:7: error[SM0505]: `F` cannot have a tag: it is in a family without discriminator
            29:7: error[SM0505]: `G` cannot have a tag: it is in no family with a discriminator
            33:15: error[SM0005]: `inheritance` needs the key `strategy`
        "#]],
    );
}

#[test]
fn a_child_without_a_table_is_one_of_a_joined_family() {
    check(
        r#"
[model.A]
inheritance = { strategy = "joined", discriminator = "kind" }
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.B]
extends = "A"
inheritance = { strategy = "single_table" }
table = "bs"
[model.C]
extends = "B"
key_name = "pk"
[model.D]
extends = "A"
inheritance = { strategy = "single_table", discriminator = "d" }
[model.E]
inheritance = { strategy = "concrete" }
[model.E.fields]
id = { type = "i64", key = "auto" }
[model.F]
extends = "E"
inheritance = { strategy = "single_table" }
[model.G]
extends = "B"
[model.G.fields]
e_id = { ref = "E", on_delete = "cascade" }
[model.H]
extends = "A"
[model.H.fields]
e_id = { ref = "E", on_delete = "cascade" }
"#,
        expect![[r#"
            9:9: error[SM0506]: `B` has no table of its own: its rows are in its base's table
            12:12: error[SM0506]: `C` has no table of its own: its rows are in its base's table
            15:15: error[SM0503]: `D` cannot choose a strategy: the root of its family does
            22:15: error[SM0503]: `F` cannot choose a strategy: the root of its family does
            30:33: error[SM0406]: a cascade into the table of `H` leaves half of its rows behind
        "#]],
    );
}

#[test]
fn a_number_discriminator_needs_numbers() {
    check(
        r#"
[model.A]
inheritance = { strategy = "joined", discriminator = "kind" }
tag = 1
[model.A.fields]
id = { type = "i64", key = "auto" }
kind = "i16"
[model.B]
extends = "A"
[model.C]
extends = "A"
tag = 40000
"#,
        expect![[r#"
            8:8: error[SM0505]: `B` has no tag
            12:7: error[SM0204]: the tag `40000` does not fit its type
        "#]],
    );
}

#[test]
fn an_enum_discriminator_needs_its_values() {
    check(
        r#"
[enum.Kind]
values = ["a", "b"]
[model.A]
inheritance = { strategy = "joined", discriminator = "kind" }
[model.A.fields]
id = { type = "i64", key = "auto" }
kind = "Kind"
[model.B]
extends = "A"
[model.Other]
extends = "A"
"#,
        expect![[r#"
            11:8: error[SM0205]: `other` is not a value of the enum `Kind`
        "#]],
    );
}

#[test]
fn bases_are_checked() {
    check(
        r#"
[abstract.A]
extends = "B"
[abstract.B]
extends = "A"
[abstract.C]
extends = "M"
[mixin.X.fields]
x = "i32"
[model.M]
extends = "X"
[model.N]
mixins = ["A"]
[model.N.fields]
id = { type = "i64", key = "auto" }
[model.O]
extends = "P"
[model.P]
extends = "O"
[model.Q]
extends = "C"
[model.Q.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            2:11: error[SM0502]: `A` extends itself: A -> B -> A
            7:11: error[SM0104]: `M` is a model; an abstract base extends another one
            11:11: error[SM0104]: `X` is a mixin, not a base
            13:11: error[SM0105]: `A` is an abstract base, not a mixin
            16:8: error[SM0502]: `O` extends itself: O -> P -> O
        "#]],
    );
}

#[test]
fn indexes_and_keys_name_fields_once() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
a = "i32"
[[model.A.unique]]
on = ["a", "a"]
[[model.A.unique]]
on = ["id"]
[[model.A.indexes]]
on = ["a", { column = "b" }, { sql = "a + 1" }, { order = "up" }]
[[model.A.indexes]]
on = [1]
[[model.A.checks]]
name = "positive"
sql = ""
[[model.A.checks]]
sql = "a > 0"
"#,
        expect![[r#"
            6:12: error[SM0208]: `a` is named twice
            7:1: warning[SM0315]: this adds nothing: the key is unique already
            10:23: error[SM0106]: `A` has no field `b`
            10:49: error[SM0005]: a part of an index needs the key `column`
            10:59: error[SM0007]: `up` is not a value of `order`
            12:7: error[SM0006]: `on` is an integer, expected a field, or a table such as `{ column = "name" }`
            15:7: error[SM0010]: `sql` is empty
            16:1: error[SM0005]: a check needs the key `name`
        "#]],
    );
}

#[test]
fn rules_are_checked_against_the_type() {
    check(
        r#"
[type.Age]
base = "i16"
validate = { min = 0 }
[model.A.fields]
id = { type = "i64", key = "auto" }
a = { type = "Age", validate = { max = 40000 } }
b = { type = "Age", default = -1 }
c = { type = "text", validate = { format = "mail", min_len = 3, max_len = 2 } }
d = { type = "decimal(4,2)", validate = { above = "1.00", below = 1 } }
e = { type = "i32", validate = { multiple_of = 0, one_of = [] } }
f = { type = "i32[]", validate = { min = 1, min_len = 1 } }
g = { type = "text", validate = { format = "email" }, check = true }
"#,
        expect![[r#"
            7:40: error[SM0204]: a bound `40000` does not fit its type
            8:31: error[SM0212]: the default of `b` does not meet its own rules
            9:44: error[SM0007]: `mail` is not a value of `format`
            9:62: error[SM0210]: no value can meet these two rules
            10:51: error[SM0210]: no value can meet these two rules
            11:48: error[SM0011]: the number of `multiple_of` is positive
            11:60: error[SM0010]: `one_of` is empty
            12:42: error[SM0209]: `min` does not apply to this type
            13:55: error[SM0211]: the rules of `g` cannot be checked in SQL
        "#]],
    );
}

#[test]
fn variants_are_checked() {
    check(
        r#"
[model.A]
variants = { create = { omit = ["nam"] }, delete = true, update = { only = ["name"], name = "a_change" } }
[model.A.fields]
id = { type = "i64", key = "auto" }
name = "text"
[model.ACreate.fields]
id = { type = "i64", key = "auto" }
[model.B]
variants = ["create", "create", "publc"]
[model.B.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            3:33: error[SM0106]: `A` has no field `nam`
            3:43: error[SM0007]: `delete` is not a kind of variant
            3:93: error[SM0107]: the name of a variant is in UpperCamelCase, and `a_change` is not
            7:8: error[SM0110]: `ACreate` would be two things in Rust
            10:23: error[SM0208]: `B` has this variant twice
            10:33: error[SM0007]: `publc` is not a value of `variants`
        "#]],
    );
}

#[test]
fn enums_are_checked() {
    check(
        r#"
[enum.A]
values = ["a", "A"]
[enum.B]
values = ["1st"]
[enum.C]
storage = "int"
values = [{ name = "X", value = 1 }, { name = "Y", value = 1 }]
[enum.D]
values = [{ value = "x" }, 1]
[enum.E]
storage = "native"
values = [{ name = "inUse" }]
[model.M.fields]
id = { type = "i64", key = "auto" }
a = { type = "A", default = "x" }
b = "B"
c = "C"
d = "D"
e = "E"
"#,
        expect![[r#"
            3:16: error[SM0208]: the enum `A` has `A` twice
            5:11: error[SM0107]: no name of a Rust variant can be made of "1st"
            8:38: error[SM0208]: the enum `C` has `1` twice
            10:11: error[SM0005]: an enum value needs the key `name`
            10:28: error[SM0006]: `values` is an integer, expected a string, or a table such as `{ name = "Archived", value = "arch" }`
            13:20: error[SM0107]: the name of an enum value is in UpperCamelCase, and `inUse` is not
        "#]],
    );
}

#[test]
fn a_broken_file_takes_nothing_else_with_it() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
team_id = { ref = "Team }
[model.Team.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            4:26: error[SM0001]: invalid TOML: invalid basic string, expected `"`
        "#]],
    );
}

#[test]
fn every_broken_part_of_a_file_is_reported() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
team_id = { ref = "Team }
[model.Team.fields]
id = { type = "i64", key = "auto" }
[model.Badge.fields]
id = { type = "i64", key = "auto" }
name = text
[model.Other.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            4:26: error[SM0001]: invalid TOML: invalid basic string, expected `"`
            9:8: error[SM0001]: invalid TOML: invalid boolean, expected `true`
        "#]],
    );
}

#[test]
fn a_key_that_comes_twice_is_one_mistake() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text"
name = "text(80)"
"#,
        expect![[r#"
            5:1: error[SM0001]: invalid TOML: `name` is given twice
        "#]],
    );
}

#[test]
fn version_and_generated_exclude_what_writes_them() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
a = { type = "i64", version = true, default = 1 }
b = { type = "i64", generated = "a", default = 1 }
c = { type = "i64", generated = { stored = true } }
d = { ref = "A", json = "crate::X" }
e = { type = "text", json = "crate::X" }
f = { json = "crate x" }
g = { type = "i32", collation = "C" }
h = { type = "text", sql_type = "mediumtext" }
"#,
        expect![[r#"
            4:47: error[SM0009]: `version` and `default` exclude each other
            5:48: error[SM0009]: `generated` and `default` exclude each other
            6:33: error[SM0005]: a generated column needs the key `sql`
            7:25: error[SM0009]: `ref` and `json` exclude each other
            8:14: error[SM0009]: `e` is encoded as JSON, and its type is `text`
            9:14: error[SM0118]: `crate x` is not a Rust path
            10:33: error[SM0009]: `g` is no text, and has no collation
            11:33: error[SM0214]: one SQL type for all dialects cannot be right for each
        "#]],
    );
}

#[test]
fn rules_are_read_as_conditions() {
    check(
        r#"
[enum.E]
values = ["a", "b"]
[type.T]
base = "text(80)"
[model.M.fields]
id = { type = "i64", key = "auto" }
n = "i16?"
d = "decimal(4,2)"
f = "f64"
t = "text(80)?"
named = "T"
e = "E"
day = "date"
flag = "bool"
list = "i32[]"
j = "json"
[[model.M.rules]]
name = "r0"
expr = "n is null or n > 0"
message = "no"
[[model.M.rules]]
name = "r1"
expr = "not flag and (d >= 1.5 or d = 2)"
message = "no"
[[model.M.rules]]
name = "r2"
expr = "length(t) + length(list) * 2 < 100000"
message = "no"
[[model.M.rules]]
name = "r3"
expr = "e in ('a', 'b') and e <> 'b'"
message = "no"
[[model.M.rules]]
name = "r4"
expr = "day > '2024-02-29'"
message = "no"
[[model.M.rules]]
name = "r5"
expr = "named not in ('x', 'it''s')"
message = "no"
[[model.M.rules]]
name = "r6"
expr = "-n < n % 2"
message = "no"
[[model.M.rules]]
name = "r7"
expr = "f / 2.5 > 1"
message = "no"
[[model.M.rules]]
name = "r8"
expr = "t = named"
message = "no"
[[model.M.rules]]
name = "r9"
expr = "NOT (t IS NOT NULL)"
message = "no"
[[model.M.rules]]
name = "r10"
expr = "1 < 2"
message = "no"
[[model.M.rules]]
name = "r11"
expr = "flag"
message = "no"
"#,
        expect![],
    );
}

#[test]
fn rules_with_mistakes_are_pointed_at() {
    check(
        r#"
[enum.E]
values = ["a", "b"]
[type.T]
base = "text(80)"
[model.M.fields]
id = { type = "i64", key = "auto" }
n = "i16?"
d = "decimal(4,2)"
f = "f64"
t = "text(80)?"
named = "T"
e = "E"
day = "date"
flag = "bool"
list = "i32[]"
j = "json"
[[model.M.rules]]
name = "r0"
expr = "n >"
message = "no"
[[model.M.rules]]
name = "r1"
expr = "n"
message = "no"
[[model.M.rules]]
name = "r2"
expr = "nn > 1"
message = "no"
[[model.M.rules]]
name = "r3"
expr = "n > 'x'"
message = "no"
[[model.M.rules]]
name = "r4"
expr = "n > d"
message = "no"
[[model.M.rules]]
name = "r5"
expr = "e = 'c'"
message = "no"
[[model.M.rules]]
name = "r6"
expr = "day > '2024-02-30'"
message = "no"
[[model.M.rules]]
name = "r7"
expr = "j = 'x'"
message = "no"
[[model.M.rules]]
name = "r8"
expr = "j is null"
message = "no"
[[model.M.rules]]
name = "r9"
expr = "list = 1"
message = "no"
[[model.M.rules]]
name = "r10"
expr = "flag > true"
message = "no"
[[model.M.rules]]
name = "r11"
expr = "t like 'x'"
message = "no"
[[model.M.rules]]
name = "r12"
expr = "length(n) > 1"
message = "no"
[[model.M.rules]]
name = "r13"
expr = "(n > 1"
message = "no"
[[model.M.rules]]
name = "r14"
expr = "n > 1)"
message = "no"
[[model.M.rules]]
name = "r15"
expr = "t = 'x"
message = "no"
[[model.M.rules]]
name = "r16"
expr = "n in ()"
message = "no"
[[model.M.rules]]
name = "r17"
expr = "n is 1"
message = "no"
[[model.M.rules]]
name = "r18"
expr = "n = null"
message = "no"
[[model.M.rules]]
name = "r19"
expr = "n ? 1"
message = "no"
[[model.M.rules]]
name = "r20"
expr = "-t = 'x'"
message = "no"
[[model.M.rules]]
name = "r21"
expr = "not n"
message = "no"
[[model.M.rules]]
name = "r22"
expr = "n and flag"
message = "no"
[[model.M.rules]]
name = "r23"
expr = "n + d > 1"
message = "no"
[[model.M.rules]]
name = "r24"
expr = "length(t)"
message = "no"
"#,
        expect![[r#"
            20:12: error[SM0601]: the rule cannot be read
            24:9: error[SM0602]: the operands of the rule do not go together
            28:9: error[SM0106]: `M` has no field `nn`
            32:9: error[SM0602]: the operands of the rule do not go together
            36:9: error[SM0602]: the operands of the rule do not go together
            40:13: error[SM0205]: `c` is not a value of the enum `E`
            44:15: error[SM0204]: the constant `'2024-02-30'` does not fit its type
            48:9: error[SM0602]: the operands of the rule do not go together
            56:9: error[SM0602]: the operands of the rule do not go together
            60:9: error[SM0602]: the operands of the rule do not go together
            64:11: error[SM0601]: the rule cannot be read
            68:16: error[SM0602]: the operands of the rule do not go together
            72:15: error[SM0601]: the rule cannot be read
            76:14: error[SM0601]: the rule cannot be read
            80:13: error[SM0601]: the rule cannot be read
            84:15: error[SM0601]: the rule cannot be read
            88:14: error[SM0601]: the rule cannot be read
            92:13: error[SM0601]: the rule cannot be read
            96:11: error[SM0601]: the rule cannot be read
            100:9: error[SM0602]: the operands of the rule do not go together
            104:13: error[SM0602]: the operands of the rule do not go together
            108:9: error[SM0602]: the operands of the rule do not go together
            112:9: error[SM0602]: the operands of the rule do not go together
            116:9: error[SM0602]: the operands of the rule do not go together
        "#]],
    );
}

#[test]
fn a_deep_rule_is_refused() {
    check(
        r#"
[enum.E]
values = ["a", "b"]
[type.T]
base = "text(80)"
[model.M.fields]
id = { type = "i64", key = "auto" }
n = "i16?"
d = "decimal(4,2)"
f = "f64"
t = "text(80)?"
named = "T"
e = "E"
day = "date"
flag = "bool"
list = "i32[]"
j = "json"
[[model.M.rules]]
name = "r0"
expr = "((((((((((((((((((((((((((((((((((((((((flag))))))))))))))))))))))))))))))))))))))))"
message = "no"
[[model.M.rules]]
name = "r1"
expr = "flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag and flag"
message = "no"
"#,
        expect![[r#"
            20:41: error[SM0601]: the rule cannot be read
            24:1161: error[SM0601]: the rule cannot be read
        "#]],
    );
}

#[test]
fn what_a_query_returns_goes_with_its_statement() {
    check(
        r#"
[model.Tag.fields]
id = { type = "i64", key = "auto" }
label = { type = "text(40)", unique = true }

[[query]]
name = "add_tag"
returns = "one"
dialects = ["sqlite", "postgres"]
sql = "INSERT INTO tag (label) VALUES (:label) ON CONFLICT (label) DO NOTHING RETURNING id"

[[query]]
name = "labels"
returns = "scalar"
sql = "SELECT id, label FROM tag"

[[query]]
name = "rename"
returns = "last_id"
sql = "UPDATE tag SET label = :label WHERE id = :id"
"#,
        expect![[r#"
            8:11: error[SM0717]: `one` wants a row, and a row that is there already returns none
            14:11: error[SM0717]: `scalar` is one column, and the query has 2
            19:11: error[SM0717]: `last_id` is the key of a new row whose table counts it up, and this is none
        "#]],
    );
}

#[test]
fn a_relation_without_a_name_is_one_mistake_although_its_inverse_has_one() {
    check(
        r#"
[model.Team.fields]
id = { type = "i64", key = "auto" }
[model.Hero.fields]
id = { type = "i64", key = "auto" }
team = { ref = "Team", inverse = "heroes" }
boss_id = { ref = "Hero?", relation = false, inverse = "minions" }
"#,
        expect![[r#"
            6:1: error[SM0402]: the relation of `team` has no name
            7:56: error[SM0402]: the inverse `minions` has no relation to be the other side of
        "#]],
    );
}

#[test]
fn names_that_differ_in_case_only_are_one_mistake() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
Name = "text(80)"
other = { type = "text(80)", column = "NAME" }
Order = "i32"
[model.Villain]
table = "HERO"
[model.Villain.fields]
id = { type = "i64", key = "auto" }
name = { type = "text(80)", unique = true }
[model.HTTPServer.fields]
id = { type = "i64", key = "auto" }
[model.HttpServer.fields]
id = { type = "i64", key = "auto" }
[model.team.fields]
id = { type = "i64", key = "auto" }
[model.Team.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            5:1: error[SM0107]: the name of a field is in snake_case, and `Name` is not
            6:39: error[SM0113]: the table `hero` gets the column `NAME` twice
            7:1: error[SM0107]: the name of a field is in snake_case, and `Order` is not
            9:9: error[SM0112]: the table `HERO` is declared twice
            15:8: error[SM0110]: `HttpServer` and another model are both `http_server` in snake_case
            17:8: error[SM0107]: the name of a model is in UpperCamelCase, and `team` is not
        "#]],
    );
}

#[test]
fn several_auto_keys_are_one_mistake() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
no = { type = "i64", key = "auto" }
[model.Team.fields]
id = { type = "i64", key = "auto" }
no = { type = "i64", key = "auto" }
nr = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            4:1: error[SM0303]: `Hero` has two `auto` keys
            7:1: error[SM0303]: `Team` has several `auto` keys
        "#]],
    );
}

#[test]
fn mixins_lead_to_an_end_and_are_named_once() {
    check(
        r#"
[mixin.A]
mixins = ["A"]
[mixin.A.fields]
a = "i32"
[mixin.B]
mixins = ["C"]
[mixin.B.fields]
b = "i32"
[mixin.C]
mixins = ["D", "D"]
[mixin.C.fields]
c = "i32"
[mixin.D]
mixins = ["B"]
[mixin.D.fields]
d = "i32"
[model.Hero]
mixins = ["A", "B", "A"]
[model.Hero.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            2:8: error[SM0502]: `A` includes itself: A -> A
            6:8: error[SM0502]: `B` includes itself: B -> C -> D -> B
            11:16: error[SM0208]: the mixin `D` is named twice
            19:21: error[SM0208]: the mixin `A` is named twice
        "#]],
    );
    let chain: String = (0..40)
        .map(|at| format!("[mixin.M{at}]\nmixins = [\"M{}\"]\n", at + 1))
        .collect();
    check(
        &format!(
            "{chain}[mixin.M40.fields]\na = \"i32\"\n[model.Hero]\nmixins = [\"M0\"]\n[model.Hero.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\n"
        ),
        expect![[r#"
            17:8: error[SM0502]: `M8` has more than 32 mixins below one another
        "#]],
    );
}

#[test]
fn an_earlier_name_is_free_now_and_was_of_one_thing() {
    check(
        r#"
[mixin.Named.fields]
title = { type = "text(80)", renamed_from = "name" }
[model.Hero]
mixins = ["Named"]
renamed_from = "villain"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
alias = { type = "text(80)", renamed_from = "nick" }
other = { type = "text(80)", renamed_from = "nick" }
left = { type = "text(80)", renamed_from = "right" }
right = { type = "text(80)", renamed_from = "left" }
[model.Villain]
mixins = ["Named"]
[model.Villain.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
[model.Team]
renamed_from = "team"
[model.Team.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            3:45: error[SM0216]: there is a column `name` still
            6:16: error[SM0216]: there is a table `villain` still
            11:45: error[SM0216]: two columns are renamed from `nick`
            12:1: warning[SM0109]: `left` is a reserved word of PostgreSQL and MySQL
            13:1: warning[SM0109]: `right` is a reserved word of PostgreSQL and MySQL
            20:16: error[SM0216]: `team` is renamed from itself
        "#]],
    );
}

#[test]
fn rust_types_are_named_with_their_crate() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
a = { json = "Settings" }
b = { type = "text", rust = "Money" }
c = { json = "Vec<crate::Tag>" }
d = { type = "i64", rust = "u32" }
e = { json = "::my_crate::Settings" }
f = { json = "String" }
"#,
        expect![[r#"
            4:14: error[SM0118]: `Settings` is a type of no crate
            5:29: error[SM0118]: `Money` is a type of no crate
            6:14: error[SM0118]: `Vec<crate::Tag>` is not a Rust path
        "#]],
    );
}

#[test]
fn decimals_are_no_floats() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
a = { type = "decimal(4,2)", default = 0.5 }
b = { type = "decimal(4,2)", default = "0.5", validate = { min = 0.25, max = 9 } }
c = { type = "decimal(4,2)", default = -1 }
d = { type = "decimal(4,2)", default = 1e3 }
[[model.Hero.rules]]
name = "b_large"
expr = "b > 0.25"
message = "b is too small"
"#,
        expect![[r#"
            4:40: error[SM0204]: the default `0.5` does not fit its type
            5:66: error[SM0204]: a bound `0.25` does not fit its type
            7:40: error[SM0204]: the default `1e3` does not fit its type
        "#]],
    );
}

#[test]
fn help_never_suggests_a_keyword() {
    let compiled = compile_text(
        r#"
[model.Team.fields]
id = { type = "i64", key = "auto" }
[model.Hero.fields]
id = { type = "i64", key = "auto" }
team_id = { ref = "Team", inverse = "as_" }
type_ = "i32"
Self = "i32"
"#,
    );
    let helps: Vec<&str> = compiled
        .compilation
        .diagnostics
        .into_iter()
        .filter_map(|it| it.help.as_deref())
        .collect();
    expect![[r#"
        choose another name
        choose another name; the column may keep it: `type_of = { .., column = "type_" }`
        choose another name; the column may keep it: `self_of = { .., column = "Self" }`"#]]
    .assert_eq(&helps.join("\n"));
}

#[test]
fn what_an_unknown_mixin_or_base_may_bring_is_not_missed() {
    check(
        r#"
[mixin.Known]
mixins = ["Nope"]
[mixin.Known.fields]
a = "i32"
[abstract.Base]
extends = "Nothing"
[abstract.Base.fields]
b = "i32"
[model.Hero]
mixins = ["Known"]
[model.Hero.fields]
id = { type = "i64", key = "auto" }
[[model.Hero.unique]]
on = ["name"]
[[model.Hero.checks]]
name = "named"
sql = "name <> ''"
[model.Team]
extends = "Base"
[[model.Team.indexes]]
on = ["name"]
"#,
        expect![[r#"
            3:11: error[SM0105]: unknown mixin `Nope`
            7:11: error[SM0104]: unknown base `Nothing`
        "#]],
    );
}

#[test]
fn a_misspelt_key_is_not_missing_as_well() {
    check(
        r#"
[model.Post.fields]
id = { typ = "i64", key = true }
body = { sort = "long" }
[model.Post.relations]
tags = { many = "Tag", through = "PostTag" }
[[model.Post.indexes]]
fields = ["id"]
[[model.Post.checks]]
sqll = "id > 0"
"#,
        expect![[r#"
            3:8: error[SM0004]: unknown key `typ` in a field
            4:1: error[SM0005]: the field `body` has no type
            4:10: error[SM0004]: unknown key `sort` in a field
            6:10: error[SM0004]: unknown key `many` in a relation
            6:24: error[SM0004]: unknown key `through` in a relation
            8:1: error[SM0004]: unknown key `fields` in an index
            9:1: error[SM0005]: a check needs the key `name`
            10:1: error[SM0004]: unknown key `sqll` in a check
        "#]],
    );
}

#[test]
fn a_reference_that_is_set_to_null_and_cannot_be_is_no_circle_as_well() {
    check(
        r#"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
mentor_id = { ref = "Hero", on_delete = "set_null" }
"#,
        expect![[r#"
            4:41: error[SM0306]: `on_delete = "set_null"`, and `mentor_id` cannot be null
        "#]],
    );
}

#[test]
fn a_default_that_looks_like_a_call_is_answered_with_the_function() {
    let compiled = compile_text(
        r#"
[model.Hero.fields]
id = { type = "uuid", key = true, default = "uuid_v7()" }
at = { type = "timestamp", default = "CURRENT_TIMESTAMP" }
born = { type = "date", default = "tomorrow" }
"#,
    );
    let helps: Vec<&str> = compiled
        .compilation
        .diagnostics
        .into_iter()
        .filter_map(|it| it.help.as_deref())
        .collect();
    expect![[r#"
        write `default = { fn = "uuid_v7" }` for what the function gives
        write `default = { fn = "now" }` for what the function gives
        write a date such as `2024-02-29`"#]]
    .assert_eq(&helps.join("\n"));
}

#[test]
fn what_a_misspelt_mixin_or_base_meant_is_not_unused() {
    check(
        r#"
[mixin.Time.fields]
at = "timestamp"
[abstract.Entity.fields]
n = "i64"
[model.A]
extends = "Entty"
mixins = ["Tmie"]
[model.A.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            7:11: error[SM0104]: unknown base `Entty`
            8:11: error[SM0105]: unknown mixin `Tmie`
        "#]],
    );
}

#[test]
fn what_no_database_takes_of_a_mixin_is_reported_once_for_all_models() {
    check(
        r#"
[mixin.X.fields]
a = { type = "text", index = true }
[model.A]
mixins = ["X"]
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.B]
mixins = ["X"]
[model.B.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            3:22: error[SM0313]: index `ix_a_a`: MySQL has no key or index of `a`, whose type text has no limit
        "#]],
    );
}

#[test]
fn a_name_that_was_reported_is_not_reported_for_each_database() {
    check(
        r#"
[model.A]
table = ""
[model.A.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            3:9: error[SM0116]: the name of a table cannot be ""
        "#]],
    );
}

#[test]
fn a_misspelt_field_has_no_alias_of_another() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
b__c = "i64"
[model.B]
table = "a__b"
[model.B.fields]
id = { type = "i64", key = "auto" }
c = "i64"
"#,
        expect![[r#"
            4:1: error[SM0107]: the name of a field is in snake_case, and `b__c` is not
        "#]],
    );
}

#[test]
fn a_reference_with_a_type_needs_no_name_for_its_relation() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.B.fields]
id = { type = "i64", key = "auto" }
a = { type = "i64", ref = "A" }
"#,
        expect![[r#"
            6:14: error[SM0009]: `ref` and `type` exclude each other
        "#]],
    );
}

#[test]
fn a_unique_key_that_is_there_twice_is_to_be_removed() {
    let compiled = compile_text(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
b = "i64"
[[model.A.unique]]
on = ["b"]
[[model.A.unique]]
on = ["b"]
"#,
    );
    let helps = compiled.compilation.diagnostics.into_iter();
    let helps: Vec<_> = helps.map(|it| (it.code.id, it.help.as_deref())).collect();
    assert_eq!(helps, [("SM0114", Some("remove one of the two"))]);
}

#[test]
fn a_collation_names_its_dialect() {
    check(
        r#"
[model.A.fields]
id = { type = "i64", key = "auto" }
b = { type = "text(3)", collation = "C" }
"#,
        expect![[r#"
            4:37: error[SM0214]: one collation for all dialects cannot be right for each
        "#]],
    );
}

#[test]
fn what_a_foreign_key_compares_is_of_one_type_and_collation() {
    check(
        r#"
[model.Order]
table = "orders"
[model.Order.fields]
region = { type = "text(8)", key = true, collation = { mysql = "ascii_bin" } }
number = { type = "i64", key = true, sql_type = { mysql = "int unsigned" } }
[model.Line.fields]
id = { type = "i64", key = "auto" }
region = { type = "text(8)", collation = { mysql = "utf8mb4_bin" } }
number = "i64"
[[model.Line.foreign_keys]]
on = ["region", "number"]
ref = "Order"
[model.Item.fields]
id = { type = "i64", key = "auto" }
region = "text(8)"
number = { type = "i64", sql_type = { mysql = "INT" } }
[[model.Item.foreign_keys]]
on = ["region", "number"]
ref = "Order"
[model.Word.fields]
text = { type = "text(8)", key = true, sql_type = { postgres = "citext", mysql = "char(8)" } }
[model.Mention.fields]
id = { type = "i64", key = "auto" }
word_id = { ref = "Word", sql_type = { postgres = "text", mysql = "varchar(20)" } }
"#,
        expect![[r#"
            11:1: error[SM0309]: `line.region` and `orders.region` have different collations on MySQL
            18:1: error[SM0309]: `item.number` and `orders.number` have different types on MySQL
            25:1: error[SM0309]: `mention.word_id` and `word.text` have different types on PostgreSQL
        "#]],
    );
}

#[test]
fn a_child_hides_no_column_of_its_bases() {
    check(
        r#"
[model.A]
inheritance = { strategy = "joined", discriminator = "kind" }
[model.A.fields]
id = { type = "i64", key = "auto" }
name = "text(20)"

[model.B]
extends = "A"
[model.B.fields]
title = { type = "text(20)", column = "name" }
free = "i32"

[model.C]
extends = "B"
[model.C.fields]
kind = "i32"

[model.F]
extends = "A"
[model.F.fields]
f = "i32"
[model.D]
extends = "F"
inheritance = { strategy = "single_table" }
[model.D.fields]
label = { type = "text(20)", column = "Name" }

[model.E]
extends = "A"
[model.E.fields]
key = { type = "i64", column = "id" }
free = "i32"
"#,
        expect![[r#"
            11:39: error[SM0113]: the column `name` of `B` hides that of its base's table `a`
            17:1: error[SM0113]: the column `kind` of `C` hides that of its base's table `a`
            27:39: error[SM0113]: the column `Name` of `D` hides that of its base's table `a`
            32:32: error[SM0113]: the table `e` gets the column `id` twice
        "#]],
    );
}

#[test]
fn the_version_of_a_family_is_in_its_root() {
    check(
        r#"
[mixin.Versioned.fields]
version = { type = "i64", version = true }

[model.A]
inheritance = { strategy = "joined", discriminator = "kind" }
[model.A.fields]
id = { type = "i64", key = "auto" }
[model.B]
extends = "A"
mixins = ["Versioned"]
[model.C]
extends = "A"
mixins = ["Versioned"]

[model.S]
inheritance = { strategy = "single_table", discriminator = "kind" }
[model.S.fields]
id = { type = "i64", key = "auto" }
[model.T]
extends = "S"
[model.T.fields]
revision = { type = "i32", version = true }

[model.X]
inheritance = { strategy = "concrete" }
[model.X.fields]
id = { type = "i64", key = true }
[model.Y]
extends = "X"
[model.Y.fields]
revision = { type = "i32", version = true }
"#,
        expect![[r#"
            3:1: error[SM0311]: `B` cannot have a version: that of its family is in `A`
            23:1: error[SM0311]: `T` cannot have a version: that of its family is in `S`
        "#]],
    );
}

#[test]
fn no_table_has_the_name_of_a_base_in_a_statement() {
    check(
        r#"
[model.B]
inheritance = { strategy = "joined", discriminator = "kind" }
[model.B.fields]
id = { type = "i64", key = "auto" }
[model.A]
extends = "B"
[model.A.fields]
name = "text"
[model.Other]
table = "a__b"
[model.Other.fields]
id = { type = "i64", key = "auto" }
"#,
        expect![[r#"
            6:8: error[SM0117]: the table `b` under `a` has the same alias as the table `a__b`: `a__b`
        "#]],
    );
}

#[test]
fn tables_of_bases_are_told_apart_after_postgresql_cuts_their_names() {
    let long = "a_table_whose_name_is_so_long_that_a_second_one_does_not_fit";
    check(
        &format!(
            r#"
[model.A]
table = "base_of_many_things_one"
inheritance = {{ strategy = "joined", discriminator = "kind" }}
[model.A.fields]
id = {{ type = "i64", key = "auto" }}
[model.B]
table = "base_of_many_things_two"
extends = "A"
[model.B.fields]
b = "i32"
[model.C]
table = "{long}"
extends = "B"
[model.C.fields]
c = "i32"
"#
        ),
        expect![[r#"
            13:9: error[SM0117]: the table `base_of_many_things_two` under `a_table_whose_name_is_so_long_that_a_second_one_does_not_fit` has the same alias as the table `base_of_many_things_one` under `a_table_whose_name_is_so_long_that_a_second_one_does_not_fit`: `a_table_whose_name_is_so_long_that_a_second_one_does_not_fit__b`
        "#]],
    );
}

#[test]
fn tables_keys_indexes_and_types_share_their_names_where_a_database_has_it_so() {
    check(
        r#"
[enum.Kind]
storage = "native"
values = ["a"]
[enum.Sort]
storage = "native"
sql_name = "sort_type"
values = ["a"]
[enum.Other]
storage = "native"
sql_name = "sort_type"
values = ["b"]
[enum.Text]
sql_name = "hero"
values = ["c"]
[enum.Box]
storage = "native"
values = ["d"]
[model.Hero]
key_name = "kind"
[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = { type = "text(8)", unique = "team" }
alias = { type = "text(8)", index = "Hero_id_seq" }
sort = "Sort"
other = "Other"
kind = "Kind"
text = "Text"
crate_box = "Box"
team_id = { ref = "Team" }
[[model.Hero.checks]]
name = "team"
sql = "name <> ''"
[model.Kind2]
table = "kind"
[model.Kind2.fields]
id = { type = "i64", key = "auto" }
[model.Team.fields]
id = { type = "i64", key = "auto" }
[model.Seq]
table = "hero_id_seq"
[model.Seq.fields]
id = { type = "i64", key = "auto" }
[view.Names]
sql = "SELECT name FROM hero"
[model.Last.fields]
id = { type = "i64", key = "auto" }
n = { type = "i64", index = "names" }
"#,
        expect![[r#"
            2:7: error[SM0114]: the type `kind` would have the name of the table `kind`
            11:12: error[SM0114]: two enums would be the type `sort_type`
            16:7: error[SM0114]: the type `box` is one that PostgreSQL brings
            20:12: error[SM0114]: primary key would have the name of the table `kind`
            22:1: error[SM0114]: the counter of `hero.id` would have the name of the table `hero_id_seq`
            23:28: error[SM0114]: unique key `team` would have the name of the table `team`
            24:29: error[SM0114]: index `Hero_id_seq` would have the name of the table `hero_id_seq`
            48:21: error[SM0114]: index `names` would have the name of the table `names`
        "#]],
    );
}

#[test]
fn types_below_one_another_have_an_end() {
    let chain: String = (0..40)
        .map(|n| format!("[type.B{n}]\nbase = \"B{}\"\n", n + 1))
        .collect();
    check(
        &format!(
            r#"
[model.A.fields]
id = {{ type = "i64", key = "auto" }}
b = "B0"
{chain}
[type.B40]
base = "i32"
"#
        ),
        expect![[r#"
            5:7: error[SM0502]: `B0` has more than 32 types below one another as base
        "#]],
    );
}

#[test]
fn a_key_of_several_columns_is_told_which_of_them_is_not_null() {
    let compiled = compile_text(
        r#"
[model.O.fields]
a = { type = "i64", key = true }
b = { type = "i64", key = true }
[model.P.fields]
id = { type = "i64", key = "auto" }
a = "i64?"
b = "i64"
[[model.P.foreign_keys]]
on = ["a", "b"]
ref = "O"
on_delete = "set_null"
"#,
    );
    let found: Vec<_> = compiled.compilation.diagnostics.into_iter().collect();
    let [only] = &*found else { panic!("{found:?}") };
    assert_eq!(
        only.help.as_deref(),
        Some("allow null: write `?` behind the type of `b`, or choose `cascade` or `restrict`")
    );
}
