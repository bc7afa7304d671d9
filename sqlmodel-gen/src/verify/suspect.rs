//! Which text of the schema a database refuses in a statement that creates a table.
//!
//! Few databases tell the place of what they refuse. So each text that somebody wrote is taken out of the statement in turn, and the
//! one without which the database takes it, or has something else against it, is to blame.

use std::ops::Range;

use sqlmodel_sql::{Dialect, quote};

use crate::ir::{Schema, SourceText, TableSqlKind};
use crate::verify::Refusal;

/// A text of the schema that is part of a statement.
#[derive(Debug)]
pub(super) struct Suspect<'a> {
    pub(super) written: &'a SourceText,
    /// Where it stands in the statement.
    pub(super) at: Range<usize>,
    /// The statement with something in its place that the database takes.
    pub(super) trial: String,
    /// Whether it is for all dialects without a text of their own.
    pub(super) is_portable: bool,
}

/// Returns the texts of the schema that stand in a statement, in their order.
pub(super) fn suspects<'a>(schema: &'a Schema, dialect: Dialect, sent: &str) -> Vec<Suspect<'a>> {
    let mut suspects = Vec::new();
    for it in &schema.table_sql {
        let Some(written) = it.sql.get(dialect) else {
            continue;
        };
        let text = written.value.trim();
        let (before, inside, innocent) = match &it.kind {
            TableSqlKind::Expression => ("(".to_owned(), text.to_owned(), "NULL".to_owned()),
            TableSqlKind::Type { column, ty } => {
                let before = format!("{} ", quote::identifier(dialect, column));
                (before, text.to_owned(), ty.sql_name(dialect))
            }
            TableSqlKind::Collation => {
                let inside = format!("COLLATE {}", quote::identifier(dialect, text));
                (" ".to_owned(), inside, String::new())
            }
        };
        for (at, _) in sent.match_indices(&inside) {
            let head = sent.get(..at).unwrap_or_default();
            let is_there = match it.kind {
                TableSqlKind::Expression => head.trim_end().ends_with(&before),
                TableSqlKind::Type { .. } | TableSqlKind::Collation => head.ends_with(&before),
            };
            let at = at..at + inside.len();
            if is_there {
                let mut trial = sent.to_owned();
                trial.replace_range(at.clone(), &innocent);
                suspects.push(Suspect {
                    written,
                    at,
                    trial,
                    is_portable: it.sql.portable.as_ref() == Some(written),
                });
            }
        }
    }
    suspects.sort_by_key(|it| (it.at.start, it.at.end));
    suspects
}

/// Returns the text that is to blame, given what the database has against each trial.
pub(super) fn blamed<'s, 'a>(
    suspects: &'s [Suspect<'a>],
    outcomes: &[Option<Refusal>],
    refusal: &Refusal,
) -> Option<&'s Suspect<'a>> {
    let tried = || suspects.iter().zip(outcomes);
    let at_offset = suspects
        .iter()
        .find(|it| refusal.offset.is_some_and(|at| it.at.contains(&at)));
    let taken = || tried().find(|(_, outcome)| outcome.is_none());
    let other = || {
        tried().find(|(_, outcome)| {
            outcome
                .as_ref()
                .is_some_and(|it| it.message != refusal.message)
        })
    };
    at_offset.or_else(|| taken().or_else(other).map(|(suspect, _)| suspect))
}
