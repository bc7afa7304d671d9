//! Relations between models: constants that joins are made of.

use std::marker::PhantomData;

use sqlmodel_core::{FieldInfo, Model, Target};

use crate::expr::{Expr, Level, Token};
use crate::operators::Condition;
use crate::query::{Columns, Join, Query, Source};
use crate::scope::{Covers, Entity, PerRow, Settled, Table, Tables};

/// A path from one model's table to another's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be joined",
    label = "expected a relation to another table",
    note = "a relation to the same table gives it another name: `alias!`, and `.to::<Alias>()` behind the relation"
)]
pub trait Relation: Sized {
    /// The model, or the alias of one, that it starts from.
    type From: Entity;
    /// The model, or the alias of one, that it leads to.
    type To: Entity;

    /// Returns the steps of the path; the last one leads to the target's table.
    #[doc(hidden)]
    fn steps(&self) -> Steps;

    /// Returns the same relation, starting from an alias: `Employee::MANAGER.of::<Manager>()`.
    fn of<A>(self) -> Aliased<Self, A, Self::To>
    where
        A: Entity<Model = <Self::From as Entity>::Model>,
    {
        Aliased::new(self)
    }

    /// Returns the same relation, leading to an alias: `Employee::MANAGER.to::<Manager>()`.
    fn to<A>(self) -> Aliased<Self, Self::From, A>
    where
        A: Entity<Model = <Self::To as Entity>::Model>,
    {
        Aliased::new(self)
    }

    /// Holds for rows that the relation connects with at least one row.
    fn any(self) -> Expr<Settled<Table<Self::From>>, bool> {
        let query = related(&self);
        Expr::new(query.into_exists(), Level::Comparison)
    }

    /// Holds for rows that the relation connects with at least one row for which the condition is true.
    ///
    /// The condition may use columns of the target, and of the model that the relation starts from.
    fn any_where<C, Proof>(self, condition: C) -> Expr<Settled<Table<Self::From>>, bool>
    where
        C: Condition<Source: PerRow>,
        Tables<Self::To, Tables<Self::From>>: Covers<C::Source, Proof>,
    {
        let mut query = related(&self);
        let condition = condition.into_condition().at_least(Level::And);
        query.conditions.push(condition);
        Expr::new(query.into_exists(), Level::Comparison)
    }

    /// Holds for rows that the relation connects with no row.
    fn none(self) -> Expr<Settled<Table<Self::From>>, bool> {
        !self.any()
    }

    /// Holds for rows that the relation connects with no row for which the condition is true.
    fn none_where<C, Proof>(self, condition: C) -> Expr<Settled<Table<Self::From>>, bool>
    where
        C: Condition<Source: PerRow>,
        Tables<Self::To, Tables<Self::From>>: Covers<C::Source, Proof>,
    {
        !self.any_where(condition)
    }
}

/// A relation that connects a row with at most one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may lead to several rows, and an update takes values of one",
    label = "expected a relation to one",
    note = "filter by related rows with `any_where`, and take one value of many with `scalar`"
)]
pub trait LeadsToOne: Relation {}

impl<M: Model, T: Target> LeadsToOne for ToOne<M, T> {}

impl<M: Model, T: Model> LeadsToOne for HasOne<M, T> {}

impl<L: LeadsToOne, F: Entity, T: Entity> LeadsToOne for Aliased<L, F, T> {}

/// Returns the query for the rows that a relation connects with a row of the query around it.
fn related<L: Relation>(relation: &L) -> Query {
    const { assert_other_table(L::From::NAME, L::To::NAME) };
    let mut query = Query::new(Columns::One, Source::of::<L::To>());
    let mut is_first = true;
    for step in relation.steps() {
        if std::mem::take(&mut is_first) {
            query.from = step.source();
            query.conditions.push(step.condition());
        } else {
            query.joins.push(Join {
                keyword: " JOIN ",
                source: step.source(),
                condition: step.condition(),
            });
        }
    }
    query
}

