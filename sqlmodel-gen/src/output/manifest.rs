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

/// Writes a manifest. Lines are sorted, so that a change of one file changes one line.
pub(super) fn write(inputs: &Inputs, outputs: &BTreeMap<&str, &str>) -> String {
    let Inputs { files, folders } = inputs;
    let mut out = format!("# {}. Do not edit.\n", emit::MARK);
    let _ = writeln!(out, "version {}", env!("CARGO_PKG_VERSION"));
    for (path, names) in folders {
        let _ = writeln!(out, "folder {:016x} {path}", hash(&names.join("\n")));
    }
    for (path, text) in files {
        let _ = writeln!(out, "input {:016x} {path}", hash(text));
    }
    for (path, text) in outputs {
        let _ = writeln!(out, "output {:016x} {path}", hash(text));
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

/// FNV-1a with 64 bits over the text with plain line breaks: what git does to them on some systems makes nothing stale.
///
/// It finds accidents, which is what staleness is; it does not resist forgery.
pub(super) fn hash(text: &str) -> u64 {
    let fnv = |hash: u64, bytes: &[u8]| {
        bytes.iter().fold(hash, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    };
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let start = fnv(0xcbf2_9ce4_8422_2325, first.as_bytes());
    lines.fold(start, |hash, line| fnv(fnv(hash, b"\n"), line.as_bytes()))
}
