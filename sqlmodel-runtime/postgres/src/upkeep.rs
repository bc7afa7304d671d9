//! What a pool asks of the driver.

use std::time::Duration;

use sqlmodel_core::{
    Collect, Connection, Connector, Cx, Error, ErrorKind, Executor, LogPosition, Outcome, Progress,
    Replication, Role, Statement, Upkeep, ok, ok_result,
};
use sqlmodel_net::Socket;

use crate::connect;
use crate::connection::PostgresConnection;
use crate::options::PostgresOptions;

/// Undoes whatever outlives a transaction, but for prepared statements: ours are kept, and seen by nobody.
const RESET: &[&str] = &[
    "CLOSE ALL",
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ALL",
    "UNLISTEN *",
    "SELECT pg_advisory_unlock_all()",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
];

/// The role, the end of what was written or replayed, and the microseconds for which a replica may be behind:
/// none while it receives and has replayed everything it received.
const PROGRESS: &str = "
SELECT
    pg_is_in_recovery(),
    (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
        - '0/0'::pg_lsn)::bigint,
    CASE
        WHEN NOT pg_is_in_recovery() THEN 0
        WHEN EXISTS (SELECT FROM pg_stat_wal_receiver)
            AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint
    END";

impl Connector for PostgresOptions {
    type Connection = PostgresConnection<Socket>;

    async fn connect(&self, cx: &Cx) -> Outcome<PostgresConnection<Socket>, Error> {
        connect::connect(cx, self, &|socket| socket).await
    }

    fn upkeep(&self, connection: &mut PostgresConnection<Socket>) -> Upkeep {
        if connection.is_closed() {
            Upkeep::Broken
        } else if connection.is_idle()
            && !connection.has_changed_session
            && !connection.link.has_kept()
        {
            Upkeep::Ready
        } else {
            Upkeep::Used
        }
    }

    async fn reset(
        &self,
        cx: &Cx,
        connection: &mut PostgresConnection<Socket>,
    ) -> Outcome<(), Error> {
        connection.close_cursor();
        connection.abandon(0);
        ok!(connection.settle(cx).await);
        if connection.has_prepared {
            // There is no telling theirs from ours, but that ours can be prepared again.
            ok!(connection
                .execute(cx, Statement::once("DEALLOCATE ALL", &[]))
                .await);
            connection.statements.forget_all();
            connection.has_prepared = false;
        }
        if connection.has_changed_session {
            let commands: Vec<_> = RESET.iter().map(|sql| Statement::new(sql, &[])).collect();
            ok!(connection.batch(cx, &commands).await);
            connection.has_changed_session = false;
        }
        connection.take_notices();
        connection.take_notifications();
        Outcome::Ok(())
    }

    fn accept(&self, connection: &mut PostgresConnection<Socket>) {
        connection.has_changed_session = false;
    }

    async fn ping(
        &self,
        cx: &Cx,
        connection: &mut PostgresConnection<Socket>,
    ) -> Outcome<(), Error> {
        connection.ping(cx).await
    }
}

impl Replication for PostgresOptions {
    async fn progress(
        &self,
        cx: &Cx,
        connection: &mut PostgresConnection<Socket>,
    ) -> Outcome<Progress, Error> {
        let mut found = Collect::<(bool, Option<i64>, Option<i64>)>::up_to(1);
        let statement = Statement::new(PROGRESS, &[]);
        ok!(connection.query(cx, statement, &mut found).await);
        let row = found.into_rows().into_iter().next();
        let (is_replica, position, lag) = ok_result!(
            row.ok_or_else(
                || Error::new(ErrorKind::Database, "the server does not tell its role",)
            )
        );
        let non_negative = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok());
        Outcome::Ok(Progress {
            role: match is_replica {
                true => Role::Replica,
                false => Role::Primary,
            },
            position: LogPosition(non_negative(position).unwrap_or(0)),
            // A replica that has replayed nothing yet may be behind by any time.
            lag: match (is_replica, non_negative(lag)) {
                (false, _) => Duration::ZERO,
                (true, Some(micros)) => Duration::from_micros(micros),
                (true, None) => Duration::MAX,
            },
        })
    }
}
