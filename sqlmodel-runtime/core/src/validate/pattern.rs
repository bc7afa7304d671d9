//! Regular expressions, each compiled once in a process.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use regex_lite::Regex;

/// The expressions of the program's schemas; `None` for one that is none, which the compiler has refused.
static COMPILED: RwLock<BTreeMap<&'static str, Option<Regex>>> = RwLock::new(BTreeMap::new());

/// Tells whether an expression is found in a text; a text that is no expression is found nowhere.
pub(super) fn is_found(regex: &'static str, text: &str) -> bool {
    let matches = |compiled: &Option<Regex>| compiled.as_ref().is_some_and(|it| it.is_match(text));
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(compiled) = known.get(regex) {
        return matches(compiled);
    }
    drop(known);
    let compiled = Regex::new(regex).ok();
    let is_match = matches(&compiled);
    let mut known = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(regex, compiled);
    is_match
}
