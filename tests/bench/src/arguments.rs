//! The command line.

use std::env;
use std::path::PathBuf;

use crate::Result;

pub(crate) const USAGE: &str = "\
usage: bench COMMAND [OPTION VALUE]...

  generate            the compiler: time and memory for 10, 100 and 1,000 models
  compile             the user's crate: cargo check and build of 200 models, beside the peers
  drivers             statements on SQLite, beside the C library and the peers
  servers             statements on PostgreSQL and MariaDB, beside their protocols by hand and the peers
  queries             typed queries on SQLite, beside the same SQL through the driver
  build-cost          the compiler as a build dependency, and the stale check

  --runs N            measures N times (7; 3 for compile and build-cost, 20 for drivers and servers)
  --models N[,N]...   the number of models (10,100,1000; 200 for compile)
  --only NAME[,NAME]  measures these peers only
  --workloads NAME[,NAME]  measures these workloads of servers only
  --postgres URL      measures this server, and --mysql URL that one, instead of private ones; on the core --core N
  --program PATH      uses this sqlmodel-gen instead of building it
  --target-dir DIR    builds and works there (CARGO_TARGET_DIR, or target beside the benchmark's manifest)";

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Generate,
    Compile,
    BuildCost,
    Drivers,
    Servers,
    Queries,
    Help,
}

/// The command line, with a default for what it leaves out.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) command: Command,
    runs: Option<usize>,
    models: Vec<usize>,
    only: Vec<String>,
    workloads: Vec<String>,
    /// Servers to measure instead of private ones.
    pub(crate) postgres: Option<String>,
    pub(crate) mysql: Option<String>,
    core: Option<usize>,
    pub(crate) program: Option<PathBuf>,
    /// Where everything is built, and where projects are written.
    pub(crate) target_dir: PathBuf,
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let command = match words.next().as_deref() {
            Some("generate") => Command::Generate,
            Some("compile") => Command::Compile,
            Some("build-cost") => Command::BuildCost,
            Some("drivers") => Command::Drivers,
            Some("servers") => Command::Servers,
            Some("queries") => Command::Queries,
            Some("help" | "--help" | "-h") | None => Command::Help,
            Some(other) => return Err(format!("no command `{other}`\n\n{USAGE}").into()),
        };
        let mut arguments = Self {
            command,
            runs: None,
            models: Vec::new(),
            only: Vec::new(),
            workloads: Vec::new(),
            postgres: None,
            mysql: None,
            core: None,
            program: None,
            target_dir: default_target_dir(),
        };
        while let Some(option) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("`{option}` wants a value\n\n{USAGE}"))?;
            arguments.set(&option, &value)?;
        }
        arguments.target_dir = std::path::absolute(&arguments.target_dir)?;
        Ok(arguments)
    }

    fn set(&mut self, option: &str, value: &str) -> Result<()> {
        let numbers = || -> Result<Vec<usize>> {
            let number = |word: &str| match word.parse() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(format!("`{option}` wants numbers above zero, not `{word}`").into()),
            };
            value.split(',').map(number).collect()
        };
        match option {
            "--runs" => self.runs = numbers()?.first().copied(),
            "--models" => self.models = numbers()?,
            "--only" => self.only = value.split(',').map(str::to_owned).collect(),
            "--workloads" => self.workloads = value.split(',').map(str::to_owned).collect(),
            "--postgres" => self.postgres = Some(value.to_owned()),
            "--mysql" => self.mysql = Some(value.to_owned()),
            "--core" => self.core = Some(value.parse()?),
            "--program" => self.program = Some(PathBuf::from(value)),
            "--target-dir" => self.target_dir = PathBuf::from(value),
            _ => return Err(format!("no option `{option}`\n\n{USAGE}").into()),
        }
        Ok(())
    }

    /// How often to measure.
    pub(crate) fn runs(&self, default: usize) -> usize {
        self.runs.unwrap_or(default)
    }

    /// The numbers of models to measure with.
    pub(crate) fn models(&self, default: &[usize]) -> Vec<usize> {
        if self.models.is_empty() {
            return default.to_vec();
        }
        self.models.clone()
    }

    /// Tells whether something of this name is to be measured.
    pub(crate) fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// Tells whether a workload is to be measured.
    pub(crate) fn includes_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|only| only == name)
    }

    /// The core that client and server share.
    pub(crate) fn core(&self) -> usize {
        self.core.unwrap_or_else(last_core)
    }
}

/// The last core that this process may use.
fn last_core() -> usize {
    std::thread::available_parallelism().map_or(0, |n_cores| n_cores.get() - 1)
}

fn default_target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
    }
}