/// Stops the compiler where a table would meet itself under the same name.
pub(crate) const fn assert_other_table(from: &str, to: &str) {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut is_same = from.len() == to.len();
    let mut at = 0;
    while is_same && at < from.len() {
        is_same = from[at] == to[at];
        at += 1;
    }
    assert!(
        !is_same,
        "this relation leads to its own table: give the target another name with `alias!` and `.to::<Alias>()`"
    );
}

/// A relation that starts from `F` and leads to `T`, of which at least one is an alias.
#[derive(Debug, Clone, Copy)]
pub struct Aliased<L, F, T> {
    relation: L,
    entities: PhantomData<fn() -> (F, T)>,
}

impl<L, F, T> Aliased<L, F, T> {
    fn new(relation: L) -> Self {
        Self {
            relation,
            entities: PhantomData,
        }
    }
}

impl<L: Relation, F: Entity, T: Entity> Relation for Aliased<L, F, T> {
    type From = F;
    type To = T;

    fn steps(&self) -> Steps {
        let mut steps = self.relation.steps();
        steps.first.from = F::NAME;
        let last = steps.second.as_mut().unwrap_or(&mut steps.first);
        last.to = last.to.named(T::NAME);
        steps
    }
}

/// A relation from a table to the same table.
///
/// To be joined, the target needs a name of its own: `Employee::MANAGER.to::<Manager>()`. A relation to many is included
/// as it is.
#[derive(Debug, Clone, Copy)]
pub struct OwnTable<L>(L);

impl<L> OwnTable<L> {
    /// Marks a relation; for generated code.
    pub const fn new(relation: L) -> Self {
        Self(relation)
    }

    pub(crate) const fn relation(&self) -> &L {
        &self.0
    }

    pub(crate) fn into_relation(self) -> L {
        self.0
    }

    /// Returns the relation starting from an alias: `Employee::MANAGER.of::<Manager>()`.
    pub fn of<A>(self) -> Aliased<L, A, L::To>
    where
        L: Relation,
        A: Entity<Model = <L::From as Entity>::Model>,
    {
        self.0.of()
    }

    /// Returns the relation leading to an alias: `Employee::MANAGER.to::<Manager>()`.
    pub fn to<A>(self) -> Aliased<L, L::From, A>
    where
        L: Relation,
        A: Entity<Model = <L::To as Entity>::Model>,
    {
        self.0.to()
    }
}

/// Declares another name for a model's table, for queries that read it twice.
///
/// ```text
/// alias! {
///     /// The employee whom others report to.
///     pub Manager = Employee as "manager"
/// }
///
/// Employee::select().join(Employee::REPORTS_TO.to::<Manager>()).filter(Employee::NAME.of::<Manager>().eq("Adams"))
/// ```
#[macro_export]
macro_rules! alias {
    ($(#[$meta:meta])* $vis:vis $name:ident = $model:ty as $text:literal) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis struct $name;

        impl $crate::Entity for $name {
            type Model = $model;
            const NAME: &'static str = $text;
        }
    };
}

/// The joins of a relation: one, or two by way of a link.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Steps {
    first: Step,
    second: Option<Step>,
}

impl IntoIterator for Steps {
    type Item = Step;
    type IntoIter = std::iter::Chain<std::iter::Once<Step>, std::option::IntoIter<Step>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.second)
    }
}

/// One join of a relation.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Step {
    from: &'static str,
    from_fields: &'static [FieldInfo],
    from_columns: &'static [&'static str],
    to: Source,
    to_columns: &'static [&'static str],
}

