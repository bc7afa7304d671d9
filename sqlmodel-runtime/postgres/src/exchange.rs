//! Units of messages: saying one, hearing its answers, and reading over the answers that nobody waits for any more.

use std::ops::ControlFlow;
use std::time::Duration;

use sqlmodel_core::{Cx, Outcome};
use sqlmodel_core::{Error, ErrorKind, RowSink, Stop, Wait, seam};
use sqlmodel_net::Transport;

use crate::connection::{Copying, PostgresConnection};
use crate::control::Control;
use crate::cursor::cursor_is_open;
use crate::declared;
use crate::error::ServerMessage;
use crate::protocol::Malformed;
use crate::protocol::backend::{
    Frame, Status, is_undone_with_its_unit, read_columns, read_parameter_types, rows_affected, tag,
};
use crate::protocol::frontend;
use crate::session;
use crate::task::{Aim, Task};
use crate::types::row::PostgresRow;

/// How long the rows of a cursor that was given up are read over before the server is asked to stop.
const PORTION_LIMIT: Duration = Duration::from_millis(500);

/// How often the server is asked to stop, and how long it has after the first time; each further one has twice as long.
const CANCEL_REQUESTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Takes rows of this driver: a [`RowSink`] behind a pointer, so that all that leads to a row is compiled once and not for each
/// type that rows are read into.
pub(crate) trait Sink: Send {
    /// Takes a row; `Break` ends the query.
    fn row(&mut self, row: &PostgresRow<'_>) -> Result<ControlFlow<()>, Error>;
}

impl<S: RowSink> Sink for S {
    #[inline]
    fn row(&mut self, row: &PostgresRow<'_>) -> Result<ControlFlow<()>, Error> {
        RowSink::row(self, row)
    }
}

/// What the answers to a unit come to.
pub(crate) struct Answers<'u, 's> {
    tasks: &'u mut [Task<'s>],
    /// Where the rows go; without it, they do not matter.
    sink: Option<&'u mut dyn Sink>,
    /// Whether there was a row.
    pub(crate) has_rows: bool,
    /// Whether a statement failed because what was prepared of it is not what it was.
    pub(crate) is_outlived: bool,
    /// Whether a statement was completed that an error of a later one may not undo.
    pub(crate) may_be_kept: bool,
    /// The task whose answers come next.
    at: usize,
    /// Whether its rows are wanted no more.
    is_full: bool,
    failure: Option<Error>,
}

impl<'u, 's> Answers<'u, 's> {
    pub(crate) fn new(tasks: &'u mut [Task<'s>], sink: Option<&'u mut dyn Sink>) -> Self {
        Self {
            tasks,
            sink,
            has_rows: false,
            is_outlived: false,
            may_be_kept: false,
            at: 0,
            is_full: false,
            failure: None,
        }
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    pub(crate) fn into_result(self) -> Result<(), Stop> {
        self.failure.map_or(Ok(()), |error| Err(Stop::Err(error)))
    }
}

impl<T: Transport> PostgresConnection<T> {
    /// Makes sure that the server listens: nothing is outstanding, and the context lets us begin.
    pub(crate) async fn make_ready(&mut self, cx: &Cx) -> Result<(), Stop> {
        Stop::check(seam::checkpoint(cx))?;
        self.calm(cx).await;
        if self.link.is_broken() {
            return Err(Stop::Err(closed()));
        }
        if self.link.has_open_unit() {
            return Err(Stop::Err(cursor_is_open()));
        }
        // Nothing was asked: a server that says something ends the connection, or is none.
        if let Some(frame) = self.link.buffered()? {
            return Err(Stop::Err(match frame.tag {
                tag::ERROR_RESPONSE => self.link.server_error(frame)?.into_error(),
                _ => self.link.refuse(Malformed),
            }));
        }
        self.controls.adapt_to(self.link.status());
        if self.is_in_transaction && self.is_over() {
            return Err(Stop::Err(Error::new(
                ErrorKind::Database,
                "the database has ended the transaction, and nothing more can run in it",
            )));
        }
        Ok(())
    }

    /// Tells whether no transaction runs, nor is one about to be begun.
    pub(crate) fn is_over(&self) -> bool {
        self.link.status() == Status::Idle && !self.controls.has_begin()
    }

