//! What a user's `build.rs` calls.
//!
//! Generated code can live in two places:
//!
//! - **In the repository**, beside hand-written code, where reviewers see it. The build script only checks that it is up to date;
//!   that takes milliseconds, and compiles nothing but this crate:
//!
//!   ```no_run
//!   sqlmodel_build::Config::new().check();
//!   ```
//!
//! - **In cargo's `OUT_DIR`**, where nobody sees it, made when the schema changes. That needs the feature `generate`, which compiles
//!   the compiler. The build script calls [`generate`](Config::generate), and the crate declares the module `models` by
//!
//!   ```text
//!   include!(concat!(env!("OUT_DIR"), "/sqlmodel.rs"));
//!   ```

#[cfg(feature = "generate")]
mod generate;
mod manifest;
mod stale;

use std::env;
use std::path::PathBuf;

/// Where the schema and the generated code are.
///
/// Paths are relative to the package whose build script is running.
#[derive(Debug, Clone)]
#[must_use = "nothing is done before `check` or `generate`"]
pub struct Config {
    root: PathBuf,
    out: PathBuf,
}

impl Config {
    /// Starts with the usual places: `sqlmodel.toml` beside `Cargo.toml`, and generated code in `src/models`.
    pub fn new() -> Self {
        Self {
            root: PathBuf::new(),
            out: PathBuf::from("src/models"),
        }
    }

    /// Sets the folder of `sqlmodel.toml`.
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = root.into();
        self
    }

    /// Sets the folder of the generated code, relative to the folder of `sqlmodel.toml`: the value of its key `out`.
    pub fn out(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = out.into();
        self
    }

    /// Fails the build if the generated code in the repository is not what the schema says.
    ///
    /// It compares the hashes of all files that were read and written with those that the compiler recorded, and finds schema
    /// files that were added since. A package that was published without its schema has nothing to compare with, and passes.
    #[expect(
        clippy::print_stdout,
        reason = "a build script speaks to cargo on standard output"
    )]
    pub fn check(&self) {
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = package.unwrap_or_default().join(&self.root);
        let report = stale::check(&root, &self.out);
        for path in &report.watched {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        for problem in &report.problems {
            println!("cargo::error={problem}");
        }
    }
}

#[cfg(feature = "generate")]
impl Config {
    /// Generates the code into `OUT_DIR`, and fails the build if the schema is wrong.
    ///
    /// The file `sqlmodel.rs` there declares the module `models`; nothing is written into the repository.
    #[expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "a build script speaks to cargo on standard output, and to people on standard error"
    )]
    pub fn generate(&self) {
        let folder = |name| env::var_os(name).map(PathBuf::from).unwrap_or_default();
        let root = folder("CARGO_MANIFEST_DIR").join(&self.root);
        let report = generate::generate(&root, &folder("OUT_DIR"));
        for path in &report.watched {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        for warning in &report.warnings {
            println!("cargo::warning={warning}");
        }
        for problem in &report.problems {
            println!("cargo::error={problem}");
        }
        eprint!("{}", report.diagnostics);
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
