# shellcheck shell=bash
# packages: which Debian packages a task needs, and installing those that are missing. Needs common.sh.
#
# An entry is "package" or "package=command": with a command, having it from anywhere is enough.

# shellcheck disable=SC2034 # read by the scripts that source this file
PACKAGES_BUILD=(gcc g++ cmake ninja-build=ninja pkg-config=pkg-config libc6-dev libpaho-mqtt-dev librdkafka-dev
    libcurl4-openssl-dev libmicrohttpd-dev libsimdjson-dev libyaml-dev libssl-dev zlib1g-dev libcmocka-dev tzdata)
# shellcheck disable=SC2034
PACKAGES_LOOK=(mosquitto-clients=mosquitto_pub kcat=kcat influxdb-client=influx jq=jq curl=curl util-linux=flock procps=ps)
# shellcheck disable=SC2034
PACKAGES_MQTT=(mosquitto=/usr/sbin/mosquitto)
# shellcheck disable=SC2034
PACKAGES_KAFKA=(openjdk-17-jre-headless=java maven=mvn)
# shellcheck disable=SC2034
PACKAGES_SERIES=(influxdb=influxd)
# shellcheck disable=SC2034
PACKAGES_TEST=(clang clang-tidy clang-format shellcheck python3 python3-jsonschema python3-yaml python3-paho-mqtt openssl victoria-metrics prometheus dpkg-dev file tmux procps strace systemd mold)
# shellcheck disable=SC2034 # tests/fuzz/run
PACKAGES_FUZZ=(clang libclang-rt-14-dev)

package_present() { # ENTRY
    local package=${1%%=*} command=${1#*=}
    if [ "$command" != "$1" ]; then
        command -v "$command" >/dev/null 2>&1 && return 0
    fi
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ]
}

# Sets PACKAGES_MISSING.
packages_missing() { # ENTRY…
    local entry
    PACKAGES_MISSING=()
    for entry in "$@"; do
        package_present "$entry" || PACKAGES_MISSING+=("${entry%%=*}")
    done
    [ ${#PACKAGES_MISSING[@]} -gt 0 ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Debian starts a server as soon as its package is installed, and again at each boot. Nobody asked for that here: crowdtide runs
# servers of its own, on loopback. So while we install, and only then, a policy keeps new servers from starting (Debian's
# own means: policy-rc.d; one that is there already is left alone), and afterwards the servers that came with our packages are
# disabled. Servers that were installed before are not touched.
services_hold() {
    POLICY=/usr/sbin/policy-rc.d
    POLICY_OURS=
    [ -e "$POLICY" ] && return 0
    printf '#!/bin/sh\n# Put here by crowdtide while it installs packages; remove it if it is left over.\nexit 101\n' |
        as_root tee "$POLICY" >/dev/null && as_root chmod 755 "$POLICY" && POLICY_OURS=1
}

services_release() { # PACKAGE… just installed
    local package
    [ -z "${POLICY_OURS:-}" ] || as_root rm -f "$POLICY"
    POLICY_OURS=
    [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1 || return 0
    for package in "$@"; do
        case $package in mosquitto | influxdb | victoria-metrics | prometheus | prometheus-node-exporter) ;; *) continue ;; esac
        if as_root systemctl disable --now "$package" >/dev/null 2>&1; then
            say "The service $package that came with the package is off: crowdtide starts its own on loopback."
            say "  To have it after all: sudo systemctl enable --now $package"
        fi
    done
}

# Installs what is missing of the entries, saying so before. Ends the script when it can't.
packages_install() { # ENTRY…
    packages_missing "$@" || return 0
    say "These Debian packages are missing and will be installed with apt-get:"
    say "  ${PACKAGES_MISSING[*]}" | fold -s -w 100
    command -v apt-get >/dev/null 2>&1 ||
        fail "there is no apt-get here; install what these packages hold in your system's own way"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        fail "not root and no sudo. As root: apt-get install -y ${PACKAGES_MISSING[*]}"
    fi
    local log=$CROWDTIDE_BUILD/apt.log ok=1
    mkdir -p "$CROWDTIDE_BUILD"
    as_root apt-get update >"$log" 2>&1 || warn "apt-get update failed; trying with the lists at hand (see $log)"
    services_hold
    trap services_release EXIT
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "${PACKAGES_MISSING[@]}" </dev/null >>"$log" 2>&1 || ok=
    trap - EXIT
    services_release "${PACKAGES_MISSING[@]}"
    [ -n "$ok" ] || {
        show_tail "$log"
        fail "apt-get could not install everything"
    }
    say "Installed."
}
