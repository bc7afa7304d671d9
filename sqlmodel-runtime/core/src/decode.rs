//! Decoding: from a driver's row into Rust, by column position, with nothing in between.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::model::{Model, Record};
use crate::texts::Texts;
use crate::value::{Date, Decimal, Duration, Time, Timestamp, Value, ValueKind};

/// A row as a driver holds it: columns by position, read in place.
///
/// Positions start at 0. A method is called only for a position below [`width`](Self::width).
/// Each getter converts what the database sent if that loses nothing, and refuses it otherwise:
/// an integer that does not fit is an error, never a wrapped number.
pub trait RowRead {
    /// Returns the number of columns.
    fn width(&self) -> usize;
    /// Returns the column's name in the result.
    fn column(&self, at: usize) -> &str;
    /// Tells whether the column is NULL.
    fn is_null(&self, at: usize) -> bool;
    /// Returns the column as a dynamic value.
    ///
    /// # Errors
    ///
    /// When the stored bytes are no value at all, such as text that is not UTF-8.
    fn value(&self, at: usize) -> Result<Value<'_>, DecodeError>;
    /// Returns a truth value.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn bool(&self, at: usize) -> Result<bool, DecodeError>;
    /// Returns an integer of any width.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn i64(&self, at: usize) -> Result<i64, DecodeError>;
    /// Returns a floating-point number.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn f64(&self, at: usize) -> Result<f64, DecodeError>;
    /// Returns an exact decimal number.
    ///
    /// # Errors
    ///
    /// When the column holds something else, or more than 38 digits.
    fn decimal(&self, at: usize) -> Result<Decimal, DecodeError>;
    /// Returns text.
    ///
    /// # Errors
    ///
    /// When the column holds something else, or bytes that are not UTF-8.
    fn text(&self, at: usize) -> Result<&str, DecodeError>;
    /// Returns bytes.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn bytes(&self, at: usize) -> Result<Cow<'_, [u8]>, DecodeError>;
    /// Returns a UUID in the byte order of RFC 9562.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn uuid(&self, at: usize) -> Result<[u8; 16], DecodeError>;
    /// Returns a day.
    ///
    /// # Errors
    ///
    /// When the column holds something else, or no day of the calendar.
    fn date(&self, at: usize) -> Result<Date, DecodeError>;
    /// Returns a time of day.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn time(&self, at: usize) -> Result<Time, DecodeError>;
    /// Returns a date and time, in UTC where the column has a zone.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn timestamp(&self, at: usize) -> Result<Timestamp, DecodeError>;
    /// Returns a span of time.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn duration(&self, at: usize) -> Result<Duration, DecodeError>;
    /// Returns JSON text.
    ///
    /// # Errors
    ///
    /// When the column holds something else.
    fn json(&self, at: usize) -> Result<Cow<'_, str>, DecodeError>;
    /// Returns a list of scalars: an array on PostgreSQL, JSON text elsewhere.
    ///
    /// # Errors
    ///
    /// When the column holds something else, or an element is not what `T` takes.
    fn array<T: Decode>(&self, at: usize) -> Result<Vec<T>, DecodeError>;
}

