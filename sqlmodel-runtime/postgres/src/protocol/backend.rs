//! What a server says.

use std::collections::BTreeMap;

use super::reader::Reader;
use super::{MAX_DESCRIPTION, MAX_LOGIN, MAX_MESSAGE, Malformed};

/// The first byte of a message: what it is.
pub(crate) mod tag {
    pub(crate) const AUTHENTICATION: u8 = b'R';
    pub(crate) const BACKEND_KEY_DATA: u8 = b'K';
    pub(crate) const BIND_COMPLETE: u8 = b'2';
    pub(crate) const COMMAND_COMPLETE: u8 = b'C';
    pub(crate) const COPY_DATA: u8 = b'd';
    pub(crate) const COPY_IN_RESPONSE: u8 = b'G';
    pub(crate) const DATA_ROW: u8 = b'D';
    pub(crate) const EMPTY_QUERY_RESPONSE: u8 = b'I';
    pub(crate) const ERROR_RESPONSE: u8 = b'E';
    pub(crate) const NO_DATA: u8 = b'n';
    pub(crate) const NOTICE_RESPONSE: u8 = b'N';
    pub(crate) const NOTIFICATION_RESPONSE: u8 = b'A';
    pub(crate) const PARAMETER_DESCRIPTION: u8 = b't';
    pub(crate) const PARAMETER_STATUS: u8 = b'S';
    pub(crate) const PORTAL_SUSPENDED: u8 = b's';
    pub(crate) const READY_FOR_QUERY: u8 = b'Z';
    pub(crate) const ROW_DESCRIPTION: u8 = b'T';
}

/// The bytes before the body of a message: its tag and its length.
pub(crate) const HEADER: usize = 5;

/// Where a message stands in the bytes that have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) tag: u8,
    /// The length with its header.
    pub(crate) length: usize,
}

impl Frame {
    /// Finds the first message; `None` while a part of it is missing.
    #[inline]
    pub(crate) fn first(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((header, _)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let [tag, length @ ..] = *header;
        // The length counts itself and not the tag.
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Malformed)?;
        if !(4..=MAX_MESSAGE).contains(&length) {
            return Err(Malformed);
        }
        let length = length + 1;
        Ok((bytes.len() >= length).then_some(Self { tag, length }))
    }

    /// Returns the body of the message, given the bytes that it was found in.
    #[inline]
    pub(crate) fn body(self, bytes: &[u8]) -> &[u8] {
        bytes.get(HEADER..self.length).unwrap_or_default()
    }
}

/// What a server wants to know before it lets somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authentication {
    Ok,
    CleartextPassword,
    Md5Password {
        salt: [u8; 4],
    },
    Sasl {
        mechanisms: Vec<String>,
    },
    SaslContinue(Vec<u8>),
    SaslFinal(Vec<u8>),
    /// Kerberos, GSSAPI, SSPI and what may come.
    Other(u32),
}

impl Authentication {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        if body.len() > MAX_LOGIN {
            return Err(Malformed);
        }
        let mut reader = Reader(body);
        Ok(match reader.u32()? {
            0 => Self::Ok,
            3 => Self::CleartextPassword,
            5 => Self::Md5Password {
                salt: reader.array()?,
            },
            10 => {
                let mut mechanisms = Vec::new();
                loop {
                    match reader.c_str()? {
                        "" => break,
                        mechanism => mechanisms.push(mechanism.to_owned()),
                    }
                }
                Self::Sasl { mechanisms }
            }
            11 => Self::SaslContinue(reader.0.to_vec()),
            12 => Self::SaslFinal(reader.0.to_vec()),
            other => Self::Other(other),
        })
    }
}

/// The key that another connection may cancel this one's statements with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BackendKey {
    pub(crate) process_id: u32,
    pub(crate) secret: Vec<u8>,
}

impl BackendKey {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(body);
        Ok(Self {
            process_id: reader.u32()?,
            secret: reader.0.to_vec(),
        })
    }
}

/// Whether a transaction runs, as the server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Idle,
    InTransaction,
    /// A statement failed: the server refuses everything but the end of the transaction.
    Failed,
}

impl Status {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        match body {
            b"I" => Ok(Self::Idle),
            b"T" => Ok(Self::InTransaction),
            b"E" => Ok(Self::Failed),
            _ => Err(Malformed),
        }
    }
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: Box<str>,
    pub(crate) oid: u32,
}

