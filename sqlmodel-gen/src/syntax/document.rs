//! TOML text -> a tree in the order of the file, with spans.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::{MAX_SOURCE_LEN, SourceId, SourceMap, Span};
use crate::syntax::{Name, Spanned};

/// The deepest nesting of tables and lists; the format itself needs seven levels.
const MAX_DEPTH: usize = 32;

/// The longest text in which the parser is asked for more than the first mistake: it keeps one for each byte if it must.
const MAX_RECOVERED_LEN: usize = 1 << 20;

/// The stack of the thread that parses; see [`parse_document`].
const STACK_LEN: usize = 64 << 20;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) root: Table,
    /// The whole text.
    pub(crate) span: Span,
    /// The parts that could not be read, from one header to the next: what was read of them may mislead.
    pub(crate) broken: Vec<Broken>,
}

/// A part of a file that is not TOML.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) span: Span,
    /// What its header begins to declare, such as `Hero` of `[model.Hero.fields]`.
    pub(crate) name: Option<String>,
}

/// A value and its place. The place of a table with a header is the header.
pub(crate) type Node = Spanned<Value>;

/// A TOML value. Numbers and dates are kept as text: what they have to fit is known later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    String(String),
    /// `None` if it does not fit 64 bits.
    Integer(Option<i64>),
    Float(String),
    Bool(bool),
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

impl Value {
    /// Returns the table, if it is one.
    pub(crate) const fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the kind of value, with its article.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Keys and values in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) entries: Vec<(Name, Node)>,
}

/// Parses a source; what could not be read is left out of the tree.
///
/// The parser bounds how deep brackets and dotted keys nest, but not their product, and a tree is dropped by recursion. So it
/// works on a thread with a stack that no input within these bounds can exhaust.
pub(crate) fn parse_document(
    sources: &SourceMap,
    source: SourceId,
    diagnostics: &mut Diagnostics,
) -> Document {
    let text = sources.get(source).text();
    let span = Span::new(source, 0..text.len());
    let empty = Document {
        root: Table::default(),
        span,
        broken: vec![Broken { span, name: None }],
    };
    if text.len() > MAX_SOURCE_LEN {
        diagnostics.push(
            Diagnostic::new(&codes::TOO_LARGE, span.at_start(), "the file is too large")
                .note(format!("a schema file may have {MAX_SOURCE_LEN} bytes"))
                .help("split the schema into several files"),
        );
        return empty;
    }
    if let Some(at) = sources.get(source).not_utf8_at() {
        let at = at as usize;
        diagnostics.push(
            Diagnostic::new(
                &codes::INVALID_TOML,
                Span::new(source, at..at),
                "the file is not UTF-8 from here on",
            )
            .help("save the file with the encoding UTF-8"),
        );
        return empty;
    }
    let parse = || {
        let mut builder = Builder {
            source,
            text,
            diagnostics,
            broken: Vec::new(),
        };
        let root = builder.document();
        Document {
            root,
            span,
            broken: builder.broken,
        }
    };
    let parsed = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_LEN)
            .spawn_scoped(scope, parse);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(document)) => Ok(document),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Err(error),
        }
    });
    parsed.unwrap_or_else(|error| {
        let message = format!("the parser could not be started: {error}");
        diagnostics.push(
            Diagnostic::new(&codes::INVALID_TOML, span.at_start(), message)
                .help("try again with more free memory and threads"),
        );
        empty
    })
}

/// What most who meet an error of TOML itself need to know.
const TOML_IN_SHORT: &str = "write `key = value` on a line of its own, text in double quotes, and `[model.Name]` before what belongs to it";

/// What the parser calls a key that comes twice.
const DUPLICATE: &str = "duplicate key";

/// The most keys that come twice of which the first place is looked for: each is one more look at the whole file.
const MAX_FIRST_PLACES: usize = 4;

struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    diagnostics: &'a mut Diagnostics,
    broken: Vec<Broken>,
}

