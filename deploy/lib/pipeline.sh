# shellcheck shell=bash
# pipeline: crowdtide's own programs, started for deploy/up, what to tell the user about them, and the proof of --once.
# Needs common.sh, processes.sh, servers.sh, CONFIG, and the CROWDTIDE_… addresses exported. The caller sets kafka_kind,
# own_mqtt and own_series.
# shellcheck disable=SC2154

CROWDTIDE=$CROWDTIDE_BUILD/crowdtide

# The settings that a running pipeline was started with, to notice that a second deploy/up asks for others.
pipeline_settings() {
    printf '%s\n' "$CONFIG" "$CROWDTIDE_MQTT_URL" "$CROWDTIDE_KAFKA_BROKERS" "$CROWDTIDE_SERIES_URL"
}

# Before any server is started for nothing.
pipeline_check() {
    "$CROWDTIDE" check -c "$CONFIG" >"$LOG_DIR/check.log" 2>&1 || {
        show_tail "$LOG_DIR/check.log"
        fail "$CONFIG has mistakes"
    }
    pages=1
    ! grep -q '^paging: nobody' "$LOG_DIR/check.log" || pages=
}

# The servers answer as crowdtide will use them; else which one does not, and why.
pipeline_reach() {
    "$CROWDTIDE" check --connect -c "$CONFIG" >"$LOG_DIR/check.log" 2>&1 || {
        grep -E '^[a-z]+ +FAILED' "$LOG_DIR/check.log" | sed 's/^/    /' >&2
        fail "not every server answered"
    }
}

pipeline_start() {
    if process_running crowdtide; then
        if [ "$(pipeline_settings)" != "$(cat "$RUN_DIR/crowdtide.settings" 2>/dev/null)" ]; then
            warn "crowdtide already runs, with other settings; run deploy/down first to change them."
        fi
        return 0
    fi
    pipeline_reach
    pipeline_settings >"$RUN_DIR/crowdtide.settings"
    port_record crowdtide SERVE_PORT
    process_start crowdtide "$CROWDTIDE" run -c "$CONFIG"
    process_wait crowdtide 60 pipeline_flows
}

# Ingest has the broker and every subscription, and process reads what it writes.
pipeline_flows() {
    "$CROWDTIDE" top --json -c "$CONFIG" 2>/dev/null |
        jq -e '.programs | .ingest.running and .ingest.counters.connected == 1 and .process.running'
}

simulator_start() {
    process_running simulate && return 0
    process_start simulate "$CROWDTIDE" simulate -q -c "$CONFIG"
    sleep 0.5
    process_running simulate || {
        show_tail "$LOG_DIR/simulate.log"
        fail "the simulator ended at once"
    }
}

pipeline_line() { # NAME WHAT WHERE
    if process_running "$1"; then
        printf '  %-11s %-42s %s (pid %s)\n' "$1" "$2" "$3" "$PROCESS_PID"
    fi
}

