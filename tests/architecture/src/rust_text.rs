//! Rust source as far as the rules need it: the code without comments and literals, and the paths that it names.

/// Returns the code with every comment and every literal's content replaced by spaces, line by line where it was.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped_len(rest, out.chars().next_back());
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let (gone, after) = rest.split_at(skipped);
            out.extend(
                gone.chars()
                    .map(|char| if char == '\n' { '\n' } else { ' ' }),
            );
            rest = after;
        }
    }
    out
}

/// The length of the comment or literal that `text` begins with, 0 if it begins with code.
fn skipped_len(text: &str, before: Option<char>) -> usize {
    let after_word = before.is_some_and(is_word);
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else if text.starts_with("/*") {
        block_comment_len(text)
    } else if text.starts_with('"') {
        quoted_len(text, '"')
    } else if text.starts_with('\'') {
        char_len(text)
    } else if !after_word && text.starts_with(['r', 'b', 'c']) {
        raw_string_len(text)
    } else {
        0
    }
}

/// The length of a block comment, which may hold others.
fn block_comment_len(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if char == '\\' {
            is_escaped = true;
        } else if char == quote {
            return at + quote.len_utf8();
        }
    }
    text.len()
}

/// The length of a character literal; a lifetime is code.
fn char_len(text: &str) -> usize {
    let mut chars = text.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (_, Some('\'')) => quoted_len(text, '\''),
        _ => 0,
    }
}

/// The length of a raw string such as `r#".."#`, with `b` or `c` before it or not; 0 for anything else.
fn raw_string_len(text: &str) -> usize {
    let marker = text.trim_start_matches(['b', 'c']);
    let Some(after_r) = marker.strip_prefix('r') else {
        return 0;
    };
    let after_hashes = after_r.trim_start_matches('#');
    if !after_hashes.starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(after_r.len() - after_hashes.len()));
    let start = text.len() - after_hashes.len() + 1;
    text[start..]
        .find(&end)
        .map_or(text.len(), |at| start + at + end.len())
}

/// Returns the parts that follow `prefix`, as in `crate::ir`: each with its line, counted from 1.
///
/// `code` is what [`code`] returns. The prefix `::` finds the crates of absolute paths. A group, as in `crate::{ir, source::Span}`, gives each of its parts.
pub(crate) fn paths_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at]
            .chars()
            .next_back()
            .is_some_and(|char| is_word(char) || char == '>')
        {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let after = code[at + prefix.len()..].trim_start();
        let names = match after.strip_prefix('{') {
            Some(group) => group_names(group),
            None => vec![first_word(after)],
        };
        found.extend(
            names
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(|name| (line, name)),
        );
    }
    found
}

/// The first word of each part of a group, up to its closing brace.
fn group_names(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = vec![first_word(group.trim_start())];
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_word(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|char| is_word(*char)).collect()
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[test]
fn code_is_left_and_comments_and_literals_are_not() {
    let text = r##"use a::b; // use c::d
/* e /* f */ g */ h("i::j", 'k', b'\'', "\"l"); fn m<'n>(o: &'n str) { p(r#"q"r"#, br"s") }"##;
    let words: String = code(text).split_whitespace().collect();
    assert_eq!(words, "usea::b;h(,,b,);fnm<'n>(o:&'nstr){p(,)}");
}

#[test]
fn paths_are_found_alone_and_in_groups() {
    let code =
        "use crate::ir;\nuse crate::{a, b::{c, d}, e};\nlet x = crate::f::g() + my_crate::h;";
    let found: Vec<String> = paths_after(code, "crate::")
        .iter()
        .map(|(line, name)| format!("{line} {name}"))
        .collect();
    assert_eq!(found, ["1 ir", "2 a", "2 b", "2 e", "3 f"]);
}

#[test]
fn absolute_paths_are_found_and_relative_ones_are_not() {
    let code = "use ::a::b; fn c() -> d::E<::f::G> { <H as ::i::J>::k() }";
    let names = |prefix| -> Vec<String> {
        let found = paths_after(code, prefix);
        found.into_iter().map(|(_, name)| name).collect()
    };
    assert_eq!(names("::"), ["a", "f", "i"]);
    assert_eq!(names("a::"), ["b"]);
}
