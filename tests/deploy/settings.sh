#!/bin/bash
# settings.sh PROGRAM [--update]: the settings table of deploy/OPERATIONS.md is the one that the programs are built with.
set -euo pipefail
manual=$(cd "$(dirname "$0")/../../deploy" && pwd)/OPERATIONS.md
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
"$1" check --settings | awk '
    FNR == NR { table = table $0 "\n"; next }
    /^<!-- settings:/ { print; printf "%s", table; skip = 1; next }
    /^<!-- end of settings/ { skip = 0; ended = 1 }
    !skip { print }
    END { exit !ended }' - "$manual" >"$fresh"
if [ "${2:-}" = --update ]; then
    cat "$fresh" >"$manual"
elif ! diff -u "$manual" "$fresh"; then
    echo "deploy/OPERATIONS.md is out of date: run tests/deploy/settings.sh $1 --update" >&2
    exit 1
fi
