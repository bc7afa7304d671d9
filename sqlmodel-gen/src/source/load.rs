//! Reads a source from disk.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::source::MAX_SOURCE_LEN;

/// A file that could not be read.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    cause: io::Error,
}

impl LoadError {
    /// Names the file of an I/O error.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, cause: io::Error) -> Self {
        Self {
            path: path.into(),
            cause,
        }
    }

    /// Returns the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Reads a file, at most one byte more than a source may have.
///
/// # Errors
///
/// If the file cannot be read.
pub fn load_bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(MAX_SOURCE_LEN as u64 + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|cause| LoadError::new(path, cause))
}
