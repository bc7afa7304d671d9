//! Reading a URL and the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlmodel_core::Error;
use sqlmodel_net::{Address, TlsIdentity, TlsMode, TlsOptions, TlsRoots, has_torn_login};

use super::files::{self, Passwords};
use super::{ChannelBindingMode, PostgresOptions, TargetSession};

/// The parameters of a URL, and the variables that stand in for them.
const SETTINGS: &[(&str, Option<&str>)] = &[
    ("application_name", Some("PGAPPNAME")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("host", Some("PGHOST")),
    ("keepalives_idle", None),
    ("options", Some("PGOPTIONS")),
    ("passfile", Some("PGPASSFILE")),
    ("password", Some("PGPASSWORD")),
    ("port", Some("PGPORT")),
    ("service", Some("PGSERVICE")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("statement_cache_capacity", None),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("user", Some("PGUSER")),
];

const TARGETS: &[(&str, TargetSession)] = &[
    ("any", TargetSession::Any),
    ("prefer-standby", TargetSession::PreferStandby),
    ("primary", TargetSession::Primary),
    ("read-only", TargetSession::ReadOnly),
    ("read-write", TargetSession::ReadWrite),
    ("standby", TargetSession::Standby),
];

const TLS_MODES: &[(&str, TlsMode)] = &[
    ("disable", TlsMode::Disable),
    // Where the server lets both in, it is encrypted rather than not.
    ("allow", TlsMode::Prefer),
    ("prefer", TlsMode::Prefer),
    ("require", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
];

const CHANNEL_BINDINGS: &[(&str, ChannelBindingMode)] = &[
    ("disable", ChannelBindingMode::Disable),
    ("prefer", ChannelBindingMode::Prefer),
    ("require", ChannelBindingMode::Require),
];

/// Values by the names of their settings.
type Settings = BTreeMap<&'static str, String>;

/// How a file is meant that settings come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// Everybody may read it.
    Public,
    /// Nobody but its owner may, or it does not count.
    Private,
}

pub(super) fn parse(
    url: &str,
    environment: impl Fn(&str) -> Option<String>,
    read: impl Fn(&Path, Secrecy) -> Option<String>,
) -> Result<PostgresOptions, Error> {
    // Elsewhere a part of the password would pass for a port or a parameter, which messages repeat.
    parse_whole(url, environment, read).map_err(|error| match has_torn_login(url) {
        true => Error::usage(
            "the user or the password in the URL has a character that ends it: write `%2F` for a slash, `%3F` for a question mark, \
             `%40` for an at sign",
        ),
        false => error,
    })
}

fn parse_whole(
    url: &str,
    environment: impl Fn(&str) -> Option<String>,
    read: impl Fn(&Path, Secrecy) -> Option<String>,
) -> Result<PostgresOptions, Error> {
    let mut settings = Settings::new();
    read_url(url, &mut settings)?;
    let service = settings.get("service").cloned();
    if let Some(service) = service.or_else(|| environment("PGSERVICE")) {
        read_service(&service, &environment, &read, &mut settings)?;
    }
    for (name, variable) in SETTINGS {
        if let Some(value) = variable.and_then(&environment) {
            settings.entry(name).or_insert(value);
        }
    }
    let user = settings
        .get("user")
        .cloned()
        .or_else(|| environment("USER"))
        .or_else(|| environment("LOGNAME"))
        .ok_or_else(|| {
            Error::usage("no user is given: add one to the URL, as `postgres://user@host/database`, or set PGUSER")
        })?;
    let mut options = build(&settings, user)?;
    if options.password.is_none() {
        let file = settings.get("passfile").map(PathBuf::from);
        let file = file.or_else(|| at_home(&environment, ".pgpass"));
        let text = file.and_then(|file| read(&file, Secrecy::Private));
        options.passwords = text.as_deref().map(Passwords::read).unwrap_or_default();
    }
    Ok(options)
}

fn at_home(environment: &impl Fn(&str) -> Option<String>, name: &str) -> Option<PathBuf> {
    environment("HOME").map(|home| Path::new(&home).join(name))
}

/// Adds what a service says and the URL does not.
fn read_service(
    service: &str,
    environment: &impl Fn(&str) -> Option<String>,
    read: &impl Fn(&Path, Secrecy) -> Option<String>,
    settings: &mut Settings,
) -> Result<(), Error> {
    let own = environment("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| at_home(environment, ".pg_service.conf"));
    let shared =
        environment("PGSYSCONFDIR").map(|folder| Path::new(&folder).join("pg_service.conf"));
    let texts = own
        .into_iter()
        .chain(shared)
        .filter_map(|file| read(&file, Secrecy::Public));
    let found = texts
        .into_iter()
        .find_map(|text| files::service(&text, service));
    let found = found.ok_or_else(|| {
        Error::usage(format!(
            "no file has a service `{service}`: write it into ~/.pg_service.conf, or say with PGSERVICEFILE where it is"
        ))
    })?;
    for (name, value) in found {
        settings.entry(known(&name)?).or_insert(value);
    }
    Ok(())
}

/// Returns the name of a setting as the table of them has it.
fn known(name: &str) -> Result<&'static str, Error> {
    let known = SETTINGS.iter().find(|(known, _)| *known == name);
    known.map(|(name, _)| *name).ok_or_else(|| {
        let names: Vec<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
        Error::usage(format!(
            "a PostgreSQL URL or service has no parameter `{name}`; there are {}",
            names.join(", ")
        ))
    })
}

/// Reads a file of settings; `None` when it is not there, is no text, or is less private than it must be.
pub(super) fn read_file(path: &Path, secrecy: Secrecy) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).ok()?.permissions().mode();
        if secrecy == Secrecy::Private && mode & 0o077 != 0 {
            return None;
        }
    }
    #[cfg(not(unix))]
    let _ = secrecy;
    std::fs::read_to_string(path).ok()
}

