//! Commands that change the schema files themselves: `fmt`, `check --fix` and `new`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use crate::cli::terminal::{Status, Terminal};
use crate::cli::{compile_project, difference, dir, ended, files, load};
use crate::config::Project;
use crate::diagnostic::{Diagnostics, Fix};
use crate::output::{self, Change};
use crate::source::{Role, SourceId};
use crate::{compile, format, resolve};

/// Lays out all files of a project, or tells which are not laid out.
pub(super) fn fmt(matches: &ArgMatches, terminal: Terminal) -> Status {
    ended(load(matches, terminal).and_then(|project| {
        let mut status = Status::Fine;
        let mut changes = Vec::new();
        for (path, (_, source)) in project.files.iter().zip(project.sources.iter()) {
            // What is no UTF-8 was replaced in the text: writing that would lose it.
            if source.not_utf8_at().is_some() {
                let path = path.display();
                status = terminal.error(format_args!(
                    "{path}: cannot be formatted, since it is not UTF-8"
                ));
                continue;
            }
            match format::format(source.text()) {
                Some(formatted) if formatted == source.text() => {}
                Some(formatted) => changes.push(change(path, source.text(), formatted)),
                None => {
                    let path = path.display();
                    status = terminal.error(format_args!(
                        "{path}: cannot be formatted, since a string or bracket is not closed, or brackets are nested too deeply"
                    ));
                }
            }
        }
        if !matches.get_flag("check") {
            write(&changes, terminal)?;
            for change in &changes {
                terminal.status(format_args!("formatted {}", change.path.display()));
            }
            if changes.is_empty() {
                terminal.status("all files are laid out already");
            }
            return Ok(status);
        }
        for change in &changes {
            terminal.data(&difference::render(change));
        }
        if changes.is_empty() {
            return Ok(status);
        }
        let dir = dir(matches).display();
        Ok(terminal.error(format_args!(
            "{} not formatted; run `sqlmodel-gen fmt {dir}`",
            match changes.len() {
                1 => "1 file is".to_owned(),
                n => format!("{n} files are"),
            }
        )))
    }))
}

/// The most times that what was edited is looked at again: a renamed model shows who calls it by its old name.
const MAX_ROUNDS: usize = 8;

/// Applies the edits that are certainly meant, until there are none, and returns the project as it is then.
pub(super) fn fix(
    mut project: Project,
    reload: impl Fn() -> Result<Project, Status>,
    terminal: Terminal,
) -> Result<Project, Status> {
    let mut n_fixes = 0;
    let mut changed = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let (n, changes) = edits(&project);
        if changes.is_empty() {
            break;
        }
        write(&changes, terminal)?;
        n_fixes += n;
        changed.extend(changes.into_iter().map(|it| it.path));
        project = reload()?;
    }
    terminal.status(match n_fixes {
        0 => "nothing to fix".to_owned(),
        1 => format!("1 fix in {}", files(changed.len())),
        n => format!("{n} fixes in {}", files(changed.len())),
    });
    Ok(project)
}

/// The number of edits that are certainly meant, and what becomes of the files.
fn edits(project: &Project) -> (usize, Vec<Change>) {
    let mut diagnostics = project.diagnostics.clone();
    for diagnostic in &compile(&project.sources, &project.config.options).diagnostics {
        diagnostics.push(diagnostic.clone());
    }
    let mut changes = Vec::new();
    let mut n_fixes = 0;
    for (path, (id, source)) in project.files.iter().zip(project.sources.iter()) {
        let fixes = fixes(&diagnostics, id);
        if !fixes.is_empty() {
            n_fixes += fixes.len();
            let fixed = apply(source.text(), &fixes);
            changes.push(change(path, source.text(), fixed));
        }
    }
    (n_fixes, changes)
}

/// The edits of a source, from its start to its end; of two that overlap the first one.
fn fixes(diagnostics: &Diagnostics, source: SourceId) -> Vec<&Fix> {
    let mut fixes: Vec<&Fix> = diagnostics
        .into_iter()
        .flat_map(|diagnostic| &diagnostic.fixes)
        .filter(|fix| fix.span.source == source)
        .collect();
    fixes.sort_by_key(|fix| fix.span);
    fixes.dedup_by(|next, first| next.span.start < first.span.end || next.span == first.span);
    fixes
}

