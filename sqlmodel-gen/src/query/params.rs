//! The parameters of a query: what each use says of their types.

use std::collections::BTreeMap;

use crate::query::types::{Known, Reason};
use crate::source::Span;

/// What is known of a parameter.
#[derive(Debug, Clone)]
pub(super) struct Param {
    pub(super) ty: Option<Known>,
    /// Whether it is a list of values of the type.
    pub(super) is_list: bool,
    pub(super) is_nullable: bool,
    pub(super) reason: Reason,
    /// Where it stands first.
    pub(super) first: Span,
    /// Where its type comes from.
    pub(super) typed_at: Span,
    /// Whether the database is told the type, because its place does not tell.
    pub(super) is_cast: bool,
    /// Whether `params` says the type.
    pub(super) is_declared: bool,
}

/// The parameters of a statement, by name, and the order of their first use.
#[derive(Debug, Clone, Default)]
pub(super) struct Params {
    pub(super) by_name: BTreeMap<String, Param>,
    pub(super) order: Vec<String>,
}
