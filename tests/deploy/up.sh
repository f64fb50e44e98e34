#!/bin/bash
# up.sh BUILD: deploy/up and deploy/down as a user meets them, with real servers on ports of the test's own: --once, a run that is found again by
# the second, a program that was lost and comes back, every printed line tried, a taken port, given servers, and nothing left behind.
# UP_PORTS: where to look for free ports (default 21700). Without Maven's jars the stand-in for Kafka is used, and that is said.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
export CROWDTIDE_BUILD=$1 CROWDTIDE_STATE=$scratch/state
unset CROWDTIDE_MQTT_URL CROWDTIDE_KAFKA_BROKERS CROWDTIDE_SERIES_URL
# shellcheck source=deploy/lib/common.sh
. "$root/deploy/lib/common.sh"
# shellcheck source=deploy/lib/processes.sh
. "$root/deploy/lib/processes.sh"

for command in mosquitto_pub kcat influx influxd jq java mvn; do
    command -v "$command" >/dev/null || {
        echo "SKIPPED: $command is not installed"
        exit 77
    }
done

stranger=
cleanup() {
    [ -z "$stranger" ] || kill "$stranger" 2>/dev/null || true
    CROWDTIDE_STATE=$scratch/other "$root/deploy/down" >/dev/null 2>&1 || true
    CROWDTIDE_STATE=$scratch/state "$root/deploy/down" >/dev/null 2>&1 || true
    if [ "${done:-}" = 1 ]; then rm -rf "$scratch"; else echo "kept: $scratch" >&2; fi
}
trap cleanup EXIT

fails() {
    echo "FAILED: $*" >&2
    tail -n 30 "$scratch/out" >&2
    exit 1
}
run() { "$@" >"$scratch/out" 2>&1; }
says() { # WHAT PATTERN
    grep -qE "$2" "$scratch/out" || fails "$1"
}
port=${UP_PORTS:-21700}
next_port() {
    while port_busy "$port"; do port=$((port + 1)); done
    printf -v "$1" %s "$port"
    port=$((port + 1))
}
for variable in MQTT_PORT KAFKA_PORT KAFKA_CONTROLLER_PORT INFLUX_PORT SERVE_PORT; do
    next_port "$variable"
    export "${variable?}"
