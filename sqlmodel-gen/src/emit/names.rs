//! Names in generated code: what prelude items are called, which file holds what, and how one file names another's items.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Schema;

/// The stem of files that are not named after an item.
const ROOT: &str = "mod";
/// The stem of the file of tables, unless a module has that name.
const TABLES: &str = "tables";

/// Names that are decided once for the whole output.
#[derive(Debug)]
pub(super) struct Names {
    /// `Option`.
    pub(super) option: String,
    /// `Some`.
    pub(super) some: String,
    /// `None`.
    pub(super) none: String,
    /// `Result`.
    pub(super) result: String,
    /// `Ok`.
    pub(super) ok: String,
    /// `Err`.
    pub(super) err: String,
    /// `String`.
    pub(super) string: String,
    /// `Vec`.
    pub(super) vec: String,
    /// `Vec<u8>`.
    pub(super) bytes: String,
    /// `From`.
    pub(super) from: String,
    /// `Into`.
    pub(super) into: String,
    /// Whether a method call cannot name `Clone`, since an item is called so.
    is_clone_hidden: bool,
    /// The stem of the file of tables.
    pub(super) tables: String,
    /// The folder of each module, empty where all is in one.
    folders: Vec<String>,
    /// The stem of the file of each item, by module and Rust name.
    stems: BTreeMap<(usize, String), String>,
}

impl Names {
    pub(super) fn new(schema: &Schema) -> Self {
        let items: Vec<(usize, &str)> = items(schema).collect();
        let declared: BTreeSet<&str> = items.iter().map(|(_, name)| *name).collect();
        // A name of the prelude is written in full where the schema gives it to something else.
        let name = |short: &str, full: &str| {
            if declared.contains(short) {
                full.to_owned()
            } else {
                short.to_owned()
            }
        };
        let vec = name("Vec", "::std::vec::Vec");
        let folders = match schema.modules.as_slice() {
            [_] => vec![String::new()],
            modules => modules.iter().map(|module| module.name.clone()).collect(),
        };
        let mut tables = TABLES.to_owned();
        while folders.contains(&tables) {
            tables.push('_');
        }
        Self {
            is_clone_hidden: declared.contains("Clone"),
            tables,
            option: name("Option", "::core::option::Option"),
            some: name("Some", "::core::option::Option::Some"),
            none: name("None", "::core::option::Option::None"),
            result: name("Result", "::core::result::Result"),
            ok: name("Ok", "::core::result::Result::Ok"),
            err: name("Err", "::core::result::Result::Err"),
            string: name("String", "::std::string::String"),
            bytes: format!("{vec}<u8>"),
            vec,
            from: name("From", "::core::convert::From"),
            into: name("Into", "::core::convert::Into"),
            folders,
            stems: stems(&items),
        }
    }

    /// A copy of a place that is not `Copy`.
    pub(super) fn cloned(&self, place: &str) -> String {
        if self.is_clone_hidden {
            format!("::core::clone::Clone::clone(&{place})")
        } else {
            format!("{place}.clone()")
        }
    }

    /// The folder of a module, relative to the output's; empty for the output folder itself.
    pub(super) fn folder(&self, module: usize) -> &str {
        self.folders.get(module).map_or("", String::as_str)
    }

    /// The name of an item's file without `.rs`, which is also the name of its private module.
    pub(super) fn stem(&self, module: usize, name: &str) -> &str {
        self.stems
            .get(&(module, name.to_owned()))
            .map_or(ROOT, String::as_str)
    }

    /// The path of a file in the output.
    pub(super) fn file(&self, module: usize, stem: &str) -> String {
        match self.folder(module) {
            "" => format!("{stem}.rs"),
            folder => format!("{folder}/{stem}.rs"),
        }
    }

    /// The path of an item of module `to`, as an item's file in module `from` names it.
    pub(super) fn path(&self, from: usize, to: usize, name: &str) -> String {
        if from == to {
            format!("super::{name}")
        } else {
            format!("super::super::{}::{name}", self.folder(to))
        }
    }
}

/// Every item that has a file of its own: its module and Rust name.
fn items(schema: &Schema) -> impl Iterator<Item = (usize, &str)> {
    let enums = schema.enums.values();
    let types = schema.types.values().filter(|ty| ty.rust.is_none());
    let abstracts = schema.abstracts.values();
    let models = schema.models.values();
    enums
        .map(|item| (item.module, item.name.as_str()))
        .chain(types.map(|item| (item.module, item.name.as_str())))
        .chain(abstracts.map(|item| (item.module, item.name.as_str())))
        .chain(models.map(|item| (item.module, item.name.as_str())))
}

/// Gives every item a file of its own: its name in snake_case, and underscores until that is free.
fn stems(items: &[(usize, &str)]) -> BTreeMap<(usize, String), String> {
    let mut sorted = items.to_vec();
    sorted.sort_unstable();
    let mut taken: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut stems = BTreeMap::new();
    for (module, name) in sorted {
        let mut stem = snake_case(name);
        while is_reserved_stem(&stem) || taken.contains(&(module, stem.clone())) {
            stem.push('_');
        }
        taken.insert((module, stem.clone()));
        stems.insert((module, name.to_owned()), stem);
    }
    stems
}

/// Whether a module of that name would need `r#`, or is one that the output has anyway.
fn is_reserved_stem(stem: &str) -> bool {
    matches!(stem, ROOT | TABLES | "codegen" | "queries" | "views") || is_keyword(stem)
}

/// The keywords of edition 2024, strict and reserved.
#[rustfmt::skip]
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Turns `UpperCamelCase` into `upper_camel_case`; a run of capitals is one word.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        let starts_word = char.is_uppercase()
            && previous.is_some_and(|previous| {
                previous.is_lowercase()
                    || previous.is_numeric()
                    || (previous.is_uppercase()
                        && chars.peek().is_some_and(|next| next.is_lowercase()))
            });
        if starts_word {
            out.push('_');
        }
        out.extend(char.to_lowercase());
        previous = Some(char);
    }
    out
}

/// Compares names as rustfmt sorts what is imported: numbers in them by value, and underscores before everything else.
pub(super) fn version_cmp(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_part, a_after) = version_part(a_rest);
        let (b_part, b_after) = version_part(b_rest);
        let order = a_part.cmp(&b_part);
        if order.is_ne() || a_rest.is_empty() {
            return order.then_with(|| a.cmp(b));
        }
        (a_rest, b_rest) = (a_after, b_after);
    }
}

/// A number or a character of a name, in the order in which they sort.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum VersionPart {
    End,
    Underscore,
    Number(u128),
    Other(char),
}

/// Splits a number or a character off the front.
fn version_part(text: &str) -> (VersionPart, &str) {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(n_digits);
    if let Ok(number) = digits.parse() {
        return (VersionPart::Number(number), rest);
    }
    let mut chars = text.chars();
    match chars.next() {
        None => (VersionPart::End, text),
        Some('_') => (VersionPart::Underscore, chars.as_str()),
        Some(char) => (VersionPart::Other(char), chars.as_str()),
    }
}

/// The constant of a field, relation or table: its name in capitals, with what no Rust name may have as underscores.
pub(super) fn constant(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        out.push('_');
    }
    for char in name.chars() {
        if char.is_alphanumeric() || char == '_' {
            out.extend(char.to_uppercase());
        } else {
            out.push('_');
        }
    }
    out
}

/// The enum of the models that rows of a model can be of.
pub(super) fn any(model: &str) -> String {
    format!("Any{model}")
}

/// The struct for new rows of a model.
pub(super) fn new(model: &str) -> String {
    format!("New{model}")
}
