//! Any bytes, as a schema file.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A file that is not UTF-8 is refused before it is compiled.
    if let Ok(text) = std::str::from_utf8(bytes) {
        sqlmodel_fuzz::check(text);
    }
});
