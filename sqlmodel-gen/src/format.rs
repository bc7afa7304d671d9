//! Lays out schema files alike: spaces, line breaks and the places of comments, and nothing else.
//!
//! It works on tokens, not on meaning, so it formats files whose schema is wrong. The tokens of the result are those of the
//! text, which is checked each time.

mod token;

#[cfg(test)]
mod tests;

use self::token::{Kind, Token};

const INDENT: &str = "    ";

/// Returns a file of TOML laid out, `None` if a string or a bracket in it is not closed, or brackets are nested more than 64 deep.
///
/// - One space around `=`, inside braces and after commas; none inside brackets and around dots.
/// - A list or inline table that has a line break or a comment has each item on a line of its own.
/// - Comments at the ends of neighbouring lines start in one column.
/// - At most one blank line in a row; none at the start and the end.
/// - Lines end as the first line does: with CRLF on Windows, where Git makes it so.
#[must_use]
pub fn format(text: &str) -> Option<String> {
    let tokens = token::tokens(text)?;
    let mut writer = Writer {
        tokens: &tokens,
        at: 0,
        lines: Vec::new(),
        line: String::new(),
    };
    writer.file()?;
    let first = text.find('\n').and_then(|at| text.get(..at));
    let is_crlf = first.is_some_and(|line| line.ends_with('\r'));
    let formatted = join(writer.lines, if is_crlf { "\r\n" } else { "\n" });
    let is_same =
        token::tokens(&formatted).is_some_and(|after| significant(&tokens).eq(significant(&after)));
    is_same.then_some(formatted)
}

/// Everything but line breaks, and the commas that a list may end with.
fn significant<'a>(tokens: &'a [Token<'a>]) -> impl Iterator<Item = &'a str> {
    let tokens: Vec<&Token<'_>> = tokens
        .iter()
        .filter(|token| token.kind != Kind::Newline)
        .collect();
    let is_last_comma = |at: usize, tokens: &[&Token<'_>]| {
        let mut rest = tokens.iter().skip(at + 1);
        tokens.get(at).is_some_and(|token| token.text == ",")
            && rest
                .find(|token| token.kind != Kind::Comment)
                .is_some_and(|token| token.is_close())
    };
    let kept: Vec<&'a str> = (0..tokens.len())
        .filter(|at| !is_last_comma(*at, &tokens))
        .filter_map(|at| tokens.get(at).map(|token| token.text))
        .collect();
    kept.into_iter()
}

/// A line without its comment, and its comment.
#[derive(Debug, Default)]
struct Line {
    code: String,
    comment: Option<String>,
}

/// Puts lines together, with the comments of neighbouring ones in one column.
fn join(lines: Vec<Line>, line_break: &str) -> String {
    let has_both = |line: &Line| !line.code.is_empty() && line.comment.is_some();
    let mut out = String::new();
    for group in lines.chunk_by(|a, b| has_both(a) && has_both(b)) {
        let width = group.iter().map(|line| line.code.chars().count()).max();
        for Line { code, comment } in group {
            out.push_str(code);
            if let Some(comment) = comment {
                if !code.is_empty() && !code.trim().is_empty() {
                    let n_spaces = width.unwrap_or_default() - code.chars().count() + 1;
                    out.extend(std::iter::repeat_n(' ', n_spaces));
                }
                out.push_str(comment);
            }
            out.push_str(line_break);
        }
    }
    out
}

struct Writer<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    lines: Vec<Line>,
    line: String,
}

