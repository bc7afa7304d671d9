//! The command line: thin, so that everything it does can be done from a program too.
//!
//! Exit status 0: fine. 1: something for the user to correct; nothing was written. 2: the command line itself is wrong.

mod command;
mod difference;
mod dump;
mod edit;
mod init;
mod terminal;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;
use sqlmodel_sql::Dialect;

use self::terminal::{Status, Terminal};
use crate::config::{Project, TimeCrate};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::ir::Schema;
#[cfg(any(feature = "sqlite", feature = "live"))]
use crate::verify;
use crate::{compile, emit, generate, output, query};

/// Runs the command that the program's arguments ask for.
pub fn main() -> ExitCode {
    let matches = command::command().get_matches();
    let terminal = Terminal {
        format: command::chosen_format(&matches),
        color: command::chosen_color(&matches),
    };
    let Some((name, matches)) = matches.subcommand() else {
        return ExitCode::from(2);
    };
    let status = match name {
        "generate" => generate(matches, terminal),
        "check" => check(matches, terminal),
        "verify" => verify_live(matches, terminal),
        "ddl" => ddl(matches, terminal),
        "dump" => dump(matches, terminal),
        "fmt" => edit::fmt(matches, terminal),
        "new" => edit::new_model(matches, terminal),
        "watch" => watch::run(matches, terminal),
        "init" => init::run(matches, terminal),
        "explain" => explain(matches, terminal),
        "completions" => completions(matches, terminal),
        other => terminal.error(format_args!("no command `{other}`")),
    };
    status.into()
}

/// A folder given as an argument.
fn dir(matches: &ArgMatches) -> &Path {
    matches
        .get_one::<PathBuf>("dir")
        .map_or(Path::new("."), PathBuf::as_path)
}

/// Loads the project of a folder, and puts arguments in place of what the configuration says.
fn load(matches: &ArgMatches, terminal: Terminal) -> Result<Project, Status> {
    let dir = dir(matches);
    if dir.is_file() {
        return Err(terminal.error(format_args!(
            "{}: is a file; name the folder that `sqlmodel.toml` is in",
            dir.display()
        )));
    }
    let mut project = Project::load(dir).map_err(|error| terminal.error(error))?;
    let config = &mut project.config;
    let text = |name| matches.try_get_one::<String>(name).ok().flatten().cloned();
    if let Some(out) = text("out") {
        config.out = out;
    }
    if let Some(ddl) = text("ddl") {
        config.ddl = Some(ddl);
    }
    if let Some(name) = text("time") {
        let time_crate = TimeCrate::ALL.into_iter().find(|it| it.name() == name);
        config.options.time_crate = time_crate.unwrap_or_default();
    }
    if let Ok(Some(names)) = matches.try_get_many::<String>("dialects") {
        let names: Vec<&str> = names.map(String::as_str).collect();
        let mut dialects = Dialect::ALL.to_vec();
        dialects.retain(|dialect| names.contains(&dialect.name()));
        config.options.dialects = dialects;
    }
    Ok(project)
}

/// Compiles a project and writes what is wrong with it.
fn compile_project(project: &Project, terminal: Terminal) -> Result<Schema, Status> {
    let (schema, diagnostics) = compiled(project);
    concluded(schema, diagnostics, project, terminal)
}

fn compiled(project: &Project) -> (Option<Schema>, Diagnostics) {
    let mut diagnostics = project.diagnostics.clone();
    let compilation = compile(&project.sources, &project.config.options);
    for diagnostic in &compilation.diagnostics {
        diagnostics.push(diagnostic.clone());
    }
    (compilation.schema, diagnostics)
}

/// Writes what is wrong with a project, all of it at once, and returns its schema if nothing is.
fn concluded(
    schema: Option<Schema>,
    mut diagnostics: Diagnostics,
    project: &Project,
    terminal: Terminal,
) -> Result<Schema, Status> {
    diagnostics.sort(&project.sources);
    terminal.diagnostics(&diagnostics, &project.sources);
    match schema {
        Some(schema) if !diagnostics.has_errors() => Ok(schema),
        _ => {
            terminal.status(terminal::count(&diagnostics));
            Err(Status::Wrong)
        }
    }
}

