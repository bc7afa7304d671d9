//! Prepared statements by their text.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use sqlmodel_core::Error;

use super::Handle;
use super::changes_session;
use super::statement::Statement;

/// The guesses that are kept.
const N_GUESSES: usize = 64;

/// The statements that ran last.
pub(super) struct Cache {
    handle: Handle,
    capacity: usize,
    places: HashMap<Arc<str>, usize, BuildHasherDefault<TextHasher>>,
    /// The places of the texts that were asked for last, by where those are in memory. Only a guess: the text is compared.
    guesses: [usize; N_GUESSES],
    slots: Vec<Slot>,
    /// Counts uses.
    clock: u64,
    /// Whether one was prepared that changes the session.
    pub(super) has_changed_session: bool,
}

struct Slot {
    sql: Arc<str>,
    statement: Statement,
    last_used: u64,
}

impl Cache {
    /// Keeps so many statements, one at least.
    pub(super) fn new(handle: Handle, capacity: usize) -> Self {
        Self {
            handle,
            capacity: capacity.max(1),
            places: HashMap::default(),
            guesses: [0; N_GUESSES],
            slots: Vec::new(),
            clock: 0,
            has_changed_session: false,
        }
    }

    /// Forgets all statements, and what they did.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.slots.clear();
        self.has_changed_session = false;
    }

    /// Returns a statement and its place, which is the same until another statement is got.
    pub(super) fn get(&mut self, sql: &str) -> Result<(usize, &mut Statement), Error> {
        let at = self.place(sql)?;
        self.clock += 1;
        let clock = self.clock;
        let slot = self
            .slots
            .get_mut(at)
            .expect("places are those of statements");
        slot.last_used = clock;
        Ok((at, &mut slot.statement))
    }

    #[inline]
    fn place(&mut self, sql: &str) -> Result<usize, Error> {
        let guess = (sql.as_ptr().addr() >> 4) % N_GUESSES;
        let guessed = self.guesses.get(guess).copied().unwrap_or(0);
        if self
            .slots
            .get(guessed)
            .is_some_and(|slot| *slot.sql == *sql)
        {
            return Ok(guessed);
        }
        let at = match self.places.get(sql) {
            Some(at) => *at,
            None => self.add(sql)?,
        };
        if let Some(guessed) = self.guesses.get_mut(guess) {
            *guessed = at;
        }
        Ok(at)
    }

    /// Makes a statement the first to go.
    pub(super) fn demote(&mut self, sql: &str) {
        let at = self.places.get(sql);
        if let Some(slot) = at.and_then(|at| self.slots.get_mut(*at)) {
            slot.last_used = 0;
        }
    }

    /// Returns the statement at a place.
    pub(super) fn at(&mut self, at: usize) -> Option<&mut Statement> {
        self.slots.get_mut(at).map(|slot| &mut slot.statement)
    }

    /// Returns the text of the statement at a place.
    pub(super) fn sql(&self, at: usize) -> &str {
        self.slots.get(at).map_or("", |slot| &slot.sql)
    }

    #[cold]
    fn add(&mut self, sql: &str) -> Result<usize, Error> {
        let slot = Slot {
            sql: sql.into(),
            statement: Statement::prepare(self.handle, sql)?,
            last_used: 0,
        };
        self.has_changed_session |= changes_session(sql);
        let sql = Arc::clone(&slot.sql);
        let at = if self.slots.len() < self.capacity {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            self.replace_oldest(slot)
        };
        self.places.insert(sql, at);
        Ok(at)
    }

    fn replace_oldest(&mut self, slot: Slot) -> usize {
        let slots = self.slots.iter().enumerate();
        let oldest = slots.min_by_key(|(_, slot)| slot.last_used);
        let at = oldest.map_or(0, |(at, _)| at);
        if let Some(place) = self.slots.get_mut(at) {
            self.places.remove(&place.sql);
            *place = slot;
        }
        at
    }
}

/// Hashes the length of a text, its ends and its middle: statements that look alike there are rare, and compared as a whole
/// anyway. Programs, not their users, choose the texts of statements.
#[derive(Default)]
struct TextHasher(u64);

/// The bytes at each end of a text that are hashed.
const END: usize = 24;

impl TextHasher {
    /// Mixes a word in, by the halves of a product (as wyhash does).
    #[inline]
    fn add(&mut self, word: u64) {
        let word = word ^ 0x9e37_79b9_7f4a_7c15;
        let (low, high) = word.carrying_mul(self.0 ^ 0xd1b5_4a32_d192_ed03, 0);
        self.0 = low ^ high;
    }

    #[inline]
    fn add_bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.add(u64::from(*byte));
        }
    }
}

impl Hasher for TextHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64);
        if let Some((first, rest)) = bytes.split_first_chunk::<END>()
            && let Some((middle, last)) = rest.split_last_chunk::<END>()
        {
            self.add_bytes(first);
            self.add_bytes(last);
            let from = middle.len() / 2;
            self.add_bytes(
                middle
                    .get(from..)
                    .and_then(|half| half.get(..16))
                    .unwrap_or(middle),
            );
        } else {
            self.add_bytes(bytes);
        }
    }

    #[inline]
    fn write_u8(&mut self, _: u8) {
        // The end of a text; the length is in the hash.
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
