//! No text whatsoever makes the compiler panic, hang or point outside of it.
//!
//! The examples of the repository are cut off, scrambled and blown up, the same way in every run. What the fuzzer of `tests/fuzz`
//! once found is in its corpus, and tried too.

#[path = "../../tests/fuzz/src/lib.rs"]
#[expect(
    unreachable_pub,
    reason = "the file is a library in the fuzzer's package"
)]
mod property;

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long one text may take before it counts as a hang: a thousand times what the slowest one takes.
const LIMIT: Duration = Duration::from_secs(120);

/// Checks each text, in order.
#[track_caller]
fn check_all(texts: impl Iterator<Item = String> + Send + 'static) {
    let (sender, texts_begun) = channel();
    let worker = thread::spawn(move || {
        for text in texts {
            // Nobody listens once the test has failed.
            let _ = sender.send(text.clone());
            property::check(&text);
        }
    });
    let mut last = None;
    let end = loop {
        match texts_begun.recv_timeout(LIMIT) {
            Ok(text) => last = Some(text),
            Err(end) => break end,
        }
    };
    let last = last.map(|text| text.chars().take(20_000).collect::<String>());
    let last = last.expect("there is a text to check");
    assert_eq!(end, RecvTimeoutError::Disconnected, "it hangs on:\n{last}");
    assert!(worker.join().is_ok(), "it panics on:\n{last}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the texts in a folder and the folders in it, sorted by path, shortest first.
fn texts(folder: &str) -> Vec<String> {
    let mut folders = vec![root().join(folder)];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|it| it == "toml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let bytes = paths
        .into_iter()
        .map(|path| fs::read(path).expect("the file can be read"));
    let mut texts: Vec<String> = bytes.filter_map(|it| String::from_utf8(it).ok()).collect();
    texts.sort_by_key(String::len);
    texts
}

/// A generator of numbers that look random (Marsaglia's xorshift), from a seed.
struct Random(u64);

impl Random {
    /// Returns a number below `n`.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % n.max(1)
    }

    fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

#[test]
fn what_the_fuzzer_found_stays_fixed() {
    check_all(texts("tests/fuzz/corpus/schema_toml").into_iter());
}

#[test]
fn sql_that_the_fuzzer_found_stays_fixed() {
    let sqls = texts("tests/fuzz/corpus/query_sql");
    assert!(sqls.len() > 300);
    for sqls in sqls.chunks(100) {
        property::check_sql(&sqls.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn examples_and_mistakes_hold() {
    let all = ["schemas", "tests/golden/errors", "tests/quickstart/schema"];
    check_all(all.into_iter().flat_map(texts));
}

#[test]
fn files_may_end_anywhere() {
    let cut = texts("schemas").into_iter().flat_map(|text| {
        // Every byte of a small file, and some hundred places of a large one.
        let step = (text.len() / 100).max(1);
        let ends = (0..text.len()).step_by(step);
        let ends: Vec<usize> = ends.filter(|end| text.is_char_boundary(*end)).collect();
        ends.into_iter().map(move |end| text[..end].to_owned())
    });
    check_all(cut);
}

#[test]
fn bytes_may_be_anything() {
    let seeds: Vec<Vec<u8>> = ["schemas", "tests/golden/errors"]
        .into_iter()
        .flat_map(texts)
        .map(String::into_bytes)
        .collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let scrambled = (0..800).map(move |_| {
        let mut bytes = random.choose(&seeds).clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = *random.choose(b"\0\n\r\t \"'#,.=?[](){}\\-_09Az\x7f\xc3\xff");
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    });
    check_all(scrambled);
}

/// Splits a text into words and single signs; together they are the text.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

#[test]
fn words_may_stand_anywhere() {
    let seeds: Vec<String> = ["schemas", "tests/golden/errors"]
        .into_iter()
        .flat_map(texts)
        .collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let shuffled = (0..800).map(move |_| {
        let mut tokens = tokens(random.choose::<String>(&seeds));
        let others = self::tokens(random.choose::<String>(&seeds));
        for _ in 0..=random.below(5) {
            let (at, from) = (random.below(tokens.len()), random.below(tokens.len()));
            match random.below(5) {
                0 => drop(tokens.remove(at)),
                1 => tokens.swap(at, from),
                2 => tokens.insert(at, tokens[from]),
                3 => tokens[at] = *random.choose::<&str>(&others),
                _ => {
                    let line = others.split(|it| *it == "\n").max_by_key(|it| it.len());
                    tokens.splice(at..at, line.into_iter().flatten().copied());
                }
            }
            if tokens.is_empty() {
                tokens.push("\n");
            }
        }
        tokens.concat()
    });
    check_all(shuffled);
}

/// Schemas in which `VALUE` stands where a value, a name or a part of a text may be.
const PLACES: &[&str] = &[
    "VALUE",
    "a = VALUE",
    "[VALUE]",
    "[model.VALUE.fields]\nid = { type = \"i64\", key = \"auto\" }",
    "[model.A.fields]\nVALUE = \"text\"",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nx = VALUE",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nx = { type = VALUE }",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nx = { type = \"json\", default = VALUE }",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nx = { type = \"json\", default = { json = \"VALUE\" } }",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nx = { type = \"i64[]\", default = VALUE }",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\nx = { type = \"text\", validate = VALUE }",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\n[[model.A.checks]]\nname = \"a\"\nsql = \"VALUE\"",
    "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\n[[model.A.rules]]\nname = \"a\"\nmessage = \"b\"\nexpr = \"VALUE\"",
    "[[query]]\nname = \"a\"\nsql = \"VALUE\"",
    "[enum.A]\nvalues = VALUE",
    "[type.A]\nbase = VALUE",
];

#[test]
fn nesting_may_be_deep() {
    let pairs = [
        ("[", "]"),
        ("{a=", "}"),
        ("a.", "a"),
        ("(", ")"),
        ("[[", "]]"),
        ("text(", ")"),
        ("/*if a*/", "/*end*/"),
        ("not ", "a"),
        ("a + ", "a"),
        ("CASE WHEN ", " END"),
    ];
    let deep = PLACES.iter().flat_map(move |place| {
        let depths = [33, 81, 3000];
        depths.into_iter().flat_map(move |depth| {
            pairs.into_iter().flat_map(move |(open, close)| {
                let (open, close) = (open.repeat(depth), close.repeat(depth));
                let values = [format!("{open}1{close}"), open];
                values.map(|value| place.replace("VALUE", &value))
            })
        })
    });
    check_all(deep);
}

#[test]
fn a_line_may_hold_many_mistakes() {
    let mistakes = ["text(", "\\n", "=", "a = ", "\"", "[[", "\u{e9}"];
    check_all(mistakes.into_iter().map(|mistake| mistake.repeat(50_000)));
}

#[test]
fn texts_may_be_long() {
    let parts = [
        "a", "a_", "A", "é", "9", " ", "?", "\\n", "\\u0000", "'", "--", ":a ", "$$",
    ];
    let long = PLACES.iter().flat_map(move |place| {
        parts.into_iter().flat_map(move |part| {
            let text = part.repeat(10_000);
            [text.clone(), format!("\"{text}\"")].map(|value| place.replace("VALUE", &value))
        })
    });
    check_all(long);
}

/// Returns a text with numbered lines between two others.
fn numbered(before: &str, line: &str, after: &str, n: usize) -> String {
    let lines = (0..n).map(|at| {
        line.replace("NEXT", &(at + 1).to_string())
            .replace("N", &at.to_string())
    });
    iter::once(before.to_owned())
        .chain(lines)
        .chain([after.to_owned()])
        .collect()
}

#[test]
fn there_may_be_many_of_everything() {
    const MODEL: &str = "[model.A.fields]\nid = { type = \"i64\", key = \"auto\" }\n";
    let key = "id = { type = \"i64\", key = \"auto\" }\n";
    let many = [
        // Fields, models and declarations.
        (MODEL.to_owned(), "fN = \"text\"\n", ""),
        (MODEL.to_owned(), "fN = \"Typo\"\n", ""),
        (MODEL.to_owned(), "fN = { type = \"text\", unique = true, index = true }\n", ""),
        (MODEL.to_owned(), "fN = { ref = \"A?\", inverse = \"iN\" }\n", ""),
        (MODEL.to_owned(), "fN = { ref = \"A\" }\n", ""),
        (String::new(), "[model.MN.fields]\nid = { type = \"i64\", key = \"auto\" }\n", ""),
        (String::new(), "[model.MN.fields]\nid = { ref = \"MNEXT\", key = true }\n", ""),
        (String::new(), "[model.MN]\nextends = \"MNEXT\"\n", ""),
        (String::new(), "[abstract.MN]\nextends = \"MNEXT\"\nfields.fN = \"text\"\n", ""),
        (String::new(), "[mixin.MN]\nmixins = [\"MNEXT\", \"MNEXT\"]\nfields.fN = \"text\"\n", ""),
        (String::new(), "[type.TN]\nbase = \"TNEXT\"\n", ""),
        (String::new(), "[enum.EN]\nvalues = [\"a\"]\n", ""),
        (String::new(), "[[query]]\nname = \"qN\"\nsql = \"SELECT 1\"\n", ""),
        // Keys, indexes and lists.
        (MODEL.to_owned(), "[[model.A.indexes]]\non = [\"id\"]\n", ""),
        (MODEL.to_owned(), "[[model.A.checks]]\nname = \"cN\"\nsql = \"id > N\"\n", ""),
        (format!("{MODEL}[[model.A.unique]]\non = ["), "\"id\", ", "]"),
        (format!("{MODEL}[[model.A.indexes]]\non = ["), "\"id\", ", "]"),
        ("[enum.E]\nvalues = [".to_owned(), "\"vN\", ", "]"),
        (format!("[model.B.fields]\n{key}x = {{ type = \"i64[]\", default = ["), "N, ", "] }"),
        (format!("[model.B.fields]\n{key}x = {{ type = \"i64\", validate = {{ one_of = ["), "N, ", "] } }"),
        // A family, and an unknown key again and again.
        (
            "[model.M0]\ninheritance = { strategy = \"single_table\", discriminator = \"kind\" }\ntag = \"r\"\n\
             fields.id = { type = \"i64\", key = \"auto\" }\n"
                .to_owned(),
            "[model.CN]\nextends = \"M0\"\ntag = \"N\"\nfields.fN = \"text\"\n",
            "",
        ),
        (String::new(), "unknownN = 1\n", ""),
    ];
    let sized = many
        .into_iter()
        .flat_map(|(before, line, after)| [300, 1100].map(|n| numbered(&before, line, after, n)));
    check_all(sized);
}

#[test]
fn queries_may_be_cut_off_and_scrambled() {
    let sqls: Vec<String> = support::corpus()
        .into_iter()
        .flat_map(|(_, queries)| queries)
        .map(|query| query.sql)
        .collect();
    assert!(sqls.len() > 300);
    let cut = |parts: usize| {
        sqls.iter()
            .map(move |sql| {
                sql.get(..sql.floor_char_boundary(sql.len() * parts / 5))
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    let without = |nth: usize| {
        let text = |sql: &String| {
            let words = sql
                .split(' ')
                .enumerate()
                .filter(move |(at, _)| at % 5 != nth);
            words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
        };
        sqls.iter().map(text).collect::<Vec<_>>()
    };
    let swapped: Vec<String> = sqls
        .iter()
        .zip(sqls.iter().skip(7))
        .map(|(a, b)| {
            let words = a.split(' ').zip(b.split(' '));
            words
                .flat_map(|(a, b)| [a, b])
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let batches = (1..5).map(cut).chain((0..5).map(without)).chain([swapped]);
    for batch in batches {
        for sqls in batch.chunks(100) {
            property::check_sql(&sqls.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

#[test]
fn queries_may_be_nested_a_thousand_deep() {
    const PAIRS: &[(&str, &str)] = &[
        ("(", ")"),
        ("NOT ", "true"),
        ("- ", "1"),
        ("(SELECT ", ")"),
        ("EXISTS (SELECT ", ")"),
        ("CASE WHEN ", " THEN 1 END"),
        ("1 + ", "1"),
        ("id = ", "1"),
        ("coalesce(id, ", "1)"),
        ("id IN (SELECT id FROM author WHERE ", ")"),
        ("true AND ", "true"),
        ("true OR (", "true)"),
        ("CAST(", " AS text)"),
        ("ARRAY[", "]"),
        ("name || ", "name"),
    ];
    let mut sqls: Vec<String> = Vec::new();
    for (open, close) in PAIRS {
        for depth in [20, 60, 70, 1000] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            sqls.push(format!("SELECT id FROM author WHERE {nested}"));
            sqls.push(format!("SELECT {nested} AS x FROM author"));
        }
    }
    sqls.push(format!(
        "SELECT 1 AS x FROM {}author{}",
        "(".repeat(1000),
        ")".repeat(1000)
    ));
    sqls.push(format!("SELECT 1 AS x{}", " UNION SELECT 1".repeat(1000)));
    sqls.push(format!(
        "SELECT a.id FROM author a{}",
        " JOIN tag ON true".repeat(1000)
    ));
    sqls.push(format!(
        "SELECT id FROM {}author{}",
        "(SELECT id FROM ".repeat(1000),
        ") x".repeat(1000)
    ));
    sqls.push(format!("SELECT 1{} AS x", "::int".repeat(1000)));
    for sqls in sqls.chunks(20) {
        property::check_sql(&sqls.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
