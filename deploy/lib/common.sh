# shellcheck shell=bash
# common: words to the user and the places of files, for deploy/up, deploy/down and tests/run. Sourced first.
#
# Sets CROWDTIDE_ROOT (the source tree), CROWDTIDE_BUILD (its build tree) and, through state_use, STATE, SERVERS_DIR,
# RUN_DIR (pid files) and LOG_DIR (one log a server).

CROWDTIDE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CROWDTIDE_BUILD=${CROWDTIDE_BUILD:-$CROWDTIDE_ROOT/build}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
# Ends the script with a reason.
fail() {
    local folder
    folder=$(dirname "$0")
    printf '\n%s/%s: %s\n' "${folder##*/}" "${0##*/}" "$*" >&2
    exit 1
}
# The end of a log, indented, on stderr.
show_tail() { # FILE [LINES]
    [ -s "$1" ] || return 0
    warn "The end of $1:"
    tail -n "${2:-20}" "$1" | cut -c1-400 | sed 's/^/    /' >&2
}
seconds_now() { date +%s; }

# Fixes the state directory, with an absolute path, and creates it.
state_use() {
    [ -n "${CROWDTIDE_STATE:-}${XDG_STATE_HOME:-}${HOME:-}" ] ||
        fail "set HOME or CROWDTIDE_STATE: where logs and data go"
    STATE=${CROWDTIDE_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/crowdtide}
    case $STATE in /*) ;; *) STATE=$PWD/$STATE ;; esac
    SERVERS_DIR=$STATE/servers
    RUN_DIR=$SERVERS_DIR/run
    LOG_DIR=$SERVERS_DIR/logs
    (umask 077 && mkdir -p "$RUN_DIR" "$LOG_DIR") || fail "can't create $SERVERS_DIR"
}

# One deploy/up or deploy/down at a time for one state directory. The lock ends with the script: what it starts closes fd 9.
state_lock() {
    exec 9>"$SERVERS_DIR/lock"
    flock -n 9 || fail "another deploy/up or deploy/down is at work on $STATE"
}
