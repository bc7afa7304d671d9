//! The JSON Schema names the keys and words that the compiler names, table by table.
//!
//! The compiler tells what it knows when it meets something that it does not, so it is asked with nonsense.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use sqlmodel_gen::compile;
use sqlmodel_gen::config::Config;
use sqlmodel_gen::diagnostic::Diagnostics;
use sqlmodel_gen::source::SourceMap;

/// Stands for the key or word that nobody knows, in the texts below.
const NONSENSE: &str = "qqqqqqqqqqqqqqqqqqqq";

/// An object of the JSON Schema, and a text with a nonsense key in such a table.
const TABLES: &[(&str, &str)] = &[
    ("", "KEY"),
    ("/definitions/abstract", "abstract.A = { KEY }"),
    ("/definitions/check", "model.A.checks = [{ KEY }]"),
    (
        "/definitions/dialect_query",
        "query = [{ dialect = { mysql = { KEY } } }]",
    ),
    ("/definitions/enum", "enum.A = { KEY }"),
    ("/definitions/enum_value", "enum.A.values = [{ KEY }]"),
    ("/definitions/field", "model.A.fields.a = { KEY }"),
    (
        "/definitions/foreign_key",
        "model.A.foreign_keys = [{ KEY }]",
    ),
    ("/definitions/function", "function.a = { KEY }"),
    (
        "/definitions/generated",
        "model.A.fields.a = { generated = { KEY } }",
    ),
    (
        "/definitions/identity",
        "model.A.fields.a = { identity = { KEY } }",
    ),
    ("/definitions/index", "model.A.indexes = [{ KEY }]"),
    (
        "/definitions/index_part",
        "model.A.indexes = [{ on = [{ KEY }] }]",
    ),
    ("/definitions/inheritance", "model.A.inheritance = { KEY }"),
    ("/definitions/many_to_many", "model.A.relations.a = { KEY }"),
    ("/definitions/mixin", "mixin.A = { KEY }"),
    ("/definitions/model", "model.A = { KEY }"),
    ("/definitions/named_type", "type.A = { KEY }"),
    ("/definitions/page", "query = [{ page = { KEY } }]"),
    ("/definitions/query", "query = [{ KEY }]"),
    (
        "/definitions/replacements",
        "query = [{ dialect = { KEY } }]",
    ),
    ("/definitions/rule", "model.A.rules = [{ KEY }]"),
    ("/definitions/rust", "type.A.rust = { KEY }"),
    (
        "/definitions/sql",
        "model.A.fields.a = { sql_type = { KEY } }",
    ),
    ("/definitions/unique", "model.A.unique = [{ KEY }]"),
    ("/definitions/validate", "type.A.validate = { KEY }"),
    (
        "/definitions/value",
        "model.A.fields.a = { default = { KEY } }",
    ),
    ("/definitions/variant", "model.A.variants.create = { KEY }"),
    ("/definitions/variants", "model.A.variants = { KEY }"),
    ("/definitions/view", "view.A = { KEY }"),
];

/// A list of words in the JSON Schema, and a text with a nonsense word in its place.
const WORDS: &[(&str, &str)] = &[
    (
        "/definitions/action",
        "model.A.fields.a = { ref = \"B\", on_delete = WORD }",
    ),
    (
        "/definitions/deferrable",
        "model.A.fields.a = { ref = \"B\", deferrable = WORD }",
    ),
    (
        "/definitions/dialects/items",
        "query = [{ dialects = [WORD] }]",
    ),
    (
        "/definitions/enum/properties/storage",
        "enum.A.storage = WORD",
    ),
    ("/definitions/field/anyOf/0", TYPE),
    (
        "/definitions/field/properties/key",
        "model.A.fields.a = { key = WORD }",
    ),
    ("/definitions/field/properties/type/anyOf/0", TYPE),
    (
        "/definitions/field/properties/write",
        "model.A.fields.a = { write = WORD }",
    ),
    (
        "/definitions/identity/anyOf/0",
        "model.A.fields.a = { identity = WORD }",
    ),
    (
        "/definitions/identity/properties/mode",
        "model.A.fields.a = { identity = { mode = WORD } }",
    ),
    (
        "/definitions/index_part/properties/nulls",
        "model.A.indexes = [{ on = [{ nulls = WORD }] }]",
    ),
    (
        "/definitions/index_part/properties/order",
        "model.A.indexes = [{ on = [{ order = WORD }] }]",
    ),
    (
        "/definitions/inheritance/properties/polymorphic",
        "model.A.inheritance.polymorphic = WORD",
    ),
    (
        "/definitions/inheritance/properties/strategy",
        "model.A.inheritance.strategy = WORD",
    ),
    ("/definitions/named_type/properties/base/anyOf/0", TYPE),
    (
        "/definitions/query/properties/allow/items",
        "model.A.fields.id = { type = \"i64\", key = \"auto\" }\n\
         query = [{ name = \"a\", sql = \"SELECT id FROM a\", allow = [WORD] }]",
    ),
    (
        "/definitions/validate/properties/format",
        "type.A.validate.format = WORD",
    ),
    (
        "/definitions/value/properties/fn",
        "model.A.fields.id = { type = \"i64\", key = \"auto\" }\n\
         model.A.fields.a = { type = \"date\", default = { fn = WORD } }",
    ),
    ("/definitions/variants/items", "model.A.variants = [WORD]"),
];

