//! Splits TOML into tokens, without regard to whether they make sense together.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line break.
    Newline,
    /// `#` and what follows.
    Comment,
    /// A string of any kind, with its quotes.
    String,
    /// `[` or `{`.
    Open,
    /// `]` or `}`.
    Close,
    /// `=`, `,` or `.`.
    Mark,
    /// A bare key, a number, a date, or anything else.
    Word,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn is_close(&self) -> bool {
        self.kind == Kind::Close
    }
}

/// How deep brackets may be nested: twice as deep as in any schema that is read.
const MAX_DEPTH: usize = 64;

/// Returns the tokens of a text, `None` if a string is not closed, or brackets do not match or are nested too deeply.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut tokens = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, len) = match first {
            ' ' | '\t' | '\r' => {
                rest = rest.get(1..)?;
                continue;
            }
            '\n' => (Kind::Newline, 1),
            '#' => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
            '"' | '\'' => (Kind::String, string_len(rest, first)?),
            '[' | '{' => {
                open.push(if first == '[' { "]" } else { "}" });
                if open.len() > MAX_DEPTH {
                    return None;
                }
                (Kind::Open, 1)
            }
            ']' | '}' => {
                let expected = open.pop()?;
                if !rest.starts_with(expected) {
                    return None;
                }
                (Kind::Close, 1)
            }
            '=' | ',' | '.' => (Kind::Mark, 1),
            _ => (Kind::Word, word_len(rest)),
        };
        let (token, after) = rest.split_at_checked(len)?;
        let text = token.trim_end_matches('\r');
        tokens.push(Token { kind, text });
        rest = after;
    }
    open.is_empty().then_some(tokens)
}

/// The length of a string with its quotes; a string of one line ends before the line does.
fn string_len(text: &str, quote: char) -> Option<usize> {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let is_long = text.starts_with(&triple);
    let opening = if is_long { 3 } else { 1 };
    let mut chars = text.char_indices().skip(opening);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' if quote == '"' => {
                chars.next()?;
            }
            '\n' if !is_long => return None,
            _ if char != quote => {}
            _ if !is_long => return Some(at + 1),
            _ if text.get(at..)?.starts_with(&triple) => {
                // Up to two quotes may stand right before the closing three.
                let n_quotes = text
                    .get(at..)?
                    .chars()
                    .take_while(|it| *it == quote)
                    .count();
                return Some(at + n_quotes.min(5));
            }
            _ => {}
        }
    }
    None
}

fn word_len(text: &str) -> usize {
    text.find([
        ' ', '\t', '\r', '\n', '#', '"', '\'', '[', ']', '{', '}', '=', ',', '.',
    ])
    .unwrap_or(text.len())
}
