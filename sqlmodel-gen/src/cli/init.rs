//! Makes a new project that builds and runs.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use sqlmodel_templates::PROJECT;

use crate::cli::terminal::{Status, Terminal};
use crate::cli::{dir, ended, plan};
use crate::config::Project;
use crate::output;

pub(super) fn run(matches: &ArgMatches, terminal: Terminal) -> Status {
    let dir = dir(matches);
    let sqlmodel = matches.get_one::<PathBuf>("sqlmodel-path");
    ended(init(dir, sqlmodel.map(PathBuf::as_path), terminal))
}

fn init(dir: &Path, sqlmodel: Option<&Path>, terminal: Terminal) -> Result<Status, Status> {
    let fail = |error: String| terminal.error(error);
    refuse_full_folder(dir).map_err(fail)?;
    let sqlmodel = checkout(sqlmodel).map_err(fail)?;
    let name = package_name(dir);
    let files: Vec<(&str, String)> = PROJECT
        .iter()
        .map(|template| {
            let text = template.text.replace("{{name}}", &name);
            (template.path, text.replace("{{sqlmodel}}", &sqlmodel))
        })
        .collect();
    output::create(dir, &files).map_err(|error| terminal.error(error))?;

    let project = Project::load(dir).map_err(|error| terminal.error(error))?;
    let plan = plan(&project, terminal)?;
    plan.apply().map_err(|error| terminal.error(error))?;
    terminal.status(format_args!(
        "made the project `{name}`; run it with `cargo run --manifest-path {}`",
        dir.join("Cargo.toml").display()
    ));
    Ok(Status::Fine)
}

/// Refuses a folder that holds anything but version control.
fn refuse_full_folder(dir: &Path) -> Result<(), String> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("{}: {error}", dir.display())),
    };
    for entry in entries {
        let name = entry
            .map_err(|error| format!("{}: {error}", dir.display()))?
            .file_name();
        if name != OsStr::new(".git") {
            return Err(format!(
                "{}: the folder is not empty; it holds `{}`",
                dir.display(),
                name.to_string_lossy()
            ));
        }
    }
    Ok(())
}

/// The folder that the crates of sqlmodel are in: the one that was named, or the one that this program was built from.
fn checkout(named: Option<&Path>) -> Result<String, String> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let Some(path) = named.or(built_from) else {
        return Err("name the checkout of sqlmodel with `--sqlmodel-path`".to_owned());
    };
    if !path.join("sqlmodel-runtime/Cargo.toml").is_file() {
        return Err(format!(
            "{}: is no checkout of sqlmodel; name one with `--sqlmodel-path`",
            path.display()
        ));
    }
    let path = path
        .canonicalize()
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let text = path.to_string_lossy().replace('\\', "/");
    if text.contains(['"', '\'']) || text.contains(char::is_control) {
        return Err(format!(
            "{text}: a path with quotes cannot stand in a Cargo.toml"
        ));
    }
    Ok(text)
}

/// A package name that cargo takes, after the folder's name.
fn package_name(dir: &Path) -> String {
    let folder = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let folder = folder
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let name: String = folder
        .chars()
        .map(|char| match char {
            'a'..='z' | '0'..='9' | '-' | '_' => char,
            'A'..='Z' => char.to_ascii_lowercase(),
            _ => '-',
        })
        .collect();
    let name = name.trim_matches(['-', '_']);
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase());
    // Cargo refuses a package that is called like the test harness, and one like its own dependency confuses it.
    if is_name && !matches!(name, "test" | "core" | "std" | "alloc" | "sqlmodel-runtime") {
        name.to_owned()
    } else {
        format!("app-{name}").trim_end_matches('-').to_owned()
    }
}
