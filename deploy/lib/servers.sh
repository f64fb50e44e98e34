# shellcheck shell=bash
# servers: a broker, a Kafka and a time-series store of our own on loopback, each with its data below SERVERS_DIR.
# Needs common.sh, processes.sh and state_use; the stand-in for Kafka also CONFIG, crowdtide's configuration.
#
#     ports_settle                       MQTT_PORT, KAFKA_PORT, … from the environment, what runs already, or the defaults
#     mosquitto_start; mosquitto_wait    the same for kafka, kafka_mock, influxdb: start returns at once, so that they start side by side
#
# Each start does nothing when the server that we started earlier still runs.
# shellcheck disable=SC2153 # CONFIG is the caller's

# A port that a running server of ours was started with wins over the environment: it can't be moved under its clients.
port_settle() { # SERVER VARIABLE DEFAULT
    local file=$RUN_DIR/$1.$2 old
    if process_running "$1" && [ -f "$file" ]; then
        old=$(cat "$file")
        if [ -n "${!2:-}" ] && [ "${!2}" != "$old" ]; then
            warn "$1 already runs with $2=$old; run deploy/down first to move it to ${!2}."
        fi
        printf -v "$2" %s "$old"
    else
        printf -v "$2" %s "${!2:-$3}"
    fi
}

ports_settle() {
    port_settle mosquitto MQTT_PORT 1883
    port_settle kafka KAFKA_PORT 9092
    port_settle kafka KAFKA_CONTROLLER_PORT $((KAFKA_PORT + 1))
    port_settle influxdb INFLUX_PORT 8086
    port_settle crowdtide SERVE_PORT 9570
}

port_record() { # SERVER VARIABLE
    printf '%s\n' "${!2}" >"$RUN_DIR/$1.$2"
}

