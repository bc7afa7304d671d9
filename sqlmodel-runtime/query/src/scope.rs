//! Which tables a query reads and which an expression needs, in types.
//!
//! A query's scope is a list of models: `Tables<Team, Tables<Hero, End>>`.
//! An expression's source is a model, `()` for a value, or a pair for an operator with two operands.
//! [`Covers`] holds when every model of the source is in the scope exactly once;
//! its second parameter is the proof, which the compiler finds by itself.

use std::marker::PhantomData;

use sqlmodel_core::Model;

/// A scope with the model `M` in front of the scope `Rest`.
#[derive(Debug)]
pub struct Tables<M, Rest = End>(PhantomData<fn() -> (M, Rest)>);

/// The scope without models.
#[derive(Debug)]
pub struct End;

/// Proof that a source without tables is covered by every scope.
#[derive(Debug)]
pub struct Nothing;

/// Proof that the model is at the front of the scope.
#[derive(Debug)]
pub struct Here;

/// Proof that the model is further back in the scope.
#[derive(Debug)]
pub struct There<Proof>(PhantomData<fn() -> Proof>);

/// Proof that both operands are covered.
#[derive(Debug)]
pub struct Both<First, Second>(PhantomData<fn() -> (First, Second)>);

/// Holds for a scope that has all tables that the source `S` needs.
#[diagnostic::on_unimplemented(
    message = "this expression uses a table that the query does not read",
    label = "`{S}` is not among the tables of this query",
    note = "join the table first, or compare with a column of a table that the query reads"
)]
pub trait Covers<S, Proof> {}

impl<Scope> Covers<(), Nothing> for Scope {}

impl<M: Model, Rest> Covers<M, Here> for Tables<M, Rest> {}

impl<M: Model, First, Rest, Proof> Covers<M, There<Proof>> for Tables<First, Rest> where
    Rest: Covers<M, Proof>
{
}

impl<Scope, A, B, P, Q> Covers<(A, B), Both<P, Q>> for Scope where Scope: Covers<A, P> + Covers<B, Q>
{}
