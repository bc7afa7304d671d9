#!/usr/bin/env bash
# Runs all tests. Needs Rust and a C compiler. Runs private PostgreSQL, PgBouncer and MariaDB servers from the system's binaries, and
# installs Debian's packages of them when they are missing and root runs this.
# SQLMODEL_TEST_POSTGRES_URL and SQLMODEL_TEST_MYSQL_URL name servers to use instead; tests make databases of their own in them.
# What a URL cannot tell is in SQLMODEL_TEST_(POSTGRES|MYSQL)_AUTHORITY and _SOCKET, and the roles that build-support/servers.sh makes;
# tests of logins need them.
# SQLMODEL_MYSQLD names the program of a MySQL server, `mysqld` of MySQL 8 or 9, to run instead of MariaDB.
# Without servers their tests are skipped, and say so; with CI set they fail.
# Arguments go to `cargo test`: `build-support/test.sh -- joined` runs the tests with "joined" in their name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s: %s\n' "$0" "$*" >&2; }
need() { # need PROGRAM HOW_TO_GET_IT
    command -v "$1" >/dev/null || { say "needs \`$1\`: $2"; exit 1; }
}
need cargo 'install Rust 1.95 or later from https://rustup.rs'
need rustfmt 'generated code is compared with its layout; rustup component add rustfmt'
compiler=${CC:-cc}
need "${compiler%% *}" 'SQLite is compiled from source; on Debian: apt-get install gcc libc6-dev'

# --- servers

has_postgres() { [ -n "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ]; }
has_mysql() { [ -n "${SQLMODEL_MYSQLD-}$(command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null)" ]; }
has_pooler() { [ -n "$(command -v pgbouncer || ls /usr/sbin/pgbouncer 2>/dev/null)" ]; }
provide() { # provide SERVER PACKAGE
    if "has_$1"; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $2"
        # Its own server is not to start: tests run their own.
        { apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$2"; } >&2 || true
    fi
    "has_$1" || say "TESTS WITHOUT $1; on Debian: apt-get install $2"
}
provide postgres postgresql
provide mysql mariadb-server
provide pooler pgbouncer

servers=()
if [ -z "${SQLMODEL_TEST_POSTGRES_URL-}" ] && has_postgres; then servers+=(postgres); fi
if [ -z "${SQLMODEL_TEST_MYSQL_URL-}" ] && has_mysql; then servers+=(mysql); fi
if [ ${#servers[@]} -gt 0 ]; then
    coproc SERVERS { exec build-support/servers.sh "${servers[@]}"; }
    running=$SERVERS_PID
    # The end of its input ends the script, and the servers with it: also when this shell is killed.
    trap 'eval "exec ${SERVERS[1]-}>&-"; wait "$running" || true' EXIT
    while read -r line <&"${SERVERS[0]}" && [ "$line" != ready ]; do export "${line?}"; done
    [ "${line-}" = ready ] || { say 'the servers do not start'; exit 1; }
fi

# --- tests

# The JSON Schemas for editors are tested by a workspace of their own: its validator would change features below the async runtime.
cargo test --locked --manifest-path tests/schema-json/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}/schema-json"

cargo test --workspace --locked --no-fail-fast "$@"
