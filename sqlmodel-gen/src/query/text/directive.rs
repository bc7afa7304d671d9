//! Comments that mean something, and those that were probably meant to.
//!
//! In: what stands between `/*` and `*/`. Out: a marker, a slip with what to write instead, or nothing for a comment. A comment of
//! several words is a sentence, and is let alone unless its first words can hardly begin one.

use super::lex::{MarkerKind, Slip};

/// Words that close a block in other languages.
const ENDS: &[&str] = &[
    "endif", "end_if", "end-if", "fi", "ends", "end;", "/if", "edn", "ned",
];
/// Words that another language has between the branches of a condition.
const ELSES: &[&str] = &["else", "elseif", "elsif", "elif", "else_if"];
/// Words that begin a block in other languages, or nearly spell the one that does so here.
const IFS: &[&str] = &[
    "fi", "iff", "ifs", "iif", "ifdef", "unless", "#if", "@if", "%if",
];

/// Slips in the word that begins the place of the orders.
const ORDERS: &[&str] = &["orders", "ordr", "orde", "oder", "odrer", "ordre", "roder"];

/// Returns what a comment means.
pub(super) fn directive(inside: &str) -> Option<MarkerKind> {
    let words: Vec<&str> = inside.split_whitespace().collect();
    match words.as_slice() {
        ["if", name] if is_block_name(name) => Some(MarkerKind::If((*name).to_owned())),
        ["order"] => Some(MarkerKind::Order),
        ["end"] => Some(MarkerKind::End),
        _ => slip(inside, &words).map(MarkerKind::Slip),
    }
}

fn slip(inside: &str, words: &[&str]) -> Option<Slip> {
    let (first, rest) = words.split_first()?;
    let lower = first.to_ascii_lowercase();
    let next = rest.first().map(|it| it.to_ascii_lowercase());
    // What is no sentence: a word or two, or more that stand close to the stars as blocks do.
    let is_tight = !inside.starts_with(char::is_whitespace);
    let meant = |meant: String| {
        let written = words.join(" ");
        Some(Slip {
            message: format!("`/*{written}*/` begins and ends no block"),
            meant: Some(meant),
            help: None,
        })
    };
    if ELSES.contains(&lower.as_str()) && (rest.len() <= 1 || is_tight) {
        return Some(Slip {
            message: "a block is there or not, and has no other branch".to_owned(),
            meant: None,
            help: Some(
                "end it, and begin another: `/*end*/ /*if other*/ .. /*end*/`; or write two queries",
            ),
        });
    }
    if lower == "if" {
        const ONE_NAME: &str =
            "write `/*if name*/`: the name of its parameter, or of the `bool` that switches it";
        return match rest {
            [] => Some(Slip {
                message: "the block has no name".to_owned(),
                meant: None,
                help: Some(ONE_NAME),
            }),
            [name] => match name.strip_prefix(':').unwrap_or(name) {
                name if is_block_name(name) => meant(format!("/*if {name}*/")),
                _ => Some(Slip {
                    message: format!("`{name}` is no name of a block"),
                    meant: None,
                    help: Some(ONE_NAME),
                }),
            },
            _ if is_tight || next.as_deref() == Some("not") && rest.len() == 2 => Some(Slip {
                message: "a block is switched by one name alone".to_owned(),
                meant: None,
                help: Some(ONE_NAME),
            }),
            _ => None,
        };
    }
    if let [name] = rest
        && IFS.contains(&lower.as_str())
        && is_block_name(name)
    {
        return meant(format!("/*if {name}*/"));
    }
    let is_end = lower == "end" || ENDS.contains(&lower.as_str());
    let names_its_if = next.as_deref() == Some("if");
    if is_end && (rest.is_empty() || names_its_if || (rest.len() == 1 && is_tight)) {
        return meant("/*end*/".to_owned());
    }
    let is_order = lower == "order" || ORDERS.contains(&lower.as_str());
    let names_its_by = lower == "order" && next.as_deref() == Some("by");
    if (is_order && rest.is_empty()) || (names_its_by && rest.len() == 1) {
        return meant("/*order*/".to_owned());
    }
    None
}

/// Whether a word can be the name of a block: letters, digits and `_`.
fn is_block_name(word: &str) -> bool {
    let mut chars = word.chars();
    let first = chars.next();
    first.is_some_and(|it| it.is_alphabetic() || it == '_')
        && chars.all(|it| it.is_alphanumeric() || it == '_')
}

#[cfg(test)]
mod tests {
    use super::{MarkerKind, directive};

    #[test]
    fn a_comment_is_let_alone() {
        for comment in [
            "",
            " ",
            " the newest first ",
            " if the author is given, only theirs ",
            " if needed by the planner ",
            " end of the conditions ",
            " order matters here ",
            " else nothing is found ",
            "older",
            "and",
            " by key ",
            "!",
            " NULL ",
            " unless somebody asked ",
            " fine ",
        ] {
            assert!(directive(comment).is_none(), "{comment}");
        }
    }

    #[test]
    fn what_nearly_is_a_block_is_told() {
        for comment in [
            "IF x",
            " If x ",
            "if",
            "if :x",
            "if x;",
            "if not x",
            " if not x ",
            "if x and y",
            "fi x",
            "iff x",
            "else",
            " ELSE ",
            "else if x",
            "elseif x",
            "endif",
            " END ",
            "End",
            "end if",
            "end if x",
            "end x",
            "fi",
            "ORDER",
            "ordr",
            "order by",
        ] {
            let found = directive(comment);
            assert!(
                matches!(found, Some(MarkerKind::Slip(_))),
                "{comment}: {found:?}"
            );
        }
    }
}
