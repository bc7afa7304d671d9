//! What a statement leaves behind on its connection besides data, as far as its text and its end tell.
//!
//! The server does not tell of it. A function of the database's own may do all of it, too, and nobody sees that.

/// Functions whose effect outlives the transaction they are called in.
const FUNCTIONS: &[&str] = &[
    "set_config",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "setseed",
    "dblink_connect",
    "dblink_connect_u",
];

/// Tells whether a statement may change what the next user of its connection finds, by its text.
pub(crate) fn may_change(sql: &str) -> bool {
    let words = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut words = words.filter(|word| !word.is_empty()).peekable();
    let is = |word: &str, expected: &[&str]| {
        let mut expected = expected.iter();
        expected.any(|it| word.eq_ignore_ascii_case(it))
    };
    if words.next_if(|word| is(word, &["SET"])).is_some() {
        // These end with their transaction.
        let scope = words.next().unwrap_or_default();
        return !is(scope, &["LOCAL", "TRANSACTION", "CONSTRAINTS"]);
    }
    let mut before = "";
    words.any(|word| {
        let is_temporary = is(word, &["TEMP", "TEMPORARY"])
            && is(before, &["CREATE", "INTO", "LOCAL", "GLOBAL", "REPLACE"]);
        before = word;
        is_temporary || is(word, FUNCTIONS) || is(word, &["pg_temp"])
    })
}

/// Tells whether a command that has ended may have changed it, by the tag that completes it and by its text.
pub(crate) fn has_changed(tag: &[u8], may_change: bool) -> bool {
    const TOLD_BY_TEXT: &[&[u8]] = &[
        b"SELECT",
        b"INSERT",
        b"UPDATE",
        b"DELETE",
        b"MERGE",
        b"COPY",
        b"FETCH",
        b"MOVE",
        b"SET",
        b"SHOW",
        b"EXPLAIN",
        b"CREATE",
        b"ALTER",
        b"DROP",
        b"TRUNCATE",
        b"COMMENT",
        b"GRANT",
        b"REVOKE",
        b"REFRESH",
        b"ANALYZE",
        b"VACUUM",
        b"REINDEX",
        b"CLUSTER",
        b"NOTIFY",
        b"LOCK",
        b"BEGIN",
        b"START",
        b"COMMIT",
        b"ROLLBACK",
        b"SAVEPOINT",
        b"RELEASE",
        b"CLOSE",
    ];
    let end = tag.iter().position(|byte| matches!(byte, b' ' | 0));
    let verb = tag.get(..end.unwrap_or(tag.len())).unwrap_or_default();
    // The others are such as DO, CALL, LISTEN, PREPARE, DECLARE, DISCARD and LOAD.
    may_change || !TOLD_BY_TEXT.contains(&verb)
}

/// Tells whether a command has made a prepared statement that is not ours.
pub(crate) fn has_prepared(tag: &[u8]) -> bool {
    tag == b"PREPARE\0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outlives_a_transaction_is_seen_in_the_text() {
        for sql in [
            "SET search_path = pg_catalog",
            "set session authorization nobody",
            "SELECT set_config('a.b', 'c', false)",
            "SELECT pg_catalog.PG_ADVISORY_LOCK(7)",
            "CREATE TEMP TABLE t (a int)",
            "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1",
            "SELECT 1 AS a INTO TEMP t",
            "CREATE TABLE pg_temp.t (a int)",
        ] {
            assert!(may_change(sql), "{sql}");
        }
        for sql in [
            "SET LOCAL lock_timeout = 5",
            "set transaction read only",
            "SET CONSTRAINTS ALL DEFERRED",
            "SELECT pg_advisory_xact_lock(7)",
            "SELECT temp, \"offset\" FROM weather",
            "UPDATE weather SET temp = 1",
            "CREATE TABLE t (temp int)",
            "INSERT INTO hero (name) VALUES ($1)",
        ] {
            assert!(!may_change(sql), "{sql}");
        }
    }

    #[test]
    fn a_command_that_is_not_known_may_change_anything() {
        for tag in [
            &b"SELECT 5\0"[..],
            b"INSERT 0 1\0",
            b"CREATE TABLE\0",
            b"COMMIT\0",
        ] {
            assert!(!has_changed(tag, false), "{tag:?}");
            assert!(has_changed(tag, true), "{tag:?}");
        }
        for tag in [
            &b"DO\0"[..],
            b"CALL\0",
            b"LISTEN\0",
            b"PREPARE\0",
            b"DISCARD ALL\0",
            b"",
        ] {
            assert!(has_changed(tag, false), "{tag:?}");
        }
    }
}
