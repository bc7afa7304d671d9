//! The top level of the repository.

use std::collections::BTreeSet;
use std::fs;

use crate::workspace::{files, packages, relative, root};

/// Everything at the top level, apart from hidden files and build output.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONVENTIONS.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "build-support",
    "schemas",
    "sqlmodel-gen",
    "sqlmodel-runtime",
    "templates",
    "tests",
];

/// Folders whose packages are workspaces of their own: what a benchmark compares with, the fuzzer and the JSON Schema validator never
/// enter our lock file, and what `init` writes is data here.
const OUTSIDE: &[&str] = &[
    "tests/bench",
    "tests/fuzz",
    "tests/schema-json",
    "templates/",
];

#[test]
fn the_top_level_is_the_planned_one() {
    let found: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    let planned: BTreeSet<String> = TOP_LEVEL.iter().map(|name| (*name).to_owned()).collect();
    let unplanned: Vec<_> = found.difference(&planned).collect();
    assert!(
        unplanned.is_empty(),
        "{unplanned:?}: not at the top level; ARCHITECTURE.md has the map"
    );
    let missing: Vec<_> = planned.difference(&found).collect();
    assert!(
        missing.is_empty(),
        "{missing:?}: missing from the top level; ARCHITECTURE.md has the map"
    );
}

#[test]
fn every_package_is_a_member_of_the_workspace() {
    let members: BTreeSet<String> = packages()
        .into_iter()
        .map(|package| package.folder)
        .collect();
    for manifest in files(root()) {
        let folder = relative(manifest.parent().unwrap_or(root()));
        let is_package = manifest.ends_with("Cargo.toml") && !folder.is_empty();
        let is_apart = OUTSIDE.iter().any(|outside| folder.starts_with(outside));
        assert!(
            !is_package || is_apart || members.contains(&folder),
            "{folder}: a package that is no member of the workspace is neither built nor tested"
        );
    }
}
