//! Encoding: from Rust into a [`Value`], borrowing wherever the data allows it.

use std::borrow::Cow;

use crate::decode::Decode;
use crate::value::{Date, Decimal, Duration, Time, Timestamp, Value};

/// A Rust type that is stored in one column.
///
/// The counterpart of [`Decode`](crate::Decode). A type of your own implements both, and the schema
/// names it by path.
pub trait Encode: Send + Sync {
    /// Returns the value to store, borrowing from `self` where it can.
    fn encode(&self) -> Value<'_>;

    /// Returns the value to store, taking its data from `self`.
    fn into_value(self) -> Value<'static>
    where
        Self: Sized,
    {
        self.encode().into_owned()
    }
}

macro_rules! encode_copy {
    ($($ty:ty => $variant:ident),+ $(,)?) => {$(
        impl Encode for $ty {
            #[inline]
            fn encode(&self) -> Value<'_> {
                Value::$variant(*self)
            }
        }
    )+};
}

encode_copy! {
    bool => Bool,
    i16 => I16,
    i32 => I32,
    i64 => I64,
    f32 => F32,
    f64 => F64,
    Decimal => Decimal,
    Date => Date,
    Time => Time,
    Timestamp => Timestamp,
    Duration => Duration,
}

impl Encode for String {
    #[inline]
    fn encode(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }

    fn into_value(self) -> Value<'static> {
        Value::Text(Cow::Owned(self))
    }
}

impl Encode for Vec<u8> {
    #[inline]
    fn encode(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }

    fn into_value(self) -> Value<'static> {
        Value::Bytes(Cow::Owned(self))
    }
}

impl Encode for Value<'static> {
    fn encode(&self) -> Value<'_> {
        self.clone()
    }

    fn into_value(self) -> Value<'static> {
        self
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Encode::encode)
    }

    fn into_value(self) -> Value<'static> {
        self.map_or(Value::Null, Encode::into_value)
    }
}

/// A primary key: one value, or a tuple with one for each key column in the order of the schema.
pub trait Key: Decode + Send + Sync {
    /// Appends the key's values to `values`.
    fn encode_key<'a>(&'a self, values: &mut Vec<Value<'a>>);
}

impl<T: Encode + Decode> Key for T {
    fn encode_key<'a>(&'a self, values: &mut Vec<Value<'a>>) {
        values.push(self.encode());
    }
}

/// The key of rows that have none, such as those of a query.
impl Key for () {
    fn encode_key<'a>(&'a self, _: &mut Vec<Value<'a>>) {}
}

macro_rules! key_tuple {
    ($($part:ident)+) => {
        impl<$($part: Encode + Decode),+> Key for ($($part,)+) {
            #[expect(non_snake_case, reason = "the parts are named after their types")]
            fn encode_key<'a>(&'a self, values: &mut Vec<Value<'a>>) {
                let ($($part,)+) = self;
                $(values.push($part.encode());)+
            }
        }
    };
}

key_tuple!(A B);
key_tuple!(A B C);
key_tuple!(A B C D);
key_tuple!(A B C D E);
key_tuple!(A B C D E F);