/// Turns the two ways to end early into one.
fn ended(result: Result<Status, Status>) -> Status {
    result.unwrap_or_else(|status| status)
}

fn generate(matches: &ArgMatches, terminal: Terminal) -> Status {
    ended(load(matches, terminal).and_then(|project| {
        let plan = plan(&project, terminal)?;
        if matches.get_flag("check") {
            Ok(compare(&plan, dir(matches), terminal))
        } else {
            apply(&plan, terminal)
        }
    }))
}

/// Compiles a project and compares its folders with what it generates.
fn plan(project: &Project, terminal: Terminal) -> Result<output::Plan, Status> {
    let schema = compile_project(project, terminal)?;
    report_gaps(&schema, project, terminal);
    let folders = generate::folders(project, &schema).map_err(|error| terminal.error(error))?;
    let inputs = generate::inputs(project).map_err(|error| terminal.error(error))?;
    output::plan(folders, &inputs).map_err(|error| terminal.error(error))
}

/// Tells what the schema says and the generated code does not do.
fn report_gaps(schema: &Schema, project: &Project, terminal: Terminal) {
    for emit::Gap { span, message } in emit::gaps(schema) {
        let source = project.sources.get(span.source);
        let place = source.position(span.start);
        let (name, line, column) = (source.name(), place.line, place.column);
        terminal.status(format_args!("{name}:{line}:{column}: warning: {message}"));
    }
}

fn apply(plan: &output::Plan, terminal: Terminal) -> Result<Status, Status> {
    let output::Summary { written, removed } =
        plan.apply().map_err(|error| terminal.error(error))?;
    terminal.status(match (written, removed) {
        (0, 0) => "everything is up to date".to_owned(),
        (written, 0) => format!("{} written", files(written)),
        (written, removed) => format!("{} written, {} removed", files(written), files(removed)),
    });
    Ok(Status::Fine)
}

fn files(n: usize) -> String {
    match n {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    }
}

fn compare(plan: &output::Plan, dir: &Path, terminal: Terminal) -> Status {
    if plan.is_empty() {
        return Status::Fine;
    }
    for change in plan.changes() {
        terminal.data(&difference::render(change));
    }
    terminal.error(format_args!(
        "generated code is not up to date; run `sqlmodel-gen generate {}`",
        dir.display()
    ))
}

fn check(matches: &ArgMatches, terminal: Terminal) -> Status {
    ended(load(matches, terminal).and_then(|mut project| {
        if matches.get_flag("fix") {
            project = edit::fix(project, || load(matches, terminal), terminal)?;
        }
        let (schema, mut diagnostics) = compiled(&project);
        if let Some(schema) = &schema {
            let refused = refused_by_sqlite(&project, schema);
            let refused = refused.map_err(|error| terminal.error(error))?;
            refused.into_iter().for_each(|it| diagnostics.push(it));
        }
        concluded(schema, diagnostics, &project, terminal)?;
        Ok(Status::Fine)
    }))
}

/// What SQLite has against the SQL, where the program was built with it.
#[cfg(feature = "sqlite")]
fn refused_by_sqlite(project: &Project, schema: &Schema) -> Result<Vec<Diagnostic>, String> {
    verify::sqlite(schema, &project.sources)
}

#[cfg(not(feature = "sqlite"))]
fn refused_by_sqlite(_: &Project, _: &Schema) -> Result<Vec<Diagnostic>, String> {
    Ok(Vec::new())
}

