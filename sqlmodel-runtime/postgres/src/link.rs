//! One connection as a stream of messages.
//!
//! It knows which answers are outstanding and what the server last said of itself, whoever asked:
//! this state outlives the call that is dropped or cancelled.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;

use sqlmodel_core::{Error, Outcome, Stop, Wait};
use sqlmodel_net::{Stream, Transport};

use crate::error::{ServerMessage, lost, malformed};
use crate::kept::Kept;
use crate::protocol::backend::{Cell, Fields, Frame, Notification, Status, read_cells, tag};
use crate::protocol::reader::Reader;
use crate::protocol::{Malformed, frontend};
use crate::statements::Shape;
use crate::types::row::PostgresRow;

/// The most bytes of what a server says of itself, names and values; PostgreSQL needs a few hundred.
const MAX_PARAMETERS: usize = 1 << 20;

/// A connection as a stream of messages.
#[derive(Debug)]
pub(crate) struct Link<T: Transport> {
    stream: Stream<T>,
    /// How many ReadyForQuery are still to come for what was written.
    n_pending: u32,
    /// Whether something was written that no Sync has followed.
    has_open_unit: bool,
    /// How many bytes were sent when the last unit was begun.
    unit_start: u64,
    status: Status,
    is_broken: bool,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) notices: Kept<ServerMessage>,
    pub(crate) notifications: Kept<Notification>,
}

impl<T: Transport> Link<T> {
    /// Tells whether there is something that the server said unasked, and nobody has taken.
    pub(crate) fn has_kept(&self) -> bool {
        !(self.notices.is_empty() && self.notifications.is_empty())
    }

    pub(crate) fn new(transport: T) -> Self {
        Self {
            stream: Stream::new(transport),
            n_pending: 0,
            has_open_unit: false,
            unit_start: 0,
            status: Status::Idle,
            is_broken: false,
            parameters: BTreeMap::new(),
            notices: Kept::default(),
            notifications: Kept::default(),
        }
    }

