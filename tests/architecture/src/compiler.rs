//! The import direction between the modules of the compiler, and what each may touch outside of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::rust_text::{code, paths_after};
use crate::workspace::{read, relative, root, rust_files};

/// What each top-level module of `sqlmodel-gen` may import. A module stands below everything it imports.
const EDGES: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diagnostic", &["source"]),
    ("ir", &["source"]),
    // The words that mean the same in a schema file and in the ir, such as a storage or a strategy, are the ir's.
    ("syntax", &["diagnostic", "ir", "source"]),
    ("config", &["diagnostic", "ir", "source", "syntax"]),
    (
        "resolve",
        &["config", "diagnostic", "ir", "source", "syntax"],
    ),
    (
        "query",
        &["diagnostic", "ir", "resolve", "source", "syntax"],
    ),
    (
        "compile",
        &[
            "config",
            "diagnostic",
            "ir",
            "query",
            "resolve",
            "source",
            "syntax",
        ],
    ),
    ("parallel", &[]),
    ("emit", &["ir", "parallel", "source"]),
    ("output", &["emit", "parallel"]),
    ("format", &[]),
    // Pages for people, of no code.
    ("guide", &[]),
    ("generate", &["config", "emit", "ir", "output", "source"]),
    ("verify", &["diagnostic", "emit", "ir", "query", "source"]),
    (
        "cli",
        &[
            "compile",
            "config",
            "diagnostic",
            "emit",
            "format",
            "generate",
            "ir",
            "output",
            "query",
            "resolve",
            "source",
            "verify",
        ],
    ),
];

/// Names that only some modules may use.
const RESERVED: &[(&str, &[&str], &str)] = &[
    (
        "toml::",
        &["config", "syntax"],
        "TOML is read by `syntax` and `config` alone",
    ),
    (
        "annotate_snippets",
        &["diagnostic"],
        "diagnostics are drawn by `diagnostic` alone",
    ),
    (
        "fs::read",
        &["cli", "config", "generate", "output", "source"],
        "between `source` and `output` the compiler works on texts",
    ),
    (
        "File::open",
        &["cli", "output", "source"],
        "between `source` and `output` the compiler works on texts",
    ),
    (
        "rusqlite",
        &["verify"],
        "databases are asked by `verify` alone",
    ),
    (
        "sqlmodel_runtime::",
        &["cli", "emit", "verify"],
        "servers are asked by `verify`, for which `cli` starts the runtime; `emit` writes the name",
    ),
    (
        "clap",
        &["cli"],
        "the command line is parsed by `cli` alone",
    ),
    (
        "HashMap",
        &[],
        "same input, same bytes: BTreeMap or index order",
    ),
    (
        "HashSet",
        &[],
        "same input, same bytes: BTreeSet or index order",
    ),
];

/// What changes a disk.
const WRITES: &[&str] = &[
    "fs::write",
    "fs::create_dir",
    "fs::remove_",
    "fs::rename",
    "fs::copy",
    "fs::hard_link",
    "fs::set_permissions",
    "File::create",
    "File::options",
    "OpenOptions",
    "tempfile::",
];

/// A file of the compiler that is not a test.
struct File {
    module: String,
    name: String,
    code: String,
}

#[test]
fn modules_import_only_what_stands_above_them() {
    let files = files();
    let found: BTreeSet<&str> = files.iter().map(|file| file.module.as_str()).collect();
    let ruled: BTreeSet<&str> = EDGES.iter().map(|(module, _)| *module).collect();
    assert_eq!(
        found,
        ruled,
        "the table of imports in {} lists the modules of sqlmodel-gen",
        file!()
    );
    for (module, may) in EDGES {
        let mut unused: BTreeSet<&str> = may.iter().copied().collect();
        for file in files.iter().filter(|file| file.module == *module) {
            for (line, import) in paths_after(&file.code, "crate::") {
                unused.remove(import.as_str());
                assert!(
                    import == *module || may.contains(&import.as_str()),
                    "{}:{line}: {module} -> {import}: against the import direction between the compiler's modules \
                     (ARCHITECTURE.md, \"Inside the compiler\")",
                    file.name
                );
            }
        }
        assert!(
            unused.is_empty(),
            "{module} -> {unused:?}: an edge that the table of imports allows and no file has; remove it there"
        );
    }
}

#[test]
fn the_table_of_imports_has_no_cycle() {
    for (position, (module, imports)) in EDGES.iter().enumerate() {
        let above: Vec<&str> = EDGES[..position]
            .iter()
            .map(|(module, _)| *module)
            .collect();
        for import in *imports {
            assert!(
                above.contains(import),
                "{module} -> {import}: listed above what it imports"
            );
        }
    }
}

#[test]
fn each_outside_name_is_used_by_its_modules_alone() {
    for file in files() {
        for (name, modules, rule) in RESERVED {
            assert!(
                modules.contains(&file.module.as_str()) || !file.code.contains(name),
                "{}: {} -> {name}: {rule}",
                file.name,
                file.module
            );
        }
    }
}

#[test]
fn only_output_writes_to_disk() {
    for file in files().iter().filter(|file| file.module != "output") {
        for name in WRITES {
            assert!(
                !file.code.contains(name),
                "{}: {} -> {name}: only `output` writes to disk",
                file.name,
                file.module
            );
        }
    }
}

/// The files of the compiler that are not tests, the roots of the library and the program left out.
fn files() -> Vec<File> {
    let source = root().join("sqlmodel-gen/src");
    let mut files = Vec::new();
    for path in rust_files(&source) {
        let inside: PathBuf = path.strip_prefix(&source).unwrap().with_extension("");
        let parts: Vec<_> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        if parts.contains(&"tests") || matches!(parts.as_slice(), ["lib" | "main"]) {
            continue;
        }
        files.push(File {
            module: parts[0].to_owned(),
            name: relative(&path),
            code: code(&read(&path)),
        });
    }
    files
}
