//! Text of users, made into identifiers and literals of SQL that nothing in the text can escape.
//!
//! No function here fails. What a dialect cannot hold at all (a NUL in a name, or in PostgreSQL's
//! text) is written so that the database refuses it; [`check`](crate::check) reports it before.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::{Dialect, TableName};

/// Returns a quoted identifier.
///
/// A NUL, which no dialect allows in a name, becomes U+FFFD.
pub fn identifier(dialect: Dialect, name: &str) -> String {
    let mut sql = String::with_capacity(name.len() + 2);
    push_identifier(dialect, name, &mut sql);
    sql
}

/// Appends a quoted identifier.
pub fn push_identifier(dialect: Dialect, name: &str, sql: &mut String) {
    let quote = dialect.identifier_quote();
    sql.push(quote);
    // Names are plain but for attacks and oddities, and statements are made of them.
    // No branch for a byte: the compiler looks at many at once.
    let is_odd = |odd, byte| odd | (byte == 0) | (char::from(byte) == quote);
    if !name.bytes().fold(false, is_odd) {
        sql.push_str(name);
        sql.push(quote);
        return;
    }
    for character in name.chars() {
        match character {
            '\0' => sql.push(char::REPLACEMENT_CHARACTER),
            _ if character == quote => {
                sql.push(quote);
                sql.push(quote);
            }
            _ => sql.push(character),
        }
    }
    sql.push(quote);
}

/// Returns the quoted name of a table, with its schema if it has one.
pub fn table_name(dialect: Dialect, table: &TableName) -> String {
    let mut sql = String::new();
    push_table_name(dialect, table, &mut sql);
    sql
}

/// Appends the quoted name of a table, with its schema if it has one.
pub fn push_table_name(dialect: Dialect, table: &TableName, sql: &mut String) {
    if let Some(schema) = &table.schema {
        push_identifier(dialect, schema, sql);
        sql.push('.');
    }
    push_identifier(dialect, &table.name, sql);
}

/// Returns a string literal.
///
/// | dialect | backslash | NUL |
/// |---|---|---|
/// | SQLite | an ordinary character | `CAST(X'..' AS TEXT)` |
/// | PostgreSQL | `E'..\\..'`, right under any `standard_conforming_strings` | `\000`, which the server refuses |
/// | MySQL | `\\` | `\0` |
///
/// MySQL's text is right unless the session's `sql_mode` has `NO_BACKSLASH_ESCAPES`; there each
/// backslash is doubled, but the literal still ends where it should.
/// The connection's character set must be `utf8mb4`.
pub fn string(dialect: Dialect, text: &str) -> String {
    let mut sql = String::with_capacity(text.len() + 2);
    push_string(dialect, text, &mut sql);
    sql
}

/// Appends a string literal, as [`string`] returns it.
pub fn push_string(dialect: Dialect, text: &str, sql: &mut String) {
    match dialect {
        Dialect::Sqlite if text.contains('\0') => {
            sql.push_str("CAST(X'");
            push_hex(text.as_bytes(), sql);
            sql.push_str("' AS TEXT)");
        }
        Dialect::Sqlite => push_escaped(text, None, sql),
        Dialect::Postgres if text.contains(['\\', '\0']) => {
            sql.push('E');
            push_escaped(text, Some("\\000"), sql);
        }
        Dialect::Postgres => push_escaped(text, None, sql),
        Dialect::Mysql => push_escaped(text, Some("\\0"), sql),
    }
}

/// Appends text between single quotes, which are doubled within it.
///
/// If the literal knows escapes, backslashes are doubled, and a NUL becomes `nul_escape`.
fn push_escaped(text: &str, nul_escape: Option<&str>, sql: &mut String) {
    sql.push('\'');
    for character in text.chars() {
        match (character, nul_escape) {
            ('\'', _) => sql.push_str("''"),
            ('\\', Some(_)) => sql.push_str("\\\\"),
            ('\0', Some(nul_escape)) => sql.push_str(nul_escape),
            _ => sql.push(character),
        }
    }
    sql.push('\'');
}

/// Returns a literal of bytes: `X'..'`, or `E'\\\\x..'::bytea` on PostgreSQL.
pub fn bytes(dialect: Dialect, bytes: &[u8]) -> String {
    let mut sql = String::with_capacity(bytes.len() * 2 + 12);
    push_bytes(dialect, bytes, &mut sql);
    sql
}

/// Appends a literal of bytes, as [`bytes`] returns it.
pub fn push_bytes(dialect: Dialect, bytes: &[u8], sql: &mut String) {
    let (start, end) = match dialect {
        Dialect::Sqlite | Dialect::Mysql => ("X'", "'"),
        Dialect::Postgres => ("E'\\\\x", "'::bytea"),
    };
    sql.push_str(start);
    push_hex(bytes, sql);
    sql.push_str(end);
}

fn push_hex(bytes: &[u8], sql: &mut String) {
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(sql, "{byte:02x}");
    }
}
