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

/// A hash of 64 bits over the bytes with plain line breaks, the same as the compiler's.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    if !bytes.contains(&b'\r') {
        return hash_words(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\r' || bytes.peek() != Some(&b'\n') {
            plain.push(byte);
        }
    }
    hash_words(&plain)
}

fn hash_words(bytes: &[u8]) -> u64 {
    /// The fraction of the golden ratio, made odd.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| {
        let product = (hash ^ word).wrapping_mul(FACTOR);
        product ^ (product >> 32)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = 0;
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let n_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    mix(mix(hash, u64::from_le_bytes(last)), n_bytes)
}

#[cfg(test)]
mod tests {
    use super::hash;

    /// The same values stand in the compiler's tests.
    #[test]
    fn hashes_are_the_compilers() {
        assert_eq!(hash(b""), 0);
        assert_eq!(hash(b"foobar"), 0xa1ca_a19d_7148_c837);
        assert_eq!(hash(b"a table\nof many columns\n"), 0x7411_ad97_6cd4_2f0f);
        assert_eq!(
            hash(b"a table\r\nof many columns\r\n"),
            hash(b"a table\nof many columns\n")
        );
        assert_ne!(hash(b"a\rb"), hash(b"ab"));
    }
}
