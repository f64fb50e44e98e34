#include "ingest/ingest.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/command_socket.h"
#include "ingest/intake.h"
#include "ingest/local_time.h"
#include "ingest/mqtt_client.h"
#include "ingest/path_probe.h"
#include "ingest/privacy.h"
#include "ingest/retention.h"
#include "ingest/silence.h"
#include "ingest/venue_in_force.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"
#include "schemas/json/json.h"
#include "schemas/yaml/tree.h"

#define PROGRAM "ingest"
#define NS_PER_S 1000000000LL

enum {
    PATH_BYTES = 4200,
    POLL_MS_MAX =
        200, /* a signal may be taken by another thread, so look at the flags this often */
    RETRY_POLL_MS = 50, /* while a connection attempt may be due */
    COMMAND_FIELDS_MAX = 64,
    MIB = 1024 * 1024,
};

struct ingest {
    const struct ingest_options *options;
    const struct config *config;
    char log_dir[PATH_BYTES], cursors_dir[PATH_BYTES], socket_path[PATH_BYTES];
    struct log_writer *writer;
    struct log_recovery recovery;
    struct counters *counters;
    struct intake *intake;
    struct venue_in_force venue;
    struct mqtt_settings settings;
    struct privacy *privacy;
    pthread_mutex_t in_force; /* around the venue in force and what is appended under it */
    struct mqtt_client *client;
    struct command_socket *socket;
    struct json_parser *json;
    struct retention retention;
    struct silence silence;
    struct path_probe probe;
    struct local_time local_time;
};

/* The log takes nothing more. Whoever is here, in whatever thread: nothing may be acknowledged from
   now on, so the process ends without returning. The broker keeps what has no acknowledgement and
   gives it to the next ingest. */
_Noreturn static void stop_at_once(const struct error *err)
{
    report_error(PROGRAM, "log_failed", err);
    report(REPORT_ERROR, PROGRAM, "stopped",
           "text=\"%s; unacknowledged messages stay at the broker\"",
           err->code == ERROR_NO_SPACE ? "the disk is full: free space or lower log.*_max_mb"
                                       : "the log can't be written");
    _exit(1);
}

/* ---- the MQTT library's thread -------------------------------------------------------------- */

/* What the broker says of itself is no message of a sensor, and none of the books. */
static bool drops_take(struct ingest *ingest, const struct mqtt_message *message)
{
    int64_t dropped;
    if (!str_is(message->topic, MQTT_DROPS_TOPIC))
        return false;
    if (tree_parse_int(message->payload, &dropped) && dropped >= 0)
        intake_broker_dropped(ingest->intake, (uint64_t)dropped);
    return true;
}

static void on_message(void *arg, const struct mqtt_message *message)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    struct record_withheld withheld;
    struct intake_message kept = {.topic = message->topic,
                                  .payload = message->payload,
                                  .qos = message->qos,
                                  .retained = message->retained,
                                  .dup = message->dup,
                                  .content_type = message->content_type};
    if (drops_take(ingest, message) ||
        (!message->retained && path_probe_take(&ingest->probe, message->topic, message->payload)))
        return;
    pthread_mutex_lock(&ingest->in_force);
    bool ok = privacy_take(ingest->privacy, ingest->venue.model.venue, &kept, &withheld) ==
                      PRIVACY_WITHHELD
                  ? intake_withheld(ingest->intake, &withheld, &err)
                  : intake_message(ingest->intake, &kept, &err);
    pthread_mutex_unlock(&ingest->in_force);
    if (!ok)
        stop_at_once(&err);
}

static void on_connected(void *arg, bool session_present, const char *address)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    report(REPORT_INFO, PROGRAM, "connected", "broker=%s client_id=%s session_present=%d", address,
           ingest->settings.client_id, session_present);
    path_probe_connected(&ingest->probe);
    if (!intake_connected(ingest->intake, session_present, str_of(address), &err))
        stop_at_once(&err);
}

