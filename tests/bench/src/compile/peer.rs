//! A way to declare models, and the crate that does.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::cargo;
use crate::compile::shape::{self, Edit, Model, Usage};

/// What is measured: sqlmodel, or something to compare it with.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Its dependencies, of exact versions.
    pub(crate) manifest: &'static str,
    pub(crate) lock: Lock,
    pub(crate) models: Models,
    /// The functions that use all models, if it has any.
    pub(crate) queries: Option<Queries>,
}

/// Where the versions of all dependencies are from.
#[derive(Debug)]
pub(crate) enum Lock {
    /// The lock file of the project.
    Own,
    Text(&'static str),
}

/// Where the text of the models is from.
#[derive(Debug)]
pub(crate) enum Models {
    /// Written by hand, here by a function; one file each.
    Written(fn(&Model) -> String),
    /// Compiled from a schema by sqlmodel-gen.
    Compiled(fn(&[Model]) -> String),
}

/// The text of functions that use models.
#[derive(Debug)]
pub(crate) struct Queries {
    /// What comes first.
    pub(crate) head: &'static str,
    /// What uses one model.
    pub(crate) model: fn(&Model) -> String,
}

/// What writing a peer's crate takes.
#[derive(Debug)]
pub(crate) struct Context {
    /// The program sqlmodel-gen.
    pub(crate) compiler: PathBuf,
    /// Where crates are written.
    pub(crate) work: PathBuf,
    pub(crate) target_dir: PathBuf,
}

impl Peer {
    /// The name of the peer's crate as rustc has it.
    pub(crate) fn crate_name(&self) -> String {
        format!("models_{}", self.name.replace('-', "_"))
    }

    /// Writes the manifest and the lock file.
    pub(crate) fn write_manifest(&self, dir: &Path) -> Result<()> {
        let root = cargo::root();
        fs::create_dir_all(dir)?;
        let manifest = self.manifest.replace("@root@", &root.to_string_lossy());
        fs::write(dir.join("Cargo.toml"), manifest)?;
        let lock = match self.lock {
            Lock::Own => fs::read_to_string(root.join("Cargo.lock"))?,
            Lock::Text(text) => text.to_owned(),
        };
        fs::write(dir.join("Cargo.lock"), lock)?;
        Ok(())
    }

    /// Writes the sources; files that are as they should be are left alone.
    pub(crate) fn write(
        &self,
        cx: &Context,
        dir: &Path,
        models: &[Model],
        usage: Usage,
        edit: Edit,
    ) -> Result<()> {
        let models = shape::edited(models, edit);
        let src = dir.join("src");
        fs::create_dir_all(src.join("models"))?;
        match self.models {
            Models::Written(model) => write_models(&src.join("models"), &models, model)?,
            Models::Compiled(schema) => compile(cx, dir, &schema(&models))?,
        }
        let mut lib = "#![allow(dead_code)]\n\npub mod models;\n".to_owned();
        if let (Usage::Once, Some(Queries { head, model })) = (usage, &self.queries) {
            lib.push_str("pub mod queries;\n");
            let functions: Vec<String> = models.iter().map(model).collect();
            write(
                &src.join("queries.rs"),
                &format!("{head}\n{}", functions.join("\n")),
            )?;
        }
        write(&src.join("lib.rs"), &lib)
    }
}

fn write_models(dir: &Path, models: &[Model], text: fn(&Model) -> String) -> Result<()> {
    let mut list = String::new();
    for model in models {
        let name = &model.name.snake;
        writeln!(list, "pub mod {name};")?;
        write(&dir.join(format!("{name}.rs")), &text(model))?;
    }
    write(&dir.join("mod.rs"), &list)
}

/// Writes a schema and lets the compiler write the models.
fn compile(cx: &Context, dir: &Path, schema: &str) -> Result<()> {
    write(
        &dir.join("sqlmodel.toml"),
        "format = 1\ndialects = [\"sqlite\"]\nschema = [\"models.toml\"]\n",
    )?;
    write(&dir.join("models.toml"), schema)?;
    let output = Command::new(&cx.compiler)
        .arg("generate")
        .arg(dir)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}
