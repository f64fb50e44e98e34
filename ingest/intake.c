#include "ingest/intake.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "schemas/base/clock.h"

enum { FIXED_BYTES_MAX = 256 }; /* of any record body beside topic, payload, detail and source */

struct intake {
    struct intake_options options;
    pthread_mutex_t lock; /* guards all that follows, and the writer */
    struct log_clock clock;
    uint64_t messages;
    uint64_t bytes;
    uint64_t broker_dropped; /* as the broker said; RECORD_NO_COUNT: it has not */
    enum record_probe probe;
    uint32_t probe_ms;
    uint8_t *body; /* scratch */
    size_t body_cap;
};

/* With the lock held: puts the record that lies in intake->body into the log. */
static bool append_flagged(struct intake *intake, uint16_t type, uint16_t flags, uint32_t len,
                           int64_t *ret_log_ns, uint64_t *ret_seq, struct error *err)
{
    assert(len > 0); /* the scratch holds every record that the callers build */
    int64_t wall_ns = intake->options.wall_ns();
    int64_t log_ns = log_clock_read(&intake->clock, intake->options.boot_ns(), wall_ns);
    struct log_record record = {.type = type,
                                .flags = flags,
                                .log_ns = log_ns,
                                .wall_ns = wall_ns,
                                .body = intake->body,
                                .body_len = len};
    uint64_t seq = 0;
    if (!log_writer_append(intake->options.writer, &record, &seq, err))
        return false;
    if (ret_log_ns)
        *ret_log_ns = log_ns;
    if (ret_seq)
        *ret_seq = seq;
    intake->bytes += len;
    return true;
}

static bool append(struct intake *intake, uint16_t type, uint32_t len, int64_t *ret_log_ns,
                   uint64_t *ret_seq, struct error *err)
{
    return append_flagged(intake, type, 0, len, ret_log_ns, ret_seq, err);
}

static bool append_gap(struct intake *intake, struct error *err)
{
    const struct log_recovery *recovery = intake->options.recovery;
    struct record_gap gap = {.last_seq = recovery->last_seq, .from_ns = recovery->last_log_ns};
    uint32_t len = record_gap_encode(&gap, intake->body, intake->body_cap);
    return append(intake, RECORD_GAP, len, NULL, NULL, err);
}

bool intake_open(const struct intake_options *options, struct intake **ret_intake,
                 struct error *err)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (!intake)
        return error_set(err, ERROR_NO_MEMORY, 0, "intake");
    intake->options = *options;
    if (!intake->options.wall_ns)
        intake->options.wall_ns = clock_wall_ns;
    if (!intake->options.boot_ns)
        intake->options.boot_ns = clock_boot_ns;
    pthread_mutex_init(&intake->lock, NULL);
    intake->broker_dropped = RECORD_NO_COUNT;
    intake->body_cap =
        FIXED_BYTES_MAX + RECORD_TOPIC_BYTES_MAX + RECORD_MQTT_PROPERTIES_BYTES_MAX +
        (options->max_message_bytes > INTAKE_PERSONAL_BYTES_MAX ? options->max_message_bytes
                                                                : INTAKE_PERSONAL_BYTES_MAX);
    intake->body = malloc(intake->body_cap);
    if (!intake->body) {
        (void)error_set(err, ERROR_NO_MEMORY, 0, "intake of %zu bytes", intake->body_cap);
        goto fail;
    }
    log_clock_start(&intake->clock, options->recovery->last_log_ns, intake->options.boot_ns(),
                    intake->options.wall_ns());
    if (options->recovery->last_seq > 0 && !append_gap(intake, err))
        goto fail;
    *ret_intake = intake;
    return true;

fail:
    intake_close(intake);
    return false;
}

void intake_close(struct intake *intake)
{
    if (!intake)
        return;
    pthread_mutex_destroy(&intake->lock);
    free(intake->body);
    free(intake);
}

/* What is kept of a message over the limit. Hashing a large one takes long: not under the lock. */
static struct record_oversized oversized_of(const struct intake_message *message, uint8_t bits)
{
    struct record_oversized oversized = {
        .topic = message->topic,
        .head = {message->payload.at, RECORD_HEAD_BYTES_MAX},
        .payload_len = message->payload.len,
        .qos = message->qos,
        .bits = bits,
    };
    if (message->payload.len < RECORD_HEAD_BYTES_MAX)
        oversized.head.len = message->payload.len;
    /* Fails only out of memory; the record is worth keeping without its hash, which then is all
     * zero. */
    (void)EVP_Digest(message->payload.at, message->payload.len, oversized.sha256, NULL,
                     EVP_sha256(), NULL);
    return oversized;
}

static uint8_t bits_of(const struct intake_message *message)
{
    return (uint8_t)((message->retained ? RECORD_MQTT_RETAIN : 0) |
                     (message->dup ? RECORD_MQTT_DUP : 0) |
                     (message->personal ? RECORD_MQTT_PERSONAL : 0));
}

