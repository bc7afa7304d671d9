//! The statements that a connection keeps prepared, by their text.

use std::collections::HashMap;
use std::sync::Arc;

use crate::protocol::column::Column;

/// A statement that the server knows.
#[derive(Debug, Clone)]
pub(crate) struct PreparedStatement {
    pub(crate) sql: Arc<str>,
    pub(crate) id: u32,
    pub(crate) n_params: usize,
    /// The columns as the server last described them.
    pub(crate) columns: Arc<[Column]>,
    /// Whether it may do to the session what the server does not tell of.
    pub(crate) may_change_session: bool,
}

/// The statements that are kept; the one that was not used for longest makes room for a new one.
#[derive(Debug)]
pub(crate) struct Statements {
    kept: HashMap<Arc<str>, (u64, PreparedStatement)>,
    capacity: usize,
    clock: u64,
}

impl Statements {
    /// Keeps up to `capacity` statements, at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            kept: HashMap::new(),
            capacity: capacity.max(1),
            clock: 0,
        }
    }

    pub(crate) fn get(&mut self, sql: &str) -> Option<PreparedStatement> {
        self.clock += 1;
        let (used_at, statement) = self.kept.get_mut(sql)?;
        *used_at = self.clock;
        Some(statement.clone())
    }

    /// Keeps a statement, and returns the number of the one that had to go.
    pub(crate) fn insert(&mut self, statement: PreparedStatement) -> Option<u32> {
        let evicted = match self.kept.len() < self.capacity {
            true => None,
            false => self.oldest().and_then(|sql| self.remove(&sql)),
        };
        self.clock += 1;
        self.kept
            .insert(Arc::clone(&statement.sql), (self.clock, statement));
        evicted
    }

    /// Makes a statement the first to go.
    pub(crate) fn demote(&mut self, sql: &str) {
        if let Some((used_at, _)) = self.kept.get_mut(sql) {
            *used_at = 0;
        }
    }

    /// Forgets a statement, and returns its number.
    pub(crate) fn remove(&mut self, sql: &str) -> Option<u32> {
        self.kept.remove(sql).map(|(_, statement)| statement.id)
    }

    /// Takes note of the columns that executing a statement told.
    pub(crate) fn learn(&mut self, sql: &str, columns: &Arc<[Column]>) {
        if let Some((_, statement)) = self.kept.get_mut(sql)
            && !Arc::ptr_eq(&statement.columns, columns)
        {
            statement.columns = Arc::clone(columns);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    fn oldest(&self) -> Option<Arc<str>> {
        let oldest = self.kept.iter().min_by_key(|(_, (used_at, _))| *used_at);
        oldest.map(|(sql, _)| Arc::clone(sql))
    }
}
