//! A folder with a configuration, and the schema files that it names.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::{LoadError, SourceMap, Span, load_bytes};

/// The name of the configuration.
pub const CONFIG_FILE: &str = "sqlmodel.toml";

/// The most files of one schema.
const MAX_FILES: usize = 10_000;

/// Everything that one compilation reads.
#[derive(Debug)]
pub struct Project {
    /// The folder that paths of the configuration are relative to.
    pub root: PathBuf,
    /// The configuration.
    pub config: Config,
    /// The configuration's text, if there is one, and the schema files.
    pub sources: SourceMap,
    /// The files that were read, in the order of `sources`.
    pub files: Vec<PathBuf>,
    /// What is wrong with the configuration.
    pub diagnostics: Diagnostics,
}

impl Project {
    /// Reads the configuration in a folder, if there is one, and the schema files.
    ///
    /// # Errors
    ///
    /// If the folder or a file cannot be read. A file that is named and not there is a mistake of the configuration.
    pub fn load(root: impl Into<PathBuf>) -> Result<Self, LoadError> {
        let root = root.into();
        let mut project = Self {
            config: Config::default(),
            sources: SourceMap::new(),
            files: Vec::new(),
            diagnostics: Diagnostics::new(),
            root,
        };
        project.load_config()?;
        project.load_schema()?;
        Ok(project)
    }

    fn load_config(&mut self) -> Result<(), LoadError> {
        let path = self.root.join(CONFIG_FILE);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            _ => {}
        }
        let source = self
            .sources
            .add_config_bytes(shown(&path), load_bytes(&path)?);
        self.config = Config::parse(&self.sources, source, &mut self.diagnostics);
        self.files.push(path);
        Ok(())
    }

    fn load_schema(&mut self) -> Result<(), LoadError> {
        let mut paths = BTreeSet::new();
        for (pattern, span) in &self.config.schema {
            let found = find(&self.root, pattern)?;
            if found.is_empty() {
                push_no_schema(&mut self.diagnostics, &self.root, pattern, *span)?;
            }
            paths.extend(found);
        }
        if paths.len() > MAX_FILES {
            let many = format!("more than {MAX_FILES} schema files");
            return Err(LoadError::new(&self.root, io::Error::other(many)));
        }
        for path in paths {
            self.sources.add_bytes(shown(&path), load_bytes(&path)?);
            self.files.push(path);
        }
        Ok(())
    }
}

/// Reports a pattern of the configuration that no file fits; without a configuration it is an error of the folder.
fn push_no_schema(
    diagnostics: &mut Diagnostics,
    root: &Path,
    pattern: &str,
    span: Option<Span>,
) -> Result<(), LoadError> {
    let Some(span) = span else {
        let error = io::Error::new(
            io::ErrorKind::NotFound,
            format!("no schema files `{pattern}`"),
        );
        return Err(LoadError::new(root, error));
    };
    diagnostics.push(
        Diagnostic::new(&codes::NO_SCHEMA, span, format!("no file fits `{pattern}`"))
            .help("name schema files relative to the configuration, such as `\"schema/*.toml\"`"),
    );
    Ok(())
}

/// Returns the files that a path or pattern names.
fn find(root: &Path, pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    let path = root.join(pattern);
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if !name.contains('*') {
        let is_missing = matches!(path.try_exists(), Ok(false));
        return Ok(if is_missing { Vec::new() } else { vec![path] });
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // A folder that is missing has no files; the pattern is reported.
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder != root => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(LoadError::new(folder, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| LoadError::new(folder, error))?;
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else {
            continue;
        };
        let is_ours = file_name == CONFIG_FILE || file_name == "Cargo.toml";
        // A link that leads nowhere is taken for a file, so that reading it reports it.
        let is_file = || fs::metadata(entry.path()).map_or(true, |it| it.is_file());
        if !is_ours && fits(file_name, name) && is_file() {
            found.push(folder.join(file_name));
        }
    }
    Ok(found)
}

/// Returns whether a name fits a pattern in which each `*` stands for any characters.
fn fits(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Returns a path as it is shown: with `/`, and without `./` in front.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (name, pattern) in [
            ("hero.toml", "*.toml"),
            ("a.b.toml", "a*b*.toml"),
            ("x", "*"),
            ("", "*"),
            ("ab", "ab"),
        ] {
            assert!(fits(name, pattern), "{name} {pattern}");
        }
        for (name, pattern) in [
            ("hero.tom", "*.toml"),
            ("a", "ab*"),
            ("ab", "abc"),
            ("aba", "ab*ba"),
        ] {
            assert!(!fits(name, pattern), "{name} {pattern}");
        }
    }
}