static void message_counted(struct counters *counters, uint64_t payload_len, bool retained,
                            int64_t log_ns)
{
    counters_add(counters, COUNTER_INGEST_MESSAGES, 1);
    counters_add(counters, COUNTER_INGEST_BYTES, payload_len);
    if (retained)
        counters_add(counters, COUNTER_INGEST_RETAINED, 1);
    counters_set(counters, COUNTER_INGEST_LAST_MESSAGE_NS, (uint64_t)log_ns);
}

bool intake_message(struct intake *intake, const struct intake_message *message, struct error *err)
{
    struct counters *counters = intake->options.counters;
    bool oversized = !message->personal && message->payload.len > intake->options.max_message_bytes;
    struct record_mqtt whole = {.topic = message->topic,
                                .payload = message->payload,
                                .qos = message->qos,
                                .bits = bits_of(message),
                                .content_type = message->content_type,
                                .keyed_hash = message->keyed_hash};
    struct record_oversized cut;
    if (oversized)
        cut = oversized_of(message, whole.bits);
    pthread_mutex_lock(&intake->lock);
    uint32_t len = oversized ? record_oversized_encode(&cut, intake->body, intake->body_cap)
                             : record_mqtt_encode(&whole, intake->body, intake->body_cap);
    int64_t log_ns = 0;
    bool ok =
        append_flagged(intake, oversized ? RECORD_OVERSIZED : RECORD_MQTT,
                       message->personal || message->topic_redacted ? RECORD_FLAG_TRANSFORMED : 0,
                       len, &log_ns, NULL, err);
    intake->messages += ok;
    pthread_mutex_unlock(&intake->lock);
    if (!ok)
        return false;
    message_counted(counters, message->payload.len, message->retained, log_ns);
    if (oversized)
        counters_add(counters, COUNTER_INGEST_OVERSIZED, 1);
    return true;
}

bool intake_withheld(struct intake *intake, const struct record_withheld *withheld,
                     struct error *err)
{
    struct counters *counters = intake->options.counters;
    pthread_mutex_lock(&intake->lock);
    uint32_t len = record_withheld_encode(withheld, intake->body, intake->body_cap);
    int64_t log_ns = 0;
    bool ok =
        append_flagged(intake, RECORD_WITHHELD, RECORD_FLAG_TRANSFORMED, len, &log_ns, NULL, err);
    intake->messages += ok;
    pthread_mutex_unlock(&intake->lock);
    if (!ok)
        return false;
    message_counted(counters, withheld->payload_len, withheld->bits & RECORD_MQTT_RETAIN, log_ns);
    counters_add(counters, COUNTER_INGEST_WITHHELD, 1);
    return true;
}

void intake_broker_dropped(struct intake *intake, uint64_t dropped)
{
    pthread_mutex_lock(&intake->lock);
    intake->broker_dropped = dropped;
    pthread_mutex_unlock(&intake->lock);
    counters_set(intake->options.counters, COUNTER_INGEST_BROKER_DROPPED, dropped);
}

void intake_probe(struct intake *intake, enum record_probe probe, uint32_t probe_ms)
{
    pthread_mutex_lock(&intake->lock);
    intake->probe = probe;
    intake->probe_ms = probe_ms;
    pthread_mutex_unlock(&intake->lock);
}

bool intake_tick(struct intake *intake, bool connected, int32_t utc_offset_s, struct error *err)
{
    struct counters *counters = intake->options.counters;
    pthread_mutex_lock(&intake->lock);
    /* The offset of this very moment, not that of the last record. */
    (void)log_clock_read(&intake->clock, intake->options.boot_ns(), intake->options.wall_ns());
    struct record_tick tick = {.connected = connected,
                               .messages = intake->messages,
                               .clock_offset_ns = log_clock_offset_ns(&intake->clock),
                               .utc_offset_s = utc_offset_s,
                               .broker_dropped = intake->broker_dropped,
                               .probe = (uint8_t)intake->probe,
                               .probe_ms = intake->probe_ms};
    int64_t log_ns = 0;
    uint64_t seq = 0;
    bool ok = append(intake, RECORD_TICK, record_tick_encode(&tick, intake->body, intake->body_cap),
                     &log_ns, &seq, err);
    uint64_t log_bytes = log_writer_bytes(intake->options.writer);
    uint64_t durable_seq = log_writer_durable_seq(intake->options.writer);
    pthread_mutex_unlock(&intake->lock);
    if (!ok)
        return false;
    counters_set(counters, COUNTER_INGEST_CONNECTED, connected);
    counters_set(counters, COUNTER_INGEST_LAST_TICK_NS, (uint64_t)log_ns);
    counters_set(counters, COUNTER_INGEST_CLOCK_OFFSET_NS, (uint64_t)tick.clock_offset_ns);
    counters_set(counters, COUNTER_INGEST_LOG_SEQ, seq);
    counters_set(counters, COUNTER_INGEST_LOG_DURABLE_SEQ, durable_seq);
    counters_set(counters, COUNTER_INGEST_LOG_BYTES, log_bytes);
    return true;
}

