//! Getting in: finding a server, proving who we are, and checking that it is one of the wanted kind.

use std::error::Error as _;
use std::io;

use sqlmodel_core::{Cx, Error, ErrorKind, Executor, Outcome, Stop, Wait};
use sqlmodel_net::{Address, Socket, Transport};

use crate::cancel::Canceller;
use crate::connection::PostgresConnection;
use crate::encrypt::Door;
use crate::link::Link;
use crate::options::{ChannelBindingMode, PostgresOptions, TargetSession};
use crate::protocol::auth::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, Scram, ScramError, ScramProof,
    certificate_hash, md5_password,
};
use crate::protocol::backend::{Authentication, BackendKey, tag};
use crate::protocol::frontend;

/// Tries the servers one after the other.
pub(crate) async fn connect<T: Transport>(
    cx: &Cx,
    options: &PostgresOptions,
    wrap: &(impl Fn(Socket) -> T + Sync),
) -> Outcome<PostgresConnection<T>, Error> {
    let mut targets = vec![options.target];
    if options.target == TargetSession::PreferStandby {
        targets = vec![TargetSession::Standby, TargetSession::Any];
    }
    let mut errors = Vec::new();
    for target in targets {
        errors.clear();
        for address in &options.hosts {
            let error = match connect_to(cx, options, address, target, wrap).await {
                Err(Stop::Err(error)) => error,
                ended => return Stop::into_outcome(ended),
            };
            // The others would count it as one more attempt to guess a password.
            let is_turned_away = matches!(error.sqlstate(), Some("28P01" | "28000"));
            errors.push(error);
            if is_turned_away {
                return Outcome::Err(joined(errors));
            }
        }
    }
    Outcome::Err(joined(errors))
}

/// Makes one error of those of all hosts; the first is its cause.
fn joined(mut errors: Vec<Error>) -> Error {
    let Some(first) = errors.first() else {
        return Error::usage("no host is given");
    };
    if errors.len() == 1 {
        return errors.remove(0);
    }
    let told: Vec<String> = errors.iter().map(Error::to_string).collect();
    let is_busy = errors.iter().any(|error| error.kind() == ErrorKind::Busy);
    let told = told.join("; ");
    let joined = match is_busy {
        true => Error::new(ErrorKind::Busy, told),
        false if errors.iter().all(Error::is_misconfiguration) => Error::misconfiguration(told),
        false => Error::new(ErrorKind::Connect, told),
    };
    // Where one of them may come back, the SQLSTATE of another one would deny it.
    let sqlstate = first.sqlstate().map(str::to_owned);
    let is_same = errors.iter().all(|it| it.sqlstate() == sqlstate.as_deref());
    let is_turned_away = errors.last().and_then(Error::sqlstate);
    let joined = match (sqlstate, is_turned_away) {
        (Some(sqlstate), _) if is_same => joined.with_sqlstate(&sqlstate),
        (_, Some(sqlstate @ ("28P01" | "28000"))) => joined.with_sqlstate(sqlstate),
        _ => joined,
    };
    joined.with_cause(errors.remove(0))
}

async fn connect_to<T: Transport>(
    cx: &Cx,
    options: &PostgresOptions,
    address: &Address,
    target: TargetSession,
    wrap: &(impl Fn(Socket) -> T + Sync),
) -> Result<PostgresConnection<T>, Stop> {
    let wait = Wait::on(cx).at_most(options.socket.connect_timeout);
    let entered = enter(wait, options, address, wrap).await;
    let (link, canceller) = entered.map_err(|stop| at_address(stop, address))?;
    let mut connection = PostgresConnection::new(link, options, canceller);
    if is_wanted(cx, &mut connection, target).await? {
        Ok(connection)
    } else {
        Err(Stop::Err(Error::new(
            ErrorKind::Connect,
            format!("the server at {address} is not of the wanted kind: {target:?}"),
        )))
    }
}

/// Says in an error which server it is about.
fn at_address(stop: Stop, address: &Address) -> Stop {
    let Stop::Err(error) = stop else {
        return stop;
    };
    let advice = advice(&error);
    let message = format!("cannot connect to {address}: {error}{advice}");
    let outer = match (error.kind(), error.sqlstate()) {
        (ErrorKind::Busy, _) => Error::new(ErrorKind::Busy, message),
        // Wrong files, or a program without TLS: the driver says so, and not the server.
        (ErrorKind::Usage | ErrorKind::Unsupported, None) => Error::misconfiguration(message),
        _ if error.is_misconfiguration() => Error::misconfiguration(message),
        _ => Error::new(ErrorKind::Connect, message),
    };
    let outer = match error.sqlstate() {
        Some(sqlstate) => outer.with_sqlstate(sqlstate),
        None => outer,
    };
    Stop::Err(outer.with_cause(error))
}