    /// Says one unit and hears its answers to the end. Rows do not matter.
    pub(crate) async fn exchange(&mut self, cx: &Cx, tasks: &mut [Task<'_>]) -> Result<(), Stop> {
        self.say(tasks)?;
        let mut answers = Answers::new(tasks, None);
        self.hear(Wait::on(cx), &mut answers).await?;
        answers.into_result()
    }

    /// Says a unit without statements, and hears its answers even when the context is cancelled meanwhile.
    pub(crate) async fn exchange_controls(&mut self, cx: &Cx) -> Result<(), Stop> {
        self.say(&[])?;
        let mut answers = Answers::new(&mut [], None);
        let mut heard = self.hear(Wait::on(cx), &mut answers).await;
        if matches!(heard, Err(Stop::Cancelled(_))) {
            let wait = Wait::masked(cx, self.cancel_grace);
            heard = self.hear(wait, &mut answers).await;
            if heard.is_err() {
                self.link.give_up();
            }
        }
        heard?;
        answers.into_result()
    }

    /// Writes a unit: what was to be said before, and the statements.
    pub(crate) fn say(&mut self, tasks: &[Task<'_>]) -> Result<(), Error> {
        self.link.begin_unit();
        let written = self.write(tasks);
        match written {
            Ok(()) => {
                self.link.sync();
                self.has_left_cursor = false;
            }
            Err(_) => {
                self.link.withdraw();
                self.controls.unsend();
                self.statements.end_unit();
            }
        }
        written
    }

    pub(crate) fn write(&mut self, tasks: &[Task<'_>]) -> Result<(), Error> {
        let out = self.link.output();
        for name in self.statements.take_closed(tasks.iter().map(Task::name)) {
            frontend::close_statement(out, &name);
        }
        if self.has_left_cursor {
            frontend::close_portal(out, declared::NAME);
        }
        for control in self.controls.send() {
            frontend::parse(out, "", &control.sql(), &[]);
            frontend::bind(out, "", 0, |_, _| Ok::<_, Error>(frontend::Format::Text))?;
            frontend::execute(out, 0);
        }
        for task in tasks {
            task.write(out)
                .map_err(|error| error.with_sql(task.statement.sql))?;
        }
        Ok(())
    }

    /// Hears answers until nothing is outstanding.
    pub(crate) async fn hear(
        &mut self,
        wait: Wait<'_>,
        answers: &mut Answers<'_, '_>,
    ) -> Result<(), Stop> {
        while self.link.is_busy() {
            match self.link.buffered()? {
                Some(frame) => {
                    let answered = self.answer(frame, answers);
                    self.link.consume(frame);
                    answered?;
                }
                None => self.link.receive(wait).await?,
            }
        }
        Ok(())
    }

    /// Takes one message of the answers.
    #[inline]
    pub(crate) fn answer(
        &mut self,
        frame: Frame,
        answers: &mut Answers<'_, '_>,
    ) -> Result<(), Error> {
        match frame.tag {
            tag::DATA_ROW => self.answer_row(frame, answers),
            tag::PARAMETER_DESCRIPTION | tag::ROW_DESCRIPTION | tag::NO_DATA => {
                let described = self.answer_description(frame, answers);
                described.map_err(|malformed| self.link.refuse(malformed))
            }
            tag::COMMAND_COMPLETE | tag::EMPTY_QUERY_RESPONSE => {
                self.answer_completion(frame, answers);
                Ok(())
            }
            tag::ERROR_RESPONSE => {
                let message = self.link.server_error(frame)?;
                self.answer_error(message, answers)
            }
            tag::READY_FOR_QUERY => {
                self.statements.end_unit();
                self.copying = Copying::No;
                self.is_ending_cursor = false;
                self.link.ready(frame)
            }
            tag::COPY_IN_RESPONSE => {
                let out = self.link.output();
                frontend::copy_fail(out, "a COPY from the client needs copy_in");
                if self.copying == Copying::No {
                    // The server has read over the Sync that follows the statement, and waits for another one.
                    frontend::sync(out);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn answer_row(&mut self, frame: Frame, answers: &mut Answers<'_, '_>) -> Result<(), Error> {
        answers.has_rows = true;
        let task = answers.tasks.get(answers.at);
        let (Some(task), Some(sink), false) = (task, &mut answers.sink, answers.is_full) else {
            return Ok(());
        };
        let Some(shape) = task.shape.as_deref() else {
            return Err(self.link.refuse(Malformed));
        };
        let mut refused = None;
        let taken = self.link.row(frame, shape, &mut self.cells, |row| {
            let taken = sink.row(row);
            Ok(taken.unwrap_or_else(|error| {
                refused = Some(error.with_sql(task.statement.sql));
                ControlFlow::Break(())
            }))
        })?;
        answers.is_full = taken.is_break();
        if let Some(error) = refused {
            answers.fail(error);
        }
        Ok(())
    }

    fn answer_description(
        &mut self,
        frame: Frame,
        answers: &mut Answers<'_, '_>,
    ) -> Result<(), Malformed> {
        let Some(task) = answers.tasks.get_mut(answers.at) else {
            return Ok(());
        };
        let body = self.link.body(frame);
        match frame.tag {
            tag::PARAMETER_DESCRIPTION => {
                task.parameters = read_parameter_types(body)?;
                return Ok(());
            }
            tag::ROW_DESCRIPTION => task.describe(read_columns(body)?, &mut self.statements)?,
            _ => task.describe(Vec::new(), &mut self.statements)?,
        }
        if task.aim == Aim::Prepare {
            // It is not run, and has no other end.
            answers.at += 1;
        }
        Ok(())
    }

    fn answer_completion(&mut self, frame: Frame, answers: &mut Answers<'_, '_>) {
        let body = self.link.body(frame);
        match self.controls.complete() {
            Some(Control::Commit) if body == b"ROLLBACK\0" => answers.fail(Error::new(
                ErrorKind::Database,
                "the transaction was rolled back, because a statement in it had failed",
            )),
            Some(_) => {}
            None => {
                if let Some(task) = answers.tasks.get_mut(answers.at) {
                    let may_change = self.statements.may_change_session(&task.statement);
                    self.has_changed_session |= session::has_changed(body, may_change);
                    self.has_prepared |= session::has_prepared(body);
                    task.done.rows_affected = rows_affected(body);
                }
                answers.may_be_kept |= !is_undone_with_its_unit(body);
                answers.at += 1;
                answers.is_full = false;
            }
        }
    }

    #[cold]
    fn answer_error(
        &mut self,
        message: ServerMessage,
        answers: &mut Answers<'_, '_>,
    ) -> Result<(), Error> {
        let is_of_control = self.controls.fail();
        let task = answers.tasks.get(answers.at).filter(|_| !is_of_control);
        let is_miscounted = message.code() == "08P01";
        let error = match task {
            Some(task) => {
                let kept = self.statements.get(task.statement.sql);
                if message.is_stale_statement() {
                    self.statements.forget(task.statement.sql);
                    answers.is_outlived = true;
                }
                let counted = match (task.shape.as_ref().or(kept.as_ref()), is_miscounted) {
                    (Some(shape), true) => task.check_count(shape.parameters.len()),
                    _ => Ok(()),
                };
                let error = counted.err().unwrap_or_else(|| message.into_error());
                error.with_sql(task.statement.sql)
            }
            None => message.into_error(),
        };
        if self.link.is_broken() {
            // The server says no more.
            return Err(error);
        }
        answers.fail(error);
        Ok(())
    }

    /// Ends a call: after a cancellation the connection is put in order before the caller hears of it.
    pub(crate) async fn finish<R>(
        &mut self,
        cx: &Cx,
        result: Result<R, Stop>,
    ) -> Outcome<R, Error> {
        if matches!(result, Err(Stop::Cancelled(_))) {
            self.calm(cx).await;
        }
        Stop::into_outcome(result)
    }

    /// Makes the server stop what a cancelled or dropped call has begun, and reads over its answers.
    pub(crate) async fn calm(&mut self, cx: &Cx) {
        if !self.link.is_busy() || self.link.is_broken() {
            return;
        }
        if self.link.withdraw() {
            self.controls.unsend();
            self.statements.end_unit();
            self.copying = Copying::No;
            return;
        }
        let wait = Wait::masked(cx, self.cancel_grace);
        if self.drain(wait).await.is_err() {
            self.link.give_up();
        }
    }

    async fn drain(&mut self, wait: Wait<'_>) -> Result<(), Stop> {
        if self.copying == Copying::In {
            frontend::copy_fail(self.link.output(), "the copy was given up");
        }
        self.link.flush(wait).await?;
        let mut answers = Answers::new(&mut [], None);
        // What has arrived already may be all there is.
        while self.link.is_busy()
            && let Some(frame) = self.link.buffered()?
        {
            let answered = self.answer(frame, &mut answers);
            self.link.consume(frame);
            answered?;
        }
        if std::mem::take(&mut self.is_ending_cursor) {
            // A portion ends by itself, and a request to cancel would end the transaction as well.
            let soon = wait.at_most(PORTION_LIMIT);
            match self.hear(soon, &mut answers).await {
                Err(stop) if self.link.is_broken() => return Err(stop),
                _ => {}
            }
        }
        let canceller = match self.controls.has_sent_commit() || !self.link.is_busy() {
            true => None,
            false => self.canceller.clone(),
        };
        let Some(canceller) = canceller else {
            return self.hear(wait, &mut answers).await;
        };
        // A request that comes before the server has read the statement is lost, and so is one that a function has caught.
        let mut pause = FIRST_PAUSE;
        for _ in 0..CANCEL_REQUESTS {
            // Where it does not get through, the statement runs to its end, within the limit.
            let _ = canceller.cancel(wait).await;
            match self.hear(wait.at_most(pause), &mut answers).await {
                Err(stop) if self.link.is_broken() => return Err(stop),
                Err(_) => pause *= 2,
                Ok(()) => break,
            }
        }
        self.hear(wait, &mut answers).await?;
        // A request that takes effect late finds nothing to cancel but this.
        self.link.sync();
        self.hear(wait, &mut answers).await
    }
}

#[cold]
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Connect, "the connection is closed")
}
