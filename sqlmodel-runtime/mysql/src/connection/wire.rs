//! One request and its reply at a time, over a transport.
//!
//! What was sent and not answered is kept here and not in the future that waits for it. A future may be dropped at any
//! await; whoever comes next reads the reply to its end.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlmodel_core::{Error, ErrorKind, Outcome, RowSink, Wait, ok, ok_result};
use sqlmodel_net::{Address, Socket, Stream, TlsMode, Transport};

use crate::error::protocol_error;
use crate::options::MySqlOptions;
use crate::protocol::command::Command;
use crate::protocol::greeting::Greeting;
use crate::protocol::login::{Line, Login, Next, TlsWish};
use crate::protocol::packet::{Front, Packets};
use crate::protocol::reply::{Received, Reply, ServerError, Summary};
use crate::protocol::row::{BinaryRow, Fields};
use crate::protocol::wire::Malformed;

/// A transport that speaks the protocol.
#[derive(Debug)]
pub(crate) struct Wire<T> {
    stream: Stream<T>,
    packets: Packets,
    flags: u64,
    fields: Fields,
    pending: Option<Pending>,
    /// Statements to close, which is sent in front of the next command and has no reply.
    to_close: Vec<u32>,
    is_broken: bool,
    /// The bytes of a packet that was read and is to be consumed: a sink that panics comes between.
    n_read: usize,
}

/// A reply that is awaited.
#[derive(Debug)]
struct Pending {
    reply: Reply,
    /// The statement that was executed.
    sql: Option<Arc<str>>,
}

/// A reply that has arrived to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) result: Result<Summary, ServerError>,
    pub(crate) reply: Reply,
    pub(crate) sql: Option<Arc<str>>,
}

/// Where the rows of a reply go. Without a sink, or after it had enough, they are skipped.
pub(crate) struct Rows<'s> {
    sink: Option<&'s mut dyn Sink>,
    refusal: Option<Error>,
    when_full: WhenFull,
}

/// Takes rows of this driver: a [`RowSink`] behind a pointer, so that all that leads to a row is compiled once and not for each
/// type that rows are read into.
pub(crate) trait Sink: Send {
    /// Takes a row; `Break` ends the query.
    fn row(&mut self, row: &BinaryRow<'_>) -> Result<ControlFlow<()>, Error>;
}

impl<S: RowSink> Sink for S {
    #[inline]
    fn row(&mut self, row: &BinaryRow<'_>) -> Result<ControlFlow<()>, Error> {
        RowSink::row(self, row)
    }
}

/// What a sink means that takes no more rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenFull {
    /// The rest is of no interest.
    Skip,
    /// It wants the rest later.
    Pause,
}

impl<'s> Rows<'s> {
    /// Skips the rows.
    pub(crate) fn nowhere() -> Self {
        Self {
            sink: None,
            refusal: None,
            when_full: WhenFull::Skip,
        }
    }

    pub(crate) fn into(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink: Some(sink),
            refusal: None,
            when_full: WhenFull::Skip,
        }
    }

    /// Hands rows to a sink until it has enough of them for now.
    pub(crate) fn paused_by(sink: &'s mut dyn Sink) -> Self {
        Self {
            when_full: WhenFull::Pause,
            ..Self::into(sink)
        }
    }

    fn is_paused(&self) -> bool {
        self.when_full == WhenFull::Pause && self.sink.is_none()
    }

    /// Tells why the rows were not taken, if somebody refused one.
    pub(crate) fn refusal(self) -> Option<Error> {
        self.refusal
    }

    fn refuse(&mut self, error: Error) {
        self.sink = None;
        self.refusal = Some(error);
    }

    fn take(&mut self, row: &BinaryRow<'_>) {
        let Some(sink) = &mut self.sink else { return };
        match sink.row(row) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.sink = None,
            Err(error) => self.refuse(error),
        }
    }
}

impl<T: Transport> Wire<T> {
    pub(super) fn over(transport: T, options: &MySqlOptions) -> Self {
        Self {
            stream: Stream::new(transport),
            packets: Packets::new(options.max_packet_bytes),
            flags: 0,
            fields: Fields::default(),
            pending: None,
            to_close: Vec::new(),
            is_broken: false,
            n_read: 0,
        }
    }

