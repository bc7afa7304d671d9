//! Inserts into a file, each committed to the disk: a write-ahead log, and `synchronous = FULL`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Run, SCHEMA, Workload};

use crate::{limit, plain_rusqlite, with_builders, with_texts};

/// What all but sqlmodel are told; it does so by itself.
pub(crate) const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

/// A folder for a database, which is gone when the program has done with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sqlmodel-bench-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder can be made");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the workload in a file, where it is one that inserts.
fn in_file(workload: Workload, prepare: impl FnOnce(&Path) -> Run) -> Option<Run> {
    let Workload::Insert(_) = workload else {
        return None;
    };
    let folder = Folder::new();
    let mut run = prepare(&folder.0.join("database"));
    Some(Box::new(move |n, meter| {
        let _kept = &folder;
        run(n, meter)
    }))
}

pub(crate) fn limit(workload: Workload) -> Option<Run> {
    in_file(workload, |file| limit::inserts(file, PRAGMAS, workload))
}

pub(crate) fn rusqlite(workload: Workload) -> Option<Run> {
    in_file(workload, |file| {
        let connection = rusqlite::Connection::open(file).expect("a file can be opened");
        let sql = format!("{PRAGMAS}{SCHEMA}");
        connection.execute_batch(&sql).expect("the data is right");
        plain_rusqlite::on(connection, workload)
    })
}

pub(crate) fn sqlmodel(workload: Workload) -> Option<Run> {
    in_file(workload, |file| {
        with_builders::on(with_builders::open_file(file), workload)
    })
}

pub(crate) fn sqlmodel_texts(workload: Workload) -> Option<Run> {
    in_file(workload, |file| {
        with_texts::on(with_builders::open_file(file), workload)
    })
}
