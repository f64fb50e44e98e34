#!/bin/bash
# settings.sh PROGRAM [--update]: the settings tables of deploy/OPERATIONS.md and deploy/venues/README.md are the ones that the programs are built with.
set -euo pipefail
deploy=$(cd "$(dirname "$0")/../../deploy" && pwd)
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
stale=0

# table OPTION MANUAL: what `check OPTION` prints stands between the marks of the manual.
table() {
    "$program" check "$1" | awk '
        FNR == NR { table = table $0 "\n"; next }
        /^<!-- settings:/ { print; printf "%s", table; skip = 1; next }
        /^<!-- end of settings/ { skip = 0; ended = 1 }
        !skip { print }
        END { exit !ended }' - "$2" >"$fresh"
    if [ "$mode" = --update ]; then
        cat "$fresh" >"$2"
    elif ! diff -u "$2" "$fresh"; then
        echo "$2 is out of date: run tests/deploy/settings.sh $program --update" >&2
        stale=1
    fi
}

program=$1 mode=${2:-}
table --settings "$deploy/OPERATIONS.md"
table --venue-settings "$deploy/venues/README.md"
exit $stale
