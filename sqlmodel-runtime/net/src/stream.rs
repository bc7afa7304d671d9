//! Buffers on both sides of a transport.
//!
//! What was read and not consumed, and what is to be written and was not sent, stay here when a call is dropped,
//! so that the next one can go on where it stopped.

#[cfg(test)]
mod tests;

use std::io;
use std::task::{Context, Poll, Waker};

use sqlmodel_core::{Outcome, Wait, ok};

use crate::transport::Transport;

/// The room that a read gets at first; it doubles whenever a read fills it.
const FIRST_ROOM: usize = 16 * 1024;
const MOST_ROOM: usize = 256 * 1024;
/// How much is read before other tasks get a turn, although there is more to read.
const TURN: usize = 256 * 1024;
/// The largest buffer that is kept when it is empty.
const KEPT: usize = 2 * MOST_ROOM;

/// A transport with a buffer for what arrives and one for what is to be sent.
#[derive(Debug)]
pub struct Stream<T> {
    transport: T,
    /// Bytes `read_from..read_to` have arrived and are not consumed; the rest is room.
    input: Vec<u8>,
    read_from: usize,
    read_to: usize,
    room: usize,
    /// How many bytes were read since others had their turn.
    n_unbroken: usize,
    output: Vec<u8>,
    /// How many bytes of the output have been sent.
    sent: usize,
    /// How many bytes were sent since the beginning.
    n_sent: u64,
}

impl<T: Transport> Stream<T> {
    /// Puts empty buffers around a transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            input: Vec::new(),
            read_from: 0,
            read_to: 0,
            room: FIRST_ROOM,
            n_unbroken: 0,
            output: Vec::new(),
            sent: 0,
            n_sent: 0,
        }
    }

    /// Returns the transport, and drops what is in the buffers.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Returns what has arrived and was not consumed.
    #[inline]
    pub fn received(&self) -> &[u8] {
        self.input
            .get(self.read_from..self.read_to)
            .unwrap_or_default()
    }

    /// Drops the first `n_bytes` of what has arrived; all of it if there are fewer.
    #[inline]
    pub fn consume(&mut self, n_bytes: usize) {
        self.read_from = self.read_from.saturating_add(n_bytes).min(self.read_to);
        if self.read_from == self.read_to {
            self.read_from = 0;
            self.read_to = 0;
        }
    }

    /// Returns the buffer to append to what is to be sent.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Tells how many bytes are still to be sent.
    pub fn n_unsent(&self) -> usize {
        self.output.len() - self.sent
    }

    /// Returns how many bytes were sent since the beginning.
    pub fn n_sent(&self) -> u64 {
        self.n_sent
    }

    /// Drops what is still to be sent.
    pub fn discard_unsent(&mut self) {
        self.output.clear();
        self.sent = 0;
    }

    /// Sends what can be sent without waiting; for a last word before the transport is dropped.
    pub fn try_flush(&mut self) {
        let mut task = Context::from_waker(Waker::noop());
        let _ = self.poll_send(&mut task);
    }

    /// Waits until more bytes have arrived, and sends meanwhile what is to be sent.
    ///
    /// A server that answers before it has read everything does not block, and neither do we. One that says more than can be
    /// read does not keep other tasks from their turns.
    ///
    /// Cancel: what was read and sent until then is kept.
    ///
    /// # Errors
    ///
    /// What the operating system reports; an error of kind `UnexpectedEof` when the other side has closed.
    pub async fn receive(&mut self, wait: Wait<'_>) -> Outcome<(), io::Error> {
        wait.poll_io(|task| self.poll_receive(task)).await
    }

    /// Sends everything that is to be sent, and takes in meanwhile what arrives.
    ///
    /// Cancel: what was sent until then is remembered; the next flush or receive sends the rest.
    ///
    /// # Errors
    ///
    /// What the operating system reports.
    pub async fn flush(&mut self, wait: Wait<'_>) -> Outcome<(), io::Error> {
        while self.n_unsent() > 0 {
            ok!(wait.poll_io(|task| self.poll_flush(task)).await);
        }
        Outcome::Ok(())
    }

    fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A failed write matters less than what the server may have said before it closed.
        let written = self.poll_send(task);
        match self.poll_fill(task) {
            Poll::Pending => match written {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                _ => Poll::Pending,
            },
            ready => ready,
        }
    }

    /// Ready when everything is sent or something was read: the server may not read on before we do.
    fn poll_flush(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_send(task) {
            Poll::Pending => self.poll_fill(task),
            ready => ready,
        }
    }

    fn poll_send(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(unsent @ [_, ..]) = self.output.get(self.sent..) {
            match self.transport.poll_write(task, unsent) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n_sent)) => {
                    self.sent += n_sent;
                    self.n_sent += n_sent as u64;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.sent = 0;
        self.output.clear();
        self.output.shrink_to(KEPT);
        Poll::Ready(Ok(()))
    }

    fn poll_fill(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.n_unbroken >= TURN {
            self.n_unbroken = 0;
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.make_room();
        let room = self.input.get_mut(self.read_to..).unwrap_or_default();
        let n_room = room.len();
        match self.transport.poll_read(task, room) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(Ok(n_read)) => {
                self.read_to += n_read;
                self.n_unbroken += n_read;
                if n_read == n_room {
                    self.room = (2 * self.room).min(MOST_ROOM);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.n_unbroken = 0;
                Poll::Pending
            }
        }
    }

    /// Makes room behind what has arrived, by moving it to the front or by growing.
    fn make_room(&mut self) {
        let n_kept = self.read_to - self.read_from;
        if self.input.len() - self.read_to >= self.room {
            return;
        }
        self.input.copy_within(self.read_from..self.read_to, 0);
        self.read_from = 0;
        self.read_to = n_kept;
        let n_bytes = n_kept + self.room;
        if self.input.len() < n_bytes {
            self.input.resize(n_bytes, 0);
        } else if n_kept == 0 && self.input.len() > KEPT {
            self.input.truncate(n_bytes);
            self.input.shrink_to_fit();
        }
    }
}