static void on_subscribed(void *arg, const char *filter, bool optional, int code)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    char quoted[256];
    report_quote(filter, quoted, sizeof quoted);
    const bool probe = strcmp(filter, ingest->probe.topic) == 0;
    if (probe)
        path_probe_subscribed(&ingest->probe, code);
    if (code == 1)
        report(REPORT_INFO, PROGRAM, "subscribed", "filter=\"%s\"", quoted);
    else if (optional)
        report(REPORT_INFO, PROGRAM, "subscription_refused", "filter=\"%s\" code=%d text=\"%s\"",
               quoted, code,
               probe ? "no probe can come back: only the connection tells whether all is heard"
                     : "the broker does not tell what it drops");
    else
        report(REPORT_ERROR, PROGRAM, "subscription_refused", "filter=\"%s\" code=%d text=\"%s\"",
               quoted, code,
               code < 0x80 ? "granted without QoS 1: messages could be lost"
                           : "the broker gives nothing for this filter");
    if (!intake_subscribed(ingest->intake, str_of(filter), optional, code, &err))
        stop_at_once(&err);
}

static void on_disconnected(void *arg, int code, const char *reason)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    char quoted[256];
    report(*ingest->options->stop ? REPORT_INFO : REPORT_WARN, PROGRAM, "disconnected",
           "code=%d reason=\"%s\"", code, report_quote(reason, quoted, sizeof quoted));
    if (!intake_disconnected(ingest->intake, code, str_of(reason), &err))
        stop_at_once(&err);
}

static void on_answered(void *arg, int code)
{
    struct ingest *ingest = arg;
    if (!path_probe_answered(&ingest->probe, code))
        return;
    if (code)
        report(REPORT_WARN, PROGRAM, "probe_refused",
               "topic=\"%s\" code=%d text=\"the broker passes our probes to nobody: let ingest "
               "publish there, or set mqtt.probe: no\"",
               ingest->probe.topic, code);
    else
        report(REPORT_INFO, PROGRAM, "probe_accepted", "topic=\"%s\"", ingest->probe.topic);
}

/* ---- commands ------------------------------------------------------------------------------- */

static bool is_operator(void *arg, uint32_t uid)
{
    const struct ingest *ingest = arg;
    return venue_operator_of_uid(ingest->venue.model.venue, uid, (struct str){0}) != UINT32_MAX;
}

/* Who may do what is the core's to say. Here the line is made durable before it is acknowledged,
   as a message of the broker would be with log.sync: every. */
static void on_command(void *arg, const struct command_peer *peer, struct str line,
                       struct text *reply)
{
    struct ingest *ingest = arg;
    struct json_field fields[COMMAND_FIELDS_MAX];
    size_t count = 0;
    enum json_status status = json_parse_flat(ingest->json, (const uint8_t *)line.at, line.len,
                                              fields, COMMAND_FIELDS_MAX, &count);
    if (status != JSON_OK) {
        text_add(reply, "{\"ok\":false,\"reason\":");
        text_add_json(reply, str_of(json_status_text(status)));
        text_add_char(reply, '}');
        return;
    }
    struct error err = {0};
    uint64_t seq = 0;
    const struct record_command command = {
        .by = RECORD_COMMAND_LOCAL, .uid = peer->uid, .pid = peer->pid, .text = line};
    if (!intake_command(ingest->intake, &command, &seq, &err))
        stop_at_once(&err);
    text_add(reply, "{\"ok\":true,\"seq\":");
    text_add_u64(reply, seq);
    text_add_char(reply, '}');
}

/* ---- the main loop -------------------------------------------------------------------------- */

static void watch_silence(struct ingest *ingest, bool ready)
{
    uint64_t messages = counters_get(ingest->counters, COUNTER_INGEST_MESSAGES);
    if (silence_begins(&ingest->silence, ready, messages, clock_boot_ns()))
        report(REPORT_WARN, PROGRAM, "connected_without_data",
               "seconds=%d text=\"subscribed, yet no message comes: look at the sensors, their "
               "topics and the broker's access rules\"",
               SILENCE_S);
}

/* What became of the probes so far, for the tick that follows; and the next one. With no lock held:
 * the library waits for the handler. */
