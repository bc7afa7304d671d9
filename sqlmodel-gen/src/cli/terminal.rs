//! Where the command line writes: data to standard output, everything for people to standard error.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use crate::diagnostic::{Color, Diagnostics, Format, Severity, render};
use crate::source::SourceMap;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// All is well.
    Fine,
    /// The user has something to correct.
    Wrong,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Fine => Self::SUCCESS,
            Status::Wrong => Self::FAILURE,
        }
    }
}

/// How to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    /// The format of diagnostics.
    pub(super) format: Format,
    /// Whether colours are wanted; `None` to find out.
    pub(super) color: Option<Color>,
}

impl Terminal {
    /// Writes data.
    ///
    /// A reader that goes away ends the program's interest in writing, and is no error.
    pub(super) fn data(self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Writes a line for people.
    pub(super) fn status(self, line: impl fmt::Display) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Writes an error that has no place in a source.
    pub(super) fn error(self, error: impl fmt::Display) -> Status {
        for line in error.to_string().lines() {
            self.status(format_args!("error: {line}"));
        }
        Status::Wrong
    }

    /// Writes diagnostics: formats for people to standard error, those for other tools to standard output.
    pub(super) fn diagnostics(self, diagnostics: &Diagnostics, sources: &SourceMap) {
        let text = render(diagnostics, sources, self.format, self.colors());
        match self.format {
            Format::Human | Format::Short => {
                let _ = io::stderr().lock().write_all(text.as_bytes());
            }
            Format::Json | Format::Github | Format::Sarif => self.data(&text),
        }
    }

    fn colors(self) -> Color {
        self.color.unwrap_or_else(|| {
            let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            if !is_refused && io::stderr().is_terminal() {
                Color::Always
            } else {
                Color::Never
            }
        })
    }
}

/// Says how many mistakes there are.
pub(super) fn count(diagnostics: &Diagnostics) -> String {
    let n_errors = diagnostics
        .into_iter()
        .filter(|it| it.severity() == Severity::Error)
        .count();
    let more = match diagnostics.n_left_off() {
        0 => "",
        _ => " and more",
    };
    match n_errors {
        1 => format!("1 error{more}"),
        n => format!("{n} errors{more}"),
    }
}
