//! The compiler in a user's build: what it costs to build as a build dependency, crate by crate, and what its build scripts take.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::arguments::Arguments;
use crate::cargo::{self, Package};
use crate::generate::schema;
use crate::measure::{self, Costs, Megabytes, Millis, Seconds, ratio};
use crate::table::Table;

/// What building the compiler may take.
const BUILD_GOAL: Duration = Duration::from_secs(30);
/// What the stale check may take.
const CHECK_GOAL: Duration = Duration::from_secs(1);

/// A user's package whose build script does one thing.
#[derive(Debug)]
struct Script {
    name: &'static str,
    features: &'static str,
    call: &'static str,
}

const CHECK: Script = Script {
    name: "check",
    features: "",
    call: "check",
};

const GENERATE: Script = Script {
    name: "generate",
    features: r#", features = ["generate"]"#,
    call: "generate",
};

/// What building a script cost, with all its dependencies.
#[derive(Debug)]
struct Built {
    total: Costs,
    /// By crate; build scripts of dependencies are crates, too.
    crates: BTreeMap<String, Costs>,
    program: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let work = arguments.target_dir.join("bench-build-cost");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let compiler = match &arguments.program {
        Some(program) => program.clone(),
        None => cargo::build_compiler(&arguments.target_dir)?,
    };
    let runs = arguments.runs(3);
    let check = build(&work, &CHECK, runs)?;
    let generate = build(&work, &GENERATE, runs)?;
    print_builds(&check, &generate, runs);

    let projects = projects(&work, &compiler, &arguments.models(&[100, 1000]))?;
    let runs = arguments.runs(7);
    println!("What the build scripts take, built as cargo builds them; {runs} runs.\n");
    let mut table = Table::new([
        "project",
        "",
        "wall min, ms",
        "wall median, ms",
        "CPU min, ms",
        "peak, MB",
    ]);
    for (name, project) in &projects {
        for (what, built) in [("stale check", &check), ("generate", &generate)] {
            let costs = run_script(&built.program, project, &work.join("out").join(name), runs)?;
            table.row([
                name,
                &what,
                &Millis(costs.wall()),
                &Millis(costs.median_wall()),
                &Millis(costs.cpu()),
                &Megabytes(costs.peak()),
            ]);
        }
    }
    println!("{table}");
    println!(
        "Goals: the compiler is built in {} s, a stale check takes {} s.",
        Seconds(BUILD_GOAL),
        Seconds(CHECK_GOAL)
    );
    fs::remove_dir_all(&work)?;
    Ok(())
}

/// Builds a package with a build script from nothing, several times.
fn build(work: &Path, script: &Script, runs: usize) -> Result<Built> {
    let Script {
        name,
        features,
        call,
    } = script;
    let root = cargo::root();
    let dir = work.join(name);
    fs::create_dir_all(dir.join("src"))?;
    let path = root.join("build-support");
    let manifest = format!(
        "[package]\nname = \"user-of-{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [build-dependencies]\nsqlmodel-build = {{ path = {path:?}{features} }}\n"
    );
    fs::write(dir.join("Cargo.toml"), manifest)?;
    fs::write(dir.join("src/lib.rs"), "")?;
    fs::write(
        dir.join("build.rs"),
        format!("fn main() {{\n    sqlmodel_build::Config::new().{call}();\n}}\n"),
    )?;
    copy(
        &root.join("tests/quickstart"),
        &dir,
        &["sqlmodel.toml", "schema", "src/models"],
    )?;
    let target_dir = work.join(format!("target-{name}"));
    let package = Package {
        dir: &dir,
        target_dir: &target_dir,
    };
    let (mut total, mut crates) = (Costs::default(), BTreeMap::<String, Costs>::new());
    for _ in 0..runs {
        if target_dir.exists() {
            fs::remove_dir_all(&target_dir)?;
        }
        fs::copy(root.join("Cargo.lock"), dir.join("Cargo.lock"))?;
        let build = package.cargo(&["build"])?;
        total.push(build.total);
        for unit in build.units {
            crates.entry(unit.name).or_default().push(unit.cost);
        }
    }
    let program = find_script(&target_dir, &format!("user-of-{name}-"))?;
    Ok(Built {
        total,
        crates,
        program,
    })
}