impl<'a> Writer<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token<'a>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    fn skip_newline(&mut self) {
        if self.peek().is_some_and(|next| next.kind == Kind::Newline) {
            self.at += 1;
        }
    }

    fn file(&mut self) -> Option<()> {
        while let Some(token) = self.next() {
            match token.kind {
                Kind::Newline => {
                    let is_start = self.lines.is_empty();
                    let is_blank = self
                        .lines
                        .last()
                        .is_some_and(|it| it.code.is_empty() && it.comment.is_none());
                    if !is_start && !is_blank {
                        self.lines.push(Line::default());
                    }
                }
                Kind::Comment => {
                    self.end_line(Some(token), 0);
                    self.skip_newline();
                }
                _ => {
                    self.at -= 1;
                    self.statement()?;
                }
            }
        }
        while self
            .lines
            .last()
            .is_some_and(|it| it.code.is_empty() && it.comment.is_none())
        {
            self.lines.pop();
        }
        Some(())
    }

    /// Writes a header, or a key with its value, and the comment after it.
    fn statement(&mut self) -> Option<()> {
        let mut previous: Option<&Token<'_>> = None;
        let mut is_value = false;
        while let Some(token) = self.next() {
            match token.kind {
                Kind::Newline => break,
                Kind::Comment => {
                    self.end_line(Some(token), 0);
                    self.skip_newline();
                    return Some(());
                }
                Kind::Open if is_value => self.group(token, 0)?,
                _ => {
                    self.space_before(previous, token);
                    self.line.push_str(token.text);
                    is_value |= token.text == "=";
                    if token.text == "=" {
                        self.line.push(' ');
                    }
                }
            }
            previous = Some(token);
        }
        self.end_line(None, 0);
        Some(())
    }

    /// Writes the space that belongs between two tokens outside of lists.
    fn space_before(&mut self, previous: Option<&Token<'_>>, token: &Token<'_>) {
        let are_words =
            previous.is_some_and(|it| it.kind == Kind::Word) && token.kind == Kind::Word;
        if token.text == "=" || are_words {
            self.line.push(' ');
        }
    }

    /// Writes a list or an inline table whose opening bracket was read.
    fn group(&mut self, open: &Token<'_>, depth: usize) -> Option<()> {
        if self.is_broken_group() {
            self.broken_group(open, depth)
        } else {
            self.flat_group(open, depth)
        }
    }

    /// Whether the group that starts here has a line break or a comment before it ends.
    fn is_broken_group(&self) -> bool {
        let mut depth = 1;
        for token in self.tokens.iter().skip(self.at) {
            match token.kind {
                Kind::Newline | Kind::Comment => return true,
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                Kind::Word | Kind::String | Kind::Mark => {}
            }
            if depth == 0 {
                return false;
            }
        }
        false
    }

    fn flat_group(&mut self, open: &Token<'_>, depth: usize) -> Option<()> {
        let padding = if open.text == "{" { " " } else { "" };
        self.line.push_str(open.text);
        let mut previous: Option<&Token<'_>> = None;
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::Close => {
                    self.drop_last_comma(previous);
                    if previous.is_some() {
                        self.line.push_str(padding);
                    }
                    self.line.push_str(token.text);
                    return Some(());
                }
                _ => {
                    if previous.is_none() {
                        self.line.push_str(padding);
                    }
                    self.item_token(previous, token, depth)?;
                }
            }
            previous = Some(token);
        }
    }

    /// A comma before the end of a flat list says nothing.
    fn drop_last_comma(&mut self, previous: Option<&Token<'_>>) {
        if previous.is_some_and(|token| token.text == ",") {
            self.line.truncate(self.line.trim_end().len());
            self.line.pop();
        }
    }

    /// Writes a token of an item, with the space before it.
    fn item_token(
        &mut self,
        previous: Option<&Token<'_>>,
        token: &Token<'_>,
        depth: usize,
    ) -> Option<()> {
        match token.kind {
            Kind::Open => {
                if previous.is_some_and(|it| it.text == ",") {
                    self.line.push(' ');
                }
                self.group(token, depth)
            }
            _ => {
                let is_after_comma = previous.is_some_and(|it| it.text == ",");
                if is_after_comma {
                    self.line.push(' ');
                } else {
                    self.space_before(previous, token);
                }
                self.line.push_str(token.text);
                if token.text == "=" {
                    self.line.push(' ');
                }
                Some(())
            }
        }
    }

    fn broken_group(&mut self, open: &Token<'_>, depth: usize) -> Option<()> {
        self.line.push_str(open.text);
        let comment = self.comment_on_this_line();
        self.end_line(comment, depth + 1);
        let mut previous: Option<&Token<'_>> = None;
        let mut has_code = false;
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::Newline => continue,
                Kind::Close => {
                    if has_code {
                        self.line.push(',');
                        self.end_line(None, depth);
                    } else {
                        self.line = INDENT.repeat(depth);
                    }
                    self.line.push_str(token.text);
                    return Some(());
                }
                Kind::Comment if !has_code => self.end_line(Some(token), depth + 1),
                // A comment between an item and its comma moves behind the comma.
                Kind::Comment => {
                    if self.next_code().is_some_and(|next| next.text == ",") {
                        self.skip_comma();
                    }
                    self.line.push(',');
                    self.end_line(Some(token), depth + 1);
                    has_code = false;
                    previous = None;
                    continue;
                }
                _ if token.text == "," => {
                    self.line.push(',');
                    let comment = self.comment_on_this_line();
                    self.end_line(comment, depth + 1);
                    has_code = false;
                    previous = None;
                    continue;
                }
                _ => {
                    self.item_token(previous, token, depth + 1)?;
                    has_code = true;
                }
            }
            previous = Some(token);
        }
    }

    /// The next token that is neither a line break nor a comment.
    fn next_code(&self) -> Option<&'a Token<'a>> {
        let mut rest = self.tokens.iter().skip(self.at);
        rest.find(|token| !matches!(token.kind, Kind::Newline | Kind::Comment))
    }

    /// Moves past line breaks and the comma after them.
    fn skip_comma(&mut self) {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline => self.at += 1,
                _ if token.text == "," => {
                    self.at += 1;
                    return;
                }
                _ => return,
            }
        }
    }

    /// Takes the comment that follows on the same line, and the line break after it.
    fn comment_on_this_line(&mut self) -> Option<&'a Token<'a>> {
        let comment = self.peek().filter(|token| token.kind == Kind::Comment)?;
        self.at += 1;
        Some(comment)
    }

    /// Ends the line, and starts one at a depth.
    fn end_line(&mut self, comment: Option<&Token<'_>>, depth: usize) {
        let code = std::mem::replace(&mut self.line, INDENT.repeat(depth));
        let is_empty = code.trim().is_empty();
        let comment = comment.map(|token| token.text.trim_end().to_owned());
        self.lines.push(match comment {
            // A comment of its own line keeps the indentation.
            Some(comment) if is_empty => Line {
                code: String::new(),
                comment: Some(format!("{code}{comment}")),
            },
            comment => Line {
                code: code.trim_end().to_owned(),
                comment,
            },
        });
    }
}
