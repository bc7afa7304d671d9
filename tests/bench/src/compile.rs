//! The user's crate: what cargo check and cargo build cost for the same models in sqlmodel and its peers.
//!
//! Each peer is a crate of its own, written by this program: one file a model, and one with a select and an insert of each model for the
//! measurement "used". Dependencies are built before anything is measured.

mod peer;
mod peers;
mod shape;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::arguments::Arguments;
use crate::cargo::{self, Package};
use crate::compile::peer::{Context, Peer};
use crate::compile::shape::{Edit, Usage};
use crate::machine;
use crate::measure::{Costs, Megabytes, Seconds, ratio};
use crate::table::Table;

/// What a user runs.
const STEPS: [(&str, Edit); 4] = [
    ("check", Edit::None),
    ("check", Edit::OneModel),
    ("build", Edit::None),
    ("build", Edit::OneModel),
];

/// What was measured of one peer.
#[derive(Debug)]
struct Measured {
    name: &'static str,
    /// The processor time and memory of the one rustc, for each of [`STEPS`].
    steps: [Costs; STEPS.len()],
}

impl Measured {
    fn peak(&self) -> u64 {
        self.steps.iter().map(Costs::peak).max().unwrap_or(0)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let cx = Context {
        compiler: match &arguments.program {
            Some(program) => program.clone(),
            None => cargo::build_compiler(&arguments.target_dir)?,
        },
        work: arguments.target_dir.join("bench-compile"),
        target_dir: arguments.target_dir.clone(),
    };
    let runs = arguments.runs(3);
    let mut failures = Vec::new();
    for n_models in arguments.models(&[200]) {
        for usage in [Usage::None, Usage::Once] {
            let mut all = Vec::new();
            for peer in peers::ALL
                .iter()
                .filter(|peer| arguments.includes(peer.name))
            {
                if usage == Usage::Once && peer.queries.is_none() {
                    continue;
                }
                let models = shape::models(n_models);
                match measure(&cx, peer, &models, usage, runs) {
                    Ok(measured) => all.push(measured),
                    // What the others cost is worth printing all the same.
                    Err(error) => failures.push(format!("{}: {error}", peer.name)),
                }
                let load = machine::load().unwrap_or_default();
                eprintln!("bench: {}, {usage}: done at a load of {load}", peer.name);
            }
            print(&all, n_models, usage, runs);
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n").into())
}

fn measure(
    cx: &Context,
    peer: &Peer,
    models: &[shape::Model],
    usage: Usage,
    runs: usize,
) -> Result<Measured> {
    let dir = cx.work.join(peer.name);
    let package = Package {
        dir: &dir,
        target_dir: &cx.target_dir,
    };
    let mut measured = Measured {
        name: peer.name,
        steps: Default::default(),
    };
    peer.write_manifest(&dir)?;
    // One model is enough to have all dependencies built.
    peer.write(
        cx,
        &dir,
        models.get(..1).unwrap_or(models),
        usage,
        Edit::None,
    )?;
    for command in ["check", "build"] {
        package.cargo(&[command])?;
    }
    for _ in 0..runs {
        for ((command, edit), costs) in STEPS.iter().zip(&mut measured.steps) {
            if *edit == Edit::None {
                forget(&cx.target_dir, &peer.crate_name())?;
            }
            peer.write(cx, &dir, models, usage, *edit)?;
            // Cargo goes by the time of the files; an edit may have been undone before.
            fs::File::options()
                .append(true)
                .open(dir.join("src/lib.rs"))?
                .set_modified(std::time::SystemTime::now())?;
            let build = package.cargo(&[command])?;
            match &build.units[..] {
                [unit] if unit.name == peer.crate_name() => costs.push(unit.cost),
                units => {
                    let names: Vec<&str> = units.iter().map(|unit| &*unit.name).collect();
                    return Err(format!("{}: compiled {names:?}, not one crate", peer.name).into());
                }
            }
        }
    }
    Ok(measured)
}

/// Removes what rustc remembers of a crate, so that the next compilation is a full one.
fn forget(target_dir: &Path, crate_name: &str) -> Result<()> {
    let incremental: PathBuf = target_dir.join("debug/incremental");
    if !incremental.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(incremental)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name
            .rsplit_once('-')
            .is_some_and(|(name, _)| name == crate_name)
        {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn print(all: &[Measured], n_models: usize, usage: Usage, runs: usize) {
    println!(
        "{n_models} models of {} columns, {usage}; CPU seconds of rustc, least of {runs} runs.\n",
        shape::N_COLUMNS
    );
    let mut table = Table::new([
        "models as",
        "check, full",
        "check, one edit",
        "build, full",
        "build, one edit",
        "peak, MB",
    ]);
    for measured in all {
        let [check, check_edit, build, build_edit] = &measured.steps;
        table.row([
            &measured.name,
            &Seconds(check.cpu()),
            &Seconds(check_edit.cpu()),
            &Seconds(build.cpu()),
            &Seconds(build_edit.cpu()),
            &Megabytes(measured.peak()),
        ]);
    }
    println!("{table}");
    let Some(own) = all.iter().find(|it| it.name == peers::SQLMODEL) else {
        return;
    };
    println!("As a multiple of sqlmodel's:\n");
    let mut table = Table::new([
        "models as",
        "check, full",
        "check, one edit",
        "build, full",
        "build, one edit",
        "peak",
    ]);
    for measured in all {
        let times = |step: usize| {
            format!(
                "{:.2}",
                ratio(measured.steps[step].cpu(), own.steps[step].cpu())
            )
        };
        let peak = format!("{:.2}", measured.peak() as f64 / own.peak() as f64);
        table.row([
            &measured.name,
            &times(0),
            &times(1),
            &times(2),
            &times(3),
            &peak,
        ]);
    }
    println!("{table}");
}
