//! What comes back: OK, an error, or results with columns and rows, packet by packet.

use std::fmt;
use std::sync::Arc;

use super::column::{Column, Definition};
use super::greeting::flags;
use super::wire::{Cursor, Malformed};

/// An error that the server reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerError {
    pub(crate) code: u16,
    /// Five characters; empty before the login.
    pub(crate) sqlstate: Box<str>,
    pub(crate) message: Box<str>,
}

impl ServerError {
    /// Reads a packet if it is an error.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let [0xff, rest @ ..] = payload else {
            return Ok(None);
        };
        let mut cursor = Cursor::new(rest);
        let code = cursor.u16()?;
        let sqlstate = match cursor.rest() {
            [b'#', ..] => cursor.take(6)?.get(1..).unwrap_or_default(),
            _ => &[],
        };
        Ok(Some(Self {
            code,
            sqlstate: String::from_utf8_lossy(sqlstate).into(),
            message: String::from_utf8_lossy(cursor.rest()).into(),
        }))
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}: {}", self.code, self.message)
    }
}

impl std::error::Error for ServerError {}

/// What a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    pub(crate) rows_affected: u64,
    /// The first key that the server assigned, or zero.
    pub(crate) insert_id: u64,
    status: u16,
    /// Whether something was done that outlives the statement, such as setting a variable.
    pub(crate) has_changed_session: bool,
    /// Whether names without a schema are looked up in another database from now on.
    pub(crate) has_changed_schema: bool,
}

/// The most columns of a result; a table has 4,096 at most.
const MAX_COLUMNS: u64 = 65_535;
/// The most bytes of the definitions of one result.
const MAX_DEFINITIONS: usize = 16 * 1024 * 1024;

const IN_TRANSACTION: u16 = 1;
const MORE_RESULTS: u16 = 8;
const CURSOR_EXISTS: u16 = 1 << 6;
const LAST_ROW_SENT: u16 = 1 << 7;
const TOLD_OF_SESSION: u16 = 1 << 14;

/// The kind of what an OK tells of the session (`enum_session_state_type`) that names another database.
const SCHEMA: u8 = 1;
/// The kinds that are no change of it: the transactions that were committed, and how the one that runs began and what it has
/// done. MySQL tells the last ones whenever a transaction ends.
const GTIDS: u8 = 3;
const TRANSACTION_CHARACTERISTICS: u8 = 4;
const TRANSACTION_STATE: u8 = 5;

/// What has become of a session.
#[derive(Debug, Clone, Copy, Default)]
struct Changes {
    session: bool,
    schema: bool,
}

/// Reads the end of an OK: a text for people, then what it tells of the session, each behind its kind and its length.
fn read_changes(mut cursor: Cursor<'_>) -> Result<Changes, Malformed> {
    let mut changes = Changes::default();
    cursor.sized()?;
    let mut told = Cursor::new(cursor.sized()?);
    while !told.rest().is_empty() {
        match told.u8()? {
            GTIDS | TRANSACTION_CHARACTERISTICS | TRANSACTION_STATE => {}
            kind => {
                changes.session = true;
                changes.schema |= kind == SCHEMA;
            }
        }
        told.sized()?;
    }
    Ok(changes)
}

impl Summary {
    fn read_ok(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(payload);
        cursor.u8()?;
        let rows_affected = cursor.length()?;
        let insert_id = cursor.length()?;
        let status = cursor.u16()?;
        let _warnings = cursor.u16();
        let changes = match status & TOLD_OF_SESSION {
            0 => Changes::default(),
            // What cannot be read counts as a change: a reset too many does no harm.
            _ => read_changes(cursor).unwrap_or(Changes {
                session: true,
                schema: true,
            }),
        };
        Ok(Self {
            rows_affected,
            insert_id,
            status,
            has_changed_session: changes.session,
            has_changed_schema: changes.schema,
        })
    }

    fn read_eof(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(payload);
        cursor.u8()?;
        let _warnings = cursor.u16()?;
        Ok(Self {
            status: cursor.u16()?,
            ..Self::default()
        })
    }

    /// Tells whether the server keeps the rows in a cursor.
    pub(crate) fn has_cursor(&self) -> bool {
        self.status & CURSOR_EXISTS != 0
    }

    /// Tells whether a cursor has no more rows.
    pub(crate) fn is_cursor_at_end(&self) -> bool {
        self.status & LAST_ROW_SENT != 0
    }

