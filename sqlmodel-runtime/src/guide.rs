//! How to do what: connections, queries, relations and writes, by example.
//!
//! The examples use the heroes and teams of the tutorial. `tests/live` compiles them: this crate knows no models.
//! `cx` is the context that every call takes first; `connection` is a connection, a transaction, or what a pool lends.

pub mod connections {
    #![cfg_attr(not(doctest), doc = include_str!("guide/connections.md"))]
}

pub mod queries {
    #![cfg_attr(not(doctest), doc = include_str!("guide/queries.md"))]
}

pub mod relations {
    #![cfg_attr(not(doctest), doc = include_str!("guide/relations.md"))]
}

pub mod writes {
    #![cfg_attr(not(doctest), doc = include_str!("guide/writes.md"))]
}
