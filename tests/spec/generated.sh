#!/bin/bash
# generated.sh GENERATOR [--update]: the committed schemas of the Kafka values are those that the result tables give.
set -euo pipefail
committed=$(cd "$(dirname "$0")/../../schemas/spec/kafka" && pwd)
if [ "${2:-}" = --update ]; then
    exec "$1" "$committed"
fi
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$1" "$fresh"
for file in "$fresh"/*.json; do
    diff -u "$committed/${file##*/}" "$file" || {
        echo "schemas/spec/kafka/${file##*/} is out of date: run tests/spec/generated.sh $1 --update" >&2
        exit 1
    }
done
