//! Renders diagnostics for people and for other tools.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Diagnostics, JsonWriter, Severity, sarif};
use crate::source::{SourceId, SourceMap, Span};

/// Longer stretches of source are not shown, only named: a renderer's cost grows with them.
const MAX_SHOWN_LEN: usize = 256 << 10;

/// How diagnostics are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With the source, underlined.
    Human,
    /// One line each: `path:line:column: error[SM0103]: message`.
    Short,
    /// One JSON document for all.
    Json,
    /// Workflow commands that GitHub shows beside the changed line.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    /// All formats, with the names they have on the command line.
    pub const ALL: [(&'static str, Self); 5] = [
        ("human", Self::Human),
        ("short", Self::Short),
        ("json", Self::Json),
        ("github", Self::Github),
        ("sarif", Self::Sarif),
    ];
}

/// Whether the human format has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Never,
    /// ANSI escapes.
    Always,
}

/// Renders all diagnostics; the text is empty or ends with a line break.
///
/// The JSON and SARIF documents are whole even when there is nothing to report.
#[must_use]
pub fn render(
    diagnostics: &Diagnostics,
    sources: &SourceMap,
    format: Format,
    color: Color,
) -> String {
    match format {
        Format::Human => human(diagnostics, sources, color),
        Format::Short => lines(diagnostics, |out, it| short(out, it, sources)),
        Format::Github => lines(diagnostics, |out, it| github(out, it, sources)),
        Format::Json => json(diagnostics, sources),
        Format::Sarif => sarif::render(diagnostics, sources),
    }
}

/// Renders one diagnostic for people, with a final line break.
#[must_use]
pub fn render_one(diagnostic: &Diagnostic, sources: &SourceMap, color: Color) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.id);
    let mut group = title.elements(std::iter::empty::<
        Snippet<'_, annotate_snippets::Annotation<'_>>,
    >());
    for (source, labels) in labels_by_source(diagnostic) {
        group = match snippet(sources, source, &labels) {
            Some(snippet) => group.element(snippet),
            None => group.element(origin(sources, diagnostic.span)),
        };
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match color {
        Color::Never => Renderer::plain(),
        Color::Always => Renderer::styled(),
    };
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

type LabelRef<'a> = (AnnotationKind, Span, &'a str);

/// Groups the labels of a diagnostic by source: the primary one's source first.
fn labels_by_source(diagnostic: &Diagnostic) -> Vec<(SourceId, Vec<LabelRef<'_>>)> {
    let primary = (
        AnnotationKind::Primary,
        diagnostic.span,
        diagnostic.label.as_str(),
    );
    let related = diagnostic
        .related
        .iter()
        .map(|label| (AnnotationKind::Context, label.span, label.message.as_str()));
    let mut groups: Vec<(SourceId, Vec<LabelRef<'_>>)> = Vec::new();
    for label in std::iter::once(primary).chain(related) {
        match groups
            .iter_mut()
            .find(|(source, _)| *source == label.1.source)
        {
            Some((_, labels)) => labels.push(label),
            None => groups.push((label.1.source, vec![label])),
        }
    }
    groups
}

/// Returns the lines that the labels are on, `None` if they are too long to show.
fn snippet<'a>(
    sources: &'a SourceMap,
    source: SourceId,
    labels: &[LabelRef<'a>],
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let file = sources.get(source);
    let text = file.text();
    let first = labels
        .iter()
        .map(|label| label.1.start as usize)
        .min()?
        .min(text.len());
    let last = labels
        .iter()
        .map(|label| label.1.end as usize)
        .max()?
        .min(text.len());
    let start = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
    let end = text
        .get(last..)?
        .find('\n')
        .map_or(text.len(), |at| last + at);
    let shown = text
        .get(start..end)
        .filter(|shown| shown.len() <= MAX_SHOWN_LEN)?;
    let line = file.position(u32::try_from(start).ok()?).line;
    let annotations = labels.iter().map(|(kind, span, label)| {
        let range = span.range();
        let range = range.start.clamp(start, end) - start..range.end.clamp(start, end) - start;
        let label = (!label.is_empty()).then_some(*label);
        kind.span(range).label(label)
    });
    Some(
        Snippet::source(shown)
            .path(file.name())
            .line_start(line)
            .annotations(annotations),
    )
}

fn origin(sources: &SourceMap, span: Span) -> Origin<'_> {
    let file = sources.get(span.source);
    let position = file.position(span.start);
    Origin::path(file.name())
        .line(position.line)
        .char_column(position.column)
}

