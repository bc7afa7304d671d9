//! The README: its examples are excerpts of files that are compiled and tested.

use std::path::PathBuf;

use crate::workspace::{files, read, root};

/// A fenced block.
struct Block {
    language: String,
    /// Runs of lines without an empty one between them, each line without what it is indented by.
    paragraphs: Vec<Vec<String>>,
}

#[test]
fn examples_are_excerpts_of_files_that_are_tested() {
    let blocks = blocks(&read(&root().join("README.md")));
    for language in ["toml", "rust", "text"] {
        let sources: Vec<String> = sources(language).iter().map(|path| read(path)).collect();
        let examples = blocks.iter().filter(|block| block.language == language);
        let mut examples = examples.peekable();
        assert!(
            examples.peek().is_some(),
            "README.md: no example in {language}"
        );
        for paragraph in examples.flat_map(|block| &block.paragraphs) {
            assert!(
                sources.iter().any(|source| contains(source, paragraph)),
                "README.md: an example in {language} that stands in none of its sources:\n{}",
                paragraph.join("\n")
            );
        }
    }
}

#[test]
fn links_lead_to_files() {
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONVENTIONS.md",
        "CHANGELOG.md",
    ] {
        let text = read(&root().join(page));
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', '#']).next().unwrap_or_default();
            let is_elsewhere = target.contains("://");
            assert!(
                is_elsewhere || root().join(target).exists(),
                "{page} -> {target}: a link to a file that does not exist"
            );
        }
    }
}

/// The files that examples of a language are taken from.
fn sources(language: &str) -> Vec<PathBuf> {
    match language {
        "toml" => files(&root().join("tests/quickstart/schema")),
        "rust" => vec![root().join("tests/quickstart/src/main.rs")],
        _ => {
            let mut files = files(&root().join("tests/golden/errors"));
            files.retain(|path| path.ends_with("stderr.txt"));
            files
        }
    }
}

/// Whether the lines of a paragraph stand together in a source, whatever they are indented by.
fn contains(source: &str, paragraph: &[String]) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines
        .windows(paragraph.len())
        .any(|window| window == paragraph)
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let mut paragraphs = vec![Vec::new()];
        for line in lines
            .by_ref()
            .map(str::trim)
            .take_while(|line| *line != "```")
        {
            match paragraphs.last_mut() {
                // What the README says about the code need not be said in it.
                _ if line.starts_with("// ") => {}
                Some(paragraph) if !line.is_empty() => paragraph.push(line.to_owned()),
                _ => paragraphs.push(Vec::new()),
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        blocks.push(Block {
            language: language.to_owned(),
            paragraphs,
        });
    }
    blocks
}
