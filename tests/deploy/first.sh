#!/bin/bash
# first.sh PROGRAM: whichever program is started first on a new machine waits for the others; it does not end because their files are not there.
set -euo pipefail
crowdtide=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
pids=()
cleanup() {
    [ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

begin() { # NAME COMMAND…: in a state directory of its own, whose parent is missing, too
    local name=$1
    shift
    # Nobody listens on port 1.
    cat >"$scratch/$name.yaml" <<TEXT
state_dir: $scratch/$name/var/state
venue: $root/deploy/venues/expo/venue.yaml
mqtt: {url: mqtt://127.0.0.1:1, client_id: first-$name}
kafka: {brokers: "127.0.0.1:1"}
series: {url: "http://127.0.0.1:1"}
serve: {listen: 127.0.0.1:0}
page: {file: $root/deploy/venues/expo/paging.yaml}
TEXT
    "$crowdtide" "$@" -c "$scratch/$name.yaml" >"$scratch/$name.log" 2>&1 &
    pids+=($!)
}

# What `top` tells of a program once it counts: the section's pid.
counts() { # NAME PID
    "$crowdtide" top --once --json -c "$scratch/$1.yaml" 2>/dev/null | grep -q "\"pid\":$2\\b"
}

names=(ingest process kafka series serve page)
begin ingest ingest
begin process process
begin kafka publish kafka
begin series publish series
begin serve serve
begin page page
for i in "${!names[@]}"; do
    name=${names[$i]} pid=${pids[$i]}
    until counts "$name" "$pid"; do
        kill -0 "$pid" 2>/dev/null || {
            echo "FAILED: $name ended, started first: $(cat "$scratch/$name.log")" >&2
            exit 1
        }
        sleep 0.05
    done
done
for i in "${!names[@]}"; do
    kill -TERM "${pids[$i]}" 2>/dev/null || true
    wait "${pids[$i]}" || {
        echo "FAILED: ${names[$i]} ended with $?: $(cat "$scratch/${names[$i]}.log")" >&2
        exit 1
    }
done
pids=()
echo "${#names[@]} programs, each the first of its machine"
