//! The configuration of one schema: `sqlmodel.toml`.

use sqlmodel_sql::Dialect;

/// What a compilation is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The dialects that SQL is made for, in the order of [`Dialect::ALL`]; at least one.
    pub dialects: Vec<Dialect>,
    /// The crate whose types stand for dates and times.
    pub time_crate: TimeCrate,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialects: Dialect::ALL.to_vec(),
            time_crate: TimeCrate::default(),
        }
    }
}

/// The crate whose types stand for dates and times in generated code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeCrate {
    /// The `time` crate.
    #[default]
    Time,
    /// The `chrono` crate.
    Chrono,
    /// The `jiff` crate.
    Jiff,
}
