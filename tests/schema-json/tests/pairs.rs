//! Keys that exclude each other: what the compiler refuses together, the JSON Schema refuses, and nothing else.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;
use sqlmodel_gen::compile;
use sqlmodel_gen::source::SourceMap;

/// Each key of a field with a value of its own; a key that takes values of different meaning comes once for each.
const OF_FIELD: &[(&str, &str)] = &[
    ("type", "\"i64\""),
    ("ref", "\"B?\""),
    ("json", "\"crate::Settings\""),
    ("check", "true"),
    ("collation", "{ mysql = \"utf8mb4_bin\" }"),
    ("column", "\"other\""),
    ("comment", "\"A comment.\""),
    ("constraint", "\"fk\""),
    ("default", "1"),
    ("deferrable", "true"),
    ("doc", "\"A field.\""),
    ("generated", "\"1\""),
    ("hidden", "false"),
    ("hidden", "true"),
    ("identity", "\"always\""),
    ("index", "true"),
    ("inverse", "\"others\""),
    ("key", "\"auto\""),
    ("key", "false"),
    ("key", "true"),
    ("on_delete", "\"cascade\""),
    ("on_update", "{ sql = \"1\" }"),
    ("relation", "false"),
    ("renamed_from", "\"old\""),
    ("rust", "\"crate::Number\""),
    ("sql_type", "{ mysql = \"bigint\" }"),
    ("unique", "false"),
    ("unique", "true"),
    ("validate", "{ min = 1 }"),
    ("version", "false"),
    ("version", "true"),
    ("write", "\"insert\""),
];

fn validator() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/sqlmodel.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
}

fn is_accepted(validator: &Validator, text: &str) -> bool {
    let table: toml::Table = text.parse().unwrap();
    // The texts have no dates, which JSON has not either.
    let document: Value = serde_json::to_value(table).unwrap();
    validator.is_valid(&document)
}

/// Returns whether the compiler says of a text that keys exclude each other, or that one is missing beside another.
fn excludes(text: &str) -> bool {
    let mut sources = SourceMap::new();
    sources.add("models.toml", text);
    let diagnostics = compile(&sources, &Default::default()).diagnostics;
    diagnostics.into_iter().any(|it| {
        match it.code.id {
            // A collation of what is no text is a matter of types.
            "SM0009" => !it.message.contains("collation"),
            "SM0308" | "SM0506" | "SM0721" => true,
            _ => false,
        }
    })
}

#[test]
fn pairs_of_keys_of_a_field_are_refused_as_the_compiler_does() {
    let validator = validator();
    let mut wrong = Vec::new();
    let mut n_excluded = 0;
    for (at, (first, first_value)) in OF_FIELD.iter().enumerate() {
        for (second, second_value) in OF_FIELD.iter().skip(at + 1).filter(|(it, _)| it != first) {
            let has_type =
                ["type", "ref", "json"].contains(first) || ["ref", "json"].contains(second);
            let ty = if has_type { "" } else { "type = \"i64\", " };
            let text = format!(
                "[model.B.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\n\
                 [model.A.fields]\nid = {{ type = \"i64\", key = true }}\n\
                 x_id = {{ {ty}{first} = {first_value}, {second} = {second_value} }}\n"
            );
            let is_excluded = excludes(&text);
            n_excluded += usize::from(is_excluded);
            if is_excluded == is_accepted(&validator, &text) {
                wrong.push(format!(
                    "{first} = {first_value}, {second} = {second_value}: the compiler says {is_excluded}"
                ));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(n_excluded > 100, "{n_excluded}");
}

#[test]
fn pairs_of_keys_elsewhere_are_refused_as_the_compiler_does() {
    let validator = validator();
    let model = |rest: &str| {
        format!(
            "[model.A.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\nname = \"text(80)\"\n{rest}\n"
        )
    };
    let default = |value: &str| model(&format!("x = {{ type = \"json\", default = {value} }}"));
    let part = |part: &str| {
        model(&format!(
            "[[model.A.indexes]]\non = [{{ {part} }}]\ndialects = [\"sqlite\"]"
        ))
    };
    let variant = |keys: &str| model(&format!("[model.A.variants]\npublic = {{ {keys} }}"));
    let family = |keys: &str| {
        model(&format!(
            "[model.A.inheritance]\n{keys}\n[model.B]\nextends = \"A\"\n[model.B.fields]\nx = \"i32\""
        ))
    };
    let query = |keys: &str| model(&format!("[[query]]\nname = \"found\"\n{keys}"));
    let all = "sql = \"SELECT * FROM a WHERE id > :id\"";
    let ordered = "sql = \"SELECT id FROM a WHERE id > :id ORDER BY /*order*/ id /*end*/\"\norder = { by_id = \"id\" }";
    let raw = "sql = \"SELECT id FROM a\"\nraw = true\ncolumns = { id = \"i64\" }";
    let cases = [
        (default("{ json = \"1\" }"), true),
        (default("{ json = \"1\", sql = \"'1'\" }"), false),
        (default("{ fn = \"now\", sql = \"'1'\" }"), false),
        (part("column = \"name\""), true),
        (part("sql = \"lower(name)\""), true),
        (part("column = \"name\", sql = \"lower(name)\""), false),
        (variant("only = [\"name\"]"), true),
        (variant("omit = [\"name\"]"), true),
        (variant("only = [\"id\"], omit = [\"name\"]"), false),
        (
            family("strategy = \"joined\"\ndiscriminator = \"kind\"\npolymorphic = \"by_type\""),
            true,
        ),
        (
            family(
                "strategy = \"single_table\"\ndiscriminator = \"kind\"\npolymorphic = \"by_type\"",
            ),
            false,
        ),
        (family("strategy = \"concrete\"\nunion_view = true"), true),
        (
            family("strategy = \"joined\"\ndiscriminator = \"kind\"\nunion_view = true"),
            false,
        ),
        (
            family("strategy = \"concrete\"\ndiscriminator = \"kind\""),
            false,
        ),
        (query(&format!("{all}\npage = {{ by = [\"id\"] }}")), true),
        (
            query(&format!("{all}\npage = {{ by = [\"id\"] }}\nbatch = true")),
            false,
        ),
        (
            query(&format!("{ordered}\npage = {{ by = [\"id\"] }}")),
            false,
        ),
        (query(ordered), true),
        (query(&format!("{ordered}\nbatch = true")), false),
        (query(raw), true),
        (query(&format!("{raw}\npage = {{ by = [\"id\"] }}")), false),
        (query(&format!("{raw}\nshape = {{ a = \"a\" }}")), false),
    ];
    let mut wrong = Vec::new();
    for (text, is_right) in cases {
        let found = (!excludes(&text), is_accepted(&validator, &text));
        if found != (is_right, is_right) {
            wrong.push(format!("{text}the compiler, the schema: {found:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}
