//! What statements cost: the workloads of the benchmark suite in Diesel's repository, on sqlmodel and beside it.

use std::process::Command;

use crate::Result;
use crate::arguments::Arguments;
use crate::cargo;
use crate::programs::{Program, Sample, Sampling, build, measure};
use crate::table::Table;

/// The folders of the programs, and their names.
const PROGRAMS: [(&str, &str); 2] = [("sqlmodel", "bench-sqlmodel"), ("peers", "bench-peers")];

/// In the order of the table.
const PEERS: [&str; 7] = [
    "limit",
    "sqlmodel",
    "sqlmodel-texts",
    "rusqlite",
    "diesel",
    "sqlx",
    "sea-orm",
];

/// Who commits to the disk, too.
const DURABLE: [&str; 4] = ["limit", "sqlmodel", "sqlmodel-texts", "rusqlite"];

const WORKLOADS: [&str; 12] = [
    "trivial-1",
    "trivial-100",
    "trivial-10000",
    "medium-1",
    "medium-100",
    "medium-10000",
    "medium-posts-1",
    "medium-posts-100",
    "medium-posts-10000",
    "insert-1",
    "insert-100",
    "associations-9",
];

/// Builds the programs, runs every workload on every peer, and prints the tables.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let drivers = cargo::root().join("tests/bench/drivers");
    let mut programs = Vec::new();
    for (folder, name) in PROGRAMS {
        build(&drivers.join(folder), &arguments.target_dir)?;
        let program = arguments.target_dir.join("release").join(name);
        programs.push(Program::start(&mut Command::new(program))?);
    }
    let peers: Vec<&str> = PEERS
        .into_iter()
        .filter(|peer| *peer == "limit" || arguments.includes(peer))
        .collect();
    let sampling = Sampling {
        nanos: 5e6,
        n_samples: arguments.runs(20),
    };
    let mut times = Table::from_head(std::iter::once("microseconds").chain(peers.iter().copied()));
    let mut ratios = Table::from_head(std::iter::once("of the limit").chain(peers.iter().copied()));
    let mut counts = Table::from_head(std::iter::once("allocations").chain(peers.iter().copied()));
    for workload in WORKLOADS {
        let best = measure(&mut programs, &peers, workload, sampling)?;
        let limit = best.get("limit").map_or(f64::NAN, |sample| sample.nanos);
        let cells = |show: &dyn Fn(&Sample) -> String| {
            let cell = |peer: &&str| best.get(peer).map_or_else(|| "-".to_owned(), show);
            let cells: Vec<String> = peers.iter().map(cell).collect();
            std::iter::once(workload.to_owned()).chain(cells)
        };
        times.add(cells(&|sample| format!("{:.2}", sample.nanos / 1000.0)));
        ratios.add(cells(&|sample| format!("{:.2}", sample.nanos / limit)));
        counts.add(cells(&|sample| format!("{:.0}", sample.allocations)));
    }
    println!("{ratios}\n{times}\n{counts}");
    print_durable(&mut programs, sampling)
}

/// Inserts into a file, each of them committed to the disk.
fn print_durable(programs: &mut [Program], sampling: Sampling) -> Result<()> {
    let names: Vec<String> = DURABLE
        .iter()
        .map(|peer| format!("{peer}-durable"))
        .collect();
    let peers: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut times = Table::from_head(std::iter::once("microseconds, durable").chain(DURABLE));
    for workload in ["insert-1", "insert-100"] {
        let best = measure(programs, &peers, workload, sampling)?;
        let cell = |peer: &&str| {
            best.get(*peer).map_or_else(
                || "-".to_owned(),
                |sample| format!("{:.1}", sample.nanos / 1000.0),
            )
        };
        let cells: Vec<String> = peers.iter().map(cell).collect();
        times.add(std::iter::once(workload.to_owned()).chain(cells));
    }
    println!("{times}");
    Ok(())
}
