//! The keys of a query that are not about its SQL: attributes of the function, and how the statement runs.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{QueryOptions, SourceText, WrittenPage};
use crate::resolve::Resolver;
use crate::resolve::case::is_rust_path;
use crate::syntax::{self, Name};

/// The units of `timeout`, in milliseconds.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000)];

/// The longest `timeout`.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// The number of rows on a page, if the schema says nothing.
const DEFAULT_SIZE: u32 = 50;

/// The most rows on a page.
const MAX_SIZE: u32 = 100_000;

impl Resolver<'_> {
    pub(super) fn query_options(&mut self, syntax: &syntax::Query) -> QueryOptions {
        for attr in &syntax.attrs {
            self.check_attribute(attr);
        }
        let deprecated = syntax.deprecated.as_ref();
        let timeout = syntax.timeout.as_ref();
        QueryOptions {
            attrs: syntax.attrs.iter().map(|it| it.value.clone()).collect(),
            deprecated: deprecated.map(|flag| match &flag.name {
                Some(why) => why.value.clone(),
                None => String::new(),
            }),
            needs_transaction: syntax.tx,
            timeout: timeout.and_then(|text| self.timeout(text)),
            batch: syntax
                .batch
                .as_ref()
                .filter(|it| it.value)
                .map(|it| it.span),
            is_once: syntax.cache.as_ref().is_some_and(|it| !it.value),
        }
    }

    pub(super) fn page(&mut self, page: &syntax::Page) -> WrittenPage {
        let by = page.by.iter().map(|name| self.page_key(name)).collect();
        let size = page.size.as_ref().map_or(DEFAULT_SIZE, |size| {
            let found = u32::try_from(size.value).ok();
            found
                .filter(|it| (1..=MAX_SIZE).contains(it))
                .unwrap_or_else(|| {
                    let message =
                        format!("a page has 1 to {MAX_SIZE} rows, and not {}", size.value);
                    let help = format!("write `size = {DEFAULT_SIZE}`");
                    self.error(&codes::OUT_OF_RANGE, size.span, message, help);
                    DEFAULT_SIZE
                })
        });
        WrittenPage {
            by,
            size,
            is_unique: page.unique,
            derive: self.derives(&page.derive),
            span: page.span,
        }
    }

    /// Reads `created_at desc`.
    fn page_key(&mut self, name: &Name) -> (SourceText, bool) {
        let mut words = name.value.split_whitespace();
        let column = words.next().unwrap_or_default().to_owned();
        let is_descending = match words.next().map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(word) => {
                let message = format!("`{word}` is not a direction");
                self.push(
                    Diagnostic::new(&codes::UNKNOWN_WORD, name.span, message)
                        .help("write `asc` or `desc` after the column"),
                );
                false
            }
        };
        let text = SourceText {
            value: column,
            span: name.span,
        };
        (text, is_descending)
    }

    fn check_attribute(&mut self, attr: &Name) {
        if !is_attribute(&attr.value) {
            let message = format!("`{}` is not a Rust attribute", attr.value);
            self.push(Diagnostic::new(&codes::RUST_PATH, attr.span, message).help(
                "write what stands between `#[` and `]`, such as `cfg(feature = \"admin\")`",
            ));
        }
    }

    fn timeout(&mut self, text: &Name) -> Option<Duration> {
        let value = text.value.trim();
        let digits = value.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let unit = value.get(digits.len()..).unwrap_or_default();
        let millis = UNITS.iter().find(|(name, _)| *name == unit);
        let number = digits.trim_end().parse::<u64>().ok();
        let (Some((_, millis)), Some(number)) = (millis, number) else {
            let message = format!("`{}` is not a time", text.value);
            self.push(
                Diagnostic::new(&codes::UNKNOWN_WORD, text.span, message)
                    .help("write a number and `ms`, `s` or `m`, such as `\"500ms\"`"),
            );
            return None;
        };
        let timeout = Duration::from_millis(number.saturating_mul(*millis));
        if timeout.is_zero() || timeout > MAX_TIMEOUT {
            let message = format!("a `timeout` of `{value}` is not between 1 ms and a day");
            let help = "write a time such as `timeout = \"500ms\"`";
            self.error(&codes::OUT_OF_RANGE, text.span, message, help);
            return None;
        }
        Some(timeout)
    }
}

/// Whether a text may stand in `#[..]`: a path, and perhaps tokens in brackets or a value after it.
fn is_attribute(text: &str) -> bool {
    let text = text.trim();
    let path_len = text
        .find(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == ':'))
        .unwrap_or(text.len());
    let (path, rest) = text.split_at(path_len);
    let rest = rest.trim_start();
    is_rust_path(path)
        && match rest.chars().next() {
            None => true,
            Some('=') => rest.len() > 1 && n_groups(rest) == Some(0),
            Some('(' | '[' | '{') => n_groups(rest) == Some(1) && rest.ends_with([')', ']', '}']),
            Some(_) => false,
        }
}

/// How many groups of brackets stand beside each other; `None` where a bracket has no other half, or a text does not end.
fn n_groups(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut n_groups = 0;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => {
                if open.pop() != Some(char) {
                    return None;
                }
                n_groups += usize::from(open.is_empty());
            }
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => drop(chars.next()),
                    _ => {}
                }
            },
            '/' if chars.as_str().starts_with(['/', '*']) => return None,
            '\n' | '\r' => return None,
            _ => {}
        }
    }
    open.is_empty().then_some(n_groups)
}

#[cfg(test)]
mod tests {
    use super::is_attribute;

    #[test]
    fn an_attribute_is_a_path_with_one_group_or_value() {
        for text in [
            "inline",
            "cfg(feature = \"a]\")",
            "tracing::instrument(skip(x), fields(a = [1]))",
            "doc = \"text\"",
            "expect(clippy::too_many_lines, reason = \"a \\\" b\")",
        ] {
            assert!(is_attribute(text), "{text}");
        }
        for text in [
            "",
            "inline]",
            "#[inline]",
            "a(",
            "a(]",
            "a)(",
            "a() b",
            "a()()",
            "a = ",
            "a = \"b",
            "a(\"b)",
            "a(// b)",
            "a(\n)",
            "1a",
            "a b",
        ] {
            assert!(!is_attribute(text), "{text}");
        }
    }
}
