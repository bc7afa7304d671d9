//! What tests of several packages share. It imports nothing, so that every package may use it.

mod scratch;

pub use scratch::Scratch;
