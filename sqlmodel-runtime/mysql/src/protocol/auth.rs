//! How a password is proven, by the server's plugins of these names.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::greeting::NONCE;

/// A way to prove a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// SHA-1 twice; MariaDB's default, gone from MySQL 9.
    Native,
    /// SHA-256 twice; MySQL's default. A server that has not cached the password asks for the password itself.
    CachingSha2,
    /// The password itself, for servers that ask another service.
    Clear,
    /// Nothing to prove: the server asks the operating system who is at the other end of the socket.
    Socket,
}

impl Plugin {
    const NAMES: [(&'static str, Self); 5] = [
        ("mysql_native_password", Self::Native),
        ("caching_sha2_password", Self::CachingSha2),
        ("mysql_clear_password", Self::Clear),
        ("auth_socket", Self::Socket),
        ("unix_socket", Self::Socket),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, plugin)| *plugin)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, plugin)| *plugin == self);
        found.map_or("", |(name, _)| name)
    }

    /// Returns the first answer to a nonce.
    pub(crate) fn answer(self, password: &str, nonce: &[u8; NONCE]) -> Vec<u8> {
        match self {
            Self::Native if !password.is_empty() => native(password, nonce).to_vec(),
            Self::CachingSha2 if !password.is_empty() => caching_sha2(password, nonce).to_vec(),
            Self::Clear => with_zero(password),
            Self::Native | Self::CachingSha2 | Self::Socket => Vec::new(),
        }
    }
}

/// Returns the password with the zero that ends it on the wire.
pub(crate) fn with_zero(password: &str) -> Vec<u8> {
    let mut bytes = password.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// Mixes the password with the nonce, over and over, for encryption without TLS.
pub(crate) fn masked(password: &str, nonce: &[u8; NONCE]) -> Vec<u8> {
    let bytes = with_zero(password).into_iter().zip(nonce.iter().cycle());
    bytes.map(|(byte, mask)| byte ^ mask).collect()
}

/// `SHA1(password) ^ SHA1(nonce + SHA1(SHA1(password)))`
fn native(password: &str, nonce: &[u8; NONCE]) -> [u8; 20] {
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let mut mixed = Sha1::new();
    mixed.update(nonce);
    mixed.update(twice);
    xor(once.into(), mixed.finalize().into())
}

/// `SHA256(password) ^ SHA256(SHA256(SHA256(password)) + nonce)`
fn caching_sha2(password: &str, nonce: &[u8; NONCE]) -> [u8; 32] {
    let once = Sha256::digest(password);
    let twice = Sha256::digest(once);
    let mut mixed = Sha256::new();
    mixed.update(twice);
    mixed.update(nonce);
    xor(once.into(), mixed.finalize().into())
}

fn xor<const N: usize>(mut a: [u8; N], b: [u8; N]) -> [u8; N] {
    for (byte, other) in a.iter_mut().zip(b) {
        *byte ^= other;
    }
    a
}