impl Step {
    fn new<A: Model, B: Model>(
        from_columns: &'static [&'static str],
        to_columns: &'static [&'static str],
    ) -> Self {
        Self {
            from: A::ENTITY_NAME,
            from_fields: A::fields(),
            from_columns,
            to: Source::of::<B>(),
            to_columns,
        }
    }

    pub(crate) fn source(&self) -> Source {
        self.to
    }

    /// Returns `to.a = from.b AND ..`.
    pub(crate) fn condition(&self) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(4 * self.from_columns.len());
        for (near, far) in self.from_columns.iter().zip(self.to_columns) {
            if !tokens.is_empty() {
                tokens.push(Token::Text(" AND "));
            }
            tokens.push(Token::Column {
                table: self.to.name(),
                column: far,
            });
            tokens.push(Token::Text(" = "));
            let field = self.from_fields.iter().find(|field| field.column == *near);
            let inherited_from = field.and_then(|field| field.inherited_from);
            tokens.push(Token::column(self.from, inherited_from, near));
        }
        tokens
    }
}

macro_rules! direct_relation {
    ($(#[$doc:meta])* $name:ident, $bound:ident, $target:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<M, T> {
            near: &'static [&'static str],
            far: &'static [&'static str],
            models: PhantomData<fn() -> (M, T)>,
        }

        impl<M, T> $name<M, T> {
            /// Creates the relation from the columns of `M` and the columns of the target that equal them;
            /// for generated code.
            pub const fn new(near: &'static [&'static str], far: &'static [&'static str]) -> Self {
                Self { near, far, models: PhantomData }
            }

            /// Returns the columns of `M`.
            pub const fn near(&self) -> &'static [&'static str] {
                self.near
            }

            /// Returns the columns of the target that equal them.
            pub const fn far(&self) -> &'static [&'static str] {
                self.far
            }
        }

        impl<M, T> Clone for $name<M, T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<M, T> Copy for $name<M, T> {}

        impl<M: Model, T: $bound> Relation for $name<M, T> {
            type From = M;
            type To = $target;

            fn steps(&self) -> Steps {
                Steps {
                    first: Step::new::<M, $target>(self.near, self.far),
                    second: None,
                }
            }
        }
    };
}

direct_relation! {
    /// The model holds a foreign key to one `T`; to at most one when `T` is an `Option`.
    ToOne, Target, T::Model
}

direct_relation! {
    /// At most one `T` holds a unique foreign key to the model.
    HasOne, Model, T
}

direct_relation! {
    /// Any number of `T` hold a foreign key to the model.
    ToMany, Model, T
}

/// Rows of the link model `L` connect any number of `T` with the model.
#[derive(Debug)]
pub struct ManyToMany<M, T, L> {
    near: &'static [&'static str],
    link_near: &'static [&'static str],
    link_far: &'static [&'static str],
    far: &'static [&'static str],
    models: PhantomData<fn() -> (M, T, L)>,
}

impl<M, T, L> ManyToMany<M, T, L> {
    /// Creates the relation from the model's columns, the link's columns that equal them, the link's
    /// columns that point to the target, and the target's columns; for generated code.
    pub const fn new(
        near: &'static [&'static str],
        link_near: &'static [&'static str],
        link_far: &'static [&'static str],
        far: &'static [&'static str],
    ) -> Self {
        Self {
            near,
            link_near,
            link_far,
            far,
            models: PhantomData,
        }
    }

    /// Returns the model's columns.
    pub const fn near(&self) -> &'static [&'static str] {
        self.near
    }

    /// Returns the link's columns that equal the model's.
    pub const fn link_near(&self) -> &'static [&'static str] {
        self.link_near
    }

    /// Returns the relation from the link to the target.
    pub(crate) const fn far_half(&self) -> ToOne<L, T> {
        ToOne::new(self.link_far, self.far)
    }
}

impl<M, T, L> Clone for ManyToMany<M, T, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T, L> Copy for ManyToMany<M, T, L> {}

impl<M: Model, T: Model, L: Model> Relation for ManyToMany<M, T, L> {
    type From = M;
    type To = T;

    fn steps(&self) -> Steps {
        Steps {
            first: Step::new::<M, L>(self.near, self.link_near),
            second: Some(Step::new::<L, T>(self.link_far, self.far)),
        }
    }
}
