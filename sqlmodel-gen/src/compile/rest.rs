//! The queries of a schema with mistakes: those whose tables have none are analysed nevertheless.
//!
//! Declarations with mistakes are left out, then those that have mistakes without them, until what is left has none. What the left
//! ones say of tables is so whatever becomes of the others.

use std::collections::BTreeSet;

use crate::config::Options;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, codes};
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::{Broken, File};
use crate::{query, resolve};

/// How often declarations are left out; each time, those that need the last ones.
const MAX_ROUNDS: usize = 16;

/// What is not found may be declared in what was left out.
const NOT_FOUND: &[&Code] = &[
    &codes::UNKNOWN_TABLE,
    &codes::QUERY_ROW,
    &codes::UNKNOWN_FUNCTION_CALL,
];

/// A declaration.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// What has a name, of whatever kind.
    Named(String),
    /// The query whose header is at this place.
    Query(SourceId, usize),
}

/// Analyses the queries that mistakes elsewhere do not concern, and reports what is wrong with them.
pub(super) fn analyze(
    mut files: Vec<File>,
    broken: &[Broken],
    sources: &SourceMap,
    options: &Options,
    diagnostics: &mut Diagnostics,
) {
    let of_broken = broken.iter().map(|it| it.name.clone().map(Part::Named));
    let of_errors = errors(diagnostics).map(|it| part(it.span, sources));
    // A mistake in no declaration may be about all of them.
    let Some(mut wrong) = of_broken
        .chain(of_errors)
        .collect::<Option<BTreeSet<Part>>>()
    else {
        return;
    };
    for _ in 0..MAX_ROUNDS {
        for file in &mut files {
            leave_out(file, &wrong);
        }
        let mut found = Diagnostics::new();
        let resolved = resolve::resolve(&files, sources, options, &mut found);
        let dialects = &options.dialects;
        query::check_fragments(&resolved.fragments, dialects, sources, &mut found);
        let parts = errors(&found).map(|it| part(it.span, sources));
        let Some(more) = parts.collect::<Option<BTreeSet<Part>>>() else {
            return;
        };
        if let (true, Some(schema)) = (more.is_empty(), resolved.schema) {
            let (views, queries) = (resolved.views, resolved.queries);
            query::analyze(schema, views, &queries, sources, &mut found);
            let certain = errors(&found).filter(|it| !NOT_FOUND.contains(&it.code));
            certain.for_each(|it| diagnostics.push(it.clone()));
            return;
        }
        if more.is_subset(&wrong) {
            return;
        }
        wrong = more;
    }
}

fn errors(diagnostics: &Diagnostics) -> impl Iterator<Item = &Diagnostic> {
    let all = diagnostics.into_iter();
    all.filter(|it| it.severity() == Severity::Error)
}

fn leave_out(file: &mut File, wrong: &BTreeSet<Part>) {
    let is_right = |name: &str| !wrong.contains(&Part::Named(name.to_owned()));
    file.types.retain(|it| is_right(&it.name.value));
    file.enums.retain(|it| is_right(&it.name.value));
    file.mixins.retain(|it| is_right(&it.name.value));
    file.abstracts.retain(|it| is_right(&it.name.value));
    file.models.retain(|it| is_right(&it.name.value));
    file.views.retain(|it| is_right(&it.name.value));
    file.functions.retain(|it| is_right(&it.name.value));
    let source = file.source;
    file.queries.retain(|it| {
        let is_at = |part: &Part| *part == Part::Query(source, it.span.range().start);
        !wrong.iter().any(is_at)
    });
}

/// The declaration that a place belongs to: that of the header before it.
fn part(span: Span, sources: &SourceMap) -> Option<Part> {
    let text = sources.get(span.source).text();
    let mut end = line_end(text, span.range().start);
    loop {
        let start = text.get(..end)?.rfind('\n').map_or(0, |it| it + 1);
        let line = text.get(start..end)?.trim_start();
        if let Some(header) = line.strip_prefix('[') {
            let is_query = header.starts_with("[query]");
            if is_query {
                return Some(Part::Query(span.source, start + (end - start - line.len())));
            }
            let mut names = header.trim_start_matches('[').split(['.', ']']);
            let kind = names.next()?.trim();
            // What stands under a query is its own.
            if kind != "query" {
                let name = names.next()?.trim().trim_matches(['"', '\'']);
                return Some(Part::Named(name.to_owned()));
            }
        }
        end = start.checked_sub(1)?;
    }
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |it| at + it)
}