impl Builder<'_> {
    fn document(&mut self) -> Table {
        let table = match DeTable::parse(self.text) {
            Ok(table) => return self.table(table.into_inner(), 0),
            Err(_) if self.text.len() <= MAX_RECOVERED_LEN => {
                let (table, errors) = DeTable::parse_recoverable(self.text);
                if errors.iter().all(is_duplicate) {
                    self.push_mistakes(errors);
                    return self.table(table.into_inner(), 0);
                }
                self.push_mistakes(errors);
                table.into_inner()
            }
            Err(error) => {
                self.push_mistakes(vec![error]);
                self.break_all();
                return Table::default();
            }
        };
        let (rest, broken) = without_broken_parts(self.text);
        match DeTable::parse_recoverable(&rest) {
            (table, errors) if !broken.is_empty() && errors.iter().all(is_duplicate) => {
                self.broken = broken
                    .into_iter()
                    .map(|(range, name)| Broken {
                        span: self.span(range),
                        name,
                    })
                    .collect();
                self.table(table.into_inner(), 0)
            }
            _ => {
                self.break_all();
                self.table(table, 0)
            }
        }
    }

    /// Notes that nothing that was read is to be believed.
    fn break_all(&mut self) {
        let span = self.span(0..self.text.len());
        self.broken = vec![Broken { span, name: None }];
    }

    fn push_mistakes(&mut self, errors: Vec<toml::de::Error>) {
        let mut n_twice = 0;
        let mut repeated_part = 0..0;
        for (at, message) in mistakes(self.text, errors) {
            if message != DUPLICATE {
                let message = format!("invalid TOML: {message}");
                let diagnostic = Diagnostic::new(&codes::INVALID_TOML, self.span(at), message);
                self.diagnostics.push(diagnostic.help(TOML_IN_SHORT));
                continue;
            }
            n_twice += 1;
            let first = (n_twice <= MAX_FIRST_PLACES)
                .then(|| first_place(self.text, at.clone()))
                .flatten();
            // What stands twice because its header does is no mistake of its own.
            let is_beside = first
                .as_ref()
                .is_some_and(|it| repeated_part.contains(&it.start));
            if repeated_part.contains(&at.start) && !is_beside {
                continue;
            }
            let part = part_of(self.text, at.start);
            let rest = self.text.get(part.start..at.start).unwrap_or_default();
            let is_header = rest.starts_with('[') && !rest.contains('\n');
            if is_header {
                repeated_part = part;
            }
            let of_header = self.text.get(at.start..).and_then(|it| it.split_once(']'));
            let key = match of_header {
                Some((key, _)) if is_header => format!("{rest}{key}]"),
                _ => self.text.get(at.clone()).unwrap_or_default().to_owned(),
            };
            let message = format!("invalid TOML: `{key}` is given twice");
            let diagnostic = Diagnostic::new(&codes::INVALID_TOML, self.span(at), message);
            let diagnostic = match first {
                Some(first) => diagnostic.related(self.span(first), "already here"),
                None => diagnostic,
            };
            self.diagnostics.push(diagnostic.help(match is_header {
                true => "a header stands once: write what belongs to it below the first, or rename one of the two",
                false => "remove or rename one of the two",
            }));
        }
    }

    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Table {
        let mut entries: Vec<(Name, Node)> = table
            .into_iter()
            .filter_map(|(key, value)| {
                let span = self.span(key.span());
                let value_span = self.span(value.span());
                let value = self.value(value.into_inner(), value_span, depth + 1)?;
                Some((Spanned::new(key.into_inner().into_owned(), span), value))
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span);
        Table { entries }
    }

    fn value(&mut self, value: DeValue<'_>, span: Span, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            self.break_all();
            self.diagnostics.push(
                Diagnostic::new(&codes::TOO_DEEP, span, "tables are nested too deeply")
                    .note(format!("the format nests at most {MAX_DEPTH} levels"))
                    .help("take brackets away: no key of the format needs more than seven levels"),
            );
            return None;
        }
        let value = match value {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(integer) => {
                Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok())
            }
            DeValue::Float(float) => Value::Float(float.as_str().to_owned()),
            DeValue::Boolean(value) => Value::Bool(value),
            DeValue::Datetime(value) => Value::Datetime(value.to_string()),
            DeValue::Array(items) => Value::Array(
                items
                    .into_iter()
                    .filter_map(|item| {
                        let span = self.span(item.span());
                        self.value(item.into_inner(), span, depth + 1)
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, depth)),
        };
        Some(Spanned::new(value, span))
    }

    /// Returns the span of a range, moved to the nearest character borders.
    fn span(&self, range: Range<usize>) -> Span {
        let start = self.text.floor_char_boundary(range.start);
        let end = self.text.ceil_char_boundary(range.end.max(range.start));
        Span::new(self.source, start..end)
    }
}

/// Returns the parser's errors that are mistakes of their own, and not only echoes of an earlier one, at most one a line.
///
/// After its first error, the parser may read the rest of the file in the wrong state. So a later one is believed if the part
/// of the file that it is in, from one header to the next, has it too when it is parsed alone.
fn mistakes(text: &str, mut errors: Vec<toml::de::Error>) -> Vec<(Range<usize>, String)> {
    let is_broken = !errors.iter().all(is_duplicate);
    errors.sort_by_key(|error| error.span().unwrap_or_default().start);
    let parts = part_starts(text);
    let mut believed: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    let mut mistakes: Vec<(Range<usize>, String)> = Vec::new();
    let mut last_line_end = 0;
    for error in errors {
        let span = error.span().unwrap_or_default();
        if !mistakes.is_empty() && span.start < last_line_end {
            continue;
        }
        if is_broken && !mistakes.is_empty() {
            let part = parts.partition_point(|start| *start <= span.start);
            let start = part
                .checked_sub(1)
                .and_then(|at| parts.get(at))
                .copied()
                .unwrap_or(0);
            let end = parts.get(part).copied().unwrap_or(text.len());
            let alone = *believed
                .entry(start)
                .or_insert_with(|| first_error(text.get(start..end).unwrap_or_default()));
            if alone.map(|at| at + start) != Some(span.start) {
                continue;
            }
        }
        let rest = text.get(span.start..).unwrap_or_default();
        last_line_end = rest.find('\n').map_or(text.len(), |at| span.start + at + 1);
        mistakes.push((span, error.message().to_owned()));
    }
    mistakes
}

