//! One connection to a server.

mod statements;
#[cfg(test)]
mod tests;
mod transact;
mod unit;
pub(crate) mod wire;

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlmodel_core::trace::{Counted, Traced};
use sqlmodel_core::{
    Capabilities, Collect, Connection, CursorKind, Cx, Dialect, Done, Error, ErrorKind, Executor,
    Fetched, Outcome, Prepared, RowSink, Statement, Transaction, TransactionStep, Upkeep, Value,
    Wait, ok, ok_result, seam,
};
use sqlmodel_net::{Address, Socket, Transport, advice};

use self::statements::{PreparedStatement, Statements};
use self::unit::{Unit, UnitState};
use self::wire::{Ended, Rows, Sink, Wire};
use crate::cursor::{Cursor, cursor_is_open};
use crate::error::{TOO_LONG, code, statement_error};
use crate::options::MySqlOptions;
use crate::protocol::column::Column;
use crate::protocol::command::{Command, RowsOf};
use crate::protocol::greeting::Greeting;
use crate::protocol::login::Line;
use crate::protocol::reply::{Reply, ServerError, Summary};

/// The width of the count of parameters in the protocol.
const MAX_PARAMETERS: usize = 65_535;
/// The length that every server takes; the least default of `max_allowed_packet` that one has had.
const SURELY_TAKEN: usize = 1024 * 1024;
/// How long the reply to a call that was dropped may take before the server is told to stop.
const GRACE: Duration = Duration::from_millis(50);

/// Makes sessions alike. Values that do not fit are errors, dates are of the calendar, and times are in UTC.
///
/// A column that is neither grouped by nor an aggregate is refused where the server can tell that its group does not decide it.
/// MariaDB cannot (it refuses `SELECT id, name .. GROUP BY id`), and passes over comments for MySQL's versions from 5.7.0.
const SETUP: &str = "SET NAMES utf8mb4, time_zone = '+00:00', autocommit = 1, session_track_state_change = 1, \
    sql_mode = CONCAT('STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' \
    /*!50700 , ',ONLY_FULL_GROUP_BY' */)";

/// A connection to a MySQL or MariaDB server.
///
/// `T` is the transport, a socket outside of tests.
#[derive(Debug)]
pub struct MySqlConnection<T = Socket> {
    pub(crate) wire: Wire<T>,
    statements: Statements,
    unit: Unit,
    pub(crate) cursor: Option<Cursor>,
    /// Whether something was done that outlives its statement.
    has_changed_session: bool,
    /// Whether names without a schema are looked up in another database than in the beginning.
    has_changed_schema: bool,
    capabilities: Capabilities,
    interrupter: Interrupter,
    /// Whether an interrupt was sent that may have come too late.
    is_interrupted: bool,
    /// The longest statement that the server takes, once it was asked.
    max_allowed_packet: Option<usize>,
}

/// How to tell the server to stop what a connection runs: over another connection.
struct Interrupter {
    options: MySqlOptions,
    connection_id: u32,
}

impl MySqlConnection {
    /// Connects to the server of a URL such as `mysql://user:password@host:3306/database`; see [`MySqlOptions::parse`].
    ///
    /// # Errors
    ///
    /// [`Usage`](sqlmodel_core::ErrorKind::Usage) for a wrong URL, [`Connect`](sqlmodel_core::ErrorKind::Connect) with
    /// what to change for everything else.
    pub async fn connect(cx: &Cx, url: &str) -> Outcome<Self, Error> {
        let options = ok_result!(MySqlOptions::parse(url));
        Self::open(cx, &options).await
    }

    pub(crate) async fn open(cx: &Cx, options: &MySqlOptions) -> Outcome<Self, Error> {
        Self::dial(cx, options, |socket| socket).await
    }
}

