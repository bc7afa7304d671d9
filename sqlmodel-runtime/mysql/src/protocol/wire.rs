//! The alphabet of the protocol: integers with the lowest byte first, and bytes behind their length.

/// The server sent what is not the protocol. Holds what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The unread rest of a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'p>(&'p [u8]);

impl<'p> Cursor<'p> {
    pub(crate) fn new(payload: &'p [u8]) -> Self {
        Self(payload)
    }

    pub(crate) fn rest(self) -> &'p [u8] {
        self.0
    }

    #[inline]
    pub(crate) fn take(&mut self, n_bytes: usize) -> Result<&'p [u8], Malformed> {
        let (taken, rest) = self
            .0
            .split_at_checked(n_bytes)
            .ok_or(Malformed("more bytes in a packet"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self
            .0
            .split_first_chunk()
            .ok_or(Malformed("more bytes in a packet"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads an integer of one, three, four or nine bytes. The first byte tells which; 0xfb (NULL) and 0xff are none.
    #[inline]
    pub(crate) fn length(&mut self) -> Result<u64, Malformed> {
        match self.u8()? {
            first @ ..0xfb => Ok(u64::from(first)),
            0xfc => self.u16().map(u64::from),
            0xfd => self
                .array()
                .map(|[a, b, c]| u64::from(u32::from_le_bytes([a, b, c, 0]))),
            0xfe => self.array().map(u64::from_le_bytes),
            0xfb | 0xff => Err(Malformed("a length")),
        }
    }

    /// Reads bytes behind their length.
    #[inline]
    pub(crate) fn sized(&mut self) -> Result<&'p [u8], Malformed> {
        let n_bytes = self.length()?;
        self.take(usize::try_from(n_bytes).map_err(|_| Malformed("a length that fits in memory"))?)
    }

    /// Reads bytes up to a zero, and the zero.
    pub(crate) fn until_zero(&mut self) -> Result<&'p [u8], Malformed> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let taken = self.take(end.ok_or(Malformed("a zero behind a text"))?)?;
        self.u8()?;
        Ok(taken)
    }
}

/// Appends an integer that [`Cursor::length`] reads.
pub(crate) fn push_length(out: &mut Vec<u8>, length: usize) {
    let bytes = (length as u64).to_le_bytes();
    let (head, width): (&[u8], usize) = match length {
        0..=0xfa => (&[], 1),
        0xfb..=0xffff => (&[0xfc], 2),
        0x1_0000..=0xff_ffff => (&[0xfd], 3),
        _ => (&[0xfe], 8),
    };
    out.extend_from_slice(head);
    out.extend(bytes.into_iter().take(width));
}

/// Appends bytes behind their length.
pub(crate) fn push_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    push_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends text and a zero. A zero within the text would end it early, so callers refuse one.
pub(crate) fn push_until_zero(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}
