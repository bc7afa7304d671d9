//! From the greeting to the first OK: who we are, what we can do, and proof of the password.

use sqlmodel_core::{Error, ErrorKind};

use super::auth::{self, Plugin};
use super::greeting::{Greeting, NONCE, flags};
use super::packet::push_packet;
use super::reply::ServerError;
use super::rsa::PublicKey;
use super::wire::{Cursor, Malformed, push_sized, push_until_zero};
use crate::error::{login_error, protocol_error};

/// utf8mb4 with a collation that both MySQL and MariaDB have.
const UTF8MB4: u8 = 45;

/// What we ask of every server.
const REQUIRED: u64 = flags::PROTOCOL_41 | flags::SECURE_CONNECTION | flags::PLUGIN_AUTH;
/// What we use where the server has it.
const WANTED: u64 = flags::MYSQL
    | flags::FOUND_ROWS
    | flags::LONG_FLAG
    | flags::TRANSACTIONS
    | flags::MULTI_RESULTS
    | flags::PS_MULTI_RESULTS
    | flags::LONG_AUTH_DATA
    | flags::SESSION_TRACK
    | flags::DEPRECATE_EOF
    | flags::CACHE_METADATA;

/// Who logs in.
#[derive(Clone, Copy)]
pub(crate) struct Account<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: Option<&'a str>,
}

/// Whether others can listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// A socket of this machine, or TLS.
    Private,
    /// Anything else.
    Open,
}

/// Whether the line is to become private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsWish {
    Never,
    IfOffered,
    Always,
}

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send what is in `out`, and read a packet.
    Read,
    /// Send what is in `out`, begin TLS, and call [`Login::tls_started`].
    StartTls,
    /// Run statements.
    Done,
}

enum Phase {
    Greeting,
    StartingTls,
    Proving,
    AwaitingKey,
}

/// A login in progress.
pub(crate) struct Login<'a> {
    account: Account<'a>,
    line: Line,
    tls: TlsWish,
    max_packet: u32,
    phase: Phase,
    greeting: Option<Greeting>,
    plugin: Plugin,
    nonce: [u8; NONCE],
}

impl<'a> Login<'a> {
    pub(crate) fn new(account: Account<'a>, line: Line, tls: TlsWish, max_packet: u32) -> Self {
        Self {
            account,
            line,
            tls,
            max_packet,
            phase: Phase::Greeting,
            greeting: None,
            plugin: Plugin::Native,
            nonce: [0; NONCE],
        }
    }

    /// Returns what the server said about itself and the flags that both sides use, after [`Next::Done`].
    pub(crate) fn into_server(self) -> Result<(Greeting, u64), Error> {
        let flags = self.flags();
        let greeting = self.greeting.ok_or(Malformed("a greeting"));
        Ok((greeting.map_err(protocol_error)?, flags))
    }

    /// Takes a packet; `number` is that of the packet to answer with.
    pub(crate) fn receive(
        &mut self,
        payload: &[u8],
        number: u8,
        out: &mut Vec<u8>,
    ) -> Result<Next, Error> {
        if let Some(refusal) = ServerError::read(payload).map_err(protocol_error)? {
            return Err(login_error(
                refusal,
                self.account.user,
                self.account.database,
            ));
        }
        match self.phase {
            Phase::Greeting => self.greet(payload, number, out),
            Phase::StartingTls => Err(protocol_error(Malformed("nothing before TLS"))),
            Phase::Proving => self.prove(payload, number, out),
            Phase::AwaitingKey => self.encrypt(payload, number, out),
        }
    }

    /// Goes on where the line has become private.
    pub(crate) fn tls_started(&mut self, number: u8, out: &mut Vec<u8>) -> Result<Next, Error> {
        self.line = Line::Private;
        self.respond(number, out)
    }

    fn greet(&mut self, payload: &[u8], number: u8, out: &mut Vec<u8>) -> Result<Next, Error> {
        let greeting = Greeting::read(payload).map_err(protocol_error)?;
        if greeting.flags & REQUIRED != REQUIRED {
            return Err(Error::misconfiguration(format!(
                "the server's version, {}, is too old",
                greeting.version
            )));
        }
        let has_tls = greeting.flags & flags::TLS != 0;
        self.nonce = greeting.nonce;
        // The server's default plugin is a guess at the user's; one that we do not know is asked for by name later.
        self.plugin = Plugin::parse(&greeting.plugin).unwrap_or(Plugin::Native);
        self.greeting = Some(greeting);
        match (self.tls, has_tls) {
            (TlsWish::Never, _) | (TlsWish::IfOffered, false) => self.respond(number, out),
            (TlsWish::Always, false) => Err(Error::misconfiguration(
                "the server does not encrypt connections, and the URL asks for it; \
                 give the server a certificate (`ssl-cert`, `ssl-key`), or connect with `tls=disable`",
            )),
            (TlsWish::IfOffered | TlsWish::Always, true) => {
                let (flags, max_packet) = (self.flags() | flags::TLS, self.max_packet);
                push_packet(out, number, |bytes| {
                    push_flags(bytes, flags, max_packet);
                    Ok::<_, Error>(())
                })?;
                self.phase = Phase::StartingTls;
                Ok(Next::StartTls)
            }
        }
    }

