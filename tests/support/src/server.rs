//! Database servers for tests: those that the environment names, or private ones from the system's binaries.
//!
//! `build-support/servers.sh` runs them until its standard input ends, and so no longer than the process that asked.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// The exit status of the script when a server is not installed.
const NOT_INSTALLED: i32 = 3;

/// A server that tests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// PostgreSQL, where writing is allowed.
    Postgres,
    /// A streaming replica of it.
    Replica,
    /// A pooler in front of it that gives each transaction another connection.
    Pooler,
    /// MySQL or MariaDB.
    MySql,
}

/// Returns the URL of a PostgreSQL server that tests share, or `None` after telling aloud that the test is skipped.
///
/// # Panics
///
/// When there is no server and `CI` is set, or when an installed server does not start.
#[must_use]
pub fn postgres_url() -> Option<&'static str> {
    shared_url(&POSTGRES, Server::Postgres)
}

/// Returns the file with the certificate of the authority that has signed that of the PostgreSQL server, which is for
/// `localhost` alone; `None` after telling aloud that there is none, and the test is skipped.
///
/// # Panics
///
/// As [`postgres_url`] does.
#[must_use]
pub fn postgres_authority() -> Option<String> {
    postgres_url()?;
    detail(
        "SQLMODEL_TEST_POSTGRES_AUTHORITY",
        &POSTGRES,
        Server::Postgres,
    )
}

static POSTGRES: OnceLock<Option<Servers>> = OnceLock::new();

/// Returns the URL of a MySQL or MariaDB server that tests share, or `None` after telling aloud that the test is skipped.
///
/// # Panics
///
/// As [`postgres_url`] does.
#[must_use]
pub fn mysql_url() -> Option<&'static str> {
    shared_url(&MYSQL, Server::MySql)
}

static MYSQL: OnceLock<Option<Servers>> = OnceLock::new();

/// Returns the file with the certificate of the authority that has signed that of the MySQL or MariaDB server, as
/// [`postgres_authority`] does.
///
/// # Panics
///
/// As [`postgres_url`] does.
#[must_use]
pub fn mysql_authority() -> Option<String> {
    mysql_url()?;
    detail("SQLMODEL_TEST_MYSQL_AUTHORITY", &MYSQL, Server::MySql)
}

/// Returns the path of the PostgreSQL server's Unix socket; `None` after telling aloud that there is none, and the test is skipped.
///
/// # Panics
///
/// As [`postgres_url`] does.
#[must_use]
pub fn postgres_socket() -> Option<String> {
    postgres_url()?;
    detail("SQLMODEL_TEST_POSTGRES_SOCKET", &POSTGRES, Server::Postgres)
}

/// Returns the path of the MySQL or MariaDB server's Unix socket, as [`postgres_socket`] does.
///
/// # Panics
///
/// As [`postgres_url`] does.
#[must_use]
pub fn mysql_socket() -> Option<String> {
    mysql_url()?;
    detail("SQLMODEL_TEST_MYSQL_SOCKET", &MYSQL, Server::MySql)
}

/// What is told about a server beside its URL: by the script that has started it, or by the environment.
fn detail(
    variable: &str,
    shared: &'static OnceLock<Option<Servers>>,
    server: Server,
) -> Option<String> {
    let servers = shared.get().and_then(Option::as_ref);
    let started = servers.and_then(|servers| servers.variables.get(variable).cloned());
    let detail = started.or_else(|| std::env::var(variable).ok());
    if detail.is_none() {
        // A server that somebody else runs, of which only the URL is told.
        let names = server.variable();
        skip(&format!(
            "{names} names a server, and {variable} is not set"
        ));
    }
    detail
}

fn shared_url(shared: &'static OnceLock<Option<Servers>>, server: Server) -> Option<&'static str> {
    let shared = shared.get_or_init(|| Servers::named(server).or_else(|| Servers::run(&[server])));
    if shared.is_none() {
        skip(&not_installed(&[server]));
    }
    shared.as_ref().map(|shared| shared.url(server))
}

impl Server {
    fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "SQLMODEL_TEST_POSTGRES_URL",
            Self::Replica => "SQLMODEL_TEST_REPLICA_URL",
            Self::Pooler => "SQLMODEL_TEST_POOLER_URL",
            Self::MySql => "SQLMODEL_TEST_MYSQL_URL",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Replica => "replica",
            Self::Pooler => "pooler",
            Self::MySql => "mysql",
        }
    }
}

