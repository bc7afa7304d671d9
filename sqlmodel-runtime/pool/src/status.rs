//! What a pool tells about itself.

use std::time::Duration;

/// A pool at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStatus {
    /// Connections that wait for a user.
    pub n_idle: usize,
    /// Connections that somebody uses.
    pub n_in_use: usize,
    /// Connections that are brought back to how they were opened.
    pub n_resetting: usize,
    /// Connections that are being opened.
    pub n_connecting: usize,
    /// Calls of `acquire` that wait for a connection.
    pub n_waiting: usize,
    /// The most connections that may exist.
    pub max_size: usize,
    /// What has happened since the pool was opened.
    pub totals: PoolTotals,
}

/// What has happened in a pool since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolTotals {
    /// Connections handed out.
    pub acquired: u64,
    /// Calls of `acquire` that had to wait for their turn, and how long all of them waited.
    pub waits: u64,
    /// The sum of all waits for a turn that ended with a connection.
    pub wait_time: Duration,
    /// Calls of `acquire` that ran out of time.
    pub timeouts: u64,
    /// Connections opened.
    pub connects: u64,
    /// Attempts to open one that failed.
    pub connect_failures: u64,
    /// Connections that were brought back to how they were opened.
    pub resets: u64,
    /// Connections closed because they were broken.
    pub broken: u64,
    /// Connections closed because they were idle or open for too long.
    pub expired: u64,
}

impl PoolStatus {
    /// Returns the number of connections that exist or are being opened.
    pub fn size(&self) -> usize {
        self.n_idle + self.n_in_use + self.n_resetting + self.n_connecting
    }
}
