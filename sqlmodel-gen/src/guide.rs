#![doc = include_str!("guide/guide.md")]
//!
//! [`files`]: self::files
//! [`models`]: self::models
//! [`fields`]: self::fields
//! [`types`]: self::types
//! [`defaults`]: self::defaults
//! [`keys`]: self::keys
//! [`relations`]: self::relations
//! [`constraints`]: self::constraints
//! [`enums`]: self::enums
//! [`reuse`]: self::reuse
//! [`inheritance`]: self::inheritance
//! [`queries`]: self::queries
//! [`tools`]: self::tools

#[doc = include_str!("guide/files.md")]
pub mod files {}

#[doc = include_str!("guide/models.md")]
pub mod models {}

#[doc = include_str!("guide/fields.md")]
pub mod fields {}

#[doc = include_str!("guide/types.md")]
pub mod types {}

#[doc = include_str!("guide/defaults.md")]
pub mod defaults {}

#[doc = include_str!("guide/keys.md")]
pub mod keys {}

#[doc = include_str!("guide/relations.md")]
pub mod relations {}

#[doc = include_str!("guide/constraints.md")]
pub mod constraints {}

#[doc = include_str!("guide/enums.md")]
pub mod enums {}

#[doc = include_str!("guide/reuse.md")]
pub mod reuse {}

#[doc = include_str!("guide/inheritance.md")]
pub mod inheritance {}

#[doc = include_str!("guide/queries.md")]
pub mod queries {}

#[doc = include_str!("guide/tools.md")]
pub mod tools {}
