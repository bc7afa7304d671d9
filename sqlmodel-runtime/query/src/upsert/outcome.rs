//! What became of each row of an upsert.

use std::marker::PhantomData;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, ErrorKind, Executor, Model, Outcome, Record, TransactionOps,
    Value, ok, ok_result,
};

use super::conflict::Change;
use super::{ManyRows, OneRow, Upsert, family, returns_rows};
use crate::expr::Token;
use crate::include::values_of;
use crate::insert::{Plan, Returning, check_rules, insert_returning};
use crate::query::{Query, RowLock};
use crate::select::fetch;
use crate::update::{Filtered, Update};

/// What became of a row of an upsert, with the row as it is stored then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upserted<M> {
    /// No row had the key.
    Inserted(M),
    /// A row had the key, and was changed.
    Updated(M),
    /// A row had the key, and all the values already.
    Unchanged(M),
    /// A row had the key, and was left alone as the statement said.
    Skipped(M),
}

impl<M> Upserted<M> {
    /// Returns the row as it is stored.
    pub fn row(&self) -> &M {
        let (Self::Inserted(row) | Self::Updated(row) | Self::Unchanged(row) | Self::Skipped(row)) =
            self;
        row
    }

    /// Returns the row as it is stored.
    pub fn into_row(self) -> M {
        let (Self::Inserted(row) | Self::Updated(row) | Self::Unchanged(row) | Self::Skipped(row)) =
            self;
        row
    }

