//! Packets: three bytes of length, a number that counts within one exchange, and the payload.
//!
//! A payload of 16,777,215 bytes or more travels in several packets, of which the last is shorter than that.

use super::wire::Malformed;

/// The length of a packet that says that its payload goes on in the next one.
const FULL: usize = 0xff_ffff;
const HEADER: usize = 4;
/// Memory for payloads in several packets that is kept when they are read.
const KEPT: usize = 1024 * 1024;

const TOO_LONG: Malformed = Malformed("packets within `max_packet_bytes`");

/// Finds packets in what has arrived, and joins payloads of several.
#[derive(Debug)]
pub(crate) struct Packets {
    joined: Vec<u8>,
    is_joining: bool,
    next_number: u8,
    max_payload: usize,
}

/// What stands at the front of what has arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Front<'b> {
    /// A packet of which more has to arrive.
    Incomplete,
    /// A part of a payload, which was taken in; the caller drops this many bytes and asks again.
    Part { n_bytes: usize },
    /// A payload; when it is read, the caller drops this many bytes.
    Payload { payload: &'b [u8], n_bytes: usize },
}

impl Packets {
    /// Joins payloads of up to `max_payload` bytes.
    pub(crate) fn new(max_payload: usize) -> Self {
        Self {
            joined: Vec::new(),
            is_joining: false,
            next_number: 0,
            max_payload,
        }
    }

    /// Says which number the next packet has.
    pub(crate) fn expect_number(&mut self, number: u8) {
        self.next_number = number;
    }

    /// Returns the number of the packet after the last one that was read.
    pub(crate) fn next_number(&self) -> u8 {
        self.next_number
    }

    /// Looks at the first packet of what has arrived.
    pub(crate) fn front<'b>(&'b mut self, arrived: &'b [u8]) -> Result<Front<'b>, Malformed> {
        let Some((&[a, b, c, number], rest)) = arrived.split_first_chunk::<HEADER>() else {
            return Ok(Front::Incomplete);
        };
        let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        // Before it has arrived, so that nothing is taken in which is refused afterwards.
        if length > self.max_payload {
            return Err(TOO_LONG);
        }
        let Some(payload) = rest.get(..length) else {
            return Ok(Front::Incomplete);
        };
        // A server that gives up sends its last word whenever it likes.
        let is_error = payload.first() == Some(&0xff);
        if number != self.next_number && !is_error {
            return Err(Malformed("packets in their order"));
        }
        self.next_number = number.wrapping_add(1);
        let n_bytes = HEADER + length;
        if length < FULL && !self.is_joining {
            return Ok(Front::Payload { payload, n_bytes });
        }
        self.join(payload, n_bytes)
    }

    fn join(&mut self, part: &[u8], n_bytes: usize) -> Result<Front<'_>, Malformed> {
        if !self.is_joining {
            self.joined.clear();
            self.joined.shrink_to(KEPT);
        }
        if self.joined.len() + part.len() > self.max_payload {
            return Err(TOO_LONG);
        }
        self.joined.extend_from_slice(part);
        self.is_joining = part.len() == FULL;
        Ok(match self.is_joining {
            true => Front::Part { n_bytes },
            false => Front::Payload {
                payload: &self.joined,
                n_bytes,
            },
        })
    }
}

/// Appends a packet, or several where the payload is long, and returns the number that the next one has.
///
/// Nothing is appended when `write` fails.
pub(crate) fn push_packet<E>(
    out: &mut Vec<u8>,
    number: u8,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<u8, E> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    if let Err(error) = write(out) {
        out.truncate(start);
        return Err(error);
    }
    let length = out.len() - start - HEADER;
    if length < FULL {
        if let Some(place) = out.get_mut(start..start + HEADER) {
            place.copy_from_slice(&header(length, number));
        }
        return Ok(number.wrapping_add(1));
    }
    let payload = out.split_off(start + HEADER);
    out.truncate(start);
    Ok(push_split(out, number, &payload))
}

fn push_split(out: &mut Vec<u8>, mut number: u8, payload: &[u8]) -> u8 {
    let mut rest = payload;
    loop {
        let (part, behind) = rest.split_at(rest.len().min(FULL));
        out.extend_from_slice(&header(part.len(), number));
        out.extend_from_slice(part);
        number = number.wrapping_add(1);
        rest = behind;
        // A payload that fills its last packet is followed by an empty one.
        if part.len() < FULL {
            return number;
        }
    }
}

fn header(length: usize, number: u8) -> [u8; HEADER] {
    let [a, b, c, ..] = (length as u64).to_le_bytes();
    [a, b, c, number]
}
