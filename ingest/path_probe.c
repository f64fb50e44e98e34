#include "ingest/path_probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "crowdtide-probe "
#define LEVEL "/probe/"

enum { REFUSED_FROM = 0x80 };

void path_probe_topic_of(struct str venue_id, const char *client_id,
                         char out[PATH_PROBE_TOPIC_BYTES])
{
    (void)snprintf(out, PATH_PROBE_TOPIC_BYTES, "crowdtide/" STR_FMT LEVEL "%.100s",
                   STR_ARG(venue_id), client_id);
    for (char *c = strstr(out, LEVEL) + strlen(LEVEL); *c; c++) {
        if (strchr("/+#", *c))
            *c = '_';
    }
}

void path_probe_start(struct path_probe *probe, bool enabled, uint64_t run,
                      struct counters *counters)
{
    *probe = (struct path_probe){.enabled = enabled, .run = run, .counters = counters};
    pthread_mutex_init(&probe->lock, NULL);
}

void path_probe_end(struct path_probe *probe)
{
    pthread_mutex_destroy(&probe->lock);
}

void path_probe_at(struct path_probe *probe, struct str venue_id, const char *client_id)
{
    pthread_mutex_lock(&probe->lock);
    path_probe_topic_of(venue_id, client_id, probe->topic);
    pthread_mutex_unlock(&probe->lock);
}

bool path_probe_next(struct path_probe *probe, int64_t now_ns, char payload[PATH_PROBE_BYTES])
{
    pthread_mutex_lock(&probe->lock);
    bool send = probe->enabled && probe->unanswered < PATH_PROBE_UNANSWERED;
    if (send) {
        probe->unanswered++;
        probe->sent_ns[probe->sent % PATH_PROBE_KEPT] = now_ns;
        (void)snprintf(payload, PATH_PROBE_BYTES, MAGIC "%016" PRIx64 " %" PRIu64, probe->run,
                       probe->sent++);
    }
    pthread_mutex_unlock(&probe->lock);
    if (send)
        counters_add(probe->counters, COUNTER_INGEST_PROBES_SENT, 1);
    return send;
}

static void answer(struct path_probe *probe)
{
    if (probe->unanswered) /* one of before this connection may be answered, too */
        probe->unanswered--;
}

void path_probe_unsent(struct path_probe *probe)
{
    pthread_mutex_lock(&probe->lock);
    answer(probe);
    pthread_mutex_unlock(&probe->lock);
}

bool path_probe_answered(struct path_probe *probe, int code)
{
    bool refused = code >= REFUSED_FROM;
    pthread_mutex_lock(&probe->lock);
    answer(probe);
    bool news = refused != probe->publish_refused;
    probe->publish_refused = refused;
    pthread_mutex_unlock(&probe->lock);
    if (refused)
        counters_add(probe->counters, COUNTER_INGEST_PROBES_REFUSED, 1);
    return news;
}

void path_probe_connected(struct path_probe *probe)
{
    pthread_mutex_lock(&probe->lock);
    probe->unanswered = 0;
    pthread_mutex_unlock(&probe->lock);
}

void path_probe_subscribed(struct path_probe *probe, int code)
{
    pthread_mutex_lock(&probe->lock);
    probe->subscribe_refused = code >= REFUSED_FROM;
    pthread_mutex_unlock(&probe->lock);
}

bool path_probe_is(struct str topic, struct str payload)
{
    const size_t magic = strlen(MAGIC), level = strlen(LEVEL);
    if (payload.len <= magic || payload.len >= PATH_PROBE_BYTES ||
        memcmp(payload.at, MAGIC, magic) != 0 || topic.len < 11 ||
        memcmp(topic.at, "crowdtide/", 10) != 0)
        return false;
    const char *slash = memchr(topic.at + 10, '/', topic.len - 10);
    return slash && (size_t)(topic.at + topic.len - slash) > level &&
           memcmp(slash, LEVEL, level) == 0;
}

/* Of this run: which one. */
static bool number_of(const struct path_probe *probe, struct str payload, uint64_t *ret)
{
    char text[PATH_PROBE_BYTES];
    uint64_t run = 0;
    int end = 0;
    memcpy(text, payload.at, payload.len);
    text[payload.len] = '\0';
    return sscanf(text + strlen(MAGIC), "%16" SCNx64 " %20" SCNu64 "%n", &run, ret, &end) == 2 &&
           text[strlen(MAGIC) + (size_t)end] == '\0' && run == probe->run;
}

bool path_probe_take(struct path_probe *probe, struct str topic, struct str payload)
{
    uint64_t number;
    if (!path_probe_is(topic, payload))
        return false;
    pthread_mutex_lock(&probe->lock);
    bool ours = str_is(topic, probe->topic) && number_of(probe, payload, &number) &&
                number < probe->sent && probe->sent - number <= PATH_PROBE_KEPT;
    if (ours && (!probe->back || probe->sent_ns[number % PATH_PROBE_KEPT] > probe->newest_ns)) {
        probe->back = true;
        probe->newest_ns = probe->sent_ns[number % PATH_PROBE_KEPT];
    }
    pthread_mutex_unlock(&probe->lock);
    counters_add(probe->counters,
                 ours ? COUNTER_INGEST_PROBES_RETURNED : COUNTER_INGEST_PROBES_FOREIGN, 1);
    return true;
}

void path_probe_tick(struct path_probe *probe, int64_t now_ns, enum record_probe *ret_probe,
                     uint32_t *ret_ms)
{
    pthread_mutex_lock(&probe->lock);
    int64_t ms = (now_ns - probe->newest_ns) / 1000000;
    *ret_probe = !probe->enabled                                      ? RECORD_PROBE_NONE
                 : probe->publish_refused || probe->subscribe_refused ? RECORD_PROBE_REFUSED
                                                                      : RECORD_PROBE_SENT;
    *ret_ms = !probe->back           ? RECORD_NO_PROBE
              : ms < 0               ? 0
              : ms < RECORD_NO_PROBE ? (uint32_t)ms
                                     : RECORD_NO_PROBE - 1;
    pthread_mutex_unlock(&probe->lock);
}
