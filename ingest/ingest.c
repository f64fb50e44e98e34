#include "ingest/ingest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/command_socket.h"
#include "ingest/intake.h"
#include "ingest/model.h"
#include "ingest/mqtt_client.h"
#include "ingest/retention.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"
#include "schemas/json/json.h"

#define PROGRAM "ingest"
#define NS_PER_S 1000000000LL

enum {
    PATH_BYTES = 4200,
    POLL_MS_MAX =
        200, /* a signal may be taken by another thread, so look at the flags this often */
    RETRY_POLL_MS = 50, /* while a connection attempt may be due */
    SILENT_S = 60,      /* connected without a message for this long is reported */
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
    struct model model;      /* in force */
    uint64_t model_at_bytes; /* intake_bytes when its record was written */
    struct mqtt_settings settings;
    struct mqtt_filters filters;
    struct mqtt_client *client;
    struct command_socket *socket;
    struct json_parser *json;
    struct retention retention;
    uint64_t messages_seen; /* COUNTER_INGEST_MESSAGES at the last look */
    int64_t silent_since_ns;
    bool silence_told;
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

static void on_message(void *arg, const struct mqtt_message *message)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    if (!intake_message(ingest->intake,
                        &(struct intake_message){.topic = message->topic,
                                                 .payload = message->payload,
                                                 .qos = message->qos,
                                                 .retained = message->retained,
                                                 .dup = message->dup},
                        &err))
        stop_at_once(&err);
}

static void on_connected(void *arg, bool session_present, const char *address)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    report(REPORT_INFO, PROGRAM, "connected", "broker=%s client_id=%s session_present=%d", address,
           ingest->settings.client_id, session_present);
    if (!intake_connected(ingest->intake, session_present, str_of(address), &err))
        stop_at_once(&err);
}

static void on_subscribed(void *arg, const char *filter, int code)
{
    struct ingest *ingest = arg;
    struct error err = {0};
    char quoted[256];
    report_quote(filter, quoted, sizeof quoted);
    if (code == 1)
        report(REPORT_INFO, PROGRAM, "subscribed", "filter=\"%s\"", quoted);
    else
        report(REPORT_ERROR, PROGRAM, "subscription_refused", "filter=\"%s\" code=%d text=\"%s\"",
               quoted, code,
               code < 0x80 ? "granted without QoS 1: messages could be lost"
                           : "the broker gives nothing for this filter");
    if (!intake_subscribed(ingest->intake, str_of(filter), code, &err))
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

/* ---- commands ------------------------------------------------------------------------------- */

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

/* ---- the venue model ------------------------------------------------------------------------ */

static void report_problems(const char *file, const struct problems *problems)
{
    char name[256], text[PROBLEM_BYTES];
    report_quote(file, name, sizeof name);
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        const struct problem *problem = &problems->problem[i];
        report(problem->warning ? REPORT_WARN : REPORT_ERROR, PROGRAM, "venue_problem",
               "file=\"%s\" line=%u column=%u text=\"%s\"", name, problem->line, problem->column,
               report_quote(problem->text, text, sizeof text));
    }
}

static bool append_model(struct ingest *ingest, const struct model *model, struct error *err)
{
    struct record_model record = {.hash = model->hash,
                                  .source = {model->source, model->len},
                                  .path = str_of(ingest->config->venue_file)};
    if (!intake_model(ingest->intake, &record, err))
        return false;
    ingest->model_at_bytes = intake_bytes(ingest->intake);
    report(REPORT_INFO, PROGRAM, "venue_model",
           "venue=" STR_FMT " hash=%016llx zones=%u sensors=%u rules=%u", STR_ARG(model->venue->id),
           (unsigned long long)model->hash, model->venue->zone_count, model->venue->sensor_count,
           model->venue->rule_count);
    return true;
}

/* At start: the file's model, or, when the file is refused, the one in the log: readings are taken
 * in any case. Returns the exit code, 0 to go on. */