fn apply(text: &str, fixes: &[&Fix]) -> String {
    let mut fixed = String::with_capacity(text.len());
    let mut at = 0;
    for fix in fixes {
        let range = fix.span.range();
        fixed.push_str(text.get(at..range.start).unwrap_or_default());
        fixed.push_str(&fix.replacement);
        at = range.end;
    }
    fixed.push_str(text.get(at..).unwrap_or_default());
    fixed
}

fn change(path: &Path, before: &str, after: String) -> Change {
    Change {
        path: path.to_owned(),
        before: Some(before.as_bytes().to_vec()),
        after: Some(after),
    }
}

fn write(changes: &[Change], terminal: Terminal) -> Result<(), Status> {
    for Change { path, after, .. } in changes {
        let text = after.as_deref().unwrap_or_default();
        output::edit(path, text).map_err(|error| terminal.error(error))?;
    }
    Ok(())
}

/// Adds a model to start from: in a file of its own, or in the schema's only file.
///
/// A schema of one file has its models at the top of the generated code, one of several files has a module for each and re-exports. Whether
/// there are modules is for the author to decide.
pub(super) fn new_model(matches: &ArgMatches, terminal: Terminal) -> Status {
    let name = matches.get_one::<String>("name").map_or("", String::as_str);
    ended(load(matches, terminal).and_then(|project| {
        let fail = |error: String| terminal.error(error);
        check_name(name).map_err(fail)?;
        let schema = compile_project(&project, terminal)?;
        if schema.models.values().any(|model| model.name == name) {
            return Err(terminal.error(format_args!("there is a model `{name}` already")));
        }
        let model = format!(
            "[model.{name}]\ndoc = \"What a row of it stands for.\"\n\n\
             [model.{name}.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\nname = \"text\"\n"
        );
        if let Some((path, text)) = only_schema_file(&project) {
            let is_crlf = text.contains("\r\n");
            let added = format!("\n\n{model}");
            let added = if is_crlf {
                added.replace('\n', "\r\n")
            } else {
                added
            };
            let text = format!("{}{added}", text.trim_end());
            output::edit(path, &text).map_err(|error| terminal.error(error))?;
            terminal.status(format_args!("added `{name}` to {}", path.display()));
            return Ok(Status::Fine);
        }
        let path = schema_folder(&project)
            .map_err(fail)?
            .join(format!("{}.toml", crate::emit::snake_case(name)));
        let text = format!("format = 1\n\n{model}");
        output::create(&project.root, &[(&path.to_string_lossy(), text)])
            .map_err(|error| terminal.error(error))?;
        let path = project.root.join(path);
        terminal.status(format_args!("made {}", path.display()));
        Ok(Status::Fine)
    }))
}

/// The path and text of the schema's file, if it has one only.
fn only_schema_file(project: &Project) -> Option<(&Path, &str)> {
    let files = project.files.iter().zip(project.sources.iter());
    let mut files = files.filter(|(_, (_, source))| source.role() == Role::Schema);
    match (files.next(), files.next()) {
        (Some((path, (_, source))), None) => Some((path, source.text())),
        _ => None,
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if resolve::is_model_name(name) {
        return Ok(());
    }
    let message = format!("`{name}` is no name of a model");
    Err(match resolve::to_model_name(name) {
        Some(better) => format!("{message}; did you mean `{better}`?"),
        None => format!("{message}; models are called like `BlogPost`"),
    })
}

/// The folder that new schema files are found in, relative to the configuration.
fn schema_folder(project: &Project) -> Result<PathBuf, String> {
    let patterns = project
        .config
        .schema
        .iter()
        .map(|(pattern, _)| Path::new(pattern));
    let folder = patterns
        .filter(|pattern| pattern.file_name().is_some_and(|name| name == "*.toml"))
        .find_map(|pattern| pattern.parent());
    match folder {
        Some(folder) if fs::metadata(project.root.join(folder)).is_ok() => Ok(folder.to_owned()),
        _ => Err(
            "the configuration has no pattern such as `\"schema/*.toml\"` that a new file fits"
                .to_owned(),
        ),
    }
}
