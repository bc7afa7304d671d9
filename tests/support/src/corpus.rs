//! The corpus of queries in `tests/queries`: SQL with the signature that the compiler must find.
//!
//! A query is a line of SQL. Below it, `@` names its dialects, `!` states types of columns, and `=` is what is expected.

use std::fs;
use std::path::{Path, PathBuf};

/// A query of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusQuery {
    /// The file and the number of the query in it.
    pub place: String,
    /// The statement.
    pub sql: String,
    /// The dialects it is for; nothing for all.
    pub dialects: Option<String>,
    /// The types that are stated, as TOML.
    pub columns: Option<String>,
    /// The signature, or the mistake.
    pub expected: String,
}

impl CorpusQuery {
    /// Returns the query as a part of a schema.
    #[must_use]
    pub fn toml(&self) -> String {
        let mut text = String::from("[[query]]\nname = \"the_query\"\n");
        if let Some(dialects) = &self.dialects {
            let names: Vec<String> = dialects
                .split(' ')
                .map(|name| format!("\"{name}\""))
                .collect();
            text.push_str(&format!("dialects = [{}]\n", names.join(", ")));
        }
        if let Some(columns) = &self.columns {
            text.push_str(&format!("columns = {{ {columns} }}\n"));
        }
        text.push_str(&format!("sql = '''{}'''\n", self.sql));
        text
    }

    /// Returns the query as it stands in its file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.sql);
        for (sign, line) in [
            ("@", self.dialects.as_ref()),
            ("!", self.columns.as_ref()),
            ("=", Some(&self.expected)),
        ] {
            if let Some(line) = line {
                text.push_str(&format!("{sign} {line}\n"));
            }
        }
        text
    }
}

/// The folder of the corpus.
#[must_use]
pub fn corpus_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../queries")
}

/// Reads the files of the corpus, each with its queries.
#[must_use]
pub fn corpus() -> Vec<(PathBuf, Vec<CorpusQuery>)> {
    let folder =
        fs::read_dir(corpus_folder().join("corpus")).expect("the folder of the corpus is there");
    let mut files: Vec<PathBuf> = folder
        .map(|entry| entry.expect("the folder can be listed").path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a file of the corpus can be read");
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let queries = parse(&name, &text);
            (path, queries)
        })
        .collect()
}

fn parse(name: &str, text: &str) -> Vec<CorpusQuery> {
    let mut queries: Vec<CorpusQuery> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let value = || Some(line.get(2..).unwrap_or_default().to_owned());
        match (line.get(..2), queries.last_mut()) {
            (Some("@ "), Some(query)) => query.dialects = value(),
            (Some("! "), Some(query)) => query.columns = value(),
            (Some("= "), Some(query)) => query.expected = value().unwrap_or_default(),
            _ => queries.push(CorpusQuery {
                place: format!("{name} {}", queries.len() + 1),
                sql: line.to_owned(),
                dialects: None,
                columns: None,
                expected: String::new(),
            }),
        }
    }
    queries
}
