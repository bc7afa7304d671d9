//! Common table expressions: queries with a name, which other queries read like a table.

use sqlmodel_core::value::Decimal;
use sqlmodel_core::{Dialect, Error, FieldInfo, FieldValue, Model};

use crate::compound::{Compound, CompoundQuery};
use crate::delete::Delete;
use crate::projection::FromColumns;
use crate::query::Query;
use crate::render::Writer;
use crate::select::{Expressions, Select};
use crate::update::Update;

/// A query with a name, for [`Select::with`], [`Update::with`] and [`Delete::with`].
#[derive(Debug, Clone)]
pub struct With(CommonQuery);

#[derive(Debug, Clone)]
pub(crate) struct CommonQuery {
    name: &'static str,
    columns: &'static [&'static str],
    query: CompoundQuery,
    is_recursive: bool,
}

/// The rows of a query with a name; declared with [`cte!`](crate::cte).
pub trait CommonTable: Model {
    /// Says what the rows are: the query's columns have the types of the fields, in the same order.
    fn of<R, Scope>(query: Select<R, Scope, Expressions>) -> With
    where
        Self: FromColumns<R>,
    {
        With(common::<Self>(CompoundQuery::of(query.into_query())))
    }

    /// Says what the rows are by a query that may read the rows themselves, as long as it finds new ones:
    /// `first.union_all(next)`, where `next` begins at `select_from::<Self>()`.
    ///
    /// With `union` instead of `union_all`, a row that was found before is no new one, so that cycles end.
    /// Texts and decimals may grow: the first query's are given the widest type, which has 16,383 characters on MySQL.
    fn recursive<R>(query: Compound<R>) -> With
    where
        Self: FromColumns<R>,
    {
        let mut query = query.into_query();
        query.widen(&Self::casts());
        With(CommonQuery {
            is_recursive: true,
            ..common::<Self>(query)
        })
    }

    /// What ends the CAST of each column to the widest type that it may have; for [`cte!`](crate::cte).
    #[doc(hidden)]
    fn casts() -> Vec<Option<[&'static str; 3]>>;
}

fn common<M: Model>(query: CompoundQuery) -> CommonQuery {
    CommonQuery {
        name: M::TABLE_NAME,
        columns: M::COLUMNS,
        query,
        is_recursive: false,
    }
}

impl<R, Scope, Form, Outer> Select<R, Scope, Form, Outer> {
    /// Gives a query a name, under which this one reads it like a table: `WITH name AS (..) SELECT ..`.
    pub fn with(self, common: With) -> Self {
        let mut query = self.into_query();
        query.rare_mut().common.push(common.0);
        Self::from_query(query)
    }
}

impl<M: Model, State, Scope> Update<M, State, Scope> {
    /// Gives a query a name, under which the update joins it, or subqueries read it: `WITH name AS (..) UPDATE ..`.
    ///
    /// MariaDB has no such statement; on MySQL and MariaDB it is an [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported)
    /// error, and the query gets its name in the subquery that reads it.
    pub fn with(mut self, common: With) -> Self {
        self.common.push(common.0);
        self
    }
}

impl<M: Model, State, Scope> Delete<M, State, Scope> {
    /// Gives a query a name, under which the delete joins it, or subqueries read it: `WITH name AS (..) DELETE ..`.
    ///
    /// MariaDB has no such statement; on MySQL and MariaDB it is an [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported)
    /// error, and the query gets its name in the subquery that reads it.
    pub fn with(mut self, common: With) -> Self {
        self.common.push(common.0);
        self
    }
}

/// Writes queries with a name in front of a statement that reads them.
pub(crate) fn write_common(all: &[CommonQuery], writer: &mut Writer<'_>) {
    let is_recursive = all.iter().any(|common| common.is_recursive);
    for (position, common) in all.iter().enumerate() {
        writer.text(match position {
            0 if is_recursive => "WITH RECURSIVE ",
            0 => "WITH ",
            _ => ", ",
        });
        writer.identifier(common.name);
        writer.text(" (");
        writer.columns(common.columns.iter().copied());
        writer.text(") AS (");
        if common.is_recursive {
            writer.common.push(common.name);
        }
        common.query.write(writer);
        if !common.is_recursive {
            writer.common.push(common.name);
        }
        writer.text(")");
    }
    if !all.is_empty() {
        writer.text(" ");
    }
}

/// Refuses queries with a name where they cannot be in front of a statement that changes rows.
pub(crate) fn check_before_change<M: Model>(
    all: &[CommonQuery],
    dialect: Dialect,
    is_split: bool,
) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let instead = "give the query its name in the subquery that reads it, \
                   `in_query(select_from::<Named>().columns(..).with(..))`";
    if dialect == Dialect::Mysql {
        return Err(Error::unsupported(format!(
            "MySQL and MariaDB have no common form of WITH in front of UPDATE and DELETE: {instead}"
        )));
    }
    if is_split {
        return Err(Error::unsupported(format!(
            "rows of `{}` are in several tables, which takes several statements: {instead}",
            M::ENTITY_NAME
        )));
    }
    Ok(())
}

