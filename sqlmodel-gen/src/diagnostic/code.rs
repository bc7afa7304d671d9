//! The codes of all diagnostics. A code never changes its meaning; a retired one is never used again.

use crate::diagnostic::Severity;

/// A kind of mistake.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `SM` and four digits. The first two tell the area.
    pub id: &'static str,
    /// A name in snake_case.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The page that `explain` prints: Markdown with a wrong and a right example.
    pub page: &'static str,
}

impl Code {
    /// Returns what the code means, in one line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let line = self.page.lines().next().unwrap_or_default();
        line.trim_start_matches(['#', ' '])
    }

    /// Returns the code of an id, in any case of letters.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        codes::ALL
            .iter()
            .copied()
            .find(|code| code.id.eq_ignore_ascii_case(id))
    }
}

/// Declares the codes and the list of them.
macro_rules! codes {
    ($($severity:ident $id:literal $constant:ident $name:literal;)+) => {
        /// The codes, by name.
        pub mod codes {
            use super::{Code, Severity};

            $(
                #[doc = include_str!(concat!("pages/", $id, ".md"))]
                pub static $constant: Code = Code {
                    id: $id,
                    name: $name,
                    severity: Severity::$severity,
                    page: include_str!(concat!("pages/", $id, ".md")),
                };
            )+

            /// Every code, sorted by id.
            pub static ALL: &[&Code] = &[$(&$constant),+];
        }
    };
}

codes! {
    Error "SM0001" INVALID_TOML "invalid_toml";
    Error "SM0002" TOO_LARGE "too_large";
    Error "SM0003" TOO_DEEP "too_deep";
    Error "SM0004" UNKNOWN_KEY "unknown_key";
    Error "SM0005" MISSING_KEY "missing_key";
    Error "SM0006" WRONG_KIND "wrong_kind";
    Error "SM0007" UNKNOWN_WORD "unknown_word";
    Error "SM0008" UNSUPPORTED_FORMAT "unsupported_format";
    Error "SM0009" CONFLICTING_KEYS "conflicting_keys";
    Error "SM0010" EMPTY_VALUE "empty_value";
    Error "SM0011" OUT_OF_RANGE "out_of_range";
    Error "SM0201" TYPE_SYNTAX "type_syntax";
}
