//! From a project to the files it generates: what the command line and build scripts share.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sqlmodel_sql::ddl::NotSupported;

use crate::config::Project;
use crate::emit;
use crate::ir::Schema;
use crate::output::{Folder, Inputs};
use crate::source::LoadError;

/// Emits the files of a compiled project: Rust into `out`, and SQL into `ddl` if the configuration names such a folder.
///
/// # Errors
///
/// When a dialect cannot do what a table asks for; a schema that was compiled for its dialects has no such table.
pub fn folders(project: &Project, schema: &Schema) -> Result<Vec<Folder>, NotSupported> {
    let Project {
        root,
        config,
        sources,
        ..
    } = project;
    let dialects = match &config.ddl {
        Some(_) => config.options.dialects.as_slice(),
        None => &[],
    };
    let (rust, sql) = emit::files(schema, sources, dialects);
    let mut folders = BTreeMap::from([(root.join(&config.out), rust)]);
    if let Some(ddl) = &config.ddl {
        let files = folders.entry(root.join(ddl)).or_default();
        for file in sql {
            files.push(file?);
        }
    }
    let folder = |(path, files)| Folder { path, files };
    Ok(folders.into_iter().map(folder).collect())
}

/// Returns what the files of a project were made from, as manifests record it.
///
/// # Errors
///
/// If a folder of schema files cannot be read.
pub fn inputs(project: &Project) -> Result<Inputs, LoadError> {
    let Project {
        root,
        config,
        sources,
        files,
        ..
    } = project;
    let files = files
        .iter()
        .zip(sources.iter())
        .map(|(path, (_, source))| (relative(root, path), source.text().to_owned()))
        .collect();
    let folders: BTreeSet<PathBuf> = config
        .schema
        .iter()
        .filter(|(pattern, _)| pattern.contains('*'))
        .filter_map(|(pattern, _)| Some(root.join(pattern).parent()?.to_owned()))
        .collect();
    let folders = folders
        .into_iter()
        .map(|folder| {
            let names = schema_files(&folder).map_err(|cause| LoadError::new(&folder, cause))?;
            Ok((relative(root, &folder), names))
        })
        .collect::<Result<_, LoadError>>()?;
    Ok(Inputs { files, folders })
}

/// The names of the TOML files in a folder, sorted.
fn schema_files(folder: &Path) -> io::Result<Vec<String>> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if Path::new(&name).extension() == Some(OsStr::new("toml")) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// A path relative to the folder of the configuration, `.` for that folder, with `/` between parts.
fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    match path.to_string_lossy().replace('\\', "/") {
        path if path.is_empty() => ".".to_owned(),
        path => path,
    }
}