static void probe_path(struct ingest *ingest)
{
    char payload[PATH_PROBE_BYTES];
    enum record_probe probe;
    uint32_t probe_ms;
    path_probe_tick(&ingest->probe, clock_boot_ns(), &probe, &probe_ms);
    intake_probe(ingest->intake, probe, probe_ms);
    if (mqtt_client_state(ingest->client) != MQTT_READY ||
        !path_probe_next(&ingest->probe, clock_boot_ns(), payload))
        return;
    if (!mqtt_client_send(ingest->client, ingest->probe.topic, str_of(payload)))
        path_probe_unsent(&ingest->probe);
}

static void each_second(struct ingest *ingest, int64_t now_ns, uint64_t ticks)
{
    struct error err = {0};
    bool ready = mqtt_client_state(ingest->client) == MQTT_READY;
    int32_t utc_offset_s =
        local_time_offset_s(&ingest->local_time, ingest->venue.model.venue->time_zone, now_ns);
    pthread_mutex_lock(&ingest->in_force);
    privacy_clock(ingest->privacy, clock_wall_ns(), utc_offset_s);
    pthread_mutex_unlock(&ingest->in_force);
    probe_path(ingest);
    if (!intake_tick(ingest->intake, ready, utc_offset_s, &err) ||
        !intake_healthy(ingest->intake, &err))
        stop_at_once(&err);
    counters_alive(ingest->counters);
    watch_silence(ingest, ready);
    if (ticks % RETENTION_S == 0 && !retention_apply(&ingest->retention, &err))
        stop_at_once(&err);
    if (!venue_in_force_repeat(&ingest->venue, &err))
        stop_at_once(&err);
}

static void report_overlap(const struct mqtt_filters *filters)
{
    const char *a, *b;
    char quoted_a[256], quoted_b[256];
    if (filters->widened)
        report(
            REPORT_INFO, PROGRAM, "filters_widened",
            "times=%u text=\"payload maps' topics overlap: what is subscribed in their place may "
            "bring topics that no map reads\"",
            filters->widened);
    if (mqtt_filters_overlap(filters, &a, &b))
        report(REPORT_WARN, PROGRAM, "filters_overlap",
               "filter=\"%s\" other=\"%s\" text=\"a broker may deliver what fits both twice, and "
               "counters of passages would count it twice\"",
               report_quote(a, quoted_a, sizeof quoted_a),
               report_quote(b, quoted_b, sizeof quoted_b));
}

/* The model that is in force now may want other topics. When they can't be had, the old ones go on.
 */
static void resubscribe(struct ingest *ingest)
{
    struct error err = {0};
    struct mqtt_filters filters;
    const struct venue *venue = ingest->venue.model.venue;
    path_probe_at(&ingest->probe, venue->id, ingest->settings.client_id);
    if (!mqtt_filters_wanted(ingest->config, venue->id, ingest->settings.client_id, venue->payloads,
                             &filters, &err)) {
        report_error(PROGRAM, "filters_kept", &err);
        return;
    }
    report_overlap(&filters);
    if (!mqtt_client_filters(ingest->client, &filters, &err))
        report_error(PROGRAM, "filters_kept", &err);
    mqtt_filters_free(&filters);
}

static void reload(struct ingest *ingest)
{
    struct error err = {0};
    uint64_t before = ingest->venue.model.hash;
    struct model next;
    if (!venue_in_force_read(&ingest->venue, &next))
        return;
    pthread_mutex_lock(&ingest->in_force);
    bool ok = venue_in_force_take(&ingest->venue, &next, &err);
    pthread_mutex_unlock(&ingest->in_force);
    if (!ok)
        stop_at_once(&err);
    if (ingest->venue.model.hash != before)
        resubscribe(ingest);
}

static int loop(struct ingest *ingest)
{
    struct error err = {0};
    int64_t tick_ns = 0; /* log time of the next tick: the first comes at once */
    for (uint64_t ticks = 0; !*ingest->options->stop;) {
        if (!mqtt_client_poll(ingest->client, &err)) {
            report_error(PROGRAM, "mqtt_stuck", &err);
            return 1;
        }
        if (*ingest->options->reload) {
            *ingest->options->reload = 0;
            reload(ingest);
        }
        int64_t now_ns = intake_now_ns(ingest->intake);
        if (now_ns >= tick_ns) {
            each_second(ingest, now_ns, ticks++);
            tick_ns = (now_ns / NS_PER_S + 1) * NS_PER_S;
        }
        int64_t wait_ms = (tick_ns - now_ns) / 1000000 + 1;
        int64_t most_ms =
            mqtt_client_state(ingest->client) == MQTT_READY ? POLL_MS_MAX : RETRY_POLL_MS;
        struct pollfd fds[COMMAND_SOCKET_FDS_MAX];
        uint32_t count = command_socket_fds(ingest->socket, fds);
        int ready = poll(fds, count, (int)(wait_ms < most_ms ? wait_ms : most_ms));
        if (ready > 0 || (ready == 0 && count > 1))
            command_socket_serve(ingest->socket, fds, count);
    }
    return 0;
}

