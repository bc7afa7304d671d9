//! What statements cost on servers: the same workloads as on SQLite, a bulk insert, and tasks that share a pool.
//!
//! Client and server are pinned to one core: what a round trip costs unpinned depends on whether the other core sleeps.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::arguments::Arguments;
use crate::programs::{Program, Sample, Sampling, build, measure};
use crate::table::Table;
use crate::{Result, cargo, machine};

/// The folders of the programs, and their names.
const PROGRAMS: [(&str, &str); 2] = [
    ("sqlmodel", "bench-sqlmodel"),
    ("server-peers", "bench-server-peers"),
];

/// The kinds of servers, by the scheme of their URLs, and their peers in the order of the table.
const SERVERS: [(&str, &[&str]); 2] = [
    (
        "postgres",
        &[
            "sqlmodel",
            "limit",
            "tokio-postgres",
            "diesel",
            "diesel-async",
            "sqlx",
            "sea-orm",
        ],
    ),
    (
        "mysql",
        &[
            "sqlmodel",
            "limit",
            "mysql_async",
            "diesel",
            "sqlx",
            "sea-orm",
        ],
    ),
];

const WORKLOADS: [&str; 16] = [
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
    "insert-100000",
    "associations-100",
    "pool-8",
    "pool-32",
    "pool-256",
];

/// Builds the programs, starts the servers, runs every workload on every peer of each, and prints the tables.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let drivers = cargo::root().join("tests/bench/drivers");
    for (folder, _) in PROGRAMS {
        build(&drivers.join(folder), &arguments.target_dir)?;
    }
    let are_given = arguments.postgres.is_some() || arguments.mysql.is_some();
    let private = match are_given {
        true => None,
        false => Some(Servers::start(arguments.core())?),
    };
    let given = [&arguments.postgres, &arguments.mysql];
    for ((kind, peers), given) in SERVERS.into_iter().zip(given) {
        let url = match &private {
            Some(servers) => servers.urls.get(kind),
            None => given.as_ref(),
        };
        if let Some(url) = url {
            let peers = peers.iter().copied();
            let peers: Vec<&str> = peers
                .filter(|peer| *peer == "sqlmodel" || arguments.includes(peer))
                .collect();
            measure_server(arguments, kind, &base_of(url)?, &peers)?;
        }
    }
    Ok(())
}

/// Returns the URL of a server without a database.
fn base_of(url: &str) -> Result<String> {
    let server = url.split("://").nth(1).and_then(|rest| rest.find('/'));
    let scheme = url.find("://").unwrap_or(0);
    let end = server.ok_or_else(|| format!("`{url}` has no `/` behind the server"))?;
    Ok(url[..scheme + "://".len() + end + 1].to_owned())
}

fn measure_server(arguments: &Arguments, kind: &str, url: &str, peers: &[&str]) -> Result<()> {
    let command = |name: &str| {
        let program = arguments.target_dir.join("release").join(name);
        let mut command = Command::new("taskset");
        command.args(["-c", &arguments.core().to_string()]);
        // None of the peers is to encrypt what others do not.
        command.arg(program).env("SQLMODEL_BENCH_URL", url);
        command.env("PGSSLMODE", "disable");
        command
    };
    let mut tables = Tables::new(kind, peers);
    for workload in WORKLOADS {
        if !arguments.includes_workload(workload) {
            continue;
        }
        let set_up = command(PROGRAMS[0].1).args(["set-up", workload]).status()?;
        if !set_up.success() {
            return Err(format!("the database of {workload} cannot be made").into());
        }
        // Programs of their own for each workload, so that none finds the server busy with the connections of another.
        let mut programs = Vec::new();
        for (_, name) in PROGRAMS {
            programs.push(Program::start(&mut command(name))?);
        }
        let sampling = Sampling {
            nanos: if workload.starts_with("pool") {
                50e6
            } else {
                10e6
            },
            n_samples: arguments.runs(20),
        };
        let best = measure(&mut programs, peers, workload, sampling)?;
        tables.add(workload, peers, &best);
    }
    let load = machine::load().unwrap_or_else(|| "unknown".to_owned());
    println!("{tables}Load average at the end: {load}.\n");
    Ok(())
}

/// What is printed of one server.
#[derive(Debug)]
struct Tables {
    ratios: Table,
    times: Table,
    allocations: Table,
}

impl Tables {
    fn new(kind: &str, peers: &[&str]) -> Self {
        let table = |title: &str| {
            let title = format!("{kind}, {title}");
            Table::from_head(std::iter::once(&*title).chain(peers.iter().copied()))
        };
        Self {
            ratios: table("of sqlmodel"),
            times: table("microseconds"),
            allocations: table("allocations"),
        }
    }

    fn add(&mut self, workload: &str, peers: &[&str], best: &BTreeMap<&str, Sample>) {
        // A workload of tasks is one query of each: what is told is one query.
        let n_tasks = match workload.strip_prefix("pool-") {
            Some(n_tasks) => n_tasks.parse().unwrap_or(1.0),
            None => 1.0,
        };
        let own = best.get("sqlmodel").map_or(f64::NAN, |sample| sample.nanos);
        let row = |show: &dyn Fn(&Sample) -> String| {
            let cell = |peer: &&str| best.get(peer).map_or_else(|| "-".to_owned(), show);
            let cells: Vec<String> = peers.iter().map(cell).collect();
            std::iter::once(workload.to_owned()).chain(cells)
        };
        self.ratios
            .add(row(&|sample| format!("{:.2}", sample.nanos / own)));
        self.times.add(row(&|sample| {
            format!("{:.1}", sample.nanos / n_tasks / 1000.0)
        }));
        self.allocations.add(row(&|sample| {
            format!("{:.0}", sample.allocations / n_tasks)
        }));
    }
}

impl std::fmt::Display for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            ratios,
            times,
            allocations,
        } = self;
        writeln!(f, "{ratios}\n{times}\n{allocations}")
    }
}

/// Private servers, which run until this is dropped.
#[derive(Debug)]
struct Servers {
    child: Child,
    /// They end when it is closed.
    input: Option<ChildStdin>,
    urls: BTreeMap<String, String>,
}

impl Servers {
    fn start(core: usize) -> Result<Self> {
        let script = cargo::root().join("build-support/servers.sh");
        let mut child = Command::new("taskset")
            .args(["-c", &core.to_string(), "bash"])
            .arg(script)
            .args(["postgres", "mysql"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a child without its pipe")?;
        let mut servers = Self {
            child,
            input,
            urls: BTreeMap::new(),
        };
        for line in BufReader::new(output).lines() {
            let line = line?;
            if line == "ready" {
                return Ok(servers);
            }
            for kind in ["postgres", "mysql"] {
                let variable = format!("SQLMODEL_TEST_{}_URL=", kind.to_uppercase());
                if let Some(url) = line.strip_prefix(&variable) {
                    servers.urls.insert(kind.to_owned(), url.to_owned());
                }
            }
        }
        Err("the servers do not start".into())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has nothing to tell.
        let _ = self.child.wait();
    }
}
