#!/bin/bash
# roster.sh PROGRAM: a roster with holes does not keep the pager from starting, and it says where they are; one that can't be read does.
set -euo pipefail
crowdtide=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
pid=
cleanup() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT
fail() {
    echo "FAILED: $*" >&2
    cat "$scratch"/*.log >&2
    exit 1
}
until_true() { # COMMAND…, while the pager lives
    until "$@"; do
        kill -0 "$pid" 2>/dev/null || fail "page ended while waiting for: $*"
        sleep 0.05
    done
}

cat >"$scratch/crowdtide.yaml" <<TEXT
state_dir: $scratch/state
venue: $root/deploy/venues/expo/venue.yaml
page: {file: $scratch/paging.yaml}
TEXT
roster() { # HOURS
    cat >"$scratch/paging.yaml" <<TEXT
targets: [{id: a, kind: webhook, url: "http://127.0.0.1:1/"}, {id: x, kind: webhook, url: "http://127.0.0.1:1/", status: Exercise}]
teams: [{id: floor, shifts: [{$1 targets: [a, x]}]}]
routes: [{team: floor, escalate: [floor, floor, floor]}]
TEXT
}
shows_holes() {
    "$crowdtide" top --once --json -c "$scratch/crowdtide.yaml" 2>/dev/null | grep -q '"holes":[1-9]'
}
refused() {
    grep -q 'event=reload_refused' "$scratch/page.log"
}

roster 'from: "08:00", to: "20:00",'
"$crowdtide" check -c "$scratch/crowdtide.yaml" >"$scratch/check.log" 2>&1 && fail "check took a roster with holes"
"$crowdtide" page -c "$scratch/crowdtide.yaml" >"$scratch/page.log" 2>&1 &
pid=$!
until_true shows_holes
grep -q 'paging.yaml:3:.*error: nobody is paged for zone .*: Mon 20:00–Tue 08:00' "$scratch/page.log" || fail "where the hole is, is not said"
grep -q 'event=roster_holes file=".*paging.yaml" holes=' "$scratch/page.log" || fail "no event"
# A running pager has a roster to keep.
kill -HUP "$pid"
until_true refused
kill -TERM "$pid"
wait "$pid" || fail "page ended with $?"
pid=

roster ''
"$crowdtide" check -c "$scratch/crowdtide.yaml" >"$scratch/check.log" 2>&1 || fail "check refused a roster without holes"
echo 'routes: [{team: flor}]' >"$scratch/paging.yaml"
code=0
"$crowdtide" page -c "$scratch/crowdtide.yaml" >"$scratch/page.log" 2>&1 || code=$?
[ $code = 2 ] || fail "page with a file of mistakes ended with $code"
grep -q 'paging.yaml:1:.*error: .*flor' "$scratch/page.log" || fail "the mistake is not named"
echo "a roster with holes is paged by, one with mistakes refused"
