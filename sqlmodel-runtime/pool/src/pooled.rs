//! A connection that goes back to its pool.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlmodel_core::{
    Capabilities, Connection, Connector, CursorKind, Cx, Dialect, Done, Error, Executor, Fetched,
    Outcome, Prepared, Progress, Replication, RowSink, Statement, TransactionStep,
};

use crate::pool::Pool;
use crate::shared::Shared;
use crate::state::{Closing, Slot, State};

/// A connection that goes back to its pool when it is dropped, in whatever condition.
///
/// One with an unfinished exchange or an open transaction is put in order before the next one gets it.
pub struct Pooled<K: Connector> {
    shared: Arc<Shared<K>>,
    /// Present until the connection is dropped, discarded or detached.
    slot: Option<Slot<K::Connection>>,
}

impl<K: Connector> Pooled<K> {
    pub(crate) fn new(shared: Arc<Shared<K>>, slot: Slot<K::Connection>) -> Self {
        Self {
            shared,
            slot: Some(slot),
        }
    }

    pub(crate) fn slot(&mut self) -> &mut Slot<K::Connection> {
        self.slot
            .as_mut()
            .expect("the connection is not given back yet")
    }

    /// Closes the connection, which does not work, instead of handing it out.
    pub(crate) fn discard(&mut self, closing: Closing) {
        if let Some(slot) = self.slot.take() {
            drop(slot);
            self.shared.change(|state| state.reject(closing));
        }
    }

    /// Tells whether this is a connection of the pool.
    pub(crate) fn is_of(&self, pool: &Pool<K>) -> bool {
        Arc::ptr_eq(&self.shared, pool.shared())
    }

    /// Asks the server what it is and how far it has come.
    pub(crate) async fn progress(&mut self, cx: &Cx) -> Outcome<Progress, Error>
    where
        K: Replication,
    {
        let shared = Arc::clone(&self.shared);
        shared
            .connector
            .progress(cx, &mut self.slot().connection)
            .await
    }

    /// Takes the connection out of the pool, which may open another one in its place.
    pub fn detach(mut self) -> K::Connection {
        let slot = self.slot.take();
        self.shared
            .change(|state: &mut State<_>| state.remove(Closing::Detached));
        slot.expect("the connection is not given back yet")
            .connection
    }
}

impl<K: Connector> Drop for Pooled<K> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.shared.give_back(slot);
        }
    }
}

impl<K: Connector> Deref for Pooled<K> {
    type Target = K::Connection;

    fn deref(&self) -> &K::Connection {
        let slot = self.slot.as_ref();
        &slot
            .expect("the connection is not given back yet")
            .connection
    }
}

impl<K: Connector> DerefMut for Pooled<K> {
    fn deref_mut(&mut self) -> &mut K::Connection {
        &mut self.slot().connection
    }
}

impl<K: Connector> Executor for Pooled<K> {
    type Nested<'n> = <K::Connection as Executor>::Nested<'n>;

    fn dialect(&self) -> Dialect {
        (**self).dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        (**self).capabilities()
    }

    fn nested(&mut self, cx: &Cx) -> impl Future<Output = Outcome<Self::Nested<'_>, Error>> + Send {
        (**self).nested(cx)
    }

    fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut S,
    ) -> impl Future<Output = Outcome<(), Error>> + Send {
        (**self).query(cx, statement, sink)
    }

    fn execute(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
    ) -> impl Future<Output = Outcome<Done, Error>> + Send {
        (**self).execute(cx, statement)
    }

    fn execute_all(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Outcome<Vec<Done>, Error>> + Send {
        (**self).execute_all(cx, statements)
    }

    fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> impl Future<Output = Outcome<(), Error>> + Send {
        (**self).open_cursor(cx, statement, kind)
    }

    fn fetch<S: RowSink>(
        &mut self,
        cx: &Cx,
        sink: &mut S,
    ) -> impl Future<Output = Outcome<Fetched, Error>> + Send {
        (**self).fetch(cx, sink)
    }

    fn close_cursor(&mut self) {
        (**self).close_cursor();
    }
}

impl<K: Connector> Connection for Pooled<K> {
    fn prepare(
        &mut self,
        cx: &Cx,
        sql: &str,
    ) -> impl Future<Output = Outcome<Prepared, Error>> + Send {
        (**self).prepare(cx, sql)
    }

    fn execute_each(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Outcome<Vec<Done>, Error>> + Send {
        (**self).execute_each(cx, statements)
    }

    fn step(
        &mut self,
        cx: &Cx,
        step: TransactionStep,
    ) -> impl Future<Output = Outcome<(), Error>> + Send {
        (**self).step(cx, step)
    }

    fn abandon(&mut self, depth: u32) {
        (**self).abandon(depth);
    }
}

impl<K: Connector> fmt::Debug for Pooled<K>
where
    K::Connection: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&**self).finish()
    }
}
