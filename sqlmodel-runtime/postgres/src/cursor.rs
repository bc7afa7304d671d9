//! A query whose rows are fetched in portions: the portal stays open on the server, and the unit without its end.

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlmodel_core::{Cx, Error, Fetched, Statement, Stop, Wait};
use sqlmodel_net::Transport;

use crate::connection::PostgresConnection;
use crate::exchange::{Answers, Sink};
use crate::protocol::backend::{Status, tag};
use crate::protocol::frontend;
use crate::statements::Shape;
use crate::task::{Aim, Task};

/// The rows of a portion. What is not read of one that was given up has to be read over.
const PORTION: u32 = 1_000;

/// An open cursor.
#[derive(Debug)]
pub(crate) struct Cursor {
    sql: Box<str>,
    shape: Arc<Shape>,
    /// Whether the server waits to be asked for the next portion.
    is_suspended: bool,
}

impl<T: Transport> PostgresConnection<T> {
    pub(crate) async fn begin_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
    ) -> Result<(), Stop> {
        self.make_ready(cx).await?;
        let is_alone = self.link.status() == Status::Idle && self.controls.is_empty();
        let mut is_last = false;
        loop {
            let mut task = Task::new(statement, Aim::Run, &mut self.statements)
                .map_err(|error| error.with_sql(statement.sql))?;
            is_last |= task.is_new();
            // From here on the unit is open, and whatever stops this has to close it.
            self.link.begin_unit();
            let begun = self.bind_cursor(cx, &mut task).await;
            let Err(Stop::Err(error)) = begun else {
                return begun;
            };
            if self.link.withdraw() {
                self.controls.unsend();
                self.statements.end_unit();
            } else if !self.link.is_broken() {
                self.end_unit_of_cursor(cx).await?;
            }
            let is_misfit = !self
                .forget_misfits(std::slice::from_ref(&task), &error)
                .is_empty();
            let is_outlived = is_alone && self.statements.get(statement.sql).is_none();
            if is_last || self.link.is_broken() || !(is_misfit || is_outlived) {
                return Err(Stop::Err(error.with_sql(statement.sql)));
            }
            is_last = true;
        }
    }

    async fn bind_cursor(&mut self, cx: &Cx, task: &mut Task<'_>) -> Result<(), Stop> {
        self.write(&[])?;
        let was_prepared = !task.is_new();
        if !was_prepared {
            task.aim = Aim::Prepare;
            self.write(std::slice::from_ref(task))?;
            frontend::flush(self.link.output());
            self.hear_description(cx, task).await?;
            task.aim = Aim::Run;
            let n_parameters = task
                .shape
                .as_ref()
                .map_or(0, |shape| shape.parameters.len());
            let counted = task.check_count(n_parameters);
            counted.map_err(|error| error.with_sql(task.statement.sql))?;
        }
        let Some(shape) = task.shape.clone() else {
            return Err(Stop::Err(crate::exchange::closed()));
        };
        task.write_portion(self.link.output(), PORTION)
            .map_err(|error| error.with_sql(task.statement.sql))?;
        frontend::flush(self.link.output());
        self.cursor = Some(Cursor {
            sql: task.statement.sql.into(),
            shape,
            is_suspended: false,
        });
        match was_prepared {
            // While the parameters are at hand, it can be prepared again.
            true => self.hear_bound(cx, task).await,
            false => Ok(()),
        }
    }

    /// Hears whether the server still knows the statement as it was prepared; the rows come together with the answer.
    async fn hear_bound(&mut self, cx: &Cx, task: &mut Task<'_>) -> Result<(), Stop> {
        let wait = Wait::on(cx);
        let mut answers = Answers::new(std::slice::from_mut(task), None);
        loop {
            let frame = self.link.message(wait).await?;
            let is_of_control = self.controls.has_sent();
            let answered = self.answer(frame, &mut answers);
            self.link.consume(frame);
            answered?;
            match frame.tag {
                tag::ERROR_RESPONSE => return answers.into_result(),
                tag::BIND_COMPLETE if !is_of_control => return Ok(()),
                _ => {}
            }
        }
    }

    /// Hears what the server knows of a statement, which ends with its columns.
    async fn hear_description(&mut self, cx: &Cx, task: &mut Task<'_>) -> Result<(), Stop> {
        let wait = Wait::on(cx);
        let mut answers = Answers::new(std::slice::from_mut(task), None);
        loop {
            let frame = self.link.message(wait).await?;
            let answered = self.answer(frame, &mut answers);
            self.link.consume(frame);
            answered?;
            match frame.tag {
                tag::ERROR_RESPONSE => return answers.into_result(),
                tag::ROW_DESCRIPTION | tag::NO_DATA => return Ok(()),
                _ => {}
            }
        }
    }

    pub(crate) async fn fetch_rows(
        &mut self,
        cx: &Cx,
        sink: &mut dyn Sink,
    ) -> Result<Fetched, Stop> {
        let wait = Wait::on(cx);
        loop {
            let Some(cursor) = &mut self.cursor else {
                return Ok(Fetched::End);
            };
            if std::mem::take(&mut cursor.is_suspended) {
                frontend::execute(self.link.output(), PORTION);
                frontend::flush(self.link.output());
            }
            let Some(frame) = self.link.buffered()? else {
                self.link.receive(wait).await?;
                continue;
            };
            match frame.tag {
                tag::DATA_ROW => {
                    let taken = self.link.row(frame, &cursor.shape, &mut self.cells, |row| {
                        sink.row(row).map_err(|error| error.with_sql(&cursor.sql))
                    });
                    self.link.consume(frame);
                    if let ControlFlow::Break(()) = taken? {
                        return Ok(Fetched::Paused);
                    }
                    continue;
                }
                tag::PORTAL_SUSPENDED => cursor.is_suspended = true,
                tag::COMMAND_COMPLETE | tag::EMPTY_QUERY_RESPONSE if !self.controls.has_sent() => {
                    self.link.consume(frame);
                    self.end_unit_of_cursor(cx).await?;
                    return Ok(Fetched::End);
                }
                tag::ERROR_RESPONSE => {
                    let sql = std::mem::take(&mut cursor.sql);
                    let mut answers = Answers::new(&mut [], None);
                    let answered = self.answer(frame, &mut answers);
                    self.link.consume(frame);
                    answered?;
                    self.end_unit_of_cursor(cx).await?;
                    let failed = answers.into_result();
                    return Err(failed.err().map_or_else(
                        || Stop::Err(crate::exchange::closed()),
                        |stop| with_sql(stop, &sql),
                    ));
                }
                _ => {
                    let mut answers = Answers::new(&mut [], None);
                    self.answer(frame, &mut answers)?;
                }
            }
            self.link.consume(frame);
        }
    }

    /// Ends the unit after the last row or an error, where the server has nothing to do any more.
    async fn end_unit_of_cursor(&mut self, cx: &Cx) -> Result<(), Stop> {
        self.cursor = None;
        self.link.sync();
        let mut answers = Answers::new(&mut [], None);
        self.hear(Wait::on(cx), &mut answers).await
    }

    /// Gives up the cursor. The server is told with what comes next.
    pub(crate) fn drop_cursor(&mut self) {
        self.cursor = None;
        if self.link.has_open_unit() {
            frontend::close_portal(self.link.output(), "");
            self.link.sync();
            self.is_ending_cursor = true;
        }
    }
}

pub(crate) fn with_sql(stop: Stop, sql: &str) -> Stop {
    match stop {
        Stop::Err(error) => Stop::Err(error.with_sql(sql)),
        other => other,
    }
}

/// Refuses to run anything while the rows of a cursor are still to come.
#[cold]
pub(crate) fn cursor_is_open() -> Error {
    Error::usage("the rows of a query are still being fetched on this connection")
}
