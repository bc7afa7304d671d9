//! Many runs of one query of the schema: all of them are kept, or none.

use std::fmt;

use sqlmodel_core::{
    Collect, Cx, Decode, Dialect, Error, Executor, Outcome, Statement, TransactionOps, ok,
    ok_result,
};

use crate::typed::{
    Call, Gather, Gathered, Number, RunsIn, TypedCommand, TypedGather, TypedInsert, TypedQuery,
};

/// The most statements that are on their way at once.
const CHUNK: usize = 1024;

/// A query with `batch = true`, once for each set of parameters.
///
/// The runs are one transaction, or one savepoint in a transaction: all of them are kept, or none.
/// PostgreSQL takes up to 1,024 commands in one round trip; the others run one prepared statement again and again.
/// Without any set of parameters nothing is sent. A `timeout` is that of the whole batch.
#[must_use = "nothing happens until `run` is awaited"]
pub struct TypedBatch<Q> {
    each: Vec<Q>,
}

impl<Q> FromIterator<Q> for TypedBatch<Q> {
    fn from_iter<I: IntoIterator<Item = Q>>(each: I) -> Self {
        Self {
            each: each.into_iter().collect(),
        }
    }
}

impl<Q> fmt::Debug for TypedBatch<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedBatch")
            .field("n_runs", &self.each.len())
            .finish_non_exhaustive()
    }
}

impl<P> TypedBatch<TypedCommand<'_, P>> {
    /// Runs the commands in their order, and returns the number of rows that each inserted, matched or deleted.
    ///
    /// # Errors
    ///
    /// That of the first command that fails; nothing is kept of those before it.
    pub async fn run<E: RunsIn<P>>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<u64>, Error> {
        let Some(first) = self.each.first() else {
            return Outcome::Ok(Vec::new());
        };
        let cx = &*first.call.context(cx);
        let mut unit = ok!(executor.nested(cx).await);
        let mut counts = Vec::with_capacity(self.each.len());
        for chunk in self.each.chunks(CHUNK) {
            let texts = chunk.iter().map(|it| it.call.text(unit.dialect()));
            let texts = ok_result!(texts.collect::<Result<Vec<_>, _>>());
            let statements: Vec<Statement<'_>> = chunk
                .iter()
                .zip(&texts)
                .map(|(it, (sql, params))| it.call.statement(sql, params))
                .collect();
            let done = ok!(unit.execute_all(cx, &statements).await);
            counts.extend(done.iter().map(|it| it.rows_affected));
        }
        ok!(unit.commit(cx).await);
        Outcome::Ok(counts)
    }
}

impl<P> TypedBatch<TypedInsert<'_, P>> {
    /// Runs the inserts in their order, and returns the key of each new row, or `None` where there is no new row.
    ///
    /// # Errors
    ///
    /// That of the first insert that fails; nothing is kept of those before it.
    pub async fn run<E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<Option<i64>>, Error> {
        let Some(first) = self.each.first() else {
            return Outcome::Ok(Vec::new());
        };
        let cx = &*first.call.context(cx);
        let mut unit = ok!(executor.nested(cx).await);
        let mut keys = Vec::with_capacity(self.each.len());
        for insert in &self.each {
            keys.push(ok!(insert.call.insert(cx, &mut unit).await));
        }
        ok!(unit.commit(cx).await);
        Outcome::Ok(keys)
    }
}

impl<R: Decode + Send, N: Number<R>, P> TypedBatch<TypedQuery<'_, R, N, P>> {
    /// Runs the queries in their order, and returns what [`TypedQuery::run`] does for each.
    ///
    /// # Errors
    ///
    /// That of the first query that fails or has too few or too many rows; nothing is kept of what those before it have written.
    pub async fn run<E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<N::Output>, Error> {
        let Some(first) = self.each.first() else {
            return Outcome::Ok(Vec::new());
        };
        let cx = &*first.call.context(cx);
        let mut unit = ok!(executor.nested(cx).await);
        let mut outputs = Vec::with_capacity(self.each.len());
        for query in &self.each {
            let mut rows = Collect::up_to(N::LIMIT);
            ok!(query.call.query(cx, &mut unit, &mut rows).await);
            outputs.push(ok_result!(N::finish(rows.into_rows())));
        }
        ok!(unit.commit(cx).await);
        Outcome::Ok(outputs)
    }
}

impl<R: Gather + Send, N: Number<R>, P> TypedBatch<TypedGather<'_, R, N, P>> {
    /// Runs the queries in their order, and returns what [`TypedGather::run`] does for each. The rows of one run are never collected
    /// with those of another.
    ///
    /// # Errors
    ///
    /// That of the first query that fails or has too few or too many values; nothing is kept of what those before it have written.
    pub async fn run<E: RunsIn<P>>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<N::Output>, Error> {
        let Some(first) = self.each.first() else {
            return Outcome::Ok(Vec::new());
        };
        let cx = &*first.call.context(cx);
        let mut unit = ok!(executor.nested(cx).await);
        let mut outputs = Vec::with_capacity(self.each.len());
        for query in &self.each {
            let mut rows = Gathered::new();
            ok!(query.call.query(cx, &mut unit, &mut rows).await);
            outputs.push(ok_result!(N::finish(rows.into_values())));
        }
        ok!(unit.commit(cx).await);
        Outcome::Ok(outputs)
    }
}

impl Call<'_> {
    /// Runs an INSERT, and returns the key that the database gave the new row.
    pub(super) async fn insert<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<i64>, Error> {
        if executor.dialect() == Dialect::Mysql {
            let done = ok!(self.execute(cx, executor).await);
            return Outcome::Ok(done.last_insert_id);
        }
        let mut rows = Collect::<i64>::up_to(2);
        ok!(self.query(cx, executor, &mut rows).await);
        Outcome::Ok(rows.into_rows().pop())
    }
}
