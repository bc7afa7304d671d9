//! The SQLModel compiler: schemas in TOML go in, checked; plain Rust and SQL come out.
//!
//! The library is pure: texts in, texts and diagnostics out.
//! The [`guide`] teaches the schema language.

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod emit;
pub mod format;
pub mod generate;
pub mod guide;
pub mod ir;
pub mod output;
pub mod source;
#[cfg(any(feature = "sqlite", feature = "live"))]
pub mod verify;

mod compile;
mod parallel;
mod query;
mod resolve;
mod syntax;

pub use compile::{Compilation, compile};