    /// Tells whether a transaction is open on the server.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.status & IN_TRANSACTION != 0
    }
}

/// What a packet of a reply was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A part of something that goes on.
    Part,
    /// A row of the result that [`Reply::columns`] describes.
    Row,
    /// The end: what was done, or why not.
    End(Result<Summary, ServerError>),
}

/// A prepared statement as the server describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PreparedHead {
    pub(crate) id: u32,
    pub(crate) n_params: u16,
    n_columns: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// OK, an error, or the number of columns.
    Head,
    /// What a statement is, or an error.
    PreparedHead,
    /// The definitions of parameters, which tell nothing.
    Params {
        n_left: u16,
    },
    Columns {
        n_left: u64,
    },
    /// What stands between definitions and what follows them, for a server that does not know better.
    ParamsEnd,
    ColumnsEnd,
    Rows,
    End,
}

/// The reply to one command, as far as it has arrived.
#[derive(Debug)]
pub(crate) struct Reply {
    phase: Phase,
    is_prepare: bool,
    /// The flags that client and server share.
    flags: u64,
    columns: Arc<[Column]>,
    /// Columns that differ from the known ones, from the first on.
    incoming: Vec<Column>,
    n_defined: usize,
    /// The bytes of the definitions that have arrived.
    n_definition_bytes: usize,
    n_results: usize,
    prepared: Option<PreparedHead>,
}

impl Reply {
    /// Expects the reply to a command that runs something, whose columns are as known unless the server says otherwise.
    pub(crate) fn to_command(flags: u64, known: Arc<[Column]>) -> Self {
        Self {
            phase: Phase::Head,
            is_prepare: false,
            flags,
            columns: known,
            incoming: Vec::new(),
            n_defined: 0,
            n_definition_bytes: 0,
            n_results: 0,
            prepared: None,
        }
    }

    /// Expects rows of a cursor, whose columns its opening told.
    pub(crate) fn to_fetch(flags: u64, columns: Arc<[Column]>) -> Self {
        Self {
            phase: Phase::Rows,
            n_results: 1,
            ..Self::to_command(flags, columns)
        }
    }

    /// Expects the description of a statement.
    pub(crate) fn to_prepare(flags: u64) -> Self {
        Self {
            phase: Phase::PreparedHead,
            is_prepare: true,
            ..Self::to_command(flags, Arc::default())
        }
    }

    /// Returns the columns of the current result, or of a prepared statement.
    pub(crate) fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// Returns how many results with columns have begun.
    pub(crate) fn n_results(&self) -> usize {
        self.n_results
    }

    /// Returns the prepared statement, after the end of the reply to its preparation.
    pub(crate) fn prepared(&self) -> Option<PreparedHead> {
        self.prepared
    }

    /// Takes the next packet.
    pub(crate) fn receive(&mut self, payload: &[u8]) -> Result<Received, Malformed> {
        // A row of text may begin with this byte only if it is a length, and there is none of 0xff.
        if let Some(error) = ServerError::read(payload)? {
            self.phase = Phase::End;
            return Ok(Received::End(Err(error)));
        }
        match self.phase {
            Phase::Head => self.head(payload),
            Phase::PreparedHead => self.prepared_head(payload),
            Phase::Params { n_left } => {
                self.phase = match n_left {
                    2.. => Phase::Params { n_left: n_left - 1 },
                    _ if self.has_marks() => Phase::ParamsEnd,
                    _ => return self.prepared_columns(),
                };
                Ok(Received::Part)
            }
            Phase::ParamsEnd => {
                Summary::read_eof(payload)?;
                self.prepared_columns()
            }
            Phase::Columns { n_left } => {
                self.n_definition_bytes += payload.len();
                if self.n_definition_bytes > MAX_DEFINITIONS {
                    return Err(Malformed("definitions of columns within 16 MB"));
                }
                self.define(Definition::read(payload)?);
                self.phase = match n_left {
                    2.. => Phase::Columns { n_left: n_left - 1 },
                    _ if self.has_marks() => Phase::ColumnsEnd,
                    _ => return Ok(self.columns_end()),
                };
                Ok(Received::Part)
            }
            Phase::ColumnsEnd => {
                let summary = Summary::read_eof(payload)?;
                let ended = self.columns_end();
                // A cursor keeps the rows, and nothing follows.
                match summary.has_cursor() {
                    true => Ok(self.end(summary)),
                    false => Ok(ended),
                }
            }
            Phase::Rows => self.row(payload),
            Phase::End => Err(Malformed("nothing after the end of a reply")),
        }
    }

