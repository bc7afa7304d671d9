//! Transaction control: what is to be said before the next statement, in one message with it.
//!
//! BEGIN and SAVEPOINT cost no round trip of their own: they wait here until something follows them.
//! So does the rollback of a transaction that was dropped, which nobody waits for.
//! A control stays until the server has confirmed it, so that a call which is dropped loses none.

use std::collections::VecDeque;

use sqlmodel_core::{Access, Isolation, TransactionOptions};

use crate::protocol::backend::Status;

/// A statement of transaction control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Begin(TransactionOptions),
    Commit,
    Rollback,
    Savepoint(u32),
    Release(u32),
    RollbackTo(u32),
}

impl Control {
    pub(crate) fn sql(self) -> String {
        match self {
            Self::Begin(options) => begin_sql(options),
            Self::Commit => "COMMIT".to_owned(),
            Self::Rollback => "ROLLBACK".to_owned(),
            Self::Savepoint(depth) => format!("SAVEPOINT sqlmodel_{depth}"),
            Self::Release(depth) => format!("RELEASE SAVEPOINT sqlmodel_{depth}"),
            Self::RollbackTo(depth) => format!("ROLLBACK TO SAVEPOINT sqlmodel_{depth}"),
        }
    }

    /// Tells whether this begins the unit of a depth.
    fn begins(self, depth: u32) -> bool {
        match self {
            Self::Begin(_) => depth == 0,
            Self::Savepoint(of) => of == depth,
            _ => false,
        }
    }
}

fn begin_sql(options: TransactionOptions) -> String {
    let TransactionOptions {
        isolation,
        access,
        is_deferrable,
    } = options;
    let mut sql = "BEGIN".to_owned();
    sql.push_str(match isolation {
        None => "",
        Some(Isolation::ReadCommitted) => " ISOLATION LEVEL READ COMMITTED",
        Some(Isolation::RepeatableRead) => " ISOLATION LEVEL REPEATABLE READ",
        Some(Isolation::Serializable) => " ISOLATION LEVEL SERIALIZABLE",
    });
    sql.push_str(match access {
        Access::ReadWrite => "",
        Access::ReadOnly => " READ ONLY",
    });
    if is_deferrable {
        sql.push_str(" DEFERRABLE");
    }
    sql
}

/// Controls in order: those that were sent and not confirmed, and behind them those that are still to be sent.
#[derive(Debug, Default)]
pub(crate) struct Controls {
    waiting: VecDeque<Control>,
    n_sent: usize,
}

impl Controls {
    pub(crate) fn push(&mut self, control: Control) {
        self.waiting.push_back(control);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Tells whether one was sent that the server has not confirmed.
    pub(crate) fn has_sent(&self) -> bool {
        self.n_sent > 0
    }

    /// Tells whether a transaction is yet to be begun.
    pub(crate) fn has_begin(&self) -> bool {
        self.waiting.iter().any(|control| control.begins(0))
    }

    /// Tells whether a transaction is yet to be rolled back.
    pub(crate) fn has_rollback(&self) -> bool {
        self.waiting.contains(&Control::Rollback)
    }

    /// Tells whether the end of a transaction is on its way, which must not be disturbed.
    pub(crate) fn has_sent_commit(&self) -> bool {
        let mut sent = self.waiting.iter().take(self.n_sent);
        sent.any(|control| *control == Control::Commit)
    }

    /// Ends the unit of a depth without a word, if its beginning was never sent.
    pub(crate) fn take_back(&mut self, depth: u32) -> bool {
        let begin = self
            .waiting
            .iter()
            .enumerate()
            .skip(self.n_sent)
            .find(|(_, control)| control.begins(depth));
        match begin {
            Some((at, _)) => {
                self.waiting.truncate(at);
                true
            }
            None => false,
        }
    }

    /// Undoes the unit of a depth, and with it whatever was to be said inside of it.
    pub(crate) fn undo(&mut self, depth: u32) {
        if self.take_back(depth) {
            return;
        }
        self.waiting.truncate(self.n_sent);
        match depth {
            0 => self.waiting.push_back(Control::Rollback),
            depth => {
                self.waiting.push_back(Control::RollbackTo(depth));
                self.waiting.push_back(Control::Release(depth));
            }
        }
    }

    /// Drops what would undo a transaction that has ended meanwhile.
    pub(crate) fn adapt_to(&mut self, status: Status) {
        while status == Status::Idle
            && self.n_sent == 0
            && matches!(
                self.waiting.front(),
                Some(Control::Rollback | Control::RollbackTo(_) | Control::Release(_))
            )
        {
            self.waiting.pop_front();
        }
    }

    /// Returns what is to be sent, all of which counts as sent from now on.
    pub(crate) fn send(&mut self) -> impl Iterator<Item = Control> {
        let n_sent = std::mem::replace(&mut self.n_sent, self.waiting.len());
        self.waiting.iter().skip(n_sent).copied()
    }

    /// Notes that what was sent has not left after all.
    pub(crate) fn unsend(&mut self) {
        self.n_sent = 0;
    }

    /// Notes that a statement was completed, and returns the control that it was.
    pub(crate) fn complete(&mut self) -> Option<Control> {
        if self.n_sent == 0 {
            return None;
        }
        self.n_sent -= 1;
        self.waiting.pop_front()
    }

    /// Notes that the server skips the rest of the unit; tells whether it was a control that failed.
    pub(crate) fn fail(&mut self) -> bool {
        let n_failed = std::mem::take(&mut self.n_sent);
        self.waiting.drain(..n_failed);
        n_failed > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controls(waiting: &[Control]) -> Controls {
        Controls {
            waiting: waiting.iter().copied().collect(),
            n_sent: 0,
        }
    }

    const BEGIN: Control = Control::Begin(TransactionOptions {
        isolation: None,
        access: Access::ReadWrite,
        is_deferrable: false,
    });

    #[test]
    fn a_transaction_that_was_never_begun_is_undone_in_silence() {
        let mut controls = controls(&[BEGIN, Control::Savepoint(1)]);
        controls.undo(1);
        assert_eq!(controls.waiting, [BEGIN]);
        controls.undo(0);
        assert!(controls.is_empty());
    }

    #[test]
    fn one_that_was_sent_is_rolled_back() {
        let mut controls = controls(&[BEGIN]);
        assert_eq!(controls.send().count(), 1);
        controls.push(Control::Savepoint(1));
        controls.undo(0);
        assert_eq!(controls.waiting, [BEGIN, Control::Rollback]);
        assert_eq!(controls.complete(), Some(BEGIN));
        assert_eq!(controls.complete(), None, "it was not sent yet");
        controls.adapt_to(Status::InTransaction);
        assert_eq!(controls.waiting, [Control::Rollback]);
        controls.adapt_to(Status::Idle);
        assert!(controls.is_empty());
    }

    #[test]
    fn what_was_not_sent_after_all_is_sent_again() {
        let mut controls = controls(&[BEGIN]);
        assert_eq!(controls.send().collect::<Vec<_>>(), [BEGIN]);
        assert_eq!(controls.send().count(), 0);
        controls.unsend();
        assert_eq!(controls.send().collect::<Vec<_>>(), [BEGIN]);
        controls.fail();
        assert!(controls.is_empty());
    }

    #[test]
    fn options_are_said_with_begin() {
        let options = TransactionOptions {
            isolation: Some(Isolation::Serializable),
            access: Access::ReadOnly,
            is_deferrable: true,
        };
        assert_eq!(
            Control::Begin(options).sql(),
            "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE"
        );
    }
}