/// Connects a socket and logs in.
async fn dial<T: Transport>(
    wait: Wait<'_>,
    options: &MySqlOptions,
    wrap: impl Fn(Socket) -> T,
) -> Outcome<(Wire<T>, Greeting), Error> {
    let address = &options.address;
    let line = match address {
        Address::Tcp { .. } => Line::Open,
        #[cfg(unix)]
        Address::Unix(_) => Line::Private,
    };
    let connected = Socket::connect(wait, address, &options.socket).await;
    let connected = connected.map_err(|error| {
        let message = error.to_string();
        Error::new(ErrorKind::Connect, message).with_cause(error)
    });
    let socket = ok!(connected.map_err(|error| at_address(address, error)));
    let entered = Wire::login(wait, socket, options, line, wrap).await;
    entered.map_err(|error| at_address(address, error))
}

/// Says which server it is about, where the server did not say so itself.
#[cold]
fn at_address(address: &Address, error: Error) -> Error {
    let is_told = error.kind() != ErrorKind::Connect
        || error
            .source()
            .is_some_and(|cause| cause.is::<ServerError>());
    if is_told {
        return error;
    }
    let socket = error.source().and_then(|cause| cause.downcast_ref());
    let advice = socket.map_or("", advice);
    let message = format!("cannot connect to MySQL at {address}: {error}{advice}");
    let outer = match error.is_misconfiguration() {
        true => Error::misconfiguration(message),
        false => Error::new(ErrorKind::Connect, message),
    };
    outer.with_cause(error)
}

impl Interrupter {
    /// Stops the statement that the connection runs. Nothing happens when it runs none.
    async fn interrupt(&self, wait: Wait<'_>) -> Outcome<(), Error> {
        let (mut wire, _) = ok!(dial(wait, &self.options, |socket| socket).await);
        let sql = format!("KILL QUERY {}", self.connection_id);
        ok_result!(wire.begin_plain(Command::Query(&sql)));
        ok!(wire.drain(wait).await);
        Outcome::Ok(())
    }
}

impl<T: Transport> MySqlConnection<T> {
    pub(crate) async fn dial(
        cx: &Cx,
        options: &MySqlOptions,
        wrap: impl Fn(Socket) -> T,
    ) -> Outcome<Self, Error> {
        ok!(seam::checkpoint(cx));
        let wait = Wait::on(cx).at_most(options.socket.connect_timeout);
        let (wire, greeting) = ok!(dial(wait, options, wrap).await);
        let mut connection = Self::new(wire, options, &greeting);
        ok!(connection.set_up(wait).await);
        Outcome::Ok(connection)
    }

    /// Takes over a wire on which the server waits for commands.
    fn new(wire: Wire<T>, options: &MySqlOptions, greeting: &Greeting) -> Self {
        let has_returning = greeting.has_returning();
        Self {
            wire,
            statements: Statements::new(options.statement_cache_capacity),
            unit: Unit::default(),
            cursor: None,
            has_changed_session: false,
            has_changed_schema: false,
            capabilities: Capabilities {
                has_insert_returning: has_returning,
                has_update_returning: false,
                has_delete_returning: has_returning,
                max_parameters: MAX_PARAMETERS,
                has_strict_types: true,
            },
            interrupter: Interrupter {
                options: options.clone(),
                connection_id: greeting.connection_id,
            },
            is_interrupted: false,
            max_allowed_packet: None,
        }
    }

    /// Asks the server whether it is there, in one round trip.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the connection is lost.
    pub async fn ping(&mut self, cx: &Cx) -> Outcome<(), Error> {
        ok!(seam::checkpoint(cx));
        let wait = Wait::on(cx);
        ok!(self.settle(wait).await);
        ok!(self.command(wait, Command::Ping).await);
        Outcome::Ok(())
    }

