//! Texts that were read, and places in them.
//!
//! A [`Span`] is a range of bytes in one source. Lines and columns exist only when a place is shown to a person.

mod load;

use std::ops::Range;

pub use self::load::{LoadError, load_bytes};

/// The most bytes one source may have; a larger one is refused with a diagnostic.
///
/// It keeps time and memory bounded, and offsets within 32 bits. A schema of a thousand models is about one megabyte.
pub const MAX_SOURCE_LEN: usize = 4 << 20;

/// Names a source of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A range of bytes in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Returns the span of `range` in `source`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a source has at most MAX_SOURCE_LEN bytes, and larger offsets are clamped"
    )]
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        let clamp = |offset: usize| offset.min(u32::MAX as usize) as u32;
        Self {
            source,
            start: clamp(range.start),
            end: clamp(range.end.max(range.start)),
        }
    }

    /// Returns the range of bytes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns whether another span lies within this one.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// Returns the empty span at the start.
    #[must_use]
    pub fn at_start(self) -> Self {
        Self {
            end: self.start,
            ..self
        }
    }

    /// Returns the empty span at the end.
    #[must_use]
    pub fn at_end(self) -> Self {
        Self {
            start: self.end,
            ..self
        }
    }
}

/// A text and the name it is shown under.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: String,
    role: Role,
    /// The offset of the first byte that was no UTF-8 when the source was read.
    not_utf8_at: Option<u32>,
    /// The offset of the first byte of each line.
    lines: Vec<u32>,
}

/// What a source is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A part of the schema.
    Schema,
    /// The configuration.
    Config,
}

/// A place for people: both numbers count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Source {
    fn new(name: String, text: String, role: Role) -> Self {
        let starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        let lines = std::iter::once(0)
            .chain(starts.map(|at| u32::try_from(at).unwrap_or(u32::MAX)))
            .collect();
        Self {
            name,
            text,
            role,
            not_utf8_at: None,
            lines,
        }
    }

    /// Returns the name it is shown under, usually a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the offset from which on the text is not what was read, since that was no UTF-8.
    #[must_use]
    pub fn not_utf8_at(&self) -> Option<u32> {
        self.not_utf8_at
    }

    /// Returns what it is for.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns the line and column of a byte offset; an offset past the end is the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0) as usize;
        let before = self
            .text
            .as_bytes()
            .get(start..(offset as usize).min(self.text.len()));
        // Bytes that continue a UTF-8 sequence are not characters of their own.
        let column = before
            .unwrap_or_default()
            .iter()
            .filter(|byte| **byte & 0xC0 != 0x80)
            .count();
        Position {
            line,
            column: column + 1,
        }
    }
}

/// All texts of one compilation.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Returns an empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a schema file under the name it is to be shown with, usually its path.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.push(Source::new(name.into(), text.into(), Role::Schema))
    }

    /// Adds a schema file as it was read; compiling reports bytes that are no UTF-8.
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> SourceId {
        self.push_bytes(name.into(), bytes, Role::Schema)
    }

    /// Adds a configuration file as it was read; reading it reports bytes that are no UTF-8.
    pub fn add_config_bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> SourceId {
        self.push_bytes(name.into(), bytes, Role::Config)
    }

    fn push_bytes(&mut self, name: String, bytes: Vec<u8>, role: Role) -> SourceId {
        let (text, not_utf8_at) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (text, Some(u32::try_from(at).unwrap_or(u32::MAX)))
            }
        };
        self.push(Source {
            not_utf8_at,
            ..Source::new(name, text, role)
        })
    }

    /// Adds a configuration file.
    pub fn add_config(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.push(Source::new(name.into(), text.into(), Role::Config))
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        self.sources.push(source);
        id
    }

    /// Returns a source of this map; for an id of another map perhaps an empty one.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        static MISSING: Source = Source {
            name: String::new(),
            text: String::new(),
            role: Role::Schema,
            not_utf8_at: None,
            lines: Vec::new(),
        };
        self.sources.get(id.0 as usize).unwrap_or(&MISSING)
    }

    /// Iterates over ids and sources in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.sources)
    }

    /// Returns the text that a span covers, empty if the span does not fit its source.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source)
            .text
            .get(span.range())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
