//! Finds the name that was probably meant.

/// Longer names are not compared: the cost grows with the product of their lengths.
const MAX_LEN: usize = 64;

/// More candidates are not compared, so that a huge schema full of mistakes is still answered at once.
const MAX_CANDIDATES: usize = 2_000;

/// The shortest beginning that stands for a whole word.
const MIN_PREFIX: usize = 4;

/// Returns the candidate nearest to `name`, if one is near enough to be a slip of the fingers.
///
/// Of equally near ones, those that begin with the same letter come first, and then the first in order of the alphabet, whatever
/// the order of candidates.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if name.is_empty() || name.len() > MAX_LEN {
        return None;
    }
    // One letter of two says nothing, but its case may be wrong.
    let limit = match name.chars().count() {
        0..=2 => 0,
        n => n / 3,
    };
    let first = |text: &str| text.chars().flat_map(char::to_lowercase).next();
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|candidate| {
            candidate.len() <= MAX_LEN && candidate.len().abs_diff(name.len()) <= limit * 4
        })
        .filter_map(|candidate| {
            distance(name, candidate, limit)
                .map(|distance| (distance, first(candidate) != first(name), candidate))
        })
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// Returns the word of a fixed list that was probably meant: the nearest, or the only one that begins so.
pub(crate) fn nearest_word<'a>(name: &str, words: &[&'a str]) -> Option<&'a str> {
    nearest(name, words.iter().copied()).or_else(|| {
        let mut longer = words.iter().filter(|word| word.starts_with(name));
        match (longer.next(), longer.next()) {
            (Some(word), None) if name.len() >= MIN_PREFIX => Some(word),
            _ => None,
        }
    })
}

/// Returns the number of letters to insert, drop, replace or swap with a neighbour, if at most `limit`; case counts for nothing.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}
