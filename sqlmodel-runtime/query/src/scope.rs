//! Which tables a query reads and which an expression needs, in types.
//!
//! A query's scope is a list of entities: `Tables<Team, Tables<Hero, End>>`.
//! An expression's source is [`Table`] of an entity, `()` for a value, a pair for an operator with two operands,
//! or one of these inside [`Aggregate`] or [`Settled`].
//! [`Covers`] holds when every table of the source is in the scope exactly once;
//! its second parameter is the proof, which the compiler finds by itself.

use std::marker::PhantomData;

use sqlmodel_core::{FieldValue, Model};

/// Something whose columns a query can read: a model, or an alias of one made with [`alias!`](crate::alias).
pub trait Entity: 'static {
    /// The model whose rows it has.
    type Model: Model;
    /// The name that its columns are written with: the table's, or the alias.
    const NAME: &'static str;
}

impl<M: Model> Entity for M {
    type Model = M;
    const NAME: &'static str = M::ENTITY_NAME;
}

/// The name of the row that an upsert could not insert.
pub(crate) const EXCLUDED: &str = "excluded";

/// The row that an upsert could not insert, as an entity: its columns are the values that were to be inserted.
#[derive(Debug)]
pub struct Excluded<M>(PhantomData<fn() -> M>);

impl<M: Model> Entity for Excluded<M> {
    type Model = M;
    const NAME: &'static str = EXCLUDED;
}

/// The source of a column: its entity's table.
#[derive(Debug)]
pub struct Table<E>(PhantomData<fn() -> E>);

/// The source of an aggregate over expressions of source `S`.
#[derive(Debug)]
pub struct Aggregate<S>(PhantomData<fn() -> S>);

/// The source of an expression whose type has settled what becomes of NULL, such as `IS NULL` or `coalesce`.
#[derive(Debug)]
pub struct Settled<S>(PhantomData<fn() -> S>);

/// The source of a window function that is made of expressions of source `S`.
#[derive(Debug)]
pub struct Window<S>(PhantomData<fn() -> S>);

/// A scope with the entity `E` in front of the scope `Rest`.
#[derive(Debug)]
pub struct Tables<E, Rest = End>(PhantomData<fn() -> (E, Rest)>);

/// In a scope, an entity that may have no row: the far side of an outer join.
#[derive(Debug)]
pub struct Optional<E>(PhantomData<fn() -> E>);

/// The scope without tables.
#[derive(Debug)]
pub struct End;

/// A scope, and the same one after a right or full join: each of its tables may have no row.
pub trait AllOptional {
    /// The scope after the join.
    type Output;
}

impl AllOptional for End {
    type Output = Self;
}

impl<E: Entity, Rest: AllOptional> AllOptional for Tables<E, Rest> {
    type Output = Tables<Optional<E>, Rest::Output>;
}

impl<E, Rest: AllOptional> AllOptional for Tables<Optional<E>, Rest> {
    type Output = Tables<Optional<E>, Rest::Output>;
}

/// Proof that a source without tables is covered by every scope.
#[derive(Debug)]
pub struct Nothing;

/// Proof that the table is at the front of the scope.
#[derive(Debug)]
pub struct Here;

/// Proof that the table is at the front of the scope, as the far side of an outer join.
#[derive(Debug)]
pub struct PerhapsHere;

/// Proof that the table is further back in the scope.
#[derive(Debug)]
pub struct There<Proof>(PhantomData<fn() -> Proof>);

/// Proof that both operands are covered.
#[derive(Debug)]
pub struct Both<First, Second>(PhantomData<fn() -> (First, Second)>);

/// Proof that what an aggregate or a settled expression is made of is covered.
#[derive(Debug)]
pub struct Inside<Proof>(PhantomData<fn() -> Proof>);

/// Holds for a scope that has all tables that the source `S` needs.
#[diagnostic::on_unimplemented(
    message = "this expression uses a table that the query does not read",
    label = "`{S}` is not among the tables of this query",
    note = "join the table first, or compare with a column of a table that the query reads"
)]
pub trait Covers<S, Proof> {
    /// What an outer join does to the expression's type: `bool` for nothing, `Option<bool>` where a table may have no row.
    type Presence: FieldValue;
}

impl<Scope> Covers<(), Nothing> for Scope {
    type Presence = bool;
}

impl<E: Entity, Rest> Covers<Table<E>, Here> for Tables<E, Rest> {
    type Presence = bool;
}

impl<E: Entity, Rest> Covers<Table<E>, PerhapsHere> for Tables<Optional<E>, Rest> {
    type Presence = Option<bool>;
}

impl<E: Entity, First, Rest, Proof> Covers<Table<E>, There<Proof>> for Tables<First, Rest>
where
    Rest: Covers<Table<E>, Proof>,
{
    type Presence = Rest::Presence;
}

impl<Scope, A, B, P, Q> Covers<(A, B), Both<P, Q>> for Scope
where
    Scope: Covers<A, P> + Covers<B, Q>,
{
    type Presence =
        <<Scope as Covers<A, P>>::Presence as FieldValue>::Lift<<Scope as Covers<B, Q>>::Presence>;
}

impl<Scope, S, Proof> Covers<Aggregate<S>, Inside<Proof>> for Scope
where
    Scope: Covers<S, Proof>,
{
    type Presence = bool;
}

impl<Scope, S, Proof> Covers<Settled<S>, Inside<Proof>> for Scope
where
    Scope: Covers<S, Proof>,
{
    type Presence = bool;
}

impl<Scope, S, Proof> Covers<Window<S>, Inside<Proof>> for Scope
where
    Scope: Covers<S, Proof>,
{
    type Presence = Scope::Presence;
}

/// Holds for what is said of a table that has a row in every row of the query.
#[diagnostic::on_unimplemented(
    message = "an outer join may leave this table out",
    label = "there may be no row of it here"
)]
pub trait AlwaysThere {}

impl AlwaysThere for bool {}

/// Holds for the source of an expression that has a value for each row, and so contains no aggregate.
#[diagnostic::on_unimplemented(
    message = "an aggregate or a window function cannot be used here",
    label = "this is computed from many rows, and each row is looked at on its own here",
    note = "filter groups with `having`, or compare with a subquery made by `scalar`"
)]
pub trait PerRow {}

impl PerRow for () {}

impl<E> PerRow for Table<E> {}

impl<A: PerRow, B: PerRow> PerRow for (A, B) {}

impl<S: PerRow> PerRow for Settled<S> {}

/// Holds for the source of an expression that has a value when rows have been grouped: of all but window functions.
#[diagnostic::on_unimplemented(
    message = "a window function cannot be used here",
    label = "this is computed after rows have been filtered and grouped",
    note = "select it in a query of its own, and filter the rows of that: see `cte!`"
)]
pub trait InGroups {}

impl InGroups for () {}

impl<E> InGroups for Table<E> {}

impl<A: InGroups, B: InGroups> InGroups for (A, B) {}

impl<S: InGroups> InGroups for Settled<S> {}

impl<S: InGroups> InGroups for Aggregate<S> {}
