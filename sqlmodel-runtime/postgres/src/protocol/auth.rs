//! Passwords: MD5, and SCRAM-SHA-256 of RFC 5802 and RFC 7677 with and without channel binding.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Malformed;

pub(crate) const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
pub(crate) const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// The most rounds of hashing that a server may ask for; PostgreSQL's default is 4096. They are computed without a wait, past
/// every deadline, and take less than a second.
const MAX_ITERATIONS: u32 = 1_000_000;

/// Returns the answer to a request for an MD5 password: `md5(md5(password || user) || salt)` in hexadecimal.
pub(crate) fn md5_password(user: &str, password: &str, salt: [u8; 4]) -> String {
    let inner = hex(&Md5::new()
        .chain_update(password)
        .chain_update(user)
        .finalize());
    let outer = hex(&Md5::new().chain_update(inner).chain_update(salt).finalize());
    format!("md5{outer}")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What binds the login to the TLS connection it goes through, so that nobody in between can pass it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChannelBinding {
    /// There is no TLS, or nothing to bind to.
    Unsupported,
    /// The server did not offer to bind, although we could.
    Unoffered,
    /// The hash of the server's certificate (RFC 5929, tls-server-end-point).
    ServerEndPoint(Vec<u8>),
}

impl ChannelBinding {
    /// The header of GS2.
    fn header(&self) -> &'static str {
        match self {
            Self::Unsupported => "n,,",
            Self::Unoffered => "y,,",
            Self::ServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    fn data(&self) -> Vec<u8> {
        let mut data = self.header().as_bytes().to_vec();
        if let Self::ServerEndPoint(hash) = self {
            data.extend_from_slice(hash);
        }
        data
    }
}

/// Returns the hash of a certificate that a login is bound to, with the function that its signature is made with;
/// MD5 and SHA-1 are too weak and give way to SHA-256 (RFC 5929, section 4.1). `None` for other kinds of signature.
pub(crate) fn certificate_hash(certificate: &[u8]) -> Option<Vec<u8>> {
    /// Ends of the OIDs 1.2.840.113549.1.1.x (RSA) and 1.2.840.10045.4.x (ECDSA).
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, .. }, signature }
    let (fields, _) = der_element(certificate, 0x30)?;
    let (_, rest) = der_element(fields, 0x30)?;
    let (algorithm, _) = der_element(rest, 0x30)?;
    let (oid, _) = der_element(algorithm, 0x06)?;
    let hash = match (oid.strip_prefix(RSA), oid.strip_prefix(ECDSA)) {
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Sha256::digest(certificate).to_vec(),
        (Some([12]), _) | (_, Some([3, 3])) => Sha384::digest(certificate).to_vec(),
        (Some([13]), _) | (_, Some([3, 4])) => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some(hash)
}

/// Splits the first element off DER, if it is of this type: its content, and what follows it.
fn der_element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else {
        return None;
    };
    let (length, rest) = match length {
        short @ 0..=0x7f => (usize::from(*short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length = digits.iter().try_fold(0usize, |length, digit| {
                length.checked_mul(256)?.checked_add(usize::from(*digit))
            })?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (*found == tag).then_some((content, rest))
}

/// Why a login by SCRAM fails on the client's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScramError {
    /// The server's answer has not the form of the standard.
    Malformed,
    /// The server does not know the password either: it may be somebody else.
    ServerNotAuthentic,
}

impl From<Malformed> for ScramError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// A login by SCRAM-SHA-256, up to the client's proof.
pub(crate) struct Scram {
    password: Vec<u8>,
    binding: ChannelBinding,
    nonce: String,
}

/// A login whose proof was sent; what is left is to check the server's.
#[derive(Debug)]
pub(crate) struct ScramProof {
    server_signature: [u8; 32],
}

impl Scram {
    /// Begins a login; `random` must not be known to anybody else.
    pub(crate) fn new(password: &str, binding: ChannelBinding, random: [u8; 18]) -> Self {
        Self {
            password: prepared(password).into_owned().into_bytes(),
            binding,
            nonce: STANDARD.encode(random),
        }
    }

    /// Returns the first message: the user is empty, because PostgreSQL takes the one of the startup message.
    pub(crate) fn first_message(&self) -> String {
        format!("{}{}", self.binding.header(), self.first_bare())
    }

    fn first_bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// Answers the server's challenge.
    pub(crate) fn answer(&self, challenge: &[u8]) -> Result<(String, ScramProof), ScramError> {
        let challenge = std::str::from_utf8(challenge).map_err(|_| ScramError::Malformed)?;
        let mut parts = challenge.split(',');
        let nonce = attribute(parts.next(), "r=")?;
        let salt = attribute(parts.next(), "s=")?;
        let iterations: u32 = attribute(parts.next(), "i=")?
            .parse()
            .map_err(|_| ScramError::Malformed)?;
        let is_ours = nonce.len() > self.nonce.len() && nonce.starts_with(&self.nonce);
        if !is_ours || !(1..=MAX_ITERATIONS).contains(&iterations) {
            return Err(ScramError::Malformed);
        }
        let salt = STANDARD.decode(salt).map_err(|_| ScramError::Malformed)?;

        let salted = salted_password(&self.password, &salt, iterations);
        let client_key = hmac(&salted, &[b"Client Key"]);
        let stored_key: [u8; 32] = Sha256::digest(client_key).into();
        let binding = STANDARD.encode(self.binding.data());
        let without_proof = format!("c={binding},r={nonce}");
        let first = self.first_bare();
        let signed: [&[u8]; 5] = [
            first.as_bytes(),
            b",",
            challenge.as_bytes(),
            b",",
            without_proof.as_bytes(),
        ];
        let mut proof = hmac(&stored_key, &signed);
        for (byte, key) in proof.iter_mut().zip(client_key) {
            *byte ^= key;
        }
        let server_key = hmac(&salted, &[b"Server Key"]);
        let server_signature = hmac(&server_key, &signed);
        let answer = format!("{without_proof},p={}", STANDARD.encode(proof));
        Ok((answer, ScramProof { server_signature }))
    }
}

impl ScramProof {
    /// Checks that the server knows the password too.
    pub(crate) fn check(&self, last: &[u8]) -> Result<(), ScramError> {
        let last = std::str::from_utf8(last).map_err(|_| ScramError::Malformed)?;
        let signature = attribute(last.split(',').next(), "v=")?;
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| ScramError::Malformed)?;
        if signature == self.server_signature {
            Ok(())
        } else {
            Err(ScramError::ServerNotAuthentic)
        }
    }
}

fn attribute<'t>(part: Option<&'t str>, name: &str) -> Result<&'t str, ScramError> {
    part.and_then(|part| part.strip_prefix(name))
        .ok_or(ScramError::Malformed)
}

/// Prepares a password by SASLprep; one that it forbids is used as it is, which is what PostgreSQL does.
fn prepared(password: &str) -> Cow<'_, str> {
    stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password))
}

/// `Hi` of RFC 5802: PBKDF2 with HMAC-SHA-256, one block of output.
fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut round = hmac(password, &[salt, &1u32.to_be_bytes()]);
    let mut salted = round;
    for _ in 1..iterations {
        round = hmac(password, &[&round]);
        for (byte, other) in salted.iter_mut().zip(round) {
            *byte ^= other;
        }
    }
    salted
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104)");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
