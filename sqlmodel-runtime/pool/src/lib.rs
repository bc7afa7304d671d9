//! Pools of connections, for every driver; and which pool to ask where there are replicas or shards.
//!
//! A [`Pool`] hands out connections in the order in which they were asked for, and takes them back in any condition.
//! It is opened with the options of a driver, and a connection of it runs whatever the driver's own does:
//!
//! ```
//! use sqlmodel_core::{Connection, Connector, Cx, Error, Executor, Outcome, RetryPolicy, ok, retry};
//! use sqlmodel_pool::{Pool, PoolOptions};
//!
//! async fn serve<K: Connector>(cx: &Cx, options: K) -> Outcome<(), Error> {
//!     let pool = Pool::open(cx, options, PoolOptions::new(10).min_size(2));
//!     ok!(pool.warm_up(cx).await);
//!     let mut connection = ok!(pool.acquire(cx).await);
//!     ok!(connection.execute_sql(cx, "DELETE FROM session WHERE is_over", &[]).await);
//!     let counted = retry!(cx, &RetryPolicy::default(), &mut connection, |transaction| {
//!         transaction.execute_sql(cx, "UPDATE counter SET n = n + 1", &[]).await
//!     });
//!     ok!(counted);
//!     drop(connection);
//!     pool.close(cx).await
//! }
//! ```
//!
//! [`Replicated`] knows the roles of several servers. What a user has written, he reads:
//!
//! ```
//! use sqlmodel_core::{Cx, Error, Executor, Outcome, ok};
//! use sqlmodel_pool::{Replicated, Replication};
//!
//! async fn post<K: Replication>(cx: &Cx, servers: &Replicated<K>) -> Outcome<(), Error> {
//!     let mut writer = ok!(servers.write(cx).await);
//!     ok!(writer.execute_sql(cx, "INSERT INTO post (title) VALUES ('Hello')", &[]).await);
//!     let position = ok!(servers.position(cx, &mut writer).await);
//!     drop(writer);
//!     let mut reader = ok!(servers.read_after(cx, position).await);
//!     ok!(reader.query_rows(cx, "SELECT title FROM post", &[]).await);
//!     Outcome::Ok(())
//! }
//! ```
//!
//! [`Shards`] finds the pool that has the rows of a key.

mod acquire;
mod error;
mod options;
mod pool;
mod pooled;
mod replicated;
#[cfg(test)]
mod scripted;
mod shards;
mod shared;
mod state;
mod status;
mod tasks;

pub use error::{AcquireStep, AcquireTimeout};
pub use options::{HookFuture, PoolOptions};
pub use pool::Pool;
pub use pooled::Pooled;
pub use replicated::{Replicated, ReplicatedOptions};
pub use shards::Shards;
pub use sqlmodel_core::{Connector, LogPosition, Progress, Replication, Role, Upkeep};
pub use status::{PoolStatus, PoolTotals};
