//! Checks that the generated code in the repository is what the compiler makes of its schemas, and as rustfmt would have it.
//!
//! `UPDATE_EXPECT=1 cargo test -p sqlmodel-gen --test generated` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlmodel_gen::config::Project;
use sqlmodel_gen::{compile, emit, generate, output};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the test can use its folder")
}

/// Every folder whose generated code is in the repository.
fn projects() -> Vec<PathBuf> {
    let schemas = fs::read_dir(repository().join("schemas")).expect("the test can use its folder");
    let mut projects: Vec<PathBuf> = schemas
        .map(|entry| entry.expect("the test can use its folder").path())
        .filter(|path| path.join("sqlmodel.toml").is_file())
        .collect();
    projects.sort();
    projects.push(repository().join("tests/generated/names"));
    projects.push(repository().join("tests/quickstart"));
    projects
}

/// Compares a project's folders with what is generated.
fn plan(dir: &Path) -> output::Plan {
    let project = Project::load(dir).expect("the test can use its folder");
    let schema = compile(&project.sources, &project.config.options)
        .schema
        .expect("the test can use its folder");
    let folders = generate::folders(&project, &schema).expect("the test can use its folder");
    let inputs = generate::inputs(&project).expect("the test can use its folder");
    output::plan(folders, &inputs).expect("the test can use its folder")
}

#[test]
fn generated_code_is_what_the_schemas_say() {
    let plans: Vec<_> = projects().iter().map(|dir| plan(dir)).collect();
    assert!(plans.len() >= 7, "every schema has generated code");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        for plan in &plans {
            plan.apply().unwrap();
        }
        return;
    }
    let changes = plans.iter().flat_map(|plan| plan.changes());
    let stale: Vec<_> = changes
        .map(|change| change.path.display().to_string())
        .collect();
    assert!(
        stale.is_empty(),
        "run `UPDATE_EXPECT=1 cargo test -p sqlmodel-gen --test generated`; these are stale:\n{}",
        stale.join("\n")
    );
}

#[test]
fn generated_code_is_formatted() {
    let library = repository().join("tests/generated/src/lib.rs");
    let quickstart = repository().join("tests/quickstart/src/main.rs");
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--check"])
        .args([library, quickstart])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn schemas_are_formatted() {
    let folders = fs::read_dir(repository().join("schemas")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    for folder in folders.filter(|folder| folder.join("sqlmodel.toml").exists()) {
        let project = Project::load(&folder).unwrap();
        for (_, source) in project.sources.iter() {
            let formatted = sqlmodel_gen::format::format(source.text());
            assert_eq!(
                formatted.as_deref(),
                Some(source.text()),
                "{}",
                source.name()
            );
        }
    }
}

#[test]
fn the_order_of_files_changes_nothing() {
    let project = Project::load(repository().join("schemas/shop")).unwrap();
    let texts: Vec<_> = project
        .sources
        .iter()
        .map(|(_, source)| (source.name().to_owned(), source.text().to_owned()))
        .filter(|(name, _)| !name.ends_with("sqlmodel.toml"))
        .collect();
    assert!(texts.len() > 1);
    let emit = |texts: &mut dyn Iterator<Item = &(String, String)>| {
        let mut sources = sqlmodel_gen::source::SourceMap::new();
        for (name, text) in texts {
            sources.add(name.as_str(), text.as_str());
        }
        let schema = compile(&sources, &project.config.options).schema.unwrap();
        emit::rust(&schema, &sources)
    };
    assert_eq!(emit(&mut texts.iter()), emit(&mut texts.iter().rev()));
}
