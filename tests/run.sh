#!/usr/bin/env bash
# Checks everything, in order, and stops at the first thing that fails.
#
#   ./tests/run.sh          formatting, lints, tests, documentation, dependencies
#   ./tests/run.sh quick    formatting, lints, tests
#
# It needs Rust and a C compiler. The tests start a PostgreSQL, a Postfix and a Chromium of their own, and read archives and
# mails with unzip and Python; what is missing of these is installed from Debian's packages. A tus client and a server that
# speaks S3 come from PyPI into target/python (tests/requirements.txt).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The name of the step that runs, and one line of time for each that is done.
current=""
times=()

main() {
    case "${1-}" in
        "" | quick) ;;
        *)
            echo "usage: ./tests/run.sh [quick]" >&2
            exit 2
            ;;
    esac
    # What a fresh machine compiles once gains nothing from incremental files.
    if [[ ${CI-} == true ]]; then
        export CARGO_INCREMENTAL=0
    fi
    trap report EXIT

    step "C compiler" c_compiler
    step "PostgreSQL" postgresql
    step "Postfix" postfix
    step "swaks" swaks_with_tls
    step "OpenSSL" program openssl openssl
    step "unzip" program unzip unzip
    step "Python" program python3 python3
    step "tus client and S3 server" python_programs
    step "Chromium" chromium
    step "formatting" cargo fmt --all --check
    step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
    step "tests" cargo test --workspace --locked
    if [[ ${1-} != quick ]]; then
        step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
        step "dependencies" dependencies
    fi
    current=""
}

# step NAME COMMAND…: runs the command and notes how long it took. Not under `if` or `||`: there `set -e` is off.
step() {
    current=$1
    local began=$SECONDS
    echo "== $current"
    "${@:2}"
    times+=("$(printf '%5d s  %s' $((SECONDS - began)) "$current")")
}

# The last lines in any case: the times, and where it stopped.
report() {
    local status=$?
    echo "== times"
    if ((${#times[@]})); then
        printf '%s\n' "${times[@]}"
    fi
    if [[ -n $current ]]; then
        echo "FAILED: $current (exit status $status)" >&2
        exit $((status == 0 ? 1 : status))
    fi
    echo "All passed in $SECONDS s."
}

c_compiler() {
    if ! command -v "${CC:-cc}"; then
        echo "No C compiler: SQLite and ring are compiled from C. On Debian: apt-get install gcc libc6-dev" >&2
        return 1
    fi
}

# From Debian's packages, where that is possible.
install_packages() {
    if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    fi
}

postgresql() {
    find_initdb
    if ! command -v initdb >/dev/null; then
        install_packages postgresql
        find_initdb
    fi
    if ! command -v initdb; then
        echo "PostgreSQL's programs are missing (initdb). As root, on Debian: apt-get install postgresql" >&2
        return 1
    fi
}

postfix() {
    if ! command -v /usr/sbin/postfix >/dev/null; then
        install_packages postfix
    fi
    if ! command -v /usr/sbin/postfix; then
        echo "Postfix is missing, the mail relay of the tests. As root, on Debian: apt-get install postfix" >&2
        return 1
    fi
}

chromium() {
    if ! command -v chromedriver >/dev/null; then
        install_packages chromium chromium-driver
    fi
    if ! command -v chromedriver; then
        echo "Chromium is missing, the browser of the tests. As root, on Debian: apt-get install chromium chromium-driver" >&2
        return 1
    fi
}

# It speaks TLS by a library of Perl that it only recommends.
swaks_with_tls() {
    if ! command -v swaks >/dev/null || ! perl -MNet::SSLeay -e 1 2>/dev/null; then
        install_packages swaks libnet-ssleay-perl
    fi
    if ! command -v swaks || ! perl -MNet::SSLeay -e 1; then
        echo "swaks or Perl's Net::SSLeay is missing. As root, on Debian: apt-get install swaks libnet-ssleay-perl" >&2
        return 1
    fi
}

# program NAME PACKAGE: one of those that send mail to the tests' gateway, or read what the tests download.
program() {
    if ! command -v "$1" >/dev/null; then
        install_packages "$2"
    fi
    if ! command -v "$1"; then
        echo "$1 is missing; the tests call it. As root, on Debian: apt-get install $2" >&2
        return 1
    fi
}

# In an environment of their own; made again when what is wanted changed.
python_programs() {
    local home=target/python wanted=tests/requirements.txt
    if ! cmp --silent "$wanted" "$home/$(basename "$wanted")"; then
        if ! python3 -c "import ensurepip"; then
            install_packages python3-venv
        fi
        python3 -m venv --clear "$home"
        "$home/bin/pip" install --quiet --requirement "$wanted"
        cp "$wanted" "$home"
    fi
    "$home/bin/pip" list --not-required
}

# Debian keeps the programs of each version in a folder of their own, outside PATH: takes the newest.
find_initdb() {
    local newest
    newest=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort --version-sort | tail --lines=1 || true)
    if [[ -n $newest ]] && ! command -v initdb >/dev/null; then
        PATH="$PATH:$(dirname "$newest")"
        export PATH
    fi
}

dependencies() {
    if ! command -v cargo-deny >/dev/null; then
        echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
        return
    fi
    # cargo-deny reads the crates of every platform; the build has brought those of this one only.
    cargo fetch --locked
    cargo deny --offline check --hide-inclusion-graph bans licenses sources
}

main "$@"
