//! Pages that begin after a row instead of at a number, so that each costs the same.

use sqlmodel_core::{FieldValue, Value};

use crate::expr::Token;
use crate::operators::Ordering;
use crate::query::{Nulls, Order};
use crate::scope::{AlwaysThere, Covers};
use crate::select::Select;

/// What [`Select::seek`] orders by: one ordering or a tuple of up to four, of tables that every row has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sought in",
    label = "expected orderings of columns of tables that no outer join leaves out"
)]
pub trait Keyset<Scope, Proof> {
    /// The values of the orderings in one row.
    type Key;

    /// Appends the orderings, and the values of a row.
    #[doc(hidden)]
    fn push_keys(self, after: Option<Self::Key>, keys: &mut KeyList);
}

/// Orderings, and their values in the row to begin behind.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct KeyList {
    keys: Vec<SeekKey>,
    values: Vec<Value<'static>>,
}

#[derive(Debug)]
struct SeekKey {
    order: Order,
    /// Where NULLs are, if there can be any.
    nulls: Option<Nulls>,
}

impl<Scope, S, T, Proof> Keyset<Scope, Proof> for Ordering<S, T>
where
    Scope: Covers<S, Proof, Presence: AlwaysThere>,
    T: FieldValue,
{
    type Key = T;

    fn push_keys(self, after: Option<T>, keys: &mut KeyList) {
        let mut order = self.into_order();
        let mut nulls = None;
        if T::IS_NULLABLE {
            // Databases disagree: NULL is the smallest value, as it is where SQLite and MySQL have it in their indexes.
            let smallest = match order.is_descending {
                false => Nulls::First,
                true => Nulls::Last,
            };
            nulls = Some(*order.nulls.get_or_insert(smallest));
        }
        keys.keys.push(SeekKey { order, nulls });
        keys.values.extend(after.map(|value| value.into_value()));
    }
}

macro_rules! keyset_tuple {
    ($($part:ident $proof:ident $key:ident),+) => {
        impl<Scope, $($part, $proof),+> Keyset<Scope, ($($proof,)+)> for ($($part,)+)
        where
            $($part: Keyset<Scope, $proof>,)+
        {
            type Key = ($($part::Key,)+);

            #[expect(non_snake_case, reason = "the parts are named after their types")]
            fn push_keys(self, after: Option<Self::Key>, keys: &mut KeyList) {
                let ($($part,)+) = self;
                let ($($key,)+) = match after {
                    Some(($($key,)+)) => ($(Some($key),)+),
                    None => Default::default(),
                };
                $($part.push_keys($key, keys);)+
            }
        }
    };
}

keyset_tuple!(A P a, B Q b);
keyset_tuple!(A P a, B Q b, C R c);
keyset_tuple!(A P a, B Q b, C R c, D S d);

impl<R, Scope, Form, Outer> Select<R, Scope, Form, Outer> {
    /// Orders the rows by `keys`, and returns those behind the row whose keys are `after`, or all for `None`.
    ///
    /// Together the keys must tell rows apart, so the last is usually the primary key.
    /// A page costs the same wherever it is, given an index on the keys.
    /// NULL is the smallest value, unless the ordering says `nulls_first` or `nulls_last`.
    /// The keys come before other orders of the query, wherever they are said.
    ///
    /// `Hero::select().seek((Hero::NAME.asc(), Hero::ID.asc()), Some(("Deadpond".to_owned(), 1))).limit(20)`
    pub fn seek<K, Proof>(mut self, keys: K, after: Option<K::Key>) -> Self
    where
        K: Keyset<Scope, Proof>,
    {
        let mut list = KeyList::default();
        keys.push_keys(after, &mut list);
        let KeyList { keys, values } = list;
        if !values.is_empty() {
            self.add_conditions(behind(&keys, &values));
        }
        self.add_first_orders(keys.into_iter().map(|key| key.order).collect());
        self
    }
}

/// Returns the conditions for rows behind the one with these values: `a >= x AND (a > x OR a = x AND b > y)`.
///
/// The first condition follows from the second; it is there for indexes.
fn behind(keys: &[SeekKey], values: &[Value<'static>]) -> Vec<Vec<Token>> {
    let keys: Vec<_> = keys.iter().zip(values).collect();
    let [(first, value), rest @ ..] = &*keys else {
        return Vec::new();
    };
    if rest.is_empty() {
        return vec![first.behind(value).unwrap_or_else(nothing)];
    }
    let mut alternatives = vec![Token::Text("(")];
    for (position, (key, value)) in keys.iter().enumerate() {
        let Some(behind) = key.behind(value) else {
            continue;
        };
        if alternatives.len() > 1 {
            alternatives.push(Token::Text(" OR "));
        }
        for (equal, value) in keys.iter().take(position) {
            alternatives.extend(equal.at(value));
            alternatives.push(Token::Text(" AND "));
        }
        alternatives.extend(behind);
    }
    if alternatives.len() == 1 {
        return vec![nothing()];
    }
    alternatives.push(Token::Text(")"));
    first
        .from(value)
        .into_iter()
        .chain([alternatives])
        .collect()
}

/// The condition that no row meets.
fn nothing() -> Vec<Token> {
    vec![Token::Text("1 = 0")]
}

impl SeekKey {
    /// Holds for rows that have the value.
    fn at(&self, value: &Value<'static>) -> Vec<Token> {
        match value {
            Value::Null => self.is("", " IS NULL"),
            value => self.compare(" = ", value),
        }
    }

    /// Holds for rows that come behind those with the value, of which there are none behind a last NULL.
    fn behind(&self, value: &Value<'static>) -> Option<Vec<Token>> {
        match (value, self.nulls) {
            (Value::Null, Some(Nulls::Last)) => None,
            (Value::Null, _) => Some(self.is("", " IS NOT NULL")),
            (value, _) => {
                Some(self.or_last_null(self.compare(self.direction(" > ", " < "), value)))
            }
        }
    }

    /// Holds for rows that have the value or come behind it; `None` where all do.
    fn from(&self, value: &Value<'static>) -> Option<Vec<Token>> {
        match (value, self.nulls) {
            (Value::Null, Some(Nulls::Last)) => Some(self.is("", " IS NULL")),
            (Value::Null, _) => None,
            (value, _) => {
                Some(self.or_last_null(self.compare(self.direction(" >= ", " <= "), value)))
            }
        }
    }

    fn direction(&self, rising: &'static str, falling: &'static str) -> &'static str {
        if self.order.is_descending {
            falling
        } else {
            rising
        }
    }

    fn or_last_null(&self, condition: Vec<Token>) -> Vec<Token> {
        if self.nulls != Some(Nulls::Last) {
            return condition;
        }
        let open = vec![Token::Text("(")];
        [open, condition, self.is(" OR ", " IS NULL)")].concat()
    }

    fn compare(&self, operator: &'static str, value: &Value<'static>) -> Vec<Token> {
        let mut tokens = self.is("", operator);
        tokens.push(Token::Param(value.clone()));
        tokens
    }

    /// Returns the expression between two texts, as an operand.
    fn is(&self, before: &'static str, after: &'static str) -> Vec<Token> {
        let expression = self.order.tokens.as_slice();
        let is_operand = matches!(expression, [_] | [_, Token::DecimalOrder]);
        let (open, close) = if is_operand { ("", "") } else { ("(", ")") };
        let mut tokens = vec![Token::Text(before), Token::Text(open)];
        tokens.extend_from_slice(expression);
        tokens.extend([Token::Text(close), Token::Text(after)]);
        tokens
    }
}
