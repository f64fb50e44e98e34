# shellcheck shell=bash
# build: configure and build with CMake, quietly, with the end of the log on failure. Needs common.sh.

# Does nothing but look when everything is up to date.
build_tree() { # DIRECTORY TARGET CMAKE-OPTION…
    local dir=$1 target=$2 log=$1/build.log began
    shift 2
    mkdir -p "$dir"
    began=$(seconds_now)
    if [ ! -f "$dir/CMakeCache.txt" ] || [ $# -gt 0 ]; then
        local generator=()
        [ -f "$dir/CMakeCache.txt" ] || generator=(-G Ninja)
        cmake -S "$CROWDTIDE_ROOT" -B "$dir" "${generator[@]}" "$@" >"$log" 2>&1 || {
            show_tail "$log"
            return 1
        }
    fi
    cmake --build "$dir" --target "$target" >"$log" 2>&1 || {
        grep -E -A4 'error|undefined|FAILED' "$log" | head -40 | sed 's/^/    /' >&2
        warn "The whole output: $log"
        return 1
    }
    # shellcheck disable=SC2034 # for the caller to tell
    BUILD_SECONDS=$(($(seconds_now) - began))
}