# host and port out of a URL or a bootstrap list.
url_host() {
    local rest=${1#*://}
    rest=${rest%%[,/]*}
    printf '%s' "${rest%:*}"
}
url_port() {
    local rest=${1#*://}
    rest=${rest%%[,/]*}
    printf '%s' "${rest##*:}"
}

# Prints "VENUE SENSOR PAYLOAD": a reading of a person's own that the venue file will take. Only for the hint: any line of a venue file
# in another layout than ours just gives placeholders.
pipeline_sample() {
    local venue_file venue sensor
    venue_file=$(sed -n '/^venue: */{s///;s/"//g;s/[ #].*//;p;q}' "$CONFIG")
    case $venue_file in /*) ;; *) venue_file=$(dirname "$CONFIG")/$venue_file ;; esac
    venue=$(sed -n '/^  id: */{s///;s/"//g;s/[ #].*//;p;q}' "$venue_file" 2>/dev/null) || true
    sensor=$(sed -n '/^ *- {id: "*\([^,"]*\)"*, class: crowd,.* counter: level.*/{s//\1/p;q}' "$venue_file" 2>/dev/null) || true
    printf '%s %s %s\n' "${venue:-VENUE}" "${sensor:-SENSOR}" '{"occupancy":120}'
}

pipeline_describe() {
    local kafka_name='Apache Kafka'
    [ "$kafka_kind" != mock ] || kafka_name='a stand-in for Kafka (keeps nothing)'
    say "What runs:"
    pipeline_line mosquitto "MQTT broker, where sensors publish" "$CROWDTIDE_MQTT_URL"
    pipeline_line kafka "$kafka_name" "$CROWDTIDE_KAFKA_BROKERS"
    pipeline_line influxdb "InfluxDB" "$CROWDTIDE_SERIES_URL"
    pipeline_line crowdtide "ingest, process, both publishers, serve" "$CONFIG"
    pipeline_line simulate "plays the venue's day, 60 times as fast" "$CROWDTIDE_MQTT_URL"
    [ -n "$own_mqtt" ] || say "  given       MQTT broker                                $CROWDTIDE_MQTT_URL"
    [ "$kafka_kind" != given ] || say "  given       Kafka                                      $CROWDTIDE_KAFKA_BROKERS"
    [ -n "$own_series" ] || say "  given       time-series store                          $CROWDTIDE_SERIES_URL"
    say "  data in $CROWDTIDE_STATE, logs in $LOG_DIR"
    [ -n "$pages" ] || say "  Nobody is paged for the alerts: deploy/venues/PAGING.md tells how staff are."
    say ""
    say "Sensors publish to the broker; ingest writes each message down, process makes zones and alerts of them, the publishers hand those to"
    say "Kafka and the store. Each is a program of its own, and any of them may be killed at any time: run starts it again, and nothing is lost."
}

# The operator of the example venue who has this user id; empty: none, or another venue.
pipeline_operator() {
    [ "$CONFIG" = "$CROWDTIDE_ROOT/deploy/venues/expo/crowdtide.yaml" ] || return 0
    case $(id -u) in
    0) printf lin ;;
    1000) printf zhao ;;
    esac
}

pipeline_hints() {
    local program=$CROWDTIDE down=deploy/down host port venue sensor payload operator
    host=$(url_host "$CROWDTIDE_MQTT_URL") port=$(url_port "$CROWDTIDE_MQTT_URL")
    operator=$(pipeline_operator)
    read -r venue sensor payload < <(pipeline_sample)
    [ "$CROWDTIDE_STATE" = "$HOME/.local/state/crowdtide" ] || program="CROWDTIDE_STATE=$CROWDTIDE_STATE $CROWDTIDE"
    [ "$STATE" = "$HOME/.local/state/crowdtide" ] || down="CROWDTIDE_STATE=$STATE deploy/down"
    cat <<TEXT

How to look:
  the venue, live: zones by level, alerts, programs (q quits, h lists the keys). Begin here.
    $program top
TEXT
    if process_running simulate && [ "$CONFIG" = "$CROWDTIDE_ROOT/deploy/venues/expo/crowdtide.yaml" ]; then
        cat <<TEXT
  in half a minute hall-1 is full: a red alert. Once top shows it, say that it has been seen; too early, this tells what is open
    $program command ack hall-1/hall-capacity${operator:+ --operator $operator} -c $CONFIG
TEXT
    fi
    cat <<TEXT
  alerts as they reach Kafka
    kcat -C -b $CROWDTIDE_KAFKA_BROKERS -t crowdtide.alerts -o beginning -X isolation.level=read_committed
  the fullest zones in the last minute, from InfluxDB
    influx -host $(url_host "$CROWDTIDE_SERIES_URL") -port $(url_port "$CROWDTIDE_SERIES_URL") -database crowdtide -precision rfc3339 \\
      -execute 'SELECT top(percent_capacity, zone, 5) FROM "zone" WHERE time > now() - 1m'
  is everything well, and if not, why not; figures for Prometheus
    curl http://$CROWDTIDE_SERVE_LISTEN/readyz http://$CROWDTIDE_SERVE_LISTEN/metrics
  send a reading of your own
    mosquitto_pub -h $host -p $port -q 1 -t crowdtide/$venue/crowd/$sensor -m '$payload'

Then a venue of your own: $CROWDTIDE init my-venue
$down stops it all and keeps the data.
TEXT
}

# ---- --once ----------------------------------------------------------------------------------------------------------------

# The first transition in Kafka not older than SINCE (seconds), as one line of JSON.
once_kafka() { # SINCE
    timeout 15 kcat -C -q -e -b "$CROWDTIDE_KAFKA_BROKERS" -t crowdtide.alerts -o beginning \
        -X isolation.level=read_committed 2>/dev/null |
        jq -c --argjson since "$1" 'select((.at[0:19] + "Z" | fromdate) >= $since)' 2>/dev/null | head -n 1
}

# The same transition in the store, as CSV with a header. Its nanoseconds hold the sequence, so a millisecond is asked for.
once_series() { # TRANSITION
    local query
    query=$(jq -r '"SELECT * FROM \"alert\" WHERE \"venue\" = \u0027\(.venue)\u0027 AND \"zone\" = \u0027\(.zone)\u0027 AND \"rule\" = \u0027\(.rule)\u0027 AND \"n\" = \(.n) AND time >= \u0027\(.at)\u0027 AND time < \u0027\(.at)\u0027 + 1ms"' <<<"$1")
    curl --noproxy 127.0.0.1,localhost -sf -m 10 -G -H 'Accept: application/csv' "$CROWDTIDE_SERIES_URL/query" \
        --data-urlencode db=crowdtide --data-urlencode "q=$query" | grep -A 1 '^name'
}

once_wait() { # SINCE SECONDS
    local until=$(($1 + $2)) transition='' point=''
    say ""
    say "Waiting for the first alert (at most $2 s) …"
    while :; do
        for name in crowdtide simulate; do
            [ ! -f "$RUN_DIR/$name.pid" ] || process_running "$name" || {
                show_tail "$LOG_DIR/$name.log"
                fail "$name ended while waiting for the first alert"
            }
        done
        [ -n "$transition" ] || transition=$(once_kafka "$1") || true
        if [ -n "$transition" ] && point=$(once_series "$transition"); then
            break
        fi
        if [ "$(seconds_now)" -ge "$until" ]; then
            show_tail "$LOG_DIR/crowdtide.log" 15
            [ -n "$transition" ] || fail "no alert reached Kafka within $2 s"
            say "In Kafka: $transition"
            fail "the alert did not reach the time-series store within $2 s"
        fi
        sleep 0.5
    done
    say ""
    say "The first alert transition, in Kafka (topic crowdtide.alerts):"
    jq . <<<"$transition" | sed 's/^/  /'
    say "and in InfluxDB (measurement alert):"
    printf '  %s\n' "${point//$'\n'/$'\n'  }"
    say ""
    say "Seen in both $(($(seconds_now) - $1)) s after the start."
}
