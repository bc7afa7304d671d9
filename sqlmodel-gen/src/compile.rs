//! The whole front: texts in, the schema or what is wrong with it out.

mod rest;

use std::collections::BTreeSet;

use crate::config::Options;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::source::{Role, SourceId, SourceMap};
use crate::syntax::{Broken, Context};
use crate::{ir, query, resolve, syntax};

/// What is reported of names that are declared nowhere.
const NOT_FOUND: &[&Code] = &[
    &codes::UNKNOWN_TYPE,
    &codes::UNKNOWN_RELATION_TARGET,
    &codes::UNKNOWN_BASE,
    &codes::UNKNOWN_MIXIN,
];

/// Mistakes that may hide the use of something.
const HIDING: &[&Code] = &[
    &codes::UNKNOWN_KEY,
    &codes::WRONG_KIND,
    &codes::UNKNOWN_TYPE,
    &codes::UNKNOWN_BASE,
    &codes::UNKNOWN_MIXIN,
];

/// What a compilation gives.
#[derive(Debug)]
pub struct Compilation {
    /// The schema; `None` if any diagnostic is an error.
    pub schema: Option<ir::Schema>,
    /// All mistakes, sorted by place.
    pub diagnostics: Diagnostics,
}

/// Compiles the schema files of a map.
///
/// The result depends on the texts and their names alone: the order in which the files were added makes no difference.
#[must_use]
pub fn compile(sources: &SourceMap, options: &Options) -> Compilation {
    let mut diagnostics = Diagnostics::new();
    let schema_files = sources
        .iter()
        .filter(|(_, source)| source.role() == Role::Schema);
    let mut ids: Vec<SourceId> = schema_files.map(|(id, _)| id).collect();
    ids.sort_by_key(|id| sources.get(*id).name());
    let mut files = Vec::new();
    let mut broken = Vec::new();
    for id in ids {
        let document = syntax::parse_document(sources, id, &mut diagnostics);
        broken.extend(document.broken.iter().cloned());
        let mut cx = Context {
            sources,
            diagnostics: &mut diagnostics,
        };
        files.push(syntax::parse_file(&mut cx, id, &document));
    }
    let resolve::Resolved {
        schema,
        fragments,
        views,
        queries,
    } = resolve::resolve(&files, sources, options, &mut diagnostics);
    query::check_fragments(&fragments, &options.dialects, sources, &mut diagnostics);
    let mut has_rest = false;
    let schema = match schema {
        Some(schema) => query::analyze(schema, views, &queries, sources, &mut diagnostics),
        None => {
            query::check_syntax(&views, &queries, sources, &mut diagnostics);
            has_rest = !queries.is_empty();
            None
        }
    };
    if !broken.is_empty() {
        diagnostics.retain(|diagnostic| is_certain(diagnostic, &broken));
    }
    let lost: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.lost.iter().map(String::as_str))
        .collect();
    if !lost.is_empty() {
        // What stands under a kind that is not known was meant to be declared.
        let is_lost = |diagnostic: &Diagnostic| {
            let name = sources.text(diagnostic.span).trim_matches(['"', '\'']);
            lost.contains(name)
        };
        diagnostics.retain(|it| !(NOT_FOUND.contains(&it.code) && is_lost(it)));
    }
    if diagnostics.into_iter().any(|it| HIDING.contains(&it.code)) {
        diagnostics.retain(|it| *it.code != codes::UNUSED);
    }
    if has_rest {
        rest::analyze(files, &broken, sources, options, &mut diagnostics);
    }
    diagnostics.sort(sources);
    Compilation {
        schema,
        diagnostics,
    }
}

/// Returns whether a mistake is one although some files could be read only in part.
///
/// What a broken part seems to say is not certain. What is not found may be declared in one whose header could not be read, and what
/// nothing uses may be used in one.
fn is_certain(diagnostic: &Diagnostic, broken: &[Broken]) -> bool {
    const OF_READING: &[&Code] = &[&codes::INVALID_TOML, &codes::TOO_LARGE, &codes::TOO_DEEP];
    let is_inside = |part: &Broken| part.span.contains(diagnostic.span);
    if broken.iter().any(is_inside) {
        return OF_READING.contains(&diagnostic.code);
    }
    let has_lost_names = broken.iter().any(|part| part.name.is_none());
    let is_doubtful = has_lost_names && NOT_FOUND.contains(&diagnostic.code);
    !is_doubtful && *diagnostic.code != codes::UNUSED
}
