//! What the golden tests share: compile a folder, compare a text with a file.
//!
//! `UPDATE_EXPECT=1` writes the files in place of comparing them.

use std::fs;
use std::path::{Path, PathBuf};

use sqlmodel_gen::config::Project;
use sqlmodel_gen::diagnostic::{Color, Diagnostics, Format, render};
use sqlmodel_gen::ir::{Builtin, FieldType, Scalar, Schema};
use sqlmodel_gen::source::SourceMap;
use sqlmodel_gen::{Compilation, compile};

/// A compiled folder.
#[derive(Debug)]
pub struct Compiled {
    /// The files that were read.
    pub sources: SourceMap,
    /// What came of them.
    pub compilation: Compilation,
}

impl Compiled {
    /// Returns the diagnostics as people see them, with paths relative to `root`.
    #[must_use]
    pub fn render(&self, root: &Path) -> String {
        let diagnostics = &self.compilation.diagnostics;
        let text = render(diagnostics, &self.sources, Format::Human, Color::Never);
        text.replace(&format!("{}/", root.display()), "")
    }
}

/// Compiles a folder with its configuration.
///
/// # Panics
///
/// If a file cannot be read.
#[must_use]
#[track_caller]
pub fn compile_folder(root: &Path) -> Compiled {
    let project = Project::load(root).unwrap_or_else(|error| unreadable(&error.to_string()));
    let mut compilation = compile(&project.sources, &project.config.options);
    let mut diagnostics = project.diagnostics;
    for diagnostic in &compilation.diagnostics {
        diagnostics.push(diagnostic.clone());
    }
    diagnostics.sort(&project.sources);
    compilation.diagnostics = diagnostics;
    Compiled {
        sources: project.sources,
        compilation,
    }
}

/// Compiles one text as the file `models.toml`.
#[must_use]
pub fn compile_text(text: &str) -> Compiled {
    let mut sources = SourceMap::new();
    sources.add("models.toml", text);
    let compilation = compile(&sources, &Default::default());
    Compiled {
        sources,
        compilation,
    }
}

/// Returns what users are told of a text, a line for each mistake, without the name of the file.
///
/// # Panics
///
/// If it is not said what to do about a mistake.
#[must_use]
#[track_caller]
pub fn mistakes(text: &str) -> String {
    let compiled = compile_text(text);
    let diagnostics = &compiled.compilation.diagnostics;
    assert_eq!(without_help(diagnostics), [""; 0]);
    let short = render(diagnostics, &compiled.sources, Format::Short, Color::Never);
    short.replace("models.toml:", "")
}

/// Returns the messages of diagnostics that do not say what to do.
#[must_use]
pub fn without_help(diagnostics: &Diagnostics) -> Vec<&str> {
    let without = diagnostics
        .into_iter()
        .filter(|it| it.help.as_ref().is_none_or(String::is_empty));
    without.map(|it| it.message.as_str()).collect()
}

/// Returns the ids of the codes that were reported, in order.
#[must_use]
pub fn codes(diagnostics: &Diagnostics) -> Vec<&'static str> {
    diagnostics.into_iter().map(|it| it.code.id).collect()
}

/// Returns the folders in a folder, sorted.
///
/// # Panics
///
/// If the folder cannot be read.
#[must_use]
#[track_caller]
pub fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| unreadable(&error.to_string()));
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Compares a text with a file, or writes the file if `UPDATE_EXPECT=1`.
///
/// # Panics
///
/// If they differ.
#[track_caller]
pub fn expect_file(path: &Path, actual: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        fs::write(path, actual).unwrap_or_else(|error| unreadable(&error.to_string()));
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        expected,
        actual,
        "{} differs; UPDATE_EXPECT=1 writes it",
        path.display()
    );
}

#[track_caller]
#[expect(clippy::panic, reason = "a test that cannot read its files has failed")]
fn unreadable<T>(error: &str) -> T {
    panic!("{error}")
}

/// Writes a type as the schema language does.
#[must_use]
pub fn type_name(schema: &Schema, ty: &FieldType) -> String {
    let name = match ty.scalar {
        Scalar::Enum(id) => schema.enums[id].name.clone(),
        Scalar::Named(id) => schema.types[id].name.clone(),
        Scalar::Builtin(Builtin::Text { .. }) => "text".to_owned(),
        Scalar::Builtin(Builtin::Decimal { .. }) => "decimal".to_owned(),
        Scalar::Builtin(builtin) => format!("{builtin:?}").to_lowercase(),
    };
    let list = if ty.is_array { "[]" } else { "" };
    let null = if ty.is_nullable { "?" } else { "" };
    format!("{name}{list}{null}")
}
