//! Encryption of a password with the server's RSA key, for connections without TLS.
//!
//! RSAES-OAEP with SHA-1 (RFC 8017, 7.1.1), which is what `caching_sha2_password` asks for. Only the public key is used, so
//! nothing here can leak a private one.

use num_bigint::BigUint;
use sha1::{Digest, Sha1};

const HASH: usize = 20;
/// Keys longer than this are refused: no server has one, and the work grows with the square.
const MAX_KEY_BYTES: usize = 1024;

/// A public key.
#[derive(Debug)]
pub(crate) struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
    n_bytes: usize,
}

impl PublicKey {
    /// Reads a key as a server sends it: SubjectPublicKeyInfo (RFC 5280) between the lines of PEM.
    pub(crate) fn parse_pem(pem: &str) -> Option<Self> {
        let (_, behind) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
        let (text, _) = behind.split_once("-----END PUBLIC KEY-----")?;
        let der = base64(text)?;
        let (mut info, _) = element(&der, SEQUENCE)?;
        (_, info) = element(info, SEQUENCE)?;
        let (bits, _) = element(info, BIT_STRING)?;
        let (numbers, _) = element(bits.strip_prefix(&[0])?, SEQUENCE)?;
        let (modulus, behind) = element(numbers, INTEGER)?;
        let (exponent, _) = element(behind, INTEGER)?;
        let modulus = BigUint::from_bytes_be(modulus);
        let exponent = BigUint::from_bytes_be(exponent);
        let n_bytes = usize::try_from(modulus.bits()).ok()?.div_ceil(8);
        let is_usable = n_bytes <= MAX_KEY_BYTES && modulus.bit(0) && exponent.bits() <= 64;
        is_usable.then_some(Self {
            modulus,
            exponent,
            n_bytes,
        })
    }

    /// Encrypts a message; `None` when it is too long for the key. The seed must be random.
    pub(crate) fn encrypt(&self, message: &[u8], seed: [u8; HASH]) -> Option<Vec<u8>> {
        let n_padding = self.n_bytes.checked_sub(message.len() + 2 * HASH + 2)?;
        let mut data = Sha1::digest([]).to_vec();
        data.extend(std::iter::repeat_n(0, n_padding));
        data.push(1);
        data.extend_from_slice(message);
        mask(&mut data, &seed);
        let mut masked_seed = seed;
        mask(&mut masked_seed, &data);
        let block = [&masked_seed[..], &data].concat();
        let encrypted = BigUint::from_bytes_be(&block)
            .modpow(&self.exponent, &self.modulus)
            .to_bytes_be();
        let mut padded = vec![0; self.n_bytes.checked_sub(encrypted.len())?];
        padded.extend(encrypted);
        Some(padded)
    }
}

/// Mixes bytes with the mask that MGF1 makes of a seed (RFC 8017, B.2.1).
fn mask(bytes: &mut [u8], seed: &[u8]) {
    for (counter, part) in (0u32..).zip(bytes.chunks_mut(HASH)) {
        let mut hash = Sha1::new();
        hash.update(seed);
        hash.update(counter.to_be_bytes());
        for (byte, other) in part.iter_mut().zip(hash.finalize()) {
            *byte ^= other;
        }
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Splits an element of DER with this tag into its content and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0u32, 0u32);
    for character in text.bytes() {
        let sextet = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\n' | b'\r' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(sextet);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits & 0xff) as u8);
        }
    }
    Some(bytes)
}