static int start_model(struct ingest *ingest)
{
    struct error err = {0}, log_err = {0};
    struct problems *problems = calloc(1, sizeof *problems);
    struct model logged = {0};
    if (!problems)
        return 1;
    bool from_file = model_from_file(ingest->config, &ingest->model, problems, &err);
    report_problems(ingest->config->venue_file, problems);
    free(problems);
    bool in_log = ingest->recovery.last_seq > 0 &&
                  model_from_log(ingest->log_dir, ingest->recovery.last_seq, &logged, &log_err);
    if (!from_file) {
        counters_add(ingest->counters, COUNTER_INGEST_MODEL_REJECTED, 1);
        report_error(PROGRAM, "venue_refused", &err);
        if (!in_log)
            return 2;
        report(REPORT_ERROR, PROGRAM, "venue_kept",
               "hash=%016llx text=\"going on with the last model of the log\"",
               (unsigned long long)logged.hash);
        ingest->model = logged;
        return 0;
    }
    bool same = in_log && logged.hash == ingest->model.hash;
    if (in_log)
        model_free(&logged);
    if (!same && !append_model(ingest, &ingest->model, &err)) {
        report_error(PROGRAM, "log_failed", &err);
        return 1;
    }
    return 0;
}

/* On SIGHUP. A refused file changes nothing. */
static void reload_model(struct ingest *ingest)
{
    struct error err = {0};
    struct model model = {0};
    struct problems *problems = calloc(1, sizeof *problems);
    bool ok = problems ? model_from_file(ingest->config, &model, problems, &err)
                       : error_set(&err, ERROR_NO_MEMORY, 0, "venue problems");
    if (problems)
        report_problems(ingest->config->venue_file, problems);
    free(problems);
    assert(!ok || model.venue);
    if (ok && !str_equal(model.venue->id, ingest->model.venue->id)) {
        ok = error_set(&err, ERROR_MODEL, 0,
                       "the venue's id is now \"" STR_FMT "\": another venue needs another state "
                       "directory and a restart",
                       STR_ARG(model.venue->id));
        model_free(&model);
    }
    if (!ok) {
        counters_add(ingest->counters, COUNTER_INGEST_MODEL_REJECTED, 1);
        report_error(PROGRAM, "venue_refused", &err);
        report(REPORT_ERROR, PROGRAM, "venue_kept",
               "hash=%016llx text=\"the old model stays in force\"",
               (unsigned long long)ingest->model.hash);
        return;
    }
    if (model.hash == ingest->model.hash) {
        report(REPORT_INFO, PROGRAM, "venue_unchanged", "hash=%016llx",
               (unsigned long long)model.hash);
        model_free(&model);
        return;
    }
    if (!append_model(ingest, &model, &err))
        stop_at_once(&err);
    model_free(&ingest->model);
    ingest->model = model;
}

/* ---- the main loop -------------------------------------------------------------------------- */

/* Connected but no data: not an error of ours, and worth saying. */
static void watch_silence(struct ingest *ingest, bool ready)
{
    uint64_t messages = counters_get(ingest->counters, COUNTER_INGEST_MESSAGES);
    int64_t now_ns = clock_boot_ns();
    if (!ready || messages != ingest->messages_seen) {
        ingest->messages_seen = messages;
        ingest->silent_since_ns = now_ns;
        ingest->silence_told = false;
    } else if (!ingest->silence_told && now_ns - ingest->silent_since_ns >= SILENT_S * NS_PER_S) {
        ingest->silence_told = true;
        report(REPORT_WARN, PROGRAM, "connected_without_data",
               "seconds=%d text=\"subscribed, yet no message comes: look at the sensors, their "
               "topics and the broker's access rules\"",
               SILENT_S);
    }
}

