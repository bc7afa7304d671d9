//! What the server says first: who it is, what it can do, and the nonce that passwords are mixed with.

use super::wire::{Cursor, Malformed};

/// What client and server can do: MySQL's flags, and MariaDB's own in the upper half.
pub(crate) mod flags {
    /// MySQL's name is LONG_PASSWORD. A MariaDB server leaves it out to say that it has flags of its own.
    pub(crate) const MYSQL: u64 = 1;
    /// An UPDATE counts the rows that match, changed or not.
    pub(crate) const FOUND_ROWS: u64 = 1 << 1;
    pub(crate) const LONG_FLAG: u64 = 1 << 2;
    pub(crate) const CONNECT_WITH_DB: u64 = 1 << 3;
    pub(crate) const PROTOCOL_41: u64 = 1 << 9;
    pub(crate) const TLS: u64 = 1 << 11;
    pub(crate) const TRANSACTIONS: u64 = 1 << 13;
    pub(crate) const SECURE_CONNECTION: u64 = 1 << 15;
    pub(crate) const MULTI_RESULTS: u64 = 1 << 17;
    pub(crate) const PS_MULTI_RESULTS: u64 = 1 << 18;
    pub(crate) const PLUGIN_AUTH: u64 = 1 << 19;
    pub(crate) const LONG_AUTH_DATA: u64 = 1 << 21;
    /// Replies tell whether they changed the session.
    pub(crate) const SESSION_TRACK: u64 = 1 << 23;
    /// Results end with an OK packet, and nothing stands between the columns and the rows.
    pub(crate) const DEPRECATE_EOF: u64 = 1 << 24;
    /// Executing a statement tells its columns only when they changed (MariaDB 10.6).
    pub(crate) const CACHE_METADATA: u64 = 1 << 36;
}

/// The number of bytes that passwords are mixed with.
pub(crate) const NONCE: usize = 20;

/// The server's first packet (protocol version 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Greeting {
    pub(crate) version: String,
    pub(crate) connection_id: u32,
    pub(crate) flags: u64,
    pub(crate) nonce: [u8; NONCE],
    pub(crate) plugin: String,
}

impl Greeting {
    pub(crate) fn read(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(payload);
        if cursor.u8()? != 10 {
            return Err(Malformed("version 10 of the protocol"));
        }
        let version = String::from_utf8_lossy(cursor.until_zero()?).into_owned();
        let connection_id = cursor.u32()?;
        let first_nonce = cursor.take(8)?;
        cursor.u8()?;
        let low = u64::from(cursor.u16()?);
        let _charset = cursor.u8()?;
        let _status = cursor.u16()?;
        let flags = low | u64::from(cursor.u16()?) << 16;
        let nonce_length = usize::from(cursor.u8()?);
        cursor.take(6)?;
        let own = u64::from(cursor.u32()?);
        let flags = match flags & flags::MYSQL {
            0 => flags | own << 32,
            _ => flags,
        };
        let second_nonce = cursor.take(nonce_length.saturating_sub(8).max(13))?;
        // Old servers leave out the zero behind the plugin's name.
        let plugin = match cursor.until_zero() {
            Ok(name) => name,
            Err(_) => cursor.rest(),
        };
        let mut nonce = [0; NONCE];
        let bytes = first_nonce.iter().chain(second_nonce);
        nonce
            .iter_mut()
            .zip(bytes)
            .for_each(|(place, byte)| *place = *byte);
        Ok(Self {
            version,
            connection_id,
            flags,
            nonce,
            plugin: String::from_utf8_lossy(plugin).into_owned(),
        })
    }

    /// Tells whether the server has a RETURNING clause for INSERT and DELETE: MariaDB since 10.5.
    ///
    /// MariaDB writes `5.5.5-` before its version, so that old replicas take it for MySQL 5.5.
    pub(crate) fn has_returning(&self) -> bool {
        let version = self.version.strip_prefix("5.5.5-").unwrap_or(&self.version);
        let mut numbers = version
            .split(['.', '-'])
            .map_while(|number| number.parse::<u32>().ok());
        let release = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        version.contains("MariaDB") && release >= (10, 5)
    }
}