done
state_use
pids() { cat "$RUN_DIR"/*.pid 2>/dev/null | sort; }

# The proof: both stores, then nothing left.
began=$SECONDS
run "$root/deploy/up" --once || fails "deploy/up --once"
says "--once prints the transition of Kafka" '"id": "expo/'
says "--once prints the point of InfluxDB" '^  alert,'
echo "deploy/up --once: $((SECONDS - began)) s"
[ -z "$(pids)" ] || fails "--once left pid files"
for p in "$MQTT_PORT" "$KAFKA_PORT" "$INFLUX_PORT" "$SERVE_PORT"; do
    if port_busy "$p"; then fails "--once left port $p in use"; fi
done

# A reader that goes away in the middle leaves nothing running either.
"$root/deploy/up" --once 2>/dev/null | head -n 3 >/dev/null || true
[ -z "$(pids)" ] || fails "--once into a closed pipe left pid files"

# The same with the stand-in for Kafka, loudly.
run env KAFKA_MOCK=1 "$root/deploy/up" --once || fails "deploy/up --once with the stand-in"
says "the stand-in is announced" 'forgets everything when it stops'
says "--once with the stand-in prints the transition" '"id": "expo/'
[ -z "$(pids)" ] || fails "--once with the stand-in left pid files"

# The first run, then a second that starts nothing.
run "$root/deploy/up" || fails "deploy/up"
says "where data and logs are" "data in $CROWDTIDE_STATE"
says "that nobody is paged" '^  Nobody is paged for the alerts: deploy/venues/PAGING.md'
before=$(pids)
[ "$(wc -l <<<"$before")" = 5 ] || fails "five programs, not: $before"
cp "$scratch/out" "$scratch/hints"
run "$root/deploy/up" || fails "a second deploy/up"
[ "$(pids)" = "$before" ] || fails "the second run started something"
says "the second run says what runs" '^Running already, and left alone: mosquitto kafka influxdb crowdtide simulate$'

# Every line that is printed for the user works as it stands.
hint() { grep -A 2 -E "^    ($1)" "$scratch/hints" | sed -n '1{/\\$/!{p;q}};p' | sed '/^  [^ ]/d;/^$/d'; }
line=$(hint kcat)
run timeout 30 bash -c "$line -e -q" || fails "the kcat line: $line"
line=$(hint 'curl http')
run bash -c "$line" || fails "the curl line: $line"
says "serve is ready" '"ready":true'
says "serve has figures" '^crowdtide_ingest_messages_total [1-9]'
line=$(hint influx)
run bash -c "$line" || fails "the influx line: $line"
says "the influx line finds zones" "percent_capacity|top"
line=$(hint mosquitto_pub)
run bash -c "$line" || fails "the mosquitto_pub line: $line"
line=$(hint '.*crowdtide top')
[ -n "$line" ] || fails "no crowdtide top line"
run timeout 20 bash -c "$line --json" || fails "the top line: $line --json"

line=$(hint '.*crowdtide command ack')
for _ in {1..60}; do
    if run timeout 20 bash -c "$line"; then break; fi
    says "the ack line, too early, tells what is open" '^(no alert is open now|open now: )'
    sleep 1
done
says "the ack line acknowledges what the simulator brings within a minute: $line" 'is acknowledged'

# What was lost comes back, and only that.
process_running simulate || fails "the simulator runs"
kill -9 "$PROCESS_PID"
sleep 0.3
run "$root/deploy/up" || fails "deploy/up after a loss"
[ "$(pids | wc -l)" = 5 ] || fails "the lost program is back"
[ "$(comm -12 <(pids) <(echo "$before") | wc -l)" = 4 ] || fails "the others were left alone"

# Given servers: those of the first are used by a second, whose deploy/down leaves them alone.
process_stop simulate 10 >/dev/null
process_stop crowdtide 30 >/dev/null
servers=$(pids)
(
    export CROWDTIDE_STATE=$scratch/other CROWDTIDE_MQTT_URL=mqtt://127.0.0.1:$MQTT_PORT
    export CROWDTIDE_KAFKA_BROKERS=127.0.0.1:$KAFKA_PORT CROWDTIDE_SERIES_URL=http://127.0.0.1:$INFLUX_PORT
    run "$root/deploy/up" --no-simulator || fails "deploy/up with given servers"
    says "given servers are named as such" '^  given +Kafka'
    state_use
    [ "$(pids | wc -l)" = 1 ] || fails "only crowdtide was started: $(pids)"
    run "$root/deploy/down" || fails "deploy/down with given servers"
)
[ "$(pids)" = "$servers" ] || fails "given servers were touched"

# A port that somebody else has.
(
    CROWDTIDE_STATE=$scratch/other
    export CROWDTIDE_STATE
    if run "$root/deploy/up"; then fails "a taken port"; fi
    says "the port and its use" "port $MQTT_PORT, wanted for mosquitto, is in use by mosquitto \(pid [0-9]+\)"
    says "the variable" "MQTT_PORT=[0-9]+ deploy/up"
    says "the way to use it" "CROWDTIDE_MQTT_URL=mqtt://127.0.0.1:$MQTT_PORT"
)

# deploy/down: what was started, nothing else.
sleep 300 &
stranger=$!
run "$root/deploy/down" || fails "deploy/down"
says "deploy/down says where the data stay" "stay in /.*: deploy/up goes on with them"
[ -z "$(pids)" ] || fails "deploy/down left something"
[ -d "/proc/$stranger" ] || fails "a stranger was stopped"
run "$root/deploy/down" || fails "a second deploy/down"
says "nothing is running" "Nothing of .* is running"
done=1
