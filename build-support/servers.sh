#!/usr/bin/env bash
# Runs private database servers for tests, from the system's binaries, until standard input ends.
#   servers.sh postgres replica pooler mysql
# Prints `NAME=URL` for each server and then `ready`. Afterwards it takes commands, a line each, and answers `done`:
#   kill NAME    ends a server as a crash does        start NAME    starts it again, on the same port and data
# Exit status 3: the binaries of a server are not installed.
set -euo pipefail

fail() { printf '%s: %s\n' "$0" "$2" >&2; exit "$1"; }

# Below /tmp, because the path of a socket is short, and because PostgreSQL runs as another user when root runs this.
folder=$(mktemp -d /tmp/sqlmodel-servers.XXXXXX)
chmod 755 "$folder"
running=
cleanup() {
    trap - EXIT
    # One that fails does not keep the others, nor the folder.
    for server in $running; do ("kill_$server") || true; done
    wait 2>/dev/null
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# What went wrong in a step that is quiet when it goes well.
quietly() { # quietly COMMAND..
    "$@" >>"$folder/log" 2>&1 </dev/null || { tail -n 60 "$folder"/*log >&2; fail 1 "failed: $*"; }
}

# A port below those that the system gives to outgoing connections; a taken one shows when the server starts.
random_port() { echo $((20000 + (RANDOM * 32768 + RANDOM) % 12000)); }

is_free() { # is_free PORT
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port() {
    local port=
    until port=$(random_port) && is_free "$port"; do :; done
    echo "$port"
}

# --- PostgreSQL: the primary and its streaming replica. Commits reach the operating system and no further, so that a killed
# server loses none, and a lost machine may.

postgres_bin() {
    local found
    found=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] || fail 3 'PostgreSQL is not installed: needs `initdb`'
    dirname "$(readlink -f "$found")"
}

as_postgres() { # PostgreSQL refuses to run as root.
    if [ "$(id -u)" != 0 ]; then "$@"; return; fi
    local user=postgres
    id -u "$user" >/dev/null 2>&1 || user=nobody
    (cd "$folder" && setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@")
}

make_folder() { # make_folder PATH: one that PostgreSQL's user owns
    mkdir "$1"
    if [ "$(id -u)" = 0 ]; then chown "$(as_postgres id -u)" "$1"; fi
}

launch_postgres() { # launch_postgres NAME PORT
    quietly as_postgres "$bin/pg_ctl" -D "$folder/$1/data" -l "$folder/$1/log" -s -w -t 60 start -o "-p $2 -k $folder/$1 \
        -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=300 \
        -c shared_buffers=64MB -c max_wal_senders=8 -c wal_receiver_status_interval=1s -c deadlock_timeout=50ms -c log_min_messages=fatal"
}

stop_postgres() { # One that was killed before has no file with its process.
    [ ! -e "$folder/$1/data/postmaster.pid" ] || quietly as_postgres "$bin/pg_ctl" -D "$folder/$1/data" -s -w -m immediate stop
}

# shellcheck disable=SC2086 # the runner and the options are words of their own
make_certificates() { # make_certificates FOLDER [RUNNER]: of an authority, and signed by it one for `localhost` alone
    local as=${2-} key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30'
    quietly $as openssl req -x509 $key -subj '/CN=sqlmodel tests' -keyout "$1/ca.key" -out "$1/ca.pem"
    quietly $as openssl req $key -subj '/CN=localhost' -keyout "$1/server.key" -out "$1/server.csr"
    echo 'subjectAltName = DNS:localhost' >"$folder/names"
    quietly $as openssl x509 -req -in "$1/server.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 30 \
        -extfile "$folder/names" -out "$1/server.pem"
    # And one for a client of the name `needs_certificate`.
    echo 'extendedKeyUsage = clientAuth' >"$folder/uses"
    quietly $as openssl req $key -subj '/CN=needs_certificate' -keyout "$1/client.key" -out "$1/client.csr"
    quietly $as openssl x509 -req -in "$1/client.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 30 \
        -extfile "$folder/uses" -out "$1/client.pem"
    chmod 600 "$1/server.key" "$1/client.key"
}

init_postgres() {
    bin=$(postgres_bin)
    postgres_port=$(free_port)
    make_folder "$folder/postgres"
    quietly as_postgres "$bin/initdb" -D "$folder/postgres/data" -U postgres -E UTF8 --locale=C.UTF-8 --no-sync --auth=trust
    # Roles that have to show a password, each in its own way; all others are trusted.
    local hba=$folder/postgres/data/pg_hba.conf lines
    lines=$(
        for method in scram-sha-256 md5 password; do echo "host all needs_${method%%-*} 127.0.0.1/32 $method"; done
        printf 'hostssl all needs_tls all scram-sha-256\nhost all needs_tls all reject\n'
        if command -v openssl >/dev/null; then printf 'hostssl all needs_certificate all cert\n'; fi
        cat "$hba"
    )
    printf '%s\n' "$lines" >"$hba"
    if command -v openssl >/dev/null; then
        make_certificates "$folder/postgres" as_postgres
        local settings=$folder/postgres/data/postgresql.conf
        printf "ssl = on\nssl_ca_file = '%s'\nssl_cert_file = '%s'\nssl_key_file = '%s'\n" \
            "$folder/postgres/ca.pem" "$folder/postgres/server.pem" "$folder/postgres/server.key" >>"$settings"
        echo "SQLMODEL_TEST_POSTGRES_AUTHORITY=$folder/postgres/ca.pem"
    fi
    start_postgres
    quietly as_postgres "$bin/psql" -h "$folder/postgres" -p "$postgres_port" -U postgres -q -c "
        SET password_encryption = 'md5'; CREATE ROLE needs_md5 LOGIN PASSWORD 'open sesame';
        SET password_encryption = 'scram-sha-256'; CREATE ROLE needs_scram LOGIN PASSWORD 'open sesame';
        CREATE ROLE needs_password LOGIN PASSWORD 'open sesame'; CREATE ROLE needs_tls LOGIN PASSWORD 'open sesame';
        CREATE ROLE needs_certificate LOGIN"
    echo "SQLMODEL_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$postgres_port/postgres?sslmode=disable"
    echo "SQLMODEL_TEST_POSTGRES_SOCKET=$folder/postgres/.s.PGSQL.$postgres_port"
}
start_postgres() { launch_postgres postgres "$postgres_port"; }
kill_postgres() { stop_postgres postgres; }

init_replica() {
    [ -n "${postgres_port-}" ] || fail 2 'a replica needs `postgres` before it'
    replica_port=$(free_port)
    make_folder "$folder/replica"
    quietly as_postgres "$bin/pg_basebackup" -h "$folder/postgres" -p "$postgres_port" -U postgres -D "$folder/replica/data" \
        -R -X stream --checkpoint=fast --no-sync
    start_replica
    echo "SQLMODEL_TEST_REPLICA_URL=postgres://postgres@127.0.0.1:$replica_port/postgres?sslmode=disable"
}
start_replica() { launch_postgres replica "$replica_port"; }
kill_replica() { stop_postgres replica; }

# --- PgBouncer, which gives each transaction another of few connections to the primary.

init_pooler() {
    [ -n "${postgres_port-}" ] || fail 2 'a pooler needs `postgres` before it'
    bouncer=$(command -v pgbouncer || ls /usr/sbin/pgbouncer 2>/dev/null) || fail 3 'PgBouncer is not installed: needs `pgbouncer`'
    pooler_port=$(free_port)
    make_folder "$folder/pooler"
    cat >"$folder/pooler/settings" <<SETTINGS
[databases]
* = host=127.0.0.1 port=$postgres_port user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler_port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
logfile = $folder/pooler/log
pidfile = $folder/pooler/pid
SETTINGS
    start_pooler
    echo "SQLMODEL_TEST_POOLER_URL=postgres://postgres@127.0.0.1:$pooler_port/postgres?sslmode=disable"
}
start_pooler() {
    quietly as_postgres "$bouncer" -d -q "$folder/pooler/settings"
    local tries=200
    while is_free "$pooler_port"; do
        tries=$((tries - 1))
        [ "$tries" != 0 ] || { tail -n 20 "$folder/pooler/log" >&2; fail 1 'PgBouncer does not start'; }
        sleep 0.05
    done
}
kill_pooler() {
    if [ -e "$folder/pooler/pid" ]; then
        local pid
        pid=$(cat "$folder/pooler/pid")
        kill -KILL "$pid" 2>/dev/null || true
        until is_free "$pooler_port"; do sleep 0.01; done
        rm -f "$folder/pooler/pid"
    fi
}

# --- MariaDB, or the MySQL server that SQLMODEL_MYSQLD names, by the name that their protocol has.

init_mysql() {
    daemon=${SQLMODEL_MYSQLD:-$(command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null)} || true
    [ -n "$daemon" ] || fail 3 'MariaDB is not installed: needs `mariadbd`'
    mysql_port=$(free_port)
    # A server that starts removes the temporary tables of others from the folder that they share.
    mkdir -p "$folder/mysql/temporary"
    # Below the limits of the system's configuration, which is not read.
    mysql_options=(--no-defaults "--datadir=$folder/mysql/data" "--user=$(id -un)" --skip-name-resolve)
    case $("$daemon" --version) in
    *MariaDB*) init_mariadb ;;
    *) init_real_mysql ;;
    esac
    if command -v openssl >/dev/null; then
        make_certificates "$folder/mysql"
        mysql_options+=("--ssl-ca=$folder/mysql/ca.pem" "--ssl-cert=$folder/mysql/server.pem" "--ssl-key=$folder/mysql/server.key")
        echo "SQLMODEL_TEST_MYSQL_AUTHORITY=$folder/mysql/ca.pem"
    fi
    start_mysql
    echo "SQLMODEL_TEST_MYSQL_URL=mysql://root@127.0.0.1:$mysql_port/?tls=disable"
    echo "SQLMODEL_TEST_MYSQL_SOCKET=$folder/mysql/socket"
}
init_mariadb() {
    local init
    init=$(command -v mariadb-install-db) || fail 3 'MariaDB is not installed: needs `mariadb-install-db`'
    mysql_options+=(--innodb-log-file-size=16M)
    quietly env TMPDIR="$folder/mysql/temporary" "$init" "${mysql_options[@]}" --auth-root-authentication-method=normal --skip-test-db
}
init_real_mysql() {
    # The one root of a new server comes from `localhost`, which nobody is without the resolver.
    echo "CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;" >"$folder/mysql/users"
    mysql_options+=(--mysqlx=OFF --secure-file-priv=NULL --innodb-redo-log-capacity=32M)
    quietly "$daemon" "${mysql_options[@]}" --initialize-insecure "--init-file=$folder/mysql/users"
}
start_mysql() {
    local log=$folder/mysql/log tries=1200
    : >"$log"
    "$daemon" "${mysql_options[@]}" --socket="$folder/mysql/socket" --pid-file="$folder/mysql/pid" \
        --tmpdir="$folder/mysql/temporary" --bind-address=127.0.0.1 --port="$mysql_port" \
        --skip-log-bin --innodb-flush-log-at-trx-commit=2 --innodb-doublewrite=0 \
        --innodb-buffer-pool-size=64M --max-connections=300 --max-allowed-packet=64M </dev/null >>"$log" 2>&1 &
    mysql_pid=$!
    until grep -q 'ready for connections' "$log"; do
        tries=$((tries - 1))
        if [ "$tries" = 0 ] || ! kill -0 "$mysql_pid" 2>/dev/null; then
            tail -n 20 "$log" >&2
            fail 1 'the MySQL server does not start'
        fi
        sleep 0.05
    done
}
kill_mysql() {
    if [ -n "${mysql_pid-}" ]; then { kill -KILL "$mysql_pid" && wait "$mysql_pid"; } 2>/dev/null || true; fi
}

for server in "$@"; do
    case $server in postgres | replica | pooler | mysql) ;; *) fail 2 "unknown server: $server" ;; esac
    running="$server $running"
    "init_$server"
done
echo ready

while read -r command server; do
    case $command in kill | start) ;; *) fail 2 "unknown command: $command" ;; esac
    case " $running " in *" $server "*) ;; *) fail 2 "unknown server: $server" ;; esac
    "${command}_$server"
    echo 'done'
done
