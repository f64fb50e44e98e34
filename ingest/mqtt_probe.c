#include "ingest/mqtt_probe.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "ingest/mqtt_client.h"
#include "schemas/base/clock.h"

enum { PROBE_STEP_NS = 20 * 1000000 };

struct probe {
    pthread_mutex_t lock;
    char reason[256]; /* the newest failure */
    bool denied;
    bool failed; /* one attempt is enough to tell */
};

static void on_message(void *arg, const struct mqtt_message *message)
{
    (void)arg, (void)message; /* a trial session's copy: ingest gets its own */
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

bool mqtt_probe(const struct config *config, const struct venue *venue, unsigned timeout_s,
                struct error *err)
{
    struct probe probe = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct mqtt_settings settings;
    struct mqtt_filters filters;
    struct mqtt_client *client = NULL;
    if (!mqtt_settings_from(config, venue->id, "-check", &settings, err) ||
        !mqtt_settings_files(&settings, err) ||
        !mqtt_filters_wanted(config, venue->id, settings.client_id, venue->payloads, &filters, err))
        return false;
    bool ok = mqtt_client_open(
        &(struct mqtt_client_options){
            .settings = &settings,
            .filters = &filters,
            .handler = {&probe, on_message, on_connected, on_subscribed, on_disconnected, NULL},
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
    mqtt_client_close(client);
    mqtt_filters_free(&filters);
    return ok;
}
