//! No input makes the compiler panic, hang or fill memory, and every input gets an answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use golden::{codes, compile_text};
use sqlmodel_gen::compile;
use sqlmodel_gen::config::Options;
use sqlmodel_gen::diagnostic::{Color, Format, render};
use sqlmodel_gen::source::SourceMap;

/// Compiles, renders in every format, and checks that the answer is a schema or an error.
fn answer(texts: &[String]) {
    let mut sources = SourceMap::new();
    for (at, text) in texts.iter().enumerate() {
        sources.add(format!("{at}.toml"), text.as_str());
    }
    let compilation = compile(&sources, &Options::default());
    for (_, format) in Format::ALL {
        let _ = render(&compilation.diagnostics, &sources, format, Color::Always);
    }
    let has_errors = compilation.diagnostics.has_errors();
    assert_eq!(compilation.schema.is_none(), has_errors, "{texts:#?}");
}

fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = Vec::new();
    let mut open = vec![root.join("errors"), root.join("../../schemas")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("the folder is in the repository") {
            let path = entry.expect("the folder can be listed").path();
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|it| it == "toml") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    files
        .iter()
        .map(|path| fs::read_to_string(path).expect("schemas are text"))
        .collect()
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (n.max(1) as u64)).expect("it is less than `n`")
    }
}

/// Changes a text in a few places: parts are dropped, repeated or replaced by words of other texts.
fn mutate(text: &str, words: &[&str], random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(5) {
        let start = random.below(chars.len() + 1);
        let end = (start + random.below(40)).min(chars.len());
        let word = words[random.below(words.len())];
        match random.below(5) {
            0 => drop(chars.drain(start..end)),
            1 => {
                let part = chars[start..end].to_vec();
                let at = random.below(chars.len() + 1);
                chars.splice(at..at, part);
            }
            2 => drop(chars.splice(start..start, word.chars())),
            _ => {
                let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
                let skip = chars[start..].iter().take_while(|c| !is_word(c)).count();
                let len = chars[start + skip..]
                    .iter()
                    .take_while(|c| is_word(c))
                    .count();
                let at = start + skip;
                chars.splice(at..at + len, word.chars());
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn changed_schemas_always_get_an_answer() {
    const SIGNS: &[&str] = &[
        "?",
        "[]",
        "\"",
        "\"\"\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        "=",
        ".",
        ",",
        "#",
        "\n",
        "\r",
        "\0",
        "é",
        "😀",
        "-1",
        "99999999999999999999",
        "1e400",
        "nan",
        "true",
        "2024-02-30",
        "",
    ];
    let corpus = corpus();
    let split = |text: &'static str| text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let texts: &'static str = Box::leak(corpus.join("\n").into_boxed_str());
    let mut words: Vec<&str> = split(texts).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words.extend(SIGNS);
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for _ in 0..300 {
        let n_files = 1 + random.below(2);
        let texts: Vec<String> = (0..n_files)
            .map(|_| {
                let at = random.below(corpus.len());
                mutate(&corpus[at], &words, &mut random)
            })
            .collect();
        answer(&texts);
    }
}

/// Answers within a minute, even on a slow and busy machine; what is quadratic takes hours.
#[track_caller]
fn answer_soon(text: String) {
    let start = Instant::now();
    answer(&[text]);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
}

fn many(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

#[test]
fn deep_nesting_is_refused() {
    for n in [100, 20_000] {
        answer(&[format!("a = {}{}", "[".repeat(n), "]".repeat(n))]);
        answer(&[format!("a = {}1{}", "{a = ".repeat(n), "}".repeat(n))]);
        answer(&[format!("{}a = 1", "a.".repeat(n))]);
        answer(&[format!("[{}a]", "a.".repeat(n))]);
    }
    let key = vec!["a"; 70].join(".");
    let open = format!("{{{key} = ").repeat(70);
    let text = format!("a = {open}1{}", "}".repeat(70));
    assert_eq!(
        codes(&compile_text(&text).compilation.diagnostics),
        ["SM0003"]
    );
}

#[test]
fn long_chains_are_cut() {
    answer_soon(many(4_000, |i| {
        format!("[type.T{}]\nbase = \"T{i}\"\n", i + 1)
    }));
    answer_soon(many(4_000, |i| {
        format!("[model.M{}]\nextends = \"M{i}\"\n", i + 1)
    }));
    answer_soon(many(4_000, |i| {
        format!("[abstract.A{}]\nextends = \"A{i}\"\n", i + 1)
    }));
    answer_soon(many(4_000, |i| {
        format!("[mixin.X{}]\nmixins = [\"X{i}\"]\n", i + 1)
    }));
    answer_soon(many(4_000, |i| {
        format!(
            "[model.M{}.fields]\nm_id = {{ ref = \"M{i}\", key = true }}\n",
            i + 1
        )
    }));
    answer_soon(many(5_000, |i| {
        format!(
            "[model.M{i}.fields]\nm_id = {{ ref = \"M{}\", key = true }}\n",
            (i + 1) % 5_000
        )
    }));
}

#[test]
fn many_of_everything_is_answered() {
    let id = "id = { type = \"i64\", key = \"auto\" }\n";
    answer_soon(many(4_000, |i| {
        format!("[model.M{i}.fields]\nx = \"T{i}\"\n")
    }));
    answer_soon(many(50_000, |_| "=\n".to_owned()));
    answer_soon(many(100_000, |i| format!("k{i} = 1\n")));
    answer_soon(format!(
        "[model.M.fields]\n{id}{}",
        many(100_000, |i| format!("f{i} = \"text\"\n"))
    ));
    let root =
        "[model.M]\ninheritance = { strategy = \"single_table\", discriminator = \"kind\" }\n";
    let children = many(3_000, |i| {
        format!("[model.M{i}]\nextends = \"M\"\n[model.M{i}.fields]\nf{i} = \"i32\"\n")
    });
    answer_soon(format!("{root}[model.M.fields]\n{id}{children}"));
    let values = many(100_000, |i| format!("\"v{i}\","));
    answer_soon(format!(
        "[enum.E]\nvalues = [{values}]\n[model.M.fields]\n{id}e = \"E\"\n"
    ));
    let uniques = many(50_000, |_| "[[model.M.unique]]\non = [\"id\"]\n".to_owned());
    answer_soon(format!("[model.M.fields]\n{id}{uniques}"));
    let doc = "x".repeat(200_000);
    let models = many(4_000, |i| {
        format!("[model.M{i}]\nmixins = [\"X\"]\n[model.M{i}.fields]\n{id}")
    });
    answer_soon(format!(
        "[mixin.X.fields]\na = {{ type = \"text\", doc = \"{doc}\" }}\n{models}"
    ));
}
