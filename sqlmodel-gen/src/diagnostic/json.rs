//! Writes JSON: the few lines that the compiler needs of it.

use std::fmt::Write as _;

/// Writes one JSON document, indented by two spaces.
///
/// The caller opens and closes; commas and line breaks are the writer's.
#[derive(Debug, Default)]
pub(crate) struct JsonWriter {
    out: String,
    /// For each open list or object, whether it has an item already.
    open: Vec<bool>,
    /// Whether a key was written and its value comes next.
    after_key: bool,
}

impl JsonWriter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns the document, with a final line break.
    pub(crate) fn finish(mut self) -> String {
        self.out.push('\n');
        self.out
    }

    /// Writes `{`, what `body` writes, and `}`.
    pub(crate) fn object(&mut self, body: impl FnOnce(&mut Self)) {
        self.nested('{', '}', body);
    }

    /// Writes `[`, what `body` writes, and `]`.
    pub(crate) fn array(&mut self, body: impl FnOnce(&mut Self)) {
        self.nested('[', ']', body);
    }

    /// Writes a key of an object; its value must follow.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.begin_item();
        write_string(&mut self.out, key);
        self.out.push_str(": ");
        self.after_key = true;
        self
    }

    pub(crate) fn string(&mut self, value: &str) {
        self.begin_item();
        write_string(&mut self.out, value);
    }

    #[cfg(feature = "cli")]
    pub(crate) fn boolean(&mut self, value: bool) {
        self.begin_item();
        let _ = write!(self.out, "{value}");
    }

    #[cfg(feature = "cli")]
    pub(crate) fn null(&mut self) {
        self.begin_item();
        self.out.push_str("null");
    }

    pub(crate) fn number(&mut self, value: usize) {
        self.begin_item();
        let _ = write!(self.out, "{value}");
    }

    fn nested(&mut self, open: char, close: char, body: impl FnOnce(&mut Self)) {
        self.begin_item();
        self.out.push(open);
        self.open.push(false);
        body(self);
        if self.open.pop() == Some(true) {
            self.new_line();
        }
        self.out.push(close);
    }

    fn begin_item(&mut self) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        if let Some(has_items) = self.open.last_mut() {
            if std::mem::replace(has_items, true) {
                self.out.push(',');
            }
            self.new_line();
        }
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

fn write_string(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