    /// Logs in over a socket, and encrypts it where that is wanted; then `wrap` is put around it.
    pub(crate) async fn login(
        wait: Wait<'_>,
        socket: Socket,
        options: &MySqlOptions,
        line: Line,
        wrap: impl Fn(Socket) -> T,
    ) -> Outcome<(Self, Greeting), Error> {
        let max_packet = u32::try_from(options.max_packet_bytes).unwrap_or(u32::MAX);
        let wish = ok_result!(tls_wish(&socket, options));
        let mut login = Login::new(options.account(), line, wish, max_packet);
        let mut opening = Wire::over(socket, options);
        let mut next = ok!(opening.next_of_login(wait, &mut login).await);
        // What the server says is read to the end of its greeting: it waits for the answer.
        let mut number = opening.packets.next_number();
        let mut answer = std::mem::take(opening.stream.output());
        if next == Next::StartTls {
            opening.stream.output().append(&mut answer);
            ok!(opening.stream.flush(wait).await.map_err(lost));
            if !opening.stream.received().is_empty() {
                return Outcome::Err(protocol_error(Malformed("nothing before TLS")));
            }
            let host = match &options.address {
                Address::Tcp { host, .. } => host.as_str(),
                #[cfg(unix)]
                Address::Unix(_) => "",
            };
            let socket = opening.stream.into_transport();
            let encrypted = socket.start_tls(wait, host, &options.tls).await;
            opening = Wire::over(ok!(encrypted.map_err(untrusted)), options);
            next = ok_result!(login.tls_started(number, &mut answer));
            number = number.wrapping_add(1);
        }
        let mut wire = Self::over(wrap(opening.stream.into_transport()), options);
        wire.packets.expect_number(number);
        wire.stream.output().append(&mut answer);
        while next != Next::Done {
            next = ok!(wire.next_of_login(wait, &mut login).await);
        }
        let (greeting, flags) = ok_result!(login.into_server());
        wire.flags = flags;
        Outcome::Ok((wire, greeting))
    }

    /// Waits for the next packet of a login, and appends the answer to what is to be sent.
    async fn next_of_login(
        &mut self,
        wait: Wait<'_>,
        login: &mut Login<'_>,
    ) -> Outcome<Next, Error> {
        loop {
            match ok_result!(self.log_in(login)) {
                None => ok!(self.receive(wait).await),
                Some(next) => return Outcome::Ok(next),
            }
        }
    }

    /// Answers the next packet of a login, if it has arrived.
    fn log_in(&mut self, login: &mut Login<'_>) -> Result<Option<Next>, Error> {
        let mut answer = Vec::new();
        let front = self.packets.front(self.stream.received());
        let (next, n_bytes) = match front.map_err(protocol_error)? {
            Front::Incomplete => return Ok(None),
            Front::Part { n_bytes } => (Next::Read, n_bytes),
            Front::Payload { payload, n_bytes } => {
                // The number of the answer follows that of the packet, which stands in its header.
                let number = self
                    .stream
                    .received()
                    .get(3)
                    .map_or(0, |number| number.wrapping_add(1));
                (login.receive(payload, number, &mut answer)?, n_bytes)
            }
        };
        self.stream.consume(n_bytes);
        if !answer.is_empty() {
            self.packets
                .expect_number(self.packets.next_number().wrapping_add(1));
            self.stream.output().extend_from_slice(&answer);
        }
        Ok(Some(next))
    }

    /// Gives up a connection whose server answers no more.
    pub(crate) fn give_up(&mut self) -> Error {
        self.broken(io::ErrorKind::TimedOut.into())
    }

