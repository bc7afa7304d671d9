//! Finding the shard that has the rows of a key.

#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{Key, Value};

/// Databases that have the same tables and each some of the rows, by a key of type `K`, of one column or several.
///
/// A shard is whatever has its rows: a [`Pool`](crate::Pool), or a [`Replicated`](crate::Replicated) one.
/// The type of the key keeps a tenant's number from being taken for a user's.
///
/// # Examples
///
/// ```
/// use sqlmodel_pool::Shards;
///
/// let shards: Shards<&str, i64> = Shards::hashed(vec!["north", "south"]);
/// assert_eq!(shards.of(&7), shards.of(&7));
///
/// let by_range = Shards::by(vec!["old", "new"], |year: &i32| usize::from(*year >= 2000));
/// assert_eq!(*by_range.of(&1999), "old");
/// ```
pub struct Shards<S, K> {
    shards: Vec<S>,
    route: Route<K>,
    key: PhantomData<fn(&K)>,
}

enum Route<K> {
    Hash(fn(&K, usize) -> usize),
    By(Box<dyn Fn(&K) -> usize + Send + Sync>),
}

impl<S, K: Key> Shards<S, K> {
    /// Spreads keys evenly. With a shard more, put at the end, each of the others loses its share of keys to it and nothing else moves.
    ///
    /// The place of a key depends on its stored value and the number of shards alone, now and in later versions.
    ///
    /// # Panics
    ///
    /// When there is no shard.
    pub fn hashed(shards: Vec<S>) -> Self {
        Self::new(
            shards,
            Route::Hash(|key, n_shards| jump(hash(key), n_shards)),
        )
    }
}

impl<S, K> Shards<S, K> {
    /// Asks a function for the position of a key's shard: for ranges, or a directory.
    ///
    /// # Panics
    ///
    /// When there is no shard.
    pub fn by(shards: Vec<S>, route: impl Fn(&K) -> usize + Send + Sync + 'static) -> Self {
        Self::new(shards, Route::By(Box::new(route)))
    }

    fn new(shards: Vec<S>, route: Route<K>) -> Self {
        assert!(!shards.is_empty(), "there is at least one shard");
        Self {
            shards,
            route,
            key: PhantomData,
        }
    }

    /// Returns the shard that has the rows of a key.
    ///
    /// # Panics
    ///
    /// When the function given to [`by`](Self::by) returns a position that no shard has.
    pub fn of(&self, key: &K) -> &S {
        let at = match &self.route {
            Route::Hash(route) => route(key, self.shards.len()),
            Route::By(route) => route(key),
        };
        self.shards
            .get(at)
            .expect("the function returns the position of a shard")
    }

    /// Returns all shards, in order, for what concerns every one.
    pub fn all(&self) -> &[S] {
        &self.shards
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Shards<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.shards).finish()
    }
}

/// FNV-1a over the bytes of a key, mixed by the last steps of MurmurHash3.
/// Integers of every width are alike, so that a key may be widened.
fn hash(key: &impl Key) -> u64 {
    let mut values = Vec::with_capacity(1);
    key.encode_key(&mut values);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for value in &values {
        feed(value, &mut |bytes| {
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        });
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn feed(value: &Value<'_>, eat: &mut impl FnMut(&[u8])) {
    match value {
        Value::Null | Value::Default => eat(&[]),
        Value::Bool(value) => eat(&i64::from(*value).to_le_bytes()),
        Value::I16(value) => eat(&i64::from(*value).to_le_bytes()),
        Value::I32(value) => eat(&i64::from(*value).to_le_bytes()),
        Value::I64(value) => eat(&value.to_le_bytes()),
        Value::F32(value) => eat(&f64::from(*value).to_bits().to_le_bytes()),
        Value::F64(value) => eat(&value.to_bits().to_le_bytes()),
        Value::Decimal(value) => eat(value.to_string().as_bytes()),
        Value::Text(value) | Value::Json(value) => eat(value.as_bytes()),
        Value::Invalid(value) => eat(value.as_bytes()),
        Value::Bytes(value) => eat(value),
        Value::Uuid(value) => eat(value),
        Value::Date(value) => eat(value.to_string().as_bytes()),
        Value::Time(value) => eat(value.to_string().as_bytes()),
        Value::Timestamp(value) | Value::Timestamptz(value) => eat(value.to_string().as_bytes()),
        Value::Duration(value) => eat(&value.micros.to_le_bytes()),
        Value::Array(values) => {
            for value in values {
                feed(value, eat);
            }
        }
    }
}

/// The jump consistent hash of Lamping and Veach (2014): the position of a key among `n_shards`.
fn jump(mut key: u64, n_shards: usize) -> usize {
    let (mut at, mut next) = (0, 0);
    while next < n_shards {
        at = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        // (at + 1) * 2^31 / (the upper 31 bits of the key + 1), in integers so that every machine agrees.
        let divisor = u128::from(key >> 33) + 1;
        let product = (at as u128 + 1) << 31;
        next = usize::try_from(product / divisor).unwrap_or(usize::MAX);
    }
    at
}
