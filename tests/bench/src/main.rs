//! Measures what sqlmodel costs its users: the compiler's speed, what generated code costs to compile, what it costs to build the
//! compiler, and what statements cost. Prints tables in Markdown; `README.md` says what they mean.

mod arguments;
mod build_cost;
mod cargo;
mod compile;
mod drivers;
mod generate;
mod machine;
mod measure;
mod models;
mod programs;
mod queries;
mod servers;
mod table;
mod wrapper;

use std::error::Error;
use std::process::ExitCode;

use crate::arguments::{Arguments, Command};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    if let Some(log) = wrapper::log_file() {
        return wrapper::run(&log);
    }
    match Arguments::parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if arguments.command == Command::Help {
        println!("{}", arguments::USAGE);
        return Ok(());
    }
    println!("{}\n", machine::facts()?);
    match arguments.command {
        Command::Generate => generate::run(arguments),
        Command::Compile => compile::run(arguments),
        Command::BuildCost => build_cost::run(arguments),
        Command::Drivers => drivers::run(arguments),
        Command::Servers => servers::run(arguments),
        Command::Queries => queries::run(arguments),
        Command::Help => Ok(()),
    }
}