/// Says what to change, where that is known.
fn advice(error: &Error) -> &'static str {
    let refused = error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    match (error.sqlstate(), refused) {
        (Some("28P01"), _) => ": check the user and the password in the URL",
        (Some("28000"), _) => {
            ": check the user, the database and `sslmode` in the URL, and what the server's pg_hba.conf has for them"
        }
        (Some("3D000"), _) => ": create it, or name another in the URL",
        (Some("53300"), _) => ": raise `max_connections`, or use fewer",
        (None, Some(error)) => sqlmodel_net::advice(error),
        _ => "",
    }
}

async fn enter<T: Transport>(
    wait: Wait<'_>,
    options: &PostgresOptions,
    address: &Address,
    wrap: &(impl Fn(Socket) -> T + Sync),
) -> Result<(Link<T>, Option<Canceller>), Stop> {
    let door = Door {
        address: address.clone(),
        socket: options.socket.clone(),
        tls: options.tls.clone(),
    };
    let socket = door.open(wait).await?;
    let certificate = socket.certificate().and_then(certificate_hash);
    let mut link = Link::new(wrap(socket));
    let key = log_in(&mut link, wait, options, address, certificate).await?;
    Ok((link, key.map(|key| Canceller { door, key })))
}

/// Begins the session, up to the point where the server is ready for queries.
pub(crate) async fn log_in<T: Transport>(
    link: &mut Link<T>,
    wait: Wait<'_>,
    options: &PostgresOptions,
    address: &Address,
    certificate: Option<Vec<u8>>,
) -> Result<Option<BackendKey>, Stop> {
    let own = [
        ("user", Some(&options.user)),
        ("database", options.database.as_ref()),
    ];
    let own = own
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?.as_str())));
    let parameters = options.parameters.iter();
    let parameters = parameters.map(|(name, value)| (name.as_str(), value.as_str()));
    frontend::startup(link.output(), own.chain(parameters));
    link.end_unit();

    let mut login = Login {
        options,
        address,
        certificate,
        scram: None,
        proof: None,
        is_bound: false,
        is_let_in: false,
    };
    let mut key = None;
    loop {
        let frame = link.message(wait).await?;
        match frame.tag {
            tag::AUTHENTICATION => {
                let request = Authentication::read(link.body(frame));
                let request = request.map_err(|malformed| link.refuse(malformed))?;
                login.answer(request, link.output())?;
            }
            tag::BACKEND_KEY_DATA => {
                let read = BackendKey::read(link.body(frame));
                key = Some(read.map_err(|malformed| link.refuse(malformed))?);
            }
            tag::ERROR_RESPONSE => {
                let message = link.server_error(frame)?;
                return Err(Stop::Err(message.into_error()));
            }
            tag::READY_FOR_QUERY if login.is_let_in => {
                link.ready(frame)?;
                link.consume(frame);
                return Ok(key);
            }
            tag::READY_FOR_QUERY => return Err(Stop::Err(link.refuse(crate::protocol::Malformed))),
            _ => {}
        }
        link.consume(frame);
    }
}

/// A conversation about who we are.
struct Login<'o> {
    options: &'o PostgresOptions,
    /// Which of the servers it is.
    address: &'o Address,
    /// The hash of the server's certificate, which the login can be bound to.
    certificate: Option<Vec<u8>>,
    scram: Option<Scram>,
    proof: Option<ScramProof>,
    /// Whether the login is bound to the encrypted connection.
    is_bound: bool,
    is_let_in: bool,
}

