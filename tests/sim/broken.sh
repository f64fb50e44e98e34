#!/bin/bash
# tests/sim/broken.sh SIM TABLE: every variant of the table (broken.txt) is caught by one of its seeds.
set -uo pipefail
sim=${1:?the program} table=${2:?the table}
missed=0 count=0
while read -r name from seeds what; do
    case $name in '' | '#'*) continue ;; esac
    count=$((count + 1))
    if caught=$("$sim" --broken "$name" --from "$from" --seeds "$seeds" 2>&1); then
        printf 'MISSED %s: %s: seeds %d to %d see nothing\n' "$name" "$what" "$from" $((from + seeds - 1))
        missed=$((missed + 1))
    else
        printf '%-24s %s\n' "$name" "$(grep -m 1 -E '^seed [0-9]+:' <<<"$caught" || tail -n 1 <<<"$caught")"
    fi
done <"$table"
[ "$count" -ge 10 ] || { printf 'only %d variants\n' "$count"; exit 1; }
exit "$missed"