    /// Gives the session back the state it had when it was opened: no transaction, no user variables, no temporary tables,
    /// no prepared statements, and the database of its options. Two round trips, or three.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the connection is lost.
    pub async fn reset(&mut self, cx: &Cx) -> Outcome<(), Error> {
        ok!(seam::checkpoint(cx));
        let wait = Wait::on(cx);
        ok!(self.settle(wait).await);
        // The server forgets them whether or not anybody hears of it.
        self.statements.clear();
        ok!(self.command(wait, Command::ResetConnection).await);
        self.unit.end();
        // The server leaves the session in the database that it was moved to.
        if self.has_changed_schema
            && let Some(database) = self.interrupter.options.account().database
        {
            let sql = format!("USE `{}`", database.replace('`', "``"));
            ok!(self.control(wait, &sql).await);
            self.has_changed_schema = false;
        }
        self.set_up(wait).await
    }

    /// Takes the session as it is for how it was opened.
    pub(crate) fn accept_session(&mut self) {
        self.has_changed_session = false;
        self.has_changed_schema = false;
    }

    async fn set_up(&mut self, wait: Wait<'_>) -> Outcome<(), Error> {
        ok!(self.control(wait, SETUP).await);
        self.has_changed_session = false;
        Outcome::Ok(())
    }

    /// Tells whether the connection is lost. A new one has to be opened then.
    pub fn is_broken(&self) -> bool {
        self.wire.is_broken()
    }

    /// Tells what the next user of the connection would find.
    pub(crate) fn upkeep(&self) -> Upkeep {
        let is_idle = !self.wire.is_pending() && self.cursor.is_none() && self.unit.is_over();
        match () {
            () if self.wire.is_broken() => Upkeep::Broken,
            // There is no way back to no database.
            () if self.has_changed_schema
                && self.interrupter.options.account().database.is_none() =>
            {
                Upkeep::Broken
            }
            () if is_idle && !self.has_changed_session => Upkeep::Ready,
            () => Upkeep::Used,
        }
    }

    /// Brings the connection back to how it was opened, by as few round trips as that takes.
    pub(crate) async fn tidy(&mut self, cx: &Cx) -> Outcome<(), Error> {
        self.drop_cursor();
        self.unit.abandon(0);
        ok!(self.settle(Wait::on(cx)).await);
        match self.has_changed_session {
            true => self.reset(cx).await,
            false => Outcome::Ok(()),
        }
    }

    /// Brings the connection in order after a call that was dropped or cancelled: the reply is read to its end, and what was
    /// abandoned is rolled back.
    pub(crate) async fn settle(&mut self, wait: Wait<'_>) -> Outcome<(), Error> {
        if self.has_rows_to_come() {
            return Outcome::Err(cursor_is_open());
        }
        if self.wire.is_pending() {
            ok!(self.finish_pending(wait).await);
        }
        if self.is_interrupted {
            ok_result!(self.wire.begin_plain(Command::Query("DO 0")));
            ok!(self.finish(wait, &mut Rows::nowhere()).await);
            self.is_interrupted = false;
        }
        if self.unit.is_doubtful {
            // The reply tells whether the transaction is still there.
            ok!(self.command(wait, Command::Ping).await);
        }
        match (self.unit.abandoned(), self.unit.state) {
            (None, _) => {}
            (Some(0), UnitState::Open) => {
                ok!(self.control(wait, "ROLLBACK").await);
                self.unit.end();
            }
            (Some(0), _) => self.unit.end(),
            (Some(depth), UnitState::Open) => {
                // Not released, so that it does no harm to do it twice; a later savepoint of its name replaces it.
                ok!(self
                    .control(wait, &transact::savepoint("ROLLBACK TO SAVEPOINT", depth))
                    .await);
                self.unit.end_savepoint(depth);
            }
            (Some(depth), _) => self.unit.end_savepoint(depth),
        }
        Outcome::Ok(())
    }

