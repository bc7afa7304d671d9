//! This program in the place of rustc: it runs the real one and notes what that cost.
//!
//! Cargo starts `RUSTC_WRAPPER` with the path of rustc and its arguments. Cargo's own rusage would do for a crate on its own, but not
//! for one of many, and it would not tell what was compiled and what was fresh.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, io};

use crate::Result;
use crate::measure::{self, Cost};

const LOG: &str = "SQLMODEL_BENCH_UNITS";

/// A crate that rustc compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) cost: Cost,
}

/// Makes a cargo that was not started yet run this program for rustc.
pub(crate) fn install(cargo: &mut Command, log: &Path) -> io::Result<()> {
    cargo
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env(LOG, log);
    Ok(())
}

/// Where to note costs, if this process stands in for rustc.
pub(crate) fn log_file() -> Option<PathBuf> {
    env::var_os(LOG).map(PathBuf::from)
}

/// Stands in for rustc.
pub(crate) fn run(log: &Path) -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(rustc) = arguments.next() else {
        eprintln!("bench: cargo named no compiler to run");
        return ExitCode::FAILURE;
    };
    let arguments: Vec<OsString> = arguments.collect();
    let result = measure::cost_of(Command::new(rustc).args(&arguments));
    let noted = result.and_then(|(cost, status)| {
        if let Some(name) = crate_name(&arguments) {
            note(log, &Unit { name, cost })?;
        }
        Ok(status)
    });
    match noted {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The crate that these arguments compile; cargo also asks rustc questions, about a crate of its own invention.
fn crate_name(arguments: &[OsString]) -> Option<String> {
    let position = arguments.iter().position(|it| it == "--crate-name")?;
    let name = arguments.get(position + 1)?.to_str()?;
    (name != "___").then(|| name.to_owned())
}

fn note(log: &Path, unit: &Unit) -> io::Result<()> {
    let Unit { name, cost } = unit;
    let Cost { wall, cpu, peak } = cost;
    let line = format!(
        "{name}\t{}\t{}\t{peak}\n",
        wall.as_micros(),
        cpu.as_micros()
    );
    // One write in append mode: compilers that end together do not mix their lines.
    OpenOptions::new()
        .append(true)
        .open(log)?
        .write_all(line.as_bytes())
}

/// Reads what was noted.
pub(crate) fn read(log: &Path) -> Result<Vec<Unit>> {
    let text = fs::read_to_string(log)?;
    let parse = |line: &str| {
        let mut cells = line.split('\t');
        let name = cells.next()?.to_owned();
        let mut number = || cells.next()?.parse().ok();
        let cost = Cost {
            wall: Duration::from_micros(number()?),
            cpu: Duration::from_micros(number()?),
            peak: number()?,
        };
        Some(Unit { name, cost })
    };
    let units = text.lines().map(|line| {
        parse(line).ok_or_else(|| format!("{}: damaged line `{line}`", log.display()).into())
    });
    units.collect()
}
