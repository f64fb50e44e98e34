#include "schemas/base/watchdog.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/clock.h"

/* A whole positive number of the environment; 0: there is none. */
static int64_t number(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    errno = 0;
    long long n = text ? strtoll(text, &end, 10) : 0;
    return text && end != text && *end == '\0' && errno == 0 && n > 0 ? n : 0;
}

/* A path, or @ and a name of the abstract space, which has no zero at its end. */
static bool address(struct watchdog *dog)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t len = name ? strlen(name) : 0;
    if (len < 2 || len >= sizeof dog->to.sun_path || (name[0] != '/' && name[0] != '@'))
        return false;
    dog->to.sun_family = AF_UNIX;
    memcpy(dog->to.sun_path, name, len);
    if (name[0] == '@')
        dog->to.sun_path[0] = '\0';
    dog->to_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/' ? 1 : 0));
    return true;
}

void watchdog_open(struct watchdog *dog)
{
    int64_t us = number("WATCHDOG_USEC"), pid = number("WATCHDOG_PID");
    memset(dog, 0, sizeof *dog);
    /* Another's pid: it is our parent that is watched. */
    if (us == 0 || us > INT64_MAX / 1000 || (pid != 0 && pid != getpid()) || !address(dog))
        return;
    dog->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    dog->asked = dog->fd >= 0;
    dog->every_ns = us * 1000 / 4;
}

void watchdog_alive(struct watchdog *dog)
{
    static const char text[] = "WATCHDOG=1";
    if (!dog->asked)
        return;
    int64_t now_ns = clock_boot_ns();
    if (now_ns < dog->next_ns)
        return;
    /* What is not taken now is sent at the next call. */
    if (sendto(dog->fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&dog->to, dog->to_bytes) >= 0)
        dog->next_ns = now_ns + dog->every_ns;
}

void watchdog_close(struct watchdog *dog)
{
    if (dog->asked)
        (void)close(dog->fd);
    dog->asked = false;
}
