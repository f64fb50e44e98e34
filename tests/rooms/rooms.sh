#!/bin/bash
# rooms.sh check ROOT | selftest: the arrows between the rooms, as #include lines show them.
#
# One rule a line in RULES: files (regular expression on the path), includes (regular expression on what stands between the quotes or
# angle brackets, with them), verdict. For each include the first matching rule of a file decides; none: allowed.
set -euo pipefail

read -r -d '' RULES <<'TEXT' || true
# The core is pure: no file, clock, thread, socket, locale or library of the system behind its back.
^processors/core/         ^"(processors/core/|schemas/(base/(array|arena|bytes|crc32c|error|fetch|str)|record/|result/|venue/|json/|payload/|log/log)[^"]*\.h")   yes
^processors/core/         ^"                                                         no
^processors/core/         ^<(assert|float|inttypes|limits|math|stdalign|stdbool|stddef|stdint|stdlib|string)\.h>   yes
^processors/core/         ^<                                                         no
# Three rooms and their arrows; deploy and tests may use all.
^schemas/                 ^"schemas/                                                 yes
^schemas/                 ^"                                                         no
^ingest/                  ^"(schemas|ingest)/                                        yes
^ingest/                  ^"                                                         no
^processors/              ^"(schemas|processors)/                                    yes
^processors/              ^"                                                         no
^(deploy|tests)/          ^"(schemas|ingest|processors|deploy|tests)/                yes
^(deploy|tests)/          ^"                                                         no
# Each library has one door.
^(ingest|tests)/          ^<MQTT                                                     yes
.                         ^<MQTT                                                     no
^(processors/net|tests)/  ^<(librdkafka|curl)/                                       yes
.                         ^<(librdkafka|curl)/                                       no
^(processors/net|tests)/  ^<microhttpd                                               yes
.                         ^<microhttpd                                               no
^schemas/json/json\.cpp$  ^<simdjson                                                 yes
.                         ^<simdjson                                                 no
TEXT

# Prints each include that must not be; fails when there is one.
check() { # ROOT
    cd "$1"
    find schemas ingest processors deploy tests -type f \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \) -print0 2>/dev/null |
        sort -z |
        xargs -0 -r grep -HnE '^[[:space:]]*#[[:space:]]*include' |
        RULES=$RULES awk '
            BEGIN {
                n = split(ENVIRON["RULES"], line, "\n")
                for (i = 1; i <= n; i++) {
                    if (line[i] ~ /^#/ || split(line[i], part, /[ \t]+/) != 3) continue
                    count++
                    file[count] = part[1]; include[count] = part[2]; verdict[count] = part[3]
                }
            }
            {
                path = $0; sub(/:.*/, "", path)
                what = $0; sub(/^[^:]*:[0-9]+:[ \t]*#[ \t]*include[ \t]*/, "", what)
                for (i = 1; i <= count; i++) {
                    if (path ~ file[i] && what ~ include[i]) {
                        if (verdict[i] == "no") { print "must not be: " $0; bad = 1 }
                        break
                    }
                }
            }
            END { exit bad }'
}

# A line of each forbidden kind is found, and lines that are allowed are not.
selftest() {
    local tree found
    tree=$(mktemp -d)
    # shellcheck disable=SC2064 # the tree of now
    trap "rm -rf '$tree'" EXIT
    plant() { # FILE INCLUDE
        mkdir -p "$tree/$(dirname "$1")"
        printf '#include %s\n' "$2" >>"$tree/$1"
    }
    mkdir -p "$tree"/{schemas,ingest,processors,deploy,tests}
    plant schemas/log/log.c '"schemas/log/log.h"'
    plant ingest/ingest.c '"schemas/log/log.h"'
    plant ingest/paho.c '<MQTTAsync.h>'
    plant processors/net/kafka.c '<librdkafka/rdkafka.h>'
    plant processors/core/core.c '<math.h>'
    plant processors/core/core.c '"schemas/result/result.h"'
    plant schemas/json/json.cpp '<simdjson.h>'
    plant deploy/main.c '"ingest/ingest.h"'
    check "$tree" || { echo "selftest: an allowed include was refused"; exit 1; }
    while read -r file include; do
        plant "$file" "$include"
        found=$(check "$tree") && { echo "selftest: $file may not include $include, and it passed"; exit 1; }
        [ "$(wc -l <<<"$found")" = 1 ] || { echo "selftest: more than the planted line was refused: $found"; exit 1; }
        rm "$tree/$file"
    done <<'TEXT'
schemas/planted.c "ingest/ingest.h"
schemas/planted.h "processors/core/core.h"
schemas/planted.c "deploy/cli/cli.h"
schemas/planted.c "neighbour.h"
ingest/planted.c "processors/core/core.h"
ingest/planted.h "../processors/core/core.h"
processors/publish/planted.c "ingest/ingest.h"
processors/process/planted.c "tests/support/support.h"
processors/core/planted.c "processors/process/process.h"
processors/core/planted.c "schemas/base/clock.h"
processors/core/planted.c <stdio.h>
processors/core/planted.c <time.h>
processors/core/planted.c <pthread.h>
processors/core/planted.h <sys/socket.h>
processors/publish/planted.c <MQTTAsync.h>
processors/publish/planted.c <librdkafka/rdkafka.h>
ingest/planted.c <curl/curl.h>
deploy/cli/planted.c <librdkafka/rdkafka.h>
deploy/cli/planted.c <MQTTAsync.h>
schemas/json/planted.cpp <simdjson.h>
processors/core/planted.cpp <simdjson.h>
TEXT
    echo "21 planted violations found"
}

case ${1:-} in
check) check "$2" ;;
selftest) selftest ;;
*)
    echo "usage: rooms.sh check ROOT | selftest" >&2
    exit 2
    ;;
esac
