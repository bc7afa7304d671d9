//! A query whose rows are fetched little by little.
//!
//! The server sends rows as fast as they are read, so that a reader who pauses leaves them with the server, as soon as the
//! buffers of both sides are full.

use std::sync::Arc;

use sqlmodel_core::{Error, Fetched, Outcome, Statement, Wait, ok, ok_result};
use sqlmodel_net::Transport;

use crate::connection::MySqlConnection;
use crate::connection::wire::{Rows, Sink};
use crate::error::statement_error;

/// An open cursor.
#[derive(Debug)]
pub(crate) struct Cursor {
    sql: Arc<str>,
}

impl<T: Transport> MySqlConnection<T> {
    pub(crate) async fn begin_cursor(
        &mut self,
        wait: Wait<'_>,
        statement: Statement<'_>,
    ) -> Outcome<(), Error> {
        let prepared = ok!(self.prepared(wait, statement.sql).await);
        let sql = Arc::clone(&prepared.sql);
        ok_result!(self.begin_execute(prepared, statement.params));
        self.cursor = Some(Cursor { sql });
        Outcome::Ok(())
    }

    pub(crate) async fn fetch_rows(
        &mut self,
        wait: Wait<'_>,
        sink: &mut dyn Sink,
    ) -> Outcome<Fetched, Error> {
        let Some(Cursor { sql }) = &self.cursor else {
            return Outcome::Ok(Fetched::End);
        };
        let sql = Arc::clone(sql);
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

    /// Gives up the cursor. What is left of its rows is read over, or the query ended, before the next statement.
    pub(crate) fn drop_cursor(&mut self) {
        self.cursor = None;
    }
}

/// Refuses to run anything while the rows of a cursor are still to come.
#[cold]
pub(crate) fn cursor_is_open() -> Error {
    Error::usage("the rows of a query are still being fetched on this connection")
}
