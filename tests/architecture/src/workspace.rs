//! The workspace as its manifests describe it, and the files in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::de::{DeTable, DeValue};

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, relative to the root, with `/` between parts.
    pub(crate) folder: String,
    /// The packages it names as dependencies, whether or not they are optional.
    pub(crate) dependencies: BTreeSet<String>,
    /// The packages that only its tests need.
    pub(crate) dev_dependencies: BTreeSet<String>,
    /// Dependencies, of any kind, whose version or path is not taken from the workspace.
    pub(crate) own_versions: Vec<String>,
    pub(crate) takes_lints: bool,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("this package lies two folders below the root")
}

/// Reads the manifests of all members.
pub(crate) fn packages() -> Vec<Package> {
    let text = read(&root().join("Cargo.toml"));
    let manifest = DeTable::parse(&text).unwrap().into_inner();
    let members = child(&manifest, "workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(|members| members.get_ref().as_array())
        .expect("the root manifest lists members");
    members
        .iter()
        .map(|member| member.get_ref().as_str().unwrap())
        .map(package)
        .collect()
}

fn package(folder: &str) -> Package {
    let text = read(&root().join(folder).join("Cargo.toml"));
    let manifest = DeTable::parse(&text).unwrap().into_inner();
    let name = child(&manifest, "package")
        .and_then(|package| package.get("name"))
        .and_then(|name| name.get_ref().as_str())
        .expect("a package has a name");
    let mut package = Package {
        name: name.to_owned(),
        folder: folder.to_owned(),
        dependencies: BTreeSet::new(),
        dev_dependencies: BTreeSet::new(),
        own_versions: Vec::new(),
        takes_lints: child(&manifest, "lints").is_some_and(from_workspace),
    };
    package.add_dependencies(&manifest);
    for target in child(&manifest, "target")
        .into_iter()
        .flat_map(|targets| targets.values())
    {
        package.add_dependencies(target.get_ref().as_table().unwrap());
    }
    package
}

impl Package {
    /// Adds the dependencies of a manifest, or of one of its `[target]` tables.
    fn add_dependencies(&mut self, manifest: &DeTable<'_>) {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, value) in child(manifest, kind).into_iter().flatten() {
                let name = name.get_ref().to_string();
                if !value.get_ref().as_table().is_some_and(from_workspace) {
                    self.own_versions.push(name.clone());
                }
                let names = match kind {
                    "dev-dependencies" => &mut self.dev_dependencies,
                    _ => &mut self.dependencies,
                };
                names.insert(name);
            }
        }
    }
}

fn child<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<&'a DeTable<'i>> {
    table.get(key)?.get_ref().as_table()
}

fn from_workspace(table: &DeTable<'_>) -> bool {
    let value = table.get("workspace").map(|value| value.get_ref());
    matches!(value, Some(DeValue::Boolean(true)))
}

/// Reads a text file.
#[track_caller]
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Shows a path relative to the root, with `/` between parts.
pub(crate) fn relative(path: &Path) -> String {
    let parts = path.strip_prefix(root()).unwrap_or(path).iter();
    let parts: Vec<_> = parts.map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The files below a folder, sorted; build output and hidden folders are passed over.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    visit(folder, &mut files);
    files.sort_unstable();
    files
}

/// The files below a folder that are Rust.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn visit(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let entry = entry.unwrap();
        let path = entry.path();
        let name = entry.file_name();
        if !entry.file_type().unwrap().is_dir() {
            files.push(path);
        } else if name != "target" && !name.to_string_lossy().starts_with('.') {
            visit(&path, files);
        }
    }
}

/// Runs `cargo tree` and returns its lines: one for each package and set of features that it is built with.
///
/// The tree is that of the machine the test runs on, as `Cargo.lock` has it.
pub(crate) fn cargo_tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--prefix=none",
            "--format={p}|{f}",
        ])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo tree {arguments:?}: {errors}"
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// The name in a line of [`cargo_tree`].
pub(crate) fn tree_name(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}