/// Cargo puts a build script into a folder named after its package and a hash.
fn find_script(target_dir: &Path, prefix: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(target_dir.join("debug/build"))? {
        let entry = entry?;
        let program = entry.path().join("build-script-build");
        if entry.file_name().to_string_lossy().starts_with(prefix) && program.exists() {
            return Ok(program);
        }
    }
    Err(format!("cargo built no build script `{prefix}*`").into())
}

/// Copies files, and folders with all that is in them.
fn copy(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let (from, to) = (from.join(name), to.join(name));
        if from.is_dir() {
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(&from)? {
                let name = entry?.file_name();
                copy(&from, &to, &[&name.to_string_lossy()])?;
            }
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// The quickstart, and projects of these sizes, all with generated code.
fn projects(work: &Path, compiler: &Path, sizes: &[usize]) -> Result<Vec<(String, PathBuf)>> {
    let mut projects = vec![("quickstart".to_owned(), work.join(CHECK.name))];
    for &n_models in sizes {
        let project = work.join(format!("{n_models}-models"));
        schema::write(&project, n_models)?;
        let mut command = Command::new(compiler);
        command.arg("generate").arg(&project);
        measure::run(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
        projects.push((format!("{n_models} models"), project));
    }
    Ok(projects)
}

/// Runs a build script as cargo does.
fn run_script(program: &Path, project: &Path, out: &Path, runs: usize) -> Result<Costs> {
    let mut costs = Costs::default();
    for run in 0..runs {
        let out = out.join(run.to_string());
        fs::create_dir_all(&out)?;
        let mut command = Command::new(program);
        command
            .current_dir(project)
            .env("CARGO_MANIFEST_DIR", project)
            .env("OUT_DIR", &out)
            .stderr(Stdio::null())
            .stdout(fs::File::create(out.join("stdout.txt"))?);
        costs.push(measure::run(&mut command)?);
        // A script that found something wrong has not done the work that is measured.
        let said = fs::read_to_string(out.join("stdout.txt"))?;
        if let Some(error) = said.lines().find(|line| line.starts_with("cargo::error")) {
            return Err(format!("{}: {error}", project.display()).into());
        }
    }
    Ok(costs)
}

fn print_builds(check: &Built, generate: &Built, runs: usize) {
    println!(
        "Building a build script from nothing, as cargo does for `cargo build`; least CPU of {runs} runs.\n"
    );
    let mut table = Table::new([
        "build script",
        "CPU, s",
        "wall, s",
        "peak, MB",
        "of the goal",
    ]);
    for (what, built) in [
        ("checks generated code", check),
        ("generates code", generate),
    ] {
        table.row([
            &what,
            &Seconds(built.total.cpu()),
            &Seconds(built.total.wall()),
            &Megabytes(built.total.peak()),
            &format!("{:.2}", ratio(built.total.cpu(), BUILD_GOAL)),
        ]);
    }
    println!("{table}");
    println!("Each crate of the second:\n");
    let mut table = Table::new(["crate", "CPU, s", "peak, MB"]);
    let mut crates: Vec<_> = generate.crates.iter().collect();
    crates.sort_by_key(|(_, costs)| std::cmp::Reverse(costs.cpu()));
    let mut rest = generate.total.cpu();
    for (name, costs) in crates {
        rest = rest.saturating_sub(costs.cpu());
        table.row([name, &Seconds(costs.cpu()), &Megabytes(costs.peak())]);
    }
    table.row([&"cargo, and running build scripts", &Seconds(rest), &""]);
    println!("{table}");
}
