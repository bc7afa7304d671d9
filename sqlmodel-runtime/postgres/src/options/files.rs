//! The files of PostgreSQL's own programs: passwords by server, and settings by the name of a service.
//!
//! Takes texts; where they come from is the caller's matter.

use std::collections::BTreeMap;
use std::fmt;

use sqlmodel_net::Address;

/// Passwords by server, database and user: `host:port:database:user:password`, a line each, of which the first that fits counts.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Passwords(Vec<Entry>);

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    /// Host, port, database and user; `*` stands for any.
    about: [String; 4],
    password: String,
}

impl Passwords {
    /// Reads the text of a password file (PostgreSQL's manual, "The Password File"). Lines of another form are passed over.
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(entry).collect())
    }

    /// Returns the password for a server; a Unix socket goes by its folder, and by `localhost`.
    pub(crate) fn find(&self, address: &Address, database: &str, user: &str) -> Option<&str> {
        let (hosts, port) = match address {
            Address::Tcp { host, port } => (vec![host.clone()], port.to_string()),
            #[cfg(unix)]
            Address::Unix(path) => {
                let folder = path.parent().map(|folder| folder.display().to_string());
                let port = path.extension().and_then(|port| port.to_str());
                let hosts = ["localhost".to_owned()].into_iter().chain(folder);
                (hosts.collect(), port.unwrap_or_default().to_owned())
            }
        };
        let fits = |entry: &&Entry| {
            let [host, others @ ..] = &entry.about;
            let is = |wanted: &str, found: &str| wanted == "*" || wanted == found;
            hosts.iter().any(|found| is(host, found))
                && others
                    .iter()
                    .zip([&port, database, user])
                    .all(|(wanted, found)| is(wanted, found))
        };
        self.0.iter().find(fits).map(|entry| &*entry.password)
    }
}

impl fmt::Debug for Passwords {
    /// Shows how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passwords", self.0.len())
    }
}

/// Splits at colons; a backslash makes the next character an ordinary one.
fn entry(line: &str) -> Option<Entry> {
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_end = character == ':' && parts.len() < 5;
        match (character, parts.last_mut()) {
            (_, _) if is_end => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(characters.next()),
            (_, Some(part)) => part.push(character),
            (_, None) => {}
        }
    }
    let [host, port, database, user, password] = parts.try_into().ok()?;
    Some(Entry {
        about: [host, port, database, user],
        password,
    })
}

/// Returns the settings of a service (PostgreSQL's manual, "The Connection Service File"); `None` when it is not in the text.
pub(crate) fn service(text: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            // The first of its name counts.
            match found {
                Some(_) => break,
                None => found = (section == name).then(BTreeMap::new),
            }
        } else if let (Some(settings), Some((key, value))) = (&mut found, line.split_once('='))
            && !line.starts_with('#')
        {
            settings.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}
