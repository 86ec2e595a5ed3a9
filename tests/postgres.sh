#!/bin/sh
# A throwaway PostgreSQL for tests: one cluster for each user of this machine, reached by a socket that nobody else can
# open, without fsync. It stays up between test runs.
#
#   tests/postgres.sh start   starts it unless it runs, and prints its URL
#   tests/postgres.sh url     prints its URL
#   tests/postgres.sh stop    stops it and deletes everything
set -eu

case ${1:-} in start | url | stop) ;; *) echo "usage: $0 start|url|stop" >&2; exit 2 ;; esac

base=${TMPDIR:-/tmp}
# The path of a socket has room for 107 bytes.
[ ${#base} -le 60 ] || base=/tmp
base=${base%/}/sealpost-test-pg-$(id -u)

# PostgreSQL refuses to run as root.
as_user() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi
}

# The folder that holds initdb and pg_ctl, empty when they are on the PATH.
binaries() {
    for folder in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
        if [ -x "$folder/initdb" ]; then echo "$folder/"; return; fi
    done
    command -v initdb >/dev/null || {
        echo "$0: no PostgreSQL server here; install it (apt-get install postgresql)" >&2
        echo "or set SEALPOST_TEST_POSTGRES to the URL of one whose user may create databases" >&2
        exit 1
    }
}

url() {
    echo "postgres://postgres@$(printf %s "$base" | sed 's|/|%2F|g')/postgres"
}

start() {
    # What a killed cluster left behind may be broken, since it runs without fsync: begin anew.
    rm -rf "$base"
    mkdir -m 700 "$base"
    [ "$(id -u)" != 0 ] || chown postgres: "$base"
    as_user "${bin}initdb" -D "$base/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions \
        >"$base/initdb.log" 2>&1 || { cat "$base/initdb.log" >&2; exit 1; }
    as_user "${bin}pg_ctl" -D "$base/data" -s -w -t 60 -l "$base/log" -o "-k $base -c listen_addresses='' \
        -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB" \
        start >/dev/null 2>&1 </dev/null 9>&- || { cat "$base/log" >&2; exit 1; }
}

[ "$1" != url ] || { url; exit; }
bin=$(binaries)
# The server's files belong to a user who may not enter the folder that this was called from.
cd /
# One caller at a time; the server must not inherit the lock (9>&- above). Without flock, start it by hand first.
if command -v flock >/dev/null; then
    exec 9>>"$base.lock"
    flock 9
fi
running() { as_user "${bin}pg_ctl" -D "$base/data" status >/dev/null 2>&1; }
case $1 in
    start)
        running || start
        url
        ;;
    stop)
        ! running || as_user "${bin}pg_ctl" -D "$base/data" -s -m immediate stop
        rm -rf "$base"
        ;;
esac
