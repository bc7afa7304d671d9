//! The JSON Schemas under `schemas/` are written by hand, for editors.
//! The tests of this package hold them to the compiler: the same keys, the same words, the same files accepted.
