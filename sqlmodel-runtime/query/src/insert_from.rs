//! INSERT of the rows of a query.

use std::marker::PhantomData;

use sqlmodel_core::{Cx, Dialect, Error, Executor, FieldValue, Model, Outcome, ok, ok_result};

use crate::column::Column;
use crate::expr::Token;
use crate::family;
use crate::query::{Columns, Query};
use crate::render::{RenderedStatement, Writer};
use crate::select::{Expressions, Select};
use crate::stored::as_stored_in;

/// Columns of the model `M` to insert into: one, or a tuple of up to twelve.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no columns of `{M}`",
    label = "expected a column, or a tuple of columns"
)]
pub trait InsertColumns<M> {
    /// The type of a row of values for them.
    type Row;

    /// Returns the names of the columns.
    fn column_names(self) -> Vec<&'static str>;

    /// Returns the guards of the columns' types.
    #[doc(hidden)]
    fn guards() -> Vec<Option<&'static str>>;
}

impl<M, T: FieldValue> InsertColumns<M> for Column<M, T> {
    type Row = T;

    fn column_names(self) -> Vec<&'static str> {
        vec![self.name()]
    }

    fn guards() -> Vec<Option<&'static str>> {
        vec![T::SQLITE_GUARD]
    }
}

macro_rules! columns_tuple {
    ($($part:ident)+) => {
        impl<M, $($part: FieldValue),+> InsertColumns<M> for ($(Column<M, $part>,)+) {
            type Row = ($($part,)+);

            #[expect(non_snake_case, reason = "the parts are named after their types")]
            fn column_names(self) -> Vec<&'static str> {
                let ($($part,)+) = self;
                vec![$($part.name()),+]
            }

            fn guards() -> Vec<Option<&'static str>> {
                vec![$($part::SQLITE_GUARD),+]
            }
        }
    };
}

columns_tuple!(A);
columns_tuple!(A B);
columns_tuple!(A B C);
columns_tuple!(A B C D);
columns_tuple!(A B C D E);
columns_tuple!(A B C D E F);
columns_tuple!(A B C D E F G);
columns_tuple!(A B C D E F G H);
columns_tuple!(A B C D E F G H I);
columns_tuple!(A B C D E F G H I J);
columns_tuple!(A B C D E F G H I J K);
columns_tuple!(A B C D E F G H I J K L);

/// The name of the query's rows where its columns are guarded.
const SELECTED: &str = "selected";

/// The INSERT of a query's rows. Columns that it does not name get the defaults that the database knows: a value that is made in
/// Rust for each row, such as `uuid_v4`, has to come from the query.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct InsertFrom<M> {
    columns: Vec<&'static str>,
    guards: Vec<Option<&'static str>>,
    query: Query,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> InsertFrom<M> {
    /// Begins the insert of the rows of `query` into `columns`; their types are the same, NULL included.
    pub fn new<C, Scope>(columns: C, query: Select<C::Row, Scope, Expressions>) -> Self
    where
        C: InsertColumns<M>,
    {
        Self {
            columns: columns.column_names(),
            guards: C::guards(),
            query: query.into_query(),
            model: PhantomData,
        }
    }

    /// Returns the text and the parameters for a dialect.
    ///
    /// # Errors
    ///
    /// What [`Select::render`] refuses; [`Unsupported`](sqlmodel_core::ErrorKind::Unsupported) for a model whose rows are in
    /// several tables.
    pub fn render(&self, dialect: Dialect) -> Result<RenderedStatement<'static>, Error> {
        if const { M::IN_FAMILY } {
            family::check_concrete::<M>()?;
        }
        if const { M::IN_FAMILY } && family::is_split::<M>() {
            return Err(Error::unsupported(format!(
                "rows of `{}` are in several tables: select them, and insert what was selected",
                M::ENTITY_NAME
            )));
        }
        let mut columns = self.columns.clone();
        let mut query = self.query.clone();
        let inheritance = M::inheritance();
        if let (Some(column), Some(tag)) =
            (inheritance.discriminator, inheritance.discriminator_value)
            && let Columns::Expressions(expressions) = &mut query.columns
        {
            columns.push(column);
            expressions.push(vec![Token::Tag(tag)]);
        }
        let mut writer = Writer::new(dialect);
        writer.text("INSERT INTO ");
        writer.model::<M>();
        writer.text(" (");
        writer.columns(columns.iter().copied());
        writer.text(") ");
        let guarded = self.guarded(dialect);
        if guarded.is_empty() {
            query.write(&mut writer);
            return writer.try_finish();
        }
        for (at, tokens) in guarded.iter().enumerate() {
            writer.text(if at == 0 { "SELECT " } else { ", " });
            writer.tokens(tokens);
        }
        if columns.len() > guarded.len() {
            writer.text(", ");
            writer.column_alias(guarded.len());
        }
        writer.text(" FROM (");
        query.write(&mut writer);
        writer.text(") AS ");
        writer.identifier(SELECTED);
        writer.try_finish()
    }

    /// Returns the selected columns as SQLite is told to store them; none where all are as they are selected.
    fn guarded(&self, dialect: Dialect) -> Vec<Vec<Token>> {
        let Columns::Expressions(expressions) = &self.query.columns else {
            return Vec::new();
        };
        if dialect != Dialect::Sqlite {
            return Vec::new();
        }
        let mut is_guarded = false;
        let each = self.columns.iter().zip(&self.guards).zip(expressions);
        let guarded = each.enumerate().map(|(at, ((column, guard), expression))| {
            let stored = as_stored_in(M::fields(), column, *guard, expression.clone());
            let selected = vec![Token::Selected(at)];
            if stored.len() == expression.len() {
                return selected;
            }
            is_guarded = true;
            as_stored_in(M::fields(), column, *guard, selected)
        });
        let guarded: Vec<_> = guarded.collect();
        if is_guarded { guarded } else { Vec::new() }
    }

    /// Runs the insert and returns the number of rows.
    pub async fn execute<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let rendered = ok_result!(self.render(executor.dialect()));
        let done = ok!(executor.execute(cx, rendered.statement()).await);
        Outcome::Ok(done.rows_affected)
    }
}
