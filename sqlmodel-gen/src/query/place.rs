//! Where a part of a statement that went to a database is written in the schema.
//!
//! What is sent is the user's text with some tokens replaced: placeholders, `*`, names of types. The tokens that both texts have are
//! matched, and a place in the one leads to the place in the other.

use crate::ir::SourceText;
use crate::query::text::Text;
use crate::source::{SourceMap, Span};

/// Texts with more tokens are not matched: the work grows with the product of both.
const MAX_TOKENS: usize = 4_000;

/// Returns the place in the schema of the byte `offset` of `sent`, which was made of `written`; all of it where that is not known.
pub(crate) fn place(written: &SourceText, sent: &str, offset: usize, sources: &SourceMap) -> Span {
    find(written, sent, offset, sources).unwrap_or(written.span)
}

fn find(written: &SourceText, sent: &str, offset: usize, sources: &SourceMap) -> Option<Span> {
    let text = Text::read(written, sources).ok()?;
    let of_sent = tokens(sent);
    let at = of_sent.iter().rposition(|(start, _)| *start <= offset)?;
    if text.tokens.len().max(of_sent.len()) > MAX_TOKENS {
        return None;
    }
    let of_written: Vec<&str> = (0..text.tokens.len()).map(|it| text.token(it)).collect();
    let of_sent: Vec<&str> = of_sent.iter().map(|(_, token)| *token).collect();
    let index = matched(&of_written, &of_sent, at)?;
    let token = text.tokens.get(index)?;
    Some(text.span(token.range.clone()))
}

/// Returns the last place in the schema of a name or a parameter of a statement; all of it where there is none.
pub(crate) fn place_of(written: &SourceText, name: &str, sources: &SourceMap) -> Span {
    let text = Text::read(written, sources).ok();
    let found = text.and_then(|text| {
        let bare = |at: usize| text.token(at).trim_matches(['"', '`']);
        let at = (0..text.tokens.len()).rfind(|at| bare(*at).eq_ignore_ascii_case(name))?;
        Some(text.span(text.tokens.get(at)?.range.clone()))
    });
    found.unwrap_or(written.span)
}

/// Cuts a text into words, quoted texts and signs, each with its start. Any dialect's text is cut well enough to be compared.
fn tokens(sql: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(char) = sql.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = sql.get(at..).unwrap_or_default();
        let is_word = |it: char| it.is_alphanumeric() || it == '_';
        let n = match char {
            '\'' | '"' | '`' => {
                let inside = rest.get(1..).unwrap_or_default();
                inside.find(char).map_or(rest.len(), |end| end + 2)
            }
            _ if is_word(char) => rest.find(|it| !is_word(it)).unwrap_or(rest.len()),
            _ => char.len_utf8(),
        };
        if !char.is_whitespace() {
            found.push((at, rest.get(..n).unwrap_or_default()));
        }
        at += n;
    }
    found
}

/// Finds the token of `written` that the token `at` of `sent` is, by a longest common subsequence; the one before it, where it is
/// the compiler's own.
fn matched(written: &[&str], sent: &[&str], at: usize) -> Option<usize> {
    let (n, m) = (written.len(), sent.len());
    let bare = |token: &str| -> String {
        let quotes = ['\'', '"', '`'];
        token.trim_matches(quotes).to_ascii_lowercase()
    };
    let written: Vec<String> = written.iter().map(|it| bare(it)).collect();
    let sent: Vec<String> = sent.iter().map(|it| bare(it)).collect();
    // The length of the longest common subsequence of what follows each pair.
    let mut lengths = vec![0u16; (n + 1) * (m + 1)];
    let index = |i: usize, j: usize| i * (m + 1) + j;
    let length = |lengths: &[u16], i, j| lengths.get(index(i, j)).copied().unwrap_or(0);
    for (i, a) in written.iter().enumerate().rev() {
        for (j, b) in sent.iter().enumerate().rev() {
            let longest = match a == b {
                true => length(&lengths, i + 1, j + 1).saturating_add(1),
                false => length(&lengths, i + 1, j).max(length(&lengths, i, j + 1)),
            };
            if let Some(slot) = lengths.get_mut(index(i, j)) {
                *slot = longest;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut before = None;
    while i < n && j <= at.min(m.saturating_sub(1)) {
        if written.get(i) == sent.get(j) {
            before = Some(i);
            i += 1;
            j += 1;
        } else if length(&lengths, i + 1, j) >= length(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, sent: &str, mark: &str, expected: &str) {
        let mut sources = SourceMap::new();
        let file = format!("sql = '{written}'");
        let id = sources.add("models.toml", &file);
        let written = SourceText {
            value: written.to_owned(),
            span: Span::new(id, 6..file.len()),
        };
        let offset = sent.find(mark).expect("the mark is in the text");
        let span = place(&written, sent, offset, &sources);
        assert_eq!(sources.text(span), expected);
    }

    #[test]
    fn a_word_is_found_behind_what_was_replaced() {
        check(
            "SELECT *, lower(nick) AS low FROM hero WHERE id = :id",
            "SELECT \"hero\".\"id\", \"hero\".\"nick\", lower(nick) AS low FROM hero WHERE id = ?1",
            "lower",
            "lower",
        );
    }

    #[test]
    fn the_second_of_two_equal_words_is_told_from_the_first() {
        check(
            "SELECT a, b FROM t WHERE a = :x AND b = soundex(a)",
            "SELECT a, b FROM t WHERE a = $1 AND b = soundex(a)",
            "soundex",
            "soundex",
        );
        let sent = "SELECT nick FROM t WHERE id = $1 ORDER BY nick";
        let last = sent.rfind("nick").expect("it is there");
        let mut sources = SourceMap::new();
        let file = "'SELECT nick FROM t WHERE id = :id ORDER BY nick'";
        let id = sources.add("models.toml", file);
        let written = SourceText {
            value: file.trim_matches('\'').to_owned(),
            span: Span::new(id, 0..file.len()),
        };
        let span = place(&written, sent, last, &sources);
        assert_eq!(
            span.start as usize,
            file.rfind("nick").expect("it is there")
        );
    }

    #[test]
    fn what_the_compiler_wrote_leads_to_what_stands_before_it() {
        check(
            "SELECT id FROM t WHERE id IN (:ids)",
            "SELECT id FROM t WHERE id = ANY($1)",
            "ANY",
            "id",
        );
    }
}
