//! Writes generated files into folders: the only module that writes to disk.
//!
//! Everything is planned before anything is written. A file is written only if it changes, each as a whole; files of an earlier
//! run that are no longer generated are removed. A file without the mark of the compiler on its first line belongs to somebody
//! else: it is never touched, and if it is in the way nothing is written at all.

mod manifest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

pub use self::manifest::{FILE_NAME as MANIFEST_NAME, Inputs};
use crate::emit;
use crate::parallel;

/// A folder and all generated files that belong in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Where it is; it need not exist.
    pub path: PathBuf,
    /// The files, without the manifest.
    pub files: Vec<emit::File>,
}

/// What is to be done so that the folders hold what was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    changes: Vec<Change>,
    /// Manifests are written last: until then the earlier ones hold.
    manifests: Vec<Change>,
    /// The folders themselves, which stay when they get empty.
    roots: BTreeSet<PathBuf>,
}

/// One file that differs from what was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds, `None` if there is no file.
    pub before: Option<Vec<u8>>,
    /// What it is to hold, `None` to remove it.
    pub after: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were written, new or changed.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
}

/// Why nothing was written, or where writing stopped: one reason a path.
#[derive(Debug)]
pub struct OutputError {
    obstacles: Vec<(PathBuf, String)>,
}

impl OutputError {
    fn new(path: &Path, cause: impl fmt::Display) -> Self {
        Self {
            obstacles: vec![(path.to_owned(), cause.to_string())],
        }
    }

    /// Returns the paths and the reasons.
    pub fn obstacles(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.obstacles
            .iter()
            .map(|(path, reason)| (path.as_path(), reason.as_str()))
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (path, reason)) in self.obstacles.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {reason}", path.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for OutputError {}

/// Compares folders with what was generated, and writes nothing.
///
/// # Errors
///
/// If a file of somebody else, a link or a folder is where a file has to go, or something cannot be read.
pub fn plan(folders: Vec<Folder>, inputs: &Inputs) -> Result<Plan, OutputError> {
    let mut plan = Plan::default();
    let mut obstacles = Vec::new();
    for folder in folders {
        if let Err(error) = plan_folder(folder, inputs, &mut plan) {
            obstacles.extend(error.obstacles);
        }
    }
    if obstacles.is_empty() {
        Ok(plan)
    } else {
        Err(OutputError { obstacles })
    }
}

/// Creates files that belong to the user, in a folder that need not exist.
///
/// # Errors
///
/// If any of them exists, and then none is created; or if one cannot be written.
pub fn create<T: AsRef<str>>(folder: &Path, files: &[(&str, T)]) -> Result<(), OutputError> {
    let obstacles: Vec<_> = files
        .iter()
        .map(|(path, _)| folder.join(path))
        .filter(|path| fs::symlink_metadata(path).is_ok())
        .map(|path| (path, "exists already".to_owned()))
        .collect();
    if !obstacles.is_empty() {
        return Err(OutputError { obstacles });
    }
    for (path, text) in files {
        let path = folder.join(path);
        replace(&path, text.as_ref()).map_err(|cause| OutputError::new(&path, cause))?;
    }
    Ok(())
}

/// Replaces the text of a user's file, as a whole.
///
/// # Errors
///
/// If it cannot be written.
pub fn edit(path: &Path, text: &str) -> Result<(), OutputError> {
    // A link stays one: what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&target, text).map_err(|cause| OutputError::new(path, cause))
}

impl Plan {
    /// Returns whether the folders hold what was generated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.manifests.is_empty()
    }

    /// Iterates over the files that differ, sorted within each folder, manifests last.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().chain(&self.manifests)
    }

    /// Writes and removes files until the folders hold what was generated.
    ///
    /// Each file is replaced as a whole: whoever reads it meanwhile sees the old or the new one.
    ///
    /// # Errors
    ///
    /// If files cannot be written or removed; others may be done, manifests are not, and another run does the rest.
    pub fn apply(&self) -> Result<Summary, OutputError> {
        let mut summary = Summary::default();
        for changes in [&self.changes, &self.manifests] {
            let done = parallel::map(changes, |Change { path, after, .. }| {
                let done = match after {
                    Some(text) => replace(path, text),
                    None => fs::remove_file(path),
                };
                done.map_err(|cause| (path.clone(), cause.to_string()))
            });
            let obstacles: Vec<_> = done.into_iter().filter_map(Result::err).collect();
            if !obstacles.is_empty() {
                return Err(OutputError { obstacles });
            }
            for Change { path, after, .. } in changes {
                match after {
                    Some(_) => summary.written += 1,
                    None => {
                        self.remove_empty_folders(path);
                        summary.removed += 1;
                    }
                }
            }
        }
        Ok(summary)
    }

    /// Removes the folders that a removed file leaves empty, up to the output folder.
    fn remove_empty_folders(&self, file: &Path) {
        for folder in file.ancestors().skip(1) {
            if self.roots.contains(folder) || fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }
}

