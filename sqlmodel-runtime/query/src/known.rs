//! Texts of statements that were written before, found by the pieces that they are made of.
//!
//! A statement is written by one function, which gives either its text or the list of its pieces: constant texts, names,
//! numbers, placeholders. The text follows from the dialect and the pieces, so equal lists have equal texts; values of
//! parameters are not among them. To list the pieces costs a fraction of writing the text.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use sqlmodel_core::{Dialect, Error, Statement, Value};

use crate::query::ModelColumns;
use crate::render::Writer;

/// The bytes of texts and lists that a thread keeps at most, in each of two halves.
const MAX_BYTES: usize = 1 << 20;

/// The largest text that is kept.
const MAX_TEXT: usize = 512 << 10;

/// A statement whose text may be shared with others.
#[derive(Debug)]
pub(crate) struct KnownStatement<'a> {
    pub(crate) sql: Arc<str>,
    pub(crate) params: Vec<Value<'a>>,
}

impl KnownStatement<'_> {
    pub(crate) fn statement(&self) -> Statement<'_> {
        Statement::new(&self.sql, &self.params)
    }
}

/// Returns the statement that `write` writes, with a text that this thread has already where it does.
///
/// `write` is called a second time when the text is new.
///
/// # Errors
///
/// What `write` refuses.
pub(crate) fn known<'a>(
    dialect: Dialect,
    write: &dyn Fn(&mut Writer<'a>),
) -> Result<KnownStatement<'a>, Error> {
    let scratch = TEXTS.try_with(|texts| std::mem::take(&mut texts.borrow_mut().scratch));
    let mut writer = Writer::of_pieces(dialect, Pieces::new(dialect, scratch.unwrap_or_default()));
    write(&mut writer);
    let Some((pieces, params)) = writer.into_pieces() else {
        return written(dialect, write);
    };
    let known = TEXTS.try_with(|texts| texts.borrow_mut().get(&pieces));
    let sql = match known {
        Ok(Some(sql)) => sql,
        _ => {
            let sql = written(dialect, write)?.sql;
            // A thread that ends has no texts any more.
            let _ = TEXTS.try_with(|texts| texts.borrow_mut().insert(&pieces, &sql));
            sql
        }
    };
    debug_assert_eq!(
        written(dialect, write)?.sql,
        sql,
        "equal pieces have equal texts"
    );
    let _ = TEXTS.try_with(|texts| texts.borrow_mut().scratch = pieces);
    Ok(KnownStatement { sql, params })
}

/// Returns the text of a statement of which no part can be refused, as [`known`] does.
pub(crate) fn known_text<'a>(dialect: Dialect, write: &dyn Fn(&mut Writer<'a>)) -> Arc<str> {
    let known = known(dialect, write);
    known.expect("no part of it is ever refused").sql
}

#[cold]
fn written<'a>(
    dialect: Dialect,
    write: &dyn Fn(&mut Writer<'a>),
) -> Result<KnownStatement<'a>, Error> {
    let mut writer = Writer::new(dialect);
    write(&mut writer);
    let rendered = writer.try_finish()?;
    Ok(KnownStatement {
        sql: rendered.sql.into(),
        params: rendered.params,
    })
}

/// The pieces of a statement as words: for each what it is, and what its text depends on.
///
/// Constants are known by their address and length: what is `'static` stays where it is, and as it is.
/// No list of pieces is the beginning of another's words, because each piece tells its own length.
#[derive(Debug)]
pub(crate) struct Pieces(Vec<u64>);

/// What a piece is, in the low bits of its first word.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Name,
    MadeName,
    Param,
    ParamRows,
    Number,
    Integer,
    Literal,
    Alias,
    Models,
}

/// The bits that a [`Kind`] takes.
const KIND_BITS: u32 = 4;

impl Pieces {
    fn new(dialect: Dialect, mut words: Vec<u64>) -> Self {
        words.clear();
        words.push(dialect as u64);
        Self(words)
    }

    fn piece<const N: usize>(&mut self, kind: Kind, number: usize, rest: [u64; N]) {
        self.0.push((number as u64) << KIND_BITS | kind as u64);
        self.0.extend_from_slice(&rest);
    }

