//! Generates whenever a file of the project changes, until it is interrupted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::ArgMatches;

use crate::cli::terminal::{Status, Terminal};
use crate::cli::{apply, dir, load, plan};
use crate::config::{CONFIG_FILE, Project};

/// Time between two looks at the files: short enough to feel immediate, long enough to cost nothing.
const INTERVAL: Duration = Duration::from_millis(300);

/// What is looked at: files and folders, when each changed, and how long it is.
type Seen = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// Never returns, since whatever is wrong now may be right after the next change.
pub(super) fn run(matches: &ArgMatches, terminal: Terminal) -> Status {
    loop {
        let before = settled(dir(matches));
        if let Ok(project) = load(matches, terminal)
            && let Ok(plan) = plan(&project, terminal)
        {
            // An error is on the screen, and the next change gives another try.
            let _ = apply(&plan, terminal);
        }
        while !has_changed(&before) {
            thread::sleep(INTERVAL);
        }
    }
}

/// Returns what a project is made of, as it is before anything of it is read for a run: what changes during the run is a change.
///
/// Which files these are is known when they have been read. So they are looked at first and read then, until both agree.
fn settled(dir: &Path) -> Seen {
    let mut paths = watched(dir, None);
    loop {
        let before = seen(&paths);
        let now = watched(dir, Project::load(dir).ok().as_ref());
        if now == paths {
            return before;
        }
        paths = now;
    }
}

fn has_changed(before: &Seen) -> bool {
    before.iter().any(|(path, state)| state_of(path) != *state)
}

/// The files of a project, and the folders in which files may appear.
fn watched(dir: &Path, project: Option<&Project>) -> Vec<PathBuf> {
    let mut paths = vec![dir.join(CONFIG_FILE)];
    match project {
        Some(project) => {
            paths.extend(project.files.iter().cloned());
            let patterns = project.config.schema.iter();
            let folders = patterns
                .filter_map(|(pattern, _)| Some(project.root.join(pattern).parent()?.to_owned()));
            paths.extend(folders);
        }
        None => paths.push(dir.to_owned()),
    }
    paths
}

fn seen(paths: &[PathBuf]) -> Seen {
    let states = paths.iter().map(|path| (path.clone(), state_of(path)));
    states.collect()
}

fn state_of(path: &Path) -> Option<(SystemTime, u64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

#[cfg(test)]
mod tests;
