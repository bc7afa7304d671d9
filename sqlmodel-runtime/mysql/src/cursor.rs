//! A query whose rows are fetched little by little.
//!
//! Alone on the connection, the server sends rows as fast as they are read, so that a reader who pauses leaves them with the
//! server, as soon as the buffers of both sides are full. Where other statements run between fetches, the server stores
//! the result and is asked for one portion after the other.

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlmodel_core::{CursorKind, Error, Fetched, Outcome, Statement, Wait, ok, ok_result};
use sqlmodel_net::Transport;

use crate::connection::MySqlConnection;
use crate::connection::wire::{Rows, Sink};
use crate::error::statement_error;
use crate::protocol::column::Column;
use crate::protocol::command::{Command, RowsOf};
use crate::protocol::reply::Reply;
use crate::protocol::row::BinaryRow;

/// An open cursor.
#[derive(Debug)]
pub(crate) enum Cursor {
    /// The rows are in the reply that is being read.
    InReply { sql: Arc<str> },
    /// The rows are with the server.
    OnServer(Stored),
}

/// A result that the server keeps, with a statement of its own: to run one again ends its cursor.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    sql: Arc<str>,
    id: u32,
    columns: Arc<[Column]>,
    portion: u32,
}

impl<T: Transport> MySqlConnection<T> {
    pub(crate) async fn begin_cursor(
        &mut self,
        wait: Wait<'_>,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> Outcome<(), Error> {
        ok!(self.check_length(wait, statement).await);
        if let CursorKind::Shared { portion } = kind {
            return self.store_result(wait, statement, portion).await;
        }
        let prepared = ok!(self.prepared(wait, statement.sql).await);
        let sql = Arc::clone(&prepared.sql);
        ok_result!(self.begin_execute(prepared, statement.params));
        self.cursor = Some(Cursor::InReply { sql });
        Outcome::Ok(())
    }

    async fn store_result(
        &mut self,
        wait: Wait<'_>,
        statement: Statement<'_>,
        portion: u32,
    ) -> Outcome<(), Error> {
        let prepared = ok!(self.prepare_anew(wait, statement.sql).await);
        // From here on there is something to close.
        let mut stored = Stored {
            sql: Arc::clone(&prepared.sql),
            id: prepared.id,
            columns: Arc::clone(&prepared.columns),
            portion,
        };
        self.cursor = Some(Cursor::OnServer(stored.clone()));
        ok_result!(self.begin_prepared(prepared, statement.params, RowsOf::Cursor));
        let mut no_rows = NoRows;
        let mut rows = Rows::into(&mut no_rows);
        let ended = ok!(self.finish(wait, &mut rows).await);
        let summary = ok_result!(ended.result.map_err(statement_error));
        if let Some(refusal) = rows.refusal() {
            return Outcome::Err(refusal);
        }
        if summary.has_cursor() {
            stored.columns = Arc::clone(ended.reply.columns());
            self.cursor = Some(Cursor::OnServer(stored));
        } else {
            self.drop_cursor();
        }
        Outcome::Ok(())
    }

    pub(crate) async fn fetch_rows(
        &mut self,
        wait: Wait<'_>,
        sink: &mut dyn Sink,
    ) -> Outcome<Fetched, Error> {
        let sql = match &self.cursor {
            None => return Outcome::Ok(Fetched::End),
            Some(Cursor::InReply { sql }) => Arc::clone(sql),
            Some(Cursor::OnServer(stored)) => {
                let stored = stored.clone();
                let fetched = self.fetch_stored(wait, &stored, sink).await;
                return fetched.map_err(|error| error.with_sql(&stored.sql));
            }
        };
        let sql = &*sql;
        let mut rows = Rows::paused_by(sink);
        let outcome = self.wire.read(wait, &mut rows).await;
        let ended = ok!(outcome.map_err(|error| error.with_sql(sql)));
        if let Some(refusal) = rows.refusal() {
            return Outcome::Err(refusal.with_sql(sql));
        }
        let Some(ended) = ended else {
            return Outcome::Ok(Fetched::Paused);
        };
        self.observe(&ended);
        if let Err(error) = ended.result {
            self.forget_if_stale(&error, sql);
            return Outcome::Err(statement_error(error).with_sql(sql));
        }
        self.cursor = None;
        Outcome::Ok(Fetched::End)
    }

    async fn fetch_stored(
        &mut self,
        wait: Wait<'_>,
        stored: &Stored,
        sink: &mut dyn Sink,
    ) -> Outcome<Fetched, Error> {
        ok!(self.settle(wait).await);
        let reply = Reply::to_fetch(self.wire.flags(), Arc::clone(&stored.columns));
        let fetch = Command::Fetch {
            id: stored.id,
            n_rows: stored.portion,
        };
        ok_result!(self.wire.begin(fetch, reply, None));
        let mut rows = Rows::into(sink);
        let ended = ok!(self.finish(wait, &mut rows).await);
        let summary = ok_result!(ended.result.map_err(statement_error));
        if let Some(refusal) = rows.refusal() {
            return Outcome::Err(refusal);
        }
        if summary.is_cursor_at_end() {
            self.drop_cursor();
            return Outcome::Ok(Fetched::End);
        }
        Outcome::Ok(Fetched::Paused)
    }

    /// Gives up the cursor. What is left of its rows is read over, or the query ended, before the next statement; what the
    /// server keeps, it is told to forget.
    pub(crate) fn drop_cursor(&mut self) {
        if let Some(Cursor::OnServer(stored)) = self.cursor.take() {
            self.wire.close_later(stored.id);
        }
    }

    /// Tells whether the rows of a query are still to come, and nothing else can run.
    pub(crate) fn has_rows_to_come(&self) -> bool {
        matches!(self.cursor, Some(Cursor::InReply { .. }))
    }
}

/// Refuses rows: a server that opens a cursor sends none.
struct NoRows;

impl Sink for NoRows {
    fn row(&mut self, _: &BinaryRow<'_>) -> Result<ControlFlow<()>, Error> {
        Err(Error::unsupported(
            "this server has no cursors, and would send all rows at once: read them in pages with `seek` or `page`",
        ))
    }
}

/// Refuses to run anything while the rows of a cursor are still to come.
#[cold]
pub(crate) fn cursor_is_open() -> Error {
    Error::usage("the rows of a query are still being fetched on this connection")
}
