//! The compiler: how long it takes to turn a schema into Rust and SQL, and how much memory.

pub(crate) mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::arguments::Arguments;
use crate::cargo;
use crate::measure::{self, Costs, Megabytes, Millis, ratio};
use crate::table::Table;

/// What a thousand models may take.
const GOAL: Duration = Duration::from_millis(250);

/// What was measured for one schema.
#[derive(Debug)]
struct Measured {
    n_models: usize,
    input: Size,
    output: Size,
    /// Nothing was there, and everything is written.
    cold: Costs,
    /// Everything is there, and nothing is written.
    warm: Costs,
}

/// How much text there is in a folder.
#[derive(Debug, Default)]
struct Size {
    n_files: usize,
    n_lines: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => cargo::build_compiler(&arguments.target_dir)?,
    };
    let work = arguments.target_dir.join("bench-generate");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let runs = arguments.runs(7);
    let mut measured = Vec::new();
    for n_models in arguments.models(&[10, 100, 1000]) {
        let project = work.join(n_models.to_string());
        measured.push(measure(&program, &project, n_models, runs)?);
    }
    print(&measured, runs);
    if let Some(last) = measured.last() {
        let project = work.join(last.n_models.to_string());
        schema::write_queries(&project, last.n_models)?;
        let with = measure(&program, &project, last.n_models, runs)?;
        println!(
            "With as many typed queries as models: {} ms more, {} ms more CPU time, {:.0} us a query.",
            Millis(with.cold.wall().saturating_sub(last.cold.wall())),
            Millis(with.cold.cpu().saturating_sub(last.cold.cpu())),
            with.cold
                .cpu()
                .saturating_sub(last.cold.cpu())
                .as_secs_f64()
                * 1e6
                / last.n_models as f64
        );
    }
    fs::remove_dir_all(&work)?;
    Ok(())
}

fn measure(program: &Path, project: &Path, n_models: usize, runs: usize) -> Result<Measured> {
    if !project.join("sqlmodel.toml").exists() {
        schema::write(project, n_models)?;
    }
    let (mut cold, mut warm) = (Costs::default(), Costs::default());
    let mut output = Size::default();
    for run in 0..runs {
        // Every run writes to folders of its own: creating a file right after a thousand were removed can take ext4 a
        // hundred times as long, because it looks for numbers of files that were not in use lately.
        let (out, ddl) = (format!("out-{run}"), format!("ddl-{run}"));
        let mut command = Command::new(program);
        command.arg("generate").arg(project);
        command.args(["--out", &out, "--ddl", &ddl]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        cold.push(measure::run(&mut command)?);
        warm.push(measure::run(&mut command)?);
        output = size(&[project.join(out), project.join(ddl)])?;
    }
    Ok(Measured {
        n_models,
        input: size(&[project.join(schema::FOLDER)])?,
        output,
        cold,
        warm,
    })
}

fn print(measured: &[Measured], runs: usize) {
    println!(
        "Schema to Rust and SQL for three databases, models of {} columns, {runs} runs.\n",
        schema::N_COLUMNS
    );
    let mut table = Table::new([
        "models",
        "",
        "wall min, ms",
        "wall median, ms",
        "CPU min, ms",
        "peak, MB",
        "us/model",
        "lines in",
        "lines out",
        "files out",
    ]);
    for it in measured {
        for (what, costs) in [("cold", &it.cold), ("warm", &it.warm)] {
            let each = costs.wall().as_secs_f64() * 1e6 / it.n_models as f64;
            table.row([
                &it.n_models,
                &what,
                &Millis(costs.wall()),
                &Millis(costs.median_wall()),
                &Millis(costs.cpu()),
                &Megabytes(costs.peak()),
                &format!("{each:.0}"),
                &it.input.n_lines,
                &it.output.n_lines,
                &it.output.n_files,
            ]);
        }
    }
    println!("{table}");
    for pair in measured.windows(2) {
        let [small, large] = pair else { continue };
        println!(
            "{} to {} models: {:.1} times the models, {:.1} times the CPU time cold, {:.1} warm.",
            small.n_models,
            large.n_models,
            large.n_models as f64 / small.n_models as f64,
            ratio(large.cold.cpu(), small.cold.cpu()),
            ratio(large.warm.cpu(), small.warm.cpu()),
        );
    }
    for it in measured.iter().filter(|it| it.n_models == 1000) {
        println!(
            "Goal: 1,000 models in {} ms; cold takes {:.2} of it, {:.2} in CPU time.",
            Millis(GOAL),
            ratio(it.cold.wall(), GOAL),
            ratio(it.cold.cpu(), GOAL)
        );
    }
}

/// Counts what is in folders and in those below them.
fn size(folders: &[PathBuf]) -> Result<Size> {
    let mut size = Size::default();
    let mut folders = folders.to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                size.n_files += 1;
                size.n_lines += fs::read_to_string(path)?.lines().count();
            }
        }
    }
    Ok(size)
}