/* ---- start and end -------------------------------------------------------------------------- */

static bool make_paths(struct ingest *ingest, struct error *err)
{
    const struct config *config = ingest->config;
    if (!config_state_path(config, "readings", ingest->log_dir, PATH_BYTES, err) ||
        !config_state_path(config, "cursors", ingest->cursors_dir, PATH_BYTES, err) ||
        !config_state_path(config, "command.sock", ingest->socket_path, PATH_BYTES, err))
        return false;
    if (config->command_socket[0])
        (void)snprintf(ingest->socket_path, PATH_BYTES, "%s", config->command_socket);
    if (mkdir(ingest->cursors_dir, 0750) != 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", ingest->cursors_dir);
    return true;
}

static bool open_log(struct ingest *ingest, struct error *err)
{
    const struct config *config = ingest->config;
    bool every = str_is(str_of(config->log_sync), "every");
    if (!every && !str_is(str_of(config->log_sync), "timer"))
        return error_set(err, ERROR_CONFIG, 0, "log.sync \"%s\": expected timer or every",
                         config->log_sync);
    struct log_writer_options options = {
        .dir = ingest->log_dir,
        .segment_bytes = (uint64_t)config->log_segment_mb * MIB,
        .sync = every ? LOG_SYNC_EVERY : LOG_SYNC_TIMER,
        .sync_ms = (uint32_t)config->log_sync_ms,
    };
    struct log_recovery *found = &ingest->recovery;
    if (!log_writer_open(&options, &ingest->writer, found, err))
        return false;
    report(found->bytes_cut || found->power_cut_possible ? REPORT_WARN : REPORT_INFO, PROGRAM,
           "log_open",
           "epoch=%u last_seq=%llu created=%d rewritten=%llu bytes_cut=%llu power_cut_possible=%d",
           found->epoch, (unsigned long long)found->last_seq, found->created,
           (unsigned long long)found->records_rewritten, (unsigned long long)found->bytes_cut,
           found->power_cut_possible);
    if (found->unsuitable_fs)
        report(REPORT_WARN, PROGRAM, "file_system",
               "text=\"network or copy-on-write: what survives a power cut is less certain\"");
    return true;
}

/* gone: what the session at the broker may still have by the model before; NULL: there was none. */
static bool open_client(struct ingest *ingest, const struct mqtt_filters *gone, struct error *err)
{
    const struct venue *venue = ingest->venue.model.venue;
    struct mqtt_filters filters;
    path_probe_at(&ingest->probe, venue->id, ingest->settings.client_id);
    if (!mqtt_filters_wanted(ingest->config, venue->id, ingest->settings.client_id, venue->payloads,
                             &filters, err))
        return false;
    report_overlap(&filters);
    bool ok = mqtt_client_open(
        &(struct mqtt_client_options){
            .settings = &ingest->settings,
            .filters = &filters,
            .gone = gone,
            .handler = {ingest, on_message, on_connected, on_subscribed, on_disconnected,
                        on_answered},
            .want_retained = ingest->recovery.last_seq == 0,
            .seed = (uint64_t)clock_wall_ns() ^ (uint64_t)getpid(),
        },
        &ingest->client, err);
    mqtt_filters_free(&filters);
    return ok;
}

static bool open_mqtt(struct ingest *ingest, struct error *err)
{
    const struct venue *before = ingest->venue.before.venue;
    struct str venue_id = ingest->venue.model.venue->id;
    struct mqtt_filters gone = {0};
    path_probe_start(&ingest->probe, ingest->config->mqtt_probe,
                     (uint64_t)clock_wall_ns() ^ (uint64_t)getpid() << 48, ingest->counters);
    bool ok =
        mqtt_settings_from(ingest->config, venue_id, "", &ingest->settings, err) &&
        mqtt_settings_files(&ingest->settings, err) &&
        (!before || mqtt_filters_wanted(ingest->config, before->id, ingest->settings.client_id,
                                        before->payloads, &gone, err)) &&
        open_client(ingest, &gone, err);
    mqtt_filters_free(&gone);
    return ok;
}

static bool open_privacy(struct ingest *ingest, struct error *err)
{
    const struct config *config = ingest->config;
    if (!privacy_open(
            &(struct privacy_options){.secret = config->privacy_key,
                                      .rotate_h = (uint32_t)config->privacy_rotate_h,
                                      .max_message_bytes = (uint32_t)config->max_message_bytes},
            &ingest->privacy, err))
        return false;
    int64_t now_ns = intake_now_ns(ingest->intake);
    privacy_clock(
        ingest->privacy, clock_wall_ns(),
        local_time_offset_s(&ingest->local_time, ingest->venue.model.venue->time_zone, now_ns));
    return true;
}

static int start(struct ingest *ingest)
{
    struct error err = {0};
    if (!counters_open(ingest->config->state_dir, PROGRAM_INGEST, &ingest->counters, &err) ||
        !make_paths(ingest, &err) || !open_log(ingest, &err) ||
        !intake_open(
            &(struct intake_options){
                .writer = ingest->writer,
                .recovery = &ingest->recovery,
                .counters = ingest->counters,
                .max_message_bytes = (uint32_t)ingest->config->max_message_bytes,
            },
            &ingest->intake, &err))
        goto fail;
    ingest->venue = (struct venue_in_force){.config = ingest->config,
                                            .counters = ingest->counters,
                                            .intake = ingest->intake,
                                            .log_dir = ingest->log_dir,
                                            .last_seq = ingest->recovery.last_seq};
    int code = venue_in_force_start(&ingest->venue);
    if (code)
        return code;
    ingest->json = json_parser_new(COMMAND_LINE_BYTES_MAX);
    if (!ingest->json) {
        (void)error_set(&err, ERROR_NO_MEMORY, 0, "JSON parser");
        goto fail;
    }
    if (!command_socket_open(&(struct command_socket_options){.path = ingest->socket_path,
                                                              .handle = on_command,
                                                              .may = is_operator,
                                                              .arg = ingest},
                             &ingest->socket, &err) ||
        !open_privacy(ingest, &err) || !open_mqtt(ingest, &err))
        goto fail;
    ingest->retention = (struct retention){.config = ingest->config,
                                           .intake = ingest->intake,
                                           .counters = ingest->counters,
                                           .writer = ingest->writer,
                                           .cursors_dir = ingest->cursors_dir};
    return 0;

fail:
    report_error(PROGRAM, "not_started", &err);
    return err.code == ERROR_CONFIG ? 2 : 1;
}

int ingest_run(const struct ingest_options *options)
{
    struct ingest *ingest = calloc(1, sizeof *ingest);
    if (!ingest)
        return 1;
    ingest->options = options;
    ingest->config = options->config;
    pthread_mutex_init(&ingest->in_force, NULL);
    int code = start(ingest);
    if (code == 0)
        code = loop(ingest);
    mqtt_client_close(ingest->client); /* first: after it nobody else writes to the log */
    path_probe_end(&ingest->probe);
    command_socket_close(ingest->socket);
    privacy_close(ingest->privacy);
    intake_close(ingest->intake);
    if (ingest->writer) /* the parting record came after the last tick */
        counters_set(ingest->counters, COUNTER_INGEST_LOG_SEQ, log_writer_last_seq(ingest->writer));
    log_writer_close(ingest->writer);
    counters_set(ingest->counters, COUNTER_INGEST_CONNECTED, 0);
    counters_close(ingest->counters);
    json_parser_free(ingest->json);
    venue_in_force_free(&ingest->venue);
    pthread_mutex_destroy(&ingest->in_force);
    free(ingest);
    report(REPORT_INFO, PROGRAM, "ended", "code=%d", code);
    return code;
}
