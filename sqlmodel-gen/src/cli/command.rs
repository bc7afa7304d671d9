//! The grammar of the command line.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use sqlmodel_sql::Dialect;

use std::path::PathBuf;

use crate::config::TimeCrate;
use crate::diagnostic::{Color, Format};

/// Builds the command with all subcommands.
pub(super) fn command() -> Command {
    Command::new("sqlmodel-gen")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Compiles schemas written in TOML to Rust and SQL")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(format())
        .arg(color())
        .subcommands([
            project_command(
                "generate",
                "Writes the generated code, and only what changed of it",
            )
            .arg(flag(
                "check",
                "Write nothing; show the difference, and fail if there is any",
            ))
            .args(overrides()),
            project_command("check", "Checks a schema and writes nothing")
                .arg(flag("fix", "Apply the edits that are certainly meant"))
                .args(overrides()),
            project_command(
                "verify",
                "Prepares the SQL on a server, in a schema of its own, and compares types",
            )
            .arg(
                Arg::new("url")
                    .long("url")
                    .value_name("URL")
                    .help("The server: postgres://.. or mysql://..")
                    .env("SQLMODEL_VERIFY_URL")
                    .hide_env_values(true)
                    .required(true),
            ),
            project_command("ddl", "Prints the SQL that creates the tables").arg(
                Arg::new("dialect")
                    .long("dialect")
                    .value_name("DIALECT")
                    .help("The database")
                    .required(true)
                    .value_parser(dialect_names()),
            ),
            project_command("dump", "Prints the checked schema as JSON, for other tools")
                .args(overrides()),
            project_command("fmt", "Lays out the schema files, and keeps their comments").arg(
                flag(
                    "check",
                    "Write nothing; show the difference, and fail if there is any",
                ),
            ),
            Command::new("new")
                .about("Adds a model to start from")
                .arg(
                    Arg::new("what")
                        .value_name("WHAT")
                        .required(true)
                        .value_parser(PossibleValuesParser::new(["model"])),
                )
                .arg(
                    Arg::new("name")
                        .value_name("NAME")
                        .help("Such as BlogPost")
                        .required(true),
                )
                .arg(project_dir()),
            project_command(
                "watch",
                "Generates now, and again whenever a schema file changes",
            )
            .args(overrides()),
            Command::new("init")
                .about("Makes a new project that builds and runs")
                .arg(
                    Arg::new("dir")
                        .value_name("DIR")
                        .help("The folder of the project: new, or empty")
                        .required(true)
                        .value_parser(value_parser!(PathBuf)),
                )
                .arg(
                    Arg::new("sqlmodel-path")
                        .long("sqlmodel-path")
                        .value_name("PATH")
                        .help("The checkout of sqlmodel that the project depends on")
                        .env("SQLMODEL_PATH")
                        .value_parser(value_parser!(PathBuf)),
                ),
            Command::new("explain")
                .about("Explains a diagnostic, or what was found out about a query")
                .arg(
                    Arg::new("code")
                        .value_name("CODE")
                        .help("Such as SM0103, or `query`")
                        .required(true),
                )
                .arg(
                    Arg::new("name")
                        .value_name("NAME")
                        .help("The name of the query"),
                )
                .arg(project_dir()),
            Command::new("completions")
                .about("Prints a script that completes this command in a shell")
                .arg(
                    Arg::new("shell")
                        .value_name("SHELL")
                        .required(true)
                        .value_parser(value_parser!(clap_complete::Shell)),
                ),
        ])
}

/// A subcommand that works on a project.
fn project_command(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(project_dir())
}

fn project_dir() -> Arg {
    Arg::new("dir")
        .value_name("DIR")
        .help("The folder of sqlmodel.toml")
        .default_value(".")
        .value_parser(value_parser!(PathBuf))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(help)
        .action(ArgAction::SetTrue)
}

/// Options that replace keys of the configuration.
fn overrides() -> [Arg; 4] {
    [
        Arg::new("dialects")
            .long("dialects")
            .value_name("LIST")
            .help("The databases that SQL is made for, separated by commas")
            .env("SQLMODEL_DIALECTS")
            .value_delimiter(',')
            .value_parser(dialect_names()),
        Arg::new("out")
            .long("out")
            .value_name("FOLDER")
            .help("The folder of the generated Rust, relative to DIR")
            .env("SQLMODEL_OUT"),
        Arg::new("ddl")
            .long("ddl")
            .value_name("FOLDER")
            .help("The folder of the generated SQL, relative to DIR")
            .env("SQLMODEL_DDL"),
        Arg::new("time")
            .long("time")
            .value_name("CRATE")
            .help("The crate whose types stand for dates and times")
            .env("SQLMODEL_TIME")
            .value_parser(PossibleValuesParser::new(
                TimeCrate::ALL.map(TimeCrate::name),
            )),
    ]
}

fn dialect_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name))
}

fn format() -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .help("How diagnostics are written")
        .env("SQLMODEL_FORMAT")
        .global(true)
        .default_value("human")
        .value_parser(PossibleValuesParser::new(Format::ALL.map(|(name, _)| name)))
}

fn color() -> Arg {
    Arg::new("color")
        .long("color")
        .value_name("WHEN")
        .help("Whether diagnostics have colours")
        .env("SQLMODEL_COLOR")
        .global(true)
        .default_value("auto")
        .value_parser(PossibleValuesParser::new(["auto", "always", "never"]))
}

/// The format of diagnostics that was asked for.
pub(super) fn chosen_format(matches: &ArgMatches) -> Format {
    let name = matches.get_one::<String>("format");
    Format::ALL
        .into_iter()
        .find(|(known, _)| name.is_some_and(|name| name == known))
        .map_or(Format::Human, |(_, format)| format)
}

/// Whether colours were asked for or refused.
pub(super) fn chosen_color(matches: &ArgMatches) -> Option<Color> {
    match matches.get_one::<String>("color").map(String::as_str) {
        Some("always") => Some(Color::Always),
        Some("never") => Some(Color::Never),
        _ => None,
    }
}
