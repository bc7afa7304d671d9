//! A query whose rows are fetched between other statements: a cursor of SQL, which lives in a transaction.

use std::ops::ControlFlow;

use sqlmodel_core::{Cx, Error, Fetched, Statement, Stop, TransactionOptions};
use sqlmodel_net::Transport;

use crate::connection::PostgresConnection;
use crate::control::Control;
use crate::exchange::Sink;
use crate::protocol::backend::Status;
use crate::types::row::PostgresRow;

/// The name of the cursor, of which a connection has one at most.
pub(crate) const NAME: &str = "sqlmodel_rows";

/// A declared cursor.
#[derive(Debug)]
pub(crate) struct Declared {
    sql: Box<str>,
    portion: u32,
    /// Whether the transaction was begun for the cursor.
    owns_transaction: bool,
}

impl<T: Transport> PostgresConnection<T> {
    pub(crate) async fn declare_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        portion: u32,
    ) -> Result<(), Stop> {
        self.make_ready(cx).await?;
        let runs_none = self.link.status() == Status::Idle || self.controls.has_rollback();
        let owns_transaction = !self.is_in_transaction && runs_none;
        if owns_transaction {
            self.controls
                .push(Control::Begin(TransactionOptions::default()));
            self.is_in_transaction = true;
        } else {
            // One that was given up may still be there.
            self.has_left_cursor = true;
        }
        // From here on there is something to close.
        self.declared = Some(Declared {
            sql: statement.sql.into(),
            portion,
            owns_transaction,
        });
        let sql = format!("DECLARE {NAME} NO SCROLL CURSOR FOR {}", statement.sql);
        let declare = Statement {
            sql: &sql,
            ..statement
        };
        self.run(cx, declare, None).await.map(drop)
    }

    pub(crate) async fn fetch_declared(
        &mut self,
        cx: &Cx,
        sink: &mut dyn Sink,
    ) -> Result<Fetched, Stop> {
        let Some(Declared {
            sql,
            portion,
            owns_transaction,
        }) = &self.declared
        else {
            return Ok(Fetched::End);
        };
        let (portion, owns_transaction) = (u64::from(*portion), *owns_transaction);
        let mut portion_sink = PortionSink {
            sink,
            sql: sql.clone(),
            n_rows: 0,
        };
        let fetch = format!("FETCH {portion} FROM {NAME}");
        let fetch = Statement::once(&fetch, &[]);
        self.run(cx, fetch, Some(&mut portion_sink)).await?;
        if portion_sink.n_rows == portion {
            return Ok(Fetched::Paused);
        }
        match owns_transaction {
            true => self.end(cx, 0, Control::Commit).await?,
            false => self.has_left_cursor = true,
        }
        self.declared = None;
        Ok(Fetched::End)
    }

    /// Gives up the cursor. The server is told with what comes next.
    pub(crate) fn drop_declared(&mut self) {
        match self.declared.take() {
            Some(declared) if declared.owns_transaction => {
                self.controls.undo(0);
                self.is_in_transaction = false;
            }
            Some(_) => self.has_left_cursor = true,
            None => {}
        }
    }
}

/// Counts rows, and names the query in what is wrong with one.
struct PortionSink<'s> {
    sink: &'s mut dyn Sink,
    sql: Box<str>,
    n_rows: u64,
}

impl Sink for PortionSink<'_> {
    fn row(&mut self, row: &PostgresRow<'_>) -> Result<ControlFlow<()>, Error> {
        self.n_rows += 1;
        self.sink
            .row(row)
            .map_err(|error| error.with_sql(&self.sql))
    }
}