/// Returns where the parts of a text begin, each at a header but the first.
fn part_starts(text: &str) -> Vec<usize> {
    let headers = text.match_indices("\n[").map(|(at, _)| at + 1);
    std::iter::once(0).chain(headers).collect()
}

/// Returns the part of a text that a place is in, from one header to the next.
fn part_of(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..=at).unwrap_or(text);
    let start = before.rfind("\n[").map_or(0, |at| at + 1);
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find("\n[").map_or(text.len(), |len| at + len);
    start..end
}

/// Returns where a key stands first that comes twice, given its second place.
///
/// With another name in the second place, the two are neighbours in the tree.
fn first_place(text: &str, second: Range<usize>) -> Option<Range<usize>> {
    let written = text.get(second.clone())?;
    let name = key_name(written)?;
    let quote = if written.starts_with(['"', '\'']) {
        1
    } else {
        0
    };
    let inside = second.start + quote..second.end.checked_sub(quote)?;
    ['x', 'y', 'z'].into_iter().find_map(|letter| {
        let mut other = text.to_owned();
        let letters: String = std::iter::repeat_n(letter, inside.len()).collect();
        other.replace_range(inside.clone(), &letters);
        let (table, _) = DeTable::parse_recoverable(&other);
        let table = table.into_inner();
        let mut open: Vec<&DeTable<'_>> = vec![&table];
        while let Some(table) = open.pop() {
            if table.keys().any(|key| key.span().start == second.start) {
                let first = table.keys().find(|key| *key.get_ref() == name)?;
                return Some(first.span());
            }
            let mut values: Vec<&DeValue<'_>> = table.values().map(|it| it.get_ref()).collect();
            while let Some(value) = values.pop() {
                match value {
                    DeValue::Table(table) => open.push(table),
                    DeValue::Array(items) => values.extend(items.iter().map(|it| it.get_ref())),
                    _ => {}
                }
            }
        }
        None
    })
}

/// Returns the name that a key is written for.
fn key_name(written: &str) -> Option<String> {
    let line = format!("{written} = 0");
    let table = DeTable::parse(&line).ok()?.into_inner();
    let (name, _) = table.into_iter().next()?;
    Some(name.into_inner().into_owned())
}

/// Returns a text with white space in place of what is wrong in itself, and those parts, each with what its header names.
///
/// What is left stands where it stood. Headers stay, so that what they declare is known to be there.
fn without_broken_parts(text: &str) -> (String, Vec<(Range<usize>, Option<String>)>) {
    let starts = part_starts(text);
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut rest = String::with_capacity(text.len());
    let mut broken = Vec::new();
    for range in starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
    {
        let part = text.get(range.clone()).unwrap_or_default();
        if first_error(part).is_none() {
            rest.push_str(part);
            continue;
        }
        let header = part
            .find('\n')
            .map_or(part, |at| part.get(..at).unwrap_or_default());
        let name = declared_name(header);
        let kept = if name.is_some() { header } else { "" };
        rest.push_str(kept);
        let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
        rest.extend(part.bytes().skip(kept.len()).map(blank));
        broken.push((range, name));
    }
    (rest, broken)
}

/// Returns the name in a header, `Hero` of `[model.Hero.fields]`; `None` if it is no such header.
fn declared_name(header: &str) -> Option<String> {
    let table = DeTable::parse(header).ok()?.into_inner();
    let (_, named) = table.into_iter().next()?;
    let DeValue::Table(named) = named.into_inner() else {
        return None;
    };
    let (name, _) = named.into_iter().next()?;
    Some(name.into_inner().into_owned())
}

/// Returns where the first error is that is not a key that comes twice.
fn first_error(text: &str) -> Option<usize> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let errors = errors.iter().filter(|error| !is_duplicate(error));
    errors.filter_map(|error| Some(error.span()?.start)).min()
}

/// Returns whether an error is a key that comes twice, which takes nothing else with it.
fn is_duplicate(error: &toml::de::Error) -> bool {
    error.message() == DUPLICATE
}

impl Spanned<String> {
    /// Returns the place of a part of a TOML string's value, or the whole string where escapes hide it.
    pub(crate) fn part(&self, sources: &SourceMap, range: Range<usize>) -> Span {
        let written = sources.text(self.span);
        let quote = if written.starts_with("\"\"\"") || written.starts_with("'''") {
            3
        } else {
            1
        };
        let skip = ["\r\n", "\n"]
            .iter()
            .find(|line_break| {
                let rest = written.get(quote..).unwrap_or_default();
                quote == 3 && rest.starts_with(**line_break)
            })
            .map_or(quote, |line_break| quote + line_break.len());
        match written.get(skip..skip + self.value.len()) {
            Some(text) if text == self.value => {
                let start = self.span.range().start + skip;
                Span::new(self.span.source, start + range.start..start + range.end)
            }
            _ => self.span,
        }
    }
}