impl Login<'_> {
    fn answer(&mut self, request: Authentication, out: &mut Vec<u8>) -> Result<(), Error> {
        match request {
            Authentication::Ok => {
                // A server that asked for a proof has to give one too.
                if self.scram.is_some() || self.proof.is_some() {
                    return Err(refused(ScramError::ServerNotAuthentic));
                }
                self.check_binding(self.is_bound)?;
                self.is_let_in = true;
            }
            Authentication::CleartextPassword => {
                self.check_binding(false)?;
                frontend::password(out, self.password()?);
            }
            Authentication::Md5Password { salt } => {
                self.check_binding(false)?;
                let hashed = md5_password(&self.options.user, self.password()?, salt);
                frontend::password(out, &hashed);
            }
            Authentication::Sasl { mechanisms } => {
                let (mechanism, binding) = self.choose(&mechanisms)?;
                let mut random = [0; 18];
                getrandom::fill(&mut random).map_err(|error| {
                    Error::new(ErrorKind::Io, "the operating system has no random numbers")
                        .with_cause(error)
                })?;
                let scram = Scram::new(self.password()?, binding, random);
                let first = scram.first_message();
                frontend::sasl_initial_response(out, mechanism, first.as_bytes());
                self.scram = Some(scram);
            }
            Authentication::SaslContinue(challenge) => {
                let scram = self
                    .scram
                    .take()
                    .ok_or_else(|| refused(ScramError::Malformed))?;
                let (answer, proof) = scram.answer(&challenge).map_err(refused)?;
                frontend::sasl_response(out, answer.as_bytes());
                self.proof = Some(proof);
            }
            Authentication::SaslFinal(last) => {
                let proof = self
                    .proof
                    .take()
                    .ok_or_else(|| refused(ScramError::Malformed))?;
                proof.check(&last).map_err(refused)?;
            }
            Authentication::Other(code) => return Err(unknown_method(&format!("number {code}"))),
        }
        Ok(())
    }

    /// Picks the mechanism, and what it is bound to.
    fn choose(&mut self, mechanisms: &[String]) -> Result<(&'static str, ChannelBinding), Error> {
        let offers = |wanted: &str| mechanisms.iter().any(|name| name == wanted);
        let certificate = match self.options.channel_binding {
            ChannelBindingMode::Disable => None,
            ChannelBindingMode::Prefer | ChannelBindingMode::Require => self.certificate.take(),
        };
        match certificate {
            Some(hash) if offers(SCRAM_SHA_256_PLUS) => {
                self.is_bound = true;
                Ok((SCRAM_SHA_256_PLUS, ChannelBinding::ServerEndPoint(hash)))
            }
            certificate if offers(SCRAM_SHA_256) => {
                self.check_binding(false)?;
                let binding = match certificate {
                    Some(_) => ChannelBinding::Unoffered,
                    None => ChannelBinding::Unsupported,
                };
                Ok((SCRAM_SHA_256, binding))
            }
            _ => Err(unknown_method(&mechanisms.join(", "))),
        }
    }

    /// Refuses a login that is not bound where it has to be.
    fn check_binding(&self, is_bound: bool) -> Result<(), Error> {
        if is_bound || self.options.channel_binding != ChannelBindingMode::Require {
            return Ok(());
        }
        Err(Error::misconfiguration(
            "`channel_binding=require` asks for a login that is bound to the encrypted connection, and the server offers none; \
             it takes `sslmode=require` and a password stored as scram-sha-256",
        ))
    }

    fn password(&self) -> Result<&str, Error> {
        let PostgresOptions {
            user,
            password,
            passwords,
            database,
            ..
        } = self.options;
        let database = database.as_ref().unwrap_or(user);
        let password = password.as_deref();
        let password = password
            .or_else(|| passwords.find(self.address, database, user))
            .ok_or_else(|| {
                Error::misconfiguration(format!(
                    "the server asks for the password of `{user}`: add it to the URL, or set PGPASSWORD, or write it into \
                     ~/.pgpass, which nobody else may read"
                ))
            })?;
        if password.contains('\0') {
            return Err(Error::usage("a password with a zero character"));
        }
        Ok(password)
    }
}

fn refused(error: ScramError) -> Error {
    Error::misconfiguration(match error {
        ScramError::Malformed => "the server does not follow SCRAM-SHA-256",
        ScramError::ServerNotAuthentic => {
            "the server could not prove that it knows the password; it may be somebody else's"
        }
    })
}

fn unknown_method(method: &str) -> Error {
    Error::misconfiguration(format!(
        "the server asks for a way to log in that this driver does not know ({method}); \
         it knows scram-sha-256, md5, password and trust (pg_hba.conf)"
    ))
}

/// Tells whether the server is of the kind that was asked for. Servers since version 14 say so by themselves.
async fn is_wanted(
    cx: &Cx,
    connection: &mut PostgresConnection<impl Transport>,
    target: TargetSession,
) -> Result<bool, Stop> {
    let (parameter, sql, wanted) = match target {
        TargetSession::Any | TargetSession::PreferStandby => return Ok(true),
        TargetSession::ReadWrite => (READ_ONLY, "SHOW transaction_read_only", "off"),
        TargetSession::ReadOnly => (READ_ONLY, "SHOW transaction_read_only", "on"),
        TargetSession::Primary => (STANDBY, IS_STANDBY, "off"),
        TargetSession::Standby => (STANDBY, IS_STANDBY, "on"),
    };
    let parameters = connection.parameters();
    let is_standby = parameters.get(STANDBY).map(|value| value == "on");
    let found = match (parameters.get(parameter), is_standby) {
        // A standby takes no writes, whatever its default is.
        (Some(_), Some(true)) if parameter == READ_ONLY => "on".to_owned(),
        (Some(value), _) => value.clone(),
        (None, _) => {
            let rows = Stop::check(connection.query_rows(cx, sql, &[]).await)?;
            let value = rows.first().and_then(|row| row.values().first().cloned());
            match value {
                Some(sqlmodel_core::Value::Text(text)) => text.into_owned(),
                _ => String::new(),
            }
        }
    };
    Ok(found == wanted)
}

const READ_ONLY: &str = "default_transaction_read_only";
const STANDBY: &str = "in_hot_standby";
const IS_STANDBY: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END";