fn read_url(url: &str, settings: &mut Settings) -> Result<(), Error> {
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
        .ok_or_else(|| Error::usage("a PostgreSQL URL begins with `postgres://`"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    // A password may hold an @ that somebody forgot to encode; hosts hold none.
    let hosts = match authority.rsplit_once('@') {
        Some((login, hosts)) => {
            let (user, password) = match login.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (login, None),
            };
            if !user.is_empty() {
                settings.insert("user", decoded(user, "the user")?);
            }
            if let Some(password) = password {
                settings.insert("password", decoded(password, "the password")?);
            }
            hosts
        }
        None => authority,
    };
    if !hosts.is_empty() {
        read_hosts(hosts, settings)?;
    }
    if !database.is_empty() {
        settings.insert("dbname", decoded(database, "the database")?);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = known(name)?;
        settings.insert(name, decoded(value, name)?);
    }
    Ok(())
}

/// Reads `host:port,[::1]:port,host`.
fn read_hosts(text: &str, settings: &mut Settings) -> Result<(), Error> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for part in text.split(',') {
        let (host, port) = match part.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or(rest)),
            None => part.split_once(':').unwrap_or((part, "")),
        };
        hosts.push(decoded(host, "the host")?);
        ports.push(port);
    }
    settings.insert("host", hosts.join(","));
    if ports.iter().any(|port| !port.is_empty()) {
        settings.insert("port", ports.join(","));
    }
    Ok(())
}

