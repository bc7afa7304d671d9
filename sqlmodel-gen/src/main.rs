//! The command `sqlmodel-gen`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sqlmodel_gen::cli::main()
}
