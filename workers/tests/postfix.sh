#!/bin/sh
# A throwaway Postfix for tests: a real relay that keeps what it takes in its queue, where a test reads it; or a real mail
# server that hands what it takes to a gateway, and keeps it in its queue until the gateway has it.
#
#   postfix.sh start FOLDER PORT [GATEWAY]   listens on 127.0.0.1:PORT, everything it needs in FOLDER; hands over to
#                                            127.0.0.1:GATEWAY, if there is one
#   postfix.sh mails FOLDER                  prints the mails that it took: envelope, headers, text
#   postfix.sh says FOLDER WORDS             waits until its log has the words, a regular expression
#   postfix.sh flush FOLDER                  tries again now what it could not hand over
#   postfix.sh kill FOLDER                   kills it and all its processes, with what they were doing
#   postfix.sh again FOLDER                  starts it again
#   postfix.sh stop FOLDER                   stops it
#
# The relay refuses nobody@guest.example for good (550), later@guest.example for now (450), asks for a login for
# stranger@guest.example (530), and knows no TLS.
set -eu

usage() { sed -n 's/^#   //p' "$0" >&2; exit 2; }
case ${1:-} in
    start) [ $# = 3 ] || [ $# = 4 ] || usage ;;
    says) [ $# = 3 ] || usage ;;
    mails | flush | kill | again | stop) [ $# = 2 ] || usage ;;
    *) usage ;;
esac
folder=$2
PATH=$PATH:/usr/sbin:/sbin

if ! command -v postfix >/dev/null; then
    echo "$0: no Postfix here; install it (apt-get install --no-install-recommends postfix)" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "$0: Postfix starts as root only; run this test as root, for instance in a container" >&2
    exit 1
fi

start() {
    # Its daemons run as another user, who must get through.
    chmod 711 "$folder"
    mkdir -p "$folder/etc" "$folder/spool" "$folder/data"
    chown postfix "$folder/data"
    cat >"$folder/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $folder/spool
data_directory = $folder/data
maillog_file = $folder/log
maillog_file_prefixes = $folder
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{
    {nobody@guest.example = 550 5.1.1 no such mailbox},
    {later@guest.example = 450 4.2.1 come back later},
    {stranger@guest.example = 530 5.7.0 log in first}},
    check_client_access static:HOLD
END
    cat >"$folder/etc/master.cf" <<END
127.0.0.1:$1 inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
END
    if [ -n "${2:-}" ]; then hand_over_to "$2"; fi
    run
}

# Nothing is refused here, and nothing is tried again before somebody says so.
hand_over_to() {
    sed -i '/^smtpd_recipient_restrictions/,$d' "$folder/etc/main.cf"
    cat >>"$folder/etc/main.cf" <<END
relayhost = [127.0.0.1]:$1
disable_dns_lookups = yes
message_size_limit = 0
mailbox_size_limit = 0
minimal_backoff_time = 1h
queue_run_delay = 1h
smtp_tls_security_level = may
END
    cat >>"$folder/etc/master.cf" <<END
smtp unix - - n - - smtp
tlsmgr unix - - n 1000? 1 tlsmgr
pickup unix n - n 60 1 pickup
END
}

run() {
    postfix -c "$folder/etc" start >"$folder/start" 2>&1 </dev/null || {
        cat "$folder/start" >&2
        cat "$folder/log" >&2 || true
        exit 1
    }
}

# Another program's log has no event to wait for.
says() {
    for _ in $(seq 600); do
        if grep -Eq "$1" "$folder/log"; then return; fi
        sleep 0.1
    done
    cat "$folder/log" >&2
    exit 1
}

case $1 in
    start) start "$3" "${4:-}" ;;
    says) says "$3" ;;
    flush) postqueue -c "$folder/etc" -f ;;
    # The master leads the group of all its processes.
    kill) kill -s KILL -- "-$(tr -d ' ' <"$folder/spool/pid/master.pid")" ;;
    again) run ;;
    mails) find "$folder/spool/hold" -type f -exec postcat -c "$folder/etc" -e -h -b {} + ;;
    stop) postfix -c "$folder/etc" stop >/dev/null 2>&1 ;;
esac
