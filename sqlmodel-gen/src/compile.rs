//! The whole front: texts in, the schema or what is wrong with it out.

use std::collections::BTreeSet;

use crate::config::Options;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::source::{Role, SourceId, SourceMap};
use crate::syntax::Context;
use crate::{ir, query, resolve, syntax};

/// What is reported of names that are declared nowhere.
const NOT_FOUND: &[&Code] = &[
    &codes::UNKNOWN_TYPE,
    &codes::UNKNOWN_RELATION_TARGET,
    &codes::UNKNOWN_BASE,
    &codes::UNKNOWN_MIXIN,
    &codes::UNKNOWN_FIELD,
    &codes::UNUSED,
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
        if document.is_broken {
            broken.push(id);
        }
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
    let schema = match schema {
        Some(schema) => query::analyze(schema, views, &queries, sources, &mut diagnostics),
        None => {
            query::check_syntax(&views, &queries, sources, &mut diagnostics);
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
        let is_lost = |diagnostic: &Diagnostic| lost.contains(sources.text(diagnostic.span));
        diagnostics.retain(|it| !(NOT_FOUND.contains(&it.code) && is_lost(it)));
    }
    diagnostics.sort(sources);
    Compilation {
        schema,
        diagnostics,
    }
}

/// Returns whether a mistake is one although some files could be read only in part.
///
/// What a broken file seems to say is not certain, and what is not found may stand in the part that was not read.
fn is_certain(diagnostic: &Diagnostic, broken: &[SourceId]) -> bool {
    const OF_READING: &[&Code] = &[&codes::INVALID_TOML, &codes::TOO_LARGE, &codes::TOO_DEEP];
    match broken.contains(&diagnostic.span.source) {
        true => OF_READING.contains(&diagnostic.code),
        false => !NOT_FOUND.contains(&diagnostic.code),
    }
}
