//! A pipe of bytes in both directions, polled.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use sqlmodel_core::seam::net::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

/// A pipe of bytes in both directions. One task waits on it at a time.
pub trait Transport: Send {
    /// Reads what has arrived, and returns how many bytes that were; none at the end of the stream.
    ///
    /// # Errors
    ///
    /// What the operating system reports.
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes what fits, and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// What the operating system reports.
    fn poll_write(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
}

/// One end of a pipe in memory; see [`memory`].
pub struct Memory(DuplexStream);

/// Returns the two ends of a pipe in memory that holds up to `capacity` bytes in each direction; for tests of drivers.
pub fn memory(capacity: usize) -> (Memory, Memory) {
    let (near, far) = duplex(capacity);
    (Memory(near), Memory(far))
}

impl Transport for Memory {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        read(&mut self.0, task, into)
    }

    fn poll_write(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(task, bytes)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

/// Reads from one of the runtime's streams.
pub(crate) fn read(
    stream: &mut (impl AsyncRead + Unpin),
    task: &mut Context<'_>,
    into: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(into);
    match Pin::new(stream).poll_read(task, &mut buffer) {
        Poll::Ready(Ok(())) => Poll::Ready(Ok(buffer.filled().len())),
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending => Poll::Pending,
    }
}