fn plan_folder(folder: Folder, inputs: &Inputs, plan: &mut Plan) -> Result<(), OutputError> {
    let Folder { path: root, files } = folder;
    let compare = |path: &str, text: &str| match read_own(&root, path) {
        Ok(Some(before)) if before == text.as_bytes() => Ok(None),
        Ok(before) => Ok(Some(before)),
        Err(reason) => Err((root.join(path), reason)),
    };
    let files: BTreeMap<String, String> = files
        .into_iter()
        .map(|file| (file.path, file.text))
        .collect();
    let pairs: Vec<(&String, &String)> = files.iter().collect();
    let compared = parallel::map(&pairs, |(path, text)| {
        (manifest::hash(text), compare(path, text))
    });
    let outputs = pairs.iter().zip(&compared);
    let outputs = outputs.map(|((path, _), (hash, _))| (path.as_str(), *hash));
    let manifest = manifest::write(inputs, outputs);
    let manifest_compared = compare(MANIFEST_NAME, &manifest);
    let mut earlier = earlier_files(&root);
    earlier.retain(|path| !files.contains_key(path));

    let mut obstacles = Vec::new();
    let mut change = |path: &str, text: String, compared| match compared {
        Ok(Some(before)) => Some(Change {
            path: root.join(path),
            before,
            after: Some(text),
        }),
        Ok(None) => None,
        Err(obstacle) => {
            obstacles.push(obstacle);
            None
        }
    };
    let mut changes: Vec<Change> = files
        .into_iter()
        .zip(compared)
        .filter_map(|((path, text), (_, compared))| change(&path, text, compared))
        .collect();
    let manifest = change(MANIFEST_NAME, manifest, manifest_compared);
    if !obstacles.is_empty() {
        return Err(OutputError { obstacles });
    }
    for path in earlier {
        // What became somebody else's in the meantime stays.
        if let Ok(Some(before)) = read_own(&root, &path) {
            changes.push(Change {
                path: root.join(path),
                before: Some(before),
                after: None,
            });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    plan.changes.extend(changes);
    plan.manifests.extend(manifest);
    plan.roots.insert(root);
    Ok(())
}

/// The files that an earlier run wrote into a folder, relative to it.
fn earlier_files(folder: &Path) -> Vec<String> {
    let Ok(Some(bytes)) = read_own(folder, MANIFEST_NAME) else {
        return Vec::new();
    };
    let mut paths = manifest::outputs(&String::from_utf8_lossy(&bytes));
    paths.retain(|path| is_inside(path));
    paths
}

/// Whether a relative path stays in the folder it is relative to.
fn is_inside(path: &str) -> bool {
    let mut components = Path::new(path).components().peekable();
    components.peek().is_some() && components.all(|part| matches!(part, Component::Normal(_)))
}

/// Reads a file that is ours or is not there; the error says what is in the way.
fn read_own(folder: &Path, file: &str) -> Result<Option<Vec<u8>>, String> {
    let mut path = folder.to_owned();
    let mut parts = Path::new(file).components().peekable();
    check_folder(&path, &fs::metadata(&path))?;
    while let Some(part) = parts.next() {
        path.push(part);
        if parts.peek().is_some() {
            check_folder(&path, &fs::symlink_metadata(&path))?;
        }
    }
    let kind = match fs::symlink_metadata(&path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if kind.is_symlink() {
        return Err("is a symbolic link, where a generated file has to go".to_owned());
    }
    if kind.is_dir() {
        return Err("is a folder, where a generated file has to go".to_owned());
    }
    if !kind.is_file() {
        return Err("is no regular file, where a generated file has to go".to_owned());
    }
    let bytes = fs::read(&path).map_err(|error| error.to_string())?;
    if is_marked(&bytes) {
        Ok(Some(bytes))
    } else {
        Err("was not generated by sqlmodel-gen and is not overwritten; move it away or choose another output folder".to_owned())
    }
}

/// Refuses whatever is not a folder, where a folder has to be; a missing one will be made.
fn check_folder(path: &Path, metadata: &io::Result<fs::Metadata>) -> Result<(), String> {
    match metadata {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(format!("`{}` is no folder", path.display())),
        Err(error) if is_missing(error) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether the first line of a file says that it is generated.
fn is_marked(bytes: &[u8]) -> bool {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    line.windows(emit::MARK.len())
        .any(|window| window == emit::MARK.as_bytes())
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    let temporary = folder.join(format!(
        ".{}.{}.tmp",
        name.to_string_lossy(),
        std::process::id()
    ));
    let mut written = write_new(&temporary, text);
    if written.as_ref().is_err_and(is_missing) {
        fs::create_dir_all(folder)?;
        written = write_new(&temporary, text);
    }
    let written = written.and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
