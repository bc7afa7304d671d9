//! From the server's error numbers to the runtime's error kinds.

#[cfg(test)]
mod tests;

use sqlmodel_core::{ConstraintKind, Error, ErrorKind};

use crate::protocol::reply::ServerError;
use crate::protocol::wire::Malformed;

/// The numbers that the driver itself asks for (MySQL's error reference, MariaDB's below 2000 and above 4000).
pub(crate) mod code {
    pub(crate) const UNKNOWN_STATEMENT: u16 = 1243;
    pub(crate) const CANNOT_BE_PREPARED: u16 = 1295;
    pub(crate) const NEEDS_PREPARATION: u16 = 1615;
    pub(crate) const READS_WHAT_IT_CHANGES: u16 = 1093;
    pub(crate) const DEADLOCK: u16 = 1213;
}

pub(crate) const TOO_LONG: &str = "the statement is longer than the server's `max_allowed_packet`";

impl ServerError {
    /// Tells whether the server closes the connection behind this error.
    pub(crate) fn ends_connection(&self) -> bool {
        // A shutdown, a connection that was killed or was silent for too long, packets that do not come whole.
        matches!(
            self.code,
            1053 | 1077 | 1079 | 1080 | 1152 | 1153 | 1158..=1161 | 1927 | 4031
        )
    }
}

/// Maps what is not the protocol.
#[cold]
pub(crate) fn protocol_error(malformed: Malformed) -> Error {
    let Malformed(expected) = malformed;
    Error::new(
        ErrorKind::Connect,
        format!("the server did not keep to the protocol: expected {expected}"),
    )
}

/// Maps the refusal of a login, and says what to change.
#[cold]
pub(crate) fn login_error(refusal: ServerError, user: &str, database: Option<&str>) -> Error {
    let database = database.unwrap_or_default();
    let message = match refusal.code {
        1045 | 1698 => format!(
            "the server refused the user `{user}`: check the name and the password in the URL"
        ),
        1044 => format!("the user `{user}` may not use the database `{database}`: grant it"),
        1049 => format!(
            "the server has no database `{database}`: create it, or name another in the URL"
        ),
        1040 | 1203 => {
            "the server has no connection left: raise `max_connections`, or use fewer".to_owned()
        }
        1129 | 1130 => format!("the server does not let this host in: {}", refusal.message),
        _ => format!("the server refused the connection: {}", refusal.message),
    };
    let error = match refusal.code {
        // Servers send some of these before they know that we read SQLSTATEs.
        1044 | 1045 | 1049 | 1129 | 1130 | 1698 => Error::misconfiguration(message),
        _ => Error::new(ErrorKind::Connect, message),
    };
    with_source(error, refusal)
}

/// Maps the error of a statement.
///
/// The message has no values of parameters, which the server's own words may have; those are the cause.
#[cold]
pub(crate) fn statement_error(refusal: ServerError) -> Error {
    let kind = kind_of(&refusal);
    let violation = violation(&refusal);
    let message = match (&violation, refusal.code) {
        (Some(violation), _) => violation.message(),
        (None, 1366 | 1292 | 1411 | 1690 | 3140 | 3141 | 3156) => {
            format!("a value does not fit: error {}", refusal.code)
        }
        (None, code::CANNOT_BE_PREPARED) => {
            "this statement gives no rows to a program: run it with `execute` and without parameters".to_owned()
        }
        // MariaDB reads the table, from 10.3 on.
        (None, code::READS_WHAT_IT_CHANGES) => {
            "MySQL cannot read the table that a statement changes in a subquery: join the table under another name, \
             `joining_on(table::<Alias>(), ..)` with an `alias!`, or select the keys first"
                .to_owned()
        }
        (None, 1153) => TOO_LONG.to_owned(),
        (None, _) => plain(&refusal.message),
    };
    let error = Error::new(kind, message);
    let error = match &violation {
        None => error,
        Some(Violation {
            kind,
            name,
            table,
            columns,
        }) => {
            let error = error.with_constraint(*kind, *name);
            match (table, columns.is_empty()) {
                (None, true) => error,
                _ => error
                    .with_constraint_columns(table.unwrap_or_default(), columns.iter().copied()),
            }
        }
    };
    with_source(error, refusal)
}

fn with_source(error: Error, refusal: ServerError) -> Error {
    let error = if refusal.sqlstate.is_empty() {
        error
    } else {
        error.with_sqlstate(&refusal.sqlstate)
    };
    error.with_cause(refusal)
}

/// Returns the server's message as ours begin and end.
fn plain(message: &str) -> String {
    let mut characters = message.strip_suffix('.').unwrap_or(message).chars();
    let first = characters.next().map(char::to_lowercase);
    first.into_iter().flatten().chain(characters).collect()
}