    fn flags(&self) -> u64 {
        let has_database = u64::from(self.account.database.is_some());
        let theirs = self.greeting.as_ref().map_or(0, |greeting| greeting.flags);
        (theirs & WANTED) | REQUIRED | (has_database * flags::CONNECT_WITH_DB)
    }

    fn respond(&mut self, number: u8, out: &mut Vec<u8>) -> Result<Next, Error> {
        let Account {
            user,
            password,
            database,
        } = self.account;
        let mut flags = self.flags();
        if matches!(self.phase, Phase::StartingTls) {
            flags |= flags::TLS;
        }
        if matches!(self.plugin, Plugin::Clear) {
            self.check_private()?;
        }
        let answer = self.plugin.answer(password, &self.nonce);
        push_packet(out, number, |bytes| {
            push_flags(bytes, flags, self.max_packet);
            push_until_zero(bytes, user);
            if flags & flags::LONG_AUTH_DATA != 0 {
                push_sized(bytes, &answer);
            } else {
                bytes.push(u8::try_from(answer.len()).map_err(|_| {
                    Error::misconfiguration("the password is too long for this server")
                })?);
                bytes.extend_from_slice(&answer);
            }
            if let Some(database) = database {
                push_until_zero(bytes, database);
            }
            push_until_zero(bytes, self.plugin.name());
            Ok::<_, Error>(())
        })?;
        self.phase = Phase::Proving;
        Ok(Next::Read)
    }

    fn prove(&mut self, payload: &[u8], number: u8, out: &mut Vec<u8>) -> Result<Next, Error> {
        match payload {
            [0x00, ..] => Ok(Next::Done),
            [0xfe, rest @ ..] => self.switch(rest, number, out),
            // The password was in the server's cache, and an OK follows.
            [0x01, 0x03] => Ok(Next::Read),
            [0x01, 0x04] if self.plugin == Plugin::CachingSha2 => match self.line {
                Line::Private => answer(out, number, &auth::with_zero(self.account.password)),
                Line::Open => {
                    self.phase = Phase::AwaitingKey;
                    answer(out, number, &[0x02])
                }
            },
            _ => Err(protocol_error(Malformed("an answer to the login"))),
        }
    }

    /// Begins anew with the plugin that the user has.
    fn switch(&mut self, rest: &[u8], number: u8, out: &mut Vec<u8>) -> Result<Next, Error> {
        let mut cursor = Cursor::new(rest);
        let name = String::from_utf8_lossy(cursor.until_zero().unwrap_or_default());
        self.plugin = Plugin::parse(&name).ok_or_else(|| {
            Error::misconfiguration(
                format!(
                    "the server wants the user `{}` to prove the password by `{name}`, which this driver does not know: \
                     create the user with `mysql_native_password` or `caching_sha2_password`",
                    self.account.user
                ),
            )
        })?;
        if self.plugin == Plugin::Clear {
            self.check_private()?;
        }
        self.nonce = [0; NONCE];
        for (place, byte) in self.nonce.iter_mut().zip(cursor.rest()) {
            *place = *byte;
        }
        answer(
            out,
            number,
            &self.plugin.answer(self.account.password, &self.nonce),
        )
    }

    fn check_private(&self) -> Result<(), Error> {
        match self.line {
            Line::Private => Ok(()),
            Line::Open => Err(Error::misconfiguration(
                "the server asks for the password in clear text, which is sent over TLS or a Unix socket alone",
            )),
        }
    }

    fn encrypt(&mut self, payload: &[u8], number: u8, out: &mut Vec<u8>) -> Result<Next, Error> {
        let key = match payload {
            [0x01, pem @ ..] => std::str::from_utf8(pem).ok().and_then(PublicKey::parse_pem),
            _ => None,
        };
        let key = key.ok_or_else(|| protocol_error(Malformed("a public RSA key")))?;
        let mut seed = [0; 20];
        getrandom::fill(&mut seed).map_err(|error| {
            Error::new(ErrorKind::Io, "the operating system has no random numbers")
                .with_cause(error)
        })?;
        let masked = auth::masked(self.account.password, &self.nonce);
        let encrypted = key.encrypt(&masked, seed).ok_or_else(|| {
            Error::misconfiguration("the password is too long for the server's RSA key")
        })?;
        self.phase = Phase::Proving;
        answer(out, number, &encrypted)
    }
}

fn answer(out: &mut Vec<u8>, number: u8, payload: &[u8]) -> Result<Next, Error> {
    push_packet(out, number, |bytes| {
        bytes.extend_from_slice(payload);
        Ok::<_, Error>(())
    })?;
    Ok(Next::Read)
}

/// Writes what the response to the greeting begins with, which alone is the request for TLS.
fn push_flags(bytes: &mut Vec<u8>, flags: u64, max_packet: u32) {
    let [a, b, c, d, own @ ..] = flags.to_le_bytes();
    bytes.extend_from_slice(&[a, b, c, d]);
    bytes.extend_from_slice(&max_packet.to_le_bytes());
    bytes.push(UTF8MB4);
    bytes.extend_from_slice(&[0; 19]);
    bytes.extend_from_slice(&own);
}
