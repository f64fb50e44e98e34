#!/bin/bash
# package.sh BUILD: `cmake --install` and the .deb hold what they should, and the program runs from there, away from the source tree.
set -euo pipefail
build=$1
if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null; then
    echo "SKIPPED: dpkg-dev is not installed"
    exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

files=(bin/crowdtide share/crowdtide/venues/expo/crowdtide.yaml share/crowdtide/spec/asyncapi.yaml
    share/crowdtide/spec/mqtt/crowd.json share/crowdtide/spec/kafka/alerts.json share/crowdtide/mosquitto/crowdtide.conf
    share/doc/crowdtide/README.md share/doc/crowdtide/OPERATIONS.md share/doc/crowdtide/copyright)

# From a folder that is not the source tree, with nothing of the environment that could lead back there.
works() { # PREFIX
    local prefix=$1 file
    for file in "${files[@]}"; do
        [ -s "$prefix/$file" ] || fail "$file is missing"
    done
    (
        cd /
        export -n CROWDTIDE_MQTT_URL CROWDTIDE_KAFKA_BROKERS CROWDTIDE_SERIES_URL
        export CROWDTIDE_STATE=$scratch/state
        "$prefix/bin/crowdtide" version || fail "version"
        "$prefix/bin/crowdtide" check -c "$prefix/share/crowdtide/venues/expo/crowdtide.yaml" || fail "check"
    )
}

cmake --install "$build" --prefix "$scratch/install" >"$scratch/install.log" || fail "cmake --install: $(tail -5 "$scratch/install.log")"
works "$scratch/install"

cpack --config "$build/CPackConfig.cmake" -B "$scratch/deb" >"$scratch/cpack.log" 2>&1 || {
    tail -20 "$scratch/cpack.log"
    fail "cpack"
}
deb=$(find "$scratch/deb" -maxdepth 1 -name 'crowdtide_*.deb')
[ -n "$deb" ] || fail "cpack made no .deb"
dpkg-deb -c "$deb" >"$scratch/contents"
for file in "${files[@]}"; do
    grep -q " ./usr/$file\$" "$scratch/contents" || fail "the .deb lacks /usr/$file"
done
grep -vE ' \./(usr/((bin|share|lib/systemd/system|lib/sysusers\.d)/.*|lib/(systemd/)?)?)?$' "$scratch/contents" &&
    fail "the .deb holds files outside /usr/bin, /usr/share and systemd's folders"
# Root owns everything: a package built by a user must not hand its files to whoever has that number elsewhere.
awk '$2 != "root/root" { print; bad = 1 } END { exit bad }' "$scratch/contents" || fail "files of another owner"
depends=$(dpkg-deb -f "$deb" Depends)
for library in libc6 librdkafka1 libcurl4 libsimdjson libpaho-mqtt1.3 libyaml-0-2; do
    [[ $depends == *"$library"* ]] || fail "the .deb does not depend on $library: $depends"
done
dpkg-deb -x "$deb" "$scratch/root"
works "$scratch/root/usr"
echo "${deb##*/}: $(wc -l <"$scratch/contents") entries, depends on $depends"
