//! Reading numbers and texts from bytes that somebody else wrote.

use super::Malformed;

/// A position in a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(crate) fn bytes(&mut self, n_bytes: usize) -> Result<&'b [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(n_bytes).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    /// A number of bytes, or `None` for -1: the length of a value that may be NULL.
    #[inline]
    pub(crate) fn nullable_length(&mut self) -> Result<Option<usize>, Malformed> {
        match self.i32()? {
            -1 => Ok(None),
            n_bytes => usize::try_from(n_bytes).map(Some).map_err(|_| Malformed),
        }
    }

    /// A text that ends with a zero byte.
    pub(crate) fn c_string(&mut self) -> Result<&'b [u8], Malformed> {
        let length = self.0.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
        let text = self.bytes(length)?;
        self.u8()?;
        Ok(text)
    }

    pub(crate) fn c_str(&mut self) -> Result<&'b str, Malformed> {
        std::str::from_utf8(self.c_string()?).map_err(|_| Malformed)
    }
}
