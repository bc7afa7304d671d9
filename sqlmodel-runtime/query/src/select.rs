//! SELECT of whole models, with joins, filters, order, limit and offset.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{
    Append, Collect, Cx, Decode, Dialect, Error, ErrorKind, Executor, FieldInfo, Model, Outcome, ok,
};

use crate::expr::{Expr, Level, Token};
use crate::operators::Ordering;
use crate::relation::Relation;
use crate::render::{RenderedStatement, Writer};
use crate::scope::{Covers, Tables};

/// A query whose rows are of type `R`, over the tables of `Scope`.
///
/// Begun with [`ModelQuery::select`](crate::ModelQuery::select) or [`select!`](crate::select!).
/// Nothing happens until one of the endings (`all`, `first`, `one`, `one_or_none`, `count`) is awaited.
pub struct Select<R, Scope = Tables<R>> {
    parts: Parts,
    types: PhantomData<fn() -> (R, Scope)>,
}

#[derive(Debug, Clone)]
struct Parts {
    from: Entity,
    joins: Vec<Join>,
    entities: Vec<Entity>,
    conditions: Vec<Vec<Token>>,
    order: Vec<Vec<Token>>,
    limit: Option<u64>,
    offset: u64,
}

/// A model whose columns are selected.
#[derive(Debug, Clone, Copy)]
struct Entity {
    schema: Option<&'static str>,
    table: &'static str,
    fields: &'static [FieldInfo],
}

impl Entity {
    fn of<M: Model>() -> Self {
        Self {
            schema: M::SCHEMA_NAME,
            table: M::TABLE_NAME,
            fields: M::fields(),
        }
    }
}

#[derive(Debug, Clone)]
struct Join {
    keyword: &'static str,
    schema: Option<&'static str>,
    table: &'static str,
    condition: Vec<Token>,
}

impl<M: Model> Select<M> {
    /// Selects all rows of a model's table.
    pub fn new() -> Self {
        let from = Entity::of::<M>();
        Self::from_parts(Parts {
            from,
            joins: Vec::new(),
            entities: vec![from],
            conditions: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
        })
    }
}

impl<M: Model> Default for Select<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R, Scope> Select<R, Scope> {
    fn from_parts(parts: Parts) -> Self {
        Self {
            parts,
            types: PhantomData,
        }
    }

    /// Keeps the rows for which the condition is true; several filters are joined by AND.
    #[must_use]
    pub fn filter<S, Proof>(mut self, condition: Expr<S, bool>) -> Self
    where
        Scope: Covers<S, Proof>,
    {
        self.parts.conditions.push(condition.at_least(Level::And));
        self
    }

    /// Orders the rows; further calls order what is equal so far.
    #[must_use]
    pub fn order_by<S, Proof>(mut self, ordering: Ordering<S>) -> Self
    where
        Scope: Covers<S, Proof>,
    {
        self.parts.order.push(ordering.into_tokens());
        self
    }

    /// Returns at most `limit` rows.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.parts.limit = Some(limit);
        self
    }

    /// Leaves out the first `offset` rows.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.parts.offset = offset;
        self
    }

    /// Joins along a relation and adds the target to the row; rows without a partner are left out.
    #[must_use]
    pub fn join<L, Proof>(
        self,
        relation: L,
    ) -> Select<<R as Append<L::To>>::Output, Tables<L::To, Scope>>
    where
        L: Relation,
        R: Append<L::To>,
        Scope: Covers<L::From, Proof>,
    {
        Select::from_parts(self.parts.joined(" JOIN ", &relation))
    }

    /// Joins along a relation and adds `Some` target to the row, or `None` where there is no partner.
    #[must_use]
    pub fn left_join<L, Proof>(
        self,
        relation: L,
    ) -> Select<<R as Append<Option<L::To>>>::Output, Tables<L::To, Scope>>
    where
        L: Relation,
        R: Append<Option<L::To>>,
        Scope: Covers<L::From, Proof>,
    {
        Select::from_parts(self.parts.joined(" LEFT JOIN ", &relation))
    }

    /// Returns the text and the parameters for a dialect.
    pub fn render(&self, dialect: Dialect) -> RenderedStatement<'static> {
        self.parts.render(Writer::new(dialect), self.parts.limit)
    }
}

impl<R: Decode + Send, Scope> Select<R, Scope> {
    /// Returns all rows. No rows give an empty vector.
    pub async fn all<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Vec<R>, Error> {
        let limit = self.parts.limit;
        fetch(&self.parts, cx, executor, limit, Collect::all()).await
    }

    /// Returns the first row, or `None` when there is none.
    pub async fn first<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<Option<R>, Error> {
        let rows: Vec<R> = ok!(self.parts.up_to(1, cx, executor).await);
        Outcome::Ok(rows.into_iter().next())
    }