/// Why a column could not be decoded; boxed, because it is rare.
#[derive(Debug)]
pub struct DecodeError(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    at: usize,
    expected: &'static str,
    found: ValueKind,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl DecodeError {
    /// Creates the error for a column that holds another kind of value than expected.
    #[cold]
    pub fn new(at: usize, expected: &'static str, found: ValueKind) -> Self {
        Self(Box::new(Refusal {
            at,
            expected,
            found,
            cause: None,
        }))
    }

    /// Adds the error that tells why the value does not fit.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds the error that tells what is the matter, unless there is one already.
    pub(crate) fn or_cause(self, cause: impl FnOnce() -> Box<dyn StdError + Send + Sync>) -> Self {
        match self.0.cause {
            Some(_) => self,
            None => self.with_cause(cause()),
        }
    }

    /// Returns the same error for another column, where the value was read inside another one.
    #[must_use]
    pub fn moved_to(mut self, at: usize) -> Self {
        self.0.at = at;
        self
    }

    /// Returns the position of the column.
    pub fn at(&self) -> usize {
        self.0.at
    }

    /// Turns this into an [`Error`] that names the column of a `T` and the row of the result, counted from 1.
    #[cold]
    pub fn at_row<T: Decode>(self, row_number: u64) -> Error {
        let column = T::column_name(self.0.at);
        self.into_error(column, row_number)
    }

    /// Turns this into an [`Error`] that names the column of a `T`, or else the column of the result, and the number of the row,
    /// counted from 1.
    #[cold]
    pub fn in_row<T: Decode, R: RowRead>(self, row: &R, row_number: u64) -> Error {
        match T::column_name(self.0.at) {
            Some(name) => self.into_error(Some(name), row_number),
            None => self.in_result(row, row_number),
        }
    }

    /// Turns this into an [`Error`] that names the column as the result does, and the number of the row, counted from 1.
    #[cold]
    pub fn in_result<R: RowRead>(self, row: &R, row_number: u64) -> Error {
        let at = self.0.at;
        let place = format!("column {} (`{}`)", at + 1, row.column(at));
        let n_bytes = place.len();
        self.at_place(&place, row_number)
            .with_unnamed_column(at, n_bytes)
    }

    /// Turns this into an [`Error`] that names the column and the row of the result, counted from 1.
    #[cold]
    pub fn into_error(self, column: Option<(&str, &str)>, row_number: u64) -> Error {
        let place = match column {
            Some((table, column)) => format!("`{table}.{column}`"),
            None => format!("column {}", self.0.at + 1),
        };
        self.at_place(&place, row_number)
    }

    fn at_place(self, place: &str, row_number: u64) -> Error {
        let Refusal {
            at: _,
            expected,
            found,
            cause,
        } = *self.0;
        let reason = cause
            .as_ref()
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        let error = Error::new(
            ErrorKind::Decode,
            format!(
                "{place} of row {row_number} holds {found} where {expected} is expected{reason}"
            ),
        );
        match cause {
            Some(cause) => error.with_cause(cause),
            None => error,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal {
            at,
            expected,
            found,
            cause: _,
        } = &*self.0;
        write!(
            f,
            "column {} holds {found} where {expected} is expected",
            at + 1
        )
    }
}

impl StdError for DecodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}

/// A Rust type that is read from one or more neighbouring columns of a row.
///
/// Scalars take one column, models one for each field, tuples the sum of their parts.
/// `Option` is NULL for a scalar, and the missing side of an outer join for a model.
pub trait Decode: Sized {
    /// The number of columns the type takes.
    const WIDTH: usize = 1;
    /// Whether the value can be of one of several models, or has a part that can.
    const IS_POLYMORPHIC: bool = false;
    /// The texts of a model's statements that are the same every time.
    const TEXTS: Option<&'static Texts> = None;

    /// Reads the value whose first column is at position `at`.
    ///
    /// # Errors
    ///
    /// When a column is NULL without being optional, or holds what the type cannot take.
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError>;

    /// Tells whether the value is missing: NULL, or an outer join without a partner.
    fn is_absent<R: RowRead>(row: &R, at: usize) -> bool {
        row.is_null(at)
    }

    /// Names the table and the column at a position counted from the type's first column.
    fn column_name(offset: usize) -> Option<(&'static str, &'static str)> {
        let _ = offset;
        None
    }
}

impl<M: Model> Decode for M {
    const WIDTH: usize = M::COLUMN_COUNT;
    const TEXTS: Option<&'static Texts> = <M as Record>::TEXTS;

    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        M::from_row(row, at)
    }

    fn is_absent<R: RowRead>(row: &R, at: usize) -> bool {
        M::KEY_POSITIONS
            .iter()
            .all(|position| row.is_null(at + position))
    }

    fn column_name(offset: usize) -> Option<(&'static str, &'static str)> {
        M::fields()
            .get(offset)
            .map(|field| (M::TABLE_NAME, field.column))
    }
}

impl<T: Decode> Decode for Option<T> {
    const WIDTH: usize = T::WIDTH;
    const IS_POLYMORPHIC: bool = T::IS_POLYMORPHIC;

    #[inline]
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        if T::is_absent(row, at) {
            Ok(None)
        } else {
            T::decode(row, at).map(Some)
        }
    }

    fn is_absent<R: RowRead>(row: &R, at: usize) -> bool {
        T::is_absent(row, at)
    }

    fn column_name(offset: usize) -> Option<(&'static str, &'static str)> {
        T::column_name(offset)
    }
}

