//! COPY: data in bulk, as PostgreSQL writes and reads it.

use sqlmodel_core::{Cx, Error, Outcome, Stop, Wait};
use sqlmodel_net::{Socket, Transport};

use crate::connection::{Copying, PostgresConnection};
use crate::cursor::with_sql;
use crate::exchange::Answers;
use crate::protocol::backend::{rows_affected, tag};
use crate::protocol::frontend;

/// The bytes that are gathered before they are sent.
const ENOUGH: usize = 64 * 1024;

/// A COPY to the server, which takes data until it is finished. Given up when it is dropped: nothing is stored then.
#[derive(Debug)]
#[must_use = "a COPY that is dropped stores nothing"]
pub struct CopyIn<'c, T: Transport = Socket> {
    connection: &'c mut PostgresConnection<T>,
    sql: Box<str>,
    /// Whether all data that was handed over was taken; not after a `send` that was stopped in its middle.
    is_whole: bool,
}

impl<T: Transport> PostgresConnection<T> {
    /// Begins a `COPY .. FROM STDIN`, whose data is then sent in whatever pieces.
    ///
    /// Cancel: a COPY that is not finished stores nothing.
    ///
    /// # Errors
    ///
    /// What the server has against the statement; [`Usage`](sqlmodel_core::ErrorKind::Usage) for another one.
    pub async fn copy_in(&mut self, cx: &Cx, sql: &str) -> Outcome<CopyIn<'_, T>, Error> {
        let begun = self.begin_copy_in(cx, sql).await;
        let begun = begun.map_err(|stop| with_sql(stop, sql));
        match self.finish(cx, begun).await {
            Outcome::Ok(()) => Outcome::Ok(CopyIn {
                connection: self,
                sql: sql.into(),
                is_whole: true,
            }),
            Outcome::Err(error) => Outcome::Err(error),
            Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
        }
    }

    async fn begin_copy_in(&mut self, cx: &Cx, sql: &str) -> Result<(), Stop> {
        self.begin_copy(cx, sql).await?;
        let wait = Wait::on(cx);
        let frame = self.link.message(wait).await?;
        if frame.tag == tag::COPY_IN_RESPONSE {
            self.link.consume(frame);
            self.copying = Copying::In;
            return Ok(());
        }
        let mut answers = Answers::new(&mut [], None);
        self.hear(wait, &mut answers).await?;
        answers.into_result()?;
        Err(Stop::Err(Error::usage(
            "the statement is no COPY from the client",
        )))
    }

    /// Runs a `COPY .. TO STDOUT`, hands its data over in the pieces in which it comes, and returns the number of rows.
    ///
    /// # Errors
    ///
    /// What the server reports or `take` refuses.
    pub async fn copy_out(
        &mut self,
        cx: &Cx,
        sql: &str,
        take: impl FnMut(&[u8]) -> Result<(), Error> + Send,
    ) -> Outcome<u64, Error> {
        let copied = self.run_copy_out(cx, sql, take).await;
        let copied = copied.map_err(|stop| with_sql(stop, sql));
        self.finish(cx, copied).await
    }

    async fn run_copy_out(
        &mut self,
        cx: &Cx,
        sql: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Error> + Send,
    ) -> Result<u64, Stop> {
        self.begin_copy(cx, sql).await?;
        let wait = Wait::on(cx);
        let mut answers = Answers::new(&mut [], None);
        let mut refused = None;
        let mut n_rows = 0;
        while self.link.is_busy() {
            let frame = self.link.message(wait).await?;
            match frame.tag {
                tag::COPY_DATA if refused.is_none() => {
                    refused = take(self.link.body(frame)).err();
                }
                tag::COMMAND_COMPLETE => n_rows = rows_affected(self.link.body(frame)),
                tag::COPY_IN_RESPONSE => {
                    frontend::copy_fail(self.link.output(), "a COPY from the client needs copy_in");
                    self.link.consume(frame);
                    continue;
                }
                _ => {}
            }
            let answered = self.answer(frame, &mut answers);
            self.link.consume(frame);
            answered?;
        }
        answers.into_result()?;
        refused.map_or(Ok(n_rows), |error| Err(Stop::Err(error)))
    }

    /// Sends a statement by itself, after what was to be said before it.
    async fn begin_copy(&mut self, cx: &Cx, sql: &str) -> Result<(), Stop> {
        if sql.contains('\0') {
            return Err(Stop::Err(Error::usage("a statement with a zero character")));
        }
        self.make_ready(cx).await?;
        if !self.controls.is_empty() {
            self.exchange(cx, &mut []).await?;
        }
        self.link.begin_unit();
        self.copying = Copying::Asked;
        frontend::query(self.link.output(), sql);
        self.link.end_unit();
        Ok(())
    }
}

impl<T: Transport> CopyIn<'_, T> {
    /// Sends data. It is gathered, and a server that does not keep up is waited for.
    ///
    /// Cancel: a part of the data may have been sent, so that the COPY can only be given up; `finish` stores nothing then.
    ///
    /// # Errors
    ///
    /// What the server has against the data so far; it may tell with a later piece or at the end.
    pub async fn send(&mut self, cx: &Cx, data: &[u8]) -> Outcome<(), Error> {
        let was_whole = std::mem::replace(&mut self.is_whole, false);
        let sent = self.try_send(cx, data).await;
        self.is_whole = was_whole && sent.is_ok();
        Stop::into_outcome(sent.map_err(|stop| with_sql(stop, &self.sql)))
    }

    async fn try_send(&mut self, cx: &Cx, data: &[u8]) -> Result<(), Stop> {
        let link = &mut self.connection.link;
        for chunk in data.chunks(ENOUGH) {
            frontend::copy_data(link.output(), chunk);
            if link.n_unsent() >= ENOUGH {
                link.flush(Wait::on(cx)).await?;
            }
        }
        // The server says something before the end only when it does not go on.
        let is_refused = link.buffered()?.is_some();
        if is_refused {
            self.end(cx).await?;
        }
        Ok(())
    }

    /// Ends the data, and returns the number of rows that were stored.
    ///
    /// Cancel: whether they were is decided by the transaction it runs in.
    ///
    /// # Errors
    ///
    /// What the server has against the data, or a constraint against the rows.
    pub async fn finish(mut self, cx: &Cx) -> Outcome<u64, Error> {
        if !self.is_whole {
            return Outcome::Err(Error::usage(
                "the data of the COPY is not whole: a `send` was stopped or failed before",
            ));
        }
        frontend::copy_done(self.connection.link.output());
        self.connection.copying = Copying::Asked;
        let ended = self.end(cx).await;
        let ended = ended.map_err(|stop| with_sql(stop, &self.sql));
        self.connection.finish(cx, ended).await
    }

    /// Hears the answers to the statement.
    async fn end(&mut self, cx: &Cx) -> Result<u64, Stop> {
        let connection = &mut *self.connection;
        let wait = Wait::on(cx);
        let mut answers = Answers::new(&mut [], None);
        let mut n_rows = 0;
        while connection.link.is_busy() {
            let frame = connection.link.message(wait).await?;
            if frame.tag == tag::COMMAND_COMPLETE {
                n_rows = rows_affected(connection.link.body(frame));
            }
            let answered = connection.answer(frame, &mut answers);
            connection.link.consume(frame);
            answered?;
        }
        answers.into_result()?;
        Ok(n_rows)
    }
}