    /// Returns the only row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoRows`] when there is none, [`ErrorKind::TooManyRows`] when there are several.
    pub async fn one<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<R, Error> {
        match ok!(self.one_or_none(cx, executor).await) {
            Some(row) => Outcome::Ok(row),
            None => Outcome::Err(Error::new(
                ErrorKind::NoRows,
                "no row matches where one is expected",
            )),
        }
    }

    /// Returns the only row, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyRows`] when there are several.
    pub async fn one_or_none<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Option<R>, Error> {
        let mut rows: Vec<R> = ok!(self.parts.up_to(2, cx, executor).await);
        if rows.len() > 1 {
            return Outcome::Err(Error::new(
                ErrorKind::TooManyRows,
                "several rows match where at most one is expected",
            ));
        }
        Outcome::Ok(rows.pop())
    }
}

impl<R, Scope> Select<R, Scope> {
    /// Returns the number of rows that the query has, its limit and offset included.
    pub async fn count<E: Executor>(self, cx: &Cx, executor: &mut E) -> Outcome<u64, Error> {
        let mut writer = Writer::for_executor(executor);
        writer.text("SELECT count(*) FROM (");
        let mut rendered = self.parts.render(writer, self.parts.limit);
        rendered.sql.push_str(") AS counted");
        let mut counts = Collect::<i64>::up_to(1);
        ok!(executor.query(cx, rendered.statement(), &mut counts).await);
        let count = counts.into_rows().first().copied().unwrap_or(0);
        Outcome::Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl Parts {
    fn joined<L: Relation>(mut self, keyword: &'static str, relation: &L) -> Self {
        for step in relation.steps() {
            let (schema, table) = step.table();
            self.joins.push(Join {
                keyword,
                schema,
                table,
                condition: step.condition(),
            });
        }
        self.entities.push(Entity::of::<L::To>());
        self
    }

    async fn up_to<R: Decode + Send, E: Executor>(
        &self,
        n_rows: usize,
        cx: &Cx,
        executor: &mut E,
    ) -> Outcome<Vec<R>, Error> {
        let limit = self
            .limit
            .map_or(n_rows as u64, |limit| limit.min(n_rows as u64));
        fetch(self, cx, executor, Some(limit), Collect::up_to(n_rows)).await
    }

    fn render<'a>(&self, mut writer: Writer<'a>, limit: Option<u64>) -> RenderedStatement<'a> {
        writer.text("SELECT ");
        self.render_columns(&mut writer);
        writer.text(" FROM ");
        writer.table(self.from.schema, self.from.table);
        for join in &self.joins {
            writer.text(join.keyword);
            writer.table(join.schema, join.table);
            writer.text(" ON ");
            writer.tokens(&join.condition);
        }
        writer.conditions(&self.conditions);
        for (position, ordering) in self.order.iter().enumerate() {
            writer.text(if position == 0 { " ORDER BY " } else { ", " });
            writer.tokens(ordering);
        }
        self.render_limit(&mut writer, limit);
        writer.finish()
    }

    /// Columns of one table keep their names; those of several are told apart as `table__column`.
    fn render_columns(&self, writer: &mut Writer<'_>) {
        let mut is_first = true;
        for entity in &self.entities {
            for field in entity.fields {
                if !std::mem::take(&mut is_first) {
                    writer.text(", ");
                }
                writer.identifier(entity.table);
                writer.text(".");
                writer.identifier(field.column);
                if self.entities.len() > 1 {
                    writer.text(" AS ");
                    writer.identifier(&format!("{}__{}", entity.table, field.column));
                }
            }
        }
    }

    fn render_limit(&self, writer: &mut Writer<'_>, limit: Option<u64>) {
        match (limit, self.offset) {
            (None, 0) => {}
            (Some(limit), offset) => {
                writer.text(" LIMIT ");
                writer.number(limit);
                if offset > 0 {
                    writer.text(" OFFSET ");
                    writer.number(offset);
                }
            }
            (None, offset) => {
                // SQLite and MySQL have no OFFSET without LIMIT; each manual names its number for "all".
                writer.tokens(&[Token::PerDialect([
                    " LIMIT -1",
                    "",
                    " LIMIT 18446744073709551615",
                ])]);
                writer.text(" OFFSET ");
                writer.number(offset);
            }
        }
    }
}

async fn fetch<R: Decode + Send, E: Executor>(
    parts: &Parts,
    cx: &Cx,
    executor: &mut E,
    limit: Option<u64>,
    mut rows: Collect<R>,
) -> Outcome<Vec<R>, Error> {
    let rendered = parts.render(Writer::for_executor(executor), limit);
    ok!(executor.query(cx, rendered.statement(), &mut rows).await);
    Outcome::Ok(rows.into_rows())
}

impl<R, Scope> Clone for Select<R, Scope> {
    fn clone(&self) -> Self {
        Self::from_parts(self.parts.clone())
    }
}

impl<R, Scope> fmt::Debug for Select<R, Scope> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Select").field(&self.parts).finish()
    }
}
