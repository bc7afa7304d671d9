//! What is known of the servers, and which one to ask.

use std::mem;
use std::task::{Context, Waker};
use std::time::Duration;

use sqlmodel_core::{LogPosition, Progress, Role};

/// What is known of the servers.
#[derive(Debug)]
pub(crate) struct Routing {
    /// By position of the server; `None` while it is not reached.
    seen: Vec<Option<Progress>>,
    /// The server whose turn it is to be read from.
    next: usize,
    /// Those who want to know of every change.
    watchers: Vec<Waker>,
}

impl Routing {
    /// Knows nothing of any server.
    pub(crate) fn new(n_servers: usize) -> Self {
        Self {
            seen: vec![None; n_servers],
            next: 0,
            watchers: Vec::new(),
        }
    }

    pub(crate) fn seen(&self) -> &[Option<Progress>] {
        &self.seen
    }

    /// Notes what a server said, and returns those who want to know.
    pub(crate) fn saw(&mut self, at: usize, progress: Option<Progress>) -> Vec<Waker> {
        if let Some(seen) = self.seen.get_mut(at) {
            *seen = progress;
        }
        mem::take(&mut self.watchers)
    }

    /// Returns the server that takes writes.
    pub(crate) fn primary(&self) -> Option<usize> {
        self.seen
            .iter()
            .position(|seen| matches!(seen, Some(progress) if progress.role == Role::Primary))
    }

    pub(crate) fn is_readable(&self, at: usize, max_lag: Duration) -> bool {
        let seen = self.seen.get(at).copied().flatten();
        seen.is_some_and(|progress| progress.role == Role::Replica && progress.lag <= max_lag)
    }

    /// Returns the replicas that may be read from, in turn.
    pub(crate) fn replicas(&mut self, max_lag: Duration) -> Vec<usize> {
        let n_servers = self.seen.len();
        self.next = (self.next + 1) % n_servers.max(1);
        (self.next..n_servers)
            .chain(0..self.next)
            .filter(|at| self.is_readable(*at, max_lag))
            .collect()
    }

    pub(crate) fn has_reached(&self, at: usize, position: LogPosition) -> bool {
        let seen = self.seen.get(at).copied().flatten();
        seen.is_some_and(|progress| progress.position >= position)
    }

    pub(crate) fn watch(&mut self, task: &Context<'_>) {
        self.watchers.push(task.waker().clone());
    }
}