const TYPE: &str =
    "model.A.fields.id = { type = \"i64\", key = \"auto\" }\nmodel.A.fields.a = WORD";

fn json_schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas")
        .join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Puts the nonsense into a text.
fn nonsense(text: &str) -> String {
    text.replace("KEY", &format!("{NONSENSE} = {{}}"))
        .replace("WORD", &format!("\"{NONSENSE}\""))
}

/// Returns what the compiler says it knows in place of the nonsense.
#[track_caller]
fn known(text: &str) -> BTreeSet<String> {
    let mut sources = SourceMap::new();
    sources.add("models.toml", nonsense(text));
    known_by(&compile(&sources, &Default::default()).diagnostics, text)
}

#[track_caller]
fn known_by(diagnostics: &Diagnostics, text: &str) -> BTreeSet<String> {
    let helps = diagnostics
        .into_iter()
        .filter(|it| it.message.contains(NONSENSE))
        .filter_map(|it| it.help.as_deref());
    let mut lists = helps.filter_map(|help| {
        let parts = help.split_once(" is one of ");
        parts.or_else(|| help.split_once(" are "))
    });
    let Some((_, list)) = lists.next_back() else {
        panic!("{text}: no list of what is known in {diagnostics:#?}")
    };
    assert!(!list.ends_with(" more"), "{list}");
    // After the list, a help may go on about what else can be written.
    let list = list.split(';').next().unwrap_or_default();
    let list = list.split(", and ").next().unwrap_or_default();
    let names = list.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Calls a function with each schema in a JSON Schema and its pointer.
fn walk(schema: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(pointer, schema);
    for key in [
        "anyOf",
        "items",
        "additionalProperties",
        "properties",
        "definitions",
    ] {
        let pointer = format!("{pointer}/{key}");
        match (key, &schema[key]) {
            ("anyOf", Value::Array(schemas)) => {
                for (at, schema) in schemas.iter().enumerate() {
                    walk(schema, &format!("{pointer}/{at}"), visit);
                }
            }
            ("properties" | "definitions", Value::Object(schemas)) => {
                for (name, schema) in schemas {
                    walk(schema, &format!("{pointer}/{name}"), visit);
                }
            }
            ("items" | "additionalProperties", schema @ Value::Object(_)) => {
                walk(schema, &pointer, visit);
            }
            _ => {}
        }
    }
}

/// Returns the words of every list in a JSON Schema, or the keys of every table.
fn lists(schema: &Value, list: impl Fn(&Value) -> Option<BTreeSet<String>>) -> Lists {
    let mut lists = BTreeMap::new();
    walk(schema, "", &mut |pointer, schema| {
        lists.extend(list(schema).map(|list| (pointer.to_owned(), list)));
    });
    lists
}

type Lists = BTreeMap<String, BTreeSet<String>>;

fn keys(schema: &Value) -> Option<BTreeSet<String>> {
    Some(schema["properties"].as_object()?.keys().cloned().collect())
}

fn words(schema: &Value) -> Option<BTreeSet<String>> {
    let words = schema["enum"].as_array()?.iter();
    Some(
        words
            .filter_map(|word| word.as_str())
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn keys_of_every_table_are_those_that_the_compiler_takes() {
    let taken = TABLES
        .iter()
        .map(|(pointer, text)| ((*pointer).to_owned(), known(text)));
    assert_eq!(
        lists(&json_schema("sqlmodel.schema.json"), keys),
        taken.collect()
    );
}

#[test]
fn words_of_every_list_are_those_that_the_compiler_takes() {
    let taken = WORDS.iter().map(|(pointer, text)| {
        let mut words = known(text);
        // It is no type without its digits, so editors do not offer it as a word.
        words.remove("decimal");
        // What stands without quotes is no word.
        words.retain(|word| !["true", "false"].contains(&word.as_str()));
        ((*pointer).to_owned(), words)
    });
    assert_eq!(
        lists(&json_schema("sqlmodel.schema.json"), words),
        taken.collect()
    );
}

#[test]
fn every_key_and_table_has_a_text_for_editors() {
    for name in ["sqlmodel.schema.json", "sqlmodel-config.schema.json"] {
        let schema = json_schema(name);
        walk(&schema, "", &mut |pointer, part| {
            let Some(properties) = part["properties"].as_object() else {
                return;
            };
            for (key, property) in properties {
                let target = property["$ref"]
                    .as_str()
                    .and_then(|it| schema.pointer(&it[1..]));
                let text = target.unwrap_or(property)["description"].as_str();
                assert!(
                    text.is_some_and(|text| text.ends_with('.')),
                    "{name}#{pointer}: `{key}`"
                );
            }
        });
    }
}

#[test]
fn configuration_has_the_keys_and_words_that_the_compiler_takes() {
    let known = |text: &str| {
        let (mut sources, mut diagnostics) = (SourceMap::new(), Diagnostics::new());
        let source = sources.add_config("sqlmodel.toml", nonsense(text));
        let _ = Config::parse(&sources, source, &mut diagnostics);
        known_by(&diagnostics, text)
    };
    let schema = json_schema("sqlmodel-config.schema.json");
    assert_eq!(
        lists(&schema, keys),
        BTreeMap::from([(String::new(), known("KEY"))])
    );
    assert_eq!(
        lists(&schema, words),
        BTreeMap::from([
            (
                "/properties/dialects/items".to_owned(),
                known("dialects = [WORD]")
            ),
            ("/properties/time".to_owned(), known("time = WORD")),
        ])
    );
}
