//! The configuration of one schema: the file `sqlmodel.toml` beside it.
//!
//! | key | meaning | default |
//! |---|---|---|
//! | `format` | the version of the format | 1 |
//! | `schema` | the schema files: paths, or patterns with `*` in the file's name, relative to the configuration | `["*.toml"]` |
//! | `dialects` | the databases that SQL is made for | `["sqlite", "postgres", "mysql"]` |
//! | `out` | the folder of the generated Rust | `src/models` |
//! | `ddl` | the folder of the generated SQL; none is written unless it is named | |
//! | `time` | the crate whose types stand for dates and times: `time`, `chrono` or `jiff` | `time` |
//!
//! Without the file, every default holds. As in schema files, a key that is not known is an error.

mod project;

use sqlmodel_sql::Dialect;

pub use self::project::{CONFIG_FILE, Project};
use crate::diagnostic::Diagnostics;
pub use crate::ir::TimeCrate;
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::{Context, FORMAT, Reader, Spanned, parse_document};

/// What a compilation is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The dialects that SQL is made for, in the order of [`Dialect::ALL`]; at least one.
    pub dialects: Vec<Dialect>,
    /// The crate whose types stand for dates and times.
    pub time_crate: TimeCrate,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialects: Dialect::ALL.to_vec(),
            time_crate: TimeCrate::default(),
        }
    }
}

/// A configuration file, with defaults for what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What compilations are for.
    pub options: Options,
    /// The schema files, as written, each with its place if it is written.
    pub schema: Vec<(String, Option<Span>)>,
    /// The folder of the generated Rust, relative to the configuration.
    pub out: String,
    /// The folder of the generated SQL, relative to the configuration.
    pub ddl: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            options: Options::default(),
            schema: vec![("*.toml".to_owned(), None)],
            out: "src/models".to_owned(),
            ddl: None,
        }
    }
}

impl Config {
    /// Reads a configuration; what is wrong with it is reported, and has its default.
    #[must_use]
    pub fn parse(sources: &SourceMap, source: SourceId, diagnostics: &mut Diagnostics) -> Self {
        let document = parse_document(sources, source, diagnostics);
        let mut cx = Context {
            sources,
            diagnostics,
        };
        let span = document.span.at_start();
        let mut reader = Reader::new(&mut cx, &document.root, span, "a configuration");
        reader.check_format(FORMAT);
        let mut config = Self::default();
        let n_before = reader.cx.diagnostics.n_pushed();
        if let Some(dialects) = reader.dialects("dialects") {
            config.options.dialects = dialects.value.iter().collect();
            if config.options.dialects.is_empty() {
                // A list of words that are no dialects is reported word by word.
                if reader.cx.diagnostics.n_pushed() == n_before {
                    reader.cx.empty(dialects.span, "dialects");
                }
                config.options.dialects = Dialect::ALL.to_vec();
            }
        }
        let crates = TimeCrate::ALL.map(|it| (it.name(), it));
        if let Some(time_crate) = reader.word("time", &crates) {
            config.options.time_crate = time_crate.value;
        }
        let n_before = reader.cx.diagnostics.n_pushed();
        if let Some(schema) = reader.strings("schema") {
            if let (true, Some(node)) = (schema.is_empty(), reader.get("schema"))
                && reader.cx.diagnostics.n_pushed() == n_before
            {
                reader.cx.empty(node.span, "schema");
            }
            config.schema = schema
                .into_iter()
                .map(|it| (it.value, Some(it.span)))
                .collect();
        }
        // Which files a configuration names that cannot be read, nobody knows.
        if !document.broken.is_empty() && reader.get("schema").is_none() {
            config.schema = Vec::new();
        }
        let folder = |reader: &mut Reader<'_, '_>, key| -> Option<String> {
            let folder: Spanned<String> = reader.string(key)?;
            if folder.value.trim().is_empty() {
                reader.cx.empty(folder.span, key);
                return None;
            }
            Some(folder.value)
        };
        if let Some(out) = folder(&mut reader, "out") {
            config.out = out;
        }
        config.ddl = folder(&mut reader, "ddl");
        reader.finish();
        config
    }
}

#[cfg(test)]
mod tests;
