#include "processors/serve/ping.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "processors/net/http_poster.h"

enum { PROBLEM_BYTES = 256 };

struct ping {
    struct ping_options options;
    struct http_poster *poster;
    bool going;
    int64_t next_ms; /* by CLOCK_BOOTTIME; 0: at once */
    char problem[PROBLEM_BYTES];
};

bool ping_new(const struct ping_options *options, struct ping **ret, struct error *err)
{
    struct ping *ping = calloc(1, sizeof *ping);
    if (!ping)
        return error_set(err, ERROR_NO_MEMORY, 0, "ping");
    ping->options = *options;
    if (!http_poster_new(&(struct http_poster_options){.slots = 1,
                                                       .ca_file = options->ca_file,
                                                       .timeout_s = PING_TIMEOUT_S,
                                                       .direct = http_url_loopback(options->url)},
                         &ping->poster, err)) {
        free(ping);
        return false;
    }
    *ret = ping;
    return true;
}

void ping_free(struct ping *ping)
{
    if (!ping)
        return;
    http_poster_free(ping->poster);
    free(ping);
}

static enum ping_turn failed(struct ping *ping, int64_t boot_ms, int status, const char *problem)
{
    int64_t retry_s =
        ping->options.every_s < PING_RETRY_S ? ping->options.every_s : (int64_t)PING_RETRY_S;
    ping->next_ms = boot_ms + retry_s * 1000;
    if (status)
        (void)snprintf(ping->problem, sizeof ping->problem, "status %d", status);
    else
        (void)snprintf(ping->problem, sizeof ping->problem, "%s", problem);
    return PING_FAILED;
}

static enum ping_turn take(struct ping *ping, int64_t boot_ms)
{
    struct http_response response;
    http_poster_wait(ping->poster, 0);
    if (!http_poster_take(ping->poster, 0, &response))
        return PING_NOTHING;
    ping->going = false;
    if (response.status < 200 || response.status > 299)
        return failed(ping, boot_ms, response.status, response.problem);
    return PING_ANSWERED;
}

enum ping_turn ping_turn(struct ping *ping, int64_t boot_ms, bool well)
{
    struct error err = {0};
    const struct http_request request = {.url = ping->options.url};
    if (ping->going)
        return take(ping, boot_ms);
    if (!well || boot_ms < ping->next_ms)
        return PING_NOTHING;
    if (!http_poster_start(ping->poster, 0, &request, &err))
        return failed(ping, boot_ms, 0, "libcurl refuses the address");
    ping->going = true;
    ping->next_ms = boot_ms + ping->options.every_s * 1000;
    return PING_NOTHING;
}

const char *ping_problem(const struct ping *ping)
{
    return ping->problem;
}

void ping_wait(struct ping *ping, int ms)
{
    if (ping && ping->going)
        http_poster_wait(ping->poster, ms);
    else
        (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}