/// Reads the columns of a RowDescription.
pub(crate) fn read_columns(body: &[u8]) -> Result<Vec<Column>, Malformed> {
    if body.len() > MAX_DESCRIPTION {
        return Err(Malformed);
    }
    let mut reader = Reader(body);
    let n_columns = reader.u16()?;
    let mut columns = Vec::new();
    for _ in 0..n_columns {
        let name = reader.c_str()?.into();
        // The table's OID and the position in it come before the type; its size, modifier and format after it.
        reader.array::<6>()?;
        let oid = reader.u32()?;
        reader.array::<8>()?;
        columns.push(Column { name, oid });
    }
    Ok(columns)
}

/// Reads the types of a ParameterDescription.
pub(crate) fn read_parameter_types(body: &[u8]) -> Result<Vec<u32>, Malformed> {
    let mut reader = Reader(body);
    let n_parameters = reader.u16()?;
    (0..n_parameters).map(|_| reader.u32()).collect()
}

/// Where a value stands in the body of a DataRow: its first byte and its length, or `None` for NULL.
pub(crate) type Cell = Option<(u32, u32)>;

/// Finds the values of a DataRow, or the elements of an array: a length before each, -1 for NULL.
#[inline]
pub(crate) fn read_cells(
    body: &[u8],
    skip: usize,
    n_cells: usize,
    cells: &mut Vec<Cell>,
) -> Result<(), Malformed> {
    cells.clear();
    let mut reader = Reader(body);
    reader.bytes(skip)?;
    for _ in 0..n_cells {
        cells.push(match reader.nullable_length()? {
            None => None,
            Some(n_bytes) => {
                let at = body.len() - reader.0.len();
                reader.bytes(n_bytes)?;
                // Messages are shorter than 4 GiB.
                let (Ok(at), Ok(n_bytes)) = (u32::try_from(at), u32::try_from(n_bytes)) else {
                    return Err(Malformed);
                };
                Some((at, n_bytes))
            }
        });
    }
    if reader.is_empty() {
        Ok(())
    } else {
        Err(Malformed)
    }
}

/// Reads the rows that a command affected from the tag that completes it: `INSERT 0 5`, `UPDATE 3`, `CREATE TABLE`.
pub(crate) fn rows_affected(body: &[u8]) -> u64 {
    let Ok(tag) = Reader(body).c_str() else {
        return 0;
    };
    let mut words = tag.split(' ');
    match words.next() {
        Some("INSERT" | "UPDATE" | "DELETE" | "MERGE" | "COPY") => {
            words.next_back().and_then(|n| n.parse().ok()).unwrap_or(0)
        }
        _ => 0,
    }
}

/// Tells whether an error of what follows in a unit undoes a command, by the tag that completes it.
///
/// COMMIT, VACUUM and others end the transaction that a unit is.
pub(crate) fn is_undone_with_its_unit(body: &[u8]) -> bool {
    const TAGS: &[&[u8]] = &[b"INSERT ", b"UPDATE ", b"DELETE ", b"SELECT ", b"MERGE "];
    TAGS.iter().any(|tag| body.starts_with(tag))
}

/// Something that another connection has sent to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The process of the server that sent it.
    pub process_id: u32,
    /// The channel.
    pub channel: String,
    /// What was sent; empty if nothing was.
    pub payload: String,
}

impl Notification {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(body);
        Ok(Self {
            process_id: reader.u32()?,
            channel: reader.c_str()?.to_owned(),
            payload: reader.c_str()?.to_owned(),
        })
    }
}

/// The fields of an ErrorResponse or a NoticeResponse, by their one-letter codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(BTreeMap<u8, String>);

impl Fields {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(body);
        let mut fields = BTreeMap::new();
        loop {
            match reader.u8()? {
                0 => return Ok(Self(fields)),
                code => {
                    // Before the encoding is agreed on, a message may be in any.
                    let text = String::from_utf8_lossy(reader.c_string()?).into_owned();
                    fields.insert(code, text);
                }
            }
        }
    }

    pub(crate) fn get(&self, code: u8) -> Option<&str> {
        self.0.get(&code).map(String::as_str)
    }
}
