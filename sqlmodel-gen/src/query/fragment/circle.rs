//! Generated columns of SQLite that are made of each other in a circle: it creates such a table, and refuses each row.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;

/// A generated column whose SQL names another one.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) table: String,
    pub(super) own: usize,
    pub(super) other: usize,
    /// The name of the other one, and where it stands.
    pub(super) name: String,
    pub(super) span: Span,
}

/// Reports the circles of links, one for each table.
pub(super) fn circles(links: Vec<Link>) -> Vec<Diagnostic> {
    let mut by_table: BTreeMap<String, Vec<Link>> = BTreeMap::new();
    for link in links {
        by_table.entry(link.table.clone()).or_default().push(link);
    }
    let first = by_table.into_values().filter_map(in_circle);
    let report = |Link { name, span, .. }| {
        let message = format!("`{name}` is computed from this column, and would be from itself");
        Diagnostic::new(&codes::UNSUPPORTED, span, message)
            .help("name the columns that it is made of")
    };
    first.map(report).collect()
}

/// Returns a link of a circle, or between circles.
fn in_circle(mut links: Vec<Link>) -> Option<Link> {
    loop {
        let n_before = links.len();
        // What leads to nothing is in no circle, and neither is what nothing leads to.
        let sources: BTreeSet<usize> = links.iter().map(|it| it.own).collect();
        links.retain(|it| sources.contains(&it.other));
        let targets: BTreeSet<usize> = links.iter().map(|it| it.other).collect();
        links.retain(|it| targets.contains(&it.own));
        if links.len() == n_before {
            return links.into_iter().next();
        }
    }
}