    async fn finish_pending(&mut self, wait: Wait<'_>) -> Outcome<(), Error> {
        let ended = match ok!(self.wire.drain(wait.at_most(GRACE)).await) {
            Some(ended) => ended,
            None => ok!(self.interrupt(wait).await),
        };
        if let (Ok(_), Some(prepared)) = (&ended.result, ended.reply.prepared()) {
            self.wire.close_later(prepared.id);
        }
        self.observe(&ended);
        Outcome::Ok(())
    }

    /// Stops the statement that runs and reads the rest of its reply. A connection that does not come to its end is lost.
    async fn interrupt(&mut self, wait: Wait<'_>) -> Outcome<Ended, Error> {
        let wait = wait.at_most(self.interrupter.options.cancel_grace);
        // An interrupt that comes too late hits the next statement, so one is sent for it to hit.
        self.is_interrupted = true;
        let interrupted = self.interrupter.interrupt(wait).await;
        let ended = match interrupted {
            Outcome::Ok(()) => ok!(self.wire.drain(wait).await),
            Outcome::Err(_) => None,
            Outcome::Cancelled(reason) => return Outcome::Cancelled(reason),
            Outcome::Panicked(payload) => return Outcome::Panicked(payload),
        };
        match ended {
            Some(ended) => Outcome::Ok(ended),
            None => Outcome::Err(self.wire.give_up()),
        }
    }

    /// Stops on the server what was cancelled here, so that it holds no locks until somebody uses the connection again.
    async fn stop_cancelled<V>(&mut self, cx: &Cx, outcome: &Outcome<V, Error>) {
        if outcome.is_cancelled() && self.wire.is_pending() {
            let wait = Wait::masked(cx, self.interrupter.options.cancel_grace);
            // What goes wrong breaks the connection, and the next call tells.
            let _ = self.finish_pending(wait).await;
        }
    }

    /// Learns what every reply tells.
    pub(crate) fn observe(&mut self, ended: &Ended) {
        // The description of a statement does not tell the state of the session.
        if ended.reply.prepared().is_none() {
            self.unit.observe(&ended.result);
        }
        self.has_changed_schema |=
            matches!(&ended.result, Ok(summary) if summary.has_changed_schema);
        self.has_changed_session |= match &ended.result {
            // A transaction that was begun by hand is nobody's to end but the reset's.
            Ok(summary) => {
                summary.has_changed_session || (self.unit.is_over() && summary.is_in_transaction())
            }
            Err(_) => false,
        };
        if let Some(sql) = &ended.sql {
            self.statements.learn(sql, ended.reply.columns());
        }
    }

    /// Reads the reply to what was begun.
    pub(crate) async fn finish(
        &mut self,
        wait: Wait<'_>,
        rows: &mut Rows<'_>,
    ) -> Outcome<Ended, Error> {
        let ended = ok!(self.wire.finish(wait, rows).await);
        self.observe(&ended);
        Outcome::Ok(ended)
    }

    /// Runs a command whose rows, if it has any, do not matter.
    async fn command(&mut self, wait: Wait<'_>, command: Command<'_>) -> Outcome<Summary, Error> {
        ok_result!(self.wire.begin_plain(command));
        let ended = ok!(self.finish(wait, &mut Rows::nowhere()).await);
        Outcome::Ok(ok_result!(ended.result.map_err(statement_error)))
    }

    /// Runs what ends a transaction, and hears of it even when the context is cancelled meanwhile, within a limit.
    ///
    /// Without a cancellation it takes as long as it takes: a COMMIT may wait for other servers, and a ROLLBACK undoes a lot.
    async fn end_control(&mut self, cx: &Cx, sql: &str) -> Outcome<(), Error> {
        ok_result!(self.wire.begin_plain(Command::Query(sql)));
        let mut nowhere = Rows::nowhere();
        let mut ended = self.finish(Wait::on(cx), &mut nowhere).await;
        if ended.is_cancelled() {
            let wait = Wait::masked(cx, self.interrupter.options.cancel_grace);
            ended = self.finish(wait, &mut nowhere).await;
        }
        let refused = ok!(ended).result.map_err(statement_error).err();
        match refused {
            Some(error) => Outcome::Err(error.with_sql(sql)),
            None => Outcome::Ok(()),
        }
    }

