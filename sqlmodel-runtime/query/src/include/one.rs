//! Relations to one that are loaded by keys: those of rows that a statement of its own has loaded, and those that lead on.

use std::fmt;
use std::marker::PhantomData;

use sqlmodel_core::{
    Append, Collect, Cx, Error, ErrorKind, Executor, Head, Model, Outcome, Target, ok, ok_result,
};

use super::{Attach, IntoLoading, unasked};
use crate::key::KeySet;
use crate::query::Query;
use crate::relation::{HasOne, OwnTable, ToOne};
use crate::select::fetch;

/// A relation to one that is loaded by a statement of its own, perhaps with relations of its target.
pub struct LoadingOne<M, T, N = ()> {
    near: &'static [&'static str],
    far: &'static [&'static str],
    nested: N,
    models: PhantomData<fn() -> (M, T)>,
}

impl<M, T> LoadingOne<M, T> {
    const fn new(near: &'static [&'static str], far: &'static [&'static str]) -> Self {
        Self {
            near,
            far,
            nested: (),
            models: PhantomData,
        }
    }
}

impl<M: Model, T: Target, N> LoadingOne<M, T, N> {
    /// Loads a relation of the target, too.
    #[must_use]
    pub fn include<I>(self, relation: I) -> LoadingOne<M, T, (N, I::Loading)>
    where
        I: IntoLoading<From = T::Model>,
    {
        LoadingOne {
            near: self.near,
            far: self.far,
            nested: (self.nested, relation.into_loading()),
            models: PhantomData,
        }
    }
}

impl<M: Model, T: Target> ToOne<M, T> {
    /// Loads a relation of the target, too, and both by keys: `Hero::TEAM.include(Team::HEROES)`.
    pub fn include<I>(self, relation: I) -> LoadingOne<M, T, ((), I::Loading)>
    where
        I: IntoLoading<From = T::Model>,
    {
        self.into_loading().include(relation)
    }
}

impl<M: Model, T: Model> HasOne<M, T> {
    /// Loads a relation of the target, too, and both by keys.
    pub fn include<I>(self, relation: I) -> LoadingOne<M, Option<T>, ((), I::Loading)>
    where
        I: IntoLoading<From = T>,
    {
        self.into_loading().include(relation)
    }
}

impl<M: Model, T: Target> OwnTable<ToOne<M, T>> {
    /// Loads a relation of the target, too, and both by keys.
    pub fn include<I>(self, relation: I) -> LoadingOne<M, T, ((), I::Loading)>
    where
        I: IntoLoading<From = T::Model>,
    {
        self.into_loading().include(relation)
    }
}

impl<M: Model, T> IntoLoading for ToOne<M, T> {
    type From = M;
    type Loading = LoadingOne<M, T>;

    fn into_loading(self) -> LoadingOne<M, T> {
        LoadingOne::new(self.near(), self.far())
    }
}

impl<M: Model, T> IntoLoading for HasOne<M, T> {
    type From = M;
    type Loading = LoadingOne<M, Option<T>>;

    fn into_loading(self) -> Self::Loading {
        LoadingOne::new(self.near(), self.far())
    }
}

impl<M: Model, T> IntoLoading for OwnTable<ToOne<M, T>> {
    type From = M;
    type Loading = LoadingOne<M, T>;

    fn into_loading(self) -> LoadingOne<M, T> {
        self.into_relation().into_loading()
    }
}

impl<M: Model, T> IntoLoading for OwnTable<HasOne<M, T>> {
    type From = M;
    type Loading = LoadingOne<M, Option<T>>;

    fn into_loading(self) -> Self::Loading {
        self.into_relation().into_loading()
    }
}

impl<M: Model, T, N> IntoLoading for LoadingOne<M, T, N> {
    type From = M;
    type Loading = Self;

    fn into_loading(self) -> Self {
        self
    }
}

impl<R, Before, M, T, N> Attach<R> for (Before, LoadingOne<M, T, N>)
where
    R: Send,
    Before: Attach<R>,
    Before::Row: Head<Model = M> + Append<T::With<N::Row>>,
    <Before::Row as Append<T::With<N::Row>>>::Output: Send,
    M: Model,
    T: Target,
    N: Attach<T::Model>,
    N::Row: Clone,
{
    type Row = <Before::Row as Append<T::With<N::Row>>>::Output;

    async fn attach<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        rows: Vec<R>,
    ) -> Outcome<Vec<Self::Row>, Error> {
        let (before, loading) = self;
        let rows = ok!(before.attach(cx, executor, rows).await);
        let mut keys = KeySet::default();
        let numbers = keys.insert_all(rows.iter().map(Head::head), loading.near);
        let found = ok!(loading.load(cx, executor, &keys).await);
        let mut longer = Vec::with_capacity(rows.len());
        for (row, number) in rows.into_iter().zip(numbers) {
            let target = number.and_then(|number| found.get(number)?.clone());
            longer.push(row.append(ok_result!(T::with(target).ok_or_else(|| loading.gone()))));
        }
        Outcome::Ok(longer)
    }
}

impl<M: Model, T: Target, N: Attach<T::Model>> LoadingOne<M, T, N> {
    /// Returns the target for each of the keys.
    async fn load<E: Executor>(
        &self,
        cx: &Cx,
        executor: &mut E,
        keys: &KeySet,
    ) -> Outcome<Vec<Option<N::Row>>, Error> {
        let max_parameters = executor.capabilities().max_parameters;
        let mut numbers = Vec::new();
        let mut targets: Vec<T::Model> = Vec::new();
        for condition in keys.conditions(<T::Model as Model>::TABLE_NAME, self.far, max_parameters)
        {
            let mut query = Query::of::<T::Model>();
            query.conditions.push(condition);
            let rows: Vec<T::Model> = ok!(fetch(&query, cx, executor, Collect::all()).await);
            for number in keys.numbers_of(rows.iter(), self.far) {
                let table = <T::Model as Model>::TABLE_NAME;
                numbers.push(ok_result!(number.ok_or_else(|| unasked(table, self.far))));
            }
            targets.extend(rows);
        }
        let targets = ok!(self.nested.attach(cx, executor, targets).await);
        let mut found: Vec<Option<N::Row>> = (0..keys.len()).map(|_| None).collect();
        for (number, target) in numbers.into_iter().zip(targets) {
            if let Some(slot) = found.get_mut(number) {
                *slot = Some(target);
            }
        }
        Outcome::Ok(found)
    }

    fn gone(&self) -> Error {
        Error::new(
            ErrorKind::NoRows,
            format!(
                "a row of `{}` refers by `{}` to a row of `{}` that is not there",
                M::TABLE_NAME,
                self.near.join("`, `"),
                <T::Model as Model>::TABLE_NAME,
            ),
        )
    }
}

impl<M, T, N: fmt::Debug> fmt::Debug for LoadingOne<M, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadingOne")
            .field("near", &self.near)
            .field("far", &self.far)
            .field("nested", &self.nested)
            .finish()
    }
}
