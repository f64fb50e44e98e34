/*
 * watchdog: tells the service manager (systemd, WatchdogSec=) that this process lives, so that one
 * that hangs is aborted and started again.
 *
 *     watchdog_open(&dog);          NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as sd_notify(3) and
 *                                   sd_watchdog_enabled(3) tell; not asked for: all does nothing
 *     watchdog_alive(&dog);         often; sends four times in the asked time, never waits
 *     watchdog_close(&dog);
 *
 * One thread at a time.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_WATCHDOG_H
#define CROWDTIDE_SCHEMAS_BASE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct watchdog {
    bool asked;
    int fd; /* while asked */
    struct sockaddr_un to;
    socklen_t to_bytes;
    int64_t every_ns, next_ns; /* on CLOCK_BOOTTIME */
};

void watchdog_open(struct watchdog *dog);
void watchdog_alive(struct watchdog *dog);
/* A zeroed one, too. */
void watchdog_close(struct watchdog *dog);

#endif
