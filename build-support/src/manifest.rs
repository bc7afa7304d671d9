//! Reads the manifest that the compiler leaves beside generated code.
//!
//! The writer is `sqlmodel-gen`'s module `output`; a test of this crate reads what it wrote.

/// The name of the manifest's file.
pub(crate) const FILE_NAME: &str = ".sqlmodel-manifest";

/// What was read and what was written, by path and hash.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The compiler's version.
    pub(crate) version: String,
    /// Files that were read, relative to the folder of the configuration.
    pub(crate) inputs: Vec<Entry>,
    /// Folders that were searched for schema files, with a hash of the names found, relative like the inputs.
    pub(crate) folders: Vec<Entry>,
    /// Files that were written, relative to the manifest's folder.
    pub(crate) outputs: Vec<Entry>,
}

/// A path and the hash of what was there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) hash: u64,
}

/// Reads a manifest, `None` if it is damaged.
pub(crate) fn parse(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "version" => rest.clone_into(&mut manifest.version),
            "input" => manifest.inputs.push(entry(rest)?),
            "folder" => manifest.folders.push(entry(rest)?),
            "output" => manifest.outputs.push(entry(rest)?),
            _ => return None,
        }
    }
    (!manifest.version.is_empty()).then_some(manifest)
}

fn entry(text: &str) -> Option<Entry> {
    let (hash, path) = text.split_once(' ')?;
    Some(Entry {
        path: path.to_owned(),
        hash: u64::from_str_radix(hash, 16).ok()?,
    })
}

/// FNV-1a with 64 bits over the bytes with plain line breaks.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\r' && bytes.peek() == Some(&b'\n') {
            continue;
        }
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}
