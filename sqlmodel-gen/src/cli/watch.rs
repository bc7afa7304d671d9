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

/// What is looked at: files and folders, and when each changed.
type Seen = BTreeMap<PathBuf, Option<SystemTime>>;

/// Never returns, since whatever is wrong now may be right after the next change.
pub(super) fn run(matches: &ArgMatches, terminal: Terminal) -> Status {
    loop {
        let project = load(matches, terminal);
        let watched = watched(dir(matches), project.as_ref().ok());
        let before = seen(&watched);
        if let Ok(project) = &project
            && let Ok(plan) = plan(project, terminal)
        {
            // An error is on the screen, and the next change gives another try.
            let _ = apply(&plan, terminal);
        }
        while seen(&watched) == before {
            thread::sleep(INTERVAL);
        }
    }
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
    let changed = |path: &PathBuf| fs::metadata(path).and_then(|it| it.modified()).ok();
    paths
        .iter()
        .map(|path| (path.clone(), changed(path)))
        .collect()
}