fn build(settings: &Settings, user: String) -> Result<PostgresOptions, Error> {
    let mut addresses = addresses(settings)?.into_iter();
    let first = addresses
        .next()
        .ok_or_else(|| Error::usage("no host is given"))?;
    let mut options = PostgresOptions::new(first, user);
    options.hosts.extend(addresses);
    options.password = settings.get("password").cloned();
    options.database = settings.get("dbname").cloned();
    for name in ["application_name", "options"] {
        if let Some(value) = settings.get(name) {
            options = options.parameter(name, value);
        }
    }
    if let Some(seconds) = number(settings, "connect_timeout")?.filter(|seconds| *seconds > 0) {
        options.socket.connect_timeout = Duration::from_secs(seconds);
    }
    if let Some(seconds) = number(settings, "keepalives_idle")?.filter(|seconds| *seconds > 0) {
        options.socket.keepalive = Some(Duration::from_secs(seconds));
    }
    if let Some(capacity) = number(settings, "statement_cache_capacity")? {
        options.statement_cache_capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
    }
    if let Some(target) = settings.get("target_session_attrs") {
        options.target = word(target, "target_session_attrs", TARGETS)?;
    }
    if let Some(mode) = settings.get("channel_binding") {
        options.channel_binding = word(mode, "channel_binding", CHANNEL_BINDINGS)?;
    }
    options.tls = tls(settings)?;
    Ok(options)
}

fn tls(settings: &Settings) -> Result<TlsOptions, Error> {
    let mode = match settings.get("sslmode") {
        Some(mode) => word(mode, "sslmode", TLS_MODES)?,
        None => TlsMode::default(),
    };
    let roots = match settings.get("sslrootcert").map(String::as_str) {
        None => TlsRoots::WebPki,
        Some("system") => TlsRoots::System,
        Some(path) => TlsRoots::File(path.into()),
    };
    let identity = match (settings.get("sslcert"), settings.get("sslkey")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(TlsIdentity {
            certificate: certificate.into(),
            key: key.into(),
        }),
        _ => return Err(Error::usage("`sslcert` and `sslkey` go together")),
    };
    Ok(TlsOptions {
        mode,
        roots,
        identity,
    })
}

fn addresses(settings: &Settings) -> Result<Vec<Address>, Error> {
    let hosts = settings.get("host").map_or("localhost", String::as_str);
    let ports: Vec<&str> = settings
        .get("port")
        .map_or("", String::as_str)
        .split(',')
        .collect();
    let n_hosts = hosts.split(',').count();
    if ports.len() != 1 && ports.len() != n_hosts {
        return Err(Error::usage(format!(
            "there are {n_hosts} hosts and {} ports; give one port, or one for each host",
            ports.len()
        )));
    }
    let mut addresses = Vec::new();
    for (at, host) in hosts.split(',').enumerate() {
        let port = match ports.get(at).or(ports.first()).copied().unwrap_or_default() {
            "" => 5432,
            port => port.parse().map_err(|_| {
                Error::usage(format!("`{port}` is no port; one is a number up to 65535"))
            })?,
        };
        addresses.push(address(host, port)?);
    }
    Ok(addresses)
}

/// A host that begins with a slash is the folder of a Unix socket.
fn address(host: &str, port: u16) -> Result<Address, Error> {
    if !host.starts_with('/') {
        let host = match host {
            "" => "localhost",
            host => host,
        };
        return Ok(Address::Tcp {
            host: host.to_owned(),
            port,
        });
    }
    #[cfg(unix)]
    return Ok(Address::Unix(format!("{host}/.s.PGSQL.{port}").into()));
    #[cfg(not(unix))]
    return Err(Error::unsupported(
        "this operating system has no Unix sockets",
    ));
}

fn number(settings: &Settings, name: &str) -> Result<Option<u64>, Error> {
    settings
        .get(name)
        .map(|value| {
            value
                .parse()
                .map_err(|_| Error::usage(format!("`{name}` is a number, and not `{value}`")))
        })
        .transpose()
}

/// Finds a word in a table of them.
fn word<V: Copy>(value: &str, name: &str, words: &[(&str, V)]) -> Result<V, Error> {
    words
        .iter()
        .find(|(word, _)| *word == value)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Error::usage(format!(
                "`{name}` is one of {}, and not `{value}`",
                words.join(", ")
            ))
        })
}

/// Decodes `%40` and the like.
fn decoded(text: &str, what: &str) -> Result<String, Error> {
    let refuse = || {
        Error::usage(format!(
            "{what} in the URL is not percent-encoded UTF-8; write `%25` for a percent sign"
        ))
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or_else(refuse)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        bytes.push(byte.ok_or_else(refuse)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(refuse)
}