    /// Tells whether the server marks the end of definitions.
    fn has_marks(&self) -> bool {
        self.flags & flags::DEPRECATE_EOF == 0
    }

    fn head(&mut self, payload: &[u8]) -> Result<Received, Malformed> {
        match payload {
            [0x00, ..] => self.end_of_result(Summary::read_ok(payload)?),
            // The server asks for a file of ours.
            [0xfb, ..] => Err(Malformed("no request for a local file")),
            _ => {
                let mut cursor = Cursor::new(payload);
                let n_columns = cursor.length()?;
                let has_definitions =
                    self.flags & flags::CACHE_METADATA == 0 || cursor.u8().unwrap_or(1) != 0;
                self.n_results += 1;
                if has_definitions {
                    return self.begin_columns(n_columns);
                }
                if n_columns != self.columns.len() as u64 {
                    return Err(Malformed("the columns of a changed result"));
                }
                self.phase = if self.has_marks() {
                    Phase::ColumnsEnd
                } else {
                    Phase::Rows
                };
                self.n_defined = self.columns.len();
                Ok(Received::Part)
            }
        }
    }

    fn begin_columns(&mut self, n_columns: u64) -> Result<Received, Malformed> {
        if n_columns > MAX_COLUMNS {
            return Err(Malformed("at most 65,535 columns"));
        }
        self.n_defined = 0;
        self.n_definition_bytes = 0;
        self.incoming = Vec::new();
        self.phase = Phase::Columns { n_left: n_columns };
        Ok(Received::Part)
    }

    fn define(&mut self, definition: Definition<'_>) {
        let known = self.columns.get(self.n_defined);
        let is_known = known.is_some_and(|column| definition.is(column));
        if self.incoming.is_empty() && !is_known {
            let same = self.columns.iter().take(self.n_defined);
            self.incoming = same.cloned().collect();
        }
        if !self.incoming.is_empty() || !is_known {
            self.incoming.push(definition.to_column());
        }
        self.n_defined += 1;
    }

    fn columns_end(&mut self) -> Received {
        if !self.incoming.is_empty() {
            self.columns = std::mem::take(&mut self.incoming).into();
        } else if self.n_defined < self.columns.len() {
            self.columns = self.columns.iter().take(self.n_defined).cloned().collect();
        }
        if self.is_prepare {
            return self.end(Summary::default());
        }
        self.phase = Phase::Rows;
        Received::Part
    }

    fn prepared_head(&mut self, payload: &[u8]) -> Result<Received, Malformed> {
        let mut cursor = Cursor::new(payload);
        if cursor.u8()? != 0 {
            return Err(Malformed("a prepared statement"));
        }
        let head = PreparedHead {
            id: cursor.u32()?,
            n_columns: cursor.u16()?,
            n_params: cursor.u16()?,
        };
        self.prepared = Some(head);
        if head.n_params == 0 {
            return self.prepared_columns();
        }
        self.phase = Phase::Params {
            n_left: head.n_params,
        };
        Ok(Received::Part)
    }

    fn prepared_columns(&mut self) -> Result<Received, Malformed> {
        match self.prepared.map_or(0, |head| head.n_columns) {
            0 => Ok(self.end(Summary::default())),
            n_columns => self.begin_columns(u64::from(n_columns)),
        }
    }

    fn row(&mut self, payload: &[u8]) -> Result<Received, Malformed> {
        // A row of text with a field of 16 MB begins with this byte as well, and is longer.
        let is_end = matches!(payload, [0xfe, ..] if payload.len() < 0xff_ffff);
        match (is_end, self.has_marks()) {
            (false, _) => Ok(Received::Row),
            (true, false) => self.end_of_result(Summary::read_ok(payload)?),
            (true, true) => self.end_of_result(Summary::read_eof(payload)?),
        }
    }

    fn end_of_result(&mut self, summary: Summary) -> Result<Received, Malformed> {
        if summary.status & MORE_RESULTS == 0 {
            return Ok(self.end(summary));
        }
        self.phase = Phase::Head;
        Ok(Received::Part)
    }

    fn end(&mut self, summary: Summary) -> Received {
        self.phase = Phase::End;
        Received::End(Ok(summary))
    }
}
