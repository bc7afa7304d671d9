//! Feeds the MySQL driver's decoder the answers of servers that follow no protocol.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sqlmodel_mysql::fuzzing::check(bytes));
