//! Any bytes, as the SQL of a query.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        sqlmodel_fuzz::check_sql(&[text]);
    }
});