static bool append_connection(struct intake *intake, uint16_t type,
                              struct record_connection connection, struct error *err)
{
    if (connection.detail.len > INTAKE_DETAIL_BYTES_MAX)
        connection.detail.len = INTAKE_DETAIL_BYTES_MAX;
    pthread_mutex_lock(&intake->lock);
    uint32_t len = record_connection_encode(&connection, intake->body, intake->body_cap);
    bool ok = append(intake, type, len, NULL, NULL, err);
    pthread_mutex_unlock(&intake->lock);
    return ok;
}

bool intake_connected(struct intake *intake, bool session_present, struct str detail,
                      struct error *err)
{
    counters_add(intake->options.counters, COUNTER_INGEST_CONNECTS, 1);
    return append_connection(
        intake, RECORD_CONNECTED,
        (struct record_connection){.session_present = session_present, .detail = detail}, err);
}

bool intake_disconnected(struct intake *intake, int32_t reason_code, struct str detail,
                         struct error *err)
{
    counters_set(intake->options.counters, COUNTER_INGEST_CONNECTED, 0);
    return append_connection(
        intake, RECORD_DISCONNECTED,
        (struct record_connection){.reason_code = reason_code, .detail = detail}, err);
}

bool intake_subscribed(struct intake *intake, struct str filter, bool optional, int32_t reason_code,
                       struct error *err)
{
    struct record_subscribed subscribed = {.filter = filter, .reason_code = reason_code};
    if (reason_code >= 0x80 && !optional)
        counters_add(intake->options.counters, COUNTER_INGEST_SUBSCRIBE_REFUSED, 1);
    pthread_mutex_lock(&intake->lock);
    uint32_t len = record_subscribed_encode(&subscribed, intake->body, intake->body_cap);
    bool ok = append(intake, RECORD_SUBSCRIBED, len, NULL, NULL, err);
    pthread_mutex_unlock(&intake->lock);
    return ok;
}

bool intake_model(struct intake *intake, const struct record_model *model, struct error *err)
{
    /* Larger than the scratch and rare: a buffer of its own, kept as the scratch from then on. */
    size_t need = FIXED_BYTES_MAX + (size_t)model->source.len + model->path.len;
    if (need > LOG_BODY_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "venue model " STR_FMT " of %u bytes",
                         STR_ARG(model->path), model->source.len);
    pthread_mutex_lock(&intake->lock);
    bool ok = true;
    if (need > intake->body_cap) {
        uint8_t *larger = realloc(intake->body, need);
        ok = larger || error_set(err, ERROR_NO_MEMORY, 0, "venue model of %zu bytes", need);
        if (larger) {
            intake->body = larger;
            intake->body_cap = need;
        }
    }
    if (ok)
        ok = append(intake, RECORD_MODEL,
                    record_model_encode(model, intake->body, intake->body_cap), NULL, NULL, err);
    pthread_mutex_unlock(&intake->lock);
    return ok;
}

bool intake_command(struct intake *intake, const struct record_command *command, uint64_t *ret_seq,
                    struct error *err)
{
    size_t need = (size_t)RECORD_COMMAND_FIXED_BYTES + command->text.len;
    pthread_mutex_lock(&intake->lock);
    bool ok = (command->text.len > 0 && need <= intake->body_cap) ||
              error_set(err, ERROR_TOO_LARGE, 0, "command of %u bytes", command->text.len);
    if (ok)
        ok = append(intake, RECORD_COMMAND,
                    record_command_encode(command, intake->body, intake->body_cap), NULL, ret_seq,
                    err) &&
             log_writer_sync(intake->options.writer, err);
    pthread_mutex_unlock(&intake->lock);
    return ok;
}

int64_t intake_now_ns(struct intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    int64_t now_ns =
        log_clock_read(&intake->clock, intake->options.boot_ns(), intake->options.wall_ns());
    pthread_mutex_unlock(&intake->lock);
    return now_ns;
}

uint64_t intake_bytes(struct intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    uint64_t bytes = intake->bytes;
    pthread_mutex_unlock(&intake->lock);
    return bytes;
}

bool intake_retain(struct intake *intake, uint64_t max_bytes, uint64_t keep_from_seq, bool force,
                   uint64_t *ret_lost, struct error *err)
{
    pthread_mutex_lock(&intake->lock);
    bool ok =
        log_writer_retain(intake->options.writer, max_bytes, keep_from_seq, force, ret_lost, err);
    pthread_mutex_unlock(&intake->lock);
    return ok;
}

bool intake_healthy(struct intake *intake, struct error *err)
{
    return log_writer_healthy(intake->options.writer, err); /* any thread by the log's contract */
}
