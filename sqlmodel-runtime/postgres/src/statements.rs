//! Statements that are kept prepared on a connection, by their text.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlmodel_core::Statement;

use crate::protocol::backend::Column;
use crate::session;

/// What the server knows of a prepared statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) name: Box<str>,
    /// The types of the parameters.
    pub(crate) parameters: Vec<u32>,
    pub(crate) columns: Vec<Column>,
}

/// The statements of one connection; the one that was not used for longest makes room for a new one.
#[derive(Debug)]
pub(crate) struct Statements {
    by_sql: HashMap<Box<str>, Entry>,
    /// Those among them that may change the session.
    suspects: HashSet<Box<str>>,
    capacity: usize,
    n_named: u64,
    n_used: u64,
    /// Names that the server may know and nobody uses any more.
    to_close: Vec<Box<str>>,
    /// Names that the server was just given, and that are to be closed unless they are kept.
    unconfirmed: Vec<Box<str>>,
}

#[derive(Debug)]
struct Entry {
    shape: Arc<Shape>,
    last_used: u64,
}

impl Statements {
    /// A cache of so many statements; none are kept, and none are named, if it is 0.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            by_sql: HashMap::new(),
            suspects: HashSet::new(),
            capacity,
            n_named: 0,
            n_used: 0,
            to_close: Vec::new(),
            unconfirmed: Vec::new(),
        }
    }

    /// Tells whether statements have names and outlive the unit that they were prepared in.
    pub(crate) fn are_kept(&self) -> bool {
        self.capacity > 0
    }

    pub(crate) fn get(&mut self, sql: &str) -> Option<Arc<Shape>> {
        self.n_used += 1;
        let entry = self.by_sql.get_mut(sql)?;
        entry.last_used = self.n_used;
        Some(Arc::clone(&entry.shape))
    }

    /// Returns a name for a statement that is about to be prepared.
    pub(crate) fn new_name(&mut self) -> Box<str> {
        if !self.are_kept() {
            return Box::default();
        }
        self.n_named += 1;
        let name: Box<str> = format!("s{}", self.n_named).into();
        self.unconfirmed.push(name.clone());
        name
    }

    /// Keeps a statement that the server has prepared.
    pub(crate) fn keep(&mut self, sql: &str, shape: &Arc<Shape>) {
        if !self.are_kept() {
            return;
        }
        self.unconfirmed.retain(|name| *name != shape.name);
        if self.by_sql.len() >= self.capacity {
            let oldest = self.by_sql.iter().min_by_key(|(_, entry)| entry.last_used);
            if let Some(sql) = oldest.map(|(sql, _)| sql.clone()) {
                self.forget(&sql);
            }
        }
        if session::may_change(sql) {
            self.suspects.insert(sql.into());
        }
        self.n_used += 1;
        let entry = Entry {
            shape: Arc::clone(shape),
            last_used: self.n_used,
        };
        if let Some(replaced) = self.by_sql.insert(sql.into(), entry) {
            self.to_close.push(replaced.shape.name.clone());
        }
    }

    /// Forgets a statement.
    pub(crate) fn forget(&mut self, sql: &str) {
        self.suspects.remove(sql);
        if let Some(entry) = self.by_sql.remove(sql) {
            self.to_close.push(entry.shape.name.clone());
        }
    }

    /// Tells whether a statement may change the session, by its text, which is read once for those that are kept.
    pub(crate) fn may_change_session(&self, statement: &Statement<'_>) -> bool {
        if statement.is_once || !self.are_kept() {
            return session::may_change(statement.sql);
        }
        !self.suspects.is_empty() && self.suspects.contains(statement.sql)
    }

    /// Forgets all statements, of which the server knows none any more.
    pub(crate) fn forget_all(&mut self) {
        self.by_sql.clear();
        self.suspects.clear();
        self.to_close.clear();
    }

    /// Notes that a unit has ended: what was prepared in it and not kept is nobody's.
    pub(crate) fn end_unit(&mut self) {
        self.to_close.append(&mut self.unconfirmed);
    }

    /// Returns the names to close, but for those that are about to be used.
    ///
    /// Closing one that the server does not know is no error.
    pub(crate) fn take_closed<'n>(&mut self, used: impl Iterator<Item = &'n str>) -> Vec<Box<str>> {
        let mut closed = std::mem::take(&mut self.to_close);
        if !closed.is_empty() {
            let used: HashSet<&str> = used.collect();
            let is_used = |name: &mut Box<str>| used.contains(&**name);
            self.to_close = closed.extract_if(.., is_used).collect();
        }
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(statements: &mut Statements, sql: &str) {
        let shape = Shape {
            name: statements.new_name(),
            parameters: Vec::new(),
            columns: Vec::new(),
        };
        statements.keep(sql, &Arc::new(shape));
    }

    fn closed(statements: &mut Statements) -> Vec<Box<str>> {
        statements.take_closed(std::iter::empty())
    }

    #[test]
    fn the_statement_that_was_not_used_for_longest_makes_room() {
        let mut statements = Statements::new(2);
        keep(&mut statements, "a");
        keep(&mut statements, "b");
        assert!(statements.get("a").is_some());
        keep(&mut statements, "c");
        assert!(statements.get("b").is_none());
        assert!(statements.get("a").is_some() && statements.get("c").is_some());
        assert_eq!(
            statements.take_closed(["s2"].into_iter()),
            [],
            "it is about to be used"
        );
        assert_eq!(closed(&mut statements), [Box::from("s2")]);
    }

    #[test]
    fn a_name_that_was_not_confirmed_is_closed() {
        let mut statements = Statements::new(2);
        let name = statements.new_name();
        statements.end_unit();
        assert_eq!(closed(&mut statements), [name]);
    }

    #[test]
    fn without_room_statements_have_no_names() {
        let mut statements = Statements::new(0);
        keep(&mut statements, "a");
        assert!(statements.get("a").is_none());
        statements.end_unit();
        assert_eq!(closed(&mut statements), []);
    }
}
