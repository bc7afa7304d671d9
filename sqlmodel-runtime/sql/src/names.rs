//! The names of keys, checks and indexes that the schema does not name itself.
//!
//! A name is a prefix, the table and the columns, joined by underscores: `fk_hero_team_id`. One
//! that is too long for a dialect in use is cut, and ends in a hash of the whole name instead, so
//! that it is the same in every dialect, on every machine and in every version of this crate.
//!
//! Two names may be equal (`a_b` + `c` and `a` + `b_c`): reporting that is for the caller, who
//! knows where the objects were declared.

#[cfg(test)]
mod tests;

use crate::{Dialect, DialectSet};

/// The naming convention, for the dialects that a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamingConvention {
    /// The dialects whose limits every name keeps.
    pub dialects: DialectSet,
}

impl NamingConvention {
    /// `pk_table`
    pub fn primary_key(self, table: &str) -> String {
        self.join("pk", table, [])
    }

    /// `uq_table_column_column`
    pub fn unique_key<'a>(self, table: &str, columns: impl IntoIterator<Item = &'a str>) -> String {
        self.join("uq", table, columns)
    }

    /// `fk_table_column_column`, of the referencing table and columns.
    pub fn foreign_key<'a>(
        self,
        table: &str,
        columns: impl IntoIterator<Item = &'a str>,
    ) -> String {
        self.join("fk", table, columns)
    }

    /// `ck_table_name`, where the name is the check's own or a column's.
    pub fn check(self, table: &str, name: &str) -> String {
        self.join("ck", table, [name])
    }

    /// `ix_table_column_column`; the words of an expression stand for a column.
    pub fn index<'a>(self, table: &str, parts: impl IntoIterator<Item = &'a str>) -> String {
        self.join("ix", table, parts)
    }

    /// Returns the name itself if every dialect allows it, else its beginning and its hash.
    pub fn shorten(self, name: String) -> String {
        if self.allows(&name) {
            return name;
        }
        let hash = format!("_{:08x}", fnv1a(name.as_bytes()));
        let limits = self.dialects.iter().filter_map(Dialect::identifier_limit);
        let kept = limits.fold(name.as_str(), |kept, limit| limit.cut(kept, hash.len()));
        format!("{}{hash}", kept.trim_end_matches('_'))
    }

    fn allows(self, name: &str) -> bool {
        self.dialects
            .iter()
            .filter_map(Dialect::identifier_limit)
            .all(|limit| limit.allows(name))
    }

    fn join<'a>(
        self,
        prefix: &str,
        table: &str,
        parts: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let mut name = format!("{prefix}_{table}");
        for word in parts.into_iter().flat_map(words) {
            name.push('_');
            name.push_str(word);
        }
        self.shorten(name)
    }
}

/// The runs of letters, digits and underscores: a column is one, an expression has several.
fn words(part: &str) -> impl Iterator<Item = &str> {
    part.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

/// The 32-bit FNV-1a hash (draft-eastlake-fnv), which is simple enough never to change.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