    pub(super) fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped(_))
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<R: Record> Upsert<R, OneRow> {
    /// Runs the statement and tells what became of the row.
    ///
    /// A SELECT by the key that locks the row, and the statement, in a transaction; on MySQL another SELECT.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) when a column of the key is assigned, besides the errors of [`render`](Self::render).
    pub fn one<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<Upserted<R::Model>, Error>> + Send {
        async move {
            let outcomes = ok!(self.each_outcome(cx, executor).await);
            Outcome::Ok(ok_result!(outcomes.into_iter().next().ok_or_else(gone)))
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a caller cannot prove that the future is `Send` where transactions are nested"
)]
impl<R: Record> Upsert<R, ManyRows> {
    /// Runs the statements and tells what became of each row, in the order in which they were given.
    ///
    /// Two statements a row in a transaction, three on MySQL: [`execute`](Self::execute) and [`all`](Self::all) do with
    /// few for all rows.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) when a column of the key is assigned, besides the errors of [`render`](Self::render).
    pub fn outcomes<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<Vec<Upserted<R::Model>>, Error>> + Send {
        async move { self.each_outcome(cx, executor).await }
    }
}

impl<R: Record, Rows> Upsert<R, Rows> {
    /// Checks the rules of the schema for the rows, and for the values that they are updated with instead.
    pub(super) fn check_values(&self) -> Result<(), Error> {
        check_rules(&self.rows)?;
        self.conflict.check_values::<R::Model>()
    }

    pub(super) async fn each_outcome<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<Upserted<R::Model>>, Error> {
        ok_result!(self.check_values());
        if self.conflict.assigns_target() {
            return Outcome::Err(Error::usage(
                "a row whose key is assigned cannot be told from others: use `execute`",
            ));
        }
        if const { <R::Model as Model>::IN_FAMILY } && family::is_family::<R::Model>() {
            return family::outcomes(&self.rows, &self.conflict, cx, executor).await;
        }
        ok_result!(
            self.conflict
                .check(&Plan::of(&self.rows), executor.dialect())
        );
        let mut transaction = ok!(executor.nested(cx).await);
        let mut outcomes = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            let single = Self {
                rows: vec![row],
                conflict: self.conflict.clone(),
                n_rows: PhantomData,
            };
            outcomes.push(ok!(single.outcome_of_only(cx, &mut transaction).await));
        }
        ok!(transaction.commit(cx).await);
        Outcome::Ok(outcomes)
    }

    /// Upserts the one row, in a transaction.
    async fn outcome_of_only<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Upserted<R::Model>, Error> {
        let Some(query) = self.stored() else {
            // A key with NULL, or one that the database assigns, conflicts with nothing.
            let inserted: Vec<R::Model> = ok!(insert_returning(&self.rows, cx, executor).await);
            let row = ok_result!(inserted.into_iter().next().ok_or_else(gone));
            return Outcome::Ok(Upserted::Inserted(row));
        };
        let before = ok!(only::<R::Model, _>(&query, cx, executor).await);
        let written: Option<(R::Model, Option<bool>)> = if returns_rows(executor) {
            let statements = ok_result!(self.statements(
                executor.dialect(),
                usize::MAX,
                Returning::ModelAndInserted
            ));
            let mut rows = Collect::up_to(1);
            for rendered in &statements {
                ok!(executor.query(cx, rendered.statement(), &mut rows).await);
            }
            rows.into_rows().pop()
        } else if executor.dialect() == Dialect::Mysql && self.has_other_key() {
            let Some(before) = &before else {
                let inserted: Vec<R::Model> = ok!(insert_returning(&self.rows, cx, executor).await);
                let row = ok_result!(inserted.into_iter().next().ok_or_else(gone));
                return Outcome::Ok(Upserted::Inserted(row));
            };
            ok!(self.update_found(before, cx, executor).await);
            None
        } else {
            let statements =
                ok_result!(self.statements(executor.dialect(), usize::MAX, Returning::Nothing));
            for rendered in &statements {
                ok!(executor.execute(cx, rendered.statement()).await);
            }
            None
        };
        if let Some((row, was_inserted)) = written {
            let was_inserted = was_inserted.unwrap_or(before.is_none());
            return Outcome::Ok(match before {
                _ if was_inserted => Upserted::Inserted(row),
                Some(before) if is_equal(&before, &row) => Upserted::Unchanged(row),
                _ => Upserted::Updated(row),
            });
        }
        let after = ok!(only::<R::Model, _>(&query, cx, executor).await);
        let row = ok_result!(after.ok_or_else(gone));
        let is_silent = executor.dialect() == Dialect::Mysql;
        Outcome::Ok(match before {
            None if is_silent => Upserted::Inserted(row),
            Some(before) if is_silent && !is_equal(&before, &row) => Upserted::Updated(row),
            Some(_) if is_silent && !self.conflict.may_skip() => Upserted::Unchanged(row),
            _ => Upserted::Skipped(row),
        })
    }

    /// Updates the row that was found, by its primary key.
    async fn update_found<E: Executor>(
        &self,
        found: &R::Model,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<(), Error> {
        let plan = Plan::of(&self.rows);
        let change = ok_result!(self.conflict.for_row(plan.columns(), plan.row(0)));
        let Some(Change {
            assignments,
            mut conditions,
        }) = change
        else {
            return Outcome::Ok(());
        };
        let key = <R::Model as Model>::PRIMARY_KEY;
        for (column, value) in key.iter().zip(values_of(found, key)) {
            conditions.push(equals(<R::Model as Model>::TABLE_NAME, column, value));
        }
        let update = Update::<R::Model, Filtered>::of(assignments, conditions);
        ok!(update.execute(cx, executor).await);
        Outcome::Ok(())
    }

    /// Returns the query that locks the row with the key of the one to insert, unless no row can have it.
    fn stored(&self) -> Option<Query> {
        let plan = Plan::of(&self.rows);
        let target = self.conflict.target();
        let values = target.iter().map(|column| {
            // A column that is not given gets its default.
            let position = plan.columns().iter().position(|name| name == column)?;
            match plan.row(0).get(position)? {
                Value::Null | Value::Default => None,
                value => Some(value.clone().into_owned()),
            }
        });
        let values: Option<Vec<Value<'static>>> = values.collect();
        let mut query = Query::of::<R::Model>();
        for (column, value) in target.iter().zip(values?) {
            let table = <R::Model as Model>::TABLE_NAME;
            query.conditions.push(equals(table, column, value));
        }
        query.rare_mut().lock = Some(RowLock::UPDATE);
        Some(query)
    }
}

fn equals(table: &'static str, column: &'static str, value: Value<'static>) -> Vec<Token> {
    vec![
        Token::Column { table, column },
        Token::Text(" = "),
        Token::Param(value),
    ]
}

async fn only<M: Model, E: Executor>(
    query: &Query,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Option<M>, Error> {
    let rows = ok!(fetch(query, cx, executor, Collect::up_to(1)).await);
    Outcome::Ok(rows.into_iter().next())
}

pub(super) fn is_equal<M: Model>(a: &M, b: &M) -> bool {
    values_of(a, M::COLUMNS) == values_of(b, M::COLUMNS)
}

pub(super) fn gone() -> Error {
    Error::new(
        ErrorKind::NoRows,
        "the row of the upsert was deleted by somebody else at the same time",
    )
}
