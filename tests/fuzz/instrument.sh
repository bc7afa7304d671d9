#!/usr/bin/env bash
# What cargo runs instead of the compiler, as RUSTC_WRAPPER: the project's own crates tell libFuzzer where they have been.
# The async runtime below the drivers is not instrumented, and so the one that the tests have built is used again.
set -euo pipefail
rustc=$1
shift
case " $* " in
*' --crate-name sqlmodel_'*)
    set -- "$@" -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
