//! Programs that run workloads: they stay up while this one asks them in turn, so that a sample of each peer is taken before the
//! next sample of any; what else the machine does strikes all alike.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;

/// How long a sample is repeated at least, and how many are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    pub(crate) nanos: f64,
    pub(crate) n_samples: usize,
}

/// Builds a package of programs.
pub(crate) fn build(package: &Path, target_dir: &Path) -> Result<()> {
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
pub(crate) struct Sample {
    pub(crate) nanos: f64,
    pub(crate) allocations: f64,
}

/// Runs a workload on every peer that has it.
pub(crate) fn measure<'p>(
    programs: &mut [Program],
    peers: &[&'p str],
    workload: &str,
    sampling: Sampling,
) -> Result<BTreeMap<&'p str, Sample>> {
    let mut best = BTreeMap::new();
    let mut repeats = BTreeMap::new();
    for peer in peers {
        let mut n = 1;
        while let Some(sample) = ask(programs, peer, workload, n)? {
            if sample.nanos * n as f64 >= sampling.nanos {
                repeats.insert(*peer, n);
                best.insert(*peer, sample);
                break;
            }
            n *= 2;
        }
    }
    for _ in 0..sampling.n_samples {
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
pub(crate) struct Program {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    peers: Vec<String>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
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
