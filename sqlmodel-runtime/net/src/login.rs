//! What goes wrong on the way to a server whatever it speaks, and what to say about it.

#[cfg(test)]
mod tests;

use std::io;

/// Returns what to look at when a server cannot be reached, or says nothing of use; nothing where the error says it all.
pub fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
            ": is the server running, and is the address right?"
        }
        io::ErrorKind::TimedOut => {
            ": nobody answered in time; is it such a server, and is the address right?"
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => ": is it such a server, and does it let this host in?",
        io::ErrorKind::InvalidData
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::Unsupported => "",
        // What resolves names has no numbers and no kinds for its errors.
        _ if error.raw_os_error().is_none() => ": is the name of the host right?",
        _ => "",
    }
}

/// Tells whether the user or the password of a URL has a character that ends them, so that a part of the password stands where
/// messages repeat what they find: the `@` behind it comes after a `/` or a `?`.
pub fn has_torn_login(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    if !behind.contains('@') {
        return false;
    }
    let Some((_, hosts)) = authority.rsplit_once('@') else {
        return true;
    };
    // A user such as `name@tenant` has brought an `@` of its own.
    let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
    let names = query.split('&').map(|pair| pair.split('=').next());
    let is_port = |host: &str| match host.rsplit_once(':') {
        Some((_, port)) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    };
    path.contains('@')
        || names.flatten().any(|name| name.contains('@'))
        || (!hosts.contains('[') && !hosts.split(',').all(is_port))
}
