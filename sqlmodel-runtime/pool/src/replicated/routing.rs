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
    /// How often they were told.
    n_changes: u64,
}

/// Where a call stands among those that wait for a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The change that it waits for.
    n_changes: u64,
    at: usize,
}

impl Routing {
    /// Knows nothing of any server.
    pub(crate) fn new(n_servers: usize) -> Self {
        Self {
            seen: vec![None; n_servers],
            next: 0,
            watchers: Vec::new(),
            n_changes: 0,
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
        self.n_changes += 1;
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

    /// Notes a task that wants to know of the next change. One that is polled again takes the place that it has.
    pub(crate) fn watch(&mut self, place: &mut Option<Place>, task: &Context<'_>) {
        let known = place.filter(|it| it.n_changes == self.n_changes);
        match known.and_then(|it| self.watchers.get_mut(it.at)) {
            Some(watcher) => watcher.clone_from(task.waker()),
            None => {
                *place = Some(Place {
                    n_changes: self.n_changes,
                    at: self.watchers.len(),
                });
                self.watchers.push(task.waker().clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_polled_again_is_woken_once() {
        let mut routing = Routing::new(1);
        let task = Context::from_waker(Waker::noop());
        let (mut one, mut other) = (None, None);
        for _ in 0..1_000 {
            routing.watch(&mut one, &task);
            routing.watch(&mut other, &task);
        }
        assert_eq!(routing.saw(0, None).len(), 2);
        routing.watch(&mut other, &task);
        assert_eq!(routing.saw(0, None).len(), 1, "it waits for the next one");
    }
}
