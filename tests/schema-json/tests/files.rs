//! What the compiler accepts, the JSON Schemas accept; mistakes of form they refuse.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Map, Number, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn validator(name: &str) -> Validator {
    let text = fs::read_to_string(root().join("schemas").join(name)).unwrap();
    let schema = serde_json::from_str(&text).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
}

/// Returns a document as editors hand it to a validator: dates and times are text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(integer) => Value::Number(integer.into()),
        toml::Value::Float(float) => Number::from_f64(float).map_or(Value::Null, Value::Number),
        toml::Value::Boolean(boolean) => Value::Bool(boolean),
        toml::Value::Datetime(datetime) => Value::String(datetime.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| (key, json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

fn document(text: &str) -> Value {
    json(toml::Value::Table(text.parse().unwrap()))
}

/// Returns what a validator has to say about a text.
fn complaints(validator: &Validator, text: &str) -> Vec<String> {
    let document = document(text);
    let errors = validator.iter_errors(&document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Returns the TOML files in a folder and the folders in it.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(toml_files(&path));
        } else if path.extension().is_some_and(|it| it == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn is_config(path: &Path) -> bool {
    path.ends_with("sqlmodel.toml")
}

#[test]
fn every_schema_and_configuration_is_accepted() {
    let (schema, config) = (
        validator("sqlmodel.schema.json"),
        validator("sqlmodel-config.schema.json"),
    );
    let folders = [
        "schemas",
        "tests/quickstart/schema",
        "templates/project/schema",
    ];
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| toml_files(&root().join(folder)))
        .collect();
    files.push(root().join("tests/quickstart/sqlmodel.toml"));
    files.push(root().join("templates/project/sqlmodel.toml"));
    assert!(files.len() >= 16, "{files:?}");
    for file in files {
        let validator = if is_config(&file) { &config } else { &schema };
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(complaints(validator, &text), [""; 0], "{}", file.display());
    }
}

/// The codes of mistakes that show in the form of a file, without looking up a name.
const OF_FORM: &[&str] = &[
    "SM0004", "SM0005", "SM0006", "SM0007", "SM0008", "SM0009", "SM0010", "SM0011", "SM0102",
    "SM0107", "SM0201", "SM0203", "SM0206", "SM0308",
];

#[test]
fn mistakes_of_form_are_refused_and_mistakes_of_meaning_are_not() {
    let schema = validator("sqlmodel.schema.json");
    let mut wrong = Vec::new();
    for file in toml_files(&root().join("tests/golden/errors")) {
        let name = file.parent().and_then(Path::file_name).unwrap();
        let name = name.to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        // What is no TOML is no JSON; and a configuration has a schema of its own.
        if is_config(&file) || text.parse::<toml::Table>().is_err() {
            continue;
        }
        let is_of_form = OF_FORM.iter().any(|code| name.starts_with(code));
        let is_refused = !complaints(&schema, &text).is_empty();
        if is_of_form && !is_refused {
            wrong.push(format!("{name} is accepted"));
        } else if is_refused && !is_of_form {
            wrong.push(format!("{name}: {:?}", complaints(&schema, &text)));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_configuration_is_held_to_its_keys_and_words() {
    let config = validator("sqlmodel-config.schema.json");
    let is_accepted = |text: &str| complaints(&config, text).is_empty();
    assert!(is_accepted("time = \"jiff\"\nschema = [\"a.toml\"]"));
    for wrong in [
        "time = \"chron\"",
        "dialects = []",
        "dialects = [\"oracle\"]",
        "out = \"\"",
        "format = 2",
        "dialect = [\"sqlite\"]",
    ] {
        assert!(!is_accepted(wrong), "{wrong}");
    }
}
