//! The manifest of a folder: what was read and what was written, so that stale files are found without compiling anything.
//!
//! A line is a word, a hash and a path; `sqlmodel-build` reads it too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::emit;

/// The name of the manifest's file.
pub const FILE_NAME: &str = ".sqlmodel-manifest";

/// What the generated files were made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The text of each file that was read, by path relative to the folder of the configuration, with `/` between parts.
    pub files: BTreeMap<String, String>,
    /// The names of the schema files in each folder that was searched for them, sorted.
    pub folders: BTreeMap<String, Vec<String>>,
}

/// Writes a manifest; outputs are given by path, sorted, each with the hash of its text. Lines are sorted, so that a change of one file changes one line.
pub(super) fn write<'a>(
    inputs: &Inputs,
    outputs: impl IntoIterator<Item = (&'a str, u64)>,
) -> String {
    let Inputs { files, folders } = inputs;
    let mut out = format!("# {}. Do not edit.\n", emit::MARK);
    let _ = writeln!(out, "version {}", env!("CARGO_PKG_VERSION"));
    for (path, names) in folders {
        let _ = writeln!(out, "folder {:016x} {path}", hash(&names.join("\n")));
    }
    for (path, text) in files {
        let _ = writeln!(out, "input {:016x} {path}", hash(text));
    }
    for (path, hash) in outputs {
        let _ = writeln!(out, "output {hash:016x} {path}");
    }
    out
}

/// The paths of the files that a manifest says were written.
pub(super) fn outputs(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .filter_map(|line| line.strip_prefix("output "))
        .filter_map(|line| line.split_once(' '))
        .map(|(_, path)| path.to_owned())
        .collect()
}

/// A hash of 64 bits over the text with plain line breaks: what git does to them on some systems makes nothing stale.
///
/// It finds accidents, which is what staleness is; it does not resist forgery. Of two texts of one length that differ in one
/// word of eight bytes, the hashes differ for sure, as each step can be undone. `sqlmodel-build` has the same function.
pub(super) fn hash(text: &str) -> u64 {
    if text.contains('\r') {
        return hash_words(&text.replace("\r\n", "\n"));
    }
    hash_words(text)
}

fn hash_words(text: &str) -> u64 {
    /// The fraction of the golden ratio, made odd.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| {
        let product = (hash ^ word).wrapping_mul(FACTOR);
        product ^ (product >> 32)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash = words
        .iter()
        .fold(0, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let n_bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    mix(mix(hash, u64::from_le_bytes(last)), n_bytes)
}
