//! The code that the compiler makes of the schemas in `schemas/`, under the strictest lints that a user may have.
//!
//! Everything below is generated: `UPDATE_EXPECT=1 cargo test -p golden` writes it anew.

#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

/// Teams of heroes, after SQLModel's tutorial.
pub mod hero;
