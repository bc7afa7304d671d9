//! Pools of connections, for every driver; and which pool to ask where there are replicas or shards.
//!
//! A [`Pool`] hands out connections in the order in which they were asked for, and takes them back in any condition.
//! [`Replicated`] knows the roles of several servers, and [`Shards`] finds the pool that has the rows of a key.

mod error;
mod options;
mod pool;
mod pooled;
mod replicated;
#[cfg(test)]
mod scripted;
mod shards;
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
