//! What a server says unasked and nobody has taken yet, within limits.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// The most messages of a kind that are kept for a program which does not take them.
const MAX_MESSAGES: usize = 10_000;
/// The most bytes of them, as they arrived.
const MAX_BYTES: usize = 16 << 20;

/// Messages in the order of their arrival. The oldest go when there are too many, and one that is too long is not kept.
#[derive(Debug)]
pub(crate) struct Kept<M> {
    messages: VecDeque<(usize, M)>,
    n_bytes: usize,
}

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self {
            messages: VecDeque::new(),
            n_bytes: 0,
        }
    }
}

impl<M> Kept<M> {
    /// Keeps a message that arrived as `n_bytes`.
    pub(crate) fn push(&mut self, message: M, n_bytes: usize) {
        self.messages.push_back((n_bytes, message));
        self.n_bytes += n_bytes;
        while self.messages.len() > MAX_MESSAGES || self.n_bytes > MAX_BYTES {
            self.pop();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes the oldest.
    pub(crate) fn pop(&mut self) -> Option<M> {
        let (n_bytes, message) = self.messages.pop_front()?;
        self.n_bytes -= n_bytes;
        Some(message)
    }

    /// Takes all.
    pub(crate) fn take(&mut self) -> Vec<M> {
        let messages = std::mem::take(self).messages;
        messages.into_iter().map(|(_, message)| message).collect()
    }
}