    async fn control(&mut self, wait: Wait<'_>, sql: &str) -> Outcome<(), Error> {
        let outcome = self.command(wait, Command::Query(sql)).await;
        outcome.map(drop).map_err(|error| error.with_sql(sql))
    }

    /// Returns a statement that the server knows, from the cache or by a round trip.
    pub(crate) async fn prepared(
        &mut self,
        wait: Wait<'_>,
        sql: &str,
    ) -> Outcome<PreparedStatement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Outcome::Ok(statement);
        }
        let statement = ok!(self.prepare_anew(wait, sql).await);
        if let Some(evicted) = self.statements.insert(statement.clone()) {
            self.wire.close_later(evicted);
        }
        Outcome::Ok(statement)
    }

    /// Returns a statement that the server has just been told, and that is not kept.
    pub(crate) async fn prepare_anew(
        &mut self,
        wait: Wait<'_>,
        sql: &str,
    ) -> Outcome<PreparedStatement, Error> {
        let reply = Reply::to_prepare(self.wire.flags());
        ok_result!(self.wire.begin(Command::Prepare(sql), reply, None));
        let ended = ok!(self.finish(wait, &mut Rows::nowhere()).await);
        ok_result!(ended.result.map_err(statement_error));
        let Some(head) = ended.reply.prepared() else {
            return Outcome::Err(Error::new(
                ErrorKind::Connect,
                "the server prepared nothing",
            ));
        };
        Outcome::Ok(PreparedStatement {
            sql: sql.into(),
            id: head.id,
            n_params: usize::from(head.n_params),
            columns: Arc::clone(ended.reply.columns()),
            may_change_session: may_change_session(sql),
        })
    }

    /// Runs a prepared statement.
    async fn run(
        &mut self,
        wait: Wait<'_>,
        statement: Statement<'_>,
        mut rows: Rows<'_>,
    ) -> Outcome<Summary, Error> {
        let Statement {
            sql,
            params,
            is_once,
        } = statement;
        let mut is_first_try = true;
        loop {
            let prepared = ok!(self.prepared(wait, sql).await);
            if is_once {
                self.statements.demote(sql);
            }
            ok_result!(self.begin_execute(prepared, params));
            let ended = ok!(self.finish(wait, &mut rows).await);
            match ended.result {
                // It has not run.
                Err(error) if is_first_try && self.forget_if_stale(&error, sql) => {
                    is_first_try = false;
                }
                Err(error) => return Outcome::Err(statement_error(error)),
                Ok(summary) => match rows.refusal() {
                    Some(refusal) => return Outcome::Err(refusal),
                    None => return Outcome::Ok(summary),
                },
            }
        }
    }

    /// Refuses what is longer than the server takes. It is asked when that is first in question.
    ///
    /// A server that gets too long a statement closes the connection, and often before anybody has read why.
    pub(crate) async fn check_length(
        &mut self,
        wait: Wait<'_>,
        statement: Statement<'_>,
    ) -> Outcome<(), Error> {
        let of_params: usize = statement.params.iter().map(least_length).sum();
        let n_bytes = of_params.max(statement.sql.len());
        if n_bytes <= SURELY_TAKEN {
            return Outcome::Ok(());
        }
        let limit = match self.max_allowed_packet {
            Some(limit) => limit,
            None => ok!(self.ask_max_allowed_packet(wait).await),
        };
        self.max_allowed_packet = Some(limit);
        match n_bytes > limit {
            true => Outcome::Err(Error::new(ErrorKind::Encode, TOO_LONG)),
            false => Outcome::Ok(()),
        }
    }

    async fn ask_max_allowed_packet(&mut self, wait: Wait<'_>) -> Outcome<usize, Error> {
        const ASK: &str = "SELECT CAST(@@max_allowed_packet AS SIGNED)";
        let prepared = ok!(self.prepared(wait, ASK).await);
        ok_result!(self.begin_execute(prepared, &[]));
        let mut found = Collect::<i64>::up_to(1);
        let ended = ok!(self.finish(wait, &mut Rows::into(&mut found)).await);
        ok_result!(ended.result.map_err(statement_error));
        let limit = found.into_rows().pop();
        Outcome::Ok(limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }))
    }

    /// Sends a prepared statement with its parameters.
    pub(crate) fn begin_execute(
        &mut self,
        prepared: PreparedStatement,
        params: &[Value<'_>],
    ) -> Result<(), Error> {
        self.begin_prepared(prepared, params, RowsOf::Reply)
    }

    /// Sends a prepared statement with its parameters, and says where its rows shall be.
    pub(crate) fn begin_prepared(
        &mut self,
        prepared: PreparedStatement,
        params: &[Value<'_>],
        rows: RowsOf,
    ) -> Result<(), Error> {
        let PreparedStatement {
            sql,
            id,
            n_params,
            columns,
            may_change_session,
        } = prepared;
        check_count(n_params, params)?;
        self.has_changed_session |= may_change_session;
        let reply = Reply::to_command(self.wire.flags(), columns);
        let command = Command::Execute { id, params, rows };
        self.wire.begin(command, reply, Some(sql))
    }

    /// Forgets a statement that the server has forgotten, or whose tables have changed under it; tells whether it is one.
    pub(crate) fn forget_if_stale(&mut self, error: &ServerError, sql: &str) -> bool {
        let is_stale = matches!(
            error.code,
            code::UNKNOWN_STATEMENT | code::NEEDS_PREPARATION
        );
        if is_stale && let Some(id) = self.statements.remove(sql) {
            self.wire.close_later(id);
        }
        is_stale
    }

    /// Begins a statement: nothing is left over from others, and its transaction still runs.
    async fn ready<'c>(&mut self, cx: &'c Cx) -> Outcome<Wait<'c>, Error> {
        ok!(seam::checkpoint(cx));
        let wait = Wait::on(cx);
        ok!(self.settle(wait).await);
        ok_result!(self.unit.check());
        Outcome::Ok(wait)
    }

    async fn query_now(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut dyn Sink,
    ) -> Outcome<(), Error> {
        let wait = ok!(self.ready(cx).await);
        ok!(self.check_length(wait, statement).await);
        self.run(wait, statement, Rows::into(sink)).await.map(drop)
    }

    async fn execute_now(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        let wait = ok!(self.ready(cx).await);
        ok!(self.check_length(wait, statement).await);
        // Preparing would be a round trip more, and MySQL cannot prepare every statement.
        let outcome = match statement.params {
            [] => {
                self.has_changed_session |= may_change_session(statement.sql);
                self.command(wait, Command::Query(statement.sql)).await
            }
            _ => self.run(wait, statement, Rows::nowhere()).await,
        };
        let summary = ok!(outcome);
        Outcome::Ok(Done {
            rows_affected: summary.rows_affected,
            last_insert_id: i64::try_from(summary.insert_id).ok().filter(|id| *id != 0),
        })
    }
}

