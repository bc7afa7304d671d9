//! One folder a code: the smallest schema with the mistake, and what the user is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use golden::{codes, compile_folder, compile_text, expect_file, folders, without_help};
use sqlmodel_gen::diagnostic::{Code, codes as registry};
use sqlmodel_gen::source::MAX_SOURCE_LEN;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("errors")
}

/// Codes whose smallest input is too large for a file in a repository, and those of what a database says; they have tests of their own.
const WITHOUT_FOLDER: &[&str] = &["SM0002", "SM0801", "SM0802"];

#[test]
fn each_folder_reports_its_code_once_and_nothing_else() {
    let mut wrong = String::new();
    for folder in folders(&root()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let compiled = compile_folder(&folder);
        let text = compiled.render(&folder);
        expect_file(&folder.join("stderr.txt"), &text);
        let (id, _) = name.split_once('_').unwrap();
        let found = codes(&compiled.compilation.diagnostics);
        let without_help = without_help(&compiled.compilation.diagnostics);
        if found != [id] || !without_help.is_empty() {
            wrong.push_str(&format!(
                "{name}: {found:?}, without help: {without_help:?}\n{text}\n"
            ));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn each_code_has_its_folder() {
    let folders: BTreeSet<String> = folders(&root())
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let expected: BTreeSet<String> = registry::ALL
        .iter()
        .filter(|code| !WITHOUT_FOLDER.contains(&code.id))
        .map(|code| format!("{}_{}", code.id, code.name))
        .collect();
    assert_eq!(folders, expected);
}

/// Returns the TOML blocks of a page: the wrong example, and the right one.
fn examples(code: &Code) -> Vec<&str> {
    let blocks = code.page.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or_default())
        .collect()
}

#[test]
fn wrong_examples_are_wrong_and_right_ones_are_right() {
    // An example about the configuration is no schema, and what a database refuses is right for the compiler.
    let is_schema = |code: &&&Code| !["SM0002", "SM0801", "SM0802", "SM0901"].contains(&code.id);
    let mut misleading = String::new();
    for code in registry::ALL.iter().filter(is_schema) {
        let examples = examples(code);
        let [wrong, right] = examples.as_slice() else {
            panic!("{}: {examples:?}", code.id)
        };
        let found = codes(&compile_text(wrong).compilation.diagnostics);
        let compiled = compile_text(right);
        let text = compiled.render(Path::new("."));
        if found != [code.id] || !text.is_empty() || compiled.compilation.schema.is_none() {
            misleading.push_str(&format!("{}: {found:?}, right:\n{text}\n", code.id));
        }
    }
    assert_eq!(misleading, "");
}

#[test]
fn too_large_file_is_refused_without_being_parsed() {
    let text = "#".repeat(MAX_SOURCE_LEN + 1);
    assert_eq!(
        codes(&compile_text(&text).compilation.diagnostics),
        ["SM0002"]
    );
}
