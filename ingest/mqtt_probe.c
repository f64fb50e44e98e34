#include "ingest/mqtt_probe.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "ingest/mqtt_client.h"
#include "ingest/path_probe.h"
#include "schemas/base/clock.h"

enum { PROBE_STEP_NS = 20 * 1000000 };

struct probe {
    pthread_mutex_t lock;
    char reason[256]; /* the newest failure */
    bool denied;
    bool failed; /* one attempt is enough to tell */
    struct path_probe path;
};

static void on_message(void *arg, const struct mqtt_message *message)
{
    struct probe *probe =
        arg; /* sensors' messages are a trial session's copy: ingest has its own */
    (void)path_probe_take(&probe->path, message->topic, message->payload);
}

static void on_answered(void *arg, int code)
{
    struct probe *probe = arg;
    (void)path_probe_answered(&probe->path, code);
}

static void on_connected(void *arg, bool session_present, const char *address)
{
    (void)arg, (void)session_present, (void)address;
}

static void on_subscribed(void *arg, const char *filter, bool optional, int code)
{
    struct probe *probe = arg;
    if (code == 1 || optional)
        return;
    pthread_mutex_lock(&probe->lock);
    probe->denied = true;
    (void)snprintf(probe->reason, sizeof probe->reason,
                   code == 0 ? "subscription to %.150s granted with QoS 0 only (code %d)"
                             : "subscription to %.150s refused (code %d)",
                   filter, code);
    pthread_mutex_unlock(&probe->lock);
}

static void on_disconnected(void *arg, int code, const char *reason)
{
    struct probe *probe = arg;
    pthread_mutex_lock(&probe->lock);
    (void)snprintf(probe->reason, sizeof probe->reason, "%s", reason);
    probe->denied |= code > 0; /* a CONNACK or DISCONNECT code: the broker's own decision */
    probe->failed = true;
    pthread_mutex_unlock(&probe->lock);
}

static bool has_failed(struct probe *probe)
{
    pthread_mutex_lock(&probe->lock);
    bool failed = probe->failed;
    pthread_mutex_unlock(&probe->lock);
    return failed;
}

/* Sends one message to ourselves and waits for it. */
static enum mqtt_probe_back there_and_back(struct probe *probe, struct mqtt_client *client)
{
    char payload[PATH_PROBE_BYTES];
    if (!path_probe_next(&probe->path, clock_boot_ns(), payload))
        return MQTT_PROBE_NOT_SENT;
    if (!mqtt_client_send(client, probe->path.topic, str_of(payload)))
        return MQTT_PROBE_LOST;
    int64_t until_ns = clock_boot_ns() + INT64_C(1000000000) * MQTT_PROBE_BACK_S;
    while (clock_boot_ns() < until_ns) {
        enum record_probe state;
        uint32_t ms;
        path_probe_tick(&probe->path, clock_boot_ns(), &state, &ms);
        if (ms != RECORD_NO_PROBE)
            return MQTT_PROBE_CAME_BACK;
        if (state == RECORD_PROBE_REFUSED)
            return MQTT_PROBE_REFUSED;
        nanosleep(&(struct timespec){.tv_nsec = PROBE_STEP_NS}, NULL);
    }
    return MQTT_PROBE_LOST;
}

bool mqtt_probe(const struct config *config, const struct venue *venue, unsigned timeout_s,
                enum mqtt_probe_back *ret_back, struct error *err)
{
    struct probe probe = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct mqtt_settings settings;
    struct mqtt_filters filters;
    struct mqtt_client *client = NULL;
    if (!mqtt_settings_from(config, venue->id, "-check", &settings, err) ||
        !mqtt_settings_files(&settings, err) ||
        !mqtt_filters_wanted(config, venue->id, settings.client_id, venue->payloads, &filters, err))
        return false;
    path_probe_start(&probe.path, config->mqtt_probe, (uint64_t)clock_wall_ns(), NULL);
    path_probe_at(&probe.path, venue->id, settings.client_id);
    bool ok = mqtt_client_open(
        &(struct mqtt_client_options){.settings = &settings,
                                      .filters = &filters,
                                      .handler = {&probe, on_message, on_connected, on_subscribed,
                                                  on_disconnected, on_answered},
                                      .trial = true},
        &client, err);
    int64_t until_ns = clock_boot_ns() + (int64_t)timeout_s * 1000000000;
    enum mqtt_state state = MQTT_WAITING;
    while (ok && clock_boot_ns() < until_ns) {
        ok = mqtt_client_poll(client, err);
        state = mqtt_client_state(client);
        if (state == MQTT_READY || state == MQTT_REFUSED || has_failed(&probe))
            break;
        nanosleep(&(struct timespec){.tv_nsec = PROBE_STEP_NS}, NULL);
    }
    if (ok && state != MQTT_READY) {
        pthread_mutex_lock(&probe.lock);
        ok = error_set(err, probe.denied ? ERROR_REMOTE_DENIED : ERROR_NETWORK, 0, "%s: %s",
                       config->mqtt_url, probe.reason[0] ? probe.reason : "no answer in time");
        pthread_mutex_unlock(&probe.lock);
    }
    if (ok)
        *ret_back = there_and_back(&probe, client);
    mqtt_client_close(client);
    path_probe_end(&probe.path);
    mqtt_filters_free(&filters);
    return ok;
}
