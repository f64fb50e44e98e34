# shellcheck shell=bash
# processes: start, find and stop background programs by pid files that can't name a stranger, and find out who holds a port.
#
# A pid file holds "pid start-time boot-id": after the program's end or a reboot its number may belong to another process,
# which differs in one of the other two. Needs common.sh and state_use.

# Start time of a process in clock ticks since boot; fails when there is none, or only a zombie.
process_start_time() { # PID
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) } # the command's name may hold spaces and brackets
    local -a field
    read -ra field <<<"$stat"
    [ "${field[0]}" != Z ] && printf '%s' "${field[19]}"
}

process_identity() { # PID
    local start
    start=$(process_start_time "$1") || return 1
    printf '%s %s %s\n' "$1" "$start" "$(cat /proc/sys/kernel/random/boot_id)"
}

# True while the program that we started under this name runs; sets PROCESS_PID. Removes a stale pid file.
process_running() { # NAME
    local file=$RUN_DIR/$1.pid known
    PROCESS_PID=
    [ -f "$file" ] || return 1
    known=$(cat "$file")
    if [ -n "$known" ] && [ "$(process_identity "${known%% *}")" = "$known" ]; then
        PROCESS_PID=${known%% *}
        return 0
    fi
    rm -f "$file"
    return 1
}

# Starts a command in a session of its own, detached from the terminal; its output goes to LOG_DIR/NAME.log. The pid file is
# written before the command begins, so that no program is ever running unknown to deploy/down.
process_start() { # NAME COMMAND…
    local name=$1 log=$LOG_DIR/$1.log
    shift
    [ ! -f "$log" ] || mv -f "$log" "$log.1"
    (
        exec 9>&- </dev/null >"$log" 2>&1
        process_identity "$BASHPID" >"$RUN_DIR/$name.pid.new" && mv "$RUN_DIR/$name.pid.new" "$RUN_DIR/$name.pid" || exit 1
        exec setsid "$@"
    ) &
}

# Waits until a test command succeeds. Ends the script, with the end of the log, when the program ends or time is up.
process_wait() { # NAME SECONDS TEST-COMMAND…
    local name=$1 until=$(($(seconds_now) + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ -f "$RUN_DIR/$name.pid" ] && ! process_running "$name"; then
            show_tail "$LOG_DIR/$name.log"
            fail "$name ended while starting"
        fi
        if [ "$(seconds_now)" -ge "$until" ]; then
            show_tail "$LOG_DIR/$name.log"
            fail "$name did not answer in time"
        fi
        sleep 0.2
    done
}

# SIGTERM, then SIGKILL after SECONDS. Says what it did; does nothing when the program isn't ours any more.
process_stop() { # NAME SECONDS
    local name=$1 pid until
    process_running "$name" || return 1
    pid=$PROCESS_PID
    until=$(($(seconds_now) + $2))
    kill -TERM "$pid" 2>/dev/null
    while process_running "$name"; do
        if [ "$(seconds_now)" -ge "$until" ]; then
            warn "$name (pid $pid) did not stop within $2 s: killing it"
            kill -KILL "$pid" 2>/dev/null
            sleep 0.5
            break
        fi
        sleep 0.1
    done
    rm -f "$RUN_DIR/$name.pid"
    say "stopped $name (pid $pid)"
}

# Inodes of the sockets that listen on a TCP port of this machine's loopback or of all its addresses.
port_inodes() { # PORT
    local hex
    hex=$(printf '%04X' "$1")
    awk -v port="$hex" '
        FNR > 1 && $4 == "0A" {
            split($2, at, ":")
            loopback = at[1] ~ /^0+$/ || at[1] == "0100007F" || at[1] ~ /^0+01000000$/ || at[1] ~ /FFFF00000100007F$/
            if (at[2] == port && loopback) print $10
        }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

port_busy() { [ -n "$(port_inodes "$1")" ]; }

# Who listens there, as far as we may see.
port_owner() { # PORT
    local inode link pid
    for inode in $(port_inodes "$1"); do
        link=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null) || true
        pid=${link#/proc/}
        pid=${pid%%/*}
        if [ -n "$pid" ]; then
            printf '%s (pid %s)' "$(cat "/proc/$pid/comm" 2>/dev/null)" "$pid"
            return
        fi
    done
    printf 'a process of another user'
}

# Ends the script unless the port is free. HELP: what else the user may do.
port_need() { # PORT VARIABLE WHAT HELP
    if ! [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] || [ "$1" -gt 65535 ]; then
        fail "$2=$1 is not a port number"
    fi
    port_busy "$1" || return 0
    fail "port $1, wanted for $3, is in use by $(port_owner "$1").
  Another port:  $2=$((10000 + $1 % 50000)) deploy/up
  $4"
}
