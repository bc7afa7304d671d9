//! Where queries begin: methods on every model.

use std::borrow::Cow;

use sqlmodel_core::{
    Collect, Cx, Decode, Dialect, Error, ErrorKind, Executor, FixedStatement, Key, Model, Outcome,
    Record, Statement, TransactionOps, Value, ok,
};

use crate::delete::{Delete, DeleteRow};
use crate::expr::Token;
use crate::family::{Parts, Polymorphic};
use crate::insert::{InsertMany, InsertOne};
use crate::insert_from::{InsertColumns, InsertFrom};
use crate::query::Query;
use crate::render::{RenderedStatement, Writer};
use crate::select::{Expressions, Select, fetch};
use crate::update::{Update, UpdateRow, key_condition};

/// Runs a statement that returns the rows it writes, as a unit that is undone where one of them cannot be read.
pub(crate) async fn write_and_decode<R: Decode + Send, E: Executor>(
    statement: Statement<'_>,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<R>, Error> {
    let mut transaction = ok!(executor.nested(cx).await);
    let mut rows = Collect::all();
    ok!(transaction.query(cx, statement, &mut rows).await);
    ok!(transaction.commit(cx).await);
    Outcome::Ok(rows.into_rows())
}

/// Notes in an error about a returned row that the row is written all the same.
pub(crate) fn mark_written<T>(done: Outcome<T, Error>) -> Outcome<T, Error> {
    match done {
        Outcome::Err(error) if error.kind() == ErrorKind::Decode => {
            Outcome::Err(error.after_write())
        }
        other => other,
    }
}

/// The statements that begin at a model.
pub trait ModelQuery: Model {
    /// Begins a query for whole models.
    fn select() -> Select<Self> {
        Select::new()
    }

    /// Returns the model with this primary key, or `None` when there is none.
    fn get<E: Executor>(
        cx: &Cx,
        executor: &mut E,
        key: impl Into<Self::Key> + Send,
    ) -> impl Future<Output = Outcome<Option<Self>, Error>> + Send {
        let key = key.into();
        async move {
            let mut values = Vec::with_capacity(Self::PRIMARY_KEY.len());
            key.encode_key(&mut values);
            let dialect = executor.dialect();
            let text = fixed_text::<Self>(FixedStatement::Get, dialect, || {
                let placeholders = vec![Value::Null; Self::PRIMARY_KEY.len()];
                select_by_key::<Self>(dialect, placeholders).sql
            });
            let mut rows = Collect::up_to(1);
            let statement = Statement::new(&text, &values);
            ok!(executor.query(cx, statement, &mut rows).await);
            Outcome::Ok(rows.into_rows().pop())
        }
    }

    /// Returns the row with this primary key as the model that it is of, or `None` when there is none.
    ///
    /// `Person::get_any(cx, connection, 7)` is an `AnyPerson`, read in one statement, and where the schema says
    /// `polymorphic = "by_type"` in two.
    ///
    /// # Errors
    ///
    /// Those of [`polymorphic`](Select::polymorphic).
    fn get_any<E: Executor>(
        cx: &Cx,
        executor: &mut E,
        key: impl Into<Self::Key> + Send,
    ) -> impl Future<Output = Outcome<Option<Self::Any>, Error>> + Send
    where
        Self: Polymorphic,
    {
        let key = key.into();
        async move {
            let mut values = Vec::with_capacity(Self::PRIMARY_KEY.len());
            key.encode_key(&mut values);
            let mut parts = Vec::new();
            <Self::Parts as Parts>::push(&mut parts);
            let query = query_by_key::<Self>(values).with_parts(parts, Self::LOAD);
            let rows = ok!(fetch(&query, cx, executor, Collect::up_to(1)).await);
            Outcome::Ok(rows.into_iter().next())
        }
    }

    /// Begins the insert of one row.
    fn insert<R: Record<Model = Self>>(row: R) -> InsertOne<R> {
        InsertOne::new(row)
    }

    /// Begins the insert of many rows.
    fn insert_many<R: Record<Model = Self>>(rows: impl IntoIterator<Item = R>) -> InsertMany<R> {
        InsertMany::new(rows)
    }

    /// Begins the insert of the rows of a query: `Hero::insert_from((Hero::NAME, Hero::AGE), query)`.
    fn insert_from<C, Scope>(
        columns: C,
        query: Select<C::Row, Scope, Expressions>,
    ) -> InsertFrom<Self>
    where
        C: InsertColumns<Self>,
    {
        InsertFrom::new(columns, query)
    }

    /// Begins an update of the rows that a filter matches.
    fn update() -> Update<Self> {
        Update::new()
    }

    /// Begins a delete of the rows that a filter matches.
    fn delete() -> Delete<Self> {
        Delete::new()
    }

    /// Begins the update of this model's row.
    fn update_row(&self) -> UpdateRow<'_, Self> {
        UpdateRow::new(self)
    }

    /// Begins the delete of this model's row.
    fn delete_row(&self) -> DeleteRow<'_, Self> {
        DeleteRow::new(self)
    }
}

impl<M: Model> ModelQuery for M {}

/// Returns the text of a statement, written now where the struct has no place to keep it.
pub(crate) fn fixed_text<R: Record>(
    statement: FixedStatement,
    dialect: Dialect,
    write: impl FnOnce() -> String,
) -> Cow<'static, str> {
    match R::TEXTS {
        Some(texts) => Cow::Borrowed(texts.get(statement, dialect, write)),
        None => Cow::Owned(write()),
    }
}

/// Returns the SELECT of all columns of the row with a key.
pub(crate) fn select_by_key<M: Model>(
    dialect: Dialect,
    key: Vec<Value<'_>>,
) -> RenderedStatement<'_> {
    let inheritance = M::inheritance();
    if const { M::IN_FAMILY } && (inheritance.base.is_some() || inheritance.is_union()) {
        return select_child_by_key::<M>(dialect, key);
    }
    let mut writer = Writer::new(dialect);
    writer.text("SELECT ");
    writer.columns(M::fields().iter().map(|field| field.column));
    writer.text(" FROM ");
    writer.model::<M>();
    key_condition(&mut writer, M::PRIMARY_KEY.iter().zip(key).collect());
    writer.finish()
}

fn query_by_key<M: Model>(key: Vec<Value<'_>>) -> Query {
    let mut query = Query::of::<M>();
    for (column, value) in M::PRIMARY_KEY.iter().zip(key) {
        query.conditions.push(vec![
            Token::column(M::ENTITY_NAME, None, column),
            Token::Text(" = "),
            Token::Param(value.into_owned()),
        ]);
    }
    query
}

/// The same for a model whose rows are in several tables, or in a table with others.
fn select_child_by_key<M: Model>(
    dialect: Dialect,
    key: Vec<Value<'_>>,
) -> RenderedStatement<'static> {
    let mut query = query_by_key::<M>(key);
    query.rare_mut().is_by_key = true;
    let mut writer = Writer::new(dialect);
    query.write(&mut writer);
    writer.finish()
}
