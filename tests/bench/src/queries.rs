//! What a typed query costs at run time: beside the same SQL and the same rows through the driver.

use std::process::Command;

use crate::Result;
use crate::arguments::Arguments;
use crate::cargo;
use crate::programs::{Program, Sampling, build, measure};
use crate::table::Table;

const PLAIN: &str = "sqlmodel-texts";
const TYPED: &str = "sqlmodel-queries";

const WORKLOADS: [&str; 10] = [
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
];

/// Builds the program, runs every workload both ways, and prints the table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let package = cargo::root().join("tests/bench/drivers/sqlmodel");
    build(&package, &arguments.target_dir)?;
    let program = arguments.target_dir.join("release/bench-sqlmodel");
    let mut programs = [Program::start(&mut Command::new(program))?];
    let sampling = Sampling {
        nanos: 5e6,
        n_samples: arguments.runs(40),
    };
    let mut table = Table::from_head(
        [
            "",
            "the driver, µs",
            "typed query, µs",
            "ratio",
            "allocations",
        ]
        .into_iter(),
    );
    for workload in WORKLOADS {
        let best = measure(&mut programs, &[PLAIN, TYPED], workload, sampling)?;
        let (Some(plain), Some(typed)) = (best.get(PLAIN), best.get(TYPED)) else {
            return Err(format!("{workload} does not run").into());
        };
        table.add(
            [
                workload.to_owned(),
                format!("{:.2}", plain.nanos / 1000.0),
                format!("{:.2}", typed.nanos / 1000.0),
                format!("{:.3}", typed.nanos / plain.nanos),
                format!("{:.0} and {:.0}", plain.allocations, typed.allocations),
            ]
            .into_iter(),
        );
    }
    println!("{table}");
    Ok(())
}
