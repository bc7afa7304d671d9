//! Pages that begin after a row instead of at a number, so that each costs the same.

use sqlmodel_core::{Encode, FieldValue, Value};

use crate::expr::Token;
use crate::operators::Ordering;
use crate::query::Order;
use crate::scope::Covers;
use crate::select::Select;

/// What [`Select::seek`] orders by: one ordering or a tuple of up to four, none of which may be NULL.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sought in",
    label = "expected orderings of columns that are never NULL"
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
    orders: Vec<Order>,
    values: Vec<Value<'static>>,
}

impl<Scope, S, T, Proof> Keyset<Scope, Proof> for Ordering<S, T>
where
    Scope: Covers<S, Proof, Presence = bool>,
    T: FieldValue<Base = T>,
{
    type Key = T;

    fn push_keys(self, after: Option<T>, keys: &mut KeyList) {
        keys.orders.push(self.into_order());
        keys.values.extend(after.map(Encode::into_value));
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
    ///
    /// `Hero::select().seek((Hero::NAME.asc(), Hero::ID.asc()), Some(("Deadpond".to_owned(), 1))).limit(20)`
    #[must_use]
    pub fn seek<K, Proof>(mut self, keys: K, after: Option<K::Key>) -> Self
    where
        K: Keyset<Scope, Proof>,
    {
        let mut list = KeyList::default();
        keys.push_keys(after, &mut list);
        let KeyList { orders, values } = list;
        if !values.is_empty() {
            self.add_conditions(behind(&orders, &values));
        }
        self.add_orders(orders);
        self
    }
}

/// Returns the conditions for rows behind the one with these values: `a >= x AND (a > x OR a = x AND b > y)`.
///
/// The first condition follows from the second; it is there for indexes.
fn behind(orders: &[Order], values: &[Value<'static>]) -> Vec<Vec<Token>> {
    let compare = |order: &Order, rising, falling, value: &Value<'static>| {
        let mut tokens = order.tokens.clone();
        tokens.push(Token::Text(if order.is_descending {
            falling
        } else {
            rising
        }));
        tokens.push(Token::Param(value.clone()));
        tokens
    };
    let keys: Vec<_> = orders.iter().zip(values).collect();
    let [(first, value), rest @ ..] = &*keys else {
        return Vec::new();
    };
    if rest.is_empty() {
        return vec![compare(first, " > ", " < ", value)];
    }
    let mut alternatives = vec![Token::Text("(")];
    for (position, (order, value)) in keys.iter().enumerate() {
        if position > 0 {
            alternatives.push(Token::Text(" OR "));
        }
        for (equal, value) in keys.iter().take(position) {
            alternatives.extend(compare(equal, " = ", " = ", value));
            alternatives.push(Token::Text(" AND "));
        }
        alternatives.extend(compare(order, " > ", " < ", value));
    }
    alternatives.push(Token::Text(")"));
    vec![compare(first, " >= ", " <= ", value), alternatives]
}
