//! Shows a changed file as a unified diff.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::output::Change;

/// Unchanged lines shown around changed ones.
const CONTEXT: usize = 3;
/// The largest table that is filled to find the longest common part; beyond it everything between the ends counts as changed.
const MAX_CELLS: usize = 4_000_000;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit<'a> {
    Keep(&'a str),
    Remove(&'a str),
    Insert(&'a str),
}

/// Returns the unified diff of a change.
pub(super) fn render(change: &Change) -> String {
    let Change {
        path,
        before,
        after,
    } = change;
    let path = path.display();
    let name = |text: Option<&str>| match text {
        Some(_) => path.to_string(),
        None => "/dev/null".to_owned(),
    };
    let before = before.as_deref().map(String::from_utf8_lossy);
    let (before, after) = (before.as_deref(), after.as_deref());
    let mut out = format!("--- {}\n+++ {}\n", name(before), name(after));
    let edits = edits(before.unwrap_or_default(), after.unwrap_or_default());
    for range in hunks(&edits) {
        push_hunk(&mut out, &edits, range);
    }
    out
}

/// Finds what was kept, removed and inserted.
fn edits<'a>(before: &'a str, after: &'a str) -> Vec<Edit<'a>> {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let n_same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let n_first = n_same(&mut old.iter().zip(&new));
    let (first, old) = old.split_at(n_first);
    let new = new.get(n_first..).unwrap_or_default();
    let n_last = n_same(&mut old.iter().rev().zip(new.iter().rev()));
    let (old, last) = old.split_at(old.len() - n_last);
    let new = new.get(..new.len() - n_last).unwrap_or_default();

    let mut edits: Vec<Edit<'a>> = first.iter().map(|line| Edit::Keep(line)).collect();
    push_middle(&mut edits, old, new);
    edits.extend(last.iter().map(|line| Edit::Keep(line)));
    edits
}

/// Compares lines by their longest common subsequence.
fn push_middle<'a>(edits: &mut Vec<Edit<'a>>, old: &[&'a str], new: &[&'a str]) {
    let width = new.len() + 1;
    if (old.len() + 1).saturating_mul(width) > MAX_CELLS {
        edits.extend(old.iter().map(|line| Edit::Remove(line)));
        edits.extend(new.iter().map(|line| Edit::Insert(line)));
        return;
    }
    // `lengths[i * width + j]` is the length of the longest common part of `old[i..]` and `new[j..]`.
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for (i, old) in old.iter().enumerate().rev() {
        for (j, new) in new.iter().enumerate().rev() {
            lengths[i * width + j] = if old == new {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (Some(line), Some(other)) if line == other => {
                edits.push(Edit::Keep(line));
                (i, j) = (i + 1, j + 1);
            }
            (Some(line), other)
                if other.is_none()
                    || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] =>
            {
                edits.push(Edit::Remove(line));
                i += 1;
            }
            (_, Some(line)) => {
                edits.push(Edit::Insert(line));
                j += 1;
            }
            _ => return,
        }
    }
}

/// The ranges of edits that are shown together.
fn hunks(edits: &[Edit<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        if matches!(edit, Edit::Keep(_)) {
            continue;
        }
        let start = at.saturating_sub(CONTEXT);
        let end = (at + 1 + CONTEXT).min(edits.len());
        match hunks.last_mut() {
            Some(last) if last.end >= start => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

fn push_hunk(out: &mut String, edits: &[Edit<'_>], range: std::ops::Range<usize>) {
    let count = |edits: &[Edit<'_>]| {
        let n_new = edits.iter().filter(|it| !matches!(it, Edit::Remove(_)));
        let n_old = edits.iter().filter(|it| !matches!(it, Edit::Insert(_)));
        (n_old.count(), n_new.count())
    };
    let (old_start, new_start) = count(edits.get(..range.start).unwrap_or_default());
    let shown = edits.get(range).unwrap_or_default();
    let (n_old, n_new) = count(shown);
    // A range without lines is named by the line before it.
    let line = |start: usize, n: usize| if n == 0 { start } else { start + 1 };
    let _ = writeln!(
        out,
        "@@ -{},{n_old} +{},{n_new} @@",
        line(old_start, n_old),
        line(new_start, n_new)
    );
    for edit in shown {
        let (sign, text) = match edit {
            Edit::Keep(text) => (' ', text),
            Edit::Remove(text) => ('-', text),
            Edit::Insert(text) => ('+', text),
        };
        let _ = writeln!(out, "{sign}{text}");
    }
}
