//! Reads connection URLs (RFC 3986). No message repeats more of a URL than the part that is wrong, and never a password.

use std::time::Duration;

use sqlmodel_core::Error;
#[cfg(unix)]
use sqlmodel_net::Address;
use sqlmodel_net::{TlsIdentity, TlsMode, TlsRoots, has_torn_login};

use super::MySqlOptions;

const PORT: u16 = 3306;

pub(super) fn parse(url: &str) -> Result<MySqlOptions, Error> {
    // Elsewhere a part of the password would pass for a port or an option, which messages repeat.
    parse_whole(url).map_err(|error| match has_torn_login(url) {
        true => Error::usage(
            "the URL's user or password has a character that ends it: write `%2F` for a slash, `%3F` for a question mark, \
             `%40` for an at sign",
        ),
        false => error,
    })
}

fn parse_whole(url: &str) -> Result<MySqlOptions, Error> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| {
        Error::usage("a URL begins with `mysql://`, as in mysql://user:password@host:3306/database")
    })?;
    if !matches!(scheme, "mysql" | "mariadb") {
        let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let scheme = if is_scheme { scheme } else { "something else" };
        return Err(Error::usage(format!(
            "the URL's scheme is `{scheme}`, and this driver takes `mysql` and `mariadb`"
        )));
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let (credentials, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let user = decode(user, "user name")?;
    if user.is_empty() {
        return Err(Error::usage(
            "the URL names no user: write it before the host, as in mysql://user:password@host/database",
        ));
    }
    let (host, port) = host_and_port(host)?;
    let mut options = MySqlOptions::tcp(host, port, user).password(decode(password, "password")?);
    let database = decode(database, "database")?;
    if !database.is_empty() {
        options = options.database(database);
    }
    let (mut certificate, mut key) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value, name)?;
        match name {
            "tls_cert" => certificate = Some(value.into()),
            "tls_key" => key = Some(value.into()),
            _ => options = with_option(options, name, &value)?,
        }
    }
    options.tls.identity = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(TlsIdentity { certificate, key }),
        _ => {
            return Err(Error::usage(
                "the URL's `tls_cert` and `tls_key` go together",
            ));
        }
    };
    Ok(options)
}

fn host_and_port(text: &str) -> Result<(String, u16), Error> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // An IPv6 address.
        Some((host, rest)) => (host.to_owned(), rest.strip_prefix(':')),
        None => match text.split_once(':') {
            Some((host, port)) => (decode(host, "host")?, Some(port)),
            None => (decode(text, "host")?, None),
        },
    };
    let port = match port {
        None | Some("") => PORT,
        Some(port) => port
            .parse()
            .map_err(|_| Error::usage(format!("the URL's port is `{port}`, which is no port")))?,
    };
    match host.as_str() {
        "" => Ok(("localhost".to_owned(), port)),
        _ => Ok((host, port)),
    }
}

fn with_option(mut options: MySqlOptions, name: &str, value: &str) -> Result<MySqlOptions, Error> {
    let number = || {
        value.parse::<usize>().map_err(|_| {
            Error::usage(format!(
                "the URL's `{name}` is `{value}`, which is no whole number"
            ))
        })
    };
    match name {
        #[cfg(unix)]
        "socket" => options.address = Address::Unix(value.into()),
        "connect_timeout" => options.socket.connect_timeout = Duration::from_secs(number()? as u64),
        "tls" => options.tls.mode = tls_mode(value)?,
        "tls_ca" => options.tls.roots = TlsRoots::File(value.into()),
        "statement_cache" => options.statement_cache_capacity = number()?,
        "max_packet_bytes" => options.max_packet_bytes = number()?,
        _ => {
            return Err(Error::usage(format!(
                "the URL has an option `{name}`; there are `socket`, `tls`, `tls_ca`, `tls_cert`, `tls_key`, \
                 `connect_timeout`, `statement_cache` and `max_packet_bytes`"
            )));
        }
    }
    Ok(options)
}

fn tls_mode(value: &str) -> Result<TlsMode, Error> {
    Ok(match value {
        "disable" => TlsMode::Disable,
        "prefer" => TlsMode::Prefer,
        "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" => TlsMode::VerifyFull,
        _ => {
            return Err(Error::usage(format!(
                "the URL's `tls` is `{value}`; it is `disable`, `prefer`, `require`, `verify-ca` or `verify-full`"
            )));
        }
    })
}

/// Resolves percent-encoding, and refuses a zero, which ends a text on the wire.
fn decode(text: &str, part: &str) -> Result<String, Error> {
    let refused = || {
        Error::usage(format!(
            "the URL's {part} is not in percent-encoding of UTF-8"
        ))
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, behind) = rest.split_first_chunk::<2>().ok_or_else(refused)?;
        rest = behind;
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let [high, low] = digits.map(digit);
        let value = high.zip(low).map(|(high, low)| high << 4 | low);
        bytes.push(
            value
                .and_then(|value| u8::try_from(value).ok())
                .ok_or_else(refused)?,
        );
    }
    if bytes.contains(&0) {
        return Err(refused());
    }
    String::from_utf8(bytes).map_err(|_| refused())
}
