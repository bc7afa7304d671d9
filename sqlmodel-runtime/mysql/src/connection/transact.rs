//! The steps of transactions, as statements.

use sqlmodel_core::{
    Access, Cx, Error, ErrorKind, Isolation, Outcome, TransactionOptions, TransactionStep, Wait,
    ok, ok_result,
};
use sqlmodel_net::Transport;

use super::MySqlConnection;
use super::unit::UnitState;

impl<T: Transport> MySqlConnection<T> {
    pub(super) async fn transact(&mut self, cx: &Cx, step: TransactionStep) -> Outcome<(), Error> {
        match step {
            TransactionStep::Begin(options) => self.begin_now(Wait::on(cx), options).await,
            TransactionStep::Commit => self.commit_now(cx).await,
            TransactionStep::Rollback => self.roll_back_now(cx).await,
            TransactionStep::Savepoint(depth) => {
                ok_result!(self.unit.check());
                self.unit.set_savepoint(depth);
                let sql = savepoint("SAVEPOINT", depth);
                let outcome = self.control(Wait::on(cx), &sql).await;
                if outcome.is_err() {
                    self.unit.end_savepoint(depth);
                }
                outcome
            }
            TransactionStep::Release(depth) => {
                ok_result!(self.unit.check());
                ok!(self
                    .end_control(cx, &savepoint("RELEASE SAVEPOINT", depth))
                    .await);
                self.unit.end_savepoint(depth);
                Outcome::Ok(())
            }
            TransactionStep::RollbackTo(depth) => {
                ok_result!(self.unit.check());
                ok!(self
                    .end_control(cx, &savepoint("ROLLBACK TO SAVEPOINT", depth))
                    .await);
                ok!(self
                    .end_control(cx, &savepoint("RELEASE SAVEPOINT", depth))
                    .await);
                self.unit.end_savepoint(depth);
                Outcome::Ok(())
            }
        }
    }

    async fn begin_now(
        &mut self,
        wait: Wait<'_>,
        options: TransactionOptions,
    ) -> Outcome<(), Error> {
        let TransactionOptions {
            isolation,
            access,
            is_deferrable: _,
        } = options;
        if let Some(isolation) = isolation {
            // For the next transaction alone.
            ok!(self.control(wait, isolation_sql(isolation)).await);
        }
        self.unit.begin();
        let outcome = self.control(wait, begin_sql(access)).await;
        if outcome.is_err() {
            self.unit.end();
        }
        outcome
    }

    async fn commit_now(&mut self, cx: &Cx) -> Outcome<(), Error> {
        match self.unit.state {
            UnitState::RolledBack => ok_result!(self.unit.check()),
            // Nothing has run since, so that all that was done is permanent.
            UnitState::Committed => {}
            UnitState::None | UnitState::Open => {
                let outcome = self.end_control(cx, "COMMIT").await;
                ok!(outcome.map_err(|error| match self.wire.is_broken() {
                    true => Error::new(
                        ErrorKind::CommitUnknown,
                        "the connection was lost while COMMIT ran: whether it took effect is not known",
                    )
                    .with_cause(error),
                    false => error,
                }));
            }
        }
        self.unit.end();
        Outcome::Ok(())
    }

    async fn roll_back_now(&mut self, cx: &Cx) -> Outcome<(), Error> {
        let outcome = match self.unit.state {
            UnitState::None | UnitState::RolledBack => Outcome::Ok(()),
            UnitState::Open => self.end_control(cx, "ROLLBACK").await,
            UnitState::Committed => Outcome::Err(Error::new(
                ErrorKind::Database,
                "a statement such as CREATE TABLE has committed the transaction, which cannot be rolled back",
            )),
        };
        ok!(outcome);
        self.unit.end();
        Outcome::Ok(())
    }
}

fn isolation_sql(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::ReadCommitted => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        Isolation::RepeatableRead => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        Isolation::Serializable => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    }
}

fn begin_sql(access: Access) -> &'static str {
    match access {
        Access::ReadWrite => "START TRANSACTION",
        Access::ReadOnly => "START TRANSACTION READ ONLY",
    }
}

pub(super) fn savepoint(verb: &str, depth: u32) -> String {
    format!("{verb} sqlmodel_{depth}")
}
