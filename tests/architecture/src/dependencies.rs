//! What stays out of a build, seen in the packages that cargo would compile.

use std::collections::BTreeSet;

use crate::workspace::{cargo_tree, tree_name};

/// The builds of the compiler: the command line as it is installed, its tests, and what a build script compiles.
const COMPILER_BUILDS: &[&[&str]] = &[
    &["--package=sqlmodel-gen", "--edges=normal,build"],
    &["--package=sqlmodel-gen", "--edges=normal,build,dev"],
    &[
        "--package=sqlmodel-build",
        "--all-features",
        "--edges=normal,build",
    ],
];

/// Those of them that are possible without a C compiler: the command line without SQLite, and what a build script compiles.
const BUILDS_WITHOUT_C: &[&[&str]] = &[
    &[
        "--package=sqlmodel-gen",
        "--no-default-features",
        "--features=cli",
        "--edges=normal,build",
    ],
    &[
        "--package=sqlmodel-build",
        "--all-features",
        "--edges=normal,build",
    ],
];

/// Async runtimes, and the crates that one cannot do without.
const ASYNC: &[&str] = &[
    "asupersync",
    "tokio",
    "async-std",
    "smol",
    "futures-executor",
    "polling",
    "mio",
];

/// Crates that compile, look for or bind C code.
const C_TOOLS: &[&str] = &["cc", "cmake", "bindgen", "pkg-config", "vcpkg"];

#[test]
fn no_build_of_the_compiler_contains_an_async_runtime() {
    refuse(
        COMPILER_BUILDS,
        ASYNC,
        "the compiler and build scripts compile no async runtime",
    );
}

#[test]
fn the_compiler_without_sqlite_needs_no_c_compiler() {
    refuse(
        BUILDS_WITHOUT_C,
        C_TOOLS,
        "build scripts, and the command line without SQLite, build where there is no C compiler",
    );
}

#[test]
fn the_compiler_is_built_with_at_most_one_syn() {
    for build in COMPILER_BUILDS {
        let tree = cargo_tree(build);
        let versions: BTreeSet<&str> = tree
            .iter()
            .filter(|line| tree_name(line) == "syn")
            .map(|line| line.split('|').next().unwrap_or_default())
            .collect();
        assert!(
            versions.len() <= 1,
            "cargo tree {build:?} -> {versions:?}: one syn in the compiler's tree"
        );
    }
}

#[test]
fn the_sql_crate_uses_std_alone() {
    let tree = cargo_tree(&["--package=sqlmodel-sql", "--edges=normal,build"]);
    assert_eq!(
        tree.len(),
        1,
        "sqlmodel-sql -> {tree:?}: it depends on nothing"
    );
}

#[test]
fn the_stale_check_uses_std_alone() {
    let tree = cargo_tree(&["--package=sqlmodel-build", "--edges=normal,build"]);
    assert_eq!(
        tree.len(),
        1,
        "sqlmodel-build -> {tree:?}: without `generate` it depends on nothing"
    );
}

/// Cargo builds a crate once for each set of features. Tests bring dependencies of their own, and one that asks for a feature
/// more of something below the async runtime makes `cargo test` build the runtime a second time.
#[test]
fn programs_and_tests_share_one_build_of_the_async_runtime() {
    let programs = cargo_tree(&["--package=sqlmodel-core", "--edges=normal,build"]);
    let tests = cargo_tree(&["--workspace", "--edges=normal,build,dev"]);
    let differing: Vec<_> = programs
        .difference(&tests)
        .filter(|line| !tree_name(line).starts_with("sqlmodel-"))
        .map(|line| {
            let in_tests = tests
                .iter()
                .filter(|other| tree_name(other) == tree_name(line));
            format!(
                "{line} in a program, {:?} in tests",
                in_tests.collect::<Vec<_>>()
            )
        })
        .collect();
    assert!(
        differing.is_empty(),
        "features below the async runtime differ, so that it is built twice; fix them in sqlmodel-core's manifest as it does \
         for once_cell: {differing:#?}"
    );
}

#[track_caller]
fn refuse(builds: &[&[&str]], names: &[&str], rule: &str) {
    for build in builds {
        let tree = cargo_tree(build);
        let refused: Vec<_> = tree
            .iter()
            .filter(|line| names.contains(&tree_name(line)))
            .collect();
        assert!(
            refused.is_empty(),
            "cargo tree {build:?} -> {refused:?}: {rule}"
        );
    }
}