/// Servers that answer at their URLs until they are dropped.
#[derive(Debug)]
pub struct Servers {
    variables: BTreeMap<String, String>,
    /// Absent for servers that somebody else runs.
    script: Option<Script>,
}

#[derive(Debug)]
struct Script {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Servers {
    /// Runs servers for one test alone, which may kill them; `None` after telling aloud that the test is skipped.
    ///
    /// # Panics
    ///
    /// As [`postgres_url`] does.
    #[must_use]
    pub fn private(servers: &[Server]) -> Option<Self> {
        let private = Self::run(servers);
        if private.is_none() {
            skip(&not_installed(servers));
        }
        private
    }

    /// The server that the environment names.
    fn named(server: Server) -> Option<Self> {
        let url = std::env::var(server.variable()).ok()?;
        Some(Self {
            variables: BTreeMap::from([(server.variable().to_owned(), url)]),
            script: None,
        })
    }

    /// Starts servers; `None` when they are not installed.
    fn run(servers: &[Server]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../build-support/servers.sh");
        let mut process = Command::new("bash")
            .arg(script)
            .args(servers.iter().map(|server| server.name()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut answers = BufReader::new(process.stdout.take().expect("the output is piped"));
        let mut variables = BTreeMap::new();
        loop {
            let mut line = String::new();
            answers.read_line(&mut line).expect("the script answers");
            match line.trim_end().split_once('=') {
                Some((variable, url)) => variables.insert(variable.to_owned(), url.to_owned()),
                None if line == "ready\n" => break,
                None => {
                    let status = process.wait().expect("the script ends").code();
                    assert_eq!(status, Some(NOT_INSTALLED), "servers do not start");
                    return None;
                }
            };
        }
        let commands = process.stdin.take();
        Some(Self {
            variables,
            script: Some(Script {
                process,
                commands,
                answers,
            }),
        })
    }

    /// Returns the URL of a server among these.
    ///
    /// # Panics
    ///
    /// When it was not asked for.
    #[must_use]
    #[track_caller]
    pub fn url(&self, server: Server) -> &str {
        let url = self.variables.get(server.variable());
        url.expect("the server is one of those that were started")
    }

    /// Ends a server as a crash does, with everything it had not written.
    ///
    /// # Panics
    ///
    /// When it does not end, or is not private.
    #[track_caller]
    pub fn kill(&mut self, server: Server) {
        self.command("kill", server);
    }

    /// Starts a server that was killed, at the same URL and with its data.
    ///
    /// # Panics
    ///
    /// When it does not start, or is not private.
    #[track_caller]
    pub fn start(&mut self, server: Server) {
        self.command("start", server);
    }

    #[track_caller]
    fn command(&mut self, verb: &str, server: Server) {
        let script = self.script.as_mut().expect("the servers are private");
        let commands = script.commands.as_mut().expect("the script runs");
        writeln!(commands, "{verb} {}", server.name()).expect("the script takes commands");
        let mut answer = String::new();
        script
            .answers
            .read_line(&mut answer)
            .expect("the script answers");
        assert_eq!(answer, "done\n", "{verb} {}", server.name());
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(script) = &mut self.script {
            // The end of its input is the script's order to stop everything and remove the folder.
            drop(script.commands.take());
            let _ = script.process.wait();
        }
    }
}

fn not_installed(servers: &[Server]) -> String {
    let names: Vec<&str> = servers.iter().map(|server| server.name()).collect();
    let names = names.join(" or ");
    format!("{names} is not installed; build-support/test.sh tells how to get it")
}

/// Says aloud that a test does not run, past the harness that hides what passing tests print; in CI it fails.
#[track_caller]
fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let text = format!("{test} SKIPPED: {why}");
    assert!(std::env::var_os("CI").is_none(), "{text}");
    let _ = writeln!(std::io::stderr(), "{text}");
}