# Fills a template's @NAME@ places.
template_fill() { # TEMPLATE OUT NAME=VALUE…
    local text name value pair out=$2
    text=$(cat "$1")
    shift 2
    for pair in "$@"; do
        name=${pair%%=*}
        value=${pair#*=}
        text=${text//"@$name@"/"$value"}
    done
    printf '%s\n' "$text" >"$out"
}

mosquitto_start() {
    process_running mosquitto && return 0
    mkdir -p "$SERVERS_DIR/mosquitto"
    template_fill "$CROWDTIDE_ROOT/deploy/mosquitto/local.conf.in" "$SERVERS_DIR/mosquitto.conf" PORT="$MQTT_PORT" \
        USER="$(id -un)" DATA="$SERVERS_DIR/mosquitto" CONF_DIR="$CROWDTIDE_ROOT/deploy/mosquitto"
    port_record mosquitto MQTT_PORT
    PATH=$PATH:/usr/sbin process_start mosquitto mosquitto -c "$SERVERS_DIR/mosquitto.conf"
}

mosquitto_answers() {
    timeout 3 mosquitto_sub -h 127.0.0.1 -p "$MQTT_PORT" -t "\$SYS/broker/version" -C 1 -W 2
}

mosquitto_wait() { process_wait mosquitto 15 mosquitto_answers; }

# ---- Apache Kafka -------------------------------------------------------------------------------------------------------

kafka_jar_dir() { printf '%s' "$CROWDTIDE_BUILD/kafka/3.9.1"; }

# Gets the broker's jars by Maven into the build tree, once. Fails quietly: KAFKA_JARS_LOG says why.
kafka_jars() {
    local dir
    dir=$(kafka_jar_dir)
    KAFKA_JARS_LOG=$CROWDTIDE_BUILD/kafka/maven.log
    [ -d "$dir" ] && return 0
    mkdir -p "$CROWDTIDE_BUILD/kafka"
    rm -rf "$dir.part"
    command -v mvn >/dev/null 2>&1 || {
        printf 'mvn is not installed\n' >"$KAFKA_JARS_LOG"
        return 1
    }
    say "Getting Apache Kafka 3.9.1 by Maven, once (45 MB) …"
    if timeout 900 mvn -q -B -f "$CROWDTIDE_ROOT/deploy/kafka/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$dir.part" </dev/null >"$KAFKA_JARS_LOG" 2>&1 &&
        [ -n "$(find "$dir.part" -name 'kafka_2.13-*.jar' 2>/dev/null)" ]; then
        mv "$dir.part" "$dir"
    else
        rm -rf "$dir.part"
        return 1
    fi
}

kafka_java() { # MAIN-CLASS ARGUMENT… : fills KAFKA_COMMAND
    KAFKA_COMMAND=(java -Xms64m "-Xmx${KAFKA_HEAP_MB:-384}m" -Dorg.slf4j.simpleLogger.showDateTime=true
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss" -cp "$(kafka_jar_dir)/*" "$@")
}

kafka_start() {
    process_running kafka && return 0
    rm -f "$RUN_DIR/kafka.mock"
    local data=$SERVERS_DIR/kafka config=$SERVERS_DIR/kafka.properties cluster
    mkdir -p "$data"
    template_fill "$CROWDTIDE_ROOT/deploy/kafka/server.properties.in" "$config" PORT="$KAFKA_PORT" \
        CONTROLLER_PORT="$KAFKA_CONTROLLER_PORT" DATA="$data"
    if [ ! -f "$data/meta.properties" ]; then
        cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
        kafka_java kafka.tools.StorageTool format --cluster-id "$cluster" --config "$config"
        "${KAFKA_COMMAND[@]}" </dev/null >"$LOG_DIR/kafka-format.log" 2>&1 || {
            show_tail "$LOG_DIR/kafka-format.log"
            fail "Kafka's storage could not be formatted"
        }
    fi
    port_record kafka KAFKA_PORT
    port_record kafka KAFKA_CONTROLLER_PORT
    kafka_java kafka.Kafka "$config"
    process_start kafka "${KAFKA_COMMAND[@]}"
}

kafka_answers() { timeout 5 kcat -L -b "127.0.0.1:$KAFKA_PORT" -m 3; }

kafka_wait() { process_wait kafka 60 kafka_answers; }

# ---- a stand-in for Kafka --------------------------------------------------------------------------------------------

# It forgets everything when it ends, so the pipeline that writes to it begins anew with it, in a state directory of its own: a
# publisher that finds its position gone would rightly refuse to go on.
kafka_mock_state() { printf '%s' "$STATE/with-mock-kafka"; }

kafka_mock_notice() {
    warn "
*** Apache Kafka is not to be had here (${1}); a stand-in takes its place: librdkafka's embedded broker.
*** It keeps at most 5 MiB a partition, in memory, and forgets everything when it stops. It shows records of aborted
*** transactions to read_committed consumers and keeps no consumers' offsets. Good for looking, not for relying on:
*** exactly once is not to be had from it. With a real Kafka: CROWDTIDE_KAFKA_BROKERS=host:port deploy/up
"
}

kafka_mock_start() {
    process_running kafka && return 0
    if process_running crowdtide; then process_stop crowdtide 30; fi
    rm -rf "$(kafka_mock_state)"
    : >"$RUN_DIR/kafka.mock"
    process_start kafka "$CROWDTIDE_BUILD/crowdtide" mock -c "$CONFIG"
}

kafka_mock_brokers() { grep -m 1 -E '^[0-9.]+:[0-9]+$' "$LOG_DIR/kafka.log"; }

kafka_mock_answers() { timeout 5 kcat -L -b "$(kafka_mock_brokers)" -m 3; }

kafka_mock_wait() { process_wait kafka 15 kafka_mock_answers; }

# ---- InfluxDB -----------------------------------------------------------------------------------------------------------

influxdb_start() {
    process_running influxdb && return 0
    mkdir -p "$SERVERS_DIR/influxdb"
    template_fill "$CROWDTIDE_ROOT/deploy/influxdb/influxdb.conf.in" "$SERVERS_DIR/influxdb.conf" PORT="$INFLUX_PORT" \
        DATA="$SERVERS_DIR/influxdb"
    port_record influxdb INFLUX_PORT
    process_start influxdb influxd run -config "$SERVERS_DIR/influxdb.conf"
}

influxdb_answers() { curl --noproxy '*' -sf -m 2 -o /dev/null "http://127.0.0.1:$INFLUX_PORT/ping"; }

influxdb_wait() { process_wait influxdb 30 influxdb_answers; }