fn check_count(n_params: usize, params: &[Value<'_>]) -> Result<(), Error> {
    if n_params == params.len() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the statement takes {n_params} parameters and was given {}",
        params.len()
    )))
}

/// Returns how many bytes a value has at least when it is sent.
fn least_length(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(values) => values.iter().map(least_length).sum(),
        _ => 0,
    }
}

/// Tells whether a statement may do to its session what the server does not tell of: take locks that end with it, or assign to
/// a user variable among other things.
fn may_change_session(sql: &str) -> bool {
    let mut rest = sql.as_bytes();
    while let [first, after @ ..] = rest {
        match first {
            b':' if after.first() == Some(&b'=') => return true,
            b'G' | b'g' if begins_with(rest, b"GET_LOCK") => return true,
            b'L' | b'l' if begins_with(rest, b"LOCK") => {
                let table = rest.get(4..).unwrap_or_default().trim_ascii_start();
                // A comment may stand between the two.
                if begins_with(table, b"TABLE") || table.starts_with(b"/*") {
                    return true;
                }
            }
            _ => {}
        }
        rest = after;
    }
    false
}

fn begins_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|text| text.eq_ignore_ascii_case(word))
}

impl<T: Transport> Executor for MySqlConnection<T> {
    type Nested<'n>
        = Transaction<'n, Self>
    where
        Self: 'n;

    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, Self>, Error> {
        self.begin(cx).await
    }

