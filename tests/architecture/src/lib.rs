//! Tests of the rules in ARCHITECTURE.md, and of the pages at the top level.
//!
//! Each rule is a table, and each failure names the edge and the rule it breaks.
//! A table is exact: an edge that nobody uses any more fails as well, so that the tables stay a description of the tree.

#[cfg(test)]
mod compiler;
#[cfg(test)]
mod crates;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod rust_text;
#[cfg(test)]
mod workspace;
