#!/bin/bash
# The pid files and port checks that deploy/up and deploy/down rest on: no stranger is ever stopped, no port is misjudged.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
export CROWDTIDE_STATE=$scratch/state
# shellcheck source=deploy/lib/common.sh
. "$root/deploy/lib/common.sh"
# shellcheck source=deploy/lib/processes.sh
. "$root/deploy/lib/processes.sh"
# shellcheck source=deploy/lib/servers.sh
. "$root/deploy/lib/servers.sh"
state_use

strangers=()
cleanup() {
    [ ${#strangers[@]} = 0 ] || kill "${strangers[@]}" 2>/dev/null || true
    for file in "$RUN_DIR"/*.pid; do
        [ ! -f "$file" ] || process_stop "$(basename "$file" .pid)" 2 >/dev/null 2>&1 || true
    done
    rm -rf "$scratch"
}
trap cleanup EXIT

checks=0
expect() { # WHAT COMMAND…
    local what=$1
    shift
    "$@" >"$scratch/out" 2>&1 || {
        echo "FAILED: $what" >&2
        cat "$scratch/out" >&2
        exit 1
    }
    checks=$((checks + 1))
}
refuse() { # WHAT COMMAND…
    local what=$1
    shift
    if ("$@") >"$scratch/out" 2>&1; then
        echo "FAILED: $what" >&2
        exit 1
    fi
    checks=$((checks + 1))
}
says() { # WHAT PATTERN: in what the command before printed
    grep -qE "$2" "$scratch/out" || {
        echo "FAILED: $1: $(cat "$scratch/out")" >&2
        exit 1
    }
    checks=$((checks + 1))
}
alive() { [ -d "/proc/$1" ]; }

# A program is started, found and stopped.
process_start one sleep 60
process_wait one 5 process_running one
one=$PROCESS_PID
expect "the pid is the program's own" grep -q sleep "/proc/$one/comm"
expect "it has a session of its own" test "$(ps -o sid= -p "$one" | tr -d ' ')" = "$one"
expect "it is stopped" process_stop one 5
says "… and that is said" "stopped one \(pid $one\)"
refuse "it is gone" alive "$one"
refuse "stopping it again does nothing" process_stop one 5

# The same number, another process: another start time.
sleep 60 &
strangers+=($!)
stranger=$!
printf '%s 1 %s\n' "$stranger" "$(cat /proc/sys/kernel/random/boot_id)" >"$RUN_DIR/two.pid"
refuse "a reused pid is not ours" process_running two
refuse "the stale file is gone" test -f "$RUN_DIR/two.pid"
# The same number and start time, in the boot before this one.
printf '%s %s %s\n' "$stranger" "$(process_start_time "$stranger")" 00000000-0000-0000-0000-000000000000 >"$RUN_DIR/two.pid"
refuse "a pid of another boot is not ours" process_stop two 1
for content in '' 'x' '0 0 0' '-1 5 x' '/../self 1 1'; do
    printf '%s\n' "$content" >"$RUN_DIR/two.pid"
    refuse "a damaged pid file ('$content') names nobody" process_stop two 1
done
expect "no stranger was stopped" alive "$stranger"

# A program that ignores SIGTERM is killed, and only after its time.
# shellcheck disable=SC2016 # expanded by the inner shell
process_start stubborn bash -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
process_wait stubborn 5 grep -q ready "$LOG_DIR/stubborn.log"
process_running stubborn
stubborn=$PROCESS_PID
expect "the stubborn one is stopped" process_stop stubborn 1
says "… by killing it, and that is said" "killing it"
refuse "the stubborn one is gone" alive "$stubborn"

# One that ends while starting: the reason is shown.
process_start hasty bash -c 'echo the reason >&2; exit 3'
refuse "a program that ends at once" process_wait hasty 5 false
says "… shows its log" "the reason"
process_start slow sleep 60
refuse "a program that never answers" process_wait slow 1 false
says "… is said to be late" "did not answer in time"

# The log before is kept.
process_start slow true
expect "the log before is kept" test -f "$LOG_DIR/slow.log.1"

# Ports.
port=21580
while port_busy "$port"; do port=$((port + 1)); done
expect "a free port is free" port_need "$port" MQTT_PORT mosquitto ""
/usr/bin/python3 -c '
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); time.sleep(60)' "$port" &
strangers+=($!)
for _ in $(seq 50); do
    port_busy "$port" && break
    sleep 0.1
done
refuse "a taken port" port_need "$port" MQTT_PORT mosquitto "Or use it:  CROWDTIDE_MQTT_URL=…"
says "… names the port and what for" "port $port, wanted for mosquitto"
says "… names the holder" "python3.*\(pid ${strangers[-1]}\)"
says "… names the variable and another port" "MQTT_PORT=[0-9]+ deploy/up"
says "… and the other way" "CROWDTIDE_MQTT_URL="
for bad in 0 65536 abc '' 1883x -1 99999999999999999999; do
    refuse "'$bad' is no port" port_need "$bad" MQTT_PORT mosquitto ""
    says "… and that is said" "not a port number"
done

# A port of a running server stays, whatever the environment says now.
process_start mosquitto sleep 60
process_wait mosquitto 5 process_running mosquitto
echo 1999 >"$RUN_DIR/mosquitto.MQTT_PORT"
# shellcheck disable=SC2034 # read by port_settle
MQTT_PORT=2000
expect "the port is settled" port_settle mosquitto MQTT_PORT 1883
says "… with a word" "already runs with MQTT_PORT=1999"
expect "… to the one in use" test "$MQTT_PORT" = 1999

# Templates: values are taken as they are.
printf 'a=@A@ b=@B@\n' >"$scratch/in"
template_fill "$scratch/in" "$scratch/filled" A='/x & y\1' B='@A@'
expect "templates" grep -qxF 'a=/x & y\1 b=@A@' "$scratch/filled"

echo "$checks checks"