/// No columns: the key of a model without one.
impl Decode for () {
    const WIDTH: usize = 0;

    fn decode<R: RowRead>(_: &R, _: usize) -> Result<Self, DecodeError> {
        Ok(())
    }

    fn is_absent<R: RowRead>(_: &R, _: usize) -> bool {
        false
    }
}

/// Returns `next` and moves it past `width` columns.
#[inline]
fn take(next: &mut usize, width: usize) -> usize {
    std::mem::replace(next, *next + width)
}

macro_rules! decode_tuple {
    ($($part:ident)+) => {
        impl<$($part: Decode),+> Decode for ($($part,)+) {
            const WIDTH: usize = 0 $(+ $part::WIDTH)+;
            const IS_POLYMORPHIC: bool = false $(|| $part::IS_POLYMORPHIC)+;

            #[inline]
            fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
                let mut next = at;
                Ok(($($part::decode(row, take(&mut next, $part::WIDTH))?,)+))
            }

            fn is_absent<R: RowRead>(row: &R, at: usize) -> bool {
                let mut next = at;
                $($part::is_absent(row, take(&mut next, $part::WIDTH)))&&+
            }

            fn column_name(offset: usize) -> Option<(&'static str, &'static str)> {
                let mut next = 0;
                $(
                    let first = take(&mut next, $part::WIDTH);
                    if offset < next {
                        return $part::column_name(offset - first);
                    }
                )+
                None
            }
        }
    };
}

decode_tuple!(A);
decode_tuple!(A B);
decode_tuple!(A B C);
decode_tuple!(A B C D);
decode_tuple!(A B C D E);
decode_tuple!(A B C D E F);
decode_tuple!(A B C D E F G);
decode_tuple!(A B C D E F G H);
decode_tuple!(A B C D E F G H I);
decode_tuple!(A B C D E F G H I J);
decode_tuple!(A B C D E F G H I J K);
decode_tuple!(A B C D E F G H I J K L);

/// A row that begins with a model: the model itself, or a tuple that a join or an include made of it.
pub trait Head {
    /// The model.
    type Model: Model;

    /// Returns the model.
    fn head(&self) -> &Self::Model;
}

impl<M: Model> Head for M {
    type Model = M;

    fn head(&self) -> &M {
        self
    }
}

/// The row type that results when a join adds `T` to it: `A` becomes `(A, T)`, `(A, B)` becomes `(A, B, T)`.
pub trait Append<T> {
    /// The longer row type.
    type Output;

    /// Returns the longer row.
    fn append(self, last: T) -> Self::Output;
}

impl<M: Model, T> Append<T> for M {
    type Output = (M, T);

    fn append(self, last: T) -> (M, T) {
        (self, last)
    }
}

impl<M: Model, T> Append<T> for Option<M> {
    type Output = (Self, T);

    fn append(self, last: T) -> (Self, T) {
        (self, last)
    }
}

/// The row type in which every part may be missing: what a right or a full join makes of the row before it.
///
/// `A` becomes `Option<A>`, `(A, Option<B>)` becomes `(Option<A>, Option<B>)`.
pub trait Perhaps {
    /// The row type with options.
    type Output: Decode;
}

impl<M: Model> Perhaps for M {
    type Output = Option<M>;
}

impl<M: Model> Perhaps for Option<M> {
    type Output = Self;
}

macro_rules! append_tuple {
    ($($part:ident)+) => {
        impl<$($part,)+ T> Append<T> for ($($part,)+) {
            type Output = ($($part,)+ T);

            #[expect(non_snake_case, reason = "the parts are named after their types")]
            fn append(self, last: T) -> Self::Output {
                let ($($part,)+) = self;
                ($($part,)+ last)
            }
        }

        impl<$($part: Perhaps),+> Perhaps for ($($part,)+) {
            type Output = ($($part::Output,)+);
        }
    };
}

macro_rules! head_tuple {
    ($($rest:ident)+) => {
        impl<M: Model, $($rest),+> Head for (M, $($rest,)+) {
            type Model = M;

            fn head(&self) -> &M {
                &self.0
            }
        }
    };
}