fn kind_of(refusal: &ServerError) -> ErrorKind {
    match refusal.code {
        1022 | 1048 | 1062 | 1169 | 1216 | 1217 | 1364 | 1451 | 1452 | 1557 | 1586 | 1761
        | 1762 | 3819 | 4025 => ErrorKind::Constraint,
        code::DEADLOCK => ErrorKind::Deadlock,
        // Another transaction changed the row since our snapshot; the cluster refused the transaction.
        1020 | 1180 => ErrorKind::Serialization,
        // A lock was not granted in time.
        1205 | 3572 => ErrorKind::Busy,
        // A statement took longer than the server lets it, and will again.
        1969 | 3024 => ErrorKind::Database,
        1290 | 1792 | 1836 => ErrorKind::ReadOnly,
        1153 | 1264 | 1265 | 1292 | 1300 | 1366 | 1367 | 1406 | 1411 | 1690 | 3140 | 3141
        | 3156 => ErrorKind::Encode,
        _ if refusal.ends_connection() => ErrorKind::Connect,
        1021 | 1026 | 1037 | 1038 | 1041 | 1114 => ErrorKind::Io,
        1235 | code::CANNOT_BE_PREPARED | code::READS_WHAT_IT_CHANGES => ErrorKind::Unsupported,
        _ => match refusal.sqlstate.get(..2) {
            Some("08") => ErrorKind::Connect,
            Some("22") => ErrorKind::Encode,
            Some("23") => ErrorKind::Constraint,
            Some("25") => ErrorKind::ReadOnly,
            Some("40") => ErrorKind::Serialization,
            Some("42" | "21" | "0A") => ErrorKind::Statement,
            _ => ErrorKind::Database,
        },
    }
}

/// What the server's message tells about a violated constraint.
struct Violation<'m> {
    kind: ConstraintKind,
    name: Option<&'m str>,
    table: Option<&'m str>,
    columns: Vec<&'m str>,
}

impl Violation<'_> {
    fn message(&self) -> String {
        let what = match self.kind {
            ConstraintKind::Unique => "a row with this value exists already",
            ConstraintKind::ForeignKey => "a foreign key would point to no row",
            ConstraintKind::NotNull => "a value is missing",
            ConstraintKind::Check => "a check is false",
            _ => "a constraint is violated",
        };
        match (self.name, &*self.columns) {
            (Some(name), _) => format!("{what} (constraint `{name}`)"),
            (None, [column]) => format!("{what} (column `{column}`)"),
            (None, _) => what.to_owned(),
        }
    }
}

fn violation(refusal: &ServerError) -> Option<Violation<'_>> {
    let message = &*refusal.message;
    let nameless = |kind| Violation {
        kind,
        name: None,
        table: None,
        columns: Vec::new(),
    };
    Some(match refusal.code {
        // Duplicate entry 'a' for key 'hero.ux_hero_name'; MariaDB leaves out the table. The value may hold quotes.
        1022 | 1062 | 1169 | 1586 => {
            let key = message
                .rsplit_once(" for key '")
                .and_then(|(_, key)| key.strip_suffix('\''));
            let (table, name) = match key.and_then(|key| key.split_once('.')) {
                Some((table, name)) => (Some(table), Some(name)),
                None => (None, key),
            };
            Violation {
                name,
                table,
                ..nameless(ConstraintKind::Unique)
            }
        }
        // .. (`db`.`hero`, CONSTRAINT `fk_hero_team` FOREIGN KEY (`team_id`) REFERENCES `team` (`id`))
        1216 | 1217 | 1451 | 1452 | 1557 | 1761 | 1762 => Violation {
            name: between(message, "CONSTRAINT `", "`"),
            table: between(message, "`.`", "`"),
            columns: between(message, "FOREIGN KEY (`", "`)")
                .map(|columns| columns.split("`, `").collect())
                .unwrap_or_default(),
            ..nameless(ConstraintKind::ForeignKey)
        },
        // Column 'name' cannot be null; Field 'name' doesn't have a default value
        1048 | 1364 => Violation {
            columns: between(message, "'", "'").into_iter().collect(),
            ..nameless(ConstraintKind::NotNull)
        },
        // Check constraint 'ck_hero_age' is violated.
        3819 => Violation {
            name: between(message, "'", "'"),
            ..nameless(ConstraintKind::Check)
        },
        // CONSTRAINT `ck_hero_age` failed for `db`.`hero`
        4025 => Violation {
            name: between(message, "CONSTRAINT `", "`"),
            table: between(message, "`.`", "`"),
            ..nameless(ConstraintKind::Check)
        },
        _ if kind_of(refusal) == ErrorKind::Constraint => nameless(ConstraintKind::Other),
        _ => return None,
    })
}

fn between<'m>(message: &'m str, before: &str, after: &str) -> Option<&'m str> {
    let (_, rest) = message.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
