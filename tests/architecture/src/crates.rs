//! The import direction between the crates of the workspace.

use std::collections::BTreeSet;

use crate::workspace::{self, Package};

/// What each library and tool may import. A crate stands below everything it imports.
const EDGES: &[(&str, &[&str])] = &[
    ("sqlmodel-sql", &[]),
    ("sqlmodel-core", &["sqlmodel-sql"]),
    ("sqlmodel-pool", &["sqlmodel-core"]),
    ("sqlmodel-query", &["sqlmodel-core", "sqlmodel-sql"]),
    ("sqlmodel-schema", &["sqlmodel-core", "sqlmodel-sql"]),
    ("sqlmodel-sqlite", &["sqlmodel-core"]),
    ("sqlmodel-net", &["sqlmodel-core"]),
    ("sqlmodel-mysql", &["sqlmodel-core", "sqlmodel-net"]),
    ("sqlmodel-postgres", &["sqlmodel-core", "sqlmodel-net"]),
    (
        "sqlmodel-runtime",
        &[
            "sqlmodel-core",
            "sqlmodel-mysql",
            "sqlmodel-pool",
            "sqlmodel-postgres",
            "sqlmodel-query",
            "sqlmodel-schema",
            "sqlmodel-sql",
            "sqlmodel-sqlite",
        ],
    ),
    ("sqlmodel-templates", &[]),
    // The runtime is optional: `verify --url` asks servers by its drivers.
    (
        "sqlmodel-gen",
        &["sqlmodel-runtime", "sqlmodel-sql", "sqlmodel-templates"],
    ),
    // Optional: the stale check of checked-in code does without.
    ("sqlmodel-build", &["sqlmodel-gen"]),
];

/// The packages that stand for a user's crate, which does not have our lints.
const USERS: &[&str] = &["generated", "out-dir", "quickstart"];

#[test]
fn crates_import_only_what_stands_above_them() {
    let libraries = libraries();
    let names: BTreeSet<&str> = libraries
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let ruled: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ruled,
        "the table of imports in {} lists the crates outside of tests/",
        file!()
    );
    for package in &libraries {
        let may = may_import(&package.name);
        let does: BTreeSet<&str> = package
            .dependencies
            .iter()
            .map(String::as_str)
            .filter(|name| names.contains(name))
            .collect();
        let forbidden: Vec<_> = does.difference(&may).collect();
        assert!(
            forbidden.is_empty(),
            "{} -> {forbidden:?}: against the import direction between crates (ARCHITECTURE.md, \"Import direction\")",
            package.name
        );
        let unused: Vec<_> = may.difference(&does).collect();
        assert!(
            unused.is_empty(),
            "{} -> {unused:?}: an edge that the table of imports allows and no crate has; remove it there",
            package.name
        );
    }
}

#[test]
fn the_table_of_imports_has_no_cycle() {
    for (position, (name, imports)) in EDGES.iter().enumerate() {
        let above: Vec<&str> = EDGES[..position].iter().map(|(name, _)| *name).collect();
        for import in *imports {
            assert!(
                above.contains(import),
                "{name} -> {import}: listed above what it imports"
            );
        }
    }
}

#[test]
fn libraries_are_tested_without_what_stands_below_them() {
    let libraries = libraries();
    let names: BTreeSet<&str> = libraries
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    for package in &libraries {
        let may = may_import(&package.name);
        for name in package
            .dev_dependencies
            .iter()
            .filter(|name| names.contains(name.as_str()))
        {
            assert!(
                may.contains(name.as_str()),
                "{} -> {name} in its tests: tests of several crates together live in tests/",
                package.name
            );
        }
    }
}

#[test]
fn only_core_names_the_async_runtime() {
    for package in workspace::packages() {
        let names = package.dependencies.iter().chain(&package.dev_dependencies);
        let names_it = names.into_iter().any(|name| name == "asupersync");
        assert_eq!(
            names_it,
            package.name == "sqlmodel-core",
            "{} -> asupersync in its manifest: only sqlmodel-core names the async runtime, and every other crate uses core's names",
            package.name
        );
        for path in workspace::rust_files(&workspace::root().join(&package.folder)) {
            let path_name = workspace::relative(&path);
            if path_name == "sqlmodel-runtime/core/src/seam.rs" {
                continue;
            }
            let code = crate::rust_text::code(&workspace::read(&path));
            assert!(
                !code.contains("asupersync"),
                "{path_name} -> asupersync: only sqlmodel-runtime/core/src/seam.rs names the async runtime"
            );
        }
    }
}

#[test]
fn versions_and_lints_are_those_of_the_workspace() {
    for package in workspace::packages() {
        assert!(
            package.own_versions.is_empty(),
            "{}: the versions of {:?} stand in its own manifest; they belong in [workspace.dependencies]",
            package.name,
            package.own_versions
        );
        assert!(
            package.takes_lints || USERS.contains(&package.name.as_str()),
            "{}: [lints] workspace = true is missing",
            package.name
        );
    }
}

/// The packages that are not tests.
fn libraries() -> Vec<Package> {
    let mut packages = workspace::packages();
    packages.retain(|package| !package.folder.starts_with("tests/"));
    packages
}

fn may_import(name: &str) -> BTreeSet<&'static str> {
    let edges = EDGES.iter().find(|(edge, _)| *edge == name);
    edges
        .into_iter()
        .flat_map(|(_, imports)| imports.iter().copied())
        .collect()
}
