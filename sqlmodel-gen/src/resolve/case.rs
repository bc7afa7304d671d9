//! Names: their case, and what Rust reserves.

/// Returns whether a name is lower-case letters, digits and single underscores, starting with a letter.
pub(super) fn is_snake_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.contains("__")
        && !name.ends_with('_')
}

/// Returns whether a name is letters and digits, starting with a capital.
pub(super) fn is_upper_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Returns the words of a name, lower-case, joined by underscores: `HTTPServer` is `http_server`.
pub(super) fn to_snake_case(name: &str) -> String {
    words(name).join("_")
}

/// Returns the words of a name, each with a capital, joined: `in-progress` is `InProgress`.
pub(super) fn to_upper_camel_case(name: &str) -> String {
    let capitalize = |word: String| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    words(name).into_iter().map(capitalize).collect()
}

/// Splits at anything but letters and digits, before a capital after a small letter or digit, and before the last of several
/// capitals where a small letter follows.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut is_inside = false;
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            is_inside = false;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts_word = c.is_ascii_uppercase()
            && match before {
                Some(before) if before.is_ascii_uppercase() => {
                    after.is_some_and(char::is_ascii_lowercase)
                }
                Some(_) => true,
                None => false,
            };
        match words.last_mut() {
            Some(word) if is_inside && !starts_word => word.push(c.to_ascii_lowercase()),
            _ => words.push(c.to_ascii_lowercase().to_string()),
        }
        is_inside = true;
    }
    words
}

/// Returns whether Rust 2024 reserves a word, now or for later: <https://doc.rust-lang.org/reference/keywords.html>.
pub(super) fn is_rust_keyword(name: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
        "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
        "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
        "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try",
        "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    KEYWORDS.binary_search(&name).is_ok()
}

/// Returns whether a path names a Rust item as text goes: `crate::Money`, `::time::Date` or `Money`.
pub(super) fn is_rust_path(path: &str) -> bool {
    let path = path.strip_prefix("::").unwrap_or(path);
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && part != "_"
    };
    let mut parts = path.split("::");
    let starts = parts
        .next()
        .is_some_and(|part| is_name(part) && (part == "crate" || !is_rust_keyword(part)));
    starts && path != "crate" && parts.all(|part| is_name(part) && !is_rust_keyword(part))
}

/// Returns whether a path of one word names a type in every module: <https://doc.rust-lang.org/std/primitive/>.
pub(super) fn is_rust_primitive(name: &str) -> bool {
    const PRIMITIVES: &[&str] = &[
        "String", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128",
        "u16", "u32", "u64", "u8", "usize",
    ];
    PRIMITIVES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted() {
        for word in ["Self", "abstract", "gen", "type", "yield", "while"] {
            assert!(is_rust_keyword(word), "{word}");
        }
        assert!(!is_rust_keyword("hero"));
    }

    #[test]
    fn words_are_split_as_people_read_them() {
        let cases = [
            ("Hero", "hero", "Hero"),
            ("HeroTeamLink", "hero_team_link", "HeroTeamLink"),
            ("HTTPServer", "http_server", "HttpServer"),
            ("Sha256Sum", "sha256_sum", "Sha256Sum"),
            ("in-progress", "in_progress", "InProgress"),
            ("", "", ""),
            ("--", "", ""),
            ("é", "", ""),
        ];
        for (name, snake, camel) in cases {
            assert_eq!(to_snake_case(name), snake);
            assert_eq!(to_upper_camel_case(name), camel);
        }
    }

    #[test]
    fn rust_paths_can_be_named_from_anywhere() {
        for path in [
            "crate::Money",
            "::time::Date",
            "rust_decimal::Decimal",
            "Money",
        ] {
            assert!(is_rust_path(path), "{path}");
        }
        for path in [
            "", "::", "crate", "self::X", "super::X", "a::", "a:b", "a b", "X; fn", "a::type",
        ] {
            assert!(!is_rust_path(path), "{path}");
        }
    }
}