    /// Tells whether the connection can be used no more.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Tells whether a reply is awaited.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    pub(crate) fn flags(&self) -> u64 {
        self.flags
    }

    /// Closes a statement before the next command.
    pub(crate) fn close_later(&mut self, id: u32) {
        self.to_close.push(id);
    }

    /// Begins an exchange: appends a command to what is to be sent, and awaits its reply.
    pub(crate) fn begin(
        &mut self,
        command: Command<'_>,
        reply: Reply,
        sql: Option<Arc<str>>,
    ) -> Result<(), Error> {
        if self.is_broken {
            return Err(lost(io::ErrorKind::NotConnected.into()));
        }
        let output = self.stream.output();
        let length = output.len();
        for id in &self.to_close {
            Command::Close { id: *id }.write(output)?;
        }
        match command.write(output) {
            Ok(number) => self.packets.expect_number(number),
            Err(refused) => {
                output.truncate(length);
                return Err(refused);
            }
        }
        self.to_close.clear();
        self.pending = Some(Pending { reply, sql });
        Ok(())
    }

    /// Begins an exchange whose reply has no prepared columns.
    pub(crate) fn begin_plain(&mut self, command: Command<'_>) -> Result<(), Error> {
        let reply = Reply::to_command(self.flags, Arc::default());
        self.begin(command, reply, None)
    }

    /// Reads the awaited reply to its end.
    ///
    /// Cancel: what has arrived is kept, and the next call goes on from there.
    pub(crate) async fn finish(
        &mut self,
        wait: Wait<'_>,
        rows: &mut Rows<'_>,
    ) -> Outcome<Ended, Error> {
        loop {
            // Rows that are skipped pause nobody.
            if let Some(ended) = ok!(self.read(wait, rows).await) {
                return Outcome::Ok(ended);
            }
        }
    }

    /// Reads the awaited reply to its end, or until the rows pause: then there is none.
    ///
    /// Cancel: what has arrived is kept, and the next call goes on behind the last row that was taken.
    pub(crate) async fn read(
        &mut self,
        wait: Wait<'_>,
        rows: &mut Rows<'_>,
    ) -> Outcome<Option<Ended>, Error> {
        loop {
            match self.take_in(rows) {
                Ok(Some(ended)) => return Outcome::Ok(Some(ended)),
                Ok(None) if rows.is_paused() => return Outcome::Ok(None),
                Ok(None) => ok!(self.receive(wait).await),
                Err(malformed) => {
                    self.is_broken = true;
                    return Outcome::Err(protocol_error(malformed));
                }
            }
        }
    }

    /// Reads and skips the awaited reply; `None` when its end did not arrive within the wait's limit.
    pub(crate) async fn drain(&mut self, wait: Wait<'_>) -> Outcome<Option<Ended>, Error> {
        let mut nowhere = Rows::nowhere();
        loop {
            match self.take_in(&mut nowhere) {
                Ok(Some(ended)) => return Outcome::Ok(Some(ended)),
                Ok(None) => match self.stream.receive(wait).await {
                    Outcome::Ok(()) => {}
                    Outcome::Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                        return Outcome::Ok(None);
                    }
                    failed => ok!(failed.map_err(|error| self.broken(error))),
                },
                Err(malformed) => {
                    self.is_broken = true;
                    return Outcome::Err(protocol_error(malformed));
                }
            }
        }
    }

    async fn receive(&mut self, wait: Wait<'_>) -> Outcome<(), Error> {
        let received = self.stream.receive(wait).await;
        received.map_err(|error| self.broken(error))
    }

    fn broken(&mut self, error: io::Error) -> Error {
        self.is_broken = true;
        lost(error)
    }

    /// Reads the packets that have arrived.
    fn take_in(&mut self, rows: &mut Rows<'_>) -> Result<Option<Ended>, Malformed> {
        let Some(pending) = &mut self.pending else {
            return Err(Malformed("a reply to a command"));
        };
        self.stream.consume(std::mem::take(&mut self.n_read));
        loop {
            let (received, n_bytes) = match self.packets.front(self.stream.received())? {
                Front::Incomplete => return Ok(None),
                Front::Part { n_bytes } => (Received::Part, n_bytes),
                Front::Payload { payload, n_bytes } => {
                    let received = pending.reply.receive(payload)?;
                    self.n_read = n_bytes;
                    if received == Received::Row && rows.sink.is_some() {
                        if pending.reply.n_results() > 1 {
                            rows.refuse(several_results());
                        }
                        let columns = pending.reply.columns();
                        self.fields.find(payload, columns)?;
                        rows.take(&BinaryRow {
                            payload,
                            columns,
                            fields: &self.fields,
                        });
                    }
                    (received, n_bytes)
                }
            };
            self.n_read = 0;
            self.stream.consume(n_bytes);
            if received == Received::Row && rows.is_paused() {
                return Ok(None);
            }
            if let Received::End(result) = received {
                self.is_broken |= result.as_ref().is_err_and(ServerError::ends_connection);
                return Ok(self.pending.take().map(|Pending { reply, sql }| Ended {
                    result,
                    reply,
                    sql,
                }));
            }
        }
    }
}

/// Tells whether the connection is to be encrypted. A socket of this machine never is.
fn tls_wish(socket: &Socket, options: &MySqlOptions) -> Result<TlsWish, Error> {
    let is_local = !matches!(options.address, Address::Tcp { .. });
    match options.tls.effective_mode() {
        TlsMode::Disable => Ok(TlsWish::Never),
        _ if is_local => Ok(TlsWish::Never),
        TlsMode::Prefer if !socket.can_start_tls() => Ok(TlsWish::Never),
        TlsMode::Prefer => Ok(TlsWish::IfOffered),
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull if socket.can_start_tls() => {
            Ok(TlsWish::Always)
        }
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => Err(Error::unsupported(
            "`tls` asks for an encrypted connection, and this program was built without the feature `tls`",
        )),
    }
}

#[cold]
fn untrusted(error: io::Error) -> Error {
    let untold = format!("the connection cannot be encrypted: {error}");
    let error_of_ours = match error.kind() {
        io::ErrorKind::InvalidData => Error::misconfiguration(error.to_string()),
        io::ErrorKind::InvalidInput | io::ErrorKind::NotFound => Error::misconfiguration(untold),
        _ => Error::new(ErrorKind::Connect, untold),
    };
    error_of_ours.with_cause(error)
}

#[cold]
fn several_results() -> Error {
    Error::unsupported(
        "the statement has several results, of which one can be read: call it for each by itself",
    )
}

#[cold]
pub(crate) fn lost(error: io::Error) -> Error {
    Error::new(
        ErrorKind::Connect,
        format!("the connection to the server is lost: {error}"),
    )
    .with_cause(error)
}