    async fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut S,
    ) -> Outcome<(), Error> {
        let traced = Traced::begin(statement);
        let mut sink = Counted::new(sink);
        let outcome = self.query_now(cx, statement, &mut sink).await;
        self.stop_cancelled(cx, &outcome).await;
        let outcome = outcome.map_err(|error| error.with_sql(statement.sql));
        traced.end(sink.n_rows(), &outcome);
        outcome
    }

    async fn execute(&mut self, cx: &Cx, statement: Statement<'_>) -> Outcome<Done, Error> {
        let traced = Traced::begin(statement);
        let outcome = self.execute_now(cx, statement).await;
        self.stop_cancelled(cx, &outcome).await;
        let outcome = outcome.map_err(|error| error.with_sql(statement.sql));
        let n_rows = match &outcome {
            Outcome::Ok(done) => done.rows_affected,
            _ => 0,
        };
        traced.end(n_rows, &outcome);
        outcome
    }

    async fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> Outcome<(), Error> {
        let opened = match self.ready(cx).await {
            Outcome::Ok(wait) => self.begin_cursor(wait, statement, kind).await,
            stopped => stopped.map(drop),
        };
        if kind != CursorKind::Exclusive {
            self.stop_cancelled(cx, &opened).await;
        }
        opened.map_err(|error| error.with_sql(statement.sql))
    }

    async fn fetch<S: RowSink>(&mut self, cx: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
        ok!(seam::checkpoint(cx));
        self.fetch_rows(Wait::on(cx), sink).await
    }

    fn close_cursor(&mut self) {
        self.drop_cursor();
    }
}

impl<T: Transport> Connection for MySqlConnection<T> {
    async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        ok!(seam::checkpoint(cx));
        let wait = Wait::on(cx);
        ok!(self.settle(wait).await);
        let prepared = self.prepared(wait, sql).await;
        let prepared = ok!(prepared.map_err(|error| error.with_sql(sql)));
        let columns = prepared.columns.iter().map(|column| column.name.clone());
        let column_types = prepared.columns.iter().map(Column::type_name);
        let described = Prepared::new(sql, prepared.n_params, columns.collect());
        Outcome::Ok(described.with_types(Vec::new(), column_types.collect()))
    }

    async fn step(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        let settled = match step {
            TransactionStep::Begin(_) | TransactionStep::Savepoint(_) => {
                ok!(seam::checkpoint(cx));
                self.settle(Wait::on(cx)).await
            }
            // What ends a transaction runs even when the context is cancelled: it is the way to leave it clean.
            TransactionStep::Commit
            | TransactionStep::Rollback
            | TransactionStep::Release(_)
            | TransactionStep::RollbackTo(_) => match self.settle(Wait::on(cx)).await {
                Outcome::Cancelled(_) => {
                    let wait = Wait::masked(cx, self.interrupter.options.cancel_grace);
                    self.settle(wait).await
                }
                settled => settled,
            },
        };
        ok!(settled);
        self.transact(cx, step).await
    }

    fn abandon(&mut self, depth: u32) {
        self.unit.abandon(depth);
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter")
            .field("connection_id", &self.connection_id)
            .finish_non_exhaustive()
    }
}
