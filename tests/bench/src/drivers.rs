//! What statements cost: the workloads of the benchmark suite in Diesel's repository, on sqlmodel and beside it.
//!
//! Two programs stay up while this one asks them in turn, so that a sample of each peer is taken before the next sample of any:
//! what else the machine does strikes all alike.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;
use crate::arguments::Arguments;
use crate::cargo;
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

/// A sample is repeated until it takes so long.
const NANOS_A_SAMPLE: f64 = 5e6;

/// Builds the programs, runs every workload on every peer, and prints the tables.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let drivers = cargo::root().join("tests/bench/drivers");
    let mut programs = Vec::new();
    for (folder, name) in PROGRAMS {
        build(&drivers.join(folder), &arguments.target_dir)?;
        let program = arguments.target_dir.join("release").join(name);
        programs.push(Program::start(&program)?);
    }
    let peers: Vec<&str> = PEERS
        .into_iter()
        .filter(|peer| *peer == "limit" || arguments.includes(peer))
        .collect();
    let mut times = Table::from_head(std::iter::once("microseconds").chain(peers.iter().copied()));
    let mut ratios = Table::from_head(std::iter::once("of the limit").chain(peers.iter().copied()));
    let mut counts = Table::from_head(std::iter::once("allocations").chain(peers.iter().copied()));
    for workload in WORKLOADS {
        let best = measure(&mut programs, &peers, workload, arguments.runs(20))?;
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
    Ok(())
}

fn build(package: &Path, target_dir: &Path) -> Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target_dir)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{} does not build", package.display()).into()),
    }
}

/// The least of several samples, for one run of a workload.
#[derive(Debug, Clone, Copy)]
struct Sample {
    nanos: f64,
    allocations: f64,
}

fn measure<'p>(
    programs: &mut [Program],
    peers: &[&'p str],
    workload: &str,
    n_samples: usize,
) -> Result<BTreeMap<&'p str, Sample>> {
    let mut best = BTreeMap::new();
    let mut repeats = BTreeMap::new();
    for peer in peers {
        let mut n = 1;
        while let Some(sample) = ask(programs, peer, workload, n)? {
            if sample.nanos * n as f64 >= NANOS_A_SAMPLE {
                repeats.insert(*peer, n);
                best.insert(*peer, sample);
                break;
            }
            n *= 2;
        }
    }
    for _ in 0..n_samples {
        for (peer, n) in &repeats {
            let sample = ask(programs, peer, workload, *n)?;
            if let (Some(sample), Some(least)) = (sample, best.get_mut(peer))
                && sample.nanos < least.nanos
            {
                *least = sample;
            }
        }
    }
    Ok(best)
}

/// Asks the program that has the peer; `None` when it does not run the workload.
fn ask(programs: &mut [Program], peer: &str, workload: &str, n: u64) -> Result<Option<Sample>> {
    let program = programs.iter_mut().find(|program| program.has(peer));
    let program = program.ok_or_else(|| format!("no program has the peer {peer}"))?;
    let answer = program.ask(&format!("{peer} {workload} {n}"))?;
    let numbers: Vec<f64> = answer
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [nanos, allocations] => Ok(Some(Sample {
            nanos: nanos / n as f64,
            allocations: allocations / n as f64,
        })),
        _ if answer == "none" => Ok(None),
        _ => Err(format!("{peer} answered `{answer}` for {workload}").into()),
    }
}

/// A program that runs until this is dropped.
#[derive(Debug)]
struct Program {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    peers: Vec<String>,
}

impl Program {
    fn start(path: &Path) -> Result<Self> {
        let mut command = Command::new(path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a child without its pipes".into());
        };
        let mut program = Self {
            child,
            questions,
            answers: BufReader::new(answers),
            peers: Vec::new(),
        };
        loop {
            match program.read()? {
                ready if ready == "ready" => return Ok(program),
                peer => program.peers.push(peer),
            }
        }
    }

    fn has(&self, peer: &str) -> bool {
        self.peers.iter().any(|own| own == peer)
    }

    fn ask(&mut self, question: &str) -> Result<String> {
        writeln!(self.questions, "{question}")?;
        self.read()
    }

    fn read(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("a program of the benchmark has ended".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // What it still does has no use.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