    pub(crate) fn text(&mut self, text: &'static str) {
        self.piece(Kind::Text, text.len(), [address(text.as_bytes())]);
    }

    pub(crate) fn name(&mut self, name: &'static str) {
        self.piece(Kind::Name, name.len(), [address(name.as_bytes())]);
    }

    /// A name that is no constant: known by what it says.
    pub(crate) fn made_name(&mut self, name: &str) {
        self.piece(Kind::MadeName, name.len(), []);
        self.0.extend(name.bytes().map(u64::from));
    }

    pub(crate) fn param(&mut self) {
        self.piece(Kind::Param, 0, []);
    }

    pub(crate) fn param_rows(&mut self, n_rows: usize, n_columns: usize) {
        self.piece(Kind::ParamRows, n_rows, [n_columns as u64]);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.piece(Kind::Number, 0, [number]);
    }

    pub(crate) fn integer(&mut self, integer: i64) {
        self.piece(Kind::Integer, 0, [integer.cast_unsigned()]);
    }

    pub(crate) fn literal(&mut self, text: &'static str) {
        self.piece(Kind::Literal, text.len(), [address(text.as_bytes())]);
    }

    pub(crate) fn alias(&mut self, position: usize) {
        self.piece(Kind::Alias, position, []);
    }

    pub(crate) fn models(&mut self, first: &ModelColumns, others: &[ModelColumns]) {
        self.piece(Kind::Models, 1 + others.len(), []);
        for ModelColumns {
            name,
            key,
            fields,
            part: _,
        } in std::iter::once(first).chain(others)
        {
            self.0.extend_from_slice(&[
                address(name.as_bytes()),
                name.len() as u64,
                address(key),
                key.len() as u64,
                address(fields),
                fields.len() as u64,
            ]);
        }
    }

    pub(crate) fn into_words(self) -> Vec<u64> {
        self.0
    }
}

fn address<T>(constant: &'static [T]) -> u64 {
    constant.as_ptr().addr() as u64
}

thread_local! {
    static TEXTS: RefCell<Texts> = RefCell::default();
}

/// The texts that a thread has written.
///
/// When the younger half is full it becomes the older one, whose texts are forgotten but for those that were used again.
#[derive(Default)]
struct Texts {
    younger: Half,
    older: Half,
    /// The memory of the last list of pieces, for the next one.
    scratch: Vec<u64>,
}

#[derive(Default)]
struct Half {
    texts: HashMap<Box<[u64]>, Arc<str>, BuildHasherDefault<WordHasher>>,
    n_bytes: usize,
}

impl Texts {
    fn get(&mut self, pieces: &[u64]) -> Option<Arc<str>> {
        if let Some(sql) = self.younger.texts.get(pieces) {
            return Some(Arc::clone(sql));
        }
        let sql = Arc::clone(self.older.texts.get(pieces)?);
        self.insert(pieces, &sql);
        Some(sql)
    }

    fn insert(&mut self, pieces: &[u64], sql: &Arc<str>) {
        if sql.len() > MAX_TEXT {
            return;
        }
        let n_bytes = sql.len() + size_of_val(pieces);
        if self.younger.n_bytes + n_bytes > MAX_BYTES {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.n_bytes += n_bytes;
        self.younger.texts.insert(pieces.into(), Arc::clone(sql));
    }
}

/// Hashes words two at a time, by the halves of their product (as wyhash does). Addresses and lengths are nobody's choice.
#[derive(Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        for [a, b, c, d, e, f, g, h, rest @ ..] in pairs {
            let first = u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            self.add(first, u64::from_le_bytes(*rest));
        }
        let (words, rest) = rest.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word), 0);
        }
        for byte in rest {
            self.add(u64::from(*byte), 0);
        }
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.add(number as u64, 0);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

impl WordHasher {
    #[inline]
    fn add(&mut self, first: u64, second: u64) {
        let first = first ^ self.0 ^ 0x9e37_79b9_7f4a_7c15;
        let (low, high) = first.carrying_mul(second ^ 0xd1b5_4a32_d192_ed03, 0);
        self.0 = low ^ high;
    }
}