head_tuple!(A);
head_tuple!(A B);
head_tuple!(A B C);
head_tuple!(A B C D);
head_tuple!(A B C D E);
head_tuple!(A B C D E F);
head_tuple!(A B C D E F G);
head_tuple!(A B C D E F G H);
head_tuple!(A B C D E F G H I);
head_tuple!(A B C D E F G H I J);
head_tuple!(A B C D E F G H I J K);

append_tuple!(A B);
append_tuple!(A B C);
append_tuple!(A B C D);
append_tuple!(A B C D E);
append_tuple!(A B C D E F);
append_tuple!(A B C D E F G);
append_tuple!(A B C D E F G H);
append_tuple!(A B C D E F G H I);
append_tuple!(A B C D E F G H I J);
append_tuple!(A B C D E F G H I J K);

/// The Rust type of a field: a base type, or an `Option` of one.
///
/// Comparisons are between base types; whether a side may be NULL does not matter to them.
pub trait FieldValue: crate::encode::Encode + Decode {
    /// The type without its `Option`.
    type Base: FieldValue<Base = Self::Base>;
    /// Whether it is an exact decimal number. SQLite, which stores those as text, has to be told that they are numbers.
    const IS_DECIMAL: bool = false;
    /// Whether it can be NULL.
    const IS_NULLABLE: bool = false;
    /// The driver's function that refuses what is none of this type, opened, where SQLite stores more: an integer of any width.
    const SQLITE_GUARD: Option<&'static str> = None;
    /// The type of a result `U` that is NULL when this value is: `U`, or an `Option` when this is one.
    type Lift<U: FieldValue>: FieldValue<Base = U::Base>;
}

impl<T: FieldValue<Base = T>> FieldValue for Option<T> {
    type Base = T;
    const IS_DECIMAL: bool = T::IS_DECIMAL;
    const IS_NULLABLE: bool = true;
    const SQLITE_GUARD: Option<&'static str> = T::SQLITE_GUARD;
    type Lift<U: FieldValue> = Option<U::Base>;
}

macro_rules! decode_scalar {
    ($($ty:ty $(, $guard:literal)?: |$row:ident, $at:ident| $read:expr;)+) => {$(
        impl Decode for $ty {
            #[inline]
            fn decode<R: RowRead>($row: &R, $at: usize) -> Result<Self, DecodeError> {
                $read
            }
        }

        impl FieldValue for $ty {
            type Base = $ty;
            type Lift<U: FieldValue> = U;
            $(const SQLITE_GUARD: Option<&'static str> = Some($guard);)?
        }
    )+};
}

decode_scalar! {
    bool: |row, at| row.bool(at);
    i16, "sqlmodel_i16(": |row, at| narrow(row.i64(at)?, at, "a 16-bit integer");
    i32, "sqlmodel_i32(": |row, at| narrow(row.i64(at)?, at, "a 32-bit integer");
    i64: |row, at| row.i64(at);
    f32: |row, at| single(row.f64(at)?, at);
    f64: |row, at| row.f64(at);
    String: |row, at| row.text(at).map(str::to_owned);
    Vec<u8>: |row, at| row.bytes(at).map(Cow::into_owned);
    Date: |row, at| row.date(at);
    Time: |row, at| row.time(at);
    Timestamp: |row, at| row.timestamp(at);
    Duration: |row, at| row.duration(at);
    Value<'static>: |row, at| row.value(at).map(Value::into_owned);
}

impl Decode for Decimal {
    #[inline]
    fn decode<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        row.decimal(at)
    }
}

impl FieldValue for Decimal {
    type Base = Self;
    type Lift<U: FieldValue> = U;
    const IS_DECIMAL: bool = true;
}

#[inline]
fn narrow<T: TryFrom<i64>>(wide: i64, at: usize, expected: &'static str) -> Result<T, DecodeError> {
    T::try_from(wide).map_err(|_| DecodeError::new(at, expected, ValueKind::Integer))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the overflow to infinity is checked"
)]
fn single(wide: f64, at: usize) -> Result<f32, DecodeError> {
    let narrow = wide as f32;
    if narrow.is_infinite() && wide.is_finite() {
        return Err(DecodeError::new(
            at,
            "a single-precision number",
            ValueKind::Float,
        ));
    }
    Ok(narrow)
}
