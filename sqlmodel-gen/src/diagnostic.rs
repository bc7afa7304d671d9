//! What the compiler tells the user: data first, rendered later.
//!
//! A pass pushes a [`Diagnostic`] for each mistake and goes on. One mistake gives one diagnostic: what cannot be known after a
//! mistake is left unknown, and nobody complains about unknown things.

mod code;
mod json;
mod render;
mod sarif;
mod suggest;

pub use self::code::{Code, codes};
pub(crate) use self::json::JsonWriter;
pub use self::render::{Color, Format, render, render_one};
pub(crate) use self::suggest::{nearest, nearest_word};
use crate::source::{SourceMap, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is emitted.
    Error,
    /// The schema is compiled, and is probably not what was meant.
    Warning,
}

impl Severity {
    /// Returns the word shown to users.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A mistake, its place and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of mistake, with a page of its own.
    pub code: &'static Code,
    /// One line without a final dot that names the thing in backticks.
    pub message: String,
    /// The place to look at.
    pub span: Span,
    /// What to see there; may be empty.
    pub label: String,
    /// Other places that are part of the mistake.
    pub related: Vec<Label>,
    /// Facts that are not about a place.
    pub notes: Vec<String>,
    /// What to do, with text that can be pasted.
    pub help: Option<String>,
    /// The edits that remove the mistake together; none where nobody but the author knows.
    pub fixes: Vec<Fix>,
}

/// A place and what to see there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to see there.
    pub message: String,
}

/// An edit of a source that is safe to apply unseen: it does what the author certainly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The text that takes its place.
    pub replacement: String,
}

impl Diagnostic {
    /// Starts a diagnostic of a kind, at a place.
    #[must_use]
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: one_line(message.into()),
            span,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Says what to see at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = one_line(label.into());
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what was probably meant; it is the help too, unless there is another.
    #[must_use]
    pub(crate) fn meant(mut self, name: &str) -> Self {
        self.help.get_or_insert_with(|| format!("write `{name}`"));
        self.label(format!("did you mean `{name}`?"))
    }

    /// Adds a safe edit; the first is the help too, unless there is another.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        let replacement = replacement.into();
        self.help
            .get_or_insert_with(|| format!("write `{replacement}`"));
        self.fixes.push(Fix { span, replacement });
        self
    }

    /// Returns how bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity
    }
}

/// Writes control characters of names and texts as escapes.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let escaped = text.chars().map(|char| match char.is_control() {
        true => char.escape_debug().to_string(),
        false => char.to_string(),
    });
    escaped.collect()
}

/// The diagnostics of one compilation.
///
/// At most [`Diagnostics::LIMIT`] are kept, so that no input makes them fill memory; the rest is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    n_left_off: usize,
    has_errors: bool,
}

impl Diagnostics {
    /// The most diagnostics that are kept.
    pub const LIMIT: usize = 1000;

    /// Returns an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.has_errors |= diagnostic.severity() == Severity::Error;
        if self.is_full() {
            self.n_left_off += 1;
        } else {
            self.list.push(diagnostic);
        }
    }

    /// Returns how many diagnostics were added so far.
    pub(crate) fn n_pushed(&self) -> usize {
        self.list.len() + self.n_left_off
    }

    /// Returns whether further diagnostics are only counted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.list.len() >= Self::LIMIT
    }

    /// Returns the candidate that was probably meant; nothing once diagnostics are only counted, because it takes time.
    pub(crate) fn nearest<'a>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if self.is_full() {
            None
        } else {
            nearest(name, candidates)
        }
    }

    /// Returns whether any diagnostic is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Returns how many diagnostics were left off.
    #[must_use]
    pub fn n_left_off(&self) -> usize {
        self.n_left_off
    }

    /// Returns the diagnostics.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Keeps the diagnostics that a predicate accepts.
    ///
    /// Whether there are errors does not change: something was reported, even if it is not shown.
    pub(crate) fn retain(&mut self, accepts: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(accepts);
    }

    /// Sorts by file name and place, and drops repeated ones.
    pub fn sort(&mut self, sources: &SourceMap) {
        self.list.sort_by_cached_key(|it| {
            let file = sources.get(it.span.source).name().to_owned();
            (file, it.span, it.code.id, it.message.clone())
        });
        self.list.dedup();
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests;
