#!/usr/bin/env bash
# Runs all tests. Needs Rust and a C compiler, and no database server.
# Arguments go to `cargo test`: `build-support/test.sh -- joined` runs the tests with "joined" in their name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

need() { # need PROGRAM HOW_TO_GET_IT
    command -v "$1" >/dev/null || { printf '%s: needs `%s`: %s\n' "$0" "$1" "$2" >&2; exit 1; }
}
need cargo 'install Rust 1.95 or later from https://rustup.rs'
need rustfmt 'generated code is compared with its layout; rustup component add rustfmt'
compiler=${CC:-cc}
need "${compiler%% *}" 'SQLite is compiled from source; on Debian: apt-get install gcc libc6-dev'

# The JSON Schemas for editors are tested by a workspace of their own: its validator would change features below the async runtime.
cargo test --locked --manifest-path tests/schema-json/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}/schema-json"

exec cargo test --workspace --locked --no-fail-fast "$@"
