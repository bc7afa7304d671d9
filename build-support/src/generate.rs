//! Compiles a schema into cargo's `OUT_DIR`.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sqlmodel_gen::config::{CONFIG_FILE, Project};
use sqlmodel_gen::diagnostic::{Color, Format, Severity, render};
use sqlmodel_gen::ir::Schema;
use sqlmodel_gen::output::{self, Folder};
use sqlmodel_gen::{compile, emit, generate as files};

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Files and folders whose change makes another run necessary.
    pub(crate) watched: Vec<PathBuf>,
    /// Why there is no code; one line each.
    pub(crate) problems: Vec<String>,
    /// What the schema says and the code does not do.
    pub(crate) warnings: Vec<String>,
    /// The problems for people, with the lines of the schema.
    pub(crate) diagnostics: String,
}

/// Generates the code of the schema in the folder `root` into the folder `out`.
pub(crate) fn generate(root: &Path, out: &Path) -> Report {
    let mut report = Report {
        watched: vec![root.join(CONFIG_FILE)],
        ..Report::default()
    };
    match Project::load(root) {
        Ok(project) => {
            report.watched = watched(&project);
            if let Some(schema) = check(&project, &mut report) {
                write(&project, &schema, out, &mut report);
            }
        }
        Err(error) => report.problems.push(error.to_string()),
    }
    report
}

/// The files of a project, and the folders in which files may appear.
fn watched(project: &Project) -> Vec<PathBuf> {
    let Project { root, config, .. } = project;
    let mut paths: BTreeSet<PathBuf> = project.files.iter().cloned().collect();
    paths.insert(root.join(CONFIG_FILE));
    let patterns = config.schema.iter().map(|(pattern, _)| pattern);
    let folders = patterns.filter(|pattern| pattern.contains('*'));
    paths.extend(folders.filter_map(|pattern| Some(root.join(pattern).parent()?.to_owned())));
    paths.into_iter().collect()
}

/// Compiles the schema, and reports what is wrong with it.
fn check(project: &Project, report: &mut Report) -> Option<Schema> {
    let Project {
        config, sources, ..
    } = project;
    let mut diagnostics = project.diagnostics.clone();
    let compilation = compile(sources, &config.options);
    for diagnostic in &compilation.diagnostics {
        diagnostics.push(diagnostic.clone());
    }
    diagnostics.sort(sources);
    report.diagnostics = render(&diagnostics, sources, Format::Human, Color::Never);
    let place = |span: sqlmodel_gen::source::Span| {
        let source = sources.get(span.source);
        let place = source.position(span.start);
        format!("{}:{}:{}", source.name(), place.line, place.column)
    };
    for diagnostic in &diagnostics {
        if diagnostic.severity() == Severity::Error {
            let (id, message) = (diagnostic.code.id, &diagnostic.message);
            let place = place(diagnostic.span);
            report.problems.push(format!("{place}: [{id}] {message}"));
        }
    }
    let schema = compilation.schema.filter(|_| !diagnostics.has_errors())?;
    for emit::Gap { span, message } in emit::gaps(&schema) {
        report.warnings.push(format!("{}: {message}", place(span)));
    }
    Some(schema)
}

/// Writes what changed: the module `models` in a folder of its own, and beside it the file that declares it.
fn write(project: &Project, schema: &Schema, out: &Path, report: &mut Report) {
    let mut generated = emit::rust(schema, &project.sources);
    for file in &mut generated {
        file.path.insert_str(0, "models/");
    }
    generated.push(emit::File {
        path: "sqlmodel.rs".to_owned(),
        text: format!(
            "// {}. Do not edit.\n\n/// The models of the schema.\npub mod models;\n",
            emit::MARK
        ),
    });
    let folder = Folder {
        path: out.to_owned(),
        files: generated,
    };
    let written = files::inputs(project)
        .map_err(|error| error.to_string())
        .and_then(|inputs| {
            output::plan(vec![folder], &inputs)
                .and_then(|plan| plan.apply())
                .map_err(|error| error.to_string())
        });
    if let Err(error) = written {
        report.problems.extend(error.lines().map(str::to_owned));
    }
}
