//! Cargo, run so that every rustc's cost is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::measure::{self, Cost};
use crate::wrapper::{self, Unit};

/// The root of the project that is measured.
pub(crate) fn root() -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.ancestors().nth(2).unwrap_or(bench).to_owned()
}

/// A package and the folder that it is built into.
#[derive(Debug)]
pub(crate) struct Package<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) target_dir: &'a Path,
}

/// What one run of cargo cost.
#[derive(Debug)]
pub(crate) struct Build {
    /// Cargo itself, and all that it started.
    pub(crate) total: Cost,
    /// Each crate that was compiled, and nothing that was fresh.
    pub(crate) units: Vec<Unit>,
}

impl Package<'_> {
    /// Runs cargo with these arguments and the dev profile.
    ///
    /// # Errors
    ///
    /// When cargo fails; its output is part of the error.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Result<Build> {
        fs::create_dir_all(self.target_dir)?;
        let log = self.target_dir.join("bench-units.tsv");
        let errors = self.target_dir.join("bench-stderr.txt");
        fs::write(&log, "")?;
        let mut command = Command::new("cargo");
        command
            .args(arguments)
            .arg("--manifest-path")
            .arg(self.dir.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.target_dir)
            .stdout(Stdio::null())
            .stderr(fs::File::create(&errors)?);
        // What the caller of the benchmark set for itself must not change what is measured.
        for name in [
            "CARGO_INCREMENTAL",
            "CARGO_BUILD_JOBS",
            "RUSTFLAGS",
            "RUSTC_WORKSPACE_WRAPPER",
        ] {
            command.env_remove(name);
        }
        wrapper::install(&mut command, &log)?;
        match measure::run(&mut command) {
            Ok(total) => Ok(Build {
                total,
                units: wrapper::read(&log)?,
            }),
            Err(error) => {
                let output = fs::read_to_string(&errors)?;
                Err(format!("{error}\n{output}").into())
            }
        }
    }
}

/// Builds the compiler as users get it, and returns its path.
pub(crate) fn build_compiler(target_dir: &Path) -> Result<PathBuf> {
    let package = Package {
        dir: &root(),
        target_dir,
    };
    package.cargo(&[
        "build",
        "--release",
        "--locked",
        "--package",
        "sqlmodel-gen",
    ])?;
    Ok(target_dir.join("release/sqlmodel-gen"))
}