    /// Tells whether nothing can be said or heard any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    pub(crate) fn give_up(&mut self) {
        self.is_broken = true;
    }

    /// Tells whether answers are outstanding.
    pub(crate) fn is_busy(&self) -> bool {
        self.n_pending > 0
    }

    /// Tells whether a unit was begun and not ended.
    pub(crate) fn has_open_unit(&self) -> bool {
        self.has_open_unit
    }

    /// Begins a unit, which [`sync`](Self::sync) ends. Everything before it was sent.
    pub(crate) fn begin_unit(&mut self) {
        self.unit_start = self.stream.n_sent();
        self.has_open_unit = true;
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// The buffer for messages.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        self.stream.output()
    }

    /// Ends a unit of messages, to which the server answers with ReadyForQuery.
    pub(crate) fn sync(&mut self) {
        frontend::sync(self.stream.output());
        self.end_unit();
    }

    /// Expects the ReadyForQuery that ends the startup, or a text that is a unit of its own.
    pub(crate) fn end_unit(&mut self) {
        self.n_pending += 1;
        self.has_open_unit = false;
    }

    /// Returns how many bytes are still to be sent.
    pub(crate) fn n_unsent(&self) -> usize {
        self.stream.n_unsent()
    }

    /// Takes back the unit that was written last, if nothing of it was sent; the server never hears of it.
    pub(crate) fn withdraw(&mut self) -> bool {
        let is_untouched = self.is_untouched();
        if is_untouched {
            self.stream.discard_unsent();
            self.n_pending = 0;
            self.has_open_unit = false;
        }
        is_untouched
    }

    /// Tells whether nothing of the unit that was written last was sent.
    pub(crate) fn is_untouched(&self) -> bool {
        self.stream.n_sent() == self.unit_start
    }

    /// Says goodbye, without waiting.
    pub(crate) fn terminate(&mut self) {
        if !self.is_broken && !self.is_busy() {
            frontend::terminate(self.stream.output());
            self.stream.try_flush();
        }
        self.is_broken = true;
    }

    pub(crate) async fn flush(&mut self, wait: Wait<'_>) -> Result<(), Stop> {
        let sent = self.stream.flush(wait).await;
        self.check(sent)
    }

    /// Waits for more of what the server says, and sends meanwhile what is to be sent.
    pub(crate) async fn receive(&mut self, wait: Wait<'_>) -> Result<(), Stop> {
        let received = self.stream.receive(wait).await;
        self.check(received)
    }

    fn check(&mut self, outcome: Outcome<(), io::Error>) -> Result<(), Stop> {
        match outcome {
            Outcome::Ok(()) => Ok(()),
            Outcome::Err(error) => {
                // A limit of ours that has passed leaves the connection as it is.
                let is_limit =
                    error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none();
                self.is_broken |= !is_limit;
                Err(Stop::Err(lost(error)))
            }
            Outcome::Cancelled(reason) => Err(Stop::Cancelled(reason)),
            Outcome::Panicked(payload) => Err(Stop::Panicked(payload)),
        }
    }

    /// Finds the next message among what has arrived; `None` while a part of it is missing.
    ///
    /// What a server says at any time (notices, parameters, notifications) is kept and passed over.
    #[inline]
    pub(crate) fn buffered(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            let frame = match Frame::first(self.stream.received()) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(None),
                Err(error) => return Err(self.refuse(error)),
            };
            if !matches!(
                frame.tag,
                tag::NOTICE_RESPONSE | tag::PARAMETER_STATUS | tag::NOTIFICATION_RESPONSE
            ) {
                return Ok(Some(frame));
            }
            let noted = self.note(frame);
            noted.map_err(|error| self.refuse(error))?;
            self.consume(frame);
        }
    }

    /// Waits for the next message.
    pub(crate) async fn message(&mut self, wait: Wait<'_>) -> Result<Frame, Stop> {
        loop {
            if let Some(frame) = self.buffered()? {
                return Ok(frame);
            }
            self.receive(wait).await?;
        }
    }

    fn note(&mut self, frame: Frame) -> Result<(), Malformed> {
        let body = frame.body(self.stream.received());
        match frame.tag {
            tag::PARAMETER_STATUS => {
                let mut reader = Reader(body);
                let name = reader.c_str()?.to_owned();
                let value = reader.c_str()?.to_owned();
                let kept = self.parameters.iter();
                let n_kept: usize = kept.map(|(name, value)| name.len() + value.len()).sum();
                if n_kept + body.len() <= MAX_PARAMETERS {
                    self.parameters.insert(name, value);
                }
            }
            tag::NOTIFICATION_RESPONSE => {
                let notification = Notification::read(body)?;
                self.notifications.push(notification, frame.length);
            }
            _ => {
                let notice = read_server_message(body)?;
                self.notices.push(notice, frame.length);
            }
        }
        Ok(())
    }

    /// Returns the body of a message that is still in the buffer.
    #[inline]
    pub(crate) fn body(&self, frame: Frame) -> &[u8] {
        frame.body(self.stream.received())
    }

    /// Lets go of a message.
    #[inline]
    pub(crate) fn consume(&mut self, frame: Frame) {
        self.stream.consume(frame.length);
    }

    /// Reads a DataRow, and hands it over in place.
    #[inline]
    pub(crate) fn row(
        &mut self,
        frame: Frame,
        shape: &Shape,
        cells: &mut Vec<Cell>,
        on_row: impl FnOnce(&PostgresRow<'_>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<ControlFlow<()>, Error> {
        let bytes = self.body(frame);
        let found = Reader(bytes)
            .u16()
            .and_then(|n_cells| read_cells(bytes, 2, usize::from(n_cells), cells));
        if found.is_err() || cells.len() != shape.columns.len() {
            return Err(self.refuse(Malformed));
        }
        on_row(&PostgresRow {
            bytes,
            cells,
            columns: &shape.columns,
        })
    }

    /// Reads an ErrorResponse.
    pub(crate) fn server_error(&mut self, frame: Frame) -> Result<ServerMessage, Error> {
        let message = read_server_message(self.body(frame)).map_err(|error| self.refuse(error))?;
        self.is_broken |= message.is_fatal();
        Ok(message)
    }

    /// Reads a ReadyForQuery, which ends a unit.
    pub(crate) fn ready(&mut self, frame: Frame) -> Result<(), Error> {
        self.status = Status::read(self.body(frame)).map_err(|error| self.refuse(error))?;
        self.n_pending = self.n_pending.saturating_sub(1);
        Ok(())
    }

    /// Gives up on a server that breaks the protocol.
    #[cold]
    pub(crate) fn refuse(&mut self, error: Malformed) -> Error {
        self.is_broken = true;
        malformed(error)
    }
}

fn read_server_message(body: &[u8]) -> Result<ServerMessage, Malformed> {
    Fields::read(body).map(ServerMessage::new)
}