/// Asks the server at a URL about all SQL.
#[cfg(feature = "live")]
fn verify_live(matches: &ArgMatches, terminal: Terminal) -> Status {
    let url = matches.get_one::<String>("url").map_or("", String::as_str);
    ended(load(matches, terminal).and_then(|project| {
        let schema = compile_project(&project, terminal)?;
        let asked = sqlmodel_runtime::block_on(async |cx| {
            let report = verify::live(cx, url, &schema, &project.sources).await;
            report.into_result()
        });
        let report = asked.map_err(|error| {
            let sql = match &error {
                sqlmodel_runtime::OutcomeError::Err(error) => error.sql(),
                _ => None,
            };
            let is_creating = ["CREATE SCHEMA", "CREATE DATABASE"]
                .iter()
                .any(|it| sql.is_some_and(|sql| sql.starts_with(it)));
            terminal.error(match is_creating {
                true => format!("{error}: `verify` creates a schema of its own and those that tables name; give it a user who may, and on MySQL a server that has none of these names"),
                false => error.to_string(),
            })
        })?;
        let verify::Report {
            server,
            n_tables,
            n_views,
            n_queries,
            n_statements,
            refused,
        } = report;
        let mut diagnostics = Diagnostics::new();
        refused.into_iter().for_each(|it| diagnostics.push(it));
        terminal.status(format_args!(
            "{server}: {}, {}, {} with {}",
            counted(n_tables, "table", "tables"),
            counted(n_views, "view", "views"),
            counted(n_queries, "query", "queries"),
            counted(n_statements, "statement", "statements"),
        ));
        concluded(Some(schema), diagnostics, &project, terminal)?;
        Ok(Status::Fine)
    }))
}

#[cfg(feature = "live")]
fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(not(feature = "live"))]
fn verify_live(_: &ArgMatches, terminal: Terminal) -> Status {
    terminal.error("this program was built without the feature `live`, and asks no servers; build it with `--features live`")
}

fn dump(matches: &ArgMatches, terminal: Terminal) -> Status {
    ended(load(matches, terminal).and_then(|project| {
        let schema = compile_project(&project, terminal)?;
        terminal.data(&dump::render(&schema));
        Ok(Status::Fine)
    }))
}

fn ddl(matches: &ArgMatches, terminal: Terminal) -> Status {
    ended(load(matches, terminal).and_then(|mut project| {
        let name = matches.get_one::<String>("dialect");
        let Some(dialect) = name.and_then(|name| Dialect::parse(name)) else {
            return Err(Status::Wrong);
        };
        // All dialects of the configuration stay: a query may be for one of the others.
        let configured = &project.config.options.dialects;
        let mut dialects = Dialect::ALL.to_vec();
        dialects.retain(|it| *it == dialect || configured.contains(it));
        project.config.options.dialects = dialects;
        let schema = compile_project(&project, terminal)?;
        let file =
            emit::ddl(&schema, &project.sources, dialect).map_err(|error| terminal.error(error))?;
        terminal.data(&file.text);
        Ok(Status::Fine)
    }))
}

fn explain(matches: &ArgMatches, terminal: Terminal) -> Status {
    let text = |name| matches.get_one::<String>(name).map(String::as_str);
    let (what, name) = (text("code").unwrap_or_default(), text("name"));
    match (Code::find(what), name) {
        (Some(code), None) => {
            terminal.data(code.page);
            Status::Fine
        }
        (None, Some(name)) if what == "query" => {
            ended(load(matches, terminal).and_then(|project| {
                let schema = compile_project(&project, terminal)?;
                match query::explain(&schema, name) {
                    Some(text) => {
                        terminal.data(&text);
                        Ok(Status::Fine)
                    }
                    None => Err(terminal.error(no_query(&schema, name))),
                }
            }))
        }
        (None, None) if what == "query" => {
            terminal.error("which query? Write `explain query NAME`")
        }
        _ => terminal.error(format_args!(
            "there is no diagnostic `{what}`; codes look like SM0103, and queries are explained by `explain query NAME`"
        )),
    }
}

fn no_query(schema: &Schema, name: &str) -> String {
    let names = schema.queries.iter().map(|it| it.name.as_str());
    let meant = nearest(name, names.clone());
    let hint = match (meant, names.collect::<Vec<_>>().as_slice()) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, []) => "the schema has none".to_owned(),
        (None, names) => format!("there are `{}`", names.join("`, `")),
    };
    format!("there is no query `{name}`: {hint}")
}

fn completions(matches: &ArgMatches, terminal: Terminal) -> Status {
    if let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") {
        let mut script = Vec::new();
        let mut command = command::command();
        clap_complete::generate(*shell, &mut command, "sqlmodel-gen", &mut script);
        terminal.data(&String::from_utf8_lossy(&script));
    }
    Status::Fine
}
