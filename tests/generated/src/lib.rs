//! The code that the compiler makes of the schemas in `schemas/`, under the strictest lints that a user may have.
//!
//! The folders are generated: `UPDATE_EXPECT=1 cargo test -p sqlmodel-gen --test generated` writes them anew.

#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

/// The worked example of the language: people who write.
pub mod blog;
/// The Chinook sample database: a shop for music.
pub mod chinook;
/// Inheritance with keys of several columns, and discriminators of every type.
pub mod fleet;
/// Teams of heroes, after SQLModel's tutorial.
pub mod hero;
/// Names that generated code has to take care of.
pub mod names;
/// What a query can have besides its SQL.
pub mod news;
/// Every type and every constraint of the language.
pub mod shop;
pub mod support;
/// Inheritance: each of its three strategies, over several levels.
pub mod zoo;
