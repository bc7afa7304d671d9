//! Folders that tests write into.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An empty folder for one test, removed with everything in it when it is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Creates the folder below the system's folder for temporary files.
    ///
    /// # Panics
    ///
    /// As all methods do, when the file system refuses.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a default is no place on a disk"
    )]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sqlmodel-test-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        // One may be left from an earlier process of this number that was killed.
        let _ = fs::remove_dir_all(&folder);
        done(&folder, fs::create_dir_all(&folder));
        // The folder for temporary files is a link on some systems.
        let folder = done(&folder, folder.canonicalize());
        Self(folder)
    }

    /// Returns the folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Returns the place of a file in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, and makes the folders it lies in.
    #[track_caller]
    pub fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            done(folder, fs::create_dir_all(folder));
        }
        done(&path, fs::write(&path, text));
    }

    /// Reads a file.
    #[must_use]
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        done(&path, fs::read_to_string(&path))
    }

    /// Removes a file.
    #[track_caller]
    pub fn remove(&self, name: &str) {
        let path = self.path(name);
        done(&path, fs::remove_file(&path));
    }

    /// Returns every file below the folder: its text by its path relative to the folder, with `/` between parts.
    #[must_use]
    #[track_caller]
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        self.visit("", &mut files);
        files
    }

    #[track_caller]
    fn visit(&self, prefix: &str, files: &mut BTreeMap<String, String>) {
        let folder = self.path(prefix);
        for entry in done(&folder, fs::read_dir(&folder)) {
            let entry = done(&folder, entry);
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.visit(&format!("{name}/"), files);
            } else {
                files.insert(name.clone(), self.read(&name));
            }
        }
    }

    /// Returns a text with the folder's path replaced by `DIR`, to compare it with what is expected.
    #[must_use]
    pub fn neutral(&self, text: &str) -> String {
        text.replace(&*self.0.to_string_lossy(), "DIR")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a test without its files has failed")]
fn done<T>(path: &Path, result: std::io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