fn human(diagnostics: &Diagnostics, sources: &SourceMap, color: Color) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&render_one(diagnostic, sources, color));
        out.push('\n');
    }
    out.push_str(&left_off(diagnostics));
    out
}

fn left_off(diagnostics: &Diagnostics) -> String {
    match diagnostics.n_left_off() {
        0 => String::new(),
        n => format!("and {n} more, which are not shown\n"),
    }
}

fn lines(diagnostics: &Diagnostics, line: impl Fn(&mut String, &Diagnostic)) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        line(&mut out, diagnostic);
        out.push('\n');
    }
    out.push_str(&left_off(diagnostics));
    out
}

fn short(out: &mut String, diagnostic: &Diagnostic, sources: &SourceMap) {
    let file = sources.get(diagnostic.span.source);
    let at = file.position(diagnostic.span.start);
    let severity = diagnostic.severity().name();
    let Diagnostic { code, message, .. } = diagnostic;
    let _ = write!(
        out,
        "{}:{}:{}: {severity}[{}]: {message}",
        file.name(),
        at.line,
        at.column,
        code.id
    );
}

/// Writes a workflow command: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
fn github(out: &mut String, diagnostic: &Diagnostic, sources: &SourceMap) {
    let file = sources.get(diagnostic.span.source);
    let start = file.position(diagnostic.span.start);
    let end = file.position(diagnostic.span.end);
    let mut message = diagnostic.message.clone();
    for line in diagnostic.notes.iter().chain(&diagnostic.help) {
        message.push('\n');
        message.push_str(line);
    }
    let _ = write!(
        out,
        "::{} file={},line={},endLine={},col={},endColumn={},title={}::{}",
        diagnostic.severity().name(),
        escape_property(file.name()),
        start.line,
        end.line,
        start.column,
        end.column,
        diagnostic.code.id,
        escape_data(&message),
    );
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

fn json(diagnostics: &Diagnostics, sources: &SourceMap) -> String {
    let mut json = JsonWriter::new();
    json.object(|json| {
        json.key("version").number(1);
        json.key("diagnostics").array(|json| {
            for diagnostic in diagnostics {
                json.object(|json| json_diagnostic(json, diagnostic, sources));
            }
        });
        json.key("left_off").number(diagnostics.n_left_off());
    });
    json.finish()
}

fn json_diagnostic(json: &mut JsonWriter, diagnostic: &Diagnostic, sources: &SourceMap) {
    let Diagnostic {
        code,
        message,
        span,
        label,
        related,
        notes,
        help,
        fixes,
    } = diagnostic;
    json.key("code").string(code.id);
    json.key("severity").string(diagnostic.severity().name());
    json.key("message").string(message);
    json.key("place")
        .object(|json| json_place(json, *span, sources));
    json.key("label").string(label);
    json.key("related").array(|json| {
        for label in related {
            json.object(|json| {
                json.key("place")
                    .object(|json| json_place(json, label.span, sources));
                json.key("message").string(&label.message);
            });
        }
    });
    json.key("notes")
        .array(|json| notes.iter().for_each(|note| json.string(note)));
    if let Some(help) = help {
        json.key("help").string(help);
    }
    json.key("fixes").array(|json| {
        for fix in fixes {
            json.object(|json| {
                json.key("place")
                    .object(|json| json_place(json, fix.span, sources));
                json.key("replacement").string(&fix.replacement);
            });
        }
    });
}

fn json_place(json: &mut JsonWriter, span: Span, sources: &SourceMap) {
    let file = sources.get(span.source);
    let (start, end) = (file.position(span.start), file.position(span.end));
    json.key("file").string(file.name());
    json.key("start_byte").number(span.range().start);
    json.key("end_byte").number(span.range().end);
    json.key("start_line").number(start.line);
    json.key("start_column").number(start.column);
    json.key("end_line").number(end.line);
    json.key("end_column").number(end.column);
}
