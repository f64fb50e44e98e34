#!/bin/bash
# generated.sh GENERATOR [--update]: the committed specifications are those that the tables give.
set -euo pipefail
committed=$(cd "$(dirname "$0")/../../schemas/spec" && pwd)
if [ "${2:-}" = --update ]; then
    exec "$1" "$committed"
fi
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
cp -r "$committed/." "$fresh" # what is written by hand stays as it is
"$1" "$fresh"
diff -ru "$committed" "$fresh" || {
    echo "schemas/spec is out of date: run tests/spec/generated.sh $1 --update" >&2
    exit 1
}