static void each_second(struct ingest *ingest, uint64_t ticks)
{
    struct error err = {0};
    bool ready = mqtt_client_state(ingest->client) == MQTT_READY;
    if (!intake_tick(ingest->intake, ready, &err) || !intake_healthy(ingest->intake, &err))
        stop_at_once(&err);
    counters_alive(ingest->counters);
    watch_silence(ingest, ready);
    if (ticks % RETENTION_S == 0 && !retention_apply(&ingest->retention, &err))
        stop_at_once(&err);
    if (intake_bytes(ingest->intake) - ingest->model_at_bytes >= MODEL_REPEAT_BYTES &&
        !append_model(ingest, &ingest->model, &err))
        stop_at_once(&err);
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
            reload_model(ingest);
        }
        int64_t now_ns = intake_now_ns(ingest->intake);
        if (now_ns >= tick_ns) {
            each_second(ingest, ticks++);
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
    if (!config_state_path(config, "readings", true, ingest->log_dir, PATH_BYTES, err) ||
        !config_state_path(config, "cursors", true, ingest->cursors_dir, PATH_BYTES, err) ||
        !config_state_path(config, "command.sock", true, ingest->socket_path, PATH_BYTES, err))
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

static bool open_mqtt(struct ingest *ingest, struct error *err)
{
    struct str venue_id = ingest->model.venue->id;
    return mqtt_settings_from(ingest->config, venue_id, "", &ingest->settings, err) &&
           mqtt_settings_files(&ingest->settings, err) &&
           mqtt_filters_from(ingest->config, venue_id, &ingest->filters, err) &&
           mqtt_client_open(
               &(struct mqtt_client_options){
                   .settings = &ingest->settings,
                   .filters = &ingest->filters,
                   .handler = {ingest, on_message, on_connected, on_subscribed, on_disconnected},
                   .want_retained = ingest->recovery.last_seq == 0,
                   .seed = (uint64_t)clock_wall_ns() ^ (uint64_t)getpid(),
               },
               &ingest->client, err);
}

static int start(struct ingest *ingest)
{
    struct error err = {0};
    if (!make_paths(ingest, &err) || !open_log(ingest, &err) ||
        !counters_open(ingest->config->state_dir, PROGRAM_INGEST, &ingest->counters, &err) ||
        !intake_open(
            &(struct intake_options){
                .writer = ingest->writer,
                .recovery = &ingest->recovery,
                .counters = ingest->counters,
                .max_message_bytes = (uint32_t)ingest->config->max_message_bytes,
            },
            &ingest->intake, &err))
        goto fail;
    int code = start_model(ingest);
    if (code)
        return code;
    ingest->json = json_parser_new(COMMAND_LINE_BYTES_MAX);
    if (!ingest->json) {
        (void)error_set(&err, ERROR_NO_MEMORY, 0, "JSON parser");
        goto fail;
    }
    if (!command_socket_open(&(struct command_socket_options){.path = ingest->socket_path,
                                                              .handle = on_command,
                                                              .arg = ingest},
                             &ingest->socket, &err) ||
        !open_mqtt(ingest, &err))
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
    int code = start(ingest);
    if (code == 0)
        code = loop(ingest);
    mqtt_client_close(ingest->client); /* first: after it nobody else writes to the log */
    command_socket_close(ingest->socket);
    mqtt_filters_free(&ingest->filters);
    intake_close(ingest->intake);
    if (ingest->writer) /* the parting record came after the last tick */
        counters_set(ingest->counters, COUNTER_INGEST_LOG_SEQ, log_writer_last_seq(ingest->writer));
    log_writer_close(ingest->writer);
    counters_set(ingest->counters, COUNTER_INGEST_CONNECTED, 0);
    counters_close(ingest->counters);
    json_parser_free(ingest->json);
    if (ingest->model.venue)
        model_free(&ingest->model);
    free(ingest);
    report(REPORT_INFO, PROGRAM, "ended", "code=%d", code);
    return code;
}