impl CommonQuery {
    pub(crate) fn queries(&self) -> impl Iterator<Item = &Query> {
        self.query.queries()
    }
}

/// Describes a column of a query with a name.
#[doc(hidden)]
pub const fn common_field<T: FieldValue>(name: &'static str) -> FieldInfo {
    let field = FieldInfo::new(name);
    match T::IS_DECIMAL {
        true => field.decimal(Decimal::MAX_DIGITS),
        false => field,
    }
}

/// Declares the rows of a query with a name: a struct, and its columns as constants.
///
/// ```
/// # use sqlmodel_query::cte;
/// cte! {
///     /// An employee, and how many are above.
///     #[derive(Debug, Clone, PartialEq)]
///     pub struct Ranked as "ranked" {
///         ID id: i64,
///         N_ABOVE n_above: i32,
///     }
/// }
/// assert_eq!(Ranked::N_ABOVE.name(), "n_above");
/// ```
///
/// `Ranked::of(query)` or `Ranked::recursive(query)` says what the rows are, and `with` of a query, an update or a delete takes it.
#[macro_export]
macro_rules! cte {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident as $table:literal {
            $($(#[$field_meta:meta])* $constant:ident $field:ident : $ty:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $vis $field: $ty),+
        }

        #[allow(dead_code, missing_docs, reason = "a query need not read every column")]
        impl $name {
            $($vis const $constant: $crate::Column<Self, $ty> = $crate::Column::new(stringify!($field));)+
        }

        impl $crate::codegen::Model for $name {
            const TABLE_NAME: &'static str = $table;
            const IS_COMMON_TABLE: bool = true;
            const PRIMARY_KEY: &'static [&'static str] = &[];
            // A partner of an outer join is there when any column is.
            const KEY_POSITIONS: &'static [usize] = {
                const POSITIONS: [usize; <$name as $crate::codegen::Model>::COLUMN_COUNT] =
                    $crate::codegen::positions();
                &POSITIONS
            };
            const COLUMN_COUNT: usize = <Self as $crate::codegen::Record>::COLUMNS.len();
            type Key = ();

            fn fields() -> &'static [$crate::codegen::FieldInfo] {
                const FIELDS: &[$crate::codegen::FieldInfo] =
                    &[$($crate::codegen::common_field::<$ty>(stringify!($field))),+];
                FIELDS
            }

            fn inheritance() -> &'static $crate::codegen::Inheritance {
                &$crate::codegen::Inheritance::NONE
            }

            fn from_row<R: $crate::codegen::RowRead>(
                row: &R,
                at: usize,
            ) -> ::core::result::Result<Self, $crate::codegen::DecodeError> {
                let ($($field,)+) = $crate::codegen::Decode::decode(row, at)?;
                ::core::result::Result::Ok(Self { $($field),+ })
            }
        }

        impl $crate::codegen::Record for $name {
            type Model = Self;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn to_row<'a>(&'a self, row: &mut ::std::vec::Vec<$crate::codegen::Value<'a>>) {
                row.extend([$($crate::codegen::Encode::encode(&self.$field)),+]);
            }

            fn primary_key_value(&self) -> ::core::option::Option<()> {
                ::core::option::Option::None
            }

            fn is_new(&self) -> bool {
                true
            }
        }

        impl $crate::FromColumns<($($ty,)+)> for $name {}

        impl $crate::CommonTable for $name {
            fn casts() -> ::std::vec::Vec<::core::option::Option<[&'static str; 3]>> {
                ::std::vec![$($crate::codegen::widest_cast::<$ty>()),+]
            }
        }
    };
}
